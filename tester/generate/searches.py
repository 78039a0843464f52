"""Tests for programs that leave a loop at what they find: contents on which a search goes on to the
end, or finds something late.

Contract: pure and seeded. On usual contents such a program looks at a few elements, whatever its
size: its arrays would be that short, a port that looks at no more would pass, and one that looks at
all in parallel would be outside.

    pytest tests/tester/test_searches.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from corpora.records import ArrayValue, Fill, Signature, UnitTest
from corpora.suites.unit_tests import INTEGER_RANGES
from gpu_runtime.call.materialize import materialize_array
from tester.generate.extents import Sketch
from tester.generate.sketches import ParameterRoles

KINDS: dict[str, tuple[Fill, int]] = {
    "high": (Fill("integers", (500_000_000, 2_000_000_000), 1), -1_000_000_000),
    "low": (Fill("integers", (-2_000_000_000, -500_000_000), 1), 1_000_000_000),
    "equal": (Fill("constant", (4,)), 40),  # what integer scalars are, too, where roles are learnt
    "ascending": (Fill("sorted", (-1000, 1000), 1), -2000),
}
"""Contents on which searches for a small, a large, another and a misplaced value go on to the end,
and that value.
"""
TO_THE_END = "to the end"
"""Label of a sketch that tells how far a search may go: where it cannot be run, that is not
known.
"""
LONGEST_WRITTEN = 2048
"""Elements of an array whose contents are written out in a test."""
TURNS = (0, 2, 0, 1)
"""Which of its places (`make_late_match_tests`) a test begins with: they are tried in turn, and not
all are taken.
"""
MOST_LATE, MOST_WHOLE = 4, 2
"""Tests of either sort: usual contents must not be crowded out (a search by halves depends on them
no less).
"""

Extents = Mapping[str, tuple[int, ...]]


def fill_without_match(
    sketch: Sketch, kind: str, signature: Signature, roles: ParameterRoles = ParameterRoles()
) -> Sketch:
    """Return the sketch with new contents in every array but index arrays, in which a search finds
    its value late or never.

    kind: of contents, a key of `KINDS`. roles: what parameters are used for. Scalars that bound
        nothing get the values on which the program ran without fault (`roles.base`).
    """
    fills = {
        p.name: KINDS[kind][0]
        for p in signature.parameters
        if p.kind != "scalar" and p.name not in (roles.indices or ())
    }
    bound = roles.sizes | roles.flags | roles.pitches | roles.letters.keys()
    free = {name: value for name, value in roles.base.items() if name not in bound}
    return replace(
        sketch,
        fills=sketch.fills | fills,
        scalars=sketch.scalars | free,
        label=TO_THE_END if roles.searches else sketch.label,
    )


def find_longest_search(
    found: Mapping[str, Extents], others: Sequence[Extents]
) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return (kinds of contents on which a program reads furthest, names of the arrays where
    contents decide that).

    found: measured extents of the arrays, by name, for each kind of contents. others: the same on
        other contents, with the same scalars. Both results are empty if contents decide nothing.
    """
    seen = [*others, *found.values()]
    names = list(seen[0]) if seen else []
    moved = [n for n in names if len({extents[n] for extents in seen}) > 1]
    furthest = {n: max(extents[n] for extents in seen) for n in moved}
    return tuple(
        kind for kind, extents in found.items() if any(extents[n] == furthest[n] for n in moved)
    ), frozenset(moved)


def make_late_match_tests(
    test: UnitTest, kind: str, signature: Signature, roles: ParameterRoles
) -> list[UnitTest]:
    """Return copies of a test in which a searched value occurs in one array, after three quarters
    of it, in its last place, or in its first. kind: of contents that the test has, a key of
    `KINDS`, which says what is searched for. roles: says which arrays are searched; there is no
    copy for another.
    """
    sought = KINDS[kind][1]
    made = []
    for stream, (p, value) in enumerate(zip(signature.parameters, test.assignments, strict=True)):
        if (
            not isinstance(value, ArrayValue)
            or p.name not in roles.searched - (roles.indices or frozenset())
            or p.type == "bool"
            or p.type[0] == "c"
        ):
            continue
        contents = materialize_array(value, p, stream).ravel()
        if not 1 < len(contents) <= LONGEST_WRITTEN:
            continue
        low, high = INTEGER_RANGES.get(p.type, (sought, sought))
        for place in (len(contents) * 3 // 4, len(contents) - 1, 0):
            changed = np.array(contents)
            changed[place] = min(max(sought, low), high)
            written = replace(value, fill=None, values=tuple(changed.tolist()))
            made.append(
                replace(
                    test, assignments=tuple(written if a is value else a for a in test.assignments)
                )
            )
    return made
