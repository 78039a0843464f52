"""OpenMP's `if` and `num_threads` clauses with sizes that tests reach.

Contract: `lower_thresholds` changes numbers in these clauses of directives only, and keeps the
number of lines. `if(n > 10000)` says from which size on threads pay; tests are smaller, and what
the threads would do there is not seen. In the changed text they start at a size that tests have. A
condition that is no such comparison, or an `if` that only small sizes fulfil, stays as it is.

    python -c "from gpu_runtime.openmp.conditions import *; \\
        print(reached('#pragma omp parallel for if(n > 10000)', 'cpp'))"
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gpu_runtime.launch.thresholds import (
    find_comparisons,
    find_named_constants,
    substitute_constants,
)

DIRECTIVE = {
    "cpp": re.compile(
        r"^[ \t]*#[ \t]*pragma[ \t]+omp\b(?:\\\n|[^\n])*"
        r'|\b_Pragma\s*\(\s*"\s*omp\b(?:\\.|[^"\n])*"',
        re.M,
    ),
    "fortran": re.compile(r"^[ \t]*[!c*]\$omp[^\n]*", re.M | re.I),
}
_CLAUSE = re.compile(r"\b(if|num_threads)\s*(?=\()", re.I)
SMALL = 32
"""A size that every suite exceeds in some test, with something to do for each thread of the teams
that tests are run on.
"""


def lower_thresholds(text: str, language: str) -> str:
    """`text` with every number above SMALL that an `if` clause wants something to exceed, or on
    which `num_threads` depends, as SMALL.
    """
    directive = DIRECTIVE[language]
    if not any(_CLAUSE.search(m[0]) for m in directive.finditer(text)):
        return text
    spelled = str.lower if language == "fortran" else str
    numbers = find_named_constants(spelled(text))
    return directive.sub(
        lambda m: _clauses(
            m[0], lambda condition: substitute_constants(spelled(condition), numbers)
        ),
        text,
    )


def _clauses(directive: str, written: Callable[[str], str]) -> str:
    parts, end = [], 0
    for m in _CLAUSE.finditer(directive):
        if m.start() >= end:
            closed = _find_closing_parenthesis(directive, m.end())
            condition = directive[m.end() : closed]
            parts += [
                directive[end : m.end()],
                _lower_condition(written(condition), m[1].lower() == "if") or condition,
            ]
            end = closed
    return "".join([*parts, directive[end:]])


def _find_closing_parenthesis(text: str, opening: int) -> int:
    """Where the parenthesis that opens there is closed; the end of the text where it is not."""
    depth = 0
    for m in _PARENTHESIS.finditer(text, opening):
        depth += 1 if m[0] == "(" else -1
        if not depth:
            return m.end()
    return len(text)


_PARENTHESIS = re.compile(r"[()]")


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
