"""What a reader of source text says of a loop: where it ends and how it may be parallel.

python -c "from translator.outline.loops import LoopFacts; print(LoopFacts(9, True, 2))"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LoopFacts:
    """end: place behind its last word. parallel: a directive may stand before it. collapsible:
    perfectly nested loops, itself included, whose bounds do not depend on each other.

    Of the scalars that it assigns to, those declared inside of it left out: `private` are written
    before they are read, `reduced` are not.
    """

    end: int
    parallel: bool
    collapsible: int
    private: frozenset[str] = frozenset()
    reduced: frozenset[str] = frozenset()


def classify_names(
    uses: Sequence[tuple[str, str]], apart: frozenset[str]
) -> tuple[frozenset[str], frozenset[str]] | None:
    """(private, reduced) of (name, use) in the order of a loop's words; None where an iteration
    needs the one before it.

    use: `read`, `write`, `update`. apart: names that need no clause, such as the loop's own
    variable.
    """
    kinds: dict[str, list[str]] = {}
    for name, use in uses:
        kinds.setdefault(name, []).append(use)
    assigned = {n: k for n, k in kinds.items() if set(k) - {"read"} and n not in apart}
    private = frozenset(n for n, k in assigned.items() if k[0] == "write")
    reduced = frozenset(assigned) - private
    if any({"read", "update"} <= set(assigned[n]) for n in reduced):
        return None  # a running total whose value is used
    return private, reduced


@dataclass(frozen=True, slots=True)
class ParallelText:
    """words: what follows a prefix. loops: by place. updates: places of statements that may be
    `atomic`, `critical` or both.

    wholes: place → place behind, of runs of whole-array statements (Fortran). names: all of the
    text; arrays among them.
    """

    words: Sequence[str]
    loops: dict[int, LoopFacts]
    updates: dict[int, frozenset[str]]
    wholes: dict[int, int]
    names: frozenset[str]
    arrays: frozenset[str]
    ends: dict[int, int] = field(default_factory=dict)
    """Place behind each `if` among the updates."""


_WEAKER = {
    "+": frozenset("-"),
    "-": frozenset("+-"),
    "*": frozenset("+-/%"),
    "/": frozenset("+-*/%"),
    "&": frozenset("|^+-"),
    "|": frozenset(),
    "^": frozenset("|"),
}


def is_atomic_form(operator: str, rest: Sequence[str]) -> bool:
    """Whether `x = x operator rest` is `x = x operator (rest)`, as an atomic update must be."""
    depth, before = 0, "("
    for word in rest:
        depth += (word in "([") - (word in ")]")
        if (
            depth == 0
            and word in _WEAKER.get(operator, frozenset())
            and before not in ("(", "*", "/", "+", "-", ",")
        ):
            return False
        before = word
    return operator in _WEAKER
