"""Which sides of a source's conditions the tests of a suite take.

Contract: `measure_branch_coverage` counts the sides of if, ?:, while and for that some test takes;
it says how much of a function its tests reach, and decides nothing. C++ and OpenMP sources note in
one run which sides they took; of other dialects, and where that form does not compile, every side
is a program of its own that stops when it is taken.

    python -c "from tester.mutation.branches import measure_branch_coverage; \\
        help(measure_branch_coverage)"
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tree_sitter import Node

from corpora.dialects import get_dialect
from corpora.records import Parameter, Program, Signature
from corpora.syntax.c_family import find_c_functions, get_node_text, parse_c_family
from gpu_runtime.backend import Compiled, CompileRequest, ExecutionBackend, Limits, Status, Variant
from gpu_runtime.expectations import Expectations, run_each
from tester.mutation.branches_fortran import make_branch_probes as fortran_probes

MAX_SIDES = 64
_CONDITIONS = ("if_statement", "conditional_expression", "while_statement", "for_statement")
_TAKEN = "branches_taken_"


def _conditions(program: Program) -> list[Node]:
    """The conditions of all functions, the outer before the inner."""
    found = []
    waiting = [
        function.node for function in find_c_functions(parse_c_family(program.text).root_node)
    ]
    while waiting:
        node = waiting.pop()
        waiting += node.children
        if (
            node.type in _CONDITIONS
            and (condition := node.child_by_field_name("condition")) is not None
        ):
            found.append(condition)
    return found


def make_branch_probes(program: Program, limit: int = MAX_SIDES) -> list[Program]:
    """Programs that stop when one side of one condition is taken."""
    if get_dialect(program.dialect).language == "fortran":
        return fortran_probes(program)[:limit]
    data, probes = program.text.encode(), []
    for condition in _conditions(program):
        for sides in ("(__builtin_trap(), true) : false", "true : (__builtin_trap(), false)"):
            probe = f"(({get_node_text(condition)}) ? {sides})"
            probes.append(
                replace(
                    program,
                    text=(
                        data[: condition.start_byte] + probe.encode() + data[condition.end_byte :]
                    ).decode(),
                )
            )
    return probes[:limit]


def instrument_branches(program: Program, signature: Signature) -> tuple[Program, Signature] | None:
    """The program that notes in its first parameter which sides it takes; None for other dialects
    and without conditions.
    """
    if program.dialect not in ("cpp", "openmp") or not program.text.isascii():
        return None
    conditions = _conditions(program)[: MAX_SIDES // 2]
    pieces: list[tuple[int, int, str]] = []  # place, what comes first there, text
    for k, node in enumerate(conditions):
        length = node.end_byte - node.start_byte
        pieces.append((node.start_byte, MAX_SIDES - length, "(("))
        pieces.append(
            (
                node.end_byte,
                length - (1 << 30),
                f") ? ({_TAKEN}[{2 * k}] = 1, true) : ({_TAKEN}[{2 * k + 1}] = 1, false))",
            )
        )
    if not conditions:
        return None
    text, at = f"static int *{_TAKEN};\n", 0
    for place, _, piece in sorted(pieces):
        text, at = text + program.text[at:place] + piece, place
    entry = f"{program.name}_noting"
    text += (
        f"{program.text[at:]}\ntemplate <class... A> static inline auto {entry}(int *taken, "
        f"A... a) {{ {_TAKEN} = taken; return {program.name}(a...); }}\n"
    )
    first = Parameter("branches_taken", "array", "i32")
    return Program(program.dialect, entry, text), replace(
        signature, name=entry, parameters=(first, *signature.parameters)
    )


def list_coverage_requests(program: Program, signature: Signature) -> list[CompileRequest]:
    """What `measure_branch_coverage` compiles first: for one batched compile of many sources
    beforehand.
    """
    made = instrument_branches(program, signature)
    return [CompileRequest(made[0], made[1], Variant.DRAFT)] if made else []


def measure_branch_coverage(expectations: Expectations, backend: ExecutionBackend) -> float | None:
    """Share of condition sides (if, ?:, while, for) that some test takes, in [0, 1]; None where it
    cannot be measured.
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
    sides = 2 * len(_conditions(expectations.source)[: MAX_SIDES // 2])
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
