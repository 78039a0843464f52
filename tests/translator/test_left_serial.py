"""Loops that an OpenMP text shares with nobody, counted."""

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
    ],
)
def test_loops_without_a_directive_are_left(body, left):
    assert count_serial_loops(f"void f(int n, float *x) {{ {body} }}") == left
