"""On a real device: `make test-gpu`. Skipped where there is none; with REQUIRE_CUDA=1 that is a
failure.

HOSTILE sets how many bad candidates are run in a row (1,000 is the figure asked for; the default
keeps this under a minute).
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import gpu_hostile
import numpy as np
import pytest
from gpu_hostile import BAD, axpy_call, bad_call, still_right

from coevolve.verification.engine import Engine, Pair, VerifyConfig, choose_backend_kind
from corpora.datasets.loaders import load_pairs
from corpora.dialects import guess_dialect
from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import Arguments, CompileRequest, Geometry, Limits, Status
from gpu_runtime.cuda.backend import CudaBackend
from gpu_runtime.cuda.sanitizer import check_batch
from gpu_runtime.cuda.timing import measure_pair
from translator.judge import JudgeConfig

pytestmark = pytest.mark.gpu
ZOO = Path(__file__).parents[1] / "zoo"
CASES = sorted(
    p.parent
    for p in ZOO.glob("*/*/expected")
    if list(p.parent.glob("target.cu")) or list(p.parent.glob("source.cu"))
)
DATA = (
    Path(os.environ.get("COEVOLVE_DATA", Path(__file__).parents[3] / "shared" / "data"))
    / "babeltower"
)

AXPY = (
    "__global__ void axpy(int n, float a, const float *x, float *y) { int i = "
    "blockIdx.x*blockDim.x+threadIdx.x; if (i < n) y[i] += a * x[i]; }"
)
SERIAL = (
    "void axpy(int n, float a, const float *x, float *y) { for (int i = 0; i < n; i++) "
    "y[i] += a * x[i]; }"
)


def request(text: str, name: str, dialect: str = "cuda") -> CompileRequest:
    program = Program(dialect, name, text)
    return CompileRequest(program, read_signature(program))


@pytest.fixture(scope="module")
def backend():
    made = CudaBackend(checks="none")
    yield made
    made.close()


def test_auto_means_the_device(backend):
    assert (
        choose_backend_kind("auto") == "cuda"
        and backend.name.startswith("cuda:")
        and backend.facts.driver
    )


def test_values_of_a_large_kernel(backend):
    compiled = backend.compile([request(AXPY, "axpy")])[0]
    n = 1 << 22
    done = backend.run(compiled, [axpy_call(n)])[0]
    assert done.status is Status.OK and np.array_equal(
        done.values[3], axpy_call(n).values[3] + 2 * axpy_call(n).values[2]
    )


@pytest.mark.parametrize("name", BAD)
def test_each_bad_candidate_has_its_status_and_the_next_is_right(backend, name):
    text, status = BAD[name]
    bad, good = backend.compile([request(text, name), request(AXPY, "axpy")])
    assert bad.ok, bad.diagnostics
    done = backend.run(bad, [bad_call(bad.request)], Limits(wall_s=1.0))[0]
    assert done.status is status, (done.status, done.detail)
    assert still_right(backend, good)


def test_many_hostile_candidates_in_a_row_leave_the_workers_alive(backend):
    result = gpu_hostile.hostile(backend, int(os.environ.get("HOSTILE", "40")), 4)
    assert result.alive and not result.wrong, result.wrong


def test_zoo_agrees_with_the_emulator(tmp_path):
    """Every case, its outcome and the emulator's: the device must change no verdict (checks by the
    emulator are on).
    """
    engines = [
        Engine(
            b, VerifyConfig(mutants=0, judge=JudgeConfig(timeout_floor_s=1.0)), cache=tmp_path / w
        )
        for w, b in (("cuda", CudaBackend()), ("emulated", "emulated"))
    ]
    differing = {}
    for case in CASES:
        programs = [
            Program(guess_dialect(p.name).name, "work", p.read_text())
            for role in ("source", "target")
            for p in case.glob(f"{role}.*")
        ]
        suite = (case / "expected").read_text().split("\n", 1)[1].strip()
        on_device, emulated = (engine.verify(Pair(*programs, suite)) for engine in engines)
        if on_device.outcome != emulated.outcome:
            differing[case.name] = (
                f"{on_device.outcome} ({on_device.detail}) / {emulated.outcome} ({emulated.detail})"
            )
    for engine in engines:
        engine.close()
    assert len(differing) <= 0.01 * len(CASES), differing


@pytest.mark.skipif(
    not DATA.exists(), reason="the BabelTower data is not here (COEVOLVE_DATA names its folder)"
)
def test_real_pairs_agree_with_the_emulator(tmp_path):
    pairs = load_pairs(
        str(DATA / "cpp.para.valid.tok"), str(DATA / "cuda.para.valid.tok"), "cpp:cuda"
    ).pairs
    chosen = list(pairs)[:: max(1, len(pairs) // int(os.environ.get("PAIRS", "40")))]
    engines = [
        Engine(b, VerifyConfig(mutants=0), cache=tmp_path / w)
        for w, b in (("cuda", CudaBackend(checks="none")), ("emulated", "emulated"))
    ]
    differing, seen = {}, Counter()
    for source, target in chosen:
        alone, emulated = (engine.verify(Pair(source, target)) for engine in engines)
        seen[str(emulated.outcome)] += 1
        if alone.equivalent != emulated.equivalent:
            differing[target.name] = (
                f"{alone.outcome} ({alone.detail}) / {emulated.outcome} ({emulated.detail})"
            )
    for engine in engines:
        engine.close()
    print(dict(seen), differing)
    assert len(differing) <= max(1, 0.01 * len(chosen)), differing


def test_a_large_axpy_is_faster_than_serial(backend):
    call = axpy_call(1 << 24)
    timing = measure_pair(
        backend, request(SERIAL, "axpy", "cpp"), request(AXPY, "axpy"), 1 << 24, call, call
    )
    assert timing.kernel_speedup > 1 and timing.total.median_ms > timing.kernel.median_ms > 0
    assert timing.kernel.quartiles_ms < timing.kernel.median_ms


@pytest.mark.skipif(
    shutil.which("compute-sanitizer") is None, reason="compute-sanitizer is not installed"
)
def test_the_sanitizer_finds_what_values_do_not_show(backend):
    race = (
        "__global__ void race(int n, float *y) { __shared__ float s[64]; s[threadIdx.x] = n; "
        "y[threadIdx.x % 16] = s[63 - threadIdx.x]; }"
    )
    far = "__global__ void far(int n, float *y) { if (y[(long)n << 30] == 3) y[0] = 1; }"
    requests = [request(race, "race"), request(far, "far"), request(AXPY, "axpy")]
    calls = [
        [
            Arguments(
                (np.array(16, np.int32), np.zeros(16, np.float32)),
                geometry=Geometry((1, 1, 1), (64, 1, 1)),
            )
        ]
    ] * 2 + [[axpy_call(100)]]
    found = check_batch(
        list(zip(backend.compile(requests), calls, strict=True)), ("memcheck", "racecheck")
    )
    assert [{f.status for f in one} for one in found] == [
        {Status.RACE},
        {Status.OUT_OF_BOUNDS},
        set(),
    ]
