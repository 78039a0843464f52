"""`coevolve ports`: verify the ports that a project lists in a file, for continuous integration.

Contract: a line of the list is SOURCE TARGET, as `coevolve verify` takes them, relative to the
list's folder; `#` begins a comment; options of `verify` (--from, --to, --function, --suite) may
follow. With FILES only those pairs are verified that one of them belongs to. Exit code: 1 where a
port is not equivalent, else 3 where one is undecided, else 0; 2 for wrong use.

    coevolve ports --list coevolve-ports.txt --junit ports.xml
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coevolve.cli.command_line import Parser
from coevolve.cli.errors import UserError

if TYPE_CHECKING:
    from coevolve.report.ci_files import PortRow

LIST_NAME = "coevolve-ports.txt"


@dataclass(frozen=True, slots=True)
class ListedPort:
    """One line of a list. source, target, suite: paths; suite may be None. source_dialect,
    target_dialect: names, or None to go by the suffix. function: '' for all. where: file and line,
    for messages.
    """

    source: Path
    target: Path
    source_dialect: str | None
    target_dialect: str | None
    function: str
    suite: Path | None
    where: str


def add_parser(commands) -> argparse.ArgumentParser:
    """Add `coevolve ports` to `commands`, the subparsers of the command line. Returns its
    parser.
    """
    parser = commands.add_parser(
        "ports",
        help="verify all ports that a project lists, for continuous integration",
        description=f"Verify every port that a list names: lines of SOURCE TARGET, and perhaps "
        f"options of 'coevolve verify'. Exit code: 0 all equivalent, 1 one is not, 3 one is "
        f"undecided, 2 wrong use. The list is {LIST_NAME} where --list names no other.",
    )
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="verify only pairs that one of these belongs to"
    )
    parser.add_argument("--list", default=LIST_NAME, metavar="LIST", help="the list of ports")
    parser.add_argument("--junit", metavar="FILE", help="write the verdicts as JUnit XML")
    parser.add_argument("--sarif", metavar="FILE", help="write the verdicts as SARIF 2.1.0")
    parser.add_argument("--json", action="store_true", help="print the verdicts as one JSON list")
    return parser


def run(args: argparse.Namespace) -> int:
    """Verify the listed ports, print a line for each function, and write the files that were asked
    for. args: parsed by `add_parser`. Returns the exit code. Raises UserError for a bad list,
    VerifyError for files that cannot be read.
    """
    from coevolve import __version__
    from coevolve.report.ci_files import make_junit, make_sarif
    from coevolve.verification.engine import Engine, VerifyConfig

    listed = read_list(Path(args.list))
    changed = {Path(file).resolve() for file in args.files}
    wanted = [
        port
        for port in listed
        if not changed or changed & {port.source.resolve(), port.target.resolve()}
    ]
    rows: list[PortRow] = []
    engine = Engine("auto", VerifyConfig(device_compiler="auto"))
    try:
        for port in wanted:
            for row in _verify(engine, port):
                rows.append(row)
                if not args.json:
                    mark = {True: "ok  ", False: "FAIL", None: "??  "}[row.equivalent]
                    print(f"{mark}  {row.target}  {row.function}: {row.text}", flush=True)
    finally:
        engine.close()
    if args.json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
    else:
        good = sum(row.equivalent is True for row in rows)
        print(f"{good} of {len(rows)} functions in {len(wanted)} ports are equivalent")
    if args.junit:
        Path(args.junit).write_text(make_junit(rows), encoding="utf-8")
    if args.sarif:
        log = json.dumps(make_sarif(rows, __version__), indent=1)
        Path(args.sarif).write_text(f"{log}\n", encoding="utf-8")
    found = {row.equivalent for row in rows}
    return 1 if False in found else 3 if None in found else 0


def read_list(path: Path) -> list[ListedPort]:
    """Return the ports of a list. Raises UserError, one line with the list's line number, if it
    cannot be read, is empty or has a bad line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not UTF-8 text"
        raise UserError(
            f"cannot read the list of ports '{path}': {why}; write lines of SOURCE TARGET into it, "
            f"or name another with --list"
        ) from None
    parser = _LineParser(prog="", add_help=False)
    for name in ("--from", "--to", "--function", "--suite"):
        parser.add_argument(name)
    parser.add_argument("pair", nargs=2)
    ports = []
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{path}:{number}"
        try:
            words = shlex.split(line, comments=True)
            if not words:
                continue
            args = parser.parse_args(words)
        except ValueError as error:
            raise UserError(
                f"{where}: {error}; a line is SOURCE TARGET, then perhaps --from, --to, "
                f"--function, --suite"
            ) from None
        source, target = (path.parent / name for name in args.pair)
        suite = path.parent / args.suite if args.suite else None
        told = (getattr(args, "from"), args.to, args.function or "", suite, where)
        ports.append(ListedPort(source, target, *told))
    if not ports:
        raise UserError(f"the list of ports '{path}' is empty; write lines of SOURCE TARGET")
    return ports


class _LineParser(Parser):
    """Reports a bad line as ValueError."""

    def error(self, message: str):
        raise ValueError(message)


def _verify(engine, port: ListedPort) -> list[PortRow]:
    """A row for each function that both files of a port define."""
    from coevolve.cli.progress import show_working
    from coevolve.report.ci_files import PortRow, find_line
    from coevolve.verification.explain import summarize_verdict
    from coevolve.verification.function_verdicts import verify_pair
    from coevolve.verification.requests import VerifyError, make_request_from_files

    try:
        asked = make_request_from_files(
            str(port.source),
            str(port.target),
            port.source_dialect,
            port.target_dialect,
            str(port.suite) if port.suite else None,
            port.function,
        )
    except (VerifyError, ValueError) as error:
        raise UserError(f"{port.where}: {error}") from None
    text = port.target.read_text(encoding="utf-8", errors="replace")
    rows = []
    for pair in asked.pairs:
        started = time.perf_counter()
        with show_working(f"verify {pair.source.name}"):
            _, verdict = verify_pair(engine, pair)
        rows.append(
            PortRow(
                os.path.relpath(port.source),
                os.path.relpath(port.target),
                pair.source.name,
                verdict.equivalent,
                summarize_verdict(verdict),
                round(time.perf_counter() - started, 3),
                find_line(text, pair.source.name),
            )
        )
    for line in asked.not_compared:
        print(f"{port.where}: not compared: {line}", file=sys.stderr)
    return rows
