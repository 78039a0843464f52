"""Heads of counted loops, and from where a loop's variable should count in C.

    python -c "from translator.normalize.fortran.loops import LoopRange, format_loop_head; \\
        from translator.normalize.affine import AffineSum; \\
print(format_loop_head('i', LoopRange(AffineSum(), AffineSum.of('n') - AffineSum(constant=1), 1)))"
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from translator.normalize.affine import AffineSum
from translator.normalize.fortran.names import (
    ProcedureNames,
    find_descendants,
    get_arguments,
    get_kind,
    get_name,
    get_subscripts,
    get_variable,
)


@dataclass(frozen=True, slots=True)
class LoopRange:
    """The range of a counted loop, from `first` to `last`, both included. step: one that is no
    number is taken to be positive.
    """

    first: AffineSum
    last: AffineSum
    step: int | AffineSum


def format_loop_head(word: str, counting: LoopRange, declares: bool = True) -> str:
    """Return a C loop head such as `for (int i = 0; i < n; i++)`. word: the variable. declares: the
    head declares it.
    """
    step = counting.step
    if isinstance(step, int) and step < 0:
        test = f"{word} >= {counting.last.text}"
    else:
        beyond = counting.last + AffineSum(constant=1)
        plain = counting.last.constant == 0 and counting.last.terms and beyond.constant
        test = f"{word} <= {counting.last.text}" if plain else f"{word} < {beyond.text}"
    further = {1: f"{word}++", -1: f"{word}--"}.get(step) if isinstance(step, int) else None
    if further is None:
        further = (
            f"{word} += {step.text}"
            if isinstance(step, AffineSum)
            else f"{word} {'-' if step < 0 else '+'}= {abs(step)}"
        )
    return f"for ({'int ' if declares else ''}{word} = {counting.first.text}; {test}; {further})"


def choose_index_shift(
    variable: str, parts: Sequence[Any], ends: Sequence[AffineSum], names: ProcedureNames
) -> int | None:
    """Return by how much the C variable of a loop should be less, so that most subscripts are
    plain. Returns None if the variable outlives the loop or is an argument.

    parts: fparser's nodes of the loop. ends: first and last value; known ones stay at least 0.
    """
    if variable in names.declared.procedure.arguments or _outlives(parts[0], variable):
        return None
    uses = [n for part in parts for n in find_descendants(part, "Name") if get_name(n) == variable]
    lows = [_find_lower_bound(n, names) for n in uses]
    votes = Counter(low for low in lows if low is not None)
    others = lows.count(None) - 1  # the loop's own head
    best, count = votes.most_common(1)[0] if votes else (0 if others else 1, others)
    return avoid_negative_ends(best if 2 * count >= others else 0, ends)


def avoid_negative_ends(shift: int, ends: Sequence[AffineSum]) -> int:
    """Return `shift`, or the largest smaller one with which no known end is negative."""
    return min([shift, *(end.constant for end in ends if not end.terms)])


def _find_lower_bound(name: Any, names: ProcedureNames) -> int | None:
    """The constant lower bound of the dimension whose subscript `name` is, plus or minus something;
    None where it is none.
    """
    node = name
    while get_kind(node.parent) in ("Level_2_Expr", "Parenthesis"):
        node = node.parent
    sections, part = node.parent, node.parent.parent if node.parent is not None else None
    if get_kind(sections) != "Section_Subscript_List" or get_kind(part) != "Part_Ref":
        return None
    shape = names.declared.shape(get_name(part.items[0]))
    place = next((k for k, s in enumerate(get_subscripts(part)) if s is node), None)
    if place is None or place >= len(shape):
        return None
    low, colon, _ = shape[place].partition(":")
    low = low if colon and low else "1"
    return int(low) if low.lstrip("-").isdigit() else None


def _outlives(node: Any, variable: str) -> bool:
    """Whether it is set inside of its loops, or met outside of them."""
    from fparser.two.utils import walk

    root = node
    while root.parent is not None and get_kind(root) != "Execution_Part":
        root = root.parent
    inside: set[int] = set()
    for found in walk(root):
        for k, part in enumerate(getattr(found, "content", ())):
            control = find_loop_control(part)
            if (
                control is not None
                and control.items[1]
                and get_name(control.items[1][0]) == variable
            ):
                inside |= {id(n) for later in found.content[k + 1 :] for n in walk(later)} | {
                    id(control.items[1][0])
                }
    assigned = any(
        get_name(n.items[0]) == variable for n in find_descendants(root, "Assignment_Stmt")
    )
    return assigned or any(
        get_name(n) == variable and id(n) not in inside for n in find_descendants(root, "Name")
    )


def find_values_read(node: Any) -> set[str]:
    """Return the names whose values a node depends on. Arrays of which it only asks the size are
    left out.
    """
    asked = [
        each
        for each in find_descendants(node, "Intrinsic_Function_Reference")
        if get_name(each.items[0]) in ("size", "ubound", "lbound")
    ]
    sized = [
        id(name) for each in asked for name in find_descendants(get_arguments(each)[0][0], "Name")
    ]
    return {get_name(found) for found in find_descendants(node, "Name") if id(found) not in sized}


def find_assigned_names(parts: Sequence[Any]) -> set[str]:
    """Return the scalars and arrays that assignments in `parts`, fparser's nodes, set."""
    return {
        get_variable(found.items[0])
        for part in parts
        for found in find_descendants(part, "Assignment_Stmt")
    }


def find_loop_control(statement: Any) -> Any:
    """Return fparser's Loop_Control of a do statement; None for another statement or a loop without
    end.
    """
    if get_kind(statement) not in ("Nonlabel_Do_Stmt", "Label_Do_Stmt"):
        return None
    return next((item for item in statement.items if get_kind(item) == "Loop_Control"), None)
