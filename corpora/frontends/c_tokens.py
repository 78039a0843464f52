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
from functools import lru_cache
from typing import NamedTuple

__all__ = ["Token", "join_tokens", "tokenize"]

_SPACE = r"[ \t\r\f\v\n]*"
_COMMENT = r"//[^\n]*|/\*[\s\S]*?(?:\*/|\Z)"
_PATTERN = re.compile(
    rf"({_SPACE}(?:(?:{_COMMENT}){_SPACE})*)(?:"
    r"((?:u8|[uUL])?R\"([^()\\\s]{0,16})\((?s:.*?)\)\3\"|(?:u8|[uUL])?\"(?:\\.|[^\"\\\n])*\")"
    r"|((?:u8|[uUL])?'(?:\\.|[^'\\\n])*')"
    r"|([^\W\d]\w*)"
    r"|(\.?\d(?:[eEpP][+-]|'\w|[\w.])*)"
    r"|(<<<|>>>|<<=|>>=|\.\.\.|->\*|<=>|\+\+|--|->|::|&&|\|\||\#\#"
    r"|[-+*/%&|^<>=!]=|<<|>>|\.\*|[^\s\w]|\S)|\Z)"
)
_KINDS = {2: "string", 4: "character", 5: "word", 6: "number", 7: "punctuator"}
_COMMENTS = re.compile(_COMMENT)


class Token(NamedTuple):
    """A token of the C family.

    kind: `word`, `number`, `string`, `character` or `punctuator`. text: as written. start, end:
        character offsets [start, end) into the original text.
    first: it begins a line. spaced: white space stands before it.
    expanded: it comes out of a macro; its offsets are those of the macro's use. hidden: names of
        macros that may not expand it.
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
    """Return the tokens of a C-family text, in order, without comments. Preprocessor lines are
    tokens like others. Continued lines are joined. Any text has tokens; nothing is raised.
    """
    if "\\\n" in text or "\\\r\n" in text:
        text, offsets = _join_continued_lines(text)
        return [
            Token(t.kind, t.text, offsets[t.start], offsets[t.end - 1] + 1, t.first, t.spaced)
            for t in _tokenize(text)
        ]
    return list(_tokenize(text))


@lru_cache(maxsize=16)
def _tokenize(text: str) -> tuple[Token, ...]:
    """Those of a text without continued lines. A text is often asked about several times in a row:
    for its tree, its words and what it needs.
    """
    out: list[Token] = []
    for found in _PATTERN.finditer(text):
        gap = found[1]
        group = found.lastindex or 1
        if group == 1:
            break  # the end, perhaps after a comment
        start, end = found.span(group)
        if not gap:
            first, spaced = not out, False
        elif "/" in gap:  # a line that begins inside a comment is no line
            first, spaced = not out or "\n" in _COMMENTS.sub(" ", gap), True
        else:
            first, spaced = not out or "\n" in gap, True
        out.append(Token(_KINDS[group], found[group], start, end, first, spaced))
    return tuple(out)


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
    """Return the text of tokens, with one space wherever white space stood between two. Tokens out
    of a macro get one too where they would merge, as in `- -x`.
    """
    parts: list[str] = []
    run: tuple[str, ...] = ()  # the last tokens written without a space, as many as can merge
    for position, token in enumerate(tokens):
        mixed = position and tokens[position - 1].expanded != token.expanded
        if position and (token.spaced or token.first or mixed or _merge(*run, token.text)):
            parts.append(" ")
            run = ()
        parts.append(token.text)
        run = (*run[-1:], token.text)
    return "".join(parts)


@lru_cache(maxsize=4096)
def _merge(*texts: str) -> bool:
    """Whether tokens written without a space read as others. The longest punctuator is of three
    characters, so three tokens (`. . .`) say it."""
    return "" not in texts and tuple(t.text for t in _tokenize("".join(texts))) != texts


class LineTable:
    """Finds line numbers in a text. text: the whole text. many: it has more than one line."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(m.end() for m in re.finditer("\n", text))]
        self.many = len(self._starts) > 1

    def line(self, offset: int) -> int:
        """Return the line number, from 1, of the character at `offset`, from 0, in the table's
        text.
        """
        return bisect_right(self._starts, offset)
