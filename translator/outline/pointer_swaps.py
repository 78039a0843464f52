"""Arrays that change places between the steps of a loop: `std::swap(a, b)`, and pointers that are
handed round by way of another one.

Contract: `find_exchange` reads statements of tree-sitter's and gives the moves of the exchange that
they begin with, which `format_exchange` writes as one statement; it stays host code, and
`read_exchange` reads it again.

    python -c "from translator.outline.pointer_swaps import format_exchange, read_exchange; \\
        print(read_exchange(format_exchange('double', {'a': 'b', 'b': 'a'})))"
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from tree_sitter import Node

from corpora.frontends.c_family import parse_c_family
from corpora.frontends.queries import functions_of
from corpora.ir import (
    Assign,
    Call,
    Compound,
    Declaration,
    ExpressionStatement,
    Member,
    Name,
    PointerType,
)
from corpora.syntax.c_family import get_node_text

_KEPT = "kept"


def format_exchange(type: str, moves: Mapping[str, str]) -> str:
    """One statement after which each of `moves` points to where the other pointed before; they go
    round in one circle.
    """
    first = name = next(iter(moves))
    rows = [f"{type} *{_KEPT} = {first};"]
    while moves[name] != first:
        rows.append(f"{name} = {moves[name]};")
        name = moves[name]
    return f"{{ {' '.join([*rows, f'{name} = {_KEPT};'])} }}"


def read_exchange(statement: str) -> dict[str, str]:
    """What `format_exchange` was given; nothing for another statement. Vectors change places by
    their own function.
    """
    if _KEPT not in statement and ".swap" not in statement:
        return {}
    functions = functions_of(parse_c_family(f"void f() {{ {statement} }}", "cpp"))
    match functions[0].body if functions else ():
        case (ExpressionStatement(Call(Member(Name(one), "swap"), (Name(other),))),):
            return {one: other, other: one}
        case (Compound((Declaration(name, PointerType(), Name(first)), *assigns)),):
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
    statements: Sequence[Node], arrays: Collection[str]
) -> tuple[dict[str, str], int]:
    """Return the exchange that `statements` begin with, as {pointer: whose place it takes}, and how
    many statements it takes. Returns ({}, 0) if they begin with none.

    arrays: names of pointers that may change places. A pointer that keeps one of them meanwhile may
        be declared there, or before.
    """
    points: dict[str, str] = {}
    for count, node in enumerate(statements, 1):
        pair = _match_swap(node)
        name, value = pair or _match_pointer_assignment(node)
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


def _match_swap(node: Node) -> tuple[str, str] | None:
    """What `std::swap(a, b)` or `a.swap(b)` names."""
    call = (
        node.named_children[0]
        if node.type == "expression_statement" and node.named_children
        else None
    )
    if call is None or call.type != "call_expression":
        return None
    function, given = (
        call.child_by_field_name("function"),
        [c for c in call.child_by_field_name("arguments").named_children if c.type != "comment"],
    )
    names = [get_node_text(each) for each in given]
    if (
        function.type == "field_expression"
        and get_node_text(function.child_by_field_name("field")) == "swap"
    ):
        names.insert(0, get_node_text(function.child_by_field_name("argument")))
    elif get_node_text(function) not in ("swap", "std::swap"):
        return None
    return (names[0], names[1]) if len(names) == 2 else None


def _match_pointer_assignment(node: Node) -> tuple[str, str]:
    """The pointer that a statement sets, and what to; empty texts for another statement."""
    if node.type == "declaration":
        declarators = node.children_by_field_name("declarator")
        inner = (
            declarators[0].child_by_field_name("declarator")
            if len(declarators) == 1 and declarators[0].type == "init_declarator"
            else None
        )
        if inner is None or inner.type not in ("pointer_declarator", "identifier"):
            return "", ""
        left, right = (
            inner.named_children[-1] if inner.type == "pointer_declarator" else inner,
            declarators[0].child_by_field_name("value"),
        )
    elif (
        node.type == "expression_statement"
        and node.named_children
        and node.named_children[0].type == "assignment_expression"
    ):
        left, right = (
            node.named_children[0].child_by_field_name(side) for side in ("left", "right")
        )
    else:
        return "", ""
    return (
        (get_node_text(left), get_node_text(right))
        if left.type == right.type == "identifier"
        else ("", "")
    )
