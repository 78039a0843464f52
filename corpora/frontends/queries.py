"""Questions about a tree that everybody asks: functions, declarations, and what a name refers to.

    python -c "from corpora.frontends.c_family import parse_c_family; \
        from corpora.frontends.queries import *; \
        u = parse_c_family('int f(int n) { return n; }', 'cpp'); \
        print(function_named(u, 'f').parameters)"
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Union

from corpora.ir.nodes import (
    Compound,
    Declaration,
    For,
    Function,
    If,
    Module,
    Name,
    Parameter,
    RangeFor,
    Span,
    StructDefinition,
    Switch,
    TranslationUnit,
    While,
)
from corpora.ir.walk import children, walk

__all__ = [
    "Binding", "bindings", "declarations_in", "free_functions", "function_named", "functions_of",
    "lookup", "source_text", "undeclared_names",
]  # fmt: skip

Definition = Union[Declaration, Parameter, Function, StructDefinition]


def functions_of(unit: TranslationUnit, *, prototypes: bool = False) -> tuple[Function, ...]:
    """Return the functions that `unit` defines, in order: methods, inner procedures, and those in
    namespaces and modules too. prototypes: include those without a body. `()` if there are none.
    """
    return tuple(f for f in _iterate_functions(unit) if f.body is not None or prototypes)


def free_functions(unit: TranslationUnit) -> tuple[Function, ...]:
    """Return the functions with a body that `unit` defines and that a caller can name directly, in
    order.

    Methods, operators and inner procedures are left out. The inner procedures of a Fortran main
    program count; the main program does not.
    """
    return tuple(
        f
        for f in _iterate_functions(unit, free=True)
        if f.body is not None
        and "program" not in f.qualifiers
        and "::" not in f.name
        and not f.name.startswith("operator")
    )


def _iterate_functions(unit: TranslationUnit, free: bool = False) -> Iterator[Function]:
    """Functions, in order. free: without methods, and inner procedures only of main programs."""
    waiting: list[Any] = list(reversed(unit.items))
    while waiting:
        item = waiting.pop()
        if isinstance(item, Module):
            waiting += reversed(item.items)
        elif isinstance(item, StructDefinition) and not free:
            waiting += reversed((*item.methods, *item.items))
        elif isinstance(item, Function):
            yield item
            if not free or "program" in item.qualifiers:
                waiting += reversed(item.contains)


def function_named(unit: TranslationUnit, name: str) -> Function | None:
    """Return the last function that `unit` defines under `name`, plain or qualified (`ns::f`), or
    None if there is none.
    """
    for function in reversed(functions_of(unit)):
        if name in (function.name, "::".join([*function.scope, function.name])):
            return function
    return None


def declarations_in(function: Function) -> tuple[Declaration, ...]:
    """Return the variables declared anywhere in the function's body, in order; parameters are left
    out.
    """
    return tuple(n for n in walk(function.body or ()) if isinstance(n, Declaration))


def source_text(unit: TranslationUnit, node: Any) -> str:
    """Return the part of `unit.text` that `node`, a node of its tree, stands for. For a node that
    comes out of a macro it is the macro's use. Raises ValueError for a node without a span.
    """
    span: Span | None = getattr(node, "span", None)
    if span is None:
        raise ValueError(f"this {type(node).__name__} comes from no text")
    return unit.text[span.start : span.end]


@dataclass(frozen=True, slots=True)
class Binding:
    """A use of a name. name: the very Name node. definition: the node that declares it; None if the
    tree has none.
    """

    name: Name
    definition: Definition | None


def bindings(node: Function | TranslationUnit) -> tuple[Binding, ...]:
    """Return each Name in `node` with its definition, in the order of the text. An inner
    declaration hides an outer one from its place on. A variable is visible in its own initializer,
    as in C.
    """
    return tuple(_bind(node, [{}]))


def lookup(root: Function | TranslationUnit, name: Name) -> Definition | None:
    """Return the definition of the very Name object `name` in `root`, or None if the tree has none.
    Raises ValueError if that object is not in `root`.
    """
    for binding in bindings(root):
        if binding.name is name:
            return binding.definition
    raise ValueError(f"the name '{name.id}' is no node of this tree")


def undeclared_names(node: Function | TranslationUnit) -> frozenset[str]:
    """Return the names, without namespaces, that the tree below `node` uses and does not
    declare.
    """
    return frozenset(b.name.id.rpartition("::")[2] for b in bindings(node) if b.definition is None)


_SCOPED = (Compound, For, RangeFor, While, Switch)
_Scopes = list[dict[str, Definition]]


def _bind(node: Any, scopes: _Scopes) -> Iterator[Binding]:
    if isinstance(node, tuple):
        for item in node:
            yield from _bind(item, scopes)
    elif isinstance(node, Name):
        yield Binding(node, next((s[node.id] for s in reversed(scopes) if node.id in s), None))
    elif isinstance(node, Function):
        yield from _bind_function(node, scopes)
    elif isinstance(node, Declaration):
        yield from _bind(node.type, scopes)
        scopes[-1][node.name] = node
        yield from _bind((node.value, *(node.arguments or ()), node.bits), scopes)
    elif isinstance(node, If):
        yield from _bind(node.test, scopes)
        yield from _bind(node.then, [*scopes, {}])
        yield from _bind(node.otherwise, [*scopes, {}])
    elif isinstance(node, StructDefinition):
        scopes[-1][node.name] = node
        if node.kind.startswith("enum"):
            for constant in node.fields:
                yield from _bind(constant, scopes)
        else:
            yield from _bind_members(node, scopes)
    elif isinstance(node, While) and not node.after:
        yield from _bind((node.pragmas, node.test), scopes)
        yield from _bind(node.body, [*scopes, {}])
    elif isinstance(node, While):
        yield from _bind(node.pragmas, scopes)
        yield from _bind(node.body, [*scopes, {}])
        yield from _bind(node.test, scopes)
    elif isinstance(node, RangeFor):
        yield from _bind((node.pragmas, node.range), scopes)
        inner: _Scopes = [*scopes, {}]
        yield from _bind(node.variable, inner)
        yield from _bind(node.body, [*inner, {}])
    elif isinstance(node, For):
        yield from _bind(node.pragmas, scopes)
        inner = [*scopes, {}]
        yield from _bind((node.start, node.test, node.bounds, node.step), inner)
        yield from _bind(node.body, [*inner, {}])
    elif node is not None and hasattr(node, "__dataclass_fields__"):
        inner = [*scopes, {}] if isinstance(node, _SCOPED) else scopes
        for child in children(node):
            yield from _bind(child, inner)


def _bind_function(node: Function, scopes: _Scopes) -> Iterator[Binding]:
    scopes[-1][node.name] = node
    inner: _Scopes = [*scopes, {}]
    for parameter in node.parameters:
        inner[-1][parameter.name] = parameter
        yield from _bind((parameter.type, parameter.default), inner)
    yield from _bind(tuple(v for _, values in node.initializers for v in values), inner)
    yield from _bind(node.body or (), inner)
    yield from _bind(node.contains, inner)


def _bind_members(node: StructDefinition, scopes: _Scopes) -> Iterator[Binding]:
    """Methods see all fields, wherever these stand."""
    inner: _Scopes = [*scopes, {f.name: f for f in node.fields}]
    for member in (*node.items, *node.fields, *node.methods):
        yield from _bind(member, inner)
