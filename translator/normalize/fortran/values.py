"""Fortran expressions in C: subscripts from nought over flat arrays, elements of sections by lanes,
intrinsic functions.

Contract: reads nodes of fparser's tree. Raises UnsupportedConstruct where C has no plain words for
it, or this module does not know them; what comes back means the same for numbers in range.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from translator.normalize.affine import AffineSum
from translator.normalize.c_values import (
    EQUAL,
    PRIMARY,
    Value,
    make_binary,
    make_integer,
    make_number,
    make_variable,
    negate,
    negate_condition,
)
from translator.normalize.fortran.internal_functions import inline_call
from translator.normalize.fortran.intrinsics import (
    ELEMENTAL,
    LIMITS,
    REDUCTIONS,
    convert_intrinsic,
    convert_limit,
)
from translator.normalize.fortran.names import (
    ProcedureNames,
    SectionLane,
    SectionSpan,
    convert_real_literal,
    find_reduction_dimension,
    get_arguments,
    get_kind,
    get_name,
    get_subscripts,
    get_variable,
)
from translator.normalize.unsupported import UnsupportedConstruct

ONE = AffineSum(constant=1)
_OPERATORS = {
    "==": "==",
    ".eq.": "==",
    "/=": "!=",
    ".ne.": "!=",
    "<": "<",
    ".lt.": "<",
    "<=": "<=",
    ".le.": "<=",
    ">": ">",
    ".gt.": ">",
    ">=": ">=",
    ".ge.": ">=",
    ".and.": "&&",
    ".or.": "||",
    ".eqv.": "==",
    ".neqv.": "!=",
    "+": "+",
    "-": "-",
    "*": "*",
    "/": "/",
}


class ExpressionConverter:
    """Converts Fortran expressions to C. parsed(text): returns fparser's node of an expression. The
    attribute total(node, lanes) writes a reduction's loop and returns its value.
    """

    total: Callable[[Any, tuple[SectionLane, ...]], Value]

    def __init__(self, names: ProcedureNames, parsed: Callable[[str], Any]) -> None:
        self.names, self._parsed = names, parsed
        self.asked: set[str] = set()
        """Arrays of which `present` was asked."""

    def of(self, node: Any, lanes: tuple[SectionLane, ...] = ()) -> Value:
        """Return the C value of an expression, given its fparser node. For an array it is the
        element on `lanes`. Raises UnsupportedConstruct if it has no spelling by rule.
        """
        reader = _READERS.get(get_kind(node))
        if reader is None:
            raise UnsupportedConstruct(f"an expression of kind {get_kind(node)}")
        return reader(self, node, lanes)

    def rank(self, node: Any) -> int:
        """Return the number of dimensions of an expression; 0 for a scalar."""
        kind = get_kind(node)
        if kind == "Name":
            return len(self.names.declared.shape(get_name(node)))
        if kind == "Part_Ref":
            return sum(get_kind(s) == "Subscript_Triplet" for s in get_subscripts(node))
        if kind == "Intrinsic_Function_Reference":
            if get_name(node.items[0]) == "present":
                return 0
            if get_name(node.items[0]) in REDUCTIONS:
                return (
                    self.rank(get_arguments(node)[0][0]) - 1
                    if find_reduction_dimension(node) is not None
                    else 0
                )
            return max((self.rank(a) for a in get_arguments(node)[0]), default=0)
        return max(
            (
                self.rank(item)
                for item in getattr(node, "items", ())
                if item is not None and not isinstance(item, str)
            ),
            default=0,
        )

    def bounds(self, name: str) -> list[SectionSpan]:
        """Return the first and last declared subscripts of an array, per dimension. Raises
        UnsupportedConstruct if a bound that is needed is not in the text.
        """
        if name in self.names.made:
            return self.names.made[name]
        found = []
        for k, text in enumerate(self.names.declared.shape(name)):
            low, colon, high = text.partition(":")
            low, high = (low, high) if colon else ("1", low)
            first = self._bound(low or "1")
            if name in self.names.sizes:
                found.append(
                    SectionSpan(first, first + AffineSum.of(self.names.sizes[name][k]) - ONE)
                )
            else:
                found.append(
                    SectionSpan(first, self._bound(high) if high not in ("", "*") else None)
                )
        return found

    def _bound(self, text: str) -> AffineSum:
        return self.of(self._parsed(text)).as_sum

    def extent(self, name: str, bound: SectionSpan) -> AffineSum:
        """Return the number of elements in a dimension of the array `name` with this bound. Raises
        UnsupportedConstruct if its end is not in the text.
        """
        if bound.last is None:
            raise UnsupportedConstruct(f"how long '{name}' is in a dimension is not in the text")
        return bound.last - bound.first + ONE

    def length(self, name: str) -> AffineSum:
        """Return the number of elements of an array. Raises UnsupportedConstruct if an extent is
        not in the text.
        """
        total = AffineSum(constant=1)
        for bound in self.bounds(name):
            total = self.extent(name, bound).times(total)
        return total

    def spans(self, node: Any) -> list[SectionSpan]:
        """Return the sections that an array's name or reference covers, in order. Raises
        UnsupportedConstruct if one has no spelling by rule.
        """
        name = get_variable(node)
        bounds = self.bounds(name)
        if get_kind(node) == "Name":
            return [SectionSpan(AffineSum(), self.extent(name, b) - ONE) for b in bounds]
        given = get_subscripts(node)
        if len(given) != len(bounds):
            raise UnsupportedConstruct(
                f"'{name}' with {len(given)} subscripts for {len(bounds)} dimensions"
            )
        return [
            self._span(name, b, s)
            for b, s in zip(bounds, given, strict=True)
            if get_kind(s) == "Subscript_Triplet"
        ]

    def _span(self, name: str, bound: SectionSpan, triplet: Any) -> SectionSpan:
        first, last, step = triplet.items
        every = self.of(step).as_sum if step is not None else ONE
        ends = (
            self.of(first).as_sum if first is not None else None,
            self.of(last).as_sum if last is not None else None,
        )
        if not every.terms and every.constant < 1 and None in ends:
            raise UnsupportedConstruct("a section backwards without both ends")
        low = ends[0] if ends[0] is not None else bound.first
        if ends[1] is None:
            self.extent(name, bound)
        high = ends[1] if ends[1] is not None else bound.last
        return SectionSpan(
            low - bound.first, high - bound.first, every if every.terms else every.constant
        )

    def element(self, name: str, places: list[AffineSum]) -> Value:
        """Return an array element by its places from zero, first dimension first. Raises
        UnsupportedConstruct if an extent is not in the text.
        """
        total, times = AffineSum(), AffineSum(constant=1)
        bounds = self.bounds(name)
        for k, place in enumerate(places):
            total = place.times(times) + total
            if k + 1 < len(places):
                times = self.extent(name, bounds[k]).times(times)
        return make_variable(f"{self.names.word(name)}[{total.text}]", self.names.type(name))

    def _name(self, node: Any, lanes: tuple[SectionLane, ...]) -> Value:
        name = get_name(node)
        if not self.names.is_array(name):
            return self.names.scalar(name)
        return self._section(name, self.spans(node), lanes)

    def _section(
        self, name: str, spans: list[SectionSpan], lanes: tuple[SectionLane, ...]
    ) -> Value:
        if len(spans) != len(lanes):
            raise UnsupportedConstruct(f"the section of '{name}' does not fit where it stands")
        return self.element(
            name, [format_section_index(span, lane) for span, lane in zip(spans, lanes)]
        )

    def _part(self, node: Any, lanes: tuple[SectionLane, ...]) -> Value:
        name, places = get_name(node.items[0]), []
        if not self.names.is_array(name) and name in self.names.functions:
            return self.of(
                self._parsed(
                    inline_call(
                        self.names.functions[name], [str(each) for each in get_subscripts(node)]
                    )
                ),
                lanes,
            )
        if not self.names.is_array(name):
            raise UnsupportedConstruct(f"'{name}' is called, or declared nowhere")
        bounds, rest = self.bounds(name), list(lanes)
        given = get_subscripts(node)
        if len(given) != len(bounds) or (self.rank(node) and len(lanes) != self.rank(node)):
            raise UnsupportedConstruct(f"subscripts of '{name}' do not fit")
        for bound, subscript in zip(bounds, given, strict=True):
            if get_kind(subscript) == "Subscript_Triplet":
                places.append(format_section_index(self._span(name, bound, subscript), rest.pop(0)))
            elif self.rank(subscript):
                raise UnsupportedConstruct("an array of subscripts")
            else:
                places.append(self.of(subscript).as_sum - bound.first)
        return self.element(name, places)

    def _operation(self, node: Any, lanes: tuple[SectionLane, ...]) -> Value:
        left, operator, right = node.items
        if operator == "**":
            return self._power(left, right, lanes)
        word = _OPERATORS.get(operator.lower())
        if word is None:
            raise UnsupportedConstruct(f"the operator {operator}")
        return make_binary(word, self.of(left, lanes), self.of(right, lanes))

    def _power(self, left: Any, right: Any, lanes: tuple[SectionLane, ...]) -> Value:
        base, exponent = self.of(left, lanes), self.of(right, lanes)
        known = exponent.sum.constant if exponent.sum is not None and not exponent.sum.terms else 0
        if known in (2, 3) and (base.level >= PRIMARY or base.is_whole):
            square = make_binary("*", base, base)
            return square if known == 2 else make_binary("*", square, base)
        return convert_intrinsic("power", [base, exponent], "")

    def _unary(self, node: Any, lanes: tuple[SectionLane, ...]) -> Value:
        operator, operand = node.items[0].lower(), self.of(node.items[1], lanes)
        return (
            negate_condition(operand)
            if operator == ".not."
            else negate(operand)
            if operator == "-"
            else operand
        )

    def _brackets(self, node: Any, lanes: tuple[SectionLane, ...]) -> Value:
        inner = self.of(node.items[1], lanes)
        if inner.sum is not None:
            return inner
        return inner if inner.level >= PRIMARY else Value(f"({inner.text})", inner.type)

    def _literal(self, node: Any, lanes: tuple[SectionLane, ...]) -> Value:
        digits, kind = node.items
        width = self.names.declared.kind(str(kind).lower()) if kind else 4
        if get_kind(node) == "Int_Literal_Constant":
            return make_number(digits, "i64" if width == 8 else "i32")
        digits = digits.lower()
        double = "d" in digits or width == 8
        return Value(
            convert_real_literal(digits) + ("" if double else "f"), "f64" if double else "f32"
        )

    def _logical(self, node: Any, lanes: tuple[SectionLane, ...]) -> Value:
        return Value("1" if node.items[0].lower() == ".true." else "0", "bool")

    def _intrinsic(self, node: Any, lanes: tuple[SectionLane, ...]) -> Value:
        name = get_name(node.items[0])
        plain, named = get_arguments(node)
        if name in REDUCTIONS:
            return self.total(node, lanes)
        if name == "present":
            return self._present(get_name(plain[0]))
        if name in LIMITS:
            return convert_limit(name, self._type_of(plain[0]))
        if name in ("size", "ubound", "lbound"):
            return self._size(name, [*plain, *([named["dim"]] if "dim" in named else [])])
        if name not in ELEMENTAL:
            raise UnsupportedConstruct(f"the intrinsic {name}")
        kind = named.get("kind") or (
            plain.pop()
            if name in ("real", "int", "nint", "floor", "ceiling") and len(plain) == 2
            else None
        )
        return convert_intrinsic(name, [self.of(a, lanes) for a in plain], self._kind(kind))

    def _present(self, name: str) -> Value:
        """Of an array alone: what C passes by value is always there."""
        if not self.names.is_array(name):
            raise UnsupportedConstruct("a scalar that may be absent")
        self.asked.add(name)
        return Value(f"{self.names.word(name)} != nullptr", "bool", EQUAL)

    def _kind(self, node: Any) -> str:
        if node is None:
            return ""
        if get_kind(node) == "Intrinsic_Function_Reference" and get_name(node.items[0]) == "kind":
            return {"f64": "8", "i64": "8"}.get(self._type_of(get_arguments(node)[0][0]), "4")
        return str(self.names.declared.kind(get_name(node)) or "unknown")

    def _type_of(self, node: Any) -> str:
        name = get_name(node)
        return self.names.type(name) if get_kind(node) == "Name" else self.of(node).type

    def _size(self, name: str, plain: list) -> Value:
        array = get_name(plain[0])
        bounds = self.bounds(array)
        if (
            get_kind(plain[0]) != "Name"
            or not bounds
            or (len(plain) == 1 and len(bounds) > 1 and name != "size")
        ):
            raise UnsupportedConstruct(f"{name} of a part of an array")
        if len(plain) == 1 and name == "size":
            return make_integer(self.length(array))
        place = self.of(plain[1]).as_sum.constant - 1 if len(plain) > 1 else 0
        bound = bounds[place]
        length = self.extent(array, bound)
        return make_integer(
            length if name == "size" else bound.first if name == "lbound" else bound.last
        )


def format_section_index(span: SectionSpan, lane: SectionLane) -> AffineSum:
    """Return the place, from zero, of a section's element on `lane`. Raises UnsupportedConstruct if
    their steps do not fit.
    """
    if span.step == lane.step:
        return span.first + lane.place
    if lane.step != 1 or isinstance(span.step, AffineSum):
        raise UnsupportedConstruct("sections of unequal steps")
    return span.first + lane.place.scaled(span.step)


_READERS = {
    "Name": ExpressionConverter._name,
    "Part_Ref": ExpressionConverter._part,
    "Level_2_Expr": ExpressionConverter._operation,
    "Level_4_Expr": ExpressionConverter._operation,
    "Level_5_Expr": ExpressionConverter._operation,
    "Add_Operand": ExpressionConverter._operation,
    "Mult_Operand": ExpressionConverter._operation,
    "Or_Operand": ExpressionConverter._operation,
    "Equiv_Operand": ExpressionConverter._operation,
    "Expr": ExpressionConverter._operation,
    "Level_2_Unary_Expr": ExpressionConverter._unary,
    "And_Operand": ExpressionConverter._unary,
    "Parenthesis": ExpressionConverter._brackets,
    "Int_Literal_Constant": ExpressionConverter._literal,
    "Real_Literal_Constant": ExpressionConverter._literal,
    "Logical_Literal_Constant": ExpressionConverter._logical,
    "Intrinsic_Function_Reference": ExpressionConverter._intrinsic,
}
