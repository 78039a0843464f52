"""Functions inside a Fortran procedure that are one value: their calls are spelled as that value.

Contract: `read_internal_functions(part)` reads what stands behind CONTAINS, by name; raises
UnsupportedConstruct for a procedure that is more than assignments to scalars of its own.
`inline_call(function, arguments)` is the text of a call's value.

    python -c "from translator.normalize.fortran.internal_functions import InternalFunction, \\
        inline_call; print(inline_call(InternalFunction(('a',), '2*a'), ['x + 1']))"
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from translator.normalize.fortran.names import find_descendants, get_kind, get_name
from translator.normalize.unsupported import UnsupportedConstruct

_WORD = re.compile(r"(?<![\w.%])[a-z]\w*", re.I)
_KNOWN = frozenset(
    {"Function_Stmt", "Specification_Part", "Execution_Part", "End_Function_Stmt", "Comment"}
)


@dataclass(frozen=True, slots=True)
class InternalFunction:
    """An internal function of Fortran that is one expression. dummies: its arguments. value: what
    it returns, in these and the host's names.
    """

    dummies: tuple[str, ...]
    value: str


def read_internal_functions(part: Any) -> dict[str, InternalFunction]:
    """Return the functions behind CONTAINS, by name. part: fparser's node. Raises
    UnsupportedConstruct for one that is more than assignments to its own scalars.
    """
    found = [
        _read(each) for each in part.content if get_kind(each) not in ("Contains_Stmt", "Comment")
    ]
    return dict(found)


def _read(procedure: Any) -> tuple[str, InternalFunction]:
    parts = {get_kind(each): each for each in procedure.content}
    if set(parts) - _KNOWN or "Execution_Part" not in parts:
        raise UnsupportedConstruct(
            f"a procedure inside, with {', '.join(sorted(set(parts) - _KNOWN)) or 'no statement'}"
        )
    head = parts["Function_Stmt"]
    name, suffix = get_name(head.items[1]), head.items[3]
    result = (
        next((get_name(n) for n in find_descendants(suffix, "Name")), name)
        if suffix is not None
        else name
    )
    dummies = (
        tuple(get_name(n) for n in find_descendants(head.items[2], "Name"))
        if head.items[2] is not None
        else ()
    )
    known: dict[str, str] = {}
    for statement in parts["Execution_Part"].content:
        if (
            get_kind(statement) != "Assignment_Stmt"
            or get_kind(statement.items[0]) != "Name"
            or get_name(statement.items[0]) in dummies
        ):
            raise UnsupportedConstruct(
                f"a procedure inside that does more than to set variables of its own ({name})"
            )
        known[get_name(statement.items[0])] = substitute_values(str(statement.items[2]), known)
    if result not in known or re.search(rf"\b{name}\s*\(", known[result], re.I):
        raise UnsupportedConstruct(
            f"a procedure inside that calls itself, or sets no result ({name})"
        )
    return name, InternalFunction(dummies, known[result])


def inline_call(function: InternalFunction, arguments: Sequence[str]) -> str:
    """Return the text of a call's value, in brackets. arguments: texts. Raises UnsupportedConstruct
    if their number differs from the dummies'.
    """
    if len(arguments) != len(function.dummies):
        raise UnsupportedConstruct("a call with other arguments than dummies")
    return (
        "("
        f"{substitute_values(function.value, dict(zip(function.dummies, arguments, strict=True)))}"
        ")"
    )


def substitute_values(text: str, words: Mapping[str, str]) -> str:
    """Return `text` with each word that is a key of `words` replaced by its value in brackets; case
    does not count.
    """
    return _WORD.sub(
        lambda found: f"({words[found[0].lower()]})" if found[0].lower() in words else found[0],
        text,
    )
