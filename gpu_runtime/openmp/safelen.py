"""SIMD loops with `safelen(k)` in a form in which a detector that watches threads sees what they
permit: k iterations in a row at a time.

Contract: `split_into_windows` changes C loops in the plain form `for (i = a; i < b; i += s)` behind
`omp simd safelen(k)` and keeps the number of lines. Iterations that are less than k apart may run
in lanes at the same time: the loop becomes one over windows of k iterations, each of them shared
out to threads. Those k or more apart are in order, as nothing else than their windows' order says.
Of a long loop the first windows have threads.

    python -c "from gpu_runtime.openmp.safelen import split_into_windows; print(split_into_windows(
        '#pragma omp simd safelen(4)\\nfor (int i = 4; i < n; i++) a[i] = a[i - 4];'))"
"""

from __future__ import annotations

from dataclasses import dataclass

from corpora.frontends.c_family import parse_c_family
from corpora.frontends.queries import source_text
from corpora.ir import (
    Assign,
    Binary,
    Clause,
    Declaration,
    For,
    Literal,
    Name,
    Pragma,
    TranslationUnit,
    find,
)
from corpora.ir.edits import Edit, apply_edits
from gpu_runtime.openmp.directives import LANE_CLAUSES

FEW_WINDOWS = 8
"""A window costs a team. What depends on the iteration before does so in the first ones as well."""
_OTHERWISE = frozenset(("collapse", "if", "order"))
"""Clauses beside which a loop stays as it is."""


def split_into_windows(text: str) -> str:
    """Return the C or C++ program `text` with each plain loop under `omp simd safelen(k)` as a loop
    over windows of k iterations, which threads share, so that a race detector sees conflicts of
    lanes. Line numbers stay; other loops stay as they are.
    """
    if "safelen" not in text:
        return text
    unit = parse_c_family(text, "openmp")
    if any(p.directive == "ordered" for p in find(unit.items, Pragma)):
        return text  # `ordered simd` stands in simd loops only
    edits = []
    for loop in find(unit.items, For):
        pragma = loop.pragmas[-1] if loop.pragmas else None
        if pragma and pragma.directive == "simd" and not pragma.end:
            edits += _windows(unit, loop, pragma)
    return apply_edits(text, edits)


@dataclass(frozen=True, slots=True)
class _Head:
    """`for (declared name = low; name test high; name += step)`, each as written."""

    declared: str
    name: str
    low: str
    test: str
    high: str
    step: str


def _read_head(unit: TranslationUnit, loop: For) -> _Head | None:
    """The head of a plain loop; None of another, or where a macro makes part of it."""
    if len(loop.start) != 1 or len(loop.step) != 1 or loop.head is None or loop.head.expanded:
        return None
    start, step, test = loop.start[0], loop.step[0], loop.test
    declared = ""
    if isinstance(start, Declaration) and start.value is not None and start.group and start.span:
        name, low = start.name, start.value
        declared = unit.text[start.group.start : start.span.start]
    elif isinstance(start, Assign) and start.op == "=" and isinstance(start.target, Name):
        name, low = start.target.id, start.value
    else:
        return None
    if not isinstance(test, Binary) or test.op not in ("<", "<=") or test.left != Name(name):
        return None
    if not isinstance(step, Assign) or step.target != Name(name) or step.op not in ("++", "+="):
        return None
    by = step.value
    if by is not None and not isinstance(by, (Name, Literal)):
        return None
    if any(n is not None and (n.span is None or n.span.expanded) for n in (low, test.right, by)):
        return None
    written = source_text(unit, by) if by is not None else "1"
    return _Head(
        declared, name, source_text(unit, low), test.op, source_text(unit, test.right), written
    )


def _windows(unit: TranslationUnit, loop: For, pragma: Pragma) -> list[Edit]:
    lengths = [c for c in pragma.clauses if c.name == "safelen"]
    head = _read_head(unit, loop)
    if not lengths or head is None or any(c.name in _OTHERWISE for c in pragma.clauses):
        return []
    if pragma.span is None or loop.head is None:
        return []
    left_out = LANE_CLAUSES | {"safelen"}
    shared = " ".join(_spell(c) for c in pragma.clauses if c.name not in left_out)
    linear = any(c.name == "linear" for c in pragma.clauses)
    schedule = "" if linear else "schedule(runtime) "
    high = f"(long long)({head.high})"
    end = f"cv_from + cv_lanes{' - 1' if head.test == '<=' else ''}"
    few = f"if(cv_from - (long long)({head.low}) < {FEW_WINDOWS} * cv_lanes)"
    before = unit.text[pragma.span.start : loop.head.start]
    inside = unit.text[loop.head.start : loop.head.end]
    new = (
        "\n" * before.count("\n")
        + f"for (long long cv_from = ({head.low}), "
        + f"cv_lanes = ({lengths[0].text}) * (long long)({head.step}); "
        + f"cv_from {head.test} {high}; cv_from += cv_lanes) "
        + f'_Pragma("omp parallel for {schedule}{few} {shared}") '
        + f"for ({head.declared}{head.name} = cv_from; {head.name} {head.test} ({end} "
        + f"< {high} ? {end} : {high}); {head.name} += {head.step})"
        + "\n" * inside.count("\n")
    )
    return [Edit(pragma.span.start, loop.head.end, new)]


def _spell(clause: Clause) -> str:
    return f"{clause.name}({clause.text})" if clause.text else clause.name
