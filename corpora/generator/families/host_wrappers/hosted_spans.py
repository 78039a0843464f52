"""Workers: functions that do the part of a loop between two bounds that they are given, with small
dense arithmetic written out.

Contract: as for the parallel families; the upper bound is the arrays' extent. A worker may return a
null `void *`, as threads do.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(900, 4, 'broad') if 'void *' in c.programs['cpp'].text][0])"
"""

from __future__ import annotations

from corpora.generator.core import effects, expressions as ast, names
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Axis, Nest, Parameter, Region
from corpora.generator.core.one_thread import add_terms, make_assignment, use_floating_type
from corpora.generator.core.points import IterationPoint

_BOUNDS = (("start", "end"),) * 4 + (
    ("lo", "hi"),
    ("begin", "stop"),
    ("first", "last"),
    ("from", "to"),
    ("begin", "end"),
    ("i0", "i1"),
    ("start_i", "end_i"),
    ("beg", "end"),
    ("s0", "e0"),
    ("low", "high"),
    ("kstart", "kend"),
    ("row_start", "row_end"),
    ("istart", "iend"),
    ("chunk_lo", "chunk_hi"),
)
_NULLS = ("(void *)0", "(void *)0", "NULL", "NULL", "NULL", "nullptr", "0")
_INPUTS = (
    ("R", "P", "Q", "T"),
    ("A", "x", "y", "b"),
    ("m", "src", "dst", "t"),
    ("rot", "pts", "out", "trans"),
    ("M", "v", "w", "c"),
    ("mat", "in", "res", "off"),
    ("H", "X", "Y", "shift"),
    ("coef", "points", "moved", "origin"),
)


class Span:
    """A loop from `start` up to `stop`, drawn at random, and the spelling of its subscripts, such
    as `i * 3 + 0`.
    """

    def __init__(self, b: Builder) -> None:
        self.b = b
        kind = "i32" if b.chance(0.93) else "i64"
        self.kind, words = kind, b.pick(_BOUNDS)
        self.inclusive = words[1] in ("last", "hi", "to", "high") and b.chance(0.35)
        self.start, self.stop = (
            b.size((words[0],), (0, 1, 2), kind),
            b.size((words[1],), (3, 5, 9, 14), kind),
        )
        self.n: tuple = ast.Paren(ast.add(self.stop, 1)) if self.inclusive else self.stop
        self.i = ast.Name(b.name(("i", "i", "k", "j", "ii", "idx", "p", "n0", "q"), kind))
        self.form = b.pick(("k+i*d", "i*d+k", "i*d+k", "d*i+k"))
        self.zero = b.chance(0.6) or self.form == "k+i*d"
        """Whether a zero is written in sums of subscripts."""

    def at(self, array: str, k: int, d: int) -> ast.At:
        """Return part `k` of the `d` parts of this iteration's element."""
        scaled = ast.mul(ast.integer(d), self.i) if self.form == "d*i+k" else ast.mul(self.i, d)
        if k == 0 and not self.zero:
            return ast.At(array, (scaled,))
        return ast.At(
            array,
            (ast.add(ast.integer(k), scaled) if self.form == "k+i*d" else ast.add(scaled, k),),
        )

    def array(self, d: int, wanted: tuple, fill: str = "", out: bool = False) -> str:
        """Add an array with `d` parts per element and return its name. wanted: names to choose
        from. fill: rule for tests. out: it is written.
        """
        word = self.b.array(
            (
                ast.mul(self.n, d)
                if d > 1
                else self.n.argument
                if type(self.n) is ast.Paren
                else self.n,
            ),
            fill=fill,
            wanted=wanted,
        )
        self.b.parameter(word).written = out
        return word

    def nest(self, *body: tuple, inner: tuple[Axis, ...] = ()) -> Nest:
        """Return a nest of this loop over `body`. inner: further parallel axes."""
        axis = Axis(self.i.id, self.start, self.stop, self.inclusive)
        nest = Nest("", [], [Region((axis, *inner), tuple(body))], index_type=self.kind)
        nest.null = self.b.pick(_NULLS) if self.b.chance(0.4) else ""
        return nest


def transformed(b: Builder) -> Nest:
    """Draw a nest that multiplies points of two to four parts by a small matrix and adds a vector.
    b: the builder that makes its parts.
    """
    use_floating_type(b)
    span, d = Span(b), b.pick((2, 3, 3, 3, 4))
    wanted = b.pick(_INPUTS)
    matrix = b.array((ast.integer(d * d),), wanted=wanted[:1])
    source = span.array(d, wanted[1:2])
    own = b.chance(0.2)
    target = source if own else span.array(d, wanted[2:3], out=True)
    b.parameter(target).written = True
    shift = b.array((ast.integer(d),), wanted=wanted[3:]) if b.chance(0.65) else ""
    by_column, spelled = b.chance(0.5), b.chance(0.5)

    def of(r: int, c: int) -> ast.At:
        row, column = (c, r) if by_column else (r, c)
        if not spelled:
            return ast.At(matrix, (ast.integer(row * d + column),))
        return ast.At(
            matrix,
            (
                ast.add(ast.integer(column), ast.mul(ast.integer(row), d))
                if span.form == "k+i*d"
                else ast.add(ast.mul(ast.integer(row), d), column),
            ),
        )

    parts: list = [span.at(source, k, d) for k in range(d)]
    made: tuple = ()
    if own or b.chance(0.25):
        words = [
            ast.Name(b.exact(w, b.kind))
            if w not in b.used
            else ast.Name(b.name(names.LOCALS, b.kind))
            for w in b.pick(
                (("x0", "y0", "z0", "w0"), ("px", "py", "pz", "pw"), ("a0", "a1", "a2", "a3"))
            )[:d]
        ]
        made = tuple(ast.Declare(b.kind, w.id, p) for w, p in zip(words, parts))
        parts = words
    rows = []
    first_shift, order = b.chance(0.25), b.chance(0.85)
    for r in range(d):
        terms = [
            ast.mul(of(r, c), parts[c]) if order else ast.mul(parts[c], of(r, c)) for c in range(d)
        ]
        if shift:
            terms = (
                [ast.At(shift, (ast.integer(r),)), *terms]
                if first_shift
                else [*terms, ast.At(shift, (ast.integer(r),))]
            )
        rows.append(terms)
    op = "+=" if not own and b.chance(0.12) else "="
    return span.nest(
        *made,
        *(
            make_assignment(span.at(target, r, d), add_terms(terms), op)
            for r, terms in enumerate(rows)
        ),
    )


def products(b: Builder) -> Nest:
    """Draw a nest that multiplies two small vectors, complex numbers, quaternions or matrices per
    element. b: the builder that makes its parts.
    """
    use_floating_type(b)
    span = Span(b)
    kind = b.pick(("cross", "cross", "complex", "complex", "quaternion", "square", "dot"))
    d = {"cross": 3, "complex": 2, "quaternion": 4, "square": 4, "dot": b.pick((2, 3, 4))}[kind]
    pair = b.pick(
        (
            ("a", "b"),
            ("u", "v"),
            ("A", "B"),
            ("p", "q"),
            ("x", "y"),
            ("lhs", "rhs"),
            ("left_v", "right_v"),
        )
    )
    first, second = (span.array(d, (w,)) for w in pair)
    out = span.array(
        1 if kind == "dot" else d,
        ("c", "w", "C", "r", "out", "res", "z", "dst", "result"),
        out=True,
    )
    x, y = ([span.at(a, k, d) for k in range(d)] for a in (first, second))
    if kind == "dot":
        total = add_terms([ast.mul(p, q) for p, q in zip(x, y)])
        value = (
            total
            if b.chance(0.6)
            else ast.Call(b.function("sqrt"), (ast.Call(b.function("fabs"), (total,)),))
        )
        return span.nest(make_assignment(ast.At(out, (span.i,)), value))
    signed = {
        "cross": (((1, 1, 2), (-1, 2, 1)), ((1, 2, 0), (-1, 0, 2)), ((1, 0, 1), (-1, 1, 0))),
        "complex": (((1, 0, 0), (-1, 1, 1)), ((1, 0, 1), (1, 1, 0))),
        "square": (
            ((1, 0, 0), (1, 1, 2)),
            ((1, 0, 1), (1, 1, 3)),
            ((1, 2, 0), (1, 3, 2)),
            ((1, 2, 1), (1, 3, 3)),
        ),
        "quaternion": (
            ((1, 0, 0), (-1, 1, 1), (-1, 2, 2), (-1, 3, 3)),
            ((1, 0, 1), (1, 1, 0), (1, 2, 3), (-1, 3, 2)),
            ((1, 0, 2), (-1, 1, 3), (1, 2, 0), (1, 3, 1)),
            ((1, 0, 3), (1, 1, 2), (-1, 2, 1), (1, 3, 0)),
        ),
    }[kind]
    made = []
    for k, terms in enumerate(signed):
        total: tuple = ast.mul(x[terms[0][1]], y[terms[0][2]])
        for sign, p, q in terms[1:]:
            total = (ast.add if sign > 0 else ast.sub)(total, ast.mul(x[p], y[q]))
        made.append(make_assignment(span.at(out, k, d), total))
    return span.nest(*made)


def mixed(b: Builder) -> Nest:
    """Draw a nest whose parts become weighted sums of each other, are normalized, or move by
    another array. b: the builder that makes its parts.
    """
    use_floating_type(b)
    span, d = Span(b), b.pick((2, 3, 3, 4))
    x = span.array(d, ("rgb", "pos", "p", "x", "v", "data", "vec", "pts", "img", "src"))
    parts = [span.at(x, k, d) for k in range(d)]
    draw = b.rng.random()
    if draw < 0.35:
        out = span.array(d, ("yuv", "out", "dst", "q", "y", "res", "lab"), out=True)
        words = [
            ast.Name(b.name(w, b.kind))
            for w in (("r", "c0", "xa"), ("g", "c1", "xb"), ("bl", "c2", "xc"), ("al", "c3", "xd"))
        ][:d]
        held: tuple = (
            tuple(ast.Declare(b.kind, w.id, p) for w, p in zip(words, parts))
            if b.chance(0.6)
            else ()
        )
        values = words if held else parts
        rows = []
        for k in range(d):
            total: tuple = ast.mul(b._same(_decimal(b)), values[0])
            for value in values[1:]:
                total = (ast.add if b.chance(0.7) else ast.sub)(
                    total, ast.mul(b._same(_decimal(b)), value)
                )
            rows.append(
                make_assignment(
                    span.at(out, k, d), ast.add(total, b.number()) if b.chance(0.25) else total
                )
            )
        return span.nest(*held, *rows)
    b.parameter(x).written = True
    if draw < 0.65:
        length = ast.Name(b.name(("len", "norm", "mag", "l", "r", "inv"), b.kind))
        eps = b._same(ast.Literal(b.pick(("1e-6", "1.0", "0.001", "1e-3")), "f64"))
        root = ast.Call(
            b.function("sqrt"), (ast.add(add_terms([ast.mul(p, p) for p in parts]), eps),)
        )
        if b.chance(0.4):
            return span.nest(
                ast.Declare(b.kind, length.id, ast.Binary("/", b._same(ast.ONE), root)),
                *(make_assignment(p, length, "*=") for p in parts),
            )
        return span.nest(
            ast.Declare(b.kind, length.id, root), *(make_assignment(p, length, "/=") for p in parts)
        )
    v = span.array(d, ("vel", "u", "grad", "force", "acc_v", "delta"))
    dt = b.scalar()
    pushed = b.chance(0.4)
    steps: list = []
    if pushed:
        b.parameter(v).written = True
        f = span.array(d, ("f", "acc", "g_force", "push"))
        steps = [
            make_assignment(
                span.at(v, k, d),
                ast.mul(dt, span.at(f, k, d)) if b.chance(0.6) else ast.mul(span.at(f, k, d), dt),
                "+=",
            )
            for k in range(d)
        ]
    moves = [
        make_assignment(p, ast.mul(span.at(v, k, d), dt), "+=" if pushed or b.chance(0.7) else "-=")
        for k, p in enumerate(parts)
    ]
    return span.nest(*steps, *moves)


def _decimal(b: Builder) -> ast.Literal:
    return ast.Literal(f"{b.rng.uniform(0.06, 1.9):.{b.pick((1, 2, 3, 3, 4))}f}", "f64")


def parts_of_rows(b: Builder) -> Nest:
    """Draw a nest over rows between two bounds: element-wise work, products, totals or extremes. b:
    the builder that makes its parts.
    """
    span = Span(b)
    i = span.i
    cols = b.size(("n", "cols", "m", "width", "N", "dim", "ncol"), (1, 2, 4, 6), span.kind)
    j = ast.Name(b.name(("j", "c", "col", "jj", "x0"), span.kind))
    rows = span.n.argument if type(span.n) is ast.Paren else span.n
    draw = b.rng.random()
    if draw < 0.4:
        effects.add_inputs(b, point := IterationPoint((i, j), (rows, cols), plain=True))
        return span.nest(
            *effects.make_body(b, point, b.pick((1, 1, 2)), b.pick((1, 1, 2))),
            inner=(Axis(j.id, ast.ZERO, cols),),
        )
    s = ast.Name(b.name(names.SUMS, b.kind))
    if draw < 0.7:
        k, depth = (
            ast.Name(b.name(("k", "l", "t0", "kk"), span.kind)),
            b.size(("K", "inner", "p", "depth"), (1, 3, 5), span.kind),
        )
        a, c = (
            b.array((rows, depth), wanted=("A", "a", "lhs", "X")),
            b.array((depth, cols), wanted=("B", "b", "rhs", "W")),
        )
        out = b.array((rows, cols), wanted=("C", "c", "out", "Y", "res"))
        b.parameter(out).written = True
        loop = ast.For(
            k.id,
            ast.ZERO,
            "<",
            depth,
            (make_assignment(s, ast.mul(ast.At(a, (i, k)), ast.At(c, (k, j))), "+="),),
            1,
            span.kind,
        )
        return span.nest(
            ast.Declare(b.kind, s.id, b.number(zero=True)),
            loop,
            make_assignment(ast.At(out, (i, j)), s),
            inner=(Axis(j.id, ast.ZERO, cols),),
        )
    x = ast.At(b.array((rows, cols), wanted=("A", "x", "mat", "data", "grid_in")), (i, j))
    weight = (
        ast.At(b.array((cols,), wanted=("v", "w", "y", "vec")), (j,)) if b.chance(0.5) else None
    )
    out = b.array((rows,), wanted=("out", "res", "y0", "sums", "r"))
    b.parameter(out).written = True
    step: tuple = make_assignment(s, ast.mul(x, weight) if weight else x, "+=")
    if weight is None and b.chance(0.5):
        step = ast.If(ast.compare(x, b.pick("<>"), s), (make_assignment(s, x),))
    loop = ast.For(j.id, ast.ZERO, "<", cols, (step,), 1, span.kind)
    begins = ast.At(x.array, (i, ast.ZERO)) if type(step) is ast.If else b.number(zero=True)
    return span.nest(ast.Declare(b.kind, s.id, begins), loop, make_assignment(ast.At(out, (i,)), s))


def pieces(b: Builder) -> Nest:
    """Draw a nest of one to three statements on the elements between two bounds. b: the builder
    that makes its parts.
    """
    span = Span(b)
    rows = span.n.argument if type(span.n) is ast.Paren else span.n
    point = IterationPoint((span.i,), (rows,), plain=True)
    effects.add_inputs(b, point)
    if b.chance(0.25):
        b.parameters.append(
            Parameter(
                b.name(("tid", "rank", "id", "thread_no"), "i32"), "scalar", "i32", values=(0, 1)
            )
        )
    return span.nest(*effects.make_body(b, point, b.pick((1, 1, 2, 3)), b.pick((1, 2, 2))))


MENU = ((transformed, 9), (products, 6), (mixed, 7), (parts_of_rows, 6), (pieces, 4))
