"""Nests that every thread of a kernel repeats."""

import pytest

from corpora.analysis.repeated_work import find_repeated_write
from corpora.frontends.c_family import parse_c_family

INDEX = "int t = blockIdx.x * blockDim.x + threadIdx.x; "


@pytest.mark.parametrize(
    ("body", "repeated"),
    [
        ("if (t < n) { for (int i = 0; i < n; i++) y[i] = 2; }", True),
        ("if (t >= n) return; for (int i = 0; i < n; i++) y[i] = 2;", True),
        ("for (int i = 0; i < n; i++) for (int j = 0; j < m; j++) y[i * m + j] = 2;", True),
        ("for (int i = t; i < n; i += blockDim.x * gridDim.x) y[i] = 2;", False),
        ("int row = t / 2; for (int i = 0; i < m; i++) y[row * m + i] = 1;", False),
        ("if (t == 0) for (int i = 0; i < n; i++) y[i] = 2;", False),
        ("if (t > 0) return; for (int i = 0; i < n; i++) y[i] = 2;", False),
        ("if (t < 1) for (int i = 0; i < n; i++) y[i] = 2;", False),
        ("for (int i = 0; i < n; i++) if (i % n == t) y[i] = 2;", False),
        ("for (int i = 0; i < n; i++) atomicAdd(&y[i], 2);", False),
        ("y[0] = 1;", False),
    ],
)
def test_a_nest_that_all_threads_repeat_is_found(body, repeated):
    text = f"__global__ void f(int n, int m, double *y) {{ {INDEX}{body} }}"
    assert (find_repeated_write(parse_c_family(text, "cuda")) is not None) is repeated


def test_a_kernel_that_is_launched_alone_repeats_nothing():
    text = """__global__ void k(int n, double *y) { for (int i = 0; i < n; i++) y[i] = 2; }
    void f(int n, double *y) { k<<<1, 1>>>(n, y); }"""
    assert find_repeated_write(parse_c_family(text, "cuda")) is None
    assert find_repeated_write(parse_c_family(text.replace("1, 1", "1, 32"), "cuda")) is not None
