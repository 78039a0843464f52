"""OpenMP's reductions to the largest or smallest value are right ports of a search for it, whatever that makes of what is no number."""

from __future__ import annotations

import pytest

from coevolve.verify import Engine, Pair, VerifyConfig
from corpora.records import Program

RANGE = """void f(int n, const double *x, double *out) {
    double lo = x[0], hi = x[0];
    %s
    for (int i = 1; i < n; i++) { if (x[i] < lo) lo = x[i]; if (x[i] > hi) hi = x[i]; }
    out[0] = lo; out[1] = hi;
}
"""
SUITE = "n=1 x[n]={nan} out[2]=constant(0)\nn=4 x[n]={nan,1,3,2} out[2]=constant(0)\nn=40 x[n]=uniform(-2,2)@1 out[2]=constant(0)"


@pytest.mark.parametrize(("text", "right"), [
    (RANGE % "#pragma omp parallel for reduction(min:lo) reduction(max:hi)", True),
    (RANGE % "#pragma omp parallel for reduction(min:lo,hi)", False),
    (RANGE.replace("if (x[i] < lo) lo = x[i];", "lo = fmin(lo, x[i]);") % "", False),  # its order is not free
])  # fmt: skip
def test_only_a_reduction_leaves_open_what_is_beside_no_number(text, right, tmp_path):
    engine = Engine("emulated", VerifyConfig(mutants=0), cache=tmp_path)
    verdict = engine.verify(Pair(Program("cpp", "f", RANGE % ""), Program("openmp", "f", text), SUITE))
    engine.close()
    assert verdict.equivalent is right, verdict.detail
