"""A kernel that its own text launches once is judged under that launch."""

from __future__ import annotations

import pytest

from corpora.records import Program, UnitTestSuite
from corpora.signatures.signature import read_signature
from corpora.suites.unit_tests import parse_suite
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
        (
            "void f(int m, float *x) { dim3 g, b; b.x = 64; b.y = 2; g.x = (m + b.x - 1) / b.x; "
            "int count = m; k<<<g, b, b.x * sizeof(*x)>>>(count, x); }",
            ((16, 1, 1), (64, 2, 1), 256),
        ),
        (
            "#define RUN(k, n, ...) k<<<((n) + 127) / 128, 128>>>(n, __VA_ARGS__)\n"
            "void f(int m, float *x) { RUN(k, m, x); }",
            ((8, 1, 1), (128, 1, 1), 0),
        ),
        (
            "void f(int m, float *x) { int b = 32; b *= 4; int g = (m + b - 1) / b; b = 64; "
            "if (m > 0) { dim3 block{64u, 2}; k<<<g, block>>>(m, x); } }",
            ((8, 1, 1), (64, 2, 1), 0),
        ),
        (
            "void f(int m, float *x) { double blocks = ceil(m / 256.); k<<<(int)blocks, "
            "256>>>(m, x); }",
            ((4, 1, 1), (256, 1, 1), 0),
        ),
        ("void f(int m, float *x) { k<<<7, 32>>>(m, x); }", ((7, 1, 1), (32, 1, 1), 0)),
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
        "int main() { float *d; k<<<1, 32>>>(32, d); }",
        "int main(int argc, char **argv) { k<<<1, 32>>>(argc, (float *)argv); }",
        "void f(float *x) { k<<<1, 32>>>(32, x); }",
        "void f(float *x, int m) { int n = 32; k<<<1, n>>>(n, x); }",
        "void f(int n, float *x) { int b; pick(&b); k<<<n / b, b>>>(n, x); }",
        "void f(int n, float *x) { auto go = [&]() { k<<<n, 1>>>(n, x); }; k<<<n, 2>>>(n, x); }",
        "void f(int n, float *x) { int g = n; while (g > 64) g /= 2; k<<<g, 64>>>(n, x); }",
    ],
)
def test_other_texts_say_nothing(host):
    program = Program("cuda", "k", KERNEL + host)
    assert read_host_plan(program, read_signature(program)) is None


@pytest.mark.parametrize(
    ("host", "plan"),
    [
        ("void f(float *x) { k<<<4, 64>>>(x); }", "grid=4,1,1 block=64,1,1"),
        ("void f(int n, float *x) { k<<<n / 64, 64>>>(x); }", None),
        ("int main() { float *x; k<<<4, 64>>>(x); }", None),
    ],
)
def test_a_kernel_without_sizes_may_be_launched_for_its_only_one(host: str, plan: str) -> None:
    text = "__global__ void k(float *x) { x[blockIdx.x * 64 + threadIdx.x] = 0; }\n" + host
    program = Program("cuda", "k", text)
    found = read_host_plan(program, read_signature(program))
    assert (found and str(found)) == plan


def test_a_size_of_the_test_counts_only_where_the_function_takes_it() -> None:
    kernel = "__global__ void k(float *x) { x[blockIdx.x * 64 + threadIdx.x] = 0; }\n"
    suite = UnitTestSuite("", parse_suite("n:i32=64 x:f32[64]=constant(0)"))
    for host, plan in (
        ("void f(int n, float *x) { k<<<n / 64, 64>>>(x); }", "grid=(n)/(64),1,1 block=64,1,1"),
        ("int main() { int n = 64; float *x; k<<<n / 64, 64>>>(x); }", None),
        ("void f(float *x) { int n = 64; k<<<n / 64, 64>>>(x); }", None),
        ("void f(int n, float *x) { k<<<3, 64>>>(x); }", "grid=3,1,1 block=64,1,1"),
    ):
        program = Program("cuda", "k", kernel + host)
        found = read_host_plan(program, read_signature(program), suite)
        assert (found and str(found)) == plan, host
