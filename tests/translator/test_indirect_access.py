"""Arrays whose every subscript depends on the contents of other arrays."""

from __future__ import annotations

import pytest

from corpora.records import Program
from translator.outline.indirect_access import find_indirect_arrays
from translator.outline.parse_cpp import parse_function

LOOP = "for (int i = 0; i < n; i++) "
CASES = {
    "a table": (LOOP + "y[i] = x[at[i]];", {"x"}),
    "by way of a scalar": (LOOP + "{ int k = at[i]; y[i] = x[k + 1]; }", {"x"}),
    "counted and cleared": (LOOP + "x[i] = 0; " + LOOP + "x[at[i]] += y[i];", set()),
    "links": (LOOP + "{ int r = i; while (at[r] != r) r = at[r]; y[i] = x[i]; at[i] = r; }", set()),
    "links alone": ("int r = 0; while (at[r] != r) r = at[r]; y[0] = r + x[0];", {"at"}),
    "rows of a sparse matrix": (
        LOOP + "{ double s = 0; for (int j = at[i]; j < at[i + 1]; j++) s += x[j]; y[i] = s; }",
        {"x"},
    ),
    "kept ones": ("int k = 0; " + LOOP + "if (x[i] > 0) y[k++] = x[i]; at[0] = k;", {"y"}),
    "the other branch": (
        "int k = 0; " + LOOP + "{ if (x[i] > 0) at[i] = 1; else { k += 2; } y[k] = 1; }",
        {"y"},
    ),
    "a plain sum": ("double s = 0; " + LOOP + "s += x[i]; y[0] = s; at[n] = 1;", set()),
    "a sum leads somewhere": ("int s = 0; " + LOOP + "s += at[i]; y[s] = x[n - 1];", {"y"}),
    "a loop under a condition": (LOOP + "if (at[i]) for (int j = 0; j < n; j++) y[j] = 0;", {"x"}),
    "behind a jump": (
        "int k = 0; " + LOOP + "{ if (x[i] > 0) continue; y[k] = at[i]; k++; }",
        {"y"},
    ),
    "steps": ("int k = 0; " + LOOP + "{ y[k] = x[i]; k += 2; at[i] = k; }", set()),
}


@pytest.mark.parametrize("what", CASES)
def test_what_leads_to_an_array(what):
    body, expected = CASES[what]
    function = parse_function(
        Program("cpp", "f", f"void f(int n, int *at, double *x, double *y) {{ {body} }}")
    )
    assert find_indirect_arrays(function) == expected


def test_lengths_of_local_arrays_are_no_indices():
    function = parse_function(
        Program(
            "cpp",
            "f",
            "void f(int n, int *at) { int seen[8]; seen[at[0]] = n; at[1] = seen[at[0]]; }",
        )
    )
    assert find_indirect_arrays(function) == {"seen"}
