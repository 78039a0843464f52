"""Signatures of Fortran procedures in the dialects that people really write."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from corpora.frontends.fortran import parse_fortran
from corpora.frontends.fortran_expressions import FortranError, read_expression
from corpora.frontends.fortran_kinds import evaluate_kind
from corpora.frontends.fortran_layout import convert_to_free_form
from corpora.frontends.fortran_lines import detect_form, read_lines
from corpora.records import Parameter, Program
from corpora.signatures.signature import SignatureError, read_signature

SHARED = Path(os.environ.get("COEVOLVE_SHARED", Path(__file__).parents[3] / "shared"))


def sign(text, name="f"):
    return read_signature(Program("fortran", name, text))


def kinds(text, name="f"):
    return [(p.name, p.type, p.shape) for p in sign(text, name).parameters]


FIXED = """      SUBROUTINE F(N, ALPHA, X,
     $                 INCX, Y)
C     Compute the thing! It's old.
* another comment
      INTEGER N, INCX
      DOUBLE PRECISION ALPHA
      REAL*8 X(*), Y(0:N, *)
      DO 10 I = 1, N
   10 CONTINUE
      END
"""


def test_fixed_form():
    assert kinds(FIXED) == [
        ("n", "i32", ()),
        ("alpha", "f64", ()),
        ("x", "f64", ("*",)),
        ("incx", "i32", ()),
        ("y", "f64", ("0:n", "*")),
    ]
    assert all(p.by_reference for p in sign(FIXED).parameters if p.kind == "scalar")


def test_fixed_form_becomes_free_form_that_compiles(tmp_path):
    text = FIXED.replace("      DO 10", "c$omp parallel do\nc$omp& private(i)\n      DO 10")
    free = convert_to_free_form(text)
    assert detect_form(free) == "free" and "!$omp parallel do &\n!$omp&" in free
    (tmp_path / "f.f90").write_text(free)
    done = subprocess.run(
        ["gfortran", "-fopenmp", "-fsyntax-only", "-Werror", tmp_path / "f.f90"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert kinds(free) == kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "subroutine f(a)\ncall g(a)\nend",
        "     subroutine f(x)\n     real x\n     end",
        "contains\n",
        "call f(a)\n",
        "  x = 1 &\n     + 2\n",
    ],
)
def test_free_form_is_not_taken_for_fixed(text):
    assert detect_form(text) == "free"


def test_module_procedure_with_kinds():
    text = """
module m
 use iso_fortran_env, only: dp => real64
 implicit none
 integer, parameter :: n0 = 4, wp = kind(1.0d0), i8 = selected_int_kind(12)
contains
 subroutine other(); end subroutine
 pure real(dp) function f(a, b, k, flag, s) result(r)  ! f(x, y) it's
   real(wp), intent(in) :: a(:), & ! comment, with comma
       b(n0, 2:*)
   integer(i8), value :: k
   logical, intent(in) :: flag
   real(kind=selected_real_kind(6, 37)), intent(out) :: s
   r = a(1)
 end function f
end module"""
    found = sign(text)
    assert found.result == "f64"
    assert found.parameters == (
        Parameter("a", "array", "f64", "in", shape=(":",)),
        Parameter("b", "array", "f64", "in", shape=("n0", "2:*")),
        Parameter("k", "scalar", "i64", "in"),
        Parameter("flag", "scalar", "bool", "in", True),
        Parameter("s", "scalar", "f32", "out", True),
    )


def test_kinds_of_a_used_module_of_the_same_text():
    text = (
        "module p\n integer, parameter :: rk = 8\nend module\nsubroutine f(x)\n use p\n "
        "real(rk) x(3)\nend"
    )
    assert kinds(text) == [("x", "f64", ("3",))]


@pytest.mark.parametrize(
    ("declarations", "expected"),
    [
        ("", [("a", "f32", ()), ("i", "i32", ())]),
        ("implicit double precision (a-h, o-z)", [("a", "f64", ()), ("i", "i32", ())]),
        (
            "implicit integer*8 (a), real*4 (i-j)\ndimension a(i, 2*i)",
            [("a", "i64", ("i", "2*i")), ("i", "f32", ())],
        ),
        ("real a*8\ncomplex*16 i(2)", [("a", "f64", ()), ("i", "c128", ("2",))]),
        ("real, dimension(10) :: a, i(5)", [("a", "f32", ("10",)), ("i", "f32", ("5",))]),
        ("complex a\ncomplex(8) i", [("a", "c64", ()), ("i", "c128", ())]),
        (
            "integer(c_int8_t) a(4)\nlogical(c_bool) i(4)",
            [("a", "i8", ("4",)), ("i", "bool", ("4",))],
        ),
        ("double complex a\nbyte i", [("a", "c128", ()), ("i", "i8", ())]),
        ("parameter (m = 8)\nreal(m) a\ninteger*2 i", [("a", "f64", ()), ("i", "i16", ())]),
        ("REAL(8) :: A ; INTEGER I", [("a", "f64", ()), ("i", "i32", ())]),
    ],
)
def test_declarations(declarations, expected):
    assert kinds(f"subroutine f(a, i)\n{declarations}\nreturn\nend subroutine f") == expected


def test_attributes_in_statements_of_their_own():
    text = (
        "subroutine f(n, x, y)\ninteger n\nreal x, y\ndimension x(n), y(n)\nintent(in) n, x\n"
        "intent(out) :: y\nend"
    )
    assert [p.intent for p in sign(text).parameters] == ["in", "in", "out"]
    assert (
        not sign("subroutine f(n) bind(c, name='g')\ninteger :: n\nvalue :: n\nend")
        .parameters[0]
        .by_reference
    )


@pytest.mark.parametrize(
    "declared",
    [
        "character c",
        "character*1 c",
        "character(1) :: c",
        "character(len=1), intent(in) :: c",
        "character*(*) c",
        "character(len=*) c",
    ],
)
def test_one_character_is_a_byte(declared):
    (parameter,) = sign(f"subroutine f(c)\n{declared}\nend").parameters
    assert (parameter.type, parameter.kind, parameter.by_reference) == ("i8", "scalar", True)


def test_logical_arrays_of_one_width():
    assert kinds("subroutine f(m, k)\nlogical m(3), k(2)\nend") == [
        ("m", "bool", ("3",)),
        ("k", "bool", ("2",)),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("subroutine f(c)\ncharacter(len=8) c\nend", ["'c'", "character"]),
        ("subroutine f(c)\ncharacter*2 c\nend", ["'c'", "character"]),
        ("subroutine f(c)\ncharacter c(4)\nend", ["'c'", "character"]),
        ("character function f(n)\nend", ["result", "character"]),
        ("subroutine f(c)\ntype(thing) :: c\nend", ["type(thing)"]),
        ("subroutine f(g)\nexternal g\nend", ["external"]),
        ("subroutine f(a)\nreal, allocatable :: a(:)\nend", ["allocatable"]),
        ("subroutine f(a)\nreal, pointer :: a(:)\nend", ["pointer"]),
        ("subroutine f(m)\nlogical(8) m(3)\nend", ["LOGICAL", "c_bool"]),
        ("subroutine f(m, k)\nlogical m(3)\nlogical*1 k(2)\nend", ["LOGICAL", "different kinds"]),
        ("subroutine f(a)\nimplicit none\nend", ["no declaration"]),
        ("subroutine f(a)\nreal(16) a\nend", ["kind 16"]),
        ("subroutine f(a)\nreal(mystery) a\nend", ["unknown kind"]),
        ("subroutine f(*)\nend", ["alternate returns"]),
        ("function f(n)\nreal f(3)\nend", ["result", "array"]),
        (
            "program p\ncontains\nsubroutine f(a)\nend subroutine\nend program",
            ["internal to program 'p'"],
        ),
        ("subroutine g(a)\nend", ["no definition", "g"]),
        (
            "subroutine g(a)\ninterface\nsubroutine f(b)\nreal b\nend subroutine\nend "
            "interface\nend",
            ["no definition"],
        ),
        ("subroutine f(a)\nreal a(..)\nend", ["assumed rank"]),
    ],
)
def test_what_tests_cannot_call_is_one_clear_line(text, words):
    with pytest.raises(SignatureError) as caught:
        sign(text)
    assert "\n" not in str(caught.value) and all(w in str(caught.value) for w in words), (
        caught.value
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "subroutine f(n, x)\ntype(user) :: users(3)\nreal x(n)\nusers(1)%x = 1\nend",
            [("n", "i32", ()), ("x", "f32", ("n",))],
        ),
        (
            "      subroutine f(real, integer, x)\n      integer real(3)\n      real integer\n"
            "      real*8 x(2\n     &  * 3)\n      real(1) = 2\n      end\n",
            [("real", "i32", ("3",)), ("integer", "f32", ()), ("x", "f64", ("2*3",))],
        ),
        (
            "subroutine f(a, s)\nreal :: a(:, 2:) ! ) , (\ncharacter(len=1) :: s\n"
            "print *, 'subroutine f(', s\nend",
            [("a", "f32", (":", "2:")), ("s", "i8", ())],
        ),
        (
            "real(dp) function f(x)\nuse iso_fortran_env, only: dp => real64\nreal(dp) x\n"
            "f = x\nend",
            [("x", "f64", ())],
        ),
        (
            "#ifdef WIDE\nsubroutine f(x)\nreal*8 x\nend\n#else\nsubroutine f(x)\nreal x\n"
            "end\n#endif\n",
            [("x", "f32", ())],
        ),
        ("subroutine f(x)\nreal x*8\nend", [("x", "f64", ())]),
        ("subroutine f(x)\nprocedure(real) :: x\nend", "cannot be read"),
        ("subroutine f(x)\nreal, intent(sideways) :: x\nend", "cannot be read"),
    ],
)
def test_what_only_a_tree_can_tell(text, expected):
    if isinstance(expected, str):
        with pytest.raises(SignatureError, match=expected):
            sign(text)
    else:
        assert kinds(text) == expected


def test_nested_blocks_do_not_end_a_procedure():
    text = """subroutine f(n, x)
  integer n, i
  type t
    real n
  end type t
  real x(n)
  do i = 1, n
    if (x(i) > 0) then
      x(i) = 0
    endif
  enddo
  select case (n)
  case (1)
  end select
contains
  subroutine inner(x)
    integer x
  end
end
real function g(y)
  real*8 y
  g = y
end"""
    assert kinds(text) == [("n", "i32", ()), ("x", "f32", ("n",))]
    assert sign(text, "g").result == "f32" and kinds(text, "g") == [("y", "f64", ())]


def test_names_have_no_case():
    assert read_signature(Program("fortran", "DAXPY", "subroutine daxpy(N)\nEND")).name == "DAXPY"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("kind(1.0d0)", 8),
        ("kind(1.0)", 4),
        ("kind(0_8)", 8),
        ("selected_real_kind(15, 307)", 8),
        ("selected_real_kind(p=6)", 4),
        ("selected_int_kind(9)", 4),
        ("2*4", 8),
        ("(n+1)/2", 4),
        ("-1", -1),
        ("n", 7),
        ("huge(1)", None),
        ("", None),
    ],
)
def test_kind_expressions(text, value):
    try:
        assert evaluate_kind(read_expression(text), {"n": 7}) == value
    except FortranError:
        assert text == "" and value is None


names = st.lists(
    st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True), min_size=1, max_size=5, unique=True
)
types = st.sampled_from(
    [
        ("integer", "i32"),
        ("integer(8)", "i64"),
        ("real", "f32"),
        ("real*8", "f64"),
        ("double precision", "f64"),
        ("complex(kind=4)", "c64"),
        ("logical(1)", "bool"),
        ("REAL ( KIND = 8 )", "f64"),
    ]
)
shapes = st.sampled_from([(), ("n",), ("*",), (":", ":"), ("0:n-1", "max(n,1)")])


@settings(max_examples=150, deadline=None)
@given(
    names.flatmap(
        lambda n: st.tuples(
            st.just(n),
            st.lists(st.tuples(types, shapes, st.booleans()), min_size=len(n), max_size=len(n)),
        )
    )
)
def test_any_declarations_in_free_and_fixed_form(case):
    arguments, declared = case
    lines = [f"subroutine f_({', '.join(arguments)})"]
    for name, ((words, _), shape, colons) in zip(arguments, declared, strict=True):
        lines.append(
            f"{words} {'::' if colons else ''} "
            f"{name}{'(' + ', '.join(shape) + ')' if shape else ''} ! , x(3)"
        )
    lines.append("end subroutine")
    expected = [(n, t, s) for n, ((_, t), s, _) in zip(arguments, declared, strict=True)]
    assert kinds("\n".join(lines), "f_") == expected
    fixed = "C comment\n" + "\n".join("      " + line for line in lines)
    assert detect_form(fixed) == "fixed" and kinds(fixed, "f_") == expected
    split_up = "\n".join(
        line.replace(", ", ", &\n    & ") if "!" not in line else line for line in lines
    )
    assert kinds(split_up, "f_") == expected


def test_quotes_hide_comments_and_continuations():
    lines = read_lines("print *, 'a ! b; c &\n  &d' ; X = \"It's\" ! end\n")
    assert [line.text for line in lines] == ["print *, 'a ! b; c d'", 'X = "It\'s"']


@pytest.mark.skipif(not (SHARED / "data/fortran_cpp").is_dir(), reason="shared data not here")
def test_real_procedures():
    from corpora.datasets.loaders import load_corpus

    spec = f"{SHARED}/data/fortran_cpp/Polybench_train.parquet?DATA_TYPE=double precision&_PB_*=*"
    loaded = load_corpus(spec, "fortran")
    assert len(loaded.programs) == 81 and not loaded.skipped
    gemm = next(p for p in loaded.programs if p.name == "kernel_gemm")
    assert [(p.name, p.kind, p.type) for p in read_signature(gemm).parameters][:4] == [
        ("ni", "scalar", "i32"),
        ("nj", "scalar", "i32"),
        ("nk", "scalar", "i32"),
        ("alpha", "scalar", "f64"),
    ]


def test_fixed_form_becomes_free_form_with_the_same_words():
    """Columns past 72, column 6, tabs, quotes and names that go on in the next row."""
    rows = [
        "* old", "      SUBROUTINE F(X, S)", "d     X = 3", "     0REAL X(3)",
        "      CHARACTER*9 S", "\tX(1) = X(2) +", "\t1 X(3)", "   10 CONTINUE",
        "      DO20I=1,3", "   20 X(I) = 1", "      X(2) = X(1) +".ljust(69) + "VAL",
        "C     a comment between", "     &UE(5)    ! behind",
        "      S = 'a! b'//".ljust(66) + "'c d", "     & e'".ljust(72) + "junk", "      END",
    ]  # fmt: skip
    text = "\n".join(rows) + "\n"
    free = convert_to_free_form(text)
    assert detect_form(free) == "free" and free.count("\n") == text.count("\n")

    def words(lines):
        return [(line.label, [t.text for t in line.tokens]) for line in lines]

    assert words(read_lines(free, "free")) == words(read_lines(text, "fixed"))
    assert parse_fortran(free).items == parse_fortran(text).items
    assert not parse_fortran(free).errors


def test_a_field_of_an_element_is_no_module():
    text = "subroutine f(users, i)\ntype(u) users(3)\nusers(i)%x = 1\nmodule = 3\nend subroutine\n"
    (function,) = parse_fortran(text).items
    assert function.name == "f" and not parse_fortran(text).errors
