"""Computations as Fortran programs hold them: halos, components in the first dimension, positions
that data hold, windows, lags.

Contract: as for the other families; positions that arrays hold count from one (`x[col[k] - 1]`), so
that Fortran uses them as they are.

    python -c "from corpora.generator import generate; \\
        [print(c.programs['fortran'].text) for c in generate(20, 8, 'broad', plain=True) if \\
        'fortran' in c.programs]"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region

_SIDES = (1, 2, 3, 5, 6)
_LARGEST = {"f32": "3.4028235e38f", "f64": "1.7976931348623157e308", "i32": "2147483647"}
_PAIRS = (
    ("nx", "ny"),
    ("n", "m"),
    ("ni", "nj"),
    ("nr", "nc"),
    ("ncol", "nrow"),
    ("width", "height"),
    ("imax", "jmax"),
    ("m", "n"),
)
_POINTS = ("n", "np", "npts", "natom", "nparticles", "num", "nbody", "count")


def largest(kind: str) -> ast.Literal:
    """Return the largest value of an element type as a constant, Fortran's `huge`."""
    return ast.Literal(_LARGEST[kind], kind)


def counted(b: Builder, variable: ast.Name) -> tuple:
    """Return a position as a program stores it, mostly as Fortran counts it."""
    return variable if b.chance(0.75) else ast.add(variable, 1)


def line(b: Builder, sizes: tuple[int, ...] = (1, 3, 8, 17)) -> tuple[ast.Name, tuple]:
    """Return a new loop variable and its size. sizes: values for tests."""
    n = b.size(names.SIZES + _POINTS, sizes)
    return ast.Name(b.name(("i", "i", "j", "k", "ip", "p", "l"), "i32")), n


def plane(b: Builder) -> tuple[tuple[ast.Name, ast.Name], tuple]:
    """Return the loop variables of rows and columns and their sizes, outermost first."""
    inner, outer = b.pick(_PAIRS)
    fast, slow = b.size((inner,), _SIDES), b.size((outer,), _SIDES)
    words = b.pick((("j", "i"), ("j", "i"), ("i", "j"), ("jy", "ix"), ("l", "k"), ("row", "col")))
    return tuple(ast.Name(b.exact(w, "i32")) for w in words), (slow, fast)


def written(
    b: Builder, extents: tuple, kind: str | None = None, wanted: tuple = names.ARRAYS
) -> str:
    """Add an array parameter that is written and return its name. kind: element type; None: the
    main one. wanted: names to choose from.
    """
    word = b.array(extents, kind, "", wanted)
    b.parameter(word).written = True
    return word


def mixed(b: Builder, places: list) -> tuple:
    """Return a sum or product of the places, sometimes with a scalar."""
    made = places[0]
    for place in places[1:]:
        made = ast.Binary(b.pick("++--*"), made, place)
    if b.chance(0.5):
        other = b.scalar()
        made = ast.Binary(
            "*", other, ast.Paren(made) if type(made) is ast.Binary and made.op != "*" else made
        )
    return made


def halo(b: Builder) -> Nest:
    """Draw a nest that computes an inner field from one with a margin, or the inside of a field
    from its neighbours. b: the builder that makes its parts.
    """
    flat = b.chance(0.35)
    if flat:
        i, n = line(b)
        variables, sides = (i,), (n,)
    else:
        variables, sides = plane(b)
    margin = b.pick((0, 1)) if flat else b.pick((0, 1, 1))
    around = b.pick((1, 2)) if flat and not margin else 2
    field = b.array(tuple(ast.add(s, around) for s in sides) if not margin else sides)
    middle = [ast.add(v, 1) if not margin and around == 2 else v for v in variables]
    axes = tuple(
        Axis(v.id, ast.integer(margin), ast.sub(s, margin) if margin else s)
        for v, s in zip(variables, sides)
    )
    near = [ast.At(field, tuple(middle))]
    for axis in range(len(variables)):
        for step in (1, -1) if around == 2 else (1,):
            near.append(
                ast.At(
                    field, tuple(_moved(m, step if k == axis else 0) for k, m in enumerate(middle))
                )
            )
    steps: tuple = ()
    for _ in range(b.pick((1, 1, 2))):
        chosen = b.rng.sample(near, b.rng.randint(2, len(near)))
        target = ast.At(written(b, sides), variables)
        value = mixed(b, chosen)
        if b.chance(0.3) and b.kind in FLOATS:
            value = ast.Binary(
                "/", ast.Paren(value) if type(value) is ast.Binary else value, b.number()
            )
        steps += (ast.Assign(target, b.pick(("=", "=", "+=", "-=")), value),)
    if b.chance(0.25):
        other = ast.Assign(steps[0].target, "=", b.pick(tuple(near)))
        steps = (
            ast.If(
                ast.compare(near[0], b.pick((">", "<", ">=")), b.number(zero=True)),
                steps[:1],
                (other,),
            ),
        )
    return Nest("", [], [Region(axes, steps)])


def _moved(node: tuple, step: int) -> tuple:
    if type(node) is ast.Binary and step:
        total = int(node.right.text) + step
        return ast.add(node.left, total) if total else node.left
    return ast.add(node, step) if step else node


def components(b: Builder) -> Nest:
    """Draw a nest over points whose two to four components are the first dimension: `x(2, i)`. b:
    the builder that makes its parts.
    """
    i, n = line(b)
    count = b.pick((2, 3, 3, 4))
    extents = (n, ast.integer(count))
    main, other = written(b, extents), b.array(extents)
    if b.chance(0.45):
        k = ast.Name(b.name(("k", "d", "c", "m"), "i32"))
        steps: tuple = ()
        for target, source in ((main, other), (written(b, extents), main))[: b.pick((1, 2))]:
            value = mixed(
                b,
                [ast.At(source, (i, k)), *([ast.At(b.array((n,)), (i,))] if b.chance(0.4) else [])],
            )
            steps += (
                ast.For(
                    k.id,
                    ast.ZERO,
                    "<",
                    ast.integer(count),
                    (ast.Assign(ast.At(target, (i, k)), b.pick(("=", "+=", "-=")), value),),
                ),
            )
        return Nest("", [], [Region((Axis(i.id, ast.ZERO, n),), steps)])
    parts, body = [], ()
    for k in range(count):
        word = ast.Name(b.local())
        one, two = b.pick(((main, other), (other, main)))
        less = b.scalar() if b.chance(0.3) else ast.At(two, (i, ast.integer(k)))
        body += (ast.Declare(b.kind, word.id, ast.sub(ast.At(one, (i, ast.integer(k))), less)),)
        parts.append(word)
    for k in range(count):
        body += (
            ast.Assign(
                ast.At(main, (i, ast.integer(k))),
                b.pick(("=", "=", "+=")),
                mixed(b, b.rng.sample(parts, b.pick((1, 2)))),
            ),
        )
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, n),), body)])


def compressed(b: Builder) -> Nest:
    """Draw a nest over rows of a sparse matrix whose positions count from one. b: the builder that
    makes its parts.
    """
    i, n = line(b)
    m = b.size(("nnz", "nz", "m", "nedge", "total"), (4, 9, 20))
    start = b.array(
        (ast.add(n, 1),),
        "i32",
        f"sorted(1,{m.id}+1)",
        ("ptr", "row_ptr", "ia", "first", "rowstart", "xadj"),
    )
    where = b.array(
        (m,), "i32", f"integers(1,{n.id})", ("col", "ja", "idx", "adj", "colind", "neighbor")
    )
    k = ast.Name(b.name(("k", "j", "jj", "kk"), "i32"))
    source = b.array((n,))
    taken: tuple = ast.At(source, (ast.sub(ast.At(where, (k,)), 1),))
    if b.chance(0.7):
        taken = ast.mul(ast.At(b.array((m,)), (k,)), taken)
    target = ast.At(written(b, (n,)), (i,))
    total: tuple = target if b.chance(0.6) else ast.Name(b.name(names.SUMS, b.kind))
    begin = (
        (ast.Assign(total, "=", b.number(zero=True)),)
        if total == target
        else (ast.Declare(b.kind, total.id, b.number(zero=True)),)
    )
    stop = ast.sub(ast.At(start, (ast.add(i, 1),)), 1)
    inner = ast.For(
        k.id, ast.sub(ast.At(start, (i,)), 1), "<", stop, (ast.Assign(total, "+=", taken),)
    )
    end = () if total == target else (ast.Assign(target, b.pick(("=", "+=")), total),)
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, n),), (*begin, inner, *end))])


def looked_up(b: Builder) -> Nest:
    """Draw a nest that gathers values by positions that count from one, or stores such positions.
    b: the builder that makes its parts.
    """
    i, n = line(b)
    m = b.size(("m", "ntab", "nbin", "levels", "nk"), (1, 4, 9))
    where = ast.At(b.array((n,), "i32", f"integers(1,{m.id})", names.INDEX_ARRAYS), (i,))
    table = b.array((m,))
    word = ast.Name(b.name(("k", "ind", "id", "loc", "it"), "i32"))
    named = b.chance(0.5)
    place = ast.At(table, (ast.sub(word if named else where, 1),))
    body: tuple = (ast.Declare("i32", word.id, where),) if named else ()
    target = ast.At(written(b, (n,)), (i,))
    body += (
        ast.Assign(
            target,
            b.pick(("=", "+=")),
            mixed(b, [place, ast.At(b.array((n,)), (i,))][: b.pick((1, 2, 2))]),
        ),
    )
    if b.chance(0.3):
        body += (
            ast.Assign(
                ast.At(written(b, (n,), "i32", names.INDEX_ARRAYS), (i,)), "=", counted(b, i)
            ),
        )
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, n),), body)])


def nearest(b: Builder) -> Nest:
    """Draw a nest that finds, for each point, the best of several others, with its position from
    one. b: the builder that makes its parts.
    """
    b.kind = b.pick(("f32", "f64"))
    i, n = line(b)
    m, d = (
        b.size(("m", "nc", "k", "nref"), (1, 3, 5)),
        b.size(("dim", "dims", "nd", "ndim"), (1, 2, 3)),
    )
    c, k = ast.Name(b.name(("c", "j", "ic"), "i32")), ast.Name(b.name(("l", "d", "id", "t"), "i32"))
    points, others = b.array((n, d)), b.array((m, d))
    owner = written(b, (n,), "i32", names.INDEX_ARRAYS)
    best, far = (
        ast.Name(b.name(("best", "dmin", "smallest", "bmin"), b.kind)),
        ast.Name(b.name(("dist", "s", "r2", "d2"), b.kind)),
    )
    gap = ast.Paren(ast.sub(ast.At(points, (i, k)), ast.At(others, (c, k))))
    step = ast.mul(gap, gap) if b.chance(0.7) else ast.Call(b.function("fabs"), (gap.argument,))
    took: tuple = (ast.Assign(best, "=", far), ast.Assign(ast.At(owner, (i,)), "=", counted(b, c)))
    sums = (
        ast.Declare(b.kind, far.id, b._same(ast.Literal("0.0", "f64"))),
        ast.For(k.id, ast.ZERO, "<", d, (ast.Assign(far, "+=", step),)),
    )
    inner = ast.For(c.id, ast.ZERO, "<", m, (*sums, ast.If(ast.compare(far, "<", best), took)))
    body: tuple = (ast.Declare(b.kind, best.id, largest(b.kind)), inner)
    if b.chance(0.4):
        body += (ast.Assign(ast.At(written(b, (n,)), (i,)), "=", best),)
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, n),), body)])


def windowed(b: Builder) -> Nest:
    """Draw a nest with sums or extremes over windows of a field, clipped at its ends. b: the
    builder that makes its parts.
    """
    i, m = line(b, (1, 2, 3))
    width, n = (
        b.size(("k", "w", "ksize", "step_n"), (1, 2, 3)),
        b.size(("n", "nx", "len", "total_n"), (9, 11, 12)),
    )
    source, k = b.array((n,)), ast.Name(b.name(("ii", "kk", "l", "j"), "i32"))
    word = ast.Name(b.name(names.EXTREMES + names.SUMS, b.kind))
    end = (
        ast.Call("min", (ast.mul(ast.add(i, 1), width), n))
        if b.chance(0.6)
        else ast.mul(ast.add(i, 1), width)
    )
    what = b.pick(("sum", "max", "min"))
    if what == "sum":
        begin, step = b.number(zero=True), ast.Assign(word, "+=", ast.At(source, (k,)))
    else:
        begin = largest(b.kind) if what == "min" else ast.Unary("-", largest(b.kind))
        step = ast.Assign(word, "=", ast.Call(what, (word, ast.At(source, (k,)))))
    value = (
        ast.Binary("/", word, width if b.kind not in FLOATS else ast.Cast(b.kind, width))
        if what == "sum" and b.chance(0.6)
        else word
    )
    body = (
        ast.Declare(b.kind, word.id, begin),
        ast.For(k.id, ast.mul(i, width), "<", end, (step,)),
        ast.Assign(ast.At(written(b, (m,)), (i,)), "=", value),
    )
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, m),), body)])


def lagged(b: Builder) -> Nest:
    """Draw a nest with sums of products at a lag, or a polynomial's value, over arrays one longer
    than a size. b: the builder that makes its parts.
    """
    i, n = line(b, (4, 8, 11))
    last = b.size(("lags", "degree", "nlag", "order", "kmax"), (1, 2, 3))
    coefficients = (ast.add(last, 1),)
    if b.chance(0.5):
        l = ast.Name(b.name(("lag", "m", "s", "kk"), "i32"))
        target = ast.At(written(b, coefficients), (l,))
        product = ast.mul(ast.At(b.array((n,)), (i,)), ast.At(b.array((n,)), (ast.add(i, l),)))
        inner = ast.For(i.id, ast.ZERO, "<", ast.sub(n, l), (ast.Assign(target, "+=", product),))
        return Nest(
            "",
            [],
            [
                Region(
                    (Axis(l.id, ast.ZERO, last, inclusive=True),),
                    (ast.Assign(target, "=", b.number(zero=True)), inner),
                )
            ],
        )
    k = ast.Name(b.name(("k", "j", "m", "kk"), "i32"))
    table, x = b.array(coefficients), ast.At(b.array((n,)), (i,))
    b.parameter(table).fill = "uniform(-1,1)" if b.kind in FLOATS else "integers(-2,2)"
    b.parameter(x.array).fill = b.parameter(table).fill
    target = ast.At(written(b, (n,)), (i,))
    word: tuple = target if b.chance(0.5) else ast.Name(b.name(names.SUMS, b.kind))
    top = ast.At(table, (last,))
    begin = ast.Assign(target, "=", top) if word == target else ast.Declare(b.kind, word.id, top)
    step = ast.Assign(word, "=", ast.add(ast.mul(word, x), ast.At(table, (k,))))
    loop = ast.For(k.id, ast.sub(last, 1), ">=", ast.ZERO, (step,), -1)
    end = () if word == target else (ast.Assign(target, "=", word),)
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, n),), (begin, loop, *end))])


def collected(b: Builder) -> Nest:
    """Draw a nest that stores what passes a test one after the other, and their number in a scalar.
    b: the builder that makes its parts.
    """
    i, n = line(b)
    source = ast.At(b.array((n,)), (i,))
    b.reads.append(source)
    found = ast.At(
        written(b, (ast.ONE,), "i32", ("found", "nfound", "cnt", "m", "nout", "kept")), (ast.ZERO,)
    )
    place = (ast.sub(found, 1),)
    taken: tuple = (
        ast.Assign(found, "+=", ast.ONE),
        ast.Assign(ast.At(written(b, (n,)), place), "=", source),
    )
    if b.chance(0.6):
        taken += (
            ast.Assign(
                ast.At(written(b, (n,), "i32", names.INDEX_ARRAYS), place), "=", counted(b, i)
            ),
        )
    loop = ast.For(i.id, ast.ZERO, "<", n, (ast.If(b.condition(), taken),))
    return Nest("", [], [Region((), (ast.Assign(found, "=", ast.ZERO), loop))], sequential=True)


MENU = (
    (halo, 16),
    (components, 14),
    (compressed, 8),
    (looked_up, 6),
    (nearest, 8),
    (windowed, 8),
    (lagged, 10),
    (collected, 8),
)
