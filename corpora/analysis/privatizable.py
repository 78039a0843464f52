"""Variables of which each iteration of a loop can have its own.

A scalar is private if no iteration sees what an earlier one left in it. An array is private if
every read of it in the loop, and after it, sees an element written in the same iteration.

    python -c "from corpora.analysis import privatizable; help(privatizable.private_array)"
"""

from __future__ import annotations

from dataclasses import dataclass

from corpora.analysis.accesses import is_by_reference
from corpora.analysis.facts import ArrayAccess, FunctionFacts, LoopFacts, ScalarAccess
from corpora.analysis.inequalities import implies_nonnegative
from corpora.analysis.polynomial import of_symbol
from corpora.analysis.reasons import Reason
from corpora.ir import Name


@dataclass(frozen=True, slots=True)
class Private:
    """A variable of which each iteration of a loop can have its own. variable: its key. last_value:
    the last iteration's value is used after the loop. array: it is an array.
    """

    variable: str
    last_value: bool = False
    array: bool = False


def private_scalar(
    key: str, accesses: list[ScalarAccess], loop: LoopFacts, facts: FunctionFacts
) -> Private | Reason | None:
    """Return how a scalar that `loop` writes can be private.

    key: of the variable. accesses: those to the scalar in the loop. facts: of the whole function.
        Returns None if iterations see earlier values. Returns a Reason if they do not, but the
        value after the loop is not the last iteration's.
    """
    if any(loop.id in a.exposed for a in accesses):
        return None
    if not is_live_after(key, loop, facts):
        return Private(key)
    if key in loop.assigned:
        return Private(key, True)
    span = next((a.span for a in accesses if a.kind != "read"), None)
    name = getattr(facts.variable(key), "name", key)
    sentence = f"which iteration writes `{name}` last depends on a condition"
    return Reason("CONDITIONAL_LAST", sentence, (name,), span)


def is_live_after(key: str, loop: LoopFacts, facts: FunctionFacts) -> bool:
    """Return whether the value that `loop` leaves in a scalar may be read after the loop. key: of
    the variable. facts: of the loop's function. True where unknown.
    """
    variable = facts.variable(key)
    if variable is None or variable.storage in ("global", "static", "result", "member"):
        return True
    if is_by_reference(variable):
        return variable.storage == "parameter"
    around = set(loop.loops[:-1])
    for access in facts.scalars:
        if access.variable != key or access.kind == "write" or loop.id in access.loops:
            continue
        if -1 - loop.id in access.exposed or (
            access.order < loop.first and access.exposed & around
        ):
            return True
    return False


def private_array(array: str, loop: LoopFacts, facts: FunctionFacts) -> Private | None:
    """Return a Private variable if each iteration of `loop` can have its own copy of `array`, whose
    final content nobody reads; else None. array: the variable's key. facts: of the loop's function.
    """
    variable = facts.variable(array)
    if variable is None or variable.storage not in ("local", "heap"):
        return None
    if variable.storage == "heap" or {"pointer", "target"} & set(variable.words):
        return None
    same = [a for a in facts.accesses if a.array == array]
    inside = [a for a in same if loop.id in a.loops]
    outside = [a for a in same if loop.id not in a.loops]
    for read in (a for a in inside if a.kind != "write"):
        if not any(_covers(w, read, facts) for w in inside if w.kind == "write"):
            return None
    for read in (a for a in outside if a.kind != "write"):
        later = [w for w in outside if w.kind == "write"]
        apart = [w for w in later if read.order < loop.first or w.order >= loop.last]
        if not any(_covers(w, read, facts) for w in apart):
            return None
    return Private(array, False, True)


def _covers(write: ArrayAccess, read: ArrayAccess, facts: FunctionFacts) -> bool:
    """Whether `read` surely sees what `write` or its loop wrote in the same iteration."""
    if write.order >= read.order or write.field != read.field or None in read.indices:
        return False
    if write.whole and isinstance(write.node, Name):  # all of the array is assigned
        return _within(write.guards, read.guards)
    if len(write.indices) != len(read.indices) or None in write.indices or write.whole:
        return False
    if _within(write.guards, read.guards):
        return write.indices == read.indices and not read.whole
    return _covers_by_loop(write, read, facts)


def _within(few: tuple, many: tuple) -> bool:
    return few == many[: len(few)]


def _covers_by_loop(write: ArrayAccess, read: ArrayAccess, facts: FunctionFacts) -> bool:
    """One whole loop has written the elements lower to upper of one subscript."""
    if not write.guards or write.guards[-1].loop is None:
        return False
    inner = next(f for f in facts.loops if f.id == write.guards[-1].loop)
    if not _within(write.guards[:-1], read.guards) or inner.last > read.order:
        return False
    if inner.trip is None or inner.exits or write.loops[-1] != inner.id or inner.value is None:
        return False
    counter = of_symbol(inner.counter)
    if inner.value != counter:
        return False
    at = [k for k, i in enumerate(write.indices) if inner.counter in i.variables()]  # type: ignore
    if len(at) != 1:
        return False
    if any(a != b for k, (a, b) in enumerate(zip(write.indices, read.indices)) if k != at[0]):
        return False
    shift = write.indices[at[0]] - counter  # type: ignore[operator]
    if inner.counter in shift.variables() or any(inner.id in s.loops for s in shift.variables()):
        return False
    wanted = {inner.counter: read.indices[at[0]] - shift}  # type: ignore[operator]
    system = read.system()
    return all(implies_nonnegative(system, p.replace(wanted)) for p in inner.system.nonnegative)
