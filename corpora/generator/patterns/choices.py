"""Text with alternatives: `[: a :: b :]`, which may stand inside each other.

python -c "from corpora.generator.patterns.choices import parse_choices; \\
    print(parse_choices('x [: + :: - :] y'))"
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

_MARK = re.compile(r"(\[:|::|:\])")


@dataclass(frozen=True, slots=True)
class Choice:
    """A place in a pattern's text where one of several alternatives is drawn, each as likely as the
    others.

    options: the alternatives, each a sequence of plain texts and further choices, to be put
        together in order; () for an empty one.
    """

    options: tuple[tuple[str | Choice, ...], ...]


def parse_choices(text: str) -> tuple[str | Choice, ...]:
    """Split a pattern's text with choices `[: a :: b :]`, which may stand inside each other, into
    plain texts and Choice objects, in order.

    Raises ValueError where the marks do not match.
    """
    open_choices: list[list[list]] = [[[]]]
    for part in _MARK.split(text):
        if part == "[:":
            open_choices.append([[]])
        elif part == "::" and len(open_choices) > 1:
            open_choices[-1].append([])
        elif part == ":]" and len(open_choices) > 1:
            made = Choice(tuple(map(tuple, open_choices.pop())))
            open_choices[-1][-1].append(made)
        elif part in ("::", ":]"):
            raise ValueError(f"'{part}' stands outside of a choice in: {text}")
        elif part:
            open_choices[-1][-1].append(part)
    if len(open_choices) > 1:
        raise ValueError(f"a choice is not closed in: {text}")
    return tuple(open_choices[0][0])


def draw_text(parts: tuple[str | Choice, ...], rng: random.Random) -> str:
    """Return a text in which `rng` has picked one alternative of every choice. parts: plain texts
    and choices in order, as `parse_choices` returns them.
    """
    return "".join(
        part if isinstance(part, str) else draw_text(rng.choice(part.options), rng)
        for part in parts
    )
