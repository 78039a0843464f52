"""How much faster a training step of the small model is by its own attention and by Muon's products in bfloat16.

Contract: takes steps of equal batches of generated lessons from equal weights, in turn, and prints CPU seconds a step and the ratio.
Where the processor does not multiply bfloat16 neither is used, and the command says so.

    python benchmarks/training_step.py --steps 20
"""

from __future__ import annotations

import argparse
import statistics
import time
from contextlib import nullcontext

import torch

from corpora.loopnests import generate
from gpu_runtime.models.attention import use
from gpu_runtime.models.muon import Muon
from gpu_runtime.models.scratch import ScratchConfig, ScratchModel, hidden_of
from gpu_runtime.models.training import BETAS, WEIGHT_DECAY, multiplies_bf16, plan_batches
from translator.translate import example_of


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--batch-tokens", type=int, default=4096)
    args = parser.parse_args()
    if not multiplies_bf16():
        print("this processor does not multiply bfloat16: training uses torch's own attention and fp32 products")
        return 0
    torch.set_num_threads(1)
    found = measure(args.steps, args.batch_tokens)
    before, now = (statistics.median(found[way]) for way in (False, True))
    print(f"CPU seconds a step of {args.batch_tokens} tokens, median of {args.steps}: library {before:.3f}, ours {now:.3f}: {before / now:.2f}x")
    return 0


def measure(steps: int, batch_tokens: int) -> dict[bool, list[float]]:
    """CPU seconds of each step, without (False) and with (True) what is ours, on the same batches in turn."""
    computations = generate(40 * steps, 1, "mixed")
    lessons = [example_of(c.programs["cpp"], c.programs["cuda"]) for c in computations if "cuda" in c.programs]
    config = ScratchConfig()
    texts = [text for lesson in lessons for text in (lesson.prompt, lesson.answer)]
    models = {way: ScratchModel.create(config, texts) for way in (False, True)}
    encoded = [e for e in models[True]._encode_examples(lessons) if len(e.ids) <= config.context]
    batches = plan_batches([len(e.ids) for e in encoded], batch_tokens, 1.0, 0)[: steps + 2]
    optimisers = {way: _optimiser(model, torch.bfloat16 if way else torch.float32) for way, model in models.items()}
    found: dict[bool, list[float]] = {False: [], True: []}
    for batch in batches:
        for way, model in models.items():
            started = time.process_time()
            with use(model._model) if way else nullcontext():
                model._model.train()
                model._loss([encoded[i] for i in batch]).backward()
                optimisers[way].step()
                optimisers[way].zero_grad()
            found[way].append(time.process_time() - started)
    return {way: times[2:] for way, times in found.items()}  # the first two warm up


def _optimiser(model: ScratchModel, products: torch.dtype) -> Muon:
    hidden = hidden_of(model._model)
    chosen = {id(p) for p in hidden}
    return Muon(hidden, [p for p in model._model.parameters() if id(p) not in chosen], 1e-3, BETAS, WEIGHT_DECAY, products)


if __name__ == "__main__":
    raise SystemExit(main())
