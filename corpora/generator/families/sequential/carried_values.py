"""Families of one thread that gather a value in a local and store it, and searches: sums, moments,
extremes, first and last matches.

Contract: as for `carried`. What starts as a local in a function and ends in a cell cannot be shared
out by atomic additions, for the local starts anew in every thread; a sum that goes into a cell from
the first is the parallel family `lines.total`.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(300, 6, 'broad') if 'break' in c.programs['cpp'].text][0])"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Nest, Parameter, Region
from corpora.generator.families.sequential.carried import (
    CELLS,
    COUNTERS,
    EXTREMES,
    PLACES,
    Course,
    better,
    cell,
)

_WANTED = tuple("key target x0 value query needle wanted k sought val item look_for t0".split())
_SORTED = tuple(
    "knots edges bounds grid_x xs breaks table sorted_keys cdf xp limits levels".split()
)
_ANSWERS = tuple("pos result found_at index out where res first_idx ret which answer hit".split())


def _stored(b: Builder, made: list[tuple[ast.Name, tuple]]) -> tuple:
    """Each value into a cell of its own, or all into one small array."""
    kinds = {b.types[w.id] for w, _ in made}
    if len(made) > 1 and len(kinds) == 1 and b.chance(0.5):
        word = b.array((ast.integer(len(made)),), kinds.pop(), "", CELLS)
        b.parameter(word).written = True
        return tuple(
            ast.Assign(ast.At(word, (ast.integer(k),)), "=", value)
            for k, (_, value) in enumerate(made)
        )
    op = "+=" if b.chance(0.06) else "="
    return tuple(ast.Assign(cell(b, b.types[w.id]), op, value) for w, value in made)


def summed(b: Builder) -> Nest:
    """Draw a nest with one to three sums or counts in locals, stored after the loop. b: the builder
    that makes its parts.
    """
    c = Course(b)
    sources = c.sources()
    if b.chance(0.16):
        return _in_place(c, sources[0])
    locals_, steps, ends = [], (), []
    shared = c.test() if b.chance(0.2) else None
    for _ in range(b.pick((1, 1, 1, 1, 2, 2, 3))):
        counts = b.chance(0.25)
        kind = "i32" if counts else "f64" if b.kind == "f32" and b.chance(0.1) else b.kind
        word = ast.Name(b.name(COUNTERS if counts else names.SUMS, kind))
        if counts:
            step: tuple = (ast.Assign(word, "+=", ast.ONE),)
            step = step if shared else (ast.If(c.test(), step),)
        else:
            place = b.read()
            term = (
                ast.mul(place, b.read() if b.chance(0.5) else place) if b.chance(0.35) else c.term()
            )
            step = (ast.Assign(word, b.pick(("+=", "+=", "+=", "+=", "-=")), term),)
            step = (ast.If(c.test(), step),) if not shared and b.chance(0.15) else step
        locals_.append(
            ast.Declare(
                kind, word.id, b.number(kind, zero=True) if b.chance(0.95) or counts else b.scalar()
            )
        )
        steps += step
        ends.append((word, _ending(c, word)))
    if shared:
        steps = (ast.If(shared, steps),)
    elif b.chance(0.12):
        steps = (ast.If(c.test(), (ast.Jump("continue"),)), *steps)
        c.whiled = False
    if len(ends) == 2 and b.types[ends[1][0].id] == "i32" and b.kind in FLOATS and b.chance(0.6):
        total, count = ends[0][0], ends[1][0]
        quotient = ast.Conditional(
            ast.compare(count, ">", ast.ZERO),
            ast.Binary("/", total, count),
            b._same(b.number(zero=True)),
            True,
        )
        ends = [(total, quotient), *([(count, count)] if b.chance(0.4) else [])]
    return c.nest(*locals_, *c.loop(steps), *_stored(b, ends))


def _ending(c: Course, word: ast.Name) -> tuple:
    b = c.b
    if b.types[word.id] not in FLOATS or b.chance(0.55):
        return word
    root = "sqrtf" if b.types[word.id] == "f32" and b.suffix else "sqrt"
    whole = ast.Cast(b.types[word.id], c.n) if b.chance(0.2) else c.n
    mean = ast.Binary("/", word, whole)
    return b.pick(
        (
            mean,
            mean,
            mean,
            ast.Call(root, (ast.Call("fabsf" if root == "sqrtf" else "fabs", (word,)),)),
            ast.mul(word, b.number()),
            ast.Call(root, (ast.Call("fabsf" if root == "sqrtf" else "fabs", (mean,)),)),
            ast.mul(word, b.scalar(b.kind)),
            ast.Unary("-", word),
        )
    )


def _in_place(c: Course, first: ast.At) -> Nest:
    """A total or an extreme of an array in a local that starts as its first element and is put back
    there.
    """
    b = c.b
    head = ast.At(first.array, (ast.ZERO,))
    b.parameter(first.array).written = True
    word = ast.Name(b.name(EXTREMES if b.chance(0.7) else names.SUMS, b.kind))
    step: tuple = (
        better(b, word, first, b.pick("<>"))
        if b.chance(0.7)
        else ast.Assign(word, b.pick(("+=", "+=", "-=")), first)
    )
    start = ast.ONE if b.chance(0.75) else ast.ZERO
    return c.nest(
        ast.Declare(b.kind, word.id, head), *c.loop((step,), start), ast.Assign(head, "=", word)
    )


def extreme(b: Builder) -> Nest:
    """Draw a nest with the largest or smallest element in a local, or its position. b: the builder
    that makes its parts.
    """
    c = Course(b)
    source = c.source()
    value: tuple = source
    if b.chance(0.13 if b.kind in FLOATS else 0.06):
        return _in_cell(c, source)
    if b.chance(0.3) and b.kind in FLOATS:
        value = (
            ast.Call(b.function("fabs"), (source,))
            if b.chance(0.6)
            else ast.sub(source, c.source())
        )
    ops = b.pick(("<", ">", ">", "<>", ">=", "<="))
    if len(ops) == 2 and ops[1] != "=":
        words = [
            ast.Name(b.name(w, b.kind))
            for w in (
                ("lo", "mn", "vmin", "min_val", "smallest"),
                ("hi", "mx", "vmax", "max_val", "largest"),
            )
        ]
        made = tuple(ast.Declare(b.kind, w.id, ast.At(source.array, (ast.ZERO,))) for w in words)
        return c.nest(
            *made,
            *c.loop(tuple(better(b, w, source, op) for w, op in zip(words, ops)), ast.ONE),
            *_stored(b, [(w, w) for w in words]),
        )
    best = ast.Name(b.name(EXTREMES, b.kind))
    first = ast.At(source.array, (ast.ZERO,)) if value == source else None
    if first and b.chance(0.7):
        start = first
    elif ops[0] == ">":
        start = b.number(zero=b.chance(0.5))
    else:
        start = b._same(ast.Literal("1000", "i32")) if b.kind in FLOATS else ast.integer(9999)
    made = (ast.Declare(b.kind, best.id, start),)
    if b.chance(0.45):
        step: tuple = (better(b, best, value, ops[0]),)
        return c.nest(
            *made,
            *c.loop(step, ast.ONE if start == first and b.chance(0.7) else ast.ZERO),
            *_stored(b, [(best, best)]),
        )
    where = ast.Name(b.name(PLACES, "i32"))
    made += (
        ast.Declare(
            "i32", where.id, ast.ZERO if start == first or b.chance(0.5) else ast.integer(-1)
        ),
    )
    took = (ast.Assign(best, "=", value), ast.Assign(where, "=", c.i))
    body: tuple = (ast.If(ast.compare(value, ops, best), took if b.chance(0.7) else took[::-1]),)
    if value != source and b.chance(0.5):
        held = ast.Name(b.local(b.kind))
        took = (ast.Assign(best, "=", held), took[1])
        body = (ast.Declare(b.kind, held.id, value), ast.If(ast.compare(held, ops, best), took))
    if b.chance(0.15):  # by position alone
        at_best = ast.At(source.array, (where,))
        made = (ast.Declare("i32", where.id, ast.ZERO),)
        body = (ast.If(ast.compare(source, ops, at_best), (ast.Assign(where, "=", c.i),)),)
        return c.nest(
            *made,
            *c.loop(body, ast.ONE),
            *_stored(b, [(where, where)]),
            *_stored(b, [(best, at_best)])[: b.pick((0, 1))],
        )
    stored = [(where, where)] if b.chance(0.4) else [(best, best), (where, where)]
    return c.nest(
        *made,
        *c.loop(body, ast.ONE if start == first and b.chance(0.6) else ast.ZERO),
        *_stored(b, stored),
    )


def _in_cell(c: Course, source: ast.At) -> Nest:
    """The extreme kept in its cell: of floating numbers, which have no atomic maximum, or one that
    the function itself begins.
    """
    b = c.b
    place, op = cell(b), b.pick("<>")
    begun = b.kind not in FLOATS or b.chance(0.5)
    b.parameter(place.array).fill = "uniform(-1,1)" if b.kind in FLOATS else "integers(3,40)"
    head = (ast.Assign(place, "=", ast.At(source.array, (ast.ZERO,))),) if begun else ()
    step: tuple = ast.If(ast.compare(source, op, place), (ast.Assign(place, "=", source),))
    if b.chance(0.35):
        fn = "max" if op == ">" else "min"
        fn = b.function("f" + fn) if b.kind in FLOATS and b.chance(0.6) else fn
        step = ast.Assign(
            place, "=", ast.Call(fn, (place, source) if b.chance(0.6) else (source, place))
        )
    return c.nest(*head, *c.loop((step,), ast.ONE if begun and b.chance(0.7) else ast.ZERO))


def used(b: Builder) -> Nest:
    """Draw a nest with a reduction and a loop that uses its result. b: the builder that makes its
    parts.
    """
    c = Course(b)
    c.whiled = False
    source = c.sources((1, 1, 1, 2))[0]
    word = ast.Name(b.name(names.SUMS if b.chance(0.6) else EXTREMES, b.kind))
    first = ast.At(source.array, (ast.ZERO,))
    if b.chance(0.35):
        start, step = (
            first if b.chance(0.6) else b.number(zero=True),
            better(b, word, source, b.pick("<>>")),
        )
    else:
        start, step = (
            b.number(zero=True),
            ast.Assign(word, "+=", ast.mul(source, source) if b.chance(0.3) else c.term()),
        )
    made: tuple = (ast.Declare(b.kind, word.id, start), *c.loop((step,)))
    if b.kind in FLOATS and b.chance(0.5):
        root = ast.Call(
            b.function("sqrt"),
            (ast.add(ast.Call(b.function("fabs"), (word,)), b._same(b.number())),),
        )
        made += (
            b.pick(
                (
                    ast.Assign(word, "/=", c.n),
                    ast.Assign(word, "=", ast.Binary("/", word, c.n)),
                    ast.Assign(word, "=", root),
                )
            ),
        )
    if b.chance(0.3) and b.kind in FLOATS:
        spread = ast.Name(b.name(("var", "sq", "ss", "variance", "dev", "sum2"), b.kind))
        apart: tuple = ast.Paren(ast.sub(source, word))
        inside: tuple = (ast.Assign(spread, "+=", ast.mul(apart, apart)),)
        if b.chance(0.5):
            d = ast.Name(b.local(b.kind, ("d", "diff", "delta", "t")))
            inside = (
                ast.Declare(b.kind, d.id, apart.argument),
                ast.Assign(spread, "+=", ast.mul(d, d)),
            )
        end = [
            (
                spread,
                b.pick(
                    (
                        spread,
                        ast.Binary("/", spread, c.n),
                        ast.Call(b.function("sqrt"), (ast.Binary("/", spread, c.n),)),
                    )
                ),
            )
        ]
        end = [(word, word), *end] if b.chance(0.4) else end
        return c.nest(
            *made,
            ast.Declare(b.kind, spread.id, b.number(zero=True)),
            *c.loop(inside),
            *_stored(b, end),
        )
    place = ast.At(c.target(), (c.i,))
    if b.chance(0.5):
        place = source
        b.parameter(source.array).written = True
    op = b.pick("-/*" if b.kind in FLOATS else "-+")
    if place == source and b.chance(0.5):
        return c.nest(*made, *c.loop((ast.Assign(place, op + "=", word),)))
    value = ast.Binary(op, source, word)
    if b.kind in FLOATS and b.chance(0.2):
        value = ast.Call(
            b.function("exp"), (ast.Unary("-", ast.Call(b.function("fabs"), (ast.Paren(value),))),)
        )
    last = _stored(b, [(word, word)]) if b.chance(0.15) else ()
    return c.nest(*made, *c.loop((ast.Assign(place, "=", value),)), *last)


# --- (d) searches
# ------------------------------------------------------------------------------------------------


def _sought(b: Builder, kind: str) -> tuple:
    draw = b.rng.random()
    if draw < 0.75:
        word = b.name(_WANTED, kind)
        values = (0.5, 1.5, -1.0, 0.25, 0.0) if kind in FLOATS else (0, 1, 2, 3, 5)
        b.parameters.append(Parameter(word, "scalar", kind, values=values))
        return ast.Name(word)
    if draw < 0.9:
        return ast.At(
            b.array((ast.ONE,), kind, "", ("q", "key_in", "query0", "d_key")), (ast.ZERO,)
        )
    if b.chance(0.3):
        return b.number(kind, zero=True)
    if kind not in FLOATS or b.chance(0.4):
        return ast.integer(b.pick((1, 2, 3, 4, 5)))
    return b._same(ast.Literal(b.pick(("0.5", "0.25", "1.5")), "f64"))


def search(b: Builder) -> Nest:
    """Draw a nest that finds the first or last match, or the interval of a value. b: the builder
    that makes its parts.
    """
    c = Course(b, 2, signed=b.chance(0.7))
    kind = b.kind if b.chance(0.5) else "i32"
    keys = c.source(
        kind,
        "integers(0,5)" if kind == "i32" else "",
        _SORTED if b.chance(0.4) else names.INDEX_ARRAYS + names.ARRAYS,
    )
    key, draw, i = _sought(b, kind), b.rng.random(), c.i
    stop = c.n
    if draw < 0.3:
        stop, above = ast.sub(c.n, 1), ast.At(keys.array, (ast.add(i, 1),))
        b.parameter(keys.array).fill = "sorted(-2,2)" if kind in FLOATS else "sorted(0,12)"
        test = ast.conjunction(ast.compare(key, ">=", keys), ast.compare(key, "<", above))
        if b.chance(0.3):
            test = ast.conjunction(
                ast.compare(keys, b.pick(("<=", "<")), key), ast.compare(above, ">", key)
            )
    elif kind not in FLOATS and draw < 0.75:
        test = ast.compare(keys, "==", key) if b.chance(0.75) else ast.compare(key, "==", keys)
    else:
        test = ast.compare(keys, b.pick((">", "<", ">=", "<=")), key)
    if b.chance(0.1):
        test = ast.Binary("&&", test, c.test())
    place = cell(b, "i32", _ANSWERS)
    value: tuple = i if b.chance(0.8) else ast.add(i, 1)
    extra = (ast.Assign(cell(b), "=", ast.At(c.source().array, (i,))),) if b.chance(0.15) else ()
    direct = (ast.Assign(place, "=", value), *extra)
    before: tuple = (
        (ast.Assign(place, "=", b.pick((ast.integer(-1), ast.ZERO, c.n, ast.integer(-1)))),)
        if b.chance(0.45)
        else ()
    )
    if b.chance(0.5):  # the last one, or the first with a jump
        jump = b.pick((None, None, "break", "break", "return"))
        inside = direct + ((ast.Jump(jump),) if jump else ())
        return c.nest(*before, *c.loop((ast.If(test, inside),), stop=stop))
    word = ast.Name(b.name(PLACES + ("found", "ok", "hit"), "i32"))
    flag = b.chance(0.3)
    inside = (ast.Assign(word, "=", ast.ONE if flag else value), ast.Jump("break"))
    inside = inside if flag or b.chance(0.6) else inside[:1]
    if not flag and b.chance(0.2):  # by a test that the first match turns off
        inside, test = (
            inside[:1],
            ast.conjunction(
                ast.compare(word, "<", ast.ZERO), ast.Paren(test) if b.chance(0.3) else test
            ),
        )
    made = ast.Declare("i32", word.id, ast.ZERO if flag else ast.integer(-1))
    return c.nest(made, *c.loop((ast.If(test, inside),), stop=stop), ast.Assign(place, "=", word))


def halving(b: Builder) -> Nest:
    """Draw a nest for a binary search in sorted data. b: the builder that makes its parts."""
    kind = b.kind if b.kind in FLOATS else "i32"
    n = b.size(names.SIZES, (1, 2, 5, 12, 33))
    data = b.array((n,), kind, "sorted(-2,2)" if kind in FLOATS else "sorted(0,12)", _SORTED)
    key = _sought(b, kind)
    low, high, mid = (
        ast.Name(b.name(w, "i32"))
        for w in b.pick(
            (
                (("lo", "low", "left0"), ("hi", "high", "right0"), ("mid", "m", "middle")),
                (("l0", "first", "a0"), ("r0", "last", "b0"), ("mid", "half", "c0")),
            )
        )
    )
    open_end = b.chance(0.6)
    half = (
        ast.Binary("/", ast.Paren(ast.add(low, high)), ast.TWO)
        if b.chance(0.6)
        else ast.add(low, ast.Binary("/", ast.Paren(ast.sub(high, low)), ast.TWO))
    )
    made = ast.Declare("i32", mid.id, half)
    at = ast.At(data, (mid,))
    up, down = (
        ast.Assign(low, "=", ast.add(mid, 1)),
        ast.Assign(high, "=", mid if open_end else ast.sub(mid, 1)),
    )
    choice = (
        ast.If(ast.compare(at, b.pick(("<", "<=")), key), (up,), (down,))
        if b.chance(0.6)
        else ast.If(ast.compare(at, b.pick((">", ">=")), key), (down,), (up,))
    )
    place, starts = (
        cell(b, "i32", _ANSWERS),
        (
            ast.Declare("i32", low.id, ast.ZERO),
            ast.Declare("i32", high.id, n if open_end else ast.sub(n, 1)),
        ),
    )
    body: tuple = (made, choice)
    ends: tuple = (ast.Assign(place, "=", low if b.chance(0.8) else ast.sub(low, 1)),)
    if b.chance(0.35):
        found = ast.If(
            ast.compare(at, "==", key),
            (ast.Assign(place, "=", mid), ast.Jump(b.pick(("break", "return")))),
        )
        body, ends = (made, found, choice), ()
    before = (ast.Assign(place, "=", ast.integer(-1)),) if not ends or b.chance(0.2) else ()
    loop = ast.While(ast.compare(low, "<" if open_end else "<=", high), body)
    return Nest("", [], [Region((), (*before, *starts, loop, *ends))], sequential=True)
