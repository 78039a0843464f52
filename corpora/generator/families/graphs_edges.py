"""Families of graphs without sparse rows: edges with shared ends, one a thread, and adjacency
matrices.

Contract: as for the other families. What several edges may write is updated atomically; what reads
old values while new ones are written has an array for each, so that the order of the edges does not
matter.

    python -c "from corpora.generator import generate; \\
        print(next(c for c in generate(900, 4, 'broad') if 'atomicMin' in str(c)))"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.families.graphs import COSTS, NEXT, STATES, VERTICES

_FROM = ("from", "src", "u", "edge_u", "row", "tail", "rows_of", "head0")
_TO = ("to", "dst", "v", "edge_v", "col", "head", "cols_of", "tip")


class _Edges:
    """m edges between n vertices, one a thread: its two ends, perhaps in locals, and a test of them
    or None.
    """

    def __init__(self, b: Builder) -> None:
        self.b = b
        self.n = b.size(VERTICES, (1, 3, 6, 10))
        self.m = b.size(("m", "edges", "num_edges", "nnz", "ne", "E", "links"), (1, 4, 9, 20))
        self.e = ast.Name(b.name(("e", "i", "k", "idx", "tid", "t"), "i32"))
        ends = [
            ast.At(b.array((self.m,), "i32", f"indices({self.n.id})", w), (self.e,))
            for w in (_FROM, _TO)
        ]
        self.made: tuple = ()
        if b.chance(0.45):
            words = [
                ast.Name(b.name(w, "i32"))
                for w in (("a", "s", "p", "u0", "i0"), ("b", "d", "q", "v0", "j0"))
            ]
            self.made, ends = (
                tuple(ast.Declare("i32", w.id, side) for w, side in zip(words, ends)),
                words,
            )
        self.left, self.right = ends

    def own(self, kind: str | None, fill: str, wanted: tuple) -> ast.At:
        """What this edge reads in an array with one entry an edge."""
        return ast.At(self.b.array((self.m,), kind, fill, wanted), (self.e,))

    def written(self, extent: ast.Name, kind: str | None, fill: str, wanted: tuple) -> str:
        array = self.b.array((extent,), kind, fill, wanted)
        self.b.parameter(array).written = True
        return array


def edge_list(b: Builder) -> Nest:
    """Draw a nest with one edge per thread: atomic sums of degrees or products, atomic minima, or a
    value per edge. b: the builder that makes its parts.
    """
    t = _Edges(b)
    draw = b.rng.random()
    test = None if b.chance(0.7) else ast.compare(t.left, b.pick(("!=", "<", "!=")), t.right)
    if draw < 0.3:
        step = _degrees(t)
        if test is not None and len(step) > 1:
            step, test = (step[0], ast.If(test, step[1:])), None
    elif draw < 0.6:
        step = _flows(t)
    elif draw < 0.8:
        step = _relaxed(t)
    else:
        kind = b.pick(("u8", "i32", "bool", "i32"))
        groups = b.array((t.n,), "i32", "integers(0,3)", STATES)
        out = t.written(
            t.m, kind, "integers(0,1)", ("cut", "same_side", "crosses", "keep_e", "mark_e")
        )
        same = ast.compare(
            ast.At(groups, (t.left,)), b.pick(("==", "!=", "<")), ast.At(groups, (t.right,))
        )
        step, test = (
            (
                ast.Assign(
                    ast.At(out, (t.e,)), "=", same if test is None else ast.conjunction(test, same)
                ),
            ),
            None,
        )
    body = step if test is None else (ast.If(test, step),)
    return Nest("", [], [Region((Axis(t.e.id, ast.ZERO, t.m),), (*t.made, *body))])


def _degrees(t: _Edges) -> tuple:
    """One more at one end or at both."""
    b = t.b
    counts = t.written(
        t.n,
        b.pick(("i32", "i32", "u32")),
        "integers(0,2)",
        ("degree", "deg", "count_of", "indeg", "outdeg"),
    )
    both = (t.left, t.right) if b.chance(0.6) else (t.left,)
    return tuple(ast.Assign(ast.At(counts, (end,)), "+=", ast.ONE, True) for end in both)


def _flows(t: _Edges) -> tuple:
    """A product that goes to one end, perhaps from the other."""
    b, values = t.b, t.own(None, "", COSTS)
    near, out = b.array((t.n,), None, "", STATES), t.written(t.n, None, "", NEXT)
    here, there = ast.At(near, (t.left,)), ast.At(near, (t.right,))
    term = ast.mul(values, there if b.chance(0.7) else ast.Paren(ast.sub(here, there)))
    to, back = ast.At(out, (t.left,)), ast.At(out, (t.right,))
    step: tuple = (ast.Assign(to, b.pick(("+=", "+=", "-=")), term, True),)
    if b.chance(0.3):
        word = ast.Name(b.name(("flow", "f0", "part", "amount0"), b.kind))
        step = (
            ast.Declare(b.kind, word.id, term),
            ast.Assign(to, "+=", word, True),
            ast.Assign(back, "-=", word, True),
        )
    return step


def _relaxed(t: _Edges) -> tuple:
    """A shorter (or longer) way to the edge's far end."""
    b, costs = t.b, t.own("i32", "integers(1,9)", COSTS)
    op = b.pick(("min?", "min?", "min", "max?"))
    near = b.array((t.n,), "i32", "integers(0,30)", ("dist", "cur", "d_old", "reach_d"))
    fill = "integers(0,9)" if op == "max?" else "integers(30,70)"
    out = t.written(t.n, "i32", fill, ("next", "d_new", "dist_out", "best_d"))
    value, place = ast.add(ast.At(near, (t.left,)), costs), ast.At(out, (t.right,))
    if b.chance(0.7):
        word = ast.Name(b.name(("d0", "nd", "alt", "cand", "t_new"), "i32"))
        return ast.Declare("i32", word.id, value), ast.Assign(place, op, word, True)
    return (ast.Assign(place, op, value, True),)


class _Matrix:
    """Who of n vertices is joined with whom, one spelling of the question throughout."""

    def __init__(self, b: Builder) -> None:
        self.b = b
        self.n = b.size(VERTICES, (1, 3, 5, 8))
        words = (("i", "v", "row", "a0"), ("j", "u", "c", "other"), ("k", "w", "t", "l"))
        self.i, self.j, self.k = (ast.Name(b.name(w, "i32")) for w in words)
        self.kind = b.pick(("i32", "u8", "bool", "i32"))
        self.array = b.array(
            (self.n, self.n),
            self.kind,
            "integers(0,1)",
            ("adj", "reach", "joined", "conn", "A", "link0", "graph"),
        )
        self.spelling = b.rng.random()
        self.axes = (Axis(self.i.id, ast.ZERO, self.n), Axis(self.j.id, ast.ZERO, self.n))

    def joined(self, p: tuple, q: tuple) -> tuple:
        place = ast.At(self.array, (p, q))
        op = ">" if self.spelling > 0.8 and self.kind != "bool" else "!="
        return place if self.spelling < 0.4 else ast.compare(place, op, ast.ZERO)

    def out(self, kind: str | None, fill: str, wanted: tuple, each: bool = True) -> ast.At:
        """The written element of a pair, or of a vertex where not `each` pair has one."""
        array = self.b.array((self.n, self.n) if each else (self.n,), kind, fill, wanted)
        self.b.parameter(array).written = True
        return ast.At(array, (self.i, self.j) if each else (self.i,))

    def nest(self, *body: tuple, axes: int = 2) -> Nest:
        return Nest("", [], [Region(self.axes[:axes], body)])


def adjacency(b: Builder) -> Nest:
    """Draw a nest over an adjacency matrix: degrees, triangles, common neighbours, or reachability.
    b: the builder that makes its parts.
    """
    t = _Matrix(b)
    n, i, j, k, joined, draw = t.n, t.i, t.j, t.k, t.joined, b.rng.random()
    if draw < 0.3:
        return _through(t)
    count = ast.Name(b.name(("cnt", "tri", "c0", "common", "total", "deg0"), "i32"))
    more, zero = ast.Assign(count, "+=", ast.ONE), ast.Declare("i32", count.id, ast.ZERO)
    if draw < 0.5:
        place = t.out("i32", "constant(-1)", ("common_n", "out", "shared_n", "overlap"))
        common = ast.conjunction(joined(i, k), joined(j, k) if b.chance(0.6) else joined(k, j))
        return t.nest(
            zero,
            ast.For(k.id, ast.ZERO, "<", n, (ast.If(common, (more,)),)),
            ast.Assign(place, "=", count),
        )
    place = t.out(
        "i32", "constant(-1)", ("triangles", "degree", "out", "counts_of", "links_of"), False
    )
    store = ast.Assign(place, "=", count)
    test = joined(i, j) if b.chance(0.6) else ast.conjunction(ast.compare(i, "!=", j), joined(i, j))
    if draw < 0.7:
        return t.nest(
            zero, ast.For(j.id, ast.ZERO, "<", n, (ast.If(test, (more,)),)), store, axes=1
        )
    inner = ast.For(
        k.id, ast.add(j, 1), "<", n, (ast.If(ast.conjunction(joined(i, k), joined(j, k)), (more,)),)
    )
    middle: tuple = (ast.If(test, (inner,)),)
    if b.chance(0.5):
        middle = (ast.If(ast.Unary("!", ast.At(t.array, (i, j))), (ast.Jump("continue"),)), inner)
    return t.nest(zero, ast.For(j.id, ast.ZERO, "<", n, middle), store, axes=1)


def _through(t: _Matrix) -> Nest:
    """Whether, or how far, one gets from each to each by way of one vertex."""
    b, i, j = t.b, t.i, t.j
    via = b.size(("via", "mid", "k0", "pivot", "through"), (0,))
    if b.chance(0.5):
        place = t.out(t.kind, "integers(0,1)", ("out", "next", "reach_new"))
        way = ast.Paren(ast.conjunction(t.joined(i, via), t.joined(via, j)))
        return t.nest(ast.Assign(place, "=", ast.Binary("||", t.joined(i, j), way)))
    dist = b.array((t.n, t.n), None, "", ("dist", "d0", "D"))
    place = t.out(None, "", ("out", "d1", "next"))
    word, direct = (
        ast.Name(b.name(("alt", "t0", "through_d", "cand"), b.kind)),
        ast.At(dist, (i, j)),
    )
    made = ast.Declare(b.kind, word.id, ast.add(ast.At(dist, (i, via)), ast.At(dist, (via, j))))
    return t.nest(
        made, ast.Assign(place, "=", ast.Conditional(ast.compare(word, "<", direct), word, direct))
    )
