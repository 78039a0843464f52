"""What a library reads for a program is seen: C's, C++'s, and Fortran's run-time."""

from __future__ import annotations

import numpy as np
import pytest

from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import Arguments, CompileRequest, Status, Variant
from gpu_runtime.emulation.backend import EmulatedBackend

BYTES = "const unsigned char *x, const unsigned char *y, int n"
C = {
    "memcmp": f"#include <cstring>\nint f({BYTES}) {{ return memcmp(x, y, n); }}",
    "equal": f"#include <algorithm>\nint f({BYTES}) {{ return std::equal(x, x + n, y); }}",
    "strncmp": f"#include <cstring>\nint f({BYTES}) "
    "{ return strncmp((const char *)x, (const char *)y, n); }",
    "string": f"#include <string>\nint f({BYTES}) {{ std::string s((const char *)x, n); "
    "return s.compare(0, n, (const char *)y, n); }",
    "mismatch": f"#include <algorithm>\nint f({BYTES}) "
    "{ return std::mismatch(x, x + n, y).first - x; }",
}
"""Functions that compare the first n of two arrays of bytes."""
WHOLE = ("memcmp", "equal", "string")
"""Those that end in `memcmp`."""
FORTRAN = {
    "maxval": ("real(8), intent(in) :: a(n, *)", "r = maxval(a(:, 1:m), dim=2)"),
    "minloc": ("real(8), intent(in) :: a(n, *)", "r = minloc(a(:, 1:m), dim=2)"),
    "norm2": ("real(8), intent(in) :: a(n, *)", "r = norm2(a(:, 1:m), dim=2)"),
    "count": ("logical, intent(in) :: a(n, *)", "r = count(a(:, 1:m), dim=2)"),
    "logical": ("logical, intent(in) :: a(n, *)", "r = 0\n where (a(:, m)) r = 1"),
    "reshape": (
        "real(8), intent(in) :: a(*)",
        "r = sum(reshape(a(1:n*m), [n, m], order=[2, 1]), dim=2)",
    ),
    "spread": ("real(8), intent(in) :: a(*)", "r = sum(spread(a(1:n*m), 1, n), dim=2)"),
    "cshift": (
        "real(8), intent(in) :: a(n, *)",
        "r = maxval(cshift(a(:, 1:m), 1, dim=1), dim=2)",
    ),
}
"""Declarations and bodies that read the first n * m elements of `a`."""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    backend = EmulatedBackend(cache_dir=tmp_path_factory.getbasetemp())

    def ran(dialect, text, *values):
        program = Program(dialect, "f", text)
        request = CompileRequest(program, read_signature(program), Variant.RECORDED)
        compiled = backend.compile([request])[0]
        assert compiled.ok, compiled.diagnostics
        return backend.run(compiled, [Arguments(tuple(values))])[0]

    yield ran
    backend.close()


def make_fortran(declared: str, body: str) -> str:
    return (
        "subroutine f(a, n, m, r)\n integer, intent(in) :: n, m\n"
        f" {declared}\n real(8), intent(out) :: r(n)\n {body}\nend subroutine\n"
    )


@pytest.mark.parametrize("name", C)
def test_a_comparison_reads_what_it_may(run, name):
    """`memcmp` all, since both objects must have so many; others up to the first difference."""
    x = np.full(40, 7, np.uint8)
    y = x.copy()
    y[30] = 9
    done = run("cpp", C[name], x, y, np.int32(20))
    assert done.status is Status.OK
    assert [a.last_read for a in done.accesses[:2]] == [19, 19]
    y[5] = 9
    done = run("cpp", C[name], x, y, np.int32(20))
    assert done.accesses[1].last_read == (19 if name in WHOLE else 5)


@pytest.mark.parametrize("name", C)
def test_a_comparison_beyond_an_array_is_out_of_bounds(run, name):
    x, y = np.full(40, 7, np.uint8), np.full(20, 7, np.uint8)
    done = run("cpp", C[name], x, y, np.int32(21))
    assert done.status is Status.OUT_OF_BOUNDS, done


def test_a_text_without_an_end_is_out_of_bounds(run):
    text = "#include <cstring>\nint f(const char *s) { return (int)strlen(s); }"
    done = run("cpp", text, np.array([7, 7, 0, 7, 7], np.int8))
    assert (done.status, int(done.result), done.accesses[0].last_read) == (Status.OK, 2, 2)
    assert run("cpp", text, np.full(5, 7, np.int8)).status is Status.OUT_OF_BOUNDS


def test_the_program_s_own_function_of_that_name_is_its_own(run):
    text = (
        "static int memcmp_(const int *a, int n) { return a[n]; }\n"
        "int strlen(const int *a) { return memcmp_(a, 3); }\nint f(const int *a) { return "
        "strlen(a); }"
    )
    done = run("cpp", text, np.arange(9, dtype=np.int32))
    assert (int(done.result), done.accesses[0].first_read, done.accesses[0].last_read) == (3, 3, 3)


@pytest.mark.parametrize("name", FORTRAN)
def test_arrays_given_to_fortran_s_run_time_are_read(run, name):
    logical = "logical" in FORTRAN[name][0]
    a = np.ones(20, bool) if logical else np.arange(20.0)
    text = make_fortran(*FORTRAN[name])
    done = run("fortran", text, a, np.int32(3), np.int32(5), np.zeros(3))
    assert done.status is Status.OK
    assert done.accesses[0].last_read == 14
    done = run("fortran", text, a[:14], np.int32(3), np.int32(5), np.zeros(3))
    assert done.status is Status.OUT_OF_BOUNDS


def test_values_stay_those_of_the_library(run):
    a = np.array([3.0, -4.0, 1.0, 2.0, 9.0, -1.0])
    text = make_fortran(*FORTRAN["norm2"])
    done = run("fortran", text, a, np.int32(3), np.int32(2), np.zeros(3))
    assert np.allclose(done.values[3], np.hypot(a[:3], a[3:]))
    assert done.accesses[3].last_write == 2
