"""Kernels in which every thread repeats a whole nest of loops: each writes the same values to the
same elements, so that nothing is shared out, and CUDA calls it a race.

Contract: only what the analyses know counts. A write is repeated if its subscripts depend on loops
that are the same for all threads and on parameters alone, and no condition around it chooses one
thread.

    python -c "from corpora.analysis.repeated_work import find_repeated_write; \\
        from corpora.frontends.c_family import parse_c_family; \\
        print(find_repeated_write(parse_c_family('__global__ void k(int n, float *x) { \\
        for (int i = 0; i < n; i++) x[i] = 0; }', 'cuda')))"
"""

from __future__ import annotations

from collections.abc import Iterable

from corpora.analysis.accesses import facts_of
from corpora.analysis.affine import integer_of
from corpora.analysis.facts import ArrayAccess, FunctionFacts, Guard
from corpora.analysis.polynomial import Polynomial
from corpora.analysis.reasons import Reason
from corpora.frontends.queries import functions_of
from corpora.ir import Binary, Function, KernelLaunch, TranslationUnit, find, names_in

_UPPER = {("<", True), ("<=", True), (">=", False), (">", False)}
"""Comparisons, and whether they hold, that let all threads below a limit go on."""


def find_repeated_write(unit: TranslationUnit) -> Reason | None:
    """Return the first write that every thread of a CUDA kernel repeats in a loop, as a Reason with
    the code `REPEATED`; None if none is found. unit: a CUDA text. Kernels that the text launches
    with one thread alone are passed over.
    """
    for function in functions_of(unit):
        if "__global__" not in function.qualifiers or function.body is None:
            continue
        if _is_launched_alone(function, unit):
            continue
        facts = facts_of(function, unit)
        names = {p.name for p in function.parameters}
        for access in facts.accesses:
            if access.kind == "write" and access.loops and _is_repeated(access, facts, names):
                sentence = f"every thread writes the same elements of `{access.array}`"
                return Reason("REPEATED", sentence, (access.array,), access.span)
    return None


def _is_launched_alone(function: Function, unit: TranslationUnit) -> bool:
    launches = [
        launch
        for launch in find(unit.items, KernelLaunch)
        if getattr(launch.kernel, "id", "") == function.name
    ]
    return bool(launches) and all(
        integer_of(launch.grid) == 1 and integer_of(launch.block) == 1 for launch in launches
    )


def _is_repeated(access: ArrayAccess, facts: FunctionFacts, names: set[str]) -> bool:
    variable = facts.variable(access.array)
    if variable is None or variable.storage != "parameter" or access.whole:
        return False
    loops = [loop for loop in facts.loops if loop.id in access.loops]
    counters = {loop.counter.name for loop in loops}
    known = names | counters
    if None in access.indices or not _are_known(access.indices, known):
        return False
    bounds = [p for loop in loops for p in (*loop.system.nonnegative, *loop.system.zero)]
    if not bounds or not _are_known(bounds, known):
        return False
    return all(_lets_several_on(guard, names, loops) for guard in access.guards)


def _are_known(values: Iterable[Polynomial | None], known: set[str]) -> bool:
    """Whether values are made of the names `known` alone: of no thread's index."""
    symbols = {symbol for value in values if value is not None for symbol in value.variables()}
    return all(s.name in known and not s.array and not s.arguments for s in symbols)


def _lets_several_on(guard: Guard, names: set[str], loops: Iterable) -> bool:
    """Whether a condition is the same for all threads, or lets all below a parameter go on."""
    if guard.loop is not None:
        return True
    if guard.condition is None:
        # what is known of threadIdx and blockIdx themselves is the same for all threads
        return not guard.system.zero and guard.loop is None and not guard.number
    own = names | {getattr(loop.range, "variable", "") for loop in loops}
    if names_in(guard.condition) <= own:
        return True
    test = guard.condition
    return (
        isinstance(test, Binary)
        and (test.op, guard.holds) in _UPPER
        and bool(names_in(test.right))
        and names_in(test.right) <= names
    )
