"""Do the outputs of a test show what a program does with the elements beyond a number of them?

A size that no output depends on has not been tried: a sum of what is below a limit is zero at every
length where nothing is, and a port that returns zero from some length on gives the same.

Contract: `find_told_sizes` runs the program on calls as they are, with all elements beyond the
number made equal to the first, and with the number in place of the size. A size is told where an
array of outputs is changed there, or what comes out depends on both: other elements may matter
where these do not, and with another size rows lie elsewhere. Nothing says along which side of an
array a size lies: both have to show.

    python -c "from tester.generate.telling import find_told_sizes; help(find_told_sizes)"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from corpora.records import Signature
from gpu_runtime.backend import (
    Arguments,
    Compiled,
    Execution,
    ExecutionBackend,
    Limits,
    Status,
    has_same_bytes,
)
from gpu_runtime.expectations import run_each

SIDES = (False, True)
"""Whether a size is taken for the outer side of an array that is a multiple of it."""
LIMITS = Limits(wall_s=10.0, cpu_s=10)


def find_told_sizes(
    calls: Sequence[Arguments],
    sizes: Sequence[Mapping[str, int]],
    number: int,
    signature: Signature,
    backend: ExecutionBackend,
    compiled: Compiled,
) -> list[frozenset[str]]:
    """Return for each call, in order, the names of those of its sizes that are above `number` and
    of which its outputs show what the program does beyond this number.

    calls: arguments for `compiled`, a build of the program with `signature`. sizes: values of the
        size parameters of each call, by name. number: a size, 1 at least. A call on which the
        program does not end well tells nothing.
    """
    asked = [
        (i, name) for i, own in enumerate(sizes) for name, value in own.items() if value > number
    ]
    names = [p.name for p in signature.parameters]
    changed: list[Arguments] = []
    for i, name in asked:
        place, values = names.index(name), list(calls[i].values)
        values[place] = np.array(number, values[place].dtype)
        changed.append(replace(calls[i], values=tuple(values)))
        changed += [_level(calls[i], sizes[i][name], number, outer, signature) for outer in SIDES]
    runs = run_each(backend, compiled, [*calls, *changed], LIMITS)
    plain, others = runs[: len(calls)], iter(runs[len(calls) :])
    hidden: list[set[str]] = [set() for _ in calls]
    for i, name in asked:
        shorter = _differs(calls[i], plain[i], next(others))
        for outer, level in zip(SIDES, [next(others) for _ in SIDES], strict=True):
            writes = _writes_beyond(calls[i], plain[i], (sizes[i][name], number, outer))
            if not writes and not (shorter and _differs(calls[i], plain[i], level)):
                hidden[i].add(name)
    return [
        frozenset(n for n, value in own.items() if value > number) - hidden[i]
        if plain[i].status is Status.OK
        else frozenset()
        for i, own in enumerate(sizes)
    ]


def _cut(array: np.ndarray, size: int, number: int, outer: bool) -> np.ndarray | None:
    """The array as rows, shape (elements along the size, others), of which those from `number` on
    lie beyond it; None where it has none.
    """
    if array.ndim == 0 or array.size <= number:
        return None
    if array.size % size:
        return array.reshape(-1, 1)
    return array.reshape(size, -1) if outer else array.reshape(-1, size).T


def _level(call: Arguments, size: int, number: int, outer: bool, signature: Signature) -> Arguments:
    """The call with the elements beyond the number as the first ones are."""
    values = []
    for p, value in zip(signature.parameters, call.values, strict=True):
        if p.kind != "scalar" and p.intent != "out":
            value = np.array(value)
            if (rows := _cut(value, size, number, outer)) is not None:
                rows[number:] = rows[:1]
        values.append(value)
    return replace(call, values=tuple(values))


def _writes_beyond(call: Arguments, run: Execution, beyond: tuple[int, int, bool]) -> bool:
    """Whether the program changes elements there. It does not count where all of them become one
    value: a product that is zero from some place on says no more.
    """
    if run.status is not Status.OK:
        return False
    for before, after in zip(call.values, run.values, strict=True):
        if has_same_bytes(before, after):
            continue
        old, new = _cut(before, *beyond), _cut(after, *beyond)
        number = beyond[1]
        if old is not None and new is not None:
            changed = old[number:].tobytes() != new[number:].tobytes()
            if changed and not _is_constant(new[number:]):
                return True
    return False


def _is_constant(rows: np.ndarray) -> bool:
    """Whether there are several elements, and all are one value."""
    return rows.size > 1 and bool((rows == rows.flat[0]).all())


def _differs(call: Arguments, one: Execution, other: Execution) -> bool:
    """Whether two runs end in another way, or give other outputs: the result, and elements that the
    first one changed.
    """
    if one.status is not Status.OK or other.status is not Status.OK:
        return one.status is not other.status
    if one.result is not None and other.result is not None:
        if not has_same_bytes(one.result, other.result):
            return True
    for before, mine, theirs in zip(call.values, one.values, other.values, strict=True):
        if not has_same_bytes(before, mine) and not has_same_bytes(mine, theirs):
            if np.any((before != mine) & (mine != theirs)):
                return True
    return False
