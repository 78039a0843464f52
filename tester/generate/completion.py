"""Sketches completed to tests: every array as long as the program needs, or as Fortran declares it.

Contract: `complete_sketches` gives for each sketch a UnitTest on which the program was run once
more and stayed inside, or the reason why there is none. Extents are those of the sketch's own
contents and of a few other contents of the same size, so that a search that stops early does not
shorten its array.

    python -c "from tester.generate.completion import complete_sketches; help(complete_sketches)"
"""

from __future__ import annotations

import itertools
import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from corpora.records import UnitTest
from gpu_runtime.backend import (
    Access,
    Arguments,
    Compiled,
    Execution,
    ExecutionBackend,
    Status,
    has_same_bytes,
)
from gpu_runtime.call.materialize import is_assumed_shape, materialize_test
from gpu_runtime.expectations import run_each
from tester.generate.extents import (
    GeometryOf,
    ProbeResult,
    Sketch,
    build_test,
    choose_limits,
    no_geometry,
    probe_extents,
    read_declared_extent,
)
from tester.generate.searches import TO_THE_END
from tester.generate.source_facts import find_arrays_handed_out
from tester.generate.source_tree import read_source


@dataclass(frozen=True, slots=True)
class CompletedSketch:
    """The result of turning a sketch into a test.

    test: the test; None if there is none. reason: why there is none; '' if there is one. changed:
        whether the program changed any array or returned anything on it.
    """

    test: UnitTest | None
    reason: str = ""
    changed: bool = False


def complete_sketches(
    backend: ExecutionBackend,
    compiled: Compiled,
    sketches: Sequence[Sketch],
    others: Callable[[Sketch], Sequence[Sketch]] = lambda sketch: (),
    geometry_of: GeometryOf = no_geometry,
    largest: int = 1 << 16,
) -> list[CompletedSketch]:
    """Measure extents for each sketch and return its test, or the reason why there is none, in
    order.

    compiled: the program, built as the RECORDED variant, which reports what it touches.
    others(sketch): sketches with the same scalars and other contents whose measured extents count
        too.
    geometry_of(test): the launch of a bare kernel; None for a function. largest: most elements of
    one array. An array that is never touched is as long as the longest; one that a library may read
    unseen has as many elements as the product of the sizes.
    """
    family = [[s, *others(s)] for s in sketches]
    flat = probe_extents(
        backend, compiled, [s for group in family for s in group], geometry_of, largest
    )
    ends = list(itertools.accumulate(len(group) for group in family))
    groups = [flat[end - len(group) : end] for group, end in zip(family, ends, strict=True)]
    results = [_assemble_family(group, compiled, largest) for group in groups]
    unsure = []
    for g, result in enumerate(results):
        if result.test is not None and is_run_as_probed(groups[g][0], geometry_of):
            results[g] = keep_probed_run(result.test, groups[g][0], compiled)
        else:
            unsure.append(g)
    checked = _exact(backend, compiled, [results[g] for g in unsure], geometry_of, largest)
    for g, result in zip(unsure, checked, strict=True):
        results[g] = result
    again = [
        g
        for g, group in enumerate(groups)
        if _length_matters(group[0]) and not _touches_as_probed(group[0], results[g], compiled)
    ]
    if again:
        right = _of_right_length(
            backend, compiled, [p for g in again for p in groups[g]], geometry_of, largest
        )
        taken = iter(right)
        renewed = [
            _assemble_family([next(taken) for _ in groups[g]], compiled, largest) for g in again
        ]
        for g, result in zip(
            again, _exact(backend, compiled, renewed, geometry_of, largest), strict=True
        ):
            results[g] = result
    return results


def _assemble_family(
    group: Sequence[ProbeResult], compiled: Compiled, largest: int
) -> CompletedSketch:
    """The test of a sketch and the others of its family, as probed."""
    own, rest = group[0], group[1:]
    signature = compiled.request.signature
    unknown = next((p.reason for p in rest if p.reason and p.sketch.label == TO_THE_END), "")
    if unknown and not own.reason:
        return CompletedSketch(None, unknown)
    test = (
        None
        if own.reason
        else build_test(own.sketch, _extents(own, rest, compiled, largest), signature)
    )
    return CompletedSketch(test, own.reason, own.changed)


_LENGTH_MATTERS = frozenset(
    {"sorted", "falling", "permutation", "serpentine", "stretches", "definite"}
)
"""Fills of which the first elements of a longer array are not those of a shorter one."""


def _length_matters(own: ProbeResult) -> bool:
    return not own.reason and any(
        fill.kind in _LENGTH_MATTERS for fill in own.sketch.fills.values()
    )


def is_run_as_probed(own: ProbeResult, geometry_of: GeometryOf) -> bool:
    """Return whether a test with exactly the array extents that a run measured would repeat that
    run.

    own: the result of the run. geometry_of(test): the launch of a bare kernel, for which the answer
        is False; `no_geometry` for a function.
    """
    return geometry_of is no_geometry and not own.reason and not _length_matters(own)


def keep_probed_run(test: UnitTest, own: ProbeResult, compiled: Compiled) -> CompletedSketch:
    """Return a test as finished without running it, because the run that measured its array extents
    already showed what it does.

    test: the test with those extents or longer ones. own: the result of that run, for which
        `is_run_as_probed` holds. compiled: the program. The result has a reason instead if the
        test's arrays cannot be made.
    """
    try:
        call = materialize_test(test, compiled.request.signature)
    except ValueError as error:
        return CompletedSketch(None, str(error))
    _remember(test, compiled.symbol, call, own.accesses)
    return CompletedSketch(test, "", own.changed)


def _touches_as_probed(own: ProbeResult, result: CompletedSketch, compiled: Compiled) -> bool:
    """Whether the program touched of every array what it did while it was probed with arrays of
    another length.
    """
    known = find_cached_run(result.test, compiled) if result.test is not None else None
    if known is None:
        return False
    for p, access in zip(compiled.request.signature.parameters, known[1], strict=True):
        last = max((v for v in (access.last_read, access.last_write) if v is not None), default=-1)
        if (
            p.kind == "array"
            and len(own.arrays[p.name].extents) == 1
            and not is_assumed_shape(p)
            and own.arrays[p.name].extents != (last + 1,)
        ):
            return False
    return True


def _of_right_length(
    backend: ExecutionBackend,
    compiled: Compiled,
    probes: list[ProbeResult],
    geometry_of: GeometryOf,
    largest: int,
) -> list[ProbeResult]:
    """Probes anew where the length of arrays matters, with the lengths just measured."""
    signature = compiled.request.signature
    again = [i for i, p in enumerate(probes) if _length_matters(p)]
    lengths = []
    for i in again:
        promised = {
            p.name: read_declared_extent(p, probes[i].sketch.scalars, largest)
            for p in signature.parameters
        }
        lengths.append(
            {
                n: max(m.extents[0], promised[n])
                for n, m in probes[i].arrays.items()
                if len(m.extents) == 1
            }
        )
    found = (
        probe_extents(
            backend, compiled, [probes[i].sketch for i in again], geometry_of, largest, lengths
        )
        if again
        else []
    )
    result = list(probes)
    for i, one in zip(again, found, strict=True):
        result[i] = one
    return result


def _extents(
    own: ProbeResult, rest: Sequence[ProbeResult], compiled: Compiled, largest: int
) -> dict[str, tuple[int, ...]]:
    signature, found = compiled.request.signature, {}
    promised = {
        p.name: read_declared_extent(p, own.sketch.scalars, largest) for p in signature.parameters
    }
    for name, measured in own.arrays.items():
        same = [measured, *(p.arrays[name] for p in rest if not p.reason)]
        found[name] = tuple(max(sizes) for sizes in zip(*(m.extents for m in same), strict=True))
        if len(found[name]) == 1:
            found[name] = (max(found[name][0], promised[name]),)
    longest = max((e[0] for e in found.values() if len(e) == 1), default=1)
    unseen = [name for name, e in found.items() if e == (0,)]
    if not unseen:
        return found
    handed = find_arrays_handed_out(signature, read_source(compiled.request.program, signature))
    most = _multiply_sizes(own.sketch, largest)
    lengths = {name: max(longest, most if name in handed else 1, 1) for name in unseen}
    return found | {name: (length,) for name, length in lengths.items()}


def _multiply_sizes(sketch: Sketch, largest: int) -> int:
    """The product of the whole numbers above zero that a sketch gives, or, where that is more than
    `largest`, the largest of them that is not; 1 without any.
    """
    given = [v for v in sketch.scalars.values() if isinstance(v, int) and 0 < v <= largest]
    return product if (product := math.prod(given)) <= largest else max(given)


def confirm_tests(
    backend: ExecutionBackend,
    compiled: Compiled,
    tests: Sequence[UnitTest],
    geometry_of: GeometryOf,
    largest: int,
) -> list[CompletedSketch]:
    """Run tests of known extents once each and return the result per test, in order. Where the
    program does not end well on a test, as when it accesses memory outside its arrays, the result
    has a reason and no test.

    compiled: the program, built as the RECORDED variant. geometry_of(test): the launch of a bare
        kernel; None for a function. largest: most elements of one array.
    """
    return _exact(
        backend, compiled, [CompletedSketch(test) for test in tests], geometry_of, largest
    )


def _has_changed(call: Arguments, execution: Execution) -> bool:
    return execution.result is not None or not all(
        map(has_same_bytes, call.values, execution.values)
    )


def _exact(
    backend: ExecutionBackend,
    compiled: Compiled,
    results: Sequence[CompletedSketch],
    geometry_of: GeometryOf,
    largest: int,
) -> list[CompletedSketch]:
    """Run once more on exactly these extents: fills that depend on the length may touch other
    places.
    """
    signature = compiled.request.signature
    calls: dict[int, Arguments] = {}
    final = list(results)
    for i, result in enumerate(results):
        if result.test is not None:
            try:
                calls[i] = replace(
                    materialize_test(result.test, signature), geometry=geometry_of(result.test)
                )
            except ValueError as error:
                final[i] = CompletedSketch(None, str(error))
    order = sorted(calls, key=lambda i: sum(v.size for v in calls[i].values))
    executions = run_each(backend, compiled, [calls[i] for i in order], choose_limits(largest))
    for i, execution in zip(order, executions, strict=True):
        if execution.status is Status.OK:
            _remember(results[i].test, compiled.symbol, calls[i], execution.accesses)  # type: ignore[arg-type]
            final[i] = replace(
                final[i], changed=final[i].changed or _has_changed(calls[i], execution)
            )
        else:
            final[i] = CompletedSketch(None, f"{execution.status.value}: {execution.detail}")
    return final


Seen = tuple[Access, ...]
KEPT = 1024
"""Tests that are remembered with what a program touched on them: a suite is checked right after it
is made.
"""
_seen: OrderedDict[int, tuple[UnitTest, str, Arguments, Seen]] = OrderedDict()


def _remember(test: UnitTest, symbol: str, call: Arguments, accesses: Seen) -> None:
    _seen[id(test)] = (test, symbol, call, accesses)
    while len(_seen) > KEPT:
        _seen.popitem(last=False)


def find_cached_run(test: UnitTest, compiled: Compiled) -> tuple[Arguments, Seen] | None:
    """Return (arguments of the test's call, what the program touched, per parameter) if
    `keep_probed_run` or a run stored them for this very object `test` and this program; None if
    neither did, or too long ago.
    """
    found = _seen.get(id(test))
    return found[2:] if found and found[0] is test and found[1] == compiled.symbol else None
