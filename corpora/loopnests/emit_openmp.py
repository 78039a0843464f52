"""The OpenMP C++ function of a nest: the serial function with directives, clauses and atomic updates.

python -c "from corpora.loopnests import generate; print(next(generate(1, 0)).programs['openmp'].text)"
"""

from __future__ import annotations

from corpora.loopnests import expressions as ast
from corpora.loopnests.emit_c import CEmitter, local_names, serial_loop
from corpora.loopnests.nest import Nest, Region, Style


def emit_openmp(nest: Nest, style: Style) -> str:
    """One function with a `parallel for` round every region."""
    emitter = CEmitter(nest, style, lambda target, op, value: _update(target, op, value, style))
    kept, style.hoist = style.hoist, False
    before = emitter.block(nest.before, "    ")
    style.hoist = kept
    lines = emitter.locals_at_top(nest, "    ") + before
    for region in nest.regions:
        lines += _directive(nest, style, region)
        body = region.body
        for axis in reversed(region.axes):
            body = (serial_loop(axis, body, nest.index_type),)
        emitter._depth = -len(region.axes)
        if style.split_pragma:
            head = "        #pragma omp for" + loop_clauses(region, style)
            lines += ["    {", head, *emitter.block(body, "        "), "    }"]
        else:
            lines += emitter.block(body, "    ")
        emitter._depth = 0
    style.hoist = False
    lines += emitter.block(nest.after, "    ")
    style.hoist = kept
    word = emitter.words[nest.result] if nest.result else "void"
    return f"{word} {style.names[0]}({emitter.parameter_list(nest)}) {{\n" + "\n".join(lines) + "\n}\n"


def loop_clauses(region: Region, style: Style) -> str:
    """collapse and schedule, which belong to the loop."""
    collapse = f" collapse({len(region.axes)})" if style.collapse and len(region.axes) > 1 else ""
    return collapse + (f" schedule({style.schedule})" if style.schedule else "")


def data_clauses(nest: Nest, style: Style, region: Region) -> str:
    """private for what is declared outside the loop, reduction for the accumulator."""
    outer = local_names(Nest(nest.name, [], [region], index_type=nest.index_type), style)
    if not style.split_pragma:
        outer.pop(region.axes[0].variable, None)
    private = f" private({', '.join(outer)})" if outer else ""
    if region.reduction is None:
        return private
    op, variable = region.reduction
    return f"{private} reduction({op}:{variable})"


def _directive(nest: Nest, style: Style, region: Region) -> list[str]:
    if style.split_pragma:
        return ["    #pragma omp parallel" + data_clauses(nest, style, region)]
    simd = " simd" if style.simd and _plain(region) else ""
    return [f"    #pragma omp parallel for{simd}{loop_clauses(region, style)}{data_clauses(nest, style, region)}"]


def _plain(region: Region) -> bool:
    """One axis and assignments only: what `simd` may stand on without further thought."""
    return len(region.axes) == 1 and all(type(s) is ast.Assign and not s.atomic for s in region.body)


def _update(target: str, op: str, value: str, style: Style) -> list[str]:
    if op in ("max", "min"):
        return ["#pragma omp critical", f"{target} = {op}({target}, {value});"]
    if value == "1" and style.compound and not target.startswith("*"):
        return ["#pragma omp atomic", f"{target}++;"]
    return ["#pragma omp atomic", f"{target} {op} {value};"]
