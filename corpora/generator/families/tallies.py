"""Families that return a total over arrays of any element type: flags, characters, shorts, unsigned
words, doubles.

Contract: one region with a reduction, as `returns` has; the CUDA text is a kernel and the host code
round it, whose copies have the types of what is copied. A square root is taken of sums of squares
or magnitudes only.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(400, 4, 'broad') if 'bool *' in c.programs['cpp'].text][0])"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.families.everyday import DIMS

_TYPED = (
    ("u8", "integers(0,255)"),
    ("u8", "integers(0,9)"),
    ("i8", "integers(-9,120)"),
    ("i16", "integers(-300,300)"),
    ("u16", "integers(0,1000)"),
    ("u32", "integers(0,40)"),
    ("i32", ""),
    ("i32", "integers(0,3)"),
    ("bool", "integers(0,1)"),
    ("f32", ""),
    ("f64", ""),
    ("i64", "integers(-50,50)"),
    ("f32", ""),
    ("f64", ""),
    ("u64", "integers(0,90)"),
)
_TALLIES = tuple(
    "count hits changed found total bad matches z num_over cnt nonzero errors inside "
    "clashes letters words_n above ties "
    "pairs_n e0 sum_all cost energy score loss".split()
)


class _Tally:
    """A value gathered from arrays of any element types: one loop, or two of which the second may
    start beside the first.
    """

    def __init__(self, b: Builder) -> None:
        self.b = b
        self.n = b.size(
            DIMS, (1, 2, 5, 9, 14), b.pick(("i32", "i32", "i32", "i32", "u32", "i64", "u64"))
        )
        self.kind = b.types[self.n.id] if b.types[self.n.id] != "u32" or b.chance(0.6) else "i32"
        self.i = ast.Name(b.name(names.LOOPS, self.kind))
        self.axis = Axis(self.i.id, ast.ZERO, self.n)
        self.made: tuple = ()
        self.first = b.pick(_TYPED)

    def place(self, subscripts: tuple, extents_: tuple, like: bool = True) -> ast.At:
        kind, fill = self.first if like else self.b.pick(_TYPED)
        return ast.At(
            self.b.array(
                extents_,
                kind,
                fill,
                names.ARRAYS + ("pcm", "adj", "flags", "label", "score", "spin"),
            ),
            subscripts,
        )

    def number(self, element: tuple) -> tuple:
        kind = self.b._kind_of(element)
        if kind in FLOATS:
            return self.b.number(zero=self.b.chance(0.4))
        small = self.b.pick((0, 0, 1, 2, 3, 10, 100)) if kind != "bool" else self.b.pick((0, 1))
        return (
            ast.Literal(f"{small}u", "u32")
            if kind == "u32" and self.b.chance(0.3)
            else ast.integer(small)
        )

    def test(self, element: tuple, other: tuple | None) -> tuple:
        """One to three comparisons."""
        b, kind = self.b, self.b._kind_of(element)
        draw = b.rng.random()
        if kind == "bool" and draw < 0.5:
            return b.pick((element, ast.Unary("!", element)))
        if other is not None and draw < 0.45:
            return ast.compare(
                element,
                b.pick(("!=", "==", ">", "<")) if kind not in FLOATS else b.pick("<>"),
                other,
            )
        first = ast.compare(element, b.pick(("<", ">", "<=", ">=")), self.number(element))
        if kind not in FLOATS and draw < 0.6:
            first = b.pick(
                (
                    ast.compare(
                        ast.Binary("%", element, ast.integer(b.pick((2, 3, 10)))),
                        b.pick(("==", "!=")),
                        ast.ZERO,
                    ),
                    ast.compare(element, "==", self.number(element)),
                )
            )
        if draw > 0.8:
            left = b.pick((other, element)) if other is not None else element
            first = ast.Binary(
                b.pick(("&&", "||")),
                first,
                ast.compare(left, b.pick(("<", ">", "!=")), self.number(left)),
            )
        return first

    def nest(
        self,
        body: tuple,
        word: ast.Name,
        op: str = "+",
        start: tuple = ast.ZERO,
        root: bool = False,
    ) -> Nest:
        kind = self.b.types[word.id]
        value, result = self._ending(word, kind, root)
        nest = Nest("", [], [Region((self.axis,), body, (op, word.id))], index_type=self.kind)
        nest.kernel = kind in ("i32", "u32", "f32", "f64")
        nest.before, nest.after, nest.result = (
            (ast.Declare(kind, word.id, start),),
            (ast.Jump("return", value),),
            result,
        )
        return nest

    def _ending(self, word: ast.Name, kind: str, positive: bool) -> tuple[tuple, str]:
        b, draw = self.b, self.b.rng.random()
        if kind not in FLOATS:
            if draw < 0.08:
                return ast.compare(word, b.pick((">", "==", "!=")), ast.ZERO), "bool"
            if draw < 0.2:
                real = b.pick(("f32", "f64"))
                return ast.Binary(
                    "/",
                    ast.Cast(real, word),
                    ast.Paren(ast.add(self.n, 1)) if b.chance(0.3) else self.n,
                ), real
            return word, kind
        if draw < 0.45:
            return word, kind
        root = "sqrtf" if kind == "f32" and b.suffix else "sqrt"
        return b.pick(
            (
                ast.Binary("/", word, self.n),
                ast.Conditional(self.n, ast.Binary("/", word, self.n), ast.ZERO, True),
                ast.Conditional(
                    ast.compare(self.n, ">", ast.ZERO),
                    ast.Binary("/", word, self.n),
                    ast.ZERO,
                    True,
                ),
                ast.Binary("/", ast.mul(word, b.scalar()), b.number()),
                ast.mul(b.number(), word),
                ast.Call(root, (word,)) if positive else word,
                ast.Unary("-", word),
            )
        ), kind


def tallied(b: Builder) -> Nest:
    """Draw a nest that returns counts and sums over arrays of small types. b: the builder that
    makes its parts.
    """
    t = _Tally(b)
    element = t.place((t.i,), (t.n,))
    other = t.place((t.i,), (t.n,), b.chance(0.75)) if b.chance(0.5) else None
    if b.chance(0.15):  # pairs of neighbours
        t.axis.start, other = ast.ONE, ast.At(element.array, (ast.sub(t.i, 1),))
    body: tuple = ()
    kind = b._kind_of(element)
    value: tuple = element
    if other is not None and b.chance(0.45):
        gap_kind = kind if kind in FLOATS else "i32"
        gap = ast.Name(b.name(("d", "diff", "delta0", "gap", "e", "err"), gap_kind))
        sides = [
            s
            if b._kind_of(s) in (gap_kind, "u8", "i8", "i16", "bool") and b.chance(0.6)
            else ast.Cast(gap_kind, s)
            for s in (element, other)
        ]
        body, value = (ast.Declare(gap_kind, gap.id, ast.sub(*sides)),), gap
        if b.chance(0.35):
            body += (
                ast.If(
                    ast.compare(gap, "<", ast.ZERO), (ast.Assign(gap, "=", ast.Unary("-", gap)),)
                ),
            )
        other = None
    draw = b.rng.random()
    if draw < 0.45:
        return _counted(t, body, value, other)
    return _summed(t, body, value, other)


def _counted(t: _Tally, body: tuple, value: tuple, other: tuple | None) -> Nest:
    b = t.b
    word = ast.Name(b.name(_TALLIES, b.pick(("i32", "i32", "i32", "i32", "u32"))))
    test = t.test(value, other)
    step: tuple = ast.Assign(word, "+=", ast.ONE)
    draw = b.rng.random()
    if draw < 0.3:  # a mark beside
        kind, fill = b.pick(
            (
                ("u8", "constant(7)"),
                ("i32", "constant(-1)"),
                ("bool", "integers(0,1)"),
                ("i32", "integers(0,3)"),
            )
        )
        mark = ast.At(b.array((t.n,), kind, fill, names.MASKS), (t.i,))
        b.parameter(mark.array).written = True
        yes, no = (
            (ast.ONE if kind == "bool" else ast.integer(b.pick((1, 255 if kind == "u8" else 2)))),
            ast.ZERO,
        )
        if b.chance(0.5):
            return t.nest(
                (
                    *body,
                    ast.Assign(mark, "=", ast.Conditional(test, yes, no)),
                    ast.If(test, (step,)),
                ),
                word,
            )
        both = (ast.Assign(mark, "=", yes), step)
        return t.nest(
            (
                *body,
                ast.If(
                    test,
                    both if b.chance(0.5) else both[::-1],
                    (ast.Assign(mark, "=", no),) if b.chance(0.5) else (),
                ),
            ),
            word,
        )
    if (
        draw < 0.5
        and type(value) is ast.At
        and value.subscripts == (t.i,)
        and t.axis.start == ast.ZERO
    ):  # what is counted is mended
        b.parameter(value.array).written = True
        mended = ast.Assign(
            value,
            "=",
            b.scalar(b.types[value.array])
            if b._kind_of(value) in ("f32", "f64", "i32")
            else ast.ONE
            if b._kind_of(value) == "bool"
            else t.number(value),
        )
        return t.nest(
            (*body, ast.If(test, (mended, step) if b.chance(0.7) else (step, mended))), word
        )
    if draw < 0.65:
        added = ast.Paren(test) if b.chance(0.4) else test
        return t.nest(
            (
                *body,
                ast.Assign(
                    word,
                    "+=",
                    ast.Conditional(added, ast.ONE, ast.ZERO) if b.chance(0.5) else added,
                ),
            ),
            word,
        )
    if draw < 0.75:
        return t.nest((*body, ast.If(test, (ast.Jump("continue"),)), step), word)
    return t.nest((*body, ast.If(test, (step,))), word)


def _summed(t: _Tally, body: tuple, value: tuple, other: tuple | None) -> Nest:
    b, kind = t.b, t.b._kind_of(value)
    real = kind in FLOATS or b.chance(0.25)
    kind = (
        ("f64" if kind == "f64" or b.chance(0.3) else "f32")
        if real
        else b.pick(("i32", "i32", "u32"))
        if kind[0] == "u"
        else "i32"
    )
    b.kind, b.suffix = kind if kind in FLOATS else "i32", kind == "f32" and b.suffix
    word = ast.Name(b.name(_TALLIES, kind))
    positive, draw = False, b.rng.random()
    wide = (
        value
        if real or kind != "i32" or b._kind_of(value) != "u8" or b.chance(0.6)
        else ast.Cast("i32", value)
    )
    if real and b._kind_of(value) not in FLOATS:
        wide = ast.Cast(kind, value)
    term: tuple = wide
    if draw < 0.25:
        term, positive = ast.mul(wide, wide), True
    elif draw < 0.4 and other is not None and b._kind_of(other) not in ("u32", "u64", "i64"):
        term = ast.mul(wide, other)
    elif draw < 0.55 and real and b._kind_of(wide) == kind:
        term, positive = (
            ast.Call(
                b.function("fabs"),
                (
                    ast.sub(wide, other)
                    if other is not None and b._kind_of(other) == kind
                    else wide,
                ),
            ),
            True,
        )
    elif draw < 0.65:
        index = ast.Binary("%", t.i, ast.integer(b.pick((2, 2, 3))))
        factor = ast.Paren(
            ast.Conditional(
                index if b.chance(0.5) else ast.compare(index, "==", ast.ZERO),
                b.number(),
                b.number(),
            )
        )
        term = ast.mul(factor, wide)
    elif draw < 0.75 and real:
        term = ast.mul(wide, b.scalar())
    step: tuple = (
        ast.Assign(word, b.pick(("+=", "+=", "+=", "-=")) if not positive else "+=", term),
    )
    if b.chance(0.25):
        step = (
            ast.If(
                t.test(value, other),
                step,
                (ast.Assign(word, "+=", b.number()),) if b.chance(0.3) else (),
            ),
        )
    elif b.chance(0.15):
        place = ast.At(b.array((t.n,), kind, "", names.ARRAYS), (t.i,))
        b.parameter(place.array).written = True
        step = (
            (ast.Assign(place, "=", term), *step)
            if b.chance(0.5)
            else (*step, ast.Assign(place, "=", wide))
        )
    start = b.number(zero=True) if real and b.chance(0.6) else ast.ZERO
    return t.nest((*body, *step), word, start=start, root=positive)


def nested(b: Builder) -> Nest:
    """Draw a nest that returns a total over rows, pairs or triples. b: the builder that makes its
    parts.
    """
    t = _Tally(b)
    n, i = t.n, t.i
    j = ast.Name(b.name(names.INNER, t.kind))
    pairs = b.chance(0.45)
    m = (
        n
        if pairs
        else b.size(
            ("cols", "dim", "width", "m", "k_len", "classes", "nfeat"), (1, 2, 3, 5), b.types[n.id]
        )
    )
    element = t.place((i, j), (n, m))
    body: tuple = ()
    value: tuple = element
    start, stop = ast.ZERO, m
    if pairs:
        start, stop = b.pick(((ast.ZERO, i), (ast.add(i, 1), n), (ast.ZERO, n)))
    if b.chance(0.3) and element.array:
        kind = b._kind_of(element)
        kind = (
            kind
            if kind in ("i32", *FLOATS)
            else "i32"
            if kind not in ("i64", "u64", "u32")
            else kind
        )
        word = ast.Name(b.name(names.LOCALS, kind))
        other = t.place((i, j), (n, m)) if b.chance(0.5) else None
        made: tuple = element if other is None else ast.sub(element, other)
        body, value = (ast.Declare(kind, word.id, made),), word
    test = t.test(value, ast.At(element.array, (j, i)) if pairs and b.chance(0.3) else None)
    if pairs and b.chance(0.4):  # and something of both ends
        mine = b.pick(_TYPED[:8])
        ends = b.array(
            (n,), *mine, ("color", "label", "group_id", "cls", "part", "weight_of", "parent")
        )
        test = ast.conjunction(
            test, ast.compare(ast.At(ends, (i,)), b.pick(("==", "!=", "<")), ast.At(ends, (j,)))
        )
    loop = ast.For(j.id, start, "<", stop, body, 1, t.kind)
    if b.chance(0.55):
        return _pairs_counted(t, loop, test, element.array if pairs else "")
    return _rows_summed(t, loop, value)


def _pairs_counted(t: _Tally, loop: ast.For, test: tuple, matrix: str) -> Nest:
    """How often the test is met. matrix: where a third loop may look for a triple's other pairs, or
    nothing.
    """
    b = t.b
    word = ast.Name(b.name(_TALLIES, b.pick(("i32", "i32", "i32", "u32"))))
    steps: tuple = (ast.Assign(word, "+=", ast.ONE),)
    if b.chance(0.25):
        steps = (ast.Assign(word, "+=", test),)
    elif matrix and b.chance(0.35):
        steps = (_third(b, t, matrix, ast.Name(loop.variable), test, steps[0]),)
    elif b.chance(0.25):
        steps = (ast.If(test, (ast.Jump("continue"),)), *steps)
    else:
        steps = (ast.If(test, steps),)
    return t.nest((loop._replace(body=(*loop.body, *steps)),), word)


def _rows_summed(t: _Tally, loop: ast.For, value: tuple) -> Nest:
    """The sum of all, or what the sums of rows come to: their sum, their squares' sum, the
    largest.
    """
    b, kind = t.b, t.b._kind_of(value)
    kind = kind if kind in FLOATS else "i32" if kind not in ("u32", "u64", "i64") else "u32"
    word = ast.Name(b.name(_TALLIES, kind))
    square = b.chance(0.5)
    term: tuple = value
    if square:
        term = ast.mul(value, value)
    elif kind in FLOATS and b.chance(0.5):
        term = ast.Call("fabsf" if kind == "f32" and b.suffix else "fabs", (value,))
    if b.chance(0.5):
        return t.nest(
            (loop._replace(body=(*loop.body, ast.Assign(word, "+=", term))),), word, root=square
        )
    part = ast.Name(b.name(names.SUMS + ("row_sum", "s", "part_sum"), kind))
    made = (
        ast.Declare(kind, part.id, ast.ZERO),
        loop._replace(body=(*loop.body, ast.Assign(part, "+=", term))),
    )
    if kind == "i32" and b.chance(0.5):
        last: tuple = ast.If(ast.compare(part, ">", word), (ast.Assign(word, "=", part),))
        return t.nest((*made, last), word, "max")
    last = ast.Assign(word, "+=", ast.mul(part, part) if kind in FLOATS and b.chance(0.3) else part)
    return t.nest(
        (*made, ast.If(ast.compare(part, ">", b.number()), (last,)) if b.chance(0.2) else last),
        word,
    )


def _third(b: Builder, t: _Tally, array: str, j: ast.Name, test: tuple, step: tuple) -> tuple:
    """A third loop below the second: `if (a[i][j]) for k > j: if (a[i][k] && a[j][k]) count++`."""
    k = ast.Name(b.name(names.INNER, t.kind))
    ends = [
        ast.compare(
            ast.At(array, (x, k)), b.pick((">", "!=", ">")), t.number(ast.At(array, (x, k)))
        )
        for x in (t.i, j)
    ]
    start = b.pick((ast.ZERO, ast.add(j, 1)))
    inner = ast.For(k.id, start, "<", t.n, (ast.If(ast.conjunction(*ends), (step,)),), 1, t.kind)
    return ast.If(test, (inner,))
