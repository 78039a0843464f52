"""How long arrays are, as expressions of a function's sizes, found from the tests that a suite has.

Contract: `infer_lengths(suite)` gives for an array the simplest product of sizes (each, and the
product, up to two more or fewer, and up to four times that) that is the array's length in the
suite's tests; an array without one (one that contents decide on) is left out. It is what fits the
tests, not a promise of the program.

    python -c "from corpora.records import *; from tester.generate.lengths import infer_lengths; \\
        t = [UnitTest((ScalarValue('n', 'i32', n), \\
ArrayValue('x', 'f64', (n * n,), fill=Fill('zeros')))) for n in (2, 3, 7)];
print(infer_lengths(UnitTestSuite('p', tuple(t), 'user')))"
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement

from corpora.records import ArrayValue, UnitTest, UnitTestSuite
from gpu_runtime.call.materialize import get_extents, get_integer_scalars
from gpu_runtime.launch.plans import evaluate_expression

MOST_FACTORS, MOST_NAMES = 3, 8
_STEPS, _TIMES = (0, 1, -1, 2, -2), (1, 2, 3, 4)
_ENOUGH, _SAID_ENOUGH = 0.7, 0.3
"""Share of the tests in which the length must be the product, or what the text says."""


def infer_lengths(suite: UnitTestSuite) -> dict[str, str]:
    """Return a C expression of the integer scalars for the length of each array, by name. It gives
    the exact length in at least 70 % of the tests and never more than the array has; tests with
    null arrays do not count. It is a number where the length is the same in every test. An array
    without such an expression is left out.
    """
    tests = _find_complete_tests(suite)
    sizes = [get_integer_scalars(test) for test in tests]
    extents = [get_extents(test) for test in tests]
    found: dict[str, str] = {}
    for name in extents[0] if extents else ():
        lengths, others = _lengths_and_longest_other(extents, name)
        made = (
            str(lengths[0])
            if len(set(lengths)) == 1
            else _find_fitting_product(lengths, others, sizes)
        )
        if made:
            found[name] = made
    return found


def choose_length(suite: UnitTestSuite, name: str, said: Sequence[str]) -> str:
    """Return the first of the C expressions `said`, of the suite's integer scalars, that gives the
    exact length of the array `name` in at least 30 % of the tests and never more than it has; '' if
    none does. Tests with null arrays do not count.
    """
    tests = _find_complete_tests(suite)
    lengths, others = _lengths_and_longest_other([get_extents(test) for test in tests], name)
    for length in said:
        try:
            values = [evaluate_expression(length, get_integer_scalars(test), {}) for test in tests]
        except ValueError:
            continue
        if _fits(values, lengths, others, _SAID_ENOUGH):
            return length
    return ""


def _find_complete_tests(suite: UnitTestSuite) -> list[UnitTest]:
    """Tests that give every array."""
    return [
        test
        for test in suite.tests
        if not any(isinstance(a, ArrayValue) and a.is_null for a in test.assignments)
    ]


def _lengths_and_longest_other(
    extents: Sequence[Mapping[str, int]], name: str
) -> tuple[list[int], list[int]]:
    """An array's lengths, and those of the longest other."""
    return [each[name] for each in extents], [
        max((length for other, length in each.items() if other != name), default=1)
        for each in extents
    ]


def _find_fitting_product(
    lengths: Sequence[int], others: Sequence[int], sizes: Sequence[Mapping[str, int]]
) -> str:
    every = enumerate_products(sorted(sizes[0]))
    return next(
        (
            str(product)
            for product in every
            if _fits([product.value(test) for test in sizes], lengths, others)
        ),
        "",
    )


@dataclass(frozen=True, slots=True)
class LengthProduct:
    """The length of an array as `times * (name + step) * ... + more`. factors: pairs (name of a
    size, step), one per factor. times, more: the two numbers. Its `str` is C text.
    """

    factors: tuple[tuple[str, int], ...]
    times: int
    more: int

    def value(self, sizes: Mapping[str, int]) -> int:
        """Return the length, in elements, for these values of the sizes by name. Raises KeyError
        for a missing one.
        """
        found = self.times
        for name, step in self.factors:
            found *= sizes[name] + step
        return found + self.more

    def __str__(self) -> str:
        alone = len(self.factors) == 1 and self.times == 1
        words = [
            _format_step(name, step) if alone or not step else f"({_format_step(name, step)})"
            for name, step in self.factors
        ]
        return _format_step(
            " * ".join([*([str(self.times)] if self.times > 1 else []), *words]), self.more
        )


def enumerate_products(names: Sequence[str]) -> Iterator[LengthProduct]:
    """Yield candidate array lengths that are products of one to three sizes, simplest first: few
    factors, small numbers. names: of the sizes, of which the first eight are used.
    """
    for factors, times, more in _list_forms(min(len(names), MOST_NAMES), _STEPS):
        yield LengthProduct(tuple((names[k], step) for k, step in factors), times, more)


Form = tuple[tuple[tuple[int, int], ...], int, int]
"""A LengthProduct whose names are numbered: factors (number, step), times, more."""


@lru_cache(maxsize=2 * MOST_NAMES + 2)
def _list_forms(names: int, steps: tuple[int, ...]) -> tuple[Form, ...]:
    """Every product of so many names, the simplest first. Only their number matters: programs share
    the list.
    """
    factors = [(k, step) for step in steps for k in range(names)]
    found: list[Form] = []
    for count in range(1, MOST_FACTORS + 1):
        times = _TIMES if count < MOST_FACTORS else (1,)
        made: list[Form] = [
            (f, t, m)
            for f in combinations_with_replacement(factors, count)
            for t in times
            for m in steps
            if count > 1 or t > 1 or not m
        ]
        found += sorted(made, key=_measure_cost)
    return tuple(found)


def _measure_cost(form: Form) -> int:
    factors, times, more = form
    return times - 1 + abs(more) + sum(abs(step) for _, step in factors)


def list_growing_products(names: Sequence[str], most: int) -> list[LengthProduct]:
    """Return candidate array lengths, as products of sizes plus constants, that cost at most
    `most`.

    names: the integer parameters that may be factors, of which the first eight are used. A
        candidate's cost is the sum of the numbers added in it, and its multiple less 1: `2 * (n +
        1) + 2` costs 4. Nothing is subtracted in one. The simplest come first.
    """
    return [
        LengthProduct(tuple((names[k], step) for k, step in factors), times, more)
        for factors, times, more in _list_growing_forms(min(len(names), MOST_NAMES), most)
    ]


@lru_cache(maxsize=16)
def _list_growing_forms(names: int, most: int) -> tuple[Form, ...]:
    upward = tuple(step for step in _STEPS if step >= 0)
    return tuple(form for form in _list_forms(names, upward) if _measure_cost(form) <= most)


def _fits(
    values: Sequence[int], lengths: Sequence[int], others: Sequence[int], enough: float = _ENOUGH
) -> bool:
    """Exactly in enough tests, and never beyond the array: it may be longer than asked for where it
    is untouched (`tester.generate.completion`) or where the program returns at once, and where no
    array has more than one element nothing happened at all.
    """
    exact = sum(value == length for value, length in zip(values, lengths, strict=True))
    fits = all(
        value <= length or length == most == 1
        for value, length, most in zip(values, lengths, others, strict=True)
    )
    return fits and exact >= enough * len(values)


def _format_step(text: str, step: int) -> str:
    return f"{text} {'+' if step > 0 else '-'} {abs(step)}" if step else text
