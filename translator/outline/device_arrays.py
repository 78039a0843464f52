"""A function's arrays on a device: where their memory comes from, what is copied, and what host
code does with those that live there alone.

Contract: rows of C++ for `translator.outline.reassemble`; nothing is checked.

    python -c "from translator.normalize.c_blocks import Block; \\
        from translator.outline.c_function import FunctionArray, CppFunction; \\
        from translator.outline.device_arrays import make_device_copies; \\
print(make_device_copies(CppFunction('f', 'void f(int n, float *x)', Block(), {'n': 'int'}, {},
{'x': FunctionArray('float', 'n')}), ['x'], {}))"
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from translator.normalize.c_blocks import changes_variable, list_block_texts
from translator.outline.c_function import CppFunction, FunctionArray
from translator.outline.outliner import DECLARED
from translator.outline.pointer_swaps import format_exchange, read_exchange

_NO_MEMORY = re.compile(r"if \((.+?)\) \{ .* \}$")
"""As `translator.outline.cpp_memory` writes what is done where there is none."""
_MAX_DEPTH = 8
"""Times that variables in a length are replaced by what they stand for."""


def make_device_name(function: CppFunction, name: str) -> str:
    """What an array is called on the device."""
    return next(
        word
        for prefix in ("d_", "device_", "on_device_")
        if not re.search(rf"\b{(word := prefix + name)}\b", function.text)
    )


def make_device_copies(
    function: CppFunction, arrays: Sequence[str], results: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Statements that bring arrays to the device, with places for results there, and such that
    bring them back and free the memory.
    """
    rows: list[str] = []
    back: list[str] = []
    freed: list[str] = []
    moving = set().union(*(read_exchange(text) for text in list_block_texts(function.body)))
    for name in arrays:
        array, far = function.arrays[name], make_device_name(function, name)
        given = (
            f"{far}_given" if name in moving and not _is_vector(function, name) else far
        )  # the caller has what his pointer points to
        if array.may_be_null:
            rows += [
                f"{array.type} *{far} = nullptr;",
                f"if ({name} != nullptr) {{",
                *(f"    {row}" for row in _allocate_and_copy(name, far, array)),
                "}",
            ]
        else:
            rows += [f"{array.type} *{far};", *_allocate_and_copy(name, far, array)]
        if not array.is_local:
            rows += (
                [f"{array.type} *{given} = {far};"] if given != far and not array.is_const else []
            )
            asked = f"if ({name} != nullptr) " * array.may_be_null
            back += (
                [
                    f"{asked}cudaMemcpy({name}, {given}, {_size_in_bytes(array)}, "
                    f"cudaMemcpyDeviceToHost);"
                ]
                if not array.is_const
                else []
            )
        rows += [_clear_memory(function, name)] if array.is_cleared else []
        freed.append(f"cudaFree({far});")
    for name, type in results.items():
        rows += [
            f"{type} *{make_device_name(function, name)};",
            f"cudaMalloc((void **)&{make_device_name(function, name)}, sizeof({type}));",
        ]
        freed.append(f"cudaFree({make_device_name(function, name)});")
    return rows, [*back, *freed]


def _allocate_and_copy(name: str, far: str, array: FunctionArray) -> list[str]:
    """Memory for an array, with what the caller's holds."""
    copied = (
        []
        if array.is_local
        else [f"cudaMemcpy({far}, {name}, {_size_in_bytes(array)}, cudaMemcpyHostToDevice);"]
    )
    return [f"cudaMalloc((void **)&{far}, {_size_in_bytes(array)});", *copied]


def _clear_memory(function: CppFunction, name: str) -> str:
    return (
        f"cudaMemset({make_device_name(function, name)}, 0, "
        f"{_size_in_bytes(function.arrays[name])});"
    )


def _size_in_bytes(array: FunctionArray) -> str:
    return f"({array.count}) * sizeof({array.type})"


def copy_back_before_return(rows: Sequence[str], closing: Sequence[str]) -> list[str]:
    """Host code in which arrays come back before the function ends early."""
    found: list[str] = []
    for row in rows:
        depth = len(row) - len(row.lstrip())
        found += (
            [" " * depth + each for each in closing] if row.lstrip().startswith("return") else []
        )
        found.append(row)
    return found


def resolve_array_lengths(function: CppFunction) -> CppFunction:
    """With the lengths of its own arrays in what the function takes, as memory for them is wanted
    before its first statement; '' where that cannot be said.
    """
    values: dict[str, str] = {}
    for text in list_block_texts(function.body):
        declared = DECLARED.match(text)
        value = re.search(r" = (.+);$", text) if declared else None
        if (
            value
            and declared[2] not in function.arrays
            and not changes_variable(function.body, declared[2])
        ):
            values[declared[2]] = f"({value[1]})" if re.search(r"\W", value[1]) else value[1]
    own = {
        name: replace(array, count=_in_parameters(array.count, values, function))
        for name, array in function.arrays.items()
        if array.is_local
    }
    return replace(function, arrays={**function.arrays, **own})


def _in_parameters(count: str, values: Mapping[str, str], function: CppFunction) -> str:
    for _ in range(_MAX_DEPTH):
        names = [name for name in re.findall(r"[A-Za-z_]\w*", count) if name in values]
        if not names:
            break
        count = re.sub(rf"\b{names[0]}\b", lambda _, value=values[names[0]]: value, count)
    known = {name for name in function.scalars if not changes_variable(function.body, name)} | {
        "sizeof",
        "int",
        "long",
        "size_t",
    }
    return count if set(re.findall(r"[A-Za-z_]\w*", count)) <= known else ""


def convert_host_statement(function: CppFunction, statement: str) -> list[str]:
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
            return [_clear_memory(function, name)] if again else []
    if (test := _NO_MEMORY.match(statement)) and set(re.findall(r"[A-Za-z_]\w*", test[1])) & {
        name for name, array in function.arrays.items() if array.made
    }:
        return []
    moves = read_exchange(statement)
    if not moves:
        return [statement]
    there = format_exchange(
        function.arrays[next(iter(moves))].type,
        {make_device_name(function, a): make_device_name(function, b) for a, b in moves.items()},
    )
    return [there]


def _is_vector(function: CppFunction, name: str) -> bool:
    return any(each.owner == name and each.passing == "vector" for each in function.structures)
