"""Fortran spelled in C++ by rule: what comes out, what is left alone, and that no text ends it
otherwise.

That the result computes the same is tested by execution in
tests/coevolve/test_normalized_sources.py.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from corpora.datasets.loaders import load_corpus
from corpora.dialects import parse_direction
from corpora.records import Program
from gpu_runtime.models.protocol import Sampling
from gpu_runtime.models.scripted import ScriptedModel
from translator.normalize.fortran.convert import convert_to_cpp, format_cpp
from translator.normalize.unsupported import UnsupportedConstruct
from translator.prompting.instructions import PromptWording
from translator.prompting.translate import PromptStyle, Translator, normalize_source

HEAD = (
    "subroutine f(n, m, x, a)\n integer, intent(in) :: n, m\n real(8), intent(inout) :: "
    "x(n), a(n, m)\n integer :: i, j\n real(8) :: t\n"
)


def body_of(statements: str, head: str = HEAD) -> str:
    """The lines between the braces, one blank between words."""
    text = format_cpp(Program("fortran", "f", f"{head}{statements}\nend subroutine\n"))
    return " ".join(" ".join(text.split("{", 1)[1].rsplit("}", 1)[0].split()).split())


WAYS = {
    "loops count from nought": (
        "do i = 1, n\n x(i) = 1\n end do",
        "for (int i = 0; i < n; i++) { x[i] = 1; }",
    ),
    "from within": (
        "do i = 2, n - 1\n x(i) = x(i - 1) + x(i + 1)\n end do",
        "for (int i = 1; i < n - 1; i++) { x[i] = x[i - 1] + x[i + 1]; }",
    ),
    "from nought already": (
        "do i = 0, n - 1\n x(i + 1) = 1\n end do",
        "for (int i = 0; i < n; i++) { x[i] = 1; }",
    ),
    "backwards": (
        "do i = n, 2, -1\n x(i) = x(i - 1)\n end do",
        "for (int i = n - 1; i >= 1; i--) { x[i] = x[i - 1]; }",
    ),
    "by steps": (
        "do i = 1, n, m\n x(i) = 0\n end do",
        "for (int i = 0; i < n; i += m) { x[i] = 0; }",
    ),
    "a variable that outlives its loop": (
        "do i = 1, n\n if (x(i) > 0) exit\n end do\n x(1) = i",
        "int i; for (i = 1; i <= n; i++) { if (x[i - 1] > 0) { break; } } x[0] = i;",
    ),
    "the first dimension is the fastest": (
        "do j = 1, m\n do i = 1, n\n a(i, j) = x(i) / j\n end do\n end do",
        "for (int j = 0; j < m; j++) { for (int i = 0; i < n; i++) { a[j * n + i] = x[i] / (j "
        "+ 1); } }",
    ),
    "sums keep their order": ("x(1) = x(1) + x(2) + x(3)", "x[0] = x[0] + x[1] + x[2];"),
    "what is added to itself": ("x(1) = x(1) + x(2) * x(3)", "x[0] += x[1] * x[2];"),
    "counted up": ("i = i + 1\n x(i) = 0", "int i; i++; x[i - 1] = 0;"),
    "arrays": ("x = 2 * x + 1", "for (int k = 0; k < n; k++) { x[k] = 2 * x[k] + 1; }"),
    "arrays that are scaled": ("x = 2 * x", "for (int k = 0; k < n; k++) { x[k] *= 2; }"),
    "sections": ("x(2:n) = a(1:n - 1, 2)", "for (int k = 1; k < n; k++) { x[k] = a[n + k - 1]; }"),
    "backward sections": (
        "x(1:n) = a(n:1:-1, m)",
        "for (int k = 0; k < n; k++) { x[k] = a[(m - 1) * n + n - k - 1]; }",
    ),
    "masks": (
        "where (x > 1)\n x = 1\n elsewhere\n x = 0\n end where",
        "for (int k = 0; k < n; k++) { if (x[k] > 1) { x[k] = 1; } else { x[k] = 0; } }",
    ),
    "totals": (
        "t = sum(x)\n x(1) = t",
        "double total = 0.0; for (int k = 0; k < n; k++) { total += x[k]; } double t = total; "
        "x[0] = t;",
    ),
    "totals along a dimension": (
        "x = sum(a, dim=2)",
        "for (int k = 0; k < n; k++) { double total = 0.0; for (int k1 = 0; k1 < m; k1++) { "
        "total += a[k1 * n + k]; } x[k] = total; }",
    ),
    "choices": (
        "select case (n)\n case (1, 4:)\n x(1) = 1\n case default\n x(1) = 2\n case (2)\n x(1) "
        "= 3\n end select",
        "if (n == 1 || n >= 4) { x[0] = 1; } else if (n == 2) { x[0] = 3; } else { x[0] = 2; }",
    ),
    "while": (
        "t = x(1)\n do while (t > 1)\n t = t / 2\n end do\n x(1) = t",
        "double t = x[0]; while (t > 1) { t /= 2; } x[0] = t;",
    ),
    "powers": (
        "x(1) = x(2)**2 + (x(1) + 1)**3",
        "x[0] = x[1] * x[1] + (x[0] + 1) * (x[0] + 1) * (x[0] + 1);",
    ),
    "kinds of numbers": (
        "x(1) = 0.5 + 1d-3 + 2.5e+2_8 + real(n)",
        "x[0] = 0.5f + 1.0e-3 + 2.5e2 + (float)n;",
    ),
    "extremes": (
        "i = max(n, m)\n x(i) = min(x(1), x(2))",
        "int i = n > m ? n : m; x[i - 1] = fmin(x[0], x[1]);",
    ),
    "remainders": (
        "i = mod(n, m) + modulo(n, 3)\n x(i) = mod(x(1), x(2))",
        "int i = n % m + (n % 3 + 3) % 3; x[i - 1] = fmod(x[0], x[1]);",
    ),
    "logic": (
        "if (.not. (n > 1 .and. m == 2) .or. n /= m) x(1) = 0",
        "if (!(n > 1 && m == 2) || n != m) { x[0] = 0; }",
    ),
    "concurrent": (
        "do concurrent (i = 1:n, x(i) > 0)\n x(i) = 0\n end do",
        "for (int i = 0; i < n; i++) { if (x[i] > 0) { x[i] = 0; } }",
    ),
}


@pytest.mark.parametrize("what", WAYS)
def test_statements(what):
    statements, expected = WAYS[what]
    assert body_of(statements) == expected


def test_old_forms():
    text = (
        "      REAL FUNCTION F(N, A)\n      INTEGER N\n      REAL A(0:N, *)\n      F = 0.0\n   "
        "   DO 20 I = 1, N\n      DO 20 J = 1, N\n"
        "      IF (A(I, J) .LT. 0.0) GO TO 20\n      F = F + A(I, J)\n   20 CONTINUE\n      END\n"
    )
    assert format_cpp(Program("fortran", "f", text)) == (
        "float f(int n, float *a) {\n    float f_ = 0.0f;\n    for (int i = 1; i <= n; i++) {\n"
        "        for (int j = 0; j < n; j++) {\n"
        "            if (a[j * (n + 1) + i] < 0.0f) {\n                continue;\n            "
        "}\n            f_ += a[j * (n + 1) + i];\n        }\n    }\n"
        "    return f_;\n}\n"
    )


def test_a_return_at_the_end_says_nothing():
    assert body_of("x(1) = 2\n return") == "x[0] = 2;"
    assert body_of("if (n < 1) return\n x(1) = 2") == "if (n < 1) { return; } x[0] = 2;"


def test_constants_names_of_c_and_scalars_that_are_changed():
    text = (
        "subroutine f(int, long, x)\n integer, parameter :: w = 3\n real, parameter :: pi = "
        "3.5\n integer, intent(in) :: int\n integer, intent(inout) :: long\n"
        " real, intent(out) :: x(w, int)\n real :: tmp(w)\n tmp = pi\n x(w, 1) = tmp(2)\n long "
        "= long + w\nend subroutine\n"
    )
    assert format_cpp(Program("fortran", "f", text)) == (
        "void f(int int_, int *long_, float *x) {\n    float tmp[3];\n    const float pi = "
        "3.5f;\n    for (int k = 0; k < 3; k++) {\n        tmp[k] = pi;\n    }\n"
        "    x[2] = tmp[1];\n    *long_ += 3;\n}\n"
    )


SHAPES = {
    "vectors that bring their lengths": (
        "subroutine f(x, y)\n real, intent(in) :: x(:)\n real :: y(:)\n integer :: i\n do i = "
        "1, size(x)\n y(i) = x(i)\n end do",
        (
            "const float *x, float *y, int x_size",
            "for (int i = 0; i < x_size; i++) { y[i] = x[i]; }",
        ),
    ),
    "a matrix that brings both": (
        "subroutine f(a)\n real(8) :: a(:, :)\n integer :: i, j\n do j = 1, size(a, dim=2)\n "
        "do i = 1, size(a, 1)\n a(i, j) = 0\n end do\n end do",
        (
            "double *a, int a_size1, int a_size2",
            "for (int j = 0; j < a_size2; j++) { for (int i = 0; i < a_size1; i++) { a[j * "
            "a_size1 + i] = 0; } }",
        ),
    ),
    "memory that the call decides": (
        "subroutine f(n, x)\n integer, intent(in) :: n\n real :: x(n), t(n, n)\n t(1, n) = "
        "x(n)\n if (n > 2) return\n x(1) = t(1, n)",
        (
            "float *x",
            "float *t = (float *)malloc(n * n * sizeof(float)); t[(n - 1) * n] = x[n - 1]; if "
            "(n > 2) { free(t); return; } x[0] = t[(n - 1) * n]; free(t);",
        ),
    ),
    "memory that is allocated": (
        "subroutine f(n, x)\n integer, intent(in) :: n\n real :: x(n)\n real, allocatable :: "
        "t(:)\n allocate(t(0:n))\n t(0) = x(1)\n x(1) = t(0) + size(t)\n deallocate(t)",
        (
            "float *x",
            "float *t = (float *)malloc((n + 1) * sizeof(float)); t[0] = x[0]; x[0] = t[0] + (n "
            "+ 1); free(t);",
        ),
    ),
}


@pytest.mark.parametrize("what", SHAPES)
def test_arrays_whose_extents_are_known_when_it_is_called(what):
    text, (head, body) = SHAPES[what]
    said = " ".join(format_cpp(Program("fortran", "f", f"{text}\nend subroutine\n")).split())
    assert f"{head})" in said and f"{{ {body} }}" in said


@pytest.mark.parametrize(
    "statement, reason",
    [
        ("allocate(t(n), stat=n)", "with options"),
        ("if (n > 1) allocate(t(n))", "under a condition"),
        ("allocate(t(n))\n allocate(t(n))", "allocated twice"),
        ("n = n + 1\n n = 2 * n\n allocate(t(n))", "to what changes"),
        ("t(1) = 0", "has no constant size"),
    ],
)
def test_memory_of_which_the_text_does_not_say_how_much_there_is(statement, reason):
    with pytest.raises(UnsupportedConstruct, match=reason):
        format_cpp(
            Program(
                "fortran",
                "f",
                f"subroutine f(n, x)\n integer :: n\n real :: x(n)\n real, allocatable :: t(:)\n"
                f" {statement}\n x(1) = t(1)\nend subroutine\n",
            )
        )


LEFT = {
    "x(1:2, 1:2) = 0": "2 subscripts for 1 dimensions",
    "print *, n": "a call of print",
    "call g(x)": "a call of g",
    "j = n\n do i = 1, j\n j = j - 1\n x(i) = j\n end do": "whose ends change inside",
    "x(1) = g(n)": "'g' is called",
    "x(1:n) = x(n:1:-1)": "read elsewhere than where it is set",
    "goto 10\n10 continue": "a jump to a label",
    "x = (/ 1.0, 2.0 /)": "InitializerList",
    "do while (sum(x) > 1)\n x = 0\n end do": "in the condition of a loop",
    "outer: do i = 1, n\n do j = 1, m\n exit outer\n end do\n end do outer": (
        "a jump out of more than one loop"
    ),
}


@pytest.mark.parametrize("statements", LEFT)
def test_what_has_no_spelling_says_why(statements):
    with pytest.raises(UnsupportedConstruct, match=LEFT[statements]):
        body_of(statements)


MODULE_LIKE = """subroutine f(n, x, y)
  use, intrinsic :: iso_fortran_env, only: dp => real64
  implicit none
  integer, parameter :: rk = selected_real_kind(15, 307), wp = dp
  integer, parameter :: shift(0:2) = (/ -1, 0, 1 /)
  integer, intent(in) :: n
  real(wp), intent(in) :: x(n)
  real(rk), intent(out) :: y(n)
  integer :: i
  do i = 1, n
    y(i) = pressure(x(i) + 1.0_wp, 2) + shift(mod(i, 3))
  end do
contains
  pure function pressure(rho, k) result(p)
    real(wp), intent(in) :: rho
    integer, intent(in) :: k
    real(wp) :: p, half
    half = 0.5_wp * rho
    p = half * half * k + twice(rho)
  end function
  elemental real(wp) function twice(a)
    real(wp), intent(in) :: a
    twice = 2 * a
  end function
end subroutine
"""


def test_kinds_tables_and_functions_inside_as_modules_have_them():
    """So a procedure is cut out of its module: with the constants and the small functions that it
    names.
    """
    text = " ".join(format_cpp(Program("fortran", "f", MODULE_LIKE)).split())
    assert text == (
        "void f(int n, const double *x, double *y) { const int shift[3] = {-1, 0, 1}; for (int "
        "i = 0; i < n; i++) { "
        "y[i] = 0.5 * (x[i] + 1.0) * (0.5 * (x[i] + 1.0)) * 2 + 2 * (x[i] + 1.0) + "
        "shift[(i + 1) % 3]; } }"
    )


@pytest.mark.parametrize(
    "change",
    [
        ("half = 0.5_wp * rho", "if (rho > 0) half = rho"),
        ("twice = 2 * a", "twice = twice(a)"),
        ("(/ -1, 0, 1 /)", "(/ (i, i = 0, 2) /)"),
        ("elemental real(wp) function twice(a)", "elemental real(wp) function twice(a, b)"),
    ],
)
def test_functions_that_are_more_than_a_value_have_no_spelling(change):
    assert convert_to_cpp(Program("fortran", "f", MODULE_LIKE.replace(*change))) is None


ABSENT = (
    "subroutine f(n, x, w, s)\n integer, intent(in) :: n\n real, intent(inout) :: x(n)\n "
    "real, intent(in), optional :: w(n), s\n integer :: i\n"
)


def test_optional_arrays_may_be_null():
    assert (
        body_of("do i = 1, n\n if (.not. present(w)) exit\n x(i) = w(i)\n end do", ABSENT)
        == "for (int i = 0; i < n; i++) { if (!(w != nullptr)) { break; } x[i] = w[i]; }"
    )
    with pytest.raises(UnsupportedConstruct, match="a scalar that may be absent"):
        body_of("if (present(s)) x(1) = s", ABSENT)


def test_sizes_that_nothing_says_are_not_guessed():
    for declarations in (
        "real(8), intent(inout) :: x(*)\n",
        "real(8), intent(inout) :: x(:)\n integer :: x_size\n x_size = 1\n",
    ):
        assert (
            convert_to_cpp(
                Program(
                    "fortran", "f", f"subroutine f(x)\n {declarations} x = 2 * x\nend subroutine\n"
                )
            )
            is None
        )


SOURCES = [
    p for corpus in ("builtin", "development") for p in load_corpus(corpus, "fortran").programs
]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_broken_texts_are_left_alone(data):
    program = data.draw(st.sampled_from(SOURCES))
    words = program.text.split(" ")
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(words) - 1))
        words[at] = data.draw(
            st.sampled_from(
                [
                    "",
                    "(",
                    ")",
                    ":",
                    "end",
                    "do",
                    "=",
                    "1.0",
                    "x(1:2)",
                    ",",
                    "\n",
                    "'",
                    "&",
                    "sum(a)",
                    "**",
                    "%",
                ]
            )
        )
    found = convert_to_cpp(Program("fortran", program.name, " ".join(words)))
    assert found is None or found.dialect == "cpp"


def test_most_fortran_here_is_spelled():
    assert sum(convert_to_cpp(p) is not None for p in SOURCES) >= 0.9 * len(SOURCES)


LOOP = Program(
    "fortran",
    "f",
    "subroutine f(n, x)\n integer n, i\n real x(n)\n do i = 1, n\n x(i) = 2 * x(i)\n end do\nend\n",
)
KERNEL = "__global__ void f(int n, float *x) { int i = threadIdx.x; if (i < n) x[i] = 2 * x[i]; }"


def test_a_small_model_is_asked_in_cpp_and_taught_what_it_is_asked():
    asked: list[str] = []
    answer = "__global__ void F0 ( int V0 , float * V1 ) { V1 [ threadIdx . x ] = 2 ; }"
    translator = Translator(
        ScriptedModel(lambda prompt, k: asked.append(prompt.text) or answer), spell=True
    )
    (candidate,) = translator.propose([LOOP], parse_direction("fortran:cuda"), Sampling(1, 0.0))
    assert asked[0].startswith("<cpp:cuda> void F0 ( int V0 , float * V1 ) { for ( int V2 = 0 ;")
    assert (candidate.source_id, candidate.direction) == (LOOP.id, "fortran:cuda")
    assert "__global__ void f(int n, float * x)" in candidate.text
    (lesson,) = translator.examples([(LOOP, Program("cuda", "f", KERNEL))], "forward")
    assert lesson.prompt == asked[0] and lesson.answer.startswith(
        "__global__ void F0 ( int V0 , float * V1 ) {"
    )
    preference = translator.preference(
        LOOP, parse_direction("fortran:cuda"), KERNEL, KERNEL.replace("2", "3")
    )
    assert (
        preference.prompt == asked[0]
        and preference.better == lesson.answer
        and preference.worse != lesson.answer
    )


@pytest.mark.parametrize("way", ["fortran:cpp", "fortran:openmp-fortran"])
def test_serial_and_fortran_targets_are_asked_for_as_written(way):
    assert normalize_source(LOOP, parse_direction(way)) == (LOOP, parse_direction(way))


def test_models_asked_in_words_see_the_fortran_text():
    asked: list[str] = []
    translator = Translator(
        ScriptedModel(lambda p, k: asked.append(p.text) or "```cuda\n```"),
        PromptStyle.PLAIN,
        wording=PromptWording(),
        spell=True,
    )
    translator.propose([LOOP], parse_direction("fortran:cuda"), Sampling(1, 0.0))
    assert "subroutine f(n, x)" in asked[0]


def test_a_text_without_a_spelling_is_asked_for_as_it_is():
    program = Program("fortran", "f", LOOP.text.replace("2 * x(i)", "g(x(i))"))
    assert normalize_source(program, parse_direction("fortran:cuda")) == (
        program,
        parse_direction("fortran:cuda"),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "subroutine f(n, x)\ninteger n, i\nreal(8) x(n), sq, t\nsq(t) = t*t + n\n"
            "do 10 i = 1, n\nif (x(i) > 10) go to 10\nx(i) = sq(x(i) + 1)\n10 continue\nend",
            "for (int i = 0; i < n; i++) { if (x[i] > 10) { continue; } "
            "x[i] = (x[i] + 1) * (x[i] + 1) + n; }",
        ),
        (
            "subroutine f(n, x)\ninteger n, i\nreal(8) x(0:n)\nassociate (y => x)\n"
            "do i = 0, n\ny(i) = 2 * y(i)\nend do\nend associate\nend",
            "for (int i = 0; i <= n; i++) { x[i] *= 2; }",
        ),
        (
            "subroutine f(n, x)\ninteger n, i\nreal(8) x(n)\n!$omp parallel do private(i)\n"
            "do i = 1, n\nx(i) = -(x(i) - n)**2\nend do\nend",
            "for (int i = 0; i < n; i++) { x[i] = -(x[i] - n) * (x[i] - n); }",
        ),
    ],
    ids=["statement functions", "associate", "directives do not count"],
)
def test_what_the_tree_has_words_for(text, expected):
    found = " ".join(format_cpp(Program("fortran", "f", text)).split())
    assert found.split("{", 1)[1].rsplit("}", 1)[0].strip() == expected


def test_jumps_that_choose_are_left():
    text = "subroutine f(n, x)\ninteger n\nreal x(n)\nif (x(1)) 10, 10, 20\n10 x(1) = 1\n20 end"
    with pytest.raises(UnsupportedConstruct, match="a jump to a label"):
        format_cpp(Program("fortran", "f", text))
