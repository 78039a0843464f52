"""Work of one thread that looks unusual and is independent: long loops of a fixed number of turns,
powers, casts, wider locals.

Contract: parallel; every iteration writes its own places. What is summed stays finite: powers have
bases below one or small exponents, and turns divide or shrink what they add.

    python -c "from corpora.generator import generate; \\
        print(next(c for c in generate(3000, 5, 'broad') if 'pow(' in c.programs['cpp'].text))"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.core.one_thread import make_likely_test, use_floating_type
from corpora.generator.families.grids import extents

_TURNS = (100, 128, 200, 250, 256, 300, 400, 500, 512, 600, 750, 800, 900, 1000)
_VARIABLES = (
    ("i", "j", "k"),
    ("i", "k", "j"),
    ("x", "y", "t"),
    ("row", "col", "it"),
    ("n0", "m0", "q0"),
    ("idx", "j", "t"),
    ("gid", "r", "s"),
    ("p", "q", "it"),
)
_BIG = ("3.14159", "2.718", "1.5", "1.01", "3.1415926", "1.1", "2.5", "1.0001", "2.0")
_SMALL = ("0.5", "0.9", "0.99", "0.25", "0.75", "0.1", "0.999", "0.3")
_ACC = tuple("sum acc total val s temp res work t0 series partial result0 y0 tmp_sum".split())


class Work:
    """One or two parallel loops, the places of an iteration, and its locals."""

    def __init__(self, b: Builder) -> None:
        self.b = b
        use_floating_type(b)
        words = b.pick(_VARIABLES)
        if b.chance(0.35):
            self.sides: tuple = extents(b, 2)
        else:
            self.sides = (
                b.size(names.SIZES, (1, 4, 9, 21), b.pick(("i32",) * 6 + ("i64", "u32"))),
            )
        kind = (
            b.types.get(getattr(self.sides[0], "id", ""), "i32") if len(self.sides) == 1 else "i32"
        )
        self.kind = kind
        self.variables = tuple(ast.Name(b.exact(w, kind)) for w in words[: len(self.sides)])
        self.turn = ast.Name(b.exact(words[2], "i32"))
        self.reads = [
            ast.At(b.array(self.sides), self.variables) for _ in range(b.pick((1, 1, 2, 2, 3)))
        ]
        b.reads += self.reads
        self.wide = "f64" if b.kind == "f32" and b.chance(0.45) else b.kind
        self.acc = ast.Name(b.name(_ACC, self.wide))

    def index(self) -> ast.Name:
        """Return one of the loop variables."""
        return self.b.pick(self.variables)

    def constant(self, texts: tuple[str, ...]) -> ast.Literal:
        """Return a floating-point constant with one of these texts."""
        b = self.b
        text = b.pick(texts)
        return (
            ast.Literal(text + "f", "f32")
            if b.suffix and b.kind == "f32" and b.chance(0.7)
            else ast.Literal(text, "f64")
        )

    def cast(self, value: tuple) -> ast.Cast:
        """Return a value converted to a floating-point type."""
        kind = self.b.kind if self.b.chance(0.8) else "f64"
        return ast.Cast(
            kind,
            value if type(value) in (ast.Name, ast.At, ast.Call, ast.Literal) else ast.Paren(value),
        )

    def power(self, turning: bool) -> ast.Call:
        """Return a call of `pow` with a constant base. turning: it may use the inner loop's
        variable.
        """
        b = self.b

        def double(text: str) -> ast.Literal:
            return ast.Literal(text, "f64")

        if turning and b.chance(0.6):
            return ast.Call("pow", (double(b.pick(_SMALL)), self.turn))
        exponent: tuple = (
            self.index()
            if not turning and b.chance(0.5)
            else ast.Binary(
                "%", self.turn if turning else self.index(), ast.integer(b.pick((3, 4, 5, 7, 8)))
            )
        )
        return ast.Call(
            "pow",
            (
                double(b.pick(_BIG)),
                exponent
                if self.kind == "i32" or exponent is not self.index()
                else ast.Cast("i32", exponent),
            ),
        )

    def term(self) -> tuple:
        """Return what one turn of the inner loop adds."""
        b, j = self.b, self.turn
        read = b.pick(tuple(self.reads))
        over = (
            self.cast(ast.add(j, b.pick((1, 1, 2, 3))))
            if b.chance(0.8)
            else ast.Paren(ast.add(self.cast(j), self.constant(("1.0", "0.5", "2.0"))))
        )
        draw = b.rng.random()
        if draw < 0.3:
            return ast.Binary("/", read, over)
        if draw < 0.5:
            return (
                ast.mul(read, self.power(True))
                if b.chance(0.6)
                else ast.Binary("/", self.power(True), over)
            )
        if draw < 0.65:
            what = b.pick(("sin", "cos", "tanh", "atan"))
            return (
                ast.Call(what, (ast.Binary(b.pick("*/"), read, over),))
                if b.chance(0.5)
                else ast.mul(read, ast.Call(what, (self.cast(j),)))
            )
        if draw < 0.8:
            return ast.Binary(
                "/",
                self.cast(ast.add(self.index(), j) if b.chance(0.6) else j),
                self.cast(ast.integer(b.pick((100, 1000, 255, 512)))),
            )
        step = self.constant(("0.001", "0.01", "1e-3", "0.0005"))
        return ast.mul(ast.mul(step, self.cast(j)) if b.chance(0.6) else step, read)


def long_turns(b: Builder) -> Nest:
    """Draw a nest that gathers a local in a loop of a hundred to a thousand turns and stores it. b:
    the builder that makes its parts.
    """
    w = Work(b)
    acc = w.acc
    first = b.pick(tuple(w.reads)) if b.chance(0.3) else b.number(zero=b.chance(0.8))
    step: tuple = (ast.Assign(acc, b.pick(("+=", "+=", "+=", "-=")), w.term()),)
    if b.chance(0.3):
        test = ast.compare(
            ast.Binary("%", w.turn, ast.integer(b.pick((2, 2, 3, 5, 10)))),
            b.pick(("==", "==", "!=")),
            ast.ZERO,
        )
        step = (
            ast.If(
                test,
                step,
                (ast.Assign(acc, b.pick(("+=", "-=")), w.term()),) if b.chance(0.5) else (),
            ),
        )
    if b.chance(0.3):
        word = ast.Name(b.local("f64" if b.chance(0.4) else b.kind))
        step = (
            ast.Declare(b.types[word.id], word.id, w.term()),
            *step,
            ast.Assign(acc, b.pick(("+=", "-=")), word),
        )
    if b.chance(0.12):
        step += (ast.Assign(acc, "*=", w.constant(_SMALL)),)
    start = b.pick((0, 0, 0, 1))
    loop = ast.For(
        w.turn.id,
        ast.integer(start),
        "<" if b.chance(0.85) else "<=",
        ast.integer(b.pick(_TURNS)),
        step,
    )
    return _stored(w, (ast.Declare(w.wide, acc.id, first), loop))


def powers(b: Builder) -> Nest:
    """Draw a nest with locals of powers, casts and quotients under tests of the index and of data.
    b: the builder that makes its parts.
    """
    w = Work(b)
    acc, read = w.acc, b.pick(tuple(w.reads))
    i = w.index()
    value: tuple = b.pick(
        (
            ast.mul(read, w.power(False)),
            ast.Binary("/", read, w.cast(ast.add(i, 1))),
            ast.Binary("/", w.power(False), w.cast(ast.add(i, 2))),
            ast.add(ast.mul(w.cast(i), w.constant(_BIG)), read),
            ast.Binary("/", w.cast(i), w.cast(w.sides[-1])),
        )
    )
    lines: tuple = (ast.Declare(w.wide, acc.id, value),)
    if b.chance(0.5):
        word = ast.Name(b.local("f64" if b.chance(0.5) else b.kind))
        more = ast.Binary(
            b.pick("*+-"),
            acc,
            b.pick((w.power(False), w.cast(i), read, ast.Call("sqrt", (w.cast(ast.add(i, 1)),)))),
        )
        lines += (
            ast.Declare(b.types[word.id], word.id, more),
            ast.Assign(acc, b.pick(("=", "+=", "-=")), word),
        )
    if b.chance(0.6):
        test = (
            ast.compare(
                ast.Binary("%", i, ast.integer(b.pick((2, 3, 4)))), b.pick(("==", "!=")), ast.ZERO
            )
            if b.chance(0.5)
            else make_likely_test(b, read)
        )
        other = (ast.Assign(acc, b.pick(("=", "-=")), read),) if b.chance(0.5) else ()
        lines += (
            ast.If(test, (ast.Assign(acc, b.pick(("+=", "*=", "/=")), w.constant(_BIG)),), other),
        )
    return _stored(w, lines)


def _stored(w: Work, lines: tuple) -> Nest:
    """The local goes to one or two places of the iteration, straight, scaled, cast or under
    a test.
    """
    b, acc = w.b, w.acc
    for number in range(b.pick((1, 1, 1, 2))):
        word = b.array(w.sides)
        b.parameter(word).written = True
        place, draw = ast.At(word, w.variables), b.rng.random()
        value: tuple = acc
        if draw < 0.3:
            value = ast.Binary(
                b.pick("*+-"),
                acc,
                b.pick((b.pick(tuple(w.reads)), w.constant(_SMALL), w.cast(w.index()))),
            )
        elif draw < 0.45:
            value = ast.Cast(b.kind, acc) if w.wide != b.kind or b.chance(0.3) else acc
        store: tuple = (ast.Assign(place, b.pick(("=", "=", "=", "+=")), value),)
        if b.chance(0.2):
            limit = b._same(ast.Literal(b.pick(("0.5", "1.0", "0.0")), "f64"))
            store = (
                ast.If(
                    ast.compare(acc, b.pick("<>"), limit),
                    store,
                    (ast.Assign(place, "=", w.cast(w.index())),)
                    if number == 0 or b.chance(0.5)
                    else (),
                ),
            )
        lines += store
    axes = tuple(Axis(v.id, ast.ZERO, side) for v, side in zip(w.variables, w.sides))
    return Nest("", [], [Region(axes, lines)], index_type=w.kind, shadowed=b.chance(0.4))


MENU = ((long_turns, 7), (powers, 6))
