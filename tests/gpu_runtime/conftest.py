"""A CUDA back end on the recorded fake, for tests: its kernels are made known to the fake before
the worker starts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gpu_runtime.backend import Compiled, CompileRequest
from gpu_runtime.compile.toolchain import find_cache_root
from gpu_runtime.cuda.backend import CudaBackend
from gpu_runtime.cuda.compile import compile_for_device, load_bundle
from gpu_runtime.cuda.nvrtc import DeviceCompiler
from gpu_runtime.cuda.source import extract_device_text

FAKE = "cuda_fake:FakeDriver"


def lowered_kernels(compiled: Sequence[Compiled]) -> dict[str, dict[str, str]]:
    """Lowered name -> the program that the fake runs for it, for bare kernels and for those inside
    host programs.
    """
    known = {}
    for one in compiled:
        bundle, _ = load_bundle(one.artifact)
        program = one.request.program
        if bundle.kind == "kernel":
            known[bundle.entry] = {"name": program.name, "text": program.text}
        for spelled, symbol in (bundle.names or {}).items():
            known[symbol] = {
                "name": spelled.partition("(")[0].rpartition("::")[2],
                "text": extract_device_text(program),
            }
    return known


def fake_backend(
    folder: Path, requests: Sequence[CompileRequest], checks: str = "none"
) -> CudaBackend:
    """The back end on the fake; `folder/log` will hold the driver's calls."""
    compiler = DeviceCompiler()
    made = compile_for_device(requests, compiler)
    compiler.close()
    assert all(c.ok for c in made), [c.diagnostics for c in made]
    (folder / "programs.json").write_text(json.dumps(lowered_kernels(made)))
    environment = {
        "PYTHONPATH": str(Path(__file__).parent),
        "COEVOLVE_CACHE": str(find_cache_root()),
        "FAKE_PROGRAMS": str(folder / "programs.json"),
        "FAKE_LOG": str(folder / "log"),
        "HOME": os.environ.get("HOME", "/"),
    }
    return CudaBackend(checks=checks, driver=FAKE, environment=environment)


@pytest.fixture(scope="session")
def on_fake() -> Callable[..., CudaBackend]:
    """fake_backend(folder, requests, checks="none"), for modules that cannot import this file."""
    return fake_backend
