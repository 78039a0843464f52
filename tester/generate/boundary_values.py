"""Values at the boundaries of what a source does: for each operation of its dictionary those on
which another operation would give something else.

| operation | values |
| --- | --- |
| comparison with a constant c | c, its neighbours, and beyond |
| division, remainder, mask, shift by c | multiples of c and their neighbours, of either sign |
| question for equality with another parameter | equal ones, near ones |
| order among numbers | all far below zero, all far above it |
| exponential | such that it vanishes, or overflows, the largest first |
| rounding, conversion to whole numbers | halves; as many digits as the whole type holds |
| conversion to a wider type | the ends of the narrower one |
| truth value | neither 0 nor 1 |
| any operation on reals | NaN, infinities, zeros of both signs |
| place of an element | none (-1), far below zero, beyond 32 bits |

Contract: pure. A `Change` sets some parameters and leaves the others as they are: base choice
coverage (Ammann and Offutt, 1994). Whether the source runs clean on it is for a run to say.

    python -c "from tester.generate import boundary_values; help(boundary_values.list_changes)"
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from corpora.records import Fill, Parameter, Signature
from corpora.suites.unit_tests import INTEGER_RANGES
from tester.generate.dictionary import Dictionary, Number, Use
from tester.generate.sketches import ParameterRoles, Values, clip_to_type, find_integer_scalars
from tester.generate.source_facts import find_signed, has_unspecified_nan
from tester.generate.source_tree import SourceTree

NAN = math.nan
REALS_BY_KIND = (NAN, 0.0, -0.0, math.inf, -math.inf, 1.0, -1.0, 0.5, 3.0, -2.5)
"""Every kind of real number. The first begins an array, where many a program begins."""
ORDINARY_FIRST = (1.0, 0.0, -1.0, 3.0, 0.5, -2.5, -0.0, math.inf, -math.inf, NAN)
"""Beside an array of the former: a zero comes where the other is not finite."""
BEHIND = (0.5, 1.0, 3.0, NAN, -2.5, 2.0, NAN, 7.0)
"""The eighth element is the largest. A reduction that compares halves, or neighbours, first meets
NaN with it: a port that keeps the NaN loses the largest element.
"""
HALVES = (-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, -0.75, 3.25)
BELOW, ABOVE, APART = (-1010.0, -1000.0), (1000.0, 1010.0), (-2000.0, 2000.0)
"""Their exponentials vanish, overflow, or do both side by side in every real type."""
EXTREMES_FIRST = (1500.0, -1500.0, 0.0, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0)
"""The largest of all stands first, where a search or sum that begins too late does not see it."""
NEAR = 20
"""So far from what equality is asked with, most elements are not equal to it."""
KEY = 7
LARGEST_SIZE = 64
"""A constant up to here is tried for one size among several; a lone size takes larger ones too."""
MOST_NUMBERS = 6
"""Constants of one parameter that are tried, the first of the text."""


@dataclass(frozen=True, slots=True)
class Change:
    """How one test differs from a usual test.

    scalars, fills: values of scalars and contents of arrays that replace the usual ones, by
        parameter name. draw: label of the sizes that the test needs, as `draw_sizes` gives it; ''
        for any. tells: keep the test although the source changes no output
        on it, as after an early return.
    """

    scalars: Values = field(default_factory=dict)
    fills: dict[str, Fill] = field(default_factory=dict)
    draw: str = ""
    tells: bool = False


def list_changes(
    signature: Signature,
    source: SourceTree,
    dictionary: Dictionary,
    roles: ParameterRoles,
    largest: int,
) -> list[Change]:
    """Return the changes to a usual test that put a parameter at a boundary value, with kinds of
    changes interleaved.

    source: the program's tree. dictionary: what it does with each parameter's values. roles: what
        parameters are used for. largest: the largest size in usual tests.
    """
    boundary = _Boundaries(signature, source, dictionary, roles, largest)
    kinds = (
        boundary.no_numbers(),
        boundary.elements_at_constants(),
        boundary.scalars_at_constants(),
        boundary.equal_elements(),
        boundary.halves(),
        boundary.exponents(),
        boundary.places(),
        boundary.truth_values(),
        boundary.digits(),
        boundary.periods(),
        boundary.one_sided(),
        boundary.ends_of_types(),
    )
    return take_in_turn(kinds)


def take_in_turn(kinds: Iterable[Iterable[Change]]) -> list[Change]:
    """Return the first change of each kind, then the second of each, and so on. kinds: the changes
    of one kind each.
    """
    rows = itertools.zip_longest(*kinds)
    return [change for row in rows for change in row if change is not None]


class _Boundaries:
    """One method for each row of the module's table."""

    def __init__(
        self,
        signature: Signature,
        source: SourceTree,
        dictionary: Dictionary,
        roles: ParameterRoles,
        largest: int,
    ) -> None:
        self.signature, self.roles, self.largest = signature, roles, largest
        self.uses = dictionary.uses
        asked = find_signed(source)
        self.signed = {p.name for p in signature.parameters if source.spell(p.name) in asked}
        self.nan = not has_unspecified_nan(source)
        indices = roles.indices or frozenset()
        arrays = [p for p in signature.parameters if p.kind != "scalar" and p.type[0] != "c"]
        self.places_ = [p for p in arrays if p.name in indices and p.name not in roles.ordered]
        self.arrays = [p for p in arrays if p.name not in indices and p.type != "bool"]
        self.reals = [p for p in arrays if p.type[0] == "f" and p.name not in roles.ordered]
        self.factors = [
            p for p in signature.parameters if p.kind == "scalar" and p.type in ("f32", "f64")
        ]
        self.neutral: Values = {p.name: 1.0 for p in self.factors}
        bound = roles.sizes | roles.pitches | roles.flags | roles.letters.keys() | roles.counts
        self.whole = find_integer_scalars(signature)
        placed = roles.shifts | roles.steps | roles.within.keys()
        self.free = [p for p in self.whole if p.name not in bound | placed and p.type[0] == "i"]

    def _use(self, p: Parameter) -> Use:
        return self.uses[p.name]

    def no_numbers(self) -> Iterator[Change]:
        """In every other array the first element is no number, or all are, or all in what is
        written, while factors are zero (what is multiplied by zero may be left unread). Then all
        numbers are zero.
        """
        if not self.reals or not self.nan:
            return
        for turn in (0, 1):
            kinds = (REALS_BY_KIND, ORDINARY_FIRST)
            fills = {
                p.name: Fill("choice", kinds[(i + turn) % 2]) for i, p in enumerate(self.reals)
            }
            yield Change(self.neutral, fills)
        ordered = [p for p in self.reals if self._use(p).ordered and p.intent == "in"]
        if ordered:
            yield Change(self.neutral, {p.name: Fill("choice", BEHIND) for p in ordered}, "warp")
        result = self.signature.result
        if result and result[0] in "iub":  # one answer about all: any other number would decide it
            yield Change(self.neutral, {p.name: Fill("constant", (NAN,)) for p in self.reals})
        written = {p.name: Fill("choice", REALS_BY_KIND) for p in self.reals if p.intent != "in"}
        for p in self.factors[-2:] if written else ():
            yield Change({p.name: 0.0}, written)
        zeros: Values = {p.name: 0.0 for p in self.factors}
        if zeros:
            yield Change(zeros, {p.name: Fill("constant", (0,)) for p in self.reals})

    def elements_at_constants(self) -> Iterator[Change]:
        """Arrays whose elements are what they are compared with, or next to it."""
        mixed, single, wide = self._mix_constants(), {}, {}
        for p in (q for q in (*self.arrays, *self.places_) if q.name in mixed):
            numbers = _get_numbers(self._use(p).numbers, p)
            single[p.name] = Fill("constant", (numbers[0],))
            plain = [n for n in numbers if not _stands_for_none(n, p)]
            if not plain:
                continue
            low, high = min(plain) - NEAR, max(plain) + NEAR
            wide[p.name] = Fill("uniform" if p.type[0] == "f" else "integers", (low, high))
        if not mixed:
            return
        states = {
            name: k % 2
            for k, p in enumerate((*self.arrays, *self.places_))
            for name in self._use(p).equals
            if p.name in mixed and name in {q.name for q in self.free}
        }
        yield Change(self.neutral | states, mixed)
        yield Change(self.neutral | states, single, "one")
        yield Change(self.neutral | states, mixed, "warp")
        yield Change({}, wide)

    def _mix_constants(self) -> dict[str, Fill]:
        """Every array that is compared with constants, with these and their neighbours."""
        found = {p: _get_numbers(self._use(p).numbers, p) for p in (*self.arrays, *self.places_)}
        return {p.name: Fill("choice", _around(n, p)) for p, n in found.items() if n}

    def scalars_at_constants(self) -> Iterator[Change]:
        """Scalars that are what they are compared with, or next to it, one by one."""
        for p in (*self.whole, *self.factors):
            use = self._use(p)
            if p.name in self.roles.flags or p.name in self.roles.letters:
                continue
            sized = p.name in self.roles.sizes
            numbers = [n for n in _get_numbers(use.own, p) if not sized or abs(n) <= LARGEST_SIZE]
            choice = len(use.asked) > 1
            for number in numbers:
                beyond = [] if sized or p.type[0] == "f" and number < 0 else [2 * number + 1]
                near = [number] if choice else [number, number - 1, number + 1, *beyond]
                # No caller hands over an empty side where the source does not ask for that.
                empty = sized and number not in use.leaving and p.name not in self.signed
                for value in (v for v in near if v > 0 or not empty):
                    yield Change(_set(p, value), tells=True)
                if choice:
                    yield Change(_set(p, number), self._wide(), "warp")

    def _wide(self) -> dict[str, Fill]:
        """Contents far from zero on either side."""
        return {
            p.name: Fill("uniform", APART) if p.type[0] == "f" else Fill("integers", (-1000, 1000))
            for p in self.arrays
            if p.intent == "in"
        }

    def equal_elements(self) -> Iterator[Change]:
        """Where elements are asked whether they equal a scalar: all do, and here and there one."""
        free = {p.name for p in self.whole} - self.roles.sizes - self.roles.flags
        asked = [p for p in self.arrays if p.type[0] in "iu" and set(self._use(p).equals) & free]
        keys: Values = {n: KEY for p in asked for n in self._use(p).equals if n in free}
        fills = [Fill("constant", (KEY,)), Fill("integers", (KEY - NEAR, KEY + NEAR))]
        for fill in fills if asked else ():
            yield Change(keys, {p.name: fill for p in asked}, "warp")

    def halves(self) -> Iterator[Change]:
        rounded = [p for p in self.reals if self._use(p).rounded]
        if rounded:
            yield Change(self.neutral, {p.name: Fill("choice", HALVES) for p in rounded})
            scaled = {p.name: Fill("integers", (-9, 9)) for p in rounded}
            for factor in (2.0, 0.5) if self.factors else ():
                yield Change({p.name: factor for p in self.factors}, scaled)

    def exponents(self) -> Iterator[Change]:
        raised = [p for p in self.reals if self._use(p).raised]
        if not raised:
            return
        yield Change({}, {raised[0].name: Fill("choice", EXTREMES_FIRST)})
        for ends in (BELOW, APART):
            yield Change({}, {raised[0].name: Fill("uniform", ends)})

    def places(self) -> Iterator[Change]:
        """Indices that lead nowhere; a program that does not look at them leaves its arrays."""
        # In the rows of a matrix the place before a row is another row's last: nobody means that.
        within = self.roles.within
        asked = [
            p
            for p in self.places_
            if p.name not in within or self._use(p).numbers or self._use(p).partners
        ]
        for p in asked[:2]:
            lows = (-1, -self.largest, -(1 << 40)) if p.type == "i64" else (-1, -self.largest)
            for low in lows if p.type[0] == "i" else ():
                fill = Fill("integers", (low, max(self.largest - 1, -low - 1)))
                yield Change({}, {p.name: fill})

    def truth_values(self) -> Iterator[Change]:
        for p in self.whole:
            if p.name in self.roles.flags and not self._use(p).numbers:
                for value in (2, -1) if p.type[0] == "i" else (2,):
                    yield Change({p.name: value})
        truths = [p for p in self.arrays if p.type[0] in "iu" and self._use(p).truth]
        if truths:
            values = (2, 0, 1, 4, *((-1,) if truths[0].type[0] == "i" else (128,)))
            yield Change({}, {p.name: Fill("choice", values) for p in truths})

    def digits(self) -> Iterator[Change]:
        """Reals of which whole numbers come, with as many digits as leave room for a product with
        another such number.
        """
        whole = [p.type for p in self.signature.parameters if p.intent != "in"]
        whole += [self.signature.result or ""]
        bits = max([INTEGER_RANGES[t][1].bit_length() for t in whole if t in INTEGER_RANGES] + [0])
        rounded = [p for p in self.reals if self._use(p).rounded and p.intent == "in"]
        if rounded and bits > 16:
            most = float(math.isqrt(1 << bits))
            yield Change({}, {p.name: Fill("uniform", (-most, most)) for p in rounded})
            yield Change({}, {p.name: Fill("magnitudes", (1.0, most)) for p in rounded})

    def periods(self) -> Iterator[Change]:
        """Scalars and elements that are divided: beyond the divisor on either side, and beyond the
        sizes.
        """
        for p in self.free:
            for limit in dict.fromkeys([*list(self._use(p).periods)[:2], self.largest]):
                for value in (-2 * limit - 1, 2 * limit + 1, -limit):
                    yield Change(_set(p, value), self._mix_constants(), "small")
        fills = {}
        for p in self.arrays:
            periods = list(self._use(p).periods)[:2]
            if periods and p.type in INTEGER_RANGES:
                near = [s * (k * c + d) for c in periods for k in (0, 1, 2) for d in (0, 1, -1)
                        for s in (1, -1)]  # fmt: skip
                fills[p.name] = Fill("choice", tuple(dict.fromkeys(_hold(near, p))))
        if fills:
            yield Change({}, fills)

    def one_sided(self) -> Iterator[Change]:
        """Yield changes for input arrays whose values the program compares by order, two at most.
        All values of an array then lie far below zero, or far above it.
        """
        asked = [p for p in self.reals if self._use(p).ordered and p.intent == "in"]
        for ends in (BELOW, ABOVE):
            for p in asked[:2]:
                yield Change({}, {p.name: Fill("uniform", ends)})

    def ends_of_types(self) -> Iterator[Change]:
        """What is converted to a wider type is as large as its own holds: what a port computes
        before it converts overflows. First each scalar, then elements of arrays, then all.
        """
        bound = self.roles.sizes | self.roles.flags | self.roles.letters.keys()
        bound |= self.roles.pitches
        scalars = [p for p in self.whole if p in self.free or p.type[0] == "u"]
        wide = [p for p in scalars if self._use(p).widened and p.name not in bound]
        for p in wide:
            low, high = INTEGER_RANGES[p.type]
            for value in (high, low + 1) if low else (high,):
                yield Change({p.name: value}, draw="warp")
        arrays = [p for p in self.arrays if self._use(p).widened and p.type in INTEGER_RANGES]
        fills = {p.name: Fill("integers", INTEGER_RANGES[p.type]) for p in arrays}
        if fills:
            yield Change({}, fills, draw="warp")
        if fills and wide:
            yield Change({p.name: INTEGER_RANGES[p.type][1] for p in wide}, fills, draw="warp")


def _set(p: Parameter, value: Number) -> Values:
    return {p.name: clip_to_type(int(value), p) if p.type in INTEGER_RANGES else float(value)}


def _get_numbers(numbers: Iterable[Number], p: Parameter) -> list[Number]:
    """Constants that a value of this type can be, the first ones of the text."""
    low, high = INTEGER_RANGES.get(p.type, (-math.inf, math.inf))
    whole = p.type in INTEGER_RANGES
    fitting = (n for n in numbers if low <= n <= high and not (whole and n % 1))
    return [int(n) if whole else float(n) for n in fitting][:MOST_NUMBERS]


NONE_AND_USUAL = (1, 5, 0, -3, 2)
"""Beside a number that stands for none, which cannot be counted on from."""


def _around(numbers: Sequence[Number], p: Parameter) -> tuple[Number, ...]:
    plain = [n for n in numbers if not _stands_for_none(n, p)]
    none = [n for n in numbers if _stands_for_none(n, p)]
    near = [n + step for n in plain for step in (0, -1, 1, -2, 2)]
    near += [*none, *NONE_AND_USUAL] if none else []
    return tuple(dict.fromkeys(_hold(near, p)))


def _stands_for_none(number: Number, p: Parameter) -> bool:
    """Whether a constant is an end of the element type, as `INT_MAX` for a place not reached."""
    ends = INTEGER_RANGES.get(p.type, ())
    return number != 0 and number in ends or (p.type[0] == "f" and abs(number) > 1e30)


def _hold(values: Sequence[Number], p: Parameter) -> list[Number]:
    """Those of the values that the parameter's type can hold."""
    low, high = INTEGER_RANGES.get(p.type, (-math.inf, math.inf))
    return [v for v in values if low <= v <= high]
