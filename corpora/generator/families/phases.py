"""Several loops after each other, each of which needs all of the one before: only a barrier across
the grid would part them.

Contract: one thread does all phases; what a phase divides by is never zero.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 14, 'broad')).programs['cuda'].text)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Nest
from corpora.generator.core.one_thread import (
    LINE,
    change_place,
    choose_counter_type,
    make_assignment,
    make_counters,
    make_descending_loop,
    make_element,
    make_extreme,
    make_length,
    make_likely_test,
    make_local,
    make_loop,
    make_serial_nest,
    make_sizes,
    make_written_array,
    use_floating_type,
)

_BINS = ("nbins", "bins_n", "K", "numBins", "buckets", "nclass", "range_n", "levels")
_KEYS = (*names.INDEX_ARRAYS, "bucket", "digit", "group_of", "label", "cluster")
_COUNTS = ("hist", "bins", "counts", "count", "cnt", "freq", "occ", "starts", "c", "tally")


def histogram(b: Builder, safe: bool = False) -> Nest:
    """Draw a nest that clears bins and then counts or sums into them. safe: whatever the indices
    hold, only the bins are touched.
    """
    n, (i, j) = make_length(b), make_counters(b, 2)
    k = b.size(_BINS, (1, 2, 4)) if b.chance(0.8) else ast.integer(b.pick((4, 8, 10, 16)))
    limit = k.id if type(k) is ast.Name else k.text
    two = b.chance(0.25) and not safe
    rows = b.size(("rows", "numRows", "groups", "m"), (1, 2, 3)) if two else None
    kind = b.pick(("i32", "i32", b.kind, b.kind, "u32"))
    hist = make_written_array(b, (rows, k) if two else (k,), kind, wanted=_COUNTS)
    key: tuple = make_element(b.array((n,), "i32", f"indices({limit})", _KEYS), i)
    guarded = b.chance(0.6 if safe else 0.12)
    if b.chance(0.15) if not safe else not guarded:
        key = ast.Binary(
            "%", make_element(b.array((n,), b.pick(("u32", "u8")), "integers(0,50)", _KEYS), i), k
        )
    made: tuple = ()
    if b.chance(0.25) or guarded:
        word, declared = make_local(b, key, ("bin", "b0", "slot", "c0", "key0", "which"), "i32")
        key, made = word, (declared,)
    place = (
        make_element(hist, make_element(b.array((n,), "i32", f"indices({rows.id})", _KEYS), i), key)
        if two
        else make_element(hist, key)
    )
    weight = (
        change_place(b, make_element(b.array((n,), b.kind), i), 0.4)
        if kind == b.kind and b.chance(0.4)
        else ast.ONE
    )
    step: tuple = (*made, make_assignment(place, weight, "+="))
    if guarded:
        step = (
            *made,
            ast.If(
                ast.conjunction(ast.compare(key, ">=", ast.ZERO), ast.compare(key, "<", k)),
                step[-1:],
            ),
        )
    elif b.chance(0.2):
        step = (*made, ast.If(make_likely_test(b, make_element(b.array((n,)), i)), step[-1:]))
    zero: tuple = make_loop(b, j, k, make_assignment(make_element(hist, j), 0))
    if two:
        (r,) = make_counters(b, 1, "i32")
        zero = (
            make_loop(b, r, rows, make_loop(b, j, k, make_assignment(make_element(hist, r, j), 0)))
            if b.chance(0.7)
            else make_loop(
                b, r, rows, *[make_loop(b, j, k, make_assignment(make_element(hist, r, j), 0))]
            )
        )
    elif b.chance(0.2):
        zero = zero._replace(variable=i.id)
    counting = make_loop(b, i, n, *step)
    if zero.variable == i.id:
        zero = make_loop(b, i, k, make_assignment(make_element(hist, i), 0))
    return make_serial_nest(zero, counting, *(() if two else _after_counts(b, hist, k, n, j, kind)))


def _after_counts(b: Builder, hist: str, k: tuple, n: tuple, j: ast.Name, kind: str) -> tuple:
    """What is done with the bins, if anything."""
    draw = b.rng.random()
    if draw < 0.55:
        return ()
    if draw < 0.75:
        return (
            make_loop(
                b,
                j,
                k,
                make_assignment(make_element(hist, j), make_element(hist, ast.sub(j, 1)), "+="),
                start=1,
            ),
        )
    if draw < 0.9 and kind in ("i32", "f32", "f64"):
        best, begun = make_local(b, 0, ("best", "mode", "top", "arg"), "i32")
        seek = make_loop(
            b,
            j,
            k,
            ast.If(
                ast.compare(make_element(hist, j), b.pick("<>"), make_element(hist, best)),
                (make_assignment(best, j),),
            ),
            start=1,
        )
        return (
            begun,
            seek,
            make_assignment(
                make_element(make_written_array(b, (ast.ONE,), "i32", "constant(-1)"), 0), best
            ),
        )
    share = make_written_array(b, (k,), "f32", wanted=("prob", "share", "density", "pdf"))
    return (
        make_loop(
            b,
            j,
            k,
            make_assignment(
                make_element(share, j), ast.Binary("/", ast.Cast("f32", make_element(hist, j)), n)
            ),
        ),
    )


def counting_sort(b: Builder) -> Nest:
    """Draw a nest for a counting sort, with or without the copy back. b: the builder that makes its
    parts.
    """
    n, k = make_length(b), b.size(_BINS, (1, 3, 6))
    i, j = make_counters(b, 2)
    kind = b.pick(("i32", "i32", "i32", "u8", "u32"))
    a = b.array((n,), kind, f"indices({k.id})", ("a", "keys", "in", "src", "data0", "arr", "A"))
    out = make_written_array(b, (n,), kind, wanted=("out", "sorted_a", "dst", "B", "res", "output"))
    c = make_written_array(b, (k,), "i32", wanted=_COUNTS)
    zero = make_loop(b, j, k, make_assignment(make_element(c, j), 0))
    tally = make_loop(b, i, n, make_assignment(make_element(c, make_element(a, i)), 1, "+="))
    payload = (
        (
            b.array((n,), wanted=("vals", "payload", "w")),
            make_written_array(b, (n,), wanted=("vals_out", "moved", "w_out")),
        )
        if b.chance(0.25)
        else None
    )

    def moves(place: tuple) -> tuple:
        extra = (
            (make_assignment(make_element(payload[1], place), make_element(payload[0], i)),)
            if payload
            else ()
        )
        return (make_assignment(make_element(out, place), make_element(a, i)), *extra)

    taken = make_element(c, make_element(a, i))
    if b.chance(0.6):  # inclusive sums, taken from the end
        sums = make_loop(
            b,
            j,
            k,
            make_assignment(make_element(c, j), make_element(c, ast.sub(j, 1)), "+="),
            start=1,
        )
        place = ast.sub(taken, 1)
        steps = (
            (*moves(place), make_assignment(taken, 1, "-="))
            if b.chance(0.6)
            else (make_assignment(taken, 1, "-="), *moves(taken))
        )
        place_all: tuple = (
            make_descending_loop(b, i, ast.sub(n, 1), *steps)
            if b.chance(0.8)
            else make_loop(b, i, n, *steps)
        )
        phases = (zero, tally, sums, place_all)
    else:
        total, begun = make_local(b, 0, ("total", "sum", "run", "acc"), "i32")
        held, kept = make_local(b, make_element(c, j), ("t", "old", "cnt0", "tmp"), "i32")
        sums = make_loop(
            b,
            j,
            k,
            kept,
            make_assignment(make_element(c, j), total),
            make_assignment(total, held, "+="),
        )
        phases = (
            zero,
            tally,
            begun,
            sums,
            make_loop(b, i, n, *moves(taken), make_assignment(taken, 1, "+=")),
        )
    if b.chance(0.3) and not payload:
        b.parameter(a).written = True
        phases += (make_loop(b, i, n, make_assignment(make_element(a, i), make_element(out, i))),)
    return make_serial_nest(*phases)


def statistics(b: Builder) -> Nest:
    """Draw a nest that takes one or two statistics of all elements and then rewrites each with
    them. b: the builder that makes its parts.
    """
    use_floating_type(b)
    plane = b.chance(0.3)
    if plane:
        lengths, variables = make_sizes(b, 2), make_counters(b, 2, choose_counter_type(b))
    else:
        lengths, variables = (
            [b.size(names.SIZES, LINE)],
            make_counters(b, 1, choose_counter_type(b)),
        )
    n = ast.product(list(lengths))
    x = make_written_array(b, tuple(lengths))
    own = b.chance(0.55)
    source = make_element(x, *variables)
    target = source if own else make_element(make_written_array(b, tuple(lengths)), *variables)
    b.parameter(x).written = own

    def each(*body: tuple) -> tuple:
        for variable, length in zip(reversed(variables), reversed(lengths)):
            body = (make_loop(b, variable, length, *body),)
        return body[0]

    family = b.pick((_scaled, _centred, _standard, _softmax, _unit))
    return make_serial_nest(
        *family(b, source, target, make_element(x, *(0 for _ in lengths)), n, each)
    )


def _least(b: Builder, source: tuple, first: tuple, op: str, wanted: tuple[str, ...]) -> tuple:
    """(local, its declaration, the step that lowers or raises it)."""
    best, begun = make_local(b, first, wanted)
    seek = (
        ast.If(ast.compare(source, op, best), (make_assignment(best, source),))
        if b.chance(0.55)
        else make_assignment(best, make_extreme(b, op, source, best))
    )
    return best, begun, seek


def _scaled(
    b: Builder, source: tuple, target: tuple, first: tuple, n: tuple, each: object
) -> tuple:
    low, begun, fall = _least(
        b, source, first, "<", ("min", "lo", "mn", "minVal", "x_min", "smallest")
    )
    high, begun2, rise = _least(
        b, source, first, ">", ("max", "hi", "mx", "maxVal", "x_max", "largest")
    )
    span: tuple = ast.Paren(
        ast.add(
            ast.sub(high, low),
            b._same(b.pick((ast.ONE, ast.Literal("1e-6", "f64"), ast.Literal("0.5", "f64")))),
        )
    )
    value: tuple = ast.Binary("/", ast.Paren(ast.sub(source, low)), span)
    made: tuple = ()
    if b.chance(0.4):
        width, declared = make_local(b, span.argument, ("range", "span", "width_x", "scale_r"))
        made, value = (declared,), ast.Binary("/", ast.Paren(ast.sub(source, low)), width)
    value = (
        ast.mul(value, ast.Literal(b.pick(("255", "2", "100")), "i32")) if b.chance(0.2) else value
    )
    loops = (each(fall, rise),) if b.chance(0.7) else (each(fall), each(rise))
    return begun, begun2, *loops, *made, each(make_assignment(target, value))


def _centred(
    b: Builder, source: tuple, target: tuple, first: tuple, n: tuple, each: object
) -> tuple:
    total, begun = make_local(b, b.number(zero=True), names.SUMS)
    count = ast.Paren(n) if type(n) is ast.Binary else n
    centre, mean = (
        (total, make_assignment(total, count, "/="))
        if b.chance(0.5)
        else make_local(b, ast.Binary("/", total, count), ("mean", "avg", "mu", "centre", "m0"))
    )
    last = (
        make_assignment(target, ast.sub(source, centre))
        if b.chance(0.7) or target != source
        else make_assignment(target, centre, "-=")
    )
    if b.chance(0.2):
        last = ast.If(
            ast.compare(source, b.pick("<>"), centre),
            (make_assignment(target, b.number(zero=b.chance(0.5))),),
        )
    return begun, each(make_assignment(total, source, "+=")), mean, each(last)


def _standard(
    b: Builder, source: tuple, target: tuple, first: tuple, n: tuple, each: object
) -> tuple:
    mean, begun = make_local(b, b.number(zero=True), ("mean", "mu", "avg", "m"))
    var, begun2 = make_local(b, b.number(zero=True), ("var", "variance", "sq", "v", "sumsq"))
    count = ast.Paren(n) if type(n) is ast.Binary else n
    gap = ast.sub(source, mean)
    spread: tuple = (make_assignment(var, ast.mul(ast.Paren(gap), ast.Paren(gap)), "+="),)
    if b.chance(0.4):
        d, declared = make_local(b, gap, ("d", "diff", "dev", "c0"))
        spread = (declared, make_assignment(var, ast.mul(d, d), "+="))
    root = ast.Call(
        b.function("sqrt"),
        (
            ast.add(
                var,
                b._same(b.pick((ast.Literal("1e-5", "f64"), ast.Literal("0.001", "f64"), ast.ONE))),
            ),
        ),
    )
    std, made = make_local(b, root, ("std", "sd", "sigma", "dev0", "stddev"))
    value = ast.Binary("/", ast.Paren(gap), std)
    if b.chance(0.25):
        value = ast.add(ast.mul(b.scalar(), value), b.scalar())
    return (
        begun,
        each(make_assignment(mean, source, "+=")),
        make_assignment(mean, count, "/="),
        begun2,
        each(*spread),
        make_assignment(var, count, "/="),
        made,
        each(make_assignment(target, value)),
    )


def _softmax(
    b: Builder, source: tuple, target: tuple, first: tuple, n: tuple, each: object
) -> tuple:
    best, begun, seek = _least(
        b, source, first, ">", ("max", "mx", "maxVal", "peak", "m", "largest")
    )
    total, begun2 = make_local(b, b.number(zero=True), names.SUMS)
    raised = ast.Call(b.function("exp"), (ast.sub(source, best),))
    draw = b.rng.random()
    if draw < 0.55:
        middle: tuple = (
            each(make_assignment(target, raised), make_assignment(total, target, "+=")),
            each(make_assignment(target, total, "/=")),
        )
    elif draw < 0.75:
        middle = (
            each(make_assignment(total, raised, "+=")),
            each(make_assignment(target, ast.Binary("/", raised, total))),
        )
    else:
        shift, made = make_local(
            b,
            ast.add(best, ast.Call(b.function("log"), (total,))),
            ("lse", "logZ", "offset", "norm_log"),
        )
        middle = (
            each(make_assignment(total, raised, "+=")),
            made,
            each(make_assignment(target, ast.sub(source, shift))),
        )
    return begun, begun2, each(seek), *middle


def _unit(b: Builder, source: tuple, target: tuple, first: tuple, n: tuple, each: object) -> tuple:
    norm, begun = make_local(b, b.number(zero=True), ("norm", "nrm", "len2", "sum", "total"))
    if b.chance(0.6):
        grow: tuple = make_assignment(norm, ast.mul(source, source), "+=")
        end = make_assignment(norm, ast.Call(b.function("sqrt"), (norm,)))
    else:
        grow, end = (
            make_assignment(norm, ast.Call(b.function("fabs"), (source,)), "+="),
            make_assignment(norm, b._same(ast.Literal("1e-3", "f64")), "+="),
        )
    divide = each(
        make_assignment(target, ast.Binary("/", source, norm))
        if target != source or b.chance(0.4)
        else make_assignment(target, norm, "/=")
    )
    if b.chance(0.6):  # only what is too long, or not nothing
        return (
            begun,
            each(grow),
            end,
            ast.If(
                ast.compare(norm, ">", b.number(zero=True) if b.chance(0.6) else b.number()),
                (divide,),
            ),
        )
    return (
        begun,
        each(grow),
        make_assignment(norm, ast.Call(b.function("sqrt"), (ast.add(norm, b._same(ast.ONE)),))),
        divide,
    )


MENU = (
    (histogram, 8),
    (counting_sort, 2),
    (statistics, 8),
)
"""(family, weight) of each."""
