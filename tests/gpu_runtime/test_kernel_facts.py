"""What is read off a kernel's text: which bounds are the work's, and which dimension an index
belongs to.
"""

from __future__ import annotations

import pytest

from corpora.records import Program
from gpu_runtime.launch.kernel_facts import KernelFacts, read_kernel_facts

TILES = """#define TILE 16
__global__ void matmul(const float *A, const float *B, float *C, int M, int N, int K) {
  __shared__ float as[TILE][TILE], bs[TILE][TILE];
  int row = blockIdx.y * TILE + threadIdx.y, col = blockIdx.x * TILE + threadIdx.x;
  float acc = 0.f;
  for (int t = 0; t < (K + TILE - 1) / TILE; t++) {
    int ka = t * TILE + threadIdx.x, kb = t * TILE + threadIdx.y;
    as[threadIdx.y][threadIdx.x] = (row < M && ka < K) ? A[row * K + ka] : 0.f;
    bs[threadIdx.y][threadIdx.x] = (kb < K && col < N) ? B[kb * N + col] : 0.f;
    __syncthreads();
    for (int k = 0; k < TILE; k++) acc += as[threadIdx.y][k] * bs[k][threadIdx.x];
    __syncthreads();
  }
  if (row < M && col < N) C[row * N + col] = acc;
}"""


def facts(name: str, text: str) -> KernelFacts:
    return read_kernel_facts(Program("cuda", name, text))


def test_the_bound_of_an_index_that_a_loop_moves_comes_behind_the_threads_own() -> None:
    """A grid over K fills a part of C, which tests with all sizes alike do not show."""
    x, y, _ = facts("matmul", TILES).dimensions
    assert x.bounds == ("N", "K") and y.bounds == ("M", "K")
    told = TILES.replace(
        "as[threadIdx.y][threadIdx.x] =",
        "if (t * TILE + threadIdx.x < K) as[threadIdx.y][threadIdx.x] =",
    )
    assert facts("matmul", told).dimensions[0].bounds == ("N", "K")


def test_the_bound_of_an_index_that_a_loop_moves_is_one_where_there_is_no_other() -> None:
    text = (
        "__global__ void k(float *a, int n) { for (int j = 0; j < 4; j++) { int i = "
        "(blockIdx.x * 4 + j) * 64 + threadIdx.x; if (i < n) a[i] = 0; } }"
    )
    assert facts("k", text).dimensions[0].bounds == ("n",)


def test_a_counter_that_is_an_index_itself_moves_none() -> None:
    text = """__global__ void k(float *a, int n, int m) {
      for (int b = blockIdx.x * 64; true; b += gridDim.x * 64) { int i = b * 1 + threadIdx.x; \
if (i < n) a[i] = 0; else break; }
      int t = threadIdx.x; if (t < m) a[t] = 0; }"""
    assert facts("k", text).dimensions[0].bounds == ("n", "m")


def test_a_guard_sees_the_last_assignment_before_it() -> None:
    """Both ways of a transposition: x and y change their roles between two guards."""
    text = """#define TS 32
    __global__ void transpose(float *out, const float *in, int width, int height) {
      __shared__ float t[TS][TS + 1];
      int x = blockIdx.x * TS + threadIdx.x, y = blockIdx.y * TS + threadIdx.y;
      if (x < width && y < height) t[threadIdx.y][threadIdx.x] = in[y * width + x];
      __syncthreads();
      x = blockIdx.y * TS + threadIdx.x; y = blockIdx.x * TS + threadIdx.y;
      if (x < height && y < width) out[y * height + x] = t[threadIdx.x][threadIdx.y]; }"""
    assert [d.bounds for d in facts("transpose", text).dimensions] == [("width",), ("height",), ()]


def test_a_condition_is_read_before_what_it_guards() -> None:
    text = (
        "__global__ void k(int *a, int n, int m) { int i = threadIdx.x; if (i < n) i = "
        "threadIdx.y; if (i < m) a[i] = 0; }"
    )
    assert [d.bounds for d in facts("k", text).dimensions] == [("n",), ("m",), ()]


@pytest.mark.parametrize(
    ("index", "apart"),
    [
        ("blockIdx.x * 64 + threadIdx.x", False),
        ("threadIdx.x + (TILE * blockIdx.x)", False),
        ("bx * WIDE + tx", False),
        ("blockIdx.x * m + threadIdx.x", True),
        ("blockIdx.x * 64 * m + threadIdx.x", True),
        ("threadIdx.x + blockIdx.x * 64 * m", True),
        ("blockIdx.x * 64 + threadIdx.x * m", True),
        ("blockIdx.x * 100000 + threadIdx.x", True),
    ],
)
def test_a_constant_block_size_joins_threads_and_blocks_to_one_index(
    index: str, apart: bool
) -> None:
    before = "#define TILE 16\nconstexpr int WIDE = 32;\n"
    text = (
        f"{before}__global__ void k(float *a, int n, int m) {{ int bx = blockIdx.x, tx = "
        f"threadIdx.x; a[{index}] = m; }}"
    )
    assert facts("k", text).dimensions[0].apart is apart


def test_a_bound_ends_where_the_condition_does() -> None:
    """What is assigned behind it may be an index of the same dimension, or hold a number with a
    point.
    """
    text = (
        "__global__ void k(int *a, float f, int n, int m) { int i = threadIdx.x, j = "
        "threadIdx.y; int s; if (i < n) s = i; if (i + 0 < n && j < m) a[j * n + i] = s * "
        "2.5f; }"
    )
    assert [d.bounds for d in facts("k", text).dimensions] == [("n",), ("m",), ()]
