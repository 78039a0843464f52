"""Pairs that writers who had not seen the engine got past it, or that it refused although they are
right, each beside what shows that the rule behind it does not refuse or accept too much.
"""

import pytest

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.records import Program

SUM = """long long f(const T *a, long n) {
  long long s = 0;
  for (long i = 0; i < n; i++) s += a[i];
  return s;
}"""
SUM_PORT = (
    "long long f(const T *a, long n) { @ s = 0;\n#pragma omp parallel for reduction(+ : s)\n"
    "for (long i = 0; i < n; i++) s += a[i];\nreturn s; }"
)
KAHAN = """double f(const double *x, int n) {
  double s = 0.0, c = 0.0;
  for (int i = 0; i < n; i++) { double y = x[i] - c; double t = s + y; c = (t - s) - y; s = t; }
  return s;
}"""
KAHAN_PORT = """double f(const double *x, int n) {
  double total = 0.0, lost = 0.0;
#pragma omp parallel
  {
    double s = 0.0, c = 0.0;
#pragma omp for nowait
    for (int i = 0; i < n; i++) { double y = x[i] - c; double t = s + y; c = (t - s) - y; s = t; }
#pragma omp critical
    { double y = s - lost - c; double t = total + y; lost = (t - total) - y; total = t; }
  }
  return total;
}"""
PLAIN_PORT = """double f(const double *x, int n) {
  double s = 0.0;
#pragma omp parallel for reduction(+ : s)
  for (int i = 0; i < n; i++) s += x[i];
  return s;
}"""
HISTOGRAM = """void f(const int *x, int n, int *h, int bins) {
  for (int b = 0; b < bins; b++) h[b] = 0;
  for (int i = 0; i < n; i++) if (x[i] >= 0 && x[i] < bins) h[x[i]]++;
}"""
HISTOGRAM_PORT = """#include <cuda_runtime.h>
__global__ void count(const int *x, int n, int *h, int bins) {
  extern __shared__ int own[];
  @ own[b] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    if (x[i] >= 0 && x[i] < bins) atomicAdd(&own[x[i]], 1);
  __syncthreads();
  @ atomicAdd(&h[b], own[b]);
}
void f(const int *x, int n, int *h, int bins) {
  int *dx, *dh;
  cudaMalloc(&dx, n * sizeof(int));
  cudaMalloc(&dh, bins * sizeof(int));
  cudaMemcpy(dx, x, n * sizeof(int), cudaMemcpyHostToDevice);
  cudaMemset(dh, 0, bins * sizeof(int));
  if (n > 0) count<<<(n + 255) / 256, 256, bins * sizeof(int)>>>(dx, n, dh, bins);
  cudaMemcpy(h, dh, bins * sizeof(int), cudaMemcpyDeviceToHost);
  cudaFree(dx);
  cudaFree(dh);
}"""
POWERS = """#include <cstdint>
void f(const uint32_t *base, uint32_t e, uint32_t mod, uint32_t *out, int n) {
  for (int i = 0; i < n; ++i) {
    uint64_t b = base[i] % mod, r = 1 % mod;
    for (uint32_t k = e; k; k >>= 1) { if (k & 1) r = r * b % mod; b = b * b % mod; }
    out[i] = (uint32_t)r;
  }
}"""
POWERS_PORT = """#include <cstdint>
__global__ void f(const uint32_t *base, uint32_t e, uint32_t mod, uint32_t *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  @ b = base[i] % mod, r = 1 % mod;
  for (uint32_t k = e; k; k >>= 1) { if (k & 1) r = r * b % mod; b = b * b % mod; }
  out[i] = (uint32_t)r;
}"""
PRODUCTS = """#include <cstdint>
void f(const uint32_t *a, uint32_t *p, int n, uint32_t m) {
  uint64_t r = 1 % m;
  for (int i = 0; i < n; ++i) { r = r * (a[i] % m) % m; p[i] = (uint32_t)r; }
}"""
PRODUCTS_PORT = """#include <cstdint>
__global__ void f(const uint32_t *a, uint32_t *p, int n, uint32_t m) {
  __shared__ uint64_t s[1024];
  uint64_t carry = 1 % m;
  if (blockIdx.x != 0) return;
  for (int base = 0; base < n; base += blockDim.x) {
    int i = base + threadIdx.x;
    s[threadIdx.x] = i < n ? a[i] % m : 1 % m;
    __syncthreads();
    for (int d = 1; d < blockDim.x; d <<= 1) {
      uint64_t v = threadIdx.x >= d ? s[threadIdx.x - d] : 1;
      __syncthreads();
      s[threadIdx.x] = s[threadIdx.x] * v % m;
      __syncthreads();
    }
    if (i < n) p[i] = (uint32_t)(carry * s[threadIdx.x] % m);
    carry = @;
    __syncthreads();
  }
}"""
TOTALS = """subroutine f(a, b, n, m)
  integer, intent(in) :: n, m
  integer, intent(in) :: a(n, m)
  integer, intent(out) :: b(n, m)
  integer :: i, j, t
  t = 0
  @
  do i = 1, n
     do j = 1, m
        t = t + a(i, j)
        b(i, j) = t
     end do
     t = 0
  end do
end subroutine
"""
LANES = """subroutine f(n, m, a, b)
  integer, intent(in) :: n, m
  real(8), intent(in) :: a(n, m)
  real(8), intent(out) :: b(n, m)
  integer :: i, j
  real(8) :: t
  !$omp parallel do private(t)
  do j = 1, m
     !$omp simd@
     do i = 1, n
        t = a(i, j) * 2
        b(i, j) = t + j
     end do
  end do
end subroutine
"""
MEDIANS = """#include <algorithm>
#include <vector>
void f(const double *a, double *med, int rows, int cols) {
  @
  for (int r = 0; r < rows; r++) {
    std::vector<double> v(a + (long)r * cols, a + (long)(r + 1) * cols);
    std::nth_element(v.begin(), v.begin() + cols / 2, v.end());
    med[r] = cols > 0 ? v[cols / 2] : 0.0;
  }
}"""
DENSE = """void f(int nr, int nc, const int *ptr, const int *idx, const float *v, float *d) {
  for (long i = 0; i < (long)nr * nc; ++i) d[i] = 0.0f;
  for (int r = 0; r < nr; ++r)
    for (int p = ptr[r]; p < ptr[r + 1]; ++p) d[(long)r * nc + idx[p]] += v[p];
}"""
DENSE_PORT = """__global__ void f(
    int nr, int nc, const int *ptr, const int *idx, const float *v, float *d) {
  int r = blockIdx.x * blockDim.x + threadIdx.x;
  if (r >= nr) return;
  float *row = d + (long)r * nc;
  for (int c = 0; c < nc; ++c) row[c] = 0.0f;
  for (int p = ptr[r]; p < ptr[r + 1]; ++p) row[idx[p]] @ v[p];
}"""
SWEEP = """#define A(i, j) a[(i) * ld + (j)]
void f(double *a, const double *b, int n, int ld, double w) {
  for (int c = 0; c < 2; ++c)
    @
    for (int i = 1; i < n - 1; ++i)
      for (int j = 1 + ((i + c) & 1); j < n - 1; j += 2)
        A(i, j) += w * (A(i - 1, j) + A(i + 1, j) + A(i, j - 1) + A(i, j + 1) - b[i * ld + j]);
}"""
BATCH = """void f(int batch, int m, const float *x, float *y, long stride, float b) {
  @
  for (int k = 0; k < batch; ++k)
    for (int i = 0; i < m; ++i) {
      float *p = y + k * stride + i;
      *p = b == 0.f ? x[i] : x[i] + b * *p;
    }
}"""
PAIRS_OF = """#include <cmath>
void f(const float *x, float *d, int n) {
  long k = 0;
  for (int i = 0; i < n; i++) for (int j = i + 1; j < n; j++) d[k++] = fabsf(x[i] - x[j]);
}"""
PAIRS_PORT = """__global__ void f(const float *x, float *d, int n) {
  long k = (long)blockIdx.x * blockDim.x + threadIdx.x;
  if (k >= (long)n * (n - 1) / 2) return;
  float b = 2.0f * n - 1.0f;
  int i = (int)((b - sqrtf(b * b - 8.0f * k)) / 2.0f);
  int j = (int)(k - (long)i * (2 * n - i - 1) / 2) + i + 1;
  d[k] = fabsf(x[i] - x[j]);
}"""
APART = """void f(int n, float *x, int inc, float low) {
  for (int i = 0; i < n; ++i) if (x[i * inc] < low) x[i * inc] = low;
}"""
APART_PORT = """__global__ void f(int n, float *x, int inc, float low) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n && x[@] < low) x[@] = low;
}"""
FOR = "#pragma omp parallel for"
DO = "!$omp parallel do "

# name: dialects, source, target with @, what makes it right, what makes it wrong ('' for none)
CASES = {
    "total of bytes": ("openmp", SUM, SUM_PORT, "long long", "int", "unsigned char"),
    "total of short numbers": ("openmp", SUM, SUM_PORT, "long long", "int", "short"),
    "compensated sum": ("openmp", KAHAN, "@", KAHAN_PORT, PLAIN_PORT),
    "bins beyond a block": (
        "cuda",
        HISTOGRAM,
        HISTOGRAM_PORT,
        "for (int b = threadIdx.x; b < bins; b += blockDim.x)",
        "for (int b = threadIdx.x, k = 0; k < 1; k++) if (b < bins)",
    ),
    "product in 32 bits": ("cuda", POWERS, POWERS_PORT, "uint64_t", "uint32_t"),
    "third part of a block": (
        "cuda",
        PRODUCTS,
        PRODUCTS_PORT,
        "carry * s[blockDim.x - 1] % m",
        "s[blockDim.x - 1]",
    ),
    "private without a value": (
        "openmp-fortran",
        TOTALS.replace("@", ""),
        TOTALS,
        DO + "private(j) firstprivate(t)",
        DO + "private(j, t)",
    ),
    "lanes inside threads": (
        "openmp-fortran",
        LANES.replace("@", "").replace("!$omp", "!"),
        LANES,
        " private(t)",
        "",
    ),
    "word of a schedule": ("openmp", MEDIANS, MEDIANS, FOR + " schedule(dynamic)", None),
    "column below the row's length": ("cuda", DENSE, DENSE_PORT, "+=", "="),
    "rows apart that are updated": ("openmp", SWEEP, SWEEP, FOR, None),
    "elements apart": ("cuda", APART, APART_PORT, "i * inc", "i"),
    "batches apart behind a pointer": ("openmp", BATCH, BATCH, FOR, None),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory):
    made = Engine("emulated", VerifyConfig(), tmp_path_factory.mktemp("cache"))
    yield made
    made.close()


@pytest.mark.parametrize("name", CASES)
def test_right_is_accepted_and_wrong_is_not(name: str, engine: Engine) -> None:
    target, source, port, right, wrong, *kind = CASES[name]
    source, port = (t.replace("T *", f"{kind[0]} *") if kind else t for t in (source, port))
    of = "fortran" if target.endswith("fortran") else "cpp"
    given = Program(of, "f", source.replace("@", ""))
    good = engine.verify(Pair(given, Program(target, "f", port.replace("@", right))))
    assert good.equivalent, good.detail
    if wrong is not None:
        bad = engine.verify(Pair(given, Program(target, "f", port.replace("@", wrong))))
        assert not bad.equivalent and bad.blame == "target", bad.detail


@pytest.mark.slow
def test_a_root_of_pairs_is_taken_in_enough_digits(engine: Engine) -> None:
    given = Program("cpp", "f", PAIRS_OF)
    verdict = engine.verify(Pair(given, Program("cuda", "f", PAIRS_PORT)))
    assert not verdict.equivalent and verdict.blame == "target", verdict.detail
