"""What one iteration does: assignments, conditionals, clamps, small loops, several outputs; the
common vocabulary.

Contract: every function takes the builder and the point and returns statements that write only
places of this iteration.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 9)).programs['cpp'].text)"
"""

from __future__ import annotations

from corpora import ir
from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.points import IterationPoint, make_input_place, make_output_place


def add_inputs(b: Builder, point: IterationPoint) -> None:
    """Add one or more arrays that may be read at `point`."""
    for _ in range(b.most_arrays if not point.plain else b.pick((1, 1, 2, 2, 3))):
        make_input_place(b, point)


def add_target(b: Builder, point: IterationPoint) -> ir.Access:
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
        return (ir.Assign(place, "=", b.value(depth, point.index)),)
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
    return (ir.Assign(place, op, value),)


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
                value = ir.Binary(
                    b.pick("*%/+"),
                    value,
                    b.number("i32") if b.chance(0.6) else b.size(names.COUNTS, (1, 2, 3, 5)),
                )
        statements.append(ir.Assign(make_output_place(b, point), "=", value))
    return tuple(statements)


def _signed(b: Builder) -> tuple:
    return ir.Unary("-", b.number()) if b.chance(0.45) else b.number()


def add_via_local(b: Builder, point: IterationPoint, depth: int) -> tuple:
    """Return statements that compute locals and then one or two outputs at `point`. depth: most
    nested operations.
    """
    statements, made = [], []
    for _ in range(b.pick((1, 1, 2, 2, 3))):
        value = b.value(min(depth, 2) if b.kind in FLOATS else 1, point.index)
        word = b.local()
        statements.append(ast.declare(b.kind, word, value, b.chance(0.1)))
        made.append(ir.Name(word))
    b.locals += made
    if b.chance(0.25):
        word = made[-1]
        change = ir.If(
            b.condition(point.index),
            (ir.Assign(word, b.pick(("=", "+=")), b.number(zero=b.chance(0.4))),),
        )
        if not statements[-1].type.const:
            statements.append(change)
    for _ in range(b.pick((1, 1, 1, 2))):
        place = add_target(b, point)
        left, right = b.pick(tuple(made)), b.pick(tuple(b.locals))
        value = (
            left
            if b.chance(0.25)
            else ir.Binary(
                b.pick("*+-"), left, right if b.chance(0.6) else b.value(depth - 1, point.index)
            )
        )
        if b.kind in FLOATS and b.chance(0.1):
            value = ast.call(
                b.function("sqrt"), (ast.add(ast.mul(left, left), ast.mul(right, right)),)
            )
        statements.append(ir.Assign(place, b.pick(("=", "=", "=", "+=")), value))
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
        return (ir.Assign(place, "=", value),)

    draw = b.rng.random()
    if draw < 0.35:
        return (
            ir.If(
                b.condition(point.index),
                write() if b.chance(0.8) else add_assignment(b, point, depth - 1),
            ),
        )
    if draw < 0.82:
        return (ir.If(b.condition(point.index), write(), write()),)
    if draw < 0.92:
        return (
            ir.If(
                b.condition(point.index),
                write(),
                (ir.If(b.condition(point.index), write(), write()),),
            ),
        )
    return (ir.If(b.condition(point.index), (ir.If(b.condition(point.index), write(), write()),)),)


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
    test = b.pick((mode, mode, ir.Unary("!", mode), ast.compare(mode, "==", ast.ONE)))
    yes = ir.Assign(place, b.pick(("=", "=", "+=")), b.value(depth - 1, point.index))
    no = (ir.Assign(place, "=", b.value(depth - 1, point.index)),) if b.chance(0.6) else ()
    return (ir.If(test, (yes,), no),)


def add_skip(b: Builder, point: IterationPoint, depth: int) -> tuple:
    """Return statements with an early `continue`, sometimes after a first write. depth: most nested
    operations.
    """
    first = (ir.Assign(make_output_place(b, point), "=", _signed(b)),) if b.chance(0.3) else ()
    leave = ir.If(b.condition(point.index), (ir.Jump("continue"),))
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
    local = ir.Name(word)
    made = ast.declare(b.kind, word, value)
    if draw < 0.35:
        below, above = ir.Assign(local, "=", low), ir.Assign(local, "=", high)
        second = ir.If(ast.compare(local, ">", high), (above,))
        ifs = (
            (ir.If(ast.compare(local, "<", low), (below,), (second,)),)
            if b.chance(0.6)
            else (ir.If(ast.compare(local, "<", low), (below,)), second)
        )
        return (made, *ifs, ir.Assign(place, "=", local))
    if draw < 0.6:
        test = (
            ast.paren(ast.compare(local, ">", high))
            if b.chance(0.5)
            else ast.compare(local, ">", high)
        )
        return (made, ir.Assign(place, "=", ir.Conditional(test, local, low)))
    if draw < 0.75 and b.kind in FLOATS:
        fn_low, fn_high = (b.function("fmin"), b.function("fmax"))
        low, high = (ast.cast(b.kind, v) if b._kind_of(v) != b.kind else v for v in (low, high))
        return (
            made,
            ir.Assign(place, "=", ast.call(fn_low, (high, ast.call(fn_high, (low, local))))),
        )
    sign = ast.sub(
        ast.paren(ast.compare(ast.ZERO, "<", local)), ast.paren(ast.compare(local, "<", ast.ZERO))
    )
    return (
        made,
        ir.Assign(
            place,
            "=",
            sign
            if b.chance(0.4)
            else ir.Conditional(ast.compare(local, "<", ast.ZERO), ir.Unary("-", local), local),
        ),
    )


def add_flag(b: Builder, point: IterationPoint, depth: int) -> tuple:
    """Return statements that store the result of a comparison as an integer. depth: is not used."""
    place = make_output_place(b, point, "i32", "constant(-3)")
    test = b.condition(point.index)
    draw = b.rng.random()
    if draw < 0.3:
        return (ir.Assign(place, "=", ast.paren(test) if b.chance(0.5) else test),)
    yes, no = b.pick(
        (
            (ast.ONE, ast.ZERO),
            (ast.ONE, ast.integer(-1)),
            (ast.ZERO, ast.ONE),
            (point.index, ast.integer(-1)),
            (ir.Literal("255", "i32"), ast.ZERO),
        )
    )
    if draw < 0.65:
        return (
            ir.Assign(
                place, "=", ir.Conditional(ast.paren(test) if b.chance(0.5) else test, yes, no)
            ),
        )
    return (ir.If(test, (ir.Assign(place, "=", yes),), (ir.Assign(place, "=", no),)),)


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

    def write(place: tuple) -> ir.Assign:
        value: tuple = ast.at(source, (place,))
        if factor is not None:
            value = ir.Binary(b.pick("*+-"), value, factor)
        return ir.Assign(ast.at(result, (place,)), "=", value)

    if b.chance(0.35):
        inner = b.name(names.INNER, "i32")
        return (
            ast.loop(
                inner, ast.ZERO, "<", ast.integer(count), (write(ast.add(base, ir.Name(inner))),)
            ),
        )
    zero = b.chance(0.4)
    return tuple(write(base if c == 0 and not zero else ast.add(base, c)) for c in range(count))


def add_swap(b: Builder, point: IterationPoint, depth: int) -> tuple:
    """Return statements that exchange the elements of two arrays at `point`. depth: is not used."""
    first, second = make_output_place(b, point), make_output_place(b, point)
    word = b.local()
    temporary = ast.declare(b.kind, word, first)
    return (temporary, ir.Assign(first, "=", second), ir.Assign(second, "=", ir.Name(word)))


def add_iteration(b: Builder, point: IterationPoint, depth: int) -> tuple:
    """Return a bounded `while` or `do while` on a local, with a counter. depth: is not used."""
    word, count = b.local(), b.name(("count", "steps", "iter", "n_it", "tries"), "i32")
    value, counter = ir.Name(word), ir.Name(count)
    start, limit = b.read(), ast.integer(b.pick((5, 8, 10, 16)))
    if b.kind in FLOATS:
        step = ir.Assign(value, "=", ast.add(ast.mul(value, ir.Literal("0.5", "f64")), start))
        test = ir.Binary(
            "&&", ast.compare(counter, "<", limit), ast.compare(value, "<", b.number())
        )
    else:
        step = ir.Assign(value, "/=", ast.TWO)
        test = ir.Binary("&&", ast.compare(value, ">", ast.ZERO), ast.compare(counter, "<", limit))
    body = (step, ir.Assign(counter, "+=", ast.ONE))
    loop = ir.While(test, body, b.chance(0.4))
    out = make_output_place(b, point, "i32") if b.chance(0.5) else make_output_place(b, point)
    result = counter if b.types[out.base.id] == "i32" else value
    return (
        ast.declare(b.kind, word, start),
        ast.declare("i32", count, ast.ZERO),
        loop,
        ir.Assign(out, "=", result),
    )


def add_update(b: Builder, point: IterationPoint, depth: int) -> tuple:
    """Return statements of an optimizer-like step: moments are updated in place from a gradient.
    depth: is not used.
    """
    gradient = b.read()
    moment, weight = make_output_place(b, point), make_output_place(b, point)
    rate, decay = b.scalar(), b.scalar()
    one = ast.ONE if b.chance(0.5) else ir.Literal("1.0", "f64")
    mixed = ast.add(ast.mul(decay, moment), ast.mul(ast.paren(ast.sub(one, decay)), gradient))
    first = ir.Assign(moment, "=", mixed)
    change: tuple = ast.mul(rate, moment)
    if b.kind in FLOATS and b.chance(0.5):
        change = ir.Binary(
            "/",
            change,
            ast.paren(
                ast.add(ast.call(b.function("sqrt"), (ast.mul(gradient, gradient),)), b.number())
            ),
        )
    return (first, ir.Assign(weight, b.pick(("-=", "+=")), change))


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
    """Return the statements of `count` random effects, one after the other. depth: most nested
    operations.
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
