"""A launch that a device takes and that is more than is tried here is no fault of the port."""

from __future__ import annotations

import pytest

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.records import Blame, Outcome, Program, UnitTestSuite
from corpora.signatures.signature import read_signature
from corpora.suites.unit_tests import parse_suite

SOURCE = Program(
    "cpp",
    "first",
    "void first(int rows, int cols, const float *a, float *m) {\n"
    "  for (int r = 0; r < rows; r++) m[r] = cols > 0 ? a[r * cols] : 0;\n}",
)
KERNEL = """__global__ void %s(int rows, int cols, const float *a, float *m) {
  int r = blockIdx.%s;
  __shared__ float part[128];
  for (int t = threadIdx.x; t < 128; t += 128) part[t] = t || cols < 1 ? 0 : a[r * cols];
  __syncthreads();
  if (threadIdx.x == 0) m[r] = part[0]%s;
}
"""
HOST = """void first(int rows, int cols, const float *a, float *m) {
  float *x, *y;
  cudaMalloc(&x, (size_t)rows * cols * sizeof(float)); cudaMalloc(&y, rows * sizeof(float));
  cudaMemcpy(x, a, (size_t)rows * cols * sizeof(float), cudaMemcpyHostToDevice);
  k<<<%s, 512>>>(rows, cols, x, y);
  cudaMemcpy(m, y, rows * sizeof(float), cudaMemcpyDeviceToHost); cudaFree(x); cudaFree(y);
}
"""
TESTS = (
    "rows=5 cols=3 a[15]=uniform(-1,1) m[5]=constant(1);"
    "rows=7 cols=2 a[14]=uniform(-1,1) m[7]=constant(1);"
    "rows=3 cols=9 a[27]=uniform(-1,1) m[3]=constant(1);"
    "rows=31 cols=4 a[124]=uniform(-1,1) m[31]=constant(1)"
)
BEYOND = "rows=1048579 cols=1 a[1048579]=uniform(-1,1) m[1048579]=constant(1)"
KERNELS = {
    "bare": KERNEL % ("first", "x", ""),
    "launched": KERNEL % ("k", "x", "") + HOST % "rows",
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine("emulated", VerifyConfig(mutants=0), tmp_path_factory.mktemp("verdicts"))
    yield made
    made.close()


def by_rules(text: str) -> UnitTestSuite:
    return UnitTestSuite(SOURCE.id, parse_suite(text, read_signature(SOURCE)), "rules")


@pytest.mark.parametrize("name", KERNELS)
def test_a_test_that_needs_such_a_launch_is_left_out(engine, name):
    target = Program("cuda", "first", KERNELS[name])
    verdict = engine.verify(Pair(SOURCE, target, by_rules(f"{TESTS};{BEYOND}")))
    assert verdict.outcome is Outcome.EQUIVALENT, verdict.detail
    assert "passed 4 tests; 1 left out: a grid of 1048579 blocks" in verdict.detail
    wrong = Program("cuda", "first", KERNELS[name].replace("part[0];", "part[0] + 1;"))
    assert engine.verify(Pair(SOURCE, wrong, by_rules(f"{TESTS};{BEYOND}"))).equivalent is False


@pytest.mark.parametrize("name", KERNELS)
def test_a_test_that_a_person_gave_is_not_left_out_but_undecided(engine, name):
    target = Program("cuda", "first", KERNELS[name])
    for tests in (f"{TESTS};{BEYOND}", BEYOND):
        verdict = engine.verify(Pair(SOURCE, target, tests))
        decided = (verdict.outcome, verdict.blame)
        assert decided == (Outcome.INVALID_SUITE, Blame.NOBODY), verdict.detail
        assert verdict.equivalent is None and "1048579 blocks" in verdict.detail


def test_a_grid_that_no_device_takes_stays_the_ports_fault(engine):
    tall = "rows=65537 cols=1 a[65537]=uniform(-1,1) m[65537]=constant(1)"
    along_y = KERNEL % ("k", "y", "") + HOST % "dim3(1, rows)"
    verdict = engine.verify(Pair(SOURCE, Program("cuda", "first", along_y), f"{TESTS};{tall}"))
    assert verdict.equivalent is False
    bare = Program("cuda", "first", KERNEL % ("first", "y", ""))
    verdict = engine.verify(Pair(SOURCE, bare, f"{TESTS};{tall}"))
    assert verdict.equivalent is False and "more than a device takes" in verdict.detail
