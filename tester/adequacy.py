"""Whether it says anything that a target passes a suite: the gate before EQUIVALENT.

A suite may be valid and yet say nothing: arrays of one element, inputs that no output depends on,
outputs that are NaN throughout. `find_gap` looks at what the source gave on the suite, and runs the
source a few times more, on one of its tests with one array changed each time.

Contract: the answer is about the source and its suite, never about a target. It is remembered by
content in this process.

    python -c "from tester.adequacy import find_gap; help(find_gap)"
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from corpora.records import content_hash
from gpu_runtime.backend import (
    Arguments,
    Compiled,
    CompileRequest,
    Execution,
    ExecutionBackend,
    Limits,
    Status,
    Variant,
    has_same_bytes,
)
from gpu_runtime.call.materialize import get_integer_scalars
from gpu_runtime.compare import Reference
from gpu_runtime.expectations import Expectations, run_each
from tester.generate.rules import find_sizes
from tester.generate.source_tree import read_source

LEAST_STRENGTH = 0.6
"""Share of mutants that a suite must kill."""
MAX_BYTES = 1 << 24
"""Of the arguments of a test that is run again with one array changed. Of programs whose tests are
all larger it counts that the array is read.
"""
_LIMITS = Limits(wall_s=20.0, cpu_s=10)


@dataclass(frozen=True, slots=True)
class Adequacy:
    """What a suite cannot show. gap: why passing it says too little, in one line; '' where it says
    enough. unused: names of the arrays that the source never names in its body, so that no test
    need show anything about them.
    """

    gap: str = ""
    unused: tuple[str, ...] = ()


_known: OrderedDict[str, Adequacy] = OrderedDict()
KEPT = 256


def find_gap(expectations: Expectations, backend: ExecutionBackend) -> Adequacy:
    """Return what the suite of `expectations` cannot show of its source. It says enough if

    - some test that changes anything has all sizes at least 2, and some test has such sizes of
      which no two are equal,
    - every array that goes in matters: changed in one test, some output changes,
    - what is written is in some test another value than before, and not only NaN,
    - its strength is at least LEAST_STRENGTH, where it was measured.

    expectations: the source, its checked suite and what it computed. backend: runs the source on
        changed inputs.
    """
    key = content_hash(expectations.source.id, expectations.suite)
    if key not in _known:
        _known[key] = _find_gap(expectations, backend)
        while len(_known) > KEPT:
            _known.popitem(last=False)
    _known.move_to_end(key)
    return _known[key]


def _find_gap(expectations: Expectations, backend: ExecutionBackend) -> Adequacy:
    source = read_source(expectations.source, expectations.signature)
    unused = tuple(
        p.name
        for p in expectations.signature.parameters
        if p.kind != "scalar" and not p.member and not any(True for _ in source.uses(p.name))
    )
    gap = (
        _explain_strength(expectations)
        or _explain_sizes(expectations, backend)
        or _explain_outputs(expectations)
        or _explain_inputs(expectations, backend, unused)
    )
    return Adequacy(gap, unused)


def _explain_strength(expectations: Expectations) -> str:
    strength = expectations.suite.strength
    if strength is None or strength >= LEAST_STRENGTH:
        return ""
    return (
        f"the tests tell {strength:.0%} of the source's mutants, and at least "
        f"{LEAST_STRENGTH:.0%} are needed"
    )


# ---- sizes ----


def _explain_sizes(expectations: Expectations, backend: ExecutionBackend) -> str:
    sizes = find_sizes(expectations.suite, expectations.source, expectations.signature, backend)
    if not sizes:
        return ""
    several = differ = False
    for test, call, reference in _rows(expectations):
        values = [v for n, v in get_integer_scalars(test).items() if n in sizes]
        if min(values) >= 2:
            several |= _changes_anything(expectations, call, reference)
            differ |= len(set(values)) == len(values)
    names = _list_names(sorted(sizes))
    if not several:
        return f"no test in which anything changes has all sizes ({names}) at least 2"
    return "" if differ else f"no test has sizes ({names}) that all differ and are at least 2"


def _rows(expectations: Expectations) -> Iterator:
    return zip(expectations.suite.tests, expectations.calls, expectations.references, strict=True)


def _changes_anything(expectations: Expectations, call: Arguments, reference: Reference) -> bool:
    return reference.result is not None or any(
        p.intent != "in" and not has_same_bytes(before, after)
        for p, before, after in zip(
            expectations.signature.parameters, call.values, reference.values, strict=True
        )
    )


def _list_names(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


# ---- outputs ----


def _explain_outputs(expectations: Expectations) -> str:
    """What is written is in some test not what was there, and not NaN everywhere."""
    for k, p in enumerate(expectations.signature.parameters):
        if p.kind == "scalar" and not p.by_reference:
            continue
        values = [
            (call.values[k], reference.values[k]) for _, call, reference in _rows(expectations)
        ]
        changed = [(a, b) for a, b in values if _differ(a, b).any()]
        whole = p.kind == "array" and not p.member  # a structure is copied with all its fields
        if whole and not changed and _is_written(expectations, k):
            return f"no test changes '{p.name}', which the source writes"
        if changed and all(_is_all_nan(a, b) for a, b in changed):
            return f"all that the source writes to '{p.name}' is NaN, in every test"
    results = [r.result for r in expectations.references if r.result is not None]
    if results and all(r.dtype.kind in "fc" and np.isnan(r).all() for r in results):
        return "the source returns NaN in every test"
    return ""


def _is_all_nan(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether the elements that changed are all NaN now."""
    if after.dtype.kind not in "fc":
        return False
    same = (before == after) | (np.isnan(before) & np.isnan(after))
    return bool(np.isnan(after[~same]).all())


# ---- inputs ----

_Change = Callable[[np.ndarray], np.ndarray | None]
"""Of an array's elements in a row; None where it cannot be made."""


def _explain_inputs(
    expectations: Expectations, backend: ExecutionBackend, unused: Sequence[str]
) -> str:
    """Every array that only goes in matters: in some test some output changes with it. What is
    written too is an output, and compared. Of a structure some fields may be there for others.
    """
    waiting = [
        k
        for k, p in enumerate(expectations.signature.parameters)
        if p.kind != "scalar"
        and not p.member
        and p.name not in unused
        and not _is_written(expectations, k)
    ]
    compiled = backend.compile(
        [CompileRequest(expectations.source, expectations.signature, Variant.PLAIN)]
    )[0]
    for tests, changes in _plan_turns(expectations):
        if waiting and tests:
            seen = _find_inputs_that_matter(
                expectations, compiled, backend, [(k, t) for k in waiting for t in tests], changes
            )
            waiting = [k for k in waiting if k not in seen]
    names = {k: expectations.signature.parameters[k].name for k in waiting}
    for k, name in names.items():
        if not any(not r.read or r.read[k] for r in expectations.references):
            return f"no test reads '{name}', which the source names"
    if names and any(_count_bytes(call) <= MAX_BYTES for call in expectations.calls):
        return f"no output changes with '{next(iter(names.values()))}' in any test"
    return ""


def _is_written(expectations: Expectations, k: int) -> bool:
    """Whether the source was seen to write a parameter, in any test. Of what is no flat array only
    the values tell.
    """
    p = expectations.signature.parameters[k]
    return p.intent == "out" or any(
        not has_same_bytes(call.values[k], reference.values[k])
        or (p.kind == "array" and bool(reference.written) and reference.written[k])
        for _, call, reference in _rows(expectations)
    )


def _count_bytes(call: Arguments) -> int:
    return sum(v.nbytes for v in call.values)


def _plan_turns(
    expectations: Expectations,
) -> list[tuple[list[int], Sequence[_Change]]]:
    """(tests, changes) of each turn. Most arrays matter in the first, which is one test with one
    gentle change.
    """
    count = len(expectations.calls)
    order = sorted(range(count), key=lambda t: (abs(t - count // 3), t))
    order = [t for t in order if _count_bytes(expectations.calls[t]) <= MAX_BYTES]
    return [
        (order[:1], (_change_a_little,)),
        (order[:4], (_change_the_middle, _change_all)),
        (order[4:], (_change_the_middle, _change_all, _turn_round)),
        (order, (_change_the_first, _change_the_last, _make_alike)),
    ]


def _find_inputs_that_matter(
    expectations: Expectations,
    compiled: Compiled,
    backend: ExecutionBackend,
    asked: Sequence[tuple[int, int]],
    changes: Sequence[_Change],
) -> set[int]:
    """Of (parameter, test) the parameters with which an output changes."""
    rows: list[tuple[int, int]] = []
    calls: list[Arguments] = []
    for k, t in asked:
        call = expectations.calls[t]
        for change in changes:
            made = _change_array(call, k, change)
            if made is not None:
                rows.append((k, t))
                calls.append(made)
    limits = replace(_LIMITS, call_s=(1.0 + 0.02 * expectations.source_ms,) * len(calls))
    executions = run_each(backend, compiled, calls, limits) if calls else []
    return {
        k
        for (k, t), call, execution in zip(rows, calls, executions, strict=True)
        if execution.status is not Status.NOT_RUN
        and _matters(k, expectations.calls[t], expectations.references[t], call, execution)
    }


def _change_array(call: Arguments, k: int, change: _Change) -> Arguments | None:
    """The call with another content of array k, also where it is given under a second name."""
    value = call.values[k]
    if not value.size:
        return None
    flat = value.reshape(-1)
    with np.errstate(all="ignore"):
        made = change(flat)
    if made is None or has_same_bytes(made, flat):
        return None
    values = list(call.values)
    values[k] = np.ascontiguousarray(made.reshape(value.shape))
    return replace(call, values=tuple(values))


def _matters(
    k: int, given: Arguments, reference: Reference, call: Arguments, execution: Execution
) -> bool:
    """Whether a run on another content of array k shows anything else: another end, another value
    anywhere, but not the mere content where it is left alone.
    """
    if execution.status is not Status.OK:
        return True
    if reference.result is not None and execution.result is not None:
        if not has_same_bytes(reference.result, execution.result):
            return True
    for i, (before, after) in enumerate(zip(reference.values, execution.values, strict=True)):
        if i != k:
            if not has_same_bytes(before, after):
                return True
            continue
        left = _differ(before, given.values[k]) | _differ(after, call.values[k])
        if (left & _differ(before, after)).any():
            return True
    return False


def _differ(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Where two arrays of one shape differ; NaN is as good as NaN."""
    different = one != other
    if one.dtype.kind in "fc":
        different &= ~(np.isnan(one) & np.isnan(other))
    return different


def _change_a_little(flat: np.ndarray) -> np.ndarray | None:
    """Numbers with a fraction move by a thousandth; of others one in the middle becomes its
    neighbour, which keeps them sorted and within their range.
    """
    if flat.dtype.kind in "fc":
        return (flat * np.array(1 + 2.0**-10, flat.dtype)).astype(flat.dtype)
    return _change_the_middle(flat)


def _change_at(flat: np.ndarray, place: int) -> np.ndarray:
    made = flat.copy()
    others = np.flatnonzero(flat != flat[place])
    if others.size:
        made[place] = flat[others[np.abs(others - place).argmin()]]
    elif flat.dtype.kind == "b":
        made[place] = not flat[place]
    else:
        made[place] = flat[place] + np.array(1, flat.dtype)
    return made


def _change_the_middle(flat: np.ndarray) -> np.ndarray | None:
    return _change_at(flat, flat.size // 2)


def _change_the_first(flat: np.ndarray) -> np.ndarray | None:
    return _change_at(flat, 0)


def _change_the_last(flat: np.ndarray) -> np.ndarray | None:
    return _change_at(flat, flat.size - 1)


def _change_all(flat: np.ndarray) -> np.ndarray | None:
    if flat.dtype.kind == "b":
        return ~flat
    if flat.dtype.kind in "fc":
        made = flat * np.array(-1.5, flat.dtype) + np.array(0.75, flat.dtype)
        return np.where(np.isfinite(flat), made, np.array(0.75, flat.dtype)).astype(flat.dtype)
    return np.roll(flat, 1)


def _turn_round(flat: np.ndarray) -> np.ndarray | None:
    return flat[::-1].copy()


def _make_alike(flat: np.ndarray) -> np.ndarray | None:
    return np.full_like(flat, flat[flat.size // 2])
