"""The OpenMP C++ function of a nest: the serial function with directives, clauses and atomic
updates.

python -c "from corpora.generator import generate; \\
    print(next(generate(1, 0)).programs['openmp'].text)"
"""

from __future__ import annotations

from dataclasses import replace

from corpora import ir
from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Nest, Region, Style
from corpora.generator.emit.c_statements import CEmitter, Update, find_local_names
from corpora.generator.emit.cpp import emit_host_function, emit_nested_loops


def emit_openmp(nest: Nest, style: Style) -> str:
    """Return the text of the OpenMP C++ function of a nest, a generated computation, with a
    `parallel for` round every region. style: how it is written. Definitions of its structures are
    not in it.
    """
    return emit_host_function(nest, style, _update, _loops)


def _loops(emitter: CEmitter, region: Region, nest: Nest, style: Style) -> list[str]:
    region = replace(
        region, axes=tuple(replace(a, shown=None) if a.shown else a for a in region.axes)
    )  # OpenMP wants `i < n`
    lines = _directive(nest, style, region)
    if not style.split_pragma:
        return lines + emit_nested_loops(emitter, region, nest, "    ")
    head = "        #pragma omp for" + emit_loop_clauses(region, style)
    return [*lines, "    {", head, *emit_nested_loops(emitter, region, nest, "        "), "    }"]


def emit_loop_clauses(region: Region, style: Style) -> str:
    """Return the clauses `collapse` and `schedule` of an OpenMP directive as text, with a blank
    before each, such as ` collapse(2)`; '' for none. region: the parallel loops that it governs.
    style: has the schedule.
    """
    collapse = f" collapse({len(region.axes)})" if len(region.axes) > 1 else ""
    return collapse + (f" schedule({style.schedule})" if style.schedule else "")


def emit_data_clauses(nest: Nest, style: Style, region: Region) -> str:
    """Return the clauses `private` and `reduction` of an OpenMP directive as text, with a blank
    before each, such as ` reduction(+:s)`; '' for none. region: the parallel loops of `nest` that
    it governs. style: says which variables are declared outside.
    """
    outer = find_local_names(Nest([region], index_type=nest.index_type), style)
    if not style.split_pragma:
        outer.pop(region.axes[0].variable, None)
    private = f" private({', '.join(outer)})" if outer else ""
    if region.reduction is None:
        return private
    op, variable = region.reduction
    return f"{private} reduction({op}:{variable})"


def _directive(nest: Nest, style: Style, region: Region) -> list[str]:
    if style.split_pragma:
        return ["    #pragma omp parallel" + emit_data_clauses(nest, style, region)]
    simd = " simd" if style.simd and is_simple(region) else ""
    clauses = emit_loop_clauses(region, style) + emit_data_clauses(nest, style, region)
    return [f"    #pragma omp parallel for{simd}{clauses}"]


def is_simple(region: Region) -> bool:
    """Return whether a region is one loop of assignments, so that `simd` may stand on it."""
    plain = all(type(s) is ir.Assign and not s.pragmas for s in region.body)
    return plain and len(region.axes) == 1


def _update(style: Style) -> Update:
    def update(target: ir.Expression, op: str, value: ir.Expression) -> tuple[ir.Statement, ...]:
        if op in ("max", "min"):
            longest = ast.call(op, (target, value))
            return (ir.Assign(target, "=", longest, pragmas=(ir.Pragma("omp", "critical"),)),)
        counted = value == ast.ONE and style.compound and type(target) is not ir.Unary
        made = ir.Assign(target, "++", None) if counted else ir.Assign(target, op, value)
        return (replace(made, pragmas=ast.ATOMIC),)

    return update
