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

from corpora.analysis.constants import named_integers
from corpora.ir.edits import Edit, apply_edits
from gpu_runtime.launch.thresholds import find_comparisons, parse_text
from gpu_runtime.openmp.directives import PlacedDirective, find_directives, has_clause

SMALL = 32
"""A size that every suite exceeds in some test, with something to do for each thread of the teams
that tests are run on.
"""


def lower_thresholds(text: str, language: str) -> str:
    """Return `text` with thresholds of `if` and `num_threads` clauses lowered to SMALL (32), so
    that small tests run in parallel. language: `cpp` or `fortran`. Line numbers stay.
    """
    directives = find_directives(text, language)
    directives = [d for d in directives if has_clause(d.raw, "if", "num_threads")]
    if not directives:
        return text
    named = named_integers(parse_text(text, _DIALECTS[language]))
    edits = [e for d in directives for e in _lower_clauses(d, language, named)]
    return apply_edits(text, edits)


_DIALECTS = {"cpp": "openmp", "fortran": "openmp-fortran"}


def _lower_clauses(
    directive: PlacedDirective, language: str, named: Mapping[str, int]
) -> list[Edit]:
    """Edits of the numbers above SMALL in a directive's clauses; of `if` only those that large
    sizes exceed.
    """
    edits: list[Edit] = []
    for clause in directive.raw.clauses:
        name = clause.name.lower()
        if name not in ("if", "num_threads"):
            continue
        for start, end in clause.arguments:
            for found in find_comparisons(directive.raw.text[start:end], language, named):
                if found.value > SMALL and (found.upward or name != "if"):
                    edits += directive.replace_part(
                        start + found.start, start + found.stop, str(SMALL)
                    )
    return edits
