"""Arrays of states: their elements are compared with a scalar or a small number (`dist[v] !=
level`, `visited[u] == 0`).

Contract: pure. On usual contents hardly an element is the one that is asked for, so that what
stands behind the question never runs; among a few whole numbers round it, -1 among them, some
elements are and some are not.

    python -c "from tester.generate.states import find_state_arrays; help(find_state_arrays)"
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from corpora.records import Fill, Signature
from corpora.suites.unit_tests import INTEGER_RANGES
from tester.generate.extents import Sketch
from tester.generate.sketches import (
    ParameterRoles,
    Values,
    choose_assumed_extent,
    draw_contents,
    draw_sizes,
    find_integer_scalars,
)
from tester.generate.source_facts import HEADS

LARGEST = 8
"""A number up to here, of either sign, is a state among few; larger ones are marks
(tester.generate.sketches).
"""
BELOW = 2
"""Of a number that elements are asked to be below, one so far below is a state, too: -1 is not the
only negative.
"""


@dataclass(frozen=True, slots=True)
class StateArray:
    """What the elements of one array are compared with. scalars: for equality alone, and they bound
    nothing.
    """

    numbers: tuple[int, ...]
    scalars: tuple[str, ...]


_EQUAL, _ORDER = r"(?:[=!/]=|\.(?:eq|ne)\.)", r"(?:[<>]=?|\.(?:lt|le|gt|ge)\.)"
_BEHIND = re.compile(rf"\s*({_EQUAL}|{_ORDER})\s*(-?\w+)\b(?!\s*[\[(.])", re.IGNORECASE)
_BEFORE = re.compile(rf"(?<![\w.)\]])(-?\w+)\s*({_EQUAL}|{_ORDER})\s*$", re.IGNORECASE)
_KEPT = re.compile(r"(\w+)\s*=\s*$")
_PLACES = re.compile(r"\[[^\]]*\]")


def find_state_arrays(signature: Signature, text: str) -> dict[str, StateArray]:
    """The arrays of whole numbers whose elements, or locals that hold one, are compared with
    integer scalars or small numbers.
    """
    free = [p.name for p in find_integer_scalars(signature) if not _bounds(p.name, text)]
    found = {}
    for p in signature.parameters:
        if p.kind == "scalar" or p.type not in INTEGER_RANGES:
            continue
        asked = list(_comparisons(p.name, text))
        sides = [
            (int(value), 0 if equal else BELOW)
            for equal, value in asked
            if re.fullmatch(r"-?\d+", value)
        ]
        numbers = dict.fromkeys(
            number for value, below in sides for number in (value, value - below)
        )
        scalars = dict.fromkeys(
            s for equal, value in asked if equal for s in free if s.lower() == value.lower()
        )
        state = StateArray(tuple(n for n in numbers if abs(n) <= LARGEST), tuple(scalars))
        if state.numbers or state.scalars:
            found[p.name] = state
    return found


def _bounds(scalar: str, text: str) -> bool:
    """Whether a scalar ends a loop, is a place of an array or is asked for its order."""
    name = rf"\b{re.escape(scalar)}\b"
    where = " ".join([*HEADS.findall(text), *_PLACES.findall(text)])
    ordered = rf"{name}\s*{_ORDER}|{_ORDER}\s*{name}"
    return bool(re.search(name, where, re.IGNORECASE) or re.search(ordered, text, re.IGNORECASE))


def _comparisons(array: str, text: str) -> Iterator[tuple[bool, str]]:
    """Whether for equality, and with what, elements of an array are compared."""
    for start, end in _find_elements(array, text):
        yield from _find_neighbor_comparisons(text, start, end)
        kept = _KEPT.search(text, 0, start) if text[end : end + 1] in ";,\n" else None
        for m in re.finditer(rf"\b{kept[1]}\b", text) if kept else ():
            yield from _find_neighbor_comparisons(text, m.start(), m.end())


def _find_neighbor_comparisons(text: str, start: int, end: int) -> Iterator[tuple[bool, str]]:
    if behind := _BEHIND.match(text, end):
        yield bool(re.fullmatch(_EQUAL, behind[1], re.IGNORECASE)), behind[2]
    if before := _BEFORE.search(text[max(0, start - 80) : start]):
        yield bool(re.fullmatch(_EQUAL, before[2], re.IGNORECASE)), before[1]


def _find_elements(array: str, text: str) -> Iterator[tuple[int, int]]:
    """Where elements of an array stand in the text, their places included."""
    for m in re.finditer(rf"\b{re.escape(array)}\s*(?=[\[(])", text, re.IGNORECASE):
        end = m.end()
        while text[end : end + 1] in ("[", "("):
            closing = _find_closing_bracket(text, end)
            if not closing:
                break
            end = closing
        yield m.start(), end


def _find_closing_bracket(text: str, start: int) -> int:
    """Behind the bracket that closes the one at `start`; 0 without one."""
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] in "[(") - (text[place] in "])")
        if not depth:
            return place + 1
    return 0


def draw_states(
    scalars: Values,
    fills: Mapping[str, Fill],
    states: Mapping[str, StateArray],
    turn: int,
    seed: int,
) -> tuple[Values, dict[str, Fill]]:
    """Scalars and fills with few states in those arrays: what they are compared with and its
    neighbours, -1 too.
    """
    changed = scalars | {name: turn % 2 for state in states.values() for name in state.scalars}
    filled = dict(fills)
    for i, (name, state) in enumerate(states.items()):
        sought = [*state.numbers, *(int(changed[s]) for s in state.scalars)]  # type: ignore[arg-type]
        filled[name] = Fill("integers", (min(-1, *sought), max(1, *sought)), seed + 7 * i)
    return changed, filled


_DRAWN = ("distinct", "warp", "block")
"""Labels of the draws of sizes on which arrays of states hold few of them."""


def make_state_sketches(
    signature: Signature, roles: ParameterRoles, text: str, seed: int
) -> list[Sketch]:
    """For a program in which places depend on contents and that asks elements for their state: some
    elements that have it and some that have not. (Where places do not, usual contents of few
    different values do as well.)
    """
    states = find_state_arrays(signature, text) if roles.indices else {}
    drawn = dict(reversed(draw_sizes(signature, roles, seed, 4))) if states else {}
    sketches = []
    for turn, label in enumerate(label for label in _DRAWN if label in drawn):
        fills = draw_contents(signature, roles, "default", drawn[label], seed + turn)
        scalars, fills = draw_states(drawn[label], fills, states, turn, seed + turn)
        sketches.append(
            Sketch(scalars, fills, label, choose_assumed_extent(scalars, signature, turn))
        )
    return sketches


_MAX_ASKED = 2


def fill_with_states(sketch: Sketch, states: Mapping[str, StateArray]) -> list[Sketch]:
    """The sketch with all elements of arrays of states being what they are asked for, in turn: so
    the program goes everywhere it may.
    """
    wanted = {
        name: [*(int(sketch.scalars[s]) for s in state.scalars), *state.numbers]
        for name, state in states.items()
    }  # type: ignore[arg-type]
    turns = min(_MAX_ASKED, max(map(len, wanted.values()), default=0))
    constant = [
        {
            name: Fill("constant", (values[min(turn, len(values) - 1)],))
            for name, values in wanted.items()
        }
        for turn in range(turns)
    ]
    return [replace(sketch, fills=sketch.fills | fills, label="") for fills in constant]
