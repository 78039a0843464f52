"""OpenMP directives in a form in which more of what they permit can be seen by a detector that
watches threads.

Contract: `expose_simd_lanes` changes OpenMP directives only and keeps the number of lines. The
iterations of a simd loop may run at the same time in lanes; in the changed text they may run at the
same time in threads, so a conflict of lanes becomes a data race (of loops with `safelen` as many as
it says, `safelen`; Fortran's stay as they are). A loop without a schedule clause may be
shared out in any way; in the changed text the environment says in which.

    python -c "from gpu_runtime.openmp.lanes import expose_simd_lanes; \
        print(expose_simd_lanes('#pragma omp simd simdlen(4)', 'cpp'))"
"""

from __future__ import annotations

from corpora.ir.edits import Edit, apply_edits
from gpu_runtime.openmp.directives import (
    LANE_CLAUSES,
    PlacedDirective,
    find_directives,
    has_clause,
)
from gpu_runtime.openmp.safelen import split_into_windows

_SCHEDULED = ("schedule", "dist_schedule", "ordered", "linear")
"""Clauses beside which no schedule is put: there is one, or the order of iterations is part of what
the loop means. Nor is one put where teams have their share already (`distribute`)."""
_LOOP = {"cpp": "for", "fortran": "do"}


def expose_simd_lanes(text: str, language: str) -> str:
    """Return the OpenMP program `text` with each plain `omp simd` as `omp parallel for` (Fortran:
    `parallel do`). So a race detector sees conflicts of lanes. A C loop with `safelen(k)` becomes
    one over windows of k iterations; Fortran's loops with `safelen` stay. Loops without a schedule
    get `schedule(runtime)`. language: `cpp` or `fortran`. Line numbers stay.
    """
    if language == "cpp":
        text = split_into_windows(text)
    directives = [d for d in find_directives(text, language) if not d.operator]
    held = language == "fortran" and any(
        d.raw.directive == "simd" and has_clause(d.raw, "safelen") for d in directives
    )  # which `end simd` belongs to which loop would have to be known
    edits = [
        e
        for d in directives
        for e in _expose(d, _LOOP[language], d.raw.directive == "simd" and held)
    ]
    return apply_edits(text, edits)


def _expose(directive: PlacedDirective, loop: str, held: bool) -> list[Edit]:
    raw = directive.raw
    lanes = raw.directive == "simd" and not held and not has_clause(raw, "safelen")
    shared = not raw.end and not has_clause(raw, *_SCHEDULED)
    if lanes:
        start = raw.text.lower().index("simd", raw.name[0])
        new = f"parallel {loop}{' schedule(runtime)' if shared else ''}"
        return [*directive.replace_part(start, raw.name[1], new), *without_lane_clauses(directive)]
    words = directive.words()
    edits = _part_lanes(directive, loop)
    if shared and loop in words and "distribute" not in words and "declare" not in words:
        edits += directive.insert_behind(raw.name[1], " schedule(runtime)")
    return edits


def _part_lanes(directive: PlacedDirective, loop: str) -> list[Edit]:
    """Edits that make `for simd` a `for`: its threads are what is watched. Of a simd loop GCC
    writes the variable back in every thread, also where there is no iteration and all write the
    same, which a detector takes for a race of the program.
    """
    raw, words = directive.raw, directive.words()
    others = {"declare", "target", "taskloop"} & set(words)
    if loop not in words or "simd" not in words or others or has_clause(raw, "linear"):
        return []
    start = raw.text.lower().index("simd", raw.name[0])
    blank = raw.text[start - 1] == " "
    edits = [*directive.replace_part(start - blank, start + 4, "")]
    edits += without_lane_clauses(directive)
    for clause in raw.clauses:
        if clause.name.lower() == "safelen":
            edits += directive.remove_clause(clause)
    return edits


def without_lane_clauses(directive: PlacedDirective) -> list[Edit]:
    """Return edits of the text that delete from `directive` what only a simd loop may have: the
    clauses `simdlen`, `aligned` and `nontemporal`, and the word `simd` in an `if` clause.
    """
    edits: list[Edit] = []
    for clause in directive.raw.clauses:
        if clause.name.lower() in LANE_CLAUSES:
            edits += directive.remove_clause(clause)
        elif clause.name.lower() == "if" and clause.modifier.lower() == "simd":
            opened = directive.raw.text.index("(", clause.span[0]) + 1
            edits += directive.replace_part(opened, clause.arguments[0][0], "")
    return edits
