"""Arrays that hold row offsets never decrease, and some rows are long."""

from __future__ import annotations

import numpy as np
import pytest

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.records import Outcome, Program
from corpora.signatures.signature import read_signature
from gpu_runtime.call.materialize import materialize_test
from tester.generate.source_facts import find_row_offsets
from tester.generate.source_tree import read_source

SPMV = """void spmv(const int *ptr, const int *col, const double *val, const double *x, double *y, \
int n) {
    for (int i = 0; i < n; i++) { double s = 0; for (int k = ptr[i]; k < ptr[i + 1]; \
k++) s += val[k] * x[col[k]]; y[i] = s; }
}
"""
A_WARP_A_ROW = """__global__ void spmv(const int *ptr, const int *col, const double *val, \
const double *x, double *y, int n) {
    int w = (blockIdx.x * blockDim.x + threadIdx.x) / 32, l = threadIdx.x & 31;
    if (w >= n) return;
    double s = 0;
    for (int k = ptr[w] + l; k < ptr[w + 1]; k += 32) s += val[k] * x[col[k]];
    for (int d = 16; d; d >>= 1) s += __shfl_down_sync(0xffffffff, s, d);
    if (l == 0) y[w] = s;
}
"""
HOST = (
    A_WARP_A_ROW.replace("void spmv", "void on_rows")
    + """
void spmv(const int *ptr, const int *col, const double *val, const double *x, double *y, int n) {
    if (n <= 0) return;
    int entries = ptr[n], columns = 0;
    for (int k = ptr[0]; k < entries; k++) if (col[k] >= columns) columns = col[k] + 1;
    int *dp, *dc; double *dv, *dx, *dy;
    cudaMalloc(&dp, (n + 1) * 4); cudaMalloc(&dc, entries * 4); cudaMalloc(&dv, entries * 8); \
cudaMalloc(&dx, columns * 8); cudaMalloc(&dy, n * 8);
    cudaMemcpy(dp, ptr, (n + 1) * 4, cudaMemcpyHostToDevice); cudaMemcpy(dc, col, entries * 4, \
cudaMemcpyHostToDevice);
    cudaMemcpy(dv, val, entries * 8, cudaMemcpyHostToDevice); cudaMemcpy(dx, x, columns * 8, \
cudaMemcpyHostToDevice);
    on_rows<<<(n * 32 + 127) / 128, 128>>>(dp, dc, dv, dx, dy, n);
    cudaMemcpy(y, dy, n * 8, cudaMemcpyDeviceToHost);
    cudaFree(dp); cudaFree(dc); cudaFree(dv); cudaFree(dx); cudaFree(dy);
}
"""
)


@pytest.mark.parametrize(
    "body, ordered",
    [
        ("for (k = row[i]; k < row[i + 1]; k++);", True),
        ("for (k = row[i - 1]; k < row[i]; k++);", True),
        ("do k = row(i), ROW(i+1) - 1\nend do\n", True),
        ("end = row[i + 1]; start = row[ i ]; for (int k = start; k < end; k++);", True),
        ("int k = row[i]; while (k < row[i + 1]) k++;", True),
        ("for (i = 0; i < n; i++) y[i] = row[i + 1] - row[i];", False),
        ("x[row[i]] += row[j];", False),
        ("a = row[2 * i]; b = row[2 * i + 1];", False),
    ],
)
def test_neighbours_that_bound_a_row(body, ordered):
    if body.startswith("do"):
        text = f"subroutine f(row, x)\ninteger :: i, k, row(*), x(*)\n{body}end subroutine\n"
        program = Program("fortran", "f", text)
    else:
        program = Program("cpp", "f", f"void f(int *row, int *x) {{ {body} }}")
    assert find_row_offsets(frozenset({"row", "x"}), read_source(program)) == (
        frozenset({"row"}) if ordered else frozenset()
    )


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine("emulated", VerifyConfig(mutants=0), cache=tmp_path_factory.mktemp("cache"))
    yield made
    made.close()


def test_rows_are_in_order_and_some_are_long(engine):
    source = Program("cpp", "spmv", SPMV)
    suite = engine.expectations(source).expectations.suite
    longest = 0
    for test in suite.tests:
        rows, _, values, *_ = materialize_test(test, read_signature(source)).values
        assert (np.diff(rows) >= 0).all()
        if len(rows) > 1 and np.isfinite(values).all():
            longest = max(longest, int(np.diff(rows).max()))
    assert longest > 64


@pytest.mark.parametrize("target", [A_WARP_A_ROW, HOST])
def test_right_translations_pass(target, engine):
    assert (
        engine.verify(Pair(Program("cpp", "spmv", SPMV), Program("cuda", "spmv", target))).outcome
        is Outcome.EQUIVALENT
    )


def test_a_warp_that_reads_the_first_elements_of_its_row_alone_is_wrong(engine):
    wrong = A_WARP_A_ROW.replace(
        "for (int k = ptr[w] + l; k < ptr[w + 1]; k += 32)",
        "int k = ptr[w] + l; if (k < ptr[w + 1])",
    )
    assert (
        engine.verify(Pair(Program("cpp", "spmv", SPMV), Program("cuda", "spmv", wrong))).outcome
        is Outcome.MISMATCH
    )


GATHER = (
    "void gather(int n, const int *at, const double *x, double *y) { for (int i = 0; i < "
    "n; i++) y[i] = x[at[i]]; }"
)


def test_indices_of_one_size_are_many_anywhere_and_beside_plain_values(engine):
    source = Program("cpp", "gather", GATHER)
    calls = [
        materialize_test(t, read_signature(source)).values
        for t in engine.expectations(source).expectations.suite.tests
    ]
    assert any(
        len(at) >= 256
        and np.unique(at).size > 100
        and np.isfinite(x).all()
        and np.unique(x).size > 100
        for _, at, x, _ in calls
    )
