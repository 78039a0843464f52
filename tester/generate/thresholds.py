"""Tests of sizes at which another program than the one tested may change its ways.

Contract: `sized_beyond` gives tests of a source beyond the sizes that its suite has, one size (or
all together) at a number or just above it, on which the source stays inside its arrays; none where
it cannot be run there within its limits. Whether they are valid is for `tester.validity` to say, as
of all others.

    python -c "from tester.generate.thresholds import sized_beyond; help(sized_beyond)"
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from corpora.records import ArrayValue, ScalarValue, UnitTest
from corpora.signatures.structures import by_numbers
from corpora.suites.unit_tests import INTEGER_RANGES
from gpu_runtime.backend import CompileRequest, ExecutionBackend, Variant
from gpu_runtime.call.materialize import assumed_shape
from gpu_runtime.expectations import Expectations
from tester.generate.completion import complete
from tester.generate.extents import Sketch
from tester.generate.reading import letters_of
from tester.generate.roles import NoSuite, Setting, known_roles, pitches_of
from tester.generate.rules import LARGEST, elements, geometry_maker
from tester.generate.sketches import Roles, contents, side_of

FURTHEST = (1 << 20) + (1 << 12)
"""Elements of one array: as many as a program may have that is parallel from 2^20 on, and a block
more.
"""
NEAR = 300
"""Indices are below it: arrays that only indices lead to need not be as long as the others."""
MOST_NUMBERS = 2
MOST_TESTS = 6


def sized_beyond(
    expectations: Expectations, numbers: Sequence[int], backend: ExecutionBackend
) -> list[UnitTest]:
    """At most MOST_TESTS tests for the smallest of these numbers that no size in the suite exceeds,
    smallest test first.
    """
    program, signature, launch = (
        expectations.source,
        expectations.signature,
        expectations.suite.launch,
    )
    compiled = backend.compile([CompileRequest(program, signature, Variant.RECORDED)])[0]
    geometry_of, text = geometry_maker(launch), by_numbers(program.text, signature)
    setting = Setting(
        backend,
        compiled,
        signature,
        geometry_of,
        LARGEST,
        0,
        pitches_of(signature, text),
        letters_of(signature, text),
    )
    try:
        roles = known_roles(setting, text, launch)
    except NoSuite:
        return []
    reach = _reach(expectations.suite.tests, roles)
    numbers = [n for n in sorted(set(numbers)) if reach < n <= FURTHEST][:MOST_NUMBERS]
    sketches = [sketch for number in numbers for sketch in _sketches(setting, roles, number)]
    made = (
        complete(backend, compiled, sketches, lambda s: (), geometry_of, FURTHEST)
        if sketches
        else []
    )
    return sorted((c.test for c in made if c.test is not None and c.changed), key=elements)[
        :MOST_TESTS
    ]


def _reach(tests: Sequence[UnitTest], roles: Roles) -> int:
    """The largest size of any test; where no scalar is one, the longest side of an array."""
    if roles.sizes:
        sizes = [
            int(a.value)
            for t in tests
            for a in t.assignments
            if isinstance(a, ScalarValue) and a.name in roles.sizes
        ]  # type: ignore[arg-type]
    else:
        sizes = [
            e for t in tests for a in t.assignments if isinstance(a, ArrayValue) for e in a.extents
        ]
    return max(sizes, default=0)


def _sketches(setting: Setting, roles: Roles, number: int) -> Iterator[Sketch]:
    """A lone size at the number and above it; of several, all so that their product is above it,
    then each alone.
    """
    types = {p.name: p.type for p in setting.signature.parameters}
    names = [
        name for name in types if name in roles.sizes and INTEGER_RANGES[types[name]][1] > number
    ]
    if len(names) > 1:
        drawn = [
            dict.fromkeys(names, int((number + 1) ** (1 / len(names))) + 1),
            *({name: number + 1} for name in names),
        ]
    else:
        drawn = [dict.fromkeys(names, number), dict.fromkeys(names, number + 1)]
    shaped = any(assumed_shape(p) for p in setting.signature.parameters)
    for turn, sizes in enumerate(drawn if names or shaped else ()):
        scalars = roles.base | sizes
        side = max(side_of(scalars, setting.signature, 0), *(sizes.values() or (number + turn,)))
        yield Sketch(
            scalars,
            contents(setting.signature, roles, "default", scalars, 2 * turn, NEAR),
            "threshold",
            side,
        )
