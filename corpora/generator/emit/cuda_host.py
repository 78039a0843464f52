"""The CUDA function of a nest that returns a value: a kernel, and the host code round its launch.

Contract: the host function has the serial function's parameters, all in host memory, and result.
Arrays are copied to the device whole, written ones back. Totals are cells that threads, one an
iteration of the first axis, update atomically; what depends on its order is one thread's, which
stores the result in a cell of its type.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(99, 2) if '<<<' in c.programs.get('cuda', \\
        c.programs['cpp']).text][0])"
"""

from __future__ import annotations

from dataclasses import replace

from corpora import ir
from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Nest, Parameter, Region, Structure, Style
from corpora.generator.emit.c_statements import CEmitter, emit_serial_loop
from corpora.generator.emit.cuda import choose_fresh_name, emit_cuda
from corpora.generator.emit.structures import list_parameters, prepare_for_kernel


def can_launch(nest: Nest) -> bool:
    """Return whether `emit_cuda_host` can write this nest."""
    region = nest.regions[0]
    if _by_one_thread(nest):
        return True
    if not nest.result or not nest.kernel or len(nest.regions) > 1 or region.reduction is None:
        return False
    totals = region.reduction[1].split(", ")
    plain = [s.name for s in nest.before if ast.is_local(s)] == totals and len(nest.before) == len(
        totals
    )
    return plain and all(p.kind in ("scalar", "array") for p in nest.parameters)


def _by_one_thread(nest: Nest) -> bool:
    """Whether one thread does all and returns a value at the end or before."""
    return (
        nest.sequential
        and bool(nest.result)
        and nest.kernel
        and all(p.kind in ("scalar", "array") for p in nest.parameters)
    )


def emit_cuda_host(nest: Nest, style: Style) -> str:
    """A `__global__` function and the function that launches it."""
    if nest.sequential:
        return _emit_with_result(nest, style)
    region, used = nest.regions[0], set(nest.types or {})
    cells = {
        total.name: choose_fresh_name((f"d_{total.name}", f"{total.name}_out"), used)
        for total in nest.before
    }
    kernel = choose_fresh_name((f"{style.names[1]}_kernel", f"{style.names[1]}_k"), used)
    given = [
        Parameter(cells[total.name], "array", total.type.name, (ast.ONE,), written=True)
        for total in nest.before
    ]
    body = tuple(_atomic(s, cells) for s in region.body)
    for axis in reversed(region.axes[1:]):
        body = (emit_serial_loop(axis, body, nest.index_type),)
    inner = replace(
        prepare_for_kernel(nest, launched=True),
        parameters=[*nest.parameters, *given],
        regions=[Region(region.axes[:1], body)],
        before=(),
        after=(),
        result=None,
        types={**(nest.types or {}), **{p.name: p.type for p in given}},
    )
    written = replace(
        style,
        names=(style.names[0], kernel),
        guard="if",
        shared_sum=False,
        linear=False,
        block_rows=False,
    )
    return emit_cuda(inner, written) + "\n" + _host(nest, style, list(cells.values()), kernel, used)


def _atomic(statement: tuple, cells: dict[str, str]) -> tuple:
    """The statement with updates of the totals, each in its cell, made atomic."""
    if (cell := _cell_of(statement, cells)) is not None:
        return ast.atomic(cell, statement.op, statement.value)
    if type(statement) is ir.If:
        inside = statement.then[0]
        if (cell := _cell_of(inside, cells)) is not None and inside.op == "=":
            op = "max" if statement.test.op == ">" else "min"
            return ast.atomic(cell, op, inside.value)
        inner = (
            tuple(_atomic(s, cells) for s in block)
            for block in (statement.then, statement.otherwise)
        )
        return replace(statement, then=next(inner), otherwise=next(inner))
    if ast.is_count(statement):
        return replace(statement, body=tuple(_atomic(s, cells) for s in statement.body))
    return statement


def _cell_of(statement: tuple, cells: dict[str, str]) -> ir.Access | None:
    """The cell of the total that the statement assigns to, if it does."""
    word = (
        statement.target.id
        if type(statement) is ir.Assign and type(statement.target) is ir.Name
        else ""
    )
    return ast.at(cells[word], (ast.ZERO,)) if word in cells else None


def _host(nest: Nest, style: Style, cells: list[str], kernel: str, used: set[str]) -> str:
    emitter = CEmitter(nest, style)
    axis, words = nest.regions[0].axes[0], [emitter.words[t.type.name] for t in nest.before]
    totals = list(zip(nest.before, cells, words))
    copies = DeviceCopies(emitter, nest, used)
    lines = [*copies.declared, *[f"{word} *{cell};" for _, cell, word in totals]]
    lines += [
        f"{word} {total.name} = {emitter.expression(total.value)};" for total, _, word in totals
    ]
    lines += [*copies.made, *[f"cudaMalloc(&{cell}, sizeof({word}));" for _, cell, word in totals]]
    lines += [
        *copies.sent,
        *[
            f"cudaMemcpy({cell}, &{total.name}, sizeof({word}), cudaMemcpyHostToDevice);"
            for total, cell, word in totals
        ],
    ]
    lines.append(
        f"{kernel}<<<{emitter.expression(axis.stop, 15)} / 256 + 1, "
        f"256>>>({', '.join([*copies.given, *cells])});"
    )
    lines += [
        *copies.fetched,
        *[
            f"cudaMemcpy(&{total.name}, {cell}, sizeof({word}), cudaMemcpyDeviceToHost);"
            for total, cell, word in totals
        ],
    ]
    lines += [*copies.freed, *[f"cudaFree({cell});" for cell in cells]]
    hoisted, style.hoist = style.hoist, False
    after = emitter.block(nest.after, "    ")
    style.hoist = hoisted
    head = f"{emitter.words[nest.result]} {style.names[1]}({emitter.parameter_list(nest)}) {{"
    return "\n".join([head, *[f"    {line}" for line in lines], *after, "}"]) + "\n"


def emit_size(emitter: CEmitter, parameter: Parameter) -> str:
    """Return the C text of an array's size in bytes."""
    size = emitter.expression(ast.product(list(parameter.extents)), 15)
    return f"{size} * sizeof({emitter.words[parameter.type]})"


def _emit_with_result(nest: Nest, style: Style) -> str:
    """One thread stores what the serial function returns in a cell of the result's type, which the
    host brings back.
    """
    used = set(nest.types or {})
    kernel = choose_fresh_name((f"{style.names[1]}_kernel", f"{style.names[1]}_k"), used)
    answer = choose_fresh_name(("result", "answer", "h_result"), used)
    cell = choose_fresh_name((f"d_{answer}", f"{answer}_out"), used)
    place, kind = ast.at(cell, (ast.ZERO,)), nest.result or ""
    *most, last = nest.regions[0].body
    body = (*(_store_results(s, place) for s in most), ir.Assign(place, "=", last.value))
    inner = replace(
        prepare_for_kernel(nest, launched=True),
        parameters=[*nest.parameters, Parameter(cell, "array", kind, written=True)],
        regions=[Region((), body)],
        result=None,
        types={**(nest.types or {}), cell: kind},
    )
    written = replace(style, names=(style.names[0], kernel))
    emitter = CEmitter(nest, style)
    copies, word = DeviceCopies(emitter, nest, used), emitter.words[kind]
    lines = [
        *copies.declared,
        f"{word} *{cell};",
        f"{word} {answer};",
        *copies.made,
        f"cudaMalloc(&{cell}, sizeof({word}));",
        *copies.sent,
    ]
    lines.append(f"{kernel}<<<1, 1>>>({', '.join([*copies.given, cell])});")
    lines += [
        *copies.fetched,
        f"cudaMemcpy(&{answer}, {cell}, sizeof({word}), cudaMemcpyDeviceToHost);",
        *copies.freed,
        f"cudaFree({cell});",
    ]
    head = f"{word} {style.names[1]}({emitter.parameter_list(nest)}) {{"
    return (
        emit_cuda(inner, written)
        + "\n"
        + "\n".join([head, *[f"    {line}" for line in lines], f"    return {answer};", "}"])
        + "\n"
    )


def _store_results(statement: tuple, place: ir.Access) -> tuple:
    """The statement with every `return value;` inside it as a store and a return."""

    def block(statements: tuple) -> tuple:
        made = tuple(_store_results(s, place) for s in statements)
        return tuple(
            p
            for s in made
            for p in (
                (ir.Assign(place, "=", s.value), ir.Return())
                if type(s) is ir.Return and s.value is not None
                else (s,)
            )
        )

    if type(statement) is ir.If:
        return replace(statement, then=block(statement.then), otherwise=block(statement.otherwise))
    return (
        replace(statement, body=block(statement.body))
        if type(statement) in (ir.For, ir.While)
        else statement
    )


class DeviceCopies:
    """Lines that declare, allocate, fill, fetch and free arrays on the device, and the arguments of
    the launch. used: names that are taken; new ones are added.
    """

    def __init__(self, emitter: CEmitter, nest: Nest, used: set[str]) -> None:
        self.given: list[str] = []
        self.declared: list[str] = []
        self.device: dict[str, str] = {}
        """Array parameter -> its place on the device."""
        self._moved: list[tuple[str, str, str, bool]] = []
        """(on the device, on the host, bytes, written) of every array."""
        for each in list_parameters(nest):
            self._take(emitter, each, used)
        self.made = [f"cudaMalloc(&{there}, {size});" for there, _, size, _ in self._moved]
        self.sent = [
            f"cudaMemcpy({there}, {here}, {size}, cudaMemcpyHostToDevice);"
            for there, here, size, _ in self._moved
        ]
        self.fetched = [
            f"cudaMemcpy({here}, {there}, {size}, cudaMemcpyDeviceToHost);"
            for there, here, size, written in self._moved
            if written
        ]
        self.freed = [f"cudaFree({there});" for there, *_ in self._moved]

    def _take(self, emitter: CEmitter, each: Parameter | Structure, used: set[str]) -> None:
        if type(each) is Structure:
            self._take_structure(emitter, each, used)
            return
        self.given.append(each.name)
        if each.kind == "array":
            self.given[-1] = self.device[each.name] = make_device_name(each.name, used)
            self.declared.append(f"{emitter.words[each.type]} *{self.given[-1]};")
            self._moved.append((self.given[-1], each.name, emit_size(emitter, each), each.written))

    def _take_structure(self, emitter: CEmitter, each: Structure, used: set[str]) -> None:
        """An array of structures goes there as a whole; of one that holds pointers a copy does,
        with places on the device.
        """
        whole = f"*{each.owner}" if each.passing == "pointer" else each.owner
        fields = [(field, emitter.parameters[word]) for field, word in each.fields]
        self.given.append(whole)
        if each.passing == "array":
            self.given[-1] = make_device_name(each.owner, used)
            self.declared.append(f"{each.type} *{self.given[-1]};")
            size = emitter.expression(ast.product(list(fields[0][1].extents)), 15)
            self._moved.append(
                (self.given[-1], each.owner, f"{size} * sizeof({each.type})", not each.constant)
            )
        elif each.points:
            self.given[-1] = make_device_name(each.owner, used)
            self.declared.append(f"{each.type} {self.given[-1]} = {whole};")
            for field, p in fields:
                if p.kind == "array":
                    self.device[p.name] = there = f"{self.given[-1]}.{field}"
                    self._moved.append(
                        (there, emitter.named(p.name), emit_size(emitter, p), p.written)
                    )


def make_device_name(word: str, used: set[str]) -> str:
    """Return a free name for the device copy of the array `word`, such as `d_x`, and add it to
    `used`.
    """
    return choose_fresh_name((f"d_{word}", f"dev_{word}", f"{word}_dev"), used)


def emit_launch_shape(
    emitter: CEmitter, nest: Nest, style: Style, used: set[str]
) -> tuple[str, list[str]]:
    """Return (text of grid and block of a launch, lines that declare them), with one dimension per
    loop. used: names that are taken; new ones are added.
    """
    stops = [emitter.expression(axis.stop, 15) for axis in nest.regions[0].axes]
    if len(stops) == 1:
        return f"{stops[0]} / 256 + 1, 256", []
    stops = stops[::-1] if style.swap_xy else stops
    side = 16 if len(stops) == 2 else 8
    block, grid = (
        choose_fresh_name(("block", "threads", "blockSize"), used),
        choose_fresh_name(("grid", "blocks", "gridSize"), used),
    )
    sides = ", ".join([str(side)] * len(stops))
    return f"{grid}, {block}", [
        f"dim3 {block}({sides});",
        f"dim3 {grid}({', '.join(f'{s} / {side} + 1' for s in stops)});",
    ]
