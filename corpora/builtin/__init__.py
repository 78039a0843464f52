"""Built-in corpus: hand-written HPC functions, one computation per file stem, needing no download.

Contract: `<family>/<name>.cpp` and `.f90` hold the serial versions; `.cu`, `.omp.cpp` and `.omp.f90`, where present, hold
equivalent references. All versions of a stem have the same entry function (the stem), parameters in the same order,
and the same memory layout: a row-major C++ element a[i*m+j] is a(j+1, i+1) in Fortran. Index arrays are 0-based in
every dialect. `.cu` entries are host functions that allocate, copy, launch and copy back.

    python -c "from corpora.builtin import programs; print(len(programs('cpp')), programs('cuda')[0].origin)"
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from corpora import dialects
from corpora.records import Program

_ROOT = Path(__file__).parent
_SUFFIXES = (".omp.cpp", ".omp.f90", ".cpp", ".cu", ".f90")


@cache
def _programs() -> tuple[Program, ...]:
    """Every file as a Program, sorted by family, name and dialect. Raises ValueError when a stem occurs twice in a dialect."""
    found: dict[tuple[str, str, str], Program] = {}
    taken: dict[tuple[str, str], Path] = {}
    for path in sorted(_ROOT.glob("*/*")):
        suffix = next((s for s in _SUFFIXES if path.name.endswith(s)), None)
        if suffix is None:
            continue
        name, family = path.name.removesuffix(suffix), path.parent.name
        row = dialects.dialect_of_path(path.name).name
        if (row, name) in taken:
            raise ValueError(f"built-in corpus: '{path}' repeats the name of '{taken[row, name]}'; rename one of them")
        taken[row, name] = path
        found[family, name, row] = Program(row, name, path.read_text(), f"builtin/{family}/{name}")
    return tuple(found[key] for key in sorted(found))


def programs(dialect: str) -> list[Program]:
    """The built-in functions of one dialect, sorted by origin. Raises ValueError for an unknown dialect."""
    wanted = dialects.dialect(dialect).name
    return [program for program in _programs() if program.dialect == wanted]


def pairs(direction: str) -> list[tuple[Program, Program]]:
    """(source, target) of every computation that has both dialects of `source:target`. Raises ValueError."""
    wanted = dialects.direction(direction)
    targets = {program.origin: program for program in programs(wanted.target.name)}
    sources = programs(wanted.source.name)
    return [(source, targets[source.origin]) for source in sources if source.origin in targets]


def names() -> list[str]:
    """Names of all computations, sorted; a name occurs in one family only."""
    return sorted({program.name for program in _programs()})
