"""What the GPU worker does for one candidate: fresh module, image to the device, launch, watch,
image back.

Contract: `Session.run` gives one row per call (`status`, `detail`, `ms`) and whether the context is
of no further use: after a sticky error or a hang the process must be replaced, because only its end
frees the device. A hang is seen by polling an event against a deadline, never by the display's own
time-out.

    pytest tests/gpu_runtime/test_cuda_backend.py
"""

from __future__ import annotations

import ctypes
import mmap
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpu_runtime.backend import Status
from gpu_runtime.cuda.driver import ILLEGAL_ADDRESS, OUT_OF_MEMORY, Driver, DriverError

_MISALIGNED, _INVALID, _NO_IMAGE, _RESOURCES = 716, 1, 209, 701


class KernelHangError(RuntimeError):
    """A kernel did not end before the deadline."""


class OverBudgetError(RuntimeError):
    """More device memory is asked for than the candidate may have or the device has free."""


@dataclass(slots=True)
class CallTimes:
    """Times of one call in ms: kernels alone (events), and all of it with transfers."""

    kernel_ms: float = 0.0
    total_ms: float = 0.0


@dataclass(slots=True)
class Session:
    """One driver and one shared file. lost: the context cannot be used again. poison: whether new
    device memory is filled.
    """

    driver: Driver
    fd: int
    poison: bool = True
    lost: bool = False
    deadline: float = 0.0
    budget_bytes: int = 0
    _shared: mmap.mmap | None = None
    _address: int = 0
    _room: int = 0
    _room_bytes: int = 0
    _events: tuple[int, int] = (0, 0)
    _flush: int = 0
    _module: LoadedModule | None = None

    def open(self, n_bytes: int) -> None:
        """Map the shared file, which now has `n_bytes`."""
        self._shared = mmap.mmap(self.fd, n_bytes)
        self._address = ctypes.addressof(ctypes.c_char.from_buffer(self._shared))
        self._events = (
            self._events if self._events[0] else (self.driver.event(), self.driver.event())
        )

    @property
    def address(self) -> int:
        """Where the shared file begins in this process."""
        return self._address

    def progress(self, index: int) -> None:
        ctypes.c_int32.from_address(self._address).value = index

    def reserve(self, n_bytes: int) -> int:
        """Device memory for an image, kept from call to call. Raises OverBudgetError."""
        if n_bytes > self._room_bytes:
            self.require_affordable(n_bytes)
            if self._room:
                self.driver.release(self._room)
                self._room = self._room_bytes = 0
            self._room, self._room_bytes = self.driver.allocate(n_bytes), n_bytes
        return self._room

    def require_affordable(self, n_bytes: int, held_bytes: int = 0) -> None:
        """Raises OverBudgetError unless so much may be taken beside what is held."""
        if n_bytes + held_bytes > self.budget_bytes:
            raise OverBudgetError(
                f"{(n_bytes + held_bytes) >> 20} MiB of device memory, the limit is "
                f"{self.budget_bytes >> 20} MiB"
            )
        if n_bytes > self.driver.free_bytes():
            raise OverBudgetError(f"the device has no {n_bytes >> 20} MiB free")

    def launch_and_wait(
        self, function: int, geometry: tuple[int, ...], shared_bytes: int, arguments: int
    ) -> float:
        """Launch, and wait until it is over: ms by events. Raises KernelHangError, DriverError."""
        start, stop = self._events
        self.driver.record(start)
        self.driver.launch(function, geometry, shared_bytes, arguments)
        self.driver.record(stop)
        self.wait(stop)
        return self.driver.elapsed_ms(start, stop)

    def wait(self, event: int) -> None:
        began = time.monotonic()
        while not self.driver.done(event):
            now = time.monotonic()
            if now > self.deadline:
                raise KernelHangError("the wall-clock limit is reached")
            if now - began > 0.002:
                time.sleep(min(0.001, (now - began) / 20))

    def flush_cache(self) -> None:
        """Write twice the size of the last-level cache, so that the next kernel finds none of its
        data there.
        """
        n_bytes = max(2 * self.driver.facts.l2_bytes, 1 << 20)
        self._flush = self._flush or self.driver.allocate(n_bytes)
        self.driver.set(self._flush, 0, n_bytes, 4)

    def run(self, request: dict[str, Any], measure: int = 0) -> list[dict[str, Any]]:
        """Rows of all calls; those behind a failure are left out. measure: how often each call is
        repeated for its time.
        """
        self.deadline = time.monotonic() + request["wall_s"]
        self.budget_bytes = request["memory_bytes"]
        self.open(request["total_bytes"])
        rows: list[dict[str, Any]] = []
        try:
            for i, call in enumerate(request["calls"]):
                self.progress(i)
                rows.append(self._guarded(lambda c=call: self._one(request, c, measure)))
                if rows[-1]["status"] != Status.OK:
                    break
        finally:
            self._close_module()
        return rows

    def module(self, request: dict[str, Any]) -> LoadedModule:
        """The candidate's module: loaded anew for every candidate, and for every call where device
        variables keep state.
        """
        if request["fresh"]:
            self._close_module()
        self._module = self._module or LoadedModule(self.driver, request["cubin"])
        return self._module

    def _close_module(self) -> None:
        module, self._module = self._module, None
        if module is not None:
            module.close()

    def _guarded(self, action: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        began = time.perf_counter()
        try:
            return {"status": Status.OK.value, "detail": "", **action()}
        except KernelHangError as hang:
            self.lost = True
            status, detail = Status.TIMEOUT, str(hang)
        except OverBudgetError as over:
            status, detail = Status.MEMORY_LIMIT, str(over)
        except ViolationError as violation:
            status, detail = violation.status, str(violation)
        except DriverError as error:
            self.lost = self.lost or error.sticky
            status, detail = explain_driver_error(error)
        return {"status": status.value, "detail": detail, "ms": (time.perf_counter() - began) * 1e3}

    def _one(self, request: dict[str, Any], call: dict[str, Any], measure: int) -> dict[str, Any]:
        if not measure:
            spent = (
                self._host(request, call, False)
                if request["host"]
                else self._kernel(request, call, False)
            )
            return {"ms": spent.kernel_ms if not request["host"] else spent.total_ms}
        run = self._host if request["host"] else self._kernel
        begin = self._address + call["base"]
        pristine = ctypes.string_at(begin, call["bytes"])
        kernel, total = [], []
        for _ in range(measure):
            ctypes.memmove(begin, pristine, len(pristine))
            spent = run(request, call, True)
            kernel.append(spent.kernel_ms)
            total.append(spent.total_ms)
        return {"ms": kernel[-1], "kernel_ms": kernel, "total_ms": total}

    # ---- kernels and device functions ----

    def _kernel(self, request: dict[str, Any], call: dict[str, Any], cold: bool) -> CallTimes:
        begin, n_bytes = self._address + call["base"], call["bytes"]
        device = self.reserve(n_bytes)
        fill_row_tables(call, begin, device)
        function = self.module(request).function(request["entry"])
        started = time.perf_counter()
        self.driver.upload(device, begin, n_bytes)
        uploaded = time.perf_counter()
        if cold:
            self.flush_cache()
        table, _kept = make_kernel_arguments(call, begin, device, request["kind"] == "device")
        kernel_ms = self.launch_and_wait(
            function, tuple(call["geometry"]), call["shared"], ctypes.addressof(table)
        )
        ended = time.perf_counter()
        self.driver.download(begin, device, n_bytes)
        return CallTimes(
            kernel_ms, kernel_ms + (uploaded - started + time.perf_counter() - ended) * 1e3
        )

    def _host(self, request: dict[str, Any], call: dict[str, Any], cold: bool) -> CallTimes:
        from gpu_runtime.cuda.host import HostPart

        if cold:
            self.flush_cache()
        with HostPart(self, request, call, self.module(request)) as part:
            started = time.perf_counter()
            part.call()
            return CallTimes(part.kernel_ms, (time.perf_counter() - started) * 1e3)


class ViolationError(RuntimeError):
    """Something the program did that has a status of its own."""

    def __init__(self, status: Status, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class LoadedModule:
    """A loaded cubin."""

    def __init__(self, driver: Driver, cubin: str) -> None:
        self._driver = driver
        self._handle = driver.load(Path(cubin).read_bytes())

    def close(self) -> None:
        try:
            self._driver.unload(self._handle)
        except DriverError:
            pass  # after a sticky error nothing can be unloaded; the process ends soon

    def function(self, name: str) -> int:
        return self._driver.function(self._handle, name)

    def variable(self, name: str) -> tuple[int, int]:
        return self._driver.variable(self._handle, name)


def explain_driver_error(error: DriverError) -> tuple[Status, str]:
    """Status and one line for a failure that the driver reported."""
    if error.code == ILLEGAL_ADDRESS:
        return Status.OUT_OF_BOUNDS, "illegal memory access on the device"
    if error.code == OUT_OF_MEMORY:
        return Status.MEMORY_LIMIT, "the device has no memory left"
    if error.code in (_INVALID, _RESOURCES):
        return Status.SIGNAL, f"the device does not take the launch: {error}"
    if error.code == _MISALIGNED:
        return Status.SIGNAL, "misaligned address on the device"
    if error.code == _NO_IMAGE:
        raise RuntimeError("the machine code was made for another architecture than the device's")
    return Status.SIGNAL, f"the kernel failed: {error}"


def fill_row_tables(call: dict[str, Any], begin: int, where: int) -> None:
    """Write the row pointers of `T**` arguments into the image at `begin`, for an image that will
    lie at `where`.
    """
    for at, rows, first, row_bytes in call["tables"]:
        table = (ctypes.c_uint64 * rows).from_address(begin + at)
        for r in range(rows):
            table[r] = where + first + r * row_bytes


def make_kernel_arguments(
    call: dict[str, Any], begin: int, device: int, with_result: bool
) -> tuple[Any, list[Any]]:
    """The driver's table of pointers to the arguments, and what must stay alive with it."""
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
    """Of an argument in an image that lies at `base`; nought for a null pointer."""
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
