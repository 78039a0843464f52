"""A smaller test on which a target fails in the same way: what a person wants to look at.

Contract: the test returned is valid for the source and the target's outcome on it is the one given;
sizes are only ever made smaller. The verdict itself is not changed by looking for it.

    python -c "from coevolve.verification.minimize import minimize_failure; help(minimize_failure)"
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from corpora.records import (
    ArrayValue,
    Outcome,
    Program,
    ScalarValue,
    UnitTest,
    UnitTestSuite,
    Verdict,
)
from corpora.suites.unit_tests import INTEGER_RANGES
from gpu_runtime.backend import CompileRequest, ExecutionBackend, Variant
from gpu_runtime.expectations import Expectations
from tester.generate.completion import complete_sketches
from tester.generate.extents import Sketch
from tester.generate.rules import count_elements, make_geometry_function
from tester.validity import validate_suite
from translator.judge import JudgeConfig, judge

STEPS = 12


def minimize_failure(
    expectations: Expectations,
    verdict: Verdict,
    target: Program,
    backend: ExecutionBackend,
    config: JudgeConfig,
) -> tuple[UnitTest, Verdict]:
    """Return the smallest failing test found, and the verdict on that test alone.

    expectations: what the source computes on its suite. verdict: one whose `test_index` is the test
        that failed. Integer scalars are made smaller as long as the target fails with the same
        outcome. A timeout, or a test with null or literal arrays, comes back unchanged.
    """
    test = expectations.suite.tests[verdict.test_index]
    best = (test, verdict)
    if verdict.outcome is Outcome.TIMEOUT or any(
        isinstance(a, ArrayValue) and (a.fill is None or a.is_null) for a in test.assignments
    ):
        return best
    for _ in range(STEPS):
        for found in _failures(expectations, best[0], verdict.outcome, target, backend, config):
            if count_elements(found[0]) < count_elements(best[0]):
                best = found
        if best[0] is test:
            return best
        test = best[0]
    return best


def _failures(
    expectations: Expectations,
    test: UnitTest,
    outcome: Outcome,
    target: Program,
    backend: ExecutionBackend,
    config: JudgeConfig,
) -> Iterator[tuple[UnitTest, Verdict]]:
    """Shrunken tests on which the target still ends with `outcome`."""
    compiled = backend.compile(
        [CompileRequest(expectations.source, expectations.signature, Variant.RECORDED)]
    )[0]
    suite = expectations.suite
    sketches = list(_shrunk(test))
    made = (
        complete_sketches(
            backend, compiled, sketches, geometry_of=make_geometry_function(suite.launch)
        )
        if sketches
        else []
    )
    tests = {c.test.id: c.test for c in made if c.test is not None}
    for candidate in sorted(tests.values(), key=count_elements):
        if count_elements(candidate) >= count_elements(test):
            continue
        alone = UnitTestSuite(suite.program_id, (candidate,), suite.author, suite.launch)
        checked = validate_suite(
            expectations.source, expectations.signature, alone, backend
        ).expectations
        if checked is None:
            continue
        verdict = judge(checked, [target], backend, config)[0]
        if verdict.outcome is outcome:
            yield candidate, replace(verdict, suite_id=suite.id)
            return


def _shrunk(test: UnitTest) -> Iterator[Sketch]:
    scalars = {a.name: a.value for a in test.assignments if isinstance(a, ScalarValue)}
    fills = {
        a.name: a.fill for a in test.assignments if isinstance(a, ArrayValue) and a.fill is not None
    }
    integers = [
        a
        for a in test.assignments
        if isinstance(a, ScalarValue) and a.type in INTEGER_RANGES and int(a.value) > 1
    ]  # type: ignore[arg-type]
    for share in (1, 2, 3, 4):
        yield Sketch({**scalars, **{a.name: min(int(a.value), share) for a in integers}}, fills)  # type: ignore[arg-type]
    for a in integers:
        for value in (1, 2, 3, int(a.value) // 2, 3 * int(a.value) // 4, int(a.value) - 1):  # type: ignore[arg-type]
            if 0 < value < int(a.value):  # type: ignore[arg-type]
                yield Sketch({**scalars, a.name: value}, fills)
