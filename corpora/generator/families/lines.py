"""Families over one parallel loop: element-wise work, several loops in a function, histograms,
sums, images.

Contract: every family takes the builder, which makes its parts and gets its parameters. It returns
a `Nest` without parameters or style (`nests.draw_nest` adds them).

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 11)).programs['cuda'].text)"
"""

from __future__ import annotations

from corpora import ir
from corpora.generator.core import effects, expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.core.points import (
    IterationPoint,
    make_gathered_index,
    make_input_place,
    make_output_place,
)

_LENGTHS = (1, 2, 5, 7, 12, 20, 33)
_CONSTANTS = (3, 4, 8, 10, 16, 20, 32, 64, 100, 128, 256, 169, 347, 500, 784, 1000, 1024)
_GREYS = ("0.299 0.587 0.114", "0.21 0.71 0.07", "0.3 0.5 0.2", "0.25 0.5 0.25")


def length(b: Builder) -> ir.Expression:
    """Return how many iterations a new loop has, as an expression: mostly a new size parameter,
    sometimes a constant or a product. b: the nest's builder, which gets the parameter.
    """
    if b.chance(0.06):
        return ast.integer(b.pick(_CONSTANTS))
    if b.chance(0.05):  # a matrix as one line
        return ast.mul(*(b.size((w,), (1, 2, 3, 5)) for w in b.pick(names.EXTENTS)))
    draw = b.rng.random()
    kind = "i32" if draw < 0.84 else "i64" if draw < 0.91 else "u32" if draw < 0.98 else "u64"
    return b.size(names.SIZES, _LENGTHS, kind)


def line(b: Builder) -> tuple[IterationPoint, Axis, str]:
    """Return (point, axis, type) of a new loop over one extent: its current iteration, the parallel
    loop, and the element type of its variable, such as `i32`. b: the nest's builder, which gets the
    names.
    """
    n = length(b)
    kind = b.types.get(n.id, "i32") if type(n) is ir.Name else "i32"
    kind = kind if kind in ("i64", "u32") and b.chance(0.6) else "i32"
    word = b.name(names.LOOPS, kind)
    return IterationPoint((ir.Name(word),), (n,)), Axis(word, ast.ZERO, n), kind


def simple(b: Builder) -> Nest:
    """Draw a generated computation of one parallel loop with one short statement, sometimes a
    few.
    """
    point, axis, kind = line(b)
    point.plain = b.chance(0.8)
    if b.chance(0.14):
        return Nest.of(axis, effects.add_constant(b, point), index_type=kind)
    effects.add_inputs(b, point)
    draw = b.rng.random()
    if draw < 0.85:
        body = effects.add_assignment(b, point, 1 if draw < 0.7 else 2)
    else:
        body = effects.add_branch(b, point, 1)
    return Nest.of(axis, body, index_type=kind)


def elementwise(b: Builder) -> Nest:
    """Draw a generated computation of one parallel loop with one to three effects, often with
    unusual subscripts and bounds.
    """
    point, axis, kind = line(b)
    _odd_bounds(b, point, axis, kind)
    effects.add_inputs(b, point)
    count = b.pick((1, 1, 1, 2, 2, 3))
    body = effects.make_body(b, point, count, b.pick((1, 2, 2, 3)))
    if point.margin:
        body += _difference(b, point)
    before: tuple = ()
    if b.chance(0.06) and type(axis.stop) is ir.Name and b.types[axis.stop.id] == "i32":
        before = b.code("if (n <= 0) return;", n=axis.stop)
    if b.chance(0.1):  # a local made from scalar parameters
        word = b.local()
        left = b.pick(tuple(b.scalars)) if b.scalars else b.scalar()
        before += (ast.declare(b.kind, word, ir.Binary(b.pick("*+"), left, b.number())),)
        b.locals.append(ir.Name(word))
    return Nest.of(axis, body, before=before, index_type=kind)


def _odd_bounds(b: Builder, point: IterationPoint, axis: Axis, kind: str) -> None:
    """Starts, ends, steps and directions other than 0 … n."""
    if kind != "i32" or type(axis.stop) is not ir.Name or b.types[axis.stop.id] != "i32":
        return
    n, draw = point.extents[0], b.rng.random()
    if draw < 0.09:
        point.margin, axis.start, axis.stop = 1, ast.ONE, ast.sub(n, 1)
    elif draw < 0.12:
        point.extents, axis.inclusive = (ast.add(n, 1),), True
    elif draw < 0.15:
        axis.start = ast.integer(b.pick((1, 1, 2)))
    elif draw < 0.18:
        axis.start = b.size(("start", "begin", "first", "from_idx", "lo"), (0, 1, 2))
    elif draw < 0.21:
        axis.step = b.pick((2, 2, 4))
    elif draw < 0.23:
        axis.down = True
    elif draw < 0.26:
        count = b.pick((2, 4)) if b.chance(0.3) else None
        axis.stop = ast.mul(n, count or b.size(names.COUNTS, (1, 2, 3)))
        point.extents = (axis.stop,)


def _difference(b: Builder, point: IterationPoint) -> tuple:
    """A three-point stencil, with its own arrays."""
    i, n = point.variables[0], point.extents[0]
    given = {"x": b.array((n,)), "i": i}
    given["y"] = make_output_place(b, IterationPoint((i,), (n,), plain=True))
    given["few"], draw = b.number(), b.rng.random()
    if draw < 0.4:
        value = "x[i + 1] - few * x[i] + x[i - 1]"
    elif draw < 0.7:
        value = f"PAREN(x[i + 1] - x[i - 1]) {'/' if b.kind in FLOATS else '*'} few"
    else:
        value, given["few"] = "PAREN(x[i - 1] + x[i] + x[i + 1]) / few", b.number()
    if b.chance(0.3):
        value, given["rate"] = f"x[i] + rate * PAREN({value})", b.scalar()
    return b.code(f"y = {value};", **given)


def several(b: Builder) -> Nest:
    """Draw a generated computation of two or three independent parallel loops, one after the
    other.
    """
    point, axis, kind = line(b)
    effects.add_inputs(b, point)
    regions = [Region((axis,), effects.add_assignment(b, point, 1))]
    for _ in range(b.pick((1, 1, 2))):
        n = b.size(names.SIZES, _LENGTHS) if b.chance(0.5) else axis.stop
        b.reads.clear()
        other = IterationPoint(point.variables, (n,), plain=True)
        if b.chance(0.5):
            make_input_place(b, other)
        body = effects.add_assignment(b, other, 1) if b.reads else effects.add_constant(b, other)
        regions.append(Region((Axis(axis.variable, ast.ZERO, n),), body))
    return Nest(regions, index_type="i32" if kind != "i64" else kind)


def histogram(b: Builder) -> Nest:
    """Draw a generated computation that counts or weighs into bins by atomic additions."""
    point, axis, kind = line(b)
    i, n = point.variables[0], axis.stop
    if b.chance(0.6):
        bins = b.size(("nbins", "num_bins", "nbr_bin", "k_bins", "B"), (2, 4, 7, 16))
    else:
        bins = ast.integer(b.pick((256, 16, 32, 10, 64)))
    bytes_ = bins == ast.integer(256)
    cell = b.pick(("u8", "i32") if bytes_ else ("i32", "i32", "i32", "u32"))
    text = bins.id if type(bins) is ir.Name else bins.text
    fill = f"indices({text})" if cell != "u8" else "integers(0,255)"
    wanted = ("values", "color", "vals", "d_keys", "bin_of", "levels", "img_in")
    reading: ir.Expression = ast.at(b.array((n,), cell, fill, wanted), (i,))
    weighted = b.chance(0.3)
    total = b.kind if weighted else b.pick(("i32", "i32", "u32"))
    fill = "integers(0,5)" if not weighted or b.kind not in FLOATS else ""
    counts = b.output((bins,), total, fill, ("hist", "histo", "counts", "bucket", "bins_out"))
    statements: tuple = ()
    if b.chance(0.4):
        word = b.local(cell, ("c0", "key", "bin_id", "val", "gray", "which"))
        statements = (ast.declare(cell, word, reading, b.chance(0.2)),)
        reading = ir.Name(word)
    amount = ast.at(b.array((n,)), (i,)) if weighted else ast.ONE
    change: tuple = (ast.atomic(ast.at(counts, (reading,)), "+=", amount),)
    if b.chance(0.15):
        test = ast.compare(reading, b.pick((">", "!=", "<")), b.pick((0, 1, 3)))
        change = (ir.If(test, change),)
    return Nest.of(axis, statements + change, index_type=kind)


def total(b: Builder) -> Nest:
    """Draw a generated computation that reduces into one array element by atomic updates: a sum,
    count, or largest or smallest integer.
    """
    point, axis, kind = line(b)
    point.plain = True
    effects.add_inputs(b, point)
    extreme = b.kind == "i32" and b.chance(0.4)
    counting = not extreme and b.chance(0.3)
    own, fill = "i32" if counting else b.kind, "constant(0)" if b.chance(0.7) else ""
    words = ("total", "result", "sum_out", "count", "res_out", "d_sum", "answer")
    place = ast.at(b.output((ast.ONE,), own, fill, words), (ast.ZERO,))
    if counting:
        change = ir.If(b.condition(), (ast.atomic(place, "+=", ast.ONE),))
        return Nest.of(axis, (change,), index_type=kind)
    value = b.value(b.pick((0, 1, 1, 2)))
    if own != ast.infer_type(value, b.types):
        value = b.read()
    if own != ast.infer_type(value, b.types):
        value = ast.cast(own, value)
    statements: tuple = ()
    if b.chance(0.25):
        word = b.local()
        statements, value = (ast.declare(b.kind, word, value),), ir.Name(word)
    op = b.pick(("max", "min")) if extreme else b.pick(("+=", "+=", "+=", "+=", "-="))
    return Nest.of(axis, (*statements, ast.atomic(place, op, value)), index_type=kind)


def returned(b: Builder) -> Nest:
    """Draw a generated computation that returns a sum, or what follows from it."""
    point, axis, kind = line(b)
    point.plain = True
    effects.add_inputs(b, point)
    word = b.local(b.kind, names.SUMS)
    change = b.code("s += value;", s=word, value=b.value(b.pick((0, 1, 2))))
    if b.chance(0.25):
        change = (ir.If(b.condition(), change),)
    value = "s"
    if b.kind in FLOATS and b.chance(0.4):
        value = "root(absolute(s))" if b.chance(0.4) else "s / n"
    given = {"root": b.function("sqrt"), "absolute": b.function("fabs"), "n": axis.stop}
    before = (ast.declare(b.kind, word, b.number(zero=True)),)
    return Nest(
        [Region((axis,), change, ("+", word))], index_type=kind, before=before,
        kernel=b.kind in ("i32", "f32", "f64"), result=b.kind,
        after=b.code(f"return {value};", s=word, **given),
    )  # fmt: skip


def image(b: Builder) -> Nest:
    """Draw a generated computation over the bytes of an image: grey levels, thresholds, look-up
    tables.
    """
    point, axis, kind = line(b)
    i, n = point.variables[0], axis.stop
    own = b.pick(("u8", "u8", "f32", "i32"))
    fill = "integers(0,255)" if own == "u8" else ""
    channels = b.pick((1, 1, 3, 3, 4))
    words = ("img_in", "ucharImage", "rgb", "pixels", "src_img", "input")
    extent = ast.mul(n, channels) if channels > 1 else n
    source = b.array((extent,), "u8", "integers(0,255)", words)
    words = ("gray", "img_out", "dst_img", "grayImage", "output", "result")
    place = ast.at(b.output((n,), own, fill, words), (i,))
    made: tuple = ()
    if channels > 1:
        base = ast.mul(i, channels)
        parts = [ast.at(source, (base if c == 0 else ast.add(base, c),)) for c in range(3)]
        if b.chance(0.6):
            words = [b.name((w,), "u8") for w in ("red", "green", "blue")]
            made = tuple(ast.declare("u8", w, p) for w, p in zip(words, parts))
            parts = [ir.Name(w) for w in words]
        spelled = b.pick(_GREYS).split()
        weights = [
            ir.Literal(t + "f", "f32") if b.suffix else ir.Literal(t, "f64") for t in spelled
        ]
        value = ast.join("+", [ast.mul(w, p) for w, p in zip(weights, parts)])
        if b.chance(0.3):
            value = ir.Binary("/", ast.paren(ast.join("+", parts)), ast.integer(3))
        value = _cast(own, value)
        return Nest.of(axis, (*made, ir.Assign(place, "=", value)), index_type=kind)
    pixel, draw = ast.at(source, (i,)), b.rng.random()
    value: ir.Expression = ast.sub(255, pixel)
    if 0.25 <= draw < 0.5:
        limit = b.size(("thr", "threshold", "level", "cutoff"), (64, 100, 128, 200))
        test = ir.Binary(b.pick((">", ">=", "<")), pixel, limit)
        value = ir.Conditional(test, ast.integer(255), ast.ZERO)
    elif 0.5 <= draw < 0.75:
        table = b.array((ast.integer(256),), own, fill, ("table", "lut", "palette", "cdf"))
        value = ast.at(table, (pixel,))
    elif draw >= 0.75:
        op, few = b.pick("/*"), ir.Literal(b.pick(("2.0", "255.0", "128.0", "4.0")), "f64")
        value = _cast(own, ir.Binary("/" if own == "u8" else op, pixel, few))
    return Nest.of(axis, (ir.Assign(place, "=", value),), index_type=kind)


def _cast(kind: str, value: ir.Expression) -> ir.Expression:
    return ast.cast(kind, ast.paren(value)) if kind != "i32" else value


def indirect(b: Builder) -> Nest:
    """Draw a generated computation that gathers through an index array."""
    point, axis, kind = line(b)
    i, n = point.variables[0], axis.stop
    limit = b.size(names.SIZES, (1, 3, 6, 11))
    places = make_gathered_index(b, i, n, limit.id)
    array = b.array((limit,))
    out = make_output_place(b, IterationPoint((i,), (n,), plain=True))
    word = b.name(names.FLATS, "i32")
    made = ast.declare("i32", word, places, b.chance(0.3))
    b.reads.append(ast.at(array, (ir.Name(word),)))
    draw = b.rng.random()
    if draw < 0.35:
        body = (ir.Assign(out, "=", ast.at(array, (places,))),)
        return Nest.of(axis, body, index_type=kind)
    body = (ir.Assign(out, b.pick(("=", "=", "+=")), b.value(1)),)
    if draw < 0.65:
        if b.chance(0.1):
            b.parameter(places.base.id).fill = "integers(-2,0)"
        other = (ir.Assign(out, "=", b.number(zero=True)),) if b.chance(0.4) else ()
        body = (ir.If(ast.quote("j >= 0 && j < m", j=word, m=limit), body, other),)
    return Nest.of(axis, (made, *body), index_type=kind)
