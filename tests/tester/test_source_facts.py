"""What is read off the tree, and what a reading of text got wrong."""

from __future__ import annotations

import pytest

from corpora.records import Program
from corpora.signatures.signature import read_signature
from tester.generate.dictionary import read_dictionary
from tester.generate.source_facts import (
    find_option_letters,
    find_shift_amounts,
    find_strides,
    is_leading_dimension,
)
from tester.generate.source_tree import read_source
from tester.generate.states import find_state_arrays


def read(text, dialect="cpp"):
    program = Program(dialect, "f", text)
    signature = read_signature(program)
    return signature, read_source(program, signature)


def test_a_launch_is_no_shift():
    signature, source = read(
        "__global__ void k(int n, int *x) { int i = threadIdx.x; if (i < n) x[i] <<= 1; }\n"
        "void f(int n, int s, int *x) { k<<<(n + 63) / 64, 64>>>(n, x); x[0] = 1 << s; }",
        "cuda",
    )
    assert find_shift_amounts(signature, source) == frozenset({"s"})


def test_comments_strings_and_dead_branches_say_nothing():
    signature, source = read(
        "// col[e] >= 0; mode == 7\n#if 0\n  if (col[0] == 5) return;\n#endif\n"
        "void f(int n, int mode, const int *col, int *y) { /* if (mode == 3) */\n"
        "  for (int i = 0; i < n; i++) y[i] = col[i] + mode; }"
    )
    assert find_state_arrays(signature, source) == {}
    uses = read_dictionary(source, signature).uses
    assert not any(use.numbers for use in uses.values())


def test_macros_are_numbers_like_others():
    signature, source = read(
        "#define LIMIT 900\n#define OPEN 1\n#define SHUT 4\n"
        "void f(int n, int mode, int *y) { if (n > LIMIT) return; if (mode == OPEN) y[0] = 1;\n"
        "  if (mode == SHUT) y[0] = 2; }"
    )
    uses = read_dictionary(source, signature).uses
    assert list(uses["n"].own) == [900] and list(uses["mode"].asked) == [1, 4]


@pytest.mark.parametrize(
    ("body", "leading"),
    [
        ("for (int j = 0; j < m; j++) for (int i = 0; i < n; i++) a[j * q + i] = 1;", True),
        ("for (int j = 0; j < m; j++) for (int i = 0; i < n; i++) a[j * q + i] *= m;", True),
        ("for (int j = 0; j < m; j++) for (int i = 0; i < n; i++) a[j * q + i] += m;", False),
        ("for (int j = 0; j < m; j++) for (int i = 0; i < n; i++) s += a[j * q + i];", False),
        ("if (q < n) return; for (int i = 0; i < n; i++) s += a[m * q + i];", True),
        ("for (int j = 0; j < q; j++) for (int i = 0; i < n; i++) a[j * q + i] = 1;", False),
        ("for (int i = 0; i < n; i++) a[i / q * q + i % q] = 1;", False),
    ],
)
def test_leading_dimensions_go_by_use(body, leading):
    for name in ("q", "lda"):
        text = f"void f(int n, int m, int q, int *a) {{ int s = 0; {body} a[0] += s; }}"
        _, source = read(text.replace("q", name))
        assert is_leading_dimension(name, source) is leading, name


def test_fortran_s_leading_dimensions_are_first_extents():
    _, source = read(
        "subroutine f(m, n, lda, a)\n  integer :: m, n, lda, i, j\n  real :: a(lda, *)\n"
        "  do j = 1, n\n    do i = 1, m\n      a(i, j) = 0\n    end do\n  end do\nend subroutine\n",
        "fortran",
    )
    assert is_leading_dimension("lda", source) and not is_leading_dimension("n", source)


def test_strides_go_by_use():
    signature, source = read(
        "void f(int n, int by, int every, int steps, const float *x, float *y) { int k = 0;\n"
        "  for (int i = 0; i < n; i++) { y[i * by] = x[k]; k += every; }\n"
        "  for (int t = 0; t < steps; t++) y[0] *= 2; }"
    )
    assert find_strides(signature, source) == frozenset({"by", "every"})


def test_fields_of_structures_are_called_as_tests_call_them():
    signature, source = read(
        "struct point { int kind; float x; };\n"
        "void f(int n, const point *p, float *y) { for (int i = 0; i < n; i++) {\n"
        "  const point &q = p[i]; if (q.kind == 3 || p[i].kind == -1) y[i] = q.x; } }"
    )
    kinds = [p.name for p in signature.parameters if p.member and p.member.path == "kind"]
    (state,) = [find_state_arrays(signature, source)[name] for name in kinds]
    assert set(state.numbers) == {3, -1}


def test_letters_over_several_lines():
    signature, source = read(
        "subroutine f(n, uplo, x)\n  integer :: n\n  character :: uplo\n  real :: x(n)\n"
        "  if (uplo == 'U' .or. & ! or 'Q'\n      uplo == 'L') x(1) = 0\nend subroutine\n",
        "fortran",
    )
    letters = find_option_letters(signature, source)
    assert letters == {"uplo": (ord("U"), ord("L"), ord("#"))}


def test_letters_of_c_are_characters_too():
    signature, source = read(
        "void f(char uplo, int n, double *x) { if (uplo == 'U') x[0] = n; "
        "else if ('L' == uplo) x[n - 1] = 0; }"
    )
    letters = find_option_letters(signature, source)
    assert letters == {"uplo": (ord("U"), ord("L"), ord("#"))}
