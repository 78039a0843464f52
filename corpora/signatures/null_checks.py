"""Pointers that a C-like text takes for a condition, or compares with null: arrays that a caller
may leave out.

Tests leave such arrays out (`tester.generate.null_arrays`), and host code that copies one asks
first (`translator.outline.device_arrays`).

    python -c "from corpora.signatures.null_checks import find_null_alternatives; \\
        print(find_null_alternatives('!x || y == NULL'))"
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tree_sitter import Node

from corpora.frontends.c_family import parse_c_expression
from corpora.ir import (
    Binary,
    Cast,
    Conditional,
    Expression,
    For,
    If,
    Literal,
    Name,
    PointerType,
    ScalarType,
    Unary,
    While,
)
from corpora.syntax.c_family import get_node_text

__all__ = [
    "asked_operands", "find_null_alternatives", "is_null", "is_null_check",
]  # fmt: skip


def is_null(expression: Expression | None) -> bool:
    """Return whether an expression is the null pointer as C and C++ write it: `0`, `NULL`,
    `nullptr` or `(void *)0`.
    """
    if isinstance(expression, Cast) and isinstance(expression.type, PointerType):
        return expression.type.to == ScalarType("void") and is_null(expression.operand)
    if isinstance(expression, Name):
        return expression.id == "NULL"
    return isinstance(expression, Literal) and (
        expression.type == "pointer" or expression.text in ("0", "0L")
    )


def asked_operands(node: Any) -> tuple[Expression, ...]:
    """Return the operands that `node` itself uses as a condition or compares with null."""
    if isinstance(node, (If, While, For, Conditional)):
        return (node.test,) if node.test is not None else ()
    if isinstance(node, Unary) and node.op == "!":
        return (node.operand,)
    if isinstance(node, Binary) and node.op in ("&&", "||"):
        return (node.left, node.right)
    if isinstance(node, Binary) and node.op in ("==", "!="):
        sides = ((node.left, node.right), (node.right, node.left))
        return tuple(side for side, other in sides if is_null(other))
    return ()


def find_null_alternatives(condition: str) -> list[str]:
    """Return, for each alternative of a condition (`a || b`), the pointer that is null then; '' for
    another alternative. condition: C++ text.
    """
    return [_missing(part) for part in _alternatives(parse_c_expression(condition))]


def _alternatives(condition: Expression) -> Iterator[Expression]:
    if isinstance(condition, Binary) and condition.op == "||":
        yield from _alternatives(condition.left)
        yield from _alternatives(condition.right)
    else:
        yield condition


def _missing(condition: Expression) -> str:
    negated = isinstance(condition, Unary) and condition.op == "!"
    compared = isinstance(condition, Binary) and condition.op == "=="
    asked = asked_operands(condition) if negated or compared else ()
    return asked[0].id if asked and isinstance(asked[0], Name) else ""


# ------------------------------------- nodes of tree-sitter, for `translator.outline` alone

_CONDITIONS = frozenset({
    "binary_expression", "unary_expression", "conditional_expression", "condition_clause",
    "if_statement", "do_statement",
})  # fmt: skip


def is_null_check(node: Node) -> bool:
    """Return whether a name, given as its tree-sitter node, is used as a condition or compared with
    null.
    """
    inner, node = node, node.parent
    while node is not None and node.type == "parenthesized_expression":
        inner, node = node, node.parent
    if node is None or node.type not in _CONDITIONS:
        return False
    field = node.child_by_field_name("operator")
    operator = get_node_text(field) if field else ""
    if operator in ("==", "!="):
        sides = (node.child_by_field_name("left"), node.child_by_field_name("right"))
        others = [get_node_text(side) for side in sides if side is not None and side != inner]
        return any(is_null(parse_c_expression(other)) for other in others)
    if node.type == "conditional_expression":
        return node.child_by_field_name("condition") == inner
    return operator in ("!", "&&", "||") or not operator
