"""The verdict on candidates: check, compile in one batch, run on a checked suite, compare. Failing
code is data.

Contract: one Verdict per target, in order, never an exception for what a target does. The first
failing test decides; tests come smallest first, so the counterexample is the smallest one known. An
equivalent verdict means: every test passed under one launch plan (bare kernels), several thread
orders (CUDA) or thread counts, schedules and a race detector (OpenMP). What a target gave is set
against what the source gave by `gpu_runtime.compare.find_difference`.

    python -c "from translator.judge import judge; help(judge)"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from corpora.analysis.repeated_work import find_repeated_write
from corpora.dialects import get_dialect, get_model
from corpora.frontends.c_family import parse_c_family
from corpora.records import Blame, Outcome, Program, Signature, Verdict
from corpora.signatures.signature import SignatureError, read_signature
from gpu_runtime.backend import Compiled, CompileRequest, ExecutionBackend, Limits
from gpu_runtime.call.binding import Binding, BindingError, bind_parameters
from gpu_runtime.call.materialize import is_assumed_shape
from gpu_runtime.compare import Difference
from gpu_runtime.expectations import Expectations
from gpu_runtime.wall.check import check_program
from gpu_runtime.wall.cuda import find_cuda_fault
from translator.trials.bench import Failure, Trial, TrialBench
from translator.trials.plans import find_routine, try_elsewhere


@dataclass(frozen=True, slots=True)
class JudgeConfig:
    """How targets are judged.

    timeout_floor_s: lower bound of the wall-clock limit of a batch of calls, in seconds.
        timeout_factor: the limit as a multiple of the time that the source takes for the same
        calls.
    call_floor_s: lower bound of the CPU limit of each call, in seconds.
    require_parallel: give a parallel target whose work one thread does the outcome REFUSED;
        otherwise its verdict only has `serial` set.
    sanitize: run passing serial and OpenMP targets under bounds checks, sanitizers and the race
        detector.
    static_wall: before compiling, refuse programs whose text uses something forbidden, such as
        inline assembly or files.
    """

    timeout_floor_s: float = 3.0
    timeout_factor: float = 200.0
    call_floor_s: float = 1.0
    require_parallel: bool = False
    sanitize: bool = True
    static_wall: bool = True


def judge(
    expectations: Expectations,
    targets: Sequence[Program],
    backend: ExecutionBackend,
    config: JudgeConfig = JudgeConfig(),
) -> list[Verdict]:
    """Compile and run every target on a source's checked suite, and return a verdict for each, in
    order. What a target does wrong is in its verdict.

    expectations: the source, its checked suite and what the source computed on it. backend:
        compiles and runs the targets. Raises ValueError for an unknown dialect.
    """
    verdicts: dict[int, Verdict] = {}
    bound: dict[int, Binding] = {}
    for i, target in enumerate(targets):
        found = _make_static_verdict(expectations, target, backend, config)
        if isinstance(found, Verdict):
            verdicts[i] = found
        else:
            bound[i] = found
    requests = [CompileRequest(targets[i], binding.target) for i, binding in bound.items()]
    for (i, binding), compiled in zip(
        bound.items(), backend.compile(requests) if requests else (), strict=True
    ):
        verdicts[i] = _run(expectations, targets[i], binding, compiled, backend, config)
        if verdicts[i].outcome is Outcome.TIMEOUT:
            config = replace(config, call_floor_s=min(config.call_floor_s, NEXT_FLOOR_S))
    return [verdicts[i] for i in range(len(targets))]


def list_compile_requests(targets: Sequence[Program]) -> list[CompileRequest]:
    """Return the requests that judging these targets compiles first, so that a caller can compile
    those of many sources together. Targets without a readable signature are left out.
    """
    requests = []
    for target in targets:
        try:
            requests.append(CompileRequest(target, read_signature(target)))
        except ValueError:
            continue  # judged to be a COMPILE_ERROR later, with its reason
    return requests


@lru_cache(maxsize=256)
def reject_early(
    source: Program, signature: Signature, target: Program, config: JudgeConfig = JudgeConfig()
) -> tuple[Outcome, str] | Binding:
    """Return what is known of a target without compiling it: which of the source's parameters each
    of the target's stands for, or (outcome, reason) of a failing verdict.

    signature: of the source. config: says whether the static wall is asked. Raises ValueError for
        an unknown dialect.
    """
    if config.static_wall and (reason := check_program(target)):
        return Outcome.REFUSED, reason
    if fault := find_cuda_fault(target):
        return fault
    try:
        signless = "fortran" in (
            get_dialect(source.dialect).language,
            get_dialect(target.dialect).language,
        )
        return bind_parameters(signature, read_signature(target), signless)
    except (SignatureError, BindingError) as error:
        return Outcome.COMPILE_ERROR, str(error)


def _make_static_verdict(
    expectations: Expectations, target: Program, backend: ExecutionBackend, config: JudgeConfig
) -> Verdict | Binding:
    found = reject_early(expectations.source, expectations.signature, target, config)
    if isinstance(found, Binding):
        return found
    return replace(
        make_base_verdict(expectations, target, backend), outcome=found[0], detail=found[1]
    )


def make_base_verdict(
    expectations: Expectations, target: Program, backend: ExecutionBackend
) -> Verdict:
    """Return a verdict on `target` with its ids, back end and suite's strength filled in. Outcome
    and detail are still to be set. expectations: of the source. Raises ValueError for an unknown
    dialect.
    """
    model = get_dialect(target.dialect).model
    word = get_model(model).backend
    name = (
        backend.name if model == "cuda" else getattr(backend, "cpu_name", backend.name)
    )  # a GPU back end runs these on the CPU
    return Verdict(
        expectations.source.id,
        target.id,
        expectations.suite.id,
        Outcome.COMPILE_ERROR,
        Blame.TARGET,
        backend=name.replace("emulated", word, 1),
        suite_strength=expectations.suite.strength,
    )


def report_uncompiled(base: Verdict, compiled: Compiled) -> Verdict:
    """Return the verdict on a target that does not compile, or was refused before. base: the
    verdict's other fields. compiled: the build that failed.
    """
    outcome = Outcome.REFUSED if compiled.refused else Outcome.COMPILE_ERROR
    return replace(
        base,
        outcome=outcome,
        blame=Blame.TARGET,
        detail=_compiler_line(compiled.diagnostics),
    )


def _run(
    expectations: Expectations,
    target: Program,
    binding: Binding,
    compiled: Compiled,
    backend: ExecutionBackend,
    config: JudgeConfig,
) -> Verdict:
    base = make_base_verdict(expectations, target, backend)
    if not compiled.ok:
        return report_uncompiled(base, compiled)
    expectations = _drop_uneven_vector_tests(expectations, binding)
    try:
        calls = tuple(replace(binding.arguments(c), geometry=None) for c in expectations.calls)
    except BindingError as error:
        return replace(base, detail=str(error))
    own_s = expectations.source_ms * 1e-3 * len(calls)
    wall_s = compute_batch_time_limit(config, own_s)
    limits = Limits(
        wall_s=wall_s,
        cpu_s=max(1, round(4 * wall_s)),
        call_s=compute_call_time_limit(config, expectations),
    )
    model = get_dialect(target.dialect).model
    bench = TrialBench(
        backend, target, compiled, binding, expectations, calls, limits, config.sanitize
    )
    routine = find_routine(model)
    trial = routine(bench)
    if (
        trial.failure is not None
        and trial.failure.outcome is Outcome.TIMEOUT
        and (shorter := _drop_long_tests(bench, trial.failure.test))
    ):
        bench, trial = shorter, routine(shorter)
        expectations = shorter.expectations
    if (
        trial.failure is not None
        and trial.failure.outcome is Outcome.INVALID_SUITE
        and (shorter := _drop_untried_tests(bench, trial.failure.test))
    ):
        untried, why = tuple(range(trial.failure.test, len(bench.calls))), trial.failure.detail
        bench, trial = shorter, routine(shorter)
        trial = replace(trial, untried=untried, why=why)
    if trial.failure is None:
        trial = replace(trial, failure=try_elsewhere(bench))
    repeated = trial.failure is None and model == "cuda" and _repeats_work(target.text)
    return _make_equivalent_verdict(base, trial, expectations, model, config, repeated)


@lru_cache(maxsize=256)
def _repeats_work(text: str) -> bool:
    return find_repeated_write(parse_c_family(text, "cuda")) is not None


def _of_tests(own: Expectations, kept: Sequence[int]) -> Expectations:
    return replace(
        own,
        suite=replace(own.suite, tests=tuple(own.suite.tests[i] for i in kept)),
        calls=tuple(own.calls[i] for i in kept),
        references=tuple(own.references[i] for i in kept),
        tests_ms=tuple(own.tests_ms[i] for i in kept if own.tests_ms),
    )


def _drop_uneven_vector_tests(expectations: Expectations, binding: Binding) -> Expectations:
    """Without tests whose vectors are of several lengths, where rules made the suite and the target
    takes fewer numbers for them than there are vectors.
    """
    vectors = [
        i
        for i, p in enumerate(expectations.signature.parameters)
        if is_assumed_shape(p) and len(p.shape) == 1
    ]
    if (
        expectations.suite.author != "rules"
        or len(vectors) < 2
        or not 0 < len(binding.extents) < len(vectors)
    ):
        return expectations
    kept = [
        t
        for t, call in enumerate(expectations.calls)
        if len({call.values[i].shape[0] for i in vectors}) == 1
    ]
    return (
        _of_tests(expectations, kept) if 0 < len(kept) < len(expectations.calls) else expectations
    )


LONG_ELEMENTS, MOST_LONG = 4096, 3
"""Of a test of so many elements in one array a port that does for each what the source does once
takes too long, and is right all the same.
"""


def _drop_long_tests(bench: TrialBench, ended: int) -> TrialBench | None:
    """The bench without the long tests of a suite that rules made, where a target ran out of time
    in one of them and most others are left.
    """
    kept = [
        i
        for i, call in enumerate(bench.calls)
        if max((v.size for v in call.values), default=0) < LONG_ELEMENTS
    ]
    if (
        bench.expectations.suite.author != "rules"
        or ended in kept
        or ended < 0
        or len(kept) < len(bench.calls) - MOST_LONG
    ):
        return None
    rest = _of_tests(bench.expectations, kept)
    limits = replace(
        bench.limits, call_s=tuple(bench.limits.call_s[i] for i in kept if bench.limits.call_s)
    )
    return replace(
        bench, expectations=rest, calls=tuple(bench.calls[i] for i in kept), limits=limits
    )


def _drop_untried_tests(bench: TrialBench, ended: int) -> TrialBench | None:
    """The bench with the tests before the one, `ended`, on which a target launches more than is
    tried here. None where there is none, or where a person gave the suite: each of its tests is
    asked for.
    """
    if bench.expectations.suite.author == "user" or ended < 1:
        return None
    limits = replace(bench.limits, call_s=bench.limits.call_s[:ended])
    rest = _of_tests(bench.expectations, range(ended))
    return replace(bench, expectations=rest, calls=bench.calls[:ended], limits=limits)


SLOW_ALLOWED_S, SLOW_FACTOR = 120.0, 20.0
"""Of a source that is itself slow (an emulated one), a target is not emulation's usual factor
slower: without this bound a target that never ends would be waited for for hours.
"""


def compute_batch_time_limit(config: JudgeConfig, own_s: float) -> float:
    """Return the wall-clock limit, in seconds, of a batch of calls of a target. config: holds the
    factor and the lower bound. own_s: seconds that the source took for the same calls.
    """
    most = max(SLOW_ALLOWED_S, SLOW_FACTOR * own_s)
    return max(config.timeout_floor_s, min(config.timeout_factor * own_s, most))


NEXT_FLOOR_S = 0.3
"""Where one candidate for a source did not end, so may others: a call that takes microseconds in
the source gets this much CPU time.
"""


def compute_call_time_limit(config: JudgeConfig, expectations: Expectations) -> tuple[float, ...]:
    """Return the CPU seconds that each test's call of a target may take, in the suite's order.

    config: holds the factor and the lower bound of the limit. expectations: hold the source's
        times.
    """
    own_ms = expectations.tests_ms or (expectations.source_ms,) * len(expectations.calls)
    return tuple(
        compute_batch_time_limit(replace(config, timeout_floor_s=config.call_floor_s), 1e-3 * ms)
        for ms in own_ms
    )


def _make_equivalent_verdict(
    base: Verdict,
    trial: Trial,
    expectations: Expectations,
    model: str,
    config: JudgeConfig,
    repeated: bool = False,
) -> Verdict:
    """repeated: every thread repeats a whole nest of loops, so that no work is shared out."""
    serial = model != "serial" and (trial.active_threads == 1 or repeated)
    base = replace(base, launch=trial.launch, serial=serial)
    if trial.failure is not None:
        return _make_failed_verdict(base, trial.failure, expectations)
    if serial and config.require_parallel:
        return replace(
            base,
            outcome=Outcome.REFUSED,
            detail="serial: one thread does all the work of a parallel target",
        )
    if trial.untried and expectations.suite.author == "user":
        failure = Failure(Outcome.INVALID_SUITE, trial.untried[0], trial.why)
        return _make_failed_verdict(base, failure, expectations)
    passed = sum(i not in trial.untried for i in range(len(expectations.calls)))
    left = f"; {len(trial.untried)} left out: {trial.why}" if trial.untried else ""
    return replace(
        base,
        outcome=Outcome.EQUIVALENT,
        blame=Blame.NOBODY,
        detail=describe_evidence(passed) + left,
    )


FEW = 4


def describe_evidence(tests: int) -> str:
    """Return a phrase that says that `tests` tests were passed, with a warning if they are fewer
    than four.
    """
    return (
        f"passed {tests} tests"
        if tests >= FEW
        else f"passed {tests} tests only: the evidence is thin"
    )


def _make_failed_verdict(base: Verdict, failure: Failure, expectations: Expectations) -> Verdict:
    verdict = replace(base, outcome=failure.outcome, test_index=failure.test, detail=failure.detail)
    if failure.outcome is Outcome.INVALID_SUITE:  # more than is tried here, which is nobody's fault
        why = f"test {failure.test}: {failure.detail}"
        return replace(verdict, blame=Blame.NOBODY, test_index=-1, detail=why)
    if failure.difference is None:
        return verdict
    return replace(verdict, **_locate_difference(failure.difference, expectations))


def _locate_difference(difference: Difference, expectations: Expectations) -> dict[str, object]:
    names = [p.name for p in expectations.signature.parameters]
    return {
        "buffer": "result" if difference.parameter < 0 else names[difference.parameter],
        "element": difference.element,
        "expected": difference.expected,
        "actual": difference.actual,
        "tolerance": difference.tolerance,
    }


def _compiler_line(text: str) -> str:
    """The first error of a compiler's text, else its first line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next(
        (line for line in lines if "rror" in line),
        lines[0] if lines else "the compiler says nothing",
    )
