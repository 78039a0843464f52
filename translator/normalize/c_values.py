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
    """A C expression. text: as C. type: its element type, such as `f32`. level: precedence of its
    outermost operator, from CHOICE (1) to PRIMARY (10); higher binds tighter. sum: the same as a
    sum, for integers of at least 32 bits; else None.
    """

    text: str
    type: str
    level: int = PRIMARY
    sum: AffineSum | None = None

    def at(self, level: int) -> str:
        """Return the C text of the value, in brackets if its precedence is below `level`, from
        CHOICE (1) to PRIMARY (10).
        """
        return self.text if self.level >= level else f"({self.text})"

    @property
    def is_whole(self) -> bool:
        """Return whether the value's type is an integer type."""
        return self.type[0] == "i"

    @property
    def as_sum(self) -> AffineSum:
        """Return the value as a sum; if it is none, its text is one factor."""
        return self.sum if self.sum is not None else AffineSum.of(self.at(TIMES))


def make_integer(total: AffineSum, type: str = "i32") -> Value:
    """Return a sum as a value. type: `i32` or `i64`."""
    text = total.text
    level = PLUS if not total.is_simple or total.constant < 0 else TIMES if " " in text else PRIMARY
    return Value(text, type, level, total)


def make_number(text: str, type: str = "i32") -> Value:
    """Return a literal as a value. text: in C's spelling. type: its element type, such as `f32`."""
    return (
        make_integer(AffineSum(constant=int(text)), type)
        if type in ("i32", "i64")
        else Value(text, type)
    )


def make_variable(text: str, type: str) -> Value:
    """Return the value of a variable. text: a name, an element or `*name` in C. type: its element
    type, such as `f32`.
    """
    return Value(text, type, PRIMARY, AffineSum.of(text) if type in ("i32", "i64") else None)


def find_wider_type(*types: str) -> str:
    """Return the type of an operation between numbers of these element types. Raises ValueError for
    a type that is no number's.
    """
    return max(types, key=_ORDER.index)


def make_binary(operator: str, left: Value, right: Value) -> Value:
    """Return the value `left operator right`, of the wider type of both; `bool` for comparisons and
    logic. operator: of C, such as `+`, `<=` or `&&`. Raises KeyError for an unknown operator,
    ValueError for an operand that is no number.
    """
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
    """Return the value with its sign changed."""
    if value.sum is not None:
        return make_integer(value.sum.scaled(-1), value.type)
    return Value(f"-{value.at(TIMES)}", value.type, PLUS)


def negate_condition(value: Value) -> Value:
    """Return `!value`."""
    return Value(f"!{value.at(UNARY)}", "bool", UNARY)


def make_conditional(condition: Value, yes: Value, no: Value, type: str = "") -> Value:
    """Return the value `condition ? yes : no`. type: its element type; '' means the wider type of
    both.
    """
    return Value(
        f"{condition.at(OR)} ? {yes.at(OR)} : {no.at(OR)}",
        type or find_wider_type(yes.type, no.type),
        CHOICE,
    )


def call_function(name: str, type: str, *arguments: Value) -> Value:
    """Return a call of the C library function `name` with `arguments` in order. type: element type
    of the result, such as `f64`; for `f32` a usual name gets its suffix: `sqrt` becomes `sqrtf`.
    """
    suffix = "f" if type == "f32" and name in _SUFFIXED else ""
    return Value(f"{name}{suffix}({', '.join(a.text for a in arguments)})", type)


def cast_value(value: Value, type: str) -> Value:
    """Return the value converted to `type`; unchanged if it has that type. type: an element type,
    such as `f32`. Raises KeyError for a type that C does not have.
    """
    if value.type == type:
        return value
    return Value(f"({C_TYPES[type]}){value.at(UNARY)}", type, UNARY)
