"""Conditions that hold where a statement stands: the tests around it and early exits before it.

    python -c "from corpora.ir import *; from corpora.analysis.guards import guards_at; \
        r = Return(); e = Assign(Name('x'), '=', Name('y')); \
        print(guards_at((If(Name('c'), (r,)), e), e))"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from corpora.analysis.loops import assigned_names
from corpora.ir import (
    Compound,
    Expression,
    For,
    Goto,
    If,
    Jump,
    Label,
    Return,
    Statement,
    Switch,
    While,
    find,
    names_in,
)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that controls whether a statement is reached.

    test: its expression. holds: it was true on the way there, else false. fixed: the body changes
        none of its names, so that it still holds at the statement. loop: it is the test of a loop
        around the statement.
    """

    test: Expression
    holds: bool
    fixed: bool
    loop: bool = False


def guards_at(body: Sequence[Statement], statement: Statement) -> tuple[Condition, ...]:
    """Return the conditions on the way to `statement` in `body`, outermost first; () if it is
    always reached.

    statement: the very node, not an equal one. Early exits before it count, unless the body has
    labels. Raises KeyError if the statement is not in the body.
    """
    changed = assigned_names(tuple(body))
    labels = any(True for _ in find(tuple(body), Label))
    found = _search(tuple(body), statement, not labels)
    if found is None:
        raise KeyError("the statement is not in the body")
    return tuple(
        Condition(test, holds, not names_in(test) & changed, loop) for test, holds, loop in found
    )


_Path = list[tuple[Expression, bool, bool]]


def _search(body: tuple[Statement, ...], wanted: Statement, exits: bool) -> _Path | None:
    passed: _Path = []
    for node in body:
        if node is wanted:
            return passed
        inner = _inside(node, wanted, exits)
        if inner is not None:
            return passed + inner
        if exits and isinstance(node, If) and not node.where:
            if always_leaves(node.then):
                passed.append((node.test, False, False))
            elif node.otherwise and always_leaves(node.otherwise):
                passed.append((node.test, True, False))
    return None


def _inside(node: Statement, wanted: Statement, exits: bool) -> _Path | None:
    if isinstance(node, If):
        for branch, holds in ((node.then, True), (node.otherwise, False)):
            if (path := _search(branch, wanted, exits)) is not None:
                return path if node.where else [(node.test, holds, False), *path]
    elif isinstance(node, (For, While)):
        path = _search(node.body, wanted, exits)
        if path is None:
            return None
        asked = node.test is not None and not getattr(node, "after", False)
        return [(node.test, True, True), *path] if asked else path  # type: ignore[list-item]
    elif isinstance(node, Compound):
        return _search(node.body, wanted, exits)
    elif isinstance(node, Switch):
        for case in node.cases:
            if (path := _search(case.body, wanted, exits)) is not None:
                return path
    return None


def always_leaves(body: Sequence[Statement]) -> bool:
    """Return whether control never reaches the end of `body`, because it returns, breaks,
    continues, stops or jumps.
    """
    for node in body:
        if isinstance(node, (Return, Jump)):
            return True
        if isinstance(node, Goto) and (node.arithmetic or not node.choices):
            return True
        if isinstance(node, Compound) and always_leaves(node.body):
            return True
        if isinstance(node, If) and node.otherwise and not node.where:
            if always_leaves(node.then) and always_leaves(node.otherwise):
                return True
    return False
