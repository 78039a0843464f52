"""Whether outputs of a test show what a program does beyond a number of elements."""

from __future__ import annotations

import numpy as np
import pytest

from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import Arguments, CompileRequest
from gpu_runtime.emulation.backend import EmulatedBackend
from tester.generate.telling import find_told_sizes

ROWS, COLS = 4, 50
RISING = np.arange(ROWS * COLS, dtype=np.float64)
FALLING = RISING[::-1].copy()
LOOP = "for (int r = 0; r < rows; r++) for (int c = 0; c < cols; c++) "
CASES = {
    "sum": ("double s = 0; " + LOOP + "s += a[r * cols + c]; *m = s;", RISING, {"cols"}),
    "sum of nothing": ("double s = 0; " + LOOP + "s += 0 * a[r * cols + c]; *m = s;", RISING, {}),
    "the last is the largest": (
        "double s = 0; for (int c = 0; c < cols; c++) s = a[c] > s ? a[c] : s; *m = s;",
        RISING[:COLS],
        {"cols"},
    ),
    "the first is the largest": (
        "double s = 0; for (int c = 0; c < cols; c++) s = a[c] > s ? a[c] : s; *m = s;",
        FALLING[:COLS],
        {},
    ),
    "what lies beyond is not counted": (
        "double s = 0; for (int c = 0; c < cols; c++) if (a[c] <= 5) s += 1; *m = s;",
        RISING[:COLS],
        {},
    ),
    "all are written": (LOOP + "a[r * cols + c] = c;", RISING, {"cols"}),
    "all become one value": (LOOP + "a[r * cols + c] = 7;", RISING, {}),
    "one row is written": ("for (int c = 0; c < cols; c++) a[c] = 7;", RISING, {}),
    "a fault": ("for (int c = 0; c < 1 << 28; c++) a[c] = 7;", RISING, {}),
}


@pytest.fixture(scope="module")
def backend():
    made = EmulatedBackend()
    yield made
    made.close()


@pytest.mark.parametrize("name", CASES)
def test_sizes_are_told_where_an_output_depends_on_them(backend, name):
    body, values, told = CASES[name]
    text = f"void f(int rows, int cols, double *a, double *m) {{ {body} }}"
    program = Program("cpp", "f", text)
    signature = read_signature(program)
    built = backend.compile([CompileRequest(program, signature)])[0]
    call = Arguments((np.int32(ROWS), np.int32(COLS), values, np.zeros(1)))
    sizes = {"rows": ROWS, "cols": COLS}
    found = find_told_sizes([call], [sizes], 30, signature, backend, built)
    assert found == [frozenset(told)]
    assert find_told_sizes([call], [sizes], 50, signature, backend, built) == [frozenset()]
