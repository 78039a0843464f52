"""Structures in functions that rules cut: their numbers are arrays and scalars of their own while a
function is cut into parts.

Contract: `restore_structure_members` writes numbers as the structures' again;
`call_with_gathered_arrays` is a host function that copies them into arrays, calls a function of
these, and copies back what that one set: arrays of structures as structures of arrays, which is
also how threads that stand beside each other read a device's memory best.

    python -c "from translator.outline.members import StructureParameter, \\
        restore_structure_members; \
print(restore_structure_members('b__x[i + 1] = p__n;', [StructureParameter('b', 'array', {'b__x':
'x'}), StructureParameter('p', 'value', {'p__n': 'n'})]))"
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StructureParameter:
    """A parameter that is a structure, called `owner`.

    passing: as in `corpora.records.Member`; also `vector` for a standard vector and `rows` for an
        array of several dimensions.
    numbers: the name of each number, or array pointed to, with its path in the structure. For
        `rows` the path is the element type and inner extents.
    """

    owner: str
    passing: str
    numbers: dict[str, str]


def restore_structure_members(text: str, structures: Sequence[StructureParameter]) -> str:
    """`text` with `p[i].x` for `p__x[i]`, and `p.n` or `p->n` for `p__n`."""
    for each in structures:
        for name, path in sorted(each.numbers.items(), key=lambda pair: -len(pair[0])):
            if each.passing == "rows":
                text = _in_rows(text, name, path)
            elif each.passing == "array":
                text = _elements(text, name, each.owner, path)
            else:
                text = re.sub(
                    rf"\b{name}\b",
                    f"{each.owner}{'->' if each.passing == 'pointer' else '.'}{path}",
                    text,
                )
    return text


def _find_bracket_end(text: str, start: int) -> int:
    """The place behind the bracket that closes the one which ends at `start`."""
    depth, end = 1, start
    while depth and end < len(text):
        depth += (text[end] == "[") - (text[end] == "]")
        end += 1
    return end


def _elements(text: str, name: str, owner: str, path: str) -> str:
    while found := re.search(rf"\b{name}\[", text):
        end = _find_bracket_end(text, found.end())
        text = f"{text[: found.start()]}{owner}[{text[found.end() : end - 1]}].{path}{text[end:]}"
    return text


def _in_rows(text: str, name: str, path: str) -> str:
    """`a[i][j]` for `a[i * 64 + j]`; what is no such sum is an element of the first row's type.
    path: that type and the inner extents.
    """
    type, *extents = path.split(",")
    made = ""
    while found := re.search(rf"\b{name}\[", text):
        end = _find_bracket_end(text, found.end())
        before, index, text = text[: found.start()], text[found.end() : end - 1], text[end:]
        if re.search(r"\w $", before) and not before.endswith("return "):  # a declaration
            made += f"{before}{name}[{index}]"
            continue
        places = _split_indices(index, extents)
        made += before + (
            f"{name}{''.join(f'[{place}]' for place in places)}"
            if places
            else f"(({type} *){name})[{index}]"
        )
    return made + text


def _split_indices(index: str, extents: Sequence[str]) -> list[str]:
    """An index by dimension; [] where it is not written so."""
    found: list[str] = []
    for extent in reversed(extents):
        cuts = [
            m.start()
            for m in re.finditer(re.escape(f" * {extent} + "), index)
            if index[: m.start()].count("(") == index[: m.start()].count(")")
        ]
        left, right = (
            (index[: cuts[-1]], index[cuts[-1] + len(f" * {extent} + ") :]) if cuts else (index, "")
        )
        plain = re.fullmatch(r"\w+|\([^()]*(?:\([^()]*\)[^()]*)*\)", left)
        if not cuts or not plain:
            return []
        found.insert(0, right)
        index = left[1:-1] if left[0] == "(" else left
    return [index, *found]


@dataclass(frozen=True, slots=True)
class GatheredArray:
    """An array of numbers, called `name`, copied out of an array of structures. type: of its
    elements. length: their number as C text. is_set: the function writes it.
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

    head: its head without body. call: the called function's name and arguments.
    """
    scalars = [each for each in structures if each.passing != "array"]
    rows, closing = [], []
    for array in arrays:
        element, length = (
            restore_structure_members(f"{array.name}[k]", structures),
            restore_structure_members(array.length, scalars),
        )
        loop = f"for (long k = 0; k < {length}; k++)"
        rows += [
            f"{array.type} *{array.name} = ({array.type} *)malloc(({length}) * "
            f"sizeof({array.type}));",
            f"{loop} {array.name}[k] = {element};",
        ]
        closing += [f"{loop} {element} = {array.name}[k];"] if array.is_set else []
        closing.append(f"free({array.name});")
    call = restore_structure_members(call, scalars)
    result = "" if head.startswith("void ") else "auto result = "
    rows += [f"{result}{call};", *closing, *(["return result;"] if result else [])]
    return f"{head} {{\n" + "".join(f"    {row}\n" for row in rows) + "}\n"
