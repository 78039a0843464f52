"""Families about loop heads and what stands round them: two increments in one head, bounds of
derived sizes, messages, a store before the loop, numbers at the top that bodies compare with.

Contract: as for the other families; right for every suite whose sizes are at least 1.

    python -c "from corpora.generator import generate; \\
        print(next(c for c in generate(900, 4, 'broad') if 'printf' in str(c)))"
"""

from __future__ import annotations

from corpora.generator.core import effects, expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.core.points import IterationPoint, make_output_place
from corpora.generator.families.grids import extents, loops
from corpora.generator.families.loop_heads import heads_ends, heads_forms

_LENGTHS = (1, 3, 7, 12)
_FEW = (1, 2, 3, 4)
_POSITIONS = tuple("index idx pos p0 off at0 cell n0 loc".split())


def stepping(b: Builder) -> Nest:
    """Draw a nest whose inner loop also moves a position: `++k, index += w * h`. b: the builder
    that makes its parts.
    """
    sides = extents(b, 2) if b.chance(0.5) else (b.size(names.SIZES, _LENGTHS),)
    if len(sides) > 1:
        variables, axes = loops(b, sides)
        first: tuple = ast.add(ast.mul(variables[0], sides[1]), variables[1])
        if b.chance(0.4):
            first = ast.add(variables[1], ast.mul(variables[0], sides[1]))
    else:
        variables = (ast.Name(b.name(names.LOOPS, "i32")),)
        axes, first = (Axis(variables[0].id, ast.ZERO, sides[0]),), variables[0]
    k, layers = ast.Name(b.name(names.INNER, "i32")), b.size(names.DEPTHS, _FEW)
    whole = ast.product(list(sides))
    kind = b.pick(("i32", "i32", "u32", "i64"))
    index = ast.Name(b.name(_POSITIONS, kind))
    size = ast.product([layers, *sides])
    rowwise = len(sides) == 1 and b.chance(0.4)
    start = ast.mul(first, layers) if rowwise else first
    made: tuple = (ast.Declare(kind, index.id, start),)
    also: tuple = (ast.Assign(index, "+=", ast.ONE if rowwise else whole),)
    b.reads = [ast.At(b.array((size,)), (index,)) for _ in range(b.pick((1, 1, 2)))]
    if b.chance(0.25):
        other = ast.Name(b.name(_POSITIONS, "i32"))
        step = b.pick((1, 1, 2))
        made += (ast.Declare("i32", other.id, ast.ZERO),)
        also += (ast.Assign(other, "+=", ast.integer(step)),)
        b.reads.append(ast.At(b.array((layers if step == 1 else ast.mul(layers, step),)), (other,)))
    if b.chance(0.45):
        summed = _moved_sum(b, k, layers, also, IterationPoint(variables, sides, plain=True))
        return Nest("", [], [Region(axes, (*made, *summed))])
    stores: tuple = ()
    zero = b.number(zero=True) if b.chance(0.3) else None
    for _ in range(b.pick((1, 1, 2, 3))):
        word = b.array((size,))
        b.parameter(word).written = True
        stores += (
            ast.Assign(
                ast.At(word, (index,)),
                "=" if zero else b.pick(("=", "=", "+=")),
                zero or b.value(b.pick((0, 1, 1))),
            ),
        )
    return Nest(
        "", [], [Region(axes, (*made, ast.For(k.id, ast.ZERO, "<", layers, stores, also=also)))]
    )


def _moved_sum(
    b: Builder, k: ast.Name, layers: ast.Name, also: tuple, point: IterationPoint
) -> tuple:
    """A sum over the inner loop, whose head moves positions too, and its store."""
    total = ast.Name(b.local(b.kind, names.SUMS))
    step = (ast.Assign(total, b.pick(("+=", "+=", "-=")), b.value(b.pick((0, 1, 1)))),)
    tested = b.chance(0.25)
    if tested:
        step = (ast.If(b.condition(), step),)
    loop = ast.For(k.id, ast.ZERO, "<", layers, step, also=also)
    place = make_output_place(b, point)
    zero = ast.Declare(b.kind, total.id, b.number(zero=True))
    return zero, loop, ast.Assign(place, "=" if tested else b.pick(("=", "+=")), total)


def padded(b: Builder) -> Nest:
    """Draw a nest whose bounds are derived sizes, for a border or a crop. b: the builder that makes
    its parts.
    """
    h, w = (b.size((word,), (1, 2, 4, 6)) for word in b.pick(names.EXTENTS))
    pad = (
        b.size(("pad", "p", "border", "halo", "margin"), (0, 1, 2))
        if b.chance(0.75)
        else ast.integer(b.pick((1, 2, 3)))
    )
    words = b.pick(
        (
            ("new_H", "new_W"),
            ("outH", "outW"),
            ("h_pad", "w_pad"),
            ("rows2", "cols2"),
            ("ph", "pw"),
            ("H1", "W1"),
        )
    )
    twice = ast.mul(2, pad) if b.chance(0.8) else None
    larger = [ast.add(s, twice) if twice else ast.add(ast.add(s, pad), pad) for s in (h, w)]
    if b.chance(0.3) and type(pad) is ast.Name:
        larger = [ast.add(ast.mul(2, pad), s) for s in (h, w)]
    high, wide = (ast.Name(b.exact(word, "i32")) for word in words)
    depth = b.size(names.DEPTHS, (1, 2, 3)) if b.chance(0.5) else None
    (row, col), axes = loops(b, (high, wide))
    d = ast.Name(b.name(("dep", "ch", "k", "z0"), "i32")) if depth else None
    i, j = (
        ast.Name(b.name(options, "i32"))
        for options in (("i", "dst_i", "oi", "to"), ("j", "src_j", "ij", "from_i"))
    )
    big: tuple = ast.add(ast.mul(row, wide), col)
    inner = [ast.Paren(ast.sub(v, pad)) for v in (row, col)]
    small: tuple = ast.add(ast.mul(inner[0], w), inner[1])
    if d:
        big = ast.add(ast.add(ast.product([d, high, wide]), ast.mul(row, wide)), col)
        small = ast.add(ast.add(ast.product([d, h, w]), small.left), inner[1])
        axes = (
            (*axes, Axis(d.id, ast.ZERO, depth))
            if b.chance(0.6)
            else (Axis(d.id, ast.ZERO, depth), *axes)
        )
    front = [depth] if d else []
    source, result = (
        b.array((ast.product([*front, h, w]),)),
        b.array((ast.product([*front, *(ast.Paren(e) for e in larger)]),)),
    )
    read, place = ast.At(source, (j,)), ast.At(result, (i,))
    made = (ast.Declare("i32", i.id, big), ast.Declare("i32", j.id, small))
    inside = b.chance(0.5)
    test = _border_test(b, inside, pad, ((row, h), (col, w)))
    if b.chance(0.25):  # back from the padded array into the smaller one
        b.parameter(source).written = True
        body: tuple = (*made, ast.If(test, (ast.Assign(read, b.pick(("=", "+=")), place),)))
        if not inside:
            body = (
                *made,
                ast.If(test, (ast.Jump("continue"),)),
                ast.Assign(read, b.pick(("=", "+=")), place),
            )
    else:
        b.parameter(result).written = True
        copy, blank = ast.Assign(place, "=", read), ast.Assign(place, "=", b.number(zero=True))
        body = (
            *made,
            ast.If(test, (copy,), (blank,)) if inside else ast.If(test, (blank,), (copy,)),
        )
    before = tuple(
        ast.Declare("i32", word.id, value, False) for word, value in zip((high, wide), larger)
    )
    nest = Nest("", [], [Region(tuple(axes), body)], before=before)
    if b.chance(0.5):
        nest.early = nest.apart = True
    return nest


def _border_test(b: Builder, inside: bool, pad: tuple, sides: tuple) -> tuple:
    """Whether a place of the larger array lies inside the border, or on it."""
    tests = []
    for v, s in sides:
        last = ast.sub(ast.add(s, pad), 1) if b.chance(0.5) else None
        end = last or ast.add(pad, s)
        if inside:
            tests.append(
                ast.Binary(
                    "&&", ast.compare(v, ">=", pad), ast.compare(v, "<=" if last else "<", end)
                )
            )
        else:
            tests.append(
                ast.Binary(
                    "||", ast.compare(v, "<", pad), ast.compare(v, ">" if last else ">=", end)
                )
            )
    if b.chance(0.6):
        tests = [ast.Paren(t) for t in tests]
    return ast.Binary("&&" if inside else "||", *tests)


def reported(b: Builder) -> Nest:
    """Draw a nest that prints a message where a test holds, beside work on arrays. b: the builder
    that makes its parts.
    """
    i, n = ast.Name(b.name(names.LOOPS, "i32")), b.size(names.SIZES, _LENGTHS)
    point = IterationPoint((i,), (n,), plain=True)
    effects.add_inputs(b, point)
    b.reads = [r for r in b.reads if b._kind_of(r) == b.kind]
    if not b.reads:
        b.reads = [ast.At(b.array((n,)), (i,))]
    made: tuple = ()
    if b.chance(0.4):
        word = b.local()
        made = (ast.Declare(b.kind, word, b.read()),)
        b.reads, b.locals = [*b.reads, ast.Name(word)], []
    mark = "%f" if b.kind in FLOATS else "%d"
    values = [b.read() for _ in range(b.pick((0, 1, 1, 2)))]
    marks = " ".join([mark] * len(values))
    forms = ("%d", "error at %d", "bad %d", "id %d")
    if values:
        forms = (
            f"%d {marks}",
            f"%d: {marks}",
            f"i=%d {marks}",
            f"error at %d {marks}",
            f"%d {marks}",
        )
    message = ast.Print(b.pick(forms).strip() + "\\n", (i, *values))
    test = b.condition(i)
    draw = b.rng.random()
    store = effects.add_assignment(b, point, 1)
    if draw < 0.4:
        body = (*made, ast.If(test, (message,)), *store)
    elif draw < 0.7:
        body = (
            *made,
            *store,
            ast.If(
                test, (message, ast.Assign(make_output_place(b, point), "=", b.number(zero=True)))
            ),
        )
    else:
        body = (*made, ast.If(test, (message,), store))
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, n),), body)], c_only=True)


def first_store(b: Builder) -> Nest:
    """Draw a nest with `offset[0] = 0;` before a loop from 1. b: the builder that makes its
    parts.
    """
    i, n = ast.Name(b.name(names.LOOPS, "i32")), b.size(names.SIZES, _LENGTHS)
    longer = b.chance(0.5)
    whole = (ast.add(n, 1),) if longer else (n,)
    made: tuple = ()
    first: tuple = ()
    for _ in range(b.pick((1, 1, 1, 2))):
        array = b.array((n,))
        b.reads = [ast.At(array, (ast.sub(i, 1),))]
        if b.chance(0.5) and not longer:
            b.reads.append(ast.At(array, (i,)))
        if b.chance(0.5):
            b.reads.append(ast.At(b.array(whole), (i,)))
        result = b.array(whole)
        b.parameter(result).written = True
        place = ast.At(result, (i,))
        value: tuple = b.number(zero=b.chance(0.6)) if b.chance(0.7) else ast.At(array, (ast.ZERO,))
        first += (ast.Assign(ast.At(result, (ast.ZERO,)), "=", value),)
        made += (ast.Assign(place, "=", b.value(b.pick((0, 1, 1, 2)))),)
    if b.chance(0.2):
        made = (ast.If(b.condition(i), made),)
    axis = (
        Axis(i.id, ast.ONE, n, longer)
        if not longer or b.chance(0.6)
        else Axis(i.id, ast.ONE, ast.add(n, 1))
    )
    return Nest("", [], [Region((axis,), made)], first=first)


def status(b: Builder) -> Nest:
    """Draw a nest of parallel work that returns a constant for success. b: the builder that makes
    its parts.
    """
    if b.chance(0.5):
        sides = extents(b, 2)
        variables, axes = loops(b, sides)
    else:
        sides, variables = (b.size(names.SIZES, _LENGTHS),), (ast.Name(b.name(names.LOOPS, "i32")),)
        axes = (Axis(variables[0].id, ast.ZERO, sides[0]),)
    point = IterationPoint(variables, sides, plain=b.chance(0.6))
    effects.add_inputs(b, point)
    body = effects.make_body(b, point, b.pick((1, 1, 2)), b.pick((1, 1, 2)))
    code = b.pick((0, 0, 0, 1, 1, -1))
    nest = Nest(
        "", [], [Region(axes, body)], after=(ast.Jump("return", ast.integer(code)),), result="i32"
    )
    if b.chance(0.2) and type(sides[0]) is ast.Name:
        nest.before = (
            ast.If(
                ast.compare(sides[0], b.pick(("<=", "<")), ast.ONE),
                (ast.Jump("return", ast.integer(1 if code < 1 else 0)),),
            ),
        )
        nest.c_only = True  # the Fortran function sets its result and goes on
    return nest


def halves(b: Builder) -> Nest:
    """Draw a nest over all pairs once, which also writes the mirrored place. b: the builder that
    makes its parts.
    """
    n = b.size(names.SIZES, (1, 2, 4, 7))
    i, j = ast.Name(b.name(names.LOOPS, "i32")), ast.Name(b.name(names.INNER, "i32"))
    diagonal = b.chance(0.5)
    lower = b.chance(0.35)
    start = ast.ZERO if lower else i if diagonal else ast.add(i, 1)
    op, stop = ("<=" if diagonal else "<", i) if lower else ("<", n)
    out = b.array((n, n))
    b.parameter(out).written = True
    place, mirrored = ast.At(out, (i, j)), ast.At(out, (j, i))
    value = ast.Name(b.local(b.kind))
    made = _of_rows(b, n, i, j, value) if b.chance(0.55) else _of_elements(b, n, i, j, value)
    stored: tuple = value
    if b.kind in FLOATS and b.chance(0.3):
        stored = ast.Call(b.function("sqrt"), (ast.Call(b.function("fabs"), (value,)),))
    stores: tuple = (ast.Assign(place, "=", stored),)
    if b.chance(0.6):
        last = stored if b.chance(0.7) else ast.Unary("-", value)
        stores = (
            (ast.Assign(place, "=", stored, False, (mirrored,)),)
            if b.chance(0.3)
            else (*stores, ast.Assign(mirrored, "=", last))
        )
    elif b.chance(0.5):
        other_half = b.array((n, n))
        b.parameter(other_half).written = True
        stores += (
            ast.Assign(ast.At(other_half, (i, j)), b.pick(("=", "+=")), ast.mul(value, b.number())),
        )
    b.locals, b.reads = [value], []
    if b.chance(0.2):
        stores = (
            ast.If(ast.compare(value, b.pick((">", "<", "!=")), b.number(zero=True)), stores),
        )
    body: tuple = (ast.For(j.id, start, op, stop, (*made, *stores)),)
    if not diagonal and b.chance(0.5):
        body = (ast.Assign(ast.At(out, (i, i)), "=", b.number(zero=b.chance(0.7))), *body)
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, n),), body)])


def _of_rows(b: Builder, n: ast.Name, i: ast.Name, j: ast.Name, value: ast.Name) -> tuple:
    """A distance or product of two rows in the local `value`."""
    k, d = (
        ast.Name(b.name(names.INNER, "i32")),
        b.size(("dim", "d", "nf", "features", "cols"), (1, 2, 3)),
    )
    rows = b.array((n, d))
    one, other = ast.At(rows, (i, k)), ast.At(rows, (j, k))
    gap = ast.Name(b.local(b.kind, ("diff", "gap", "delta", "t", "dx")))
    step: tuple = (
        ast.Declare(b.kind, gap.id, ast.sub(one, other)),
        ast.Assign(value, "+=", ast.mul(gap, gap)),
    )
    if b.chance(0.4):
        b.reads = [one, other]
        step = (ast.Assign(value, "+=", ast.mul(one, other) if b.chance(0.5) else b.value(1)),)
    return ast.Declare(b.kind, value.id, b.number(zero=True)), ast.For(k.id, ast.ZERO, "<", d, step)


def _of_elements(b: Builder, n: ast.Name, i: ast.Name, j: ast.Name, value: ast.Name) -> tuple:
    """A formula of two elements in the local `value`."""
    vector = b.array((n,))
    beside = (ast.At(b.array((n, n)), (i, j)),) if b.chance(0.4) else ()
    b.reads = [ast.At(vector, (i,)), ast.At(vector, (j,)), *beside]
    return (ast.Declare(b.kind, value.id, b.value(b.pick((1, 1, 2)))),)


MENU = (
    (heads_forms.repeated, 16),
    (heads_forms.repeated_sums, 16),
    (heads_forms.branches, 10),
    (heads_ends.escape, 6),
    (heads_ends.halted, 8),
    (stepping, 8),
    (padded, 9),
    (reported, 5),
    (first_store, 6),
    (status, 6),
    (halves, 8),
)
