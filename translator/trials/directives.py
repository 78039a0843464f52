"""What the OpenMP directives of a program leave open: the order of reductions, and which thread
takes which share.

    python -c "from translator.trials.directives import reduction_operators; \\
        help(reduction_operators)"
"""

from __future__ import annotations

from functools import lru_cache

from corpora.dialects import get_dialect
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.fortran import parse_fortran
from corpora.ir import Pragma, find
from corpora.records import Program

_LEFT_OPEN = frozenset("dynamic guided runtime auto".split())
_TAKEN = frozenset("task taskloop section sections".split())
"""Words of constructs that give work to whichever thread comes first."""


def reduction_operators(program: Program) -> frozenset[str]:
    """Return the operators of all OpenMP reduction clauses in a program, such as `+` and `max`, in
    lower case. Raises ValueError for an unknown dialect.
    """
    return frozenset(
        clause.modifier.rpartition(",")[2].strip().lower()
        for pragma in _pragmas(program)
        for clause in pragma.clauses
        if clause.name in ("reduction", "in_reduction", "task_reduction")
    )


def is_shared_out_by_chance(program: Program) -> bool:
    """Return whether timing decides which thread of an OpenMP program takes which share of the
    work, as with dynamic schedules and tasks. Raises ValueError for an unknown dialect.
    """
    for pragma in _pragmas(program):
        if _TAKEN & set(pragma.directive.split()):
            return True
        for clause in pragma.clauses:
            words = {word.strip().lower() for word in clause.text.replace(":", ",").split(",")}
            if clause.name == "schedule" and words & _LEFT_OPEN:
                return True
    return False


_TURNS = frozenset("critical atomic declare".split())
"""Words of directives under which threads take turns: `declare` is that of a reduction of a
program's own.
"""


def has_turns(program: Program) -> bool:
    """Return whether threads of an OpenMP program take turns at something, so that the order in
    which they come may decide what it computes: critical sections, atomic updates, locks. Raises
    ValueError for an unknown dialect.
    """
    if any(_TURNS & set(pragma.directive.split()) for pragma in _pragmas(program)):
        return True
    return any(word in program.text.lower() for word in ("omp_set_lock", "std::atomic", "mutex"))


def _pragmas(program: Program) -> tuple[Pragma, ...]:
    return _read(program.text, get_dialect(program.dialect).language)


@lru_cache(maxsize=64)
def _read(text: str, language: str) -> tuple[Pragma, ...]:
    unit = (
        parse_fortran(text, dialect="openmp-fortran")
        if language == "fortran"
        else parse_c_family(text, "openmp")
    )
    return tuple(p for p in find(unit, Pragma) if p.family == "omp")
