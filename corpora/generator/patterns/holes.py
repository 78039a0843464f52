"""What the holes of a pattern's text become: expressions and statements that a `Builder` draws.

Contract: a hole is a name or a call in capitals; HOLES and PLAIN_HOLES say what each draws from the
builder and its arguments, which are trees already.

    python -c "from corpora.generator.patterns.holes import HOLES; print(*HOLES)"
"""

from __future__ import annotations

from collections.abc import Callable

from corpora import ir
from corpora.generator.core import expressions as ast
from corpora.generator.core.builder import FLOATS, Builder

_LARGEST = {
    "f32": ir.Literal("3.4028235e38f", "f32"),
    "f64": ir.Literal("1.7976931348623157e308", "f64"),
    "i32": ir.Literal("2147483647", "i32"),
}
_HELD = tuple("tmp temp t key val v cur hold saved x0 tmp_val swap_t".split())
_FRACTIONS = ("0.5", "0.9", "0.25", "0.1", "0.99", "0.75", "0.8", "0.05", ".5")


def make_likely_test(b: Builder, place: ir.Expression) -> ir.Expression:
    """Return a test of the array element `place` that some elements of every larger test array
    meet. b: draws the comparison.
    """
    draw, zero = b.rng.random(), b.number(zero=True)
    if draw < 0.15:
        if b.types[place.base.id] == "i32" and b.chance(0.6):
            return place
        return ir.Binary("!=", place, zero)
    limit = zero
    if draw >= 0.5:
        limit = ast.ONE if draw < 0.7 or b.kind not in FLOATS else make_fraction(b)
    return ir.Binary(
        b.pick((">", ">", ">=", "<") if b.kind[0] != "u" else (">", ">=")), place, limit
    )


def make_extreme(b: Builder, op: str, left: tuple, right: tuple) -> tuple:
    """Return the larger (op `>`) or smaller (op `<`) of the expressions `left` and `right` of the
    main type, as a call or a conditional. b: draws which.
    """
    if b.chance(0.5):
        word = "max" if op == ">" else "min"
        if b.kind in FLOATS and b.chance(0.6):
            return ast.call(b.function("f" + word), (left, right))
        if b._kind_of(left) == b._kind_of(right):
            return ast.call(word, (left, right))
    test = ast.compare(left, op, right)
    return ir.Conditional(ast.paren(test) if b.chance(0.5) else test, left, right)


def make_fraction(
    b: Builder, most: tuple[str, ...] = ("0.5", "0.25", "0.1", "0.3", "0.2", "0.125", "0.05")
) -> ir.Literal:
    """Return a constant below one, written as one of the texts `most`, in the main floating-point
    type or, as often in single precision, double. b: draws it and knows the type.
    """
    return make_constant(b, b.pick(most))


def make_constant(b: Builder, text: str) -> ir.Literal:
    """Return the floating-point number `text` as a constant, written as this program writes those
    of its main type: `1e-7f`, or the double `1e-7`. b: knows the type.
    """
    single = b.suffix and b.kind == "f32"
    return ir.Literal(text + "f", "f32") if single else ir.Literal(text, "f64")


def make_swap(b: Builder, first: ir.Expression, second: ir.Expression) -> tuple:
    """Return three statements that exchange two places, variables or array elements, by way of a
    new local. b: gets the local.
    """
    return b.code("T t = x; x = y; y = t;", t=b.name(_HELD, b.kind), x=first, y=second)


def draw_value(b: Builder, *places: tuple) -> tuple:
    """Return a random expression of the places, of one operation or two, or an array element among
    them.

    places: variables and array elements. b: draws; its `reads` and `locals` become these places.
    """
    b.reads = [p for p in places if type(p) is ir.Access] or list(places)
    b.locals = [p for p in places if type(p) is ir.Name]
    return b.read() if b.chance(0.35) else b.value(b.pick((1, 1, 2)))


def draw_term(b: Builder, *places: tuple) -> tuple:
    """Return a random expression of one operation or two, or an array element, in which at least
    one of `places`, variables and array elements, occurs.

    b: draws; its `reads` and `locals` become these places.
    """
    made = draw_value(b, *places)
    return made if any(node in places for node in ast.walk(made)) else b.read()


def draw_test(b: Builder, *places: tuple) -> tuple:
    """Return a random test of `places`, variables and array elements, that data may well meet:
    mostly none that one floating-point number equals another.

    b: draws; its `reads` become these places, its `locals` none.
    """
    b.reads, b.locals = [p for p in places if type(p) is ir.Access] or list(places), []
    for _ in range(4):
        made = b.condition()
        equal = (n for n in ast.walk(made) if type(n) is ir.Binary and n.op == "==")
        if not any(b._kind_of(n.left) in FLOATS for n in equal):
            break
    return made


_WHOLE_STEPS = ("x - s", "PAREN(total) % most", "s / 2 + x", "s ^ PAREN(x)", "s {} x ? s : x")
_REAL_STEPS = (
    "a * s + PAREN(one - a) * x", "x - s", "a * s + x", "s * a + x", "x - a * s",
    "s + a * PAREN(x - s)", "PAREN(total) * a", "PAREN(total) / 2",
)  # fmt: skip


def draw_next(b: Builder, last: ir.Expression, term: ir.Expression) -> ir.Expression:
    """Return an expression for the next value of a recurrence, from `last`, the one before, and
    `term`, what is read now. Integers stay small. b: draws it.
    """
    total = ast.add(last, term) if b.chance(0.7) else ast.add(term, last)
    given = {"s": last, "x": term, "total": total}
    if b.kind not in FLOATS:
        given["most"], op = b.pick((7, 10, 16, 97, 100, 1000, 255)), b.pick("<>")
        return total if b.chance(0.4) else ast.quote(b.pick(_WHOLE_STEPS).format(op), **given)
    given["a"] = rate = make_fraction(b, _FRACTIONS) if b.chance(0.6) else b.scalar()
    given["one"] = ast.ONE if b.chance(0.5) else make_constant(b, "1.0")
    if type(rate) is ir.Name:
        b.parameter(rate.id).values = (0.5, 0.25, 0.9, 0.75, 1.0)
    return total if b.chance(0.3) else ast.quote(b.pick(_REAL_STEPS), **given)


def draw_scalar(b: Builder) -> tuple:
    """Return a scalar parameter of the function, as a name: one that `b`, its builder, has already,
    or a new one.
    """
    return b.pick(tuple(b.scalars)) if b.scalars and b.chance(0.6) else b.scalar()


def draw_fraction(b: Builder) -> tuple:
    """Return a random floating-point constant below one, in the main type or double. b: draws it
    and knows the type.
    """
    return make_fraction(b, _FRACTIONS)


HOLES: dict[str, Callable[..., tuple]] = {
    "VALUE": draw_value,
    "TERM": draw_term,
    "TEST": draw_test,
    "LIKELY": make_likely_test,
    "JOIN": draw_next,
    "MAX": lambda b, left, right: make_extreme(b, ">", left, right),
    "MIN": lambda b, left, right: make_extreme(b, "<", left, right),
}
PLAIN_HOLES: dict[str, Callable[[Builder], tuple]] = {
    "NUM": lambda b: b.number(),
    "ZERO": lambda b: b.number(zero=True),
    "FRAC": draw_fraction,
    "S": draw_scalar,
    "HUGE": lambda b: _LARGEST[b.kind],
}
STATEMENT_HOLES: dict[str, Callable[..., tuple]] = {"SWAP": make_swap}
