"""Families over two or three parallel loops: element-wise grids, padding, channels, flattened
indices.

Contract: as for the families of `lines`.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 12)).programs['cuda'].text)"
"""

from __future__ import annotations

from corpora import ir
from corpora.generator.core import effects, expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest
from corpora.generator.core.points import IterationPoint, make_gathered_index, make_output_place

_SIDES = (1, 2, 3, 5, 6, 9)
_SMALL = (1, 2, 3, 4)


def extents(b: Builder, count: int) -> tuple:
    """Add `count` size parameters, 2 or 3, to the nest that `b` builds, and return them as
    expressions, outermost first. Sometimes two are the same or constant.
    """
    draw = b.rng.random()
    kind = "i32" if draw < 0.92 else "u32" if draw < 0.96 else "i64"
    if count == 2 and b.chance(0.15):
        side = b.size((*names.SIZES, "width", "dim"), _SIDES, kind)
        return (side, side)
    if count == 2 and b.chance(0.06):
        side = ast.integer(b.pick((4, 5, 8, 10, 16)))
        return (side, side if b.chance(0.6) else ast.integer(b.pick((3, 6, 8))))
    pair = b.pick(names.EXTENTS)
    sides = [b.size((w,), _SIDES if count == 2 else _SMALL, kind) for w in pair]
    if count == 3:
        sides.insert(0, b.size(names.DEPTHS, _SMALL, kind))
    return tuple(sides)


def loops(b: Builder, sides: tuple) -> tuple[tuple[ir.Name, ...], tuple[Axis, ...]]:
    """Return (variables, axes): new loop variables as Name nodes, outermost first, and their
    parallel loops, sometimes in another order. sides: how many iterations each has, outermost
    first. b: the nest's builder, which gets the names.
    """
    words = b.pick(names.GRIDS)
    words = (words[2], *words[:2]) if len(sides) == 3 and b.chance(0.6) else words
    variables = tuple(ir.Name(b.exact(w, "i32")) for w in words[: len(sides)])
    axes = [Axis(v.id, ast.ZERO, s) for v, s in zip(variables, sides)]
    if b.chance(0.25):  # columns before rows, whatever the array's order
        axes = axes[::-1] if len(axes) == 2 else b.rng.sample(axes, len(axes))
    return variables, tuple(axes)


def _flat(b: Builder, variables: tuple, sides: tuple) -> tuple[ir.Name, tuple]:
    """`int idx = i * m + j;` and the local's name."""
    word, three = b.name(names.FLATS, "i32"), len(sides) == 3
    text = "PAREN(i * m + j) * l + k" if three else "i * m + j"
    if three and b.chance(0.6):
        text = "i * m * l + j * l + k"
    elif not three and b.chance(0.3):
        text = "j + i * m"
    given = dict(zip("ijk", variables)) | dict(zip("ml", sides[1:]))
    return ir.Name(word), (ast.declare("i32", word, ast.quote(text, **given), b.chance(0.1)),)


def grid(b: Builder) -> Nest:
    """Draw a generated computation that works element by element on a matrix or a volume."""
    sides = extents(b, 2 if b.chance(0.78) else 3)
    variables, axes = loops(b, sides)
    flat, made = _flat(b, variables, sides) if b.chance(0.4) else (None, ())
    point = IterationPoint(variables, sides, flat, plain=b.chance(0.4))
    if b.chance(0.1):
        return Nest.of(axes, made + effects.add_constant(b, point))
    effects.add_inputs(b, point)
    count = b.pick((1, 1, 1, 1, 2, 2))
    if not b.chance(0.12):
        return Nest.of(axes, made + effects.make_body(b, point, count, b.pick((1, 1, 2, 2))))
    place = make_output_place(b, point)  # one value on the border, another inside
    tests = [ast.compare(v, "==", ast.ZERO) for v in variables]
    tests += [ast.compare(v, "==", ast.sub(s, 1)) for v, s in zip(variables, sides)]
    given = {"test": ast.join("||", tests[:: b.pick((1, 2))]), "x": place}
    given |= {"border": b.number(zero=True), "inner": b.value(2)}
    return Nest.of(axes, made + ast.code("if (test) x = border; else x = inner;", **given))


def flattened(b: Builder) -> Nest:
    """Draw a generated computation of one loop over rows * columns (* layers), whose index is
    divided into them.
    """
    three = b.chance(0.3)
    sides = extents(b, 3 if three else 2)
    one = b.name(names.LOOPS, "i32")
    wanted = (*names.INNER, "row", "col", "r0", "c0", "pos_x", "pos_y")
    variables = tuple(ir.Name(b.name(wanted, "i32")) for _ in sides)
    axis = Axis(one, ast.ZERO, ast.product(list(sides)))
    if three:
        first = "t / PAREN(m * l)" if b.chance(0.5) else "t / l / m"
        parts = [f"int i = {first};", "int j = PAREN(t / l) % m;", "int k = t % l;"]
        parts = parts[::-1] if b.chance(0.5) else parts
    else:
        last = "t % m" if b.chance(0.75) else "t - i * m"
        parts = ["int i = t / m;", f"int j = {last};"]
    given = dict(zip("ijk", variables)) | dict(zip("ml", sides[1:]))
    made = ast.code("".join(parts), t=one, **given)
    point = IterationPoint(variables, sides, ir.Name(one) if b.chance(0.35) else None)
    effects.add_inputs(b, IterationPoint(variables, sides))
    return Nest.of(axis, made + effects.make_body(b, point, b.pick((1, 1, 2)), b.pick((1, 2))))


def transpose(b: Builder) -> Nest:
    """Draw a generated computation that moves elements of a matrix: transposition, reversal, or
    resampling by a whole factor.
    """
    n, m = extents(b, 2)
    (i, j), axes = loops(b, (n, m))
    draw = b.rng.random()
    array = b.array((n, m))
    given = {"i": i, "j": j, "n": n, "m": m}
    factor = b.pick((2, 2, 3)) if b.chance(0.5) else None
    value, extent = "x[i][j]", (n, m)
    if draw < 0.4:
        extent = (m, n)
    elif draw < 0.6:
        mirrored = "m - 1 - j" if b.chance(0.6) else "m - j - 1"
    else:
        given["f"] = factor or b.size(names.COUNTS, (1, 2, 3))
        value = "x[i / f][j / f]" if draw < 0.8 else "x[i * f][j * f]"
    if draw >= 0.8:
        array = b.array((ast.quote("n * f", **given), ast.quote("m * f", **given)))
        b.parameters = [p for p in b.parameters if p.kind == "scalar" or p.name == array]
    result = b.output(extent)
    if 0.4 <= draw < 0.6:
        value = f"x[i][{mirrored}]" if b.chance(0.6) else "x[n - 1 - i][j]"
    if b.chance(0.25):
        value, given["few"] = f"{value} {b.pick('*+-')} few", b.number()
    target = "y[j][i]" if draw < 0.4 else "y[i][j]"
    return Nest.of(axes, ast.code(f"{target} = {value};", x=array, y=result, **given))


def pad(b: Builder) -> Nest:
    """Draw a generated computation that puts a border of zeros round a matrix."""
    n, m = extents(b, 2)
    border = b.size(("pad", "border", "halo", "margin"), (0, 1, 2))
    rows = b.name(("new_h", "outH", "padded_h"), "i32")
    cols = b.name(("new_w", "outW", "padded_w"), "i32")
    given = {"n": n, "m": m, "p": border, "h": rows, "w": cols}
    before = ast.code("int h = n + 2 * p; int w = m + 2 * p;", **given)
    (i, j), axes = loops(b, (ir.Name(rows), ir.Name(cols)))
    given |= {"i": i, "j": j, "x": b.array((n, m))}
    whole = ast.quote("PAREN(n + 2 * p) * PAREN(m + 2 * p)", **given)
    given |= {"y": b.output((whole,)), "zero": b.number(zero=True)}
    text = """if (i < p || i >= n + p || j < p || j >= m + p) y[i * w + j] = zero;
        else y[i * w + j] = x[PAREN(i - p) * m + PAREN(j - p)];"""
    return Nest.of(axes, ast.code(text, **given), before=before)


def channels(b: Builder) -> Nest:
    """Draw a generated computation over batch, channel and position with coefficients per
    channel.
    """
    wanted = ("batch num nb", "filters channels c nf", "spatial size area hw")
    sides = outer, filters, _ = tuple(b.size(tuple(w.split()), _SMALL) for w in wanted)
    variables, axes = loops(b, sides)
    flat, made = _flat(b, variables, sides) if b.chance(0.6) else (None, ())
    whole = (ast.product(list(sides)),) if flat else sides
    place = ast.at(b.output(whole), (flat,) if flat else variables)
    vector = ast.at(b.array((filters,)), (variables[1],))
    b.reads += [place, vector]
    if b.chance(0.4):
        b.reads.append(ast.at(b.array((filters,)), (variables[1],)))
    if b.chance(0.2):
        b.reads.append(ast.at(b.array((outer,)), (variables[0],)))
    draw, given = b.rng.random(), {"x": place, "v": vector}
    if draw < 0.4:
        text = f"x {b.pick(('*=', '+=', '-=')) if b.kind in FLOATS else '+='} v;"
    elif draw < 0.6 and b.kind in FLOATS:
        text = "x = PAREN(x - y) / PAREN(root(absolute(v)) + few);"
        given |= {"root": b.function("sqrt"), "absolute": b.function("fabs")}
        given |= {"y": b.read(), "few": b.number()}
    else:
        text, given["y"] = "x = y;", b.value(2)
    return Nest.of(axes, (*made, *ast.code(text, **given)))


def scattered_rows(b: Builder) -> Nest:
    """Draw a generated computation that copies rows of a table, chosen by an index array, or one
    assignment where this does not fit.
    """
    n, m = extents(b, 2)
    if n == m or type(n) is not ir.Name:  # one assignment, where this family does not fit
        variables, axes = loops(b, (n, m))
        point = IterationPoint(variables, (n, m), plain=True)
        effects.add_inputs(b, point)
        return Nest.of(axes, effects.add_assignment(b, point, 1))
    (i, j), axes = loops(b, (n, m))
    count = b.size(("table_rows", "vocab", "n_src", "limit"), (1, 2, 4, 7))
    which: ir.Expression = make_gathered_index(b, i, n, count.id)
    given = {"x": b.array((count, m)), "y": b.output((n, m)), "i": i, "j": j}
    made, op = (), "="
    if b.chance(0.5):
        word = b.name(names.FLATS, "i32")
        made, which = (ast.declare("i32", word, which, b.chance(0.3)),), ir.Name(word)
    else:
        op = b.pick(("=", "=", "+="))
    return Nest.of(axes, (*made, *ast.code(f"y[i][j] {op} x[k][j];", k=which, **given)))


def counted(variable: ir.Name, stop: ir.Expression, *body: ir.Statement) -> ir.For:
    """Return a sequential loop of `variable`, a new `i32`, from 0 below `stop` in steps of one.
    body: the statements inside.
    """
    return ast.loop(variable.id, ast.ZERO, "<", stop, body)
