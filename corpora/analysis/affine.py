"""Integer expressions as polynomials, and linearised indices as subscripts.

| function | answers |
| --- | --- |
| `integer_of` | the value of an integer literal |
| `combine` | the value of `left op right` |
| `polynomial_of` | an expression as a polynomial, given the values of its names |
| `delinearize` | `i*n + j` as (i, j), where `0 <= j < n` is proved |

    python -c "from corpora.ir import *; from corpora.analysis.affine import polynomial_of; \
        print(polynomial_of(Binary('*', Name('n'), Literal('2', 'i32'))))"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from corpora.analysis.inequalities import System, implies_nonnegative
from corpora.analysis.polynomial import (
    Monomial,
    Polynomial,
    Symbol,
    integer,
    operation,
    recombine,
    variable,
)
from corpora.ir import Binary, Call, Cast, Expression, Literal, Name, ScalarType, Unary

WIDE_INTEGERS = ("i32", "u32", "i64", "u64")
NARROW_INTEGERS = ("bool", "i8", "u8", "i16", "u16", "char")
EXTREMES = {
    "min": "min", "max": "max", "std::min": "min", "std::max": "max", "min0": "min",
    "max0": "max", "fmin": "min", "fmax": "max", "fminf": "min", "fmaxf": "max",
    "std::fmin": "min", "std::fmax": "max", "MIN": "min", "MAX": "max",
}  # fmt: skip
_NUMBER = re.compile(r"(0[xX][\da-fA-F']+|0[bB][01']+|[\d']+)(?:[uUlLzZ]*|_\w+)")


def integer_of(expression: Expression | None) -> int | None:
    """Return the value of an integer or character literal, with or without a sign; None for any
    other expression and for None.
    """
    if isinstance(expression, Unary) and expression.op in "+-":
        value = integer_of(expression.operand)
        return -value if value is not None and expression.op == "-" else value
    if not isinstance(expression, Literal) or expression.type in ("string", "f32", "f64"):
        return None
    if expression.type == "char":
        return _code_of(expression.text.partition(expression.text[-1])[2][:-1])
    if not (match := _NUMBER.fullmatch(expression.text)):
        return None
    digits = match[1].replace("'", "")
    octal = len(digits) > 1 and digits[0] == "0" and digits.isdigit() and "_" not in expression.text
    if octal:
        return int(digits, 8) if not set(digits) & set("89") else None
    return int(digits, 0)


_ESCAPES = dict(zip("ntrabfv\\'\"?", b"\n\t\r\a\b\f\v\\'\"?", strict=True))
_ESCAPED = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3}))")


def _code_of(character: str) -> int | None:
    """The code of what stands between the quotes of a character literal, as `char` has it; None
    where it is not one character of a byte.
    """
    if len(character) == 1:
        return ord(character)
    if numbered := _ESCAPED.fullmatch(character):
        code = int(numbered[1], 16) if numbered[1] else int(numbered[2], 8)
        return None if code > 255 else code - 256 if code > 127 else code
    return _ESCAPES.get(character[1:]) if character[:1] == "\\" else None


def combine(op: str, left: Polynomial | None, right: Polynomial | None) -> Polynomial | None:
    """Return the value of `left op right` for integers as in C.

    op: an operator in C's spelling, such as `+`, `/` or `<<`, or Fortran's `**`. Where no
    polynomial is the value, as of `i / 2`, the result holds a symbol that stands for the operation.
    Returns None if an operand is None, and for other operators and powers.
    """
    if left is None or right is None:
        return None
    if op == "+":
        return recombine(left + right)
    if op == "-":
        return left - right
    if op == "*":
        return left * right
    number = right.as_integer()
    if op == "<<" and number is not None and 0 <= number < 63:
        return left * (1 << number)
    if op == "**" and number is not None and 0 <= number <= 4:
        product = integer(1)
        for _ in range(number):
            product = product * left
        return product
    if op in ("/", "%", "&", "|", "^", ">>", "<<"):
        return operation(op, (left, right))
    return None


def polynomial_of(
    expression: Expression | None,
    value_of: Callable[[Expression], Polynomial | None] | None = None,
) -> Polynomial | None:
    """Return an integer expression as a polynomial, or None if it is no integer expression, or
    changes something.

    value_of(expression): the value of a name, element, member or call, None where unknown. Without
    it each name stands for itself.
    """
    lookup = value_of or (lambda e: variable(e.id) if isinstance(e, Name) else None)
    number = integer_of(expression)
    if number is not None:
        return integer(number)
    if isinstance(expression, Unary) and expression.op in "+-":
        value = polynomial_of(expression.operand, value_of)
        return -value if value is not None and expression.op == "-" else value
    if isinstance(expression, Binary):
        left = polynomial_of(expression.left, value_of)
        return combine(expression.op, left, polynomial_of(expression.right, value_of))
    if isinstance(expression, Cast) and is_wide(expression.type):
        return polynomial_of(expression.operand, value_of)
    if isinstance(expression, Call) and isinstance(expression.function, Name):
        operator = EXTREMES.get(expression.function.id)
        values = [polynomial_of(a, value_of) for a in expression.arguments]
        if operator and values and None not in values and not expression.keywords:
            return operation(operator, tuple(values))  # type: ignore[arg-type]
    return lookup(expression) if expression is not None else None


def is_wide(type_: object) -> bool:
    """Return whether `type_`, a type of `corpora.ir`, is an integer of at least 32 bits, which can
    hold every index. False for anything else, such as None.
    """
    return isinstance(type_, ScalarType) and type_.name in WIDE_INTEGERS


def delinearize(
    indices: Sequence[Polynomial], systems: Sequence[System], varying: Callable[[Symbol], bool]
) -> list[tuple[Polynomial, ...]] | None:
    """Split linear indices of accesses to one array into subscripts, such as `i*n + j` into (i, j).

    indices: one per access. systems: what holds at each access. varying(symbol): whether a symbol
        takes several values; the sizes of dimensions are products of symbols that do not.
    Returns the subscripts of each access, in order, the slowest dimension first; all have the same
    length. Every subscript but the first is proved to lie within its size. Equal indices get equal
    subscripts. Returns None if no sizes are found or a proof fails.
    """
    strides = _strides(indices, varying)
    if not strides:
        return None
    sizes = [_quotient(a, b) for a, b in zip(strides, [*strides[1:], ()], strict=True)]
    result = []
    for index, system in zip(indices, systems, strict=True):
        subscripts = _subscripts(index, strides, sizes, system)
        if subscripts is None:
            return None
        result.append(subscripts)
    return result


def _subscripts(
    index: Polynomial, strides: list[Monomial], sizes: list[Monomial], system: System
) -> tuple[Polynomial, ...] | None:
    """One index in parts that are proved to lie within their sizes. `c*n + n - 1 - r` is
    (c, n - 1 - r): whole sizes are moved from the quotient to the rest and back."""
    parts: list[Polynomial] = []
    rest = index
    for stride in strides:
        quotient, rest = _divide(rest, stride)
        parts.append(quotient)
    parts.append(rest)
    for place in range(len(parts) - 1, 0, -1):
        size = Polynomial(((sizes[place - 1], 1),))
        for shift in (0, 1, -1):
            value = parts[place] + size * shift
            below = size - 1 - value
            if implies_nonnegative(system, value) and implies_nonnegative(system, below):
                parts[place] = value
                parts[place - 1] = parts[place - 1] - shift
                break
        else:
            return None
    return tuple(parts)


def _strides(
    indices: Sequence[Polynomial], varying: Callable[[Symbol], bool]
) -> list[Monomial] | None:
    """The products of fixed symbols that multiply varying ones, largest first, each a multiple of
    the next. None where they do not form such a chain."""
    found: set[Monomial] = set()
    for index in indices:
        for monomial, _ in index.terms:
            if any(varying(s) for s in monomial):
                found.add(tuple(s for s in monomial if not varying(s)))
    found.discard(())
    chain = sorted(found, key=len, reverse=True)
    for large, small in zip(chain, chain[1:], strict=False):
        if len(large) == len(small) or not _divides(small, large):
            return None
    return chain


def _divides(small: Monomial, large: Monomial) -> bool:
    return all(large.count(s) >= small.count(s) for s in small)


def _quotient(large: Monomial, small: Monomial) -> Monomial:
    rest = list(large)
    for symbol in small:
        rest.remove(symbol)
    return tuple(rest)


def _divide(value: Polynomial, stride: Monomial) -> tuple[Polynomial, Polynomial]:
    """(quotient, rest) by a product of symbols, term by term."""
    quotient, rest = Polynomial(), Polynomial()
    for monomial, coefficient in value.terms:
        if _divides(stride, monomial):
            quotient = quotient + Polynomial(((_quotient(monomial, stride), coefficient),))
        else:
            rest = rest + Polynomial(((monomial, coefficient),))
    return quotient, rest
