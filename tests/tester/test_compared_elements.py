"""Arrays whose elements are compared with a scalar or a small number: the code behind the
comparison runs, and a port that is wrong there fails.
"""

from __future__ import annotations

import pytest

from corpora.records import Fill, Outcome, Program
from corpora.signatures.signature import read_signature
from tester.generate.source_tree import read_source
from tester.generate.states import StateArray, draw_states, find_state_arrays

LEVEL = """int f(int n, int level, const int *row, const int *col, int *dist) {{
int found = 0;{0}
for (int v = 0; v < n; v++) {{
if (dist[v] != level) continue;
for (int e = row[v]; e < row[v + 1]; e++) if (dist[col[e]] {1}) {{ dist[col[e]] = level + {2}; \
found = 1; }} }}
return found; }}"""
PADDED = """void f(int n, int k, const double *a, const int *col, const double *x, double *y) {{{0}
for (int i = 0; i < n; i++) {{ double s = 0; for (int j = 0; j < k; j++) {{ \
int c = col[i * k + j]; {1} s += a[i * k + j] * x[c]; }} y[i] = s; }} }}"""
ROOTS = """void f(int n, const int *parent, int *root, int *height) {{{0}
for (int i = 0; i < n; i++) {{ root[i] = parent[i] {1} ? i : parent[i]; height[root[i]] {2}= 0; }} \
}}"""
ALL = "\n#pragma omp parallel for"
CASES = {
    "level": (LEVEL.format("", "< 0", 1), LEVEL.format("\nint unused = 0;", "< 0", 1), True),
    "level_beyond": (LEVEL.format("", "< 0", 1), LEVEL.format("", "< 0", 2), False),
    "level_of_one_mark": (LEVEL.format("", "< 0", 1), LEVEL.format("", "== -1", 1), False),
    "padded": (
        PADDED.format("", "if (c < 0) continue;"),
        PADDED.format(ALL, "if (c < 0) continue;"),
        True,
    ),
    "padded_at_the_end_only": (
        PADDED.format("", "if (c < 0) continue;"),
        PADDED.format(ALL, "if (c < 0) break;"),
        False,
    ),
    "padded_unchecked": (
        PADDED.format("", "if (c < 0) continue;"),
        PADDED.format(ALL, "c = c < 0 ? 0 : c;"),
        False,
    ),
    "roots": (ROOTS.format("", "< 0", "*"), ROOTS.format("", "< 0", "&"), True),
    "roots_of_one_mark": (ROOTS.format("", "< 0", "*"), ROOTS.format("", "== -1", "*"), False),
}


@pytest.mark.parametrize("name", CASES)
def test_verdict(name, verdicts):
    verdict = verdicts[name]
    assert verdict.equivalent is CASES[name][2], f"{verdict.outcome}: {verdict.detail}"
    assert verdict.outcome in (Outcome.EQUIVALENT, Outcome.MISMATCH, Outcome.MEMORY_ERROR)


def states_in(text: str, dialect: str = "cpp") -> dict[str, StateArray]:
    program = Program(dialect, "f", text)
    signature = read_signature(program)
    return find_state_arrays(signature, read_source(program, signature))


def test_states_are_read_off_the_comparisons():
    assert states_in(LEVEL.format("", "== -1", 1)) == {"dist": StateArray((-1,), ("level",))}
    assert states_in(
        "void f(int *seen, int n) { for (int i = 0; i < n; i++) { int s = seen[i]; if (0 == s) "
        "seen[i] = 1; } }"
    ) == {"seen": StateArray((0, -2), ())}  # a copy may be asked for its order
    fortran = (
        "subroutine f(n, mark, a)\ninteger, intent(in) :: n, mark\ninteger, intent(inout) "
        ":: a(n)\ninteger :: i\ndo i = 1, n\nif (a(i) .eq. mark) a(i) = 0\nend do\nend"
    )
    assert states_in(fortran, "fortran") == {"a": StateArray((), ("mark",))}


def test_what_bounds_or_is_no_state_is_none():
    assert (
        states_in("void f(int *a, int n) { for (int i = 0; i < n; i++) if (a[i] == n) a[i] = 0; }")
        == {}
    )
    assert (
        states_in(
            "void f(int *a, int n, int t) { for (int i = 0; i < n; i++) if (a[i] < t || a[i] == "
            "4000) a[i] = 0; }"
        )
        == {}
    )
    assert (
        states_in(
            "void f(double *a, int n, int k) { for (int i = 0; i < n; i++) if (a[i] == k) a[i] "
            "= 0; }"
        )
        == {}
    )


def test_few_states_hold_what_is_asked_for_and_what_is_not():
    scalars, fills = draw_states(
        {"n": 5, "level": 99},
        {"dist": Fill("zeros"), "col": Fill("zeros")},
        {"dist": StateArray((-1,), ("level",))},
        1,
        3,
    )
    assert scalars == {"n": 5, "level": 1} and fills["col"] == Fill("zeros")
    assert fills["dist"] == Fill("integers", (-1, 1), 3)
