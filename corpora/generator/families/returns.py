"""A family that returns what it reduces: counts, sums, norms, extremes, over a line or a grid, some
with outputs beside.

Contract: as for the families of `lines`. One region with a reduction; `before` declares its
variable, `after` returns an expression of it.

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
    """Draw a generated computation that returns a count, sum or extreme of all elements of a line
    or a matrix, or what follows from a sum.
    """
    if b.chance(0.3):
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
        word, op, start, step, value = _count(b)
    elif draw < 0.55 and b.kind != "f64" or draw < 0.45:
        word, op, start, step, value = _extreme(b)
    else:
        word, op, start, step, value = _sum(b, sides)
    kind = b.types[word.id]
    return Nest(
        [Region(axes, (*made, *step), (op, word.id))],
        kernel=kind in ("i32", "f32", "f64") and (op == "+" or kind == "i32"),
        before=(ast.declare(kind, word.id, start),), after=(ir.Return(value),), result=kind,
    )  # fmt: skip


def _count(b: Builder) -> tuple:
    word = ir.Name(b.name(_COUNTS, "i32"))
    if b.chance(0.7):
        test = b.condition()
    else:
        test = ir.Binary(b.pick(("&&", "||")), b._comparison(), b._comparison())
    return word, "+", ast.ZERO, ast.code("if (test) s += 1;", test=test, s=word), word


def _sum(b: Builder, sides: tuple) -> tuple:
    kind = "f64" if b.kind == "f32" and b.chance(0.2) else b.kind
    word = ir.Name(b.name(names.SUMS, kind))
    term = b.value(b.pick((0, 1, 1, 2)))
    if b.chance(0.3):
        place = b.read()
        term = ast.mul(place, b.read() if b.chance(0.5) else place)
    step: tuple = (ir.Assign(word, "+=", term),)
    if b.chance(0.25):
        step = (ir.If(b.condition(), step),)
    value: ir.Expression = word
    draw = b.rng.random()
    if kind in FLOATS and draw < 0.5:
        single = kind == "f32" and b.suffix
        whole = ast.product(list(sides))
        whole = whole if type(whole) is ir.Name else ast.paren(whole)
        given = {"s": word, "n": whole, "root": "sqrtf" if single else "sqrt", "few": b.number()}
        value = b.pick(
            (
                ast.quote("s / n", **given),
                ast.quote(f"root({'fabsf' if single else 'fabs'}(s))", **given),
                ast.quote("s * few", **given),
                ast.guarded(
                    ast.compare(sides[0], ">", ast.ZERO),
                    ir.Binary("/", word, sides[0]),
                    b._same(ast.ZERO),
                ),
            )
        )
    return word, "+", b.number(zero=True), step, value


def _extreme(b: Builder) -> tuple:
    word = ir.Name(b.name(names.EXTREMES, b.kind))
    value = b.pick(tuple(b.locals)) if b.locals and b.chance(0.7) else b.read()
    value = value if b._kind_of(value) == b.kind else ast.cast(b.kind, value)
    op = b.pick(("max", "max", "min"))
    start = b.number(zero=True) if b.chance(0.7) else ir.Unary("-", b.number())
    text = f"if (v {'>' if op == 'max' else '<'} s) s = v;"
    return word, op, start, ast.code(text, v=value, s=word), word
