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
from corpora.generator.core.builder import Builder, choose_default_fill


@dataclass(slots=True)
class IterationPoint:
    """The current iteration.

    variables, extents: of the loops, outermost first. flat: a local with the row-major position, or
        None. margin: iterations left out at both ends.
    """

    variables: tuple[ir.Name, ...]
    extents: tuple
    flat: ir.Name | None = None
    margin: int = 0
    plain: bool = False
    """Only the simplest subscripts (short items)."""

    @property
    def index(self) -> tuple:
        """Return the innermost loop's variable."""
        return self.variables[-1]


def make_input_place(
    b: Builder, point: IterationPoint, kind: str | None = None, fill: str = ""
) -> ir.Access:
    """Add an array and return its element at `point`, which may be read from now on. kind: element
    type; None: usually the main one. fill: rule for tests, '' for the default.
    """
    if kind is None and b.chance(0.08):
        kind, fill = b.pick(
            (
                ("i32", "integers(0,1)"),
                ("bool", "integers(0,1)"),
                ("i32", "integers(-4,4)"),
                ("f32", ""),
                ("f64", ""),
            )
        )
        if b.kind not in ("f32", "f64") and kind in ("f32", "f64"):
            kind, fill = None, ""
    subscripts, extents = _reading(b, point)
    wanted = names.MASKS if fill == "integers(0,1)" else names.ARRAYS
    array = b.array(extents, kind, fill, wanted)
    place = ast.at(array, subscripts)
    b.reads.append(place)
    return place


def make_output_place(
    b: Builder, point: IterationPoint, kind: str | None = None, fill: str = ""
) -> ir.Access:
    """Add an array that is written and return the element that belongs to this iteration alone.
    kind: element type; None: the main one. fill: rule for tests, '' for the default.
    """
    subscripts, extents = _writing(b, point)
    array = b.array(extents, kind, fill or choose_default_fill(kind or b.kind))
    b.parameter(array).written = True
    return ast.at(array, subscripts)


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
        if draw < 0.95:
            channels = ast.integer(b.pick((2, 3, 4)))
            base = point.flat or ast.paren(ast.add(ast.mul(i, m), j))
            place = ast.mul(base, channels)
            extra = b.pick((0, 0, 1))
            return ((ast.add(place, extra) if extra else place),), (ast.product([n, m, channels]),)
        return _full(point)
    chosen = b.pick(((0,), (1, 2), (0,), (2,), (0, 1), (1,))) if len(point.variables) == 3 else (0,)
    return tuple(point.variables[c] for c in chosen), tuple(point.extents[c] for c in chosen)


def _full(point: IterationPoint) -> tuple[tuple, tuple]:
    if point.flat is not None:
        return (point.flat,), (ast.product(list(point.extents)),)
    return point.variables, point.extents


def _reading_line(b: Builder, i: ir.Name, n: tuple, point: IterationPoint) -> tuple[tuple, tuple]:
    draw = b.rng.random()
    if draw < 0.74 or point.plain:
        return (i,), (n,)
    if draw < 0.79:
        return _strided(b, i, n)
    if draw < 0.83:
        offset = (
            b.size(names.COUNTS, (0, 1, 2, 3))
            if b.chance(0.5)
            else ast.integer(b.pick((1, 1, 2, 3)))
        )
        return (ast.add(i, offset) if b.chance(0.7) else ast.add(offset, i),), (ast.add(n, offset),)
    if draw < 0.86:
        reverse = ast.sub(ast.sub(n, 1), i) if b.chance(0.6) else ast.sub(ast.sub(n, i), 1)
        return (reverse,), (n,)
    if draw < 0.90:
        period = (
            b.size(names.COUNTS, (1, 2, 3, 5))
            if b.chance(0.7)
            else ast.integer(b.pick((2, 3, 4, 8, 16)))
        )
        return (ir.Binary("%", i, period),), (period,)
    if draw < 0.94:
        group = (
            b.size(names.COUNTS, (1, 2, 3, 4)) if b.chance(0.7) else ast.integer(b.pick((2, 3, 4)))
        )
        return (ir.Binary("/", i, group),), (n,)
    return (make_gathered_index(b, i, n),), (n,)


def make_gathered_index(b: Builder, i: tuple, n: tuple, of: str = "") -> ir.Access:
    """Add an index array of `n` entries and return `indices[i]`. of: the text of the bound of its
    entries, which lie in [0, of); '' means `n`.
    """
    text = of or (n.id if type(n) is ir.Name else n.text if type(n) is ir.Literal else "1")
    return ast.at(b.array((n,), "i32", f"indices({text})", names.INDEX_ARRAYS), (i,))


def _strided(b: Builder, i: ir.Name, n: tuple) -> tuple[tuple, tuple]:
    draw = b.rng.random()
    if draw < 0.5:
        stride: tuple = b.size(names.COUNTS, (1, 2, 3))
    else:
        stride = ast.integer(b.pick((2, 2, 3, 4)))
    place: tuple = ast.mul(i, stride) if b.chance(0.75) else ast.mul(stride, i)
    if type(stride) is ir.Literal and b.chance(0.5):
        place = ast.add(place, int(b.rng.random() * int(stride.text)))
    return (place,), (ast.mul(n, stride),)


def _writing(b: Builder, point: IterationPoint) -> tuple[tuple, tuple]:
    draw = b.rng.random()
    if len(point.variables) > 1 or point.flat is not None:
        if draw < 0.86 or point.flat is not None or point.plain:
            return _full(point)
        order = b.pick(
            ((1, 0),) if len(point.variables) == 2 else ((2, 1, 0), (0, 2, 1), (1, 0, 2), (1, 2, 0))
        )
        return tuple(point.variables[o] for o in order), tuple(point.extents[o] for o in order)
    i, n = point.variables[0], point.extents[0]
    if draw < 0.86 or point.plain:
        return (i,), (n,)
    if draw < 0.92:
        return _strided(b, i, n)
    if draw < 0.95:
        offset = (
            b.size(names.COUNTS, (0, 1, 2, 3)) if b.chance(0.5) else ast.integer(b.pick((1, 2, 3)))
        )
        return (ast.add(i, offset),), (ast.add(n, offset),)
    if draw < 0.97:
        return (ast.sub(ast.sub(n, 1), i),), (n,)
    order_array = b.array((n,), "i32", "permutation()", names.INDEX_ARRAYS)
    return (ast.at(order_array, (i,)),), (n,)
