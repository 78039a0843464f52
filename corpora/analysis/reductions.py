"""Reductions, scans and induction variables of a loop.

A scalar is reduced if the loop only updates it, by one associative operator, and reads it nowhere
else. For floating point a reduction in another order is equal up to rounding only.

    python -c "from corpora.analysis import reductions; help(reductions.scalar_reduction)"
"""

from __future__ import annotations

from dataclasses import dataclass

from corpora.analysis.dependence import Dependence, is_indirect
from corpora.analysis.facts import ArrayAccess, FunctionFacts, LoopFacts, ScalarAccess
from corpora.ir import Access, Assign, Binary, find


@dataclass(frozen=True, slots=True)
class Reduction:
    """A reduction that a loop makes, such as `s += a[i]`.

    variable: the key of what is reduced into. operator: `+`, `*`, `min`, `max`, `&`, `|`, `^`, `&&`
    or `||`.
    array: elements of an array are reduced into. indirect: which element is read from an array, as
        in a histogram.
    positions: variables that keep where the minimum or maximum was found. first: they keep the
        first such place, else the last.
    """

    variable: str
    operator: str
    array: bool = False
    indirect: bool = False
    positions: tuple[str, ...] = ()
    first: bool = True


def scalar_reduction(key: str, accesses: list[ScalarAccess]) -> Reduction | None:
    """Return how the loop reduces a scalar, or None if it does not. key: of the scalar. accesses:
    all accesses to it in the loop.
    """
    operators = {a.operator for a in accesses}
    if any(a.kind != "update" for a in accesses) or len(operators) != 1:
        return None
    operator = operators.pop()
    return None if operator.startswith("arg") else Reduction(key, operator)


def position_of(key: str, accesses: list[ScalarAccess]) -> tuple[str, str, bool] | None:
    """Return (reduced variable, operator, keeps the first place) for a variable that keeps the
    position of a minimum or maximum; None for any other variable. key: of the variable. accesses:
    all accesses to the variable in the loop.
    """
    operators = {a.operator for a in accesses}
    if any(a.kind != "update" for a in accesses) or len(operators) != 1:
        return None
    word = operators.pop()
    if not word.startswith("arg"):
        return None
    operator, _, rest = word.removeprefix("arg").partition(":")
    owner, _, last = rest.partition(":")
    return owner, operator, not last


def scalar_scan(accesses: list[ScalarAccess]) -> str | None:
    """Return the operator of a running value, such as a prefix sum, that the loop both updates and
    reads; None if the scalar is no such value. accesses: all accesses to the scalar in the loop.
    """
    updates = {a.operator for a in accesses if a.kind == "update"}
    if any(a.kind == "write" for a in accesses) or len(updates) != 1:
        return None
    operator = updates.pop()
    guarded = any(a.kind == "read" and _decides(a, accesses) for a in accesses)
    return None if operator.startswith("arg") or guarded else operator


def _decides(read: ScalarAccess, accesses: list[ScalarAccess]) -> bool:
    """Whether a read is part of the value or the condition of an update of the same variable."""
    for update in (a for a in accesses if a.kind == "update"):
        for guard in update.guards:
            if guard.loop is None and guard.condition is not None and read.node is not None:
                if any(n is read.node for n in find(guard.condition, type(read.node))):
                    return True
    return False


def array_reduction(accesses: list[ArrayAccess], loop: LoopFacts) -> Reduction | None:
    """Return how the loop reduces into elements of an array, as a histogram does, or None if it
    does not. accesses: all accesses to the array in the loop, at least one.
    """
    operators = {a.operator for a in accesses}
    if any(a.kind != "update" for a in accesses) or len(operators) != 1:
        return None
    indirect = any(is_indirect(a) for a in accesses)
    return Reduction(accesses[0].array, operators.pop(), True, indirect)


def same_elements(accesses: list[ArrayAccess], loop: LoopFacts) -> bool:
    """Return whether every iteration of `loop` touches the same elements of an array by `accesses`,
    because subscripts vary with inner loops only.
    """
    inner_only = True
    for access in accesses:
        for index in access.indices:
            if index is None:
                return False
            for symbol in index.variables():
                if symbol == loop.counter or symbol.array or "#" in symbol.name:
                    inner_only = False
    return inner_only


def array_scan(dependences: list[Dependence], loop: LoopFacts, facts: FunctionFacts) -> str | None:
    """Return the operator of a prefix computation `a[i] = a[i-1] op e`, such as `+`, if it is the
    array's only dependence; else None. dependences: those that `loop` carries through one array.
    facts: of the loop's function.
    """
    if not dependences or any(
        d.kind != "flow" or d.distance is None or d.distance.as_integer() != 1 for d in dependences
    ):
        return None
    operators = set()
    for dependence in dependences:
        assign = _assignment_of(dependence.source, loop)
        value = assign.value if assign is not None else None
        if not isinstance(value, Binary) or not isinstance(assign.target, Access):
            return None
        if assign.op != "=" or value.op not in ("+", "*"):
            return None
        own = [n for n in find(value, Access) if n == dependence.sink.node]
        if len(own) != 1 or own[0] not in (value.left, value.right):
            return None
        reads = [n for n in find(value, Access) if n.base == assign.target.base]
        if len(reads) != 1:
            return None
        operators.add(value.op)
    return operators.pop() if len(operators) == 1 else None


def _assignment_of(access: ArrayAccess, loop: LoopFacts) -> Assign | None:
    for statement in find(loop.node.body, Assign):
        if statement.target is access.node or statement.target == access.node:
            return statement
    return None
