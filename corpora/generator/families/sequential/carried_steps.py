"""Steps in time, tables of two strings, knapsacks, runs and layers: an outer loop carries, one
thread does it.

Contract: the loop over steps reads what the step before wrote everywhere, so that only a barrier
across the grid would help.

    python -c "from corpora.generator import generate; print(next(generate(1, 14, 'broad')).programs['cuda'].text)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Nest
from corpora.generator.core.one_thread import (
    alone,
    at,
    counters,
    extreme,
    floating,
    fraction,
    line,
    local,
    over,
    put,
    sides,
    sum_of,
    written,
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
    stop = b.size(_STEPS, (1, 2, 3)) if b.chance(0.85) else ast.whole(b.pick((2, 3, 5)))
    return over(b, turn, stop, *body, start=b.pick((0, 0, 0, 1)))


def _step_value(b: Builder, around: list, here: tuple) -> tuple:
    """A bounded mixture of a cell and its neighbours."""
    total, count = sum_of(around), len(around)
    if b.kind not in FLOATS:
        draw = b.rng.random()
        if draw < 0.5:
            return ast.Binary("/", ast.Paren(ast.add(total, here)), ast.whole(count + 1))
        if draw < 0.8:
            return (
                ast.Binary(b.pick("&^"), here, around[-1])
                if b.chance(0.5)
                else ast.Binary("%", ast.Paren(ast.add(total, here)), ast.whole(b.pick((2, 3, 5))))
            )
        return extreme(b, b.pick("<>"), around[0], around[-1])
    draw, share = b.rng.random(), fraction(b, ("0.1", "0.2", "0.25", "0.05", "0.125"))
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
    return ast.add(ast.mul(share, ast.Paren(total)), ast.mul(fraction(b), here))


def steps_line(b: Builder) -> Nest:
    """A line goes to a second array and back in every step; sometimes the ends are set anew."""
    n, (i,) = line(b), counters(b, 1)
    a, other = written(b, (n,)), written(b, (n,))
    around, here, last = [at(a, ast.sub(i, 1)), at(a, ast.add(i, 1))], at(a, i), ast.sub(n, 1)
    wrapped = b.chance(0.15)
    if wrapped:
        around = [
            at(a, ast.Binary("%", ast.Paren(ast.sub(ast.add(i, n), 1)), n)),
            at(a, ast.Binary("%", ast.Paren(ast.add(i, 1)), n)),
        ]
    first, stop = (0, n) if wrapped else (1, last)
    value = _step_value(b, around, here)
    if b.chance(0.25) and not wrapped:  # back by the same formula
        swap = {a: other}
        back = _renamed(value, swap)
    else:
        back = at(other, i)
    extra = (
        (put(here, fraction(b) if b.kind in FLOATS else 1, b.pick(("+=", "-="))),)
        if b.chance(0.15)
        else ()
    )
    ends = (
        (put(at(a, 0), b.number(zero=True)), put(at(a, last), b.number(zero=True)))
        if b.chance(0.2) and not wrapped
        else ()
    )
    return alone(
        _turns(
            b,
            over(b, i, stop, put(at(other, i), value), start=first),
            over(b, i, stop, put(here, back), *extra, start=first),
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
    """A plane goes to a second array and back in every step: diffusion, smoothing, cells that live
    and die.
    """
    (h, w), (i, j) = sides(b, 2), counters(b, 2)
    life = b.kind not in FLOATS and b.chance(0.5)
    a, other = written(b, (h, w), fill="integers(0,1)" if life else ""), written(b, (h, w))
    here = at(a, i, j)
    around = [
        at(a, ast.sub(i, 1), j),
        at(a, ast.add(i, 1), j),
        at(a, i, ast.sub(j, 1)),
        at(a, i, ast.add(j, 1)),
    ]
    source = (
        (put(at(other, i, j), at(b.array((h, w)), i, j), "+="),)
        if b.chance(0.15) and not life
        else ()
    )
    if life:
        count, begun = local(b, sum_of(around), ("alive", "nb", "neighbors", "cnt", "sum"))
        live = ast.Binary(
            "||",
            ast.compare(count, "==", b.pick((ast.TWO, ast.whole(3)))),
            ast.Paren(ast.both(here, ast.compare(count, "==", ast.ONE))),
        )
        step: tuple = (
            begun,
            put(at(other, i, j), ast.Conditional(ast.Paren(live), ast.ONE, ast.ZERO)),
        )
        if b.chance(0.4):
            step = (begun, ast.If(live, (put(at(other, i, j), 1),), (put(at(other, i, j), 0),)))
    else:
        step = (put(at(other, i, j), _step_value(b, around, here)), *source)

    def plane(*body: tuple) -> tuple:
        return over(b, i, ast.sub(h, 1), over(b, j, ast.sub(w, 1), *body, start=1), start=1)

    return alone(_turns(b, plane(*step), plane(put(here, at(other, i, j)))))


def leapfrog(b: Builder) -> Nest:
    """Two fields that drive each other on a staggered line, or three levels of a wave."""
    floating(b)
    n, (i,) = line(b), counters(b, 1)
    c = fraction(b)
    last = ast.sub(n, 1)
    if b.chance(0.5):
        e, h = (
            written(b, (n,), wanted=("ex", "e", "E", "v", "u", "p")),
            written(b, (n,), wanted=("hy", "hh", "H0", "pr", "sigma_f", "q")),
        )
        first = over(
            b,
            i,
            n,
            put(
                at(e, i),
                ast.mul(c, ast.Paren(ast.sub(at(h, i), at(h, ast.sub(i, 1))))),
                b.pick(("-=", "+=")),
            ),
            start=1,
        )
        second = over(
            b,
            i,
            last,
            put(
                at(h, i),
                ast.mul(fraction(b), ast.Paren(ast.sub(at(e, ast.add(i, 1)), at(e, i)))),
                b.pick(("-=", "+=")),
            ),
        )
        drive = (put(at(e, 0), b.number(zero=True)),) if b.chance(0.4) else ()
        return alone(_turns(b, *drive, first, second))
    prev, cur, nxt = (
        written(b, (n,), wanted=w)
        for w in (
            ("prev", "u0", "old", "um"),
            ("cur", "u1", "u", "now"),
            ("next", "u2", "un", "up"),
        )
    )
    spread = ast.Paren(
        ast.add(ast.sub(at(cur, ast.sub(i, 1)), ast.mul(2, at(cur, i))), at(cur, ast.add(i, 1)))
    )
    value = ast.add(ast.sub(ast.mul(2, at(cur, i)), at(prev, i)), ast.mul(c, spread))
    copy = over(b, i, n, put(at(prev, i), at(cur, i)), put(at(cur, i), at(nxt, i)))
    return alone(_turns(b, over(b, i, last, put(at(nxt, i), value), start=1), copy))


def alignment(b: Builder) -> Nest:
    """Longest common subsequence or edit distance of two sequences, in a table with one more row
    and column.
    """
    b.kind = "i32"
    n, m = (
        b.size(w, (1, 3, 6))
        for w in (("n", "len1", "la", "rows", "size_a"), ("m", "len2", "lb", "cols", "size_b"))
    )
    i, j = counters(b, 2)
    letters = b.pick(("i32", "i32", "u8", "i8"))
    x, y = (
        b.array((s,), letters, "integers(0,3)", w)
        for s, w in ((n, ("x", "a", "s1", "seqA", "X")), (m, ("y", "b", "s2", "seqB", "Y")))
    )
    t = written(
        b, (ast.add(n, 1), ast.add(m, 1)), wanted=("dp", "t", "c", "table", "L", "score", "D")
    )
    up, left, diagonal, here = (
        at(t, ast.sub(i, 1), j),
        at(t, i, ast.sub(j, 1)),
        at(t, ast.sub(i, 1), ast.sub(j, 1)),
        at(t, i, j),
    )
    same = ast.compare(at(x, ast.sub(i, 1)), "==", at(y, ast.sub(j, 1)))
    lcs = b.chance(0.5)
    edges = (
        over(b, i, n, put(at(t, i, 0), 0 if lcs else i), op="<="),
        over(b, j, m, put(at(t, 0, j), 0 if lcs else j), op="<="),
    )
    if lcs:
        both = put(here, ast.add(diagonal, 1))
        other = (put(here, extreme(b, ">", up, left)),)
        if b.chance(0.3):
            other = (
                ast.If(
                    ast.compare(up, b.pick((">", ">=")), left), (put(here, up),), (put(here, left),)
                ),
            )
        step: tuple = (ast.If(same, (both,), other),)
    elif b.chance(0.5):
        cost, begun = local(
            b,
            ast.Conditional(ast.Paren(same) if b.chance(0.5) else same, ast.ZERO, ast.ONE),
            ("cost", "sub", "pen", "mm"),
        )
        least, seek = local(b, ast.add(up, 1), ("best", "v", "d0", "cur"))
        step = (
            begun,
            seek,
            *(
                ast.If(ast.compare(o, "<", least), (put(least, o),))
                for o in (ast.add(left, 1), ast.add(diagonal, cost))
            ),
            put(here, least),
        )
    else:
        gap = ast.ONE if b.chance(0.7) else ast.TWO
        value = ast.add(gap, ast.Call("min", (diagonal, ast.Call("min", (up, left)))))
        step = (ast.If(same, (put(here, diagonal),), (put(here, value),)),)
    inner = over(b, i, n, over(b, j, m, *step, start=1, op="<="), start=1, op="<=")
    if b.chance(0.25):
        test = ast.Binary("||", ast.compare(i, "==", ast.ZERO), ast.compare(j, "==", ast.ZERO))
        inside = ast.If(
            test,
            (put(here, 0 if lcs else ast.add(i, j)),),
            step if len(step) == 1 and type(step[0]) is not ast.Declare else step,
        )
        return alone(over(b, i, n, over(b, j, m, inside, op="<="), op="<="))
    after = (put(at(written(b, (ast.ONE,)), 0), at(t, n, m)),) if b.chance(0.35) else ()
    return alone(*edges, inner, *after)


def knapsack(b: Builder) -> Nest:
    """Best value or number of ways for every capacity, item by item."""
    n, cap = (
        b.size(("n", "items", "num", "coins_n", "N"), (1, 2, 4)),
        b.size(("W", "cap", "amount0", "total", "maxW"), (1, 5, 9)),
    )
    if b.chance(0.7):
        b.kind = "i32"
    i, j = counters(b, 2)
    weight = b.array((n,), "i32", "integers(1,5)", ("wt", "weights", "w", "size_of", "coins"))
    worth = b.array((n,), wanted=("val", "vals", "worth", "p", "gain_of"))
    if b.chance(0.6):
        d = written(b, (ast.add(cap, 1),), wanted=("dp", "best", "f", "ways"))
        with_ = ast.add(at(d, ast.sub(j, at(weight, i))), at(worth, i))
        step: tuple = (
            put(at(d, j), extreme(b, ">", at(d, j), with_))
            if b.chance(0.6)
            else ast.If(ast.compare(with_, ">", at(d, j)), (put(at(d, j), with_),))
        )
        clear = (over(b, j, cap, put(at(d, j), 0), op="<="),) if b.chance(0.5) else ()
        if b.chance(0.7):
            inner: tuple = over(b, j, at(weight, i), step, start=cap, op=">=", step=-1)
        else:
            inner = over(b, j, cap, step, start=at(weight, i), op="<=")
        return alone(*clear, over(b, i, n, inner))
    d = written(b, (ast.add(n, 1), ast.add(cap, 1)), wanted=("dp", "t", "K", "table", "m0"))
    before, here = at(d, ast.sub(i, 1), j), at(d, i, j)
    less = at(d, ast.sub(i, 1), ast.sub(j, at(weight, ast.sub(i, 1))))
    with_ = ast.add(less, at(worth, ast.sub(i, 1)))
    fits = ast.compare(at(weight, ast.sub(i, 1)), "<=", j)
    best = put(here, extreme(b, ">", before, with_))
    inner = over(
        b, j, cap, ast.If(fits, (best,), (put(here, before),)), op="<=", start=b.pick((0, 0, 1))
    )
    return alone(
        over(b, j, cap, put(at(d, 0, j), 0), op="<="), over(b, i, n, inner, start=1, op="<=")
    )


def layers(b: Builder) -> Nest:
    """A matrix applied again and again to what it gave: layers, recurrent cells, power
    iteration.
    """
    floating(b)
    n, (t, i, j) = b.size(("n", "units", "hidden", "dim", "H"), (1, 3, 5)), counters(b, 3)
    count = b.size(("layers", "depth", "steps", "T", "L"), (1, 2, 3))
    own = b.chance(0.5)
    w = b.array(
        (count, n, n) if own else (n, n),
        None,
        "uniform(-0.5,0.5)",
        ("w", "W", "weights", "wh", "A", "mat"),
    )
    x, y = (
        written(b, (n,), wanted=("x", "h", "state", "act", "v")),
        written(b, (n,), wanted=("y", "tmp", "h_new", "out", "z")),
    )
    weight = at(w, *((t,) if own else ()), i, j)
    first: tuple = (
        at(b.array((count, n), wanted=("in", "u_in", "bias", "xs")), t, i)
        if b.chance(0.5)
        else ast.ZERO
    )
    total, begun = local(b, first, ("sum", "s", "acc", "a0", "dot"))
    gather = over(b, j, n, put(total, ast.mul(weight, at(x, j)), "+="))
    end: tuple = b.pick(
        (
            ast.Call(b.function("tanh"), (total,)),
            total,
            ast.Conditional(ast.compare(total, ">", ast.ZERO), total, b._same(ast.ZERO)),
        )
    )
    step = over(b, i, n, begun, gather, put(at(y, i), end))
    if b.chance(0.3):
        norm, made = local(b, 0, ("norm", "nrm", "len2"))
        measure = over(b, i, n, put(norm, ast.mul(at(y, i), at(y, i)), "+="))
        root = put(
            norm,
            ast.Call(b.function("sqrt"), (ast.add(norm, b._same(ast.Literal("0.01", "f64"))),)),
        )
        return alone(
            over(
                b,
                t,
                count,
                step,
                made,
                measure,
                root,
                over(b, i, n, put(at(x, i), ast.Binary("/", at(y, i), norm))),
            )
        )
    return alone(
        over(b, t, count, step, over(b, i, n, put(at(x, i), at(y, i), b.pick(("=", "=", "+=")))))
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
