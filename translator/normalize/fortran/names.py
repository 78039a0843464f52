"""What the spelling of Fortran in C++ goes by: the names of a procedure in C, places in sections,
parts of fparser's nodes.

Contract: nodes are recognised by their class's name, so that importing this costs nothing.
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
    """One dimension of a loop over array elements. place: counts from zero in steps of `step`."""

    place: AffineSum
    step: int | AffineSum = 1


@dataclass(frozen=True, slots=True)
class SectionSpan:
    """A subscript triplet. first, last: from zero within its dimension, both included. step:
    between subscripts.
    """

    first: AffineSum
    last: AffineSum
    step: int | AffineSum = 1


@dataclass(slots=True)
class ProcedureNames:
    """The names of a Fortran procedure in C.

    declared: its declarations. spelled: names that are spelled otherwise in C. pointers: scalars
        reached through a pointer.
    shifted: value of a loop's variable while its loop is written. constants: values of named
        constants.
    sizes: names of the extents of assumed-shape arrays. made: first and last subscripts of
        allocated arrays.
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
        """Return the element type of a name. Raises UnsupportedConstruct if C has no such type."""
        try:
            found = self.declared.element(name)
        except SignatureError as error:
            raise UnsupportedConstruct(str(error)) from error
        if found not in ("bool", "i8", "i16", "i32", "i64", "f32", "f64"):
            raise UnsupportedConstruct(f"'{name}' is of type {found}")
        return found

    def word(self, name: str) -> str:
        """Return what a name is called in C."""
        return self.spelled.get(name, name)

    def is_array(self, name: str) -> bool:
        """Return whether a name is declared as an array."""
        return bool(self.declared.shape(name))

    def scalar(self, name: str) -> Value:
        """Return the value of a scalar in C. Raises UnsupportedConstruct if C has no such type."""
        kind = self.type(name)
        if name in self.shifted:
            return make_integer(self.shifted[name], kind)
        if name in self.constants:
            return self.constants[name]
        return make_variable(
            f"*{self.word(name)}" if name in self.pointers else self.word(name), kind
        )


def get_kind(node: Any) -> str:
    """Return the name of the class of an fparser node."""
    return type(node).__name__


def get_name(node: Any) -> str:
    """Return the text of an fparser node in lower case."""
    return str(node).lower()


def find_descendants(node: Any, kind: str) -> list:
    """Return the nodes of a class at or below `node`, in order. kind: the class's name."""
    from fparser.two.utils import walk

    return [found for found in walk(node) if get_kind(found) == kind]


def get_variable(node: Any) -> str:
    """Return the name of a variable, an array or an element, given its fparser node."""
    return get_name(node if get_kind(node) == "Name" else node.items[0])


def get_subscripts(node: Any) -> tuple:
    """Return the subscripts or arguments of fparser's Part_Ref."""
    return tuple(node.items[1].items) if node.items[1] is not None else ()


def get_arguments(node: Any) -> tuple[list, Mapping[str, Any]]:
    """Return the arguments of a call: (by position, by name)."""
    plain: list = []
    named: dict[str, Any] = {}
    for argument in node.items[1].items if node.items[1] is not None else ():
        if get_kind(argument) == "Actual_Arg_Spec":
            named[get_name(argument.items[0])] = argument.items[1]
        else:
            plain.append(argument)
    return plain, named


def find_reduction_dimension(node: Any) -> Any:
    """Return fparser's node of the dimension that a reduction is taken along; None for all."""
    plain, named = get_arguments(node)
    second = plain[1] if len(plain) == 2 and get_kind(plain[1]) == "Int_Literal_Constant" else None
    return named.get("dim", second)


def convert_real_literal(digits: str) -> str:
    """Return a real literal of Fortran, without kind, in C's spelling."""
    head, mark, tail = digits.replace("d", "e").partition("e")
    whole_part, _, fraction = head.partition(".")
    exponent = f"e{int(tail)}" if mark and int(tail) else ""
    return f"{whole_part or '0'}.{fraction or '0'}{exponent}"
