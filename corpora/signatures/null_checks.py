"""Pointers that a C-like text takes for a condition, or compares with null: arrays that a caller
may leave out.

Contract: pure; reads nodes of tree-sitter's, or text. Tests leave such arrays out
(`tester.generate.null_arrays`), and host code that copies one asks first
(`translator.outline.device_arrays`).

    python -c "from corpora.signatures.null_checks import find_null_checks; \\
        print(find_null_checks('int f(const int *x, int n) { return x ? x[n] : 0; }'))"
"""

from __future__ import annotations

import re

from tree_sitter import Node

from corpora.syntax.c_family import get_node_text, iterate_descendants, parse_c_family

NULL = re.compile(r"\(*\s*(?:\(\s*void\s*\*\s*\)\s*)?\(?\s*(?:0L?|NULL|nullptr)\s*\)*")
"""The null pointer, as C and C++ write it."""
_MISSING = re.compile(r"!(\w+)|(\w+) == (?:NULL|nullptr|0)")
_CONDITIONS = frozenset(
    {
        "binary_expression",
        "unary_expression",
        "conditional_expression",
        "condition_clause",
        "if_statement",
        "do_statement",
    }
)


def find_null_alternatives(condition: str) -> list[str]:
    """Of each alternative of a condition the pointer that is null then; '' for another one."""
    found = [_MISSING.fullmatch(part.strip("() ")) for part in condition.split("||")]
    return [each[1] or each[2] if each else "" for each in found]


def find_null_checks(text: str) -> frozenset[str]:
    """Names that are asked for anywhere in a text; numbers that are conditions are among them."""
    return frozenset(
        get_node_text(node)
        for node in iterate_descendants(parse_c_family(text).root_node)
        if node.type == "identifier" and is_null_check(node)
    )


def is_null_check(node: Node) -> bool:
    """Whether a name is a condition, or compared with null."""
    inner, node = node, node.parent
    while node is not None and node.type == "parenthesized_expression":
        inner, node = node, node.parent
    if node is None or node.type not in _CONDITIONS:
        return False
    operator = (
        get_node_text(node.child_by_field_name("operator"))
        if node.child_by_field_name("operator")
        else ""
    )
    if operator in ("==", "!="):
        sides = (node.child_by_field_name("left"), node.child_by_field_name("right"))
        return any(
            NULL.fullmatch(get_node_text(side)) is not None for side in sides if side != inner
        )
    if node.type == "conditional_expression":
        return node.child_by_field_name("condition") == inner
    return operator in ("!", "&&", "||") or not operator
