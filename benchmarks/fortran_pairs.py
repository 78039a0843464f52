"""Real Fortran: how many aligned C++/Fortran functions get a decisive verdict, by reason, in both
directions.

    python benchmarks/fortran_pairs.py ../shared/data/fortran_cpp [--set polybench] [--rows \\
        0-9] [--direction fortran:cpp] [--json FILE]

DATA_FOLDER holds `Polybench_train.parquet` and `NPB_train.parquet` (columns `cpp` and `fortran`,
one or a few functions a row, newlines stored as backslash-n). Their functions lean on macros,
global arrays and routines that the rows do not hold: those are supplied by
corpora/datasets/polybench.py and corpora/datasets/nas.py. A row counts once in each direction: its
first function with a partner of the same name, else its only function. Decisive: EQUIVALENT, or a
failure that is the target's; a target that does not compile because neither its row nor a shim
holds what it names is not decided.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.datasets import nas, polybench
from corpora.datasets.loaders import drop_openmp_lines
from corpora.datasets.tables import CorpusError, read_parquet_rows, restore_newlines
from corpora.dialects import DIALECTS
from corpora.extraction.extract import ExtractionResult, extract_programs
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.fortran import parse_fortran
from corpora.frontends.queries import functions_of
from corpora.records import Blame, Outcome, Program, Verdict
from tester.mutation.mutants import generate_mutants, sample_mutants
from translator.judge import JudgeConfig, judge

FILES = {"polybench": "Polybench_train.parquet", "nas": "NPB_train.parquet"}
DIRECTIONS = ("fortran:cpp", "cpp:fortran")
CHUNK = 8
_LACKS = re.compile(r"not declared in this scope|has no IMPLICIT type|undefined reference")
"""A target that does not compile for what its row does not hold is not at fault."""


@dataclass(frozen=True, slots=True)
class Texts:
    """One row: its number from 0, both sides as complete as the shims make them, and the names of
    its own functions.
    """

    row: int
    cpp: str
    fortran: str
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Row:
    """One row in one direction. decisive: EQUIVALENT or blamed on the target; reason: verdict
    detail or why there is no verdict.

    mutants, killed: of an accepted target, those that compile and those rejected by the same suite
    (equivalent ones count as alive).
    """

    set: str
    row: int
    direction: str
    source: str
    target: str
    outcome: str
    blame: str
    decisive: bool
    reason: str
    mutants: int = 0
    killed: int = 0


def _polybench(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [
        (polybench.expand_macros(cpp, "cpp"), polybench.expand_macros(fortran, "fortran"))
        for cpp, fortran in rows
    ]


SHIMS: dict[str, Callable[[list[tuple[str, str]]], list[tuple[str, str]]]] = {
    "polybench": _polybench,
    "nas": nas.complete_rows,
}


def texts_of(folder: Path, name: str) -> list[Texts]:
    """Rows of one set, serial (directives removed). Raises CorpusError."""
    path = folder / FILES[name]
    sides = [
        [
            drop_openmp_lines(restore_newlines(text), column)
            for _, text in read_parquet_rows(path, column, DIALECTS[column])
        ]
        for column in ("cpp", "fortran")
    ]
    plain = list(zip(*sides, strict=True))
    return [
        Texts(i, *shown, _names(*given))
        for i, (given, shown) in enumerate(zip(plain, SHIMS[name](plain), strict=True))
    ]


def _names(cpp: str, fortran: str) -> frozenset[str]:
    functions = {f.name.lower() for f in functions_of(parse_c_family(cpp, "cpp"))}
    return frozenset(functions | {f.name for f in functions_of(parse_fortran(fortran))})


def partners(texts: Texts) -> tuple[Program, Program] | str:
    """The row's (C++, Fortran) pair, or why there is none."""
    found = [
        _own(extract_programs(texts.cpp, "cpp"), texts.names),
        _own(extract_programs(texts.fortran, "fortran"), texts.names),
    ]
    names = {p.name.lower().rstrip("_"): p for p in found[1].programs}
    for program in found[0].programs:
        if program.name.lower() in names:
            return program, names[program.name.lower()]
    for side, extracted in zip(("C++", "Fortran"), found, strict=True):
        if not extracted.programs:
            return f"{side}: {_why(extracted)}"
    if all(len(side.programs) == 1 for side in found):
        return found[0].programs[0], found[1].programs[0]
    skipped = [s for side in found for s in side.skipped]
    return (
        f"{skipped[0].name}: {skipped[0].reason}"
        if skipped
        else "no function of one side matches one of the other"
    )


def _own(found: ExtractionResult, names: frozenset[str]) -> ExtractionResult:
    """Without the functions that a shim added."""
    return ExtractionResult(
        tuple(p for p in found.programs if p.name.lower() in names),
        tuple(s for s in found.skipped if s.name.lower() in names),
    )


def _why(extracted: ExtractionResult) -> str:
    return (
        f"{extracted.skipped[0].name}: {extracted.skipped[0].reason}"
        if extracted.skipped
        else "no function definition in the text"
    )


def judged(
    name: str, rows: list[Texts], directions: list[str], engine: Engine, mutants: int
) -> list[Row]:
    found = []
    for start in range(0, len(rows), CHUNK):
        part = [(texts.row, partners(texts)) for texts in rows[start : start + CHUNK]]
        for direction in directions:
            flip = direction == "fortran:cpp"
            pairs = {
                row: Pair(*(pair[::-1] if flip else pair))
                for row, pair in part
                if not isinstance(pair, str)
            }
            engine.prepare(list(pairs.values()))
            for row, pair in part:
                if isinstance(pair, str):
                    found.append(
                        Row(
                            name, row, direction, "", "", "REFUSED", Blame.SOURCE.value, False, pair
                        )
                    )
                    continue
                verdict = engine.verify(pairs[row])
                made = _row(name, row, direction, pairs[row], verdict)
                found.append(
                    _mutated(made, pairs[row], engine, mutants)
                    if verdict.equivalent and mutants
                    else made
                )
                print(
                    f"{name} {row:3} {direction} {pairs[row].source.name:24} "
                    f"{verdict.outcome.value:14} {verdict.detail[:140]}",
                    file=sys.stderr,
                )
    return found


def _row(name: str, row: int, direction: str, pair: Pair, verdict: Verdict) -> Row:
    decisive = verdict.equivalent is not None and not (
        verdict.outcome is Outcome.COMPILE_ERROR and _LACKS.search(verdict.detail)
    )
    return Row(
        name,
        row,
        direction,
        pair.source.name,
        pair.target.name,
        verdict.outcome.value,
        verdict.blame.value,
        decisive,
        verdict.detail,
    )


def _mutated(row: Row, pair: Pair, engine: Engine, each: int) -> Row:
    expectations = engine.expectations(pair.source).expectations
    if expectations is None:
        return row
    programs = [m.program for m in sample_mutants(generate_mutants(pair.target), each, row.row)]
    verdicts = judge(
        expectations,
        programs,
        engine.backend,
        JudgeConfig(sanitize=False, timeout_floor_s=1.0, static_wall=False),
    )
    fates = [v.outcome for v in verdicts if v.outcome is not Outcome.COMPILE_ERROR]
    return replace(row, mutants=len(fates), killed=sum(f is not Outcome.EQUIVALENT for f in fates))


def markdown(rows: list[Row]) -> str:
    """Counts by set and direction, then every row that is not decided, with its reason."""
    lines = [
        "| set | direction | rows | decisive | equivalent | outcomes |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, direction in dict.fromkeys((r.set, r.direction) for r in rows):
        mine = [r for r in rows if (r.set, r.direction) == (name, direction)]
        decided = sum(r.decisive for r in mine)
        counts = Counter(
            r.outcome
            if r.decisive or r.outcome in ("REFUSED", "INVALID_SUITE")
            else f"source: {r.outcome}"
            for r in mine
        )
        listed = ", ".join(f"{n} {outcome}" for outcome, n in counts.most_common())
        lines.append(
            f"| {name} | {direction} | {len(mine)} | {decided} ({decided / len(mine):.0%}) | "
            f"{counts['EQUIVALENT']} | {listed} |"
        )
    if made := sum(r.mutants for r in rows):
        lines += [
            "",
            f"{made} mutants of accepted targets: {sum(r.killed for r in rows)} rejected "
            f"({sum(r.killed for r in rows) / made:.1%}).",
        ]
    lines += [
        "",
        "| set | row | direction | function | undecided: reason |",
        "| --- | --- | --- | --- | --- |",
    ]
    for r in rows:
        if not r.decisive:
            lines.append(
                f"| {r.set} | {r.row} | {r.direction} | {r.source} | {r.outcome}: "
                f"{_cell(r.reason)} |"
            )
    return "\n".join(lines)


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")[:200]


def chosen(text: str) -> set[int]:
    """`3,7-9` -> {3, 7, 8, 9}."""
    parts = [part.partition("-") for part in text.split(",") if part]
    return {n for a, dash, b in parts for n in range(int(a), int(b if dash else a) + 1)}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, metavar="DATA_FOLDER")
    parser.add_argument(
        "--set", choices=list(FILES), action="append", help="only this set (default: both)"
    )
    parser.add_argument(
        "--direction",
        choices=DIRECTIONS,
        action="append",
        help="only this direction (default: both)",
    )
    parser.add_argument(
        "--rows", default="", metavar="A-B or A,B", help="only these rows, counted from 0"
    )
    parser.add_argument(
        "--mutants",
        type=int,
        default=0,
        help="mutants of every accepted target that are judged as well (default: 0)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every row there as JSON")
    args = parser.parse_args()
    wanted = chosen(args.rows)
    engine = Engine("emulated", VerifyConfig(mutants=0))
    started = time.perf_counter()
    rows: list[Row] = []
    try:
        for name in args.set or FILES:
            texts = [t for t in texts_of(args.data, name) if not wanted or t.row in wanted]
            rows += judged(name, texts, args.direction or list(DIRECTIONS), engine, args.mutants)
    except CorpusError as error:
        print(f"fortran_pairs: {error}", file=sys.stderr)
        return 2
    finally:
        engine.close()
    if args.json:
        args.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    print(markdown(rows))
    print(f"\n{time.perf_counter() - started:.0f} s wall", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
