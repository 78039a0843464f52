"""How long a program takes on the device, cold cache, with and without transfers, against the
serial source in the same run.

Contract: kernel times are from CUDA events round each launch, after warm-up runs, the last-level
cache overwritten before each; `total` adds the transfers of a bare kernel's arguments, or is the
whole call of a host function. The serial time is that of the source at -O3 on this machine's CPU,
one thread, measured between the device's runs. Medians, with the quartile range as spread. Host
functions reach the driver through the worker, some microseconds a call more than a linked program
has.

    python benchmarks/gpu_speedup.py --help
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gpu_runtime.backend import (
    Arguments,
    Compiled,
    CompileRequest,
    ExecutionBackend,
    Limits,
    Status,
    Variant,
)
from gpu_runtime.cuda.backend import CudaBackend

WARM_UPS, REPEATS = 3, 15
SERIAL_REPEATS = 5


class NotMeasuredError(RuntimeError):
    """A program did not compile or run, so that it has no time. The message is one line."""


@dataclass(frozen=True, slots=True)
class TimeSpread:
    """The median and spread of `count` measured times. median_ms: their median. quartiles_ms: the
    distance between the quartiles. Both are in milliseconds.
    """

    median_ms: float
    quartiles_ms: float
    count: int


@dataclass(frozen=True, slots=True)
class Timing:
    """Times of one program at one size.

    size: of the problem, as the caller counts it. kernel: times, in milliseconds, of the target's
        kernels alone, on the device. total: the same with transfers.
    serial: times of the source on one CPU thread. device, driver: name of the device and version of
        its driver.
    clocks: of multiprocessors and memory in MHz, as nvidia-smi printed them during the run, ''
        where unknown.
    """

    size: int
    kernel: TimeSpread
    total: TimeSpread
    serial: TimeSpread
    device: str
    driver: str
    clocks: str

    @property
    def kernel_speedup(self) -> float:
        """Return the median serial time divided by the median kernel time, which excludes
        transfers.
        """
        return self.serial.median_ms / self.kernel.median_ms

    @property
    def total_speedup(self) -> float:
        """Return the median serial time divided by the median time on the device, transfers
        included.
        """
        return self.serial.median_ms / self.total.median_ms


def summarize_times(times_ms: Sequence[float]) -> TimeSpread:
    """Return the median, quartile distance and number of `times_ms`, which are in milliseconds.
    Raises ValueError if there are none.
    """
    if not times_ms:
        raise ValueError("nothing was measured")
    if len(times_ms) < 2:
        return TimeSpread(times_ms[0], 0.0, 1)
    low, _, high = statistics.quantiles(times_ms, n=4, method="inclusive")
    return TimeSpread(statistics.median(times_ms), high - low, len(times_ms))


def compile_for_timing(backend: ExecutionBackend, request: CompileRequest) -> Compiled:
    """Compile the TIMED variant of a request and return the result. backend: compiles it. Raises
    NotMeasuredError if it does not compile.
    """
    compiled = backend.compile([replace(request, variant=Variant.TIMED)])[0]
    if not compiled.ok:
        raise NotMeasuredError(
            f"{request.program.name} does not compile for timing: "
            f"{compiled.diagnostics.partition(chr(10))[0]}"
        )
    return compiled


def measure_serial(
    backend: ExecutionBackend,
    compiled: Compiled,
    arguments: Arguments,
    repeats: int = SERIAL_REPEATS,
) -> list[float]:
    """Return the milliseconds of `repeats` runs of `compiled` with `arguments`, in order, each in a
    process of its own, after one run that does not count. backend: runs it. Raises NotMeasuredError
    if a run fails.
    """
    times = []
    for _ in range(repeats + 1):  # one call a process: every run begins with the same memory
        done = backend.run(compiled, [arguments], Limits(wall_s=120.0, cpu_s=120, memory_mib=8192))[
            0
        ]
        if done.status is not Status.OK:
            raise NotMeasuredError(f"{compiled.request.program.name}: {done.status} {done.detail}")
        times.append(done.elapsed_ms)
    return times[1:]


def measure_pair(
    backend: CudaBackend,
    source: CompileRequest,
    target: CompileRequest,
    size: int,
    given: Arguments,
    taken: Arguments,
) -> Timing:
    """Time a source on the CPU and its target on the device, on the same test.

    backend: compiles and runs both. size: goes into the result. given, taken: the test in the
        parameter order of the source and of the target. Raises NotMeasuredError if one does not
        compile or run, GpuError if the worker fails.
    """
    serial, device = compile_for_timing(backend, source), compile_for_timing(backend, target)
    first = measure_serial(backend, serial, given, max(1, SERIAL_REPEATS // 2))
    measured = backend.time(device, taken, WARM_UPS + REPEATS)
    if measured["status"] != Status.OK:
        raise NotMeasuredError(f"{target.program.name}: {measured['status']} {measured['detail']}")
    clocks = read_clocks()
    second = measure_serial(backend, serial, given, SERIAL_REPEATS - len(first))
    kernel, total = (summarize_times(measured[k][WARM_UPS:]) for k in ("kernel_ms", "total_ms"))
    return Timing(
        size,
        kernel,
        total,
        summarize_times(first + second),
        backend.facts.name,
        backend.facts.driver,
        clocks,
    )


def read_clocks() -> str:
    """Return the clocks of multiprocessors and memory, as nvidia-smi prints them, such as `1980
    MHz, 2619 MHz`; '' without it.
    """
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ""
    try:
        query = [tool, "--query-gpu=clocks.sm,clocks.mem", "--format=csv,noheader"]
        done = subprocess.run(query, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.partition("\n")[0].strip() if done.returncode == 0 else ""
