"""What may follow the characters of a number: told by their shape, of which there are few however
many numbers are written.
"""

from __future__ import annotations

import random

from hypothesis import given, strategies as st

from translator.decoding import c_words
from translator.decoding.c_words import (
    DIGIT,
    LONGEST_NUMBER,
    TAIL_CHARACTERS,
    TAILS,
    forbidden_in_number,
    is_number,
)

COMPLETIONS = ("", "0", "1", "10", "+1", "-1", "+10", "0f", "f", "0e0", "e0", "x0", "X0")
NUMBERS = st.one_of(
    st.text("0123456789", min_size=1, max_size=12),
    st.text(TAIL_CHARACTERS, min_size=1, max_size=10),
    st.from_regex(
        r"0[xX][0-9a-fA-F]{0,6}[uU]?[lL]{0,2}|\d{0,4}\.\d{0,4}([eE][+-]?\d{0,3})?[fFlL]?",
        fullmatch=True,
    ).filter(bool),
)


@given(NUMBERS)
def test_the_shape_of_a_number_decides_what_follows(number: str) -> None:
    going_on = {
        c for c in TAIL_CHARACTERS if any(is_number(number + c + more) for more in COMPLETIONS)
    }
    never = forbidden_in_number(number)
    assert {c for c in TAIL_CHARACTERS if DIGIT + c not in never} == going_on
    assert (";" in never) == (not is_number(number))


def test_many_numbers_are_few_shapes() -> None:
    """Every prefix of every number was kept for good, with the words after it: a run at temperature
    1 held gigabytes of them.
    """
    draw = random.Random(1)
    c_words._forbidden_in.cache_clear()
    for _ in range(3000):
        number = "".join(
            draw.choice(TAIL_CHARACTERS) if k > 2 else draw.choice("0123456789.")
            for k in range(draw.randint(1, 9))
        )
        forbidden_in_number(number)
    assert c_words._forbidden_in.cache_info().currsize < 2500
    c_words._forbidden_in.cache_clear()
    for number in range(20_000):
        forbidden_in_number(f"{number}")
        forbidden_in_number(f"{number}.{number}")
    assert c_words._forbidden_in.cache_info().currsize <= 4


def test_a_number_does_not_go_on_for_ever() -> None:
    assert forbidden_in_number("1" * (LONGEST_NUMBER - 1)).isdisjoint({DIGIT + "1"})
    assert TAILS <= forbidden_in_number("1" * LONGEST_NUMBER) and ";" not in forbidden_in_number(
        "1" * LONGEST_NUMBER
    )
    unfinished = "1" * LONGEST_NUMBER + "e"
    assert DIGIT + "1" not in forbidden_in_number(unfinished) and ";" in forbidden_in_number(
        unfinished
    )
