"""CUDA programs on a real device, everything else on the CPU as ever: the execution back end behind
`backend = "cuda"`.

Contract: implements `ExecutionBackend`. PLAIN and TIMED CUDA programs are compiled for the device
and run there by a worker process (gpu_runtime.cuda.gpu_worker); other dialects and variants go to
an EmulatedBackend. A device alone sees neither races nor reads beyond an array, so with
`checks="emulator"` (the default) a call is run by the emulation first: what that finds is the
answer, what it finds nothing wrong with is decided by the device's own values. May be used by
several threads.

    coevolve verify axpy.cpp axpy.cu --backend cuda
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from corpora.dialects import DIALECTS
from gpu_runtime.backend import (
    EMULATE,
    Arguments,
    BackendError,
    Compiled,
    CompileRequest,
    Execution,
    Limits,
    Status,
    Variant,
)
from gpu_runtime.call.packing import (
    has_structures,
    pack_arguments,
    pack_compiled,
    pack_requests,
    restore_requests,
    run_packed,
)
from gpu_runtime.cuda.compile import SUFFIX, compile_for_device
from gpu_runtime.cuda.driver import DeviceFacts, count_devices
from gpu_runtime.cuda.gpu_worker import GpuError, GpuWorker
from gpu_runtime.cuda.nvrtc import DeviceCompiler, NvrtcMissingError
from gpu_runtime.cuda.worker import REAL_DRIVER
from gpu_runtime.emulation.backend import EmulatedBackend

ON_DEVICE = frozenset({Variant.PLAIN, Variant.TIMED})
CHECKS = ("emulator", "none")
_NOT_BELIEVED = frozenset({Status.TIMEOUT, Status.MEMORY_LIMIT, Status.NOT_RUN})
"""What the emulation may run into where a device does not: then the device decides alone."""


def is_usable() -> bool:
    """Return whether a CUDA driver loads and offers a device. Nothing is raised."""
    return count_devices() > 0


class CudaBackend:
    """Runs CUDA programs on one device and others on the CPU.

    cache_dir: where compiled programs are kept; None: the default cache. workers: compilers at
        once.
    checks: `emulator` runs each call in the emulation first, to find races and bad accesses; `none`
        does not. driver: `module:Class` of the driver that the GPU worker makes. environment:
        variables added to the few of this process that the worker gets; None: no more.
    The attribute `name` goes into verdicts on CUDA programs, `cpu_name` into others; `facts` are
    about the device. Raises ValueError (BackendError) if there is no device, NVRTC or a compiler is
    missing, or `checks` is unknown.
    """

    def __init__(
        self,
        cache_dir: Path | None = None,
        workers: int = 1,
        checks: str = "emulator",
        driver: str = REAL_DRIVER,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        if checks not in CHECKS:
            raise ValueError(f"unknown checks '{checks}' (known: {', '.join(CHECKS)})")
        if driver == REAL_DRIVER and not is_usable():
            raise BackendError(f"no CUDA device answers here; {EMULATE}")
        self._cache_dir, self._workers, self._checks = cache_dir, workers, checks
        self._new_worker: Callable[[], GpuWorker] = lambda: GpuWorker(driver, environment)
        self._lock, self._compiling = threading.Lock(), threading.Lock()
        self._compiler = DeviceCompiler()
        first = self._new_worker()
        try:
            self._compiler.ready()
            self.facts: DeviceFacts = first.ready()
        except (GpuError, NvrtcMissingError) as error:
            first.close()
            self._compiler.close()
            raise ValueError(f"{error}; {EMULATE}") from None
        self._idle = [first]
        self._cpu = EmulatedBackend(cache_dir, workers)
        self.name = f"cuda:{self.facts.name}" + (
            f"+degraded({','.join(first.degraded)})" if first.degraded else ""
        )
        self.cpu_name = self._cpu.name
        """What a verdict says of programs that are not CUDA."""

    def compile(self, requests: Sequence[CompileRequest]) -> list[Compiled]:
        """Compile programs for the device or the CPU and return one result per request, in order.
        The result of a program that does not compile has `ok` False. With emulator checks the
        emulated form is compiled too. Raises ToolchainError if a compiler is missing.
        """
        asked, requests = requests, pack_requests(requests)
        device = [i for i, r in enumerate(requests) if _for_device(r)]
        others = [r for r in requests if not _for_device(r)]
        checked = [requests[i] for i in device] if self._checks == "emulator" else []
        made = iter(self._cpu.compile([*others, *checked]))
        with self._compiling:
            on_device = compile_for_device(
                [requests[i] for i in device],
                self._compiler,
                self.facts.architecture,
                self._cache_dir,
                self._workers,
            )
        by_index = dict(zip(device, on_device, strict=True))
        found = [by_index[i] if i in by_index else next(made) for i in range(len(requests))]
        return restore_requests(found, asked)

    def run(
        self, compiled: Compiled, calls: Sequence[Arguments], limits: Limits = Limits()
    ) -> list[Execution]:
        """Run calls of one program one after the other and return one result per call, in order.
        After a crash the calls that follow have the status NOT_RUN.

        compiled: the program, as `compile` returned it. limits: of the process. Raises ValueError
            if the program did not compile, GpuError if the device is gone.
        """
        if not compiled.ok or compiled.artifact is None:
            raise ValueError(f"{compiled.request.program.name} did not compile and cannot be run")
        if has_structures(compiled.request.signature):
            return run_packed(self.run, compiled, calls, limits)
        if not compiled.artifact.name.endswith(SUFFIX):
            return self._cpu.run(compiled, calls, limits)
        seen = self._emulated(compiled.request, calls, limits)
        bad = next(
            (
                i
                for i, e in enumerate(seen)
                if e.status is not Status.OK and e.status not in _NOT_BELIEVED
            ),
            len(calls),
        )
        done = self._on_device(compiled, calls[:bad], limits)
        if all(e.status is Status.OK for e in done):
            done += seen[bad:] if bad < len(calls) else []
        else:
            done += [Execution(Status.NOT_RUN, "an earlier call ended the process")] * (
                len(calls) - len(done)
            )
        return [_merge_executions(e, seen[i]) if i < len(seen) else e for i, e in enumerate(done)]

    def time(
        self,
        compiled: Compiled,
        arguments: Arguments,
        repeats: int,
        limits: Limits = Limits(wall_s=60.0),
    ) -> dict:
        """Run one call `repeats` times on the device. Returns {"status": how it ended, "detail":
        why it failed, or '', "kernel_ms": [...], "total_ms": [...]} with the milliseconds of each
        repeat, by kernels alone and with transfers; the lists are empty where it failed.

        compiled: a CUDA program that compiled for the device. arguments: of the call. limits: of
            all repeats together. Raises GpuError if the worker fails.
        """
        if has_structures(compiled.request.signature):
            compiled, arguments = (
                pack_compiled(compiled),
                pack_arguments(arguments, compiled.request),
            )
        worker = self._borrow()
        try:
            return worker.time(compiled, arguments, repeats, limits)
        finally:
            self._give_back(worker)

    def _emulated(
        self, request: CompileRequest, calls: Sequence[Arguments], limits: Limits
    ) -> list[Execution]:
        """What the emulation sees; empty where it is not asked or cannot compile the program."""
        if self._checks != "emulator":
            return []
        compiled = self._cpu.compile([replace(request, variant=Variant.PLAIN)])[0]
        return self._cpu.run(compiled, calls, limits) if compiled.ok else []

    def _on_device(
        self, compiled: Compiled, calls: Sequence[Arguments], limits: Limits
    ) -> list[Execution]:
        worker = self._borrow()
        try:
            return worker.run(compiled, calls, limits)
        finally:
            self._give_back(worker)

    def _borrow(self) -> GpuWorker:
        with self._lock:
            while self._idle:
                if (worker := self._idle.pop()).is_ours:
                    return worker
        return self._new_worker()

    def _give_back(self, worker: GpuWorker) -> None:
        with self._lock:
            self._idle.append(worker)

    def close(self) -> None:
        """End all processes of the back end: GPU workers, compilers and runners."""
        with self._lock:
            for worker in self._idle:
                worker.close()
            self._idle.clear()
        self._compiler.close()
        self._cpu.close()


def _for_device(request: CompileRequest) -> bool:
    return DIALECTS[request.program.dialect].model == "cuda" and request.variant in ON_DEVICE


def _merge_executions(execution: Execution, seen: Execution) -> Execution:
    """A device's execution with what only the emulation knows."""
    if execution.status is not Status.OK or seen.status is not Status.OK:
        return execution
    return replace(execution, accesses=seen.accesses, active_threads=seen.active_threads)
