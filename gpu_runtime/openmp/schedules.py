"""OpenMP loops that hand out chunks to whoever comes first, in a form that hands them out in turn.

Contract: `make_schedules_static` changes `dynamic` and `guided` in schedule clauses of directives
only, and keeps the number of lines. On a small test or a busy machine one quick thread takes every
chunk, in order, and what depends on who takes which one is not seen. Chunks of the same size that
are dealt out in turn are a distribution that the first text permits.

    python -c "from gpu_runtime.openmp.schedules import *; \\
        print(make_schedules_static('#pragma omp for schedule(dynamic, 4)', 'cpp'))"
"""

from __future__ import annotations

import re

from gpu_runtime.backend import Variant
from gpu_runtime.openmp.conditions import DIRECTIVE, lower_thresholds
from gpu_runtime.openmp.lanes import expose_simd_lanes
from gpu_runtime.openmp.sections import make_sections_nonempty

_SHARED_OUT = re.compile(
    r"\b(schedule(?:\s|\\\n)*\()(?:[\w\s,\\]*:)?(?:\s|\\\n)*(?:dynamic|guided)\b((?:\s|\\\n)*)([,)])",
    re.I,
)
"""Modifiers go too: `nonmonotonic` may not stand beside what replaces the kind, and it is monotonic
without a word.
"""


def make_schedules_static(text: str, language: str) -> str:
    """`text` with every `schedule(dynamic[, k])` and `schedule(guided[, k])` as `schedule(static,
    k)`, k = 1 where none is said.
    """
    return DIRECTIVE[language].sub(
        lambda directive: _SHARED_OUT.sub(_make_static, directive[0]), text
    )


def _make_static(found: re.Match[str]) -> str:
    lines = "\\\n" * (found[0].count("\n") - found[1].count("\n") - found[2].count("\n"))
    return f"{found[1]}{lines}static{found[2]}{',' if found[3] == ',' else ',1)'}"


def prepare_openmp(text: str, language: str, variant: Variant) -> str:
    """An OpenMP text as it is built: where values are compared on teams and where races are looked
    for, it says more plainly what it permits, and takes its parallel ways at sizes that tests have;
    so it does where it is counted who does the work. What is timed runs as it is written.
    """
    forms = {
        Variant.PLAIN: (make_schedules_static,),
        Variant.RACE_CHECKED: (expose_simd_lanes,),
        Variant.RECORDED: (),
    }
    for form in (
        (*forms[variant], lower_thresholds, make_sections_nonempty) if variant in forms else ()
    ):
        text = form(text, language)
    return text
