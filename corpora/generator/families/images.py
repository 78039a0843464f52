"""Families of pixels and signals: colours mixed in bytes, numbers brought into small types, padded
and resampled lines.

Contract: as for the other families. A cast into a smaller type has its value held inside that type
first; indices that are folded back are tested before they are used.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(400, 4, 'broad') if 'pad' in c.programs['cpp'].text][0])"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region

_INDEX = tuple("i p idx tid k t x pix g id".split())
_COUNTS = tuple("n N npix count total len samples size pixels num".split())
BYTES = tuple("img im image rgb src in pixels frame a gray data photo".split())
OUTPUTS = tuple("out dst result res q mono resized padded y enc mask bw o_img target".split())


def _floats(b: Builder) -> None:
    if b.kind not in FLOATS:
        b.kind, b.suffix = "f32", b.chance(0.7)


def _constant(b: Builder, texts: tuple = ()) -> ast.Literal:
    return b._same(ast.Literal(b.pick(texts) if texts else b._any_float(), "f64"))


def colours(b: Builder) -> Nest:
    """Draw a nest over pixels of three or four bytes, mixed with constants and clamped to [0, 255].
    b: the builder that makes its parts.
    """
    _floats(b)
    b.kind = "f32" if b.chance(0.85) else b.kind
    b.suffix &= b.kind == "f32"
    channels = b.pick((3, 3, 3, 4))
    axes, pixels, pixel = _pixels(b)
    many = (
        ast.product([*(axis.stop for axis in axes), ast.integer(channels)])
        if len(axes) == 2
        else ast.mul(pixels, channels)
    )
    image = b.array((many,), "u8", "integers(0,255)", BYTES)
    where = ast.Paren(pixel) if len(axes) == 2 else pixel
    base = ast.mul(ast.integer(channels), where) if b.chance(0.5) else ast.mul(where, channels)
    made: tuple = ()
    gray = b.chance(0.35)
    target = ""
    if gray:
        target = b.array((pixels,), b.pick(("u8", "u8", b.kind)), "integers(0,255)", OUTPUTS)
    elif not b.chance(0.5):
        target = b.array((many,), "u8", "integers(0,255)", OUTPUTS)
    b.parameter(target or image).written = True
    source, start = image, base
    if b.chance(0.4):
        view = b.name(("p", "px", "s", "pix_p", "c0"), "u8")
        made, source, start = (
            (ast.DeclarePointer("u8", view, image, base, bool(target)),),
            view,
            ast.ZERO,
        )
    elif b.chance(0.5):
        word = ast.Name(b.name(("at", "base", "o", "pos", "off"), "i32"))
        made, start = (ast.Declare("i32", word.id, base),), word
    words = b.pick(
        (("r", "g", "b"), ("red", "green", "blue"), ("c_r", "c_g", "c_b"), ("s0", "s1", "s2"))
    )
    inputs = [ast.Name(b.name((word, word + "_in"), b.kind)) for word in words]
    made += tuple(
        ast.Declare(b.kind, v.id, _channel(source, c, start)) for c, v in enumerate(inputs)
    )
    if gray:
        return Nest("", [], [Region(axes, (*made, *_grayed(b, inputs, ast.At(target, (pixel,)))))])
    results = [
        ast.Name(b.name((f"n{word[0]}", f"new_{word}", f"{word}2"), b.kind)) for word in words
    ]
    made += tuple(ast.Declare(b.kind, v.id, _mixed(b, inputs, False)) for v in results)
    to, first = (target, base if source != image else start) if target else (source, start)
    stores = [ast.Assign(_channel(to, c, first), "=", _held(b, v)) for c, v in enumerate(results)]
    return Nest("", [], [Region(axes, (*made, *stores))])


def _pixels(b: Builder) -> tuple[tuple[Axis, ...], tuple, tuple]:
    """Loops over pixels in one or two dimensions, how many there are, and the number of this
    iteration's.
    """
    if b.chance(0.4):
        h, w = (
            b.size((word,), (1, 2, 4))
            for word in b.pick((("h", "w"), ("height", "width"), ("rows", "cols")))
        )
        y, x = (
            ast.Name(b.name((word,), "i32"))
            for word in b.pick((("y", "x"), ("row", "col"), ("j", "i")))
        )
        axes = (Axis(y.id, ast.ZERO, h), Axis(x.id, ast.ZERO, w))
        return axes, ast.mul(h, w), ast.add(ast.mul(y, w), x)
    n, i = b.size(_COUNTS, (1, 4, 11)), ast.Name(b.name(_INDEX, "i32"))
    return (Axis(i.id, ast.ZERO, n),), n, i


def _channel(array: str, c: int, first: tuple) -> ast.At:
    """Channel c of a pixel whose first channel stands at `first`."""
    return ast.At(
        array, (ast.integer(c) if first == ast.ZERO else first if c == 0 else ast.add(first, c),)
    )


def _mixed(b: Builder, inputs: list, gray: bool) -> tuple:
    """A weighted sum of three channels."""
    known = ("0.299", "0.587", "0.114", "0.2126", "0.7152", "0.0722", "0.5", "0.25")
    terms = [
        ast.mul(_constant(b, known) if gray or b.chance(0.2) else _small(b), v) for v in inputs
    ]
    return ast.add(ast.add(terms[0], terms[1]), terms[2])


def _held(b: Builder, value: tuple) -> tuple:
    """What is brought into a byte: nothing above 255."""
    top = _constant(b, ("255.0", "255.")) if b.chance(0.7) else ast.integer(255)
    return ast.Conditional(ast.compare(value, ">", top), ast.integer(255), ast.Cast("u8", value))


def _grayed(b: Builder, inputs: list, place: ast.At) -> tuple:
    """One number for a pixel, as it is, in a byte, or black and white."""
    value = ast.Name(b.name(("lum", "v", "gray_v", "y0"), b.kind))
    made = ast.Declare(b.kind, value.id, _mixed(b, inputs, True))
    ending: tuple = value
    if b.types[place.array] == "u8":
        held = _held(b, value)
        test = ast.compare(value, b.pick((">", "<")), ast.integer(b.pick((100, 128, 127))))
        ending = b.pick((held, ast.Conditional(test, ast.integer(255), ast.ZERO)))
    return made, ast.Assign(place, "=", ending)


def _small(b: Builder) -> ast.Literal:
    return b._same(ast.Literal(f"{b.rng.uniform(0.01, 0.99):.{b.pick((1, 2, 3))}f}", "f64"))


class _Line:
    """One number in, one out, an index a thread."""

    def __init__(self, b: Builder) -> None:
        self.b = b
        self.n = b.size(_COUNTS, (1, 4, 11, 20), b.pick(("i32", "i32", "i32", "u32", "u64", "i64")))
        self.index_kind = b.types[self.n.id] if b.chance(0.75) else "i32"
        self.i = ast.Name(b.name(_INDEX, self.index_kind))
        self.axis = Axis(self.i.id, ast.ZERO, self.n)

    def read(self, kind: str | None, fill: str, wanted: tuple) -> ast.At:
        return ast.At(self.b.array((self.n,), kind, fill, wanted), (self.i,))

    def out(self, kind: str, fill: str = "integers(0,9)") -> ast.At:
        array = self.b.array((self.n,), kind, fill, OUTPUTS)
        self.b.parameter(array).written = True
        return ast.At(array, (self.i,))

    def nest(self, *body: tuple) -> Nest:
        return Nest("", [], [Region((self.axis,), body)], index_type=self.index_kind)


def quantised(b: Builder) -> Nest:
    """Draw a nest that scales, rounds and clamps numbers to a small integer type, or the reverse.
    b: the builder that makes its parts.
    """
    _floats(b)
    t, draw = _Line(b), b.rng.random()
    if draw < 0.4:
        return _rounded(t)
    if draw < 0.55:
        return _brought_back(t)
    first, second = (t.read("u8", "integers(0,255)", BYTES) for _ in range(2))
    if draw < 0.75:
        return _differing(t, first, second)
    if draw < 0.88:
        return _blended(t, first, second)
    kind = b.pick(("u8", "i32", b.kind))
    table = b.array(
        (ast.integer(256),),
        kind,
        "integers(0,255)",
        ("lut", "table", "gamma_t", "palette", "curve"),
    )
    return t.nest(ast.Assign(t.out(b.types[table]), "=", ast.At(table, (first,))))


def _rounded(t: _Line) -> Nest:
    """`int r = rint(x / scale);`, held between two limits."""
    b = t.b
    kind, low, high = b.pick(
        (("i8", -128, 127), ("i8", -127, 127), ("u8", 0, 255), ("i16", -32768, 32767))
    )
    x = t.read(None, "uniform(-300,300)", ("x", "in", "values", "act", "w0"))
    scale: tuple = b.scalar() if b.chance(0.6) else _constant(b)
    value = ast.Binary(b.pick("/*"), x, scale) if type(scale) is ast.Name else ast.mul(x, scale)
    r = ast.Name(b.name(("r", "v", "q0", "k0", "t0"), "i32"))
    rounding = b.pick(("round", "rint", "round", "floor"))
    whole = ast.Call(b.function(rounding), (value,)) if b.chance(0.7) else ast.Paren(value)
    made = ast.Declare("i32", r.id, ast.Cast("i32", whole))
    place = t.out(kind)
    if b.chance(0.5):
        above, below = (
            ast.If(
                ast.compare(r, op, ast.integer(limit)), (ast.Assign(r, "=", ast.integer(limit)),)
            )
            for op, limit in ((">", high), ("<", low))
        )
        steps: tuple = (above, below) if b.chance(0.5) else (below, above)
        return t.nest(
            made, *steps, ast.Assign(place, "=", ast.Cast(kind, r) if b.chance(0.6) else r)
        )
    capped = ast.Conditional(ast.compare(r, ">", ast.integer(high)), ast.integer(high), r)
    held = ast.Conditional(ast.compare(r, "<", ast.integer(low)), ast.integer(low), capped)
    return t.nest(
        made, ast.Assign(place, "=", ast.Cast(kind, ast.Paren(held)) if b.chance(0.4) else held)
    )


def _brought_back(t: _Line) -> Nest:
    """A small integer times a scale, its zero point taken off first."""
    b = t.b
    kind, fill = b.pick(
        (
            ("i8", "integers(-128,127)"),
            ("u8", "integers(0,255)"),
            ("i16", "integers(-900,900)"),
            ("u16", "integers(0,900)"),
        )
    )
    q = t.read(kind, fill, BYTES + ("q", "codes", "pcm"))
    zero = b.size(("zero", "zp", "offset"), (0, 3, 128)) if b.chance(0.4) else None
    inner: tuple = q if zero is None else ast.Paren(ast.sub(q, zero))
    value = b.pick(
        (
            ast.mul(inner, b.scalar()),
            ast.Binary("/", inner, _constant(b, ("255.0", "128.0", "32768.0", "100.0"))),
            ast.mul(b.scalar(), inner),
        )
    )
    return t.nest(ast.Assign(t.out(b.kind, ""), "=", value))


def _differing(t: _Line, first: ast.At, second: ast.At) -> Nest:
    """How far two bytes differ, against a limit."""
    b = t.b
    d, place = ast.Name(b.name(("d", "diff", "delta0", "v"), "i32")), t.out("u8", "integers(1,9)")
    gap = b.pick((ast.sub(ast.Cast("i32", first), ast.Cast("i32", second)), ast.sub(first, second)))
    made = ast.Declare("i32", d.id, gap)
    if b.chance(0.7):
        limit: tuple = b.size(("tolerance", "thr", "limit", "eps0"), (0, 20, 90))
    else:
        limit = ast.integer(b.pick((10, 64, 30)))
    turn = ast.If(ast.compare(d, "<", ast.ZERO), (ast.Assign(d, "=", ast.Unary("-", d)),))
    beyond = ast.compare(d, ">", limit)
    marks = (
        ast.Conditional(beyond, ast.integer(255), ast.ZERO),
        ast.Conditional(beyond, first, second),
        d,
        ast.Cast("u8", d),
    )
    return t.nest(made, turn, ast.Assign(place, "=", b.pick(marks)))


def _blended(t: _Line, first: ast.At, second: ast.At) -> Nest:
    """Two bytes mixed in whole numbers."""
    b, alpha = t.b, t.b.size(("alpha", "mix", "amount_a"), (0, 100, 255))
    one = ast.Paren(ast.sub(ast.integer(255), alpha))
    value = ast.Binary(
        "/", ast.Paren(ast.add(ast.mul(alpha, first), ast.mul(one, second))), ast.integer(255)
    )
    place, mean = t.out("u8"), ast.Binary("/", ast.Paren(ast.add(first, second)), ast.TWO)
    return t.nest(ast.Assign(place, "=", b.pick((value, ast.Cast("u8", ast.Paren(value)), mean))))


def folded(b: Builder) -> Nest:
    """Draw a nest over a line that is padded, mirrored, wrapped, doubled or halved. b: the builder
    that makes its parts.
    """
    n, pad = (
        b.size(names.SIZES, (1, 2, 5, 11)),
        b.size(("pad", "border", "p", "margin", "halo", "radius"), (0, 1, 2)),
    )
    i, j = (
        ast.Name(b.name(_INDEX, "i32")),
        ast.Name(b.name(("j", "s", "src_i", "from", "q", "m0"), "i32")),
    )
    source = b.array(
        (n,), b.pick((b.kind, b.kind, "u8", "i16")), "", ("src", "in", "x", "line", "sig", "a")
    )
    kind, origin = b.types[source], b.parameter(source)
    origin.fill = {"u8": "integers(0,255)", "i16": "integers(-90,90)"}.get(kind, origin.fill)
    draw = b.rng.random()
    at, zero = ast.At(source, (j,)), b.number(zero=True) if kind == b.kind else ast.ZERO
    if draw < 0.6:
        how, stop, made = _beyond_ends(b, i, j, n, pad)
    else:
        factor: tuple = (
            ast.integer(b.pick((2, 2, 3)))
            if b.chance(0.6)
            else b.size(("factor", "up", "rep", "scale_i"), (1, 2, 3))
        )
        how = b.pick(("up", "down", "lerp"))
        stop = ast.mul(n, factor) if how != "down" else n
        made = (
            ast.Declare(
                "i32", j.id, ast.Binary("/", i, factor) if how != "down" else ast.mul(i, factor)
            ),
        )
        if how == "down":
            origin.extents = (ast.mul(n, factor),)
    out = b.array((stop,), kind, origin.fill, OUTPUTS)
    b.parameter(out).written = True
    place = ast.At(out, (i,))
    inside = ast.conjunction(ast.compare(j, ">=", ast.ZERO), ast.compare(j, "<", n))
    copy, clear = (ast.Assign(place, "=", at),), (ast.Assign(place, "=", zero),)
    if how == "zero":
        if b.chance(0.5):
            body: tuple = (ast.If(inside, copy, clear),)
        else:
            value = ast.Conditional(ast.Paren(inside) if b.chance(0.6) else inside, at, zero, True)
            body = (ast.Assign(place, "=", value),)
    elif how == "mirror":
        body = (ast.If(inside, copy, clear if b.chance(0.4) else ()),)
    elif how == "lerp":
        k = ast.Name(b.name(("nx", "j1", "next_i", "right"), "i32"))
        made += (
            ast.Declare(
                "i32", k.id, ast.Conditional(ast.compare(ast.add(j, 1), "<", n), ast.add(j, 1), j)
            ),
        )
        body = (
            ast.Assign(
                place, "=", ast.Binary("/", ast.Paren(ast.add(at, ast.At(source, (k,)))), ast.TWO)
            ),
        )
    else:
        body = (
            ast.Assign(
                place, "=", at if kind != b.kind or b.chance(0.6) else ast.mul(at, b.scalar())
            ),
        )
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, stop),), (*made, *body))])


def _beyond_ends(
    b: Builder, i: ast.Name, j: ast.Name, n: ast.Name, pad: ast.Name
) -> tuple[str, tuple, tuple]:
    """How a line goes on beyond its ends, the longer line's length, and the source's index j of its
    element i.
    """
    stop = b.pick(
        (
            ast.add(n, ast.mul(ast.TWO, pad)),
            ast.add(ast.add(n, pad), pad),
            ast.add(n, ast.mul(pad, 2)),
        )
    )
    made: tuple = (ast.Declare("i32", j.id, ast.sub(i, pad)),)
    how = b.pick(("zero", "zero", "edge", "edge", "mirror", "wrap"))
    before, after = ast.compare(j, "<", ast.ZERO), ast.compare(j, ">=", n)
    if how == "mirror":
        turned = b.pick((ast.Unary("-", j), ast.sub(ast.Unary("-", j), 1)))
        back = b.pick(
            (
                ast.sub(ast.mul(ast.TWO, ast.Paren(ast.sub(n, 1))), j),
                ast.sub(ast.sub(ast.mul(ast.TWO, n), 1), j),
            )
        )
        made += (
            ast.If(before, (ast.Assign(j, "=", turned),)),
            ast.If(after, (ast.Assign(j, "=", back),)),
        )
    elif how == "wrap":
        rest = ast.Binary("%", ast.Paren(ast.sub(i, pad)), n)
        made = (ast.Declare("i32", j.id, ast.Binary("%", ast.Paren(ast.add(rest, n)), n)),)
    elif how == "edge":
        low = ast.If(before, (ast.Assign(j, "=", ast.ZERO),))
        high = ast.If(after, (ast.Assign(j, "=", ast.sub(n, 1)),))
        made += (low, high) if b.chance(0.5) else (ast.If(before, low.then, (high,)),)
    return how, stop, made
