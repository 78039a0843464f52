"""Functions of `std::vector` and `std::array` against ports that are right and wrong."""

from __future__ import annotations

import pytest

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.records import Blame, Outcome, Program

V = "#include <vector>\n#include <array>\n"
AXPY = (
    V + "void axpy(double a, const std::vector<double>& x, std::vector<double>& y) {\n%sfor "
    "(size_t i = 0; i %s x.size(); ++i) y[i] += a * x[i]; }"
)
KERNEL = (
    "__global__ void %s(double a, const double *x, double *y, int n) { int i = blockIdx.x "
    "* blockDim.x + threadIdx.x; if (i < n) y[i] += a * x[i]; }\n"
)
HOST = (
    V
    + KERNEL % "k"
    + """void axpy(double a, const std::vector<double>& x, std::vector<double>& y) {
  int n = x.size(); if (!n) return; double *dx, *dy; cudaMalloc(&dx, n * 8); cudaMalloc(&dy, n * 8);
  cudaMemcpy(dx, x.data(), n * 8, cudaMemcpyHostToDevice); cudaMemcpy(dy, y.data(), n * 8, \
cudaMemcpyHostToDevice);
  k<<<%s, 256>>>(a, dx, dy, n); cudaMemcpy(y.data(), dy, n * 8, cudaMemcpyDeviceToHost); \
cudaFree(dx); cudaFree(dy); }"""
)
JACOBI = (
    V
    + """void jacobi(std::vector<double>& u, std::vector<double>& w, int steps) {
  for (int t = 0; t < steps %% 6; t++) {
%s    for (size_t i = 1; i < (u.empty() ? 0 : u.size() - 1); \
i++) w[i] = 0.5 * (u[i - 1] + u[i + 1]);
    %s; } }"""
)
HIST = (
    V + "void hist(const std::vector<unsigned char>& v, std::array<int, 256>& h) {\n%sfor "
    "(size_t i = 0; i < v.size(); i++) {\n%sh[v[i]]++; } }"
)
GROW = V + "void grow(std::vector<int>& v) {\n%sfor (size_t i = 0; i < v.size(); i++) v[i]++;\n%s }"
PARALLEL, ATOMIC = "#pragma omp parallel for\n", "#pragma omp atomic\n"


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine("emulated", VerifyConfig(mutants=0, tests=8), tmp_path_factory.mktemp("verdicts"))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("name", "source", "dialect", "target", "outcome"),
    [
        ("axpy", AXPY % ("", "<"), "openmp", AXPY % (PARALLEL, "<"), Outcome.EQUIVALENT),
        ("axpy", AXPY % ("", "<"), "openmp", AXPY % (PARALLEL, "<="), Outcome.MEMORY_ERROR),
        ("axpy", AXPY % ("", "<"), "cuda", KERNEL % "axpy", Outcome.EQUIVALENT),
        (
            "axpy",
            AXPY % ("", "<"),
            "cuda",
            (KERNEL % "axpy").replace("< n", "< n - 1"),
            Outcome.MISMATCH,
        ),
        ("axpy", AXPY % ("", "<"), "cuda", HOST % "(n + 255) / 256", Outcome.EQUIVALENT),
        ("axpy", AXPY % ("", "<"), "cuda", HOST % "n / 256", Outcome.MISMATCH),
        (
            "jacobi",
            JACOBI % ("", "std::swap(u, w)"),
            "openmp",
            JACOBI % (PARALLEL, "u.swap(w)"),
            Outcome.EQUIVALENT,
        ),
        (
            "jacobi",
            JACOBI % ("", "std::swap(u, w)"),
            "openmp",
            JACOBI % (PARALLEL, "u = w"),
            Outcome.MISMATCH,
        ),
        ("hist", HIST % ("", ""), "openmp", HIST % (PARALLEL, ATOMIC), Outcome.EQUIVALENT),
        ("hist", HIST % ("", ""), "openmp", HIST % (PARALLEL, ""), Outcome.RACE),
    ],
)
def test_ports_of_functions_of_vectors(engine, name, source, dialect, target, outcome):
    verdict = engine.verify(Pair(Program("cpp", name, source), Program(dialect, name, target)))
    assert verdict.outcome is outcome, verdict.detail


def test_a_vector_that_a_port_lengthens(engine):
    """It frees memory that no allocator gave: whether that one aborts or looks for itself where
    nothing lies hangs on the address.
    """
    verdict = engine.verify(
        Pair(
            Program("cpp", "grow", GROW % ("", "")),
            Program("openmp", "grow", GROW % (PARALLEL, "v.push_back(1);")),
        )
    )
    assert (
        verdict.outcome in (Outcome.MEMORY_ERROR, Outcome.RUNTIME_ERROR)
        and verdict.blame is Blame.TARGET
    )


def test_a_source_that_makes_its_vector_longer_is_no_test(engine):
    verdict = engine.verify(
        Pair(
            Program("cpp", "grow", GROW % ("", "v.push_back(1);")),
            Program("openmp", "grow", GROW % (PARALLEL, "v.push_back(1);")),
        )
    )
    assert verdict.equivalent is None, verdict
