"""Families of sparse rows: loops over a vertex's edges for sums, the best of them or a search, and
links followed.

Contract: as for the other families. What reads old values while new ones are written has an array
for each, so that the order of the vertices does not matter.

    python -c "from corpora.generator import generate; \\
        print(next(c for c in generate(900, 4, 'broad') if 'row_ptr' in str(c)))"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region

VERTICES = tuple(
    "n num_nodes nv vertices V numVertices rows nodes n_rows count nn num_rows".split()
)
_VERTEX = tuple("v i u r node tid row idx vid s0 me".split())
_EDGE = tuple("e j k ei p jj k0 pos at t".split())
_STARTS = tuple(
    "row_ptr ptr offsets row rowStart xadj starts row_offsets begin_of rpt first".split()
)
_ENDS = tuple("col col_idx adj adjncy columns to nbr neighbors cols indices dest edges_to".split())
COSTS = tuple("w weight val cost vals length dist_e values capacity coef".split())
STATES = tuple(
    "level label color dist rank value state part comp x best_of deg mark potential seen "
    "front group_of".split()
)
NEXT = tuple(
    "next next_dist out new_label result y rank_new next_level acc_out found_at out_deg "
    "hits dst conflict".split()
)
_BEST = tuple("best lo nearest_d top smallest minimum m0 d_min largest".split())


class _Rows:
    """Vertices 0 … n - 1 with edges ptr[v] … ptr[v + 1] - 1, whose other ends are col[e]."""

    def __init__(self, b: Builder) -> None:
        self.b = b
        self.n = b.size(VERTICES, (1, 3, 6, 10))
        self.v, self.e = ast.Name(b.name(_VERTEX, "i32")), ast.Name(b.name(_EDGE, "i32"))
        self.axis = Axis(self.v.id, ast.ZERO, self.n)
        self.edges = ast.mul(self.n, 3)
        self.starts = b.array((ast.add(self.n, 1),), "i32", f"sorted(0,{self.n.id}*3)", _STARTS)
        self.ends = b.array((self.edges,), "i32", f"indices({self.n.id})", _ENDS)
        self.first, self.last = (
            ast.At(self.starts, (self.v,)),
            ast.At(self.starts, (ast.add(self.v, 1),)),
        )
        self.made: tuple = ()
        if b.chance(0.35):
            words = (
                ("begin", "start", "lo", "row_begin", "e0"),
                ("end", "stop", "hi", "row_end", "e1"),
            )
            lo, hi = (ast.Name(b.name(w, "i32")) for w in words)
            const = b.chance(0.15)
            self.made = (
                ast.Declare("i32", lo.id, self.first, const),
                ast.Declare("i32", hi.id, self.last, const),
            )
            self.first, self.last = lo, hi
        end: tuple = ast.At(self.ends, (self.e,))
        self.inner: tuple = ()
        if b.chance(0.45):
            word = ast.Name(b.name(("w0", "other", "nb", "c", "dst_v", "q", "peer", "z"), "i32"))
            self.inner, end = (ast.Declare("i32", word.id, end),), word
        self.end = end

    def of(
        self,
        index: tuple,
        kind: str | None = None,
        fill: str = "",
        array: str = "",
        written: bool = False,
    ) -> ast.At:
        """An element of an array with one entry a vertex, new unless named."""
        array = array or self.b.array((self.n,), kind, fill, NEXT if written else STATES)
        self.b.parameter(array).written |= written
        return ast.At(array, (index,))

    def cost(self) -> ast.At:
        return ast.At(
            self.b.array(
                (self.edges,), self.b.kind, "integers(1,9)" if self.b.kind == "i32" else "", COSTS
            ),
            (self.e,),
        )

    def loop(self, *body: tuple) -> ast.For:
        return ast.For(self.e.id, self.first, "<", self.last, (*self.inner, *body))

    def nest(self, *body: tuple) -> Nest:
        return Nest("", [], [Region((self.axis,), (*self.made, *body))])


def gathered_sum(b: Builder) -> Nest:
    """Draw a nest that sums over a vertex's edges: products, means, ranks. b: the builder that
    makes its parts.
    """
    rows = _Rows(b)
    other = rows.of(rows.end)
    mine = rows.of(rows.v, array=other.array)
    total = ast.Name(b.name(names.SUMS, b.kind))
    draw = b.rng.random()
    term: tuple = other
    if 0.25 <= draw < 0.6:
        term = ast.mul(rows.cost(), other)
    elif 0.6 <= draw < 0.75:
        term = ast.sub(other, mine)
    elif draw >= 0.75 and b.kind in FLOATS:  # shared among the other's edges
        term = ast.Binary("/", other, rows.of(rows.end, "i32", "integers(1,6)"))
    op = b.pick(("+=", "+=", "+=", "-="))
    test = ast.compare(rows.end, b.pick(("!=", "<", ">")), rows.v) if b.chance(0.2) else None
    step: tuple = ast.Assign(total, op, term)
    step = step if test is None else ast.If(test, (step,))
    value: tuple = total
    ending = b.rng.random()
    if ending < 0.25 and b.kind in FLOATS:
        one = b._same(ast.Literal("1.0", "f64"))
        damp = b.scalar()
        value = ast.add(
            ast.Binary("/", ast.Paren(ast.sub(one, damp)), rows.n), ast.mul(damp, total)
        )
    elif ending < 0.45 and b.kind in FLOATS:
        return _mean(rows, total, step, mine)
    elif ending < 0.6:
        scaled = ast.add(mine, ast.mul(b.scalar(), total))
        value = b.pick((scaled, ast.sub(total, mine), ast.add(ast.mul(b.scalar(), total), mine)))
    if b.chance(0.25) and value == total:
        place = rows.of(rows.v, written=True)
        added: tuple = ast.Assign(place, "+=", term)
        added = added if test is None else ast.If(test, (added,))
        return rows.nest(ast.Assign(place, "=", b.number(zero=True)), rows.loop(added))
    store = ast.Assign(rows.of(rows.v, written=True), b.pick(("=", "=", "=", "+=")), value)
    zero = b.number(zero=True) if b.chance(0.5) else ast.ZERO
    return rows.nest(ast.Declare(b.kind, total.id, zero), rows.loop(step), store)


def _mean(rows: _Rows, total: ast.Name, step: tuple, mine: ast.At) -> Nest:
    """The sum by the number of edges, or something else where there are none."""
    b, degree = rows.b, ast.Name(rows.b.name(("deg", "d0", "cnt", "n_edges", "degree"), "i32"))
    share = ast.Binary("/", total, degree)
    value = ast.Conditional(
        ast.compare(degree, ">", ast.ZERO), share, ast.ZERO if b.chance(0.5) else mine, True
    )
    made = ast.Declare("i32", degree.id, ast.sub(rows.last, rows.first))
    store = ast.Assign(rows.of(rows.v, written=True), "=", value)
    return rows.nest(ast.Declare(b.kind, total.id, ast.ZERO), rows.loop(step), made, store)


def best_edge(b: Builder) -> Nest:
    """Draw a nest that finds the cheapest, largest or nearest of a vertex's edges and where it
    leads. b: the builder that makes its parts.
    """
    rows = _Rows(b)
    least, best = b.chance(0.7), ast.Name(b.name(_BEST, b.kind))
    draw = b.rng.random()
    mine: tuple = ()
    if draw < 0.35:
        value: tuple = rows.cost()
    else:
        other = rows.of(rows.end)
        mine, value = (
            rows.of(rows.v, array=other.array),
            other if draw < 0.6 else ast.add(other, rows.cost()),
        )
    start = mine if mine and b.chance(0.6) else _beyond(b, least)
    made: tuple = (ast.Declare(b.kind, best.id, start),)
    inside: tuple = ()
    if type(value) is ast.Binary and b.chance(0.75):
        word = ast.Name(b.name(("d", "alt", "cand", "through", "t0", "via_d"), b.kind))
        inside, value = (ast.Declare(b.kind, word.id, value),), word
    test, change = ast.compare(value, "<" if least else ">", best), (ast.Assign(best, "=", value),)
    if b.chance(0.15):
        test = ast.conjunction(ast.compare(rows.end, "!=", rows.v), test)
    ends: tuple = ()
    if b.chance(0.5):
        where = ast.Name(b.name(("arg", "who", "best_e", "pick0", "via", "parent_v"), "i32"))
        made += (ast.Declare("i32", where.id, ast.integer(-1) if b.chance(0.7) else rows.v),)
        change += (ast.Assign(where, "=", rows.e if b.chance(0.4) else rows.end),)
        ends = (ast.Assign(rows.of(rows.v, "i32", "constant(-2)", written=True), "=", where),)
    if not ends or b.chance(0.5):
        ends = (*ends, ast.Assign(rows.of(rows.v, written=True), "=", best))
    step: tuple = ast.If(test, change)
    if len(change) == 1 and b.chance(0.2):
        step = ast.Assign(best, "=", ast.Conditional(test, value, best))
    return rows.nest(*made, rows.loop(*inside, step), *ends)


def _beyond(b: Builder, above: bool) -> tuple:
    """A constant above (or below) whatever the suite holds."""
    if b.kind in FLOATS:
        value = b._same(ast.Literal(b.pick(("1e9", "1e30", "1e20")), "f64"))
        return value if above else ast.Unary("-", value)
    value = ast.integer(b.pick((999, 1000000, 2147483647)))
    return value if above else ast.Unary("-", ast.integer(99))


def visited(b: Builder) -> Nest:
    """Draw a nest that counts edges that pass a test, finds the first, or makes a step of a
    breadth-first search. b: the builder that makes its parts.
    """
    rows = _Rows(b)
    kind, fill = b.pick(
        (
            ("i32", "integers(-1,3)"),
            ("i32", "integers(0,2)"),
            ("u8", "integers(0,1)"),
            ("bool", "integers(0,1)"),
            ("i32", "integers(0,5)"),
        )
    )
    other = rows.of(rows.end, kind, fill)
    mine = rows.of(rows.v, array=other.array)
    small = ast.integer(b.pick((0, 1)))
    limit: tuple = small
    if kind == "i32" and not b.chance(0.4):
        limit = b.size(("depth", "cur_level", "limit", "wanted", "d_now"), (0, 1, 2))
    same, of_limit = (
        ast.compare(other, "==", mine),
        ast.compare(other, b.pick(("==", "!=", "<", ">")), limit),
    )
    apart = ast.conjunction(ast.compare(rows.end, b.pick(("<", "!=", ">")), rows.v), same)
    test: tuple = b.pick((same, of_limit, apart, ast.compare(other, ">", mine)))
    if kind in ("bool", "u8") and b.chance(0.6):
        test = b.pick((other, ast.Unary("!", other)))
    first: tuple = ()
    if b.chance(0.4):
        leave = (
            ast.compare(mine, b.pick(("!=", "<", ">")), limit)
            if kind == "i32"
            else b.pick((mine, ast.Unary("!", mine)))
        )
        first = (ast.If(leave, (ast.Jump("continue"),)),)
    if b.chance(0.5):
        return _edges_counted(rows, first, test)
    place = rows.of(rows.v, "i32", "integers(-1,2)", written=True)
    value = (
        b.pick((ast.ONE, ast.add(limit, 1), rows.end, rows.e))
        if limit != small
        else b.pick((ast.ONE, rows.end))
    )
    change = (ast.Assign(place, "=", value), ast.Jump("break"))
    before = (ast.Assign(place, "=", b.pick((ast.ZERO, ast.integer(-1)))),) if b.chance(0.5) else ()
    return rows.nest(*first, *before, rows.loop(ast.If(test, change)))


def _edges_counted(rows: _Rows, first: tuple, test: tuple) -> Nest:
    """How many of a vertex's edges meet the test, after the statements `first`."""
    b, word = (
        rows.b,
        ast.Name(
            rows.b.name(("cnt", "hits0", "same", "c1", "num_same", "clash", "matched"), "i32")
        ),
    )
    place = rows.of(
        rows.v,
        b.pick(("i32", "i32", "u8")) if b.chance(0.3) else "i32",
        "constant(7)",
        written=True,
    )
    step: tuple = ast.If(test, (ast.Assign(word, "+=", ast.ONE),))
    if not b.chance(0.75):
        step = ast.Assign(word, "+=", ast.Conditional(test, ast.ONE, ast.ZERO))
    store = ast.Assign(place, "=" if first else b.pick(("=", "=", "+=")), word)
    return rows.nest(*first, ast.Declare("i32", word.id, ast.ZERO), rows.loop(step), store)


def followed(b: Builder) -> Nest:
    """Draw a nest that follows links from every vertex, a few steps or to a root. b: the builder
    that makes its parts.
    """
    n, draw = b.size(VERTICES, (1, 3, 6, 12)), b.rng.random()
    i = ast.Name(b.name(_VERTEX, "i32"))
    if draw < 0.5:
        body = _padded_row(b, n, i)
    else:
        parent = b.array(
            (n,), "i32", f"indices({n.id})", ("parent", "link", "next_of", "p", "comp", "root_of")
        )
        out = b.array(
            (n,), "i32", "constant(-1)", ("out", "root", "jumped", "final_of", "depth_of")
        )
        b.parameter(out).written = True
        place = ast.At(out, (i,))
        if draw < 0.62:
            body = (ast.Assign(place, "=", ast.At(parent, (ast.At(parent, (i,)),))),)
        else:
            body = _links_followed(b, i, parent, place)
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, n),), body)])


def _padded_row(b: Builder, n: ast.Name, i: ast.Name) -> tuple:
    """A sparse row as long as all others: a negative column fills it up."""
    width = b.size(("width", "max_nnz", "K", "per_row", "slots"), (1, 2, 4))
    k = ast.Name(b.name(names.INNER, "i32"))
    order = (i, k) if b.chance(0.6) else (k, i)
    sides = (n, width) if order[0] == i else (width, n)
    columns = ast.At(
        b.array(sides, "i32", "integers(-1,0)", ("cols", "idx_ell", "col", "nbrs")), order
    )
    values = ast.At(b.array(sides, None, "", COSTS), order)
    x = b.array((n,), None, "", ("x", "vec", "rhs", "state"))
    c, total = (
        ast.Name(b.name(("c", "col_k", "jcol", "q"), "i32")),
        ast.Name(b.name(names.SUMS, b.kind)),
    )
    added = ast.Assign(total, "+=", ast.mul(values, ast.At(x, (c,))))
    if b.chance(0.5):
        steps: tuple = (
            ast.If(ast.compare(c, "<", ast.ZERO), (ast.Jump(b.pick(("continue", "break"))),)),
            added,
        )
    else:
        steps = (ast.If(ast.compare(c, ">=", ast.ZERO), (added,)),)
    out = b.array((n,), None, "", NEXT)
    b.parameter(out).written = True
    loop = ast.For(k.id, ast.ZERO, "<", width, (ast.Declare("i32", c.id, columns), *steps))
    return ast.Declare(b.kind, total.id, ast.ZERO), loop, ast.Assign(ast.At(out, (i,)), "=", total)


def _links_followed(b: Builder, i: ast.Name, parent: str, place: ast.At) -> tuple:
    """Steps along links, at most so many, perhaps ending where a link leads to itself."""
    at = ast.Name(b.name(("cur", "at", "r", "pos", "x0"), "i32"))
    steps = ast.Name(b.name(("hops", "s", "t", "depth", "k"), "i32"))
    if b.chance(0.6):
        limit: tuple = b.size(("limit", "max_hops", "steps", "times"), (0, 1, 3, 8))
    else:
        limit = ast.integer(b.pick((4, 8, 10, 32)))
    move, made = ast.Assign(at, "=", ast.At(parent, (at,))), ast.Declare("i32", at.id, i)
    if b.chance(0.4):
        return made, ast.For(steps.id, ast.ZERO, "<", limit, (move,)), ast.Assign(place, "=", at)
    test = ast.conjunction(
        ast.compare(ast.At(parent, (at,)), "!=", at), ast.compare(steps, "<", limit)
    )
    loop = ast.While(test, (move, ast.Assign(steps, "+=", ast.ONE)))
    store = ast.Assign(place, "=", b.pick((at, steps, at)))
    return made, ast.Declare("i32", steps.id, ast.ZERO), loop, store
