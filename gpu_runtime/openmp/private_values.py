"""Private variables of OpenMP that are read before they are set.

Contract: `find_unset_private` reads the tree. What `private` and `lastprivate` name has no value at
the start of its region. What is found there by luck, often a zero or the value from before, no test
can tell from a value that was meant. Only what is read before any assignment, and not behind a
condition, is reported: a condition may choose the iterations in which there is a value.

    python -c "from corpora.frontends.c_family import parse_c_family; \\
        from gpu_runtime.openmp.private_values import find_unset_private; \\
        print(find_unset_private(parse_c_family('void f(int n, int *a) { int t = 0; \\n' \\
        '#pragma omp parallel for private(t) \\n for (int i = 0; i < n; i++) a[i] = t++; }', \\
        'openmp')))"
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from corpora.analysis.accesses import facts_of
from corpora.analysis.facts import FunctionFacts, ScalarAccess
from corpora.frontends.queries import functions_of
from corpora.ir import Compound, For, Function, Name, TranslationUnit, find

_WITHOUT_VALUE = ("private", "lastprivate")


@dataclass(frozen=True, slots=True)
class UnsetPrivate:
    """A private variable that is read before it is set. name: as written. line: of the read, from
    1.
    """

    name: str
    line: int

    def describe(self) -> str:
        """Return the finding in one line."""
        return f"line {self.line} reads '{self.name}', which is private there and was not set"


def find_unset_private(unit: TranslationUnit) -> UnsetPrivate | None:
    """Return the first variable of a text that an OpenMP directive makes private and that its
    region then reads before it sets it; None if the tree shows none.
    """
    found = [one for f in functions_of(unit) for one in _find_in_function(f, unit)]
    return min(found, key=lambda one: one.line, default=None)


def _find_in_function(function: Function, unit: TranslationUnit) -> Iterator[UnsetPrivate]:
    facts = None
    for node in find(function.body or (), Compound, For):
        clauses = [c for p in node.pragmas if p.family == "omp" and not p.end for c in p.clauses]
        given = {
            a.id
            for c in clauses
            if c.name in _WITHOUT_VALUE
            for a in c.arguments
            if isinstance(a, Name)
        }
        if not given or node.span is None:
            continue
        facts = facts or facts_of(function, unit)
        inside = [
            a
            for a in facts.scalars
            if a.span and node.span.start <= a.span.start < node.span.end and not a.span.expanded
        ]
        for name in sorted(given - {loop.variable for loop in facts.loops}):
            first = _find_first(name, inside, facts)
            if first is not None and first.span is not None:
                yield UnsetPrivate(name, first.span.line)


def _find_first(
    name: str, accesses: list[ScalarAccess], facts: FunctionFacts
) -> ScalarAccess | None:
    """The first access to a variable, where it is a read that no condition decides on, and not an
    argument, which the function that is called may set.
    """
    own = [a for a in accesses if getattr(facts.variable(a.variable), "name", a.variable) == name]
    first = min(own, key=lambda a: a.order, default=None)
    if first is None or first.kind == "write" or any(g.loop is None for g in first.guards):
        return None
    given = any(a.kind != "read" and a is not first and a.span == first.span for a in own)
    return None if given else first
