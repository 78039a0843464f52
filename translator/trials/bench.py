"""What every trial of a target works with: the bench it lies on, the calls that it is run on, and
where it first fails.

Contract: `run_calls` runs calls in order and compares as it goes; a call's limits are its test's.

    python -c "from translator.trials.bench import TrialBench; help(TrialBench)"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from corpora.records import Outcome, Program
from gpu_runtime.backend import (
    VARIABLES_KEPT,
    Arguments,
    Compiled,
    Execution,
    ExecutionBackend,
    Limits,
    Status,
)
from gpu_runtime.call.binding import Binding
from gpu_runtime.compare import Difference, find_difference
from gpu_runtime.expectations import Expectations, take_batch
from translator.trials.directives import reduction_operators

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
    Status.TOO_LARGE: Outcome.INVALID_SUITE,
    Status.FORBIDDEN: Outcome.REFUSED,
}


@dataclass(frozen=True, slots=True)
class Failure:
    """How a target first failed. outcome: of the verdict; INVALID_SUITE where the target launches
    more threads or blocks than are tried here, which is not its fault. test: index in the suite,
    -1 for none. detail: what happened, in one line. difference: where and how a value is wrong, set
    for a MISMATCH of values, else None.
    """

    outcome: Outcome
    test: int
    detail: str
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """The result of running a target. failure: the first; None if every call passed. launch: text
    of the launch plan used; '' if none was needed. active_threads: most threads seen at work; 0
    where unknown. untried: indices of the tests on which the target launches more than is tried
    here, and `why` the first of them is too much, in one line.
    """

    failure: Failure | None
    launch: str = ""
    active_threads: int = 0
    untried: tuple[int, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class TrialBench:
    """All that the trials of one target need.

    backend: what runs it. program: the target. compiled: the target as built for the variant PLAIN.
        binding: which of the source's parameters each of the target's stands for. expectations:
        what it must compute.
    calls: one per test, in the target's own parameter order. limits: for a run of all tests once.
        sanitize: also run the target under sanitizers.
    """

    backend: ExecutionBackend
    program: Program
    compiled: Compiled
    binding: Binding
    expectations: Expectations
    calls: tuple[Arguments, ...]
    limits: Limits
    sanitize: bool = True


_ARITHMETIC = (
    "overflow",
    "division by zero",
    "shift",
    "undefined",
    "runtime error",
    "not a valid value",
    "out of range",
    "null pointer",
)
"""What reports of the undefined-behaviour sanitizer say; the address sanitizer's say other
things.
"""


def choose_outcome(execution: Execution) -> Outcome:
    """Return the outcome of the verdict on a target whose call ended as `execution`, with a status
    other than OK.
    """
    detail = execution.detail.lower()
    if execution.status is Status.SANITIZER:
        arithmetic = (
            any(word in detail for word in _ARITHMETIC)
            and "buffer-overflow" not in detail
            and "index" not in detail
        )
        return Outcome.RUNTIME_ERROR if arithmetic else Outcome.MEMORY_ERROR
    if execution.status is Status.SIGNAL and any(s in detail for s in ("sigsegv", "sigbus")):
        return Outcome.MEMORY_ERROR
    return STATUS_OUTCOMES[execution.status]


def run_calls(
    bench: TrialBench, compiled: Compiled, calls: Sequence[tuple[int, Arguments]]
) -> tuple[Failure | None, int]:
    """Run `calls`, pairs (test index, arguments), of a target in order and compare what they give
    with what the bench expects, up to the first failure. compiled: the build of the target to run.
    Returns (first failure or None, most active threads seen before it). Raises RuntimeError if the
    back end leaves a call out although none before it failed.
    """
    failure, active, _ = find_first_failure(bench, compiled, calls)
    return failure, active


def choose_limits(bench: TrialBench, calls: Sequence[tuple[int, Arguments]]) -> Limits:
    """Return the limits for running `calls`, pairs (test index, arguments): those of the bench,
    with the times of the whole run multiplied by the number of calls per test, rounded up, and the
    limit of each call that of its test.
    """
    turns, whole = max(1, -(-len(calls) // len(bench.calls))), bench.limits
    own_s = tuple(whole.call_s[i] for i, _ in calls) if whole.call_s else ()
    return replace(whole, wall_s=turns * whole.wall_s, cpu_s=turns * whole.cpu_s, call_s=own_s)


def find_first_failure(
    bench: TrialBench, compiled: Compiled, calls: Sequence[tuple[int, Arguments]]
) -> tuple[Failure | None, int, int]:
    """Run `calls`, pairs (test index, arguments), of a target in order and compare what they give
    with what the bench expects, up to the first failure. compiled: the build of the target to run.
    Returns (first failure or None, most active threads seen before it, position of the failure in
    `calls`, or the number of calls if none failed).
    Raises RuntimeError if the back end leaves a call out although none before it failed.
    """
    active = at = 0
    while at < len(calls):
        count = len(take_batch([c for _, c in calls[at:]]))
        if any(c.order == VARIABLES_KEPT for _, c in calls):
            count = len(calls)  # what a call left is there in its own process only
        batch = calls[at : at + count]
        limits = choose_limits(bench, batch)
        executions = bench.backend.run(compiled, [c for _, c in batch], limits)
        for place, ((i, _), execution) in enumerate(zip(batch, executions, strict=True), at):
            if execution.status is Status.NOT_RUN:
                raise RuntimeError(
                    "a call was not run although no earlier call of its batch failed"
                )
            if execution.status is not Status.OK:
                detail = name_arguments(
                    bench, execution.detail or execution.status.value.replace("_", " ")
                )
                return Failure(choose_outcome(execution), i, detail), active, place
            active = max(active, execution.active_threads)
            if (failure := _compare_outputs(bench, i, execution)) is not None:
                return failure, active, place
        at += count
    return None, active, len(calls)


def name_arguments(bench: TrialBench, detail: str) -> str:
    """Return the text `detail` of a finding with `argument 2 element 0` written as `y[0]`, by the
    target's own parameter names.
    """
    names = [p.name for p in bench.binding.target.parameters]
    named = re.sub(
        r"\bargument (\d+) element (-?\d+)",
        lambda m: f"{names[int(m[1])]}[{m[2]}]" if int(m[1]) < len(names) else m[0],
        detail,
    )
    return named.replace(": block (", ", by block (").replace("; block (", ", by block (")


def _compare_outputs(bench: TrialBench, i: int, execution: Execution) -> Failure | None:
    reference = bench.expectations.references[i]
    values = bench.binding.outputs(execution.values, bench.expectations.calls[i])
    result = execution.result
    if reference.result is not None and result is None and bench.expectations.result_varies:
        return Failure(
            Outcome.MISMATCH,
            i,
            "the target returns nothing, the source returns a value that depends on its input",
        )
    if result is not None and reference.result is not None:
        with np.errstate(over="ignore"):
            result = result.astype(reference.result.dtype)
    difference = find_difference(reference, values, result)
    if difference is None or _is_open(bench, i, difference):
        return None
    name = (
        "the result"
        if difference.parameter < 0
        else bench.expectations.signature.parameters[difference.parameter].name
    )
    place = name if difference.parameter < 0 else f"{name}[{difference.element}]"
    detail = f"{place} is {difference.actual}, expected {difference.expected}"
    if difference.tolerance != "exact":
        detail += f" within {difference.tolerance}"
    return Failure(Outcome.MISMATCH, i, detail, difference)


_EXTREMES = frozenset({"max", "min"})
"""OpenMP's own reductions to the largest or smallest value."""
_SPENT = frozenset({"inf", "-inf", "nan", "0.0", "-0.0"})
"""What a product that overflows or vanishes may be, by the order of its factors."""


def _is_open(bench: TrialBench, i: int, difference: Difference) -> bool:
    """Whether a difference is not the target's to decide: what is kept beside a value that is no
    number, that one or another, OpenMP leaves open, for its order of comparisons is free; and so is
    that of a product's factors, of which some are beyond all numbers or vanish on the way.
    """
    values, operators = (
        {str(difference.expected), str(difference.actual)},
        reduction_operators(bench.program),
    )
    if values <= _SPENT and "*" in operators:
        return True
    if "nan" not in values or not operators & _EXTREMES:
        return False
    return any(
        v.dtype.kind in "fc" and np.isnan(v).any()
        for v in bench.expectations.calls[i].values
        if isinstance(v, np.ndarray)
    )


def number_calls(
    bench: TrialBench, change: Callable[[Arguments], Arguments] = lambda c: c
) -> list[tuple[int, Arguments]]:
    """Return (test index, arguments of its call) for every test of the bench, in order.
    change(arguments): returns the arguments to use instead.
    """
    return [(i, change(c)) for i, c in enumerate(bench.calls)]


def scale_limits(limits: Limits, factor: float) -> Limits:
    """Return the limits with all times multiplied by `factor`."""
    return replace(
        limits,
        wall_s=factor * limits.wall_s,
        cpu_s=factor * limits.cpu_s,
        call_s=tuple(factor * s for s in limits.call_s),
    )
