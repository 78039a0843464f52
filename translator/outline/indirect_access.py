"""Which arrays of a function are reached through what other arrays hold alone: nothing in the text
then says how long they are.

Contract: `find_indirect_arrays(function)` names arrays all of whose indices depend on elements of
arrays, by value or by the branch that they are set in. An index counts as free of data only where
every scalar in it is.

    python -c "from corpora.records import Program; \\
        from translator.outline.parse_cpp import parse_function; \\
        from translator.outline.indirect_access import find_indirect_arrays; \\
print(find_indirect_arrays(parse_function(Program('cpp', 'f', 'void f(int n, int *at, float *x,
float *y) { for (int i = 0; i < n; i++) y[i] = x[at[i]]; }'))))"
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from corpora.analysis.loops import root_name
from corpora.ir import (
    Access,
    Assign,
    AssignExpression,
    Declaration,
    For,
    If,
    Increment,
    Jump,
    Name,
    Statement,
    Switch,
    While,
    find,
    names_in,
)
from translator.outline.c_function import CppFunction


def find_indirect_arrays(function: CppFunction) -> frozenset[str]:
    """Return the names of the function's arrays whose every subscript depends on elements of
    arrays, as in `a[index[i]]`. Arrays that it never accesses are among them.
    """
    body = function.tree.body or ()
    data = set(function.arrays)
    while (more := _set_by_data(body, data, False)) - data:
        data |= more
    free = {
        root_name(access) for access in find(body, Access) if not names_in(access.indices) & data
    }
    return frozenset(function.arrays) - free


def _set_by_data(body: tuple[Statement, ...], data: Set[str], guarded: bool) -> set[str]:
    """Scalars whose value data decide. data: names of arrays, and of scalars that are known to
    depend on some. guarded: whether data decide that the block is reached.
    """
    found: set[str] = set()
    for statement in body:
        inner = guarded
        if isinstance(statement, (If, While, Switch)):
            asked = statement.value if isinstance(statement, Switch) else statement.test
            inner = guarded or bool(names_in(asked) & data)
            found |= _assigned(asked, data, guarded)
        elif isinstance(statement, For):
            head = (statement.start, statement.test, statement.step)
            inner = guarded or bool(names_in(tuple(p for p in head if p)) & data)
            counted = inner and not guarded
            for part in (*statement.start, *statement.step):
                found |= _assigned(part, data, counted) | (_declared(part) if counted else set())
        blocks = _blocks(statement)
        for block in blocks:
            found |= _set_by_data(block, data, inner)
        if not blocks:
            found |= _assigned(statement, data, guarded)
        # what stands behind a jump that data decide is reached by their leave
        guarded = guarded or (inner and any(find(tuple(blocks), Jump)))
    return found


def _blocks(statement: Any) -> list[tuple[Statement, ...]]:
    if isinstance(statement, Switch):
        return [case.body for case in statement.cases]
    names = ("then", "otherwise") if isinstance(statement, If) else ("body",)
    return [getattr(statement, name) for name in names if hasattr(statement, name)]


def _declared(node: Any) -> set[str]:
    return {declaration.name for declaration in find(node, Declaration)}


def _assigned(node: Any, data: Set[str], guarded: bool) -> set[str]:
    """Scalars that `node` gives a value which data decide."""
    found = {
        part.target.id
        for part in find(node, Assign, AssignExpression, Increment)
        if isinstance(part.target, Name) and (guarded or _reads(part, data))
    }
    return found | {d.name for d in find(node, Declaration) if d.value and _reads(d, data)}


def _reads(node: Any, data: Set[str]) -> bool:
    value = getattr(node, "value", None)
    return value is not None and bool(names_in(value) & data)
