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
    """A variable. id: its identifier."""

    id: str


class Literal(NamedTuple):
    """A constant. text: in C's spelling without a sign, such as `0.5f`. type: its element type."""

    text: str
    type: str


class At(NamedTuple):
    """An element of an array. subscripts: expressions from zero; several of a flat array are
    flattened row-major in C.
    """

    array: str
    subscripts: tuple


class Binary(NamedTuple):
    """`left op right`, as in C. The op `&&!` is an `&&` whose right side is only safe if the left
    holds.
    """

    op: str
    left: tuple
    right: tuple


class Unary(NamedTuple):
    """A unary operation of C on `argument`. op: such as `-` or `!`."""

    op: str
    argument: tuple


class Call(NamedTuple):
    """A call of a C function by name, with its arguments in order."""

    function: str
    arguments: tuple


class Cast(NamedTuple):
    """A conversion of `argument` to the element type `type`."""

    type: str
    argument: tuple


class Conditional(NamedTuple):
    """`test ? yes : no`. guarded: a branch is only safe to evaluate if it is chosen."""

    test: tuple
    yes: tuple
    no: tuple
    guarded: bool = False


class Paren(NamedTuple):
    """`argument` in parentheses that are always written."""

    argument: tuple


class Postfix(NamedTuple):
    """`argument++` or `argument--` as a value. op: `++` or `--`. It occurs only in nests that one
    thread runs.
    """

    op: str
    argument: tuple


class Declare(NamedTuple):
    """The declaration of the local `name`. type: its element type. value: its first value, or None.
    const: it never changes.
    """

    type: str
    name: str
    value: tuple | None = None
    const: bool = False


class DeclarePointer(NamedTuple):
    """`T *name = &array[offset]`, a view of a row. type: of the elements. const: they are not
    written.
    """

    type: str
    name: str
    array: str
    offset: tuple
    const: bool = False


class Assign(NamedTuple):
    """`target op value` as a statement. op: `=`, `+=` and so on. atomic: other iterations write the
    same element.
    """

    target: tuple
    op: str
    value: tuple
    atomic: bool = False
    chain: tuple = ()
    """Further targets of one type: `target = chain = … = value`."""


class For(NamedTuple):
    """`for (variable = start; variable op stop; variable += step) body`.

    op: `<` or `<=`, and `>=` or `>` with a negative step. type: the variable's element type.
    shown: the test that C texts have in place of `variable op stop`, or None. Fortran ignores the
        rest:
    also: assignments after the increment. moved: another variable that the increment moves, ''.
        starts: further declarations in the head.
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
    """`while (test) body`. body: a tuple of statements."""

    test: tuple
    body: tuple
    after: bool = False
    """True: the test stands at the end (`do … while`)."""
    advance: tuple | None = None
    """An assignment: `for (; test; advance)`; nothing in the body may `continue`."""


class If(NamedTuple):
    """`if (test) then else otherwise`. then, otherwise: tuples of statements."""

    test: tuple
    then: tuple
    otherwise: tuple = ()


class Switch(NamedTuple):
    """`switch (value)`. Its nest is `c_only`.

    labels: each case's C text. blocks: each case's statements, without `break`. otherwise: the
        default's.
    """

    value: tuple
    labels: tuple[str, ...]
    blocks: tuple
    otherwise: tuple = ()


class Jump(NamedTuple):
    """A jump. kind: `continue`, `break` or `return`. value: what is returned, or None."""

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
    """Return an integer constant as an expression; a negative value becomes a unary minus."""
    return Literal(str(value), "i32") if value >= 0 else Unary("-", Literal(str(-value), "i32"))


def _node(value: object) -> tuple:
    return integer(value) if isinstance(value, int) else value  # type: ignore[return-value]


def add(left: object, right: object) -> tuple:
    """Return `left + right`. Operands are expressions or integers; a negative integer on the right
    is subtracted.
    """
    if isinstance(right, int) and right < 0:
        return Binary("-", _node(left), integer(-right))
    return Binary("+", _node(left), _node(right))


def sub(left: object, right: object) -> tuple:
    """Return `left - right`. Operands are expressions or integers."""
    return Binary("-", _node(left), _node(right))


def mul(left: object, right: object) -> tuple:
    """Return `left * right`. Operands are expressions or integers."""
    return Binary("*", _node(left), _node(right))


def compare(left: object, op: str, right: object) -> tuple:
    """Return the comparison `left op right`. Operands are expressions or integers."""
    return Binary(op, _node(left), _node(right))


def conjunction(left: tuple, right: tuple, guarded: bool = False) -> tuple:
    """Return `left && right`. guarded: the right side is only safe if the left holds."""
    return Binary("&&!" if guarded else "&&", left, right)


def product(parts: list) -> tuple:
    """Return the product of at least one factor, from left to right."""
    result = parts[0]
    for part in parts[1:]:
        result = Binary("*", result, part)
    return result


def infer_type(node: tuple, types: dict[str, str]) -> str:
    """Return the element type of an expression after C's conversions; `bool` for comparisons and
    logic. types: of variables and arrays by name. Raises KeyError for an unknown name.
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
    """Return the direct sub-expressions of an expression."""
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
    """Return the expressions that a statement holds itself, without those of nested statements."""
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
    """Return the blocks of statements that a statement holds directly."""
    kind = type(statement)
    if kind is For or kind is While:
        return (statement.body,)
    if kind is Switch:
        return (*statement.blocks, statement.otherwise)
    return (statement.then, statement.otherwise) if kind is If else ()


def walk_statements(block: tuple) -> Iterator[tuple]:
    """Yield every statement of a block, outer before inner."""
    for statement in block:
        yield statement
        for inner in get_blocks(statement):
            yield from walk_statements(inner)


def walk(node: tuple) -> Iterator[tuple]:
    """Yield every node of an expression, outer before inner."""
    yield node
    for child in get_children(node):
        yield from walk(child)
