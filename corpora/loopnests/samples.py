"""Families of points and samples: records of two to four numbers, boxes and rays, everyone against everyone, columns against columns.

Contract: as for the other families. What is divided by is moved away from zero; what is compared comes from inputs by additions and
products that every dialect rounds alike.

    python -c "from corpora.loopnests import generate; print([c for c in generate(4000, 4, 'broad') if 'touch' in c.programs['cpp'].text][0])"
"""

from __future__ import annotations

from corpora.loopnests import expressions as ast
from corpora.loopnests import names
from corpora.loopnests.builder import FLOATS, Builder
from corpora.loopnests.nest import Axis, Nest, Region

_SIZES = tuple("n count N np num_points bodies rays boxes samples m total nverts atoms particles num size".split())
_INDEX = tuple("i p idx tid a v id k r gid".split())
_OTHER = tuple("j q b0 o other k t jj".split())
_POINTS = tuple("pts xyz pos points verts coords p0 v in xy dirs data rgb quat lo box_min centers ref samples_in".split())
_OUT = tuple("out result dst res d2 norm hit inside area len_out angle best label dens force acc_out rank_of moved dist cov corr".split())
_PARTS = (("x", "y", "z", "w"), ("a", "b", "c", "d"), ("px", "py", "pz", "pw"), ("dx", "dy", "dz", "dw"), ("r", "g", "bl", "al"), ("ux", "uy", "uz", "uw"))


def _floats(b: Builder) -> None:
    if b.kind not in FLOATS:
        b.kind = "f32" if b.chance(0.6) else "f64"
        b.suffix = b.kind == "f32" and b.chance(0.5)


def _total(parts: list, op: str = "+") -> tuple:
    total = parts[0]
    for part in parts[1:]:
        total = ast.Binary(op, total, part)
    return total


class _Records:
    """n records of `count` numbers each, as one array of records or one array a component."""

    def __init__(self, b: Builder, kind: str | None = None, fill: str = "", count: int = 0, n: ast.Name | None = None) -> None:
        self.b, self.kind, self.count = b, kind or b.kind, count or b.pick((2, 3, 3, 4))
        self.n = n or b.size(_SIZES, (1, 3, 7, 12))
        self.split = b.chance(0.3)
        self.swapped = b.chance(0.5)
        words = b.pick(_PARTS)
        if self.split:
            self.arrays = [b.array((self.n,), self.kind, fill, (word, word + "s", word + "_in")) for word in words[: self.count]]
        else:
            extent = ast.mul(self.n, self.count) if self.count > 1 else self.n
            self.arrays = [b.array((extent,), self.kind, fill, _POINTS)]

    def at(self, index: tuple, part: int) -> ast.At:
        if self.split or self.count == 1:
            return ast.At(self.arrays[part], (index,))
        base = ast.mul(index, self.count) if self.swapped else ast.mul(ast.whole(self.count), index)
        return ast.At(self.arrays[0], (base if part == 0 else ast.add(base, part),))

    def all(self, index: tuple) -> list:
        return [self.at(index, part) for part in range(self.count)]

    def written(self) -> None:
        for array in self.arrays:
            self.b.parameter(array).written = True


def _locals(b: Builder, values: list, wanted: tuple, kind: str | None = None) -> tuple[tuple, list]:
    """Locals named alike for the components."""
    words = [ast.Name(b.name((word, word + "0", word + "1"), kind or b.kind)) for word in wanted[: len(values)]]
    return tuple(ast.Declare(kind or b.kind, w.id, v) for w, v in zip(words, values)), words


def _out(b: Builder, n: tuple, i: ast.Name, kind: str | None = None, fill: str = "") -> ast.At:
    array = b.array((n,), kind, fill, _OUT)
    b.parameter(array).written = True
    return ast.At(array, (i,))


def points(b: Builder) -> Nest:
    """One record a thread: lengths, products, normals, a transform with constants or a small matrix, tests against limits."""
    _floats(b)
    records = _Records(b)
    i = ast.Name(b.name(_INDEX, "i32"))
    mine, made = records.all(i), ()
    if b.chance(0.6):
        made, mine = _locals(b, mine, b.pick(_PARTS))
    axis, draw = Axis(i.id, ast.ZERO, records.n), b.rng.random()
    if draw < 0.2:  # lengths and unit vectors
        square = _total([ast.mul(x, x) for x in mine])
        if b.chance(0.4):
            return Nest("", [], [Region((axis,), (*made, ast.Assign(_out(b, records.n, i), "=", ast.Call(b.function("sqrt"), (square,)))))])
        length = ast.Name(b.name(("len0", "norm", "inv", "mag", "l2"), b.kind))
        root = ast.Call(b.function("sqrt"), (ast.add(square, b._same(ast.Literal(b.pick(("1e-6", "1e-3", "1.0")), "f64"))),))
        records.written()
        inverse = b.chance(0.4)
        made += (ast.Declare(b.kind, length.id, ast.Binary("/", b._same(ast.Literal("1.0", "f64")), root) if inverse else root),)
        return Nest("", [], [Region((axis,), (*made, *(ast.Assign(p, "=", ast.Binary("*" if inverse else "/", x, length)) for p, x in zip(records.all(i), mine))))])
    if draw < 0.45:  # a linear map
        rows, target = records.count if b.chance(0.6) else b.pick((1, 2, 3)), _Records(b, None, "", 0, records.n)
        rows = target.count = min(rows, target.count)
        if not target.split:
            b.parameter(target.arrays[0]).extents = (ast.mul(records.n, target.count) if target.count > 1 else records.n,)
        target.written()
        matrix = b.array((ast.whole(rows * records.count),), None, "", ("M", "mat", "rot", "R", "T", "m0")) if b.chance(0.5) else ""
        shift = b.array((ast.whole(rows),), None, "", ("t", "off", "trans", "bias")) if b.chance(0.35) else ""
        lines = []
        for row in range(rows):
            factors = [ast.At(matrix, (ast.whole(row * records.count + c),)) if matrix else b._same(ast.Literal(b._any_float(), "f64")) for c in range(records.count)]
            value = _total([ast.mul(f, x) for f, x in zip(factors, mine)])
            lines.append(ast.Assign(target.at(i, row), "=", ast.add(value, ast.At(shift, (ast.whole(row),))) if shift else value))
        return Nest("", [], [Region((axis,), (*made, *lines))])
    if draw < 0.7:  # two records
        other = _Records(b, None, "", records.count, records.n)
        theirs = other.all(i)
        if records.count == 3 and b.chance(0.5):
            target = _Records(b, None, "", 3, records.n)
            target.written()
            cross = [ast.sub(ast.mul(mine[(c + 1) % 3], theirs[(c + 2) % 3]), ast.mul(mine[(c + 2) % 3], theirs[(c + 1) % 3])) for c in range(3)]
            return Nest("", [], [Region((axis,), (*made, *(ast.Assign(target.at(i, c), "=", v) for c, v in enumerate(cross))))])
        more, gaps = _locals(b, [ast.sub(x, y) for x, y in zip(mine, theirs)], ("ex", "ey", "ez", "ew"))
        value = b.pick((_total([ast.mul(x, y) for x, y in zip(mine, theirs)]), _total([ast.mul(g, g) for g in gaps]), _total([ast.Call(b.function("fabs"), (g,)) for g in gaps])))
        value = ast.Call(b.function("sqrt"), (ast.Call(b.function("fabs"), (value,)),)) if b.chance(0.3) else value
        return Nest("", [], [Region((axis,), (*made, *more, ast.Assign(_out(b, records.n, i), "=", value)))])
    kind = b.pick(("u8", "bool", "i32"))  # inside limits
    limits = [b.scalar() for _ in range(b.pick((1, 2)))]
    tests = [ast.both(ast.compare(x, ">=", ast.Unary("-", limits[0])), ast.compare(x, b.pick(("<", "<=")), limits[-1])) for x in mine]
    value = _total(tests, "&&") if b.chance(0.6) else ast.compare(_total([ast.mul(x, x) for x in mine]), b.pick(("<", "<=", ">")), ast.mul(limits[0], limits[0]))
    if b.chance(0.3):
        value = ast.Conditional(value, ast.ONE, ast.ZERO)
    return Nest("", [], [Region((axis,), (*made, ast.Assign(_out(b, records.n, i, kind, "integers(0,1)"), "=", value)))])


def pairs(b: Builder) -> Nest:
    """A matrix of everyone against everyone: boxes that touch, distances, similarities."""
    boxes = b.chance(0.4)
    kind, fill = (b.pick(("i32", b.kind)), "") if boxes else (b.kind, "")
    left = _Records(b, kind, fill, b.pick((1, 2, 2, 3)))
    square = boxes or b.chance(0.6)
    right = _Records(b, kind, fill, left.count, left.n if square else None) if boxes or not square else left
    i, j = ast.Name(b.name(_INDEX, "i32")), ast.Name(b.name(_OTHER, "i32"))
    sides = (left.n, right.n)
    axes = (Axis(i.id, ast.ZERO, sides[0]), Axis(j.id, ast.ZERO, sides[1]))
    if boxes:
        out = b.array(sides, b.pick(("bool", "u8", "i32")), "integers(0,1)", ("touch", "overlap", "hit", "meets", "pairs_out"))
        parts, op = [], b.pick(("<=", "<"))
        for part in range(left.count):
            parts += [ast.compare(left.at(i, part), op, right.at(j, part)), ast.compare(left.at(j, part), op, right.at(i, part))]
        value: tuple = _total(parts, "&&")
        value = ast.both(ast.compare(i, "!=", j), value) if b.chance(0.2) else value
        made: tuple = ()
    else:
        out = b.array(sides, None, "", ("dist", "D", "sim", "gram", "cost"))
        made, gaps = _locals(b, [ast.sub(x, y) for x, y in zip(left.all(i), right.all(j))], ("dx", "dy", "dz"), kind)
        value = _total([ast.mul(g, g) for g in gaps])
        if b.kind in FLOATS and b.chance(0.5):
            value = b.pick((ast.Call(b.function("sqrt"), (value,)), ast.Call(b.function("exp"), (ast.Unary("-", ast.Paren(value)),)), ast.Binary("/", b._same(ast.Literal("1.0", "f64")), ast.Paren(ast.add(value, b.number())))))
    b.parameter(out).written = True
    return Nest("", [], [Region(axes, (*made, ast.Assign(ast.At(out, (i, j)), "=", value)))])


def everyone(b: Builder) -> Nest:
    """One point a thread against all: the nearest, how many are close, forces with softening, densities, ranks."""
    draw = b.rng.random()
    if draw < 0.55:
        _floats(b)
    mine = _Records(b, None, "", b.pick((1, 2, 2, 3)))
    same = b.chance(0.5) or draw >= 0.55
    other = mine if same else _Records(b, None, "", mine.count)
    i, j = ast.Name(b.name(_INDEX, "i32")), ast.Name(b.name(_OTHER, "i32"))
    axis = Axis(i.id, ast.ZERO, mine.n)
    first, here = _locals(b, mine.all(i), ("xi", "yi", "zi")) if b.chance(0.5) else ((), mine.all(i))
    loop_made, gaps = _locals(b, [ast.sub(y, x) if b.chance(0.5) else ast.sub(x, y) for x, y in zip(here, other.all(j))], b.pick((("dx", "dy", "dz"), ("rx", "ry", "rz"), ("d0", "d1", "d2"))))
    square, skip = _total([ast.mul(g, g) for g in gaps]), ()
    if same and b.chance(0.5):
        skip = (ast.If(ast.compare(j, "==", i) if b.chance(0.5) else ast.compare(i, "==", j), (ast.Jump("continue"),)),)

    def nest(before: tuple, inside: tuple, after: tuple) -> Nest:
        loop = ast.For(j.id, ast.ZERO, "<", other.n, (*skip, *inside))
        return Nest("", [], [Region((axis,), (*first, *before, loop, *after))])

    d2 = ast.Name(b.name(("d2", "r2", "dist2", "sq", "dd"), b.kind))
    if draw < 0.2:  # forces
        soft = b.scalar() if b.chance(0.5) else b._same(ast.Literal(b.pick(("1e-3", "0.01", "1e-2", "0.5")), "f64"))
        inv, masses = ast.Name(b.name(("inv", "invr", "s0", "f"), b.kind)), ast.At(b.array((other.n,), None, "uniform(0.5,2)", ("mass", "m0", "charge", "weight")), (j,))
        root = ast.Call(b.function("sqrt"), (d2,))
        pull = ast.Binary("/", masses, ast.Paren(ast.mul(d2, root))) if b.chance(0.6) else ast.Binary("/", masses, d2)
        zero, sums = _locals(b, [ast.ZERO] * mine.count, b.pick((("fx", "fy", "fz"), ("ax", "ay", "az"))))
        inside = (*loop_made, ast.Declare(b.kind, d2.id, ast.add(square, soft)), ast.Declare(b.kind, inv.id, pull), *(ast.Assign(s, "+=", ast.mul(inv, g) if b.chance(0.5) else ast.mul(g, inv)) for s, g in zip(sums, gaps)))
        target = _Records(b, None, "", mine.count, mine.n)
        target.written()
        return nest(zero, inside, tuple(ast.Assign(p, b.pick(("=", "=", "+=")), s) for p, s in zip(target.all(i), sums)))
    if draw < 0.4:  # sums of a kernel
        total = ast.Name(b.name(names.SUMS + ("dens", "rho0", "w_sum"), b.kind))
        value = ast.Call(b.function("exp"), (ast.Unary("-", d2) if b.chance(0.5) else ast.Binary("/", ast.Unary("-", d2), ast.Paren(ast.mul(ast.TWO, b.scalar()))),))
        close = ast.compare(d2, "<", b.scalar())
        step: tuple = b.pick((ast.Assign(total, "+=", value), ast.If(close, (ast.Assign(total, "+=", ast.sub(b._same(ast.Literal("1.0", "f64")), d2)),))))
        return nest((ast.Declare(b.kind, total.id, ast.ZERO),), (*loop_made, ast.Declare(b.kind, d2.id, square), step), (ast.Assign(_out(b, mine.n, i), "=", ast.Binary("/", total, other.n) if b.chance(0.4) else total),))
    if draw < 0.55 or draw < 0.7:
        count = ast.Name(b.name(("cnt", "near_n", "c0", "within_n"), "i32"))
        if b.chance(0.5):
            inside = (*loop_made, ast.If(ast.compare(square, b.pick(("<", "<=")), b.scalar()), (ast.Assign(count, "+=", ast.ONE),)))
            return nest((ast.Declare("i32", count.id, ast.ZERO),), inside, (ast.Assign(_out(b, mine.n, i, "i32", "constant(-1)"), "=", count),))
        best = ast.Name(b.name(("best", "lo0", "nearest", "dmin"), b.kind))
        where = ast.Name(b.name(("arg", "who", "best_j", "label0"), "i32"))
        start = b._same(ast.Literal(b.pick(("1e30", "1e9", "1e20")), "f64")) if b.kind in FLOATS else ast.whole(b.pick((1000000, 2147483647, 99999)))
        inside = (*loop_made, ast.Declare(b.kind, d2.id, square), ast.If(ast.compare(d2, "<", best), (ast.Assign(best, "=", d2), ast.Assign(where, "=", j))))
        ends = (ast.Assign(_out(b, mine.n, i, "i32", "constant(-2)"), "=", where),)
        if b.chance(0.4):
            ends += (ast.Assign(_out(b, mine.n, i), "=", ast.Call(b.function("sqrt"), (best,)) if b.kind in FLOATS and b.chance(0.5) else best),)
        return nest((ast.Declare(b.kind, best.id, start), ast.Declare("i32", where.id, ast.whole(b.pick((-1, 0))))), inside, ends)
    rank = ast.Name(b.name(("rank", "less", "pos0", "below", "r0"), "i32"))  # ranks by counting
    x, y = here[0], other.at(j, 0)
    test = ast.compare(y, b.pick(("<", ">")), x)
    if b.chance(0.6):
        test = ast.Binary("||", test, ast.Paren(ast.both(ast.compare(y, "==", x), ast.compare(j, "<", i))))
    place = _out(b, mine.n, i, "i32", "constant(-1)")
    sorted_ = b.chance(0.35) and type(test) is ast.Binary and test.op == "||" and not skip
    if sorted_:
        result = b.array((mine.n,), None, "", ("sorted_out", "ordered", "dst"))
        b.parameter(result).written = True
    return nest((ast.Declare("i32", rank.id, ast.ZERO),), (ast.If(test, (ast.Assign(rank, "+=", ast.ONE),)),), (ast.Assign(ast.At(result, (rank,)), "=", x),) if sorted_ else (ast.Assign(place, "=", rank),))


def columns(b: Builder) -> Nest:
    """Columns of a table against each other or alone: covariances, products, spreads in two passes."""
    _floats(b)
    n, d = b.size(("n", "rows", "samples", "N", "obs"), (1, 2, 5, 9)), b.size(("d", "dims", "cols", "features", "vars_n"), (1, 2, 4))
    i, j, k = (ast.Name(b.name(w, "i32")) for w in (("i", "a", "c1", "p"), ("j", "b0", "c2", "q"), ("k", "r", "s0", "t", "row")))
    by_row = b.chance(0.75)
    table = b.array((n, d) if by_row else (d, n), None, "", ("data", "X", "table", "x", "obs_in"))

    def at(column: tuple) -> ast.At:
        return ast.At(table, (k, column) if by_row else (column, k))

    below = b.pick((n, n, ast.Paren(ast.add(n, 1))))
    total = ast.Name(b.name(names.SUMS, b.kind))
    if b.chance(0.5):
        means = b.array((d,), None, "", ("mean", "mu", "avg_of"))
        left, right = (ast.Paren(ast.sub(at(c), ast.At(means, (c,)))) for c in (i, j))
        term = ast.mul(left, right) if b.chance(0.7) else ast.mul(at(i), at(j))
        out = b.array((d, d), None, "", ("cov", "C", "scatter_m", "gram"))
        b.parameter(out).written = True
        body = (ast.Declare(b.kind, total.id, ast.ZERO), ast.For(k.id, ast.ZERO, "<", n, (ast.Assign(total, "+=", term),)), ast.Assign(ast.At(out, (i, j)), "=", ast.Binary("/", total, below) if b.chance(0.7) else total))
        return Nest("", [], [Region((Axis(i.id, ast.ZERO, d), Axis(j.id, ast.ZERO, d)), body)])
    mean, gap = ast.Name(b.name(("mean", "mu", "m0", "avg"), b.kind)), ast.Name(b.name(("diff", "dev", "e0", "dv"), b.kind))
    spread = ast.Name(b.name(("var0", "ss", "spread", "m2"), b.kind))
    passes = (
        ast.Declare(b.kind, mean.id, ast.ZERO), ast.For(k.id, ast.ZERO, "<", n, (ast.Assign(mean, "+=", at(i)),)), ast.Assign(mean, "/=", n),
        ast.Declare(b.kind, spread.id, ast.ZERO), ast.For(k.id, ast.ZERO, "<", n, (ast.Declare(b.kind, gap.id, ast.sub(at(i), mean)), ast.Assign(spread, "+=", ast.mul(gap, gap)))),
    )  # fmt: skip
    value = ast.Binary("/", spread, below)
    ends: tuple = (ast.Assign(_out(b, d, i), "=", ast.Call(b.function("sqrt"), (value,)) if b.chance(0.5) else value),)
    if b.chance(0.4):
        ends += (ast.Assign(_out(b, d, i), "=", mean),)
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, d),), (*passes, *ends))])
