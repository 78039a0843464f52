"""The options `-I DIR` and `-D NAME[=TEXT]` of commands that read files of C and C++.

Contract: `add_header_options` adds them to a parser, `read_header_options` gives what was asked.

    coevolve verify src/flow.cpp src/flow.omp.cpp -I include -D DOUBLE
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from corpora.projects.sources import Options


def add_header_options(parser: argparse.ArgumentParser) -> None:
    """Add the options `-I DIR` (a folder of headers) and `-D NAME[=TEXT]` (a macro) to a parser;
    both may be given several times.
    """
    parser.add_argument(
        "-I",
        dest="include",
        action="append",
        default=[],
        metavar="DIR",
        help="folder of the project's headers, which are taken in (C and C++)",
    )
    parser.add_argument(
        "-D", dest="define", action="append", default=[], metavar="NAME[=TEXT]", help="a macro"
    )


def read_header_options(args: argparse.Namespace, folder: Path = Path()) -> Options:
    """Return the folders of headers and the macros that the options `-I` and `-D` gave. args:
    parsed by a parser that `add_header_options` changed. folder: what folders of headers are
    relative to.
    """
    from corpora.projects.sources import Options

    return Options(tuple(folder / each for each in args.include), tuple(args.define))
