"""The few driver calls that the GPU worker makes, behind one small class, so that a recorded fake
can stand in for it.

Contract: every failure is a DriverError with CUDA's own code and name; `sticky` ones leave the
context unusable. Addresses and handles are plain integers. `count_devices` is the cheap question
whether there is a device at all; it needs no Python package.

    python -c "from gpu_runtime.cuda.driver import count_devices; print(count_devices())"
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

OUT_OF_MEMORY, NOT_READY, ILLEGAL_ADDRESS = 2, 600, 700
_STICKY = frozenset({214, 220, 700, 702, 709, 710, 713, 714, 715, 716, 717, 718, 719, 721, 999})
_MAX_SHARED_BY_DEFAULT = 48 * 1024


class DriverError(RuntimeError):
    """A CUDA driver call failed. code, name: number and name of the CUresult that it returned."""

    def __init__(self, code: int, name: str) -> None:
        super().__init__(f"{name} ({code})")
        self.code, self.name = code, name

    @property
    def sticky(self) -> bool:
        """Return whether the context cannot be used after this error."""
        return self.code in _STICKY


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """Facts about a device that go into the record of a measurement.

    name: the device's. architecture: such as `sm_90`. driver: its version. memory_mib: device
        memory in MiB. multiprocessors: their number. l2_bytes: size of the last-level cache in
        bytes. clock_mhz, memory_clock_mhz: of multiprocessors and memory in MHz, as reported now; 0
        where unknown.
    """

    name: str
    architecture: str
    driver: str
    memory_mib: int
    multiprocessors: int
    l2_bytes: int
    clock_mhz: int = 0
    memory_clock_mhz: int = 0


class Driver(Protocol):
    """The driver calls that the GPU worker makes. facts: about its device.

    Addresses and handles are plain integers. Copies are complete when the call returns; `launch`
    and `set` need not be. Every method raises DriverError if the call fails.
    """

    facts: DeviceFacts

    def allocate(self, n_bytes: int, managed: bool = False) -> int:
        """Allocate `n_bytes` of device memory and return its address. managed: the host can read it
        too. Raises DriverError if it fails.
        """
        ...

    def release(self, address: int) -> None:
        """Free device memory at `address`, which `allocate` returned. Raises DriverError if it
        fails.
        """
        ...

    def free_bytes(self) -> int:
        """Return how many bytes of device memory are free. Raises DriverError if it fails."""
        ...

    def upload(self, address: int, host: int, n_bytes: int) -> None:
        """Copy `n_bytes` from the host address `host` to the device address `address`. Raises
        DriverError if it fails.
        """
        ...

    def download(self, host: int, address: int, n_bytes: int) -> None:
        """Copy `n_bytes` from the device address `address` to the host address `host`. Raises
        DriverError if it fails.
        """
        ...

    def move(self, to: int, source: int, n_bytes: int) -> None:
        """Copy `n_bytes` on the device from the address `source` to the address `to`. Raises
        DriverError if it fails.
        """
        ...

    def set(self, address: int, value: int, n_bytes: int, width: int = 1) -> None:
        """Fill `n_bytes` from the device address `address` on with `value`, an element of `width`
        bytes (1 or 4). `n_bytes` is a multiple of it. Raises DriverError if it fails.
        """
        ...

    def load(self, image: bytes) -> int:
        """Load `image`, the bytes of a cubin, and return the module's handle. Raises DriverError if
        it fails.
        """
        ...

    def unload(self, module: int) -> None:
        """Unload the module with the handle `module` from the device. Raises DriverError if it
        fails.
        """
        ...

    def function(self, module: int, name: str) -> int:
        """Return the handle of the kernel `name`, a symbol of the cubin, in the module with the
        handle `module`. Raises DriverError if there is none.
        """
        ...

    def variable(self, module: int, name: str) -> tuple[int, int]:
        """Return (device address, size in bytes) of the variable `name` in the module with the
        handle `module`. Raises DriverError if there is none.
        """
        ...

    def launch(
        self, function: int, geometry: tuple[int, ...], shared_bytes: int, arguments: int
    ) -> None:
        """Launch a kernel. function: its handle. geometry: grid x, y, z, then block x, y, z.
        shared_bytes: dynamic shared memory of a block. arguments: host address of a table of
        pointers to the arguments. Raises DriverError if it fails.
        """
        ...

    def event(self) -> int:
        """Make an event, a mark in the queue of work that can be timed, and return its handle.
        Raises DriverError if it fails.
        """
        ...

    def record(self, event: int) -> None:
        """Queue the recording of an event, given by its handle, behind the work queued so far.
        Raises DriverError if it fails.
        """
        ...

    def done(self, event: int) -> bool:
        """Return whether the work queued before an event, given by its handle, is complete. Raises
        DriverError if that work failed.
        """
        ...

    def elapsed_ms(self, start: int, stop: int) -> float:
        """Return the milliseconds between two recorded events. start, stop: their handles. Raises
        DriverError if it fails.
        """
        ...


@lru_cache(maxsize=1)
def count_devices() -> int:
    """Return how many devices the driver offers this process; 0 without a driver.
    CUDA_VISIBLE_DEVICES counts. Nothing is raised.
    """
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
        count = ctypes.c_int(0)
        if cuda.cuInit(0) or cuda.cuDeviceGetCount(ctypes.byref(count)):
            return 0
        return count.value
    except (OSError, AttributeError):
        return 0


class CudaDriver:
    """The driver of a real device: its primary context and one stream. index: of the visible
    devices, from 0. Raises DriverError if the device cannot be opened, ImportError without
    `cuda.bindings`.
    """

    def __init__(self, index: int = 0) -> None:
        from cuda.bindings import driver

        self._cu = driver
        self._call(driver.cuInit, 0)
        device = self._call(driver.cuDeviceGet, index)
        context = self._call(driver.cuDevicePrimaryCtxRetain, device)
        self._call(driver.cuCtxSetCurrent, context)
        self._stream = self._call(
            driver.cuStreamCreate, 1
        )  # non-blocking: nothing waits for the default stream
        self._modules: dict[int, Any] = {}
        self._functions: dict[int, Any] = {}
        self._events: dict[int, Any] = {}
        self.facts = self._facts(device)

    def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Result of a driver call without its code. Raises DriverError."""
        try:
            code, *values = function(*arguments)
        except KeyError as unknown:  # the bindings do not know this code: a newer driver
            raise DriverError(int(unknown.args[0]), "CUDA_ERROR_UNKNOWN") from None
        if int(code):
            raise DriverError(int(code), getattr(code, "name", str(code)))
        return values[0] if len(values) == 1 else tuple(values)

    def _facts(self, device: Any) -> DeviceFacts:
        kinds = self._cu.CUdevice_attribute

        def attribute(name: str) -> int:
            return int(
                self._call(
                    self._cu.cuDeviceGetAttribute,
                    getattr(kinds, f"CU_DEVICE_ATTRIBUTE_{name}"),
                    device,
                )
            )

        name = self._call(self._cu.cuDeviceGetName, 256, device)
        version = int(self._call(self._cu.cuDriverGetVersion))
        return DeviceFacts(
            bytes(name).partition(b"\0")[0].decode(),
            f"sm_{attribute('COMPUTE_CAPABILITY_MAJOR')}{attribute('COMPUTE_CAPABILITY_MINOR')}",
            f"{version // 1000}.{version % 1000 // 10}",
            int(self._call(self._cu.cuDeviceTotalMem, device)) >> 20,
            attribute("MULTIPROCESSOR_COUNT"),
            attribute("L2_CACHE_SIZE"),
            attribute("CLOCK_RATE") // 1000,
            attribute("MEMORY_CLOCK_RATE") // 1000,
        )

    def allocate(self, n_bytes: int, managed: bool = False) -> int:
        """Allocate `n_bytes` of device memory and return its address. managed: the host can read it
        too. Raises DriverError if it fails.
        """
        if managed:
            return int(self._call(self._cu.cuMemAllocManaged, n_bytes, 1))
        return int(self._call(self._cu.cuMemAlloc, n_bytes))

    def release(self, address: int) -> None:
        """Free device memory at `address`, which `allocate` returned. Raises DriverError if it
        fails.
        """
        self._call(self._cu.cuMemFree, address)

    def free_bytes(self) -> int:
        """Return how many bytes of device memory are free. Raises DriverError if it fails."""
        return int(self._call(self._cu.cuMemGetInfo)[0])

    def upload(self, address: int, host: int, n_bytes: int) -> None:
        """Copy `n_bytes` from the host address `host` to the device address `address`, and wait.
        Raises DriverError if it fails.
        """
        self._call(self._cu.cuMemcpyHtoDAsync, address, host, n_bytes, self._stream)
        self._call(self._cu.cuStreamSynchronize, self._stream)

    def download(self, host: int, address: int, n_bytes: int) -> None:
        """Copy `n_bytes` from the device address `address` to the host address `host`, and wait.
        Raises DriverError if it fails.
        """
        self._call(self._cu.cuMemcpyDtoHAsync, host, address, n_bytes, self._stream)
        self._call(self._cu.cuStreamSynchronize, self._stream)

    def move(self, to: int, source: int, n_bytes: int) -> None:
        """Copy `n_bytes` on the device from the address `source` to the address `to`, and wait.
        Raises DriverError if it fails.
        """
        self._call(self._cu.cuMemcpyDtoDAsync, to, source, n_bytes, self._stream)
        self._call(self._cu.cuStreamSynchronize, self._stream)

    def set(self, address: int, value: int, n_bytes: int, width: int = 1) -> None:
        """Fill `n_bytes` from the device address `address` on with `value`, an element of `width`
        bytes (1 or 4). `n_bytes` is a multiple of it. Raises DriverError if it fails.
        """
        maker = self._cu.cuMemsetD8Async if width == 1 else self._cu.cuMemsetD32Async
        self._call(maker, address, value, n_bytes // width, self._stream)

    def load(self, image: bytes) -> int:
        """Load `image`, the bytes of a cubin, and return the module's handle. Raises DriverError if
        it fails.
        """
        module = self._call(self._cu.cuModuleLoadData, image)
        self._modules[int(module)] = module
        return int(module)

    def unload(self, module: int) -> None:
        """Unload the module with the handle `module` from the device. Raises DriverError if it
        fails.
        """
        self._call(self._cu.cuModuleUnload, self._modules.pop(module))

    def function(self, module: int, name: str) -> int:
        """Return the handle of the kernel `name`, a symbol of the cubin, in the module with the
        handle `module`. Raises DriverError if there is none.
        """
        function = self._call(self._cu.cuModuleGetFunction, self._modules[module], name.encode())
        self._functions[int(function)] = function
        return int(function)

    def variable(self, module: int, name: str) -> tuple[int, int]:
        """Return (device address, size in bytes) of the variable `name` in the module with the
        handle `module`. Raises DriverError if there is none.
        """
        address, n_bytes = self._call(
            self._cu.cuModuleGetGlobal, self._modules[module], name.encode()
        )
        return int(address), int(n_bytes)

    def launch(
        self, function: int, geometry: tuple[int, ...], shared_bytes: int, arguments: int
    ) -> None:
        """Launch a kernel. function: its handle. geometry: grid x, y, z, then block x, y, z.
        shared_bytes: dynamic shared memory of a block. arguments: host address of a table of
        pointers to the arguments. Raises DriverError if it fails.
        """
        handle = self._functions[function]
        if shared_bytes > _MAX_SHARED_BY_DEFAULT:
            attribute = (
                self._cu.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
            )
            self._call(self._cu.cuFuncSetAttribute, handle, attribute, shared_bytes)
        self._call(
            self._cu.cuLaunchKernel, handle, *geometry, shared_bytes, self._stream, arguments, 0
        )

    def event(self) -> int:
        """Make an event, a mark in the queue of work that can be timed, and return its handle.
        Raises DriverError if it fails.
        """
        event = self._call(self._cu.cuEventCreate, 0)
        self._events[int(event)] = event
        return int(event)

    def record(self, event: int) -> None:
        """Queue the recording of an event, given by its handle, behind the work queued so far.
        Raises DriverError if it fails.
        """
        self._call(self._cu.cuEventRecord, self._events[event], self._stream)

    def done(self, event: int) -> bool:
        """Return whether the work queued before an event, given by its handle, is complete. Raises
        DriverError if that work failed.
        """
        try:
            self._call(self._cu.cuEventQuery, self._events[event])
        except DriverError as error:
            if error.code == NOT_READY:
                return False
            raise
        return True

    def elapsed_ms(self, start: int, stop: int) -> float:
        """Return the milliseconds between two recorded events. start, stop: their handles. Raises
        DriverError if it fails.
        """
        return float(
            self._call(self._cu.cuEventElapsedTime, self._events[start], self._events[stop])
        )
