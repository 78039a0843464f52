"""Tests in which numbers that a program puts together are of different signs, and all that it takes
an extreme of lies on one side of nought.

Contract: pure and seeded sketches, as those of `tester.generate.targeted_tests`, which puts them
among its own. A quotient of a negative number that is rounded the other way shows only where what
is added to it keeps the sum in range; a maximum that begins at nought only where every term is
below it.

    pytest tests/tester/test_signs.py
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from corpora.records import Fill
from tester.generate.extents import Sketch
from tester.generate.roles import Setting
from tester.generate.sketches import (
    Roles,
    Values,
    clipped,
    contents,
    integer_scalars_of,
    side_of,
    size_draws,
)

NEGATIVE, POSITIVE = -7, 100
"""No power of two divides the one, and the other exceeds what it takes off numbers of usual
size.
"""
BELOW, ABOVE = (-1010.0, -1000.0), (1000.0, 1010.0)
MOST_ARRAYS = 2
_EXTREME = re.compile(
    r"\b(?:std::|[ad]|f)?(?:max|min)(?:[01f]|val|loc)?\s*\(|\bif\s*\([^;{}]*[<>]=?\s*(\w+)\s*\)\s*\{?\s*\1\s*=(?!=)",
    re.IGNORECASE,
)
"""Where a text takes the larger or the smaller of two numbers, or keeps what is beyond the one that
it has.
"""


def of_signs(setting: Setting, roles: Roles) -> list[Sketch]:
    """Those of both kinds in turn, on few elements."""
    if not roles.base:
        return []
    few = size_draws(setting.signature, roles, setting.seed, 1)[0][1]
    drawn = [*_opposed(setting, roles), *_one_sided(setting)]
    return [
        _sketched(setting, roles, few | scalars, fills, turn)
        for turn, (scalars, fills) in enumerate(drawn)
    ]


def _sketched(
    setting: Setting, roles: Roles, scalars: Values, fills: dict[str, Fill], turn: int
) -> Sketch:
    usual = contents(setting.signature, roles, "default", scalars, setting.seed + turn)
    return Sketch(
        scalars,
        usual | {name: fill for name, fill in fills.items() if name not in (roles.indices or ())},
        "signs",
        side_of(scalars, setting.signature, turn),
    )


def _opposed(setting: Setting, roles: Roles) -> Sequence[tuple[Values, dict[str, Fill]]]:
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
        p for p in integer_scalars_of(setting.signature) if p.name not in bound and p.type[0] == "i"
    ][:2]
    if len(free) < 2:
        return []
    return [
        ({p.name: clipped(value, p) for p, value in zip(free, values, strict=True)}, {})
        for values in ((NEGATIVE, POSITIVE), (POSITIVE, NEGATIVE))
    ]


def _one_sided(setting: Setting) -> Sequence[tuple[Values, dict[str, Fill]]]:
    """Of real arrays that meet in an extreme each once far below nought and far above it, the
    others as usual.
    """
    arrays = [
        p.name
        for p in setting.signature.parameters
        if p.kind != "scalar" and p.type in ("f32", "f64") and p.intent == "in"
    ]
    if len(arrays) < 2 or not _EXTREME.search(setting.compiled.request.program.text):
        return []
    return [
        ({}, {name: Fill("uniform", ends, setting.seed)})
        for ends in (BELOW, ABOVE)
        for name in arrays[:MOST_ARRAYS]
    ]
