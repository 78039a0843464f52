"""Which sides of a source's conditions the tests of a suite take.

Contract: `build_counter` gives the source as a program that counts how often each condition (if,
?:, while, for) held and how often not, up to MANY. Its entry takes NUMBER, which it ignores, and
COUNTERS before the source's own parameters, as a schema of mutants does (tester.mutation.schemata).
It is one compiler run in every dialect. What the compiler does not take in this form, such as a
pure procedure of Fortran with a condition, has no counts. `measure_branch_coverage` says how much
of a function its tests reach, and decides nothing.

    python -c "from tester.mutation import branches; help(branches.measure_branch_coverage)"
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from corpora.dialects import get_dialect
from corpora.frontends.fortran_layout import convert_to_free_form
from corpora.frontends.queries import function_named
from corpora.ir import Declaration, Specification
from corpora.ir.edits import Edit, apply_edits
from corpora.records import Program, Signature
from gpu_runtime.backend import Arguments, CompileRequest, ExecutionBackend, Limits, Status, Variant
from gpu_runtime.expectations import Expectations, run_each
from tester.mutation.schemata import (
    COUNTERS,
    MANY,
    NUMBER,
    build_schema,
    count_conditions,
    count_sides,
    find_counted_conditions,
)
from tester.mutation.sites import parse_program

_FORTRAN_PROBE = """
subroutine branches_begin(taken)
integer(4), target :: taken({sides})
integer(4), pointer :: here(:)
common /branches_common/ here
here => taken
end subroutine
logical function branches_note(held, k)
logical, intent(in) :: held
integer, intent(in) :: k
integer(4), pointer :: here(:)
common /branches_common/ here
integer :: side
side = k + merge(1, 2, held)
here(side) = min(here(side) + 1, {many})
branches_note = held
end function
"""
_FORTRAN_ENTRY = """integer(4) :: {number}
integer(4), target :: {counters}({sides})
call branches_begin({counters})
"""


def build_counter(source: Program, signature: Signature) -> tuple[Program, Signature] | None:
    """Return (the program with code that counts which branches are taken, its signature). The
    signature has two parameters before the source's: a mutant's number, which counts for nothing
    here, and the counters, two for each condition. signature: of the source. Returns None for a
    source without conditions, or whose entry or its parameters are not found. Raises ValueError for
    an unknown dialect.
    """
    if not count_conditions(source):
        return None
    if get_dialect(source.dialect).language == "cpp":
        return build_schema(source, signature, ())
    source = replace(source, text=convert_to_free_form(source.text))
    text = _count_fortran(source)
    wider = replace(signature, parameters=(NUMBER, COUNTERS, *signature.parameters))
    return (replace(source, text=text), wider) if text else None


def _count_fortran(source: Program) -> str:
    entry = function_named(parse_program(source), source.name.lower())
    if entry is None or not entry.parameters or not entry.span or not entry.parameters[0].span:
        return ""
    first = entry.parameters[0].span.start
    executed = (n for n in entry.body or () if not isinstance(n, (Declaration, Specification)))
    begun = next(executed, None)
    spans = [getattr(n, "span", None) for n in (begun, *getattr(begun, "pragmas", ()))]
    start = min((span.start for span in spans if span is not None), default=0)
    row, sides = source.text.rfind("\n", 0, start) + 1, count_sides(source)
    names = {"number": NUMBER.name, "counters": COUNTERS.name, "sides": sides}
    added = [
        Edit(first, first, f"{NUMBER.name}, {COUNTERS.name}, "),
        Edit(row, row, _FORTRAN_ENTRY.format(**names)),
        Edit(entry.span.end, entry.span.end, _FORTRAN_PROBE.format(sides=sides, many=MANY)),
    ]
    for k, place in enumerate(find_counted_conditions(source)):
        added += [
            Edit(place.start, place.start, "branches_note(logical("),
            Edit(place.end, place.end, f"), {2 * k})"),
        ]
    return apply_edits(source.text, added)


def list_coverage_requests(program: Program, signature: Signature) -> list[CompileRequest]:
    """Return the requests that `measure_branch_coverage` compiles first, so that a caller can
    compile those of many sources together; [] if nothing can be counted. program, signature: the
    source's. Raises ValueError for an unknown dialect.
    """
    made = build_counter(program, signature)
    return [CompileRequest(made[0], made[1], Variant.DRAFT)] if made else []


def prepend_number(call: Arguments, number: int, sides: int) -> Arguments:
    """Return the arguments `call` with two more before them: a mutant's number (0: none) and an
    array of `sides` counters of branches.
    """
    return call.prepend(np.zeros(sides, np.int32)).prepend(np.array(number, np.int32))


def measure_branch_coverage(expectations: Expectations, backend: ExecutionBackend) -> float | None:
    """Return the share, in [0, 1], of the sides (true, false) of the source's conditions (if, ?:,
    while, for) that some test of its suite takes. Returns None if there are none or it cannot be
    measured. expectations: the source and its checked suite. backend: runs it.
    """
    requests = list_coverage_requests(expectations.source, expectations.signature)
    compiled = backend.compile(requests)[0] if requests else None
    if compiled is None or not compiled.ok:
        return None
    sides = count_sides(expectations.source)
    calls = [prepend_number(call, 0, sides) for call in expectations.calls]
    # A source's own tests, in a build without optimisation: they end, only later.
    cpu_s = max(1.0, 50e-3 * expectations.source_ms * len(calls))
    executions = run_each(backend, compiled, calls, Limits(wall_s=30.0, cpu_s=cpu_s))
    taken = np.zeros(sides, bool)
    for execution in executions:
        if execution.status is Status.OK:
            taken |= execution.values[1] != 0
    return float(taken.mean())
