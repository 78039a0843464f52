"""Families that look at a neighbourhood: stencils with a margin or with tests, convolutions,
pooling windows.

python -c "from corpora.generator import generate; \\
    print(next(generate(1, 18)).programs['cuda'].text)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.core.points import (
    IterationPoint,
    make_input_place,
    make_neighbors,
    make_output_place,
)
from corpora.generator.families.grids import counted, extents, loops


def stencil(b: Builder) -> Nest:
    """Draw a nest over neighbours along each axis inside a margin. b: the builder that makes its
    parts.
    """
    sides = extents(b, 2 if b.chance(0.8) else 3)
    inside = b.chance(0.65)
    variables, axes = loops(b, sides, 1 if inside else 0)
    array = b.array(sides)
    result = b.array(sides)
    b.parameter(result).written = True
    here, there = ast.At(array, variables), ast.At(result, variables)
    around = make_neighbors(b, IterationPoint(variables, sides, margin=1), array)
    if inside:
        chosen = around if b.chance(0.8) else around[:2]
        total = chosen[0]
        for place in chosen[1:]:
            total = ast.Binary("+" if b.chance(0.93) else "-", total, place)
        draw = b.rng.random()
        if draw < 0.35:
            value = (
                ast.Binary("*", b.number(), ast.Paren(total))
                if b.kind in FLOATS and b.chance(0.6)
                else ast.Binary("/", ast.Paren(total), ast.integer(len(chosen)))
            )
        elif draw < 0.7:
            laplace = ast.sub(total, ast.mul(b.number(), here))
            value = ast.add(here, ast.mul(b.scalar(), ast.Paren(laplace)))
        else:
            value = ast.sub(total, ast.mul(ast.integer(len(chosen)), here))
        if b.chance(0.2):
            value = ast.add(
                value, make_input_place(b, IterationPoint(variables, sides, plain=True))
            )
        return Nest("", [], [Region(axes, (ast.Assign(there, "=", value),))])
    return Nest(
        "", [], [Region(axes, _guarded_neighbours(b, variables, sides, around, here, there))]
    )


def _guarded_neighbours(
    b: Builder, variables: tuple, sides: tuple, around: list, here: ast.At, there: ast.At
) -> tuple:
    """Neighbours that may not exist, each behind its own test."""
    word = b.local()
    local = ast.Name(word)
    tests = []
    for v, s in zip(variables, sides):
        tests += [
            ast.compare(v, ">", ast.ZERO),
            ast.compare(v, "<", ast.sub(s, 1))
            if b.chance(0.6)
            else ast.compare(ast.add(v, 1), "<", s),
        ]
    chosen = sorted(b.rng.sample(range(len(around)), b.pick((1, 2, 2, len(around)))))
    statements: tuple = (ast.Declare(b.kind, word, here if b.chance(0.6) else b.number(zero=True)),)
    if b.chance(0.5):
        for c in chosen:
            statements += (
                ast.If(tests[c], (ast.Assign(local, b.pick(("+=", "+=", "-=")), around[c]),)),
            )
        return (*statements, ast.Assign(there, "=", local))
    parts = []
    for c in chosen:
        other = b.number(zero=True) if b.chance(0.6) else here
        part = b.local()
        test = ast.Paren(tests[c]) if b.chance(0.5) else tests[c]
        statements += (ast.Declare(b.kind, part, ast.Conditional(test, around[c], other, True)),)
        parts.append(ast.Name(part))
    value = local
    for part in parts:
        value = ast.Binary(b.pick("+-"), value, part)
    return (*statements, ast.Assign(there, "=", value))


def convolution(b: Builder) -> Nest:
    """Draw a nest that moves a filter over a line or an image. b: the builder that makes its
    parts.
    """
    if b.chance(0.45):
        return _convolution_line(b)
    n, m = extents(b, 2)
    radius = (
        b.size(("r0", "radius", "filterR", "half"), (0, 1, 2))
        if b.chance(0.5)
        else ast.integer(b.pick((1, 1, 2)))
    )
    (i, j), axes = loops(b, (n, m))
    width = (
        ast.add(ast.mul(2, radius), 1)
        if type(radius) is ast.Name
        else ast.integer(2 * int(radius.text) + 1)
    )
    array = b.array((n, m))
    weights = b.array(
        (
            ast.mul(ast.Paren(width), ast.Paren(width))
            if type(radius) is ast.Name
            else ast.mul(width, width),
        )
    )
    place = make_output_place(b, IterationPoint((i, j), (n, m), plain=True))
    word = b.local(b.kind, names.SUMS)
    p, q = (
        ast.Name(b.name(("ki", "dy", "fr", "u0"), "i32")),
        ast.Name(b.name(("kj", "dx", "fc", "v0"), "i32")),
    )
    y, x = (
        ast.Name(b.name(("yy", "r1", "ny0", "imageRow"), "i32")),
        ast.Name(b.name(("xx", "c3", "nx0", "imageCol"), "i32")),
    )
    inside = ast.conjunction(
        ast.conjunction(
            ast.conjunction(ast.compare(y, ">=", ast.ZERO), ast.compare(y, "<", n)),
            ast.compare(x, ">=", ast.ZERO),
        ),
        ast.compare(x, "<", m),
    )
    position = ast.add(
        ast.mul(
            ast.Paren(ast.add(p, radius)),
            ast.Paren(width) if type(width) is not ast.Literal else width,
        ),
        ast.add(q, radius),
    )
    change = ast.Assign(
        ast.Name(word), "+=", ast.mul(ast.At(array, (y, x)), ast.At(weights, (position,)))
    )
    made = (ast.Declare("i32", y.id, ast.add(i, p)), ast.Declare("i32", x.id, ast.add(j, q)))
    low = ast.Unary("-", radius)
    inner = ast.For(q.id, low, "<=", radius, (*made, ast.If(inside, (change,))))
    outer = ast.For(p.id, low, "<=", radius, (inner,))
    return Nest(
        "",
        [],
        [
            Region(
                axes,
                (
                    ast.Declare(b.kind, word, b.number(zero=True)),
                    outer,
                    ast.Assign(place, "=", ast.Name(word)),
                ),
            )
        ],
    )


def _convolution_line(b: Builder) -> Nest:
    n = b.size(names.SIZES, (1, 3, 8, 20))
    taps = (
        b.size(("k_len", "filterLength", "taps", "ksize", "win"), (1, 2, 3, 5))
        if b.chance(0.7)
        else ast.integer(b.pick((3, 4, 5)))
    )
    i = ast.Name(b.name(names.LOOPS, "i32"))
    k = ast.Name(b.name(names.INNER, "i32"))
    word = b.local(b.kind, names.SUMS)
    local = ast.Name(word)
    weights = b.array((taps,))
    valid = b.chance(0.5)
    array = b.array((ast.add(n, taps),) if valid else (n,))
    place = make_output_place(b, IterationPoint((i,), (n,), plain=True))
    weight = ast.At(weights, (k,))
    if valid:
        step: tuple = (ast.Assign(local, "+=", ast.mul(ast.At(array, (ast.add(i, k),)), weight)),)
    else:
        d = ast.Name(b.name(names.FLATS, "i32"))
        centre = (
            ast.sub(ast.add(i, k), ast.Binary("/", taps, ast.TWO))
            if b.chance(0.5)
            else ast.sub(i, k)
        )
        test = ast.conjunction(ast.compare(d, ">=", ast.ZERO), ast.compare(d, "<", n))
        step = (
            ast.Declare("i32", d.id, centre),
            ast.If(test, (ast.Assign(local, "+=", ast.mul(ast.At(array, (d,)), weight)),)),
        )
    body = (
        ast.Declare(b.kind, word, b.number(zero=True)),
        ast.For(k.id, ast.ZERO, "<", taps, step),
        ast.Assign(place, "=", local),
    )
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, n),), body)])


def pooling(b: Builder) -> Nest:
    """Draw a nest with the largest or mean element of a moving window. b: the builder that makes
    its parts.
    """
    n, m = (
        b.size(w, (1, 2, 3, 4))
        for w in (("outH", "out_h", "rows_out"), ("outW", "out_w", "cols_out"))
    )
    step: tuple = b.size(("stride", "s0"), (1, 2)) if b.chance(0.6) else ast.TWO
    win: tuple = (
        b.size(("ksize", "pool", "window"), (1, 2, 3))
        if b.chance(0.6)
        else ast.integer(b.pick((2, 3)))
    )
    height, width = (b.size(w, (3, 5, 8)) for w in (("inH", "h", "height"), ("inW", "w", "width")))
    (i, j), axes = loops(b, (n, m))
    p, q = ast.Name(b.name(names.INNER, "i32")), ast.Name(b.name(names.INNER, "i32"))
    y, x = (
        ast.Name(b.name(("cur_h", "yy", "in_row"), "i32")),
        ast.Name(b.name(("cur_w", "xx", "in_col"), "i32")),
    )
    element = ast.At(b.array((height, width)), (y, x))
    place = make_output_place(b, IterationPoint((i, j), (n, m), plain=True))
    made = tuple(
        ast.Declare("i32", v.id, ast.add(ast.mul(o, step), k)) for v, o, k in ((y, i, p), (x, j, q))
    )
    inside = ast.conjunction(ast.compare(y, "<", height), ast.compare(x, "<", width))
    if b.chance(0.5):
        best = ast.Name(b.local(b.kind, names.EXTREMES))
        test = ast.If(ast.compare(element, ">", best), (ast.Assign(best, "=", element),))
        body: tuple = (
            ast.Declare(
                b.kind, best.id, ast.Unary("-", ast.Literal(b.pick(("100", "1000", "9999")), "i32"))
            ),
        )
        body += (
            counted(p, win, counted(q, win, *made, ast.If(inside, (test,)))),
            ast.Assign(place, "=", best),
        )
    else:
        total, count = (
            ast.Name(b.local(b.kind, names.SUMS)),
            ast.Name(b.name(("cnt", "count", "num_in"), "i32")),
        )
        add = (ast.Assign(total, "+=", element), ast.Assign(count, "+=", ast.ONE))
        body = (
            ast.Declare(b.kind, total.id, b.number(zero=True)),
            ast.Declare("i32", count.id, ast.ZERO),
        )
        body += (counted(p, win, counted(q, win, *made, ast.If(inside, add))),)
        ratio = ast.Binary("/", total, count)
        body += (
            ast.If(
                ast.compare(count, ">", ast.ZERO),
                (ast.Assign(place, "=", ratio),),
                (ast.Assign(place, "=", b.number(zero=True)),),
            ),
        )
    return Nest("", [], [Region(axes, body)])
