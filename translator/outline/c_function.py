"""A C++ function in parts that rules can cut and put together again.

Contract: plain data; nothing is checked. `CppFunction.text` is the function.

    python -c "from translator.normalize.c_tree import read_statements; \\
        from translator.outline.c_function import CppFunction; \\
        print(CppFunction('f', 'void f()', read_statements('return;'), {}, {}, {}).text)"
"""

from __future__ import annotations

from dataclasses import dataclass

from corpora.frontends.c_family import parse_c_expression, parse_c_family
from corpora.frontends.queries import function_named
from corpora.ir import Expression, Function, Statement
from translator.normalize.c_tree import print_function
from translator.outline.members import StructureParameter


@dataclass(frozen=True, slots=True)
class FunctionArray:
    """An array in a C++ function.

    type: C++ type of its elements. count: their number as C text; '' where it is not in the text.
        is_local: the function makes it. is_const: it is not written.
    made, freed: the statements that allocate and free an array on the heap; None for other arrays.
        is_cleared: its elements are zero at first. is_vector: the function makes it as a
        `std::vector`.
    inner: extents of the dimensions behind the first one, although the body uses one index; () for
        one dimension. may_be_null: the body asks whether it is null.
    """

    type: str
    count: str
    is_local: bool = False
    is_const: bool = False
    made: Statement | None = None
    freed: Statement | None = None
    is_cleared: bool = False
    inner: tuple[int, ...] = ()
    """Extents of the dimensions behind the first one; the body has one index all the same."""
    may_be_null: bool = False
    """Whether the body asks for it first."""
    is_vector: bool = False

    @property
    def extent(self) -> Expression:
        """The number of the array's elements (`count`), as an expression."""
        return parse_c_expression(self.count)


@dataclass(frozen=True, slots=True)
class CppFunction:
    """A C++ function in parts.

    name: the function's. head: result type, name and parameters as text. body: its statements.
    scalars: C++ types, by name, of its parameters by value that are no arrays. pointed: the same of
        those reached through a pointer. arrays: by name, in the order of the parameters, local
        ones last.
    structures: parameters whose numbers alone occur in body, scalars and arrays. before: text that
        stands before the function and defines the structures; '' where it needs none.
    changed: names of the scalars that the function takes by reference and changes for its caller.
    """

    name: str
    head: str
    body: tuple[Statement, ...]
    scalars: dict[str, str]
    pointed: dict[str, str]
    arrays: dict[str, FunctionArray]
    structures: tuple[StructureParameter, ...] = ()
    before: str = ""
    changed: tuple[str, ...] = ()
    """Of scalars, those that the function takes by reference and changes for its caller."""

    @property
    def text(self) -> str:
        """Return the function's C++ text."""
        return print_function(self.head, self.body)

    @property
    def prototype(self) -> Function:
        """The function's tree with an empty body: name, parameters and result."""
        found = function_named(parse_c_family(f"{self.before}{self.head} {{ }}", "cpp"), self.name)
        assert found is not None
        return found

    @property
    def tree(self) -> Function:
        """Return the function's tree, in which structures are replaced by parameters that are
        numbers and arrays, as analyses need it.
        """
        parameters = [f"{type} {name}" for name, type in self.scalars.items()]
        parameters += [f"{type} *{name}" for name, type in self.pointed.items()]
        parameters += [
            f"{'const ' * array.is_const}{array.type} *{name}"
            for name, array in self.arrays.items()
            if not array.is_local
        ]
        text = print_function(f"void {self.name}({', '.join(parameters)})", self.body)
        found = function_named(parse_c_family(text, "cpp"), self.name)
        assert found is not None
        return found
