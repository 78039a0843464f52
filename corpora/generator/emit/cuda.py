"""The bare CUDA kernel of a nest: parallel loops become thread indices and a guard, the rest stays
as it is.

Contract: same parameter list and order as the serial function; right for every launch that covers
the index space (one dimension of the grid for each parallel loop, or one for all), with at most
1,024 threads a block, a power of two where shared memory is used.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 0)).programs['cuda'].text)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Axis, Nest, Region, Style
from corpora.generator.emit.c_statements import CEmitter
from corpora.generator.emit.structures import prepare_for_kernel

_INDEX = (
    "blockIdx.{d} * blockDim.{d} + threadIdx.{d}",
    "threadIdx.{d} + blockIdx.{d} * blockDim.{d}",
    "blockDim.{d} * blockIdx.{d} + threadIdx.{d}",
    "(blockIdx.{d} * blockDim.{d}) + threadIdx.{d}",
    "threadIdx.{d} + blockDim.{d} * blockIdx.{d}",
    "(blockIdx.x + blockIdx.y * gridDim.x) * blockDim.x + threadIdx.x",
)


def emit_cuda(nest: Nest, style: Style) -> str:
    """Return the CUDA kernel of a nest."""
    nest = prepare_for_kernel(nest)
    emitter = CEmitter(nest, style, _atomic)
    hoisted = style.hoist
    style.hoist = False
    before = emitter.block(nest.before, "    ")
    style.hoist = hoisted
    top = emitter.locals_at_top(nest, "    ", axes=False)
    if style.shared_sum:
        lines = before + _shared_sum(emitter, nest)
    elif nest.sequential:
        lines = top + before + _by_one_thread(emitter, nest)
    elif len(nest.regions) > 1:
        axis = nest.regions[0].axes[0]
        lines = top + before + [_index_line(emitter, axis, nest, style, "x")]
        for region in nest.regions:
            lines += emitter.body(f"if ({_inside(emitter, region.axes[0])})", region.body, "    ")
    else:
        index, rest = _emit_guarded(emitter, nest, style)
        top = before + top if nest.before_first else top + before
        lines = (
            [*index, *top, *_first(emitter, nest), *rest]
            if style.index_first
            else [*top, *_first(emitter, nest), *index, *rest]
        )
    return (
        f"__global__ void {style.names[1]}({emitter.parameter_list(nest)}) {{\n"
        + "\n".join(lines)
        + "\n}\n"
    )


def _atomic(target: str, op: str, value: str) -> list[str]:
    place = target[1:] if target.startswith("*") else f"&{target}"
    if op == "-=":
        return [f"atomicAdd({place}, -({value}));"]
    return [
        f"atomic{ {'+=': 'Add', 'max': 'Max', 'min': 'Min'}[op.rstrip('?')] }({place}, {value});"
    ]


def _first(emitter: CEmitter, nest: Nest) -> list[str]:
    """What stands before the loop, done by the first thread of the grid."""
    if not nest.first:
        return []
    return emitter.body(
        f"if ({_INDEX[emitter.style.index].format(d='x')} == 0)", nest.first, "    "
    )


def _by_one_thread(emitter: CEmitter, nest: Nest) -> list[str]:
    """The loops as they are, done by the first thread of the grid."""
    body, thread = nest.regions[0].body, _INDEX[emitter.style.index].format(d="x")
    if emitter.style.guard == "return":
        return [f"    if ({thread} != 0) return;", *emitter.block(body, "    ")]
    return [f"    if ({thread} == 0) {{", *emitter.block(body, "        "), "    }"]


def _emit_guarded(emitter: CEmitter, nest: Nest, style: Style) -> tuple[list[str], list[str]]:
    """Lines that compute the indices, and the guarded body."""
    region = nest.regions[0]
    if style.linear and len(region.axes) > 1:
        return _linear(emitter, nest, style)
    if style.block_rows and len(region.axes) == 2:
        return [], _stride_loops(
            emitter, nest, style, (("blockIdx.x", "gridDim.x"), ("threadIdx.x", "blockDim.x"))
        )
    if style.guard == "thread":
        return [], _stride_loops(emitter, nest, style, (("threadIdx.x", "blockDim.x"),))
    if style.guard.startswith("stride"):
        return _emit_strided(emitter, nest, style)
    index = [
        _index_line(emitter, a, nest, style, d)
        for a, d in zip(region.axes, _dimensions(region, style))
    ]
    if style.guard == "while":
        axis = region.axes[0]
        tail = (f"{axis.variable} += {_times(axis.step, 'gridDim.x * blockDim.x')};",)
        return index, emitter.body(
            f"while ({_inside(emitter, axis, style)})", region.body, "    ", tail
        )
    emitter.jump = "return"
    if style.guard == "return":
        head = f"if ({_outside(emitter, region, style)})"
        return index, [f"    {head} return;"] + emitter.block(region.body, "    ")
    tests = [_inside(emitter, axis, style) for axis in region.axes]
    wrapped = [f"({t})" if style.guard_parens and len(tests) > 1 else t for t in tests]
    return index, emitter.body(f"if ({' && '.join(wrapped)})", region.body, "    ")


def _dimensions(region: Region, style: Style) -> tuple[str, ...]:
    dimensions = ("x", "y", "z")[: len(region.axes)]
    return dimensions[::-1] if style.swap_xy else dimensions


def _times(step: int, text: str) -> str:
    return f"{step} * {text}" if step > 1 else text


def _position(axis: Axis, nest: Nest, style: Style, dimension: str) -> str:
    text = _INDEX[style.index].format(d=dimension)
    if nest.index_type == "i64" and style.index == 0:
        text = f"(long)blockIdx.{dimension} * blockDim.{dimension} + threadIdx.{dimension}"
    return f"({text}) * {axis.step}" if axis.step > 1 else text


def _shifted(axis: Axis, style: Style) -> bool:
    """The first index is added to the thread index instead of being tested."""
    needed = (
        axis.step > 1 or style.guard != "return"
    )  # a step counts from the start; `while` ends at the first miss
    return axis.start != ast.ZERO and needed


def _index_line(emitter: CEmitter, axis: Axis, nest: Nest, style: Style, dimension: str) -> str:
    start = (
        f" + {emitter.expression(axis.start, 12)}"
        if _shifted(axis, style) and len(nest.regions) == 1
        else ""
    )
    return (
        f"    {emitter.words[nest.index_type]} {axis.variable} = "
        f"{_position(axis, nest, style, dimension)}{start};"
    )


def _inside(emitter: CEmitter, axis: Axis, style: Style | None = None) -> str:
    """The guard of one axis; with `style` None or an unshifted start the lower bound is
    tested too.
    """
    if axis.start == ast.ZERO or (style is not None and _shifted(axis, style)):
        return _below(emitter, axis)
    return f"{axis.variable} >= {emitter.expression(axis.start, 11)} && {_below(emitter, axis)}"


def _below(emitter: CEmitter, axis: Axis) -> str:
    """The test that a loop of the axis goes on by; one that is shown in another way starts at 0."""
    if axis.shown is not None:
        return emitter.expression(axis.shown)
    return f"{axis.variable} {'<=' if axis.inclusive else '<'} {emitter.expression(axis.stop, 11)}"


def _outside(emitter: CEmitter, region: Region, style: Style) -> str:
    tests = []
    for axis in region.axes:
        if axis.start != ast.ZERO and not _shifted(axis, style):
            tests.append(f"{axis.variable} < {emitter.expression(axis.start, 11)}")
        tests.append(
            f"{axis.variable} {'>' if axis.inclusive else '>='} {emitter.expression(axis.stop, 11)}"
            if axis.shown is None
            else f"!({emitter.expression(axis.shown)})"
        )
    wrapped = [f"({t})" if style.guard_parens and len(tests) > 1 else t for t in tests]
    return " || ".join(wrapped)


def _emit_strided(emitter: CEmitter, nest: Nest, style: Style) -> tuple[list[str], list[str]]:
    """Grid-stride loops, with the index and the stride in names of their own for `stride-named`."""
    region, word = nest.regions[0], emitter.words[nest.index_type]
    if style.guard == "stride-named" and len(region.axes) == 1 and region.axes[0].step == 1:
        used = set(nest.types or {}) | {region.axes[0].variable}
        first = choose_fresh_name(("index", "tid", "idx", "start_idx"), used)
        stride = choose_fresh_name(("stride", "step_size", "num_threads", "skip"), used)
        index = [
            f"    {word} {first} = {_INDEX[style.index].format(d='x')};",
            f"    {word} {stride} = blockDim.x * gridDim.x;",
        ]
        return index, _stride_loops(emitter, nest, style, ((first, stride),))
    pairs = tuple(
        (_INDEX[style.index % 5].format(d=d), f"blockDim.{d} * gridDim.{d}")
        for d in _dimensions(region, style)
    )
    return [], _stride_loops(emitter, nest, style, pairs)


def _stride_loops(
    emitter: CEmitter, nest: Nest, style: Style, pairs: tuple[tuple[str, str], ...]
) -> list[str]:
    """Nested loops, each from (first thread index, number of threads)."""
    region, word = nest.regions[0], emitter.words[nest.index_type]
    heads = []
    for axis, (first, stride) in zip(region.axes, pairs):
        if axis.step > 1:
            first = f"({first}) * {axis.step}"
        start = (
            first if axis.start == ast.ZERO else f"{first} + {emitter.expression(axis.start, 12)}"
        )
        heads.append(
            f"for ({word} {axis.variable} = {start}; "
            f"{_below(emitter, axis)}; "
            f"{axis.variable} += {_times(axis.step, stride)})"
        )
    indents = ["    " * (level + 1) for level in range(len(heads))]
    opened = [f"{indent}{head} {{" for indent, head in zip(indents[:-1], heads)]
    inner = emitter.body(heads[-1], region.body, indents[-1])
    return opened + inner + [indent + "}" for indent in reversed(indents[:-1])]


def _linear(emitter: CEmitter, nest: Nest, style: Style) -> tuple[list[str], list[str]]:
    """One thread index for all axes, taken apart by division; the last axis runs fastest."""
    region, word = nest.regions[0], emitter.words[nest.index_type]
    total = emitter.expression(ast.product([a.stop for a in region.axes]), 11)
    one = choose_fresh_name(
        ("id", "index", "idx", "tid", "gid"),
        set(nest.types or {}) | {a.variable for a in region.axes},
    )
    index = [f"    {word} {one} = {_INDEX[style.index].format(d='x')};"]
    parts = []
    consumed: list[tuple] = []
    for position, axis in enumerate(reversed(region.axes)):
        last = position == len(region.axes) - 1
        stop = emitter.expression(axis.stop, 14)
        if style.increment == "++i":  # the habit of taking the index apart in place
            parts.append(f"{word} {axis.variable} = {one}{'' if last else ' % ' + stop};")
            if not last:
                parts.append(f"{one} /= {stop};" if style.compound else f"{one} = {one} / {stop};")
            continue
        below = emitter.expression(ast.product(consumed), 14) if consumed else ""
        quotient = f"{one} / {below}" if below else one
        if not last:
            quotient = f"({quotient}) % {stop}" if below else f"{one} % {stop}"
        parts.append(f"{word} {axis.variable} = {quotient};")
        consumed.insert(0, axis.stop)
    emitter.jump = "return"
    if style.guard == "if":
        inner = emitter.block(region.body, "        ")
        return index, [
            f"    if ({one} < {total}) {{",
            *[f"        {p}" for p in parts],
            *inner,
            "    }",
        ]
    return index, [
        f"    if ({one} >= {total}) return;",
        *[f"    {p}" for p in parts],
        *emitter.block(region.body, "    "),
    ]


def _shared_sum(emitter: CEmitter, nest: Nest) -> list[str]:
    """A block-wide sum in shared memory, added to the one output cell by its first thread."""
    region, style = nest.regions[0], emitter.style
    axis, update = region.axes[0], region.body[-1]
    used = set(nest.types or {}) | {axis.variable}
    cache, lane, half = (
        choose_fresh_name(("cache", "sdata", "shared"), used),
        choose_fresh_name(("tid", "lane", "t"), used),
        choose_fresh_name(("s", "half"), used),
    )
    word = emitter.words[emitter.types[update.target.base.id]]
    value, target = emitter.expression(update.value), emitter.expression(update.target)
    inner = emitter.block(region.body[:-1], "        ")
    return [
        f"    __shared__ {word} {cache}[1024];",
        f"    int {lane} = threadIdx.x;",
        _index_line(emitter, axis, nest, style, "x"),
        f"    {cache}[{lane}] = 0;",
        f"    if ({_inside(emitter, axis, style)}) {{",
        *inner,
        f"        {cache}[{lane}] = {value};",
        "    }",
        "    __syncthreads();",
        f"    for (int {half} = blockDim.x / 2; {half} > 0; {half} >>= 1) {{",
        f"        if ({lane} < {half}) {{",
        f"            {cache}[{lane}] += {cache}[{lane} + {half}];",
        "        }",
        "        __syncthreads();",
        "    }",
        f"    if ({lane} == 0) {{",
        f"        {_atomic(target, '+=', f'{cache}[0]')[0]}",
        "    }",
    ]


def choose_fresh_name(wanted: tuple[str, ...], used: set[str]) -> str:
    """Return the first wanted name that is free, ignoring case, and add it to `used`. Raises
    AssertionError if none is.
    """
    lowered = {name.lower() for name in used}
    for name in (*wanted, *(f"{w}{n}" for n in range(2, 9) for w in wanted)):
        if name.lower() not in lowered:
            used.add(name)
            return name
    raise AssertionError("no free name left")
