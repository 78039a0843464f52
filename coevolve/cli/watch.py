"""`coevolve watch RUN`: a live view of a running job, from any shell that sees the run folder.

Contract: reads the run folder alone and writes nothing, so it may look at a run of another user, of
Ray, or at one that has ended. It ends when the run does; one that is not running is shown once.
Exit code 0.

    coevolve watch runs/demo --once
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from coevolve.cli.errors import UserError
from coevolve.cli.signals import print_early_end

if TYPE_CHECKING:
    from rich.console import Group

    from coevolve.config.schema import Config
    from coevolve.loop.run_folder import RunFolder
    from coevolve.report.page import RoundFigures

_FILES = {
    "suites": ("suites", "suite_counts"),
    "propose and verify": ("verdicts",),
    "learn": ("tester",),
    "evaluate": ("evaluation",),
}
"""Stage -> the files of a round (names of RoundPaths) that are there when it has finished; of
`learn` the Translators too.
"""
WIDE, NARROW_ROUNDS = 110, 6
"""Columns that a table with a line a round needs; rounds shown where there are fewer."""


def add_parser(commands) -> argparse.ArgumentParser:
    """Add `coevolve watch` to `commands`, the subparsers of the command line. Returns its
    parser.
    """
    parser = commands.add_parser(
        "watch",
        help="live view of a running job, also from another shell",
        description="Show what a run is at, the stages finished, its figures so far and its "
        "verdicts, until it ends.",
    )
    parser.add_argument("run", metavar="RUN", help="run folder")
    parser.add_argument("--once", action="store_true", help="print one frame and stop")
    parser.add_argument(
        "--json", action="store_true", help="print the state once, as one JSON object"
    )
    parser.add_argument(
        "--every", type=float, default=1.0, metavar="S", help="seconds between frames (default: 1)"
    )
    return parser


def run(args: argparse.Namespace) -> int:
    """Show a run until it ends, or once if it does not run. args: parsed by `add_parser`. Returns
    the exit code 0. Raises UserError if the folder holds no run or `--every` is not positive.
    """
    from rich.console import Console
    from rich.live import Live

    from coevolve.report.page import open_run

    if args.every <= 0:
        raise UserError(f"--every {args.every} is not a time to wait; give seconds above 0")
    folder, config = open_run(Path(args.run))
    console = Console(width=None if Console().is_terminal else 120)
    view = RunView(folder, config, console.width)
    running = folder.is_running()
    if args.json:
        told = {"run": str(folder.root), "directions": config.directions, "running": running}
        print(json.dumps(told | {"rounds": [asdict(row) for row in view.rows()]}))
        return 0
    if args.once or not running:
        console.print(view.frame(running))
        return 0
    try:
        with Live(view.frame(running), console=console, auto_refresh=False) as live:
            while running:
                time.sleep(args.every)
                running = folder.is_running()
                live.update(view.frame(running), refresh=True)
    except KeyboardInterrupt as error:
        return print_early_end(error, "the run itself goes on")
    return 0


@dataclass(slots=True)
class RunView:
    """Draws the frames of one run's live view. folder, config: folder and configuration of the run.
    width: columns of the terminal. A round is read again only when one of its files appears.
    """

    folder: RunFolder
    config: Config
    width: int = 120
    """Columns of the terminal."""
    _rows: dict[int, tuple[object, RoundFigures]] = field(default_factory=dict)

    def frame(self, running: bool) -> Group:
        """Return what the terminal should show now, as a group of objects of the package rich.
        running: whether a process holds the run.
        """
        from rich.console import Group
        from rich.text import Text

        rows = self.rows()
        title = Text(f"{self.folder.root}  {self.config.title}  ", style="bold")
        title.append(
            "running" if running else "not running", style="green" if running else "yellow"
        )
        parts = [
            title,
            Text(
                describe_progress(self.folder, time.time())
                if running
                else describe_end(self.folder, self.config)
            ),
        ]
        parts += (
            [
                _stages(self.folder, self.config, rows),
                _figures(self.folder, self.config, rows, self.width),
            ]
            if rows
            else []
        )
        verified = [r for r in rows if r.outcomes]
        if verified:
            counts = ", ".join(
                f"{name} {count}" for name, count in Counter(verified[-1].outcomes).most_common()
            )
            parts.append(Text(f"verdicts of round {verified[-1].number}: {counts}"))
        return Group(*parts)

    def rows(self) -> list[RoundFigures]:
        """Return the row of the run's table for each round begun, in order: its number, metrics and
        seconds. Round 0 is the cold start.
        """
        from coevolve.report.data import list_rounds
        from coevolve.report.page import collect_round_figures

        for number in list_rounds(self.folder):
            there = sorted(
                (p.name, p.stat().st_mtime_ns)
                for p in self.folder.round(number).folder.glob("*.json*")
            )
            there = (
                there,
                self.folder.timings.stat().st_size if self.folder.timings.exists() else 0,
            )
            if self._rows.get(number, (None,))[0] != there:
                self._rows[number] = there, collect_round_figures(self.folder, number, self.config)
        return [row for _, (_, row) in sorted(self._rows.items())]


def describe_progress(folder: RunFolder, now_s: float) -> str:
    """Return one line about the stage under way, with its seconds so far, and a bar where it is
    known how much there is to do. now_s: seconds since 1970. Between two stages the line says that.
    """
    try:
        said = json.loads(folder.progress.read_text(encoding="utf-8"))
        seconds = max(0.0, now_s - said["started"])
        share = min(1.0, said["done"] / said["total"]) if said["total"] else 0.0
        bar = "━" * int(24 * share) + "╌" * (24 - int(24 * share))
        count = f"  {bar}  {said['done']}/{said['total']}" if said["total"] else ""
        return f"{said['label']}{count}  {seconds:.0f} s  {said['note']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "between two stages, or in one that does not tell how far it is"


def describe_end(folder: RunFolder, config: Config) -> str:
    """Return one line about a run that is not running: that it is finished, or which command
    continues it, also where only its results are missing.
    """
    count = config.round.count
    rounds = f"{count} round{'s' * (count != 1)}"
    if not folder.round(count).evaluation.exists():
        return f"not finished; coevolve run --resume {folder.root} goes on"
    if not folder.export.exists():
        return (
            f"{rounds} measured, results not written; coevolve run --resume {folder.root} writes "
            f"report and export"
        )
    return f"finished: {rounds}; coevolve report {folder.root} shows them"


def _stages(folder: RunFolder, config: Config, rows: list[RoundFigures]):
    from rich.table import Table

    from coevolve.loop.directions import find_checkpoints

    shown = Table("round", *_FILES, box=None, pad_edge=False)
    for row in rows:
        paths, cells = folder.round(row.number), []
        for stage, files in _FILES.items():
            needed = [getattr(paths, name) for name in files] + list(
                find_checkpoints(config, paths.folder) if stage == "learn" else ()
            )
            done = all(map(folder.was_made, needed))
            seconds = row.seconds.get(
                "cold start" if row.number == 0 and stage == "learn" else stage
            )
            exists = row.number or stage in ("learn", "evaluate")
            cells.append(
                ("done" if done else "–" if exists else "")
                + (f" {seconds:.0f} s" if done and seconds is not None else "")
            )
        shown.add_row("cold" if row.number == 0 else str(row.number), *cells)
    return shown


def _figures(folder: RunFolder, config: Config, rows: list[RoundFigures], width: int):
    """A line a round; where that does not fit, a line a figure, of the last rounds."""
    from rich.table import Table

    from coevolve.report.page import make_table

    header, body = make_table(folder, config, rows)
    header, body = (
        header[:-1],
        [cells[:-1] for cells in body],
    )  # the seconds are in the table of stages
    shown = Table(box=None, pad_edge=False)
    if width < WIDE:
        header, *body = [
            list(column) for column in zip(header, *body[-NARROW_ROUNDS:], strict=True)
        ]
    for at, name in enumerate(header):
        left = name == "direction" or (width < WIDE and not at)
        shown.add_column(
            name, justify="left" if left else "right", overflow="fold", no_wrap=name == "direction"
        )
    for cells in body:
        shown.add_row(*cells)
    return shown
