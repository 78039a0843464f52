"""Launch plans for kernels that give a row to every block, to every warp, or to every line of a
block's threads.

Contract: `iterate_all_plans` gives what `gpu_runtime.launch.plans.iterate_candidate_plans` gives,
in its order, and behind it at most MAX_ROW_PLANS more. They are read off what the row's number is
computed from: `blockIdx.x` alone (a block a row), `(blockIdx.x * blockDim.x + threadIdx.x) / 32`
(as many threads a row as it is divided by), or `blockIdx.x * blockDim.y + threadIdx.y`.

    python -c "from corpora.records import Program; \\
        from corpora.signatures.signature import read_signature; \\
        from gpu_runtime.launch.row_plans import propose_row_plans; \
p = Program('cuda', 'k', '__global__ void k(float *y, int m) { int r = blockIdx.x; if (r < m &&
threadIdx.x == 0) y[r] = 0; }'); print(*propose_row_plans(p, read_signature(p)))"
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

from corpora.records import Program, Signature, UnitTestSuite
from corpora.signatures.structures import flatten_members
from gpu_runtime.launch.kernel_blocks import find_integer_constants
from gpu_runtime.launch.kernel_facts import KernelFacts, read_kernel_facts, strip_comments
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
_INDEX = re.compile(r"\b(?:threadIdx|blockIdx)\.[xyz]\b")
_ASSIGNED = re.compile(r"\b([A-Za-z_]\w*)\s*=(?!=)")
_DIVIDED = re.compile(r">>\s*(\d{1,2})\b|/\s*(\d{1,4})\b")
_CAST = re.compile(r"\(\s*(?:(?:const|unsigned|signed|long|int|size_t)\s*)+\)")
_BY_WARPS = re.compile(r"\b__(?:shfl|reduce|ballot|syncwarp|any|all)")
_LONGEST = 200


def iterate_all_plans(
    program: Program, signature: Signature, suite: UnitTestSuite | None = None
) -> Iterator[LaunchPlan]:
    """The usual plans, then those for rows, each when it is asked for."""
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
    """Plans by rows, most likely first; none where no row's number is found."""
    program = replace(program, text=flatten_members(program.text, signature))
    facts, names = read_kernel_facts(program), PlanNames.of(signature, suite)
    text = strip_comments(program)
    constants = {**find_integer_constants(program.text), "warpSize": WARP_THREADS}
    by_row = _by_row(text, constants)
    plans: list[tuple[int, LaunchPlan]] = []
    for kind, threads in dict.fromkeys(by_row.values()):
        bounds = (
            _guards(program, text, [name for name, of in by_row.items() if of == (kind, threads)])
            or names.exact()[:4]
        )
        sizes: list[int | str] = [
            *([columns] if (columns := _columns(text, names.scalars)) else []),
            *_sizes(text, facts, constants),
        ]
        shapes = [(kind, threads, s) for s in sizes] if kind == "block" else [(kind, threads, 0)]
        for (i, bound), (k, shape) in itertools.product(enumerate(bounds), enumerate(shapes)):
            plan = _plan(bound, *shape, facts, names)
            plans += [(i + k + j, p) for j, p in enumerate(add_shared_memory(plan, facts, names))]
    return [plan for _, plan in sorted(plans, key=lambda p: p[0])][:MAX_ROW_PLANS]


def propose_source_plans(program: Program, signature: Signature) -> list[LaunchPlan]:
    """Plans of a kernel that is itself the source, so that nothing else says how many rows there
    are: a row to every block, or to so many threads, whose elements the threads stride over.
    Without a guard the rows are counted by a parameter that no loop ends at and that is no row's
    length. None where the text leaves it open.
    """
    program = replace(program, text=flatten_members(program.text, signature))
    facts, names = read_kernel_facts(program), PlanNames.of(signature, None)
    text = strip_comments(program)
    constants = {**find_integer_constants(program.text), "warpSize": WARP_THREADS}
    columns = _columns(text, names.scalars)
    if not columns and not any(
        step == "blockDim.x" or step in constants or step.isdigit()
        for step in re.findall(r"\+=\s*([\w.]+)", text)
    ):
        return []
    by_row = {
        name: kind
        for name, kind in _by_row(text, constants).items()
        if not _is_scaled(text, name or "blockIdx.x", constants)
    }
    plans: list[LaunchPlan] = []
    for kind, threads in dict.fromkeys(by_row.values()):
        rows = [name for name, of in by_row.items() if of == (kind, threads)]
        bounds = _guards(program, text, rows) or (
            _find_row_counts(text, rows, names.scalars) if kind == "block" else []
        )
        size = columns or _sizes(text, facts, constants)[0] if kind == "block" else 0
        plans += [
            plan
            for bound in bounds
            for plan in add_shared_memory(
                _plan(bound, kind, threads, size, facts, names), facts, names
            )
        ]
    return plans[:MAX_ROW_PLANS]


def _columns(text: str, scalars: tuple[str, ...]) -> str:
    """The parameter that the place of a thread in its block is below, where the text asks outside
    of loops' heads: a row's length; '' where it does not.
    """
    text = re.sub(r"\bfor\s*\([^;{}]*;[^;{}]*;", " ", text)
    places = [
        "threadIdx.x",
        *(name for name, expression in _assignments(text) if expression == "threadIdx.x"),
    ]
    found = (
        re.search(rf"(?<![\w.]){re.escape(p)}\s*(?:<|>=)\s*(\w+)\b(?!\s*[-+*/.(])", text)
        for p in places
    )
    return next((m[1] for m in found if m and m[1] in scalars), "")


def _guards(program: Program, text: str, rows: list[str]) -> list[str]:
    """What the text says that a row's number is below."""
    return [
        b
        for b in read_kernel_facts(replace(program, text=_mark_row_index(text, rows)))
        .dimensions[2]
        .bounds
        if is_plan_expression(b)
    ]


def _is_scaled(text: str, name: str, constants: dict[str, int]) -> bool:
    """Whether it is multiplied by a constant, as the number of a tile is."""
    n = re.escape(name)
    factors = re.findall(rf"(?<![\w.]){n}\s*\*\s*(\w+)", text) + re.findall(
        rf"(\w+)\s*\*\s*{n}(?![\w.])", text
    )
    return any(factor.isdigit() or factor in constants for factor in factors)


def _find_row_counts(text: str, rows: list[str], scalars: tuple[str, ...]) -> list[str]:
    """Parameters that may count the rows, those first that the kernel never names."""
    body = text[text.find("{") :]
    lengths = {
        s
        for name in rows
        for s in re.findall(rf"(?<![\w.]){re.escape(name or 'blockIdx.x')}\s*\*\s*(\w+)", body)
    }
    left = [
        s
        for s in scalars
        if s not in lengths and not re.search(rf"[<>]=?[^;)&|]*\b{re.escape(s)}\b", body)
    ]
    return sorted(left, key=lambda s: bool(re.search(rf"\b{re.escape(s)}\b", body)))


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


def _by_row(text: str, constants: dict[str, int]) -> dict[str, tuple[str, int]]:
    """Variables that hold a row's number: by what, and how many threads of x share it. '' stands
    for blockIdx.x itself.
    """
    meanings: dict[str, str] = {}
    found: dict[str, tuple[str, int]] = {}
    for name, expression in _assignments(text):
        meaning = re.sub(
            r"(?<![.\w])[A-Za-z_]\w*\b(?!\.)",
            lambda m: str(constants.get(m[0], meanings.get(m[0], m[0]))),
            _CAST.sub(" ", expression),
        )
        if len(meaning) <= _LONGEST:
            meanings[name] = f"({meaning})"
        if kind := _kind(meaning):
            found.setdefault(name, kind)
    alone = [name for name, kind in found.items() if kind[0] == "block"]
    if not found and any(
        _is_free(m, constants)
        for m in re.finditer(r"(?:(\w+)\s*\*\s*)?\bblockIdx\.x\b(?:\s*\*\s*(\w+))?", text)
    ):
        found[""] = ("block", 1)
        alone = ["blockIdx.x"]
    for name in alone:
        if re.search(
            rf"\b{name}\s*\*\s*(?:\(\s*\w+\s*\)\s*)?blockDim\.x|blockDim\.x\s*\*\s*{name}\b", text
        ):  # every thread has a place of its own
            return {n: k for n, k in found.items() if k[0] != "block"}
    return found


def _is_free(found: re.Match[str], constants: dict[str, int]) -> bool:
    """Whether this blockIdx.x is no multiple of a block's size: `blockIdx.x * 256` is the place of
    a block's first thread.
    """
    return not any(
        factor and (factor in constants or factor[0].isdigit()) for factor in found.groups()
    )


def _kind(meaning: str) -> tuple[str, int] | None:
    indices = set(_INDEX.findall(meaning))
    if "blockIdx.x" not in indices:
        return None
    if meaning.strip("() ") == "blockIdx.x":
        return "block", 1
    if indices == {"blockIdx.x", "threadIdx.y"} and "blockDim.y" in meaning:
        return "lines", 1
    divided = _DIVIDED.search(meaning) if indices == {"blockIdx.x", "threadIdx.x"} else None
    threads = 1 << int(divided[1]) if divided and divided[1] else int(divided[2]) if divided else 0
    return ("group", threads) if 2 <= threads <= 1024 else None


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    """(name, expression) of what is assigned, up to the comma, semicolon or bracket that
    ends it.
    """
    for m in _ASSIGNED.finditer(text):
        depth, end = 0, m.end()
        while end < min(len(text), m.end() + _LONGEST):
            character = text[end]
            if character in ";{}" or depth == 0 and character in ",)]":
                yield m[1], text[m.end() : end].strip()
                break
            depth += (character in "([") - (character in ")]")
            end += 1


def _mark_row_index(text: str, rows: list[str]) -> str:
    """`text` in which blockIdx.z is the number of a row and no other index is left, so that guards
    on it can be read.
    """
    pieces, last = [], 0
    for m in _ASSIGNED.finditer(text):
        end = text.find(";", m.end())
        if m[1] in rows and end > 0 and m.start() >= last:
            found = next((e for n, e in _assignments(text[m.start() : end + 1]) if n == m[1]), None)
            if found is not None:
                start = text.index(found, m.end())
                pieces += [_replace_indices(text[last:start]), "blockIdx.z"]
                last = start + len(found)
    kept = "".join(pieces) + _replace_indices(text[last:], "blockIdx.z" if "" in rows else "0")
    return kept


def _replace_indices(text: str, block: str = "0") -> str:
    return _INDEX.sub(lambda m: block if m[0] == "blockIdx.x" else "0", text)


def _sizes(text: str, facts: KernelFacts, constants: dict[str, int]) -> list[int]:
    """Threads of a block: what its loops step by, else what its shared arrays hold, one warp where
    lanes talk, the usual.
    """
    steps = [
        constants.get(s, int(s) if s.isdigit() else 0) for s in re.findall(r"\+=\s*(\w+)", text)
    ]
    fixed = [s for s in steps if s >= WARP_THREADS and s <= 1024 and s % WARP_THREADS == 0]
    hinted = [h[0] for h in facts.block_hints if h[1:] == (1, 1)]
    lanes = [WARP_THREADS] if _BY_WARPS.search(text) else []
    return list(dict.fromkeys(fixed or [*hinted, *lanes, *([] if hinted else [64])]))[:3]
