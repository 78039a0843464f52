"""Compiling Fortran: every way to declare an argument, results and logicals, the precise and the
checked variant.
"""

from __future__ import annotations

import numpy as np
import pytest

from corpora.records import Parameter, Program
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import Arguments, CompileRequest, Status, Variant
from gpu_runtime.call.shims_fortran import checks_presence
from gpu_runtime.compile import compiler as compile_module
from gpu_runtime.compile.toolchain import find_toolchain
from gpu_runtime.emulation.backend import EmulatedBackend

pytestmark = pytest.mark.skipif(
    find_toolchain().gfortran is None, reason="gfortran is not installed"
)


def read(text, variant=Variant.PLAIN):
    program = Program("fortran", "f", text)
    return CompileRequest(program, read_signature(program), variant)


@pytest.fixture(scope="module")
def backend(tmp_path_factory):
    made = EmulatedBackend(tmp_path_factory.mktemp("cache"))
    yield made
    made.close()


FORTRAN = {
    "explicit": (
        "subroutine f(x, n)\n  integer, intent(in) :: n\n  real, intent(inout) :: x(n)\n  x = "
        "x + 1\nend subroutine",
        [1, 2, 3, 4],
    ),
    "assumed size": (
        "subroutine f(x, n)\n  integer n\n  real x(*)\n  x(1:n) = x(1:n) * 2\nend",
        [0, 2, 4, 6],
    ),
    "assumed shape": (
        "subroutine f(x, n)\n  integer, intent(in) :: n\n  real, intent(inout) :: x(:)\n  x = "
        "size(x) + lbound(x, 1) + n\nend subroutine",
        [9] * 4,
    ),
    "lower bound": (
        "subroutine f(x, n)\n  integer :: n\n  real :: x(0:n-1)\n  x(0) = x(n-1)\nend subroutine",
        [3, 1, 2, 3],
    ),
    "two dimensions": (
        "subroutine f(x, n)\n  integer :: n\n  real :: x(2, n/2)\n  x(2, 1) = 20\n  x(1, 2) = "
        "12\nend subroutine",
        [0, 20, 12, 3],
    ),
    "fixed form": (
        "C     comment\n      SUBROUTINE F(X, N)\n      INTEGER N\n      REAL X(N)\n      X(1) "
        "= X(2)\n     &  + X(3)\n      END\n",
        [3, 1, 2, 3],
    ),
    "helper": (
        "subroutine f(x, n)\n  integer :: n\n  real :: x(n)\n  x = g(2.0)\nend subroutine\n"
        "real function g(y)\n  real :: y\n  g = y * 2\nend function",
        [4] * 4,
    ),
    "external helper": (
        "subroutine f(x, n)\n  integer :: n\n  real :: x(n), g\n  external g\n  x = g(2.0)\n"
        "end subroutine\nreal function g(y)\n  real :: y\n  g = y * 2\nend function",
        [4] * 4,
    ),
    "module": (
        "module m\n  implicit none\n  real, parameter :: two = 2\ncontains\n  subroutine f(x, "
        "n)\n    integer :: n\n    real :: x(n)\n    x = two\n  end subroutine\nend module",
        [2] * 4,
    ),
    "by value": (
        "subroutine f(x, n) bind(c)\n  use iso_c_binding\n  integer(c_int), value :: n\n  "
        "real(c_float) :: x(n)\n  x = n\nend subroutine",
        [4] * 4,
    ),
}


@pytest.mark.parametrize("form", FORTRAN)
def test_fortran_forms(backend, form):
    text, expected = FORTRAN[form]
    made = backend.compile([read(text)])[0]
    assert made.ok, made.diagnostics
    done = backend.run(made, [Arguments((np.arange(4, dtype=np.float32), np.array(4, np.int32)))])[
        0
    ]
    assert done.status is Status.OK, done.detail
    assert done.values[0].tolist() == expected


def test_fortran_results_logicals_and_units(backend):
    fun = read(
        "function f(a, b) result(r)\n  real(8), intent(in) :: a\n  logical, intent(in) :: b\n  "
        "real(8) :: r\n  r = merge(a, -a, b)\nend function"
    )
    flag = read("logical function f(n)\n  integer :: n\n  f = n > 3\nend function")
    bad = read("subroutine f(n)\n  integer :: n\n  n = missing(n)\nend subroutine")
    out = read(
        "subroutine f(ok, n)\n  logical, intent(out) :: ok\n  integer :: n\n  ok = n == 5\nend "
        "subroutine"
    )
    made = backend.compile([fun, bad, flag, out])
    assert [c.ok for c in made] == [True, False, True, True], [c.diagnostics for c in made]
    assert "missing" in made[1].diagnostics
    assert backend.run(made[0], [Arguments((np.array(2.5), np.array(False)))])[0].result == -2.5
    assert [
        bool(e.result)
        for e in backend.run(made[2], [Arguments((np.array(k, np.int32),)) for k in (3, 4)])
    ] == [False, True]
    assert (
        bool(
            backend.run(made[3], [Arguments((np.array(False), np.array(5, np.int32)))])[0].values[0]
        )
        is True
    )


def test_fortran_precise_and_bounds(backend):
    text = (
        "function f(x, n) result(s)\n  integer :: n\n  real :: x(n), s\n  s = 16777216.0\n  "
        "s = s + x(1)\n  s = s + x(2)\n  s = s - 16777216.0\nend function"
    )
    precise, checked = backend.compile([read(text, Variant.PRECISE), read(text, Variant.SANITIZED)])
    assert (
        backend.run(precise, [Arguments((np.ones(2, np.float32), np.array(2, np.int32)))])[0].result
        == 2
    )
    done = backend.run(checked, [Arguments((np.ones(4, np.float32), np.array(1, np.int32)))])[0]
    assert done.status is Status.SANITIZER and "Index '2'" in done.detail


def test_what_is_missing_is_found_among_a_sanitizers_many_references(monkeypatch, backend):
    """Once the linker's list of the sanitizer's own names filled all that is read, and the
    neighbours of such a program could not be loaded.
    """
    body = "\n".join(f" x({k}) = x({k + 1}) * y(n + {k}) + x(n)" for k in range(1, 12))
    text = (
        f"subroutine f(n, x, y)\n integer :: n, elsewhere\n external elsewhere\n real :: "
        f"x(*), y(*)\n{body}\n n = elsewhere(n)\nend subroutine"
    )
    said: list[str] = []
    heard = compile_module._explain_unresolved
    monkeypatch.setattr(
        compile_module,
        "_explain_unresolved",
        lambda text, *rest: said.append(text) or heard(text, *rest),
    )
    made = backend.compile([read(text, Variant.SANITIZED)])[0]
    assert not made.ok and "elsewhere" in made.diagnostics
    assert said[0].count("__asan_report_load4'") == 1  # each name once, however often it is needed
    assert "more than is read" in heard(
        "x" * compile_module.CompilerLimits().output_bytes, None, read(text)
    )


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("if (present(X)) y = 1", True),
        ("if (present( & ! which may be left out\n   & x)) y = 1", True),
        ("y = 1 ! present(x)", False),
        ("print *, 'present(x)'", False),
        ("if (present(xx)) y = 1", False),
    ],
)
def test_presence_is_asked_in_code_alone(line: str, asked: bool) -> None:
    text = f"subroutine f(x, xx, y)\n real, optional :: x(:), xx(:)\n real :: y\n {line}\nend\n"
    assert checks_presence(Parameter("x", "array", "f32"), text) is asked
