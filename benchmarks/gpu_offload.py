"""The six HPC kernels of the dialect `openmp-target` on a real device, beside what the engine's
emulated device computes.

    python benchmarks/gpu_offload.py [--kernels axpy,gemm]

Needs a device and g++ with its part for NVIDIA devices (Debian: gcc-12-offload-nvptx). A library
that falls back to the host says nothing about it, even under OMP_TARGET_OFFLOAD=MANDATORY where no
device is found; so every run asks inside a target region where it is, and a host's values count for
nothing. Each kernel runs in a process of its own. Exit code 1 where values differ or a run was not
on a device.
"""

from __future__ import annotations

import argparse
import ctypes
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from gpu_speedup import KERNELS, TOLERANCE

from corpora import builtin
from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import Arguments, CompileRequest, Status
from gpu_runtime.cuda.driver import count_devices
from gpu_runtime.emulation.backend import EmulatedBackend
from gpu_runtime.openmp.offload import DEVICE_FLAGS, find_device_compilers

SIZES = {"axpy": 100_000, "gemv": 300, "gemm": 100, "spmv": 5_000, "jacobi": 64, "cg": 2_000}
_TEXT = """#include <omp.h>
#include <cmath>
#include <cstdlib>
extern "C" {{
{text}
int runs_on_the_host() {{ int host = 1;
#pragma omp target map(from: host)
host = omp_is_initial_device();
return host; }}
}}
"""


def built(program: Program, folder: Path, flags: tuple[str, ...] = DEVICE_FLAGS) -> Path:
    """The shared object. Raises RuntimeError with the compiler's first error."""
    source, made = folder / f"{program.name}.cpp", folder / f"{program.name}.so"
    source.write_text(_TEXT.format(text=program.text))
    command = [
        shutil.which("g++") or "g++",
        "-O2",
        "-ffp-contract=off",
        *flags,
        "-w",
        "-shared",
        "-fPIC",
        str(source),
        "-o",
        str(made),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise RuntimeError(
            next(
                (line for line in done.stderr.splitlines() if "rror" in line or "fatal" in line),
                "it does not compile",
            )
        )
    return made


def call(library: Path, name: str, values: list[np.ndarray]) -> bool:
    """Call `name`, which changes the arrays in place; whether its target regions run on the host.
    In a process of its own: it may crash.
    """
    loaded = ctypes.CDLL(str(library))
    passed = [
        np.ctypeslib.as_ctypes_type(v.dtype)(v.item())
        if v.ndim == 0
        else v.ctypes.data_as(ctypes.c_void_p)
        for v in values
    ]
    function = getattr(loaded, name)
    function.restype = None
    on_host = bool(loaded.runs_on_the_host())
    function(*passed)
    return on_host


def on_device(
    library: Path, name: str, values: tuple[np.ndarray, ...], folder: Path
) -> tuple[list[np.ndarray], bool]:
    """Values after the call, and whether it was on a device. Raises RuntimeError where the process
    failed.
    """
    given, taken = folder / "given.npz", folder / "taken.npz"
    np.savez(given, *values)
    done = subprocess.run(
        [sys.executable, __file__, "--child", str(library), name, str(given), str(taken)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise RuntimeError(f"ended with code {done.returncode}{': ' + lines[-1] if lines else ''}")
    with np.load(taken) as file:
        return [file[f"arr_{i}"] for i in range(len(values))], not bool(file["on_host"])


def emulated(
    backend: EmulatedBackend, program: Program, values: tuple[np.ndarray, ...]
) -> list[np.ndarray]:
    compiled = backend.compile([CompileRequest(program, read_signature(program))])[0]
    done = backend.run(compiled, [Arguments(values, threads=2)])[0] if compiled.ok else None
    if done is None or done.status is not Status.OK:
        raise RuntimeError(f"not emulated: {done.detail if done else compiled.diagnostics}")
    return list(done.values)


def row(
    backend: EmulatedBackend, program: Program, folder: Path, flags: tuple[str, ...] = DEVICE_FLAGS
) -> tuple[str, bool]:
    """One line of the table, and whether the device gave the emulation's values."""
    values = KERNELS[program.name][0](SIZES[program.name])
    try:
        after, device = on_device(built(program, folder, flags), program.name, values, folder)
        expected = emulated(backend, program, values)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        return f"| {program.name} | – | {str(error)[:200]} |", False
    same = all(
        np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE)
        for a, b in zip(after, expected, strict=True)
    )
    return (
        f"| {program.name} | {'device' if device else 'HOST: no evidence'} | "
        f"{'the same' if same else 'DIFFERENT'} |",
        same and device,
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kernels", default=",".join(SIZES), help="names, comma-separated")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        library, name, given, taken = options.child
        with np.load(given) as file:
            values = [file[f"arr_{i}"] for i in range(len(file.files))]
        np.savez(taken, *values, on_host=np.array(call(Path(library), name, values)))
        return 0
    if count_devices() == 0:
        print(
            "gpu_offload: no CUDA device answers here: target regions would run on the host",
            file=sys.stderr,
        )
        return 2
    compiler = next(c for c in find_device_compilers() if c.name == "g++")
    if not compiler.builds:
        print(
            f"Not run: g++ builds nothing for a device here ({compiler.detail}); to mend: "
            f"{compiler.hint}"
        )
        return 0
    wanted = options.kernels.split(",")
    programs = [
        p for p in builtin.programs("openmp-target") if p.name in wanted and p.name in SIZES
    ]
    backend = EmulatedBackend()
    print("| kernel | ran on | values beside the emulated device's |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        rows = [row(backend, p, Path(folder)) for p in programs]
    backend.close()
    print("\n".join(line for line, _ in rows))
    return 0 if all(fine for _, fine in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
