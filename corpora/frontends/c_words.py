"""Names that a text of the C family uses, macros' bodies included: what it would need declared.

Contract: of tokens, so never of a comment or a string. A member (`p.size`, `p->size`) is no name of
its own.

    python -c "from corpora.frontends.c_words import words_of; \
        print(words_of('std::sort(a, b); free(p);').called)"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from corpora.frontends.c_tokens import Token, tokenize

__all__ = ["Words", "words_of"]


@dataclass(frozen=True, slots=True)
class Words:
    """The names that a C++ text uses.

    plain: names without a qualifier. called: those of them before `(`, or before template arguments
        and `(`. qualified: by qualifier, such as `std`, the names after it. called_in: the same for
        names that are called. methods: members that are called.
    """

    plain: frozenset[str]
    called: frozenset[str]
    qualified: Mapping[str, frozenset[str]]
    called_in: Mapping[str, frozenset[str]]
    methods: frozenset[str]


def words_of(text: str) -> Words:
    """Return the names that `text`, C++ or C, uses, sorted by how they are used. Keywords count as
    names, those in comments and strings do not.
    """
    plain, called, methods = set(), set(), set()
    qualified: dict[str, set[str]] = {}
    called_in: dict[str, set[str]] = {}
    tokens = tokenize(text)
    for i, token in enumerate(tokens):
        if token.kind != "word":
            continue
        before = tokens[i - 1].text if i else ""
        calls = _is_called(tokens, i + 1)
        space = tokens[i - 2].text if before == "::" and i > 1 else ""
        if space in (">", ">>"):  # of a type with template arguments
            continue
        if space and tokens[i - 2].kind == "word":
            qualified.setdefault(space, set()).add(token.text)
            if calls:
                called_in.setdefault(space, set()).add(token.text)
        elif before in (".", "->"):
            methods |= {token.text} if calls else set()
        else:
            plain.add(token.text)
            called |= {token.text} if calls else set()
    return Words(
        frozenset(plain),
        frozenset(called),
        {space: frozenset(names) for space, names in qualified.items()},
        {space: frozenset(names) for space, names in called_in.items()},
        frozenset(methods),
    )


def _is_called(tokens: list[Token], i: int) -> bool:
    """Whether `(` stands at `i`, or behind template arguments that begin there."""
    if i < len(tokens) and tokens[i].text == "<":
        depth = 0
        while i < len(tokens) and tokens[i].text not in (";", "{", "}", "(", ")"):
            text = tokens[i].text
            depth += (text == "<") - (text.count(">") if text in (">", ">>") else 0)
            i += 1
            if depth <= 0:
                break
        if depth > 0:
            return False
    return i < len(tokens) and tokens[i].text == "("
