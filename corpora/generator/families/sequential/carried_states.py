"""Families of one thread that keep a state: number sequences, toggles, last values, machines,
lists, positions moved on.

Contract: as for `carried`. Sequences run in unsigned arithmetic or below a small modulus; every
walk along links counts its steps, so that it ends whatever the links are.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(400, 9, 'broad') if '1664525' in c.programs['cpp'].text][:1])"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Nest, Parameter
from corpora.generator.core.points import make_gathered_index
from corpora.generator.families.sequential.carried import COUNTERS, Course, cell, joined, rate

_SEEDS = tuple("seed state0 rnd x_n s h0 rng lcg init hash0 r0 cur_seed".split())
_STATES = tuple("state mode on phase0 st inside armed cur_state s0 active0 level0 hold_on".split())
_LASTS = tuple("prev last old before0 previous prev_val lastVal carry p1 x_prev behind".split())
_SHIFTS = tuple("base pos offset0 start0 ptr p0 at0 idx cursor addr k0".split())


def sequence(b: Builder) -> Nest:
    """Draw a nest with a pseudo-random or hash state that changes at every step. b: the builder
    that makes its parts.
    """
    c = Course(b)
    b.kind, b.suffix = "u32", False
    small, hashed = b.chance(0.2), b.chance(0.35)
    kind = "i32" if small else "u32"
    data = c.source(kind, "integers(0,50)" if not small else "integers(0,9)") if hashed else None
    s = ast.Name(b.name(_SEEDS, kind))
    step = _small_step(b, s, data) if small else _wide_step(b, s, data)
    start: tuple = b.pick(
        (
            ast.integer(5381),
            ast.Literal("2166136261u", "u32"),
            ast.integer(17),
            ast.ONE,
            ast.integer(12345),
        )
    )
    if small or b.chance(0.5):
        word = b.name(("seed", "init", "first", "start_val", "seed0"), kind)
        b.parameters.append(Parameter(word, "scalar", kind, values=(1, 3, 7, 12, 42)))
        start = ast.Name(word)
    write: tuple = ()
    if not hashed or b.chance(0.5):
        out_kind, value = (kind, s) if b.chance(0.5) else _drawn_from(b, s, kind)
        write = (ast.Assign(ast.At(c.target(out_kind), (c.i,)), "=", value),)
    ends = (ast.Assign(cell(b, kind), "=", s),) if not write or b.chance(0.2) else ()
    return c.nest(
        ast.Declare(kind, s.id, start),
        *c.loop((*step, *write) if b.chance(0.8) else (*write, *step)),
        *ends,
    )


def _small_step(b: Builder, s: ast.Name, data: tuple | None) -> tuple:
    total = ast.add(
        ast.mul(s, ast.integer(b.pick((5, 7, 13, 25, 31, 57, 106)))),
        data or ast.integer(b.pick((1, 3, 7, 11, 1283))),
    )
    return (
        ast.Assign(
            s,
            "=",
            ast.Binary(
                "%", ast.Paren(total), ast.integer(b.pick((97, 101, 256, 1009, 6075, 1000)))
            ),
        ),
    )


def _wide_step(b: Builder, s: ast.Name, data: tuple | None) -> tuple:
    big = b.pick(
        (
            ("1664525u", "1013904223u"),
            ("1103515245u", "12345u"),
            ("1664525", "1013904223"),
            ("69069u", "1u"),
            ("22695477u", "1"),
            ("214013u", "2531011u"),
        )
    )
    a, k = (ast.Literal(t, "u32") for t in big)
    if data is not None:
        turned = ast.Paren(
            ast.Binary(
                "|",
                ast.Paren(ast.Binary("<<", s, ast.integer(5))),
                ast.Paren(ast.Binary(">>", s, ast.integer(27))),
            )
        )
        spread = (
            ast.Assign(s, "+=", ast.Binary("<<", s, ast.integer(10))),
            ast.Assign(s, "^=", ast.Binary(">>", s, ast.integer(6))),
        )
        return b.pick(
            (
                (
                    ast.Assign(
                        s, "=", ast.add(ast.mul(s, ast.integer(b.pick((31, 33, 37, 131)))), data)
                    ),
                ),
                (ast.Assign(s, "^=", data), ast.Assign(s, "*=", ast.Literal("16777619u", "u32"))),
                (
                    ast.Assign(
                        s, "=", ast.Binary("^", ast.Paren(ast.mul(s, ast.integer(33))), data)
                    ),
                ),
                (ast.Assign(s, "+=", data), *spread),
                (ast.Assign(s, "=", ast.Binary("^", turned, data)),),
            )
        )
    if b.chance(0.3):
        shifts = b.pick(((13, 17, 5), (5, 7, 22), (1, 3, 10), (7, 25, 12)))
        return tuple(
            ast.Assign(s, "^=", ast.Binary(op, s, ast.integer(amount)))
            for op, amount in zip(("<<", ">>", "<<"), shifts)
        )
    if b.chance(0.25):
        return (ast.Assign(s, "*=", a), ast.Assign(s, "+=", k))
    return (ast.Assign(s, "=", ast.add(ast.mul(a, s) if b.chance(0.6) else ast.mul(s, a), k)),)


def _drawn_from(b: Builder, s: ast.Name, kind: str) -> tuple[str, tuple]:
    """(type, value) of what is made of the state."""
    high = ast.Binary(">>", s, ast.integer(b.pick((16, 8, 3, 24))))
    if kind == "i32":
        return b.pick(
            (
                ("i32", ast.Binary("%", s, ast.integer(b.pick((2, 6, 10))))),
                ("f32", ast.Binary("/", s, ast.Literal("100.0f", "f32"))),
            )
        )
    return b.pick(
        (
            ("i32", ast.Binary("%", s, ast.integer(b.pick((100, 10, 6, 2, 256))))),
            ("u32", high),
            ("i32", ast.Binary("%", ast.Paren(high), ast.integer(b.pick((32768, 100, 7))))),
            (
                "f32",
                ast.Binary(
                    "/",
                    ast.Paren(ast.Binary(">>", s, ast.integer(8))),
                    ast.Literal("16777216.0f", "f32"),
                ),
            ),
            ("u32", ast.Binary("&", s, ast.Literal("0xff", "u32"))),
            ("f64", ast.Binary("/", s, ast.Literal("4294967296.0", "f64"))),
        )
    )


def toggled(b: Builder) -> Nest:
    """Draw a nest with a sign or flag that changes at every step. b: the builder that makes its
    parts.
    """
    c = Course(b)
    first = c.sources()[0]
    if b.chance(0.5):
        return _kept_scalars(c)
    place = ast.At(c.target(), (c.i,))
    if b.kind != "u32" and b.chance(0.5):
        s = ast.Name(b.name(("sign", "sgn", "s", "parity", "alt", "dir"), b.kind))
        other: tuple = ast.Assign(s, "=", ast.Unary("-", s))
        other = ast.Assign(s, "*=", ast.Unary("-", ast.ONE)) if b.chance(0.25) else other
        other = ast.If(c.test(), (other,)) if b.chance(0.3) else other
        term = c.term()
        use = ast.Assign(
            place,
            b.pick(("=", "=", "+=")),
            ast.mul(s, ast.Paren(term) if type(term) is ast.Binary else term)
            if b.chance(0.7)
            else ast.add(first, ast.mul(s, b.number())),
        )
        start = b.pick((ast.ONE, ast.ONE, ast.Unary("-", ast.ONE)))
    else:
        s = ast.Name(b.name(("flag", "toggle", "odd", "which", "flip", "on"), "i32"))
        other = ast.Assign(
            s, "=", b.pick((ast.Unary("!", s), ast.sub(ast.ONE, s), ast.Binary("^", s, ast.ONE)))
        )
        other = ast.If(c.test(), (other,)) if b.chance(0.3) else other
        test = b.pick(
            (s, ast.compare(s, "==", ast.ZERO), ast.compare(s, "==", ast.ONE), ast.Unary("!", s))
        )
        use = ast.If(
            test,
            (ast.Assign(place, "=", c.term()),),
            (ast.Assign(place, "=", c.term() if b.chance(0.6) else b.number(zero=True)),),
        )
        start = b.pick((ast.ZERO, ast.ONE))
    return c.nest(
        ast.Declare(b.types[s.id], s.id, start),
        *c.loop((use, other) if b.chance(0.75) else (other, use)),
    )


def _kept_scalars(c: Course) -> Nest:
    """`if (…) a = …; else b = …; out[i] = a + b`: what one iteration does not set is left by an
    earlier one.
    """
    b = c.b
    kind = b.kind if b.chance(0.7) else "i32"
    words = [
        ast.Name(
            b.name(
                ("ia", "ib", "a0", "b0", "left", "right", "cur", "level0", "factor0", "c0", "held"),
                kind,
            )
        )
        for _ in range(b.pick((1, 2, 2, 2)))
    ]
    made = tuple(ast.Declare(kind, w.id, b.number(kind, zero=b.chance(0.3))) for w in words)

    def given() -> tuple:
        return (
            b.number(kind)
            if b.chance(0.5)
            else c.term()
            if kind == b.kind
            else ast.add(c.i, b.pick((0, 1, 2, 5)))
        )

    test = (
        c.test()
        if b.chance(0.5)
        else ast.compare(
            ast.Binary("%", c.i, ast.integer(b.pick((2, 2, 3, 4)))), b.pick(("==", "!=")), ast.ZERO
        )
    )
    sets = [(ast.Assign(w, "=", given()),) for w in words]
    choice = ast.If(test, sets[0], sets[1] if len(words) > 1 and b.chance(0.75) else ())
    second = (ast.If(c.test(), sets[1]),) if len(words) > 1 and not choice.otherwise else ()
    value: tuple = words[0]
    for word in words[1:]:
        value = ast.Binary(b.pick("++-*" if kind in FLOATS else "++-"), value, word)
    if b.chance(0.4) and kind == b.kind:
        value = ast.Binary(b.pick("+-*" if kind in FLOATS else "+-"), value, b.read())
    use = ast.Assign(ast.At(c.target(kind), (c.i,)), b.pick(("=", "=", "=", "+=")), value)
    body = (choice, *second, use) if b.chance(0.85) else (use, choice, *second)
    return c.nest(*made, *c.loop(body))


def lagged(b: Builder) -> Nest:
    """Draw a nest that keeps the last element in a local and compares or subtracts it. b: the
    builder that makes its parts.
    """
    c = Course(b, 2)
    first = c.sources()[0]
    last = ast.Name(b.name(_LASTS, b.kind))
    from_first = b.chance(0.55)
    start = ast.At(first.array, (ast.ZERO,)) if from_first else b.number(zero=True)
    own = b.chance(0.3)
    if own:
        b.parameter(first.array).written = True
    cur = (
        ast.Name(b.name(("cur", "x_i", "v", "tmp", "here", "now"), b.kind))
        if own or b.chance(0.3)
        else None
    )
    read: tuple = cur or first
    place = first if own else ast.At(c.target(), (c.i,))
    draw = b.rng.random()
    if draw < 0.5:
        value: tuple = b.pick(
            (
                ast.sub(read, last),
                ast.sub(read, last),
                ast.add(read, last),
                ast.sub(last, read),
                joined(b, last, read),
            )
        )
        use: tuple = ast.Assign(place, "=", value)
    elif draw < 0.75 or own:
        use = ast.If(
            ast.compare(read, b.pick((">", "<", ">=")), last),
            (ast.Assign(place, "=", b.pick((ast.ONE, read, ast.sub(read, last)))),),
            (ast.Assign(place, "=", b.number(zero=True) if b.chance(0.6) else last),),
        )
    else:
        use = ast.Assign(place, "+=", ast.mul(last, b.read()))
    keep: tuple = ast.Assign(last, "=", read)
    if b.chance(0.25):  # the last valid one fills the gaps
        keep = ast.If(c.test(), (keep,))
    made = (ast.Declare(b.kind, cur.id, first),) if cur else ()
    begin = ast.ONE if from_first and b.chance(0.7) else ast.ZERO
    return c.nest(ast.Declare(b.kind, last.id, start), *c.loop((*made, use, keep), begin))


def machine(b: Builder) -> Nest:
    """Draw a nest with a state of a few values that inputs change. b: the builder that makes its
    parts.
    """
    c = Course(b)
    x = c.sources((1, 1, 2))[0]
    s = ast.Name(b.name(_STATES, "i32"))
    draw = b.rng.random()
    high, low = (b.scalar(), b.scalar()) if b.chance(0.4) else (b.number(), b.number(zero=True))
    is_ = {k: ast.compare(s, "==", ast.integer(k)) for k in range(3)}
    if draw < 0.4:
        rise = ast.If(
            ast.conjunction(is_[0], ast.compare(x, ">", high)), (ast.Assign(s, "=", ast.ONE),)
        )
        fall = ast.If(
            ast.conjunction(is_[1], ast.compare(x, "<", low)), (ast.Assign(s, "=", ast.ZERO),)
        )
        step: tuple = (rise._replace(otherwise=(fall,)),) if b.chance(0.6) else (rise, fall)
        if b.chance(0.3):
            step = (
                ast.If(
                    ast.compare(x, ">", high),
                    (ast.Assign(s, "=", ast.ONE),),
                    (ast.If(ast.compare(x, "<", low), (ast.Assign(s, "=", ast.ZERO),)),),
                ),
            )
    elif draw < 0.7:  # a counter between tests
        most = ast.integer(b.pick((2, 3, 5, 8)))
        up = ast.If(ast.compare(s, "<", most), (ast.Assign(s, "+=", ast.ONE),))
        down = (
            ast.Assign(s, "=", ast.ZERO)
            if b.chance(0.5)
            else ast.If(ast.compare(s, ">", ast.ZERO), (ast.Assign(s, "-=", ast.ONE),))
        )
        step = (ast.If(c.test(), (up,), (down,)),)
    else:  # round and round
        turn = ast.Assign(
            s, "=", ast.Binary("%", ast.Paren(ast.add(s, 1)), ast.integer(b.pick((3, 4, 5))))
        )
        step = (turn,) if b.chance(0.3) else (ast.If(c.test(), (turn,)),)
    place, value = (
        (ast.At(c.target("i32"), (c.i,)), s)
        if b.chance(0.45)
        else (ast.At(c.target(), (c.i,)), None)
    )
    use: tuple = ast.Assign(place, "=", s)
    if value is None:
        test = (
            s
            if b.chance(0.3)
            else ast.compare(s, b.pick(("==", ">", "!=")), ast.integer(b.pick((0, 1))))
        )
        use = ast.If(
            test,
            (ast.Assign(place, "=", c.term()),),
            (ast.Assign(place, "=", c.term() if b.chance(0.4) else b.number(zero=True)),)
            if b.chance(0.8)
            else (),
        )
    body = (*step, use) if b.chance(0.75) else (use, *step)
    ends = (ast.Assign(cell(b, "i32"), "=", s),) if b.chance(0.12) else ()
    return c.nest(ast.Declare("i32", s.id, ast.ZERO), *c.loop(body), *ends)


def chased(b: Builder) -> Nest:
    """Draw a nest that walks a list, or shortens labels in place. b: the builder that makes its
    parts.
    """
    c = Course(b, 2, signed=True)
    n, i = c.n, c.i
    links = make_gathered_index(b, i, n).array
    p, k = (
        ast.Name(b.name(("p", "cur", "node", "at0", "j", "root"), "i32")),
        ast.Name(b.name(COUNTERS + ("steps", "hops"), "i32")),
    )
    follow = ast.Assign(p, "=", ast.At(links, (p,)))
    if b.chance(0.45):  # the list
        b.reads.append(ast.At(b.array((n,)), (p,)))
        head = (
            ast.ZERO
            if b.chance(0.5)
            else ast.At(
                b.array((ast.ONE,), "i32", "constant(0)", ("head", "first", "start0", "root0")),
                (ast.ZERO,),
            )
        )
        value = p if b.chance(0.3) else c.term()
        out = c.target("i32" if value == p else b.kind)
        body = (ast.Assign(ast.At(out, (k,)), "=", value), follow, ast.Assign(k, "+=", ast.ONE))
        test = ast.compare(k, "<", n)
        test = (
            ast.conjunction(test, ast.compare(p, "!=", ast.At(links, (p,))))
            if b.chance(0.3)
            else test
        )
        return c.nest(
            ast.Declare("i32", p.id, head),
            ast.Declare("i32", k.id, ast.ZERO),
            ast.While(test, body, b.chance(0.35)),
        )
    b.parameter(links).written = True
    own = ast.At(links, (i,))
    if b.chance(0.4):
        return c.nest(*c.loop((ast.Assign(own, "=", ast.At(links, (own,))),)))
    c.whiled = False
    test = ast.conjunction(ast.compare(p, "!=", ast.At(links, (p,))), ast.compare(k, "<", n))
    walk = ast.While(test, (follow, ast.Assign(k, "+=", ast.ONE)), b.chance(0.4))
    return c.nest(
        *c.loop(
            (
                ast.Declare("i32", p.id, own if b.chance(0.5) else i),
                ast.Declare("i32", k.id, ast.ZERO),
                walk,
                ast.Assign(own, "=", p),
            )
        )
    )


def stepped(b: Builder) -> Nest:
    """Draw a nest with a position that moves by another amount at every step. b: the builder that
    makes its parts.
    """
    c = Course(b, signed=True)
    n, i = c.n, c.i
    width = b.pick((1, 2, 3, 4))
    size: tuple = ast.integer(width) if b.chance(0.6) else b.size(names.COUNTS, (1, 2, 3))
    grows = b.chance(0.3) and type(n) is ast.Name
    total = ast.mul(n, size) if not grows else ast.add(ast.mul(ast.mul(n, n), size), size)
    source = b.array((total,))
    j = ast.Name(b.name(names.INNER, "i32"))
    out, acc = ast.At(c.target(), (i,)), ast.Name(b.local(b.kind, names.SUMS))
    move: tuple = size if not grows else b.pick((ast.mul(i, size), ast.mul(size, i)))
    if not grows and b.chance(0.3):
        p = b.name(("p", "src_p", "row_p", "cursor", "ptr0"), b.kind)
        start: tuple = ast.DeclarePointer(b.kind, p, source, ast.ZERO, True)
        at, moved = (lambda k: ast.At(p, (k,))), ast.Assign(ast.Name(p), "+=", move)
    else:
        base = ast.Name(b.name(_SHIFTS, "i32"))
        start = ast.Declare("i32", base.id, ast.ZERO)
        at, moved = (
            (lambda k: ast.At(source, (base if k == ast.ZERO else ast.add(base, k),))),
            ast.Assign(base, "+=", move),
        )
    if b.chance(0.55):
        loop = ast.For(j.id, ast.ZERO, "<", size, (ast.Assign(acc, "+=", at(j)),))
        body: tuple = (
            ast.Declare(b.kind, acc.id, b.number(zero=True)),
            loop,
            ast.Assign(out, b.pick(("=", "=", "+=")), acc),
        )
    else:
        b.reads.append(at(ast.ZERO))
        if b.chance(0.4):
            c.source()
        value = c.term()
        body = (
            ast.Assign(
                out, "=", value if any(n == b.reads[0] for n in ast.walk(value)) else b.reads[0]
            ),
        )
    return c.nest(start, *c.loop((*body, moved) if not grows or b.chance(0.6) else (moved, *body)))


def filtered(b: Builder) -> Nest:
    """Draw a nest for a filter of first or second order. b: the builder that makes its parts."""
    if b.kind not in FLOATS:
        b.kind, b.suffix = b.pick(("f32", "f64")), False
    c = Course(b, odd=False)
    x, kind, deep = c.source(), b.kind, b.pick((1, 1, 2))
    past_x = [
        ast.Name(b.name((w,), kind))
        for w in (("x1", "x2"), ("xp", "xpp"), ("in_prev", "in_prev2"))[b.rng.randrange(3)][
            : deep if b.chance(0.6) else 0
        ]
    ]
    past_y = [
        ast.Name(b.name((w,), kind))
        for w in (("y1", "y2"), ("yp", "ypp"), ("out_prev", "out_prev2"))[b.rng.randrange(3)][:deep]
    ]
    y = ast.Name(b.name(("y0", "yn", "cur", "v", "s0", "acc"), kind))
    value: tuple = ast.mul(rate(b), x) if b.chance(0.6) else x
    for past in past_x:
        value = ast.add(value, ast.mul(rate(b), past))
    for past in past_y:
        value = ast.Binary(
            b.pick("+--"),
            value,
            ast.mul(
                b.pick(
                    (
                        ast.Literal("0.5", "f64"),
                        ast.Literal("0.25", "f64"),
                        ast.Literal("0.3", "f64"),
                    )
                ),
                past,
            ),
        )
    shift = [ast.Assign(a, "=", z) for a, z in reversed(list(zip(past_x, [x, *past_x])))]
    shift += [ast.Assign(a, "=", z) for a, z in reversed(list(zip(past_y, [y, *past_y])))]
    write = ast.Assign(ast.At(c.target(), (c.i,)), "=", y)
    body = (
        ast.Declare(kind, y.id, value),
        *(shift + [write] if b.chance(0.5) else [write, *shift]),
    )
    made = tuple(ast.Declare(kind, w.id, b.number(zero=True)) for w in past_x + past_y)
    return c.nest(*made, *c.loop(body))
