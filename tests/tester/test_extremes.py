"""Largest and smallest values that are found by comparing: what they are beside one that is no number depends on the order, which ports are free in."""

from __future__ import annotations

import pytest

from corpora.records import Program
from tester.reading import leaves_nan_open

RANGE = """void f(int n, const double *x, double *out) {
    double lo = x[0], hi = x[0];
    %s
    for (int i = 1; i < n; i++) { if (x[i] < lo) lo = x[i]; if (x[i] > hi) hi = x[i]; }
    out[0] = lo; out[1] = hi;
}
"""


@pytest.mark.parametrize(("statement", "is_open"), [
    ("if (x[i] < lo) lo = x[i];", True), ("if (x[i * n + j] >= m) { m = x[i * n + j]; best = i; }", True), ("if (m < v) m = v;", True), ("m = std::max(m, x[i]);", True),
    ("if (x[i] > m) count = x[i];", False), ("if (x[i] > m) x[i] = m;", False), ("m = fmax(m, x[i]);", False), ("m = std::max(a, x[i]);", False),
])  # fmt: skip
def test_such_searches_are_told_by_the_text(statement, is_open):
    assert leaves_nan_open(Program("cpp", "f", f"void f() {{ {statement} }}")) is is_open


def test_reductions_are_right_ports_of_them(judged):
    """The first element as what the search begins with: one that is no number would stay."""
    found = judged({
        "right": (RANGE % "", RANGE % "#pragma omp parallel for reduction(min:lo) reduction(max:hi)"),
        "wrong": (RANGE % "", RANGE % "#pragma omp parallel for reduction(min:lo,hi)"),
    })
    assert found["right"].equivalent is True and found["wrong"].equivalent is False, found
