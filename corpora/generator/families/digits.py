"""Families of whole numbers and their digits: per-element loops of number theory, digits written
out, bits packed and unpacked.

Contract: as for the other families. What is shifted or multiplied in a loop is unsigned; loops that
divide end for every value.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(4000, 4, 'broad') if '/= 10' in c.programs['cpp'].text][0])"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Axis, Nest, Region

_ITEMS = tuple("n count N len num items values_n words groups m size total".split())
_INDEX = tuple("i k idx g w0 tid q r id".split())
_VALUES = tuple("v x values in nums a data src words codes keys vals input".split())
_RESULTS = tuple(
    "out s result res d_out dst y steps_of prime digits bits_out flags counts total_of "
    "packed bytes hex_out".split()
)
_LOCALS = tuple("x t v u rest m cur val left q0 p".split())
_COUNTS = tuple("c cnt s sum acc steps r d found len0 total ones tmp_n".split())
_INNER = tuple("k j b0 d p t l bit pos".split())
_WORDS = ("w", "word", "v", "x", "packed_w", "c")


class _Line:
    """One value in, one or a few values out, an index a thread."""

    def __init__(self, b: Builder) -> None:
        self.b = b
        self.n = b.size(
            _ITEMS, (1, 3, 8, 15), b.pick(("i32", "i32", "i32", "i32", "u32", "i64", "u64"))
        )
        kind = b.types[self.n.id] if b.chance(0.6) else "i32"
        self.i, self.kind = ast.Name(b.name(_INDEX, kind)), kind
        self.axis = Axis(self.i.id, ast.ZERO, self.n)

    def read(self, kind: str, fill: str, wanted: tuple = _VALUES) -> ast.At:
        return ast.At(self.b.array((self.n,), kind, fill, wanted), (self.i,))

    def out(self, kind: str, fill: str = "constant(101)") -> ast.At:
        array = self.b.array((self.n,), kind, fill, _RESULTS)
        self.b.parameter(array).written = True
        return ast.At(array, (self.i,))

    def nest(self, *body: tuple) -> Nest:
        return Nest("", [], [Region((self.axis,), body)], index_type=self.kind)


class _Number:
    """One number of a line in a local `x`, and a count or sum of it in a local or, `direct`, in the
    output itself.
    """

    def __init__(self, b: Builder) -> None:
        self.b, self.t = b, _Line(b)
        self.kind = b.pick(("i32", "i32", "u32", "u32", "i64"))
        self.place = self.t.out(
            b.pick((self.kind, "i32", "i32", "u8" if self.kind == "u32" else "i32"))
        )
        self.x = ast.Name(b.name(_LOCALS, self.kind))
        self.c = ast.Name(b.name(_COUNTS, "i32" if self.kind != "u32" or b.chance(0.5) else "u32"))
        source = self.t.read(
            self.kind,
            "integers(0,400)" if self.kind != "i32" or b.chance(0.5) else "integers(-200,200)",
        )
        start: tuple = source
        if b.parameter(source.array).fill.startswith("integers(-"):
            start = b.pick(
                (
                    ast.Conditional(
                        ast.compare(source, "<", ast.ZERO), ast.Unary("-", source), source
                    ),
                    ast.Call("abs", (source,)),
                )
            )
        self.made = ast.Declare(self.kind, self.x.id, start)
        self.direct = b.chance(0.25)
        self.gather: tuple = self.place if self.direct else self.c
        self.begin = (
            ast.Assign(self.place, "=", ast.ZERO)
            if self.direct
            else ast.Declare(b.types[self.c.id], self.c.id, ast.ZERO)
        )
        self.end: tuple = () if self.direct else (ast.Assign(self.place, "=", self.c),)

    def word(self, fill: str) -> tuple[ast.Name, ast.Declare]:
        """An unsigned value of its own in a local."""
        v = ast.Name(self.b.name(_LOCALS, "u32"))
        return v, ast.Declare("u32", v.id, self.t.read("u32", fill))


def looped(b: Builder) -> Nest:
    """Draw a nest with a loop on one number: its digits, divisors, bits, powers, or a greatest
    common divisor. b: the builder that makes its parts.
    """
    kinds = (_cut_off, _divisors, _two_numbers, _bits, _steps_down, _powers)
    return b.rng.choices(kinds, (22, 18, 15, 17, 14, 14))[0](_Number(b))


def _cut_off(s: _Number) -> Nest:
    b, x, base = s.b, s.x, ast.integer(s.b.pick((10, 10, 2, 3, 16, 7)))
    step, cut = (
        ast.Assign(s.gather, "+=", ast.Binary("%", x, base) if b.chance(0.75) else ast.ONE),
        ast.Assign(x, "/=", base),
    )
    test = (
        ast.compare(x, ">", ast.ZERO)
        if b.chance(0.7) or s.kind == "i64"
        else ast.compare(x, "!=", ast.ZERO)
    )
    loop = ast.While(test, (step,), advance=cut) if b.chance(0.5) else ast.While(test, (step, cut))
    first = (s.made, s.begin) if b.chance(0.5) else (s.begin, s.made)
    return s.t.nest(*first, loop, *s.end)


def _divisors(s: _Number) -> Nest:
    b, x, d = s.b, s.x, ast.Name(s.b.name(_INNER, s.kind))
    rest, square = (
        ast.compare(ast.Binary("%", x, d), "==", ast.ZERO),
        ast.compare(ast.mul(d, d), "<=", x),
    )
    if b.chance(0.55):
        first = ast.Assign(
            s.place,
            "=",
            ast.compare(x, b.pick((">=", ">")), b.pick((ast.TWO, ast.ONE)))
            if b.chance(0.6)
            else ast.ONE,
        )
        leave = (ast.Assign(s.place, "=", ast.ZERO), ast.Jump("break"))
        return s.t.nest(
            s.made,
            first,
            ast.For(d.id, ast.TWO, "<=", x, (ast.If(rest, leave),), 1, s.kind, square),
        )
    amount = b.pick((ast.ONE, d)) if b.types[s.c.id] == s.kind and not s.direct else ast.ONE
    inner = ast.For(
        d.id,
        ast.ONE,
        "<=",
        x,
        (ast.If(rest, (ast.Assign(s.gather, "+=", amount),)),),
        1,
        s.kind,
        square if b.chance(0.3) else None,
    )
    return s.t.nest(s.made, s.begin, inner, *s.end)


def _two_numbers(s: _Number) -> Nest:
    b, x, kind = s.b, s.x, s.kind
    y = ast.Name(b.name(("y", "b1", "other", "w", "h0"), kind))
    r = ast.Name(b.name(("r0", "rem", "tmp", "z"), kind))
    second = ast.Declare(kind, y.id, s.t.read(kind, "integers(0,90)"))
    body = (
        ast.Declare(kind, r.id, ast.Binary("%", x, y)),
        ast.Assign(x, "=", y),
        ast.Assign(y, "=", r),
    )
    loop = ast.While(ast.compare(y, b.pick(("!=", ">")), ast.ZERO), body)
    return s.t.nest(s.made, second, loop, ast.Assign(s.t.out(kind), "=", x))


def _bits(s: _Number) -> Nest:
    b, (v, made) = s.b, s.word(s.b.pick(("integers(0,4000000000)", "integers(0,70000)")))
    count = ast.Assign(s.gather, "+=", ast.ONE)
    if b.chance(0.4):
        loop: tuple = ast.While(
            v if b.chance(0.5) else ast.compare(v, "!=", ast.ZERO),
            (ast.Assign(v, "&=", ast.sub(v, 1)), count),
        )
    elif b.chance(0.5):
        loop = ast.While(
            ast.compare(v, ">", ast.integer(b.pick((0, 1)))), (ast.Assign(v, ">>=", ast.ONE), count)
        )
    else:
        k = ast.Name(b.name(_INNER, "i32"))
        low = ast.Binary("&", ast.Paren(ast.Binary(">>", v, k)), ast.ONE)
        body = ast.Assign(s.gather, "+=", low) if b.chance(0.5) else ast.If(low, (count,))
        loop = ast.For(k.id, ast.ZERO, "<", ast.integer(b.pick((32, 16, 8))), (body,))
    return s.t.nest(made, s.begin, loop, *s.end)


def _steps_down(s: _Number) -> Nest:
    b, (v, made) = s.b, s.word("integers(1,60)")
    limit: tuple = (
        b.size(("limit", "max_steps", "cap", "rounds"), (0, 5, 30))
        if b.chance(0.6)
        else ast.integer(b.pick((50, 100, 20)))
    )
    three = ast.add(ast.mul(ast.integer(3), v) if b.chance(0.6) else ast.mul(v, ast.integer(3)), 1)
    half = ast.Binary("/", v, ast.TWO) if b.chance(0.6) else ast.Binary(">>", v, ast.ONE)
    odd = (
        ast.Binary("&", v, ast.ONE)
        if b.chance(0.4)
        else ast.compare(ast.Binary("%", v, ast.TWO), "==", ast.ONE)
    )
    move: tuple = ast.If(odd, (ast.Assign(v, "=", three),), (ast.Assign(v, "=", half),))
    if b.chance(0.4):
        move = ast.Assign(v, "=", ast.Conditional(odd, three, half))
    count = ast.Name(b.name(_COUNTS, "i32"))
    test = ast.conjunction(
        ast.compare(v, b.pick((">", "!=")), ast.ONE), ast.compare(count, "<", limit)
    )
    loop = ast.While(test, (move, ast.Assign(count, "+=", ast.ONE)))
    return s.t.nest(
        made, ast.Declare("i32", count.id, ast.ZERO), loop, ast.Assign(s.place, "=", count)
    )


def _powers(s: _Number) -> Nest:
    b, (v, made), m = s.b, s.word("integers(0,900)"), ast.integer(s.b.pick((97, 1009, 251, 13)))
    e, r = (
        ast.Name(b.name(("e", "exp0", "pw"), "u32")),
        ast.Name(b.name(("r", "res", "prod"), "u32")),
    )
    odd = ast.If(
        ast.Binary("&", e, ast.ONE),
        (ast.Assign(r, "=", ast.Binary("%", ast.Paren(ast.mul(r, v)), m)),),
    )
    body = (
        odd,
        ast.Assign(v, "=", ast.Binary("%", ast.mul(v, v), m)),
        ast.Assign(e, ">>=", ast.ONE),
    )
    exponent: tuple = (
        b.size(("power", "expo", "k_pow"), (0, 1, 5, 10), "u32")
        if b.chance(0.5)
        else s.t.read("u32", "integers(0,40)")
    )
    first = (
        made._replace(value=ast.Binary("%", made.value, m)),
        ast.Declare("u32", e.id, exponent),
        ast.Declare("u32", r.id, ast.ONE),
    )
    return s.t.nest(
        *first, ast.While(ast.compare(e, ">", ast.ZERO), body), ast.Assign(s.t.out("u32"), "=", r)
    )


def written_out(b: Builder) -> Nest:
    """Draw a nest that writes numbers as characters: decimal digits, hexadecimal digits of bytes,
    or bits as '0' and '1'. b: the builder that makes its parts.
    """
    t = _Line(b)
    k, draw = ast.Name(b.name(_INNER, "i32")), b.rng.random()
    zero, ten = ast.Literal("'0'", "i32"), ast.Literal(b.pick(("'a'", "'A'", "'a'")), "i32")
    if draw < 0.45:
        return _hex_bytes(t, ten)
    width = (
        ast.integer(b.pick((8, 4, 6)))
        if b.chance(0.5)
        else b.size(("width", "w", "digits_n", "places"), (1, 3, 5))
    )
    out = b.array(
        (t.n, width),
        b.pick(("i8", "i8", "u8")),
        "integers(32,40)",
        ("out", "text_out", "chars", "dst"),
    )
    b.parameter(out).written = True
    v = ast.Name(b.name(_LOCALS, "u32"))
    made = ast.Declare("u32", v.id, t.read("u32", "integers(0,100000)"))
    place = ast.At(out, (t.i, k))
    if draw < 0.75:
        base = ast.integer(b.pick((10, 10, 8, 16)))
        rest = ast.Binary("%", v, base)
        value = ast.add(zero, rest) if base != ast.integer(16) else _digit(b, rest, ten)
        steps = (ast.Assign(place, "=", value), ast.Assign(v, "/=", base))
        return t.nest(made, ast.For(k.id, ast.sub(width, 1), ">=", ast.ZERO, steps, -1))
    from_top = ast.sub(ast.sub(width, 1), k) if b.chance(0.6) else k
    shift = ast.Paren(from_top) if type(from_top) is ast.Binary else from_top
    bit = ast.Binary("&", ast.Paren(ast.Binary(">>", v, shift)), ast.ONE)
    if b.chance(0.6):
        value = ast.Conditional(
            bit if b.chance(0.5) else ast.Paren(bit), ast.Literal("'1'", "i32"), zero
        )
    else:
        value = ast.add(zero, ast.Paren(bit))
    return t.nest(made, ast.For(k.id, ast.ZERO, "<", width, (ast.Assign(place, "=", value),)))


def _digit(b: Builder, value: tuple, ten: ast.Literal) -> tuple:
    """The character of a number below 16."""
    letter = b.pick((ast.sub(ast.add(ten, value), 10), ast.add(ten, ast.Paren(ast.sub(value, 10)))))
    return ast.Conditional(
        ast.compare(value, "<", ast.integer(10)), ast.add(ast.Literal("'0'", "i32"), value), letter
    )


def _hex_bytes(t: _Line, ten: ast.Literal) -> Nest:
    """Two hexadecimal digits a byte."""
    b, i = t.b, t.i
    byte = t.read("u8", "integers(0,255)", ("bytes", "data", "digest", "in", "raw"))
    out = b.array((ast.mul(t.n, 2),), "i8", "integers(32,40)", ("hex", "out", "text_out", "dst"))
    b.parameter(out).written = True
    words = (("hi", "h", "upper", "a"), ("lo", "l", "lower", "c"))
    hi, lo = (ast.Name(b.name(w, b.pick(("i32", "i32", "u8")))) for w in words)
    upper = (
        ast.Binary(">>", byte, ast.integer(4))
        if b.chance(0.7)
        else ast.Binary("/", byte, ast.integer(16))
    )
    lower = ast.Binary(
        "&", byte, b.pick((ast.integer(15), ast.Literal("0x0f", "i32"), ast.Literal("0xF", "i32")))
    )
    made = (ast.Declare(b.types[hi.id], hi.id, upper), ast.Declare(b.types[lo.id], lo.id, lower))
    twice = ast.mul(ast.TWO, i) if b.chance(0.6) else ast.mul(i, ast.TWO)
    first = ast.Assign(ast.At(out, (twice,)), "=", _digit(b, hi, ten))
    return t.nest(
        *made, first, ast.Assign(ast.At(out, (ast.add(twice, 1),)), "=", _digit(b, lo, ten))
    )


def packed(b: Builder) -> Nest:
    """Draw a nest that packs bytes, nibbles, flags or colour channels into words, or unpacks them.
    b: the builder that makes its parts.
    """
    t, draw = _Line(b), b.rng.random()
    if draw < 0.3:
        return _bytes_of_words(t)
    k = ast.Name(b.name(_INNER, "i32"))
    if draw < 0.6:
        return _bits_of_words(t, k)
    return _colour(t) if draw < 0.8 else _nibbles(t)


def _bytes_of_words(t: _Line) -> Nest:
    b, i, count = t.b, t.i, t.b.pick((4, 4, 2, 3))
    into, big = b.chance(0.5), b.chance(0.35)
    data = b.array(
        (ast.mul(t.n, count),), "u8", "integers(0,255)", ("bytes", "data", "buf", "raw", "in")
    )
    base = ast.mul(ast.integer(count), i) if b.chance(0.6) else ast.mul(i, ast.integer(count))
    shifts = [8 * (count - 1 - s if big else s) for s in range(count)]
    places = [ast.At(data, (base if s == 0 else ast.add(base, s),)) for s in range(count)]
    if into:
        parts = [_shifted(ast.Cast("u32", p), "<<", x) for p, x in zip(places, shifts)]
        total = parts[0]
        for part in parts[1:]:
            total = ast.Binary("|", total, part)
        return t.nest(ast.Assign(t.out("u32"), b.pick(("=", "=", "^=")), total))
    b.parameter(data).written = True
    w = ast.Name(b.name(_WORDS, "u32"))
    mask = b.pick((ast.Literal("0xff", "u32"), ast.Literal("0xFF", "u32"), ast.integer(255)))
    made = ast.Declare("u32", w.id, t.read("u32", "integers(0,4000000000)"))
    stores = [
        ast.Assign(p, "=", ast.Binary("&", _shifted(w, ">>", x), mask))
        for p, x in zip(places, shifts)
    ]
    return t.nest(made, *stores)


def _shifted(value: tuple, op: str, by: int) -> tuple:
    """`(value << by)`, or the value alone where nothing is shifted."""
    return ast.Paren(ast.Binary(op, value, ast.integer(by))) if by else value


def _bits_of_words(t: _Line, k: ast.Name) -> Nest:
    """Flags of any type as the bits of a word, or the bits as flags."""
    b, count = t.b, ast.integer(t.b.pick((8, 8, 32, 16, 4)))
    kind, fill = b.pick(
        (
            ("bool", "integers(0,1)"),
            ("u8", "integers(0,1)"),
            ("i32", "integers(-1,1)"),
            ("i8", "integers(48,49)"),
            ("f32", ""),
        )
    )
    flag: tuple = ast.At(
        b.array((t.n, count), kind, fill, ("flags", "mask", "bits", "set_of", "on", "active")),
        (t.i, k),
    )
    w = ast.Name(b.name(_WORDS, "u32"))
    if b.chance(0.6):
        return _flags_gathered(t, k, count, flag, w)
    b.parameter(flag.array).written = True
    bit = ast.Binary("&", ast.Paren(ast.Binary(">>", w, k)), ast.ONE)
    made = ast.Declare("u32", w.id, t.read("u32", "integers(0,4000000000)"))
    value = bit if kind != "i8" else ast.add(ast.Literal("'0'", "i32"), ast.Paren(bit))
    return t.nest(made, ast.For(k.id, ast.ZERO, "<", count, (ast.Assign(flag, "=", value),)))


def _flags_gathered(t: _Line, k: ast.Name, count: ast.Literal, flag: ast.At, w: ast.Name) -> Nest:
    b, kind = t.b, t.b.types[flag.array]
    if kind == "bool":
        test: tuple = flag
    elif kind == "i8":
        test = ast.compare(flag, "==", ast.Literal("'1'", "i32"))
    else:
        test = ast.compare(flag, b.pick((">", "!=")) if kind != "f32" else ">", ast.ZERO)
    one = ast.Literal(b.pick(("1u", "1U")), "u32")
    step: tuple = ast.If(test, (ast.Assign(w, "|=", ast.Binary("<<", one, k)),))
    if b.chance(0.3):
        doubled = ast.Paren(ast.Binary("<<", w, ast.ONE))
        step = ast.Assign(
            w, "=", ast.Binary("|", doubled, ast.Paren(ast.Conditional(test, ast.ONE, ast.ZERO)))
        )
    out = t.out("u8" if count == ast.integer(8) and b.chance(0.6) else "u32")
    loop = ast.For(k.id, ast.ZERO, "<", count, (step,))
    value = ast.Cast("u8", w) if b.types[out.array] == "u8" and b.chance(0.6) else w
    return t.nest(ast.Declare("u32", w.id, ast.ZERO), loop, ast.Assign(out, "=", value))


def _colour(t: _Line) -> Nest:
    """Three channels in one number: five, six and five bits, or eight bits each."""
    words = (("r", "red", "R"), ("g", "green", "G"), ("b", "blue", "B"))
    r, g, c = (t.read("u8", "integers(0,255)", w) for w in words)
    if t.b.chance(0.5):
        high = _shifted(ast.Paren(ast.Binary(">>", r, ast.integer(3))), "<<", 11)
        middle = _shifted(ast.Paren(ast.Binary(">>", g, ast.TWO)), "<<", 5)
        value = ast.Binary("|", ast.Binary("|", high, middle), _shifted(c, ">>", 3))
        return t.nest(ast.Assign(t.out("u16"), "=", value))
    value = ast.Binary("|", ast.Binary("|", _shifted(r, "<<", 16), _shifted(g, "<<", 8)), c)
    return t.nest(ast.Assign(t.out("u32"), "=", value))


def _nibbles(t: _Line) -> Nest:
    b, twice = t.b, ast.mul(ast.TWO, t.i)
    data = b.array((ast.mul(t.n, 2),), "u8", "integers(0,15)", ("nib", "halves", "lo_hi", "codes"))
    first, second = (ast.At(data, (p,)) for p in (twice, ast.add(twice, 1)))
    if b.chance(0.5):
        return t.nest(
            ast.Assign(t.out("u8"), "=", ast.Binary("|", _shifted(first, "<<", 4), second))
        )
    b.parameter(data).written = True
    byte = t.read("u8", "integers(0,255)")
    low = ast.Binary("&", byte, ast.Literal(b.pick(("0x0f", "15", "0xF")), "i32"))
    return t.nest(
        ast.Assign(first, "=", ast.Binary(">>", byte, ast.integer(4))), ast.Assign(second, "=", low)
    )
