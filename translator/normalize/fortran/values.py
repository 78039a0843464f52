"""Fortran expressions in C: subscripts from nought over flat arrays, elements of sections by lanes,
intrinsic functions.

Contract: reads expressions of `corpora.ir`. Raises UnsupportedConstruct where C has no plain words
for it, or this module does not know them; what comes back means the same for numbers in range.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corpora.emit.fortran import emit_expression
from corpora.ir import (
    Access,
    Binary,
    Call,
    Expression,
    Literal,
    Name,
    Section,
    Unary,
    children,
)
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
    get_call_name,
    get_plain,
)
from translator.normalize.unsupported import UnsupportedConstruct

ONE = AffineSum(constant=1)
_OPERATORS = {
    **{op: op for op in ("==", "!=", "<", "<=", ">", ">=", "&&", "||", "+", "-", "*", "/")},
    ".eqv.": "==",
    ".neqv.": "!=",
}


class ExpressionConverter:
    """Converts Fortran expressions to C. names: how the procedure's names are written in C.
    parsed(text): returns the tree of an expression. The attribute total(node, lanes) writes a
    reduction's loop and returns its value.
    """

    total: Callable[[Call, tuple[SectionLane, ...]], Value]

    def __init__(self, names: ProcedureNames, parsed: Callable[[str], Expression]) -> None:
        self.names, self.parsed = names, parsed
        self.asked: set[str] = set()
        """Arrays of which `present` was asked."""

    def of(self, node: Expression, lanes: tuple[SectionLane, ...] = ()) -> Value:
        """Return the C value of a Fortran expression.

        lanes: for an array expression, the loops whose present element is returned. Raises
            UnsupportedConstruct if rules cannot write it in C.
        """
        match node:
            case Name(id=name):
                if not self.names.is_array(name):
                    return self.names.scalar(name)
                return self._section(name, self.spans(node), lanes)
            case Literal():
                return self._literal(node)
            case Access(base=Name(id=name), indices=indices):
                return self._element_of(name, indices, lanes)
            case Unary():
                return self._unary(node, lanes)
            case Binary():
                return self._operation(node, lanes)
            case Call(function=Name(id=name)):
                return self._call(node, name, lanes)
        raise UnsupportedConstruct(f"an expression of kind {type(node).__name__}")

    def rank(self, node: Any) -> int:
        """Return the number of dimensions of `node`, a Fortran expression of `corpora.ir`; 0 for a
        scalar.
        """
        match node:
            case Name(id=name):
                return len(self.names.declared.shape(name))
            case Access(indices=indices):
                return sum(isinstance(index, Section) for index in indices)
            case Call(function=Name(id=name)) if name in REDUCTIONS:
                if find_reduction_dimension(node) is None:
                    return 0
                return self.rank(get_arguments(node)[0][0]) - 1
            case Call(function=Name(id=name)):
                if name == "present" or name in self.names.functions:
                    return 0
                return max((self.rank(a) for a in get_arguments(node)[0]), default=0)
        return max((self.rank(item) for item in children(node)), default=0)

    def bounds(self, name: str) -> list[SectionSpan]:
        """Return the declared first and last subscripts of the array `name`, per dimension, as C
        sums. `last` is None for a dimension whose end the text does not give, such as `*`.

        Raises UnsupportedConstruct if rules cannot write a bound in C.
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
        return self.of(self.parsed(text)).as_sum

    def extent(self, name: str, bound: SectionSpan) -> AffineSum:
        """Return the number of elements in a dimension of the array `name`. bound: the dimension's
        declared subscripts, from `bounds`.

        Raises UnsupportedConstruct if the text does not give its end.
        """
        if bound.last is None:
            raise UnsupportedConstruct(f"how long '{name}' is in a dimension is not in the text")
        return bound.last - bound.first + ONE

    def length(self, name: str) -> AffineSum:
        """Return the number of elements of the array `name`. Raises UnsupportedConstruct if the
        text does not give an extent.
        """
        total = AffineSum(constant=1)
        for bound in self.bounds(name):
            total = self.extent(name, bound).times(total)
        return total

    def spans(self, node: Expression) -> list[SectionSpan]:
        """Return the sections of an array reference, one for each dimension with `:`, in order.

        A bare name is a section of every dimension. Raises UnsupportedConstruct if `node` is no
        array or section of a variable, or has the wrong number of subscripts.
        """
        if isinstance(node, Name):
            bounds = self.bounds(node.id)
            return [SectionSpan(AffineSum(), self.extent(node.id, b) - ONE) for b in bounds]
        if not isinstance(node, Access) or not isinstance(node.base, Name):
            raise UnsupportedConstruct("an array that is no variable")
        name, bounds = node.base.id, self.bounds(node.base.id)
        if len(node.indices) != len(bounds):
            raise UnsupportedConstruct(
                f"'{name}' with {len(node.indices)} subscripts for {len(bounds)} dimensions"
            )
        return [
            self._span(name, b, s)
            for b, s in zip(bounds, node.indices, strict=True)
            if isinstance(s, Section)
        ]

    def _span(self, name: str, bound: SectionSpan, triplet: Section) -> SectionSpan:
        first, last = triplet.lower, triplet.upper
        every = self.of(triplet.step).as_sum if triplet.step is not None else ONE
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
        assert high is not None  # `extent` raises where it is not known
        return SectionSpan(
            low - bound.first, high - bound.first, every if every.terms else every.constant
        )

    def element(self, name: str, places: list[AffineSum]) -> Value:
        """Return an array element in C.

        places: its subscripts, counted from zero, first dimension first. Raises
            UnsupportedConstruct if the text does not give an extent that is needed.
        """
        total, times = AffineSum(), AffineSum(constant=1)
        bounds = self.bounds(name)
        for k, place in enumerate(places):
            total = place.times(times) + total
            if k + 1 < len(places):
                times = self.extent(name, bounds[k]).times(times)
        return make_variable(f"{self.names.word(name)}[{total.text}]", self.names.type(name))

    def _section(
        self, name: str, spans: list[SectionSpan], lanes: tuple[SectionLane, ...]
    ) -> Value:
        if len(spans) != len(lanes):
            raise UnsupportedConstruct(f"the section of '{name}' does not fit where it stands")
        return self.element(
            name, [format_section_index(span, lane) for span, lane in zip(spans, lanes)]
        )

    def _element_of(
        self, name: str, given: tuple[Expression, ...], lanes: tuple[SectionLane, ...]
    ) -> Value:
        """An element, or that of a section on `lanes`."""
        if not self.names.is_array(name):
            raise UnsupportedConstruct(f"'{name}' is called, or declared nowhere")
        bounds, rest, places = self.bounds(name), list(lanes), []
        rank = sum(isinstance(index, Section) for index in given)
        if len(given) != len(bounds) or (rank and len(lanes) != rank):
            raise UnsupportedConstruct(f"subscripts of '{name}' do not fit")
        for bound, subscript in zip(bounds, given, strict=True):
            if isinstance(subscript, Section):
                places.append(format_section_index(self._span(name, bound, subscript), rest.pop(0)))
            elif self.rank(subscript):
                raise UnsupportedConstruct("an array of subscripts")
            else:
                places.append(self.of(subscript).as_sum - bound.first)
        return self.element(name, places)

    def _call(self, node: Call, name: str, lanes: tuple[SectionLane, ...]) -> Value:
        if self.names.is_array(name):
            return self._element_of(name, node.arguments, lanes)
        if name in self.names.functions:
            plain, named = get_arguments(node)
            if named:
                raise UnsupportedConstruct("a call with names of arguments")
            return self.of(inline_call(self.names.functions[name], plain), lanes)
        return self._intrinsic(node, name, lanes)

    def _operation(self, node: Binary, lanes: tuple[SectionLane, ...]) -> Value:
        if node.op == "**":
            return self._power(node.left, node.right, lanes)
        word = _OPERATORS.get(node.op)
        if word is None:
            raise UnsupportedConstruct(f"the operator {node.op}")
        return make_binary(word, self.of(node.left, lanes), self.of(node.right, lanes))

    def _power(self, left: Expression, right: Expression, lanes: tuple[SectionLane, ...]) -> Value:
        base, exponent = self.of(left, lanes), self.of(right, lanes)
        known = exponent.sum.constant if exponent.sum is not None and not exponent.sum.terms else 0
        if base.level < PRIMARY and not base.is_whole:
            base = Value(f"({base.text})", base.type)
        if known in (2, 3):
            square = make_binary("*", base, base)
            return square if known == 2 else make_binary("*", square, base)
        return convert_intrinsic("power", [base, exponent], "")

    def _unary(self, node: Unary, lanes: tuple[SectionLane, ...]) -> Value:
        operand = self.of(node.operand, lanes)
        if node.op == "!":
            return negate_condition(operand)
        if node.op == "-":
            return negate(operand)
        if node.op not in ("+", "()"):
            raise UnsupportedConstruct(f"the operator {node.op}")
        return operand

    def _literal(self, node: Literal) -> Value:
        if node.type == "bool":
            return Value("1" if node.text.startswith(".true.") else "0", "bool")
        digits, _, kind = node.text.partition("_")
        if node.type == "string" or not digits[:1].isdigit() and digits[:1] != ".":
            raise UnsupportedConstruct(f"the literal {node.text}")
        width = self.names.declared.kind(kind) if kind else 4
        if digits.isdigit():
            return make_number(digits, "i64" if width == 8 else "i32")
        double = "d" in digits or width == 8
        return Value(
            convert_real_literal(digits) + ("" if double else "f"), "f64" if double else "f32"
        )

    def _intrinsic(self, node: Call, name: str, lanes: tuple[SectionLane, ...]) -> Value:
        plain, named = get_arguments(node)
        if name in REDUCTIONS:
            return self.total(node, lanes)
        if name == "present" and plain and isinstance(plain[0], Name):
            return self._present(plain[0].id)
        if name in LIMITS:
            return convert_limit(name, self._type_of(plain[0]))
        if name in ("size", "ubound", "lbound"):
            return self._size(name, [*plain, *([named["dim"]] if "dim" in named else [])])
        if name not in ELEMENTAL:
            raise UnsupportedConstruct(f"'{name}' is called")
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

    def _kind(self, node: Expression | None) -> str:
        if node is None:
            return ""
        if isinstance(node, Call) and get_call_name(node) == "kind":
            return {"f64": "8", "i64": "8"}.get(self._type_of(get_arguments(node)[0][0]), "4")
        return str(self.names.declared.kind(emit_expression(node)) or "unknown")

    def _type_of(self, node: Expression) -> str:
        return self.names.type(node.id) if isinstance(node, Name) else self.of(node).type

    def _size(self, name: str, plain: list[Expression]) -> Value:
        array = get_plain(plain[0])
        bounds = self.bounds(array.id) if isinstance(array, Name) else []
        if not bounds or (len(plain) == 1 and len(bounds) > 1 and name != "size"):
            raise UnsupportedConstruct(f"{name} of a part of an array")
        if len(plain) == 1 and name == "size":
            return make_integer(self.length(array.id))
        place = self.of(plain[1]).as_sum.constant - 1 if len(plain) > 1 else 0
        bound = bounds[place]
        length = self.extent(array.id, bound)
        return make_integer(
            length if name == "size" else bound.first if name == "lbound" else bound.last
        )


def format_section_index(span: SectionSpan, lane: SectionLane) -> AffineSum:
    """Return the place, from zero, that the element of a section has in its dimension while the
    loop `lane` is at that element.

    span: the section. Raises UnsupportedConstruct if the steps of the two do not fit.
    """
    if span.step == lane.step:
        return span.first + lane.place
    if lane.step != 1 or isinstance(span.step, AffineSum):
        raise UnsupportedConstruct("sections of unequal steps")
    return span.first + lane.place.scaled(span.step)
