"""Structures of C and C++ that typed tests can hold: where each number of them lies.

Contract: `structures_of(unit)` gives every structure that a tree defines, or why tests cannot
hold it; CUDA's vector types need no definition. A structure is held as its leaves: numbers, arrays
of numbers and pointers to numbers, those of nested structures among them. Layouts are those of
x86-64 and of CUDA devices, which agree; beside each the one in which `float` is computed as double
and double as long double.

    python -c "from corpora.signatures.structures import find_structures; \
        print(find_structures('struct edge { int to; float w[2]; };')['edge'].leaves)"
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from corpora.emit.c_family import emit_c_family
from corpora.frontends.c_family import parse_c_expression, parse_c_family
from corpora.frontends.c_tokens import tokenize
from corpora.frontends.queries import bindings, function_named
from corpora.ir import (
    Access,
    Assign,
    Call,
    Declaration,
    Extent,
    Function,
    Member,
    Module,
    Name,
    NamedType,
    Parameter as FunctionParameter,
    PointerType,
    Pragma,
    StructDefinition,
    TranslationUnit,
    Unary,
    Unsupported,
    children,
    find,
)
from corpora.ir.edits import Edit, apply_edits
from corpora.records import Parameter, Signature
from corpora.signatures.element_types import (
    DeclaredShape,
    element_of,
    named_types,
    show_type,
    split_type,
)
from corpora.signatures.enumerations import Enumeration, enumerations_of
from corpora.signatures.errors import SignatureError
from corpora.signatures.integer_constants import IntegerConstants

_BYTES = {
    "bool": 1,
    "f32": 4,
    "f64": 8,
    "c64": 8,
    "c128": 16,
    **{f"{sign}{bits}": bits // 8 for sign in "iu" for bits in (8, 16, 32, 64)},
}
_ALIGNED = {"c64": 4, "c128": 8}
_WIDE = {"f32": (8, 8), "f64": (16, 16), "c64": (16, 8), "c128": (32, 16)}
"""Bytes and alignment where more precision is asked for."""


@dataclass(frozen=True, slots=True)
class StructureLeaf:
    """A number, an array of numbers, or a pointer to numbers inside a structure of a C-family text.

    path: its member names, as `at.x`. type: the element type. count: how many numbers; 0 for a
        pointer.
    is_array: it is declared as an array. offset: in bytes. wide_offset: the same where float is
        computed as double and double as long double.
    is_const: what a pointer points to is const.
    """

    path: str
    type: str
    count: int
    is_array: bool
    offset: int
    wide_offset: int
    is_const: bool = False


@dataclass(frozen=True, slots=True)
class Structure:
    """The layout of a structure of a C-family text.

    leaves: its numbers, in memory's order. bytes, align: size and alignment in bytes. wide_bytes,
        wide_align: the same where float is computed as double and double as long double.
    """

    leaves: tuple[StructureLeaf, ...]
    bytes: int
    align: int
    wide_bytes: int
    wide_align: int

    @property
    def holds_pointers(self) -> bool:
        """Return whether one of the structure's leaves is a pointer."""
        return any(not leaf.count for leaf in self.leaves)


def _vectors() -> dict[str, Structure]:
    """CUDA's vector types (Programming Guide, "Built-in Vector Types"); those of two reals are
    complex numbers to the engine.
    """
    types = {
        "char": "i8",
        "uchar": "u8",
        "short": "i16",
        "ushort": "u16",
        "int": "i32",
        "uint": "u32",
        "long": "i64",
        "ulong": "u64",
        "longlong": "i64",
        "ulonglong": "u64",
        "float": "f32",
        "double": "f64",
    }
    made = {}
    for name, type_ in types.items():
        for n in (1, 2, 3, 4):
            align = min(_BYTES[type_] * n, 16) if n != 3 else _BYTES[type_]
            if f"{name}{n}" not in PAIRS:
                made[f"{name}{n}"] = _lay_out([_single(word, type_) for word in "xyzw"[:n]], align)
    return made


def find_structures(text: str, vectors: bool = False) -> dict[str, Structure | str]:
    """Return the structures of a C-family text, by name and the names of their typedefs. For a
    structure that tests cannot hold, the value is a message that says why. vectors: include CUDA's
    vector types, such as `float4`.
    """
    return structures_of(parse_c_family(text, "cuda"), vectors)


def structures_of(unit: TranslationUnit, vectors: bool = False) -> dict[str, Structure | str]:
    """Return every structure of `unit`, by its name and the names of its typedefs. For one that
    tests cannot hold, the value is a message that says why. vectors: include CUDA's vector types,
    such as `float4`.
    """
    found: dict[str, Structure | str] = dict(VECTORS) if vectors else {}
    known = _Known(found, enumerations_of(unit), IntegerConstants.of(unit))
    packed = any(p.family == "pack" or p.text.startswith("pack") for p in find(unit, Pragma))
    _read_items(unit.items, (), known, "it is packed" if packed else "")
    found.update((n, s) for n, s in named_types(unit, found).items() if n not in PAIRS)
    return found


@dataclass(frozen=True, slots=True)
class _Known:
    """What fields may be of, beside numbers, and what extents are counted in."""

    structures: dict[str, Structure | str]
    enumerations: dict[str, Enumeration]
    constants: IntegerConstants


def _read_items(
    items: Sequence[Any], scope: tuple[str, ...], known: _Known, packed: str = ""
) -> None:
    """Put the structures among `items` into `known`, inner ones first."""
    for item in items:
        if isinstance(item, Module):
            _read_items(item.items, (*scope, item.name), known, packed)
        elif isinstance(item, StructDefinition) and item.defined and item.kind in _RECORDS:
            _read_items(item.items, (*scope, item.name), known, packed)
            if item.name and item.name not in PAIRS:
                made = packed or _read(item, known)
                known.structures[item.name] = made
                known.structures["::".join([*scope, item.name])] = made


_RECORDS = frozenset({"struct", "class", "union"})


def _read(node: StructDefinition, known: _Known) -> Structure | str:
    """The layout of `node`, or why tests cannot hold it."""
    if node.kind != "struct":
        return f"it is a {node.kind}"
    if node.template:
        return "it is a template"
    if node.bases:
        return "it has a base"
    try:
        align = _alignment(node.attributes, known.constants)
        _refuse_members(node)
        fields = [_field(each, known) for each in node.fields if "static" not in each.storage]
        return _lay_out(fields, align) if fields else "it is empty"
    except SignatureError as error:
        return str(error)


def _alignment(attributes: Sequence[str], constants: IntegerConstants) -> int:
    """Bytes that attributes ask for, 1 where none does. Raises SignatureError for packed ones."""
    align = 1
    for attribute in attributes:
        first, *rest = tokenize(attribute)
        words = {token.text.strip("_") for token in (first, *rest)}
        if "packed" in words:
            raise SignatureError("it is packed")
        if not words & _ALIGNING:
            continue
        call = parse_c_expression(f"{first.text.strip('_')}_{attribute[first.end :]}")
        asked = [
            constants.value(each.arguments[0])
            for each in find(call, Call)
            if getattr(each.function, "id", "").strip("_") in _ALIGNING and each.arguments
        ]
        if not asked or None in asked:
            raise SignatureError(f"it has the attribute '{attribute}'")
        align = max(align, *(value or 1 for value in asked))
    return align


_ALIGNING = frozenset({"align", "alignas", "Alignas", "aligned"})


def _refuse_members(node: StructDefinition) -> None:
    """Raises SignatureError where `node` holds more than fields, types and functions."""
    for method in node.methods:
        if "virtual" in method.qualifiers:
            raise SignatureError(f"it holds 'virtual {method.name}'")
    for item in node.items:
        if isinstance(item, Unsupported):
            raise SignatureError(f"it holds '{' '.join(item.text.split()[:6])}'")
        unnamed = isinstance(item, StructDefinition) and (item.unnamed or not item.name)
        if unnamed and item.kind in _RECORDS:
            raise SignatureError(f"it holds a {item.kind} without a name")


@dataclass(frozen=True, slots=True)
class _Field:
    """What a field holds: leaves counted from its own start, `count` times over; sizes and
    alignments as in Structure.
    """

    held: Structure
    is_array: bool = False
    count: int = 1


def _field(declared: Declaration, known: _Known) -> _Field:
    """One field. Raises SignatureError where tests cannot hold it."""
    what = f"its field '{declared.name}'"
    if declared.bits is not None:
        raise SignatureError(f"it holds '{declared.name} : {emit_c_family(declared.bits)}'")
    if any(token.text.strip("_") in _ALIGNING for w in declared.storage for token in tokenize(w)):
        raise SignatureError(f"{what} has an alignment of its own")
    shape = split_type(declared.type)
    if shape is None:
        raise SignatureError(f"{what} has type '{show_type(declared.type)}'")
    if shape.reference or shape.pointers > 1 or (shape.pointers and shape.extents):
        kind = "reference" if shape.reference else "pointer to pointers, or an array of them"
        raise SignatureError(f"{what} is a {kind}")
    name = getattr(shape.base, "name", "") if isinstance(shape.base, NamedType) else ""
    name = name.removeprefix("::")
    inner = known.structures.get(name)
    if shape.pointers or isinstance(declared.type, PointerType):
        return _pointer(declared, shape, what, inner)
    count = math.prod(_extent(e, known.constants, what) for e in shape.extents)
    if isinstance(inner, str):
        raise SignatureError(f"{what} is of a structure: {inner}")
    if inner is None:
        listed = known.enumerations.get(name)
        type_ = listed.type if listed else element_of(shape.base, what)
        if type_ is None:
            raise SignatureError(f"{what} is void")
        return replace(_single(declared.name, type_), is_array=bool(shape.extents), count=count)
    if shape.extents:
        raise SignatureError(f"{what} is an array of structures")
    paths = (replace(leaf, path=f"{declared.name}.{leaf.path}") for leaf in inner.leaves)
    return _Field(replace(inner, leaves=tuple(paths)))


def _extent(extent: Extent, constants: IntegerConstants, what: str) -> int:
    value = constants.value(extent.size)
    if value is None or value <= 0:
        shown = "" if extent.size is None else " ".join(emit_c_family(extent.size).split())
        raise SignatureError(f"{what} has extent '{shown}', which is not a positive constant")
    return value


def _pointer(
    declared: Declaration, shape: DeclaredShape, what: str, inner: Structure | str | None
) -> _Field:
    type_ = None if inner is not None or shape.extents else element_of(shape.base, what)
    if type_ is None:
        raise SignatureError(f"{what} is a pointer to structures, to arrays, or to void")
    leaf = StructureLeaf(declared.name, type_, 0, True, 0, 0, shape.const)
    return _Field(Structure((leaf,), 8, 8, 8, 8))


def _single(name: str, type_: str) -> _Field:
    size = _BYTES[type_]
    wide, wide_align = _WIDE.get(type_, (size, size))
    return _Field(
        Structure(
            (StructureLeaf(name, type_, 1, False, 0, 0),),
            size,
            _ALIGNED.get(type_, size),
            wide,
            wide_align,
        )
    )


def _lay_out(fields: list[_Field], least_align: int) -> Structure:
    """The fields one after the other, each at its alignment."""
    leaves, at, wide_at, align, wide_align = [], 0, 0, least_align, least_align
    for field in fields:
        held = field.held
        at, wide_at = _round_up(at, held.align), _round_up(wide_at, held.wide_align)
        for leaf in held.leaves:
            count = field.count if field.is_array and leaf.count else leaf.count
            leaves.append(
                replace(
                    leaf,
                    count=count,
                    is_array=field.is_array or leaf.is_array,
                    offset=at + leaf.offset,
                    wide_offset=wide_at + leaf.wide_offset,
                )
            )
        at, wide_at = at + held.bytes * field.count, wide_at + held.wide_bytes * field.count
        align, wide_align = max(align, held.align), max(wide_align, held.wide_align)
    return Structure(
        tuple(leaves), _round_up(at, align), align, _round_up(wide_at, wide_align), wide_align
    )


def _round_up(at: int, align: int) -> int:
    return (at + align - 1) // align * align


PAIRS = frozenset({"float2", "double2"})
"""Complex numbers to the engine, whoever defines them."""
VECTORS = _vectors()


# ------------------------------------------------------------------- texts as tests see them


def flatten_members(text: str, signature: Signature, dialect: str = "cuda") -> str:
    """Return the program text `text` with each number of a structure named as tests name it:
    `p__x[i]` for `p[i].x`. It serves for reading only, since it is no valid program.

    signature: of the function in `text` that alone changes; without structures in it the text comes
    back unchanged. dialect: the text's, of C's family.
    """
    owners: dict[str, list[Parameter]] = {}
    for parameter in signature.parameters:
        if parameter.member:
            owners.setdefault(parameter.member.owner, []).append(parameter)
    function = function_named(parse_c_family(text, dialect), signature.name) if owners else None
    if function is None:
        return text
    reading = _Members.of(text, function, owners)
    edits = reading.edits(function.body or ())
    for taken in function.parameters:
        if taken.name in owners and taken.span and not taken.span.expanded:
            declared = _declared_members(owners[taken.name])
            edits.append(Edit(taken.span.start, taken.span.end, declared))
    return apply_edits(text, edits)


def _declared_members(numbers: Sequence[Parameter]) -> str:
    return ", ".join(
        f"{'int' if p.type[0] in 'iu' else 'double'} {'*' if p.kind == 'array' else ''}{p.name}"
        for p in numbers
    )


@dataclass(frozen=True, slots=True)
class _Members:
    """What names of a function refer to. definitions: by the identity of a Name. aliases: by the
    identity of a variable's declaration, the one element that it is or points to."""

    text: str
    owners: dict[str, list[Parameter]]
    definitions: dict[int, Any]
    aliases: dict[int, Any]

    @staticmethod
    def of(text: str, function: Function, owners: dict[str, list[Parameter]]) -> _Members:
        definitions = {id(b.name): b.definition for b in bindings(function)}
        values: dict[int, list[Any]] = {}
        for node in find(function.body or (), Declaration, Assign):
            if isinstance(node, Declaration):
                values.setdefault(id(node), []).extend([node.value] if node.value else [])
            elif isinstance(node.target, Name) and node.op == "=":
                values.setdefault(id(definitions.get(id(node.target))), []).append(node.value)
        reading = _Members(text, owners, definitions, {})
        for variable, given in values.items():
            if len(given) == 1:
                value = given[0]
                inner = value.operand if isinstance(value, Unary) and value.op == "&" else value
                if isinstance(inner, (Name, Access)) and reading.element(inner):
                    reading.aliases[variable] = inner
        return reading

    def element(self, node: Any) -> tuple[str, Access | None] | None:
        """(owner, the access that says which one) of a node that is one of an owner's structures,
        or points to it."""
        if isinstance(node, Unary) and node.op == "*":
            node = node.operand
        if isinstance(node, Access) and len(node.indices) == 1 and isinstance(node.base, Name):
            owner = self._owner(node.base)
            return (owner, node) if owner else None
        if isinstance(node, Name):
            alias = self.aliases.get(id(self.definitions.get(id(node))))
            if alias is not None:
                return self.element(alias)
            owner = self._owner(node)
            return (owner, None) if owner else None
        return None

    def _owner(self, name: Name) -> str:
        defined = self.definitions.get(id(name))
        is_parameter = isinstance(defined, FunctionParameter) and defined.name in self.owners
        return name.id if is_parameter else ""

    def edits(self, node: Any) -> list[Edit]:
        """Changes to the text of everything in `node`."""
        if isinstance(node, Member) and (found := self._rename(node)) is not None:
            return found
        return [edit for child in children(node) for edit in self.edits(child)]

    def _rename(self, node: Member) -> list[Edit] | None:
        fields, base = [node.field], node.base
        while isinstance(base, Member):
            fields, base = [base.field, *fields], base.base
        element = self.element(base)
        if element is None or node.span is None or node.span.expanded:
            return None
        owner, access = element
        index = ""
        if access is not None and access.span is not None and access.base.span is not None:
            start, end = access.base.span.end, access.span.end
            inner = [replace(e, start=e.start - start, end=e.end - start)
                     for e in self.edits(access.indices)]  # fmt: skip
            index = apply_edits(self.text[start:end], inner).strip()
        return [Edit(node.span.start, node.span.end, f"{owner}__{'__'.join(fields)}{index}")]
