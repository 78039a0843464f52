"""`coevolve ports`: verify the ports that a project lists in a file, for continuous integration.

Contract: a line of the list is SOURCE TARGET, as `coevolve verify` takes them, relative to the
list's folder; `#` begins a comment; options of `verify` that say how a pair is judged may follow
(`coevolve.cli.verify.add_pair_options`). With FILES only those pairs are verified that one of them
belongs to: as source, target, suite or header; the list itself belongs to all. A pair that cannot
be read is an error, and the others are judged. Exit code: 2 where a pair cannot be read and for
wrong use, else 1 where a port is not equivalent, else 3 where one is undecided, else 0.

    coevolve ports --list coevolve-ports.txt --junit ports.xml
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from coevolve.cli.command_line import Parser
from coevolve.cli.errors import UserError
from coevolve.cli.header_options import read_header_options
from coevolve.cli.verify import add_pair_options, verify_with_suite

if TYPE_CHECKING:
    from coevolve.report.ci_files import PortRow
    from coevolve.verification.engine import Engine, Pair
    from coevolve.verification.requests import VerifyRequest
    from corpora.projects.sources import Options

LIST_NAME = "coevolve-ports.txt"


@dataclass(frozen=True, slots=True)
class ListedPort:
    """One line of a list of ports: a pair of files to verify.

    source, target, suite: paths; suite holds the tests, None: they are made from the source.
        source_dialect, target_dialect: names, such as `cuda`, or None to go by the file's suffix.
        function: the one to compare; '' for all. headers: folders of headers, and macros.
    where: file and line of the list, as `FILE:LINE`, for messages. backend: `auto`, `cuda` or
        `emulated`. device_compiler: the real compiler that checks accepted CUDA ports: `auto`,
        `nvcc`, `nvrtc` or `none`. large: also test on at least 1,048,576 elements. prove: also look
        for a proof.
    """

    source: Path
    target: Path
    source_dialect: str | None
    target_dialect: str | None
    function: str
    suite: Path | None
    headers: Options
    where: str
    backend: str = "auto"
    device_compiler: str = "auto"
    large: bool = False
    prove: bool = False


def add_parser(commands) -> argparse.ArgumentParser:
    """Add `coevolve ports` to `commands`, the subparsers of the command line. Returns its
    parser.
    """
    parser = commands.add_parser(
        "ports",
        help="verify all ports that a project lists, for continuous integration",
        description=f"Verify every port that a list names: lines of SOURCE TARGET, and perhaps "
        f"options of 'coevolve verify'. Exit code: 0 all equivalent, 1 one is not, 3 one is "
        f"undecided, 2 one cannot be read, or wrong use. The list is {LIST_NAME} where --list "
        f"names no other.",
    )
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="verify only pairs that one of these belongs to, as source, target, header or suite",
    )
    parser.add_argument("--list", default=LIST_NAME, metavar="LIST", help="the list of ports")
    parser.add_argument(
        "--hook",
        action="store_true",
        help="for pre-commit: FILEs are what a commit changes, and what it deletes counts too; "
        "with none of either nothing is verified",
    )
    parser.add_argument("--junit", metavar="FILE", help="write the verdicts as JUnit XML")
    parser.add_argument("--sarif", metavar="FILE", help="write the verdicts as SARIF 2.1.0")
    parser.add_argument("--json", action="store_true", help="print the verdicts as one JSON list")
    return parser


def run(args: argparse.Namespace) -> int:
    """Verify the listed ports, print a line for each function, and write the files that were asked
    for. args: parsed by `add_parser`. Returns the exit code: 0 all equivalent, 1 one is not, 3 one
    is undecided, 2 one cannot be read. Raises UserError for a bad list, or a FILE that does not
    exist and that no line names.
    """
    from coevolve import __version__
    from coevolve.report.ci_files import make_junit, make_sarif

    listed = read_list(Path(args.list))
    files = [Path(file) for file in args.files]
    if args.hook:
        files += find_deleted_files()
    wanted = listed
    if files or args.hook:
        wanted, idle = choose_ports(listed, Path(args.list), files)
        if not args.hook:
            lost = next((file for file in idle if not file.exists()), None)
            if lost is not None:
                raise UserError(
                    f"'{lost}' does not exist, and no line of '{args.list}' names it; name a file "
                    f"of a listed port"
                )
        if idle:
            names = ", ".join(map(str, idle[:3])) + (" ..." if len(idle) > 3 else "")
            print(f"of no listed port: {names}", file=sys.stderr)
    rows: list[PortRow] = []
    engines: dict[tuple[str, str, bool, bool], Engine] = {}
    try:
        for number, port in enumerate(wanted, 1):
            for row in _verify(engines, port, (number, len(wanted))):
                rows.append(row)
                if not args.json:
                    _print(row)
    finally:
        for engine in engines.values():
            engine.close()
    if args.json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
    else:
        good = sum(row.equivalent is True for row in rows)
        judged = sum(not row.error for row in rows)
        print(f"{good} of {judged} functions in {len(wanted)} ports are equivalent", end="")
        errors = len(rows) - judged
        print(f"; {errors} ports cannot be judged" if errors else "")
    if args.junit:
        Path(args.junit).write_text(make_junit(rows), encoding="utf-8")
    if args.sarif:
        log = json.dumps(make_sarif(rows, __version__), indent=1)
        Path(args.sarif).write_text(f"{log}\n", encoding="utf-8")
    return choose_exit_code(rows)


def choose_exit_code(rows: Sequence[PortRow]) -> int:
    """Return the exit code for the verdicts on all functions: 2 where a pair could not be read,
    else 1 where one is not equivalent, else 3 where one is undecided, else 0.
    """
    if any(row.error for row in rows):
        return 2
    found = {row.equivalent for row in rows}
    return 1 if False in found else 3 if None in found else 0


def _print(row: PortRow) -> None:
    mark = "ERR " if row.error else {True: "ok  ", False: "FAIL", None: "??  "}[row.equivalent]
    print(f"{mark}  {row.target}  {row.name}: {row.text}", flush=True)
    if row.details:
        print(row.details, flush=True)


def choose_ports(
    listed: Sequence[ListedPort], list_path: Path, files: Sequence[Path]
) -> tuple[list[ListedPort], list[Path]]:
    """Return (the ports that one of `files` belongs to, those of `files` that belong to none), both
    in the order given.

    A port's files are its source, target and suite, and the headers of the user's own that it
    includes, found or not. All ports belong to the list itself, the file at `list_path`.
    """
    changed = {file.resolve(): file for file in files}
    if list_path.resolve() in changed:
        return list(listed), []
    wanted, used = [], set()
    for port in listed:
        hit = changed.keys() & _find_files(port)
        used |= hit
        if hit:
            wanted.append(port)
    return wanted, [file for path, file in changed.items() if path not in used]


def _find_files(port: ListedPort) -> set[Path]:
    """The files that decide a port's verdict, those that are missing too."""
    from corpora.projects.headers import inline_headers
    from corpora.projects.sources import LANGUAGES, ProjectError

    found = {port.source, port.target, *([port.suite] if port.suite else [])}
    for side in (port.source, port.target):
        if LANGUAGES.get(side.suffix) == "fortran":
            continue
        try:
            whole = inline_headers(side, port.headers)
        except ProjectError:
            continue  # said when it is judged
        found |= set(whole.headers)
        for name, path, _ in whole.missing:
            found |= {folder / name for folder in (path.parent, *port.headers.include)}
    return {path.resolve() for path in found}


def find_deleted_files() -> list[Path]:
    """Return the files that a commit deletes, or that a range of commits does, which pre-commit
    does not name: of git's index, or of the range that pre-commit gives in the environment. The
    list is empty outside of a git repository.
    """
    first, last = (os.environ.get(f"PRE_COMMIT_{end}_REF", "") for end in ("FROM", "TO"))
    which = [first, last] if first and last else ["--cached"]
    command = ["git", "diff", "--name-only", "--no-renames", "--diff-filter=D", "-z", *which, "--"]
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--show-toplevel"], capture_output=True, text=True, check=True
        )
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    return [Path(done.stdout.strip()) / name for name in told.split("\0") if name]


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
    add_pair_options(parser)
    parser.add_argument("pair", nargs=2)
    ports = []
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{path}:{number}"
        try:
            words = shlex.split(line, comments=True)
            if not words:
                continue
            args = parser.parse_args(words)
            if args.large and args.suite:
                raise ValueError("--large adds to tests that are made here, not to --suite")
        except ValueError as error:
            known = ", ".join(_option_names(parser))
            raise UserError(
                f"{where}: {error}; a line is SOURCE TARGET, then perhaps {known}"
            ) from None
        source, target = (path.parent / name for name in args.pair)
        ports.append(
            ListedPort(
                source,
                target,
                args.source_dialect,
                args.target_dialect,
                args.function or "",
                path.parent / args.suite if args.suite else None,
                read_header_options(args, path.parent),
                where,
                args.backend,
                args.device_compiler,
                args.large,
                args.prove,
            )
        )
    if not ports:
        raise UserError(f"the list of ports '{path}' is empty; write lines of SOURCE TARGET")
    return ports


def _option_names(parser: argparse.ArgumentParser) -> list[str]:
    return [action.option_strings[0] for action in parser._actions if action.option_strings]


class _LineParser(Parser):
    """Reports a bad line as ValueError."""

    def error(self, message: str):
        raise ValueError(message)


def _verify(
    engines: dict[tuple[str, str, bool, bool], Engine], port: ListedPort, turn: tuple[int, int]
) -> Iterator[PortRow]:
    """A row for each function that both files of a port define, as soon as it is judged; a row with
    the error where the pair cannot be read. engines: by how a port is judged; one is added where
    needed. turn: its number, from 1, and how many there are.
    """
    from coevolve.report.ci_files import PortRow
    from coevolve.verification.requests import make_request_from_files

    source, target = os.path.relpath(port.source), os.path.relpath(port.target)
    try:
        asked = make_request_from_files(
            str(port.source),
            str(port.target),
            port.source_dialect,
            port.target_dialect,
            str(port.suite) if port.suite else None,
            port.function,
            port.headers,
        )
        engine = _open_engine(engines, port)
        for line in asked.missing:
            print(line, file=sys.stderr)
        for pair in asked.pairs:
            yield _judge(engine, port, pair, asked, turn)
        for line in asked.not_compared:
            print(f"{port.where}: not compared: {line}", file=sys.stderr)
    except ValueError as error:
        path, _, line = port.where.rpartition(":")
        yield PortRow(
            source,
            target,
            port.function,
            None,
            f"{port.where}: {error}",
            line=int(line),
            place=path,
            error=True,
        )


def _open_engine(engines: dict[tuple[str, str, bool, bool], Engine], port: ListedPort) -> Engine:
    from coevolve.verification.engine import Engine, VerifyConfig

    key = port.backend, port.device_compiler, port.large, port.prove
    if key not in engines:
        config = VerifyConfig(
            large=port.large, prove=port.prove, device_compiler=port.device_compiler
        )
        engines[key] = Engine(port.backend, config)
    return engines[key]


def _judge(
    engine: Engine, port: ListedPort, pair: Pair, asked: VerifyRequest, turn: tuple[int, int]
) -> PortRow:
    from coevolve.cli.port_rows import make_port_row, name_places
    from coevolve.cli.progress import show_working
    from coevolve.verification.explain import explain_verdict, failing_input

    started = time.perf_counter()
    target = os.path.relpath(port.target)
    with show_working(f"verify {pair.source.name} in {target}, port {turn[0]} of {turn[1]}"):
        pair, verdict = verify_with_suite(engine, pair, str(port.suite))
        seconds = time.perf_counter() - started
        explained, failing = "", None
        if verdict.equivalent is not True:
            failing = failing_input(engine, pair, verdict)
            explained = explain_verdict(engine, pair, verdict, seconds * 1e3)
    row = make_port_row(
        os.path.relpath(port.source),
        os.path.relpath(port.target),
        pair,
        verdict,
        asked,
        name_places(explained, verdict, asked),
        seconds,
        failing,
    )
    proved = verdict.equivalent and verdict.evidence == "proved"
    return replace(row, text=f"{row.text}, and proved") if proved else row
