"""The CUDA back end against the recorded fake of the driver (tests/gpu_runtime/cuda_fake.py): no
GPU is involved here.

What is shown: arguments reach a kernel as they should, a bad candidate costs itself only, worker
and context are replaced, guard zones and budgets hold. What a real device does is shown by
tests/gpu_runtime/test_cuda_device.py.
"""

from __future__ import annotations

import os
from dataclasses import replace

import gpu_speedup
import numpy as np
import pytest

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.records import Outcome, Program
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import Arguments, CompileRequest, Geometry, Limits, Status, Variant
from gpu_runtime.cuda.backend import CudaBackend
from gpu_runtime.cuda.nvrtc import is_available
from gpu_runtime.cuda.timing import measure_pair, read_clocks, summarize_times

pytestmark = pytest.mark.skipif(
    not is_available(), reason="NVRTC is not installed (pip install -e '.[cuda]')"
)

AXPY = (
    "__global__ void axpy(int n, float a, const float *x, float *y) { int i = "
    "blockIdx.x*blockDim.x+threadIdx.x; if (i < n) y[i] += a * x[i]; }"
)
ROWS = (
    "__global__ void rows(int n, float **m) { int i = threadIdx.x; if (i < n) m[1][i] += m[0][i]; }"
)
BEYOND = "__global__ void beyond(int n, float *y) { if (threadIdx.x == 0) y[n] = 1; }"
HANG = "__global__ void hang(int n, float *y) { while (n) y[0] = n; }"
ILLEGAL = "__global__ void illegal(int n, float *y) { y[1 << 28] = n; }"
TRAP = "__global__ void trap(int n, float *y) { __trap(); }"
REFUSE = "__global__ void refuse(int n, float *y) { y[0] = n; }"
STATE = "__device__ int seen;\n__global__ void state(int n, float *y) { seen += n; y[0] = seen; }"
HOST = f"""#include <cuda_runtime.h>
{AXPY}
void run(int n, float a, const float *x, float *y) {{
    float *dx, *dy;
    cudaMalloc(&dx, n * sizeof(float)); cudaMalloc((void **)&dy, n * sizeof(float));
    cudaMemcpy(dx, x, n * sizeof(float), cudaMemcpyHostToDevice); cudaMemcpy(dy, y, \
n * sizeof(float), cudaMemcpyHostToDevice);
    axpy<<<(n + 63) / 64, 64>>>(n, 2.0 * a, dx, dy);
    cudaMemcpy(y, dy, n * sizeof(float), cudaMemcpyDeviceToHost);
    cudaFree(dx); cudaFree(dy);
}}"""
SMALL = (
    "__global__ void axpy(int n, float a, const float *x, float *y) {{ y[0] = n; }}\nvoid "
    "{0}(int n, float *y) {{ {1} }}"
)
HOSTS = {
    "host_null": "float *p = 0; p[n] = 1;",
    "host_loop": "for (volatile int k = 0; ; k++);",
    "host_abort": "abort();",
    "host_beyond": "float *d; cudaMalloc(&d, 4); axpy<<<1, 1>>>(n, 1, d, d + 1); cudaFree(d);",
    "host_greedy": "float *d = 0; y[0] = cudaMalloc(&d, (size_t)5 << 30); y[1] = d == 0; y[2] = "
    "cudaGetLastError(); y[3] = cudaGetLastError();",
    "host_wrong_way": "float *d; cudaMalloc(&d, 4); y[0] = cudaMemcpy(d, y, 4, "
    "cudaMemcpyDeviceToHost); y[1] = cudaMemcpy(d, y, 4, "
    "cudaMemcpyHostToDevice);",
    "host_wide": "axpy<<<1, 2048>>>(n, 1, y, y); y[0] = cudaGetLastError();",
    "host_more": "float *d; cudaMalloc(&d, 4096); y[0] = cudaMemcpy(d, y, 4096, "
    "cudaMemcpyHostToDevice); y[1] = cudaMemcpy(y, d, 4096, "
    "cudaMemcpyDeviceToHost);",
}


def request(text: str, name: str, variant: Variant = Variant.PLAIN) -> CompileRequest:
    program = Program("cuda", name, text)
    return CompileRequest(program, read_signature(program), variant)


@pytest.fixture(scope="module")
def everything(on_fake, tmp_path_factory):
    texts = {
        "axpy": AXPY,
        "rows": ROWS,
        "beyond": BEYOND,
        "hang": HANG,
        "illegal": ILLEGAL,
        "trap": TRAP,
        "refuse": REFUSE,
        "state": STATE,
        "run": HOST,
    }
    requests = [request(text, name) for name, text in texts.items()]
    folder = tmp_path_factory.mktemp("fake")
    backend = on_fake(folder, [*requests, *(replace(r, variant=Variant.TIMED) for r in requests)])
    yield backend, dict(zip(texts, backend.compile(requests), strict=True)), folder / "log"
    backend.close()


@pytest.fixture(scope="module")
def hosts(on_fake, tmp_path_factory):
    requests = [request(SMALL.format(name, body), name) for name, body in HOSTS.items()]
    backend = on_fake(tmp_path_factory.mktemp("hosts"), requests)
    yield backend, dict(zip(HOSTS, backend.compile(requests), strict=True))
    backend.close()


def axpy_call(n: int = 100) -> Arguments:
    values = (
        np.array(n, np.int32),
        np.array(2, np.float32),
        np.arange(n, dtype=np.float32),
        np.ones(n, np.float32),
    )
    return Arguments(values, geometry=Geometry((2, 1, 1), (64, 1, 1)))


def small_call(n: int = 4) -> Arguments:
    return Arguments(
        (np.array(n, np.int32), np.zeros(n, np.float32)), geometry=Geometry((1, 1, 1), (1, 1, 1))
    )


def still_right(backend, programs):
    done = backend.run(programs["axpy"], [axpy_call()])[0]
    return done.status is Status.OK and np.array_equal(
        done.values[3], 1 + 2 * np.arange(100, dtype=np.float32)
    )


def test_a_kernel_and_a_host_function_give_their_values(everything):
    backend, programs, log = everything
    assert backend.name.startswith("cuda:Fake+degraded(")
    assert still_right(backend, programs)
    lines = log.read_text().split("\n")
    shape = next(line for line in lines if line.startswith("launch"))
    assert shape.endswith(" 2 1 1 64 1 1 0")
    first = [line.split()[0] for line in lines[: lines.index(shape) + 3]]
    assert first[-6:] == ["load", "upload", "record", "launch", "record", "download"]
    done = backend.run(programs["run"], [axpy_call(), axpy_call(70)])
    assert [e.status for e in done] == [Status.OK] * 2
    assert np.array_equal(
        done[1].values[3], 1 + 4 * np.arange(70, dtype=np.float32)
    )  # 2.0 * a arrives as float


def test_tables_of_rows_and_aliases(everything):
    backend, programs, _ = everything
    matrix = np.arange(6, dtype=np.float32).reshape(2, 3)
    done = backend.run(
        programs["rows"],
        [Arguments((np.array(3, np.int32), matrix), geometry=Geometry((1, 1, 1), (4, 1, 1)))],
    )[0]
    assert done.values[1].tolist() == [[0, 1, 2], [3, 5, 7]]
    both = replace(axpy_call(), aliases=((2, 3),))
    assert (
        backend.run(programs["axpy"], [both])[0].values[3].tolist() == (3 * np.arange(100)).tolist()
    )


def test_no_arrays_and_empty_arrays(everything):
    backend, programs, _ = everything
    done = backend.run(programs["axpy"], [axpy_call(0)])[0]
    assert done.status is Status.OK and done.values[3].size == 0


def test_a_write_beyond_an_array_is_found_in_the_guard_zone(everything):
    backend, programs, _ = everything
    done = backend.run(programs["beyond"], [small_call(), small_call()])
    assert [e.status for e in done] == [Status.OUT_OF_BOUNDS, Status.NOT_RUN]
    assert done[0].detail == "write outside parameter 'y': element 4, it has 4"


@pytest.mark.parametrize(
    "name,status",
    [
        ("hang", Status.TIMEOUT),
        ("illegal", Status.OUT_OF_BOUNDS),
        ("trap", Status.SIGNAL),
        ("refuse", Status.SIGNAL),
    ],
)
def test_a_bad_kernel_costs_itself_only(everything, name, status):
    backend, programs, _ = everything
    before = backend._idle[0].starts
    done = backend.run(
        programs[name],
        [small_call(), small_call()],
        Limits(wall_s=0.3 if status is Status.TIMEOUT else 20.0),
    )
    assert [e.status for e in done] == [status, Status.NOT_RUN]
    assert still_right(backend, programs)
    assert backend._idle[0].starts == before + (name != "refuse"), (
        "a refused launch leaves the context usable"
    )


def test_many_bad_kernels_in_a_row(everything):
    backend, programs, _ = everything
    for k in range(9):
        name = ("illegal", "trap", "beyond")[k % 3]
        assert backend.run(programs[name], [small_call()])[0].status is not Status.OK
    assert still_right(backend, programs)


def test_every_candidate_gets_a_fresh_module_and_stateful_ones_every_call(everything):
    backend, programs, log = everything
    loads = log.read_text().count("\nload")
    backend.run(programs["axpy"], [axpy_call()] * 3)
    assert log.read_text().count("\nload") == loads + 1
    backend.run(programs["state"], [small_call()] * 3)
    assert log.read_text().count("\nload") == loads + 4


@pytest.mark.parametrize(
    "name,status,detail",
    [
        ("host_null", Status.SIGNAL, "SIGSEGV"),
        ("host_loop", Status.TIMEOUT, "wall-clock"),
        ("host_abort", Status.SIGNAL, "SIGABRT"),
        ("host_beyond", Status.OUT_OF_BOUNDS, "write behind device memory of 4 bytes"),
    ],
)
def test_a_bad_host_function_costs_itself_only(hosts, name, status, detail):
    backend, programs = hosts
    done = backend.run(
        programs[name],
        [small_call(), small_call()],
        Limits(wall_s=0.3 if status is Status.TIMEOUT else 20.0),
    )
    assert [e.status for e in done] == [status, Status.NOT_RUN] and detail in done[0].detail
    assert backend.run(programs["host_wide"], [small_call()])[0].status is Status.OK


@pytest.mark.parametrize(
    "name,values",
    [
        ("host_greedy", [2, 1, 2, 0]),
        ("host_wrong_way", [1, 0, 0, 0]),
        ("host_wide", [9, 0, 0, 0]),
        ("host_more", [0, 0, 0, 0]),
    ],
)
def test_errors_are_told_to_the_program_as_the_runtime_would(hosts, name, values):
    backend, programs = hosts
    done = backend.run(programs[name], [small_call()])[0]
    assert (done.status, done.detail) == (Status.OK, "") and done.values[1].tolist() == values


def test_arguments_over_the_budget_are_not_tried(everything):
    backend, programs, _ = everything
    done = backend.run(programs["axpy"], [axpy_call(1 << 20)], Limits(memory_mib=1))[0]
    assert done.status is Status.MEMORY_LIMIT


def test_the_emulation_sees_what_a_device_cannot(on_fake, tmp_path):
    race = (
        "__global__ void race(int n, float *y) { int i = blockIdx.x*blockDim.x+threadIdx.x; "
        "if (i < n) y[0] = y[0] + 1; }"
    )
    backend = on_fake(tmp_path, [request(race, "race"), request(AXPY, "axpy")], checks="emulator")
    racy, right = backend.compile([request(race, "race"), request(AXPY, "axpy")])
    call = Arguments(
        (np.array(64, np.int32), np.zeros(1, np.float32)), geometry=Geometry((1, 1, 1), (64, 1, 1))
    )
    assert backend.run(racy, [call])[0].status is Status.RACE
    done = backend.run(right, [axpy_call()])[0]
    assert done.status is Status.OK and done.active_threads == 100 and done.accesses
    assert (
        "launch" in (tmp_path / "log").read_text() and "race" not in (tmp_path / "log").read_text()
    )
    assert not backend.compile([request(AXPY, "axpy", Variant.RECORDED)])[0].artifact.name.endswith(
        ".json"
    )
    backend.close()


SERIAL = (
    "void axpy(int n, float a, const float *x, float *y) { for (int i = 0; i < n; i++) "
    "y[i] += a * x[i]; }"
)


def test_verdicts_through_the_whole_engine(on_fake, tmp_path):
    wrong = AXPY.replace("a * x[i]", "a + x[i]")
    backend = on_fake(tmp_path, [request(AXPY, "axpy"), request(wrong, "axpy")])
    engine = Engine(backend, VerifyConfig(tests=4, mutants=0), cache=tmp_path)
    source = Program("cpp", "axpy", SERIAL)
    good, bad = (
        engine.verify(Pair(source, Program("cuda", "axpy", text))) for text in (AXPY, wrong)
    )
    native = engine.verify(Pair(source, Program("cpp", "axpy", SERIAL + "\n")))
    assert (good.outcome, bad.outcome, native.outcome) == (
        Outcome.EQUIVALENT,
        Outcome.MISMATCH,
        Outcome.EQUIVALENT,
    )
    assert good.backend.startswith("cuda:Fake") and native.backend.startswith("native")
    backend.close()


def test_times_of_a_pair(everything):
    backend, _, _ = everything
    serial = replace(request(AXPY, "axpy"), program=Program("cpp", "axpy", SERIAL))
    call = axpy_call()
    for target in (request(AXPY, "axpy"), request(HOST, "run")):
        t = measure_pair(backend, serial, target, 100, call, call)
        assert (t.kernel.median_ms, t.kernel.quartiles_ms, t.kernel.count) == (0.25, 0.0, 15)
        assert t.total.median_ms > t.kernel.median_ms - 1e-9 or target.program.name == "run"
        assert (
            t.device == "Fake"
            and t.serial.count == 5
            and t.kernel_speedup == t.serial.median_ms / 0.25
        )


def test_before_every_timed_launch_the_cache_is_overwritten(on_fake, tmp_path):
    """Twice the last-level cache (the fake's has 1 MiB), between the transfer and the launch; a
    verdict's launch pays nothing for it.
    """
    timed, plain = request(AXPY, "axpy", Variant.TIMED), request(AXPY, "axpy")
    backend = on_fake(tmp_path, [timed, plain])
    made = backend.compile([timed, plain])
    said = []
    for act in (
        lambda: backend.time(made[0], axpy_call(), 4),
        lambda: backend.run(made[1], [axpy_call()]),
    ):
        (tmp_path / "log").write_text("")
        act()
        said.append(
            [
                line.split()[:2]
                for line in (tmp_path / "log").read_text().splitlines()
                if line.split()[0] in ("upload", "set", "launch", "download")
            ]
        )
    backend.close()
    flush = ["set", str(2 << 20)]
    assert [w[0] for w in said[0]] == ["upload", "set", "launch", "download"] * 4 and said[0].count(
        flush
    ) == 4
    assert flush not in said[1] and [w[0] for w in said[1]].count("launch") == 1


def test_records_of_a_timing_carry_what_they_were_measured_on(everything, monkeypatch, tmp_path):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho '1980 MHz, 3201 MHz'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    backend, _, _ = everything
    serial = replace(request(AXPY, "axpy"), program=Program("cpp", "axpy", SERIAL))
    t = measure_pair(backend, serial, request(AXPY, "axpy"), 100, axpy_call(), axpy_call())
    assert (t.device, t.driver, t.clocks, t.size) == ("Fake", "13.0", "1980 MHz, 3201 MHz", 100)
    assert t.total_speedup == t.serial.median_ms / t.total.median_ms and t.serial.quartiles_ms >= 0
    tool.write_text("#!/bin/sh\nexit 9\n")
    assert read_clocks() == ""


def test_the_six_hpc_references_agree_with_their_serial_sources(on_fake, tmp_path):
    """Host functions with many launches and copies, built as for a timing; and the benchmark's own
    check of values.
    """
    pairs = {name: gpu_speedup.requests_for(name) for name in gpu_speedup.KERNELS}
    backend = on_fake(
        tmp_path, [replace(target, variant=Variant.TIMED) for _, target in pairs.values()]
    )
    for name, (source, target) in pairs.items():
        values = gpu_speedup.KERNELS[name][0](12)
        gpu_speedup.agree(backend, source, target, Arguments(values))
    wrong = replace(pairs["axpy"][0], program=Program("cpp", "axpy", SERIAL.replace("+=", "-=")))
    with pytest.raises(gpu_speedup.NotMeasuredError, match="'y' differs"):
        gpu_speedup.agree(backend, wrong, pairs["axpy"][1], Arguments(gpu_speedup.axpy(12)))
    backend.close()


def test_spread_of_times():
    assert (
        summarize_times([1.0, 2.0, 3.0, 4.0, 100.0]).median_ms == 3.0
        and summarize_times([1.0, 2.0, 3.0, 4.0, 100.0]).quartiles_ms == 2.0
    )
    with pytest.raises(ValueError):
        summarize_times([])


def test_without_a_device_one_line_says_so(monkeypatch):
    monkeypatch.setattr("gpu_runtime.cuda.backend.is_usable", lambda: False)
    with pytest.raises(
        ValueError, match="no CUDA device answers here; choose the back end emulated"
    ):
        CudaBackend()
