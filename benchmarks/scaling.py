"""Bytes, tokens and hours of a run over ten million functions, from recorded figures.

    python benchmarks/scaling.py [--functions 10000000] [--gpus 64] [--cores 1024]

Costs of a verdict come from `results/throughput.json`; those of models from the estimates of
`coevolve plan` (half of a data sheet's values) for Qwen2.5-Coder-7B on an H100. Sizes of records
are those of the demo's rounds.
"""

from __future__ import annotations

import argparse

from scheduling import read_verdict_s

from gpu_runtime.models.options import FineTuning
from gpu_runtime.models.sizes import (
    MACHINES,
    estimate_generate_seconds,
    estimate_train_seconds,
    find_model_shape,
)

SAMPLES, ROWS, EPOCHS = 4, 256, 2
PROMPT, ANSWER, TEST_ANSWER = 1365, 243, 160
"""Tokens, as `coevolve plan configs/qwen.toml` counts them."""
ACCEPTED, LEARNT = 0.5, 2
"""Share of functions with an equivalent port (assumed), and most pairs learnt of each."""
SUITE, CANDIDATE, VERDICT, PROGRAM = 5_900, 1_200, 420, 1_000
"""Bytes of a record."""
CLUSTER_S = 17.1 / 20_000
"""CPU seconds a program, of `benchmarks/near_duplicates.py`."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--functions", type=float, default=1e7)
    parser.add_argument("--gpus", type=int, default=64)
    parser.add_argument("--cores", type=int, default=1024)
    options = parser.parse_args()
    n, shape, machine = (
        options.functions,
        find_model_shape("Qwen/Qwen2.5-Coder-7B"),
        MACHINES["h100"],
    )
    asked = n * SAMPLES
    answers = estimate_generate_seconds(shape, asked, PROMPT, ANSWER, ROWS, machine)
    tests = estimate_generate_seconds(shape, n, PROMPT, TEST_ANSWER, ROWS, machine)
    tokens = n * ACCEPTED * LEARNT * EPOCHS * (PROMPT + ANSWER)
    learn = estimate_train_seconds(shape, FineTuning(method="lora"), tokens, machine)
    verify = asked * read_verdict_s()
    size = n * (PROGRAM + SUITE) + asked * (CANDIDATE + VERDICT)
    pairs = n * ACCEPTED * LEARNT * (2 * PROGRAM + SUITE + VERDICT)
    rows = [
        ("tokens read and written, Translator", asked * (PROMPT + ANSWER) / 1e9, "10^9"),
        ("tokens learnt from", tokens / 1e9, "10^9"),
        ("answers, GPU hours", answers / 3600, "h"),
        ("tests, GPU hours", tests / 3600, "h"),
        ("learning (LoRA), GPU hours", learn / 3600, "h"),
        (f"the three on {options.gpus} GPUs", (answers + tests + learn) / 3600 / options.gpus, "h"),
        ("verdicts, core hours", verify / 3600, "h"),
        (f"verdicts on {options.cores} cores", verify / 3600 / options.cores, "h"),
        ("cores that keep up with the answers", verify / (answers / options.gpus), ""),
        ("verdicts a second then", asked / (answers / options.gpus), "1/s"),
        ("near-duplicates, one core", n * CLUSTER_S / 3600, "h"),
        ("records of one round", size / 1e9, "GB"),
        ("kept pairs of one round", pairs / 1e9, "GB"),
        ("files of the cache", (n + asked) / 1e6, "10^6"),
    ]
    for what, value, unit in rows:
        print(f"{what:40} {value:10,.1f} {unit}")


if __name__ == "__main__":
    main()
