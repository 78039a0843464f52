"""Launch plans for kernels that give a row to every block, to every warp, or to every line of a
block's threads.

Contract: `iterate_all_plans` gives what `gpu_runtime.launch.plans.iterate_candidate_plans` gives,
in its order, and behind it at most MAX_ROW_PLANS more. They are read off what the row's number is
computed from: `blockIdx.x` alone (a block a row), `(blockIdx.x * blockDim.x + threadIdx.x) / 32`
(as many threads a row as it is divided by), or `blockIdx.x * blockDim.y + threadIdx.y`.

    python -c "from gpu_runtime.launch import row_plans; help(row_plans.propose_row_plans)"
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

from corpora.analysis.constants import fold_integer
from corpora.analysis.thread_indices import (
    COMPARISONS,
    INDICES,
    index_member,
    outside_subscripts,
)
from corpora.ir import Access, Binary, Call, Cast, Expression, Name, find, names_in, walk
from corpora.records import Program, Signature, UnitTestSuite
from corpora.signatures.structures import flatten_members
from gpu_runtime.launch.kernel_facts import (
    KernelFacts,
    KernelReading,
    facts_of_kernel,
    read_kernel,
    read_row_bounds,
)
from gpu_runtime.launch.plans import (
    LaunchAxis,
    LaunchPlan,
    PlanNames,
    add_brackets,
    add_shared_memory,
    drop_repeated_plans,
    is_plan_expression,
    iterate_candidate_plans,
    propose_axes,
)

MAX_ROW_PLANS = 12
WARP_THREADS = 32
LINES = 4
"""Lines of a block whose lines have a row each."""
_BY_WARPS = ("__shfl", "__reduce", "__ballot", "__syncwarp", "__any", "__all")


def iterate_all_plans(
    program: Program, signature: Signature, suite: UnitTestSuite | None = None
) -> Iterator[LaunchPlan]:
    """Yield the candidate plans of a kernel, most likely first, then plans that give rows to blocks
    or warps.

    program: names the kernel and has its text. signature: the kernel's. suite: tests in the
        kernel's parameter names; None for no tests.
    """
    tried = []
    for plan in iterate_candidate_plans(program, signature, suite):
        tried.append(plan)
        yield plan
    yield from itertools.islice(
        drop_repeated_plans([*tried, *propose_row_plans(program, signature, suite)], suite),
        len(tried),
        None,
    )


def propose_row_plans(
    program: Program, signature: Signature, suite: UnitTestSuite | None = None
) -> list[LaunchPlan]:
    """Return plans that give rows to blocks, warps or lines of threads, most likely first; [] if
    the kernel computes no row's number.

    program: names the kernel and has its text. signature: the kernel's. suite: tests in the
        kernel's parameter names; None for no tests.
    """
    reading = _read(program, signature)
    if reading is None:
        return []
    facts, names = facts_of_kernel(reading), PlanNames.of(signature, suite)
    by_row = _by_row(reading)
    plans: list[tuple[int, LaunchPlan]] = []
    for kind, threads in dict.fromkeys(by_row.values()):
        bounds = (
            _guards(reading, [name for name, of in by_row.items() if of == (kind, threads)])
            or names.exact()[:4]
        )
        sizes: list[int | str] = [
            *([columns] if (columns := _columns(reading, names.scalars)) else []),
            *_sizes(reading, facts),
        ]
        shapes = [(kind, threads, s) for s in sizes] if kind == "block" else [(kind, threads, 0)]
        for (i, bound), (k, shape) in itertools.product(enumerate(bounds), enumerate(shapes)):
            plan = _plan(bound, *shape, facts, names)
            plans += [(i + k + j, p) for j, p in enumerate(add_shared_memory(plan, facts, names))]
    return [plan for _, plan in sorted(plans, key=lambda p: p[0])][:MAX_ROW_PLANS]


def propose_source_plans(program: Program, signature: Signature) -> list[LaunchPlan]:
    """Return plans that give rows to blocks, warps or lines of threads, for a kernel that is itself
    the source, most likely first; [] if its text does not decide the number of rows. program: names
    the kernel and has its text. signature: the kernel's.
    """
    reading = _read(program, signature)
    if reading is None:
        return []
    facts, names = facts_of_kernel(reading), PlanNames.of(signature, None)
    columns = _columns(reading, names.scalars)
    if not columns and not any(_is_block_step(reading, s.value) for s in reading.indices.steps):
        return []
    by_row = {
        name: kind
        for name, kind in _by_row(reading).items()
        if not _is_scaled(reading, name or "blockIdx.x")
    }
    plans: list[LaunchPlan] = []
    for kind, threads in dict.fromkeys(by_row.values()):
        rows = [name for name, of in by_row.items() if of == (kind, threads)]
        bounds = _guards(reading, rows) or (
            _find_row_counts(reading, rows, names.scalars) if kind == "block" else []
        )
        size = columns or _sizes(reading, facts)[0] if kind == "block" else 0
        plans += [
            plan
            for bound in bounds
            for plan in add_shared_memory(
                _plan(bound, kind, threads, size, facts, names), facts, names
            )
        ]
    return plans[:MAX_ROW_PLANS]


def _read(program: Program, signature: Signature) -> KernelReading | None:
    return read_kernel(replace(program, text=flatten_members(program.text, signature)))


def _number(reading: KernelReading, node: Expression) -> int | None:
    """The number that an expression is; a warp has as many threads as all devices give it."""
    return fold_integer(node, {**reading.constants, "warpSize": WARP_THREADS})


def _is_block_step(reading: KernelReading, step: Expression) -> bool:
    return index_member(step) == ("blockDim", "x") or bool(_number(reading, step))


def _columns(reading: KernelReading, scalars: tuple[str, ...]) -> str:
    """The parameter that the place of a thread in its block is below, where the text asks outside
    of loops' heads: a row's length; '' where it does not.
    """
    for found in reading.indices.comparisons:
        inside = index_member(_strip(found.value)) == ("threadIdx", "x")
        if inside and found.place != "head" and found.op in ("<", ">="):
            if isinstance(found.limit, Name) and found.limit.id in scalars:
                return found.limit.id
    return ""


def _strip(node: Expression) -> Expression:
    return _strip(node.operand) if isinstance(node, Cast) else node


def _guards(reading: KernelReading, rows: list[str]) -> list[str]:
    """What the text says that a row's number is below."""
    return [b for b in read_row_bounds(reading, frozenset(rows)) if is_plan_expression(b)]


def _products(reading: KernelReading) -> Iterator[list[Expression]]:
    """The factors of every product in the text, as written, but for casts."""
    for function in reading.indices.functions:
        for node in find(function.body or (), Binary):
            if node.op == "*":
                yield [_strip(f) for f in _factors(node)]


def _factors(node: Expression) -> Iterator[Expression]:
    if isinstance(node, Binary) and node.op == "*":
        yield from _factors(node.left)
        yield from _factors(node.right)
    else:
        yield node


def _is_row(node: Expression, name: str) -> bool:
    if name in ("", "blockIdx.x"):
        return index_member(node) == ("blockIdx", "x")
    return isinstance(node, Name) and node.id == name


def _is_scaled(reading: KernelReading, name: str) -> bool:
    """Whether it is multiplied by a constant, as the number of a tile is."""
    return any(
        any(_is_row(f, name) for f in factors)
        and any(_number(reading, f) is not None for f in factors)
        for factors in _products(reading)
    )


def _find_row_counts(
    reading: KernelReading, rows: list[str], scalars: tuple[str, ...]
) -> list[str]:
    """Parameters that may count the rows, those first that the kernel never names."""
    lengths = {
        factor.id
        for factors in _products(reading)
        if any(_is_row(f, name) for f in factors for name in rows)
        for factor in factors
        if isinstance(factor, Name)
    }
    bodies = [f.body or () for f in reading.indices.functions]
    compared = {
        name
        for body in bodies
        for node in find(body, Binary)
        if node.op in COMPARISONS
        for name in names_in((node.left, node.right))
    }
    used = {name for body in bodies for name in names_in(body)}
    left = [s for s in scalars if s not in lengths and s not in compared]
    return sorted(left, key=lambda s: s in used)


def _plan(
    bound: str, kind: str, threads: int, size: int | str, facts: KernelFacts, names: PlanNames
) -> LaunchPlan:
    b = add_brackets(bound)
    if kind == "lines":
        return LaunchPlan((f"ceil({b}/{LINES})", "1", "1"), (str(WARP_THREADS), str(LINES), "1"))
    y, z = (_first(propose_axes(facts.dimensions[d], 1, names, False, False)) for d in (1, 2))
    if kind == "block":
        return LaunchPlan((bound, y.grid, z.grid), (str(size), y.block, z.block))
    wide = max(128, threads)  # several rows a block
    return LaunchPlan(
        (f"ceil({b}*{threads}/{wide})", y.grid, z.grid), (str(wide), y.block, z.block)
    )


def _first(axes: list[LaunchAxis]) -> LaunchAxis:
    return axes[0] if axes else LaunchAxis("1", "1")


def _by_row(reading: KernelReading) -> dict[str, tuple[str, int]]:
    """Variables that hold a row's number: by what, and how many threads of x share it. '' stands
    for blockIdx.x itself.
    """
    found: dict[str, tuple[str, int]] = {}
    for assignment in reading.indices.assignments:
        if kind := _kind(reading, assignment.value):
            found.setdefault(assignment.name, kind)
    alone = [name for name, kind in found.items() if kind[0] == "block"]
    if not found and _is_block_free(reading):
        found[""] = ("block", 1)
        alone = ["blockIdx.x"]
    for factors in _products(reading):
        sized = any(index_member(f) == ("blockDim", "x") for f in factors)
        if sized and any(_is_row(f, name) for f in factors for name in alone):
            # every thread has a place of its own
            return {n: k for n, k in found.items() if k[0] != "block"}
    return found


def _is_block_free(reading: KernelReading) -> bool:
    """Whether blockIdx.x is used, and somewhere as no multiple of a block's size: `blockIdx.x *
    256` is the place of a block's first thread.
    """
    uses = multiples = 0
    for function in reading.indices.functions:
        body = function.body or ()
        uses += sum(index_member(n) == ("blockIdx", "x") for n in walk(body))
        for node in find(body, Binary):
            sides = [_strip(node.left), _strip(node.right)] if node.op == "*" else []
            if any(index_member(s) == ("blockIdx", "x") for s in sides):
                multiples += any(_number(reading, s) is not None for s in sides)
    return uses > multiples


def _kind(reading: KernelReading, value: Expression) -> tuple[str, int] | None:
    """How a variable of this value numbers rows."""
    value = _strip(value)
    if index_member(value) == ("blockIdx", "x"):
        return "block", 1
    parts = list(outside_subscripts(value))
    if any(isinstance(p, Access) for p in parts):
        return None
    members = {m for p in parts if (m := index_member(p)) is not None}
    indices = {m for m in members if m[0] in INDICES}
    if indices == {("blockIdx", "x"), ("threadIdx", "y")} and ("blockDim", "y") in members:
        return "lines", 1
    if indices != {("blockIdx", "x"), ("threadIdx", "x")}:
        return None
    threads = next((t for p in parts if (t := _divisor(reading, p)) is not None), 0)
    return ("group", threads) if 2 <= threads <= 1024 else None


def _divisor(reading: KernelReading, node: Expression) -> int | None:
    """What an expression is divided by: of `/ 32` and of `>> 5`."""
    if not isinstance(node, Binary) or node.op not in ("/", ">>"):
        return None
    number = _number(reading, node.right)
    if number is None or not 0 <= number <= 1024:
        return None
    return number if node.op == "/" else 1 << number if number < 11 else None


def _sizes(reading: KernelReading, facts: KernelFacts) -> list[int]:
    """Threads of a block: what its loops step by, else what its shared arrays hold, one warp where
    lanes talk, the usual.
    """
    steps = [_number(reading, step.value) or 0 for step in reading.indices.steps]
    fixed = [s for s in steps if s >= WARP_THREADS and s <= 1024 and s % WARP_THREADS == 0]
    hinted = [h[0] for h in facts.block_hints if h[1:] == (1, 1)]
    calls = (c for f in reading.indices.functions for c in find(f.body or (), Call))
    lanes = any(getattr(c.function, "id", "").startswith(_BY_WARPS) for c in calls)
    usual = [*([WARP_THREADS] if lanes else []), *([] if hinted else [64])]
    return list(dict.fromkeys(fixed or [*hinted, *usual]))[:3]
