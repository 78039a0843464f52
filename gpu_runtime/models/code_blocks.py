"""Fenced blocks in what instruction models write, and the reasoning before them.

Contract: total. Nothing is changed in what is kept: every text given back stands in the answer as
it is.

    python -c "from gpu_runtime.models.code_blocks import find_fenced_blocks; \\
        print(find_fenced_blocks('So:\\n```cpp\\nint x;\\n```'))"
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_THOUGHT_STARTS = ("<think>", "<thinking>")
_THOUGHT_ENDS = ("</think>", "</thinking>")
# Three backticks that open and close within a line fence nothing, and an answer may end within
# those that close a block.
_FENCE = re.compile(r"```[^\n`]+```|```([^\n`]*)\n(.*?)(?:```|`{0,2}\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FencedBlock:
    """A fenced block of Markdown. tag: the first word after the fence, in lower case. text: what
    stands between the fences, up to the end if it is never closed.
    """

    tag: str
    text: str


def strip_thoughts(answer: str) -> str:
    """Return the answer after its last `</think>`. A `<think>` that never ends is cut off too."""
    low = answer.lower()
    ends = [low.rfind(mark) + len(mark) for mark in _THOUGHT_ENDS if mark in low]
    kept = answer[max(ends, default=0) :]
    starts = [at for mark in _THOUGHT_STARTS if (at := kept.lower().find(mark)) >= 0]
    return kept[: min(starts, default=len(kept))]


def find_fenced_blocks(text: str) -> list[FencedBlock]:
    """Return the fenced blocks of a text, in order. One that is never closed counts."""
    return [
        FencedBlock(_tag(found[1]), found[2])
        for found in _FENCE.finditer(text)
        if found[2] is not None
    ]


def closed_blocks(text: str) -> list[FencedBlock]:
    """Return the fenced blocks of a text whose closing fence is present, in order."""
    found = (
        match
        for match in _FENCE.finditer(text)
        if match[2] is not None and match[0].endswith("\n```")
    )
    return [FencedBlock(_tag(match[1]), match[2]) for match in found]


def find_text_outside(text: str) -> list[str]:
    """Return the texts before, between and after the fenced blocks, in order. There is one text
    more than there are blocks; it may be ''.
    """
    parts, at = [], 0
    for found in _FENCE.finditer(text):
        if found[2] is not None:
            parts.append(text[at : found.start()])
            at = found.end()
    return [*parts, text[at:]]


def _tag(info: str) -> str:
    word = re.search(r"[\w+]+", info)
    return word[0].lower() if word else ""
