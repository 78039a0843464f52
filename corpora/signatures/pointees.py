"""Whether a pointer parameter of C or C++ points to one thing or to many, from how the text uses
it.

    pytest tests/corpora/test_pointees.py
"""

from __future__ import annotations

from typing import Any

from corpora.frontends.c_tokens import tokenize
from corpora.frontends.queries import bindings, functions_of
from corpora.ir import (
    Call,
    Function,
    KernelLaunch,
    Member,
    Name,
    Parameter,
    SizeOf,
    TranslationUnit,
    Unary,
    Unsupported,
    UnsupportedExpression,
    children,
    find,
)
from corpora.signatures.null_checks import asked_operands

__all__ = ["is_single_object"]

_COPIES = frozenset(("memcpy", "std::memcpy", "memmove", "cudaMemcpy", "cudaMemcpyAsync"))


def is_single_object(name: str, function: Function, unit: TranslationUnit) -> bool:
    """Return whether the pointer parameter `name` of `function` points to one object.

    It does if every use follows the pointer (`p->x`, `*p`), compares it with null, copies one
    object, or passes it to a function of `unit` that does no more. A pointer that is indexed, moved
    or never used does not.
    """
    return _is_single_use(name, function, unit, ())


def _is_single_use(
    name: str, function: Function, unit: TranslationUnit, on_the_way: tuple[str, ...]
) -> bool:
    unread = find(function.body or (), Unsupported, UnsupportedExpression)
    if any(name in (token.text for token in tokenize(node.text)) for node in unread):
        return False
    uses = {
        id(b.name)
        for b in bindings(function)
        if isinstance(b.definition, Parameter) and b.name.id == name
    }
    if not uses:
        return False
    passed: list[tuple[Any, int]] = []
    left = len(uses)
    for parent in _nodes(function.body):
        followed = [operand for operand in _followed(parent) if id(operand) in uses]
        left -= len(followed)
        if isinstance(parent, (Call, KernelLaunch)):
            passed += [(parent, k) for k, a in enumerate(parent.arguments) if id(a) in uses]
    own = (*on_the_way, function.name)
    return left == len(passed) and all(_is_taken_as_one(*each, unit, own) for each in passed)


def _nodes(node: Any) -> list[Any]:
    """Every node below `node`, bodies of inner functions too."""
    out: list[Any] = []
    waiting = list(children(node or ()))
    while waiting:
        out.append(waiting.pop())
        waiting += children(out[-1])
    return out


def _followed(node: Any) -> tuple[Any, ...]:
    """Pointers that `node` itself follows, or asks for."""
    if isinstance(node, Member) and node.arrow:
        return (node.base,)
    if isinstance(node, Unary) and node.op == "*":
        return (node.operand,)
    return asked_operands(node)


def _is_taken_as_one(
    call: Call | KernelLaunch, place: int, unit: TranslationUnit, on_the_way: tuple[str, ...]
) -> bool:
    """Whether what is called takes its argument at `place` for one thing."""
    called = call.kernel if isinstance(call, KernelLaunch) else call.function
    if not isinstance(called, Name):
        return False
    if called.id in _COPIES:
        return place < 2 and len(call.arguments) > 2 and isinstance(call.arguments[2], SizeOf)
    same = [f for f in functions_of(unit) if f.name == called.id]
    if len(same) != 1 or called.id in on_the_way or place >= len(same[0].parameters):
        return False
    return _is_single_use(same[0].parameters[place].name, same[0], unit, on_the_way)
