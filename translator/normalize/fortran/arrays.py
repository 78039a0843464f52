"""Assignments, of arrays and sections too, and totals of arrays, as loops of C.

Contract: as `translator.normalize.fortran.values`: trees in, C on the page; raises
UnsupportedConstruct for what has no spelling by rule, and where a loop would read what it has set
already (Fortran reads the whole right side first).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from corpora.ir import Access, Assign, Binary, Call, Expression, Name, children
from translator.normalize.affine import AffineSum
from translator.normalize.c_blocks import Block, WritingPosition
from translator.normalize.c_values import (
    C_TYPES,
    Value,
    call_function,
    make_binary,
    make_conditional,
    make_integer,
    negate_condition,
)
from translator.normalize.fortran.intrinsics import LARGEST, REDUCTIONS
from translator.normalize.fortran.loops import LoopRange, format_loop_head
from translator.normalize.fortran.names import (
    SectionLane,
    SectionSpan,
    find_reduction_dimension,
    find_uses,
    get_arguments,
    get_call_name,
    get_variable,
)
from translator.normalize.fortran.values import ExpressionConverter
from translator.normalize.unsupported import UnsupportedConstruct

_ZERO = {"f32": "0.0f", "f64": "0.0"}
_ONE = {"f32": "1.0f", "f64": "1.0"}
_STEMS = {"maxval": "best", "minval": "best", "count": "found", "any": "found", "all": "holds"}


class ArrayConverter:
    """Writes Fortran's array assignments and totals as C loops. values: converts expressions. page:
    the place in a C function at which the loops are written.
    """

    def __init__(self, values: ExpressionConverter, page: WritingPosition) -> None:
        self._values, self._page = values, page
        self._in_lane = Block()
        """Where totals along a dimension are made, one for each element that is set."""

    def assign(self, left: Expression, right: Expression) -> None:
        """Write the assignment `left = right` of a scalar, an array or a section in C, with loops
        where needed. The statements are appended to the open block of the constructor's `page`.

        left, right: Fortran expressions. Raises UnsupportedConstruct if rules cannot write it in C.
        """
        if not self._values.rank(left):
            self._page.add(self._set(left, right))
            return
        self.require_disjoint(left, right)
        spans = self._values.spans(left)
        if self._values.rank(right) not in (0, len(spans)):
            raise UnsupportedConstruct("an array of another rank")
        lanes, heads = self._lanes(spans)
        outer, self._in_lane = self._in_lane, Block()
        statement = self._set(left, right, lanes)
        self._page.block.nest(heads, [*self._in_lane.items, statement])
        self._in_lane = outer

    def _set(self, left: Expression, right: Expression, lanes: tuple[SectionLane, ...] = ()) -> str:
        """An assignment; what is added to its own target as C adds it, where that rounds
        the same.
        """
        target = self._values.of(left, lanes).text
        if isinstance(right, Binary) and right.op in ("+", "-", "*", "/"):
            if right.left == left:
                return _format_update(target, right.op, self._values.of(right.right, lanes))
            if right.right == left and right.op in ("+", "*"):
                return _format_update(target, right.op, self._values.of(right.left, lanes))
        return f"{target} = {self._values.of(right, lanes).text};"

    def _lanes(self, spans: Sequence[SectionSpan]) -> tuple[tuple[SectionLane, ...], list[str]]:
        """Lanes and heads of loops over sections, first dimension innermost."""
        lanes, heads = [], []
        for span in spans:
            counter = self._page.fresh("k")
            step = span.step
            if isinstance(step, int) and step < 0:
                raise UnsupportedConstruct("a section that is set backwards")
            lanes.append(SectionLane(AffineSum.of(counter) - span.first, step))
            heads.append(format_loop_head(counter, LoopRange(span.first, span.last, step)))
        return tuple(lanes), heads[::-1]

    def require_disjoint(self, left: Expression, *others: Expression | None) -> None:
        """Check that a loop may assign to `left` element by element: the expressions `others` (None
        is passed over), which are on the right side, read no element of its array other than the
        one set. Raises UnsupportedConstruct if it does.
        """
        name = get_variable(left)
        for node in others:
            for found in _uses_outside_totals(node):
                if isinstance(found, Access) and get_variable(found) == name:
                    if found != left:
                        raise UnsupportedConstruct(
                            f"'{name}' is read elsewhere than where it is set"
                        )
                elif found == Name(name) and not isinstance(left, Name):
                    raise UnsupportedConstruct(f"'{name}' is read as a whole while a part is set")

    def reduced(self, node: Call, lanes: tuple[SectionLane, ...]) -> Value:
        """Append the C loop of a reduction such as `sum(a)` to the open block of the constructor's
        `page`, before the statement that uses it, and return the C value of the result.

        node: the call of the intrinsic. lanes: loops over the result's elements, if it is an array.
            Raises UnsupportedConstruct if a loop cannot be put there.
        """
        if self._page.alone:
            raise UnsupportedConstruct("a total in the condition of a loop")
        name = get_call_name(node)
        plain, named = get_arguments(node)
        dimension = find_reduction_dimension(node)
        if set(named) - {"mask", "dim"} or name in ("maxloc", "minloc"):
            raise UnsupportedConstruct(f"{name} of this form")
        plain = plain if name == "dot_product" else plain[:1]
        shape = next(iter(self._arrays(node)), None)
        if shape is None or not self._values.rank(plain[0]):
            raise UnsupportedConstruct(f"{name} of what has no shape")
        spans, block = self._values.spans(shape), self._page.block
        if dimension is None:
            lanes, heads = self._lanes(spans)
        else:
            place = self._values.of(dimension).as_sum.constant - 1
            if not 0 <= place < len(spans) or len(lanes) != len(spans) - 1:
                raise UnsupportedConstruct(f"{name} along this dimension")
            one, heads = self._lanes([spans[place]])
            lanes, block = (*lanes[:place], *one, *lanes[place:]), self._in_lane
        values = [self._values.of(argument, lanes) for argument in plain]
        condition = self._values.of(named["mask"], lanes) if "mask" in named else None
        return self._total(name, values, condition, heads, block)

    def _arrays(self, node: Any) -> list[Access | Name]:
        """Names and references of arrays below `node` that are arrays where they stand."""
        return [use for use in find_uses(node) if self._values.rank(use)]

    def _total(
        self,
        name: str,
        values: list[Value],
        condition: Value | None,
        heads: list[str],
        block: Block,
    ) -> Value:
        first = values[0]
        kind = {"count": "i32", "any": "bool", "all": "bool"}.get(name, first.type)
        total = Value(self._page.fresh(_STEMS.get(name, "total")), kind)
        if name in ("sum", "dot_product", "norm2"):
            term = first if name == "sum" else make_binary("*", first, values[-1])
            start, step = _ZERO.get(kind, "0"), f"{total.text} += {term.text};"
        elif name == "product":
            start, step = _ONE.get(kind, "1"), f"{total.text} *= {first.text};"
        elif name in ("maxval", "minval"):
            sign = ">" if name == "maxval" else "<"
            start = LARGEST.get(kind, "2147483647")
            start = f"-{start}" if name == "maxval" else start
            start = "-2147483647 - 1" if start == "-2147483647" else start
            step = (
                f"{total.text} = "
                f"{make_conditional(make_binary(sign, first, total), first, total).text};"
            )
        else:
            start = {"count": "0", "any": "0", "all": "1"}[name]
            condition = negate_condition(first) if name == "all" else first
            step = {
                "count": f"{total.text}++;",
                "any": f"{total.text} = 1;",
                "all": f"{total.text} = 0;",
            }[name]
        block.add(f"{C_TYPES[kind]} {total.text} = {start};")
        block.nest([*heads, *([f"if ({condition.text})"] if condition else [])], [step])
        if name == "norm2":
            return call_function("sqrt", kind, total)
        return make_integer(AffineSum.of(total.text), kind) if kind in ("i32", "i64") else total

    def masked(self, branches: Sequence[tuple[Expression | None, Sequence[Assign]]]) -> None:
        """Write a Fortran `where` construct as C loops, which are appended to the open block of the
        constructor's `page`.

        branches: (mask, assignments) in order; the mask is None for the final `elsewhere`. Each
            element is assigned by the first branch whose mask holds for it. Raises
            UnsupportedConstruct if rules cannot write it in C.
        """
        left = branches[0][1][0].target
        lanes, heads = self._lanes(self._values.spans(left))
        several = sum(len(statements) for _, statements in branches) > 1
        written = []
        for mask, statements in branches:
            rows = []
            for statement in statements:
                target, right = statement.target, statement.value
                self.require_disjoint(target, right, *(m for m, _ in branches if several))
                rows.append(self._set(target, right, lanes))
            written.append((self._values.of(mask, lanes).text if mask is not None else "", rows))
        branched = [
            (f"{'else ' if k else ''}if ({condition})" if condition else "else", Block(rows))
            for k, (condition, rows) in enumerate(written)
        ]
        self._page.block.nest(heads, branched)


def _format_update(target: str, operator: str, other: Value) -> str:
    if operator in "+-" and other.text == "1" and other.is_whole:
        return f"{target}{operator * 2};" if target[0] != "*" else f"({target}){operator * 2};"
    return f"{target} {operator}= {other.text};"


def _is_total(node: Any) -> bool:
    return get_call_name(node) in REDUCTIONS


def _uses_outside_totals(node: Any) -> Iterator[Access | Name]:
    """Uses of variables in `node`; a total is made before anything is set."""
    if node is None or _is_total(node):
        return
    if isinstance(node, (Access, Name)):
        yield node
    below = list(children(node))
    if isinstance(node, Access) and isinstance(node.base, Name):
        below = list(node.indices)
    elif isinstance(node, Call):
        below = below[1:]
    for child in below:
        yield from _uses_outside_totals(child)
