"""Floating literals of a C++ text in the type of the wider build (Variant.PRECISE).

Contract: there `double` means `long double` and `float` means `double`, but a literal keeps its own
type: `2.0 * M_PI * k` would round as before, and the source's own rounding error would be unseen.
A literal keeps its value, so that comparisons with it stay as they are. One with as many digits as
its type holds is itself the rounding of a longer number: it takes the value of its digits.

    python -c "from gpu_runtime.call.wide_literals import widen_literals; \\
        print(widen_literals('x = 0.5f * y + 0.1 + 3.14159265358979323846;'))"
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from corpora.frontends.c_directives import directive_lines
from corpora.frontends.c_tokens import Token, tokenize
from corpora.ir.edits import Edit, apply_edits

__all__ = ["widen_literals"]

_DECIMAL = re.compile(r"((\d*\.?\d*)(?:[eE][+-]?\d+)?)([fF]?)")
_DIGITS = {"": 15, "f": 7}
"""By suffix: literals with more significant digits than this are rounded numbers themselves."""


def widen_literals(text: str) -> str:
    """Return a C++ text with its floating literals in the types of the build PRECISE, in which
    double is long double and float is double. A literal keeps its value; one with all the digits of
    its type gets the value of those digits. The types `cv_f32` and `cv_f64` must be known where the
    text stands. Lines stay; nothing is raised.
    """
    if not any(mark in text for mark in ".eE"):
        return text
    tokens = tokenize(text)
    lines = directive_lines(text, tokens) if "#" in text else []
    aside = [(line.start, line.end) for line in lines if line.word != "define"]
    edits = (edit for token in tokens if token.kind == "number" for edit in _widen(token))
    return apply_edits(text, [e for e in edits if not any(a <= e.start < b for a, b in aside)])


def _widen(token: Token) -> Iterator[Edit]:
    written = token.text.replace("'", "")
    found = _DECIMAL.fullmatch(written)
    if found is None or not any(mark in found[1] for mark in ".eE") or not found[2].strip("."):
        return  # a whole number, a hexadecimal one, or long double
    body, suffix = found[1], found[3].lower()
    digits = found[2].replace(".", "").strip("0")
    wide = body if suffix else f"{body}L"
    if len(digits) <= _DIGITS[suffix] and not _is_exact(body, suffix):
        wide = f"(({'cv_f32' if suffix else 'cv_f64'}){written})"
    yield Edit(token.start, token.end, wide)


def _is_exact(body: str, suffix: str) -> bool:
    """Whether the number fits its type without rounding."""
    try:
        value = Fraction(float(body))
    except OverflowError:
        return False
    whole = value.numerator.bit_length() <= (24 if suffix else 53)
    return whole and Fraction(body if body[-1] != "." else body + "0") == value
