"""The static wall for Fortran reads the tree: hostile texts in every layout, and honest ones."""

from __future__ import annotations

import pytest

from corpora.records import Program
from gpu_runtime.wall.check import check_program
from gpu_runtime.wall.fortran import check_fortran

HONEST = {
    "a field of an element": (
        "subroutine f(x)\n type t\n real x\n end type\n type(t) users(3)\n integer i\n i=1\n "
        "users(i)%x = 1\nend"
    ),
    "variables called used and use": (
        "subroutine f(x)\n integer used, use\n used = 1\n use = 2\n x = used + use\nend"
    ),
    "statements in strings and comments": (
        "subroutine f(x)\n character(99) s\n s = 'call system(''ls'') ! open(9)'\n x=1 ! call "
        "system(\nend"
    ),
    "a string that goes on in the next line": (
        "subroutine f(x)\n print *, 'a&\n  &b ! call system'; x = 1\nend"
    ),
    "a do loop in fixed form": (
        "      SUBROUTINE F(N, X)\nC c\n      REAL X(N)\n      DO 10 I = 1, N\n 10   X(I) = "
        "SIGN(X(I), 2.0)\n      END"
    ),
    "a procedure as an argument": (
        "subroutine f(g, x)\n interface\n real function g(y)\n real y\n end function\n end "
        "interface\n real x\n x = g(x)\nend"
    ),
    "a table that data fills": (
        "subroutine f(n, x)\n integer n, i\n real x(n), c(3), d(2, 2)\n data c /1., 2*2./, "
        "((d(i, j), i = 1, 2), j = 1, 2) /4*0./\n do i = 1, n\n x(i) = x(i) * c(mod(i, 3) + 1) "
        "+ max(d(1, 2), 0.)\n end do\n print *, c\nend"
    ),
    "statement function": (
        "      SUBROUTINE F(N, X, K)\n      REAL*8 X(N), SQ, T\n      SQ(T) = T*T\n      "
        "IF (X(1)) 10, 20, 20\n   10 X(1) = SQ(X(1))\n   20 GO TO (30), K\n   30 K = 3\n      END"
    ),
    "values between slashes": (
        "subroutine f(n, x)\n integer n\n real x(n), c(2) /1., 2./\n x(1) = c(2)\nend"
    ),
    "constructs without a node": (
        "subroutine f(n, x)\n integer n\n real x(n)\n a: if (n > 1) then\n x(1) = 1\n "
        "if (x(2) > 0) exit a\n write(*, *) x(2)\n x(2) = 2\n end if a\n"
        " do concurrent (integer :: j = 1:n)\n x(j) = x(j)+1\n end do\nend"
    ),
    "part of a character variable": "subroutine f(s)\n character(9) s\n print *, s(1:3)\nend",
}
HOSTILE = {
    "omp sentinel": "subroutine f(x)\n!$ call system('ls')\n x=1\nend",
    "func": "subroutine f(x)\n integer k\n k = system('ls')\nend",
    "paste": "subroutine f(x)\n real x\n call sys&\n &tem('ls')\nend",
    "fixed split": "      SUBROUTINE F(X)\nC c\n      CALL SYS\n     1TEM('LS')\n      END",
    "fixed blanks": "      SUBROUTINE F(X)\nC c\n      O P E N (9, FILE='X')\n      END",
    "fixed run together": "      SUBROUTINE F(X)\nC c\n      CALLSYSTEM('LS')\n      END",
    "fixed run together open": "      SUBROUTINE F(X)\nC c\n      OPEN(9)\n      END",
    "fixed expression": "      SUBROUTINE F(X)\nC c\n      K=SYS TEM('LS')\n      END",
    "bind name": "subroutine g() bind(c, name='system')\nend\nsubroutine f(x)\nend",
    "bind split": "subroutine g() bind(c, &\n  & name='system')\nend\nsubroutine f(x)\nend",
    "bind variable": (
        "subroutine f(x)\n use iso_c_binding\n integer(c_int), bind(c, name='environ') :: e\nend"
    ),
    "module bind variable": (
        "module m\n use iso_c_binding\n integer(c_int), bind(c) :: environ\nend module"
    ),
    "bind engine": "subroutine cv_stop() bind(c)\nend",
    "renamed pointer": (
        "subroutine f(x)\n use iso_c_binding, only: p => c_f_procpointer\n call p(a, b)\nend"
    ),
    "intrinsic module": "subroutine f(x)\n use, intrinsic :: iso_c_binding, only: g=>c_funloc\nend",
    "other module": "subroutine f(x)\n use :: ifport\nend",
    "if open": "subroutine f(x)\n if (x > 0) open(9)\nend",
    "after ;": "subroutine f(x)\n x = 1;open(9)\nend",
    "label": "subroutine f(x)\n 10 open(9)\nend",
    "data": "subroutine f(x)\n integer k\n data k /0/\n k = k+1\nend",
    "data changed by a call": (
        "subroutine f(x)\n integer k\n data k /0/\n call g(k)\ncontains\n subroutine g(i)\n "
        "integer i\n i = i+1\n end subroutine\nend"
    ),
    "data changed by a function": (
        "subroutine f(x)\n integer k, g\n data k /0/\n x = g(k)\nend\n"
        "integer function g(i)\n i = i+1\n g = i\nend"
    ),
    "data changed by the host's procedure": (
        "subroutine f(x)\n integer k(2)\n data (k(i), i = 1, 2) /0, 0/\n call g\ncontains\n "
        "subroutine g\n k(2) = k(2)+1\n end subroutine\nend"
    ),
    "data changed behind a pointer": (
        "subroutine f(x)\n integer, target :: k\n integer, pointer :: p\n data k /0/\n p => k\n "
        "p = p+1\nend"
    ),
    "data changed by a loop": (
        "subroutine f(x)\n integer i\n data i /0/\n x = i\n do i = 1, 9\n end do\nend"
    ),
    "data changed in associate": (
        "subroutine f(x)\n integer k\n data k /0/\n associate (p => k)\n p = p+1\n "
        "end associate\nend"
    ),
    "data changed by a status": (
        "subroutine f(x)\n integer k\n data k /0/\n write(*, *, iostat=k) x\nend"
    ),
    "data of a module": "module m\n integer k\n data k /0/\nend module",
    "statement function named like a routine": (
        "subroutine f(x)\n system(y) = y\n x = system('ls')\nend"
    ),
    "values between slashes": "subroutine f(x)\n integer k /0/\n k = k+1\nend",
    **{
        f"{name} in a named construct": (
            f"subroutine f(x)\n a: if (x > 0) then\n {text}\n exit a\n end if a\nend"
        )
        for name, text in {
            "file": "write(9, *) x",
            "a second file": "write(*, *) 1; write(9, *) x",
            "a file of the end": "if (x > 1) rewind 9",
            "a call": "call foo(x)",
            "exit": "call exit(1)",
            "an initial value": "block\n integer :: k = 3\n k = k+1\n end block",
            "data": "block\n integer k\n data k /3/\n k = k+1\n end block",
            "save": "block\n integer, save :: k\n end block",
        }.items()
    },
    "blockdata": "block data q\n common /c/ k\n data k /1/\nend",
    "associate": "subroutine f(x)\n associate (y => x)\n open(9)\n end associate\nend",
    "associate call": (
        "subroutine f(x)\n associate (y => system('ls'))\n y = 1\n end associate\nend"
    ),
    "critical": "subroutine f(x)\n critical\n call system('x')\n end critical\nend",
    "block": "subroutine f(x)\n block\n integer :: k = 3\n end block\nend",
    "own open": (
        "subroutine f(x)\n open(9, file='x')\ncontains\n subroutine open(i)\n integer i\n end "
        "subroutine\nend"
    ),
    "gcc": "subroutine f(x)\n!GCC$ attributes cdecl :: f\nend",
    "clause": "subroutine f(x)\n!$omp parallel if(system('x') == 0)\n x=1\n!$omp end parallel\nend",
    "clause2": (
        "subroutine f(x)\n!$omp parallel num_threads(kill(1,2))\n x=1\n!$omp end parallel\nend"
    ),
    "procedure pointer": "subroutine f(x)\n procedure(g), pointer :: p\n p => g\n call p()\nend",
    "intrinsic": (
        "subroutine f(x)\n intrinsic system\n call g(system)\ncontains\n subroutine g(h)\n "
        "external h\n end subroutine\nend"
    ),
    "arithmetic if": "subroutine f(x)\n if (system('ls')) 1,2,3\n1 x=1\n2 x=2\n3 x=3\nend",
    "statement function": "subroutine f(x)\n g(y) = system('ls')\n x = g(x)\nend",
    "implied do": "subroutine f(x)\n print *, (system('ls'), i=1,3)\nend",
    "type bound": (
        "module m\n type t\n contains\n procedure, nopass :: q => system\n end type\nend "
        "module\nsubroutine f(x)\n use m\n type(t) z\n call z%q('ls')\nend"
    ),
    "include cont": "subroutine f(x)\n inc&\n &lude 'x'\nend",
    "write internal": "subroutine f(x)\n write(unit=6+1,fmt=*) x\nend",
    "extends": "subroutine f(x)\n integer, parameter :: k = system('ls')\nend",
    "dimension": "subroutine f(x)\n real a(system('ls'))\nend",
    "type component": (
        "subroutine f(x)\n type t\n integer :: k = 1\n end type\n type(t), save :: z\nend"
    ),
    "entry": "subroutine f(x)\n entry g(x)\n call system('x')\nend",
    "iolength": "subroutine f(x)\n inquire(iolength=k) x\nend",
    "pause": "subroutine f(x)\n pause\nend",
    "print in format": "subroutine f(x)\n namelist /n/ x\nend",
    "tab": "subroutine f(x)\n\topen\t(9)\nend",
    "case": "SUBROUTINE f(x)\n CaLl SyStEm('ls')\nEND",
    "c continuation after comment": (
        "subroutine f(x)\n call & ! comment\n ! more\n  system('ls')\nend"
    ),
    "select": "subroutine f(x)\n select case (system('ls'))\n case (1)\n x=1\n end select\nend",
    "where": "subroutine f(x)\n where (a > kill(1,2)) a = 1\nend",
    "external": "subroutine f(x)\n external mkstemp\n call mkstemp()\nend",
    "interface": (
        "subroutine f(x)\n interface\n subroutine exit(i)\n integer i\n end subroutine\n end "
        "interface\n call exit(1)\nend"
    ),
}


@pytest.mark.parametrize("dialect", ["fortran", "openmp-fortran"])
@pytest.mark.parametrize("name", HONEST)
def test_honest_text_passes(name: str, dialect: str) -> None:
    assert check_program(Program(dialect, "f", HONEST[name])) is None


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused(name: str) -> None:
    reason = check_program(Program("openmp-fortran", "f", HOSTILE[name]))
    assert reason and "\n" not in reason


def test_text_behind_column_72_is_no_statement() -> None:
    text = "      SUBROUTINE F(X)\nC c\n      X=1" + " " * 70 + ";CALL SYSTEM('LS')\n      END"
    assert check_fortran(text) is None


def test_what_cannot_be_read_is_said_with_its_line() -> None:
    assert "line 3" in (check_fortran(HOSTILE["fixed blanks"]) or "")


def test_a_declaration_that_is_no_fortran_is_left_to_the_compiler() -> None:
    text = "subroutine f(x)\n weird, dimension(9) :: {0}\n real x\n x = {0}(1)\nend"
    assert check_fortran(text.format("a")) is None
    assert "system" in (check_fortran(text.format("system")) or "")


def test_a_value_in_a_declaration_is_refused_with_its_reason() -> None:
    """`integer :: k = 3` saves `k` between calls, whatever it looks like."""
    text = "subroutine f(x)\n integer :: k = 3\n real x\n x = k\nend"
    reason = check_program(Program("openmp-fortran", "f", text))
    assert reason and "implicit save" in reason and "'k'" in reason and "\n" not in reason


@pytest.mark.parametrize(
    "text",
    [
        "      SUBROUTINE F(X)\n      REAL X\nC\n      X = 1                              "
        "                           &\n      CALL SYSTEM('LS')\n      END",
        "subroutine f(x)\n real x\n associate (p => x)\n call system('ls')\n end associate\nend",
        "subroutine f(x)\n integer k\n data k /0/\n associate (p => k)\n p = p + 1\n"
        " end associate\nend",
        "subroutine f(x)\n go to (1), system('ls')\n1 x = 1\nend",
    ],
)
def test_what_a_form_or_a_jump_hides_is_refused(text: str) -> None:
    assert check_program(Program("fortran", "f", text))
