"""Launch plans by rows follow from the row's number in the kernel, and come after the usual
plans.
"""

from __future__ import annotations

import pytest

from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.launch.plans import list_candidate_plans
from gpu_runtime.launch.row_plans import (
    MAX_ROW_PLANS,
    iterate_all_plans,
    propose_row_plans,
    propose_source_plans,
)

X = "blockIdx.x * blockDim.x + threadIdx.x"


def kernel(body: str, before: str = "") -> Program:
    return Program(
        "cuda",
        "k",
        f"{before}\n__global__ void k(const float *a, float *y, int m, int n) {{ {body} }}",
    )


def plans(body: str, before: str = "") -> list[str]:
    program = kernel(body, before)
    return [str(p) for p in propose_row_plans(program, read_signature(program))]


LOOP = "for (int j = threadIdx.x; j < n; j += {}) y[row] += a[row * n + j];"


@pytest.mark.parametrize(
    ("body", "first"),
    [
        (
            "int row = blockIdx.x; if (row >= m) return; " + LOOP.format("blockDim.x"),
            "grid=m,1,1 block=64,1,1",
        ),
        ("int row = blockIdx.x; " + LOOP.format("256"), "grid=m,1,1 block=256,1,1"),
        (
            "__shared__ float s[128]; const int row = (int)blockIdx.x; s[threadIdx.x] = 0; "
            + LOOP.format("blockDim.x"),
            "grid=m,1,1 block=128,1,1",
        ),
        (
            "extern __shared__ float s[]; int row = blockIdx.x; if (row < m) s[threadIdx.x] = 0;",
            "grid=m,1,1 block=64,1,1 shared=4*64",
        ),
        (
            "y[blockIdx.x] = a[blockIdx.x * n + threadIdx.x] + __shfl_down_sync(~0u, y[0], 1);",
            "grid=m,1,1 block=32,1,1",
        ),
        (
            f"int row = ({X}) >> 5, lane = threadIdx.x & 31; if (row >= m) return; for (int j = "
            f"lane; j < n; j += 32) y[row] += a[j];",
            "grid=ceil(m*32/128),1,1 block=128,1,1",
        ),
        (
            f"int t = {X}; int row = t / warpSize; if (row < m) y[row] = 0;",
            "grid=ceil(m*32/128),1,1 block=128,1,1",
        ),
        (
            "int w = threadIdx.x / 32; int row = blockIdx.x * (blockDim.x / 32) + w; if (row < "
            "m) y[row] = 0;",
            "grid=ceil(m*32/128),1,1 block=128,1,1",
        ),
        (
            "int row = blockIdx.x * blockDim.y + threadIdx.y; if (row < m) y[row] = "
            "a[threadIdx.x];",
            "grid=ceil(m/4),1,1 block=32,4,1",
        ),
    ],
)
def test_the_likely_plan_comes_first(body: str, first: str) -> None:
    assert plans(body)[0] == first
    spaced = " ".join(body.replace("(", " ( ").replace(")", " ) ").replace(".", " . ").split())
    assert plans(spaced)[0] == first, "the whitespace-tokenised text must read the same"


@pytest.mark.parametrize(
    "body",
    [
        f"int i = {X}; if (i < n) y[i] = 0;",
        "int b = blockIdx.x, t = threadIdx.x; int i = b * blockDim.x + t; if (i < n) y[i] = 0;",
        "int i = blockIdx.x * 256 + threadIdx.x; if (i < n) y[i] = 0;",
        f"int i = {X}; if (i < n) atomicAdd(y + blockIdx.x, a[i]);",
        "for (int i = threadIdx.x; i < n; i += blockDim.x) y[i] = 0;",
        "int i = " + "(" * 150 + "blockIdx.y" + ")" * 150 + "; y[i] = 0;",
    ],
)
def test_a_thread_an_element_has_none(body: str) -> None:
    assert plans(body) == []


def test_they_are_few_and_come_last() -> None:
    program = kernel(
        "extern __shared__ float s[]; int row = blockIdx.x; s[threadIdx.x] = 0; "
        + LOOP.format("blockDim.x")
    )
    usual, rows = (
        list_candidate_plans(program, read_signature(program)),
        propose_row_plans(program, read_signature(program)),
    )
    every = list(iterate_all_plans(program, read_signature(program)))
    assert every[: len(usual)] == usual
    assert 0 < len(every) - len(usual) <= len(rows) <= MAX_ROW_PLANS


def test_a_row_s_length_may_be_a_block():
    assert "grid=m,1,1 block=n,1,1" in plans(
        "int b = blockIdx.x, t = threadIdx.x; if (b < m && t < n) y[b * n + t] = a[b * n + t];"
    )


@pytest.mark.parametrize(
    "body, first",
    [
        (
            "int row = blockIdx.x; " + LOOP.format("blockDim.x"),
            "grid=m,1,1 block=64,1,1",
        ),  # n is a row's length
        (
            "int b = blockIdx.x, t = threadIdx.x; if (b < m && t < n) y[b * n + t] = a[b * n + t];",
            "grid=m,1,1 block=n,1,1",
        ),  # a thread a place of the row
        (
            "int row = blockIdx.x; if (row >= n) return; for (int j = threadIdx.x; j < m; j += "
            "blockDim.x) y[row] += a[row * m + j];",
            "grid=n,1,1 block=64,1,1",
        ),
        (
            f"int row = ({X}) / 32; if (row >= m) return; for (int j = threadIdx.x % 32; j < n; "
            f"j += 32) y[row] += a[row * n + j];",
            "grid=ceil(m*32/128),1,1 block=128,1,1",
        ),
    ],
)
def test_a_source_kernel_of_rows_is_launched_over_its_rows(body, first):
    program = kernel(body)
    assert str(propose_source_plans(program, read_signature(program))[0]) == first


@pytest.mark.parametrize(
    "body",
    [
        f"int i = {X}; if (i < m) y[i] = a[i];",
        f"for (int i = {X}; i < m; i += blockDim.x * gridDim.x) y[i] = a[i];",
        "int bx = blockIdx.x; int i = bx * 16 + threadIdx.x; for (int t = 0; t < n; t += 16) "
        "y[i] += a[t];",
        "int row = blockIdx.x; if (row < m) y[row] = a[row];",
    ],
)
def test_other_source_kernels_are_launched_as_ever(body):
    program = kernel(body)
    assert propose_source_plans(program, read_signature(program)) == []
