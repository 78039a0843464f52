"""Totals kept in the element in memory, and regions of one array that are written here and read
there.

Contract: totals are parallel over the loops whose variables name the element, where these stand
outside; the loops inside add to it as they stand. Where the written and the read places of one
array overlap, or two iterations write one place, one thread does all; the twins of the same look
have two arrays, the right pitch, or carry along the inner loop only.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 14, 'broad')).programs['cuda'].text)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.core.one_thread import (
    make_assignment,
    make_counters,
    make_element,
    make_extreme,
    make_fraction,
    make_length,
    make_local,
    make_loop,
    make_serial_nest,
    make_sizes,
    make_written_array,
)

_TOTALS = tuple(
    "db sums totals col_sum acc_out dbias means_out s_out grad_b out norms bias_updates "
    "dgamma row_tot hist_f y res".split()
)
_FEW = (1, 2, 3, 5)
_THIRDS = tuple("batch T B nb depth samples_n t_len reps".split())


def totals(b: Builder) -> Nest:
    """Draw a nest that sums into `db[j]` over one to three inner loops. b: the builder that makes
    its parts.
    """
    r, c = (b.size((w,), _FEW) for w in b.pick(names.EXTENTS))
    i, j, k = make_counters(b, 3)
    column = b.chance(0.7)
    own, length, inner, stop = (j, c, i, r) if column else (i, r, j, c)
    extents, place = [r, c], [i, j]
    shape, extra = b.pick(("plain", "plain", "plain", "deep", "wide")), None
    if shape != "plain":  # a third loop inside, or a second parallel one outside
        extra = b.size(_THIRDS, (1, 2, 3))
        extents, place = (
            b.pick((([extra, r, c], [k, i, j]), ([r, extra, c], [i, k, j])))
            if shape == "deep"
            else ([extra, r, c], [k, i, j])
        )
    axes = [(own, length)] if shape != "wide" else [(k, extra), (own, length)]
    if shape == "wide" and b.chance(0.3):
        axes.reverse()
    target = make_element(
        make_written_array(b, tuple(n for _, n in axes), wanted=_TOTALS), *(v for v, _ in axes)
    )
    target = target if len(axes) < 2 or axes[0][0] == k else make_element(target.array, own, k)
    source = make_element(b.array(tuple(extents)), *place)
    op, steps = _added(b, target, source, inner, stop, tuple(extents), tuple(place))
    inside = [(inner, stop)] if shape != "deep" else [(inner, stop), (k, extra)]
    if b.chance(0.5):
        inside.reverse()
    loops: tuple = steps
    for variable, end in reversed(inside):
        loops = (make_loop(b, variable, end, *loops),)
    first = _begun(b, target, source, op)
    nest = Nest(
        "",
        [],
        [
            Region(
                tuple(Axis(v.id, ast.ZERO, n) for v, n in axes),
                (*first, *loops, *_ended(b, target, stop, op)),
            )
        ],
    )
    if b.chance(0.2):
        nest.early, nest.apart = True, b.chance(0.7)
    return nest


def _added(
    b: Builder,
    target: ast.At,
    source: ast.At,
    inner: ast.Name,
    stop: tuple,
    extents: tuple,
    place: tuple,
) -> tuple[str, tuple]:
    """How the element takes in another value: the operation's name and the statements."""
    draw = b.rng.random()
    if draw < 0.16:
        op = b.pick("><")
        if b.chance(0.5):
            return op, (
                ast.If(ast.compare(source, op, target), (make_assignment(target, source),)),
            )
        return op, (make_assignment(target, make_extreme(b, op, target, source)),)
    if draw < 0.24 and b.kind in FLOATS:
        b.parameter(source.array).fill = "uniform(0.5,1.5)"
        return "*", (make_assignment(target, source, "*="),)
    value: tuple = source
    vector = make_element(b.array((stop,)), inner) if 0.24 < draw < 0.62 else None
    if vector is not None:
        value = ast.mul(source, vector) if b.chance(0.7) else ast.mul(vector, source)
    elif draw < 0.72:
        value = ast.mul(source, make_element(b.array(extents), *place))
    elif draw < 0.8:
        value = ast.mul(source, source)
    elif draw < 0.86 and b.kind in FLOATS:
        value = b.pick(
            (
                ast.Call(b.function("fabs"), (source,)),
                ast.mul(source, b.scalar()),
                ast.Binary("/", source, stop),
            )
        )
    step: tuple = make_assignment(target, value, b.pick(("+=", "+=", "+=", "-=")))
    if b.chance(0.15):
        step = ast.If(ast.compare(source, b.pick((">", "<", "!=")), b.number(zero=True)), (step,))
    if b.chance(0.15) and len(target.subscripts) == 1:
        other = make_element(
            make_written_array(b, b.parameter(target.array).extents, wanted=_TOTALS),
            *target.subscripts,
        )
        return "+", (
            step,
            make_assignment(other, source if value != source else ast.mul(source, source), "+="),
        )
    return "+", (step,)


def swept(b: Builder) -> Nest:
    """Draw a nest that sums into elements that the outer loop visits again, so that one thread does
    all. b: the builder that makes its parts.
    """
    (r, c), (i, j) = (tuple(b.size((w,), _FEW) for w in b.pick(names.EXTENTS)), make_counters(b, 2))
    column = b.chance(0.75)
    own, length, other, stop = (j, c, i, r) if column else (i, r, j, c)
    target, source = (
        make_element(make_written_array(b, (length,), wanted=_TOTALS), own),
        make_element(b.array((r, c)), i, j),
    )
    op, steps = _added(b, target, source, other, stop, (r, c), (i, j))
    first, last = _begun(b, target, source, op), _ended(b, target, stop, op)
    inner = make_loop(b, own, length, *steps)
    if first and b.chance(0.3):  # begun in the first turn
        inner = make_loop(b, own, length, ast.If(ast.compare(other, "==", ast.ZERO), first), *steps)
        first = ()
    around = [make_loop(b, own, length, *block) if block else None for block in (first, last)]
    return make_serial_nest(
        *(s for s in (around[0], make_loop(b, other, stop, inner), around[1]) if s is not None)
    )


def _begun(b: Builder, target: ast.At, source: ast.At, op: str) -> tuple:
    """What the element starts from, if the function says so."""
    if b.chance(0.5):
        return ()
    if op == "*":
        return (make_assignment(target, 1),)
    if op == "+":
        return (
            make_assignment(
                target,
                b.number(zero=True)
                if b.chance(0.8)
                else make_element(b.array(b.parameter(target.array).extents), *target.subscripts),
            ),
        )
    low = b._same(ast.Literal("1000.0", "f64")) if b.kind in FLOATS else ast.integer(1000)
    return (
        (make_assignment(target, ast.Unary("-", low) if op == ">" else low),)
        if b.chance(0.6)
        else (make_assignment(target, b.number(zero=True)),)
    )


def _ended(b: Builder, target: ast.At, stop: tuple, op: str) -> tuple:
    if op != "+" or b.chance(0.7):
        return ()
    return (
        (make_assignment(target, stop, "/="),)
        if b.chance(0.6)
        else (make_assignment(target, b.scalar(), "*="),)
    )


# --- places that overlap
# --------------------------------------------------------------------------------------------


def _taken(b: Builder, source: tuple, *beside: tuple) -> tuple:
    """The element, or something of about its size that is made of it."""
    draw = b.rng.random()
    if draw < 0.35:
        return source
    if draw < 0.5:
        return ast.Binary("/", source, ast.integer(b.pick((2, 2, 3, 4, 8))))
    if draw < 0.65 and beside:
        return ast.Binary(
            b.pick("++-"),
            *((source, b.pick(beside)) if b.chance(0.7) else (b.pick(beside), source)),
        )
    if draw < 0.8:
        return ast.Binary(b.pick("+-"), source, b.number())
    if b.kind in FLOATS:
        return (
            ast.mul(make_fraction(b), source)
            if b.chance(0.5)
            else ast.mul(source, make_fraction(b))
        )
    return ast.Unary("-", source) if b.chance(0.4) else ast.add(source, b.number())


def _step(
    b: Builder, to: tuple, at_: tuple, target: str, source: str, op: str, beside: tuple = ()
) -> tuple:
    """One assignment between two places, whose subscripts may have names, perhaps under a test or
    by a held value.
    """
    made: tuple = ()
    if b.chance(0.3):
        words = b.pick(
            (
                ("dst", "src_at"),
                ("out_idx", "in_idx"),
                ("to_i", "from_i"),
                ("d_pos", "s_pos"),
                ("o_i", "i_i"),
                ("new_at", "old_at"),
            )
        )
        names_ = [
            make_local(b, place, (word, word + "0"), "i32") for place, word in zip((to, at_), words)
        ]
        made, (to, at_) = tuple(d for _, d in names_), (n for n, _ in names_)
        made = made if b.chance(0.6) else made[::-1]
    place, element = make_element(target, to), make_element(source, at_)
    if b.chance(0.15):
        hold, kept = make_local(b, element)
        return (*made, kept, make_assignment(place, _taken(b, hold, *beside), op))
    step: tuple = (make_assignment(place, _taken(b, element, *beside), op),)
    if b.chance(0.15):
        step = (
            ast.If(ast.compare(element, b.pick((">", "<", "!=", ">=")), b.number(zero=True)), step),
        )
    return (*made, *step)


def _pair(b: Builder, sizes: tuple, shared: bool) -> tuple[str, str]:
    """The array that is written and the one that is read: one array, or two."""
    target = make_written_array(b, sizes)
    return target, target if shared else b.array(sizes)


def _finished(b: Builder, shared: bool, loops: list[tuple[ast.Name, tuple]], body: tuple) -> Nest:
    """Outer loops round the body: one thread's, or parallel."""
    if not shared:
        return Nest("", [], [Region(tuple(Axis(v.id, ast.ZERO, n) for v, n in loops), body)])
    for variable, stop in reversed(loops):
        body = (make_loop(b, variable, stop, *body),)
    return make_serial_nest(*body)


def _on_line(b: Builder, shared: bool) -> Nest:
    """`a[2 * i] = a[i] + …`, `x[n - 1 - i] = x[i]`, `a[i] = a[i * 2 + 1]`, `a[n + i] = a[2
    * i]`.
    """
    n, (i,) = make_length(b), make_counters(b, 1)
    k = (
        ast.integer(b.pick((2, 2, 3, 4)))
        if b.chance(0.7)
        else b.size(("stride", "step", "k", "factor", "inc"), (2, 3))
    )
    spread = ast.mul(k, i) if b.chance(0.6) else ast.mul(i, k)
    mirror = b.pick((ast.sub(ast.sub(n, 1), i), ast.sub(ast.sub(n, i), 1)))
    plans = (
        (spread, i, ast.mul(n, k)),
        (i, spread, ast.mul(n, k)),
        (ast.add(spread, 1), i, ast.mul(n, k)),
        (i, ast.add(spread, 1), ast.mul(n, k)),
        (mirror, i, n),
        (i, mirror, n),
        (mirror, i, n),
        (ast.add(n, i), spread, ast.mul(n, ast.Paren(ast.add(k, 1)))),
        (i, ast.Binary("/", i, k), n),
        (ast.Binary("-", n, ast.Paren(ast.add(i, 1))), i, n),
    )
    to, from_, whole = b.pick(plans)
    target, source = _pair(b, (whole,), shared)
    unique = to != ast.Binary("/", i, k)
    beside = (make_element(b.array((n,)), i),) if b.chance(0.4) else ()
    body = _step(
        b, to, from_, target, source, b.pick(("=", "=", "=", "+=", "-=")) if unique else "=", beside
    )
    if b.chance(0.2):
        body += (
            make_assignment(
                make_element(make_written_array(b, (n,)), i),
                make_element(target, from_ if shared else to),
            ),
        )
    return _finished(b, shared, [(i, n)], body)


def _on_groups(b: Builder, shared: bool) -> Nest:
    """`d[i + n * k] += d[k] / n;`: every group's elements from one element of the same array."""
    groups, n = (
        b.size(("groups", "c", "k_num", "batch", "filters", "rows", "nseg"), _FEW),
        b.size(("n", "size", "len", "spatial", "w_len", "D"), _FEW),
    )
    k, i = (
        ast.Name(b.exact(w, "i32"))
        for w in b.pick(
            (("k", "i"), ("i", "j"), ("g", "e"), ("c0", "s"), ("row", "col"), ("b0", "f"))
        )
    )
    strided = b.chance(0.25)
    lonely = (
        strided and not shared and b.chance(0.5)
    )  # a thread for each group never leaves its own places
    target, source = _pair(
        b, (ast.mul(groups, n) if b.chance(0.5) else ast.mul(n, groups),), shared or lonely
    )
    to = (
        ast.add(ast.mul(i, groups), k)
        if strided
        else b.pick(
            (ast.add(i, ast.mul(n, k)), ast.add(ast.mul(k, n), i), ast.add(ast.mul(n, k), i))
        )
    )
    op, element = b.pick(("=", "+=", "+=", "-=")), make_element(source, k)
    value = ast.Binary("/", element, n) if b.chance(0.5) else _taken(b, element)
    if b.chance(0.25):
        value = (
            ast.mul(value, b.scalar())
            if b.kind in FLOATS
            else ast.add(value, make_element(b.array((n,)), i))
        )
    body: tuple = (make_assignment(make_element(target, to), value, op),)
    if b.chance(0.25):
        body = (
            ast.If(
                ast.compare(
                    make_element(b.array((groups,), "i32", "integers(0,1)", names.MASKS), k),
                    b.pick(("==", "!=")),
                    ast.ZERO,
                ),
                body,
            ),
        )
    loops = [(k, groups), (i, n)]
    if lonely:
        return _finished(b, False, loops[:1], (make_loop(b, i, n, *body),))
    return _finished(
        b, shared, loops[::-1] if strided and shared or b.chance(0.25) else loops, body
    )


def _on_square(b: Builder, shared: bool) -> Nest:
    """A square matrix and its transpose or its mirror, element by element."""
    n, (i, j) = b.size(("n", "N", "dim", "order", "size"), (2, 3, 4, 5)), make_counters(b, 2)
    rows = not shared and b.chance(0.4)  # each thread in its own row of one array
    target, source = _pair(b, (ast.mul(n, n),), shared or rows)
    to, here = ast.add(ast.mul(i, n), j), ast.add(ast.mul(j, n), i)
    if rows:
        here = ast.add(ast.mul(i, n), ast.sub(ast.sub(n, 1), j))
    elif b.chance(0.3):
        here = ast.add(ast.mul(ast.Paren(ast.sub(ast.sub(n, 1), j)), n), i)
    to, here = (to, here) if b.chance(0.6) else (here, to)
    if rows:
        return _finished(
            b,
            False,
            [(i, n)],
            (
                make_loop(
                    b, j, n, *_step(b, to, here, target, source, b.pick(("=", "=", "+=", "-=")))
                ),
            ),
        )
    beside = (make_element(source, to),) if b.chance(0.3) else ()
    return _finished(
        b,
        shared,
        [(i, n), (j, n)],
        _step(b, to, here, target, source, b.pick(("=", "=", "+=", "-=")), beside),
    )


def _pitched(b: Builder, shared: bool) -> Nest:
    """A transposition whose rows lie `cols` (places collide where there are more rows) or `rows`
    apart.
    """
    (rows, cols), (i, j) = make_sizes(b, 2), make_counters(b, 2)
    to = ast.add(ast.mul(j, cols if shared else rows), i)
    if b.chance(0.35):
        to = ast.add(i, ast.mul(j, cols if shared else rows))
    whole = ast.add(ast.mul(cols, cols), rows) if shared else ast.mul(cols, rows)
    target, source = make_written_array(b, (whole,)), b.array((ast.mul(rows, cols),))
    beside = (make_element(b.array((cols,)), j),) if b.chance(0.2) else ()
    return _finished(
        b,
        shared,
        [(i, rows), (j, cols)],
        _step(b, to, ast.add(ast.mul(i, cols), j), target, source, "=", beside),
    )


def _shifted(b: Builder, shared: bool) -> Nest:
    """Rows taken from the row before or after, in place: carried from row to row, or by each thread
    down its own column.
    """
    (h, w), (i, j) = make_sizes(b, 2), make_counters(b, 2)
    a = make_written_array(b, (h, w))
    up = b.chance(0.5)
    near, (start, stop) = (ast.sub(i, 1), (1, h)) if up else (ast.add(i, 1), (0, ast.sub(h, 1)))
    beside = (
        (make_element(b.array((h, w)), i, j),)
        if b.chance(0.4)
        else (make_element(b.array((w,)), j),)
        if b.chance(0.3)
        else ()
    )
    step = make_assignment(
        make_element(a, i, j),
        _taken(b, make_element(a, near, j), *beside),
        b.pick(("=", "+=", "-=")),
    )
    if shared:
        return make_serial_nest(make_loop(b, i, stop, make_loop(b, j, w, step), start=start))
    return Nest(
        "", [], [Region((Axis(j.id, ast.ZERO, w),), (make_loop(b, i, stop, step, start=start),))]
    )


_OVERLAPS = (
    _on_line,
    _on_line,
    _on_line,
    _on_groups,
    _on_groups,
    _on_square,
    _pitched,
    _pitched,
    _shifted,
)


def overlapping(b: Builder) -> Nest:
    """Draw a nest whose written and read places overlap or collide. b: the builder that makes its
    parts.
    """
    return b.pick(_OVERLAPS)(b, True)


def apart(b: Builder) -> Nest:
    """Draw a nest with scaled subscripts whose written and read places do not overlap. b: the
    builder that makes its parts.
    """
    return b.pick(_OVERLAPS)(b, False)


MENU = (
    (totals, 13),
    (swept, 5),
    (overlapping, 14),
    (apart, 9),
)
"""(family, weight) of each."""
