"""A worker: one runner process, its arena, and what a batch of calls did, as `Execution`s.

Contract: `Runner.run` never raises for what a program does; `RunnerError` means that our own
machinery failed (the runner is then started anew at the next call). One thread and one process at a
time.

    pytest tests/gpu_runtime/test_runner.py
"""

from __future__ import annotations

import os
import re
import socket
import struct
import subprocess
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import numpy as np

from corpora.records import Signature
from gpu_runtime.backend import Access, Arguments, Compiled, Execution, Limits, Status
from gpu_runtime.call.arena import MAGIC, Arena, Layout, Target
from gpu_runtime.compile.toolchain import build_runner, find_cache_root, find_toolchain
from gpu_runtime.sandbox import lockdown as sandbox
from gpu_runtime.sandbox.exit_status import (
    EXIT,
    FAILED,
    SETUP,
    ProcessExit,
    describe_system_call,
    get_signal_name,
)

_HELLO = struct.Struct("<QII")
_REPLY = struct.Struct("<iiqq")
_NOT_RUN, _RUNNING, _DONE, _FINDING, _OUT_OF_MEMORY, _DENIED, _FAULT = range(7)
_FINDINGS = {
    1: Status.OUT_OF_BOUNDS,
    2: Status.UNINITIALISED,
    3: Status.RACE,
    4: Status.DIVERGENCE,
    5: Status.SIGNAL,
    6: Status.TIMEOUT,
    7: Status.FORBIDDEN,
    8: Status.TOO_LARGE,
}
_numbers = count()
WALL_PATIENCE = 10
"""runner.c: how many times the wall limit a process may take that waits for a processor."""


class RunnerError(RuntimeError):
    """The runner process died, or the sandbox could not be set up. No program is to blame."""


def _environment(flavour: str, cache: Path) -> dict[str, str]:
    """The whole environment of the runner. Nothing is inherited."""
    common = {
        "LC_ALL": "C",
        "OMP_WAIT_POLICY": "passive",
        "OMP_DYNAMIC": "false",
        "OMP_STACKSIZE": "8M",
        "OMP_THREAD_LIMIT": "32",
        "MALLOC_ARENA_MAX": "2",
        "GFORTRAN_ERROR_BACKTRACE": "0",
    }
    if flavour == "asan":
        common["ASAN_OPTIONS"] = ":".join(
            (
                "detect_leaks=0",
                "handle_segv=0",
                "handle_sigbus=0",
                "handle_abort=0",
                "exitcode=88",
                "allocator_may_return_null=0",
                "max_allocation_size_mb=2048",
                "symbolize=0",
                "detect_stack_use_after_return=0",
                "print_legend=0",
                "use_sigaltstack=0",
                "detect_odr_violation=0",
            )
        )
        common["UBSAN_OPTIONS"] = "exitcode=88:print_stacktrace=0"
    if flavour == "tsan":
        suppressions = (
            cache / "bin" / "tsan-suppressions"
        )  # mutexes inside the OpenMP run-time and the detector order nothing in the program
        temporary = suppressions.with_suffix(f".{os.getpid()}")
        temporary.write_text(
            "called_from_lib:libomp.so\ncalled_from_lib:libomp.so.5\ncalled_from_lib:libarcher.so\n"
        )
        os.replace(temporary, suppressions)
        common["KMP_AFFINITY"] = "disabled"
        common["OMP_MAX_ACTIVE_LEVELS"] = (
            "2"  # lanes of a simd loop inside a parallel one are threads of threads (openmp_lanes)
        )
        common["TSAN_OPTIONS"] = (
            f"ignore_noninstrumented_modules=1:exitcode=88:halt_on_error=1:die_after_fork=0:suppressions={suppressions}"
        )
        archer = find_toolchain().libarcher
        if archer:
            common["OMP_TOOL_LIBRARIES"] = archer
    return common


class Runner:
    """One worker process that runs calls in the sandbox. It serves one thread of the process that
    made it.

    flavour: `plain`, `asan` (for programs with address and undefined-behaviour sanitizers) or
        `tsan` (with the race detector). Raises RunnerError if the worker does not start,
        ToolchainError if it cannot be built.
    The attribute `features` has the bits of the sandbox's walls that work.
    """

    def __init__(self, flavour: str = "plain") -> None:
        self._cache, self._flavour = find_cache_root(), flavour
        self._arena = Arena()
        self._output_fd = os.memfd_create("coevolve-output", 0)
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._owner = os.getpid()
        self.features = 0
        self._start()

    @property
    def degraded(self) -> tuple[str, ...]:
        """Return the names of the sandbox's walls that are missing on this machine, strongest
        first, such as `no-landlock`. () means that none is.
        """
        return sandbox.find_missing_walls(self.features)

    @property
    def is_ours(self) -> bool:
        """Return whether this process made it. A runner does not survive a fork."""
        return self._owner == os.getpid()

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        fds = (self._arena.fd, self._output_fd, theirs.fileno())
        command = [
            str(build_runner(self._flavour, self._cache)),
            "serve",
            *map(str, fds),
            str(sandbox.choose_worker_uid(next(_numbers))),
        ]
        with theirs:
            self._process = subprocess.Popen(
                command,
                pass_fds=fds,
                env=_environment(self._flavour, self._cache),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        self._socket = ours
        ours.settimeout(20)
        try:
            hello = ours.recv(_HELLO.size)
        except TimeoutError:
            hello = b""
        if len(hello) != _HELLO.size:
            self._process.kill()
            raise RunnerError(f"the {self._flavour} runner does not start: {self._last_words()}")
        magic, self.features, _ = _HELLO.unpack(hello)
        if magic != MAGIC:
            raise RunnerError(
                "the runner was built from other sources than this Python code; reinstall the "
                "package"
            )

    def _last_words(self) -> str:
        assert self._process is not None and self._process.stderr is not None
        return (
            self._process.stderr.read().decode(errors="replace").strip()[:300] or "it says nothing"
        )

    def _stop(self, patience_s: float = 0.0) -> None:
        if self._socket is not None:
            if patience_s:
                self._socket.shutdown(socket.SHUT_RDWR)  # whoever else was forked with it
            self._socket.close()
            self._socket = None
        if self._process is not None:
            if not (patience_s and sandbox.wait_for_exit(self._process.pid, patience_s)):
                self._process.kill()  # its namespace, if it has one, ends with it
            self._process.wait()
            if self._process.stderr is not None:
                self._process.stderr.close()
            self._process = None

    def close(self) -> None:
        """End the worker. It cannot be used afterwards."""
        if self._owner != os.getpid() or self._output_fd < 0:
            return
        self._stop(
            patience_s=1.0
        )  # an idle runner ends by itself, and what it used is then accounted to us
        self._arena.close()
        os.close(self._output_fd)
        self._output_fd = -1

    def run(
        self, compiled: Compiled, calls: Sequence[Arguments], limits: Limits, layout: Layout
    ) -> list[Execution]:
        """Run `calls` of one program in one locked-down process and return one result per call, in
        order.

        compiled: the program, with an artifact. limits: of the process. layout: how arguments are
            handed over. Raises RunnerError if the worker fails or belongs to another process,
            ValueError if the calls do not fit the signature.
        """
        if self._owner != os.getpid():
            raise RunnerError(
                "a runner belongs to the process that started it; make one after the fork"
            )
        if not calls:
            return []
        if self._socket is None:
            self._start()
        assert compiled.artifact is not None
        target = Target(
            str(compiled.artifact.parent),
            compiled.artifact.name,
            compiled.symbol,
            limits.memory_mib << 20,
            limits.output_bytes,
            max(1, round(limits.cpu_s * 1000)),
            max(1, round(limits.wall_s * 1000)),
            resume_after_stop=limits.resume_after_stop,
            accesses=limits.accesses,
            calls_ms=tuple(max(1, round(1000 * s)) for s in limits.call_s),
        )
        signature = compiled.request.signature
        self._arena.pack(target, signature, calls, layout)
        try:
            return self._read(self._exchange(limits.wall_s), signature, calls, layout)
        finally:
            self._arena.scrub()

    def _exchange(self, wall_s: float) -> ProcessExit:
        assert self._socket is not None
        self._socket.settimeout(2 * WALL_PATIENCE * wall_s + 20)
        try:
            self._socket.send(b"g")
            reply = self._socket.recv(_REPLY.size)
        except (TimeoutError, OSError) as error:
            self._stop()
            raise RunnerError(f"the runner does not answer: {error}") from None
        if len(reply) != _REPLY.size:
            self._stop()
            raise RunnerError("the runner died; it is started anew at the next call")
        end, code, _, output_bytes = _REPLY.unpack(reply)
        if end == FAILED:
            raise RunnerError(
                f"the runner could not start a process: "
                f"{os.strerror(code) if code else 'unreadable batch'}"
            )
        text = (
            os.pread(self._output_fd, 1 << 16, 0).decode(errors="replace") if output_bytes else ""
        )
        return ProcessExit(end, code, text)

    def _read(
        self, ending: ProcessExit, signature: Signature, calls: Sequence[Arguments], layout: Layout
    ) -> list[Execution]:
        current, message = self._arena.current, self._arena.message
        if current < 0 and ending.end == EXIT and ending.code == SETUP and message:
            raise RunnerError(f"the lock-down failed: {message}")
        done = []
        for i, arguments in enumerate(calls):
            state, elapsed_ns, cpu_ns = self._arena.state(i)
            if state == _DONE:
                times_ms = elapsed_ns / 1e6, cpu_ns / 1e6
                done.append(self._finished(i, times_ms, signature, arguments, layout))
            elif state == _NOT_RUN and not (i == 0 and current < 0):
                done.append(Execution(Status.NOT_RUN, "an earlier call ended the process"))
            else:
                status, detail = self._why(
                    state, self._arena.outcome(i), ending, signature, message
                )
                done.append(Execution(status, detail, elapsed_ms=elapsed_ns / 1e6))
        return done

    def _finished(
        self,
        index: int,
        times_ms: tuple[float, float],
        signature: Signature,
        arguments: Arguments,
        layout: Layout,
    ) -> Execution:
        owners = _owners(signature, arguments) if layout.recorded else ()
        active, ranges = self._arena.seen(index, len(owners))
        seen = _accesses(owners, ranges, signature, arguments) if layout.recorded else ()
        values = self._arena.values(index, signature, arguments)
        elapsed_ms, cpu_ms = times_ms
        result = self._arena.result(index, signature)
        return Execution(Status.OK, "", values, result, elapsed_ms, seen, active, cpu_ms)

    def _why(
        self, state: int, record: np.void, ending: ProcessExit, signature: Signature, message: str
    ) -> tuple[Status, str]:
        report = record["report"]
        text = bytes(report["text"]).decode(errors="replace")
        if state == _FINDING:
            return _FINDINGS.get(int(report["finding"]), Status.SIGNAL), _name_parameter(
                text, signature
            )
        if state == _OUT_OF_MEMORY:
            return Status.MEMORY_LIMIT, "the memory limit is reached"
        if state == _FAULT:
            return Status.SIGNAL, f"{get_signal_name(int(record['fault']))}: {text}"
        if state == _DENIED or self._arena.denied_syscall >= 0:
            return Status.FORBIDDEN, describe_system_call(self._arena.denied_syscall)
        return ending.explain(message, self._flavour)


def _owners(signature: Signature, arguments: Arguments) -> tuple[int, ...]:
    """Parameters that own storage: the runner numbers only these."""
    shared = {second for _, second in arguments.aliases}
    return tuple(
        i for i, p in enumerate(signature.parameters) if p.kind != "scalar" and i not in shared
    )


def _accesses(
    owners: Sequence[int], ranges: Sequence[int], signature: Signature, arguments: Arguments
) -> tuple[Access, ...]:
    """Per parameter what the hooks saw."""
    shared = {second: first for first, second in arguments.aliases}
    seen = {i: _access(ranges[4 * k : 4 * k + 4]) for k, i in enumerate(owners)}
    return tuple(seen.get(shared.get(i, i), _UNTOUCHED) for i in range(len(signature.parameters)))


_UNTOUCHED = Access()


def _access(row: Sequence[int]) -> Access:
    first_read, last_read, first_write, last_write = row
    read, write = first_read <= last_read, first_write <= last_write
    return Access(
        first_read if read else None,
        last_read if read else None,
        first_write if write else None,
        last_write if write else None,
    )


def _name_parameter(text: str, signature: Signature) -> str:
    def name(found: re.Match[str]) -> str:
        i = int(found[1])
        return (
            f"parameter '{signature.parameters[i].name}'"
            if i < len(signature.parameters)
            else found[0]
        )

    return re.sub(r"parameter (\d+)", name, text)
