"""A unit test as numpy buffers, ready for any back end: seeded fills, expanded by counter and
vectorised.

Contract: the same test and signature give the same bytes on every machine and in every numpy
version (no np.random). Element k of a fill depends on (seed, position of the parameter, k) only, so
that two arrays with one seed differ and a longer array begins with the shorter one (permutation,
sorted, falling, serpentine, stretches and definite excepted). Generator: SplitMix64 (Steele, Lea
and Flood, 2014) used as a counter-based hash.

    python -c "from gpu_runtime.call.materialize import *; \\
        print(expand(Fill('uniform', (-1, 1), 3), 'f32', 4))"
"""

from __future__ import annotations

import math
from collections import OrderedDict
from functools import lru_cache

import numpy as np

from corpora.records import ArrayValue, Fill, Parameter, ScalarValue, Signature, UnitTest
from gpu_runtime.backend import Arguments

DTYPES = {
    "bool": np.dtype(np.bool_),
    "i8": np.dtype(np.int8),
    "u8": np.dtype(np.uint8),
    "i16": np.dtype(np.int16),
    "u16": np.dtype(np.uint16),
    "i32": np.dtype(np.int32),
    "u32": np.dtype(np.uint32),
    "i64": np.dtype(np.int64),
    "u64": np.dtype(np.uint64),
    "f32": np.dtype(np.float32),
    "f64": np.dtype(np.float64),
    "c64": np.dtype(np.complex64),
    "c128": np.dtype(np.complex128),
}
_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def generate_random_bits(seed: int, stream: int, count: int, first: int = 0) -> np.ndarray:
    """Return 64 pseudo-random bits for each of `count` counters from `first`, as uint64 of shape
    (count,). Equal seed, stream and counter give equal bits on every machine. stream: tells apart
    sequences with one seed. Method: SplitMix64 (Steele, Lea and Flood, 2014).
    """
    start = (seed * 0xD1342543DE82EF95 + stream * 0xA0761D6478BD642F + 0x2545F4914F6CDD1D) & _MASK
    z = np.arange(first + 1, first + count + 1, dtype=np.uint64)
    z *= np.uint64(_GOLDEN)
    z += np.uint64(start)
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


_BLOCK = 1 << 14
"""Elements that are made at a time, so that what lies between stays in the processor's cache."""


def _unit(seed: int, stream: int, count: int, first: int = 0) -> np.ndarray:
    """float64 in [0, 1), shape (count,), from the words at counters `first` on."""
    return (generate_random_bits(seed, stream, count, first) >> np.uint64(11)).astype(
        np.float64
    ) * 2.0**-53


def _real(fill: Fill, dtype: np.dtype, stream: int, count: int) -> np.ndarray:
    """uniform, normal, sorted, falling, constant of a floating type."""
    if fill.kind == "constant":
        return np.full(count, fill.arguments[0], dtype)
    a, b = (float(v) for v in fill.arguments)
    values = np.empty(count, dtype)
    with np.errstate(over="ignore"):
        for at in range(0, count, _BLOCK):
            part = values[at : at + _BLOCK]
            u = _unit(fill.seed, stream, len(part), at)
            if fill.kind == "normal":
                v = _unit(fill.seed, stream + (1 << 20), len(part), at)
                part[:] = a + b * np.sqrt(-2.0 * np.log1p(-u)) * np.cos(2.0 * np.pi * v)
            else:
                part[:] = a * (1.0 - u) + b * u
    return _ordered(values, fill)


def _ordered(values: np.ndarray, fill: Fill) -> np.ndarray:
    """Rising for `sorted`, falling for `falling`, else as they are."""
    if fill.kind not in ("sorted", "falling"):
        return values
    return np.sort(values) if fill.kind == "sorted" else np.sort(values)[::-1]


def _integral(fill: Fill, dtype: np.dtype, stream: int, count: int) -> np.ndarray:
    """Every kind but `special` of an integer type or bool; bounds are cut to the type's range."""
    low, high = (
        (0, 1) if dtype.kind == "b" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
    )

    def cut(value: float | int) -> int:
        return (
            min(max(int(value), low), high)
            if math.isfinite(value)
            else (high if value > 0 else low)
        )

    if fill.kind == "constant":
        value = fill.arguments[0]
        return np.full(
            count, 0 if isinstance(value, float) and math.isnan(value) else cut(value), dtype
        )
    if fill.kind == "permutation":
        order = np.argsort(generate_random_bits(fill.seed, stream, count), kind="stable")
        return order.astype(dtype)
    if fill.kind == "normal":
        floats = _real(fill, np.dtype(np.float64), stream, count)
        return np.clip(np.rint(floats), low, high).astype(np.float64).astype(dtype)
    bounds = (0, fill.arguments[0] - 1) if fill.kind == "indices" else fill.arguments
    first, last = cut(math.ceil(bounds[0])), cut(math.floor(bounds[1]))
    span = max(last - first, 0) + 1
    values = np.empty(count, dtype)
    for at in range(0, count, _BLOCK):
        part = values[at : at + _BLOCK]
        bits = generate_random_bits(fill.seed, stream, len(part), at)
        if span <= _MASK:
            bits = bits & np.uint64(span - 1) if span & (span - 1) == 0 else bits % np.uint64(span)
        bits += np.uint64(first & _MASK)  # two's complement: wraps to the right value
        part[:] = bits.view(np.int64) if dtype.kind == "i" else bits
    return _ordered(values, fill)


def _specials(dtype: np.dtype) -> np.ndarray:
    if dtype.kind == "f":
        info = np.finfo(dtype)
        tiny = info.smallest_subnormal
        return np.array(
            # No largest numbers: whether a sum of them overflows depends on its order, which
            # equivalence leaves open.
            [
                0.0,
                -0.0,
                np.nan,
                np.inf,
                -np.inf,
                1.0,
                -1.0,
                tiny,
                -tiny,
                info.tiny,
                info.eps,
                0.5,
                3.0,
                -2.5,
            ],
            dtype,
        )
    if dtype.kind == "b":
        return np.array([False, True])
    info = np.iinfo(dtype)
    return np.array(
        [
            0,
            1,
            info.max,
            info.min,
            info.max - 1,
            info.min + 1,
            2,
            3,
            *([-1] if dtype.kind == "i" else []),
        ],
        dtype,
    )


def _special(fill: Fill, dtype: np.dtype, stream: int, count: int) -> np.ndarray:
    """Every special value once, beginning at one that the seed chooses, then at random."""
    values = _specials(dtype)
    picks = (generate_random_bits(fill.seed, stream, count) % np.uint64(len(values))).astype(
        np.int64
    )
    once = min(count, len(values))
    picks[:once] = (np.arange(once) + fill.seed) % len(values)
    return values[picks]


def _choice(fill: Fill, dtype: np.dtype, stream: int, count: int) -> np.ndarray:
    """Every value of a list once, beginning at one that the seed chooses, then at random. An
    integer type takes those that it can hold, at its bounds where it cannot.
    """
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            values = np.array(fill.arguments, dtype)
    else:
        parts = [_integral(Fill("constant", (v,)), dtype, 0, 1) for v in fill.arguments]
        values = np.concatenate(parts)
    bits = generate_random_bits(fill.seed, stream, count)
    picks = (bits % np.uint64(len(values))).astype(np.int64)
    once = min(count, len(values))
    picks[:once] = (np.arange(once) + fill.seed) % len(values)
    return values[picks]


def _composed(fill: Fill, dtype: np.dtype, stream: int, count: int) -> np.ndarray:
    """magnitudes: as many in every octave, of either sign; serpentine: up and down again; sparse:
    one element in eight, the others zero.
    """
    low, high = (float(v) for v in fill.arguments)
    unit = _unit(fill.seed, stream, count)
    if fill.kind == "magnitudes":
        values = low * (high / low) ** unit
        signs = generate_random_bits(fill.seed, stream + (1 << 20), count) >> np.uint64(63)
        values = np.where(signs == 1, -values, values)
    elif fill.kind == "serpentine":
        ordered = np.sort(low * (1.0 - unit) + high * unit)
        values = np.concatenate([ordered[::2], ordered[1::2][::-1]])
    else:
        chosen = generate_random_bits(fill.seed, stream + (1 << 20), count) >> np.uint64(61)
        values = np.where(chosen == 0, low * (1.0 - unit) + high * unit, 0.0)
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            return values.astype(dtype)
    info = np.iinfo(np.int8 if dtype.kind == "b" else dtype)
    values = np.clip(np.trunc(values), float(info.min), float(np.nextafter(info.max, 0)))
    return values.astype(dtype)


def _patterned(fill: Fill, dtype: np.dtype, stream: int, count: int) -> np.ndarray:
    """Contents in which places matter: stretches, cycled, winding, definite, phrases."""
    makers = {"stretches": _stretches, "winding": _winding, "definite": _definite}
    if fill.kind == "cycled":
        codes = np.resize(np.array(fill.arguments), count)
    elif fill.kind == "phrases":
        codes = np.array(_phrases(fill, stream, count))
    else:
        codes = makers[fill.kind](fill, stream, count)
    if dtype.kind == "f":
        return codes.astype(dtype)
    info = np.iinfo(np.int8 if dtype.kind == "b" else dtype)
    return np.clip(codes.astype(np.int64), info.min, info.max).astype(dtype)


def _stretches(fill: Fill, stream: int, count: int) -> np.ndarray:
    """Ones and zeros in turn. The first two stretches are the longest; after them lengths are as
    often below the root of the longest as above it.
    """
    lengths = np.exp(_unit(fill.seed, stream, count) * math.log(fill.arguments[0]))
    lengths[:2] = max(1, min(fill.arguments[0], count // 3))
    ends = np.cumsum(lengths.astype(np.int64))
    return (np.searchsorted(ends, np.arange(count), side="right") + fill.seed) % 2


def _winding(fill: Fill, stream: int, count: int) -> np.ndarray:
    """Zeros, and ones in every other row but at one of its ends, by turns its last and first."""
    columns = int(fill.arguments[0])
    row, column = np.divmod(np.arange(count), columns)
    opening = np.where(row % 4 == 1, columns - 1, 0)
    return ((row % 2 == 1) & (column != opening)).astype(np.int64)


def _definite(fill: Fill, stream: int, count: int) -> np.ndarray:
    """A symmetric matrix with eigenvalues of every magnitude between two bounds: a diagonal one,
    reflected (Householder). Elements behind the largest square are like its diagonal.
    """
    low, high = (float(v) for v in fill.arguments)
    side = math.isqrt(count)
    values = low * (high / low) ** _unit(fill.seed, stream, max(side, count - side * side))
    direction = 2.0 * _unit(fill.seed, stream + (1 << 20), side) - 1.0
    direction /= math.sqrt(math.fsum(direction**2)) or 1.0
    given = values[:side] * direction
    crossed = np.outer(direction, given)
    matrix = 4.0 * math.fsum(direction * given) * np.outer(direction, direction)
    matrix -= 2.0 * (crossed + crossed.T)
    matrix[np.diag_indices(side)] += values[:side]
    return np.concatenate([matrix.ravel(), values[: count - side * side]])


def _phrases(fill: Fill, stream: int, count: int) -> list[float]:
    """Phrases, their beginnings, with one element changed, and single elements of them."""
    ends = [k for k, v in enumerate(fill.arguments) if math.isnan(v)] + [len(fill.arguments)]
    starts = [0, *(end + 1 for end in ends)]
    phrases = [list(fill.arguments[a:b]) for a, b in zip(starts, ends, strict=False) if b > a]
    phrases = phrases or [[0]]
    made: list[float] = list(phrases[fill.seed % len(phrases)])
    for bits in generate_random_bits(fill.seed, stream, count).tolist():
        if len(made) >= count:
            break
        phrase = phrases[(bits >> 8) % len(phrases)]
        place, way = (bits >> 24) % len(phrase), bits % 6
        if way < 2:
            made += phrase
        elif way == 2:
            made += phrase[: place + 1]
        elif way == 3:
            made += [*phrase[:place], phrase[place] + 1, *phrase[place + 1 :]]
        else:
            made.append(phrase[place] + (way == 5))
    return made[:count]


def expand_fill(fill: Fill, type_: str, count: int, stream: int = 0) -> np.ndarray:
    """Return `count` elements by the rule `fill`, shape (count,), perhaps read-only.

    fill: a kind of contents, such as `uniform`, with its numbers and seed. type_: the element
        type's name, such as `f32`. stream: the parameter's position, so that two arrays with one
        seed differ. Integer fills give whole numbers in floating types too.
    """
    if fill.kind in _WHOLE:
        return (
            _expand_kind(fill, type_, count, stream)
            if count > MAX_KEPT
            else _kept(_exact(fill), fill, type_, count, stream)
        )
    if count > LONGEST_KEPT:
        return _expand_kind(fill, type_, count, stream)
    key = (_exact(fill), type_, stream)
    known = _longest.pop(key, None)
    if known is None or len(known) < count:
        known = _expand_kind(fill, type_, count, stream)
        known.flags.writeable = False
        if len(_longest) >= MOST_FILLS or count > MAX_KEPT:  # only then is it worth counting
            while len(_longest) >= MOST_FILLS or sum(map(len, _longest.values())) > MOST_ELEMENTS:
                _longest.popitem(last=False)
    _longest[key] = known
    return known[:count]


MAX_KEPT = 1 << 12
"""Elements of an expanded fill that is remembered as a whole: a tester asks for the same contents
many times over.
"""
LONGEST_KEPT, MOST_FILLS, MOST_ELEMENTS = 66_560, 256, 1 << 20
"""Of fills whose longer arrays begin with the shorter ones the longest is remembered."""
_WHOLE = frozenset(
    {"sorted", "falling", "permutation", "normal", "serpentine", "stretches", "definite"}
)
_longest: OrderedDict[tuple[object, ...], np.ndarray] = OrderedDict()


def _exact(fill: Fill) -> tuple[object, ...]:
    """0.0 and -0.0 are equal, their fills are not the same."""
    return fill.kind, repr(fill.arguments), fill.seed


@lru_cache(maxsize=128)
def _kept(exact: tuple[object, ...], fill: Fill, type_: str, count: int, stream: int) -> np.ndarray:
    values = _expand_kind(fill, type_, count, stream)
    values.flags.writeable = False
    return values


def _expand_kind(fill: Fill, type_: str, count: int, stream: int) -> np.ndarray:
    dtype = DTYPES[type_]
    if fill.kind == "null":
        return np.zeros(count, dtype)
    if dtype.kind == "c":
        part = "f32" if type_ == "c64" else "f64"
        real, imaginary = (
            expand_fill(fill, part, count, stream + offset) for offset in (0, 1 << 21)
        )
        return _join_complex(real, imaginary, dtype)
    if fill.kind == "special":
        return _special(fill, dtype, stream, count)
    if fill.kind == "choice":
        return _choice(fill, dtype, stream, count)
    if fill.kind in ("magnitudes", "serpentine", "sparse"):
        return _composed(fill, dtype, stream, count)
    if fill.kind in ("stretches", "cycled", "winding", "definite", "phrases"):
        return _patterned(fill, dtype, stream, count)
    if dtype.kind == "f" and fill.kind in ("uniform", "normal", "sorted", "falling", "constant"):
        return _real(fill, dtype, stream, count)
    if dtype.kind == "f":
        return _integral(fill, np.dtype(np.int64), stream, count).astype(dtype)
    return _integral(fill, dtype, stream, count)


def _join_complex(real: np.ndarray, imaginary: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Complex from parts without arithmetic, which would turn inf * 0 into NaN."""
    joined = np.empty(len(real), dtype)
    joined.real, joined.imag = real, imaginary
    return joined


def materialize_array(value: ArrayValue, parameter: Parameter, stream: int) -> np.ndarray:
    """Return an array of a test as a buffer of its element type. Its shape is (rows, columns) for a
    table of rows and for Fortran's assumed-shape matrices, else (count,).

    value: the extents and contents that the test gives. parameter: the program's parameter, which
        decides the shape. stream: the parameter's index in the signature, so that two arrays with
        one seed get different contents.
    """
    count = math.prod(value.extents)
    dtype = DTYPES[value.type]
    if value.fill is not None:
        array = expand_fill(value.fill, value.type, count, stream)
    elif dtype.kind == "c":
        parts = np.array(value.values, np.float64)
        array = _join_complex(parts[::2], parts[1::2], dtype)
    else:
        with np.errstate(over="ignore"):
            array = np.array(value.values, dtype)
    return (
        array.reshape(value.extents) if is_two_dimensional(parameter, len(value.extents)) else array
    )


def is_assumed_shape(parameter: Parameter) -> bool:
    """Return whether `parameter` is an array whose extents reach the program with it, as for
    Fortran's `x(:)`.
    """
    return parameter.kind == "array" and any(part.endswith(":") for part in parameter.shape)


def evaluate_extents(shape: tuple[str, ...], scalars: dict[str, int]) -> tuple[int, ...] | None:
    """Return the extents of a Fortran declaration; None if one cannot be evaluated.

    shape: one text per dimension, such as `n` or `0:m` (m + 1 elements). scalars: values of
        integers by name in lower case. An extent below 0 becomes 0.
    """
    from gpu_runtime.launch.plans import (
        evaluate_expression,
    )  # late: most programs declare no shapes

    found = []
    for part in shape:
        first, colon, last = part.lower().partition(":")
        try:
            found.append(
                max(
                    0,
                    evaluate_expression(last, scalars, {})
                    - evaluate_expression(first, scalars, {})
                    + 1
                    if colon
                    else evaluate_expression(first, scalars, {}),
                )
            )
        except ValueError:
            return None
    return tuple(found)


def is_two_dimensional(parameter: Parameter, dimensions: int) -> bool:
    """Return whether a value of `parameter` with `dimensions` extents is handed over as an array of
    shape (rows, columns).
    """
    return dimensions == 2 and (
        parameter.kind == "rows" or (is_assumed_shape(parameter) and len(parameter.shape) == 2)
    )


def materialize_scalar(value: ScalarValue) -> np.ndarray:
    """Return a scalar of a test as a 0-d array of its type. A real too large for it becomes
    infinite. Raises OverflowError for a whole number that the type cannot hold.
    """
    plain = complex(*value.value) if isinstance(value.value, tuple) else value.value
    with np.errstate(over="ignore"):
        return np.array(plain, DTYPES[value.type])


def get_integer_scalars(test: UnitTest) -> dict[str, int]:
    """Return the values of a test's integer scalars by name."""
    return {
        a.name: int(a.value)
        for a in test.assignments
        if isinstance(a, ScalarValue) and a.type[0] in "iu" and not isinstance(a.value, tuple)
    }


def get_extents(test: UnitTest) -> dict[str, int]:
    """Return the number of elements of each of a test's arrays, by name."""
    return {a.name: math.prod(a.extents) for a in test.assignments if isinstance(a, ArrayValue)}


def materialize_test(test: UnitTest, signature: Signature) -> Arguments:
    """Return a test as buffers, in the order of the signature's parameters, with its aliases and
    null pointers as indices of parameters. Raises ValueError if the test lacks a parameter, or
    gives a scalar for an array or the reverse.
    """
    by_name = {a.name: a for a in test.assignments}
    position = {p.name: i for i, p in enumerate(signature.parameters)}
    values = []
    for i, parameter in enumerate(signature.parameters):
        value = by_name.get(parameter.name)
        if value is None or isinstance(value, ScalarValue) != (parameter.kind == "scalar"):
            raise ValueError(
                f"the test gives no {parameter.kind} '{parameter.name}' for {signature.name}"
            )
        values.append(
            materialize_scalar(value)
            if isinstance(value, ScalarValue)
            else materialize_array(value, parameter, i)
        )
    aliases = tuple((position[a], position[b]) for a, b in test.aliases)
    nulls = tuple(
        i
        for i, p in enumerate(signature.parameters)
        if isinstance(a := by_name[p.name], ArrayValue) and a.is_null
    )
    return Arguments(tuple(values), aliases=aliases, nulls=nulls)
