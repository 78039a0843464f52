"""Tests whose arrays are as long as the program's sizes say, where contents lead to places in them.

Contract: what a program touches of such an array is as much as its contents led to (a histogram
whose last bins stay empty), or more than a caller has (an index that is the number of rows): a port
that clears all bins, or copies as many as there are rows, would be outside. `infer_extents` finds
the law that an array's lengths follow in the suite's own tests and gives the others that length;
tests in which the program goes beyond a law that nearly all others keep are left out, unless
smaller indices keep it inside (an edge's node is below the number of nodes, also where there are
more edges). What is added holds contents as ever, and is compared.

    pytest tests/tester/test_extent_inference.py
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from corpora.records import ArrayValue, Fill, ScalarValue, UnitTest
from gpu_runtime.call.materialize import get_extents, get_integer_scalars
from tester.generate.completion import CompletedSketch, confirm_tests, find_cached_run
from tester.generate.lengths import LengthProduct, list_growing_products
from tester.generate.roles import TrialSetting
from tester.generate.sketches import ParameterRoles
from tester.generate.source_facts import has_conditional_reads

MAX_COST = 2
"""Cost of a law (tester.generate.lengths): with larger numbers and more factors one that means
nothing fits.
"""
_SHOWN, _STRICT = 0.3, 0.7
"""Share of the tests in which an array is as long as a law that no test breaks, and as one that
some do.
"""
FEWEST, MOST_DROPPED, MOST_TRIED = 6, 2, 2
_MANY = 10


@dataclass(frozen=True, slots=True)
class _Lengths:
    """Of one test: its sizes, its arrays' lengths, and of those that the program touches how far it
    goes.
    """

    sizes: Mapping[str, int]
    lengths: Mapping[str, int]
    touched: Mapping[str, int]


def infer_extents(
    setting: TrialSetting, roles: ParameterRoles, tests: Sequence[UnitTest]
) -> list[UnitTest]:
    """Return the tests, in order, with array lengths changed to expressions of their sizes that
    hold in all tests. A few tests that no such expression fits may be left out.

    setting: the program and what it is tried with. roles: what its parameters are used for. Two
    sorts of arrays change. Of the first, the contents of other arrays decide how much is
    touched. The second are those that a test does not touch at all; they change in that test.
    """
    arrays = [p.name for p in setting.signature.parameters if p.kind == "array" and not p.shape]
    if not arrays or not roles.sizes and not roles.indices:
        return list(tests)
    # Fewer than a size are what indices below it lead to, not what a caller has.
    cheap = list_growing_products(sorted(roles.sizes), MAX_COST)
    tests = _restore_untouched(setting, tests, arrays, cheap)
    by_turns = has_conditional_reads(setting.source) or bool(roles.gates)
    if not roles.indices:  # contents lead nowhere, but may decide whether the last element is read
        if not by_turns:
            return tests
        seen = [_measure_lengths(test, setting) for test in tests]
        laws = _infer_products(arrays, seen, cheap, roles, by_turns)
        return _keep_confirmed(
            setting,
            tests,
            seen,
            [_resize_to_products(test, one, laws) for test, one in zip(tests, seen, strict=True)],
        )
    seen = [_measure_lengths(test, setting) for test in tests]
    laws = _infer_products(arrays, seen, cheap, roles, by_turns)
    least = {
        name: found
        for name in arrays
        if (found := [laws[name]] if name in laws else _find_lower_bounds(name, seen, cheap))
    }
    for turn in range(
        max(map(len, least.values()), default=0)
    ):  # of two sizes the program must have the larger, if it counts to both
        tests = _clamp_indices(
            setting,
            roles,
            tests,
            seen,
            {name: found[min(turn, len(found) - 1)] for name, found in least.items()},
        )
        seen = [_measure_lengths(test, setting) for test in tests]
    laws = _infer_products(arrays, seen, cheap, roles, by_turns)
    made = _keep_confirmed(
        setting,
        tests,
        seen,
        [_resize_to_products(test, one, laws) for test, one in zip(tests, seen, strict=True)],
    )
    broken = {i for i, test in enumerate(made) if _exceeds_product(test, seen[i], laws)}
    enough = len(broken) <= MOST_DROPPED and len(made) - len(broken) >= FEWEST
    kept = [i for i in range(len(made)) if not (enough and i in broken)]
    whole = [i for i in kept if not _rows_end_early(made[i], seen[i], laws, roles)]
    return [made[i] for i in (whole if len(whole) >= FEWEST else kept)]


def _restore_untouched(
    setting: TrialSetting,
    tests: Sequence[UnitTest],
    arrays: Sequence[str],
    cheap: Sequence[LengthProduct],
) -> list[UnitTest]:
    """The tests with arrays as long as their laws where the program touches none of their elements
    (a row that is all border): a caller has them all the same, and a port may read them before it
    sees that there is nothing to do.
    """
    seen = [_measure_lengths(test, setting) for test in tests]
    left = {name for name in arrays for one in seen if name not in one.touched}
    laws = {
        name: law for name in left if (law := _infer_product(name, seen, cheap, _SHOWN)) is not None
    }
    others: dict[int, UnitTest] = {}
    for i, (test, one) in enumerate(zip(tests, seen, strict=True)):
        longer = {
            name: length
            for name, law in laws.items()
            if name not in one.touched
            and one.lengths[name] < (length := law.value(one.sizes)) <= setting.largest
        }
        if longer:
            others[i] = replace(
                test,
                assignments=tuple(
                    _limit_indices(a, None, longer, frozenset()) for a in test.assignments
                ),
            )
    return _replace_where_clean(setting, tests, others, lambda i, completed: True)


def _infer_products(
    arrays: Sequence[str],
    seen: Sequence[_Lengths],
    cheap: Sequence[LengthProduct],
    roles: ParameterRoles,
    by_turns: bool = False,
) -> dict[str, LengthProduct]:
    shares = {name: _SHOWN / 2 if by_turns or name in roles.ordered else _SHOWN for name in arrays}
    return {
        name: law
        for name in arrays
        if (law := _infer_product(name, seen, cheap, shares[name])) is not None
    }


def _clamp_indices(
    setting: TrialSetting,
    roles: ParameterRoles,
    tests: Sequence[UnitTest],
    seen: Sequence[_Lengths],
    least: Mapping[str, LengthProduct],
) -> list[UnitTest]:
    """The tests with indices so small that no array is longer than its law, where the program runs
    clean so; the others as they were.
    """
    inner = {
        p.name: p.inner_extents[0] if p.inner_extents else 1 for p in setting.signature.parameters
    }
    leading = (roles.indices or frozenset()) - roles.ordered
    others: dict[int, UnitTest] = {}
    for i, (test, one) in enumerate(zip(tests, seen, strict=True)):
        inside = {
            name: length
            for name, law in least.items()
            if name in one.touched and one.lengths[name] > (length := law.value(one.sizes)) > 0
        }
        limits = [
            length // inner[name] for name, length in inside.items() if one.touched[name] > length
        ]
        if inside and leading:
            others[i] = replace(
                test,
                assignments=tuple(
                    _limit_indices(a, max(1, min(limits)) if limits else None, inside, leading)
                    for a in test.assignments
                ),
            )
    return _replace_where_clean(setting, tests, others, lambda i, completed: completed.changed)


def _replace_where_clean(
    setting: TrialSetting,
    tests: Sequence[UnitTest],
    others: Mapping[int, UnitTest],
    stands: Callable[[int, CompletedSketch], bool],
) -> list[UnitTest]:
    """The tests with those of `others` in their places on which the program runs clean and that
    `stands` says yes to.
    """
    found = confirm_tests(
        setting.backend,
        setting.compiled,
        list(others.values()),
        setting.geometry_of,
        setting.largest,
    )
    result = list(tests)
    for i, completed in zip(others, found, strict=True):
        if completed.test is not None and stands(i, completed):
            result[i] = completed.test
    return result


def _limit_indices(
    a: ScalarValue | ArrayValue,
    limit: int | None,
    lengths: Mapping[str, int],
    leading: frozenset[str],
) -> ScalarValue | ArrayValue:
    """An array at its length, with numbers below the limit where it leads to places in others.
    Lists of written values stay as they are.
    """
    if not isinstance(a, ArrayValue) or a.fill is None:
        return a
    fill = Fill("indices", (limit,), a.fill.seed) if limit and a.name in leading else a.fill
    return replace(a, extents=(lengths[a.name],) if a.name in lengths else a.extents, fill=fill)


def _exceeds_product(test: UnitTest, one: _Lengths, laws: Mapping[str, LengthProduct]) -> bool:
    """Whether an array that the program touches is longer than its law."""
    lengths = get_extents(test)
    return any(
        name in one.touched and lengths[name] > law.value(one.sizes) > 0
        for name, law in laws.items()
    )


def _rows_end_early(
    test: UnitTest, one: _Lengths, laws: Mapping[str, LengthProduct], roles: ParameterRoles
) -> bool:
    """Whether bounds of rows end before the last row does: their last one is how many elements the
    rows have.
    """
    lengths = get_extents(test)
    return any(
        name in one.touched and lengths[name] < law.value(one.sizes)
        for name, law in laws.items()
        if name in roles.ordered
    )


def _measure_lengths(test: UnitTest, setting: TrialSetting) -> _Lengths:
    known = find_cached_run(test, setting.compiled)
    lengths = get_extents(test)
    if known is None:
        return _Lengths(get_integer_scalars(test), lengths, lengths)
    lasts = {
        p.name: (a.last_read, a.last_write)
        for p, a in zip(setting.signature.parameters, known[1], strict=True)
    }
    touched = {
        name: 1 + max(v for v in lasts[name] if v is not None)
        for name in lengths
        if lasts[name] != (None, None)
    }
    return _Lengths(get_integer_scalars(test), lengths, touched)


def _infer_product(
    name: str, seen: Sequence[_Lengths], cheap: Sequence[LengthProduct], enough: float
) -> LengthProduct | None:
    """The simplest product of sizes that no test breaks (of many, not more than one) and enough
    tests show, else one that nearly all show. Of bounds of rows fewer tests show the last: rows
    that nothing leads to are not read; as fewer do of what is read beside others alone.
    """
    rows = [
        (one.sizes, one.lengths[name]) for one in seen if name in one.touched
    ]  # what is untouched is of any length
    whole = (
        p
        for p in cheap
        if sum(length > p.value(sizes) for sizes, length in rows) <= len(rows) // _MANY
        and _is_supported(p, rows, enough)
    )
    return next(whole, None) or next((p for p in cheap if _is_supported(p, rows, _STRICT)), None)


def _find_lower_bounds(
    name: str, seen: Sequence[_Lengths], cheap: Sequence[LengthProduct]
) -> list[LengthProduct]:
    """The simplest products of sizes that the program always touches at least, and often just."""
    rows = [(one.sizes, one.lengths[name]) for one in seen if name in one.touched]
    return [
        p
        for p in cheap
        if all(length >= p.value(sizes) for sizes, length in rows)
        and _is_supported(p, rows, _SHOWN)
    ][:MOST_TRIED]


def _is_supported(
    product: LengthProduct, rows: Sequence[tuple[Mapping[str, int], int]], share: float
) -> bool:
    """Whether arrays are exactly so long in that share of the tests, at two lengths beyond one
    element at least.
    """
    exact = [length for sizes, length in rows if length == product.value(sizes)]
    return len(exact) >= share * len(rows) and len({length for length in exact if length > 1}) >= 2


def _resize_to_products(
    test: UnitTest, one: _Lengths, laws: Mapping[str, LengthProduct]
) -> UnitTest:
    """The test with every array as long as its law, but for what is untouched or goes beyond it."""
    made = []
    for a in test.assignments:
        wanted = laws[a.name].value(one.sizes) if a.name in laws else 0
        other = (
            isinstance(a, ArrayValue)
            and 0 < one.touched.get(a.name, 0) <= wanted != one.lengths[a.name]
        )
        made.append(_resize_array(a, wanted) if other else a)  # type: ignore[arg-type]
    return (
        replace(test, assignments=tuple(made))
        if any(a is not b for a, b in zip(made, test.assignments, strict=True))
        else test
    )


def _resize_array(a: ArrayValue, count: int) -> ArrayValue:
    """The array with so many elements. Written values that do not suffice begin again."""
    if not a.values:
        return replace(a, extents=(count,))
    wanted = len(a.values) * count // math.prod(a.extents)
    again = a.values * (1 + wanted // len(a.values))
    return replace(a, extents=(count,), values=again[:wanted])


def _keep_confirmed(
    setting: TrialSetting,
    tests: Sequence[UnitTest],
    seen: Sequence[_Lengths],
    others: Sequence[UnitTest],
) -> list[UnitTest]:
    """The other tests where the program stays inside and touches the arrays that it touched before,
    else the tests as they were.
    """
    changed = {
        i: other
        for i, (one, other) in enumerate(zip(tests, others, strict=True))
        if one is not other
    }
    return _replace_where_clean(
        setting,
        tests,
        changed,
        lambda i, completed: (
            _measure_lengths(completed.test, setting).touched.keys() == seen[i].touched.keys()
        ),
    )
