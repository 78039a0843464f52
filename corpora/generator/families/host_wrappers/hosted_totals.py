"""Functions that return totals with conditions: losses, accuracies, weighted and masked means,
similarities, over a line or a matrix.

Contract: as for `returns`; each of up to three totals is a local that only additions change, so
that threads share it by atomic additions; `after` makes the result of them.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(900, 4, 'broad') if 'log(1' in str(c)][0])"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.core.one_thread import (
    make_assignment,
    make_constant,
    make_counters,
    make_sizes,
    use_floating_type,
)

_LOSSES = tuple("loss cost err sum temp acc total_loss l s e tmp ce obj penalty".split())
_TRUTHS = tuple("t y truth target labels expected T gt y_true ref desired".split())
_GUESSES = tuple("x p pred output out yhat probs a prediction A y_pred scores".split())
_EPS = ("1e-7", "1e-8", "1e-6", "1e-5", "0.00001", "1e-10", "0.0001", "1e-9")


class Ground:
    """One loop over a line, or two over a matrix, and arrays with one element per iteration. two:
    probability of two loops.
    """

    def __init__(self, b: Builder, two: float = 0.45) -> None:
        self.b, self.two = b, b.chance(two)
        if self.two:
            self.sides: list[ast.Name] = make_sizes(b, 2, (1, 2, 3, 5, 7))
        else:
            self.sides = [b.size(names.SIZES, (1, 3, 8, 17))]
        self.variables = make_counters(b, len(self.sides))

    def place(
        self, kind: str | None = None, fill: str = "", wanted: tuple = names.ARRAYS
    ) -> ast.At:
        """Add an array and return its element of this iteration, which may be read from now on.
        kind: element type; None: the main one. fill: rule for tests. wanted: names to choose from.
        """
        made = ast.At(self.b.array(tuple(self.sides), kind, fill, wanted), tuple(self.variables))
        self.b.reads.append(made)
        return made

    @property
    def whole(self) -> tuple:
        """Return the number of iterations as an expression."""
        made = ast.product(list(self.sides))
        return made if type(made) is ast.Name else ast.Paren(made)

    def nest(self, totals: list[ast.Declare], body: tuple, *after: tuple) -> Nest:
        """Return a nest of these loops. totals: declarations of what is summed. body: of an
        iteration. after: statements behind the loops.
        """
        axes = tuple(Axis(v.id, ast.ZERO, s) for v, s in zip(self.variables, self.sides))
        return _nest(self.b, axes, totals, body, *after)


def _nest(b: Builder, axes: tuple, totals: list[ast.Declare], body: tuple, *after: tuple) -> Nest:
    nest = Nest("", [], [Region(axes, body, ("+", ", ".join(t.name for t in totals)))])
    nest.before, nest.after = tuple(totals), after
    kind = ast.infer_type(after[-1].value, b.types)
    nest.result = kind if kind in ("f32", "f64", "i32") else totals[0].type
    return nest


def _total(
    b: Builder, wanted: tuple = _LOSSES, kind: str | None = None
) -> tuple[ast.Name, ast.Declare]:
    kind = kind or b.kind
    word = ast.Name(b.name(wanted, kind))
    return word, ast.Declare(
        kind, word.id, b.number(kind, zero=True) if kind in FLOATS else ast.ZERO
    )


def _ended(b: Builder, ground: Ground, total: ast.Name, negative: bool) -> tuple:
    """Statements that make the result: a mean, a root, a half; of the negative where logarithms
    were added up.
    """
    n: tuple = ground.whole if b.chance(0.6) else ground.sides[0]
    n = ast.Cast(b.kind, n) if b.chance(0.15) else n
    draw = b.rng.random()
    if negative:
        if draw < 0.3 and type(n) is not ast.Cast:
            return make_assignment(total, ast.Unary("-", n), "/="), ast.Jump("return", total)
        if draw < 0.4:
            return make_assignment(total, ast.Unary("-", total)), ast.Jump("return", total)
        return (
            ast.Jump(
                "return",
                b.pick(
                    (
                        ast.Unary("-", total),
                        ast.Binary("/", ast.Unary("-", total), n),
                        ast.Unary("-", ast.Paren(ast.Binary("/", total, n))),
                    )
                ),
            ),
        )
    if draw < 0.2:
        return make_assignment(total, n, "/="), ast.Jump("return", total)
    if draw < 0.28:
        return make_assignment(total, b.number(), "*="), ast.Jump("return", total)
    root = ast.Call(b.function("sqrt"), (total,))
    ends = (
        total,
        total,
        ast.Binary("/", total, n),
        ast.Binary("/", total, n),
        ast.mul(make_constant(b, "0.5"), total),
        ast.Binary("/", total, ast.Paren(ast.mul(ast.integer(2), n))),
        ast.mul(b.scalar(), total),
    )
    roots = (
        root,
        ast.Binary("/", root, n),
        ast.Call(b.function("sqrt"), (ast.Binary("/", total, n),)),
    )
    return (ast.Jump("return", b.pick(ends + roots if draw > 0.6 else ends)),)


def entropies(b: Builder) -> Nest:
    """Draw a nest that returns a cross entropy or divergence. b: the builder that makes its
    parts.
    """
    use_floating_type(b)
    ground = Ground(b, 0.55)
    x = ground.place(fill="uniform(0.05,0.95)", wanted=_GUESSES)
    real = b.chance(0.45)
    t = ground.place(
        b.kind if real else b.pick(("i32", "i32", "i32", "u8", "bool")), "integers(0,1)", _TRUTHS
    )
    s, begun = _total(b)
    eps, log, one = (
        make_constant(b, b.pick(_EPS)),
        b.function("log"),
        ast.ONE if b.chance(0.6) else make_constant(b, "1.0"),
    )
    safe = b.chance(0.6)
    right: tuple = ast.Call(log, (ast.add(x, eps) if safe else x,))
    rest: tuple = ast.sub(one, x)
    wrong: tuple = ast.Call(log, (ast.add(rest, eps) if safe else rest,))
    negative = b.chance(0.6)
    op = "+=" if negative else "-="
    hit = b.pick(
        (
            ast.compare(t, "==", ast.ONE),
            ast.compare(t, ">", make_constant(b, "0.5") if real else ast.ZERO),
            ast.compare(t, "!=", ast.ZERO),
        )
    )
    draw = b.rng.random()
    if draw < 0.25:
        body: tuple = (
            ast.If(hit, (make_assignment(s, right, op), ast.Jump("continue"))),
            make_assignment(s, wrong, op),
        )
        body = body[:1] if b.chance(0.2) else body
    elif draw < 0.5:
        body = (
            ast.If(
                hit,
                (make_assignment(s, right, op),),
                (make_assignment(s, wrong, op),) if b.chance(0.6) else (),
            ),
        )
    elif draw < 0.75:
        both = ast.add(ast.mul(t, right), ast.mul(ast.Paren(ast.sub(ast.ONE, t)), wrong))
        body = (make_assignment(s, both if op == "+=" or b.chance(0.5) else ast.Paren(both), op),)
    elif draw < 0.88:
        q = ground.place(fill="uniform(0.05,0.95)")
        value = ast.mul(q, ast.Call(log, (ast.Binary("/", q, x),)))
        body, negative = (
            (
                ast.If(ast.compare(q, ">", ast.ZERO), (make_assignment(s, value, "+="),))
                if b.chance(0.6)
                else make_assignment(s, value, "+="),
            ),
            False,
        )
    else:
        body = (
            make_assignment(
                s, ast.mul(t, right) if b.chance(0.5) else ast.mul(x, ast.Call(log, (x,))), op
            ),
        )
    return ground.nest([begun], body, *_ended(b, ground, s, negative))


def margins(b: Builder) -> Nest:
    """Draw a nest that returns a loss: squared, absolute, hinge, Huber or quantile. b: the builder
    that makes its parts.
    """
    use_floating_type(b)
    ground = Ground(b)
    x, t = ground.place(wanted=_GUESSES), ground.place(wanted=_TRUTHS)
    s, begun = _total(b)
    d = ast.Name(b.name(("d", "diff", "e0", "delta", "r", "res", "gap", "m"), b.kind))
    absolute = ast.Call(b.function("fabs"), (d,))
    half, zero = make_constant(b, "0.5"), b.number(zero=True)
    limit = b.scalar() if b.chance(0.5) else make_constant(b, b.pick(("1.0", "0.5", "0.1", "2.0")))
    apart: tuple = ast.sub(x, t) if b.chance(0.5) else ast.sub(t, x)
    square = ast.mul(d, d)
    kind = b.pick(
        (
            "square",
            "square",
            "absolute",
            "hinge",
            "hinge",
            "huber",
            "huber",
            "far",
            "quantile",
            "logcosh",
            "skip",
        )
    )
    if kind == "square":
        steps: tuple = (
            make_assignment(s, ast.mul(half, square) if b.chance(0.3) else square, "+="),
        )
    elif kind == "absolute":
        steps = (
            make_assignment(
                s,
                absolute
                if b.chance(0.6)
                else ast.Conditional(ast.compare(d, "<", ast.ZERO), ast.Unary("-", d), d),
                "+=",
            ),
        )
    elif kind == "hinge":
        b.parameter(t.array).fill = "integers(-1,1)"
        apart = ast.sub(
            ast.ONE if b.chance(0.5) else make_constant(b, "1.0"),
            ast.mul(t, x) if b.chance(0.6) else ast.mul(x, t),
        )
        steps = (
            ast.If(
                ast.compare(d, ">", zero),
                (make_assignment(s, d if b.chance(0.7) else square, "+="),),
            ),
        )
    elif kind == "huber":
        straight = ast.mul(limit, ast.Paren(ast.sub(absolute, ast.mul(half, limit))))
        steps = (
            ast.If(
                ast.compare(absolute, b.pick(("<", "<=")), limit),
                (make_assignment(s, ast.mul(half, square), "+="),),
                (make_assignment(s, straight, "+="),),
            ),
        )
        if b.chance(0.3):
            steps = (
                steps[0]._replace(then=(*steps[0].then, ast.Jump("continue")), otherwise=()),
                *steps[0].otherwise,
            )
    elif kind == "far":
        steps = (
            ast.If(
                ast.compare(absolute, ">", limit),
                (make_assignment(s, b.pick((absolute, ast.sub(absolute, limit), square)), "+="),),
            ),
        )
    elif kind == "quantile":
        q = make_constant(b, b.pick(("0.9", "0.1", "0.25", "0.75")))
        steps = (
            ast.If(
                ast.compare(d, ">", zero),
                (make_assignment(s, ast.mul(q, d), "+="),),
                (make_assignment(s, ast.mul(ast.Paren(ast.sub(q, ast.ONE)), d), "+="),),
            ),
        )
    elif kind == "logcosh":
        steps = (
            make_assignment(
                s, ast.Call(b.function("log"), (ast.Call(b.function("cosh"), (d,)),)), "+="
            ),
        )
    else:
        flag = ground.place("i32", "integers(0,1)", names.MASKS)
        steps = (make_assignment(s, b.pick((square, absolute)), "+="),)
        return ground.nest(
            [begun],
            (
                ast.If(
                    b.pick((ast.Unary("!", flag), ast.compare(flag, "==", ast.ZERO))),
                    (ast.Jump("continue"),),
                ),
                ast.Declare(b.kind, d.id, apart),
                *steps,
            ),
            *_ended(b, ground, s, False),
        )
    return ground.nest(
        [begun], (ast.Declare(b.kind, d.id, apart), *steps), *_ended(b, ground, s, False)
    )


def several(b: Builder) -> Nest:
    """Draw a nest that returns a result of two or three totals, such as a weighted mean, variance
    or similarity. b: the builder that makes its parts.
    """
    use_floating_type(b)
    ground = Ground(b, 0.3)
    x = ground.place()
    zero = b._same(b.number(zero=True)) if b.chance(0.5) else ast.ZERO
    draw = b.rng.random()
    if draw < 0.25:
        s, begun = _total(b, names.SUMS)
        n, begun2 = _total(
            b, ("count", "cnt", "m0", "valid_n", "used_n", "hits"), b.pick(("i32", "i32", b.kind))
        )
        test = b.condition() if b.chance(0.6) else ground.place("i32", "integers(0,1)", names.MASKS)
        body: tuple = (ast.If(test, (make_assignment(s, x, "+="), make_assignment(n, 1, "+="))),)
        end: tuple = ast.Conditional(
            ast.compare(n, ">", ast.ZERO), ast.Binary("/", s, n), zero, True
        )
        if b.chance(0.3):
            end = ast.Binary(
                "/",
                s,
                ast.Paren(
                    ast.add(n, ast.ONE if b.chance(0.5) else make_constant(b, b.pick(_EPS[:3])))
                ),
            )
        return ground.nest([begun, begun2], body, ast.Jump("return", end))
    if draw < 0.45:
        w = ground.place(fill="uniform(0.1,2)", wanted=("w", "weights", "mass", "wt", "alpha_w"))
        num, begun = _total(b, ("num", "s", "top_sum", "acc", "wx"))
        den, begun2 = _total(b, ("den", "wsum", "total_w", "norm", "sw"))
        body = (make_assignment(num, ast.mul(w, x), "+="), make_assignment(den, w, "+="))
        return ground.nest(
            [begun, begun2],
            body if b.chance(0.7) else body[::-1],
            ast.Jump("return", ast.Binary("/", num, den)),
        )
    if draw < 0.65:
        s, begun = _total(b, ("s1", "sum", "mean", "m1"))
        q, begun2 = _total(b, ("s2", "sum2", "sq", "m2"))
        mean = ast.Paren(ast.Binary("/", s, ground.whole))
        spread = ast.sub(ast.Binary("/", q, ground.whole), ast.mul(mean, mean))
        body = (make_assignment(s, x, "+="), make_assignment(q, ast.mul(x, x), "+="))
        if b.chance(0.4):
            return ground.nest(
                [begun, begun2],
                body,
                make_assignment(s, ground.whole, "/="),
                ast.Jump("return", ast.sub(ast.Binary("/", q, ground.whole), ast.mul(s, s))),
            )
        return ground.nest([begun, begun2], body, ast.Jump("return", spread))
    if draw < 0.85:
        y = ground.place()
        words = [
            _total(b, w)
            for w in (("dot", "xy", "num"), ("na", "xx", "norm1"), ("nb", "yy", "norm2"))
        ]
        body = tuple(
            make_assignment(w, ast.mul(p, q), "+=")
            for (w, _), (p, q) in zip(words, ((x, y), (x, x), (y, y)))
        )
        roots = [ast.Call(b.function("sqrt"), (w,)) for w, _ in words[1:]]
        below = (
            ast.add(ast.mul(*roots), make_constant(b, b.pick(_EPS)))
            if b.chance(0.7)
            else ast.Call(
                b.function("sqrt"), (ast.add(ast.mul(words[1][0], words[2][0]), ast.ONE),)
            )
        )
        return ground.nest(
            [d for _, d in words],
            body,
            ast.Jump(
                "return",
                ast.Binary(
                    "/", words[0][0], ast.Paren(below) if type(below) is ast.Binary else below
                ),
            ),
        )
    t = ground.place("i32", "integers(0,1)", _TRUTHS)
    hit, begun = _total(b, ("tp", "correct", "good", "inter", "hits"), "i32")
    other, begun2 = _total(b, ("fp", "wrong", "bad", "union_n", "misses"), "i32")
    test = ast.compare(x, ">", b.pick((zero, make_constant(b, "0.5"), b.scalar())))
    body = (
        ast.If(
            test,
            (
                ast.If(
                    ast.compare(t, "==", ast.ONE),
                    (make_assignment(hit, 1, "+="),),
                    (make_assignment(other, 1, "+="),),
                ),
            ),
        ),
    )
    share = ast.Binary("/", ast.Cast(b.kind, hit), ast.Paren(ast.add(ast.add(hit, other), ast.ONE)))
    return ground.nest([begun, begun2], body, ast.Jump("return", share))


def accuracy(b: Builder) -> Nest:
    """Draw a nest that returns how many rows have their largest element at the label, or a sum of
    logarithms there. b: the builder that makes its parts.
    """
    use_floating_type(b)
    rows, cols = make_sizes(b, 2, (1, 2, 3, 5, 7))
    i, j = make_counters(b, 2)
    x = b.array((rows, cols), fill="uniform(0.05,0.95)", wanted=_GUESSES)
    label = ast.At(b.array((rows,), "i32", f"indices({cols.id})", _TRUTHS), (i,))
    axes = (Axis(i.id, ast.ZERO, rows),)
    if b.chance(0.35):
        s, begun = _total(b)
        place: tuple = ast.At(x, (i, label))
        negative = b.chance(0.5)
        value = ast.Call(
            b.function("log"),
            (ast.add(place, make_constant(b, b.pick(_EPS))) if b.chance(0.6) else place,),
        )
        body: tuple = (make_assignment(s, value, "+=" if negative else "-="),)
        if b.chance(0.3):
            body = (ast.If(ast.compare(label, ">", ast.ZERO), body),)
        end: tuple = ast.Unary("-", s) if negative else s
        return _nest(
            b,
            axes,
            [begun],
            body,
            ast.Jump("return", ast.Binary("/", end, rows) if b.chance(0.6) else end),
        )
    count, begun = _total(
        b, ("correct", "right_n", "hits", "acc", "ok", "count", "num_correct"), "i32"
    )
    best = ast.Name(b.name(("best", "arg", "k", "pred_c", "max_j", "guess"), "i32"))
    seek: tuple = ast.If(
        ast.compare(ast.At(x, (i, j)), b.pick((">", ">", ">=", "<")), ast.At(x, (i, best))),
        (make_assignment(best, j),),
    )
    head: tuple = (ast.Declare("i32", best.id, ast.ZERO),)
    if b.chance(0.4):
        top = ast.Name(b.name(("top", "mx", "max_p", "peak"), b.kind))
        head += (ast.Declare(b.kind, top.id, ast.At(x, (i, ast.ZERO))),)
        seek = ast.If(
            ast.compare(ast.At(x, (i, j)), ">", top),
            (make_assignment(top, ast.At(x, (i, j))), make_assignment(best, j)),
        )
    loop = ast.For(j.id, ast.ONE if b.chance(0.6) else ast.ZERO, "<", cols, (seek,))
    last = ast.If(
        ast.compare(best, "==" if b.chance(0.8) else "!=", label),
        (make_assignment(count, 1, "+="),),
    )
    share = ast.Binary("/", ast.Cast(b.kind, count), rows)
    end = (
        count
        if b.chance(0.45)
        else share
        if b.chance(0.6)
        else ast.mul(make_constant(b, "100.0"), share)
    )
    return _nest(b, axes, [begun], (*head, loop, last), ast.Jump("return", end))


MENU = ((entropies, 8), (margins, 8), (several, 7), (accuracy, 5))
