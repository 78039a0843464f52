"""How much faster a training step of the small model is by its own attention, by Muon's products in
bfloat16, and by all cores.

Contract: takes steps of equal batches of generated lessons from equal weights, in turn, and prints
CPU seconds a step and the ratio (where the processor does not multiply bfloat16 neither is used,
and the command says so); then wall seconds a step with one thread and with a thread on each core,
which sleep at once while they wait (as in runs, where verifiers want the cores) or spin for a
while.

    python benchmarks/training_step.py --steps 20
"""

from __future__ import annotations

import argparse
import copy
import os
import statistics
import subprocess
import sys
import time
from contextlib import nullcontext

import torch

from corpora.generator import generate
from gpu_runtime.models.attention import use_causal_attention
from gpu_runtime.models.muon import Muon
from gpu_runtime.models.scratch import ScratchConfig, ScratchModel, find_hidden_matrices
from gpu_runtime.models.training import (
    BETAS,
    WEIGHT_DECAY,
    EncodedExample,
    has_bf16_products,
    plan_batches,
)
from translator.prompting.translate import make_example

SPINS = "20000"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--batch-tokens", type=int, default=4096)
    parser.add_argument(
        "--threads",
        type=int,
        default=0,
        help="only print the wall seconds of a step with so many threads",
    )
    args = parser.parse_args()
    torch.set_num_threads(args.threads or 1)
    if args.threads:
        print(wall_s(args.steps, args.batch_tokens))
        return 0
    if not has_bf16_products():
        print(
            "this processor does not multiply bfloat16: training uses torch's own attention and "
            "fp32 products"
        )
    else:
        found = measure(args.steps, args.batch_tokens)
        before, now = (statistics.median(found[way]) for way in (False, True))
        print(
            f"CPU seconds a step of {args.batch_tokens} tokens, median of {args.steps}: library "
            f"{before:.3f}, ours {now:.3f}: {before / now:.2f}x"
        )
    cores = len(os.sched_getaffinity(0))
    one, sleeping, spinning = (
        _elsewhere(args, n, spins) for n, spins in ((1, "0"), (cores, "0"), (cores, SPINS))
    )
    print(
        f"wall seconds a step: 1 thread {one:.3f}, {cores} that sleep {sleeping:.3f} "
        f"({one / sleeping:.2f}x), {cores} that spin {spinning:.3f} ({one / spinning:.2f}x)"
    )
    return 0


def _elsewhere(args: argparse.Namespace, threads: int, spins: str) -> float:
    """`wall_s` in a process of its own: how threads wait is settled when torch is loaded."""
    command = [
        sys.executable,
        __file__,
        "--threads",
        str(threads),
        "--steps",
        str(args.steps),
        "--batch-tokens",
        str(args.batch_tokens),
    ]
    done = subprocess.run(
        command,
        env={**os.environ, "GOMP_SPINCOUNT": spins},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def wall_s(steps: int, batch_tokens: int) -> float:
    """Median wall seconds of a training step as runs take it."""
    model, encoded, batches = _prepared(steps, batch_tokens)
    optimiser = _optimiser(model, torch.bfloat16 if has_bf16_products() else torch.float32)
    found = []
    with use_causal_attention(model._model) if has_bf16_products() else nullcontext():
        for batch in batches:
            started = time.monotonic()
            _step(model, [encoded[i] for i in batch], optimiser)
            found.append(time.monotonic() - started)
    return statistics.median(found[2:])


def _step(model: ScratchModel, rows: list[EncodedExample], optimiser: Muon) -> None:
    model._model.train()
    model._loss(rows).backward()
    optimiser.step()
    optimiser.zero_grad()


def _prepared(
    steps: int, batch_tokens: int
) -> tuple[ScratchModel, list[EncodedExample], list[list[int]]]:
    """A new model, lessons and their batches, two more than `steps` to warm up."""
    computations = generate(40 * steps, 1, "mixed")
    lessons = [
        make_example(c.programs["cpp"], c.programs["cuda"])
        for c in computations
        if "cuda" in c.programs
    ]
    config = ScratchConfig()
    model = ScratchModel.create(
        config, [text for lesson in lessons for text in (lesson.prompt, lesson.answer)]
    )
    encoded = [e for e in model._encode_examples(lessons) if len(e.ids) <= config.context]
    return (
        model,
        encoded,
        plan_batches([len(e.ids) for e in encoded], batch_tokens, 1.0, 0)[: steps + 2],
    )


def measure(steps: int, batch_tokens: int) -> dict[bool, list[float]]:
    """CPU seconds of each step, without (False) and with (True) what is ours, on the same batches
    in turn.
    """
    model, encoded, batches = _prepared(steps, batch_tokens)
    models = {False: copy.deepcopy(model), True: model}
    optimisers = {
        way: _optimiser(model, torch.bfloat16 if way else torch.float32)
        for way, model in models.items()
    }
    found: dict[bool, list[float]] = {False: [], True: []}
    for batch in batches:
        for way, model in models.items():
            started = time.process_time()
            with use_causal_attention(model._model) if way else nullcontext():
                _step(model, [encoded[i] for i in batch], optimisers[way])
            found[way].append(time.process_time() - started)
    return {way: times[2:] for way, times in found.items()}  # the first two warm up


def _optimiser(model: ScratchModel, products: torch.dtype) -> Muon:
    hidden = find_hidden_matrices(model._model)
    chosen = {id(p) for p in hidden}
    return Muon(
        hidden,
        [p for p in model._model.parameters() if id(p) not in chosen],
        1e-3,
        BETAS,
        WEIGHT_DECAY,
        products,
    )


if __name__ == "__main__":
    raise SystemExit(main())
