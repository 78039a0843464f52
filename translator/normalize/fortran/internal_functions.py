"""Functions inside a Fortran procedure that are one value: their calls are spelled as that value.

Contract: `read_internal_functions(functions)` reads internal functions and statement functions, by
name; UnsupportedConstruct for a procedure that is more than assignments to scalars of its own.
`inline_call(function, arguments)` is the tree of a call's value.

    python -c "from corpora.ir import Binary, Literal, Name; \\
        from translator.normalize.fortran.internal_functions import *; \\
        value = Binary('*', Literal('2', 'i32'), Name('a')); \\
        print(inline_call(InternalFunction(('a',), value), [Name('x')]))"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpora.ir import (
    Assign,
    Call,
    Declaration,
    Expression,
    Function,
    Name,
    ScalarType,
    Specification,
    find,
    transform,
)
from translator.normalize.fortran.names import get_call_name
from translator.normalize.unsupported import UnsupportedConstruct


@dataclass(frozen=True, slots=True)
class InternalFunction:
    """An internal function of Fortran that is one expression. dummies: names of its arguments.
    value: the expression that it returns, in names of the arguments and of the procedure around
    it.
    """

    dummies: tuple[str, ...]
    value: Expression


def read_internal_functions(functions: Iterable[Any]) -> dict[str, InternalFunction]:
    """Return internal functions by name. functions: the Functions of `corpora.ir` that a procedure
    contains. Raises UnsupportedConstruct for one that is more than assignments to its own
    scalars.
    """
    return dict(_read(each) for each in functions)


def _read(function: Any) -> tuple[str, InternalFunction]:
    if not isinstance(function, Function) or function.result == ScalarType("void"):
        raise UnsupportedConstruct("a procedure inside that is no function")
    dummies = tuple(p.name for p in function.parameters)
    result = function.result_name or function.name
    known: dict[str, Expression] = {}
    executed = [s for s in function.body or () if not isinstance(s, (Declaration, Specification))]
    for statement in executed:
        target = statement.target if isinstance(statement, Assign) else None
        if not isinstance(target, Name) or target.id in dummies or statement.op != "=":
            raise UnsupportedConstruct(
                f"a procedure inside that does more than to set variables of its own "
                f"({function.name})"
            )
        known[target.id] = substitute_values(statement.value, known)
    value = known.get(result)
    if value is None or function.contains or _calls(value, function.name):
        raise UnsupportedConstruct(
            f"a procedure inside that calls itself, or sets no result ({function.name})"
        )
    return function.name, InternalFunction(dummies, value)


def _calls(value: Expression, name: str) -> bool:
    return any(get_call_name(call) == name for call in find(value, Call))


def inline_call(function: InternalFunction, arguments: Sequence[Expression]) -> Expression:
    """Return the expression that a call of `function` with `arguments` stands for. Raises
    UnsupportedConstruct if the number of arguments differs from the dummies'.
    """
    if len(arguments) != len(function.dummies):
        raise UnsupportedConstruct("a call with other arguments than dummies")
    given = dict(zip(function.dummies, arguments, strict=True))
    return substitute_values(function.value, given)


def substitute_values(value: Expression, words: Mapping[str, Expression]) -> Expression:
    """Return `value` with each name that is a key of `words` replaced by its value."""

    def change(node: Any) -> Any:
        return words[node.id] if isinstance(node, Name) and node.id in words else node

    return transform(value, change)
