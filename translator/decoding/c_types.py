"""The structures that a C-like text begins with, as words.

Contract: total; reads canonical words from the front, and stops before whatever is no plain
definition of a structure.

    python -c "from translator.decoding.c_types import find_leading_structures; \\
        print(find_leading_structures('struct V0 { int V1 ; } ; void F0 ( V0 V2 ) { }'.split()))"
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from translator.decoding.c_scopes import is_numbered_name


def find_leading_structures(words: Sequence[str]) -> tuple[dict[str, bool], int]:
    """Return (structures, position) of a text of canonical words that begins with definitions of
    structures. structures: for each name, those of typedefs too, whether the structure holds
    pointers. position: the index behind the last definition; 0 if there is none.
    """
    found: dict[str, bool] = {}
    begin, words = 0, tuple(words)
    while words[begin : begin + 1] in (("struct",), ("typedef",)) and "}" in words[begin:]:
        closed = words.index("}", begin)
        ends = words.index(";", closed) if ";" in words[closed:] else begin
        if (
            words[begin:ends].count("{") != 1
            or "(" in words[begin:ends]
            or ";" in words[begin : (opened := words.index("{", begin))]
        ):
            break
        named = {
            word
            for word in (*words[begin:opened], *words[closed + 1 : ends])
            if word not in ("struct", "typedef")
        }
        found |= dict.fromkeys(named, "*" in words[opened:closed])
        begin = ends + 1
    return found, begin


@lru_cache(maxsize=256)
def find_defined_types(words: tuple[str, ...]) -> frozenset[str]:
    """Return the canonical names of the types that the text `words` (canonical words) defines at
    its beginning.
    """
    return frozenset(word for word in find_leading_structures(words)[0] if is_numbered_name(word))
