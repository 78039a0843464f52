"""Ranges of counted loops, from the spelling of their heads.

`loop_range` answers for C's `for` and `while` and for Fortran's `do`. A loop that is not counted
gets a `Reason`: its code says what is in the way, its sentence names the construct.

    python -c "from corpora.ir import *; from corpora.analysis.loops import loop_range; \
        i, n = Name('i'), Name('n'); \
        print(loop_range(For((Assign(i, '=', Literal('0', 'i32')),), Binary('<', i, n), \
        (Assign(i, '++', None),), ())))"
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from corpora.analysis.affine import NARROW_INTEGERS, integer_of
from corpora.analysis.reasons import Reason
from corpora.ir import (
    Access,
    Assign,
    AssignExpression,
    Binary,
    Call,
    Cast,
    Compound,
    Declaration,
    Expression,
    ExpressionStatement,
    For,
    Goto,
    If,
    Increment,
    Jump,
    Literal,
    Member,
    Name,
    Return,
    ScalarType,
    Statement,
    Switch,
    Type,
    Unary,
    Unsupported,
    While,
    find,
    names_in,
    walk,
)

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "!=": "!="}
_ZERO, _ONE = Literal("0", "i32"), Literal("1", "i32")


@dataclass(frozen=True, slots=True)
class LoopRange:
    """The values lower, lower + step, ... of a counted loop's variable, called `variable`.

    upper_inclusive: the end in the loop's direction; no value lies beyond it.
    step: a number, or None if only `step_expression` is known. direction: +1 or -1, the step's
        sign.
    exact: every such value is taken; False if the loop may end earlier by another part of its test.
    trailing: further statements at the end of each iteration. declared: the variable's declaration
        in the head; None if the head has none.
    starts_at_entry: the head gives no first value; `lower` is the variable before the loop.
    """

    variable: str
    lower: Expression
    upper_inclusive: Expression
    step: int | None
    step_expression: Expression
    direction: int
    exact: bool = True
    trailing: tuple[Statement, ...] = ()
    declared: Declaration | None = None
    starts_at_entry: bool = False


def loop_range(loop: For | While, types: Mapping[str, Type] | None = None) -> LoopRange | Reason:
    """Return the range of a loop's variable, or the reason why it is unknown. types: the types of
    variables by name, which tell whether a counter may wrap around; None if they are not known.
    """
    if isinstance(loop, For) and loop.bounds is not None:
        return _fortran_range(loop)
    found = _c_range(loop) if isinstance(loop, For) else _while_range(loop)
    if isinstance(found, Reason):
        return found
    kind = found.declared.type if found.declared else (types or {}).get(found.variable)
    return _checked(loop, found, kind, types or {})


def _fortran_range(loop: For) -> LoopRange | Reason:
    bounds = loop.bounds
    assert bounds is not None
    if bounds.nested or bounds.mask is not None:
        return Reason("CONCURRENT", "do concurrent has several indices or a mask", (), loop.head)
    step = 1 if bounds.step is None else integer_of(bounds.step)
    if not step:
        return Reason("STEP", "the sign of the loop's step is not known", (), loop.head)
    expression = bounds.step or _ONE
    direction = 1 if step > 0 else -1
    if bounds.variable in assigned_names(loop.body):
        return _reason("COUNTER", "the loop changes its own counter", loop, bounds.variable)
    return LoopRange(bounds.variable, bounds.lower, bounds.upper, step, expression, direction)


def _c_range(loop: For) -> LoopRange | Reason:
    if loop.test is None:
        return _reason("NO_TEST", "the loop has no test", loop)
    starts = {_target(s): s for s in loop.start if _target(s)}
    for comparison, exact in _conjuncts(loop.test):
        decreasing = _decreasing_in_test(comparison)
        if decreasing and not loop.step:
            name = decreasing
            start = starts.get(name)
            lower = Binary("-", _initial(start, name), _ONE)
            declared = start if isinstance(start, Declaration) else None
            return LoopRange(
                name, lower, _ZERO, -1, Unary("-", _ONE), -1, exact, (), declared, start is None
            )
        for name, op, bound in _sides(comparison):
            steps = [s for s in loop.step if _step(s, name) is not None]
            if len(steps) != 1:
                continue
            start = starts.get(name)
            others = tuple(s for s in loop.step if s is not steps[0])
            declared = start if isinstance(start, Declaration) else None
            built = _build(name, _initial(start, name), op, bound, steps[0], exact, loop)
            if isinstance(built, Reason):
                return built
            return LoopRange(*built, others, declared, start is None)
    sentence = "the loop's test compares no counter that its head advances by a fixed step"
    return _reason("NOT_COUNTED", sentence, loop)


def _while_range(loop: While) -> LoopRange | Reason:
    """`while (i < n) { ...; i++; }`: one step of `i`, the body's last statement."""
    if loop.after:
        return _reason("TEST_AFTER", "the test stands after the body", loop)
    if any(isinstance(n, Jump) and n.kind == "continue" for n in walk(loop.body)):
        return _reason("NOT_COUNTED", "a while loop with continue is not counted", loop)
    for comparison, exact in _conjuncts(loop.test):
        for name, op, bound in _sides(comparison):
            last = loop.body[-1] if loop.body else None
            if last is None or _step(last, name) is None or name in assigned_names(loop.body[:-1]):
                continue
            built = _build(name, Name(name), op, bound, last, exact, loop)
            return built if isinstance(built, Reason) else LoopRange(*built, (), None, True)
    return _reason("NOT_COUNTED", "the while loop advances no counter at its end", loop)


def _build(
    name: str,
    lower: Expression,
    op: str,
    bound: Expression,
    step: Statement,
    exact: bool,
    loop: For | While,
) -> tuple | Reason:
    sign, amount = _step(step, name)  # type: ignore[misc]
    number = integer_of(amount)
    if number is not None:
        number *= sign
        direction = 1 if number > 0 else -1
    else:
        direction = sign
    if number == 0:
        return _reason("STEP", "the loop's step is zero", loop, name)
    if op == "!=":
        op = "<" if direction > 0 else ">"
        if number not in (1, -1):
            return _reason("STEP", "`!=` with a step other than one may miss its end", loop, name)
    if (op in ("<", "<=")) != (direction > 0):
        return _reason("AWAY", "the loop counts away from its bound", loop, name)
    if op == "<":
        bound = _less_one(bound, "-")
    elif op == ">":
        bound = _less_one(bound, "+")
    expression = amount if sign > 0 else Unary("-", amount)
    return name, lower, bound, number, expression, direction, exact


def _less_one(bound: Expression, op: str) -> Expression:
    number = integer_of(bound)
    if number is not None and number >= 1:
        return Literal(str(number - 1 if op == "-" else number + 1), "i32")
    return Binary(op, bound, _ONE)


def _conjuncts(test: Expression, exact: bool = True) -> Iterator[tuple[Expression, bool]]:
    """Comparisons that must hold, each with whether it is the whole test."""
    if isinstance(test, Binary) and test.op == "&&":
        yield from _conjuncts(test.left, False)
        yield from _conjuncts(test.right, False)
    else:
        yield test, exact


def _sides(comparison: Expression) -> Iterator[tuple[str, str, Expression]]:
    """(variable, operator, bound) of a comparison, read from either side."""
    if isinstance(comparison, Name):
        yield comparison.id, "!=", _ZERO
    if not isinstance(comparison, Binary) or comparison.op not in _MIRRORED:
        return
    left, right = _uncast(comparison.left), _uncast(comparison.right)
    if isinstance(left, Name):
        yield left.id, comparison.op, comparison.right
    if isinstance(right, Name):
        yield right.id, _MIRRORED[comparison.op], comparison.left
    if isinstance(left, Binary) and left.op in "+-" and isinstance(left.left, Name):
        moved = Binary("-" if left.op == "+" else "+", comparison.right, left.right)
        yield left.left.id, comparison.op, moved


def _uncast(expression: Expression) -> Expression:
    wide = ("i32", "i64", "u32", "u64")
    while isinstance(expression, Cast) and getattr(expression.type, "name", "") in wide:
        expression = expression.operand
    return expression


def _decreasing_in_test(test: Expression) -> str | None:
    """`i-- > 0`, `i-- != 0` and `i--` of a counter."""
    if isinstance(test, Binary) and test.op in (">", "!=") and integer_of(test.right) == 0:
        test = test.left
    if isinstance(test, Increment) and test.op == "--" and not test.prefix:
        return test.target.id if isinstance(test.target, Name) else None
    return None


def _target(statement: Statement) -> str:
    if isinstance(statement, Declaration) and statement.value is not None:
        return statement.name
    if isinstance(statement, Assign) and statement.op == "=" and isinstance(statement.target, Name):
        return statement.target.id
    return ""


def _initial(start: Statement | None, name: str) -> Expression:
    value = getattr(start, "value", None)
    return value if value is not None else Name(name)


def _step(statement: Statement, name: str) -> tuple[int, Expression] | None:
    """(sign, amount) by which a statement changes `name`; None where it does not step it."""
    target, op, value = _assignment(statement)
    if not isinstance(target, Name) or target.id != name:
        return None
    if op in ("++", "--"):
        return (1 if op == "++" else -1), _ONE
    if value is None:
        return None
    if op in ("+=", "-="):
        return (1 if op == "+=" else -1), value
    if op == "=" and isinstance(value, Binary) and value.op in "+-":
        if value.left == target:
            return (1 if value.op == "+" else -1), value.right
        if value.right == target and value.op == "+":
            return 1, value.left
    return None


def _assignment(node: object) -> tuple[Expression | None, str, Expression | None]:
    """(target, operator, value) of whatever assigns: a statement or an expression."""
    if isinstance(node, ExpressionStatement):
        node = node.expression
    if isinstance(node, (Assign, AssignExpression)):
        return node.target, node.op, node.value
    if isinstance(node, Increment):
        return node.target, node.op, None
    return None, "", None


def _checked(
    loop: For | While, found: LoopRange, kind: Type | None, types: Mapping[str, Type]
) -> LoopRange | Reason:
    """The range, unless the loop changes what it is counted by."""
    name = found.variable
    body = loop.body[:-1] if isinstance(loop, While) else loop.body
    changed = assigned_names((*body, *found.trailing))
    if name in changed:
        return _reason("COUNTER", f"the loop changes its own counter `{name}`", loop, name)
    if isinstance(kind, ScalarType) and kind.name.startswith("f"):
        return _reason("FLOAT_COUNTER", f"the counter `{name}` is no integer", loop, name)
    if isinstance(kind, ScalarType) and kind.name in NARROW_INTEGERS:
        return _reason("NARROW", f"the counter `{name}` may wrap around", loop, name)
    endless = found.direction < 0 and integer_of(found.upper_inclusive) == 0
    if endless and isinstance(kind, ScalarType) and kind.name in ("u32", "u64"):
        if not _decreasing_in_test(getattr(loop, "test", _ZERO) or _ZERO) and _is_at_least_zero(
            loop
        ):
            return _reason("ENDLESS", f"the unsigned `{name}` is never below zero", loop, name)
    bound = (found.upper_inclusive, found.step_expression)
    varied = sorted(names_in(bound) & (changed | {name}))
    if varied:
        sentence = f"the loop changes its own bound through `{varied[0]}`"
        return _reason("BOUND", sentence, loop, *varied)
    written = _written_paths(loop.body)
    for access in find(bound, Access, Member):
        path = _path(access)
        if not path or any(path[: len(w)] == w or w[: len(path)] == path for w in written):
            root = path[0] if path else ""
            return _reason("BOUND", "the loop may change its own bound", loop, root)
    return found


def _path(expression: Expression) -> tuple[str, ...]:
    """The variable and the fields that lead to an element: `a.x[i]` is (a, x). () for the result of
    a call.
    """
    fields: list[str] = []
    while not isinstance(expression, Name):
        if isinstance(expression, Member):
            fields.append(expression.field)
        if isinstance(expression, (Access, Member)):
            expression = expression.base
        elif isinstance(expression, (Unary, Cast, Increment)):
            expression = getattr(expression, "operand", None) or expression.target  # type: ignore
        elif isinstance(expression, Binary) and expression.op in "+-":
            expression = expression.left
        else:
            return ()
    return (expression.id, *reversed(fields))


def _written_paths(node: object) -> set[tuple[str, ...]]:
    """Paths through which `node` writes memory, or that it passes to calls which may. Fields of one
    object are taken to be apart: none points to another.
    """
    found = set()
    for part in walk(node):
        if isinstance(part, (Assign, AssignExpression, Increment)):
            found.add(_path(part.target))
        elif isinstance(part, Call):
            found |= {_path(each) for each in part.arguments}
    return found - {()}


def _is_at_least_zero(loop: For | While) -> bool:
    test = loop.test
    return isinstance(test, Binary) and test.op in (">=", "<=")


def _reason(code: str, sentence: str, loop: For | While, *names: str) -> Reason:
    place = getattr(loop, "head", None) or loop.span
    return Reason(code, sentence, tuple(n for n in names if n), place)


def root_name(expression: Expression) -> str | None:
    """Return the name of the variable that an element, member or dereference starts from: `a` for
    `a[i].x`, `*(a + 1)` and `a`; None for a call's result.
    """
    while True:
        if isinstance(expression, Name):
            return expression.id
        if isinstance(expression, (Access, Member)):
            expression = expression.base
        elif isinstance(expression, (Unary, Cast, Increment)):
            expression = getattr(expression, "operand", None) or expression.target  # type: ignore
        elif isinstance(expression, Binary) and expression.op in "+-":
            expression = expression.left
        else:
            return None


def assigned_names(node: object) -> set[str]:
    """Return the names of the variables that `node` assigns, declares, increments, or passes by
    address. node: a node of the tree of `corpora.ir`, or a tuple of nodes.
    """
    found: set[str] = set()
    for part in walk(node):
        if isinstance(part, Declaration):
            found.add(part.name)
        elif isinstance(part, (Assign, AssignExpression, Increment)):
            target = part.target
            if isinstance(target, Name):
                found.add(target.id)
        elif isinstance(part, For) and part.bounds is not None:
            found |= {part.bounds.variable, *(b.variable for b in part.bounds.nested)}
        elif isinstance(part, Unary) and part.op == "&" and not isinstance(part.operand, Access):
            found |= {r for r in [root_name(part.operand)] if r}
    return found


def written_roots(node: object) -> set[str]:
    """Return the names of the variables through which `node` writes memory, or which it passes to
    calls. node: a node of the tree of `corpora.ir`, or a tuple of nodes.
    """
    found: set[str] = set()
    for part in walk(node):
        if isinstance(part, (Assign, AssignExpression, Increment)):
            if (root := root_name(part.target)) is not None:
                found.add(root)
        elif isinstance(part, Call):
            found |= names_in(part.arguments)
    return found


def early_exits(loop: For | While) -> tuple[Reason, ...]:
    """Return a Reason for each statement in `loop` that may leave it before its test does: break,
    return, goto, Fortran's stop, or one that is not understood. () if there is none.
    """
    return tuple(_exits(loop.body, True, getattr(loop, "label", "")))


def _exits(body: tuple[Statement, ...], direct: bool, label: str) -> Iterator[Reason]:
    """direct: a plain `break` here leaves the loop that is asked about."""
    for node in body:
        if isinstance(node, Jump):
            if node.kind == "stop":
                yield Reason("EARLY_EXIT", "`stop` leaves the loop", (), node.span)
            elif node.kind == "break" and (node.label == label if node.label else direct):
                yield Reason("EARLY_EXIT", "`break` leaves the loop early", (), node.span)
            elif node.label and node.label != label:
                yield Reason("EARLY_EXIT", "a jump may leave the loop", (node.label,), node.span)
        elif isinstance(node, (Return, Goto)):
            word = "return" if isinstance(node, Return) else "goto"
            yield Reason("EARLY_EXIT", f"`{word}` leaves the loop early", (), node.span)
        elif isinstance(node, Unsupported):
            yield Reason("UNSUPPORTED", f"{node.kind} is not understood", (), node.span)
        elif isinstance(node, If):
            yield from _exits((*node.then, *node.otherwise), direct, label)
        elif isinstance(node, Compound):
            yield from _exits(node.body, direct, label)
        elif isinstance(node, Switch):
            inner = direct and not node.falls_through
            for case in node.cases:
                yield from _exits(case.body, inner, label)
        elif isinstance(node, (For, While)):
            yield from _exits(node.body, False, label)


def perfect_nest(loop: For | While) -> tuple[For | While, ...]:
    """Return `loop` and the loops below it that are alone in the body of the loop around them,
    outermost first; `loop` alone if its body holds anything else.
    """
    nest = [loop]
    while True:
        body = nest[-1].body
        while len(body) == 1 and isinstance(body[0], Compound):
            body = body[0].body
        if len(body) != 1 or not isinstance(body[0], (For, While)):
            return tuple(nest)
        nest.append(body[0])
