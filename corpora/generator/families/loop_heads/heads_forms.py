"""Families whose bodies must be copied exactly: one formula for several suffixes, a branch for each
neighbour.

Contract: as for the other families; none overflows, divides by zero or leaves an array on any suite
whose sizes are at least 1.

    python -c "from corpora.generator import generate; \\
        print(next(c for c in generate(900, 4, 'broad') if '_im = ' in str(c)))"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.core.points import IterationPoint, make_output_place
from corpora.generator.families.grids import extents, loops

_SUFFIXES = (
    ("i", "q"),
    ("re", "im"),
    ("x", "y", "z"),
    ("r", "g", "b"),
    ("0", "1"),
    ("0", "1", "2"),
    ("0", "1", "2", "3"),
    ("l", "r"),
    ("u", "v", "w"),
    ("x", "y"),
    ("n", "s", "e", "w"),
    ("a", "b", "c", "d"),
    ("up", "dn"),
    ("1", "2", "3", "4", "5"),
    ("11", "12", "21", "22"),
)
_STEMS = tuple("a b v p d s g t e m q k".split())
_RESULTS = ("sum", "acc", "res", "out", "tot", "w", "f", "h")
_LENGTHS = (1, 3, 7, 12)
_FEW = (1, 2, 3, 4)
_NEIGHBOURS = [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, 1), (-1, 1), (1, -1), (0, 0)]


def parallel_index(b: Builder) -> tuple[ast.Name, ast.Name]:
    """Return a new parallel loop variable and its extent."""
    return ast.Name(b.name(names.LOOPS, "i32")), b.size(names.SIZES, _LENGTHS)


# --- one formula for several suffixes
# -------------------------------------------------------------------------------


class _Repeated:
    """Locals `a_x, a_y, a_z, b_x, …` and statements that are one formula turned from suffix to
    suffix.
    """

    def __init__(self, b: Builder) -> None:
        self.b = b
        self.suffixes = b.pick(_SUFFIXES)
        self.stems = b.rng.sample(
            _STEMS, b.pick((1, 2, 2, 2, 3)) if len(self.suffixes) < 4 else b.pick((1, 1, 2))
        )
        self.join = b.pick(("_", "_", "", ""))
        self.names = [[self._local(stem, s) for s in self.suffixes] for stem in self.stems]

    def _local(self, stem: str, suffix: str) -> ast.Name:
        return ast.Name(self.b.exact(f"{stem}{self.join}{suffix}", self.b.kind))

    def sources(self, subscripts: tuple, whole: tuple) -> list[ast.At]:
        """Where each local comes from: an array of its own, or neighbouring elements of one for
        each stem.
        """
        b, count = self.b, len(self.suffixes)
        places: list[ast.At] = []
        for _ in self.stems:
            draw = b.rng.random()
            if draw < 0.4 and count * len(self.stems) <= 8:
                places += [ast.At(b.array(whole), subscripts) for _ in self.suffixes]
            elif draw < 0.7 and len(subscripts) == 1:
                array, base = b.array((ast.mul(whole[0], count),)), ast.mul(subscripts[0], count)
                places += [
                    ast.At(array, (ast.add(base, k) if k or b.chance(0.3) else base,))
                    for k in range(count)
                ]
            else:
                array = b.array((ast.product([ast.integer(count), *whole]),))
                base = (
                    subscripts[0]
                    if len(whole) == 1
                    else ast.add(ast.mul(subscripts[0], whole[1]), subscripts[1])
                )
                planes = [
                    ast.product([ast.integer(k), *whole] if k > 1 else list(whole))
                    for k in range(count)
                ]
                places += [
                    ast.At(array, (ast.add(planes[k], base) if k else base,)) for k in range(count)
                ]
        return places

    def loads(self, places: list[ast.At], late: bool) -> tuple[tuple, tuple]:
        """(declarations without values, statements that set the locals)."""
        words = [n for group in self.names for n in group]
        if late:
            return tuple(ast.Declare(self.b.kind, w.id) for w in words), tuple(
                ast.Assign(w, "=", p) for w, p in zip(words, places)
            )
        return (), tuple(ast.Declare(self.b.kind, w.id, p) for w, p in zip(words, places))

    def formulas(self) -> list[tuple]:
        """One expression a suffix."""
        b, flat = self.b, [n for group in self.names for n in group]
        b.reads, b.locals = list(flat), []
        first = b.value(b.pick((1, 2, 2, 3)) if b.kind in FLOATS else 1)
        while not any(type(n) is ast.Name and n in flat for n in ast.walk(first)):
            first = b.value(2 if b.kind in FLOATS else 1)
        turned = [self._turn(first, step) for step in range(len(self.suffixes))]
        return [self._altered(e) if step and b.chance(0.5) else e for step, e in enumerate(turned)]

    def _turn(self, node: tuple, step: int) -> tuple:
        """Every local replaced by that of a suffix `step` further on."""
        if type(node) is ast.Name:
            for group in self.names:
                if node in group:
                    return group[(group.index(node) + step) % len(group)]
            return node
        parts = [self._turn(part, step) if isinstance(part, tuple) else part for part in node]
        return tuple(parts) if type(node) is tuple else type(node)(*parts)

    def _altered(self, node: tuple) -> tuple:
        """Another sign or another constant."""
        b = self.b
        if type(node) is ast.Binary and node.op in ("+", "-"):
            if b.chance(0.5):
                return node._replace(op="-" if node.op == "+" else "+")
            return node._replace(left=self._altered(node.left))
        if (
            type(node) is ast.Binary
            and node.op == "*"
            and type(node.right) is ast.Literal
            and node.right != ast.ONE
        ):
            return node._replace(right=b.number())
        return (
            ast.Unary("-", ast.Paren(node))
            if b.chance(0.3) and type(node) is not ast.Unary
            else node
        )


def repeated(b: Builder) -> Nest:
    """Draw a nest that writes one formula out for each of several suffixes. b: the builder that
    makes its parts.
    """
    i, n = parallel_index(b)
    group = _Repeated(b)
    declared, loads = group.loads(group.sources((i,), (n,)), b.chance(0.4))
    values = group.formulas()
    rounds: tuple = ()
    if b.chance(0.5):
        stem = b.pick(_RESULTS)
        made = [group._local(stem, s) for s in group.suffixes]
        rounds = tuple(ast.Declare(b.kind, w.id, v) for w, v in zip(made, values))
        if b.chance(0.4):
            declared += tuple(ast.Declare(b.kind, w.id) for w in made)
            rounds = tuple(ast.Assign(w, "=", v) for w, v in zip(made, values))
        if b.chance(0.5):
            group.names = [made]
            values = group.formulas()
        else:
            values = list(made)
    stores = _stores(b, i, n, values)
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, n),), (*declared, *loads, *rounds, *stores))])


def _stores(b: Builder, i: ast.Name, n: ast.Name, values: list[tuple], new: bool = False) -> tuple:
    """new: what is stored may be 0, which a sum would not show."""
    op = "=" if new else b.pick(("=", "=", "=", "+=", "-="))
    if b.chance(0.5):
        array = b.array((ast.mul(n, len(values)),))
        b.parameter(array).written = True
        base = ast.mul(i, len(values))
        return tuple(
            ast.Assign(ast.At(array, (ast.add(base, k) if k else base,)), op, v)
            for k, v in enumerate(values)
        )
    places = [make_output_place(b, IterationPoint((i,), (n,), plain=True)) for _ in values]
    return tuple(ast.Assign(p, op, v) for p, v in zip(places, values))


def repeated_sums(b: Builder) -> Nest:
    """Draw a nest with one sum for each of several suffixes in an inner loop. b: the builder that
    makes its parts.
    """
    i, n = parallel_index(b)
    k, m = ast.Name(b.name(names.INNER, "i32")), b.size(names.DEPTHS, _FEW)
    group = _Repeated(b)
    where, whole = b.pick((((i, k), (n, m)), ((k, i), (m, n)), ((k,), (m,))))
    late = b.chance(0.5)
    declared, loads = group.loads(group.sources(where, whole), late)
    sums = [group._local(b.pick(_RESULTS), s) for s in group.suffixes]
    zero = b.number(zero=True)
    made: tuple = tuple(ast.Declare(b.kind, w.id, zero) for w in sums)
    if late and b.chance(0.6):
        made = tuple(ast.Declare(b.kind, w.id) for w in sums)
        made += (
            (ast.Assign(sums[0], "=", zero, False, tuple(sums[1:])),)
            if b.chance(0.5)
            else tuple(ast.Assign(w, "=", zero) for w in sums)
        )
    outside, values = b.chance(0.6), group.formulas()
    steps = tuple(ast.Assign(w, b.pick(("+=", "+=", "+=", "-=")), v) for w, v in zip(sums, values))
    tested = b.chance(0.2)
    if tested:
        b.reads = [n for g in group.names for n in g]
        steps = (ast.If(b.condition(), steps),)
    inner = ast.For(k.id, ast.ZERO, "<", m, (*(() if outside else declared), *loads, *steps))
    b.reads, b.locals = [], []
    ends: list[tuple] = [ast.mul(w, b.number()) if b.chance(0.3) else w for w in sums]
    body = (*(declared if outside else ()), *made, inner, *_stores(b, i, n, ends, tested))
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, n),), body)])


# --- a branch for each neighbour
# ------------------------------------------------------------------------------------


def branches(b: Builder) -> Nest:
    """Draw a nest that adds several neighbours, each under a test of its position. b: the builder
    that makes its parts.
    """
    sides = extents(b, 2)
    (row, col), axes = loops(b, sides)
    h, w = sides
    words = (("r", "rr", "ny0", "r_n"), ("c", "cc", "nx0", "c_n"), ("shift", "fidx", "off", "sh"))
    r, c, shift = (ast.Name(b.name(options, "i32")) for options in words)
    temp = ast.Name(b.local(b.kind, ("temp", "tmp", *names.SUMS)))
    steps = b.rng.sample(_NEIGHBOURS, b.pick((3, 4, 4, 5, 5, 6, 8)))
    channels = b.size(("channel", "nch", "depth", "planes"), (1, 2, 3)) if b.chance(0.4) else None
    source = b.array((channels, h, w) if channels else (h, w))
    plane = ast.Name(b.name(("base", "base0", "ch_base", "start0"), "i32"))
    weights = b.array((ast.mul(ast.mul(len(steps), h), w),)) if b.chance(0.7) else ""
    lines: tuple = ()
    other = b.pick(("centre", "centre", "none", "number"))
    op = b.pick(("+=", "+=", "+=", "-="))

    def value(y: tuple, x: tuple, step: int) -> tuple:
        place = ast.add(ast.mul(y, w), x)
        read = ast.At(source, (ast.add(ast.add(plane, ast.mul(y, w)), x) if channels else place,))
        return (
            ast.mul(read, ast.At(weights, (shift,)))
            if weights
            else read
            if step % 2
            else ast.mul(read, numbers[step])
        )

    numbers = [b.number() for _ in steps]
    for k, (dr, dc) in enumerate(steps):
        lines += (
            ast.Assign(r, "=", ast.add(row, dr) if dr else row),
            ast.Assign(c, "=", ast.add(col, dc) if dc else col),
        )
        if weights:
            lines += (ast.Assign(shift, "=", _weight_position(k, (row, col), (h, w))),)
        lines += _branch(
            b, (r, c, h, w), (dr, dc), temp, op, value(r, c, k), value(row, col, k), other
        )
    declared = tuple(ast.Declare("i32", v.id) for v in (r, c, *((shift,) if weights else ())))
    out = make_output_place(b, IterationPoint((row, col), sides, plain=True))
    start, stored = (
        ast.Declare(b.kind, temp.id, b.number(zero=True)),
        ast.Assign(out, b.pick(("=", "=", "+=")), temp),
    )
    if channels:
        j = ast.Name(b.name(names.INNER, "i32"))
        lines = (
            ast.For(
                j.id,
                ast.ZERO,
                "<",
                channels,
                (ast.Declare("i32", plane.id, ast.product([j, h, w])), *lines),
            ),
        )
    return Nest("", [], [Region(axes, (*declared, start, *lines, stored))])


def _weight_position(k: int, place: tuple, sides: tuple) -> tuple:
    """Where the weight of neighbour k stands for this place: a plane of weights for each
    neighbour.
    """
    (row, col), (h, w) = place, sides
    line = ast.mul(row, w)
    if not k:
        return ast.add(line, col)
    return ast.add(ast.add(ast.product([ast.integer(k), h, w] if k > 1 else [h, w]), line), col)


def _branch(
    b: Builder,
    places: tuple,
    step: tuple,
    temp: ast.Name,
    op: str,
    there: tuple,
    here: tuple,
    other: str,
) -> tuple:
    r, c, h, w = places
    tests = [ast.compare(r, ">=", ast.ZERO)] * (step[0] < 0) + [ast.compare(r, "<", h)] * (
        step[0] > 0
    )
    tests += [ast.compare(c, ">=", ast.ZERO)] * (step[1] < 0) + [ast.compare(c, "<", w)] * (
        step[1] > 0
    )
    add = (ast.Assign(temp, op, there),)
    if not tests:
        return add
    test = tests[0] if len(tests) == 1 else ast.conjunction(*tests)
    rest = {"centre": here, "number": b.number()}.get(other)
    return (ast.If(test, add, (ast.Assign(temp, op, rest),) if rest is not None else ()),)
