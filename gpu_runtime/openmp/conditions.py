"""OpenMP's `if` and `num_threads` clauses with sizes that tests reach.

Contract: `lower_thresholds` changes numbers in these clauses of directives only, and keeps the
number of lines. `if(n > 10000)` says from which size on threads pay; tests are smaller, and what
the threads would do there is not seen. In the changed text they start at a size that tests have. A
condition that is no such comparison, or an `if` that only small sizes fulfil, stays as it is.

    python -c "from gpu_runtime.openmp.conditions import lower_thresholds; \
        print(lower_thresholds('#pragma omp parallel for if(n > 10000)', 'cpp'))"
"""

from __future__ import annotations

from collections.abc import Mapping

from corpora.ir.edits import Edit, apply_edits
from gpu_runtime.launch.thresholds import (
    find_comparisons,
    find_named_constants,
    substitute_constants,
)
from gpu_runtime.openmp.directives import PlacedDirective, find_directives, has_clause

SMALL = 32
"""A size that every suite exceeds in some test, with something to do for each thread of the teams
that tests are run on.
"""


def lower_thresholds(text: str, language: str) -> str:
    """Return `text` with thresholds of `if` and `num_threads` clauses lowered to SMALL, so that
    small tests run in parallel. language: `cpp` or `fortran`. Line numbers stay.
    """
    directives = find_directives(text, language)
    directives = [d for d in directives if has_clause(d.raw, "if", "num_threads")]
    if not directives:
        return text
    spelled = text.lower() if language == "fortran" else text
    numbers = find_named_constants(spelled)
    edits = [e for d in directives for e in _lower_clauses(d, language, numbers)]
    return apply_edits(text, edits)


def _lower_clauses(
    directive: PlacedDirective, language: str, numbers: Mapping[str, str]
) -> list[Edit]:
    edits: list[Edit] = []
    for clause in directive.raw.clauses:
        name = clause.name.lower()
        if name not in ("if", "num_threads"):
            continue
        for start, end in clause.arguments:
            condition = directive.raw.text[start:end]
            condition = condition.lower() if language == "fortran" else condition
            lowered = _lower_condition(substitute_constants(condition, numbers), name == "if")
            if lowered:
                edits += directive.replace_part(start, end, lowered)
    return edits


def _lower_condition(condition: str, upward: bool) -> str:
    """The condition with smaller numbers, '' where it has none to make smaller. upward: of
    comparisons that large sizes fulfil only.
    """
    wanted = [
        c for c in find_comparisons(condition) if c.value > SMALL and (c.upward or not upward)
    ]
    for c in reversed(wanted):
        condition = f"{condition[: c.start]}{SMALL}{condition[c.stop :]}"
    return condition if wanted else ""
