"""Array sections in OpenMP's reduction clauses that hold for arrays of no elements.

Contract: `make_sections_nonempty` changes lengths of sections in reduction clauses of C's
directives only, and keeps the number of lines. OpenMP wants a section to have an element; g++ then
makes a private copy of one that has none and leaves the stack. In the changed text a section of
none is one of one element, to which nothing is added: what sizes of zero do then is judged by the
loops.

    python -c "from gpu_runtime.openmp.sections import make_sections_nonempty; \
        print(make_sections_nonempty('#pragma omp parallel for reduction(+:s[:n])', 'cpp'))"
"""

from __future__ import annotations

from corpora.frontends.c_family import parse_c_family
from corpora.ir import Literal, Pragma, Section, find
from corpora.ir.edits import Edit, apply_edits
from gpu_runtime.openmp.directives import PlacedDirective, find_directives, has_clause

_REDUCTIONS = ("reduction", "in_reduction", "task_reduction")
_HEAD = "#pragma "


def make_sections_nonempty(text: str, language: str) -> str:
    """Return `text` with array sections `s[a:n]` in OpenMP's reduction clauses as `s[a:((n) > 0 ?
    (n) : 1)]`. Lengths that are plain numbers stay. language: `cpp` or `fortran`, of which only
    `cpp` changes.
    """
    if language != "cpp" or "reduction" not in text:
        return text
    directives = [d for d in find_directives(text, language) if has_clause(d.raw, *_REDUCTIONS)]
    return apply_edits(text, [e for d in directives for e in _change_sections(d)])


def _change_sections(directive: PlacedDirective) -> list[Edit]:
    edits: list[Edit] = []
    said = directive.raw.text
    unit = parse_c_family(_HEAD + said, "openmp")
    for pragma in find(unit.items, Pragma):
        for clause in pragma.clauses:
            if clause.name not in _REDUCTIONS:
                continue
            for section in find(clause.arguments, Section):
                length = section.upper
                if length is None or isinstance(length, Literal):
                    continue
                start, end = length.span.start - len(_HEAD), length.span.end - len(_HEAD)
                if -1 in directive.places[start:end]:
                    continue  # a line that goes on would be there twice
                colon = said.rindex(":", 0, start) + 1
                new = f"(({said[start:end]}) > 0 ? ({said[start:end]}) : 1)"
                edits += directive.replace_part(colon, end, new)
    return edits
