"""Families whose one loop must run in order: recurrences, running values, values gathered in a
local and then stored.

Contract: as for the other families, but the nests are `sequential`: every one carries something
from iteration to iteration that no atomic operation mends. Integers stay small on the suite's
values, whatever is carried.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(300, 4, 'broad') if 'openmp' not in c.programs][0])"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder, choose_default_fill
from corpora.generator.core.nest import Nest, Parameter, Region
from corpora.generator.core.one_thread import make_constant

_LENGTHS = (1, 2, 3, 5, 7, 12, 20, 33)
_CONSTANTS = (4, 8, 10, 16, 20, 32, 50, 64, 100, 128, 256, 347, 500, 1000, 1024)
_RATES = tuple("alpha beta decay rho0 lambda_ momentum0 w0 damp omega smooth forget".split())
CELLS = tuple(
    "out result res total sum_out d_sum answer stats acc_out dev_out ret mean_out norm_out "
    "red value_out h_out".split()
)
EXTREMES = names.EXTREMES + tuple("m mx mn vmax vmin cur_max lowest highest".split())
COUNTERS = tuple("count cnt num_hits c0 nz found_n hits howmany tally".split())
PLACES = tuple("pos where imax best_i arg loc_i ind max_idx at0 winner".split())


class Course:
    """One sequential loop over `i` of `n`, and the arrays it passes. least: the smallest `n` in
    tests. signed: the counter is signed. odd: element types beyond the three usual ones may be
    drawn.
    """

    def __init__(self, b: Builder, least: int = 1, signed: bool = False, odd: bool = True) -> None:
        self.b = b
        if odd and b.chance(0.08):
            b.kind, b.suffix = b.pick(("i64", "u32", "u32")), False
        draw = b.rng.random()
        self.kind = "i32" if signed or draw < 0.88 else b.pick(("i64", "u32", "u32", "u64"))
        if b.chance(0.06):
            self.n: tuple = ast.integer(b.pick(_CONSTANTS))
        else:
            self.n = b.size(names.SIZES, tuple(v for v in _LENGTHS if v >= least), self.kind)
        self.i = ast.Name(b.name(names.LOOPS, self.kind))
        self.whiled = b.chance(0.06)
        """The loop is spelled `while`; once a function."""

    def source(
        self, kind: str | None = None, fill: str = "", wanted: tuple = names.ARRAYS
    ) -> ast.At:
        """Add an array and return this iteration's element, which may be read from now on. kind:
        element type; None: the main one. fill: rule for tests. wanted: names to choose from.
        """
        place = ast.At(self.b.array((self.n,), kind, fill, wanted), (self.i,))
        self.b.reads.append(place)
        return place

    def sources(self, counts: tuple[int, ...] = (1, 1, 2, 3)) -> list[ast.At]:
        """Add several arrays and return this iteration's element of each. counts: the numbers to
        choose from.
        """
        return [self.source() for _ in range(self.b.pick(counts))]

    def target(
        self, kind: str | None = None, extents: tuple = (), wanted: tuple = names.ARRAYS
    ) -> str:
        """Add an array that is written and return its name. kind: element type; None: the main one.
        extents: () means `n`. wanted: names to choose from.
        """
        word = self.b.array(
            extents or (self.n,), kind, choose_default_fill(kind or self.b.kind), wanted
        )
        self.b.parameter(word).written = True
        return word

    def term(self) -> tuple:
        """Return a value made of what this iteration reads."""
        b = self.b
        made = (
            b.read()
            if b.chance(0.45)
            else b.value(b.pick((1, 1, 2)), self.i if b.chance(0.15) else None)
        )
        return made if any(type(n) is ast.At for n in ast.walk(made)) else b.read()

    def test(self, index: bool = True) -> tuple:
        """Return a condition that test data are likely to meet. index: it may use the loop's
        variable.
        """
        b = self.b
        for _ in range(4):
            made = b.condition(self.i if index else None)
            if not any(
                type(n) is ast.Binary and n.op == "==" and b._kind_of(n.left) in FLOATS
                for n in ast.walk(made)
            ):
                break
        return made

    def loop(self, body: tuple, start: tuple = ast.ZERO, stop: tuple | None = None) -> tuple:
        """Return the loop over `body` from `start` to `stop` (None: `n`), sometimes with an
        unrelated statement.
        """
        b, stop = self.b, stop or self.n
        if b.chance(0.12) and b.reads:
            other = (
                ast.Assign(ast.At(self.target(), (self.i,)), b.pick(("=", "=", "+=")), self.term()),
            )
            body = other + body if b.chance(0.5) else body + other if not _jumps(body) else body
        if self.whiled and not _jumps(body):
            self.whiled = False
            step = ast.Assign(self.i, "+=", ast.ONE)
            return (
                ast.Declare(self.kind, self.i.id, start),
                ast.While(ast.compare(self.i, "<", stop), (*body, step)),
            )
        return (ast.For(self.i.id, start, "<", stop, body, 1, self.kind),)

    def nest(self, *body: tuple) -> Nest:
        """Return a nest of these statements, which one thread runs."""
        if self.b.chance(0.04) and type(self.n) is ast.Name:
            body = (
                ast.If(
                    ast.compare(self.n, "<=" if self.kind[0] == "i" else "==", ast.ZERO),
                    (ast.Jump("return"),),
                ),
                *body,
            )
        return Nest("", [], [Region((), body)], sequential=True, index_type=self.kind)


def _jumps(body: tuple) -> bool:
    return any(type(s) is ast.Jump for s in ast.walk_statements(body))


def cell(b: Builder, kind: str | None = None, wanted: tuple = CELLS) -> ast.At:
    """Add an array of one element for a result and return that element. kind: element type; None:
    the main one. wanted: names to choose from. It starts at 77.
    """
    word = b.array((ast.ONE,), kind, "constant(77)", wanted)
    b.parameter(word).written = True
    return ast.At(word, (ast.ZERO,))


def rate(b: Builder) -> tuple:
    """Return a factor of at most one, a constant or a new scalar, so that what is carried stays
    bounded.
    """
    if b.chance(0.5):
        word = b.name(_RATES, b.kind)
        b.parameters.append(Parameter(word, "scalar", b.kind, values=(0.5, 0.25, 0.9, 0.75, 1.0)))
        return ast.Name(word)
    return make_constant(
        b, b.pick(("0.5", "0.9", "0.25", "0.1", "0.99", "0.75", "0.8", "0.05", ".5"))
    )


def joined(b: Builder, last: tuple, term: tuple) -> tuple:
    """Return the next value from `last`, the one before, and `term`, what is read now. Integers
    stay small.
    """
    draw = b.rng.randrange(13)
    total = ast.add(last, term) if b.chance(0.7) else ast.add(term, last)
    if b.kind not in FLOATS:
        if draw < 5:
            return total
        return b.pick(
            (
                ast.sub(term, last),
                ast.Binary(
                    "%", ast.Paren(total), ast.integer(b.pick((7, 10, 16, 97, 100, 1000, 255)))
                ),
                ast.add(ast.Binary("/", last, ast.TWO), term),
                ast.Binary("^", last, ast.Paren(term)),
                ast.Conditional(ast.compare(last, b.pick("<>"), term), last, term),
            )
        )
    if draw < 4:
        return total
    same, other, r = b._kind_of(term) == b.kind, ast.Paren(ast.sub(term, last)), rate(b)
    if draw < 6:
        one = (
            ast.ONE
            if b.chance(0.5)
            else ast.Literal("1.0f" if b.suffix else "1.0", b.kind if b.suffix else "f64")
        )
        parts = (ast.mul(r, last), ast.mul(ast.Paren(ast.sub(one, r)), term))
        return ast.add(*(parts if b.chance(0.5) else parts[::-1]))
    if draw == 6 and same:
        return ast.Call(
            b.pick((b.function("fmax"), b.function("fmin"), "max", "min")),
            (last, term) if b.chance(0.5) else (term, last),
        )
    return b.pick(
        (
            ast.sub(term, last),
            ast.add(ast.mul(r, last), term),
            ast.add(ast.mul(last, r), term),
            ast.sub(term, ast.mul(r, last)),
            ast.add(last, ast.mul(r, other)),
            ast.mul(ast.Paren(total), r),
            ast.Binary("/", ast.Paren(total), ast.TWO),
            ast.mul(last, term),
        )
    )


# --- (a) elements made of earlier elements
# ------------------------------------------------------------------------


def recurrence(b: Builder) -> Nest:
    """Draw a nest with a recurrence `a[i] = f(a[i - 1], x[i])` of one or two terms. b: the builder
    that makes its parts.
    """
    c = Course(b, 3, signed=True)
    beside = c.sources((0, 1, 1, 1, 2, 2))
    word = c.target()
    n, i, down = c.n, c.i, b.chance(0.25)
    if b.chance(0.14):
        return _moved(c, word, down)
    far = b.pick((1, 1, 1, 1, 1, 1, 2, 2, 3))
    two, ahead = far == 1 and b.chance(0.2), b.chance(0.18)
    sign = 1 if down else -1
    here, last = (far, 0) if ahead and not down else (-far, 0) if ahead else (0, sign * far)
    place = ast.At(word, (ast.add(i, here) if here else i,))
    before = ast.At(word, (ast.add(i, last) if last else i,))
    if ahead:
        b.reads = [ast.At(p.array, place.subscripts) if b.chance(0.7) else p for p in b.reads]
    old: tuple = before
    if two:
        older = ast.At(word, (ast.add(i, last + sign),))
        old = _pair(b, before, older)
    term = c.term() if beside and b.chance(0.85) else place
    inside = (
        (ast.Assign(place, "+=", old),)
        if term == place and b.chance(0.4)
        else (ast.Assign(place, "=", joined(b, old, term)),)
    )
    if b.chance(0.12) and beside:
        inside = (
            ast.If(
                c.test(),
                inside,
                (ast.Assign(place, "=", term),) if term != place and b.chance(0.6) else (),
            ),
        )
    reach = far + two
    if down:
        first = (
            ast.sub(n, 1) if ahead and not two else ast.sub(n, reach + 1 if not ahead else 1 + two)
        )
        loop = ast.For(
            i.id,
            first,
            ">" if ahead and far == 1 else ">=",
            ast.ZERO if far == 1 or not ahead else ast.integer(far),
            inside,
            -1,
        )
        return c.nest(*_heads(c, word, reach, True), loop)
    start, stop = (ast.integer(int(two)), ast.sub(n, far)) if ahead else (ast.integer(reach), n)
    if reach == 1 and not ahead and b.chance(0.15):  # the first element inside the loop
        head = ast.Assign(place, "=", b.number(zero=True) if term == place else term)
        return c.nest(*c.loop((ast.If(ast.compare(i, "==", ast.ZERO), (head,), inside),)))
    return c.nest(*_heads(c, word, reach, False), *c.loop(inside, start, stop))


def _pair(b: Builder, first: tuple, second: tuple) -> tuple:
    if b.kind not in FLOATS:
        return ast.Binary(
            "%",
            ast.Paren(b.pick((ast.add, ast.sub))(first, second)),
            ast.integer(b.pick((10, 100, 1000, 7, 97))),
        )
    halves = (
        ast.Paren(ast.mul(rate(b), ast.Paren(ast.add(first, second)))),
        ast.Paren(ast.sub(ast.mul(rate(b), first), ast.mul(rate(b), second))),
    )
    return b.pick(halves)


def _heads(c: Course, word: str, count: int, down: bool) -> tuple:
    """The first elements (the last ones for a loop that goes down), set before the loop or
    given.
    """
    b = c.b
    if b.chance(0.4):
        return ()
    own = [
        p
        for p in b.parameters
        if p.kind == "array"
        and p.type == b.kind
        and p.extents == (c.n,)
        and p.name != word
        and not p.written
    ]
    made = []
    for k in range(count):
        where = (ast.sub(c.n, k + 1) if down else ast.integer(k),)
        value = (
            ast.At(own[0].name, where) if own and b.chance(0.6) else b.number(zero=b.chance(0.5))
        )
        made.append(ast.Assign(ast.At(word, where), "=", value))
    return tuple(made)


def _moved(c: Course, word: str, down: bool) -> Nest:
    """Elements moved or mixed by one place within one array: each iteration undoes what the next
    would read.
    """
    b, i = c.b, c.i
    here, there = ast.At(word, (i,)), ast.At(word, (ast.sub(i, 1) if down else ast.add(i, 1),))
    value: tuple = there
    if b.chance(0.4):
        value = joined(b, there, here) if b.chance(0.5) else ast.add(there, c.term())
    inside: tuple = (
        ast.Assign(here, b.pick(("=", "=", "=", "+=")) if value == there else "=", value),
    )
    saved = ast.Name(b.local(b.kind, ("first", "t0", "tmp", "hold", "wrap")))
    if down:
        loop: tuple = (ast.For(i.id, ast.sub(c.n, 1), ">", ast.ZERO, inside, -1),)
    else:
        loop = c.loop(inside, ast.ZERO, ast.sub(c.n, 1))
    if b.chance(0.5):
        return c.nest(*loop)
    ends = (ast.At(word, (ast.sub(c.n, 1),)), ast.At(word, (ast.ZERO,)))
    source, end = ends if down else ends[::-1]
    return c.nest(ast.Declare(b.kind, saved.id, source), *loop, ast.Assign(end, "=", saved))


# --- (b) running values
# ------------------------------------------------------------------------------------------


def running(b: Builder) -> Nest:
    """Draw a nest with a running value that is stored at every step. b: the builder that makes its
    parts.
    """
    c = Course(b)
    first = c.sources()[0]
    draw = b.rng.random()
    if draw < 0.16:
        word = ast.Name(b.name(COUNTERS, "i32"))
        step: tuple = (ast.If(c.test(False), (ast.Assign(word, "+=", ast.ONE),)),)
        start, place = ast.ZERO, ast.At(c.target("i32"), (c.i,))
    else:
        kind = "f64" if b.kind == "f32" and b.chance(0.1) else b.kind
        word = ast.Name(b.name(names.SUMS + names.LOCALS, kind))
        start, step = _step(c, word, first)
        place = ast.At(c.target(), (c.i,))
    value: tuple = word
    if b.kind in FLOATS and draw > 0.16 and b.chance(0.2):
        value = b.pick(
            (
                ast.Binary("/", word, ast.Paren(ast.add(c.i, 1))),
                ast.mul(word, b.number()),
                ast.sub(first, word),
            )
        )
    write: tuple = (ast.Assign(place, b.pick(("=", "=", "=", "=", "+=")), value),)
    own = value == word and b.chance(0.15) and b.types[word.id] == b.types[first.array]
    if own:  # in place, by way of a local
        held = ast.Name(b.local(b.kind))
        b.parameter(first.array).written = True
        step = (ast.Assign(word, "+=", held),)
        return c.nest(
            ast.Declare(b.types[word.id], word.id, start),
            *c.loop((ast.Declare(b.kind, held.id, first), ast.Assign(first, "=", word), *step)),
        )
    if b.chance(0.15):
        step += (
            ast.If(
                c.test(),
                (
                    ast.Assign(
                        word, "=", start if type(start) is ast.Literal else b.number(zero=True)
                    ),
                ),
            ),
        )
    inside = write + step if b.chance(0.25) else step + write
    ends = (ast.Assign(cell(b, b.types[word.id]), "=", word),) if b.chance(0.12) else ()
    return c.nest(ast.Declare(b.types[word.id], word.id, start), *c.loop(inside), *ends)


def _step(c: Course, word: ast.Name, first: ast.At) -> tuple[tuple, tuple]:
    """How a running value starts and changes."""
    b, draw, term = c.b, c.b.rng.random(), c.term()
    if draw < 0.35:
        step = ast.Assign(word, b.pick(("+=", "+=", "+=", "-=")), term)
        return b.number(zero=True), (ast.If(c.test(), (step,)),) if b.chance(0.2) else (step,)
    if draw < 0.45 and b.kind in (*FLOATS, "u32"):
        return ast.ONE, (ast.Assign(word, "*=", term),)
    if draw < 0.65:
        start = ast.At(first.array, (ast.ZERO,)) if b.chance(0.6) else b.number(zero=True)
        return start, (better(b, word, first, b.pick("<>")),)
    start = (
        b.number(zero=True)
        if b.chance(0.7)
        else ast.At(first.array, (ast.ZERO,))
        if b.chance(0.5)
        else b.scalar()
    )
    return start, (ast.Assign(word, "=", joined(b, word, term)),)


def better(b: Builder, word: ast.Name, value: tuple, op: str) -> tuple:
    """Return a statement that sets `word` to `value` if that is larger (op `>`) or smaller
    (`<`).
    """
    if b.types[word.id] == b._kind_of(value) and b.chance(0.3):
        base = "max" if op == ">" else "min"
        fn = b.function("f" + base) if b.kind in FLOATS and b.chance(0.6) else base
        return ast.Assign(
            word, "=", ast.Call(fn, (word, value) if b.chance(0.5) else (value, word))
        )
    if b.chance(0.2):
        test = ast.compare(value, op, word)
        return ast.Assign(
            word, "=", ast.Conditional(ast.Paren(test) if b.chance(0.5) else test, value, word)
        )
    test = (
        ast.compare(value, op, word)
        if b.chance(0.75)
        else ast.compare(word, "<" if op == ">" else ">", value)
    )
    return ast.If(test, (ast.Assign(word, "=", value),))
