"""Nested loops round stencil-like sums that do not run as they look: an increment that moves an
outer variable, a return in the middle.

Contract: sequential where an increment moves another loop's variable or where a jump ends all
loops; each ends on every input, since the position grows with every step and a test of it returns,
and stays inside the arrays, since the test stands before all that it guards. The twin increments
what it should and skips instead of returning.

    python -c "from corpora.generator import generate; \\
        print(next(c for c in generate(3000, 3, 'broad') if 'size3d' in c.programs['cpp'].text))"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.core.one_thread import add_terms, make_fraction, make_likely_test

_VARIABLES = (
    ("z", "y", "x"),
    ("k", "j", "i"),
    ("i", "j", "k"),
    ("kz", "jy", "ix"),
    ("d0", "r0", "c0"),
    ("slice", "row", "col"),
    ("iz", "iy", "ix"),
    ("t", "y", "x"),
    ("l", "m1", "n1"),
    ("z0", "y0", "x0"),
)
_SIDES = (
    ("depth", "rows", "cols"),
    ("nz", "ny", "nx"),
    ("D", "H", "W"),
    ("planes", "height", "width"),
    ("Nz", "Ny", "Nx"),
    ("dimZ", "dimY", "dimX"),
    ("layers", "n_rows", "n_cols"),
    ("L", "M", "N"),
    ("nt", "h", "w"),
)
_FLAT = tuple("idx index pos at ijk cell p_id lin id offset0 cur center ind me here n0".split())
_TOTAL = tuple(
    "size total count limit total_size area size3d size2d num_cells nxyz last_cell volume "
    "len0 size_all".split()
)
_IN = tuple("u a src in0 field grid phi T temp_in density old v0 cur_u f0 data rho p0 w_in".split())
_OUT = tuple(
    "v out dst next res b0 grad_x new_u phi_new vx result lap flux dx_out gx q0 acc_v "
    "smooth0".split()
)
_WIDE = ("i32",) * 5 + ("i64", "u64", "u64", "u32")


class Volume:
    """One to three loops with a flat position, beyond which elements are read up to the distance
    `reach`.
    """

    def __init__(self, b: Builder) -> None:
        self.b = b
        self.count = b.pick((1, 2, 2, 2, 3, 3))
        kind = b.pick(("i32",) * 7 + ("u32", "i64", "u64"))
        sizes = {1: (2, 6, 17, 40), 2: (2, 3, 5, 7), 3: (2, 3, 4)}[self.count]
        words = (
            (names.SIZES,)
            if self.count == 1
            else tuple((w,) for w in b.pick(_SIDES)[-self.count :])
        )
        self.sides = tuple(b.size(w, sizes, kind) for w in words)
        own = kind if b.chance(0.8) else b.pick(("i32", "i64", "u64"))
        self.kind = own
        self.variables = tuple(ast.Name(b.exact(w, own)) for w in b.pick(_VARIABLES)[-self.count :])
        self.position = ast.Name(b.name(_FLAT, b.pick(_WIDE)))
        self.extent = ast.product(list(self.sides))
        self.first = 1 if b.chance(0.2) else 0
        """Where the innermost loop starts."""
        self.offsets, self.reach = self._offsets()
        self.total: tuple = self.extent
        self.declared: tuple = ()
        if b.chance(0.6) or self.count == 1:
            word = ast.Name(b.name(_TOTAL, b.types[self.position.id]))
            self.declared, self.total = (
                (ast.Declare(b.types[word.id], word.id, self.extent, b.chance(0.12)),),
                word,
            )

    def _offsets(self) -> tuple[list[tuple | int], tuple]:
        """Steps to neighbours, and the largest of them."""
        b, last = self.b, self.sides[-1]
        before: list[tuple | int] = [-1] if self.first else []
        if self.count == 1 or b.chance(0.15):
            far = b.pick((1, 1, 2, 3))
            return [*range(far + 1), *before], ast.integer(far)
        if self.count == 3 and b.chance(0.4):
            plane = ast.mul(self.sides[1], last)
            return [0, 1, last, plane, ast.add(plane, last), *before], ast.add(plane, last)
        return [0, 0, 1, last, ast.add(last, 1), *before], ast.add(last, 1)

    def flat(self) -> ast.Declare:
        """Return the declaration of the flat position, such as `long i = y * cols + x;`."""
        b, v, s = self.b, self.variables, self.sides
        if self.count == 1:
            value: tuple = v[0]
        elif self.count == 2:
            value = (
                ast.add(ast.mul(v[0], s[1]), v[1])
                if b.chance(0.75)
                else ast.add(v[1], ast.mul(v[0], s[1]))
            )
        elif b.chance(0.6):
            value = ast.add(ast.add(ast.product([v[0], s[1], s[2]]), ast.mul(v[1], s[2])), v[2])
        else:
            value = ast.add(ast.mul(ast.Paren(ast.add(ast.mul(v[0], s[1]), v[1])), s[2]), v[2])
        return ast.Declare(b.types[self.position.id], self.position.id, value)

    def beyond(self) -> tuple:
        """Return a test of whether an element that is touched lies behind the end."""
        signed = all(
            self.b.types[w.id][0] == "i" for w in (self.position, *self.sides, *self.variables)
        )
        if signed and self.b.chance(0.25):  # an unsigned difference would wrap
            less = ast.Paren(self.reach) if type(self.reach) is ast.Binary else self.reach
            return ast.compare(self.position, ">=", ast.sub(self.total, less))
        return ast.compare(add_terms([self.position, *_parts(self.reach)]), ">=", self.total)

    def place(self, array: str, offset: tuple | int) -> ast.At:
        """Return the element of `array` at the flat position plus `offset`."""
        if offset == 0:
            return ast.At(array, (self.position,))
        if offset == -1:
            return ast.At(array, (ast.sub(self.position, 1),))
        parts = [ast.integer(offset)] if isinstance(offset, int) else _parts(offset)
        return ast.At(array, (add_terms([self.position, *parts]),))

    def array(self, wanted: tuple[str, ...], written: bool = False) -> str:
        """Add an array as long as the loops reach and return its name. wanted: names to choose
        from. written: the function writes it.
        """
        word = self.b.array((self.extent,), None, "", wanted)
        self.b.parameter(word).written = written
        return word

    def loops(self, body: tuple, moved: int | None = None) -> ast.For:
        """Return the loops round `body`. moved: index of the outer variable that the innermost
        loop's increment moves; None: its own.
        """
        starts = [ast.ZERO] * (self.count - 1) + [ast.integer(self.first)]
        for k in reversed(range(self.count)):
            other = self.variables[moved].id if moved is not None and k == self.count - 1 else ""
            body = (
                ast.For(
                    self.variables[k].id,
                    starts[k],
                    "<",
                    self.sides[k],
                    body,
                    1,
                    self.kind,
                    moved=other,
                ),
            )
        return body[0]

    def axes(self) -> tuple[Axis, ...]:
        """Return the loops as parallel axes, outermost first."""
        starts = [ast.ZERO] * (self.count - 1) + [ast.integer(self.first)]
        return tuple(
            Axis(v.id, first, side) for v, first, side in zip(self.variables, starts, self.sides)
        )


def _parts(offset: tuple) -> list:
    """The terms of a sum."""
    return (
        [*_parts(offset.left), offset.right]
        if type(offset) is ast.Binary and offset.op == "+"
        else [offset]
    )


class Stores:
    """One to four stores of sums of neighbours. Each output is written at one offset only. volume:
    the loops.
    """

    def __init__(self, volume: Volume) -> None:
        self.v, self.b = volume, volume.b
        b = self.b
        self.inputs = [volume.array(_IN) for _ in range(b.pick((1, 1, 2, 2, 3)))]
        self.count = b.pick((1, 1, 2, 2, 3, 4))
        self.terms = b.pick(((1, 2, 3), (2, 3, 4), (3, 4, 5, 6)))

    def lines(self) -> list[tuple]:
        """Return the statements of the stores, in order."""
        b, made = self.b, []
        if b.chance(0.35):
            word = ast.Name(b.local(b.kind))
            made.append(ast.Declare(b.kind, word.id, self._sum(), b.chance(0.1)))
            b.locals.append(word)
        for number in range(self.count):
            ahead = b.chance(0.3)
            place = self.v.place(
                self.v.array(_OUT, True),
                b.pick(tuple(o for o in self.v.offsets if o != -1)) if ahead else 0,
            )
            store = ast.Assign(
                place, b.pick(("=", "=", "=", "+=", "-=")), self._sum(used=number == 0)
            )
            made.append(
                ast.If(make_likely_test(b, self._at()), (store,)) if b.chance(0.15) else store
            )
        return made

    def _at(self) -> ast.At:
        return self.v.place(self.b.pick(tuple(self.inputs)), self.b.pick(tuple(self.v.offsets)))

    def _sum(self, used: bool = False) -> tuple:
        b = self.b
        count = b.pick(self.terms)
        terms: list = []
        everywhere = list(
            dict.fromkeys(self.v.place(a, o) for a in self.inputs for o in self.v.offsets)
        )
        for place in b.rng.sample(everywhere, min(count, len(everywhere))):
            term: tuple = place
            if b.chance(0.3):
                factor = make_fraction(b) if b.kind in FLOATS and b.chance(0.5) else b.number()
                term = ast.mul(factor, term) if b.chance(0.7) else ast.mul(term, factor)
            terms.append(term)
        if used and b.locals:
            terms.insert(b.rng.randrange(len(terms) + 1), b.pick(tuple(b.locals)))
        total = terms[0]
        for term in terms[1:]:
            total = ast.Binary(b.pick("++-"), total, term)
        if len(terms) == 1 or b.chance(0.35):
            return total
        whole = ast.Paren(total)
        if b.kind not in FLOATS:
            return (
                ast.mul(b.number(), whole)
                if b.chance(0.4)
                else ast.Binary("/", whole, ast.integer(b.pick((2, 3, 4))))
            )
        scale = make_fraction(b) if b.chance(0.5) else b.scalar() if b.chance(0.5) else b.number()
        if b.chance(0.25):
            return ast.Binary("/", whole, scale)
        return ast.mul(scale, whole) if b.chance(0.7) else ast.mul(whole, scale)


def _inside(volume: Volume, jump: str, data: bool) -> list[tuple]:
    """What an iteration does: the position, the test, the stores, perhaps a second test between
    them.
    """
    b = volume.b
    stores = Stores(volume)
    lines = stores.lines()
    leave = ast.If(volume.beyond(), (ast.Jump(jump),))
    if b.chance(0.12) and type(volume.reach) is ast.Literal:
        leave = ast.If(
            ast.Unary(
                "!",
                ast.Paren(ast.compare(ast.add(volume.position, volume.reach), "<", volume.total)),
            ),
            (ast.Jump(jump),),
        )
    if data or b.chance(0.15):
        stop = ast.If(_seldom(volume, stores), (ast.Jump(jump),))
        at = b.rng.randrange(len(lines))
        lines = [*lines[:at], stop, *lines[at:]]
    inner = volume.declared if b.chance(0.4) else ()
    volume.declared = () if inner else volume.declared
    first = [volume.flat(), *inner] if b.chance(0.5) else [*inner, volume.flat()]
    return [*first, leave, *lines]


def _seldom(volume: Volume, stores: Stores) -> tuple:
    """A test of data that a few elements meet."""
    b = volume.b
    place = volume.place(b.pick(tuple(stores.inputs)), 0)
    if b.kind in FLOATS:
        limit = b._same(ast.Literal(b.pick(("1.5", "1.75", "1.9", "1.2")), "f64"))
        return (
            ast.compare(place, b.pick((">", ">=")), limit)
            if b.chance(0.6)
            else ast.compare(place, "<", ast.Unary("-", limit))
        )
    return (
        ast.compare(place, b.pick(("==", ">")), ast.integer(b.pick((7, 8))))
        if b.chance(0.7)
        else ast.compare(place, "<", ast.integer(-7))
    )


def moved_outer(b: Builder) -> Nest:
    """Draw a nest in which the innermost increment moves an outer loop's variable; or, in parallel,
    its own. b: the builder that makes its parts.
    """
    v = Volume(b)
    while v.count == 1:
        v = _again(b)
    sequential = b.chance(0.66)
    body = _inside(v, "return" if sequential else "continue", False)
    if sequential and v.count == 3 and b.chance(0.3):
        body += _plane(v)
    if not sequential:
        return _parallel(v, body)
    loop = v.loops(tuple(body), b.rng.randrange(v.count - 1))
    return Nest(
        "",
        [],
        [Region((), (*v.declared, loop))],
        sequential=True,
        c_only=True,
        index_type=v.kind,
        shadowed=b.chance(0.2),
    )


def _again(b: Builder) -> Volume:
    """Another volume in a builder that forgets the first."""
    b.parameters.clear()
    b.used.clear()
    b.types.clear()
    return Volume(b)


def _plane(v: Volume) -> list[tuple]:
    """The same for one plane: a second position, a second test, another store."""
    b = v.b
    side = ast.mul(v.sides[1], v.sides[2])
    j = ast.Name(b.name(("j", "k2", "idx2", "pos2", "ij", "plane_i"), b.types[v.position.id]))
    many = ast.Name(b.name(("size2d", "area0", "n2", "plane_n", "total2"), b.types[v.position.id]))
    out, source = b.array((side,), None, "", _OUT), b.array((side,), None, "", _IN)
    b.parameter(out).written = True
    value = ast.Binary(b.pick("+-"), ast.At(source, (j,)), ast.At(source, (ast.add(j, 1),)))
    return [
        ast.Declare(
            b.types[j.id], j.id, ast.add(ast.mul(v.variables[1], v.sides[2]), v.variables[2])
        ),
        ast.Declare(b.types[many.id], many.id, side),
        ast.If(ast.compare(ast.add(j, 1), ">=", many), (ast.Jump("return"),)),
        ast.Assign(
            ast.At(out, (j,)),
            "=",
            value if b.chance(0.5) else ast.mul(b.number(), ast.Paren(value)),
        ),
    ]


def _parallel(v: Volume, body: list[tuple]) -> Nest:
    return Nest(
        "",
        [],
        [Region(v.axes(), tuple(body))],
        before=v.declared,
        index_type=v.kind,
        shadowed=v.b.chance(0.2),
    )


def ended(b: Builder) -> Nest:
    """Draw a nest in which a return or break ends all iterations; or, in parallel, a continue ends
    one. b: the builder that makes its parts.
    """
    v = Volume(b)
    sequential = b.chance(0.66)
    jump = "continue" if not sequential else "break" if v.count == 1 and b.chance(0.4) else "return"
    body = _inside(v, jump, b.chance(0.5))
    if not sequential:
        return _parallel(v, body)
    return Nest(
        "",
        [],
        [Region((), (*v.declared, v.loops(tuple(body))))],
        sequential=True,
        index_type=v.kind,
        shadowed=b.chance(0.2),
    )


MENU = ((moved_outer, 14), (ended, 12))
