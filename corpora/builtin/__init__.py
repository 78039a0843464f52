"""Built-in corpus: hand-written HPC functions, one computation per file stem, needing no download.

Contract: `<family>/<name>.cpp` and `.f90` hold the serial versions; `.cu`, `.omp.cpp` and
`.omp.f90`, where present, hold equivalent references. All versions of a stem have the same entry
function (the stem), parameters in the same order, and the same memory layout: a row-major C++
element a[i*m+j] is a(j+1, i+1) in Fortran. Index arrays are 0-based in every dialect. `.cu` entries
are host functions that allocate, copy, launch and copy back.

    python -c "from corpora.builtin import programs; \\
        print(len(programs('cpp')), programs('cuda')[0].origin)"
"""

from __future__ import annotations

from functools import cache

from corpora.datasets.hand_written import read_collection, select_dialect, select_direction
from corpora.places import find_data
from corpora.records import Program


@cache
def _programs() -> tuple[Program, ...]:
    return read_collection(find_data("corpora/builtin/blas1").parent, "builtin")


def programs(dialect: str) -> list[Program]:
    """Return the built-in functions of one dialect, sorted by origin. Raises ValueError for an
    unknown dialect.
    """
    return select_dialect(_programs(), dialect)


def pairs(direction: str) -> list[tuple[Program, Program]]:
    """Return (source, target) of every built-in computation that has both dialects of `direction`
    (`cpp:cuda`). Raises ValueError for an unknown one.
    """
    return select_direction(_programs(), direction)


def names() -> list[str]:
    """Return the names of all built-in computations, sorted, each once."""
    return sorted({program.name for program in _programs()})
