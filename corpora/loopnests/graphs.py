"""Families of graphs and sparse rows: loops over a vertex's edges, edges with shared ends, adjacency matrices, links followed.

Contract: as for the other families. What several edges may write is updated atomically; what reads old values while new ones are
written has an array for each, so that the order of the vertices does not matter.

    python -c "from corpora.loopnests import generate; print([c for c in generate(400, 4, 'broad') if 'atomicMin' in c.programs.get('cuda', c.programs['cpp']).text][0])"
"""

from __future__ import annotations

from corpora.loopnests import expressions as ast
from corpora.loopnests import names
from corpora.loopnests.builder import FLOATS, Builder
from corpora.loopnests.nest import Axis, Nest, Region

_VERTICES = tuple("n num_nodes nv vertices V numVertices rows nodes n_rows count nn num_rows".split())
_VERTEX = tuple("v i u r node tid row idx vid s0 me".split())
_EDGE = tuple("e j k ei p jj k0 pos at t".split())
_STARTS = tuple("row_ptr ptr offsets row rowStart xadj starts row_offsets begin_of rpt first".split())
_ENDS = tuple("col col_idx adj adjncy columns to nbr neighbors cols indices dest edges_to".split())
_COSTS = tuple("w weight val cost vals length dist_e values capacity coef".split())
_STATES = tuple("level label color dist rank value state part comp x best_of deg mark potential seen front group_of".split())
_NEXT = tuple("next next_dist out new_label result y rank_new next_level acc_out found_at out_deg hits dst conflict".split())
_BEST = tuple("best lo nearest_d top smallest minimum m0 d_min largest".split())


class _Rows:
    """Vertices 0 … n - 1 with edges ptr[v] … ptr[v + 1] - 1, whose other ends are col[e]."""

    def __init__(self, b: Builder) -> None:
        self.b = b
        self.n = b.size(_VERTICES, (1, 3, 6, 10))
        self.v, self.e = ast.Name(b.name(_VERTEX, "i32")), ast.Name(b.name(_EDGE, "i32"))
        self.axis = Axis(self.v.id, ast.ZERO, self.n)
        self.edges = ast.mul(self.n, 3)
        self.starts = b.array((ast.add(self.n, 1),), "i32", f"sorted(0,{self.n.id}*3)", _STARTS)
        self.ends = b.array((self.edges,), "i32", f"indices({self.n.id})", _ENDS)
        self.first, self.last = ast.At(self.starts, (self.v,)), ast.At(self.starts, (ast.add(self.v, 1),))
        self.made: tuple = ()
        if b.chance(0.35):
            lo, hi = (ast.Name(b.name(w, "i32")) for w in (("begin", "start", "lo", "row_begin", "e0"), ("end", "stop", "hi", "row_end", "e1")))
            const = b.chance(0.15)
            self.made = (ast.Declare("i32", lo.id, self.first, const), ast.Declare("i32", hi.id, self.last, const))
            self.first, self.last = lo, hi
        end: tuple = ast.At(self.ends, (self.e,))
        self.inner: tuple = ()
        if b.chance(0.45):
            word = ast.Name(b.name(("w0", "other", "nb", "c", "dst_v", "q", "peer", "z"), "i32"))
            self.inner, end = (ast.Declare("i32", word.id, end),), word
        self.end = end

    def of(self, index: tuple, kind: str | None = None, fill: str = "", array: str = "", written: bool = False) -> ast.At:
        """An element of an array with one entry a vertex, new unless named."""
        array = array or self.b.array((self.n,), kind, fill, _NEXT if written else _STATES)
        self.b.parameter(array).written |= written
        return ast.At(array, (index,))

    def cost(self) -> ast.At:
        return ast.At(self.b.array((self.edges,), self.b.kind, "integers(1,9)" if self.b.kind == "i32" else "", _COSTS), (self.e,))

    def loop(self, *body: tuple) -> ast.For:
        return ast.For(self.e.id, self.first, "<", self.last, (*self.inner, *body))

    def nest(self, *body: tuple) -> Nest:
        return Nest("", [], [Region((self.axis,), (*self.made, *body))])


def gathered_sum(b: Builder) -> Nest:
    """Products, means, ranks: a sum over a vertex's edges."""
    rows = _Rows(b)
    other = rows.of(rows.end)
    mine = rows.of(rows.v, array=other.array)
    total = ast.Name(b.name(names.SUMS, b.kind))
    draw = b.rng.random()
    term: tuple = other if draw < 0.25 else ast.mul(rows.cost(), other) if draw < 0.6 else ast.sub(other, mine) if draw < 0.75 else other
    if draw >= 0.75 and b.kind in FLOATS:  # shared among the other's edges
        degrees = rows.of(rows.end, "i32", "integers(1,6)")
        term = ast.Binary("/", other, degrees)
    step: tuple = ast.Assign(total, b.pick(("+=", "+=", "+=", "-=")), term)
    if b.chance(0.2):
        step = ast.If(ast.compare(rows.end, b.pick(("!=", "<", ">")), rows.v), (step,))
    value: tuple = total
    ending = b.rng.random()
    if ending < 0.25 and b.kind in FLOATS:
        one = b._same(ast.Literal("1.0", "f64"))
        damp = b.scalar()
        value = ast.add(ast.Binary("/", ast.Paren(ast.sub(one, damp)), rows.n), ast.mul(damp, total))
    elif ending < 0.45 and b.kind in FLOATS:
        degree = ast.Name(b.name(("deg", "d0", "cnt", "n_edges", "degree"), "i32"))
        value = ast.Conditional(ast.compare(degree, ">", ast.ZERO), ast.Binary("/", total, degree), ast.ZERO if b.chance(0.5) else mine, True)
        made = ast.Declare("i32", degree.id, ast.sub(rows.last, rows.first))
        return rows.nest(ast.Declare(b.kind, total.id, ast.ZERO), rows.loop(step), made, ast.Assign(rows.of(rows.v, written=True), "=", value))
    elif ending < 0.6:
        value = b.pick((ast.add(mine, ast.mul(b.scalar(), total)), ast.sub(total, mine), ast.add(ast.mul(b.scalar(), total), mine)))
    if b.chance(0.25) and value == total:
        place = rows.of(rows.v, written=True)
        return rows.nest(ast.Assign(place, "=", b.number(zero=True)), rows.loop(step._replace(target=place, op="+=") if type(step) is ast.Assign else step._replace(then=(ast.Assign(place, "+=", term),))))
    store = ast.Assign(rows.of(rows.v, written=True), b.pick(("=", "=", "=", "+=")), value)
    return rows.nest(ast.Declare(b.kind, total.id, b.number(zero=True) if b.chance(0.5) else ast.ZERO), rows.loop(step), store)


def best_edge(b: Builder) -> Nest:
    """The cheapest, largest or nearest of a vertex's edges, and where it leads; distances relaxed by their own vertex."""
    rows = _Rows(b)
    least, best = b.chance(0.7), ast.Name(b.name(_BEST, b.kind))
    draw = b.rng.random()
    value: tuple = rows.cost() if draw < 0.35 else rows.of(rows.end) if draw < 0.6 else ast.add(rows.of(rows.end), rows.cost())
    mine = None if type(value) is ast.At and value.subscripts == (rows.e,) else next(p.name for p in b.parameters if p.name in {a.array for a in ast.walk(value) if type(a) is ast.At} and p.extents == (rows.n,))
    start: tuple = ast.At(mine, (rows.v,)) if mine and b.chance(0.6) else b._same(ast.Literal(b.pick(("1e9", "1e30", "1e20")), "f64")) if b.kind in FLOATS else ast.whole(b.pick((999, 1000000, 2147483647)))
    start = start if least or type(start) is ast.At else ast.Unary("-", start if b.kind in FLOATS else ast.whole(99))
    made: tuple = (ast.Declare(b.kind, best.id, start),)
    inside: tuple = ()
    if type(value) is ast.Binary and b.chance(0.75):
        word = ast.Name(b.name(("d", "alt", "cand", "through", "t0", "via_d"), b.kind))
        inside, value = (ast.Declare(b.kind, word.id, value),), word
    test, change = ast.compare(value, "<" if least else ">", best), (ast.Assign(best, "=", value),)
    if b.chance(0.15):
        test = ast.both(ast.compare(rows.end, "!=", rows.v), test)
    ends: tuple = ()
    if b.chance(0.5):
        where = ast.Name(b.name(("arg", "who", "best_e", "pick0", "via", "parent_v"), "i32"))
        made += (ast.Declare("i32", where.id, ast.whole(-1) if b.chance(0.7) else rows.v),)
        change += (ast.Assign(where, "=", rows.e if b.chance(0.4) else rows.end),)
        ends = (ast.Assign(rows.of(rows.v, "i32", "constant(-2)", written=True), "=", where),)
    if not ends or b.chance(0.5):
        ends = (*ends, ast.Assign(rows.of(rows.v, written=True), "=", best))
    step: tuple = ast.If(test, change)
    if len(change) == 1 and b.chance(0.2):
        step = ast.Assign(best, "=", ast.Conditional(test, value, best))
    return rows.nest(*made, rows.loop(*inside, step), *ends)


def visited(b: Builder) -> Nest:
    """Counts of edges that meet a test, a first such edge, a step of a breadth-first search from the reached side."""
    rows = _Rows(b)
    kind, fill = b.pick((("i32", "integers(-1,3)"), ("i32", "integers(0,2)"), ("u8", "integers(0,1)"), ("bool", "integers(0,1)"), ("i32", "integers(0,5)")))
    other = rows.of(rows.end, kind, fill)
    mine = rows.of(rows.v, array=other.array)
    small = ast.whole(b.pick((0, 1)))
    limit: tuple = small if kind != "i32" or b.chance(0.4) else b.size(("depth", "cur_level", "limit", "wanted", "d_now"), (0, 1, 2))
    test: tuple = b.pick((ast.compare(other, "==", mine), ast.compare(other, b.pick(("==", "!=", "<", ">")), limit), ast.both(ast.compare(rows.end, b.pick(("<", "!=", ">")), rows.v), ast.compare(other, "==", mine)), ast.compare(other, ">", mine)))
    if kind in ("bool", "u8") and b.chance(0.6):
        test = b.pick((other, ast.Unary("!", other)))
    first: tuple = ()
    if b.chance(0.4):
        leave = ast.compare(mine, b.pick(("!=", "<", ">")), limit) if kind == "i32" else b.pick((mine, ast.Unary("!", mine)))
        first = (ast.If(leave, (ast.Jump("continue"),)),)
    if b.chance(0.5):
        word = ast.Name(b.name(("cnt", "hits0", "same", "c1", "num_same", "clash", "matched"), "i32"))
        place = rows.of(rows.v, b.pick(("i32", "i32", "u8")) if b.chance(0.3) else "i32", "constant(7)", written=True)
        step: tuple = ast.If(test, (ast.Assign(word, "+=", ast.ONE),)) if b.chance(0.75) else ast.Assign(word, "+=", ast.Conditional(test, ast.ONE, ast.ZERO))
        return rows.nest(*first, ast.Declare("i32", word.id, ast.ZERO), rows.loop(step), ast.Assign(place, "=" if first else b.pick(("=", "=", "+=")), word))
    place = rows.of(rows.v, "i32", "integers(-1,2)", written=True)
    value = b.pick((ast.ONE, ast.add(limit, 1), rows.end, rows.e)) if limit != small else b.pick((ast.ONE, rows.end))
    change = (ast.Assign(place, "=", value), ast.Jump("break"))
    before = (ast.Assign(place, "=", b.pick((ast.ZERO, ast.whole(-1)))),) if b.chance(0.5) else ()
    return rows.nest(*first, *before, rows.loop(ast.If(test, change)))


def edge_list(b: Builder) -> Nest:
    """One edge a thread: degrees and products gathered by atomic additions, distances by atomic minima, or a value an edge."""
    n, m = b.size(_VERTICES, (1, 3, 6, 10)), b.size(("m", "edges", "num_edges", "nnz", "ne", "E", "links"), (1, 4, 9, 20))
    e = ast.Name(b.name(("e", "i", "k", "idx", "tid", "t"), "i32"))
    source, target = (b.array((m,), "i32", f"indices({n.id})", w) for w in (("from", "src", "u", "edge_u", "row", "tail", "rows_of", "head0"), ("to", "dst", "v", "edge_v", "col", "head", "cols_of", "tip")))
    left, right = ast.At(source, (e,)), ast.At(target, (e,))
    made: tuple = ()
    if b.chance(0.45):
        words = [ast.Name(b.name(w, "i32")) for w in (("a", "s", "p", "u0", "i0"), ("b", "d", "q", "v0", "j0"))]
        made, (left, right) = tuple(ast.Declare("i32", w.id, side) for w, side in zip(words, (left, right))), words
    axis, draw = Axis(e.id, ast.ZERO, m), b.rng.random()
    test = None if b.chance(0.7) else ast.compare(left, b.pick(("!=", "<", "!=")), right)
    if draw < 0.3:  # degrees
        counts = b.array((n,), b.pick(("i32", "i32", "u32")), "integers(0,2)", ("degree", "deg", "count_of", "indeg", "outdeg"))
        b.parameter(counts).written = True
        step: tuple = (ast.Assign(ast.At(counts, (left,)), "+=", ast.ONE, True),)
        second: tuple = (ast.Assign(ast.At(counts, (right,)), "+=", ast.ONE, True),) if b.chance(0.6) else ()
        if test is not None and second:
            return Nest("", [], [Region((axis,), (*made, *step, ast.If(test, second)))])
        step += second
    elif draw < 0.6:
        values = ast.At(b.array((m,), None, "", _COSTS), (e,))
        near, out = b.array((n,), None, "", _STATES), b.array((n,), None, "", _NEXT)
        b.parameter(out).written = True
        term = ast.mul(values, ast.At(near, (right,))) if b.chance(0.7) else ast.mul(values, ast.Paren(ast.sub(ast.At(near, (left,)), ast.At(near, (right,)))))
        step = (ast.Assign(ast.At(out, (left,)), b.pick(("+=", "+=", "-=")), term, True),)
        if b.chance(0.3):
            word = ast.Name(b.name(("flow", "f0", "part", "amount0"), b.kind))
            step = (ast.Declare(b.kind, word.id, term), ast.Assign(ast.At(out, (left,)), "+=", word, True), ast.Assign(ast.At(out, (right,)), "-=", word, True))
    elif draw < 0.8:
        costs = ast.At(b.array((m,), "i32", "integers(1,9)", _COSTS), (e,))
        op = b.pick(("min?", "min?", "min", "max?"))
        near = b.array((n,), "i32", "integers(0,30)", ("dist", "cur", "d_old", "reach_d"))
        out = b.array((n,), "i32", "integers(0,9)" if op == "max?" else "integers(30,70)", ("next", "d_new", "dist_out", "best_d"))
        b.parameter(out).written = True
        value = ast.add(ast.At(near, (left,)), costs)
        step = (ast.Assign(ast.At(out, (right,)), op, value, True),)
        if b.chance(0.7):
            word = ast.Name(b.name(("d0", "nd", "alt", "cand", "t_new"), "i32"))
            step = (ast.Declare("i32", word.id, value), ast.Assign(ast.At(out, (right,)), op, word, True))
    else:
        kind = b.pick(("u8", "i32", "bool", "i32"))
        groups, out = b.array((n,), "i32", "integers(0,3)", _STATES), b.array((m,), kind, "integers(0,1)", ("cut", "same_side", "crosses", "keep_e", "mark_e"))
        b.parameter(out).written = True
        same = ast.compare(ast.At(groups, (left,)), b.pick(("==", "!=", "<")), ast.At(groups, (right,)))
        return Nest("", [], [Region((axis,), (*made, ast.Assign(ast.At(out, (e,)), "=", same if test is None else ast.both(test, same))))])
    return Nest("", [], [Region((axis,), (*made, *(step if test is None else (ast.If(test, step),))))])


def adjacency(b: Builder) -> Nest:
    """A matrix of who is joined with whom: degrees, triangles, common neighbours, one step of reaching through a vertex."""
    n = b.size(_VERTICES, (1, 3, 5, 8))
    i, j, k = (ast.Name(b.name(w, "i32")) for w in (("i", "v", "row", "a0"), ("j", "u", "c", "other"), ("k", "w", "t", "l")))
    kind = b.pick(("i32", "u8", "bool", "i32"))
    matrix = b.array((n, n), kind, "integers(0,1)", ("adj", "reach", "joined", "conn", "A", "link0", "graph"))

    def joined(p: tuple, q: tuple) -> tuple:
        place = ast.At(matrix, (p, q))
        return place if spelling < 0.4 else ast.compare(place, ">" if spelling > 0.8 and kind != "bool" else "!=", ast.ZERO)

    spelling, draw = b.rng.random(), b.rng.random()
    axes = (Axis(i.id, ast.ZERO, n), Axis(j.id, ast.ZERO, n))
    if draw < 0.3:
        via = b.size(("via", "mid", "k0", "pivot", "through"), (0,))
        if b.chance(0.5):
            out = b.array((n, n), kind, "integers(0,1)", ("out", "next", "reach_new"))
            b.parameter(out).written = True
            value = ast.Binary("||", joined(i, j), ast.Paren(ast.both(joined(i, via), joined(via, j))))
            return Nest("", [], [Region(axes, (ast.Assign(ast.At(out, (i, j)), "=", value),))])
        dist, out = b.array((n, n), None, "", ("dist", "d0", "D")), b.array((n, n), None, "", ("out", "d1", "next"))
        b.parameter(out).written = True
        word, direct = ast.Name(b.name(("alt", "t0", "through_d", "cand"), b.kind)), ast.At(dist, (i, j))
        made = ast.Declare(b.kind, word.id, ast.add(ast.At(dist, (i, via)), ast.At(dist, (via, j))))
        value = ast.Conditional(ast.compare(word, "<", direct), word, direct)
        return Nest("", [], [Region(axes, (made, ast.Assign(ast.At(out, (i, j)), "=", value)))])
    count = ast.Name(b.name(("cnt", "tri", "c0", "common", "total", "deg0"), "i32"))
    more, zero = ast.Assign(count, "+=", ast.ONE), ast.Declare("i32", count.id, ast.ZERO)
    if draw < 0.5:
        out = b.array((n, n), "i32", "constant(-1)", ("common_n", "out", "shared_n", "overlap"))
        b.parameter(out).written = True
        inner = ast.For(k.id, ast.ZERO, "<", n, (ast.If(ast.both(joined(i, k), joined(j, k) if b.chance(0.6) else joined(k, j)), (more,)),))
        return Nest("", [], [Region(axes, (zero, inner, ast.Assign(ast.At(out, (i, j)), "=", count)))])
    out = b.array((n,), "i32", "constant(-1)", ("triangles", "degree", "out", "counts_of", "links_of"))
    b.parameter(out).written = True
    store = ast.Assign(ast.At(out, (i,)), "=", count)
    test = joined(i, j) if b.chance(0.6) else ast.both(ast.compare(i, "!=", j), joined(i, j))
    if draw < 0.7:
        return Nest("", [], [Region(axes[:1], (zero, ast.For(j.id, ast.ZERO, "<", n, (ast.If(test, (more,)),)), store))])
    inner = ast.For(k.id, ast.add(j, 1), "<", n, (ast.If(ast.both(joined(i, k), joined(j, k)), (more,)),))
    middle: tuple = (ast.If(ast.Unary("!", ast.At(matrix, (i, j))), (ast.Jump("continue"),)), inner) if b.chance(0.5) else (ast.If(test, (inner,)),)
    return Nest("", [], [Region(axes[:1], (zero, ast.For(j.id, ast.ZERO, "<", n, middle), store))])


def followed(b: Builder) -> Nest:
    """Links followed from every vertex, a few steps or to a root; padded rows of a fixed width."""
    n, draw = b.size(_VERTICES, (1, 3, 6, 12)), b.rng.random()
    i = ast.Name(b.name(_VERTEX, "i32"))
    axis = Axis(i.id, ast.ZERO, n)
    if draw < 0.5:
        width, k = b.size(("width", "max_nnz", "K", "per_row", "slots"), (1, 2, 4)), ast.Name(b.name(names.INNER, "i32"))
        order = (i, k) if b.chance(0.6) else (k, i)
        sides = (n, width) if order[0] == i else (width, n)
        columns = ast.At(b.array(sides, "i32", "integers(-1,0)", ("cols", "idx_ell", "col", "nbrs")), order)
        values, x = ast.At(b.array(sides, None, "", _COSTS), order), b.array((n,), None, "", ("x", "vec", "rhs", "state"))
        c, total = ast.Name(b.name(("c", "col_k", "jcol", "q"), "i32")), ast.Name(b.name(names.SUMS, b.kind))
        add_ = ast.Assign(total, "+=", ast.mul(values, ast.At(x, (c,))))
        body: tuple = (ast.If(ast.compare(c, "<", ast.ZERO), (ast.Jump(b.pick(("continue", "break"))),)), add_) if b.chance(0.5) else (ast.If(ast.compare(c, ">=", ast.ZERO), (add_,)),)
        out = b.array((n,), None, "", _NEXT)
        b.parameter(out).written = True
        loop = ast.For(k.id, ast.ZERO, "<", width, (ast.Declare("i32", c.id, columns), *body))
        return Nest("", [], [Region((axis,), (ast.Declare(b.kind, total.id, ast.ZERO), loop, ast.Assign(ast.At(out, (i,)), "=", total)))])
    parent = b.array((n,), "i32", f"indices({n.id})", ("parent", "link", "next_of", "p", "comp", "root_of"))
    out = b.array((n,), "i32", "constant(-1)", ("out", "root", "jumped", "final_of", "depth_of"))
    b.parameter(out).written = True
    place = ast.At(out, (i,))
    if draw < 0.62:
        return Nest("", [], [Region((axis,), (ast.Assign(place, "=", ast.At(parent, (ast.At(parent, (i,)),))),))])
    at, steps = ast.Name(b.name(("cur", "at", "r", "pos", "x0"), "i32")), ast.Name(b.name(("hops", "s", "t", "depth", "k"), "i32"))
    limit: tuple = b.size(("limit", "max_hops", "steps", "times"), (0, 1, 3, 8)) if b.chance(0.6) else ast.whole(b.pick((4, 8, 10, 32)))
    move, made = ast.Assign(at, "=", ast.At(parent, (at,))), ast.Declare("i32", at.id, i)
    if b.chance(0.4):
        return Nest("", [], [Region((axis,), (made, ast.For(steps.id, ast.ZERO, "<", limit, (move,)), ast.Assign(place, "=", at)))])
    test = ast.both(ast.compare(ast.At(parent, (at,)), "!=", at), ast.compare(steps, "<", limit))
    loop = ast.While(test, (move, ast.Assign(steps, "+=", ast.ONE)))
    return Nest("", [], [Region((axis,), (made, ast.Declare("i32", steps.id, ast.ZERO), loop, ast.Assign(place, "=", b.pick((at, steps, at)))))])
