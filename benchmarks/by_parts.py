"""What does porting nest by nest add? Functions, each by the model's first answer to the whole and
by `coevolve.port.by_parts`.

    python benchmarks/by_parts.py \\
        ../shared/data/fortran_cpp/Polybench_train.parquet#fortran?shim=polybench --to cuda

Every port is executed against the function under rule-made tests. Printed: how many functions have
a port that is equivalent and in parallel (one thread's work is counted apart) by either way and by
both together, and every joined port that is not equivalent.
"""

from __future__ import annotations

import argparse
import time

from coevolve.loop.services import PROMPT_STYLES
from coevolve.named_models import resolve_model
from coevolve.port.by_parts import port_by_parts
from coevolve.verification.engine import Engine, Pair
from corpora.datasets.loaders import load_corpus
from corpora.dialects import parse_direction
from corpora.records import Outcome, Program
from gpu_runtime.models.protocol import Sampling
from translator.prompting.translate import Translator


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", help="of functions, as coevolve eval takes it")
    parser.add_argument(
        "--from",
        dest="source",
        default="fortran",
        choices=("fortran", "cpp"),
        help="dialect of the functions (default: fortran)",
    )
    parser.add_argument("--to", default="cuda", choices=("cuda", "openmp"))
    parser.add_argument("--model", default="small")
    parser.add_argument(
        "--limit",
        type=int,
        default=0,
        metavar="N",
        help="only the first N functions (default: all)",
    )
    args = parser.parse_args()
    way, greedy = parse_direction(f"{args.source}:{args.to}"), Sampling(1, 0.0)
    model = resolve_model(args.model, "translator", str(way))
    translator, engine = (
        Translator(model.open(), PROMPT_STYLES[model.kind], spell=True),
        Engine("emulated"),
    )
    whole: set[int] = set()
    alone: set[int] = set()
    joined: set[int] = set()
    seconds: list[float] = []
    programs = load_corpus(args.corpus, args.source).programs[: args.limit or None]
    try:
        for k, program in enumerate(programs):
            (answer,) = translator.propose([program], way, greedy)
            verdict = engine.verify(Pair(program, Program(args.to, program.name, answer.text)))
            if verdict.outcome is Outcome.EQUIVALENT:
                (alone if verdict.serial else whole).add(k)
            start = time.perf_counter()
            made = port_by_parts(program, way, translator, engine, greedy)
            if made is None:
                continue
            verdict = engine.verify(Pair(program, made))
            seconds.append(time.perf_counter() - start)
            if verdict.outcome is not Outcome.EQUIVALENT:
                print(f"{program.name}: {verdict.outcome.name}: {verdict.detail}")
            elif not verdict.serial:
                joined.add(k)
    finally:
        engine.close()
    share = 100 / max(1, len(programs))
    print(
        "| functions | whole, parallel | whole, one thread | joined, parallel | joined, not "
        "equivalent | either, parallel | s a joined one |"
    )
    print("| --- " * 7 + "|")
    mean = sum(seconds) / max(1, len(seconds))
    print(
        f"| {len(programs)} | {len(whole)} ({share * len(whole):.1f} %) | {len(alone)} | "
        f"{len(joined)} ({share * len(joined):.1f} %) "
        f"| {len(seconds) - len(joined)} of {len(seconds)} | {len(whole | joined)} "
        f"({share * len(whole | joined):.1f} %) | {mean:.1f} |"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
