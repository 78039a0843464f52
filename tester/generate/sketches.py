"""What the rule-based tester tries: values of scalars and contents of arrays, by role.

Contract: pure and seeded. Roles are learnt elsewhere (tester.generate.rules); with no roles known,
everything is small and non-negative, so that any integer may turn out to be a size or an index.

    python -c "from tester.generate.sketches import *; print(draw_sizes.__doc__)"
"""

from __future__ import annotations

from dataclasses import dataclass, field

from corpora.records import Fill, Parameter, Signature
from corpora.suites.unit_tests import INTEGER_RANGES
from gpu_runtime.call.materialize import generate_random_bits

Values = dict[str, "int | float | bool | tuple[float, float]"]


@dataclass(frozen=True, slots=True)
class ParameterRoles:
    """What a program uses its parameters for, as found by runs and in its text. All are names of
    parameters; one in no role is free.

    sizes: integer scalars that decide extents or must stay small. flags: used as truth values.
        indices: arrays whose contents are used as indices; None: unknown, so that all integer
        arrays count as such. pitches: rows' lengths in bytes.
    letters: by scalar, the codes of the characters or enumerators that it is compared with. base:
        values of scalars on which the program ran without fault; {} where none are known. texts:
        arrays of characters.
    searches, searched: kinds of contents (keys of `searches.KINDS`) on which a search goes
        furthest, and the arrays searched. leading: distances between rows. steps: loop steps, never
        zero. ordered: row offsets, which never decrease. shifts: shift amounts.
    counts: numbers of time steps. within: for each index array or place, the size that its values
        stay below; from_one: those of them that count from one up to it. alike: pairs of sizes, of
        which the second must equal the first.
    gates: arrays of reals that decide whether elements of others are read. emptied: for each size,
        the arrays that have no element where it alone is zero; a size that is no key empties all.
    """

    sizes: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    indices: frozenset[str] | None = None
    """None: not known, all integer arrays are treated as indices."""
    pitches: frozenset[str] = frozenset()
    """Sizes of a row in bytes."""
    letters: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """One-byte scalars that the text compares with characters, and those characters; fields of an
    enumeration's type, and its values.
    """
    base: Values = field(default_factory=dict)
    texts: frozenset[str] = frozenset()
    """Arrays of characters, as the program's text compares or writes characters."""
    searches: tuple[str, ...] = ()
    """Where contents decide how far the program goes: kinds of them (tester.generate.searches) on
    which it goes furthest.
    """
    searched: frozenset[str] = frozenset()
    """Arrays in which it then goes so far."""
    leading: frozenset[str] = frozenset()
    """Sizes that say how far apart rows lie: never less than a row."""
    steps: frozenset[str] = frozenset()
    """Scalars by which a loop steps: never zero."""
    ordered: frozenset[str] = frozenset()
    """Indices of which neighbours bound a row (`row[i]`, `row[i + 1]`): they never fall, or the
    last would not be how many there are.
    """
    shifts: frozenset[str] = frozenset()
    """Scalars by which the text shifts."""
    counts: frozenset[str] = frozenset()
    """Scalars that only say how often a loop round other loops goes on: steps of time, of which few
    say all.
    """
    within: dict[str, str] = field(default_factory=dict)
    """Indices and places, and the size that they are below (tester.generate.index_bounds)."""
    from_one: frozenset[str] = frozenset()
    """Those of `within` that count from one up to that size, as Fortran's do."""

    alike: tuple[tuple[str, str], ...] = ()
    """Sizes that are as large as others: (that one, this one)."""
    gates: frozenset[str] = frozenset()
    """Arrays of reals that decide whether elements of others are read, and lead nowhere."""
    emptied: dict[str, frozenset[str]] = field(default_factory=dict)
    """For each size the arrays that have no element where it alone is zero; a size that is not
    there empties all.
    """


def find_integer_scalars(signature: Signature) -> list[Parameter]:
    """Return the parameters of a signature that are integer scalars, in its order."""
    return [p for p in signature.parameters if p.kind == "scalar" and p.type in INTEGER_RANGES]


def _pick(seed: int, stream: int, pool: tuple) -> object:
    return pool[int(generate_random_bits(seed, stream, 1)[0] >> 33) % len(pool)]


_REALS = (0.5, 1.5, -0.75, 2.0, 0.1, 1.0, -2.5, 0.0, 3.25)
_FREE = (3, 0, 1, -3, 7, 100, -100, 2, 12345, -1)
_FREE_WIDE = (3, 0, (1 << 33) + 7, -3, 7, (1 << 40) + 1, -100, -(1 << 33) - 12345, 12345, -1)
"""Of 64 bits: some that 32 do not hold."""
_COUNTS = (3, 2, 0, 5, 1, 24, 4, -3, 2, 7)
_SHIFTS = (4, 0, 8, 1, 3, 16, 2, 7, 12, 5)


def _draw_real_scalar(
    parameter: Parameter, seed: int, stream: int, turn: int
) -> int | float | bool | tuple[float, float]:
    """A value of a scalar that is no integer."""
    if parameter.type == "bool":
        return bool((turn + stream) % 2)
    value = _REALS[turn] if turn < 2 else float(_pick(seed, stream, _REALS))  # type: ignore[arg-type]
    return (value, 0.5) if parameter.type[0] == "c" else value


def clip_to_type(value: int, parameter: Parameter) -> int:
    """Return the value nearest to `value` that the parameter's integer type can hold. Raises
    KeyError for another type.
    """
    low, high = INTEGER_RANGES[parameter.type]
    return min(max(value, low), high)


def draw_base_scalars(signature: Signature, seed: int, count: int) -> list[Values]:
    """Return `count` draws, each with a value for every scalar by name: small positive integers,
    equal ones first, then mixtures; reals, truth values and complex numbers (real, imaginary) vary
    with the draw. seed: of the random values.
    """
    integers = find_integer_scalars(signature)
    draws: list[Values] = []
    pools = (
        (4,),
        (8,),
        (3, 5, 4, 7, 6),
        (1, 2, 8),
        (2, 4, 16),
        (1, 2, 3, 4, 6, 8, 12, 16),
        (8, 16, 64),
        (1, 4, 32, 48),
    )
    for turn in range(count):
        pool = pools[turn] if turn < len(pools) else pools[turn % 5 + 3]
        values: Values = {}
        for i, p in enumerate(signature.parameters):
            if p.kind != "scalar":
                continue
            drawn = (
                pool[integers.index(p) % len(pool)]
                if p in integers and turn < 3
                else _pick(seed + turn, i, pool)
            )
            plain_turn = (
                turn + 2 if turn else 1
            )  # a program may want one of two numbers to be the larger
            values[p.name] = (
                clip_to_type(int(drawn), p)
                if p in integers
                else _draw_real_scalar(p, seed + turn, i, plain_turn)
            )  # type: ignore[call-overload]
        draws.append(values)
    return draws


_DRAWS: tuple[tuple[tuple[int, ...], ...], ...] = (
    ((1500,), (257,), (2,), (256,)),
    ((1500,), (257,), (2,), (256,)),
    ((139, 5), (6, 100), (45, 40), (32, 16)),
    ((40, 20, 3, 2, 2), (3, 24, 33, 2, 2), (9, 7, 5, 12, 4), (8,)),
)
"""Values of the sizes of a program with none, one, two or more: block, warp, small, exact."""
_WIDE = ((3, 300, 2, 2, 2), (300, 3, 2, 2, 2))
"""For two sizes or more: one of them more than the threads of a usual block."""


def draw_sizes(
    signature: Signature, roles: ParameterRoles, seed: int, count: int
) -> list[tuple[str, Values]]:
    """Return `count` draws (label, value of every scalar by name). The label says what the sizes
    are: `one`, `small`, `distinct`, `warp` and `block` (beyond a warp's or block's threads), `zero`
    and so on, then `mixed`. roles: what parameters are used for. seed: of the values; equal seeds
    give equal draws.
    """
    sizes = len(roles.sizes)
    # Each size is once more than a block of a 1-D kernel (64) or a side of a 2-D one has (16, 8),
    # as far as that stays cheap.
    block, warp, small, exact = _DRAWS[min(sizes, 3)]
    plan: list[tuple[str, tuple[int, ...]]] = [
        ("distinct", (5, 3, 7, 4, 6, 2, 8, 9)),
        ("one", (1,)),
        ("warp", warp),
        ("block", block),
        ("small", small),
        ("exact", exact),
        ("distinct", (3, 7, 5, 8, 2, 4, 6, 9)),
        ("equal", (6,)),
        ("zero", (0,)),
        ("base", ()),
        ("distinct", (7, 2, 4, 3, 5, 6, 8, 9)),
    ]
    plan += [("wide", pool) for pool in _WIDE if sizes > 1]
    plan += [("near", (name,)) for name in sorted(roles.sizes)][: count // 3]  # type: ignore[list-item]
    plan += [("mixed", ())] * max(0, count - len(plan))
    return [
        (label, _values(signature, roles, seed, turn, label, pool))
        for turn, (label, pool) in enumerate(plan[:count])
    ]


LARGE = frozenset({"warp", "block", "exact"})
"""Labels of draws beyond a block."""
_QUIET: tuple[tuple[tuple[int, ...], ...], ...] = (
    ((257,), (70,), (40,)),
    ((33, 40), (20, 18), (17, 3)),
    ((20, 18, 3, 2, 2), (3, 18, 20, 2, 2), (17, 2, 2, 2, 2)),
)
"""Smaller values beyond a block, for one, two or more sizes, dearest first."""


def draw_reduced_sizes(
    signature: Signature, roles: ParameterRoles, seed: int
) -> list[tuple[str, Values]]:
    """Return three draws (label, value of every scalar by name) for programs that are too slow on
    those of `draw_sizes`, the one with most work first. The label is always `quiet`. Sizes are
    smaller, yet in each draw one is more than the threads of a warp, or along a side of a usual
    2-D block.

    roles: what parameters are used for; free integers keep their values in `roles.base`. seed: of
        the values; equal seeds give equal draws.
    """
    pools = _QUIET[min(len(roles.sizes), 3) - 1]
    drawn = [
        ("quiet", _values(signature, roles, seed, turn, "quiet", pool))
        for turn, pool in enumerate(pools)
    ]
    free = (
        {p.name for p in find_integer_scalars(signature)}
        - roles.sizes
        - roles.pitches
        - roles.flags
        - roles.letters.keys()
    )
    return [
        (label, values | {n: roles.base[n] for n in free if n in roles.base})
        for label, values in drawn
    ]


_MIXED = ((1, 2, 3, 5, 8, 13, 31), (1, 2, 4, 8, 16, 32), (2, 3, 9, 17, 40, 100), (1, 2, 3))


def _values(
    signature: Signature, roles: ParameterRoles, seed: int, turn: int, label: str, pool: tuple
) -> Values:
    values: Values = {}
    place = truths = loose = (
        0  # how many sizes, truth values (letters too) and free numbers came before
    )
    free = _TIES if PROFILES[turn % len(PROFILES)] == "ties" else _FREE
    for i, p in enumerate(signature.parameters):
        if p.kind != "scalar":
            continue
        if (
            p.type == "bool"
            or p.name in roles.letters
            or (p.name in roles.flags and p.type in INTEGER_RANGES)
        ):
            # Each changes half as often as the one before: all combinations come.
            choices = roles.letters.get(p.name, (1, 0))
            chosen = choices[((turn >> truths) + i) % len(choices)]
            values[p.name], truths = bool(chosen) if p.type == "bool" else chosen, truths + 1
        elif p.type not in INTEGER_RANGES:
            tied = free is _TIES and p.type[0] == "f"  # a threshold that some elements are equal to
            values[p.name] = (
                float(_pick_in_strides(_TIES, seed + turn, i, loose))
                if tied
                else _draw_real_scalar(p, seed + turn, i, turn)
            )
            loose += 1
        elif p.name not in roles.sizes and p.name not in roles.pitches and roles.base:
            pool_ = (
                _COUNTS
                if p.name in roles.counts
                else _SHIFTS
                if p.name in roles.shifts
                else _FREE_WIDE
                if free is _FREE and p.type in ("i64", "u64")
                else free
            )
            chosen = _pick_in_strides(pool_, seed + turn, 0 if p.name in roles.counts else i, loose)
            values[p.name] = clip_to_type(abs(chosen) if p.type[0] == "u" else chosen, p)
            loose += 1
        elif label in ("base", "near"):
            # Around values on which the program ran and did something: a relation that it needs is
            # likely to hold there.
            grown = label == "near" and p.name in pool
            values[p.name] = clip_to_type(
                int(roles.base[p.name]) * (2 if grown else 1) + (3 if grown else 0), p
            )  # type: ignore[arg-type]
        elif pool:
            values[p.name] = clip_to_type(pool[place % len(pool)], p)
            place += 1
        else:
            keep = (
                int(generate_random_bits(seed + turn, 500 + i, 1)[0] >> 40) % 3 == 0
                and p.name in roles.base
            )
            drawn = (
                roles.base[p.name] if keep else _pick(seed + turn, i, _MIXED[turn % len(_MIXED)])
            )
            values[p.name] = clip_to_type(int(drawn), p)  # type: ignore[call-overload, arg-type]
    return relate_sizes(signature, roles, turn, values)


def _pick_in_strides(pool: tuple[int, ...], turn: int, place: int, number: int) -> int:
    """An entry of the pool for the turn: each of several scalars goes through it in strides of its
    own, so that they do not move together.
    """
    return pool[(turn * _STRIDES[number % len(_STRIDES)] + place) % len(pool)]


_STRIDES = (1, 3, 7, 9)
"""Without a common divisor with the lengths of the pools."""


def relate_sizes(signature: Signature, roles: ParameterRoles, turn: int, values: Values) -> Values:
    """Change `values` so that usual relations hold, and return it: rows are no longer than the
    distance between them, equal sizes are equal, indices are below their size, and loop steps are
    not zero.

    roles: say which parameters are so related. turn: the draw's number, which varies some
        relations. values: of the scalars, by name; changed in place.
    """
    values |= {
        name: values[first]
        for first, name in roles.alike
        if first in values and name in roles.sizes
    }
    widest = max(
        (int(values[n]) for n in roles.sizes if n in values and n not in roles.leading), default=1
    )  # type: ignore[arg-type]
    for k, p in enumerate(
        p for p in signature.parameters if p.name in roles.pitches or p.name in roles.leading
    ):
        # Whole doubles, never shorter than a row; or elements.
        bytes_, elements = (
            16 * ((max(widest, 1) + 1) // 2) + 16 * ((turn + k) % 3),
            widest + (turn + k) % 3,
        )
        values[p.name] = bytes_ if p.name in roles.pitches else elements
    values |= {name: 1 for name in roles.steps if values.get(name) == 0}
    values |= {
        name: int(values[name]) % max(int(values[size]), 1)
        for name, size in roles.within.items()
        if name in values
    }  # type: ignore[arg-type]
    reals = [
        p.name if p.kind == "scalar" and p.type in ("f32", "f64") else ""
        for p in signature.parameters
    ]
    for first, second in zip(reals, reals[1:], strict=False):
        if turn % 2 and first and second and values[first] > values[second]:  # type: ignore[operator]
            values[first], values[second] = values[second], values[first]
    return values


PROFILES = (
    "default",
    "default",
    "distinct",
    "ties",
    "wide",
    "special",
    "positive",
    "sorted",
    "default",
    "ties",
    "zero",
)
"""The contents of the k-th draw; see `draw_contents`. Ties fall on draws of many elements, so that
every pair of values meets.
"""
COMPOSED: dict[str, tuple[float, float]] = {
    "magnitudes": (0.001, 1000.0),
    "serpentine": (-9.0, 9.0),
    "sparse": (1.0, 9.0),
}
"""Low and high end of further contents. The key is also the kind of the fill."""
_TIES = (1, 0, -1, 2, -2)
_UNSIZED = (8, 5, 300, 3, 100, 16, 1500, 33)


def choose_assumed_extent(scalars: Values, signature: Signature, turn: int) -> int:
    """Return the extent of every dimension of assumed-shape arrays: the larger of the largest
    integer scalar, among those up to 4096, and a value from 1 to 64 that varies with `turn`, the
    draw's number. scalars: values by name.
    """
    sizes = [int(scalars[p.name]) for p in find_integer_scalars(signature)]  # type: ignore[arg-type]
    cycle = (5, 1, 33, 9, 2, 40, 3, 16, 7, 4, 64)
    return max(max((s for s in sizes if s <= 4096), default=0), cycle[turn % len(cycle)])


def draw_contents(
    signature: Signature,
    roles: ParameterRoles,
    profile: str,
    scalars: Values,
    seed: int,
    reach: int = 0,
) -> dict[str, Fill]:
    """Return a fill for every array, by name.

    roles: what parameters are used for. profile: `default`, `positive`, `ties` (few values),
        `wide` (large ones), `special` (infinities and the like), `sorted`, `distinct` (no integer
        twice), `zero`, or a key of `COMPOSED`. scalars: the test's values by name. seed: of the
        contents.
    reach: upper bound of the contents of arrays that hold where rows begin; 0: no bound. The
        contents of other index arrays lie below a size.
    """
    whole = [
        int(scalars[p.name]) for p in find_integer_scalars(signature) if p.name not in roles.counts
    ]  # type: ignore[arg-type]
    bounds = sorted({value for value in whole if 0 < value <= 1 << 20})
    sized = [b for b in bounds if b > 1] or ([1] if bounds else [_UNSIZED[seed % len(_UNSIZED)]])
    limit = sized[-1] if seed % 2 == 0 else sized[0]
    fills = {}
    first = next((i for i, p in enumerate(signature.parameters) if p.kind != "scalar"), 0)
    for i, p in enumerate(signature.parameters):
        if p.kind == "scalar":
            continue
        integral = p.type[0] in "iub"
        if p.name in roles.texts and profile in _TEXTS and p.name not in (roles.indices or ()):
            fills[p.name] = Fill("integers", _TEXTS[profile], seed + i)
            continue
        indexed = integral if roles.indices is None else p.name in roles.indices
        if profile == "wide" and p.type[0] == "u" and not indexed:
            fills[p.name] = Fill("integers", INTEGER_RANGES[p.type], seed + i)
            continue
        if profile == "zero" and i != first and p.intent != "in" and not indexed:
            fills[p.name] = _fill(
                "positive", integral, False, limit, seed + i
            )  # what is nought before and after shows nothing
            continue
        own = max(int(scalars[roles.within[p.name]]), 1) if p.name in roles.within else limit  # type: ignore[arg-type]
        fills[p.name] = _fill(profile, integral, indexed, own, seed + i)
        if p.name in roles.within and profile == "positive":
            fills[p.name] = Fill("integers", (min(1, own - 1), own - 1), seed + i)
        if p.name in roles.from_one:
            fills[p.name] = _count_from_one(fills[p.name], own)
        if p.name in roles.ordered and profile != "zero":
            fills[p.name] = Fill(
                "sorted",
                (0, (reach or limit) - 1 if profile != "ties" else min(limit - 1, 2)),
                seed + i,
            )
    return fills


def _count_from_one(fill: Fill, size: int) -> Fill:
    """The fill of an array of indices, moved so that every number lies in [1, size]."""
    if fill.kind == "constant":
        return Fill("constant", (1,), fill.seed)
    if fill.kind in ("integers", "sorted"):
        low, high = (min(max(int(v) + 1, 1), size) for v in fill.arguments)
        return Fill(fill.kind, (low, high), fill.seed)
    return Fill("integers", (1, size), fill.seed)


_TEXTS = {
    "default": (32, 126),
    "ties": (97, 99),
    "positive": (48, 57),
    "special": (30, 34),
    "sorted": (65, 122),
}
"""Characters by profile: what can be printed, few letters, digits, blanks and what is near them,
letters; the others are any bytes.
"""


def _fill(profile: str, integral: bool, indexed: bool, limit: int, seed: int) -> Fill:
    if profile == "distinct":
        if indexed or integral:
            return Fill("permutation", (), seed)
        profile = "default"
    if indexed:
        if not integral and profile != "default":  # positions: on places, and between them
            return (
                Fill("integers", (0, limit - 1), seed)
                if profile in ("ties", "sorted")
                else Fill("uniform", (0, limit), seed)
            )
        # Few distinct indices: two places that write the same one are then seldom missed.
        few = Fill("integers", (0, min(limit - 1, 2)), seed)
        table = {
            "sorted": Fill("sorted", (0, limit - 1), seed),
            "ties": few,
            "zero": Fill("constant", (0,)),
            "positive": Fill("integers", (1, limit), seed),
        }
        return table.get(profile, Fill("indices", (limit,), seed))
    if profile in COMPOSED:
        return Fill(profile, COMPOSED[profile], seed)
    low_high = {
        "default": (-99, 99),
        "positive": (1, 9),
        "ties": (-2, 2),
        "wide": (-1000000, 1000000),
        "sorted": (-50, 50),
    }
    if profile == "special":
        return Fill("special", (), seed)
    if profile == "zero":
        return Fill("constant", (0,), 0)
    if integral or profile == "ties":
        return Fill("sorted" if profile == "sorted" else "integers", low_high[profile], seed)
    reals = {"default": Fill("uniform", (-2, 2), seed), "positive": Fill("uniform", (0.5, 2), seed)}
    reals |= {"wide": Fill("normal", (0, 100), seed), "sorted": Fill("sorted", (-3, 3), seed)}
    return reals[profile]
