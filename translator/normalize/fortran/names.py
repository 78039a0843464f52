"""What the spelling of Fortran in C++ goes by: the names of a procedure in C, places in sections,
parts of fparser's nodes.

Contract: nodes are told by their class's name, so that importing this costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from corpora.signatures.fortran import Declarations
from corpora.signatures.signature import SignatureError
from translator.normalize.affine import AffineSum
from translator.normalize.c_values import Value, make_integer, make_variable
from translator.normalize.unsupported import UnsupportedConstruct


@dataclass(frozen=True, slots=True)
class SectionLane:
    """One dimension of a loop over array elements: `place` counts from nought in steps of
    `step`.
    """

    place: AffineSum
    step: int | AffineSum = 1


@dataclass(frozen=True, slots=True)
class SectionSpan:
    """A subscript triplet, from nought within its dimension, both ends included."""

    first: AffineSum
    last: AffineSum
    step: int | AffineSum = 1


@dataclass(slots=True)
class ProcedureNames:
    """What a procedure's names are in C. spelled: names that C words otherwise. pointers: scalars
    that are reached through one. shifted: what a loop's variable stands for while its loop is
    written. sizes: what the extents of arrays are called that come with them (`x(:)`); made: the
    first and last subscripts of those that were allocated.
    """

    declared: Declarations
    spelled: dict[str, str] = field(default_factory=dict)
    pointers: frozenset[str] = frozenset()
    shifted: dict[str, AffineSum] = field(default_factory=dict)
    constants: dict[str, Value] = field(default_factory=dict)
    sizes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    made: dict[str, list[SectionSpan]] = field(default_factory=dict)
    functions: Mapping[str, Any] = field(default_factory=dict)
    """Those inside the procedure that are one value
    (translator.normalize.fortran.internal_functions).
    """

    def type(self, name: str) -> str:
        try:
            found = self.declared.element(name)
        except SignatureError as error:
            raise UnsupportedConstruct(str(error)) from error
        if found not in ("bool", "i8", "i16", "i32", "i64", "f32", "f64"):
            raise UnsupportedConstruct(f"'{name}' is of type {found}")
        return found

    def word(self, name: str) -> str:
        """What it is called in C."""
        return self.spelled.get(name, name)

    def is_array(self, name: str) -> bool:
        return bool(self.declared.shape(name))

    def scalar(self, name: str) -> Value:
        kind = self.type(name)
        if name in self.shifted:
            return make_integer(self.shifted[name], kind)
        if name in self.constants:
            return self.constants[name]
        return make_variable(
            f"*{self.word(name)}" if name in self.pointers else self.word(name), kind
        )


def get_kind(node: Any) -> str:
    return type(node).__name__


def get_name(node: Any) -> str:
    return str(node).lower()


def find_descendants(node: Any, kind: str) -> list:
    """What there is of a kind at or below `node`."""
    from fparser.two.utils import walk

    return [found for found in walk(node) if get_kind(found) == kind]


def get_variable(node: Any) -> str:
    """The name of a variable, an array or an element."""
    return get_name(node if get_kind(node) == "Name" else node.items[0])


def get_subscripts(node: Any) -> tuple:
    """Of a Part_Ref."""
    return tuple(node.items[1].items) if node.items[1] is not None else ()


def get_arguments(node: Any) -> tuple[list, Mapping[str, Any]]:
    """Arguments of a call, by place and by name."""
    plain: list = []
    named: dict[str, Any] = {}
    for argument in node.items[1].items if node.items[1] is not None else ():
        if get_kind(argument) == "Actual_Arg_Spec":
            named[get_name(argument.items[0])] = argument.items[1]
        else:
            plain.append(argument)
    return plain, named


def find_reduction_dimension(node: Any) -> Any:
    """The dimension that a reduction is taken along; None for one over all."""
    plain, named = get_arguments(node)
    second = plain[1] if len(plain) == 2 and get_kind(plain[1]) == "Int_Literal_Constant" else None
    return named.get("dim", second)


def convert_real_literal(digits: str) -> str:
    """A real literal of Fortran as C writes it."""
    head, mark, tail = digits.replace("d", "e").partition("e")
    whole_part, _, fraction = head.partition(".")
    exponent = f"e{int(tail)}" if mark and int(tail) else ""
    return f"{whole_part or '0'}.{fraction or '0'}{exponent}"
