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
    """code and name are those of CUresult."""

    def __init__(self, code: int, name: str) -> None:
        super().__init__(f"{name} ({code})")
        self.code, self.name = code, name

    @property
    def sticky(self) -> bool:
        return self.code in _STICKY


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What a record of a measurement needs. Clocks are in MHz, as reported now (0 where not
    known).
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
    """What the worker asks for. All copies are complete when the call returns; `launch` and `set`
    need not be.
    """

    facts: DeviceFacts

    def allocate(self, n_bytes: int, managed: bool = False) -> int: ...
    def release(self, address: int) -> None: ...
    def free_bytes(self) -> int: ...
    def upload(self, address: int, host: int, n_bytes: int) -> None: ...
    def download(self, host: int, address: int, n_bytes: int) -> None: ...
    def move(self, to: int, source: int, n_bytes: int) -> None: ...
    def set(self, address: int, value: int, n_bytes: int, width: int = 1) -> None: ...
    def load(self, image: bytes) -> int: ...
    def unload(self, module: int) -> None: ...
    def function(self, module: int, name: str) -> int: ...
    def variable(self, module: int, name: str) -> tuple[int, int]: ...
    def launch(
        self, function: int, geometry: tuple[int, ...], shared_bytes: int, arguments: int
    ) -> None: ...
    def event(self) -> int: ...
    def record(self, event: int) -> None: ...
    def done(self, event: int) -> bool: ...
    def elapsed_ms(self, start: int, stop: int) -> float: ...


@lru_cache(maxsize=1)
def count_devices() -> int:
    """Devices that the driver offers this process (CUDA_VISIBLE_DEVICES counts); 0 without a
    driver. Never raises.
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
    """The real one: device `index` of those visible, its primary context, one stream. Raises
    DriverError, ImportError.
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
        if managed:
            return int(self._call(self._cu.cuMemAllocManaged, n_bytes, 1))
        return int(self._call(self._cu.cuMemAlloc, n_bytes))

    def release(self, address: int) -> None:
        self._call(self._cu.cuMemFree, address)

    def free_bytes(self) -> int:
        return int(self._call(self._cu.cuMemGetInfo)[0])

    def upload(self, address: int, host: int, n_bytes: int) -> None:
        self._call(self._cu.cuMemcpyHtoDAsync, address, host, n_bytes, self._stream)
        self._call(self._cu.cuStreamSynchronize, self._stream)

    def download(self, host: int, address: int, n_bytes: int) -> None:
        self._call(self._cu.cuMemcpyDtoHAsync, host, address, n_bytes, self._stream)
        self._call(self._cu.cuStreamSynchronize, self._stream)

    def move(self, to: int, source: int, n_bytes: int) -> None:
        self._call(self._cu.cuMemcpyDtoDAsync, to, source, n_bytes, self._stream)
        self._call(self._cu.cuStreamSynchronize, self._stream)

    def set(self, address: int, value: int, n_bytes: int, width: int = 1) -> None:
        """Fill with an element of 1 or 4 bytes; n_bytes is a multiple of width."""
        maker = self._cu.cuMemsetD8Async if width == 1 else self._cu.cuMemsetD32Async
        self._call(maker, address, value, n_bytes // width, self._stream)

    def load(self, image: bytes) -> int:
        module = self._call(self._cu.cuModuleLoadData, image)
        self._modules[int(module)] = module
        return int(module)

    def unload(self, module: int) -> None:
        self._call(self._cu.cuModuleUnload, self._modules.pop(module))

    def function(self, module: int, name: str) -> int:
        function = self._call(self._cu.cuModuleGetFunction, self._modules[module], name.encode())
        self._functions[int(function)] = function
        return int(function)

    def variable(self, module: int, name: str) -> tuple[int, int]:
        address, n_bytes = self._call(
            self._cu.cuModuleGetGlobal, self._modules[module], name.encode()
        )
        return int(address), int(n_bytes)

    def launch(
        self, function: int, geometry: tuple[int, ...], shared_bytes: int, arguments: int
    ) -> None:
        """geometry: grid xyz, block xyz. arguments: address of a table of pointers to the
        arguments.
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
        event = self._call(self._cu.cuEventCreate, 0)
        self._events[int(event)] = event
        return int(event)

    def record(self, event: int) -> None:
        self._call(self._cu.cuEventRecord, self._events[event], self._stream)

    def done(self, event: int) -> bool:
        try:
            self._call(self._cu.cuEventQuery, self._events[event])
        except DriverError as error:
            if error.code == NOT_READY:
                return False
            raise
        return True

    def elapsed_ms(self, start: int, stop: int) -> float:
        return float(
            self._call(self._cu.cuEventElapsedTime, self._events[start], self._events[stop])
        )
