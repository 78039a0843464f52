"""The arena: a memory file shared with the runner, laid out as `native/batch.h` says.

Contract: `Arena.pack` copies the inputs of one batch in, `Arena.values`/`calls` copy results out,
`Arena.scrub` leaves nothing behind, so that no later child can read what an earlier one computed.
Arrays lie flush against unmapped pages.

    pytest tests/gpu_runtime/test_runner.py
"""

from __future__ import annotations

import mmap
import os
import struct
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from corpora.records import Signature
from corpora.signatures.signature import MAX_PARAMETERS
from gpu_runtime.backend import Arguments, compare_memory
from gpu_runtime.call.materialize import DTYPES as NUMPY_TYPES

PAGE = 4096
_BATCH = struct.Struct("<7Q6I2i400s112s128s256s")
_CALL_HEAD = struct.Struct("<Iiii8i2Q4I2Q")
_CALL_STATE = struct.Struct("<QQi")
_ARG = struct.Struct("<IIIiQQQQQqQ")
REPORT = np.dtype(
    [
        ("finding", "i4"),
        ("parameter", "i4"),
        ("element", "i8"),
        ("is_write", "i4"),
        ("a", "i4", 6),
        ("b", "i4", 6),
        ("active_threads", "i8"),
        ("text", "S160"),
        ("access", "i8", (MAX_PARAMETERS, 4)),
    ],
    align=True,
)
OUTCOME = np.dtype(
    [
        ("elapsed_ns", "u8"),
        ("cpu_ns", "u8"),
        ("state", "i4"),
        ("fault", "i4"),
        ("report", REPORT),
    ],
    align=True,
)
_REPORT_AT = OUTCOME.fields["report"][1]  # type: ignore[index]
_ACTIVE_AT, _ACCESS_AT = (REPORT.fields[name][1] for name in ("active_threads", "access"))  # type: ignore[index]
_CALL_BYTES = _CALL_HEAD.size + OUTCOME.itemsize
MAGIC = 0x6376 << 48 | _BATCH.size << 32 | _CALL_BYTES << 12 | _ARG.size
_CURRENT_AT = struct.calcsize("<7Q6I")
_MESSAGE_AT = struct.calcsize("<7Q6I2i400s112s128s")
_KINDS = {"scalar": 0, "array": 1, "rows": 2}
_NULL = 3
_MIN_GUARD = 1 << 16
MAX_KEPT_BYTES = 1 << 26
"""Of the file, that stay allocated from batch to batch."""
_LARGE_RESULT = 1 << 20
"""Bytes of a buffer whose copy is worth a comparison."""


def _no_array() -> None:
    return None


MAX_REUSED = 1 << 30
"""Of the file, that stay allocated between large batches."""
_SCHEDULES = {"static": 1, "dynamic": 2, "guided": 3, "auto": 4}


@dataclass(frozen=True, slots=True)
class Layout:
    """How arguments are handed to a program in the arena.

    convert: (element type, conversion number) for types that the program has in another form than
        the arena: 1: float as double, 2: double as long double, 3: a truth value of one byte as one
        of four (`enum cv_convert` of native/batch.h).
    align_bytes: least alignment of arrays; 0 means that of the element.
    recorded: the program calls the hooks that record its memory accesses. quiet: loading the
        artifact runs none of the program's code.
    resumes: the same process may run the next call after one that went out of its arrays, if the
        limits allow it.
    """

    convert: tuple[tuple[str, int], ...] = ()
    align_bytes: int = 0
    recorded: bool = False
    quiet: bool = False
    resumes: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """What the runner runs, and its limits, which hold for the whole batch of calls.

    folder, artifact: path of the folder and name of the file in it that is loaded. symbol: its
        entry point.
    memory_bytes, output_bytes: most bytes of memory and of printed text. cpu_ms, wall_ms: most
        milliseconds.
    threads: the most threads that may exist. resume_after_stop: go on with the next call after one
        that was stopped.
    accesses: most recorded accesses of a call; 0: any number.
    calls_ms: limit of each call in CPU milliseconds; () for no such limits.
    """

    folder: str
    artifact: str
    symbol: str
    memory_bytes: int
    output_bytes: int
    cpu_ms: int
    wall_ms: int
    threads: int = 64
    resume_after_stop: bool = False
    accesses: int = 0
    calls_ms: tuple[int, ...] = ()


def _round_up(n: int, unit: int) -> int:
    return (n + unit - 1) // unit * unit


class Arena:
    """A memory file shared with the runner process. It holds one batch of calls at a time: `pack`
    writes it, and the other methods read what the runner left. fd: its file descriptor.
    """

    def __init__(self) -> None:
        self.fd = os.memfd_create("coevolve-arena", 0)
        self._size = 0
        self._used = 0
        self._map: mmap.mmap | None = None
        self._bytes = np.empty(0, np.uint8)
        self._slots: list[
            list[tuple[int, int]]
        ] = []  # per value: its place in the file, and whose storage it shares (-1: its own)
        self._results: list[int] = []
        self._n_calls = 0
        self._large_results: dict[str, Callable[[], np.ndarray | None]] = {}

    def close(self) -> None:
        """Unmap and close the file. The arena cannot be used afterwards."""
        self._bytes = np.empty(0, np.uint8)
        self._map = None
        os.close(self.fd)

    def _reserve(self, size: int) -> None:
        if size > self._size:
            self._size = _round_up(max(size, 1 << 20, self._size * 3 // 2), PAGE)
            os.ftruncate(self.fd, self._size)
            self._map = mmap.mmap(self.fd, self._size)
            self._bytes = np.frombuffer(self._map, np.uint8)
        self._used = max(self._used, size)

    def scrub(self) -> None:
        """Set every used byte to zero, so that no later program reads what an earlier one computed.
        Pages are kept, because new ones cost ten times as much. Those of a large batch are kept
        until a small batch shows that no more large ones come.
        """
        large = self._size > 2 * MAX_KEPT_BYTES
        if self._used < _LARGE_RESULT:
            self._large_results.clear()
        if self._used <= MAX_KEPT_BYTES and not large or MAX_KEPT_BYTES < self._used <= MAX_REUSED:
            self._bytes[: self._used] = 0
        else:
            os.ftruncate(self.fd, 0)
            self._size, self._map, self._bytes = 0, None, np.empty(0, np.uint8)
        self._used = 0

    def pack(
        self, target: Target, signature: Signature, calls: Sequence[Arguments], layout: Layout
    ) -> None:
        """Copy the inputs of one batch into the shared file.

        target: what is run, with its limits. signature: the program's own. calls: the arguments of
            each call, in the order of its parameters. layout: how they are handed over.
        Raises ValueError if `calls` do not fit `signature`, or `signature` has too many parameters.
        """
        n = len(signature.parameters)
        if n > MAX_PARAMETERS:
            raise ValueError(
                f"{signature.name} has {n} parameters; the engine takes at most {MAX_PARAMETERS}"
            )
        self._n_calls = len(calls)
        args_at = _BATCH.size + _CALL_BYTES * len(calls)
        scalars_at = args_at + _ARG.size * n * len(calls)
        control_bytes = _round_up(scalars_at + 16 * (n + 1) * len(calls), PAGE)
        parts = _parts_of(signature, layout)
        plans, end, file_end = [], control_bytes + _MIN_GUARD, control_bytes
        for i, arguments in enumerate(calls):
            if len(arguments.values) != n:
                raise ValueError(
                    f"{signature.name} takes {n} arguments, got {len(arguments.values)}"
                )
            plan = _place(parts, arguments, scalars_at + 16 * (n + 1) * i, end, file_end)
            plans.append(plan)
            end, file_end = plan.end, plan.file_end
        self._reserve(file_end)
        buffer = self._map
        assert buffer is not None
        _BATCH.pack_into(
            buffer,
            0,
            MAGIC,
            control_bytes,
            end - control_bytes,
            target.memory_bytes,
            target.output_bytes,
            target.accesses,
            file_end,
            len(calls),
            target.cpu_ms,
            target.wall_ms,
            target.threads,
            layout.recorded | layout.quiet << 1 | layout.resumes << 2,
            target.resume_after_stop,
            -1,
            -1,
            target.folder.encode(),
            target.artifact.encode(),
            target.symbol.encode(),
            b"",
        )
        form = "<" + _ARG.format[1:] * n
        result_bytes = NUMPY_TYPES[signature.result].itemsize if signature.result else 0
        result_convert = dict(layout.convert).get(signature.result or "", 0)
        self._slots, self._results = (
            [plan.slots for plan in plans],
            [plan.result_at for plan in plans],
        )
        for i, (arguments, plan) in enumerate(zip(calls, plans, strict=True)):
            kind, _, chunk = arguments.schedule.partition(",")
            g = arguments.geometry
            geometry = (
                (*g.grid, *g.block, g.shared_bytes, arguments.order)
                if g
                else (1, 1, 1, 1, 1, 1, 0, arguments.order)
            )
            at = args_at + _ARG.size * n * i
            _CALL_HEAD.pack_into(
                buffer,
                _BATCH.size + _CALL_BYTES * i,
                n,
                arguments.threads,
                _SCHEDULES.get(kind, 1),
                int(chunk or 0),
                *geometry,
                at,
                plan.result_at,
                result_bytes,
                result_convert,
                target.calls_ms[i] if target.calls_ms else 0,
                int(arguments.elsewhere),
                plan.begin,
                plan.end - plan.begin,
            )
            struct.pack_into(form, buffer, at, *plan.fields)
            for place, value in plan.copies:
                if value.nbytes > 1 << 16:
                    self._bytes[place : place + value.nbytes] = (
                        np.ascontiguousarray(value).reshape(-1).view(np.uint8)
                    )
                else:
                    buffer[place : place + value.nbytes] = value.tobytes()

    @property
    def current(self) -> int:
        """Return the index, from 0, of the call under way: -1 while the program is loaded, the
        number of calls when all are done.
        """
        assert self._map is not None
        return struct.unpack_from("<i", self._map, _CURRENT_AT)[0]

    @property
    def denied_syscall(self) -> int:
        """Return the number of the system call that the sandbox denied; -1 for none."""
        assert self._map is not None
        return struct.unpack_from("<i", self._map, _CURRENT_AT + 4)[0]

    @property
    def message(self) -> str:
        """Return the line that the runner wrote about a failure; '' for none."""
        assert self._map is not None
        return (
            self._map[_MESSAGE_AT : _MESSAGE_AT + 256].partition(b"\0")[0].decode(errors="replace")
        )

    def outcome(self, index: int) -> np.void:
        """Return what the process wrote about call `index` (from 0), as a record of the NumPy type
        OUTCOME: elapsed_ns, cpu_ns, state (`enum cv_state`), fault (number of the signal) and
        report (what the hooks found). It is a view: read it before the arena is scrubbed.
        """
        return np.frombuffer(self._map, OUTCOME, 1, _outcome_at(index))[0]

    def state(self, index: int) -> tuple[int, int, int]:
        """Return (state of call `index`, its wall time, its CPU time), both in nanoseconds. The CPU
        time is of all threads of its process. The state is a number of `enum cv_state` in
        native/batch.h: 0 not run, 1 running, 2 done, 3 the hooks found a fault, 4 out of memory,
        5 a system call was denied, 6 a signal.
        """
        assert self._map is not None
        elapsed_ns, cpu_ns, state = _CALL_STATE.unpack_from(self._map, _outcome_at(index))
        return state, elapsed_ns, cpu_ns

    def seen(self, index: int, arrays: int) -> tuple[int, tuple[int, ...]]:
        """Return (active threads of call `index`, range ends). Each of the first `arrays` arrays
        that own their storage has four range ends, one array after the other: the first and last
        element read, then the first and last written. Where the first is larger than the last there
        was no access.
        """
        at = _outcome_at(index) + _REPORT_AT
        (active,) = struct.unpack_from("<q", self._map, at + _ACTIVE_AT)  # type: ignore[arg-type]
        return active, struct.unpack_from(f"<{4 * arrays}q", self._map, at + _ACCESS_AT)  # type: ignore[arg-type]

    def values(
        self, index: int, signature: Signature, arguments: Arguments
    ) -> tuple[np.ndarray, ...]:
        """Return every parameter's storage after call `index`, shaped like `arguments.values`.
        Changed buffers are copies; several calls may share one copy of large equal ones; an
        unchanged one is `arguments.values[i]` itself.

        signature: the program's own. arguments: those of this call, as they were packed.
        """
        slots = self._slots[index]
        out = []
        for (at, storage), value, p in zip(
            slots, arguments.values, signature.parameters, strict=True
        ):
            if p.kind == "scalar" and not p.by_reference:
                out.append(value)
                continue
            at = slots[storage][0] if storage >= 0 else at
            out.append(value if self._unchanged(at, value) else self._copy(at, value, p.name))
        return tuple(out)

    def _copy(self, at: int, like: np.ndarray, name: str) -> np.ndarray:
        """A copy of what a call left at `at`. Of a large buffer, the very array that was returned
        for this parameter before, where it is still in use and holds the same bytes: one build of
        a program often gives what another gave.
        """
        if like.nbytes < _LARGE_RESULT or not like.flags.c_contiguous:
            return np.ndarray(like.shape, like.dtype, self._map, at).copy()
        known = self._large_results.get(name, _no_array)()
        if (
            known is not None
            and (known.shape, known.dtype) == (like.shape, like.dtype)
            and compare_memory(self._bytes.ctypes.data + at, known.ctypes.data, known.nbytes)
        ):
            return known
        made = np.ndarray(like.shape, like.dtype, self._map, at).copy()
        self._large_results[name] = weakref.ref(made)
        return made

    def _unchanged(self, at: int, value: np.ndarray) -> bool:
        if value.nbytes <= PAGE or not value.flags.c_contiguous:
            return self._map[at : at + value.nbytes] == value.tobytes()  # type: ignore[index]
        return compare_memory(self._bytes.ctypes.data + at, value.ctypes.data, value.nbytes)

    def result(self, index: int, signature: Signature) -> np.ndarray | None:
        """Return the value that call `index` returned, as a 0-d array; None for void. signature:
        the program's own, as it was packed.
        """
        if signature.result is None:
            return None
        return (
            np.frombuffer(self._map, NUMPY_TYPES[signature.result], 1, self._results[index])
            .reshape(())
            .copy()
        )


def _outcome_at(index: int) -> int:
    return _BATCH.size + _CALL_BYTES * index + _CALL_HEAD.size


class _Part(NamedTuple):
    """What of a parameter is the same in every call. factor: complex numbers count as two when they
    are converted.
    """

    name: str
    kind: int
    dtype: np.dtype
    conversion: int
    factor: int
    element_bytes: int
    align: int


@lru_cache(maxsize=256)
def _parts_of(signature: Signature, layout: Layout) -> tuple[_Part, ...]:
    conversions = dict(layout.convert)
    parts = []
    for p in signature.parameters:
        dtype = NUMPY_TYPES[p.type]
        factor = 2 if p.type in ("c64", "c128") and p.type in conversions else 1
        parts.append(
            _Part(
                p.name,
                _KINDS[p.kind],
                dtype,
                conversions.get(p.type, 0),
                factor,
                dtype.itemsize // factor,
                max(layout.align_bytes, dtype.itemsize),
            )
        )
    return tuple(parts)


class _Plan(NamedTuple):
    """One call: its arrays' addresses (from begin to end, guards included; counted from the file's
    start), the fields of its struct cv_args, and by places in the file what is copied where, where
    values are found and where the next call's pages may begin.
    """

    begin: int
    end: int
    fields: list[int]
    copies: list[tuple[int, np.ndarray]]
    slots: list[tuple[int, int]]
    result_at: int
    file_end: int


def _place(
    parts: Sequence[_Part], arguments: Arguments, scalars_at: int, end: int, file_end: int
) -> _Plan:
    """Assign addresses to the arrays of one call, from `end` on, with a guard range behind each,
    and pages from `file_end` on, with none.
    """
    shared = {second: first for first, second in arguments.aliases}
    origins, right = arguments.origins, arguments.placement == "right"
    begin, fields, copies, slots = end, [], [], []
    for i, (part, value) in enumerate(zip(parts, arguments.values, strict=True)):
        name, kind, dtype, conversion, factor, element_bytes, align = part
        if value.dtype != dtype:
            wanted = next(type_ for type_, known in NUMPY_TYPES.items() if known == dtype)
            raise ValueError(f"argument '{name}' is {value.dtype}, the signature says {wanted}")
        size, nbytes, at, region_at, region_bytes, file_at, storage = (
            value.size,
            value.nbytes,
            scalars_at + 16 * i,
            0,
            0,
            0,
            -1,
        )
        place = at
        kind = _NULL if i in arguments.nulls else kind
        if kind and i in shared:
            storage = _owner(parts, arguments, shared, i)
            at = 0
        elif kind:
            region_at, region_bytes, file_at = end, _round_up(nbytes, PAGE) or PAGE, file_end
            at = end + (region_bytes - nbytes) // align * align if right else end
            place = file_at + at - region_at
            end += region_bytes + min(max(region_bytes, _MIN_GUARD), 1 << 26)
            file_end += region_bytes
        columns = value.shape[1] * factor if value.ndim == 2 else 0
        origin = origins[i] * factor if origins else 0
        fields += (
            kind,
            conversion,
            element_bytes,
            storage,
            at,
            size * factor,
            columns,
            region_at,
            region_bytes,
            origin,
            file_at,
        )
        if storage < 0 and size:
            copies.append((place, value))
        slots.append((place, storage))
    return _Plan(begin, end, fields, copies, slots, scalars_at + 16 * len(parts), file_end)


def _owner(parts: Sequence[_Part], arguments: Arguments, shared: dict[int, int], i: int) -> int:
    """The argument whose storage argument `i` uses."""
    first = i
    while first in shared:
        first = shared[first]
    if first > i:
        raise ValueError(
            f"argument '{parts[i].name}' shares storage with a later one; the first of an alias "
            f"pair owns it"
        )
    if arguments.values[i].nbytes > arguments.values[first].nbytes:
        raise ValueError(
            f"argument '{parts[i].name}' is larger than '{parts[first].name}' whose storage it "
            f"shares"
        )
    return first
