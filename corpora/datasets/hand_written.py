"""Folders of hand-written functions: one function a file, families as sub-folders, dialects by
suffix.

Contract: `read_collection(root, label)` makes a Program of every `<family>/<name><suffix>`, whose
entry function is the stem; files with one stem in several dialects are versions of one computation
and share their origin. Fixed-form Fortran (`.f`) is read as free form, as everywhere.

    python -c "from corpora import builtin, development; \\
        print(len(builtin.programs('cpp')), len(development.programs('cpp')))"
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from corpora import dialects
from corpora.frontends.fortran_layout import convert_to_free_form
from corpora.records import Program

_SUFFIXES = sorted(
    {suffix for row in dialects.DIALECTS.values() for suffix in row.suffixes}, key=len, reverse=True
)
"""Longest first: `axpy.omp.cpp` is `axpy`, not `axpy.omp`."""


def read_collection(root: Path, label: str) -> tuple[Program, ...]:
    """Return every source file `FAMILY/NAME.SUFFIX` below `root` as a Program, sorted by family,
    name and dialect; () if there is none. Each has the file's text and the entry function NAME;
    fixed-form Fortran (`.f`) becomes free form.

    label: the word that each program's origin, `LABEL/FAMILY/NAME`, begins with. Raises ValueError
    if a name occurs twice in a dialect.
    """
    found: dict[tuple[str, str, str], Program] = {}
    taken: dict[tuple[str, str], Path] = {}
    for path in sorted(root.glob("*/*")):
        suffix = next((s for s in _SUFFIXES if path.name.endswith(s)), None)
        if suffix is None:
            continue
        name, family = path.name.removesuffix(suffix), path.parent.name
        row = dialects.guess_dialect(path.name).name
        if (row, name) in taken:
            raise ValueError(
                f"{label} corpus: '{path}' repeats the name of '{taken[row, name]}'; rename one "
                f"of them"
            )
        taken[row, name] = path
        text = path.read_text()
        found[family, name, row] = Program(
            row,
            name,
            convert_to_free_form(text) if suffix == ".f" else text,
            f"{label}/{family}/{name}",
        )
    return tuple(found[key] for key in sorted(found))


def select_dialect(collection: Sequence[Program], dialect: str) -> list[Program]:
    """Return the programs of one dialect, such as `cuda`, in the order of `collection`. Raises
    ValueError for an unknown dialect.
    """
    wanted = dialects.get_dialect(dialect).name
    return [program for program in collection if program.dialect == wanted]


def select_direction(
    collection: Sequence[Program], direction: str
) -> list[tuple[Program, Program]]:
    """Return (source, target) of every computation of `collection` that has both dialects of
    `direction`, such as `cpp:cuda`, in the order of the sources. Programs of one origin are of one
    computation. Raises ValueError for an unknown direction.
    """
    wanted = dialects.parse_direction(direction)
    targets = {
        program.origin: program for program in select_dialect(collection, wanted.target.name)
    }
    sources = select_dialect(collection, wanted.source.name)
    return [(source, targets[source.origin]) for source in sources if source.origin in targets]
