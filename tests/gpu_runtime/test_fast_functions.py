"""CUDA's fast functions are off by up to their documented errors, and by no more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import Arguments, CompileRequest, Geometry, Status
from gpu_runtime.emulation.backend import EmulatedBackend

N = 4096
ONE = np.random.default_rng(1)
NEAR = ONE.uniform(0.5, 2, N)
FAR = np.exp(ONE.uniform(-20, 20, N))
ANGLES = ONE.uniform(-np.pi, np.pi, N)
WIDE = ONE.uniform(-30, 30, N)


def compute_ulps(values: np.ndarray) -> np.ndarray:
    return np.spacing(np.abs(values.astype(np.float32))).astype(np.float64)


def ulps(most: float) -> Callable:
    return lambda x, exact: most * compute_ulps(exact)


BOUNDS: dict[str, tuple[str, np.ndarray, Callable, Callable]] = {
    "expf": ("__expf(v)", WIDE, np.exp,
             lambda x, e: (2 + np.floor(np.abs(1.173 * x))) * compute_ulps(e)),
    "exp10f": ("__exp10f(v)", WIDE, lambda x: 10.0**x,
               lambda x, e: (2 + np.floor(np.abs(2.97 * x))) * compute_ulps(e)),
    "logf near": ("__logf(v)", NEAR, np.log, lambda x, e: 2**-21.41),
    "logf": ("__logf(v)", FAR[(FAR < 0.5) | (FAR > 2)], np.log, ulps(3)),
    "log2f near": ("__log2f(v)", NEAR, np.log2, lambda x, e: 2**-22),
    "log2f": ("__log2f(v)", FAR[(FAR < 0.5) | (FAR > 2)], np.log2, ulps(2)),
    "log10f near": ("__log10f(v)", NEAR, np.log10, lambda x, e: 2**-24),
    "log10f": ("__log10f(v)", FAR[(FAR < 0.5) | (FAR > 2)], np.log10, ulps(3)),
    "sinf": ("__sinf(v)", ANGLES, np.sin, lambda x, e: 2**-21.41),
    "cosf": ("__cosf(v)", ANGLES, np.cos, lambda x, e: 2**-21.19),
    "tanhf": ("__tanhf(v)", ANGLES, np.tanh, lambda x, e: 2**-11 * np.abs(e)),
    "fdividef": ("__fdividef(v, 3.0f)", WIDE, lambda x: x / 3, ulps(2)),
}  # fmt: skip
SPECIAL = {
    "__expf(0.0f)": 1.0,
    "__sinf(0.0f)": 0.0,
    "__cosf(0.0f)": 1.0,
    "__powf(2.0f, 0.0f)": 1.0,
    "__powf(-2.0f, 2.0f)": np.nan,
    "__powf(0.0f, 2.0f)": 0.0,
    "__expf(INFINITY)": np.inf,
    "__logf(0.0f)": -np.inf,
    "__fdividef(1.0f, 0.0f)": np.inf,
    "__fdividef(1.0f, 1.5e38f)": 0.0,
    "__fdividef(INFINITY, 1.5e38f)": np.nan,
    "__sinf(NAN)": np.nan,
}


def program_of(expression: str) -> Program:
    text = (
        "__global__ void f(const float *x, float *y, int n) { int i = blockIdx.x * blockDim.x + "
        f"threadIdx.x; if (i < n) {{ float v = x[i]; y[i] = {expression}; }} }}"
    )
    return Program("cuda", "f", text)


@pytest.fixture(scope="module")
def compute(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., np.ndarray]:
    backend = EmulatedBackend(tmp_path_factory.mktemp("cache"))
    programs = {e: program_of(e) for e in [*(b[0] for b in BOUNDS.values()), *SPECIAL]}
    requests = [CompileRequest(p, read_signature(p)) for p in programs.values()]
    made = dict(zip(programs, backend.compile(requests), strict=True))

    def run(expression: str, x: np.ndarray) -> np.ndarray:
        given = np.asarray(x, np.float32)
        values = (given, np.zeros(len(given), np.float32), np.asarray(len(given), np.int32))
        geometry = Geometry((-(-len(given) // 256), 1, 1), (256, 1, 1))
        (done,) = backend.run(made[expression], [Arguments(values, geometry=geometry)])
        assert done.status is Status.OK, done.detail
        return np.asarray(done.values[1], np.float64)

    yield run
    backend.close()


@pytest.mark.parametrize("name", BOUNDS)
def test_error_is_within_its_bound_and_there(name: str, compute: Callable) -> None:
    expression, x, function, bound = BOUNDS[name]
    given = np.asarray(x, np.float32).astype(np.float64)
    exact = function(given)
    error = np.abs(compute(expression, x) - exact)
    assert (error <= bound(given, exact) * 1.000001).all()
    rounded = np.abs(exact.astype(np.float32).astype(np.float64) - exact)
    assert (error > rounded).mean() > 0.5
    assert (error > 0.4 * bound(given, exact)).mean() > 0.25


@pytest.mark.parametrize("expression", SPECIAL)
def test_special_values(expression: str, compute: Callable) -> None:
    np.testing.assert_equal(compute(expression, np.zeros(1))[0], SPECIAL[expression])


def test_the_same_call_gives_the_same_result(compute: Callable) -> None:
    first, second = compute("__expf(v)", WIDE), compute("__expf(v)", WIDE[::-1])
    np.testing.assert_array_equal(first, second[::-1])
