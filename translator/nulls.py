"""Pointers that a C++ function takes for a condition: arrays that its caller may leave out.

Contract: reads a node of tree-sitter's, or a condition's text; host code that copies such an array asks first (`translator.device_arrays`).

    pytest tests/translator/test_cpp_blocks.py
"""

from __future__ import annotations

import re

from tree_sitter import Node

from corpora.c_syntax import node_text

_MISSING = re.compile(r"!(\w+)|(\w+) == (?:NULL|nullptr|0)")
_NULL = frozenset({"NULL", "nullptr", "0", "0L"})
_CONDITIONS = frozenset({"binary_expression", "unary_expression", "conditional_expression", "condition_clause", "if_statement"})


def missing(condition: str) -> list[str]:
    """Of each alternative of a condition the pointer that is null then; '' for another one."""
    found = [_MISSING.fullmatch(part.strip("() ")) for part in condition.split("||")]
    return [each[1] or each[2] if each else "" for each in found]


def asks_for(node: Node) -> bool:
    """Whether a pointer is a condition, or compared with null."""
    inner, node = node, node.parent
    while node is not None and node.type == "parenthesized_expression":
        inner, node = node, node.parent
    if node is None or node.type not in _CONDITIONS:
        return False
    operator = node_text(node.child_by_field_name("operator")) if node.child_by_field_name("operator") else ""
    if operator in ("==", "!="):
        sides = (node.child_by_field_name("left"), node.child_by_field_name("right"))
        return any(node_text(side) in _NULL for side in sides if side != inner)
    if node.type == "conditional_expression":
        return node.child_by_field_name("condition") == inner
    return operator in ("!", "&&", "||") or not operator
