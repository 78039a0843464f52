"""Families that move a window with tests at its edges: one-sided and two-sided sums, clipped
ranges, rows behind a pitch.

python -c "from corpora.generator import generate; \\
    print([c for c in generate(200, 4) if '- pad' in c.programs['cpp'].text][0])"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Parameter, Region
from corpora.generator.core.points import IterationPoint, make_output_place
from corpora.generator.families.grids import counted, extents, loops

_ROUND = ("r0", "radius", "R", "half", "ring", "hw0")


def _inside(b: Builder, position: ast.Name, n: tuple) -> tuple:
    return ast.conjunction(ast.compare(position, ">=", ast.ZERO), ast.compare(position, "<", n))


def line_window(b: Builder) -> Nest:
    """Draw a nest that filters along one side of an image or a line, with tests at the ends. b: the
    builder that makes its parts.
    """
    two = b.chance(0.7)
    sides = extents(b, 2) if two else (b.size(names.SIZES, (1, 3, 8, 15)),)
    variables, axes = loops(b, sides)
    moved = b.rng.randrange(len(sides))
    radius = b.size(_ROUND, (0, 1, 2)) if b.chance(0.7) else ast.integer(b.pick((1, 2, 3)))
    k, d = (
        ast.Name(b.name(names.INNER, "i32")),
        ast.Name(b.name(names.FLATS + ("d0", "xx", "yy"), "i32")),
    )
    word = ast.Name(b.local(b.kind, names.SUMS))
    image = b.array(sides)
    weights = b.array((ast.add(ast.mul(2, radius), 1),))
    subscripts = list(variables)
    subscripts[moved] = d
    weight = ast.At(
        weights, (b.pick((ast.add(k, radius), ast.sub(radius, k), ast.add(radius, k))),)
    )
    term = ast.mul(ast.At(image, tuple(subscripts)), weight)
    step = ast.Assign(word, "+=", ast.Binary("*", term.right, term.left) if b.chance(0.3) else term)
    test = _inside(b, d, sides[moved])
    position: tuple = ast.Declare("i32", d.id, ast.add(variables[moved], k))
    if b.chance(0.25):
        inner = (position, ast.If(ast.compare(d, "<", ast.ZERO), (ast.Assign(d, "=", ast.ZERO),)))
        inner += (
            ast.If(
                ast.compare(d, ">=", sides[moved]), (ast.Assign(d, "=", ast.sub(sides[moved], 1)),)
            ),
            step,
        )
    else:
        inner = (position, ast.If(test, (step,)))
    loop = ast.For(k.id, ast.Unary("-", radius), "<=", radius, inner)
    place = make_output_place(b, IterationPoint(variables, sides, plain=True))
    body = (ast.Declare(b.kind, word.id, b.number(zero=True)), loop, ast.Assign(place, "=", word))
    return Nest("", [], [Region(axes, body)])


def clipped(b: Builder) -> Nest:
    """Draw a nest over a window that is clipped before the loops. b: the builder that makes its
    parts.
    """
    out, size = (
        b.size(("outputSize", "out_n", "o_size"), (1, 2, 3)),
        b.size(("inputSize", "in_n", "i_size"), (4, 6)),
    )
    taps, pad = (
        b.size(("kernelSize", "ksize", "taps"), (1, 2, 3)),
        b.size(("pad", "padding", "p0"), (0, 1)),
    )
    stride = b.size(("stride", "s0"), (1, 2))
    (i, j), axes = loops(b, (out, out))
    made: tuple = ()
    ranges = []
    for v, tag in ((i, "a"), (j, "b")):
        at, lo, hi = (
            ast.Name(b.name((f"{w}_{tag}",), "i32"))
            for w in b.pick((("top", "start", "end"), ("pos", "lo", "hi")))
        )
        gap = ast.sub(pad, at)
        high = ast.sub(ast.add(size, pad), at)
        low = ast.Conditional(ast.compare(ast.Paren(gap), "<", ast.ZERO), ast.ZERO, gap)
        if b.chance(0.3):
            low = ast.Call("max", (ast.ZERO, gap))
        upper = ast.Conditional(ast.compare(taps, "<", ast.Paren(high)), taps, ast.Paren(high))
        if b.chance(0.3):
            upper = ast.Call("min", (taps, high))
        made += (
            ast.Declare("i32", at.id, ast.mul(v, stride)),
            ast.Declare("i32", lo.id, low),
            ast.Declare("i32", hi.id, upper),
        )
        ranges.append((at, lo, hi))
    k, m = ast.Name(b.name(names.INNER, "i32")), ast.Name(b.name(names.INNER, "i32"))
    place = tuple(ast.sub(ast.add(at, v), pad) for (at, _, _), v in zip(ranges, (k, m)))
    position = ast.add(ast.mul(ast.Paren(place[0]), size), place[1]) if b.chance(0.5) else None
    image = b.array((ast.mul(size, size),) if position else (size, size))
    word = ast.Name(b.local(b.kind, names.SUMS))
    element = ast.At(image, (position,) if position else place)
    change = ast.Assign(word, "+=", ast.mul(element, ast.At(b.array((taps, taps)), (k, m))))
    inner = ast.For(m.id, ranges[1][1], "<", ranges[1][2], (change,))
    outer = ast.For(k.id, ranges[0][1], "<", ranges[0][2], (inner,))
    target = make_output_place(b, IterationPoint((i, j), (out, out), plain=True))
    body = (
        *made,
        ast.Declare(b.kind, word.id, b.number(zero=True)),
        outer,
        ast.Assign(target, "=", word),
    )
    return Nest("", [], [Region(axes, body)])


def difference(b: Builder) -> Nest:
    """Draw a nest with one-sided differences inside a margin: `a[id + 1] - 2 * a[id] + a[id - w]`.
    b: the builder that makes its parts.
    """
    n, m = extents(b, 2)
    if type(n) is not ast.Name:
        n, m = b.size(("ny", "rows_n"), (3, 5, 8)), b.size(("nx", "cols_n"), (3, 5, 8))
    margin: tuple = b.size(("npml", "border", "halo", "edge"), (1, 2)) if b.chance(0.4) else ast.ONE
    i, j = (
        ast.Name(b.name(("i1", "iz", "row", "y"), "i32")),
        ast.Name(b.name(("i2", "ix", "col", "x"), "i32")),
    )
    axes = [Axis(v.id, margin, ast.sub(s, margin)) for v, s in ((i, n), (j, m))]
    word = ast.Name(b.name(names.FLATS, "i32"))
    position = b.pick(
        (ast.add(ast.mul(i, m), j), ast.add(j, ast.mul(i, m)), ast.add(j, ast.mul(m, i)))
    )
    whole = (ast.mul(n, m),)
    array, result = b.array(whole), b.array(whole)
    b.parameter(result).written = True
    steps = (ast.add(word, 1), ast.sub(word, 1), ast.add(word, m), ast.sub(word, m))
    near = [ast.At(array, (s,)) for s in steps]
    here, there = ast.At(array, (word,)), ast.At(result, (word,))
    made: tuple = (ast.Declare("i32", word.id, position),)
    twice = ast.mul(b.number(), here)
    if b.chance(0.6):
        parts = [ast.Name(b.local()) for _ in range(2)]
        for part, (a, c) in zip(parts, ((near[0], near[1]), (near[2], near[3]))):
            if b.chance(0.3):
                made += (
                    ast.Declare(b.kind, part.id, b.number(zero=True)),
                    ast.Assign(part, "=", ast.add(ast.sub(a, twice), c)),
                )
            else:
                made += (ast.Declare(b.kind, part.id, ast.add(ast.sub(a, twice), c)),)
        scales = [b.scalar(), b.scalar()]
        value: tuple = ast.add(*(ast.mul(ast.mul(s, s), p) for s, p in zip(scales, parts)))
    else:
        chosen = b.rng.sample(near, b.pick((2, 3, 4)))
        value = chosen[0]
        for place in chosen[1:]:
            value = ast.Binary(b.pick("+-"), value, place)
        value = (
            ast.mul(b.number(), ast.Paren(ast.add(value, here)))
            if b.chance(0.6)
            else ast.sub(value, twice)
        )
    change = ast.Assign(there, b.pick(("=", "=", "+=")), value)
    return Nest("", [], [Region(tuple(axes if b.chance(0.7) else axes[::-1]), (*made, change))])


def pitched(b: Builder) -> Nest:
    """Draw a nest over rows that lie a pitch of bytes apart. b: the builder that makes its
    parts.
    """
    n, m = b.size(("nx", "width", "w"), (1, 3, 8)), b.size(("ny", "height", "h"), (1, 2, 5))
    i, j = (
        ast.Name(b.name((w,), "i32")) for w in b.pick((("x", "y"), ("ti", "tj"), ("col", "row")))
    )
    size = {"f32": 4, "f64": 8, "i32": 4}[b.kind]
    made, rows = (), []
    for _ in range(b.pick((1, 2, 2, 3))):
        pitch = ast.Name(
            b.name(tuple(f"{w}{k}" for w in ("pitch", "pitch_", "step_b") for k in "012"), "i32")
        )
        b.parameters.append(Parameter(pitch.id, "scalar", "i32", values=(64, 80, 128)))
        array = b.array((ast.mul(ast.Binary("/", pitch, ast.integer(size)), m),))
        b.parameter(array).written = True  # the view is not const
        word = b.name(tuple(f"{w}{k}" for w in ("row_a", "line_p", "h_row") for k in "123"), b.kind)
        offset = ast.mul(pitch, j) if b.chance(0.6) else ast.mul(j, pitch)
        made += (ast.DeclarePointer(b.kind, word, array, offset, False, True),)
        rows.append(ast.At(word, (i,)))
    b.reads += rows
    axes = (Axis(i.id, ast.ZERO, n), Axis(j.id, ast.ZERO, m))
    change = ast.Assign(rows[-1], b.pick(("=", "=", "+=", "-=")), b.value(b.pick((1, 1, 2))))
    return Nest("", [], [Region(axes if b.chance(0.6) else axes[::-1], (*made, change))])


def mirrored(b: Builder) -> Nest:
    """Draw a nest that reverses an array, or the rows of an image, in place. b: the builder that
    makes its parts.
    """
    word = ast.Name(b.local())
    if b.chance(0.5):
        n = b.size(names.SIZES, (1, 2, 5, 8))
        i = ast.Name(b.name(names.LOOPS, "i32"))
        array = b.array((n,))
        other: tuple = b.pick((ast.sub(ast.sub(n, 1), i), ast.sub(ast.sub(n, i), 1)))
        here, axes = ast.At(array, (i,)), (Axis(i.id, ast.ZERO, ast.Binary("/", n, ast.TWO)),)
        there = ast.At(array, (other,))
    else:
        n, m = extents(b, 2)
        (i, j), axes = loops(b, (n, m))
        half = [a for a in axes if a.variable == i.id][0]
        half.stop = ast.Binary("/", n, ast.TWO)
        array = b.array((n, m))
        here, there = ast.At(array, (i, j)), ast.At(array, (ast.sub(ast.sub(n, 1), i), j))
    b.parameter(array).written = True
    made: tuple = ()
    if b.chance(0.4) and len(axes) == 1:
        at = ast.Name(b.name(("replace_i", "mirror", "opposite", "other_i"), "i32"))
        made, there = (ast.Declare("i32", at.id, there.subscripts[0]),), ast.At(array, (at,))
    swap = (
        ast.Declare(b.kind, word.id, here),
        ast.Assign(here, "=", there),
        ast.Assign(there, "=", word),
    )
    return Nest("", [], [Region(axes, made + swap)])


def image_histogram(b: Builder) -> Nest:
    """Draw a nest that counts grey levels of an image. b: the builder that makes its parts."""
    n, m = extents(b, 2)
    (i, j), axes = loops(b, (n, m))
    levels = b.array((n, m), "u8", "integers(0,255)", ("grayImage", "img_in", "levels", "src_img"))
    counts = b.array(
        (ast.integer(256),), b.pick(("i32", "u32")), "integers(0,5)", ("hist", "bins_out", "counts")
    )
    b.parameter(counts).written = True
    pixel: tuple = ast.At(levels, (i, j))
    made: tuple = ()
    if b.chance(0.5):
        at = ast.Name(b.name(names.FLATS, "i32"))
        position = ast.add(ast.mul(i, m), j)
        made = (
            ast.Declare(
                "i32",
                at.id,
                ast.Binary("+", position.right, position.left) if b.chance(0.4) else position,
            ),
        )
        b.parameter(levels).extents = (ast.mul(n, m),)
        pixel = ast.At(levels, (at,))
    if b.chance(0.6):
        value = ast.Name(b.name(("grey", "level", "val", "c0"), "u8"))
        made, pixel = (*made, ast.Declare("u8", value.id, pixel)), value
    return Nest(
        "", [], [Region(axes, (*made, ast.Assign(ast.At(counts, (pixel,)), "+=", ast.ONE, True)))]
    )


def strided_window(b: Builder) -> Nest:
    """Draw a nest that filters a padded image of several channels with a stride. b: the builder
    that makes its parts.
    """
    if b.kind not in FLOATS:
        return clipped(b)
    c, h, w = (
        b.size((word,), values)
        for word, values in (("channels", (1, 2)), ("height", (3, 5)), ("width", (3, 4)))
    )
    rows, cols = b.size(("out_h", "h_out"), (1, 2, 3)), b.size(("out_w", "w_out"), (1, 2, 3))
    taps, pad, stride = (
        b.size(("ksize", "k_size"), (1, 2, 3)),
        b.size(("pad",), (0, 1)),
        b.size(("stride",), (1, 2)),
    )
    (i, j), axes = loops(b, (rows, cols))
    k, p, q = (ast.Name(b.exact(word, "i32")) for word in ("kc", "kh", "kw"))
    y, x = (ast.Name(b.exact(word, "i32")) for word in ("in_y", "in_x"))
    made = tuple(
        ast.Declare("i32", v.id, ast.add(ast.sub(ast.mul(o, stride), pad), t))
        for v, o, t in ((y, i, p), (x, j, q))
    )
    inside = ast.conjunction(
        ast.conjunction(
            ast.conjunction(ast.compare(y, ">=", ast.ZERO), ast.compare(y, "<", h)),
            ast.compare(x, ">=", ast.ZERO),
        ),
        ast.compare(x, "<", w),
    )
    word = ast.Name(b.local(b.kind, names.SUMS))
    term = ast.mul(
        ast.At(b.array((c, h, w)), (k, y, x)), ast.At(b.array((c, taps, taps)), (k, p, q))
    )
    step = ast.If(inside, (ast.Assign(word, "+=", term),))
    nest = counted(k, c, counted(p, taps, counted(q, taps, *made, step)))
    start: tuple = (
        ast.At(b.array((ast.ONE,)), (ast.ZERO,)) if b.chance(0.4) else b.number(zero=True)
    )
    place = make_output_place(b, IterationPoint((i, j), (rows, cols), plain=True))
    end: tuple = word
    if b.chance(0.4):
        end = ast.Conditional(
            ast.Paren(ast.compare(word, ">", ast.ZERO)), word, b.number(zero=True)
        )
    return Nest(
        "",
        [],
        [Region(axes, (ast.Declare(b.kind, word.id, start), nest, ast.Assign(place, "=", end)))],
    )
