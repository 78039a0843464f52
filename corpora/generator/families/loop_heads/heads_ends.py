"""Families of loops that end by a test: a recurrence that leaves a disc, a number that shrinks, a
root by Newton's steps.

Contract: as for the other families; every loop has a counter or a value that shrinks, so that it
ends on any suite.

    python -c "from corpora.generator import generate; \\
        print(next(c for c in generate(900, 4, 'broad') if 'do {' in str(c)))"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.core.points import IterationPoint, make_output_place
from corpora.generator.families.loop_heads.heads_forms import parallel_index

_ESCAPE_REALS = (
    ("cx", "cr", "x0", "c_re"),
    ("cy", "ci", "y0", "c_im"),
    ("x", "zr", "zx"),
    ("y", "zi", "zy"),
    ("x2", "zr2", "xx"),
    ("y2", "zi2", "yy"),
    ("dw", "step_x", "dx"),
)
_ESCAPE_COUNTS = (("count", "iter", "it"), ("row", "py", "yi"), ("col", "px", "xi"))


class _Escape:
    """What the recurrence x² + y² is made of: its variables, constants with many digits, one loop
    over points or two.
    """

    def __init__(self, b: Builder) -> None:
        self.b = b
        self.i, self.n = (
            ast.Name(b.name(names.LOOPS, "i32")),
            b.size(("width", "w", "n", "dim", "res_x"), (1, 3, 5, 8)),
        )
        self.frames = b.size(("frames", "nf", "height", "rows"), (1, 2, 3))
        self.real = real = "f64" if b.chance(0.85) else "f32"
        self.cx, self.cy, self.x, self.y, self.x2, self.y2, self.dw = (
            ast.Name(b.name(options, real)) for options in _ESCAPE_REALS
        )
        self.count, self.row, self.col = (
            ast.Name(b.name(options, "i32")) for options in _ESCAPE_COUNTS
        )
        self.const, self.one_loop = b.chance(0.6), b.chance(0.5)
        self.named = [
            ast.Name(b.name(options, real))
            for options in (("xMin", "x_lo", "left_x"), ("yMin", "y_lo", "low_y"))
        ]

    def head(self) -> list[tuple]:
        """Constants, and the point that this iteration starts from."""
        b, real, n, const = self.b, self.real, self.n, self.const
        lines = [
            ast.Declare(real, v.id, ast.Unary("-", self._number(0.5, 1.9)), const)
            for v in self.named
        ]
        step = ast.Binary("/", ast.Literal(b.pick(("2.0", "3.0", "2.5", "1.5")), "f64"), n)
        lines.append(ast.Declare(real, self.dw.id, step, const))
        if self.one_loop:
            lines.append(ast.Declare("i32", self.col.id, ast.Binary("%", self.i, n), const))
            lines.append(ast.Declare("i32", self.row.id, ast.Binary("/", self.i, n), const))
        for target, low, index in (
            (self.cx, self.named[0], self.col),
            (self.cy, self.named[1], self.row),
        ):
            lines.append(ast.Declare(real, target.id, ast.add(low, ast.mul(index, self.dw)), const))
        return lines

    def _number(self, low: float, high: float) -> tuple:
        return ast.Literal(f"{self.b.rng.uniform(low, high):.{self.b.rng.randint(3, 10)}f}", "f64")

    def steps(self, most: int, down: bool) -> tuple[tuple, ast.While]:
        """What stands before the loop, and the loop, which counts to `most` or down from it."""
        b, x, y, x2, y2, count = self.b, self.x, self.y, self.x2, self.y2, self.count
        two = ast.Literal(b.pick(("2.0", "2", "2.0")), "f64")
        squares = (ast.Assign(x2, "=", ast.mul(x, x)), ast.Assign(y2, "=", ast.mul(y, y)))
        move = (
            ast.Assign(y, "=", ast.add(ast.product([two, x, y]), self.cy)),
            ast.Assign(x, "=", ast.add(ast.sub(x2, y2), self.cx)),
            ast.Assign(count, "-=" if down else "+=", ast.ONE),
        )
        alive = (
            ast.compare(count, ">", ast.ZERO)
            if down
            else ast.compare(count, "<", ast.integer(most))
        )
        limit = ("4.0", "5.0", "4", "16.0")
        near = ast.compare(ast.add(x2, y2), b.pick(("<=", "<")), ast.Literal(b.pick(limit), "f64"))
        test = ast.conjunction(*((alive, near) if b.chance(0.7) else (near, alive)))
        if b.chance(0.35):
            return squares, ast.While(test, (*move[:2], *squares, move[2]))
        return (), ast.While(test, (*squares, *move), True)


def escape(b: Builder) -> Nest:
    """Draw a nest that counts the steps until a recurrence leaves a disc. b: the builder that makes
    its parts.
    """
    t = _Escape(b)
    head, real, count = t.head(), t.real, t.count
    most, down = (
        b.pick((10, 16, 32, 50, 64, 100, 255, 256) if real == "f64" else (8, 10, 16)),
        b.chance(0.5),
    )
    head += [ast.Declare(real, v.id, s) for v, s in ((t.x, t.cx), (t.y, t.cy))]
    head += [ast.Declare(real, v.id) for v in (t.x2, t.y2)] + [
        ast.Declare("i32", count.id, ast.integer(most if down else 0))
    ]
    first, loop = t.steps(most, down)
    kind = b.pick(("u8", "u8", "i32"))
    points = ast.mul(t.n, t.frames)
    result = b.array((points,) if t.one_loop else (t.frames, t.n), kind, "integers(0,255)")
    b.parameter(result).written = True
    place = ast.At(result, (t.i,) if t.one_loop else (t.row, t.col))
    stored = ast.Assign(place, "=", ast.Cast("u8", count) if kind == "u8" else count)
    axes = (Axis(t.row.id, ast.ZERO, t.frames), Axis(t.col.id, ast.ZERO, t.n))
    if t.one_loop:
        axes = (Axis(t.i.id, ast.ZERO, points),)
    return Nest("", [], [Region(axes, (*head, *first, loop, stored))])


def halted(b: Builder) -> Nest:
    """Draw a nest with a bounded `while` or `do while` on a value that shrinks. b: the builder that
    makes its parts.
    """
    i, n = parallel_index(b)
    count = ast.Name(b.name(("count", "steps_n", "it", "iter", "c0", "digits"), "i32"))
    body = _shrinking(b, i, n, count) if b.chance(0.5) else _root(b, i, n, count)
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, n),), body)])


def _shrinking(b: Builder, i: ast.Name, n: ast.Name, count: ast.Name) -> tuple:
    """A whole number divided or taken one from until it is zero."""
    source = ast.At(b.array((n,), "i32", "integers(0,5000)"), (i,))
    v, base = ast.Name(b.name(names.LOCALS, "i32")), ast.integer(b.pick((2, 2, 3, 10, 8, 16)))
    total = ast.Name(b.name(names.SUMS, "i32"))
    rest, cut = ast.Binary("%", v, base), ast.Assign(v, "/=", base)
    turn: tuple = (
        ast.If(ast.compare(rest, "==", ast.ZERO), (cut,), (ast.Assign(v, "-=", ast.ONE),)),
    )
    if b.chance(0.6):
        turn = (ast.Assign(total, "+=", rest), cut)
    going = ast.conjunction(
        ast.compare(v, ">", ast.ZERO),
        ast.compare(count, "<", ast.integer(b.pick((8, 20, 32, 100)))),
    )
    loop = ast.While(going, (*turn, ast.Assign(count, "+=", ast.ONE)), b.chance(0.5))
    head = (
        ast.Declare("i32", v.id, source),
        ast.Declare("i32", total.id, ast.ZERO),
        ast.Declare("i32", count.id, ast.ZERO),
    )
    point, kept = (
        IterationPoint((i,), (n,), plain=True),
        (count, total) if len(turn) > 1 else (count,),
    )
    ends = [ast.Assign(make_output_place(b, point, "i32", "constant(-1)"), "=", w) for w in kept]
    return (*head, loop, *ends)


def _root(b: Builder, i: ast.Name, n: ast.Name, count: ast.Name) -> tuple:
    """A square root by Newton's steps, until two of them are near each other."""
    kind = b.kind if b.kind in FLOATS else "f64"
    x, last = (
        ast.Name(b.name(("x", "xn", "guess", "est"), kind)),
        ast.Name(b.name(("prev", "old_x", "x_last", "xp"), kind)),
    )
    a = ast.Name(b.name(("a", "v", "val", "target_v"), kind))
    source = ast.At(b.array((n,), kind, "uniform(1,9)"), (i,))
    better = ast.mul(ast.Literal("0.5", "f64"), ast.Paren(ast.add(x, ast.Binary("/", a, x))))
    step = (ast.Assign(last, "=", x), ast.Assign(x, "=", better), ast.Assign(count, "-=", ast.ONE))
    gap = ast.Call("fabsf" if kind == "f32" and b.suffix else "fabs", (ast.sub(x, last),))
    small = ast.Literal(b.pick(("1e-3", "0.0001", "0.001", "0.0005")), "f64")
    test = ast.conjunction(ast.compare(count, ">", ast.ZERO), ast.compare(gap, ">", small))
    head = (
        ast.Declare(kind, a.id, source),
        ast.Declare(kind, x.id, a),
        ast.Declare(kind, last.id, ast.ZERO),
    )
    head += (ast.Declare("i32", count.id, ast.integer(b.pick((8, 10, 20, 50)))),)
    out = make_output_place(b, IterationPoint((i,), (n,), plain=True), kind)
    return (*head, ast.While(test, step, b.chance(0.7)), ast.Assign(out, "=", x))
