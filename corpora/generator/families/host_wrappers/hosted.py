"""Functions that return where something is: the index of an extreme, the first or the last match,
whether all or any elements pass.

Contract: as for `carried`; nests are `sequential` and have a `result`, which the CUDA text brings
back through a cell of its type. Sums, counts in `int` and extremes of integers, which atomic
operations share out, are `returns.reduced`.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(900, 4, 'broad') if '<<<1, 1>>>' in str(c)][0])"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Nest, Parameter
from corpora.generator.core.one_thread import (
    make_assignment,
    make_loop,
    make_serial_nest,
    make_sizes,
)
from corpora.generator.families.sequential.carried import EXTREMES, PLACES, Course, better

POSITION_KINDS = ("i32",) * 8 + ("i64",) * 5 + ("u64", "u32", "i16")
_WANTED = tuple("key target x0 value query needle wanted k sought val item elem t0 what".split())
_COUNTS = tuple("count cnt hits found_n num n_match total res".split())


def returning(kind: str, *body: tuple) -> Nest:
    """Return a nest that one thread runs and that returns a value of type `kind`. Nests with a
    return in the middle are `c_only`.
    """
    nest = make_serial_nest(*body)
    nest.result = kind
    jumps = [s for s in ast.walk_statements(body) if type(s) is ast.Jump and s.kind == "return"]
    nest.c_only = (
        len(jumps) > 1
        or kind == "bool"
        or any(_c_word(e) for s in ast.walk_statements(body) for e in ast.get_expressions(s))
    )
    return nest


def _c_word(expression: tuple) -> bool:
    return any(
        type(n) is ast.Literal and (n.text[0].isalpha() or n.text[-1] == "u")
        for n in ast.walk(expression)
    )


def give(value: object) -> ast.Jump:
    """Return a `return` statement. value: an integer or expression."""
    return ast.Jump("return", ast.integer(value) if isinstance(value, int) else value)


def placed(b: Builder) -> Nest:
    """Draw a nest that returns the index of the largest or smallest element, square or distance. b:
    the builder that makes its parts.
    """
    if b.chance(0.16):
        return _placed_in_grid(b)
    c = Course(b, 1, signed=b.chance(0.75))
    value, plain = _looked_at(c)
    kind, op = b.pick(POSITION_KINDS), b.pick((">", ">", "<", "<", ">=", "<="))
    pos = ast.Name(b.name(PLACES, kind))
    if plain and b.chance(0.2):  # by position alone
        here = value._replace(subscripts=(pos,))
        step: tuple = (ast.If(ast.compare(value, op, here), (make_assignment(pos, c.i),)),)
        return returning(
            kind, ast.Declare(kind, pos.id, ast.ZERO), *c.loop(step, ast.ONE), give(pos)
        )
    begins, from_first = _start(c, value, op, plain)
    best = ast.Name(b.name(EXTREMES, b.kind))
    made = (
        ast.Declare(b.kind, best.id, begins),
        ast.Declare(kind, pos.id, _nowhere(b, kind, from_first)),
    )
    made = made if b.chance(0.5) else made[::-1]
    found = (make_assignment(best, value), make_assignment(pos, c.i))
    step = (ast.If(ast.compare(value, op, best), found if b.chance(0.7) else found[::-1]),)
    if (not plain and b.chance(0.7)) or b.chance(0.15):
        held = ast.Name(b.local(b.kind))
        found = (make_assignment(best, held), make_assignment(pos, c.i))
        step = (
            ast.Declare(b.kind, held.id, value),
            ast.If(ast.compare(held, op, best), found if b.chance(0.7) else found[::-1]),
        )
    step = _filtered(c, step, from_first)
    end = ast.add(pos, 1) if b.chance(0.05) else pos
    return returning(
        kind, *made, *c.loop(step, ast.ONE if from_first and b.chance(0.6) else ast.ZERO), give(end)
    )


def _nowhere(b: Builder, kind: str, from_first: bool) -> tuple:
    return ast.integer(-1) if kind[0] == "i" and not from_first and b.chance(0.7) else ast.ZERO


def _looked_at(c: Course) -> tuple[tuple, bool]:
    """(what is compared, whether it is an element at the loop's own index)."""
    b = c.b
    source, draw = c.source(), b.rng.random()
    if draw < 0.36:
        return source, True
    if draw < 0.58 and type(c.n) is ast.Name:
        order = b.array(
            (c.n,),
            b.pick(("i64", "i64", "i32", "i32", "u32")),
            f"indices({c.n.id})",
            names.INDEX_ARRAYS + ("b", "p", "seq"),
        )
        return source._replace(subscripts=(ast.At(order, (c.i,)),)), False
    if draw < 0.68:
        return ast.mul(source, source), False
    if draw < 0.82 and b.kind in ("f32", "f64", "i32"):
        near = ast.sub(source, c.source() if b.chance(0.5) else b.scalar())
        inner = source if b.chance(0.45) else near
        return ast.Call("abs" if b.kind == "i32" else b.function("fabs"), (inner,)), False
    other = c.source()
    return ast.Binary(b.pick("+-*"), source, other), False


def _start(c: Course, value: tuple, op: str, plain: bool) -> tuple[tuple, bool]:
    """(what the search begins with, whether that is the first element)."""
    b = c.b
    if plain and b.chance(0.45):
        return value._replace(subscripts=(ast.ZERO,)), True
    if b.kind not in ("f32", "f64", "i32"):
        return (ast.ZERO if op[0] == ">" else ast.integer(9999)), False
    if b.kind == "i32":
        return b.pick(
            (ast.ZERO, ast.integer(-1), ast.integer(-1000), ast.Literal("INT_MIN", "i32"))
        ) if op[0] == ">" else b.pick(
            (ast.integer(9999), ast.Literal("INT_MAX", "i32"), ast.integer(1000000))
        ), False
    most = ast.Literal("FLT_MAX" if b.kind == "f32" else "DBL_MAX", b.kind)
    big = ast.Literal(
        b.pick(("1e30", "1000000.0", "99999.0", "1e9", "1e20")) + ("f" if b.suffix else ""),
        b.kind if b.suffix else "f64",
    )
    bound = most if b.chance(0.35) else big
    if op[0] == "<":
        return bound, False
    return b.pick(
        (
            ast.ZERO,
            ast.integer(-1),
            b.number(zero=True),
            ast.Unary("-", bound),
            ast.Unary("-", bound),
        )
    ), False


def _filtered(c: Course, step: tuple, from_first: bool) -> tuple:
    """The step, sometimes only where a flag allows it."""
    b = c.b
    if from_first or b.chance(0.75):
        return step
    flag = ast.At(
        b.array((c.n,), b.pick(("i32", "i32", "bool", "u8")), "integers(0,1)", names.MASKS), (c.i,)
    )
    test = b.pick(
        (
            ast.Unary("!", flag),
            ast.compare(flag, "==", ast.ZERO),
            ast.compare(flag, "==", ast.ONE),
            flag,
        )
    )
    if len(step) == 1 and type(step[0]) is ast.If and b.chance(0.6):
        sure = ast.conjunction(test, step[0].test)
        return (step[0]._replace(test=sure),)
    c.whiled = False
    if b.chance(0.5):
        return (ast.If(test, (ast.Jump("continue"),)), *step)
    return (ast.If(test, step),)


def _placed_in_grid(b: Builder) -> Nest:
    """The position of an extreme of a matrix, or its column in one row."""
    rows, cols = make_sizes(b, 2)
    a = b.array((rows, cols))
    kind, op = b.pick(POSITION_KINDS[:13]), b.pick((">", "<", ">", "<", ">="))
    best, pos = ast.Name(b.name(EXTREMES, b.kind)), ast.Name(b.name(PLACES, kind))
    i, j = (
        ast.Name(b.exact(w, "i32"))
        for w in b.pick((("i", "j"), ("y", "x"), ("ii", "jj"), ("p", "q")))
    )
    one_row = b.chance(0.45)
    if one_row:
        i = ast.Name(b.name(("row0", "which_row", "r0", "line_no", "sample", "s0"), "i32"))
        b.parameters.append(Parameter(i.id, "scalar", "i32", values=(0,)))
    element, first = ast.At(a, (i, j)), ast.At(a, (i if one_row else ast.ZERO, ast.ZERO))
    whole = (
        j if one_row else b.pick((ast.add(ast.mul(i, cols), j), ast.add(j, ast.mul(i, cols)), i, j))
    )
    value: tuple = (
        ast.Call("abs" if b.kind == "i32" else b.function("fabs"), (element,))
        if b.chance(0.25)
        else element
    )
    loop = make_loop(
        b,
        j,
        cols,
        ast.If(
            ast.compare(value, op, best),
            (make_assignment(best, value), make_assignment(pos, whole)),
        ),
    )
    loop = loop if one_row else make_loop(b, i, rows, loop)
    begins = first if value is element else ast.integer(-1) if op[0] == ">" else ast.integer(100000)
    made = (ast.Declare(b.kind, best.id, begins), ast.Declare(kind, pos.id, ast.ZERO))
    return returning(kind, *(made if b.chance(0.5) else made[::-1]), loop, give(pos))


def matched(b: Builder) -> Nest:
    """Draw a nest that returns the first or last element that passes a test, whether any or all do,
    or how many. b: the builder that makes its parts.
    """
    c = Course(b, 1, signed=b.chance(0.8))
    c.source()
    if b.chance(0.35):
        c.source()
    test = _question(c)
    draw = b.rng.random()
    if draw < 0.3:
        return _any_or_all(c, test)
    kind = b.pick(POSITION_KINDS[:13] if draw < 0.8 else ("i64", "i64", "u64", "u64", "u32", "i16"))
    if draw > 0.8:
        count = ast.Name(b.name(_COUNTS, kind))
        return returning(
            kind,
            ast.Declare(kind, count.id, ast.ZERO),
            *c.loop((ast.If(test, (make_assignment(count, 1, "+="),)),)),
            give(count),
        )
    nowhere = ast.integer(-1) if b.chance(0.75) or type(c.n) is not ast.Name else c.n
    if b.chance(0.4):
        c.whiled = False
        return returning(kind, *c.loop((ast.If(test, (give(c.i),)),)), give(nowhere))
    pos = ast.Name(b.name(PLACES, kind))
    took: tuple = (make_assignment(pos, c.i),)
    if b.chance(0.5):
        took, c.whiled = (*took, ast.Jump("break")), False
    return returning(
        kind, ast.Declare(kind, pos.id, nowhere), *c.loop((ast.If(test, took),)), give(pos)
    )


def _question(c: Course) -> tuple:
    """A test of this iteration's elements that some data pass and some do not."""
    b, place = c.b, c.b.reads[0]
    if b.chance(0.4):
        return c.test(index=False)
    if b.kind not in FLOATS and b.chance(0.6):
        word = b.name(_WANTED, b.kind)
        b.parameters.append(Parameter(word, "scalar", b.kind, values=(0, 1, 2, 3)))
        b.parameter(place.array).fill = "integers(0,4)"
        return ast.compare(place, "==", ast.Name(word))
    if len(b.reads) > 1 and b.chance(0.6):
        apart = ast.sub(place, b.reads[1])
        if b.kind in FLOATS and b.chance(0.6):
            return ast.compare(
                ast.Call(b.function("fabs"), (apart,)),
                b.pick("<>"),
                b.pick((b.number(), b.scalar())),
            )
        return ast.compare(
            place, b.pick(("<", ">", "!=") if b.kind not in FLOATS else "<>"), b.reads[1]
        )
    return ast.compare(
        place, b.pick(("<", ">", ">=", "<=")), b.pick((b.number(zero=True), b.scalar()))
    )


def _any_or_all(c: Course, test: tuple) -> Nest:
    """`return true;` at the first that passes, or a flag that is set."""
    b = c.b
    kind = b.pick(("bool", "bool", "i32", "i32", "i32"))
    yes, no = (
        (ast.Literal("true", "bool"), ast.Literal("false", "bool"))
        if kind == "bool"
        else (ast.ONE, ast.ZERO)
    )
    if b.chance(0.5):
        yes, no = no, yes
    if b.chance(0.7):
        c.whiled = False
        return returning(kind, *c.loop((ast.If(test, (give(yes),)),)), give(no))
    flag = ast.Name(
        b.name(
            ("found", "ok", "same", "sorted_ok", "equal", "res", "passed", "bad", "any_hit"), kind
        )
    )
    took: tuple = (make_assignment(flag, yes),)
    if b.chance(0.6):
        took, c.whiled = (*took, ast.Jump("break")), False
    return returning(
        kind, ast.Declare(kind, flag.id, no), *c.loop((ast.If(test, took),)), give(flag)
    )


def ranged(b: Builder) -> Nest:
    """Draw a nest that returns the largest or smallest value, the range, or the largest step
    between neighbours. b: the builder that makes its parts.
    """
    if b.kind not in FLOATS:
        b.kind, b.suffix = b.pick(("f32", "f64", "f32")), False
    c = Course(b, 2, odd=False)
    source, draw = c.source(), b.rng.random()
    first = source._replace(subscripts=(ast.ZERO,))
    if draw < 0.45:
        value: tuple = (
            source
            if b.chance(0.5)
            else b.pick(
                (
                    ast.Call(b.function("fabs"), (source,)),
                    ast.Call(b.function("fabs"), (ast.sub(source, c.source()),)),
                    ast.mul(source, c.source()),
                )
            )
        )
        best, op = ast.Name(b.name(EXTREMES, b.kind)), b.pick("><>")
        begins = (
            first if value == source else b.number(zero=True) if op == ">" else ast.integer(100000)
        )
        return returning(
            b.kind,
            ast.Declare(b.kind, best.id, begins),
            *c.loop((better(b, best, value, op),)),
            give(best),
        )
    words = [
        ast.Name(b.name(w, b.kind))
        for w in (
            ("lo", "mn", "vmin", "min_v", "smallest", "x_min"),
            ("hi", "mx", "vmax", "max_v", "largest", "x_max"),
        )
    ]
    made = [ast.Declare(b.kind, w.id, first) for w in words]
    if draw < 0.75:
        steps = tuple(better(b, w, source, op) for w, op in zip(words, "<>"))
        low, high = words
        end = b.pick(
            (
                ast.sub(high, low),
                ast.sub(high, low),
                ast.mul(b._same(ast.Literal("0.5", "f64")), ast.Paren(ast.add(high, low))),
                ast.Binary("/", ast.Paren(ast.sub(high, low)), c.n),
            )
        )
        return returning(b.kind, *made, *c.loop(steps, ast.ONE), give(end))
    best, before = (
        ast.Name(b.name(EXTREMES, b.kind)),
        source._replace(subscripts=(ast.sub(c.i, 1),)),
    )
    gap = (
        ast.Call(b.function("fabs"), (ast.sub(source, before),))
        if b.chance(0.7)
        else ast.sub(source, before)
    )
    return returning(
        b.kind,
        ast.Declare(b.kind, best.id, b.number(zero=True)),
        *c.loop((better(b, best, gap, ">"),), ast.ONE),
        give(best),
    )


MENU = ((placed, 14), (matched, 10), (ranged, 5))
