"""Ports of several functions in one file: what an earlier one defines, a later one need not define again.

Contract: `beside(text, earlier)` is `text` (of the C family) without those definitions, includes and helpers that stand in one of `earlier` word for
word; two of one name that differ both stay, for a compiler to say so. Other languages' texts stay as they are.

    python -c "from coevolve.one_file import beside; print(beside('struct P { int x; };\\nvoid g(P *p) { p->x = 1; }', ['struct P { int x; };\\nvoid f(P *p) { p->x = 0; }']))"
"""

from __future__ import annotations

from collections.abc import Iterable

from tree_sitter import Node

from corpora.c_syntax import leaf_texts, parse_c_family

_GIVEN_ONCE = frozenset({
    "struct_specifier", "union_specifier", "enum_specifier", "class_specifier", "type_definition", "alias_declaration", "preproc_def", "preproc_function_def",
    "preproc_include", "using_declaration", "function_definition", "declaration", "template_declaration",
})  # fmt: skip


def beside(text: str, earlier: Iterable[str]) -> str:
    known = {_words(node) for each in earlier for node in _outer(each)}
    data = text.encode()
    for node in reversed(_outer(text)):
        if _words(node) in known:
            end = node.end_byte
            rest = data[end:].lstrip(b" \t")
            rest = rest[1:] if rest.startswith(b";") else rest
            data = data[: node.start_byte] + rest.removeprefix(b"\n")
    return data.decode()


def _outer(text: str) -> list[Node]:
    return [node for node in parse_c_family(text).root_node.children if node.type in _GIVEN_ONCE]


def _words(node: Node) -> str:
    return " ".join(leaf_texts(node))
