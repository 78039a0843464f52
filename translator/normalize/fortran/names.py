"""What the spelling of Fortran in C++ goes by: the names of a procedure in C, places in sections,
and what trees of `corpora.ir` hold.

    python -c "from corpora.frontends.fortran_expressions import read_expression; \
        from translator.normalize.fortran.names import find_reduction_dimension; \
        print(find_reduction_dimension(read_expression('sum(x, 2)')))"
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from corpora.analysis.loops import root_name
from corpora.ir import (
    Access,
    Bounds,
    Call,
    Expression,
    For,
    Literal,
    Name,
    Pragma,
    Unary,
    children,
)
from corpora.signatures.fortran import Declarations
from corpora.signatures.signature import SignatureError
from translator.normalize.affine import AffineSum
from translator.normalize.c_values import Value, make_integer, make_variable
from translator.normalize.unsupported import UnsupportedConstruct


@dataclass(frozen=True, slots=True)
class SectionLane:
    """One loop over the elements of an array section, for one of its dimensions.

    place: the loop's counter in C, from zero, in steps of `step`. step: what the counter grows by.
    """

    place: AffineSum
    step: int | AffineSum = 1


@dataclass(frozen=True, slots=True)
class SectionSpan:
    """The subscripts of a section, or of a whole dimension, of an array. first, last: both
    included; of a section counted from zero within its dimension, of a dimension as declared. last
    is None for a dimension of unknown length. step: the distance between subscripts.
    """

    first: AffineSum
    last: AffineSum
    step: int | AffineSum = 1


@dataclass(slots=True)
class ProcedureNames:
    """How the names of a Fortran procedure are written in C.

    declared: its declarations. spelled: C name by Fortran name, for those that differ. pointers:
        scalars reached through a pointer.
    shifted: the C value of a loop's variable while its loop is written. constants: values of named
        constants.
    sizes: C names of the extents of assumed-shape arrays, per dimension. made: first and last
        subscripts of allocated arrays, per dimension.
    functions: the functions inside the procedure that are one expression, by name.
    """

    declared: Declarations
    spelled: dict[str, str] = field(default_factory=dict)
    pointers: frozenset[str] = frozenset()
    shifted: dict[str, AffineSum] = field(default_factory=dict)
    constants: dict[str, Value] = field(default_factory=dict)
    sizes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    made: dict[str, list[SectionSpan]] = field(default_factory=dict)
    functions: Mapping[str, Any] = field(default_factory=dict)
    """Those inside the procedure that are one value
    (translator.normalize.fortran.internal_functions).
    """

    def type(self, name: str) -> str:
        """Return the element type, such as `f32`, of the variable or array `name`. Raises
        UnsupportedConstruct if C has no such type.
        """
        try:
            found = self.declared.element(name)
        except SignatureError as error:
            raise UnsupportedConstruct(str(error)) from error
        if found not in ("bool", "i8", "i16", "i32", "i64", "f32", "f64"):
            raise UnsupportedConstruct(f"'{name}' is of type {found}")
        return found

    def word(self, name: str) -> str:
        """Return the C name of the Fortran name `name`."""
        return self.spelled.get(name, name)

    def is_array(self, name: str) -> bool:
        """Return whether a name is declared as an array."""
        return bool(self.declared.shape(name))

    def scalar(self, name: str) -> Value:
        """Return the C value that stands for the scalar `name`. Raises UnsupportedConstruct if C
        has no such type.
        """
        kind = self.type(name)
        if name in self.shifted:
            return make_integer(self.shifted[name], kind)
        if name in self.constants:
            return self.constants[name]
        return make_variable(
            f"*{self.word(name)}" if name in self.pointers else self.word(name), kind
        )


def parts_of(node: Any) -> list[Any]:
    """Return the nodes directly below `node`, a node of the tree of `corpora.ir`, without
    directives.

    A counted loop holds its first value twice in the tree; it is returned once.
    """
    if isinstance(node, Pragma):
        return []
    if isinstance(node, For) and node.bounds is not None:
        return [node.bounds, *node.body]
    return list(children(node))


def find_uses(node: Any) -> Iterator[Access | Name]:
    """Yield the uses of variables in `node`, a node of `corpora.ir` or a tuple of nodes, in the
    order of the text: Accesses, and Names that stand alone. Names of functions and of the arrays
    that Accesses read are left out.
    """
    stack = [node] if not isinstance(node, tuple) else list(reversed(node))
    while stack:
        top = stack.pop()
        if isinstance(top, (Access, Name)):
            yield top
        below = parts_of(top)
        if isinstance(top, Access) and isinstance(top.base, Name):
            below = list(top.indices)
        elif isinstance(top, Call) and isinstance(top.function, Name):
            below = below[1:]
        stack += reversed(below)


def find_names(node: Any) -> set[str]:
    """Return the names of the variables in `node`, a node of `corpora.ir` or a tuple of nodes, with
    those that its loops count in.
    """
    found = {n for use in find_uses(node) if (n := get_variable(use))}
    return found | {b.variable for b in _find_bounds(node)}


def _find_bounds(node: Any) -> Iterator[Bounds]:
    stack = [node] if not isinstance(node, tuple) else list(node)
    while stack:
        top = stack.pop()
        if isinstance(top, Bounds):
            yield top
        stack += parts_of(top)


def get_variable(node: Expression) -> str:
    """Return the name of the variable that `node` is, or of the array that it is an element of; ''
    for any other expression.
    """
    return root_name(node) or ""


def get_call_name(node: Any) -> str:
    """Return the name of the function that `node` calls; '' for a node of `corpora.ir` that is no
    call.
    """
    plain = isinstance(node, Call) and isinstance(node.function, Name)
    return node.function.id if plain else ""


def get_plain(node: Expression) -> Expression:
    """Return `node`, an argument of a call, without the brackets around it."""
    return node.operand if isinstance(node, Unary) and node.op == "()" else node


def get_arguments(node: Call) -> tuple[list[Expression], Mapping[str, Expression]]:
    """Return (arguments by position, arguments by keyword) of a call, without the brackets around
    them.
    """
    return [get_plain(a) for a in node.arguments], {
        name: get_plain(value) for name, value in node.keywords
    }


def find_reduction_dimension(node: Call) -> Expression | None:
    """Return the expression of the dimension, counted from 1, along which a call such as `sum(a,
    2)` reduces; None if it reduces all.
    """
    plain, named = get_arguments(node)
    second = plain[1] if len(plain) == 2 else None
    is_number = isinstance(second, Literal) and second.type in ("i32", "i64", "integer")
    return named.get("dim", second if is_number else None)


def convert_real_literal(digits: str) -> str:
    """Return a real literal of Fortran in C's spelling, such as `1.0e3` for `1.d3`. digits: the
    literal in lower case, without `_` and kind.
    """
    head, mark, tail = digits.replace("d", "e").partition("e")
    whole_part, _, fraction = head.partition(".")
    exponent = f"e{int(tail)}" if mark and int(tail) else ""
    return f"{whole_part or '0'}.{fraction or '0'}{exponent}"
