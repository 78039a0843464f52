"""Which arrays of a function are reached through what other arrays hold alone: nothing in the text
then says how long they are.

Contract: `find_indirect_arrays(function)` names arrays all of whose indices depend on elements of
arrays, by value or by the branch that they are set in. Read from the text; an index counts as free
of data only where every scalar in it is.

    python -c "from corpora.records import Program; \\
        from translator.outline.parse_cpp import parse_function; \\
        from translator.outline.indirect_access import find_indirect_arrays; \\
print(find_indirect_arrays(parse_function(Program('cpp', 'f', 'void f(int n, int *at, float *x,
float *y) { for (int i = 0; i < n; i++) y[i] = x[at[i]]; }'))))"
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from translator.normalize.c_blocks import Block, find_stepped_scalars, list_block_texts
from translator.outline.c_function import CppFunction, FunctionArray

_SET = re.compile(r"(?:for \()?(?:[\w ]*? )?(\w+) (?:[-+*/%&|^]|<<|>>)?= ")


def find_indirect_arrays(function: CppFunction) -> frozenset[str]:
    found: set[str] = set()
    while (
        more := _find_data_dependent_names(function.body, function.arrays, found, False)
    ) - found:
        found |= more
    free = {
        name
        for text in list_block_texts(function.body)
        for name, index in _indices(text, function.arrays)
        if not _names(index, found, function.arrays)
    }
    return frozenset(function.arrays) - free


def _find_data_dependent_names(
    block: Block, arrays: Mapping[str, FunctionArray], known: set[str], inside: bool
) -> set[str]:
    """Scalars whose value data decide, given those `known`. inside: whether data decide that the
    block is reached.
    """
    found: set[str] = set()
    chain = False
    for item in block.items:
        text = item if isinstance(item, str) else item[0]
        by_data = _names(text, known, arrays)
        start = _SET.match(text)
        if start and (inside or by_data):
            found.add(start[1])
        chain = chain and text.startswith("else")
        if inside or chain:
            found |= find_stepped_scalars(text)
        if not isinstance(item, str):
            chain = chain or by_data
            found |= _find_data_dependent_names(item[1], arrays, known, inside or chain)
    return found


def _names(text: str, scalars: set[str], arrays: Mapping[str, FunctionArray]) -> bool:
    """Whether it reads a scalar of those, or an array's element that it does not set."""
    left, equals, right = text.partition(" = ")
    read = right if equals and re.match(r"\w+\[", left) else text
    words = set(re.findall(r"[A-Za-z_]\w*", read))
    return bool(words & scalars or words & set(arrays))


def _indices(text: str, arrays: Mapping[str, FunctionArray]) -> Iterator[tuple[str, str]]:
    """Arrays and their indices, inner ones too; a declaration's length is none."""
    for found in re.finditer(r"(?<![\w.])(\w+)\[", text):
        if found[1] in arrays and not re.search(r"\w $", text[: found.start()]):
            depth, end = 1, found.end()
            while depth and end < len(text):
                depth += (text[end] == "[") - (text[end] == "]")
                end += 1
            yield found[1], text[found.end() : end - 1]
