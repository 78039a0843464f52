"""Whether a pointer parameter of C or C++ points to one thing or to many, told by how the text uses
it.

Contract: `is_single_object` is True where every use follows the pointer (`p->x`, `(*p).x`, `*p`),
asks whether there is one, copies one from or to it, or hands it to a function or macro of the same
text that does no more. Anything else (`p[i]`, `p + i`, another name for it) may mean many.

    pytest tests/corpora/test_pointees.py
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from corpora.syntax.c_family import find_c_functions, parse_c_family

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|(?<!\w)'(?:\\.|[^'\\\n])+'", re.S)
_MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)\(([^)]*)\)((?:\\\n|[^\n])*)", re.M)
_NULL = r"(?:NULL|nullptr|0)\b"
_COPIES = frozenset(("memcpy", "std::memcpy", "memmove", "cudaMemcpy", "cudaMemcpyAsync"))


@dataclass(frozen=True, slots=True)
class _Callee:
    parameters: tuple[str, ...]
    body: str


def is_single_object(name: str, body: str, text: str) -> bool:
    """For the parameter `name` of a function of `text`; body: that function's own text, or its
    body.
    """
    own = _strip_comments(body)
    return _is_single_use(name, own[own.find("{") :], _callees(_strip_comments(text)), ())


def _strip_comments(text: str) -> str:
    return _COMMENT.sub(" ", text)


def _callees(text: str) -> dict[str, _Callee]:
    """Functions and function-like macros of the text; those of one name are left out, since which
    is meant is not asked here.
    """
    found: dict[str, list[_Callee]] = {}
    for name, parameters, body in _MACRO.findall(text):
        found.setdefault(name, []).append(
            _Callee(tuple(p.strip() for p in parameters.split(",")), body)
        )
    for function in find_c_functions(parse_c_family(text).root_node):
        written = function.node.text.decode(errors="replace")
        names = tuple(
            next((t for t in reversed(tokens) if t.isidentifier()), "")
            for tokens in function.parameters()
        )
        found.setdefault(function.name, []).append(_Callee(names, written[written.find("{") :]))
    return {name: same[0] for name, same in found.items() if len(same) == 1}


def _is_single_use(
    name: str, body: str, callees: dict[str, _Callee], on_the_way: tuple[str, ...]
) -> bool:
    uses = [
        (m.start(), m.end()) for m in re.finditer(rf"(?<![\w.])(?<!->){re.escape(name)}\b", body)
    ]
    return bool(uses) and all(
        _is_followed(body, a, b) or _is_passed_on(body, a, b, callees, on_the_way) for a, b in uses
    )


def _is_followed(body: str, start: int, end: int) -> bool:
    """Whether the name between these places is followed there, or compared with null."""
    before, after = body[:start].rstrip(), body[end:].lstrip()
    while before.endswith("(") and after.startswith(")") and not re.search(r"\w\s*\($", before):
        before, after = before[:-1].rstrip(), after[1:].lstrip()
    if (
        after.startswith("->")
        or before.endswith("!")
        or re.match(rf"[!=]=\s*{_NULL}", after)
        or re.search(rf"\b{_NULL}\s*[!=]=$", before)
    ):
        return True
    return (
        before.endswith("*")
        and not before.endswith("**")
        and not after.startswith(("++", "--", "["))
    )


def _is_passed_on(
    body: str, start: int, end: int, callees: dict[str, _Callee], on_the_way: tuple[str, ...]
) -> bool:
    """Whether the name is an argument, all of it, of a call that takes one thing."""
    call = _call_round(body, start)
    if call is None:
        return False
    callee, arguments, place = call
    if arguments[place] != body[start:end]:
        return False
    if callee in _COPIES:
        return (
            place < 2
            and len(arguments) > 2
            and re.fullmatch(r"sizeof\s*\(?\s*(?:\*\s*\w+|(?:struct\s+)?\w+)\s*\)?", arguments[2])
            is not None
        )
    known = callees.get(callee)
    if known is None or callee in on_the_way or place >= len(known.parameters):
        return False
    return _is_single_use(known.parameters[place], known.body, callees, (*on_the_way, callee))


def _call_round(body: str, at: int) -> tuple[str, list[str], int] | None:
    """The innermost call round a place: what is called, its arguments, and which of them the place
    lies in.
    """
    depth, opened = 0, at
    while opened > 0:
        opened -= 1
        depth += {")": 1, "]": 1, "}": 1, "(": -1, "[": -1, "{": -1}.get(body[opened], 0)
        if depth < 0:
            break
    called = (
        re.search(r"([\w:]+)\s*$", body[:opened]) if depth < 0 and body[opened] == "(" else None
    )
    if called is None:
        return None
    arguments, depth, first, place = [], 0, opened + 1, 0
    for i in range(opened + 1, len(body)):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(body[i], 0)
        if depth < 0 or (depth == 0 and body[i] == ","):
            place = len(arguments) if first <= at < i else place
            arguments.append(" ".join(body[first:i].split()))
            first = i + 1
        if depth < 0:
            return called[1], arguments, place
    return None
