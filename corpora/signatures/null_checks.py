"""Pointers that a C-like text takes for a condition, or compares with null: arrays that a caller
may leave out.

Tests leave such arrays out (`tester.generate.null_arrays`), and host code that copies one asks
first (`translator.outline.device_arrays`).

    python -c "from corpora.frontends.c_family import parse_c_expression; \\
        from corpora.signatures.null_checks import null_alternatives; \\
        print(null_alternatives(parse_c_expression('!x || y == NULL')))"
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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

__all__ = ["asked_operands", "is_null", "null_alternatives"]


def is_null(expression: Expression | None) -> bool:
    """Return whether an expression is the null pointer as C and C++ write it: `0`, `NULL`,
    `nullptr` or `(void *)0`. False for None.
    """
    if isinstance(expression, Cast) and isinstance(expression.type, PointerType):
        return expression.type.to == ScalarType("void") and is_null(expression.operand)
    if isinstance(expression, Name):
        return expression.id == "NULL"
    return isinstance(expression, Literal) and (
        expression.type == "pointer" or expression.text in ("0", "0L")
    )


def asked_operands(node: Any) -> tuple[Expression, ...]:
    """Return the operands that `node`, a node of the tree of `corpora.ir`, uses as a condition or
    compares with null, such as `p` in `if (p)`. What only its parts test does not count. () if
    there is none.
    """
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


def null_alternatives(condition: Expression) -> list[str]:
    """Return, for each part of a condition joined by `||`, in order, the name of the pointer that
    the part finds to be null, as in `!p || q == NULL`; '' for other parts.
    """
    return [_missing(part) for part in _alternatives(condition)]


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
