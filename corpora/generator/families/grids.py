"""Families over two or three parallel loops: element-wise grids, padding, channels, flattened
indices.

python -c "from corpora.generator import generate; \\
    print(next(generate(1, 12)).programs['cuda'].text)"
"""

from __future__ import annotations

from corpora import ir
from corpora.generator.core import effects, expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.core.points import IterationPoint, make_gathered_index, make_output_place

_SIDES = (1, 2, 3, 5, 6, 9)
_SMALL = (1, 2, 3, 4)


def extents(b: Builder, count: int) -> tuple:
    """Add `count` size parameters and return them, outermost first. Sometimes two are the same or
    constant.
    """
    draw = b.rng.random()
    kind = "i32" if draw < 0.92 else "u32" if draw < 0.96 else "i64"
    if count == 2 and b.chance(0.15):
        side = b.size(names.SIZES + ("width", "dim"), _SIDES, kind)
        return (side, side)
    if count == 2 and b.chance(0.06):
        side = ast.integer(b.pick((4, 5, 8, 10, 16)))
        return (side, side if b.chance(0.6) else ast.integer(b.pick((3, 6, 8))))
    pair = b.pick(names.EXTENTS)
    sides = [b.size((w,), _SIDES if count == 2 else _SMALL, kind) for w in pair]
    if count == 3:
        sides.insert(0, b.size(names.DEPTHS, _SMALL, kind))
    return tuple(sides)


def loops(
    b: Builder, sides: tuple, margin: int = 0
) -> tuple[tuple[ir.Name, ...], tuple[Axis, ...]]:
    """Return new loop variables and their parallel axes, outermost first. sides: their sizes.
    margin: iterations left out at both ends.
    """
    words = b.pick(names.GRIDS)
    words = (words[2], *words[:2]) if len(sides) == 3 and b.chance(0.6) else words
    variables = tuple(ir.Name(b.exact(w, "i32")) for w in words[: len(sides)])
    start = ast.integer(margin)
    axes = [
        Axis(v.id, start, ast.sub(s, margin) if margin else s) for v, s in zip(variables, sides)
    ]
    if b.chance(0.25):  # columns before rows, whatever the array's order
        axes = axes[::-1] if len(axes) == 2 else b.rng.sample(axes, len(axes))
    return variables, tuple(axes)


def _flat(b: Builder, variables: tuple, sides: tuple) -> tuple[ir.Name, tuple]:
    """`int idx = i * m + j;` and the local's name."""
    word = b.name(names.FLATS, "i32")
    position = variables[0]
    for variable, side in zip(variables[1:], sides[1:]):
        position = ast.add(
            ast.mul(ast.paren(position) if type(position) is ir.Binary else position, side),
            variable,
        )
    if len(sides) == 3 and b.chance(0.6):
        position = ast.add(
            ast.add(
                ast.product([variables[0], sides[1], sides[2]]), ast.mul(variables[1], sides[2])
            ),
            variables[2],
        )
    elif len(sides) == 2 and b.chance(0.3):
        position = ast.add(variables[1], ast.mul(variables[0], sides[1]))
    return ir.Name(word), (ast.declare("i32", word, position, b.chance(0.1)),)


def grid(b: Builder) -> Nest:
    """Draw a nest with element-wise work on a matrix or a volume. b: the builder that makes its
    parts.
    """
    sides = extents(b, 2 if b.chance(0.78) else 3)
    variables, axes = loops(b, sides)
    flat, made = (None, ())
    if b.chance(0.4):
        flat, made = _flat(b, variables, sides)
    point = IterationPoint(variables, sides, flat, plain=b.chance(0.4))
    if b.chance(0.1):
        return Nest("", [], [Region(axes, made + effects.add_constant(b, point))])
    effects.add_inputs(b, point)
    count = b.pick((1, 1, 1, 1, 2, 2))
    if b.chance(0.12):
        before = _bordered(b, variables, sides, point)
        return Nest("", [], [Region(axes, made + before)])
    return Nest(
        "", [], [Region(axes, made + effects.make_body(b, point, count, b.pick((1, 1, 2, 2))))]
    )


def _bordered(b: Builder, variables: tuple, sides: tuple, point: IterationPoint) -> tuple:
    """One value on the border, another inside."""
    place = make_output_place(b, point)
    tests = [ast.compare(v, "==", ast.ZERO) for v in variables] + [
        ast.compare(v, "==", ast.sub(s, 1)) for v, s in zip(variables, sides)
    ]
    chosen = tests[:: b.pick((1, 2))]
    test = chosen[0]
    for part in chosen[1:]:
        test = ir.Binary("||", test, part)
    return (
        ir.If(
            test,
            (ir.Assign(place, "=", b.number(zero=True)),),
            (ir.Assign(place, "=", b.value(2)),),
        ),
    )


def flattened(b: Builder) -> Nest:
    """Draw a nest of one loop over rows * columns whose index is divided into both. b: the builder
    that makes its parts.
    """
    three = b.chance(0.3)
    sides = extents(b, 3 if three else 2)
    one = ir.Name(b.name(names.LOOPS, "i32"))
    words = tuple(
        b.name(names.INNER + ("row", "col", "r0", "c0", "pos_x", "pos_y"), "i32") for _ in sides
    )
    variables = tuple(ir.Name(w) for w in words)
    axis = Axis(one.id, ast.ZERO, ast.product(list(sides)))
    if three:
        inner = ast.paren(ast.mul(sides[1], sides[2])) if b.chance(0.5) else None
        first = (
            ir.Binary("/", one, inner)
            if inner
            else ir.Binary("/", ir.Binary("/", one, sides[2]), sides[1])
        )
        middle = ir.Binary("%", ast.paren(ir.Binary("/", one, sides[2])), sides[1])
        values = (first, middle, ir.Binary("%", one, sides[2]))
    else:
        last = (
            ir.Binary("%", one, sides[1])
            if b.chance(0.75)
            else ast.sub(one, ast.mul(variables[0], sides[1]))
        )
        values = (ir.Binary("/", one, sides[1]), last)
    made = tuple(ast.declare("i32", w, v) for w, v in zip(words, values))
    if three and b.chance(0.5):
        made = made[::-1]
    flat = one if b.chance(0.35) else None
    point = IterationPoint(variables, sides, flat)
    effects.add_inputs(b, IterationPoint(variables, sides))
    return Nest(
        "",
        [],
        [Region((axis,), made + effects.make_body(b, point, b.pick((1, 1, 2)), b.pick((1, 2))))],
    )


def transpose(b: Builder) -> Nest:
    """Draw a nest that moves elements: transposition, reversal, padding, cropping or resampling. b:
    the builder that makes its parts.
    """
    n, m = extents(b, 2)
    (i, j), axes = loops(b, (n, m))
    draw = b.rng.random()
    array = b.array((n, m))
    factor = ast.integer(b.pick((2, 2, 3))) if b.chance(0.5) else None
    if draw < 0.4:
        result, there, source = b.array((m, n)), (j, i), (i, j)
    elif draw < 0.6:
        mirrored = ast.sub(ast.sub(m, 1), j) if b.chance(0.6) else ast.sub(ast.sub(m, j), 1)
        result, there, source = (
            b.array((n, m)),
            (i, j),
            (i, mirrored) if b.chance(0.6) else (ast.sub(ast.sub(n, 1), i), j),
        )
    elif draw < 0.8:
        scale = factor or b.size(names.COUNTS, (1, 2, 3))
        result = b.array((n, m))
        there, source = (i, j), (ir.Binary("/", i, scale), ir.Binary("/", j, scale))
    else:
        scale = factor or b.size(names.COUNTS, (1, 2, 3))
        array = b.array((ast.mul(n, scale), ast.mul(m, scale)))
        b.parameters = [
            p for p in b.parameters if p.written or p.kind == "scalar" or p.name == array
        ]
        result, there, source = b.array((n, m)), (i, j), (ast.mul(i, scale), ast.mul(j, scale))
    b.parameter(result).written = True
    value: tuple = ast.at(array, source)
    if b.chance(0.25):
        value = ir.Binary(b.pick("*+-"), value, b.number())
    return Nest("", [], [Region(axes, (ir.Assign(ast.at(result, there), "=", value),))])


def pad(b: Builder) -> Nest:
    """Draw a nest that puts a border of zeros round a matrix. b: the builder that makes its
    parts.
    """
    n, m = extents(b, 2)
    border = b.size(("pad", "border", "halo", "margin"), (0, 1, 2))
    rows, cols = (
        b.name(("new_h", "outH", "padded_h"), "i32"),
        b.name(("new_w", "outW", "padded_w"), "i32"),
    )
    before = tuple(
        ast.declare("i32", w, ast.add(s, ast.mul(2, border))) for w, s in ((rows, n), (cols, m))
    )
    (i, j), axes = loops(b, (ir.Name(rows), ir.Name(cols)))
    grown = tuple(ast.add(s, ast.mul(2, border)) for s in (n, m))
    array, result = b.array((n, m)), b.array((ast.product([ast.paren(g) for g in grown]),))
    b.parameter(result).written = True
    there = ast.at(result, (ast.add(ast.mul(i, ir.Name(cols)), j),))
    source = ast.at(
        array, (ast.add(ast.mul(ast.paren(ast.sub(i, border)), m), ast.paren(ast.sub(j, border))),)
    )
    outside = [
        ast.compare(i, "<", border),
        ast.compare(i, ">=", ast.add(n, border)),
        ast.compare(j, "<", border),
        ast.compare(j, ">=", ast.add(m, border)),
    ]
    test = outside[0]
    for part in outside[1:]:
        test = ir.Binary("||", test, part)
    zero, move = ir.Assign(there, "=", b.number(zero=True)), ir.Assign(there, "=", source)
    return Nest("", [], [Region(axes, (ir.If(test, (zero,), (move,)),))], before=before)


def channels(b: Builder) -> Nest:
    """Draw a nest over batch, channel and position with coefficients per channel. b: the builder
    that makes its parts.
    """
    outer, filters, spatial = (
        b.size(w, _SMALL)
        for w in (
            ("batch", "num", "nb"),
            ("filters", "channels", "c", "nf"),
            ("spatial", "size", "area", "hw"),
        )
    )
    variables, axes = loops(b, (outer, filters, spatial))
    flat, made = (None, ())
    if b.chance(0.6):
        flat, made = _flat(b, variables, (outer, filters, spatial))
    where = (flat,) if flat else variables
    whole = (ast.product([outer, filters, spatial]),) if flat else (outer, filters, spatial)
    array = b.array(whole)
    b.parameter(array).written = True
    place = ast.at(array, where)
    vector = ast.at(b.array((filters,)), (variables[1],))
    b.reads += [place, vector]
    if b.chance(0.4):
        b.reads.append(ast.at(b.array((filters,)), (variables[1],)))
    if b.chance(0.2):
        b.reads.append(ast.at(b.array((outer,)), (variables[0],)))
    draw = b.rng.random()
    if draw < 0.4:
        change = ir.Assign(place, b.pick(("*=", "+=", "-=")) if b.kind in FLOATS else "+=", vector)
    elif draw < 0.6 and b.kind in FLOATS:
        spread = ast.call(b.function("sqrt"), (ast.call(b.function("fabs"), (vector,)),))
        change = ir.Assign(
            place,
            "=",
            ir.Binary(
                "/", ast.paren(ast.sub(place, b.read())), ast.paren(ast.add(spread, b.number()))
            ),
        )
    else:
        change = ir.Assign(place, "=", b.value(2))
    return Nest("", [], [Region(axes, (*made, change))])


def scattered_rows(b: Builder) -> Nest:
    """Draw a nest over rows chosen by an index array. b: the builder that makes its parts."""
    n, m = extents(b, 2)
    if n == m or type(n) is not ir.Name:
        return grid_of(b, n, m)
    (i, j), axes = loops(b, (n, m))
    count = b.size(("table_rows", "vocab", "n_src", "limit"), (1, 2, 4, 7))
    which = make_gathered_index(b, i, n, count.id)
    table, result = b.array((count, m)), b.array((n, m))
    b.parameter(result).written = True
    if b.chance(0.5):
        word = b.name(names.FLATS, "i32")
        made: tuple = (ast.declare("i32", word, which, b.chance(0.3)),)
        return Nest(
            "",
            [],
            [
                Region(
                    axes,
                    (
                        *made,
                        ir.Assign(ast.at(result, (i, j)), "=", ast.at(table, (ir.Name(word), j))),
                    ),
                )
            ],
        )
    return Nest(
        "",
        [],
        [
            Region(
                axes,
                (
                    ir.Assign(
                        ast.at(result, (i, j)), b.pick(("=", "=", "+=")), ast.at(table, (which, j))
                    ),
                ),
            )
        ],
    )


def grid_of(b: Builder, n: tuple, m: tuple) -> Nest:
    """Draw a nest of two loops over `n` and `m` with one assignment, for where a richer family does
    not fit.
    """
    variables, axes = loops(b, (n, m))
    point = IterationPoint(variables, (n, m), plain=True)
    effects.add_inputs(b, point)
    return Nest("", [], [Region(axes, effects.add_assignment(b, point, 1))])


def counted(variable: ir.Name, stop: tuple, *body: tuple, start: tuple = ast.ZERO) -> ast.For:
    """Return a sequential loop of `variable` from `start` below `stop`."""
    return ast.loop(variable.id, start, "<", stop, body)
