"""Large inputs for timing, made from the small ones of a suite.

Contract: how long each array must be follows from the suite's tests, by a polynomial in the integer
scalars that gives the extents of all of them exactly (least squares, then compared in integers).
Where no polynomial of a few terms does, there is no larger input. Elements are filled as in the
test that is enlarged.

    python -c "from coevolve.evaluation.large_inputs import enlarge_test; help(enlarge_test)"
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from corpora.records import ArrayValue, ScalarValue, UnitTest

MAX_ELEMENTS = 1 << 24
MODERATE = 64
"""Least value of the sizes that are not enlarged, where others are."""
_LEAST = (2, 4, 8)
"""Tests whose integers are smaller may have lengths of their own: a lower bound of 1, or nothing to
do.
"""
_SPARE = 2
"""Tests that a polynomial must meet beyond those that decide its factors."""

Term = tuple[str, ...]
"""A product of scalars by name; () is 1."""


@dataclass(frozen=True, slots=True)
class LengthPolynomial:
    """The length of an array along one axis, as a sum of products of integer scalars.

    terms: the products, each the names of its scalars; () is 1. factors: one for each term.
    """

    terms: tuple[Term, ...]
    factors: tuple[float, ...]

    def value(self, scalars: Mapping[str, int]) -> int:
        """Return the array's length, rounded, for `scalars`, values by name. Raises KeyError if a
        scalar of a term is missing.
        """
        return round(
            sum(f * math.prod(scalars[n] for n in t) for t, f in zip(self.terms, self.factors))
        )

    def grows_with(self) -> set[str]:
        """Return the names of the scalars that make the array longer as they grow."""
        return {n for t, f in zip(self.terms, self.factors) if f > 0 for n in t}


def fit_lengths(tests: Sequence[UnitTest]) -> dict[tuple[str, int], LengthPolynomial]:
    """Return the length of each array by (its name, axis from 0), as it follows from the integer
    scalars in `tests`; {} where one follows from no polynomial. tests: of one function.
    """
    for least in _LEAST:
        telling = [t for t in tests if all(v >= least for v in _integers(t).values())]
        telling = telling or list(tests)  # a lower bound may be 0 or 1 in all of them
        found: dict[tuple[str, int], LengthPolynomial | None] = {}
        for given in telling[0].assignments if telling else ():
            if isinstance(given, ArrayValue):
                for axis in range(len(given.extents)):
                    found[given.name, axis] = _fit(telling, given.name, axis)
        if found and all(found.values()):
            return {key: each for key, each in found.items() if each is not None}
    return {}


def list_sizes(tests: Sequence[UnitTest]) -> list[str]:
    """Return the names of the integer scalars that arrays grow with, in the order of the
    parameters; [] where that is not known. tests: of one function.
    """
    lengths = fit_lengths(tests)
    if not lengths:
        return []
    growing = set[str]().union(*(each.grows_with() for each in lengths.values()))
    return [a.name for a in tests[0].assignments if a.name in growing]


def enlarge_test(
    tests: Sequence[UnitTest], scale: int, names: Collection[str] | None = None
) -> UnitTest | None:
    """Return the largest of `tests` with sizes multiplied by `scale`, and arrays as long as they
    need.

    tests: of one function. names: the sizes (integer scalars that arrays grow with) to enlarge;
        others are at least MODERATE (64). None: all sizes.
    Returns None if it is not known how lengths follow from sizes, a size would not fit its type, or
    the test would have more than MAX_ELEMENTS (2^24) elements.
    """
    lengths, plain = fit_lengths(tests), [t for t in tests if _is_plain(t)]
    if not lengths or not plain:
        return None
    sizes = list_sizes(tests)
    if not sizes:
        return None
    base = max(plain, key=count_elements)
    scalars = _integers(base)
    for name in sizes:
        if names is None or name in names:
            scalars[name] *= scale
        else:
            scalars[name] = max(scalars[name], MODERATE)
    assignments: list[ScalarValue | ArrayValue] = []
    for given in base.assignments:
        if isinstance(given, ScalarValue):
            given = replace(given, value=scalars.get(given.name, given.value))
            if given.type in _MOST and not 0 <= abs(int(given.value)) <= _MOST[given.type]:
                return None
        elif not given.is_null:
            extents = tuple(
                lengths[given.name, axis].value(scalars) for axis in range(len(given.extents))
            )
            if min(extents, default=1) < 1:
                return None
            given = replace(given, extents=extents)
        assignments.append(given)
    test = replace(base, assignments=tuple(assignments))
    return test if count_elements(test) <= MAX_ELEMENTS else None


_MOST = {"i8": 127, "u8": 255, "i16": 32767, "u16": 65535, "i32": (1 << 31) - 1}


def count_elements(test: UnitTest) -> int:
    """Return the number of elements of all arrays of a test."""
    return sum(math.prod(a.extents) for a in test.assignments if isinstance(a, ArrayValue))


def _is_plain(test: UnitTest) -> bool:
    """Whether arrays are filled by rules, without values that slow arithmetic down."""
    return all(
        a.fill is not None and a.fill.kind != "special"
        for a in test.assignments
        if isinstance(a, ArrayValue)
    )


def _integers(test: UnitTest) -> dict[str, int]:
    return {
        a.name: int(a.value)  # type: ignore[arg-type]
        for a in test.assignments
        if isinstance(a, ScalarValue) and a.type[0] in "iu"
    }


def _fit(tests: Sequence[UnitTest], array: str, axis: int) -> LengthPolynomial | None:
    """The polynomial of fewest terms that gives the extent of `array` in all `tests`."""
    wanted, points = [], []
    for test in tests:
        value = next((a for a in test.assignments if a.name == array), None)
        if not isinstance(value, ArrayValue) or axis >= len(value.extents):
            return None
        if not value.is_null:
            wanted.append(value.extents[axis])
            points.append(_integers(test))
    if not wanted:
        return None
    for terms in _candidate_terms(list(points[0])):
        if len(wanted) < len(terms) + _SPARE:
            continue
        rows = np.array([[math.prod(p[n] for n in t) for t in terms] for p in points], float)
        factors, _, rank, _ = np.linalg.lstsq(rows, np.array(wanted, float), rcond=None)
        if rank < len(terms):
            continue
        found = LengthPolynomial(terms, tuple(round(float(f), 6) for f in factors.tolist()))
        if all(found.value(p) == length for p, length in zip(points, wanted)):
            return found
    return None


def _candidate_terms(names: Sequence[str]) -> Iterator[tuple[Term, ...]]:
    """Sets of terms, those of fewest first: of one to four scalars, products of two and three."""
    sets: list[tuple[Term, ...]] = [((),)]
    for count in (1, 2, 3, 4):
        for some in itertools.combinations(names, count):
            single: list[Term] = [(), *((n,) for n in some)]
            pairs = list(itertools.combinations(some, 2))
            sets.append(tuple(single))
            sets.append(tuple(single + pairs))
            if count == 1:
                sets.append((*single, (some[0], some[0])))
            if count == 2:
                sets.append((*single, *pairs, (some[0], some[0]), (some[1], some[1])))
            if count == 3:
                sets.append((*single, *pairs, some))
    yield from sorted(dict.fromkeys(sets), key=len)
