"""Families over one parallel loop: element-wise work, several loops in a function, histograms,
sums, images.

Contract: every family takes a builder and returns a `Nest` without name and style; see
`nests.draw_nest`.

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


def length(b: Builder) -> tuple:
    """Return the extent of a loop: mostly a new parameter, sometimes a constant or product."""
    if b.chance(0.06):
        return ast.integer(
            b.pick((3, 4, 8, 10, 16, 20, 32, 64, 100, 128, 256, 169, 347, 500, 784, 1000, 1024))
        )
    if b.chance(0.05):  # a matrix as one line
        return ast.mul(*(b.size((w,), (1, 2, 3, 5)) for w in b.pick(names.EXTENTS)))
    draw = b.rng.random()
    kind = "i32" if draw < 0.84 else "i64" if draw < 0.91 else "u32" if draw < 0.98 else "u64"
    return b.size(names.SIZES, _LENGTHS, kind)


def index_type(b: Builder, n: tuple) -> str:
    """Return an element type for the variable of a loop with the extent `n`."""
    kind = b.types.get(n.id, "i32") if type(n) is ir.Name else "i32"
    return (
        "i64"
        if kind == "i64" and b.chance(0.6)
        else "u32"
        if kind == "u32" and b.chance(0.6)
        else "i32"
    )


def line(b: Builder) -> tuple[IterationPoint, Axis, str]:
    """Return the point, parallel axis and variable's type of a new loop over one extent."""
    n = length(b)
    kind = index_type(b, n)
    word = b.name(names.LOOPS, kind)
    return IterationPoint((ir.Name(word),), (n,)), Axis(word, ast.ZERO, n), kind


def simple(b: Builder) -> Nest:
    """Draw a nest of one short statement. b: the builder that makes its parts."""
    point, axis, kind = line(b)
    point.plain = b.chance(0.8)
    if b.chance(0.14):
        body = effects.add_constant(b, point)
    else:
        effects.add_inputs(b, point)
        draw = b.rng.random()
        body = (
            effects.add_assignment(b, point, 1 if draw < 0.7 else 2)
            if draw < 0.85
            else effects.add_branch(b, point, 1)
        )
    return Nest("", [], [Region((axis,), body)], index_type=kind)


def elementwise(b: Builder) -> Nest:
    """Draw a nest of several effects with unusual subscripts and bounds. b: the builder that makes
    its parts.
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
        before = (ir.If(ast.compare(axis.stop, "<=", ast.ZERO), (ir.Return(),)),)
    if b.chance(0.1):
        before += _derived_scalar(b)
    return Nest("", [], [Region((axis,), body)], before=before, index_type=kind)


def _derived_scalar(b: Builder) -> tuple:
    """A local made from scalar parameters before the loop."""
    word = b.local()
    left = b.pick(tuple(b.scalars)) if b.scalars else b.scalar()
    value = ir.Binary(b.pick("*+"), left, b.number())
    b.locals.append(ir.Name(word))
    return (ast.declare(b.kind, word, value),)


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
        first = b.size(("start", "begin", "first", "from_idx", "lo"), (0, 1, 2))
        axis.start = first
    elif draw < 0.21:
        axis.step = b.pick((2, 2, 4))
    elif draw < 0.23:
        axis.down = True
    elif draw < 0.26:
        count = b.pick((2, 4)) if b.chance(0.3) else None
        axis.stop = ast.mul(n, count) if count else ast.mul(n, b.size(names.COUNTS, (1, 2, 3)))
        point.extents = (axis.stop,)


def _difference(b: Builder, point: IterationPoint) -> tuple:
    """A three-point stencil, with its own arrays."""
    i, n = point.variables[0], point.extents[0]
    array = b.array((n,))
    left, right, middle = (ast.at(array, (s,)) for s in (ast.sub(i, 1), ast.add(i, 1), i))
    place = make_output_place(b, IterationPoint((i,), (n,), plain=True))
    two = b.number()
    draw = b.rng.random()
    if draw < 0.4:
        value = ast.add(ast.sub(right, ast.mul(two, middle)), left)
    elif draw < 0.7:
        value = ir.Binary("/" if b.kind in FLOATS else "*", ast.paren(ast.sub(right, left)), two)
    else:
        value = ir.Binary("/", ast.paren(ast.add(ast.add(left, middle), right)), b.number())
    return (
        ir.Assign(
            place,
            "=",
            ast.add(middle, ast.mul(b.scalar(), ast.paren(value))) if b.chance(0.3) else value,
        ),
    )


def several(b: Builder) -> Nest:
    """Draw a nest of two or three independent loops. b: the builder that makes its parts."""
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
    return Nest("", [], regions, index_type="i32" if kind != "i64" else kind)


def histogram(b: Builder) -> Nest:
    """Draw a nest that counts or weighs into bins by atomic additions. b: the builder that makes
    its parts.
    """
    point, axis, kind = line(b)
    i, n = point.variables[0], axis.stop
    bins = (
        b.size(("nbins", "num_bins", "nbr_bin", "k_bins", "B"), (2, 4, 7, 16))
        if b.chance(0.6)
        else ast.integer(b.pick((256, 16, 32, 10, 64)))
    )
    cell = (
        b.pick(("i32", "i32", "i32", "u32")) if bins != ast.integer(256) else b.pick(("u8", "i32"))
    )
    text = bins.id if type(bins) is ir.Name else bins.text
    values = b.array(
        (n,),
        cell,
        f"indices({text})" if cell != "u8" else "integers(0,255)",
        ("values", "color", "vals", "d_keys", "bin_of", "levels", "img_in"),
    )
    weighted = b.chance(0.3)
    counts = b.array(
        (bins,),
        b.kind if weighted else b.pick(("i32", "i32", "u32")),
        "integers(0,5)" if not weighted or b.kind not in FLOATS else "",
        ("hist", "histo", "counts", "bucket", "bins_out"),
    )
    b.parameter(counts).written = True
    reading: tuple = ast.at(values, (i,))
    statements: tuple = ()
    if b.chance(0.4):
        word = b.local(cell, ("c0", "key", "bin_id", "val", "gray", "which"))
        statements, reading = (ast.declare(cell, word, reading, b.chance(0.2)),), ir.Name(word)
    amount: tuple = ast.at(b.array((n,)), (i,)) if weighted else ast.ONE
    change: tuple = (ast.atomic(ast.at(counts, (reading,)), "+=", amount),)
    if b.chance(0.15):
        change = (
            ir.If(
                ast.compare(reading, b.pick((">", "!=", "<")), ast.integer(b.pick((0, 1, 3)))),
                change,
            ),
        )
    return Nest("", [], [Region((axis,), statements + change)], index_type=kind)


def total(b: Builder) -> Nest:
    """Draw a nest that reduces into one cell: a sum, count, dot product or largest integer. b: the
    builder that makes its parts.
    """
    point, axis, kind = line(b)
    point.plain = True
    effects.add_inputs(b, point)
    extreme = b.kind == "i32" and b.chance(0.4)
    counting = not extreme and b.chance(0.3)
    result = b.array(
        (ast.ONE,),
        "i32" if counting else b.kind,
        "constant(0)" if b.chance(0.7) else "",
        ("total", "result", "sum_out", "count", "res_out", "d_sum", "answer"),
    )
    b.parameter(result).written = True
    place = ast.at(result, (ast.ZERO,))
    if counting:
        return Nest(
            "",
            [],
            [Region((axis,), (ir.If(b.condition(), (ast.atomic(place, "+=", ast.ONE),)),))],
            index_type=kind,
        )
    value = b.value(b.pick((0, 1, 1, 2)))
    if b.types[result] != ast.infer_type(value, b.types):
        value = b.read()
    if b.types[result] != ast.infer_type(value, b.types):
        value = ast.cast(b.types[result], value)
    statements: tuple = ()
    if b.chance(0.25):
        word = b.local()
        statements, value = (ast.declare(b.kind, word, value),), ir.Name(word)
    op = b.pick(("max", "min")) if extreme else b.pick(("+=", "+=", "+=", "+=", "-="))
    return Nest(
        "",
        [],
        [Region((axis,), (*statements, ast.atomic(place, op, value)))],
        index_type=kind,
    )


def returned(b: Builder) -> Nest:
    """Draw a nest that returns a sum. b: the builder that makes its parts."""
    point, axis, kind = line(b)
    point.plain = True
    effects.add_inputs(b, point)
    word = b.local(b.kind, names.SUMS)
    change: tuple = (ir.Assign(ir.Name(word), "+=", b.value(b.pick((0, 1, 2)))),)
    if b.chance(0.25):
        change = (ir.If(b.condition(), change),)
    value: tuple = ir.Name(word)
    if b.kind in FLOATS and b.chance(0.4):
        value = (
            ast.call(b.function("sqrt"), (ast.call(b.function("fabs"), (value,)),))
            if b.chance(0.4)
            else ir.Binary("/", value, axis.stop)
        )
    nest = Nest(
        "",
        [],
        [Region((axis,), change, ("+", word))],
        index_type=kind,
        kernel=b.kind in ("i32", "f32", "f64"),
    )
    nest.before = (ast.declare(b.kind, word, b.number(zero=True)),)
    nest.after, nest.result = (ir.Return(value),), b.kind
    return nest


def image(b: Builder) -> Nest:
    """Draw a nest over bytes: grey levels, thresholds, look-up tables. b: the builder that makes
    its parts.
    """
    point, axis, kind = line(b)
    i, n = point.variables[0], axis.stop
    out_kind = b.pick(("u8", "u8", "f32", "i32"))
    channels = b.pick((1, 1, 3, 3, 4))
    source = b.array(
        (ast.mul(n, channels) if channels > 1 else n,),
        "u8",
        "integers(0,255)",
        ("img_in", "ucharImage", "rgb", "pixels", "src_img", "input"),
    )
    result = b.array(
        (n,),
        out_kind,
        "integers(0,255)" if out_kind == "u8" else "",
        ("gray", "img_out", "dst_img", "grayImage", "output", "result"),
    )
    b.parameter(result).written = True
    place = ast.at(result, (i,))
    base = ast.mul(i, channels) if channels > 1 else i
    if channels > 1:
        parts = [ast.at(source, (base if c == 0 else ast.add(base, c),)) for c in range(3)]
        words = [b.name((w,), "u8") for w in ("red", "green", "blue")] if b.chance(0.6) else []
        made = tuple(ast.declare("u8", w, p) for w, p in zip(words, parts))
        parts = [ir.Name(w) for w in words] or parts
        weights = [
            ir.Literal(t + ("f" if b.suffix else ""), "f32" if b.suffix else "f64")
            for t in b.pick(
                (
                    ("0.299", "0.587", "0.114"),
                    ("0.21", "0.71", "0.07"),
                    ("0.3", "0.5", "0.2"),
                    ("0.25", "0.5", "0.25"),
                )
            )
        ]
        grey = ast.add(
            ast.add(*(ast.mul(w, p) for w, p in zip(weights[:2], parts))),
            ast.mul(weights[2], parts[2]),
        )
        if b.chance(0.3):
            grey = ir.Binary(
                "/", ast.paren(ast.add(ast.add(parts[0], parts[1]), parts[2])), ast.integer(3)
            )
        return Nest(
            "",
            [],
            [Region((axis,), (*made, ir.Assign(place, "=", _cast(out_kind, grey))))],
            index_type=kind,
        )
    pixel: tuple = ast.at(source, (i,))
    draw = b.rng.random()
    if draw < 0.25:
        value: tuple = ast.sub(ir.Literal("255", "i32"), pixel)
    elif draw < 0.5:
        limit = b.size(("thr", "threshold", "level", "cutoff"), (64, 100, 128, 200))
        value = ir.Conditional(
            ast.compare(pixel, b.pick((">", ">=", "<")), limit), ir.Literal("255", "i32"), ast.ZERO
        )
    elif draw < 0.75:
        table = b.array(
            (ast.integer(256),),
            out_kind,
            "integers(0,255)" if out_kind == "u8" else "",
            ("table", "lut", "palette", "cdf"),
        )
        value = ast.at(table, (pixel,))
    else:
        value = ir.Binary(
            b.pick("/*"), pixel, ir.Literal(b.pick(("2.0", "255.0", "128.0", "4.0")), "f64")
        )
        value = ir.Binary("/", pixel, value.right) if out_kind == "u8" or value.op == "/" else value
        return Nest(
            "",
            [],
            [Region((axis,), (ir.Assign(place, "=", _cast(out_kind, value)),))],
            index_type=kind,
        )
    return Nest("", [], [Region((axis,), (ir.Assign(place, "=", value),))], index_type=kind)


def _cast(kind: str, value: tuple) -> tuple:
    return ast.cast(kind, ast.paren(value)) if kind != "i32" else value


def indirect(b: Builder) -> Nest:
    """Draw a nest that gathers through an index array. b: the builder that makes its parts."""
    point, axis, kind = line(b)
    i, n = point.variables[0], axis.stop
    limit = b.size(names.SIZES, (1, 3, 6, 11))
    places = make_gathered_index(b, i, n, limit.id)
    array = b.array((limit,))
    out = make_output_place(b, IterationPoint((i,), (n,), plain=True))
    word = b.name(names.FLATS, "i32")
    j = ir.Name(word)
    made = ast.declare("i32", word, places, b.chance(0.3))
    b.reads.append(ast.at(array, (j,)))
    draw = b.rng.random()
    if draw < 0.35:
        return Nest(
            "",
            [],
            [Region((axis,), (ir.Assign(out, "=", ast.at(array, (places,))),))],
            index_type=kind,
        )
    write = (ir.Assign(out, b.pick(("=", "=", "+=")), b.value(1)),)
    if draw < 0.65:
        test = ir.Binary("&&", ast.compare(j, ">=", ast.ZERO), ast.compare(j, "<", limit))
        b.parameter(places.base.id).fill = (
            "integers(-2,0)" if b.chance(0.1) else f"indices({limit.id})"
        )
        other = (ir.Assign(out, "=", b.number(zero=True)),) if b.chance(0.4) else ()
        return Nest("", [], [Region((axis,), (made, ir.If(test, write, other)))], index_type=kind)
    return Nest("", [], [Region((axis,), (made, *write))], index_type=kind)
