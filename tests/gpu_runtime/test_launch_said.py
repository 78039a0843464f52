"""A kernel whose text launches it once is judged under that launch, as another one would be another
program.
"""

from __future__ import annotations

import pytest

from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.launch.launch_from_host import read_host_plan

KERNEL = (
    "__global__ void k(int n, float *x) { int i = blockIdx.x * blockDim.x + threadIdx.x; "
    "if (i < n) x[i] = 0; }\n"
)


@pytest.mark.parametrize(
    ("host", "geometry"),
    [
        (
            "void f(int m, float *x) { k<<<(m + 255) / 256, 256>>>(m, x); }",
            ((4, 1, 1), (256, 1, 1), 0),
        ),
        (
            "void f(int m, float *x) { const int B = 256; dim3 g((m + B - 1) / B, 2); k<<<g, "
            "dim3(16, 16), B * sizeof(float)>>>(m, x); }",
            ((4, 2, 1), (16, 16, 1), 1024),
        ),
        (
            "void f(int m, float *x) { int blocks = (int)ceil(m / 256.0f); k<<<blocks, "
            "256>>>(m, x); }",
            ((4, 1, 1), (256, 1, 1), 0),
        ),
        (
            "void f(int m, float *x) { int blocks = ceil(m / 256); k<<<blocks, 256>>>(m, x); }",
            ((3, 1, 1), (256, 1, 1), 0),
        ),
        (
            "#define UP(a, b) (((a) + (b) - 1) / (b))\nvoid f(int m, float *x) { k<<<UP(m, 64), "
            "64>>>(m, x); }",
            ((16, 1, 1), (64, 1, 1), 0),
        ),
        (
            "static int up(int a, int b) { return (a + b - 1) / b; }\nvoid f(int m, float *x) { "
            "k<<<std::min(up(m, 64), 5), 64>>>(m, x); }",
            ((5, 1, 1), (64, 1, 1), 0),
        ),
        (
            "void f(float *d, int n) { k<<<(n + 255) >> 8, 256>>>(n, d); }",
            ((4, 1, 1), (256, 1, 1), 0),
        ),
    ],
)
def test_a_launch_is_read_in_the_kernels_own_names(host, geometry):
    program = Program("cuda", "k", KERNEL + host)
    found = read_host_plan(program, read_signature(program)).geometry({"n": 1000}, {})
    assert (found.grid, found.block, found.shared_bytes) == geometry


@pytest.mark.parametrize(
    "host",
    [
        "",
        "void f(int n, float *x) { for (int s = 0; s < n; s++) k<<<n, 1>>>(n, x); }",
        "void f(int n, float *x) { k<<<n, 1>>>(n, x); k<<<n, 1>>>(n, x); }",
        "void f(int n, float *x) { k<<<n, 1>>>(n - 1, x); }",
        "void f(int n, float *x) { int b = 64; if (n > 99) b = 128; k<<<(n + b - 1) / b, "
        "b>>>(n, x); }",
        "int main() { int n = 1024; float *d; k<<<n / 256, 256>>>(n, d); }",
        "void f(int n, float *x, dim3 g) { k<<<g, 64>>>(n, x); }",
        "__global__ void other(int n, float *x) { k<<<n, 1>>>(n, x); }",
    ],
)
def test_other_texts_say_nothing(host):
    program = Program("cuda", "k", KERNEL + host)
    assert read_host_plan(program, read_signature(program)) is None
