"""Memory that a program allocates: what was never written is a pattern in every process, neither zeros nor addresses."""

from __future__ import annotations

import numpy as np
import pytest

from corpora.records import Parameter, Program, Signature
from gpu_runtime.backend import Arguments, CompileRequest, Status
from gpu_runtime.emulated import EmulatedBackend

SIGNATURE = Signature("f", (Parameter("x", "array", "u32"), Parameter("n", "scalar", "i32", "in")))
CALL = Arguments((np.zeros(8, np.uint32), np.array(8, np.int32)))
BODIES = [
    "uint32_t *p = new uint32_t[n]; for (int i = 0; i < n; i++) x[i] = p[i]; delete[] p;",
    "uint32_t *p = (uint32_t *)malloc(4 * n); for (int i = 0; i < n; i++) x[i] = p[i]; free(p);",
    "free(malloc(4 * n)); uint32_t *p = (uint32_t *)malloc(4 * n); for (int i = 0; i < n; i++) x[i] = p[i]; free(p);",
]


@pytest.mark.parametrize("body", BODIES)
def test_new_memory_holds_a_pattern(body):
    backend = EmulatedBackend()
    try:
        text = f"void f(uint32_t *x, int n) {{ {body} }}"
        done = backend.run(backend.compile([CompileRequest(Program("cpp", "f", text), SIGNATURE)])[0], [CALL])[0]
    finally:
        backend.close()
    assert done.status is Status.OK, done.detail
    assert set(done.values[0].tolist()) == {0xFEFEFEFE}
