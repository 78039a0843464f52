"""A C++ function in parts that rules can cut and put together again.

Contract: plain data; nothing is checked. `CppFunction.text` is the function.

    python -c "from translator.normalize.c_blocks import Block; \\
        from translator.outline.c_function import CppFunction; \\
        print(CppFunction('f', 'void f()', Block(), {}, {}, {}).text)"
"""

from __future__ import annotations

from dataclasses import dataclass

from translator.normalize.c_blocks import Block, print_function
from translator.outline.members import StructureParameter


@dataclass(frozen=True, slots=True)
class FunctionArray:
    """An array of a function in C++. count: its elements, as C writes it; '' where that is not in
    the text. made, freed: of one on the heap the statements that make and free it, as the body has
    them; is_cleared: whether it is made of noughts.
    """

    type: str
    count: str
    is_local: bool = False
    is_const: bool = False
    made: str = ""
    freed: str = ""
    is_cleared: bool = False
    inner: tuple[int, ...] = ()
    """Extents of the dimensions behind the first one; the body has one index all the same."""
    may_be_null: bool = False
    """Whether the body asks for it first."""


@dataclass(frozen=True, slots=True)
class CppFunction:
    """A function in C++, in parts. scalars: its parameters that are no arrays, by value, and their
    types. pointed: those that are reached through a pointer. arrays: in the order of the
    parameters, local ones after them. structures: parameters of which body, scalars and arrays have
    the numbers alone, while the head has them as they are; before: where the structures are
    defined.
    """

    name: str
    head: str
    body: Block
    scalars: dict[str, str]
    pointed: dict[str, str]
    arrays: dict[str, FunctionArray]
    structures: tuple[StructureParameter, ...] = ()
    before: str = ""
    changed: tuple[str, ...] = ()
    """Of scalars, those that the function takes by reference and changes for its caller."""

    @property
    def text(self) -> str:
        return print_function(self.head, self.body)
