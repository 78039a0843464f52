"""Families that return what they reduce: counts, sums, norms, extremes, over a line or a grid, some
with outputs beside.

Contract: one region with a reduction; `before` declares its variable, `after` returns an expression
of it.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(99, 2) if 'return ' in \\
        c.programs['cpp'].text][0].programs['cuda'])"
"""

from __future__ import annotations

from corpora import ir
from corpora.generator.core import effects, expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.core.points import IterationPoint, make_output_place
from corpora.generator.families.grids import extents, loops

_COUNTS = ("count", "hits", "found_n", "cnt", "changed", "total", "nbad", "num")


def reduced(b: Builder) -> Nest:
    """Draw a nest that returns a reduction of all elements. b: the builder that makes its parts."""
    two = b.chance(0.3)
    if two:
        sides = extents(b, 2)
        variables, axes = loops(b, sides)
        axes = tuple(sorted(axes, key=lambda a: a.variable != variables[0].id))
    else:
        sides = (b.size(names.SIZES, (1, 3, 8, 17)),)
        variables = (ir.Name(b.name(names.LOOPS, "i32")),)
        axes = (Axis(variables[0].id, ast.ZERO, sides[0]),)
    point = IterationPoint(variables, sides, plain=b.chance(0.7))
    effects.add_inputs(b, point)
    made: tuple = ()
    if b.chance(0.35):
        word = b.local()
        made = (ast.declare(b.kind, word, b.value(b.pick((1, 1, 2)))),)
        b.locals.append(ir.Name(word))
    if b.chance(0.15):
        made += (ir.Assign(make_output_place(b, point), "=", b.value(1)),)
    draw = b.rng.random()
    if draw < 0.35:
        return _count(b, axes, made)
    if draw < 0.55 and b.kind != "f64" or draw < 0.45:
        return _extreme(b, axes, made)
    return _sum(b, axes, made, sides)


def _nest(
    b: Builder,
    axes: tuple,
    body: tuple,
    word: ir.Name,
    op: str,
    start: tuple,
    value: tuple,
    kind: str,
) -> Nest:
    nest = Nest(
        "",
        [],
        [Region(axes, body, (op, word.id))],
        kernel=b.types[word.id] in ("i32", "f32", "f64")
        and (op == "+" or b.types[word.id] == "i32"),
    )
    nest.before = (ast.declare(b.types[word.id], word.id, start),)
    nest.after, nest.result = (ir.Return(value),), kind
    return nest


def _count(b: Builder, axes: tuple, made: tuple) -> Nest:
    word = ir.Name(b.name(_COUNTS, "i32"))
    test = (
        b.condition()
        if b.chance(0.7)
        else ir.Binary(b.pick(("&&", "||")), b._comparison(), b._comparison())
    )
    body = (*made, ir.If(test, (ir.Assign(word, "+=", ast.ONE),)))
    return _nest(b, axes, body, word, "+", ast.ZERO, word, "i32")


def _sum(b: Builder, axes: tuple, made: tuple, sides: tuple) -> Nest:
    kind = "f64" if b.kind == "f32" and b.chance(0.2) else b.kind
    word = ir.Name(b.name(names.SUMS, kind))
    term = b.value(b.pick((0, 1, 1, 2)))
    if b.chance(0.3):
        place = b.read()
        term = ast.mul(place, b.read() if b.chance(0.5) else place)
    step: tuple = (ir.Assign(word, "+=", term),)
    if b.chance(0.25):
        step = (ir.If(b.condition(), step),)
    value: tuple = word
    draw = b.rng.random()
    if kind in FLOATS and draw < 0.5:
        root = "sqrtf" if kind == "f32" and b.suffix else "sqrt"
        whole = ast.product(list(sides))
        value = b.pick(
            (
                ir.Binary("/", word, whole if type(whole) is ir.Name else ast.paren(whole)),
                ast.call(root, (ast.call("fabsf" if root == "sqrtf" else "fabs", (word,)),)),
                ast.mul(word, b.number()),
                ast.guarded(
                    ast.compare(sides[0], ">", ast.ZERO),
                    ir.Binary("/", word, sides[0]),
                    b._same(ir.Literal("0", "i32")),
                ),
            )
        )
    return _nest(b, axes, (*made, *step), word, "+", b.number(zero=True), value, kind)


def _extreme(b: Builder, axes: tuple, made: tuple) -> Nest:
    word = ir.Name(b.name(names.EXTREMES, b.kind))
    value = b.pick(tuple(b.locals)) if b.locals and b.chance(0.7) else b.read()
    value = value if b._kind_of(value) == b.kind else ast.cast(b.kind, value)
    op = b.pick(("max", "max", "min"))
    start = b.number(zero=True) if b.chance(0.7) else ir.Unary("-", b.number())
    test = ast.compare(value, ">" if op == "max" else "<", word)
    body = (*made, ir.If(test, (ir.Assign(word, "=", value),)))
    return _nest(b, axes, body, word, op, start, word, b.kind)
