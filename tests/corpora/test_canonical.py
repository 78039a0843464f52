"""Canonical names: round trips, shared names of pairs, and names that a target language
reserves.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from corpora.tokens.canonical import canonicalize, restore
from corpora.tokens.lexers import lex


def texts_of(text: str, language: str) -> list[str]:
    found = [token.text for token in lex(text, language)]
    return [t.lower() for t in found] if language == "fortran" else found


def round_trip(text: str, language: str, entry: str = "") -> str:
    words = canonicalize(text, language, entry=entry)
    assert all(word and not any(c.isspace() for c in word) for word in words.tokens)
    return restore(words.tokens, words.names, language, entry or "f0")


CPP = """
#include <math.h>
#define N 10 /* size */
static inline float helper(float V3) { return V3 > 0 ? -V3 : .5e-3f; }
__global__ void k(const float *__restrict__ x, float4 *v, int max, unsigned long n) {
    extern __shared__ float tile[];
    int i = blockIdx.x * blockDim.x + threadIdx.x;  // index
    if (i >= n) return;
#pragma unroll 4
    for (int j = 0, stride = 0x1F; j < max; ++j) tile[j] += x[i] * 1'000.f - -j + i++ - --max;
    v[i].x = v->y; printf("%d \\"a b\\"\\n", i); char c = '\\n';
    atomicAdd(&tile[0], fmaxf(1e+5, 1.0));
    k<<<dim3(1), 32>>>(x, v, N, n);
}
"""

FORTRAN = """
subroutine Saxpy(n, a, X, y) ! comment
  use iso_c_binding, only : c_int
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: a, x(0:n-1)
  real(8), intent(inout) :: y(:)
  integer :: i, count; real :: size = 1.5d0
  !$omp parallel do private(i) &
  !$omp& reduction(+:size)
  do i = 1, n
    if (x(i) .gt. 1.and.i /= 2) then
      y(i) = a*X(I) + &
             y(i)**2 // 'it''s & "x" !'
    end if
  end do
  !$omp end parallel do
end subroutine saxpy
"""


@pytest.mark.parametrize(
    ("text", "language", "entry"), [(CPP, "cpp", "k"), (FORTRAN, "fortran", "saxpy")]
)
def test_a_program_survives(text: str, language: str, entry: str) -> None:
    assert texts_of(round_trip(text, language, entry), language) == texts_of(text, language)


_NAMES = st.sampled_from(
    "a b n i x idx max V1 F0 threadIdx float float4 if for return _x data size sqrtf y z "
    "int".split()
)
_NUMBERS = st.sampled_from("0 1 42 3.5f .5 1e-5 0xFFul 10. 1.0e+10".split())
_LITERALS = st.sampled_from(['"a b"', '"%20"', '"\\n%"', "'x'", "' '"])
_SYMBOLS = st.sampled_from(
    "+ - * / % = == <= << <<< >>> -> . :: ++ -- ! ~ & && ( ) [ ] { } , ; ? : < > ^ |".split()
)
_PRAGMA = st.sampled_from(
    ["\n#pragma omp parallel for private(i)\n", "\n#include <math.h>\n", "\n#define N 3\n"]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(_NAMES, _NUMBERS, _LITERALS, _SYMBOLS, _SYMBOLS, _PRAGMA), max_size=40))
def test_any_c_like_words_survive(words: list[str]) -> None:
    text = " ".join(words)
    assert texts_of(round_trip(text, "cpp"), "cpp") == texts_of(text, "cpp")


_FORTRAN_WORDS = st.sampled_from(
    "a B n i x do end if then real integer :: ( ) , + - ** * / == /= .and. .not. % : = => "
    "count size 1 2.5d0 1.e-3 10 'a b'"
    " 1.0_8 call function".split(" ")
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.lists(_FORTRAN_WORDS, min_size=1, max_size=70), max_size=5), st.booleans())
def test_any_fortran_words_survive(statements: list[list[str]], directive: bool) -> None:
    lines = [" ".join(words) for words in statements] + ["!$omp parallel do private(i)"] * directive
    text = "\n".join(lines)
    back = round_trip(text, "fortran")
    assert texts_of(back, "fortran") == texts_of(text, "fortran")
    assert all(len(line) <= 132 for line in back.splitlines())


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("p -> threadIdx", "cpp"),
        ("integer :: do\n!$omp parallel do", "fortran"),
        ("a . float", "cpp"),
    ],
)
def test_reserved_words_in_odd_places_survive(text: str, language: str) -> None:
    assert texts_of(round_trip(text, language), language) == texts_of(text, language)


def test_every_own_name_is_numbered_in_order_and_the_languages_are_kept() -> None:
    words = canonicalize(
        "void f(int n, float *x) { for (int i = 0; i < n; i++) x[i] = sqrtf(x[i]) * 105; }",
        "cpp",
        entry="f",
    )
    assert words.text == (
        "void F0 ( int V0 , float * V1 ) { for ( int V2 = 0 ; V2 < V0 ; V2 ++ ) V1 [ V2 ] = "
        "sqrtf ( V1 [ V2 ] ) * 1 _0 _5 ; }"
    )
    assert words.names == ("n", "x", "i")


def test_a_library_name_used_as_a_variable_is_the_programs_own() -> None:
    words = canonicalize(
        "float max = x[0]; if (a > max) max = a; b = min(a, 1); p.x = q->size;", "cpp"
    )
    assert "max" in words.names and "max" not in words.tokens
    assert "min" in words.tokens
    assert words.tokens[-8:] == ("V4", ".", "x", "=", "V5", "->", "size", ";")


def test_a_pair_shares_names_and_new_locals_come_after() -> None:
    source = canonicalize(
        "void f(int n, float *x) { for (int i = 0; i < n; i++) x[i] = 0; }", "cpp", entry="f"
    )
    target = canonicalize(
        "void g(int n, float *x) { int tid = threadIdx.x; if (tid < n) x[tid] = 0; }",
        "cpp",
        source.names,
        "g",
    )
    assert target.names == ("n", "x", "i", "tid")
    assert "int V3 = threadIdx . x" in target.text
    text = restore(target.tokens, source.names, "cpp", "f")
    assert "void f(int n, float * x)" in text and "int v3 = threadIdx.x;" in text


def test_restored_names_clash_with_nothing() -> None:
    text = restore("int V0 ; int V1 ; int V2 ; int V3 ;".split(), ("int", "v2", "f"), "cpp", "f")
    assert text.split() == "int int_; int v2; int f_; int v3;".split()
    text = restore("V0 = V1 + V2 + V3 <nl>".split(), ("N", "n", "_a"), "fortran", "f")
    assert text.split() == "N = n_ + v_a + v3".split()


@pytest.mark.parametrize(
    "literal", ['L"a b"', 'u8"x %d\\ty"', "L' '", '"a\u2003b\u00a0%u0041 %20"', '"%"', '"50%25"']
)
def test_literals_survive_to_the_letter(literal: str) -> None:
    words = canonicalize(f"s = {literal};", "cpp")
    assert not any(c.isspace() for word in words.tokens for c in word)
    assert literal in restore(words.tokens, words.names, "cpp")


def test_numbers_that_a_model_made_up_are_left_alone() -> None:
    assert '"%00%ud800"' in restore(["V0", "=", '"%00%ud800"', ";"], ("s",), "cpp")


def test_words_that_make_no_sense_are_passed_on() -> None:
    assert restore(["V0", "_5", "1", "_f", "%zz", '"%zz"', "V", "V1x"], ("a",), "cpp").split() == [
        "a",
        "_5",
        "1f",
        "%zz",
        '"%zz"',
        "V",
        "V1x",
    ]
    assert restore([], (), "cpp") == ""


def test_omp_words_are_kept_in_directives_only() -> None:
    words = canonicalize(
        "int shared = 1;\n#pragma omp parallel for shared(shared) reduction(max: m)\nf(for_, "
        "shared);",
        "cpp",
    )
    assert "#pragma omp parallel for shared ( V0 ) reduction ( max : V1 ) <nl>" in words.text


def test_fortran_declares_its_own_names() -> None:
    words = canonicalize(
        "subroutine s(sum)\nreal :: sum, x\nsum = max(x, SIZE(x))\nend", "fortran", entry="S"
    )
    assert words.names == ("sum", "x")
    assert "V0 = max ( V1 , size ( V1 ) )" in words.text


def test_the_suite_form_uses_the_programs_numbers() -> None:
    text = (
        "n:i32=12 normal:f32=-1.5 x:f32[n*2]=normal(0,1)@3 # c\nn:i32=1 normal:f32=inf "
        "x:f32[2]={1,nan} alias(x,x);"
    )
    words = canonicalize(text, "suite", ("n", "normal", "x"))
    assert words.names == ("n", "normal", "x")
    assert words.text.startswith(
        "V0 : i32 = 1 _2 V1 : f32 = - 1 _. _5 V2 : f32 [ V0 * 2 ] = normal ( 0 , 1 ) @ 3 <nl> V0"
    )
    assert texts_of(restore(words.tokens, words.names, "suite"), "suite") == texts_of(text, "suite")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("real(8) x(n), B(n), C(n * 2)", "real ( 8 ) V0 ( V1 ) , V2 ( V1 ) , V3 ( V1 * 2 ) <nl>"),
        ("integer*8 c, b", "integer * 8 V0 , V1 <nl>"),
        ("character(len=3) c", "character ( len = 3 ) V0 <nl>"),
        ("character*(*) c", "character * ( * ) V0 <nl>"),
        ("double precision sum", "double precision V0 <nl>"),
        ("real, intent(in) :: c(n), len = 3", "real , intent ( in ) :: V0 ( V1 ) , V2 = 3 <nl>"),
        ("real function c(x)", "real function c ( V0 ) <nl>"),
        ("print *, c", "print * , c <nl>"),
    ],
)
def test_what_a_line_of_fortran_declares_is_its_own(line, words):
    """`C` of `real(8) A, B, C` stayed the word of bind(c), and its suites found no parameter."""
    assert canonicalize(line, "fortran").text == words


def test_a_string_that_is_handed_over_is_numbered_like_a_name():
    """Spelled in characters, a model garbled it."""
    text = 'if (a != b) printf("%i != %i ▁ at %i\\n", a, b, 3); extern "C" void g(); f("%i");'
    words = canonicalize(text, "cpp")
    assert "printf ( V2 , V0 , V1 , 3 )" in words.text and '"C"' in words.text
    assert texts_of(restore(words.tokens, words.names, "cpp"), "cpp") == texts_of(text, "cpp")
    assert '"x"' in canonicalize('call g("x")', "fortran").text


def test_keywords_of_fortran_are_told_by_their_place():
    """A variable called `in` renamed the word of `intent(in)`."""
    text = (
        "subroutine f(in, out, kind)\nreal(kind=8), intent(in), target :: in\n"
        "real, intent(in out) :: out, kind, target\nin = out + kind\nend"
    )
    words = canonicalize(text, "fortran", entry="f")
    assert words.names == ("in", "out", "kind", "target")
    assert "real ( kind = 8 ) , intent ( in ) , target :: V0 <nl>" in words.text
    assert "intent ( in out ) :: V1 , V2 , V3 <nl> V0 = V1 + V2" in words.text
    again = restore(words.tokens, words.names, "fortran", "f")
    assert texts_of(again, "fortran") == texts_of(text, "fortran")
