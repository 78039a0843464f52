"""OpenMP directives in a form in which more of what they permit can be seen by a detector that
watches threads.

Contract: `expose_simd_lanes` changes OpenMP directives only and keeps the number of lines. The
iterations of a simd loop may run at the same time in lanes; in the changed text they may run at the
same time in threads, so a conflict of lanes becomes a data race (of loops with `safelen` as many as
it says, `safelen`; Fortran's stay as they are). Fortran's simd loops whose iterations an analysis
shows to be independent become plain ones: of regions of threads inside others GNU Fortran writes
the bounds of arrays back in every thread, of simd loops the variable, and a detector takes that for
a race of the program. A loop without a schedule clause may be
shared out in any way; in the changed text the environment says in which.

    python -c "from gpu_runtime.openmp.lanes import expose_simd_lanes; \
        print(expose_simd_lanes('#pragma omp simd simdlen(4)', 'cpp'))"
"""

from __future__ import annotations

from corpora.analysis.accesses import facts_of
from corpora.analysis.facts import LoopFacts
from corpora.analysis.parallel import LoopVerdict, judge_loop
from corpora.frontends.fortran import parse_fortran
from corpora.frontends.queries import functions_of
from corpora.ir import Name, Pragma
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
    simd = [d for d in directives if d.raw.directive == "simd"] if language == "fortran" else []
    # All or none: which `end simd` belongs to which loop would have to be known.
    held = any(has_clause(d.raw, "safelen") for d in simd)
    free = simd if simd and not held and _has_free_lanes(text) else []
    edits = [
        e
        for d in directives
        if d not in free
        for e in _expose(d, _LOOP[language], d.raw.directive == "simd" and held)
    ]
    edits += [e for d in free for e in d.replace_part(0, len(d.raw.text), "")]
    return apply_edits(text, edits)


def _has_free_lanes(text: str) -> bool:
    """Whether lanes of every plain simd loop of a Fortran text are shown to be independent."""
    unit = parse_fortran(text, dialect="openmp-fortran")
    loops = []
    for function in functions_of(unit):
        facts = facts_of(function, unit)
        loops += [(p, loop, facts) for loop in facts.loops for p in loop.node.pragmas]
    simd = [(p, loop, facts) for p, loop, facts in loops if p.directive == "simd" and not p.end]
    return bool(simd) and all(_is_free(p, loop, judge_loop(loop, f)) for p, loop, f in simd)


def _is_free(pragma: Pragma, loop: LoopFacts, verdict: LoopVerdict) -> bool:
    """Whether no lane of the loop needs another one's value. Each lane has a copy of the variables
    that the directive makes private, and of those that it reduces.
    """
    if verdict.kind not in ("parallel", "reduction") or verdict.assumptions:
        return False
    private = _names_in(pragma, "private", "lastprivate") | {loop.variable}
    return (
        not any(c.name == "collapse" for c in pragma.clauses)
        and {p.variable for p in verdict.private} <= private
        and {r.variable for r in verdict.reductions} <= _names_in(pragma, "reduction")
        and not verdict.inductions
    )


def _names_in(pragma: Pragma, *clauses: str) -> set[str]:
    arguments = [a for c in pragma.clauses if c.name in clauses for a in c.arguments]
    return {a.id for a in arguments if isinstance(a, Name)}


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
