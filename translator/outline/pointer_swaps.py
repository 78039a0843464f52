"""Arrays that change places between the steps of a loop: `std::swap(a, b)`, and pointers that are
handed round by way of another one.

Contract: `find_exchange` gives the moves of the exchange that statements begin with, which
`make_exchange` writes as one statement; it stays host code, and `read_exchange` reads it again.

    python -c "from translator.outline.pointer_swaps import make_exchange, read_exchange; \\
        print(read_exchange(make_exchange('double', {'a': 'b', 'b': 'a'})))"
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from corpora.ir import (
    Assign,
    Call,
    Compound,
    Declaration,
    ExpressionStatement,
    Member,
    Name,
    PointerType,
    ScalarType,
    Statement,
)
from translator.normalize.c_tree import read_statements

_KEPT = "kept"


def make_exchange(type: str, moves: Mapping[str, str]) -> Statement:
    """Return one statement after which each name of `moves` points to where its value in `moves`
    pointed before.

    type: the C++ type of the elements. moves: names of pointers; they must form one cycle, as in
        {`a`: `b`, `b`: `a`}.
    """
    first = name = next(iter(moves))
    rows = [f"{type} *{_KEPT} = {first};"]
    while moves[name] != first:
        rows.append(f"{name} = {moves[name]};")
        name = moves[name]
    (made,) = read_statements(f"{{ {' '.join([*rows, f'{name} = {_KEPT};'])} }}")
    return made


def read_exchange(statement: Any) -> dict[str, str]:
    """Return, for a statement of `corpora.ir` that `make_exchange` made, the moves it was made
    from: each name with the name whose elements it gets; {} for any other statement.
    """
    match statement:
        case ExpressionStatement(Call(Member(Name(one), "swap"), (Name(other),))):
            return {one: other, other: one}
        case Compound((Declaration(name, PointerType(), Name(first)), *assigns)):
            moves = {
                each.target.id: first if each.value.id == name else each.value.id
                for each in assigns
                if isinstance(each, Assign)
                and isinstance(each.target, Name)
                and isinstance(each.value, Name)
            }
            return moves if name == _KEPT and len(moves) == len(assigns) else {}
    return {}


def find_exchange(
    statements: Sequence[Statement], arrays: Collection[str]
) -> tuple[dict[str, str], int]:
    """Return the exchange of pointers that `statements` begin with, and how many statements it
    takes; ({}, 0) if there is none.

    The exchange maps each pointer to the one whose target it gets. arrays: names of the pointers
        that may be exchanged. A temporary pointer may be declared in these statements or before.
    """
    points: dict[str, str] = {}
    for count, statement in enumerate(statements, 1):
        pair = swapped_names(statement)
        name, value = pair or _match_pointer_assignment(statement)
        if (
            not name
            or points.get(value, value) not in arrays
            or (pair and not set(pair) <= set(arrays))
        ):
            return {}, 0
        points[name], other = points.get(value, value), points.get(name, name)
        if pair:
            points[value] = other
        moves = {name: at for name, at in points.items() if name in arrays and at != name}
        if moves and set(moves) == set(moves.values()):
            return (moves, count) if _is_circle(moves) else ({}, 0)
    return {}, 0


def _is_circle(moves: Mapping[str, str]) -> bool:
    name, seen = next(iter(moves)), set()
    while name not in seen:
        seen.add(name)
        name = moves[name]
    return seen == set(moves)


def swapped_names(statement: Any) -> tuple[str, str] | None:
    """Return the two names that `std::swap(a, b)` or `a.swap(b)` exchanges; None for any other
    statement of `corpora.ir`.
    """
    match statement:
        case ExpressionStatement(Call(Name("swap" | "std::swap"), (Name(one), Name(other)))):
            return one, other
        case ExpressionStatement(Call(Member(Name(one), "swap"), (Name(other),))):
            return one, other
    return None


def _match_pointer_assignment(statement: Any) -> tuple[str, str]:
    """The pointer that a statement sets, and what to; empty texts for another statement."""
    match statement:
        case Declaration(name, PointerType() | ScalarType("auto"), Name(value)):
            return name, value
        case Assign(Name(name), "=", Name(value)):
            return name, value
    return "", ""
