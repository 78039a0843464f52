"""OpenMP loops that hand out chunks to whoever comes first, in a form that hands them out in turn.

Contract: `make_schedules_static` changes `dynamic` and `guided` in schedule clauses of directives
only, and keeps the number of lines. On a small test or a busy machine one quick thread takes every
chunk, in order, and what depends on who takes which one is not seen. Chunks of the same size that
are dealt out in turn are a distribution that the first text permits.

    python -c "from gpu_runtime.openmp.schedules import make_schedules_static; \
        print(make_schedules_static('#pragma omp for schedule(dynamic, 4)', 'cpp'))"
"""

from __future__ import annotations

from corpora.ir.edits import Edit, apply_edits
from gpu_runtime.backend import Variant
from gpu_runtime.openmp.conditions import lower_thresholds
from gpu_runtime.openmp.directives import PlacedDirective, find_directives
from gpu_runtime.openmp.doacross import lower_doacross
from gpu_runtime.openmp.lanes import expose_simd_lanes
from gpu_runtime.openmp.sections import make_sections_nonempty


def make_schedules_static(text: str, language: str) -> str:
    """Return `text` with `schedule(dynamic, k)` and `schedule(guided, k)` as `schedule(static, k)`,
    modifiers dropped; k is 1 if none is given. language: `cpp` or `fortran`. Line numbers stay.
    """
    directives = find_directives(text, language)
    return apply_edits(text, [e for d in directives for e in _make_static(d)])


def _make_static(directive: PlacedDirective) -> list[Edit]:
    edits: list[Edit] = []
    said = directive.raw.text
    for clause in directive.raw.clauses:
        if clause.name.lower() != "schedule" or not clause.arguments:
            continue
        start, end = clause.arguments[0]
        if said[start:end].lower() in ("dynamic", "guided"):
            opened = said.index("(", clause.span[0]) + 1
            new = "static" if len(clause.arguments) > 1 else "static,1"
            edits += directive.replace_part(opened, end, new)
    return edits


def prepare_openmp(text: str, language: str, variant: Variant) -> str:
    """Return the OpenMP text that is compiled for `variant`.

    language: `cpp` or `fortran`. PLAIN, RECORDED and RACE_CHECKED texts are rewritten so that small
        tests show what the directives permit. In texts of other variants only `doacross` clauses
        change, to older ones. Line numbers stay.
    """
    forms = {
        Variant.PLAIN: (make_schedules_static,),
        Variant.RACE_CHECKED: (expose_simd_lanes,),
        Variant.RECORDED: (),
    }
    text = lower_doacross(text, language)
    for form in (
        (*forms[variant], lower_thresholds, make_sections_nonempty) if variant in forms else ()
    ):
        text = form(text, language)
    return text
