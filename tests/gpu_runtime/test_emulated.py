"""The back end as a whole: every dialect and variant, races, layouts, parallel compilation."""

from __future__ import annotations

import numpy as np
import pytest

from corpora.dialects import DIALECTS
from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import (
    Arguments,
    CompileRequest,
    ExecutionBackend,
    Geometry,
    Status,
    Variant,
)
from gpu_runtime.call.arena import Layout
from gpu_runtime.compile.toolchain import find_toolchain
from gpu_runtime.emulation.backend import EmulatedBackend, choose_flavor, choose_layout

AXPY = {
    "cpp": "void axpy(int n, double a, const double *x, double *y) { for (int i = 0; i < n; "
    "i++) y[i] += a * x[i]; }",
    "openmp": "void axpy(int n, double a, const double *x, double *y) {\n#pragma omp parallel "
    "for\nfor (int i = 0; i < n; i++) y[i] += a * x[i];\n}",
    "openmp-target": "void axpy(int n, double a, const double *x, double *y) {\n#pragma omp "
    "target teams distribute parallel for map(to: x[0:n]) map(tofrom: y[0:n])\n"
    "for (int i = 0; i < n; i++) y[i] += a * x[i];\n}",
    "cuda": "__global__ void axpy(int n, double a, const double *x, double *y) { int i = "
    "blockIdx.x * blockDim.x + threadIdx.x; if (i < n) y[i] += a * x[i]; }",
    "fortran": "subroutine axpy(n, a, x, y)\n  integer, intent(in) :: n\n  real(8), intent(in) "
    ":: a, x(n)\n  real(8), intent(inout) :: y(n)\n  y = y + a * x\nend subroutine",
    "openmp-fortran": "subroutine axpy(n, a, x, y)\n  integer, intent(in) :: n\n  real(8), "
    "intent(in) :: a, x(n)\n  real(8), intent(inout) :: y(n)\n  integer :: i\n"
    "!$omp parallel do\n  do i = 1, n\n    y(i) = y(i) + a * x(i)\n  end do\nend subroutine",
}
NO_RACES = pytest.mark.skipif(
    find_toolchain().libarcher is None, reason="libomp with Archer is not installed"
)


@pytest.fixture(scope="module")
def backend(tmp_path_factory):
    made: ExecutionBackend = EmulatedBackend(tmp_path_factory.mktemp("cache"), workers=2)
    yield made
    made.close()


def request(dialect, text, name, variant=Variant.PLAIN):
    program = Program(dialect, name, text)
    return CompileRequest(program, read_signature(program), variant)


def test_every_dialect_in_every_variant_gives_the_same(backend):
    assert set(AXPY) == set(DIALECTS)
    n, a, x, y = np.array(70, np.int32), np.array(0.5), np.arange(70.0), np.ones(70)
    arguments = [Arguments((n, a, x, y), geometry=Geometry((3, 1, 1), (32, 1, 1)), threads=2)]
    made = backend.compile(
        [request(d, text, "axpy", v) for v in Variant for d, text in AXPY.items()]
    )
    for one in made:
        what = (one.request.program.dialect, one.request.variant, one.diagnostics)
        if not one.ok:
            assert "has no precise variant" in one.diagnostics or "apt-get" in one.diagnostics, what
            continue
        done = backend.run(one, arguments)[0]
        assert done.status is Status.OK, (*what, done.detail)
        assert np.array_equal(done.values[3], 1 + 0.5 * x), what
        assert bool(done.accesses) == (one.request.variant is Variant.RECORDED or what[0] == "cuda")


RACY = {
    "reduction": (
        "openmp",
        "double total(const double *x, int n) {\n double s = 0;\n#pragma omp parallel for\n "
        "for (int i = 0; i < n; i++)\n  s += x[i];\n return s;\n}",
        5,
    ),
    "private": (
        "openmp-fortran",
        "subroutine total(x, n)\n integer, intent(in) :: n\n real(8), intent(inout) :: x(n)\n "
        "real(8) :: t\n integer :: i\n!$omp parallel do\n do i = 1, n\n"
        "  t = x(i)\n  x(i) = t * 2\n end do\nend subroutine",
        8,
    ),
}
CLEAN = {
    "reduction": (
        "openmp",
        "double total(const double *x, int n) {\n double s = 0;\n#pragma omp parallel for "
        "reduction(+ : s) schedule(dynamic)\n for (int i = 0; i < n; i++) s += x[i];\n return "
        "s;\n}",
    ),
    "atomic": (
        "openmp",
        "double total(const double *x, int n) {\n double s = 0;\n#pragma omp parallel for "
        "schedule(guided)\n for (int i = 0; i < n; i++)\n#pragma omp atomic\n  s += x[i];\n "
        "return s;\n}",
    ),
    "tasks": (
        "openmp",
        "double total(const double *x, int n) {\n double s = 0;\n#pragma omp parallel\n#pragma "
        "omp single\n for (int i = 0; i < n; i++)\n#pragma omp task depend(inout : s)\n  s += "
        "x[i];\n return s;\n}",
    ),
    "critical": (
        "openmp-fortran",
        "subroutine total(x, n)\n integer, intent(in) :: n\n real(8), intent(inout) :: x(n)\n "
        "real(8) :: t\n integer :: i\n t = 0\n!$omp parallel do\n do i = 1, n\n"
        "!$omp critical\n  t = t + x(i)\n!$omp end critical\n end do\n x(1) = t\nend subroutine",
    ),
}
DATA = Arguments((np.arange(200.0), np.array(200, np.int32)), threads=4)


@NO_RACES
@pytest.mark.parametrize("name", RACY)
def test_races_are_found_at_their_line(backend, name):
    dialect, text, line = RACY[name]
    one = backend.compile([request(dialect, text, "total", Variant.RACE_CHECKED)])[0]
    found = [backend.run(one, [DATA])[0] for _ in range(5)]
    assert [e.status for e in found] == [Status.RACE] * 5
    assert any(f"line {line}" in e.detail for e in found), found[0].detail


@NO_RACES
@pytest.mark.parametrize("name", CLEAN)
def test_correct_programs_raise_no_alarm(backend, name):
    one = backend.compile([request(*CLEAN[name], "total", Variant.RACE_CHECKED)])[0]
    assert [e.status for e in backend.run_all(one, [DATA] * 5)] == [Status.OK] * 5


def test_layouts_and_flavours_follow_dialect_and_variant():
    def of(dialect, variant):
        r = request(dialect, AXPY[dialect], "axpy", variant)
        return choose_layout(r), choose_flavor(r)

    assert of("cpp", Variant.PLAIN) == (Layout(), "plain")
    assert (
        of("cpp", Variant.SANITIZED)[1] == "asan"
        and of("openmp", Variant.RACE_CHECKED)[1] == "tsan"
    )
    assert of("cuda", Variant.SANITIZED)[1] == "plain" and of("cuda", Variant.PLAIN)[0].recorded
    assert dict(of("cpp", Variant.PRECISE)[0].convert) == {"f32": 1, "c64": 1, "f64": 2, "c128": 2}


def test_what_did_not_compile_cannot_be_run(backend):
    one = backend.compile([request("cpp", "void f(int *x) { x[0] = y; }", "f")])[0]
    with pytest.raises(ValueError, match="did not compile"):
        backend.run(one, [])


def test_name_tells_missing_walls(backend):
    assert backend.name == "emulated" or backend.name.startswith("emulated+degraded(")
