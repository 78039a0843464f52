"""Families that follow links of no known number: while and do-while loops to a root in an array
that is also written, or is not.

Contract: in the suite every link leads to itself or to a lower place (or ends at -1), and what is
written keeps that, so that every chase ends. Sequential where the array that is followed is
written; the twin writes its root elsewhere and keeps its loop.

    python -c "from corpora.generator import generate; \\
        print(next(c for c in generate(900, 3, 'broad') if 'do {' in c.programs['cpp'].text))"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Nest
from corpora.generator.families.irregular.spans import Span, mixed
from corpora.generator.families.loop_heads.heads_bounds import rebuilt

_LINKS = tuple(
    "parent p link root_of labels up next_of comp P rep leader lab father set_id tree anc "
    "L0 dsu uf equiv".split()
)
_AT = tuple("x label r cur root node a v at lbl u0 k0 top idx0 here c0 id0".split())
_LAST = tuple("y last prev old q before nxt up0 t par s0 b0 next0".split())
_HOPS = tuple("hops depth steps d0 count len0 rounds".split())
_OUT = tuple("out root result roots final_of label_out leader_of found where top_of dst".split())


class Links:
    """An array of links and two locals that follow it. marked: probability that a root holds -1 and
    not its own place.
    """

    def __init__(self, span: Span, marked: float = 0.15) -> None:
        self.span, self.b = span, span.b
        b = self.b
        self.kind = b.pick(("i32",) * 7 + ("u32", "i64"))
        self.size = b.pick((12, 16, 20))
        b.parameter(span.n.id).values = (2, 5, 9, self.size)
        self.marked = self.kind[0] == "i" and b.chance(marked)
        self.array = self.of(_LINKS, -1 if self.marked else None)
        self.x, self.r = (ast.Name(b.name(w, self.kind)) for w in (_AT, _LAST))
        self.c_only = self.uses_r = False

    def of(self, wanted: tuple[str, ...], root: int | None = None) -> str:
        """Add an array of links, none beyond its own place, and return its name. wanted: names to
        choose from. root: what a root holds; None: its own place.
        """
        rng = self.b.rng
        values = [
            (k if root is None else root)
            if k == 0 or rng.random() < 0.25
            else rng.choice((k - 1, rng.randrange(k)))
            for k in range(self.size)
        ]
        return self.b.array(
            (ast.integer(self.size),), self.kind, "{" + ",".join(map(str, values)) + "}", wanted
        )

    def at(self, place: tuple) -> ast.At:
        """Return the link at `place`."""
        return ast.At(self.array, (place,))

    def made(self, start: tuple) -> tuple:
        """Return the declarations of the locals that are used. start: the first value of the one
        that follows links.
        """
        first = ast.Declare(self.kind, self.x.id, start)
        return (first, ast.Declare(self.kind, self.r.id)) if self.uses_r else (first,)

    def walk(self, extra: tuple = ()) -> tuple:
        """Return statements that follow links up to the root. extra: statements of every step."""
        b, x, r = self.b, self.x, self.r
        follow = ast.Assign(x, "=", self.at(x))
        if self.marked:
            test = ast.compare(self.at(x), b.pick((">=", ">=", "!=")), ast.ZERO)
            test = test._replace(right=ast.integer(-1)) if test.op == "!=" else test
            return (ast.While(test, (*extra, follow)),)
        form = b.pick(
            ("back", "back", "set", "set", "plain", "plain", "plain", "value", "for", "below")
        )
        self.uses_r = form in ("back", "set", "value", "for")
        self.c_only |= form in ("set", "value")
        differ = self._differ()
        if form == "back":
            return (
                ast.While(
                    differ,
                    (
                        ast.Assign(r, "=", x),
                        ast.Assign(x, "=", self.at(r if b.chance(0.6) else x)),
                        *extra,
                    ),
                    True,
                ),
            )
        if form == "set":
            return (
                ast.While(differ, (ast.Assign(x, "=", self.at(ast.Assigned(r, x))), *extra), True),
            )
        if form == "value":
            return (
                ast.While(
                    ast.compare(ast.Paren(ast.Assigned(r, self.at(x))), "!=", x),
                    (*extra, ast.Assign(x, "=", r)),
                ),
            )
        if form == "for":
            return ast.Assign(r, "=", self.at(x)), ast.While(
                differ, (ast.Assign(x, "=", r), *extra), advance=ast.Assign(r, "=", self.at(x))
            )
        test = (
            ast.compare(self.at(x), "<" if form == "below" else "!=", x)
            if b.chance(0.6)
            else ast.compare(x, ">" if form == "below" else "!=", self.at(x))
        )
        return (ast.While(test, (*extra, follow)),)

    def _differ(self) -> tuple:
        left, right = (self.x, self.r) if self.b.chance(0.5) else (self.r, self.x)
        draw = self.b.rng.random()
        if draw < 0.72:
            return ast.compare(left, "!=", right)
        if draw < 0.86:
            self.c_only = True
            return ast.Binary("^" if draw < 0.8 else "-", left, right)
        return (
            ast.compare(self.x, "<", self.r)
            if draw < 0.93
            else ast.Unary("!", ast.Paren(ast.compare(left, "==", right)))
        )


def roots(b: Builder) -> Nest:
    """Draw a nest that finds every place's root and writes it among the links (sequential) or
    elsewhere (parallel). b: the builder that makes its parts.
    """
    s = Span(b)
    others, links = s.others((0, 0, 1, 1, 2)), Links(s)
    guard, start = _begin(s, links)
    hops = ast.Name(b.name(_HOPS, "i32")) if b.chance(0.25) else None
    halves = s.sequential and not links.marked and b.chance(0.18)
    if halves:
        chase: tuple = _halving(links)
    else:
        chase = links.walk((ast.Assign(hops, "+=", ast.ONE),) if hops else ())
        if (
            links.c_only is False
            and b.chance(0.1)
            and type(chase[0]) is ast.While
            and not chase[0].after
        ):
            chase = (
                (ast.If(ast.compare(links.at(links.x), "!=", links.x), chase),)
                if not links.marked and len(chase) == 1
                else chase
            )
    stores = _stores(s, links, hops if not halves else None)
    counted = (ast.Declare("i32", hops.id, ast.ZERO),) if hops and not halves else ()
    made = links.made(start)
    if guard is not None and b.chance(0.75):
        lines = (made[0], ast.If(guard, (*made[1:], *counted, *chase, *stores)))
    else:
        lines = (*made, *counted, *chase, *stores)
    nest = s.nest(mixed(b, lines, others))
    nest.c_only = links.c_only
    return nest


def _begin(s: Span, links: Links) -> tuple[tuple | None, tuple]:
    """Where the chase begins, and a test of whether it does."""
    b, draw = s.b, s.b.rng.random()
    if draw < 0.3:
        return (s.free() if s.only_read() and b.chance(0.4) else None), s.i
    if draw < 0.5 and not links.marked:
        return (
            ast.compare(links.x, b.pick(("!=", "<")), s.i) if b.chance(0.4) else None
        ), links.at(s.i)
    first = ast.At(
        links.of(tuple("labels start_of own first_of seed_of cand guess entry id_of".split())),
        (s.i,),
    )
    op = b.pick(("==", "==", "!=", "<"))
    return ast.compare(links.x, op, s.i), first


def _halving(links: Links) -> tuple:
    """Every link on the way is set to the link after it."""
    b, x = links.b, links.x
    twice = links.at(links.at(x))
    steps = (ast.Assign(links.at(x), "=", twice), ast.Assign(x, "=", links.at(x)))
    if b.chance(0.3):
        steps = (ast.Assign(x, "=", ast.Assigned(links.at(x), twice)),)
        links.c_only = True
    return (ast.While(ast.compare(links.at(x), "!=", x), steps),)


def _stores(s: Span, links: Links, hops: ast.Name | None) -> tuple:
    b, x = s.b, links.x
    more: tuple = ()
    if hops is not None:
        more = (
            ast.Assign(
                ast.At(
                    s.target("i32", wanted=("depths", "hops_out", "dist", "levels", "cost_out")),
                    (s.i,),
                ),
                "=",
                hops,
            ),
        )
    if b.chance(0.25):
        weights = ast.At(b.array((ast.integer(links.size),)), (x,))
        more += (ast.Assign(ast.At(s.target(), (s.i,)), b.pick(("=", "+=")), weights),)
    if not s.sequential:
        word = b.array((s.n,), links.kind, "constant(3)", _OUT)
        b.parameter(word).written = True
        return (
            (ast.Assign(ast.At(word, (s.i,)), "=", x), *more) if not more or b.chance(0.7) else more
        )
    b.parameter(links.array).written = True
    own = ast.Assign(links.at(s.i), "=", x)
    if links.marked:  # a root keeps its mark
        return (ast.If(ast.compare(x, "!=", s.i), (own,)), *more)
    return (
        (ast.If(ast.compare(x, b.pick(("!=", "<")), s.i), (own,)) if b.chance(0.2) else own),
        *more,
    )


def united(b: Builder) -> Nest:
    """Draw a nest that finds two roots per edge and joins them (sequential) or compares them
    (parallel). b: the builder that makes its parts.
    """
    s = Span(b)
    others, links = s.others((0, 0, 0, 1)), Links(s)
    x, y = links.x, ast.Name(b.name(("y", "w0", "root2", "bb", "other", "rv"), links.kind))
    ends = [
        ast.At(b.array((s.n,), "i32", f"integers(0,{links.size - 1})", wanted), (s.i,))
        for wanted in (
            ("src", "u", "from_v", "ei", "left_v"),
            ("dst", "v", "to_v", "ej", "right_v"),
        )
    ]
    first = links.walk()
    second = _for_other(links, first, y)
    made = (
        *links.made(ends[0])[:1],
        ast.Declare(links.kind, y.id, ends[1]),
        *links.made(ends[0])[1:],
    )
    if s.sequential:
        b.parameter(links.array).written = True
        up, down = ast.Assign(links.at(x), "=", y), ast.Assign(links.at(y), "=", x)
        hung: tuple = (
            ast.If(ast.compare(x, "<", y), (down,), (ast.If(ast.compare(y, "<", x), (up,)),)),
        )
        if b.chance(0.5):
            hung = (
                ast.If(ast.compare(x, "!=", y), (ast.If(ast.compare(x, "<", y), (down,), (up,)),)),
            )
    else:
        same = ast.compare(x, b.pick(("==", "!=")), y)
        place = ast.At(
            s.target("i32", wanted=("joined", "same", "linked", "cut", "crosses", "keep_edge")),
            (s.i,),
        )
        hung = (
            (
                ast.Assign(
                    place, "=", same if b.chance(0.4) else ast.Conditional(same, ast.ONE, ast.ZERO)
                ),
            )
            if b.chance(0.7)
            else (ast.If(same, (ast.Assign(place, "=", s.i),)),)
        )
    nest = s.nest(mixed(b, (*made, *first, *second, *hung), others))
    nest.c_only = links.c_only
    return nest


def _for_other(links: Links, walk: tuple, y: ast.Name) -> tuple:
    """The same walk for the other end."""
    return rebuilt(walk, lambda node: y if node == links.x and type(node) is ast.Name else node)


def seen(b: Builder) -> Nest:
    """Draw a nest that marks a chain up to a mark (sequential), or finds the first mark on it
    (parallel). b: the builder that makes its parts.
    """
    s = Span(b)
    others, links = s.others((0, 0, 1)), Links(s, marked=0.0)
    marks = b.array(
        (ast.integer(links.size),),
        "i32",
        b.pick(("constant(0)", "integers(0,1)")),
        ("seen", "visited", "mark", "owner", "done", "claimed", "stamp"),
    )
    here = ast.At(marks, (links.x,))
    free = ast.Unary("!", here) if b.chance(0.4) else ast.compare(here, "==", ast.ZERO)
    follow = ast.Assign(links.x, "=", links.at(links.x))
    out = ast.At(b.array((s.n,), links.kind, "constant(3)", _OUT), (s.i,))
    b.parameter(out.array).written = True
    if s.sequential:
        b.parameter(marks).written = True
        steps: tuple = (ast.Assign(here, "=", ast.add(s.i, 1)), follow)
        ends: tuple = (ast.Assign(out, "=", links.x),) if b.chance(0.6) else ()
        lines = (*links.made(s.i), ast.While(free, steps), *ends)
    else:
        test = ast.conjunction(free, ast.compare(links.at(links.x), "!=", links.x))
        lines = (*links.made(s.i), ast.While(test, (follow,)), ast.Assign(out, "=", links.x))
    return s.nest(mixed(b, lines, others))


MENU = ((roots, 12), (united, 5), (seen, 2))
