"""Verdicts on aligned real pairs: outcome counts, the share that is decided, and every refused pair
with its counterexample.

    python benchmarks/gold.py ../shared/data/babeltower [--lines 1-184] [--markdown FILE]

DATA_FOLDER holds `cpp.para.valid.tok` and `cuda.para.valid.tok` (BabelTower form: line i of one is
meant to match line i of the other). Suites are made by rules from the C++ side; CUDA runs emulated.
Whether the alignment is right is not known beforehand: the refused pairs are printed so that a
person can look.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from coevolve.verification.explain import describe_smallest_counterexample
from corpora.datasets.loaders import CorpusError, load_pairs
from corpora.records import Outcome, Verdict

CHUNK = 16


@dataclass(frozen=True, slots=True)
class Row:
    """One pair of the data set. line: from 1, in both files. shown: the smallest test found on
    which it fails, one line.
    """

    line: int
    pair: Pair
    verdict: Verdict
    shown: str


def gold_pairs(folder: Path) -> list[tuple[int, Pair]]:
    """(line, pair) of the aligned files. Raises CorpusError."""
    loaded = load_pairs(
        str(folder / "cpp.para.valid.tok"), str(folder / "cuda.para.valid.tok"), "cpp:cuda"
    )
    return [
        (int(source.origin.rpartition(" ")[2]), Pair(source, target)) for source, target in loaded
    ]


def judged(numbered: list[tuple[int, Pair]], engine: Engine) -> list[Row]:
    rows = []
    for start in range(0, len(numbered), CHUNK):
        part = numbered[start : start + CHUNK]
        engine.prepare([pair for _, pair in part])
        for line, pair in part:
            verdict = engine.verify(pair)
            shown = (
                describe_smallest_counterexample(engine, pair, verdict)
                if verdict.equivalent is False
                else verdict.detail
            )
            rows.append(Row(line, pair, verdict, shown))
            print(f"{line:4} {pair.source.name:32} {verdict.outcome.value}", file=sys.stderr)
    return rows


def markdown(rows: list[Row]) -> str:
    """Counts, then what was not accepted, as Markdown tables."""
    counts = Counter(row.verdict.outcome for row in rows)
    unable = [row for row in rows if row.verdict.equivalent is None]
    lines = [
        f"{len(rows)} pairs, {len(rows) - len(unable)} decided "
        f"({1 - len(unable) / max(len(rows), 1):.1%}).",
        "",
    ]
    lines += ["| outcome | pairs |", "| --- | --- |"]
    lines += [f"| {outcome.value} | {counts[outcome]} |" for outcome in Outcome if counts[outcome]]
    lines += [
        "",
        "| line | function | verdict | smallest counterexample found, or reason |",
        "| --- | --- | --- | --- |",
    ]
    for row in rows:
        if row.verdict.outcome is not Outcome.EQUIVALENT:
            blame = "" if row.verdict.equivalent is False else " (undecided)"
            shown = row.shown.replace("|", "\\|")
            lines.append(
                f"| {row.line} | {row.pair.source.name} | {row.verdict.outcome.value}{blame} | "
                f"{shown} |"
            )
    return "\n".join(lines)


def arguments(description: str) -> argparse.ArgumentParser:
    """What every benchmark on the aligned pairs asks: data, --lines, --markdown."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, metavar="DATA_FOLDER")
    parser.add_argument(
        "--lines",
        type=lines_of,
        default=set(),
        metavar="A-B or A,B",
        help="only these lines, counted from 1",
    )
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="write the tables there as well"
    )
    return parser


def lines_of(text: str) -> set[int]:
    """`3,7-9` -> {3, 7, 8, 9}."""
    parts = [part.partition("-") for part in text.split(",") if part]
    try:
        return {n for a, dash, b in parts for n in range(int(a), int(b if dash else a) + 1)}
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form 3 or 3,7-9") from None


def chosen(args: argparse.Namespace, name: str) -> list[tuple[int, Pair]]:
    """The pairs of the lines asked for. Ends the process with one line and code 2 when there are no
    such data.
    """
    try:
        return [n for n in gold_pairs(args.data) if not args.lines or n[0] in args.lines]
    except CorpusError as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(2)


def publish(text: str, args: argparse.Namespace) -> None:
    if args.markdown:
        args.markdown.write_text(text + "\n")
    print(text)


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument(
        "--mutants",
        type=int,
        default=12,
        help="mutants by which a suite is strengthened (default: 12)",
    )
    args = parser.parse_args()
    numbered = chosen(args, "gold")
    engine = Engine("emulated", VerifyConfig(mutants=args.mutants))
    started = time.perf_counter()
    try:
        rows = judged(numbered, engine)
    finally:
        engine.close()
    publish(markdown(rows), args)
    print(
        f"\n{time.perf_counter() - started:.0f} s wall (counterexamples included)", file=sys.stderr
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
