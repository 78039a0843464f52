"""Families of everyone against everyone: boxes that touch, distances, forces, densities, the
nearest, ranks by counting.

Contract: as for the other families. What is divided by is moved away from zero; what is compared
comes from inputs by additions and products that every dialect rounds alike.

    python -c "from corpora.generator import generate; \\
        print(next(c for c in generate(4000, 4, 'broad') if 'touch' in str(c)))"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.families.samples import (
    INDEX,
    Records,
    joined,
    locals_of_parts,
    output,
    to_floats,
)

_OTHER = tuple("j q b0 o other k t jj".split())


def pairs(b: Builder) -> Nest:
    """Draw a nest that compares every record with every other: overlaps, distances, similarities.
    b: the builder that makes its parts.
    """
    boxes = b.chance(0.4)
    kind, fill = (b.pick(("i32", b.kind)), "") if boxes else (b.kind, "")
    left = Records(b, kind, fill, b.pick((1, 2, 2, 3)))
    square = boxes or b.chance(0.6)
    right = (
        Records(b, kind, fill, left.count, left.n if square else None)
        if boxes or not square
        else left
    )
    i, j = ast.Name(b.name(INDEX, "i32")), ast.Name(b.name(_OTHER, "i32"))
    sides = (left.n, right.n)
    axes = (Axis(i.id, ast.ZERO, sides[0]), Axis(j.id, ast.ZERO, sides[1]))
    if boxes:
        out = b.array(
            sides,
            b.pick(("bool", "u8", "i32")),
            "integers(0,1)",
            ("touch", "overlap", "hit", "meets", "pairs_out"),
        )
        parts, op = [], b.pick(("<=", "<"))
        for part in range(left.count):
            parts += [
                ast.compare(left.at(i, part), op, right.at(j, part)),
                ast.compare(left.at(j, part), op, right.at(i, part)),
            ]
        value: tuple = joined(parts, "&&")
        value = ast.conjunction(ast.compare(i, "!=", j), value) if b.chance(0.2) else value
        made: tuple = ()
    else:
        out = b.array(sides, None, "", ("dist", "D", "sim", "gram", "cost"))
        made, gaps = locals_of_parts(
            b, [ast.sub(x, y) for x, y in zip(left.all(i), right.all(j))], ("dx", "dy", "dz"), kind
        )
        value = joined([ast.mul(g, g) for g in gaps])
        if b.kind in FLOATS and b.chance(0.5):
            likeness = ast.Call(b.function("exp"), (ast.Unary("-", ast.Paren(value)),))
            inverse = ast.Binary(
                "/", b._same(ast.Literal("1.0", "f64")), ast.Paren(ast.add(value, b.number()))
            )
            value = b.pick((ast.Call(b.function("sqrt"), (value,)), likeness, inverse))
    b.parameter(out).written = True
    return Nest("", [], [Region(axes, (*made, ast.Assign(ast.At(out, (i, j)), "=", value)))])


class _Against:
    """One point a thread, and a loop over all points of the same or another set: gaps in locals,
    their squares' sum.
    """

    def __init__(self, b: Builder, mine: Records, same: bool) -> None:
        self.b, self.mine = b, mine
        self.other = mine if same else Records(b, None, "", mine.count)
        self.i, self.j = ast.Name(b.name(INDEX, "i32")), ast.Name(b.name(_OTHER, "i32"))
        i, j = self.i, self.j
        self.axis = Axis(i.id, ast.ZERO, mine.n)
        self.first, self.here = (
            locals_of_parts(b, mine.all(i), ("xi", "yi", "zi"))
            if b.chance(0.5)
            else ((), mine.all(i))
        )
        sides = zip(self.here, self.other.all(j))
        differences = [ast.sub(y, x) if b.chance(0.5) else ast.sub(x, y) for x, y in sides]
        words = b.pick((("dx", "dy", "dz"), ("rx", "ry", "rz"), ("d0", "d1", "d2")))
        self.made, self.gaps = locals_of_parts(b, differences, words)
        self.square = joined([ast.mul(g, g) for g in self.gaps])
        self.skip: tuple = ()
        if same and b.chance(0.5):
            itself = ast.compare(j, "==", i) if b.chance(0.5) else ast.compare(i, "==", j)
            self.skip = (ast.If(itself, (ast.Jump("continue"),)),)

    def out(self, kind: str | None = None, fill: str = "") -> ast.At:
        return output(self.b, self.mine.n, self.i, kind, fill)

    def nest(self, before: tuple, inside: tuple, after: tuple) -> Nest:
        loop = ast.For(self.j.id, ast.ZERO, "<", self.other.n, (*self.skip, *inside))
        return Nest("", [], [Region((self.axis,), (*self.first, *before, loop, *after))])


def everyone(b: Builder) -> Nest:
    """Draw a nest that compares one point per thread with all: the nearest, counts, forces, ranks.
    b: the builder that makes its parts.
    """
    draw = b.rng.random()
    if draw < 0.55:
        to_floats(b)
    mine = Records(b, None, "", b.pick((1, 2, 2, 3)))
    t = _Against(b, mine, b.chance(0.5) or draw >= 0.55)
    d2 = ast.Name(b.name(("d2", "r2", "dist2", "sq", "dd"), b.kind))
    if draw < 0.2:
        return _forces(t, d2)
    if draw < 0.4:
        return _density(t, d2)
    if draw < 0.7:
        count = ast.Name(b.name(("cnt", "near_n", "c0", "within_n"), "i32"))
        return _close(t, count) if b.chance(0.5) else _nearest(t, d2)
    return _ranked(t)


def _forces(t: _Against, d2: ast.Name) -> Nest:
    """Pulls of all others summed up; a softening keeps what is divided by from zero."""
    b, mine = t.b, t.mine
    soft = (
        b.scalar()
        if b.chance(0.5)
        else b._same(ast.Literal(b.pick(("1e-3", "0.01", "1e-2", "0.5")), "f64"))
    )
    inv = ast.Name(b.name(("inv", "invr", "s0", "f"), b.kind))
    masses = ast.At(
        b.array((t.other.n,), None, "uniform(0.5,2)", ("mass", "m0", "charge", "weight")), (t.j,)
    )
    root = ast.Call(b.function("sqrt"), (d2,))
    pull = (
        ast.Binary("/", masses, ast.Paren(ast.mul(d2, root)))
        if b.chance(0.6)
        else ast.Binary("/", masses, d2)
    )
    zero, sums = locals_of_parts(
        b, [ast.ZERO] * mine.count, b.pick((("fx", "fy", "fz"), ("ax", "ay", "az")))
    )
    made = (ast.Declare(b.kind, d2.id, ast.add(t.square, soft)), ast.Declare(b.kind, inv.id, pull))
    steps = [
        ast.Assign(s, "+=", ast.mul(inv, g) if b.chance(0.5) else ast.mul(g, inv))
        for s, g in zip(sums, t.gaps)
    ]
    target = Records(b, None, "", mine.count, mine.n)
    target.written()
    ends = tuple(ast.Assign(p, b.pick(("=", "=", "+=")), s) for p, s in zip(target.all(t.i), sums))
    return t.nest(zero, (*t.made, *made, *steps), ends)


def _density(t: _Against, d2: ast.Name) -> Nest:
    """A sum of a kernel of the distance."""
    b = t.b
    total = ast.Name(b.name(names.SUMS + ("dens", "rho0", "w_sum"), b.kind))
    power: tuple = ast.Unary("-", d2)
    if not b.chance(0.5):
        power = ast.Binary("/", power, ast.Paren(ast.mul(ast.TWO, b.scalar())))
    value = ast.Call(b.function("exp"), (power,))
    close = ast.compare(d2, "<", b.scalar())
    gap = ast.sub(b._same(ast.Literal("1.0", "f64")), d2)
    step = b.pick((ast.Assign(total, "+=", value), ast.If(close, (ast.Assign(total, "+=", gap),))))
    place = t.out()
    end = ast.Assign(place, "=", ast.Binary("/", total, t.other.n) if b.chance(0.4) else total)
    return t.nest(
        (ast.Declare(b.kind, total.id, ast.ZERO),),
        (*t.made, ast.Declare(b.kind, d2.id, t.square), step),
        (end,),
    )


def _close(t: _Against, count: ast.Name) -> Nest:
    """How many lie within a distance."""
    b = t.b
    near = ast.If(
        ast.compare(t.square, b.pick(("<", "<=")), b.scalar()), (ast.Assign(count, "+=", ast.ONE),)
    )
    end = ast.Assign(t.out("i32", "constant(-1)"), "=", count)
    return t.nest((ast.Declare("i32", count.id, ast.ZERO),), (*t.made, near), (end,))


def _nearest(t: _Against, d2: ast.Name) -> Nest:
    """Which point is the nearest, and perhaps how far it is."""
    b = t.b
    best = ast.Name(b.name(("best", "lo0", "nearest", "dmin"), b.kind))
    where = ast.Name(b.name(("arg", "who", "best_j", "label0"), "i32"))
    if b.kind in FLOATS:
        start: tuple = b._same(ast.Literal(b.pick(("1e30", "1e9", "1e20")), "f64"))
    else:
        start = ast.integer(b.pick((1000000, 2147483647, 99999)))
    nearer = ast.If(
        ast.compare(d2, "<", best), (ast.Assign(best, "=", d2), ast.Assign(where, "=", t.j))
    )
    ends = (ast.Assign(t.out("i32", "constant(-2)"), "=", where),)
    if b.chance(0.4):
        place = t.out()
        root = b.kind in FLOATS and b.chance(0.5)
        ends += (ast.Assign(place, "=", ast.Call(b.function("sqrt"), (best,)) if root else best),)
    zero = (
        ast.Declare(b.kind, best.id, start),
        ast.Declare("i32", where.id, ast.integer(b.pick((-1, 0)))),
    )
    return t.nest(zero, (*t.made, ast.Declare(b.kind, d2.id, t.square), nearer), ends)


def _ranked(t: _Against) -> Nest:
    """A place in the order, by counting who is below; equal ones by their index."""
    b, i, j = t.b, t.i, t.j
    rank = ast.Name(b.name(("rank", "less", "pos0", "below", "r0"), "i32"))
    x, y = t.here[0], t.other.at(j, 0)
    test = ast.compare(y, b.pick(("<", ">")), x)
    if b.chance(0.6):
        test = ast.Binary(
            "||", test, ast.Paren(ast.conjunction(ast.compare(y, "==", x), ast.compare(j, "<", i)))
        )
    end = ast.Assign(t.out("i32", "constant(-1)"), "=", rank)
    if b.chance(0.35) and type(test) is ast.Binary and test.op == "||" and not t.skip:
        result = b.array((t.mine.n,), None, "", ("sorted_out", "ordered", "dst"))
        b.parameter(result).written = True
        end = ast.Assign(ast.At(result, (rank,)), "=", x)
    return t.nest(
        (ast.Declare("i32", rank.id, ast.ZERO),),
        (ast.If(test, (ast.Assign(rank, "+=", ast.ONE),)),),
        (end,),
    )
