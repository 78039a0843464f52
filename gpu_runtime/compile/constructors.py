"""What an artifact runs when it is loaded, read from its bytes: nothing is loaded to find out.

Contract: pure; `explain_constructors` gives the reason why a shared object may not be shared by
several programs, '' where it may.

    pytest tests/gpu_runtime/test_compile.py -k constructor
"""

from __future__ import annotations

import struct
from pathlib import Path


def explain_constructors(path: Path, allowed_bytes: int) -> str:
    """Return why the shared object at `path` may not serve several programs, because it runs code
    when it is loaded. Returns '' if it may. allowed_bytes: size of the constructor tables that the
    compiler itself adds.
    """
    data = path.read_bytes()
    (table_at,) = struct.unpack_from("<Q", data, 32)
    entry_bytes, entries = struct.unpack_from("<HH", data, 54)
    for i in range(entries):
        kind, _, at, _, _, size = struct.unpack_from("<IIQQQQ", data, table_at + i * entry_bytes)
        if kind != 2:  # PT_DYNAMIC
            continue
        tags = dict(struct.iter_unpack("<QQ", data[at : at + size // 16 * 16]))
        if tags.get(27, 0) > allowed_bytes or 12 in tags or tags.get(28, 0) > 8:
            return "a program of this unit has constructors"
    return ""


_AT_LOAD = (".init_array", ".preinit_array", ".fini_array", ".ctors", ".dtors")
_IFUNC = 10
"""Type of a symbol whose code another function chooses when it is first needed."""


def runs_when_loaded(path: Path) -> str:
    """Return in one line what of the 64-bit ELF object file at `path` runs without being called, ''
    for nothing.
    """
    data = path.read_bytes()
    (table_at,) = struct.unpack_from("<Q", data, 40)
    entry_bytes, entries, names_in = struct.unpack_from("<HHH", data, 58)
    rows = [
        struct.unpack_from("<IIQQQQIIQQ", data, table_at + i * entry_bytes) for i in range(entries)
    ]
    names_at = rows[names_in][4]
    for name, kind, _, _, at, size, *_ in rows:
        said = data[names_at + name : data.index(b"\0", names_at + name)].decode(errors="replace")
        if size and said.startswith(_AT_LOAD):
            return "a global object or constructor runs code before any function is called"
        if kind == 2 and any(
            data[at + k + 4] & 15 == _IFUNC for k in range(0, size, 24)
        ):  # the table of symbols
            return "a function is chosen when the program is loaded (ifunc)"
    return ""
