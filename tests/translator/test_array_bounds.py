"""Lengths of arrays as the loops of a function determine them."""

from __future__ import annotations

import pytest

from corpora.records import Program
from translator.outline.array_bounds import find_array_lengths
from translator.outline.parse_cpp import parse_function


@pytest.mark.parametrize(
    "body, lengths",
    [
        ("for (int i = 0; i < n; i++) x[i] = 1;", ("n",)),
        ("for (int i = 1; i <= n; i++) x[i] = x[i - 1];", ("n", "n + 1")),
        ("for (int i = n - 1; i >= 0; i--) x[i] = 1;", ("n",)),
        ("for (int i = 0; i < n; i++) x[n - 1 - i] = 1;", ("n",)),
        (
            "for (int i = 0; i < n; i++) for (int j = 0; j < m; j++) x[i * ld + j] = 1;",
            ("ld * n + m - ld",),
        ),
        (
            "for (int i = 0; i < n; i++) for (int j = 0; j <= i; j++) { int at = i * m + j; "
            "x[at] = 1; }",
            ("m * n + n - m",),
        ),
        ("for (int i = 0; i < n; i++) for (int j = 0; j < m; j++) x[i * m + j] = 1;", ("m * n",)),
        ("for (int i = 0; i < n; i++) x[i / 2] = 1;", ("((n - 1) / 2) + 1",)),
        ("x[3] = 1;", ("4",)),
        ("for (int i = 0; i < n; i++) if (i < m) x[i] = 1;", ("m", "n")),
        ("for (int i = n; i-- > 0;) x[i] = 1;", ("n",)),
        ("int k = 0; while (k < n) { x[2 * k] = 1; k++; }", ("2 * n - 1",)),
    ],
)
def test_the_last_place_that_loops_come_to(body, lengths):
    assert (
        find_array_lengths(
            parse_function(
                Program("cpp", "f", f"void f(int n, int m, int ld, float *x) {{ {body} }}")
            )
        )["x"]
        == lengths
    )


def test_bounds_that_hold_each_other_come_to_an_end():
    text = (
        "void f(int n, int m, const float *at, float *x) { for (int t = 0; t < n; t++) { int first "
        "= t < m ? 0 : t - m + 1; for (int k = (first > 1 ? first : 1); k <= t; k++) { float d = "
        "at[k] - at[k - 1]; x[t] += d; } } }"
    )
    found = find_array_lengths(parse_function(Program("cpp", "f", text)))
    assert found["x"] == ("n",) and "n" in found["at"]


@pytest.mark.parametrize(
    "body",
    [
        "for (int i = 0; i < n; i++) x[at[i]] = 1;",
        "int k = 0; for (int i = 0; i < n; i++) { if (at[i]) k++; x[k] = 1; }",
        "for (int i = 0; i < at[0]; i++) x[i] = 1;",
        "for (int i = 0; i < (n > m ? n : m); i++) x[i] = 1;",
    ],
)
def test_what_contents_decide_is_not_said(body):
    assert "x" not in find_array_lengths(
        parse_function(
            Program("cpp", "f", f"void f(int n, int m, const int *at, float *x) {{ {body} }}")
        )
    )
