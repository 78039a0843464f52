"""Families of pixels and signals: colours mixed in bytes, numbers brought into small types, padded and resampled lines, pitched tables.

Contract: as for the other families. A cast into a smaller type has its value held inside that type first; indices that are folded
back are tested before they are used.

    python -c "from corpora.loopnests import generate; print([c for c in generate(400, 4, 'broad') if 'pad' in c.programs['cpp'].text][0])"
"""

from __future__ import annotations

from corpora.loopnests import expressions as ast
from corpora.loopnests import names
from corpora.loopnests.builder import FLOATS, Builder
from corpora.loopnests.nest import Axis, Nest, Region

_INDEX = tuple("i p idx tid k t x pix g id".split())
_COUNTS = tuple("n N npix count total len samples size pixels num".split())
_BYTES = tuple("img im image rgb src in pixels frame a gray data photo".split())
_OUT = tuple("out dst result res q mono resized padded y enc mask bw o_img target".split())


def _floats(b: Builder) -> None:
    if b.kind not in FLOATS:
        b.kind, b.suffix = "f32", b.chance(0.7)


def _constant(b: Builder, texts: tuple = ()) -> ast.Literal:
    return b._same(ast.Literal(b.pick(texts) if texts else b._any_float(), "f64"))


def colours(b: Builder) -> Nest:
    """Pixels of three or four bytes: mixed with constants through floats, held in 0 … 255, by a pointer or by subscripts."""
    _floats(b)
    b.kind = "f32" if b.chance(0.85) else b.kind
    b.suffix &= b.kind == "f32"
    channels = b.pick((3, 3, 3, 4))
    two = b.chance(0.4)
    if two:
        h, w = (b.size((word,), (1, 2, 4)) for word in b.pick((("h", "w"), ("height", "width"), ("rows", "cols"))))
        y, x = (ast.Name(b.name((word,), "i32")) for word in b.pick((("y", "x"), ("row", "col"), ("j", "i"))))
        axes, extent = (Axis(y.id, ast.ZERO, h), Axis(x.id, ast.ZERO, w)), ast.product([h, w, ast.whole(channels)])
        where: tuple = ast.Paren(ast.add(ast.mul(y, w), x))
    else:
        n, i = b.size(_COUNTS, (1, 4, 11)), ast.Name(b.name(_INDEX, "i32"))
        axes, extent, where = (Axis(i.id, ast.ZERO, n),), ast.mul(n, channels), i
    image = b.array((extent,), "u8", "integers(0,255)", _BYTES)
    base = ast.mul(ast.whole(channels), where) if b.chance(0.5) else ast.mul(where, channels)
    made: tuple = ()
    gray = b.chance(0.35)
    target = "" if not gray and b.chance(0.5) else b.array((extent if not gray else axes[0].stop if not two else ast.mul(h, w),), b.pick(("u8", "u8", b.kind)) if gray else "u8", "integers(0,255)", _OUT)
    b.parameter(target or image).written = True
    source, start = image, base
    if b.chance(0.4):
        view = b.name(("p", "px", "s", "pix_p", "c0"), "u8")
        made, source, start = (ast.DeclarePointer("u8", view, image, base, bool(target)),), view, ast.ZERO
    elif b.chance(0.5):
        word = ast.Name(b.name(("at", "base", "o", "pos", "off"), "i32"))
        made, start = (ast.Declare("i32", word.id, base),), word

    def channel(array: str, c: int, first: tuple) -> ast.At:
        return ast.At(array, (ast.whole(c) if first == ast.ZERO else first if c == 0 else ast.add(first, c),))

    words = b.pick((("r", "g", "b"), ("red", "green", "blue"), ("c_r", "c_g", "c_b"), ("s0", "s1", "s2")))
    inputs = [ast.Name(b.name((word, word + "_in"), b.kind)) for word in words]
    made += tuple(ast.Declare(b.kind, v.id, channel(source, c, start)) for c, v in enumerate(inputs))

    def mixed() -> tuple:
        terms = [ast.mul(_constant(b, ("0.299", "0.587", "0.114", "0.2126", "0.7152", "0.0722", "0.5", "0.25")) if gray or b.chance(0.2) else _small(b), v) for v in inputs]
        return ast.add(ast.add(terms[0], terms[1]), terms[2])

    def held(value: tuple) -> tuple:
        top = _constant(b, ("255.0", "255.")) if b.chance(0.7) else ast.whole(255)
        return ast.Conditional(ast.compare(value, ">", top), ast.whole(255), ast.Cast("u8", value))

    if gray:
        place = ast.At(target, (where if not two else ast.add(ast.mul(y, w), x),))
        value = ast.Name(b.name(("lum", "v", "gray_v", "y0"), b.kind))
        made += (ast.Declare(b.kind, value.id, mixed()),)
        ending = value if b.types[target] != "u8" else b.pick((held(value), ast.Conditional(ast.compare(value, b.pick((">", "<")), ast.whole(b.pick((100, 128, 127)))), ast.whole(255), ast.ZERO)))
        return Nest("", [], [Region(axes, (*made, ast.Assign(place, "=", ending)))])
    results = [ast.Name(b.name((f"n{word[0]}", f"new_{word}", f"{word}2"), b.kind)) for word in words]
    made += tuple(ast.Declare(b.kind, v.id, mixed()) for v in results)
    where_to = (target, base if source != image else start) if target else (source, start)
    return Nest("", [], [Region(axes, (*made, *(ast.Assign(channel(where_to[0], c, where_to[1]), "=", held(v)) for c, v in enumerate(results))))])


def _small(b: Builder) -> ast.Literal:
    return b._same(ast.Literal(f"{b.rng.uniform(0.01, 0.99):.{b.pick((1, 2, 3))}f}", "f64"))


def quantised(b: Builder) -> Nest:
    """Numbers scaled, rounded and held in a small integer type, or brought back; differences of bytes; tables looked up."""
    _floats(b)
    n = b.size(_COUNTS, (1, 4, 11, 20), b.pick(("i32", "i32", "i32", "u32", "u64", "i64")))
    index_kind = b.types[n.id] if b.chance(0.75) else "i32"
    i = ast.Name(b.name(_INDEX, index_kind))
    axis, draw = Axis(i.id, ast.ZERO, n), b.rng.random()

    def nest(*body: tuple) -> Nest:
        return Nest("", [], [Region((axis,), body)], index_type=index_kind)

    def out(kind: str, fill: str = "integers(0,9)") -> ast.At:
        array = b.array((n,), kind, fill, _OUT)
        b.parameter(array).written = True
        return ast.At(array, (i,))

    if draw < 0.4:
        kind, low, high = b.pick((("i8", -128, 127), ("i8", -127, 127), ("u8", 0, 255), ("i16", -32768, 32767)))
        x = ast.At(b.array((n,), None, "uniform(-300,300)", ("x", "in", "values", "act", "w0")), (i,))
        scale: tuple = b.scalar() if b.chance(0.6) else _constant(b)
        value = ast.Binary(b.pick("/*"), x, scale) if type(scale) is ast.Name else ast.mul(x, scale)
        r = ast.Name(b.name(("r", "v", "q0", "k0", "t0"), "i32"))
        rounding = b.pick(("round", "rint", "round", "floor"))
        made = ast.Declare("i32", r.id, ast.Cast("i32", ast.Call(b.function(rounding), (value,))) if b.chance(0.7) else ast.Cast("i32", ast.Paren(value)))
        place = out(kind)
        if b.chance(0.5):
            above, below = (ast.If(ast.compare(r, op, ast.whole(limit)), (ast.Assign(r, "=", ast.whole(limit)),)) for op, limit in ((">", high), ("<", low)))
            steps: tuple = (above, below) if b.chance(0.5) else (below, above)
            return nest(made, *steps, ast.Assign(place, "=", ast.Cast(kind, r) if b.chance(0.6) else r))
        held = ast.Conditional(ast.compare(r, "<", ast.whole(low)), ast.whole(low), ast.Conditional(ast.compare(r, ">", ast.whole(high)), ast.whole(high), r))
        return nest(made, ast.Assign(place, "=", ast.Cast(kind, ast.Paren(held)) if b.chance(0.4) else held))
    if draw < 0.55:
        kind, fill = b.pick((("i8", "integers(-128,127)"), ("u8", "integers(0,255)"), ("i16", "integers(-900,900)"), ("u16", "integers(0,900)")))
        q = ast.At(b.array((n,), kind, fill, _BYTES + ("q", "codes", "pcm")), (i,))
        zero = b.size(("zero", "zp", "offset"), (0, 3, 128)) if b.chance(0.4) else None
        inner: tuple = q if zero is None else ast.Paren(ast.sub(q, zero))
        value = b.pick((ast.mul(inner, b.scalar()), ast.Binary("/", inner, _constant(b, ("255.0", "128.0", "32768.0", "100.0"))), ast.mul(b.scalar(), inner)))
        return nest(ast.Assign(out(b.kind, ""), "=", value))
    first, second = (ast.At(b.array((n,), "u8", "integers(0,255)", _BYTES), (i,)) for _ in range(2))
    if draw < 0.75:  # differences and blends
        d, place = ast.Name(b.name(("d", "diff", "delta0", "v"), "i32")), out("u8", "integers(1,9)")
        made = ast.Declare("i32", d.id, b.pick((ast.sub(ast.Cast("i32", first), ast.Cast("i32", second)), ast.sub(first, second))))
        limit: tuple = b.size(("tolerance", "thr", "limit", "eps0"), (0, 20, 90)) if b.chance(0.7) else ast.whole(b.pick((10, 64, 30)))
        turn = ast.If(ast.compare(d, "<", ast.ZERO), (ast.Assign(d, "=", ast.Unary("-", d)),))
        value = b.pick((ast.Conditional(ast.compare(d, ">", limit), ast.whole(255), ast.ZERO), ast.Conditional(ast.compare(d, ">", limit), first, second), d, ast.Cast("u8", d)))
        return nest(made, turn, ast.Assign(place, "=", value))
    if draw < 0.88:
        alpha = b.size(("alpha", "mix", "amount_a"), (0, 100, 255))
        one = ast.Paren(ast.sub(ast.whole(255), alpha))
        value = ast.Binary("/", ast.Paren(ast.add(ast.mul(alpha, first), ast.mul(one, second))), ast.whole(255))
        return nest(ast.Assign(out("u8"), "=", b.pick((value, ast.Cast("u8", ast.Paren(value)), ast.Binary("/", ast.Paren(ast.add(first, second)), ast.TWO)))))
    table = b.array((ast.whole(256),), b.pick(("u8", "i32", b.kind)), "integers(0,255)", ("lut", "table", "gamma_t", "palette", "curve"))
    return nest(ast.Assign(out(b.types[table]), "=", ast.At(table, (first,))))


def folded(b: Builder) -> Nest:
    """A line padded, mirrored, wrapped, doubled or halved: the loop runs over another length than the source has."""
    n, pad = b.size(names.SIZES, (1, 2, 5, 11)), b.size(("pad", "border", "p", "margin", "halo", "radius"), (0, 1, 2))
    i, j = ast.Name(b.name(_INDEX, "i32")), ast.Name(b.name(("j", "s", "src_i", "from", "q", "m0"), "i32"))
    source = b.array((n,), b.pick((b.kind, b.kind, "u8", "i16")), "", ("src", "in", "x", "line", "sig", "a"))
    kind = b.types[source]
    b.parameter(source).fill = {"u8": "integers(0,255)", "i16": "integers(-90,90)"}.get(kind, b.parameter(source).fill)
    draw = b.rng.random()
    at, zero = ast.At(source, (j,)), b.number(zero=True) if kind == b.kind else ast.ZERO
    if draw < 0.6:
        stop = b.pick((ast.add(n, ast.mul(ast.TWO, pad)), ast.add(ast.add(n, pad), pad), ast.add(n, ast.mul(pad, 2))))
        made: tuple = (ast.Declare("i32", j.id, ast.sub(i, pad)),)
        inside = ast.both(ast.compare(j, ">=", ast.ZERO), ast.compare(j, "<", n))
        how = b.pick(("zero", "zero", "edge", "edge", "mirror", "wrap"))
        if how == "mirror":
            made += (ast.If(ast.compare(j, "<", ast.ZERO), (ast.Assign(j, "=", b.pick((ast.Unary("-", j), ast.sub(ast.Unary("-", j), 1)))),)), ast.If(ast.compare(j, ">=", n), (ast.Assign(j, "=", b.pick((ast.sub(ast.mul(ast.TWO, ast.Paren(ast.sub(n, 1))), j), ast.sub(ast.sub(ast.mul(ast.TWO, n), 1), j)))),)))
        elif how == "wrap":
            made = (ast.Declare("i32", j.id, ast.Binary("%", ast.Paren(ast.add(ast.Binary("%", ast.Paren(ast.sub(i, pad)), n), n)), n)),)
        elif how == "edge":
            low, high = ast.If(ast.compare(j, "<", ast.ZERO), (ast.Assign(j, "=", ast.ZERO),)), ast.If(ast.compare(j, ">=", n), (ast.Assign(j, "=", ast.sub(n, 1)),))
            made += (low, high) if b.chance(0.5) else (ast.If(low.test, low.then, (high,)),)
    else:
        factor: tuple = ast.whole(b.pick((2, 2, 3))) if b.chance(0.6) else b.size(("factor", "up", "rep", "scale_i"), (1, 2, 3))
        how = b.pick(("up", "down", "lerp"))
        stop = ast.mul(n, factor) if how != "down" else n
        made = (ast.Declare("i32", j.id, ast.Binary("/", i, factor) if how != "down" else ast.mul(i, factor)),)
        if how == "down":
            b.parameter(source).extents = (ast.mul(n, factor),)
    out = b.array((stop,), kind, b.parameter(source).fill, _OUT)
    b.parameter(out).written = True
    place = ast.At(out, (i,))
    axis = Axis(i.id, ast.ZERO, stop)
    if how == "zero":
        if b.chance(0.5):
            body: tuple = (ast.If(inside, (ast.Assign(place, "=", at),), (ast.Assign(place, "=", zero),)),)
        else:
            body = (ast.Assign(place, "=", ast.Conditional(ast.Paren(inside) if b.chance(0.6) else inside, at, zero, True)),)
    elif how == "mirror":
        body = (ast.If(inside, (ast.Assign(place, "=", at),), (ast.Assign(place, "=", zero),) if b.chance(0.4) else ()),)
    elif how == "lerp":
        k = ast.Name(b.name(("nx", "j1", "next_i", "right"), "i32"))
        made += (ast.Declare("i32", k.id, ast.Conditional(ast.compare(ast.add(j, 1), "<", n), ast.add(j, 1), j)),)
        body = (ast.Assign(place, "=", ast.Binary("/", ast.Paren(ast.add(at, ast.At(source, (k,)))), ast.TWO)),)
    else:
        body = (ast.Assign(place, "=", at if kind != b.kind or b.chance(0.6) else ast.mul(at, b.scalar())),)
    return Nest("", [], [Region((axis,), (*made, *body))])


def pitched_tables(b: Builder) -> Nest:
    """Two loops over rows and columns of any index type, each array with a pitch of its own."""
    wide = b.pick(("u64", "u64", "i64", "u32", "i32"))
    rows, cols = (b.size((w,), (1, 2, 5), wide) for w in b.pick((("rows", "cols"), ("height", "width"), ("m", "n"), ("ny", "nx"))))
    kind, fill = b.pick(((b.kind, ""), (b.kind, ""), ("u32", "integers(0,90)"), ("u8", "integers(0,255)"), ("f64", "")))
    b.kind = kind
    r, c = (ast.Name(b.name((w,), wide)) for w in b.pick((("r", "c"), ("y", "x"), ("i", "j"), ("row", "col"))))
    turned = b.chance(0.4)

    def element(word: tuple, pitch_words: tuple, across: bool) -> ast.At:
        inner, outer = (rows, cols) if across else (cols, rows)
        more = b.size(pitch_words, (0, 1, 3), wide) if b.chance(0.25) else None
        pitch: tuple = ast.Paren(ast.add(inner, more)) if more else b.size(pitch_words, (5, 6, 8), wide)
        first, second = (c, r) if across else (r, c)
        b.array((ast.mul(outer, pitch),), kind, fill, word)
        return ast.At(b.parameters[-1].name, (ast.add(ast.mul(first, pitch), second),))

    source = element(("src", "in", "a", "table"), ("src_pitch", "lda", "pitch", "in_stride", "ld_a"), False)
    target = element(("dst", "out", "b_out", "res"), ("dst_pitch", "ldb", "out_pitch", "out_stride", "ld_b"), turned)
    b.parameter(target.array).written = True
    draw = b.rng.random()
    value: tuple = source
    if draw < 0.3:
        value = ast.mul(source, b.scalar()) if kind in FLOATS else ast.add(source, b.scalar(kind))
    elif draw < 0.45:
        value = ast.Conditional(ast.compare(r, "==", c), source, ast.ZERO)
    store = ast.Assign(target, b.pick(("=", "=", "=", "+=")) if kind != "u8" else "=", value)
    axes = (Axis(r.id, ast.ZERO, rows), Axis(c.id, ast.ZERO, cols))
    body: tuple = (store,)
    if draw > 0.85:
        body = (ast.If(ast.compare(source, b.pick((">", "!=")) if kind not in FLOATS else ">", ast.ZERO), (store,)),)
    return Nest("", [], [Region(axes, body)], index_type=wide)


def mirrored_rows(b: Builder) -> Nest:
    """Rows turned round, half a row of swaps a thread: by two indices that meet or by one that runs to the middle."""
    h, w = (b.size((word,), (1, 2, 3, 6)) for word in b.pick((("height", "width"), ("rows", "cols"), ("n", "m"), ("h", "w"))))
    kind, fill = b.pick(((b.kind, ""), ("u8", "integers(0,255)"), ("i8", "integers(32,122)"), (b.kind, ""), ("i32", "integers(-9,9)")))
    i = ast.Name(b.name(("row", "i", "r", "y", "idx", "tid"), "i32"))
    by_column = b.chance(0.2)
    image = b.array((w, h) if by_column else (h, w), kind, fill, _BYTES + _OUT)
    b.parameter(image).written = True
    view, made = "", ()
    if b.chance(0.35) and not by_column:
        view = b.name(("line", "p", "cur_row", "base_p"), kind)
        made = (ast.DeclarePointer(kind, view, image, ast.mul(i, w), False),)

    def at(j: tuple) -> ast.At:
        return ast.At(view, (j,)) if view else ast.At(image, (j, i) if by_column else (i, j))

    word = ast.Name(b.name(("tmp", "t", "swap_v", "keep", "c0"), kind))
    left, right = (ast.Name(b.name(words, "i32")) for words in (("l", "left", "a", "lo", "j"), ("r0", "right", "z", "hi", "k")))
    last = ast.sub(w, 1)
    swap = (ast.Declare(kind, word.id, at(left)), ast.Assign(at(left), "=", at(right)), ast.Assign(at(right), "=", word))
    axis = Axis(i.id, ast.ZERO, h)
    if b.chance(0.5):
        ends = (ast.Declare("i32", left.id, ast.ZERO), ast.Declare("i32", right.id, last))
        moves = (ast.Assign(left, "+=", ast.ONE), ast.Assign(right, "-=", ast.ONE))
        return Nest("", [], [Region((axis,), (*made, *ends, ast.While(ast.compare(left, "<", right), (*swap, *moves))))])
    if b.chance(0.4):
        inner: tuple = (ast.Declare("i32", right.id, ast.sub(last, left)), *swap)
    else:
        other = at(ast.sub(last, left))
        inner = (ast.Declare(kind, word.id, at(left)), ast.Assign(at(left), "=", other), ast.Assign(other, "=", word))
    return Nest("", [], [Region((axis,), (*made, ast.For(left.id, ast.ZERO, "<", ast.Binary("/", w, ast.TWO), inner)))])
