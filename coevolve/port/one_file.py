"""Ports of several functions as a file that a compiler takes: what an earlier one defines is not
defined again, and headers are included.

Contract: `drop_repeated_definitions(text, earlier)` is `text` (of the C family) without those
definitions, includes and helpers that stand in one of `earlier` word for word; two of one name that
differ both stay, for a compiler to say so. `find_missing_headers(text, dialect)` are the headers of
what it names and does not include: verdicts need none (docs/verify.md), a compiler does.
`replace_restrict` has C++'s spelling of `restrict`. Other languages' texts stay as they are.

    python -c "from coevolve.port.one_file import drop_repeated_definitions; \\
        print(drop_repeated_definitions('struct P { int x; };\\nvoid g(P *p) { p->x = 1; }', \\
        ['struct P { int x; };\\nvoid f(P *p) { p->x = 0; }']))"
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tree_sitter import Node

from corpora.syntax.c_family import get_leaf_texts, parse_c_family

_GIVEN_ONCE = frozenset(
    {
        "struct_specifier",
        "union_specifier",
        "enum_specifier",
        "class_specifier",
        "type_definition",
        "alias_declaration",
        "preproc_def",
        "preproc_function_def",
        "preproc_include",
        "using_declaration",
        "function_definition",
        "declaration",
        "template_declaration",
    }
)
_MATH = (
    "a?(?:sin|cos|tan)h?|atan2|exp[2m]?1?|log(?:2|10|1p)?|pow|sqrt|cbrt|hypot|f(?:abs|max|min|mod|ma|dim)|floor|ceil|l?l?round|trunc|l?rint|nearbyint|"
    "erfc?|[tl]gamma|copysign|isnan|isinf|isfinite|ldexp|frexp|modf"
)
_CALL = r"(?<![\w.:>]){}\s*\("
_STANDARD = r"\bstd\s*::\s*(?:{})\b"
_NAMED = {
    "cmath": _STANDARD.format(f"(?:{_MATH}|abs)f?"),
    "math.h": _CALL.format(f"(?:(?:{_MATH})[fl]?|abs)")
    + r"|\b(?:INFINITY|NAN|HUGE_VALF?|M_PI|M_E)\b",
    "stdlib.h": _CALL.format("(?:malloc|calloc|realloc|free|l?l?abs|qsort|rand|srand|exit|abort)"),
    "string.h": _CALL.format("(?:mem(?:cpy|set|move|cmp)|strlen|strcmp|strncmp|strcpy)"),
    "stdint.h": r"\bu?int(?:8|16|32|64|ptr)_t\b|\bU?INT(?:8|16|32|64)_M(?:AX|IN)\b",
    "stddef.h": r"\b(?:size_t|ptrdiff_t)\b",
    "stdio.h": _CALL.format("(?:f?printf|puts|snprintf)"),
    "float.h": r"\b(?:FLT|DBL)_(?:MAX|MIN|EPSILON)\b",
    "limits.h": r"\b(?:U?(?:INT|LONG|LLONG|SHRT|CHAR)|SCHAR)_M(?:AX|IN)\b",
    "limits": _STANDARD.format("numeric_limits"),
    "algorithm": _STANDARD.format(
        "min|max|min_element|max_element|clamp|sort|stable_sort|fill|fill_n|copy|copy_n|transform|for_each|reverse|lower_bound|upper_bound"
    ),
    "numeric": _STANDARD.format("accumulate|inner_product|partial_sum|iota|reduce"),
    "utility": _STANDARD.format("swap|pair|move"),
    "vector": _STANDARD.format("vector"),
    "array": _STANDARD.format("array"),
    "complex": _STANDARD.format("complex"),
    "omp.h": r"\bomp_(?:get|set|in)_\w+",
}
"""Headers and what of them a text may name."""
_OF_CUDA = frozenset({"cmath", "math.h", "stdlib.h", "string.h", "stddef.h", "stdio.h"})
"""What a compiler of CUDA includes by itself."""
_AS_WELL = {
    "cmath": ("math.h",),
    "math.h": ("cmath",),
    "stdlib.h": ("cstdlib",),
    "string.h": ("cstring",),
    "stdint.h": ("cstdint",),
    "stdio.h": ("cstdio",),
    "float.h": ("cfloat",),
    "limits.h": ("climits",),
    "stddef.h": ("cstddef", "stdlib.h", "cstdlib", "stdio.h", "string.h", "vector"),
}
"""Headers that declare the same."""


def find_missing_headers(text: str, dialect: str) -> list[str]:
    """Return `#include` lines for the headers that `text` needs and does not include. text: of the
    C family. dialect: its name; CUDA's own headers need no line.
    """
    said = re.sub(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"", " ", text, flags=re.S)
    known = set(re.findall(r"^[ \t]*#[ \t]*include[ \t]*<([^>]+)>", said, re.M)) | (
        _OF_CUDA if dialect == "cuda" else set()
    )
    found: list[str] = []
    for header, names in _NAMED.items():
        if not known & {header, *_AS_WELL.get(header, ())} and re.search(names, said):
            found.append(f"#include <{header}>")
            known.add(header)
    return found


def replace_restrict(text: str) -> str:
    """Return `text` with C's `restrict` spelled `__restrict__`, as C++ and CUDA compilers know
    it.
    """
    return re.sub(r"\brestrict\b", "__restrict__", text)


def drop_repeated_definitions(text: str, earlier: Iterable[str]) -> str:
    """Return `text` without the definitions and includes that one of the texts `earlier` has word
    for word. All are of the C family. A definition of the same name with another body stays.
    """
    known = {_words(node) for each in earlier for node in _find_outer_definitions(each)}
    data = text.encode()
    for node in reversed(_find_outer_definitions(text)):
        if _words(node) in known:
            end = node.end_byte
            rest = data[end:].lstrip(b" \t")
            rest = rest[1:] if rest.startswith(b";") else rest
            data = data[: node.start_byte] + rest.removeprefix(b"\n")
    return data.decode()


def _find_outer_definitions(text: str) -> list[Node]:
    return [node for node in parse_c_family(text).root_node.children if node.type in _GIVEN_ONCE]


def _words(node: Node) -> str:
    return " ".join(get_leaf_texts(node))
