"""Fortran statements as C statements: conditions, choices, masks, loops, jumps.

Contract: as `translator.normalize.fortran.values`: fparser's nodes in, C in
`StatementConverter.body`; raises UnsupportedConstruct for what has no spelling by rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from translator.normalize.affine import AffineSum
from translator.normalize.c_blocks import WritingPosition
from translator.normalize.c_values import C_TYPES, Value, make_binary, make_integer
from translator.normalize.fortran.arrays import ArrayConverter
from translator.normalize.fortran.loops import (
    LoopRange,
    avoid_negative_ends,
    choose_index_shift,
    find_assigned_names,
    find_loop_control,
    find_values_read,
    format_loop_head,
)
from translator.normalize.fortran.names import (
    ProcedureNames,
    SectionSpan,
    find_descendants,
    get_kind,
    get_name,
)
from translator.normalize.fortran.values import ExpressionConverter
from translator.normalize.unsupported import UnsupportedConstruct
from translator.outline.c_function import FunctionArray


class StatementConverter:
    """Converts Fortran statements to C and writes them into `body`. words: every name of the
    procedure. changing: those that it sets more than once. used: those met so far.
    """

    def __init__(
        self,
        names: ProcedureNames,
        result: str,
        parsed: Callable[[str], Any],
        words: frozenset[str],
        changing: frozenset[str] = frozenset(),
    ) -> None:
        self.names, self._result, self._changing = names, result, changing
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
        self._loops: list[str] = []
        """Names of the constructs around the statement at hand, '' for one without."""

    def locals(self, arguments: set[str]) -> dict[str, str]:
        """Return the C types of scalars without a declaration yet, by C name. arguments: names of
        the procedure's arguments.
        """
        scalars = sorted(
            n
            for n in self.used - arguments - self._counters
            if not self.names.is_array(n) and n not in self.names.constants
        )
        return {self.names.word(n): C_TYPES[self.names.type(n)] for n in scalars}

    def constant(self, name: str, node: Any) -> None:
        """Record or write the named constant `name` with the value of fparser's `node`. Raises
        UnsupportedConstruct if it has no spelling by rule.
        """
        kind = self.names.type(name)
        number = (
            self.names.declared.kind(str(node)) if kind[0] == "i" else None
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

    def table(self, name: str, node: Any) -> None:
        """Write an array of constants. node: fparser's node of its values. Raises
        UnsupportedConstruct if it has no spelling by rule.
        """
        listed = find_descendants(node, "Ac_Value_List")
        count = self.values.length(name).text
        if (
            get_kind(node) != "Array_Constructor"
            or len(self.values.bounds(name)) != 1
            or len(listed) != 1
            or count != str(len(listed[0].items))
        ):
            raise UnsupportedConstruct("an array of constants that is no plain list")
        values = ", ".join(self.values.of(value).text for value in listed[0].items)
        self.body.add(
            f"const {C_TYPES[self.names.type(name)]} {self.names.word(name)}[{count}] = "
            f"{{{values}}};"
        )
        self.tables.add(name)

    def write(self, nodes: Sequence[Any]) -> None:
        """Write statements, given as fparser's nodes. Raises UnsupportedConstruct if one has no
        spelling by rule.
        """
        for k, node in enumerate(nodes):
            if (
                get_kind(node) == "Label_Do_Stmt"
            ):  # loops that end in one statement are not nested in the tree
                self._loop([*nodes[k:]])
                return
            writer = _WRITERS.get(get_kind(node))
            if writer is None:
                raise UnsupportedConstruct(f"a statement of kind {get_kind(node)}")
            self._note(node)
            writer(self, node)

    def _note(self, node: Any) -> None:
        words = [
            n
            for n in find_descendants(node, "Name")
            if not (get_kind(n.parent) == "Actual_Arg_Spec" and n.parent.items[0] is n)
        ]
        self.used |= (
            {get_name(word) for word in words} - set(self._loops) - set(self.names.functions)
        )

    def _value(self, node: Any, alone: bool = False) -> Value:
        before, self._page.alone = self._page.alone, self._page.alone or alone
        value = self.values.of(node)
        self._page.alone = before
        return value

    def _assign(self, node: Any) -> None:
        self._arrays.assign(node.items[0], node.items[2])

    def _if_statement(self, node: Any) -> None:
        self._page.inside(
            f"if ({self._value(node.items[0]).text})", lambda: self.write([node.items[1]])
        )

    def _if(self, node: Any) -> None:
        branches: list[tuple[str, list]] = []
        for part in node.content:
            kind = get_kind(part)
            if kind == "If_Then_Stmt":
                branches.append((f"if ({self._value(part.items[0]).text})", []))
            elif kind == "Else_If_Stmt":
                branches.append((f"else if ({self._value(part.items[0], alone=True).text})", []))
            elif kind == "Else_Stmt":
                branches.append(("else", []))
            elif kind != "End_If_Stmt":
                branches[-1][1].append(part)
        for head, statements in branches:
            self._page.inside(head, lambda s=statements: self.write(s))

    def _select(self, node: Any) -> None:
        chosen = self._value(node.content[0].items[0])
        branches: list[tuple[str, list]] = []
        for part in node.content[1:]:
            if get_kind(part) == "Case_Stmt":
                ranges = part.items[0].items[0]
                branches.append((self._case(chosen, ranges) if ranges is not None else "", []))
            elif get_kind(part) != "End_Select_Stmt":
                branches[-1][1].append(part)
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

    def _case(self, chosen: Value, ranges: Any) -> str:
        parts = []
        for one in ranges.items:
            if get_kind(one) != "Case_Value_Range":
                parts.append(make_binary("==", chosen, self._value(one)))
                continue
            low, high = one.items
            ends = [make_binary(">=", chosen, self._value(low))] if low is not None else []
            ends += [make_binary("<=", chosen, self._value(high))] if high is not None else []
            parts.append(ends[0] if len(ends) == 1 else make_binary("&&", *ends))
        found = parts[0]
        for part in parts[1:]:
            found = make_binary("||", found, part)
        return found.text

    def _where(self, node: Any) -> None:
        """Masks by element. Raises UnsupportedConstruct where a mask reads what its
        branches set.
        """
        branches: list[tuple[Any, list]] = []
        for part in node.content:
            kind = get_kind(part)
            if kind == "Where_Construct_Stmt":
                branches.append((part.items[0], []))
            elif kind in ("Masked_Elsewhere_Stmt", "Elsewhere_Stmt"):
                branches.append((part.items[0] if kind == "Masked_Elsewhere_Stmt" else None, []))
            elif kind == "Assignment_Stmt":
                branches[-1][1].append(part)
            elif kind != "End_Where_Stmt":
                raise UnsupportedConstruct(f"a statement of kind {kind} under a mask")
        self._arrays.masked(branches)

    def _where_statement(self, node: Any) -> None:
        self._arrays.masked([(node.items[0], [node.items[1]])])

    def _do(self, node: Any) -> None:
        self._loop(list(node.content))

    def _loop(self, parts: list) -> None:
        """parts: the head and what is inside."""
        start, control = parts[0], find_loop_control(parts[0])
        body = [
            part for part in parts[1:] if get_kind(part) not in ("End_Do_Stmt", "Continue_Stmt")
        ]
        self._note(start)
        label = str(start.items[1]) if get_kind(start) == "Label_Do_Stmt" else ""
        self._loops.append(
            get_name(start.item.name) if start.item is not None and start.item.name else label
        )
        if control is None:
            self._page.inside("while (1)", lambda: self.write(body))
        elif control.items[0] is not None:
            self._page.inside(
                f"while ({self._value(control.items[0], alone=True).text})",
                lambda: self.write(body),
            )
        elif control.items[1] is not None:
            self._counted(control.items[1], [start, *body])
        else:
            self._concurrent(control.items[3], body)
        self._loops.pop()

    def _counted(self, control: Any, parts: list) -> None:
        variable, limits = get_name(control[0]), list(control[1])
        if self.names.type(variable)[0] != "i" or variable in self.names.pointers:
            raise UnsupportedConstruct("a loop that does not count in a whole number of its own")
        if find_assigned_names(parts[1:]) & {
            name for limit in limits for name in find_values_read(limit)
        }:
            raise UnsupportedConstruct("a loop whose ends change inside, which Fortran reads once")
        first, last = (self._value(limit).as_sum for limit in limits[:2])
        step = self._value(limits[2]).as_sum if len(limits) > 2 else AffineSum(constant=1)
        shift = choose_index_shift(variable, parts, (first, last), self.names)
        self._open_loop(
            variable,
            LoopRange(first, last, step.constant if not step.terms else step),
            shift,
            lambda: self.write(parts[1:]),
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

    def _concurrent(self, header: Any, body: list) -> None:
        """do concurrent and forall: the last index outermost."""
        triplets, mask = header.items
        self._index(list(triplets.items)[::-1], mask, body)

    def _index(self, triplets: list, mask: Any, body: list) -> None:
        if not triplets:
            if mask is not None:
                self._page.inside(
                    f"if ({self._value(mask, alone=True).text})", lambda: self.write(body)
                )
            else:
                self.write(body)
            return
        name, first, last, step = triplets[0].items
        by = self._value(step).as_sum if step is not None else AffineSum(constant=1)
        counting = LoopRange(
            self._value(first).as_sum, self._value(last).as_sum, by if by.terms else by.constant
        )
        shift = avoid_negative_ends(1, (counting.first, counting.last))
        self._open_loop(
            get_name(name), counting, shift, lambda: self._index(triplets[1:], mask, body)
        )

    def _forall(self, node: Any) -> None:
        header, statement = node.items
        if get_kind(statement) != "Assignment_Stmt":
            raise UnsupportedConstruct("a forall of more than an assignment")
        self._arrays.require_disjoint(statement.items[0], statement.items[2])
        self._concurrent(header, [statement])

    def _leave(self, node: Any) -> None:
        word, name = ("break" if node.items[0].upper() == "EXIT" else "continue"), node.items[1]
        if not self._loops or (name is not None and get_name(name) != self._loops[-1]):
            raise UnsupportedConstruct("a jump out of more than one loop")
        self._page.add(f"{word};")

    def _jump(self, node: Any) -> None:
        """To the end of the innermost loop, which is the old way to say cycle."""
        if not self._loops or str(node.items[0]) != self._loops[-1]:
            raise UnsupportedConstruct("a jump to a label")
        self._page.add("continue;")

    def make(self, name: str) -> None:
        """Write the allocation of the local array `name` with its known bounds. Raises
        UnsupportedConstruct if an extent is unknown.
        """
        word, kind, count = (
            self.names.word(name),
            C_TYPES[self.names.type(name)],
            self.values.length(name).text,
        )
        size = count if count.isidentifier() else f"({count})"
        array = FunctionArray(
            kind,
            count,
            is_local=True,
            made=f"{kind} *{word} = ({kind} *)malloc({size} * sizeof({kind}));",
            freed=f"free({word});",
        )
        self.heap[word] = array
        self._page.add(array.made)

    def free(self) -> None:
        """Write statements that free the local arrays."""
        for array in self.heap.values():
            self._page.add(array.freed)

    def _allocate(self, node: Any) -> None:
        """Raises UnsupportedConstruct where an array may have been there before, or may not be."""
        if self._page.block is not self.body or find_descendants(node, "Alloc_Opt"):
            raise UnsupportedConstruct(
                "memory that is allocated under a condition, in a loop or with options"
            )
        for allocation in find_descendants(node, "Allocation"):
            name, shape = (
                get_name(allocation.items[0]),
                find_descendants(allocation, "Allocate_Shape_Spec"),
            )
            if (
                self.names.word(name) in self.heap
                or len(shape) != len(self.names.declared.shape(name))
                or any(self._changing & find_values_read(each) for each in shape)
            ):
                raise UnsupportedConstruct(f"'{name}' is allocated twice, or to what changes")
            ends = [
                [
                    self.values.of(end).as_sum if end is not None else AffineSum(constant=1)
                    for end in each.items
                ]
                for each in shape
            ]
            self.names.made[name] = [SectionSpan(first, last) for first, last in ends]
            self.make(name)

    def _return(self, node: Any) -> None:
        self.free()
        self._page.add(
            f"return {self.names.scalar(self._result).text};" if self._result else "return;"
        )

    def _nothing(self, node: Any) -> None:
        pass


_WRITERS = {
    "Assignment_Stmt": StatementConverter._assign,
    "If_Stmt": StatementConverter._if_statement,
    "If_Construct": StatementConverter._if,
    "Case_Construct": StatementConverter._select,
    "Where_Construct": StatementConverter._where,
    "Where_Stmt": StatementConverter._where_statement,
    "Block_Nonlabel_Do_Construct": StatementConverter._do,
    "Block_Label_Do_Construct": StatementConverter._do,
    "Action_Term_Do_Construct": StatementConverter._do,
    "Forall_Stmt": StatementConverter._forall,
    "Exit_Stmt": StatementConverter._leave,
    "Cycle_Stmt": StatementConverter._leave,
    "Goto_Stmt": StatementConverter._jump,
    "Return_Stmt": StatementConverter._return,
    "Allocate_Stmt": StatementConverter._allocate,
    "Deallocate_Stmt": StatementConverter._nothing,  # it goes where the procedure ends
    "Continue_Stmt": StatementConverter._nothing,
    "Comment": StatementConverter._nothing,
}
