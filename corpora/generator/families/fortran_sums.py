"""Totals as Fortran programs write them: of columns and sections, of whole arrays in a row of
statements, as values of functions.

Contract: as for the other families; emitters write intrinsics (`sum`, `maxval`, `count`,
`dot_product`) where array syntax is liked.

    python -c "from corpora.generator import generate; \\
        [print(c.programs['fortran'].text) for c in generate(20, 8, 'broad', plain=True) if \\
        'fortran' in c.programs]"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.families.fortran_halos import largest, line, plane, written

_GIVEN = (
    "mean",
    "avg",
    "total",
    "top",
    "low",
    "high",
    "var",
    "norm",
    "spread",
    "energy",
    "nbad",
    "hits",
)


def _square(node: tuple) -> tuple:
    inner = node if type(node) is ast.At else ast.Paren(node)
    return ast.mul(inner, inner)


def _zero(b: Builder) -> tuple:
    return b._same(ast.Literal("0.0", "f64")) if b.kind in FLOATS else ast.ZERO


def _term(b: Builder, places: list[tuple]) -> tuple:
    """What is summed of these elements and, seldom, a scalar."""
    one, two = places[0], places[-1]
    draw = b.rng.random()
    if draw < 0.25:
        return one
    if draw < 0.45:
        return _square(one if b.chance(0.6) or one == two else ast.sub(one, two))
    if draw < 0.65 and one != two:
        return ast.mul(one, two)
    gap = ast.sub(one, two if one != two else b.scalar())
    if b.kind in FLOATS:
        return ast.Call(b.function("fabs"), (gap if b.chance(0.6) else one,))
    return gap


def _test(b: Builder, place: tuple) -> tuple:
    bound = b.scalar() if b.chance(0.5) else b.number(zero=True)
    test = ast.compare(place, b.pick((">", "<", ">=", "<=")), bound)
    if b.chance(0.3):
        test = ast.Binary(
            b.pick(("&&", "||")), test, ast.compare(place, b.pick((">", "<")), b.scalar())
        )
    return test


def _folded(
    b: Builder,
    word: ast.Name,
    places: list[tuple],
    k: ast.Name,
    stop: tuple,
    start: tuple = ast.ZERO,
) -> tuple:
    """The local's declaration and the loop that makes it a sum, an extreme or, for a whole local, a
    count.
    """
    if b.types[word.id] == "i32" and b.kind in FLOATS:
        return ast.Declare("i32", word.id, ast.ZERO), ast.For(
            k.id,
            start,
            "<",
            stop,
            (ast.If(_test(b, places[0]), (ast.Assign(word, "+=", ast.ONE),)),),
        )
    if b.chance(0.3):
        fn = b.pick(("max", "min"))
        value = (
            places[0]
            if b.kind not in FLOATS or b.chance(0.6)
            else ast.Call(b.function("fabs"), (places[0],))
        )
        first = largest(b.kind) if fn == "min" else ast.Unary("-", largest(b.kind))
        step = ast.Assign(word, "=", ast.Call(fn, (word, value)))
    else:
        first, step = _zero(b), ast.Assign(word, "+=", _term(b, places))
    return ast.Declare(b.kind, word.id, first), ast.For(k.id, start, "<", stop, (step,))


def _used(b: Builder, word: ast.Name, count: tuple) -> tuple:
    """What becomes of a total."""
    if b.types[word.id] not in FLOATS:
        return word
    return b.pick(
        (
            word,
            word,
            ast.Binary("/", word, count),
            ast.Call(b.function("sqrt"), (ast.Call(b.function("fabs"), (word,)),)),
            ast.mul(b.scalar(), word),
        )
    )


def columns(b: Builder) -> Nest:
    """Draw a nest that totals every column or row of a field, sometimes of its first `m` rows only.
    b: the builder that makes its parts.
    """
    (j, i), (slow, fast) = plane(b)
    held = b.size(("lda", "ldim", "ld", "nmax"), (6, 7, 9)) if b.chance(0.3) else fast
    across = b.chance(0.3)
    mine, other, side, stop = (i, j, fast, slow) if across else (j, i, slow, fast)
    places = [ast.At(b.array((slow, held)), (j, i))]
    if b.chance(0.5):
        places.append(
            ast.At(b.array((slow, held)), (j, i))
            if b.chance(0.4)
            else ast.At(b.array((stop,)), (other,))
        )
    kind = "i32" if b.chance(0.15) else b.kind
    word = ast.Name(b.name(names.SUMS, kind))
    made = _folded(b, word, places, other, stop)
    target = ast.At(written(b, (side,), kind), (mine,))
    body = (*made, ast.Assign(target, b.pick(("=", "=", "=", "+=")), _used(b, word, stop)))
    if kind == b.kind and b.chance(0.2):
        last = ast.Name(b.name(names.EXTREMES, b.kind))
        body += (
            *_folded(b, last, places[:1], other, stop),
            ast.Assign(ast.At(written(b, (side,)), (mine,)), "=", last),
        )
    return Nest("", [], [Region((Axis(mine.id, ast.ZERO, side),), body)])


def given_back(b: Builder) -> Nest:
    """Draw a nest with several statements over whole arrays: totals in scalars that it returns,
    arrays changed by them. b: the builder that makes its parts.
    """
    b.kind = b.pick(("f32", "f64"))
    i, n = line(b, (2, 5, 9, 17))
    target = ast.At(written(b, (n,)), (i,))
    other = ast.At(b.array((n,)), (i,))
    body: tuple = ()
    totals: list[tuple] = []
    last = b.chance(0.3)
    """The last total stays in a local, which changes the array."""
    count = b.pick((1, 1, 2, 2))
    for number in range(count):
        local = last and number == count - 1
        kind = b.kind if local or b.chance(0.75) else "i32"
        word = ast.Name(
            b.name(names.SUMS if kind != "i32" else ("hits", "nover", "nlow", "cnt"), kind)
        )
        body += _folded(b, word, [b.pick((target, other)), other], i, n)
        if local:
            totals.append(word)
            continue
        cell = ast.At(written(b, (ast.ONE,), kind, _GIVEN), (ast.ZERO,))
        body += (
            ast.Assign(cell, "=", _used(b, word, ast.Cast(b.kind, n) if b.chance(0.3) else n)),
        )
        totals += [cell] if kind == b.kind else []
    if last or b.chance(0.6) or not totals:
        by = totals[-1] if totals else b.scalar()
        one = b._same(ast.Literal("1.0", "f64"))
        clamped = ast.Call("min", (ast.Call("max", (target, by)), b.scalar()))
        value = b.pick(
            (
                ast.sub(target, by),
                ast.mul(target, by),
                ast.Binary("/", target, ast.Paren(ast.add(ast.mul(by, by), one))),
                clamped,
                ast.add(other, by),
            )
        )
        body += (ast.For(i.id, ast.ZERO, "<", n, (ast.Assign(target, "=", value),)),)
    elif b.chance(0.6):
        cell = ast.At(written(b, (ast.ONE,), b.kind, _GIVEN), (ast.ZERO,))
        word = ast.Name(b.name(("s2", "ss", "dev", "acc2"), b.kind))
        made = (
            ast.Declare(b.kind, word.id, _zero(b)),
            ast.For(
                i.id,
                ast.ZERO,
                "<",
                n,
                (ast.Assign(word, "+=", _square(ast.sub(other, totals[0]))),),
            ),
        )
        body += (
            *made,
            ast.Assign(cell, "=", ast.Binary("/", word, b.pick((n, ast.Paren(ast.add(n, 1)))))),
        )
    if b.chance(0.15):
        body = (ast.If(ast.compare(n, "<", ast.TWO), (ast.Jump("return"),)), *body)
    return Nest("", [], [Region((), body)], sequential=True)


def normalised(b: Builder) -> Nest:
    """Draw a nest that divides columns or rows by a total of their own. b: the builder that makes
    its parts.
    """
    b.kind = b.pick(("f32", "f64"))
    (j, i), (slow, fast) = plane(b)
    field, out = b.array((slow, fast)), written(b, (slow, fast))
    across = b.chance(0.3)
    mine, other, side, stop = (i, j, fast, slow) if across else (j, i, slow, fast)
    source, target = ast.At(field, (j, i)), ast.At(out, (j, i))
    body: tuple = ()
    value: tuple = source
    if b.chance(0.5):
        top = ast.Name(b.name(names.EXTREMES, b.kind))
        step = ast.Assign(top, "=", ast.Call("max", (top, source)))
        body += (
            ast.Declare(b.kind, top.id, ast.Unary("-", largest(b.kind))),
            ast.For(other.id, ast.ZERO, "<", stop, (step,)),
        )
        value = ast.Call(b.function("exp"), (ast.sub(source, top),))
    else:
        value = _square(source)
    total = ast.Name(b.name(names.SUMS, b.kind))
    body += (ast.For(other.id, ast.ZERO, "<", stop, (ast.Assign(target, "=", value),)),)
    body += (
        ast.Declare(b.kind, total.id, _zero(b)),
        ast.For(other.id, ast.ZERO, "<", stop, (ast.Assign(total, "+=", target),)),
    )
    below = ast.Paren(ast.add(total, b._same(ast.Literal("1.0", "f64"))))
    body += (
        ast.For(
            other.id,
            ast.ZERO,
            "<",
            stop,
            (ast.Assign(target, "=", ast.Binary("/", target, below)),),
        ),
    )
    return Nest("", [], [Region((Axis(mine.id, ast.ZERO, side),), body)])


def valued(b: Builder) -> Nest:
    """Draw a nest that returns a sum: round a ring, over steps between points, of a diagonal, or at
    strides. b: the builder that makes its parts.
    """
    if b.kind == "i32" and b.chance(0.6):
        b.kind = b.pick(("f32", "f64"))
    i, n = line(b)
    word = ast.Name(b.name((*names.SUMS, "t", "area", "trace_sum", "e"), b.kind))
    x, y, what = (
        b.array((n,)),
        b.array((n,)),
        b.pick(("ring", "steps", "steps", "diagonal", "plain")),
    )
    stop, made = n, ()
    if what == "ring":
        j = ast.Name(b.name(("j", "k", "jn", "next_i"), "i32"))
        made = (ast.Declare("i32", j.id, ast.Binary("%", ast.add(i, 1), n)),)
        value = ast.sub(
            ast.mul(ast.At(x, (i,)), ast.At(y, (j,))), ast.mul(ast.At(x, (j,)), ast.At(y, (i,)))
        )
        if b.chance(0.4):
            value = _square(ast.sub(ast.At(x, (j,)), ast.At(x, (i,))))
    elif what == "steps":
        stop = ast.sub(n, 1)
        following = ast.add(i, 1)
        step = ast.Paren(ast.sub(ast.At(x, (following,)), ast.At(x, (i,))))
        near = ast.Paren(ast.add(ast.At(y, (i,)), ast.At(y, (following,))))
        value = b.pick(
            (ast.mul(near, step), ast.mul(step, step), ast.mul(ast.mul(b.number(), near), step))
        )
    elif what == "diagonal":
        value = ast.At(b.array((n, n)), (i, i))
    else:
        value = _term(b, [ast.At(x, (i,)), ast.At(y, (i,))])
        if b.chance(0.4):
            value = ast.mul(b.number(), ast.Paren(ast.add(value, _square(ast.At(y, (i,))))))
    result: tuple = word
    if b.kind in FLOATS:
        half = b._same(ast.Literal("0.5", "f64"))
        result = b.pick(
            (
                word,
                ast.mul(b.scalar(), word),
                ast.mul(half, ast.Call(b.function("fabs"), (word,))),
                ast.Call(b.function("sqrt"), (ast.Call(b.function("fabs"), (word,)),)),
                ast.Conditional(
                    ast.compare(n, ">", ast.ZERO), ast.Binary("/", word, n), word, True
                ),
            )
        )
    nest = Nest(
        "",
        [],
        [
            Region(
                (Axis(i.id, ast.ZERO, stop),),
                (*made, ast.Assign(word, "+=", value)),
                ("+", word.id),
            )
        ],
    )
    nest.before, nest.after, nest.result = (
        (ast.Declare(b.kind, word.id, _zero(b)),),
        (ast.Jump("return", result),),
        b.kind,
    )
    return nest


MENU = ((columns, 14), (given_back, 12), (normalised, 6), (valued, 12))
