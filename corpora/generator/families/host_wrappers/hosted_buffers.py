"""Functions that allocate an array, fill it in one pass and use it in the next: permutations in
place, steps of a stencil, products.

Contract: every element of a buffer that is read was written before, or the buffer is cleared; every
region is parallel. Positions that are written differ from iteration to iteration whatever the sizes
are.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(900, 4, 'broad') if 'memcpy(' in c.programs['cpp'].text][0])"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Axis, Nest, Parameter, Region
from corpora.generator.core.one_thread import (
    make_assignment,
    make_counters,
    make_sizes,
    make_written_array,
    use_floating_type,
)

_BUFFERS = tuple(
    "swap tmp temp buf buffer work scratch aux copy t2 next_x hold staging tmp_x backup".split()
)
_TURNS = tuple("t step it iter s rep turn".split())
_ALLOCATIONS = (
    "calloc",
    "calloc",
    "malloc",
    "malloc",
    "malloc",
    "new",
    "new",
    "calloc uncast",
    "malloc uncast",
)


def _buffer(b: Builder, extents: tuple, kind: str | None = None) -> Parameter:
    word = b.name(_BUFFERS, kind or b.kind)
    return Parameter(word, "array", kind or b.kind, extents, written=True)


def _nest(
    b: Builder, buffers: tuple[Parameter, ...], *regions: Region, repeated: tuple | None = None
) -> Nest:
    return Nest(
        "",
        [],
        list(regions),
        buffers=buffers,
        allocation=b.pick(_ALLOCATIONS),
        repeated=repeated,
        c_only=True,
    )


def _loops(variables: list[ast.Name], lengths: list[tuple]) -> tuple[Axis, ...]:
    return tuple(Axis(v.id, ast.ZERO, s) for v, s in zip(variables, lengths))


def _back(
    b: Builder,
    last: Region,
    target: str,
    source: str,
    variables: list[ast.Name],
    lengths: list[tuple],
    copied: float = 0.5,
) -> list[Region]:
    """The last region and what brings the buffer back: a whole copy, or loops, one or as many as
    there are lengths.
    """
    if b.chance(copied):
        last.copied = (target, source)
        return [last]
    if b.chance(0.5) and len(lengths) > 1:
        k = ast.Name(b.name(("k", "q", "idx", "e", "pos"), "i32"))
        total = ast.product(list(lengths))
        return [
            last,
            Region(
                (Axis(k.id, ast.ZERO, total),),
                (make_assignment(ast.At(target, (k,)), ast.At(source, (k,))),),
            ),
        ]
    places = [ast.At(word, tuple(variables)) for word in (target, source)]
    return [last, Region(_loops(variables, lengths), (make_assignment(*places),))]


def _flat(b: Builder, subscripts: list[ast.Name], lengths: list[tuple]) -> tuple:
    """`(i * m + j) * c + k` or `i * m * c + j * c + k`."""
    if b.chance(0.5):
        total: tuple = subscripts[0]
        for word, length in zip(subscripts[1:], lengths[1:]):
            total = ast.add(
                ast.mul(ast.Paren(total) if type(total) is ast.Binary else total, length), word
            )
        return total
    terms = [ast.product([s, *lengths[p + 1 :]]) for p, s in enumerate(subscripts)]
    total = terms[0]
    for term in terms[1:]:
        total = ast.add(total, term)
    return total


def reordered(b: Builder) -> Nest:
    """Draw a nest that reorders the dimensions of an array in place, through a buffer. b: the
    builder that makes its parts.
    """
    count = b.pick((2, 2, 2, 3, 3))
    lengths: list = list(make_sizes(b, count, (1, 2, 3, 5)))
    if count == 3 and b.chance(0.3):
        lengths.insert(0, b.size(("batch_n", "num_b", "items_n", "groups_n"), (1, 2)))
    variables = make_counters(b, len(lengths))
    orders = [
        o
        for o in (
            (1, 0),
            (0, 2, 1),
            (1, 2, 0),
            (2, 0, 1),
            (1, 0, 2),
            (2, 1, 0),
            (0, 2, 3, 1),
            (0, 3, 1, 2),
            (0, 1, 3, 2),
        )
        if len(o) == len(lengths)
    ]
    order = b.pick(tuple(orders))
    first, second = (
        _flat(b, variables, lengths),
        _flat(b, [variables[k] for k in order], [lengths[k] for k in order]),
    )
    whole = ast.product(list(lengths))
    x = make_written_array(b, (whole,))
    buffer = _buffer(b, (whole,))
    made: tuple = ()
    switch = b.chance(0.5)
    if switch or b.chance(0.6):
        words = [
            ast.Name(b.name(w, "i32"))
            for w in (
                ("i1", "src_i", "from_i", "p1", "in_i", "a_pos"),
                ("i2", "dst_i", "to_i", "p2", "out_i", "b_pos"),
            )
        ]
        made = tuple(ast.Declare("i32", w.id, e) for w, e in zip(words, (first, second)))
        first, second = words
    there, back = (
        make_assignment(ast.At(buffer.name, (p,)), ast.At(x, (q,)))
        for p, q in ((second, first), (first, second))
    )
    body: tuple = (there if b.chance(0.6) else back,)
    if switch:
        flag = ast.Name(b.name(("forward", "inverse", "dir", "back", "undo", "mode"), "i32"))
        b.parameters.append(Parameter(flag.id, "scalar", "i32", values=(0, 1)))
        test = flag if b.chance(0.6) else ast.compare(flag, b.pick(("==", "!=", ">")), ast.ZERO)
        body = (ast.If(test, (there,), (back,)),)
    axes = _loops(variables, lengths)
    region = Region(axes[:3], (*made, *body))
    if len(axes) == 4:
        region.body = (ast.For(axes[3].variable, ast.ZERO, "<", axes[3].stop, region.body),)
    k = ast.Name(b.name(("n0", "k0", "q", "idx", "e", "pos"), "i32"))
    return _nest(b, (buffer,), *_back(b, region, x, buffer.name, [k], [whole], 0.6))


def moved(b: Builder) -> Nest:
    """Draw a nest that moves elements of an array through a buffer: reversed, rotated, interleaved
    or gathered. b: the builder that makes its parts.
    """
    if b.chance(0.35):
        rows, cols = make_sizes(b, 2)
        i, j = make_counters(b, 2)
        x, buffer = make_written_array(b, (rows, cols)), _buffer(b, (rows, cols))
        shift = ast.Name(b.name(("shift", "off", "dx0", "k_shift"), "i32"))
        away, under = ast.sub(ast.sub(rows, 1), i), ast.sub(ast.sub(cols, 1), j)
        kind = b.pick(("up", "left", "both", "roll"))
        if kind == "roll":
            b.parameters.append(Parameter(shift.id, "scalar", "i32", values=(0, 1, 2)))
        other = {
            "up": (away, j),
            "left": (i, under),
            "both": (away, under),
            "roll": (i, ast.Binary("%", ast.Paren(ast.add(j, shift)), cols)),
        }[kind]
        here = (i, j)
        if kind != "roll" and b.chance(0.4):
            here, other = other, here
        region = Region(
            _loops([i, j], [rows, cols]),
            (make_assignment(ast.At(buffer.name, here), _value(b, ast.At(x, other))),),
        )
        return _nest(b, (buffer,), *_back(b, region, x, buffer.name, [i, j], [rows, cols]))
    n, (i,) = b.size(names.SIZES, (1, 2, 5, 9, 16)), make_counters(b, 1)
    x, buffer = make_written_array(b, (n,)), _buffer(b, (n,))
    draw = b.rng.random()
    here: tuple = i
    if draw < 0.3:
        other: tuple = ast.At(
            b.array(
                (n,),
                b.pick(("i32", "i32", "i64")),
                b.pick(("permutation()", f"indices({n.id})")),
                (*names.INDEX_ARRAYS, "P", "p", "seq", "pi0"),
            ),
            (i,),
        )
    elif draw < 0.5:
        other = ast.sub(ast.sub(n, 1), i) if b.chance(0.6) else ast.sub(n, ast.Paren(ast.add(i, 1)))
        here, other = (i, other) if b.chance(0.6) else (other, i)
    elif draw < 0.75:
        k = ast.Name(b.name(("k0", "shift", "offset", "rot", "d0"), "i32"))
        b.parameters.append(Parameter(k.id, "scalar", "i32", values=(0, 1, 3)))
        other = ast.Binary("%", ast.Paren(ast.add(i, k)), n)
    else:
        half = ast.Paren(ast.Binary("/", ast.Paren(ast.add(n, 1)), ast.TWO))
        test = ast.compare(ast.Binary("%", i, ast.TWO), "==", ast.ZERO)
        step = Region(
            _loops([i], [n]),
            (
                ast.If(
                    test,
                    (
                        make_assignment(
                            ast.At(buffer.name, (ast.Binary("/", i, ast.TWO),)), ast.At(x, (i,))
                        ),
                    ),
                    (
                        make_assignment(
                            ast.At(buffer.name, (ast.add(half, ast.Binary("/", i, ast.TWO)),)),
                            ast.At(x, (i,)),
                        ),
                    ),
                ),
            ),
        )
        return _nest(b, (buffer,), *_back(b, step, x, buffer.name, [i], [n]))
    region = Region(
        _loops([i], [n]),
        (make_assignment(ast.At(buffer.name, (here,)), _value(b, ast.At(x, (other,)))),),
    )
    return _nest(b, (buffer,), *_back(b, region, x, buffer.name, [i], [n]))


def _value(b: Builder, place: ast.At) -> tuple:
    """The element, or something made of it."""
    if b.chance(0.6):
        return place
    b.reads = [place]
    return b.value(1)


def stepped(b: Builder) -> Nest:
    """Draw a nest that applies a stencil once or several times through a buffer. b: the builder
    that makes its parts.
    """
    use_floating_type(b)
    plane = b.chance(0.45)
    lengths = list(make_sizes(b, 2, (2, 3, 5, 6))) if plane else [b.size(names.SIZES, (2, 3, 5, 9))]
    variables = make_counters(b, len(lengths))
    x, buffer = make_written_array(b, tuple(lengths)), _buffer(b, tuple(lengths))
    inner = b.chance(0.6)

    def near(axis: int, by: int) -> ast.At:
        word, n = variables[axis], lengths[axis]
        moved_to = ast.add(word, by) if by > 0 else ast.sub(word, -by)
        if not inner:  # round the edge
            moved_to = ast.Binary(
                "%", ast.Paren(ast.add(word, 1) if by > 0 else ast.sub(ast.add(word, n), 1)), n
            )
        return ast.At(x, tuple(moved_to if k == axis else v for k, v in enumerate(variables)))

    here = ast.At(x, tuple(variables))
    around = [near(axis, by) for axis in range(len(lengths)) for by in (-1, 1)]
    total = around[0]
    for place in around[1:]:
        total = ast.add(total, place)
    draw = b.rng.random()
    if draw < 0.35:
        value: tuple = ast.mul(
            b._same(ast.Literal("0.25" if plane else "0.5", "f64")), ast.Paren(total)
        )
    elif draw < 0.7:
        rate = b.name(("alpha", "k_diff", "nu", "lambda_", "coef0", "r0"), b.kind)
        b.parameters.append(Parameter(rate, "scalar", b.kind, values=(0.1, 0.2, 0.05)))
        value = ast.add(
            here,
            ast.mul(
                ast.Name(rate), ast.Paren(ast.sub(total, ast.mul(ast.integer(len(around)), here)))
            ),
        )
    else:
        value = ast.Binary(
            "/",
            ast.Paren(ast.add(here, total)),
            ast.integer(len(around) + 1)
            if b.chance(0.5)
            else b._same(ast.Literal(f"{len(around) + 1}.0", "f64")),
        )
    axes = tuple(
        Axis(v.id, ast.ONE, ast.sub(n, 1)) if inner else Axis(v.id, ast.ZERO, n)
        for v, n in zip(variables, lengths)
    )
    store = make_assignment(ast.At(buffer.name, tuple(variables)), value)
    region = Region(axes, (store,))
    regions = [
        region,
        Region(axes, (make_assignment(here, ast.At(buffer.name, tuple(variables))),)),
    ]
    if not inner:
        regions = _back(b, region, x, buffer.name, variables, lengths)
    repeated = None
    if b.chance(0.55):
        word = b.name(("T", "steps", "iters", "num_iter", "nsteps", "turns"), "i32")
        b.parameters.append(Parameter(word, "scalar", "i32", values=(1, 2, 4)))
        repeated = (b.name(_TURNS, "i32"), ast.Name(word))
    return _nest(b, (buffer,), *regions, repeated=repeated)


def passed(b: Builder) -> Nest:
    """Draw a nest of two passes with a buffer between them, such as row totals and a division. b:
    the builder that makes its parts.
    """
    use_floating_type(b)
    draw = b.rng.random()
    if draw < 0.4:
        return _row_totals(b)
    if draw < 0.65:
        return _product(b)
    n, (i,) = b.size(names.SIZES, (1, 2, 5, 9, 16)), make_counters(b, 1)
    x, buffer = b.array((n,)), _buffer(b, (n,))
    b.reads = [ast.At(x, (i,))]
    first = Region(_loops([i], [n]), (make_assignment(ast.At(buffer.name, (i,)), b.value(2)),))
    held = ast.At(buffer.name, (i,))
    far = ast.At(
        buffer.name,
        (
            b.pick(
                (ast.sub(ast.sub(n, 1), i), ast.Binary("%", ast.Paren(ast.add(i, 1)), n), ast.ZERO)
            ),
        ),
    )
    target = x if b.chance(0.5) else make_written_array(b, (n,))
    b.parameter(target).written = True
    value = b.pick(
        (ast.sub(held, far), ast.mul(held, far), ast.add(held, ast.mul(b.number(), far)))
    )
    op = b.pick(("=", "=", "=", "+="))
    return _nest(
        b,
        (buffer,),
        first,
        Region(_loops([i], [n]), (make_assignment(ast.At(target, (i,)), value, op),)),
    )


def _row_totals(b: Builder) -> Nest:
    rows, cols = make_sizes(b, 2)
    i, j = make_counters(b, 2)
    x, of_rows = make_written_array(b, (rows, cols)), b.chance(0.6)
    buffer = _buffer(b, (rows if of_rows else cols,))
    outer, inner, m = (i, j, cols) if of_rows else (j, i, rows)
    place, kept = ast.At(x, (i, j)), ast.At(buffer.name, (outer,))
    s = ast.Name(b.name(names.SUMS, b.kind))
    kind = b.pick(("mean", "sum", "norm", "top"))
    step: tuple = make_assignment(
        s,
        {"norm": ast.mul(place, place), "sum": ast.Call(b.function("fabs"), (place,))}.get(
            kind, place
        ),
        "+=",
    )
    begins: tuple = b.number(zero=True)
    if kind == "top":
        begins, step = (
            ast.At(x, (i, ast.ZERO) if of_rows else (ast.ZERO, j)),
            ast.If(ast.compare(place, ">", s), (make_assignment(s, place),)),
        )
    end = {
        "mean": ast.Binary("/", s, m),
        "norm": ast.add(ast.Call(b.function("sqrt"), (s,)), b._same(b.number())),
        "sum": ast.add(s, b._same(b.number())),
        "top": s,
    }[kind]
    first = Region(
        _loops([outer], [rows if of_rows else cols]),
        (
            ast.Declare(b.kind, s.id, begins),
            ast.For(inner.id, ast.ZERO, "<", m, (step,)),
            make_assignment(kept, end),
        ),
    )
    change = make_assignment(place, kept, "-=" if kind in ("mean", "top") else "/=")
    if b.chance(0.35):
        out = make_written_array(b, (rows, cols))
        b.parameter(x).written = False
        change = make_assignment(
            ast.At(out, (i, j)), ast.Binary("-" if kind in ("mean", "top") else "/", place, kept)
        )
    return _nest(b, (buffer,), first, Region(_loops([i, j], [rows, cols]), (change,)))


def _product(b: Builder) -> Nest:
    """A square matrix times another or itself, put in the place of the first; or a vector times a
    matrix.
    """
    n = b.size((*names.SIZES, "dim", "order0"), (1, 2, 3, 5))
    i, j, k = make_counters(b, 3)
    vector = b.chance(0.45)
    x = make_written_array(b, (n,) if vector else (n, n))
    a = (
        b.array((n, n), wanted=("A", "M0", "mat", "op_m", "G", "trans"))
        if vector or b.chance(0.7)
        else x
    )
    target = (i,) if vector else (i, j)
    buffer = _buffer(b, (n,) if vector else (n, n))
    term = (
        ast.mul(ast.At(a, (i, k)), ast.At(x, (k,)))
        if vector
        else ast.mul(ast.At(x, (i, k)), ast.At(a, (k, j)))
    )
    kept = ast.At(buffer.name, target)
    if b.chance(0.6):
        s = ast.Name(b.name(names.SUMS, b.kind))
        body: tuple = (
            ast.Declare(b.kind, s.id, b.number(zero=True)),
            ast.For(k.id, ast.ZERO, "<", n, (make_assignment(s, term, "+="),)),
            make_assignment(kept, s),
        )
    else:
        body = (
            make_assignment(kept, b.number(zero=True)),
            ast.For(k.id, ast.ZERO, "<", n, (make_assignment(kept, term, "+="),)),
        )
    variables = [i] if vector else [i, j]
    region = Region(_loops(variables, [n] * len(variables)), body)
    return _nest(b, (buffer,), *_back(b, region, x, buffer.name, variables, [n] * len(variables)))


MENU = ((reordered, 8), (moved, 7), (stepped, 7), (passed, 7))
