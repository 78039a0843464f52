"""Families of text: records of characters counted, compared, hashed and read as numbers, a row a
thread.

Contract: as for the other families. Characters are stored as `char`, `signed char` or `unsigned
char`; what is read or hashed is unsigned, so that nothing overflows.

    python -c "from corpora.generator import generate; \\
        print(next(c for c in generate(4000, 4, 'broad') if '5381' in str(c)))"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Axis, Nest, Region

_ROWS = tuple("n rows lines words records count groups num_lines items entries nseq m0".split())
_WIDTHS = tuple("w width len cols length stride m field_len L chars max_len k0".split())
ROW = tuple("i r row g line rec idx tid s0 q".split())
AT = tuple("j k c0 p0 t l pos jj b0".split())
TEXTS = tuple(
    "text s str chars buf lines_in data words_in rec_in seqs raw in_text src msg line_buf".split()
)
PATTERNS = tuple("pattern pat key word query needle ref other want probe motif".split())
OUTS = tuple(
    "out result len_out score hash_out codes hit equal dist counts_out value total_of "
    "flags_out found kind_of".split()
)
_VIEWS = tuple("p s0 row_p cur_s ptr line_p a_p base_p".split())
FIRST = tuple("c ch x letter cur a u v0".split())


def letter(b: Builder, texts: str = "aAzZ09xXfF _-.,:;TGCN+#/") -> ast.Literal:
    """Return a character constant, one of `texts`."""
    return ast.Literal(f"'{texts[b.rng.randrange(len(texts))]}'", "i32")


def within(c: tuple, low: str, high: str) -> tuple:
    """Return the test that character `c` lies between `low` and `high`, both included."""
    return ast.conjunction(
        ast.compare(c, ">=", ast.Literal(f"'{low}'", "i32")),
        ast.compare(c, "<=", ast.Literal(f"'{high}'", "i32")),
    )


def of_class(b: Builder, c: tuple) -> tuple:
    """Return a test of whether character `c` is a digit, a blank, a vowel, upper case or the
    like.
    """
    draw = b.rng.random()
    if draw < 0.4:
        return within(c, *b.pick(("az", "AZ", "09", "af", "AF", "07")))
    if draw < 0.55:
        return ast.Binary("||", within(c, *b.pick(("az", "09"))), within(c, *b.pick(("AZ", "AF"))))
    chosen = b.pick(("aeiou", " \t\n", "ACGT", "+-", ".,;", "xX", "01", "()"))
    parts = [
        ast.compare(c, "==", ast.Literal({"\t": "'\\t'", "\n": "'\\n'"}.get(x, f"'{x}'"), "i32"))
        for x in chosen[: b.pick((2, 3, 5))]
    ]
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
        self.width: tuple = self.w if b.chance(0.85) else ast.integer(b.pick((4, 8)))
        self.i, self.j = ast.Name(b.name(ROW, "i32")), ast.Name(b.name(AT, "i32"))
        self.axis = Axis(self.i.id, ast.ZERO, self.n)
        self.made: tuple = ()
        self.text = b.array((self.n, self.width), self.kind, fill, TEXTS)
        self.view = ""
        if b.chance(0.4):
            self.view = b.name(_VIEWS, self.kind)
            self.made = (
                ast.DeclarePointer(
                    self.kind, self.view, self.text, ast.mul(self.i, self.width), True
                ),
            )

    def at(self, j: tuple) -> ast.At:
        return ast.At(self.view, (j,)) if self.view else ast.At(self.text, (self.i, j))

    def loop(self, *body: tuple, start: tuple = ast.ZERO) -> ast.For:
        return ast.For(self.j.id, start, "<", self.width, body)

    def out(self, kind: str = "i32", fill: str = "constant(-3)") -> ast.At:
        array = self.b.array((self.n,), kind, "constant(77)" if kind[0] == "u" else fill, OUTS)
        self.b.parameter(array).written = True
        return ast.At(array, (self.i,))

    def nest(self, *body: tuple) -> Nest:
        return Nest("", [], [Region((self.axis,), (*self.made, *body))])


def counted_rows(b: Builder) -> Nest:
    """Draw a nest with an integer per row of text: characters of a class, words, runs. b: the
    builder that makes its parts.
    """
    t = _Lines(
        b, b.pick(("integers(32,122)", "integers(48,70)", "integers(95,122)", "integers(32,34)"))
    )
    word = ast.Name(b.name(("n0", "count", "words", "seen", "runs", "tot", "hits"), "i32"))
    c: tuple = t.at(t.j)
    inner: tuple = ()
    if b.chance(0.5):
        local = ast.Name(b.name(FIRST, t.kind if b.chance(0.8) else "i32"))
        inner, c = (ast.Declare(b.types[local.id], local.id, c),), local
    test, more, draw = of_class(b, c), ast.Assign(word, "+=", ast.ONE), b.rng.random()
    store = ast.Assign(t.out(), "=", word)
    zero = ast.Declare("i32", word.id, ast.ZERO)
    if draw < 0.35:
        added = ast.Assign(word, "+=", ast.Conditional(test, ast.ONE, ast.ZERO))
        return t.nest(
            zero, t.loop(*inner, ast.If(test, (more,)) if b.chance(0.7) else added), store
        )
    if draw < 0.55:  # words
        state = ast.Name(b.name(("in_word", "inside", "open0", "was"), b.pick(("i32", "bool"))))
        blank = ast.Name(b.name(("blank", "gap", "sep", "is_on"), b.types[state.id]))
        enter = ast.If(
            ast.conjunction(
                blank if b.chance(0.3) else ast.Unary("!", blank), ast.Unary("!", state)
            ),
            (more,),
        )
        seen = ast.Declare(b.types[blank.id], blank.id, test)
        loop = t.loop(*inner, seen, enter, ast.Assign(state, "=", enter.test.left))
        return t.nest(zero, ast.Declare(b.types[state.id], state.id, ast.ZERO), loop, store)
    if draw < 0.7:  # the first of a kind
        found = ast.If(test, (ast.Assign(word, "=", t.j), ast.Jump("break")))
        return t.nest(
            ast.Declare("i32", word.id, b.pick((ast.integer(-1), t.width))),
            t.loop(*inner, found),
            store,
        )
    if draw < 0.85:  # length up to a mark
        mark = b.pick((ast.ZERO, ast.Literal("'\\0'", "i32"), letter(b)))
        going = ast.Binary(
            "&&!", ast.compare(word, "<", t.width), ast.compare(t.at(word), "!=", mark)
        )
        return t.nest(zero, ast.While(going, (more,)), store)
    change = ast.compare(t.at(t.j), b.pick(("!=", "==", "<", ">")), t.at(ast.sub(t.j, 1)))
    return t.nest(
        ast.Declare("i32", word.id, b.pick((ast.ZERO, ast.ONE))),
        t.loop(ast.If(change, (more,)), start=ast.ONE),
        store,
    )


def compared_rows(b: Builder) -> Nest:
    """Draw a nest that compares each row of text with a pattern, another row or itself backwards.
    b: the builder that makes its parts.
    """
    t = _Lines(b, b.pick(("integers(97,99)", "integers(65,66)", "integers(48,50)")))
    low = b.parameter(t.text).fill
    draw = b.rng.random()
    if draw < 0.5:
        other: tuple = ast.At(b.array((t.width,), t.kind, low, PATTERNS), (t.j,))
    elif draw < 0.8:
        other = ast.At(b.array((t.n, t.width), t.kind, low, PATTERNS + TEXTS), (t.i, t.j))
    else:
        other = t.at(ast.sub(ast.sub(t.width, 1), t.j))
    mine, draw = t.at(t.j), b.rng.random()
    differ = ast.compare(mine, "!=", other)
    word = ast.Name(b.name(("same", "ok", "d", "diff", "k1", "res", "cmp", "eq"), "i32"))
    if draw < 0.35:
        if b.chance(0.5):
            place = t.out(b.pick(("i32", "u8", "bool")), "integers(0,1)")
            return t.nest(
                ast.Assign(place, "=", ast.ONE),
                t.loop(ast.If(differ, (ast.Assign(place, "=", ast.ZERO), ast.Jump("break")))),
            )
        clear = ast.Assign(word, "=", ast.ZERO)
        step: tuple = ast.If(differ, (clear, ast.Jump("break")) if b.chance(0.7) else (clear,))
        return t.nest(
            ast.Declare("i32", word.id, ast.ONE), t.loop(step), ast.Assign(t.out(), "=", word)
        )
    if draw < 0.6:
        step = (
            ast.If(differ, (ast.Assign(word, "+=", ast.ONE),))
            if b.chance(0.6)
            else ast.Assign(word, "+=", differ)
        )
        return t.nest(
            ast.Declare("i32", word.id, ast.ZERO), t.loop(step), ast.Assign(t.out(), "=", word)
        )
    if draw < 0.8:
        step = ast.If(differ, (ast.Jump("break"),))
        return t.nest(
            ast.Declare("i32", word.id, ast.ZERO),
            t.loop(step, ast.Assign(word, "+=", ast.ONE)),
            ast.Assign(t.out(), "=", word),
        )
    value = (
        ast.Conditional(ast.compare(mine, "<", other), ast.integer(-1), ast.ONE)
        if b.chance(0.6)
        else ast.sub(mine, other)
    )
    step = ast.If(differ, (ast.Assign(word, "=", value), ast.Jump("break")))
    return t.nest(
        ast.Declare("i32", word.id, ast.ZERO), t.loop(step), ast.Assign(t.out(), "=", word)
    )


def read_rows(b: Builder) -> Nest:
    """Draw a nest that hashes rows of text, sums them, or reads them as numbers. b: the builder
    that makes its parts.
    """
    t = _Lines(
        b, b.pick(("integers(48,57)", "integers(48,49)", "integers(48,70)", "integers(97,122)"))
    )
    v = ast.Name(b.name(("h", "v", "hash0", "acc", "sum", "crc", "num", "x0", "a"), "u32"))
    draw = b.rng.random()
    start: tuple = ast.ZERO
    byte = t.at(t.j) if t.kind == "u8" else ast.Cast("u8", t.at(t.j))
    if draw < 0.35:
        start = ast.Literal(
            b.pick(("5381", "17", "0", "1", "2166136261u", "7", "0x811c9dc5u")), "u32"
        )
        steps = _hashed(b, v, byte)
    elif draw < 0.55:
        second = ast.Name(b.name(("b", "s2", "hi", "q0"), "u32"))
        modulus = ast.Literal(b.pick(("255", "256", "65521", "97", "251")), "i32")
        steps = (ast.Assign(v, "=", ast.Binary("%", ast.Paren(ast.add(v, byte)), modulus)),)
        if b.chance(0.6):
            steps += (
                ast.Assign(second, "=", ast.Binary("%", ast.Paren(ast.add(second, v)), modulus)),
            )
            ending = ast.Binary(
                "|", ast.Paren(ast.Binary("<<", second, ast.integer(b.pick((8, 16))))), v
            )
            zero = (
                ast.Declare("u32", v.id, b.pick((ast.ZERO, ast.ONE))),
                ast.Declare("u32", second.id, ast.ZERO),
            )
            return t.nest(*zero, t.loop(*steps), ast.Assign(t.out("u32"), "=", ending))
    else:
        steps = _number_read(t, v)
    rest = ast.Binary("%", v, ast.integer(b.pick((97, 1000, 64))))
    value: tuple = b.pick(
        (v, v, v, rest, ast.Binary("&", v, ast.Literal(b.pick(("0xff", "0xffffu", "255")), "u32")))
    )
    kind = b.pick(("u32", "u32", "u8"))
    store = ast.Assign(
        t.out(kind), "=", ast.Cast(kind, v) if kind == "u8" and value == v else value
    )
    return t.nest(ast.Declare("u32", v.id, start), t.loop(*steps), store)


def _hashed(b: Builder, v: ast.Name, byte: tuple) -> tuple:
    """One step of a hash."""
    times = ast.Literal(b.pick(("31", "33", "131", "65599u", "16777619u", "37")), "u32")
    shifted = ast.Paren(ast.Binary("<<", v, ast.integer(5)))
    return b.pick(
        (
            (ast.Assign(v, "=", ast.add(ast.mul(v, times), byte)),),
            (ast.Assign(v, "^=", byte), ast.Assign(v, "*=", times)),
            (ast.Assign(v, "=", ast.Binary("^", ast.Paren(ast.mul(v, times)), byte)),),
            (ast.Assign(v, "=", ast.add(ast.add(shifted, v), byte)),),
        )
    )


def _number_read(t: _Lines, v: ast.Name) -> tuple:
    """One digit more: `v = v * 10 + (c - '0');`, perhaps only where the character is one."""
    b, base, c = t.b, ast.integer(t.b.pick((10, 10, 2, 8, 16, 26))), t.at(t.j)
    made: tuple = ()
    digit: tuple = ast.Paren(ast.sub(c, letter(b, "000aA")))
    if b.chance(0.4):
        local = ast.Name(b.name(FIRST, "i8" if b.chance(0.7) else "i32"))
        made, c = (ast.Declare(b.types[local.id], local.id, c),), local
        digit = ast.Paren(ast.sub(local, digit.argument.right))
    if b.chance(0.3):
        digit = ast.Paren(
            ast.Conditional(ast.compare(c, "==", ast.Literal("'1'", "i32")), ast.ONE, ast.ZERO)
        )
    elif b.chance(0.35):
        digit, chain = _digit_or_letter(b, c)
        made += chain
    grown = ast.add(ast.mul(v, base), digit) if b.chance(0.6) else ast.add(ast.mul(base, v), digit)
    if base in (ast.integer(16), ast.TWO, ast.integer(8)) and b.chance(0.4):
        bits = ast.integer({"16": 4, "2": 1, "8": 3}[base.text])
        grown = ast.Binary("|", ast.Paren(ast.Binary("<<", v, bits)), digit)
    steps: tuple = (ast.Assign(v, "=", grown),)
    if b.chance(0.25):
        if b.chance(0.5):
            steps = (ast.If(of_class(b, c), steps),)
        else:
            other = ast.Binary(
                "||", ast.compare(c, "<", letter(b, "0")), ast.compare(c, ">", letter(b, "9F"))
            )
            steps = (ast.If(other, (ast.Jump(b.pick(("break", "continue"))),)), *steps)
    return (*made, *steps)


def _digit_or_letter(b: Builder, c: tuple) -> tuple[ast.Name, tuple]:
    """A local for the digit's value, and what sets it: '0' … '9', and letters from ten on."""
    d = ast.Name(b.name(("d", "dig", "nib", "h0"), "i32"))
    is_letter = within(c, *b.pick(("af", "AF", "az")))
    above = ast.If(is_letter, (ast.Assign(d, "=", ast.add(ast.sub(c, letter(b, "aA")), 10)),))
    below = (ast.Assign(d, "=", ast.sub(c, ast.Literal("'0'", "i32"))),)
    return d, (ast.Declare("i32", d.id, ast.ZERO), ast.If(within(c, "0", "9"), below, (above,)))
