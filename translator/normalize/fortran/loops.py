"""Heads of counted loops, and from where a loop's variable should count in C.

    python -c "from translator.normalize.fortran.loops import LoopRange, format_loop_head; \\
        from translator.normalize.affine import AffineSum; \\
print(format_loop_head('i', LoopRange(AffineSum(), AffineSum.of('n') - AffineSum(constant=1), 1)))"
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from corpora.ir import (
    Access,
    Assign,
    Binary,
    Bounds,
    Expression,
    For,
    Name,
    Unary,
    walk,
)
from translator.normalize.affine import AffineSum
from translator.normalize.fortran.names import (
    ProcedureNames,
    find_uses,
    get_call_name,
    get_variable,
    parts_of,
)


@dataclass(frozen=True, slots=True)
class LoopRange:
    """The range of a counted loop, from `first` to `last`, both included. step: what is added each
    time; a step that is no number is taken to be positive.
    """

    first: AffineSum
    last: AffineSum
    step: int | AffineSum


def format_loop_head(word: str, counting: LoopRange, declares: bool = True) -> str:
    """Return a C loop head such as `for (int i = 0; i < n; i++)`. word: the variable. declares: the
    head declares it.
    """
    step = counting.step
    if isinstance(step, int) and step < 0:
        test = f"{word} >= {counting.last.text}"
    else:
        beyond = counting.last + AffineSum(constant=1)
        plain = counting.last.constant == 0 and counting.last.terms and beyond.constant
        test = f"{word} <= {counting.last.text}" if plain else f"{word} < {beyond.text}"
    further = {1: f"{word}++", -1: f"{word}--"}.get(step) if isinstance(step, int) else None
    if further is None:
        further = (
            f"{word} += {step.text}"
            if isinstance(step, AffineSum)
            else f"{word} {'-' if step < 0 else '+'}= {abs(step)}"
        )
    return f"for ({'int ' if declares else ''}{word} = {counting.first.text}; {test}; {further})"


def choose_index_shift(
    loop: For, procedure: Sequence[Any], ends: Sequence[AffineSum], names: ProcedureNames
) -> int | None:
    """Return the number to subtract from a Fortran loop's variable in C, such as 1, so that most
    subscripts, which count from zero there, are the variable itself.

    procedure: all statements around the loop. ends: its first and last value; known ones stay at
        least 0. names: the procedure's names in C. Returns None if the variable is used after the
        loop or is an argument.
    """
    assert loop.bounds is not None
    variable = loop.bounds.variable
    if variable in names.declared.procedure.arguments or _outlives(tuple(procedure), variable):
        return None
    uses = [u for u in find_uses(loop.body) if isinstance(u, Name) and u.id == variable]
    votes = Counter(_lower_bounds(loop.body, variable, names))
    others = len(uses) - votes.total()
    best, count = votes.most_common(1)[0] if votes else (0 if others else 1, others)
    return avoid_negative_ends(best if 2 * count >= others else 0, ends)


def avoid_negative_ends(shift: int, ends: Sequence[AffineSum]) -> int:
    """Return `shift`, or the largest number below it with which no end of the loop that is a known
    number becomes negative when it is subtracted.
    """
    return min([shift, *(end.constant for end in ends if not end.terms)])


def _lower_bounds(body: Any, variable: str, names: ProcedureNames) -> Iterator[int]:
    """The constant lower bound of each dimension whose subscript is `variable`, plus or minus
    something.
    """
    for use in find_uses(body):
        if not isinstance(use, Access) or not isinstance(use.base, Name):
            continue
        for index, text in zip(use.indices, names.declared.shape(use.base.id), strict=False):
            low, colon, _ = text.partition(":")
            low = low if colon and low else "1"
            if low.lstrip("-").isdigit():
                yield from (int(low) for name in _added(index) if name == variable)


def _added(index: Expression) -> Iterator[str]:
    """Names that are terms of a sum."""
    if isinstance(index, Name):
        yield index.id
    elif isinstance(index, Binary) and index.op in ("+", "-"):
        yield from _added(index.left)
        yield from _added(index.right)
    elif isinstance(index, Unary) and index.op == "()":
        yield from _added(index.operand)


def _outlives(node: Any, variable: str) -> bool:
    """Whether it is set by more than the heads of loops, or met outside of its loops."""
    return _is_assigned(node, variable) or _is_met(node, variable)


def _is_assigned(node: Any, variable: str) -> bool:
    return any(get_variable(a.target) == variable for a in find_assignments(node))


def _is_met(node: Any, variable: str) -> bool:
    """Whether the variable stands outside of the loops that count in it."""
    stack = list(node) if isinstance(node, tuple) else [node]
    while stack:
        top = stack.pop()
        if isinstance(top, Name) and top.id == variable:
            return True
        if isinstance(top, Bounds) and top.variable == variable:
            return True
        if isinstance(top, For) and top.bounds is not None and not top.bounds.concurrent:
            ends = (top.bounds.lower, top.bounds.upper, top.bounds.step)
            stack += [end for end in ends if end is not None]
            stack += () if top.bounds.variable == variable else top.body
        else:
            stack += parts_of(top)
    return False


def find_values_read(node: Any) -> set[str]:
    """Return the names whose values `node`, a node of `corpora.ir` or a tuple of nodes, depends on;
    not those of arrays of which only the size counts.
    """
    found: set[str] = set()
    stack = [node]
    while stack:
        top = stack.pop()
        if isinstance(top, Name):
            found.add(top.id)
        below = parts_of(top)
        if name := get_call_name(top):
            below = below[2:] if name in ("size", "ubound", "lbound") else below[1:]
        stack += below
    return found


def find_assignments(node: Any) -> Iterator[Assign]:
    """Yield the assignments in `node`, a node of `corpora.ir` or a tuple of nodes, without those in
    the heads of counted loops.
    """
    heads = {id(s) for n in walk(node) if isinstance(n, For) for s in n.start}
    return (n for n in walk(node) if isinstance(n, Assign) and id(n) not in heads)


def find_assigned_names(node: Any) -> set[str]:
    """Return the names of the scalars and arrays that `node`, a node of `corpora.ir` or a tuple of
    nodes, sets, and the variables that its loops count in.
    """
    counted = {n.variable for n in walk(node) if isinstance(n, Bounds)}
    return counted | {get_variable(a.target) for a in find_assignments(node)}
