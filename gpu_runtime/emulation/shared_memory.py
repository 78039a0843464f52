"""Shared memory whose place the program's own text cannot fix: dynamic arrays, and variables of
templates.

Contract: rewrites the tokens of one declaration in place and keeps its lines. A variable with a
section of its own is watched; the compiler gives none to the variables of a template's instances,
so that the runner hands out their memory at every launch (hooks.c: cv_placed).

    python -c "from gpu_runtime.emulation.cuda_rewrite import rewrite_cuda; \\
        print(rewrite_cuda('template <int N> void f() { __shared__ int s[N]; }'))"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Protocol


class _Token(Protocol):
    kind: str
    text: str

    @property
    def code(self) -> bool: ...


_ALIGNED = re.compile(
    r"__(?:align|attribute)__\s*\(+[^()]*(?:\([^()]*\))?\s*\)+|alignas\s*\([^()]*\)"
)
_BRACKETS = re.compile(r"\[[^\[\]]*\]|<[^<>]*>|\([^()]*\)")
_NAME = re.compile(r"[A-Za-z_]\w*$")


def find_template_bodies(
    tokens: Sequence[_Token], matching: Callable[[Sequence[_Token], int], int]
) -> list[range]:
    """Where the bodies of templates are. matching: gives the bracket that closes another."""
    bodies = []
    for i, token in enumerate(tokens):
        if token.text == "template":
            opening = next(
                (
                    j
                    for j in range(i, len(tokens))
                    if tokens[j].kind == "mark" and tokens[j].text in ("{", ";")
                ),
                -1,
            )
            if opening >= 0 and tokens[opening].text == "{":
                bodies.append(range(opening, matching(tokens, opening)))
    return bodies


def rewrite_static_shared(tokens: Sequence[_Token], first: int, last: int, number: int) -> bool:
    """`__shared__ T x[N], y;` -> members of a struct to which the runner gives memory, and
    references to them; False where it cannot be read.
    """
    text = _join_tokens(tokens, first, last)
    declared = re.sub(r"\b(?:__shared__|static|__device__)\b", " ", text)
    names = _find_declared_names(declared)
    if not names:
        return False
    box, slot = f"cv_box_{number}", f"cv_slot_{number}"
    references = " ".join(f"auto &{name} = cv_at_{number}.{name};" for name in names)
    _replace_tokens(
        tokens,
        first,
        last,
        f" struct {box} {{ {' '.join(declared.split())}; }}; static unsigned long {slot}[2]; "
        f"{box} &cv_at_{number} = *({box} *)cv_placed({slot}, sizeof({box})); {references}"[:-1],
        text.count("\n"),
    )
    return True


def _find_declared_names(text: str) -> list[str]:
    """Names that a declaration declares; none where one has an initial value, is a pointer to
    something else, or cannot be read.
    """
    plain = _ALIGNED.sub(" ", text)
    while (shorter := _BRACKETS.sub(" ", plain)) != plain:
        plain = shorter
    if re.search(r"[=&(){}<>\[\]]", plain):
        return []
    found = [_NAME.search(part.strip()) for part in plain.split(",")]
    return [name[0] for name in found if name] if all(found) else []


def rewrite_dynamic_shared(tokens: Sequence[_Token], first: int, last: int) -> None:
    """`extern __shared__ T x[][M];` -> `T (*x)[M] = (T (*)[M])cv_dynamic_shared;` in the place of
    the statement.
    """
    text = _join_tokens(tokens, first, last)
    plain = re.sub(r"\b(?:extern|__shared__|static)\b", " ", _ALIGNED.sub(" ", text))
    found = re.fullmatch(
        r"\s*([\w\s:<>,*]+?[\s*>])\s*(\w+)\s*\[\s*\]\s*((?:\[[^\[\]]*\]\s*)*)", plain
    )
    if not found:
        return
    kind, name, rest = " ".join(found[1].split()), found[2], found[3].strip()
    declared = f"{kind} (*const {name}){rest}" if rest else f"{kind} *const {name}"
    cast = f"{kind} (*){rest}" if rest else f"{kind} *"
    _replace_tokens(
        tokens, first, last, f" {declared} = ({cast})cv_dynamic_shared", text.count("\n")
    )


def _join_tokens(tokens: Sequence[_Token], first: int, last: int) -> str:
    return "".join(
        t.text if t.kind != "comment" else " " + "\n" * t.text.count("\n")
        for t in tokens[first:last]
    )


def _replace_tokens(tokens: Sequence[_Token], first: int, last: int, text: str, lines: int) -> None:
    for token in tokens[first:last]:
        token.text = ""
    tokens[first].text = text + "\n" * lines
