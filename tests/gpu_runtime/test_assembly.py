"""Structures that hold pointers, put together where they are called."""

from __future__ import annotations

import numpy as np
import pytest

from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import Arguments, CompileRequest, Geometry, Status, Variant
from gpu_runtime.emulation.backend import EmulatedBackend

GRID = "struct grid { int n; double h, w[2]; double *u; const float *f; };\n"
LOOP = "for (int i = 0; i < g%sn; i++) g%su[i] += g%sh * g%sf[i] + g%sw[1];"
HOST = GRID + "double step(double more, %s g) { %s %s return more; }"
KERNEL = (
    GRID + "__global__ void step(grid g) { int i = threadIdx.x; if (i < g.n) g.u[i] += g.h * "
    "g.f[i] + g.w[1]; }"
)


@pytest.fixture(scope="module")
def backend():
    made = EmulatedBackend()
    yield made
    made.close()


def ran(backend, text, variant):
    program = Program("cpp", "step", text)
    signature = read_signature(program)
    compiled = backend.compile([CompileRequest(program, signature, variant)])[0]
    assert compiled.ok, compiled.diagnostics
    values = [
        np.array(3, np.int32),
        np.array(0.5),
        np.array([7.0, 1.0]),
        np.zeros(3),
        np.arange(3, dtype=np.float32),
    ]
    (done,) = backend.run(compiled, [Arguments((np.array(2.5), *values))])
    assert done.status is Status.OK, done.detail
    return done


@pytest.mark.parametrize(
    "variant", [Variant.PLAIN, Variant.PRECISE, Variant.SANITIZED, Variant.RECORDED]
)
@pytest.mark.parametrize(
    ("passed", "by", "after"),
    [
        ("grid", ".", ""),
        ("const grid &", ".", ""),
        ("grid &", ".", "g.n = 9; g.w[0] = 4;"),
        ("grid *", "->", "g->n = 9; g->w[0] = 4;"),
    ],
)
def test_a_function_gets_and_gives_back_a_structure(backend, variant, passed, by, after):
    done = ran(backend, HOST % (passed, LOOP % ((by,) * 5), after), variant)
    assert float(done.result) == 2.5 and done.values[4].tolist() == [1, 1.5, 2]
    assert int(done.values[1]) == (9 if after else 3) and done.values[3].tolist() == (
        [4, 1] if after else [7, 1]
    )
    assert done.values[5].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "text",
    [
        KERNEL,
        KERNEL.replace("step(grid", "k(grid")
        + "void step(grid g) { grid d = g; cudaMalloc(&d.u, 24); cudaMalloc((void **)&d.f, 12); "
        "cudaMemcpy(d.u, g.u, 24, cudaMemcpyHostToDevice); cudaMemcpy((void *)d.f, g.f, 12, "
        "cudaMemcpyHostToDevice); int left; { k<<<1, 4>>>(d); } "
        "cudaMemcpy(g.u, d.u, 24, cudaMemcpyDeviceToHost); }",
    ],
)
def test_kernels_and_host_code_take_it_by_value(backend, text):
    program = Program("cuda", "step", text)
    assert read_signature(program).style == ("kernel" if text is KERNEL else "function")
    compiled = backend.compile([CompileRequest(program, read_signature(program))])[0]
    assert compiled.ok, compiled.diagnostics
    values = (
        np.array(3, np.int32),
        np.array(0.5),
        np.array([7.0, 1.0]),
        np.zeros(3),
        np.arange(3, dtype=np.float32),
    )
    for order in (0, 1, 2):
        (done,) = backend.run(
            compiled, [Arguments(values, geometry=Geometry((1, 1, 1), (4, 1, 1)), order=order)]
        )
        assert done.status is Status.OK, done.detail
        assert done.values[3].tolist() == [1, 1.5, 2]


TWO = (
    "struct grid { int n; double *u, *w; };\nvoid step(%s) { for (int i = 0; i < g%sn; "
    "i++) g%sw[i] = 2 * g%su[i]; %s }"
)


@pytest.mark.parametrize(
    "variant", [Variant.PLAIN, Variant.PRECISE, Variant.SANITIZED, Variant.RECORDED]
)
@pytest.mark.parametrize(
    ("passed", "by", "after", "u", "w"),
    [
        ("grid *g", "->", "double *t = g->u; g->u = g->w; g->w = t;", [2, 4], [1, 2]),
        ("grid &g", ".", "double *t = g.u; g.u = g.w; g.w = t;", [2, 4], [1, 2]),
        ("grid *g", "->", "g->u = g->w;", [2, 4], [2, 4]),
        ("grid g", ".", "g.u = g.w;", [1, 2], [2, 4]),
    ],
)
def test_arrays_are_what_the_pointers_of_the_callers_structure_are_left_at(
    backend, variant, passed, by, after, u, w
):
    program = Program("cpp", "step", TWO % (passed, *(by,) * 3, after))
    compiled = backend.compile([CompileRequest(program, read_signature(program), variant)])[0]
    (done,) = backend.run(
        compiled, [Arguments((np.array(2, np.int32), np.array([1.0, 2.0]), np.array([5.0, 6.0])))]
    )
    assert done.status is Status.OK, done.detail
    assert done.values[1].tolist() == u and done.values[2].tolist() == w


def test_a_pointer_left_at_memory_of_the_programs_own_is_not_judged(backend):
    program = Program(
        "cpp", "step", TWO % ("grid *g", *("->",) * 3, "static double own[4]; g->u = own;")
    )
    compiled = backend.compile([CompileRequest(program, read_signature(program))])[0]
    (done,) = backend.run(
        compiled, [Arguments((np.array(2, np.int32), np.array([1.0, 2.0]), np.array([5.0, 6.0])))]
    )
    assert done.status is not Status.OK and "does not know" in done.detail
