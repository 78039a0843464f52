"""One position through several sibling loops, and loops whose heads move several positions.

Contract: a position that is set before the outermost loop is carried (one thread); one that is
worked out or begun anew in each iteration is not, and these nests are parallel over the outer
loops.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 14, 'broad')).programs['cuda'].text)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.core.one_thread import (
    SIDES,
    RunningIndex,
    add_terms,
    make_assignment,
    make_counters,
    make_element,
    make_fraction,
    make_local,
    make_loop,
    make_serial_nest,
    make_swap,
    make_written_array,
)

_WIDTHS = tuple(
    tuple(words.split())
    for words in (
        "NX NY NZ",
        "nx ny nz",
        "w1 w2 w3",
        "ca cb cc",
        "n1 n2 n3",
        "lenA lenB lenC",
        "c_in c_skip c_rest",
        "left right mid",
        "d1 d2 d3",
        "sx sy sz",
    )
)
_ROWS = tuple("B batch rows n num nrows T_len M count outer_n frames tokens".split())
_BATCHES = tuple("nb groups heads samples_n imgs".split())
_STARTS = tuple("base row_at first0 begin start_i at0 off".split())
_STEPPED = tuple("p q pos idx0 pa pb src_i cell at1 ofs ia ib".split())


class _Parts:
    """Rows of a long array that hold the rows of one to three others one after the other."""

    def __init__(self, b: Builder, carried: bool) -> None:
        self.b, self.carried = b, carried
        if b.chance(0.15):
            b.kind = b.pick(("u32", "i64", "u8", "i16"))
        self.variables = make_counters(b, 3 if b.chance(0.22) else 2)
        self.inner = self.variables.pop()
        self.lengths = ([b.size(_BATCHES, (1, 2, 3))] if len(self.variables) == 2 else []) + [
            b.size(_ROWS, SIDES)
        ]
        self.how = "carried" if carried else b.pick(("written", "written", "base", "local"))
        count = (
            b.pick((1, 2, 2, 2, 3)) if self.how in ("carried", "local") else b.pick((2, 2, 2, 3))
        )
        words, shared = b.pick(_WIDTHS), b.chance(0.2)
        self.widths = (
            [b.size((words[0],), SIDES)] * count
            if shared
            else [b.size((w,), SIDES) for w in words[:count]]
        )
        whole: tuple = self.widths[0] if count == 1 else ast.Paren(add_terms(self.widths))
        if shared and count > 1:
            whole = ast.Paren(ast.mul(self.widths[0], count))
        row = (
            self.variables[0]
            if len(self.variables) == 1
            else ast.Paren(ast.add(ast.mul(self.variables[0], self.lengths[1]), self.variables[1]))
        )
        self.start = ast.mul(row, whole)
        self.line = make_written_array(b, (ast.product([*self.lengths, whole]),))
        self.scatters = b.chance(0.6)
        b.parameter(self.line).written = not self.scatters
        self.begun: tuple = ()

    def position(self, part: int) -> tuple:
        """The place in the long row, as it is written out for an element of one part."""
        return add_terms([self.start, *self.widths[:part], self.inner])

    def element(self, width: tuple) -> ast.At:
        word = make_written_array(self.b, (*self.lengths, width))
        self.b.parameter(word).written = self.scatters
        return make_element(word, *self.variables, self.inner)

    def statement(self, element: ast.At, place: tuple, once: bool) -> tuple:
        """One move between the row and a part. once: the place's subscript moves the
        position on.
        """
        b, there = self.b, make_element(self.line, place)
        if not self.scatters:
            b.reads = [element]
            return make_assignment(
                there,
                element if b.chance(0.65) else b.value(1),
                "=" if once or b.chance(0.7) else b.pick(("+=", "-=")),
            )
        draw = b.rng.random()
        value: tuple = there
        if draw > 0.8 and not once:
            b.reads = [there]
            value = b.value(1)
        elif draw > 0.7:
            value = ast.mul(there, b.scalar() if b.kind in FLOATS else b.number())
        return make_assignment(element, value, b.pick(("=", "=", "+=", "+=", "-=")))

    def nest(self) -> Nest:
        b = self.b
        position = RunningIndex(b, 0 if self.carried else self.start)
        moved = self.how in ("carried", "local")
        position.headed = moved and b.chance(0.15)
        if self.how == "base":
            position.name, position.declared = make_local(b, self.start, _STARTS, "i32")
        tested = b.chance(0.3)
        inside = position.inside and not tested
        loops = []
        for part, width in enumerate(self.widths):
            element = self.element(width)
            if moved:
                once = inside and not position.headed
                step = self.statement(
                    element, ast.Postfix("++", position.name) if once else position.name, once
                )
            elif self.how == "base":
                step = self.statement(
                    element, add_terms([position.name, *self.widths[:part], self.inner]), False
                )
            else:
                step = self.statement(element, self.position(part), False)
            body: tuple = (step,)
            if tested and b.chance(0.85):
                there = ast.Name(element.array)
                body = (
                    ast.If(there if b.chance(0.75) else ast.compare(there, "!=", ast.ZERO), body),
                )
            if moved and not position.headed and not inside:
                body = (*body, make_assignment(position.name, 1, "+="))
            loops.append(position.along(make_loop(b, self.inner, width, *body)))
        made = (position.declared,) if self.how != "written" else ()
        if not self.carried:
            axes = tuple(Axis(v.id, ast.ZERO, n) for v, n in zip(self.variables, self.lengths))
            return Nest("", [], [Region(axes, (*made, *loops))], c_only=tested)
        loop = make_loop(b, self.variables[-1], self.lengths[-1], *loops)
        if len(self.variables) == 2:
            loop = make_loop(b, self.variables[0], self.lengths[0], loop)
        nest = make_serial_nest(*made, loop)
        nest.c_only = tested
        return nest


def parts_in_turn(b: Builder) -> Nest:
    """Draw a nest with one running position through all parts of all rows. b: the builder that
    makes its parts.
    """
    return _Parts(b, True).nest()


def parts_placed(b: Builder) -> Nest:
    """Draw a nest over parts of rows, with positions that depend on the row alone. b: the builder
    that makes its parts.
    """
    return _Parts(b, False).nest()


# --- heads that move several positions
# ------------------------------------------------------------------------------

_LAYERS = tuple("l k_max depth layers nclass channels classes nz D terms nb_k planes".split())
_PLACES = tuple("index idx pos at0 cell loc0 p0 id0 voxel".split())
_DEEP = (("k",), ("l0",), ("c",), ("z",), ("layer",), ("q",), ("t",))


def _sides(b: Builder) -> tuple[list, list, str]:
    """Two outer loops in either order, signed or not: sizes and variables, rows first."""
    kind = b.pick(("i32", "i32", "i32", "u32", "u32"))
    high, wide = (
        b.size((w,), (1, 2, 3, 5), kind if b.chance(0.3) else "i32")
        for w in b.pick(
            (
                ("h", "w"),
                ("height", "width"),
                ("rows", "cols"),
                ("ny", "nx"),
                ("H", "W"),
                ("m", "n"),
            )
        )
    )
    words = b.pick(
        (
            ("y", "x"),
            ("i", "j"),
            ("j", "i"),
            ("row", "col"),
            ("r", "c0"),
            ("yy", "xx"),
            ("iy", "ix"),
        )
    )
    return [high, wide], [ast.Name(b.exact(w, kind)) for w in words], kind


def _at_top(b: Builder, nest: Nest) -> Nest:
    """Loop variables each in a statement of its own at the top, in some functions."""
    if b.chance(0.4):
        nest.early, nest.apart = True, b.chance(0.75)
    return nest


def marched(b: Builder) -> Nest:
    """Draw a nest whose inner loop moves a position through the planes over a point. b: the builder
    that makes its parts.
    """
    (high, wide), (y, x), kind = _sides(b)
    axes = [Axis(y.id, ast.ZERO, high), Axis(x.id, ast.ZERO, wide)]
    axes = axes if b.chance(0.5) else axes[::-1]
    layers, k = b.size(_LAYERS, (1, 2, 3, 4)), ast.Name(b.name(b.pick(_DEEP), kind))
    index = ast.Name(b.name(_PLACES, kind if b.chance(0.6) else "i32"))
    area = b.pick((ast.mul(wide, high), ast.mul(high, wide)))
    first = b.pick(
        (
            ast.add(ast.mul(y, wide), x),
            ast.add(x, ast.mul(y, wide)),
            ast.add(x, ast.mul(wide, y)),
            ast.add(ast.mul(x, high), y),
        )
    )
    size = (ast.product([layers, high, wide]),)
    also: tuple = (make_assignment(index, area, "+="),)
    made: tuple = (ast.Declare(b.types[index.id], index.id, first),)
    b.reads = [make_element(b.array(size), index) for _ in range(b.pick((0, 1, 1, 2)))]
    if b.chance(0.3):
        b.reads.append(make_element(b.array((layers,)), k))
    if b.chance(0.2):
        b.reads.append(make_element(b.array((high, wide)), y, x))
    stores, ends = _marched_stores(b, size, index, k)
    if b.chance(0.2) and b.reads:
        stores = (
            ast.If(ast.compare(b.reads[0], b.pick((">", "<", "!=")), b.number(zero=True)), stores),
        )
    if ends:
        made, also = (*made, ends[0]), (*also, *ends[1:]) if b.chance(0.5) else also
        stores = stores if len(also) > 1 else (*stores, *ends[1:])
    loop = make_loop(b, k, layers, *stores)._replace(also=also if b.chance(0.8) else also[::-1])
    return _at_top(
        b, Nest("", [], [Region(tuple(axes), (*made, loop))], index_type=kind, c_only=True)
    )


def _marched_stores(b: Builder, size: tuple, index: ast.Name, k: ast.Name) -> tuple[tuple, tuple]:
    """One to three stores at the position; sometimes a second local that grows from layer
    to layer.
    """
    stores: tuple = ()
    ends: tuple = ()
    running = None
    if b.chance(0.2):
        running, grown = make_local(
            b, b.number(zero=b.chance(0.5)), ("level", "v", "shade", "t0", "grow")
        )
        ends = (
            grown,
            make_assignment(
                running, b.number() if b.kind not in FLOATS else make_fraction(b), "+="
            ),
        )
    for turn in range(b.pick((1, 2, 2, 3))):
        kind = b.pick((b.kind, b.kind, b.kind, "i32", "u8"))
        target = make_element(make_written_array(b, size, kind), index)
        if kind != b.kind:
            value: tuple = b.pick((ast.ZERO, ast.ONE, ast.Cast(kind, k) if kind == "u8" else k))
        elif running is not None and turn == 0:
            value = running
        elif not b.reads or b.chance(0.35):
            value = b.number(zero=b.chance(0.6)) if b.chance(0.7) else ast.Cast(b.kind, k)
        else:
            value = b.value(b.pick((0, 1, 1)))
        stores += (
            make_assignment(
                target, value, "=" if kind != b.kind or b.chance(0.75) else b.pick(("+=", "-="))
            ),
        )
    return stores, ends


def together(b: Builder) -> Nest:
    """Draw a nest whose loop moves a counter and a position: `k++, p += n`. b: the builder that
    makes its parts.
    """
    kind = b.pick(("i32",) * 5 + ("u32",))
    n, m = (
        b.size((w,), (1, 2, 4, 6))
        for w in b.pick(
            (
                ("n", "m"),
                ("cols", "rows"),
                ("w", "h"),
                ("N", "K"),
                ("stride", "len"),
                ("ldb", "deep"),
            )
        )
    )
    i, j, k = (
        ast.Name(b.exact(w, kind))
        for w in b.pick((("i", "j", "k"), ("r", "c", "t"), ("x", "y", "z"), ("row", "col", "kk")))
    )
    p, q = (ast.Name(b.name(_STEPPED, kind)) for _ in "pq")
    draw = b.rng.random()
    if draw < 0.35:  # a product of two matrices
        rows = b.size(("l", "M", "q_rows", "L", "na"), (1, 2, 3))
        a, other, result = b.array((rows, m)), b.array((m, n)), make_written_array(b, (rows, n))
        plan = [(p, ast.mul(i, m), ast.ONE), (q, j, n)]
        term: tuple = ast.mul(make_element(a, p), make_element(other, q))
        axes, target = (
            (Axis(i.id, ast.ZERO, rows), Axis(j.id, ast.ZERO, n)),
            make_element(result, i, j),
        )
    else:
        column = draw < 0.7
        axes, plan = (
            (Axis(i.id, ast.ZERO, n),),
            [(p, i if column else ast.mul(i, m), n if column else ast.ONE)],
        )
        source, target = (
            make_element(b.array((ast.mul(m, n),)), p),
            make_element(make_written_array(b, (n,)), i),
        )
        term = source if b.chance(0.5) else ast.mul(source, make_element(b.array((m,)), k))
        if b.chance(0.3):
            plan.append((q, ast.ZERO, ast.TWO))
            term = ast.mul(source, make_element(b.array((ast.mul(m, 2),)), q))
        if b.chance(0.3):
            return _column_stores(b, axes, k, m, n, plan, source, kind)
    total, made = make_local(b, b.number(zero=True), names.SUMS)
    loop, before = _headed(b, k, m, plan, make_assignment(total, term, b.pick(("+=", "+=", "-="))))
    if b.chance(0.25):
        loop, before = _headed(b, k, m, plan, make_assignment(target, term, "+="))
        first = (make_assignment(target, b.number(zero=True)),) if b.chance(0.6) else ()
        return _at_top(
            b, Nest("", [], [Region(axes, (*first, *before, loop))], index_type=kind, c_only=True)
        )
    end: tuple = (
        total
        if b.chance(0.7)
        else ast.Binary("/", total, m)
        if b.chance(0.5)
        else ast.mul(total, b.scalar())
    )
    body = (made, *before, loop, make_assignment(target, end, b.pick(("=", "=", "+="))))
    return _at_top(b, Nest("", [], [Region(axes, body)], index_type=kind, c_only=True))


def _headed(
    b: Builder, k: ast.Name, stop: tuple, plan: list, *body: tuple
) -> tuple[ast.For, tuple]:
    """The loop that moves every planned position on, and the declarations before it."""
    also = tuple(make_assignment(name, step, "+=") for name, _, step in plan)
    starts = tuple(ast.Declare(b.types[name.id], name.id, first) for name, first, _ in plan)
    loop = make_loop(b, k, stop, *body)._replace(also=also)
    return (loop._replace(starts=starts), ()) if b.chance(0.8) else (loop, starts)


def _column_stores(
    b: Builder, axes: tuple, k: ast.Name, m: tuple, n: tuple, plan: list, source: tuple, kind: str
) -> Nest:
    """Every thread writes its own column or row through the position."""
    b.reads = [source, make_element(b.array((n,)), ast.Name(axes[0].variable))]
    stores = tuple(
        make_assignment(
            make_element(make_written_array(b, (ast.mul(m, n),)), plan[0][0]),
            b.value(b.pick((0, 1, 1))),
            b.pick(("=", "=", "+=")),
        )
        for _ in range(b.pick((1, 1, 2)))
    )
    loop, before = _headed(b, k, m, plan[:1], *stores)
    return _at_top(b, Nest("", [], [Region(axes, (*before, loop))], index_type=kind, c_only=True))


def _ends(b: Builder, place: object, last: tuple) -> ast.For:
    """`for (lo = 0, hi = m - 1; lo < hi; lo++, hi--)`, exchanging, or adding what stands
    opposite.
    """
    words = b.pick(
        (
            ("lo", "hi"),
            ("left", "right"),
            ("s", "e"),
            ("head", "tail"),
            ("a0", "z0"),
            ("l", "r0"),
            ("ii", "jj"),
            ("front", "back"),
        )
    )
    low, high = (ast.Name(b.name((w, w + "_i"), "i32")) for w in words)
    one, other = place(low), place(high)
    if b.chance(0.6):
        body = make_swap(b, one, other)
        if b.chance(0.25):
            body = (ast.If(ast.compare(one, b.pick("<>"), other), body),)
    else:
        body = (
            make_assignment(
                one,
                other
                if b.chance(0.5)
                else ast.mul(make_fraction(b), other)
                if b.kind in FLOATS
                else ast.add(other, b.number()),
                b.pick(("+=", "-=")),
            ),
        )
        if b.chance(0.4):
            body += (make_assignment(other, one),)
    return ast.For(
        low.id,
        ast.ZERO,
        b.pick(("<", "<", "<=")) if len(body) < 2 else "<",
        high,
        tuple(body),
        also=(make_assignment(high, 1, "-="),),
        starts=(ast.Declare("i32", high.id, last),),
    )


def row_ends(b: Builder) -> Nest:
    """Draw a nest in which every thread works on its own row from both ends. b: the builder that
    makes its parts.
    """
    n, m = (b.size((w,), (1, 2, 3, 6)) for w in b.pick(names.EXTENTS))
    (r,) = make_counters(b, 1)
    column = b.chance(0.25)
    a = make_written_array(b, (m, n) if column else (n, m))
    view: tuple = ()
    if column:
        place = lambda index: make_element(a, index, r)
    elif b.chance(0.35):
        word = b.name(("row", "line", "mine", "cur_row", "p_row"), b.kind)
        view = (ast.DeclarePointer(b.kind, word, a, ast.mul(r, m)),)
        place = lambda index: make_element(word, index)
    else:
        place = lambda index: make_element(a, r, index)
    loop = _ends(b, place, ast.sub(m, 1))
    return _at_top(
        b, Nest("", [], [Region((Axis(r.id, ast.ZERO, n),), (*view, loop))], c_only=True)
    )


def both_ends(b: Builder) -> Nest:
    """Draw a nest in which one thread works through an array from both ends. b: the builder that
    makes its parts.
    """
    n = b.size(names.SIZES, (1, 2, 5, 9, 16))
    a = make_written_array(b, (n,))
    loop = _ends(b, lambda index: make_element(a, index), ast.sub(n, 1))
    if b.chance(0.3):
        i = ast.Name(b.name(("turn", "t", "it"), "i32"))
        after = make_assignment(make_element(a, 0), b.number(), b.pick(("+=", "-=", "=")))
        loop = make_loop(b, i, b.size(("times", "turns", "reps"), (0, 1, 2)), loop, after)
    nest = make_serial_nest(loop)
    nest.c_only = True
    return nest


MENU = (
    (parts_in_turn, 11),
    (parts_placed, 9),
    (marched, 8),
    (together, 6),
    (row_ends, 3),
    (both_ends, 3),
)
"""(family, weight) of each."""
