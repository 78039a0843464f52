"""Functions that return what a loop carries: compensated sums, products, alternating signs,
polynomials, running moments, runs, hashes.

Contract: as for `hosted`. Every total here needs the one before it in another way than by addition
alone, so one thread does it; a sum of terms that know nothing of each other is `returns.reduced`.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(900, 4, 'broad') if '<<<1, 1>>>' in str(c)][1])"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Nest, Parameter
from corpora.generator.core.one_thread import make_assignment, make_local
from corpora.generator.families.host_wrappers.hosted import give, returning
from corpora.generator.families.sequential.carried import EXTREMES, Course

_LOST = tuple("c comp err carry low_part corr lost e0 rem_sum".split())
_TERMS = tuple("y adj x0 yk term_k val d0 corrected".split())
_NEXT = tuple("t u next_sum s1 tmp new_sum total_t".split())
_SIGNS = tuple("sign sgn s0 flip pm".split())
_POWERS = tuple("power xp pw w0 xk mult coef_k p1".split())


def _course(b: Builder, least: int = 1) -> Course:
    if b.kind not in FLOATS:
        b.kind, b.suffix = b.pick(("f32", "f64")), False
    return Course(b, least, odd=False)


def _zero(b: Builder) -> tuple:
    return b.number(b.kind, zero=True)


def _small(b: Builder, wanted: tuple, values: tuple) -> ast.Name:
    """A scalar parameter of these values."""
    word = b.name(wanted, b.kind)
    b.parameters.append(Parameter(word, "scalar", b.kind, values=values))
    return ast.Name(word)


def _ended(b: Builder, c: Course, total: tuple) -> tuple:
    draw = b.rng.random()
    if draw < 0.6:
        return total
    mean = ast.Binary("/", total, c.n)
    return b.pick(
        (
            mean,
            mean,
            ast.Unary("-", total),
            ast.mul(total, b.scalar()),
            ast.Call(b.function("fabs"), (total,)),
        )
    )


def compensated(b: Builder) -> Nest:
    """Draw a nest that returns Kahan's or Neumaier's sum. b: the builder that makes its parts."""
    c = _course(b)
    for _ in range(b.pick((1, 1, 1, 2))):
        c.source()
    value = (
        b.reads[0]
        if b.chance(0.5)
        else ast.mul(b.reads[0], b.pick(tuple(b.reads)))
        if b.chance(0.6)
        else c.term()
    )
    total, begun = make_local(b, _zero(b), names.SUMS)
    lost, begun2 = make_local(b, _zero(b), _LOST)
    head = (begun, begun2) if b.chance(0.7) else (begun2, begun)
    following = ast.Name(b.name(_NEXT, b.kind))
    plain = ast.Declare(b.kind, following.id, ast.add(total, value))
    if b.chance(0.3):  # Neumaier
        held, declared = make_local(b, value, _TERMS)
        plain = plain._replace(value=ast.add(total, held))
        absolute = [ast.Call(b.function("fabs"), (w,)) for w in (total, held)]
        larger, smaller = (
            make_assignment(lost, ast.add(ast.Paren(ast.sub(p, following)), q), "+=")
            for p, q in ((total, held), (held, total))
        )
        body: tuple = (
            declared,
            plain,
            ast.If(
                ast.compare(absolute[0], b.pick((">=", ">")), absolute[1]), (larger,), (smaller,)
            ),
            make_assignment(total, following),
        )
        return returning(b.kind, *head, *c.loop(body), give(ast.add(total, lost)))
    up = b.chance(0.3)  # the sign in which the lost part is kept
    word, declared = make_local(b, (ast.add if up else ast.sub)(value, lost), _TERMS)
    plain = plain._replace(value=ast.add(total, word))
    moved = ast.Paren(ast.sub(following, total))
    lose = make_assignment(lost, ast.sub(word, moved) if up else ast.sub(moved, word))
    return returning(
        b.kind,
        *head,
        *c.loop((declared, plain, lose, make_assignment(total, following))),
        give(_ended(b, c, total)),
    )


def multiplied(b: Builder) -> Nest:
    """Draw a nest that returns a product: of elements, of one plus them, or of two sides of a
    quotient. b: the builder that makes its parts.
    """
    c = _course(b)
    place = c.source(fill="uniform(0.6,1.4)")
    total, begun = make_local(
        b,
        ast.ONE if b.chance(0.5) else b._same(ast.ONE),
        ("prod", "p", "product_v", "acc", "result", "det_v", "likelihood", "total"),
    )
    draw = b.rng.random()
    if draw < 0.35:
        value: tuple = place
    elif draw < 0.55:
        b.parameter(place.array).fill = "uniform(-0.3,0.3)"
        value = ast.Paren(
            ast.Binary(b.pick("+-"), ast.ONE if b.chance(0.5) else b._same(ast.ONE), place)
        )
    elif draw < 0.75:
        value = (
            ast.Paren(ast.mul(place, c.source(fill="uniform(0.6,1.4)")))
            if b.chance(0.4)
            else ast.Paren(ast.sub(place, _small(b, names.SCALARS, (0.0, 0.1, 0.2))))
        )
    else:
        value = (
            ast.Call(b.function("sqrt"), (place,))
            if b.chance(0.5)
            else ast.Call(
                b.function("fabs"), (ast.sub(place, _small(b, names.SCALARS, (0.1, 0.0))),)
            )
        )
    step: tuple = (
        make_assignment(total, value, "*=" if b.chance(0.75) else "/=")
        if value == place or b.chance(0.5)
        else make_assignment(total, ast.mul(total, value)),
    )
    if step[0].op == "/=" and value != place:
        step = (make_assignment(total, value, "*="),)
    if b.chance(0.2):
        step = (
            ast.If(
                ast.compare(
                    place,
                    b.pick("<>"),
                    ast.ZERO if "-" in b.parameter(place.array).fill else b._same(ast.ONE),
                ),
                step,
            ),
        )
    end = (
        total
        if b.chance(0.75)
        else b.pick(
            (
                ast.Call(b.function("log"), (total,)),
                ast.sub(ast.ONE, total),
                ast.mul(total, b.scalar()),
            )
        )
    )
    return returning(b.kind, begun, *c.loop(step), give(end))


def alternated(b: Builder) -> Nest:
    """Draw a nest that returns a sum with alternating signs, growing powers or shrinking weights.
    b: the builder that makes its parts.
    """
    c = _course(b)
    place = c.source()
    total, begun = make_local(b, _zero(b), names.SUMS)
    if b.chance(0.4):
        whole = b.chance(0.4)
        sign, begun2 = make_local(
            b,
            ast.ONE if whole or b.chance(0.5) else b._same(ast.ONE),
            _SIGNS,
            "i32" if whole else b.kind,
        )
        turn = (
            make_assignment(sign, ast.Unary("-", sign))
            if b.chance(0.7)
            else make_assignment(sign, ast.integer(-1), "*=")
        )
        term = (
            ast.mul(sign, place)
            if b.chance(0.7)
            else ast.Binary("/", ast.mul(sign, place), ast.Paren(ast.add(c.i, 1)))
        )
    else:
        sign, begun2 = make_local(b, ast.ONE if b.chance(0.5) else b._same(ast.ONE), _POWERS)
        factor = _small(
            b, ("x", "t", "q", "rate", "gamma_", "decay", "discount", "r0"), (0.5, 0.9, -0.5, 1.0)
        )
        turn = (
            make_assignment(sign, factor, "*=")
            if b.chance(0.7)
            else make_assignment(sign, ast.mul(sign, factor))
        )
        term = (
            ast.mul(place, sign)
            if b.chance(0.6)
            else ast.mul(sign, c.term() if b.chance(0.4) else place)
        )
    step: tuple = (make_assignment(total, term, "+=" if b.chance(0.9) else "-="), turn)
    head = (begun, begun2) if b.chance(0.6) else (begun2, begun)
    return returning(b.kind, *head, *c.loop(step), give(_ended(b, c, total)))


def recurred(b: Builder) -> Nest:
    """Draw a nest that returns a recurrence's value: Horner's rule, smoothing, or a continued
    fraction. b: the builder that makes its parts.
    """
    c = _course(b)
    draw = b.rng.random()
    place = c.source(fill="uniform(0.5,2)" if draw > 0.8 else "")
    wanted = ("r", "acc", "result", "state", "y", "val", "level", "h", "poly", "ema", "xk")
    start = place._replace(subscripts=(ast.ZERO,)) if b.chance(0.3) else _zero(b)
    x, begun = make_local(b, start if draw <= 0.8 else b._same(ast.ONE), wanted)
    if draw < 0.45:
        t = _small(b, ("x", "t", "z", "base", "arg", "u"), (0.5, 0.9, -0.5, 1.0))
        step: tuple = (
            make_assignment(x, ast.add(ast.mul(x, t), place))
            if b.chance(0.7)
            else make_assignment(x, ast.add(place, ast.mul(t, x))),
        )
        if b.chance(0.4) and c.kind == "i32":  # from the highest coefficient
            loop = ast.For(c.i.id, ast.sub(c.n, 1), ">=", ast.ZERO, step, -1, c.kind)
            return returning(b.kind, begun._replace(value=_zero(b)), loop, give(x))
    elif draw < 0.8:
        a = _small(b, ("alpha", "decay", "lambda_", "beta", "w0", "damp"), (0.5, 0.25, 0.9))
        one = ast.ONE if b.chance(0.5) else b._same(ast.ONE)
        kept = ast.mul(ast.Paren(ast.sub(one, a)), x)
        step = (
            b.pick(
                (
                    make_assignment(x, ast.add(ast.mul(a, place), kept)),
                    make_assignment(x, ast.mul(a, ast.Paren(ast.sub(place, x))), "+="),
                    make_assignment(x, ast.add(ast.mul(a, x), c.term())),
                    make_assignment(x, ast.add(ast.mul(a, x), place)),
                )
            ),
        )
    else:
        step = (
            make_assignment(x, ast.add(place, ast.Binary("/", b._same(ast.ONE), x)))
            if b.chance(0.5)
            else make_assignment(x, ast.Call(b.function("sqrt"), (ast.add(place, x),))),
        )
    return returning(
        b.kind,
        begun,
        *c.loop(step, ast.ONE if start is not begun.value or b.chance(0.7) else ast.ZERO),
        give(x),
    )


def watched(b: Builder) -> Nest:
    """Draw a nest that returns a running statistic: moments, the best run, the deepest fall, the
    longest run of equals. b: the builder that makes its parts.
    """
    if b.chance(0.35):
        return _longest(b)
    c = _course(b)
    value = c.source() if b.chance(0.7) else ast.mul(c.source(), c.source())
    draw = b.rng.random()
    held, declared = make_local(b, value, ("v", "x", "cur", "xi", "val"))
    if draw < 0.34:
        mean, begun = make_local(b, _zero(b), ("mean", "mu", "avg", "m1"))
        square, begun2 = make_local(b, _zero(b), ("m2", "M2", "ss", "var_s", "S"))
        apart, moved = make_local(b, ast.sub(held, mean), ("delta", "d", "diff", "dev"))
        steps = (
            declared,
            moved,
            make_assignment(mean, ast.Binary("/", apart, ast.Paren(ast.add(c.i, 1))), "+="),
            make_assignment(square, ast.mul(apart, ast.Paren(ast.sub(held, mean))), "+="),
        )
        spread = ast.Binary("/", square, c.n)
        return returning(
            b.kind,
            begun,
            begun2,
            *c.loop(steps),
            give(b.pick((spread, ast.Call(b.function("sqrt"), (spread,)), square))),
        )
    best, begun = make_local(b, _zero(b), EXTREMES)
    run, begun2 = make_local(b, _zero(b), ("run", "here", "acc", "ending", "s", "level", "balance"))
    more = ast.If(ast.compare(run, ">", best), (make_assignment(best, run),))
    if draw < 0.6:
        steps = (
            make_assignment(run, value, "+="),
            ast.If(ast.compare(run, "<", ast.ZERO), (make_assignment(run, _zero(b)),)),
            more,
        )
    elif draw < 0.8:
        steps = (
            make_assignment(run, value, "+="),
            more
            if b.chance(0.5)
            else ast.If(ast.compare(run, "<", best), (make_assignment(best, run),)),
        )
    else:
        top = ast.If(ast.compare(held, ">", run), (make_assignment(run, held),))
        fall = ast.sub(run, held)
        steps = (
            declared,
            top,
            ast.If(ast.compare(fall, ">", best), (make_assignment(best, fall),)),
        )
    return returning(b.kind, begun, begun2, *c.loop(steps), give(best))


def _longest(b: Builder) -> Nest:
    """The longest or the number of runs: of equal neighbours, of growing values, of flags."""
    c = Course(b, 2, odd=False)
    place = c.source("i32" if b.chance(0.6) else None)
    before = place._replace(subscripts=(ast.sub(c.i, 1),))
    if b.types[place.array] == "i32":
        b.parameter(place.array).fill = "integers(0,2)"
    kind = b.pick(("i32", "i32", "i32", "i64", "u64"))
    run, begun = make_local(b, 1, ("run", "cur_len", "streak", "len0", "k"), kind)
    best, begun2 = make_local(b, 1, ("best", "longest", "max_run", "max_len"), kind)
    test = ast.compare(
        place,
        b.pick(("==", "==", ">", ">=") if b.types[place.array] == "i32" else (">", "<", ">=")),
        before,
    )
    count = ast.If(test, (make_assignment(run, 1, "+="),), (make_assignment(run, 1),))
    more = ast.If(ast.compare(run, ">", best), (make_assignment(best, run),))
    if b.chance(0.3):
        count, steps = (
            ast.If(test, (make_assignment(run, 1, "+="), more), (make_assignment(run, 1),)),
            (),
        )
    else:
        steps = (more,)
    return returning(kind, begun, begun2, *c.loop((count, *steps), ast.ONE), give(best))


def hashed(b: Builder) -> Nest:
    """Draw a nest that returns a check value of all elements, such as a hash or greatest common
    divisor. b: the builder that makes its parts.
    """
    b.kind, b.suffix = "u32" if b.chance(0.75) else "i32", False
    c = Course(b, odd=False)
    source = b.pick(("i32", "u8", "u32", "u32", "u8")) if b.kind == "u32" else "i32"
    place = c.source(source)
    h, begun = make_local(
        b,
        ast.Literal(b.pick(("0", "5381", "17", "2166136261u", "1")), "u32")
        if b.kind == "u32"
        else ast.ZERO,
        ("h", "hash", "crc", "check", "sum", "seed0", "acc", "key_h"),
    )
    if b.kind == "i32":
        b.parameter(place.array).fill = "integers(0,50)"
        m, base = (
            ast.integer(b.pick((97, 1009, 65521, 9973, 255))),
            ast.integer(b.pick((2, 7, 31, 10, 256))),
        )
        step: tuple = (
            make_assignment(h, ast.Binary("%", ast.Paren(ast.add(ast.mul(h, base), place)), m)),
        )
        return returning("i32", begun, *c.loop(step), give(h))
    factor = ast.Literal(b.pick(("31", "33", "16777619u", "65599", "131", "2654435761u")), "u32")
    shift = ast.integer(b.pick((1, 3, 5, 7, 13)))
    steps = b.pick(
        (
            (make_assignment(h, ast.add(ast.mul(h, factor), place)),),
            (make_assignment(h, ast.mul(ast.Paren(ast.Binary("^", h, place)), factor)),),
            (make_assignment(h, place, "^="), make_assignment(h, factor, "*=")),
            (
                make_assignment(
                    h,
                    ast.Binary(
                        "^",
                        ast.Paren(
                            ast.add(ast.Binary("<<", h, shift), ast.Binary(">>", h, ast.integer(2)))
                        ),
                        place,
                    ),
                ),
            ),
            (
                make_assignment(
                    h, ast.add(ast.add(ast.Paren(ast.Binary("<<", h, shift)), h), place)
                ),
            ),
            (
                make_assignment(h, place, "+="),
                make_assignment(h, ast.Paren(ast.Binary("<<", h, shift)), "+="),
                make_assignment(h, ast.Paren(ast.Binary(">>", h, ast.integer(6))), "^="),
            ),
        )
    )
    end = h if b.chance(0.7) else ast.Binary("%", h, ast.integer(b.pick((64, 97, 1024, 1000))))
    return returning("u32", begun, *c.loop(steps), give(end))


MENU = (
    (compensated, 5),
    (multiplied, 4),
    (alternated, 4),
    (recurred, 4),
    (watched, 4),
    (hashed, 3),
)
