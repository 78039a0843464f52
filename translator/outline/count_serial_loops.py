"""Loops of an OpenMP text that its threads do not share: what a port that is parallel somewhere
leaves to one of them, or repeats in each.

Contract: `count_serial_loops(text, language)` counts the outermost such loops. A loop around a
directive that shares work is not counted; the loops in it are looked at. In a parallel region a
loop that writes only what each thread has of its own is not counted. Whether the counted loops
could be shared is not known; what the front end does not read counts for nothing.

    python -c "from translator.outline.count_serial_loops import count_serial_loops as count; \\
        print(count('void f(int n, int *x) { for (int i = 0; i < n; i++) x[i] = i; }'))"
"""

from __future__ import annotations

from typing import Any

from corpora.analysis.loops import written_roots
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.fortran import parse_fortran
from corpora.frontends.queries import functions_of
from corpora.ir import Declaration, For, Pragma, RangeFor, children, names_in, walk

_SHARES = frozenset(
    "for do sections section workshare taskloop task loop distribute critical ordered".split()
)
"""Words of directives that give a thread its share of work, or its turn."""
_ONE = frozenset("single master masked".split())
_OWN = ("private", "firstprivate", "lastprivate", "reduction", "linear")


def count_serial_loops(text: str, language: str = "cpp") -> int:
    """Return how many outermost loops of an OpenMP program no threads share. text: the program's.
    language: `cpp` or `fortran`.
    """
    unit = (
        parse_fortran(text, dialect="openmp-fortran")
        if language == "fortran"
        else parse_c_family(text, "openmp")
    )
    return sum(_count_serial(function.body or (), None) for function in functions_of(unit))


def _count_serial(node: Any, own: frozenset[str] | None) -> int:
    """own: in a parallel region, variables that each thread has; None outside of one."""
    if isinstance(node, tuple):
        return sum(_count_serial(each, own) for each in node)
    words = {word for pragma in _pragmas(node) for word in pragma.directive.split()}
    if words & _SHARES:
        return 0
    if words & _ONE:
        own = None
    elif words & {"parallel", "teams"}:
        own = _own_names(node)
    if isinstance(node, (For, RangeFor)) and not _shares_inside(node):
        return 0 if own is not None and written_roots(node.body) <= own else 1
    return sum(_count_serial(each, own) for each in children(node))


def _pragmas(node: Any) -> list[Pragma]:
    return [p for p in getattr(node, "pragmas", ()) if p.family == "omp"]


def _shares_inside(node: Any) -> bool:
    """Whether a directive stands anywhere below `node` that begins a region or shares work."""
    wanted = _SHARES | _ONE | {"parallel", "teams"}
    return any(
        wanted & set(pragma.directive.split())
        for below in walk(node)
        if below is not node
        for pragma in _pragmas(below)
    )


def _own_names(node: Any) -> frozenset[str]:
    """What each thread of the region at `node` has of its own: by a clause or a declaration."""
    listed = {
        name
        for pragma in _pragmas(node)
        for clause in pragma.clauses
        if clause.name in _OWN
        for name in names_in(clause.arguments)
    }
    return frozenset(listed | {n.name for n in walk(node) if isinstance(n, Declaration)})
