"""Families of one line of text or numbers: a pattern searched in windows, products with a lag,
letters exchanged one by one.

Contract: as for the other families. A window's loop is `for (i = 0; i + m <= n; i++)` or says the
same in other words, so that nothing beyond the line is read.

    python -c "from corpora.generator import generate; \\
        print(next(c for c in generate(4000, 4, 'broad') if 'm <= ' in str(c)))"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.families.textual import AT, FIRST, OUTS, PATTERNS, ROW, TEXTS, letter, within


class _Windows:
    """Windows of the next m elements of a line, beside a pattern of m; one window a thread."""

    def __init__(self, b: Builder) -> None:
        self.b = b
        self.n = b.size(names.SIZES, (1, 4, 9, 20))
        self.m = b.size(("m", "k", "win", "plen", "taps", "width", "span", "q_len"), (1, 2, 3))
        n, m = self.n, self.m
        self.i, self.j = ast.Name(b.name(ROW, "i32")), ast.Name(b.name(AT, "i32"))
        self.words = b.chance(0.6)
        kind, fill = (
            (b.pick(("i8", "i8", "u8", "i32")), "integers(97,98)") if self.words else (b.kind, "")
        )
        b.kind = b.kind if not self.words else "i32"
        self.text = b.array((n,), kind, fill, TEXTS if self.words else names.ARRAYS)
        pattern = b.array(
            (m,),
            kind,
            fill,
            PATTERNS if self.words else ("taps_in", "coef", "h", "kernel0", "filt"),
        )
        ends = ast.compare(ast.add(self.i, m), "<=", n)
        shown, stop, inclusive = b.pick(
            (
                (ends, ast.sub(n, m), True),
                (ends, ast.sub(n, m), True),
                (None, ast.sub(n, m), True),
                (None, ast.add(ast.sub(n, m), 1), False),
                (ast.compare(self.i, "<=", ast.sub(n, m)), ast.sub(n, m), True),
            )
        )
        self.axis = Axis(self.i.id, ast.ZERO, stop, inclusive, shown=shown)
        self.near, self.far = (
            ast.At(self.text, (ast.add(self.i, self.j),)),
            ast.At(pattern, (self.j,)),
        )
        self.out = b.array(
            (n,), "i32" if self.words else b.kind, "constant(-1)" if self.words else "", OUTS
        )
        b.parameter(self.out).written = True
        self.place = ast.At(self.out, (self.i,))
        self.word = ast.Name(
            b.name(
                ("ok", "match", "same", "acc", "s", "best", "sum"), "i32" if self.words else b.kind
            )
        )

    def loop(self, *body: tuple) -> ast.For:
        return ast.For(self.j.id, ast.ZERO, "<", self.m, body)

    def nest(self, *body: tuple) -> Nest:
        return Nest("", [], [Region((self.axis,), body)])


def searched(b: Builder) -> Nest:
    """Draw a nest over windows of a line: where a pattern occurs, how well it fits, sums, products
    with a lag. b: the builder that makes its parts.
    """
    t = _Windows(b)
    if t.words:
        return _matched(t)
    return _fitted(t) if b.chance(0.5) else _lagged(t)


def _matched(t: _Windows) -> Nest:
    """Whether a pattern stands here, or how many of its characters do."""
    b, place, word = t.b, t.place, t.word
    differ, draw = ast.compare(t.near, "!=", t.far), b.rng.random()
    if draw < 0.35:
        leave = ast.If(differ, (ast.Assign(place, "=", ast.ZERO), ast.Jump("break")))
        return t.nest(ast.Assign(place, "=", ast.ONE), t.loop(leave))
    store = ast.Assign(place, "=", word)
    if draw < 0.7:
        leave = ast.If(differ, (ast.Assign(word, "=", ast.ZERO), ast.Jump("break")))
        return t.nest(ast.Declare("i32", word.id, ast.ONE), t.loop(leave), store)
    step = ast.If(
        ast.compare(t.near, b.pick(("==", "!=")), t.far), (ast.Assign(word, "+=", ast.ONE),)
    )
    return t.nest(ast.Declare("i32", word.id, ast.ZERO), t.loop(step), store)


def _fitted(t: _Windows) -> Nest:
    """A sum over the window: of the elements, of products, of squared gaps."""
    b, near, far, word = t.b, t.near, t.far, t.word
    gap = ast.Paren(ast.sub(near, far))
    term = b.pick((near, ast.mul(near, far), ast.mul(far, near), ast.mul(gap, gap)))
    value: tuple = ast.Binary("/", word, t.m) if b.kind in FLOATS and b.chance(0.4) else word
    made = ast.Declare(b.kind, word.id, b.number(zero=True))
    return t.nest(made, t.loop(ast.Assign(word, "+=", term)), ast.Assign(t.place, "=", value))


def _lagged(t: _Windows) -> Nest:
    """The other way round: a lag a thread, and all of the line against itself that far on."""
    b, n, i, j = t.b, t.n, t.i, t.j
    t.axis = Axis(i.id, ast.ZERO, t.m)
    here, ahead = ast.At(t.text, (j,)), ast.At(t.text, (ast.add(j, i),))
    gap = ast.Paren(ast.sub(ahead, here))
    term = b.pick((ast.mul(here, ahead), ast.mul(gap, gap)))
    b.parameter(t.out).extents = (t.m,)
    left = ast.sub(n, i)
    shown, op, stop = b.pick(
        (
            (ast.compare(ast.add(j, i), "<", n), "<", left),
            (None, "<", left),
            (ast.compare(ast.add(i, j), "<", n), "<", left),
        )
    )
    inner = ast.For(j.id, ast.ZERO, op, stop, (ast.Assign(t.word, "+=", term),), 1, "i32", shown)
    ending: tuple = ast.Binary("/", t.word, n) if b.kind in FLOATS and b.chance(0.35) else t.word
    made = ast.Declare(b.kind, t.word.id, b.number(zero=True))
    return t.nest(made, inner, ast.Assign(t.place, "=", ending))


def exchanged(b: Builder) -> Nest:
    """Draw a nest that exchanges letters one by one, by chains of cases or a repeated key. b: the
    builder that makes its parts.
    """
    n, i = b.size(names.SIZES, (1, 4, 9, 20)), ast.Name(b.name(ROW, "i32"))
    kind, axis = b.pick(("i8", "i8", "u8")), Axis(i.id, ast.ZERO, n)
    fill = b.pick(("integers(65,122)", "integers(32,122)", "integers(65,90)"))
    text = b.array((n,), kind, fill if kind == "i8" else "integers(0,255)", TEXTS)
    read = ast.At(text, (ast.sub(ast.sub(n, 1), i),) if b.chance(0.12) else (i,))
    out = b.array((n,), b.pick((kind, kind, "i32")), "integers(0,60)", OUTS)
    b.parameter(out).written = True
    place = ast.At(out, (i,))
    c = ast.Name(b.name(FIRST, kind))
    made, draw = ast.Declare(kind, c.id, read), b.rng.random()
    if draw < 0.4:
        body: tuple = (made, *_case_chain(b, c, place))
    elif draw < 0.65:
        body = (made, _turned(b, c, place))
    elif draw < 0.82 and kind == "u8":
        body = (made, ast.Assign(place, "=", _class_of(b, c)))
    else:
        period = b.size(("m", "klen", "key_len", "period"), (1, 3, 5))
        keys = b.array((period,), kind, "integers(65,90)", ("key", "pad", "secret", "mask_k"))
        key = ast.At(keys, (ast.Binary("%", i, period),))
        rest = ast.Binary("%", ast.Paren(ast.add(read, key)), ast.integer(b.pick((26, 64, 100))))
        same = ast.Conditional(ast.compare(read, "==", key), ast.ONE, ast.ZERO)
        larger = ast.Conditional(ast.compare(read, ">", key), read, key)
        body = (ast.Assign(place, "=", b.pick((ast.Binary("^", read, key), rest, same, larger))),)
    return Nest("", [], [Region((axis,), body)])


def _case_chain(b: Builder, c: ast.Name, place: ast.At) -> tuple:
    """`if (c == 'A') out = 'T'; else if …`"""
    letters = b.rng.sample("ACGTNaegiostxyz0123456789+-*/#.,", b.pick((4, 6, 8)))
    rest: tuple = (ast.Assign(place, "=", b.pick((c, letter(b), ast.ZERO))),)
    for left, right in zip(letters[::2], letters[1::2]):
        value: tuple = (
            ast.Literal(f"'{right}'", "i32")
            if b.chance(0.85)
            else ast.integer(b.pick((0, 1, 2, 3)))
        )
        rest = (
            ast.If(
                ast.compare(c, "==", ast.Literal(f"'{left}'", "i32")),
                (ast.Assign(place, "=", value),),
                rest,
            ),
        )
    return rest


def _turned(b: Builder, c: ast.Name, place: ast.At) -> ast.If:
    """Letters of both cases moved on in the alphabet."""
    amount = (
        b.size(("key", "shift", "k_rot", "rot"), (0, 3, 25))
        if b.chance(0.6)
        else ast.integer(b.pick((13, 1, 5)))
    )

    def turned(base: str) -> tuple:
        a = ast.Literal(f"'{base}'", "i32")
        return ast.Assign(
            place,
            "=",
            ast.add(a, ast.Binary("%", ast.Paren(ast.add(ast.sub(c, a), amount)), ast.integer(26))),
        )

    first, second = b.pick((("az", "AZ"), ("AZ", "az")))
    rest = (ast.Assign(place, "=", c),) if b.chance(0.8) else ()
    return ast.If(
        within(c, *first),
        (turned(first[0]),),
        (ast.If(within(c, *second), (turned(second[0]),), rest),),
    )


def _class_of(b: Builder, c: ast.Name) -> tuple:
    """A number by the range that a byte lies in, as the length of a code point is."""
    limits = b.pick(((0x80, 0xE0, 0xF0), (128, 192, 224), (10, 100, 200)))
    values = b.pick(((1, 2, 3, 4), (0, 1, 2, 3), (1, 0, 2, 3)))
    spelled = [ast.Literal(hex(x) if b.chance(0.5) else str(x), "i32") for x in limits]
    value: tuple = ast.integer(values[3])
    for limit, number in zip(reversed(spelled), reversed(values[:3])):
        value = ast.Conditional(ast.compare(c, "<", limit), ast.integer(number), value)
    return value
