"""Steps of a free body that take several statements: neighbours, bytes, inner loops, written-out
repetitions, record sets.

Contract: each takes the body in the making (`free_body.Body`: what the iteration may read and
write), which gets new locals and arrays. It returns statements whose locals are set before they are
read.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(99, 2) if 'unsigned char)' in c.programs['cpp'].text][0])"
"""

from __future__ import annotations

from collections.abc import Callable

from corpora import ir
from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS
from corpora.generator.families.free_body import FEW, Body


def neighbour(body: Body) -> tuple:
    """Return statements that read a neighbouring array element into a new local, tested at the
    edge: `x > 0 ? a[...] : 0`. Where this does not fit, they declare another local.
    """
    b = body.b
    if len(body.sides) > 3 or b.kind not in FLOATS and b.chance(0.5):
        return body.declare()
    array = b.array(body.sides)
    k = b.rng.randrange(len(body.sides))
    v, n = body.variables[k], body.sides[k]
    up = b.chance(0.5)
    moved = list(body.variables)
    moved[k] = ast.add(v, 1) if up else ast.sub(v, 1)
    test = ast.quote(b.pick(("v + 1 < n", "v < n - 1")) if up else "v > 0", v=v, n=n)
    there, here = ast.at(array, tuple(moved)), ast.at(array, body.variables)
    name = ir.Name(b.local())
    draw = b.rng.random()
    yes = there if draw < 0.5 else ast.paren(ast.sub(there, here))
    no = here if draw < 0.2 else b.number(zero=True)
    b.locals.append(name)
    if b.chance(0.5):
        change = ir.If(test, (ir.Assign(name, b.pick(("=", "+=")), yes),))
        return (ast.declare(b.kind, name.id, no), change)
    test = ast.paren(test) if b.chance(0.6) else test
    return (ast.declare(b.kind, name.id, ast.guarded(test, yes, no)),)


def to_byte(body: Body) -> tuple:
    """Return statements that clamp a value to [0, 255] and store it as a byte in a new array, or
    another store where the main type is whole.
    """
    b = body.b
    if b.kind not in FLOATS or not body.inputs:
        return body.store()
    given = {"x": ast.at(b.array(body.sides), body.variables), "v": b.local(), "f": b.number()}
    given["high"] = b._same(ast.integer(255)) if b.chance(0.5) else 255
    given |= {"low": b.number(zero=True), "zero": b.number(zero=True)}
    mark = "else" if b.chance(0.5) else ""
    text = f"T v = x * f; if (v < low) v = zero; {mark} if (v > high) v = high;"
    place = ast.at(b.output(body.sides, "u8"), body.variables)
    stored = ir.Assign(place, "=", ast.cast("u8", ir.Name(given["v"])))
    return (*b.code(text, **given), stored)


def inner_loop(body: Body) -> tuple:
    """Return a sequential loop that sums into a new local, with the local's declaration before it,
    or that writes a row of this iteration.
    """
    b = body.b
    kind = "i32" if b.chance(0.95) else b.pick(("u32", "i64"))
    j = ir.Name(b.name(names.INNER, kind))
    if b.chance(0.7):
        count = b.size(names.DEPTHS + names.COUNTS, FEW)
    else:
        count = ast.integer(b.pick((2, 3, 4, 5, 8, 10, 16, 25)))
    places = _inner_places(body, j, count)
    kept = (list(b.reads), list(b.locals), list(body.flags), list(body.own), body.depth)
    body.depth += 1
    word = ir.Name(b.local(b.kind, names.SUMS))
    b.reads = places + b.reads[-2:]
    statements: tuple = body.declare() if b.chance(0.3) else ()
    summed = b.chance(0.75)
    if summed:
        if len(places) > 1 and b.chance(0.4):
            term: ir.Expression = ast.mul(*places[:2])
        else:
            term = b.value(b.pick((0, 1, 1, 2)), j)
        step: tuple = (ir.Assign(word, b.pick(("+=", "+=", "+=", "-=")), term),)
        if b.chance(0.25):
            step = (ir.If(b.condition(j), step),)
        statements += step
    else:
        inner_first = b.chance(0.6)
        whole = (*body.sides, count) if inner_first else (count, *body.sides)
        at = (*body.variables, j) if inner_first else (j, *body.variables)
        place, op = ast.at(b.output(whole), at), b.pick(("=", "=", "=", "+=", "-="))
        statements += (ir.Assign(place, op, b.value(b.pick((0, 1, 2)), j)),)
    b.reads, b.locals, body.flags, body.own, body.depth = kept
    if b.chance(0.18):
        test = ast.compare(j, "==", body.variables[0]) if b.chance(0.3) else b.condition(j)
        statements = (ir.If(test, (ir.Jump("continue"),)), *statements)
    draw = b.rng.random()
    loop = ast.loop(j.id, ast.ONE if draw < 0.08 else ast.ZERO, "<", count, statements, 1, kind)
    if draw > 0.94 and kind == "i32":
        loop = ast.loop(j.id, ast.sub(count, 1), ">=", ast.ZERO, statements, -1)
    if not summed:
        return (loop,)
    b.locals.append(word)
    return (ast.declare(b.kind, word.id, b.number(zero=True)), loop)


def _inner_places(body: Body, j: ir.Name, count: ir.Expression) -> list[ir.Access]:
    b, found = body.b, []
    for _ in range(b.pick((1, 1, 2, 2, 3))):
        draw = b.rng.random()
        if body.flat is not None and draw < 0.6:
            area = ast.product(list(body.sides))
            if body.plane is not None and len(body.sides) == 2:
                area = body.plane
            term = ast.mul(j, ast.paren(area) if type(area) is ir.Binary else area)
            array = b.array((ast.product([count, *body.sides]),))
            parts = (term, body.flat) if b.chance(0.6) else (body.flat, term)
            found.append(ast.at(array, (ast.add(*parts),)))
        elif draw < 0.45:
            found.append(ast.at(b.array((*body.sides, count)), (*body.variables, j)))
        elif draw < 0.75:
            found.append(ast.at(b.array((count, *body.sides)), (j, *body.variables)))
        else:
            found.append(ast.at(b.array((count,)), (j,)))
    return found


def repeated(body: Body) -> tuple:
    """Return one step that sums into a new local, written two to six times with other constants,
    arrays or operators.
    """
    b = body.b
    word = ir.Name(b.local(b.kind, names.SUMS))
    arrays = [b.array(body.sides) for _ in range(b.pick((1, 2, 2)))]
    first = ast.declare(b.kind, word.id, b.number(zero=True))
    part = b.local()
    makes: tuple[Callable[..., tuple], ...] = (_weighted, _tested, _staged)
    make = b.pick(makes)
    steps: tuple = ()
    for _ in range(b.pick((2, 3, 3, 4, 5, 6))):
        place = ast.at(b.pick(tuple(arrays)), body.variables)
        steps += make(body, {"s": word, "p": part, "x": place})
    b.locals.append(word)
    declared = (first, ast.declare(b.kind, part)) if make == _staged else (first,)
    return declared + steps


def _weighted(body: Body, given: dict) -> tuple:
    b, op = body.b, body.b.pick(("+=", "+=", "-="))
    return b.code(f"s {op} x * w;", w=b.number() if b.chance(0.6) else b.leaf(), **given)


def _tested(body: Body, given: dict) -> tuple:
    b, weight, test = body.b, body.b.leaf(), body.condition()
    other = "else s += x;" if b.chance(0.6) else ""
    return b.code(f"if (test) s += x * w; {other}", w=weight, test=test, **given)


def _staged(body: Body, given: dict) -> tuple:
    b = body.b
    if b.chance(0.4):
        value = "PAREN(p * p)"
    else:
        value, given["w"] = "p * w", b.leaf()
    if not b.chance(0.5):
        given["x"] = body.value()
    return b.code(f"p = x; s += {value};", **given)


def walk(body: Body) -> tuple:
    """Return statements that repeat a step, which sums into a new local, and advance a position in
    an array between the repetitions. Inside of several loops it is what `repeated` returns.
    """
    b = body.b
    if len(body.sides) > 1:
        return repeated(body)
    (i,), (n,) = body.variables, body.sides
    count, turns = b.pick((1, 2, 2, 4)), b.pick((2, 3, 4, 5))
    if b.chance(0.6):
        leap = ast.integer(b.pick((1, 2, 4, 16, 32, 64)))
    else:
        leap = b.size(names.COUNTS, FEW)
    given = {"x": b.array((ast.add(ast.mul(n, count), ast.mul(leap, turns)),)), "leap": leap}
    given |= {"at": b.name(names.FLATS, "i32"), "s": b.local(b.kind, names.SUMS), "p": b.local()}
    given |= {"begin": ast.mul(i, count) if count > 1 else i, "w": b.leaf()}
    term = b.pick(("p * p", "PAREN(p * p)", "p", "p * w"))
    staged = b.chance(0.6)
    step = f"p = x[at]; s += {term};" if staged else "s += x[at];"
    given["zero"] = b.number(zero=True)
    text = f"int at = begin; T s = zero; {'T p;' if staged else ''} {step}"
    b.locals.append(ir.Name(given["s"]))
    return b.code(text + f"at += leap; {step}" * turns, **given)


def held(body: Body) -> tuple:
    """Return a tuple of one statement, which stores a value clamped between two bounds, as
    `min(high, max(low, v))` or the like, or another store where the main type is whole.
    """
    b = body.b
    if b.kind not in FLOATS:
        return body.store()
    make = b.scalar if b.chance(0.5) else lambda: b._same(b.number())
    low, high = make(), make()
    value = b.pick(tuple(body.inputs))
    value = value if b._kind_of(value) == b.kind else ast.cast(b.kind, value)
    fns = b.pick(((b.function("fmin"), b.function("fmax")), ("min", "max")))
    inner = ast.call(fns[1], (low, value) if b.chance(0.5) else (value, low))
    place = body.target()
    outer = ast.call(fns[0], (high, inner) if b.chance(0.5) else (inner, high))
    return (ir.Assign(place, "=", outer),)


def blocks(body: Body) -> tuple:
    """Return statements that write up to five elements of this iteration, mostly one of two ways by
    a random test.
    """
    b = body.b
    places = list(dict.fromkeys(body.target() for _ in range(b.pick((2, 3, 4, 5)))))
    stores = [(p, b.leaf()) for p in places]
    yes = tuple(ir.Assign(p, "=", b.number() if value == p else value) for p, value in stores)
    blank = b.number(zero=True) if b.chance(0.6) else ir.Unary("-", b.number())
    no = tuple(ir.Assign(p, "=", blank) for p in places)
    draw = b.rng.random()
    if draw < 0.35:
        return yes
    if draw < 0.9:
        return (ir.If(body.condition(), yes, no if draw < 0.8 else ()),)
    return (ir.If(body.condition(), no, yes),)
