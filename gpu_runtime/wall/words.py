"""The lexical part of the static wall for the C family: what no text may hold, wherever it stands.

Contract: works on tokens of the text as it is written, those of macros and of branches that a
compiler may leave out too. Each check gives None or the reason, one line.

    python -c "from corpora.frontends.c_tokens import tokenize; \
        from gpu_runtime.wall.words import check_words; \
        print(check_words(tokenize('asm(\"nop\");')))"
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from corpora.frontends.c_tokens import Token
from gpu_runtime.wall.names import (
    ALLOWED_ATTRIBUTES,
    ALLOWED_DUNDER,
    ENGINE_PREFIXES,
    FORBIDDEN_WORDS,
)

_PLACES = tuple(f"/{name}" for name in "etc proc dev sys tmp home root usr var".split())
_OTHER_SPELLINGS = frozenset(("<:", ":>", "<%", "%>", "%:"))
_TRIGRAPHS = frozenset("=/'()!<>-")
_STD_WORDS = frozenset(("thread", "atomic_thread_fence", "this_thread", "async"))


def quote_source(text: str, most: int = 40) -> str:
    """Return program text as a message shows it: one line of at most `most` characters, with
    unprintable ones escaped.
    """
    line = " ".join(text.split())
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
    return shown if len(shown) <= most else f"{shown[: most - 3]}..."


def check_layout(text: str, tokens: Sequence[Token]) -> str | None:
    """Return why the spelling of `text` is refused, such as digraphs or a NUL, in one line, or None
    if it is not. tokens: those of `text`.
    """
    if "\0" in text:
        return "the text holds a NUL character"
    if "\ufeff" in text:
        return "the text holds a byte order mark"
    for left, right in zip(tokens, [*tokens[1:], None], strict=False):
        if left.kind == "string":
            if left.text[0] != '"' and "R" in left.text.partition('"')[0]:
                if "\\\n" in text[left.start : left.end]:
                    return "a raw string with a line that goes on"
            continue
        if left.text == "\\":
            return "a backslash outside of a string"
        if right is None or right.kind != "punctuator" or right.spaced or right.first:
            continue
        if left.text + right.text in _OTHER_SPELLINGS and left.end == right.start:
            return "digraphs are not allowed"
    if "??" in text and any(text[i + 2 : i + 3] in _TRIGRAPHS for i in _places(text, "??")):
        return "trigraphs are not allowed"
    return None


def _places(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def check_words(code: Sequence[Token]) -> str | None:
    """Return why a word among the tokens `code` is refused, in one line, or None if none is."""
    for i, token in enumerate(code):
        if token.kind != "word":
            continue
        text = token.text
        if text in FORBIDDEN_WORDS:
            return f"'{text}' is not allowed in a program ({FORBIDDEN_WORDS[text]})"
        if text[0] in "_ctgkCTGK" and text.lower().startswith(ENGINE_PREFIXES):
            return f"'{text}' is a name of the engine or its run-time"
        if text[0] == "_" and text.startswith("__") and text not in ALLOWED_DUNDER:
            return f"'{text}' is a reserved name that is not in use here"
        if text == "goto" and i + 1 < len(code) and code[i + 1].text == "*":
            return "a computed goto"
        if text in _STD_WORDS and i > 1 and [t.text for t in code[i - 2 : i]] == ["std", "::"]:
            return f"'std::{text}' is not allowed in a program (it starts threads)"
    return None


def check_attributes(code: Sequence[Token]) -> str | None:
    """Return why an attribute among the tokens `code` is refused, in one line, or None if none
    is.
    """
    for i, token in enumerate(code):
        start = i + 1 if token.text == "__attribute__" else i
        if start == i and [t.text for t in code[i : i + 2]] != ["[", "["]:
            continue
        depth = 0
        for t in code[start:]:
            depth += (t.text in ("(", "[")) - (t.text in (")", "]"))
            if t.kind == "word" and t.text.strip("_") not in ALLOWED_ATTRIBUTES:
                return f"the attribute '{t.text.strip('_')}' is not allowed"
            if depth == 0:
                break
    return None


def check_strings(code: Sequence[Token]) -> str | None:
    """Return why a string among the tokens `code` is refused, because it names a place on the
    machine, in one line, or None if none is.
    """
    for token in code:
        if token.kind in ("string", "character") and ("/" in token.text):
            if "../" in token.text or any(_names_place(token.text, p) for p in _PLACES):
                return f"the text {quote_source(token.text)} names a place on the machine"
    return None


def _names_place(text: str, place: str) -> bool:
    return any(not text[i + len(place)].isalnum() for i in _places(text, place))
