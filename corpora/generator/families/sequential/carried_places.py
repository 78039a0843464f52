"""Families of one thread whose places depend on what came before: scatters, compactions, merges,
states, positions moved on.

Contract: as for `carried`. A position that goes along is never beyond the loop's index (or a bound
of its own), so every place lies inside its array whatever the data are.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(300, 8, 'broad') if '++]' in c.programs['cpp'].text][0])"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Nest, Region
from corpora.generator.core.points import make_gathered_index
from corpora.generator.families.sequential.carried import COUNTERS, Course, cell

_POSITIONS = tuple(
    "k j pos m cnt count top idx index out_n w0 nn p0 tail write_pos len0 kept".split()
)
_STARTS = tuple(
    "start begin row_ptr offsets starts first_of ptr head_of seg_start boundary".split()
)


def scatter(b: Builder) -> Nest:
    """Draw a nest with `out[idx[i]] = i`, where the last iteration wins. b: the builder that makes
    its parts.
    """
    c = Course(b)
    i, n = c.i, c.n
    if b.chance(0.3):
        return _boundaries(b)
    many = (
        b.size(names.COUNTS + ("m", "nbuckets", "num_out"), (1, 3, 6, 11)) if b.chance(0.4) else n
    )
    place: tuple = make_gathered_index(b, i, n, many.id if type(many) is ast.Name else "")
    made: tuple = ()
    if b.chance(0.35):
        word = ast.Name(b.name(names.FLATS, "i32"))
        made, place = (ast.Declare("i32", word.id, place, b.chance(0.15)),), word
    c.sources((0, 1, 1, 2))
    if b.reads and b.chance(0.6):
        kind, value = b.kind, c.term()
        value = value if _reads(value) else b.reads[0]
    else:
        kind, value = "i32", i if b.chance(0.8) else ast.add(i, 1)
    out = c.target(kind, (many,))
    write: tuple = (ast.Assign(ast.At(out, (place,)), "=", value),)
    if b.reads and b.chance(0.3):
        write = (ast.If(c.test(), write),)
    elif type(many) is ast.Name and b.chance(0.15):
        write = (
            ast.If(
                ast.conjunction(ast.compare(place, ">=", ast.ZERO), ast.compare(place, "<", many)),
                write,
            ),
        )
    if b.chance(0.15):
        other = c.target("i32", (many,))
        write += (ast.Assign(ast.At(other, (place,)), "=", i),)
    return c.nest(*c.loop((*made, *write)))


def _reads(value: tuple) -> bool:
    """Whether two iterations may have different values."""
    return any(type(n) is ast.At for n in ast.walk(value))


def _boundaries(b: Builder) -> Nest:
    """Where runs of equal or following keys begin or end, written to a place that a key gives."""
    c = Course(b, 2)
    i, n = c.i, c.n
    many = b.pick((4, 6, 8, 12))  # so few keys that next ones follow
    keys = b.array(
        (n,),
        "i32",
        b.pick((f"sorted(0,{many - 1})", f"integers(0,{many - 1})")),
        names.INDEX_ARRAYS + ("in_keys", "sortedKeys", "cluster"),
    )
    here, ahead, behind = (ast.At(keys, (s,)) for s in (i, ast.add(i, 1), ast.sub(i, 1)))
    out = c.target("i32", (ast.integer(many),), _STARTS)
    up = b.chance(0.55)
    other = ahead if up else behind
    test = b.pick(
        (
            ast.compare(here, "!=", other),
            ast.compare(other, "!=", here),
            ast.compare(ast.add(here, 1), "==", other) if up else ast.compare(here, ">", other),
        )
    )
    value = b.pick((i, i, ast.add(i, 1)))
    start, stop = (ast.ZERO, ast.sub(n, 1)) if up else (ast.ONE, n)
    if b.chance(0.4):
        inside = ast.compare(ast.add(i, 1), "<", n) if up else ast.compare(i, ">", ast.ZERO)
        start, stop, test = ast.ZERO, n, ast.conjunction(inside, test, guarded=True)
    return c.nest(
        *c.loop((ast.If(test, (ast.Assign(ast.At(out, (here,)), "=", value),)),), start, stop)
    )


def _push(b: Builder, array: str, k: ast.Name, value: tuple) -> tuple:
    """`a[k++] = value`, in one statement or two."""
    if b.chance(0.6):
        return (ast.Assign(ast.At(array, (ast.Postfix("++", k),)), "=", value),)
    return (ast.Assign(ast.At(array, (k,)), "=", value), ast.Assign(k, "+=", ast.ONE))


def compacted(b: Builder) -> Nest:
    """Draw a nest that moves elements that pass a test together. b: the builder that makes its
    parts.
    """
    c = Course(b)
    first = c.sources()[0]
    k = ast.Name(b.name(_POSITIONS, c.kind if b.chance(0.2) else "i32"))
    test = (
        c.test()
        if b.chance(0.75)
        else ast.compare(first, b.pick((">", "<", "!=")), b.number(zero=True))
    )
    out = c.target("i32" if b.chance(0.25) else b.kind)
    value: tuple = c.i if b.types[out] != b.kind else first if b.chance(0.6) else c.term()
    here = b.types[out] == b.kind and b.chance(0.12)
    if here:
        out, value = first.array, first
        b.parameter(out).written = True
    push = _push(b, out, k, value)
    if b.chance(0.2) and not here:
        second = ast.Assign(ast.At(c.target("i32"), (k,)), "=", c.i)
        push = (second, *push)
    body: tuple = (ast.If(test, push),)
    if b.chance(0.12):  # the others from the other end
        back = ast.Name(b.name(("hi", "r", "back", "end", "last"), "i32"))
        push_back = (ast.Assign(ast.At(out, (back,)), "=", value), ast.Assign(back, "-=", ast.ONE))
        if not here:
            return c.nest(
                ast.Declare(b.types[k.id], k.id, ast.ZERO),
                ast.Declare("i32", back.id, ast.sub(c.n, 1)),
                *c.loop((ast.If(test, push, push_back),)),
            )
    if b.chance(0.15):
        body = (ast.If(test, (ast.Jump("continue"),)), *push)
        c.whiled = False
    ends = (
        (ast.Assign(cell(b, "i32", COUNTERS + ("out_count", "new_len", "m_out")), "=", k),)
        if b.chance(0.6)
        else ()
    )
    return c.nest(ast.Declare(b.types[k.id], k.id, ast.ZERO), *c.loop(body), *ends)


def runs(b: Builder) -> Nest:
    """Draw a nest that drops repeats or measures runs of equal elements. b: the builder that makes
    its parts.
    """
    c = Course(b, 2)
    kind, draw = b.pick(("i32", "i32", b.kind)), b.rng.random()
    keys = c.source(
        kind,
        b.pick(("sorted(0,6)", "integers(0,2)", "sorted(0,9)"))
        if kind not in FLOATS
        else "sorted(-2,2)",
        names.INDEX_ARRAYS + names.ARRAYS,
    )
    before = ast.At(keys.array, (ast.sub(c.i, 1),))
    new = ast.compare(keys, "!=", before) if b.chance(0.8) else ast.compare(before, "!=", keys)
    k = ast.Name(b.name(_POSITIONS, "i32"))
    if draw < 0.3:
        out = c.target("i32")
        step = (
            ast.If(new, (ast.Assign(k, "=", ast.ONE),), (ast.Assign(k, "+=", ast.ONE),))
            if b.chance(0.6)
            else ast.If(
                ast.compare(keys, "==", before),
                (ast.Assign(k, "+=", ast.ONE),),
                (ast.Assign(k, "=", ast.ONE if b.chance(0.6) else ast.ZERO),),
            )
        )
        head = (ast.Assign(ast.At(out, (ast.ZERO,)), "=", ast.ONE),) if b.chance(0.6) else ()
        return c.nest(
            ast.Declare("i32", k.id, ast.ONE),
            *head,
            *c.loop((step, ast.Assign(ast.At(out, (c.i,)), "=", k)), ast.ONE),
        )
    out = c.target(kind)
    if draw < 0.6:
        push = _push(b, out, k, keys)
        first = (
            ast.Declare("i32", k.id, ast.ONE),
            ast.Assign(ast.At(out, (ast.ZERO,)), "=", ast.At(keys.array, (ast.ZERO,))),
        )
        if b.chance(0.4):
            new = ast.compare(keys, "!=", ast.At(out, (ast.sub(k, 1),)))
        return c.nest(
            *first,
            *c.loop((ast.If(new, push),), ast.ONE),
            ast.Assign(cell(b, "i32", COUNTERS), "=", k),
        )
    counts, at_k = (
        c.target("i32", wanted=("run_len", "freq", "counts", "lens", "times", "cnts")),
        ast.At(out, (k,)),
    )
    open_run = (ast.Assign(at_k, "=", keys), ast.Assign(ast.At(counts, (k,)), "=", ast.ONE))
    step = ast.If(
        new,
        (ast.Assign(k, "+=", ast.ONE), *open_run),
        (ast.Assign(ast.At(counts, (k,)), "+=", ast.ONE),),
    )
    zero = (
        ast.Assign(ast.At(out, (ast.ZERO,)), "=", ast.At(keys.array, (ast.ZERO,))),
        ast.Assign(ast.At(counts, (ast.ZERO,)), "=", ast.ONE),
    )
    return c.nest(
        ast.Declare("i32", k.id, ast.ZERO),
        *zero,
        *c.loop((step,), ast.ONE),
        ast.Assign(cell(b, "i32"), "=", ast.add(k, 1)),
    )


def merged(b: Builder) -> Nest:
    """Draw a nest that merges two sorted arrays, or keeps what both hold. b: the builder that makes
    its parts.
    """
    n, m = (
        b.size(w, (1, 2, 5, 9, 14))
        for w in (
            ("n", "n1", "na", "lenA", "size_a", "NX"),
            ("m", "n2", "nb", "lenB", "size_b", "NY"),
        )
    )
    kind = b.kind
    fill = "sorted(-2,2)" if kind in FLOATS else "sorted(0,9)"
    left, right = b.array((n,), kind, fill), b.array((m,), kind, fill)
    i, j, k = (
        ast.Name(b.name(w, "i32"))
        for w in (
            ("i", "ia", "p", "a0"),
            ("j", "ib", "q0", "b0"),
            ("k", "idx", "pos", "index", "t0"),
        )
    )
    one, two = ast.At(left, (i,)), ast.At(right, (j,))
    made = tuple(ast.Declare("i32", w.id, ast.ZERO) for w in (i, j, k))
    both = ast.conjunction(ast.compare(i, "<", n), ast.compare(j, "<", m))
    if b.chance(0.25) and kind not in FLOATS:  # what both hold
        out = b.array((n,), kind)
        b.parameter(out).written = True
        up, over = (ast.Assign(i, "+=", ast.ONE),), (ast.Assign(j, "+=", ast.ONE),)
        equal = (*_push(b, out, k, one), *up, *over)
        body = ast.If(
            ast.compare(one, "<", two), up, (ast.If(ast.compare(two, "<", one), over, equal),)
        )
        return Nest(
            "",
            [],
            [
                Region(
                    (),
                    (*made, ast.While(both, (body,)), ast.Assign(cell(b, "i32", COUNTERS), "=", k)),
                )
            ],
            sequential=True,
        )
    out = b.array((ast.add(n, m),), kind)
    b.parameter(out).written = True
    short = b.chance(0.5)

    def take(array: str, at: ast.Name) -> tuple:
        if short:
            return (
                ast.Assign(
                    ast.At(out, (ast.Postfix("++", k),)),
                    "=",
                    ast.At(array, (ast.Postfix("++", at),)),
                ),
            )
        return (
            ast.Assign(ast.At(out, (k,)), "=", ast.At(array, (at,))),
            ast.Assign(at, "+=", ast.ONE),
            ast.Assign(k, "+=", ast.ONE),
        )

    choice = ast.If(ast.compare(one, b.pick(("<=", "<")), two), take(left, i), take(right, j))
    rest = (
        ast.While(ast.compare(i, "<", n), take(left, i)),
        ast.While(ast.compare(j, "<", m), take(right, j)),
    )
    if b.chance(0.25):  # one loop for all
        test = ast.Binary(
            "||",
            ast.compare(j, ">=", m),
            ast.Paren(
                ast.conjunction(ast.compare(i, "<", n), ast.compare(one, "<=", two), guarded=True)
            ),
        )
        loop: tuple = (
            ast.While(
                ast.compare(k, "<", ast.add(n, m)), (ast.If(test, take(left, i), take(right, j)),)
            ),
        )
    elif b.chance(0.3):
        made, loop = made[2:], _behind_each_other(b, out, k, (one, two), (n, m))
    else:
        loop = (ast.While(both, (choice,)), *rest)
    return Nest("", [], [Region((), (*made, *loop))], sequential=True)


def _behind_each_other(b: Builder, out: str, k: ast.Name, places: tuple, sizes: tuple) -> tuple:
    """One array after the other, or as they come through a test, by a position that goes along."""
    loops: tuple = ()
    for place, size in zip(places, sizes):
        factor = b.number() if b.chance(0.2) else None
        step = _push(b, out, k, place if factor is None else ast.mul(place, factor))
        if b.chance(0.2):
            step = (
                ast.If(ast.compare(place, b.pick((">", "<", "!=")), b.number(zero=True)), step),
            )
        loops += (ast.For(place.subscripts[0].id, ast.ZERO, "<", size, step),)
    return loops
