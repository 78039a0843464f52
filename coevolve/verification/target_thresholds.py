"""Further tests of a target that passed, at sizes and values which its own text suggests.

They are numbers that only the target compares with: behind `if (n < 10000)` a serial loop may hide
a wrong parallel one, and `x[0] == 12345.5f` may be a mark. And they are sizes that its launches and
buffers do not cover: `<<<256, 256>>>` computes 65,536 elements.

Contract: `verify_at_target_thresholds` gives a target's verdict back, or the one on its suite with
a few tests of such sizes more, which are made of the source and valid on it. Targets that failed,
or compare with nothing beyond their suite, cost nothing.

    python -c "from coevolve.verification.target_thresholds import verify_at_target_thresholds; \\
        help(verify_at_target_thresholds)"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coevolve.evaluation.large_inputs import fit_lengths
from corpora.records import (
    ArrayValue,
    Blame,
    Outcome,
    Program,
    ScalarValue,
    UnitTest,
    UnitTestSuite,
    Verdict,
)
from corpora.suites.unit_tests import INTEGER_RANGES
from gpu_runtime.backend import ExecutionBackend
from gpu_runtime.call.materialize import get_integer_scalars
from gpu_runtime.expectations import Expectations
from gpu_runtime.launch.limits import find_limits
from gpu_runtime.launch.thresholds import (
    find_compared_numbers,
    find_compared_reals,
    find_excepted_numbers,
)
from tester.generate.rules import count_elements
from tester.generate.thresholds import MAX_SIZE, make_tests_beyond, make_tests_with_values
from tester.validity import validate_suite
from translator.judge import JudgeConfig, judge

SLOW_MS = 20.0
"""Of a source on one of these tests, for each million elements. A target may take hundreds of times
as long, several times over, on threads that are watched.
"""


LOOKS = 3
"""How often a source's time is taken before it counts as slow: on a busy machine one time may be
many times too long, and the tests would be missing from the verdict.
"""


def verify_at_target_thresholds(
    verdict: Verdict,
    expectations: Expectations,
    target: Program,
    backend: ExecutionBackend,
    config: JudgeConfig,
) -> Verdict:
    """Judge again a target that passed, with tests at the sizes and values its own text compares
    with.

    verdict: the verdict on the suite. expectations: what the source computes on that suite.
        backend, config: how programs are run and compared.
    Returns `verdict` unchanged if the target failed or names no size or value of its own. Else it
    returns the verdict on the larger suite; where an added test fails its `test_index` is -1 and
    its detail names the sizes. A target refused because one thread did everything is judged again
    too.
    """
    if not (verdict.equivalent or (verdict.serial and verdict.outcome is Outcome.REFUSED)):
        return verdict
    source = expectations.source
    asked = find_compared_numbers(target) - find_compared_numbers(source)
    limits = find_limits(target) - find_limits(source)
    excepted = find_excepted_numbers(target) - find_excepted_numbers(source)
    reals = find_compared_reals(target) - find_compared_reals(source)
    tests = make_tests_with_values(expectations.suite.tests, sorted(reals))
    if asked or limits or excepted:
        tests += make_tests_beyond(expectations, sorted(asked), backend, sorted(limits), excepted)
    tests = _lengthen(tests, expectations.suite.tests)
    further = _check_further_tests(expectations, tests, backend)
    if further is None:
        return verdict
    again = judge(_merge_suites(expectations, further), [target], backend, config)[0]
    own = len(expectations.calls)
    again = replace(again, suite_id=verdict.suite_id)
    if again.blame is Blame.NOBODY or again.test_index < own:
        return again
    where = _sizes(further.suite.tests[again.test_index - own])
    return replace(
        again,
        test_index=-1,
        detail=f"{again.detail} (at a size or value that the target's text names or implies, "
        f"beyond those of the suite: {where})",
    )


def _lengthen(tests: list[UnitTest], suite: Sequence[UnitTest]) -> list[UnitTest]:
    """The tests with arrays as long as follows from their sizes in the `suite`. The contents of one
    test alone may not lead the source to the last elements, which a caller's array has all the
    same. An array that is not reached at all (one element) stays.
    """
    lengths = fit_lengths(suite)

    def whole(given: ScalarValue | ArrayValue, sizes: dict[str, int]) -> ScalarValue | ArrayValue:
        fitted = lengths.get((given.name, 0))
        if not isinstance(given, ArrayValue) or given.fill is None or given.is_null or not fitted:
            return given
        if len(given.extents) != 1 or given.extents[0] < 2:
            return given
        return replace(given, extents=(max(given.extents[0], fitted.value(sizes)),))

    return [
        replace(test, assignments=tuple(whole(a, sizes) for a in test.assignments))
        for test, sizes in ((test, get_integer_scalars(test)) for test in tests)
    ]


def _check_further_tests(
    expectations: Expectations, tests: list[UnitTest], backend: ExecutionBackend
) -> Expectations | None:
    if not tests:
        return None
    suite = UnitTestSuite(
        expectations.source.id, tuple(tests), "rules", launch=expectations.suite.launch
    )
    for _ in range(LOOKS):
        found = validate_suite(
            expectations.source, expectations.signature, suite, backend, prune=True
        ).expectations
        if found is None:
            return None
        size = max(count_elements(test) for test in found.suite.tests)
        if found.source_ms <= SLOW_MS * max(1, size // MAX_SIZE):
            return found
    return None


def _merge_suites(one: Expectations, other: Expectations) -> Expectations:
    """The tests of both, so that one launch plan has to do for all."""
    return replace(
        one,
        suite=replace(one.suite, tests=one.suite.tests + other.suite.tests),
        calls=one.calls + other.calls,
        references=one.references + other.references,
        source_ms=max(one.source_ms, other.source_ms),
        tests_ms=one.tests_ms + other.tests_ms if one.tests_ms and other.tests_ms else (),
        result_varies=one.result_varies or other.result_varies,
    )


def _sizes(test: UnitTest) -> str:
    return " ".join(
        f"{a.name}={a.value}"
        for a in test.assignments
        if isinstance(a, ScalarValue) and a.type in INTEGER_RANGES
    )
