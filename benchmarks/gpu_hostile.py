"""Hostile and hanging CUDA candidates in a row on a device: each must get its status, and the next
good kernel its values.

    python benchmarks/gpu_hostile.py [--count 1000] [--workers 8]

Needs a device. The worker pool of one back end is used by several threads at once, as verifiers do;
a context that a candidate breaks is replaced with its process. Exit code 1 where a status is wrong
or the pool is not alive at the end.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import Arguments, Compiled, CompileRequest, Geometry, Limits, Status
from gpu_runtime.cuda.backend import CudaBackend

BAD = {
    "far": ("__global__ void far(int n, float *y) { y[(long)n << 36] = 1; }", Status.OUT_OF_BOUNDS),
    "near": ("__global__ void near(int n, float *y) { y[n] = 1; }", Status.OUT_OF_BOUNDS),
    "trap": ("__global__ void trap(int n, float *y) { __trap(); }", Status.SIGNAL),
    "hang": (
        "__global__ void hang(int n, volatile float *y) { while (n) y[0] = n; }",
        Status.TIMEOUT,
    ),
    "skewed": ("__global__ void skewed(int n, char *y) { *(double *)(y + 1) = n; }", Status.SIGNAL),
    "wide": (
        "__global__ void wide(int n, float *y) { extern __shared__ float s[]; s[0] = n; y[0] = "
        "s[0]; }",
        Status.SIGNAL,
    ),
    "touch": (
        "__global__ void k(float *y) { y[0] = 1; }\nvoid touch(int n, float *y) { float *d; "
        "cudaMalloc(&d, 4 * n); d[0] = 1; }",
        Status.SIGNAL,
    ),
    "spin": (
        "__global__ void k(float *y) { y[0] = 1; }\nvoid spin(int n, float *y) { for (volatile "
        "int i = 0; n; i++); }",
        Status.TIMEOUT,
    ),
    "over": (
        "__global__ void k(int n, float *y) { y[n] = 1; }\nvoid over(int n, float *y) { float "
        "*d; cudaMalloc(&d, 4 * n); k<<<1, 1>>>(n, d); cudaFree(d); }",
        Status.OUT_OF_BOUNDS,
    ),
}
"""Name -> text, and the status that it must get."""
SLOW = ("hang", "spin")
ORDER = [name for name in BAD if name not in SLOW] * 10 + list(SLOW)
"""What is sent round and round: one in 36 hangs."""
GOOD = (
    "__global__ void axpy(int n, float a, const float *x, float *y) { int i = "
    "blockIdx.x*blockDim.x+threadIdx.x; if (i < n) y[i] += a * x[i]; }"
)
WALL_S = 0.5


@dataclass(frozen=True, slots=True)
class Result:
    """sent: candidates by name. wrong: `place name: status, detail` of those that got another
    status. alive: the pool gives right values after it.
    """

    sent: Counter[str]
    wrong: tuple[str, ...]
    alive: bool
    wall_s: float


def request(text: str, name: str, dialect: str = "cuda") -> CompileRequest:
    program = Program(dialect, name, text)
    return CompileRequest(program, read_signature(program))


def requests() -> list[CompileRequest]:
    """The good kernel, then the bad ones in the order of BAD."""
    return [request(GOOD, "axpy"), *(request(text, name) for name, (text, _) in BAD.items())]


def axpy_call(n: int) -> Arguments:
    """y = 1 + 2 x for x = 0, 1, ... n - 1."""
    values = (
        np.array(n, np.int32),
        np.array(2, np.float32),
        np.arange(n, dtype=np.float32),
        np.ones(n, np.float32),
    )
    return Arguments(values, geometry=Geometry((-(-n // 256), 1, 1), (256, 1, 1)))


def bad_call(request_: CompileRequest) -> Arguments:
    kind = np.int8 if request_.signature.parameters[1].type == "i8" else np.float32
    shared = 1 << 20 if request_.program.name == "wide" else 0
    return Arguments(
        (np.array(16, np.int32), np.zeros(16, kind)),
        geometry=Geometry((1, 1, 1), (1, 1, 1), shared),
    )


def still_right(backend: CudaBackend, good: Compiled) -> bool:
    done = backend.run(good, [axpy_call(1000)])[0]
    return done.status is Status.OK and bool(
        np.array_equal(done.values[3], 1 + 2 * np.arange(1000, dtype=np.float32))
    )


def hostile(
    backend: CudaBackend, count: int, workers: int, order: Sequence[str] = tuple(ORDER)
) -> Result:
    """`count` bad candidates by `workers` threads; after every 50th and at the end of all, good
    ones. Raises RuntimeError where one does not compile.
    """
    good, *made = backend.compile(requests())
    if failed := [c for c in (good, *made) if not c.ok]:
        raise RuntimeError(
            f"{failed[0].request.program.name} does not compile: {failed[0].diagnostics}"
        )
    by_name = dict(zip(BAD, made, strict=True))

    def one(k: int) -> str:
        name = order[k % len(order)]
        done = backend.run(by_name[name], [bad_call(by_name[name].request)], Limits(wall_s=WALL_S))[
            0
        ]
        if done.status is not BAD[name][1]:
            return f"{k} {name}: {done.status.value}, {done.detail}"
        return (
            ""
            if k % 50 or still_right(backend, good)
            else f"{k} {name}: the next good kernel has wrong values"
        )

    began = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        wrong = tuple(w for w in pool.map(one, range(count)) if w)
        alive = all(pool.map(lambda _: still_right(backend, good), range(workers)))
    return Result(
        Counter(order[k % len(order)] for k in range(count)),
        wrong,
        alive,
        time.perf_counter() - began,
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=1000, help="candidates")
    parser.add_argument("--workers", type=int, default=8, help="threads that use the pool")
    options = parser.parse_args(arguments)
    try:
        backend = CudaBackend(checks="none")
    except ValueError as error:
        print(
            f"{str(error).partition(';')[0]}: hostile candidates can only be tried on a device",
            file=sys.stderr,
        )
        return 2
    result = hostile(backend, options.count, options.workers)
    backend.close()
    print(
        f"{backend.name}: {options.count} candidates in {result.wall_s:.0f} s by "
        f"{options.workers} workers: "
        f"{', '.join(f'{n} {name}' for name, n in sorted(result.sent.items()))}."
    )
    print(
        f"Wrong statuses: {len(result.wrong)}. The pool is "
        f"{'alive' if result.alive else 'NOT alive'}: good kernels have "
        f"{'right' if result.alive else 'wrong'} values."
    )
    for line in result.wrong[:20]:
        print(f"* {line}")
    return 0 if result.alive and not result.wrong else 1


if __name__ == "__main__":
    raise SystemExit(main())
