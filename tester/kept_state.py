"""Whether a program remembers between calls: static variables, globals, Fortran's SAVE.

No candidate may keep state (gpu_runtime.wall), so a source whose results depend on the calls before
has no equivalent port. A table that is filled once, or memory that is only used again, shows in no
result, and does not count.

Contract: `may_keep_state` reads the text; `find_kept_state` runs calls alone, each in a process of
its own, and one after another in one process.

    python -c "from tester.kept_state import find_kept_state; help(find_kept_state)"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from corpora.ir import ArrayType, Declaration, Function, Module, Specification, StructDefinition
from corpora.records import Program, Signature, UnitTest
from gpu_runtime.backend import (
    Arguments,
    CompileRequest,
    Execution,
    ExecutionBackend,
    Limits,
    Status,
    Variant,
    has_same_bytes,
)
from gpu_runtime.call.materialize import materialize_test
from gpu_runtime.expectations import run_each
from tester.generate.rules import make_geometry_function
from tester.generate.source_tree import SourceTree, read_source

FEW = 4
"""Tests that are called alone and in a row."""
TIMES = 3
"""How often each of them is called in a row."""
MAX_BYTES = 1 << 22
_LIMITS = Limits(wall_s=10.0, cpu_s=5)


def may_keep_state(program: Program) -> bool:
    """Return whether the program's text has a variable that outlives a call and that the text may
    change. Raises ValueError for an unknown dialect.
    """
    source = read_source(program)
    if source.is_fortran:
        return _may_save(source)
    return any(
        not _is_constant(d) and ("static" in d.storage or _find_scope(d, source) is None)
        for d in source.find(Declaration)
    )


def _find_scope(node: object, source: SourceTree) -> object:
    """The function or structure that a declaration stands in; None at the top."""
    above = source.parents.get(id(node))
    while above is not None and not isinstance(above, (Function, StructDefinition)):
        above = source.parents.get(id(above))
    return above


def _is_constant(declared: Declaration) -> bool:
    kind = declared.type
    while isinstance(kind, ArrayType):
        kind = kind.of
    return bool(getattr(kind, "const", False)) or "constexpr" in declared.storage


def _may_save(source: SourceTree) -> bool:
    if any(s.keyword in ("save", "data", "common") for s in source.find(Specification)):
        return True
    for declared in source.find(Declaration):
        if "parameter" in declared.storage:
            continue
        if "save" in declared.storage or declared.value is not None:
            return True
        if isinstance(source.parents.get(id(declared)), Module):
            return True
    return False


def find_kept_state(
    program: Program,
    signature: Signature,
    tests: Sequence[UnitTest],
    backend: ExecutionBackend,
    launch: str = "",
) -> str:
    """Run a program several times on the same inputs and return how it shows that it remembers
    between calls, in one line; '' where it does not, or does not compile.

    tests: of the program, smallest first, of which a few small ones are called. launch: text of the
        launch plan of a bare kernel; '' for a function. Raises ValueError if the plan cannot be
        read or does not fit a test.
    """
    compiled = backend.compile([CompileRequest(program, signature, Variant.PLAIN)])[0]
    if not compiled.ok:
        return ""
    geometry_of = make_geometry_function(launch)
    calls: list[Arguments] = []
    for test in _choose_tests(tests):
        try:
            call = materialize_test(test, signature)
        except ValueError:
            continue
        if sum(v.nbytes for v in call.values) <= MAX_BYTES:
            calls.append(replace(call, geometry=geometry_of(test)))
    row = [call for call in calls for _ in range(TIMES)]
    together = run_each(backend, compiled, row, _LIMITS)
    for k, call in enumerate(calls):
        alone = [run_each(backend, compiled, [call], _LIMITS)[0] for _ in range(2)]
        if not _shows_same(*alone):
            continue  # it depends on what was never set, or on the clock
        for turn in range(TIMES):
            if not _shows_same(alone[0], together[k * TIMES + turn]):
                return "the same call gives other results after other calls"
    return ""


def _choose_tests(tests: Sequence[UnitTest]) -> list[UnitTest]:
    """A few, evenly taken from the first half: tests come smallest first."""
    half = tests[: max(FEW, len(tests) // 2 + 1)]
    return [half[k * len(half) // FEW] for k in range(FEW)] if len(half) > FEW else list(half)


def _shows_same(one: Execution, other: Execution) -> bool:
    """Whether two runs ended well and alike; one that did not end well tells nothing."""
    if one.status is not Status.OK or other.status is not Status.OK:
        return True
    if one.result is not None and other.result is not None:
        if not has_same_bytes(one.result, other.result):
            return False
    return all(map(has_same_bytes, one.values, other.values))
