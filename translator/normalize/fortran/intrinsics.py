"""Intrinsic functions of Fortran by those of C.

Contract: values in, a value out, of the type that Fortran's function has. Raises
UnsupportedConstruct for one that is not known here, or of a type that it is not known for.
"""

from __future__ import annotations

from translator.normalize.c_values import (
    CHOICE,
    Value,
    call_function,
    cast_value,
    find_wider_type,
    make_binary,
    make_conditional,
    make_number,
    negate,
    negate_condition,
)
from translator.normalize.unsupported import UnsupportedConstruct

REDUCTIONS = frozenset(
    {
        "sum",
        "product",
        "maxval",
        "minval",
        "count",
        "any",
        "all",
        "dot_product",
        "norm2",
        "maxloc",
        "minloc",
    }
)
LIMITS = frozenset({"huge", "tiny", "epsilon"})
LARGEST = {"i32": "2147483647", "f32": "3.402823466e38f", "f64": "1.7976931348623157e308"}
"""Without a plus in the exponent, which a small model may have no word for."""
_LIMITS = {
    **{("huge", kind): text for kind, text in LARGEST.items()},
    ("tiny", "f32"): "1.17549435e-38f",
    ("tiny", "f64"): "2.2250738585072014e-308",
    ("epsilon", "f32"): "1.1920929e-07f",
    ("epsilon", "f64"): "2.220446049250313e-16",
}
_SAME = {
    **{
        name: name
        for name in (
            "sqrt",
            "exp",
            "log",
            "log10",
            "sin",
            "cos",
            "tan",
            "asin",
            "acos",
            "atan",
            "sinh",
            "cosh",
            "tanh",
            "atan2",
            "hypot",
            "erf",
            "erfc",
        )
    },
    "dsqrt": "sqrt",
    "dexp": "exp",
    "dlog": "log",
    "dsin": "sin",
    "dcos": "cos",
    "alog": "log",
    "datan": "atan",
    "gamma": "tgamma",
    "log_gamma": "lgamma",
    "dtan": "tan",
    "datan2": "atan2",
}
_BITS = {"iand": "&", "ior": "|", "ieor": "^"}
_CASTS = {"dble": "f64", "float": "f32", "sngl": "f32", "dfloat": "f64", "logical": "bool"}
_EXTREMES = {
    "max": ">",
    "min": "<",
    "amax1": ">",
    "amin1": "<",
    "max0": ">",
    "min0": "<",
    "dmax1": ">",
    "dmin1": "<",
}
_ABSOLUTES = frozenset({"abs", "dabs", "iabs"})
_ROUNDED = {"nint": "round", "floor": "floor", "ceiling": "ceil", "idnint": "round"}
_OTHER = frozenset(
    {
        "mod",
        "modulo",
        "sign",
        "dsign",
        "merge",
        "real",
        "int",
        "ifix",
        "idint",
        "aint",
        "anint",
        "dim",
        "not",
        "btest",
        "ishft",
        "shiftl",
        "shiftr",
        "ibset",
        "ibclr",
        "dprod",
    }
)
ELEMENTAL = frozenset({*_SAME, *_BITS, *_CASTS, *_EXTREMES, *_ABSOLUTES, *_ROUNDED, *_OTHER})


def convert_limit(name: str, type: str) -> Value:
    """Return the value in C of `huge`, `tiny` or `epsilon`. name: the intrinsic. type: its
    argument's element type, such as `f32`. Raises UnsupportedConstruct for another intrinsic or
    type.
    """
    text = _LIMITS.get((name, type))
    if text is None:
        raise UnsupportedConstruct(f"{name} of {type}")
    return make_number(text, type)


def convert_intrinsic(name: str, given: list[Value], kind: str) -> Value:
    """Return the C value of a call of a Fortran intrinsic. name: of the intrinsic, in lower case:
    one of `ELEMENTAL`, or `power` or `.not.` for these operators.
    given: the C values of its arguments, in order, at least one.
    kind: its `kind` argument as text, such as `8`; '' if it has none. Raises UnsupportedConstruct
        if rules do not know the intrinsic for arguments of these types, KeyError for any other
        name.
    """
    first = given[0]
    if name in _SAME:
        if first.is_whole:
            raise UnsupportedConstruct(f"{name} of a whole number")
        return call_function(_SAME[name], find_wider_type(*(v.type for v in given)), *given)
    if name in _BITS:
        return Value(f"{first.at(9)} {_BITS[name]} {given[1].at(9)}", first.type, CHOICE)
    if name in _CASTS:
        return cast_value(first, _CASTS[name])
    if name in _EXTREMES:
        return _extreme(_EXTREMES[name], given)
    if name in _ABSOLUTES:
        return _absolute(first)
    if name in _ROUNDED:
        if first.is_whole or kind not in ("", "4", "8"):
            raise UnsupportedConstruct(f"{name} of {first.type}")
        return cast_value(
            call_function(_ROUNDED[name], first.type, first), "i64" if kind == "8" else "i32"
        )
    if name in ("real", "int", "ifix", "idint"):
        types = (
            {"": "f32", "4": "f32", "8": "f64"}
            if name == "real"
            else {"": "i32", "1": "i8", "2": "i16", "4": "i32", "8": "i64"}
        )
        if kind not in types:
            raise UnsupportedConstruct(f"{name} of kind {kind}")
        return cast_value(first, types[kind])
    return _RARE[name](given)


def _extreme(sign: str, given: list[Value]) -> Value:
    best = given[0]
    for other in given[1:]:
        if best.is_whole and other.is_whole:
            best = make_conditional(make_binary(sign, best, other), best, other)
        else:
            best = call_function(
                "fmax" if sign == ">" else "fmin",
                find_wider_type(best.type, other.type),
                best,
                other,
            )
    return best


def _absolute(value: Value) -> Value:
    if value.is_whole:
        return Value(f"abs({value.text})", value.type)
    return call_function("fabs", value.type, value)


def _mod(given: list[Value]) -> Value:
    a, b = given
    return (
        make_binary("%", a, b)
        if a.is_whole
        else call_function("fmod", find_wider_type(a.type, b.type), a, b)
    )


def _modulo(given: list[Value]) -> Value:
    a, b = given
    if not a.is_whole:
        return make_binary(
            "-", a, make_binary("*", b, call_function("floor", a.type, make_binary("/", a, b)))
        )
    return make_binary("%", make_binary("+", make_binary("%", a, b), b), b)


def _sign(given: list[Value]) -> Value:
    a, b = given
    if a.is_whole:
        return make_conditional(
            make_binary(">=", b, make_number("0")), _absolute(a), negate(_absolute(a))
        )
    return call_function("copysign", a.type, a, b)


def _power(given: list[Value]) -> Value:
    base, exponent = given
    kind = find_wider_type(base.type, exponent.type)
    if base.is_whole and exponent.is_whole:
        return cast_value(call_function("pow", "f64", cast_value(base, "f64"), exponent), kind)
    return call_function("pow", kind if base.type != "f64" else "f64", base, exponent)


def _dim(given: list[Value]) -> Value:
    a, b = given
    zero = make_number("0") if a.is_whole else Value("0.0f" if a.type == "f32" else "0.0", a.type)
    return make_conditional(make_binary(">", a, b), make_binary("-", a, b), zero)


def _complement(given: list[Value]) -> Value:
    return Value(f"~{given[0].at(9)}", given[0].type, 9)


def _is_set(given: list[Value]) -> Value:
    return Value(f"(({given[0].at(7)} >> {given[1].at(7)}) & 1) != 0", "bool", 4)


def _shift(given: list[Value]) -> Value:
    bits, by = given
    if by.sum is None or by.sum.terms or bits.type != "i32":
        raise UnsupportedConstruct("a shift by what is not known")
    return (
        _left(bits, by)
        if by.sum.constant >= 0
        else _right([bits, make_number(str(-by.sum.constant))])
    )


def _left(bits: Value, by: Value) -> Value:
    return Value(f"{bits.at(7)} << {by.at(7)}", bits.type, 6)


def _right(given: list[Value]) -> Value:
    bits, by = given
    return Value(f"(int)((unsigned int){bits.at(9)} >> {by.at(7)})", bits.type, 9)


def _bit(operator: str, given: list[Value]) -> Value:
    return Value(f"{given[0].at(9)} {operator}(1 << {given[1].at(7)})", given[0].type, CHOICE)


_RARE = {
    "mod": _mod,
    "modulo": _modulo,
    "sign": _sign,
    "dsign": _sign,
    "merge": lambda given: make_conditional(given[2], given[0], given[1]),
    "power": _power,
    "dim": _dim,
    "aint": lambda given: call_function("trunc", given[0].type, given[0]),
    "anint": lambda given: call_function("round", given[0].type, given[0]),
    "not": _complement,
    "btest": _is_set,
    "ishft": _shift,
    "shiftl": lambda given: _left(*given),
    "shiftr": _right,
    "ibset": lambda given: _bit("| ", given),
    "ibclr": lambda given: _bit("& ~", given),
    "dprod": lambda given: make_binary(
        "*", cast_value(given[0], "f64"), cast_value(given[1], "f64")
    ),
    ".not.": lambda given: negate_condition(given[0]),
}
