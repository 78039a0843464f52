"""Intrinsic functions of Fortran by those of C.

Contract: values in, a value out, of the type that Fortran's function has. Raises Unsaid for one
that is not known here, or of a type that it is not known for.
"""

from __future__ import annotations

from translator.normalize.c_values import (
    CHOICE,
    Value,
    binary,
    call,
    cast,
    choice,
    negative,
    number,
    opposite,
    wider,
)
from translator.normalize.unsupported import Unsaid

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


def limit(name: str, type: str) -> Value:
    """huge, tiny and epsilon of a type."""
    text = _LIMITS.get((name, type))
    if text is None:
        raise Unsaid(f"{name} of {type}")
    return number(text, type)


def intrinsic(name: str, given: list[Value], kind: str) -> Value:
    """kind: the number of a kind that was asked for, as text, or nothing."""
    first = given[0]
    if name in _SAME:
        if first.is_whole:
            raise Unsaid(f"{name} of a whole number")
        return call(_SAME[name], wider(*(v.type for v in given)), *given)
    if name in _BITS:
        return Value(f"{first.at(9)} {_BITS[name]} {given[1].at(9)}", first.type, CHOICE)
    if name in _CASTS:
        return cast(first, _CASTS[name])
    if name in _EXTREMES:
        return _extreme(_EXTREMES[name], given)
    if name in _ABSOLUTES:
        return _absolute(first)
    if name in _ROUNDED:
        if first.is_whole or kind not in ("", "4", "8"):
            raise Unsaid(f"{name} of {first.type}")
        return cast(call(_ROUNDED[name], first.type, first), "i64" if kind == "8" else "i32")
    if name in ("real", "int", "ifix", "idint"):
        types = (
            {"": "f32", "4": "f32", "8": "f64"}
            if name == "real"
            else {"": "i32", "1": "i8", "2": "i16", "4": "i32", "8": "i64"}
        )
        if kind not in types:
            raise Unsaid(f"{name} of kind {kind}")
        return cast(first, types[kind])
    return _RARE[name](given)


def _extreme(sign: str, given: list[Value]) -> Value:
    best = given[0]
    for other in given[1:]:
        if best.is_whole and other.is_whole:
            best = choice(binary(sign, best, other), best, other)
        else:
            best = call(
                "fmax" if sign == ">" else "fmin", wider(best.type, other.type), best, other
            )
    return best


def _absolute(value: Value) -> Value:
    if value.is_whole:
        return Value(f"abs({value.text})", value.type)
    return call("fabs", value.type, value)


def _mod(given: list[Value]) -> Value:
    a, b = given
    return binary("%", a, b) if a.is_whole else call("fmod", wider(a.type, b.type), a, b)


def _modulo(given: list[Value]) -> Value:
    a, b = given
    if not a.is_whole:
        return binary("-", a, binary("*", b, call("floor", a.type, binary("/", a, b))))
    return binary("%", binary("+", binary("%", a, b), b), b)


def _sign(given: list[Value]) -> Value:
    a, b = given
    if a.is_whole:
        return choice(binary(">=", b, number("0")), _absolute(a), negative(_absolute(a)))
    return call("copysign", a.type, a, b)


def _power(given: list[Value]) -> Value:
    base, exponent = given
    kind = wider(base.type, exponent.type)
    if base.is_whole and exponent.is_whole:
        return cast(call("pow", "f64", cast(base, "f64"), exponent), kind)
    return call("pow", kind if base.type != "f64" else "f64", base, exponent)


def _dim(given: list[Value]) -> Value:
    a, b = given
    zero = number("0") if a.is_whole else Value("0.0f" if a.type == "f32" else "0.0", a.type)
    return choice(binary(">", a, b), binary("-", a, b), zero)


def _complement(given: list[Value]) -> Value:
    return Value(f"~{given[0].at(9)}", given[0].type, 9)


def _is_set(given: list[Value]) -> Value:
    return Value(f"(({given[0].at(7)} >> {given[1].at(7)}) & 1) != 0", "bool", 4)


def _shift(given: list[Value]) -> Value:
    bits, by = given
    if by.sum is None or by.sum.terms or bits.type != "i32":
        raise Unsaid("a shift by what is not known")
    return (
        _left(bits, by) if by.sum.constant >= 0 else _right([bits, number(str(-by.sum.constant))])
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
    "merge": lambda given: choice(given[2], given[0], given[1]),
    "power": _power,
    "dim": _dim,
    "aint": lambda given: call("trunc", given[0].type, given[0]),
    "anint": lambda given: call("round", given[0].type, given[0]),
    "not": _complement,
    "btest": _is_set,
    "ishft": _shift,
    "shiftl": lambda given: _left(*given),
    "shiftr": _right,
    "ibset": lambda given: _bit("| ", given),
    "ibclr": lambda given: _bit("& ~", given),
    "dprod": lambda given: binary("*", cast(given[0], "f64"), cast(given[1], "f64")),
    ".not.": lambda given: opposite(given[0]),
}
