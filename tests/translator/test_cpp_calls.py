"""Helpers of several statements written where they are called: what comes out, and what is left."""

from __future__ import annotations

import pytest

from corpora.records import Program
from translator.normalize.expand_macros import expand_program
from translator.normalize.inline_expressions import inline_helpers
from translator.normalize.unsupported import UnsupportedConstruct
from translator.outline.parse_cpp import parse_function

DOT = (
    "static double dot(int n, const double *a, const double *b) { double s = 0; for (int i "
    "= 0; i < n; i++) s += a[i] * b[i]; return s; }\n"
)
CLEAR = "void clear(int m, double *y) { for (int i = 0; i < m; i++) y[i] = 0; }\n"
EDGE = (
    "double edge(const double x[8], const double z[8]) { double a = x[1] - x[0]; return a "
    "* z[2]; }\n"
)
NEXT = "unsigned int next(unsigned int *state) { *state = *state * 5u + 1u; return *state; }\n"


def written(helper: str, body: str, head: str = "void f(int n, double *x, double *z)") -> str:
    """The statements, in one line, without the head."""
    text = parse_function(Program("cpp", "f", f"{helper}{head} {{ {body} }}")).text
    return " ".join(" ".join(text.split("{", 1)[1].rsplit("}", 1)[0].split()).split())


SAID = {
    "a total": (
        DOT,
        "double r = 2 * dot(n, x, z); x[0] = r;",
        "double s_1 = 0; for (int i_1 = 0; i_1 < n; i_1++) { s_1 += x[i_1] * z[i_1]; } double "
        "dot_1 = s_1; double r = 2 * dot_1; x[0] = r;",
    ),
    "by itself": (CLEAR, "clear(n, x);", "for (int i_1 = 0; i_1 < n; i_1++) { x[i_1] = 0; }"),
    "a value that is no variable": (
        CLEAR,
        "clear(n + 1, x);",
        "int m_1 = n + 1; for (int i_1 = 0; i_1 < m_1; i_1++) { x[i_1] = 0; }",
    ),
    "a place in an array": (
        CLEAR,
        "clear(n, x + n);",
        "for (int i_1 = 0; i_1 < n; i_1++) { x[n + i_1] = 0; }",
    ),
    "a loop's only statement": (
        CLEAR,
        "for (int k = 0; k < n; k++) clear(n, x + k * n);",
        "for (int k = 0; k < n; k++) { for (int i_1 = 0; i_1 < n; i_1++) { x[k * n + i_1] = 0; } }",
    ),
    "the address of a variable": (
        NEXT,
        "unsigned int s = n; x[0] = next(&s); x[1] = next(&s);",
        "unsigned int s = n; s = s * 5u + 1u; unsigned int next_2 = s; x[0] = next_2; s = s * "
        "5u + 1u; unsigned int next_1 = s; x[1] = next_1;",
    ),
    "arrays with their lengths, as a value": (
        EDGE,
        "x[0] = edge(z, x);",
        "x[0] = (z[1] - z[0]) * x[2];",
    ),
    "an array with its length": (
        CLEAR.replace("*y", "y[8]"),
        "clear(n, z);",
        "for (int i_1 = 0; i_1 < n; i_1++) { z[i_1] = 0; }",
    ),
    "a place for an array with its length": (
        CLEAR.replace("*y", "y[8]"),
        "clear(n, x + n);",
        "for (int i_1 = 0; i_1 < n; i_1++) { x[n + i_1] = 0; }",
    ),
}


@pytest.mark.parametrize("what", SAID)
def test_what_a_helper_does_stands_before_the_statement_of_its_call(what):
    helper, body, expected = SAID[what]
    assert written(helper, body) == expected


@pytest.mark.parametrize(
    "helper, body, reason",
    [
        (DOT, "while (dot(n, x, z) > 1) x[0] = 0;", "under a condition"),
        (DOT, "x[0] = n > 1 ? dot(n, x, z) : 1;", "under a condition"),
        (DOT, "for (double s = dot(n, x, z); s > 1; s--) x[0] = s;", "in a loop's head"),
        (
            DOT.replace("double s = 0;", "double s = 0; if (n < 1) return 1;"),
            "x[0] = dot(n, x, z);",
            "before its end",
        ),
        (CLEAR.replace("*y", "y[4][4]").replace("y[i]", "y[i][0]"), "clear(n, x + n);", "rows"),
        (NEXT, "unsigned int s[2]; s[0] = 1; x[0] = next(s);", ""),
        (CLEAR.replace("y[i] = 0", "*y++ = 0"), "clear(n, x);", "moves"),
    ],
)
def test_what_is_left(helper, body, reason):
    if not reason:
        assert "s[0]" in written(helper, body)
        return
    with pytest.raises(UnsupportedConstruct, match=reason):
        inline_helpers(f"{helper}void f(int n, double *x, double *z) {{ {body} }}", "f")


def test_structures_stay_beside_a_function_whose_macros_are_written_out():
    text = (
        "#define SMALL 1e-9f\ntypedef struct { float x, w; } body;\nvoid f(body *p, int n) { "
        "for (int i = 0; i < n; i++) p[i].x += SMALL; }"
    )
    made = expand_program(Program("cpp", "f", text)).text
    assert (
        "SMALL" not in made
        and "typedef struct { float x, w; } body;" in made
        and "p__x[i] += 1e-9f;" in parse_function(Program("cpp", "f", text)).text
    )


def test_what_a_string_holds_is_no_name_and_a_cast_may_stand_before_a_star():
    helper = 'void show(int n, double *y) { int k = (int)(long)*y; printf("%d\\n", n); *y = k; }'
    text = f"{helper}\nvoid f(double *z) {{ double s = z[0]; show(3, &s); z[0] = s; }}"
    made = inline_helpers(text, "f")
    assert '\\n"' in made and "(int)(long)s" in made and "s = k" in made


def test_a_launch_is_no_call_of_a_helper():
    text = (
        "__global__ void k(int n, int *x) { if (threadIdx.x < n) x[threadIdx.x] = 0; }\n"
        "void f(int n, int *x) { k<<<1, n>>>(n, x); }"
    )
    assert expand_program(Program("cuda", "f", text)).text == text


def test_a_helper_behind_a_variable_of_its_own_declaration_is_left():
    helper = (
        "int sum(int n, int *y) { int s = 0; for (int i = 0; i < n; i++) s += y[i]; return s; }"
    )
    with pytest.raises(UnsupportedConstruct, match="behind another variable"):
        inline_helpers(f"{helper}\nvoid f(int *x) {{ int a = 2, b = sum(a, x); x[0] = b; }}", "f")
