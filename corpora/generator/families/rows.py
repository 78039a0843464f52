"""Families with one row a thread and sequential loops inside: row sums, extremes, softmax-like
passes, scans.

python -c "from corpora.generator import generate; \\
    print(next(generate(1, 14)).programs['cuda'].text)"
"""

from __future__ import annotations

from corpora.generator.core import effects, expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.core.points import IterationPoint, make_output_place
from corpora.generator.families.grids import extents


class Row:
    """A row of a matrix, which one thread works on: parallel index `i` of `n`, inner index `j` of
    `m`. How elements are addressed is drawn.
    """

    def __init__(self, b: Builder) -> None:
        self.b = b
        self.n, self.m = extents(b, 2)
        if b.chance(0.08):
            self.m = ast.integer(b.pick((3, 4, 8, 10, 16)))
        self.i = ast.Name(b.name(names.LOOPS, "i32"))
        self.j = ast.Name(b.name(names.INNER, "i32"))
        self.axis = Axis(self.i.id, ast.ZERO, self.n)
        self.column = b.chance(0.25)
        self.made: tuple = ()
        self.base: ast.Name | None = None
        if b.chance(0.18) and not self.column:
            word = b.name(("base", "offset0", "row_start", "start0", "batchJump"), "i32")
            self.base = ast.Name(word)
            self.made = (ast.Declare("i32", word, ast.mul(self.i, self.m)),)

    def extents(self) -> tuple:
        """Return the extents of a matrix with these rows."""
        if self.base is not None:
            return (ast.mul(self.n, self.m),)
        return (self.m, self.n) if self.column else (self.n, self.m)

    def at(self, array: str, j: tuple) -> ast.At:
        """Return element `j` of this row in `array`."""
        if self.base is not None:
            return ast.At(array, (ast.add(self.base, j),))
        return ast.At(array, (j, self.i) if self.column else (self.i, j))

    def matrix(self, written: bool = False) -> str:
        """Add a matrix parameter of the main type with these rows, and return its name. written:
        the function writes it.
        """
        array = self.b.array(self.extents())
        self.b.parameter(array).written = written
        return array

    def loop(self, body: tuple, start: tuple = ast.ZERO) -> ast.For:
        """Return the inner loop over the row, from `start`."""
        return ast.For(self.j.id, start, "<", self.m, body)

    def output(self, kind: str | None = None, fill: str = "") -> ast.At:
        """Add an array with one element per row and return this row's. kind: element type; None:
        the main one. fill: rule for tests.
        """
        return make_output_place(
            self.b, IterationPoint((self.i,), (self.n,), plain=True), kind, fill
        )

    def nest(self, body: tuple) -> Nest:
        """Return a nest with one thread per row over `body`."""
        return Nest("", [], [Region((self.axis,), self.made + body)])


def row_sum(b: Builder) -> Nest:
    """Draw a nest with sums, means, norms or counts of each row. b: the builder that makes its
    parts.
    """
    row = Row(b)
    array = row.matrix()
    element = row.at(array, row.j)
    b.reads.append(element)
    if b.chance(0.35):
        b.reads.append(ast.At(b.array((row.m,)), (row.j,)))
    if b.chance(0.12):
        b.reads.append(row.at(row.matrix(), row.j))
    term = (
        element
        if b.chance(0.3)
        else ast.mul(element, b.reads[-1])
        if b.chance(0.5)
        else b.value(b.pick((1, 1, 2)))
    )
    place = row.output()
    if b.chance(0.25):
        first = (ast.Assign(place, "=", b.number(zero=True)),) if b.chance(0.6) else ()
        last = (
            (ast.Assign(place, b.pick(("/=", "*=")) if b.kind in FLOATS else "*=", row.m),)
            if b.chance(0.4)
            else ()
        )
        return row.nest((*first, row.loop((ast.Assign(place, "+=", term),)), *last))
    word = b.local(b.kind, names.SUMS)
    local = ast.Name(word)
    step: tuple = (ast.Assign(local, b.pick(("+=", "+=", "+=", "-=")), term),)
    if b.chance(0.2):
        part = b.local()
        step = (ast.Declare(b.kind, part, term), ast.Assign(local, "+=", ast.Name(part)))
    elif b.chance(0.2):
        step = (ast.If(b.condition(), step),)
    elif b.chance(0.1):
        step = (ast.If(b.condition(), (ast.Jump("continue"),)), *step)
    ending: tuple = local
    if b.chance(0.4):
        ending = ast.Binary("/", local, row.m) if b.chance(0.5) else ast.mul(local, b.scalar())
        if b.kind in FLOATS and b.chance(0.3):
            ending = ast.Call(b.function("sqrt"), (ast.Call(b.function("fabs"), (local,)),))
    final = ast.Assign(place, b.pick(("=", "=", "=", "+=")), ending)
    return row.nest((ast.Declare(b.kind, word, b.number(zero=True)), row.loop(step), final))


def row_extreme(b: Builder) -> Nest:
    """Draw a nest with the largest or smallest element of each row, its position, or the first
    match. b: the builder that makes its parts.
    """
    row = Row(b)
    array = row.matrix()
    element, op = row.at(array, row.j), b.pick(("<", ">"))
    if b.chance(0.2):
        return _search(b, row, element)
    best = ast.Name(b.local(b.kind, names.EXTREMES))
    start = (
        row.at(array, ast.ZERO)
        if b.chance(0.7)
        else b.number()
        if op == ">"
        else ast.Unary("-", b.number())
    )
    first = ast.ONE if type(start) is ast.At and b.chance(0.6) else ast.ZERO
    made: tuple = (ast.Declare(b.kind, best.id, start),)
    where = (
        ast.Name(b.name(("best_j", "arg", "pos_max", "which", "imax"), "i32"))
        if b.chance(0.5)
        else None
    )
    test = ast.compare(element, op, best)
    if where is not None:
        made += (ast.Declare("i32", where.id, ast.ZERO),)
        step: tuple = (
            ast.If(test, (ast.Assign(best, "=", element), ast.Assign(where, "=", row.j))),
        )
    elif b.chance(0.4):
        fn = (
            ("fmin" if op == "<" else "fmax")
            if b.kind in FLOATS and b.chance(0.6)
            else ("min" if op == "<" else "max")
        )
        step = (
            (ast.Assign(best, "=", ast.Call(fn, (best, element))),)
            if b._kind_of(best) == b.kind
            else ()
        )
    elif b.chance(0.3):
        step = (ast.Assign(best, "=", ast.Conditional(ast.Paren(test), element, best)),)
    else:
        step = (ast.If(test, (ast.Assign(best, "=", element),)),)
    ends: tuple = ()
    if where is not None:
        ends += (ast.Assign(row.output("i32", "constant(-1)"), "=", where),)
    if where is None or b.chance(0.4):
        ends += (ast.Assign(row.output(), "=", best),)
    return row.nest((*made, row.loop(step, first), *ends))


def _search(b: Builder, row: Row, element: ast.At) -> Nest:
    found = ast.Name(b.name(("found", "hit", "first_j", "pos_found"), "i32"))
    b.reads.append(element)
    step = (ast.If(b.condition(), (ast.Assign(found, "=", row.j), ast.Jump("break"))),)
    place = row.output("i32", "constant(-2)")
    return row.nest(
        (
            ast.Declare("i32", found.id, ast.integer(-1)),
            row.loop(step),
            ast.Assign(place, "=", found),
        )
    )


def row_passes(b: Builder) -> Nest:
    """Draw a nest with two or three passes over each row: statistics, then rewriting. b: the
    builder that makes its parts.
    """
    row = Row(b)
    array = row.matrix(written=True)
    element = row.at(array, row.j)
    separate = b.chance(0.35)
    target = row.at(row.matrix(written=True), row.j) if separate else element
    total = ast.Name(b.local(b.kind, names.SUMS))
    made: tuple = (ast.Declare(b.kind, total.id, b.number(zero=True)),)
    passes: tuple = ()
    if b.kind not in FLOATS:
        passes = (
            row.loop((ast.Assign(total, "+=", element),)),
            row.loop((ast.Assign(target, "=", ast.Binary(b.pick("+-"), element, total)),)),
        )
        return row.nest((*made, *passes))
    draw = b.rng.random()
    shifted = b.function("exp")
    if draw < 0.45:
        best = ast.Name(b.local(b.kind, names.EXTREMES))
        made = (
            ast.Declare(
                b.kind, best.id, row.at(array, ast.ZERO) if b.chance(0.5) else b.number(zero=True)
            ),
            *made,
        )
        fn = b.pick(("fmax", "max")) if b.chance(0.6) else ""
        seek = (
            ast.Assign(
                best, "=", ast.Call(fn, (element, best) if b.chance(0.5) else (best, element))
            )
            if fn
            else ast.If(ast.compare(element, ">", best), (ast.Assign(best, "=", element),))
        )
        if b.kind == "f32" and type(made[0].value) is ast.Literal:
            made = (
                ast.Declare(
                    "f32",
                    best.id,
                    ast.Literal("0.0f" if b.suffix else "0", "f32" if b.suffix else "i32"),
                ),
                made[1],
            )
        raised = ast.Call(shifted, (ast.sub(element, best),))
        passes = (
            row.loop((seek,)),
            row.loop((ast.Assign(target, "=", raised), ast.Assign(total, "+=", target))),
            row.loop((ast.Assign(target, "/=", total),)),
        )
    elif draw < 0.75:
        mean = ast.Assign(total, b.pick(("/=", "=")), row.m)
        mean = mean if mean.op == "/=" else ast.Assign(total, "=", ast.Binary("/", total, row.m))
        last = (
            ast.Assign(target, "=", ast.sub(element, total))
            if separate or b.chance(0.5)
            else ast.Assign(target, "-=", total)
        )
        passes = (row.loop((ast.Assign(total, "+=", element),)), mean, row.loop((last,)))
    else:
        square = ast.mul(element, element)
        norm = ast.Name(b.local(b.kind, ("norm", "inv_norm", "len_row", "scale_row")))
        root = ast.Call(b.function("sqrt"), (ast.add(total, b._same(b.number())),))
        value = ast.Binary("/", element, norm)
        passes = (
            row.loop((ast.Assign(total, "+=", square),)),
            ast.Declare(b.kind, norm.id, root),
            row.loop((ast.Assign(target, "=", value),)),
        )
    return row.nest((*made, *passes))


def row_scan(b: Builder) -> Nest:
    """Draw a nest with running sums or recurrences along each row. b: the builder that makes its
    parts.
    """
    row = Row(b)
    array = row.matrix()
    element = row.at(array, row.j)
    result = row.matrix(written=True)
    target = row.at(result, row.j)
    before = row.at(result, ast.sub(row.j, 1))
    draw = b.rng.random()
    if draw < 0.45:
        word = ast.Name(b.local(b.kind, names.SUMS))
        step = (ast.Assign(word, "+=", element), ast.Assign(target, "=", word))
        if b.chance(0.35):
            step = step[::-1]
        return row.nest((ast.Declare(b.kind, word.id, b.number(zero=True)), row.loop(step)))
    first = ast.Assign(row.at(result, ast.ZERO), "=", row.at(array, ast.ZERO))
    if draw < 0.75 or b.kind not in FLOATS:
        value = (
            ast.Binary(b.pick("+-"), before, element) if b.chance(0.5) else ast.add(element, before)
        )
    else:
        value = ast.add(
            ast.mul(ast.Literal(b.pick(("0.5", "0.25", "0.9")), "f64"), before),
            ast.mul(b.scalar(), element),
        )
    return row.nest((first, row.loop((ast.Assign(target, "=", value),), ast.ONE)))


def row_elements(b: Builder) -> Nest:
    """Draw a nest with one row per thread although the elements are independent. b: the builder
    that makes its parts.
    """
    row = Row(b)
    places = [row.at(row.matrix(), row.j)]
    if b.chance(0.5):
        places.append(ast.At(b.array((row.m,)), (row.j,)))
    if b.chance(0.4):
        places.append(ast.At(b.array((row.n,)), (row.i,)))
    b.reads += places
    target = row.at(row.matrix(written=True), row.j)
    step: tuple = (ast.Assign(target, b.pick(("=", "=", "=", "+=")), b.value(b.pick((1, 1, 2)))),)
    if b.chance(0.2):
        step = (ast.If(b.condition(), step),)
    if b.chance(0.25) and b.kind in FLOATS and row.base is None and not row.column:
        return _view(b, row, step)
    return row.nest((row.loop(step),))


def _view(b: Builder, row: Row, step: tuple) -> Nest:
    """The row through a local pointer."""
    source = next((r for r in b.reads if r.subscripts == (row.i, row.j)), None)
    word = b.name(("row_ptr", "p_row", "line", "cur_row"), b.kind)
    b.reads = [ast.At(word, (row.j,))]
    const = False
    made = ast.DeclarePointer(b.kind, word, source.array, ast.mul(row.i, row.m), const)
    b.parameter(source.array).written = True  # the view is not const, so neither is the array
    target = step[0].target if type(step[0]) is ast.Assign else step[0].then[0].target
    return row.nest(
        (
            made,
            row.loop(
                (
                    ast.Assign(target, "=", b.value(1)),
                    ast.Assign(ast.At(word, (row.j,)), b.pick(("*=", "+=")), b.number()),
                )
            ),
        )
    )


def strided_columns(b: Builder) -> Nest:
    """Draw a nest with a loop of effects inside each thread's own loop. b: the builder that makes
    its parts.
    """
    n, m = extents(b, 2)
    i, j = ast.Name(b.name(names.LOOPS, "i32")), ast.Name(b.name(names.INNER, "i32"))
    point = IterationPoint((i, j), (n, m), plain=True)
    effects.add_inputs(b, point)
    inner = effects.make_body(b, point, b.pick((1, 1, 2)), 2)
    return Nest(
        "", [], [Region((Axis(i.id, ast.ZERO, n),), (ast.For(j.id, ast.ZERO, "<", m, inner),))]
    )
