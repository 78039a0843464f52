"""Edits of a source text by span: what a rewrite changes, and nothing else.

    python -c "from corpora.ir.edits import Edit, apply_edits; \
        print(apply_edits('a + b', [Edit(0, 1, 'x')]))"
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """A change of a text: the characters [start, end), offsets from zero, are replaced by `text`.
    With start == end, `text` is inserted there.
    """

    start: int
    end: int
    text: str


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return `text` with all `edits` applied at once. Their offsets are those of the unchanged
    `text`, and they may come in any order. Insertions at one place keep the order given. Raises
    ValueError if two edits overlap or one lies outside the text.
    """
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        if edit.start < at or edit.end < edit.start or edit.end > len(text):
            raise ValueError(f"edit [{edit.start}, {edit.end}) overlaps another or is outside")
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:]])
