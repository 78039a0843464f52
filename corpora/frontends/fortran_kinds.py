"""Values of Fortran kind expressions: literals, `kind(...)`, `selected_*_kind(...)`, named
constants, arithmetic.

`KIND_CONSTANTS` holds the names of iso_fortran_env and iso_c_binding; `evaluate_kind` gives the
value that gfortran on a 64-bit machine gives.

    python -c "from corpora.ir import Binary, Literal, Name; \\
        from corpora.frontends.fortran_kinds import evaluate_kind; \\
        print(evaluate_kind(Binary('*', Name('c_float'), Literal('2', 'i32'))))"
"""

from __future__ import annotations

from collections.abc import Mapping

from corpora.ir import Binary, Call, Expression, Literal, Name, Unary

__all__ = ["KIND_CONSTANTS", "evaluate_kind"]

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

_INTEGER_RANGES = ((1, 2), (2, 4), (4, 9), (8, 18), (16, 38))
"""Kinds of integers, and the decimal digits that each holds."""
_REAL_RANGES = ((4, 6, 37), (8, 15, 307), (10, 18, 4931), (16, 33, 4931))
"""Kinds of reals, with digits and decimal exponents."""
_LARGEST = 10**18


def evaluate_kind(
    expression: Expression | None, constants: Mapping[str, int] = KIND_CONSTANTS
) -> int | None:
    """Return the value of an integer constant expression of Fortran, such as
    `selected_real_kind(15)`, as gfortran on a 64-bit machine computes it; None if it is no such
    expression, or is None itself.

    constants: values by name in lower case; by default those of `iso_c_binding` and the like.
    """
    match expression:
        case Literal(text=text):
            digits = text.partition("_")[0]
            return int(digits) if digits.isdigit() and len(digits) < 19 else None
        case Name(id=name):
            return constants.get(name)
        case Unary(op="-" | "+" | "()" as op, operand=operand):
            value = evaluate_kind(operand, constants)
            return -value if value is not None and op == "-" else value
        case Binary(op=op, left=left, right=right):
            return _combine(op, evaluate_kind(left, constants), evaluate_kind(right, constants))
        case Call(function=Name(id=name), arguments=arguments, keywords=keywords):
            if name == "kind" and len(arguments) == 1 and not keywords:
                return _kind_of(arguments[0], constants)
            if name in ("selected_int_kind", "selected_real_kind"):
                order = ("r",) if name == "selected_int_kind" else ("p", "r", "radix")
                given = {**dict(zip(order, arguments, strict=False)), **dict(keywords)}
                asked = {key: evaluate_kind(value, constants) for key, value in given.items()}
                return _selected(name, asked)
    return None


def _combine(op: str, left: int | None, right: int | None) -> int | None:
    if left is None or right is None:
        return None
    if op == "/" and right:
        value = abs(left) // abs(right)
        return value if (left < 0) == (right < 0) else -value
    found = {"+": left + right, "-": left - right, "*": left * right}.get(op)
    return found if found is not None and abs(found) <= _LARGEST else None


def _kind_of(value: Expression, constants: Mapping[str, int]) -> int | None:
    """Kind of a literal: `1d0` is 8, `1.0` is 4, `1_8` and `0._dp` carry their own."""
    while isinstance(value, Unary) and value.op in ("-", "+", "()"):
        value = value.operand
    if not isinstance(value, Literal) or value.type == "string":
        return None
    digits, underscore, suffix = value.text.lower().partition("_")
    if underscore:
        return int(suffix) if suffix.isdigit() else constants.get(suffix)
    return 8 if "d" in digits and value.type != "bool" else 4


def _selected(name: str, asked: Mapping[str, int | None]) -> int | None:
    """The least kind that holds the digits (p) and exponents (r) asked for."""
    if None in asked.values() or set(asked) - {"p", "r"}:
        return None
    digits, exponent = asked.get("p") or 0, asked.get("r") or 0
    if name == "selected_int_kind":
        return next((kind for kind, most in _INTEGER_RANGES if exponent <= most), None)
    fitting = (k for k, p, r in _REAL_RANGES if digits <= p and exponent <= r)
    return next(fitting, None)
