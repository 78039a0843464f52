"""Enumerations of C and C++: the whole numbers that their values are.

Contract: `find_enumerations(text)` gives every named enumeration of a text with its element type
(what is written behind the colon, else int's) and the values of its enumerators, as far as they can
be read.

    python -c "from corpora.signatures.enumerations import find_enumerations; \\
        print(find_enumerations('enum class kind : unsigned char { wall = 2, fluid };'))"
"""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from corpora.signatures.declarators import find_element_type, parse_declaration
from corpora.signatures.errors import SignatureError
from corpora.syntax.c_family import (
    TextDefinitions,
    get_leaf_texts,
    iterate_descendants,
    parse_c_family,
)


@dataclass(frozen=True, slots=True)
class Enumeration:
    type: str
    values: tuple[int, ...]


def find_enumerations(text: str) -> dict[str, Enumeration]:
    if "enum" not in text:
        return {}
    names, found = TextDefinitions.of(text), {}
    for node in iterate_descendants(parse_c_family(text).root_node):
        body = node.child_by_field_name("body") if node.type == "enum_specifier" else None
        if body is not None and (type_ := _underlying(node, names)):
            found |= dict.fromkeys(_names(node), Enumeration(type_, _values(body, names)))
    return found


def _names(node: Node) -> list[str]:
    own, parent = node.child_by_field_name("name"), node.parent
    typedefs = (
        parent.children_by_field_name("declarator")
        if parent is not None and parent.type == "type_definition"
        else []
    )
    return [
        n.text.decode()
        for n in (own, *typedefs)
        if n is not None and n.type in ("type_identifier", "qualified_identifier")
    ]


def _underlying(node: Node, names: TextDefinitions) -> str | None:
    base = node.child_by_field_name("base")
    try:
        return (
            "i32"
            if base is None
            else find_element_type(
                parse_declaration([*get_leaf_texts(base), "base"], names, ""), ""
            )
        )
    except SignatureError:
        return None


def _values(body: Node, names: TextDefinitions) -> tuple[int, ...]:
    found: list[int] = []
    for entry in (c for c in body.children if c.type == "enumerator"):
        written = entry.child_by_field_name("value")
        value = (
            (found[-1] + 1 if found else 0)
            if written is None
            else names.integer(get_leaf_texts(written))
        )
        if value is None:
            break
        found.append(value)
    return tuple(dict.fromkeys(found))
