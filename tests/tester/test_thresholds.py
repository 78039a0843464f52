"""Tests beyond a suite, at sizes that are asked for."""

from __future__ import annotations

import pytest

from corpora.records import ArrayValue, Program, ScalarValue
from corpora.signatures.signature import read_signature
from gpu_runtime.emulation.backend import EmulatedBackend
from tester.generate.rules import generate_suite
from tester.generate.thresholds import MAX_SIZE, make_tests_beyond
from tester.validity import validate_suite

ONE = Program(
    "cpp", "f", "void f(int n, float a, float *x) { for (int i = 0; i < n; i++) x[i] *= a; }"
)
TWO = Program(
    "cpp", "f", "void f(int n, int m, float *x) { for (int i = 0; i < n * m; i++) x[i] *= 2; }"
)
PAIRS = Program(
    "cpp", "f", "void f(int n, float *x) { for (int i = 0; i < n * n; i++) x[i] *= 2; }"
)
COUNTED = Program(
    "cpp", "f", "void f(int n, const int *b, int *h) { for (int i = 0; i < n; i++) h[b[i]]++; }"
)
SHAPED = Program(
    "fortran", "f", "subroutine f(x)\n real, intent(inout) :: x(:)\n x = 2 * x\nend subroutine"
)


@pytest.fixture(scope="module")
def backend():
    made = EmulatedBackend()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("program", "numbers", "sizes"),
    [
        (ONE, [100, 20000, MAX_SIZE + 1], [[20000], [20001]]),
        (TWO, [10000], [[101, 101]]),
        pytest.param(PAIRS, [20000], [], marks=pytest.mark.slow),
        (ONE, [100, 5000], []),
        (COUNTED, [20000], [[20000], [20001]]),
        (SHAPED, [20000], [[], []]),
    ],
)
def test_sizes_beyond_a_suite(backend, program, numbers, sizes):
    signature = read_signature(program)
    expectations = validate_suite(
        program, signature, generate_suite(program, signature, backend), backend, prune=True
    ).expectations
    made = make_tests_beyond(expectations, numbers, backend)
    drawn = [
        [a.value for a in t.assignments if isinstance(a, ScalarValue) and a.type == "i32"]
        for t in made
    ]
    assert drawn[: len(sizes)] == sizes and (sizes or not made)
    assert all(
        max(a.extents[0] for a in t.assignments if isinstance(a, ArrayValue))
        >= min(max(numbers), 20000)
        for t in made
    )
