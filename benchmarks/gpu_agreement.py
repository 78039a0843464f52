"""Verdicts on a device beside the emulation's: the zoo, the aligned real pairs (gold), mutants of
those that are accepted.

    python benchmarks/gpu_agreement.py --data ../shared/data/babeltower [--shards 6] [--each \\
        4] [--limit-s 150]

Needs a device. Three engines judge every pair: the emulation, the device with the emulation's
checks (what `--backend cuda` does), the device alone. The second must say what the first says;
where the third says otherwise, races and accesses that a device does not show are told from the
rest. Every disagreement is printed with both reasons. Work is shared out over processes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, TimeoutError as OutOfTime, as_completed
from dataclasses import dataclass
from multiprocessing import active_children, get_context
from pathlib import Path

from gold import gold_pairs
from mutants import Judged, judged_mutants, markdown as mutant_table

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.dialects import guess_dialect
from corpora.records import Outcome, Program, Verdict
from gpu_runtime.cuda.backend import CudaBackend, is_usable
from translator.judge import JudgeConfig

ZOO = Path(__file__).resolve().parents[1] / "tests" / "zoo"
NOT_SHOWN = frozenset(
    {Outcome.RACE, Outcome.MEMORY_ERROR, Outcome.NONDETERMINISTIC, Outcome.RUNTIME_ERROR}
)
"""What the emulation finds and a device may pass over."""


@dataclass(frozen=True, slots=True)
class Row:
    """One question. line: of the data set, 0 in the zoo. Verdicts: emulation; device with its
    checks; device alone.
    """

    line: int
    name: str
    emulated: Verdict
    checked: Verdict
    alone: Verdict

    @property
    def agrees(self) -> bool:
        return self.emulated.outcome is self.checked.outcome

    @property
    def explained(self) -> bool:
        """Whether what the device alone says is what the emulation says, but for findings that a
        device does not show.
        """
        return self.emulated.equivalent is self.alone.equivalent or (
            self.emulated.outcome in NOT_SHOWN and self.alone.outcome is Outcome.EQUIVALENT
        )


@dataclass(frozen=True, slots=True)
class Part:
    """What one process found. mutants: of accepted pairs; left_out: pairs whose source is slow."""

    rows: tuple[Row, ...]
    mutants: tuple[Judged, ...] = ()
    mutated: int = 0
    left_out: int = 0


def zoo_pairs() -> list[tuple[int, Pair]]:
    """Every case of the zoo with CUDA on one side."""
    made = []
    for expected in sorted(ZOO.glob("*/*/expected")):
        case = expected.parent
        (source,), (target,) = case.glob("source.*"), case.glob("target.*")
        if ".cu" in (source.suffix, target.suffix):
            programs = [
                Program(guess_dialect(p.name).name, "work", p.read_text(), origin=case.name)
                for p in (source, target)
            ]
            made.append((0, Pair(*programs, expected.read_text().split("\n", 1)[1].strip())))
    return made


def judged(pairs: Sequence[tuple[int, Pair]], engines: Sequence[Engine], each: int) -> Part:
    """All pairs by three engines (emulation, checked, alone), `each` mutants of the accepted ones
    by the second.
    """
    rows, mutants, mutated, left_out = [], [], 0, 0
    for line, pair in pairs:
        rows.append(
            Row(
                line,
                pair.target.origin or pair.target.name,
                *(engine.verify(pair) for engine in engines),
            )
        )
        if line and each and rows[-1].checked.outcome is Outcome.EQUIVALENT:
            found = judged_mutants(line, pair, engines[1], each)
            left_out += isinstance(found, str)
            mutated += not isinstance(found, str)
            mutants += [] if isinstance(found, str) else found
    return Part(tuple(rows), tuple(mutants), mutated, left_out)


def shard(pairs: Sequence[tuple[int, Pair]], each: int) -> Part:
    """In a process of its own."""
    config = VerifyConfig(mutants=0, judge=JudgeConfig(timeout_floor_s=1.0))
    with (
        tempfile.TemporaryDirectory() as folder
    ):  # verdicts are remembered by the back end's name: the two of the device are not the same
        backends = ("emulated", CudaBackend(), CudaBackend(checks="none"))
        engines = [Engine(b, config, cache=Path(folder) / str(i)) for i, b in enumerate(backends)]
        for engine in engines:
            engine.prepare([pair for _, pair in pairs])
        part = judged(pairs, engines, each)
        for engine in engines:
            engine.close()
    return part


def table(title: str, rows: Sequence[Row]) -> list[str]:
    """Markdown: outcomes of the three, agreement, and each disagreement."""
    if not rows:
        return [f"{title}: nothing was judged."]
    counts = [
        Counter(getattr(row, which).outcome for row in rows)
        for which in ("emulated", "checked", "alone")
    ]
    agree, explained = sum(row.agrees for row in rows), sum(row.explained for row in rows)
    lines = [
        f"{title}: {len(rows)} judged. **{agree / len(rows):.1%}** of the verdicts on the "
        f"device are the emulation's; of the device's alone "
        f"{explained / len(rows):.1%} are, but for what a device does not show.",
        "",
        "| outcome | emulated | device with the emulation's checks | device alone |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {o.value} | {' | '.join(str(c[o]) for c in counts)} |"
        for o in Outcome
        if any(c[o] for c in counts)
    ]
    odd = [
        (row, other)
        for row in rows
        for other, fine in ((row.checked, row.agrees), (row.alone, row.explained))
        if not fine
    ]
    if odd:
        lines += [
            "",
            "| line | name | emulation | device | on |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [
            f"| {r.line or ''} | {r.name} | {_said(r.emulated)} | {_said(v)} | "
            f"{'device with checks' if v is r.checked else 'device alone'} |"
            for r, v in odd
        ]
    return [*lines, ""]


def _said(verdict: Verdict) -> str:
    return f"{verdict.outcome.value}: {verdict.detail[:160]}".replace("|", "\\|")


def parts_of(
    work: Sequence[tuple[Sequence[tuple[int, Pair]], int]], shards: int, limit_s: float
) -> tuple[list[Part], int]:
    """What was done in time, and how many parts were not."""
    began, done = time.monotonic(), []
    pool = ProcessPoolExecutor(shards, get_context("spawn"))
    waiting = {pool.submit(shard, pairs, each) for pairs, each in work}
    try:
        for future in as_completed(waiting, timeout=max(1.0, limit_s - (time.monotonic() - began))):
            done.append(future.result())
            print(
                f"{len(done)} of {len(work)} parts, {time.monotonic() - began:.0f} s",
                file=sys.stderr,
                flush=True,
            )
    except OutOfTime:
        pass
    pool.shutdown(wait=len(done) == len(work), cancel_futures=True)
    for child in active_children():
        child.terminate()
    return done, len(work) - len(done)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--data",
        type=Path,
        help="folder with BabelTower's cpp.para.valid.tok and cuda.para.valid.tok; the zoo "
        "alone without",
    )
    parser.add_argument(
        "--shards", type=int, default=max(1, min(8, (os.cpu_count() or 2) // 2)), help="processes"
    )
    parser.add_argument("--each", type=int, default=4, help="mutants of an accepted target")
    parser.add_argument(
        "--lines", type=int, default=0, help="only so many pairs, spread over the data"
    )
    parser.add_argument(
        "--limit-s", type=float, default=150.0, help="what is not done then is left out, and said"
    )
    options = parser.parse_args(arguments)
    if not is_usable():
        print(
            "no CUDA device answers here: agreement with the emulation can only be measured on one",
            file=sys.stderr,
        )
        return 2
    real = gold_pairs(options.data) if options.data else []
    real = real[:: max(1, len(real) // options.lines)] if options.lines else real
    pieces = 3 * options.shards  # several a process: what is slow does not hold up all
    work = [
        (chosen, options.each)
        for pairs in (real, zoo_pairs())
        for k in range(pieces)
        if (chosen := pairs[k::pieces])
    ]
    parts, missing = parts_of(work, options.shards, options.limit_s)
    rows = [row for part in parts for row in part.rows]
    print(
        "\n".join(
            [
                *table("Zoo", [r for r in rows if not r.line]),
                *table(
                    "Aligned real pairs", sorted((r for r in rows if r.line), key=lambda r: r.line)
                ),
            ]
        )
    )
    print(
        mutant_table(
            [m for part in parts for m in part.mutants],
            sum(p.mutated for p in parts),
            sum(p.left_out for p in parts),
        )
    )
    if missing:
        print(f"\n**{missing} of {len(work)} parts were not done within {options.limit_s:.0f} s.**")
    fine = rows and not missing and sum(r.agrees for r in rows) >= 0.99 * len(rows)
    return 0 if fine else 1


if __name__ == "__main__":
    raise SystemExit(main())
