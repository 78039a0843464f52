"""Arrays whose contents decide what is touched are as long as the sizes say: a port that goes by
the sizes passes, one that goes beyond them fails.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import corpora.development
from corpora.records import ArrayValue, Program
from corpora.signatures.signature import read_signature
from gpu_runtime.call.materialize import get_extents, get_integer_scalars
from gpu_runtime.emulation.backend import EmulatedBackend
from tester.generate.rules import generate_suite

BINS = """void f(int n, int nb, double lo, double len, const double *x, int *h) {
double hi = lo + len, w = (hi - lo) / nb;
for (int i = 0; i < n; i++) { if (x[i] < lo || x[i] > hi || !(w > 0)) continue; \
int b = (int)((x[i] - lo) / w); if (b >= nb) b = nb - 1; if (b < 0) b = 0; h[b]++; } }"""
SPREAD = """#include <vector>
void f(int n, int nb, double lo, double len, const double *x, int *h) {{
double hi = lo + len, w = (hi - lo) / nb;
if (nb <= 0 || !(w > 0)) return;
std::vector<int> l(nb + 2, 0);
for (int i = 0; i < n; i++) {{ if (x[i] < lo || x[i] > hi) continue; \
int b = (int)((x[i] - lo) / w); l[b < 0 ? 0 : b >= nb ? nb - 1 : b]++; }}
#pragma omp parallel for
for (int b = 0; b < {0}; b++) h[b] += l[b] {1};
}}"""
EDGES = """long long f(int n, const int *row, const int *col) {
long long t = 0;
for (int u = 0; u < n; u++) for (int e = row[u]; e < row[u + 1]; e++) { int v = col[e]; \
for (int g = row[v]; g < row[v + 1]; g++) t += col[g] == u; }
return t; }"""
COPIED = """__global__ void edges(int n, const int *row, const int *col, unsigned long long *t) {{
int u = blockIdx.x * blockDim.x + threadIdx.x; if (u >= n) return;
unsigned long long s = 0; int end = row[u + {1}];
for (int e = row[u]; e < row[u + 1]; e++) {{ int v = col[e]; for (int g = row[v]; g < row[v + 1]; \
g++) s += col[g] == u; }}
atomicAdd(t, s); }}
long long f(int n, const int *row, const int *col) {{
if (n <= 0) return 0;
int *r, *c, m = row[n]; unsigned long long *t, h = 0; int rows = {0};
cudaMalloc(&r, rows * sizeof(int)); cudaMalloc(&c, (m > 0 ? m : 1) * sizeof(int)); cudaMalloc(&t, \
8);
cudaMemcpy(r, row, rows * sizeof(int), cudaMemcpyHostToDevice); if (m > 0) cudaMemcpy(c, col, \
m * sizeof(int), cudaMemcpyHostToDevice);
cudaMemset(t, 0, 8);
edges<<<(n + 127) / 128, 128>>>(n, r, c, t);
cudaMemcpy(&h, t, 8, cudaMemcpyDeviceToHost); cudaFree(r); cudaFree(c); cudaFree(t);
return (long long)h; }}"""
FLUXES = """void f(int nf, const int *left, const int *right, const double *area, int nc, \
double *res) {
for (int c = 0; c < nc; c++) res[c] = 0;
for (int i = 0; i < nf; i++) { res[left[i]] -= area[i]; res[right[i]] += area[i]; } }"""
CELLS = """__global__ void spread(int nf, const int *l, const int *r, const double *a, double *s) {{
int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < nf) {{ atomicAdd(s + l[i], -a[i]); \
atomicAdd(s + r[i], a[i]); }} }}
void f(int nf, const int *left, const int *right, const double *area, int nc, double *res) {{
int *l, *r; double *a, *s;
cudaMalloc(&l, nf * sizeof(int)); cudaMalloc(&r, nf * sizeof(int)); cudaMalloc(&a, \
nf * sizeof(double)); cudaMalloc(&s, nc * sizeof(double));
cudaMemcpy(l, left, nf * sizeof(int), cudaMemcpyHostToDevice); cudaMemcpy(r, right, \
nf * sizeof(int), cudaMemcpyHostToDevice);
cudaMemcpy(a, area, nf * sizeof(double), cudaMemcpyHostToDevice); cudaMemset(s, 0, \
nc * sizeof(double));
if (nf > 0) spread<<<(nf + 63) / 64, 64>>>(nf, l, r, a, s);
cudaMemcpy(res, s, {0} * sizeof(double), cudaMemcpyDeviceToHost); cudaFree(l); cudaFree(r); \
cudaFree(a); cudaFree(s); }}"""
PLAIN = (
    "void f(int n, const float *x, float *y) { for (int i = 0; i < n - 1; i++) y[i] = x[i + 1]; }"
)
CASES = {
    "all_bins": (BINS, SPREAD.format("nb", ""), True),
    "one_bin_more": (BINS, SPREAD.format("nb + 1", ""), False),
    "an_empty_bin_too": (BINS, SPREAD.format("nb", "+ (b == nb - 1 && l[b] == 0)"), False),
    "as_many_as_rows": (EDGES, COPIED.format("n + 1", 1), True),
    "one_more_than_rows": (EDGES, COPIED.format("n + 1", 2), False),
    "as_many_as_cells": (FLUXES, CELLS.format("nc"), True),
    "as_many_as_faces": (FLUXES, CELLS.format("nf"), False),
    "one_less_than_rows": (EDGES, COPIED.format("n", 1), False),
}


@pytest.mark.parametrize("name", CASES)
def test_verdict(name, verdicts):
    verdict = verdicts[name]
    assert verdict.equivalent is CASES[name][2], f"{verdict.outcome}: {verdict.detail}"


def lengths(text: str) -> list[tuple[dict[str, int], dict[str, int]]]:
    program = Program("cpp", "f", text)
    suite = generate_suite(program, read_signature(program), EmulatedBackend())
    return [(get_integer_scalars(test), get_extents(test)) for test in suite.tests]


def test_arrays_are_as_long_as_their_law():
    assert all(
        found["h"] == sizes["nb"] for sizes, found in lengths(BINS) if sizes["n"] > 0 < sizes["nb"]
    )
    assert all(found["row"] == sizes["n"] + 1 for sizes, found in lengths(EDGES) if sizes["n"] > 0)
    assert any(found["col"] > 20 * sizes["n"] for sizes, found in lengths(EDGES)), (
        "no test of long rows"
    )


def test_where_places_follow_from_sizes_alone_lengths_are_what_is_touched():
    assert all(
        found == {"x": sizes["n"], "y": sizes["n"] - 1}
        for sizes, found in lengths(PLAIN)
        if sizes["n"] > 1
    )


def test_untouched_border_elements_exist():
    border = (
        "void f(const double *a, double *b, int n) { for (int i = 3; i < n - 3; i++) b[i] "
        "= a[i - 3] + a[i + 3]; }"
    )
    assert all(found["a"] == sizes["n"] for sizes, found in lengths(border) if sizes["n"] > 0)
    planes = (
        "void f(const float *a, float *b, int n, int m) { for (int i = 1; i < n - 1; i++) "
        "for (int j = 0; j < m; j++) b[i * m + j] = a[(i - 1) * m + j] + a[(i + 1) * m + "
        "j]; }"
    )
    assert all(
        found["a"] == sizes["n"] * sizes["m"]
        for sizes, found in lengths(planes)
        if min(sizes["n"], sizes["m"]) > 0
    )


INSIDE = (
    "void f(int n, float lo, float hi, const float *p, int *in) { for (int i = 0; i < n; "
    "i++) in[i] = p[2 * i] > lo && p[2 * i] < hi && p[2 * i + 1] > lo && p[2 * i + 1] < "
    "hi; }"
)


def test_what_is_read_only_beside_others_that_are_as_asked_for_is_there_too():
    """Few points are inside by their first number: of the last one the second was seldom read, and
    no port may have been that reads both.
    """
    assert all(found["p"] == 2 * sizes["n"] for sizes, found in lengths(INSIDE) if sizes["n"] > 0)


def test_lists_of_written_values_are_cut_to_their_law() -> None:
    """What is searched for is written into one; three tests beyond the law would have kept all of
    them.
    """
    program = Program(
        "cpp",
        "logits_loss",
        (Path(corpora.development.__file__).parent / "layers" / "logits_loss.cpp").read_text(),
    )
    tests = generate_suite(program, read_signature(program), EmulatedBackend()).tests
    assert any(
        a.name == "logits" and a.values
        for test in tests
        for a in test.assignments
        if isinstance(a, ArrayValue)
    )
    sizes = [(get_integer_scalars(test), get_extents(test)["logits"]) for test in tests]
    # An array of a size that is zero has an element all the same.
    assert all(length == max(size["rows"] * size["classes"], 1) for size, length in sizes)
