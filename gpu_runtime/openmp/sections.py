"""Array sections in OpenMP's reduction clauses that hold for arrays of no elements.

Contract: `make_sections_nonempty` changes lengths of sections in reduction clauses of C's
directives only, and keeps the number of lines. OpenMP wants a section to have an element; g++ then
makes a private copy of one that has none and leaves the stack. In the changed text a section of
none is one of one element, to which nothing is added: what sizes of zero do then is judged by the
loops.

    python -c "from gpu_runtime.openmp.sections import *; \\
        print(make_sections_nonempty('#pragma omp parallel for reduction(+:s[:n])', 'cpp'))"
"""

from __future__ import annotations

import re

from gpu_runtime.openmp.conditions import DIRECTIVE

_CLAUSE = re.compile(r"\b(?:in_|task_)?reduction\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")
_SECTION = re.compile(r"\[([^\[\]:?]*):([^\[\]:?]+)\]")


def make_sections_nonempty(text: str, language: str) -> str:
    """`text` with `s[a:n]` in reduction clauses as `s[a:((n) > 0 ? (n) : 1)]`; plain
    numbers stay.
    """
    if language != "cpp":
        return text
    return DIRECTIVE[language].sub(
        lambda directive: _CLAUSE.sub(
            lambda clause: _SECTION.sub(_make_section_nonempty, clause[0]), directive[0]
        ),
        text,
    )


def _make_section_nonempty(found: re.Match[str]) -> str:
    length = found[2].strip()
    plain = length.isdigit() or "\n" in length  # a line that goes on would be there twice
    return found[0] if plain else f"[{found[1]}:(({length}) > 0 ? ({length}) : 1)]"
