"""How a compiled target of each programming model is tried: which launches, thread orders, thread counts and schedules.

Contract: a trial runs the target on every call and says where it first fails, or that it does not. The table ROUTINES
maps a dialect's programming model to its routine; each takes the same `Bench` and returns a `Trial`.

    python -c "from translator.trials import ROUTINES; print(list(ROUTINES))"
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from corpora.records import ArrayValue, Outcome, Program, ScalarValue, UnitTest, UnitTestSuite
from gpu_runtime.backend import Arguments, Compiled, CompileRequest, Execution, ExecutionBackend, Limits, Status, Variant, same_bytes
from gpu_runtime.binding import Binding
from gpu_runtime.compare import Difference, compare
from gpu_runtime.expectations import Expectations
from gpu_runtime.launch import LaunchPlan, evaluate, plans_in_turn
from gpu_runtime.materialise import extents_of, integer_scalars

ORDERS = (1, 2)
"""Further thread orders after the forward one: reversed, and one seeded."""
TEAMS = ((1, "static"), (2, "dynamic,1"), (4, "static,1"), (8, "guided"), (3, "static"))
"""OpenMP thread counts with the schedule that `schedule(runtime)` then means."""
RACE_TEAM = 4
RACE_TEAMS = ((RACE_TEAM, "static,1"), (8, "dynamic,1"), (3, "static"), (RACE_TEAM, "guided"))
"""Under the race detector, where every loop without a schedule of its own takes this one. A race hides where one thread is done before
the next begins, so it is looked for several times."""

STATUS_OUTCOMES = {
    Status.SIGNAL: Outcome.RUNTIME_ERROR,
    Status.TIMEOUT: Outcome.TIMEOUT,
    Status.MEMORY_LIMIT: Outcome.RUNTIME_ERROR,
    Status.OUT_OF_BOUNDS: Outcome.MEMORY_ERROR,
    Status.UNINITIALISED: Outcome.MEMORY_ERROR,
    Status.RACE: Outcome.RACE,
    Status.DIVERGENCE: Outcome.RUNTIME_ERROR,
    Status.SANITIZER: Outcome.RUNTIME_ERROR,
    Status.EARLY_EXIT: Outcome.RUNTIME_ERROR,
    Status.FORBIDDEN: Outcome.REFUSED,
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a target first failed. `difference` is set for a MISMATCH of values."""

    outcome: Outcome
    test: int
    detail: str
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """failure None: every call passed. launch: text of the plan used. threads: most active threads seen."""

    failure: Failure | None
    launch: str = ""
    active_threads: int = 0


@dataclass(frozen=True, slots=True)
class Bench:
    """One target on its bench. calls are in the target's own parameter order; limits.call_s is by test, like them."""

    backend: ExecutionBackend
    program: Program
    compiled: Compiled
    binding: Binding
    expectations: Expectations
    calls: tuple[Arguments, ...]
    limits: Limits
    sanitize: bool = True


_ARITHMETIC = ("overflow", "division by zero", "shift", "undefined", "runtime error", "not a valid value", "out of range", "null pointer")
"""What reports of the undefined-behaviour sanitizer say; the address sanitizer's say other things."""


def outcome_of(execution: Execution) -> Outcome:
    """The outcome that a status means; sanitizers and crashes tell memory errors from other errors."""
    detail = execution.detail.lower()
    if execution.status is Status.SANITIZER:
        arithmetic = any(word in detail for word in _ARITHMETIC) and "buffer-overflow" not in detail and "index" not in detail
        return Outcome.RUNTIME_ERROR if arithmetic else Outcome.MEMORY_ERROR
    if execution.status is Status.SIGNAL and any(s in detail for s in ("sigsegv", "sigbus")):
        return Outcome.MEMORY_ERROR
    return STATUS_OUTCOMES[execution.status]


def attempt(bench: Bench, compiled: Compiled, calls: Sequence[tuple[int, Arguments]]) -> tuple[Failure | None, int]:
    """Run (test index, call) in order; the first failure, and the most active threads seen before it."""
    failure, active, _ = _first_failure(bench, compiled, calls)
    return failure, active


def _limits_of(bench: Bench, calls: Sequence[tuple[int, Arguments]]) -> Limits:
    """For these calls of tests; the bench's limits are for every test once."""
    turns, whole = max(1, -(-len(calls) // len(bench.calls))), bench.limits
    own_s = tuple(whole.call_s[i] for i, _ in calls) if whole.call_s else ()
    return replace(whole, wall_s=turns * whole.wall_s, cpu_s=turns * whole.cpu_s, call_s=own_s)


def _first_failure(bench: Bench, compiled: Compiled, calls: Sequence[tuple[int, Arguments]]) -> tuple[Failure | None, int, int]:
    """Like `attempt`, with the place in `calls` (their number when all passed)."""
    executions = bench.backend.run(compiled, [c for _, c in calls], _limits_of(bench, calls))
    active = 0
    for place, ((i, _), execution) in enumerate(zip(calls, executions, strict=True)):
        if execution.status is Status.NOT_RUN:
            raise RuntimeError("a call was not run although no earlier call of its batch failed")
        if execution.status is not Status.OK:
            detail = _with_names(bench, execution.detail or execution.status.value.replace("_", " "))
            return Failure(outcome_of(execution), i, detail), active, place
        active = max(active, execution.active_threads)
        if (failure := _compared(bench, i, execution)) is not None:
            return failure, active, place
    return None, active, len(calls)


def _with_names(bench: Bench, detail: str) -> str:
    """`argument 2 element 0` of a finding as `y[0]`, in the target's own names."""
    names = [p.name for p in bench.binding.target.parameters]
    named = re.sub(r"\bargument (\d+) element (-?\d+)", lambda m: f"{names[int(m[1])]}[{m[2]}]" if int(m[1]) < len(names) else m[0], detail)
    return named.replace(": block (", ", by block (").replace("; block (", ", by block (")


def _compared(bench: Bench, i: int, execution: Execution) -> Failure | None:
    reference = bench.expectations.references[i]
    values = bench.binding.outputs(execution.values, bench.expectations.calls[i])
    result = execution.result
    if reference.result is not None and result is None and bench.expectations.result_varies:
        return Failure(Outcome.MISMATCH, i, "the target returns nothing, the source returns a value that depends on its input")
    if result is not None and reference.result is not None:
        with np.errstate(over="ignore"):
            result = result.astype(reference.result.dtype)
    difference = compare(reference, values, result)
    if difference is None:
        return None
    name = "the result" if difference.parameter < 0 else bench.expectations.signature.parameters[difference.parameter].name
    place = name if difference.parameter < 0 else f"{name}[{difference.element}]"
    detail = f"{place} is {difference.actual}, expected {difference.expected}"
    if difference.tolerance != "exact":
        detail += f" within {difference.tolerance}"
    return Failure(Outcome.MISMATCH, i, detail, difference)


def _numbered(bench: Bench, change: Callable[[Arguments], Arguments] = lambda c: c) -> list[tuple[int, Arguments]]:
    return [(i, change(c)) for i, c in enumerate(bench.calls)]


def try_serial(bench: Bench) -> Trial:
    """Serial targets: both guard placements, then exact bounds and sanitizers."""
    calls = _numbered(bench) + _numbered(bench, lambda c: replace(c, placement="left"))
    failure, _ = attempt(bench, bench.compiled, calls)
    for variant in (Variant.RECORDED, Variant.SANITIZED):
        failure = failure or _checked(bench, variant)[0]
    return Trial(failure)


def _checked(bench: Bench, variant: Variant, change: Callable[[Arguments], Arguments] = lambda c: c) -> tuple[Failure | None, int]:
    """The target built with checks; a variant that its dialect does not have is passed over."""
    if not bench.sanitize:
        return None, 0
    compiled = bench.backend.compile([CompileRequest(bench.program, bench.binding.target, variant)])[0]
    return attempt(_patient(bench), compiled, _numbered(bench, change)) if compiled.ok else (None, 0)


CHECK_PATIENCE = 5
"""How much longer a checked build may take: it is slow, a busy machine makes it slower, and that the target ends was seen before."""


def _patient(bench: Bench) -> Bench:
    return replace(bench, limits=_times(bench.limits, CHECK_PATIENCE))


def _times(limits: Limits, factor: float) -> Limits:
    return replace(limits, wall_s=factor * limits.wall_s, cpu_s=factor * limits.cpu_s, call_s=tuple(factor * s for s in limits.call_s))


def _explained(bench: Bench, failure: Failure, threads: int) -> Failure:
    """A team's wrong values as the data race that is behind them, where there is one."""
    if threads == 1 or failure.outcome is not Outcome.MISMATCH:
        return failure
    return _race(bench) or replace(failure, detail=f"{failure.detail} (with {threads} threads)")


def _race(bench: Bench) -> Failure | None:
    """The first data race, whatever the values are. Where the detector's run ends otherwise, nothing is said."""
    compiled = bench.backend.compile([CompileRequest(bench.program, bench.binding.target, Variant.RACE_CHECKED)])[0] if bench.sanitize else None
    if compiled is None or not compiled.ok:
        return None
    for threads, schedule in RACE_TEAMS:
        # Where nothing is touched nothing can race, but compilers write lastprivate and simd indices of empty loops from every thread.
        calls = [(i, replace(c, threads=threads, schedule=schedule)) for i, c in enumerate(bench.calls) if bench.expectations.references[i].touched]
        executions = bench.backend.run(compiled, [c for _, c in calls], _limits_of(_patient(bench), calls))
        for (i, _), execution in zip(calls, executions, strict=True):
            if execution.status is Status.RACE:
                return Failure(Outcome.RACE, i, _with_names(bench, execution.detail))
        if any(execution.status is Status.TIMEOUT for execution in executions):
            return None  # other teams would be waited for as long
    return None


def try_openmp(bench: Bench) -> Trial:
    """OpenMP targets: several teams and schedules, exact bounds on a team, then a race detector."""
    for threads, schedule in TEAMS:
        failure, _ = attempt(bench, bench.compiled, _numbered(bench, lambda c, t=threads, s=schedule: replace(c, threads=t, schedule=s)))
        if failure is not None:
            return Trial(_explained(bench, failure, threads))
    failure, active = _checked(bench, Variant.RECORDED, _team)
    failure = failure and _explained(bench, failure, RACE_TEAM)
    if _SHARED_OUT.search(bench.program.text):
        active = 0  # who takes how much is a matter of moments: one quick thread may have taken everything
    return Trial(failure or _race(bench), active_threads=active)


_SHARED_OUT = re.compile(r"omp\b[^\n]*\b(?:schedule\s*\(\s*(?:dynamic|guided|runtime|auto)|task|taskloop|sections)", re.IGNORECASE)
"""OpenMP constructs that give work to whichever thread comes first."""


def _team(call: Arguments) -> Arguments:
    return replace(call, threads=RACE_TEAM)


def try_cuda(bench: Bench) -> Trial:
    """Bare kernels: the launch plans in order until one passes every test; host functions: as they launch themselves."""
    if bench.binding.target.style != "kernel":
        return _orders(bench, "", _numbered(bench))
    suite = UnitTestSuite(bench.program.id, target_tests(bench))
    best: Trial | None = None
    timeouts = 0
    for plan in plans_in_turn(bench.program, bench.binding.target, suite):
        trial = _under(bench, plan, suite)
        if trial.failure is None:
            return trial
        if best is None or best.failure is None or trial.failure.test > best.failure.test:
            best = trial
        if trial.failure.outcome is Outcome.TIMEOUT:
            timeouts += 1
            bench = replace(bench, limits=_times(bench.limits, NEXT_PLAN))
        if timeouts >= 2:
            break
    return best or Trial(Failure(Outcome.RUNTIME_ERROR, -1, "no launch plan fits this kernel"))


NEXT_PLAN = 0.3
"""Of its time that a kernel has under another launch plan, when it did not end under one."""


def _under(bench: Bench, plan: LaunchPlan, suite: UnitTestSuite) -> Trial:
    """The kernel under one plan. A plan that has no threads for a test on which the source does nothing is not launched
    for it, as any caller would do; one that a device does not take fails there, after the tests before it."""
    calls = []
    unfit: Failure | None = None
    for i, test in enumerate(suite.tests):
        scalars, extents = integer_scalars(test), extents_of(test)
        try:
            if not _idle(bench, i) or all(evaluate(e, scalars, extents) > 0 for e in (*plan.grid, *plan.block)):
                calls.append((i, replace(bench.calls[i], geometry=plan.geometry(scalars, extents))))
        except ValueError as error:
            unfit = Failure(Outcome.RUNTIME_ERROR, i, f"cannot be launched: {error}")
            break
    if not calls:
        return Trial(unfit or Failure(Outcome.RUNTIME_ERROR, -1, "no test can be launched"), str(plan))
    trial = _orders(bench, str(plan), calls)
    return trial if trial.failure is not None else replace(trial, failure=unfit)


def _idle(bench: Bench, i: int) -> bool:
    """Whether the source leaves everything as it is in this test."""
    given, expected = bench.expectations.calls[i].values, bench.expectations.references[i].values
    return all(map(same_bytes, given, expected))


_TALKS = re.compile(r"\b(?:__sync|__shfl|__any|__all|__ballot|__match|__reduce|__shared__|__threadfence|atomic|volatile|cooperative_groups)")
"""What threads of a kernel tell each other anything with. Where they do not, their order shows in nothing but races, which are seen: the
other order is then no more than a second look, at small launches."""
MANY_THREADS = 1 << 16


def _orders(bench: Bench, launch: str, calls: Sequence[tuple[int, Arguments]]) -> Trial:
    """Forward, then other thread orders: what depends on the order is not determined."""
    orders = ORDERS if _TALKS.search(bench.program.text) else ORDERS[:1]
    small = [(i, c) for i, c in calls if _threads(c) <= MANY_THREADS] or list(calls[: len(orders) - 1])
    further = [(i, replace(c, order=order)) for order in orders for i, c in small]
    failure, active, place = _first_failure(bench, bench.compiled, [*calls, *further])
    if failure is not None and place >= len(calls) and failure.outcome is Outcome.MISMATCH:
        detail = f"{failure.detail} (with the threads in another order)"
        failure = replace(failure, outcome=Outcome.NONDETERMINISTIC, detail=detail)
    return Trial(failure, launch, active)


def _threads(call: Arguments) -> int:
    """Threads of the launch; of a host function, which launches for itself, as many as there are elements."""
    g = call.geometry
    return math.prod((*g.grid, *g.block)) if g else sum(v.size for v in call.values)


def target_tests(bench: Bench) -> tuple[UnitTest, ...]:
    """The suite in the target's own names. Scalars that the target leaves out stay: a launch may need them."""
    binding = bench.binding
    source, target = binding.source.parameters, binding.target.parameters
    taken = {p.name for p in target}
    tests = []
    for test in bench.expectations.suite.tests:
        by_name = {a.name: a for a in test.assignments}
        renamed: list[ScalarValue | ArrayValue] = []
        for p, i in zip(target, binding.sources, strict=True):
            if i < 0:
                array, dimension = binding.extents[-1 - i]
                extents = by_name[source[array].name].extents  # type: ignore[union-attr]
                renamed.append(ScalarValue(p.name, p.type, extents[dimension] if dimension < len(extents) else 1))
            else:
                renamed.append(replace(by_name[source[i].name], name=p.name))
        kept = [a for a in test.assignments if isinstance(a, ScalarValue) and a.name not in taken]
        tests.append(UnitTest(tuple(renamed + kept)))
    return tuple(tests)


def try_offload(bench: Bench) -> Trial:
    """OpenMP target regions, on memory of their own (native/offload.c): as OpenMP targets, but nothing that finds host memory in a region may be missing."""
    compiled = bench.backend.compile([CompileRequest(bench.program, bench.binding.target, Variant.RECORDED)])[0] if bench.sanitize else None
    if compiled is not None and not compiled.ok:
        return Trial(Failure(Outcome.REFUSED, -1, "it compiles, but not with accesses watched: whether the target regions keep to what is mapped is not known"))
    return try_openmp(bench)


ROUTINES: dict[str, Callable[[Bench], Trial]] = {"serial": try_serial, "openmp": try_openmp, "cuda": try_cuda, "offload": try_offload}
