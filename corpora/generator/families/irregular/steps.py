"""Loops whose variable the body moves too, or that test a counter instead of their variable, and
their parallel twins.

Contract: sequential: where an iteration is depends on those before. What moves only grows, by at
least one a step, and no more is touched than was tested, so that each ends inside its arrays. The
twin works the position out from its own index.

    python -c "from corpora.generator import generate; \\
        print(next(c for c in generate(3000, 5, 'broad') if ' i++;' in c.programs['cpp'].text))"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Nest, Parameter
from corpora.generator.families.irregular.spans import Span

_COUNTS = tuple(
    "count k cnt done filled taken num_done p0 used_n c0 w0 pos seen_n hits moved at".split()
)
_LENGTHS = tuple("len_of skip run gap size_of width_of jump lens steps_in advance".split())


def _without_jumps(lines: tuple) -> tuple:
    """The statements, or none where one of them would leave the iteration."""
    return () if any(type(s) is ast.Jump for s in ast.walk_statements(lines)) else lines


def _stores(s: Span, position: tuple | None = None, many: int = 0) -> tuple:
    """One or two stores at `i` of what is read there or at another position."""
    b = s.b
    made: tuple = ()
    for _ in range(b.pick((1, 1, 2))):
        sources = s.only_read() or (s.source(),)
        place = b.pick(tuple(sources))
        value: tuple = (
            place
            if b.chance(0.5)
            else ast.Binary(b.pick("+-*"), place, b.number(b.types[place.array]))
        )
        kind = b.types[place.array]
        if position is not None and b.chance(0.75):
            whole = ast.add(s.n, many) if many else s.n
            kind, value = b.kind, ast.At(b.array((whole,)), (position,))
            value = value if b.chance(0.6) else ast.Binary(b.pick("+-*"), value, b.number())
        elif b.chance(0.15):
            kind, value = "i32", s.i
        made += (ast.Assign(ast.At(s.target(kind), (s.i,)), b.pick(("=", "=", "=", "+=")), value),)
    return made


def skipped(b: Builder) -> Nest:
    """Draw a nest whose body moves the loop's variable on, always or under a test. b: the builder
    that makes its parts.
    """
    s = Span(b)
    s.may_fall = False
    others = s.others((0, 0, 1, 1))
    if not s.sequential:
        return _own_position(s, others)
    draw = b.rng.random()
    if draw < 0.25:
        amount: tuple = (
            ast.ONE
            if b.chance(0.3)
            else ast.integer(b.pick((2, 3)))
            if b.chance(0.5)
            else b.size(("step", "skip", "stride", "jump", "gap"), (1, 2, 3))
        )
        move: tuple = (ast.Assign(s.i, "+=", amount),)
    elif draw < 0.45:
        move = (
            ast.Assign(
                s.i, "+=", ast.At(b.array((s.n,), "i32", "integers(0,3)", _LENGTHS), (s.i,))
            ),
        )
    else:
        move = (
            ast.If(
                s.test(),
                (ast.Assign(s.i, "+=", ast.ONE if b.chance(0.7) else ast.integer(b.pick((2, 3)))),),
            ),
        )
    stores = _stores(s)
    if b.chance(0.3):  # moved first, then tested again
        stop: tuple = ast.sub(s.n, 1) if s.shorter else s.n
        left = ast.If(
            ast.compare(s.i, ">=", stop), (ast.Jump(b.pick(("break", "break", "return"))),)
        )
        lines = (*move, left, *others, *stores)
    elif type(move[0]) is ast.If and b.chance(0.3):
        lines = (*others, move[0]._replace(then=(*stores, *move[0].then)))
    else:
        lines = (*others, *stores, *move)
    nest = s.nest(lines)
    nest.c_only = True
    return nest


def _own_position(s: Span, others: tuple) -> Nest:
    """`int k = i; if (…) k++; out[i] = x[k];`"""
    b = s.b
    k = ast.Name(b.name(_COUNTS, s.kind))
    step = b.pick((1, 1, 2, 3))
    if b.chance(0.3):
        many: tuple = ast.At(b.array((s.n,), "i32", "integers(0,3)", _LENGTHS), (s.i,))
        step, move = 3, ast.Assign(k, "+=", many)
        if b.chance(0.6):
            move = ast.If(s.test(), (ast.Assign(k, "+=", ast.integer(step)),))
    else:
        move = ast.If(s.test(), (ast.Assign(k, "+=", ast.integer(step)),))
    return s.nest(
        (*_without_jumps(others), ast.Declare(s.kind, k.id, s.i), move, *_stores(s, k, step))
    )


def counted(b: Builder) -> Nest:
    """Draw a nest whose loop tests a counter that iterations raise; or, in parallel, a count that
    follows from the index. b: the builder that makes its parts.
    """
    s = Span(b)
    s.may_fall = False
    others = _without_jumps(s.others((0, 0, 1, 1)))
    k = ast.Name(b.name(_COUNTS, s.kind))
    stores = _stores(s, k)
    if not s.sequential:
        factor = b.pick((2, 2, 3))
        lines = (
            ast.Declare(s.kind, k.id, ast.mul(s.i, factor)),
            ast.If(ast.compare(k, "<", s.n), stores),
        )
        return s.nest((*others, *lines))
    draw = b.rng.random()
    if draw < 0.35:
        rise: tuple = (ast.Assign(k, "+=", ast.integer(b.pick((1, 2, 2, 3)))),)
    elif draw < 0.8:
        more, one = ast.Assign(k, "+=", ast.integer(b.pick((2, 3)))), ast.Assign(k, "+=", ast.ONE)
        rise = (
            (ast.If(s.test(), (more,), (one,)),)
            if b.chance(0.6)
            else (
                one,
                ast.If(s.test(), (ast.Assign(k, "+=", ast.ONE if b.chance(0.6) else ast.TWO),)),
            )
        )
    else:
        lengths = b.array((s.n,), "i32", "integers(1,3)", _LENGTHS)
        rise = (ast.Assign(k, "+=", ast.At(lengths, (s.i,))),)
    stop: tuple = ast.sub(s.n, 1) if s.shorter else s.n
    if b.chance(0.3):
        word = b.name(("limit", "most", "want", "budget", "max_count"), s.kind)
        b.parameters.append(Parameter(word, "scalar", s.kind, values=(0, 2, 4, 7)))
        test = ast.conjunction(ast.compare(k, "<", ast.Name(word)), ast.compare(k, "<", stop))
        if b.chance(0.5):
            test = ast.conjunction(test.left, ast.compare(s.i, "<", stop))
            stores = _at_index(s, stores, k)
    else:
        test = ast.compare(k, "<", stop)
    nest = s.nest((*others, *stores, *rise), (ast.Declare(s.kind, k.id, ast.ZERO),), shown=test)
    nest.c_only = True
    return nest


def _at_index(s: Span, stores: tuple, k: ast.Name) -> tuple:
    """The stores with the loop's own index where the counter stood, which may lie beyond
    the end.
    """

    def change(value: tuple) -> tuple:
        if type(value) is ast.Binary:
            return value._replace(left=change(value.left))
        return (
            value._replace(subscripts=(s.i,))
            if type(value) is ast.At and value.subscripts == (k,)
            else value
        )

    return tuple(x._replace(value=change(x.value)) for x in stores)


MENU = ((skipped, 11), (counted, 7))
