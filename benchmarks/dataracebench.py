"""DataRaceBench: the race verdict on whole OpenMP programs, C++ and Fortran, against the yes/no
label of their names.

Contract: DATA_FOLDER holds DRB_train.parquet (columns cpp, fortran; line ends written as the two
characters backslash and n). The label is in the name of the Fortran program of a row and counts for
both sides. Nothing of the label reaches the check: arguments come from the rules of
gpu_runtime.programs.guess_tests, teams and schedules from gpu_runtime.openmp.races. Every program
on which the verdict is not the label's is listed.

    python benchmarks/dataracebench.py ../shared/data/fortran_cpp --json races.json
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow.parquet as parquet

from corpora.records import Program
from gpu_runtime.openmp.races import find_race
from gpu_runtime.programs.execute import ProgramLimits
from gpu_runtime.programs.guess_tests import guess_tests

FILE = "DRB_train.parquet"
LIMITS = ProgramLimits(wall_s=30.0, cpu_s=60, file_mib=64)
SIDES = {"cpp": "openmp", "fortran": "openmp-fortran"}
_NAME = re.compile(r"^\s*program\s+(DRB\w+)", re.I | re.M)
_LABEL = re.compile(r"_(yes|no)(?:_omp_?\d+)?$", re.I)


@dataclass(frozen=True, slots=True)
class Item:
    """One program. found: `race`, `clean`, or `undecided` with the reason in `detail`."""

    row: int
    side: str
    name: str
    label: str
    found: str = ""
    detail: str = ""
    elapsed_s: float = 0.0


def decoded(text: str, fortran: bool) -> str:
    """The program's text: a written line end is one, except inside a C string, where it is the
    escape that the program means.
    """
    if fortran:  # the set joins a module to the program behind it
        return re.sub(
            r"(?im)^(\s*end\s*module\b[^\n]*?)\s+(program\s)", r"\1\n\2", text.replace("\\n", "\n")
        )
    out, quote = [], ""
    for part in re.findall(r"\\n|\\.|//|/\*|\*/|.", text, re.S):
        if part == "\\n" and quote not in ('"', "'"):
            part, quote = "\n", "" if quote == "//" else quote
        elif not quote and part in ('"', "'", "//", "/*"):
            quote = part
        elif (quote in ('"', "'") and part == quote) or (quote, part) == ("/*", "*/"):
            quote = ""
        out.append(part)
    return "".join(out)


def items(folder: Path) -> list[tuple[Item, str]]:
    """Every program of the set with its text, row by row. Raises SystemExit with one line when the
    file is not there.
    """
    path = folder / FILE
    if not path.is_file():
        raise SystemExit(
            f"dataracebench: '{path}' does not exist; give the folder that holds {FILE}"
        )
    found = []
    for row, texts in enumerate(parquet.read_table(path).to_pylist()):
        fortran = decoded(texts["fortran"], True)
        name = _NAME.search(fortran)
        label = _LABEL.search(name[1]) if name else None
        for side in SIDES:
            text = fortran if side == "fortran" else decoded(texts[side], False)
            found.append(
                (
                    Item(row, side, name[1] if name else "", label[1].lower() if label else "none"),
                    text,
                )
            )
    return found


def checked(item: Item, text: str) -> Item:
    """The item with what the detector says. The label is not looked at."""
    started = time.perf_counter()
    program = Program(SIDES[item.side], "main", text)
    search = find_race(program, guess_tests(program), LIMITS)
    found = "race" if search.race else "undecided" if search.problem else "clean"
    return Item(
        item.row,
        item.side,
        item.name,
        item.label,
        found,
        search.race or search.problem,
        round(time.perf_counter() - started, 2),
    )


def table(done: Sequence[Item]) -> str:
    """Recall and false alarms per side, over decided programs and over all."""
    lines = [
        "| side | programs | undecided | yes: race found | recall | no: race reported | false "
        "alarms |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for side in SIDES:
        own = [i for i in done if i.side == side and i.label != "none"]
        yes, no = (
            [i for i in own if i.label == label and i.found != "undecided"]
            for label in ("yes", "no")
        )
        hits, alarms = sum(i.found == "race" for i in yes), sum(i.found == "race" for i in no)
        lines.append(
            f"| {side} | {len(own)} | {sum(i.found == 'undecided' for i in own)} | {hits} of "
            f"{len(yes)} | {hits / max(1, len(yes)):.1%} "
            f"| {alarms} of {len(no)} | {alarms / max(1, len(no)):.1%} |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="dataracebench",
        description="Race verdicts on DataRaceBench programs against their labels.",
    )
    parser.add_argument(
        "folder", type=Path, metavar="DATA_FOLDER", help=f"folder that holds {FILE}"
    )
    parser.add_argument("--rows", metavar="I,J,...", help="only these rows, from 0")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every program's verdict")
    args = parser.parse_args(arguments)
    rows = {int(r) for r in args.rows.split(",")} if args.rows else None
    done = []
    for item, text in items(args.folder):
        if rows is not None and item.row not in rows:
            continue
        done.append(checked(item, text))
        one = done[-1]
        if one.found == "undecided" or (one.found == "race") != (one.label == "yes"):
            print(
                f"{one.row:4} {one.side:8} {one.name} label {one.label}: {one.found} {one.detail}",
                flush=True,
            )
    print(table(done))
    if args.json:
        args.json.write_text(json.dumps([asdict(i) for i in done], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
