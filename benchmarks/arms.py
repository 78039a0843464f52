"""What benchmarks that compare whole runs have in common: their options, figures by program, and
work that one run takes over from another.

python -c "import sys; sys.path.insert(0, 'benchmarks'); from arms import right_by_program; \\
    help(right_by_program)"
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from coevolve.cli.errors import UserError
from coevolve.config.schema import ConfigError
from corpora.datasets.loaders import CorpusError
from corpora.files import write_atomically, write_folder
from gpu_runtime.backend import BackendError
from gpu_runtime.models.protocol import ModelError

HELD_OUT = ("evaluation_skipped.json", "evaluation_suites.jsonl")
"""Files of a run that say what all its evaluations are measured by, the one that says that they are
there last.
"""


def parser_of(description: str | None) -> argparse.ArgumentParser:
    """Options that every such benchmark has."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, metavar="FILE")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="sets",
        help="as of coevolve run",
    )
    parser.add_argument("--local", action="store_true", help="one process, without Ray")
    parser.add_argument(
        "--table", action="store_true", help="only print the table of what is there"
    )
    return parser


def answered(action: Callable[[], None]) -> int:
    """The exit code of `action`; what a user can mend is one line."""
    try:
        action()
    except (BackendError, ConfigError, CorpusError, ModelError, UserError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def right_by_program(figures: dict) -> dict[str, float]:
    """Percentage of right answers by direction and held-out program, of the figures of one
    evaluation.
    """
    parts = figures.get("directions", {"": figures})
    return {
        f"{way} {row['id']}": 100.0 * row["passed"] / row["samples"]
        for way, part in parts.items()
        for row in part["items"]
    }


def take_held_out(here: Path, places: Sequence[Path]) -> None:
    """Copy HELD_OUT from the first of `places` (run folders) that has them, unless they are
    here.
    """
    done = [place for place in places if (place / HELD_OUT[-1]).exists()]
    if done and not (here / HELD_OUT[-1]).exists():
        copy_files(done[0], here, HELD_OUT)


def copy_files(there: Path, here: Path, names: Sequence[str]) -> None:
    for name in names:
        data = (there / name).read_bytes()
        write_atomically(here / name, lambda out, data=data: out.write(data))


def copy_folder(there: Path, here: Path) -> None:
    """`here` is whole or not there."""
    write_folder(here, lambda part: shutil.copytree(there, part, dirs_exist_ok=True))
