"""The process that owns a GPU: reads requests, runs candidates, says what happened, and ends when
its context is lost.

Contract: talks through gpu_runtime.cuda.child_process; buffers are in the shared file whose
descriptor is its first argument. It never sees expected outputs. A driver is chosen by
`module:Class`, so that tests can run all of this against a recorded fake. Kernels run on the device
only; host functions run natively in this process, behind resource limits alone: both is said at the
start (`degraded`), since a device driver does not work behind the walls that CPU programs have.

    python -m gpu_runtime.cuda.worker FD [--driver module:Class] [--no-poison]
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import os
from dataclasses import asdict
from typing import Any

from corpora.places import name_module
from gpu_runtime.cuda.child_process import ChildChannel, lock_down
from gpu_runtime.cuda.driver import Driver
from gpu_runtime.cuda.requests import run_request
from gpu_runtime.cuda.session import Session

REAL_DRIVER = name_module("gpu_runtime.cuda.driver:CudaDriver")


def make_driver(name: str) -> Driver:
    """Import and make the driver called `name`, as `module:Class`. Raises ImportError or
    AttributeError if there is none, DriverError if it cannot start.
    """
    module, _, kind = name.partition(":")
    return getattr(importlib.import_module(module), kind)()


def _host_libraries() -> None:
    """What host functions may refer to (operator new[] of C++) is in no Python process by itself;
    artifacts are linked without it.
    """
    for name in ("libm.so.6", "libgcc_s.so.1", "libstdc++.so.6"):
        try:
            ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
        except OSError:
            pass  # a program that needs it is then refused by the loader, which names the symbol


def answer_request(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """Run one request and return {"rows": one mapping per call, as from `run_request`, "lost":
    whether the CUDA context is unusable now}.

    session: the worker's state. request: a JSON object; `what` is `run`, or `time` with the number
        of `repeats`; the rest is as `run_request` takes it.
    """
    session.lost = False
    repeats = request.get("repeats", 0) if request["what"] == "time" else 0
    rows = run_request(session, request, repeats)
    return {"rows": rows, "lost": session.lost}


def main(arguments: list[str] | None = None) -> int:
    """Serve as the process that owns a GPU: answer requests until the parent is gone. Returns the
    exit code: 0, or 1 if the device cannot be opened. Where the CUDA context is lost, the process
    ends at once with exit code 0.

    arguments: the command line without the program's name: the descriptor of the shared file;
        `--driver module:Class`, the class that makes driver calls (by default the real one);
        `--no-poison`, which leaves new device memory as it is instead of filling it. None: this
        process's command line.
    Raises SystemExit if the command line is wrong.
    """
    parser = argparse.ArgumentParser(
        description="The process that owns a GPU; started by gpu_runtime.cuda.backend."
    )
    parser.add_argument("fd", type=int, help="descriptor of the shared file")
    parser.add_argument("--driver", default=REAL_DRIVER, help="module:Class")
    parser.add_argument("--no-poison", action="store_true", help="leave new device memory as it is")
    options = parser.parse_args(arguments)
    channel = ChildChannel()
    try:
        driver = make_driver(options.driver)
    except (ImportError, AttributeError, RuntimeError) as error:
        channel.send({"error": " ".join(str(error).split())[:300]})
        return 1
    _host_libraries()
    missing = lock_down(files_closed=False)
    channel.send({"degraded": missing, "facts": asdict(driver.facts)})
    session = Session(driver, options.fd, poison=not options.no_poison)
    while (request := channel.receive()) is not None:
        try:
            reply = answer_request(session, request)
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"[:500], "lost": True, "rows": []}
        channel.send(reply)
        if reply["lost"]:
            os._exit(0)  # a context with a hanging kernel cannot be torn down in an orderly way
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
