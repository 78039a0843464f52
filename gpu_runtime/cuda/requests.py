"""What the GPU worker does for one candidate: fresh module, image to the device, launch, watch,
image back.

Contract: `run_request` gives one row for each call (`status`, `detail`, `ms`). After a sticky error
or a hang `session.lost` is set. The process must then be replaced: only its end frees the device.

    pytest tests/gpu_runtime/test_cuda_backend.py
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from typing import Any

from gpu_runtime.backend import Status
from gpu_runtime.cuda.driver import DriverError
from gpu_runtime.cuda.host import HostPart
from gpu_runtime.cuda.kernel_arguments import fill_row_tables, make_kernel_arguments
from gpu_runtime.cuda.session import (
    CallTimes,
    KernelHangError,
    OverBudgetError,
    Session,
    ViolationError,
    explain_driver_error,
)


def run_request(
    session: Session, request: dict[str, Any], measure: int = 0
) -> list[dict[str, Any]]:
    """Run the calls of a request on the device and return one mapping per call, in order: `status`,
    `ms` (milliseconds) and `detail`, why it failed, or ''. After the first failure no call is run,
    so that there may be fewer mappings than calls.

    session: the worker's state, which gets the request's limits. request: as `GpuWorker` sends it:
        the cubin's path, the entry, the calls and their limits. measure: how often each call is
        repeated for its time; the mapping then has the lists `kernel_ms` and `total_ms` too. 0: run
        once, untimed.
    """
    session.deadline = time.monotonic() + request["wall_s"]
    session.budget_bytes = request["memory_bytes"]
    session.open(request["total_bytes"])
    rows: list[dict[str, Any]] = []
    try:
        for i, call in enumerate(request["calls"]):
            session.progress(i)
            rows.append(_guarded(session, lambda c=call: _one(session, request, c, measure)))
            if rows[-1]["status"] != Status.OK:
                break
    finally:
        session.close_module()
    return rows


def _guarded(session: Session, action: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    began = time.perf_counter()
    try:
        return {"status": Status.OK.value, "detail": "", **action()}
    except KernelHangError as hang:
        session.lost = True
        status, detail = Status.TIMEOUT, str(hang)
    except OverBudgetError as over:
        status, detail = Status.MEMORY_LIMIT, str(over)
    except ViolationError as violation:
        status, detail = violation.status, str(violation)
    except DriverError as error:
        session.lost = session.lost or error.sticky
        status, detail = explain_driver_error(error)
    return {"status": status.value, "detail": detail, "ms": (time.perf_counter() - began) * 1e3}


def _one(
    session: Session, request: dict[str, Any], call: dict[str, Any], measure: int
) -> dict[str, Any]:
    run = _run_host if request["host"] else _run_kernel
    if not measure:
        spent = run(session, request, call, False)
        return {"ms": spent.total_ms if request["host"] else spent.kernel_ms}
    begin = session.address + call["base"]
    pristine = ctypes.string_at(begin, call["bytes"])
    kernel, total = [], []
    for _ in range(measure):
        ctypes.memmove(begin, pristine, len(pristine))
        spent = run(session, request, call, True)
        kernel.append(spent.kernel_ms)
        total.append(spent.total_ms)
    return {"ms": kernel[-1], "kernel_ms": kernel, "total_ms": total}


def _run_kernel(
    session: Session, request: dict[str, Any], call: dict[str, Any], cold: bool
) -> CallTimes:
    """A kernel, or a device function."""
    begin, n_bytes = session.address + call["base"], call["bytes"]
    device = session.reserve(n_bytes)
    fill_row_tables(call, begin, device)
    function = session.module(request).function(request["entry"])
    started = time.perf_counter()
    session.driver.upload(device, begin, n_bytes)
    uploaded = time.perf_counter()
    if cold:
        session.flush_cache()
    table, _kept = make_kernel_arguments(call, begin, device, request["kind"] == "device")
    kernel_ms = session.launch_and_wait(
        function, tuple(call["geometry"]), call["shared"], ctypes.addressof(table)
    )
    ended = time.perf_counter()
    session.driver.download(begin, device, n_bytes)
    return CallTimes(
        kernel_ms, kernel_ms + (uploaded - started + time.perf_counter() - ended) * 1e3
    )


def _run_host(
    session: Session, request: dict[str, Any], call: dict[str, Any], cold: bool
) -> CallTimes:
    if cold:
        session.flush_cache()
    with HostPart(session, request, call, session.module(request)) as part:
        started = time.perf_counter()
        part.call()
        return CallTimes(part.kernel_ms, (time.perf_counter() - started) * 1e3)
