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


TID = "#define TID (blockIdx.x * blockDim.x + threadIdx.x)\n"


@pytest.mark.parametrize(
    "text",
    [
        TID + "__global__ void k(int *a, int n) { if (TID < n) a[TID] = 0; }",
        TID + "#define I TID\n__global__ void k(int *a, int n) { int i = I; if (i < n) a[i] = 0; }",
        "#define BX blockIdx.x\n#define AT(b, t) ((b) * blockDim.x + (t))\n"
        "__global__ void k(int *a, int n) { int i = AT(BX, threadIdx.x); if (i < n) a[i] = 0; }",
        TID + "#define GUARD(i, n) if ((i) >= (n)) return\n"
        "__global__ void k(int *a, int n) { GUARD(TID, n); a[TID] = 0; }",
        TID + "#define EACH(i, n) for (int i = TID; i < (n); i = (n))\n"
        "__global__ void k(int *a, int n) { EACH(i, n) a[i] = 0; }",
        "__device__ int gid() { return blockIdx.x * blockDim.x + threadIdx.x; }\n"
        "__global__ void k(int *a, int n) { int i = gid(); if (i < n) a[i] = 0; }",
        "__device__ int at(int b, int t) { int first = b * blockDim.x; return first + t; }\n"
        "__global__ void k(int *a, int n) { int b = blockIdx.x, t = threadIdx.x, i = at(b, t);\n"
        "  int j = i; if (j < n) a[j] = 0; }",
        "__device__ int gid() { int i; i = threadIdx.x; i += blockIdx.x * blockDim.x; return i; }\n"
        "__global__ void k(int *a, int n) { if (gid() < n) a[gid()] = 0; }",
        "__device__ void work(int *a, int i, int m) { if (i < m) a[i] = 0; }\n"
        + TID
        + "__global__ "
        "void k(int *a, int n) { work(a, TID, n); }",
        "__global__ void k(int *a, int n) {\n#if 1\n int i = blockIdx.x * blockDim.x "
        "+ threadIdx.x;\n#else\n int i = threadIdx.y;\n#endif\n if (i < n) a[i] = 0; }",
        "__global__ void k(int *a, int n) { dim3 b = blockIdx, t = threadIdx; int i = b.x *\n"
        " blockDim.x + t.x; if (i < n) a[i] = 0; }",
        "__global__ void k(int *a, int n) { int i = __mul24(blockIdx.x, blockDim.x) + "
        "threadIdx.x; const bool inside = i < n; if (inside) a[i] = 0; }",
        '__global__ void k(int *a, int n) { const char *s = "threadIdx.y < 7"; // threadIdx.z < 3\n'
        " int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n) a[i] = s[0]; }",
    ],
)
def test_an_index_is_found_through_macros_helpers_and_locals(text: str) -> None:
    x, y, z = facts("k", text).dimensions
    assert (x.thread, x.block, x.guarded, x.bounds) == (True, True, True, ("n",))
    assert not (x.apart or x.joint or x.strided)
    assert not (y.thread or y.block or z.thread or z.block)


def test_a_macro_of_two_indices_keeps_both_dimensions() -> None:
    text = (
        "#define IDX(i, j) ((i) * w + (j))\n#define Y (blockIdx.y * blockDim.y + threadIdx.y)\n"
        "__global__ void k(int *a, int w, int h) { int x = blockIdx.x * blockDim.x + threadIdx.x;\n"
        "  if (x < w && Y < h) a[IDX(Y, x)] = 0; }"
    )
    assert [d.bounds for d in facts("k", text).dimensions] == [("w",), ("h",), ()]


def test_another_kernel_of_the_text_says_nothing() -> None:
    text = (
        "__global__ void other(int *a, int m) { if (threadIdx.y < m) a[threadIdx.y] = 0; }\n"
        "__global__ void k(int *a, int n) { if (threadIdx.x < n) a[threadIdx.x] = 0; }"
    )
    x, y, _ = facts("k", text).dimensions
    assert x.bounds == ("n",) and not y.thread


@pytest.mark.parametrize(
    ("guard", "bounds"),
    [
        ("if (i >= lo && i < n) a[i] = 0;", ("n",)),
        ("if (i < lo) return; if (i >= n) return; a[i] = 0;", ("n",)),
        ("if (!(i < n)) return; a[i] = 0;", ("n",)),
        ("if (i < lo || i >= n) { return; } a[i] = 0;", ("n",)),
        ("if (i < n) { a[i] = 0; return; }", ("n",)),
        ("if (i < min(lo, n)) a[i] = 0;", ("min(lo,n)",)),
        ("if (i < (n + 1) >> 1) a[i] = 0;", ("(n+1)/2",)),
        ("if (i < a[lo]) a[i] = 0;", ()),
        ("float v = i < n ? a[i] : 0; if (v > lo) a[0] = 0;", ("n",)),
    ],
)
def test_a_bound_is_what_lies_above_the_threads_that_work(guard: str, bounds: tuple) -> None:
    text = (
        f"__global__ void k(int *a, int n, int lo) {{ int i = blockIdx.x * blockDim.x + "
        f"threadIdx.x; {guard} }}"
    )
    x = facts("k", text).dimensions[0]
    assert x.bounds == bounds and x.guarded


@pytest.mark.parametrize(
    ("step", "strided"),
    [
        ("i += blockDim.x * gridDim.x", True),
        ("i = i + STEP", True),
        ("i += step", True),
        ("i += 3", False),
        ("i += threadIdx.x * blockDim.x", False),
    ],
)
def test_a_stride_is_a_step_by_blocks_that_all_threads_share(step: str, strided: bool) -> None:
    text = (
        "#define STEP (blockDim.x * gridDim.x)\n__global__ void k(int *a, int n) { int step = STEP;"
        f" for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; {step}) a[i] = 0; }}"
    )
    assert facts("k", text).dimensions[0].strided is strided


@pytest.mark.parametrize(
    ("text", "hints"),
    [
        ("template <int B = 128> __global__ void k(float *a, int n) { __shared__ float s[B];", 128),
        (
            "template <int B> __global__ void k(float *a, int n);\n"
            "void host(float *a, int n) { k<96><<<n / 96, 96>>>(a, n); }\n"
            "template <int B> __global__ void k(float *a, int n) { __shared__ float s[B];",
            96,
        ),
        (
            "enum { A = 3, B };\n__global__ void k(float *a, int n) { __shared__ float s[B * 16];",
            64,
        ),
        (
            "#define T 8\n#define B (T * T)\n"
            "__global__ void k(float *a) { __shared__ int s[B + 2];",
            64,
        ),
    ],
)
def test_a_block_size_may_be_a_parameter_of_a_template_or_a_constant(text: str, hints: int) -> None:
    assert (hints, 1, 1) in facts("k", text + " s[threadIdx.x] = 0; }").block_hints


def test_launch_bounds_cap_the_block() -> None:
    text = (
        "__global__ void __launch_bounds__(32) k(float *a, int n) { __shared__ float s[256];\n"
        " int i = blockIdx.x * blockDim.x + threadIdx.x; s[threadIdx.x] = 0; if (i < n) a[i] = 0; }"
    )
    found = facts("k", text)
    assert found.max_threads == 32 and found.block_hints == ()


@pytest.mark.parametrize(
    ("index", "test", "bound"),
    [
        ("blockIdx.x * blockDim.x + threadIdx.x + lo", "j <= hi", "hi-lo+1"),
        ("lo + blockIdx.x * blockDim.x + threadIdx.x", "j <= hi + 1", "hi+1-lo+1"),
        ("blockIdx.x * blockDim.x + threadIdx.x + (lo - 1)", "j < hi", "hi-(lo-1)"),
        ("blockIdx.x * blockDim.x + threadIdx.x - 2", "j <= hi", "hi+3"),
        ("blockIdx.x * blockDim.x + threadIdx.x + 1", "j < hi", "hi"),
    ],
)
def test_a_grid_counts_from_where_the_index_begins(index, test, bound):
    """A grid of hi + 1 threads is too small where lo is below zero."""
    text = f"""__global__ void k(int lo, int hi, float *a) {{
        int j = {index}; if ({test}) a[j - lo] = 1; }}"""
    facts = read_kernel_facts(Program("cuda", "k", text))
    assert facts.dimensions[0].bounds[0] == bound
