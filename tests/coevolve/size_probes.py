"""Ports whose error shows at certain sizes alone: past what a fixed grid or buffer covers, past the
limits of a launch, where a float runs out of digits, at bounds that are shifted or negative.

Each probe is a source and a port with one hole, `@`. One text in the hole makes the port right, the
other wrong.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Probe:
    """source: a function `f`. target: its port with a hole `@`. right, wrong: what fills the hole.
    dialects: of source and target.
    """

    source: str
    target: str
    right: str
    wrong: str
    dialects: tuple[str, str] = ("cpp", "cuda")


OPENMP = ("cpp", "openmp")
FORTRAN = ("fortran", "openmp-fortran")

SCALE = "void f(int n, const float *x, float *y) { for (int i = 0; i < n; i++) y[i] = 2 * x[i]; }"
SCALE_KERNEL = """__global__ void k(int n, const float *x, float *y) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = 2 * x[i];
}
"""
SCALE_HOST = """void f(int n, const float *x, float *y) {
  float *dx, *dy;
  cudaMalloc(&dx, n * sizeof(float)); cudaMalloc(&dy, n * sizeof(float));
  cudaMemcpy(dx, x, n * sizeof(float), cudaMemcpyHostToDevice);
  @
  cudaMemcpy(y, dy, n * sizeof(float), cudaMemcpyDeviceToHost);
  cudaFree(dx); cudaFree(dy);
}
"""
PLANE = """void f(int h, int w, const float *x, float *y) {
  for (int r = 0; r < h; r++)
    for (int c = 0; c < w; c++) y[r * w + c] = x[r * w + c] + r - c;
}
"""
PLANE_HOST = """__global__ void k(int h, int w, const float *x, float *y) {
  int r = blockIdx.y * blockDim.y + threadIdx.y, c = blockIdx.x * blockDim.x + threadIdx.x;
  if (r < h && c < w) y[r * w + c] = x[r * w + c] + r - c;
}
void f(int h, int w, const float *x, float *y) {
  float *dx, *dy; size_t bytes = (size_t)h * w * sizeof(float);
  cudaMalloc(&dx, bytes); cudaMalloc(&dy, bytes);
  cudaMemcpy(dx, x, bytes, cudaMemcpyHostToDevice);
  @
  cudaMemcpy(y, dy, bytes, cudaMemcpyDeviceToHost);
  cudaFree(dx); cudaFree(dy);
}
"""
SUM = """void f(int n, const int *x, long long *s) {
  long long t = 0;
  for (int i = 0; i < n; i++) t += x[i];
  s[0] = t;
}
"""
ROWS = """void f(int rows, int cols, const unsigned char *x, unsigned char *y) {
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < cols; c++) y[r * cols + c] = 255 - x[r * cols + c];
}
"""
ROWS_HOST = """__global__ void k(int rows, int cols, const unsigned char *x, unsigned char *y) {
  int r = @;
  int c = threadIdx.x;
  if (r < rows) for (; c < cols; c += blockDim.x) y[r * cols + c] = 255 - x[r * cols + c];
}
"""
BATCH = """void f(int b, int n, const signed char *x, signed char *y) {
  for (int k = 0; k < b; k++)
    for (int i = 0; i < n; i++) y[k * n + i] = x[k * n + i] > 0 ? x[k * n + i] : 0;
}
"""
BATCH_HOST = """__global__ void k(int b, int n, const signed char *x, signed char *y) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  for (int k = blockIdx.z; k < b; k += gridDim.z)
    if (i < n) y[k * n + i] = x[k * n + i] > 0 ? x[k * n + i] : 0;
}
void f(int b, int n, const signed char *x, signed char *y) {
  if (b < 1 || n < 1) return;
  signed char *dx, *dy; size_t bytes = (size_t)b * n;
  cudaMalloc(&dx, bytes); cudaMalloc(&dy, bytes);
  cudaMemcpy(dx, x, bytes, cudaMemcpyHostToDevice);
  k<<<dim3((n + 63) / 64, 1, @), 64>>>(b, n, dx, dy);
  cudaMemcpy(y, dy, bytes, cudaMemcpyDeviceToHost);
  cudaFree(dx); cudaFree(dy);
}
"""
BYTES = """void f(int n, const unsigned char *x, unsigned char *y) {
  for (int i = 0; i < n; i++) y[i] = x[i] ^ 85;
}
"""
SHIFTED = """void f(int lo, int hi, float h, float *y) {
  for (int i = lo; i < hi; i++) y[i - lo] = h * i;
}
"""
FORTRAN_SHIFTED = """subroutine f(lo, hi, a, b)
  integer, intent(in) :: lo, hi
  real, intent(in) :: a(lo:hi)
  real, intent(inout) :: b(lo:hi)
  integer :: i
  {directive}do i = {first}, hi
    b(i) = 2.0 * a(i) + i
  end do
end subroutine
"""
FORTRAN_STENCIL = """subroutine f(n, k, w, x, y)
  integer, intent(in) :: n, k
  real, intent(in) :: w(-k:k), x(n)
  real, intent(inout) :: y(n)
  integer :: i, j
  {directive}do i = 1, n
    do j = {first}, k
      if (i + j >= 1 .and. i + j <= n) y(i) = y(i) + w(j) * x(i + j)
    end do
  end do
end subroutine
"""
DIRECTIVE = "!$omp parallel do\n  "


def _fortran(text: str, right: str, wrong: str, private: str = "") -> Probe:
    """A source, and its OpenMP port whose loop begins at the hole."""
    directive = DIRECTIVE.replace("do\n", f"do{private}\n")
    source = text.format(directive="", first=right)
    return Probe(source, text.format(directive=directive, first="@"), right, wrong, FORTRAN)


SIZE_PROBES: dict[str, Probe] = {
    "grid of 256 blocks": Probe(
        SCALE,
        SCALE_KERNEL + SCALE_HOST,
        "k<<<(n + 255) / 256, 256>>>(n, dx, dy);",
        "k<<<256, 256>>>(n, dx, dy);",
    ),
    "grid named by constants": Probe(
        SCALE,
        "#define BLOCKS 128\nconst int THREADS = 512;\n" + SCALE_KERNEL + SCALE_HOST,
        "k<<<(n + THREADS - 1) / THREADS, THREADS>>>(n, dx, dy);",
        "k<<<BLOCKS, THREADS>>>(n, dx, dy);",
    ),
    "grid in a dim3": Probe(
        SCALE,
        SCALE_KERNEL + SCALE_HOST,
        "dim3 g((n + 127) / 128), b(128); k<<<g, b>>>(n, dx, dy);",
        "dim3 g(300), b(128); k<<<g, b>>>(n, dx, dy);",
    ),
    "capped grid": Probe(
        SCALE,
        SCALE_KERNEL + SCALE_HOST,
        "int g = (n + 63) / 64; k<<<g, 64>>>(n, dx, dy);",
        "int g = (n + 63) / 64; if (g > 512) g = 512; k<<<g, 64>>>(n, dx, dy);",
    ),
    "capped grid, min": Probe(
        SCALE,
        "#include <algorithm>\n" + SCALE_KERNEL + SCALE_HOST,
        "k<<<(n + 255) / 256, 256>>>(n, dx, dy);",
        "k<<<std::min((n + 255) / 256, 160), 256>>>(n, dx, dy);",
    ),
    "fixed plane": Probe(
        PLANE,
        PLANE_HOST,
        "k<<<dim3((w + 15) / 16, (h + 15) / 16), dim3(16, 16)>>>(h, w, dx, dy);",
        "k<<<dim3(80, 80), dim3(16, 16)>>>(h, w, dx, dy);",
    ),
    "fixed height": Probe(
        PLANE,
        PLANE_HOST,
        "k<<<dim3((w + 15) / 16, (h + 15) / 16), dim3(16, 16)>>>(h, w, dx, dy);",
        "k<<<dim3((w + 15) / 16, 100), dim3(16, 16)>>>(h, w, dx, dy);",
    ),
    "stride of another grid": Probe(
        SCALE,
        """__global__ void k(int n, const float *x, float *y) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  for (; i < n; i += @) y[i] = 2 * x[i];
}
"""
        + SCALE_HOST.replace("@", "k<<<128, 256>>>(n, dx, dy);"),
        "gridDim.x * blockDim.x",
        "65536",
    ),
    "partial sums of 256 blocks": Probe(
        SUM,
        """__global__ void k(int n, const int *x, long long *p) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) atomicAdd((unsigned long long *)&p[blockIdx.x], (unsigned long long)(long long)x[i]);
}
void f(int n, const int *x, long long *s) {
  int blocks = (n + 255) / 256; const int kept = @;
  int *dx; long long *dp, t = 0;
  cudaMalloc(&dx, n * sizeof(int)); cudaMalloc(&dp, blocks * sizeof(long long));
  cudaMemcpy(dx, x, n * sizeof(int), cudaMemcpyHostToDevice);
  cudaMemset(dp, 0, blocks * sizeof(long long));
  if (n > 0) k<<<blocks, 256>>>(n, dx, dp);
  for (int b = 0; b < kept; b++) {
    long long one; cudaMemcpy(&one, dp + b, sizeof(one), cudaMemcpyDeviceToHost); t += one;
  }
  s[0] = t;
  cudaFree(dx); cudaFree(dp);
}
""",
        "blocks",
        "blocks < 128 ? blocks : 128",
    ),
    "buffer of the port": Probe(
        "void f(int n, const float *x, float *y) {\n"
        "  for (int i = 0; i < n; i++) y[i] = x[n - 1 - i];\n}\n",
        """#include <cstdlib>
void f(int n, const float *x, float *y) {
  @
  #pragma omp parallel for
  for (int i = 0; i < n; i++) t[i] = x[n - 1 - i];
  #pragma omp parallel for
  for (int i = 0; i < n; i++) y[i] = t[i];
  free(t);
}
""",
        "float *t = (float *)malloc((n + 1) * sizeof(float));",
        "float *t = (float *)malloc(50000 * sizeof(float));",
        OPENMP,
    ),
    "array of the port": Probe(
        "void f(int n, const float *x, float *y) {\n"
        "  for (int i = 0; i < n; i++) y[i] = x[n - 1 - i];\n}\n",
        """#include <vector>
void f(int n, const float *x, float *y) {
  @
  #pragma omp parallel for
  for (int i = 0; i < n; i++) t[i] = x[n - 1 - i];
  #pragma omp parallel for
  for (int i = 0; i < n; i++) y[i] = t[i];
}
""",
        "std::vector<float> t(n + 1);",
        "float t[40000];",
        OPENMP,
    ),
    "fixed chunks": Probe(
        SCALE,
        """void f(int n, const float *x, float *y) {
  #pragma omp parallel for
  for (int b = 0; b < @; b++)
    for (int i = b * 512; i < (b + 1) * 512 && i < n; i++) y[i] = 2 * x[i];
}
""",
        "(n + 511) / 512",
        "100",
        OPENMP,
    ),
    "rows along y": Probe(
        ROWS,
        ROWS_HOST.replace("@", "blockIdx.x + blockIdx.y")
        + """void f(int rows, int cols, const unsigned char *x, unsigned char *y) {
  unsigned char *dx, *dy; size_t bytes = (size_t)rows * cols;
  cudaMalloc(&dx, bytes); cudaMalloc(&dy, bytes);
  cudaMemcpy(dx, x, bytes, cudaMemcpyHostToDevice);
  if (bytes > 0) k<<<@, 32>>>(rows, cols, dx, dy);
  cudaMemcpy(y, dy, bytes, cudaMemcpyDeviceToHost);
  cudaFree(dx); cudaFree(dy);
}
""",
        "dim3(rows, 1)",
        "dim3(1, rows)",
    ),
    "tiles along y": Probe(
        PLANE,
        PLANE_HOST.replace(
            "r = blockIdx.y * blockDim.y + threadIdx.y, c = blockIdx.x",
            "q = blockIdx.y * blockDim.y + threadIdx.y, r = q, c = blockIdx.x",
        ).replace(
            "if (r < h && c < w) y", "for (; r < h; r += gridDim.y * blockDim.y) if (c < w) y"
        ),
        "k<<<dim3((w + 63) / 64, min((h + 1) / 2, 65535)), dim3(64, 2)>>>(h, w, dx, dy);",
        "k<<<dim3((w + 63) / 64, (h + 1) / 2), dim3(64, 2)>>>(h, w, dx, dy);",
    ),
    "batch along z": Probe(BATCH, BATCH_HOST, "b < 65535 ? b : 65535", "b"),
    "float index": Probe(
        BYTES,
        """__global__ void f(int n, const unsigned char *x, unsigned char *y) {
  int t = blockIdx.x * blockDim.x + threadIdx.x;
  @ p = t;
  int i = (int)p;
  if (t < n) y[i] = x[i] ^ 85;
}
""",
        "double",
        "float",
    ),
    "float number of blocks": Probe(
        BYTES,
        """__global__ void k(int n, const unsigned char *x, unsigned char *y) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = x[i] ^ 85;
}
void f(int n, const unsigned char *x, unsigned char *y) {
  unsigned char *dx, *dy;
  cudaMalloc(&dx, n); cudaMalloc(&dy, n);
  cudaMemcpy(dx, x, n, cudaMemcpyHostToDevice);
  if (n > 0) k<<<(int)@, 256>>>(n, dx, dy);
  cudaMemcpy(y, dy, n, cudaMemcpyDeviceToHost);
  cudaFree(dx); cudaFree(dy);
}
""",
        "ceil(n / 256.0)",
        "ceilf(n / 256.0f)",
    ),
    "float parts": Probe(
        BYTES,
        """#include <omp.h>
void f(int n, const unsigned char *x, unsigned char *y) {
  #pragma omp parallel
  {
    int t = omp_get_thread_num(), p = omp_get_num_threads();
    int lo = (int)(n * (@)t / p), hi = (int)(n * (@)(t + 1) / p);
    for (int i = lo; i < hi; i++) y[i] = x[i] ^ 85;
  }
}
""",
        "double",
        "float",
        OPENMP,
    ),
    "float counter": Probe(
        """subroutine f(n, x, c)
  integer, intent(in) :: n
  integer(1), intent(in) :: x(n)
  integer, intent(out) :: c
  integer :: i
  c = 0
  do i = 1, n
    if (x(i) /= 0) c = c + 1
  end do
end subroutine
""",
        """subroutine f(n, x, c)
  integer, intent(in) :: n
  integer(1), intent(in) :: x(n)
  integer, intent(out) :: c
  integer :: i
  @ :: s
  s = 0
  !$omp parallel do reduction(+:s)
  do i = 1, n
    if (x(i) /= 0) s = s + 1
  end do
  c = int(s)
end subroutine
""",
        "real(8)",
        "real",
        FORTRAN,
    ),
    "float middle": Probe(
        """subroutine f(n, x)
  integer, intent(in) :: n
  integer(1), intent(inout) :: x(n)
  integer :: i
  do i = 1, n / 2
    x(i) = -x(i)
  end do
end subroutine
""",
        """subroutine f(n, x)
  integer, intent(in) :: n
  integer(1), intent(inout) :: x(n)
  integer :: i
  !$omp parallel do
  do i = 1, int(@ * 0.5)
    x(i) = -x(i)
  end do
end subroutine
""",
        "dble(n)",
        "real(n)",
        FORTRAN,
    ),
    "second level of one block": Probe(
        SUM,
        """__global__ void part(int n, const int *x, long long *p) {
  __shared__ long long s[256];
  int t = threadIdx.x, i = blockIdx.x * 256 + t;
  s[t] = i < n ? x[i] : 0;
  __syncthreads();
  for (int k = 128; k > 0; k /= 2) { if (t < k) s[t] += s[t + k]; __syncthreads(); }
  if (t == 0) p[blockIdx.x] = s[0];
}
__global__ void last(int blocks, long long *p) {
  __shared__ long long s[256];
  int t = threadIdx.x;
  s[t] = 0;
  @
  __syncthreads();
  for (int k = 128; k > 0; k /= 2) { if (t < k) s[t] += s[t + k]; __syncthreads(); }
  if (t == 0) p[0] = s[0];
}
void f(int n, const int *x, long long *s) {
  int blocks = n > 0 ? (n + 255) / 256 : 1;
  int *dx; long long *dp;
  cudaMalloc(&dx, n * sizeof(int)); cudaMalloc(&dp, blocks * sizeof(long long));
  cudaMemcpy(dx, x, n * sizeof(int), cudaMemcpyHostToDevice);
  part<<<blocks, 256>>>(n, dx, dp);
  last<<<1, 256>>>(blocks, dp);
  cudaMemcpy(s, dp, sizeof(*s), cudaMemcpyDeviceToHost);
  cudaFree(dx); cudaFree(dp);
}
""",
        "for (int b = t; b < blocks; b += 256) s[t] += p[b];",
        "if (t < blocks) s[t] = p[t];",
    ),
    "bins of a shared histogram": Probe(
        """void f(int n, int bins, const int *v, int *h) {
  for (int i = 0; i < n; i++) h[v[i] % bins]++;
}
""",
        """__global__ void f(int n, int bins, const int *v, int *h) {
  __shared__ int s[256];
  for (int b = threadIdx.x; b < 256; b += blockDim.x) s[b] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    atomicAdd(@, 1);
  __syncthreads();
  for (int b = threadIdx.x; b < bins && b < 256; b += blockDim.x) atomicAdd(&h[b], s[b]);
}
""",
        "v[i] % bins < 256 ? &s[v[i] % bins] : &h[v[i] % bins]",
        "&s[v[i] % bins]",
    ),
    "square of an index": Probe(
        """subroutine f(n, y)
  integer, intent(in) :: n
  real(8), intent(out) :: y(n)
  integer :: i
  do i = 1, n
    y(i) = dble(i) * dble(i)
  end do
end subroutine
""",
        """__global__ void f(int n, double *y) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = @(i + 1) * (i + 1);
}
""",
        "(double)",
        "",
        ("fortran", "cuda"),
    ),
    "sum of indices": Probe(
        "long long f(int n) { long long s = 0; for (int i = 0; i < n; i++) s += i; return s; }",
        """long long f(int n) {
  @ s = 0;
  #pragma omp parallel for reduction(+ : s)
  for (int i = 0; i < n; i++) s += i;
  return s;
}
""",
        "long long",
        "unsigned",
        OPENMP,
    ),
    "scalar that is widened": Probe(
        """void f(int n, int step, long long *y) {
  for (int i = 0; i < n; i++) y[i] = (long long)i * step;
}
""",
        """__global__ void f(int n, int step, long long *y) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = @i * step;
}
""",
        "(long long)",
        "",
    ),
    "16-bit counter": Probe(
        SCALE,
        """void f(int n, const float *x, float *y) {
  #pragma omp parallel
  {
    #pragma omp for
    for (int b = 0; b < (n + 99999) / 100000; b++)
      for (@ k = 0; k < 100000 && b * 100000 + k < n; k++)
        y[b * 100000 + k] = 2 * x[b * 100000 + k];
  }
}
""",
        "int",
        "unsigned short",
        OPENMP,
    ),
    "range beyond zero": Probe(
        SHIFTED,
        """__global__ void f(int lo, int hi, float h, float *y) {
  int t = blockIdx.x * blockDim.x + threadIdx.x;
  if (t < @) y[t] = h * (lo + t);
}
""",
        "hi - lo",
        "min(hi, hi - lo)",
    ),
    "range below zero": Probe(
        SHIFTED,
        """void f(int lo, int hi, float h, float *y) {
  #pragma omp parallel for
  for (int i = lo; i < hi; i++) y[i - lo] = h * @;
}
""",
        "i",
        "(float)(unsigned short)i",
        OPENMP,
    ),
    "range below zero, unsigned": Probe(
        SHIFTED,
        """void f(int lo, int hi, float h, float *y) {
  #pragma omp parallel for
  for (int i = @; i < hi; i++) y[i - lo] = h * i;
}
""",
        "lo",
        "(lo < 0 ? 0 : lo)",
        OPENMP,
    ),
    "range of even numbers": Probe(
        "void f(int lo, int hi, int *y) {\n"
        "  for (int i = lo; i < hi; i++) y[i - lo] = (i & 1) == 0;\n}\n",
        """void f(int lo, int hi, int *y) {
  #pragma omp parallel for
  for (int i = lo; i < hi; i++) y[i - lo] = @;
}
""",
        "i % 2 == 0",
        "i % 2 != 1",
        OPENMP,
    ),
    "part of an array": Probe(
        "void f(int first, int last, const float *x, float *y) {\n"
        "  for (int i = first; i < last; i++) y[i] += x[i];\n}\n",
        """__global__ void f(int first, int last, const float *x, float *y) {
  int i = blockIdx.x * blockDim.x + threadIdx.x@;
  if (i < last) y[i] += x[i];
}
""",
        " + first",
        "",
    ),
    "bounds lo:hi": _fortran(FORTRAN_SHIFTED, "lo", "max(lo, 0)"),
    "bounds lo:hi from one": _fortran(FORTRAN_SHIFTED, "lo", "max(lo, 1)"),
    "bounds lo:hi above one": _fortran(FORTRAN_SHIFTED, "lo", "min(lo, 1)"),
    "weights -k:k": _fortran(FORTRAN_STENCIL, "-k", "0", " private(j)"),
    "weights -k:k, few": _fortran(FORTRAN_STENCIL, "-k", "max(-k, -4)", " private(j)"),
    "lower bound by lbound": Probe(
        """subroutine f(a, first)
  integer, intent(in) :: first
  integer, intent(inout) :: a(first:)
  integer :: i
  do i = lbound(a, 1), ubound(a, 1)
    a(i) = a(i) + i
  end do
end subroutine
""",
        """subroutine f(a, first)
  integer, intent(in) :: first
  integer, intent(inout) :: a(first:)
  integer :: i
  !$omp parallel do
  do i = lbound(a, 1), ubound(a, 1)
    a(i) = a(i) + @
  end do
end subroutine
""",
        "i",
        "abs(i)",
        FORTRAN,
    ),
    "grid capped by a helper": Probe(
        SCALE,
        "int blocks_for(int n) { int b = (n + 255) / 256; return b > @ ? @ : b; }\n"
        + SCALE_KERNEL
        + SCALE_HOST.replace("@", "k<<<blocks_for(n), 256>>>(n, dx, dy);"),
        "2147483647",
        "200",
    ),
    "plane of blocks for a line": Probe(
        SCALE,
        """__global__ void k(int n, const float *x, float *y) {
  int i = (blockIdx.y * gridDim.x + blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < n) y[i] = 2 * x[i];
}
"""
        + SCALE_HOST,
        "k<<<dim3(64, (n + 64 * 128 - 1) / (64 * 128)), 128>>>(n, dx, dy);",
        "k<<<dim3(64, 8), 128>>>(n, dx, dy);",
    ),
    "array of the port in Fortran": Probe(
        """subroutine f(n, x)
  integer, intent(in) :: n
  real, intent(inout) :: x(n)
  real :: t(n)
  integer :: i
  do i = 1, n
    t(i) = x(n - i + 1)
  end do
  x = t
end subroutine
""",
        """subroutine f(n, x)
  integer, intent(in) :: n
  real, intent(inout) :: x(n)
  real :: t(@)
  integer :: i
  !$omp parallel do
  do i = 1, n
    t(i) = x(n - i + 1)
  end do
  x = t(1:n)
end subroutine
""",
        "n",
        "20000",
        FORTRAN,
    ),
}
