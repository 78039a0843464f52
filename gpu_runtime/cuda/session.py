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
    """Raised when a kernel did not end before the deadline of its batch."""


class OverBudgetError(RuntimeError):
    """The candidate tried to allocate more device memory than it may have, or than is free."""


@dataclass(slots=True)
class CallTimes:
    """Times of one call in milliseconds. kernel_ms: kernels alone, by events. total_ms: transfers
    included.
    """

    kernel_ms: float = 0.0
    total_ms: float = 0.0


@dataclass(slots=True)
class Session:
    """The GPU worker's state: driver, shared file, device memory and the candidate's module.

    driver: makes the driver calls. fd: descriptor of the shared file. poison: fill new device
        memory with a pattern.
    lost: the context cannot be used again. deadline: of the batch, on the monotonic clock in
        seconds.
    budget_bytes: device memory that the candidate may have.
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
        """Map the file that is shared with the worker's owner, whose size is `n_bytes` now."""
        self._shared = mmap.mmap(self.fd, n_bytes)
        self._address = ctypes.addressof(ctypes.c_char.from_buffer(self._shared))
        self._events = (
            self._events if self._events[0] else (self.driver.event(), self.driver.event())
        )

    @property
    def address(self) -> int:
        """Return the address of the shared file in this process."""
        return self._address

    def progress(self, index: int) -> None:
        """Write into the shared file that call `index` is under way."""
        ctypes.c_int32.from_address(self._address).value = index

    def reserve(self, n_bytes: int) -> int:
        """Return the address of device memory for an image of `n_bytes`. The memory is kept from
        call to call and grows where needed. Raises OverBudgetError if it is too much.
        """
        if n_bytes > self._room_bytes:
            self.require_affordable(n_bytes)
            if self._room:
                self.driver.release(self._room)
                self._room = self._room_bytes = 0
            self._room, self._room_bytes = self.driver.allocate(n_bytes), n_bytes
        return self._room

    def require_affordable(self, n_bytes: int, held_bytes: int = 0) -> None:
        """Check that `n_bytes` more device memory may be taken beside `held_bytes`. Raises
        OverBudgetError if that is over the budget or not free.
        """
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
        """Launch a kernel, wait until it ends, and return how long it ran, in milliseconds.

        function: its handle. geometry: grid x, y, z, then block x, y, z. shared_bytes: dynamic
            shared memory of a block. arguments: host address of a table of pointers to the
            arguments. Raises KernelHangError at the deadline, DriverError if it fails.
        """
        start, stop = self._events
        self.driver.record(start)
        self.driver.launch(function, geometry, shared_bytes, arguments)
        self.driver.record(stop)
        self.wait(stop)
        return self.driver.elapsed_ms(start, stop)

    def wait(self, event: int) -> None:
        """Wait until the work queued before an event, given by its handle, is complete. Raises
        KernelHangError at the deadline, DriverError if that work failed.
        """
        began = time.monotonic()
        while not self.driver.done(event):
            now = time.monotonic()
            if now > self.deadline:
                raise KernelHangError("the wall-clock limit is reached")
            if now - began > 0.002:
                time.sleep(min(0.001, (now - began) / 20))

    def flush_cache(self) -> None:
        """Overwrite the device's last-level cache, so that the next kernel finds none of its data
        there.
        """
        n_bytes = max(2 * self.driver.facts.l2_bytes, 1 << 20)
        self._flush = self._flush or self.driver.allocate(n_bytes)
        self.driver.set(self._flush, 0, n_bytes, 4)

    def module(self, request: dict[str, Any]) -> LoadedModule:
        """Return the candidate's module, loaded on the device if it is not yet. request: as the
        worker's owner sends it: `cubin` is the file's path; with `fresh` true the module is loaded
        anew. Raises DriverError if it cannot be loaded.
        """
        if request["fresh"]:
            self.close_module()
        self._module = self._module or LoadedModule(self.driver, request["cubin"])
        return self._module

    def close_module(self) -> None:
        """Unload the candidate's module from the device, if one is loaded; else do nothing."""
        module, self._module = self._module, None
        if module is not None:
            module.close()


class ViolationError(RuntimeError):
    """The program did something forbidden. status: the one that its call ends in. detail: one line
    about it, which is the error's text.
    """

    def __init__(self, status: Status, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class LoadedModule:
    """A cubin that is loaded on the device. cubin: path of its file. Raises DriverError if it
    cannot be loaded.
    """

    def __init__(self, driver: Driver, cubin: str) -> None:
        self._driver = driver
        self._handle = driver.load(Path(cubin).read_bytes())

    def close(self) -> None:
        """Unload the module. After a sticky error nothing can be unloaded, which is ignored."""
        try:
            self._driver.unload(self._handle)
        except DriverError:
            pass  # after a sticky error nothing can be unloaded; the process ends soon

    def function(self, name: str) -> int:
        """Return the handle of the kernel `name`. Raises DriverError if there is none."""
        return self._driver.function(self._handle, name)

    def variable(self, name: str) -> tuple[int, int]:
        """Return (device address, size in bytes) of the variable `name`. Raises DriverError if
        there is none.
        """
        return self._driver.variable(self._handle, name)


def explain_driver_error(error: DriverError) -> tuple[Status, str]:
    """Return (status of the call, one line) for a failure of the program that the driver reported
    as `error`. Raises RuntimeError for machine code of another architecture than the device's,
    which no program can cause.
    """
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
