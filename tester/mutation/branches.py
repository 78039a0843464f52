"""Which sides of a source's conditions the tests of a suite take.

Contract: `measure_branch_coverage` counts the sides of if, ?:, while and for that some test takes;
it says how much of a function its tests reach, and decides nothing. C++ and OpenMP sources note in
one run which sides they took; of other dialects, and where that form does not compile, every side
is a program of its own that stops when it is taken.

    python -c "from tester.mutation import branches; help(branches.measure_branch_coverage)"
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from corpora.ir import Conditional, For, If, Span, While
from corpora.ir.edits import Edit, apply_edits
from corpora.records import Parameter, Program, Signature
from gpu_runtime.backend import Compiled, CompileRequest, ExecutionBackend, Limits, Status, Variant
from gpu_runtime.expectations import Expectations, run_each
from tester.mutation.sites import find_sites, get_operand_place, is_fortran

MAX_SIDES = 64
_CONDITIONAL = (If, Conditional, While, For)
_TAKEN = "branches_taken_"
_SIDES = ("(({}) ? (__builtin_trap(), true) : false)", "(({}) ? true : (__builtin_trap(), false))")
_FORTRAN_SIDES = ("probe_taken({}, .true.)", "probe_taken({}, .false.)")
_FORTRAN_PROBE = """
      logical function probe_taken(condition, side)
      logical, intent(in) :: condition, side
      if (condition .eqv. side) stop 1
      probe_taken = condition
      end function
"""
"""It stands in both forms of Fortran."""


def find_conditions(program: Program) -> list[Span]:
    """Return the places of the conditions in all functions that the program's entry reaches, in
    textual order. A condition that is a macro's name counts; one inside a macro does not. Raises
    ValueError for an unknown dialect.
    """
    places = {}
    for site in find_sites(program):
        if not isinstance(site.node, _CONDITIONAL) or getattr(site.node, "where", False):
            continue
        place = get_operand_place(program, site.node, site.node.test)
        if place is not None:
            places[place.start, place.end] = place
    return [places[key] for key in sorted(places)]


def make_branch_probes(program: Program, limit: int = MAX_SIDES) -> list[Program]:
    """Return programs that each stop when one side of one condition is taken, two per condition, at
    most `limit` programs. Some may not compile. Raises ValueError for an unknown dialect.
    """
    fortran, probes = is_fortran(program), []
    for place in find_conditions(program):
        condition = program.text[place.start : place.end]
        for side in _FORTRAN_SIDES if fortran else _SIDES:
            edit = Edit(place.start, place.end, side.format(condition))
            text = apply_edits(program.text, [edit])
            probes.append(replace(program, text=text + _FORTRAN_PROBE if fortran else text))
    return probes[:limit]


def instrument_branches(program: Program, signature: Signature) -> tuple[Program, Signature] | None:
    """Return (program, signature) of the source with one more, first parameter, in which it records
    the sides of conditions that it takes. Returns None for dialects other than C++ and OpenMP, or
    without conditions.
    """
    if program.dialect not in ("cpp", "openmp"):
        return None
    conditions = find_conditions(program)[: MAX_SIDES // 2]
    if not conditions:
        return None
    edits = []
    for k, place in enumerate(conditions):
        noted = f") ? ({_TAKEN}[{2 * k}] = 1, true) : ({_TAKEN}[{2 * k + 1}] = 1, false))"
        edits += [(place.start, -place.end, "(("), (place.end, -place.start, noted)]
    # Of nested conditions the outer one opens first and closes last.
    made = apply_edits(program.text, [Edit(at, at, text) for at, _, text in sorted(edits)])
    text = f"static int *{_TAKEN};\n{made}"
    entry = f"{program.name}_noting"
    text += (
        f"\ntemplate <class... A> static inline auto {entry}(int *taken, "
        f"A... a) {{ {_TAKEN} = taken; return {program.name}(a...); }}\n"
    )
    first = Parameter("branches_taken", "array", "i32")
    return Program(program.dialect, entry, text), replace(
        signature, name=entry, parameters=(first, *signature.parameters)
    )


def list_coverage_requests(program: Program, signature: Signature) -> list[CompileRequest]:
    """Return the requests that `measure_branch_coverage` compiles first, so that a caller can
    compile those of many sources together.
    """
    made = instrument_branches(program, signature)
    return [CompileRequest(made[0], made[1], Variant.DRAFT)] if made else []


def measure_branch_coverage(expectations: Expectations, backend: ExecutionBackend) -> float | None:
    """Return the share, in [0, 1], of condition sides (if, ?:, while, for) that some test takes.
    Returns None if there are none or it cannot be measured.
    """
    if requests := list_coverage_requests(expectations.source, expectations.signature):
        compiled = backend.compile(requests)[0]
        if compiled.ok:
            return _measure_noted(expectations, compiled, backend)
    requests = [
        CompileRequest(p, expectations.signature) for p in make_branch_probes(expectations.source)
    ]
    built = [c for c in backend.compile(requests) if c.ok] if requests else []
    taken = [
        any(
            e.status is not Status.OK
            for e in backend.run(c, expectations.calls, _limits(expectations))
        )
        for c in built
    ]
    return sum(taken) / len(taken) if taken else None


def _measure_noted(
    expectations: Expectations, compiled: Compiled, backend: ExecutionBackend
) -> float:
    sides = 2 * len(find_conditions(expectations.source)[: MAX_SIDES // 2])
    executions = run_each(
        backend,
        compiled,
        [call.prepend(np.zeros(sides, np.int32)) for call in expectations.calls],
        _limits(expectations),
    )
    taken = np.zeros(sides, bool)
    for execution in executions:
        if execution.status is Status.OK:
            taken |= execution.values[0] != 0
    return float(taken.mean())


def _limits(expectations: Expectations) -> Limits:
    """A source's own tests, in a build without optimisation: they end, only later."""
    return Limits(
        wall_s=30.0, cpu_s=max(1.0, 50e-3 * expectations.source_ms * len(expectations.calls))
    )
