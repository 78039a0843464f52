"""The execution seam: what is compiled, what it is run on, and what came back. One Protocol, plain
records.

Contract: generated code that fails is described by `Compiled.ok`/`Execution.status`; an exception
means that our own machinery failed. Nothing here knows about expected outputs: those exist only in
the process that compares.

    python -c "from gpu_runtime.backend import Variant; print(list(Variant))"
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np

from corpora.records import Program, Signature


class Variant(StrEnum):
    """How a program is built. Every variant has the same entry symbol and argument layout.

    PLAIN: lightly optimised (C++ -O1, Fortran -O2, emulated CUDA -O0), no fast-math, no
        contraction. Verdicts are about this build.
    RECORDED: memory accesses call the runner's hooks.
    SANITIZED: address and undefined-behaviour sanitizers; it needs a runner built with them.
    REASSOCIATED: vectorised with -ffast-math, to measure the error bar.
    PRECISE: float computed as double, double as long double or quad.
    RACE_CHECKED: OpenMP under a race detector; it needs a runner built with it.
    DRAFT: -O0, for mutants, which run once; unset locals hold a pattern.
    TIMED: -O3, to measure speed.
    """

    PLAIN = "plain"
    RECORDED = "recorded"
    SANITIZED = "sanitized"
    REASSOCIATED = "reassociated"
    PRECISE = "precise"
    RACE_CHECKED = "race_checked"
    TIMED = "timed"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class CompileRequest:
    """One program to compile, and how.

    program: its text, dialect and entry function. signature: names, types and shapes of the entry
        function's parameters. variant: how to build it.
    """

    program: Program
    signature: Signature
    variant: Variant = Variant.PLAIN


@dataclass(frozen=True, slots=True)
class Compiled:
    """The result of compiling one request.

    request: what was asked for.
    ok: whether it can be run. artifact: path of a shared object, which several requests may share,
        or of an executable if `executable`; None where `ok` is False. symbol: the entry point in
        it; '' for none.
    executable: the artifact is a program of its own; else it is a shared object, which a runner
        loads.
    refused: the program was not compiled, because it uses something forbidden, such as inline
        assembly or files.
    diagnostics: compiler text about this program only, or why it was refused; '' if there is none.
    """

    request: CompileRequest
    ok: bool
    artifact: Path | None = None
    symbol: str = ""
    executable: bool = False
    refused: bool = False
    diagnostics: str = ""


@dataclass(frozen=True, slots=True)
class Geometry:
    """A CUDA launch. grid: number of blocks along (x, y, z). block: threads of each block along (x,
    y, z). shared_bytes: dynamic shared memory of a block in bytes.
    """

    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    shared_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one call, in the order of the program's own parameters.

    values: 0-d arrays for scalars, 1-d (extent,) for arrays, 2-d (rows, columns) for `T**`.
    aliases: pairs of parameter indices with shared storage; the second uses the first's.
    origins: per parameter i, the element offset of the passed pointer inside `values[i]`; empty:
        all 0.
    geometry: the launch of a bare kernel; None for other programs.
    placement: `right` puts the end of every array against an inaccessible page, `left` its
        beginning.
    threads: OpenMP threads. schedule: OMP_SCHEDULE text.
    order: thread order of the CUDA emulation: 0 forward, 1 reversed, k >= 2 seeded; VARIABLES_KEPT
        (-1) is forward with the device variables that the call before left. Of an OpenMP team: 1
        lets its last thread begin first.
    nulls: indices of empty arrays for which a null pointer is passed.
    elsewhere: pretend to run on another machine: clocks, which else stand still, are late and move,
        there are more processors, and new memory holds what was left there.
    """

    values: tuple[np.ndarray, ...]
    aliases: tuple[tuple[int, int], ...] = ()
    origins: tuple[int, ...] = ()
    geometry: Geometry | None = None
    placement: str = "right"
    threads: int = 1
    schedule: str = "static"
    order: int = 0
    nulls: tuple[int, ...] = ()
    elsewhere: bool = False

    def prepend(self, first: np.ndarray) -> Arguments:
        """Return the arguments of a call that takes the value `first` before these. All indices of
        parameters (aliases, nulls) grow by one.

        first: a 0-d array for a scalar, else the buffer that is passed, from its first element.
        """
        aliases = tuple((a + 1, b + 1) for a, b in self.aliases)
        origins = (0, *self.origins) if self.origins else ()
        return replace(
            self,
            values=(first, *self.values),
            aliases=aliases,
            origins=origins,
            nulls=tuple(i + 1 for i in self.nulls),
        )


VARIABLES_KEPT = -1
"""An `Arguments.order`."""


class Status(StrEnum):
    """How one call ended.

    OK: it returned. SIGNAL: a signal killed it. TIMEOUT, MEMORY_LIMIT: it reached a limit.
    OUT_OF_BOUNDS, UNINITIALISED, SANITIZER: a bad memory access was seen.
    RACE: threads touched one element in no order. DIVERGENCE: not all threads reached a barrier.
    EARLY_EXIT: it ended the process. FORBIDDEN: it made a system call that the sandbox denies.
    TOO_LARGE: it launches more threads than are emulated, though a device takes as many.
    NOT_RUN: it did not begin, because an earlier call of the batch ended the process.
    """

    OK = "ok"
    SIGNAL = "signal"
    TIMEOUT = "timeout"
    MEMORY_LIMIT = "memory_limit"
    OUT_OF_BOUNDS = "out_of_bounds"
    UNINITIALISED = "uninitialised"
    RACE = "race"
    DIVERGENCE = "divergence"
    SANITIZER = "sanitizer"
    EARLY_EXIT = "early_exit"
    TOO_LARGE = "too_large"
    """It launches more threads than are emulated, though a device takes as many."""
    FORBIDDEN = "forbidden"
    """A system call that the sandbox denies by killing."""
    NOT_RUN = "not_run"
    """An earlier call of the same batch ended the process."""


@dataclass(frozen=True, slots=True)
class Access:
    """The elements of one array that a call touched.

    first_read, last_read, first_write, last_write: indices relative to the passed pointer, both
        ends inclusive; None if no element was.
    """

    first_read: int | None = None
    last_read: int | None = None
    first_write: int | None = None
    last_write: int | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """What one call did.

    status: how it ended. detail: signal name, race location or sanitizer text, in one line; ''
        where there is nothing to say.
    values: the buffers after the call, laid out as Arguments.values. Unchanged ones may be the very
        arrays that were given. () if the status is not OK.
    result: the returned value as a 0-d array; None if nothing is returned.
    elapsed_ms: run time by the wall clock, in milliseconds. cpu_ms: CPU time of all threads, in
        milliseconds; 0 where unknown, as on a device.
    accesses: the elements that were touched, one Access per parameter, for the variant RECORDED
        only; else ().
    active_threads: most distinct CUDA or OpenMP threads that touched watched memory; 0 where
        unknown.
    """

    status: Status
    detail: str = ""
    values: tuple[np.ndarray, ...] = ()
    result: np.ndarray | None = None
    elapsed_ms: float = 0.0
    accesses: tuple[Access, ...] = ()
    active_threads: int = 0
    cpu_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one sandboxed process.

    wall_s: seconds for the whole batch of calls. A process that waits for a busy processor may go
        on up to ten times as long, until it has had as much CPU time.
    cpu_s: CPU seconds. memory_mib: memory in MiB. output_bytes: most bytes of printed text.
    resume_after_stop: the back end may run the calls after one that stopped in a new process,
    instead of returning the status NOT_RUN for them.
    accesses: most memory accesses and basic blocks of one RECORDED call; 0: any number.
    call_s: limit of each call in CPU seconds; () for no such limits. After two calls reach their
        limit, each of the others gets a sixteenth of its own.
    """

    wall_s: float = 10.0
    cpu_s: float = 10
    memory_mib: int = 2048
    output_bytes: int = 64 * 1024
    resume_after_stop: bool = False
    accesses: int = 0
    call_s: tuple[float, ...] = ()


def has_same_bytes(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two buffers, `one` and `other`, hold the same bytes. Shapes and types are not
    compared.
    """
    if one is other:
        return True
    if one.nbytes <= FEW_BYTES or not (one.flags.c_contiguous and other.flags.c_contiguous):
        return one.tobytes() == other.tobytes()
    return one.nbytes == other.nbytes and compare_memory(
        one.ctypes.data, other.ctypes.data, one.nbytes
    )


FEW_BYTES = 4096
"""Bytes up to which a copy is compared faster than a place in memory is asked for."""
_memcmp = ctypes.CDLL(None).memcmp
_memcmp.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)


def compare_memory(one: int, other: int, count: int) -> bool:
    """Return whether `count` bytes at the addresses `one` and `other` of this process are equal."""
    return not _memcmp(one, other, count)


EMULATE = (
    "choose the back end emulated (--backend emulated, in a run --set verify.backend=emulated)"
)
"""How a user does without a device."""


class BackendError(ValueError):
    """The execution back end that the user chose cannot run on this machine. The message is one
    line.
    """


class ExecutionBackend(Protocol):
    """A back end, which compiles and runs programs of some dialects. Generated code that fails is
    described in the results; an exception means that the back end itself failed.

    name: goes into every verdict, such as `emulated` or `cuda:<device>`.
    """

    name: str

    def compile(self, requests: Sequence[CompileRequest]) -> list[Compiled]:
        """Compile programs and return one result per request, in order. The result of a program
        that does not compile has `ok` False; nothing is raised for it. Raises ToolchainError if a
        compiler is not installed.
        """
        ...

    def run(
        self, compiled: Compiled, calls: Sequence[Arguments], limits: Limits = Limits()
    ) -> list[Execution]:
        """Run calls of one program one after the other in one sandboxed process and return one
        result per call, in order. After a crash the calls that follow have the status NOT_RUN.

        compiled: the program, as `compile` returned it. calls: the arguments of each call. limits:
            of the process. Raises ValueError if the program did not compile.
        """
        ...

    def close(self) -> None:
        """End the processes of the back end."""
        ...
