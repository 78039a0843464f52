"""Families whose iterations may write one place under a test (the last one wins) or places that
data give, and their parallel twins.

Contract: about two in three nests are sequential: what they store depends on the iteration and goes
where another iteration may store too. A twin has the same tests and values and stores at the
iteration's own place.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(900, 3, 'broad') if '[0] = i;' in c.programs['cpp'].text][0])"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.families.grids import extents
from corpora.generator.families.irregular.spans import Span, mixed, probable

_CELLS = tuple(
    "pos where last found index_out which loc result best hit out_pos res last_i at place "
    "answer slot d_pos idx_out".split()
)
_VALUES = tuple(
    "val best_val last_val out_val found_val picked level_out dist_out chosen v_out".split()
)
_OWN = tuple(
    "found match hits out_flags is_key equal_to matches where_out sel picked_at mask_out".split()
)


def _cell(b: Builder, kind: str, wanted: tuple, count: int = 1) -> str:
    word = b.array((ast.integer(count),), kind, "constant(77)", wanted)
    b.parameter(word).written = True
    return word


def last_match(b: Builder) -> Nest:
    """Draw a nest in which one place takes the index or element of the last match; or, in parallel,
    each its own place. b: the builder that makes its parts.
    """
    s = Span(b)
    others, test = s.others(), s.test()
    stores, before = _shared(s) if s.sequential else (_apart(s, test), ())
    if not s.sequential and len(stores) == 1 and type(stores[0]) is ast.If:
        return s.nest(mixed(b, stores, others))
    step: tuple = (ast.If(test, stores),)
    if type(test) is ast.Binary and test.op == "&&" and b.chance(0.15):
        step = (ast.If(test.left, (ast.If(test.right, stores),)),)
    elif b.chance(0.06) and type(test) is ast.Binary and not others:
        step = (ast.If(ast.Unary("!", ast.Paren(test)), (ast.Jump("continue"),)), *stores)
    if b.chance(0.12):
        step += (
            (ast.If(s.test(), stores if b.chance(0.5) else stores[:1]),)
            if not others or len(step) == 1
            else ()
        )
    after: tuple = ()
    if s.sequential and before and b.chance(0.12):
        place = before[0].target
        after = (ast.If(ast.compare(place, "<", ast.ZERO), (ast.Assign(place, "=", s.n),)),)
    return s.nest(mixed(b, step, others), before, after)


def _value(s: Span) -> tuple[str, tuple]:
    """Type and value of what is stored: it differs from iteration to iteration."""
    b, draw = s.b, s.b.rng.random()
    reads = [r for r in s.only_read() if b.types[r.array] == b.kind]
    if draw < 0.62 or not reads:
        return b.pick(("i32", "i32", "i32", s.kind)), s.i if draw < 0.54 else ast.add(s.i, 1)
    place = b.pick(tuple(reads))
    return b.kind, place if draw < 0.88 else ast.Binary(b.pick("+-*"), place, b.number())


def _shared(s: Span) -> tuple[tuple, tuple]:
    """Stores to one place or to a few, and perhaps what is there before."""
    b = s.b
    if b.chance(0.2):  # two or three results side by side
        word = _cell(b, "i32", _CELLS, b.pick((2, 2, 3)))
        count = int(b.parameter(word).extents[0].text)
        values = [s.i, ast.add(s.i, 1), s.source("i32", "integers(0,9)")][:count]
        b.rng.shuffle(values)
        return tuple(
            ast.Assign(ast.At(word, (ast.integer(k),)), "=", v) for k, v in enumerate(values)
        ), ()
    made, before = (), ()
    for number in range(b.pick((1, 1, 1, 1, 2, 2, 3))):
        kind, value = _value(s)
        word = _cell(b, kind, _CELLS if number == 0 else _VALUES + _CELLS)
        place = ast.At(word, (ast.ZERO,))
        made += (ast.Assign(place, "=", value),)
        if number == 0 and kind == "i32" and b.chance(0.35):
            before = (ast.Assign(place, "=", b.pick((ast.integer(-1), ast.ZERO, ast.integer(-1)))),)
    return made, before


def _apart(s: Span, test: tuple) -> tuple:
    """The same at the iteration's own place: under the test, or its outcome stored."""
    b, draw = s.b, s.b.rng.random()
    if draw < 0.6:
        made: tuple = ()
        for number in range(b.pick((1, 1, 1, 2))):
            kind, value = _value(s)
            made += (
                ast.Assign(
                    ast.At(
                        s.target(kind, wanted=_CELLS + names.ARRAYS if number == 0 else _VALUES),
                        (s.i,),
                    ),
                    "=",
                    value,
                ),
            )
        return made
    place = ast.At(s.target("i32", wanted=_OWN), (s.i,))
    if draw < 0.75:
        return (
            ast.If(test, (ast.Assign(place, "=", ast.ONE),), (ast.Assign(place, "=", ast.ZERO),)),
        )
    yes, no = b.pick(((s.i, ast.integer(-1)), (ast.ONE, ast.ZERO), (s.i, ast.ZERO)))
    value = ast.Conditional(ast.Paren(test) if b.chance(0.5) else test, yes, no)
    return (ast.If(s.test(), (ast.Assign(place, "=", value),)),)


def last_cell(b: Builder) -> Nest:
    """Draw a nest that stores the row and column, or the position, of the last matching element of
    a matrix. b: the builder that makes its parts.
    """
    sequential = b.chance(0.66)
    n, m = extents(b, 2)
    i, j = (
        ast.Name(b.exact(w, "i32"))
        for w in b.pick((("i", "j"), ("row", "col"), ("y", "x"), ("r0", "c0")))
    )
    place = ast.At(
        b.array((n, m), "i32", "integers(0,4)") if b.chance(0.5) else b.array((n, m)), (i, j)
    )
    b.reads.append(place)
    if b.chance(0.4):
        b.reads.append(ast.At(b.array((n, m)), (i, j)))
    test = probable(b)
    flat = ast.add(ast.mul(i, m), j)
    stores: tuple = ()
    if sequential:
        for value in b.pick(((i, j), (flat,), (j,), (i, j, place), (flat, place), (j, i))):
            word = _cell(b, b.types[place.array] if value is place else "i32", _CELLS)
            stores += (ast.Assign(ast.At(word, (ast.ZERO,)), "=", value),)
    else:
        for value in b.pick(((flat,), (j,), (i,), (place,), (i, j))):
            word = b.array((n, m), b.types[place.array] if value is place else "i32")
            b.parameter(word).written = True
            stores += (ast.Assign(ast.At(word, (i, j)), "=", value),)
    step: tuple = (ast.If(test, stores),)
    if b.chance(0.3):
        out = b.array((n, m))
        b.parameter(out).written = True
        step = mixed(b, step, (ast.Assign(ast.At(out, (i, j)), b.pick(("=", "+=")), b.value(1)),))
    if not sequential:
        return Nest("", [], [Region((Axis(i.id, ast.ZERO, n), Axis(j.id, ast.ZERO, m)), step)])
    before = (
        (ast.Assign(stores[0].target, "=", ast.integer(-1)),)
        if b.chance(0.3) and type(stores[0].value) is not ast.At
        else ()
    )
    outer = ast.For(i.id, ast.ZERO, "<", n, (ast.For(j.id, ast.ZERO, "<", m, step),))
    return Nest("", [], [Region((), (*before, outer))], sequential=True, shadowed=b.chance(0.12))


# --- places that data give
# ----------------------------------------------------------------------------------------

_HEADS = tuple(
    "head first bucket_head start heads last_of owner bucket table rank inv inverse "
    "lookup_out slot_of".split()
)


def scattered(b: Builder) -> Nest:
    """Draw a nest with `out[key[i]] = ...` beside other statements; or, in parallel, one that reads
    there. b: the builder that makes its parts.
    """
    s = Span(b)
    others = s.others()
    many = (
        b.size(("m", "nbuckets", "num_out", "range_n", "K", "num_keys"), (1, 3, 6, 11))
        if b.chance(0.6)
        else s.n
    )
    keys = s.source("i32", f"indices({many.id})", _KEYED)
    test = _guard(s, keys) if b.chance(0.6) else None
    made, at = (), keys
    if b.chance(0.3):
        word = ast.Name(b.name(names.FLATS, "i32"))
        made, at = (ast.Declare("i32", word.id, keys, b.chance(0.15)),), word
    if not s.sequential:
        made, stores = _gathering(s, made, at, many)
    else:
        made, stores = _scattering(s, made, at, many)
    step = (*made, ast.If(test, stores)) if test is not None else (*made, *stores)
    return s.nest(mixed(b, step, others))


_KEYED = (
    names.INDEX_ARRAYS
    + names.ARRAYS
    + tuple("codes tags types bins_in dest to target_of parent_in cell_of hash_of".split())
)


def _guard(s: Span, keys: ast.At) -> tuple:
    """A test of the key and its neighbour, or any other."""
    b = s.b
    if b.chance(0.35) or s.start != ast.ZERO:
        return s.test()
    s.shorter = True
    above = ast.At(keys.array, (ast.add(s.i, 1),))
    if b.chance(0.5):
        return ast.compare(ast.add(keys, 1), b.pick(("==", "==", "!=", "<")), above)
    return ast.compare(keys, b.pick(("!=", "<", "==", ">")), above)


def _gathering(s: Span, made: tuple, at: tuple, many: ast.Name) -> tuple[tuple, tuple]:
    b = s.b
    stores: tuple = ()
    for _ in range(b.pick((1, 1, 1, 2))):
        kind = b.pick((b.kind, b.kind, "i32"))
        value: tuple = ast.At(b.array((many,), kind), (at,))
        if b.chance(0.3):
            value = ast.Binary(b.pick("+-*"), value, b.number(kind))
        stores += (
            ast.Assign(ast.At(s.target(kind), (s.i,)), b.pick(("=", "=", "=", "+=")), value),
        )
    return made, stores


def _scattering(s: Span, made: tuple, at: tuple, many: ast.Name) -> tuple[tuple, tuple]:
    b, draw = s.b, s.b.rng.random()
    kind, value = _value(s)
    if draw < 0.14:  # chains: the newest of a bucket first
        head, following = (
            s.target("i32", (many,), _HEADS),
            s.target("i32", wanted=("next", "next_of", "link", "prev_of", "chain")),
        )
        pushed = ast.Assign(ast.At(following, (s.i,)), "=", ast.At(head, (at,)))
        return made, (pushed, ast.Assign(ast.At(head, (at,)), "=", s.i))
    if draw < 0.24:  # an exchange
        whole = b.array((s.n,), kind)
        b.parameter(whole).written = True
        word = ast.Name(b.local(kind))
        b.parameter(_array_of(at, made)).fill = f"indices({s.n.id})"
        own, other = ast.At(whole, (s.i,)), ast.At(whole, (at,))
        return made, (
            ast.Declare(kind, word.id, own),
            ast.Assign(own, "=", other),
            ast.Assign(other, "=", word),
        )
    if draw < 0.34:  # a record of two or three
        width = b.pick((2, 3, 4))
        word = s.target(kind, (ast.mul(many, width),))
        places = [
            ast.add(ast.mul(at, width), k) if k else ast.mul(at, width)
            for k in range(b.pick((1, 2)))
        ]
        return made, tuple(
            ast.Assign(ast.At(word, (p,)), "=", value if k == 0 else s.i)
            for k, p in enumerate(places)
        )
    if draw < 0.42:  # through two tables
        second = b.array((many,), "i32", f"indices({many.id})", names.INDEX_ARRAYS + names.ARRAYS)
        at = ast.At(second, (at,))
    stores = (
        ast.Assign(ast.At(s.target(kind, (many,), _HEADS + names.ARRAYS), (at,)), "=", value),
    )
    if b.chance(0.3):
        kind, value = _value(s)
        place = (at,) if b.chance(0.6) else (s.i,)
        stores += (
            ast.Assign(
                ast.At(s.target(kind, (many,) if place == (at,) else ()), place), "=", value
            ),
        )
    return made, stores if b.chance(0.6) else stores[::-1]


def _array_of(at: tuple, made: tuple) -> str:
    return at.array if type(at) is ast.At else made[0].value.array


def scattered_rows(b: Builder) -> Nest:
    """Draw a nest that copies rows to where an index array says (sequential), or from there
    (parallel). b: the builder that makes its parts.
    """
    sequential = b.chance(0.66)
    n = b.size(("n", "rows", "count", "num", "batch", "nnz"), (1, 3, 6, 10))
    m = b.size(("m", "cols", "dim", "width", "channels", "len"), (1, 2, 5))
    many = b.size(("num_rows", "vocab", "nseg", "total_rows", "limit"), (1, 4, 7))
    i, j = (
        ast.Name(b.name(w, "i32"))
        for w in (("i", "row", "r", "p", "k"), ("j", "col", "c0", "d", "t"))
    )
    which: tuple = ast.At(b.array((n,), "i32", f"indices({many.id})", _KEYED), (i,))
    made: tuple = ()
    if b.chance(0.45):
        word = ast.Name(b.name(names.FLATS, "i32"))
        made, which = (ast.Declare("i32", word.id, which),), word
    here, there = (n, m), (many, m)
    source = ast.At(b.array(here if sequential else there), (i, j) if sequential else (which, j))
    out = b.array(there if sequential else here)
    b.parameter(out).written = True
    b.reads.append(source)
    other = b.leaf()
    value: tuple = (
        source if b.chance(0.5) or other == source else ast.Binary(b.pick("+-*"), source, other)
    )
    store: tuple = ast.Assign(ast.At(out, (which, j) if sequential else (i, j)), "=", value)
    if b.chance(0.25):
        store = ast.If(ast.compare(source, b.pick("<>"), b.number(zero=True)), (store,))
    inner = ast.For(j.id, ast.ZERO, "<", m, (store,))
    if sequential:
        loop = ast.For(i.id, ast.ZERO, "<", n, (*made, inner))
        return Nest("", [], [Region((), (loop,))], sequential=True, shadowed=b.chance(0.12))
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, n),), (*made, inner))])


MENU = ((last_match, 22), (last_cell, 7), (scattered, 19), (scattered_rows, 4))
