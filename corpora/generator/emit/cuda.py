"""The bare CUDA kernel of a nest: parallel loops become thread indices and a guard, the rest stays
as it is.

Contract: same parameter list and order as the serial function; right for every launch that covers
the index space (one dimension of the grid for each parallel loop, or one for all), with at most
1,024 threads a block, a power of two where shared memory is used.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 0)).programs['cuda'].text)"
"""

from __future__ import annotations

from corpora import ir
from corpora.emit.c_family import emit_expression
from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Axis, Nest, Region, Style
from corpora.generator.emit.c_statements import CEmitter, append
from corpora.generator.emit.structures import prepare_for_kernel

_INDEX = (
    "blockIdx.{d} * blockDim.{d} + threadIdx.{d}",
    "threadIdx.{d} + blockIdx.{d} * blockDim.{d}",
    "blockDim.{d} * blockIdx.{d} + threadIdx.{d}",
    "PAREN(blockIdx.{d} * blockDim.{d}) + threadIdx.{d}",
    "threadIdx.{d} + blockDim.{d} * blockIdx.{d}",
    "(blockIdx.x + blockIdx.y * gridDim.x) * blockDim.x + threadIdx.x",
    "(long)blockIdx.{d} * blockDim.{d} + threadIdx.{d}",
)
_THREADS = ("threadIdx.x", "blockDim.x")


def _index(form: int, dimension: str) -> ir.Expression:
    """A thread's index; PAREN is brackets that are always written."""
    return ast.quote(_INDEX[form].format(d=dimension))


def emit_cuda(nest: Nest, style: Style) -> str:
    """Return the text of the CUDA kernel of a nest, a generated computation, as an author of this
    style writes it. Definitions of its structures are not in it.
    """
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
            body = emitter.statements(region.body)
            lines += emitter.printed((ir.If(_inside(emitter, region.axes[0]), body),), "    ")
    else:
        index, rest = _emit_guarded(emitter, nest, style)
        top = before + top if nest.before_first else top + before
        lines = [*top, *_first(emitter, nest), *index, *rest]
    head = f"__global__ void {style.names[1]}({emitter.parameter_list(nest)}) {{"
    return "\n".join([head, *lines, "}"]) + "\n"


def _atomic(
    target: ir.Expression, op: str, value: ir.Expression
) -> tuple[ir.ExpressionStatement, ...]:
    pointed = type(target) is ir.Unary and target.op == "*"
    place = target.operand if pointed else ir.Unary("&", target)
    place = ast.paren(place) if type(place) is ir.Binary else place
    value = ir.Unary("-", ast.paren(value)) if op == "-=" else value
    word = {"max": "Max", "min": "Min"}.get(op, "Add")
    return (ir.ExpressionStatement(ast.call(f"atomic{word}", (place, value))),)


def _first(emitter: CEmitter, nest: Nest) -> list[str]:
    """What stands before the loop, done by the first thread of the grid."""
    if not nest.first:
        return []
    test = ir.Binary("==", _index(emitter.style.index, "x"), ast.ZERO)
    return emitter.printed((ir.If(test, emitter.statements(nest.first)),), "    ")


def _by_one_thread(emitter: CEmitter, nest: Nest) -> list[str]:
    """The loops as they are, done by the first thread of the grid."""
    body, thread = nest.regions[0].body, emit_expression(_index(emitter.style.index, "x"))
    if emitter.style.guard == "return":
        return [f"    if ({thread} != 0) return;", *emitter.block(body, "    ")]
    return [f"    if ({thread} == 0) {{", *emitter.block(body, "        "), "    }"]


def _emit_guarded(emitter: CEmitter, nest: Nest, style: Style) -> tuple[list[str], list[str]]:
    """Lines that compute the indices, and the guarded body."""
    region = nest.regions[0]
    if style.linear and len(region.axes) > 1:
        return _linear(emitter, nest, style)
    if style.block_rows and len(region.axes) == 2:
        return [], _stride_loops(emitter, nest, _quoted(("blockIdx.x", "gridDim.x"), _THREADS))
    if style.guard == "thread":
        return [], _stride_loops(emitter, nest, _quoted(_THREADS))
    if style.guard.startswith("stride"):
        return _emit_strided(emitter, nest, style)
    threads = zip(region.axes, _dimensions(region, style))
    index = [_index_line(emitter, axis, nest, style, d) for axis, d in threads]
    if style.guard == "while":
        axis = region.axes[0]
        stride = (ast.quote("gridDim.x"), ast.quote("blockDim.x"))
        leap = ir.Assign(ir.Name(axis.variable), "+=", _times(axis.step, *stride))
        turn = (*emitter.statements(region.body), leap)
        return index, emitter.printed((ir.While(_inside(emitter, axis, style), turn),), "    ")
    emitter.jump = ir.Return()
    if style.guard == "return":
        head = f"if ({emit_expression(_outside(emitter, region, style))})"
        return index, [f"    {head} return;"] + emitter.block(region.body, "    ")
    tests = [_inside(emitter, axis, style) for axis in region.axes]
    guard = ir.If(_joined("&&", tests, style), emitter.statements(region.body))
    return index, emitter.printed((guard,), "    ")


def _dimensions(region: Region, style: Style) -> tuple[str, ...]:
    dimensions = ("x", "y", "z")[: len(region.axes)]
    return dimensions[::-1] if style.swap_xy else dimensions


def _quoted(*pairs: tuple[str, str]) -> tuple:
    return tuple((ast.quote(first), (ast.quote(stride),)) for first, stride in pairs)


def _times(step: int, *parts: ir.Expression) -> ir.Expression:
    return ast.product([*([ast.integer(step)] if step > 1 else []), *parts])


def _joined(op: str, tests: list[ir.Expression], style: Style) -> ir.Expression:
    """Tests with `&&` or `||` between them; where there are several, each perhaps in brackets."""
    wrapped = style.guard_parens and len(tests) > 1
    return ast.join(op, [ast.paren(t) if wrapped else t for t in tests])


def _position(axis: Axis, nest: Nest, style: Style, dimension: str) -> ir.Expression:
    long = nest.index_type == "i64" and style.index == 0
    index = _index(-1 if long else style.index, dimension)
    return ast.mul(ast.paren(index), axis.step) if axis.step > 1 else index


def _shifted(axis: Axis, style: Style) -> bool:
    """The first index is added to the thread index instead of being tested."""
    # A step counts from the start, and `while` ends at the first miss.
    return axis.start != ast.ZERO and (axis.step > 1 or style.guard != "return")


def _index_line(emitter: CEmitter, axis: Axis, nest: Nest, style: Style, dimension: str) -> str:
    position = _position(axis, nest, style, dimension)
    if _shifted(axis, style) and len(nest.regions) == 1:
        position = append(position, emitter.tree(axis.start))
    text = emit_expression(position)
    return f"    {emitter.words[nest.index_type]} {axis.variable} = {text};"


def _inside(emitter: CEmitter, axis: Axis, style: Style | None = None) -> ir.Expression:
    """The guard of one axis; with `style` None or an unshifted start the lower bound is
    tested too.
    """
    if axis.start == ast.ZERO or (style is not None and _shifted(axis, style)):
        return _below(emitter, axis)
    above = ir.Binary(">=", ir.Name(axis.variable), emitter.tree(axis.start))
    return ir.Binary("&&", above, _below(emitter, axis))


def _below(emitter: CEmitter, axis: Axis) -> ir.Expression:
    """The test that a loop of the axis goes on by; one that is shown in another way starts at 0."""
    if axis.shown is not None:
        return emitter.tree(axis.shown)
    op = "<=" if axis.inclusive else "<"
    return ir.Binary(op, ir.Name(axis.variable), emitter.tree(axis.stop))


def _outside(emitter: CEmitter, region: Region, style: Style) -> ir.Expression:
    tests: list[ir.Expression] = []
    for axis in region.axes:
        name = ir.Name(axis.variable)
        if axis.start != ast.ZERO and not _shifted(axis, style):
            tests.append(ir.Binary("<", name, emitter.tree(axis.start)))
        if axis.shown is None:
            op = ">" if axis.inclusive else ">="
            tests.append(ir.Binary(op, name, emitter.tree(axis.stop)))
        else:
            tests.append(ir.Unary("!", ast.paren(emitter.tree(axis.shown))))
    return _joined("||", tests, style)


def _emit_strided(emitter: CEmitter, nest: Nest, style: Style) -> tuple[list[str], list[str]]:
    """Grid-stride loops, with the index and the stride in names of their own for `stride-named`."""
    region, word = nest.regions[0], emitter.words[nest.index_type]
    if style.guard == "stride-named" and len(region.axes) == 1 and region.axes[0].step == 1:
        used = set(nest.types or {}) | {region.axes[0].variable}
        first = choose_fresh_name(("index", "tid", "idx", "start_idx"), used)
        stride = choose_fresh_name(("stride", "step_size", "num_threads", "skip"), used)
        index = [
            f"    {word} {first} = {emit_expression(_index(style.index, 'x'))};",
            f"    {word} {stride} = blockDim.x * gridDim.x;",
        ]
        return index, _stride_loops(emitter, nest, ((ir.Name(first), (ir.Name(stride),)),))
    pairs = tuple(
        (_index(style.index % 5, d), (ast.quote(f"blockDim.{d}"), ast.quote(f"gridDim.{d}")))
        for d in _dimensions(region, style)
    )
    return [], _stride_loops(emitter, nest, pairs)


def _stride_loops(
    emitter: CEmitter, nest: Nest, pairs: tuple[tuple[ir.Expression, tuple], ...]
) -> list[str]:
    """Nested loops, each from (first thread index, factors of the number of threads)."""
    axes, lines = nest.regions[0].axes, []
    body = emitter.statements(nest.regions[0].body)
    for level, (axis, (first, stride)) in reversed(list(enumerate(zip(axes, pairs)))):
        start = ast.mul(ast.paren(first), axis.step) if axis.step > 1 else first
        if axis.start != ast.ZERO:
            start = append(start, emitter.tree(axis.start))
        begun = ir.Declaration(axis.variable, emitter.type(nest.index_type), start)
        leap = ir.Assign(ir.Name(axis.variable), "+=", _times(axis.step, *stride))
        loop = ir.For((begun,), _below(emitter, axis), (leap,), body)
        indent = "    " * (level + 1)
        if lines:
            lines = [emitter.printed((loop,), indent)[0], *lines, indent + "}"]
        else:
            lines = emitter.printed((loop,), indent)
        body = ()
    return lines


def _linear(emitter: CEmitter, nest: Nest, style: Style) -> tuple[list[str], list[str]]:
    """One thread index for all axes, taken apart by division; the last axis runs fastest."""
    region, word = nest.regions[0], emitter.words[nest.index_type]
    total = emitter.expression(ast.product([a.stop for a in region.axes]), 12)
    used = set(nest.types or {}) | {a.variable for a in region.axes}
    one = choose_fresh_name(("id", "index", "idx", "tid", "gid"), used)
    index = [f"    {word} {one} = {emit_expression(_index(style.index, 'x'))};"]
    parts, consumed = [], []
    for position, axis in enumerate(reversed(region.axes)):
        last = position == len(region.axes) - 1
        stop = emitter.expression(axis.stop, 15)
        if style.increment == "++i":  # the habit of taking the index apart in place
            parts.append(f"{word} {axis.variable} = {one}{'' if last else ' % ' + stop};")
            if not last:
                parts.append(f"{one} /= {stop};" if style.compound else f"{one} = {one} / {stop};")
            continue
        below = emitter.expression(ast.product(consumed), 15) if consumed else ""
        quotient = f"{one} / {below}" if below else one
        if not last:
            quotient = f"({quotient}) % {stop}" if below else f"{one} % {stop}"
        parts.append(f"{word} {axis.variable} = {quotient};")
        consumed.insert(0, axis.stop)
    emitter.jump = ir.Return()
    inside = style.guard == "if"
    pad = "        " if inside else "    "
    body = [*(pad + part for part in parts), *emitter.block(region.body, pad)]
    if inside:
        return index, [f"    if ({one} < {total}) {{", *body, "    }"]
    return index, [f"    if ({one} >= {total}) return;", *body]


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
    value, cell = emitter.expression(update.value), ast.at(cache, (ast.ZERO,))
    (store,) = _atomic(emitter.tree(update.target), "+=", cell)
    inner = emitter.block(region.body[:-1], "        ")
    return [
        f"    __shared__ {word} {cache}[1024];",
        f"    int {lane} = threadIdx.x;",
        _index_line(emitter, axis, nest, style, "x"),
        f"    {cache}[{lane}] = 0;",
        f"    if ({emit_expression(_inside(emitter, axis, style))}) {{",
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
        *emitter.printed((store,), "        "),
        "    }",
    ]


def choose_fresh_name(wanted: tuple[str, ...], used: set[str]) -> str:
    """Return the first of the names `wanted`, or of these with 2 to 8 behind them, that is not in
    `used`, ignoring case, and add it to `used`. Raises AssertionError if none is free.
    """
    lowered = {name.lower() for name in used}
    for name in (*wanted, *(f"{w}{n}" for n in range(2, 9) for w in wanted)):
        if name.lower() not in lowered:
            used.add(name)
            return name
    raise AssertionError("no free name left")
