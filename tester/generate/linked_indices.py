"""Tests for programs that follow links: arrays of indices in which every search ends.

Contract: pure and seeded. Random indices lead in circles, on which such a program never ends, so
that hardly a usual test suits it. Sorted ones lead from every place up to a fixed point, or down to
one. Whether the program stays inside these arrays is for a run to say.

    pytest tests/tester/test_linked_indices.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from corpora.records import Signature, UnitTest
from gpu_runtime.call.materialize import is_assumed_shape
from tester.generate.extents import Sketch, build_test
from tester.generate.sketches import ParameterRoles, draw_contents


def make_linked_tests(
    signature: Signature, roles: ParameterRoles, sketches: Sequence[Sketch], seed: int, largest: int
) -> list[UnitTest]:
    """Return the sketches as tests with sorted contents, so that a program which follows links
    ends.

    roles: what parameters are used for, which says what the sizes are. seed: of the random
        contents. largest: sketches with a larger size, or without one, are left out. Every array is
        as long as the largest size of its test. The result is empty for a program with tables of
        rows or assumed-shape arrays.
    """
    if any(p.kind == "rows" or is_assumed_shape(p) for p in signature.parameters):
        return []
    tests = []
    for i, sketch in enumerate(sketches):
        length = max((int(sketch.scalars[name]) for name in roles.sizes), default=0)  # type: ignore[arg-type]
        if 0 < length <= largest:
            fills = draw_contents(signature, roles, "sorted", sketch.scalars, seed + 31 + i)
            extents = {p.name: (length,) for p in signature.parameters if p.kind == "array"}
            tests.append(build_test(replace(sketch, fills=fills), extents, signature))
    return tests
