"""Array sections in reduction clauses: what becomes of their lengths."""

from __future__ import annotations

import pytest

from gpu_runtime.openmp.sections import make_sections_nonempty

CHANGED = {
    "#pragma omp parallel for reduction(+:s[:n])": "#pragma omp parallel for "
    "reduction(+:s[:((n) > 0 ? (n) : 1)])",
    "#pragma omp for reduction(+ : s[0 : n * m], t[:8]) schedule(static)": (
        "#pragma omp for reduction(+ : s[0 :((n * m) > 0 ? (n * m) : 1)], t[:8]) schedule(static)"
    ),
    "#pragma omp parallel for reduction(max:a[:n][:m])": "#pragma omp parallel for "
    "reduction(max:a[:((n) > 0 ? (n) : "
    "1)][:((m) > 0 ? (m) : 1)])",
}


@pytest.mark.parametrize("text", CHANGED)
def test_lengths_that_may_be_none_are_one_then(text):
    assert make_sections_nonempty(text, "cpp") == CHANGED[text]


@pytest.mark.parametrize(
    "text",
    [
        "#pragma omp target map(tofrom: s[:n])",
        "s[c ? a : b] = 1;",
        "#pragma omp parallel for reduction(+:s[:n\\\n+1])",
        "#pragma omp parallel for reduction(+:x)",
    ],
)
def test_other_texts_stay(text):
    assert make_sections_nonempty(text, "cpp") == text and make_sections_nonempty(
        "!$omp parallel do reduction(+:s(1:n))", "fortran"
    ).endswith("s(1:n))")
