"""How many accepted pairs are PROVED, how fast, and whether any wrong port is.

    python benchmarks/proofs.py ../shared/data/babeltower [--mutants 2000] [--json FILE]

Three sets: BabelTower's aligned pairs that the engine accepts (see benchmarks/gold.py), the kernels
of the development corpus, and the OpenMP references of the built-in corpus. Then every proved
target is mutated; mutants that are PROVED as well are executed. One that execution finds different
is a wrong PROVED and is printed whole.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from gold import CHUNK, gold_pairs

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from coevolve.verification.proof.prove import prove
from coevolve.verification.proof.records import Answer, Proof
from corpora import builtin, development
from corpora.records import Outcome, Program
from tester.mutation.mutants import Mutant, generate_mutants, sample_mutants


@dataclass(frozen=True, slots=True)
class Row:
    """One pair: its verdict and its proof."""

    pair: Pair
    outcome: Outcome
    proof: Proof


def judge_pairs(pairs: list[Pair], engine: Engine) -> list[Row]:
    """Verdict and proof of each pair. Raises nothing for what they hold."""
    rows = []
    for start in range(0, len(pairs), CHUNK):
        part = pairs[start : start + CHUNK]
        engine.prepare(part)
        for pair in part:
            outcome = engine.verify(pair).outcome
            rows.append(Row(pair, outcome, prove(pair.source, pair.target)))
    return rows


def summarize(name: str, rows: list[Row]) -> dict[str, object]:
    """One line of the table of shares."""
    accepted = [r for r in rows if r.outcome is Outcome.EQUIVALENT]
    proved = [r for r in accepted if r.proof.answer is Answer.PROVED]
    wrong = [
        r for r in rows if r.proof.answer is Answer.PROVED and r.outcome is not Outcome.EQUIVALENT
    ]
    times = sorted(r.proof.elapsed_ms for r in accepted)
    return {
        "set": name,
        "pairs": len(rows),
        "accepted": len(accepted),
        "proved": len(proved),
        "share": round(100 * len(proved) / max(len(accepted), 1), 1),
        "wrong": len(wrong),
        "median_ms": round(statistics.median(times), 1) if times else None,
        "most_ms": times[-1] if times else None,
    }


@dataclass(frozen=True, slots=True)
class MutantCount:
    """made: mutants asked about; proved: PROVED of them; wrong: those that execution finds
    different."""

    made: int
    proved: int
    wrong: tuple[tuple[Pair, Mutant, Outcome], ...]


def prove_mutants(rows: list[Row], engine: Engine, most: int) -> MutantCount:
    """Mutants of proved targets, as many of each, at most `most` in all."""
    origins = [
        r for r in rows if r.proof.answer is Answer.PROVED and r.outcome is Outcome.EQUIVALENT
    ]
    each = -(-most // max(len(origins), 1))
    made, kept = 0, []
    for number, row in enumerate(origins):
        for mutant in sample_mutants(generate_mutants(row.pair.target), each, number):
            made += 1
            if prove(row.pair.source, mutant.program).answer is Answer.PROVED:
                kept.append((row.pair, mutant))
    wrong = []
    for start in range(0, len(kept), CHUNK):
        part = kept[start : start + CHUNK]
        engine.prepare([Pair(pair.source, m.program) for pair, m in part])
        for pair, mutant in part:
            outcome = engine.verify(Pair(pair.source, mutant.program)).outcome
            if outcome not in (Outcome.EQUIVALENT, Outcome.COMPILE_ERROR, Outcome.REFUSED):
                wrong.append((pair, mutant, outcome))
                print(mutant.program.text, outcome, sep="\n", file=sys.stderr)
    return MutantCount(made, len(kept), tuple(wrong))


def first_words(reason: str) -> str:
    """A reason without its line and names, to count reasons by."""
    text = reason.partition(": ")[2] if reason.startswith("line ") else reason
    return " ".join(text.partition(":")[0].partition("(")[0].split()[:4])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, metavar="DATA_FOLDER")
    parser.add_argument("--mutants", type=int, default=2000, help="of all sets (default: 2000)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    args = parser.parse_args()
    sets: dict[str, list[Pair]] = {
        "BabelTower, C++ to CUDA": [pair for _, pair in gold_pairs(args.data)],
        "development, C++ to CUDA": _pairs(development.pairs("cpp:cuda")),
        "built-in, C++ to OpenMP": _pairs(builtin.pairs("cpp:openmp")),
    }
    engine = Engine("emulated", VerifyConfig())
    try:
        judged = {name: judge_pairs(pairs, engine) for name, pairs in sets.items()}
        shares = [summarize(name, rows) for name, rows in judged.items()]
        mutants = prove_mutants([r for rows in judged.values() for r in rows], engine, args.mutants)
    finally:
        engine.close()
    unknown = Counter(
        first_words(r.proof.reason)
        for rows in judged.values()
        for r in rows
        if r.outcome is Outcome.EQUIVALENT and r.proof.answer is not Answer.PROVED
    )
    figures = {
        "shares": shares,
        "mutants": {"made": mutants.made, "proved": mutants.proved, "wrong": len(mutants.wrong)},
        "reasons": [{"reason": reason, "pairs": n} for reason, n in unknown.most_common(8)],
    }
    print(json.dumps(figures, indent=1))
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 1 if mutants.wrong or any(s["wrong"] for s in shares) else 0


def _pairs(found: list[tuple[Program, Program]]) -> list[Pair]:
    return [Pair(source, target) for source, target in found]


if __name__ == "__main__":
    sys.exit(main())
