"""Phases over different index spaces: products chained, sums of columns taken off, losses divided
by a count, clusters, compressed rows.

Contract: as in `phases`; one thread does all of them.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 14, 'broad')).programs['cuda'].text)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Nest
from corpora.generator.core.one_thread import (
    make_assignment,
    make_counters,
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

_STARTS = ("rowptr", "row_start", "ptr0", "offsets", "indptr", "IA")
_SUMS = ("sum", "s", "acc", "tmp", "dot", "v0", "total")


def chained(b: Builder) -> Nest:
    """Draw a nest that multiplies a matrix by a vector and the result by a matrix again. b: the
    builder that makes its parts.
    """
    (n, m), (i, j) = make_sizes(b, 2), make_counters(b, 2)
    a, x = b.array((n, m)), b.array((m,))
    y, z = make_written_array(b, (n,)), make_written_array(b, (m,))
    second = a if b.chance(0.6) else b.array((n, m))

    def product(result: tuple, term: tuple, variable: ast.Name, length: tuple) -> tuple:
        if b.chance(0.4):
            total, begun = make_local(b, 0, _SUMS)
            return (
                begun,
                make_loop(b, variable, length, make_assignment(total, term, "+=")),
                make_assignment(result, total),
            )
        return make_assignment(result, b.number(zero=True)), make_loop(
            b, variable, length, make_assignment(result, term, "+=")
        )

    first = make_loop(
        b,
        i,
        n,
        *product(make_element(y, i), ast.mul(make_element(a, i, j), make_element(x, j)), j, m),
    )
    if b.chance(0.5):
        last: tuple = (
            make_loop(
                b,
                j,
                m,
                *product(
                    make_element(z, j),
                    ast.mul(make_element(second, i, j), make_element(y, i)),
                    i,
                    n,
                ),
            ),
        )
    else:
        zero = make_loop(b, j, m, make_assignment(make_element(z, j), b.number(zero=True)))
        last = (
            zero,
            make_loop(
                b,
                i,
                n,
                make_loop(
                    b,
                    j,
                    m,
                    make_assignment(
                        make_element(z, j),
                        ast.mul(make_element(second, i, j), make_element(y, i)),
                        "+=",
                    ),
                ),
            ),
        )
    return make_serial_nest(first, *last)


def margins(b: Builder) -> Nest:
    """Draw a nest that takes sums, means or extremes of columns and then rewrites every element
    with them. b: the builder that makes its parts.
    """
    (n, m), (i, j) = make_sizes(b, 2), make_counters(b, 2)
    a, s = (
        make_written_array(b, (n, m)),
        make_written_array(
            b, (m,), wanted=("colsum", "mean", "mu", "col", "s", "total", "csum", "mx")
        ),
    )
    best, grown = b.chance(0.25), make_element(s, j)
    if best:
        zero = make_loop(b, j, m, make_assignment(grown, make_element(a, 0, j)))
        op = b.pick("<>")
        step: tuple = (
            ast.If(
                ast.compare(make_element(a, i, j), op, grown),
                (make_assignment(grown, make_element(a, i, j)),),
            )
            if b.chance(0.5)
            else make_assignment(grown, make_extreme(b, op, grown, make_element(a, i, j)))
        )
    else:
        zero, step = (
            make_loop(b, j, m, make_assignment(grown, b.number(zero=True))),
            make_assignment(grown, make_element(a, i, j), "+="),
        )
    gather = make_loop(b, i, n, make_loop(b, j, m, step))
    mean = (
        (make_loop(b, j, m, make_assignment(grown, n, "/=")),) if not best and b.chance(0.6) else ()
    )
    target = (
        make_element(a, i, j)
        if b.chance(0.7)
        else make_element(make_written_array(b, (n, m)), i, j)
    )
    last = (
        make_assignment(target, grown, "-=")
        if target.array == a and b.chance(0.6)
        else make_assignment(target, ast.sub(make_element(a, i, j), grown))
    )
    phases: tuple = (zero, gather, *mean, make_loop(b, i, n, make_loop(b, j, m, last)))
    if b.chance(0.3) and b.kind in FLOATS:  # covariance of the centred columns
        (k,) = [ast.Name(b.name(("k", "kk", "j2", "q1"), "i32"))]
        cov = make_written_array(b, (m, m), wanted=("cov", "sym", "corr", "gram", "C2"))
        total, begun = make_local(b, 0, _SUMS)
        inner = (
            begun,
            make_loop(
                b,
                i,
                n,
                make_assignment(
                    total,
                    ast.mul(make_element(target.array, i, j), make_element(target.array, i, k)),
                    "+=",
                ),
            ),
            make_assignment(make_element(cov, j, k), total),
        )
        mirror = (
            (make_assignment(make_element(cov, k, j), make_element(cov, j, k)),)
            if b.chance(0.6)
            else ()
        )
        phases += (make_loop(b, j, m, make_loop(b, k, m, *inner, *mirror, start=j)),)
    return make_serial_nest(*phases)


def loss(b: Builder) -> Nest:
    """Draw a nest that computes a loss over rows, divided by how many counted, and its gradients.
    b: the builder that makes its parts.
    """
    use_floating_type(b)
    n, c = (
        b.size(w, (1, 3, 5))
        for w in (
            ("n", "N", "batch", "rows", "B", "samples_n"),
            ("c", "classes", "C", "dim", "k_cls", "V"),
        )
    )
    i, j = make_counters(b, 2)
    x, y = (
        b.array((n, c), wanted=("x", "logits", "pred", "scores", "out", "probs")),
        b.array((n,), "i32", f"indices({c.id})", ("y", "target", "labels", "t_idx", "cls")),
    )
    mask = b.array((n,), "i32", "integers(0,1)", names.MASKS)
    loss_, grad = (
        make_written_array(b, (ast.ONE,), wanted=("loss", "L", "out_loss", "cost", "loss_out")),
        make_written_array(b, (n, c), wanted=("grad", "dx", "dlogits", "delta_x", "gx")),
    )
    total, begun = make_local(b, b.number(zero=True), ("total", "sum", "acc", "loss_sum", "tot"))
    count, begun2 = make_local(
        b, 0, ("count", "cnt", "valid_n", "num", "kept_n"), b.pick(("i32", "i32", b.kind))
    )
    skip = ast.If(
        make_element(mask, i)
        if b.chance(0.3)
        else ast.compare(make_element(mask, i), "==", ast.ZERO),
        (ast.Jump("continue"),),
    )
    row, views = row_view(b, x, i, c)
    step = (
        *views,
        *row_loss(b, row, make_element(y, i), c, j, total),
        make_assignment(count, 1, "+="),
    )
    phase = make_loop(b, i, n, skip, *step)
    mean = ast.Binary("/", total, count)
    stop: tuple = ()
    if b.chance(0.4):
        stop = (
            ast.If(
                ast.compare(count, "==", ast.ZERO),
                (
                    (make_assignment(make_element(loss_, 0), 0), ast.Jump("return"))
                    if b.chance(0.6)
                    else (make_assignment(count, 1),)
                ),
            ),
        )
        stored: tuple = (make_assignment(make_element(loss_, 0), mean),)
    elif b.chance(0.5):
        stored = (
            make_assignment(
                make_element(loss_, 0),
                ast.Conditional(ast.compare(count, ">", ast.ZERO), mean, ast.ZERO, True),
            ),
        )
    else:
        stored = (
            ast.If(
                ast.compare(count, ">", ast.ZERO),
                (make_assignment(make_element(loss_, 0), mean),),
                (make_assignment(make_element(loss_, 0), 0),),
            ),
        )
    gap = ast.sub(
        make_element(x, i, j),
        ast.Conditional(ast.Paren(ast.compare(j, "==", make_element(y, i))), ast.ONE, ast.ZERO),
    )
    if b.chance(0.3):
        gap = ast.mul(make_element(x, i, j), b.scalar() if b.chance(0.5) else ast.TWO)
    below: tuple = count if stop else ast.Paren(ast.add(count, 1))
    value = ast.Binary("/", gap if gap.op == "*" else ast.Paren(gap), below)
    inner = make_loop(
        b, j, c, make_assignment(make_element(grad, i, j), value, b.pick(("=", "=", "+=")))
    )
    back = make_loop(b, i, n, skip, inner) if b.chance(0.5) else make_loop(b, i, n, inner)
    return make_serial_nest(
        begun, begun2, phase, *stop, *stored, *((back,) if b.chance(0.75) else ())
    )


def row_view(b: Builder, x: str, i: ast.Name, c: ast.Name) -> tuple[object, tuple]:
    """Return a function from a column to the element of row `i` of `x`, and the statements that
    declare its pointer, if any. c: the number of columns.
    """
    if b.chance(0.6):
        return (lambda column: make_element(x, i, column)), ()
    word = b.name(("row", "xi", "p_row", "cur", "line_i", "xr"), b.kind)
    return (lambda column: make_element(word, column)), (
        ast.DeclarePointer(b.kind, word, x, ast.mul(i, c), True),
    )


def row_loss(
    b: Builder, row: object, label: tuple, c: ast.Name, j: ast.Name, total: ast.Name
) -> tuple:
    """Return statements that add a row's loss to `total`. row: gives an element by its column.
    label: the right column. c: number of columns; j: loop variable.
    """
    draw = b.rng.random()
    if draw < 0.35:
        best, seen = make_local(b, row(ast.ZERO), ("mx", "m0", "peak", "top"))
        z, begun = make_local(b, 0, ("z", "s", "denom", "esum"))
        seek = make_loop(
            b,
            j,
            c,
            ast.If(ast.compare(row(j), ">", best), (make_assignment(best, row(j)),)),
            start=1,
        )
        grow = make_loop(
            b, j, c, make_assignment(z, ast.Call(b.function("exp"), (ast.sub(row(j), best),)), "+=")
        )
        value = ast.sub(ast.add(ast.Call(b.function("log"), (z,)), best), row(label))
        return seen, seek, begun, grow, make_assignment(total, value, "+=")
    if draw < 0.65:
        d, declared = make_local(
            b,
            ast.sub(
                row(j), ast.Conditional(ast.Paren(ast.compare(j, "==", label)), ast.ONE, ast.ZERO)
            ),
            ("d", "diff", "e", "err"),
        )
        return (make_loop(b, j, c, declared, make_assignment(total, ast.mul(d, d), "+=")),)
    margin, declared = make_local(
        b, ast.add(ast.sub(row(j), row(label)), ast.ONE), ("margin", "m", "gap0", "viol")
    )
    hinge = (
        ast.If(ast.compare(j, "==", label), (ast.Jump("continue"),)),
        declared,
        ast.If(ast.compare(margin, ">", ast.ZERO), (make_assignment(total, margin, "+="),)),
    )
    return (make_loop(b, j, c, *hinge),)


def clusters(b: Builder) -> Nest:
    """Draw a nest that clears, gathers and divides sums and counts of groups. b: the builder that
    makes its parts.
    """
    use_floating_type(b)
    n, d = (
        b.size(w, (1, 3, 6))
        for w in (("n", "numPoints", "N", "count0"), ("d", "dim", "nf", "numCoords"))
    )
    k = b.size(("k", "K", "groups", "numClusters"), (1, 2, 3))
    i, j, c = make_counters(b, 3)
    x = b.array((n, d))
    label = make_element(
        b.array(
            (n,), "i32", f"indices({k.id})", ("label", "assign", "member", "cluster_of", "belongs")
        ),
        i,
    )
    centre = make_written_array(b, (k, d), wanted=("centers", "cent", "mean", "clusters", "newC"))
    counts = make_written_array(
        b,
        (k,),
        b.pick(("i32", "i32", b.kind)),
        wanted=("counts", "cnt", "size_k", "num_in", "members"),
    )
    zero = make_loop(
        b,
        c,
        k,
        make_assignment(make_element(counts, c), 0),
        make_loop(b, j, d, make_assignment(make_element(centre, c, j), b.number(zero=True))),
    )
    group, declared = make_local(b, label, ("g", "id", "who", "lab"), "i32")
    made, place = ((declared,), group) if b.chance(0.5) else ((), label)
    gather = make_loop(
        b,
        i,
        n,
        *made,
        make_assignment(make_element(counts, place), 1, "+="),
        make_loop(
            b, j, d, make_assignment(make_element(centre, place, j), make_element(x, i, j), "+=")
        ),
    )
    divide: tuple = make_loop(
        b, j, d, make_assignment(make_element(centre, c, j), make_element(counts, c), "/=")
    )
    divide = (
        ast.If(ast.compare(make_element(counts, c), ">", ast.ZERO), (divide,))
        if b.chance(0.7)
        else make_loop(
            b,
            j,
            d,
            make_assignment(
                make_element(centre, c, j), ast.Paren(ast.add(make_element(counts, c), 1)), "/="
            ),
        )
    )
    return make_serial_nest(zero, gather, make_loop(b, c, k, divide))


def compressed(b: Builder) -> Nest:
    """Draw a nest that packs a dense matrix row by row, with the start of each row. b: the builder
    that makes its parts.
    """
    (n, m), (i, j) = make_sizes(b, 2), make_counters(b, 2)
    starts = make_written_array(b, (ast.add(n, 1),), "i32", wanted=_STARTS)
    a = b.array((n, m))
    columns, values = (
        make_written_array(b, (ast.mul(n, m),), "i32", wanted=("colidx", "col_ind", "JA", "cols0")),
        make_written_array(b, (ast.mul(n, m),), wanted=("vals", "data0", "AA", "nzval")),
    )
    k, begun = make_local(b, 0, ("k", "nnz", "cnt", "pos"), "i32")
    keep = (
        make_assignment(make_element(columns, k), j),
        make_assignment(make_element(values, k), make_element(a, i, j)),
        make_assignment(k, 1, "+="),
    )
    inner = make_loop(b, j, m, ast.If(make_likely_test(b, make_element(a, i, j)), keep))
    if b.chance(0.5):
        return make_serial_nest(
            begun,
            make_loop(b, i, n, make_assignment(make_element(starts, i), k), inner),
            make_assignment(make_element(starts, n), k),
        )
    return make_serial_nest(
        begun,
        make_assignment(make_element(starts, 0), 0),
        make_loop(b, i, n, inner, make_assignment(make_element(starts, ast.add(i, 1)), k)),
    )


def row_starts(b: Builder) -> Nest:
    """Draw a nest that counts entries by row number and sums the counts to row starts. b: the
    builder that makes its parts.
    """
    n, (i, j) = b.size(("n", "rows", "nrows", "N", "numRows"), (1, 2, 4, 6)), make_counters(b, 2)
    starts = make_written_array(b, (ast.add(n, 1),), "i32", wanted=_STARTS)
    nnz = make_length(b)
    rows = b.array((nnz,), "i32", f"indices({n.id})", ("rowidx", "rowInd", "src_row", "IA0"))
    zero = make_loop(b, i, n, make_assignment(make_element(starts, i), 0), op="<=")
    tally = make_loop(
        b, j, nnz, make_assignment(make_element(starts, ast.add(make_element(rows, j), 1)), 1, "+=")
    )
    sums = (
        make_loop(
            b,
            i,
            n,
            make_assignment(make_element(starts, ast.add(i, 1)), make_element(starts, i), "+="),
        )
        if b.chance(0.5)
        else make_loop(
            b,
            i,
            n,
            make_assignment(make_element(starts, i), make_element(starts, ast.sub(i, 1)), "+="),
            start=1,
            op="<=",
        )
    )
    return make_serial_nest(zero, tally, sums)


MENU = (
    (chained, 3),
    (margins, 3),
    (loss, 3),
    (clusters, 2),
    (compressed, 2),
    (row_starts, 1),
)
"""(family, weight) of each."""
