"""Tests of sizes at which another program than the one tested may change its ways.

Contract: `make_tests_beyond` gives tests of a source beyond the sizes that its suite has, one size
(or all together) at a number or just above it, on which the source stays inside its arrays; none
where it cannot be run there within its limits. Of a number that is a limit
(`gpu_runtime.launch.limits`) only what is above it is tried. A size that the suite has but of which
no output tells anything (`tester.generate.telling`) counts as beyond it: tests of it have contents
on which outputs do. Whether they are valid is for `tester.validity` to say, as of all others.

    python -c "from tester.generate.thresholds import make_tests_beyond; help(make_tests_beyond)"
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from corpora.records import ArrayValue, Fill, Parameter, ScalarValue, UnitTest
from corpora.suites.unit_tests import INTEGER_RANGES
from gpu_runtime.backend import CompileRequest, ExecutionBackend, Variant
from gpu_runtime.call.materialize import (
    DTYPES,
    get_extents,
    get_integer_scalars,
    is_assumed_shape,
    materialize_test,
)
from gpu_runtime.expectations import Expectations
from tester.generate.completion import complete_sketches
from tester.generate.dictionary import Use, read_dictionary
from tester.generate.extents import Sketch
from tester.generate.proposals import NARROW
from tester.generate.roles import NoSuiteError, TrialSetting, find_pitches, infer_roles
from tester.generate.rules import LARGEST, count_elements, make_geometry_function
from tester.generate.sketches import (
    ParameterRoles,
    choose_assumed_extent,
    draw_contents,
    relate_sizes,
)
from tester.generate.source_facts import find_option_letters
from tester.generate.source_tree import read_source
from tester.generate.telling import find_told_sizes

MAX_SIZE = (1 << 20) + (1 << 12)
"""Elements of one array: as many as a program may have that is parallel from 2^20 on, and a block
more.
"""
NEAR = 300
"""Indices are below it: arrays that only indices lead to need not be as long as the others."""
MAX_NUMBERS, MAX_LIMITS = 2, 4
MAX_TESTS = 8
MOST_BESIDE = 37
"""Of the other sizes in a test above a limit: enough elements that some lie beyond it."""
LEAST_BESIDE = 5
"""Of the other sizes in a test of the suite that counts as one above a limit."""
FEW_BESIDE = 1 << 12
"""Limits beyond have other sizes of 2: arrays along two sides would be long."""
MAX_BYTES = 1 << 27
"""Of the arrays of one test beyond MAX_SIZE elements."""

LEAST_RAGGED, MAX_RAGGED, MOST_RAGGED = 4, 4, 1 << 17
"""Least number that may be the side of a tile, how many are tried, and elements of such a test."""
FARTHEST_TOLD = 1 << 20
"""What the source does beyond it is not asked for: the runs would take long."""
LEAST_TOLD = 32
"""Numbers below are exceeded by most tests of a suite."""
FIRST_ASKED, MOST_ASKED, MOST_CONTENTS = 3, 8, 12
"""Tests of a suite that are asked at first, and at most, whether they tell of a size, and contents
that are tried where none does.
"""
LONG_CONTENTS = 1 << 16
"""Beyond this number so few contents are tried as a quarter of them."""

OVER_IN_FLOATS = ((1 << 19) + 3, 257)
"""By how much 2^24 is exceeded. A float takes the one sum for more than it is, and more than half
of so many may be counted; it takes the other for a multiple of 256, which leaves out the last.
"""


def make_tests_beyond(
    expectations: Expectations,
    numbers: Sequence[int],
    backend: ExecutionBackend,
    limits: Sequence[int] = (),
    excepted: Collection[int] = (),
) -> list[UnitTest]:
    """Return tests of the source at or just above the smallest of `numbers`, and above the smallest
    of `limits`, that no size in its suite exceeds, or at those of `excepted` that no size in its
    suite is. There are at most MAX_TESTS (8), smallest first; none if the source cannot run on such
    sizes within its limits. Behind them come tests of single sizes above a number of `numbers`
    where no output of the suite or of these tests tells what the source does there.

    expectations: the source and its checked suite. numbers: what a target compares with. limits:
        what its launches and buffers cover, so that only sizes above tell. excepted: single values
        that it treats in another way. backend: runs the source.
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
    fully = _find_full_reach(expectations.suite.tests, roles) if len(roles.sizes) > 1 else reach
    largest = _find_largest_affordable(setting)
    asked = sorted({n for n in numbers if n > reach} | {n for n in excepted if n not in tried})
    exceeded = {
        max((n for n in some if LEAST_TOLD <= n < min(reach, LONG_CONTENTS)), default=0)
        for some in (numbers, limits)
    }
    inner = [n for n in numbers if n <= reach]
    numbers = [n for n in asked if n <= MAX_SIZE][:MAX_NUMBERS]
    known = expectations.suite.tests

    def is_affordable(n: int) -> bool:
        return _predict_length(known, roles, n) <= largest

    # Pairs of elements are as many as the square.
    roots = {n if is_affordable(n) else math.isqrt(n) for n in limits}
    limits = [
        n
        for n in sorted(roots)
        if (reach if n > FEW_BESIDE else fully) < n < largest
        and n not in numbers
        and is_affordable(n)
    ]
    sketches = [sketch for number in numbers for sketch in _sketches(setting, roles, number)]
    limits = limits[:MAX_LIMITS]
    uses = read_dictionary(source, signature).uses
    for limit in limits:
        sketches += _make_sketches_above(setting, roles, limit, uses)
    sketches += _make_ragged_sketches(setting, roles, expectations.suite.tests, inner, largest)
    made = (
        complete_sketches(backend, compiled, sketches, lambda s: (), geometry_of, largest)
        if sketches
        else []
    )
    tests = sorted((c.test for c in made if c.test is not None and c.changed), key=count_elements)
    tests = tests[:MAX_TESTS]
    beyond = [(n, tests) for n in (*numbers, *limits) if n < FARTHEST_TOLD]
    known_beyond = [(n, known) for n in sorted(exceeded)]
    for number, above in (*known_beyond, *beyond):
        if number:
            tests = [*tests, *_make_telling_tests(setting, roles, expectations, number, above)]
    return tests


def _make_telling_tests(
    setting: TrialSetting,
    roles: ParameterRoles,
    expectations: Expectations,
    number: int,
    known: Sequence[UnitTest],
) -> list[UnitTest]:
    """For each size of which none of the tests `known` tells anything beyond the number, a test
    that does, if contents of the suite make one.
    """
    largest = _find_largest_affordable(setting)
    size = max(number + 1, min(2 * number + 1, MAX_SIZE))
    if _predict_length(expectations.suite.tests, roles, size) > largest:
        return []
    names = set(_get_names(setting, roles, number)) & roles.sizes
    above = [t for t in known if any(get_integer_scalars(t)[n] > number for n in names)]
    for some in (above[:FIRST_ASKED], above[FIRST_ASKED:MOST_ASKED]):  # the first ones mostly tell
        if names and some:
            names = names.difference(*_find_told_sizes(setting, roles, some, number))
    made: list[UnitTest] = []
    for name in sorted(names):
        sketches = list(_make_telling_sketches(setting, roles, expectations, number, name, size))
        completed = complete_sketches(
            setting.backend,
            setting.compiled,
            sketches,
            lambda s: (),
            setting.geometry_of,
            largest,
        )
        tests = sorted((c.test for c in completed if c.test is not None), key=count_elements)
        told = _find_told_sizes(setting, roles, tests, number)
        made += [test for test, found in zip(tests, told, strict=True) if name in found][:1]
    return made


def _find_told_sizes(
    setting: TrialSetting, roles: ParameterRoles, tests: Sequence[UnitTest], number: int
) -> list[frozenset[str]]:
    """The sizes of which each test tells beyond the number: not with the element at it alone, for
    `i > number` is true only behind that.
    """
    signature = setting.signature
    names = roles.sizes - roles.leading
    calls = [
        replace(materialize_test(t, signature), geometry=setting.geometry_of(t)) for t in tests
    ]
    sizes = [{n: get_integer_scalars(t)[n] for n in names} for t in tests]
    request = replace(setting.compiled.request, variant=Variant.PLAIN)
    plain = setting.backend.compile([request])[0]
    return find_told_sizes(calls, sizes, number + 1, signature, setting.backend, plain)


def _make_telling_sketches(
    setting: TrialSetting,
    roles: ParameterRoles,
    expectations: Expectations,
    number: int,
    name: str,
    size: int,
) -> Iterator[Sketch]:
    """The size with contents of the suite's tests, each kind once, and with rising ones."""
    seen: dict[tuple[object, ...], Sketch] = {}
    signature = setting.signature
    for test in expectations.suite.tests:
        fills = {a.name: a.fill for a in test.assignments if isinstance(a, ArrayValue)}
        if any(fill is None or fill.kind == "null" for fill in fills.values()):
            continue
        free = {
            a.name: a.value
            for a in test.assignments
            if isinstance(a, ScalarValue) and a.name not in roles.sizes
        }
        scalars = relate_sizes(signature, roles, 0, roles.base | free | {name: size})
        side = max(choose_assumed_extent(scalars, signature, 0), size)
        key = tuple((f.kind, f.arguments) for f in fills.values())  # type: ignore[union-attr]
        seen.setdefault(key, Sketch(scalars, fills, "threshold", side))  # type: ignore[arg-type]
    most = MOST_CONTENTS if number <= LONG_CONTENTS else MOST_CONTENTS // 4
    rising = draw_contents(signature, roles, "sorted", roles.base, 0, NEAR)
    plain = next(iter(seen.values()), None)
    yield from list(seen.values())[: most - 2]
    if plain is not None:
        yield replace(plain, fills=rising)
        # A product stays away from zero among positive numbers, and a remainder among large ones.
        free = plain.scalars.keys() - roles.sizes
        scalars = {n: max(s.scalars[n] for s in seen.values()) for n in free}
        positive = draw_contents(signature, roles, "positive", roles.base, 0, NEAR)
        yield replace(plain, scalars=plain.scalars | scalars, fills=positive)


def _find_largest_affordable(setting: TrialSetting) -> int:
    """Most elements of one array, where all arrays have as many."""
    arrays = [p for p in setting.signature.parameters if p.kind != "scalar"]
    each = sum(DTYPES[p.type].itemsize for p in arrays)
    return max(MAX_SIZE, MAX_BYTES // max(each, 1))


def _predict_length(tests: Sequence[UnitTest], roles: ParameterRoles, size: int) -> float:
    """Elements of the longest array at a lone size: a suite's largest test shows whether they grow
    with the square of it. 0 for several sizes, of which the others stay small.
    """
    if len(roles.sizes) != 1:
        return 0.0
    (name,) = roles.sizes
    shown = [(get_integer_scalars(t)[name], max(get_extents(t).values(), default=0)) for t in tests]
    most, length = max(shown, default=(0, 0))
    if most < NEAR // 10:
        return 0.0
    return length * (size / most) ** (2 if 4 * length >= most * most else 1)


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


def _find_full_reach(tests: Sequence[UnitTest], roles: ParameterRoles) -> int:
    """The number up to which each of several sizes is tried while no other is tiny: with two
    elements no index need lie where it matters.
    """
    found = dict.fromkeys(roles.sizes, 0)
    for sizes in ({n: get_integer_scalars(t)[n] for n in found} for t in tests):
        for name, value in sizes.items():
            if all(other >= LEAST_BESIDE for n, other in sizes.items() if n != name):
                found[name] = max(found[name], value)
    return min(found.values(), default=0)


def make_tests_with_values(tests: Sequence[UnitTest], values: Sequence[float]) -> list[UnitTest]:
    """Return copies of one test, the longest of `tests` whose arrays have at most MAX_VALUES (4096)
    elements each: one in which all floating-point arrays hold `values`, drawn at random, then ones
    in which a floating-point scalar is one of them. There are at most MAX_TESTS (8); none without
    such a test or without values.
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
    names = _get_names(setting, roles, number)
    if len(names) > 1:
        drawn = [_share(names, number), *({name: number + 1} for name in names)]
    else:
        drawn = [dict.fromkeys(names, number), dict.fromkeys(names, number + 1)]
    for turn, sketch in enumerate(_make_sketches(setting, roles, drawn, number)):
        yield sketch
        if turn == len(drawn) - 1:  # the last element alone is the largest one, or the least
            yield from (replace(sketch, fills=sketch.fills | f) for f in _order_reals(setting))


def _order_reals(setting: TrialSetting) -> list[dict[str, Fill]]:
    """Contents of the arrays of reals that rise from zero, and that fall to it."""
    reals = [p for p in setting.signature.parameters if p.kind != "scalar" and p.type in _REALS]
    return [{p.name: Fill(kind, (0, 100), 1) for p in reals} for kind in ("sorted", "falling")]


def _make_sketches_above(
    setting: TrialSetting, roles: ParameterRoles, limit: int, uses: Mapping[str, Use]
) -> Iterator[Sketch]:
    """A lone size above the limit; of several, each alone while the others are small, and all so
    that their product is above it.
    """
    far = limit >= MAX_SIZE
    sizes = [limit + over for over in (OVER_IN_FLOATS if far else (1 + limit // 16,))]
    names = _get_names(setting, roles, sizes[0])
    if len(names) > 1:
        small = dict.fromkeys(names, _choose_beside(limit, len(names) - 1))
        drawn = [] if far else [small | {name: sizes[0]} for name in names]
        drawn.append(_share(names, limit))
    else:
        drawn = [dict.fromkeys(names, size) for size in sizes]
    arrays = [
        p
        for p in setting.signature.parameters
        if p.kind != "scalar" and p.type in INTEGER_RANGES and p.name not in (roles.indices or ())
    ]
    largest = {
        p.name: Fill("constant", (INTEGER_RANGES[p.type][1],)) for p in arrays if p.type in NARROW
    }
    for sketch in _make_sketches(setting, roles, drawn, sizes[0]):
        yield sketch
        if largest:  # sums of them outgrow their type first
            yield replace(sketch, fills=sketch.fills | largest)
        placed = _place_beyond(arrays, uses, sketch, limit)
        if placed:
            yield replace(sketch, fills=sketch.fills | placed)


def _place_beyond(
    arrays: Sequence[Parameter], uses: Mapping[str, Use], sketch: Sketch, limit: int
) -> dict[str, Fill]:
    """Of arrays whose values are compared with a size above the limit, as bins of a histogram are:
    values between the limit and the size.
    """
    found = {}
    for p in arrays:
        partners = uses[p.name].partners.keys() & sketch.scalars.keys()
        sizes = [int(sketch.scalars[name]) for name in partners]  # type: ignore[arg-type]
        above = [size for size in sizes if limit < size <= INTEGER_RANGES[p.type][1]]
        if above:
            found[p.name] = Fill("integers", (limit, min(above) - 1), 1)
    return found


def _choose_beside(limit: int, others: int) -> int:
    """How large `others` further sizes are where one is above the limit, so that an array along all
    of them is within MAX_SIZE.
    """
    if limit > FEW_BESIDE:
        return 1 if limit >= 1 << 16 else 2
    return max(2, min(MOST_BESIDE, int((MAX_SIZE / (2 * limit)) ** (1 / others))))


def _get_names(setting: TrialSetting, roles: ParameterRoles, number: int) -> list[str]:
    """Sizes whose type holds the number. Where there is no array every whole number that is no
    truth value may be one.
    """
    types = {p.name: p.type for p in setting.signature.parameters}
    sizes = roles.sizes - roles.leading
    if all(p.kind == "scalar" for p in setting.signature.parameters):
        sizes |= {n for n, t in types.items() if t in INTEGER_RANGES} - roles.flags
    return [name for name in types if name in sizes and INTEGER_RANGES[types[name]][1] > number]


def _make_ragged_sketches(
    setting: TrialSetting,
    roles: ParameterRoles,
    tests: Sequence[UnitTest],
    numbers: Sequence[int],
    largest: int,
) -> Iterator[Sketch]:
    """For a number, such as the side of a tile, a test in which every size is the number plus one.
    The last tile then holds one column alone. Nothing for a number where the tests have such a size
    already, of each name and beside sizes that are not tiny.
    """
    names = roles.sizes - roles.leading
    if len(names) < 2:
        return
    shown = [{n: get_integer_scalars(t)[n] for n in names} for t in tests]
    for number in [n for n in numbers if n >= LEAST_RAGGED][:MAX_RAGGED]:
        ragged = {
            name
            for sizes in shown
            for name, size in sizes.items()
            if size > number and size % number == 1
            if all(other >= LEAST_BESIDE for n, other in sizes.items() if n != name)
        }
        if ragged != names and (number + 1) ** len(names) <= min(largest, MOST_RAGGED):
            drawn = dict.fromkeys(sorted(names), number + 1)
            shown.append(drawn)
            yield from _make_sketches(setting, roles, [drawn], number)


def _share(names: Sequence[str], number: int) -> dict[str, int]:
    """Equal sizes, odd ones, whose product is above the number."""
    return dict.fromkeys(names, int((number + 1) ** (1 / len(names))) + 1 | 1)


def _make_sketches(
    setting: TrialSetting, roles: ParameterRoles, drawn: Sequence[dict[str, int]], number: int
) -> Iterator[Sketch]:
    shaped = any(is_assumed_shape(p) for p in setting.signature.parameters)
    for turn, sizes in enumerate(drawn if any(drawn) or shaped else ()):
        scalars = relate_sizes(setting.signature, roles, 0, roles.base | sizes)
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
