"""The feedback loop: boundary values are combined until mutants die and branches are taken."""

from __future__ import annotations

import pytest

from corpora.records import Program, UnitTestSuite
from corpora.signatures.signature import read_signature
from corpora.suites.unit_tests import parse_suite
from gpu_runtime.emulation.backend import EmulatedBackend
from tester.mutation.branches import measure_branch_coverage
from tester.mutation.strength import top_up_suite
from tester.validity import validate_suite

TOGETHER = (
    "void f(int n, int mode, const int *x, int *y) { for (int i = 0; i < n; i++) { y[i] = x[i];"
    " if (mode == 12) { if (x[i] == 70000) y[i] = 5; } } }"
)


@pytest.fixture(scope="module")
def backend():
    made = EmulatedBackend()
    yield made
    made.close()


def check(backend, text, suite):
    source = Program("cpp", "f", text)
    signature = read_signature(source)
    tests = parse_suite(suite, signature)
    made = UnitTestSuite(source.id, tests, "user")
    return validate_suite(source, signature, made, backend).expectations


def test_values_that_must_come_together_are_combined(backend):
    checked = check(backend, TOGETHER, "n=3 mode=1 x[n]=integers(-9,9) y[n]=constant(0)")
    assert measure_branch_coverage(checked, backend) == 0.5
    grown = top_up_suite(checked, backend, rounds=2)
    assert measure_branch_coverage(grown, backend) == 1.0
    assert len(grown.suite.tests) <= 8 and grown.suite.strength == 1.0


def test_a_suite_that_shows_everything_does_not_grow(backend):
    text = "void f(int n, const int *x, int *y) { for (int i = 0; i < n; i++) y[i] = x[i] + 1; }"
    checked = check(backend, text, "n=9 x[n]=integers(-9,9)@1 y[n]=constant(0)")
    once = top_up_suite(checked, backend)
    again = top_up_suite(once, backend)
    assert again.suite.tests == once.suite.tests and again.suite.strength == 1.0
