"""Values of integer constant expressions of C and C++, over the names that a text gives a value.

    python -c "from corpora.frontends.c_family import parse_c_family; \\
        from corpora.signatures.integer_constants import IntegerConstants; \\
        u = parse_c_family('enum { A, B = 5, C }; const int N = C * 2;', 'cpp'); \\
        print(IntegerConstants.of(u).values)"
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from corpora.analysis.affine import WIDE_INTEGERS, polynomial_of
from corpora.analysis.polynomial import Polynomial, integer
from corpora.ir import (
    Declaration,
    Expression,
    Module,
    Name,
    ScalarType,
    StructDefinition,
    TranslationUnit,
)

_INTEGERS = frozenset((*WIDE_INTEGERS, "bool", "char", "i8", "u8", "i16", "u16", "auto"))


@dataclass(frozen=True, slots=True)
class IntegerConstants:
    """The integer constants of a C or C++ text. values: of enumerators and constant variables
    outside functions, by name.
    """

    values: Mapping[str, int]

    @staticmethod
    def of(unit: TranslationUnit) -> IntegerConstants:
        """Return the integer constants of `unit`: enumerators and constant variables outside
        functions. Those in namespaces have their qualified names too. A name with different values
        in two scopes is left out.
        """
        known: dict[str, int] = {}
        doubtful: set[str] = set()
        for scope, name, value in _constants(unit.items, (), known):
            if known.get(name, value) != value:
                doubtful.add(name)
            known[name] = value
            known["::".join([*scope, name])] = value
        return IntegerConstants({n: v for n, v in known.items() if n not in doubtful})

    def value(self, expression: Expression | None, hidden: Collection[str] = ()) -> int | None:
        """Return the value of an integer expression over these constants; None if it cannot be
        computed or is None. hidden: names that mean something else there, such as parameters.
        """
        return _value(expression, {n: v for n, v in self.values.items() if n not in hidden})


def enumerator_values(
    definition: StructDefinition, known: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Return the values of an enumeration's constants by name, in order, up to the first that
    cannot be evaluated.

    definition: the enumeration. known: values of other names that its constants may use; None for
    none.
    """
    found: dict[str, int] = {}
    last: int | None = -1
    for constant in definition.fields:
        following = None if last is None else last + 1
        written = constant.value
        last = following if written is None else _value(written, {**(known or {}), **found})
        if last is None:
            break
        found[constant.name] = last
    return found


def _value(expression: Expression | None, known: Mapping[str, int]) -> int | None:
    def look_up(node: Expression) -> Polynomial | None:
        value = known.get(node.id.removeprefix("::")) if isinstance(node, Name) else None
        return None if value is None else integer(value)

    found = polynomial_of(expression, look_up) if expression is not None else None
    return None if found is None else found.as_integer()


def _constants(
    items: tuple[Any, ...], scope: tuple[str, ...], known: Mapping[str, int]
) -> Iterator[tuple[tuple[str, ...], str, int]]:
    """(scope, name, value) in the order of the text; known: those found so far."""
    for item in items:
        if isinstance(item, Module):
            yield from _constants(item.items, (*scope, item.name), known)
        elif isinstance(item, StructDefinition) and item.kind.startswith("enum"):
            inner = (*scope, item.name) if item.kind != "enum" else scope
            for name, value in enumerator_values(item, known).items():
                yield inner, name, value
        elif isinstance(item, Declaration) and _is_constant(item):
            value = _value(item.value, known)
            if value is not None:
                yield scope, item.name, value


def _is_constant(declared: Declaration) -> bool:
    type_ = declared.type
    return isinstance(type_, ScalarType) and type_.const and type_.name in _INTEGERS
