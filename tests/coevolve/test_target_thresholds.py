"""A target is also tested at the sizes that only its own text compares with."""

from __future__ import annotations

import pytest

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.records import Outcome, Program
from translator.judge import JudgeConfig

DOT = Program(
    "cpp",
    "dot",
    "double dot(int n, const double *x) { double s = 0; for (int i = 0; i < n; i++) { "
    "double t = x[i] * x[i]; s += t; } return s; }",
)
CUT = """#define FEW 40000
double dot(int n, const double *x) {
  double s = 0%s;
  if (n < FEW) { for (int i = 0; i < n; i++) s += x[i] * x[i]; return s; }
  #pragma omp parallel for reduction(+:s)
  for (int i = 0; i < n; i++) { %st = x[i] * x[i]; s += t; }
  return s;
}"""
RIGHT, WRONG = (Program("openmp", "dot", CUT % parts) for parts in (("", "double "), (", t", "")))
SCALE = Program(
    "cpp",
    "scale",
    "void scale(int rows, int cols, float *a) { for (int i = 0; i < rows; i++) for (int j "
    "= 0; j < cols; j++) a[i * cols + j] *= 2; }",
)
HOST = """__global__ void k(int n, float *a) { int i = blockIdx.x * blockDim.x + threadIdx.x; \
if (i < n) a[i] *= 2; }
void scale(int rows, int cols, float *a) {
  int n = rows * cols;
  if (n < 16384) { for (int i = 0; i < n; i++) a[i] *= 2; return; }
  float *d; cudaMalloc(&d, n * sizeof(float)); cudaMemcpy(d, a, n * sizeof(float), \
cudaMemcpyHostToDevice);
  k<<<%s, 256>>>(n, d);
  cudaMemcpy(a, d, n * sizeof(float), cudaMemcpyDeviceToHost); cudaFree(d);
}"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine(
        "emulated",
        VerifyConfig(mutants=0, judge=JudgeConfig(require_parallel=True)),
        tmp_path_factory.mktemp("verdicts"),
    )
    yield made
    made.close()


@pytest.mark.parametrize(
    ("source", "target", "outcome"),
    [
        (DOT, RIGHT, Outcome.EQUIVALENT),
        (DOT, WRONG, Outcome.RACE),
        (SCALE, Program("cuda", "scale", HOST % "(n + 255) / 256"), Outcome.EQUIVALENT),
        (SCALE, Program("cuda", "scale", HOST % "n / 256"), Outcome.MISMATCH),
    ],
)
def test_what_a_serial_way_for_small_sizes_hides_is_seen(engine, source, target, outcome):
    verdict = engine.verify(Pair(source, target))
    assert verdict.outcome is outcome, verdict.detail
    assert not verdict.serial
    if outcome is not Outcome.EQUIVALENT:
        assert verdict.test_index == -1 and (
            "n=40000" in verdict.detail or "rows=" in verdict.detail
        )


def test_a_counter_of_16_bits_is_taken_beyond_them(engine):
    source = Program(
        "cpp", "triple", "void triple(int n, int *a) { for (int i = 0; i < n; i++) a[i] *= 3; }"
    )
    kernel = (
        "__global__ void triple(int n, int *a) { %s i = blockIdx.x * blockDim.x + "
        "threadIdx.x; if (i < n) a[i] *= 3; }"
    )
    wrong = engine.verify(Pair(source, Program("cuda", "triple", kernel % "unsigned short")))
    assert not wrong.equivalent and "n=65537" in wrong.detail, wrong.detail
    assert engine.verify(Pair(source, Program("cuda", "triple", kernel % "int"))).equivalent


# Few elements fulfil the condition. Of whole numbers usual contents are as large as the size, which
# may make them places: then none does.
MASKED = """double masked(int n, const double *m, const %s *v, const %s *w, %s limit) {
  double s = 0;
  %s
  for (int i = 0; i < n; i++) {
    %s t = v[i] * v[i] + w[i] * w[i];
    if (t <= limit) s += %s * m[i] * t;
  }
  %s
  return s;
}"""
ROWS = """void largest(int rows, int cols, const double *a, double *m) {
  %s
  for (int r = 0; r < rows; r++) {
    double best = 0;
    for (int c = 0; c < cols%s; c++) if (a[r * cols + c] > best) best = a[r * cols + c];
    m[r] = best;
  }
}"""
ALL = "#pragma omp parallel for reduction(+ : s)"


@pytest.mark.parametrize("type_", ["double", "int"])
@pytest.mark.parametrize(
    ("factor", "after"),
    [
        ("0.5", ""),
        ("0.5", "if (n > 10000) s = 0;"),
        ("(i > 5000 ? 0.25 : 0.5)", ""),
        ("(i > 50000 ? 0.25 : 0.5)", ""),
    ],
)
def test_a_size_of_which_nothing_is_seen_does_not_count_as_tried(engine, type_, factor, after):
    def write(directive, *parts):
        return MASKED % (type_, type_, type_, directive, type_, *parts)

    source = Program("cpp", "masked", write("", "0.5", ""))
    verdict = engine.verify(Pair(source, Program("openmp", "masked", write(ALL, factor, after))))
    assert verdict.equivalent is (factor == "0.5" and not after), verdict.detail


@pytest.mark.parametrize(
    ("cap", "same"), [("", True), (" && c < 1000", False), (" && c < 4000", False)]
)
def test_a_number_that_ends_a_loop_beside_the_size_is_tried(engine, cap, same):
    source = Program("cpp", "largest", ROWS % ("", ""))
    target = Program("openmp", "largest", ROWS % ("#pragma omp parallel for", cap))
    verdict = engine.verify(Pair(source, target))
    assert verdict.equivalent is same, verdict.detail
    assert same or "beyond those of the suite" in verdict.detail


SUMS = """__device__ double part[512];
__global__ void k(int n, const double *x) {
  double s = 0;
  for (int i = blockIdx.x * 128; i < n && i < (blockIdx.x + 1) * 128; i++) s += x[i] * x[i];
  if (threadIdx.x == 0%s) part[blockIdx.x] = s;
}
double dot(int n, const double *x) {
  double *dx, h[512], s = 0;
  int nb = (n + 127) / 128;
  cudaMalloc(&dx, n * sizeof(double));
  cudaMemcpy(dx, x, n * sizeof(double), cudaMemcpyHostToDevice);
  if (nb > 0) k<<<nb, 128>>>(n, dx);
  cudaMemcpyFromSymbol(h, part, (nb < 512 ? nb : 512) * sizeof(double));
  for (int b = 0; b < nb && b < 512; b++) s += h[b];
  cudaFree(dx);
  return s;
}"""


@pytest.mark.parametrize(
    ("guard", "outcome"), [("", Outcome.MEMORY_ERROR), (" && blockIdx.x < 512", Outcome.MISMATCH)]
)
def test_a_device_array_of_one_place_for_each_block_ends(engine, guard, outcome):
    verdict = engine.verify(Pair(DOT, Program("cuda", "dot", SUMS % guard)))
    assert verdict.outcome is outcome and "n=69633" in verdict.detail, verdict.detail


def test_a_suite_that_was_given_is_all_that_is_asked():
    engine = Engine("emulated", VerifyConfig(mutants=0))
    assert engine.verify(Pair(DOT, WRONG, "n=65 x[n]=uniform(-1,1)@3")).equivalent
    engine.close()


def test_numbers_of_the_source_or_within_the_suite_ask_for_nothing(engine, monkeypatch):
    monkeypatch.setattr(
        "coevolve.verification.target_thresholds.validate_suite",
        lambda *_, **__: pytest.fail("a further test was made"),
    )
    small = Program("cpp", "dot", DOT.text.replace("return s", "if (n > 100) return s; return s"))
    assert engine.verify(Pair(DOT, small)).equivalent
    both = (
        Program("cpp", "dot", DOT.text.replace("return s", f"if (n > {limit}) return s; return s"))
        for limit in ("10000", "100 * 100")
    )
    assert engine.verify(Pair(*both)).equivalent


LARGEST = Program(
    "cpp",
    "largest",
    """double largest(int n, const double *x, int *where) {
  double best = 0; int at = -1;
  for (int i = 0; i < n; i++) {
    double a = x[i] < 0 ? -x[i] : x[i];
    if (at < 0 || a > best) { best = a; at = i; }
  }
  *where = at;
  return best;
}""",
)
LARGEST_OMP = """double largest(int n, const double *x, int *where) {
  *where = -1;
  if (n <= 0) return 0;
  const double first = x[0] < 0 ? -x[0] : x[0];
  double best = first; int at = 0;
  #pragma omp parallel
  {
    double mine = first; int k = 0;
    #pragma omp for nowait
    for (int i = 1; i < %s; i++) {
      double a = x[i] < 0 ? -x[i] : x[i];
      if (a > mine) { mine = a; k = i; }
    }
    #pragma omp critical
    if (mine > best || (mine == best && k < at)) { best = mine; at = k; }
  }
  *where = at;
  return best;
}"""
LARGEST_CUDA = """#define T 128
__global__ void parts(int n, const double *x, double *val, int *idx) {
  __shared__ double sv[T]; __shared__ int si[T];
  double best = 0; int k = -1;
  for (int i = threadIdx.x; i < n; i += T) {
    double a = fabs(x[i]);
    if (k < 0 || %s) { best = a; k = i; }
  }
  sv[threadIdx.x] = best; si[threadIdx.x] = k;
  __syncthreads();
  for (int s = T / 2; s > 0; s >>= 1) {
    if (threadIdx.x < s) {
      int me = threadIdx.x, o = me + s;
      if (si[o] >= 0 && (si[me] < 0 || sv[o] > sv[me] %s || (sv[o] == sv[me] && si[o] < si[me]))) {
        sv[me] = sv[o]; si[me] = si[o];
      }
    }
    __syncthreads();
  }
  if (threadIdx.x == 0) { *val = sv[0]; *idx = si[0]; }
}
double largest(int n, const double *x, int *where) {
  *where = -1;
  if (n <= 0) return 0;
  double *dx, *dv, v; int *di;
  cudaMalloc(&dx, n * sizeof(double)); cudaMalloc(&dv, sizeof(double));
  cudaMalloc(&di, sizeof(int));
  cudaMemcpy(dx, x, n * sizeof(double), cudaMemcpyHostToDevice);
  parts<<<1, T>>>(n, dx, dv, di);
  cudaMemcpy(&v, dv, sizeof(double), cudaMemcpyDeviceToHost);
  cudaMemcpy(where, di, sizeof(int), cudaMemcpyDeviceToHost);
  cudaFree(dx); cudaFree(dv); cudaFree(di);
  return v;
}"""
BINS = Program(
    "cpp",
    "bins",
    """void bins(int n, const float *x, float lo, float hi, int m, int *count) {
  if (m <= 0 || !(hi > lo)) return;
  float scale = m / (hi - lo);
  for (int i = 0; i < n; i++) {
    if (x[i] < lo || x[i] >= hi) continue;
    int b = (int)((x[i] - lo) * scale);
    count[b < m ? b : m - 1]++;
  }
}""",
)
BINS_CUDA = """__global__ void fill(int n, const float *x, float lo, float hi, int m, float scale,
                     int *count) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += %s) {
    float v = x[i];
    if (v >= lo && v < hi) {
      int b = (int)((v - lo) * scale);
      atomicAdd(&count[b < m ? b : m - 1], 1);
    }
  }
}
void bins(int n, const float *x, float lo, float hi, int m, int *count) {
  if (n <= 0 || m <= 0 || !(hi > lo)) return;
  float *dx; int *dc, blocks = (n + 255) / 256;
  cudaMalloc(&dx, n * sizeof(float)); cudaMalloc(&dc, m * sizeof(int));
  cudaMemcpy(dx, x, n * sizeof(float), cudaMemcpyHostToDevice);
  cudaMemcpy(dc, count, m * sizeof(int), cudaMemcpyHostToDevice);
  fill<<<blocks < 64 ? blocks : 64, 256>>>(n, dx, lo, hi, m, m / (hi - lo), dc);
  cudaMemcpy(count, dc, m * sizeof(int), cudaMemcpyDeviceToHost);
  cudaFree(dx); cudaFree(dc);
}"""
SWEEP = Program(
    "cpp",
    "sweep",
    """void sweep(int nx, int ny, const double *u, double *v) {
  for (int j = 1; j < ny - 1; j++)
    for (int i = 1; i < nx - 1; i++)
      v[j * nx + i] = u[j * nx + i - 1] + u[j * nx + i + 1] + u[(j - 1) * nx + i];
}""",
)
SWEEP_CUDA = """#define TX 16
#define TY 8
__global__ void tiles(int nx, int ny, const double *u, double *v) {
  __shared__ double t[TY + 1][TX + 2];
  int i = blockIdx.x * TX + threadIdx.x, j = blockIdx.y * TY + threadIdx.y;
  int lx = threadIdx.x + 1, ly = threadIdx.y + 1;
  if (i < nx && j < ny) {
    t[ly][lx] = u[j * nx + i];
    if (threadIdx.x == 0 && i > 0) t[ly][0] = u[j * nx + i - 1];
    if (threadIdx.x == TX - 1 && i + %d < nx) t[ly][TX + 1] = u[j * nx + i + 1];
    if (threadIdx.y == 0 && j > 0) t[0][lx] = u[(j - 1) * nx + i];
  }
  __syncthreads();
  if (i >= 1 && i < nx - 1 && j >= 1 && j < ny - 1)
    v[j * nx + i] = t[ly][lx - 1] + t[ly][lx + 1] + t[ly - 1][lx];
}
void sweep(int nx, int ny, const double *u, double *v) {
  if (nx < 3 || ny < 3) return;
  size_t bytes = (size_t)nx * ny * sizeof(double);
  double *du, *dv;
  cudaMalloc(&du, bytes); cudaMalloc(&dv, bytes);
  cudaMemcpy(du, u, bytes, cudaMemcpyHostToDevice);
  cudaMemcpy(dv, v, bytes, cudaMemcpyHostToDevice);
  tiles<<<dim3((nx + TX - 1) / TX, (ny + TY - 1) / TY), dim3(TX, TY)>>>(nx, ny, du, dv);
  cudaMemcpy(v, dv, bytes, cudaMemcpyDeviceToHost);
  cudaFree(du); cudaFree(dv);
}"""


@pytest.mark.parametrize(
    ("source", "dialect", "text", "right", "wrong"),
    [
        # one element is left out, and only the largest one tells
        (LARGEST, "openmp", LARGEST_OMP, ("n",), ("(n > 200000 ? n - n % 64 : n)",)),
        # a grid that ends, where usual contents lie outside of all bins
        (BINS, "cuda", BINS_CUDA, ("gridDim.x * blockDim.x",), ("n",)),
        # a tile's last column is the only one of the next tile
        (SWEEP, "cuda", SWEEP_CUDA, (1,), (2,)),
        # what is no number hides what is compared with it later
        (LARGEST, "cuda", LARGEST_CUDA, None, ("a > best", "")),
    ],
)
def test_ports_that_fail_at_one_size_or_behind_one_value_alone(
    engine, source, dialect, text, right, wrong
):
    """Each wrong one was called equivalent."""
    if right is not None:
        verdict = engine.verify(Pair(source, Program(dialect, source.name, text % right)))
        assert verdict.equivalent, verdict.detail
    verdict = engine.verify(Pair(source, Program(dialect, source.name, text % wrong)))
    assert verdict.outcome in (Outcome.MISMATCH, Outcome.MEMORY_ERROR), verdict.detail


def test_a_variable_that_a_simd_loop_writes_back_is_no_race(engine):
    source = Program(
        "cpp",
        "sten",
        "void sten(int n, const double *x, double *y) { for (int i = 1; i < n - 1; i++) "
        "y[i] = x[i - 1] + x[i + 1]; }",
    )
    text = (
        "void sten(int n, const double *x, double *y) {\n  int i;\n"
        "#pragma omp parallel for simd\n  for (i = 1; i < n - 1; i++) %s;\n}"
    )
    right = Program("openmp", "sten", text % "y[i] = x[i - 1] + x[i + 1]")
    assert engine.verify(Pair(source, right)).equivalent
    wrong = Program("openmp", "sten", text % "{ y[i] = x[i - 1] + x[i + 1]; y[1] = x[0] + x[2]; }")
    assert engine.verify(Pair(source, wrong)).outcome is Outcome.RACE
