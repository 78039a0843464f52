"""A function's arrays on a device: where their memory comes from, what is copied, and what host
code does with those that live there alone.

Contract: rows of C++ for `translator.outline.reassemble`; nothing is checked.

    python -c "from translator.normalize.c_blocks import Block; from translator.outline.c_function import Array, Written; from translator.outline.device_arrays import copies; \\
print(copies(Written('f', 'void f(int n, float *x)', Block(), {'n': 'int'}, {}, {'x': Array('float',
'n')}), ['x'], {}))"
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from translator.normalize.c_blocks import changes, texts
from translator.outline.c_function import Array, Written
from translator.outline.outliner import DECLARED
from translator.outline.pointer_swaps import exchange, exchanged

_NO_MEMORY = re.compile(r"if \((.+?)\) \{ .* \}$")
"""As `translator.outline.cpp_memory` writes what is done where there is none."""
_DEEPEST = 8
"""Times that variables in a length are replaced by what they stand for."""


def far_name(function: Written, name: str) -> str:
    """What an array is called on the device."""
    return next(
        word
        for prefix in ("d_", "device_", "on_device_")
        if not re.search(rf"\b{(word := prefix + name)}\b", function.text)
    )


def copies(
    function: Written, arrays: Sequence[str], results: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Statements that bring arrays to the device, with places for results there, and such that
    bring them back and free the memory.
    """
    rows: list[str] = []
    back: list[str] = []
    freed: list[str] = []
    moving = set().union(*(exchanged(text) for text in texts(function.body)))
    for name in arrays:
        array, far = function.arrays[name], far_name(function, name)
        given = (
            f"{far}_given" if name in moving and not _is_vector(function, name) else far
        )  # the caller has what his pointer points to
        if array.may_be_null:
            rows += [
                f"{array.type} *{far} = nullptr;",
                f"if ({name} != nullptr) {{",
                *(f"    {row}" for row in _brought(name, far, array)),
                "}",
            ]
        else:
            rows += [f"{array.type} *{far};", *_brought(name, far, array)]
        if not array.is_local:
            rows += (
                [f"{array.type} *{given} = {far};"] if given != far and not array.is_const else []
            )
            asked = f"if ({name} != nullptr) " * array.may_be_null
            back += (
                [f"{asked}cudaMemcpy({name}, {given}, {_size(array)}, cudaMemcpyDeviceToHost);"]
                if not array.is_const
                else []
            )
        rows += [_cleared(function, name)] if array.is_cleared else []
        freed.append(f"cudaFree({far});")
    for name, type in results.items():
        rows += [
            f"{type} *{far_name(function, name)};",
            f"cudaMalloc((void **)&{far_name(function, name)}, sizeof({type}));",
        ]
        freed.append(f"cudaFree({far_name(function, name)});")
    return rows, [*back, *freed]


def _brought(name: str, far: str, array: Array) -> list[str]:
    """Memory for an array, with what the caller's holds."""
    copied = (
        []
        if array.is_local
        else [f"cudaMemcpy({far}, {name}, {_size(array)}, cudaMemcpyHostToDevice);"]
    )
    return [f"cudaMalloc((void **)&{far}, {_size(array)});", *copied]


def _cleared(function: Written, name: str) -> str:
    return f"cudaMemset({far_name(function, name)}, 0, {_size(function.arrays[name])});"


def _size(array: Array) -> str:
    return f"({array.count}) * sizeof({array.type})"


def closed_first(rows: Sequence[str], closing: Sequence[str]) -> list[str]:
    """Host code in which arrays come back before the function ends early."""
    found: list[str] = []
    for row in rows:
        depth = len(row) - len(row.lstrip())
        found += (
            [" " * depth + each for each in closing] if row.lstrip().startswith("return") else []
        )
        found.append(row)
    return found


def counted_first(function: Written) -> Written:
    """With the lengths of its own arrays in what the function takes, as memory for them is wanted
    before its first statement; '' where that cannot be said.
    """
    values: dict[str, str] = {}
    for text in texts(function.body):
        declared = DECLARED.match(text)
        value = re.search(r" = (.+);$", text) if declared else None
        if value and declared[2] not in function.arrays and not changes(function.body, declared[2]):
            values[declared[2]] = f"({value[1]})" if re.search(r"\W", value[1]) else value[1]
    own = {
        name: replace(array, count=_in_parameters(array.count, values, function))
        for name, array in function.arrays.items()
        if array.is_local
    }
    return replace(function, arrays={**function.arrays, **own})


def _in_parameters(count: str, values: Mapping[str, str], function: Written) -> str:
    for _ in range(_DEEPEST):
        names = [name for name in re.findall(r"[A-Za-z_]\w*", count) if name in values]
        if not names:
            break
        count = re.sub(rf"\b{names[0]}\b", lambda _: values[names[0]], count)
    known = {name for name in function.scalars if not changes(function.body, name)} | {
        "sizeof",
        "int",
        "long",
        "size_t",
    }
    return count if set(re.findall(r"[A-Za-z_]\w*", count)) <= known else ""


def on_device(function: Written, statement: str) -> list[str]:
    """What a statement of host code becomes: arrays of the function's own live on the device alone,
    and those that change places do so there too.
    """
    for name, array in function.arrays.items():
        if statement == array.freed or (
            array.is_local and statement.startswith(f"{array.type} {name}[")
        ):
            return []
        if statement == array.made:
            again = (
                array.is_cleared and statement not in function.body.items
            )  # at the top it is cleared with its copies
            return [_cleared(function, name)] if again else []
    if (test := _NO_MEMORY.match(statement)) and set(re.findall(r"[A-Za-z_]\w*", test[1])) & {
        name for name, array in function.arrays.items() if array.made
    }:
        return []
    moves = exchanged(statement)
    if not moves:
        return [statement]
    there = exchange(
        function.arrays[next(iter(moves))].type,
        {far_name(function, a): far_name(function, b) for a, b in moves.items()},
    )
    return [there]


def _is_vector(function: Written, name: str) -> bool:
    return any(each.owner == name and each.passing == "vector" for each in function.structures)
