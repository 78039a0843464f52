"""Ports by directives as a patch of the user's file.

Contract: `make_patch` inserts the directives of each port into the text of the file and returns a
unified diff that `patch -p1` and `git apply` take. What is inserted is what was judged: each loop
of the file must have the words of the loop that the engine ran. No other line changes.

    coevolve translate solver.cpp --to openmp --patch | patch -p1
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from translator.parallelize.directives import DirectivePlan, InsertionError, insert


@dataclass(frozen=True, slots=True)
class PlannedFunction:
    """A function of a file, with the OpenMP directives to insert into it. name: of the function.
    judged: the text that the engine ran, without directives. plan: the directives.
    """

    name: str
    judged: str
    plan: DirectivePlan


@dataclass(frozen=True, slots=True)
class Patch:
    """A patched file. text: the file with directives. diff: the unified diff from the file to
    `text`, '' if nothing changes. left_out: (name of a function, why its directives cannot be
    inserted).
    """

    text: str
    diff: str
    left_out: tuple[tuple[str, str], ...] = ()


def read_exactly(path: Path) -> str:
    """Return a file's text with its line ends kept. Bytes that are not UTF-8 are kept as surrogate
    escapes (Python's `surrogateescape`). Raises OSError if the file cannot be read.
    """
    return path.read_bytes().decode("utf-8", errors="surrogateescape")


def make_patch(path: str, text: str, language: str, functions: Sequence[PlannedFunction]) -> Patch:
    """Return a file with the directives of its functions, and the diff that makes it so. Functions
    whose directives do not fit the text are in the result's `left_out`, with the reason.

    path: of the file; the diff names it relative to the working directory, or by its name alone
        where it lies elsewhere. text: of the file. language: `cpp` or `fortran`. functions: those
        that get directives.
    """
    patched = text
    left_out = []
    for each in functions:
        try:
            patched = insert(patched, language, each.name, each.plan, each.judged)
        except InsertionError as error:
            left_out.append((each.name, str(error)))
    return Patch(patched, _diff(path, text, patched), tuple(left_out))


def _diff(path: str, before: str, after: str) -> str:
    name = Path(path)
    if name.is_absolute():
        here = Path.cwd()
        name = name.relative_to(here) if name.is_relative_to(here) else Path(name.name)
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{name.as_posix()}",
        f"b/{name.as_posix()}",
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
