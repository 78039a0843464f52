"""Sketches completed to tests: every array as long as the program needs, or as Fortran declares it.

Contract: `complete` gives for each sketch a UnitTest on which the program was run once more and stayed inside, or the
reason why there is none. Extents are those of the sketch's own contents and of a few other contents of the same size, so
that a search that stops early does not shorten its array.

    python -c "from tester.completion import complete; help(complete)"
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from corpora.records import Signature, UnitTest
from gpu_runtime.backend import Access, Arguments, Compiled, ExecutionBackend, Status
from gpu_runtime.expectations import run_each
from gpu_runtime.materialise import materialise
from tester.extents import GeometryOf, Probe, Sketch, declared, limits_of, probe, test_of


@dataclass(frozen=True, slots=True)
class Completed:
    """test: None with a reason where the sketch cannot become one. changed: whether the program changed anything."""

    test: UnitTest | None
    reason: str = ""
    changed: bool = False


def complete(
    backend: ExecutionBackend,
    compiled: Compiled,
    sketches: Sequence[Sketch],
    others: Callable[[Sketch], Sequence[Sketch]] = lambda sketch: (),
    geometry_of: GeometryOf = lambda test: None,
    largest: int = 1 << 16,
) -> list[Completed]:
    """For every sketch its test with measured extents, or the reason why there is none.

    others(sketch): sketches with the same scalars and other contents whose extents count too (where they run at all).
    An array that is never touched is as long as the longest: a translation may read it before it decides.
    """
    signature = compiled.request.signature
    family = [[s, *others(s)] for s in sketches]
    flat = probe(backend, compiled, [s for group in family for s in group], geometry_of, largest)
    flat = _of_right_length(backend, compiled, flat, geometry_of, largest)
    results: list[Completed] = []
    at = 0
    for group in family:
        own, rest = flat[at], flat[at + 1 : at + len(group)]
        at += len(group)
        test = None if own.reason else test_of(own.sketch, _extents(own, rest, signature, largest), signature)
        results.append(Completed(test, own.reason, own.changed))
    return _exact(backend, compiled, results, geometry_of, largest)


_LENGTH_MATTERS = frozenset({"sorted", "permutation"})


def _of_right_length(backend: ExecutionBackend, compiled: Compiled, probes: list[Probe], geometry_of: GeometryOf, largest: int) -> list[Probe]:
    """Probes anew where the first elements of a longer array are not those of a shorter one, with the lengths just measured."""
    signature = compiled.request.signature
    again = [
        i for i, p in enumerate(probes)
        if not p.reason and any(fill.kind in _LENGTH_MATTERS for fill in p.sketch.fills.values())
    ]  # fmt: skip
    lengths = []
    for i in again:
        promised = {p.name: declared(p, probes[i].sketch.scalars, largest) for p in signature.parameters}
        lengths.append({n: max(m.extents[0], promised[n]) for n, m in probes[i].arrays.items() if len(m.extents) == 1})
    found = probe(backend, compiled, [probes[i].sketch for i in again], geometry_of, largest, lengths) if again else []
    result = list(probes)
    for i, one in zip(again, found, strict=True):
        result[i] = one
    return result


def _extents(own: Probe, rest: Sequence[Probe], signature: Signature, largest: int) -> dict[str, tuple[int, ...]]:
    found = {}
    promised = {p.name: declared(p, own.sketch.scalars, largest) for p in signature.parameters}
    for name, measured in own.arrays.items():
        same = [measured, *(p.arrays[name] for p in rest if not p.reason)]
        found[name] = tuple(max(sizes) for sizes in zip(*(m.extents for m in same), strict=True))
        if len(found[name]) == 1:
            found[name] = (max(found[name][0], promised[name]),)
    longest = max((e[0] for e in found.values() if len(e) == 1), default=1)
    return {name: e if e != (0,) else (max(longest, 1),) for name, e in found.items()}


def _exact(backend: ExecutionBackend, compiled: Compiled, results: Sequence[Completed], geometry_of: GeometryOf, largest: int) -> list[Completed]:
    """Run once more on exactly these extents: fills that depend on the length may touch other places."""
    signature = compiled.request.signature
    calls: dict[int, Arguments] = {}
    final = list(results)
    for i, result in enumerate(results):
        if result.test is not None:
            try:
                calls[i] = replace(materialise(result.test, signature), geometry=geometry_of(result.test))
            except ValueError as error:
                final[i] = Completed(None, str(error))
    order = sorted(calls, key=lambda i: sum(v.size for v in calls[i].values))
    executions = run_each(backend, compiled, [calls[i] for i in order], limits_of(largest))
    for i, execution in zip(order, executions, strict=True):
        if execution.status is Status.OK:
            _remember(results[i].test, compiled.symbol, calls[i], execution.accesses)  # type: ignore[arg-type]
        else:
            final[i] = Completed(None, f"{execution.status.value}: {execution.detail}")
    return final


Seen = tuple[Access, ...]
KEPT = 1024
"""Tests that are remembered with what a program touched on them: a suite is checked right after it is made."""
_seen: OrderedDict[int, tuple[UnitTest, str, Arguments, Seen]] = OrderedDict()


def _remember(test: UnitTest, symbol: str, call: Arguments, accesses: Seen) -> None:
    _seen[id(test)] = (test, symbol, call, accesses)
    while len(_seen) > KEPT:
        _seen.popitem(last=False)


def remembered(test: UnitTest, compiled: Compiled) -> tuple[Arguments, Seen] | None:
    """The materialised test and what the program touched, if this very test was just made for it."""
    found = _seen.get(id(test))
    return found[2:] if found and found[0] is test and found[1] == compiled.symbol else None
