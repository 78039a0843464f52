"""Steps in time, tables of two strings, knapsacks, runs and layers: an outer loop carries, one
thread does it.

Contract: the loop over steps reads what the step before wrote everywhere, so that only a barrier
across the grid would help.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 14, 'broad')).programs['cuda'].text)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Nest
from corpora.generator.core.one_thread import (
    add_terms,
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
    use_floating_type,
)

_STEPS = (
    "T",
    "steps",
    "nsteps",
    "iters",
    "TSTEPS",
    "timesteps",
    "niter",
    "tmax",
    "num_iter",
    "generations",
)


def _turns(b: Builder, *body: tuple) -> ast.For:
    turn = ast.Name(b.name(("t", "step", "it", "s", "iter", "tt", "gen", "time_i"), "i32"))
    stop = b.size(_STEPS, (1, 2, 3)) if b.chance(0.85) else ast.integer(b.pick((2, 3, 5)))
    return make_loop(b, turn, stop, *body, start=b.pick((0, 0, 0, 1)))


def _step_value(b: Builder, around: list, here: tuple) -> tuple:
    """A bounded mixture of a cell and its neighbours."""
    total, count = add_terms(around), len(around)
    if b.kind not in FLOATS:
        draw = b.rng.random()
        if draw < 0.5:
            return ast.Binary("/", ast.Paren(ast.add(total, here)), ast.integer(count + 1))
        if draw < 0.8:
            return (
                ast.Binary(b.pick("&^"), here, around[-1])
                if b.chance(0.5)
                else ast.Binary(
                    "%", ast.Paren(ast.add(total, here)), ast.integer(b.pick((2, 3, 5)))
                )
            )
        return make_extreme(b, b.pick("<>"), around[0], around[-1])
    draw, share = b.rng.random(), make_fraction(b, ("0.1", "0.2", "0.25", "0.05", "0.125"))
    if draw < 0.4:
        spread = ast.sub(total, ast.mul(ast.Literal(f"{count}.0", "f64"), here))
        return ast.add(here, ast.mul(share, ast.Paren(spread)))
    if draw < 0.6:
        return ast.Binary(
            "/", ast.Paren(ast.add(total, here)), ast.Literal(f"{count + 1}.0", "f64")
        )
    if draw < 0.75:
        return ast.mul(ast.Literal(f"{1 / count:.3g}", "f64"), ast.Paren(total))
    if draw < 0.9:
        return ast.sub(here, ast.mul(share, ast.Paren(ast.sub(here, around[0]))))
    return ast.add(ast.mul(share, ast.Paren(total)), ast.mul(make_fraction(b), here))


def steps_line(b: Builder) -> Nest:
    """Draw a nest that moves a line to a second array and back in every time step. b: the builder
    that makes its parts.
    """
    n, (i,) = make_length(b), make_counters(b, 1)
    a, other = make_written_array(b, (n,)), make_written_array(b, (n,))
    around, here, last = (
        [make_element(a, ast.sub(i, 1)), make_element(a, ast.add(i, 1))],
        make_element(a, i),
        ast.sub(n, 1),
    )
    wrapped = b.chance(0.15)
    if wrapped:
        around = [
            make_element(a, ast.Binary("%", ast.Paren(ast.sub(ast.add(i, n), 1)), n)),
            make_element(a, ast.Binary("%", ast.Paren(ast.add(i, 1)), n)),
        ]
    first, stop = (0, n) if wrapped else (1, last)
    value = _step_value(b, around, here)
    if b.chance(0.25) and not wrapped:  # back by the same formula
        swap = {a: other}
        back = _renamed(value, swap)
    else:
        back = make_element(other, i)
    extra = (
        (make_assignment(here, make_fraction(b) if b.kind in FLOATS else 1, b.pick(("+=", "-="))),)
        if b.chance(0.15)
        else ()
    )
    ends = (
        (
            make_assignment(make_element(a, 0), b.number(zero=True)),
            make_assignment(make_element(a, last), b.number(zero=True)),
        )
        if b.chance(0.2) and not wrapped
        else ()
    )
    return make_serial_nest(
        _turns(
            b,
            make_loop(b, i, stop, make_assignment(make_element(other, i), value), start=first),
            make_loop(b, i, stop, make_assignment(here, back), *extra, start=first),
            *ends,
        )
    )


def _renamed(node: tuple, words: dict[str, str]) -> tuple:
    """The expression with other arrays."""
    if type(node) is ast.At:
        return ast.At(words.get(node.array, node.array), node.subscripts)
    if type(node) in (ast.Binary,):
        return node._replace(left=_renamed(node.left, words), right=_renamed(node.right, words))
    if type(node) is ast.Paren:
        return ast.Paren(_renamed(node.argument, words))
    if type(node) is ast.Call:
        return ast.Call(node.function, tuple(_renamed(a, words) for a in node.arguments))
    if type(node) is ast.Conditional:
        return ast.Conditional(*(_renamed(n, words) for n in (node.test, node.yes, node.no)))
    return node


def steps_grid(b: Builder) -> Nest:
    """Draw a nest that moves a plane to a second array and back in every time step. b: the builder
    that makes its parts.
    """
    (h, w), (i, j) = make_sizes(b, 2), make_counters(b, 2)
    life = b.kind not in FLOATS and b.chance(0.5)
    a, other = (
        make_written_array(b, (h, w), fill="integers(0,1)" if life else ""),
        make_written_array(b, (h, w)),
    )
    here = make_element(a, i, j)
    around = [
        make_element(a, ast.sub(i, 1), j),
        make_element(a, ast.add(i, 1), j),
        make_element(a, i, ast.sub(j, 1)),
        make_element(a, i, ast.add(j, 1)),
    ]
    source = (
        (make_assignment(make_element(other, i, j), make_element(b.array((h, w)), i, j), "+="),)
        if b.chance(0.15) and not life
        else ()
    )
    if life:
        count, begun = make_local(b, add_terms(around), ("alive", "nb", "neighbors", "cnt", "sum"))
        live = ast.Binary(
            "||",
            ast.compare(count, "==", b.pick((ast.TWO, ast.integer(3)))),
            ast.Paren(ast.conjunction(here, ast.compare(count, "==", ast.ONE))),
        )
        step: tuple = (
            begun,
            make_assignment(
                make_element(other, i, j), ast.Conditional(ast.Paren(live), ast.ONE, ast.ZERO)
            ),
        )
        if b.chance(0.4):
            step = (
                begun,
                ast.If(
                    live,
                    (make_assignment(make_element(other, i, j), 1),),
                    (make_assignment(make_element(other, i, j), 0),),
                ),
            )
    else:
        step = (make_assignment(make_element(other, i, j), _step_value(b, around, here)), *source)

    def plane(*body: tuple) -> tuple:
        return make_loop(
            b, i, ast.sub(h, 1), make_loop(b, j, ast.sub(w, 1), *body, start=1), start=1
        )

    return make_serial_nest(
        _turns(b, plane(*step), plane(make_assignment(here, make_element(other, i, j))))
    )


def leapfrog(b: Builder) -> Nest:
    """Draw a nest with two fields on a staggered line, or three levels of a wave. b: the builder
    that makes its parts.
    """
    use_floating_type(b)
    n, (i,) = make_length(b), make_counters(b, 1)
    c = make_fraction(b)
    last = ast.sub(n, 1)
    if b.chance(0.5):
        e, h = (
            make_written_array(b, (n,), wanted=("ex", "e", "E", "v", "u", "p")),
            make_written_array(b, (n,), wanted=("hy", "hh", "H0", "pr", "sigma_f", "q")),
        )
        first = make_loop(
            b,
            i,
            n,
            make_assignment(
                make_element(e, i),
                ast.mul(c, ast.Paren(ast.sub(make_element(h, i), make_element(h, ast.sub(i, 1))))),
                b.pick(("-=", "+=")),
            ),
            start=1,
        )
        second = make_loop(
            b,
            i,
            last,
            make_assignment(
                make_element(h, i),
                ast.mul(
                    make_fraction(b),
                    ast.Paren(ast.sub(make_element(e, ast.add(i, 1)), make_element(e, i))),
                ),
                b.pick(("-=", "+=")),
            ),
        )
        drive = (make_assignment(make_element(e, 0), b.number(zero=True)),) if b.chance(0.4) else ()
        return make_serial_nest(_turns(b, *drive, first, second))
    prev, cur, nxt = (
        make_written_array(b, (n,), wanted=w)
        for w in (
            ("prev", "u0", "old", "um"),
            ("cur", "u1", "u", "now"),
            ("next", "u2", "un", "up"),
        )
    )
    spread = ast.Paren(
        ast.add(
            ast.sub(make_element(cur, ast.sub(i, 1)), ast.mul(2, make_element(cur, i))),
            make_element(cur, ast.add(i, 1)),
        )
    )
    value = ast.add(
        ast.sub(ast.mul(2, make_element(cur, i)), make_element(prev, i)), ast.mul(c, spread)
    )
    copy = make_loop(
        b,
        i,
        n,
        make_assignment(make_element(prev, i), make_element(cur, i)),
        make_assignment(make_element(cur, i), make_element(nxt, i)),
    )
    return make_serial_nest(
        _turns(
            b, make_loop(b, i, last, make_assignment(make_element(nxt, i), value), start=1), copy
        )
    )


def alignment(b: Builder) -> Nest:
    """Draw a nest for a longest common subsequence or edit distance. b: the builder that makes its
    parts.
    """
    b.kind = "i32"
    n, m = (
        b.size(w, (1, 3, 6))
        for w in (("n", "len1", "la", "rows", "size_a"), ("m", "len2", "lb", "cols", "size_b"))
    )
    i, j = make_counters(b, 2)
    letters = b.pick(("i32", "i32", "u8", "i8"))
    x, y = (
        b.array((s,), letters, "integers(0,3)", w)
        for s, w in ((n, ("x", "a", "s1", "seqA", "X")), (m, ("y", "b", "s2", "seqB", "Y")))
    )
    t = make_written_array(
        b, (ast.add(n, 1), ast.add(m, 1)), wanted=("dp", "t", "c", "table", "L", "score", "D")
    )
    up, left, diagonal, here = (
        make_element(t, ast.sub(i, 1), j),
        make_element(t, i, ast.sub(j, 1)),
        make_element(t, ast.sub(i, 1), ast.sub(j, 1)),
        make_element(t, i, j),
    )
    same = ast.compare(make_element(x, ast.sub(i, 1)), "==", make_element(y, ast.sub(j, 1)))
    lcs = b.chance(0.5)
    edges = (
        make_loop(b, i, n, make_assignment(make_element(t, i, 0), 0 if lcs else i), op="<="),
        make_loop(b, j, m, make_assignment(make_element(t, 0, j), 0 if lcs else j), op="<="),
    )
    if lcs:
        both = make_assignment(here, ast.add(diagonal, 1))
        other = (make_assignment(here, make_extreme(b, ">", up, left)),)
        if b.chance(0.3):
            other = (
                ast.If(
                    ast.compare(up, b.pick((">", ">=")), left),
                    (make_assignment(here, up),),
                    (make_assignment(here, left),),
                ),
            )
        step: tuple = (ast.If(same, (both,), other),)
    elif b.chance(0.5):
        cost, begun = make_local(
            b,
            ast.Conditional(ast.Paren(same) if b.chance(0.5) else same, ast.ZERO, ast.ONE),
            ("cost", "sub", "pen", "mm"),
        )
        least, seek = make_local(b, ast.add(up, 1), ("best", "v", "d0", "cur"))
        step = (
            begun,
            seek,
            *(
                ast.If(ast.compare(o, "<", least), (make_assignment(least, o),))
                for o in (ast.add(left, 1), ast.add(diagonal, cost))
            ),
            make_assignment(here, least),
        )
    else:
        gap = ast.ONE if b.chance(0.7) else ast.TWO
        value = ast.add(gap, ast.Call("min", (diagonal, ast.Call("min", (up, left)))))
        step = (ast.If(same, (make_assignment(here, diagonal),), (make_assignment(here, value),)),)
    inner = make_loop(b, i, n, make_loop(b, j, m, *step, start=1, op="<="), start=1, op="<=")
    if b.chance(0.25):
        test = ast.Binary("||", ast.compare(i, "==", ast.ZERO), ast.compare(j, "==", ast.ZERO))
        inside = ast.If(
            test,
            (make_assignment(here, 0 if lcs else ast.add(i, j)),),
            step if len(step) == 1 and type(step[0]) is not ast.Declare else step,
        )
        return make_serial_nest(make_loop(b, i, n, make_loop(b, j, m, inside, op="<="), op="<="))
    after = (
        (
            make_assignment(
                make_element(make_written_array(b, (ast.ONE,)), 0), make_element(t, n, m)
            ),
        )
        if b.chance(0.35)
        else ()
    )
    return make_serial_nest(*edges, inner, *after)


def knapsack(b: Builder) -> Nest:
    """Draw a nest with the best value or number of ways for every capacity. b: the builder that
    makes its parts.
    """
    n, cap = (
        b.size(("n", "items", "num", "coins_n", "N"), (1, 2, 4)),
        b.size(("W", "cap", "amount0", "total", "maxW"), (1, 5, 9)),
    )
    if b.chance(0.7):
        b.kind = "i32"
    i, j = make_counters(b, 2)
    weight = b.array((n,), "i32", "integers(1,5)", ("wt", "weights", "w", "size_of", "coins"))
    worth = b.array((n,), wanted=("val", "vals", "worth", "p", "gain_of"))
    if b.chance(0.6):
        d = make_written_array(b, (ast.add(cap, 1),), wanted=("dp", "best", "f", "ways"))
        with_ = ast.add(
            make_element(d, ast.sub(j, make_element(weight, i))), make_element(worth, i)
        )
        step: tuple = (
            make_assignment(make_element(d, j), make_extreme(b, ">", make_element(d, j), with_))
            if b.chance(0.6)
            else ast.If(
                ast.compare(with_, ">", make_element(d, j)),
                (make_assignment(make_element(d, j), with_),),
            )
        )
        clear = (
            (make_loop(b, j, cap, make_assignment(make_element(d, j), 0), op="<="),)
            if b.chance(0.5)
            else ()
        )
        if b.chance(0.7):
            inner: tuple = make_loop(
                b, j, make_element(weight, i), step, start=cap, op=">=", step=-1
            )
        else:
            inner = make_loop(b, j, cap, step, start=make_element(weight, i), op="<=")
        return make_serial_nest(*clear, make_loop(b, i, n, inner))
    d = make_written_array(
        b, (ast.add(n, 1), ast.add(cap, 1)), wanted=("dp", "t", "K", "table", "m0")
    )
    before, here = make_element(d, ast.sub(i, 1), j), make_element(d, i, j)
    less = make_element(d, ast.sub(i, 1), ast.sub(j, make_element(weight, ast.sub(i, 1))))
    with_ = ast.add(less, make_element(worth, ast.sub(i, 1)))
    fits = ast.compare(make_element(weight, ast.sub(i, 1)), "<=", j)
    best = make_assignment(here, make_extreme(b, ">", before, with_))
    inner = make_loop(
        b,
        j,
        cap,
        ast.If(fits, (best,), (make_assignment(here, before),)),
        op="<=",
        start=b.pick((0, 0, 1)),
    )
    return make_serial_nest(
        make_loop(b, j, cap, make_assignment(make_element(d, 0, j), 0), op="<="),
        make_loop(b, i, n, inner, start=1, op="<="),
    )


def layers(b: Builder) -> Nest:
    """Draw a nest that applies a matrix again and again to its own result. b: the builder that
    makes its parts.
    """
    use_floating_type(b)
    n, (t, i, j) = b.size(("n", "units", "hidden", "dim", "H"), (1, 3, 5)), make_counters(b, 3)
    count = b.size(("layers", "depth", "steps", "T", "L"), (1, 2, 3))
    own = b.chance(0.5)
    w = b.array(
        (count, n, n) if own else (n, n),
        None,
        "uniform(-0.5,0.5)",
        ("w", "W", "weights", "wh", "A", "mat"),
    )
    x, y = (
        make_written_array(b, (n,), wanted=("x", "h", "state", "act", "v")),
        make_written_array(b, (n,), wanted=("y", "tmp", "h_new", "out", "z")),
    )
    weight = make_element(w, *((t,) if own else ()), i, j)
    first: tuple = (
        make_element(b.array((count, n), wanted=("in", "u_in", "bias", "xs")), t, i)
        if b.chance(0.5)
        else ast.ZERO
    )
    total, begun = make_local(b, first, ("sum", "s", "acc", "a0", "dot"))
    gather = make_loop(b, j, n, make_assignment(total, ast.mul(weight, make_element(x, j)), "+="))
    end: tuple = b.pick(
        (
            ast.Call(b.function("tanh"), (total,)),
            total,
            ast.Conditional(ast.compare(total, ">", ast.ZERO), total, b._same(ast.ZERO)),
        )
    )
    step = make_loop(b, i, n, begun, gather, make_assignment(make_element(y, i), end))
    if b.chance(0.3):
        norm, made = make_local(b, 0, ("norm", "nrm", "len2"))
        measure = make_loop(
            b, i, n, make_assignment(norm, ast.mul(make_element(y, i), make_element(y, i)), "+=")
        )
        root = make_assignment(
            norm,
            ast.Call(b.function("sqrt"), (ast.add(norm, b._same(ast.Literal("0.01", "f64"))),)),
        )
        return make_serial_nest(
            make_loop(
                b,
                t,
                count,
                step,
                made,
                measure,
                root,
                make_loop(
                    b,
                    i,
                    n,
                    make_assignment(make_element(x, i), ast.Binary("/", make_element(y, i), norm)),
                ),
            )
        )
    return make_serial_nest(
        make_loop(
            b,
            t,
            count,
            step,
            make_loop(
                b,
                i,
                n,
                make_assignment(make_element(x, i), make_element(y, i), b.pick(("=", "=", "+="))),
            ),
        )
    )


MENU = (
    (steps_line, 2),
    (steps_grid, 2),
    (leapfrog, 1),
    (alignment, 2),
    (knapsack, 2),
    (layers, 1),
)
"""(family, weight) of each."""
