"""Tests that are proposed from the dictionary: each boundary value on otherwise usual ones, sizes
of every magnitude, and combinations of these for a feedback loop.

Contract: pure and seeded sketches, of which those count on which the source runs clean.
`propose_sketches` changes one parameter (or those that one operation puts together) at a time,
`combine_changes` several at once.

    python -c "from tester.generate.proposals import propose_sketches; help(propose_sketches)"
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from corpora.records import Fill
from corpora.suites.unit_tests import INTEGER_RANGES
from gpu_runtime.call.materialize import generate_random_bits, is_assumed_shape
from tester.generate.boundary_values import Change, list_changes
from tester.generate.data_classes import list_data_changes
from tester.generate.dictionary import Dictionary, read_dictionary
from tester.generate.extents import Sketch
from tester.generate.roles import TrialSetting
from tester.generate.sketches import (
    COMPOSED,
    PROFILES,
    ParameterRoles,
    Values,
    choose_assumed_extent,
    clip_to_type,
    draw_contents,
    draw_sizes,
    find_integer_scalars,
    relate_sizes,
)
from tester.generate.source_facts import find_measured_vectors, find_strides

TELLS = "tells"
"""Label of sketches that count although the source changes nothing on them."""
WARP, BLOCK, PARTIALS, GRID = 64, 1024, 4096, 16384
"""Powers of two at which parallel programs part their work: lanes, threads of a block, elements of
a few blocks, and of as many as partial results are kept of.
"""
DATA = "data"
"""Label of sketches of a class of contents that the source's text asks for."""
MOST_CLASSES = 8
ENDS = "ends"
"""Label of sketches in which one of several sizes is zero or one."""
MOST_SIDES = 6
"""Sizes of which each is once zero and once one."""
LONG = "long"
"""Label of sketches of many elements."""
NARROW = ("i8", "u8", "i16", "u16")
LONG_ROWS = 300
"""Elements that the rows of one test have together: more than a warp or a usual block for each."""
UNEVEN = 11
"""Elements of vectors of which one is shorter."""
MOST_CHANGES = 40
_CONTENTS = ("default", "ties", "wide", *COMPOSED)
"""Contents that the feedback loop begins with (tester.generate.sketches)."""
LARGEST_NUMBER = GRID
"""A constant up to here may be a size at which a program changes its ways."""


def just_past(power: int) -> int:
    """Return a size slightly above `power`, a power of two, that no usual block size divides. It
    exposes programs that stop at the power of two.
    """
    return power + power // 32 + 3


def propose_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """Return sketches of tests at boundary values and at boundary sizes, alternating. There are
    none for a program with integer scalars of which no clean run is known.

    setting: the program and what it is tried with. roles: what its parameters are used for.
    """
    if not roles.base and find_integer_scalars(setting.signature):
        return []
    changes = _list_changes(setting, roles)
    classes = _list_data_changes(setting, roles)
    kinds = (
        [_apply(setting, roles, change, turn, DATA) for turn, change in enumerate(classes)],
        _make_long_sketches(setting, roles),
        [_apply(setting, roles, change, turn) for turn, change in enumerate(changes)],
        [*_make_paired_sketches(setting, roles), *_make_threshold_sketches(setting, roles)],
        _make_uneven_sketches(setting, roles),
    )
    rows = itertools.zip_longest(*kinds)
    return [sketch for row in rows for sketch in row if sketch is not None]


def _list_data_changes(setting: TrialSetting, roles: ParameterRoles) -> list[Change]:
    dictionary = read_dictionary(setting.source, setting.signature)
    return list_data_changes(setting.signature, setting.source, dictionary, roles)[:MOST_CLASSES]


def _list_changes(setting: TrialSetting, roles: ParameterRoles) -> list[Change]:
    dictionary = read_dictionary(setting.source, setting.signature)
    few = _draw(setting, roles, "")
    sizes = [int(few[n]) for n in roles.sizes if n in few]  # type: ignore[arg-type]
    found = list_changes(
        setting.signature, setting.source, dictionary, roles, max([*sizes, 1] if sizes else [8])
    )
    return found[:MOST_CHANGES]


def combine_changes(setting: TrialSetting, roles: ParameterRoles, count: int) -> list[Sketch]:
    """Return `count` random sketches of tests: usual ones with up to three boundary values each.

    setting: the program and what it is tried with. roles: what its parameters are used for.
    """
    changes = [*_list_data_changes(setting, roles), *_list_changes(setting, roles)]
    draws = draw_sizes(setting.signature, roles, setting.seed, len(PROFILES) + 4)
    made = []
    for turn in range(count):
        bits = generate_random_bits(setting.seed + turn, 700, 6)
        label, scalars = draws[int(bits[0] >> 33) % len(draws)]
        profile = _CONTENTS[int(bits[1] >> 33) % len(_CONTENTS)]
        fills = draw_contents(
            setting.signature, roles, profile, scalars, setting.seed + int(bits[2] >> 50)
        )
        sketch = Sketch(
            scalars, fills, label, choose_assumed_extent(scalars, setting.signature, turn)
        )
        for k in range(int(bits[3] >> 33) % 3 + 1 if changes else 0):
            change = changes[int(bits[3 + k] >> 20) % len(changes)]
            sketch = replace(
                sketch, scalars=sketch.scalars | change.scalars, fills=sketch.fills | change.fills
            )
        made.append(sketch)
    return made


def _draw(setting: TrialSetting, roles: ParameterRoles, label: str) -> Values:
    """The sizes of that label, or a few different ones."""
    drawn = draw_sizes(setting.signature, roles, setting.seed, 6)
    return dict(reversed(drawn))[label] if label else drawn[0][1]


def _apply(
    setting: TrialSetting, roles: ParameterRoles, change: Change, turn: int, label: str = "change"
) -> Sketch:
    """One change of a usual test."""
    scalars = dict(roles.base) if change.tells else _draw(setting, roles, change.draw)
    scalars = scalars | change.scalars
    if roles.sizes & change.scalars.keys() and label == DATA:
        scalars = relate_sizes(setting.signature, roles, 0, scalars) | change.scalars
    fills = {
        name: replace(fill, seed=setting.seed) if _is_random(fill) else fill
        for name, fill in change.fills.items()
    }
    if label == DATA:
        fills = _draw_safe_indices(setting, roles, scalars) | fills
    return _make_sketch(setting, roles, scalars, TELLS if change.tells else label, turn, fills)


def _draw_safe_indices(
    setting: TrialSetting, roles: ParameterRoles, scalars: Values
) -> dict[str, Fill]:
    """Indices below the least size: nothing says which of several bounds what they lead to."""
    least = min((int(scalars[name]) for name in roles.sizes if name in scalars), default=1)  # type: ignore[arg-type]
    loose = (roles.indices or frozenset()) - roles.ordered
    return {name: Fill("indices", (max(1, least),), setting.seed) for name in loose}


def _is_random(fill: Fill) -> bool:
    """Return whether the fill may get another seed. A constant has none. A choice keeps its own,
    which says with which of its values it begins.
    """
    return fill.kind not in ("choice", "constant")


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


def _get_sizes(setting: TrialSetting, roles: ParameterRoles) -> list[str]:
    """Sizes that may be chosen freely, in the signature's order."""
    free = roles.sizes - roles.leading
    return [p.name for p in find_integer_scalars(setting.signature) if p.name in free]


def _sized(
    setting: TrialSetting, roles: ParameterRoles, sizes: dict[str, int], label: str, profile: str
) -> Sketch:
    """A sketch of these sizes; the other scalars are as they were when the source ran first."""
    typed = {p.name: p for p in setting.signature.parameters}
    given = {name: clip_to_type(value, typed[name]) for name, value in sizes.items()}
    scalars = relate_sizes(setting.signature, roles, 0, {**roles.base, **given})
    fills = draw_contents(setting.signature, roles, profile, scalars, setting.seed)
    if len(sizes) > 1:  # nothing says which of the sizes bounds what indices lead to
        fills |= _draw_safe_indices(setting, roles, sizes)
    if label == LONG:  # sums of so many of these leave the types that hold their sums of a few
        fills |= {
            p.name: Fill("integers", INTEGER_RANGES[p.type], setting.seed)
            for p in setting.signature.parameters
            if p.kind != "scalar"
            and p.type in NARROW
            and p.name not in (roles.indices or frozenset()) | roles.texts
        }
    return Sketch(
        scalars, fills, label, choose_assumed_extent(scalars, setting.signature, setting.seed)
    )


def _make_long_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """Many elements for a lone size, a long side for each of several; a program to which it is too
    much gives none.
    """
    names = _get_sizes(setting, roles)
    if not names or not roles.base:
        return []
    if len(names) == 1:
        return [
            _sized(setting, roles, {names[0]: just_past(GRID)}, LONG, "default"),
            # The largest of all is where the last of the blocks finds it.
            _sized(
                setting,
                roles,
                {names[0]: just_past(PARTIALS)},
                LONG,
                "default" if roles.indices else "sorted",
            ),
            *_make_scattered_sketches(setting, roles),
        ]
    # Of three sizes or more two may count rows together, and a kernel have a block for each.
    other = dict.fromkeys(names, 2 if len(names) == 2 else 1)
    drawn = [other | {name: just_past(BLOCK)} for name in names[:3]]
    if len(names) > 2 and set(names[1:]) <= find_strides(setting.signature, setting.source):
        drawn.insert(0, dict.fromkeys(names, 1) | {names[0]: just_past(PARTIALS)})
    return [_sized(setting, roles, sizes, LONG, "default") for sizes in drawn]


def _make_scattered_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """Many indices anywhere, or a few rows that are long, with usual values: of the usual large
    draws one has few different indices, and another each of them once.
    """
    if not roles.indices:
        return []
    label, reach = ("distinct", LONG_ROWS) if roles.ordered else ("exact", 0)
    scalars = dict(reversed(draw_sizes(setting.signature, roles, setting.seed, 6)))[label]
    return [_make_sketch(setting, roles, scalars, label, setting.seed, reach=reach)]


def _make_paired_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """Two sizes that are both past a warp, and different."""
    names = _get_sizes(setting, roles)
    if len(names) != 2 or not roles.base:
        return []
    sizes = dict(zip(names, (just_past(WARP) + 2, just_past(WARP)), strict=True))
    return [_sized(setting, roles, sizes, "both", "default")]


def _make_threshold_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """A lone size at constants of the text: extents of the source's own arrays, and what it
    compares with.
    """
    names = _get_sizes(setting, roles)
    if len(names) != 1 or not roles.base:
        return []
    dictionary: Dictionary = read_dictionary(setting.source, setting.signature)
    numbers = [*dictionary.extents]
    numbers += [n for u in dictionary.uses.values() for n in u.numbers if isinstance(n, int)]
    found = [n for n in dict.fromkeys(numbers) if 2 < n <= LARGEST_NUMBER][:2]
    return [_sized(setting, roles, {names[0]: n}, "threshold", "default") for n in found]


def make_end_sketches(
    setting: TrialSetting, roles: ParameterRoles, ends: Sequence[int]
) -> list[Sketch]:
    """Return sketches in which one of several sizes is each of `ends` and the others are more; none
    for a lone size, of which usual tests say as much. A port is often wrong where one side alone is
    empty, as at the distance to an empty text.

    setting: the program and what it is tried with. roles: what its parameters are used for. ends:
        values of the one size, such as 0 and 1; 0 is left out for a size that indices stay below,
        and for a distance between elements.
    """
    names = _get_sizes(setting, roles)[:MOST_SIDES]
    few = _draw(setting, roles, "small")
    # No index is below zero, and nobody has all elements in one place.
    bounds = set(roles.within.values()) | find_strides(setting.signature, setting.source)
    drawn = [
        {name: end} for name in names if len(names) > 1 for end in ends if end or name not in bounds
    ]
    related = [relate_sizes(setting.signature, roles, 0, few | sizes) for sizes in drawn]
    return [_make_sketch(setting, roles, each, ENDS, turn) for turn, each in enumerate(related)]


def _make_uneven_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """Where the text asks several vectors for their lengths: each of them once shorter."""
    vectors = [p for p in setting.signature.parameters if is_assumed_shape(p) and len(p.shape) == 1]
    measured = find_measured_vectors(setting.source)
    asked: Sequence[str] = [p.name for p in vectors if p.name in measured]
    if len(asked) < 2:
        return []
    few = _draw(setting, roles, "")
    return [
        replace(_make_sketch(setting, roles, few, TELLS, k), uneven=name, side=UNEVEN)
        for k, name in enumerate(asked[:3])
    ]
