"""Structures of C and C++ that typed tests can hold: where each number of them lies.

Contract: `find_structures(text)` gives every structure that a text defines, or why tests cannot
hold it; CUDA's vector types need no definition. A structure is held as its leaves: numbers, arrays
of numbers and pointers to numbers, those of nested structures among them. Layouts are those of
x86-64 and of CUDA devices, which agree; beside each the one in which `float` is computed as double
and double as long double.

    python -c "from corpora.signatures.structures import find_structures; \\
        print(find_structures('struct edge { int to; float w[2]; };')['edge'].leaves)"
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tree_sitter import Node

from corpora.records import Parameter, Signature
from corpora.signatures.declarators import (
    Declaration,
    evaluate_extent,
    find_element_type,
    parse_declaration,
)
from corpora.signatures.enumerations import Enumeration, find_enumerations
from corpora.signatures.errors import SignatureError
from corpora.syntax.c_family import (
    TextDefinitions,
    get_leaf_texts,
    iterate_descendants,
    parse_c_family,
    split_at_commas,
)

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
    """A number, or an array of so many numbers, at these bytes of its structure; wide_offset: where
    float is double. A count of 0: a pointer to numbers, which are constant or not.
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
    """Its leaves in memory's order, its size and alignment in bytes, and those where float is
    double.
    """

    leaves: tuple[StructureLeaf, ...]
    bytes: int
    align: int
    wide_bytes: int
    wide_align: int

    @property
    def holds_pointers(self) -> bool:
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
    """Every structure by its name and typedef; a text in place of one that tests cannot hold says
    why. vectors: CUDA's are known too.
    """
    found: dict[str, Structure | str] = dict(VECTORS) if vectors else {}
    if not re.search(r"\b(?:struct|class|union)\b", text):
        return found
    names, enumerations = TextDefinitions.of(text), find_enumerations(text)
    packed = "it is packed" if _PACKED.search(text) else ""
    root = parse_c_family(re.sub(r"\b__align__\s*\(", "alignas(", text)).root_node
    for node in sorted(iterate_descendants(root), key=lambda n: n.start_byte):
        if (
            node.type in ("struct_specifier", "class_specifier", "union_specifier")
            and node.child_by_field_name("body") is not None
        ):
            made = packed or _read(node, names, _Types(found, enumerations))
            found.update((name, made) for name in _names(node) if name not in PAIRS)
    return found


_PACKED = re.compile(
    r"__attribute__\s*\(\s*\([^;{}]*\b(?:__)?packed|\[\[[^\]]*\bpacked\b|\b__packed\b|#\s*pragma\s+pack\b"
)
"""What packs a structure; a variable may be called `packed`."""


def _names(node: Node) -> list[str]:
    """Its own name, and the one that a typedef round it gives."""
    own = node.child_by_field_name("name")
    names = [own.text.decode()] if own is not None else []
    if node.parent is not None and node.parent.type == "type_definition":
        names += [
            c.text.decode()
            for c in node.parent.children_by_field_name("declarator")
            if c.type == "type_identifier"
        ]
    return names


@dataclass(frozen=True, slots=True)
class _Types:
    """What fields may be of, beside numbers."""

    structures: dict[str, Structure | str]
    enumerations: dict[str, Enumeration]


def _read(node: Node, names: TextDefinitions, known: _Types) -> Structure | str:
    if node.type != "struct_specifier":
        return f"it is a {node.type.removesuffix('_specifier')}"
    if any(c.type == "base_class_clause" for c in node.children):
        return "it has a base"
    align = 1
    for qualifier in (c for c in node.children if c.type == "alignas_qualifier"):
        align = max(align, names.integer(get_leaf_texts(qualifier)[2:-1]) or 0)
    fields: list[_Field] = []
    body = node.child_by_field_name("body")
    try:
        for child in body.children if body is not None else ():
            fields += _fields(child, names, known)
        return _lay_out(fields, align) if fields else "it is empty"
    except SignatureError as error:
        return str(error)


@dataclass(frozen=True, slots=True)
class _Field:
    """What a field holds: leaves counted from its own start, `count` times over; sizes and
    alignments as in Structure.
    """

    held: Structure
    is_array: bool = False
    count: int = 1


def _fields(child: Node, names: TextDefinitions, known: _Types) -> list[_Field]:
    """Of one declaration in a structure's body. Raises SignatureError."""
    words = get_leaf_texts(child)
    if (
        child.type == "access_specifier"
        or child.type == "function_definition"
        and "virtual" not in words
    ):
        return []
    if child.type != "field_declaration":
        if child.is_named and child.type not in ("comment", "preproc_call", "preproc_def"):
            raise SignatureError(f"it holds '{' '.join(words[:6])}'")
        return []
    if (
        "static" in words
        or any(c.type == "function_declarator" for c in child.children)
        and "virtual" not in words
    ):
        return []
    if "virtual" in words or any(
        c.type in ("bitfield_clause", "union_specifier")
        or c.child_by_field_name("body") is not None
        for c in child.children
    ):
        raise SignatureError(f"it holds '{' '.join(words[:8])}'")
    parts = [
        _strip_initial_value(part)
        for part in split_at_commas(
            [w for w in words if w not in (";", "struct", "enum", "mutable")]
        )
    ]
    first = parse_declaration(parts[0], names, f"its field '{' '.join(parts[0])}'")
    rest = [
        parse_declaration([*first.specifiers, *part], names, f"its field '{' '.join(part)}'")
        for part in parts[1:]
    ]
    return [_field(declared, names, known) for declared in (first, *rest)]


def _strip_initial_value(tokens: list[str]) -> list[str]:
    """`float x = 0` and `float x{0}` as `float x`."""
    ends = [tokens.index(mark) for mark in ("=", "{") if mark in tokens]
    return tokens[: min(ends)] if ends else tokens


def _field(declared: Declaration, names: TextDefinitions, known: _Types) -> _Field:
    what = f"its field '{declared.name}'"
    if declared.reference or declared.pointers > 1 or (declared.pointers and declared.extents):
        raise SignatureError(
            f"{what} is a "
            f"{'reference' if declared.reference else 'pointer to pointers, or an array of them'}"
        )
    if declared.pointers:
        return _pointer(declared, what, known.structures)
    count = math.prod(evaluate_extent(e, names, what) for e in declared.extents)
    inner = known.structures.get(declared.specifiers[-1]) if declared.specifiers else None
    if isinstance(inner, str):
        raise SignatureError(f"{what} is of a structure: {inner}")
    if inner is None:
        listed = known.enumerations.get(declared.specifiers[-1]) if declared.specifiers else None
        type_ = listed.type if listed else find_element_type(declared, what)
        if type_ is None:
            raise SignatureError(f"{what} is void")
        return replace(_single(declared.name, type_), is_array=bool(declared.extents), count=count)
    if declared.extents:
        raise SignatureError(f"{what} is an array of structures")
    return _Field(
        replace(
            inner,
            leaves=tuple(
                replace(leaf, path=f"{declared.name}.{leaf.path}") for leaf in inner.leaves
            ),
        )
    )


def _pointer(declared: Declaration, what: str, known: dict[str, Structure | str]) -> _Field:
    type_ = (
        None
        if declared.specifiers and declared.specifiers[-1] in known
        else find_element_type(declared, what)
    )
    if type_ is None:
        raise SignatureError(f"{what} is a pointer to structures, or to void")
    return _Field(
        Structure((StructureLeaf(declared.name, type_, 0, True, 0, 0, declared.const),), 8, 8, 8, 8)
    )


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


# --- texts as tests see them
# ------------------------------------------------------------------------------------------


def flatten_members(text: str, signature: Signature) -> str:
    """The text with every number of a structure called as tests call it: `p__x[i]` for `p[i].x`,
    for `q->x` behind `q = &p[i]`, and `p__x` where p is one structure, parameters included. For
    reading alone: it is no program.
    """
    for owner in dict.fromkeys(p.member.owner for p in signature.parameters if p.member):
        text = _owner_by_numbers(
            text, owner, [p for p in signature.parameters if p.member and p.member.owner == owner]
        )
    return text


_INDEX = r"(?:[^\[\]]|\[[^\[\]]*\])*"


def _owner_by_numbers(text: str, owner: str, numbers: Sequence[Parameter]) -> str:
    own = re.escape(owner)
    if any(p.member and p.member.passing == "array" for p in numbers):
        text = re.sub(rf"\b{own}\s*\[({_INDEX})\]\s*\.\s*(\w+)", rf"{owner}__\2[\1]", text)
        for alias, index in dict(
            re.findall(rf"(\w+)\s*=\s*&?\s*{own}\s*\[({_INDEX})\]\s*;", text)
        ).items():
            text = re.sub(
                rf"\b{re.escape(alias)}\s*(?:\.|->)\s*(\w+)",
                lambda m, i=index: f"{owner}__{m[1]}[{i}]",
                text,
            )
    else:
        text = re.sub(
            rf"(?:\(\s*\*\s*{own}\s*\)|\b{own})\s*(?:\.|->)\s*(\w+)", rf"{owner}__\1", text
        )
    for p in numbers:
        first, *rest = p.member.path.split(".") if p.member else [""]
        if rest:  # a structure in a structure
            path = r"\s*\.\s*".join(rest)
            text = re.sub(rf"\b{own}__{first}(\[{_INDEX}\])?\s*\.\s*{path}\b", rf"{p.name}\1", text)
    declared = ", ".join(
        f"{'int' if p.type[0] in 'iu' else 'double'} {'*' if p.kind == 'array' else ''}{p.name}"
        for p in numbers
    )
    kept = r"(?:\s*(?:const|__restrict__|__restrict|restrict)\b)*"
    written = (
        rf"([(,]\s*)(?:const\s+)?(?:struct\s+)?[\w:]+(?:\s+const)?\s*[*&]?{kept}\s*{own}"
        r"\s*(?:\[\s*\])?(?=\s*[,)])"
    )
    return re.sub(written, rf"\1{declared}", text, count=1)
