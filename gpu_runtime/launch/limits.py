"""Sizes up to which a text's own launches, buffers, loops and numbers suffice: the next larger one
shows a grid that covers less than the work, a buffer that is too short, a float without digits.

| of a text | suffices for |
| --- | --- |
| a constant grid, or one with a cap, of a kernel that does not stride | grid times block |
| a grid along y or z that grows with a size | 65,535 blocks |
| a constant grid for parts of a size (`(n + 255) / 256` of them) | the elements of these parts |
| a block that grows with a size, or with its parts | 1,024 threads |
| an array or allocation of constant length | that length |
| such an array with a place for each block or part | that many blocks or parts |
| a loop of constant length over parts of constant length | all parts |
| whole numbers that pass through a `float` | 2^24 |
| squares, cubes and sums of indices in 32 bits | where they pass 2^32 |
| sums of elements of 8 or 16 bits in 32 bits | the terms, all of the largest value, that fit |
| threads of one block that stand for elements (`if (threadIdx.x < n)`) | the block's threads |
| a block that walks over parts of its own size | two such parts |

Contract: reading only, of the typed tree. What it does not hold gives fewer limits, never an error.
Limits are in elements along one size, or of all together.

    python -c "from corpora.records import Program; \\
        from gpu_runtime.launch.limits import find_limits; \\
        print(find_limits(Program('openmp', 'f', 'void f(int n) { float t[4096]; }')))"
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from corpora.analysis.affine import EXTREMES
from corpora.analysis.constants import fold_integer, named_integers
from corpora.analysis.integer_growth import find_growth, find_total_terms
from corpora.analysis.loops import loop_range
from corpora.analysis.reasons import Reason
from corpora.dialects import get_dialect
from corpora.frontends.queries import functions_of
from corpora.ir import (
    Access,
    ArrayType,
    Assign,
    AssignExpression,
    Binary,
    Call,
    Cast,
    Declaration,
    Expression,
    For,
    Function,
    If,
    Increment,
    InitializerList,
    KernelLaunch,
    Literal,
    Member,
    Name,
    NamedType,
    ScalarType,
    SizeOf,
    TranslationUnit,
    find,
    names_in,
)
from corpora.records import Program
from gpu_runtime.launch.kernel_facts import read_kernel_facts
from gpu_runtime.launch.thresholds import parse_text

MOST_THREADS = 1024
"""Of a block."""
MOST_BLOCKS = 65_535
"""Of a grid along y or z."""
LEAST = 64
"""Smaller limits are exceeded by usual tests."""
ROWS_OF_A_BLOCK = 2
"""A grid along y or z is tried beyond its limit where a block has so many rows, or fewer. Tiles of
more need sizes near a million, which no test of usual memory has along two sides.
"""
FLOAT_DIGITS = 1 << 24
"""Whole numbers up to here are exact in a float of 32 bits."""
MOST_COVERED = 1 << 20
"""Elements of all axes together beyond which a grid that is fixed along each is not tried."""
_AXES = ("x", "y", "z")
_DEPTH = 4
_ORDERED = ("<", "<=", ">", ">=")
_ALLOCATING = frozenset({"malloc", "calloc", "cudaMalloc", "cudaMallocManaged", "cudaMallocHost"})
_TO_WHOLE = frozenset({"int", "nint", "floor", "ceiling", "lrintf", "lroundf", "__float2int_rd"})
_TO_DOUBLE = frozenset({"dble", "dfloat"})
_TO_FLOAT = frozenset({"real", "float"})
_INDICES = frozenset({"threadIdx", "blockIdx", "blockDim", "gridDim", "real", "float"})
_IN_FLOAT = frozenset({"ceilf", "floorf", "sqrtf", "roundf", "truncf", "fmodf", "__int2float_rn"})


@dataclass(frozen=True, slots=True)
class _Text:
    """A function of a text. values: everything that is given to a local name. tests: conditions
    under which it is given something. known: names that are whole constants.
    """

    program: Program
    function: Function
    values: Mapping[str, list[Expression]]
    tests: Mapping[str, list[Expression]]
    known: Mapping[str, int]


def find_limits(program: Program) -> frozenset[int]:
    """Return the numbers of elements up to which a program's own launches, buffers and loops
    suffice, as its text shows. A test with one element more may show that they are too small. Empty
    if the text shows none. Raises ValueError for an unknown dialect.
    """
    unit = parse_text(program.text, program.dialect)
    constants = named_integers(unit)
    shared = dict(_find_shared_lengths(unit, constants))
    found = set(shared.values())
    texts = [_read_text(program, function, constants) for function in functions_of(unit)]
    threads = max((_count_threads(text) for text in texts), default=1)
    launched = {
        launch.kernel.id: _count_threads(text)
        for text in texts
        for launch in find(text.function.body or (), KernelLaunch)
        if isinstance(launch.kernel, Name)
    }
    for text in texts:
        for launch in find(text.function.body or (), KernelLaunch):
            found |= set(_find_launch_limits(launch, text))
        found |= set(_find_lengths(text, shared, threads))
        found |= set(_find_parts(text))
        found |= set(_find_block_limits(text, launched.get(text.function.name, MOST_THREADS)))
        found |= set(_find_capped_quotients(text))
        if _counts_in_floats(text, get_dialect(program.dialect).language == "fortran"):
            found.add(FLOAT_DIGITS)
    degree = find_growth(unit, program.name)
    if degree:
        found.add(_find_overflow(degree))
    found.add(find_total_terms(unit))
    return frozenset(n for n in found if n > LEAST)


def _find_overflow(degree: int) -> int:
    """The size whose power passes 2^32, also where it is the total of a power one below."""
    return math.ceil((degree * 2.0**32) ** (1 / degree))


def _read_text(program: Program, function: Function, constants: Mapping[str, int]) -> _Text:
    values: dict[str, list[Expression]] = {}
    tests: dict[str, list[Expression]] = {}
    for node in find(function.body or (), Declaration, Assign, AssignExpression):
        if isinstance(node, Declaration):
            given = [node.value] if node.value is not None else list(node.arguments or ())
            values.setdefault(node.name, []).extend(given)
        elif node.value is not None and isinstance(node.target, Name):
            values.setdefault(node.target.id, []).append(node.value)
    for branch in find(function.body or (), If):
        for node in find((*branch.then, *branch.otherwise), Assign, AssignExpression):
            if isinstance(node.target, Name):
                tests.setdefault(node.target.id, []).append(branch.test)
    moved = {
        node.target.id
        for node in find(function.body or (), Assign, AssignExpression, Increment)
        if isinstance(node.target, Name)
    }
    hidden = {p.name for p in function.parameters} | values.keys()
    known = {name: value for name, value in constants.items() if name not in hidden}
    for name, given in values.items():
        value = fold_integer(given[0], known) if len(given) == 1 and name not in moved else None
        if value is not None:
            known[name] = value
    return _Text(program, function, values, tests, known)


# ---- launches


def _find_launch_limits(launch: KernelLaunch, text: _Text) -> Iterator[int]:
    if not isinstance(launch.kernel, Name):
        return
    facts = read_kernel_facts(
        Program(text.program.dialect, launch.kernel.id.rpartition("::")[2], text.program.text)
    )
    covered = 1
    parts = {1, *(_find_divisor(a, text, _DEPTH) for a in launch.arguments)}
    for axis, dimension in zip(_AXES, facts.dimensions, strict=True):
        grids = _get_dimension(launch.grid, axis, text)
        extents = _get_dimension(launch.block, axis, text)
        blocks = [fold_integer(extent, text.known) for extent in extents]
        threads = max((b for b in blocks if b), default=1)
        for extent in extents:
            if _grows(extent, text):
                yield MOST_THREADS * _find_divisor(extent, text, _DEPTH)
        if None in blocks or not grids:
            continue
        fixed = [fold_integer(grid, text.known) for grid in grids]
        caps = {n for grid in grids for n in _find_caps(grid, text, _DEPTH)}
        if not dimension.strided:
            yield from (n * threads for n in caps)
            if None not in fixed:
                most = max(n for n in fixed if n is not None) * threads
                covered *= most
                yield most
        if axis != "x" and None in fixed and not any(1 < n <= MOST_BLOCKS for n in caps):
            rows = max((_find_divisor(grid, text, _DEPTH) for grid in grids), default=1)
            if max(rows, threads) <= ROWS_OF_A_BLOCK:
                yield MOST_BLOCKS * rows
    if 1 < covered <= MOST_COVERED:
        yield from (covered * part for part in parts)


def _grows(extent: Expression, text: _Text) -> bool:
    """Whether the extent of a block is a parameter, or made of one, without a cap."""
    sizes = {p.name for p in text.function.parameters if isinstance(p.type, ScalarType)}
    if not isinstance(extent, (Name, Binary, Cast)) or any(_find_caps(extent, text, _DEPTH)):
        return False
    return bool(_follow_names(extent, text) & sizes) and fold_integer(extent, text.known) is None


def _get_dimension(node: Expression, axis: str, text: _Text) -> list[Expression]:
    """What may be the extent of a `dim3`, or of a number, along one axis; one where it is left
    out.
    """
    place = _AXES.index(axis)
    if isinstance(node, Name):
        declared = [d for d in find(text.function.body or (), Declaration) if d.name == node.id]
        if any(isinstance(d.type, NamedType) and d.type.name == "dim3" for d in declared):
            set_ = [
                a.value
                for a in find(text.function.body or (), Assign)
                if isinstance(a.target, Member)
                and isinstance(a.target.base, Name)
                and (a.target.base.id, a.target.field) == (node.id, axis)
                and a.value is not None
            ]
            return set_ or [
                part
                for d in declared
                for part in (
                    _get_dimension(d.value, axis, text)
                    if d.value is not None
                    else [_pick_extent(d.arguments or (), place)]
                )
            ]
    if isinstance(node, Call) and isinstance(node.function, Name) and node.function.id == "dim3":
        return [_pick_extent(node.arguments, place)]
    if isinstance(node, InitializerList):
        return [_pick_extent(node.items, place)]
    if isinstance(node, Cast) and getattr(node.type, "name", "") == "dim3":
        return _get_dimension(node.operand, axis, text)
    return [_pick_extent((node,), place)]


def _pick_extent(listed: tuple[Expression, ...], place: int) -> Expression:
    return listed[place] if place < len(listed) else Literal("1", "i32")


def _find_caps(node: Expression, text: _Text, depth: int) -> Iterator[int]:
    """Constants beyond which an extent does not grow: what it, or what it is made of, is compared
    with, or the smaller one of which is taken.
    """
    for part in find(node, Binary, Call):
        if isinstance(part, Binary) and part.op in _ORDERED:
            sides: tuple[Expression, ...] = (part.left, part.right)
        elif isinstance(part, Call) and _is_minimum(part):
            sides = part.arguments
        else:
            continue
        values = [fold_integer(side, text.known) for side in sides]
        if None in values:
            yield from (value for value in values if value is not None)
    if depth:
        for name in names_in(node):
            for value in (*text.values.get(name, ()), *text.tests.get(name, ())):
                yield from _find_caps(value, text, depth - 1)


def _find_divisor(node: Expression, text: _Text, depth: int) -> int:
    """The largest constant by which an extent is divided, by itself or by a function, times that of
    the names that it is made of; 1 if none.
    """
    found, below = [1], [1]
    for part in find(node, Binary, Call):
        if isinstance(part, Binary) and part.op in ("/", ">>"):
            value = fold_integer(part.right, text.known) or 1
            found.append(1 << min(value, 16) if part.op == ">>" else value)
        elif isinstance(part, Call):
            found += [fold_integer(argument, text.known) or 1 for argument in part.arguments]
    if depth:
        for name in names_in(node) - text.known.keys():
            below += [_find_divisor(v, text, depth - 1) for v in text.values.get(name, ())]
    return max(found) * max(below)


def _is_minimum(call: Call) -> bool:
    name = call.function.id if isinstance(call.function, Name) else ""
    return EXTREMES.get(name) == "min"


def _find_block_limits(text: _Text, threads: int) -> Iterator[int]:
    """Of a kernel: what one block covers, where its threads alone stand for elements, and two parts
    of the block's size, where it walks over such parts. threads: of a block.
    """
    for branch in find(text.function.body or (), If):
        for test in find(branch.test, Binary):
            ends = [fold_integer(side, text.known) for side in (test.left, test.right)]
            if test.op in _ORDERED and ends == [None, None]:
                if any(_counts_threads(side, text) for side in (test.left, test.right)):
                    yield threads
    for loop in find(text.function.body or (), For):
        stepped = names_in(loop.step)
        if "blockDim" in stepped and "gridDim" not in stepped:
            yield 2 * threads


def _counts_threads(index: Expression, text: _Text) -> bool:
    """Whether an index is the number of a thread in its block."""
    names = _follow_names(index, text)
    return "threadIdx" in names and "blockIdx" not in names


def _follow_names(index: Expression, text: _Text) -> set[str]:
    """The names in an expression, and in what is given to these."""
    names = names_in(index)
    for _ in range(_DEPTH):
        names |= {n for name in names for v in text.values.get(name, ()) for n in names_in(v)}
    return names


# ---- buffers and loops


def _count_threads(text: _Text) -> int:
    """The most threads along x of a block of constant size that a function launches; 1 if none."""
    found = [1]
    for launch in find(text.function.body or (), KernelLaunch):
        blocks = (fold_integer(e, text.known) for e in _get_dimension(launch.block, "x", text))
        found += [b for b in blocks if b]
    return max(found)


def _find_lengths(text: _Text, shared: Mapping[str, int], threads: int) -> Iterator[int]:
    """Constant lengths of local arrays and allocations, and the elements for which they suffice
    where a place is for a block or a part. shared: lengths of arrays outside functions. threads:
    of a block.
    """
    lengths = dict(shared)
    for declared in find(text.function.body or (), Declaration):
        for length in _get_constant_length(declared, text.known):
            lengths[declared.name] = max(length, lengths.get(declared.name, 0))
            yield length
    for access in find(text.function.body or (), Access):
        if isinstance(access.base, Name) and access.base.id in lengths and access.indices:
            index = access.indices[0]
            each = _find_divisor(index, text, _DEPTH)
            yield lengths[access.base.id] * each
            if _counts_blocks(index, text):
                yield lengths[access.base.id] * threads
    for call in find(text.function.body or (), Call):
        name = call.function.id if isinstance(call.function, Name) else ""
        if name.rpartition("::")[2] not in _ALLOCATING:
            continue
        for argument in call.arguments:
            count = _count_elements(argument, text.known)
            if count is not None:
                yield from (count, count * threads)


def _counts_blocks(index: Expression, text: _Text) -> bool:
    """Whether an index is the number of a block: made of `blockIdx` and not of `threadIdx`."""
    names = _follow_names(index, text)
    return "blockIdx" in names and "threadIdx" not in names


def _find_shared_lengths(
    unit: TranslationUnit, constants: Mapping[str, int]
) -> Iterator[tuple[str, int]]:
    """(name, constant length) of arrays outside functions."""
    for declared in unit.items:
        if isinstance(declared, Declaration):
            for length in _get_constant_length(declared, constants):
                yield declared.name, length


def _get_constant_length(declared: Declaration, known: Mapping[str, int]) -> Iterator[int]:
    extents = declared.type.extents if isinstance(declared.type, ArrayType) else ()
    sizes = [fold_integer(getattr(extent, "size", extent), known) for extent in extents]
    yield from (size for size in sizes if size is not None)


def _count_elements(size: Expression, known: Mapping[str, int]) -> int | None:
    """Elements of `4096 * sizeof(float)`; None where the text leaves one of the factors open."""
    if isinstance(size, Binary) and size.op == "*":
        if any(isinstance(side, SizeOf) for side in (size.left, size.right)):
            other = size.right if isinstance(size.left, SizeOf) else size.left
            return fold_integer(other, known)
    return None


def _find_parts(text: _Text) -> Iterator[int]:
    """Of a loop of constant length that counts parts: the elements of all of them."""
    for loop in find(text.function.body or (), For):
        counted = loop_range(loop)
        if isinstance(counted, Reason):
            continue
        ends = [fold_integer(e, text.known) for e in (counted.lower, counted.upper_inclusive)]
        if ends[0] is None or ends[1] is None:
            continue
        for product in find(loop.body, Binary):
            if product.op == "*" and counted.variable in names_in(product):
                sides = (fold_integer(s, text.known) for s in (product.left, product.right))
                yield from ((abs(ends[1] - ends[0]) + 1) * side for side in sides if side)


def _find_capped_quotients(text: _Text) -> Iterator[int]:
    """What is compared with a constant and is a quotient: `blocks < 128` behind `n / 256`."""
    for part in find(text.function.body or (), Binary, Call):
        caps = set(_find_caps(part, text, 0)) if isinstance(part, (Binary, Call)) else set()
        names = names_in(part) & text.values.keys()
        if not caps or not names:
            continue
        for name in names:
            for quotient in find(tuple(text.values[name]), Binary):
                divisor = fold_integer(quotient.right, text.known)
                if quotient.op == "/" and divisor:
                    yield from (cap * divisor for cap in caps)


# ---- floats


def _counts_in_floats(text: _Text, is_fortran: bool) -> bool:
    """Whether a whole number is made of a float that is itself made of whole numbers alone."""
    body = text.function.body or ()
    types = {p.name: p.type for p in text.function.parameters}
    types |= {d.name: d.type for d in find(body, Declaration)}
    reals = {n for n, t in types.items() if isinstance(t, ScalarType) and t.name[0] == "f"}
    floats = {n for n in reals if types[n].name == "f32"}  # type: ignore[attr-defined]
    floats -= {p.name for p in text.function.parameters}
    whole = {n for n, t in types.items() if isinstance(t, ScalarType) and t.name[0] in "iu"}
    counted = _find_whole_floats(floats, text.values, whole)

    def is_float_of_wholes(node: Expression) -> bool:
        if any(find(node, Access)) or not names_in(node) & (whole | counted):
            return False
        if names_in(node) & (reals - counted) or any(
            _makes_double(part) for part in find(node, Literal, Cast, Call)
        ):
            return False
        return bool(names_in(node) & counted) or any(
            _makes_float(part, is_fortran) for part in find(node, Literal, Cast, Call)
        )

    for node in find(body, Cast, Call, Declaration, Assign, AssignExpression):
        if isinstance(node, Cast):
            if isinstance(node.type, ScalarType) and node.type.name[0] in "iu":
                if is_float_of_wholes(node.operand):
                    return True
        elif isinstance(node, Call):
            if isinstance(node.function, Name) and node.function.id.lower() in _TO_WHOLE:
                if any(is_float_of_wholes(argument) for argument in node.arguments):
                    return True
        elif node.value is not None:
            name = node.name if isinstance(node, Declaration) else getattr(node.target, "id", "")
            if name in whole and is_float_of_wholes(node.value):
                return True
    return False


def _find_whole_floats(
    floats: set[str], values: Mapping[str, list[Expression]], whole: set[str]
) -> set[str]:
    """Those of the variables that are given whole numbers and each other alone."""
    found = {name for name in floats if values.get(name)}
    while True:
        bad = {
            name
            for name in found
            if any(
                any(find(value, Access)) or names_in(value) - whole - found - _INDICES
                for value in values[name]
            )
        }
        if not bad:
            return found
        found -= bad


def _makes_float(part: Literal | Cast | Call, is_fortran: bool) -> bool:
    if isinstance(part, Literal):
        return part.type == "f32"
    if isinstance(part, Cast):
        return isinstance(part.type, ScalarType) and part.type.name == "f32"
    name = part.function.id.lower() if isinstance(part.function, Name) else ""
    return name in _IN_FLOAT or is_fortran and name in _TO_FLOAT and len(part.arguments) == 1


def _makes_double(part: Literal | Cast | Call) -> bool:
    if isinstance(part, Literal):
        return part.type == "f64"
    if isinstance(part, Cast):
        return isinstance(part.type, ScalarType) and part.type.name == "f64"
    return isinstance(part.function, Name) and part.function.id.lower() in _TO_DOUBLE
