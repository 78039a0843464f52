"""Tests whose arrays are as long as the program's sizes say, where contents lead to places in them.

Contract: what a program touches of such an array is as much as its contents led to (a histogram
whose last bins stay empty), or more than a caller has (an index that is the number of rows): a port
that clears all bins, or copies as many as there are rows, would be outside. `lawful` finds the law
that an array's lengths follow in the suite's own tests and gives the others that length; tests in
which the program goes beyond a law that nearly all others keep are left out, unless smaller indices
keep it inside (an edge's node is below the number of nodes, also where there are more edges). What
is added holds contents as ever, and is compared.

    pytest tests/tester/test_laws.py
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from corpora.records import ArrayValue, Fill, ScalarValue, UnitTest
from gpu_runtime.call.materialize import extents_of, integer_scalars
from tester.generate.completion import Completed, confirm, remembered
from tester.generate.lengths import Product, products
from tester.generate.reading import reads_by_turns
from tester.generate.roles import Setting
from tester.generate.sketches import Roles

DEAREST = 2
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


def lawful(setting: Setting, roles: Roles, tests: Sequence[UnitTest]) -> list[UnitTest]:
    """The tests with arrays at the lengths of their laws, where places depend on contents;
    elsewhere only those that a test does not touch.
    """
    arrays = [p.name for p in setting.signature.parameters if p.kind == "array" and not p.shape]
    if not arrays or not roles.sizes and not roles.indices:
        return list(tests)
    # Fewer than a size are what indices below it lead to, not what a caller has.
    cheap = [
        p
        for p in products(sorted(roles.sizes))
        if p.cost <= DEAREST and min(p.more, *(step for _, step in p.factors)) >= 0
    ]
    tests = _all_there(setting, tests, arrays, cheap)
    by_turns = reads_by_turns(setting.text)
    if not roles.indices:  # contents lead nowhere, but may decide whether the last element is read
        if not by_turns:
            return tests
        seen = [_measured(test, setting) for test in tests]
        laws = _laws(arrays, seen, cheap, roles, by_turns)
        return _confirmed(
            setting,
            tests,
            seen,
            [_at_length(test, one, laws) for test, one in zip(tests, seen, strict=True)],
        )
    seen = [_measured(test, setting) for test in tests]
    laws = _laws(arrays, seen, cheap, roles, by_turns)
    least = {
        name: found
        for name in arrays
        if (found := [laws[name]] if name in laws else _least(name, seen, cheap))
    }
    for turn in range(
        max(map(len, least.values()), default=0)
    ):  # of two sizes the program must have the larger, if it counts to both
        tests = _led_inside(
            setting,
            roles,
            tests,
            seen,
            {name: found[min(turn, len(found) - 1)] for name, found in least.items()},
        )
        seen = [_measured(test, setting) for test in tests]
    laws = _laws(arrays, seen, cheap, roles, by_turns)
    made = _confirmed(
        setting,
        tests,
        seen,
        [_at_length(test, one, laws) for test, one in zip(tests, seen, strict=True)],
    )
    broken = {i for i, test in enumerate(made) if _breaks(test, seen[i], laws)}
    enough = len(broken) <= MOST_DROPPED and len(made) - len(broken) >= FEWEST
    kept = [i for i in range(len(made)) if not (enough and i in broken)]
    whole = [i for i in kept if not _short(made[i], seen[i], laws, roles)]
    return [made[i] for i in (whole if len(whole) >= FEWEST else kept)]


def _all_there(
    setting: Setting, tests: Sequence[UnitTest], arrays: Sequence[str], cheap: Sequence[Product]
) -> list[UnitTest]:
    """The tests with arrays as long as their laws where the program touches none of their elements
    (a row that is all border): a caller has them all the same, and a port may read them before it
    sees that there is nothing to do.
    """
    seen = [_measured(test, setting) for test in tests]
    left = {name for name in arrays for one in seen if name not in one.touched}
    laws = {name: law for name in left if (law := _law(name, seen, cheap, _SHOWN)) is not None}
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
                assignments=tuple(_below(a, None, longer, frozenset()) for a in test.assignments),
            )
    return _in_place(setting, tests, others, lambda i, completed: True)


def _laws(
    arrays: Sequence[str],
    seen: Sequence[_Lengths],
    cheap: Sequence[Product],
    roles: Roles,
    by_turns: bool = False,
) -> dict[str, Product]:
    shares = {name: _SHOWN / 2 if by_turns or name in roles.ordered else _SHOWN for name in arrays}
    return {
        name: law for name in arrays if (law := _law(name, seen, cheap, shares[name])) is not None
    }


def _led_inside(
    setting: Setting,
    roles: Roles,
    tests: Sequence[UnitTest],
    seen: Sequence[_Lengths],
    least: Mapping[str, Product],
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
                    _below(a, max(1, min(limits)) if limits else None, inside, leading)
                    for a in test.assignments
                ),
            )
    return _in_place(setting, tests, others, lambda i, completed: completed.changed)


def _in_place(
    setting: Setting,
    tests: Sequence[UnitTest],
    others: Mapping[int, UnitTest],
    stands: Callable[[int, Completed], bool],
) -> list[UnitTest]:
    """The tests with those of `others` in their places on which the program runs clean and that
    `stands` says yes to.
    """
    found = confirm(
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


def _below(
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


def _breaks(test: UnitTest, one: _Lengths, laws: Mapping[str, Product]) -> bool:
    """Whether an array that the program touches is longer than its law."""
    lengths = extents_of(test)
    return any(
        name in one.touched and lengths[name] > law.value(one.sizes) > 0
        for name, law in laws.items()
    )


def _short(test: UnitTest, one: _Lengths, laws: Mapping[str, Product], roles: Roles) -> bool:
    """Whether bounds of rows end before the last row does: their last one is how many elements the
    rows have.
    """
    lengths = extents_of(test)
    return any(
        name in one.touched and lengths[name] < law.value(one.sizes)
        for name, law in laws.items()
        if name in roles.ordered
    )


def _measured(test: UnitTest, setting: Setting) -> _Lengths:
    known = remembered(test, setting.compiled)
    lengths = extents_of(test)
    if known is None:
        return _Lengths(integer_scalars(test), lengths, lengths)
    lasts = {
        p.name: (a.last_read, a.last_write)
        for p, a in zip(setting.signature.parameters, known[1], strict=True)
    }
    touched = {
        name: 1 + max(v for v in lasts[name] if v is not None)
        for name in lengths
        if lasts[name] != (None, None)
    }
    return _Lengths(integer_scalars(test), lengths, touched)


def _law(
    name: str, seen: Sequence[_Lengths], cheap: Sequence[Product], enough: float
) -> Product | None:
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
        and _shown(p, rows, enough)
    )
    return next(whole, None) or next((p for p in cheap if _shown(p, rows, _STRICT)), None)


def _least(name: str, seen: Sequence[_Lengths], cheap: Sequence[Product]) -> list[Product]:
    """The simplest products of sizes that the program always touches at least, and often just."""
    rows = [(one.sizes, one.lengths[name]) for one in seen if name in one.touched]
    return [
        p
        for p in cheap
        if all(length >= p.value(sizes) for sizes, length in rows) and _shown(p, rows, _SHOWN)
    ][:MOST_TRIED]


def _shown(product: Product, rows: Sequence[tuple[Mapping[str, int], int]], share: float) -> bool:
    """Whether arrays are exactly so long in that share of the tests, at two lengths beyond one
    element at least.
    """
    exact = [length for sizes, length in rows if length == product.value(sizes)]
    return len(exact) >= share * len(rows) and len({length for length in exact if length > 1}) >= 2


def _at_length(test: UnitTest, one: _Lengths, laws: Mapping[str, Product]) -> UnitTest:
    """The test with every array as long as its law, but for what is untouched, goes beyond it, or
    is a list of too few written values.
    """
    made = []
    for a in test.assignments:
        wanted = laws[a.name].value(one.sizes) if a.name in laws else 0
        other = (
            isinstance(a, ArrayValue)
            and 0 < one.touched.get(a.name, 0) <= wanted != one.lengths[a.name]
            and (a.fill is not None or wanted < one.lengths[a.name])
        )
        made.append(_of_length(a, wanted) if other else a)  # type: ignore[arg-type]
    return (
        replace(test, assignments=tuple(made))
        if any(a is not b for a, b in zip(made, test.assignments, strict=True))
        else test
    )


def _of_length(a: ArrayValue, count: int) -> ArrayValue:
    return replace(
        a,
        extents=(count,),
        values=a.values and a.values[: len(a.values) * count // math.prod(a.extents)],
    )


def _confirmed(
    setting: Setting,
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
    return _in_place(
        setting,
        tests,
        changed,
        lambda i, completed: (
            _measured(completed.test, setting).touched.keys() == seen[i].touched.keys()
        ),
    )
