"""Whole numbers that a text compares something with: sizes at which a program may change its ways.

Contract: `find_compared_numbers` reads a program's tree. `find_comparisons` reads one condition of
a directive: `<`, `<=`, `>`, `>=` (Fortran's words too) with a whole number on one side, a literal,
a product or shift of literals, or a name that the text gives such a value, which
`substitute_constants` writes out.

    python -c "from gpu_runtime.launch import thresholds; \
        print(thresholds.find_comparisons('n < 64 * 1024'))"
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from corpora.analysis.constants import fold_integer, named_integers, narrow_counters, value_of
from corpora.dialects import get_dialect
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.fortran import parse_fortran
from corpora.frontends.queries import functions_of
from corpora.ir import (
    Binary,
    Expression,
    For,
    Literal,
    Pragma,
    ScalarType,
    While,
    children,
    find,
)
from corpora.records import Program

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
    """A comparison with an integer. value: the integer, at text[start:stop]. upward: larger numbers
    fulfil it.
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


def find_compared_numbers(program: Program) -> frozenset[int]:
    """Return the integers from 0 on that a program compares something with by order, outside loop
    heads and directives. For 16-bit indices and counters the first number beyond their range is
    added. Raises ValueError for an unknown dialect.
    """
    dialect = get_dialect(program.dialect)
    if dialect.language == "fortran":
        unit = parse_fortran(program.text, dialect=dialect.name)
    else:
        unit = parse_c_family(program.text, dialect.name)
    named = named_integers(unit)
    heads = {id(n.test) for n in find(unit.items, For, While) if n.test is not None}
    found = set(_compared(unit.items, named, heads))
    for function in functions_of(unit):
        for counter in narrow_counters(function):
            if isinstance(counter.type, ScalarType) and counter.type.name in _OVERFLOWS:
                found.add(_OVERFLOWS[counter.type.name])
    return frozenset(found)


_OVERFLOWS = {"i16": 1 << 15, "u16": 1 << 16}
_ORDERED = ("<", "<=", ">", ">=")


def _compared(node: Any, named: Mapping[str, int], heads: set[int]) -> Iterator[int]:
    """Numbers on one side of a comparison below `node`, whose other side is no number."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Pragma) or id(part) in heads:
            continue
        if isinstance(part, Binary) and part.op in _ORDERED:
            left, right = (_whole(side, named) for side in (part.left, part.right))
            if (left is None) != (right is None):
                yield left if left is not None else right  # type: ignore[misc]
        waiting += children(part)


def _whole(expression: Expression, named: Mapping[str, int]) -> int | None:
    """The size that an expression of numbers is; `1e5` may be one, `100.0` and `'a'` are none."""
    if any(literal.type == "char" for literal in find(expression, Literal)):
        return None
    value: object = fold_integer(expression, named)
    if value is None and isinstance(expression, Literal) and "." not in expression.text:
        value = value_of(expression)
        value = int(value) if isinstance(value, float) and value.is_integer() else None
    return value if isinstance(value, int) and 0 <= value < 1 << 63 else None


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
