"""Loops of an OpenMP text that its threads do not share: what a port that is parallel somewhere
leaves to one of them.

Contract: `count_serial_loops(text)` counts the outermost `for` loops of C-like text that stand
neither under a directive nor around one. Whether they could be shared is not known.

    python -c "from translator.outline.count_serial_loops import count_serial_loops as count; \\
        print(count('void f(int n, int *x) { for (int i = 0; i < n; i++) x[i] = i; }'))"
"""

from __future__ import annotations

import re

from tree_sitter import Node

from corpora.syntax.c_family import get_node_text, parse_c_family

_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+omp\b[^\n]*$", re.M)


def count_serial_loops(text: str) -> int:
    text = text.replace("\\\n", " ")
    return _count_serial(parse_c_family(text).root_node, text.encode())


def _count_serial(node: Node, source: bytes) -> int:
    if node.type in ("for_statement", "compound_statement") and _under_directive(node, source):
        return 0
    if node.type == "for_statement" and not _DIRECTIVE.search(get_node_text(node)):
        return 1
    return sum(_count_serial(child, source) for child in node.children)


def _under_directive(node: Node, source: bytes) -> bool:
    before = source[: node.start_byte].decode(errors="replace").rstrip()
    return bool(_DIRECTIVE.match(before.rpartition("\n")[2]))
