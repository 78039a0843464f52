"""Whole numbers that a text compares something with: sizes at which a program may change its ways.

Contract: `find_compared_numbers`, `find_excepted_numbers` and `find_compared_reals` read a
program's tree. `find_comparisons` reads one expression,
of a directive's clause for instance: `<`, `<=`, `>`, `>=` with a whole number on one side, a
literal, a product or shift of literals, or a name that the text gives such a value (`named`).

    python -c "from gpu_runtime.launch import thresholds; \
        print(thresholds.find_comparisons('n < 64 * 1024', 'cpp', {}))"
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from corpora.analysis.affine import EXTREMES
from corpora.analysis.constants import (
    constants_of,
    fold_integer,
    named_integers,
    narrow_counters,
    value_of,
)
from corpora.dialects import get_dialect
from corpora.frontends.c_family import parse_c_expression, parse_c_family
from corpora.frontends.fortran import parse_fortran
from corpora.frontends.fortran_expressions import FortranError, read_expression
from corpora.frontends.queries import functions_of
from corpora.ir import (
    Binary,
    Call,
    Conditional,
    Expression,
    For,
    Literal,
    Name,
    ScalarType,
    TranslationUnit,
    While,
    find,
)
from corpora.records import Program


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison with an integer in a text. value: the integer, which stands at text[start:stop].
    upward: larger numbers fulfil it.
    """

    value: int
    start: int
    stop: int
    upward: bool


def parse_text(text: str, dialect_name: str) -> TranslationUnit:
    """Parse a program's text by the front end of its dialect and return the tree. dialect_name:
    such as `cuda`. Raises ValueError for an unknown dialect.
    """
    if get_dialect(dialect_name).language == "fortran":
        return parse_fortran(text, dialect=dialect_name)
    return parse_c_family(text, dialect_name)


def find_comparisons(text: str, language: str, named: Mapping[str, int]) -> list[Comparison]:
    """Return every comparison by `<`, `<=`, `>` or `>=` with an integer constant in an expression,
    in textual order.

    text: the expression; if it does not parse there are none. language: `cpp` or `fortran`. named:
        values of named constants.
    """
    try:
        expression = read_expression(text) if language == "fortran" else parse_c_expression(text)
    except FortranError:
        return []
    found = []
    for node in find(expression, Binary):
        if node.op not in _ORDERED:
            continue
        left, right = _whole(node.left, named), _whole(node.right, named)
        side, value = (node.left, left) if left is not None else (node.right, right)
        if value is None or (left is not None and right is not None) or side.span is None:
            continue
        upward = (node.op in ("<", "<=")) is (side is node.left)
        found.append(Comparison(value, side.span.start, side.span.end, upward))
    return sorted(found, key=lambda c: c.start)


def find_compared_numbers(program: Program) -> frozenset[int]:
    """Return the integers of at least 0 that a program compares something with, divides something
    by, or has as a label of a switch, or beyond which it takes a number for something else
    (`min(n, 1000)`). Directives are left out, and loop heads, but for a number that ends a loop
    beside something else (`i < n && i < 1000`). For 16-bit indices and counters the first number
    beyond their range is added. Raises ValueError for an unknown dialect.
    """
    unit = parse_text(program.text, program.dialect)
    found = {
        c.value
        for c in constants_of(unit.items)
        if isinstance(c.value, int) and c.type != "char" and not c.in_loop_head
        if c.role in _DECIDING and 0 <= c.value < 1 << 63
    }
    found |= _find_caps(unit)
    for function in functions_of(unit):
        for counter in narrow_counters(function):
            if isinstance(counter.type, ScalarType) and counter.type.name in _OVERFLOWS:
                found.add(_OVERFLOWS[counter.type.name])
    return frozenset(found)


def find_excepted_numbers(program: Program) -> frozenset[int]:
    """Return the integers from 2 on that a program compares one of its parameters with for equality
    (`n == 4099`). Raises ValueError for an unknown dialect.
    """
    unit = parse_text(program.text, program.dialect)
    named = named_integers(unit)
    found: set[int] = set()
    for function in functions_of(unit):
        given = {p.name for p in function.parameters}
        for node in find(function.body or (), Binary):
            if node.op in ("==", "!="):
                for side, other in ((node.left, node.right), (node.right, node.left)):
                    number = _whole(side, named)
                    if number is not None and isinstance(other, Name) and other.id in given:
                        found.add(number)
    return frozenset(n for n in found if n > 1)


def find_compared_reals(program: Program) -> frozenset[float]:
    """Return the floating-point constants that a program compares something with. Raises ValueError
    for an unknown dialect.
    """
    unit = parse_text(program.text, program.dialect)
    found: set[object] = {c.value for c in constants_of(unit.items) if c.role == "comparison"}
    for node in find(unit.items, Binary):  # constants of reals have no sign
        if node.op in (*_ORDERED, "==", "!="):
            found |= {value_of(node.left), value_of(node.right)}
    return frozenset(v for v in found if isinstance(v, float) and math.isfinite(v))


def _find_caps(unit: TranslationUnit) -> set[int]:
    """Numbers that end a loop beside another condition, or choose where it ends, and those that the
    least of several things, or the largest, may be.
    """
    named = named_integers(unit)
    found = []
    for test in (loop.test for loop in find(unit.items, For, While) if loop.test is not None):
        beside = [both for both in find(test, Binary) if both.op in ("&&", "||")]
        chosen = [choice.test for choice in find(test, Conditional)]
        for one in find((*beside, *chosen), Binary):
            sides = (one.left, one.right)
            if one.op in (*_ORDERED, "!=") and any(isinstance(side, Name) for side in sides):
                found += [_whole(side, named) for side in sides]
    for call in find(unit.items, Call):
        if isinstance(call.function, Name) and call.function.id in EXTREMES:
            found += [_whole(argument, named) for argument in call.arguments]
    return {number for number in found if number is not None}


_OVERFLOWS = {"i16": 1 << 15, "u16": 1 << 16}
_ORDERED = ("<", "<=", ">", ">=")
_DECIDING = ("comparison", "label", "modulus", "divisor")
"""Constants from which on a result may be another one. A port that leaves out one element, `i !=
77777`, differs there alone.
"""


def _whole(expression: Expression, named: Mapping[str, int]) -> int | None:
    """The size that an expression of numbers is; `1e5` may be one, `100.0` and `'a'` are none."""
    if any(literal.type == "char" for literal in find(expression, Literal)):
        return None
    value: object = fold_integer(expression, named)
    if value is None and isinstance(expression, Literal) and "." not in expression.text:
        value = value_of(expression)
        value = int(value) if isinstance(value, float) and value.is_integer() else None
    return value if isinstance(value, int) and 0 <= value < 1 << 63 else None
