"""Speedups of the six HPC kernels of the built-in corpus on a device, over several sizes, against
the serial source at -O3.

    python benchmarks/gpu_speedup.py [--kernels axpy,gemm] [--largest] [--json FILE]

Needs a device. Each row: size (elements of the largest array), serial ms, kernel ms (spread), with
transfers ms, both speedups. Outputs are compared with the serial source's before anything is timed.
Source of the method: gpu_runtime.cuda.timing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from corpora import builtin
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import Arguments, CompileRequest, Status
from gpu_runtime.call.materialize import generate_random_bits
from gpu_runtime.cuda.backend import CudaBackend
from gpu_runtime.cuda.timing import NotMeasuredError, compile_for_timing, measure_pair

TOLERANCE = 1e-3


def _floats(count: int, seed: int, dtype: type = np.float64) -> np.ndarray:
    """Uniform in [-1, 1), shape (count,)."""
    return (
        (generate_random_bits(seed, 0, count) >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1.0
    ).astype(dtype)


def _int(value: int) -> np.ndarray:
    return np.array(value, np.int32)


def axpy(n: int) -> tuple[np.ndarray, ...]:
    return _int(n), np.array(0.5, np.float32), _floats(n, 1, np.float32), _floats(n, 2, np.float32)


def gemv(n: int) -> tuple[np.ndarray, ...]:
    return (
        _int(n),
        _int(n),
        np.array(0.5),
        _floats(n * n, 1),
        _floats(n, 2),
        np.array(0.25),
        _floats(n, 3),
    )


def gemm(n: int) -> tuple[np.ndarray, ...]:
    f = np.float32
    return (
        _int(n),
        _int(n),
        _int(n),
        f(0.5).reshape(()),
        _floats(n * n, 1, f),
        _floats(n * n, 2, f),
        f(0.25).reshape(()),
        _floats(n * n, 3, f),
    )


def spmv(m: int, row: int = 16) -> tuple[np.ndarray, ...]:
    columns = (generate_random_bits(5, 0, m * row) % np.uint64(m)).astype(np.int32)
    return (
        _int(m),
        np.arange(0, m * row + 1, row, dtype=np.int32),
        columns,
        _floats(m * row, 1),
        _floats(m, 2),
        np.zeros(m),
    )


def jacobi(n: int, sweeps: int = 20) -> tuple[np.ndarray, ...]:
    return (
        _int(n),
        _int(n),
        _int(sweeps),
        np.array(1e-3),
        _floats(n * n, 1),
        _floats(n * n, 2),
        np.zeros(n * n),
    )


def cg(n: int, steps: int = 50) -> tuple[np.ndarray, ...]:
    return _int(n), _int(steps), _floats(n, 1), _floats(n, 2), np.zeros(n)


KERNELS: dict[str, tuple[Callable[[int], tuple[np.ndarray, ...]], tuple[int, ...]]] = {
    "axpy": (axpy, (1 << 16, 1 << 20, 1 << 24)),
    "gemv": (gemv, (256, 1024, 4096)),
    "gemm": (gemm, (128, 512, 1024)),
    "spmv": (spmv, (1 << 12, 1 << 16, 1 << 20)),
    "jacobi": (jacobi, (128, 512, 2048)),
    "cg": (cg, (1 << 12, 1 << 16, 1 << 20)),
}
"""Maker of the arguments in the order of the built-in signatures, and sizes from tiny to large."""


def requests_for(name: str) -> tuple[CompileRequest, CompileRequest]:
    """Serial source and CUDA reference of a built-in function."""
    found = {d: next(p for p in builtin.programs(d) if p.name == name) for d in ("cpp", "cuda")}
    return tuple(CompileRequest(p, read_signature(p)) for p in found.values())  # type: ignore[return-value]


def agree(
    backend: CudaBackend, source: CompileRequest, target: CompileRequest, arguments: Arguments
) -> None:
    """Raises NotMeasuredError where the device's values are not the source's."""
    sides = []
    for request in (source, target):
        done = backend.run(compile_for_timing(backend, request), [arguments])[0]
        if done.status is not Status.OK:
            raise NotMeasuredError(
                f"{request.program.name} ({request.program.dialect}): {done.status} {done.detail}"
            )
        sides.append(done.values)
    for parameter, given, a, b in zip(
        source.signature.parameters, arguments.values, *sides, strict=True
    ):
        if parameter.name != "tmp" and not np.allclose(
            a, b, rtol=TOLERANCE, atol=TOLERANCE * max(1.0, float(np.abs(given).max(initial=0)))
        ):
            raise NotMeasuredError(
                f"{source.program.name}: '{parameter.name}' differs between source and device"
            )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kernels", default=",".join(KERNELS), help="names, comma-separated")
    parser.add_argument("--largest", action="store_true", help="only the largest size of each")
    parser.add_argument("--json", help="write the records here as well")
    options = parser.parse_args(arguments)
    names = options.kernels.split(",")
    if unknown := [n for n in names if n not in KERNELS]:
        print(f"unknown kernel '{unknown[0]}' (known: {', '.join(KERNELS)})", file=sys.stderr)
        return 2
    try:
        backend = CudaBackend(checks="none")
    except ValueError as error:
        print(
            f"{str(error).partition(';')[0]}: speedups can only be measured on a device",
            file=sys.stderr,
        )
        return 2
    print(f"{backend.facts.name}, driver {backend.facts.driver}")
    print(
        f"{'kernel':8} {'size':>9} {'serial ms':>10} {'kernel ms':>16} {'total ms':>16} "
        f"{'speedup':>8} {'with transfers':>15}"
    )
    rows = []
    failed = 0
    for name in names:
        maker, sizes = KERNELS[name]
        source, target = requests_for(name)
        for size in sizes[-1:] if options.largest else sizes:
            given = Arguments(maker(size))
            try:
                agree(backend, source, target, given)
                t = measure_pair(
                    backend, source, target, max(v.size for v in given.values), given, given
                )
            except NotMeasuredError as error:
                print(f"{name:8} {size:9d} not measured: {error}")
                failed = 1
                continue
            kernel, total = (
                f"{s.median_ms:9.4f} ±{s.quartiles_ms:6.4f}" for s in (t.kernel, t.total)
            )
            print(
                f"{name:8} {t.size:9d} {t.serial.median_ms:10.3f} {kernel} {total} "
                f"{t.kernel_speedup:8.1f} {t.total_speedup:15.2f}"
            )
            rows.append({"kernel": name, **asdict(t)})
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1))
    backend.close()
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
