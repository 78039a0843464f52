"""What a step of decoding costs when the answers to a prompt share its cache, beside every answer
with a copy of its own.

    python benchmarks/shared_prompt.py [--prompt 400] [--answers 10] [--rows 60]

The shape is that of the small model that comes with the project. Both are run in turn, a hundred
steps each, on one thread; the last line is the ratio of their median times. Reading the prompts is
not in it.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch

from coevolve.named_models import SMALL
from gpu_runtime.models.llama_decoder import LlamaDecoder
from gpu_runtime.models.scratch import ScratchModel

STEPS = 100


def seconds_a_step(decoder: LlamaDecoder, prompts: int, length: int, answers: int) -> float:
    """Median over STEPS steps of `prompts` * `answers` rows."""
    decoder.prefill(
        torch.ones(prompts, length, dtype=torch.long),
        torch.zeros(prompts, dtype=torch.long),
        torch.full((prompts,), answers),
        STEPS,
    )
    new, found = torch.ones(prompts * answers, dtype=torch.long), []
    for _ in range(STEPS):
        started = time.perf_counter()
        decoder.step(new)
        found.append(time.perf_counter() - started)
    return statistics.median(found)


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--prompt", type=int, default=400, metavar="N", help="tokens of a prompt (default: 400)"
    )
    parser.add_argument(
        "--answers", type=int, default=10, metavar="N", help="to each prompt (default: 10)"
    )
    parser.add_argument(
        "--rows", type=int, default=60, metavar="N", help="answers side by side (default: 60)"
    )
    args = parser.parse_args()
    torch.set_num_threads(1)
    decoder = LlamaDecoder(ScratchModel.load(SMALL / "translator")._model)
    prompts = args.rows // args.answers
    for _ in range(2):  # the first time warms up
        alone = seconds_a_step(decoder, prompts * args.answers, args.prompt, 1)
        shared = seconds_a_step(decoder, prompts, args.prompt, args.answers)
    print(
        f"{prompts} prompts of {args.prompt} tokens, {args.answers} answers each: a copy for "
        f"each answer {1000 * alone:.1f} ms a step, shared {1000 * shared:.1f} ms"
    )
    print(f"{alone / shared:.2f}x")


if __name__ == "__main__":
    main()
