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
    """One dimension of a loop over array elements: `place` counts from nought in steps of
    `step`.
    """

    place: AffineSum
    step: int | AffineSum = 1


@dataclass(frozen=True, slots=True)
class SectionSpan:
    """A subscript triplet, from nought within its dimension, both ends included."""

    first: AffineSum
    last: AffineSum
    step: int | AffineSum = 1


@dataclass(slots=True)
class ProcedureNames:
    """What a procedure's names are in C. spelled: names that C words otherwise. pointers: scalars
    that are reached through one. shifted: what a loop's variable stands for while its loop is
    written. sizes: what the extents of arrays are called that come with them (`x(:)`); made: the
    first and last subscripts of those that were allocated.
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
        try:
            found = self.declared.element(name)
        except SignatureError as error:
            raise UnsupportedConstruct(str(error)) from error
        if found not in ("bool", "i8", "i16", "i32", "i64", "f32", "f64"):
            raise UnsupportedConstruct(f"'{name}' is of type {found}")
        return found

    def word(self, name: str) -> str:
        """What it is called in C."""
        return self.spelled.get(name, name)

    def is_array(self, name: str) -> bool:
        return bool(self.declared.shape(name))

    def scalar(self, name: str) -> Value:
        kind = self.type(name)
        if name in self.shifted:
            return make_integer(self.shifted[name], kind)
        if name in self.constants:
            return self.constants[name]
        return make_variable(
            f"*{self.word(name)}" if name in self.pointers else self.word(name), kind
        )


def parts_of(node: Any) -> list[Any]:
    """What stands directly below `node`. Directives do not count, and a loop's first value once."""
    if isinstance(node, Pragma):
        return []
    if isinstance(node, For) and node.bounds is not None:
        return [node.bounds, *node.body]
    return list(children(node))


def find_uses(node: Any) -> Iterator[Access | Name]:
    """Uses of variables in `node`, in the order of the text: Accesses, and Names that stand alone.
    Names of functions and of the arrays that Accesses read are left out.
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
    """Variables that `node` names, those that its loops count in among them."""
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
    """The name of a variable, an array or an element; '' of what is none."""
    return root_name(node) or ""


def get_call_name(node: Any) -> str:
    """What a call calls by name; '' of anything else."""
    plain = isinstance(node, Call) and isinstance(node.function, Name)
    return node.function.id if plain else ""


def get_plain(node: Expression) -> Expression:
    """An argument without the brackets around it."""
    return node.operand if isinstance(node, Unary) and node.op == "()" else node


def get_arguments(node: Call) -> tuple[list[Expression], Mapping[str, Expression]]:
    """Arguments of a call, by place and by name."""
    return [get_plain(a) for a in node.arguments], {
        name: get_plain(value) for name, value in node.keywords
    }


def find_reduction_dimension(node: Call) -> Expression | None:
    """The dimension that a reduction is taken along; None for one over all."""
    plain, named = get_arguments(node)
    second = plain[1] if len(plain) == 2 else None
    is_number = isinstance(second, Literal) and second.type in ("i32", "i64", "integer")
    return named.get("dim", second if is_number else None)


def convert_real_literal(digits: str) -> str:
    """A real literal of Fortran as C writes it."""
    head, mark, tail = digits.replace("d", "e").partition("e")
    whole_part, _, fraction = head.partition(".")
    exponent = f"e{int(tail)}" if mark and int(tail) else ""
    return f"{whole_part or '0'}.{fraction or '0'}{exponent}"
