"""Dense linear algebra in place, which one thread does: triangular solves, factors, orthogonal
columns, shortest paths.

Contract: diagonals are made safe by what is added to them or by how the arrays are filled; nothing
divides by zero.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 14, 'broad')).programs['cuda'].text)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Nest
from corpora.generator.core.one_thread import (
    make_assignment,
    make_constant,
    make_counters,
    make_descending_loop,
    make_element,
    make_extreme,
    make_length,
    make_local,
    make_loop,
    make_serial_nest,
    make_sizes,
    make_written_array,
    use_floating_type,
)

_N = (1, 2, 4, 6)
_NAMES = ("n", "N", "dim", "order", "nn", "size", "numVars", "nodes", "V")
_SUMS = ("sum", "s", "acc", "temp", "x0", "total", "dot", "value")


def _diagonal(b: Builder, place: tuple) -> tuple:
    """A divisor made of a diagonal element of [-2, 2] or [1, 2]."""
    fill = b.parameter(place.array).fill
    return place if fill.startswith("uniform(1") else ast.Paren(ast.add(place, _safe(b)))


def _safe(b: Builder) -> ast.Literal:
    return make_constant(b, b.pick(("3.0", "4.0", "5.0", "10.0", "8.0")))


def _square(
    b: Builder, wanted: tuple[str, ...] = ("A", "L", "U", "a", "mat", "l", "lower", "M1", "matrix")
) -> tuple[str, ast.Name]:
    n = b.size(_NAMES, _N)
    return b.array((n, n), None, "uniform(1,2)" if b.chance(0.5) else "", wanted), n


def triangular(b: Builder) -> Nest:
    """Draw a nest with a forward or backward substitution. b: the builder that makes its parts."""
    use_floating_type(b)
    (matrix, n), (i, j) = _square(b), make_counters(b, 2)
    right = b.array((n,), wanted=("b", "rhs", "y", "f", "vec"))
    own = b.chance(0.35)
    x = right if own else make_written_array(b, (n,), wanted=("x", "sol", "z", "xs", "out"))
    b.parameter(x).written = True
    backwards, transposed, unit = b.chance(0.4), b.chance(0.2), b.chance(0.15)
    element = make_element(matrix, j, i) if transposed else make_element(matrix, i, j)
    term = ast.mul(element, make_element(x, j))
    below = None if unit else _diagonal(b, make_element(matrix, i, i))

    def inner(step: tuple) -> tuple:
        return (
            make_loop(b, j, n, step, start=ast.add(i, 1)) if backwards else make_loop(b, j, i, step)
        )

    if b.chance(0.55):
        total, begun = (
            make_local(b, make_element(right, i), _SUMS)
            if b.chance(0.7)
            else make_local(b, 0, _SUMS)
        )
        if begun.value == ast.ZERO:
            value: tuple = ast.Paren(ast.sub(make_element(right, i), total))
            body = (
                begun,
                inner(make_assignment(total, term, "+=")),
                make_assignment(
                    make_element(x, i), ast.Binary("/", value, below) if below else value
                ),
            )
        else:
            body = (
                begun,
                inner(make_assignment(total, term, "-=")),
                make_assignment(
                    make_element(x, i), ast.Binary("/", total, below) if below else total
                ),
            )
    else:
        first = () if own else (make_assignment(make_element(x, i), make_element(right, i)),)
        body = (
            *first,
            inner(make_assignment(make_element(x, i), term, "-=")),
            *(() if unit else (make_assignment(make_element(x, i), below, "/="),)),
        )
        if unit and own and b.chance(0.5):
            body = (inner(make_assignment(make_element(x, i), term, "-=")),)
    return make_serial_nest(
        make_descending_loop(b, i, ast.sub(n, 1), *body) if backwards else make_loop(b, i, n, *body)
    )


def factors(b: Builder) -> Nest:
    """Draw a nest for LU in place, elimination, or a Cholesky-like factor. b: the builder that
    makes its parts.
    """
    use_floating_type(b)
    n, (k, i, j) = b.size(_NAMES, _N), make_counters(b, 3)
    draw = b.rng.random()
    a = make_written_array(b, (n, n), wanted=("A", "a", "mat", "M0", "lu", "matrix", "S"))
    if draw < 0.35:
        return _cholesky(b, a, n, i, j, k)
    loaded = make_loop(b, i, n, make_assignment(make_element(a, i, i), _large(b, n), "+="))
    made: tuple = (loaded,) if b.chance(0.7) else ()
    pivot: tuple = (
        make_element(a, k, k)
        if made
        else ast.Paren(ast.add(make_element(a, k, k), ast.Literal("20.0", "f64")))
    )
    rest = ast.add(k, 1)
    if b.chance(0.5):
        scaled = make_assignment(make_element(a, i, k), pivot, "/=")
        step = make_assignment(
            make_element(a, i, j), ast.mul(make_element(a, i, k), make_element(a, k, j)), "-="
        )
        if b.chance(0.35):
            body: tuple = (
                make_loop(b, i, n, scaled, start=rest),
                make_loop(b, i, n, make_loop(b, j, n, step, start=rest), start=rest),
            )
        else:
            body = (make_loop(b, i, n, scaled, make_loop(b, j, n, step, start=rest), start=rest),)
    else:
        factor, begun = make_local(
            b,
            ast.Binary("/", make_element(a, i, k), pivot),
            ("factor", "mult", "ratio", "f0", "lik", "m1"),
        )
        step = make_assignment(make_element(a, i, j), ast.mul(factor, make_element(a, k, j)), "-=")
        extra = (
            (
                make_assignment(
                    make_element(make_written_array(b, (n,), wanted=("b", "rhs", "y", "vec")), i),
                    ast.mul(factor, make_element(b.parameters[-1].name, k)),
                    "-=",
                ),
            )
            if b.chance(0.6)
            else ()
        )
        keep = (make_assignment(make_element(a, i, k), factor),) if b.chance(0.4) else ()
        first = rest if keep or b.chance(0.5) else k
        body = (
            make_loop(
                b, i, n, begun, make_loop(b, j, n, step, start=first), *keep, *extra, start=rest
            ),
        )
    return make_serial_nest(*made, make_loop(b, k, ast.sub(n, 1) if b.chance(0.6) else n, *body))


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
    l = a if own else make_written_array(b, (n, n), wanted=("L", "l", "lower", "chol", "out", "G"))
    b.parameter(a).written = own
    total, begun = (
        make_local(b, make_element(a, i, j), _SUMS) if b.chance(0.6) else make_local(b, 0, _SUMS)
    )
    gathered = begun.value == ast.ZERO
    inner = make_loop(
        b,
        k,
        j,
        make_assignment(
            total, ast.mul(make_element(l, i, k), make_element(l, j, k)), "+=" if gathered else "-="
        ),
    )
    rest: tuple = ast.sub(make_element(a, i, j), total) if gathered else total
    root = ast.Call(
        b.function("sqrt"),
        (
            ast.add(
                ast.Call(b.function("fabs"), (rest,)),
                b._same(b.pick((ast.ONE, ast.TWO, ast.Literal("0.5", "f64")))),
            ),
        ),
    )
    value = ast.Binary("/", ast.Paren(rest) if gathered else rest, make_element(l, j, j))
    test = ast.If(
        ast.compare(i, "==", j),
        (make_assignment(make_element(l, i, j), root),),
        (make_assignment(make_element(l, i, j), value),),
    )
    return make_serial_nest(make_loop(b, i, n, make_loop(b, j, i, begun, inner, test, op="<=")))


def orthogonal(b: Builder) -> Nest:
    """Draw a nest for Gram-Schmidt over rows or columns, in place. b: the builder that makes its
    parts.
    """
    use_floating_type(b)
    (n, m), (k, j, i) = make_sizes(b, 2), make_counters(b, 3)
    columns = b.chance(0.4)
    q = make_written_array(b, (m, n) if columns else (n, m))

    def place(vector: tuple, element: tuple) -> ast.At:
        return make_element(q, element, vector) if columns else make_element(q, vector, element)

    dot, begun = make_local(b, 0, ("dot", "proj", "r", "s", "c0"))
    norm, begun2 = make_local(b, 0, ("norm", "nrm", "len2", "sum"))
    project = (
        begun,
        make_loop(b, i, m, make_assignment(dot, ast.mul(place(k, i), place(j, i)), "+=")),
        make_loop(b, i, m, make_assignment(place(k, i), ast.mul(dot, place(j, i)), "-=")),
    )
    length = make_loop(b, i, m, make_assignment(norm, ast.mul(place(k, i), place(k, i)), "+="))
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
        ends: tuple = (
            make_assignment(norm, root),
            make_loop(b, i, m, make_assignment(place(k, i), norm, "/=")),
        )
    else:
        inverse, made = make_local(
            b, ast.Binary("/", b._same(ast.ONE), root), ("inv", "scale_k", "rnorm")
        )
        ends = (made, make_loop(b, i, m, make_assignment(place(k, i), inverse, "*=")))
    if b.chance(0.35):  # each vector is cleared from the later ones
        project = (
            make_loop(
                b, j, n, *project_later(b, place, k, j, i, m, dot, begun), start=ast.add(k, 1)
            ),
        )
        return make_serial_nest(make_loop(b, k, n, begun2, length, *ends, *project))
    return make_serial_nest(make_loop(b, k, n, make_loop(b, j, k, *project), begun2, length, *ends))


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
    """Return statements that subtract from vector `j` its part along vector `k`.

    place(vector, position): an element. i: loop variable of `m` positions. dot, begun: a local and
    its declaration.
    """
    gather = make_loop(b, i, m, make_assignment(dot, ast.mul(place(k, i), place(j, i)), "+="))
    return (
        begun,
        gather,
        make_loop(b, i, m, make_assignment(place(j, i), ast.mul(dot, place(k, i)), "-=")),
    )


def shortest(b: Builder) -> Nest:
    """Draw a nest for Floyd-Warshall, reachability or widest paths. b: the builder that makes its
    parts.
    """
    n, (k, i, j) = b.size(_NAMES, _N), make_counters(b, 3)
    draw = b.rng.random()
    reach = draw < 0.2
    d = make_written_array(
        b,
        (n, n),
        "i32" if reach else None,
        "integers(0,1)" if reach else "uniform(0,9)" if b.kind in FLOATS else "integers(0,50)",
        ("dist", "d", "D", "graph", "path", "cost", "w", "adj"),
    )
    here, first, second = make_element(d, i, j), make_element(d, i, k), make_element(d, k, j)
    if reach:
        both = b.pick(
            (
                ast.Binary("||", here, ast.Paren(ast.conjunction(first, second))),
                ast.Binary("|", here, ast.Paren(ast.Binary("&", first, second))),
            )
        )
        step: tuple = (
            make_assignment(here, both)
            if b.chance(0.6)
            else ast.If(ast.conjunction(first, second), (make_assignment(here, 1),))
        )
    elif draw < 0.3:
        step = make_assignment(
            here, make_extreme(b, ">", here, make_extreme(b, "<", first, second))
        )
    elif draw < 0.6:
        step = ast.If(
            ast.compare(ast.add(first, second), "<", here),
            (make_assignment(here, ast.add(first, second)),),
        )
    elif draw < 0.75:
        through, begun = make_local(
            b, ast.add(first, second), ("through", "alt", "via", "cand", "nd", "sum")
        )
        after = (
            (
                make_assignment(
                    make_element(
                        make_written_array(
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
        step = ast.If(ast.compare(through, "<", here), (make_assignment(here, through), *after))
        return make_serial_nest(
            make_loop(b, k, n, make_loop(b, i, n, make_loop(b, j, n, begun, step)))
        )
    else:
        step = make_assignment(here, make_extreme(b, "<", here, ast.add(first, second)))
    return make_serial_nest(make_loop(b, k, n, make_loop(b, i, n, make_loop(b, j, n, step))))


def tridiagonal(b: Builder) -> Nest:
    """Draw a nest that solves a system of three diagonals. b: the builder that makes its parts."""
    use_floating_type(b)
    n, (i,) = make_length(b), make_counters(b, 1)
    low, up = (b.array((n,), None, "uniform(-1,1)", names.ARRAYS) for _ in "ab")
    main = b.array((n,), None, "uniform(3,5)", names.ARRAYS)
    d, c = make_written_array(b, (n,)), make_written_array(b, (n,))
    last = ast.sub(i, 1)
    if b.chance(0.5):
        m, begun = make_local(
            b,
            ast.sub(make_element(main, i), ast.mul(make_element(low, i), make_element(c, last))),
            ("m", "denom", "piv", "den", "beta0"),
        )
        value = ast.Paren(
            ast.sub(make_element(d, i), ast.mul(make_element(low, i), make_element(d, last)))
        )
        first = (
            make_assignment(
                make_element(c, 0), ast.Binary("/", make_element(up, 0), make_element(main, 0))
            ),
            make_assignment(make_element(d, 0), make_element(main, 0), "/="),
        )
        body = (
            begun,
            make_assignment(make_element(c, i), ast.Binary("/", make_element(up, i), m)),
            make_assignment(make_element(d, i), ast.Binary("/", value, m)),
        )
        back = make_assignment(
            make_element(d, i), ast.mul(make_element(c, i), make_element(d, ast.add(i, 1))), "-="
        )
        return make_serial_nest(
            *first,
            make_loop(b, i, n, *body, start=1),
            make_descending_loop(b, i, ast.sub(n, 2), back),
        )
    b.parameter(main).written = True
    w, begun = make_local(
        b,
        ast.Binary("/", make_element(low, i), make_element(main, last)),
        ("w", "m", "ratio", "f0"),
    )
    body = (
        begun,
        make_assignment(make_element(main, i), ast.mul(w, make_element(up, last)), "-="),
        make_assignment(make_element(d, i), ast.mul(w, make_element(d, last)), "-="),
    )
    ahead = ast.sub(
        make_element(d, i), ast.mul(make_element(up, i), make_element(c, ast.add(i, 1)))
    )
    end = make_assignment(
        make_element(c, ast.sub(n, 1)),
        ast.Binary("/", make_element(d, ast.sub(n, 1)), make_element(main, ast.sub(n, 1))),
    )
    return make_serial_nest(
        make_loop(b, i, n, *body, start=1),
        end,
        make_descending_loop(
            b,
            i,
            ast.sub(n, 2),
            make_assignment(
                make_element(c, i), ast.Binary("/", ast.Paren(ahead), make_element(main, i))
            ),
        ),
    )


def relaxation(b: Builder) -> Nest:
    """Draw a nest for Gauss-Seidel sweeps of a full system. b: the builder that makes its parts."""
    use_floating_type(b)
    n, (t, i, j) = b.size(_NAMES, _N), make_counters(b, 3)
    matrix, right = b.array((n, n), None, "uniform(-0.5,0.5)"), b.array((n,))
    x = make_written_array(b, (n,), wanted=("x", "sol", "u", "phi", "xs"))
    total, begun = make_local(b, make_element(right, i), _SUMS)
    step = make_assignment(total, ast.mul(make_element(matrix, i, j), make_element(x, j)), "-=")
    test = ast.compare(j, "!=", i)
    below = ast.Paren(ast.add(make_element(matrix, i, i), _safe(b)))
    if b.chance(0.5):
        inner: tuple = (make_loop(b, j, n, ast.If(test, (step,))),)
    elif b.chance(0.5):
        inner = (make_loop(b, j, i, step), make_loop(b, j, n, step, start=ast.add(i, 1)))
    else:
        inner = (
            make_loop(b, j, n, ast.If(ast.compare(i, "==", j), (ast.Jump("continue"),)), step),
        )
    sweep = make_loop(
        b, i, n, begun, *inner, make_assignment(make_element(x, i), ast.Binary("/", total, below))
    )
    if b.chance(0.7):
        sweep = make_loop(
            b, t, b.size(("iters", "sweeps", "max_iter", "niter", "K"), (1, 2, 3)), sweep
        )
    return make_serial_nest(sweep)


MENU = (
    (triangular, 3),
    (factors, 2),
    (orthogonal, 1),
    (shortest, 2),
    (tridiagonal, 1),
    (relaxation, 1),
)
"""(family, weight) of each."""
