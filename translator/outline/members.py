"""Structures in functions that rules cut: their numbers are arrays and scalars of their own while a
function is cut into parts.

Contract: `restore_structure_members` writes numbers as the structures' again;
`call_with_gathered_arrays` is a host function that copies them into arrays, calls a function of
these, and copies back what that one set: arrays of structures as structures of arrays, which is
also how threads that stand beside each other read a device's memory best.

    python -c "from translator.normalize.c_tree import read_statements; \\
from corpora.emit.c_family import emit_c_family; \\
from translator.outline.members import StructureParameter, restore_structure_members; \\
print(emit_c_family(restore_structure_members(read_statements('b__x[i + 1] = p__n;'), \\
[StructureParameter('b', 'array', {'b__x': 'x'}), StructureParameter('p', 'value', \\
{'p__n': 'n'})])))"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from corpora.emit.c_family import emit_c_family
from corpora.frontends.c_family import parse_c_expression
from corpora.ir import (
    Access,
    Binary,
    Call,
    Cast,
    Expression,
    Literal,
    Member,
    Name,
    PointerType,
    transform,
)
from translator.normalize.c_tree import print_function, read_statements, read_type

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StructureParameter:
    """A parameter that is a structure, called `owner`.

    passing: `array` (pointer to many structures), `pointer` (to one), `reference` or `value`; also
        `vector` for a standard vector and `rows` for an array of several dimensions.
    numbers: the name of the parameter that each number, or array pointed to, becomes, such as
        `p__x`, with its path in the structure, such as `x`. For `rows` the path is the element
        type and the inner extents, as in `float,64`.
    """

    owner: str
    passing: str
    numbers: dict[str, str]


def restore_structure_members(node: T, structures: Sequence[StructureParameter]) -> T:
    """Return `node`, a node of `corpora.ir` or a tuple of nodes, in which `p__x[i]` is `p[i].x`
    again, and `p__n` is `p.n` or `p->n`.

    structures: the parameters `p` whose members had become parameters of their own.
    """
    owners = {name: each for each in structures for name in each.numbers}

    def change(part: Any) -> Any:
        match part:
            case Access(Name(name), (index,)) if name in owners:
                owner = owners[name]
                if owner.passing == "rows":
                    return _in_rows(name, index, owner.numbers[name])
                if owner.passing == "array":
                    element = Access(Name(owner.owner), (index,))
                    return _member(element, owner.numbers[name], False)
            case Name(name) if name in owners:
                owner = owners[name]
                path, base = owner.numbers[name], Name(owner.owner)
                if owner.passing == "vector":
                    return Call(Member(base, path.removesuffix("()")), ())
                if owner.passing not in ("rows", "array"):
                    return _member(base, path, owner.passing == "pointer")
        return part

    return transform(node, change)


def _member(base: Expression, path: str, arrow: bool) -> Expression:
    """The field of a structure, or of one in it, that a path names."""
    for k, field in enumerate(path.split(".")):
        base = Member(base, field, arrow and k == 0)
    return base


def _in_rows(name: str, index: Expression, path: str) -> Expression:
    """`a[i][j]` for `a[i * 64 + j]`; what is no such sum is an element of the first row's type.
    path: that type and the inner extents.
    """
    type, *extents = path.split(",")
    places = _split_indices(index, extents)
    if places:
        return Access(Name(name), tuple(places))
    return Access(Cast(PointerType(read_type(type)), Name(name)), (index,))


def _split_indices(index: Expression, extents: Sequence[str]) -> list[Expression]:
    """An index by dimension; [] where it is not written so."""
    found: list[Expression] = []
    for extent in reversed(extents):
        cut = _split_sum(index, extent)
        if cut is None:
            return []
        index, behind = cut
        found.insert(0, behind)
    return [index, *found]


def _split_sum(index: Expression, extent: str) -> tuple[Expression, Expression] | None:
    """`left` and `right` of `left * extent + right`, where more may follow in the sum."""
    match index:
        case Binary("+", Binary("*", left, Literal(text)), right) if text == extent:
            return left, right
        case Binary("+" | "-" as op, sum, right) if (cut := _split_sum(sum, extent)) is not None:
            return cut[0], Binary(op, cut[1], right)
    return None


@dataclass(frozen=True, slots=True)
class GatheredArray:
    """An array of numbers, called `name`, copied out of an array of structures. type: C++ type of
    its elements. length: their number as C text. is_set: the function writes it, so that it is
    copied back.
    """

    name: str
    type: str
    length: str
    is_set: bool


def call_with_gathered_arrays(
    head: str, call: str, arrays: Sequence[GatheredArray], structures: Sequence[StructureParameter]
) -> str:
    """Return a C++ function that copies numbers out of structures, calls a function of numbers, and
    copies back.

    head: its head without body. call: text of the call of the function of numbers, such as
        `g(n, p__x)`. arrays: what is copied out before the call. structures: the parameters whose
        members `call` and `arrays` name.
    """
    scalars = [each for each in structures if each.passing != "array"]
    rows, closing = [], []
    for array in arrays:
        element, length = (
            emit_c_family(restore_structure_members(parse_c_expression(text), known))
            for text, known in ((f"{array.name}[k]", structures), (array.length, scalars))
        )
        loop = f"for (long k = 0; k < {length}; k++)"
        rows += [
            f"{array.type} *{array.name} = ({array.type} *)malloc(({length}) * "
            f"sizeof({array.type}));",
            f"{loop} {array.name}[k] = {element};",
        ]
        closing += [f"{loop} {element} = {array.name}[k];"] if array.is_set else []
        closing.append(f"free({array.name});")
    call = emit_c_family(restore_structure_members(parse_c_expression(call), scalars))
    result = "" if head.startswith("void ") else "auto result = "
    rows += [f"{result}{call};", *closing, *(["return result;"] if result else [])]
    return print_function(head, read_statements("\n".join(rows)))
