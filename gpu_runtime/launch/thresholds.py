"""Whole numbers that a text compares something with: sizes at which a program may change its ways.

Contract: `find_comparisons` finds `<`, `<=`, `>`, `>=` (Fortran's words too) with a whole number on
one side: a literal, a product or shift of literals, or a name that the text gives such a value,
which `substitute_constants` writes out. `find_compared_numbers` are those of a text's own code: not
of its loops' heads, of comments or of directives, and where a place in an array or a loop's counter
has 16 bits, the first number that those do not hold.

    python -c "from gpu_runtime.launch.thresholds import *; \\
        print(comparisons('if (n < 64 * 1024) return;'))"
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

_LITERAL = r"\d+(?:e\d+)?(?:[ul]+|_\w+)?"
_VALUE = rf"{_LITERAL}(?:\s*(?:\*(?!\*)|<<)\s*{_LITERAL})*"
_NUMBER = rf"(\(\s*{_VALUE}\s*\)|{_VALUE})(?!\w|\.(?![a-z]+\.))"
_MORE, _LESS = r"(?:>=?(?![>=])|\.g[te]\.)", r"(?:<=?(?![<=])|\.l[te]\.)"
_RIGHT = re.compile(rf"(?<![-<>=])(?:({_MORE})|{_LESS})\s*{_NUMBER}(?!\s*[-+*/%<(])", re.I)
_LEFT = re.compile(rf"(?<![\w.])(\(\s*{_VALUE}\s*\)|{_VALUE})\s*(?:({_LESS})|{_MORE})", re.I)
_CONTINUED = re.compile(r"(?:[-+*/%<]|\w\s*\()\s*$")
_CONSTANTS = re.compile(
    r"^[ \t]*#[ \t]*define[ \t]+(?P<name>\w+)[ "
    r"\t]+(?P<value>[^\n]*)|\b(?:const|constexpr|enum|parameter)\b(?P<list>[^;\n]*)",
    re.M | re.I,
)
_DEFINED = re.compile(rf"(\w+)\s*=\s*{_NUMBER}\s*(?=[,;)}}!]|$)", re.I)


@dataclass(frozen=True, slots=True)
class Comparison:
    """value: the number, which stands at text[start:stop]. upward: whether what is larger fulfils
    the comparison.
    """

    value: int
    start: int
    stop: int
    upward: bool


def find_comparisons(text: str) -> list[Comparison]:
    """Every comparison with a whole number, in the order of the text."""
    found = [Comparison(_value(m[2]), *m.span(2), m[1] is not None) for m in _RIGHT.finditer(text)]
    left = [
        m
        for m in _LEFT.finditer(text)
        if not _CONTINUED.search(text[max(0, m.start() - 40) : m.start()])
    ]
    found += [Comparison(_value(m[1]), *m.span(1), m[2] is not None) for m in left]
    return sorted(found, key=lambda c: c.start)


def find_named_constants(text: str) -> dict[str, str]:
    """Names (Fortran's: of a text in small letters) that `#define`, `const`, `constexpr`, `enum` or
    `parameter` gives a whole number, each with the number's text.
    """
    found: dict[str, str] = {}
    for m in _CONSTANTS.finditer(text):
        said = f"{m['name']} = {m['value'].partition('//')[0].strip()}" if m["name"] else m["list"]
        found |= dict(_DEFINED.findall(said))
    return found


def substitute_constants(text: str, numbers: Mapping[str, str]) -> str:
    """`text` with the number instead of every name that stands for one."""
    if not numbers:
        return text
    return re.sub(rf"\b(?:{'|'.join(map(re.escape, numbers))})\b", lambda m: numbers[m[0]], text)


def find_compared_numbers(text: str, language: str) -> frozenset[int]:
    """The whole numbers that a program compares something with."""
    whole, text = text, _ASIDE[language].sub(" ", text.lower() if language == "fortran" else text)
    return frozenset(
        c.value for c in find_comparisons(substitute_constants(text, find_named_constants(text)))
    ) | _find_overflow_sizes(whole, language)


_SHORT = re.compile(r"\b(?:(unsigned\s+)?short(?:\s+int)?|(u)?int16_t)\s+(\w+)\s*=")
_SHORT_FORTRAN = re.compile(
    r"\binteger\s*(?:\*\s*2|\(\s*(?:kind\s*=\s*)?(?:2|int16)\s*\))[^\n!]*::[ \t]*([^\n!]*)", re.I
)


def _find_overflow_sizes(text: str, language: str) -> frozenset[int]:
    """What is one too many for counters and places of 16 bits."""
    if language == "fortran":
        names = [name for row in _SHORT_FORTRAN.findall(text) for name in re.findall(r"\w+", row)]
        return frozenset(
            {1 << 15} if any(re.search(rf"\bdo\s+{name}\s*=", text, re.I) for name in names) else ()
        )
    placed = [
        (m[1] or m[2], m[3])
        for m in _SHORT.finditer(text)
        if re.search(rf"\b{m[3]}\s*(?:[<>]|!=)|\[[^\]]*\b{m[3]}\b", text)
    ]
    return frozenset(1 << (16 if unsigned else 15) for unsigned, _ in placed)


_ASIDE = {
    "cpp": re.compile(
        r"/\*.*?\*/|//[^\n]*|^[ \t]*#[ \t]*pragma(?:\\\n|[^\n])*|\b(?:for|while)\s*\([^)]*\)",
        re.M | re.S,
    ),
    "fortran": re.compile(r"![^\n]*|\bwhile\s*\([^)]*\)"),
}


def _value(text: str) -> int:
    factors = [
        math.prod(
            int(float(re.match(r"\d+(?:e\d+)?", f.strip(" ()\t\n"), re.I)[0]))
            for f in part.split("*")
        )
        for part in text.split("<<")
    ]  # type: ignore[index]
    first, *shifts = factors
    return first << min(sum(shifts), 63)
