"""Arguments of one call in its image: where each lies, and the driver's table of pointers to them.

pytest tests/gpu_runtime/test_cuda_image.py
"""

from __future__ import annotations

import ctypes
from typing import Any


def fill_row_tables(call: dict[str, Any], begin: int, where: int) -> None:
    """Write the row pointers of `T**` arguments into the memory image of a call. call: its
    description by `MemoryImages.pack`. begin: address of the image in this process. where: the
    address at which the image will be used.
    """
    for at, rows, first, row_bytes in call["tables"]:
        table = (ctypes.c_uint64 * rows).from_address(begin + at)
        for r in range(rows):
            table[r] = where + first + r * row_bytes


def make_kernel_arguments(
    call: dict[str, Any], begin: int, device: int, with_result: bool
) -> tuple[Any, list[Any]]:
    """Return (a ctypes array of pointers to a kernel's arguments, as the driver takes it; objects
    that must stay alive with it).

    call: the call's description by `MemoryImages.pack`. begin: address of its memory image in this
        process. device: the image's address on the device. with_result: append a pointer to the
        returned value.
    """
    kept: list[Any] = []
    pointers = []
    given = call["arguments"]
    held = {first: (size, places) for first, size, places in call["structures"]}
    inside = {first + k for first, (_, places) in held.items() for k in range(1, len(places))}
    for i, (kind, at) in enumerate([*given, *([["array", call["result"]]] if with_result else [])]):
        if i in inside:
            continue
        if i in held:
            kept.append(_structure(*held[i], given[i:], begin, device))
            pointers.append(ctypes.addressof(kept[-1]))
        elif kind == "scalar":
            pointers.append(begin + at)
        else:
            kept.append(ctypes.c_uint64(compute_argument_address(kind, at, device)))
            pointers.append(ctypes.addressof(kept[-1]))
    return (ctypes.c_void_p * max(len(pointers), 1))(*pointers), kept


def compute_argument_address(kind: str, at: int, base: int) -> int:
    """Return the address of an argument that lies `at` bytes behind the beginning of a memory
    image; 0 if its kind is `null`. kind: as `MemoryImages.pack` describes it: `scalar`, `array`,
    `rows` or `null`. base: address of the image.
    """
    return 0 if kind == "null" else base + at


def _structure(
    size: int, places: list[list[int]], given: list[list[Any]], begin: int, device: int
) -> Any:
    """A structure that holds pointers. places: where each argument goes in it, and how many bytes
    of it; 0: its address on the device.
    """
    made = (ctypes.c_char * size)()
    for (offset, n_bytes), (kind, at) in zip(places, given, strict=False):
        if n_bytes:
            ctypes.memmove(ctypes.addressof(made) + offset, begin + at, n_bytes)
        else:
            ctypes.c_uint64.from_buffer(made, offset).value = compute_argument_address(
                kind, at, device
            )
    return made
