"""Where arrays are touched: the current iteration as subscripts of old and new arrays, in the forms
real code has.

Contract: a place for writing is touched by one iteration only; a place for reading lies inside the
extents that the array is given. One-dimensional points know strides, offsets, reversal, `%`, `/`
and index arrays; higher ones know transposition, row and column vectors and interleaved channels.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 5)).programs['cpp'].text)"
"""

from __future__ import annotations

from dataclasses import dataclass

from corpora import ir
from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import Builder


@dataclass(slots=True)
class IterationPoint:
    """The current iteration of a nest of loops, where statements are made.

    variables, extents: of the loops, outermost first; an extent is how many iterations a loop has,
        as an expression. flat: a local that holds the row-major position; None for none. margin:
        iterations left out at both ends of each loop. plain: use only the simplest subscripts.
    """

    variables: tuple[ir.Name, ...]
    extents: tuple
    flat: ir.Name | None = None
    margin: int = 0
    plain: bool = False

    @property
    def index(self) -> tuple:
        """Return the innermost loop's variable, as a Name node."""
        return self.variables[-1]


_OTHERS = (
    ("i32", "integers(0,1)"), ("bool", "integers(0,1)"), ("i32", "integers(-4,4)"), ("f32", ""),
    ("f64", ""),
)  # fmt: skip
_FEW = (0, 1, 2, 3)


def make_input_place(
    b: Builder, point: IterationPoint, kind: str | None = None, fill: str = ""
) -> ir.Access:
    """Add an array parameter to the nest and return its element at `point`, the current iteration,
    which may be read from now on.

    b: the nest's builder; its `parameters` and `reads` grow. kind: element type; None: usually the
        main one. fill: rule for the values in tests, such as `uniform(-2,2)`; '' for the default.
    """
    if kind is None and b.chance(0.08):
        kind, fill = b.pick(_OTHERS)
        if b.kind not in ("f32", "f64") and kind in ("f32", "f64"):
            kind, fill = None, ""
    subscripts, extents = _reading(b, point)
    wanted = names.MASKS if fill == "integers(0,1)" else names.ARRAYS
    place = ast.at(b.array(extents, kind, fill, wanted), subscripts)
    b.reads.append(place)
    return place


def make_output_place(
    b: Builder, point: IterationPoint, kind: str | None = None, fill: str = ""
) -> ir.Access:
    """Add an array parameter that is written to the nest, and return the element that belongs to
    this iteration alone.

    b: the nest's builder; its `parameters` grow. point: the current iteration. kind: element type;
        None: the main one. fill: rule for the values in tests, such as `constant(-3)`; '' for the
        default.
    """
    subscripts, extents = _writing(b, point)
    return ast.at(b.output(extents, kind, fill), subscripts)


def _reading(b: Builder, point: IterationPoint) -> tuple[tuple, tuple]:
    draw = b.rng.random()
    if len(point.variables) == 1 and point.flat is None:
        return _reading_line(b, point.variables[0], point.extents[0], point)
    if draw < 0.62 or point.plain:
        return _full(point)
    if len(point.variables) == 2:
        (i, j), (n, m) = point.variables, point.extents
        if draw < 0.70:
            return (j, i), (m, n)
        if draw < 0.79:
            return (i,), (n,)
        if draw < 0.90:
            return (j,), (m,)
        if draw >= 0.95:
            return _full(point)
        channels = ast.integer(b.pick((2, 3, 4)))
        base = point.flat or ast.quote("PAREN(i * m + j)", i=i, j=j, m=m)
        place, extra = ast.mul(base, channels), b.pick((0, 0, 1))
        return (ast.add(place, extra) if extra else place,), (ast.product([n, m, channels]),)
    chosen = b.pick(((0,), (1, 2), (0,), (2,), (0, 1), (1,))) if len(point.variables) == 3 else (0,)
    return tuple(point.variables[c] for c in chosen), tuple(point.extents[c] for c in chosen)


def _full(point: IterationPoint) -> tuple[tuple, tuple]:
    if point.flat is not None:
        return (point.flat,), (ast.product(list(point.extents)),)
    return point.variables, point.extents


def _count(b: Builder, likely: float, values: tuple, constants: tuple) -> ir.Expression:
    """A new size with these values, or a constant."""
    if b.chance(likely):
        return b.size(names.COUNTS, values)
    return ast.integer(b.pick(constants))


def _reading_line(b: Builder, i: ir.Name, n: ir.Expression, point: IterationPoint) -> tuple:
    draw, given = b.rng.random(), {"i": i, "n": n}
    if draw < 0.74 or point.plain:
        return (i,), (n,)
    if draw < 0.79:
        return _strided(b, i, n)
    if draw < 0.83:
        few = _count(b, 0.5, _FEW, (1, 1, 2, 3))
        return (ast.add(i, few) if b.chance(0.7) else ast.add(few, i),), (ast.add(n, few),)
    if draw < 0.86:
        return (ast.quote("n - 1 - i" if b.chance(0.6) else "n - i - 1", **given),), (n,)
    if draw < 0.90:
        few = _count(b, 0.7, (1, 2, 3, 5), (2, 3, 4, 8, 16))
        return (ir.Binary("%", i, few),), (few,)
    if draw < 0.94:
        return (ir.Binary("/", i, _count(b, 0.7, (1, 2, 3, 4), (2, 3, 4))),), (n,)
    return (make_gathered_index(b, i, n),), (n,)


def make_gathered_index(b: Builder, i: ir.Name, n: ir.Expression, of: str = "") -> ir.Access:
    """Add an index array of `n` entries to the nest and return its element at `i`, to be used as a
    subscript.

    b: the nest's builder; its `parameters` grow. of: the text of the bound of the entries, which
        lie in [0, of); '' means `n`.
    """
    text = of or (n.id if type(n) is ir.Name else n.text if type(n) is ir.Literal else "1")
    return ast.at(b.array((n,), "i32", f"indices({text})", names.INDEX_ARRAYS), (i,))


def _strided(b: Builder, i: ir.Name, n: ir.Expression) -> tuple[tuple, tuple]:
    stride = _count(b, 0.5, (1, 2, 3), (2, 2, 3, 4))
    place = ast.mul(i, stride) if b.chance(0.75) else ast.mul(stride, i)
    if type(stride) is ir.Literal and b.chance(0.5):
        place = ast.add(place, int(b.rng.random() * int(stride.text)))
    return (place,), (ast.mul(n, stride),)


_ORDERS = ((2, 1, 0), (0, 2, 1), (1, 0, 2), (1, 2, 0))


def _writing(b: Builder, point: IterationPoint) -> tuple[tuple, tuple]:
    draw = b.rng.random()
    if len(point.variables) > 1 or point.flat is not None:
        if draw < 0.86 or point.flat is not None or point.plain:
            return _full(point)
        order = b.pick(((1, 0),) if len(point.variables) == 2 else _ORDERS)
        return tuple(point.variables[o] for o in order), tuple(point.extents[o] for o in order)
    i, n = point.variables[0], point.extents[0]
    if draw < 0.86 or point.plain:
        return (i,), (n,)
    if draw < 0.92:
        return _strided(b, i, n)
    if draw < 0.95:
        few = _count(b, 0.5, _FEW, (1, 2, 3))
        return (ast.add(i, few),), (ast.add(n, few),)
    if draw < 0.97:
        return (ast.quote("n - 1 - i", i=i, n=n),), (n,)
    order_array = b.array((n,), "i32", "permutation()", names.INDEX_ARRAYS)
    return (ast.at(order_array, (i,)),), (n,)
