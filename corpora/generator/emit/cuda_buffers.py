"""The CUDA function of a nest that allocates arrays of its own: a kernel for every region, and the
host code round the launches.

Contract: the host function has the serial function's parameters, all in host memory. The function's
own arrays exist on the device only; every kernel takes all parameters and then these. What the
serial text copies whole, the device copies whole.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(900, 4, 'broad') if 'alloc(' in c.programs['cpp'].text][0])"
"""

from __future__ import annotations

from dataclasses import replace

from corpora.generator.core.nest import Nest, Region, Style
from corpora.generator.emit.c_statements import CEmitter
from corpora.generator.emit.cpp import emit_repetition
from corpora.generator.emit.cuda import choose_fresh_name, emit_cuda
from corpora.generator.emit.cuda_host import DeviceCopies, emit_launch_shape, emit_size
from corpora.generator.emit.structures import prepare_for_kernel


def emit_cuda_buffers(nest: Nest, style: Style) -> str:
    """Return CUDA text for a nest whose function allocates arrays: its kernels, one for each
    region, and the host function that copies, launches them in order and frees. style: how it is
    written.
    """
    used = set(nest.types or {})
    emitter = CEmitter(nest, style)
    copies = DeviceCopies(emitter, nest, used)
    kernels = [
        choose_fresh_name((f"{style.names[1]}_kernel{n}", f"{style.names[1]}_k{n}"), used)
        for n in _numbers(nest)
    ]
    given = ", ".join([*copies.given, *(b.name for b in nest.buffers)])
    shapes, turns = {}, []
    for region, kernel in zip(nest.regions, kernels):
        stops = tuple(axis.stop for axis in region.axes)
        if stops not in shapes:
            shapes[stops] = emit_launch_shape(emitter, replace(nest, regions=[region]), style, used)
        turns.append(f"    {kernel}<<<{shapes[stops][0]}>>>({given});")
        turns += _emit_copy(emitter, region, copies)
    lines = [*copies.declared, *[f"{emitter.words[b.type]} *{b.name};" for b in nest.buffers]]
    lines += [
        *copies.made,
        *[f"cudaMalloc(&{b.name}, {emit_size(emitter, b)});" for b in nest.buffers],
        *copies.sent,
    ]
    if nest.allocation.startswith("calloc"):
        lines += [f"cudaMemset({b.name}, 0, {emit_size(emitter, b)});" for b in nest.buffers]
    lines += [line for _, declared in shapes.values() for line in declared]
    after = [*copies.fetched, *copies.freed, *[f"cudaFree({b.name});" for b in nest.buffers]]
    head = f"void {style.names[1]}({emitter.parameter_list(nest)}) {{"
    lines = [*emitter.block(nest.before, "    "), *_indent(lines)]
    host = [head, *lines, *emit_repetition(emitter, nest, turns), *_indent(after), "}"]
    texts = [_kernel(nest, style, r, kernel) for r, kernel in zip(nest.regions, kernels)]
    return "\n".join([*texts, *host]) + "\n"


def _numbers(nest: Nest) -> list[str]:
    return [""] if len(nest.regions) == 1 else [str(n) for n in range(1, len(nest.regions) + 1)]


def _indent(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _kernel(nest: Nest, style: Style, region: Region, kernel: str) -> str:
    arrays = {"parameters": [*nest.parameters, *nest.buffers], "buffers": ()}
    alone = {"regions": [region], "before": (), "repeated": None}
    inner = replace(prepare_for_kernel(nest, launched=True), **arrays, **alone)
    index = 4 if style.index == 5 and len(region.axes) > 1 else style.index
    simple = {"guard": "if", "index": index, "linear": False, "block_rows": False}
    return emit_cuda(inner, replace(style, names=(style.names[0], kernel), **simple))


def _emit_copy(emitter: CEmitter, region: Region, copies: DeviceCopies) -> list[str]:
    """The whole of an array copied on the device."""
    if region.copied is None:
        return []
    target, source = (copies.device.get(word, word) for word in region.copied)
    size = emit_size(emitter, emitter.parameters[region.copied[0]])
    return [f"    cudaMemcpy({target}, {source}, {size}, cudaMemcpyDeviceToDevice);"]
