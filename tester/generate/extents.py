"""Array extents learnt by execution: a program is run on wide windows, and the ranges that it
touches are its extents.

Contract: a Sketch says everything of a test but the extents; `probe_extents` measures them, and
tester.generate.completion makes tests of both. Nothing is inferred from a program's statements;
what is measured for one test is measured anew for the next.

    python -c "from tester.generate.extents import probe_extents; help(probe_extents)"
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from corpora.records import ArrayValue, Fill, Parameter, ScalarValue, Signature, UnitTest
from gpu_runtime.backend import (
    Access,
    Arguments,
    Compiled,
    Execution,
    ExecutionBackend,
    Geometry,
    Limits,
    Status,
    has_same_bytes,
)
from gpu_runtime.call.materialize import (
    DTYPES,
    evaluate_extents,
    expand_fill,
    is_assumed_shape,
    is_two_dimensional,
    materialize_scalar,
)
from gpu_runtime.call.packing import PLACE
from gpu_runtime.expectations import run_each

WINDOW = 1 << 10
MARGIN = 64
"""Elements before the passed pointer that belong to the window: a program that reads there cannot
be given a test.
"""
LIMITS = Limits(wall_s=6.0, cpu_s=2)
FAR = 1 << 21
"""Elements of one array beyond which a run takes longer than LIMITS gives it."""
_LIMITS_FAR = Limits(wall_s=60.0, cpu_s=30)
MAX_ACCESSES = 1 << 22
"""Steps (accesses and basic blocks) of one call when extents are learnt; what takes more is no
test. Time would depend on the machine's load.
"""

Scalars = dict[str, "int | float | bool | tuple[float, float]"]
GeometryOf = Callable[[UnitTest], "Geometry | None"]


def no_geometry(test: UnitTest) -> None:
    """Return None for every test: a program that is a function, and no kernel, has no launch."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """A test without extents. scalars: values by parameter name; a complex one is (real,
    imaginary). fills: contents of arrays by parameter name. label: the test's purpose, in a word.

    side: extent of every dimension of Fortran's assumed-shape arrays, `x(:)`.
    wider: such a matrix has so many more columns than `side`; if negative, so many more rows. 0: it
        is square.
    uneven: name of the assumed-shape vector that gets two elements fewer than `side`; '' for
        none.
    """

    scalars: Scalars
    fills: dict[str, Fill]
    label: str = ""
    side: int = 4
    wider: int = 0
    uneven: str = ""

    def given(self, parameter: Parameter) -> tuple[int, ...]:
        """Return the extents that this sketch gives to `parameter`, an assumed-shape array: (rows,)
        or (rows, columns). Further dimensions have extent 1.
        """
        rows, columns = self.side + max(-self.wider, 0), self.side + max(self.wider, 0)
        if len(parameter.shape) < 2:
            return (max(rows - 2, 0),) if parameter.name == self.uneven else (rows,)
        return rows, columns


@dataclass(frozen=True, slots=True)
class MeasuredExtent:
    """What a run showed of one array. extents: those that the run needs: (elements,), or (rows,
    columns) of a table; (0,) if it touches nothing. read, written: whether the run reads and writes
    the array.
    """

    extents: tuple[int, ...]
    read: bool
    written: bool


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What running a sketch showed. sketch: the sketch. arrays: what the run touched of each array,
    by name; {} if there is a reason. reason: why the sketch cannot become a test; '' if it can.
    elapsed_ms: run time in milliseconds. changed: an array or a scalar changed, or a result was
    returned. accesses: what was touched, per parameter, as the back end gave it.
    """

    sketch: Sketch
    arrays: dict[str, MeasuredExtent]
    reason: str = ""
    elapsed_ms: float = 0.0
    changed: bool = False
    """Whether any array changed or a result was returned."""
    accesses: tuple[Access, ...] = ()
    """By parameter, as the run gave them."""

    @property
    def wrote(self) -> bool:
        """Return whether the run changed something, or wrote to an array, even the same value."""
        return self.changed or any(m.written for m in self.arrays.values())


def build_test(
    sketch: Sketch, extents: dict[str, tuple[int, ...]], signature: Signature
) -> UnitTest:
    """Return the test that has the sketch's scalars and contents. extents: of each array, by name.
    signature: the program's. Raises KeyError if one of its parameters has no value.
    """
    assignments: list[ScalarValue | ArrayValue] = []
    for p in signature.parameters:
        if p.kind == "scalar":
            assignments.append(ScalarValue(p.name, p.type, sketch.scalars[p.name]))
        else:
            assignments.append(
                ArrayValue(p.name, p.type, extents[p.name], fill=sketch.fills[p.name])
            )
    return UnitTest(tuple(assignments))


def probe_extents(
    backend: ExecutionBackend,
    compiled: Compiled,
    sketches: Sequence[Sketch],
    geometry_of: GeometryOf = no_geometry,
    largest: int = 1 << 16,
    lengths: Sequence[Mapping[str, int]] = (),
    named: Sequence[int] = (),
) -> list[ProbeResult]:
    """Run sketches on arrays that grow until the program stays inside them, and return what it
    touched, per sketch, in order.

    compiled: the program, built as the RECORDED variant. geometry_of(test): the launch of a bare
        kernel; None for a function. largest: a sketch that touches more elements of one array is
        rejected.
    lengths[i]: lengths expected of the arrays of sketch i, by name, on which some contents depend;
        () where none are known. named: likely lengths, ascending, to grow to.
    """
    signature = compiled.request.signature
    probes: dict[int, ProbeResult] = {}
    # Cheap ones first: where a sketch runs out of time, those after it in the batch are lost.
    waiting = sorted(range(len(sketches)), key=lambda i: _cost(sketches[i]))
    windows = {i: min(_choose_first_window(sketches[i], largest), largest) for i in waiting}
    while waiting:
        calls: dict[int, Arguments] = {}
        for i in waiting:
            try:
                calls[i] = _place_in_window(
                    sketches[i],
                    signature,
                    windows[i],
                    geometry_of,
                    largest,
                    lengths[i] if lengths else {},
                )
            except ValueError as error:
                probes[i] = ProbeResult(sketches[i], {}, str(error))
        executions = run_each(backend, compiled, list(calls.values()), choose_limits(largest))
        waiting = []
        for (i, call), execution in zip(calls.items(), executions, strict=True):
            found = _probe(sketches[i], signature, call, execution)
            # A copy by the CUDA run-time ends at the window without complaint: what fills its
            # window may want more.
            full = any(
                (m.extents[0] >= windows[i]) for m in found.arrays.values() if len(m.extents) == 1
            )
            wanted = (
                _find_least_window(execution, signature, windows[i])
                if execution.status is Status.OUT_OF_BOUNDS
                else full * (windows[i] + 1)
            )
            if windows[i] < wanted <= largest and windows[i] < largest:
                while windows[i] < wanted:
                    windows[i] = min(_next_window(windows[i], named), largest)
                waiting.append(i)
            elif full:
                probes[i] = ProbeResult(
                    sketches[i],
                    {},
                    f"out_of_bounds: more than {largest} elements of one array are touched",
                )
            else:
                probes[i] = found
    return [probes[i] for i in range(len(sketches))]


def _choose_first_window(sketch: Sketch, largest: int) -> int:
    """As long as a size that is far beyond the usual window. An access so far behind its array
    would be taken for one before the next array, as when an array is read from its end.
    """
    sizes = [v for v in sketch.scalars.values() if isinstance(v, int) and v <= largest]
    longest = max(sizes, default=0)
    return longest + MARGIN if longest > 8 * WINDOW else WINDOW


def _next_window(window: int, named: Sequence[int] = ()) -> int:
    """In large steps while windows are cheap to fill; then to what a million elements need, and
    something beyond. To a named length and something, where there is a larger one.
    """
    for length in named:
        if window < length + MARGIN:
            return length + MARGIN
    return window * 16 if window < 1 << 18 else window * 4 + WINDOW


def _find_least_window(execution: Execution, signature: Signature, window: int) -> int:
    """The least window on which a call that left its arrays might stay inside; 0 where none helps
    (an index below the array).
    """
    place = PLACE.search(execution.detail)
    if place is None:
        return window + 1
    element = int(place[2] or place[3])
    parameter = next(
        (p for i, p in enumerate(signature.parameters) if str(i) == place[1] or p.name == place[4]),
        None,
    )
    if parameter is None or parameter.kind != "array":
        return window + 1
    return max(window, element) + 1 if element >= 0 else 0


def choose_limits(largest: int) -> Limits:
    """Return the limits on time and memory for runs of a program that may touch `largest` elements
    of one array.
    """
    limits = _LIMITS_FAR if largest > FAR else LIMITS
    return replace(limits, accesses=max(MAX_ACCESSES, 64 * largest))


def exceeds_largest(found: ProbeResult, largest: int) -> bool:
    """Return whether the run `found` touched more than `largest` elements of some array."""
    place = PLACE.search(found.reason) if found.reason.startswith("out_of_bounds") else None
    return place is not None and int(place[2] or place[3]) >= largest


def _cost(sketch: Sketch) -> float:
    """A guess at how the work grows: the product of the sizes."""
    sizes = [abs(int(v)) for v in sketch.scalars.values() if isinstance(v, int)]
    return math.prod(float(max(1, min(v, 1 << 20))) for v in sizes) * max(sketch.side, *sizes, 1)


def read_declared_extent(parameter: Parameter, scalars: Scalars, largest: int = 1 << 16) -> int:
    """Return the number of elements that the Fortran declaration of `parameter` (`bins(256)`, `a(n,
    0:m)`) promises. It is 0 if it has no extents, or they cannot be evaluated or give more than
    `largest`. scalars: values by name.
    """
    known = {name.lower(): int(value) for name, value in scalars.items() if isinstance(value, int)}
    extents = (
        evaluate_extents(parameter.shape, known)
        if parameter.kind == "array" and parameter.shape
        else None
    )
    count = math.prod(extents) if extents else 0
    return count if count <= largest else 0


def choose_leading_margin(parameter: Parameter) -> int:
    """Return how many elements of an array are placed before the pointer that a test passes for
    `parameter`. It is 0 for scalars and assumed-shape arrays.
    """
    if parameter.kind != "array" or is_assumed_shape(parameter):
        return 0
    member = parameter.member
    return (
        MARGIN
        if member is None or not member.count
        else MARGIN * member.count * (member.passing == "array")
    )


def _place_in_window(
    sketch: Sketch,
    signature: Signature,
    window: int,
    geometry_of: GeometryOf,
    largest: int,
    lengths: Mapping[str, int],
) -> Arguments:
    values, origins = [], []
    for stream, p in enumerate(signature.parameters):
        if p.kind == "scalar":
            values.append(materialize_scalar(ScalarValue(p.name, p.type, sketch.scalars[p.name])))
        elif p.kind == "rows":
            side = _choose_table_side(sketch, window)
            values.append(
                expand_fill(sketch.fills[p.name], p.type, side * side, stream).reshape(side, side)
            )
        elif is_assumed_shape(p):
            shape = sketch.given(p)
            flat = expand_fill(sketch.fills[p.name], p.type, math.prod(shape), stream)
            values.append(flat.reshape(shape) if is_two_dimensional(p, len(shape)) else flat)
        else:
            body = expand_fill(
                sketch.fills[p.name],
                p.type,
                max(window, read_declared_extent(p, sketch.scalars, largest)),
                stream,
            )
            before = choose_leading_margin(p)
            values.append(
                np.concatenate([np.zeros(before, DTYPES[p.type]), body]) if before else body
            )
            if 0 < (length := lengths.get(p.name, 0)) < len(body):
                values[-1][before : before + length] = expand_fill(
                    sketch.fills[p.name], p.type, length, stream
                )
        origins.append(choose_leading_margin(p))
    if geometry_of is no_geometry:
        return Arguments(tuple(values), origins=tuple(origins))
    wide = {
        p.name: v.shape if v.ndim == 2 or not o else (window,)
        for p, v, o in zip(signature.parameters, values, origins, strict=True)
    }
    geometry = geometry_of(build_test(sketch, wide, signature))
    return Arguments(tuple(values), origins=tuple(origins), geometry=geometry)


def _choose_table_side(sketch: Sketch, window: int) -> int:
    """Rows and columns of a table: one more than the largest size, so that every use of a size as
    an extent fits.
    """
    sizes = [v for v in sketch.scalars.values() if isinstance(v, int) and 0 <= v <= 4096]
    return min(max([8, *sizes]) + 1, int(window**0.5) * 2)


def _probe(
    sketch: Sketch, signature: Signature, call: Arguments, execution: Execution
) -> ProbeResult:
    if execution.status is not Status.OK:
        return ProbeResult(sketch, {}, f"{execution.status.value}: {execution.detail}")
    arrays = {}
    changed = execution.result is not None
    for i, p in enumerate(signature.parameters):
        if p.kind == "scalar":
            changed |= p.by_reference and not has_same_bytes(execution.values[i], call.values[i])
            continue
        access = execution.accesses[i]
        touched = [v for v in (access.first_read, access.first_write) if v is not None]
        if touched and min(touched) < 0:
            return ProbeResult(sketch, {}, f"{p.name}[{min(touched)}] is touched")
        arrays[p.name] = _measure_extent(p, access, call.values[i].shape)
        changed |= not has_same_bytes(execution.values[i], call.values[i])
    return ProbeResult(sketch, arrays, "", execution.elapsed_ms, changed, tuple(execution.accesses))


def _measure_extent(parameter: Parameter, access: Access, shape: tuple[int, ...]) -> MeasuredExtent:
    last = max((v for v in (access.last_read, access.last_write) if v is not None), default=-1)
    read, written = access.first_read is not None, access.first_write is not None
    if is_assumed_shape(parameter):
        return MeasuredExtent(shape, read, written)
    if (
        parameter.kind == "rows"
    ):  # ranges are counted through all rows: the last element touched ends the last row
        return MeasuredExtent(
            (max(last, 0) // shape[1] + 1, max(last, 0) % shape[1] + 1), read, written
        )
    return MeasuredExtent((last + 1,), read, written)
