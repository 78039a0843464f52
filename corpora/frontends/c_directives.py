"""Lines of the preprocessor as they stand in a text, whichever of them a compiler would obey.

Contract: `directive_lines` finds every line that begins with `#`, also in a branch that is passed
over, and never one in a comment or a string. A line that goes on behind a backslash is one.
`corpora.frontends.c_preprocess` says what they do.

    python -c "from corpora.frontends.c_directives import directive_lines; \
        print(directive_lines('#define N 3 // three\\nint a;')[0].word)"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from corpora.frontends.c_tokens import Token, tokenize

__all__ = ["DirectiveLine", "blank", "defined_macros", "directive_lines", "included_path"]


@dataclass(frozen=True, slots=True)
class DirectiveLine:
    """One preprocessor line of a C-family text, such as `#define N 4`.

    word: its first word, such as `define`; '' if it has none. tokens: those after the word. start,
        end: character offsets from its `#` to the end of its last token. first, last: positions
        [first, last) of its tokens among all tokens of the text.
    """

    word: str
    tokens: tuple[Token, ...]
    start: int
    end: int
    first: int
    last: int

    @property
    def name(self) -> str:
        """Return the macro that a preprocessor line `define`, `undef` or `ifdef` names, its first
        word after the directive's own; '' where no name follows.
        """
        return self.tokens[0].text if self.tokens and self.tokens[0].kind == "word" else ""


def directive_lines(text: str, tokens: Sequence[Token] | None = None) -> list[DirectiveLine]:
    """Return the preprocessor lines of `text`, such as `#define N 4`, in order. tokens: those of
    `text` as `tokenize` returns them; None: they are made here. Branches that are not compiled
    count too.
    """
    tokens = tokenize(text) if tokens is None else tokens
    found, at = [], 0
    while at < len(tokens):
        if not (tokens[at].text == "#" and tokens[at].first):
            at += 1
            continue
        end = at + 1
        while end < len(tokens) and not tokens[end].first:
            end += 1
        line = tuple(tokens[at:end])
        word = line[1].text if len(line) > 1 and line[1].kind == "word" else ""
        rest = line[2:] if word else line[1:]
        found.append(DirectiveLine(word, rest, line[0].start, line[-1].end, at, end))
        at = end
    return found


def included_path(line: DirectiveLine, text: str) -> str:
    """Return the path in a line `#include <path>` or `#include "path"`, else ''. text: the whole
    text that `line` is from.
    """
    if not line.tokens:
        return ""
    first = line.tokens[0]
    if first.kind == "string":
        return first.text[1:-1].strip() if first.text.startswith('"') else ""
    closing = next((t for t in line.tokens if t.text.startswith(">")), None)
    return text[first.end : closing.start].strip() if first.text == "<" and closing else ""


def defined_macros(text: str) -> tuple[str, ...]:
    """Return the names that `text` defines as macros, in order, each once."""
    if "#" not in text:
        return ()
    names = (line.name for line in directive_lines(text) if line.word == "define")
    return tuple(dict.fromkeys(name for name in names if name))


def blank(text: str) -> str:
    """Return `text` with everything but its line breaks removed. Put in place of a part of a text,
    it keeps line numbers.
    """
    return "\n" * text.count("\n")
