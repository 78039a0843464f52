"""A function cut into parts, statements and loop nests that are ported one by one
(translator.outline.reassemble puts them together again).

Contract: cutting is a rule; each part is a function of its own (`OutlinedPart.program`) that a
model is asked about and that can be executed by itself. Functions come from
`translator.normalize.fortran.convert` or `translator.outline.parse_cpp`.

    python -c "from corpora.records import Program; \\
        from translator.normalize.fortran.convert import convert_function; \\
        from translator.outline.outliner import Outliner; \\
w = convert_function(Program('fortran', 'f', 'subroutine f(n, x)\\ninteger n\\nreal x(n)\\nx = 2 *
x\\nend')); print(Outliner(w).part(w.body, {}).program.text)"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from corpora.analysis.loops import root_name
from corpora.ir import (
    Access,
    Assign,
    AssignExpression,
    Declaration,
    Expression,
    For,
    Increment,
    Name,
    RangeFor,
    Return,
    ScalarType,
    Statement,
    Unary,
    While,
    find,
    names_in,
    transform,
    walk,
)
from corpora.records import Program
from translator.normalize.c_tree import (
    blocks_of,
    declare_inside,
    format_type,
    head_of,
    leaves_loop,
    names_of,
    print_function,
    sets_scalar,
)
from translator.outline.c_function import CppFunction
from translator.outline.cpp_values import ZERO
from translator.outline.pointer_swaps import read_exchange

_THREAD = "__global__ "
CHANGES = (Assign, AssignExpression, Increment)
"""What gives a place a value."""


class ResultPassing(Enum):
    """How a function that is cut out of another returns scalars that it changes: NONE may be
    returned, any number through POINTERS, or one as its RETURNED value.
    """

    NONE, POINTERS, RETURNED = range(3)


@dataclass(frozen=True, slots=True)
class OutlinedPart:
    """Some statements of a function as a function of their own.

    program: the new function, serial C++. head: its result, name and parameters as text. body: its
        statements. names: the arguments of its call, in order; `*name` passes the value behind a
        pointer, `&name` a scalar that it changes.
    items: the statements as they stand in the original function. results: C++ types by name of the
        scalars that the part changes for the caller, through pointers or as the returned value.
    """

    program: Program
    head: str
    body: tuple[Statement, ...]
    names: tuple[str, ...]
    items: tuple[Statement, ...]
    results: dict[str, str] = field(default_factory=dict)

    @property
    def one_thread(self) -> str:
        """Return the text of a CUDA kernel in which one thread does the part's work."""
        return _THREAD + self.program.text


class Outliner:
    """Cuts one function into parts, each a function of its own, numbered from 1 in the order in
    which `part` makes them. function: the one that is cut. results: how parts may return scalars
    that other parts use.
    """

    def __init__(self, function: CppFunction, results: ResultPassing = ResultPassing.NONE) -> None:
        self.function, self._results = function, results
        self._heap = [
            each
            for array in function.arrays.values()
            for each in (array.made, array.freed)
            if each is not None
        ]
        self._made = 0

    def hoist_declarations(self, body: Sequence[Statement]) -> tuple[Statement, ...]:
        """Return `body` with each declaration of a scalar whose first value reads an array split
        into a declaration without a value and an assignment.
        """
        items: list[Statement] = []
        for item in body:
            match item:
                case Declaration(name, ScalarType() as type, value) if (
                    value is not None and self.touches_array(item)
                ):
                    items += [
                        Declaration(name, replace(type, const=False)),
                        Assign(Name(name), "=", value),
                    ]
                case _:
                    items.append(item)
        return tuple(items)

    def units(self, body: Sequence[Statement]) -> list[list[Statement]]:
        """Return the statements of `body` in groups, each of which may become a function of its
        own.

        Neighbouring statements that use array elements outside of loops form one group. Any other
        statement is a group alone.
        """
        found: list[list[Statement]] = []
        for item in body:
            if found and self._is_access(item) and self._is_access(found[-1][-1]):
                found[-1].append(item)
            else:
                found.append([item])
        return found

    def _is_access(self, item: Statement) -> bool:
        return not blocks_of(item) and self.touches_array(item)

    def touches_array(self, node: Any) -> bool:
        """Return whether `node`, a node of `corpora.ir` or a tuple of nodes, reads or writes an
        array element. An array's declaration alone does not.
        """
        return any(root_name(each) in self.function.arrays for each in find(node, Access))

    def scope_of(self, item: Any, scope: Mapping[str, str]) -> dict[str, str]:
        """Return the C++ types by name of the local scalars visible after `item`, a statement of
        `corpora.ir`: those in `scope` and those that `item` declares. Of a `for` loop it is those
        that its head declares, which are visible in its body.
        """
        declared = item.start if isinstance(item, For) else (item,)
        return dict(scope) | {
            each.name: format_type(each.type)
            for each in declared
            if isinstance(each, Declaration) and isinstance(each.type, ScalarType)
        }

    def part(
        self,
        items: Sequence[Statement],
        scope: Mapping[str, str],
        after: Sequence[Statement] = (),
    ) -> OutlinedPart | None:
        """Return `items` as a function of their own, or None if they cannot be one.

        items: neighbouring statements of the function. scope: C++ types by name of the local
            scalars visible before them. after: statements that may run afterwards, in order.
            Returns None if they change a scalar that is used later and may not return it, leave
            the function or an enclosing loop, declare something at their top, or allocate, free or
            exchange arrays.
        """
        body = _by_value(tuple(items), self.function.pointed)
        known = {**self.function.scalars, **scope, **self.function.pointed}
        if not self._can_stand_alone(body):
            return None
        results = {}
        for name in sorted(_set_in(body) & set(known)):
            placed = None if self._is_seen(name, after) else declare_inside(body, name, known[name])
            if placed is None:
                results[name] = known[name]
            else:
                body = placed
                del known[name]
        if results and (
            self._results is ResultPassing.NONE
            or (self._results is ResultPassing.RETURNED and len(results) > 1)
        ):
            return None
        return self._outlined(tuple(items), body, known, results)

    def _can_stand_alone(self, body: tuple[Statement, ...]) -> bool:
        """Whether nothing behind needs what `body` declares or where it leaves pointers, and
        nothing in it leaves it.
        """
        if any(isinstance(item, Declaration) for item in body):
            return False
        if any(read_exchange(each) or each in self._heap for each in walk(body)):
            return False
        return not any(find(body, Return)) and not leaves_loop(body)

    def _outlined(
        self,
        items: tuple[Statement, ...],
        body: tuple[Statement, ...],
        known: Mapping[str, str],
        results: dict[str, str],
    ) -> OutlinedPart:
        pointed = self.function.pointed
        used = {root_name(each) for each in find(body, Access)}
        own = {each.name for each in find(body, Declaration)}
        arrays = [name for name in self.function.arrays if name in used - own]
        named = names_in(body)
        scalars = [name for name in known if name in named]
        plain = [name for name in scalars if name not in results]
        is_set = {root_name(each.target) for each in find(body, *CHANGES)}
        declared = [
            f"{'' if name in is_set else 'const '}{self.function.arrays[name].type} *{name}"
            for name in arrays
        ]
        declared += [f"{known[name]} {name}" for name in plain]
        names = [*arrays, *(f"*{name}" if name in pointed else name for name in plain)]
        by_pointer = self._results is ResultPassing.POINTERS
        for name, type in results.items():
            declared.append(f"{type} *{name}" if by_pointer else f"{type} {name}")
            names.append(f"&{name}" if by_pointer else f"*{name}" if name in pointed else name)
        if by_pointer:
            body = rename(body, {name: Access(Name(name), (ZERO,)) for name in results})
        else:
            body = (*body, *(Return(Name(name)) for name in results))
        self._made += 1
        name = f"{self.function.name}_part{self._made}"
        result = "void" if by_pointer or not results else next(iter(results.values()))
        head = f"{result} {name}({', '.join(declared)})"
        program = Program("cpp", name, print_function(head, body))
        return OutlinedPart(program, head, body, tuple(names), items, results)

    def _is_seen(self, name: str, after: Sequence[Statement]) -> bool:
        """Whether others see what a part gives the scalar."""
        function = self.function
        seen = name in function.pointed or name in function.changed
        return seen or find_first_use(after, name) == "read"


def find_first_use(items: Sequence[Any], name: str) -> str:
    """Return how `items`, nodes of `corpora.ir` in order, first use the variable `name`.

    `read`: its earlier value may be read. `set`: every path sets it first. '': it is not used.
    """
    for item in items:
        if isinstance(item, For):
            if any(isinstance(each, Declaration) and each.name == name for each in item.start):
                continue
            if item.start and sets_scalar(item.start[0], name):
                return "set"
        elif sets_scalar(item, name):
            return "set"
        inside = (find_first_use(block, name) for block in blocks_of(item))
        if name in names_of(head_of(item)) or "read" in inside:
            return "read"
    return ""


def rename(node: Any, meant: Mapping[str, Expression]) -> Any:
    """Return `node`, a node of `corpora.ir` or a tuple of nodes, with names replaced by
    expressions. meant: expressions by name; other names stay.
    """

    def change(part: Any) -> Any:
        return meant.get(part.id, part) if isinstance(part, Name) else part

    return transform(node, change)


def _by_value(body: tuple[Statement, ...], pointed: Mapping[str, str]) -> tuple[Statement, ...]:
    """With `name` for `*name`."""

    def change(part: Any) -> Any:
        match part:
            case Unary("*", Name(name)) if name in pointed:
                return Name(name)
        return part

    return transform(body, change)


def _set_in(body: Sequence[Any]) -> set[str]:
    """Scalars that it gives a value to without declaring them."""
    found = {
        each.target.id for each in find(tuple(body), *CHANGES) if isinstance(each.target, Name)
    }
    return found - {each.name for each in find(tuple(body), Declaration)}


def has_loop(node: Any) -> bool:
    """Return whether `node`, a node of `corpora.ir` or a tuple of nodes, holds a loop."""
    return any(find(node, For, While, RangeFor))
