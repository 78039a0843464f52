"""The real driver class, through the real bindings, against a stand-in for libcuda.so.1
(stub_driver.c): no GPU is involved.

It shows that every call reaches the driver with the arguments that were meant, and that errors come
back as they should.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import Arguments, CompileRequest, Geometry, Status, Variant
from gpu_runtime.cuda.backend import CudaBackend
from gpu_runtime.cuda.driver import DriverError
from gpu_runtime.cuda.nvrtc import is_available

AXPY = (
    "__global__ void axpy(int n, float a, const float *x, float *y) { int i = "
    "blockIdx.x*blockDim.x+threadIdx.x; if (i < n) y[i] += a * x[i]; }"
)
HOST = (
    AXPY
    + """
__constant__ float w[4];
void run(int n, float a, const float *x, float *y) {
    float *dx, *dy; cudaMallocManaged(&dx, n * 4); cudaMalloc(&dy, n * 4); cudaMemset(dy, 0, n * 4);
    for (int i = 0; i < n; i++) dx[i] = x[i];
    cudaMemcpyToSymbol(w, x, 4 * sizeof(float)); cudaMemcpyFromSymbol(dx, w, 8);
    axpy<<<1, n>>>(n, a, dx, dy);
    cudaMemcpy(y, dy, n * 4, cudaMemcpyDeviceToHost); cudaFree(dx); cudaFree(dy);
}"""
)

pytestmark = pytest.mark.skipif(
    not is_available() or shutil.which("gcc") is None, reason="needs the CUDA bindings and gcc"
)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("driver")
    source = Path(__file__).with_name("stub_driver.c")
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-O1", str(source), "-o", str(folder / "libcuda.so.1")],
        check=True,
    )
    return folder


@pytest.fixture(scope="module")
def backend(library):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gpu_runtime.cuda.backend.is_usable", lambda: True)
        made = CudaBackend(checks="none", environment={"LD_LIBRARY_PATH": str(library)})
    yield made
    made.close()


def request(text: str, name: str, variant: Variant = Variant.PLAIN) -> CompileRequest:
    program = Program("cuda", name, text)
    return CompileRequest(program, read_signature(program), variant)


def call(n: int = 100) -> Arguments:
    values = (
        np.array(n, np.int32),
        np.array(2, np.float32),
        np.arange(n, dtype=np.float32),
        np.ones(n, np.float32),
    )
    return Arguments(values, geometry=Geometry((2, 1, 1), (64, 1, 1)))


def test_facts_of_the_device(backend):
    facts = backend.facts
    assert backend.name.startswith("cuda:Stub+degraded(")
    assert (
        facts.architecture,
        facts.driver,
        facts.multiprocessors,
        facts.clock_mhz,
        facts.memory_mib,
    ) == ("sm_90", "13.0", 132, 1980, 8192)


def test_kernels_and_host_functions_run(backend):
    kernel, host = backend.compile([request(AXPY, "axpy"), request(HOST, "run")])
    assert backend.run(kernel, [call()])[0].values[3].tolist() == (1 + 2 * np.arange(100)).tolist()
    done = backend.run(host, [call(50)])[0]
    assert (done.status, done.detail) == (Status.OK, "")
    assert done.values[3].tolist() == (2 * np.arange(50)).tolist()


def test_a_sticky_error_replaces_the_context(backend):
    bad, good = backend.compile(
        [request(AXPY.replace("axpy", "illegal"), "illegal"), request(AXPY, "axpy")]
    )
    done = backend.run(bad, [call(), call()])
    assert [e.status for e in done] == [Status.OUT_OF_BOUNDS, Status.NOT_RUN]
    assert backend.run(good, [call()])[0].status is Status.OK


def test_a_launch_that_is_refused_and_much_shared_memory(backend):
    good = backend.compile([request(AXPY, "axpy")])[0]
    refused = Arguments(call().values, geometry=Geometry((1, 2, 1), (64, 1, 1)))
    assert backend.run(good, [refused])[0].status is Status.SIGNAL
    shared = Arguments(call().values, geometry=Geometry((2, 1, 1), (64, 1, 1), 60_000))
    assert backend.run(good, [shared])[0].status is Status.OK


def test_a_code_that_the_bindings_do_not_know_is_a_failed_launch(backend):
    other = backend.compile([request(AXPY.replace("axpy", "other"), "other")])[
        0
    ]  # the stand-in answers 98 to it
    done = backend.run(other, [call()])[0]
    assert done.status is Status.SIGNAL and "98" in done.detail


def test_times_are_from_events_and_the_cache_is_flushed(backend):
    timed = backend.compile([request(AXPY, "axpy", Variant.TIMED)])[0]
    measured = backend.time(timed, call(), 3)
    assert measured["kernel_ms"] == [0.5] * 3 and all(t > 0.5 for t in measured["total_ms"])


def test_the_cheap_question_whether_there_is_a_device(library, tmp_path):
    ask = (
        "from gpu_runtime.cuda.driver import count_devices; "
        "from coevolve.verification.backend_choice import choose_backend_kind; "
        "print(count_devices(), choose_backend_kind('auto'))"
    )
    root = str(Path(__file__).parents[2])
    for folder, said in ((library, "1 cuda"), (tmp_path, None)):
        done = subprocess.run(
            [sys.executable, "-c", ask],
            env={**os.environ, "LD_LIBRARY_PATH": str(folder), "PYTHONPATH": root},
            capture_output=True,
            text=True,
            check=True,
        )
        assert said is None or done.stdout.strip() == said


def test_the_compiler_works_beside_a_driver_that_is_installed(library):
    """NVRTC looks for libcuda.so.1 by itself: in its locked process it must find no device."""
    ask = (
        "from gpu_runtime.cuda.nvrtc import *; print(DeviceCompiler().compile('__global__ "
        "void k(int *a) { *a = 1; }', ['k']).ok)"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask],
        env={
            **os.environ,
            "LD_LIBRARY_PATH": str(library),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "True"


def test_which_errors_end_a_context():
    assert (
        DriverError(700, "x").sticky
        and DriverError(719, "x").sticky
        and not DriverError(1, "x").sticky
        and not DriverError(2, "x").sticky
    )
