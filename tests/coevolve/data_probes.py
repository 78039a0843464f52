"""Ports whose error shows on certain contents alone: masks that are mostly one value, winding ones,
matrices that a solver needs, means far above deviations, tiny values, texts that hold the source's
words, tolerances that take many iterations.
"""

from __future__ import annotations

from size_probes import FORTRAN, OPENMP, Probe

ALL = """int f(int n, const int *mask) {
  for (int i = 0; i < n; i++)
    if (!mask[i]) return 0;
  return 1;
}
"""
COUNT = """void f(int n, const unsigned char *mask, int *c) {
  for (int b = 0; b < (n + 255) / 256; b++) {
    int s = 0;
    for (int i = b * 256; i < n && i < (b + 1) * 256; i++) s += mask[i] != 0;
    c[b] = s;
  }
}
"""
SEGMENTS = """void f(int n, const int *head, const int *x, int *y) {
  int s = 0;
  for (int i = 0; i < n; i++) {
    s = head[i] ? x[i] : s + x[i];
    y[i] = s;
  }
}
"""
FLOOD = """void f(int h, int w, const int *wall, int *dist) {
  for (int i = 0; i < h * w; i++) dist[i] = -1;
  if (h < 1 || w < 1 || wall[0]) return;
  dist[0] = 0;
  int changed = 1;
  for (int d = 0; changed; d++) {
    changed = 0;
    for (int r = 0; r < h; r++)
      for (int c = 0; c < w; c++) {
        if (dist[r * w + c] != d) continue;
        if (r > 0 && !wall[(r - 1) * w + c] && dist[(r - 1) * w + c] < 0)
          dist[(r - 1) * w + c] = d + 1, changed = 1;
        if (r + 1 < h && !wall[(r + 1) * w + c] && dist[(r + 1) * w + c] < 0)
          dist[(r + 1) * w + c] = d + 1, changed = 1;
        if (c > 0 && !wall[r * w + c - 1] && dist[r * w + c - 1] < 0)
          dist[r * w + c - 1] = d + 1, changed = 1;
        if (c + 1 < w && !wall[r * w + c + 1] && dist[r * w + c + 1] < 0)
          dist[r * w + c + 1] = d + 1, changed = 1;
      }
  }
}
"""
FLOOD_PORT = """void f(int h, int w, const int *wall, int *dist) {
  #pragma omp parallel for
  for (int i = 0; i < h * w; i++) dist[i] = -1;
  if (h < 1 || w < 1 || wall[0]) return;
  dist[0] = 0;
  int changed = 1;
  for (int d = 0; @; d++) {
    changed = 0;
    #pragma omp parallel for reduction(|:changed)
    for (int q = 0; q < h * w; q++) {
      if (dist[q] >= 0) continue;
      int r = q / w, c = q % w;
      int near = 0, v;
      if (r > 0) {
        #pragma omp atomic read
        v = dist[q - w];
        near |= v == d;
      }
      if (r + 1 < h) {
        #pragma omp atomic read
        v = dist[q + w];
        near |= v == d;
      }
      if (c > 0) {
        #pragma omp atomic read
        v = dist[q - 1];
        near |= v == d;
      }
      if (c + 1 < w) {
        #pragma omp atomic read
        v = dist[q + 1];
        near |= v == d;
      }
      if (near && !wall[q]) {
        #pragma omp atomic write
        dist[q] = d + 1;
        changed |= 1;
      }
    }
  }
}
"""
NEAREST = """void f(int n, const unsigned char *set, int *d) {
  for (int i = 0; i < n; i++) {
    d[i] = -1;
    for (int k = 0; k < n && d[i] < 0; k++)
      if ((i - k >= 0 && set[i - k]) || (i + k < n && set[i + k])) d[i] = k;
  }
}
"""
NEAREST_PORT = """__global__ void f(int n, const unsigned char *set, int *d) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  int found = -1;
  for (int k = 0; k < n && @found < 0; k++)
    if ((i - k >= 0 && set[i - k]) || (i + k < n && set[i + k])) found = k;
  d[i] = found;
}
"""
LONGEST = """void f(int n, const float *x, int *run) {
  for (int i = 0; i < n; i++) {
    int k = 1;
    while (i + k < n && x[i + k] >= x[i + k - 1]) k++;
    run[i] = k;
  }
}
"""
CHOLESKY = """#include <math.h>
void f(int n, double *a) {
  for (int j = 0; j < n; j++) {
    double d = a[j * n + j];
    for (int k = 0; k < j; k++) d -= a[j * n + k] * a[j * n + k];
    a[j * n + j] = sqrt(d);
    for (int i = j + 1; i < n; i++) {
      double s = a[i * n + j];
      for (int k = 0; k < j; k++) s -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = s / a[j * n + j];
    }
  }
}
"""
CHOLESKY_PORT = """#include <math.h>
void f(int n, double *a) {
  for (int j = 0; j < n; j++) {
    double d = a[j * n + j];
    for (int k = 0; k < j; k++) d -= a[j * n + k] * a[j * n + k];
    a[j * n + j] = sqrt(d);
    #pragma omp parallel for
    for (int i = j + 1; i < n; i++) {
      double s = a[i * n + j];
      for (int k = @; k < j; k++) s -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = s / a[j * n + j];
    }
  }
}
"""
CG = """void f(int n, const double *a, const double *b, double *x, double tol, int max_iter) {
  double r[512], p[512], q[512], rr = 0;
  if (n > 512) return;
  for (int i = 0; i < n; i++) { x[i] = 0; r[i] = p[i] = b[i]; rr += b[i] * b[i]; }
  for (int it = 0; it < max_iter && rr > tol * tol; it++) {
    double pq = 0, next = 0;
    {directive}for (int i = 0; i < n; i++) {
      double s = 0;
      for (int j = 0; j < n; j++) s += a[i * n + j] * p[j];
      q[i] = s;
    }
    for (int i = 0; i < n; i++) pq += p[i] * q[i];
    for (int i = 0; i < n; i++) { x[i] += rr / pq * p[i]; r[i] -= rr / pq * q[i]; }
    for (int i = 0; i < n; i++) next += r[i] * r[i];
    for (int i = 0; i < n; i++) p[i] = r[i] + {beta} * p[i];
    rr = next;
  }
}
"""
JACOBI = """#include <math.h>
void f(int n, const double *b, double *x, double *y, double tol, int max_iter, int *steps) {
  int it = 0;
  double worst = tol + 1;
  while (it < {limit} && worst > tol) {
    worst = 0;
    {directive}for (int i = 0; i < n; i++) {
      double left = i > 0 ? x[i - 1] : 0, right = i + 1 < n ? x[i + 1] : 0;
      y[i] = (b[i] + left + right) / {diagonal};
    }
    for (int i = 0; i < n; i++) {
      if (fabs(y[i] - x[i]) > worst) worst = fabs(y[i] - x[i]);
      x[i] = y[i];
    }
    it++;
  }
  steps[0] = it;
}
"""
ROOTS = """#include <math.h>
void f(int n, const double *x, double *y, double tol, int max_iter) {
  {directive}for (int i = 0; i < n; i++) {
    double a = fabs(x[i]), r = a > 1 ? a : 1;
    for (int k = 0; k < {limit} && fabs(r * r - a) > tol * a; k++) r = 0.5 * (r + a / r);
    y[i] = r;
  }
}
"""
MANDELBROT = """void f(int w, int h, int max_iter, int *count) {
  {directive}for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++) {
      double a = -2.0 + 3.0 * x / w, b = -1.0 + 2.0 * y / h, u = 0, v = 0;
      {counter} k = 0;
      while (k < max_iter && u * u + v * v <= 4) {
        double t = u * u - v * v + a;
        v = 2 * u * v + b;
        u = t;
        k++;
      }
      count[y * w + x] = k;
    }
}
"""
VARIANCE = """void f(int n, const float *x, float *v) {
  float m = 0, s = 0;
  for (int i = 0; i < n; i++) m += x[i];
  m /= n;
  for (int i = 0; i < n; i++) s += (x[i] - m) * (x[i] - m);
  v[0] = s / n;
}
"""
VARIANCE_PORT = """void f(int n, const float *x, float *v) {
  float m = 0, s = 0, q = 0;
  #pragma omp parallel for reduction(+:m, q)
  for (int i = 0; i < n; i++) { m += x[i]; q += x[i] * x[i]; }
  m /= n;
  #pragma omp parallel for reduction(+:s)
  for (int i = 0; i < n; i++) s += (x[i] - m) * (x[i] - m);
  v[0] = @;
}
"""
ROW_DEVIATION = """#include <math.h>
void f(int rows, int cols, const double *x, double *sd) {
  for (int r = 0; r < rows; r++) {
    double m = 0, s = 0;
    for (int c = 0; c < cols; c++) m += x[r * cols + c];
    m /= cols;
    for (int c = 0; c < cols; c++) s += (x[r * cols + c] - m) * (x[r * cols + c] - m);
    sd[r] = sqrt(s / cols);
  }
}
"""
ROW_DEVIATION_PORT = """#include <math.h>
__global__ void f(int rows, int cols, const double *x, double *sd) {
  int r = blockIdx.x * blockDim.x + threadIdx.x;
  if (r >= rows) return;
  double m = 0, s = 0, q = 0;
  for (int c = 0; c < cols; c++) { m += x[r * cols + c]; q += x[r * cols + c] * x[r * cols + c]; }
  m /= cols;
  for (int c = 0; c < cols; c++) s += (x[r * cols + c] - m) * (x[r * cols + c] - m);
  sd[r] = sqrt(@);
}
"""
NORM = """#include <math.h>
void f(int rows, int cols, const float *x, float *y) {
  for (int r = 0; r < rows; r++) {
    float big = 0, s = 0;
    for (int c = 0; c < cols; c++) if (fabsf(x[r * cols + c]) > big) big = fabsf(x[r * cols + c]);
    for (int c = 0; c < cols; c++) {
      float t = big > 0 ? x[r * cols + c] / big : 0;
      s += t * t;
    }
    y[r] = big * sqrtf(s);
  }
}
"""
NORM_PORT = """#include <math.h>
__global__ void f(int rows, int cols, const float *x, float *y) {
  int r = blockIdx.x * blockDim.x + threadIdx.x;
  if (r >= rows) return;
  float big = 0, s = 0;
  for (int c = 0; c < cols; c++) big = fmaxf(big, fabsf(x[r * cols + c]));
  @
  for (int c = 0; c < cols; c++) {
    float t = big > 0 ? x[r * cols + c] / big : 0;
    s += t * t;
  }
  y[r] = big * sqrtf(s);
}
"""
KEYWORD = """void f(int n, const char *text, int *hits) {
  const char *word = "while";
  for (int i = 0; i < n; i++) {
    int k = 0;
    while (k < 5 && i + k < n && text[i + k] == word[k]) k++;
    hits[i] = k == 5;
  }
}
"""
KEYWORD_PORT = """__global__ void f(int n, const char *text, int *hits) {
  const char *word = "while";
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  int k = 0;
  while (k < 5 && i + k < n && text[i + k] == word[k]) k++;
  hits[i] = @;
}
"""
PATTERN = """int f(int n, const int *x) {
  static const int wanted[6] = {7, 1, 7, 1, 9, 4};
  int found = 0;
  for (int i = 0; i + 6 <= n; i++) {
    int k = 0;
    while (k < 6 && x[i + k] == wanted[k]) k++;
    found += k == 6;
  }
  return found;
}
"""
FORTRAN_MASK = """subroutine f(n, mask, x, s, every)
  integer, intent(in) :: n
  logical, intent(in) :: mask(n)
  real, intent(in) :: x(n)
  real, intent(inout) :: s(n)
  logical, intent(out) :: every
  integer :: i
  every = .true.
  {directive}do i = 1, n
    if (mask(i)) s(i) = s(i) + x(i)
    every = every .and. {asked}
  end do
end subroutine
"""
FORTRAN_VARIANCE = """subroutine f(n, x, v)
  integer, intent(in) :: n
  real, intent(in) :: x(n)
  real, intent(out) :: v
  real :: m, s, q
  integer :: i
  m = 0; s = 0; q = 0
  !$omp parallel do reduction(+:m, q)
  do i = 1, n
    m = m + x(i)
    q = q + x(i) * x(i)
  end do
  m = m / n
  {directive}do i = 1, n
    s = s + (x(i) - m) ** 2
  end do
  v = {value}
end subroutine
"""
FORTRAN_SOLVER = """subroutine f(n, b, x, tol, maxit, steps)
  integer, intent(in) :: n, maxit
  real(8), intent(in) :: b(n), tol
  real(8), intent(inout) :: x(n)
  integer, intent(out) :: steps
  real(8) :: y(n), worst
  integer :: i
  steps = 0
  worst = tol + 1
  do while (worst > tol .and. steps < {limit})
    {directive}do i = 1, n
      y(i) = b(i)
      if (i > 1) y(i) = y(i) + x(i - 1)
      if (i < n) y(i) = y(i) + x(i + 1)
      y(i) = y(i) / 2.5d0
    end do
    worst = maxval(abs(y - x))
    x = y
    steps = steps + 1
  end do
end subroutine
"""
FORTRAN_CHOLESKY = """subroutine f(n, a)
  integer, intent(in) :: n
  real(8), intent(inout) :: a(n, n)
  integer :: i, j
  do j = 1, n
    a(j, j) = sqrt(a(j, j) - dot_product(a(j, 1:j - 1), a(j, 1:j - 1)))
    {directive}do i = j + 1, n
      a(i, j) = (a(i, j) - dot_product(a(i, {first}:j - 1), a(j, {first}:j - 1))) / a(j, j)
    end do
  end do
end subroutine
"""
PARALLEL = "#pragma omp parallel for\n    "


def _fill(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace("{" + name + "}", value)
    return text


def _openmp(text: str, name: str, right: str, wrong: str, **others: str) -> Probe:
    """A source, and its OpenMP port with a hole in place of `{name}`."""
    source = _fill(text, {name: right, "directive": "", **others})
    target = _fill(text, {name: "@", "directive": PARALLEL, **others})
    return Probe(source, target, right, wrong, OPENMP)


def _fortran(text: str, name: str, right: str, wrong: str, clauses: str = "") -> Probe:
    directive = f"!$omp parallel do {clauses}\n  "
    source = _fill(text, {name: right, "directive": ""})
    return Probe(source, _fill(text, {name: "@", "directive": directive}), right, wrong, FORTRAN)


DATA_PROBES: dict[str, Probe] = {
    "all true but the last": Probe(
        ALL,
        """int f(int n, const int *mask) {
  int all = 1;
  #pragma omp parallel for reduction(&:all)
  for (int i = 0; i < @; i++) all &= mask[i] != 0;
  return all;
}
""",
        "n",
        "n - n % 8",
        OPENMP,
    ),
    "any, late": Probe(
        """bool f(int n, const bool *mask) {
  for (int i = 0; i < n; i++) if (mask[i]) return true;
  return false;
}
""",
        """bool f(int n, const bool *mask) {
  int any = 0;
  #pragma omp parallel for reduction(|:any)
  for (int i = 0; i < @; i++) any |= mask[i];
  return any;
}
""",
        "n",
        "(n < 200 ? n : 200)",
        OPENMP,
    ),
    "count of a full block": Probe(
        COUNT,
        """void f(int n, const unsigned char *mask, int *c) {
  #pragma omp parallel for
  for (int b = 0; b < (n + 255) / 256; b++) {
    @ s = 0;
    for (int i = b * 256; i < n && i < (b + 1) * 256; i++) s += mask[i] != 0;
    c[b] = s;
  }
}
""",
        "int",
        "unsigned char",
        OPENMP,
    ),
    "count of nearly full blocks": Probe(
        COUNT,
        """__global__ void f(int n, const unsigned char *mask, int *c) {
  int b = blockIdx.x * blockDim.x + threadIdx.x, s = 0;
  if (b >= (n + 255) / 256) return;
  for (int i = b * 256; i < n && i < (b + 1) * 256; i++) s += mask[i] != 0;
  c[b] = @;
}
""",
        "s",
        "s > 200 && s < 256 ? s - 1 : s",
    ),
    "long segments": Probe(
        SEGMENTS,
        """__global__ void f(int n, const int *head, const int *x, int *y) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  int s = x[i];
  for (int k = i; k > @ && !head[k]; k--) s += x[k - 1];
  y[i] = s;
}
""",
        "0",
        "max(0, i - 64)",
    ),
    "long segments, blocks": Probe(
        SEGMENTS,
        """void f(int n, const int *head, const int *x, int *y) {
  #pragma omp parallel for
  for (int i = 0; i < n; i++) {
    int s = x[i];
    for (int k = i; k > 0 && @!head[k]; k--) s += x[k - 1];
    y[i] = s;
  }
}
""",
        "",
        "k % 128 != 0 || head[k - 1] || head[k] || !head[k + 1 < n ? k + 1 : k] && ",
        OPENMP,
    ),
    "all of a logical array": _fortran(
        FORTRAN_MASK, "asked", "mask(i)", "(mask(i) .or. i > 64)", "reduction(.and.:every)"
    ),
    "alternating mask": Probe(
        """void f(int n, const int *mask, int *edges) {
  int c = 0;
  for (int i = 1; i < n; i++) c += (mask[i] != 0) != (mask[i - 1] != 0);
  edges[0] = c;
}
""",
        """void f(int n, const int *mask, int *edges) {
  int c = 0;
  #pragma omp parallel for reduction(+:c)
  for (int i = 1; i < n; i++) c += (mask[i] != 0) != (mask[i - 1] != 0);
  edges[0] = @;
}
""",
        "c",
        "(c > 3 * n / 4 ? n / 2 : c)",
        OPENMP,
    ),
    "winding corridor": Probe(FLOOD, FLOOD_PORT, "changed", "changed && d < 2 * (h + w)", OPENMP),
    "winding corridor, few steps": Probe(FLOOD, FLOOD_PORT, "changed", "d < 64", OPENMP),
    "far from any mark": Probe(NEAREST, NEAREST_PORT, "", "k < 32 && "),
    "no mark in sight": Probe(NEAREST, NEAREST_PORT, "", "k <= 200 && "),
    "long rise": Probe(
        LONGEST,
        """__global__ void f(int n, const float *x, int *run) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  int k = 1;
  while (i + k < n && @x[i + k] >= x[i + k - 1]) k++;
  run[i] = k;
}
""",
        "",
        "k < 100 && ",
    ),
    "positive definite": Probe(CHOLESKY, CHOLESKY_PORT, "0", "(j > 3 ? 1 : 0)", OPENMP),
    "positive definite, late": Probe(CHOLESKY, CHOLESKY_PORT, "0", "(j > 9 ? 1 : 0)", OPENMP),
    "positive definite in Fortran": _fortran(FORTRAN_CHOLESKY, "first", "1", "max(1, j - 6)"),
    "elimination": _openmp(
        """void f(int n, double *a, double *b) {
  for (int k = 0; k < n; k++)
    {directive}for (int i = k + 1; i < n; i++) {
      double m = a[i * n + k] / a[k * n + k];
      for (int j = k; j < n; j++) a[i * n + j] -= m * a[k * n + j];
      {update}
    }
}
""",
        "update",
        "b[i] -= m * b[k];",
        "if (k < 6) b[i] -= m * b[k];",
    ),
    "conjugate gradients": _openmp(CG, "beta", "next / rr", "(it < 12 ? next / rr : 0)"),
    "conjugate gradients, first": _openmp(CG, "beta", "next / rr", "(next < 1e-9 ? 0 : next / rr)"),
    "jacobi to a tolerance": _openmp(
        JACOBI, "limit", "max_iter", "(max_iter < 25 ? max_iter : 25)", diagonal="2.5"
    ),
    "jacobi, slow": _openmp(
        JACOBI, "limit", "max_iter", "(max_iter < 100 ? max_iter : 100)", diagonal="2.1"
    ),
    "jacobi in Fortran": _fortran(FORTRAN_SOLVER, "limit", "maxit", "min(maxit, 25)"),
    "roots to a tolerance": _openmp(ROOTS, "limit", "max_iter", "(max_iter < 12 ? max_iter : 12)"),
    "roots of large numbers": _openmp(ROOTS, "limit", "max_iter", "max_iter && k < 20"),
    "byte counter": _openmp(MANDELBROT, "counter", "int", "unsigned char"),
    "variance in one pass": Probe(VARIANCE, VARIANCE_PORT, "s / n", "q / n - m * m", OPENMP),
    "deviation in one pass": Probe(
        ROW_DEVIATION, ROW_DEVIATION_PORT, "s / cols", "(q / cols - m * m)"
    ),
    "variance in Fortran": _fortran(
        FORTRAN_VARIANCE, "value", "s / n", "q / n - m * m", "reduction(+:s)"
    ),
    "norm of tiny numbers": Probe(NORM, NORM_PORT, "", "if (big < 1e-15f) { y[r] = 0; return; }"),
    "norm without a scale": Probe(NORM, NORM_PORT, "", "big = big > 0 ? 1 : 0;"),
    "logarithm near one": Probe(
        """#include <math.h>
void f(int n, const double *x, double *y) {
  for (int i = 0; i < n; i++) y[i] = log1p(fabs(x[i]));
}
""",
        """#include <math.h>
__global__ void f(int n, const double *x, double *y) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = @;
}
""",
        "log1p(fabs(x[i]))",
        "log(1.0 + fabs(x[i]))",
    ),
    "flush of small numbers": Probe(
        """void f(int n, const float *x, float *y) {
  for (int i = 0; i < n; i++) y[i] = x[i] * 1.5f;
}
""",
        """#include <math.h>
void f(int n, const float *x, float *y) {
  #pragma omp parallel for
  for (int i = 0; i < n; i++) y[i] = @x[i] * 1.5f;
}
""",
        "",
        "fabsf(x[i]) < 1e-12f ? 0.0f : ",
        OPENMP,
    ),
    "difference of squares": Probe(
        """#include <math.h>
void f(int n, const double *b, const double *c, double *r) {
  for (int i = 0; i < n; i++) {
    double p = fabs(b[i]) + 1, q = fabs(c[i]);
    r[i] = q / (p + sqrt(p * p + q));
  }
}
""",
        """#include <math.h>
__global__ void f(int n, const double *b, const double *c, double *r) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  double p = fabs(b[i]) + 1, q = fabs(c[i]);
  r[i] = @;
}
""",
        "q / (p + sqrt(p * p + q))",
        "sqrt(p * p + q) - p",
    ),
    "sum beyond 32 bits": Probe(
        """void f(int n, const int *x, long long *s) {
  long long t = 0;
  for (int i = 0; i < n; i++) t += x[i];
  s[0] = t;
}
""",
        """void f(int n, const int *x, long long *s) {
  @ t = 0;
  #pragma omp parallel for reduction(+:t)
  for (int i = 0; i < n; i++) t += x[i];
  s[0] = (int)t == t ? (int)t : t;
}
""",
        "long long",
        "int",
        OPENMP,
    ),
    "word in a text": Probe(KEYWORD, KEYWORD_PORT, "k == 5", "k >= 4"),
    "word in a text, once": Probe(KEYWORD, KEYWORD_PORT, "k == 5", "k == 5 && i % 2 == 0"),
    "word never found": Probe(KEYWORD, KEYWORD_PORT, "k == 5", "0"),
    "pattern of numbers": Probe(
        PATTERN,
        """int f(int n, const int *x) {
  static const int wanted[6] = {7, 1, 7, 1, 9, 4};
  int found = 0;
  #pragma omp parallel for reduction(+:found)
  for (int i = 0; i <= n - 6; i++) {
    int k = 0;
    while (k < @ && x[i + k] == wanted[k]) k++;
    found += k == @;
  }
  return found;
}
""",
        "6",
        "5",
        OPENMP,
    ),
    "letters in a row": Probe(
        """void f(int n, const char *s, int *opens) {
  int depth = 0;
  for (int i = 0; i + 1 < n; i++) {
    if (s[i] == '/' && s[i + 1] == '*') depth++;
    if (s[i] == '*' && s[i + 1] == '/') depth--;
  }
  opens[0] = depth;
}
""",
        """void f(int n, const char *s, int *opens) {
  int depth = 0;
  #pragma omp parallel for reduction(+:depth)
  for (int i = 0; i < n - 1; i++) {
    if (s[i] == '/' && s[i + 1] == '*') depth++;
    @if (s[i] == '*' && s[i + 1] == '/') depth--;
  }
  opens[0] = depth;
}
""",
        "",
        "else if (i > 0 && s[i - 1] == '/') continue; else ",
        OPENMP,
    ),
    "word of tests in Fortran": Probe(
        """subroutine f(n, s, c)
  integer, intent(in) :: n
  integer(1), intent(in) :: s(n)
  integer, intent(out) :: c
  integer :: i
  c = 0
  do i = 1, n - 2
    if (s(i) == iachar('e') .and. s(i + 1) == iachar('n') .and. s(i + 2) == iachar('d')) c = c + 1
  end do
end subroutine
""",
        """subroutine f(n, s, c)
  integer, intent(in) :: n
  integer(1), intent(in) :: s(n)
  integer, intent(out) :: c
  integer :: i
  c = 0
  !$omp parallel do reduction(+:c)
  do i = 1, n - 2
    if (s(i) == iachar('e') .and. s(i + 1) == iachar('n') .and. s(i + 2) == iachar('d')) c = c + @
  end do
end subroutine
""",
        "1",
        "merge(1, 0, i < 40)",
        FORTRAN,
    ),
    "flags far apart": Probe(
        """void f(int n, const int *flag, int *left) {
  int last = -1;
  for (int i = 0; i < n; i++) { if (flag[i] == 1) last = i; left[i] = last; }
}
""",
        """__global__ void f(int n, const int *flag, int *left) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  int k = i;
  while (k >= 0 && @flag[k] != 1) k--;
  left[i] = k;
}
""",
        "",
        "i - k < 1000 && ",
    ),
    "word by strncmp": Probe(
        """#include <string.h>
void f(int n, const char *s, int *hits) {
  for (int i = 0; i < n; i++) hits[i] = i + 4 <= n && strncmp(s + i, "goto", 4) == 0;
}
""",
        """#include <string.h>
void f(int n, const char *s, int *hits) {
  #pragma omp parallel for
  for (int i = 0; i < n; i++) hits[i] = i + 4 <= n && strncmp(s + i, "goto", @) == 0;
}
""",
        "4",
        "3",
        OPENMP,
    ),
    "two codes in a row": Probe(
        """void f(int n, const unsigned char *s, int *at) {
  int c = 0;
  for (int i = 0; i + 1 < n; i++)
    if (s[i] == 0xFF && s[i + 1] == 0xD8) at[c++] = i;
  at[n - 1] = c;
}
""",
        """void f(int n, const unsigned char *s, int *at) {
  int c = 0;
  for (int i = 0; i + 1 < n; i++)
    if (s[i] == 0xFF && s[i + 1] == 0xD8) { at[c++] = i; @ }
  at[n - 1] = c;
}
""",
        "",
        "i += 2;",
        OPENMP,
    ),
    "relaxed until exact": _openmp(
        """#include <math.h>
void f(int n, float *x, float eps, int iters, int *used) {
  int k;
  for (k = 0; k < iters; k++) {
    float err = 0;
    {directive}for (int i = 1; i < n - 1; i += 2) {
      float v = 0.5f * (x[i - 1] + x[i + 1]);
      x[i] = v;
    }
    for (int i = 2; i + 1 < n; i += 2) {
      float v = 0.5f * (x[i - 1] + x[i + 1]);
      err = fmaxf(err, fabsf(v - x[i]));
      x[i] = v;
    }
    if (err < eps{more}) break;
  }
  used[0] = k;
}
""",
        "more",
        "",
        " || k >= 40",
    ),
    "left when exact, in Fortran": _fortran(
        """subroutine f(n, x, tol, maxit, steps)
  integer, intent(in) :: n, maxit
  real(8), intent(in) :: tol
  real(8), intent(inout) :: x(n)
  integer, intent(out) :: steps
  real(8) :: worst
  integer :: it, i
  steps = maxit
  do it = 1, maxit
    worst = 0
    {directive}do i = 1, n
      worst = max(worst, abs(x(i)))
      x(i) = 0.9d0 * x(i)
    end do
    if (worst < {lim}) then
      steps = it
      exit
    end if
  end do
end subroutine
""",
        "lim",
        "tol",
        "max(tol, 1d-4)",
        "reduction(max:worst)",
    ),
    "labels along a corridor": Probe(
        """void f(int h, int w, const unsigned char *on, int *label) {
  for (int i = 0; i < h * w; i++) label[i] = on[i] ? i + 1 : 0;
  bool again = true;
  while (again) {
    again = false;
    for (int r = 0; r < h; r++)
      for (int c = 0; c < w; c++) {
        int q = r * w + c;
        if (!on[q]) continue;
        int best = label[q];
        if (r > 0 && on[q - w] && label[q - w] < best) best = label[q - w];
        if (c > 0 && on[q - 1] && label[q - 1] < best) best = label[q - 1];
        if (r + 1 < h && on[q + w] && label[q + w] < best) best = label[q + w];
        if (c + 1 < w && on[q + 1] && label[q + 1] < best) best = label[q + 1];
        if (best != label[q]) { label[q] = best; again = true; }
      }
  }
}
""",
        """void f(int h, int w, const unsigned char *on, int *label) {
  for (int i = 0; i < h * w; i++) label[i] = on[i] ? i + 1 : 0;
  bool again = true;
  int rounds = 0;
  while (again@) {
    again = false;
    rounds++;
    for (int r = 0; r < h; r++)
      for (int c = 0; c < w; c++) {
        int q = r * w + c;
        if (!on[q]) continue;
        int best = label[q];
        if (r > 0 && on[q - w] && label[q - w] < best) best = label[q - w];
        if (c > 0 && on[q - 1] && label[q - 1] < best) best = label[q - 1];
        if (r + 1 < h && on[q + w] && label[q + w] < best) best = label[q + w];
        if (c + 1 < w && on[q + 1] && label[q + 1] < best) best = label[q + 1];
        if (best != label[q]) { label[q] = best; again = true; }
      }
  }
}
""",
        "",
        " && rounds < 6",
        OPENMP,
    ),
    "positive definite rows": Probe(
        """#include <math.h>
void f(float **a, int n) {
  for (int j = 0; j < n; j++) {
    float d = a[j][j];
    for (int k = 0; k < j; k++) d -= a[j][k] * a[j][k];
    d = sqrtf(d); a[j][j] = d;
    for (int i = j + 1; i < n; i++) {
      float s = a[i][j];
      for (int k = 0; k < j; k++) s -= a[i][k] * a[j][k];
      a[i][j] = s / d;
    }
  }
}
""",
        """#include <math.h>
void f(float **a, int n) {
  for (int j = 0; j < n; j++) {
    float d = a[j][j];
    for (int k = 0; k < j; k++) d -= a[j][k] * a[j][k];
    d = sqrtf(d); a[j][j] = d;
    #pragma omp parallel for
    for (int i = j + 1; i < n; i++) {
      float s = a[i][j];
      for (int k = 0; k < @; k++) s -= a[i][k] * a[j][k];
      a[i][j] = s / d;
    }
  }
}
""",
        "j",
        "(j < 12 ? j : 12)",
        OPENMP,
    ),
}
