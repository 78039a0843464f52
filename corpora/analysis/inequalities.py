"""Whether integer values can fulfil a set of equations and inequalities.

Contract: `is_infeasible` is True only where no integers fulfil the system; False says nothing.
Each product of symbols counts as an unknown of its own, and products of constraints that settle
common linearised indices are added. Equations are solved over the integers by the unimodular
substitutions of Pugh (1991, "The Omega test"), which contain the ZIV, SIV and GCD tests of Allen
and Kennedy (2001). Inequalities are eliminated by Fourier and Motzkin, as real numbers with
integer tightening, which contains Banerjee's test.

    python -c "from corpora.analysis.inequalities import *; from corpora.analysis.polynomial \
        import variable; i = variable('i'); print(is_infeasible(System((i * 2 - 1,), ())))"
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from corpora.analysis.polynomial import Monomial, Polynomial, Symbol, of_symbol

MOST_CONSTRAINTS = 400
MOST_SPLITS = 3
MOST_PRODUCTS = 40

Row = dict[Monomial, int]
"""Linear form over monomials; the monomial () is the constant."""

_NumberedRow = dict[int, int]
"""The same with numbers for the monomials, 0 for the constant: elimination hashes them all the
time.
"""


@dataclass(frozen=True)
class System:
    """Constraints on integers, which all hold together. zero: polynomials equal to 0. nonnegative:
    at least 0. nonzero: not 0.
    """

    zero: tuple[Polynomial, ...] = ()
    nonnegative: tuple[Polynomial, ...] = ()
    nonzero: tuple[Polynomial, ...] = ()

    def joined(self, other: System) -> System:
        """Return the system of all constraints on integers of this one and `other`, each once."""
        return System(
            tuple(dict.fromkeys(self.zero + other.zero)),
            tuple(dict.fromkeys(self.nonnegative + other.nonnegative)),
            tuple(dict.fromkeys(self.nonzero + other.nonzero)),
        )

    def polynomials(self) -> tuple[Polynomial, ...]:
        """Return the polynomials of all constraints: those that are zero, at least 0, and not 0, in
        this order.
        """
        return self.zero + self.nonnegative + self.nonzero


def is_infeasible(system: System) -> bool:
    """Return True only if no integers fulfil the system. False means that some may.

    Equations are eliminated as in Pugh's Omega test (1991), inequalities by Fourier and Motzkin.
    """
    system = system.joined(definitions(system.polynomials()))
    return _infeasible(system, MOST_SPLITS)


def implies_nonnegative(system: System, value: Polynomial) -> bool:
    """Return True only if `value` is at least 0 wherever `system` holds. False means that it is not
    proved.
    """
    number = value.as_integer()
    if number is not None and number >= 0:
        return True
    return is_infeasible(System(system.zero, (*system.nonnegative, -value - 1), system.nonzero))


def definitions(polynomials: Iterable[Polynomial]) -> System:
    """Return constraints that hold by the meaning of the operations (`/`, `%`, `min` and so on) in
    `polynomials`, such as `min(a, b) <= a`.
    """
    seen: set[Symbol] = set()
    facts: list[Polynomial] = []
    queue = [o for p in polynomials for o in p.operations()]
    while queue:
        symbol = queue.pop()
        if symbol in seen:
            continue
        seen.add(symbol)
        facts += _meaning(symbol)
    return System((), tuple(facts))


def _meaning(symbol: Symbol) -> list[Polynomial]:
    value, arguments = of_symbol(symbol), symbol.arguments
    if symbol.operator == "min":
        return [a - value for a in arguments]
    if symbol.operator == "max":
        return [value - a for a in arguments]
    if symbol.operator in ("/", "%") and (d := arguments[1].as_integer()) and d > 0:
        return _division_by_number(symbol, d)
    if symbol.operator == "&":
        masks = [m for a in arguments if (m := a.as_integer()) is not None and m >= 0]
        return [value, *(-value + m for m in masks)] if masks else []
    return []


def _division_by_number(symbol: Symbol, d: int) -> list[Polynomial]:
    """Truncation towards zero: |x - d*q| <= d - 1. The sign of x is not known here."""
    value, x = of_symbol(symbol), symbol.arguments[0]
    if symbol.operator == "%":
        return [-value + (d - 1), value + (d - 1)]
    return [x - value * d + (d - 1), value * d - x + (d - 1)]


def _infeasible(system: System, splits: int) -> bool:
    if system.nonzero and splits:
        first, rest = system.nonzero[0], system.nonzero[1:]
        if first == Polynomial():
            return True
        if first.as_integer() is not None:
            return _infeasible(System(system.zero, system.nonnegative, rest), splits)
        return all(
            _infeasible(System(system.zero, (*system.nonnegative, side - 1), rest), splits - 1)
            for side in (first, -first)
        )
    rows = _solve([dict(p.terms) for p in system.zero], [dict(p.terms) for p in system.nonnegative])
    if rows is None:
        return True
    if _eliminate(rows):
        return True
    more = _with_products(system)
    if more is system:
        return False
    rows = _solve([dict(p.terms) for p in more.zero], [dict(p.terms) for p in more.nonnegative])
    return rows is None or _eliminate(rows)


def _with_products(system: System) -> System:
    """With products of inequalities and non-negative factors of the monomials that are no
    symbols. `0 <= j <= n - 1` gives `n >= 1`, and `i2 >= i + 1` times n settles `i*n + j`."""
    factors = {s for p in system.polynomials() for m, _ in p.terms if len(m) > 1 for s in m}
    if not factors:
        return system
    positive = []
    linear = System(system.zero, system.nonnegative)
    for symbol in sorted(factors, key=lambda s: s.name):
        for floor in (1, 0):
            rest = of_symbol(symbol) - floor
            negated = System(linear.zero, (*linear.nonnegative, -rest - 1))
            rows = _solve(
                [dict(p.terms) for p in negated.zero], [dict(p.terms) for p in negated.nonnegative]
            )
            if rows is None or _eliminate(rows):
                positive.append(rest)
                break
    simple = [p for p in system.nonnegative if all(len(m) < 3 for m, _ in p.terms)]
    known = {m for p in system.polynomials() for m, _ in p.terms if len(m) > 1}
    products: list[Polynomial] = []
    for factor in positive:
        for other in (*positive, *simple):
            product = factor * other
            if any(m in known for m, _ in product.terms):
                products.append(product)
            if len(products) >= MOST_PRODUCTS:
                break
    if not products:
        return system
    return System(system.zero, (*system.nonnegative, *products), ())


def _solve(equations: list[Row], inequalities: list[Row]) -> list[Row] | None:
    """The inequalities with the equations solved and put in. None: the equations cannot hold."""
    equations = [dict(e) for e in equations]
    rows = [dict(r) for r in inequalities]
    fresh = 0
    while equations:
        equation = equations.pop()
        if not (equation := _tidy_equation(equation)):
            continue
        unknowns = [m for m in equation if m]
        if not unknowns:
            return None
        divisor = math.gcd(*(equation[m] for m in unknowns))
        if equation.get((), 0) % divisor:
            return None
        equation = {m: c // divisor for m, c in equation.items()}
        pivot = min(unknowns, key=lambda m: (abs(equation[m]), -len(m)))
        coefficient = equation[pivot]
        if abs(coefficient) > 1:
            # x = y - sum(q_i * x_i): the remainders are smaller than the pivot's coefficient.
            fresh += 1
            new: Monomial = (Symbol(f"#{fresh}"),)
            substitution = {m: -(equation[m] // coefficient) for m in unknowns if m != pivot}
            substitution[new] = 1
            equations.append(_put(equation, pivot, substitution))
        else:
            substitution = {m: -coefficient * c for m, c in equation.items() if m != pivot}
        equations = [_put(e, pivot, substitution) for e in equations]
        rows = [_put(r, pivot, substitution) for r in rows]
    return rows


def _tidy_equation(row: Row) -> Row:
    return {m: c for m, c in row.items() if c}


def _put(row: Row, pivot: Monomial, substitution: Row) -> Row:
    factor = row.get(pivot, 0)
    if not factor:
        return row
    out = {m: c for m, c in row.items() if m != pivot}
    for monomial, coefficient in substitution.items():
        out[monomial] = out.get(monomial, 0) + factor * coefficient
    return {m: c for m, c in out.items() if c}


def _number(rows: list[Row]) -> list[_NumberedRow]:
    """The rows with a number for each monomial."""
    numbers: dict[Monomial, int] = {(): 0}
    return [{numbers.setdefault(m, len(numbers)): c for m, c in row.items()} for row in rows]


def _tighten(row: _NumberedRow) -> _NumberedRow | None:
    """Divided by the common divisor, the constant rounded down. None: always true."""
    unknowns = [c for m, c in row.items() if m and c]
    if not unknowns:
        return None if row.get(0, 0) >= 0 else {0: -1}
    divisor = math.gcd(*unknowns)
    return {m: c // divisor for m, c in row.items() if c and (c // divisor or m)}


def _eliminate(rows: list[Row]) -> bool:
    """Whether Fourier-Motzkin elimination meets a contradiction."""
    current = _distinct(_number(rows))
    while current is not None and current:
        counts: dict[int, list[int]] = {}
        for row in current:
            for monomial, coefficient in row.items():
                if monomial:
                    counts.setdefault(monomial, [0, 0])[coefficient > 0] += 1
        pivot = min(counts, key=lambda m: counts[m][0] * counts[m][1] - sum(counts[m]))
        lower = [r for r in current if r.get(pivot, 0) > 0]
        upper = [r for r in current if r.get(pivot, 0) < 0]
        kept = [r for r in current if not r.get(pivot, 0)]
        if len(kept) + len(lower) * len(upper) > MOST_CONSTRAINTS:
            return False
        kept += [_cancel(a, b, pivot) for a in lower for b in upper]
        current = _distinct(kept)
    return current is None


def _cancel(positive: _NumberedRow, negative: _NumberedRow, pivot: int) -> _NumberedRow:
    a, b = positive[pivot], -negative[pivot]
    out: _NumberedRow = {}
    for row, factor in ((positive, b), (negative, a)):
        for monomial, coefficient in row.items():
            if monomial != pivot:
                out[monomial] = out.get(monomial, 0) + factor * coefficient
    return {m: c for m, c in out.items() if c}


def _distinct(rows: list[_NumberedRow]) -> list[_NumberedRow] | None:
    """Each direction once, with its tightest constant. None: one of them never holds."""
    best: dict[frozenset[tuple[int, int]], int] = {}
    for row in rows:
        tight = _tighten(row)
        if tight is None:
            continue
        constant = tight.get(0, 0)
        direction = frozenset((m, c) for m, c in tight.items() if m)
        if not direction:
            return None
        best[direction] = min(best.get(direction, constant), constant)
    out = []
    for direction, constant in best.items():
        opposite = frozenset((m, -c) for m, c in direction)
        if opposite in best and best[opposite] + constant < 0:
            return None
        out.append({**dict(direction), 0: constant})
    return out
