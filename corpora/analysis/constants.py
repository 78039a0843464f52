"""Constants of a program and what they are compared with: a dictionary for choosing test values.

    python -c "from corpora.ir import *; from corpora.analysis.constants import constants_of; \
        print(constants_of(Binary('<', Name('n'), Literal('64', 'i32'))))"
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from corpora.analysis.affine import combine, integer_of
from corpora.analysis.polynomial import Polynomial, integer
from corpora.frontends.c_family import parse_c_expression
from corpora.ir import (
    Access,
    Binary,
    Call,
    Case,
    Cast,
    Declaration,
    Expression,
    For,
    Function,
    Literal,
    Macro,
    Name,
    Pragma,
    ScalarType,
    Section,
    Span,
    StructDefinition,
    TranslationUnit,
    Unary,
    While,
    children,
    find,
    names_in,
    walk,
)

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_ROLES = {"%": "modulus", "/": "divisor", "<<": "shift", ">>": "shift", "&": "mask"}


_SIGNED = {"SCHAR": 8, "CHAR": 8, "SHRT": 16, "INT": 32, "LONG": 64, "LLONG": 64} | {
    f"INT{bits}": bits for bits in (8, 16, 32, 64)
}
_UNSIGNED = {"UCHAR": 8, "USHRT": 16, "UINT": 32, "ULONG": 64, "ULLONG": 64, "SIZE": 64} | {
    f"UINT{bits}": bits for bits in (8, 16, 32, 64)
}


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant in a program.

    value: of the constant, as a Python value; a text without its quotes. type: the literal's
        element type, `char` or `string`.
    role: `comparison`, `label` (of a switch), `macro`, `constant` (a named one), `modulus`,
        `divisor`, `shift`, `mask`, `size` (of an array), `index` or `literal` (any other).
    operator: of a comparison, with the constant on the right; else ''. names: of the variables that
        it is compared or combined with.
    in_loop_head: it is part of a loop's test. span: its place in the text; None if it has none.
    """

    value: int | float | str
    type: str
    role: str
    operator: str = ""
    names: tuple[str, ...] = ()
    in_loop_head: bool = False
    span: Span | None = None


LIMITS: dict[str, int | float] = {
    **{f"{name}_MAX": 2 ** (bits - 1) - 1 for name, bits in _SIGNED.items()},
    **{f"{name}_MIN": -(2 ** (bits - 1)) for name, bits in _SIGNED.items()},
    **{f"{name}_MAX": 2**bits - 1 for name, bits in _UNSIGNED.items()},
    "FLT_MAX": float.fromhex("0x1.fffffep+127"),
    "FLT_MIN": float.fromhex("0x1p-126"),
    "FLT_EPSILON": 2.0**-23,
    "DBL_MAX": sys.float_info.max,
    "DBL_MIN": sys.float_info.min,
    "DBL_EPSILON": sys.float_info.epsilon,
    "INFINITY": math.inf,
    "HUGE_VAL": math.inf,
    "HUGE_VALF": math.inf,
}
"""Values of the macros of <climits>, <cstdint>, <cfloat> and <cmath> on 64-bit Linux."""


_TYPES = {
    "char": "CHAR",
    "short": "SHRT",
    "int": "INT",
    "long": "LONG",
    "long long": "LLONG",
    "unsigned": "UINT",
    "unsigned int": "UINT",
    "float": "FLT",
    "double": "DBL",
    **{f"int{bits}_t": f"INT{bits}" for bits in (8, 16, 32, 64)},
    **{f"uint{bits}_t": f"UINT{bits}" for bits in (8, 16, 32, 64)},
}
"""What the macros of a type begin with."""


def limit_of(expression: Expression | None) -> int | float | None:
    """Return the value of a named end of a type, as `INT_MAX`, `-DBL_MAX` or
    `std::numeric_limits<int>::max()`; None for any other expression.
    """
    if isinstance(expression, Unary) and expression.op == "-":
        value = limit_of(expression.operand)
        return None if value is None else -value
    if isinstance(expression, Name):
        return LIMITS.get(expression.id)
    if not (isinstance(expression, Call) and isinstance(expression.function, Name)):
        return None
    head, _, rest = expression.function.id.removeprefix("std::").partition("<")
    kind, _, end = rest.rpartition(">::")
    known = _TYPES.get(kind)
    if head != "numeric_limits" or known is None:
        return None
    if end == "lowest" and known in ("FLT", "DBL"):
        return -LIMITS[f"{known}_MAX"]
    if end == "infinity":
        return math.inf
    word = {"max": "MAX", "min": "MIN", "lowest": "MIN", "epsilon": "EPSILON"}.get(end, "")
    return 0 if known[0] == "U" and word == "MIN" else LIMITS.get(f"{known}_{word}")


def constants_of(node: object) -> tuple[Constant, ...]:
    """Return the constants in `node`: first those with a role of their own, such as the end of a
    comparison, then other literals, each part in the order of the text.

    node: a node of the tree of `corpora.ir`, such as a function or an expression, or a tuple of
    nodes, such as a unit's items. Constants that differ in their place alone count once. Products,
    sums and shifts of literals, and named constants, count as their value. Directives are left out.
    """
    named = {**dict(_named(node)), **_name_integers(node)}
    nodes = list(_walk_code(node))
    loops = (n for n in nodes if isinstance(n, (For, While)))
    heads = {id(n) for loop in loops if loop.test is not None for n in walk(loop.test)}
    found: dict[tuple, Constant] = {}
    taken: set[int] = set()
    for part in nodes:
        for constant, literals in _constants(part, named):
            taken |= {id(n) for n in literals}
            constant = replace(constant, in_loop_head=id(part) in heads)
            found.setdefault(_key(constant), constant)
    for literal in (n for n in nodes if isinstance(n, Literal)):
        if id(literal) not in taken and (value := value_of(literal)) is not None:
            constant = Constant(value, literal.type, "literal", span=literal.span)
            found.setdefault(_key(constant), constant)
    return tuple(found.values())


def _walk_code(node: object) -> Iterator[object]:
    """Every node, in order, but directives and what is below them."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if not isinstance(part, Pragma):
            yield part
            waiting += reversed(list(children(part)))


def _key(constant: Constant) -> tuple:
    parts = (constant.type, constant.role, constant.operator, constant.names)
    return (repr(constant.value), *parts, constant.in_loop_head)


def value_of(expression: Expression | None) -> int | float | str | None:
    """Return the value of a literal, with or without a sign or a cast: a number, the code of a
    character, 1 or 0 for a boolean, the text without quotes for a string. None for any other
    expression.
    """
    if isinstance(expression, Unary) and expression.op in "+-":
        value = value_of(expression.operand)
        if isinstance(value, str):
            return None
        return -value if value is not None and expression.op == "-" else value
    if isinstance(expression, Cast):
        return value_of(expression.operand)
    if not isinstance(expression, Literal):
        return None
    if (number := integer_of(expression)) is not None:
        return number
    if expression.type in ("string", "char"):
        return expression.text[1:-1]
    if expression.type == "bool":
        return int(expression.text.strip(".").lower() == "true")
    text = expression.text.lower().partition("_")[0].rstrip("fl").replace("d", "e")
    try:
        return float.fromhex(expression.text) if "0x" in text else float(text)
    except ValueError:
        return None


def _named(node: object) -> Iterator[tuple[str, int | float | str]]:
    """Names with a constant value: const variables, Fortran's parameters, enumerators."""
    known: dict[str, int | float | str] = {}
    for declared in find(node, Declaration):
        value = value_of(declared.value)
        if value is None and declared.value is not None:
            value = _whole(declared.value, known)
        type_ = declared.type
        constant = isinstance(type_, ScalarType) and type_.const
        if value is not None and (constant or {"parameter", "constexpr"} & set(declared.storage)):
            known[declared.name] = value
            yield declared.name, value


def named_integers(unit: TranslationUnit) -> dict[str, int]:
    """Return the names that a text gives an integer value, each with the last value given: macros,
    enumerators, `const`, `constexpr`, Fortran's `parameter`, and template parameters with a
    default.
    """
    return _name_integers(unit.items)


def _name_integers(tree: object) -> dict[str, int]:
    known: dict[str, int] = {}
    for node in walk(tree):
        if isinstance(node, Macro) and node.parameters is None and node.text.strip():
            _note(known, node.name, parse_c_expression(node.text))
        elif isinstance(node, Declaration):
            type_ = node.type
            constant = isinstance(type_, ScalarType) and type_.const
            if constant or {"parameter", "constexpr"} & set(node.storage):
                _note(known, node.name, node.value)
        elif isinstance(node, StructDefinition) and node.kind.startswith("enum"):
            following = 0
            for field in node.fields:
                value = following if field.value is None else _whole(field.value, dict(known))
                if value is None:
                    break
                known[field.name], following = value, value + 1
        elif isinstance(node, Function):
            for written in node.template_parameters:
                head, equals, default = written.partition("=")
                if equals:
                    _note(known, head.split()[-1], parse_c_expression(default))
    return known


def _note(known: dict[str, int], name: str, expression: Expression | None) -> None:
    value = fold_integer(expression, known)
    if value is not None:
        known[name] = value


def fold_integer(expression: Expression | None, named: Mapping[str, int]) -> int | None:
    """Return the value of an expression of integer literals and names, computed as in C; None for
    any other expression. named: values of the names.
    """
    return None if expression is None else _whole(expression, dict(named))


def _whole(expression: Expression, named: dict) -> int | None:
    """The integer value of an expression of literals and named constants."""
    value = _folded(expression, named)
    return value.as_integer() if value is not None else None


def _folded(expression: Expression, named: dict) -> Polynomial | None:
    if (number := integer_of(expression)) is not None:
        return integer(number)
    if isinstance(expression, Name) and isinstance(named.get(expression.id), int):
        return integer(named[expression.id])
    if isinstance(expression, Cast):
        return _folded(expression.operand, named)
    if isinstance(expression, Unary) and expression.op == "-":
        value = _folded(expression.operand, named)
        return None if value is None else -value
    if isinstance(expression, Binary):
        left, right = _folded(expression.left, named), _folded(expression.right, named)
        return combine(expression.op, left, right)
    return None


def _valued(expression: Expression, named: dict) -> tuple[int | float | str, str] | None:
    """(value, type) of a constant expression."""
    if (number := _whole(expression, named)) is not None:
        literal = next(iter(find(expression, Literal)), None)
        return number, literal.type if literal is not None else "i32"
    value = value_of(expression)
    if value is None and isinstance(expression, Name) and expression.id in named:
        value = named[expression.id]
    if value is None:
        value = limit_of(expression)
        if isinstance(value, int):
            return value, "i32" if -(2**31) <= value < 2**31 else "i64"
    if value is None:
        return None
    literal = next(iter(find(expression, Literal)), None)
    if isinstance(value, float) and value.is_integer() and literal and "." not in literal.text:
        value = int(value)  # `1e5` may be a size
    kind = literal.type if literal is not None else "f64" if isinstance(value, float) else "string"
    return value, kind


def _constants(part: object, named: dict) -> Iterator[tuple[Constant, list[Literal]]]:
    """Constants of one node, with the literals that they are made of."""
    if isinstance(part, Binary) and part.op in _MIRRORED:
        sides = ((part.left, part.op, part.right), (part.right, _MIRRORED[part.op], part.left))
        for other, op, side in sides:
            if (value := _valued(side, named)) and _valued(other, named) is None:
                names = tuple(sorted(names_in(other)))
                span = getattr(side, "span", None)
                made = Constant(*value, "comparison", op, names, span=span)
                yield made, list(find(side, Literal))
    elif isinstance(part, Binary) and part.op in _ROLES:
        if (value := _valued(part.right, named)) and _valued(part.left, named) is None:
            names = tuple(sorted(names_in(part.left)))
            made = Constant(*value, _ROLES[part.op], part.op, names, span=part.span)
            yield made, list(find(part.right, Literal))
    elif isinstance(part, Case):
        for label in part.values:
            ends = (label.lower, label.upper) if isinstance(label, Section) else (label,)
            for end in ends:
                if end is not None and (value := _valued(end, named)):
                    yield Constant(*value, "label", "==", span=part.span), list(find(end, Literal))
    elif isinstance(part, Macro) and part.parameters is None:
        literal = Literal(part.text.strip("() "), "i32")
        if (number := integer_of(literal)) is not None:
            yield Constant(number, "i32", "macro", "", (part.name,), span=part.span), []
    elif isinstance(part, Declaration) and part.name in named:
        value = _valued(part.value, named) if part.value is not None else None
        if value:
            made = Constant(*value, "constant", "", (part.name,), span=part.span)
            yield made, list(find(part.value, Literal))
    elif isinstance(part, Access):
        for index in part.indices:
            if isinstance(index, Literal) and (value := _valued(index, named)):
                yield Constant(*value, "index", "", tuple(sorted(names_in(part.base)))), [index]


def narrow_counters(function: Function) -> tuple[Declaration, ...]:
    """Return the declarations of the local integers of 8 or 16 bits that count a loop or occur in a
    subscript, in the order of the text; () if there is none. They wrap around early.
    """
    narrow = [
        d
        for d in find(function.body or (), Declaration)
        if isinstance(d.type, ScalarType) and d.type.name in ("i8", "u8", "i16", "u16")
    ]
    used: set[str] = set()
    for loop in find(function.body or (), For):
        used |= {s.target.id for s in loop.step if isinstance(getattr(s, "target", None), Name)}
        used |= {loop.bounds.variable} if loop.bounds is not None else set()
    for loop in find(function.body or (), While):
        used |= names_in(loop.test)
    for access in find(function.body or (), Access):
        used |= names_in(access.indices)
    return tuple(d for d in narrow if d.name in used)
