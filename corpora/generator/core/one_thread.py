"""What families done by one thread share: their nest, loop variables, sizes, running positions,
small statements.

Contract: names are fresh in the builder; nothing here draws what the serial text does not show.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 14, 'broad')).programs['cuda'].text)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Nest, Region

_VARIABLES = (
    ("i", "j", "k", "l"),
    ("i", "j", "k", "m"),
    ("j", "i", "k", "q"),
    ("y", "x", "z", "w"),
    ("row", "col", "kk", "ll"),
    ("ii", "jj", "kk", "ll"),
    ("r", "c", "d", "e"),
    ("a1", "b1", "c1", "d1"),
    ("p", "q", "r", "s"),
    ("x", "y", "z", "t"),
)
_PAIRS = (
    *names.EXTENTS,
    ("NY", "NX"),
    ("nrow", "ncol"),
    ("H", "W"),
    ("sizeY", "sizeX"),
    ("lda", "ldb"),
    ("B", "NX"),
    ("count", "dims"),
)
_DEEP = ("batch", "channels", "depth", "B", "nz", "C", "num", "planes", "groups")
POSITIONS = tuple(
    "k index pos idx count ptr cur_pos p outIdx q0 cnt at offset n_out kk c0 where next_pos".split()
)
_TEMPS = tuple("tmp temp t key val v cur hold saved x0 tmp_val swap_t".split())
SIDES = (1, 2, 3, 5, 6)
LINE = (1, 2, 5, 9, 16)


def make_serial_nest(*body: tuple) -> Nest:
    """Return a nest whose statements one thread runs from top to bottom."""
    return Nest("", [], [Region((), tuple(body))], sequential=True)


def make_counters(b: Builder, count: int, kind: str = "i32") -> list[ast.Name]:
    """Return `count` loop variables whose names go together. kind: their element type."""
    return [ast.Name(b.exact(word, kind)) for word in b.pick(_VARIABLES)[:count]]


def choose_counter_type(b: Builder) -> str:
    """Return a random integer type for a loop variable that counts up to a size."""
    return b.pick(("i32",) * 14 + ("u32", "i64", "u64"))


def make_sizes(b: Builder, count: int, values: tuple[int, ...] = SIDES) -> list[ast.Name]:
    """Add the sizes of a matrix (count 2) or volume (count 3) as parameters and return them,
    outermost first. values: for tests.
    """
    words = b.pick(_PAIRS)
    found = [b.size((word,), values) for word in words]
    return ([b.size(_DEEP, (1, 2, 3))] if count == 3 else []) + found


def make_length(b: Builder, values: tuple[int, ...] = LINE) -> ast.Name:
    """Add a size as a parameter and return it. values: for tests."""
    return b.size(names.SIZES, values, b.pick(("i32",) * 12 + ("i64",)))


def make_loop(
    b: Builder,
    variable: ast.Name,
    stop: tuple,
    *body: tuple,
    start: object = 0,
    op: str = "<",
    step: int = 1,
) -> ast.For:
    """Return a loop of `variable` from `start` while `variable op stop`, in steps of `step`. start:
    an integer or expression.
    """
    first = ast.integer(start) if isinstance(start, int) else start
    return ast.For(variable.id, first, op, stop, tuple(body), step, b.types[variable.id])


def make_descending_loop(
    b: Builder, variable: ast.Name, start: tuple, *body: tuple, stop: object = 0
) -> ast.For:
    """Return a loop from `start` down to `stop`, both included, in one of two spellings. The
    variable must be signed.
    """
    last = ast.integer(stop) if isinstance(stop, int) else stop
    if type(last) is ast.Literal and last != ast.ZERO and b.chance(0.4):
        return make_loop(
            b, variable, ast.integer(int(last.text) - 1), *body, start=start, op=">", step=-1
        )
    return make_loop(b, variable, last, *body, start=start, op=">=", step=-1)


def make_element(array: str, *subscripts: object) -> ast.At:
    """Return an element of an array. subscripts: integers or expressions."""
    return ast.At(array, tuple(ast.integer(s) if isinstance(s, int) else s for s in subscripts))


def make_assignment(target: tuple, value: object, op: str = "=") -> ast.Assign:
    """Return the statement `target op value`. value: an integer or expression."""
    return ast.Assign(target, op, ast.integer(value) if isinstance(value, int) else value)


def make_written_array(
    b: Builder,
    extents: tuple,
    kind: str | None = None,
    fill: str = "",
    wanted: tuple[str, ...] = names.ARRAYS,
) -> str:
    """Add an array parameter that the function writes, and may read, and return its name. extents:
    outermost first. kind: element type; None: the main one. fill: rule for tests. wanted: names to
    choose from.
    """
    word = b.array(extents, kind, fill, wanted)
    b.parameter(word).written = True
    return word


def make_local(
    b: Builder, value: object, wanted: tuple[str, ...] = _TEMPS, kind: str | None = None
) -> tuple[ast.Name, ast.Declare]:
    """Return a new local and its declaration. value: its first value, an integer or expression.
    wanted: names to choose from. kind: its type; None: the main one.
    """
    word = b.name(wanted, kind or b.kind)
    first = ast.integer(value) if isinstance(value, int) else value
    return ast.Name(word), ast.Declare(kind or b.kind, word, first)


def change_place(b: Builder, place: tuple, often: float = 0.5) -> tuple:
    """Return an element itself or, with probability `often`, an expression made of it. Only that
    element may be read afterwards.
    """
    b.reads = [place]
    return place if b.chance(1 - often) else b.value(b.pick((1, 1, 2)))


def make_likely_test(b: Builder, place: tuple) -> tuple:
    """Return a test of an element that some elements of every larger test array pass."""
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


def make_swap(b: Builder, first: tuple, second: tuple) -> tuple:
    """Return three statements that exchange two places."""
    hold, declared = make_local(b, first)
    return declared, make_assignment(first, second), make_assignment(second, hold)


def add_terms(terms: list) -> tuple:
    """Return the sum of at least one term, from left to right."""
    total = terms[0]
    for term in terms[1:]:
        total = ast.add(total, term)
    return total


def make_extreme(b: Builder, op: str, left: tuple, right: tuple) -> tuple:
    """Return the larger (op `>`) or smaller (`<`) of two values of the main type, as a call or
    conditional.
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
    """Return a floating-point constant below 1. most: its possible texts."""
    return make_constant(b, b.pick(most))


def make_constant(b: Builder, text: str) -> ast.Literal:
    """Return a floating-point constant with this text: `1e-7f` where single precision has a suffix,
    else the double `1e-7`.
    """
    single = b.suffix and b.kind == "f32"
    return ast.Literal(text + "f", "f32") if single else ast.Literal(text, "f64")


def use_floating_type(b: Builder) -> None:
    """Make the builder's main type a floating-point one, if it is not."""
    if b.kind not in FLOATS:
        b.kind, b.suffix = b.pick(("f32", "f64")), False


class RunningIndex:
    """A position that each use moves on. start: its first value. The attribute `headed` means that
    the innermost loop's increment moves it (`i++, k++`).
    """

    def __init__(self, b: Builder, start: object = 0) -> None:
        self.b = b
        self.name, self.declared = make_local(
            b, start, POSITIONS, b.pick(("i32",) * 9 + ("i64", "u32"))
        )
        self.inside, self.headed = b.chance(0.55), False

    def along(self, loop: ast.For) -> ast.For:
        """Return the loop, whose body uses the position, with an increment that moves it if it is
        `headed`.
        """
        return loop._replace(also=(self._on(),)) if self.headed else loop

    def _on(self) -> ast.Assign:
        return make_assignment(self.name, 1, "+=")

    def store(self, array: str, value: tuple) -> tuple:
        """Return statements that write `value` to `array` at the position and move it on."""
        if self.headed:
            return (make_assignment(make_element(array, self.name), value),)
        if self.inside:
            return (make_assignment(make_element(array, ast.Postfix("++", self.name)), value),)
        return make_assignment(make_element(array, self.name), value), self._on()

    def load(self, target: tuple, array: str, op: str = "=") -> tuple:
        """Return statements that read `array` at the position into `target` (by `op`) and move it
        on.
        """
        if self.headed:
            return (make_assignment(target, make_element(array, self.name), op),)
        if self.inside:
            return (make_assignment(target, make_element(array, ast.Postfix("++", self.name)), op),)
        return make_assignment(target, make_element(array, self.name), op), self._on()
