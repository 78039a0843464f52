"""Functions on tables of rows (`float **h`) that do their loops and return a constant that says how the work went.

Contract: as for the parallel families; every matrix is of the kind `rows`, whose rows the CUDA text copies one by one.

    python -c "from corpora.loopnests import generate; print([c for c in generate(2000, 4, 'broad') if '_rows[' in str(c)][0])"
"""

from __future__ import annotations

from corpora.loopnests import effects, names
from corpora.loopnests import expressions as ast
from corpora.loopnests.builder import Builder
from corpora.loopnests.nest import Axis, Nest, Region
from corpora.loopnests.one_thread import counters, put, sides
from corpora.loopnests.points import Point


def _coded(b: Builder, axes: tuple[Axis, ...], body: tuple) -> Nest:
    """A nest whose matrices are tables of rows, with a constant for its result."""
    for parameter in b.parameters:
        if parameter.kind == "array" and len(parameter.extents) == 2:
            parameter.kind = "rows"
    kind = b.pick(("i32",) * 5 + ("bool",))
    code: tuple = b.pick((ast.ZERO, ast.ZERO, ast.ONE, ast.ONE, ast.whole(-1))) if kind == "i32" else ast.Literal("true", "bool")
    nest = Nest("", [], [Region(axes, body)], after=(ast.Jump("return", code),), result=kind, c_only=kind == "bool")
    if b.chance(0.2):
        failed = ast.Literal("false", "bool") if kind == "bool" else ast.whole(0 if code != ast.ZERO else b.pick((1, -1)))
        nest.before, nest.c_only = (ast.If(ast.compare(axes[0].stop, "<=", ast.ZERO), (ast.Jump("return", failed),)),), True
    return nest


def coded(b: Builder) -> Nest:
    """Element-wise work on rows."""
    lengths, (i, j) = sides(b, 2, (1, 2, 3, 5)), counters(b, 2)
    point = Point((i, j), tuple(lengths), plain=True)
    effects.inputs(b, point)
    axes = (Axis(i.id, ast.ZERO, lengths[0]), Axis(j.id, ast.ZERO, lengths[1]))
    return _coded(b, axes, effects.body(b, point, b.pick((1, 1, 2)), b.pick((1, 1, 2))))


def multiplied(b: Builder) -> Nest:
    """A product of tables, or the total of each row."""
    (m, n), (i, j, k) = sides(b, 2, (1, 2, 3, 5)), counters(b, 3)
    s = ast.Name(b.name(names.SUMS, b.kind))
    begun = ast.Declare(b.kind, s.id, b.number(zero=True))
    if b.chance(0.25):
        depth = b.size(("inner", "K", "p", "common", "l_n"), (1, 2, 4))
        a, c = b.array((m, depth), wanted=("A", "a", "lhs", "M1")), b.array((depth, n), wanted=("B", "b", "rhs", "M2"))
        out = b.array((m, n), wanted=("C", "c", "res", "M3"))
        b.parameter(out).written = True
        term = ast.mul(ast.At(a, (i, k)), ast.At(c, (k, j)))
        loop = ast.For(k.id, ast.ZERO, "<", depth, (put(s, term, "+="),))
        return _coded(b, (Axis(i.id, ast.ZERO, m), Axis(j.id, ast.ZERO, n)), (begun, loop, put(ast.At(out, (i, j)), s)))
    x = ast.At(b.array((m, n), wanted=("h", "A", "table", "data", "grid_in")), (i, j))
    term = ast.mul(x, ast.At(b.array((n,), wanted=("v", "w", "x", "vec")), (j,))) if b.chance(0.5) else x
    out = b.array((m,), wanted=("y", "out", "sums", "res"))
    b.parameter(out).written = True
    return _coded(b, (Axis(i.id, ast.ZERO, m),), (begun, ast.For(j.id, ast.ZERO, "<", n, (put(s, term, "+="),)), put(ast.At(out, (i,)), s)))


MENU = ((coded, 6), (multiplied, 3))
