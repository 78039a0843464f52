"""Fortran expressions in C: subscripts from nought over flat arrays, elements of sections by lanes,
intrinsic functions.

Contract: reads nodes of fparser's tree. Raises Unsaid where C has no plain words for it, or this
module does not know them; what comes back means the same for numbers in range.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from translator.normalize.affine import Sum
from translator.normalize.c_values import (
    EQUAL,
    PRIMARY,
    Value,
    binary,
    negative,
    number,
    opposite,
    variable,
    whole,
)
from translator.normalize.fortran.inlined import called
from translator.normalize.fortran.intrinsics import ELEMENTAL, LIMITS, REDUCTIONS, intrinsic, limit
from translator.normalize.fortran.names import (
    Lane,
    Names,
    Span,
    along,
    arguments,
    kind_of,
    name_of,
    real_text,
    subscripts,
    variable_of,
)
from translator.normalize.unsupported import Unsaid

ONE = Sum(constant=1)
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


class Values:
    """parsed: the tree of an expression's text. total: given a reduction's node and lanes, writes
    its loop before the statement at hand and gives the total's name.
    """

    total: Callable[[Any, tuple[Lane, ...]], Value]

    def __init__(self, names: Names, parsed: Callable[[str], Any]) -> None:
        self.names, self._parsed = names, parsed
        self.asked: set[str] = set()
        """Arrays of which `present` was asked."""

    def of(self, node: Any, lanes: tuple[Lane, ...] = ()) -> Value:
        """The value of an expression; of an array's, its element on `lanes`."""
        reader = _READERS.get(kind_of(node))
        if reader is None:
            raise Unsaid(f"an expression of kind {kind_of(node)}")
        return reader(self, node, lanes)

    def rank(self, node: Any) -> int:
        """Dimensions of an expression; 0 for a scalar."""
        kind = kind_of(node)
        if kind == "Name":
            return len(self.names.declared.shape(name_of(node)))
        if kind == "Part_Ref":
            return sum(kind_of(s) == "Subscript_Triplet" for s in subscripts(node))
        if kind == "Intrinsic_Function_Reference":
            if name_of(node.items[0]) == "present":
                return 0
            if name_of(node.items[0]) in REDUCTIONS:
                return self.rank(arguments(node)[0][0]) - 1 if along(node) is not None else 0
            return max((self.rank(a) for a in arguments(node)[0]), default=0)
        return max(
            (
                self.rank(item)
                for item in getattr(node, "items", ())
                if item is not None and not isinstance(item, str)
            ),
            default=0,
        )

    def bounds(self, name: str) -> list[Span]:
        """First and last declared subscripts. Raises Unsaid where a bound that is asked for is not
        in the text.
        """
        if name in self.names.made:
            return self.names.made[name]
        found = []
        for k, text in enumerate(self.names.declared.shape(name)):
            low, colon, high = text.partition(":")
            low, high = (low, high) if colon else ("1", low)
            first = self._bound(low or "1")
            if name in self.names.sizes:
                found.append(Span(first, first + Sum.of(self.names.sizes[name][k]) - ONE))
            else:
                found.append(Span(first, self._bound(high) if high not in ("", "*") else None))
        return found

    def _bound(self, text: str) -> Sum:
        return self.of(self._parsed(text)).as_sum

    def extent(self, name: str, bound: Span) -> Sum:
        if bound.last is None:
            raise Unsaid(f"how long '{name}' is in a dimension is not in the text")
        return bound.last - bound.first + ONE

    def length(self, name: str) -> Sum:
        """Elements of an array."""
        total = Sum(constant=1)
        for bound in self.bounds(name):
            total = self.extent(name, bound).times(total)
        return total

    def spans(self, node: Any) -> list[Span]:
        """The sections of an array's name or reference, in order."""
        name = variable_of(node)
        bounds = self.bounds(name)
        if kind_of(node) == "Name":
            return [Span(Sum(), self.extent(name, b) - ONE) for b in bounds]
        given = subscripts(node)
        if len(given) != len(bounds):
            raise Unsaid(f"'{name}' with {len(given)} subscripts for {len(bounds)} dimensions")
        return [
            self._span(name, b, s)
            for b, s in zip(bounds, given, strict=True)
            if kind_of(s) == "Subscript_Triplet"
        ]

    def _span(self, name: str, bound: Span, triplet: Any) -> Span:
        first, last, step = triplet.items
        every = self.of(step).as_sum if step is not None else ONE
        ends = (
            self.of(first).as_sum if first is not None else None,
            self.of(last).as_sum if last is not None else None,
        )
        if not every.terms and every.constant < 1 and None in ends:
            raise Unsaid("a section backwards without both ends")
        low = ends[0] if ends[0] is not None else bound.first
        if ends[1] is None:
            self.extent(name, bound)
        high = ends[1] if ends[1] is not None else bound.last
        return Span(low - bound.first, high - bound.first, every if every.terms else every.constant)

    def element(self, name: str, places: list[Sum]) -> Value:
        """An element by its places from nought, first dimension first, as Fortran lays
        arrays out.
        """
        total, times = Sum(), Sum(constant=1)
        bounds = self.bounds(name)
        for k, place in enumerate(places):
            total = place.times(times) + total
            if k + 1 < len(places):
                times = self.extent(name, bounds[k]).times(times)
        return variable(f"{self.names.word(name)}[{total.text}]", self.names.type(name))

    def _name(self, node: Any, lanes: tuple[Lane, ...]) -> Value:
        name = name_of(node)
        if not self.names.is_array(name):
            return self.names.scalar(name)
        return self._section(name, self.spans(node), lanes)

    def _section(self, name: str, spans: list[Span], lanes: tuple[Lane, ...]) -> Value:
        if len(spans) != len(lanes):
            raise Unsaid(f"the section of '{name}' does not fit where it stands")
        return self.element(name, [placed(span, lane) for span, lane in zip(spans, lanes)])

    def _part(self, node: Any, lanes: tuple[Lane, ...]) -> Value:
        name, places = name_of(node.items[0]), []
        if not self.names.is_array(name) and name in self.names.functions:
            return self.of(
                self._parsed(
                    called(self.names.functions[name], [str(each) for each in subscripts(node)])
                ),
                lanes,
            )
        if not self.names.is_array(name):
            raise Unsaid(f"'{name}' is called, or declared nowhere")
        bounds, rest = self.bounds(name), list(lanes)
        given = subscripts(node)
        if len(given) != len(bounds) or (self.rank(node) and len(lanes) != self.rank(node)):
            raise Unsaid(f"subscripts of '{name}' do not fit")
        for bound, subscript in zip(bounds, given, strict=True):
            if kind_of(subscript) == "Subscript_Triplet":
                places.append(placed(self._span(name, bound, subscript), rest.pop(0)))
            elif self.rank(subscript):
                raise Unsaid("an array of subscripts")
            else:
                places.append(self.of(subscript).as_sum - bound.first)
        return self.element(name, places)

    def _operation(self, node: Any, lanes: tuple[Lane, ...]) -> Value:
        left, operator, right = node.items
        if operator == "**":
            return self._power(left, right, lanes)
        word = _OPERATORS.get(operator.lower())
        if word is None:
            raise Unsaid(f"the operator {operator}")
        return binary(word, self.of(left, lanes), self.of(right, lanes))

    def _power(self, left: Any, right: Any, lanes: tuple[Lane, ...]) -> Value:
        base, exponent = self.of(left, lanes), self.of(right, lanes)
        known = exponent.sum.constant if exponent.sum is not None and not exponent.sum.terms else 0
        if known in (2, 3) and (base.level >= PRIMARY or base.is_whole):
            square = binary("*", base, base)
            return square if known == 2 else binary("*", square, base)
        return intrinsic("power", [base, exponent], "")

    def _unary(self, node: Any, lanes: tuple[Lane, ...]) -> Value:
        operator, operand = node.items[0].lower(), self.of(node.items[1], lanes)
        return (
            opposite(operand)
            if operator == ".not."
            else negative(operand)
            if operator == "-"
            else operand
        )

    def _brackets(self, node: Any, lanes: tuple[Lane, ...]) -> Value:
        inner = self.of(node.items[1], lanes)
        if inner.sum is not None:
            return inner
        return inner if inner.level >= PRIMARY else Value(f"({inner.text})", inner.type)

    def _literal(self, node: Any, lanes: tuple[Lane, ...]) -> Value:
        digits, kind = node.items
        width = self.names.declared.kind(str(kind).lower()) if kind else 4
        if kind_of(node) == "Int_Literal_Constant":
            return number(digits, "i64" if width == 8 else "i32")
        digits = digits.lower()
        double = "d" in digits or width == 8
        return Value(real_text(digits) + ("" if double else "f"), "f64" if double else "f32")

    def _logical(self, node: Any, lanes: tuple[Lane, ...]) -> Value:
        return Value("1" if node.items[0].lower() == ".true." else "0", "bool")

    def _intrinsic(self, node: Any, lanes: tuple[Lane, ...]) -> Value:
        name = name_of(node.items[0])
        plain, named = arguments(node)
        if name in REDUCTIONS:
            return self.total(node, lanes)
        if name == "present":
            return self._present(name_of(plain[0]))
        if name in LIMITS:
            return limit(name, self._type_of(plain[0]))
        if name in ("size", "ubound", "lbound"):
            return self._size(name, [*plain, *([named["dim"]] if "dim" in named else [])])
        if name not in ELEMENTAL:
            raise Unsaid(f"the intrinsic {name}")
        kind = named.get("kind") or (
            plain.pop()
            if name in ("real", "int", "nint", "floor", "ceiling") and len(plain) == 2
            else None
        )
        return intrinsic(name, [self.of(a, lanes) for a in plain], self._kind(kind))

    def _present(self, name: str) -> Value:
        """Of an array alone: what C passes by value is always there."""
        if not self.names.is_array(name):
            raise Unsaid("a scalar that may be absent")
        self.asked.add(name)
        return Value(f"{self.names.word(name)} != nullptr", "bool", EQUAL)

    def _kind(self, node: Any) -> str:
        if node is None:
            return ""
        if kind_of(node) == "Intrinsic_Function_Reference" and name_of(node.items[0]) == "kind":
            return {"f64": "8", "i64": "8"}.get(self._type_of(arguments(node)[0][0]), "4")
        return str(self.names.declared.kind(name_of(node)) or "unknown")

    def _type_of(self, node: Any) -> str:
        name = name_of(node)
        return self.names.type(name) if kind_of(node) == "Name" else self.of(node).type

    def _size(self, name: str, plain: list) -> Value:
        array = name_of(plain[0])
        bounds = self.bounds(array)
        if (
            kind_of(plain[0]) != "Name"
            or not bounds
            or (len(plain) == 1 and len(bounds) > 1 and name != "size")
        ):
            raise Unsaid(f"{name} of a part of an array")
        if len(plain) == 1 and name == "size":
            return whole(self.length(array))
        place = self.of(plain[1]).as_sum.constant - 1 if len(plain) > 1 else 0
        bound = bounds[place]
        length = self.extent(array, bound)
        return whole(length if name == "size" else bound.first if name == "lbound" else bound.last)


def placed(span: Span, lane: Lane) -> Sum:
    """Where a section's element on `lane` lies."""
    if span.step == lane.step:
        return span.first + lane.place
    if lane.step != 1 or isinstance(span.step, Sum):
        raise Unsaid("sections of unequal steps")
    return span.first + lane.place.scaled(span.step)


_READERS = {
    "Name": Values._name,
    "Part_Ref": Values._part,
    "Level_2_Expr": Values._operation,
    "Level_4_Expr": Values._operation,
    "Level_5_Expr": Values._operation,
    "Add_Operand": Values._operation,
    "Mult_Operand": Values._operation,
    "Or_Operand": Values._operation,
    "Equiv_Operand": Values._operation,
    "Expr": Values._operation,
    "Level_2_Unary_Expr": Values._unary,
    "And_Operand": Values._unary,
    "Parenthesis": Values._brackets,
    "Int_Literal_Constant": Values._literal,
    "Real_Literal_Constant": Values._literal,
    "Logical_Literal_Constant": Values._logical,
    "Intrinsic_Function_Reference": Values._intrinsic,
}
