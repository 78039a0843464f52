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
    """How a program is built. Every variant has the same entry symbol and the same argument layout.

    PLAIN: lightly optimised (C++ -O1, Fortran -O2, CUDA under emulation -O0), no fast-math, no
    contraction (the semantics that verdicts are about). RECORDED: memory accesses call the runner's
    hooks (compiler's thread instrumentation, our own run-time). SANITIZED: address and
    undefined-behaviour sanitizers, an executable of its own. REASSOCIATED: vectorised with
    -ffast-math, for the error bar and another optimisation. PRECISE: float computed as double,
    double as long double/quad; argument layout unchanged. RACE_CHECKED: OpenMP under a race
    detector, an executable of its own. DRAFT: -O0, for programs that are compiled by the dozen and
    run once (mutants); locals that were never set hold a pattern. TIMED: -O3, as a baseline of
    speed (a device's own code: full optimisation, contraction allowed).
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
    program: Program
    signature: Signature
    variant: Variant = Variant.PLAIN


@dataclass(frozen=True, slots=True)
class Compiled:
    """`artifact` is a shared object (or an executable when `executable`); several requests may
    share one.

    refused: True when the program was turned away before compiling (it uses what no candidate may
    use). diagnostics: compiler text of this program only, or why it was refused.
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
    """A concrete CUDA launch: grid and block in (x, y, z), dynamic shared memory in bytes."""

    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    shared_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Arguments:
    """One materialised call, in the order of the program's own parameters.

    values: 0-d arrays for scalars, 1-d (extent,) for arrays, 2-d (rows, columns) for `T**`.
    aliases: pairs of parameter indices whose storage is shared (the second uses the first's).
    nulls: indices of arrays, empty ones, for which a null pointer is passed. origins: element
    offset of the passed pointer inside `values[i]`; empty means all 0 (used when extents are
    learnt). placement: `right` puts the end of every array against an inaccessible page, `left` its
    beginning. threads: OpenMP threads; schedule: OMP_SCHEDULE text; order: 0 forward, 1 reversed, k
    >= 2 seeded thread order of the CUDA emulation; VARIABLES_KEPT forward, on the device variables
    that the call before left.
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

    def prepend(self, first: np.ndarray) -> Arguments:
        """The call of a program that takes `first` before these."""
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
    FORBIDDEN = "forbidden"
    """A system call that the sandbox denies by killing."""
    NOT_RUN = "not_run"
    """An earlier call of the same batch ended the process."""


@dataclass(frozen=True, slots=True)
class Access:
    """Element range of one array that was touched, relative to the passed pointer; None where
    never.
    """

    first_read: int | None = None
    last_read: int | None = None
    first_write: int | None = None
    last_write: int | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """What one call did. `values` are the buffers after the call (same layout as Arguments.values;
    what did not change may be the very array that was given, so none of them is written to),
    `result` 0-d or None.

    accesses: per parameter, only for RECORDED (empty otherwise). active_threads: most distinct
    CUDA/OpenMP threads that touched watched memory (OpenMP: only RECORDED), 0 where not known.
    detail: signal name, race location, sanitizer text: one line.
    """

    status: Status
    detail: str = ""
    values: tuple[np.ndarray, ...] = ()
    result: np.ndarray | None = None
    elapsed_ms: float = 0.0
    accesses: tuple[Access, ...] = ()
    active_threads: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one sandboxed process. Wall time is for the whole batch of calls.

    wall_s: time that it may take if it gets a processor; what waits for one on a busy machine goes
    on until it has had as much CPU time (ten times as long at most), what sleeps does not.

    go_on: a back end may run the calls behind one that stopped in a new process (with these limits)
    instead of giving NOT_RUN. accesses: most memory accesses and basic blocks of one call where
    they are seen (RECORDED), 0 for any number: a bound on work that does not depend on the
    machine's load. call_s: CPU seconds that each call of the batch may take by itself, empty for
    any; back ends that cannot measure a call's CPU time keep to wall_s. Behind two calls of a batch
    that reach it the others are allowed a sixteenth.
    """

    wall_s: float = 10.0
    cpu_s: float = 10
    memory_mib: int = 2048
    output_bytes: int = 64 * 1024
    go_on: bool = False
    accesses: int = 0
    call_s: tuple[float, ...] = ()


def has_same_bytes(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two buffers hold the same bits."""
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
    """Whether `count` bytes at two addresses of this process are the same."""
    return not _memcmp(one, other, count)


EMULATE = (
    "choose the back end emulated (--backend emulated, in a run --set verify.backend=emulated)"
)
"""How a user does without a device."""


class BackendError(ValueError):
    """The execution back end that the user asked for is not to be had here; the message is one
    line.
    """


class ExecutionBackend(Protocol):
    """Compiles and runs programs of some dialects. `name` goes into every verdict (`emulated`,
    `cuda:<device>`).
    """

    name: str

    def compile(self, requests: Sequence[CompileRequest]) -> list[Compiled]:
        """Compile many programs, batched as the back end likes; result i belongs to request i."""
        ...

    def run(
        self, compiled: Compiled, calls: Sequence[Arguments], limits: Limits = Limits()
    ) -> list[Execution]:
        """Run calls one after the other in one sandboxed process; after a crash the rest are
        NOT_RUN.
        """
        ...

    def close(self) -> None: ...
