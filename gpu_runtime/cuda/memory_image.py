"""Arguments as one image: scalars, arrays between poisoned guard zones, in memory shared with the
GPU worker.

Contract: `MemoryImages.pack` lays out the calls of one batch, `read` gives the values after a call
and `damage` says which guard zone was written to. The worker copies an image to the device as it
is, runs, and copies it back; host functions work on it in place. Inputs only: expected outputs
never come here, and `scrub` leaves nothing for the next candidate to find.

    pytest tests/gpu_runtime/test_cuda_image.py
"""

from __future__ import annotations

import math
import mmap
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from corpora.records import Signature
from gpu_runtime.backend import Arguments
from gpu_runtime.call.materialize import DTYPES

GUARD_BYTES = 4096
ALIGN_BYTES = 256
"""As cudaMalloc gives; vector types may rely on it."""
HEAD_BYTES = 64
"""Before the first image: i32 index of the call that is running."""
_POISON = np.uint64(0xFFF8DEAD7FC0DEAD)
"""NaN as float and double, far from any sensible integer: what is read beyond an array shows in the
result.
"""
_PAGE = 4096


def _round_up(n: int, unit: int) -> int:
    return -(-n // unit) * unit


@dataclass(frozen=True, slots=True)
class _Plan:
    """Offsets from the image's start. slots: of scalars and arrays by parameter; owner[i]: whose
    storage parameter i uses.

    tables: (offset, rows, offset of the first row, bytes of a row) of `T**`.
    """

    slots: tuple[int, ...]
    owner: tuple[int, ...]
    tables: tuple[tuple[int, int, int, int], ...]
    arrays: tuple[tuple[int, int, int], ...]
    result: int
    n_bytes: int


def plan_images(signature: Signature, arguments: Arguments) -> _Plan:
    """Return the layout of one call's arguments in shared memory, with offsets in bytes from the
    image's start: where each parameter's storage lies and whose storage it shares, the tables of
    row pointers, the arrays, the returned value, and the size of the whole.

    Raises ValueError if the arguments do not fit the signature.
    """
    parameters = signature.parameters
    if len(parameters) != len(arguments.values):
        raise ValueError(
            f"{signature.name} takes {len(parameters)} arguments, got {len(arguments.values)}"
        )
    shared = {second: first for first, second in arguments.aliases}
    end = _round_up(16 * (len(parameters) + 1), ALIGN_BYTES)
    slots, owner, tables, arrays = [], [], [], []
    for i, (p, value) in enumerate(zip(parameters, arguments.values, strict=True)):
        if value.dtype != DTYPES[p.type]:
            raise ValueError(f"argument '{p.name}' is {value.dtype}, the signature says {p.type}")
        first = i
        while first in shared:
            first = shared[first]
        owner.append(first)
        if p.kind == "scalar":
            slots.append(16 * i)
        elif first != i:
            slots.append(slots[first])
        else:
            at = _round_up(end + GUARD_BYTES, ALIGN_BYTES)
            arrays.append((i, at, value.nbytes))
            slots.append(at)
            end = at + value.nbytes
        if p.kind == "rows":
            table = _round_up(end + GUARD_BYTES, ALIGN_BYTES)
            tables.append((table, value.shape[0], slots[i], value.strides[0] if value.size else 0))
            end = table + 8 * value.shape[0]
    return _Plan(
        tuple(slots),
        tuple(owner),
        tuple(tables),
        tuple(arrays),
        16 * len(parameters),
        _round_up(end + GUARD_BYTES, _PAGE),
    )


class MemoryImages:
    """A memory file shared with the GPU worker. It holds the arguments of one batch of calls, each
    call's in an image of its own, with guard zones between arrays. fd: the file's descriptor.
    """

    def __init__(self) -> None:
        self.fd = os.memfd_create("coevolve-gpu", 0)
        self._map: mmap.mmap | None = None
        self._bytes = np.empty(0, np.uint8)
        self._plans: list[tuple[int, _Plan]] = []

    @property
    def total_bytes(self) -> int:
        """Return the size of the file in bytes."""
        return len(self._bytes)

    def pack(self, signature: Signature, calls: Sequence[Arguments]) -> list[dict[str, Any]]:
        """Write the images of `calls` and return a description of each for the worker: JSON values
        with the places and kinds of its arguments. Raises ValueError if they do not fit the
        signature.
        """
        plans = [plan_images(signature, c) for c in calls]
        size = _PAGE + sum(p.n_bytes for p in plans)
        os.ftruncate(self.fd, size)
        self._map = mmap.mmap(self.fd, size)
        self._bytes = np.frombuffer(self._map, np.uint8)
        self._bytes[:4].view(np.int32)[0] = -1
        self._plans, described, base = [], [], _PAGE
        for arguments, p in zip(calls, plans, strict=True):
            self._plans.append((base, p))
            self._write(base, p, arguments)
            described.append(_describe_layout(signature, arguments, p, base))
            base += p.n_bytes
        return described

    def _write(self, base: int, p: _Plan, arguments: Arguments) -> None:
        self._bytes[base : base + p.n_bytes].view(np.uint64)[:] = _POISON
        for i, value in enumerate(arguments.values):
            if value.size and p.owner[i] == i:
                at = base + p.slots[i]
                self._bytes[at : at + value.nbytes] = (
                    np.ascontiguousarray(value).reshape(-1).view(np.uint8)
                )

    @property
    def current(self) -> int:
        """Return the index of the call that began last; -1 before the first."""
        return int(self._bytes[:4].view(np.int32)[0])

    def read(self, index: int, arguments: Arguments) -> tuple[np.ndarray, ...]:
        """Return copies of every parameter's storage after call `index`, shaped like
        `arguments.values`.
        """
        base, p = self._plans[index]
        out = []
        for i, value in enumerate(arguments.values):
            at = base + p.slots[i]
            out.append(
                self._bytes[at : at + value.nbytes].copy().view(value.dtype).reshape(value.shape)
                if value.size
                else value.copy()
            )
        return tuple(out)

    def result(self, index: int, signature: Signature) -> np.ndarray | None:
        """Return the value that call `index` returned, as a 0-d array; None for void. signature:
        the program's, as it was packed.
        """
        if signature.result is None:
            return None
        base, p = self._plans[index]
        dtype = DTYPES[signature.result]
        return (
            self._bytes[base + p.result : base + p.result + dtype.itemsize]
            .copy()
            .view(dtype)
            .reshape(())
        )

    def damage(self, index: int, signature: Signature) -> str:
        """Return one line about the guard zone that call `index` wrote to, with the parameter
        beside it; '' if it wrote to none. signature: the program's, as it was packed.
        """
        base, p = self._plans[index]
        whole = self._bytes[base : base + p.n_bytes]
        held = sorted(
            [(at, n, i) for i, at, n in p.arrays]
            + [(at, 8 * rows, -1) for at, rows, _, _ in p.tables]
        )
        ends = [_round_up(16 * (len(p.slots) + 1), ALIGN_BYTES), *(at + n for at, n, _ in held)]
        for k, (start, stop) in enumerate(
            zip(ends, [*(at for at, _, _ in held), p.n_bytes], strict=True)
        ):
            bad = np.flatnonzero(whole[start:stop] != _poison(start, stop))
            if bad.size and not held:
                return "write outside the arguments"
            if bad.size:
                # A place between two arrays belongs to the nearer one.
                behind = k > 0 and (k == len(held) or bad[0] < (stop - start) // 2)
                at, n_bytes, i = held[k - 1] if behind else held[k]
                return _where(signature, i, at, n_bytes, start + int(bad[0] if behind else bad[-1]))
        return ""

    def scrub(self) -> None:
        """Free every page of the file, so that the next candidate reads zeros."""
        self._bytes, self._map = np.empty(0, np.uint8), None
        os.ftruncate(self.fd, 0)

    def close(self) -> None:
        """Unmap and close the file. The object cannot be used afterwards."""
        self._bytes, self._map = np.empty(0, np.uint8), None
        os.close(self.fd)


def _poison(start: int, stop: int) -> np.ndarray:
    """What untouched bytes from offset `start` to `stop` of an image hold."""
    pattern = np.roll(np.frombuffer(_POISON.tobytes(), np.uint8), -(start % 8))
    return np.resize(pattern, stop - start)


def _where(signature: Signature, i: int, at: int, n_bytes: int, place: int) -> str:
    if i < 0:
        return "write beyond a table of row pointers"
    p = signature.parameters[i]
    size = DTYPES[p.type].itemsize
    element = math.floor((place - at) / size)
    return f"write outside parameter '{p.name}': element {element}, it has {n_bytes // size}"


def _describe_layout(
    signature: Signature, arguments: Arguments, p: _Plan, base: int
) -> dict[str, Any]:
    table_of = {first: at for at, _, first, _ in p.tables}
    # A structure by value is copied from the image like a number, whatever it holds.
    kinds = [
        [
            "null"
            if i in arguments.nulls
            else "scalar"
            if parameter.by_reference
            else parameter.kind,
            table_of[p.slots[i]]
            if parameter.kind == "rows"
            else p.slots[i] + _origin(arguments, i),
        ]
        for i, parameter in enumerate(signature.parameters)
    ]
    g = arguments.geometry
    return {
        "base": base,
        "bytes": p.n_bytes,
        "arguments": kinds,
        "structures": _structures(signature),
        "result": p.result,
        "tables": [list(t) for t in p.tables],
        "arrays": [[at, n] for _, at, n in p.arrays],
        "geometry": [*g.grid, *g.block] if g else [1] * 6,
        "shared": g.shared_bytes if g else 0,
    }


def _structures(signature: Signature) -> list[list[Any]]:
    """Those that hold pointers: the first of their arguments, their size, and of each argument its
    place and bytes there (0: its address). Host code puts them together itself.
    """
    found: list[list[Any]] = []
    for i, p in enumerate(signature.parameters if signature.style == "kernel" else ()):
        if p.member is None or not p.member.assembled:
            continue
        if not found or found[-1][3] != p.member.owner:
            found.append([i, p.member.bytes, [], p.member.owner])
        found[-1][2].append([p.member.offset, p.member.count * DTYPES[p.type].itemsize])
    return [row[:3] for row in found]


def _origin(arguments: Arguments, i: int) -> int:
    return (
        arguments.origins[i] * arguments.values[i].itemsize
        if arguments.origins and arguments.values[i].ndim
        else 0
    )
