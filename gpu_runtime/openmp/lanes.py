"""OpenMP directives in a form in which more of what they permit can be seen by a detector that
watches threads.

Contract: `expose_simd_lanes` changes OpenMP directives only and keeps the number of lines. The
iterations of a simd loop may run at the same time in lanes; in the changed text they may run at the
same time in threads, so a conflict of lanes becomes a data race (of loops with `safelen` as many as
it says, openmp_safelen.py; Fortran's stay as they are). A loop without a schedule clause may be
shared out in any way; in the changed text the environment says in which.

    python -c "from gpu_runtime.openmp.lanes import *; \\
        print(exposed('#pragma omp simd simdlen(4)', 'cpp'))"
"""

from __future__ import annotations

import re

from gpu_runtime.openmp.safelen import split_into_windows

_REST = r"((?:\\\n|[^\n])*)$"
_C = re.compile(r"^([ \t]*#[ \t]*pragma[ \t]+omp[ \t]+)simd\b" + _REST, re.M)
_FORTRAN = re.compile(r"^([ \t]*!\$omp[ \t]+)(end[ \t]+)?simd\b([^\n]*)$", re.M | re.I)
_OF_LANES = re.compile(
    r"\b(?:simdlen|aligned|nontemporal)[ \t]*\((?:[^()\n]|\([^()\n]*\))*\)[ \t]*,?", re.I
)
_CONDITION = re.compile(r"\bif[ \t]*\([ \t]*simd[ \t]*:", re.I)
_LOOP = {
    "cpp": re.compile(
        r"^([ \t]*#[ \t]*pragma[ \t]+omp[ \t]+(?:\w+[ \t]+)*?for\b(?:[ \t]+simd\b)?)" + _REST, re.M
    ),
    "fortran": re.compile(
        r"^([ \t]*!\$omp[ \t]+(?!end\b)(?:\w+[ \t]+)*?do\b(?:[ \t]+simd\b)?)([^\n]*)$", re.M | re.I
    ),
}
_SCHEDULED = re.compile(r"\b(?:schedule|dist_schedule|distribute|ordered|linear)\b", re.I)
"""Words beside which no schedule is put: there is one, teams have their share already, or the order
of iterations is part of what the loop means.
"""


def expose_simd_lanes(text: str, language: str) -> str:
    """`text` with every plain `omp simd` as `omp parallel for` (Fortran: `parallel do`), and
    `schedule(runtime)` where nothing else is said.
    """
    return _LOOP[language].sub(
        lambda m: m[0] if _SCHEDULED.search(m[0]) else f"{m[1]} schedule(runtime){m[2]}",
        _lanes_as_threads(text, language),
    )


def _lanes_as_threads(text: str, language: str) -> str:
    if language == "fortran":
        if re.search(r"!\$omp[ \t]+simd\b[^\n]*(?:safelen|&)", text, re.I):
            return text  # which `end simd` belongs to which loop would have to be known
        return _FORTRAN.sub(lambda m: f"{m[1]}{m[2] or ''}parallel do{_clauses(m[3])}", text)
    return _C.sub(
        lambda m: m[0] if "safelen" in m[2] else f"{m[1]}parallel for{_clauses(m[2])}",
        split_into_windows(text, _OF_LANES),
    )


def _clauses(text: str) -> str:
    return _CONDITION.sub("if(", _OF_LANES.sub("", text))
