"""Sorts, reversals and rotations of a whole array in place, which one thread does.

Contract: index tests stand before what they guard (`j >= 0 && a[j] > key`); every loop ends on any
input without NaN, and on NaN too.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 14, 'broad')).programs['cuda'].text)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Nest
from corpora.generator.core.one_thread import (
    make_assignment,
    make_counters,
    make_descending_loop,
    make_element,
    make_length,
    make_local,
    make_loop,
    make_serial_nest,
    make_swap,
    make_written_array,
)

_FLAGS = ("swapped", "changed", "moved", "again", "done_any", "sorted_flag")
_PLACES = ("minIdx", "best", "pos", "m0", "lowest", "sel", "min_at", "where", "imin")


def _array(b: Builder, n: ast.Name) -> str:
    """What is sorted: any type."""
    if b.chance(0.25):
        b.kind = b.pick(("u32", "i64", "u8", "i16", "i32"))
    return make_written_array(b, (n,))


def _start(b: Builder) -> tuple[str, ast.Name, ast.Name, ast.Name, str]:
    n = make_length(b)
    i, j = make_counters(b, 2)
    return _array(b, n), n, i, j, b.pick((">", ">", "<"))


def _payload(b: Builder, n: ast.Name) -> str | None:
    """A second array that is moved along."""
    return (
        make_written_array(
            b,
            (n,),
            b.pick(("i32", "f32", "i32")),
            wanted=names.INDEX_ARRAYS + ("payload", "vals", "ranks"),
        )
        if b.chance(0.3)
        else None
    )


def insertion(b: Builder) -> Nest:
    """Draw a nest for an insertion sort. b: the builder that makes its parts."""
    a, n, i, j, op = _start(b)
    with_ = _payload(b, n)
    if b.chance(0.3):
        return make_serial_nest(make_loop(b, i, n, *_exchanging(b, a, j, i, op, with_), start=1))
    key, kept = make_local(
        b, make_element(a, i), ("key", "val", "cur", "x0", "temp", "item", "insert_val", "tmp")
    )
    held, kept2 = (
        make_local(b, make_element(with_, i), ("tag", "held", "id0", "other"), b.types[with_])
        if with_
        else (None, None)
    )
    below = b.chance(0.6)
    """j is the place before the gap, or the gap."""
    first, source, gap = (ast.sub(i, 1), j, ast.add(j, 1)) if below else (i, ast.sub(j, 1), j)
    inside = ast.compare(j, ">=", ast.ZERO) if below else ast.compare(j, ">", ast.ZERO)
    if below and b.chance(0.15):
        inside = ast.compare(j, ">", ast.integer(-1))
    test = (
        ast.compare(make_element(a, source), op, key)
        if b.chance(0.85)
        else ast.compare(key, "<" if op == ">" else ">", make_element(a, source))
    )
    moves = [make_assignment(make_element(a, gap), make_element(a, source))] + (
        [make_assignment(make_element(with_, gap), make_element(with_, source))] if with_ else []
    )
    step = make_assignment(j, 1, "-=") if b.chance(0.75) else make_assignment(j, ast.sub(j, 1))
    draw = b.rng.random()
    ends = [make_assignment(make_element(a, gap), key)] + (
        [make_assignment(make_element(with_, gap), held)] if with_ else []
    )
    begins = [kept] + ([kept2] if with_ else []) + [ast.Declare("i32", j.id, first)]
    if draw < 0.6:
        loop: tuple = ast.While(ast.conjunction(inside, test, guarded=True), (*moves, step))
    else:
        stop = ast.If(_opposite(test), (ast.Jump("break"),))
        loop = ast.While(inside, (stop, *moves, step))
    return make_serial_nest(make_loop(b, i, n, *begins, loop, *ends, start=1))


def _opposite(test: ast.Binary) -> tuple:
    return test._replace(op={">": "<=", "<": ">="}[test.op])


def _exchanging(b: Builder, a: str, j: ast.Name, i: tuple, op: str, with_: str | None) -> tuple:
    """From place i downwards, neighbours in the wrong order are exchanged."""
    test = ast.compare(make_element(a, ast.sub(j, 1)), op, make_element(a, j))
    exchange = make_swap(b, make_element(a, j), make_element(a, ast.sub(j, 1)))
    if with_:
        exchange += _swap_of(
            b, make_element(with_, j), make_element(with_, ast.sub(j, 1)), b.types[with_]
        )
    if b.chance(0.5):
        guard = ast.conjunction(ast.compare(j, ">", ast.ZERO), test, guarded=True)
        return ast.Declare("i32", j.id, i), ast.While(
            guard, (*exchange, make_assignment(j, 1, "-="))
        )
    if b.chance(0.5):
        return (make_descending_loop(b, j, i, ast.If(test, exchange), stop=1),)
    return (make_descending_loop(b, j, i, ast.If(test, exchange, (ast.Jump("break"),)), stop=1),)


def _swap_of(b: Builder, first: tuple, second: tuple, kind: str) -> tuple:
    hold, declared = make_local(b, first, kind=kind)
    return declared, make_assignment(first, second), make_assignment(second, hold)


def bubble(b: Builder) -> Nest:
    """Draw a nest that exchanges neighbours in passes. b: the builder that makes its parts."""
    a, n, i, j, op = _start(b)
    last, draw, with_ = ast.sub(n, 1), b.rng.random(), _payload(b, n)
    near = ast.add(j, 1) if b.chance(0.7) else ast.sub(j, 1)
    forwards = near.op == "+"
    test = (
        ast.compare(make_element(a, j), op, make_element(a, near))
        if forwards
        else ast.compare(make_element(a, near), op, make_element(a, j))
    )
    exchange = make_swap(b, make_element(a, j), make_element(a, near))
    if with_:
        exchange += _swap_of(b, make_element(with_, j), make_element(with_, near), b.types[with_])
    start = 0 if forwards else 1
    if draw < 0.5:
        shrink = b.chance(0.8)
        stop = ast.sub(ast.sub(n, i), 1) if forwards else ast.sub(n, i)
        if forwards and b.chance(0.4):
            stop = ast.sub(last, i)
        inner = make_loop(
            b, j, stop if shrink else last if forwards else n, ast.If(test, exchange), start=start
        )
        return make_serial_nest(make_loop(b, i, last if b.chance(0.7) or not shrink else n, inner))
    moved, begun = make_local(b, 1, _FLAGS, "i32")
    step = ast.If(test, (*exchange, make_assignment(moved, 1)))
    inner = make_loop(b, j, last if forwards else n, step, start=start)
    if draw < 0.7:
        return make_serial_nest(
            begun,
            ast.While(
                moved if b.chance(0.5) else ast.compare(moved, "!=", ast.ZERO),
                (make_assignment(moved, 0), inner),
            ),
        )
    if draw < 0.85:
        return make_serial_nest(
            begun._replace(value=None), ast.While(moved, (make_assignment(moved, 0), inner), True)
        )
    if b.chance(0.5):
        done = ast.If(ast.Unary("!", moved), (ast.Jump("break"),))
        return make_serial_nest(make_loop(b, i, last, begun._replace(value=ast.ZERO), inner, done))
    odd = make_element(a, ast.add(j, 1))
    exchange = make_swap(b, make_element(a, j), odd)
    return make_serial_nest(
        make_loop(
            b,
            i,
            n,
            make_loop(
                b,
                j,
                last,
                ast.If(ast.compare(make_element(a, j), op, odd), exchange),
                start=ast.Binary("%", i, ast.TWO),
                step=2,
            ),
        )
    )


def selection(b: Builder) -> Nest:
    """Draw a nest for a selection sort, sometimes of the first few places. b: the builder that
    makes its parts.
    """
    a, n, i, j, op = _start(b)
    op, with_ = {">": "<", "<": ">"}[op], _payload(b, n)
    if b.chance(0.35):
        exchange = make_swap(b, make_element(a, i), make_element(a, j))
        if with_:
            exchange += _swap_of(b, make_element(with_, i), make_element(with_, j), b.types[with_])
        inner = make_loop(
            b,
            j,
            n,
            ast.If(ast.compare(make_element(a, j), op, make_element(a, i)), exchange),
            start=ast.add(i, 1),
        )
        return make_serial_nest(make_loop(b, i, ast.sub(n, 1) if b.chance(0.7) else n, inner))
    where, begun = make_local(b, i, _PLACES, "i32")
    seek = make_loop(
        b,
        j,
        n,
        ast.If(
            ast.compare(make_element(a, j), op, make_element(a, where)),
            (make_assignment(where, j),),
        ),
        start=ast.add(i, 1),
    )
    exchange = make_swap(b, make_element(a, i), make_element(a, where))
    if with_:
        exchange += _swap_of(b, make_element(with_, i), make_element(with_, where), b.types[with_])
    if b.chance(0.4):
        exchange = (ast.If(ast.compare(where, "!=", i), exchange),)
    if b.chance(0.2):
        few = ast.integer(b.pick((2, 3, 5)))
        return make_serial_nest(
            make_loop(
                b,
                i,
                few,
                ast.If(ast.compare(i, ">=", n), (ast.Jump("break"),)),
                begun,
                seek,
                *exchange,
            )
        )
    return make_serial_nest(
        make_loop(b, i, ast.sub(n, 1) if b.chance(0.7) else n, begun, seek, *exchange)
    )


def by_index(b: Builder) -> Nest:
    """Draw a nest that sorts an index array and leaves the elements. b: the builder that makes its
    parts.
    """
    n = make_length(b)
    i, j = make_counters(b, 2)
    values, order, op = (
        b.array((n,)),
        make_written_array(b, (n,), "i32", "constant(0)", names.INDEX_ARRAYS),
        b.pick("<>"),
    )
    here, before = make_element(order, j), make_element(order, ast.sub(j, 1))
    test = ast.compare(make_element(values, before), op, make_element(values, here))
    exchange = _swap_of(b, here, before, "i32")
    fill = make_loop(b, i, n, make_assignment(make_element(order, i), i))
    if b.chance(0.5):
        guard = ast.conjunction(ast.compare(j, ">", ast.ZERO), test, guarded=True)
        return make_serial_nest(
            fill,
            make_loop(
                b,
                i,
                n,
                ast.Declare("i32", j.id, i),
                ast.While(guard, (*exchange, make_assignment(j, 1, "-="))),
                start=1,
            ),
        )
    first, second = make_element(order, i), make_element(order, j)
    exchange = _swap_of(b, first, second, "i32")
    inner = make_loop(
        b,
        j,
        n,
        ast.If(
            ast.compare(make_element(values, second), op, make_element(values, first)), exchange
        ),
        start=ast.add(i, 1),
    )
    return make_serial_nest(fill, make_loop(b, i, ast.sub(n, 1), inner))


def shell(b: Builder) -> Nest:
    """Draw a nest for an insertion sort over shrinking gaps. b: the builder that makes its
    parts.
    """
    a, n, i, j, op = _start(b)
    gap, begun = make_local(
        b, ast.Binary("/", n, ast.TWO), ("gap", "h0", "interval", "step", "d0"), "i32"
    )
    key, kept = make_local(b, make_element(a, i))
    guard = ast.conjunction(
        ast.compare(j, ">=", gap),
        ast.compare(make_element(a, ast.sub(j, gap)), op, key),
        guarded=True,
    )
    move = (
        make_assignment(make_element(a, j), make_element(a, ast.sub(j, gap))),
        make_assignment(j, gap, "-="),
    )
    inner = make_loop(
        b,
        i,
        n,
        kept,
        ast.Declare("i32", j.id, i),
        ast.While(guard, move),
        make_assignment(make_element(a, j), key),
        start=gap,
    )
    return make_serial_nest(
        begun, ast.While(ast.compare(gap, ">", ast.ZERO), (inner, make_assignment(gap, 2, "/=")))
    )


def reverse(b: Builder) -> Nest:
    """Draw a nest that reverses an array from both ends, or rotates it. b: the builder that makes
    its parts.
    """
    n = make_length(b)
    a = _array(b, n)
    if b.chance(0.5):
        low, first = make_local(b, 0, ("i", "lo", "left", "start0", "head"), "i32")
        high, second = make_local(b, ast.sub(n, 1), ("j", "hi", "right", "end0", "tail"), "i32")
        exchange = make_swap(b, make_element(a, low), make_element(a, high))
        test = ast.compare(low, "<", high)
        if b.chance(0.2):
            exchange = (
                ast.If(
                    ast.compare(make_element(a, low), b.pick("<>"), make_element(a, high)), exchange
                ),
            )
        return make_serial_nest(
            first,
            second,
            ast.While(
                test, (*exchange, make_assignment(low, 1, "+="), make_assignment(high, 1, "-="))
            ),
        )
    (i, k), last = make_counters(b, 2), ast.sub(n, 1)
    if b.chance(0.5):
        held, kept = make_local(b, make_element(a, 0))
        body: tuple = (
            kept,
            make_loop(
                b, i, last, make_assignment(make_element(a, i), make_element(a, ast.add(i, 1)))
            ),
            make_assignment(make_element(a, last), held),
        )
    else:
        held, kept = make_local(b, make_element(a, last))
        body = (
            kept,
            make_descending_loop(
                b,
                i,
                last,
                make_assignment(make_element(a, i), make_element(a, ast.sub(i, 1))),
                stop=1,
            ),
            make_assignment(make_element(a, 0), held),
        )
    if b.chance(0.6):
        turns = b.size(("turns", "times", "shift_n", "rot", "d"), (0, 1, 3))
        body = (make_loop(b, k, turns, *body),)
    return make_serial_nest(*body)


MENU = (
    (insertion, 4),
    (bubble, 4),
    (selection, 3),
    (by_index, 1),
    (shell, 1),
    (reverse, 3),
)
"""(family, weight) of each."""
