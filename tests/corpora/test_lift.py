"""Shared data becomes parameters: which, in what form, handed on to whom, and what stands in the
way.
"""

import subprocess

import pytest

from corpora.extraction.extract import extract_programs


def by_name(text, dialect):
    found = extract_programs(text, dialect)
    return {p.name: p.text for p in found.programs}, {s.name: s.reason for s in found.skipped}


CPP = """
#define N 12
static double u[N][N+1][5];
double dt = 3, c1; int grid[3];
static int count = 0;
double *heap;
struct { int a; } nameless;
double later(int i);
double helper(int i) { return u[i][0][0] * dt; }
double later(int i) { count++; return helper(i) + c1; }
void f(double *x) { for (int i = 0; i < grid[0]; i++) x[i] = later(i); dt = 4; }
void reads(double *x) { x[0] = helper(1); }
void own(double *x) { double dt = 2; x[0] = dt; }
void hides(double *dt) { dt[0] = helper(2); }
void pointer(int n) { for (int i = 0; i < n; i++) heap[i] = i; }
void nothing(void) { count = 1; }
void structure(int *n) { n[0] = nameless.a; }
void moves(int n) { heap = heap + n; pointer(n); }
"""


def test_globals_of_cpp(tmp_path):
    programs, skipped = by_name(CPP, "cpp")
    assert (
        "void f(double *x, double c1, int &count, double &dt, int grid[3], double u[N][N+1][5])"
        in programs["f"]
    )
    assert (
        "helper(i, dt, u)" in programs["f"]
        and "later(i, c1, count, dt, u)" in programs["f"]
        and "later(int i);" not in programs["f"]
    )
    assert "void reads(double *x, double dt, double u[N][N+1][5])" in programs["reads"]
    assert (
        "void own(double *x) {" in programs["own"]
        and "void nothing(int &count)" in programs["nothing"]
    )
    assert "void pointer(int n, double *heap)" in programs["pointer"]
    assert "global pointer 'heap'" in skipped["moves"], "others see where it points to"
    assert "hides the global variable" in skipped["hides"] and "'nameless'" in skipped["structure"]
    for name, text in programs.items():
        (tmp_path / f"{name}.cpp").write_text(text)
        done = subprocess.run(
            ["g++", "-fsyntax-only", tmp_path / f"{name}.cpp"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr


FORTRAN = """
module d
 integer, parameter :: m = 3
 real(8), save :: u(5, 0:m), dt = 3d0, q(2)
 integer :: grid(3), n, add
 real(8), allocatable :: w(:)
end module
module e
 real(8) :: other = 1, x
end module
subroutine exact(i, y)
 use d
 implicit none
 integer i
 real(8) y, q
 q = 1.0d0
 y = u(1, i) * q
end
subroutine f(x)
 use d
 implicit none
 real(8) x, t, add
 integer i
 external exact
 do i = 1, n
   call exact(i, t)
   x = x + t*dt
 end do
 write(*, 10) x
10 format('grid of n', f8.3, d12.3)
 if (n > 2) u(1,1) = grid(2)
 add = 1
end subroutine
subroutine add(k)
 integer k
 k = 1
end subroutine
subroutine alloc(x)
 use d
 real(8) x
 x = w(1)
end subroutine
real function comm(k)
 common /blk/ a(4), n, /other/ b
 comm = a(k) + n
 b = 2
end
subroutine calls_common(x)
 y = comm(3)
 x = y
end
subroutine some(z)
 use e, only: other
 real(8) z
 x = z
 z = other + x
end subroutine
subroutine renames(z)
 use e, only: mine => other
 real(8) z
 z = mine
end subroutine
subroutine sets(z)
 use e
 real(8) z
 read(*, *) other
 call change(x)
 z = x
end subroutine
subroutine change(v)
 real(8) v
 v = v + 1
end subroutine
subroutine equal(z)
 use e
 real(8) z, p, r
 equivalence (p, r)
 p = other
 z = r
end subroutine
"""


@pytest.fixture(scope="module")
def lifted():
    return by_name(FORTRAN, "fortran")


def test_module_variables_and_common(lifted, tmp_path):
    programs, skipped = lifted
    assert "subroutine exact(i, y, u)" in programs["exact"]
    assert (
        "subroutine f(x, dt, grid, n, u)" in programs["f"]
        and "real(8), intent(in) :: dt" in programs["f"]
    )
    assert (
        "real function comm(k, a, n, b)" in programs["comm"]
        and "dimension :: a(4)" in programs["comm"]
        and "common" not in programs["comm"]
    )
    assert (
        "subroutine sets(z, other, x)" in programs["sets"] and "intent(in)" not in programs["sets"]
    )
    assert "allocatable" in skipped["alloc"] and "COMMON" in skipped["calls_common"]
    assert "renames" in skipped["renames"] and "EQUIVALENCE" in skipped["equal"]
    for name, text in programs.items():
        (tmp_path / f"{name}.f90").write_text(text)
        done = subprocess.run(
            ["gfortran", "-fsyntax-only", tmp_path / f"{name}.f90"], capture_output=True, text=True
        )
        assert done.returncode == 0, f"{text}\n{done.stderr}"


def test_only_lists_and_hidden_names(lifted):
    """A name outside the ONLY list is a local; names in messages, formats and exponents are none; a
    local hides a procedure.
    """
    programs, _ = lifted
    assert "subroutine some(z, other)" in programs["some"]
    assert (
        "subroutine add" not in programs["f"]
        and "contains\nsubroutine exact" in programs["f"]
        and "external" not in programs["f"]
    )


def test_included_files_are_named():
    _, skipped = by_name(
        "      SUBROUTINE F(X)\n      INCLUDE 'npbparams.h'\n      X = NA\n      END\n", "fortran"
    )
    assert "include 'npbparams.h'" in skipped["f"]


def test_an_undeclared_local_does_not_become_the_hosts():
    """Inside another procedure its implicit `i` would be the caller's `i`."""
    text = (
        "module g\n real :: s\ncontains\n subroutine inner(a)\n real a\n do i = 1, 3\n a = a + "
        "s\n end do\n end subroutine\n"
        " subroutine outer(x)\n real x\n do i = 1, 2\n call inner(x)\n end do\n end "
        "subroutine\nend module\n"
    )
    programs, skipped = by_name(text, "fortran")
    assert list(programs) == ["inner"] and "'i' has no declaration" in skipped["outer"]
