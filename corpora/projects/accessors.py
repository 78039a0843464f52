"""Calls of accessors replaced by what they return, so that analyses see the data behind a class.

Contract: a function or method whose body is one `return` of an expression is an accessor, as
`double &x(int i) { return m_x[i]; }`. A call of it becomes that expression, with the arguments in
the place of the parameters and the object before the class's own fields. Of several with one name
and number of parameters, all must return the same expression up to the functions called in it (as
overloads for `float` and `double` do); otherwise calls stay. The tree is for analysis only: types
of overloads are not told apart.

    python -c "from corpora.projects.accessors import inline_accessors; help(inline_accessors)"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from corpora.analysis.accesses import has_effects
from corpora.analysis.pure_functions import is_pure
from corpora.frontends.queries import functions_of
from corpora.ir import Call, Expression, Function, Member, Name, Return, TranslationUnit, find
from corpora.ir.nodes import StructDefinition
from corpora.ir.walk import transform

PASSES = 3
"""Accessors within accessors are followed so far."""


@dataclass(frozen=True, slots=True)
class Accessor:
    """A function or method of a C++ text whose body is `return` of one expression.

    parameters: names, in order. value: what it returns. fields: names of the class's fields; empty
    outside classes.
    """

    parameters: tuple[str, ...]
    value: Expression
    fields: frozenset[str]


def inline_accessors(unit: TranslationUnit) -> TranslationUnit:
    """Return the unit with each call of its accessors, functions whose body is `return` of one
    expression, replaced by what they return; the same unit where it has none. Accessors that call
    accessors are followed three deep.
    """
    for _ in range(PASSES):
        known = find_accessors(unit)
        if not known:
            return unit
        changed = transform(unit, partial(replace_call, known=known))
        if changed == unit:
            return unit
        unit = changed
    return unit


Key = tuple[str, int, bool]
"""Name, number of parameters, and whether it is a method."""


def find_accessors(unit: TranslationUnit) -> dict[Key, Accessor]:
    """Return the accessors that a unit defines, functions whose body is `return` of one expression,
    each by (name without scopes, number of parameters, whether it is a method). Where several
    functions of a key return different things, none is in the result.
    """
    fields = {
        each.name.rpartition("::")[2]: frozenset(field.name for field in each.fields)
        for each in find(unit, StructDefinition)
    }
    found: dict[Key, list[Accessor]] = {}
    others: set[Key] = set()
    for function in functions_of(unit):
        own = fields.get(function.scope[-1]) if function.scope else None
        plain = function.name.rpartition("::")[2]
        names = tuple(parameter.name for parameter in function.parameters)
        key = (plain, len(names), own is not None)
        value = _returned(function)
        if value is None:
            if function.body is not None:
                others.add(key)
            continue
        found.setdefault(key, []).append(Accessor(names, value, own or frozenset()))
    return {
        key: members[-1]
        for key, members in found.items()
        if key not in others and _all_alike(members)
    }


def _returned(function: Function) -> Expression | None:
    """What the only statement of a function returns, None where there is more."""
    body = function.body
    if body is None or len(body) != 1:
        return None
    only = body[0]
    return only.value if isinstance(only, Return) else None


def _all_alike(members: list[Accessor]) -> bool:
    """Whether all return the same up to pure functions called in it."""
    shapes = {repr(_shape(member)) for member in members}
    return len(shapes) == 1


def _shape(member: Accessor) -> Any:
    place = {name: f"#{i}" for i, name in enumerate(member.parameters)}

    def change(node: Any) -> Any:
        if isinstance(node, Call) and isinstance(node.function, Name) and is_pure(node.function.id):
            return Call(Name("pure"), node.arguments)
        if isinstance(node, Name):
            return Name(place.get(node.id, node.id))
        return node

    return transform(member.value, change)


def replace_call(node: Any, known: Mapping[Key, Accessor]) -> Any:
    """Return what a call of one of the accessors `known` returns, with the arguments put in; any
    other node as it is.

    node: of the tree of `corpora.ir`. known: accessors by (name, number of parameters, whether it
    is a method), as from `find_accessors`.
    """
    if not isinstance(node, Call) or node.keywords or node.template:
        return node
    called, count = node.function, len(node.arguments)
    if isinstance(called, Member):
        accessor = known.get((called.field, count, True))
    elif isinstance(called, Name):
        accessor = known.get((called.id.rpartition("::")[2], count, False))
    else:
        accessor = None
    if accessor is None or any(map(has_effects, node.arguments)):
        return node  # `at(k++)` counts once, wherever the parameter stands
    given = dict(zip(accessor.parameters, node.arguments, strict=True))

    def change(inner: Any) -> Any:
        if not isinstance(inner, Name):
            return inner
        if inner.id in given:
            return given[inner.id]
        if isinstance(called, Member) and inner.id in accessor.fields:
            return Member(called.base, inner.id, called.arrow, node.span)
        return inner

    return transform(accessor.value, change)
