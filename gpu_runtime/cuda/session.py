"""The device as the GPU worker holds it: shared file, memory, the candidate's module, launches.

Contract: a hang is seen by polling an event against a deadline, never by the display's own
time-out. `gpu_runtime.cuda.requests` runs the calls of a request on a session.

    pytest tests/gpu_runtime/test_cuda_backend.py
"""

from __future__ import annotations

import ctypes
import mmap
import time
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

    def module(self, request: dict[str, Any]) -> LoadedModule:
        """The candidate's module: loaded anew for every candidate, and for every call where device
        variables keep state.
        """
        if request["fresh"]:
            self.close_module()
        self._module = self._module or LoadedModule(self.driver, request["cubin"])
        return self._module

    def close_module(self) -> None:
        """Unload the candidate's module, where one is loaded."""
        module, self._module = self._module, None
        if module is not None:
            module.close()


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
