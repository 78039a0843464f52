"""Tests in which numbers that a program puts together are of different signs, and all that it takes
an extreme of lies on one side of nought.

Contract: pure and seeded sketches, as those of `tester.generate.targeted_tests`, which puts them
among its own. A quotient of a negative number that is rounded the other way shows only where what
is added to it keeps the sum in range; a maximum that begins at nought only where every term is
below it.

    pytest tests/tester/test_signs.py
"""

from __future__ import annotations

from collections.abc import Sequence

from corpora.records import Fill
from tester.generate.extents import Sketch
from tester.generate.roles import TrialSetting
from tester.generate.sketches import (
    ParameterRoles,
    Values,
    choose_assumed_extent,
    clip_to_type,
    draw_contents,
    draw_sizes,
    find_integer_scalars,
)
from tester.generate.source_facts import takes_extremes

NEGATIVE, POSITIVE = -7, 100
"""No power of two divides the one, and the other exceeds what it takes off numbers of usual
size.
"""
BELOW, ABOVE = (-1010.0, -1000.0), (1000.0, 1010.0)
MAX_ARRAYS = 2


def make_sign_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """Those of both kinds in turn, on few elements."""
    if not roles.base:
        return []
    few = draw_sizes(setting.signature, roles, setting.seed, 1)[0][1]
    drawn = [*_make_opposite_sign_sketches(setting, roles), *_make_one_sided_sketches(setting)]
    return [
        _make_sketch(setting, roles, few | scalars, fills, turn)
        for turn, (scalars, fills) in enumerate(drawn)
    ]


def _make_sketch(
    setting: TrialSetting, roles: ParameterRoles, scalars: Values, fills: dict[str, Fill], turn: int
) -> Sketch:
    usual = draw_contents(setting.signature, roles, "default", scalars, setting.seed + turn)
    return Sketch(
        scalars,
        usual | {name: fill for name, fill in fills.items() if name not in (roles.indices or ())},
        "signs",
        choose_assumed_extent(scalars, setting.signature, turn),
    )


def _make_opposite_sign_sketches(
    setting: TrialSetting, roles: ParameterRoles
) -> Sequence[tuple[Values, dict[str, Fill]]]:
    """Two whole numbers that are no sizes: either once below nought beside the other, which is not
    small.
    """
    bound = (
        roles.sizes
        | roles.pitches
        | roles.flags
        | roles.letters.keys()
        | roles.counts
        | roles.shifts
        | roles.steps
        | roles.within.keys()
    )
    free = [
        p
        for p in find_integer_scalars(setting.signature)
        if p.name not in bound and p.type[0] == "i"
    ][:2]
    if len(free) < 2:
        return []
    return [
        ({p.name: clip_to_type(value, p) for p, value in zip(free, values, strict=True)}, {})
        for values in ((NEGATIVE, POSITIVE), (POSITIVE, NEGATIVE))
    ]


def _make_one_sided_sketches(setting: TrialSetting) -> Sequence[tuple[Values, dict[str, Fill]]]:
    """Of real arrays that meet in an extreme each once far below nought and far above it, the
    others as usual.
    """
    arrays = [
        p.name
        for p in setting.signature.parameters
        if p.kind != "scalar" and p.type in ("f32", "f64") and p.intent == "in"
    ]
    if len(arrays) < 2 or not takes_extremes(setting.source):
        return []
    return [
        ({}, {name: Fill("uniform", ends, setting.seed)})
        for ends in (BELOW, ABOVE)
        for name in arrays[:MAX_ARRAYS]
    ]
