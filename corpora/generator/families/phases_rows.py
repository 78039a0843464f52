"""The same work as one thread does on a whole array, done by every thread on a row or an image of
its own.

Contract: the nests look like those of `carried_*` and `phases` with one more loop round them, which
is parallel: whatever is carried begins anew in every iteration, and every written array has a row
for each.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 14, 'broad')).programs['cuda'].text)"
"""

from __future__ import annotations

from collections.abc import Callable

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Axis, Nest, Parameter, Region
from corpora.generator.core.one_thread import (
    make_assignment,
    make_counters,
    make_element,
    make_likely_test,
    make_local,
    make_loop,
    make_written_array,
    use_floating_type,
)
from corpora.generator.families import phases, phases_chains
from corpora.generator.families.sequential import (
    carried_nests,
    carried_solves,
    carried_sorts,
    carried_steps,
)

_ROWS = tuple(
    "rows nrows batch B numRows groups num_seq samples_n nb outer_n images series lots "
    "height_r P G ntasks".split()
)
_INDICES = tuple("r b0 idx tid row g i0 id s img n0 batch_i gid t0 bi which_row".split())
_SECOND_ROWS = tuple("channels groups heads C ncol_b parts filters segs nk".split())
_SECOND_INDICES = tuple("ch g1 head c part f seg k1 n1".split())
_LENGTHS = (1, 2, 3, 5)


def _node(node: object, change: Callable[[ast.At], tuple]) -> object:
    """A statement, an expression or a tuple of them with every array element changed."""
    if type(node) is ast.At:
        return change(ast.At(node.array, tuple(_node(s, change) for s in node.subscripts)))
    if isinstance(node, tuple):
        parts = [_node(part, change) for part in node]
        return type(node)(*parts) if hasattr(node, "_fields") else tuple(parts)
    return node


def _factors(extents: tuple) -> list:
    """The factors of an array's length, so that products stay without parentheses."""
    parts: list = []
    for extent in extents:
        parts += (
            _factors((extent.left, extent.right))
            if type(extent) is ast.Binary and extent.op == "*"
            else [extent]
        )
    return parts


class _Rows:
    """How each array of a nest gets a row for each thread."""

    def __init__(self, b: Builder) -> None:
        self.b, two = b, b.chance(0.22)
        self.rows = [b.size(_ROWS, _LENGTHS)] + ([b.size(_SECOND_ROWS, (1, 2, 3))] if two else [])
        self.indices = [
            ast.Name(b.name(words, "i32"))
            for words in (_INDICES, _SECOND_INDICES)[: len(self.rows)]
        ]
        self.made: list[tuple] = []
        self.plans: dict[str, Callable[[tuple], ast.At]] = {}
        self.how = b.pick(
            ("plain",) * 5 + ("base", "base", "pointer", "pointer", "pointer", "column")
        )
        self.bases: dict[tuple, ast.Name] = {}

    def plan(self, parameter: Parameter) -> None:
        """Give the parameter its rows; what is only read may be shared by all."""
        b, name, extents = self.b, parameter.name, parameter.extents
        if parameter.kind != "array" or not parameter.written and b.chance(0.25):
            return
        if extents == (ast.ONE,):
            parameter.extents, self.plans[name] = (
                tuple(self.rows),
                lambda subscripts: make_element(name, *self.indices),
            )
        elif self.how == "column" and len(extents) == 1 and type(extents[0]) is not ast.Binary:
            parameter.extents, self.plans[name] = (
                (*extents, *self.rows),
                lambda subscripts: make_element(name, *subscripts, *self.indices),
            )
        elif len(extents) > 1 or self.how == "plain" and type(extents[0]) is not ast.Binary:
            parameter.extents, self.plans[name] = (
                (*self.rows, *extents),
                lambda subscripts: make_element(name, *self.indices, *subscripts),
            )
        else:
            self._flat(parameter)

    def _flat(self, parameter: Parameter) -> None:
        """One long array; the row begins at a product, at a local, or at a pointer."""
        b, name, parts = self.b, parameter.name, _factors(parameter.extents)
        row: tuple = self.indices[0]
        if len(self.rows) > 1:
            row = ast.Paren(ast.add(ast.mul(row, self.rows[1]), self.indices[1]))
        parameter.extents, start = (ast.product([*self.rows, *parts]),), ast.product([row, *parts])
        if self.how == "base":
            base = self._base(tuple(parts), start)
            self.plans[name] = lambda subscripts: make_element(
                name, ast.add(base, subscripts[0]) if subscripts[0] != ast.ZERO else base
            )
        elif self.how == "pointer":
            word = b.name(
                (f"{name}_row", f"{name}_r", "row_ptr", "p_row", "line_p", f"cur_{name}", "mine"),
                parameter.type,
            )
            self.made.append(
                ast.DeclarePointer(parameter.type, word, name, start, not parameter.written)
            )
            self.plans[name] = lambda subscripts: make_element(word, *subscripts)
        else:
            self.plans[name] = lambda subscripts: make_element(name, ast.add(start, subscripts[0]))

    def _base(self, parts: tuple, start: tuple) -> ast.Name:
        if parts not in self.bases:
            word = self.b.name(
                ("base", "row_start", "start_r", "off", "first_at", "begin_r", "offset_r"), "i32"
            )
            self.bases[parts] = ast.Name(word)
            self.made.append(ast.Declare("i32", word, start))
        return self.bases[parts]

    def element(self, node: ast.At) -> ast.At:
        return self.plans[node.array](node.subscripts) if node.array in self.plans else node


def by_rows(b: Builder, nest: Nest) -> Nest:
    """Return a nest that runs what one thread does in `nest` once per row, each by a thread of its
    own.
    """
    lifted = _Rows(b)
    for parameter in b.parameters:
        lifted.plan(parameter)
    body = _node(nest.regions[0].body, lifted.element)
    axes = tuple(
        Axis(index.id, ast.ZERO, length) for index, length in zip(lifted.indices, lifted.rows)
    )
    return Nest("", [], [Region(axes, (*lifted.made, *body))], c_only=nest.c_only)


_SORTS = (
    carried_sorts.insertion,
    carried_sorts.bubble,
    carried_sorts.selection,
    carried_sorts.by_index,
    carried_sorts.reverse,
)
_IMAGES = (
    carried_nests.interleave,
    carried_nests.flatten,
    carried_nests.triangle,
    carried_nests.sweep_grid,
    carried_nests.summed_area,
    carried_nests.table,
    carried_nests.overlaps,
    carried_solves.shortest,
    carried_solves.factors,
    carried_solves.orthogonal,
)
_LINES = (
    carried_nests.sweep_line,
    carried_nests.overlaps,
    carried_solves.tridiagonal,
    carried_solves.triangular,
    carried_steps.steps_line,
    carried_steps.leapfrog,
    carried_steps.alignment,
    phases_chains.compressed,
    lambda b: phases.histogram(b, safe=True),
)
"""None writes through indices that some input may send into another thread's row."""


def sorted_rows(b: Builder) -> Nest:
    """Draw a nest in which every thread sorts, reverses or rotates its own row. b: the builder that
    makes its parts.
    """
    return by_rows(b, b.pick(_SORTS)(b))


def row_statistics(b: Builder) -> Nest:
    """Draw a nest in which every thread takes statistics of its own row and rewrites it. b: the
    builder that makes its parts.
    """
    return by_rows(b, phases.statistics(b))


def row_recurrences(b: Builder) -> Nest:
    """Draw a nest in which every thread carries a value along its own row. b: the builder that
    makes its parts.
    """
    return by_rows(b, b.pick(_LINES)(b))


def image_recurrences(b: Builder) -> Nest:
    """Draw a nest in which every thread works through its own matrix. b: the builder that makes its
    parts.
    """
    return by_rows(b, b.pick(_IMAGES)(b))


def row_positions(b: Builder) -> Nest:
    """Draw a nest with a running position that begins anew in every row. b: the builder that makes
    its parts.
    """
    n, m = (b.size((w,), (1, 2, 3, 5)) for w in b.pick(names.EXTENTS))
    (r, j), count = make_counters(b, 2), b.chance(0.4)
    first = ast.mul(r, m) if b.chance(0.7) else ast.mul(m, r)
    k, begun = make_local(b, first, ("k", "pos", "out_at", "p", "idx", "dst_i", "cur"), "i32")
    place = make_element(b.array((n, m)), r, j)
    result = make_written_array(b, (ast.mul(n, m),))
    b.reads = [place]
    store = (
        make_assignment(make_element(result, k), place if b.chance(0.6) else b.value(1)),
        make_assignment(k, 1, "+="),
    )
    if b.chance(0.5):
        store = (make_assignment(make_element(result, ast.Postfix("++", k)), store[0].value),)
    step = (ast.If(make_likely_test(b, place), store),) if b.chance(0.5) else store
    after = (
        (
            make_assignment(
                make_element(make_written_array(b, (n,), "i32", "constant(-1)"), r),
                ast.sub(k, first) if b.chance(0.7) else k,
            ),
        )
        if count
        else ()
    )
    return Nest(
        "", [], [Region((Axis(r.id, ast.ZERO, n),), (begun, make_loop(b, j, m, *step), *after))]
    )


def disjoint(b: Builder) -> Nest:
    """Draw a nest that works in place although no iteration reads what another writes. b: the
    builder that makes its parts.
    """
    n, i = b.size(names.SIZES, (1, 4, 9, 16)), ast.Name(b.name(names.LOOPS, "i32"))
    draw, stop = b.rng.random(), n
    length: tuple = ast.mul(2, n) if b.chance(0.6) else ast.mul(n, 2)
    if draw < 0.4:
        first, second = i, ast.add(i, n) if b.chance(0.7) else ast.add(n, i)
    elif draw < 0.65:
        base = ast.mul(2, i) if b.chance(0.7) else ast.mul(i, 2)
        first, second = base, ast.add(base, 1)
    else:
        length, stop = n, ast.Binary("/", n, ast.TWO)
        first, second = i, ast.sub(ast.sub(n, 1), i) if b.chance(0.6) else ast.sub(ast.sub(n, i), 1)
    a = make_written_array(b, (length,))
    places = [make_element(a, first), make_element(a, second)]
    b.rng.shuffle(places)
    target, source = places
    if draw > 0.8 or b.chance(0.2):
        hold, kept = make_local(b, target)
        step: tuple = (kept, make_assignment(target, source), make_assignment(source, hold))
        if b.chance(0.25):
            step = (ast.If(ast.compare(target, b.pick("<>"), source), step),)
    elif b.chance(0.3):
        hold, kept = make_local(b, ast.sub(target, source))
        step = (kept, make_assignment(target, source, "+="), make_assignment(source, hold))
    else:
        b.reads = [source]
        value = source if b.chance(0.5) else b.value(1)
        step = (make_assignment(target, value, b.pick(("=", "+=", "+=", "-="))),)
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, stop),), step)])


def row_loss(b: Builder) -> Nest:
    """Draw a nest with a loss and its gradient for every row. b: the builder that makes its
    parts.
    """
    use_floating_type(b)
    n, c = (
        b.size(w, (1, 3, 5))
        for w in (("n", "N", "batch", "rows", "B"), ("c", "classes", "C", "dim", "V"))
    )
    (i, j), total = (
        make_counters(b, 2),
        ast.Name(b.local(b.kind, ("loss_i", "sum", "acc", "s", "total"))),
    )
    x, y = (
        b.array((n, c), wanted=("x", "logits", "pred", "scores")),
        b.array((n,), "i32", f"indices({c.id})", ("y", "target", "labels", "cls")),
    )
    row, views = phases_chains.row_view(b, x, i, c)
    first = (ast.Declare(b.kind, total.id, b.number(zero=True)),)
    skip: tuple = ()
    if b.chance(0.5):
        mask = make_element(b.array((n,), "i32", "integers(0,1)", names.MASKS), i)
        skip = (ast.If(ast.compare(mask, "==", ast.ZERO), (ast.Jump("continue"),)),)
    place = make_element(
        make_written_array(b, (n,), wanted=("loss", "losses", "L", "cost", "row_loss")), i
    )
    body = phases_chains.row_loss(b, row, make_element(y, i), c, j, total)
    end: tuple = ast.Binary("/", total, c) if b.chance(0.3) else total
    grad: tuple = ()
    if b.chance(0.5):
        hit = ast.Conditional(
            ast.Paren(ast.compare(j, "==", make_element(y, i))), ast.ONE, ast.ZERO
        )
        target = make_element(
            make_written_array(b, (n, c), wanted=("grad", "dx", "dlogits", "gx")), i, j
        )
        grad = (
            make_loop(
                b,
                j,
                c,
                make_assignment(
                    target, ast.Binary("/", ast.Paren(ast.sub(row(j), hit)), n), b.pick(("=", "+="))
                ),
            ),
        )
    nest_body = (
        *skip,
        *views,
        *first,
        *body,
        make_assignment(place, end, b.pick(("=", "=", "+="))),
        *grad,
    )
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, n),), nest_body)])


MENU = (
    (sorted_rows, 6),
    (row_statistics, 9),
    (row_recurrences, 8),
    (image_recurrences, 6),
    (row_positions, 4),
    (row_loss, 4),
    (disjoint, 6),
)
"""(family, weight) of each."""
