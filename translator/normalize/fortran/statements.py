"""Fortran statements as C statements: conditions, choices, masks, loops, jumps.

Contract: as `translator.normalize.fortran.values`: trees in, C in
`StatementConverter.body`; raises UnsupportedConstruct for what has no spelling by rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from corpora.emit.fortran import emit_expression
from corpora.ir import (
    Access,
    Assign,
    Bounds,
    Call,
    Case,
    Compound,
    Declaration,
    Expression,
    ExpressionStatement,
    For,
    Goto,
    If,
    ImpliedDo,
    InitializerList,
    Jump,
    Label,
    Name,
    Pragma,
    Return,
    Section,
    Statement,
    Switch,
    Unsupported,
    While,
    find,
)
from translator.normalize.affine import AffineSum
from translator.normalize.c_blocks import WritingPosition
from translator.normalize.c_tree import read_statements
from translator.normalize.c_values import C_TYPES, Value, make_binary, make_integer
from translator.normalize.fortran.arrays import ArrayConverter
from translator.normalize.fortran.intrinsics import REDUCTIONS
from translator.normalize.fortran.loops import (
    LoopRange,
    avoid_negative_ends,
    choose_index_shift,
    find_assigned_names,
    find_values_read,
    format_loop_head,
)
from translator.normalize.fortran.names import (
    ProcedureNames,
    SectionSpan,
    find_names,
    get_call_name,
)
from translator.normalize.fortran.values import ExpressionConverter
from translator.normalize.unsupported import UnsupportedConstruct
from translator.outline.c_function import FunctionArray


@dataclass(frozen=True, slots=True)
class _Loop:
    """A loop around the statement at hand. name: of the construct. label: of its last statement."""

    name: str
    label: str


class StatementConverter:
    """Converts Fortran statements to C and writes them into the Block `body`.

    names: the procedure's names in C. result: the C variable of a function's value; '' for a
        subroutine. parsed(text): returns the tree of an expression. words: every name of the
        procedure. changing: those that it sets more than once. procedure: all statements that are
        executed.
    used: names met so far. tables: arrays of constants. heap: local arrays on the heap, by C name.
    """

    def __init__(
        self,
        names: ProcedureNames,
        result: str,
        parsed: Callable[[str], Expression],
        words: frozenset[str],
        changing: frozenset[str] = frozenset(),
        procedure: Sequence[Statement] = (),
    ) -> None:
        self.names, self._result, self._changing = names, result, changing
        self._procedure = procedure
        self._page = WritingPosition(set(words))
        self.body = self._page.block
        self.values = ExpressionConverter(names, parsed)
        self._arrays = ArrayConverter(self.values, self._page)
        self.values.total = self._arrays.reduced
        self.used: set[str] = set()
        self.tables: set[str] = set()
        """Arrays of constants."""
        self._counters: set[str] = set()
        """Variables of loops that declare them."""
        self.heap: dict[str, FunctionArray] = {}
        """Arrays that are made while the procedure runs and are gone when it ends, by their C
        names.
        """
        self._loops: list[_Loop] = []

    def locals(self, arguments: set[str]) -> dict[str, str]:
        """Return the C types, by C name, of the scalars that still need a declaration.

        arguments: names of the procedure's arguments, which need none.
        """
        scalars = sorted(
            n
            for n in self.used - arguments - self._counters
            if not self.names.is_array(n) and n not in self.names.constants
        )
        return {self.names.word(n): C_TYPES[self.names.type(n)] for n in scalars}

    def constant(self, name: str, node: Expression) -> None:
        """Take over the named constant `name` with the value `node`: it is recorded in the
        procedure's names and, unless its value is a known integer, a C declaration of it is
        appended to the converter's Block `body`. Raises UnsupportedConstruct if rules cannot write
        it in C.
        """
        kind = self.names.type(name)
        number = (
            self.names.declared.kind(emit_expression(node)) if kind[0] == "i" else None
        )  # what a kind's number is, its module says
        value = (
            make_integer(AffineSum(constant=number), kind)
            if number is not None
            else self.values.of(node)
        )
        if value.sum is not None and not value.sum.terms:
            self.names.constants[name] = value
            return
        word = self.names.word(name)
        self.body.add(f"const {C_TYPES[kind]} {word} = {value.text};")
        self.names.constants[name] = Value(word, kind)

    def table(self, name: str, node: Expression) -> None:
        """Append the C definition of the array constant `name` to the converter's Block `body`.
        node: its values. Raises UnsupportedConstruct if rules cannot write it in C.
        """
        items = node.items if isinstance(node, InitializerList) else ()
        count = self.values.length(name).text
        plain = bool(items) and not any(isinstance(i, (ImpliedDo, InitializerList)) for i in items)
        if not plain or len(self.values.bounds(name)) != 1 or count != str(len(items)):
            raise UnsupportedConstruct("an array of constants that is no plain list")
        values = ", ".join(self.values.of(value).text for value in items)
        self.body.add(
            f"const {C_TYPES[self.names.type(name)]} {self.names.word(name)}[{count}] = "
            f"{{{values}}};"
        )
        self.tables.add(name)

    def write(self, nodes: Sequence[Statement]) -> None:
        """Convert the Fortran statements `nodes` to C and append them to the converter's Block
        `body`. Raises UnsupportedConstruct if rules cannot write one.
        """
        for node in nodes:
            writer = _WRITERS.get(type(node))
            if writer is None:
                kind = node.kind if isinstance(node, Unsupported) else type(node).__name__
                raise UnsupportedConstruct(f"a statement of kind {kind.lower()}")
            self.used |= find_names(node) - set(self.names.functions)
            writer(self, node)

    def _value(self, node: Expression, alone: bool = False) -> Value:
        before, self._page.alone = self._page.alone, self._page.alone or alone
        value = self.values.of(node)
        self._page.alone = before
        return value

    def _assign(self, node: Assign) -> None:
        if node.op != "=" or node.value is None:
            raise UnsupportedConstruct("an assignment of a pointer")
        self._arrays.assign(node.target, node.value)

    def _if(self, node: If) -> None:
        if node.where:
            self._where(node)
            return
        self._page.inside(f"if ({self._value(node.test).text})", lambda: self.write(node.then))
        rest = node.otherwise
        while len(rest) == 1 and isinstance(rest[0], If) and not rest[0].where:
            inner = rest[0]
            if any(get_call_name(call) in REDUCTIONS for call in find(inner.test, Call)):
                break  # its loop stands before the test, so inside of the else
            head = f"else if ({self._value(inner.test, alone=True).text})"
            self._page.inside(head, lambda i=inner: self.write(i.then))
            rest = inner.otherwise
        if rest:
            self._page.inside("else", lambda: self.write(rest))

    def _select(self, node: Switch) -> None:
        if node.falls_through:
            raise UnsupportedConstruct("a switch")
        chosen = self._value(node.value)
        branches: list[tuple[str, Sequence[Statement]]] = [
            (self._case(chosen, case) if case.values else "", case.body) for case in node.cases
        ]
        branches.sort(key=lambda branch: not branch[0])
        for k, (condition, statements) in enumerate(branches):
            head = (
                (f"if ({condition})" if not k else f"else if ({condition})")
                if condition
                else "else"
                if k
                else "if (1)"
            )
            self._page.inside(head, lambda s=statements: self.write(s))

    def _case(self, chosen: Value, case: Case) -> str:
        parts = []
        for one in case.values:
            if not isinstance(one, Section):
                parts.append(make_binary("==", chosen, self._value(one)))
                continue
            low, high = one.lower, one.upper
            ends = [make_binary(">=", chosen, self._value(low))] if low is not None else []
            ends += [make_binary("<=", chosen, self._value(high))] if high is not None else []
            parts.append(ends[0] if len(ends) == 1 else make_binary("&&", *ends))
        found = parts[0]
        for part in parts[1:]:
            found = make_binary("||", found, part)
        return found.text

    def _where(self, node: If) -> None:
        """Masks by element. Raises UnsupportedConstruct where a mask reads what its
        branches set.
        """
        branches: list[tuple[Expression | None, Sequence[Assign]]] = []
        rest: Sequence[Statement] = (node,)
        while len(rest) == 1 and isinstance(rest[0], If) and rest[0].where:
            branches.append((rest[0].test, _assignments(rest[0].then)))
            rest = rest[0].otherwise
        if rest:
            branches.append((None, _assignments(rest)))
        if not branches[0][1]:
            raise UnsupportedConstruct("a mask over nothing")
        self._arrays.masked(branches)

    def _while(self, node: While) -> None:
        self._loops.append(_Loop(node.label, _end_label(node.body)))
        head = f"while ({self._value(node.test, alone=True).text})"
        self._page.inside(head, lambda: self.write(node.body))
        self._loops.pop()

    def _for(self, node: For) -> None:
        bounds = node.bounds
        if bounds is not None and bounds.forall:
            self._forall(node, bounds)
            return
        self._loops.append(_Loop(node.label, _end_label(node.body)))
        if bounds is None:
            self._page.inside("while (1)", lambda: self.write(node.body))
        elif bounds.concurrent:
            self._concurrent(bounds, node.body)
        else:
            self._counted(node, bounds)
        self._loops.pop()

    def _counted(self, node: For, bounds: Bounds) -> None:
        variable = bounds.variable
        limits = [bounds.lower, bounds.upper, *([bounds.step] if bounds.step is not None else [])]
        if self.names.type(variable)[0] != "i" or variable in self.names.pointers:
            raise UnsupportedConstruct("a loop that does not count in a whole number of its own")
        if find_assigned_names(node.body) & {
            name for limit in limits for name in find_values_read(limit)
        }:
            raise UnsupportedConstruct("a loop whose ends change inside, which Fortran reads once")
        first, last = (self._value(limit).as_sum for limit in limits[:2])
        step = self._value(limits[2]).as_sum if len(limits) > 2 else AffineSum(constant=1)
        shift = choose_index_shift(node, self._procedure, (first, last), self.names)
        self._open_loop(
            variable,
            LoopRange(first, last, step.constant if not step.terms else step),
            shift,
            lambda: self.write(node.body),
        )

    def _open_loop(
        self, variable: str, counting: LoopRange, shift: int | None, write: Callable[[], None]
    ) -> None:
        """shift: what the C variable is less than Fortran's; None where it must be the same and
        outlive the loop.
        """
        word, before = self.names.word(variable), dict(self.names.shifted)
        less = AffineSum(constant=shift or 0)
        if shift is not None:
            self._counters.add(variable)
        self.names.shifted[variable] = AffineSum.of(word) + less
        moved = LoopRange(counting.first - less, counting.last - less, counting.step)
        self._page.inside(format_loop_head(word, moved, declares=shift is not None), write)
        self.names.shifted = before

    def _concurrent(self, bounds: Bounds, body: Sequence[Statement]) -> None:
        """do concurrent and forall: the last index outermost."""
        self._index([bounds, *bounds.nested][::-1], bounds.mask, body)

    def _index(
        self, triplets: list[Bounds], mask: Expression | None, body: Sequence[Statement]
    ) -> None:
        if not triplets:
            if mask is not None:
                self._page.inside(
                    f"if ({self._value(mask, alone=True).text})", lambda: self.write(body)
                )
            else:
                self.write(body)
            return
        one = triplets[0]
        by = self._value(one.step).as_sum if one.step is not None else AffineSum(constant=1)
        counting = LoopRange(
            self._value(one.lower).as_sum,
            self._value(one.upper).as_sum,
            by if by.terms else by.constant,
        )
        shift = avoid_negative_ends(1, (counting.first, counting.last))
        self._open_loop(
            one.variable, counting, shift, lambda: self._index(triplets[1:], mask, body)
        )

    def _forall(self, node: For, bounds: Bounds) -> None:
        if len(node.body) != 1 or not isinstance(node.body[0], Assign):
            raise UnsupportedConstruct("a forall of more than an assignment")
        statement = node.body[0]
        self._arrays.require_disjoint(statement.target, statement.value)
        self._concurrent(bounds, node.body)

    def _leave(self, node: Jump) -> None:
        if node.kind not in ("break", "continue"):
            raise UnsupportedConstruct(f"a statement of kind {node.kind}")
        if not self._loops or (node.label and node.label != self._loops[-1].name):
            raise UnsupportedConstruct("a jump out of more than one loop")
        self._page.add(f"{node.kind};")

    def _jump(self, node: Goto) -> None:
        """To the end of the innermost loop, which is the old way to say cycle."""
        if node.choices or not self._loops or node.label != self._loops[-1].label:
            raise UnsupportedConstruct("a jump to a label")
        self._page.add("continue;")

    def _block(self, node: Compound) -> None:
        """What an `associate` or a directive stands around."""
        if any(isinstance(s, Declaration) for s in node.body):
            raise UnsupportedConstruct("a block with declarations of its own")
        self.write(node.body)

    def _call(self, node: ExpressionStatement) -> None:
        name = get_call_name(node.expression)
        if name == "allocate" and isinstance(node.expression, Call):
            self._allocate(node.expression)
        elif name != "deallocate":  # that goes where the procedure ends
            raise UnsupportedConstruct(f"a call of {name or 'a procedure of a type'}")

    def make(self, name: str) -> None:
        """Append the C allocation of the local array `name`, with its known bounds, to the open
        block of the C function. Raises UnsupportedConstruct if an extent is unknown.
        """
        word, kind, count = (
            self.names.word(name),
            C_TYPES[self.names.type(name)],
            self.values.length(name).text,
        )
        size = count if count.isidentifier() else f"({count})"
        made = f"{kind} *{word} = ({kind} *)malloc({size} * sizeof({kind}));"
        declared, freed = read_statements(f"{made} free({word});")
        self.heap[word] = FunctionArray(kind, count, is_local=True, made=declared, freed=freed)
        self._page.add(made)

    def free(self) -> None:
        """Append C statements that free the arrays allocated so far to the open block of the C
        function.
        """
        for word in self.heap:
            self._page.add(f"free({word});")

    def _allocate(self, node: Call) -> None:
        """Raises UnsupportedConstruct where an array may have been there before, or may not be."""
        if self._page.block is not self.body or node.keywords:
            raise UnsupportedConstruct(
                "memory that is allocated under a condition, in a loop or with options"
            )
        for allocation in node.arguments:
            if not isinstance(allocation, Access) or not isinstance(allocation.base, Name):
                raise UnsupportedConstruct("memory for what is no array of its own")
            name, shape = allocation.base.id, allocation.indices
            if (
                self.names.word(name) in self.heap
                or len(shape) != len(self.names.declared.shape(name))
                or any(self._changing & find_values_read(each) for each in shape)
            ):
                raise UnsupportedConstruct(f"'{name}' is allocated twice, or to what changes")
            self.names.made[name] = [SectionSpan(*self._ends(each)) for each in shape]
            self.make(name)

    def _ends(self, shape: Expression) -> tuple[AffineSum, AffineSum]:
        """First and last subscript of an allocated dimension."""
        if not isinstance(shape, Section):
            return AffineSum(constant=1), self.values.of(shape).as_sum
        if shape.lower is None or shape.upper is None:
            raise UnsupportedConstruct("memory without an extent")
        return self.values.of(shape.lower).as_sum, self.values.of(shape.upper).as_sum

    def _return(self, node: Return) -> None:
        self.free()
        self._page.add(
            f"return {self.names.scalar(self._result).text};" if self._result else "return;"
        )

    def _nothing(self, node: Statement) -> None:
        pass


_WRITERS: dict[type, Callable[[StatementConverter, Any], None]] = {
    Assign: StatementConverter._assign,
    If: StatementConverter._if,
    Switch: StatementConverter._select,
    For: StatementConverter._for,
    While: StatementConverter._while,
    Jump: StatementConverter._leave,
    Goto: StatementConverter._jump,
    Return: StatementConverter._return,
    ExpressionStatement: StatementConverter._call,
    Compound: StatementConverter._block,
    Label: StatementConverter._nothing,  # a jump to one of another kind than cycle is refused
    Pragma: StatementConverter._nothing,
}


def _assignments(statements: Sequence[Statement]) -> list[Assign]:
    """Statements under a mask. Raises UnsupportedConstruct for another than an assignment."""
    found = [s for s in statements if isinstance(s, Assign)]
    if len(found) != len(statements):
        raise UnsupportedConstruct("another statement than an assignment under a mask")
    return found


def _end_label(body: Sequence[Statement]) -> str:
    """The label of the `continue` that ends a loop, '' where none does."""
    return body[-1].name if body and isinstance(body[-1], Label) else ""
