"""What directives leave open, read from the tree."""

from __future__ import annotations

import pytest

from corpora.records import Program
from translator.trials.directives import is_shared_out_by_chance, reduction_operators

LOOP = "for (int i = 0; i < n; i++) s += x[i];"


def c_program(directive: str) -> Program:
    return Program(
        "openmp", "f", f"void f(int n, float *x) {{ float s = 0;\n{directive}\n{LOOP} }}"
    )


@pytest.mark.parametrize(
    "directive, operators",
    [
        ("#pragma omp parallel for reduction(+:s)", {"+"}),
        ("#pragma omp parallel for \\\n reduction ( max : s )", {"max"}),
        ("#pragma omp parallel for reduction(task, *:s)", {"*"}),
        ('_Pragma("omp parallel for reduction(min:s)")', {"min"}),
        ("// #pragma omp parallel for reduction(max:s)", set()),
        ('const char *t = "#pragma omp for reduction(max:s)";', set()),
    ],
)
def test_operators_of_reductions(directive, operators):
    assert reduction_operators(c_program(directive)) == operators


@pytest.mark.parametrize(
    "directive, by_chance",
    [
        ("#pragma omp parallel for schedule(dynamic, 4)", True),
        ("#pragma omp parallel for schedule(monotonic: guided)", True),
        ("#pragma omp parallel for schedule(static)", False),
        ("#pragma omp taskloop", True),
        ("/* #pragma omp task */", False),
        ("#pragma omp parallel for // schedule(dynamic)", False),
    ],
)
def test_shares_that_are_a_matter_of_moments(directive, by_chance):
    assert is_shared_out_by_chance(c_program(directive)) is by_chance


def test_fortran_directives_are_read_alike():
    text = (
        "subroutine f(n, x, s)\ninteger :: n, i\nreal :: x(n), s\n"
        "!$OMP PARALLEL DO REDUCTION(MAX:s) &\n!$OMP& SCHEDULE(DYNAMIC)\n"
        "do i = 1, n\n s = max(s, x(i))\nend do\nend subroutine\n"
    )
    program = Program("openmp-fortran", "f", text)
    assert reduction_operators(program) == {"max"} and is_shared_out_by_chance(program)
