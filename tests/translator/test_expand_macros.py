"""Expanding macros and helpers of C++ functions. tests/coevolve/test_by_parts.py executes ports of
the results.
"""

from __future__ import annotations

import pytest

from corpora.dialects import parse_direction
from corpora.records import Program
from translator.normalize.expand_macros import expand_program
from translator.outline.parse_cpp import normalize
from translator.prompting.translate import normalize_source


def out(text: str) -> str:
    return " ".join(expand_program(Program("cpp", "f", text)).text.split())


BEFORE_AND_AFTER = {
    "macros": (
        "#define SQ(x) ((x) * (x))\n#define N \\\n 4\nvoid f(int *x) { x[N] = SQ(x[0] + N); }",
        "void f(int *x) { x[4] = ((x[0] + 4) * (x[0] + 4)); }",
    ),
    "macros of statements": (
        "#define FOR(i, n) for (int i = 0; i < (n); ++i)\nvoid f(int n, int *x) { FOR(k, n) "
        "x[k] = 1; }",
        "void f(int n, int *x) { for (int k = 0; k < (n); ++k) x[k] = 1; }",
    ),
    "a macro's own name stays": (
        "#define x (2 + x)\nint f(int *y) { int x = 1; return x; }",
        "int f(int *y) { int (2 + x) = 1; return (2 + x); }",
    ),
    "letters are not names": (
        "#define N 4\nint f(const char *s) { return s[0] == 'N' /* N */ ? N : 0; }",
        "int f(const char *s) { return s[0] == 'N' /* N */ ? 4 : 0; }",
    ),
    "types": (
        "typedef double real;\nusing size = unsigned long;\nreal f(const real *x, size n) { "
        "return x[n]; }",
        "double f(const double *x, unsigned long n) { return x[n]; }",
    ),
    "constants": (
        "const int N = 4, M = 2 * N;\nstatic const float G = 1.5f;\nconstexpr double D = 2;\n"
        "void f(double *x) { x[M] = G * D; }",
        "void f(double *x) { x[(2 * 4)] = 1.5f * ((double)(2)); }",
    ),
    "tables": (
        "static const double W[2] = {0.5, 1};\nvoid f(double *x) { x[0] = W[1]; }",
        "void f(double *x) { const double W[2] = {0.5, 1}; x[0] = W[1]; }",
    ),
    "helpers": (
        "static int two(int a) { return 2 * a; }\ninline double h(double x) { double t = x * "
        "x; if (t > 4) return t; return two(3); }\nvoid f(double *x) { x[0] = h(x[1] + 1); }",
        "void f(double *x) { x[0] = (((((x[1] + 1) * (x[1] + 1)) > 4) ? (((x[1] + 1) * (x[1] + "
        "1))) : ((2 * 3)))); }",
    ),
    "a whole number for a real one": (
        "float h(float a) { return a / 2; }\nvoid f(float *x) { x[0] = h(1); }",
        "void f(float *x) { x[0] = (1.0f / 2); }",
    ),
    "templates": (
        "template <typename T> T low(T a, T b) { return a < b ? a : b; }\nvoid f(int *x) { "
        "x[0] = low<int>(x[0], x[1]); }",
        "void f(int *x) { x[0] = ((x[0]) < (x[1]) ? (x[0]) : (x[1])); }",
    ),
    "macros that paste": (
        "#define P(a, b) a##b\nvoid f(int *x) { int P(k, 1) = 0; x[0] = k1; }",
        "void f(int *x) { int k1 = 0; x[0] = k1; }",
    ),
    "macros of nothing": (
        "#define RESTRICT\n#define API(x) x\nAPI(void) f(int *RESTRICT x) { x[0] = 1; }",
        "void f(int *x) { x[0] = 1; }",
    ),
    "signs stay apart": (
        "#define NEG(x) -x\nvoid f(int *x) { x[0] = 2 -NEG(-x[1]); }",
        "void f(int *x) { x[0] = 2 - - -x[1]; }",
    ),
    "names in directives": (
        "#define N 4\nvoid f(int *x) {\n#pragma omp parallel for num_threads(N)\n"
        "for (int i = 0; i < N; i++) x[i] = 0; }",
        "void f(int *x) { #pragma omp parallel for num_threads( 4 ) "
        "for (int i = 0; i < 4; i++) x[i] = 0; }",
    ),
    "headers stay": (
        "#include <cmath>\n#define N 4\nvoid f(double *x) { x[N] = std::sqrt(2.0); }",
        "#include <cmath> void f(double *x) { x[4] = std::sqrt(2.0); }",
    ),
}


@pytest.mark.parametrize(("before", "after"), BEFORE_AND_AFTER.values(), ids=BEFORE_AND_AFTER)
def test_names_stand_where_they_are_used(before, after):
    assert out(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "void f(int n, int *x) { x[0] = n; }",
        "#ifdef A\n#define N 4\n#endif\nvoid f(int *x) { x[0] = N; }",
        "const int n = 4;\nvoid f(int n, int *x) { x[0] = n; }",
        "int h(int a) { return a < 2 ? a : h(a - 1); }\nvoid f(int *x) { x[0] = h(x[0]); }",
        "int h(int n) { int s = 0; for (int i = 0; i < n; i++) s += i; return s; }\nvoid f(int "
        "*x) { while (h(x[0])) x[0]--; }",
        "int h(int a) { return a + a; }\nvoid f(int *x) { int i = 0; x[0] = h(i++); }",
        "void h(int &a) { a = 1; }\nvoid f(int *x) { h(x[0]); }",
        "#define A B\n#define B A\nconst int *K = 0;\nvoid f(int *x) { x[0] = A; }",
    ],
    ids=range(8),
)
def test_what_is_more_than_a_name_stays_as_it_is(text):
    assert expand_program(Program("cpp", "f", text)).text == text


def test_the_model_is_shown_what_is_written_out():
    text = (
        "#define N 4\ntypedef float real;\nvoid f(int n, real *x) { for (int i = 0; i < n; "
        "i++) x[i] *= N; }"
    )
    program = Program("cpp", "f", text)
    assert normalize(program).text.startswith("void f(int n, float *x) {")
    for way in ("cpp:cuda", "cpp:openmp"):
        asked, _ = normalize_source(program, parse_direction(way))
        assert (
            "define" not in asked.text and "typedef" not in asked.text and "x[i] *= 4" in asked.text
        )
