"""Steps of a free body that take several statements: neighbours, bytes, inner loops, written-out
repetitions, record sets.

Contract: each takes the body in the making and returns statements whose locals are set before they
are read; see `free_body.Body`.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(99, 2) if 'unsigned char)' in c.programs['cpp'].text][0])"
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from corpora import ir
from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS
from corpora.generator.families.free_body import FEW, Body


def neighbour(body: Body) -> tuple:
    """Return statements that read a neighbour, tested at the edge: `x > 0 ? a[...] : 0`."""
    b = body.b
    if len(body.sides) > 3 or b.kind not in FLOATS and b.chance(0.5):
        return body.declare()
    array = b.array(body.sides)
    k = b.rng.randrange(len(body.sides))
    v, n = body.variables[k], body.sides[k]
    up = b.chance(0.5)
    moved = list(body.variables)
    moved[k] = ast.add(v, 1) if up else ast.sub(v, 1)
    test = (
        b.pick((ast.compare(ast.add(v, 1), "<", n), ast.compare(v, "<", ast.sub(n, 1))))
        if up
        else ast.compare(v, ">", ast.ZERO)
    )
    there, here = ast.at(array, tuple(moved)), ast.at(array, body.variables)
    word = b.local()
    name = ir.Name(word)
    draw = b.rng.random()
    yes = there if draw < 0.5 else ast.paren(ast.sub(there, here))
    no = here if draw < 0.2 else b.number(zero=True)
    b.locals.append(name)
    if b.chance(0.5):
        first = ast.declare(b.kind, word, no)
        return (first, ir.If(test, (ir.Assign(name, b.pick(("=", "+=")), yes),)))
    return (
        ast.declare(b.kind, word, ast.guarded(ast.paren(test) if b.chance(0.6) else test, yes, no)),
    )


def to_byte(body: Body) -> tuple:
    """Return statements that clamp a value to [0, 255] and store it as a byte."""
    b = body.b
    if b.kind not in FLOATS or not body.inputs:
        return body.store()
    source = ast.at(b.array(body.sides), body.variables)
    word = ir.Name(b.local())
    made = ast.declare(b.kind, word.id, ast.mul(source, b.number()))
    high = b._same(ir.Literal("255", "i32")) if b.chance(0.5) else ir.Literal("255", "i32")
    low_if = ir.If(
        ast.compare(word, "<", b.number(zero=True)), (ir.Assign(word, "=", b.number(zero=True)),)
    )
    high_if = ir.If(ast.compare(word, ">", high), (ir.Assign(word, "=", high),))
    held = (replace(low_if, otherwise=(high_if,)),) if b.chance(0.5) else (low_if, high_if)
    result = b.array(body.sides, "u8")
    b.parameter(result).written = True
    return (made, *held, ir.Assign(ast.at(result, body.variables), "=", ast.cast("u8", word)))


def inner_loop(body: Body) -> tuple:
    """Return a sequential loop that sums into a local or writes a row of this iteration."""
    b = body.b
    kind = "i32" if b.chance(0.95) else b.pick(("u32", "i64"))
    j = ir.Name(b.name(names.INNER, kind))
    count = (
        b.size(names.DEPTHS + names.COUNTS, FEW)
        if b.chance(0.7)
        else ast.integer(b.pick((2, 3, 4, 5, 8, 10, 16, 25)))
    )
    places = _inner_places(body, j, count)
    kept = (list(b.reads), list(b.locals), list(body.flags), list(body.own), body.depth)
    body.depth += 1
    word = ir.Name(b.local(b.kind, names.SUMS))
    b.reads = places + b.reads[-2:]
    statements: tuple = ()
    if b.chance(0.3):
        statements += body.declare()
    summed = b.chance(0.75)
    if summed:
        term = (
            ast.mul(*places[:2])
            if len(places) > 1 and b.chance(0.4)
            else b.value(b.pick((0, 1, 1, 2)), j)
        )
        step: tuple = (ir.Assign(word, b.pick(("+=", "+=", "+=", "-=")), term),)
        if b.chance(0.25):
            step = (ir.If(b.condition(j), step),)
        statements += step
    else:
        statements += _row_store(body, j, count)
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


def _inner_places(body: Body, j: ir.Name, count: tuple) -> list[ir.Access]:
    b, found = body.b, []
    for _ in range(b.pick((1, 1, 2, 2, 3))):
        draw = b.rng.random()
        if body.flat is not None and draw < 0.6:
            area = (
                body.plane
                if body.plane is not None and len(body.sides) == 2
                else ast.product(list(body.sides))
            )
            term = ast.mul(j, ast.paren(area) if type(area) is ir.Binary else area)
            whole = ast.product([count, *body.sides])
            found.append(
                ast.at(
                    b.array((whole,)),
                    (ast.add(term, body.flat) if b.chance(0.6) else ast.add(body.flat, term),),
                )
            )
        elif draw < 0.45:
            found.append(ast.at(b.array((*body.sides, count)), (*body.variables, j)))
        elif draw < 0.75:
            found.append(ast.at(b.array((count, *body.sides)), (j, *body.variables)))
        else:
            found.append(ast.at(b.array((count,)), (j,)))
    return found


def _row_store(body: Body, j: ir.Name, count: tuple) -> tuple:
    b = body.b
    inner_first = b.chance(0.6)
    whole = (*body.sides, count) if inner_first else (count, *body.sides)
    word = b.array(whole)
    b.parameter(word).written = True
    place = ast.at(word, (*body.variables, j) if inner_first else (j, *body.variables))
    op = b.pick(("=", "=", "=", "+=", "-="))
    return (ir.Assign(place, op, b.value(b.pick((0, 1, 2)), j)),)


def repeated(body: Body) -> tuple:
    """Return one step written several times with other constants, arrays or operators."""
    b = body.b
    word = ir.Name(b.local(b.kind, names.SUMS))
    arrays = [b.array(body.sides) for _ in range(b.pick((1, 2, 2)))]
    first = ast.declare(b.kind, word.id, b.number(zero=True))
    part = ir.Name(b.local())
    makes: tuple[Callable[..., tuple], ...] = (_weighted, _tested, _staged)
    make = b.pick(makes)
    steps: tuple = ()
    for turn in range(b.pick((2, 3, 3, 4, 5, 6))):
        steps += make(body, turn, word, part, ast.at(b.pick(tuple(arrays)), body.variables))
    b.locals.append(word)
    declared = (first, ast.declare(b.kind, part.id)) if make == _staged else (first,)
    return declared + steps


def _weighted(body: Body, turn: int, word: ir.Name, part: ir.Name, place: ir.Access) -> tuple:
    b = body.b
    return (
        ir.Assign(
            word,
            b.pick(("+=", "+=", "-=")),
            ast.mul(place, b.number() if b.chance(0.6) else b.leaf()),
        ),
    )


def _tested(body: Body, turn: int, word: ir.Name, part: ir.Name, place: ir.Access) -> tuple:
    b = body.b
    change = ir.Assign(word, "+=", ast.mul(place, b.leaf()))
    return (
        ir.If(
            body.condition(), (change,), (ir.Assign(word, "+=", place),) if b.chance(0.6) else ()
        ),
    )


def _staged(body: Body, turn: int, word: ir.Name, part: ir.Name, place: ir.Access) -> tuple:
    b = body.b
    value = ast.paren(ast.mul(part, part)) if b.chance(0.4) else ast.mul(part, b.leaf())
    return (
        ir.Assign(part, "=", place if b.chance(0.5) else body.value()),
        ir.Assign(word, "+=", value),
    )


def walk(body: Body) -> tuple:
    """Return statements that move a position on between repeated steps."""
    b = body.b
    if len(body.sides) > 1:
        return repeated(body)
    (i,), (n,) = body.variables, body.sides
    count, turns = b.pick((1, 2, 2, 4)), b.pick((2, 3, 4, 5))
    leap = (
        ast.integer(b.pick((1, 2, 4, 16, 32, 64))) if b.chance(0.6) else b.size(names.COUNTS, FEW)
    )
    array = b.array((ast.add(ast.mul(n, count), ast.mul(leap, turns)),))
    at, word, part = (
        ir.Name(b.name(names.FLATS, "i32")),
        ir.Name(b.local(b.kind, names.SUMS)),
        ir.Name(b.local()),
    )
    place = ast.at(array, (at,))
    first = ast.mul(i, count) if count > 1 else i
    term: tuple = b.pick(
        (ast.mul(part, part), ast.paren(ast.mul(part, part)), part, ast.mul(part, b.leaf()))
    )
    step = (
        (ir.Assign(part, "=", place), ir.Assign(word, "+=", term))
        if b.chance(0.6)
        else (ir.Assign(word, "+=", place),)
    )
    made = (ast.declare("i32", at.id, first), ast.declare(b.kind, word.id, b.number(zero=True)))
    if len(step) > 1:
        made += (ast.declare(b.kind, part.id),)
    body = step
    for _ in range(turns):
        body += (ir.Assign(at, "+=", leap), *step)
    b.locals.append(word)
    return made + body


def held(body: Body) -> tuple:
    """Return a statement that stores `min(high, max(low, v))` or the like."""
    b = body.b
    if b.kind not in FLOATS:
        return body.store()
    low, high = (
        (b.scalar(), b.scalar()) if b.chance(0.5) else (b._same(b.number()), b._same(b.number()))
    )
    value = b.pick(tuple(body.inputs))
    value = value if b._kind_of(value) == b.kind else ast.cast(b.kind, value)
    fns = b.pick(((b.function("fmin"), b.function("fmax")), ("min", "max")))
    inner = ast.call(fns[1], (low, value) if b.chance(0.5) else (value, low))
    return (
        ir.Assign(
            body.target(), "=", ast.call(fns[0], (high, inner) if b.chance(0.5) else (inner, high))
        ),
    )


def blocks(body: Body) -> tuple:
    """Return statements that write several elements of this iteration, depending on a test."""
    b = body.b
    places = []
    for _ in range(b.pick((2, 3, 4, 5))):
        place = body.target()
        if place not in places:
            places.append(place)
    yes = tuple(ir.Assign(p, "=", b.leaf()) for p in places)
    yes = tuple(s if s.value != s.target else replace(s, value=b.number()) for s in yes)
    blank = b.number(zero=True) if b.chance(0.6) else ir.Unary("-", b.number())
    no = tuple(ir.Assign(p, "=", blank) for p in places)
    draw = b.rng.random()
    if draw < 0.35:
        return yes
    return (
        (ir.If(body.condition(), yes, no if draw < 0.8 else ()),)
        if draw < 0.9
        else (ir.If(body.condition(), no, yes),)
    )
