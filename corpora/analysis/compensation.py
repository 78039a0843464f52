"""Compensated arithmetic: terms that are zero in exact arithmetic and hold a rounding error.

Kahan's, Neumaier's and Dekker's sums compute what was lost in rounding, `(t - s) - y` where `t` is
`s + y`, and give it back. A compiler that takes other orders of operations for equal drops it, and
a plain sum is a less exact program.

Contract: `is_compensated` reads a text's tree. It follows sums, differences and products through
the assignments of each block, and says whether some assigned value, or what is added by one, is a
sum or difference that is zero whatever the variables hold.

    python -c "from corpora.frontends.c_family import parse_c_family; \\
        from corpora.analysis.compensation import is_compensated; \\
        print(is_compensated(parse_c_family('double f(double s, double y) \\
        { double t = s + y; double c = (t - s) - y; return c; }', 'cpp')))"

Source of the method: N. J. Higham, Accuracy and Stability of Numerical Algorithms, chapter 4.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from corpora.frontends.queries import functions_of
from corpora.ir import (
    Access,
    Assign,
    AssignExpression,
    Binary,
    Call,
    Cast,
    Declaration,
    ExpressionStatement,
    Literal,
    Name,
    ScalarType,
    TranslationUnit,
    Type,
    Unary,
    find,
)

_Sum = dict[str, int]
"""How often each term occurs in a sum. A term is a variable, an element or a product, as text."""
_FUSED = ("fma", "fmaf", "__fma_rn", "__fmaf_rn")
MOST_TERMS = 16


def is_compensated(unit: TranslationUnit) -> bool:
    """Return whether a function of the text computes the rounding error of a sum or a product, as
    Kahan's summation does.
    """
    for function in functions_of(unit):
        whole = {p.name for p in function.parameters if _is_whole(p.type)}
        whole |= {d.name for d in find(function.body or (), Declaration) if _is_whole(d.type)}
        if _follow(function.body or (), {}, whole):
            return True
    return False


def _is_whole(kind: Type | None) -> bool:
    return isinstance(kind, ScalarType) and kind.name[0] in "iub"


def _follow(statements: Iterable[Any], known: Mapping[str, _Sum], whole: Collection[str]) -> bool:
    """Whether a value assigned in a block, or in blocks within, is a sum that is zero. known: sums
    that variables hold at its start. whole: names of whole numbers, to which reals are cut.
    """
    held = dict(known)
    for node in statements:
        inner = node.expression if isinstance(node, ExpressionStatement) else node
        target, value, op = _read_assignment(inner)
        if value is not None:
            found = _read(value, held)
            if not found and _adds(value):
                return True
            key = _key(target)
            if op != "=":
                found = {key: 1} | {k: n for k, n in found.items() if k != key} if found else found
            # What a sum was made of before the assignment holds no more.
            held = {k: s for k, s in held.items() if k != key and key not in s}
            if op == "=" and key not in {*found, *whole} and len(found) <= MOST_TERMS:
                held[key] = found
        for part in ("body", "then", "otherwise"):
            block = getattr(node, part, None)
            if isinstance(block, tuple):
                if _follow(block, {} if part == "body" else held, whole):
                    return True
                held = {}
    return False


def _read_assignment(node: Any) -> tuple[Any, Any, str]:
    if isinstance(node, Declaration):
        return Name(node.name), node.value, "="
    if isinstance(node, (Assign, AssignExpression)) and node.op in ("=", "+=", "-="):
        return node.target, node.value, node.op
    return None, None, ""


def _adds(node: Any) -> bool:
    """Whether an expression is a sum or a difference of things, not a plain number."""
    while isinstance(node, Cast):
        node = node.operand
    if isinstance(node, Call):
        return _is_fused(node)
    return isinstance(node, Binary) and node.op in ("+", "-") and not _is_number(node)


def _is_number(node: Any) -> bool:
    if isinstance(node, Binary):
        return _is_number(node.left) and _is_number(node.right)
    return isinstance(node, Literal)


def _is_fused(node: Call) -> bool:
    name = node.function.id if isinstance(node.function, Name) else ""
    return name.rpartition("::")[2] in _FUSED and len(node.arguments) == 3


def _read(node: Any, held: Mapping[str, _Sum]) -> _Sum:
    """An expression as a sum of terms."""
    if isinstance(node, Cast) and not _is_whole(node.type):
        return _read(node.operand, held)
    if isinstance(node, Unary) and node.op in ("-", "+"):
        return _scaled(_read(node.operand, held), -1 if node.op == "-" else 1)
    if isinstance(node, Binary) and node.op in ("+", "-"):
        right = _scaled(_read(node.right, held), 1 if node.op == "+" else -1)
        return _together(_read(node.left, held), right)
    if isinstance(node, Binary) and node.op == "*":
        return {_product(node.left, node.right, held): 1}
    if isinstance(node, Call) and _is_fused(node):
        first, second, third = node.arguments
        return _together({_product(first, second, held): 1}, _read(third, held))
    key = _key(node)
    return held.get(key, {key: 1})


def _product(left: Any, right: Any, held: Mapping[str, _Sum]) -> str:
    return " * ".join(sorted(str(sorted(_read(side, held).items())) for side in (left, right)))


def _key(node: Any) -> str:
    if isinstance(node, Name):
        return node.id
    if isinstance(node, Unary) and node.op == "*":
        return f"*{_key(node.operand)}"
    if isinstance(node, Access):
        return f"{_key(node.base)}[{node.indices}]"
    return str(node)


def _scaled(found: _Sum, factor: int) -> _Sum:
    return {key: factor * count for key, count in found.items()}


def _together(one: _Sum, other: _Sum) -> _Sum:
    both = {k: one.get(k, 0) + other.get(k, 0) for k in (*one, *other)}
    return {key: count for key, count in both.items() if count}
