"""Who comes first in an OpenMP team may be the last thread, and verdicts look at that."""

from __future__ import annotations

import numpy as np
import pytest

from corpora.records import Parameter, Program, Signature
from gpu_runtime.backend import Arguments, CompileRequest
from gpu_runtime.emulation.backend import EmulatedBackend
from translator.trials.directives import has_turns

X, N = Parameter("x", "array", "i32"), Parameter("n", "scalar", "i32", "in")
WHO = """#include <omp.h>
void f(int *x, int n) {
    int came = 0;
    #pragma omp parallel
    {
        #pragma omp critical
        x[came++] = omp_get_thread_num();
    }
}
"""


@pytest.fixture(scope="module")
def backend():
    made = EmulatedBackend()
    yield made
    made.close()


def test_the_last_thread_comes_first(backend):
    signature = Signature("f", (X, N))
    one = backend.compile([CompileRequest(Program("openmp", "f", WHO), signature)])[0]
    assert one.ok, one.diagnostics
    call = Arguments((np.full(4, -1, np.int32), np.array(4, np.int32)), threads=4, order=1)
    orders = []
    for _ in range(20):  # a busy machine may wake a thread late
        orders.append(backend.run(one, [call])[0].values[0].tolist())
        if orders[-1] == [3, 2, 1, 0]:
            break
    assert orders[-1] == [3, 2, 1, 0], orders
    assert all(sorted(order) == [0, 1, 2, 3] for order in orders)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (WHO, True),
        ("void f(int *x) {\n#pragma omp atomic capture\nx[0] = x[1]++;\n}", True),
        (
            "void f(int *x) {\n#pragma omp parallel for\nfor (int i = 0; i < 9; i++) x[i] = i;\n}",
            False,
        ),
        ("// critical\nvoid f(int *x) { x[0] = 1; }", False),
    ],
)
def test_where_threads_take_turns(text, expected):
    assert has_turns(Program("openmp", "f", text)) is expected
