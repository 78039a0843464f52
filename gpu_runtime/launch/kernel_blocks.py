"""What a kernel's text fixes about its block: constants, shared arrays, and the shapes that follow
from them.

Contract: reading only, of the kernel's tree; what cannot be read gives nothing, never an error.

    python -c "from gpu_runtime.launch import kernel_blocks; help(kernel_blocks.find_block_hints)"
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from corpora.analysis.accesses import element_type
from corpora.analysis.affine import combine, integer_of
from corpora.analysis.constants import fold_integer
from corpora.analysis.cuda_index import block_constants
from corpora.analysis.polynomial import Polynomial, integer, variable
from corpora.analysis.thread_indices import index_member
from corpora.ir import (
    ArrayType,
    Binary,
    Cast,
    Declaration,
    Expression,
    Function,
    Name,
    ScalarType,
    TranslationUnit,
    Type,
    find,
)

MAX_BLOCK = 1024


def is_global_index(
    axis: str, expressions: Iterable[Expression], constants: Mapping[str, int]
) -> bool:
    """Return whether `blockIdx.x * 256 + threadIdx.x`, with any constant, occurs along `axis`.

    axis: `x`, `y` or `z`. expressions: those of the kernel, with locals replaced by their values.
        constants: the values of named constants.
    """
    sums = (n for e in expressions for n in find(e, Binary) if n.op in ("+", "|"))
    return any(
        found == axis and 1 < size <= MAX_BLOCK
        for node in sums
        if (value := _polynomial(node, constants)) is not None
        for found, size in block_constants(value)
    )


def _polynomial(node: Expression, constants: Mapping[str, int]) -> Polynomial | None:
    """An expression over indices and names; what is neither is a symbol of its own."""
    number = integer_of(node)
    if number is not None:
        return integer(number)
    if isinstance(node, Name):
        return integer(constants[node.id]) if node.id in constants else variable(node.id)
    if isinstance(node, Cast):
        return _polynomial(node.operand, constants)
    if (member := index_member(node)) is not None:
        return variable(".".join(member))
    if isinstance(node, Binary):
        op = "+" if node.op == "|" else node.op
        return combine(op, _polynomial(node.left, constants), _polynomial(node.right, constants))
    return None


def find_shared_arrays(
    functions: Sequence[Function], unit: TranslationUnit, constants: Mapping[str, int]
) -> tuple[tuple[tuple[int, ...], ...], tuple[str, ...]]:
    """Return (extents of each static __shared__ array whose extents are known, element types of the
    dynamic ones). functions: the kernel and those that it calls. unit: the tree of their text.
    constants: the values of named constants.
    """
    static: list[tuple[int, ...]] = []
    dynamic: list[str] = []
    outside = [d for d in unit.items if isinstance(d, Declaration)]
    inside = [d for f in functions for d in find(f.body or (), Declaration)]
    for node in (d for d in (*outside, *inside) if "__shared__" in d.storage):
        if "extern" in node.storage:
            dynamic.append(_type_word(node.type))
            continue
        extents = [_tile(size, constants) for size in _sizes(node.type)]
        if extents and all(extents):
            static.append(tuple(e for e in extents if e))
    return tuple(static), tuple(dynamic)


def _type_word(type_: Type) -> str:
    bottom = element_type(type_)
    if isinstance(bottom, ScalarType):
        words = [w for w in bottom.spelled.split() if w not in ("unsigned", "signed", "const")]
        return words[0] if words else "int"
    return getattr(bottom, "name", "")


def _sizes(type_: object) -> Iterator[Expression | None]:
    while isinstance(type_, ArrayType):
        yield from (extent.size for extent in type_.extents)
        type_ = type_.of


def _tile(size: Expression | None, constants: Mapping[str, int]) -> int | None:
    """An extent without its padding: of `TILE + 1` and `TILE + 2 * R` the tile is what matters."""
    if isinstance(size, Binary) and size.op == "+":
        first, second = fold_integer(size.left, constants), fold_integer(size.right, constants)
        if first is not None and second is not None and second < first:
            return first
    return fold_integer(size, constants)


def find_block_hints(
    expressions: Iterable[Expression],
    static: Sequence[tuple[int, ...]],
    constants: Mapping[str, int],
    flat: bool,
) -> tuple[tuple[int, int, int], ...]:
    """Return block shapes (x, y, z) that the text suggests: by `blockIdx.x * 256 + threadIdx.x`,
    tile extents, or constants called BLOCK or TILE.

    expressions: of the kernel, with locals replaced by their values. static: extents of shared
        arrays. constants: the values of named constants. flat: a block's threads are counted along
        x alone.
    """
    hints: list[tuple[int, int, int]] = []
    scaled = _scaled_blocks(expressions, constants)
    if scaled:
        size = [scaled.get(d, 1) for d in "xyz"]
        hints.append((size[0], size[1], size[2]))
    for extents in static:
        hints += _shapes_of(extents, flat)
    for name, value in constants.items():
        if _names_block(name.lower()) and 1 < value <= MAX_BLOCK:
            hints.append((value, 1, 1) if flat else (value, value, 1))
    return tuple(h for h in dict.fromkeys(hints) if h[0] * h[1] * h[2] <= MAX_BLOCK)


def _names_block(name: str) -> bool:
    return name == "bs" or any(word in name for word in ("block", "tile", "thread", "bdim"))


def _shapes_of(extents: tuple[int, ...], flat: bool) -> list[tuple[int, int, int]]:
    """Blocks that fill a shared array of these extents."""
    first = extents[0]
    if len(extents) == 1 and flat:
        return [(first, 1, 1)] if 1 < first <= MAX_BLOCK else [(64, 1, 1)] if first > 1 else []
    if len(extents) == 1 and 1 < first <= MAX_BLOCK:
        side = int(first**0.5)
        return [(side, side, 1)] if side * side == first else []
    if len(extents) == 2 and flat:
        return [(first, 1, 1)] if first <= MAX_BLOCK and first > 0 else []
    if len(extents) == 2 and first * extents[1] <= MAX_BLOCK:
        return [(extents[1], first, 1)]
    return []


def _scaled_blocks(
    expressions: Iterable[Expression], constants: Mapping[str, int]
) -> dict[str, int]:
    """Per axis the number that blockIdx alone is multiplied by; the last one counts."""
    found: dict[str, int] = {}
    for expression in expressions:
        inner = {id(s) for n in find(expression, Binary) if n.op == "*" for s in (n.left, n.right)}
        for node in find(expression, Binary):
            if node.op != "*" or id(node) in inner:
                continue
            for one, other in ((node.left, node.right), (node.right, node.left)):
                member, value = index_member(one), fold_integer(other, constants)
                if member and member[0] == "blockIdx" and value and 1 < value <= MAX_BLOCK:
                    found[member[1]] = value
    return found
