"""Sizes from which on OpenMP's clauses let threads work are made smaller, in directives and nowhere
else.
"""

from __future__ import annotations

import pytest

from gpu_runtime.backend import Variant
from gpu_runtime.launch.thresholds import find_comparisons
from gpu_runtime.openmp.conditions import lower_thresholds
from gpu_runtime.openmp.schedules import prepare_openmp


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("#pragma omp parallel for if(n > 10000)", "#pragma omp parallel for if(n > 32)"),
        (
            "#pragma omp parallel for if (parallel: 50000UL <= n * f(m) && free) private(t)",
            "#pragma omp parallel for if (parallel: 32 <= n * f(m) && free) private(t)",
        ),
        (
            "#pragma omp for \\\n if((long)n*m >= 64 * 1024) nowait",
            "#pragma omp for \\\n if((long)n*m >= 32) nowait",
        ),
        (
            "#define CUT (1 << 14) // twice\n#pragma omp parallel if(n > CUT)",
            "#define CUT (1 << 14) // twice\n#pragma omp parallel if(n > 32)",
        ),
        (
            "enum { few = 3, cut = 4096 };\n#pragma omp task if(b - a > cut)",
            "enum { few = 3, cut = 4096 };\n#pragma omp task if(b - a > 32)",
        ),
        (
            "#pragma omp parallel num_threads(n < 1000 ? 1 : 8)",
            "#pragma omp parallel num_threads(n < 32 ? 1 : 8)",
        ),
    ],
)
def test_c_clauses(text, wanted):
    assert lower_thresholds(text, "cpp") == wanted


def test_fortran_clauses():
    text = (
        "integer, parameter :: LIM = 20000\n!$OMP PARALLEL DO IF(N > lim)\n!$omp parallel do "
        "&\n!$omp& if(n.gt.10000_8.and.free) private(t)\n"
    )
    wanted = text.replace("(N > lim)", "(N > 32)").replace("10000_8", "32")
    assert lower_thresholds(text, "fortran") == wanted


@pytest.mark.parametrize(
    "text",
    [
        "if (n > 10000)\n#pragma omp parallel for",
        "#pragma omp parallel for if(n > 20)",
        "#pragma omp parallel for if(n < 1000)",
        "#pragma omp parallel for if(0)",
        "#pragma omp parallel for if(n > 1000*m) if(m*1000 < n) if(n > 2.5e3)",
        "#pragma omp parallel for private(n) shared(m)",
    ],
)
def test_other_conditions_stay(text):
    assert lower_thresholds(text, "cpp") == text


def test_what_is_timed_or_sanitized_runs_as_it_is_written():
    text = "#pragma omp parallel for if(n > 10000)"
    assert {v for v in Variant if "(n > 32)" in prepare_openmp(text, "cpp", v)} == {
        Variant.PLAIN,
        Variant.RECORDED,
        Variant.RACE_CHECKED,
    }


@pytest.mark.parametrize(
    "text",
    ["y = x >> 12", "p->x", "n * 4 < 1.5", "x <<= 2000", "n > 3 * m", "f<900>(n)", "n > ", "3 < 4"],
)
def test_what_is_no_comparison_with_a_whole_number(text):
    assert find_comparisons(text, "cpp", {}) == []


@pytest.mark.parametrize("language", ["cpp", "fortran"])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("n < 10000", [(10000, False)]),
        ("(4096) < n", [(4096, True)]),
        ("n * f(m, 3) >= 1e5", [(100000, True)]),
        ("n > cut", [(77, True)]),
    ],
)
def test_comparisons_of_an_expression(language, text, found):
    got = find_comparisons(text, language, {"cut": 77})
    assert [(c.value, c.upward) for c in got] == found


def test_a_macro_and_a_line_that_goes_on_inside_a_clause():
    text = "#define CUT \\\n 4096\n#pragma omp parallel if(n > \\\n CUT)\n"
    assert lower_thresholds(text, "cpp") == text.replace("CUT)", "32)")
