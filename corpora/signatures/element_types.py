"""Types of the tree as tests hold them: element types, and parts of declared shapes.

    python -c "from corpora.ir import PointerType, ScalarType; \\
        from corpora.signatures.element_types import split_type; \\
        print(split_type(PointerType(ScalarType('f32', const=True))))"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from corpora.emit.c_family import emit_c_family
from corpora.ir import (
    ArrayType,
    Extent,
    NamedType,
    PointerType,
    ReferenceType,
    ScalarType,
    TranslationUnit,
    Type,
    TypeAlias,
    UnsupportedExpression,
    find,
)
from corpora.records import ELEMENT_TYPES
from corpora.signatures.errors import SignatureError

__all__ = ["COMPLEX", "DeclaredShape", "element_of", "named_types", "show_type", "split_type"]

COMPLEX = {
    "float2": "c64", "double2": "c128", "cuComplex": "c64", "cuFloatComplex": "c64",
    "cuDoubleComplex": "c128",
}  # fmt: skip
"""Types of CUDA that are complex numbers to the engine."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DeclaredShape:
    """A declared C or C++ type split into its parts.

    base: the scalar or named type at the bottom. pointers: levels of `*`. extents: of an array
        round the pointers, outermost first; () for no array.
    const: the base is const. reference: `&`, `&&` or ''.
    """

    base: ScalarType | NamedType
    pointers: int
    extents: tuple[Extent, ...]
    const: bool
    reference: str

    @property
    def levels(self) -> int:
        """Return how many levels of pointers a call passes for this type; an array, whatever its
        extents, counts as one.
        """
        return self.pointers + bool(self.extents)


def split_type(type_: Type) -> DeclaredShape | None:
    """Split a C or C++ type into base, pointers and extents; `T (*)[N]` counts as `T [][N]`.
    Returns None for functions and nested forms, such as an array of pointers to arrays.
    """
    reference = ""
    if isinstance(type_, ReferenceType):
        reference, type_ = ("&&" if type_.rvalue else "&"), type_.to
    extents: tuple[Extent, ...] = ()
    if isinstance(type_, ArrayType):
        extents, type_ = type_.extents, type_.of
    elif isinstance(type_, PointerType) and isinstance(type_.to, ArrayType):
        extents, type_ = (Extent(), *type_.to.extents), type_.to.of
    pointers = 0
    while isinstance(type_, PointerType):
        pointers, type_ = pointers + 1, type_.to
    if not isinstance(type_, (ScalarType, NamedType)):
        return None
    return DeclaredShape(type_, pointers, extents, type_.const, reference)


def element_of(type_: Type, what: str) -> str | None:
    """Return the element type, such as `f32` or `c64`, of a scalar or complex type of a C-family
    program; None for void. what: the variable, for the message. Raises SignatureError for a type
    that no test can hold.
    """
    if isinstance(type_, ScalarType):
        if type_.name == "void":
            return None
        name = {"char": "i8"}.get(type_.name, type_.name)
    else:
        name = COMPLEX.get(getattr(type_, "name", "").removeprefix("::"), "")
    if name in ELEMENT_TYPES:
        return name
    raise SignatureError(
        f"{what} has type '{show_type(type_)}', which tests cannot hold (element types: "
        f"{', '.join(ELEMENT_TYPES)})"
    )


def show_type(type_: Type) -> str:
    """Return a type, as C++ spells it, in one line of text for a message."""
    if isinstance(type_, NamedType) and isinstance(next(iter(type_.arguments), None), _UNREAD):
        return " ".join(type_.arguments[0].text.split())
    return " ".join(emit_c_family(type_).split()) or "missing"


def named_types(unit: TranslationUnit, found: Mapping[str, T]) -> dict[str, T]:
    """Return the entries of `found`, by type name, under every further name that a typedef in
    `unit` gives their type; {} if there is none. The names of `found` itself are not in the result.
    """
    return {
        alias.name: found[alias.type.name]
        for alias in find(unit, TypeAlias)
        if isinstance(alias.type, NamedType) and alias.type.name in found
    }


_UNREAD = UnsupportedExpression
