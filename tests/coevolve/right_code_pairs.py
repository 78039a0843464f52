"""Pairs of sources with right and wrong ports, by what the ports are written with.

`PAIRS` holds a row a pair: class, name, dialect and text of the source, dialect and text of the
target, and whether the target is right.

    python -m pytest tests/coevolve/test_right_code.py
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RightCodePair:
    """One port. construct: what it is written with. function: the name of both functions."""

    construct: str
    function: str
    source: tuple[str, str]
    target: tuple[str, str]
    right: bool


PAIRS: list[RightCodePair] = []


def _add(
    construct: str,
    function: str,
    source: tuple[str, str],
    dialect: str,
    right: str,
    *wrong: tuple[str, str],
) -> None:
    """Add a right port, and the ports that one edit (old, new) makes wrong."""
    PAIRS.append(RightCodePair(construct, function, source, (dialect, right), True))
    for old, new in wrong:
        assert right.count(old), (construct, function, old)
        text = right.replace(old, new)
        PAIRS.append(RightCodePair(construct, function, source, (dialect, text), False))


# ---- two-dimensional maxloc and minloc

_LARGEST = """
void largest(const int *a, int n, int m, int *row, int *column) {
    int r = 0, c = 0;
    for (int j = 0; j < m; j++)
        for (int i = 0; i < n; i++)
            if (a[j * n + i] > a[c * n + r]) { r = i; c = j; }
    *row = r + 1;
    *column = c + 1;
}
"""
_add(
    "maxloc",
    "largest",
    ("cpp", _LARGEST),
    "fortran",
    """
subroutine largest(a, n, m, row, column)
  integer, intent(in) :: n, m
  integer, intent(in) :: a(n, m)
  integer, intent(out) :: row, column
  integer :: place(2)
  place = 1
  if (n > 0 .and. m > 0) place = maxloc(a)
  row = place(1)
  column = place(2)
end subroutine
""",
    ("maxloc(a)", "minloc(a)"),
    ("row = place(1)", "row = place(2)"),
)
_add(
    "maxloc",
    "closest",
    (
        "fortran",
        """
subroutine closest(a, n, m, x, place)
  integer, intent(in) :: n, m
  real(8), intent(in) :: a(n, m), x
  integer, intent(out) :: place(2)
  place = minloc(abs(a - x))
end subroutine
""",
    ),
    "openmp-fortran",
    """
subroutine closest(a, n, m, x, place)
  integer, intent(in) :: n, m
  real(8), intent(in) :: a(n, m), x
  integer, intent(out) :: place(2)
  real(8) :: best, mine
  integer :: i, j, p(2)
  place = 0
  if (n < 1 .or. m < 1) return
  place = 1
  best = abs(a(1, 1) - x)
  !$omp parallel private(i, j, p, mine)
  p = 1
  mine = abs(a(1, 1) - x)
  !$omp do
  do j = 1, m
    do i = 1, n
      if (abs(a(i, j) - x) < mine) then
        mine = abs(a(i, j) - x)
        p(1) = i
        p(2) = j
      end if
    end do
  end do
  !$omp end do
  !$omp critical
  if (mine < best .or. (mine == best .and. (p(2) < place(2) .or. &
      (p(2) == place(2) .and. p(1) < place(1))))) then
    best = mine
    place = p
  end if
  !$omp end critical
  !$omp end parallel
end subroutine
""",
    ("(p(2) < place(2)", "(p(2) > place(2)"),
    ("abs(a(i, j) - x) < mine", "a(i, j) - x < mine"),
)
_add(
    "maxloc",
    "by_column",
    (
        "fortran",
        """
subroutine by_column(a, n, m, first, mask, last)
  integer, intent(in) :: n, m
  real(8), intent(in) :: a(n, m)
  logical, intent(in) :: mask(n, m)
  integer, intent(out) :: first(m), last(2)
  first = maxloc(a, dim=1)
  last = minloc(a, mask=mask)
end subroutine
""",
    ),
    "fortran",
    """
subroutine by_column(a, n, m, first, mask, last)
  integer, intent(in) :: n, m
  real(8), intent(in) :: a(n, m)
  logical, intent(in) :: mask(n, m)
  integer, intent(out) :: first(m), last(2)
  integer :: i, j
  last = 0
  do j = 1, m
    first(j) = max(0, min(n, 1))
    do i = 1, n
      if (a(i, j) > a(first(j), j)) first(j) = i
      if (mask(i, j)) then
        if (last(1) == 0) then
          last = (/ i, j /)
        else if (a(i, j) < a(last(1), last(2))) then
          last = (/ i, j /)
        end if
      end if
    end do
  end do
end subroutine
""",
    ("a(i, j) > a(first(j), j)", "a(i, j) < a(first(j), j)"),
    ("if (mask(i, j)) then", "if (.true.) then"),
)

_add(
    "maxloc",
    "peak",
    (
        "fortran",
        """
subroutine peak(a, place, height)
  implicit none
  real(4), intent(in) :: a(:, :)
  integer, intent(out) :: place(2)
  real(4), intent(out) :: height
  place = maxloc(a)
  height = maxval(a)
end subroutine
""",
    ),
    "fortran",
    """
subroutine peak(a, place, height)
  implicit none
  real(4), intent(in) :: a(:, :)
  integer, intent(out) :: place(2)
  real(4), intent(out) :: height
  integer :: i, j
  place = 0
  height = -huge(height)
  do j = 1, size(a, 2)
    do i = 1, size(a, 1)
      if (all(place == 0) .or. a(i, j) > height) then
        place = (/ i, j /)
        height = a(i, j)
      end if
    end do
  end do
end subroutine
""",
    ("a(i, j) > height", "a(i, j) >= height"),
    ("place = (/ i, j /)", "place = (/ j, i /)"),
)
_add(
    "maxloc",
    "peak",
    (
        "cpp",
        """
void peak(const int a[8][8], int place[2]) {
    int best = a[0][0];
    place[0] = place[1] = 0;
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++)
            if (a[i][j] < best) { best = a[i][j]; place[0] = i; place[1] = j; }
}
""",
    ),
    "fortran",
    """
subroutine peak(a, place)
  integer, intent(in) :: a(8, 8)
  integer, intent(out) :: place(2)
  integer :: p(2)
  p = minloc(a)
  place(1) = p(2) - 1
  place(2) = p(1) - 1
end subroutine
""",
    ("place(1) = p(2)", "place(1) = p(1)"),
    ("minloc(a)", "minloc(a, back=.true.)"),
)

# ---- NaN where the language leaves the result open

_add(
    "nint",
    "quantise",
    (
        "fortran",
        """
subroutine quantise(x, n, step, q)
  integer, intent(in) :: n
  real(8), intent(in) :: x(n), step
  integer, intent(out) :: q(n)
  integer :: i
  do i = 1, n
    q(i) = nint(x(i) / step)
  end do
end subroutine
""",
    ),
    "cpp",
    """
#include <cmath>
void quantise(const double *x, int n, double step, int *q) {
    for (int i = 0; i < n; i++) q[i] = (int)std::round(x[i] / step);
}
""",
    ("std::round", "std::floor"),
    ("std::round", "std::rint"),
)
_add(
    "nint",
    "quantise",
    (
        "fortran",
        """
subroutine quantise(x, n, q)
  integer, intent(in) :: n
  real(4), intent(in) :: x(n)
  integer, intent(out) :: q(n)
  q = nint(sqrt(x))
end subroutine
""",
    ),
    "openmp",
    """
#include <cmath>
void quantise(const float *x, int n, int *q) {
    #pragma omp parallel for
    for (int i = 0; i < n; i++) {
        float r = sqrtf(x[i]);
        q[i] = std::isnan(r) ? -7 : (int)lroundf(r);
    }
}
""",
    ("lroundf(r)", "r"),
    ("sqrtf(x[i])", "sqrtf(x[i]) + 0.25f"),
)

# ---- a transform that uses symmetry

_DFT = """
#include <cmath>
void dft(const double *x, double *re, double *im, int n) {
    for (int k = 0; k < n; k++) {
        double a = 0, b = 0;
        for (int t = 0; t < n; t++) {
            double w = 2.0 * M_PI * k * t / n;
            a += x[t] * cos(w);
            b -= x[t] * sin(w);
        }
        re[k] = a;
        im[k] = b;
    }
}
"""
_add(
    "symmetry",
    "dft",
    ("cpp", _DFT),
    "openmp",
    """
#include <cmath>
void dft(const double *x, double *re, double *im, int n) {
    if (n < 1) return;
    #pragma omp parallel for
    for (int k = 0; k <= n / 2; k++) {
        double a = 0, b = 0;
        for (int t = 0; t < n; t++) {
            double w = 2.0 * M_PI * k * t / n;
            a += x[t] * cos(w);
            b -= x[t] * sin(w);
        }
        re[k] = a;
        im[k] = b;
        if (k > 0 && k < n - k) {
            re[n - k] = a;
            im[n - k] = -b;
        }
    }
}
""",
    ("im[n - k] = -b", "im[n - k] = b"),
    ("k < n - k", "k < n - k - 1"),
)
_add(
    "symmetry",
    "dft",
    ("cpp", _DFT),
    "cpp",
    """
#include <cmath>
void dft(const double *x, double *re, double *im, int n) {
    if (n < 1) return;
    for (int k = 0; k <= n / 2; k++) {
        double a = 0, b = 0;
        for (int t = 0; t < n; t++) {
            double w = 2.0 * M_PI * ((long)k * t % n) / n;
            a += x[t] * cos(w);
            b -= x[t] * sin(w);
        }
        re[k] = a;
        im[k] = b;
        if (k > 0) {
            re[n - k] = a;
            im[n - k] = -b;
        }
    }
}
""",
    ("re[n - k] = a", "re[n - k] = a + 1e-9"),
    ("% n) / n", "% n) / (n + 1e-7)"),
)

# ---- classes that own memory

_BUF = """
#include <vector>
#include <cstdlib>
template <class T> class Buf {
    T *data_;
    int n_;
public:
    Buf(int n) : data_(new T[n]()), n_(n) {}
    ~Buf() { delete[] data_; }
    Buf(const Buf &) = delete;
    T &operator[](int i) { return data_[i]; }
    int size() const { return n_; }
};
"""
_SMOOTH = """
void smooth(double *x, int n, int rounds) {
    double *a = new double[n], *b = new double[n];
    for (int i = 0; i < n; i++) a[i] = x[i];
    for (int r = 0; r < rounds; r++) {
        for (int i = 0; i < n; i++) {
            double left = i > 0 ? a[i - 1] : a[i], right = i < n - 1 ? a[i + 1] : a[i];
            b[i] = 0.25 * left + 0.5 * a[i] + 0.25 * right;
        }
        for (int i = 0; i < n; i++) a[i] = b[i];
    }
    for (int i = 0; i < n; i++) x[i] = a[i];
    delete[] a;
    delete[] b;
}
"""
_RAII_SMOOTH = (
    _BUF
    + """
void smooth(double *x, int n, int rounds) {
    Buf<double> a(n), b(n);
    #pragma omp parallel for
    for (int i = 0; i < n; i++) a[i] = x[i];
    for (int r = 0; r < rounds; r++) {
        #pragma omp parallel for
        for (int i = 0; i < n; i++) {
            double left = i > 0 ? a[i - 1] : a[i], right = i < n - 1 ? a[i + 1] : a[i];
            b[i] = 0.25 * left + 0.5 * a[i] + 0.25 * right;
        }
        #pragma omp parallel for
        for (int i = 0; i < n; i++) a[i] = b[i];
    }
    for (int i = 0; i < n; i++) x[i] = a[i];
}
"""
)
_add(
    "raii",
    "smooth",
    ("cpp", _SMOOTH),
    "openmp",
    _RAII_SMOOTH,
    ("i < n - 1 ?", "i < n - 2 ?"),
    ("new T[n]()", "new T[n - 1]()"),
)
_add("raii", "smooth", ("cpp", _RAII_SMOOTH), "cpp", _SMOOTH, ("0.5 * a[i]", "0.5 * b[i]"))
_SCALE_ROWS = """
void scale_rows(double *a, int rows, int columns) {
    for (int r = 0; r < rows; r++) {
        double sum = 0;
        for (int c = 0; c < columns; c++) sum += a[r * columns + c];
        for (int c = 0; c < columns; c++) a[r * columns + c] -= sum / columns;
    }
}
"""
_add(
    "raii",
    "scale_rows",
    ("cpp", _SCALE_ROWS),
    "cuda",
    """
#include <cuda_runtime.h>
template <typename T> struct DeviceBuffer {
    T *p = nullptr;
    size_t n;
    DeviceBuffer(size_t count) : n(count) { cudaMalloc(&p, n * sizeof(T)); }
    DeviceBuffer(size_t count, const T *host) : DeviceBuffer(count) {
        cudaMemcpy(p, host, n * sizeof(T), cudaMemcpyHostToDevice);
    }
    ~DeviceBuffer() { cudaFree(p); }
    void store(T *host) const { cudaMemcpy(host, p, n * sizeof(T), cudaMemcpyDeviceToHost); }
    T *get() const { return p; }
};
struct Shape {
    int rows, columns;
    Shape(int r, int c) : rows(r), columns(c) {}
    __host__ __device__ int size() const { return rows * columns; }
};
__global__ void sums(const double *a, double *sum, Shape s) {
    int r = blockIdx.x * blockDim.x + threadIdx.x;
    if (r >= s.rows) return;
    double t = 0;
    for (int c = 0; c < s.columns; c++) t += a[r * s.columns + c];
    sum[r] = t;
}
__global__ void shift(double *a, const double *sum, Shape s) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < s.size()) a[i] -= sum[i / s.columns] / s.columns;
}
void scale_rows(double *a, int rows, int columns) {
    Shape shape(rows, columns);
    if (shape.size() == 0) return;
    DeviceBuffer<double> d(shape.size(), a), sum(rows);
    sums<<<(rows + 127) / 128, 128>>>(d.get(), sum.get(), shape);
    shift<<<(shape.size() + 127) / 128, 128>>>(d.get(), sum.get(), shape);
    d.store(a);
}
""",
    ("(shape.size() + 127) / 128", "shape.size() / 128"),
    ("sum[i / s.columns]", "sum[i % s.rows]"),
)

# ---- std::atomic

_HISTOGRAM = """
void histogram(const int *x, int n, int *counts, int bins) {
    for (int b = 0; b < bins; b++) counts[b] = 0;
    for (int i = 0; i < n; i++)
        if (x[i] >= 0 && x[i] < bins) counts[x[i]]++;
}
"""
_add(
    "atomic",
    "histogram",
    ("cpp", _HISTOGRAM),
    "openmp",
    """
#include <atomic>
#include <vector>
void histogram(const int *x, int n, int *counts, int bins) {
    std::vector<std::atomic<int>> c(bins > 0 ? bins : 0);
    for (auto &v : c) v.store(0);
    #pragma omp parallel for
    for (int i = 0; i < n; i++)
        if (x[i] >= 0 && x[i] < bins) c[x[i]].fetch_add(1, std::memory_order_relaxed);
    for (int b = 0; b < bins; b++) counts[b] = c[b].load();
}
""",
    ("c[x[i]].fetch_add(1, std::memory_order_relaxed)", "c[x[i]].store(c[x[i]].load() + 1)"),
    ("x[i] < bins)", "x[i] < bins - 1)"),
)
_add(
    "atomic",
    "histogram",
    ("cpp", _HISTOGRAM),
    "openmp",
    """
#include <atomic>
void histogram(const int *x, int n, int *counts, int bins) {
    for (int b = 0; b < bins; b++) counts[b] = 0;
    #pragma omp parallel for
    for (int i = 0; i < n; i++)
        if (x[i] >= 0 && x[i] < bins) std::atomic_ref<int>(counts[x[i]]).fetch_add(1);
}
""",
    ("std::atomic_ref<int>(counts[x[i]]).fetch_add(1)", "counts[x[i]]++"),
    (".fetch_add(1)", ".fetch_or(1)"),
)
_COUNT = """
int count_above(const double *x, int n, double limit, double *largest) {
    int found = 0;
    double best = limit;
    for (int i = 0; i < n; i++) {
        if (x[i] > limit) found++;
        if (x[i] > best) best = x[i];
    }
    *largest = best;
    return found;
}
"""
_add(
    "atomic",
    "count_above",
    ("cpp", _COUNT),
    "openmp",
    """
#include <atomic>
int count_above(const double *x, int n, double limit, double *largest) {
    std::atomic<int> found{0};
    std::atomic<double> best(limit);
    #pragma omp parallel for
    for (int i = 0; i < n; i++) {
        if (x[i] > limit) ++found;
        double old = best.load();
        while (x[i] > old && !best.compare_exchange_weak(old, x[i])) {}
    }
    *largest = best;
    return found;
}
""",
    ("++found", "found = found + 1"),
    (
        "while (x[i] > old && !best.compare_exchange_weak(old, x[i])) {}",
        "if (x[i] > old) best = x[i];",
    ),
)

# ---- half precision

_HALF = """
#include <cuda_fp16.h>
"""
_add(
    "half",
    "to_float",
    (
        "cuda",
        _HALF
        + """
__global__ void to_float(const float *x, float *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = __half2float(__float2half(x[i]));
}
""",
    ),
    "cpp",
    """
#include <cstdint>
#include <cstring>
static float round_to_half(float f) {
    uint32_t b;
    memcpy(&b, &f, 4);
    uint32_t sign = b & 0x80000000u, a = b & 0x7fffffffu;
    if (a > 0x7f800000u) { a = 0x7fffe000u; }
    else if (a >= 0x477ff000u) { a = 0x7f800000u; }
    else if (a < 0x38800000u) {
        float g, m = 0.5f;
        memcpy(&g, &a, 4);
        g = (g + m) - m;
        memcpy(&a, &g, 4);
    } else {
        a += 0xfffu + (a >> 13 & 1);
        a &= ~0x1fffu;
    }
    b = sign | a;
    memcpy(&f, &b, 4);
    return f;
}
void to_float(const float *x, float *y, int n) {
    for (int i = 0; i < n; i++) y[i] = round_to_half(x[i]);
}
""",
    ("a += 0xfffu + (a >> 13 & 1);", ""),
    ("b = sign | a", "b = a"),
)
_AXPY = """
__global__ void axpy(float a, const float *x, float *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    __half product = __hmul(__float2half(a), __float2half(x[i]));
    y[i] = __half2float(__hadd(product, __float2half(y[i])));
}
"""
_add(
    "half",
    "axpy",
    ("cuda", _HALF + _AXPY),
    "cuda",
    _HALF
    + """
__global__ void axpy(float a, const float *x, float *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    __half h = __float2half(a) * __half(x[i]);
    h += __half(y[i]);
    y[i] = h;
}
""",
    ("__half h = __float2half(a) * __half(x[i]);", "__half h(a * x[i]);"),
    ("h += __half(y[i])", "h -= __half(y[i])"),
)
_add(
    "half",
    "axpy",
    ("cuda", _HALF + _AXPY),
    "cuda",
    _HALF
    + """
__global__ void axpy(float a, const float *x, float *y, int n) {
    int i = 2 * (blockIdx.x * blockDim.x + threadIdx.x);
    half2 h = __float2half2_rn(a);
    if (i + 1 < n) {
        half2 v = __floats2half2_rn(x[i], x[i + 1]), w = __floats2half2_rn(y[i], y[i + 1]);
        float2 r = __half22float2(__hadd2(__hmul2(h, v), w));
        y[i] = r.x;
        y[i + 1] = r.y;
    } else if (i < n) {
        __half product = __hmul(__low2half(h), __float2half(x[i]));
        y[i] = __half2float(__hadd(product, __float2half(y[i])));
    }
}
""",
    ("__hadd2(__hmul2(h, v), w)", "__hadd2(__hmul2(h, w), v)"),
    ("y[i] = r.x", "y[i] = r.y"),
)

# ---- thrust

_add(
    "thrust",
    "sort_all",
    (
        "cpp",
        """
#include <algorithm>
void sort_all(int *x, int n) { std::sort(x, x + n); }
""",
    ),
    "cuda",
    """
#include <thrust/device_vector.h>
#include <thrust/sort.h>
#include <thrust/copy.h>
void sort_all(int *x, int n) {
    thrust::device_vector<int> d(x, x + n);
    thrust::sort(d.begin(), d.end());
    thrust::copy(d.begin(), d.end(), x);
}
""",
    ("d.end());\n    thrust::copy", "d.end(), thrust::greater<int>());\n    thrust::copy"),
    ("thrust::sort(d.begin(), d.end())", "thrust::sort(d.begin(), d.end() - 1)"),
)
_NORM = """
#include <cmath>
double norm(const double *x, int n) {
    double s = 0;
    for (int i = 0; i < n; i++) s += x[i] * x[i];
    return std::sqrt(s);
}
"""
_add(
    "thrust",
    "norm",
    ("cpp", _NORM),
    "cuda",
    """
#include <thrust/device_vector.h>
#include <thrust/transform_reduce.h>
#include <thrust/functional.h>
#include <cmath>
struct square {
    __host__ __device__ double operator()(double v) const { return v * v; }
};
double norm(const double *x, int n) {
    thrust::device_vector<double> d(x, x + n);
    double sum = thrust::transform_reduce(
        d.begin(), d.end(), square(), 0.0, thrust::plus<double>());
    return std::sqrt(sum);
}
""",
    ("return v * v", "return v + v"),
    ("0.0, thrust::plus<double>()", "0, thrust::plus<int>()"),
)
_SCAN = """
void offsets(const int *counts, int *start, int *total, int n) {
    int s = 0;
    for (int i = 0; i < n; i++) { start[i] = s; s += counts[i]; }
    *total = s;
}
"""
_add(
    "thrust",
    "offsets",
    ("cpp", _SCAN),
    "cuda",
    """
#include <thrust/device_ptr.h>
#include <thrust/scan.h>
#include <thrust/reduce.h>
#include <thrust/execution_policy.h>
void offsets(const int *counts, int *start, int *total, int n) {
    int *d, *e;
    cudaMalloc(&d, (n + 1) * sizeof(int));
    cudaMalloc(&e, (n + 1) * sizeof(int));
    cudaMemcpy(d, counts, n * sizeof(int), cudaMemcpyHostToDevice);
    thrust::device_ptr<int> in(d), out = thrust::device_pointer_cast(e);
    thrust::exclusive_scan(in, in + n, out);
    *total = thrust::reduce(thrust::device, d, d + n);
    cudaMemcpy(start, thrust::raw_pointer_cast(out), n * sizeof(int), cudaMemcpyDeviceToHost);
    cudaFree(d);
    cudaFree(e);
}
""",
    ("exclusive_scan", "inclusive_scan"),
    ("thrust::reduce(thrust::device, d, d + n)", "thrust::reduce(d, d + n)"),
)
_COMPACT = """
int compact(const int *x, int *out, int n, int limit) {
    int k = 0;
    for (int i = 0; i < n; i++) if (x[i] > limit) out[k++] = x[i];
    return k;
}
"""
_add(
    "thrust",
    "compact",
    ("cpp", _COMPACT),
    "cuda",
    """
#include <thrust/host_vector.h>
#include <thrust/device_vector.h>
#include <thrust/copy.h>
struct above {
    int limit;
    __host__ __device__ bool operator()(int v) const { return v > limit; }
};
int compact(const int *x, int *out, int n, int limit) {
    thrust::device_vector<int> d(x, x + n), kept(n);
    auto end = thrust::copy_if(d.begin(), d.end(), kept.begin(), above{limit});
    thrust::host_vector<int> h(kept.begin(), end);
    for (size_t i = 0; i < h.size(); i++) out[i] = h[i];
    return end - kept.begin();
}
""",
    ("v > limit", "v >= limit"),
    ("return end - kept.begin()", "return kept.size()"),
)
_STATS = """
void stats(const float *x, int n, float *low, float *high, int *where, int *zeros) {
    int a = 0, b = 0, z = 0;
    for (int i = 0; i < n; i++) {
        if (x[i] < x[a]) a = i;
        if (x[b] < x[i]) b = i;
        if (x[i] == 0.0f) z++;
    }
    *low = x[a];
    *high = x[b];
    *where = b;
    *zeros = z;
}
"""
_add(
    "thrust",
    "stats",
    ("cpp", _STATS),
    "cuda",
    """
#include <thrust/device_vector.h>
#include <thrust/extrema.h>
#include <thrust/count.h>
void stats(const float *x, int n, float *low, float *high, int *where, int *zeros) {
    thrust::device_vector<float> d(x, x + n);
    *low = *thrust::min_element(d.begin(), d.end());
    thrust::device_vector<float>::iterator most = thrust::max_element(d.begin(), d.end());
    *high = *most;
    *where = most - d.begin();
    *zeros = thrust::count(d.begin(), d.end(), 0.0f);
}
""",
    ("*low = *thrust::min_element", "*low = *thrust::max_element"),
    ("d.end(), 0.0f", "d.end(), 1.0f"),
)
_RAMP = """
void ramp(float *y, const float *x, int n, float a) {
    for (int i = 0; i < n; i++) y[i] = a * x[i] + i + 1.0f;
}
"""
_add(
    "thrust",
    "ramp",
    ("cpp", _RAMP),
    "cuda",
    """
#include <thrust/device_vector.h>
#include <thrust/transform.h>
#include <thrust/sequence.h>
#include <thrust/fill.h>
using namespace thrust::placeholders;
void ramp(float *y, const float *x, int n, float a) {
    thrust::device_vector<float> d(n), e(x, x + n), one(n);
    thrust::fill(one.begin(), one.end(), 1.0f);
    thrust::sequence(d.begin(), d.end());
    thrust::transform(e.begin(), e.end(), d.begin(), d.begin(), a * _1 + _2);
    thrust::transform(d.begin(), d.end(), one.begin(), d.begin(), thrust::plus<float>());
    thrust::copy(d.begin(), d.end(), y);
}
""",
    ("a * _1 + _2", "a * _2 + _1"),
    ("thrust::plus<float>", "thrust::minus<float>"),
)

# ---- cub

_SUM = """
int sum_all(const int *x, int n) {
    int s = 0;
    for (int i = 0; i < n; i++) s += x[i];
    return s;
}
"""
_add(
    "cub",
    "sum_all",
    ("cpp", _SUM),
    "cuda",
    """
#include <cub/cub.cuh>
int sum_all(const int *x, int n) {
    int *d, *out, result = 0;
    cudaMalloc(&d, (n + 1) * sizeof(int));
    cudaMalloc(&out, sizeof(int));
    cudaMemcpy(d, x, n * sizeof(int), cudaMemcpyHostToDevice);
    void *temporary = nullptr;
    size_t bytes = 0;
    cub::DeviceReduce::Sum(temporary, bytes, d, out, n);
    cudaMalloc(&temporary, bytes);
    cub::DeviceReduce::Sum(temporary, bytes, d, out, n);
    cudaMemcpy(&result, out, sizeof(int), cudaMemcpyDeviceToHost);
    cudaFree(temporary);
    cudaFree(d);
    cudaFree(out);
    return result;
}
""",
    ("d, out, n);\n    cudaMemcpy", "d, out, n - 1);\n    cudaMemcpy"),
    ("    cudaMalloc(&temporary, bytes);\n", ""),
)
_add(
    "cub",
    "sum_all",
    ("cpp", _SUM),
    "cuda",
    """
#include <cub/block/block_reduce.cuh>
__global__ void add_blocks(const int *x, int *out, int n) {
    typedef cub::BlockReduce<int, 128> BlockReduce;
    __shared__ typename BlockReduce::TempStorage storage;
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int v = i < n ? x[i] : 0;
    int sum = BlockReduce(storage).Sum(v);
    if (threadIdx.x == 0) atomicAdd(out, sum);
}
int sum_all(const int *x, int n) {
    int *d, *out, result = 0;
    cudaMalloc(&d, (n + 1) * sizeof(int));
    cudaMalloc(&out, sizeof(int));
    cudaMemcpy(d, x, n * sizeof(int), cudaMemcpyHostToDevice);
    cudaMemset(out, 0, sizeof(int));
    if (n > 0) add_blocks<<<(n + 127) / 128, 128>>>(d, out, n);
    cudaMemcpy(&result, out, sizeof(int), cudaMemcpyDeviceToHost);
    cudaFree(d);
    cudaFree(out);
    return result;
}
""",
    ("if (threadIdx.x == 0) atomicAdd", "if (threadIdx.x == 1) atomicAdd"),
    ("atomicAdd(out, sum)", "*out += sum"),
)
_add(
    "cub",
    "offsets",
    ("cpp", _SCAN),
    "cuda",
    """
#include <cub/cub.cuh>
void offsets(const int *counts, int *start, int *total, int n) {
    int *d, *e;
    cudaMalloc(&d, (n + 1) * sizeof(int));
    cudaMalloc(&e, (n + 1) * sizeof(int));
    cudaMemset(d, 0, (n + 1) * sizeof(int));
    cudaMemcpy(d, counts, n * sizeof(int), cudaMemcpyHostToDevice);
    size_t bytes = 0;
    cub::DeviceScan::ExclusiveSum(nullptr, bytes, d, e, n + 1);
    void *work;
    cudaMalloc(&work, bytes);
    cub::DeviceScan::ExclusiveSum(work, bytes, d, e, n + 1);
    cudaMemcpy(start, e, n * sizeof(int), cudaMemcpyDeviceToHost);
    cudaMemcpy(total, e + n, sizeof(int), cudaMemcpyDeviceToHost);
    cudaFree(work);
    cudaFree(d);
    cudaFree(e);
}
""",
    ("ExclusiveSum", "InclusiveSum"),
    ("e + n, sizeof", "d + n, sizeof"),
)
_CHUNKED = """
void chunked_scan(const int *x, int *y, int n) {
    for (int c = 0; c < n; c += 64) {
        int s = 0;
        for (int i = c; i < n && i < c + 64; i++) { s += x[i]; y[i] = s; }
    }
}
"""
_add(
    "cub",
    "chunked_scan",
    ("cpp", _CHUNKED),
    "cuda",
    """
#include <cub/cub.cuh>
__global__ void scan(const int *x, int *y, int n) {
    using BlockScan = cub::BlockScan<int, 64>;
    __shared__ BlockScan::TempStorage storage;
    int i = blockIdx.x * 64 + threadIdx.x, v = i < n ? x[i] : 0, r;
    BlockScan(storage).InclusiveSum(v, r);
    if (i < n) y[i] = r;
}
void chunked_scan(const int *x, int *y, int n) {
    int *d, *e;
    cudaMalloc(&d, (n + 1) * sizeof(int));
    cudaMalloc(&e, (n + 1) * sizeof(int));
    cudaMemcpy(d, x, n * sizeof(int), cudaMemcpyHostToDevice);
    if (n > 0) scan<<<(n + 63) / 64, 64>>>(d, e, n);
    cudaMemcpy(y, e, n * sizeof(int), cudaMemcpyDeviceToHost);
    cudaFree(d);
    cudaFree(e);
}
""",
    ("InclusiveSum", "ExclusiveSum"),
    (
        "    int i = blockIdx",
        "    if (blockIdx.x * 64 + threadIdx.x >= n) return;\n    int i = blockIdx",
    ),
)
_CHUNK_SUMS = """
void chunk_sums(const int *x, int *sums, int n) {
    for (int c = 0; c * 32 < n; c++) {
        int s = 0;
        for (int i = c * 32; i < n && i < c * 32 + 32; i++) s += x[i];
        sums[c] = s;
    }
}
"""
_add(
    "cub",
    "chunk_sums",
    ("cpp", _CHUNK_SUMS),
    "cuda",
    """
#include <cub/warp/warp_reduce.cuh>
__global__ void chunk_sums(const int *x, int *sums, int n) {
    typedef cub::WarpReduce<int> WarpReduce;
    __shared__ typename WarpReduce::TempStorage storage[4];
    int warp = threadIdx.x / 32;
    int i = blockIdx.x * 128 + threadIdx.x;
    int s = WarpReduce(storage[warp]).Sum(i < n ? x[i] : 0);
    if (threadIdx.x % 32 == 0 && i < n) sums[i / 32] = s;
}
void run_chunk_sums(const int *x, int *sums, int n) {
    chunk_sums<<<(n + 127) / 128, 128>>>(x, sums, n);
}
""",
    ("threadIdx.x % 32 == 0", "threadIdx.x % 32 == 31"),
    ("storage[warp]", "storage[0]"),
)

# ---- a barrier over the grid

_NORMALISE = """
void normalise(float *x, float *sum, int n) {
    float s = 0;
    for (int i = 0; i < n; i++) s += x[i];
    *sum = s;
    for (int i = 0; i < n; i++) x[i] /= s;
}
"""
_GRID = """
#include <cooperative_groups.h>
namespace cg = cooperative_groups;
__global__ void work(float *x, float *sum, int n) {
    cg::grid_group grid = cg::this_grid();
    float s = 0;
    for (int i = grid.thread_rank(); i < n; i += grid.size()) s += x[i];
    atomicAdd(sum, s);
    grid.sync();
    for (int i = grid.thread_rank(); i < n; i += grid.size()) x[i] /= *sum;
}
void normalise(float *x, float *sum, int n) {
    float *d, *s;
    cudaMalloc(&d, n * sizeof(float));
    cudaMalloc(&s, sizeof(float));
    cudaMemcpy(d, x, n * sizeof(float), cudaMemcpyHostToDevice);
    cudaMemset(s, 0, sizeof(float));
    void *arguments[] = {&d, &s, &n};
    cudaLaunchCooperativeKernel((void *)work, dim3(8), dim3(64), arguments, 0, 0);
    cudaMemcpy(x, d, n * sizeof(float), cudaMemcpyDeviceToHost);
    cudaMemcpy(sum, s, sizeof(float), cudaMemcpyDeviceToHost);
    cudaFree(d);
    cudaFree(s);
}
"""
_add(
    "grid sync",
    "normalise",
    ("cpp", _NORMALISE),
    "cuda",
    _GRID,
    ("    grid.sync();\n", "    __syncthreads();\n"),
    (
        "cudaLaunchCooperativeKernel((void *)work, dim3(8), dim3(64), arguments, 0, 0)",
        "work<<<8, 64>>>(d, s, n)",
    ),
)
_JACOBI = """
void jacobi(double *a, double *b, int n, int rounds) {
    for (int r = 0; r < rounds; r++) {
        for (int i = 1; i < n - 1; i++) b[i] = 0.5 * (a[i - 1] + a[i + 1]);
        for (int i = 1; i < n - 1; i++) a[i] = b[i];
    }
}
"""
_add(
    "grid sync",
    "jacobi",
    ("cpp", _JACOBI),
    "cuda",
    """
#include <cooperative_groups.h>
using namespace cooperative_groups;
__global__ void step(double *a, double *b, int n, int rounds) {
    auto g = this_grid();
    int t = blockIdx.x * blockDim.x + threadIdx.x, threads = gridDim.x * blockDim.x;
    for (int r = 0; r < rounds; r++) {
        for (int i = 1 + t; i < n - 1; i += threads) b[i] = 0.5 * (a[i - 1] + a[i + 1]);
        g.sync();
        for (int i = 1 + t; i < n - 1; i += threads) a[i] = b[i];
        sync(g);
    }
}
void jacobi(double *a, double *b, int n, int rounds) {
    double *d, *e;
    size_t bytes = n * sizeof(double);
    cudaMalloc(&d, bytes);
    cudaMalloc(&e, bytes);
    cudaMemcpy(d, a, bytes, cudaMemcpyHostToDevice);
    cudaMemcpy(e, b, bytes, cudaMemcpyHostToDevice);
    int blocks = 0;
    cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, step, 128, 0);
    blocks = blocks < 4 ? blocks : 4;
    void *arguments[] = {(void *)&d, (void *)&e, (void *)&n, (void *)&rounds};
    cudaLaunchCooperativeKernel(step, blocks, 128, arguments);
    cudaMemcpy(a, d, bytes, cudaMemcpyDeviceToHost);
    cudaMemcpy(b, e, bytes, cudaMemcpyDeviceToHost);
    cudaFree(d);
    cudaFree(e);
}
""",
    ("        g.sync();\n", ""),
    ("        sync(g);\n", ""),
)

# ---- doacross

_SWEEP = """
void sweep(double *a, int n, int m) {
    for (int i = 1; i < n; i++)
        for (int j = 1; j < m; j++)
            a[i * m + j] = 0.5 * a[i * m + j] + 0.25 * (a[(i - 1) * m + j] + a[i * m + j - 1]);
}
"""
_add(
    "doacross",
    "sweep",
    ("cpp", _SWEEP),
    "openmp",
    """
void sweep(double *a, int n, int m) {
    #pragma omp parallel for ordered(2)
    for (int i = 1; i < n; i++)
        for (int j = 1; j < m; j++) {
            #pragma omp ordered depend(sink: i - 1, j) depend(sink: i, j - 1)
            a[i * m + j] = 0.5 * a[i * m + j] + 0.25 * (a[(i - 1) * m + j] + a[i * m + j - 1]);
            #pragma omp ordered depend(source)
        }
}
""",
    (" depend(sink: i - 1, j)", ""),
    ("            #pragma omp ordered depend(sink: i - 1, j) depend(sink: i, j - 1)\n", ""),
)
_CHAIN = """
void chain(double *a, const double *b, int n) {
    for (int i = 2; i < n; i++) a[i] = 0.5 * a[i - 2] + b[i] * b[i];
}
"""
_add(
    "doacross",
    "chain",
    ("cpp", _CHAIN),
    "openmp",
    """
void chain(double *a, const double *b, int n) {
    #pragma omp parallel for ordered(1) schedule(static, 1)
    for (int i = 2; i < n; i++) {
        double s = b[i] * b[i];
        #pragma omp ordered doacross(sink: i - 2)
        a[i] = 0.5 * a[i - 2] + s;
        #pragma omp ordered doacross(source:)
    }
}
""",
    ("sink: i - 2", "sink: i - 3"),
    (
        "        a[i] = 0.5 * a[i - 2] + s;\n        #pragma omp ordered doacross(source:)\n",
        "        #pragma omp ordered doacross(source:)\n        a[i] = 0.5 * a[i - 2] + s;\n",
    ),
)
_add(
    "doacross",
    "sweep",
    (
        "fortran",
        """
subroutine sweep(a, n, m)
  integer, intent(in) :: n, m
  real(8), intent(inout) :: a(n, m)
  integer :: i, j
  do j = 2, m
    do i = 2, n
      a(i, j) = 0.5d0 * a(i, j) + 0.25d0 * (a(i - 1, j) + a(i, j - 1))
    end do
  end do
end subroutine
""",
    ),
    "openmp-fortran",
    """
subroutine sweep(a, n, m)
  integer, intent(in) :: n, m
  real(8), intent(inout) :: a(n, m)
  integer :: i, j
  !$omp parallel do ordered(2) private(i, j)
  do j = 2, m
    do i = 2, n
      !$omp ordered depend(sink: j - 1, i) depend(sink: j, i - 1)
      a(i, j) = 0.5d0 * a(i, j) + 0.25d0 * (a(i - 1, j) + a(i, j - 1))
      !$omp ordered depend(source)
    end do
  end do
  !$omp end parallel do
end subroutine
""",
    (" depend(sink: j - 1, i)", ""),
)

# ---- batches that overlap only where the source's do

_WINDOWS = """
void windows(const double *x, double *out, int n, int count, int stride) {
    for (int w = 0; w < count; w++) {
        const double *mine = x + w * stride;
        double s = 0;
        for (int i = 0; i < n; i++) s += mine[i];
        out[w] = s;
    }
}
"""
_add(
    "overlap",
    "windows",
    ("cpp", _WINDOWS),
    "openmp",
    """
void windows(const double *x, double *out, int n, int count, int stride) {
    #pragma omp parallel for
    for (int w = 0; w < count; w++) {
        double s = 0;
        for (int i = 0; i < n; i++) s += x[w * stride + i];
        out[w] = s;
    }
}
""",
    ("x[w * stride + i]", "x[w * n + i]"),
    ("out[w] = s", "out[w] = s / n"),
)
_BATCHES = """
void scale_batches(double *c, const double *alpha, int n, int batches, int stride) {
    for (int b = 0; b < batches; b++)
        for (int i = 0; i < n; i++) c[b * stride + i] = c[b * stride + i] * alpha[b];
}
"""
_add(
    "overlap",
    "scale_batches",
    ("cpp", _BATCHES),
    "openmp",
    """
void scale_batches(double *c, const double *alpha, int n, int batches, int stride) {
    #pragma omp parallel for
    for (int b = 0; b < batches; b++)
        for (int i = 0; i < n; i++) c[b * stride + i] = c[b * stride + i] * alpha[b];
}
""",
    ("* alpha[b]", "* alpha[0]"),
    ("c[b * stride + i] * alpha", "c[b * n + i] * alpha"),
)
_add(
    "overlap",
    "scale_batches",
    ("cpp", _BATCHES),
    "cuda",
    """
__global__ void scale_batches(double *c, const double *alpha, int n, int batches, int stride) {
    int t = blockIdx.x * blockDim.x + threadIdx.x;
    if (t < batches * n) c[t / n * stride + t % n] *= alpha[t / n];
}
void launch(double *c, const double *alpha, int n, int batches, int stride) {
    scale_batches<<<(batches * n + 255) / 256, 256>>>(c, alpha, n, batches, stride);
}
""",
    ("t % n]", "t / batches]"),
)
_UPDATE = """
void update(double *state, int n, int count, int stride) {
    for (int c = 0; c < count; c++) {
        double *s = state + (long)c * stride;
        for (int i = 1; i < n; i++) s[i] += 0.5 * s[i - 1];
    }
}
"""
_add(
    "overlap",
    "update",
    ("cpp", _UPDATE),
    "openmp",
    _UPDATE.replace("    for (int c", "    #pragma omp parallel for\n    for (int c"),
    ("0.5 * s[i - 1]", "0.5 * state[i - 1]"),
)
_TRACK = """
void track(int n, const float *x, float *y, float *last) {
    float v = 0.0f;
    for (int i = 0; i < n; i++) { v = x[i] * 0.5f + 1.0f; y[i] = v * v; }
    *last = v;
}
"""
_add(
    "lastprivate",
    "track",
    ("cpp", _TRACK),
    "openmp",
    _TRACK.replace(
        "    for", "    #pragma omp parallel for firstprivate(v) lastprivate(v)\n    for"
    ),
    (" lastprivate(v)", ""),
)
_add(
    "rows in place",
    "scale_block",
    (
        "cpp",
        """
void scale_block(int m, int n, int lda, float a, float *x) {
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) x[i * lda + j] *= a;
}
""",
    ),
    "cuda",
    """
__global__ void scale_block(int m, int n, int lda, float a, float *x) {
    int j = blockIdx.x * blockDim.x + threadIdx.x, i = blockIdx.y * blockDim.y + threadIdx.y;
    if (i < m && j < n) x[i * lda + j] *= a;
}
""",
    ("i * lda + j", "i * n + j"),
)
