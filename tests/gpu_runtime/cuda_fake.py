"""A recorded fake of the CUDA driver, for machines without a GPU: device memory is host memory,
kernels run in the emulation.

It proves marshalling, planning, watchdog and replacement, not that a device behaves so. Kernels
whose name contains `hang`, `illegal`, `trap` or `refuse` fail in that way, as the driver would say
it. FAKE_PROGRAMS names a JSON file, lowered kernel name -> the program and its signature; FAKE_LOG,
when set, gets one line per driver call. The emulation is a process of its own that is started
before the worker locks itself down.
"""

from __future__ import annotations

import ctypes
import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import Arguments, CompileRequest, Geometry, Status
from gpu_runtime.call.materialize import DTYPES
from gpu_runtime.cuda.driver import DeviceFacts, DriverError

ILLEGAL, TRAP, INVALID = (
    (700, "CUDA_ERROR_ILLEGAL_ADDRESS"),
    (719, "CUDA_ERROR_LAUNCH_FAILED"),
    (1, "CUDA_ERROR_INVALID_VALUE"),
)
MEMORY_BYTES = 1 << 30
_backend = None


def _emulate(row: dict, values: list, geometry: tuple[int, ...], shared: int):
    global _backend
    from gpu_runtime.emulation.backend import EmulatedBackend

    _backend = _backend or EmulatedBackend()
    if not row:
        return None
    program = Program("cuda", row["name"], row["text"])
    compiled = _backend.compile([CompileRequest(program, read_signature(program))])[0]
    arguments = Arguments(tuple(values), geometry=Geometry(geometry[:3], geometry[3:], shared))
    done = _backend.run(compiled, [arguments])[0]
    return done.status, done.detail, done.values


class FakeDriver:
    """See the module's docstring."""

    def __init__(self) -> None:
        self.facts = DeviceFacts("Fake", "sm_90", "13.0", MEMORY_BYTES >> 20, 4, 1 << 20)
        self._log = (
            open(os.environ["FAKE_LOG"], "a", buffering=1) if os.environ.get("FAKE_LOG") else None
        )
        self._programs = (
            json.loads(Path(os.environ["FAKE_PROGRAMS"]).read_text())
            if os.environ.get("FAKE_PROGRAMS")
            else {}
        )
        self._memory: dict[int, tuple[ctypes.Array, int]] = {}
        self._functions: list[str] = []
        self._fate = ""
        self._broken: tuple[int, str] | None = None
        self._modules = self._events = 0
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("fork"))
        self._pool.submit(_emulate, {}, [], (1,) * 6, 0).result()

    def _note(self, *what: object) -> None:
        if self._broken is not None:
            raise DriverError(*self._broken)  # a lost context answers everything with its error
        if self._log is not None:
            self._log.write(" ".join(map(str, what)) + "\n")

    def allocate(self, n_bytes: int, managed: bool = False) -> int:
        self._note("allocate", n_bytes)
        if n_bytes > self.free_bytes():
            raise DriverError(2, "CUDA_ERROR_OUT_OF_MEMORY")
        buffer = (ctypes.c_char * (n_bytes + 256))()
        address = (ctypes.addressof(buffer) + 255) // 256 * 256
        self._memory[address] = (buffer, n_bytes)
        return address

    def release(self, address: int) -> None:
        self._note("release")
        del self._memory[address]

    def free_bytes(self) -> int:
        return MEMORY_BYTES - sum(n for _, n in self._memory.values())

    def _check(self, address: int, n_bytes: int) -> None:
        if not any(
            a <= address and address + n_bytes <= a + n for a, (_, n) in self._memory.items()
        ):
            raise DriverError(*INVALID)

    def upload(self, address: int, host: int, n_bytes: int) -> None:
        self._note("upload", n_bytes)
        self._check(address, n_bytes)
        ctypes.memmove(address, host, n_bytes)

    def download(self, host: int, address: int, n_bytes: int) -> None:
        self._note("download", n_bytes)
        self._check(address, n_bytes)
        ctypes.memmove(host, address, n_bytes)

    def move(self, to: int, source: int, n_bytes: int) -> None:
        self._note("move", n_bytes)
        ctypes.memmove(to, source, n_bytes)

    def set(self, address: int, value: int, n_bytes: int, width: int = 1) -> None:
        self._note("set", n_bytes)
        self._check(address, n_bytes)
        data = value.to_bytes(width, "little") * (n_bytes // width)
        ctypes.memmove(address, data, len(data))

    def load(self, image: bytes) -> int:
        assert image[:4] == b"\x7fELF"  # what NVRTC really made
        self._modules += 1
        self._note("load", self._modules)
        return self._modules

    def unload(self, module: int) -> None:
        self._note("unload", module)

    def function(self, module: int, name: str) -> int:
        self._functions.append(name)
        return len(self._functions) - 1

    def variable(self, module: int, name: str) -> tuple[int, int]:
        return self.allocate(64), 64

    def launch(
        self, function: int, geometry: tuple[int, ...], shared_bytes: int, arguments: int
    ) -> None:
        name = self._functions[function]
        self._note("launch", name, *geometry, shared_bytes)
        self._fate = next(
            (word for word in ("hang", "illegal", "trap", "refuse") if word in name), ""
        )
        if self._fate == "refuse":
            raise DriverError(*INVALID)
        if not self._fate:
            self._run(self._programs[name], geometry, shared_bytes, arguments)

    def _run(self, row: dict, geometry: tuple[int, ...], shared_bytes: int, arguments: int) -> None:
        parameters = read_signature(Program("cuda", row["name"], row["text"])).parameters
        pointers = (ctypes.c_void_p * len(parameters)).from_address(arguments)
        values, places = [], []
        for p, pointer in zip(parameters, pointers, strict=True):
            dtype = DTYPES[p.type]
            if p.kind == "scalar":
                values.append(
                    np.frombuffer(ctypes.string_at(pointer, dtype.itemsize), dtype).reshape(())
                )
                places.append(0)
                continue
            address = ctypes.c_uint64.from_address(pointer).value
            rows = self._rows(address) if p.kind == "rows" else []
            address = rows[0] if rows else address
            base, n = next(
                ((a, n) for a, (_, n) in self._memory.items() if a <= address < a + n), (address, 0)
            )  # NULL: cudaMalloc(0)
            n_bytes = (
                len(rows) * (rows[1] - rows[0])
                if len(rows) > 1
                else (base + n - address) // dtype.itemsize * dtype.itemsize
            )
            values.append(
                np.frombuffer(ctypes.string_at(address, n_bytes) if n else b"", dtype).reshape(
                    (len(rows), -1) if rows else -1
                )
            )
            places.append(address)
        status, detail, after = self._pool.submit(
            _emulate, row, values, geometry, shared_bytes
        ).result()
        if status is not Status.OK:
            self._fate = "illegal" if status is Status.OUT_OF_BOUNDS else f"trap {detail}"
            return
        for place, old, new in zip(places, values, after, strict=True):
            if place:  # arrays overlap here: each reaches to the end of the allocation
                a, b = (np.ascontiguousarray(v).reshape(-1).view(np.uint8) for v in (old, new))
                for k in np.flatnonzero(a != b):
                    ctypes.c_uint8.from_address(place + int(k)).value = int(b[k])

    def _rows(self, table: int) -> list[int]:
        """The row pointers at `table`: as many as point into device memory."""
        found: list[int] = []
        while any(
            a <= (row := ctypes.c_uint64.from_address(table + 8 * len(found)).value) < a + n
            for a, (_, n) in self._memory.items()
        ):
            found.append(row)
        return found

    def event(self) -> int:
        self._events += 1
        return self._events

    def record(self, event: int) -> None:
        self._note("record")

    def done(self, event: int) -> bool:
        if self._fate.startswith(("illegal", "trap")):
            self._broken = ILLEGAL if self._fate == "illegal" else TRAP
            raise DriverError(*self._broken)
        return self._fate != "hang"

    def elapsed_ms(self, start: int, stop: int) -> float:
        return 0.25
