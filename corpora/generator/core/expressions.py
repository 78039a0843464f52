"""The small AST that every dialect is emitted from: expressions and statements, immutable.

Contract: nodes are NamedTuples, not dataclasses, because millions of them are made (three times
cheaper to build). A tree holds zero-based C semantics; emitters of other languages translate. Types
are those of `corpora.records.ELEMENT_TYPES` plus `bool` for comparisons.

    python -c "from corpora.generator.core.expressions import *; print(add(name('i'), 1))"
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Name(NamedTuple):
    id: str


class Literal(NamedTuple):
    """`text` is the C spelling, e.g. `0.5f`; the sign is never part of it."""

    text: str
    type: str


class At(NamedTuple):
    """Element of an array. Several subscripts of a flat array are flattened row-major by C
    emitters.
    """

    array: str
    subscripts: tuple


class Binary(NamedTuple):
    """`&&!` is an `&&` whose right side is only safe when the left holds (an index test)."""

    op: str
    left: tuple
    right: tuple


class Unary(NamedTuple):
    op: str
    argument: tuple


class Call(NamedTuple):
    function: str
    arguments: tuple


class Cast(NamedTuple):
    type: str
    argument: tuple


class Conditional(NamedTuple):
    """`guarded`: a branch is only safe to evaluate when it is chosen."""

    test: tuple
    yes: tuple
    no: tuple
    guarded: bool = False


class Paren(NamedTuple):
    argument: tuple


class Postfix(NamedTuple):
    """`argument++` or `argument--` as a value; only in nests that one thread does, and not in
    targets of `+=` and its like.
    """

    op: str
    argument: tuple


class Declare(NamedTuple):
    type: str
    name: str
    value: tuple | None = None
    const: bool = False


class DeclarePointer(NamedTuple):
    """`T *name = &array[offset]`, a view of a row."""

    type: str
    name: str
    array: str
    offset: tuple
    const: bool = False


class Assign(NamedTuple):
    """`atomic`: other iterations of the parallel loops write the same element."""

    target: tuple
    op: str
    value: tuple
    atomic: bool = False
    chain: tuple = ()
    """Further targets of one type: `target = chain = … = value`."""


class For(NamedTuple):
    """`for (var = start; var OP stop; var += step)`; OP is `<`, `<=`, or `>=`/`>` with a negative
    step.

    shown: the test as C writes it (`d * d <= n`), where it is not `var OP stop`; Fortran cannot say
    it. also: assignments that follow the increment after a comma; C only, and nothing in the body
    may `continue`. moved: another variable that the increment moves instead of the loop's own; C
    only. starts: declarations, of the variable's type, that follow its first value after a comma; C
    only.
    """

    variable: str
    start: tuple
    op: str
    stop: tuple
    body: tuple
    step: int = 1
    type: str = "i32"
    shown: tuple | None = None
    also: tuple = ()
    moved: str = ""
    starts: tuple = ()


class While(NamedTuple):
    test: tuple
    body: tuple
    after: bool = False
    """True: the test stands at the end (`do … while`)."""
    advance: tuple | None = None
    """An assignment: `for (; test; advance)`; nothing in the body may `continue`."""


class If(NamedTuple):
    test: tuple
    then: tuple
    otherwise: tuple = ()


class Switch(NamedTuple):
    """`switch (value) { case label: block; break; … default: otherwise; }`; a label is its C text,
    which nothing may name otherwise; the nest is `c_only`.
    """

    value: tuple
    labels: tuple[str, ...]
    blocks: tuple
    otherwise: tuple = ()


class Jump(NamedTuple):
    """`continue` (the parallel iteration or the innermost loop), `break`, or `return`."""

    kind: str
    value: tuple | None = None


ZERO, ONE, TWO = Literal("0", "i32"), Literal("1", "i32"), Literal("2", "i32")
COMPARISONS = frozenset(("<", "<=", ">", ">=", "==", "!="))
LOGICAL = frozenset(("&&", "&&!", "||"))
_RANK = {
    "bool": 0,
    "u8": 1,
    "i8": 1,
    "u16": 1,
    "i16": 1,
    "i32": 2,
    "u32": 3,
    "i64": 4,
    "u64": 5,
    "f32": 6,
    "f64": 7,
}


def integer(value: int) -> tuple:
    """An integer constant; negative values become a unary minus."""
    return Literal(str(value), "i32") if value >= 0 else Unary("-", Literal(str(-value), "i32"))


def _node(value: object) -> tuple:
    return integer(value) if isinstance(value, int) else value  # type: ignore[return-value]


def add(left: object, right: object) -> tuple:
    if isinstance(right, int) and right < 0:
        return Binary("-", _node(left), integer(-right))
    return Binary("+", _node(left), _node(right))


def sub(left: object, right: object) -> tuple:
    return Binary("-", _node(left), _node(right))


def mul(left: object, right: object) -> tuple:
    return Binary("*", _node(left), _node(right))


def compare(left: object, op: str, right: object) -> tuple:
    return Binary(op, _node(left), _node(right))


def conjunction(left: tuple, right: tuple, guarded: bool = False) -> tuple:
    return Binary("&&!" if guarded else "&&", left, right)


def product(parts: list) -> tuple:
    """Left-associated product of at least one factor."""
    result = parts[0]
    for part in parts[1:]:
        result = Binary("*", result, part)
    return result


def infer_type(node: tuple, types: dict[str, str]) -> str:
    """Element type of an expression after C's usual conversions; `bool` for comparisons and
    logic.
    """
    kind = type(node)
    if kind is Name:
        return types[node.id]
    if kind is Literal or kind is Cast:
        return node.type
    if kind is At:
        return types[node.array]
    if kind is Binary:
        if node.op in COMPARISONS or node.op in LOGICAL:
            return "bool"
        return _wider(infer_type(node.left, types), infer_type(node.right, types))
    if kind is Conditional:
        return _wider(infer_type(node.yes, types), infer_type(node.no, types))
    if kind is Call:
        if node.function.endswith("f") and node.function != "erf":
            return "f32"
        return max((infer_type(a, types) for a in node.arguments), key=_RANK.__getitem__)
    if kind is Unary and node.op == "!":
        return "bool"
    inner = infer_type(node.argument, types)
    return inner if kind is Paren else _wider(inner, "i32")


def _wider(left: str, right: str) -> str:
    widest = left if _RANK[left] >= _RANK[right] else right
    return widest if _RANK[widest] >= 2 else "i32"


def get_children(node: tuple) -> tuple:
    """Direct sub-expressions of an expression."""
    kind = type(node)
    if kind is At:
        return node.subscripts
    if kind is Binary:
        return (node.left, node.right)
    if kind is Unary or kind is Cast or kind is Paren or kind is Postfix:
        return (node.argument,)
    if kind is Call:
        return node.arguments
    if kind is Conditional:
        return (node.test, node.yes, node.no)
    return ()


def get_expressions(statement: tuple) -> tuple:
    """Expressions that a statement holds itself, not those of nested statements."""
    kind = type(statement)
    if kind is Assign:
        return (statement.target, statement.value, *statement.chain)
    if kind is Declare or kind is Jump:
        return (statement.value,) if statement.value is not None else ()
    if kind is DeclarePointer:
        return (statement.offset,)
    if kind is For:
        more = tuple(e for s in (*statement.starts, *statement.also) for e in get_expressions(s))
        return (
            (statement.start, statement.stop, *more)
            if statement.shown is None
            else (statement.start, statement.stop, statement.shown, *more)
        )
    if kind is Switch:
        return (statement.value,)
    if kind is While and statement.advance is not None:
        return (statement.test, *get_expressions(statement.advance))
    return (statement.test,)


def get_blocks(statement: tuple) -> tuple:
    kind = type(statement)
    if kind is For or kind is While:
        return (statement.body,)
    if kind is Switch:
        return (*statement.blocks, statement.otherwise)
    return (statement.then, statement.otherwise) if kind is If else ()


def walk_statements(block: tuple) -> Iterator[tuple]:
    """Every statement of a block, outer before inner."""
    for statement in block:
        yield statement
        for inner in get_blocks(statement):
            yield from walk_statements(inner)


def walk(node: tuple) -> Iterator[tuple]:
    """Every node of an expression, outer before inner."""
    yield node
    for child in get_children(node):
        yield from walk(child)
