"""A host function of a CUDA program, run natively beside the device: its run-time calls and
launches arrive here.

Contract: the artifact's `cv_gpu` table (native/prelude_device_host.h) is filled with the functions
below, each giving a cudaError_t number. Device memory of the program has guard zones and a budget;
copies are checked for their direction and cut to what the test gives of an argument, as the
emulation does (native/device.c). What fails for good is kept and raised when the function returns.
Everything is in order on one stream; streams and events of the program are taken for done.

    pytest tests/gpu_runtime/test_cuda_backend.py
"""

from __future__ import annotations

import ctypes
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from gpu_runtime.backend import Status
from gpu_runtime.cuda.driver import DriverError
from gpu_runtime.cuda.kernel_arguments import compute_argument_address, fill_row_tables
from gpu_runtime.cuda.session import (
    KernelHangError,
    LoadedModule,
    OverBudgetError,
    Session,
    ViolationError,
)

GUARD_BYTES = 4096
_POISON_32 = 0x7FC0DEAD
(
    _INVALID_VALUE,
    _OUT_OF_MEMORY,
    _INVALID_CONFIGURATION,
    _INVALID_DIRECTION,
    _NO_FUNCTION,
    _UNKNOWN,
) = 1, 2, 9, 21, 98, 999
_I, _L, _P = ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p
_TYPES = (
    ("allocate", ctypes.CFUNCTYPE(_I, _P, _L, _I)),
    ("release", ctypes.CFUNCTYPE(_I, _P)),
    ("copy", ctypes.CFUNCTYPE(_I, _P, _P, _L, _I)),
    ("set", ctypes.CFUNCTYPE(_I, _P, _I, _L)),
    ("launch", ctypes.CFUNCTYPE(_I, ctypes.c_char_p, _P, _L, _P, _I)),
    ("symbol", ctypes.CFUNCTYPE(_I, ctypes.c_char_p, _P)),
)


class _Table(ctypes.Structure):
    _fields_ = list(_TYPES)


class HostPart:
    """One call of one host function of a CUDA program. As a context manager it frees device memory
    that the function left. The attribute `kernel_ms` is the time of its kernels so far, in
    milliseconds.

    session: the worker's state. request: the worker's request, with the path of the function's
        library under `host` and its name under `entry`. call: one of its `calls`, with the places
        of the arguments in the memory image. module: the program's kernels, loaded on the device.
        Raises OSError if the library cannot be loaded.
    """

    def __init__(
        self, session: Session, request: dict[str, Any], call: dict[str, Any], module: LoadedModule
    ) -> None:
        self._session, self._driver, self._module = session, session.driver, module
        self._names: dict[str, str] = request["names"] or {}
        self._call, self._entry = call, request["entry"]
        self._begin = session.address + call["base"]
        self._arguments = sorted((self._begin + at, n) for at, n in call["arrays"])
        self._memory: dict[int, tuple[int, bool]] = {}
        self._variables: dict[int, int] = {}
        self._functions: dict[str, int] = {}
        self._failed: BaseException | None = None
        self.kernel_ms = 0.0
        self._library = ctypes.CDLL(
            request["host"], mode=ctypes.DEFAULT_MODE
        )  # lazy: device functions are never called here
        made = {name: kind(self._answering(getattr(self, f"_{name}"))) for name, kind in _TYPES}
        self._table = _Table(**made)  # must outlive the call
        ctypes.memmove(
            ctypes.addressof(_Table.in_dll(self._library, "cv_gpu")),
            ctypes.addressof(self._table),
            ctypes.sizeof(_Table),
        )

    def __enter__(self) -> HostPart:
        return self

    def __exit__(self, *_: object) -> None:
        import _ctypes

        for address in list(self._memory):
            try:
                self._driver.release(address - (0 if self._memory[address][1] else GUARD_BYTES))
            except DriverError:
                break  # the context is lost
        self._memory.clear()
        _ctypes.dlclose(
            self._library._handle
        )  # static variables of the program must not outlive the call

    def call(self) -> None:
        """Run the host function. Raises the failure that it met: KernelHangError, OverBudgetError,
        DriverError or ViolationError.
        """
        fill_row_tables(self._call, self._begin, self._begin)
        n = len(self._call["arguments"])
        order = (ctypes.c_int32 * 8)(*self._call["geometry"], self._call["shared"], 0)
        pointers = [
            compute_argument_address(kind, at, self._begin) for kind, at in self._call["arguments"]
        ]
        arguments = (_P * (n + 3))(
            *pointers, self._begin + self._call["result"], ctypes.addressof(order), None
        )
        entry = getattr(self._library, self._entry)
        entry.restype = None
        entry(arguments)
        if self._failed is not None:
            raise self._failed
        for address in list(self._memory):
            self._whole(address)

    def _answering(self, function: Callable[..., int]) -> Callable[..., int]:
        """`function` as the program may call it: after a failure for good nothing is done
        any more.
        """

        def answer(*arguments: Any) -> int:
            if self._failed is not None:
                return _UNKNOWN
            try:
                return function(*arguments)
            except DriverError as error:
                if error.sticky:
                    self._failed = error
                return (
                    error.code if error.sticky or error.code == _OUT_OF_MEMORY else _INVALID_VALUE
                )
            except (KernelHangError, ViolationError) as failure:
                self._failed = failure
                return _UNKNOWN
            except OverBudgetError:
                return _OUT_OF_MEMORY
            except Exception as error:
                self._failed = error
                return _UNKNOWN

        return answer

    # ---- memory ----

    def _allocate(self, out: int, n_bytes: int, managed: int) -> int:
        ctypes.c_void_p.from_address(out).value = None
        if not n_bytes:
            return 0
        whole = n_bytes if managed else -(-n_bytes // 4) * 4 + 2 * GUARD_BYTES
        self._session.require_affordable(whole, sum(n for n, _ in self._memory.values()))
        address = self._driver.allocate(whole, bool(managed))
        if not managed:
            if self._session.poison:
                self._driver.set(address, _POISON_32, whole, 4)
            else:  # initcheck must see what the program itself never wrote
                self._driver.set(address, _POISON_32, GUARD_BYTES, 4)
                self._driver.set(address + whole - GUARD_BYTES, _POISON_32, GUARD_BYTES, 4)
            address += GUARD_BYTES
        self._memory[address] = (n_bytes, bool(managed))
        ctypes.c_void_p.from_address(out).value = address
        return 0

    def _whole(self, address: int) -> None:
        """Raises ViolationError when a guard zone of this allocation was written to."""
        n_bytes, managed = self._memory[address]
        if managed:
            return
        kept = -(-n_bytes // 4) * 4
        wanted = _POISON_32.to_bytes(4, "little") * (GUARD_BYTES // 4)
        zone = ctypes.create_string_buffer(GUARD_BYTES)
        for place, what in ((address - GUARD_BYTES, "before"), (address + kept, "behind")):
            self._driver.download(ctypes.addressof(zone), place, GUARD_BYTES)
            if zone.raw != wanted:
                raise ViolationError(
                    Status.OUT_OF_BOUNDS, f"write {what} device memory of {n_bytes} bytes"
                )

    def _release(self, address: int | None) -> int:
        if not address:
            return 0
        if address not in self._memory:
            return _INVALID_VALUE
        self._whole(address)
        _, managed = self._memory.pop(address)
        self._driver.release(address if managed else address - GUARD_BYTES)
        return 0

    def _region(self, address: int) -> tuple[int, int, int] | None:
        """(base, bytes, side) of the device memory round `address`: side 1 device, 0 managed; None
        for the host's.
        """
        for base, (n_bytes, managed) in self._memory.items():
            if base <= address < base + n_bytes:
                return base, n_bytes, 0 if managed else 1
        for base, n_bytes in self._variables.items():
            if base <= address < base + n_bytes:
                return base, n_bytes, 1
        return None

    def _inside_argument(self, address: int, n_bytes: int) -> int:
        """Bytes of a copy that the test knows: beyond an argument's extent nothing is known, so
        nothing is copied.
        """
        i = bisect_right(self._arguments, (address, 1 << 62)) - 1
        if i < 0 or address >= self._arguments[i][0] + max(self._arguments[i][1], 1):
            return n_bytes
        return min(n_bytes, self._arguments[i][0] + self._arguments[i][1] - address)

    def _copy(self, to: int | None, source: int | None, n_bytes: int, kind: int) -> int:
        if not n_bytes:
            return 0
        if not to or not source:
            return _INVALID_VALUE
        if not 0 <= kind <= 4:
            return _INVALID_DIRECTION
        there, here = self._region(to), self._region(source)
        sides = [r[2] if r else -1 for r in (there, here)]
        if kind < 4 and (
            sides[0] * (1 if kind & 1 else -1) < 0 or sides[1] * (1 if kind & 2 else -1) < 0
        ):
            return _INVALID_VALUE
        if not here:
            n_bytes = self._inside_argument(source, n_bytes)
        elif (
            not there
            and (inside := self._inside_argument(to, n_bytes)) < n_bytes
            and self._untouched(source + inside, n_bytes - inside)
        ):
            n_bytes = inside
        for region, address in ((there, to), (here, source)):
            if region and address + n_bytes > region[0] + region[1]:
                raise ViolationError(
                    Status.OUT_OF_BOUNDS,
                    f"a copy of {n_bytes} bytes leaves device memory of {region[1]} bytes",
                )
        if there and here:
            self._driver.move(to, source, n_bytes)
        elif there:
            self._driver.upload(to, source, n_bytes)
        elif here:
            self._driver.download(to, source, n_bytes)
        else:
            ctypes.memmove(to, source, n_bytes)
        return 0

    def _untouched(self, address: int, n_bytes: int) -> bool:
        """Whether this device memory still holds only what new memory holds."""
        part = ctypes.create_string_buffer(n_bytes)
        self._driver.download(ctypes.addressof(part), address, n_bytes)
        pattern = _POISON_32.to_bytes(4, "little")
        shift = address % 4
        return part.raw == (pattern * (n_bytes // 4 + 2))[shift : shift + n_bytes]

    def _set(self, to: int | None, value: int, n_bytes: int) -> int:
        if not n_bytes:
            return 0
        region = self._region(to) if to else None
        if region is None:
            return _INVALID_VALUE
        if to + n_bytes > region[0] + region[1]:
            raise ViolationError(
                Status.OUT_OF_BOUNDS,
                f"a memset of {n_bytes} bytes leaves device memory of {region[1]} bytes",
            )
        self._driver.set(to, value & 0xFF, n_bytes)
        return 0

    # ---- launches ----

    def _launch(
        self, name: bytes, geometry: int, shared_bytes: int, arguments: int, count: int
    ) -> int:
        spelled = name.decode(errors="replace")
        if spelled not in self._functions:
            symbol = self._names.get(spelled, "")
            if not symbol:
                raise RuntimeError(f"the kernel '{spelled}' has no machine code")  # our own failure
            self._functions[spelled] = self._module.function(symbol)
        shape = tuple((ctypes.c_uint * 6).from_address(geometry))
        if min(shape) < 1 or shape[3] * shape[4] * shape[5] > 1024:
            return _INVALID_CONFIGURATION
        self.kernel_ms += self._session.launch_and_wait(
            self._functions[spelled], shape, shared_bytes, arguments
        )
        return 0

    def _symbol(self, name: bytes, out: int) -> int:
        wanted = name.decode(errors="replace").strip("& ()")
        symbol = self._names.get(wanted.split("::")[-1], "")
        if not symbol:
            return _INVALID_VALUE
        address, n_bytes = self._module.variable(symbol)
        self._variables[address] = n_bytes
        ctypes.c_void_p.from_address(out).value = address
        return 0
