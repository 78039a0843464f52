"""Long families: several sequential loops inside a thread, nearest centres, permutations, small
sorts, complex pairs.

python -c "from corpora.generator import generate; \\
    print(max((c.programs['cpp'].text for c in generate(99, 1)), key=len))"
"""

from __future__ import annotations

from corpora.generator.core import effects, expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.core.points import IterationPoint, make_input_place, make_output_place
from corpora.generator.families.grids import counted, extents, loops

_FEW = (1, 2, 3, 4)


def _inner(b: Builder) -> ast.Name:
    return ast.Name(b.name(names.INNER, "i32"))


def _one_axis(b: Builder, n: ast.Name, *body: tuple) -> Nest:
    """A nest whose only parallel variable is the last one that the body's builder named for it."""
    return Nest("", [], [Region((Axis(n.id, ast.ZERO, body[0]),), tuple(body[1:]))])


def channel_mean(b: Builder) -> Nest:
    """Draw a nest that computes statistics of a channel over batch and position. b: the builder
    that makes its parts.
    """
    batch, filters, spatial = (
        b.size(w, _FEW)
        for w in (("batch", "nb", "num"), ("filters", "channels", "nf"), ("spatial", "area", "hw"))
    )
    f, j, k = ast.Name(b.name(names.LOOPS, "i32")), _inner(b), _inner(b)
    array = b.array((batch, filters, spatial))
    element: tuple = ast.At(array, (j, f, k))
    made: tuple = ()
    if b.chance(0.6):
        word = b.name(names.FLATS, "i32")
        position = ast.add(ast.add(ast.product([j, filters, spatial]), ast.mul(f, spatial)), k)
        if b.chance(0.3):
            position = ast.add(ast.mul(ast.Paren(ast.add(ast.mul(j, filters), f)), spatial), k)
        made, element = (ast.Declare("i32", word, position),), ast.At(array, (ast.Name(word),))
    place = make_output_place(b, IterationPoint((f,), (filters,), plain=True))
    centre = ast.At(b.array((filters,)), (f,)) if b.chance(0.4) else None
    term: tuple = element
    if centre is not None:
        gap = ast.Paren(ast.sub(element, centre))
        term = (
            ast.mul(gap, gap)
            if b.chance(0.7)
            else ast.Call("fabs", (ast.sub(element, centre),))
            if b.kind in FLOATS
            else gap
        )
    elif b.chance(0.2):
        term = ast.mul(element, element)
    last: tuple = ()
    if b.kind in FLOATS and b.chance(0.6):
        last = (ast.Assign(place, "/=", ast.Paren(ast.mul(batch, spatial))),)
        if b.chance(0.4):
            scale = b.local(b.kind, ("scale_f", "inv_count", "norm_f"))
            below = ast.Paren(ast.mul(batch, spatial))
            first = ast.Declare(
                b.kind, scale, ast.Binary("/", b._same(ast.Literal("1.0", "f64")), below)
            )
            body = (
                first,
                ast.Assign(place, "=", b.number(zero=True)),
                counted(j, batch, counted(k, spatial, *made, ast.Assign(place, "+=", term))),
                ast.Assign(place, "*=", ast.Name(scale)),
            )
            return _one_axis(b, f, filters, *body)
    if b.chance(0.5):
        local = ast.Name(b.local(b.kind, names.SUMS))
        final = ast.Assign(
            place,
            "=",
            ast.Binary("/", local, ast.Paren(ast.mul(batch, spatial))) if last else local,
        )
        return _one_axis(
            b,
            f,
            filters,
            ast.Declare(b.kind, local.id, b.number(zero=True)),
            counted(j, batch, counted(k, spatial, *made, ast.Assign(local, "+=", term))),
            final,
        )
    body = (
        ast.Assign(place, "=", b.number(zero=True)),
        counted(j, batch, counted(k, spatial, *made, ast.Assign(place, "+=", term))),
        *last,
    )
    return _one_axis(b, f, filters, *body)


def nearest(b: Builder) -> Nest:
    """Draw a nest that finds, for every point, the closest of k centres by summed squared or
    absolute differences. b: the builder that makes its parts.
    """
    n, k, d = (
        b.size(names.SIZES, (1, 3, 6, 9)),
        b.size(("k_centers", "K", "num_centroids", "clusters"), (1, 2, 4)),
        b.size(("dim", "dims", "num_features"), (1, 2, 3)),
    )
    i, c, t = ast.Name(b.name(names.LOOPS, "i32")), _inner(b), _inner(b)
    point, centre = ast.At(b.array((n, d)), (i, t)), ast.At(b.array((k, d)), (c, t))
    out = make_output_place(b, IterationPoint((i,), (n,), plain=True), "i32", "constant(-1)")
    best, which, distance, gap = (
        ast.Name(b.name(w, s))
        for w, s in (
            (names.EXTREMES, b.kind),
            (("arg", "closest", "winner"), "i32"),
            (("dist", "d2", "distance"), b.kind),
            (("diff", "gap", "dd"), b.kind),
        )
    )
    step = (
        ast.Declare(b.kind, gap.id, ast.sub(point, centre)),
        ast.Assign(distance, "+=", ast.mul(gap, gap)),
    )
    if b.chance(0.3):
        step = (
            ast.Assign(
                distance,
                "+=",
                ast.mul(ast.Paren(ast.sub(point, centre)), ast.Paren(ast.sub(point, centre))),
            ),
        )
    better = ast.If(
        ast.compare(distance, "<", best),
        (ast.Assign(best, "=", distance), ast.Assign(which, "=", c)),
    )
    body: tuple = (
        ast.Declare(b.kind, best.id, ast.Literal(b.pick(("1000000", "100000", "999999")), "i32")),
        ast.Declare("i32", which.id, ast.ZERO),
    )
    body += (
        counted(
            c,
            k,
            ast.Declare(b.kind, distance.id, b.number(zero=True)),
            counted(t, d, *step),
            better,
        ),
        ast.Assign(out, "=", which),
    )
    if b.chance(0.3):
        body += (
            ast.Assign(make_output_place(b, IterationPoint((i,), (n,), plain=True)), "=", best),
        )
    return _one_axis(b, i, n, *body)


def permuted(b: Builder) -> Nest:
    """Draw a nest that moves elements between two layouts of three or four dimensions, one
    dimension per thread. b: the builder that makes its parts.
    """
    count = b.pick((3, 3, 4))
    sides = [
        b.size(w, (1, 2, 3))
        for w in (
            ("num", "n0", "count"),
            ("batchSize", "nb", "outer_n"),
            ("dim", "mid", "priorNum"),
            ("inner_n", "n3", "features"),
        )[:count]
    ]
    variables = [
        ast.Name(b.name(names.LOOPS if p == 0 else names.INNER, "i32")) for p in range(count)
    ]
    order_in, order_out = list(range(count)), list(range(count))
    b.rng.shuffle(order_in)
    b.rng.shuffle(order_out)
    source, result = (b.array(tuple(sides[o] for o in order)) for order in (order_in, order_out))
    b.parameter(result).written = True
    made: tuple = ()
    left, right = (
        ast.At(result, tuple(variables[o] for o in order_out)),
        ast.At(source, tuple(variables[o] for o in order_in)),
    )
    value: tuple = right
    if b.chance(0.3):
        value = ast.Binary(b.pick("*+-"), right, b.number() if b.chance(0.5) else b.scalar())
    step: tuple = (*made, ast.Assign(left, b.pick(("=", "=", "=", "+=")), value))
    for variable, side in zip(variables[:0:-1], sides[:0:-1]):
        step = (counted(variable, side, *step),)
    return _one_axis(b, variables[0], sides[0], *step)


def substitution(b: Builder) -> Nest:
    """Draw a nest with a triangular solve or recurrence for every column, where each thread reads
    what it wrote before. b: the builder that makes its parts.
    """
    n, m = extents(b, 2)
    if n == m:
        m = b.size(("nrhs", "num_rhs", "columns"), _FEW)
    c, i, j = ast.Name(b.name(names.LOOPS, "i32")), _inner(b), _inner(b)
    lower = b.array((n, n), None, "uniform(-0.5,0.5)" if b.kind in FLOATS else "integers(-1,1)")
    right, result = b.array((m, n)), b.array((m, n))
    b.parameter(result).written = True
    value = ast.Name(b.local())
    inner = counted(
        j, i, ast.Assign(value, "-=", ast.mul(ast.At(lower, (i, j)), ast.At(result, (c, j))))
    )
    end: tuple = value
    if b.kind in FLOATS and b.chance(0.6):
        diagonal = b.array((n,), None, "uniform(1,2)")
        end = ast.Binary("/", value, ast.At(diagonal, (i,)))
    if b.kind not in FLOATS:
        end = ast.Binary("%", value, ast.Literal("100", "i32"))
    body = (
        ast.Declare(b.kind, value.id, ast.At(right, (c, i))),
        inner,
        ast.Assign(ast.At(result, (c, i)), "=", end),
    )
    return _one_axis(b, c, m, counted(i, n, *body))


def row_sort(b: Builder) -> Nest:
    """Draw a nest in which every thread sorts its own row, by insertion or by exchange. b: the
    builder that makes its parts.
    """
    n, m = extents(b, 2)
    r, i, j = (
        ast.Name(b.name(names.LOOPS, "i32")),
        _inner(b),
        ast.Name(b.name(("pos_j", "jj", "q1"), "i32")),
    )
    array = b.array((n, m))
    b.parameter(array).written = True
    key = ast.Name(b.local())
    op = b.pick((">", "<"))
    if b.chance(0.5):
        previous, here = ast.At(array, (r, ast.sub(j, 1))), ast.At(array, (r, j))
        test = ast.conjunction(ast.compare(j, ">", ast.ZERO), ast.compare(previous, op, key))
        shift = ast.While(
            ast.compare(j, ">", ast.ZERO),
            (
                ast.If(
                    ast.compare(previous, "<=" if op == ">" else ">=", key), (ast.Jump("break"),)
                ),
                ast.Assign(here, "=", previous),
                ast.Assign(j, "-=", ast.ONE),
            ),
        )
        if b.chance(0.5):
            shift = ast.While(ast.conjunction(test.left, test.right, guarded=True), shift.body[1:])
        body = (
            ast.Declare(b.kind, key.id, ast.At(array, (r, i))),
            ast.Declare("i32", j.id, i),
            shift,
            ast.Assign(here, "=", key),
        )
        return _one_axis(b, r, n, counted(i, m, *body, start=ast.ONE))
    first, second = ast.At(array, (r, i)), ast.At(array, (r, j))
    exchange = (
        ast.Declare(b.kind, key.id, first),
        ast.Assign(first, "=", second),
        ast.Assign(second, "=", key),
    )
    inner = counted(j, m, ast.If(ast.compare(first, op, second), exchange), start=ast.add(i, 1))
    return _one_axis(b, r, n, counted(i, m, inner))


def complex_pairs(b: Builder) -> Nest:
    """Draw a nest that computes products, conjugates or magnitudes of complex numbers, interleaved
    or split. b: the builder that makes its parts.
    """
    n = b.size(names.SIZES, (1, 4, 9, 16))
    i = ast.Name(b.name(names.LOOPS, "i32"))
    made: tuple = ()
    if b.chance(0.5):
        re_i, im_i = (
            ast.Name(b.name(("realIdx", "re_idx", "even"), "i32")),
            ast.Name(b.name(("imagIdx", "im_idx", "odd"), "i32")),
        )
        made = (
            ast.Declare("i32", re_i.id, ast.mul(2, i)),
            ast.Declare("i32", im_i.id, ast.add(re_i, 1)),
        )
        places, extent = (re_i, im_i), ast.mul(2, n)
        first, second = b.array((extent,)), b.array((extent,))
        (ar, ai), (br, bi) = ((ast.At(a, (p,)) for p in places) for a in (first, second))
    else:
        ar, ai, br, bi = (ast.At(b.array((n,)), (i,)) for _ in range(4))
    if b.chance(0.35):
        out = make_output_place(b, IterationPoint((i,), (n,), plain=True))
        power = (
            ast.add(ast.Paren(ast.mul(ar, ar)), ast.Paren(ast.mul(ai, ai)))
            if b.chance(0.5)
            else ast.add(ast.mul(ar, ar), ast.mul(ai, ai))
        )
        value = (
            ast.Call(b.function("sqrt"), (power,)) if b.kind in FLOATS and b.chance(0.5) else power
        )
        return _one_axis(b, i, n, *made, ast.Assign(out, b.pick(("=", "+=")), value))
    sign = b.pick(("-", "+"))
    real = ast.Binary(sign, ast.mul(ar, br), ast.mul(ai, bi))
    imaginary = ast.Binary("+" if sign == "-" else "-", ast.mul(ar, bi), ast.mul(ai, br))
    outs = [make_output_place(b, IterationPoint((i,), (n,), plain=True)) for _ in range(2)]
    if b.chance(0.5):
        words = [
            ast.Name(b.name((w,), b.kind))
            for w in (b.pick(("re", "sum_r", "tr")), b.pick(("im", "sum_i", "ti")))
        ]
        made += tuple(ast.Declare(b.kind, w.id, v) for w, v in zip(words, (real, imaginary)))
        real, imaginary = words
    return _one_axis(
        b, i, n, *made, ast.Assign(outs[0], "=", real), ast.Assign(outs[1], "=", imaginary)
    )


def stepped(b: Builder) -> Nest:
    """Draw a nest with a fixed number of steps of a recurrence for every element. b: the builder
    that makes its parts.
    """
    n, steps = (
        b.size(names.SIZES, (1, 4, 9, 16)),
        b.size(("steps", "iters", "nsteps", "max_iter"), (0, 1, 3, 5))
        if b.chance(0.7)
        else ast.integer(b.pick((3, 4, 8, 10))),
    )
    i, t = ast.Name(b.name(names.LOOPS, "i32")), _inner(b)
    point = IterationPoint((i,), (n,), plain=True)
    first = make_input_place(b, point, b.kind)
    second = make_input_place(b, point, b.kind)
    v, w = ast.Name(b.local()), ast.Name(b.local())
    half: tuple = (
        ast.Literal(b.pick(("0.5", "0.25", "0.1", "0.9")), "f64")
        if b.kind in FLOATS
        else ast.Literal("1", "i32")
    )
    step: tuple = (
        ast.Assign(v, "=", ast.add(ast.mul(half, v), b.leaf(t) if b.chance(0.4) else w)),
        ast.Assign(w, b.pick(("-=", "=")), ast.mul(half, b.read())),
    )
    if b.chance(0.3):
        step += (ast.If(ast.compare(v, ">", b.number()), (ast.Jump("break"),)),)
    place = make_output_place(b, point)
    body = (
        ast.Declare(b.kind, v.id, first),
        ast.Declare(b.kind, w.id, second),
        counted(t, steps, *step),
        ast.Assign(place, "=", v if b.chance(0.6) else ast.add(v, w)),
    )
    return _one_axis(b, i, n, *body)


def long_grid(b: Builder) -> Nest:
    """Draw a nest with many statements on one cell of a matrix, sometimes with a loop over channels
    inside. b: the builder that makes its parts.
    """
    n, m = extents(b, 2)
    variables, axes = loops(b, (n, m))
    if b.chance(0.5):
        point = IterationPoint(variables, (n, m), plain=True)
        effects.add_inputs(b, point)
        return Nest("", [], [Region(axes, effects.make_body(b, point, b.pick((2, 3, 3, 4)), 2))])
    c, k = b.size(names.DEPTHS, (1, 2, 3)), _inner(b)
    point = IterationPoint((k, *variables), (c, n, m), plain=True)
    effects.add_inputs(b, point)
    inner = effects.make_body(b, point, b.pick((1, 2, 2)), 2)
    return Nest("", [], [Region(axes, (counted(k, c, *inner),))])


def long_line(b: Builder) -> Nest:
    """Draw a nest with many statements on one element. b: the builder that makes its parts."""
    n = b.size(names.SIZES, (1, 4, 9, 16))
    i = ast.Name(b.name(names.LOOPS, "i32"))
    point = IterationPoint((i,), (n,), plain=b.chance(0.6))
    effects.add_inputs(b, point)
    return _one_axis(b, i, n, *effects.make_body(b, point, b.pick((3, 4, 4, 5)), 2))
