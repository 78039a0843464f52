"""Families of linear algebra: products, triangles, compressed rows, all pairs.

python -c "from corpora.generator import generate; \\
    print(next(generate(1, 17)).programs['fortran'].text)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.core.points import IterationPoint, make_input_place, make_output_place
from corpora.generator.families.grids import extents, loops


def product(b: Builder) -> Nest:
    """Draw a nest for a matrix product or the like, one cell per thread. b: the builder that makes
    its parts.
    """
    square = b.chance(0.4)
    if square:
        n = m = k = b.size(("width", "n", "N", "dim", "size"), (1, 2, 4, 6))
    else:
        n, m = extents(b, 2)
        k = b.size(("K", "k_dim", "inner_dim", "numACols", "p0"), (1, 2, 4, 7))
    (i, j), axes = loops(b, (n, m))
    q = ast.Name(b.name(names.INNER, "i32"))
    left, right = (ast.At(b.array((n, k)), (i, q)), ast.At(b.array((k, m)), (q, j)))
    if b.chance(0.2):
        right = ast.At(b.array((m, k)), (j, q))
        b.parameters.pop(-2)
    place = make_output_place(b, IterationPoint((i, j), (n, m), plain=True))
    term = ast.mul(left, right)
    if b.chance(0.2):
        term = ast.mul(ast.Paren(ast.sub(left, right)), ast.Paren(ast.sub(left, right)))
    draw = b.rng.random()
    if draw < 0.2:
        first = ast.Assign(place, "=", b.number(zero=True))
        return Nest(
            "",
            [],
            [
                Region(
                    axes, (first, ast.For(q.id, ast.ZERO, "<", k, (ast.Assign(place, "+=", term),)))
                )
            ],
        )
    word = b.local(b.kind, names.SUMS)
    local = ast.Name(word)
    step: tuple = (ast.Assign(local, "+=", term),)
    if b.chance(0.2) and term.left == left:
        first_word, second_word = b.local(), b.local()
        step = (
            ast.Declare(b.kind, first_word, left),
            ast.Declare(b.kind, second_word, right),
            ast.Assign(local, "+=", ast.mul(ast.Name(first_word), ast.Name(second_word))),
        )
    ending: tuple = local
    if b.chance(0.25):
        ending = (
            ast.add(ast.mul(b.scalar(), local), ast.mul(b.scalar(), place))
            if b.chance(0.6)
            else ast.mul(b.scalar(), local)
        )
    return Nest(
        "",
        [],
        [
            Region(
                axes,
                (
                    ast.Declare(b.kind, word, b.number(zero=True)),
                    ast.For(q.id, ast.ZERO, "<", k, step),
                    ast.Assign(place, "=", ending),
                ),
            )
        ],
    )


def triangle(b: Builder) -> Nest:
    """Draw a nest whose inner loops start or end at the outer index. b: the builder that makes its
    parts.
    """
    n = b.size(names.SIZES, (1, 2, 4, 7))
    i, j = ast.Name(b.name(names.LOOPS, "i32")), ast.Name(b.name(names.INNER, "i32"))
    lower = b.chance(0.5)
    start, op, stop = (
        (ast.ZERO, b.pick(("<", "<=")), i)
        if lower
        else (i if b.chance(0.5) else ast.add(i, 1), "<", n)
    )
    square = b.chance(0.8)
    vector = ast.At(b.array((n,)), (j,))
    axis = Axis(i.id, ast.ZERO, n)
    if b.chance(0.5):
        word = b.local(b.kind, names.SUMS)
        term = ast.mul(ast.At(b.array((n, n)), (i, j)), vector) if square else vector
        place = make_output_place(b, IterationPoint((i,), (n,), plain=True))
        inner = ast.For(
            j.id, start, op, stop, (ast.Assign(ast.Name(word), b.pick(("+=", "-=")), term),)
        )
        return Nest(
            "",
            [],
            [
                Region(
                    (axis,),
                    (
                        ast.Declare(b.kind, word, b.number(zero=True)),
                        inner,
                        ast.Assign(place, "=", ast.Name(word)),
                    ),
                )
            ],
        )
    place = make_output_place(b, IterationPoint((i, j), (n, n), plain=True))
    b.reads += [vector, ast.At(vector.array, (i,))]
    inner = ast.For(j.id, start, op, stop, (ast.Assign(place, b.pick(("=", "+=")), b.value(1)),))
    return Nest("", [], [Region((axis,), (inner,))])


def sparse(b: Builder) -> Nest:
    """Draw a nest over rows of a compressed matrix, or segments between offsets. b: the builder
    that makes its parts.
    """
    n = b.size(names.SIZES, (1, 3, 6, 10))
    i, j = ast.Name(b.name(names.LOOPS, "i32")), ast.Name(b.name(names.INNER, "i32"))
    entries = ast.mul(n, 3)
    starts = b.array(
        (ast.add(n, 1),), "i32", f"sorted(0,{n.id}*3)", ("row_ptr", "offsets", "ptr", "row_offsets")
    )
    values = b.array((entries,))
    element: tuple = ast.At(values, (j,))
    if b.chance(0.7):
        columns = b.array(
            (entries,), "i32", f"indices({n.id})", ("col_idx", "columns", "cols_idx", "col_ind")
        )
        element = ast.mul(element, ast.At(b.array((n,)), (ast.At(columns, (j,)),)))
    word = b.local(b.kind, names.SUMS)
    place = make_output_place(b, IterationPoint((i,), (n,), plain=True))
    first, last = ast.At(starts, (i,)), ast.At(starts, (ast.add(i, 1),))
    made: tuple = (ast.Declare(b.kind, word, b.number(zero=True)),)
    if b.chance(0.4):
        lo, hi = (
            b.name(("row_begin", "s0", "from_j"), "i32"),
            b.name(("row_end", "e0", "to_j"), "i32"),
        )
        made = (ast.Declare("i32", lo, first), ast.Declare("i32", hi, last), *made)
        first, last = ast.Name(lo), ast.Name(hi)
    inner = ast.For(j.id, first, "<", last, (ast.Assign(ast.Name(word), "+=", element),))
    return Nest(
        "",
        [],
        [
            Region(
                (Axis(i.id, ast.ZERO, n),), (*made, inner, ast.Assign(place, "=", ast.Name(word)))
            )
        ],
    )


def pairs(b: Builder) -> Nest:
    """Draw a nest over all pairs of elements. b: the builder that makes its parts."""
    n = b.size(names.SIZES, (1, 2, 5, 9))
    i, j = ast.Name(b.name(names.LOOPS, "i32")), ast.Name(b.name(names.INNER, "i32"))
    array = b.array((n,))
    mine, other = ast.At(array, (i,)), ast.At(array, (j,))
    word, gap = b.local(b.kind, names.SUMS), b.local()
    local = ast.Name(word)
    b.locals.append(ast.Name(gap))
    weight = make_input_place(b, IterationPoint((j,), (n,), plain=True))
    place = make_output_place(b, IterationPoint((i,), (n,), plain=True))
    step: tuple = (
        ast.Declare(b.kind, gap, ast.sub(other, mine)),
        ast.Assign(local, "+=", b.value(1) if b.chance(0.5) else ast.mul(ast.Name(gap), weight)),
    )
    if b.chance(0.4):
        skipped = ast.If(ast.compare(i, "==", j), (ast.Jump("continue"),))
        step = (skipped, *step) if b.chance(0.5) else (ast.If(ast.compare(i, "!=", j), step),)
    body = (
        ast.Declare(b.kind, word, b.number(zero=True)),
        ast.For(j.id, ast.ZERO, "<", n, step),
        ast.Assign(place, b.pick(("=", "+=")), local),
    )
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, n),), body)])
