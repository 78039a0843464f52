"""What a kernel's text says about how it wants to be launched: dimensions, guards, strides, block
sizes, shared memory.

Contract: reading only, of the typed tree (`corpora.analysis.thread_indices`); nothing is executed,
and what the tree does not hold gives fewer facts, never an error. A variable computed from
threadIdx.x and blockIdx.x belongs to dimension x, also through locals, helper functions and macros.

    python -c "from corpora.records import Program; \
        from gpu_runtime.launch.kernel_facts import read_kernel_facts; \
        print(read_kernel_facts(Program('cuda', 'k', '__global__ void k(int *a, int n) { \
        int i = threadIdx.x; if (i < n) a[i] = 0; }')))"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from corpora.analysis.affine import integer_of
from corpora.analysis.constants import named_integers
from corpora.analysis.cuda_index import launch_bounds
from corpora.analysis.thread_indices import (
    INDICES,
    SIZES,
    IndexComparison,
    Rows,
    ThreadIndices,
    index_member,
    outside_subscripts,
    read_thread_indices,
)
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.queries import function_named
from corpora.ir import (
    Binary,
    Cast,
    Expression,
    Function,
    KernelLaunch,
    Literal,
    Name,
    NamedType,
    ScalarType,
    TranslationUnit,
    Unary,
    find,
    walk,
)
from corpora.records import Program
from gpu_runtime.launch.kernel_blocks import (
    find_block_hints,
    find_shared_arrays,
    is_global_index,
)
from gpu_runtime.launch.plan_expressions import emit_bound

_FLOATING = ("f16", "f32", "f64", "f80", "bool", "void")


@dataclass(frozen=True, slots=True)
class DimensionFacts:
    """How a kernel uses one of the dimensions x, y, z.

    thread, block: it reads threadIdx, blockIdx. guarded: a variable of it is compared with a bound.
        strided: a variable of it advances by a multiple of blockDim or gridDim.
    shared_bound: its variables are guarded only together with another dimension's.
    bounds: upper bounds in guards, as expressions over parameters and literals.
    apart: threadIdx and blockIdx are used as two indices of their own: neither blockDim nor a
        constant block size joins them.
    joint: the only guard is on one index made of this and another dimension's threads (`y * width +
        x < width * width`).
    """

    thread: bool = False
    block: bool = False
    guarded: bool = False
    strided: bool = False
    shared_bound: bool = False
    bounds: tuple[str, ...] = ()
    apart: bool = False
    """threadIdx and blockIdx are used as two indices of their own: neither blockDim nor a constant
    block size joins them.
    """
    joint: bool = False
    """The only guard is on one index made of this and another dimension's threads (`y * width + x <
    width * width`).
    """


@dataclass(frozen=True, slots=True)
class KernelFacts:
    """What a kernel's text says about its launch.

    dimensions: how it uses x, y and z, a DimensionFacts each, in this order. block_hints: block
        shapes (x, y, z), in threads, that the text suggests; () for none.
    static_shared: for each static shared array of known size a tuple of its extents, in elements
        and without padding: 32 for `[32 + 1]`. dynamic_shared: for each extern one the first
        word of its element type besides `unsigned`, `signed` and `const`.
    max_threads: most threads of a block, from `__launch_bounds__`; None without it.
    """

    dimensions: tuple[DimensionFacts, DimensionFacts, DimensionFacts]
    block_hints: tuple[tuple[int, int, int], ...] = ()
    static_shared: tuple[tuple[int, ...], ...] = ()
    dynamic_shared: tuple[str, ...] = ()
    max_threads: int | None = None


@dataclass(frozen=True, slots=True)
class _Guard:
    """A comparison of an index with a bound (None: not readable). moved: the index is computed from
    a loop's counter.
    """

    dims: frozenset[str]
    bound: str | None
    moved: bool


@dataclass(frozen=True, slots=True)
class KernelReading:
    """A kernel as launch plans read it. kernel: its tree. unit: the text's tree. indices: how it
    uses thread indices. constants: the values of named constants. scalars: names of integer
    parameters.
    """

    kernel: Function
    unit: TranslationUnit
    indices: ThreadIndices
    constants: Mapping[str, int]
    scalars: frozenset[str]


_EMPTY = KernelFacts((DimensionFacts(), DimensionFacts(), DimensionFacts()))


def read_kernel(program: Program) -> KernelReading | None:
    """Parse the kernel `program.name`. Returns None if the text has no such function."""
    return _read(program.name, program.text)


@lru_cache(maxsize=256)
def _read(name: str, text: str) -> KernelReading | None:
    unit = parse_c_family(text, "cuda")
    kernel = function_named(unit, name)
    if kernel is None:
        return None
    scalars = frozenset(p.name for p in kernel.parameters if _is_whole(p.type))
    constants = {**named_integers(unit), **_template_values(kernel, unit)}
    known = {name: value for name, value in constants.items() if name not in scalars}
    return KernelReading(kernel, unit, read_thread_indices(kernel, unit), known, scalars)


def _is_whole(type_: object) -> bool:
    """Whether a parameter is a number that a plan can count; an unknown type may be one."""
    if isinstance(type_, ScalarType):
        return type_.name not in _FLOATING
    return isinstance(type_, NamedType)


def _template_values(kernel: Function, unit: TranslationUnit) -> dict[str, int]:
    """Template parameters that every launch of the text gives the same number."""
    launches = [
        launch
        for launch in find(unit.items, KernelLaunch)
        if launch.template and getattr(launch.kernel, "id", "") == kernel.name
    ]
    found: dict[str, int] = {}
    for place, name in enumerate(kernel.template):
        given = {
            integer_of(launch.template[place])  # type: ignore[arg-type]
            if place < len(launch.template) and isinstance(launch.template[place], Literal)
            else None
            for launch in launches
        }
        value = next(iter(given)) if len(given) == 1 else None
        if value is not None:
            found[name] = value
    return found


def read_kernel_facts(program: Program) -> KernelFacts:
    """Return the facts of the kernel `program.name` and of the functions that it calls; a
    KernelFacts that knows nothing if the text has no such function.
    """
    reading = read_kernel(program)
    return _EMPTY if reading is None else facts_of_kernel(reading)


def facts_of_kernel(reading: KernelReading) -> KernelFacts:
    """Return what the text of a parsed kernel, and of the functions that it calls, says about its
    launch. reading: the kernel, as `read_kernel` returns it.
    """
    indices, constants = reading.indices, reading.constants
    guards = read_guards(reading, indices)
    static, dynamic = find_shared_arrays(indices.functions, reading.unit, constants)
    dimensions = tuple(_dimension(d, reading, guards) for d in "xyz")
    flat = not any(d.thread for d in dimensions[1:])
    hints = find_block_hints(indices.expressions, static, constants, flat)
    limits = launch_bounds(reading.kernel)
    cap = limits[0] if limits else None
    kept = tuple(h for h in hints if cap is None or h[0] * h[1] * h[2] <= cap)
    return KernelFacts(dimensions, kept, static, dynamic, cap)  # type: ignore[arg-type]


def read_row_bounds(reading: KernelReading, names: frozenset[str]) -> tuple[str, ...]:
    """Return upper bounds, as expressions of a launch plan, for the numbers of rows that a kernel
    computes.

    reading: the kernel. names: those of the variables that hold the number of a row.
    """
    indices = read_thread_indices(reading.kernel, reading.unit, Rows(names))
    return _dimension("z", reading, read_guards(reading, indices)).bounds


def read_guards(reading: KernelReading, indices: ThreadIndices) -> list[_Guard]:
    """Return the comparisons that may keep a kernel's threads from working, each with the
    dimensions of its index, its bound as an expression of a launch plan (None if it cannot be one),
    and whether the index is computed from a loop's counter.

    reading: the kernel. indices: what it does with its thread indices.
    """
    found = (_guard(comparison, reading, indices) for comparison in indices.comparisons)
    return [guard for guard in found if guard is not None]


def _guard(found: IndexComparison, reading: KernelReading, indices: ThreadIndices) -> _Guard | None:
    """None of a comparison that bounds no work: with zero, with a fraction, from below, of a
    neighbour's place, or one that only chooses a value for a place that is not the thread's own.
    """
    upper = found.op in ("<", "<=")
    if found.neighbour or _is_zero(found.limit) or _has_fraction(found.limit):
        return None
    if found.place == "value" and not (found.own and upper):
        return None
    if found.bounds_above() is False:
        return None
    if not upper and integer_of(found.limit) is not None and found.sense is not False:
        return None
    bound = emit_bound(
        _threads_below(found.value, found.limit, reading.scalars),
        reading.scalars,
        reading.constants,
        indices.firsts,
        found.op in ("<=", ">"),  # `i <= n` holds at n, and `i > n` lets it stay
    )
    return _Guard(found.axes, bound, found.moved)


def _threads_below(index: Expression, limit: Expression, scalars: frozenset[str]) -> Expression:
    """The limit of the thread's number where `limit` is that of `index`: what is added to the
    number is taken off, as `lo` in `lo + number <= hi`. A positive constant stays: without it there
    are a few threads more than work.
    """
    while isinstance(index, Cast):
        index = index.operand
    if not isinstance(index, Binary) or index.op not in ("+", "-"):
        return limit
    for moved, other in ((index.left, index.right), (index.right, index.left)):
        subtracted = index.op == "-" and moved is index.right
        if index.op == "-" and not subtracted:
            continue  # `lo - number` does not grow with the number
        if _is_offset(moved, scalars):
            number = integer_of(moved)
            if number is None or subtracted != (number < 0):
                limit = Binary("+" if subtracted else "-", limit, moved)
            return _threads_below(other, limit, scalars)
    if index.op == "+":
        return _threads_below(index.right, _threads_below(index.left, limit, scalars), scalars)
    return limit


def _is_offset(node: Expression, scalars: frozenset[str]) -> bool:
    """Whether an expression is made of parameters and numbers alone."""
    names = {n.id for n in walk(node) if isinstance(n, Name)}
    plain = (Binary, Unary, Cast, Name, Literal, ScalarType)
    return names <= scalars and all(isinstance(n, plain) for n in walk(node))


def _is_zero(limit: Expression) -> bool:
    operand = limit.operand if isinstance(limit, Unary) and limit.op == "-" else limit
    return integer_of(operand) == 0


def _has_fraction(limit: Expression) -> bool:
    literals = (n for n in outside_subscripts(limit) if isinstance(n, Literal))
    return any(literal.type in _FLOATING[:4] for literal in literals)


def _dimension(d: str, reading: KernelReading, guards: list[_Guard]) -> DimensionFacts:
    indices = reading.indices
    uses = {word for word, axis in indices.used if axis == d}
    ordered = sorted(guards, key=lambda g: g.moved)  # the thread's own index says most
    own = [g.bound for g in ordered if g.dims == {d}]
    together = [g for g in ordered if d in g.dims and len(g.dims) > 1]
    first = [g.bound for g in together if min(g.dims) == d]
    alone = any(a.axes == {d} for a in indices.assignments)
    read = own or ([] if alone else first)
    bounds = _work_bounds(read)
    only_together = (
        bool(together) and not own and not alone and not first and "threadIdx" not in uses
    )
    others = {o for g in together for o in g.dims if o != d}
    joint = (
        bool(together)
        and not own
        and "threadIdx" in uses
        and any(("threadIdx", o) in indices.used for o in others)
    )
    apart = (
        {"threadIdx", "blockIdx"} <= uses
        and "blockDim" not in uses
        and not is_global_index(d, indices.expressions, reading.constants)
    )
    return DimensionFacts(
        "threadIdx" in uses,
        "blockIdx" in uses,
        bool(read),
        any(d in s.axes and _is_by_blocks(s.value) for s in indices.steps),
        only_together,
        bounds,
        apart,
        joint,
    )


def _work_bounds(read: list[str | None]) -> tuple[str, ...]:
    """Bounds that count something; `t < 16` is about the block, `i < n` about the work."""
    found = [b for b in dict.fromkeys(read) if b not in (None, "0", "1")]
    counted = [b for b in found if b and any(c.isalpha() or c == "_" for c in b)]
    return tuple(counted or [b for b in found if b])


def _is_by_blocks(step: Expression) -> bool:
    """Whether a step is a multiple of blockDim or gridDim, the same for all threads."""
    words = {m[0] for part in outside_subscripts(step) if (m := index_member(part)) is not None}
    return bool(words & set(SIZES)) and not words & set(INDICES)
