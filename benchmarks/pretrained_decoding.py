"""Tokens per second of a causal Hugging Face model that answers many prompts, by four decoders.

    python benchmarks/pretrained_decoding.py MODEL [--prompts 12] [--tokens 96] [--rows 6]
        [--vllm PYTHON] [--json FILE]

MODEL is a folder or a hub id. The prompts ask for CUDA of functions of the development corpus.
Every decoder writes greedily until an end or `--tokens`:

- `given order`: transformers' `generate`, batches of `--rows` in the order given
- `by length`: the same, prompts sorted by length
- `refilled`: `gpu_runtime.models.batched.decode`, the project's own
- `vllm`: vLLM, run by PYTHON, the interpreter of an environment in which it is installed

Loading is not in the figures. The first decoder's prompts are read once before, to warm up. Wall
time is what the other programs on the machine leave; CPU time of all threads stands beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

Ids = list[int]


@dataclass(frozen=True, slots=True)
class Row:
    """What one decoder did. tokens: written, ends not counted. same: answers equal to `given
    order`'s (bfloat16 rounds otherwise in other batches). ratio: tokens per wall second over
    those of `given order`.
    """

    decoder: str
    tokens: int
    wall_s: float
    cpu_s: float
    per_wall_s: float
    per_cpu_s: float
    same: int
    ratio: float


def measure(answer: Callable[[], list[Ids]]) -> tuple[list[Ids], float, float]:
    """Answers, wall seconds and CPU seconds of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = answer()
    return found, time.perf_counter() - wall, time.process_time() - cpu


def cut_at_end(ids: Sequence[int], ends: frozenset[int]) -> Ids:
    """The ids before the first end."""
    return list(ids[: next((k for k, each in enumerate(ids) if each in ends), len(ids))])


def generate_in_batches(model, prompts: Sequence[Ids], rows: int, tokens: int) -> list[Ids]:
    """transformers' own decoding, `rows` prompts at a time; its end ids are cut off."""
    import torch

    ends, found = _ends(model), []
    for at in range(0, len(prompts), rows):
        batch = prompts[at : at + rows]
        longest = max(map(len, batch))
        ids = torch.tensor([[0] * (longest - len(p)) + p for p in batch])
        mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in batch])
        with torch.inference_mode():
            out = model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=tokens,
                do_sample=False,
                repetition_penalty=1.0,
                pad_token_id=min(ends),
            )
        found += [cut_at_end(row, ends) for row in out[:, longest:].tolist()]
    return found


def generate_by_length(model, prompts: Sequence[Ids], rows: int, tokens: int) -> list[Ids]:
    """As `generate_in_batches`, like lengths together; answers in the prompts' order."""
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    answers = generate_in_batches(model, [prompts[i] for i in order], rows, tokens)
    return [ids for _, ids in sorted(zip(order, answers, strict=True))]


def decode_refilled(model, prompts: Sequence[Ids], rows: int, tokens: int) -> list[Ids]:
    """The project's decoder."""
    from gpu_runtime.models.batched import Limits, Request, decode

    requests = [Request(tuple(ids), tokens) for ids in prompts]
    return decode(model, requests, Limits(_ends(model), rows=rows))


def _ends(model) -> frozenset[int]:
    known = model.generation_config.eos_token_id
    return frozenset(known if isinstance(known, list) else [known])


def ask_vllm(python: str, job: dict) -> tuple[list[Ids], float, float]:
    """As `measure`, by vLLM in another interpreter; CPU seconds are those of all its processes."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "job.json"), Path(folder, "answers.json")
        given.write_text(json.dumps(job))
        command = [python, str(Path(__file__).resolve()), "--job", str(given), str(made)]
        settings = {"VLLM_NO_USAGE_STATS": "1", "VLLM_ENABLE_V1_MULTIPROCESSING": "0"}
        subprocess.run(command, check=True, stdout=sys.stderr, env=os.environ | settings)
        answer = json.loads(made.read_text())
    return answer["ids"], answer["wall_s"], answer["cpu_s"]


def run_vllm(job: dict) -> dict:
    """The other interpreter's part: needs vLLM alone."""
    import vllm

    engine = vllm.LLM(
        model=job["model"],
        dtype=job["dtype"],
        max_model_len=job["longest"],
        max_num_seqs=job["rows"],
        kv_cache_memory_bytes=1 << 30,
        enforce_eager=True,
    )
    wanted = vllm.SamplingParams(temperature=0.0, max_tokens=job["tokens"])
    asked = [{"prompt_token_ids": ids} for ids in job["prompts"]]
    engine.generate(asked[:1], vllm.SamplingParams(temperature=0.0, max_tokens=2), use_tqdm=False)
    engine.reset_prefix_cache()
    out, wall, cpu = measure(lambda: engine.generate(asked, wanted, use_tqdm=False))
    ends = frozenset(job["ends"])
    ids = [cut_at_end(each.outputs[0].token_ids, ends) for each in out]
    return {"ids": ids, "wall_s": wall, "cpu_s": cpu}


def make_prompts(tokenizer, number: int) -> list[Ids]:
    """Requests for CUDA of `number` functions, short and long ones in the corpus's own order."""
    from coevolve.evaluation.items import load_items
    from gpu_runtime.models.chat_format import encode_prompt
    from translator.prompting.instructions import build_request

    corpus = load_items("development", "cpp:cuda")
    step = max(1, len(corpus.items) // number)
    chosen = [item.source for item in corpus.items[::step]][:number]
    asked = [build_request(source, corpus.direction) for source in chosen]
    return [list(encode_prompt(tokenizer, text, True)) for text in asked]


def compare(args: argparse.Namespace) -> list[Row]:
    """A row for each decoder."""
    from gpu_runtime.models.pretrained import PretrainedConfig, PretrainedModel

    opened = PretrainedModel.load(args.model, PretrainedConfig())
    model, prompts = opened._model.eval(), make_prompts(opened._tokenizer, args.prompts)
    generate_in_batches(model, prompts[:1], 1, 2)
    measured = {}
    for name, decoder in (
        ("given order", generate_in_batches),
        ("by length", generate_by_length),
        ("refilled", decode_refilled),
    ):
        measured[name] = measure(partial(decoder, model, prompts, args.rows, args.tokens))
        print(f"{name}: {measured[name][1]:.1f} s", file=sys.stderr, flush=True)
    job = {
        "model": args.model,
        "dtype": str(model.dtype).removeprefix("torch."),
        "prompts": prompts,
        "tokens": args.tokens,
        "rows": args.rows,
        "longest": max(map(len, prompts)) + args.tokens + 1,
        "ends": sorted(_ends(model)),
    }
    del opened, model
    if args.vllm:
        measured["vllm"] = ask_vllm(args.vllm, job)
    return _rows(measured)


def _rows(measured: dict[str, tuple[list[Ids], float, float]]) -> list[Row]:
    first = measured["given order"][0]
    speed = sum(map(len, first)) / measured["given order"][1]
    rows = []
    for name, (answers, wall, cpu) in measured.items():
        tokens = sum(map(len, answers))
        same = sum(a == b for a, b in zip(answers, first, strict=True))
        per_wall = tokens / wall
        figures = (wall, cpu, per_wall, tokens / cpu)
        rounded = (round(value, 2) for value in figures)
        rows.append(Row(name, tokens, *rounded, same, round(per_wall / speed, 2)))
    return rows


def main() -> None:
    if sys.argv[1:2] == ["--job"]:
        given, made = map(Path, sys.argv[2:4])
        made.write_text(json.dumps(run_vllm(json.loads(given.read_text()))))
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", metavar="MODEL", help="a folder or a hub id")
    parser.add_argument("--prompts", type=int, default=12, metavar="N", help="default: 12")
    parser.add_argument("--tokens", type=int, default=96, metavar="N", help="most of an answer")
    parser.add_argument("--rows", type=int, default=6, metavar="N", help="answers side by side")
    parser.add_argument("--vllm", default="", metavar="PYTHON", help="an interpreter with vLLM")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there")
    args = parser.parse_args()
    rows = compare(args)
    for row in rows:
        print(
            f"{row.decoder:12} {row.tokens:6} tokens {row.per_wall_s:7.2f} a second "
            f"{row.per_cpu_s:7.2f} a CPU second, {row.same} answers the same, x {row.ratio:.2f}"
        )
    if args.json:
        args.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))


if __name__ == "__main__":
    main()
