"""A family of choices by `switch`: over characters, small numbers or a mode given from outside.

Contract: as for the other families; C only, every case ends with `break`.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(900, 4, 'broad') if 'switch' in c.programs['cpp'].text][0])"
"""

from __future__ import annotations

from corpora.generator.core import effects, expressions as ast, names
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.core.points import IterationPoint, make_output_place

_MODES = (
    "mode",
    "op",
    "kind",
    "type_id",
    "activation",
    "which",
    "sel",
    "code0",
    "method",
    "variant",
)
_CODES = (
    "codes",
    "ops",
    "kinds",
    "tag",
    "state",
    "labels",
    "cls",
    "text",
    "seq",
    "symbols",
    "cell_type",
)


def switched(b: Builder) -> Nest:
    """Draw a nest whose iterations each take one of a few cases, by an element of their own or by
    one scalar. b: the builder that makes its parts.
    """
    n, i = b.size(names.SIZES, (1, 4, 9, 20)), ast.Name(b.name(names.LOOPS, "i32"))
    point = IterationPoint((i,), (n,), plain=True)
    effects.add_inputs(b, point)
    draw, made = b.rng.random(), ()
    letters = draw < 0.35
    labels, value = _letters(b, i, n) if letters else _numbers(b, i, n, draw)
    if type(value) is ast.At and b.chance(0.4):
        word = ast.Name(b.name(("c", "k0", "what", "t0", "sym", "op0"), b.types[value.array]))
        made, value = (ast.Declare(b.types[word.id], word.id, value),), word
    place = make_output_place(
        b, point, *(("i8", "integers(32,40)") if letters and b.chance(0.6) else (None, ""))
    )
    text = b.types[place.array] == "i8"
    result: tuple = place
    ending: tuple = ()
    if b.chance(0.3) and not text:  # gathered in a local first
        word = ast.Name(b.local())
        made += (ast.Declare(b.kind, word.id, b.number(zero=True) if b.chance(0.5) else b.read()),)
        result, ending = word, (ast.Assign(place, b.pick(("=", "=", "+=")), word),)

    def case() -> tuple:
        return _letter_case(b, result, value) if text else _number_case(b, result)

    otherwise = case() if b.chance(0.65) else ()
    chosen_ = ast.Switch(value, labels, tuple(case() for _ in labels), otherwise)
    return Nest(
        "", [], [Region((Axis(i.id, ast.ZERO, n),), (*made, chosen_, *ending))], c_only=True
    )


def _letters(b: Builder, i: ast.Name, n: ast.Name) -> tuple[tuple, tuple]:
    """Characters as labels, and the element that is compared with them."""
    kind = b.pick(("i8", "i8", "u8"))
    low = b.pick((65, 97, 48))
    chosen = sorted(
        b.rng.sample(range(low, low + 8), b.pick((2, 3, 4, 5))), key=lambda c: b.rng.random()
    )
    labels = tuple(f"'{chr(c)}'" for c in chosen)
    return labels, ast.At(b.array((n,), kind, f"integers({low},{low + 8})", _CODES), (i,))


def _numbers(b: Builder, i: ast.Name, n: ast.Name, draw: float) -> tuple[tuple, tuple]:
    """Small numbers as labels, and what is compared with them: an element, a mode from outside, the
    index.
    """
    count = b.pick((2, 3, 3, 4, 5))
    first = b.pick((0, 0, 1))
    labels = tuple(str(first + c) for c in range(count))
    if draw < 0.65:
        codes = b.array((n,), b.pick(("i32", "u8", "i32")), f"integers(0,{first + count})", _CODES)
        return labels, ast.At(codes, (i,))
    if draw < 0.85:
        return labels, b.size(_MODES, tuple(range(first, first + count)))
    return labels, ast.Binary("%", i, ast.integer(count))


def _letter_case(b: Builder, result: tuple, value: tuple) -> tuple:
    letter = ast.Literal(f"'{chr(b.rng.randint(65, 90))}'", "i32") if b.chance(0.8) else value
    return (ast.Assign(result, "=", letter),)


def _number_case(b: Builder, result: tuple) -> tuple:
    op = b.pick(("=", "=", "=", "=", "+="))
    value = b.value(b.pick((0, 1, 1, 2))) if b.chance(0.75) else b.number(zero=b.chance(0.3))
    step = ast.Assign(result, op, value)
    if b.chance(0.12):
        return (ast.If(ast.compare(b.read(), b.pick("<>"), b.number(zero=True)), (step,)),)
    return (step,)
