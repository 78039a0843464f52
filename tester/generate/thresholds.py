"""Tests of sizes at which another program than the one tested may change its ways.

Contract: `make_tests_beyond` gives tests of a source beyond the sizes that its suite has, one size
(or all together) at a number or just above it, on which the source stays inside its arrays; none
where it cannot be run there within its limits. Whether they are valid is for `tester.validity` to
say, as of all others.

    python -c "from tester.generate.thresholds import make_tests_beyond; help(make_tests_beyond)"
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from corpora.records import ArrayValue, Fill, ScalarValue, UnitTest
from corpora.suites.unit_tests import INTEGER_RANGES
from gpu_runtime.backend import CompileRequest, ExecutionBackend, Variant
from gpu_runtime.call.materialize import is_assumed_shape
from gpu_runtime.expectations import Expectations
from tester.generate.completion import complete_sketches
from tester.generate.extents import Sketch
from tester.generate.roles import NoSuiteError, TrialSetting, find_pitches, infer_roles
from tester.generate.rules import LARGEST, count_elements, make_geometry_function
from tester.generate.sketches import ParameterRoles, choose_assumed_extent, draw_contents
from tester.generate.source_facts import find_option_letters
from tester.generate.source_tree import read_source

MAX_SIZE = (1 << 20) + (1 << 12)
"""Elements of one array: as many as a program may have that is parallel from 2^20 on, and a block
more.
"""
NEAR = 300
"""Indices are below it: arrays that only indices lead to need not be as long as the others."""
MAX_NUMBERS = 2
MAX_TESTS = 6


def make_tests_beyond(
    expectations: Expectations,
    numbers: Sequence[int],
    backend: ExecutionBackend,
    excepted: Collection[int] = (),
) -> list[UnitTest]:
    """Return tests of the source at or just above the smallest of `numbers` that no size in its
    suite exceeds, or that are `excepted` and no size in its suite.

    There are at most MAX_TESTS, smallest first; none if the source cannot run there within its
    limits.
    """
    program, signature, launch = (
        expectations.source,
        expectations.signature,
        expectations.suite.launch,
    )
    compiled = backend.compile([CompileRequest(program, signature, Variant.RECORDED)])[0]
    geometry_of, source = make_geometry_function(launch), read_source(program, signature)
    setting = TrialSetting(
        backend,
        compiled,
        signature,
        geometry_of,
        LARGEST,
        0,
        find_pitches(signature, source),
        find_option_letters(signature, source),
    )
    try:
        roles = infer_roles(setting, launch)
    except NoSuiteError:
        return []
    tried = _find_sizes(expectations.suite.tests, roles)
    reach = max(tried, default=0)
    asked = sorted({n for n in numbers if n > reach} | {n for n in excepted if n not in tried})
    numbers = [n for n in asked if n <= MAX_SIZE][:MAX_NUMBERS]
    sketches = [sketch for number in numbers for sketch in _sketches(setting, roles, number)]
    made = (
        complete_sketches(backend, compiled, sketches, lambda s: (), geometry_of, MAX_SIZE)
        if sketches
        else []
    )
    return sorted((c.test for c in made if c.test is not None and c.changed), key=count_elements)[
        :MAX_TESTS
    ]


def _find_sizes(tests: Sequence[UnitTest], roles: ParameterRoles) -> set[int]:
    """The sizes of all tests; where no scalar is one, the sides of arrays."""
    assignments = [a for t in tests for a in t.assignments]
    if roles.sizes:
        return {
            int(a.value)  # type: ignore[arg-type]
            for a in assignments
            if isinstance(a, ScalarValue) and a.name in roles.sizes
        }
    return {e for a in assignments if isinstance(a, ArrayValue) for e in a.extents}


def make_tests_with_values(tests: Sequence[UnitTest], values: Sequence[float]) -> list[UnitTest]:
    """Return tests as the longest of at most MAX_VALUES elements an array, in which floating-point
    arrays hold `values`, or a floating-point scalar is one of them. There are at most MAX_TESTS.
    """
    short = [t for t in tests if all(_length(a) <= MAX_VALUES for a in t.assignments)]
    if not short or not values:
        return []
    base = max(short, key=count_elements)
    fill = Fill("choice", tuple(values), 1)
    made = [
        tuple(
            replace(a, fill=fill, values=None)
            if isinstance(a, ArrayValue) and a.type in _REALS and not a.is_null
            else a
            for a in base.assignments
        )
    ]
    for k, one in enumerate(base.assignments):
        if isinstance(one, ScalarValue) and one.type in _REALS:
            for value in values:
                changed = replace(one, value=value)
                made.append((*base.assignments[:k], changed, *base.assignments[k + 1 :]))
    tests = [replace(base, assignments=m) for m in made if m != base.assignments]
    return tests[:MAX_TESTS]


MAX_VALUES = 4096
_REALS = ("f32", "f64")


def _length(value: ScalarValue | ArrayValue) -> int:
    return math.prod(value.extents) if isinstance(value, ArrayValue) else 1


def _sketches(setting: TrialSetting, roles: ParameterRoles, number: int) -> Iterator[Sketch]:
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
    shaped = any(is_assumed_shape(p) for p in setting.signature.parameters)
    for turn, sizes in enumerate(drawn if names or shaped else ()):
        scalars = roles.base | sizes
        side = max(
            choose_assumed_extent(scalars, setting.signature, 0),
            *(sizes.values() or (number + turn,)),
        )
        yield Sketch(
            scalars,
            draw_contents(setting.signature, roles, "default", scalars, 2 * turn, NEAR),
            "threshold",
            side,
        )
