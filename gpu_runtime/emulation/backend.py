"""The back end that needs no GPU: every dialect is compiled for the CPU and run in the sandbox.

Contract: implements `ExecutionBackend`. Missing walls of the sandbox are part of `name`
(`emulated+degraded(...)`). May be used by several threads at once; every thread borrows a runner of
its own. In a process that was forked from its own it goes on with runners of that process.

    python -c "from gpu_runtime.emulation.backend import EmulatedBackend; \\
        print(EmulatedBackend().name)"
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from corpora.dialects import DIALECTS
from gpu_runtime.backend import (
    Arguments,
    Compiled,
    CompileRequest,
    Execution,
    Limits,
    Status,
    Variant,
)
from gpu_runtime.call.arena import Layout
from gpu_runtime.call.packing import has_structures, pack_requests, restore_requests, run_packed
from gpu_runtime.call.runner import Runner
from gpu_runtime.call.shims_fortran import find_logical_arrays
from gpu_runtime.compile.compiler import compile_requests, runs_nothing_at_load
from gpu_runtime.compile.toolchain import find_cache_root
from gpu_runtime.compile.units import FLAVOR
from gpu_runtime.sandbox import lockdown as sandbox

_F32_F64, _F64_F80, _BOOL_I32 = 1, 2, 3
_PRECISE = (("f32", _F32_F64), ("c64", _F32_F64), ("f64", _F64_F80), ("c128", _F64_F80))
_DEVICE_ALIGN_BYTES = 256  # as cudaMalloc gives; vector types may rely on it


def choose_layout(request: CompileRequest) -> Layout:
    """Return how the arguments of the program compiled for `request` are handed over. It depends on
    the program's dialect and the variant.
    """
    model, language = (
        DIALECTS[request.program.dialect].model,
        DIALECTS[request.program.dialect].language,
    )
    if model == "cuda":
        return Layout((), _DEVICE_ALIGN_BYTES, recorded=True)
    wide = (
        (("bool", _BOOL_I32),)
        if language == "fortran" and find_logical_arrays(request) == 4
        else ()
    )
    if request.variant is Variant.SANITIZED:
        return Layout(wide, 16)  # the sanitizer's shadow has a grain of 8 bytes
    recorded = request.variant is Variant.RECORDED
    # Sources that are being learnt and mutants leave their arrays all the time; threads of a team
    # would be left behind in their locks.
    resumes = model == "serial" and (recorded or request.variant is Variant.DRAFT)
    return Layout(
        (*(_PRECISE if request.variant is Variant.PRECISE else ()), *wide),
        0,
        recorded,
        resumes=resumes,
    )


def choose_flavor(request: CompileRequest) -> str:
    """Return the runner that the program compiled for `request` needs: `plain`, `asan` (address
    sanitizer) or `tsan` (race detector).
    """
    return (
        "plain"
        if DIALECTS[request.program.dialect].model == "cuda"
        else FLAVOR.get(request.variant, "plain")
    )


class EmulatedBackend:
    """Runs programs of all dialects on the CPU. cache_dir: where compiled programs are kept; None:
    the default cache. workers: compilers at once. The attribute `name` goes into verdicts; it names
    the walls of the sandbox that are missing. Raises ToolchainError if a compiler is missing.
    """

    def __init__(self, cache_dir: Path | None = None, workers: int = 1) -> None:
        self._cache, self._workers = find_cache_root(cache_dir), workers
        self._idle: dict[str, list[Runner]] = {}
        self._lock = threading.Lock()
        self._layouts: dict[tuple[str, Path | None], Layout] = {}
        missing = sandbox.find_missing_walls(sandbox.probe_features())
        self.name = "emulated" + (f"+degraded({','.join(missing)})" if missing else "")

    def compile(self, requests: Sequence[CompileRequest]) -> list[Compiled]:
        """Compile programs and return one result per request, in order. The result of a program
        that does not compile has `ok` False. Raises ToolchainError if a compiler is missing.
        """
        made = compile_requests(pack_requests(requests), self._cache, self._workers)
        return restore_requests(made, requests)

    def run(
        self, compiled: Compiled, calls: Sequence[Arguments], limits: Limits = Limits()
    ) -> list[Execution]:
        """Run calls of one program one after the other in one sandboxed process and return one
        result per call, in order. After a crash the others are NOT_RUN.

        compiled: the program, as `compile` returned it. limits: of the process. Raises ValueError
            if the program did not compile, RunnerError if the sandbox fails.
        """
        if not compiled.ok or compiled.artifact is None:
            raise ValueError(f"{compiled.request.program.name} did not compile and cannot be run")
        if has_structures(compiled.request.signature):
            return run_packed(self.run, compiled, calls, limits)
        flavour = choose_flavor(compiled.request)
        runner = self._borrow(flavour)
        try:
            return runner.run(compiled, calls, limits, self._layout(compiled))
        finally:
            with self._lock:
                self._idle.setdefault(flavour, []).append(runner)

    def _layout(self, compiled: Compiled) -> Layout:
        key = (compiled.symbol, compiled.artifact)
        if key not in self._layouts:
            if len(self._layouts) > 4096:
                self._layouts.clear()
            self._layouts[key] = replace(
                choose_layout(compiled.request), quiet=runs_nothing_at_load(compiled)
            )
        return self._layouts[key]

    def _borrow(self, flavour: str) -> Runner:
        with self._lock:
            idle = self._idle.get(flavour, [])
            while idle:
                if (runner := idle.pop()).is_ours:
                    return runner
        return Runner(flavour)

    def run_all(
        self, compiled: Compiled, calls: Sequence[Arguments], limits: Limits = Limits()
    ) -> list[Execution]:
        """Run calls of one program one after the other and return one result per call, in order.
        After a crash it goes on in a new process, so that every call has a status of its own.

        compiled: the program, as `compile` returned it. limits: of each process. Raises ValueError
            if the program did not compile, RunnerError if the sandbox fails.
        """
        done: list[Execution] = []
        while len(done) < len(calls):
            part = self.run(compiled, calls[len(done) :], limits)
            ran = [e for e in part if e.status is not Status.NOT_RUN]
            done += ran or part
        return done

    def close(self) -> None:
        """End all runner processes. They are started again where they are needed."""
        with self._lock:
            for runners in self._idle.values():
                for runner in runners:
                    runner.close()
            self._idle.clear()
