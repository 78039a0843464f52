import shutil
import subprocess

import pytest

from corpora.records import Program
from tester.mutation.mutants import generate_mutants, sample_mutants

CPP = Program(
    "cpp",
    "f",
    """void f(float *x, int *y, int n, int m) {
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < m; ++j)
      if (x[i * m + j] > 0.5f) x[i * m + j] += 1.0f;
      else y[i] = 0;
}""",
)
FORTRAN = Program(
    "fortran",
    "f",
    """subroutine f(n, a, s)
  implicit none
  integer, intent(in) :: n
  real, intent(inout) :: a(n, n)
  real, intent(out) :: s
  integer :: i, j
  s = 0.0
  do j = 1, n
    do i = 1, n
      if (a(i, j) > 0.5) then
        s = s + 2.0 * a(i, j)
      end if
    end do
  end do
end subroutine f
""",
)
KINDS = {
    "operator",
    "constant",
    "off_by_one",
    "index_swap",
    "dropped_statement",
    "swapped_branches",
}


@pytest.mark.parametrize("program", [CPP, FORTRAN])
def test_every_kind_appears_and_every_text_differs(program):
    mutants = generate_mutants(program)
    assert {m.kind for m in mutants} == KINDS
    assert len({m.program.text for m in mutants} | {program.text}) == len(mutants) + 1
    assert [m.program.text for m in mutants] == [m.program.text for m in generate_mutants(program)]


@pytest.mark.parametrize(
    ("program", "compiler"), [(CPP, ["g++", "-xc++"]), (FORTRAN, ["gfortran", "-xf95"])]
)
def test_nearly_all_compile(program, compiler):
    if not shutil.which(compiler[0]):
        pytest.skip(f"no {compiler[0]}")
    mutants = generate_mutants(program)[:12]
    runs = [
        subprocess.run(
            [*compiler, "-fsyntax-only", "-"], input=m.program.text.encode(), capture_output=True
        )
        for m in mutants
    ]
    assert sum(r.returncode == 0 for r in runs) >= len(mutants) - 1


def test_known_edits():
    texts = {m.program.text for m in generate_mutants(CPP)}
    assert CPP.text.replace("i < n", "i <= n") in texts
    assert CPP.text.replace("x[i * m + j] +=", "x[i * m + j + 1] +=") in texts
    assert CPP.text.replace("y[i] = 0;", ";") in texts
    assert not any("m * i" in t for t in texts), "a product is the same the other way round"
    wheres = [m.where for m in generate_mutants(CPP) if m.kind == "dropped_statement"]
    assert wheres[0].startswith("4:32 ")


def test_sample_takes_every_kind_and_is_seeded():
    mutants = generate_mutants(CPP)
    chosen = sample_mutants(mutants, 6, 1)
    assert {m.kind for m in chosen} == KINDS and chosen == sample_mutants(mutants, 6, 1)
    assert sample_mutants(mutants, 999) == mutants


def test_declarations_and_array_sizes_are_left_alone():
    program = Program(
        "cuda",
        "k",
        "__global__ void k(int *x) { __shared__ int t[32]; t[threadIdx.x] = x[threadIdx.x]; "
        "x[0] = t[0]; }",
    )
    assert all("t[33]" not in m.program.text for m in generate_mutants(program))


def test_whitespace_tokenised_text():
    program = Program(
        "cpp",
        "g",
        "void g ( int * a , int n ) { for ( int i = 0 ; i < n ; i ++ ) a [ i ] = a [ i ] - 1 ; }",
    )
    assert len(generate_mutants(program)) >= 8


IMAGE = """#define HELP(x) helper(x)
static int helper(int x) { return x + 1; }
static int other(int x) { return x - 7; }
struct box { int k; int operator()(int i) const { return i * k; } };
void f(int *x, int n) { box b = {3}; for (int i = 0; i < n; i++) x[i] = HELP(b(i)); }
void g(int *x, int n) { for (int i = 0; i < n; i++) x[i] = other(x[i]) + 5; }"""
MODULE = """module m
contains
subroutine f(n, x)
  integer :: n, x(n), i
  do i = 1, n
    x(i) = HELPER(x(i)) * 2
  end do
end subroutine
integer function helper(k)
  integer :: k
  helper = k + 3
end function
subroutine g(n, x)
  integer :: n, x(n)
  x(1) = x(1) - 9
end subroutine
end module
"""


@pytest.mark.parametrize(
    ("program", "inside", "outside"),
    [
        (Program("cpp", "f", IMAGE), {2, 4, 5}, {3, 6}),
        (Program("fortran", "f", MODULE), {6, 11}, {15}),
    ],
)
def test_a_file_s_other_functions_have_no_mutants(program, inside, outside):
    rows = {int(m.where.partition(":")[0]) for m in generate_mutants(program)}
    assert inside <= rows and not outside & rows


def texts_of(dialect, text, dropped=False):
    """Texts of mutants, those with a statement less only with `dropped`."""
    mutants = generate_mutants(Program(dialect, "f", text))
    return {m.program.text for m in mutants if dropped or m.kind != "dropped_statement"}


def test_what_a_macro_makes_has_no_mutants_and_its_name_as_a_bound_has():
    text = (
        "#define N 16\n#define SQUARE(x) ((x) * (x))\n"
        "void f(int *x) { for (int i = 0; i < N; i++) x[i] = SQUARE(x[i]) - 2; }"
    )
    texts = texts_of("cpp", text)
    assert text.replace("i < N", "i < (N - 1)") in texts
    assert text.replace(") - 2", ") + 2") in texts
    assert all(t.startswith(text[: text.index("void")]) and "SQUARE(x[i])" in t for t in texts)


def test_operators_in_comments_strings_and_dead_branches_are_none():
    text = (
        "void f(int *x, int n) {\n#if 0\n  x[0] = 1 + 2;\n#endif\n"
        '  x[n /* a + b */ - /* < */ 1] = sizeof("c * d"); }'
    )
    texts = texts_of("cpp", text)
    assert text.replace("- /* <", "+ /* <") in texts
    assert all("a + b" in t and '"c * d"' in t and "1 + 2" in t for t in texts)


def test_an_operator_changes_its_own_expression_and_no_other():
    text = "void f(int *x, int n) { x[0] = 7 - n * 3 / 2; }"
    texts = texts_of("cpp", text)
    assert text.replace("n * 3 / 2", "(n + 3) / 2") in texts
    assert text.replace("7 - n", "7 + n") in texts


def test_fortran_statements_on_several_lines_and_several_on_one():
    text = (
        "subroutine f(n, x)\n  integer :: n, x(n), i\n  do i = 1, n\n"
        "    if (x(i) > 3 .and. &  ! a < b\n        n /= 4) x(i) = 2; x(i) = x(i) + 1\n"
        "  end do\nend subroutine\n"
    )
    texts = texts_of("fortran", text, dropped=True)
    assert text.replace("n /= 4", "n == 4") in texts
    assert text.replace(".and.", ".or.") in texts
    assert text.replace("; x(i) = x(i) + 1", "; continue") in texts
    assert text.replace("= x(i) + 1", "= x(i + 1) + 1") in texts
    assert all("! a < b" in t for t in texts)


def test_a_dropped_launch_and_swapped_dimensions():
    text = (
        "__global__ void k(int *x) { __shared__ int t[8][9]; int i = threadIdx.x, j = blockIdx.x; "
        "t[i][j] = 1; x[i] = t[j][i]; } void f(int *x) { k<<<1, 8>>>(x); }"
    )
    texts = texts_of("cuda", text, dropped=True)
    assert text.replace("k<<<1, 8>>>(x);", ";") in texts
    assert text.replace("t[i][j]", "t[j][i]") in texts and all("t[8][9]" in t for t in texts)
