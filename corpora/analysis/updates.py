"""Statements that update a place by an associative operation: `s += e`, `m = max(m, e)`.

    python -c "from corpora.ir import *; from corpora.analysis.updates import as_update; \
        print(as_update(Name('s'), '+=', Name('e')))"
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from corpora.analysis.affine import EXTREMES
from corpora.ir import (
    Assign,
    AssignExpression,
    Binary,
    Call,
    Compound,
    Conditional,
    Expression,
    ExpressionStatement,
    If,
    Increment,
    Literal,
    Name,
    Statement,
    Unary,
    walk,
)

_COMPOUND = {"+=": "+", "-=": "+", "*=": "*", "/=": "/", "&=": "&", "|=": "|", "^=": "^"}
_COMMUTATIVE = ("+", "*", "&", "|", "^", "&&", "||")
ATOMICS = {
    "atomicAdd": "+", "atomicSub": "+", "atomicMin": "min", "atomicMax": "max", "atomicAnd": "&",
    "atomicOr": "|", "atomicXor": "^", "atomicAdd_block": "+",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Extreme:
    """A minimum or maximum by `if (value < target) { target = value; companion = ...; }`.

    operator: `min` or `max`. target: what holds the minimum or maximum. value: what is compared
        with it. companions: further assignments, such as of a position. strict: equal values change
        nothing. conditions: what is asked besides the comparison, as `valid` in `if (valid && value
        < target)`; () for nothing.
    """

    target: Expression
    value: Expression
    operator: str
    companions: tuple[Assign, ...]
    strict: bool
    conditions: tuple[Expression, ...] = ()


def as_update(
    target: Expression, op: str, value: Expression | None
) -> tuple[str, tuple[Expression, ...]] | None:
    """Return (operator, operands), such as (`+`, (value,)), if the assignment `target op value`
    updates `target` by an associative operation whose operands do not read it; else None.

    op: of the assignment, such as `=`, `+=` or `++`. operator: `+` for a subtraction too. value:
    None for `++` and `--`.
    """
    if op in ("++", "--"):
        return "+", ()
    if value is None:
        return None
    if op in _COMPOUND:
        return None if _occurs(target, value) else (_COMPOUND[op], (value,))
    if op != "=":
        return None
    found = _update_value(target, value)
    if found is None or any(_occurs(target, operand) for operand in found[1]):
        return None
    return found


def _update_value(
    target: Expression, value: Expression
) -> tuple[str, tuple[Expression, ...]] | None:
    if isinstance(value, Binary) and value.op in ("+", "-"):
        terms = list(_chain(value, ("+", "-"), True))
        if (target, True) in terms:
            terms.remove((target, True))
            return "+", tuple(t for t, _ in terms)
    elif isinstance(value, Binary) and value.op in _COMMUTATIVE:
        factors = [t for t, _ in _chain(value, (value.op,), True)]
        if target in factors:
            factors.remove(target)
            return value.op, tuple(factors)
    elif isinstance(value, Call) and isinstance(value.function, Name):
        operator = EXTREMES.get(value.function.id)
        if operator and target in value.arguments and not value.keywords:
            rest = list(value.arguments)
            rest.remove(target)
            return operator, tuple(rest)
    elif isinstance(value, Conditional):
        return _conditional_extreme(target, value)
    return None


def _chain(
    value: Expression, ops: tuple[str, ...], positive: bool
) -> Iterator[tuple[Expression, bool]]:
    if isinstance(value, Binary) and value.op in ops:
        yield from _chain(value.left, ops, positive)
        yield from _chain(value.right, ops, positive != (value.op == "-"))
    else:
        yield value, positive


def _conditional_extreme(
    target: Expression, value: Conditional
) -> tuple[str, tuple[Expression, ...]] | None:
    """`e < s ? e : s` and its mirror images."""
    other = value.then if value.otherwise == target else value.otherwise
    if target not in (value.then, value.otherwise):
        return None
    test = value.test
    if not isinstance(test, Binary) or test.op not in ("<", "<=", ">", ">="):
        return None
    if {test.left, test.right} != {other, target}:
        return None
    takes_smaller = (test.op[0] == "<") == (test.left == value.then)
    return ("min" if takes_smaller else "max"), (other,)


def as_extreme(statement: If) -> Extreme | None:
    """Return the minimum or maximum that an `if` computes, as `if (a < m) m = a;`; None if it
    computes neither.

    One part of the `if`'s condition compares; other parts are kept in `conditions`.
    """
    if statement.otherwise or statement.where:
        return None
    assigns = [_as_assign(s) for s in _flat(statement.then)]
    if not assigns or any(a is None or a.op != "=" or a.value is None for a in assigns):
        return None
    parts = list(_conjuncts(statement.test))
    for k in reversed(range(len(parts))):
        found = _extreme_by(parts[k], (*parts[:k], *parts[k + 1 :]), assigns)
        if found is not None:
            return found
    return None


def _extreme_by(
    test: Expression, conditions: tuple[Expression, ...], assigns: list[Assign]
) -> Extreme | None:
    if not isinstance(test, Binary) or test.op not in ("<", "<=", ">", ">="):
        return None
    for target, value, smaller in (
        (test.right, test.left, test.op[0] == "<"),
        (test.left, test.right, test.op[0] == ">"),
    ):
        own = [a for a in assigns if a.target == target]
        rest = tuple(a for a in assigns if a.target != target)
        if _occurs(target, conditions):
            continue
        if len(own) != 1 or own[0].value != value or _occurs(target, value):
            continue
        if any(not isinstance(a.target, Name) or _occurs(target, a.value) for a in rest):
            continue
        asked = (test, *conditions)
        if any(
            _occurs(a.target, b.value) or _occurs(a.target, asked) for a in rest for b in assigns
        ):
            continue
        strict = len(test.op) == 1
        return Extreme(target, value, "min" if smaller else "max", rest, strict, conditions)
    return None


@dataclass(frozen=True, slots=True)
class PlaceUpdate:
    """An update `target = target operator value`, however it is spelled.

    target: the variable or element. operator: `+`, `*`, `/`, `&`, `|`, `^`, `&&`, `||`, `min` or
        `max`; a subtraction is `+` of the negated value.
    passes_nan: a NaN changes nothing, as with `fmax`. conditions: what must hold for the update; ()
        if it is always made.
    """

    target: Expression
    operator: str
    value: Expression
    passes_nan: bool = False
    conditions: tuple[Expression, ...] = ()


def update_of(statement: Statement) -> PlaceUpdate | None:
    """Return the update that a statement makes, if it does nothing else; else None."""
    if isinstance(statement, If):
        extreme = as_extreme(statement)
        if extreme is None or extreme.companions:
            return None
        return PlaceUpdate(
            extreme.target, extreme.operator, extreme.value, False, extreme.conditions
        )
    assign = _as_assign(statement)
    found = assign and as_update(assign.target, assign.op, assign.value)
    if not found:
        return None
    operator, _ = found
    passes_nan = False
    value = assign.value
    if assign.op in ("++", "--"):
        value = Literal("1", "i32") if assign.op == "++" else Unary("-", Literal("1", "i32"))
    elif assign.op in ("-=", "/="):
        operator = "/" if assign.op == "/=" else operator
        value = value if assign.op == "/=" else Unary("-", value)
    elif assign.op == "=":
        value = _value_beside(assign.target, value, operator, found[1])
        function = getattr(assign.value, "function", None)
        passes_nan = isinstance(function, Name) and function.id.split("::")[-1].startswith("f")
    return PlaceUpdate(assign.target, operator, value, passes_nan)


def _value_beside(
    target: Expression, value: Expression, operator: str, operands: tuple[Expression, ...]
) -> Expression:
    """What `target` is combined with in `value`."""
    if operator == "+" and isinstance(value, Binary):
        terms = list(_chain(value, ("+", "-"), True))
        terms.remove((target, True))
        total = terms[0][0] if terms[0][1] else Unary("-", terms[0][0])
        for term, positive in terms[1:]:
            total = Binary("+" if positive else "-", total, term)
        return total
    if isinstance(value, Call):
        return operands[0] if len(operands) == 1 else Call(value.function, operands)
    total = operands[0]
    for operand in operands[1:]:
        total = Binary(operator, total, operand)
    return total


def _conjuncts(test: Expression) -> Iterator[Expression]:
    if isinstance(test, Binary) and test.op == "&&":
        yield from _conjuncts(test.left)
        yield from _conjuncts(test.right)
    else:
        yield test


def _flat(body: tuple[Statement, ...]) -> Iterator[Statement]:
    for statement in body:
        if isinstance(statement, Compound):
            yield from _flat(statement.body)
        else:
            yield statement


def _as_assign(statement: Statement) -> Assign | None:
    if isinstance(statement, ExpressionStatement):
        inner = statement.expression
        if isinstance(inner, AssignExpression):
            return Assign(inner.target, inner.op, inner.value)
        if isinstance(inner, Increment):
            return Assign(inner.target, inner.op, None)
    return statement if isinstance(statement, Assign) else None


def _occurs(target: Expression, expression: object) -> bool:
    return any(node == target for node in walk(expression))


def atomic_update(call: Call) -> tuple[Expression, str, tuple[Expression, ...]] | None:
    """Return (place, operator, operands) of an atomic update of CUDA such as `atomicAdd(&place,
    e)`; None for any other call. operator: `+`, `min`, `max`, `&`, `|` or `^`; `+` for atomicSub
    and atomicInc too. operands: the call's further arguments, as written.
    """
    if not isinstance(call.function, Name) or call.function.id not in ATOMICS:
        return None
    place = call.arguments[0] if call.arguments else None
    if isinstance(place, Unary) and place.op == "&":
        return place.operand, ATOMICS[call.function.id], call.arguments[1:]
    if place is not None:
        return Unary("*", place), ATOMICS[call.function.id], call.arguments[1:]
    return None
