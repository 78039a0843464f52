"""Dense linear algebra in place, which one thread does: triangular solves, factors, orthogonal
columns, shortest paths.

Contract: diagonals are made safe by what is added to them or by how the arrays are filled; nothing
divides by zero.

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
    constant,
    counters,
    down,
    extreme,
    floating,
    line,
    local,
    over,
    put,
    sides,
    written,
)

_N = (1, 2, 4, 6)
_NAMES = ("n", "N", "dim", "order", "nn", "size", "numVars", "nodes", "V")
_SUMS = ("sum", "s", "acc", "temp", "x0", "total", "dot", "value")


def _diagonal(b: Builder, place: tuple) -> tuple:
    """A divisor made of a diagonal element of [-2, 2] or [1, 2]."""
    fill = b.parameter(place.array).fill
    return place if fill.startswith("uniform(1") else ast.Paren(ast.add(place, _safe(b)))


def _safe(b: Builder) -> ast.Literal:
    return constant(b, b.pick(("3.0", "4.0", "5.0", "10.0", "8.0")))


def _square(
    b: Builder, wanted: tuple[str, ...] = ("A", "L", "U", "a", "mat", "l", "lower", "M1", "matrix")
) -> tuple[str, ast.Name]:
    n = b.size(_NAMES, _N)
    return b.array((n, n), None, "uniform(1,2)" if b.chance(0.5) else "", wanted), n


def triangular(b: Builder) -> Nest:
    """Forward or backward substitution, into another array or in place; through a local or through
    the element itself.
    """
    floating(b)
    (matrix, n), (i, j) = _square(b), counters(b, 2)
    right = b.array((n,), wanted=("b", "rhs", "y", "f", "vec"))
    own = b.chance(0.35)
    x = right if own else written(b, (n,), wanted=("x", "sol", "z", "xs", "out"))
    b.parameter(x).written = True
    backwards, transposed, unit = b.chance(0.4), b.chance(0.2), b.chance(0.15)
    element = at(matrix, j, i) if transposed else at(matrix, i, j)
    term = ast.mul(element, at(x, j))
    below = None if unit else _diagonal(b, at(matrix, i, i))

    def inner(step: tuple) -> tuple:
        return over(b, j, n, step, start=ast.add(i, 1)) if backwards else over(b, j, i, step)

    if b.chance(0.55):
        total, begun = local(b, at(right, i), _SUMS) if b.chance(0.7) else local(b, 0, _SUMS)
        if begun.value == ast.ZERO:
            value: tuple = ast.Paren(ast.sub(at(right, i), total))
            body = (
                begun,
                inner(put(total, term, "+=")),
                put(at(x, i), ast.Binary("/", value, below) if below else value),
            )
        else:
            body = (
                begun,
                inner(put(total, term, "-=")),
                put(at(x, i), ast.Binary("/", total, below) if below else total),
            )
    else:
        first = () if own else (put(at(x, i), at(right, i)),)
        body = (
            *first,
            inner(put(at(x, i), term, "-=")),
            *(() if unit else (put(at(x, i), below, "/="),)),
        )
        if unit and own and b.chance(0.5):
            body = (inner(put(at(x, i), term, "-=")),)
    return alone(down(b, i, ast.sub(n, 1), *body) if backwards else over(b, i, n, *body))


def factors(b: Builder) -> Nest:
    """LU in place without pivots, elimination with a right-hand side, or a Cholesky-like factor."""
    floating(b)
    n, (k, i, j) = b.size(_NAMES, _N), counters(b, 3)
    draw = b.rng.random()
    a = written(b, (n, n), wanted=("A", "a", "mat", "M0", "lu", "matrix", "S"))
    if draw < 0.35:
        return _cholesky(b, a, n, i, j, k)
    loaded = over(b, i, n, put(at(a, i, i), _large(b, n), "+="))
    made: tuple = (loaded,) if b.chance(0.7) else ()
    pivot: tuple = (
        at(a, k, k) if made else ast.Paren(ast.add(at(a, k, k), ast.Literal("20.0", "f64")))
    )
    rest = ast.add(k, 1)
    if b.chance(0.5):
        scaled = put(at(a, i, k), pivot, "/=")
        step = put(at(a, i, j), ast.mul(at(a, i, k), at(a, k, j)), "-=")
        if b.chance(0.35):
            body: tuple = (
                over(b, i, n, scaled, start=rest),
                over(b, i, n, over(b, j, n, step, start=rest), start=rest),
            )
        else:
            body = (over(b, i, n, scaled, over(b, j, n, step, start=rest), start=rest),)
    else:
        factor, begun = local(
            b, ast.Binary("/", at(a, i, k), pivot), ("factor", "mult", "ratio", "f0", "lik", "m1")
        )
        step = put(at(a, i, j), ast.mul(factor, at(a, k, j)), "-=")
        extra = (
            (
                put(
                    at(written(b, (n,), wanted=("b", "rhs", "y", "vec")), i),
                    ast.mul(factor, at(b.parameters[-1].name, k)),
                    "-=",
                ),
            )
            if b.chance(0.6)
            else ()
        )
        keep = (put(at(a, i, k), factor),) if b.chance(0.4) else ()
        first = rest if keep or b.chance(0.5) else k
        body = (over(b, i, n, begun, over(b, j, n, step, start=first), *keep, *extra, start=rest),)
    return alone(*made, over(b, k, ast.sub(n, 1) if b.chance(0.6) else n, *body))


def _large(b: Builder, n: ast.Name) -> tuple:
    """What makes a row's diagonal larger than its elements together."""
    return b.pick(
        (
            ast.Literal("20.0", "f64"),
            ast.Literal("16", "i32"),
            ast.mul(4, n),
            ast.mul(n, ast.Literal("3.0", "f64")),
            ast.Literal("25.", "f64"),
        )
    )


def _cholesky(b: Builder, a: str, n: ast.Name, i: ast.Name, j: ast.Name, k: ast.Name) -> Nest:
    own = b.chance(0.4)
    l = a if own else written(b, (n, n), wanted=("L", "l", "lower", "chol", "out", "G"))
    b.parameter(a).written = own
    total, begun = local(b, at(a, i, j), _SUMS) if b.chance(0.6) else local(b, 0, _SUMS)
    gathered = begun.value == ast.ZERO
    inner = over(b, k, j, put(total, ast.mul(at(l, i, k), at(l, j, k)), "+=" if gathered else "-="))
    rest: tuple = ast.sub(at(a, i, j), total) if gathered else total
    root = ast.Call(
        b.function("sqrt"),
        (
            ast.add(
                ast.Call(b.function("fabs"), (rest,)),
                b._same(b.pick((ast.ONE, ast.TWO, ast.Literal("0.5", "f64")))),
            ),
        ),
    )
    value = ast.Binary("/", ast.Paren(rest) if gathered else rest, at(l, j, j))
    test = ast.If(ast.compare(i, "==", j), (put(at(l, i, j), root),), (put(at(l, i, j), value),))
    return alone(over(b, i, n, over(b, j, i, begun, inner, test, op="<=")))


def orthogonal(b: Builder) -> Nest:
    """Gram-Schmidt over rows or columns, in place."""
    floating(b)
    (n, m), (k, j, i) = sides(b, 2), counters(b, 3)
    columns = b.chance(0.4)
    q = written(b, (m, n) if columns else (n, m))

    def place(vector: tuple, element: tuple) -> ast.At:
        return at(q, element, vector) if columns else at(q, vector, element)

    dot, begun = local(b, 0, ("dot", "proj", "r", "s", "c0"))
    norm, begun2 = local(b, 0, ("norm", "nrm", "len2", "sum"))
    project = (
        begun,
        over(b, i, m, put(dot, ast.mul(place(k, i), place(j, i)), "+=")),
        over(b, i, m, put(place(k, i), ast.mul(dot, place(j, i)), "-=")),
    )
    length = over(b, i, m, put(norm, ast.mul(place(k, i), place(k, i)), "+="))
    root = ast.Call(
        b.function("sqrt"),
        (
            ast.add(
                norm,
                b._same(b.pick((ast.Literal("1e-3", "f64"), ast.Literal("0.01", "f64"), ast.ONE))),
            ),
        ),
    )
    if b.chance(0.6):
        ends: tuple = (put(norm, root), over(b, i, m, put(place(k, i), norm, "/=")))
    else:
        inverse, made = local(
            b, ast.Binary("/", b._same(ast.ONE), root), ("inv", "scale_k", "rnorm")
        )
        ends = (made, over(b, i, m, put(place(k, i), inverse, "*=")))
    if b.chance(0.35):  # each vector is cleared from the later ones
        project = (
            over(b, j, n, *project_later(b, place, k, j, i, m, dot, begun), start=ast.add(k, 1)),
        )
        return alone(over(b, k, n, begun2, length, *ends, *project))
    return alone(over(b, k, n, over(b, j, k, *project), begun2, length, *ends))


def project_later(
    b: Builder,
    place: object,
    k: ast.Name,
    j: ast.Name,
    i: ast.Name,
    m: ast.Name,
    dot: ast.Name,
    begun: ast.Declare,
) -> tuple:
    """Vector j loses its part along vector k."""
    gather = over(b, i, m, put(dot, ast.mul(place(k, i), place(j, i)), "+="))
    return begun, gather, over(b, i, m, put(place(j, i), ast.mul(dot, place(k, i)), "-="))


def shortest(b: Builder) -> Nest:
    """Floyd-Warshall, reachability, widest paths: the loop over the middle carries."""
    n, (k, i, j) = b.size(_NAMES, _N), counters(b, 3)
    draw = b.rng.random()
    reach = draw < 0.2
    d = written(
        b,
        (n, n),
        "i32" if reach else None,
        "integers(0,1)" if reach else "uniform(0,9)" if b.kind in FLOATS else "integers(0,50)",
        ("dist", "d", "D", "graph", "path", "cost", "w", "adj"),
    )
    here, first, second = at(d, i, j), at(d, i, k), at(d, k, j)
    if reach:
        both = b.pick(
            (
                ast.Binary("||", here, ast.Paren(ast.both(first, second))),
                ast.Binary("|", here, ast.Paren(ast.Binary("&", first, second))),
            )
        )
        step: tuple = (
            put(here, both) if b.chance(0.6) else ast.If(ast.both(first, second), (put(here, 1),))
        )
    elif draw < 0.3:
        step = put(here, extreme(b, ">", here, extreme(b, "<", first, second)))
    elif draw < 0.6:
        step = ast.If(
            ast.compare(ast.add(first, second), "<", here), (put(here, ast.add(first, second)),)
        )
    elif draw < 0.75:
        through, begun = local(
            b, ast.add(first, second), ("through", "alt", "via", "cand", "nd", "sum")
        )
        after = (
            (
                put(
                    at(
                        written(
                            b, (n, n), "i32", "constant(-1)", ("next_hop", "pred", "mid", "nxt")
                        ),
                        i,
                        j,
                    ),
                    k,
                ),
            )
            if b.chance(0.5)
            else ()
        )
        step = ast.If(ast.compare(through, "<", here), (put(here, through), *after))
        return alone(over(b, k, n, over(b, i, n, over(b, j, n, begun, step))))
    else:
        step = put(here, extreme(b, "<", here, ast.add(first, second)))
    return alone(over(b, k, n, over(b, i, n, over(b, j, n, step))))


def tridiagonal(b: Builder) -> Nest:
    """Elimination along three diagonals and back again."""
    floating(b)
    n, (i,) = line(b), counters(b, 1)
    low, up = (b.array((n,), None, "uniform(-1,1)", names.ARRAYS) for _ in "ab")
    main = b.array((n,), None, "uniform(3,5)", names.ARRAYS)
    d, c = written(b, (n,)), written(b, (n,))
    last = ast.sub(i, 1)
    if b.chance(0.5):
        m, begun = local(
            b,
            ast.sub(at(main, i), ast.mul(at(low, i), at(c, last))),
            ("m", "denom", "piv", "den", "beta0"),
        )
        value = ast.Paren(ast.sub(at(d, i), ast.mul(at(low, i), at(d, last))))
        first = (
            put(at(c, 0), ast.Binary("/", at(up, 0), at(main, 0))),
            put(at(d, 0), at(main, 0), "/="),
        )
        body = (
            begun,
            put(at(c, i), ast.Binary("/", at(up, i), m)),
            put(at(d, i), ast.Binary("/", value, m)),
        )
        back = put(at(d, i), ast.mul(at(c, i), at(d, ast.add(i, 1))), "-=")
        return alone(*first, over(b, i, n, *body, start=1), down(b, i, ast.sub(n, 2), back))
    b.parameter(main).written = True
    w, begun = local(b, ast.Binary("/", at(low, i), at(main, last)), ("w", "m", "ratio", "f0"))
    body = (
        begun,
        put(at(main, i), ast.mul(w, at(up, last)), "-="),
        put(at(d, i), ast.mul(w, at(d, last)), "-="),
    )
    ahead = ast.sub(at(d, i), ast.mul(at(up, i), at(c, ast.add(i, 1))))
    end = put(at(c, ast.sub(n, 1)), ast.Binary("/", at(d, ast.sub(n, 1)), at(main, ast.sub(n, 1))))
    return alone(
        over(b, i, n, *body, start=1),
        end,
        down(b, i, ast.sub(n, 2), put(at(c, i), ast.Binary("/", ast.Paren(ahead), at(main, i)))),
    )


def relaxation(b: Builder) -> Nest:
    """Gauss-Seidel sweeps of a full system: each unknown from the newest of all others."""
    floating(b)
    n, (t, i, j) = b.size(_NAMES, _N), counters(b, 3)
    matrix, right = b.array((n, n), None, "uniform(-0.5,0.5)"), b.array((n,))
    x = written(b, (n,), wanted=("x", "sol", "u", "phi", "xs"))
    total, begun = local(b, at(right, i), _SUMS)
    step = put(total, ast.mul(at(matrix, i, j), at(x, j)), "-=")
    test = ast.compare(j, "!=", i)
    below = ast.Paren(ast.add(at(matrix, i, i), _safe(b)))
    if b.chance(0.5):
        inner: tuple = (over(b, j, n, ast.If(test, (step,))),)
    elif b.chance(0.5):
        inner = (over(b, j, i, step), over(b, j, n, step, start=ast.add(i, 1)))
    else:
        inner = (over(b, j, n, ast.If(ast.compare(i, "==", j), (ast.Jump("continue"),)), step),)
    sweep = over(b, i, n, begun, *inner, put(at(x, i), ast.Binary("/", total, below)))
    if b.chance(0.7):
        sweep = over(b, t, b.size(("iters", "sweeps", "max_iter", "niter", "K"), (1, 2, 3)), sweep)
    return alone(sweep)


MENU = (
    (triangular, 3),
    (factors, 2),
    (orthogonal, 1),
    (shortest, 2),
    (tridiagonal, 1),
    (relaxation, 1),
)
"""(family, weight) of each."""
