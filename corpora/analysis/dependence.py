"""Dependences that a loop carries from one of its iterations to a later one.

Two accesses to one array depend on each other if integers fulfil their guards, the bounds of the
loops around them and the equality of their subscripts, in different iterations of the loop and the
same iteration of all loops around it. That system goes to `corpora.analysis.inequalities`.
A linearised subscript is first split where its parts provably stay within their sizes.

    python -c "from corpora.analysis import dependence; help(dependence.carried_dependences)"
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from corpora.analysis.affine import delinearize
from corpora.analysis.facts import ArrayAccess, FunctionFacts, LoopFacts
from corpora.analysis.inequalities import System, is_infeasible
from corpora.analysis.polynomial import (
    Monomial,
    Polynomial,
    Symbol,
    integer,
    of_symbol,
)
from corpora.analysis.reasons import Reason

MOST_PAIRS = 2000


@dataclass(frozen=True, slots=True)
class Dependence:
    """A dependence between two accesses to one array; `source` runs in an earlier iteration than
    `sink`.

    kind: `flow` (write, read), `anti` (read, write) or `output` (write, write).
    distance: in iterations, as a polynomial in what is fixed in the loop; None if it varies or is
        unknown.
    affine: all subscripts are known, so that it exists unless a condition forbids it. Otherwise it
        just cannot be excluded.
    """

    kind: str
    source: ArrayAccess
    sink: ArrayAccess
    distance: Polynomial | None
    affine: bool

    @property
    def is_certain(self) -> bool:
        """Return whether it is certain that the later iteration reads what the earlier one wrote.
        The distance is then a known number, and only the loops' own tests guard the accesses.
        """
        distance = self.distance.as_integer() if self.distance is not None else None
        guards = (*self.source.guards, *self.sink.guards)
        return (
            self.kind == "flow"
            and self.affine
            and bool(distance)
            and all(guard.loop is not None for guard in guards)
        )

    def reason(self) -> Reason:
        """Return the dependence between two iterations as a Reason why they cannot run at once,
        with a sentence for people.
        """
        name = ".".join((self.source.array, *self.source.field)).lstrip("*")
        words = {"flow": "is read", "anti": "is overwritten", "output": "is written again"}
        earlier = "written" if self.source.writes else "read"
        if self.distance is not None:
            when = f"{self.distance} iterations later"
        else:
            when = (
                "in another iteration" if self.affine else "in another iteration, as far as known"
            )
        sentence = f"`{name}` is {earlier} and {words[self.kind]} {when}"
        code = f"{self.kind.upper()}_DEPENDENCE" if self.affine else self._why_unknown()
        return Reason(code, sentence, (name,), self.sink.span or self.source.span)

    def _why_unknown(self) -> str:
        if any(a.array.startswith("*") for a in (self.source, self.sink)):
            return "UNKNOWN_POINTER"
        if any(is_indirect(a) for a in (self.source, self.sink)):
            return "INDIRECT"
        return "NOT_AFFINE"


def carried_dependences(loop: LoopFacts, facts: FunctionFacts) -> list[Dependence]:
    """Return every dependence between different iterations of `loop` that is not disproved, array
    by array. facts: of the loop's function. Arrays declared in the loop's body are left out. Of
    more than 2,000 pairs of accesses to an array, the pairs beyond that number count as dependent.
    """
    inside = [a for a in facts.accesses if loop.id in a.loops]
    groups: dict[str, list[ArrayAccess]] = {}
    for access in inside:
        variable = facts.variable(access.array)
        if variable is None or loop.id not in variable.loops:
            groups.setdefault(access.array, []).append(access)
    found: list[Dependence] = []
    for group in groups.values():
        found += array_dependences(group, loop)
    return found


def array_dependences(accesses: Iterable[ArrayAccess], loop: LoopFacts) -> list[Dependence]:
    """Return the dependences between different iterations of `loop` that are not disproved, of
    accesses to one array. accesses: those to that array in the loop; reads alone give none. The
    result is in the order of the accesses. Beyond 2,000 pairs every further pair counts as
    dependent.
    """
    group = _distinct(accesses)
    found, pairs = [], 0
    for source in group:
        for sink in group:
            if not (source.writes or sink.writes) or _are_apart(source.field, sink.field):
                continue
            pairs += 1
            dependence = (
                _unknown(source, sink)
                if pairs > MOST_PAIRS
                else pair_dependence(source, sink, loop)
            )
            if dependence is not None:
                found.append(dependence)
    return found


def _distinct(accesses: Iterable[ArrayAccess]) -> list[ArrayAccess]:
    seen: dict[object, ArrayAccess] = {}
    for access in accesses:
        key = (access.indices, access.kind, access.operator, access.field, access.system())
        seen.setdefault(key, access)
    return list(seen.values())


def _are_apart(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    """Whether two members are different ones of the same structure."""
    return any(a != b for a, b in zip(first, second, strict=False))


def _unknown(source: ArrayAccess, sink: ArrayAccess) -> Dependence:
    return Dependence(_kind(source, sink), source, sink, None, False)


def _kind(source: ArrayAccess, sink: ArrayAccess) -> str:
    if source.writes and sink.writes:
        return "output" if sink.kind == "write" else "flow"
    return "flow" if source.writes else "anti"


def renamed(loop: LoopFacts, polynomials: Iterable[Polynomial]) -> dict[Symbol, Polynomial]:
    """Return replacements for the symbols in `polynomials` that may have another value in another
    iteration of `loop`: {symbol: a new symbol, as a polynomial}. The loop's counter is among them.
    """
    varying = {v for p in polynomials for v in p.variables() if loop.id in v.loops}
    varying.add(loop.counter)
    return {s: of_symbol(Symbol(s.name + "'", s.loops, array=s.array)) for s in varying}


def pair_dependence(source: ArrayAccess, sink: ArrayAccess, loop: LoopFacts) -> Dependence | None:
    """Return the dependence of `sink` on `source` in an earlier iteration of `loop`, or None if it
    is disproved. source, sink: accesses to one array in the loop, of which one writes.
    """
    if source.array.startswith("*") or len(source.indices) != len(sink.indices):
        return _unknown(source, sink)
    first, second = source.system(), sink.system()
    polynomials = [*second.polynomials(), *(i for i in sink.indices if i is not None)]
    change = renamed(loop, polynomials)
    later = _replaced(second, change)
    counter = of_symbol(loop.counter)
    distance = (change[loop.counter] - counter) * loop.direction
    both = first.joined(later).joined(System((), (distance - 1,)))
    pairs = [
        (a, b.replace(change))
        for a, b in zip(source.indices, sink.indices, strict=True)
        if a is not None and b is not None
    ]
    equal = tuple(a - b for a, b in pairs)
    if is_infeasible(both.joined(System(equal))):
        return None
    split = _split(pairs, first, later, loop)
    if split is not None:
        equal = split
        if is_infeasible(both.joined(System(equal))):
            return None
    affine = len(pairs) == len(source.indices) and all(_is_affine(e, loop) for e in equal)
    fixed = _fixed_value(distance, equal, loop)
    if fixed is not None and (number := fixed.as_integer()) is not None and number < 1:
        fixed = None  # it holds only where some size is zero
    return Dependence(_kind(source, sink), source, sink, fixed, affine)


def _replaced(system: System, change: dict[Symbol, Polynomial]) -> System:
    return System(
        tuple(p.replace(change) for p in system.zero),
        tuple(p.replace(change) for p in system.nonnegative),
        tuple(p.replace(change) for p in system.nonzero),
    )


def _split(
    pairs: list[tuple[Polynomial, Polynomial]], first: System, later: System, loop: LoopFacts
) -> tuple[Polynomial, ...] | None:
    """Equations between the subscripts of linearised indices."""
    result: list[Polynomial] = []
    changed = False
    for a, b in pairs:
        parts = delinearize((a, b), (first, later), lambda s: loop.id in s.loops)
        if parts is None:
            result.append(a - b)
            continue
        changed = True
        result += [x - y for x, y in zip(*parts, strict=True)]
    return tuple(result) if changed else None


def _is_affine(equation: Polynomial, loop: LoopFacts) -> bool:
    """Whether all that varies in the loop is a loop's counter."""
    for variable in equation.variables():
        if loop.id in variable.loops and not variable.name.startswith(":"):
            if not is_counter(variable):
                return False
    return not any(s.operator and loop.id in s.loops for s in equation.symbols())


def is_counter(symbol: Symbol) -> bool:
    """Return whether a symbol is a loop's counter. Such a symbol is named `i.3`, where 3 is the
    loop's id.
    """
    tail = symbol.name.rstrip("'").rpartition(".")[2]
    return "#" not in symbol.name and tail.isdigit() and int(tail) in symbol.loops


def is_indirect(access: ArrayAccess) -> bool:
    """Return whether a subscript of the access holds an element of an array, as in `a[idx[i]]`."""
    for index in access.indices:
        for symbol in index.symbols() if index is not None else ():
            inner = {symbol, *symbol.variables}
            if any(s.array or s.operator == "load" for s in inner):
                return True
    return False


def _fixed_value(
    value: Polynomial, equations: tuple[Polynomial, ...], loop: LoopFacts
) -> Polynomial | None:
    """`value` as what is fixed in the loop, by Gaussian elimination; None where it varies."""

    def varies(monomial: Monomial) -> bool:
        return any(loop.id in s.loops for s in monomial)

    goal = {m: Fraction(c) for m, c in value.terms}
    rows = [{m: Fraction(c) for m, c in _without_factor(e).terms} for e in equations]
    while rows:
        row = rows.pop()
        pivot = next((m for m, c in row.items() if c and varies(m)), None)
        if pivot is None:
            continue
        scale = row[pivot]
        for other in [goal, *rows]:
            factor = other.get(pivot, Fraction(0)) / scale
            if factor:
                for monomial, coefficient in row.items():
                    other[monomial] = other.get(monomial, Fraction(0)) - factor * coefficient
    left = {m: c for m, c in goal.items() if c}
    if any(varies(m) or c.denominator != 1 for m, c in left.items()):
        return None
    total = Polynomial()
    for monomial, coefficient in left.items():
        product = integer(int(coefficient))
        for symbol in monomial:
            product = product * of_symbol(symbol)
        total = total + product
    return total


def _without_factor(equation: Polynomial) -> Polynomial:
    """Divided by the symbols that all its terms share."""
    while equation.terms and equation.terms[0][0]:
        shared = [s for s in equation.terms[0][0] if all(s in m for m, _ in equation.terms)]
        if not shared:
            break
        terms = []
        for monomial, coefficient in equation.terms:
            rest = list(monomial)
            rest.remove(shared[0])
            terms.append((tuple(rest), coefficient))
        equation = Polynomial(tuple(terms))
    return equation
