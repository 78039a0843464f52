"""Extents that a function's arrays need, in terms of its scalars.

The largest and smallest subscripts are found by putting the bounds of the loops' counters, and of
guards, into the subscripts. What depends on data has no bound here, and says why.

    python -c "from corpora.analysis import bounds; help(bounds.array_bounds)"
"""

from __future__ import annotations

from dataclasses import dataclass

from corpora.analysis.accesses import facts_of
from corpora.analysis.facts import ArrayAccess, FunctionFacts
from corpora.analysis.inequalities import System, implies_nonnegative
from corpora.analysis.polynomial import Polynomial, Symbol, integer, of_symbol, operation
from corpora.analysis.reasons import Reason
from corpora.ir import Function, TranslationUnit

_ROUNDS = 12
_DEPTH = 2


@dataclass(frozen=True, slots=True)
class ArrayBound:
    """The subscripts that one dimension of an array is accessed with: `lower` to `upper`, both
    inclusive.

    array: key of the variable, its name made unique in the function. dimension: from 0. They hold
        for accesses that happen; a loop without iterations needs nothing.
    lower, upper: polynomials in what is fixed in the function; None where unknown. `reason` then
        says why, and is None otherwise. reads, writes: which kinds of access were found. bounded:
        the largest of those subscripts that are known; None if none is.
    """

    array: str
    dimension: int
    lower: Polynomial | None
    upper: Polynomial | None
    reads: bool
    writes: bool
    reason: Reason | None = None
    bounded: Polynomial | None = None

    def extent(self) -> Polynomial | None:
        """Return how many elements a C array needs in this dimension for the subscripts it is
        accessed with, `upper` + 1, or None where that is unknown.
        """
        return None if self.upper is None else self.upper + 1


def array_bounds(function: Function, unit: TranslationUnit | None = None) -> tuple[ArrayBound, ...]:
    """Return the bounds of every dimension of every array that `function` accesses, one ArrayBound
    for each (array, dimension), in the order of the first accesses. unit: the text around it, None
    if there is none. Nothing is raised; what is not known is None in the result.
    """
    facts = facts_of(function, unit)
    groups: dict[tuple[str, int], list[tuple[ArrayAccess, Polynomial | None]]] = {}
    for access in facts.accesses:
        for dimension, index in enumerate(access.indices):
            groups.setdefault((access.array, dimension), []).append((access, index))
    return tuple(_bound(key, group, facts) for key, group in groups.items())


def _bound(
    key: tuple[str, int], group: list[tuple[ArrayAccess, Polynomial | None]], facts: FunctionFacts
) -> ArrayBound:
    array, dimension = key
    ends: list[list[Polynomial]] = [[], []]
    reason = None
    for access, index in group:
        system = access.system()
        for side, upward in ((0, False), (1, True)):
            end = extreme_of(index, system, upward) if index is not None else None
            if end is None:
                name = array.lstrip("*")
                sentence = f"a subscript of `{name}` is not bounded by scalars"
                reason = reason or Reason("NO_BOUND", sentence, (name,), access.span)
            elif end not in ends[side]:
                ends[side].append(end)
    known = reason is None
    lower = _joined("min", ends[0]) if known else None
    upper = _joined("max", ends[1]) if known else None
    reads = any(a.kind != "write" for a, _ in group)
    bounded = _joined("max", ends[1]) if ends[1] else None
    return ArrayBound(
        array, dimension, lower, upper, reads, any(a.writes for a, _ in group), reason, bounded
    )


def _joined(operator: str, values: list[Polynomial]) -> Polynomial:
    total = values[0]
    for value in values[1:]:
        total = operation(operator, (total, value))
    return total


def extreme_of(
    value: Polynomial, system: System, upward: bool, depth: int = _DEPTH
) -> Polynomial | None:
    """Return the largest or smallest value of `value`, as a polynomial in what is fixed in the
    function.

    upward: True for the largest, False for the smallest. system: bounds of what varies, such as of
        loop counters. depth: how many nested operations (`/`, `min` and `max`) are looked into.
    Returns None if something that varies has no bound.
    """
    for _ in range(_ROUNDS):
        varying = [s for s in value.symbols() if s.loops or s.array]
        if not varying:
            return value
        symbol = max(varying, key=lambda s: (len(s.loops), s.name))
        factor = value.coefficient_of(symbol)
        if factor is None or any(f.loops for f in factor.symbols()):
            return None
        moved = _eliminated(value, symbol, factor, system, upward)
        if moved is not None:
            value = moved
            continue
        sign = _sign(factor, system)
        if not sign:
            return None
        side = upward == (sign > 0)
        ends = _of_operation(symbol, system, side, depth) or _limits(symbol, system, side)
        if not ends:
            return None
        end = _joined("min" if upward == (sign > 0) else "max", ends)
        value = value - of_symbol(symbol) * factor + end * factor
    return None


def _of_operation(symbol: Symbol, system: System, upward: bool, depth: int) -> list[Polynomial]:
    """The end of a quotient by a number, a minimum or a maximum, from the ends of its arguments."""
    if symbol.operator not in ("/", "min", "max") or depth == 0:
        return []
    varying, fixed = symbol.arguments, ()
    if symbol.operator == "/":
        varying, fixed = symbol.arguments[:1], symbol.arguments[1:]
        divisor = fixed[0].as_integer()
        if divisor is None or divisor <= 0:
            return []
    ends = [extreme_of(argument, system, upward, depth - 1) for argument in varying]
    if any(end is None for end in ends):
        return []
    return [operation(symbol.operator, (*ends, *fixed))]  # type: ignore[arg-type]


def _eliminated(
    value: Polynomial, symbol: Symbol, factor: Polynomial, system: System, upward: bool
) -> Polynomial | None:
    """`value` plus a multiple of the one inequality that cancels `symbol`, where there is one."""
    number = factor.as_integer()
    if number is not None and abs(number) == 1:
        return None
    rows = [r for r in system.nonnegative if symbol in r.symbols()]
    fitting = []
    for row in rows:
        own = row.coefficient_of(symbol)
        if own is None or own.as_integer() is not None:
            continue
        for scale in (1, 2, 3, 4):
            if (own * scale + (factor if upward else -factor)).terms == ():
                fitting.append(row * scale if upward else -row * scale)
    return value + fitting[0] if len(fitting) == 1 else None


def _sign(factor: Polynomial, system: System) -> int:
    number = factor.as_integer()
    if number is not None:
        return (number > 0) - (number < 0)
    if implies_nonnegative(system, factor):
        return 1
    return -1 if implies_nonnegative(system, -factor) else 0


def _limits(symbol: Symbol, system: System, upward: bool) -> list[Polynomial]:
    """Upper (or lower) bounds of `symbol` by single inequalities, over symbols that vary less."""
    found = []
    equal = [side for zero in system.zero for side in (zero, -zero)]
    for row in (*system.nonnegative, *equal):
        factor = row.coefficient_of(symbol)
        number = factor.as_integer() if factor is not None else None
        if not number or (number < 0) != upward:
            continue
        rest = row - of_symbol(symbol) * number
        own = (len(symbol.loops), symbol.name)
        rest_varies = (s for s in rest.symbols() if s.loops)
        if any(s.array or (len(s.loops), s.name) >= own for s in rest_varies):
            continue
        size = abs(number)
        if upward:
            end = rest if size == 1 else operation("/", (rest, integer(size)))
        else:
            end = -rest if size == 1 else None
        if end is not None and end not in found:
            found.append(end)
    return found
