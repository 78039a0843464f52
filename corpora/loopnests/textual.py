"""Families of text: records of characters read, compared, hashed and parsed a row a thread, patterns searched, letters exchanged.

Contract: as for the other families. Characters are stored as `char`, `signed char` or `unsigned char`; what is parsed or hashed is
unsigned, so that nothing overflows. `for (i = 0; i + m <= n; i++)` is the loop of a search.

    python -c "from corpora.loopnests import generate; print([c for c in generate(4000, 4, 'broad') if 'm <= ' in c.programs['cpp'].text][0])"
"""

from __future__ import annotations

from corpora.loopnests import expressions as ast
from corpora.loopnests import names
from corpora.loopnests.builder import FLOATS, Builder
from corpora.loopnests.nest import Axis, Nest, Region

_ROWS = tuple("n rows lines words records count groups num_lines items entries nseq m0".split())
_WIDTHS = tuple("w width len cols length stride m field_len L chars max_len k0".split())
_ROW = tuple("i r row g line rec idx tid s0 q".split())
_AT = tuple("j k c0 p0 t l pos jj b0".split())
_TEXTS = tuple("text s str chars buf lines_in data words_in rec_in seqs raw in_text src msg line_buf".split())
_PATTERNS = tuple("pattern pat key word query needle ref other want probe motif".split())
_OUTS = tuple("out result len_out score hash_out codes hit equal dist counts_out value total_of flags_out found kind_of".split())
_VIEWS = tuple("p s0 row_p cur_s ptr line_p a_p base_p".split())
_FIRST = tuple("c ch x letter cur a u v0".split())


def letter(b: Builder, texts: str = "aAzZ09xXfF _-.,:;TGCN+#/") -> ast.Literal:
    """A character constant."""
    return ast.Literal(f"'{texts[b.rng.randrange(len(texts))]}'", "i32")


def within(c: tuple, low: str, high: str) -> tuple:
    return ast.both(ast.compare(c, ">=", ast.Literal(f"'{low}'", "i32")), ast.compare(c, "<=", ast.Literal(f"'{high}'", "i32")))


def of_class(b: Builder, c: tuple) -> tuple:
    """Whether a character is a digit, a blank, a vowel, upper case, one of two …"""
    draw = b.rng.random()
    if draw < 0.4:
        return within(c, *b.pick(("az", "AZ", "09", "af", "AF", "07")))
    if draw < 0.55:
        return ast.Binary("||", within(c, *b.pick(("az", "09"))), within(c, *b.pick(("AZ", "AF"))))
    chosen = b.pick(("aeiou", " \t\n", "ACGT", "+-", ".,;", "xX", "01", "()"))
    parts = [ast.compare(c, "==", ast.Literal({"\t": "'\\t'", "\n": "'\\n'"}.get(x, f"'{x}'"), "i32")) for x in chosen[: b.pick((2, 3, 5))]]
    total = parts[0]
    for part in parts[1:]:
        total = ast.Binary("||", total, part)
    return total if b.chance(0.85) else ast.compare(c, b.pick(("==", "!=")), letter(b))


class _Lines:
    """Rows of characters: `text[i * w + j]`, or by a pointer to the row's first."""

    def __init__(self, b: Builder, fill: str = "integers(32,122)") -> None:
        self.b = b
        self.kind = b.pick(("i8", "i8", "i8", "u8"))
        self.n, self.w = b.size(_ROWS, (1, 2, 5, 9)), b.size(_WIDTHS, (1, 2, 4, 6))
        self.width: tuple = self.w if b.chance(0.85) else ast.whole(b.pick((4, 8)))
        self.i, self.j = ast.Name(b.name(_ROW, "i32")), ast.Name(b.name(_AT, "i32"))
        self.axis = Axis(self.i.id, ast.ZERO, self.n)
        self.made: tuple = ()
        self.text = b.array((self.n, self.width), self.kind, fill, _TEXTS)
        self.view = ""
        if b.chance(0.4):
            self.view = b.name(_VIEWS, self.kind)
            self.made = (ast.DeclarePointer(self.kind, self.view, self.text, ast.mul(self.i, self.width), True),)

    def at(self, j: tuple) -> ast.At:
        return ast.At(self.view, (j,)) if self.view else ast.At(self.text, (self.i, j))

    def loop(self, *body: tuple, start: tuple = ast.ZERO) -> ast.For:
        return ast.For(self.j.id, start, "<", self.width, body)

    def out(self, kind: str = "i32", fill: str = "constant(-3)") -> ast.At:
        array = self.b.array((self.n,), kind, "constant(77)" if kind[0] == "u" else fill, _OUTS)
        self.b.parameter(array).written = True
        return ast.At(array, (self.i,))

    def nest(self, *body: tuple) -> Nest:
        return Nest("", [], [Region((self.axis,), (*self.made, *body))])


def counted_rows(b: Builder) -> Nest:
    """Characters of a class, words, the first or last of a kind, runs: an integer a row."""
    t = _Lines(b, b.pick(("integers(32,122)", "integers(48,70)", "integers(95,122)", "integers(32,34)")))
    word = ast.Name(b.name(("n0", "count", "words", "seen", "runs", "tot", "hits"), "i32"))
    c: tuple = t.at(t.j)
    inner: tuple = ()
    if b.chance(0.5):
        local = ast.Name(b.name(_FIRST, t.kind if b.chance(0.8) else "i32"))
        inner, c = (ast.Declare(b.types[local.id], local.id, c),), local
    test, more, draw = of_class(b, c), ast.Assign(word, "+=", ast.ONE), b.rng.random()
    store = ast.Assign(t.out(), "=", word)
    zero = ast.Declare("i32", word.id, ast.ZERO)
    if draw < 0.35:
        return t.nest(zero, t.loop(*inner, ast.If(test, (more,)) if b.chance(0.7) else ast.Assign(word, "+=", ast.Conditional(test, ast.ONE, ast.ZERO))), store)
    if draw < 0.55:  # words
        state = ast.Name(b.name(("in_word", "inside", "open0", "was"), b.pick(("i32", "bool"))))
        blank = ast.Name(b.name(("blank", "gap", "sep", "is_on"), b.types[state.id]))
        enter = ast.If(ast.both(blank if b.chance(0.3) else ast.Unary("!", blank), ast.Unary("!", state)), (more,))
        return t.nest(zero, ast.Declare(b.types[state.id], state.id, ast.ZERO), t.loop(*inner, ast.Declare(b.types[blank.id], blank.id, test), enter, ast.Assign(state, "=", enter.test.left)), store)
    if draw < 0.7:  # the first of a kind
        found = ast.If(test, (ast.Assign(word, "=", t.j), ast.Jump("break")))
        return t.nest(ast.Declare("i32", word.id, b.pick((ast.whole(-1), t.width))), t.loop(*inner, found), store)
    if draw < 0.85:  # length up to a mark
        mark = b.pick((ast.ZERO, ast.Literal("'\\0'", "i32"), letter(b)))
        going = ast.Binary("&&!", ast.compare(word, "<", t.width), ast.compare(t.at(word), "!=", mark))
        return t.nest(zero, ast.While(going, (more,)), store)
    change = ast.compare(t.at(t.j), b.pick(("!=", "==", "<", ">")), t.at(ast.sub(t.j, 1)))
    return t.nest(ast.Declare("i32", word.id, b.pick((ast.ZERO, ast.ONE))), t.loop(ast.If(change, (more,)), start=ast.ONE), store)


def compared_rows(b: Builder) -> Nest:
    """A row against a pattern, another row or itself backwards: equal, how many differ, the common start, the order."""
    t = _Lines(b, b.pick(("integers(97,99)", "integers(65,66)", "integers(48,50)")))
    low = b.parameter(t.text).fill
    draw = b.rng.random()
    if draw < 0.5:
        other: tuple = ast.At(b.array((t.width,), t.kind, low, _PATTERNS), (t.j,))
    elif draw < 0.8:
        other = ast.At(b.array((t.n, t.width), t.kind, low, _PATTERNS + _TEXTS), (t.i, t.j))
    else:
        other = t.at(ast.sub(ast.sub(t.width, 1), t.j))
    mine, draw = t.at(t.j), b.rng.random()
    differ = ast.compare(mine, "!=", other)
    word = ast.Name(b.name(("same", "ok", "d", "diff", "k1", "res", "cmp", "eq"), "i32"))
    if draw < 0.35:
        if b.chance(0.5):
            place = t.out(b.pick(("i32", "u8", "bool")), "integers(0,1)")
            return t.nest(ast.Assign(place, "=", ast.ONE), t.loop(ast.If(differ, (ast.Assign(place, "=", ast.ZERO), ast.Jump("break")))))
        step: tuple = ast.If(differ, (ast.Assign(word, "=", ast.ZERO), ast.Jump("break"))) if b.chance(0.7) else ast.If(differ, (ast.Assign(word, "=", ast.ZERO),))
        return t.nest(ast.Declare("i32", word.id, ast.ONE), t.loop(step), ast.Assign(t.out(), "=", word))
    if draw < 0.6:
        step = ast.If(differ, (ast.Assign(word, "+=", ast.ONE),)) if b.chance(0.6) else ast.Assign(word, "+=", differ)
        return t.nest(ast.Declare("i32", word.id, ast.ZERO), t.loop(step), ast.Assign(t.out(), "=", word))
    if draw < 0.8:
        step = ast.If(differ, (ast.Jump("break"),))
        return t.nest(ast.Declare("i32", word.id, ast.ZERO), t.loop(step, ast.Assign(word, "+=", ast.ONE)), ast.Assign(t.out(), "=", word))
    value = ast.Conditional(ast.compare(mine, "<", other), ast.whole(-1), ast.ONE) if b.chance(0.6) else ast.sub(mine, other)
    step = ast.If(differ, (ast.Assign(word, "=", value), ast.Jump("break")))
    return t.nest(ast.Declare("i32", word.id, ast.ZERO), t.loop(step), ast.Assign(t.out(), "=", word))


def read_rows(b: Builder) -> Nest:
    """Rows hashed, summed up or read as numbers of some base."""
    t = _Lines(b, b.pick(("integers(48,57)", "integers(48,49)", "integers(48,70)", "integers(97,122)")))
    c: tuple = t.at(t.j)
    v = ast.Name(b.name(("h", "v", "hash0", "acc", "sum", "crc", "num", "x0", "a"), "u32"))
    inner: tuple = ()
    draw = b.rng.random()
    start: tuple = ast.ZERO
    if draw < 0.35:  # a hash
        start = ast.Literal(b.pick(("5381", "17", "0", "1", "2166136261u", "7", "0x811c9dc5u")), "u32")
        byte = c if t.kind == "u8" else ast.Cast("u8", c)
        times = ast.Literal(b.pick(("31", "33", "131", "65599u", "16777619u", "37")), "u32")
        steps: tuple = b.pick((
            (ast.Assign(v, "=", ast.add(ast.mul(v, times), byte)),), (ast.Assign(v, "^=", byte), ast.Assign(v, "*=", times)),
            (ast.Assign(v, "=", ast.Binary("^", ast.Paren(ast.mul(v, times)), byte)),), (ast.Assign(v, "=", ast.add(ast.add(ast.Paren(ast.Binary("<<", v, ast.whole(5))), v), byte)),),
        ))  # fmt: skip
    elif draw < 0.55:  # checksums
        second = ast.Name(b.name(("b", "s2", "hi", "q0"), "u32"))
        byte, modulus = c if t.kind == "u8" else ast.Cast("u8", c), ast.Literal(b.pick(("255", "256", "65521", "97", "251")), "i32")
        steps = (ast.Assign(v, "=", ast.Binary("%", ast.Paren(ast.add(v, byte)), modulus)),)
        if b.chance(0.6):
            steps += (ast.Assign(second, "=", ast.Binary("%", ast.Paren(ast.add(second, v)), modulus)),)
            ending = ast.Binary("|", ast.Paren(ast.Binary("<<", second, ast.whole(b.pick((8, 16))))), v)
            zero = (ast.Declare("u32", v.id, b.pick((ast.ZERO, ast.ONE))), ast.Declare("u32", second.id, ast.ZERO))
            return t.nest(*zero, t.loop(*steps), ast.Assign(t.out("u32"), "=", ending))
    else:  # numbers
        base = ast.whole(b.pick((10, 10, 2, 8, 16, 26)))
        digit: tuple = ast.Paren(ast.sub(c, letter(b, "000aA")))
        if b.chance(0.4):
            local = ast.Name(b.name(_FIRST, "i8" if b.chance(0.7) else "i32"))
            inner, c = (ast.Declare(b.types[local.id], local.id, c),), local
            digit = ast.Paren(ast.sub(local, digit.argument.right))
        if b.chance(0.3):
            digit = ast.Paren(ast.Conditional(ast.compare(c, "==", ast.Literal("'1'", "i32")), ast.ONE, ast.ZERO))
        elif b.chance(0.35):
            d = ast.Name(b.name(("d", "dig", "nib", "h0"), "i32"))
            inner += (
                ast.Declare("i32", d.id, ast.ZERO),
                ast.If(within(c, "0", "9"), (ast.Assign(d, "=", ast.sub(c, ast.Literal("'0'", "i32"))),), (ast.If(within(c, *b.pick(("af", "AF", "az"))), (ast.Assign(d, "=", ast.add(ast.sub(c, letter(b, "aA")), 10)),)),)),
            )
            digit = d
        grown = ast.add(ast.mul(v, base), digit) if b.chance(0.6) else ast.add(ast.mul(base, v), digit)
        if base in (ast.whole(16), ast.TWO, ast.whole(8)) and b.chance(0.4):
            grown = ast.Binary("|", ast.Paren(ast.Binary("<<", v, ast.whole({"16": 4, "2": 1, "8": 3}[base.text]))), digit)
        steps = (ast.Assign(v, "=", grown),)
        if b.chance(0.25):
            steps = (ast.If(of_class(b, c), steps),) if b.chance(0.5) else (ast.If(ast.Binary("||", ast.compare(c, "<", letter(b, "0")), ast.compare(c, ">", letter(b, "9F"))), (ast.Jump(b.pick(("break", "continue"))),)), *steps)
    value: tuple = b.pick((v, v, v, ast.Binary("%", v, ast.whole(b.pick((97, 1000, 64)))), ast.Binary("&", v, ast.Literal(b.pick(("0xff", "0xffffu", "255")), "u32"))))
    kind = b.pick(("u32", "u32", "u8"))
    return t.nest(ast.Declare("u32", v.id, start), t.loop(*inner, *steps), ast.Assign(t.out(kind), "=", ast.Cast(kind, v) if kind == "u8" and value == v else value))


def searched(b: Builder) -> Nest:
    """Windows of a line: where a pattern is found, how well it fits, sums and extremes of the next m; products with a lag."""
    n, m = b.size(names.SIZES, (1, 4, 9, 20)), b.size(("m", "k", "win", "plen", "taps", "width", "span", "q_len"), (1, 2, 3))
    i, j = ast.Name(b.name(_ROW, "i32")), ast.Name(b.name(_AT, "i32"))
    words = b.chance(0.6)
    kind, fill = (b.pick(("i8", "i8", "u8", "i32")), "integers(97,98)") if words else (b.kind, "")
    b.kind = b.kind if not words else "i32"
    text, pattern = b.array((n,), kind, fill, _TEXTS if words else names.ARRAYS), b.array((m,), kind, fill, _PATTERNS if words else ("taps_in", "coef", "h", "kernel0", "filt"))
    shown, stop, inclusive = b.pick((
        (ast.compare(ast.add(i, m), "<=", n), ast.sub(n, m), True), (ast.compare(ast.add(i, m), "<=", n), ast.sub(n, m), True),
        (None, ast.sub(n, m), True), (None, ast.add(ast.sub(n, m), 1), False), (ast.compare(i, "<=", ast.sub(n, m)), ast.sub(n, m), True),
    ))  # fmt: skip
    axis = Axis(i.id, ast.ZERO, stop, inclusive, shown=shown)
    near, far = ast.At(text, (ast.add(i, j),)), ast.At(pattern, (j,))
    out = b.array((n,), "i32" if words else b.kind, "constant(-1)" if words else "", _OUTS)
    b.parameter(out).written = True
    place = ast.At(out, (i,))

    def loop(*body: tuple) -> ast.For:
        return ast.For(j.id, ast.ZERO, "<", m, body)

    word = ast.Name(b.name(("ok", "match", "same", "acc", "s", "best", "sum"), "i32" if words else b.kind))
    if words:
        differ, draw = ast.compare(near, "!=", far), b.rng.random()
        if draw < 0.35:
            return Nest("", [], [Region((axis,), (ast.Assign(place, "=", ast.ONE), loop(ast.If(differ, (ast.Assign(place, "=", ast.ZERO), ast.Jump("break"))))))])
        if draw < 0.7:
            leave = ast.If(differ, (ast.Assign(word, "=", ast.ZERO), ast.Jump("break")))
            return Nest("", [], [Region((axis,), (ast.Declare("i32", word.id, ast.ONE), loop(leave), ast.Assign(place, "=", word)))])
        step = ast.If(ast.compare(near, b.pick(("==", "!=")), far), (ast.Assign(word, "+=", ast.ONE),))
        return Nest("", [], [Region((axis,), (ast.Declare("i32", word.id, ast.ZERO), loop(step), ast.Assign(place, "=", word)))])
    if b.chance(0.5):
        term = b.pick((near, ast.mul(near, far), ast.mul(far, near), ast.mul(ast.Paren(ast.sub(near, far)), ast.Paren(ast.sub(near, far)))))
        value: tuple = ast.Binary("/", word, m) if b.kind in FLOATS and b.chance(0.4) else word
        return Nest("", [], [Region((axis,), (ast.Declare(b.kind, word.id, b.number(zero=True)), loop(ast.Assign(word, "+=", term)), ast.Assign(place, "=", value)))])
    lag = Axis(i.id, ast.ZERO, m)  # the other way round: a lag a thread, all of the line within
    ahead = ast.At(text, (ast.add(j, i),))
    term = b.pick((ast.mul(ast.At(text, (j,)), ahead), ast.mul(ast.Paren(ast.sub(ahead, ast.At(text, (j,)))), ast.Paren(ast.sub(ahead, ast.At(text, (j,)))))))
    b.parameter(out).extents = (m,)
    tests = ((ast.compare(ast.add(j, i), "<", n), "<", ast.sub(n, i)), (None, "<", ast.sub(n, i)), (ast.compare(ast.add(i, j), "<", n), "<", ast.sub(n, i)))
    shown, op, stop = b.pick(tests)
    inner = ast.For(j.id, ast.ZERO, op, stop, (ast.Assign(word, "+=", term),), 1, "i32", shown)
    ending: tuple = ast.Binary("/", word, n) if b.kind in FLOATS and b.chance(0.35) else word
    return Nest("", [], [Region((lag,), (ast.Declare(b.kind, word.id, b.number(zero=True)), inner, ast.Assign(place, "=", ending)))])


def exchanged(b: Builder) -> Nest:
    """Letters exchanged one by one: chains of cases, both cases turned, lengths of code points, keys repeated along the line."""
    n, i = b.size(names.SIZES, (1, 4, 9, 20)), ast.Name(b.name(_ROW, "i32"))
    kind, axis = b.pick(("i8", "i8", "u8")), Axis(i.id, ast.ZERO, n)
    fill = b.pick(("integers(65,122)", "integers(32,122)", "integers(65,90)"))
    text = b.array((n,), kind, fill if kind == "i8" else "integers(0,255)", _TEXTS)
    read = ast.At(text, (ast.sub(ast.sub(n, 1), i),) if b.chance(0.12) else (i,))
    out = b.array((n,), b.pick((kind, kind, "i32")), "integers(0,60)", _OUTS)
    b.parameter(out).written = True
    place = ast.At(out, (i,))
    c = ast.Name(b.name(_FIRST, kind))
    made = ast.Declare(kind, c.id, read)
    draw = b.rng.random()
    if draw < 0.4:  # a chain of cases
        pairs_ = b.rng.sample("ACGTNaegiostxyz0123456789+-*/#.,", b.pick((4, 6, 8)))
        rest: tuple = (ast.Assign(place, "=", b.pick((c, letter(b), ast.ZERO))),)
        for left, right in zip(pairs_[::2], pairs_[1::2]):
            value: tuple = ast.Literal(f"'{right}'", "i32") if b.chance(0.85) else ast.whole(b.pick((0, 1, 2, 3)))
            rest = (ast.If(ast.compare(c, "==", ast.Literal(f"'{left}'", "i32")), (ast.Assign(place, "=", value),), rest),)
        return Nest("", [], [Region((axis,), (made, *rest))])
    if draw < 0.65:  # both cases turned
        amount = b.size(("key", "shift", "k_rot", "rot"), (0, 3, 25)) if b.chance(0.6) else ast.whole(b.pick((13, 1, 5)))

        def turned(base: str) -> tuple:
            a = ast.Literal(f"'{base}'", "i32")
            return ast.Assign(place, "=", ast.add(a, ast.Binary("%", ast.Paren(ast.add(ast.sub(c, a), amount)), ast.whole(26))))

        first, second = b.pick((("az", "AZ"), ("AZ", "az")))
        rest = (ast.Assign(place, "=", c),) if b.chance(0.8) else ()
        chain = ast.If(within(c, *first), (turned(first[0]),), (ast.If(within(c, *second), (turned(second[0]),), rest),))
        return Nest("", [], [Region((axis,), (made, chain))])
    if draw < 0.82 and kind == "u8":  # code points, classes by ranges
        limits = b.pick(((0x80, 0xE0, 0xF0), (128, 192, 224), (10, 100, 200)))
        values = b.pick(((1, 2, 3, 4), (0, 1, 2, 3), (1, 0, 2, 3)))
        spelled = [ast.Literal(hex(x) if b.chance(0.5) else str(x), "i32") for x in limits]
        value = ast.whole(values[3])
        for limit, number in zip(reversed(spelled), reversed(values[:3])):
            value = ast.Conditional(ast.compare(c, "<", limit), ast.whole(number), value)
        return Nest("", [], [Region((axis,), (made, ast.Assign(place, "=", value)))])
    period = b.size(("m", "klen", "key_len", "period"), (1, 3, 5))
    key = ast.At(b.array((period,), kind, "integers(65,90)", ("key", "pad", "secret", "mask_k")), (ast.Binary("%", i, period),))
    value = b.pick((ast.Binary("^", read, key), ast.Binary("%", ast.Paren(ast.add(read, key)), ast.whole(b.pick((26, 64, 100)))), ast.Conditional(ast.compare(read, "==", key), ast.ONE, ast.ZERO), ast.Conditional(ast.compare(read, ">", key), read, key)))
    return Nest("", [], [Region((axis,), (ast.Assign(place, "=", value),))])
