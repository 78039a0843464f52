"""Whether iterations touch different elements: then they may run in any order, at once.

Each index is taken apart as a number in a mixed radix whose digits are the counters: from
`i*w + j` with 0 <= j < w two equal indices have equal i and equal j (the delinearisation of Maslov
(1992) and Grosser et al. (2015)). What this does not settle is asked of the solver for two
iterations at once.

    python -c "from coevolve.verification.proof.independence import *; help(find_conflict)"
"""

from __future__ import annotations

from collections.abc import Sequence

from coevolve.verification.proof import terms as t
from coevolve.verification.proof.solver import Solver
from coevolve.verification.proof.summary import Summary, Touch
from coevolve.verification.proof.terms import Term

MOST_PAIRS = 60


def find_conflict(
    summary: Summary, axes: Sequence[Term], facts: Sequence[Term], one_value: bool = True
) -> str:
    """Return '' if no two different iterations conflict on an array, else a line that says where
    they may. Indices are taken apart by delinearisation (Maslov, 1992; Grosser et al., 2015).

    summary: what one iteration does. axes: the symbols whose values tell iterations apart. facts:
        boolean terms that hold of them.
    one_value: allow several iterations to write the same number to one element.
    """
    solver = Solver((*facts, *summary.invariants))
    for array in sorted({touch.array for touch in summary.touches if touch.kind != "read"}):
        touches = list(
            {(o.kind, o.index, o.path): o for o in summary.touches if o.array == array}.values()
        )
        if _is_reduction(summary, array, touches):
            continue
        if one_value and _is_one_value(summary, array, touches):
            continue
        if set(axes) <= _resolved(touches, axes, summary, solver):
            continue
        found = _conflicting_pair(touches, axes, summary, facts)
        if found:
            return found
    return ""


def _is_reduction(summary: Summary, array: str, touches: Sequence[Touch]) -> bool:
    """Whether an array is changed by updates of one kind alone, and not read."""
    if any(o.kind != "update" for o in touches):
        return False
    stores = [s for s in t.walk(summary.contents[array]) if s.op == "store"]
    own = [s for s in stores if any(m.op == "memory" and m.data[0] == array for m in t.walk(s))]
    return len({s.data[0] for s in own}) == 1


def _is_one_value(summary: Summary, array: str, touches: Sequence[Touch]) -> bool:
    """Whether an array is only written, everywhere with the same number: who comes last is all
    one."""
    if any(o.kind != "write" for o in touches):
        return False
    stores = [s for s in t.walk(summary.contents[array]) if s.op == "store"]
    values = {s.args[2] for s in stores}
    return len(values) == 1 and all(v.op in ("const", "fconst") for v in values)


def _resolved(
    touches: Sequence[Touch], axes: Sequence[Term], summary: Summary, solver: Solver
) -> set[Term]:
    """Axes whose values must be equal where two of the touches meet."""
    heads = [h for loop in summary.loops for _, h in loop.heads if h.op == "symbol"]
    found: set[Term] = set()
    for part in range(len(touches[0].index)):
        rests = [o.index[part] for o in touches]
        while (top := _top_digit(rests, touches, [*axes, *heads], solver)) is not None:
            digits, coefficient = top
            if len(set(digits)) == 1 and digits[0] in axes:
                found.add(digits[0])
            rests = [
                t.subtract(r, t.multiply(coefficient, d))
                for r, d in zip(rests, digits, strict=True)
            ]
    return found


def _top_digit(
    rests: list[Term], touches: Sequence[Touch], digits: Sequence[Term], solver: Solver
) -> tuple[list[Term], Term] | None:
    """For each index its digit with a coefficient that exceeds the rest, the same for all."""
    factors = [_coefficients(rest, digits) for rest in rests]
    for coefficient in dict.fromkeys(factors[0].values()):
        chosen = [[d for d, c in f.items() if c is coefficient] for f in factors]
        if not all(chosen):
            continue
        common = [d for d in chosen[0] if all(d in c for c in chosen)]
        picks = [common[0]] * len(rests) if common else [c[0] for c in chosen]
        below = [
            t.subtract(r, t.multiply(coefficient, d)) for r, d in zip(rests, picks, strict=True)
        ]
        least = min(t.polynomial(b).get((), 0) for b in below)
        shifted = [t.subtract(b, t.constant(least)) for b in below]
        if all(
            solver.implies(o.path, t.both(t.at_least_zero(s), t.less(s, coefficient)))
            for s, o in zip(shifted, touches, strict=True)
        ):
            return picks, coefficient
    return None


def _coefficients(index: Term, digits: Sequence[Term]) -> dict[Term, Term]:
    """Coefficient by digit, of digits that stand linearly in an index and nowhere else in it."""
    known = set(digits)
    parts: dict[Term, dict[tuple[Term, ...], int]] = {}
    bad: set[Term] = set()
    for monomial, number in t.polynomial(index).items():
        inside = [a for a in monomial if a in known]
        for atom in monomial:
            if atom not in known:
                bad |= known & set(t.atoms(atom))
        if len(inside) > 1:
            bad |= set(inside)
        elif inside:
            rest = tuple(a for a in monomial if a is not inside[0])
            parts.setdefault(inside[0], {})[rest] = number
    return {d: t.from_polynomial(c) for d, c in parts.items() if d not in bad}


def _conflicting_pair(
    touches: Sequence[Touch], axes: Sequence[Term], summary: Summary, facts: Sequence[Term]
) -> str:
    heads = [h for loop in summary.loops for _, h in loop.heads]
    change = {s: _other(s) for s in (*axes, *heads)}
    other = t.Rewriter(change)
    invariants = [*facts, *summary.invariants]
    solver = Solver((*invariants, *(other(f) for f in invariants)))
    same = t.both(*(t.equal(a, other(a)) for a in axes))
    writes = [o for o in touches if o.kind != "read"]
    if len(writes) * len(touches) > MOST_PAIRS:
        return f"line {writes[0].line}: {writes[0].array} is written at many places"
    for write in writes:
        for touch in touches:
            meet = [t.equal(a, other(b)) for a, b in zip(write.index, touch.index, strict=True)]
            path = t.both(write.path, other(touch.path), *meet)
            if not solver.implies(path, same):
                shown = ", ".join(map(t.show, write.index))
                return (
                    f"line {write.line}: iterations may meet at {write.array}[{shown}]"
                    f" (line {touch.line})"
                )
    return ""


def _other(symbol: Term) -> Term:
    """The same unknown in another iteration."""
    if symbol.op == "memory":
        return t.memory(symbol.data[0], symbol.data[1] + "~")
    name, low, high = symbol.data
    return t.symbol(f"{name}~", "int" if symbol.type == "int" else symbol.type, low, high)
