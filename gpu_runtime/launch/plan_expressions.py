"""Expressions of the tree as a launch plan writes them.

Contract: a plan counts with whole numbers: sums, products, quotients, `min`, `max` and `ceil` of
the kernel's integers and of literals. What is more than that has no text in a plan (None).

    python -c "from corpora.frontends.c_family import parse_c_expression; \
        from gpu_runtime.launch.plan_expressions import emit_bound; \
        print(emit_bound(parse_c_expression('(long)(n * m)'), {'n', 'm'}, {}))"
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from corpora.analysis.affine import EXTREMES, integer_of
from corpora.emit.c_family import emit_c_family
from corpora.ir import Binary, Call, Cast, Expression, Literal, Name, Unary

_DEEPEST = 24


def emit_bound(
    expression: Expression,
    names: Collection[str],
    constants: Mapping[str, int],
    firsts: Mapping[str, Expression] | None = None,
    add: int = 0,
) -> str | None:
    """Return `expression + add` as a launch plan writes it, or None if it is more than a plan can
    hold.

    expression: of a kernel's text, as parsed. names: names of integers that a plan may use.
        constants: the values of named constants. firsts: for further names, the expressions that
        they stand for; None: there are none.
    """
    reduced = _reduce(expression, names, constants, firsts or {}, 0)
    if reduced is None:
        return None
    for _ in range(add):
        reduced = _combine("+", reduced, Literal("1", "i32"))
    return emit_c_family(reduced).replace(" ", "")


def _reduce(
    node: Expression,
    names: Collection[str],
    constants: Mapping[str, int],
    firsts: Mapping[str, Expression],
    depth: int,
) -> Expression | None:
    """The expression in a plan's words, numbers folded."""

    def inner(part: Expression) -> Expression | None:
        return _reduce(part, names, constants, firsts, depth + 1)

    number = integer_of(node)
    if depth > _DEEPEST:
        return None
    if number is not None:
        return _literal(number)
    if isinstance(node, Name):
        if node.id in names:
            return Name(node.id)
        if node.id in constants:
            return _literal(constants[node.id])
        return inner(firsts[node.id]) if node.id in firsts else None
    if isinstance(node, Cast):
        return inner(node.operand)
    if isinstance(node, Unary) and node.op in "+-":
        operand = inner(node.operand)
        return operand if node.op == "+" or operand is None else Unary("-", operand)
    if isinstance(node, Binary):
        left, right = inner(node.left), inner(node.right)
        return _combine(node.op, left, right) if left is not None and right is not None else None
    if isinstance(node, Call) and isinstance(node.function, Name):
        extreme, arguments = EXTREMES.get(node.function.id), [inner(a) for a in node.arguments]
        if extreme and len(arguments) > 1 and None not in arguments:
            return Call(Name(extreme), tuple(a for a in arguments if a is not None))
    return None


def _literal(number: int) -> Expression:
    literal = Literal(str(abs(number)), "i32")
    return literal if number >= 0 else Unary("-", literal)


def _combine(op: str, left: Expression, right: Expression) -> Expression | None:
    """`left op right` with numbers folded: `n - 1 + 1` is `n`."""
    a, b = integer_of(left), integer_of(right)
    if op in ("<<", ">>"):
        if b is None or not 0 <= b < 31:
            return None
        return _combine("*" if op == "<<" else "/", left, _literal(1 << b))
    if a is not None and b is not None and op in ("+", "-", "*"):
        return _literal({"+": a + b, "-": a - b, "*": a * b}[op])
    if a is not None and b and op == "/" and a >= 0 and b > 0:
        return _literal(a // b)
    if op in ("+", "-") and b == 0 or op in ("*", "/") and b == 1:
        return left
    if op == "+" and a == 0 or op == "*" and a == 1:
        return right
    if op in ("+", "-") and b is not None and isinstance(left, Binary) and left.op in ("+", "-"):
        inner = integer_of(left.right)
        if inner is not None:
            total = (inner if left.op == "+" else -inner) + (b if op == "+" else -b)
            return _combine("+" if total >= 0 else "-", left.left, _literal(abs(total)))
    return Binary(op, left, right) if op in ("+", "-", "*", "/") else None
