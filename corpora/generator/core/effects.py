"""What one iteration does: assignments, conditionals, clamps, small loops, several outputs; the
common vocabulary.

Contract: every function takes `b`, the nest's builder, which draws and whose `parameters` grow;
`point`, the current iteration; and `depth`, the most nested operations of an expression, which some
do not use. It returns statements that write only places of this iteration.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 9)).programs['cpp'].text)"
"""

from __future__ import annotations

from corpora import ir
from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.points import IterationPoint, make_input_place, make_output_place

Block = tuple[ir.Statement, ...]


def add_inputs(b: Builder, point: IterationPoint) -> None:
    """Add one or more arrays to the nest that may be read at `point`, the current iteration. b: the
    nest's builder, whose `parameters` and `reads` grow.
    """
    for _ in range(b.most_arrays if not point.plain else b.pick((1, 1, 2, 2, 3))):
        make_input_place(b, point)


def add_target(b: Builder, point: IterationPoint) -> ir.Access:
    """Add an output array to the nest and return its element at `point`, the current iteration.
    Sometimes it may be read there too.

    b: the nest's builder, which draws; its `parameters` grow.
    """
    place = make_output_place(b, point)
    if b.chance(0.3):
        b.reads.append(place)
    return place


def add_assignment(b: Builder, point: IterationPoint, depth: int) -> Block:
    """Return the assignment of a random expression to an element of a new output array."""
    place = add_target(b, point)
    if b.rng.random() < 0.72:
        return (ir.Assign(place, "=", b.value(depth, point.index)),)
    op = b.pick(("+=", "+=", "-=", "*=", "/=", "+=")
                if b.kind in FLOATS else ("+=", "-=", "+=", "*=", "%=", "/="))  # fmt: skip
    return (ir.Assign(place, op, b.operand(op, lambda: b.value(depth - 1, point.index))),)


def add_constant(b: Builder, point: IterationPoint) -> Block:
    """Return statements that set the elements of one or more new arrays, at the current iteration,
    to constants, scalars or the index.
    """
    statements: Block = ()
    for _ in range(b.pick((1, 1, 1, 2, 3))):
        draw, value = b.rng.random(), point.index
        if draw < 0.4:
            value = b.number(zero=True)
        elif draw < 0.55:
            value = b.scalar()
        elif draw < 0.7:
            value = _signed(b)
        elif b.chance(0.5):
            op = b.pick("*%/+")
            few = b.number("i32") if b.chance(0.6) else b.size(names.COUNTS, (1, 2, 3, 5))
            value = ir.Binary(op, value, few)
        statements += (ir.Assign(make_output_place(b, point), "=", value),)
    return statements


def _signed(b: Builder) -> ir.Expression:
    return ir.Unary("-", b.number()) if b.chance(0.45) else b.number()


def add_via_local(b: Builder, point: IterationPoint, depth: int) -> Block:
    """Return statements that compute one to three locals and from them an element of one or two new
    output arrays.
    """
    statements: Block = ()
    made: list[ir.Name] = []
    for _ in range(b.pick((1, 1, 2, 2, 3))):
        value = b.value(min(depth, 2) if b.kind in FLOATS else 1, point.index)
        word = b.local()
        statements += (ast.declare(b.kind, word, value, b.chance(0.1)),)
        made.append(ir.Name(word))
    b.locals += made
    if b.chance(0.25):
        test, op = b.condition(point.index), b.pick(("=", "+="))
        change = ir.Assign(made[-1], op, b.number(zero=b.chance(0.4)))
        if not statements[-1].type.const:
            statements += (ir.If(test, (change,)),)
    for _ in range(b.pick((1, 1, 1, 2))):
        place = add_target(b, point)
        left, right = b.pick(tuple(made)), b.pick(tuple(b.locals))
        value = left
        if not b.chance(0.25):
            op = b.pick("*+-")
            other = right if b.chance(0.6) else b.value(depth - 1, point.index)
            value = ir.Binary(op, left, other)
        if b.kind in FLOATS and b.chance(0.1):
            value = ast.quote("root(l * l + r * r)", root=b.function("sqrt"), l=left, r=right)
        statements += (ir.Assign(place, b.pick(("=", "=", "=", "+=")), value),)
    del b.locals[-len(made) :]
    return statements


def add_branch(b: Builder, point: IterationPoint, depth: int) -> Block:
    """Return an `if`, `if`/`else` or chain of three that writes an element of one new output
    array.
    """
    place = add_target(b, point)

    def write() -> Block:
        if b.chance(0.6):
            value = b.value(depth - 1, point.index)
        else:
            value = _signed(b) if b.chance(0.6) else b.number(zero=True)
        return (ir.Assign(place, "=", value),)

    draw, test = b.rng.random(), b.condition(point.index)
    if draw < 0.35:
        return (ir.If(test, write() if b.chance(0.8) else add_assignment(b, point, depth - 1)),)
    if draw < 0.82:
        return (ir.If(test, write(), write()),)
    first = write() if draw < 0.92 else ()
    inner = ir.If(b.condition(point.index), write(), write())
    return (ir.If(test, first, (inner,)) if draw < 0.92 else ir.If(test, (inner,)),)


def add_switch(b: Builder, point: IterationPoint, depth: int) -> Block:
    """Return an `if` on a new scalar parameter, 0 or 1, which is the same in all iterations. It
    writes an element of a new output array.
    """
    words = ("forward", "training", "mode", "use_bias", "inverse", "decay_on")
    mode = b.size(words, (0, 1), b.pick(("i32", "i32", "i32", "i16")))
    place = add_target(b, point)
    test = b.pick((mode, mode, ir.Unary("!", mode), ast.compare(mode, "==", ast.ONE)))
    yes = ir.Assign(place, b.pick(("=", "=", "+=")), b.value(depth - 1, point.index))
    no = (ir.Assign(place, "=", b.value(depth - 1, point.index)),) if b.chance(0.6) else ()
    return (ir.If(test, (yes,), no),)


def add_skip(b: Builder, point: IterationPoint, depth: int) -> Block:
    """Return statements with an early `continue`, sometimes after a first write, that write
    elements of new output arrays.
    """
    first = (ir.Assign(make_output_place(b, point), "=", _signed(b)),) if b.chance(0.3) else ()
    leave = ir.If(b.condition(point.index), (ir.Jump("continue"),))
    return (*first, leave, *(add_via_local if b.chance(0.3) else add_assignment)(b, point, depth))


def add_clamp(b: Builder, point: IterationPoint, depth: int) -> Block:
    """Return statements that keep a value between two bounds, by ifs, conditionals or min and max,
    or take its absolute value or sign, and store it in a new output array.
    """
    place = add_target(b, point)
    low, high = (b.number(zero=True), b.number()) if b.chance(0.6) else (b.scalar(), b.scalar())
    value = b.value(min(depth, 1), point.index)
    draw, text = b.rng.random(), "T v = value;"
    given = {"v": b.local(), "value": value, "place": place}
    if draw < 0.35:
        text += "if (v < low) v = low; else " if b.chance(0.6) else "if (v < low) v = low; "
        text += "if (v > high) v = high; place = v;"
    elif draw < 0.6:
        text += f"place = {'PAREN(v > high)' if b.chance(0.5) else 'v > high'} ? v : low;"
    elif draw < 0.75 and b.kind in FLOATS:
        given |= {"min": b.function("fmin"), "max": b.function("fmax")}
        low, high = (ast.cast(b.kind, v) if b._kind_of(v) != b.kind else v for v in (low, high))
        text += "place = min(high, max(low, v));"
    elif b.chance(0.4):
        text += "place = PAREN(0 < v) - PAREN(v < 0);"
    else:
        text += "place = v < 0 ? -v : v;"
    return b.code(text, low=low, high=high, **given)


_FLAGS = ("1 : 0", "1 : -1", "0 : 1", "i : -1", "255 : 0")


def add_flag(b: Builder, point: IterationPoint, depth: int) -> Block:
    """Return statements that store the result of a random comparison as an integer in a new output
    array.
    """
    place = make_output_place(b, point, "i32", "constant(-3)")
    test, draw = b.condition(point.index), b.rng.random()
    if draw < 0.3:
        return (ir.Assign(place, "=", ast.paren(test) if b.chance(0.5) else test),)
    values = b.pick(_FLAGS)
    text = "if (test) place = {}; else place = {};".format(*values.split(" : "))
    if draw < 0.65:
        text = f"place = {'PAREN(test)' if b.chance(0.5) else 'test'} ? {values};"
    return b.code(text, place=place, test=test, i=point.index)


def add_tuple(b: Builder, point: IterationPoint, depth: int) -> Block:
    """Return statements that write a record of a few numbers per iteration, `out[i * 4 + k]`,
    unrolled or in a small loop, from a new input array to a new output array.
    """
    count = b.pick((2, 2, 3, 4, 4))
    i, n = point.variables[0], point.extents[0]
    base = ast.mul(i, count) if b.chance(0.7) else ast.mul(count, i)
    source, result = b.array((ast.mul(n, count),)), b.output((ast.mul(n, count),))
    factor = b.leaf() if b.chance(0.7) else None

    def write(place: ir.Expression) -> ir.Assign:
        value: ir.Expression = ast.at(source, (place,))
        if factor is not None:
            value = ir.Binary(b.pick("*+-"), value, factor)
        return ir.Assign(ast.at(result, (place,)), "=", value)

    if b.chance(0.35):
        inner = ir.Name(b.name(names.INNER, "i32"))
        body = (write(ast.add(base, inner)),)
        return b.code("for (int k = 0; k < count; k++) { body; }", k=inner, count=count, body=body)
    zero = b.chance(0.4)
    return tuple(write(base if c == 0 and not zero else ast.add(base, c)) for c in range(count))


def add_swap(b: Builder, point: IterationPoint, depth: int) -> Block:
    """Return statements that exchange the elements of two new arrays."""
    first, second = make_output_place(b, point), make_output_place(b, point)
    return b.code("T t = x; x = y; y = t;", t=b.local(), x=first, y=second)


def add_iteration(b: Builder, point: IterationPoint, depth: int) -> Block:
    """Return a `while` or `do while` on a local with at most 5 to 16 turns, counted in another, and
    the store of one of the two in a new output array.
    """
    word, count = b.local(), b.name(("count", "steps", "iter", "n_it", "tries"), "i32")
    given = {"v": word, "k": count, "start": b.read(), "most": b.pick((5, 8, 10, 16))}
    step, test = "v /= 2; k += 1;", "v > 0 && k < most"
    if b.kind in FLOATS:
        given["limit"] = b.number()
        step, test = "v = v * 0.5 + start; k += 1;", "k < most && v < limit"
    loop = f"do {{ {step} }} while ({test});" if b.chance(0.4) else f"while ({test}) {{ {step} }}"
    out = make_output_place(b, point, "i32") if b.chance(0.5) else make_output_place(b, point)
    given |= {"out": out, "result": count if b.types[out.base.id] == "i32" else word}
    return b.code(f"T v = start; int k = 0; {loop} out = result;", **given)


def add_update(b: Builder, point: IterationPoint, depth: int) -> Block:
    """Return statements of an optimizer-like step: a moment and a weight, elements of two new
    arrays, are updated in place from a gradient that is read.
    """
    given = {"g": b.read(), "m": make_output_place(b, point), "w": make_output_place(b, point)}
    given |= {"rate": b.scalar(), "decay": b.scalar()}
    one = "1" if b.chance(0.5) else "1.0"
    change = "rate * m"
    if b.kind in FLOATS and b.chance(0.5):
        given |= {"root": b.function("sqrt"), "few": b.number()}
        change = "rate * m / PAREN(root(g * g) + few)"
    op = b.pick(("-=", "+="))
    return b.code(f"m = decay * m + PAREN({one} - decay) * g; w {op} {change};", **given)


_MENU = (
    *(add_assignment,) * 9, *(add_via_local,) * 5, *(add_branch,) * 4, add_clamp, add_clamp,
    add_switch, add_skip, add_flag, add_flag, add_iteration, add_swap, add_update,
)  # fmt: skip


def make_body(b: Builder, point: IterationPoint, count: int, depth: int) -> Block:
    """Return the statements of `count` random effects, one after the other, such as assignments,
    branches and small loops. They write only elements of this iteration.
    """
    line = len(point.variables) == 1 and point.flat is None and point.margin == 0
    menu = (*_MENU, add_tuple, add_tuple) if line else _MENU
    statements: Block = ()
    for position in range(count):
        effect = b.pick(menu)
        if effect is add_skip and position < count - 1:
            effect = add_assignment
        statements += effect(b, point, depth)
    return statements
