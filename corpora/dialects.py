"""Dialects and directions: one table row per dialect, `source:target` for a direction.

Contract: a dialect is data. Code that needs to know something about a dialect reads it from its
row; nothing branches on a dialect's name. New dialects are added by adding a row (and a back end
that can compile it).

    python -c "from corpora.dialects import parse_direction; print(parse_direction('cpp:cuda'))"
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """One row of the dialect table.

    name: the word used in directions, records and on the command line.
    language: `cpp` or `fortran`; it chooses lexer, parser and compiler front end.
    suffixes: file suffixes in lower case, each with its dot, such as `.omp.cpp`.
    model: `serial`, `cuda`, `openmp` or `offload` (OpenMP target regions, whose data must be
        mapped).
    """

    name: str
    language: str
    suffixes: tuple[str, ...]
    model: str


DIALECTS: dict[str, Dialect] = {
    row.name: row
    for row in (
        Dialect("cpp", "cpp", (".cpp", ".cc", ".cxx", ".c", ".hpp", ".h"), "serial"),
        Dialect("cuda", "cpp", (".cuh", ".cu"), "cuda"),
        Dialect("openmp", "cpp", (".omp.cpp", ".omp.c"), "openmp"),
        Dialect("openmp-target", "cpp", (".target.cpp", ".target.c"), "offload"),
        Dialect("fortran", "fortran", (".f90", ".f95", ".f03", ".f08", ".for", ".f"), "serial"),
        Dialect("openmp-fortran", "fortran", (".omp.f90", ".omp.f"), "openmp"),
    )
}


@dataclass(frozen=True, slots=True)
class Direction:
    """A translation direction, from `source` to `target`. Its text form is `source:target`."""

    source: Dialect
    target: Dialect

    def __str__(self) -> str:
        return f"{self.source.name}:{self.target.name}"

    @property
    def reverse(self) -> Direction:
        """Return the direction from its target to its source."""
        return Direction(self.target, self.source)


def get_dialect(name: str) -> Dialect:
    """Return the dialect called `name`. Raises ValueError, with the nearest name, if there is
    none.
    """
    if name in DIALECTS:
        return DIALECTS[name]
    near = difflib.get_close_matches(name, DIALECTS, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    raise ValueError(f"unknown dialect '{name}'{hint} (known: {', '.join(DIALECTS)})")


def guess_dialect(path: str) -> Dialect:
    """Return the dialect of a file by the longest suffix, such as `.cu` or `.omp.cpp`, that fits
    its path. The file need not exist. Raises ValueError if none does.
    """
    lowered = path.lower()
    claims = [
        (len(s), row) for row in DIALECTS.values() for s in row.suffixes if lowered.endswith(s)
    ]
    if not claims:
        raise ValueError(
            f"cannot tell the dialect of '{path}' by its suffix; name it with --from/--to"
        )
    return max(claims, key=lambda claim: claim[0])[1]


def parse_direction(text: str) -> Direction:
    """Parse `source:target`, such as `cpp:cuda`. Raises ValueError for another form or an unknown
    dialect.
    """
    source, colon, target = text.partition(":")
    if not colon:
        raise ValueError(
            f"direction '{text}' is not of the form source:target, for example cpp:cuda"
        )
    if source == target:
        raise ValueError(f"direction '{text}' translates a dialect into itself")
    return Direction(get_dialect(source), get_dialect(target))
