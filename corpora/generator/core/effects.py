"""What one iteration does: assignments, conditionals, clamps, small loops, several outputs; the
common vocabulary.

Contract: every function takes the builder and the point and returns statements that write only
places of this iteration.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 9)).programs['cpp'].text)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.points import IterationPoint, make_input_place, make_output_place


def add_inputs(b: Builder, point: IterationPoint) -> None:
    """Add one or more arrays that may be read at `point`."""
    for _ in range(b.most_arrays if not point.plain else b.pick((1, 1, 2, 2, 3))):
        make_input_place(b, point)


def add_target(b: Builder, point: IterationPoint) -> ast.At:
    """Add an output array and return its element at `point`. Sometimes the element may be read
    too.
    """
    place = make_output_place(b, point)
    if b.chance(0.3):
        b.reads.append(place)
    return place


def add_assignment(b: Builder, point: IterationPoint, depth: int) -> tuple:
    """Return statements that assign an expression to an output at `point`. depth: most nested
    operations.
    """
    place = add_target(b, point)
    draw = b.rng.random()
    if draw < 0.72:
        return (ast.Assign(place, "=", b.value(depth, point.index)),)
    op = b.pick(
        ("+=", "+=", "-=", "*=", "/=", "+=")
        if b.kind in FLOATS
        else ("+=", "-=", "+=", "*=", "%=", "/=")
    )
    if op in ("/=", "%="):
        value = b.divisor()
    elif op == "*=" and b.kind not in FLOATS:
        value = b.number()
    else:
        value = b.value(depth - 1, point.index)
    return (ast.Assign(place, op, value),)


def add_constant(b: Builder, point: IterationPoint) -> tuple:
    """Return statements that fill one or more arrays at `point` with constants, scalars or the
    index.
    """
    statements = []
    for _ in range(b.pick((1, 1, 1, 2, 3))):
        draw = b.rng.random()
        value = (
            b.number(zero=True)
            if draw < 0.4
            else b.scalar()
            if draw < 0.55
            else _signed(b)
            if draw < 0.7
            else None
        )
        if value is None:
            value = point.index
            if b.chance(0.5):
                value = ast.Binary(
                    b.pick("*%/+"),
                    value,
                    b.number("i32") if b.chance(0.6) else b.size(names.COUNTS, (1, 2, 3, 5)),
                )
        statements.append(ast.Assign(make_output_place(b, point), "=", value))
    return tuple(statements)


def _signed(b: Builder) -> tuple:
    return ast.Unary("-", b.number()) if b.chance(0.45) else b.number()


def add_via_local(b: Builder, point: IterationPoint, depth: int) -> tuple:
    """Return statements that compute locals and then one or two outputs at `point`. depth: most
    nested operations.
    """
    statements, made = [], []
    for _ in range(b.pick((1, 1, 2, 2, 3))):
        value = b.value(min(depth, 2) if b.kind in FLOATS else 1, point.index)
        word = b.local()
        statements.append(ast.Declare(b.kind, word, value, b.chance(0.1)))
        made.append(ast.Name(word))
    b.locals += made
    if b.chance(0.25):
        word = made[-1]
        change = ast.If(
            b.condition(point.index),
            (ast.Assign(word, b.pick(("=", "+=")), b.number(zero=b.chance(0.4))),),
        )
        if not statements[-1].const:
            statements.append(change)
    for _ in range(b.pick((1, 1, 1, 2))):
        place = add_target(b, point)
        left, right = b.pick(tuple(made)), b.pick(tuple(b.locals))
        value = (
            left
            if b.chance(0.25)
            else ast.Binary(
                b.pick("*+-"), left, right if b.chance(0.6) else b.value(depth - 1, point.index)
            )
        )
        if b.kind in FLOATS and b.chance(0.1):
            value = ast.Call(
                b.function("sqrt"), (ast.add(ast.mul(left, left), ast.mul(right, right)),)
            )
        statements.append(ast.Assign(place, b.pick(("=", "=", "=", "+=")), value))
    del b.locals[-len(made) :]
    return tuple(statements)


def add_branch(b: Builder, point: IterationPoint, depth: int) -> tuple:
    """Return an `if`, `if`/`else` or chain of three that writes one output at `point`. depth: most
    nested operations.
    """
    place = add_target(b, point)

    def write() -> tuple:
        value = (
            b.value(depth - 1, point.index)
            if b.chance(0.6)
            else _signed(b)
            if b.chance(0.6)
            else b.number(zero=True)
        )
        return (ast.Assign(place, "=", value),)

    draw = b.rng.random()
    if draw < 0.35:
        return (
            ast.If(
                b.condition(point.index),
                write() if b.chance(0.8) else add_assignment(b, point, depth - 1),
            ),
        )
    if draw < 0.82:
        return (ast.If(b.condition(point.index), write(), write()),)
    if draw < 0.92:
        return (
            ast.If(
                b.condition(point.index),
                write(),
                (ast.If(b.condition(point.index), write(), write()),),
            ),
        )
    return (
        ast.If(b.condition(point.index), (ast.If(b.condition(point.index), write(), write()),)),
    )


def add_switch(b: Builder, point: IterationPoint, depth: int) -> tuple:
    """Return an `if` on a new scalar flag, which is the same in all iterations. Its branches assign
    to an array at `point`. depth: most nested operations in a value.
    """
    mode = b.size(
        ("forward", "training", "mode", "use_bias", "inverse", "decay_on"),
        (0, 1),
        b.pick(("i32", "i32", "i32", "i16")),
    )
    place = add_target(b, point)
    test = b.pick((mode, mode, ast.Unary("!", mode), ast.compare(mode, "==", ast.ONE)))
    yes = ast.Assign(place, b.pick(("=", "=", "+=")), b.value(depth - 1, point.index))
    no = (ast.Assign(place, "=", b.value(depth - 1, point.index)),) if b.chance(0.6) else ()
    return (ast.If(test, (yes,), no),)


def add_skip(b: Builder, point: IterationPoint, depth: int) -> tuple:
    """Return statements with an early `continue`, sometimes after a first write. depth: most nested
    operations.
    """
    first = (ast.Assign(make_output_place(b, point), "=", _signed(b)),) if b.chance(0.3) else ()
    leave = ast.If(b.condition(point.index), (ast.Jump("continue"),))
    return (*first, leave, *(add_via_local if b.chance(0.3) else add_assignment)(b, point, depth))


def add_clamp(b: Builder, point: IterationPoint, depth: int) -> tuple:
    """Return statements that keep a value between two bounds, by ifs, conditionals or min and max.
    depth: most nested operations.
    """
    place = add_target(b, point)
    low, high = (b.number(zero=True), b.number()) if b.chance(0.6) else (b.scalar(), b.scalar())
    value = b.value(min(depth, 1), point.index)
    draw = b.rng.random()
    word = b.local()
    local = ast.Name(word)
    made = ast.Declare(b.kind, word, value)
    if draw < 0.35:
        below, above = ast.Assign(local, "=", low), ast.Assign(local, "=", high)
        second = ast.If(ast.compare(local, ">", high), (above,))
        ifs = (
            (ast.If(ast.compare(local, "<", low), (below,), (second,)),)
            if b.chance(0.6)
            else (ast.If(ast.compare(local, "<", low), (below,)), second)
        )
        return (made, *ifs, ast.Assign(place, "=", local))
    if draw < 0.6:
        test = (
            ast.Paren(ast.compare(local, ">", high))
            if b.chance(0.5)
            else ast.compare(local, ">", high)
        )
        return (made, ast.Assign(place, "=", ast.Conditional(test, local, low)))
    if draw < 0.75 and b.kind in FLOATS:
        fn_low, fn_high = (b.function("fmin"), b.function("fmax"))
        low, high = (ast.Cast(b.kind, v) if b._kind_of(v) != b.kind else v for v in (low, high))
        return (
            made,
            ast.Assign(place, "=", ast.Call(fn_low, (high, ast.Call(fn_high, (low, local))))),
        )
    sign = ast.sub(
        ast.Paren(ast.compare(ast.ZERO, "<", local)), ast.Paren(ast.compare(local, "<", ast.ZERO))
    )
    return (
        made,
        ast.Assign(
            place,
            "=",
            sign
            if b.chance(0.4)
            else ast.Conditional(ast.compare(local, "<", ast.ZERO), ast.Unary("-", local), local),
        ),
    )


def add_flag(b: Builder, point: IterationPoint, depth: int) -> tuple:
    """Return statements that store the result of a comparison as an integer. depth: is not used."""
    place = make_output_place(b, point, "i32", "constant(-3)")
    test = b.condition(point.index)
    draw = b.rng.random()
    if draw < 0.3:
        return (ast.Assign(place, "=", ast.Paren(test) if b.chance(0.5) else test),)
    yes, no = b.pick(
        (
            (ast.ONE, ast.ZERO),
            (ast.ONE, ast.integer(-1)),
            (ast.ZERO, ast.ONE),
            (point.index, ast.integer(-1)),
            (ast.Literal("255", "i32"), ast.ZERO),
        )
    )
    if draw < 0.65:
        return (
            ast.Assign(
                place, "=", ast.Conditional(ast.Paren(test) if b.chance(0.5) else test, yes, no)
            ),
        )
    return (ast.If(test, (ast.Assign(place, "=", yes),), (ast.Assign(place, "=", no),)),)


def add_tuple(b: Builder, point: IterationPoint, depth: int) -> tuple:
    """Return statements that write a record of a few numbers per iteration, `out[i * 4 + k]`,
    unrolled or in a small loop. depth: most nested operations.
    """
    count = b.pick((2, 2, 3, 4, 4))
    i, n = point.variables[0], point.extents[0]
    base: tuple = ast.mul(i, count) if b.chance(0.7) else ast.mul(count, i)
    source = b.array((ast.mul(n, count),))
    result = b.array((ast.mul(n, count),))
    b.parameter(result).written = True
    factor = b.leaf() if b.chance(0.7) else None

    def write(place: tuple) -> ast.Assign:
        value: tuple = ast.At(source, (place,))
        if factor is not None:
            value = ast.Binary(b.pick("*+-"), value, factor)
        return ast.Assign(ast.At(result, (place,)), "=", value)

    if b.chance(0.35):
        inner = b.name(names.INNER, "i32")
        return (
            ast.For(
                inner, ast.ZERO, "<", ast.integer(count), (write(ast.add(base, ast.Name(inner))),)
            ),
        )
    zero = b.chance(0.4)
    return tuple(write(base if c == 0 and not zero else ast.add(base, c)) for c in range(count))


def add_swap(b: Builder, point: IterationPoint, depth: int) -> tuple:
    """Return statements that exchange the elements of two arrays at `point`. depth: is not used."""
    first, second = make_output_place(b, point), make_output_place(b, point)
    word = b.local()
    temporary = ast.Declare(b.kind, word, first)
    return (temporary, ast.Assign(first, "=", second), ast.Assign(second, "=", ast.Name(word)))


def add_iteration(b: Builder, point: IterationPoint, depth: int) -> tuple:
    """Return a bounded `while` or `do while` on a local, with a counter. depth: is not used."""
    word, count = b.local(), b.name(("count", "steps", "iter", "n_it", "tries"), "i32")
    value, counter = ast.Name(word), ast.Name(count)
    start, limit = b.read(), ast.integer(b.pick((5, 8, 10, 16)))
    if b.kind in FLOATS:
        step = ast.Assign(value, "=", ast.add(ast.mul(value, ast.Literal("0.5", "f64")), start))
        test = ast.conjunction(
            ast.compare(counter, "<", limit), ast.compare(value, "<", b.number())
        )
    else:
        step = ast.Assign(value, "/=", ast.TWO)
        test = ast.conjunction(ast.compare(value, ">", ast.ZERO), ast.compare(counter, "<", limit))
    body = (step, ast.Assign(counter, "+=", ast.ONE))
    loop = ast.While(test, body, b.chance(0.4))
    out = make_output_place(b, point, "i32") if b.chance(0.5) else make_output_place(b, point)
    result = counter if b.types[out.array] == "i32" else value
    return (
        ast.Declare(b.kind, word, start),
        ast.Declare("i32", count, ast.ZERO),
        loop,
        ast.Assign(out, "=", result),
    )


def add_update(b: Builder, point: IterationPoint, depth: int) -> tuple:
    """Return statements of an optimizer-like step: moments are updated in place from a gradient.
    depth: is not used.
    """
    gradient = b.read()
    moment, weight = make_output_place(b, point), make_output_place(b, point)
    rate, decay = b.scalar(), b.scalar()
    one = ast.ONE if b.chance(0.5) else ast.Literal("1.0", "f64")
    mixed = ast.add(ast.mul(decay, moment), ast.mul(ast.Paren(ast.sub(one, decay)), gradient))
    first = ast.Assign(moment, "=", mixed)
    change: tuple = ast.mul(rate, moment)
    if b.kind in FLOATS and b.chance(0.5):
        change = ast.Binary(
            "/",
            change,
            ast.Paren(
                ast.add(ast.Call(b.function("sqrt"), (ast.mul(gradient, gradient),)), b.number())
            ),
        )
    return (first, ast.Assign(weight, b.pick(("-=", "+=")), change))


_MENU = (
    (add_assignment,) * 9
    + (add_via_local,) * 5
    + (add_branch,) * 4
    + (
        add_clamp,
        add_clamp,
        add_switch,
        add_skip,
        add_flag,
        add_flag,
        add_iteration,
        add_swap,
        add_update,
    )
)
_LINE_MENU = _MENU + (add_tuple, add_tuple)


def make_body(b: Builder, point: IterationPoint, count: int, depth: int) -> tuple:
    """Return `count` random groups of statements for one iteration, one after the other.

    b: the builder that makes them. point: the iteration. depth: most nested operations.
    """
    statements: tuple = ()
    menu = (
        _LINE_MENU
        if len(point.variables) == 1 and point.flat is None and point.margin == 0
        else _MENU
    )
    for position in range(count):
        effect = b.pick(menu)
        if effect is add_skip and position < count - 1:
            effect = add_assignment
        statements += effect(b, point, depth)
    return statements
