"""C statements as trees that rules write: read from text, printed as functions, with every scalar
declared as deep as its uses allow.

Contract: trees of `corpora.ir` without declarations that shadow others. A scalar is declared where
it first gets a value if no value of it outlives that block, at the function's head otherwise; a
port then has it private to a thread wherever the source would let it be.

    python -c "from translator.normalize.c_tree import *; \\
        print(print_function('void f()', declare_scalars(read_statements('t = 1;'), {'t': 'int'})))"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from corpora.emit.c_family import emit_c_family
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.queries import function_named
from corpora.ir import (
    Assign,
    AssignExpression,
    Compound,
    Declaration,
    Expression,
    For,
    If,
    Increment,
    Jump,
    Name,
    RangeFor,
    ScalarType,
    Statement,
    Type,
    Unsupported,
    UnsupportedExpression,
    While,
    find,
    names_in,
    transform,
)
from translator.normalize.unsupported import UnsupportedConstruct

__all__ = [
    "blocks_of", "changes_variable", "declare_in_loop_heads", "declare_inside", "declare_scalars",
    "format_type", "head_of", "is_loop_counter", "leaves_loop", "names_of", "print_function",
    "read_statements", "read_type", "require_known", "sets_scalar", "with_blocks",
]  # fmt: skip

Body = tuple[Statement, ...]


def read_statements(text: str) -> Body:
    """Parse the C++ statements in `text` and return them as a tuple of nodes of `corpora.ir`.
    Raises UnsupportedConstruct for a construct that the tree cannot hold.
    """
    unit = parse_c_family(f"void f() {{\n{text}\n}}", "cpp")
    function = function_named(unit, "f")
    if unit.errors or function is None or len(unit.items) != 1:
        raise UnsupportedConstruct("statements that are no C++")
    require_known(function.body)
    return function.body or ()


def require_known(node: Any) -> None:
    """Check `node`, a node of the tree of `corpora.ir` or a tuple of nodes. Raises
    UnsupportedConstruct, with name and line, if it holds a construct that the front end does not
    know.
    """
    odd = next(find(node, Unsupported, UnsupportedExpression), None)
    if odd is not None:
        where = f" in line {odd.span.line}" if odd.span else ""
        raise UnsupportedConstruct(f"a {odd.kind}{where}")


@lru_cache(maxsize=256)
def read_type(text: str) -> Type:
    """Parse the C++ text of a type, such as `const float *`. Raises UnsupportedConstruct for text
    that is none.
    """
    (declared,) = read_statements(f"{text} v;")
    if not isinstance(declared, Declaration):
        raise UnsupportedConstruct(f"the type '{text}'")
    return declared.type


def format_type(type: Type) -> str:
    """Return the C++ text of a type. A scalar's `const` and `volatile` are left out."""
    plain = replace(type, const=False, volatile=False) if isinstance(type, ScalarType) else type
    return emit_c_family(plain)


def print_function(head: str, body: Body) -> str:
    """Return a function's C++ text. head: its result, name and parameters. Each directive stands on
    a line of its own.
    """
    rows = emit_c_family(tuple(body)).splitlines()
    inside = [row if row.startswith("#") else f"    {row}" for row in rows]
    return "\n".join([f"{head} {{", *inside, "}"]) + "\n"


# ---- what a statement is made of ----


def head_of(statement: Any) -> tuple[Any, ...]:
    """Return the nodes of `corpora.ir` that a statement evaluates itself, such as an `if`'s
    condition, without the blocks in it.
    """
    match statement:
        case For():
            return (*statement.start, *filter(None, (statement.test,)), *statement.step)
        case While() | If():
            return (statement.test,)
        case RangeFor():
            return (statement.variable, statement.range)
        case Compound():
            return ()
    return (statement,)


def blocks_of(statement: Any) -> tuple[Body, ...]:
    """Return the blocks, each a tuple of statements of `corpora.ir`, of a loop (one), an `if` (two)
    or a compound statement (one); () for other statements.
    """
    if isinstance(statement, If):
        return (statement.then, statement.otherwise)
    return (statement.body,) if isinstance(statement, (For, While, RangeFor, Compound)) else ()


def with_blocks(statement: Any, blocks: Sequence[Sequence[Any]]) -> Any:
    """Return `statement`, a node of `corpora.ir`, with its blocks, as `blocks_of` returns them,
    replaced by `blocks`.
    """
    fields = ("then", "otherwise") if isinstance(statement, If) else ("body",)
    return replace(statement, **{f: tuple(b) for f, b in zip(fields, blocks, strict=True)})


def names_of(node: Any) -> set[str]:
    """Return the names that `node`, a node of `corpora.ir` or a tuple of nodes, uses or
    declares.
    """
    return names_in(node) | {each.name for each in find(node, Declaration)}


def changes_variable(node: Any, name: str) -> bool:
    """Return whether anything in `node`, a node of `corpora.ir` or a tuple of nodes, except a
    declaration, gives the variable `name` a value.
    """
    return any(
        each.target == Name(name) for each in find(node, Assign, AssignExpression, Increment)
    )


def sets_scalar(statement: Any, name: str) -> bool:
    """Return whether `statement`, a node of `corpora.ir`, gives `name` a value that does not depend
    on its earlier value.
    """
    match statement:
        case Assign(Name(target), "=", value):
            return target == name and name not in names_in(value)
        case Declaration(target, value=value) if value is not None:
            return target == name and name not in names_in(value)
    return False


def leaves_loop(
    body: Body, kinds: tuple[str, ...] = ("break", "continue"), inside: bool = False
) -> bool:
    """Return whether `body` holds a jump that belongs to a loop around it.

    body: statements of `corpora.ir`. kinds: words of the jumps that count. inside: whether `body`
        is already inside an inner loop.
    """
    for statement in body:
        if isinstance(statement, Jump) and not inside and statement.kind in kinds:
            return True
        looped = inside or isinstance(statement, (For, While, RangeFor))
        if any(leaves_loop(block, kinds, looped) for block in blocks_of(statement)):
            return True
    return False


# ---- where scalars are declared ----


def declare_scalars(body: Body, scalars: Mapping[str, str]) -> Body:
    """Return the statements `body` with declarations of local scalars added. scalars: C++ types by
    name; a name that `body` does not use gets no declaration.
    """
    for name, type in reversed(scalars.items()):
        placed = declare_inside(body, name, type)
        body = (Declaration(name, read_type(type)), *body) if placed is None else placed
    return body


def declare_inside(body: Body, name: str, type: str) -> Body | None:
    """Return the statements `body` with the scalar `name` declared where it gets its first value.

    Returns None where a value may be needed outside the block of that place. type: the scalar's C++
        type.
    """
    uses = [k for k, statement in enumerate(body) if name in names_of(statement)]
    if not uses:
        return body
    first = uses[0]
    blocks = blocks_of(body[first])
    if isinstance(body[first], Assign) and sets_scalar(body[first], name):
        made: Any = Declaration(name, read_type(type), body[first].value)
    elif not blocks or len(uses) > 1 or not _sets_first_in(body[first], name):
        return None
    else:
        statement: Any = body[first]
        field = "otherwise" if isinstance(statement, If) and name in names_of(blocks[-1]) else ""
        field = field or ("then" if isinstance(statement, If) else "body")
        inner = declare_inside(getattr(statement, field), name, type)
        if inner is None:
            return None
        made = replace(statement, **{field: inner})
    return (*body[:first], made, *body[first + 1 :])


def _sets_first_in(statement: Statement, name: str) -> bool:
    """Whether every way through a statement with blocks to a use of `name` passes an assignment to
    it, as far as its first use shows.
    """
    users = [block for block in blocks_of(statement) if name in names_of(block)]
    if name in names_of(head_of(statement)) or len(users) != 1:
        return False
    uses = [each for each in users[0] if name in names_of(each)]
    if blocks_of(uses[0]):
        return len(uses) == 1 and _sets_first_in(uses[0], name)
    return sets_scalar(uses[0], name)


def is_loop_counter(body: Body, name: str) -> bool:
    """Return whether every use of the variable `name` in `body` is in a loop whose head gives it
    its first value.
    """
    for statement in body:
        if _first_value(statement, name) is not None:
            continue
        if name in names_of(head_of(statement)):
            return False
        if not all(is_loop_counter(block, name) for block in blocks_of(statement)):
            return False
    return True


def _first_value(statement: Any, name: str) -> Expression | None:
    """The value from which a loop counts `name`, where it does not declare it."""
    start = statement.start if isinstance(statement, For) else ()
    counted = len(start) == 1 and isinstance(start[0], Assign) and sets_scalar(start[0], name)
    return start[0].value if counted else None


def declare_in_loop_heads(body: Body, name: str, type: str) -> Body:
    """Return the statements `body` with the variable `name` declared in the head of each loop that
    it counts. type: its C++ type.
    """

    def change(node: Any) -> Any:
        value = _first_value(node, name)
        if value is None:
            return node
        return replace(node, start=(Declaration(name, read_type(type), value),))

    return transform(body, change)
