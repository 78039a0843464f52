"""CUDA on the CPU: every construct that translations use gives what a device gives. All programs
are compiled in one batch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import (
    VARIABLES_KEPT,
    Arguments,
    Compiled,
    CompileRequest,
    Execution,
    Geometry,
    Status,
)
from gpu_runtime.emulation.backend import EmulatedBackend

f32, i32, u32 = np.float32, np.int32, np.uint32
I = "int i = blockIdx.x * blockDim.x + threadIdx.x;"


@dataclass(frozen=True)
class Case:
    """A program called `f`, its arguments, and the buffers after the call (None: not looked at)."""

    text: str
    values: tuple
    expected: tuple
    grid: tuple[int, int, int] = (1, 1, 1)
    block: tuple[int, int, int] = (32, 1, 1)
    shared: int = 0
    result: float | None = None
    orders: tuple[int, ...] = field(default=(0, 1, 2, 5))


def ramp(n: int, dtype: type = i32) -> np.ndarray:
    return np.arange(n).astype(dtype)


X = (np.arange(300) % 37 - 11).astype(f32)
CASES = {
    "indices_in_three_dimensions": Case(
        "__global__ void f(int *a) { int t = threadIdx.x + blockDim.x * (threadIdx.y + "
        "blockDim.y * threadIdx.z); "
        "int b = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z); a[b * 24 + t] "
        "= b * 100 + t; }",
        (np.zeros(24 * 12, i32),),
        ((np.arange(12)[:, None] * 100 + np.arange(24)).ravel(),),
        (3, 2, 2),
        (4, 3, 2),
    ),
    "tree_reduction": Case(
        "__global__ void f(const float *x, float *o, int n) { __shared__ float s[128]; int t = "
        "threadIdx.x, i = blockIdx.x * 128 + t; "
        "s[t] = i < n ? x[i] : 0; __syncthreads(); for (int k = 64; k; k >>= 1) { if (t < k) "
        "s[t] += s[t + k]; __syncthreads(); } "
        "if (t == 0) o[blockIdx.x] = s[0]; }",
        (X, np.zeros(3, f32), i32(300)),
        (X, np.add.reduceat(X, [0, 128, 256])),
        (3, 1, 1),
        (128, 1, 1),
    ),
    "dynamic_shared_of_two_shapes": Case(
        "__global__ void f(int *a, int n) { extern __shared__ int s[]; s[n - 1 - threadIdx.x] "
        "= a[threadIdx.x]; __syncthreads(); "
        "a[threadIdx.x] = s[threadIdx.x]; }",
        (ramp(40), i32(40)),
        (ramp(40)[::-1], None),
        block=(40, 1, 1),
        shared=160,
    ),
    "shared_tile_in_template": Case(
        "template <class T, int N> __device__ T turned(T v) { __shared__ T s[N][N + 1]; "
        "s[threadIdx.y][threadIdx.x] = v; __syncthreads(); "
        "return s[threadIdx.x][threadIdx.y]; }\n__global__ void f(double *a) { int k = "
        "threadIdx.y * 4 + threadIdx.x; a[k] = turned<double, 4>(a[k]); }",
        (ramp(16, np.float64),),
        (ramp(16, np.float64).reshape(4, 4).T.ravel(),),
        block=(4, 4, 1),
    ),
    "sine_and_cosine_at_once": Case(
        "__global__ void f(double *a, float *b) { int t = threadIdx.x; double s; sincos(a[t], "
        "&s, &a[t]); a[t] += 2 * s; "
        "sincosf(b[t], b + 32 + t, b + t); }",
        (ramp(32, np.float64), np.concatenate([ramp(32, f32), np.zeros(32, f32)])),
        (
            np.cos(np.arange(32.0)) + 2 * np.sin(np.arange(32.0)),
            np.concatenate([np.cos(ramp(32, f32)), np.sin(ramp(32, f32))]),
        ),
    ),
    "sine_and_cosine_of_half_turns_and_lengths": Case(
        "__global__ void f(double *a, float *b) { int t = threadIdx.x; double s, c; "
        "sincospi(a[t], &s, &c); a[t] = s + 2 * c; sincospif(b[t], b + 16 + t, b + t); "
        "b[t] += norm4df(1.0f, 1.0f, 1.0f, 1.0f) + rhypotf(3.0f, 4.0f) - 0.2f; "
        "a[t] += norm3d(2.0, 3.0, 6.0) + 5 * rnorm3d(3.0, 4.0, 0.0); "
        "a[t] += rnorm4d(1.0, 1.0, 1.0, 1.0); "
        "a[t] += __hiloint2double(0x3ff00000, 0); }",
        (np.arange(16) * 0.25, np.concatenate([ramp(16, f32) / 4, np.zeros(16, f32)])),
        (
            np.sin(np.arange(16) * np.pi / 4) + 2 * np.cos(np.arange(16) * np.pi / 4) + 9.5,
            np.concatenate(
                [
                    np.cos(np.arange(16) * np.pi / 4) + 2,
                    np.sin(np.arange(16) * np.pi / 4),
                ]
            ).astype(f32),
        ),
        block=(16, 1, 1),
    ),
    "shuffles": Case(
        "__global__ void f(int *a) { int t = threadIdx.x, v = t * 10; a[t] = __shfl_sync(~0u, "
        "v, 3); a[t + 32] = __shfl_up_sync(~0u, v, 2); "
        "a[t + 64] = __shfl_down_sync(~0u, v, 2); a[t + 96] = __shfl_xor_sync(~0u, v, 1); a[t "
        "+ 128] = __shfl_down_sync(~0u, v, 1, 8); }",
        (np.zeros(160, i32),),
        (
            np.concatenate(
                [
                    np.full(32, 30),
                    np.where(ramp(32) < 2, ramp(32), ramp(32) - 2) * 10,
                    np.where(ramp(32) > 29, ramp(32), ramp(32) + 2) * 10,
                    (ramp(32) ^ 1) * 10,
                    np.where(ramp(32) % 8 == 7, ramp(32), ramp(32) + 1) * 10,
                ]
            ),
        ),
    ),
    "shuffles_of_every_type": Case(
        "__global__ void f(double *a) { int t = threadIdx.x; double d = __shfl_xor_sync(~0u, t "
        "+ 0.5, 1); float g = __shfl_xor(t + 0.25f, 1); "
        "long long l = __shfl_sync(~0u, (long long)t << 40, 5); unsigned u = "
        "__shfl_down(4000000000u + t, 1); a[t] = d + g + (double)(l >> 40) + (u > "
        "4000000000u); }",
        (np.zeros(32),),
        ((ramp(32) ^ 1) * 2 + 0.75 + 5 + (ramp(32) != -1) * 1.0 - (ramp(32) == 99),),
        orders=(0,),
    ),
    "votes": Case(
        "__global__ void f(unsigned *a) { int t = threadIdx.x; a[t] = __ballot_sync(~0u, t % 3 "
        "== 0); a[32 + t] = __any_sync(~0u, t == 9) * 2 + __all_sync(~0u, t < 31); "
        "a[64 + t] = __syncthreads_count(t < 5); a[96 + t] = __syncthreads_or(t == 40) * 2 + "
        "(__syncthreads_and(t < 32) != 0); }",
        (np.zeros(128, u32),),
        (np.repeat([sum(1 << k for k in range(0, 32, 3)), 2, 5, 1], 32).astype(u32),),
    ),
    "active_lanes_in_a_branch": Case(
        "__global__ void f(int *a) { int t = threadIdx.x; if (t % 2) { unsigned m = "
        "__activemask(); a[t] = __popc(m); } else a[t] = __popc(__ballot(t > 3)); }",
        (np.zeros(32, i32),),
        (np.where(ramp(32) % 2, 16, 14),),
    ),
    "half_warps_on_their_own": Case(
        "__global__ void f(int *a) { int t = threadIdx.x; unsigned m = t < 16 ? 0xffffu : "
        "0xffff0000u; int v = t; "
        "for (int d = 8; d; d /= 2) v += __shfl_down_sync(m, v, d, 16); if (t % 16 == 0) a[t / "
        "16] = v; }",
        (np.zeros(2, i32),),
        (np.array([120, 376]),),
    ),
    "atomics": Case(
        "__global__ void f(int *a, unsigned *u, double *d) { int t = threadIdx.x; atomicAdd(a, "
        "t); atomicSub(a + 1, 1); atomicMin(a + 2, 7 - t); atomicMax(a + 3, t); "
        "atomicOr(a + 4, 1 << t); atomicAnd(a + 5, ~(1 << t)); atomicXor(a + 6, t); "
        "atomicInc(u, 9); atomicDec(u + 1, 9); atomicCAS(a + 7, 5, 6); "
        "atomicAdd(d, 0.5); if (t == 0) a[8] = atomicExch(a + 9, 3); }",
        (np.array([0, 0, 0, 0, 0, -1, 0, 5, 0, 44], i32), np.zeros(2, u32), np.zeros(1)),
        (np.array([496, -32, -24, 31, -1, 0, 0, 6, 44, 3]), np.array([2, 8]), np.array([16.0])),
    ),
    "vector_types_and_intrinsics": Case(
        "__global__ void f(float4 *v, float *o) { float4 p = v[threadIdx.x]; float2 q = "
        "make_float2(p.x + p.y, p.z * p.w); "
        "o[threadIdx.x] = __fdividef(q.x, 2.0f) + __saturatef(q.y) + "
        "__int_as_float(__float_as_int(1.0f)) + __popc(255) + __clz(1) + __ffs(8) + "
        "(__brev(1u) >> 31) + "
        "__fmaf_rn(2, 3, 4) + fminf(CUDART_INF_F, CUDART_PI_F) - CUDART_PI_F + max(1, 2u) + "
        "__mul24(3, 4) + umin(3, 4) + rsqrtf(0.25f) + __float2int_rn(2.5f); }",
        None,
        None,
    ),  # type: ignore[arg-type]
    "bytes_of_words": Case(
        "__global__ void f(int *a, unsigned *u) { a[0] = __dp4a(0x01FF0280, 0x02030405, 10); "
        "u[0] = __dp4a(0x01FF0280u, 0x02030405u, 10u); "
        "u[1] = __byte_perm(0x03020100u, 0x07060504u, 0x5410u); u[2] = "
        "__funnelshift_l(0x80000000u, 1u, 1u); u[3] = __funnelshift_r(0u, 1u, 1u); }",
        (np.zeros(1, i32), np.zeros(4, u32)),
        (np.array([-623]), np.array([1425, 0x05040100, 3, 1 << 31])),
        block=(1, 1, 1),
    ),
    "what_does_not_fit_a_variable_is_not_copied": Case(
        "__constant__ int w[2];\n__global__ void k(int *a) { a[0] = w[0]; }\nint f(int *out) { "
        "int h[3] = {7, 8, 9}, *p; cudaMalloc(&p, 4); int e = cudaMemcpyToSymbol(w, h, 12); "
        "k<<<1, 1>>>(p); cudaMemcpy(out, p, 4, cudaMemcpyDeviceToHost); return e * 10 + "
        "cudaGetLastError(); }",
        (np.full(1, 5, i32),),
        (np.zeros(1),),
        result=11,
    ),
    "launches_from_host_code": Case(
        "__constant__ float w[2];\n__device__ int launches = 5;\n__global__ void k(const float "
        "*x, float *y, int n) { "
        + I
        + " if (i < n) y[i] = w[0] * x[i] + w[1]; "
        "if (i == 0) launches++; }\nint f(const float *x, float *y, int n) { float h[2] = {2, "
        "1}, *a, *b; int c; cudaMemcpyToSymbol(w, h, sizeof h); "
        "cudaMalloc(&a, n * sizeof(float)); cudaMalloc((void **)&b, n * sizeof *b); "
        "cudaMemcpy(a, x, n * 4, cudaMemcpyHostToDevice); dim3 block(64); "
        "k<<<dim3((n + 63) / 64), block>>>(a, b, n); k < < < 5 , 64 > > > ( a , b , n ) ;".replace(
            "< < <", "<<<"
        ).replace("> > >", ">>>")
        + " cudaMemcpy(y, b, n * 4, cudaMemcpyDeviceToHost); cudaMemcpyFromSymbol(&c, launches, "
        "sizeof c); cudaFree(a); cudaFree(b); return c + cudaGetLastError(); }",
        (X, np.zeros(300, f32), i32(300)),
        (X, 2 * X + 1),
        result=7,
    ),
    "errors_are_kept_until_asked_for": Case(
        "__global__ void k(int *a) { a[0] = 1; }\nint f(int *out) { int *p; cudaMalloc(&p, 4); "
        "k<<<1, 2000>>>(p); int e = cudaGetLastError(); int g = cudaGetLastError(); "
        "cudaMemcpy(p, out, 4, cudaMemcpyDeviceToHost); return e * 100 + g * 10 + "
        "cudaPeekAtLastError(); }",
        (np.zeros(1, i32),),
        (None,),
        result=901,
    ),
    "threads_that_returned_count_as_arrived": Case(
        "__global__ void f(int *a, int n) { __shared__ int s[64]; int t = threadIdx.x; if (t "
        ">= n) return; s[t] = a[t]; __syncthreads(); a[t] = s[n - 1 - t]; }",
        (ramp(40), i32(40)),
        (ramp(40)[::-1], None),
        block=(64, 1, 1),
    ),
    "cooperative_groups": Case(
        "namespace cg = cooperative_groups;\n__global__ void f(int *a) { cg::thread_block b = "
        "cg::this_thread_block(); auto t = cg::tiled_partition<8>(b); int v = b.thread_rank(); "
        "for (int d = t.size() / 2; d; d /= 2) v += t.shfl_xor(v, d); b.sync(); "
        "a[b.thread_rank()] = v; }",
        (np.zeros(32, i32),),
        (np.repeat(ramp(32).reshape(4, 8).sum(1), 8),),
    ),
    "more_threads_than_a_warp_wait_twice": Case(
        "__global__ void f(int *a) { __shared__ int s[1024]; int t = threadIdx.x; s[t] = t; "
        "for (int k = 1; k < 1024; k *= 2) { __syncthreads(); int v = s[t ^ k]; "
        "__syncthreads(); s[t] += v; } a[t] = s[t]; }",
        (np.zeros(1024, i32),),
        (np.full(1024, 1023 * 512),),
        block=(1024, 1, 1),
    ),
    "rows": Case(
        "__global__ void f(float **m, int c) { m[threadIdx.x][c - 1] = threadIdx.x; }",
        (np.zeros((4, 3), f32), i32(3)),
        (np.pad(ramp(4, f32)[:, None], ((0, 0), (2, 0))), None),
        block=(4, 1, 1),
    ),
}
_v = np.array([[1, 2, 0.5, 0.5]] * 32, f32).ravel()
CASES["vector_types_and_intrinsics"] = Case(
    CASES["vector_types_and_intrinsics"]
    .text.replace("float4 *v, float *o", "float *vv, float *o")
    .replace("float4 p", "float4 *v = (float4 *)vv; float4 p"),
    (_v, np.zeros(32, f32)),
    (None, np.full(32, 1.5 + 0.25 + 1 + 8 + 31 + 4 + 1 + 10 + 2 + 12 + 3 + 2 + 2, f32)),
)


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> EmulatedBackend:
    return EmulatedBackend(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def compiled(backend: EmulatedBackend) -> dict[str, Compiled]:
    programs = [Program("cuda", "f", case.text) for case in CASES.values()]
    return dict(
        zip(
            CASES,
            backend.compile([CompileRequest(p, read_signature(p)) for p in programs]),
            strict=True,
        )
    )


def arguments(case: Case, order: int) -> Arguments:
    values = tuple(np.array(v) for v in case.values)
    return Arguments(values, geometry=Geometry(case.grid, case.block, case.shared), order=order)


@pytest.mark.parametrize("name", CASES)
def test_gives_what_a_device_gives(
    name: str, backend: EmulatedBackend, compiled: dict[str, Compiled]
) -> None:
    case = CASES[name]
    assert compiled[name].ok, compiled[name].diagnostics
    for order, execution in zip(
        case.orders,
        backend.run(compiled[name], [arguments(case, o) for o in case.orders]),
        strict=True,
    ):
        assert execution.status is Status.OK, f"order {order}: {execution.detail}"
        for got, wanted in zip(execution.values, case.expected, strict=False):
            if wanted is not None:
                np.testing.assert_allclose(got, wanted, rtol=1e-5, err_msg=f"order {order}")
        if case.result is not None:
            assert execution.result == case.result


def run_one(
    backend: EmulatedBackend,
    text: str,
    values: tuple,
    grid: int = 1,
    block: int = 32,
    order: int = 0,
    shared: int = 0,
) -> Execution:
    program = Program("cuda", "f", text)
    made = backend.compile([CompileRequest(program, read_signature(program))])[0]
    assert made.ok, made.diagnostics
    call = Arguments(
        tuple(np.array(v) for v in values),
        geometry=Geometry((grid, 1, 1), (block, 1, 1), shared),
        order=order,
    )
    return backend.run(made, [call])[0]


def test_orders_visit_every_thread_once_and_differ(backend: EmulatedBackend) -> None:
    text = (
        "__global__ void f(int *a, int *seen, int n) { "
        + I
        + " if (i < n) { a[i] = atomicAdd(seen, 1); } }"
    )
    visits = [
        run_one(
            backend, text, (np.zeros(130, i32), np.zeros(1, i32), i32(130)), 3, 64, order
        ).values[0]
        for order in (0, 1, 2, 3)
    ]
    assert all(sorted(v) == list(range(130)) for v in visits)
    assert list(visits[0]) == list(range(130))
    assert len({tuple(v) for v in visits}) == 4


def test_device_variables_are_put_back_between_calls_unless_kept(backend: EmulatedBackend) -> None:
    program = Program(
        "cuda", "f", "__device__ int calls;\n__global__ void f(int *a) { a[0] = ++calls; }"
    )
    made = backend.compile([CompileRequest(program, read_signature(program))])[0]
    orders = (0, 0, 1, VARIABLES_KEPT, VARIABLES_KEPT, 0)
    calls = [
        Arguments((np.zeros(1, i32),), geometry=Geometry((1, 1, 1), (1, 1, 1)), order=order)
        for order in orders
    ]
    assert [int(e.values[0][0]) for e in backend.run(made, calls)] == [1, 1, 1, 2, 3, 1]


def test_new_device_memory_holds_other_values_in_another_order(backend: EmulatedBackend) -> None:
    text = (
        "void f(int *a) { int *d; cudaMalloc(&d, 4); cudaMemcpy(a, d, 4, cudaMemcpyDeviceToHost); }"
    )
    found = {
        int(run_one(backend, text, (np.zeros(1, i32),), order=order).values[0][0])
        for order in (0, 1)
    }
    assert 1 in found and len(found) == 2


def test_active_threads_are_those_that_wrote(backend: EmulatedBackend) -> None:
    text = "__global__ void f(int *a, int n) { " + I + " if (i < n) a[i] = 1; }"
    assert run_one(backend, text, (np.zeros(50, i32), i32(50)), 2, 64).active_threads == 50
    alone = (
        "__global__ void f(int *a, int n) { "
        + I
        + " if (i == 0) for (int k = 0; k < n; k++) a[k] = 1; }"
    )
    assert run_one(backend, alone, (np.zeros(50, i32), i32(50)), 2, 64).active_threads == 1


@pytest.mark.parametrize(
    "grid, block, shared", [(0, 32, 0), (1, 1025, 0), (1, 0, 0), (1, 32, 1 << 20)]
)
def test_a_launch_that_no_device_takes_is_reported(
    backend: EmulatedBackend, grid: int, block: int, shared: int
) -> None:
    execution = run_one(
        backend,
        "__global__ void f(int *a) { a[0] = 1; }",
        (np.zeros(1, i32),),
        grid,
        block,
        shared=shared,
    )
    assert execution.status is not Status.OK
    assert (
        "launch" in execution.detail
        or "block" in execution.detail
        or "grid" in execution.detail
        or "shared" in execution.detail
    )


def test_every_babeltower_kernel_compiles(backend: EmulatedBackend) -> None:
    import os
    import re

    shared = Path(os.environ.get("COEVOLVE_SHARED") or Path(__file__).parents[3] / "shared")
    corpus = shared / "data" / "babeltower" / "cuda.para.valid.tok"
    if not corpus.exists():
        pytest.skip("the BabelTower split is not here")
    programs = []
    for line in corpus.read_text().replace("<unk> ", "").splitlines():
        name = re.search(r"(\w+) \(", line)
        if line.startswith("__global__") and name:
            programs.append(Program("cuda", name[1], line))
    assert len(programs) == 183  # the other one is a __device__ function
    failed = [
        (c.request.program.name, c.diagnostics)
        for c in backend.compile([CompileRequest(p, read_signature(p)) for p in programs])
        if not c.ok
    ]
    assert not failed


@pytest.mark.parametrize("index", [-4000, -40_000_000, 4000, 40_000_000])
def test_far_from_an_allocation_is_out_of_bounds(index: int, backend: EmulatedBackend) -> None:
    """Also below the first allocation, where other memory of the process may lie."""
    text = """__global__ void k(int *a, int i) { atomicAdd(&a[i], 1); }
    void f(int i, int *out) { int *d; cudaMalloc(&d, 4); cudaMemset(d, 0, 4); k<<<1, 1>>>(d, i); \
cudaMemcpy(out, d, 4, cudaMemcpyDeviceToHost); cudaFree(d); }"""
    assert run_one(backend, text, (i32(0), np.zeros(1, i32))).status is Status.OK
    assert run_one(backend, text, (i32(index), np.zeros(1, i32))).status is Status.OUT_OF_BOUNDS


TREE = """__global__ void f(const int *a, int *m) {
  %s __shared__ int part[128];
  part[threadIdx.x] = a[threadIdx.x]; %s
  for (int s = 64; s > 0; s >>= 1) {
    if (threadIdx.x < s) part[threadIdx.x] += part[threadIdx.x + s]; %s
  }
  if (threadIdx.x == 0) m[0] = part[%s];
}"""
SYNC = "__syncthreads();"
OTHER = "__shared__ int more[64]; more[threadIdx.x % 64] = 7; m[1] = more[threadIdx.x % 64];"


@pytest.mark.parametrize("before", ["", OTHER])
@pytest.mark.parametrize("order", range(6))
@pytest.mark.parametrize("syncs", [("", SYNC), (SYNC, "")])
def test_a_race_names_two_threads_and_the_byte_of_their_array(
    backend: EmulatedBackend, before: str, order: int, syncs: tuple[str, str]
) -> None:
    text = TREE % (before, *syncs, "0")
    found = run_one(backend, text, (ramp(128), np.zeros(2, i32)), block=128, order=order)
    assert found.status is Status.RACE, found.detail
    said = re.findall(r"block \(0,0,0\) thread \((\d+),0,0\)", found.detail)
    byte = int(re.search(r"shared memory byte (\d+)", found.detail)[1])  # type: ignore[index]
    one, other = map(int, said)
    assert one != other, found.detail
    # One thread writes its own element, or both that of one of them.
    assert byte % 4 == 0 and byte // 4 in {one, other}, found.detail


def test_a_byte_beyond_a_shared_array_is_counted_from_its_begin(backend: EmulatedBackend) -> None:
    text = TREE % (OTHER, SYNC, SYNC, "128 + m[0]")
    values = (ramp(128), np.full(2, 3, i32))
    found = run_one(backend, text, values, block=128)
    assert found.status is Status.OUT_OF_BOUNDS and "byte 524" in found.detail, found.detail
