"""Programs that leave a loop at what they find: a port that looks at a part is told from one that
looks at all of it, in whatever order. And sizes at which other ports go wrong: below zero, more
than a block, as many rows as columns.
"""

from __future__ import annotations

import pytest

from corpora.records import Outcome, Program
from corpora.signatures.signature import read_signature
from gpu_runtime.emulation.backend import EmulatedBackend
from tester.generate.rules import generate_suite

ANY = (
    "int f(const float *x, float t, int n) {{ for (int i = 0; i < n; i++) if (x[i] {0} t) "
    "return 1; return 0; }}"
)
FLAG = """int f(const float *x, float t, int n) {{ int any = 0;
#pragma omp parallel for reduction(||:any)
for (int i = 0; i < {1}; i++) any = any || (x[i] {0} t);
return any; }}"""
DIFFERENT = (
    "int f(const double *a, const double *b, int n, double tol) { for (int i = 0; i < "
    "n; i++) if (fabs(a[i] - b[i]) > tol) return i; return n; }"
)
FIRST = """int f(const double *a, const double *b, int n, double tol) {{ int k = n;
#pragma omp parallel for reduction(min:k)
for (int i = 0; i < {0}; i++) if (fabs(a[i] - b[i]) > tol && i < k) k = i;
return k; }}"""
SORTED = (
    "int f(const int *x, int n) { for (int i = 1; i < n; i++) if (x[i] < x[i - 1]) return "
    "0; return 1; }"
)
FALLS = """int f(const int *x, int n) {{ int falls = 0;
#pragma omp parallel for reduction(+:falls)
for (int i = 1; i < {0}; i++) falls += x[i] < x[i - 1];
return falls == 0; }}"""
STRIDED = """void f(int n, double a, const double *x, int incx, double *y) {
int ix = incx < 0 ? (1 - n) * incx : 0; for (int i = 0; i < n; i++) { y[i] += a * x[ix]; \
ix += incx; } }"""
ADVANCED = """void f(int n, double a, const double *x, int incx, double *y) {{
#pragma omp parallel for
for (int i = 0; i < n; i++) y[i] += a * x[{0}]; }}"""
ROWS = (
    "void f(const float *a, float *y, int m, int n) { for (int i = 0; i < m; i++) { float "
    "s = 0; for (int j = 0; j < n; j++) s += a[i * n + j]; y[i] = s; } }"
)
BLOCKS = """__global__ void rows(const float *a, float *y, int n) {{
__shared__ float s[128]; int t = threadIdx.x; float sum = 0;
for (int j = t; j < n; {0}) sum += a[blockIdx.x * n + j];
s[t] = sum; __syncthreads();
for (int k = 64; k > 0; k >>= 1) {{ if (t < k) s[t] += s[t + k]; __syncthreads(); }}
if (t == 0) y[blockIdx.x] = s[0]; }}
void f(const float *a, float *y, int m, int n) {{
float *da, *dy; cudaMalloc(&da, m * n * 4); cudaMalloc(&dy, m * 4); cudaMemcpy(da, a, m * n * 4, \
cudaMemcpyHostToDevice);
rows<<<m, 128>>>(da, dy, n);
cudaMemcpy(y, dy, m * 4, cudaMemcpyDeviceToHost); cudaFree(da); cudaFree(dy); }}"""
SCALED = """subroutine f(a, s)
  real(8), intent(inout) :: a(:,:)
  real(8), intent(in) :: s(:)
  integer :: i, j
{0}  do j = 1, {1}
    do i = 1, size(a, 1)
      a(i,j) = a(i,j) * s(j)
    end do
  end do
end subroutine
"""
BORDERED = (
    "int f(int n, int m, const double *a) { for (int j = 1; j <= m; j++) for (int i = 0; "
    "i < n; i++) if (a[j * n + i] < 0) return 1; return 0; }"
)
COLUMNS = """int f(int n, int m, const double *a) {{ int any = 0;
#pragma omp parallel for reduction(||:any)
for (int j = {0}; j <= m; j++) for (int i = 0; i < n; i++) any = any || a[j * n + i] < 0;
return any; }}"""
PART = "(n < 12 ? n : 12)"
CASES = {
    "greater": (ANY.format(">"), FLAG.format(">", "n"), True),
    "greater_in_part": (ANY.format(">"), FLAG.format(">", PART), False),
    "greater_in_a_half": (ANY.format(">"), FLAG.format(">", "(n + 1) / 2"), False),
    "less": (ANY.format("<"), FLAG.format("<", "n"), True),
    "less_but_the_last": (ANY.format("<"), FLAG.format("<", "n - 1"), False),
    "different": (DIFFERENT, FIRST.format("n"), True),
    "different_in_part": (DIFFERENT, FIRST.format(PART), False),
    "sorted": (SORTED, FALLS.format("n"), True),
    "sorted_in_part": (SORTED, FALLS.format(PART), False),
    "beside_a_border": (BORDERED, COLUMNS.format(1), True),
    "in_a_border_too": (BORDERED, COLUMNS.format(0), False),
    "strided": (STRIDED, ADVANCED.format("incx < 0 ? (i + 1 - n) * incx : i * incx"), True),
    "strided_forwards": (STRIDED, ADVANCED.format("i * abs(incx)"), False),
    "blocks": (ROWS, BLOCKS.format("j += 128"), True),
    "blocks_of_one_pass": (ROWS, BLOCKS.format("j += n"), False),
    "columns": (
        SCALED.format("", "size(a, 2)"),
        SCALED.format("  !$omp parallel do\n", "size(a, 2)"),
        True,
    ),
    "columns_as_many_as_rows": (
        SCALED.format("", "size(a, 2)"),
        SCALED.format("  !$omp parallel do\n", "size(s)"),
        False,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_verdict(name, verdicts):
    verdict = verdicts[name]
    assert verdict.equivalent is CASES[name][2], f"{verdict.outcome}: {verdict.detail}"
    assert verdict.outcome in (Outcome.EQUIVALENT, Outcome.MISMATCH, Outcome.MEMORY_ERROR)


def test_arrays_are_as_long_as_a_search_may_go():
    program = Program("cpp", "f", DIFFERENT)
    signature = read_signature(program)
    suite = generate_suite(program, signature, EmulatedBackend())
    found = [{a.name: a for a in test.assignments} for test in suite.tests]
    assert [t["a"].extents for t in found if t["n"].value > 0] == [
        (t["n"].value,) for t in found if t["n"].value > 0
    ]
    assert any(t["a"].values for t in found), "none that finds something late"
