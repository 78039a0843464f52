"""The serial C++ function of a nest.

python -c "from corpora.generator import generate; print(next(generate(1, 0)).programs['cpp'].text)"
"""

from __future__ import annotations

from collections.abc import Callable

from corpora import ir
from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Nest, Region, Style
from corpora.generator.emit.c_statements import CEmitter, Update, emit_serial_loop


def emit_cpp(nest: Nest, style: Style) -> str:
    """Return the text of the serial C++ function of a nest, a generated computation, as an author
    of this style writes it. Definitions of its structures are not in it.
    """
    return emit_host_function(nest, style, _update, _loops)


def emit_host_function(
    nest: Nest,
    style: Style,
    update: Callable[[Style], Update],
    loops: Callable[[CEmitter, Region, Nest, Style], list[str]],
) -> str:
    """Return the text of a C++ function of a nest, a generated computation, that runs on the CPU.

    style: how it is written. update(style): returns what makes the statements of an update that
        iterations share, a function of (target, operator, value). loops(emitter, region, nest,
        style): returns the lines of a region, which is parallel loops with one body.
    """
    emitter = CEmitter(nest, style, update(style))
    kept, style.hoist = style.hoist, False
    before = emitter.block(nest.before, "    ")
    style.hoist = kept
    top = emitter.locals_at_top(nest, "    ")
    lines = before + top if nest.before_first else top + before
    lines = emit_vector_length(emitter, nest) + lines
    lines += emitter.block(nest.first, "    ")
    lines += emit_allocations(emitter, nest)
    turns = [
        line
        for region in nest.regions
        for line in (*loops(emitter, region, nest, style), *_emit_copy(emitter, region))
    ]
    lines += emit_repetition(emitter, nest, turns) + emit_releases(nest)
    style.hoist = False
    lines += emitter.block(nest.after, "    ")
    style.hoist = kept
    word = f"{emitter.words[nest.result]} " if nest.result else "void "
    head = f"{word}{style.names[0]}({emitter.parameter_list(nest)}) {{"
    return "\n".join([head, *lines, "}"]) + "\n"


def emit_vector_length(emitter: CEmitter, nest: Nest) -> list[str]:
    """Return the C++ line that sets a size from a vector's length, for a nest whose size is not
    passed; else []. emitter: writes the nest's C.
    """
    if nest.length is None:
        return []
    size, vector = nest.length
    return [f"    {emitter.words[emitter.parameters[size].type]} {size} = {vector}.size();"]


def emit_allocations(emitter: CEmitter, nest: Nest) -> list[str]:
    """Return the C++ lines that allocate the arrays that the function of `nest` makes itself; []
    for none. emitter: writes the nest's C.
    """
    lines, (how, _, uncast) = [], nest.allocation.partition(" ")
    for buffer in nest.buffers:
        word, size = emitter.words[buffer.type], ast.product(list(buffer.extents))
        made = {
            "calloc": f"calloc({emitter.expression(size)}, sizeof({word}))",
            "malloc": f"malloc({emitter.expression(size, 14)} * sizeof({word}))",
            "new": f"new {word}[{emitter.expression(size)}]",
        }[how]
        cast = "" if uncast or how == "new" else f"({word} *)"
        lines.append(f"    {word} *{buffer.name} = {cast}{made};")
    return lines


def emit_releases(nest: Nest) -> list[str]:
    """Return the C++ lines that free the arrays that the function of `nest` makes itself; [] for
    none.
    """
    return [
        f"    delete[] {b.name};" if nest.allocation == "new" else f"    free({b.name});"
        for b in nest.buffers
    ]


def emit_repetition(emitter: CEmitter, nest: Nest, lines: list[str]) -> list[str]:
    """Return the C++ `lines` inside the loop that repeats the whole nest, indented further;
    unchanged if it has none. emitter: writes the nest's C.
    """
    if nest.repeated is None:
        return lines
    variable, count = nest.repeated
    step = emitter.printed((emitter.step(variable, 1),), "")[0].rstrip(";")
    head = f"for (int {variable} = 0; {variable} < {emitter.expression(count)}; {step})"
    return [f"    {head} {{", *[f"    {line}" for line in lines], "    }"]


def _emit_copy(emitter: CEmitter, region: Region) -> list[str]:
    if region.copied is None:
        return []
    target, source = region.copied
    array = emitter.parameters[target]
    size = f"{emitter.expression(ast.product(list(array.extents)), 14)} * sizeof"
    places = f"{emitter.named(target)}, {emitter.named(source)}"
    return [f"    memcpy({places}, {size}({emitter.words[array.type]}));"]


def _update(style: Style) -> Update:
    def update(target: ir.Expression, op: str, value: ir.Expression) -> tuple[ir.Statement, ...]:
        if op in ("max", "min"):
            return (ir.Assign(target, "=", ast.call(op, (target, value))),)
        if not style.compound:
            return (ir.Assign(target, "=", ir.Binary(op[0], target, value)),)
        counted = value == ast.ONE
        return (ir.Assign(target, "++", None) if counted else ir.Assign(target, op, value),)

    return update


def _loops(emitter: CEmitter, region: Region, nest: Nest, style: Style) -> list[str]:
    if nest.sequential:
        return emitter.block(region.body, "    ")
    axis = region.axes[0]
    turned = style.serial_loop == "while" and not axis.down and axis.shown is None
    if turned and len(region.axes) == 1 and not ast.has_continue(region.body):
        loop = emitter.loop(emit_serial_loop(axis, (), nest.index_type), ())
        step = emitter.step(axis.variable, axis.step)
        turn = ir.While(loop.test, (*emitter.statements(region.body), step))
        return emitter.printed((*loop.start, turn), "    ")
    return emit_nested_loops(emitter, region, nest, "    ")


def emit_nested_loops(emitter: CEmitter, region: Region, nest: Nest, pad: str) -> list[str]:
    """Return the C++ lines of a region's parallel loops, written as serial loops in one another,
    round its body. emitter: writes the nest's C. pad: the indent before each line.
    """
    body = region.body
    for axis in reversed(region.axes):
        body = (emit_serial_loop(axis, body, nest.index_type),)
    return emitter.block(body, pad, -len(region.axes))
