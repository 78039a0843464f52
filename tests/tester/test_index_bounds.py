"""Test indices stay below the size that the program walks over, so that a port which copies that
much passes.
"""

from __future__ import annotations

import pytest

from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import CompileRequest, Variant
from gpu_runtime.emulation.backend import EmulatedBackend
from tester.generate.extents import no_geometry
from tester.generate.roles import TrialSetting, infer_roles

SUMS = (
    "void f(int n, int m, const int *row, const int *col, const float *x, float *y) { for "
    "(int i = 0; i < n; i++) y[i] = 0; for (int k = 0; k < m; k++) y[row[k]] += x[col[k]]; "
    "}"
)
LEVELS = """void f(int n, const int *ptr, const int *adj, int src, int *lev) {
int *q = new int[n > 0 ? n : 1], h = 0, t = 0;
for (int i = 0; i < n; i++) lev[i] = -1;
lev[src] = 0; q[t++] = src;
while (h < t) { int u = q[h++]; for (int e = ptr[u]; e < ptr[u + 1]; e++) if (lev[adj[e]] < 0) { \
lev[adj[e]] = lev[u] + 1; q[t++] = adj[e]; } }
delete[] q; }"""
SCATTER = (
    "void f(int n, const int *to, const float *x, float *y) { for (int i = 0; i < n; i++) "
    "y[to[i]] = x[i]; }"
)
PORT = """__global__ void k(int m, const int *row, const int *col, const float *x, float *y) {{ \
int e = blockIdx.x * blockDim.x + threadIdx.x; if (e < m) atomicAdd(y + row[e], x[col[e]]); }}
void f(int n, int m, const int *row, const int *col, const float *x, float *y) {{
if (n <= 0) return;
int t = 1, *r, *c; float *a, *b;
for (int e = 0; e < m; e++) if (col[e] >= t) t = col[e] + 1;
cudaMalloc(&r, m * 4 + 4); cudaMalloc(&c, m * 4 + 4); cudaMalloc(&a, t * 4); cudaMalloc(&b, n * 4);
cudaMemcpy(r, row, m * 4, cudaMemcpyHostToDevice); cudaMemcpy(c, col, m * 4, \
cudaMemcpyHostToDevice); cudaMemcpy(a, x, t * 4, cudaMemcpyHostToDevice);
cudaMemset(b, 0, {0});
if (m > 0) k<<<(m + 63) / 64, 64>>>(m, r, c, a, b);
cudaMemcpy(y, b, n * 4, cudaMemcpyDeviceToHost); cudaFree(r); cudaFree(c); cudaFree(a); \
cudaFree(b); }}"""
CASES = {
    "as_long_as_walked": (SUMS, PORT.format("n * 4"), True),
    "one_less": (SUMS, PORT.format("n * 4 - 4"), False),
}


@pytest.fixture(scope="module")
def backend(tmp_path_factory):
    return EmulatedBackend(tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize(
    ("text", "within"), [(SUMS, {"row": "n"}), (LEVELS, {"src": "n", "adj": "n"}), (SCATTER, {})]
)
def test_what_bounds_indices(text, within, backend):
    program = Program("cpp", "f", text)
    signature = read_signature(program)
    compiled = backend.compile([CompileRequest(program, signature, Variant.RECORDED)])[0]
    assert (
        infer_roles(TrialSetting(backend, compiled, signature, no_geometry, 1 << 16, 0), "").within
        == within
    )


@pytest.mark.parametrize("name", CASES)
def test_verdict(name, judged):
    verdict = judged({name: CASES[name]})[name]
    assert verdict.equivalent is CASES[name][2], verdict.detail
