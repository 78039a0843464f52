"""What the memory-access hooks find, and what they must not report. All programs are compiled in
one batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import (
    Access,
    Arguments,
    Compiled,
    CompileRequest,
    Execution,
    Geometry,
    Status,
    Variant,
)
from gpu_runtime.emulation.backend import EmulatedBackend

I = "int i = blockIdx.x * blockDim.x + threadIdx.x;"
TURN = (
    "template <int N> __device__ void g(int *a) { __shared__ int k, s[N]; int t = "
    "threadIdx.x; s[t] = a[t]; k = N; %s a[t] = s[k - 1 - t]; }"
)
OK, RACE, BOUNDS, UNSET, DIVERGED = (
    Status.OK,
    Status.RACE,
    Status.OUT_OF_BOUNDS,
    Status.UNINITIALISED,
    Status.DIVERGENCE,
)


@dataclass(frozen=True)
class Case:
    """A kernel body over `int *a` (64 elements, 0..63) and `int n` (64), and the status it must end
    with.
    """

    body: str
    status: Status
    grid: int = 1
    block: int = 64
    shared: int = 0
    before: str = ""
    seen_in: tuple[int, ...] = (0, 1, 3)
    """Thread orders in which it shows; a cell remembers one writer, so that some findings need the
    right one to come last.
    """


CASES = {
    "own_elements": Case(I + " a[i] = a[i] + 1;", OK, 2, 32),
    "last_writer_differs": Case(I + " a[0] = i;", RACE),
    "same_value": Case("a[0] = 7;", OK, 2, 32),
    "same_value_and_others_read_later": Case(
        "__shared__ int k; k = n; __syncthreads(); a[threadIdx.x] = k;", OK
    ),
    "neighbour_is_read": Case(I + " a[i] = a[(i + 1) % n];", RACE),
    "neighbour_is_read_after_barrier": Case(
        "int v = a[(threadIdx.x + 1) % n]; __syncthreads(); a[threadIdx.x] = v;", OK
    ),
    "barrier_does_not_order_blocks": Case(
        I + " int v = a[(i + 1) % n]; __syncthreads(); a[i] = v;", RACE, 2, 32
    ),
    "warp_barrier_orders_a_warp": Case(
        "__shared__ int s[64]; int t = threadIdx.x; s[t] = t; __syncwarp(); a[t] = s[t ^ 1];", OK
    ),
    "warp_barrier_does_not_order_warps": Case(
        "__shared__ int s[64]; int t = threadIdx.x; s[t] = t; __syncwarp(); a[t] = s[t ^ 32];", RACE
    ),
    "readers_of_two_warps_then_a_write": Case(
        "int t = threadIdx.x, v = a[0]; __syncwarp(); if (t == 63) a[0] = v + 1;", RACE
    ),
    "atomics_meet": Case("atomicAdd(a, 1);", OK, 2, 32),
    "atomic_meets_plain_write": Case(I + " if (i == 0) a[0] = 100; atomicAdd(a, 1);", RACE, 2, 32),
    "atomic_after_plain_write_of_another_block": Case(
        "if (threadIdx.x == 0 && blockIdx.x == 0) a[0] = 100; __syncthreads(); atomicAdd(a, 1);",
        RACE,
        2,
        32,
        seen_in=(1,),
    ),
    "atomic_after_plain_write_and_barrier": Case(
        "__shared__ int s; if (threadIdx.x == 0) s = 0; __syncthreads(); atomicAdd(&s, 1);",
        OK,
        2,
        32,
    ),
    "atomic_meets_plain_read": Case(
        I + " if (i == 63 && a[0] > n) return; atomicMax(a, i); if (i) a[i] = a[0] >= 0;", OK
    ),
    "first_guess_of_compare_and_swap": Case(
        "int o = a[0], e; do { e = o; o = atomicCAS(a, e, e + 2); } while (e != o);", OK, 2, 32
    ),
    "fence_and_atomic_publish": Case(
        I + " a[i] = i * 2; __threadfence(); if (atomicAdd(&done, 1) == n - 1) { int s = 0; "
        "for (int k = 0; k < n; k++) s += a[k]; a[0] = s; }",
        OK,
        64,
        1,
        before="__device__ int done;",
    ),
    "atomic_without_fence": Case(
        I + " a[i] = i * 2; if (atomicAdd(&done, 1) == n - 1) { int s = 0; for (int k = 0; k < n; "
        "k++) s += a[k]; a[0] = s; }",
        RACE,
        64,
        1,
        before="__device__ int done;",
    ),
    "fence_of_the_block_publishes_nothing": Case(
        I + " a[i] = i * 2; __threadfence_block(); if (atomicAdd(&done, 1) == n - 1) { int s = 0; "
        "for (int k = 0; k < n; k++) s += a[k]; a[0] = s; }",
        RACE,
        64,
        1,
        before="__device__ int done;",
    ),
    "fence_before_what_it_should_publish": Case(
        I + " __threadfence(); a[i] = i * 2; if (atomicAdd(&done, 1) == n - 1) { int s = 0; "
        "for (int k = 0; k < n; k++) s += a[k]; a[0] = s; }",
        RACE,
        64,
        1,
        before="__device__ int done;",
    ),
    "fence_then_barrier_then_atomic": Case(
        I + " a[i] = i * 2; __threadfence(); __syncthreads(); if (threadIdx.x == 0 && "
        "atomicAdd(&done, 1) == 1) { "
        "int s = 0; for (int k = 0; k < n; k++) s += a[k]; a[0] = s; }",
        OK,
        2,
        32,
        before="__device__ int done;",
    ),
    "no_barrier_between_fences_and_atomic": Case(
        I + " a[i] = i * 2; __threadfence(); if (threadIdx.x == 0 && atomicAdd(&done, 1) == 1) { "
        "int s = 0; "
        "for (int k = 0; k < n; k++) s += a[k]; a[0] = s; }",
        RACE,
        2,
        32,
        before="__device__ int done;",
    ),
    "spin_lock": Case(
        "if (threadIdx.x == 0) { while (atomicCAS(&lock, 0, 1)) ; __threadfence(); a[0] = a[0] "
        "+ 1; __threadfence(); atomicExch(&lock, 0); }",
        OK,
        3,
        2,
        before="__device__ int lock;",
    ),
    "spin_lock_without_a_fence": Case(
        "if (threadIdx.x == 0) { while (atomicCAS(&lock, 0, 1)) ; __threadfence(); a[0] = a[0] "
        "+ 1; atomicExch(&lock, 0); }",
        RACE,
        3,
        2,
        before="__device__ int lock;",
    ),
    "device_variable_race": Case(
        I + " last = i; __syncthreads(); a[i] = last;", RACE, before="__device__ int last;"
    ),
    "bytes_of_one_word": Case(
        "__shared__ unsigned char s[64]; int t = threadIdx.x; s[t] = t; __syncthreads(); a[t] "
        "= s[63 - t];",
        OK,
    ),
    "bytes_of_one_word_race": Case(
        "__shared__ unsigned char s[64]; int t = threadIdx.x; s[t / 2] = t; __syncthreads(); "
        "a[t] = s[t / 2];",
        RACE,
    ),
    "double_in_shared": Case(
        "__shared__ double s[64]; int t = threadIdx.x; s[t] = t; __syncthreads(); a[t] = "
        "(int)s[63 - t];",
        OK,
    ),
    "past_the_end": Case(I + " a[i] = 1;", BOUNDS, 2, 64),
    "past_the_only_shared_array": Case(
        "__shared__ int s[32]; s[threadIdx.x & 31] = 1; __syncthreads(); a[threadIdx.x] = "
        "s[threadIdx.x + 1];",
        BOUNDS,
        block=32,
    ),
    "before_the_start": Case("if (threadIdx.x == 3) a[-2] = 1;", BOUNDS),
    "read_past_the_end": Case("if (threadIdx.x == 3) a[0] = a[n];", BOUNDS),
    "shared_past_the_end": Case(
        "__shared__ int s[64]; __shared__ int q[64]; int t = threadIdx.x; q[t] = t; s[t] = t; "
        "__syncthreads(); a[t] = s[t + 1];",
        BOUNDS,
    ),
    "dynamic_shared_past_the_end": Case(
        "extern __shared__ int s[]; s[threadIdx.x] = 1; a[threadIdx.x] = s[threadIdx.x];",
        BOUNDS,
        shared=255,
    ),
    "shared_never_set": Case("__shared__ int s[64]; a[threadIdx.x] = s[threadIdx.x];", UNSET),
    "shared_set_by_the_last_block": Case(
        "__shared__ int s; if (blockIdx.x == 0) s = 5; if (threadIdx.x == 0) a[blockIdx.x] = s;",
        UNSET,
        2,
        1,
    ),
    "counter_never_set": Case("__shared__ int s; atomicAdd(&s, 1);", UNSET),
    "two_barriers": Case("if (threadIdx.x < 32) __syncthreads(); else __syncthreads();", DIVERGED),
    "barrier_and_shuffle": Case(
        "int v = 1; if (threadIdx.x % 2) __syncthreads(); else v = __shfl_sync(~0u, v, 1); "
        "a[threadIdx.x] = v;",
        DIVERGED,
        1,
        32,
    ),
    "lane_outside_its_mask": Case("a[threadIdx.x] = __shfl_sync(1u, 5, 0);", DIVERGED, 1, 32),
    "some_return_before_the_barrier": Case(
        "if (threadIdx.x >= 48) return; __syncthreads(); a[threadIdx.x] = 1;", OK
    ),
    "trip_counts_differ": Case(
        "for (int k = 0; k < (int)(threadIdx.x < 32 ? 2 : 3); k++) __syncthreads(); "
        "__syncthreads();",
        DIVERGED,
    ),
    "struct_copy": Case(
        "struct P { int x, y, z; }; P *p = (P *)a; if (threadIdx.x < 10) p[threadIdx.x + 10] = "
        "p[threadIdx.x];",
        OK,
    ),
    "memcpy_past_the_end": Case(
        "if (threadIdx.x == 0) memcpy(a + 60, a, 5 * sizeof(int));", BOUNDS
    ),
    "shared_in_a_template": Case("g<64>(a);", OK, before=TURN % "__syncthreads();"),
    "shared_in_a_template_race": Case("g<64>(a);", RACE, before=TURN % ""),
    "shared_in_a_template_past_the_end": Case(
        "g<60>(a);", BOUNDS, before=TURN % "__syncthreads();"
    ),
    "shared_in_a_template_never_set": Case(
        "h<64>(a);",
        UNSET,
        before="template <int N> __device__ void h(int *a) { __shared__ int s[N]; "
        "a[threadIdx.x] = s[threadIdx.x]; }",
    ),
    "through_the_results_of_sincosf": Case(
        "float c; sincosf((float)threadIdx.x, (float *)a, &c);", RACE
    ),
}


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> EmulatedBackend:
    return EmulatedBackend(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def compiled(backend: EmulatedBackend) -> dict[str, Compiled]:
    programs = [
        Program("cuda", "f", f"{c.before}\n__global__ void f(int *a, int n) {{ {c.body} }}")
        for c in CASES.values()
    ]
    return dict(
        zip(
            CASES,
            backend.compile([CompileRequest(p, read_signature(p)) for p in programs]),
            strict=True,
        )
    )


@pytest.mark.parametrize("order", [0, 1, 3])
@pytest.mark.parametrize("name", CASES)
def test_finding(
    name: str, order: int, backend: EmulatedBackend, compiled: dict[str, Compiled]
) -> None:
    case = CASES[name]
    if order not in case.seen_in:
        pytest.skip("does not show in this order")
    assert compiled[name].ok, compiled[name].diagnostics
    geometry = Geometry((case.grid, 1, 1), (case.block, 1, 1), case.shared)
    call = Arguments(
        (np.arange(64, dtype=np.int32), np.array(64, np.int32)), geometry=geometry, order=order
    )
    execution = backend.run(compiled[name], [call])[0]
    assert execution.status is case.status, execution.detail


def test_a_plain_read_of_what_others_update_atomically_has_either_value(
    backend: EmulatedBackend,
) -> None:
    program = Program(
        "cuda",
        "f",
        "__global__ void f(int *a, double *d) { int i = threadIdx.x; if (i == 40) { a[1] = "
        "a[0]; d[1] = d[0]; } else { atomicAdd(a, 1); atomicAdd(d, 1.0); } }",
    )
    made = backend.compile([CompileRequest(program, read_signature(program))])[0]
    calls = [
        Arguments(
            (np.array([7, 0], np.int32), np.array([7.0, 0.0])),
            geometry=Geometry((1, 1, 1), (64, 1, 1)),
            order=order,
        )
        for order in (0, 2)
    ]
    assert [[list(v) for v in e.values] for e in backend.run(made, calls)] == [
        [[70, 47], [70, 47]],
        [[70, 7], [70, 7]],
    ]


def run(
    backend: EmulatedBackend,
    dialect: str,
    text: str,
    values: tuple,
    origins: tuple[int, ...] = (),
    variant: Variant = Variant.RECORDED,
) -> Execution:
    program = Program(dialect, "f", text)
    made = backend.compile([CompileRequest(program, read_signature(program), variant)])[0]
    assert made.ok, made.diagnostics
    return backend.run(made, [Arguments(tuple(np.array(v) for v in values), origins=origins)])[0]


def test_a_race_names_the_place_and_both_threads(backend: EmulatedBackend) -> None:
    program = Program(
        "cuda", "f", "__global__ void f(float *x, int *a) { a[3] = blockIdx.x * 10 + threadIdx.x; }"
    )
    made = backend.compile([CompileRequest(program, read_signature(program))])[0]
    call = Arguments(
        (np.zeros(2, np.float32), np.zeros(5, np.int32)), geometry=Geometry((2, 1, 1), (1, 1, 1))
    )
    detail = backend.run(made, [call])[0].detail
    assert (
        "race" in detail and "element 3" in detail and "(0,0,0)" in detail and "(1,0,0)" in detail
    )


def test_extents_of_a_serial_program(backend: EmulatedBackend) -> None:
    text = (
        "void f(const double *x, double *y, int n) { for (int i = 2; i < n; i++) y[i - 1] = "
        "x[i + 1] + x[i - 2]; }"
    )
    execution = run(backend, "cpp", text, (np.zeros(20), np.zeros(20), np.int32(9)))
    assert execution.accesses[0] == Access(0, 9, None, None)
    assert execution.accesses[1] == Access(None, None, 1, 7)


def test_extents_before_the_pointer_that_was_passed(backend: EmulatedBackend) -> None:
    execution = run(
        backend, "cpp", "void f(int *a) { a[-3] = a[2]; }", (np.zeros(16, np.int32),), origins=(8,)
    )
    assert execution.accesses[0] == Access(2, 2, -3, -3)


def test_extents_of_fortran(backend: EmulatedBackend) -> None:
    text = (
        "subroutine f(n, x)\n integer, intent(in) :: n\n real(8), intent(inout) :: x(n)\n "
        "x(3) = x(5)\nend subroutine f\n"
    )
    execution = run(backend, "fortran", text, (np.int32(6), np.zeros(6)))
    assert execution.accesses[1] == Access(4, 4, 2, 2)


HOST = (
    "__global__ void k(int *a, int n) { if (threadIdx.x < n) a[threadIdx.x] += 1; }\nvoid "
    "f(int *h, int n) { int *d; size_t b = n * sizeof(int); %s }"
)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (
            "cudaMalloc(&d, b); cudaMemcpy(d, h, b, cudaMemcpyHostToDevice); k<<<1, 32>>>(d, "
            "n); cudaMemcpy(h, d, b, cudaMemcpyDeviceToHost);",
            OK,
        ),
        (
            "cudaMallocManaged(&d, b); for (int i = 0; i < n; i++) d[i] = h[i]; k<<<1, 32>>>(d, "
            "n); cudaDeviceSynchronize(); h[0] = d[0];",
            OK,
        ),
        (
            "cudaMalloc(&d, b); cudaMemset(d, 0, b); k<<<1, 32>>>(d, n); cudaMemcpy(h, d, b, "
            "cudaMemcpyDeviceToHost);",
            OK,
        ),
        (
            "cudaMalloc(&d, b); k<<<1, 32>>>(d, n); cudaMemcpy(h, d, b, cudaMemcpyDeviceToHost);",
            UNSET,
        ),
        (
            "cudaMalloc(&d, b); cudaMemcpy(d, h, b - 1, cudaMemcpyHostToDevice); k<<<1, "
            "32>>>(d, n);",
            UNSET,
        ),
        ("cudaMalloc(&d, b - 4); cudaMemcpy(d, h, b, cudaMemcpyHostToDevice);", BOUNDS),
        ("cudaMalloc(&d, b - 4); cudaMemset(d, 0, b - 4); k<<<1, 32>>>(d, n);", BOUNDS),
        ("cudaMalloc(&d, b); cudaMemset(d, 0, b); cudaFree(d); k<<<1, 32>>>(d, n);", BOUNDS),
        ("cudaMalloc(&d, b); h[0] = d[0];", BOUNDS),
        ("k<<<1, 32>>>(h, n);", BOUNDS),
    ],
)
def test_host_and_device_memory_are_kept_apart(
    body: str, status: Status, backend: EmulatedBackend
) -> None:
    execution = run(backend, "cuda", HOST % body, (np.arange(20, dtype=np.int32), np.int32(20)))
    assert execution.status is status, execution.detail


def test_what_a_test_does_not_hold_may_be_copied_but_not_used(backend: EmulatedBackend) -> None:
    """The extent of a test is what the source touches; a translation that copies the whole matrix
    is still right.
    """
    copy = (
        "cudaMalloc(&d, COUNT); cudaMemcpy(d, h, COUNT, cudaMemcpyHostToDevice); %s "
        "cudaMemcpy(h, d, COUNT, cudaMemcpyDeviceToHost);"
    )
    values = (np.arange(20, dtype=np.int32), np.int32(20))
    rows = copy.replace("COUNT", "n * b")
    untouched = run(backend, "cuda", HOST % (rows % "k<<<1, 32>>>(d, n);"), values)
    assert untouched.status is OK and list(untouched.values[0]) == list(range(1, 21))
    assert run(backend, "cuda", HOST % (rows % "k<<<1, 32>>>(d, n + 1);"), values).status is BOUNDS
    twice = copy.replace("COUNT", "2 * b")  # no size of the call explains it
    beyond = run(backend, "cuda", HOST % (twice % "k<<<1, 32>>>(d, n);"), values)
    assert beyond.status is BOUNDS


def test_hooks_forget_the_call_before(backend: EmulatedBackend) -> None:
    program = Program(
        "cuda", "f", "__global__ void f(int *a, int n) { a[threadIdx.x] = a[threadIdx.x + n]; }"
    )
    made = backend.compile([CompileRequest(program, read_signature(program))])[0]
    calls = [
        Arguments(
            (np.arange(8, dtype=np.int32), np.array(k, np.int32)),
            geometry=Geometry((1, 1, 1), (4, 1, 1)),
        )
        for k in (4, 0, 4)
    ]
    assert [e.status for e in backend.run(made, calls)] == [OK, OK, OK]


def test_the_section_of_shared_arrays_ends_in_a_gap(backend: EmulatedBackend) -> None:
    """Alone in its unit, so that no other program's variables lie behind its only array."""
    text = (
        "__global__ void f(int *a) { __shared__ int s[64]; int t = threadIdx.x; s[t] = t; "
        "__syncthreads(); a[t] = s[t + 1]; }"
    )
    program = Program("cuda", "f", text)
    made = backend.compile([CompileRequest(program, read_signature(program))])[0]
    call = Arguments((np.zeros(64, np.int32),), geometry=Geometry((1, 1, 1), (64, 1, 1)))
    assert backend.run(made, [call])[0].status is Status.OUT_OF_BOUNDS
