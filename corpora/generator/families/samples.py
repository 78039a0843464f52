"""Families of points and samples: records of two to four numbers, a record a thread; columns of a
table against columns.

Contract: as for the other families. What is divided by is moved away from zero; what is compared
comes from inputs by additions and products that every dialect rounds alike.

    python -c "from corpora.generator import generate; \\
        print(next(c for c in generate(4000, 4, 'broad') if 'inside[' in str(c)))"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region

_SIZES = tuple(
    "n count N np num_points bodies rays boxes samples m total nverts atoms particles num "
    "size".split()
)
INDEX = tuple("i p idx tid a v id k r gid".split())
_POINTS = tuple(
    "pts xyz pos points verts coords p0 v in xy dirs data rgb quat lo box_min centers ref "
    "samples_in".split()
)
_OUT = tuple(
    "out result dst res d2 norm hit inside area len_out angle best label dens force "
    "acc_out rank_of moved dist cov corr".split()
)
_PARTS = (
    ("x", "y", "z", "w"),
    ("a", "b", "c", "d"),
    ("px", "py", "pz", "pw"),
    ("dx", "dy", "dz", "dw"),
    ("r", "g", "bl", "al"),
    ("ux", "uy", "uz", "uw"),
)


def to_floats(b: Builder) -> None:
    """Make the builder's main type a floating-point one, if it is not."""
    if b.kind not in FLOATS:
        b.kind = "f32" if b.chance(0.6) else "f64"
        b.suffix = b.kind == "f32" and b.chance(0.5)


def joined(parts: list, op: str = "+") -> tuple:
    """Return the parts, at least one, combined by `op` from left to right."""
    total = parts[0]
    for part in parts[1:]:
        total = ast.Binary(op, total, part)
    return total


class Records:
    """Adds `n` records of `count` numbers each, as one array of records or one array per component.
    kind: element type; None: the main one. fill: rule for tests. count 0, n None: drawn.
    """

    def __init__(
        self,
        b: Builder,
        kind: str | None = None,
        fill: str = "",
        count: int = 0,
        n: ast.Name | None = None,
    ) -> None:
        self.b, self.kind, self.count = b, kind or b.kind, count or b.pick((2, 3, 3, 4))
        self.n = n or b.size(_SIZES, (1, 3, 7, 12))
        self.split = b.chance(0.3)
        self.swapped = b.chance(0.5)
        words = b.pick(_PARTS)
        if self.split:
            self.arrays = [
                b.array((self.n,), self.kind, fill, (word, word + "s", word + "_in"))
                for word in words[: self.count]
            ]
        else:
            extent = ast.mul(self.n, self.count) if self.count > 1 else self.n
            self.arrays = [b.array((extent,), self.kind, fill, _POINTS)]

    def at(self, index: tuple, part: int) -> ast.At:
        """Return component `part` of the record at `index`."""
        if self.split or self.count == 1:
            return ast.At(self.arrays[part], (index,))
        base = (
            ast.mul(index, self.count) if self.swapped else ast.mul(ast.integer(self.count), index)
        )
        return ast.At(self.arrays[0], (base if part == 0 else ast.add(base, part),))

    def all(self, index: tuple) -> list:
        """Return all components of the record at `index`, in order."""
        return [self.at(index, part) for part in range(self.count)]

    def written(self) -> None:
        """Mark the records' arrays as written."""
        for array in self.arrays:
            self.b.parameter(array).written = True


def locals_of_parts(
    b: Builder, values: list, wanted: tuple, kind: str | None = None
) -> tuple[tuple, list]:
    """Return declarations of locals for the components, and their names. values: one per component.
    wanted: names to choose from. kind: their type; None: the main one.
    """
    words = [
        ast.Name(b.name((word, word + "0", word + "1"), kind or b.kind))
        for word in wanted[: len(values)]
    ]
    return tuple(ast.Declare(kind or b.kind, w.id, v) for w, v in zip(words, values)), words


def output(b: Builder, n: tuple, i: ast.Name, kind: str | None = None, fill: str = "") -> ast.At:
    """Add an array of `n` elements that is written and return element `i`. kind: element type;
    None: the main one. fill: rule for tests.
    """
    array = b.array((n,), kind, fill, _OUT)
    b.parameter(array).written = True
    return ast.At(array, (i,))


def points(b: Builder) -> Nest:
    """Draw a nest over records of a few numbers: lengths, products, normals or transforms. b: the
    builder that makes its parts.
    """
    to_floats(b)
    records = Records(b)
    i = ast.Name(b.name(INDEX, "i32"))
    mine, made = records.all(i), ()
    if b.chance(0.6):
        made, mine = locals_of_parts(b, mine, b.pick(_PARTS))
    axis, draw = Axis(i.id, ast.ZERO, records.n), b.rng.random()
    if draw < 0.2:
        body = _lengths(records, i, mine)
    elif draw < 0.45:
        body = _linear_map(records, i, mine)
    elif draw < 0.7:
        body = _two_records(records, i, mine)
    else:
        body = _within_limits(records, i, mine)
    return Nest("", [], [Region((axis,), (*made, *body))])


def _lengths(records: Records, i: ast.Name, mine: list) -> tuple:
    """The length of each record, or each record made one long."""
    b, square = records.b, joined([ast.mul(x, x) for x in mine])
    if b.chance(0.4):
        return (ast.Assign(output(b, records.n, i), "=", ast.Call(b.function("sqrt"), (square,))),)
    length = ast.Name(b.name(("len0", "norm", "inv", "mag", "l2"), b.kind))
    small = b._same(ast.Literal(b.pick(("1e-6", "1e-3", "1.0")), "f64"))
    root = ast.Call(b.function("sqrt"), (ast.add(square, small),))
    records.written()
    inverse = b.chance(0.4)
    value = ast.Binary("/", b._same(ast.Literal("1.0", "f64")), root) if inverse else root
    stores = [
        ast.Assign(p, "=", ast.Binary("*" if inverse else "/", x, length))
        for p, x in zip(records.all(i), mine)
    ]
    return (ast.Declare(b.kind, length.id, value), *stores)


def _linear_map(records: Records, i: ast.Name, mine: list) -> tuple:
    """A small matrix (an array or constants) times each record, perhaps with a shift."""
    b, count = records.b, records.count
    rows, target = count if b.chance(0.6) else b.pick((1, 2, 3)), Records(b, None, "", 0, records.n)
    rows = target.count = min(rows, target.count)
    if not target.split:
        b.parameter(target.arrays[0]).extents = (
            ast.mul(records.n, target.count) if target.count > 1 else records.n,
        )
    target.written()
    matrix = (
        b.array((ast.integer(rows * count),), None, "", ("M", "mat", "rot", "R", "T", "m0"))
        if b.chance(0.5)
        else ""
    )
    shift = (
        b.array((ast.integer(rows),), None, "", ("t", "off", "trans", "bias"))
        if b.chance(0.35)
        else ""
    )
    lines = []
    for row in range(rows):
        if matrix:
            factors: list = [ast.At(matrix, (ast.integer(row * count + c),)) for c in range(count)]
        else:
            factors = [b._same(ast.Literal(b._any_float(), "f64")) for _ in range(count)]
        value = joined([ast.mul(f, x) for f, x in zip(factors, mine)])
        lines.append(
            ast.Assign(
                target.at(i, row),
                "=",
                ast.add(value, ast.At(shift, (ast.integer(row),))) if shift else value,
            )
        )
    return tuple(lines)


def _two_records(records: Records, i: ast.Name, mine: list) -> tuple:
    """Two records of one thread: their cross product, inner product, distance."""
    b = records.b
    other = Records(b, None, "", records.count, records.n)
    theirs = other.all(i)
    if records.count == 3 and b.chance(0.5):
        target = Records(b, None, "", 3, records.n)
        target.written()
        turns = ((1, 2), (2, 0), (0, 1))
        cross = [
            ast.sub(ast.mul(mine[p], theirs[q]), ast.mul(mine[q], theirs[p])) for p, q in turns
        ]
        return tuple(ast.Assign(target.at(i, c), "=", v) for c, v in enumerate(cross))
    more, gaps = locals_of_parts(
        b, [ast.sub(x, y) for x, y in zip(mine, theirs)], ("ex", "ey", "ez", "ew")
    )
    value = b.pick(
        (
            joined([ast.mul(x, y) for x, y in zip(mine, theirs)]),
            joined([ast.mul(g, g) for g in gaps]),
            joined([ast.Call(b.function("fabs"), (g,)) for g in gaps]),
        )
    )
    value = (
        ast.Call(b.function("sqrt"), (ast.Call(b.function("fabs"), (value,)),))
        if b.chance(0.3)
        else value
    )
    return (*more, ast.Assign(output(b, records.n, i), "=", value))


def _within_limits(records: Records, i: ast.Name, mine: list) -> tuple:
    """Whether a record lies in a box or a ball."""
    b = records.b
    kind = b.pick(("u8", "bool", "i32"))
    limits = [b.scalar() for _ in range(b.pick((1, 2)))]
    low = ast.Unary("-", limits[0])
    tests = [
        ast.conjunction(ast.compare(x, ">=", low), ast.compare(x, b.pick(("<", "<=")), limits[-1]))
        for x in mine
    ]
    if b.chance(0.6):
        value = joined(tests, "&&")
    else:
        square = joined([ast.mul(x, x) for x in mine])
        value = ast.compare(square, b.pick(("<", "<=", ">")), ast.mul(limits[0], limits[0]))
    if b.chance(0.3):
        value = ast.Conditional(value, ast.ONE, ast.ZERO)
    return (ast.Assign(output(b, records.n, i, kind, "integers(0,1)"), "=", value),)


def columns(b: Builder) -> Nest:
    """Draw a nest over columns of a table: covariances, products or spreads. b: the builder that
    makes its parts.
    """
    to_floats(b)
    n = b.size(("n", "rows", "samples", "N", "obs"), (1, 2, 5, 9))
    d = b.size(("d", "dims", "cols", "features", "vars_n"), (1, 2, 4))
    i, j, k = (
        ast.Name(b.name(w, "i32"))
        for w in (("i", "a", "c1", "p"), ("j", "b0", "c2", "q"), ("k", "r", "s0", "t", "row"))
    )
    by_row = b.chance(0.75)
    table = b.array((n, d) if by_row else (d, n), None, "", ("data", "X", "table", "x", "obs_in"))

    def at(column: tuple) -> ast.At:
        return ast.At(table, (k, column) if by_row else (column, k))

    def passed(word: ast.Name, *steps: tuple) -> tuple:
        """A total that starts at zero, and the loop over a column that makes it."""
        return ast.Declare(b.kind, word.id, ast.ZERO), ast.For(k.id, ast.ZERO, "<", n, steps)

    below = b.pick((n, n, ast.Paren(ast.add(n, 1))))
    total = ast.Name(b.name(names.SUMS, b.kind))
    if b.chance(0.5):
        means = b.array((d,), None, "", ("mean", "mu", "avg_of"))
        left, right = (ast.Paren(ast.sub(at(c), ast.At(means, (c,)))) for c in (i, j))
        term = ast.mul(left, right) if b.chance(0.7) else ast.mul(at(i), at(j))
        out = b.array((d, d), None, "", ("cov", "C", "scatter_m", "gram"))
        b.parameter(out).written = True
        store = ast.Assign(
            ast.At(out, (i, j)), "=", ast.Binary("/", total, below) if b.chance(0.7) else total
        )
        body = (*passed(total, ast.Assign(total, "+=", term)), store)
        return Nest("", [], [Region((Axis(i.id, ast.ZERO, d), Axis(j.id, ast.ZERO, d)), body)])
    mean = ast.Name(b.name(("mean", "mu", "m0", "avg"), b.kind))
    gap = ast.Name(b.name(("diff", "dev", "e0", "dv"), b.kind))
    spread = ast.Name(b.name(("var0", "ss", "spread", "m2"), b.kind))
    first = (*passed(mean, ast.Assign(mean, "+=", at(i))), ast.Assign(mean, "/=", n))
    difference = ast.Declare(b.kind, gap.id, ast.sub(at(i), mean))
    second = passed(spread, difference, ast.Assign(spread, "+=", ast.mul(gap, gap)))
    value = ast.Binary("/", spread, below)
    place = output(b, d, i)
    ends: tuple = (
        ast.Assign(place, "=", ast.Call(b.function("sqrt"), (value,)) if b.chance(0.5) else value),
    )
    if b.chance(0.4):
        ends += (ast.Assign(output(b, d, i), "=", mean),)
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, d),), (*first, *second, *ends))])
