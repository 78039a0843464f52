"""How a compiled target of each programming model is tried: which launches, thread orders, thread
counts and schedules.

Contract: a trial runs the target on every call and says where it first fails, or that it does not.
The table ROUTINES maps a dialect's programming model to its routine; each takes the same
`TrialBench` and returns a `Trial`.

    python -c "from translator.trials.plans import ROUTINES; print(list(ROUTINES))"
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from corpora.dialects import DialectError, get_dialect
from corpora.records import Outcome
from gpu_runtime.backend import Arguments, CompileRequest, Status, Variant
from gpu_runtime.call.materialize import get_integer_scalars
from gpu_runtime.openmp.directives import find_directives, has_clause
from translator.trials.bench import (
    Failure,
    Trial,
    TrialBench,
    choose_limits,
    name_arguments,
    number_calls,
    run_calls,
    scale_limits,
)
from translator.trials.cuda import try_cuda
from translator.trials.directives import has_turns, is_shared_out_by_chance

TEAMS = ((1, "static"), (2, "dynamic,1"), (4, "static,1"), (8, "guided"), (3, "static"))
"""OpenMP thread counts with the schedule that `schedule(runtime)` then means."""
MANY = (68, "static")
"""The team of a large node, for targets that ask who or how many threads are: a table of 64 partial
results is then too short.
"""
_WHO = re.compile(
    r"\bomp_get_(?:thread_num|num_threads|max_threads|num_procs)\b|\bnum_threads\b", re.IGNORECASE
)
RACE_TEAM = 4
RACE_TEAMS = ((RACE_TEAM, "static,1"), (8, "dynamic,1"), (3, "static"), (RACE_TEAM, "guided"))
"""Under the race detector, where every loop without a schedule of its own takes this one. A race
hides where one thread is done before the next begins, so it is looked for several times.
"""
RACE_MANY = (20, "static,1")
"""As MANY, as far as the detector's threads stay cheap: who shares one of 8 or 16 tables with
another is seen.
"""


def try_serial(bench: TrialBench) -> Trial:
    """Run a serial target on all tests, with inaccessible memory behind and then before its arrays,
    then with bounds checks and sanitizers, and return the result with the first failure.
    """
    calls = number_calls(bench) + number_calls(bench, lambda c: replace(c, placement="left"))
    failure, _ = run_calls(bench, bench.compiled, calls)
    for variant in (Variant.RECORDED, Variant.SANITIZED):
        failure = failure or _build_with_checks(bench, variant)[0]
    return Trial(failure)


def _build_with_checks(
    bench: TrialBench, variant: Variant, change: Callable[[Arguments], Arguments] = lambda c: c
) -> tuple[Failure | None, int]:
    """The target built with checks; a variant that its dialect does not have is passed over."""
    if not bench.sanitize:
        return None, 0
    compiled = bench.backend.compile(
        [CompileRequest(bench.program, bench.binding.target, variant)]
    )[0]
    return (
        run_calls(_extend_limits(bench), compiled, number_calls(bench, change))
        if compiled.ok
        else (None, 0)
    )


CHECK_PATIENCE = 5
"""How much longer a checked build may take: it is slow, a busy machine makes it slower, and that
the target ends was seen before.
"""


def _extend_limits(bench: TrialBench) -> TrialBench:
    return replace(bench, limits=scale_limits(bench.limits, CHECK_PATIENCE))


def _explain_by_race(bench: TrialBench, failure: Failure, threads: int) -> Failure:
    """A team's wrong values as the data race that is behind them, where there is one."""
    if threads == 1 or failure.outcome is not Outcome.MISMATCH:
        return failure
    return _find_race(bench) or replace(
        failure, detail=f"{failure.detail} (with {threads} threads)"
    )


def _find_race(bench: TrialBench) -> Failure | None:
    """The first data race, whatever the values are. Where the detector's run ends otherwise,
    nothing is said.
    """
    compiled = (
        bench.backend.compile(
            [CompileRequest(bench.program, bench.binding.target, Variant.RACE_CHECKED)]
        )[0]
        if bench.sanitize
        else None
    )
    if compiled is None or not compiled.ok:
        return None
    for threads, schedule in (
        (*RACE_TEAMS, RACE_MANY) if _WHO.search(bench.program.text) else RACE_TEAMS
    ):
        calls = [
            (i, replace(c, threads=threads, schedule=_choose_chunked_schedule(schedule, c)))
            for i, c in enumerate(bench.calls)
            if _may_race(bench, i)
        ]
        executions = bench.backend.run(
            compiled, [c for _, c in calls], choose_limits(_extend_limits(bench), calls)
        )
        for (i, _), execution in zip(calls, executions, strict=True):
            if execution.status is Status.RACE:
                return Failure(Outcome.RACE, i, name_arguments(bench, execution.detail))
        if any(execution.status is Status.TIMEOUT for execution in executions):
            return None  # other teams would be waited for as long
    return None


def _may_race(bench: TrialBench, test: int) -> bool:
    """Whether a test says anything about races. Where nothing is touched nothing can race, but
    compilers write lastprivate variables and simd indices of empty loops from every thread.
    """
    if not bench.expectations.references[test].touched:
        return False
    language = get_dialect(bench.program.dialect).language
    directives = find_directives(bench.program.text, language)
    if not any(has_clause(d.raw, "lastprivate") for d in directives):
        return True
    return min(get_integer_scalars(bench.expectations.suite.tests[test]).values(), default=1) > 0


CHUNKS = 1 << 17
"""Most chunks of a loop over an array under the race detector: one more costs it microseconds, and
neighbours meet between chunks of a few elements as well.
"""


def _choose_chunked_schedule(schedule: str, call: Arguments) -> str:
    """The schedule with chunks of one, or of as many elements as keep the CHUNKS."""
    kind, _, chunk = schedule.partition(",")
    return (
        f"{kind},{1 + max((v.size for v in call.values), default=0) // CHUNKS}" if chunk else kind
    )


LAST_FIRST = (4, "static")
"""A team whose last thread begins first, for targets in which who comes first may decide."""


def try_openmp(bench: TrialBench) -> Trial:
    """Run an OpenMP target on all tests with several numbers of threads and schedules, then with
    bounds checks and a race detector, and return the result with the first failure. Where the order
    of threads may decide the result, the last thread goes first in one more run.
    """
    teams = [(*team, 0) for team in TEAMS]
    teams += [(*MANY, 0)] if _WHO.search(bench.program.text) else []
    teams += [(*LAST_FIRST, 1)] if has_turns(bench.program) else []
    for threads, schedule, order in teams:
        calls = number_calls(
            bench,
            lambda c, t=threads, s=schedule, o=order: replace(c, threads=t, schedule=s, order=o),
        )
        failure, _ = run_calls(bench, bench.compiled, calls)
        if failure is not None and order and failure.outcome is Outcome.MISMATCH:
            detail = f"{failure.detail} (with the last of {threads} threads first)"
            return Trial(replace(failure, outcome=Outcome.NONDETERMINISTIC, detail=detail))
        if failure is not None:
            return Trial(_explain_by_race(bench, failure, threads))
    failure, active = _build_with_checks(bench, Variant.RECORDED, _team)
    failure = failure and _explain_by_race(bench, failure, RACE_TEAM)
    if is_shared_out_by_chance(bench.program):
        # who takes how much is a matter of moments: one quick thread may have taken everything
        active = 0
    return Trial(failure or _find_race(bench), active_threads=active)


def _team(call: Arguments) -> Arguments:
    return replace(call, threads=RACE_TEAM)


_PLACE = re.compile(
    r"\b(?:omp_get_wtime|omp_get_num_procs|cudaEventElapsedTime|cudaGetDeviceProperties|"
    r"cudaDeviceGetAttribute)\b",
    re.IGNORECASE,
)
"""What asks when or where a program runs."""
_HEAP = re.compile(r"\b(?:malloc|realloc|new|vector|allocate)\b", re.IGNORECASE)
"""What gives memory that may hold what the call before left there."""


def try_elsewhere(bench: TrialBench) -> Failure | None:
    """Run a target that passed once more, if it asks when or where it runs, or for memory. Returns
    the failure, or None if it passed again or nothing is run.

    That is at another time, on a larger machine, with memory as the call before left it. Where the
    source asks when or where too, what it finds may be part of its results: then nothing is run.
    """
    text = bench.program.text
    asks = _PLACE.search(text) or _HEAP.search(text)
    if (
        not asks
        or bench.binding.target.style == "kernel"
        or _PLACE.search(bench.expectations.source.text)
    ):
        return None
    calls = number_calls(bench, lambda c: replace(c, elsewhere=True, threads=RACE_TEAM))
    failure, _ = run_calls(bench, bench.compiled, calls)
    return failure and replace(
        failure, detail=f"{failure.detail} (with another clock, memory and machine)".lstrip()
    )


def try_offload(bench: TrialBench) -> Trial:
    """Run a target with OpenMP target regions on all tests. The regions run on host threads with
    memory apart from the host's. The result is a failure with the outcome REFUSED if the target's
    memory accesses cannot be watched.
    """
    compiled = (
        bench.backend.compile(
            [CompileRequest(bench.program, bench.binding.target, Variant.RECORDED)]
        )[0]
        if bench.sanitize
        else None
    )
    if compiled is not None and not compiled.ok:
        return Trial(
            Failure(
                Outcome.REFUSED,
                -1,
                "it compiles, but not with accesses watched: whether the target regions keep to "
                "what is mapped is not known",
            )
        )
    return try_openmp(bench)


ROUTINES: dict[str, Callable[[TrialBench], Trial]] = {
    "serial": try_serial,
    "openmp": try_openmp,
    "cuda": try_cuda,
    "offload": try_offload,
}


def find_routine(model: str) -> Callable[[TrialBench], Trial]:
    """Return the routine that tries programs of a programming model. Raises DialectError if the
    table has none.
    """
    if model not in ROUTINES:
        raise DialectError(
            f"programming model '{model}' has no routine that tries its programs; add one to the "
            f"table ROUTINES in translator/trials/plans.py"
        )
    return ROUTINES[model]
