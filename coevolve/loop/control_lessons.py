"""What a control run learns from: as much generated material as its survivors would have been.

Contract: with round.lessons = "generated" the models of a run do all that others do, but every
lesson from a verified pair is replaced by generated ones of the same length in all, over as many
epochs at the same rate. So what a run gains over its control it gains from the pairs, not from more
training.

    coevolve run configs/demo.toml --set round.lessons=generated --set run_dir=runs/control
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from gpu_runtime.models.protocol import Example

LESSONS = ("kept", "generated")
_AT_LEAST = 16
"""Computations made at a time at the least."""


def match_lesson_length(
    lessons: Sequence[Example], made: Callable[[int], Sequence[Example]], seed: int
) -> list[Example]:
    """Return generated examples that together have as many words as `lessons`, to within one
    example.

    made(count): the lessons of `count` generated computations; a larger count must give more. seed:
    decides their order. Raises ValueError if a larger count does not give more lessons.
    """
    wanted, count = sum(map(count_words, lessons)), max(_AT_LEAST, len(lessons))
    found: list[Example] = list(made(count)) if wanted else []
    while sum(map(count_words, found)) < wanted:
        before, count = len(found), 2 * count
        found = list(made(count))
        if len(found) <= before:
            raise ValueError(f"the generator gives {before} examples only, and more are needed")
    random.Random(seed).shuffle(found)
    return _first_words(found, wanted)


def count_words(example: Example) -> int:
    """Return the number of blank-separated words in an example's prompt and answer together."""
    return len(example.prompt.split()) + len(example.answer.split())


def _first_words(examples: Sequence[Example], wanted: int) -> list[Example]:
    """The first examples, up to the number of words wanted: the last one is taken if more than half
    of it is needed.
    """
    chosen: list[Example] = []
    for example in examples:
        length = count_words(example)
        if wanted < length / 2:
            break
        chosen.append(example)
        wanted -= length
    return chosen
