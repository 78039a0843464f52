"""Loops inside a nest as intrinsics and array statements: `s = sum(x)`, `low = minval(a, dim=2)`,
`v(:, i) = 0`.

Contract: the statements compute what the loops compute, or `InexpressibleError` is raised.

    python -c "from corpora.generator import generate; \\
        [print(c.programs['fortran'].text) for c in generate(30, 8) if 'fortran' in c.programs]"
"""

from __future__ import annotations

from corpora import ir
from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Axis, Region
from corpora.generator.emit.fortran_arrays import (
    SectionWriting,
    choose_intrinsic_name,
    emit_array_lines,
    find_names_outside_subscripts,
)
from corpora.generator.emit.fortran_expressions import HUGE, FortranExpressions, InexpressibleError


def emit_sum(say: FortranExpressions, first: tuple, loop: tuple, indent: str) -> str:
    """Return the Fortran line for `s = 0; for k: s += e` as `s = sum(e)`, and likewise for counts
    and extremes (`count`, `maxval`, `minval`, `dot_product`).

    say: writes expressions as Fortran. first, loop: the two statements, in this order. indent: put
        before the line.
    Raises InexpressibleError if they are something else.
    """
    loop = _read_upward(loop)
    if type(first) is ir.Assign and first.op != "=" or len(loop.body) != 1:
        raise InexpressibleError("no sum")
    target = ir.Name(first.name) if ast.is_local(first) else first.target
    name, summand = _fold_of(loop.body[0], target, first.value)
    if name != "sum" and not say.as_written:
        raise InexpressibleError("no sum")
    kind = first.type.name if ast.is_local(first) else say.type(target)
    typed = kind == say.type(summand) or name == "count" and kind == "i32"
    valued = loop.variable in find_names_outside_subscripts(summand)
    if target in ast.walk(summand) or not typed or valued:
        raise InexpressibleError("a sum of another type")
    text = say.element(target) if type(target) is ir.Access else target.id
    with SectionWriting(say, (_axis(loop),)) as sections:
        inside = say.condition(summand) if name == "count" else _folded_text(say, name, summand)
        if len(sections.orders) != 1:
            raise InexpressibleError("nothing to sum over")
    if not inside.startswith("dot_product("):
        inside = f"{choose_intrinsic_name(say, name)}({inside})"
    return f"{indent}{text} = {inside}"


def _read_upward(node: ir.Statement) -> ast.Count:
    """The parts of a loop that counts up in steps of one."""
    loop = ast.read_count(node) if ast.is_count(node) else None
    if loop is None or loop.step != 1 or loop.op not in ("<", "<="):
        raise InexpressibleError("no loop upwards")
    return loop


def _axis(loop: ast.Count) -> Axis:
    return Axis(loop.variable, loop.start, loop.stop, loop.op == "<=")


def _fold_of(step: tuple, target: tuple, value: tuple) -> tuple[str, tuple]:
    """The intrinsic that a loop's step makes of what, beginning with `value`."""
    zero = (
        type(value) is ir.Literal and value.text not in HUGE and float(value.text.rstrip("fF")) == 0
    )
    then = (ir.Assign(target, "+=", ast.ONE),)
    if type(step) is ir.If and zero and not step.otherwise and step.then == then:
        return "count", step.test
    if type(step) is not ir.Assign or step.target != target or step.pragmas:
        raise InexpressibleError("no sum")
    if step.op == "+=" and zero:
        return "sum", step.value
    call = step.value
    lowest = type(value) is ir.Unary
    begin = value.operand if lowest else value
    folds = type(call) is ir.Call and call.arguments[0] == target and step.op == "="
    if folds and type(begin) is ir.Literal and begin.text in HUGE:
        if call.function.id == ("max" if lowest else "min"):
            return "maxval" if lowest else "minval", call.arguments[1]
    raise InexpressibleError("no sum from zero")


def _folded_text(say: FortranExpressions, name: str, summand: tuple) -> str:
    """What is folded; a product of two elements may be `dot_product`."""
    product = type(summand) is ir.Binary and summand.op == "*" and "dot_product" not in say.types
    if name == "sum" and say.squares and say.as_written and product:
        left, right = summand.left, summand.right
        alike = type(left) is type(right) is ir.Access and left != right
        if alike and say.type(left) == say.type(right):
            texts, count = [], len(say.sections.orders)
            for side in (left, right):
                say.sections.orders.clear()
                texts.append(say.element(side))
                count += len(say.sections.orders)
            if count == 2:
                return f"dot_product({', '.join(texts)})"
    return say.value(summand)


def emit_inner_lines(say: FortranExpressions, loop: ir.For, indent: str) -> list[str]:
    """Return the Fortran lines of a loop that counts as array statements, each iteration working on
    an element of its own.

    say: writes expressions as Fortran. indent: put before each line.
    Raises InexpressibleError if it is no such loop.
    """
    loop = _read_upward(loop)
    stores = (type(s) is ir.Assign and not s.pragmas and type(s.target) is ir.Access
              for s in loop.body)  # fmt: skip
    if loop.also or not loop.body or not all(stores):
        raise InexpressibleError("no array statements")
    own = {s.target.base.id: s.target for s in loop.body}
    parts = [n for s in loop.body for e in ast.get_expressions(s) for n in ast.walk(e)]
    if any(type(n) is ir.Access and n.base.id in own and n != own[n.base.id] for n in parts):
        raise InexpressibleError("elements of other iterations")
    return emit_array_lines(say, Region((_axis(loop),), loop.body), indent)


def emit_dim_lines(
    say: FortranExpressions, region: Region, indent: str
) -> tuple[list[str], set[str]]:
    """Return (lines, unused) for a region, parallel loops with one body, that sums a matrix by rows
    or columns: the Fortran lines, such as `s = sum(a, dim=2)`, and the names of loop variables and
    locals that are then unused.

    say: writes expressions as Fortran. indent: put before each line.
    Raises InexpressibleError if the region is something else.
    """
    body = region.body
    if region.reduction is not None or len(region.axes) != 1 or not body or len(body) % 3:
        raise InexpressibleError("no totals along a dimension")
    lines, unused = [], {region.axes[0].variable}
    for first, loop, store in zip(body[::3], body[1::3], body[2::3]):
        lines.append(indent + _along(say, region.axes[0], first, loop, store))
        unused |= {first.name, loop.start[0].name}
    return lines, unused


def _along(say: FortranExpressions, axis: Axis, first: tuple, loop: tuple, store: tuple) -> str:
    loop = _read_upward(loop)
    stores = type(store) is ir.Assign and store.op == "=" and type(store.target) is ir.Access
    begins = ast.is_local(first) and first.value is not None
    if not begins or not stores or len(loop.body) != 1:
        raise InexpressibleError("no total along a dimension")
    name, summand = _fold_of(loop.body[0], ir.Name(first.name), first.value)
    kind = "i32" if name == "count" else say.type(summand)
    inside = {axis.variable, loop.variable, first.name}
    bounds = (n for e in (loop.start, loop.stop) for n in ast.walk(e))
    named = {n.id for n in bounds if type(n) is ir.Name} | find_names_outside_subscripts(summand)
    if first.type.name != kind or store.value != ir.Name(first.name) or inside & named:
        raise InexpressibleError("no total along a dimension")
    with SectionWriting(say, (axis, _axis(loop))) as sections:
        text = say.condition(summand) if name == "count" else say.value(summand)
        if len(sections.orders) != 1:
            raise InexpressibleError("sections in several orders")
        order = min(sections.orders)
    with SectionWriting(say, (axis,)) as sections:
        target = say.element(store.target)
        if not sections.orders:
            raise InexpressibleError("one element")
    dimension = len(order) - order.index(loop.variable)
    return f"{target} = {choose_intrinsic_name(say, name)}({text}, dim={dimension})"
