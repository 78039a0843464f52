"""SIMD loops with `safelen(k)` in a form in which a detector that watches threads sees what they
permit: k iterations in a row at a time.

Contract: `split_into_windows` changes C loops in the plain form `for (i = a; i < b; i += s)` behind
`omp simd safelen(k)` and keeps the number of lines. Iterations that are less than k apart may run
in lanes at the same time: the loop becomes one over windows of k iterations, each of them shared
out to threads. Those k or more apart are in order, as nothing else than their windows' order says.
Of a long loop the first windows have threads.

    python -c "import re; from gpu_runtime.openmp.safelen import *; \\
        loop = 'for (int i = 4; i < n; i++) a[i] = a[i - 4];'; \\
        print(windowed('#pragma omp simd safelen(4)\\n' + loop, re.compile('simdlen')))"
"""

from __future__ import annotations

import re

FEW_WINDOWS = 8
"""A window costs a team. What depends on the iteration before does so in the first ones as well."""
_LOOP = re.compile(
    r"""^[ \t]*\#[ \t]*pragma[ \t]+omp[ \t]+simd\b(?P<clauses>(?:\\\n|[^\n])*)\n
    (?P<before>\s*)for\s*\(\s*(?P<type>(?:\w+\s+)+)?(?P<name>\w+)\s*=\s*(?P<low>[^;,]+);
    \s*(?P=name)\s*(?P<test><=?)\s*(?P<high>[^;]+);
    \s*(?:(?P=name)\s*\+\+|\+\+\s*(?P=name)|(?P=name)\s*\+=\s*(?P<step>\w+))\s*\)""",
    re.M | re.X,
)
_SAFELEN = re.compile(r"\bsafelen[ \t]*\(([^()]*)\)[ \t]*,?")
_OTHERWISE = re.compile(r"\b(?:collapse|if|order)\b|/\*")
"""Clauses beside which a loop stays as it is."""
_ORDERED = re.compile(r"#[ \t]*pragma[ \t]+omp[ \t]+ordered\b")


def split_into_windows(text: str, of_threads: re.Pattern[str]) -> str:
    """`text` with windows of `safelen` iterations as loops of threads. of_threads: clauses of a
    simd loop that such a loop does not have.
    """
    if _ORDERED.search(text):
        return text  # `ordered simd` stands in simd loops only
    return _LOOP.sub(lambda found: _windows(found, of_threads), text)


def _windows(found: re.Match[str], of_threads: re.Pattern[str]) -> str:
    clauses = re.sub(r"//.*", "", found["clauses"].replace("\\\n", " "))
    length = _SAFELEN.search(clauses)
    if not length or _OTHERWISE.search(clauses):
        return found[0]
    shared = of_threads.sub("", _SAFELEN.sub("", clauses)).strip()
    schedule = "" if "linear" in clauses else "schedule(runtime) "
    low, high, test, last = (
        found["low"].strip(),
        f"(long long)({found['high'].strip()})",
        found["test"],
        " - 1" if found["test"] == "<=" else "",
    )
    step = found["step"] or "1"
    end = f"cv_from + cv_lanes{last}"
    few = f"if(cv_from - (long long)({low}) < {FEW_WINDOWS} * cv_lanes)"
    return (
        found[0].count("\n", 0, found.start("before") - found.start()) * "\n"
        + found["before"]
        + f"for (long long cv_from = ({low}), cv_lanes = ({length[1]}) * (long long)({step}); "
        f"cv_from {test} {high}; cv_from += cv_lanes) "
        + f'_Pragma("omp parallel for {schedule}{few} {shared}") '
        + f"for ({found['type'] or ''}{found['name']} = cv_from; {found['name']} {test} ({end} "
        f"< {high} ? {end} : {high}); {found['name']} += {step})"
        + found[0].count("\n", found.start("before") - found.start() + len(found["before"]))
        * "\n"
    )
