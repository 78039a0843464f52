"""`coevolve survey`: every loop of a project, and whether it can run in parallel.

Contract: reads only; exit code 0, 3 where a compiler complained, so that loops may be missing, 2
for wrong use.

    coevolve survey src -I include --html loops.html
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from coevolve.cli.errors import UserError
from coevolve.cli.header_options import add_header_options, read_header_options

if TYPE_CHECKING:
    from corpora.projects.survey import LoopRow, Survey

WORDS = {
    "parallel": "iterations are independent",
    "reduction": "independent, once a reduction is made",
    "atomic": "iterations update shared elements: atomics or copies",
    "scan": "a running value is read: a prefix sum",
    "carried": "an iteration needs an earlier one",
    "unsupported": "not known: a construct that the analyses do not follow",
}


def add_parser(commands) -> argparse.ArgumentParser:
    """Add `coevolve survey` to `commands`, the subparsers of the command line. Returns its
    parser.
    """
    parser = commands.add_parser(
        "survey",
        help="list every loop of a project: parallel, a reduction, carried, or not known",
        description="Read C, C++ and Fortran files as their compilers do and list every loop with "
        "what its iterations need to run at once. Nothing is compiled or run.",
    )
    parser.add_argument("place", metavar="PLACE", help="a source file or the folder of a project")
    add_header_options(parser)
    parser.add_argument(
        "-p",
        dest="database",
        metavar="FILE",
        help="compile_commands.json or its folder; only files in it are read, with its options",
    )
    parser.add_argument("--html", metavar="FILE", help="write the table as a page, too")
    parser.add_argument("--json", action="store_true", help="print the table as one JSON object")
    return parser


def run(args: argparse.Namespace) -> int:
    """Print the loops of a project. args: parsed by `add_parser`. Returns 0, or 3 where a compiler
    complained. Raises UserError for a place or database that cannot be read.
    """
    from coevolve.cli.progress import show_working
    from corpora.projects.sources import ProjectError, find_sources
    from corpora.projects.survey import survey

    options = read_header_options(args)
    done = 0

    def count(_: object) -> None:
        nonlocal done
        done += 1

    try:
        sources = find_sources(args.place, options, args.database)
        with show_working(lambda: f"survey: {done} of {len(sources)} files read"):
            found = survey(sources, count)
    except ProjectError as error:
        raise UserError(str(error)) from None
    if args.html:
        Path(args.html).write_text(render(found, args.place), encoding="utf-8")
    if args.json:
        told = {**asdict(found), "rows": [asdict(row) for row in found.rows]}
        print(json.dumps({**told, "counts": found.count()}, indent=1))
    else:
        _print(found)
    for error in found.errors:
        print(f"not read: {error}", file=sys.stderr)
    return 3 if found.errors else 0


def _print(found: Survey) -> None:
    for row in found.rows:
        indent = "  " * row.depth
        print(f"{row.path}:{row.line}: {indent}{row.kind}  {row.function}{_describe(row)}")
    print(
        f"{len(found.rows)} loops in {found.functions} functions; the analyses reached all loops "
        f"of {found.read}"
    )
    for kind, number in found.count().items():
        if number:
            print(f"{number:6d}  {kind:<12} {WORDS[kind]}")


def _describe(row: LoopRow) -> str:
    parts = [row.why] if row.why else []
    parts += [f"private {', '.join(row.private)}"] if row.private else []
    parts += [f"reduction {', '.join(row.reductions)}"] if row.reductions else []
    parts += [f"if {each}" for each in row.assumptions]
    return f": {'; '.join(parts)}" if parts else ""


def render(found: Survey, place: str) -> str:
    """Return the table of a project's loops as an HTML page that fetches nothing. found: the loops,
    as `corpora.projects.survey.survey` returns them. place: what was surveyed, for the title.
    """
    from coevolve.report.page import make_environment

    rows = [(row, _describe(row).removeprefix(": ")) for row in found.rows]
    return (
        make_environment()
        .get_template("survey.html")
        .render(place=place, survey=found, rows=rows, counts=found.count(), words=WORDS)
    )
