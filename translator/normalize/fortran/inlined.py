"""Functions inside a Fortran procedure that are one value: their calls are spelled as that value.

Contract: `inner_functions(part)` reads what stands behind CONTAINS, by name; Unsaid for a procedure
that is more than assignments to scalars of its own. `called(function, arguments)` is the text of a
call's value.

    python -c "from translator.normalize.fortran.inlined import Inner, called; print(called(Inner(('a',), '2*a'), ['x + 1']))"
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from translator.normalize.fortran.names import below, kind_of, name_of
from translator.normalize.unsupported import Unsaid

_WORD = re.compile(r"(?<![\w.%])[a-z]\w*", re.I)
_KNOWN = frozenset(
    {"Function_Stmt", "Specification_Part", "Execution_Part", "End_Function_Stmt", "Comment"}
)


@dataclass(frozen=True, slots=True)
class Inner:
    """value: what the function returns, in its dummies and what its host knows."""

    dummies: tuple[str, ...]
    value: str


def inner_functions(part: Any) -> dict[str, Inner]:
    found = [
        _read(each) for each in part.content if kind_of(each) not in ("Contains_Stmt", "Comment")
    ]
    return dict(found)


def _read(procedure: Any) -> tuple[str, Inner]:
    parts = {kind_of(each): each for each in procedure.content}
    if set(parts) - _KNOWN or "Execution_Part" not in parts:
        raise Unsaid(
            f"a procedure inside, with {', '.join(sorted(set(parts) - _KNOWN)) or 'no statement'}"
        )
    head = parts["Function_Stmt"]
    name, suffix = name_of(head.items[1]), head.items[3]
    result = next((name_of(n) for n in below(suffix, "Name")), name) if suffix is not None else name
    dummies = (
        tuple(name_of(n) for n in below(head.items[2], "Name")) if head.items[2] is not None else ()
    )
    known: dict[str, str] = {}
    for statement in parts["Execution_Part"].content:
        if (
            kind_of(statement) != "Assignment_Stmt"
            or kind_of(statement.items[0]) != "Name"
            or name_of(statement.items[0]) in dummies
        ):
            raise Unsaid(
                f"a procedure inside that does more than to set variables of its own ({name})"
            )
        known[name_of(statement.items[0])] = replaced(str(statement.items[2]), known)
    if result not in known or re.search(rf"\b{name}\s*\(", known[result], re.I):
        raise Unsaid(f"a procedure inside that calls itself, or sets no result ({name})")
    return name, Inner(dummies, known[result])


def called(function: Inner, arguments: Sequence[str]) -> str:
    if len(arguments) != len(function.dummies):
        raise Unsaid("a call with other arguments than dummies")
    return f"({replaced(function.value, dict(zip(function.dummies, arguments, strict=True)))})"


def replaced(text: str, words: Mapping[str, str]) -> str:
    """`text` with these words' values in brackets."""
    return _WORD.sub(
        lambda found: f"({words[found[0].lower()]})" if found[0].lower() in words else found[0],
        text,
    )
