"""Values of Fortran kind expressions: literals, `kind(...)`, `selected_*_kind(...)`, named
constants, arithmetic.

Contract: `evaluate_integer(text, constants)` gives the value that gfortran on a 64-bit machine
gives, or None where the text is not such an expression. `KIND_CONSTANTS` holds the names of
iso_fortran_env and iso_c_binding.

    python -c "from corpora.signatures.fortran_kinds import evaluate_integer; \\
        print(evaluate_integer('kind(1.0d0)', {}))"
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

KIND_CONSTANTS: dict[str, int] = {
    "real32": 4,
    "real64": 8,
    "real128": 16,
    "int8": 1,
    "int16": 2,
    "int32": 4,
    "int64": 8,
    "c_int": 4,
    "c_short": 2,
    "c_long": 8,
    "c_long_long": 8,
    "c_signed_char": 1,
    "c_char": 1,
    "c_size_t": 8,
    "c_int8_t": 1,
    "c_int16_t": 2,
    "c_int32_t": 4,
    "c_int64_t": 8,
    "c_intptr_t": 8,
    "c_ptrdiff_t": 8,
    "c_intmax_t": 8,
    "c_float": 4,
    "c_double": 8,
    "c_long_double": 10,
    "c_float_complex": 4,
    "c_double_complex": 8,
    "c_bool": 1,
    "omp_lock_kind": 4,
    "omp_integer_kind": 4,
    "omp_logical_kind": 4,
}

_KIND = re.compile(r"\bkind\(([^()]*)\)")
_SELECTED = re.compile(r"\bselected_(real|int)_kind\(([^()]*)\)")


def evaluate_integer(text: str, constants: Mapping[str, int]) -> int | None:
    """Value of an integer constant expression; names are looked up in `constants` (lower case).
    None if it is none.
    """
    plain = re.sub(r"\s", "", text.lower())
    plain = _KIND.sub(lambda m: str(_kind_of(m.group(1), constants)), plain)
    plain = _SELECTED.sub(
        lambda m: str(_evaluate_selected_kind(m.group(1), m.group(2), constants)), plain
    )
    plain = re.sub(r"\b(\d+)_\w+\b", r"\1", plain)
    plain = re.sub(r"\b[a-z]\w*\b", lambda m: str(constants.get(m.group(), m.group())), plain)
    try:
        return _evaluate(ast.parse(plain.replace("/", "//"), mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError, OverflowError, RecursionError, MemoryError):
        return None


def _kind_of(literal: str, constants: Mapping[str, int]) -> int | None:
    """Kind of a literal: `1d0` is 8, `1.0` is 4, `1_8` and `0._dp` carry their own."""
    _, underscore, suffix = literal.partition("_")
    if underscore:
        return int(suffix) if suffix.isdigit() else constants.get(suffix)
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)d[+-]?\d+", literal):
        return 8
    return (
        4 if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|\.(true|false)\.", literal) else None
    )


def _evaluate_selected_kind(what: str, arguments: str, constants: Mapping[str, int]) -> int | None:
    """selected_int_kind(r), selected_real_kind(p, r): least kind that holds the asked digits and
    exponents.
    """
    asked = {"p": 0, "r": 0}
    for position, part in enumerate(arguments.split(",")):
        keyword, equals, value = part.partition("=")
        number = evaluate_integer(value if equals else part, constants)
        if number is None:
            return None
        asked[keyword if equals else ("r" if what == "int" else "pr"[min(position, 1)])] = number
    if what == "int":
        return next(
            (
                k
                for k, digits in ((1, 2), (2, 4), (4, 9), (8, 18), (16, 38))
                if asked["r"] <= digits
            ),
            None,
        )
    table = ((4, 6, 37), (8, 15, 307), (10, 18, 4931), (16, 33, 4931))
    return next(
        (k for k, digits, exponent in table if asked["p"] <= digits and asked["r"] <= exponent),
        None,
    )


def _evaluate(node: ast.expr) -> int:
    match node:
        case ast.Constant(value=int(value)):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _evaluate(left) + _evaluate(right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _evaluate(left) - _evaluate(right)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _evaluate(left) * _evaluate(right)
        case ast.BinOp(left=left, op=ast.FloorDiv(), right=right):
            return int(_evaluate(left) / _evaluate(right))
    raise ValueError("not an integer constant expression")
