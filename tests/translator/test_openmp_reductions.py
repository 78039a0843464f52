"""OpenMP reductions are right ports of searches for an extreme and of products, whatever NaN,
overflow or underflow does to the result.
"""

from __future__ import annotations

import pytest

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.records import Program

RANGE = """void f(int n, const double *x, double *out) {
    double lo = x[0], hi = x[0];
    %s
    for (int i = 1; i < n; i++) { if (x[i] < lo) lo = x[i]; if (x[i] > hi) hi = x[i]; }
    out[0] = lo; out[1] = hi;
}
"""
SUITE = (
    "n=1 x[n]={nan} out[2]=constant(0)\nn=4 x[n]={nan,1,3,2} out[2]=constant(0)\nn=40 "
    "x[n]=uniform(-2,2)@1 out[2]=constant(0)"
)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (RANGE % "#pragma omp parallel for reduction(min:lo) reduction(max:hi)", True),
        (RANGE % "#pragma omp parallel for reduction(min:lo,hi)", False),
        (
            RANGE.replace("if (x[i] < lo) lo = x[i];", "lo = fmin(lo, x[i]);") % "",
            False,
        ),  # its order is not free
    ],
)
def test_only_a_reduction_leaves_open_what_is_beside_no_number(text, right, tmp_path):
    engine = Engine("emulated", VerifyConfig(mutants=0), cache=tmp_path)
    verdict = engine.verify(
        Pair(Program("cpp", "f", RANGE % ""), Program("openmp", "f", text), SUITE)
    )
    engine.close()
    assert verdict.equivalent is right, verdict.detail


PRODUCT = """float f(int n, const float *x) {
    float p = 1;
    %s
    for (int i = 0; i < n; i++) p *= x[i];
    return p;
}
"""


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (PRODUCT % "#pragma omp parallel for reduction(*:p)", True),
        (PRODUCT.replace("i < n", "i < n - 1") % "#pragma omp parallel for reduction(*:p)", False),
        (PRODUCT.replace("i = 0", "i = n / 2") % "", False),
    ],
)
def test_a_product_may_overflow_or_vanish_on_the_way_in_parts(text, right, tmp_path):
    """An infinity times a part that vanished was no number, and the usual port a wrong one."""
    engine = Engine("emulated", VerifyConfig(mutants=0), cache=tmp_path)
    verdict = engine.verify(Pair(Program("cpp", "f", PRODUCT % ""), Program("openmp", "f", text)))
    engine.close()
    assert verdict.equivalent is right, verdict.detail
