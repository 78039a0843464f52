"""The feedback loop: boundary values are combined until mutants die and branches are taken."""

from __future__ import annotations

import pytest

from corpora.records import Program, UnitTestSuite
from corpora.signatures.signature import read_signature
from corpora.suites.unit_tests import parse_suite
from gpu_runtime.backend import Limits
from gpu_runtime.emulation.backend import EmulatedBackend
from tester.mutation.branches import measure_branch_coverage
from tester.mutation.strength import (
    _build_mutants,
    _measure_outcomes,
    _takes_all_sides,
    top_up_suite,
)
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


class Counting:
    """A back end that counts the calls that it is given."""

    def __init__(self, backend):
        self.backend, self.calls, self.name = backend, 0, backend.name

    def compile(self, requests):
        return self.backend.compile(requests)

    def run(self, compiled, calls, limits=Limits()):
        self.calls += len(calls)
        return self.backend.run(compiled, calls, limits)


def test_outcomes_are_looked_for_until_every_side_was_taken(backend):
    text = "void f(int n, const int *x, int *y) { for (int i = 0; i < n; i++) y[i] = x[i] + 1; }"
    suite = "\n".join(f"n={n} x[n]=integers(-9,9)@1 y[n]=constant(0)" for n in range(2, 9))
    checked = check(backend, text, suite)
    built = _build_mutants(checked, backend, 4, 0)
    few, every = Counting(backend), Counting(backend)
    some = _measure_outcomes(checked, built, few, sides_suffice=True)
    whole = _measure_outcomes(checked, built, every)
    assert (few.calls, every.calls) == (1, 7)
    assert some <= whole and _takes_all_sides(some, built, checked.source)


def test_sides_that_are_never_taken_are_looked_for_in_every_test(backend):
    rows = (f"n={n} mode=1 x[n]=integers(-9,9) y[n]=constant(0)" for n in (2, 3, 4))
    checked = check(backend, TOGETHER, "\n".join(rows))
    built = _build_mutants(checked, backend, 4, 0)
    every = Counting(backend)
    some = _measure_outcomes(checked, built, every, sides_suffice=True)
    assert every.calls == 3 and some == _measure_outcomes(checked, built, backend)


def test_no_branches_are_measured_where_no_other_test_can_be_made(backend, monkeypatch):
    checked = check(backend, TOGETHER, "n=3 mode=1 x[n]=integers(-9,9) y[n]=constant(0)")
    monkeypatch.setattr("tester.mutation.strength.has_only_large_tests", lambda suite: True)
    monkeypatch.setattr("tester.mutation.strength._stronger_on", lambda *a, **k: None)
    monkeypatch.setattr("tester.mutation.strength._measure_outcomes", None)  # not called
    same = top_up_suite(checked, backend, rounds=2)
    assert same.suite.tests == checked.suite.tests


FORTRAN = """module m
  implicit none
contains
  subroutine f(n, mode, x, y)
    integer, intent(in) :: n, mode, x(n)
    integer, intent(inout) :: y(n)
    integer :: i
    do i = 1, n
      y(i) = x(i)
      if (mode == 12) then
        if (g(x(i)) == 70000) y(i) = 5
      end if
    end do
  end subroutine
  integer function g(v)
    integer, intent(in) :: v
    g = v
    if (v > 5) g = v + 1 - 1
  end function
end module
"""
KERNEL = (
    "__device__ int g(int v) { return v > 5 ? v + 1 - 1 : v; }\n"
    "__global__ void f(int n, int mode, const int *x, int *y) { int i = blockIdx.x * blockDim.x + "
    "threadIdx.x; if (i >= n) return; y[i] = x[i]; if (mode == 12) { if (g(x[i]) == 70000) "
    "y[i] = 5; } }"
)
STATEFUL = "static int calls = 0;\n" + TOGETHER.replace("{ for", "{ calls = calls + 1; for")
SMALL = "n=3 mode=1 x[n]=integers(-9,9) y[n]=constant(0)"


@pytest.mark.parametrize(
    ("dialect", "text", "launch", "share"),
    [
        ("fortran", FORTRAN, "", 1 / 6),  # g is not called; a `do` has no condition
        ("cuda", KERNEL, "grid=1,1,1 block=32,1,1", 3 / 8),
        ("cpp", STATEFUL, "", 3 / 6),
    ],
)
def test_branches_of_every_dialect_lead_the_loop(backend, dialect, text, launch, share):
    source = Program(dialect, "f", text)
    signature = read_signature(source)
    suite = UnitTestSuite(source.id, parse_suite(SMALL, signature), "user", launch=launch)
    found = validate_suite(source, signature, suite, backend)
    assert found.expectations is not None, found.reason
    assert measure_branch_coverage(found.expectations, backend) == share
    built = _build_mutants(found.expectations, backend, 4, 0)
    assert built.counter is not None and (built.schema is not None) is (dialect == "cuda")
    grown = top_up_suite(found.expectations, backend, rounds=4)
    assert measure_branch_coverage(grown, backend) == 1.0
    assert len(grown.suite.tests) <= 10


def test_branches_alone_lead_the_loop_where_no_mutant_lives(backend):
    """Then few tests are checked: those that take something new."""
    source = Program("fortran", "f", FORTRAN)
    signature = read_signature(source)
    suite = UnitTestSuite(source.id, parse_suite(SMALL, signature), "user")
    checked = validate_suite(source, signature, suite, backend).expectations
    grown = top_up_suite(checked, backend, rounds=4, least=0.0)
    assert measure_branch_coverage(grown, backend) == 1.0
    assert len(grown.suite.tests) <= 10
