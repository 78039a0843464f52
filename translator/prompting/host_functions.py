"""An answer of several functions: kernels, and at the end a host function whose head is the
source's own.

Contract: reads an answer word by word beside the `CReader`; `forbidden` says which words cannot
come next at the top level: after a kernel or a helper comes another, or the source's head as it
stands, and with the end of that function the text ends. A text with directives is let alone.

    python -c "from translator.prompting.host_functions import HostHeadConstraint; \\
        h = HostHeadConstraint('int F0 ( int V0 ) {'.split()); print('float' in h.forbidden())"
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache

from corpora.tokens.canonical import ENTRY
from translator.decoding.c_rules import NOTHING
from translator.decoding.c_words import END, EVERYTHING

_DEVICE = frozenset({"__global__", "__device__"})
_BEFORE_TYPES = frozenset(
    {"__global__", "__device__", "__host__", "inline", "__forceinline__", "extern"}
)
_ALL = EVERYTHING | _BEFORE_TYPES


class HostHeadConstraint:
    """Constrains a CUDA answer, word by word, that has kernels and ends with a host function whose
    head is the source's. head: the canonical words of the source's signature and the brace behind
    it.
    """

    def __init__(self, head: Sequence[str]) -> None:
        self._head = tuple(head)
        self._top: tuple[str, ...] = ()
        """Words since the last function ended."""
        self._depth = 0
        self._given = self._wild = False

    def advance(self, word: str) -> None:
        """Take note that `word`, a canonical word, was appended to the answer."""
        self._wild = self._wild or word[:1] == "#"
        if self._depth == 0:
            self._top = () if word == ";" else (*self._top, word)
        self._depth += (word == "{") - (word == "}")
        if self._depth == 0 and word == "}":
            self._given, self._top = self._given or ENTRY in self._top, ()

    def forbidden(self) -> Collection[str]:
        """Return the canonical words that may not come next in the answer."""
        if self._wild or self._depth > 0:
            return NOTHING
        if not self._top:
            return _ALL if self._given else _forbidden_at_start(self._head[0])
        if self._top[0] in _DEVICE:
            return _ENTRY if self._head[0] != "void" else NOTHING
        if self._top == self._head[: len(self._top)] and len(self._top) < len(self._head):
            return _all_but(self._head[len(self._top)])
        return NOTHING


_ENTRY = frozenset({ENTRY})
"""A kernel returns nothing, so it cannot stand in for a source that returns a value."""


@lru_cache(256)
def _all_but(word: str) -> frozenset[str]:
    return _ALL - {word}


@lru_cache(256)
def _forbidden_at_start(word: str) -> frozenset[str]:
    return (_ALL - _DEVICE - {word}) | {END}
