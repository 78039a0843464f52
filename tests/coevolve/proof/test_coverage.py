"""What a proof says about small launches, against running through every thread of them."""

from __future__ import annotations

import itertools

import pytest

from coevolve.verification.proof.prove import prove
from coevolve.verification.proof.records import Answer, Proof
from corpora.records import Program

INDICES = {
    "blockIdx.x * blockDim.x + threadIdx.x": lambda b, t, B, G: b * B + t,
    "threadIdx.x + blockDim.x * blockIdx.x": lambda b, t, B, G: t + B * b,
    "threadIdx.x * gridDim.x + blockIdx.x": lambda b, t, B, G: t * G + b,
    "blockIdx.x * blockDim.x + threadIdx.x + 1": lambda b, t, B, G: b * B + t + 1,
    "blockIdx.x * gridDim.x + threadIdx.x": lambda b, t, B, G: b * G + t,
    "blockIdx.x * 4 + threadIdx.x": lambda b, t, B, G: b * 4 + t,
    "blockIdx.x + threadIdx.x": lambda b, t, B, G: b + t,
    "gridDim.x * blockDim.x - 1 - (blockIdx.x * blockDim.x + threadIdx.x)": (
        lambda b, t, B, G: G * B - 1 - (b * B + t)
    ),
    "(blockIdx.x * blockDim.x + threadIdx.x) * 2": lambda b, t, B, G: (b * B + t) * 2,
    "blockIdx.x": lambda b, t, B, G: b,
    "threadIdx.x": lambda b, t, B, G: t,
}
GUARDS = {
    "i < n": lambda i, n: i < n,
    "i <= n": lambda i, n: i <= n,
    "n > i": lambda i, n: n > i,
    "!(i >= n)": lambda i, n: i < n,
    "i + 1 <= n": lambda i, n: i + 1 <= n,
    "i < n - 1": lambda i, n: i < n - 1,
    "i >= 1 && i < n": lambda i, n: 1 <= i < n,
    "i != n": lambda i, n: i != n,
    "1": lambda i, n: True,
}
RANGES = {"int i = 0; i < n": (0, 0), "int i = 1; i < n": (1, 0), "int i = 0; i < n - 1": (0, 1)}


def proof_of(index: str, guard: str, head: str) -> Proof:
    source = f"void f(int n, float *y) {{ for ({head}; i++) y[i] = 1.f + y[i]; }}"
    target = (
        f"__global__ void f(int n, float *y) {{ int i = {index}; if ({guard}) y[i] = 1.f + y[i]; }}"
    )
    return prove(Program("cpp", "f", source), Program("cuda", "f", target))


def is_allowed(proof: Proof, n: int, blocks: int, threads: int) -> bool:
    """Whether a launch fulfils the preconditions of a proof."""
    sizes = {"gridDim.x": blocks, "blockDim.x": threads}
    for condition in proof.preconditions:
        if condition.kind != "launch" or not condition.extent:
            continue
        text = f"{condition.extent} {condition.relation} {condition.bound}"
        for name in ("gridDim", "blockDim"):
            for axis in "xyz":
                text = text.replace(f"{name}.{axis}", str(sizes.get(f"{name}.{axis}", 1)))
        if not eval(text, {"n": n}):  # arithmetic that the proof itself has made
            return False
    return True


@pytest.mark.parametrize("index", INDICES)
def test_proved_maps_cover_every_iteration_once(index: str) -> None:
    proved = 0
    for guard, head in itertools.product(GUARDS, RANGES):
        proof = proof_of(index, guard, head)
        if proof.answer is not Answer.PROVED:
            continue
        proved += 1
        low, short = RANGES[head]
        for n, blocks, threads in itertools.product(range(7), range(1, 5), range(1, 5)):
            if not is_allowed(proof, n, blocks, threads):
                continue
            done = [
                i
                for b, t in itertools.product(range(blocks), range(threads))
                if GUARDS[guard](i := INDICES[index](b, t, threads, blocks), n)
            ]
            wanted = list(range(low, n - short))
            assert sorted(done) == wanted, (guard, head, n, blocks, threads, proof)
    if index in list(INDICES)[:3]:
        assert proved >= 5


def test_a_guard_that_leaves_one_out_is_not_proved() -> None:
    for index in INDICES:
        for guard in ("i < n - 1", "i <= n", "i != n"):
            assert proof_of(index, guard, "int i = 0; i < n").answer is Answer.UNKNOWN
