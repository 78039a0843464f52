"""Dialects and directions: one table row per dialect and one per programming model,
`source:target` for a direction.

Contract: a dialect is data. Code that needs to know something about a dialect reads it from its
row, or from that of its model; nothing branches on a dialect's name. New dialects are added by
adding a row (and a back end that can compile it). What a row lacks is a DialectError where it is
needed: one line that names the table and the file to extend.

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
    model: the programming model's name in MODELS, such as `openmp`.
    spoken: the words by which a model is asked for it, such as `C++ with OpenMP`; '': no model can
        be asked in words.
    is_generated: whether `corpora.generator` writes it.
    grammar: how CodeBLEU reads it, `cpp`, `cuda` or `fortran`; '' is as its language.
    """

    name: str
    language: str
    suffixes: tuple[str, ...]
    model: str
    spoken: str = ""
    is_generated: bool = False
    grammar: str = ""


@dataclass(frozen=True, slots=True)
class ProgrammingModel:
    """One row of the table of programming models, which several dialects may share.

    name: the word in a dialect's `model`. macros: (name, value) of what its compilers define beside
        the language's own, as far as portable code asks for it.
    backend: what a verdict says it ran on where that is this machine's CPU.
    place: where its programs run, in the table of `coevolve directions`.
    helpers: names of the findings of `coevolve doctor` that it can do without, at a loss.
    """

    name: str
    macros: tuple[tuple[str, str], ...]
    backend: str
    place: str
    helpers: tuple[str, ...]


class DialectError(ValueError):
    """A table lacks an entry for a dialect or its programming model. The message is one line with
    the table and the file to extend.
    """


_OPENMP = (("_OPENMP", "201511"),)
_CUDA = (("__CUDACC__", "1"), ("__NVCC__", "1"))
_RACES = ("libomp", "archer")

MODELS: dict[str, ProgrammingModel] = {
    row.name: row
    for row in (
        ProgrammingModel("serial", (), "native", "cpu", ()),
        ProgrammingModel("openmp", _OPENMP, "openmp", "cpu threads", _RACES),
        ProgrammingModel("cuda", _CUDA, "emulated", "emulated", ("gpu", "nvrtc")),
        # Target regions on host threads with memory of their own, never on a device.
        ProgrammingModel(
            "offload", _OPENMP, "offload-host", "offload-host", (*_RACES, "offload: g++")
        ),
    )
}

_ARRAYS = "CUDA, as a bare __global__ kernel with the same parameters in the same order"
_REGIONS = "C++ with OpenMP target regions for a GPU, every array mapped explicitly"
_CPP = (".cpp", ".cc", ".cxx", ".c", ".hpp", ".h")
_FORTRAN = (".f90", ".f95", ".f03", ".f08", ".for", ".f")

DIALECTS: dict[str, Dialect] = {
    row.name: row
    for row in (
        Dialect("cpp", "cpp", _CPP, "serial", "serial C++", True),
        Dialect("cuda", "cpp", (".cuh", ".cu"), "cuda", _ARRAYS, True, "cuda"),
        Dialect("openmp", "cpp", (".omp.cpp", ".omp.c"), "openmp", "C++ with OpenMP", True),
        Dialect("openmp-target", "cpp", (".target.cpp", ".target.c"), "offload", _REGIONS),
        Dialect("fortran", "fortran", _FORTRAN, "serial", "serial Fortran", True),
        Dialect(
            "openmp-fortran",
            "fortran",
            (".omp.f90", ".omp.f"),
            "openmp",
            "Fortran with OpenMP",
            True,
        ),
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


def get_model(name: str) -> ProgrammingModel:
    """Return the programming model called `name`, as a dialect's row names it. Raises DialectError
    if there is none.
    """
    if name not in MODELS:
        raise DialectError(
            f"programming model '{name}' is not in the table MODELS (known: {', '.join(MODELS)}); "
            f"add its row in corpora/dialects.py"
        )
    return MODELS[name]


def list_macros(dialect_name: str) -> dict[str, str]:
    """Return the macros that the compilers of a C++ dialect define, name -> value, as far as
    portable code asks for them; {} for a dialect of another language or an unknown one. Raises
    DialectError if its programming model is not in the table.
    """
    row = DIALECTS.get(dialect_name)
    if row is None or row.language != "cpp":
        return {}
    return {_CPP_MACRO: "201703L", **dict(get_model(row.model).macros)}


def list_macro_names() -> frozenset[str]:
    """Return the names of all macros that `list_macros` may return."""
    return frozenset({_CPP_MACRO, *(name for row in MODELS.values() for name, _ in row.macros)})


_CPP_MACRO = "__cplusplus"


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
