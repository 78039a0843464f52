"""How a CUDA kernel's threads find their work: indices, guards, strides, shared memory, barriers.

Values are polynomials over `threadIdx.x`, `blockIdx.x`, `blockDim.x`, `gridDim.x` (and y, z) and
the kernel's parameters; locals and macros are followed.

    python -c "from corpora.analysis import cuda_index; help(cuda_index.kernel_facts)"
"""

from __future__ import annotations

from dataclasses import dataclass

from corpora.analysis.accesses import THREAD_INDEX, element_type, facts_of
from corpora.analysis.affine import integer_of, polynomial_of
from corpora.analysis.facts import FunctionFacts, Guard
from corpora.analysis.guards import guards_at
from corpora.analysis.polynomial import Polynomial, Symbol
from corpora.analysis.pure_functions import BARRIERS
from corpora.ir import (
    ArrayType,
    Assign,
    AssignExpression,
    Call,
    Declaration,
    Expression,
    ExpressionStatement,
    Function,
    Member,
    Name,
    ScalarType,
    Span,
    TranslationUnit,
    find,
    names_in,
)

_INDICES = ("threadIdx", "blockIdx")
_BYTES = {"bool": 1, "char": 1, "i8": 1, "u8": 1, "i16": 2, "u16": 2, "f16": 2, "i32": 4,
          "u32": 4, "f32": 4, "i64": 8, "u64": 8, "f64": 8, "c64": 8, "c128": 16}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AxisUse:
    """Which built-in indices and sizes of one axis (x, y or z) a CUDA kernel reads. thread:
    threadIdx. block: blockIdx. block_size: blockDim. grid_size: gridDim.
    """

    thread: bool = False
    block: bool = False
    block_size: bool = False
    grid_size: bool = False


@dataclass(frozen=True, slots=True)
class ThreadIndex:
    """A value that a CUDA thread computes from its indices.

    name: the variable that holds it; '' if it occurs in a subscript only. value: a polynomial over
        the symbols `threadIdx.x`, `blockIdx.x` and so on.
    """

    name: str
    value: Polynomial

    @property
    def axes(self) -> frozenset[str]:
        """Return the axes, of `x`, `y` and `z`, whose threadIdx or blockIdx the thread's index is
        computed from.
        """
        return axes_of(self.value)


@dataclass(frozen=True, slots=True)
class IndexGuard:
    """A condition `index <= limit` under which a CUDA kernel's threads do their work.

    index: over the thread's indices, such as threadIdx.x. limit: over parameters and constants;
        None if it is no polynomial of them. axes: those of `x`, `y` and `z` that the index depends
        on. lower: the condition is `index >= limit` instead.
    """

    index: Polynomial
    limit: Polynomial | None
    axes: frozenset[str]
    lower: bool = False


@dataclass(frozen=True, slots=True)
class Stride:
    """A loop of a CUDA kernel that starts at a thread's index and advances by a step.

    loop: its id, the `id` of its LoopFacts. start, step: first value and step of its variable.
        axes: those of `x`, `y` and `z` that the index depends on. whole_grid: the step is a
        multiple of gridDim; else of a block's or warp's threads only.
    """

    loop: int
    start: Polynomial
    step: Polynomial
    axes: frozenset[str]
    whole_grid: bool


@dataclass(frozen=True, slots=True)
class SharedArray:
    """An array in a CUDA kernel's shared memory.

    name: the array's. type: of its elements, such as `f32`. extents: number of elements per
    dimension, None where unknown.
    dynamic: the array is `extern`, with its size given at launch; extents is then ().
    """

    name: str
    type: str
    extents: tuple[int | None, ...]
    dynamic: bool

    def bytes(self) -> int | None:
        """Return the shared array's size in bytes; None where it is unknown or given only at
        launch.
        """
        total = _BYTES.get(self.type)
        for extent in self.extents:
            if extent is None or total is None:
                return None
            total *= extent
        return None if self.dynamic else total


@dataclass(frozen=True, slots=True)
class Barrier:
    """A barrier in a CUDA kernel. name: the function called, such as `__syncthreads`. divergent: a
    condition on the thread's own index decides whether it is reached. span: its place in the text;
    None if it has none.
    """

    name: str
    divergent: bool
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class KernelFacts:
    """How a CUDA kernel's threads find their work.

    axes: use of x, y and z, in this order. indices, guards, strides, shared, barriers: what was
    found; of the indices those that variables hold come first.
    block_constants: (axis, size in threads) where the text fixes the block's size, as `blockIdx.x *
        256 + threadIdx.x`.
    launch_bounds: the numbers of `__launch_bounds__`, None for one that is not known; () if the
        kernel has none.
    """

    axes: tuple[AxisUse, AxisUse, AxisUse]
    indices: tuple[ThreadIndex, ...]
    guards: tuple[IndexGuard, ...]
    strides: tuple[Stride, ...]
    shared: tuple[SharedArray, ...]
    barriers: tuple[Barrier, ...]
    block_constants: tuple[tuple[str, int], ...]
    launch_bounds: tuple[int | None, ...] = ()

    def linear(self, axis: str) -> bool:
        """Return whether an index of the kernel combines threadIdx and blockIdx of this axis (`x`,
        `y` or `z`), as `blockIdx.x * blockDim.x + threadIdx.x` does.
        """
        thread, block = f"threadIdx.{axis}", f"blockIdx.{axis}"
        return any(
            {thread, block} <= {s.name for s in index.value.variables()} for index in self.indices
        )


def axes_of(value: Polynomial) -> frozenset[str]:
    """Return the axes, of `x`, `y` and `z`, whose threadIdx or blockIdx `value` is computed
    from.
    """
    names = (s.name.split(".") for s in value.variables() if "." in s.name)
    return frozenset(n[1] for n in names if n[0] in _INDICES and len(n) == 2)


def kernel_facts(kernel: Function, unit: TranslationUnit | None = None) -> KernelFacts:
    """Return how the threads of one CUDA kernel find their work: its indices, guards, strides,
    shared arrays and barriers. unit: the text around it, with its structures and helper functions;
    None if there is none. Nothing is raised.
    """
    facts = facts_of(kernel, unit)
    indices = _indices(facts)
    return KernelFacts(
        tuple(_axis(kernel, axis) for axis in "xyz"),  # type: ignore[arg-type]
        indices,
        _guards(facts),
        _strides(facts),
        _shared(kernel, unit),
        _barriers(kernel, facts),
        tuple(dict.fromkeys(c for index in indices for c in block_constants(index.value))),
        launch_bounds(kernel),
    )


def _axis(kernel: Function, axis: str) -> AxisUse:
    used = {
        m.base.id
        for m in find(kernel.body or (), Member)
        if isinstance(m.base, Name) and m.base.id in THREAD_INDEX and m.field == axis
    }
    return AxisUse(*(name in used for name in ("threadIdx", "blockIdx", "blockDim", "gridDim")))


def _indices(facts: FunctionFacts) -> tuple[ThreadIndex, ...]:
    found = [ThreadIndex(name, value) for name, value in facts.values if axes_of(value)]
    for access in facts.accesses:
        found += [ThreadIndex("", i) for i in access.indices if i is not None and axes_of(i)]
    return tuple(dict.fromkeys(found))


def _own_guards(facts: FunctionFacts) -> list[Guard]:
    """Guards of whatever writes, each once."""
    found: dict[Guard, None] = {}
    for access in facts.accesses:
        if access.writes:
            found.update(dict.fromkeys(g for g in access.guards if g.condition is not None))
    return list(found)


def _guards(facts: FunctionFacts) -> tuple[IndexGuard, ...]:
    found = []
    for guard in _own_guards(facts):
        for row in guard.system.nonnegative:
            if axes_of(row):
                found += _sides(row)
    return tuple(dict.fromkeys(found))


def _sides(row: Polynomial) -> list[IndexGuard]:
    """`limit - index >= 0` taken apart: the terms with thread indices, and the others."""
    own, rest = Polynomial(), Polynomial()
    for monomial, coefficient in row.terms:
        term = Polynomial(((monomial, coefficient),))
        if axes_of(term):
            own = own + term
        else:
            rest = rest + term
    number = next(iter(own.terms))[1]
    limit: Polynomial | None = rest if number < 0 else -rest
    if any(s.loops or s.array for s in rest.variables()):
        limit = None
    index = -own if number < 0 else own
    return [IndexGuard(index, limit, axes_of(row), number > 0)]


def _strides(facts: FunctionFacts) -> tuple[Stride, ...]:
    found = []
    for loop in facts.loops:
        if loop.value is None:
            continue
        own = [(m, c) for m, c in loop.value.terms if loop.counter in m]
        start = Polynomial(tuple(t for t in loop.value.terms if t not in own))
        step = Polynomial(tuple((tuple(s for s in m if s != loop.counter), c) for m, c in own))
        names = {s.name.partition(".")[0] for s in step.variables()}
        if axes_of(start) and (names & {"blockDim", "gridDim"} or step.as_integer() not in (1, -1)):
            found.append(Stride(loop.id, start, step, axes_of(start), "gridDim" in names))
    return tuple(found)


def _shared(kernel: Function, unit: TranslationUnit | None) -> tuple[SharedArray, ...]:
    outside = unit.items if unit is not None else ()
    declared = [d for d in outside if isinstance(d, Declaration)]
    found = []
    for node in [*declared, *find(kernel.body or (), Declaration)]:
        if "__shared__" not in node.storage:
            continue
        bottom = element_type(node.type)
        name = bottom.name if isinstance(bottom, ScalarType) else getattr(bottom, "name", "")
        extents = _extents(node.type)
        found.append(SharedArray(node.name, name, extents, "extern" in node.storage))
    return tuple(found)


def _extents(type_: object) -> tuple[int | None, ...]:
    extents: list[int | None] = []
    while isinstance(type_, ArrayType):
        extents += [_constant(e.size) for e in type_.extents]
        type_ = type_.of
    return tuple(extents)


def _constant(expression: Expression | None) -> int | None:
    from_tree = integer_of(expression)
    if from_tree is not None or expression is None:
        return from_tree
    value = polynomial_of(expression)
    return value.as_integer() if value is not None else None


def _barriers(kernel: Function, facts: FunctionFacts) -> tuple[Barrier, ...]:
    found = []
    for node in find(kernel.body or (), Call):
        name = getattr(node.function, "id", "")
        if (
            name in BARRIERS
            or name.endswith("sync")
            or getattr(node.function, "field", "") == "sync"
        ):
            found.append(Barrier(name or "sync", _is_divergent(kernel, node), node.span))
    return tuple(found)


def _is_divergent(kernel: Function, call: Call) -> bool:
    """Whether a test around the call, or an exit before it, reads threadIdx or a local from it."""
    tainted = thread_names(kernel)
    body = kernel.body or ()
    statement = next(
        (s for s in find(body, ExpressionStatement) if any(n is call for n in find(s, Call))), None
    )
    if statement is None:
        return False
    for condition in guards_at(body, statement):
        for node in find(condition.test, Name):
            if node.id == "threadIdx" or node.id in tainted:
                return True
    return False


def thread_names(kernel: Function) -> frozenset[str]:
    """Return the names of a CUDA kernel's variables that are computed from threadIdx, so that their
    values may differ between threads of a block.
    """
    found: set[str] = {"threadIdx"}
    parts = list(find(kernel.body or (), Declaration, Assign, AssignExpression))
    while True:
        before = len(found)
        for part in parts:
            target = part.name if isinstance(part, Declaration) else getattr(part.target, "id", "")
            if target and part.value is not None and names_in(part.value) & found:
                found.add(target)
        if len(found) == before:
            return frozenset(found - {"threadIdx"})


def block_constants(value: Polynomial) -> list[tuple[str, int]]:
    """Return (axis, size) of every `blockIdx.x * size + threadIdx.x` in `value`, in the order x, y,
    z; [] if there is none. axis: `x`, `y` or `z`. size: in threads. value: over symbols such as
    `threadIdx.x`.
    """
    found = []
    coefficients = {m[0]: c for m, c in value.terms if len(m) == 1}
    for axis in "xyz":
        size = coefficients.get(Symbol(f"blockIdx.{axis}"), 0)
        if size > 1 and coefficients.get(Symbol(f"threadIdx.{axis}")) == 1:
            found.append((axis, size))
    return found


def launch_bounds(kernel: Function) -> tuple[int | None, ...]:
    """Return the numbers of a CUDA kernel's `__launch_bounds__(256, 2)`, the most threads of a
    block first; () if the kernel has none. An argument that is no number gives None.
    """
    for word in kernel.qualifiers:
        if word.startswith("__launch_bounds__"):
            inner = word.partition("(")[2].rstrip(")")
            return tuple(int(p) if p.strip().isdigit() else None for p in inner.split(","))
    return ()
