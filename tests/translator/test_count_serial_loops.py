"""Counting the loops of an OpenMP text that no threads share."""

from __future__ import annotations

import pytest

from translator.outline.count_serial_loops import count_serial_loops

LOOP = "for (int i = 0; i < n; i++) x[i] = 0;"
SHARED = f"#pragma omp parallel for \\\n  schedule(static)\n{LOOP}"


@pytest.mark.parametrize(
    "body, left",
    [
        (LOOP, 1),
        (f"\n{SHARED}", 0),
        (f"\n{SHARED}\n{LOOP}\n{LOOP}", 2),
        (f"for (int t = 0; t < 9; t++) {{\n{SHARED}\n}}", 0),
        (f"for (int t = 0; t < 9; t++) {{\n{SHARED}\n{LOOP}\n}}", 1),
        (f"while (n > 0) {{ {LOOP} n--; }}", 1),
        (f"if (n > 1) {{\n{SHARED}\n}} else {{ {LOOP} }}", 1),
        (f"\n#pragma omp parallel\n{{\n#pragma omp for\n{LOOP}\n}}", 0),
        (f"\n#pragma omp parallel for\nfor (int j = 0; j < n; j++) {{ {LOOP} }}", 0),
        ("x[0] = 1;", 0),
        (f"\n#pragma omp parallel\n{{ {LOOP} }}", 1),
        (f"\n#pragma omp parallel\n{{\n#pragma omp single\n{LOOP}\n}}", 1),
        ("\n#pragma omp parallel\n{ float y[4]; for (int i = 0; i < 4; i++) y[i] = 0; }", 0),
        (f"\n#pragma omp simd\n{LOOP}", 1),
        (f'\nconst char *s = "#pragma omp for"; /* #pragma omp for */ {LOOP}', 1),
        (f"\n#pragma omp parallel for // shared\n// by all\n{LOOP}", 0),
        (f"\n#define EACH {LOOP}\nEACH\n#pragma omp parallel for\nEACH\n", 1),
        (f'\n_Pragma("omp parallel for")\n{LOOP}', 0),
    ],
)
def test_loops_without_a_directive_are_left(body, left):
    assert count_serial_loops(f"void f(int n, float *x) {{ {body} }}") == left


DO = "do i = 1, n\n x(i) = 0\nend do\n"


@pytest.mark.parametrize(
    "body, left",
    [
        (DO, 1),
        (f"!$omp parallel do\n{DO}!$omp end parallel do\n", 0),
        (f"!$omp parallel do\n{DO}", 0),
        (f"!$omp parallel do\n{DO}{DO}{DO}", 2),
        (f"do t = 1, 9\n!$omp parallel do\n{DO}end do\n", 0),
        (f"do t = 1, 9\n!$omp parallel do\n{DO}{DO}end do\n", 1),
        (f"!$omp parallel\n!$omp do\n{DO}!$omp end do\n{DO}!$omp end parallel\n", 1),
        (f"!$omp parallel do &\n!$omp& schedule(static)\n{DO}", 0),
        (f"! !$omp parallel do\n{DO}", 1),
        ("!$omp parallel workshare\nx = 1\n!$omp end parallel workshare\n", 0),
        ("do concurrent (i = 1:n)\n x(i) = 0\nend do\n", 1),
        ("!$omp parallel do\ndo 10 i = 1, n\n x(i) = 0\n10 continue\n", 0),
    ],
)
def test_loops_of_fortran_without_a_directive_are_left(body, left):
    text = f"subroutine f(n, x)\ninteger :: n, i, t\nreal :: x(n)\n{body}end subroutine\n"
    assert count_serial_loops(text, "fortran") == left
