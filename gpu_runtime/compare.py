"""What a test must give, how far from it a right answer may lie, and where an answer first differs.

Formula, per element i of a floating buffer (real and imaginary parts apart):

    tolerance_i = max(ULPS * s * ulp(e_i) + SAFETY * b_i + smallest normal number, HELD * ulp(g_i))
    b_i = max(|precise_i - e_i|, |precise_ik - redrawn_ik|, |nudged_ik - e_i|,
              min(|reassociated_i - e_i|, JUMP * rest_i))

e is what the source gave at -O2. `precise` is the source in the next wider type: it shows the
source's own rounding error at this element. One such error may be small by luck, so it is drawn
again: `redrawn_k` and `precise_k` are the source and the wider source on inputs moved by up to a
thousandth, where the rounding errors are of the same size but other ones. `nudged_k`, inputs moved
by one unit in the last place, show the condition of the computation. `reassociated` (-O3
-ffast-math) shows other orders of summation; it is limited by the rest, because fast-math also
moves exact boundaries (x/3 becomes x*(1/3)), which no translation does. g is what the element held
before the call, where that is a whole number and the source reads the buffer that it writes
(elsewhere 0). `v + a - 2*b` and `v += a - 2*b` round at the size of v in other places; where the
rest nearly cancels v, the source may be exact by luck, and `perturb_by_ulp` does not show it: it
leaves whole numbers as they are. s is 1, and the square root of the number of elements where no
wider source exists (CUDA): a block's tree of sums is far more exact than the loop that translates
it, whose error grows like a random walk, so the source's own runs do not show it. Among MANY
elements or more some have small errors in every draw: there b_i is at least the median of all b, as
far as that is not over LUCK times what it was (or an ulp). All of it is per element: one large
element of an array does not widen the bar of a small one. A bar measured on the computation itself
admits a tree reduction, whose error is at most of the serial sum's size, and stays within a few ulp
where nothing cancels. SAFETY covers that a few draws seldom show the worst case; ULPS covers
library functions (CUDA documents errors of 1 to 8 ulp). Integers are exact, except where the source
at higher precision gives another one (a float cut off at an integer): there both and what lies
between them are right. NaN and inf must stand in the same places, but where more precision shows
that only the order of operations made the one or the other, +0 equals -0, buffers the source never
writes are exact. A complex number that is not finite is as good as any other such: what
multiplication makes of infinities and NaN is different in C++ (Annex G's recovery) and Fortran.

    python -c "from gpu_runtime.compare import *; help(make_reference)"
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from gpu_runtime.backend import Arguments, Execution, has_same_bytes
from gpu_runtime.call.materialize import generate_random_bits

ULPS = 8.0
SAFETY = 6.0
JUMP = 64.0
LUCK = 16.0
HELD = 4.0
PARTS = 4.0
"""Units in the last place of all that is summed: what sums of parts may round away, though each is
compensated.
"""
MANY = 256
LOOSE = 0.02
"""A test whose bar exceeds this share of the buffer's largest magnitude on most elements says
nothing.
"""
UNSTABLE_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Reference:
    """The expected outputs of one test. They never reach a process that runs generated code.

    values: buffers in the source's parameter order.
    tolerances: per buffer, the error bar of each element as float64 of the same shape, None where
        values are exact; complex buffers have a trailing axis of 2 for real and imaginary part.
    result, result_tolerance: the returned value and its tolerance, or None.
    unstable: why this test decides nothing; '' if it decides.
    touched: whether the source reads or writes any array; True where unknown.
    read, written: for each parameter, whether the source was seen to read it and to write it, as
        far as its intent allows; empty where unknown.
    """

    values: tuple[np.ndarray, ...]
    tolerances: tuple[np.ndarray | None, ...]
    result: np.ndarray | None = None
    result_tolerance: np.ndarray | None = None
    unstable: str = ""
    touched: bool = True
    read: tuple[bool, ...] = ()
    written: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where outputs differ.

    parameter: index in the source's signature; -1 for the returned value. element: flat index from
        0.
    expected, actual, tolerance: as text; the tolerance is `exact` where none is allowed. count: how
        many elements of this buffer differ.
    """

    parameter: int
    element: int
    expected: str
    actual: str
    tolerance: str
    count: int
    """How many elements of this buffer differ."""


@dataclass(frozen=True, slots=True)
class ReferenceRuns:
    """Runs of the source on one test that measure its error bar. A field is None or empty where the
    variant does not exist.

    precise: in a wider type. reassociated: with fast-math.
    relative_runs: pairs (plain, precise) on `perturb_relative(arguments, k)`
    ulp_runs: plain runs on `perturb_by_ulp(arguments, k)`.
    ulp_and_integer_runs: the same with whole numbers moved too, for sources without `precise`.
    terms: most elements that may be summed into one, where there is no `precise`; else 1.
    given: the buffers before the call. read[i]: whether the source reads parameter i.
    spread: the sum of the sizes of what may be summed, for sources that compensate rounding errors,
        which have no `reassociated`; else 0.
    """

    precise: Execution | None = None
    reassociated: Execution | None = None
    relative_runs: tuple[tuple[Execution, Execution], ...] = ()
    ulp_runs: tuple[Execution, ...] = ()
    ulp_and_integer_runs: tuple[Execution, ...] = ()
    terms: int = 1
    given: tuple[np.ndarray, ...] = ()
    read: tuple[bool, ...] = ()
    spread: float = 0.0


def perturb_by_ulp(arguments: Arguments, draw: int, integral: bool = False) -> Arguments:
    """Return the call with every floating value moved by one unit in the last place, up or down at
    random. Whole numbers, infinities and NaN stay.

    draw: selects the random stream. integral: also move whole numbers other than 0.
    """

    def move(flat: np.ndarray, bits: np.ndarray) -> np.ndarray:
        up = (bits & np.uint64(1 << 40)) != 0
        chosen = (flat != 0) if integral else (flat != np.rint(flat))
        return np.where(chosen, _step_by_ulp(flat, up), flat)

    return _move_values(arguments, draw, move)


def _step_by_ulp(flat: np.ndarray, up: np.ndarray) -> np.ndarray:
    """The next number above or below each; of zero, infinities and NaN it is of no use. What
    np.nextafter gives, as a step of the number's bits.
    """
    whole = np.dtype(f"i{flat.itemsize}")
    step = np.where(up == (flat > 0), 1, -1).astype(whole)
    return (flat.view(whole) + step).view(flat.dtype)


def perturb_relative(arguments: Arguments, draw: int) -> Arguments:
    """Return the call with every floating value multiplied by 1 + d, where |d| <= 2^-10 is random.
    draw: selects the random stream. Infinities and NaN stay.
    """

    def move(flat: np.ndarray, bits: np.ndarray) -> np.ndarray:
        share = (bits >> np.uint64(11)).astype(np.float64) * 2.0**-63 - 2.0**-11
        return (flat * (1.0 + 2.0 * share)).astype(flat.dtype)

    return _move_values(arguments, draw + 100, move)


def _move_values(
    arguments: Arguments, draw: int, move: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> Arguments:
    values = []
    with np.errstate(all="ignore"):
        for stream, value in enumerate(arguments.values):
            if value.dtype.kind in "fc":
                flat = _parts(value).reshape(-1)
                out = np.empty(flat.size, flat.dtype)
                for at in range(0, flat.size, BLOCK):
                    part = flat[at : at + BLOCK]
                    moved = move(part, _bits(draw, 7919 + stream, part.size, at))
                    finite = np.isfinite(part) & np.isfinite(moved)
                    out[at : at + BLOCK] = np.where(finite, moved, part)
                value = out.view(value.dtype).reshape(value.shape)
            values.append(value)
    return replace(arguments, values=tuple(values))


BLOCK = 1 << 15
"""Elements that are worked on at a time: what lies between stays in the processor's cache, and no
temporary is as large as a buffer.
"""


def _bits(draw: int, stream: int, count: int, first: int = 0) -> np.ndarray:
    """generate_random_bits, remembered where they are few: every test of a suite asks for the same
    ones.
    """
    if first or count > FEW:
        return generate_random_bits(draw, stream, count, first)
    return _few_bits(draw, stream)[:count]


FEW = 1 << 11


@lru_cache(maxsize=256)
def _few_bits(draw: int, stream: int) -> np.ndarray:
    return generate_random_bits(draw, stream, FEW)


def make_reference(
    plain: Execution, written: Sequence[bool], runs: ReferenceRuns = ReferenceRuns()
) -> Reference:
    """Make the expected outputs of one test from runs of the source.

    plain: the run whose values are expected. written[i]: whether the source ever writes parameter
        i.
    runs: what the tolerances are measured on.
    """
    tolerances: list[np.ndarray | None] = []
    reasons = []
    for i, value in enumerate(plain.values):
        if not written[i]:
            tolerances.append(None)
            continue
        tolerance, reason = _tolerance(value, runs, i)
        tolerances.append(tolerance)
        reasons.append(reason)
    result_tolerance = None
    if plain.result is not None:
        result_tolerance, reason = _tolerance(plain.result, runs, -1)
        reasons.append(reason)
    unstable = next((r for r in reasons if r), "")
    return Reference(plain.values, tuple(tolerances), plain.result, result_tolerance, unstable)


def _output(execution: Execution | None, parameter: int) -> np.ndarray | None:
    if execution is None:
        return None
    return execution.result if parameter < 0 else execution.values[parameter]


def _parts(value: np.ndarray) -> np.ndarray:
    """A complex array as reals with a trailing axis of 2; others as they are."""
    if value.dtype.kind != "c":
        return value
    flat = np.ascontiguousarray(value)
    return flat.view(flat.real.dtype).reshape((*flat.shape, 2))


def _flat(value: np.ndarray) -> np.ndarray:
    """Its numbers in a row, shape (count,): real and imaginary parts one after the other."""
    return _parts(np.atleast_1d(value)).reshape(-1)


@dataclass(slots=True)
class _BarStatistics:
    """What of a buffer decides about all of its elements: where `reassociated` is far off, the
    largest ulp and magnitude, and how many elements are finite.
    """

    jumps: int = 0
    ulp: float = 0.0
    largest: float = 0.0
    usable: int = 0


def _tolerance(
    value: np.ndarray, runs: ReferenceRuns, parameter: int
) -> tuple[np.ndarray | None, str]:
    """Tolerances (None: exact) of one buffer or result, and why it is unstable (empty: it
    is not).

    Worked out in blocks: once for what each element's own runs say, and once more for what all of
    them together say about each.
    """
    precise, reassociated = _output(runs.precise, parameter), _output(runs.reassociated, parameter)
    if value.dtype.kind not in "fc":
        return _integers(value, precise, reassociated)
    base = _flat(value)
    bars = np.empty(base.size)
    early = np.empty(base.size) if runs.ulp_and_integer_runs else bars
    runs_of = _OutputRuns(runs, parameter)
    found, terms = _BarStatistics(), max(1.0, runs.terms**0.5)
    with np.errstate(all="ignore"):
        for at in range(0, base.size, BLOCK):
            part = slice(at, at + BLOCK)
            expected, ulp, usable = _measure_block(base[part], terms)
            bar = runs_of.find_bar(expected, usable, part)
            early[part] = bar
            found.usable += int(np.count_nonzero(usable))
            found.ulp = max(found.ulp, float(ulp.max(where=usable, initial=0.0)))
            magnitude = np.abs(expected).max(where=usable, initial=0.0)
            found.largest = max(found.largest, float(magnitude))
            if reassociated is not None:
                distance = _distance(expected, runs_of.reassociated[part], usable)
                limit = JUMP * np.maximum(bar, ulp)
                found.jumps += int(np.count_nonzero(distance > SAFETY * limit))
                bar = np.maximum(bar, np.minimum(distance, limit))
            bars[part] = bar
        usual = _usual_bar(bars, base, found.usable)
        widest = (
            max(found.ulp, _ulp_of_largest(runs, parameter)) if runs.ulp_and_integer_runs else 0.0
        )
        # In place: a block's bars are not asked for again.
        loose, tolerance = 0, bars
        parts = PARTS * float(np.spacing(base.real.dtype.type(runs.spread))) if runs.spread else 0.0
        for at in range(0, base.size, BLOCK):
            part = slice(at, at + BLOCK)
            expected, ulp, usable = _measure_block(base[part], terms)
            bar = np.maximum(bars[part], np.minimum(usual, LUCK * np.maximum(bars[part], ulp)))
            # a sum that cancels is off by ulps of its largest terms, of which the buffer shows the
            # size
            for other in runs_of.ulp_and_integer_runs:
                far = _distance(expected, other[part], usable)
                bar = np.maximum(bar, np.minimum(far, JUMP * np.maximum(early[part], widest)))
            loose += int(np.count_nonzero(usable & (bar > LOOSE / SAFETY * found.largest)))
            bar = ULPS * ulp + parts + SAFETY * bar + np.finfo(base.dtype).tiny
            if runs_of.held is not None:
                bar = np.maximum(bar, HELD * _ulp_of_held(runs_of.held[part]))
            if not usable.all():
                bar = np.where(usable, bar, 0.0)
                if precise is not None:
                    bar[_by_order(base[part], runs_of.precise[part])] = np.inf
            tolerance[part] = bar
    return tolerance.reshape(_parts(value).shape), _why_unstable(found, loose, base.size)


def _why_unstable(found: _BarStatistics, loose: int, size: int) -> str:
    """Empty where the buffer is not unstable. loose: how many elements have a wide bar."""
    if size and found.jumps / size > UNSTABLE_SHARE:
        return "the source's result depends on the optimisation level"
    if found.largest > 0 and loose / found.usable > 0.5:
        return "ill-conditioned: the source's own rounding error is as large as its result"
    return ""


def _measure_block(part: np.ndarray, terms: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of some elements the value as float64, the ulp times `terms`, and whether it is finite."""
    expected = part.astype(np.float64)
    ulp = np.spacing(np.abs(part)).astype(np.float64)
    return expected, ulp * terms, np.isfinite(expected)


SAMPLE = 1 << 20
"""Elements of a buffer whose median is looked for; of more every n-th is taken."""


def _usual_bar(bars: np.ndarray, base: np.ndarray, usable: int) -> float:
    """Draws are few and elements many: some are lucky in all of them. The usual error of the
    buffer stands in, as far as it fits the element; 0 where elements are few.
    """
    if usable < MANY:
        return 0.0
    step = max(1, base.size // SAMPLE)
    taken = np.isfinite(base[::step])
    return float(np.median(bars[::step][taken])) if taken.any() else 0.0


class _OutputRuns:
    """What the runs of the source left in one buffer (or returned), as flat arrays."""

    def __init__(self, runs: ReferenceRuns, parameter: int) -> None:
        def flat(run: Execution | None) -> np.ndarray | None:
            value = _output(run, parameter)
            return None if value is None else _flat(value)

        self.precise, self.reassociated = flat(runs.precise), flat(runs.reassociated)
        near = [self.precise, *(flat(run) for run in runs.ulp_runs)]
        self.near = [value for value in near if value is not None]
        drawn = [(flat(a), flat(b)) for a, b in runs.relative_runs]
        self.relative_runs = [(a, b) for a, b in drawn if a is not None and b is not None]
        self.ulp_and_integer_runs = [
            value for value in map(flat, runs.ulp_and_integer_runs) if value is not None
        ]
        read = parameter >= 0 and runs.given and runs.read and runs.read[parameter]
        self.held = _flat(runs.given[parameter]) if read else None

    def find_bar(self, expected: np.ndarray, usable: np.ndarray, part: slice) -> np.ndarray:
        """The largest distance that runs show, of the elements `part`."""
        bar = np.zeros(expected.shape)
        for value in self.near:
            np.maximum(bar, _distance(expected, value[part], usable), out=bar)
        for one, other in self.relative_runs:
            np.maximum(bar, _distance(one[part], other[part], usable), out=bar)
        return bar


def _by_order(base: np.ndarray, precise: np.ndarray) -> np.ndarray:
    """Where the source's value is not finite and more precision gives another kind of value: an
    overflow on the way, of which the order of operations decides whether it becomes infinite or no
    number.
    """
    same = (np.isnan(base) & np.isnan(precise)) | (
        base == precise.astype(base.dtype, copy=False)
    ) & ~np.isfinite(precise)
    return ~np.isfinite(base) & ~same


def _ulp_of_largest(runs: ReferenceRuns, parameter: int) -> float:
    """Of what the buffer held before the call; 0 for a result or where that is not known."""
    if parameter < 0 or not runs.given:
        return 0.0
    given = np.abs(_parts(np.atleast_1d(runs.given[parameter])))
    return float(np.spacing(given.max(where=np.isfinite(given), initial=0)))


def _ulp_of_held(held: np.ndarray) -> np.ndarray:
    """Of the whole number that each element held before the call; 0 where it was none."""
    held = np.abs(held)
    whole = np.isfinite(held) & (held == np.rint(held))
    return np.where(whole, np.spacing(held), 0).astype(np.float64)


def _distance(one: np.ndarray, other: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """|one - other| where finite, else 0: a run that overflows elsewhere says nothing about
    this element.
    """
    wide = np.float64
    distance = one.astype(wide, copy=False) - other.astype(wide, copy=False)
    np.abs(distance, out=distance)
    counted = usable & np.isfinite(distance)
    return distance if counted.all() else np.where(counted, distance, 0.0)


def _integers(
    value: np.ndarray, precise: np.ndarray | None, reassociated: np.ndarray | None
) -> tuple[np.ndarray | None, str]:
    """Tolerance of an integer buffer: nothing (None), or per element the distance to what higher
    precision gives.
    """
    if all(other is None or np.array_equal(value, other) for other in (precise, reassociated)):
        return None, ""  # nearly always
    wide = value.astype(np.float64)
    tolerance = (
        np.zeros(value.shape) if precise is None else np.abs(wide - precise.astype(np.float64))
    )
    if reassociated is not None and value.size:
        # By one: fast-math moves where a float is cut off. By more: undefined behaviour, most
        # likely a value never set.
        if np.mean(np.abs(wide - reassociated.astype(np.float64)) > tolerance + 1) > UNSTABLE_SHARE:
            return None, "the source's result depends on the optimisation level"
    if np.mean(tolerance > 0) > 0.5 if value.size > 1 else False:
        return None, "an integer result depends on the precision of floating-point steps"
    return (tolerance if tolerance.any() else None), ""


def find_difference(
    reference: Reference, values: Sequence[np.ndarray], result: np.ndarray | None
) -> Difference | None:
    """Return the first place where outputs differ from `reference` beyond their tolerance; None if
    there is none.

    values: buffers in the source's order and shapes. result: the returned value; None is not
        compared. Buffers are compared in order, the result last. Raises ValueError if a buffer's
        shape is not the expected one.
    """
    for i, (expected, actual) in enumerate(zip(reference.values, values, strict=True)):
        if (
            difference := _make_first_difference(expected, actual, reference.tolerances[i], i)
        ) is not None:
            return difference
    if reference.result is None or result is None:
        return None
    return _make_first_difference(reference.result, result, reference.result_tolerance, -1)


def _make_first_difference(
    expected: np.ndarray, actual: np.ndarray, tolerance: np.ndarray | None, parameter: int
) -> Difference | None:
    if expected.shape != actual.shape:
        raise ValueError(
            f"parameter {parameter}: shapes {expected.shape} and {actual.shape} differ"
        )
    if expected is actual:  # neither side changed the one array that both were given
        return None
    if expected.dtype == actual.dtype and has_same_bytes(expected, actual):
        return None
    old, new = expected.reshape(-1), actual.reshape(-1)
    allowed = None if tolerance is None else tolerance.reshape(_parts(old).shape)
    place, count = -1, 0
    for at in range(0, old.size, BLOCK):
        part = slice(at, at + BLOCK)
        bar = None if allowed is None else allowed[part]
        places = np.flatnonzero(_differs(old[part], new[part], bar))
        if place < 0 and len(places):
            place = at + int(places[0])
        count += len(places)
    if not count:
        return None
    said = "exact" if allowed is None else f"{allowed[place].max():.3g}"
    shown = format_value(old[place]), format_value(new[place])
    return Difference(parameter, place, *shown, said, count)


def _differs(expected: np.ndarray, actual: np.ndarray, tolerance: np.ndarray | None) -> np.ndarray:
    """Boolean array of the values' shape, (count,)."""
    if expected.dtype.kind not in "fc":
        wrong = expected != actual
        if tolerance is not None and wrong.any():
            wrong &= np.abs(actual.astype(np.float64) - expected.astype(np.float64)) > tolerance
        return wrong
    a, b = _parts(expected), _parts(np.asarray(actual).astype(expected.dtype, copy=False))
    wrong = ~((a == b) | (np.isnan(a) & np.isnan(b)))
    if tolerance is not None and wrong.any():
        if expected.dtype.kind == "c":
            wrong &= (np.isfinite(a).all(axis=-1) | np.isfinite(b).all(axis=-1))[..., None]
        with np.errstate(all="ignore"):
            near = np.abs(b.astype(np.float64) - a.astype(np.float64)) <= tolerance
        wrong &= ~(near & np.isfinite(a) & np.isfinite(b))
        wrong &= ~(np.isinf(tolerance) & ~np.isfinite(a) & ~np.isfinite(b))
    return wrong.any(axis=-1) if expected.dtype.kind == "c" else wrong


def format_value(value: np.generic) -> str:
    """Return a value as the shortest text that is exact in its own type."""
    return str(value)
