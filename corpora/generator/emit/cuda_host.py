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

from dataclasses import dataclass, replace

from corpora import ir
from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Nest, Parameter, Region, Structure, Style
from corpora.generator.emit.c_statements import CEmitter, emit_serial_loop
from corpora.generator.emit.cuda import choose_fresh_name, emit_cuda
from corpora.generator.emit.structures import list_parameters, prepare_for_kernel


def can_launch(nest: Nest) -> bool:
    """Return whether `emit_cuda_host` can write this nest: it returns a value, its parameters are
    scalars and flat arrays, and its kernel is run by one thread or shares totals that are declared
    before its one region.
    """
    region, flat = nest.regions[0], all(p.kind in ("scalar", "array") for p in nest.parameters)
    if not nest.result or not nest.kernel or not flat:
        return False
    if nest.sequential:
        return True
    if len(nest.regions) > 1 or region.reduction is None:
        return False
    declared = [s.name if ast.is_local(s) else "" for s in nest.before]
    return declared == region.reduction[1].split(", ")


@dataclass(frozen=True, slots=True)
class _Cell:
    """A value that the kernel leaves in device memory. place, name: there and on the host. start:
    the text of its first value, which goes there; '' for none.
    """

    place: str
    name: str
    word: str
    start: str = ""


def emit_cuda_host(nest: Nest, style: Style) -> str:
    """Return CUDA text for a nest that returns a value: a `__global__` kernel, and the host
    function that copies arrays to the device, launches it and returns the value. nest: one for
    which `can_launch` is True. style: how it is written.
    """
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
        _launched(nest, given), regions=[Region(region.axes[:1], body)], before=(), after=()
    )
    simple = {"guard": "if", "shared_sum": False, "linear": False, "block_rows": False}
    written = replace(style, names=(style.names[0], kernel), **simple)
    emitter = CEmitter(nest, replace(style, hoist=False))
    copies = DeviceCopies(emitter, nest, used)
    made = [
        _Cell(cells[t.name], t.name, emitter.words[t.type.name], emitter.expression(t.value))
        for t in nest.before
    ]
    launch = f"{kernel}<<<{emitter.expression(region.axes[0].stop, 15)} / 256 + 1, 256>>>"
    after = emitter.block(nest.after, "    ")
    return emit_cuda(inner, written) + "\n" + _host(emitter, nest, copies, made, launch, after)


def _launched(nest: Nest, given: list[Parameter]) -> Nest:
    """The nest that a kernel does: it takes further parameters and returns nothing."""
    return replace(
        prepare_for_kernel(nest, launched=True),
        parameters=[*nest.parameters, *given],
        result=None,
        types={**(nest.types or {}), **{p.name: p.type for p in given}},
    )


def _atomic(statement: tuple, cells: dict[str, str]) -> tuple:
    """The statement with updates of the totals, each in its cell, made atomic."""
    if (cell := _cell_of(statement, cells)) is not None:
        return ast.atomic(cell, statement.op, statement.value)
    if type(statement) is ir.If:
        inside = statement.then[0]
        if (cell := _cell_of(inside, cells)) is not None and inside.op == "=":
            op = "max" if statement.test.op == ">" else "min"
            return ast.atomic(cell, op, inside.value)
        then, other = (
            tuple(_atomic(s, cells) for s in block) for block in ast.get_blocks(statement)
        )
        return replace(statement, then=then, otherwise=other)
    if ast.is_count(statement):
        return replace(statement, body=tuple(_atomic(s, cells) for s in statement.body))
    return statement


def _cell_of(statement: tuple, cells: dict[str, str]) -> ir.Access | None:
    """The cell of the total that the statement assigns to, if it does."""
    word = ast.name_of(statement.target) if type(statement) is ir.Assign else ""
    return ast.at(cells[word], (ast.ZERO,)) if word in cells else None


def _host(
    emitter: CEmitter,
    nest: Nest,
    copies: DeviceCopies,
    cells: list[_Cell],
    launch: str,
    after: list[str],
) -> str:
    """The function that launches a kernel, and `after` it."""
    sent = [c for c in cells if c.start]
    lines = [
        *copies.declared,
        *(f"{c.word} *{c.place};" for c in cells),
        *(f"{c.word} {c.name}{f' = {c.start}' if c.start else ''};" for c in cells),
        *copies.made,
        *(f"cudaMalloc(&{c.place}, sizeof({c.word}));" for c in cells),
        *copies.sent,
        *(_copy(c.place, f"&{c.name}", f"sizeof({c.word})", "HostToDevice") for c in sent),
        f"{launch}({', '.join([*copies.given, *(c.place for c in cells)])});",
        *copies.fetched,
        *(_copy(f"&{c.name}", c.place, f"sizeof({c.word})", "DeviceToHost") for c in cells),
        *copies.freed,
        *(f"cudaFree({c.place});" for c in cells),
    ]
    word, name = emitter.words[nest.result], emitter.style.names[1]
    head = f"{word} {name}({emitter.parameter_list(nest)}) {{"
    return "\n".join([head, *(f"    {line}" for line in lines), *after, "}"]) + "\n"


def _copy(to: str, source: str, size: str, way: str) -> str:
    return f"cudaMemcpy({to}, {source}, {size}, cudaMemcpy{way});"


def emit_size(emitter: CEmitter, parameter: Parameter) -> str:
    """Return the C text of an array's size in bytes, such as `n * sizeof(float)`. emitter: writes
    the nest's C. parameter: the array.
    """
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
    result = Parameter(cell, "array", kind, written=True)
    inner = replace(_launched(nest, [result]), regions=[Region((), body)])
    emitter = CEmitter(nest, style)
    copies = DeviceCopies(emitter, nest, used)
    cells = [_Cell(cell, answer, emitter.words[kind])]
    after = [f"    return {answer};"]
    text = emit_cuda(inner, replace(style, names=(style.names[0], kernel)))
    return text + "\n" + _host(emitter, nest, copies, cells, f"{kernel}<<<1, 1>>>", after)


def _store_results(statement: tuple, place: ir.Access) -> tuple:
    """The statement with every `return value;` inside it as a store and a return."""

    def block(statements: tuple) -> tuple:
        made: tuple = ()
        for s in (_store_results(s, place) for s in statements):
            gives = type(s) is ir.Return and s.value is not None
            made += (ir.Assign(place, "=", s.value), ir.Return()) if gives else (s,)
        return made

    if type(statement) is ir.If:
        return replace(statement, then=block(statement.then), otherwise=block(statement.otherwise))
    loop = type(statement) in (ir.For, ir.While)
    return replace(statement, body=block(statement.body)) if loop else statement


class DeviceCopies:
    """What a host function needs to hand the arrays of a nest to a kernel.

    emitter: writes the nest's C. used: names that are taken; new ones are added.
    declared, made, sent, fetched, freed: C lines, without indent, that declare the copies on the
        device, allocate, fill, fetch (those that are written) and free them. given: arguments of
        the launch, in order.
    device: the name of the copy on the device by the name of the array parameter.
    """

    def __init__(self, emitter: CEmitter, nest: Nest, used: set[str]) -> None:
        self.given: list[str] = []
        self.declared: list[str] = []
        self.device: dict[str, str] = {}
        self._moved: list[tuple[str, str, str, bool]] = []
        """(on the device, on the host, bytes, written) of every array."""
        for each in list_parameters(nest):
            self._take(emitter, each, used)
        self.made = [f"cudaMalloc(&{there}, {size});" for there, _, size, _ in self._moved]
        self.sent = [
            _copy(there, here, size, "HostToDevice") for there, here, size, _ in self._moved
        ]
        self.fetched = [
            _copy(here, there, size, "DeviceToHost")
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
    """Return a free name for the device copy of the array named `word`, such as `d_x`, and add it
    to `used`, the names that are taken. Raises AssertionError if none is free.
    """
    return choose_fresh_name((f"d_{word}", f"dev_{word}", f"{word}_dev"), used)


def emit_launch_shape(
    emitter: CEmitter, nest: Nest, style: Style, used: set[str]
) -> tuple[str, list[str]]:
    """Return (text of grid and block of a launch, lines that declare them), with one dimension for
    each parallel loop of the nest's first region.

    The text is such as `n / 256 + 1, 256`, without lines, for one loop, and `grid, block` for more.
    emitter: writes the nest's C. used: names that are taken; new ones are added.
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
