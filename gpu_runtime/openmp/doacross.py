"""`doacross` clauses of OpenMP 5.2 as the `depend` clauses of 4.5, which older compilers know.

Contract: `doacross(sink: i - 1)` becomes `depend(sink: i - 1)`; `doacross(source:)`, with
`omp_cur_iteration` or without, becomes `depend(source)`. Lines stay. A sink at
`omp_cur_iteration - 1` stays
for the compiler, which refuses it.

    python -c "from gpu_runtime.openmp.doacross import lower_doacross; \\
        print(lower_doacross('#pragma omp ordered doacross(source:)', 'cpp'))"
"""

from __future__ import annotations

from collections.abc import Iterator

from corpora.ir.edits import Edit, apply_edits
from gpu_runtime.openmp.directives import PlacedDirective, find_directives

__all__ = ["lower_doacross"]


def lower_doacross(text: str, language: str) -> str:
    """Return `text` with its OpenMP `doacross` clauses as `depend` clauses of the same meaning,
    which older compilers know. language: `cpp` or `fortran`. Line numbers stay.
    """
    if "doacross" not in text.lower():
        return text
    directives = find_directives(text, language)
    return apply_edits(text, [e for d in directives for e in _lower(d)])


def _lower(directive: PlacedDirective) -> Iterator[Edit]:
    said = directive.raw.text
    for clause in directive.raw.clauses:
        if clause.name.lower() != "doacross":
            continue
        start, end = clause.span
        inside = said[said.index("(", start) + 1 : said.rindex(")", start, end)]
        kind, _, sink = inside.partition(":")
        source = kind.strip().lower() == "source" and sink.strip() in ("", "omp_cur_iteration")
        if source:
            yield from directive.replace_part(start, end, "depend(source)")
        else:
            yield from directive.replace_part(start, said.index("(", start), "depend")
