"""Tests for what a program looks as if it did: numbers that it compares with, sizes below zero,
long rows, guarded indices, values that are no numbers.

Contract: `make_targeted_sketches` gives sketches beside the usual draws, the most telling first;
each stands only where the program runs clean on it.

    python -c "from tester.generate.targeted_tests import make_targeted_sketches; \\
        help(make_targeted_sketches)"
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

from corpora.records import Fill, Parameter
from gpu_runtime.call.materialize import is_assumed_shape
from tester.generate.extents import Sketch
from tester.generate.roles import TrialSetting
from tester.generate.signs import make_sign_sketches
from tester.generate.sketches import (
    ParameterRoles,
    Values,
    choose_assumed_extent,
    clip_to_type,
    draw_contents,
    draw_sizes,
    fill_around_number,
    find_integer_scalars,
    relate_sizes,
)
from tester.generate.source_facts import (
    asks_for_equality,
    find_divisors,
    find_guards,
    find_measured_vectors,
    find_modes,
    find_signed,
    find_strides,
    has_unspecified_nan,
    rounds_numbers,
)
from tester.generate.source_tree import find_called_names
from tester.generate.states import find_state_arrays, make_state_sketches

LONGEST_MARK = 2048
"""A number in a comparison up to here may be a size at which a program changes its ways."""
LONG_ROWS = 300
"""Elements that the few rows of one test have together: more than a warp or a usual block
for each.
"""
LONG = 5000
"""More than a few dozen blocks of usual size cover, or partial results of one warp's blocks
hold.
"""
LONGER = 17_011
"""More than 64 blocks of usual size cover, as many as partial results often are."""
LONG_SIDE = 1100
"""One of several sizes: more threads than a block can have."""
BOTH = (75, 70)
"""Two sizes that are both more than a block of 64, and that no power of two is near."""
KEY = 7
MAX_MODES = 5
_EXPONENTIALS = frozenset({"exp", "expf", "dexp"})
GUARD = "guard"
"""Label of tests at the bound of an early return."""
UNLIKE = "uneven"
"""Label of tests with vectors of several lengths."""
TELLING = (GUARD, UNLIKE)
"""Tests that count although nothing changes in some."""
MAX_GUARDED = 2
"""Arrays of indices that are tested with contents which a program must guard against."""
MOST_UNEVEN, UNEVEN = 3, 11
FAR_KEY = 1 << 40
MIDDLES = (2.5, -2.5)
"""Between two whole numbers, of which that nearer to nought is even: rounded to even, away from
nought and upwards they differ.
"""
FAR, NEAR = 4_000_000_000, 20_000
"""Beyond 32 bits, and as far as a product with a usual factor stays within them; a float holds
seven digits.
"""
_NAN_FIRST, _THREE_FIRST = 2, 12
"""Seeds that make special contents begin with a NaN, and with 3.0
(gpu_runtime.call.materialize).
"""


def make_targeted_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """Sketches of every kind in turn, so that none crowds out the others."""
    kinds = (
        _make_long_sketches,
        _make_state_sketches,
        _make_nan_sketches,
        _make_paired_size_sketches,
        _make_equality_sketches,
        _make_rounding_sketches,
        _make_underflow_sketches,
        _make_compared_number_sketches,
        _make_negative_size_sketches,
        _make_scattered_index_sketches,
        _make_guarded_index_sketches,
        _make_wraparound_sketches,
        _make_early_return_sketches,
        _make_mode_sketches,
        _make_truth_value_sketches,
        _make_uneven_vector_sketches,
        make_sign_sketches,
        _make_truncation_sketches,
    )
    rows = itertools.zip_longest(*(kind(setting, roles) for kind in kinds))
    return [sketch for row in rows for sketch in row if sketch is not None]


def _make_sketch(
    setting: TrialSetting,
    roles: ParameterRoles,
    scalars: Values,
    label: str,
    turn: int,
    fills: dict[str, Fill] | None = None,
    reach: int = 0,
) -> Sketch:
    """With usual contents, and `fills` in place of some. turn: chooses them."""
    usual = draw_contents(setting.signature, roles, "default", scalars, setting.seed + turn, reach)
    return Sketch(
        scalars,
        usual | (fills or {}),
        label,
        choose_assumed_extent(scalars, setting.signature, turn),
    )


def _make_underflow_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """Where the text takes powers of e: numbers so far below zero that theirs are nought, unless
    the largest of them is taken off before, and such that are so far apart that those of others
    overflow, unless it is the largest.
    """
    reals = [
        p.name
        for p in setting.signature.parameters
        if p.kind != "scalar" and p.type in ("f32", "f64")
    ]
    if not reals or not roles.base or not find_called_names(setting.source) & _EXPONENTIALS:
        return []
    few = draw_sizes(setting.signature, roles, setting.seed, 1)[0][1]
    return [
        _make_sketch(
            setting, roles, few, "vanishing", 0, {reals[0]: Fill("uniform", ends, setting.seed)}
        )
        for ends in ((-1010, -1000), (-2000, 2000))
    ]


def _make_compared_number_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """For each number that the program compares with: one element that is it, a few that are it or
    next to it, and once a lone size that is it. Free scalars are that number, or beyond it, too.
    """
    signature = setting.signature
    few, one = (drawn for _, drawn in draw_sizes(signature, roles, setting.seed, 2))
    bound = roles.sizes | roles.pitches | roles.flags | roles.letters.keys() | roles.counts
    sketches = []
    for turn, mark in enumerate(roles.marks):
        whole = (
            {}
            if mark % 1
            else {p.name: clip_to_type(int(mark), p) for p in find_integer_scalars(signature)}
        )
        free: Values = {name: value for name, value in whole.items() if name not in bound}
        reals = [
            p.name for p in signature.parameters if p.kind == "scalar" and p.type in ("f32", "f64")
        ]
        drawn = [
            (one | free | dict.fromkeys(reals, mark), 0),
            (few | free | dict.fromkeys(reals, 2 * mark + 1), 1),
        ]
        if reals and mark < 0:  # as a factor too it makes what is near the mark positive
            drawn.insert(0, (few | free | dict.fromkeys(reals, 1.0), 1))
        if len(roles.sizes) == 1 and whole and 0 < mark <= LONGEST_MARK:
            drawn.append((few | whole, 1))
        for scalars, around in drawn:
            fills = draw_contents(signature, roles, "default", scalars, setting.seed + turn)
            sketches.append(
                _make_sketch(
                    setting,
                    roles,
                    scalars,
                    "mark",
                    turn,
                    fill_around_number(fills, signature, roles, mark, around, setting.seed + turn),
                )
            )
    return sketches


def _make_state_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """Where places depend on contents: states of elements that the program asks for
    (tester.generate.states).
    """
    return make_state_sketches(setting.signature, roles, setting.source, setting.seed)


def _make_negative_size_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """For sizes of which the program asks whether they are below zero, as BLAS's increments: each
    of them once below it, and all together.
    """
    signature, asked = setting.signature, find_signed(setting.source)
    names = [
        p.name
        for p in find_integer_scalars(signature)
        if p.name in roles.sizes and p.type[0] == "i" and setting.source.spell(p.name) in asked
    ]
    if not names or not roles.base:
        return []
    few = draw_sizes(signature, roles, setting.seed, 1)[0][1]
    groups = [[name] for name in names[:3]] + ([names] if len(names) > 1 else [])
    drawn = [
        few | {name: -1 - (k + i) % 2 for i, name in enumerate(group)}
        for k, group in enumerate(groups)
    ]
    return [_make_sketch(setting, roles, scalars, "below", k) for k, scalars in enumerate(drawn)]


def _make_scattered_index_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """For a program of one size with indices: many of them, anywhere, and plain values, or a few
    rows that are long. Of the large draws one has few different indices, one each of them once, and
    the values of the last make every long sum the same (not a number).
    """
    if len(roles.sizes) != 1 or not roles.indices:
        return []
    label, reach = ("distinct", LONG_ROWS) if roles.ordered else ("exact", 0)
    scalars = dict(reversed(draw_sizes(setting.signature, roles, setting.seed, 6)))[label]
    # An even number, whatever the seed: indices go as far as the size does.
    return [_make_sketch(setting, roles, scalars, f"{label}/default", setting.seed, reach=reach)]


def _make_long_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """One test of many elements for a lone size, of a long side for each of several; a program to
    which it is too much gives none.
    """
    names = [
        p.name
        for p in find_integer_scalars(setting.signature)
        if p.name in roles.sizes - roles.leading
    ]
    if not names or not roles.base:
        return []
    # Of three sizes or more two may count rows together, and a kernel have a block for each.
    most, other = (
        (LONGER, {})
        if len(names) == 1
        else (LONG_SIDE, dict.fromkeys(names, 2 if len(names) == 2 else 1))
    )
    typed = {p.name: p for p in setting.signature.parameters}
    drawn = [{**roles.base, **other, name: clip_to_type(most, typed[name])} for name in names[:3]]
    if len(names) > 2 and set(names[1:]) <= find_strides(
        setting.signature, setting.source
    ):  # increments of vectors, of which small ones are meant
        drawn.insert(
            0,
            {
                **roles.base,
                **dict.fromkeys(names, 1),
                names[0]: clip_to_type(LONG, typed[names[0]]),
            },
        )
    drawn = [relate_sizes(setting.signature, roles, 0, scalars) for scalars in drawn]
    made = [
        _make_sketch(
            setting,
            roles,
            scalars,
            "long/default",
            setting.seed,
            _make_small_index_sketches(roles, scalars, names),
        )
        for scalars in drawn
    ]
    if len(names) == 1:
        scalars = relate_sizes(
            setting.signature,
            roles,
            0,
            {**roles.base, names[0]: clip_to_type(LONG, typed[names[0]])},
        )
        # The largest of all is where the last of the blocks finds it.
        fills = (
            {}
            if roles.indices
            else draw_contents(setting.signature, roles, "sorted", scalars, setting.seed)
        )
        made.append(_make_sketch(setting, roles, scalars, "long/sorted", setting.seed, fills))
    return made


def _make_paired_size_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """Of two sizes both more than a usual block; and limits, of which real scalars may be the ends
    or the length, with numbers all over between.
    """
    names = [
        p.name
        for p in find_integer_scalars(setting.signature)
        if p.name in roles.sizes - roles.leading
    ]
    if len(names) != 2 or not roles.base:
        return []
    typed = {p.name: p for p in setting.signature.parameters}
    scalars = {
        **roles.base,
        **{name: clip_to_type(size, typed[name]) for name, size in zip(names, BOTH, strict=True)},
    }
    limits = [
        p.name
        for p in setting.signature.parameters
        if p.kind == "scalar" and p.type in ("f32", "f64")
    ][:2]
    placed = [
        p.name
        for p in setting.signature.parameters
        if p.name in (roles.indices or ()) and p.type[0] == "f"
    ]
    fills = _make_small_index_sketches(roles, scalars, names)
    if len(limits) == 2 and placed:
        scalars |= dict(zip(limits, (-2.0, 4.0), strict=True))
        fills |= dict.fromkeys(placed, Fill("uniform", (-2, 2), setting.seed))
    return [
        _make_sketch(
            setting,
            roles,
            relate_sizes(setting.signature, roles, 0, scalars),
            "both/default",
            setting.seed,
            fills,
        )
    ]


def _make_equality_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """Where elements are asked whether they equal a scalar: all do, and here and there one does."""
    states = (
        {}
        if roles.indices or not roles.base
        else find_state_arrays(setting.signature, setting.source)
    )
    keys = {name: KEY for state in states.values() for name in state.scalars}
    if not keys:
        return []
    arrays = [name for name, state in states.items() if state.scalars]
    scalars = dict(draw_sizes(setting.signature, roles, setting.seed, 4))["warp"] | keys
    fills = [Fill("constant", (KEY,)), Fill("integers", (KEY - 20, KEY + 20), setting.seed)]
    return [
        _make_sketch(setting, roles, scalars, "asked", turn, dict.fromkeys(arrays, fill))
        for turn, fill in enumerate(fills)
    ]


def _make_rounding_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """Where numbers are rounded: such that lie in the middle between two whole ones, an even one
    below and an even one above nought, and, where a real scalar may scale them before, many whose
    products do.
    """
    signature = setting.signature
    factors = [
        p.name for p in signature.parameters if p.kind == "scalar" and p.type in ("f32", "f64")
    ]
    reals = [
        p.name for p in signature.parameters if p.kind != "scalar" and p.type in ("f32", "f64")
    ]
    if not reals or not roles.base or not rounds_numbers(setting.source):
        return []
    few = draw_sizes(signature, roles, setting.seed, 1)[0][1]
    odd = dict.fromkeys(reals, Fill("integers", (-9, 9), setting.seed))
    drawn = [(factor, odd) for factor in (2.0, 0.5) if factors]
    drawn += [(1.0, dict.fromkeys(reals, Fill("constant", (middle,)))) for middle in MIDDLES]
    return [
        _make_sketch(setting, roles, few | dict.fromkeys(factors, factor), "rounded", turn, fills)
        for turn, (factor, fills) in enumerate(drawn)
    ]


def _make_truncation_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """Where whole numbers come of reals: such that have more digits than a narrower type holds,
    below and above nought.
    """
    signature = setting.signature
    reals = [
        p.name
        for p in signature.parameters
        if p.kind != "scalar" and p.type in ("f32", "f64") and p.intent == "in"
    ]
    whole = {p.type for p in signature.parameters if p.intent != "in" and p.kind != "scalar"} | {
        signature.result
    }
    farthest = FAR if whole & {"i64", "u64"} else NEAR if whole & {"i32", "u32"} else 0
    if not reals or not farthest or not roles.base:
        return []
    few = dict(draw_sizes(signature, roles, setting.seed, 6))[
        "small" if len(roles.sizes) > 1 else "distinct"
    ]
    return [
        _make_sketch(
            setting,
            roles,
            few,
            "cut off",
            0,
            dict.fromkeys(reals, Fill("uniform", (-farthest, farthest), setting.seed)),
        )
    ]


def _make_small_index_sketches(
    roles: ParameterRoles, scalars: Values, names: Sequence[str]
) -> dict[str, Fill]:
    """Indices below every one of several sizes, as nothing says which of them bounds what they lead
    to.
    """
    if len(names) < 2:
        return {}
    return {
        name: Fill("indices", (max(1, min(int(scalars[n]) for n in names)),), 0)
        for name in (roles.indices or frozenset()) - roles.ordered
    }


def _make_guarded_index_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """For arrays of indices: contents of which some are -1, as where there is no neighbour, some
    far below zero, and some beyond 32 bits; a program that does not look at what it gets leaves its
    arrays on these, and then there is no such test.
    """
    signature, sketches = setting.signature, []
    scalars = draw_sizes(signature, roles, setting.seed, 1)[0][1]
    limit = max([int(scalars[name]) for name in roles.sizes if name in scalars] or [8])
    for turn, p in enumerate(
        [
            p
            for p in signature.parameters
            if p.name in (roles.indices or ()) and p.name not in roles.ordered
        ][:MAX_GUARDED]
    ):
        lows = _low_values(p, limit)
        sketches += [
            _make_sketch(
                setting,
                roles,
                scalars,
                "guarded",
                turn,
                {p.name: Fill("integers", (low, max(limit - 1, -low - 1)), turn)},
            )
            for low in lows
        ]
    return sketches


def _low_values(parameter: Parameter, limit: int) -> Sequence[int]:
    return (
        (-1, -limit, -FAR_KEY)
        if parameter.type == "i64"
        else (-1, -limit)
        if parameter.type[0] == "i"
        else ()
    )


def _make_wraparound_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """For numbers that are no sizes: each once more than twice as far below zero as sizes go above,
    or as the text divides by (a shift that wraps around more than once).
    """
    scalars = draw_sizes(setting.signature, roles, setting.seed, 1)[0][1]
    whole = [p for p in find_integer_scalars(setting.signature) if p.type[0] == "i"]
    bound = roles.sizes | roles.pitches | roles.flags | roles.letters.keys() | roles.counts
    divisors = find_divisors(setting.source)
    limits = dict.fromkeys([max([int(scalars[p.name]) for p in whole] or [0]), *divisors[:1]])
    free = [p for p in whole if p.name not in bound][:MAX_GUARDED] if roles.base else []
    return [
        _make_sketch(
            setting, roles, scalars | {p.name: clip_to_type(-2 * limit - 1, p)}, "beyond", k
        )
        for k, p in enumerate(free)
        for limit in limits
    ]


def _make_early_return_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """At the bound of an early return and on either side of it, where all else is as usual."""
    guards = find_guards(setting.source) if roles.base else {}
    named = [
        (p, bounds)
        for p in find_integer_scalars(setting.signature)
        if (bounds := guards.get(setting.source.spell(p.name))) and p.name not in roles.flags
    ]
    usual, few = dict(roles.base), MAX_GUARDED
    # Of a program that only counts, the size itself is asked for: draws of none and of one are
    # there, of a further bound are not.
    free = [
        (p, bounds[0]) for p, bounds in named if p.name not in roles.sizes or len(roles.sizes) > 1
    ][:few]
    drawn = [
        usual | {p.name: clip_to_type(bound + step, p)} for p, bound in free for step in (0, -1, 1)
    ]
    drawn += [
        usual | {p.name: clip_to_type(bounds[1] + step, p)}
        for p, bounds in [pair for pair in named if len(pair[1]) > 1][:few]
        for step in (0, -1, 1)
    ]
    return [
        _make_sketch(
            setting,
            roles,
            scalars,
            GUARD,
            k,
            _make_small_index_sketches(roles, scalars, sorted(roles.sizes)),
        )
        for k, scalars in enumerate(drawn)
    ]


def _make_mode_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """Every way that a scalar chooses, on usual values and on large ones."""
    signature, made = setting.signature, []
    draws = dict(draw_sizes(signature, roles, setting.seed, 6)) if roles.base else {}
    for name, values in list(find_modes(signature, setting.source).items())[:1] if draws else ():
        for turn, value in enumerate(values[:MAX_MODES]):
            scalars = draws["warp"] | {name: value}
            wide = draw_contents(signature, roles, "wide", scalars, setting.seed + turn)
            made += [
                _make_sketch(setting, roles, scalars, "mode", turn),
                _make_sketch(setting, roles, scalars, "mode", turn, wide),
            ]
    return made


def _make_truth_value_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """Truth values that are neither 0 nor 1, for whole numbers that the text asks for
    nothing else.
    """
    asked = [
        p
        for p in find_integer_scalars(setting.signature)
        if p.name in roles.flags and not asks_for_equality(p.name, setting.source)
    ]
    return (
        [
            _make_sketch(setting, roles, dict(roles.base) | {p.name: 2}, "truth", k)
            for k, p in enumerate(asked[:MAX_GUARDED])
        ]
        if roles.base
        else []
    )


def _make_uneven_vector_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """Where the text asks several vectors for their lengths: each of them once shorter than the
    others.
    """
    vectors = [p for p in setting.signature.parameters if is_assumed_shape(p) and len(p.shape) == 1]
    measured = find_measured_vectors(setting.source)
    asked = [p.name for p in vectors if p.name in measured]
    if len(asked) < 2 or not roles.base and find_integer_scalars(setting.signature):
        return []
    few = draw_sizes(setting.signature, roles, setting.seed, 1)[0][1]
    return [
        replace(_make_sketch(setting, roles, few, UNLIKE, k), uneven=name, side=UNEVEN)
        for k, name in enumerate(asked[:MOST_UNEVEN])
    ]


def _make_nan_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """A few special values of which the first is no number, in every other array a three; and such
    in what the program may change alone, with factors that are zero (what BLAS multiplies by zero
    is not read).
    """
    signature, label = setting.signature, "special/special"
    reals = [p for p in signature.parameters if p.kind != "scalar" and p.type[0] == "f"]
    factors = [
        p.name for p in signature.parameters if p.kind == "scalar" and p.type in ("f32", "f64")
    ]
    if not reals or not roles.base or has_unspecified_nan(setting.source):
        return []
    few = draw_sizes(signature, roles, setting.seed, 1)[0][1]
    # What begins as no number and ends as that shows no change.
    turned = [
        {
            p.name: Fill("special", (), (_NAN_FIRST, _THREE_FIRST)[(i + k) % 2])
            for i, p in enumerate(reals)
        }
        for k in (0, 1)
    ]
    sketches = [_make_sketch(setting, roles, few, label, 0, fills) for fills in turned]
    if (
        signature.result and signature.result[0] in "iub"
    ):  # one answer about all: others would decide it alone
        sketches.append(
            _make_sketch(
                setting,
                roles,
                few,
                label,
                0,
                {p.name: Fill("constant", (math.nan,)) for p in reals},
            )
        )
    changed = {p.name: Fill("special", (), _NAN_FIRST) for p in reals if p.intent != "in"}
    if changed and factors:
        sketches += [
            _make_sketch(setting, roles, few | {name: 0.0}, label, k, changed)
            for k, name in enumerate(factors[-2:])
        ]
    return sketches
