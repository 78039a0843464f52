"""Arrays of states: their elements are compared with a scalar or a small number (`dist[v] !=
level`, `visited[u] == 0`).

Contract: pure, on the typed tree. On usual contents hardly an element is the one that is asked for,
so that what stands behind the question never runs. Among a few whole numbers round it, -1 among
them, some elements are and some are not.

    python -c "from tester.generate.states import find_state_arrays; help(find_state_arrays)"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from corpora.ir import Name, names_in
from corpora.records import Fill, Signature
from corpora.suites.unit_tests import INTEGER_RANGES
from tester.generate.dictionary import read_dictionary
from tester.generate.extents import Sketch
from tester.generate.sketches import Values, find_integer_scalars
from tester.generate.source_facts import find_ordered_scalars
from tester.generate.source_tree import (
    ORDERS,
    SourceTree,
    find_index_names,
    get_heads,
    iterate_comparisons,
)

LARGEST = 8
"""A number up to here, of either sign, is a state among few."""
BELOW = 2
"""Of a number that elements are asked to be below, one so far below is a state, too: -1 is not the
only negative.
"""


@dataclass(frozen=True, slots=True)
class StateArray:
    """What the elements of an integer array that holds states are compared with.

    numbers: the small integers among them, from -8 to 8; for one that is compared otherwise than
        for equality, the number less 2 too. scalars: the names of scalar parameters among them,
        compared for equality only.
    """

    numbers: tuple[int, ...]
    scalars: tuple[str, ...]


def find_state_arrays(signature: Signature, source: SourceTree) -> dict[str, StateArray]:
    """Return, by name, the integer arrays whose values a program compares with scalars or small
    integers, with what they are compared with. source: the program's tree.
    """
    bounds = _find_bounding_names(source)
    alone = {
        other.id
        for _, operator, other in iterate_comparisons(source)
        if operator not in ORDERS and isinstance(other, Name)
    }  # not as a part of an end, as in `find(x, x + n, key) != x + n`
    spelled = {p.name: source.spell(p.name) for p in find_integer_scalars(signature)}
    free = {name for name, own in spelled.items() if own in alone and own not in bounds}
    uses = read_dictionary(source, signature).uses
    found = {}
    for p in signature.parameters:
        if p.kind == "scalar" or p.type not in INTEGER_RANGES:
            continue
        use = uses[p.name]
        near = [m for n in use.numbers for m in (n, n if n in use.asked else n - BELOW)]
        numbers = [int(n) for n in dict.fromkeys(near) if abs(n) <= LARGEST and n % 1 == 0]
        state = StateArray(tuple(numbers), tuple(n for n in use.equals if n in free))
        if state.numbers or state.scalars:
            found[p.name] = state
    return found


def _find_bounding_names(source: SourceTree) -> set[str]:
    """Names that end a loop, are in a place of an array or are asked for their order."""
    named = find_index_names(source) | find_ordered_scalars(source)
    return named.union(*(names_in(part) for _, head in get_heads(source) for part in head))


def draw_states(
    scalars: Values,
    fills: Mapping[str, Fill],
    states: Mapping[str, StateArray],
    turn: int,
    seed: int,
) -> tuple[Values, dict[str, Fill]]:
    """Return (scalars, fills) of a test in which arrays of states hold few values: those from the
    least to the largest that they are compared with, -1 and 1 among them.

    scalars: values by name; in the result those that states are compared with are 0 or 1, by
        `turn`. fills: contents of the test's arrays, by name. states: from `find_state_arrays`.
        turn: the draw's number. seed: of the contents.
    """
    changed = scalars | {name: turn % 2 for state in states.values() for name in state.scalars}
    filled = dict(fills)
    for i, (name, state) in enumerate(states.items()):
        sought = [*state.numbers, *(int(changed[s]) for s in state.scalars)]  # type: ignore[arg-type]
        filled[name] = Fill("integers", (min(-1, *sought), max(1, *sought)), seed + 7 * i)
    return changed, filled


_MAX_ASKED = 2


def fill_with_states(sketch: Sketch, states: Mapping[str, StateArray]) -> list[Sketch]:
    """Return copies of a sketch, two at most, in which all elements of arrays of states have one of
    the values they are compared with, each value in turn. states: from `find_state_arrays`; {}
    gives no copy.
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
