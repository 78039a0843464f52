"""What the holes of a pattern's text become: expressions and statements that a `Builder` draws.

Contract: a hole is a name or a call in capitals; HOLES and PLAIN_HOLES say what each draws from the
builder and its arguments, which are trees already.

    python -c "from corpora.generator.patterns.holes import HOLES; print(*HOLES)"
"""

from __future__ import annotations

from collections.abc import Callable

from corpora.generator.core import expressions as ast
from corpora.generator.core.builder import FLOATS, Builder

_LARGEST = {
    "f32": ast.Literal("3.4028235e38f", "f32"),
    "f64": ast.Literal("1.7976931348623157e308", "f64"),
    "i32": ast.Literal("2147483647", "i32"),
}
_HELD = tuple("tmp temp t key val v cur hold saved x0 tmp_val swap_t".split())
_FRACTIONS = ("0.5", "0.9", "0.25", "0.1", "0.99", "0.75", "0.8", "0.05", ".5")


def make_likely_test(b: Builder, place: tuple) -> tuple:
    """Return a condition on the array element `place` that some elements of every larger test array
    meet.
    """
    draw, zero = b.rng.random(), b.number(zero=True)
    if draw < 0.15:
        return (
            place
            if b.types[place.array] == "i32" and b.chance(0.6)
            else ast.compare(place, "!=", zero)
        )
    limit = (
        zero
        if draw < 0.5
        else ast.integer(1)
        if draw < 0.7 or b.kind not in FLOATS
        else make_fraction(b)
    )
    return ast.compare(
        place, b.pick((">", ">", ">=", "<") if b.kind[0] != "u" else (">", ">=")), limit
    )


def make_extreme(b: Builder, op: str, left: tuple, right: tuple) -> tuple:
    """Return the larger (op `>`) or smaller (op `<`) of two expressions of the main type, as a call
    or a conditional.
    """
    if b.chance(0.5):
        word = "max" if op == ">" else "min"
        if b.kind in FLOATS and b.chance(0.6):
            return ast.Call(b.function("f" + word), (left, right))
        if b._kind_of(left) == b._kind_of(right):
            return ast.Call(word, (left, right))
    test = ast.compare(left, op, right)
    return ast.Conditional(ast.Paren(test) if b.chance(0.5) else test, left, right)


def make_fraction(
    b: Builder, most: tuple[str, ...] = ("0.5", "0.25", "0.1", "0.3", "0.2", "0.125", "0.05")
) -> ast.Literal:
    """Return a floating-point constant that `b` draws from the texts `most`, all below one."""
    return make_constant(b, b.pick(most))


def make_constant(b: Builder, text: str) -> ast.Literal:
    """Return a floating-point constant as this program writes them. text: its digits; `1e-7`
    becomes `1e-7f` where floats have a suffix.
    """
    single = b.suffix and b.kind == "f32"
    return ast.Literal(text + "f", "f32") if single else ast.Literal(text, "f64")


def make_swap(b: Builder, first: tuple, second: tuple) -> tuple:
    """Return three statements that exchange the values of two variables or array elements."""
    word = b.name(_HELD, b.kind)
    held = ast.Declare(b.kind, word, first)
    return held, ast.Assign(first, "=", second), ast.Assign(second, "=", ast.Name(word))


def draw_value(b: Builder, *places: tuple) -> tuple:
    """Return a random expression over variables or array elements: one of them, or one or two
    operations on them.
    """
    b.reads = [p for p in places if type(p) is ast.At] or list(places)
    b.locals = [p for p in places if type(p) is ast.Name]
    return b.read() if b.chance(0.35) else b.value(b.pick((1, 1, 2)))


def draw_term(b: Builder, *places: tuple) -> tuple:
    """Return a random expression as `draw_value` does, in which at least one of `places` occurs."""
    made = draw_value(b, *places)
    return made if any(node in places for node in ast.walk(made)) else b.read()


def draw_test(b: Builder, *places: tuple) -> tuple:
    """Return a random condition on variables or array elements that test data is likely to meet.

    It avoids `==` between floating-point values.
    """
    b.reads, b.locals = [p for p in places if type(p) is ast.At] or list(places), []
    for _ in range(4):
        made = b.condition()
        equal = (n for n in ast.walk(made) if type(n) is ast.Binary and n.op == "==")
        if not any(b._kind_of(n.left) in FLOATS for n in equal):
            break
    return made


def draw_next(b: Builder, last: tuple, term: tuple) -> tuple:
    """Return a random expression for the next value of a recurrence.

    last: its previous value. term: what is read in this step. Integer results stay small.
    """
    total = ast.add(last, term) if b.chance(0.7) else ast.add(term, last)
    if b.kind not in FLOATS:
        most = ast.integer(b.pick((7, 10, 16, 97, 100, 1000, 255)))
        choices = (
            ast.sub(term, last),
            ast.Binary("%", ast.Paren(total), most),
            ast.add(ast.Binary("/", last, ast.TWO), term),
            ast.Binary("^", last, ast.Paren(term)),
            ast.Conditional(ast.compare(last, b.pick("<>"), term), last, term),
        )
        return total if b.chance(0.4) else b.pick(choices)
    rate = make_fraction(b, _FRACTIONS) if b.chance(0.6) else b.scalar()
    one = ast.ONE if b.chance(0.5) else make_constant(b, "1.0")
    other = ast.Paren(ast.sub(term, last))
    if type(rate) is ast.Name:
        parameter = b.parameter(rate.id)
        parameter.values = (0.5, 0.25, 0.9, 0.75, 1.0)
    choices = (
        ast.add(ast.mul(rate, last), ast.mul(ast.Paren(ast.sub(one, rate)), term)),
        ast.sub(term, last),
        ast.add(ast.mul(rate, last), term),
        ast.add(ast.mul(last, rate), term),
        ast.sub(term, ast.mul(rate, last)),
        ast.add(last, ast.mul(rate, other)),
        ast.mul(ast.Paren(total), rate),
        ast.Binary("/", ast.Paren(total), ast.TWO),
    )
    return total if b.chance(0.3) else b.pick(choices)


def draw_scalar(b: Builder) -> tuple:
    """Return a scalar parameter of the function: one that `b` has already, or a new one."""
    return b.pick(tuple(b.scalars)) if b.scalars and b.chance(0.6) else b.scalar()


def draw_fraction(b: Builder) -> tuple:
    """Return a random floating-point constant below one."""
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
