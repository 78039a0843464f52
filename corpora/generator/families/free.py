"""Long bodies of freely mixed statements: what is asked of a translator there is to copy exactly,
not to know a pattern.

Contract: as for the families of `lines`. A body works on places of its own iteration and on locals
that are set before they are read; inner loops nest two deep at most, and everything written inside
them belongs to the iteration too.

    python -c "from corpora.generator import generate; \\
        print(max((c.programs['cuda'].text for c in generate(40, 1)), key=len))"
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from corpora import ir
from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest
from corpora.generator.families.free_body import Body
from corpora.generator.families.free_steps import (
    blocks,
    held,
    inner_loop,
    neighbour,
    repeated,
    to_byte,
    walk,
)
from corpora.generator.families.grids import counted, extents, loops

_STEPS = (neighbour, inner_loop, inner_loop, repeated, blocks, to_byte, walk, held)


def statements(body: Body, count: int) -> tuple:
    """Return `count` or more new random statements for one iteration of a loop, after those that
    `body` has made already, in order. The last one writes an array element. body: what the
    iteration may read and write; it gets the new locals and arrays.
    """
    b = body.b
    menu: tuple[Callable[[], tuple], ...] = (
        *(body.declare,) * 4, *(body.store,) * 4, *(body.change,) * 3, *(body.branch,) * 4,
        body.declare_late, body.flag, *(partial(step, body) for step in _STEPS),
    )  # fmt: skip
    lines: tuple = body.made
    skips = b.rng.randrange(count) if b.chance(0.08) else -1
    for turn in range(count):
        if turn == skips:
            first = body.inside(1) if b.chance(0.4) else ()
            lines += (ir.If(body.condition(), (*first, ir.Jump("continue"))),)
        made = b.pick(menu)()
        body.frozen |= {s.name for s in made if ast.is_local(s) and s.type.const}
        lines += made
    if type(lines[-1]) is not ir.Assign or type(lines[-1].target) is not ir.Access:
        place, op = body.target(), b.pick(("=", "=", "+="))
        value = b.pick(tuple(b.locals)) if b.locals else body.value()
        lines += (ir.Assign(place, op, value),)
    return lines


def _count(b: Builder) -> int:
    return b.pick((2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 7, 9))


def free_line(b: Builder) -> Nest:
    """Draw a generated computation of one parallel loop round a body of freely mixed statements."""
    n = b.size(names.SIZES, (1, 3, 8, 17))
    i = ir.Name(b.name(names.LOOPS, "i32"))
    body = Body(b, (i,), (n,))
    return Nest.of(Axis(i.id, ast.ZERO, n), statements(body, _count(b)), before=body.before)


def free_grid(b: Builder) -> Nest:
    """Draw a generated computation of two or three nested parallel loops round a body of freely
    mixed statements.
    """
    sides = extents(b, 2 if b.chance(0.85) else 3)
    variables, axes = loops(b, sides)
    body = Body(b, variables, sides)
    return Nest.of(axes, statements(body, _count(b)), before=body.before)


def free_deep(b: Builder) -> Nest:
    """Draw a computation of four nested loops for the generator. The outer three are parallel: the
    kernel's index stands for them.
    """
    words = b.pick((("b0", "k", "j", "i"), ("n0", "c0", "y", "x"), ("batch_i", "ch", "row", "col")))
    variables = tuple(ir.Name(b.exact(w, "i32")) for w in words)
    sides = tuple(b.size((w,), (1, 2, 3)) for w in ("batch", "channels", "h", "w"))
    order = list(range(4)) if b.chance(0.5) else b.rng.sample(range(4), 4)
    body = Body(b, variables, sides)
    made = statements(body, b.pick((1, 1, 2, 2, 3)))
    inner = counted(variables[order[3]], sides[order[3]], *made)
    axes = tuple(Axis(variables[k].id, ast.ZERO, sides[k]) for k in order[:3])
    return Nest.of(axes, (inner,), before=body.before)


def free_rows(b: Builder) -> Nest:
    """Draw a generated computation with a parallel loop over rows, one for each thread, and a
    sequential one over columns inside.
    """
    n, m = extents(b, 2)
    i, j = ir.Name(b.name(names.LOOPS, "i32")), ir.Name(b.name(names.INNER, "i32"))
    total = ast.at(b.output((n,)), (i,))
    outer = Body(b, (i,), (n,))
    head = statements(outer, b.pick((1, 1, 2))) if b.chance(0.4) else outer.made
    inner = Body(b, (i, j), (n, m))
    inner.frozen = outer.frozen  # what is constant outside is so inside
    body = statements(inner, b.pick((1, 2, 2, 3)))
    if b.chance(0.5) or not head:
        body += (ir.Assign(total, b.pick(("+=", "+=", "-=")), b.pick(tuple(inner.inputs))),)
    tail: tuple = ()
    if b.chance(0.4):
        op = b.pick(("=", "+=", "/=")) if b.kind in FLOATS else "+="
        tail = (ir.Assign(total, op, b.number()),)
    made = (*head, counted(j, m, *body), *tail)
    return Nest.of(Axis(i.id, ast.ZERO, n), made, before=inner.before)
