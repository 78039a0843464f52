"""Values of C expressions: text, element type, how tightly the text binds, and sums of whole
numbers kept as sums.

Contract: `Value.at(level)` is text that stands beside an operator of that level without changing
what it means. The order of floating-point operations is never changed.

    python -c "from translator.normalize.c_values import make_binary, make_number; \\
        print(make_binary('*', make_binary('+', make_number('1'), make_number('2')), \\
        make_number('3')).text)"
"""

from __future__ import annotations

from dataclasses import dataclass

from translator.normalize.affine import AffineSum

C_TYPES = {
    "bool": "bool",
    "i8": "signed char",
    "u8": "unsigned char",
    "i16": "short",
    "u16": "unsigned short",
    "i32": "int",
    "u32": "unsigned int",
    "i64": "long long",
    "u64": "unsigned long long",
    "f32": "float",
    "f64": "double",
}
_ORDER = ("bool", "i8", "i16", "i32", "i64", "f32", "f64")
PRIMARY, UNARY, TIMES, PLUS, SHIFT, COMPARE, EQUAL, AND, OR, CHOICE = range(10, 0, -1)
_LEVELS = {
    **dict.fromkeys("*/%", TIMES),
    **dict.fromkeys("+-", PLUS),
    **dict.fromkeys(("<<", ">>"), SHIFT),
    **dict.fromkeys(("<", ">", "<=", ">="), COMPARE),
    **dict.fromkeys(("==", "!="), EQUAL),
    "&&": AND,
    "||": OR,
}


_SUFFIXED = frozenset(
    {"sqrt", "exp", "log", "sin", "fabs", "fmax", "fmin", "floor", "pow", "hypot", "acos", "cosh"}
)


@dataclass(frozen=True, slots=True)
class Value:
    """sum: set for whole numbers of the default or a larger kind, whose text it then is."""

    text: str
    type: str
    level: int = PRIMARY
    sum: AffineSum | None = None

    def at(self, level: int) -> str:
        return self.text if self.level >= level else f"({self.text})"

    @property
    def is_whole(self) -> bool:
        return self.type[0] == "i"

    @property
    def as_sum(self) -> AffineSum:
        """The sum, or the text as one factor of it."""
        return self.sum if self.sum is not None else AffineSum.of(self.at(TIMES))


def make_integer(total: AffineSum, type: str = "i32") -> Value:
    text = total.text
    level = PLUS if not total.is_simple or total.constant < 0 else TIMES if " " in text else PRIMARY
    return Value(text, type, level, total)


def make_number(text: str, type: str = "i32") -> Value:
    """A literal as C spells it."""
    return (
        make_integer(AffineSum(constant=int(text)), type)
        if type in ("i32", "i64")
        else Value(text, type)
    )


def make_variable(text: str, type: str) -> Value:
    """A name, an element or `*name`."""
    return Value(text, type, PRIMARY, AffineSum.of(text) if type in ("i32", "i64") else None)


def find_wider_type(*types: str) -> str:
    """The type of an operation between numbers of these types."""
    return max(types, key=_ORDER.index)


def make_binary(operator: str, left: Value, right: Value) -> Value:
    level = _LEVELS[operator]
    if level < PLUS:
        kind = "bool" if level <= COMPARE else find_wider_type(left.type, right.type)
        return Value(f"{left.at(level + 1)} {operator} {right.at(level + 1)}", kind, level)
    kind = find_wider_type(left.type, right.type)
    if kind in ("i32", "i64") and operator in "+-*":
        a, b = left.as_sum, right.as_sum
        return make_integer(
            a + b if operator == "+" else a - b if operator == "-" else a.times(b), kind
        )
    return Value(f"{left.at(level)} {operator} {right.at(level + 1)}", kind, level)


def negate(value: Value) -> Value:
    if value.sum is not None:
        return make_integer(value.sum.scaled(-1), value.type)
    return Value(f"-{value.at(TIMES)}", value.type, PLUS)


def negate_condition(value: Value) -> Value:
    return Value(f"!{value.at(UNARY)}", "bool", UNARY)


def make_conditional(condition: Value, yes: Value, no: Value, type: str = "") -> Value:
    return Value(
        f"{condition.at(OR)} ? {yes.at(OR)} : {no.at(OR)}",
        type or find_wider_type(yes.type, no.type),
        CHOICE,
    )


def call_function(name: str, type: str, *arguments: Value) -> Value:
    """A function of the C library. Of `f32` it has its suffix where that is the common word; C++
    overloads the others.
    """
    suffix = "f" if type == "f32" and name in _SUFFIXED else ""
    return Value(f"{name}{suffix}({', '.join(a.text for a in arguments)})", type)


def cast_value(value: Value, type: str) -> Value:
    if value.type == type:
        return value
    return Value(f"({C_TYPES[type]}){value.at(UNARY)}", type, UNARY)
