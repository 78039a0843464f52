"""The workshop in which a nest is put together: fresh names, parameters, array places and safe
random expressions.

Contract: whatever is built stays inside the arrays' extents, never divides by zero, never overflows
a signed integer on the values that the suite gives (|integers| <= 20, floats within ±2 before
scaling) and never casts out of range.

    python -c "from corpora.generator import generate; print(next(generate(1, 3)).suite_text)"
"""

from __future__ import annotations

import random
from collections.abc import Callable

from corpora import ir
from corpora.generator.core import expressions as ast, names
from corpora.generator.core.nest import Parameter

FLOATS = frozenset(("f32", "f64"))
_FLOAT_TEXTS = tuple(
    "0.5 2.0 1.0 3.0 0.25 0.1 10.0 4.0 1.5 0.01 2. .5 0.75 1e-3 0.299 3.14159 1. 0.9 5.0 0.001 "
    "100.0 8.0 1e-6".split()
)
_INT_TEXTS = (1, 2, 3, 1, 2, 4, 5, 7, 8, 9, 10, 6, 16, 12, 15, 20)
_FUNCTIONS = tuple(
    "sqrt sqrt exp fabs fabs max max log pow sin tanh sigmoid floor hypot round "
    "rare rare rare rare rare".split()
)
_RARE = tuple(
    "erfc erf atan cbrt log10 log2 log1p expm1 exp2 sinh cosh ceil trunc atan2 fmod hypot cos "
    "cos".split()
)


class Builder:
    """Builds one nest: names, parameters, array places and safe random expressions.

    rng: draws everything. kind: the main element type, such as `f32`. suffix: single-precision
        constants and functions have an `f`.
    parameters: those added so far, in order. types: element type of every name. used: taken names,
        in lower case.
    reads, locals, scalars: elements, locals and scalars, as expressions, that may be read at the
        current point. most_arrays: how many arrays a body should read. wrapping: how often operands
        stand in brackets that they do not need, in [0, 1].
    """

    def __init__(self, rng: random.Random, kind: str, suffix: bool) -> None:
        self.rng, self.kind, self.suffix = rng, kind, suffix
        self.parameters: list[Parameter] = []
        self.types: dict[str, str] = {}
        self.used: set[str] = set()
        self.reads: list[tuple] = []
        self.locals: list[tuple] = []
        self.scalars: list[tuple] = []
        self.wrapping = rng.choice((0.3, 0.6)) if rng.random() < 0.12 else 0.0
        self.most_arrays = rng.choice((1, 1, 2, 2, 2, 3, 3, 4))

    def chance(self, probability: float) -> bool:
        """Return True with the given probability."""
        return self.rng.random() < probability

    def pick(self, options: tuple) -> object:
        """Return one of `options`, at least one, at random, all with the same probability."""
        return options[int(self.rng.random() * len(options))]

    def name(self, wanted: tuple[str, ...], kind: str) -> str:
        """Return a free identifier, one of `wanted` if possible, else one with a number behind it,
        and record its element type `kind`, such as `f32`. Case is ignored, as in Fortran.
        """
        for _ in range(6):
            word = wanted[int(self.rng.random() * len(wanted))]
            if word.lower() not in self.used:
                break
        else:
            word = next(f"{word}{n}" for n in range(1, 99) if f"{word}{n}".lower() not in self.used)
        self.used.add(word.lower())
        self.types[word] = kind
        return word

    def exact(self, word: str, kind: str) -> str:
        """Return `word`, or `word` with a number behind it if it is taken, and record its element
        type `kind`, such as `f32`.
        """
        return self.name((word,), kind)

    def size(self, wanted: tuple[str, ...], values: tuple[int, ...], kind: str = "i32") -> ir.Name:
        """Add an integer parameter for a size to the nest and return its name. wanted: names to
        choose from. values: those that tests may give it. kind: its element type.
        """
        word = self.name(wanted, kind)
        self.parameters.append(Parameter(word, "scalar", kind, values=values))
        return ir.Name(word)

    def scalar(self, kind: str | None = None) -> ir.Name:
        """Add a scalar parameter with positive values to the nest, by which an expression may
        divide, and return its name. kind: its element type; None: the main one.
        """
        kind = kind or self.kind
        word = self.name(names.SCALARS, kind)
        values = (0.5, 1.5, 2.0, 0.25, 3.0, 1.25) if kind in FLOATS else (1, 2, 3, 5, 4)
        self.parameters.append(Parameter(word, "scalar", kind, values=values))
        self.scalars.append(ir.Name(word))
        return ir.Name(word)

    def array(
        self,
        extents: tuple,
        kind: str | None = None,
        fill: str = "",
        wanted: tuple = names.ARRAYS,
        form: str = "array",
    ) -> str:
        """Add an array parameter to the nest and return its name.

        extents: expression nodes, outermost first. kind: element type; None: the main one. fill:
            rule for the values in tests, such as `uniform(-2,2)`; '' for the default. wanted: names
            to choose from. form: `array` (flat in C), `rows` (`T **`) or `fixed` (`T a[][C]`).
        """
        kind = kind or self.kind
        word = self.name(wanted, kind)
        self.parameters.append(
            Parameter(word, form, kind, extents, fill or choose_default_fill(kind))
        )
        return word

    def output(
        self, extents: tuple, kind: str | None = None, fill: str = "", wanted: tuple = names.ARRAYS
    ) -> str:
        """Add an array parameter that the function writes to the nest and return its name.

        extents: expression nodes, outermost first. kind: element type; None: the main one. fill:
            rule for the values in tests, such as `uniform(-2,2)`; '' for the default. wanted: names
            to choose from.
        """
        word = self.array(extents, kind, fill, wanted)
        self.parameter(word).written = True
        return word

    def code(self, text: str, **given: object) -> tuple[ir.Statement, ...]:
        """Return the trees of `text`, statements of C, in which T is the main type.

        given: what names in the text stand for: trees, integers, other names, or, for `name;`, a
            tuple of statements.
        """
        return ast.code(text, T=self.kind, **given)

    def operand(self, op: str, value: Callable[[], ir.Expression]) -> ir.Expression:
        """Return what an assignment with the operator `op`, such as `+=`, may have on its right. It
        is a divisor that is never zero for `/=` and `%=`, a constant for `*=` where the main type
        is whole, else what `value()` returns.
        """
        if op in ("/=", "%="):
            return self.divisor()
        return self.number() if op == "*=" and self.kind not in FLOATS else value()

    def parameter(self, word: str) -> Parameter:
        """Return the nest's parameter called `word`. Raises StopIteration if there is none."""
        return next(p for p in self.parameters if p.name == word)

    def local(self, kind: str | None = None, wanted: tuple[str, ...] = names.LOCALS) -> str:
        """Return a free name for a local variable and record its type. kind: its element type;
        None: the main one. wanted: names to choose from.
        """
        return self.name(wanted, kind or self.kind)

    # --------------------------------------------------------------------------------- leaves

    def number(self, kind: str | None = None, zero: bool = False) -> ir.Expression:
        """Return a constant as an expression: one drawn among positive ones, or 0 if `zero`.

        kind: element type, such as `f32`; None: the main type of the nest that is being built.
        """
        kind, rng = kind or self.kind, self.rng
        if kind not in FLOATS:
            if self.chance(0.08) and not zero:
                few = rng.randint(11, 99) if self.chance(0.7) else None
                return ast.integer(few or rng.choice((100, 127, 128, 255, 256)))
            return ast.ZERO if zero else ast.integer(self.pick(_INT_TEXTS))
        draw = rng.random()
        if zero:
            text = self.pick(("0", "0", "0.0", "0.", "0.0")) if draw < 0.9 else "0.00"
        elif draw < 0.2:
            return ast.integer(
                self.pick((1, 2, 3, 4, 2, 10, 255, 100, 5, 2, 3, rng.randint(6, 999)))
            )
        else:
            text = self.pick(_FLOAT_TEXTS) if draw < 0.72 else self._any_float()
        if "." not in text and "e" not in text:
            return ir.Literal(text, "i32")
        if float(text) == 0 and not zero:
            text = "0.5"
        if kind == "f32" and self.suffix:
            return ir.Literal(text + "f", "f32")
        return ir.Literal(text, "f64")

    def _any_float(self) -> str:
        """Any number of digits, so that a reader has to copy each: .000125, 20.0, 1e-5, 9999.0."""
        rng = self.rng
        draw = rng.random()
        if draw < 0.5:
            text = f"{rng.uniform(0.001, 9.9):.{rng.randint(1, 4)}f}"
        elif draw < 0.7:
            text = f"{rng.uniform(0.0001, 0.99):.{rng.randint(5, 9)}f}"
        elif draw < 0.85:
            text = f"{rng.choice((1, 1, 1, 1, 2, 5))}e-{rng.randint(2, 9)}"
        else:
            text = str(rng.choice((20, 50, 100, 128, 200, 255, 256, 360, 1000, 1024)))
            text += f".{rng.choice(('', '0', '0'))}"
        return text[1:] if text.startswith("0.") and self.chance(0.25) else text

    def read(self) -> ir.Expression:
        """Return an array element, drawn among those that may be read at the current point, or a
        constant if there is none.
        """
        return self.pick(tuple(self.reads)) if self.reads else self.number()

    def leaf(self, index: ir.Expression | None = None) -> ir.Expression:
        """Return a random operand: an element, local, scalar, constant or `index`. It may add a
        scalar parameter to the nest.

        index: the current loop variable; None for none.
        """
        draw = self.rng.random()
        if draw < 0.62 and self.reads:
            return self.read()
        if draw < 0.76 and self.locals:
            return self.pick(tuple(self.locals))
        if draw < 0.85:
            if self.scalars and (len(self.scalars) > 1 or self.chance(0.7)):
                return self.pick(tuple(self.scalars))
            return self.scalar()
        if draw < 0.88 and index is not None:
            return ast.cast(self.kind, index) if self.kind in FLOATS and self.chance(0.6) else index
        number = self.number()
        return ir.Unary("-", number) if draw >= 0.97 and self.kind in FLOATS else number

    # ---------------------------------------------------------------------------- expressions

    def value(self, depth: int, index: ir.Expression | None = None) -> ir.Expression:
        """Return a random expression of the main type, which neither overflows nor divides by zero
        on the values of tests. depth: most nested operations; 0 gives a single operand. index: the
        current loop variable, which may then occur; None for none.
        """
        draw = self.rng.random()
        if depth <= 0 or draw < 0.12:
            return self.leaf(index)
        if draw < 0.72:
            return self._operation(depth, index)
        if draw < 0.80:
            return self.call(depth) if self.kind in FLOATS else self._integer(depth)
        if draw < 0.86:
            plain = self.chance(0.7)
            return ir.Unary("-", self.read() if plain else ast.paren(self.value(depth - 1, index)))
        if draw < 0.93:
            yes = self.value(depth - 2, index)
            no = self.number(zero=True) if self.chance(0.5) else self.leaf(index)
            conditional = ir.Conditional(self.condition(index), yes, no)
            return ast.paren(conditional) if self.chance(0.3) else conditional
        return ast.paren(self._operation(depth, index))

    def _operation(self, depth: int, index: ir.Expression | None) -> ir.Binary:
        op = self.pick("++++--***//" if self.kind in FLOATS else "+++---**")
        left = self.value(depth - 1 if self.chance(0.5) else 0, index)
        if op == "/":
            return ir.Binary("/", left, self.divisor())
        if op == "*" and self.kind not in FLOATS:  # keeps products of integers small
            return ir.Binary(op, left, self.number() if self.chance(0.5) else self.read())
        right = self.value(depth - 1 if self.chance(0.35) else 0, index)
        if right == left and op != "*":
            right = self.number()
        if type(right) is ir.Unary:
            right = ast.paren(ast.strip_paren(right))
        if self.wrapping:
            left, right = (
                ast.paren(s) if type(s) is ir.Binary and self.chance(self.wrapping) else s
                for s in (left, right)
            )
        return ir.Binary(op, left, right)

    def divisor(self) -> ir.Expression:
        """Return a random expression of the main type that is never zero, as what another one is
        divided by.
        """
        draw = self.rng.random()
        if draw < 0.3 and self.scalars:
            return self.pick(tuple(self.scalars))
        if draw < 0.55 or self.kind not in FLOATS or not self.reads:
            return self.number()
        place = self.read()
        if self._kind_of(place) != self.kind:
            return self.number()
        size = ast.mul(place, place) if draw < 0.8 else self._absolute(place)
        return ast.paren(ast.add(size, self.number()))

    def function(self, base: str) -> str:
        """Return the name of the mathematical function `base`, such as `sqrt`, in the main type's
        precision: `sqrt` or `sqrtf`.
        """
        return base + "f" if self.kind == "f32" and self.suffix else base

    def call(self, depth: int) -> ir.Expression:
        """Return a random call of a mathematical function with an argument in its domain, sometimes
        written out as a formula or replaced by a conversion. depth: is not used.
        """
        what = self.pick(_FUNCTIONS)
        place, other = self.read(), self.leaf()
        if self._kind_of(place) != self.kind:
            return ast.cast(self.kind, place)
        if what == "round":
            return self._rounded(place)
        if what == "rare":
            return self._rare(place)
        square, given = ast.mul(place, place), {"f": self.function(what), "x": place}
        if what == "sqrt":
            inside = square if self.chance(0.4) else self._absolute(place)
            return ast.call(given["f"], (inside,))
        if what == "hypot":
            other = self.read()
            return ast.call(self.function("sqrt"), (ast.add(square, ast.mul(other, other)),))
        if what == "log":
            return ast.call(given["f"], (ast.add(square, self._same(self.number())),))
        if what == "pow":
            power = self._same(ir.Literal(self.pick(("2.0", "0.5", "3.0", "1.5")), "f64"))
            return ast.call(given["f"], (self._absolute(place), power))
        if what == "max":
            plain = not self.suffix or self.kind == "f64"
            name = self.pick((*(("fmax", "fmin") if plain else ("fmaxf", "fminf")), "max", "min"))
            other = other if self._kind_of(other) == self.kind else self._same(self.number())
            return ast.call(name, (place, other) if self.chance(0.6) else (other, place))
        if what == "sigmoid":
            one = self._same(ir.Literal("1.0", "f64")) if self.chance(0.6) else ast.ONE
            return ast.quote("l / PAREN(l + e(-x))", l=one, e=self.function("exp"), x=place)
        if what == "exp":
            return ast.quote("f(-x)" if self.chance(0.6) else "f(x)", **given)
        return ast.quote("f(x)", **given)

    def _rare(self, place: ir.Expression) -> ir.Call:
        """Any other function of the mathematical library, inside its domain."""
        what = self.pick(_RARE)
        other = self.read()
        other = other if self._kind_of(other) == self.kind else place
        inside: tuple[ir.Expression, ...] = (place,)
        if what in ("atan2", "hypot"):
            inside = (place, other)
        elif what == "fmod":
            inside = (place, self._same(self.number()))
        elif what in ("log10", "log2"):
            inside = (ast.add(ast.mul(place, place), self._same(self.number())),)
        elif what == "log1p":
            inside = (ast.mul(place, place),)
        return ast.call(self.function(what), inside)

    def _rounded(self, place: ir.Expression) -> ir.Expression:
        """`(int)(x + 0.5)`, of inputs only: what is computed may leave the range of an int."""
        given = self.parameter_or_none(place.base.id) if type(place) is ir.Access else None
        if given is None or given.written:
            return self._absolute(place)
        half = ir.Literal("0.5f" if self.suffix and self.kind == "f32" else "0.5", "f64")
        if self.chance(0.3):
            return ast.cast("i32", place)
        return ast.cast("i32", ast.paren(ir.Binary(self.pick("+++-"), place, half)))

    def parameter_or_none(self, word: str) -> Parameter | None:
        """Return the nest's parameter called `word`; None if there is none."""
        return next((p for p in self.parameters if p.name == word), None)

    def _absolute(self, place: ir.Expression) -> ir.Call:
        return ast.call(self.function("fabs"), (place,))

    def _same(self, number: ir.Literal) -> ir.Literal:
        """The constant respelled in the main kind, so that overloads are not mixed."""
        text = number.text.rstrip("f")
        if "." not in text and "e" not in text:
            text += ".0"
        return ir.Literal(text + "f" if self.kind == "f32" else text, self.kind)

    def _kind_of(self, node: ir.Expression) -> str:
        return ast.infer_type(node, self.types)

    def _integer(self, depth: int) -> ir.Expression:
        deep = depth > 1 and self.chance(0.4)
        place = ast.paren(self._operation(depth - 1, None)) if deep else self.read()
        what = self.pick("%%/&|^am")
        if what in "am":
            if self._kind_of(place) != "i32":
                return place
            if what == "a":
                return ast.call("abs", (place,))
            return ast.call(self.pick(("max", "min")), (place, self.number()))
        constant = what in "&|^" or not self.scalars or self.chance(0.5)
        amount = self.number() if constant else self.pick(tuple(self.scalars))
        return ir.Binary(what, place, ast.TWO if what == "%" and amount == ast.ONE else amount)

    def condition(self, index: ir.Expression | None = None) -> ir.Expression:
        """Return a random test of elements, locals, scalars and constants: a comparison, or two
        with `&&` or `||` between them, or a whole number that is tested for zero. index: the
        current loop variable, which may then occur; None for none.
        """
        draw = self.rng.random()
        if draw < 0.1 and index is not None:
            few = ast.integer(self.pick((2, 2, 3, 4)))
            return ir.Binary(self.pick(("==", "!=")), ir.Binary("%", index, few), ast.ZERO)
        if draw > 0.85:
            first, op = self._comparison(), self.pick(("&&", "&&", "||"))
            return ir.Binary(op, first, self._comparison())
        return self._comparison()

    def _comparison(self) -> ir.Expression:
        element = not self.locals or self.chance(0.6)
        place = self.read() if element else self.pick(tuple(self.locals))
        kind = self.types[place.base.id] if type(place) is ir.Access else ""
        if kind in ("i32", "u8", "bool") and self.chance(0.2):
            return place if self.chance(0.5) else ir.Unary("!", place)
        op = self.pick((">", "<", ">", "<", ">=", "<=", "!=", "=="))
        draw = self.rng.random()
        if draw < 0.5:
            right = self.number(zero=True)
        elif draw < 0.75:
            right = self.scalar() if not self.scalars else self.pick(tuple(self.scalars))
        else:
            right = self.read() if draw > 0.9 and len(self.reads) > 1 else self.number()
        if right == place:
            right = self.number(zero=True)
        if op in ("!=", "==") and self._kind_of(place) in FLOATS:
            right = self.number(zero=True)
        elif self.chance(0.08) and self._kind_of(place) in ("f32", "f64", "i32"):
            right = ir.Unary("-", self.number())
            right = ast.paren(right) if self.chance(0.3) else right
        if self.chance(0.06):
            return ir.Binary({"<": ">", ">": "<"}.get(op, op), right, place)
        return ir.Binary(op, place, right)


def choose_default_fill(kind: str) -> str:
    """Return the fill rule for the values that tests give to arrays of the element type `kind`,
    such as `uniform(-2,2)`. These values keep every generated expression inside its type.
    """
    if kind in FLOATS:
        return "uniform(-2,2)"
    return {"u8": "integers(0,255)", "u16": "integers(0,1000)", "u32": "integers(0,50)"}.get(
        kind, "integers(-9,9)"
    )
