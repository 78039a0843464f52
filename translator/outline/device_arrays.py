"""A function's arrays on a device: where their memory comes from, what is copied, and what host
code does with those that live there alone.

Contract: statements of C++ for `translator.outline.reassemble`; nothing is checked.

    python -c "from translator.outline.c_function import FunctionArray, CppFunction; \\
        from translator.outline.device_arrays import make_device_copies; \\
print(make_device_copies(CppFunction('f', 'void f(int n, float *x)', (), {'n': 'int'}, {},
{'x': FunctionArray('float', 'n')}), ['x'], {}))"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from corpora.emit.c_family import emit_c_family
from corpora.ir import (
    Call,
    Cast,
    Compound,
    Declaration,
    Expression,
    ExpressionStatement,
    ScalarType,
    Statement,
    find,
    names_in,
)
from translator.normalize.c_tree import changes_variable, names_of, read_statements
from translator.outline.c_function import CppFunction, FunctionArray
from translator.outline.cpp_memory import is_allocation_check
from translator.outline.outliner import rename
from translator.outline.pointer_swaps import make_exchange, read_exchange

_MAX_DEPTH = 8
"""Times that variables in a length are replaced by what they stand for."""


def find_moving_arrays(function: CppFunction) -> set[str]:
    """Return the names of the arrays whose pointers the function exchanges."""
    statements = find(function.body, Compound, ExpressionStatement)
    return {name for each in statements for name in read_exchange(each)}


def make_device_name(function: CppFunction, name: str) -> str:
    """Return the name for the device copy of the array or scalar `name`, such as `d_x`; no other
    name of the function is the same.
    """
    taken = names_of(function.body) | {each.name for each in function.prototype.parameters}
    return next(
        word
        for prefix in ("d_", "device_", "on_device_")
        if (word := prefix + name) not in taken and word not in function.arrays
    )


def make_device_copies(
    function: CppFunction, arrays: Sequence[str], results: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Return the CUDA host statements, as text, that run before and after the kernels of a
    function.

    arrays: names of the arrays that kernels use, of known length. results: C++ type by name of the
        scalars that kernels return. The first list allocates device memory and copies the arrays
        to it; the second copies arrays back and frees.
    """
    rows: list[str] = []
    back: list[str] = []
    freed: list[str] = []
    moving = find_moving_arrays(function)
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


def resolve_array_lengths(function: CppFunction) -> CppFunction:
    """Return the function with the lengths of its local arrays written in its parameters.

    Device memory is allocated before the first statement, where only parameters have values. A
    length (`FunctionArray.count`) that cannot be written so becomes ''.
    """
    values: dict[str, Expression] = {
        each.name: each.value
        for each in find(function.body, Declaration)
        if each.value is not None
        and isinstance(each.type, ScalarType)
        and not changes_variable(function.body, each.name)
    }
    own = {
        name: replace(array, count=_in_parameters(array, values, function))
        for name, array in function.arrays.items()
        if array.is_local
    }
    return replace(function, arrays={**function.arrays, **own})


def _in_parameters(
    array: FunctionArray, values: Mapping[str, Expression], function: CppFunction
) -> str:
    if not array.count:
        return ""
    extent = array.extent
    for _ in range(_MAX_DEPTH):
        if not names_in(extent) & values.keys():
            break
        extent = rename(extent, values)
    known = {name for name in function.scalars if not changes_variable(function.body, name)}
    plain = not any(find(extent, Call)) and all(
        isinstance(each.type, ScalarType) for each in find(extent, Cast)
    )
    return emit_c_family(extent) if plain and names_in(extent) <= known else ""


def convert_host_statement(function: CppFunction, statement: Statement) -> tuple[Statement, ...]:
    """Return the statements that replace a host statement once the function's arrays live on the
    device.

    Declarations, allocation and freeing of local arrays are dropped, and exchanges of pointers are
    made on device pointers. Other statements come back unchanged.
    """
    for name, array in function.arrays.items():
        if statement == array.freed:
            return ()
        if statement == array.made:
            again = (
                array.is_cleared and statement not in function.body
            )  # at the top it is cleared with its copies
            return read_statements(_clear_memory(function, name)) if again else ()
        if array.is_local and isinstance(statement, Declaration) and statement.name == name:
            return ()
    if is_allocation_check(statement, function.arrays):
        return ()
    moves = read_exchange(statement)
    if not moves:
        return (statement,)
    there = {make_device_name(function, a): make_device_name(function, b) for a, b in moves.items()}
    return (make_exchange(function.arrays[next(iter(moves))].type, there),)


def _is_vector(function: CppFunction, name: str) -> bool:
    return any(each.owner == name and each.passing == "vector" for each in function.structures)
