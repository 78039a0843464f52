"""A target that passed, at the sizes that it alone compares with: `if (n < 10000)` and a serial
loop hide a wrong parallel one.

Contract: `at_own_sizes` gives a target's verdict back, or the one on its suite with a few tests of
such sizes more, which are made of the source and valid on it. Targets that failed, or compare with
nothing beyond their suite, cost nothing.

    python -c "from coevolve.verification.own_sizes import at_own_sizes; help(at_own_sizes)"
"""

from __future__ import annotations

from dataclasses import replace

from corpora.dialects import dialect
from corpora.records import Blame, Outcome, Program, ScalarValue, UnitTest, UnitTestSuite, Verdict
from corpora.suites.unit_tests import INTEGER_RANGES
from gpu_runtime.backend import ExecutionBackend
from gpu_runtime.expectations import Expectations
from gpu_runtime.launch.thresholds import numbers_asked
from tester.generate.thresholds import sized_beyond
from tester.validity import validate
from translator.judge import JudgeConfig, judge

SLOW_MS = 20.0
"""Of a source on one of these tests. A target may take hundreds of times as long, several times
over, on threads that are watched.
"""


def at_own_sizes(
    verdict: Verdict,
    expectations: Expectations,
    target: Program,
    backend: ExecutionBackend,
    config: JudgeConfig,
) -> Verdict:
    """The verdict with what such tests add. One that was turned down because one thread did
    everything is judged anew, too.
    """
    if not (verdict.equivalent or (verdict.serial and verdict.outcome is Outcome.REFUSED)):
        return verdict
    asked = _asked(target) - _asked(expectations.source)
    further = _further(expectations, sorted(asked), backend) if asked else None
    if further is None:
        return verdict
    again = judge(_joined(expectations, further), [target], backend, config)[0]
    own = len(expectations.calls)
    again = replace(again, suite_id=verdict.suite_id)
    if again.blame is Blame.NOBODY or again.test_index < own:
        return again
    where = _sizes(further.suite.tests[again.test_index - own])
    return replace(
        again,
        test_index=-1,
        detail=f"{again.detail} (at a size that the target compares with, beyond those of the "
        f"suite: {where})",
    )


def _asked(program: Program) -> frozenset[int]:
    return numbers_asked(program.text, dialect(program.dialect).language)


def _further(
    expectations: Expectations, numbers: list[int], backend: ExecutionBackend
) -> Expectations | None:
    tests = sized_beyond(expectations, numbers, backend)
    if not tests:
        return None
    suite = UnitTestSuite(
        expectations.source.id, tuple(tests), "rules", launch=expectations.suite.launch
    )
    found = validate(
        expectations.source, expectations.signature, suite, backend, prune=True
    ).expectations
    return None if found is None or found.source_ms > SLOW_MS else found


def _joined(one: Expectations, other: Expectations) -> Expectations:
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
