"""Free bodies with one thing more that may or may not be carried: a local, a place of the iteration
before, a position.

Contract: each family gives about as many sequential nests as parallel ones that look alike (the
local is declared inside the loop or only read there; the array that is read aside is another than
the one written; the position is the iteration's own), so that what tells them apart is the
dependence and nothing else.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(200, 3, 'broad') if 'openmp' not in c.programs][0].programs)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.families.free import statements
from corpora.generator.families.free_body import Body
from corpora.generator.families.sequential.carried import cell, joined

_CARRIED = (
    tuple(
        "carry prev last acc run_val old state0 held "
        "sum0 cur_best s1 memo kept level0 trail".split()
    )
    + names.LOCALS
)
_POSITIONS = tuple("k pos count cnt w0 slot out_idx nn top num j cursor".split())


class Loop:
    """One loop over `i` of `n` round a free body. The attribute `sequential` says whether
    iterations depend on each other.
    """

    def __init__(self, b: Builder) -> None:
        self.b = b
        self.n = b.size(names.SIZES, (2, 3, 8, 17))
        self.i = ast.Name(b.name(names.LOOPS, "i32"))
        self.body = Body(b, (self.i,), (self.n,))
        self.sequential = b.chance(0.5)
        self.start, self.stop = ast.ZERO, self.n

    def statements(self) -> tuple:
        """Return random statements that follow those of `body.made`."""
        return statements(self.body, self.b.pick((1, 1, 2, 2, 3, 3, 4, 5, 6)))[
            len(self.body.made) :
        ]

    def source(self) -> tuple:
        """Return an element of this iteration that is only read, of the main type."""
        b = self.b
        own = tuple(
            p
            for p in self.body.inputs
            if b._kind_of(p) == b.kind and not b.parameter(p.array).written
        )
        return b.pick(own) if own else ast.At(b.array((self.n,)), (self.i,))

    def test(self) -> tuple:
        """Return a condition on elements that are only read."""
        b = self.b
        kept, b.reads, b.locals = (b.reads, b.locals), list(self.body.inputs), []
        made = b.condition(self.i)
        b.reads, b.locals = kept
        return made

    def nest(self, lines: tuple, before: tuple = (), after: tuple = ()) -> Nest:
        """Return a nest of this loop over `lines`. before, after: statements round it."""
        lines = self.body.made + lines
        if not self.sequential:
            return Nest(
                "", [], [Region((Axis(self.i.id, self.start, self.stop),), lines)], before=before
            )
        loop = ast.For(self.i.id, self.start, "<", self.stop, lines)
        return Nest("", [], [Region((), (*before, loop, *after))], sequential=True)


def carried_local(b: Builder) -> Nest:
    """Draw a nest with a local that the loop changes (sequential) or only reads (parallel). b: the
    builder that makes its parts.
    """
    loop = Loop(b)
    word = ast.Name(b.name(_CARRIED, b.kind))
    made = ast.Declare(b.kind, word.id, b.number(zero=b.chance(0.7)))
    lines = _with_value(loop, loop.statements(), word)
    if not loop.sequential and b.chance(0.25):
        return loop.nest(
            lines,
            before=(
                made._replace(
                    value=b.pick((b.number(), b.scalar(), ast.mul(b.scalar(), b.number())))
                ),
            ),
        )
    first = b.chance(0.3 if loop.sequential else 0.65)
    change = _change(loop, word, first and loop.sequential)
    if not loop.sequential:
        return loop.nest((made, *change, *lines) if first else (made, *lines, *change))
    after = (ast.Assign(cell(b), "=", word),) if b.chance(0.15) else ()
    return loop.nest((*change, *lines) if first else (*lines, *change), (made,), after)


def _change(loop: Loop, word: ast.Name, reads_it: bool) -> tuple:
    """A new value for the local; with `reads_it` one that depends on the old one, or is not always
    given.
    """
    b, x = loop.b, loop.source()
    draw = b.rng.random()
    if draw < 0.3 and not reads_it:
        return (ast.Assign(word, "=", x),)
    if draw < 0.55:
        inside = ast.Assign(
            word, b.pick(("=", "=", "+=")), x if b.chance(0.7) else b.number(zero=True)
        )
        return (ast.If(loop.test(), (inside,)),)
    if draw < 0.75:
        return (ast.Assign(word, b.pick(("+=", "+=", "-=")), x),)
    if draw < 0.82:
        return (
            (ast.Assign(word, "=", ast.Unary("-", word)),)
            if b.chance(0.5)
            else (ast.Assign(word, "+=", ast.ONE),)
        )
    return (ast.Assign(word, "=", joined(b, word, x)),)


def carried_place(b: Builder) -> Nest:
    """Draw a nest with a neighbour's element, of the written array (sequential) or another
    (parallel). b: the builder that makes its parts.
    """
    loop = Loop(b)
    lines = loop.statements()
    whole = (loop.n,)
    written = {
        s.target.array
        for s in _stores(loop, lines)
        if s.target.subscripts == (loop.i,) and b.parameter(s.target.array).extents == whole
    }
    if not written:
        word = b.array(whole)
        b.parameter(word).written = True
        lines += (ast.Assign(ast.At(word, (loop.i,)), "=", loop.source()),)
        written = {word}
    word = b.pick(tuple(sorted(written)))
    if b.chance(0.7):
        loop.start, aside = ast.ONE, ast.sub(loop.i, 1)
    else:
        loop.stop, aside = ast.sub(loop.n, 1), ast.add(loop.i, 1)
    if loop.sequential:
        return loop.nest(_with_value(loop, lines, _held(b, ast.At(word, (aside,)), lines)))
    if b.chance(0.2):
        return loop.nest(_with_value(loop, lines, _held(b, ast.At(word, (loop.i,)), lines)))
    return loop.nest(_with_value(loop, lines, ast.At(b.array(whole), (aside,))))


def _held(b: Builder, place: ast.At, lines: tuple) -> tuple:
    """The element; of integers its remainder, so that what is carried stays small."""
    if b.kind in FLOATS:
        return place
    return ast.Paren(ast.Binary(b.pick("%&"), place, ast.integer(b.pick((7, 15, 3, 31)))))


def carried_position(b: Builder) -> Nest:
    """Draw a nest that stores under a test at a counter (sequential) or at its own index
    (parallel). b: the builder that makes its parts.
    """
    loop = Loop(b)
    lines = loop.statements()
    k = ast.Name(b.name(_POSITIONS, "i32"))
    out = b.array((loop.n,))
    b.parameter(out).written = True
    top = [s.name for s in lines if type(s) is ast.Declare and s.type == b.kind]
    value: tuple = (
        ast.Name(b.pick(tuple(top)))
        if top and b.chance(0.6) and not _skips(lines)
        else loop.source()
    )
    test = loop.test()
    if loop.sequential and b.chance(0.5):
        push: tuple = (ast.Assign(ast.At(out, (ast.Postfix("++", k),)), "=", value),)
    else:
        push = (ast.Assign(ast.At(out, (k,)), "=", value),)
        push += (ast.Assign(k, "+=", ast.ONE),) if loop.sequential else ()
    step = (ast.If(test, push),)
    first = type(value) is ast.At and b.chance(0.3)
    lines = step + lines if first else lines + step
    if loop.sequential:
        after = (ast.Assign(cell(b, "i32"), "=", k),) if b.chance(0.4) else ()
        return loop.nest(lines, (ast.Declare("i32", k.id, ast.ZERO),), after)
    own = loop.i if b.chance(0.6) else ast.sub(ast.sub(loop.n, 1), loop.i)
    return loop.nest((ast.Declare("i32", k.id, own), *lines))


def _skips(lines: tuple) -> bool:
    return any(type(s) is ast.Jump for s in ast.walk_statements(lines))


# --- a value put into what a body stores
# -------------------------------------------------------------------------


def _stores(loop: Loop, lines: tuple) -> list[ast.Assign]:
    """Stores whose value may hold anything of the main kind, and that no later one undoes."""
    b = loop.b
    found: list[ast.Assign] = []
    for s in ast.walk_statements(lines):
        if type(s) is ast.Assign and type(s.target) is ast.At:
            found = [f for f in found if s.op != "=" or f.target.array != s.target.array]
            found += [s] if s.op in ("=", "+=", "-=") and b.types[s.target.array] == b.kind else []
    return found


def _with_value(loop: Loop, lines: tuple, value: tuple) -> tuple:
    """The lines, one of whose stores uses `value` in place of something else, or besides."""
    b = loop.b
    stores = _stores(loop, lines)
    if not stores:
        word = b.array((loop.n,))
        b.parameter(word).written = True
        return (
            *lines,
            ast.Assign(
                ast.At(word, (loop.i,)), "=", ast.Binary(b.pick("+-*"), value, loop.source())
            ),
        )
    store = b.pick(tuple(stores))
    count = [0]
    _replaced(b, store.value, value, count, -1)
    if count[0] and b.chance(0.6):
        turn = b.rng.randrange(count[0])
        new = store._replace(value=_replaced(b, store.value, value, [0], turn))
    else:
        old = ast.Paren(store.value) if type(store.value) is ast.Conditional else store.value
        new = store._replace(
            value=ast.Binary(b.pick("++-"), *((old, value) if b.chance(0.6) else (value, old)))
        )
    if new.value == new.target:
        new = new._replace(value=ast.add(new.value, loop.source()))
    return _exchanged(lines, store, new)


def _replaced(b: Builder, node: tuple, value: tuple, count: list[int], turn: int) -> tuple:
    """`node` with its leaf number `turn` exchanged; divisors, arguments of functions and guarded
    branches are left alone.
    """
    kind = type(node)
    if kind is ast.At or kind is ast.Literal or kind is ast.Name and node in b.locals + b.scalars:
        count[0] += 1
        return value if count[0] - 1 == turn else node
    if kind is ast.Binary and node.op in ("+", "-", "*"):
        left = _replaced(b, node.left, value, count, turn)
        return node._replace(left=left, right=_replaced(b, node.right, value, count, turn))
    if kind is ast.Binary and node.op == "/":
        return node._replace(left=_replaced(b, node.left, value, count, turn))
    if kind is ast.Paren or kind is ast.Unary and node.op == "-":
        return node._replace(argument=_replaced(b, node.argument, value, count, turn))
    if kind is ast.Conditional and not node.guarded:
        yes = _replaced(b, node.yes, value, count, turn)
        return node._replace(yes=yes, no=_replaced(b, node.no, value, count, turn))
    return node


def _exchanged(lines: tuple, old: tuple, new: tuple) -> tuple:
    """The block with the first statement that is `old` exchanged, however deep it stands."""
    for position, statement in enumerate(lines):
        if statement is old:
            return (*lines[:position], new, *lines[position + 1 :])
        kind = type(statement)
        if kind is ast.For or kind is ast.While:
            inner = _exchanged(statement.body, old, new)
            if inner is not statement.body:
                return (*lines[:position], statement._replace(body=inner), *lines[position + 1 :])
        if kind is ast.If:
            then, otherwise = (
                _exchanged(statement.then, old, new),
                _exchanged(statement.otherwise, old, new),
            )
            if then is not statement.then or otherwise is not statement.otherwise:
                return (
                    *lines[:position],
                    statement._replace(then=then, otherwise=otherwise),
                    *lines[position + 1 :],
                )
    return lines
