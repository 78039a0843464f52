"""Which classes of contents the text of a source asks for."""

from __future__ import annotations

import math

import pytest

from corpora.records import Program
from corpora.signatures.signature import read_signature
from tester.generate.data_classes import find_iteration_ends, find_ranges, list_data_changes
from tester.generate.dictionary import read_dictionary
from tester.generate.sketches import ParameterRoles
from tester.generate.source_tree import read_source


def changes_of(text: str, sizes: tuple[str, ...] = ("n",), dialect: str = "cpp"):
    program = Program(dialect, "f", text)
    signature = read_signature(program)
    source = read_source(program, signature)
    roles = ParameterRoles(sizes=frozenset(sizes), indices=frozenset())
    return list_data_changes(signature, source, read_dictionary(source, signature), roles)


def kinds_of(parameters: str, body: str) -> set[str]:
    text = f"void f(int n, {parameters}) {{ for (int i = 0; i < n; i++) {{ {body} }} }}"
    return {fill.kind for change in changes_of(text) for fill in change.fills.values()}


@pytest.mark.parametrize(
    ("parameters", "body", "kinds"),
    [
        ("const float *x, float *y", "y[i] = 2 * x[i];", set()),
        ("const int *m, float *y", "if (m[i]) y[i] = 1;", {"stretches", "cycled"}),
        ("const bool *m, float *y", "if (!m[i]) y[i] = 1;", {"stretches", "cycled"}),
        ("const float *x, float *y", "y[i] = i > 0 && x[i] > x[i - 1];", {"serpentine"}),
        ("const float *x, float *y", "y[i] = x[i] - x[0];", {"normal"}),
        ("const float *x, float *y", "y[i] = 1 / x[i];", {"magnitudes"}),
        ("double *a", "a[i * n + i] /= sqrt(a[i * n]);", {"definite"}),
        ("const int *x, int *y", "y[i] = x[i] == 7 && x[i + 1] == 9;", {"phrases"}),
        ("const int *x, int *y", "y[i] = x[i] == 7;", set()),
    ],
)
def test_only_what_the_text_asks_for(parameters: str, body: str, kinds: set[str]) -> None:
    assert kinds_of(parameters, body) == kinds


def test_phrases_are_texts_and_constant_arrays() -> None:
    text = """int f(int n, const char *s, const int *x) {{
  {} int c = 0;
  for (int i = 0; i < n; i++) {{ int k = 0; while (k < 3 && {}[i + k] == w[k]) k++; c += k == 3; }}
  return c;
}}
"""
    (change,) = changes_of(text.format('const char *w = "abc";', "s"))
    assert change.fills["s"].arguments == (97, 98, 99)
    (change,) = changes_of(text.format("static const int w[3] = {4, 5, 4};", "x"))
    assert change.fills["x"].arguments == (4, 5, 4)
    joined = (
        "void f(int n, const char *s, int *y) { for (int i = 0; i + 1 < n; i++) { if (s[i] == '/' \
&& s[i + 1] == '*') y[i] = 1; if (s[i] == '*' && s[i + 1] == '/') y[i] = 2; } }"
    )
    codes = changes_of(joined)[0].fills["s"].arguments
    assert [int(c) for c in codes if not math.isnan(c)] == [47, 42, 42, 47]


def test_ranges_and_ends_of_iterations() -> None:
    program = Program(
        "cpp",
        "f",
        "void f(int lo, int hi, double tol, int most, double *y) { double e = 1; int k = 0; "
        "for (int i = lo; i < hi; i++) y[i - lo] = i; while (e > tol && k < most) { e /= 2; k++; } "
        "y[0] = k; }",
    )
    signature = read_signature(program)
    source = read_source(program, signature)
    assert find_ranges(signature, source) == (("lo", "hi"),)
    exact, steps = find_iteration_ends(signature, source)
    assert [p.name for p in exact] == ["tol"] and [p.name for p in steps] == ["most"]
    fortran = Program(
        "fortran",
        "f",
        "subroutine f(lo, hi, a)\n integer, intent(in) :: lo, hi\n"
        " real, intent(inout) :: a(lo:hi)\n a = a + 1\nend subroutine\n",
    )
    signature = read_signature(fortran)
    assert find_ranges(signature, read_source(fortran, signature)) == (("lo", "hi"),)


def test_a_plane_that_is_gone_through_until_nothing_changes_has_a_corridor() -> None:
    text = """void f(int h, int w, const int *wall, int *y) {
  int again = 1;
  while (again) {
    again = 0;
    for (int r = 1; r < h; r++)
      for (int c = 0; c < w; c++)
        if (!wall[r * w + c] && y[(r - 1) * w + c] && !y[r * w + c]) y[r * w + c] = again = 1;
  }
}
"""
    found = changes_of(text, ("h", "w"))
    (corridor,) = [c for c in found if c.fills["wall"].kind == "winding"]
    assert corridor.scalars == {"h": 20, "w": 11} and corridor.fills["wall"].arguments == (11,)
