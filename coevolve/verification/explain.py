"""A verdict for people: what was found, on which smallest test, and what the evidence is.

coevolve verify axpy.cpp axpy.cu
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from coevolve.verification.engine import Engine, Pair
from coevolve.verification.minimize import minimize_failure
from coevolve.verification.programs import (
    describe_program_verdict,
    is_whole_program_pair,
    make_program_suite,
)
from corpora.records import (
    ArrayValue,
    Blame,
    Outcome,
    ScalarValue,
    Signature,
    UnitTest,
    Verdict,
)
from corpora.signatures.signature import read_signature
from corpora.suites.program_tests import format_program_test
from corpora.suites.unit_tests import format_assignment, format_number
from gpu_runtime.call.materialize import materialize_test

SHOWN_ELEMENTS = 12
LISTED_ELEMENTS = 64
"""Elements of an array that the JSON of a failing test lists."""

UNCALLABLE = ("parameter", "the target returns")
"""How the detail of a COMPILE_ERROR begins where the target takes or returns something else."""
NO_SUCH_FUNCTION = "the target has no function"

OUTCOME_WORDS = {
    Outcome.EQUIVALENT: "equivalent",
    Outcome.MISMATCH: "not equivalent: other values",
    Outcome.COMPILE_ERROR: "not equivalent: the target does not compile",
    Outcome.RUNTIME_ERROR: "not equivalent: the target fails when run",
    Outcome.MEMORY_ERROR: "not equivalent: the target touches memory that it must not",
    Outcome.RACE: "not equivalent: the target has a data race",
    Outcome.TIMEOUT: "not equivalent: the target does not end in time",
    Outcome.REFUSED: "undecided: refused without running it",
    Outcome.INVALID_SUITE: "undecided: no test that decides",
    Outcome.NONDETERMINISTIC: "not equivalent: the target's values depend on the order of its "
    "threads",
}


def explain_verdict(engine: Engine, pair: Pair, verdict: Verdict, elapsed_ms: float) -> str:
    """Return a verdict as several lines of text for a person.

    engine: the engine that gave `verdict` on `pair`. elapsed_ms: milliseconds that the verdict
        took, which the text shows. Where a test decided, the smallest failing test known is shown,
        which runs the target again.
    """
    lines = [summarize_verdict(verdict)]
    lines.append(
        f"  pair      {pair.source.name} ({pair.source.dialect}) -> {pair.target.name} "
        f"({pair.target.dialect}), on {verdict.backend}"
    )
    lines += [f"  judged    {line}" for line in pair.cut]
    if verdict.blame.value in ("source", "suite"):
        lines.append(f"  blame     {verdict.blame.value}")
    expectations = None
    if is_whole_program_pair(pair.source, pair.target):
        lines += describe_program_verdict(make_program_suite(pair.source, pair.suite), verdict)
    elif verdict.suite_id:
        expectations = engine.expectations(pair.source, engine.suite_of(pair)).expectations
    if expectations is not None:
        strength = (
            "not measured"
            if verdict.suite_strength is None
            else f"{verdict.suite_strength:.0%} of mutants killed"
        )
        suite = expectations.suite
        by = "given" if suite.author == "user" else f"by {suite.author}"
        aimed = _count_passed(verdict) - len(suite.tests)
        more = f", and {aimed} at numbers that the target names" if aimed > 0 else ""
        lines.append(f"  suite     {len(suite.tests)} tests {by}{more}, strength {strength}")
        if verdict.test_index >= 0:
            lines += _counterexample(engine, pair, verdict, expectations)
    if verdict.launch:
        lines.append(f"  launch    {verdict.launch}")
    if verdict.evidence == "proved":
        lines.append("  evidence  proved for every size and launch, where")
        lines += [f"            {line}" for line in verdict.preconditions]
    if verdict.serial and verdict.equivalent:
        lines.append("  note      one thread does all the work of a parallel target")
    lines.append(f"  took      {elapsed_ms:.0f} ms")
    return "\n".join(lines)


_PASSED = re.compile(r"passed (\d+) tests")


def _count_passed(verdict: Verdict) -> int:
    """The number of tests that an equivalent target passed; 0 for any other."""
    found = _PASSED.match(verdict.detail) if verdict.equivalent else None
    return int(found[1]) if found else 0


_PLACE = re.compile(r"^program\.\w+:(\d+):(\d+): (?:fatal )?(?:error: )?", re.IGNORECASE)


def describe_outcome(verdict: Verdict) -> str:
    """Return a verdict's outcome in words, such as `not equivalent: other values` or `undecided:
    the source cannot be tested`, without the detail.
    """
    if verdict.outcome is Outcome.COMPILE_ERROR and verdict.blame is Blame.SOURCE:
        return "undecided: the source cannot be tested"
    if verdict.outcome is Outcome.RACE and verdict.blame is Blame.SOURCE:
        return "undecided: the source has a data race"
    if verdict.outcome is Outcome.COMPILE_ERROR and verdict.detail.startswith(
        (*UNCALLABLE, NO_SUCH_FUNCTION)
    ):
        return "not equivalent: the target cannot be called like the source"
    return OUTCOME_WORDS[verdict.outcome]


def summarize_verdict(verdict: Verdict) -> str:
    """Return a verdict in one line: the outcome in words and its detail. A place in the program is
    given as line and column.
    """
    words, detail = describe_outcome(verdict), locate_detail(verdict.detail)
    if verdict.outcome is Outcome.RACE:  # which begins its detail too
        detail = detail.removeprefix("data race: ")
    return f"{words}: {detail}"


def locate_detail(detail: str) -> str:
    """Return a verdict's detail with a compiler's place in the program in words: `program.cpp:3:7:
    error: ...` becomes `line 3, column 7: ...`. Other details come back unchanged.
    """
    place = _PLACE.match(detail)
    return f"line {place[1]}, column {place[2]}: {detail[place.end() :]}" if place else detail


def _counterexample(engine: Engine, pair: Pair, verdict: Verdict, expectations) -> list[str]:
    test, smallest = minimize_failure(
        expectations, verdict, pair.target, engine.backend, engine.config.judge
    )
    lines = [f"  fails on  {_format_test_inline(test)}"]
    if smallest is not verdict:
        lines.append(f"            on this smaller input: {smallest.detail}")
    if smallest.buffer:
        place = (
            smallest.buffer
            if smallest.buffer == "result"
            else f"{smallest.buffer}[{smallest.element}]"
        )
        lines.append(f"  expected  {place} = {smallest.expected} (tolerance {smallest.tolerance})")
        lines.append(f"  actual    {place} = {smallest.actual}")
    call = materialize_test(test, read_signature(pair.source))
    for parameter, value in zip(expectations.signature.parameters, call.values, strict=True):
        if parameter.kind != "scalar" and 0 < value.size <= SHOWN_ELEMENTS:
            lines.append(
                f"            {parameter.name} = {{{', '.join(str(v) for v in value.reshape(-1))}}}"
            )
    return lines


def describe_smallest_counterexample(engine: Engine, pair: Pair, verdict: Verdict) -> str:
    """Return one line: how the target fails, and the smallest failing test found. Smaller tests are
    run on the engine's back end. Where no test decided it is the verdict's own detail.

    engine: the engine that gave `verdict` on `pair`.
    """
    if (
        verdict.test_index < 0
        or not verdict.suite_id
        or is_whole_program_pair(pair.source, pair.target)
    ):
        return verdict.detail
    expectations = engine.expectations(pair.source, engine.suite_of(pair)).expectations
    if expectations is None:
        return verdict.detail
    test, smallest = minimize_failure(
        expectations, verdict, pair.target, engine.backend, engine.config.judge
    )
    return f"{smallest.detail}; on {_format_test_inline(test)}"


def failing_input(
    engine: Engine, pair: Pair, verdict: Verdict, smallest: bool = True
) -> dict[str, Any] | None:
    """Return a failing test, as JSON values by name, or None where no test decided.

    engine: the engine that gave `verdict` on `pair`. smallest: the smallest test found, for which
        smaller tests are run on the engine's back end; else the test that decided.

    Keys: `test` in text form as `--suite` takes it, `inputs` (see `list_inputs`; {} for whole
        programs), `detail`, `place` (where the results first differ, such as `y[3]`), and
        `expected`, `actual` and `tolerance` there, as text. The last four are '' where the target
        failed without a value.
    """
    inputs: dict[str, Any] = {}
    if verdict.test_index < 0 or not verdict.suite_id:
        return None
    if is_whole_program_pair(pair.source, pair.target):
        shown = verdict
        test = format_program_test(
            make_program_suite(pair.source, pair.suite).tests[verdict.test_index]
        )
    else:
        expectations = engine.expectations(pair.source, engine.suite_of(pair)).expectations
        if expectations is None:
            return None
        found, shown = (
            minimize_failure(
                expectations, verdict, pair.target, engine.backend, engine.config.judge
            )
            if smallest
            else (expectations.suite.tests[verdict.test_index], verdict)
        )
        test = _format_test_inline(found, whole=True)
        inputs = list_inputs(found, expectations.signature)
    place = (
        f"{shown.buffer}[{shown.element}]" if shown.buffer and shown.element >= 0 else shown.buffer
    )
    return {
        "test": test,
        "inputs": inputs,
        "detail": shown.detail,
        "place": place,
        "expected": shown.expected,
        "actual": shown.actual,
        "tolerance": shown.tolerance,
    }


def list_inputs(test: UnitTest, signature: Signature) -> dict[str, Any]:
    """Return the values that a test hands over, as JSON values by the parameter's name.

    A scalar is {`type`, `value`}. An array is {`type`, `shape`, `values`}: `shape` is [count], or
    [rows, columns]; `values` are the first 64 elements in the order of memory, None for a null
    pointer. Complex numbers are pairs; `nan`, `inf` and `-inf` are strings.
    """
    call = materialize_test(test, signature)
    told: dict[str, Any] = {}
    for i, (parameter, array) in enumerate(zip(signature.parameters, call.values, strict=True)):
        kind = next(a.type for a in test.assignments if a.name == parameter.name)
        if parameter.kind == "scalar":
            told[parameter.name] = {"type": kind, "value": _to_json_number(array[()])}
            continue
        values = [_to_json_number(each) for each in array.ravel()[:LISTED_ELEMENTS]]
        shown = None if i in call.nulls else values
        told[parameter.name] = {"type": kind, "shape": list(array.shape), "values": shown}
    return told


def _to_json_number(value: np.generic) -> Any:
    if isinstance(value, np.complexfloating):
        return [_to_json_number(value.real), _to_json_number(value.imag)]
    if isinstance(value, np.float32 | np.float16):  # the shortest digits that give it back
        plain: Any = float(str(value))
    else:
        plain = value.item()
    return str(plain) if isinstance(plain, float) and not math.isfinite(plain) else plain


def _format_test_inline(test: UnitTest, whole: bool = False) -> str:
    parts = []
    for a in test.assignments:
        if isinstance(a, ScalarValue):
            parts.append(f"{a.name}={format_number(a.value)}")
        elif isinstance(a, ArrayValue):
            text = format_assignment(a)
            parts.append(text if whole or len(text) < 120 else text[:117] + "...")
    return " ".join(parts + [f"alias({a},{b})" for a, b in test.aliases])
