"""Tokens of the C family: what the preprocessor works on, each with its place in the text.

Contract: `tokenize` reads any text and raises nothing; a character that begins no token is a token
of its own. Comments are left out. Continued lines are joined first, as the standard says.

    python -c "from corpora.frontends.c_tokens import tokenize; \
        print([t.text for t in tokenize('a>>=0x1F; // end')])"
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Token", "join_tokens", "tokenize"]

_PATTERN = re.compile(
    r"(?P<space>[ \t\r\f\v]+)|(?P<line>\n)|(?P<word>[^\W\d]\w*)"
    r"|(?P<number>\.?\d(?:[eEpP][+-]|'\w|[\w.])*)"
    r"|(?P<comment>//[^\n]*|/\*[\s\S]*?(?:\*/|\Z))"
    r"|(?P<string>\"(?:\\.|[^\"\\\n])*\")|(?P<character>'(?:\\.|[^'\\\n])*')"
    r"|(?P<punctuator><<<|>>>|<<=|>>=|\.\.\.|->\*|<=>|\+\+|--|->|::|&&|\|\||\#\#"
    r"|[-+*/%&|^<>=!]=|<<|>>|\.\*|[^\s\w])",
    re.S,
)
_RAW_STRING = re.compile(r'(?:u8|[uUL])?R"([^()\\\s]{0,16})\(.*?\)\1"', re.S)
_PREFIXES = {"u8", "u", "U", "L"}


@dataclass(frozen=True, slots=True)
class Token:
    """One token. kind: `word`, `number`, `string`, `character` or `punctuator`.

    start, end: character offsets into the original text. first: it begins a line. spaced: white
    space stands before it. expanded: it comes out of a macro; the offsets are those of the use.
    hidden: macros that may no longer expand it.
    """

    kind: str
    text: str
    start: int
    end: int
    first: bool = False
    spaced: bool = False
    expanded: bool = False
    hidden: frozenset[str] = frozenset()


def tokenize(text: str) -> list[Token]:
    """Tokens of `text`, without comments."""
    if "\\\n" in text or "\\\r\n" in text:
        text, offsets = _join_continued_lines(text)
        return [
            Token(t.kind, t.text, offsets[t.start], offsets[t.end - 1] + 1, t.first, t.spaced)
            for t in _tokenize(text)
        ]
    return _tokenize(text)


def _tokenize(text: str) -> list[Token]:
    out: list[Token] = []
    first, spaced, at = True, False, 0
    raw = 'R"' in text
    match = _PATTERN.match
    while found := match(text, at):
        kind, start, end = found.lastgroup, at, found.end()
        at = end
        if kind == "space":
            spaced = True
            continue
        if kind == "comment":
            spaced = True
            continue
        if kind == "line":
            first = spaced = True
            continue
        if kind == "word" and text[end : end + 1] in ('"', "'"):
            whole = _RAW_STRING.match(text, start) if raw else None
            literal = whole or (match(text, end) if text[start:end] in _PREFIXES else None)
            if literal and (whole or literal.lastgroup in ("string", "character")):
                kind = "string" if whole else literal.lastgroup
                at = end = literal.end()
        out.append(Token(kind or "", text[start:end], start, end, first, spaced))
        first = spaced = False
    return out


def _join_continued_lines(text: str) -> tuple[str, list[int]]:
    """The text without backslash-newline pairs, and the original offset of each character."""
    parts, offsets, at = [], [], 0
    for found in re.finditer(r"\\\r?\n", text):
        parts.append(text[at : found.start()])
        offsets.extend(range(at, found.start()))
        at = found.end()
    parts.append(text[at:])
    offsets.extend(range(at, len(text) + 1))
    return "".join(parts), offsets


def join_tokens(tokens: Sequence[Token]) -> str:
    """Text of `tokens`: one space wherever white space stood between two of them."""
    parts = []
    for position, token in enumerate(tokens):
        if position and (token.spaced or token.first or _would_merge(tokens[position - 1], token)):
            parts.append(" ")
        parts.append(token.text)
    return "".join(parts)


def _would_merge(left: Token, right: Token) -> bool:
    """Whether two tokens written without a space might read as another token."""
    if left.text == "" or right.text == "":
        return False
    return left.expanded != right.expanded or (
        left.text[-1].isalnum() and (right.text[0].isalnum() or right.text[0] == "_")
    )


class LineTable:
    """Line numbers (1-based) of the character offsets of a text."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(m.end() for m in re.finditer("\n", text))]

    def line(self, offset: int) -> int:
        return bisect_right(self._starts, offset)
