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
