"""Structures of a function cut out of a file, with those fields alone that it names.

Contract: what the function does stays the same. A structure is left as it is where its layout can
be seen: where `sizeof` may ask for it, or an initialiser in braces may go by the order of its
fields; and where it has methods, bases or parts that the front end does not know.

    python -c "from corpora.extraction.trim_structures import trim_structures; \\
        print(trim_structures('struct S { int n; int m; }; int f(S s) { return s.n; }'))"
"""

from __future__ import annotations

from dataclasses import replace

from corpora.emit.c_family import emit_c_family
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import tokenize
from corpora.ir import (
    ArrayType,
    Call,
    Declaration,
    NamedType,
    PointerType,
    ScalarType,
    TranslationUnit,
    Type,
)
from corpora.ir.edits import Edit, apply_edits
from corpora.ir.nodes import InitializerList, SizeOf, StructDefinition
from corpora.ir.walk import find


def trim_structures(text: str) -> str:
    """Return a C or C++ text whose structures have only the fields that the text names. A structure
    whose layout may matter, as for `sizeof` or values in braces, stays as it is. Nothing is raised:
    what cannot be read stays.
    """
    unit = parse_c_family(text, "cpp")
    structures = [s for s in find(unit.items, StructDefinition) if _is_plain(s)]
    sized = _find_sized(unit) if structures else None
    if sized is None:
        return text
    tokens = tokenize(text)
    named = {
        word.text for sign, word in zip(tokens, tokens[1:]) if sign.text in (".", "->", ".*", "::")
    }
    edits = []
    for each in structures:
        kept = tuple(replace(f, group=None) for f in each.fields if f.name in named)
        if each.span is not None and each.name not in sized and 0 < len(kept) < len(each.fields):
            made = emit_c_family(replace(each, fields=kept)).strip().removesuffix(";")
            edits.append(Edit(each.span.start, each.span.end, made))
    return apply_edits(text, edits)


def _is_plain(each: StructDefinition) -> bool:
    return bool(
        each.kind in ("struct", "class")
        and each.defined
        and not (each.methods or each.bases or each.template or each.items or each.attributes)
        and all(f.bits is None and f.value is None for f in each.fields)
        and each.span
        and not each.span.expanded
    )


def _find_sized(unit: TranslationUnit) -> set[str] | None:
    """Names of the types whose size, or the order of whose fields, may matter; None if that may be
    any type.
    """
    of_numbers = {
        id(d.value) for d in find(unit.items, Declaration) if d.value and _is_number(d.type)
    }
    if any(id(each) not in of_numbers for each in find(unit.items, InitializerList)):
        return None
    sized = [s.of for s in find(unit.items, SizeOf)]
    if not all(isinstance(each, (ScalarType, PointerType, NamedType)) for each in sized):
        return None
    names = {each.name for each in sized if isinstance(each, NamedType)}
    given = (a for call in find(unit.items, Call) for a in call.template)  # `T` may be any of them
    return names | {each.name for each in given if isinstance(each, NamedType)}


def _is_number(type_: Type) -> bool:
    """Whether a type is a number or an array of numbers."""
    while isinstance(type_, ArrayType):
        type_ = type_.of
    return isinstance(type_, ScalarType)
