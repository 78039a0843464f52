"""Nested loops that one thread does: running positions, sweeps in place, tables, steps in time.

Contract: every family's iterations depend on each other by what they read, in a way that atomic
updates do not mend.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 14, 'broad')).programs['cuda'].text)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Nest
from corpora.generator.core.one_thread import (
    SIDES,
    RunningIndex,
    add_terms,
    change_place,
    choose_counter_type,
    make_assignment,
    make_counters,
    make_descending_loop,
    make_element,
    make_extreme,
    make_fraction,
    make_length,
    make_likely_test,
    make_local,
    make_loop,
    make_serial_nest,
    make_sizes,
    make_written_array,
)

_TIMES = ("iters", "sweeps", "steps", "T", "nsteps", "max_iter", "niter", "timesteps", "tmax")
_WIDTHS = tuple(
    tuple(words.split())
    for words in (
        "NX NY NZ",
        "w1 w2 w3",
        "lenA lenB lenC",
        "nx ny nz",
        "n1 n2 n3",
        "d1 d2 d3",
        "ca cb cc",
    )
)
_OUTERS = ("B", "batch", "rows", "h", "n", "num", "outer_n", "nrows", "T_len", "samples_n", "M")
_ODD = ("u32", "i64", "u8", "i16")


def _any_kind(b: Builder) -> None:
    if b.chance(0.15):
        b.kind = b.pick(_ODD)


def interleave(b: Builder) -> Nest:
    """Draw a nest that copies rows of matrices into one line, or back, by one running position. b:
    the builder that makes its parts.
    """
    _any_kind(b)
    j, i = make_counters(b, 2, choose_counter_type(b))
    outer, parts = b.size(_OUTERS, SIDES), b.pick((1, 1, 2, 2, 2, 3))
    words, shared = b.pick(_WIDTHS), b.chance(0.3)
    widths = (
        [b.size((words[0],), SIDES)] * parts
        if shared
        else [b.size((w,), SIDES) for w in words[:parts]]
    )
    position = RunningIndex(b)
    position.headed = b.chance(0.12)
    total: tuple = ast.mul(outer, ast.Paren(add_terms(widths)) if parts > 1 else widths[0])
    line_, unpack, op = (
        make_written_array(b, (total,)),
        b.chance(0.4),
        b.pick(("=", "+=", "=", "-=")),
    )
    column = b.chance(0.12)
    loops, asked = [], b.chance(0.2) and unpack and (position.headed or not position.inside)
    for width in widths:
        extents, place = ((width, outer), (i, j)) if column else ((outer, width), (j, i))
        if unpack:
            b.parameter(line_).written = False
            step = position.load(make_element(make_written_array(b, extents), *place), line_, op)
            if asked:
                step = (ast.If(ast.Name(step[0].target.array), step[:1]), *step[1:])
        else:
            step = position.store(
                line_, change_place(b, make_element(b.array(extents), *place), 0.25)
            )
            if b.chance(0.15) and not position.headed:
                step = (ast.If(make_likely_test(b, b.reads[0]), step),)
        loops.append(position.along(make_loop(b, i, width, *step)))
    counted = (
        (
            make_assignment(
                make_element(make_written_array(b, (ast.ONE,), "i32", "constant(-1)"), 0),
                position.name,
            ),
        )
        if b.chance(0.15)
        else ()
    )
    nest = make_serial_nest(position.declared, make_loop(b, j, outer, *loops), *counted)
    nest.c_only = asked
    return nest


def flatten(b: Builder) -> Nest:
    """Draw a nest that copies a matrix or volume to or from a running position. b: the builder that
    makes its parts.
    """
    _any_kind(b)
    count = b.pick((2, 2, 3))
    lengths, variables = make_sizes(b, count), make_counters(b, count, choose_counter_type(b))
    order = b.rng.sample(range(count), count) if b.chance(0.6) else list(range(count))
    position = RunningIndex(b, b.size(names.COUNTS, (0, 1, 3)) if b.chance(0.2) else 0)
    first, position.headed = position.declared.value, b.chance(0.12)
    total: tuple = ast.product(list(lengths))
    line_ = make_written_array(b, (total if first == ast.ZERO else ast.add(total, first),))
    if b.chance(0.3):
        b.parameter(line_).written = False
        step = position.load(
            make_element(make_written_array(b, tuple(lengths)), *variables),
            line_,
            b.pick(("=", "=", "+=", "*=" if b.kind in FLOATS else "-=")),
        )
    else:
        place = make_element(b.array(tuple(lengths)), *variables)
        step = position.store(line_, change_place(b, place, 0.4))
        if b.chance(0.45) and not position.headed:
            step = (ast.If(make_likely_test(b, place), step),)
            if b.chance(0.4):
                where = make_element(
                    make_written_array(b, (ast.mul(total, 2),), "i32"),
                    ast.sub(position.name, 1) if not position.inside else position.name,
                )
                step = (
                    (ast.If(step[0].test, (make_assignment(where, variables[-1]), *step[0].then)),)
                    if position.inside
                    else step
                )
    for turn, axis in enumerate(reversed(order)):
        loop = make_loop(b, variables[axis], lengths[axis], *step)
        step = (position.along(loop) if turn == 0 else loop,)
    tail = (
        (
            make_assignment(
                make_element(make_written_array(b, (ast.ONE,), "i32", "constant(-1)"), 0),
                position.name,
                b.pick(("=", "=", "+=")),
            ),
        )
        if b.chance(0.3)
        else ()
    )
    return make_serial_nest(position.declared, *step, *tail)


def triangle(b: Builder) -> Nest:
    """Draw a nest that packs a triangle into a line, or unpacks it. b: the builder that makes its
    parts.
    """
    _any_kind(b)
    n, (i, j) = (
        b.size(("n", "N", "dim", "order", "nn", "numVars"), (2, 3, 5, 7)),
        make_counters(b, 2),
    )
    position, upper, whole = RunningIndex(b), b.chance(0.6), b.chance(0.65)
    position.headed = b.chance(0.12)
    half = ast.Binary(
        "/", ast.mul(n, ast.Paren(ast.add(n, 1) if whole else ast.sub(n, 1))), ast.TWO
    )
    matrix, packed = make_written_array(b, (n, n)), make_written_array(b, (half,))
    place = make_element(matrix, i, j) if b.chance(0.75) else make_element(matrix, j, i)
    if b.chance(0.6):
        b.parameter(matrix).written = False
        step = position.store(packed, change_place(b, place, 0.4))
    else:
        b.parameter(packed).written = False
        step = position.load(place, packed, b.pick(("=", "=", "+=")))
        if b.chance(0.5):
            step += (make_assignment(make_element(matrix, *place.subscripts[::-1]), place),)
        if not whole and b.chance(0.5):
            step = (
                position.along(make_loop(b, j, n, *step, start=ast.add(i, 1))),
                make_assignment(make_element(matrix, i, i), b.number()),
            )
            return make_serial_nest(position.declared, make_loop(b, i, n, *step))
    if upper:
        inner = make_loop(b, j, n, *step, start=i if whole else ast.add(i, 1))
    else:
        inner = make_loop(b, j, i, *step, op="<=" if whole else "<")
    return make_serial_nest(position.declared, make_loop(b, i, n, position.along(inner)))


def blocks(b: Builder) -> Nest:
    """Draw a nest with a position that moves by a whole plane or row: `pos += w * h`. b: the
    builder that makes its parts.
    """
    depth, h, w = make_sizes(b, 3)
    c, y, x = make_counters(b, 3)
    position, declared = make_local(
        b, 0, ("offset", "pos", "base", "start0", "shift0", "p0", "plane_at"), "i32"
    )
    planes, flat = b.chance(0.5), ast.product([depth, h, w])
    result, source = make_written_array(b, (flat,)), b.array((flat,))
    inside = ast.add(ast.mul(y, w), x) if planes else x
    where = ast.add(position, inside)
    b.reads = [make_element(source, where), make_element(b.array((depth,)), c)]
    step: tuple = make_loop(
        b,
        x,
        w,
        make_assignment(
            make_element(result, where), b.value(b.pick((1, 2))), b.pick(("=", "=", "+="))
        ),
    )
    after = make_assignment(position, ast.mul(w, h) if planes else w, "+=")
    headed = b.chance(0.35)

    def moved(variable: ast.Name, stop: tuple, inner: tuple) -> ast.For:
        loop = make_loop(b, variable, stop, inner)
        return loop._replace(also=(after,)) if headed else loop._replace(body=(inner, after))

    if planes:
        return make_serial_nest(declared, moved(c, depth, make_loop(b, y, h, step)))
    return make_serial_nest(declared, make_loop(b, c, depth, moved(y, h, step)))


def sweep_line(b: Builder) -> Nest:
    """Draw a nest with repeated passes along a line in place. b: the builder that makes its
    parts.
    """
    n, (i,) = make_length(b), make_counters(b, 1)
    a = make_written_array(b, (n,))
    left, here, right = (
        make_element(a, ast.sub(i, 1)),
        make_element(a, i),
        make_element(a, ast.add(i, 1)),
    )
    half = _relaxed(b, [left, right], here, None)
    forwards = make_loop(b, i, ast.sub(n, 1), half, start=1)
    passes: tuple = (forwards,)
    if b.chance(0.35):
        passes += (
            make_descending_loop(
                b,
                i,
                ast.sub(n, 2),
                half if b.chance(0.6) else _relaxed(b, [left, right], here, None),
                stop=1,
            ),
        )
    return make_serial_nest(*_repeated(b, passes, 0.85))


def _relaxed(b: Builder, around: list, here: tuple, source: tuple | None) -> ast.Assign:
    """The mean of neighbours, mixed with the old value or a right-hand side; never larger than they
    are.
    """
    total = ast.Paren(add_terms(b.rng.sample(around, len(around))))
    count = len(around)
    if b.kind not in FLOATS:
        if b.chance(0.4):
            total, count = ast.Paren(ast.add(total.argument, here)), count + 1
        value: tuple = ast.Binary("/", total, ast.integer(count))
        return make_assignment(
            here,
            ast.Binary("%", ast.add(value, source), ast.integer(b.pick((256, 97, 1000))))
            if source
            else value,
        )
    if source is not None:
        total = ast.Paren(ast.Binary(b.pick("+-"), total.argument, source))
    share = ast.Literal(f"{1 / count:.3g}" if count != 3 else "0.33", "f64")
    mean = b.pick(
        (
            ast.mul(share, total),
            ast.mul(total, share),
            ast.Binary("/", total, ast.Literal(f"{count}.0", "f64")),
        )
    )
    if b.chance(0.3):
        w = make_fraction(b)
        rest = ast.Paren(ast.sub(ast.Literal("1.0", "f64"), w))
        return make_assignment(
            here,
            ast.add(ast.mul(rest, here), ast.mul(w, ast.Paren(mean) if mean.op == "/" else mean)),
        )
    if b.chance(0.2):
        return make_assignment(
            here, ast.mul(make_fraction(b), ast.Paren(ast.sub(mean, here))), "+="
        )
    return make_assignment(here, mean)


def _repeated(b: Builder, body: tuple, often: float) -> tuple:
    """The body in an outer loop over sweeps or steps, mostly."""
    if not b.chance(often):
        return body
    stop = b.size(_TIMES, (1, 2, 3)) if b.chance(0.85) else ast.integer(b.pick((2, 3, 4, 10)))
    turn = ast.Name(
        b.name(
            ("t", "it", "iter", "s", "step_i", "sweep", "tt", "rep"),
            choose_counter_type(b) if type(stop) is ast.Name else "i32",
        )
    )
    if b.chance(0.12):
        return (
            ast.Declare(b.types[turn.id], turn.id, ast.ZERO),
            ast.While(ast.compare(turn, "<", stop), (*body, make_assignment(turn, 1, "+="))),
        )
    return (
        (make_loop(b, turn, stop, *body),)
        if b.chance(0.85)
        else (make_loop(b, turn, stop, *body, start=1, op="<="),)
    )


def sweep_grid(b: Builder) -> Nest:
    """Draw a nest for Gauss-Seidel sweeps: every cell from its neighbours, in place. b: the builder
    that makes its parts.
    """
    (h, w), (i, j) = make_sizes(b, 2), make_counters(b, 2)
    a = make_written_array(b, (h, w))
    here = make_element(a, i, j)
    around = [
        make_element(a, ast.sub(i, 1), j),
        make_element(a, ast.add(i, 1), j),
        make_element(a, i, ast.sub(j, 1)),
        make_element(a, i, ast.add(j, 1)),
    ]
    if b.chance(0.2):
        around += [
            make_element(a, ast.sub(i, 1), ast.sub(j, 1)),
            make_element(a, ast.add(i, 1), ast.add(j, 1)),
        ]
    if b.chance(0.15):
        around.append(here)
    source = make_element(b.array((h, w)), i, j) if b.chance(0.4) else None
    step: tuple = (_relaxed(b, around, here, source),)
    made: tuple = ()
    after: tuple = ()
    if b.chance(0.25):
        old, kept = make_local(b, here)
        change, begun = make_local(b, 0, ("err", "maxDiff", "change", "resid", "delta_sum"))
        gap = ast.sub(here, old)
        grown = make_assignment(change, ast.mul(ast.Paren(gap), ast.Paren(gap)), "+=")
        made, step = (begun,), (kept, *step, grown)
        after = (make_assignment(make_element(make_written_array(b, (ast.ONE,)), 0), change),)
    if b.chance(0.15):
        step = (
            ast.If(
                ast.compare(
                    make_element(b.array((h, w), "i32", "integers(0,1)", names.MASKS), i, j),
                    b.pick(("==", "!=")),
                    ast.ZERO,
                ),
                step,
            ),
        )
    inner = make_loop(b, j, ast.sub(w, 1), *step, start=1)
    return make_serial_nest(
        *made, *_repeated(b, (make_loop(b, i, ast.sub(h, 1), inner, start=1),), 0.6), *after
    )


def summed_area(b: Builder) -> Nest:
    """Draw a nest with running sums over both directions of a matrix. b: the builder that makes its
    parts.
    """
    (h, w), (i, j) = make_sizes(b, 2), make_counters(b, 2)
    t = make_written_array(b, (h, w))
    own = b.chance(0.5)
    source = make_element(t if own else b.array((h, w)), i, j)
    up, left, diagonal = (
        make_element(t, ast.sub(i, 1), j),
        make_element(t, i, ast.sub(j, 1)),
        make_element(t, ast.sub(i, 1), ast.sub(j, 1)),
    )
    here = make_element(t, i, j)
    if b.chance(0.5):
        steps = [
            ast.If(ast.compare(v, ">", ast.ZERO), (make_assignment(here, p, "+="),))
            for v, p in ((i, up), (j, left))
        ]
        both = ast.conjunction(ast.compare(i, ">", ast.ZERO), ast.compare(j, ">", ast.ZERO))
        steps.append(ast.If(both, (make_assignment(here, diagonal, "-="),)))
        return make_serial_nest(
            make_loop(
                b,
                i,
                h,
                make_loop(b, j, w, *(() if own else (make_assignment(here, source),)), *steps),
            )
        )
    rest = ast.sub(ast.add(up, left), diagonal)
    inner = (
        make_assignment(here, rest, "+=") if own else make_assignment(here, ast.add(source, rest))
    )
    edges: tuple = ()
    if b.chance(0.6):
        left = make_loop(
            b,
            i,
            h,
            make_assignment(make_element(t, i, 0), make_element(t, ast.sub(i, 1), 0), "+="),
            start=1,
        )
        edges = (
            left,
            make_loop(
                b,
                j,
                w,
                make_assignment(make_element(t, 0, j), make_element(t, 0, ast.sub(j, 1)), "+="),
                start=1,
            ),
        )
    return make_serial_nest(*edges, make_loop(b, i, h, make_loop(b, j, w, inner, start=1), start=1))


def overlaps(b: Builder) -> Nest:
    """Draw a nest that adds into places that other iterations read. b: the builder that makes its
    parts.
    """
    if b.chance(0.5):
        n, step = (
            make_length(b),
            b.size(("step", "stride", "gap", "offset", "lag", "pitch"), (1, 2, 3)),
        )
        (i,) = make_counters(b, 1)
        f = make_written_array(b, (ast.add(n, ast.mul(2, step)),))
        base, made = (
            (i, ()) if b.chance(0.5) else make_local(b, i, ("base", "pos", "b0", "start_at"), "i32")
        )
        source = make_element(f, base)
        parts = [
            ast.Binary("/", source, b.pick((ast.TWO, ast.integer(4), ast.integer(3))))
            if b.kind not in FLOATS or b.chance(0.3)
            else ast.mul(make_fraction(b), source)
            for _ in "ab"
        ]
        body = [
            make_assignment(make_element(f, ast.add(base, step)), parts[0], b.pick(("+=", "-=")))
        ]
        if b.chance(0.7):
            body.append(
                make_assignment(
                    make_element(f, ast.add(base, ast.mul(2, step))), parts[1], b.pick(("+=", "-="))
                )
            )
        return make_serial_nest(make_loop(b, i, n, *((made,) if made else ()), *body))
    (h, w), (y, x) = make_sizes(b, 2), make_counters(b, 2)
    d = make_written_array(b, (ast.mul(h, w),))
    here, declared = make_local(
        b, ast.add(ast.mul(y, w), x), ("out_index", "idx", "dst_i", "cell", "at0"), "i32"
    )
    other, declared2 = make_local(
        b,
        ast.add(ast.mul(ast.Paren(ast.sub(y, 1)), w), x),
        ("in_index", "src_i", "prev_i", "above", "nb"),
        "i32",
    )
    if b.chance(0.4):
        ky, kx = make_counters(b, 2)
        reach = ast.add(ast.mul(ast.Paren(ast.sub(y, ky)), w), ast.Paren(ast.sub(x, kx)))
        change = make_assignment(
            make_element(d, here),
            ast.Binary(
                "/",
                make_element(d, other),
                b.pick((ast.integer(4), ast.integer(8), ast.integer(9))),
            ),
            "+=",
        )
        inner = make_loop(
            b, ky, ast.TWO, make_loop(b, kx, ast.TWO, declared2._replace(value=reach), change)
        )
        return make_serial_nest(
            make_loop(b, y, h, make_loop(b, x, w, declared, inner, start=1), start=1)
        )
    n = (
        b.scalar()
        if b.chance(0.3) and b.kind in FLOATS
        else b.pick((ast.TWO, ast.integer(3), ast.integer(4)))
    )
    change = make_assignment(
        make_element(d, here), ast.Binary("/", make_element(d, other), n), b.pick(("+=", "-="))
    )
    second = make_assignment(
        make_element(d, here),
        ast.Binary("/", make_element(d, ast.sub(here, 1)), ast.integer(b.pick((2, 3, 4)))),
        b.pick(("+=", "-=")),
    )
    return make_serial_nest(
        make_loop(
            b, y, h, make_loop(b, x, w, declared, declared2, change, second, start=1), start=1
        )
    )


def table(b: Builder) -> Nest:
    """Draw a nest that fills a table cell by cell from the upper and left cells. b: the builder
    that makes its parts.
    """
    (h, w), (i, j) = make_sizes(b, 2), make_counters(b, 2)
    t, op = make_written_array(b, (h, w)), b.pick("<>")
    up, left, diagonal, here = (
        make_element(t, ast.sub(i, 1), j),
        make_element(t, i, ast.sub(j, 1)),
        make_element(t, ast.sub(i, 1), ast.sub(j, 1)),
        make_element(t, i, j),
    )
    best = make_extreme(b, op, up, left)
    if b.chance(0.3):
        best = make_extreme(b, op, best if type(best) is ast.Call else ast.Paren(best), diagonal)
    cost = (
        make_element(b.array((h, w)), i, j)
        if b.chance(0.7)
        else b.number()
        if b.chance(0.5)
        else None
    )
    value = (
        best
        if cost is None
        else ast.add(ast.Paren(best) if type(best) is ast.Conditional else best, cost)
    )
    step: tuple = (make_assignment(here, value),)
    if type(best) is ast.Conditional and b.chance(0.5):
        step = (
            ast.If(
                ast.compare(up, op, left),
                (make_assignment(here, up),),
                (make_assignment(here, left),),
            ),
        )
        step += (make_assignment(here, cost, "+="),) if cost is not None else ()
    elif b.chance(0.12):
        fraction_ = (
            ast.mul(make_fraction(b), ast.Paren(ast.add(up, left)))
            if b.kind in FLOATS
            else ast.Binary("/", ast.Paren(ast.add(up, left)), ast.TWO)
        )
        step = (make_assignment(here, fraction_ if cost is None else ast.add(fraction_, cost)),)
    if b.chance(0.15):
        walls = make_element(b.array((h, w), "i32", "integers(0,1)", names.MASKS), i, j)
        step = (ast.If(walls, (make_assignment(here, b.number(zero=True)),), step),)
    return make_serial_nest(*_bordered(b, t, h, w, i, j, step))


def _bordered(
    b: Builder, t: str, h: tuple, w: tuple, i: ast.Name, j: ast.Name, step: tuple
) -> tuple:
    """First row and column before the loops, by a test inside them, or as they were given."""
    draw, zero = b.rng.random(), b.number(zero=True)
    if draw < 0.3:
        test = ast.Binary("||", ast.compare(i, "==", ast.ZERO), ast.compare(j, "==", ast.ZERO))
        return (
            make_loop(
                b,
                i,
                h,
                make_loop(
                    b, j, w, ast.If(test, (make_assignment(make_element(t, i, j), zero),), step)
                ),
            ),
        )
    edges: tuple = ()
    if draw < 0.75:
        first, second = (zero, zero) if b.chance(0.6) else (i, j)
        edges = (
            make_loop(b, i, h, make_assignment(make_element(t, i, 0), first)),
            make_loop(
                b, j, w, make_assignment(make_element(t, 0, j), second), start=b.pick((0, 1))
            ),
        )
    return (*edges, make_loop(b, i, h, make_loop(b, j, w, *step, start=1), start=1))


MENU = (
    (interleave, 9),
    (flatten, 4),
    (triangle, 3),
    (blocks, 2),
    (sweep_line, 2),
    (sweep_grid, 3),
    (summed_area, 2),
    (overlaps, 4),
    (table, 3),
)
"""(family, weight) of each."""
