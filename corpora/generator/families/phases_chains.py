"""Phases over different index spaces: products chained, sums of columns taken off, losses divided
by a count, clusters, compressed rows.

Contract: as in `phases`; one thread does all of them.

    python -c "from corpora.generator import generate; print(next(generate(1, 14, 'broad')).programs['cuda'].text)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast
from corpora.generator.core import names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Nest
from corpora.generator.core.one_thread import (
    alone,
    at,
    counters,
    extreme,
    floating,
    likely,
    line,
    local,
    over,
    put,
    sides,
    written,
)

_STARTS = ("rowptr", "row_start", "ptr0", "offsets", "indptr", "IA")
_SUMS = ("sum", "s", "acc", "tmp", "dot", "v0", "total")


def chained(b: Builder) -> Nest:
    """A matrix times a vector, and what comes of it times a matrix again."""
    (n, m), (i, j) = sides(b, 2), counters(b, 2)
    a, x = b.array((n, m)), b.array((m,))
    y, z = written(b, (n,)), written(b, (m,))
    second = a if b.chance(0.6) else b.array((n, m))

    def product(result: tuple, term: tuple, variable: ast.Name, length: tuple) -> tuple:
        if b.chance(0.4):
            total, begun = local(b, 0, _SUMS)
            return begun, over(b, variable, length, put(total, term, "+=")), put(result, total)
        return put(result, b.number(zero=True)), over(b, variable, length, put(result, term, "+="))

    first = over(b, i, n, *product(at(y, i), ast.mul(at(a, i, j), at(x, j)), j, m))
    if b.chance(0.5):
        last: tuple = (
            over(b, j, m, *product(at(z, j), ast.mul(at(second, i, j), at(y, i)), i, n)),
        )
    else:
        zero = over(b, j, m, put(at(z, j), b.number(zero=True)))
        last = (
            zero,
            over(b, i, n, over(b, j, m, put(at(z, j), ast.mul(at(second, i, j), at(y, i)), "+="))),
        )
    return alone(first, *last)


def margins(b: Builder) -> Nest:
    """Sums, means or extremes of columns in one pass, then every element rewritten with those of
    its column (and row).
    """
    (n, m), (i, j) = sides(b, 2), counters(b, 2)
    a, s = (
        written(b, (n, m)),
        written(b, (m,), wanted=("colsum", "mean", "mu", "col", "s", "total", "csum", "mx")),
    )
    best, grown = b.chance(0.25), at(s, j)
    if best:
        zero = over(b, j, m, put(grown, at(a, 0, j)))
        op = b.pick("<>")
        step: tuple = (
            ast.If(ast.compare(at(a, i, j), op, grown), (put(grown, at(a, i, j)),))
            if b.chance(0.5)
            else put(grown, extreme(b, op, grown, at(a, i, j)))
        )
    else:
        zero, step = over(b, j, m, put(grown, b.number(zero=True))), put(grown, at(a, i, j), "+=")
    gather = over(b, i, n, over(b, j, m, step))
    mean = (over(b, j, m, put(grown, n, "/=")),) if not best and b.chance(0.6) else ()
    target = at(a, i, j) if b.chance(0.7) else at(written(b, (n, m)), i, j)
    last = (
        put(target, grown, "-=")
        if target.array == a and b.chance(0.6)
        else put(target, ast.sub(at(a, i, j), grown))
    )
    phases: tuple = (zero, gather, *mean, over(b, i, n, over(b, j, m, last)))
    if b.chance(0.3) and b.kind in FLOATS:  # covariance of the centred columns
        (k,) = [ast.Name(b.name(("k", "kk", "j2", "q1"), "i32"))]
        cov = written(b, (m, m), wanted=("cov", "sym", "corr", "gram", "C2"))
        total, begun = local(b, 0, _SUMS)
        inner = (
            begun,
            over(
                b, i, n, put(total, ast.mul(at(target.array, i, j), at(target.array, i, k)), "+=")
            ),
            put(at(cov, j, k), total),
        )
        mirror = (put(at(cov, k, j), at(cov, j, k)),) if b.chance(0.6) else ()
        phases += (over(b, j, m, over(b, k, m, *inner, *mirror, start=j)),)
    return alone(*phases)


def loss(b: Builder) -> Nest:
    """A loss over rows, some of them left out, divided by how many counted; then gradients divided
    by that count too.
    """
    floating(b)
    n, c = (
        b.size(w, (1, 3, 5))
        for w in (
            ("n", "N", "batch", "rows", "B", "samples_n"),
            ("c", "classes", "C", "dim", "k_cls", "V"),
        )
    )
    i, j = counters(b, 2)
    x, y = (
        b.array((n, c), wanted=("x", "logits", "pred", "scores", "out", "probs")),
        b.array((n,), "i32", f"indices({c.id})", ("y", "target", "labels", "t_idx", "cls")),
    )
    mask = b.array((n,), "i32", "integers(0,1)", names.MASKS)
    loss_, grad = (
        written(b, (ast.ONE,), wanted=("loss", "L", "out_loss", "cost", "loss_out")),
        written(b, (n, c), wanted=("grad", "dx", "dlogits", "delta_x", "gx")),
    )
    total, begun = local(b, b.number(zero=True), ("total", "sum", "acc", "loss_sum", "tot"))
    count, begun2 = local(
        b, 0, ("count", "cnt", "valid_n", "num", "kept_n"), b.pick(("i32", "i32", b.kind))
    )
    skip = ast.If(
        at(mask, i) if b.chance(0.3) else ast.compare(at(mask, i), "==", ast.ZERO),
        (ast.Jump("continue"),),
    )
    row, views = row_view(b, x, i, c)
    step = (*views, *row_loss(b, row, at(y, i), c, j, total), put(count, 1, "+="))
    phase = over(b, i, n, skip, *step)
    mean = ast.Binary("/", total, count)
    stop: tuple = ()
    if b.chance(0.4):
        stop = (
            ast.If(
                ast.compare(count, "==", ast.ZERO),
                ((put(at(loss_, 0), 0), ast.Jump("return")) if b.chance(0.6) else (put(count, 1),)),
            ),
        )
        stored: tuple = (put(at(loss_, 0), mean),)
    elif b.chance(0.5):
        stored = (
            put(
                at(loss_, 0),
                ast.Conditional(ast.compare(count, ">", ast.ZERO), mean, ast.ZERO, True),
            ),
        )
    else:
        stored = (
            ast.If(
                ast.compare(count, ">", ast.ZERO),
                (put(at(loss_, 0), mean),),
                (put(at(loss_, 0), 0),),
            ),
        )
    gap = ast.sub(
        at(x, i, j), ast.Conditional(ast.Paren(ast.compare(j, "==", at(y, i))), ast.ONE, ast.ZERO)
    )
    if b.chance(0.3):
        gap = ast.mul(at(x, i, j), b.scalar() if b.chance(0.5) else ast.TWO)
    below: tuple = count if stop else ast.Paren(ast.add(count, 1))
    value = ast.Binary("/", gap if gap.op == "*" else ast.Paren(gap), below)
    inner = over(b, j, c, put(at(grad, i, j), value, b.pick(("=", "=", "+="))))
    back = over(b, i, n, skip, inner) if b.chance(0.5) else over(b, i, n, inner)
    return alone(begun, begun2, phase, *stop, *stored, *((back,) if b.chance(0.75) else ()))


def row_view(b: Builder, x: str, i: ast.Name, c: ast.Name) -> tuple[object, tuple]:
    """How the row's elements are addressed: a function of the column, and the local pointer if
    there is one.
    """
    if b.chance(0.6):
        return (lambda column: at(x, i, column)), ()
    word = b.name(("row", "xi", "p_row", "cur", "line_i", "xr"), b.kind)
    return (lambda column: at(word, column)), (
        ast.DeclarePointer(b.kind, word, x, ast.mul(i, c), True),
    )


def row_loss(
    b: Builder, row: object, label: tuple, c: ast.Name, j: ast.Name, total: ast.Name
) -> tuple:
    draw = b.rng.random()
    if draw < 0.35:
        best, seen = local(b, row(ast.ZERO), ("mx", "m0", "peak", "top"))
        z, begun = local(b, 0, ("z", "s", "denom", "esum"))
        seek = over(b, j, c, ast.If(ast.compare(row(j), ">", best), (put(best, row(j)),)), start=1)
        grow = over(b, j, c, put(z, ast.Call(b.function("exp"), (ast.sub(row(j), best),)), "+="))
        value = ast.sub(ast.add(ast.Call(b.function("log"), (z,)), best), row(label))
        return seen, seek, begun, grow, put(total, value, "+=")
    if draw < 0.65:
        d, declared = local(
            b,
            ast.sub(
                row(j), ast.Conditional(ast.Paren(ast.compare(j, "==", label)), ast.ONE, ast.ZERO)
            ),
            ("d", "diff", "e", "err"),
        )
        return (over(b, j, c, declared, put(total, ast.mul(d, d), "+=")),)
    margin, declared = local(
        b, ast.add(ast.sub(row(j), row(label)), ast.ONE), ("margin", "m", "gap0", "viol")
    )
    hinge = (
        ast.If(ast.compare(j, "==", label), (ast.Jump("continue"),)),
        declared,
        ast.If(ast.compare(margin, ">", ast.ZERO), (put(total, margin, "+="),)),
    )
    return (over(b, j, c, *hinge),)


def clusters(b: Builder) -> Nest:
    """Sums and counts of groups are cleared, gathered through labels, and divided."""
    floating(b)
    n, d = (
        b.size(w, (1, 3, 6))
        for w in (("n", "numPoints", "N", "count0"), ("d", "dim", "nf", "numCoords"))
    )
    k = b.size(("k", "K", "groups", "numClusters"), (1, 2, 3))
    i, j, c = counters(b, 3)
    x = b.array((n, d))
    label = at(
        b.array(
            (n,), "i32", f"indices({k.id})", ("label", "assign", "member", "cluster_of", "belongs")
        ),
        i,
    )
    centre = written(b, (k, d), wanted=("centers", "cent", "mean", "clusters", "newC"))
    counts = written(
        b,
        (k,),
        b.pick(("i32", "i32", b.kind)),
        wanted=("counts", "cnt", "size_k", "num_in", "members"),
    )
    zero = over(
        b, c, k, put(at(counts, c), 0), over(b, j, d, put(at(centre, c, j), b.number(zero=True)))
    )
    group, declared = local(b, label, ("g", "id", "who", "lab"), "i32")
    made, place = ((declared,), group) if b.chance(0.5) else ((), label)
    gather = over(
        b,
        i,
        n,
        *made,
        put(at(counts, place), 1, "+="),
        over(b, j, d, put(at(centre, place, j), at(x, i, j), "+=")),
    )
    divide: tuple = over(b, j, d, put(at(centre, c, j), at(counts, c), "/="))
    divide = (
        ast.If(ast.compare(at(counts, c), ">", ast.ZERO), (divide,))
        if b.chance(0.7)
        else over(b, j, d, put(at(centre, c, j), ast.Paren(ast.add(at(counts, c), 1)), "/="))
    )
    return alone(zero, gather, over(b, c, k, divide))


def compressed(b: Builder) -> Nest:
    """A dense matrix packed row by row, with the place at which each row starts."""
    (n, m), (i, j) = sides(b, 2), counters(b, 2)
    starts = written(b, (ast.add(n, 1),), "i32", wanted=_STARTS)
    a = b.array((n, m))
    columns, values = (
        written(b, (ast.mul(n, m),), "i32", wanted=("colidx", "col_ind", "JA", "cols0")),
        written(b, (ast.mul(n, m),), wanted=("vals", "data0", "AA", "nzval")),
    )
    k, begun = local(b, 0, ("k", "nnz", "cnt", "pos"), "i32")
    keep = (put(at(columns, k), j), put(at(values, k), at(a, i, j)), put(k, 1, "+="))
    inner = over(b, j, m, ast.If(likely(b, at(a, i, j)), keep))
    if b.chance(0.5):
        return alone(begun, over(b, i, n, put(at(starts, i), k), inner), put(at(starts, n), k))
    return alone(
        begun, put(at(starts, 0), 0), over(b, i, n, inner, put(at(starts, ast.add(i, 1)), k))
    )


def row_starts(b: Builder) -> Nest:
    """Row starts from the row numbers of single entries: cleared, counted, summed."""
    n, (i, j) = b.size(("n", "rows", "nrows", "N", "numRows"), (1, 2, 4, 6)), counters(b, 2)
    starts = written(b, (ast.add(n, 1),), "i32", wanted=_STARTS)
    nnz = line(b)
    rows = b.array((nnz,), "i32", f"indices({n.id})", ("rowidx", "rowInd", "src_row", "IA0"))
    zero = over(b, i, n, put(at(starts, i), 0), op="<=")
    tally = over(b, j, nnz, put(at(starts, ast.add(at(rows, j), 1)), 1, "+="))
    sums = (
        over(b, i, n, put(at(starts, ast.add(i, 1)), at(starts, i), "+="))
        if b.chance(0.5)
        else over(b, i, n, put(at(starts, i), at(starts, ast.sub(i, 1)), "+="), start=1, op="<=")
    )
    return alone(zero, tally, sums)


MENU = (
    (chained, 3),
    (margins, 3),
    (loss, 3),
    (clusters, 2),
    (compressed, 2),
    (row_starts, 1),
)
"""(family, weight) of each."""
