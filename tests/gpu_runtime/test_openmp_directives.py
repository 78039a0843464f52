"""OpenMP's directives are found where they stand, and edited without moving a line."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from corpora.ir.edits import apply_edits
from gpu_runtime.openmp.conditions import lower_thresholds
from gpu_runtime.openmp.directives import find_directives
from gpu_runtime.openmp.lanes import expose_simd_lanes
from gpu_runtime.openmp.schedules import make_schedules_static
from gpu_runtime.openmp.sections import make_sections_nonempty

C = (
    "void f() { // #pragma omp single\n"
    'const char *s = "#pragma omp master";\n'
    "#pragma omp parallel \\\n  for /* if(n > 9) */ schedule(dynamic) // nowait\n"
    '#define EACH _Pragma("omp for nowait")\n'
    "#pragma omp_like for\n#pragma omp bar\\\nrier\n}\n"
)
FORTRAN = (
    "! !$omp single\n"
    "      !$OMP PARALLEL DO & ! why\n"
    "      ! a comment\n"
    "      !$omp& IF(N > 9) &\n"
    "      !$OMP   private(i)\n"
    "!$ompx do\n"
    "!$omp end parallel do\n"
)


def test_directives_of_c_are_found() -> None:
    found = find_directives(C, "cpp")
    assert [(d.raw.directive, d.operator) for d in found] == [
        ("parallel for", False),
        ("for", True),
        ("barrier", False),
    ]
    assert [c.name for d in found for c in d.raw.clauses] == ["schedule", "nowait"]


def test_directives_of_fortran_are_found() -> None:
    found = find_directives(FORTRAN, "fortran")
    assert [(d.raw.directive, d.raw.end) for d in found] == [
        ("parallel do", False),
        ("parallel do", True),
    ]
    assert [c.name.lower() for c in found[0].raw.clauses] == ["if", "private"]


@pytest.mark.parametrize(("text", "language"), [(C, "cpp"), (FORTRAN, "fortran")])
def test_each_character_has_its_place(text: str, language: str) -> None:
    for directive in find_directives(text, language):
        for character, place in zip(directive.raw.text, directive.places, strict=True):
            assert character.lower() == (text[place].lower() if place >= 0 else " ")


def test_a_part_over_several_lines_is_replaced_once() -> None:
    text = "#pragma omp for schedule(dyn\\\namic, 4)\n"
    assert make_schedules_static(text, "cpp") == "#pragma omp for schedule(static\\\n, 4)\n"
    text = "#pragma omp parallel if(n > \\\n 10000)\n"
    assert lower_thresholds(text, "cpp") == "#pragma omp parallel if(n > \\\n 32)\n"
    text = "#pragma omp parallel if(n > 64 * \\\n1024)\n"
    assert lower_thresholds(text, "cpp") == "#pragma omp parallel if(n > 32 \\\n)\n"


def test_a_clause_goes_with_its_comma() -> None:
    directive = find_directives(text := "#pragma omp simd simdlen(4), private(t)", "cpp")[0]
    edits = directive.remove_clause(directive.raw.clauses[0])
    assert apply_edits(text, edits) == "#pragma omp simd  private(t)"


def test_clauses_in_a_fortran_row_that_goes_on_are_changed() -> None:
    text = "!$omp parallel do &\n!$omp& if(n > 10000) schedule(guided)\n"
    assert lower_thresholds(text, "fortran") == text.replace("10000", "32")
    assert make_schedules_static(text, "fortran") == text.replace("guided", "static,1")


@given(
    st.lists(
        st.sampled_from(
            [
                "#pragma omp ",
                "parallel ",
                "for ",
                "simd ",
                "\\\n",
                "\n",
                "if(n > 10000) ",
                "&\n",
                "!$omp ",
            ]
            + [
                "schedule(",
                "dynamic",
                ", 4) ",
                "reduction(+: s[:n]) ",
                "/* ",
                "*/ ",
                '"',
                "'",
                "safelen(4) ",
            ]
            + [
                "for (int i = 0; i < n; i++) ",
                "{ ",
                "} ",
                '_Pragma("omp for") ',
                "!$omp& ",
                "! c\n",
                "do ",
            ]
        ),
        max_size=12,
    ).map("".join),
    st.sampled_from(["cpp", "fortran"]),
)
def test_no_text_makes_an_edit_fail_or_moves_a_line(text: str, language: str) -> None:
    for change in (
        lower_thresholds,
        expose_simd_lanes,
        make_schedules_static,
        make_sections_nonempty,
    ):
        assert change(text, language).count("\n") == text.count("\n")
