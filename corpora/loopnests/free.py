"""Long bodies of freely mixed statements: what is asked of a translator there is to copy exactly, not to know a pattern.

Contract: as for the other families. A body works on places of its own iteration and on locals that are set before they are
read; inner loops nest two deep at most, and everything written inside them belongs to the iteration too.

    python -c "from corpora.loopnests import generate; print(max((c.programs['cuda'].text for c in generate(40, 1)), key=len))"
"""

from __future__ import annotations

from collections.abc import Callable

from corpora.loopnests import expressions as ast
from corpora.loopnests import names
from corpora.loopnests.builder import FLOATS, Builder
from corpora.loopnests.grids import extents, loops
from corpora.loopnests.nest import Axis, Nest, Region

_FEW = (1, 2, 3, 4)
_STEPS = ("+=", "+=", "+=", "-=", "=", "*=")
_FLAG_WORDS = ("keep", "ok", "hit", "is_new", "found", "inside", "use_it")


class Body:
    """Statements in the making for one iteration; `own` are the subscripts that no other iteration touches."""

    def __init__(self, b: Builder, variables: tuple, sides: tuple) -> None:
        self.b, self.variables, self.sides = b, variables, sides
        self.made: tuple = ()
        self.before: tuple = ()
        self.flat: ast.Name | None = None
        self.plane: ast.Name | None = None
        self.own: list[tuple[tuple, tuple]] = [(variables, sides)]
        self.flags: list[ast.Name] = []
        self.depth = 0
        if len(sides) > 1 and b.chance(0.6):
            self._flatten()
        elif len(sides) == 1 and b.chance(0.3):
            self._records()
        self.inputs = [self._input() for _ in range(b.pick((1, 2, 2, 3, 3, 4, 5)))]
        b.reads += self.inputs
        self.outputs: list[ast.At] = []

    # --- places -------------------------------------------------------------------------------------------------

    def _flatten(self) -> None:
        """`int idx = …;` as the position in arrays of all sides, perhaps by way of `int plane = n * m;` before the loops."""
        b, sides = self.b, self.sides
        if b.chance(0.3):
            self.plane = ast.Name(b.name(names.PLANES, "i32"))
            self.before = (ast.Declare("i32", self.plane.id, ast.mul(*(sides[-2:] if b.chance(0.6) else sides[:-3:-1]))),)
        kind = b.rng.choices(("i32", "u32", "i64", "u64"), (84, 6, 6, 4))[0]
        word = b.name(names.FLATS, kind)
        if len(sides) == 3 and self.plane is not None:
            terms = [ast.mul(self.variables[0], self.plane), ast.mul(self.variables[1], sides[2]), self.variables[2]]
            position: tuple = ast.add(ast.add(terms[0], terms[1]), terms[2])
        else:
            position = self._horner()
        self.made += (ast.Declare(kind, word, position, b.chance(0.1)),)
        self.flat = ast.Name(word)
        self.own = [((self.flat,), (ast.product(list(sides)),))]

    def _horner(self) -> tuple:
        b = self.b
        if len(self.sides) > 2 and b.chance(0.4):  # `x + w * (y + h * (c + …))`
            position = self.variables[0]
            for side, variable in zip(self.sides[1:], self.variables[1:]):
                position = ast.add(variable, ast.mul(side, ast.Paren(position) if type(position) is ast.Binary else position))
            return position
        position: tuple = self.variables[0]
        for side, variable in zip(self.sides[1:], self.variables[1:]):
            left = ast.Paren(position) if type(position) is ast.Binary else position
            term = ast.mul(left, side) if b.chance(0.75) else ast.mul(side, left)
            position = ast.add(term, variable) if b.chance(0.6) else ast.add(variable, term)
        return position

    def _records(self) -> None:
        """A few neighbouring elements an iteration: `a[i * 4 + 2]`, or through a local that holds their first position."""
        b, (i,), (n,) = self.b, self.variables, self.sides
        count = b.pick((2, 2, 3, 4, 4, 5, 6))
        base: tuple = ast.mul(i, count) if b.chance(0.7) else ast.mul(count, i)
        if b.chance(0.35):
            word = b.name(names.FLATS, "i32")
            self.made += (ast.Declare("i32", word, base),)
            base = ast.Name(word)
        bare = b.chance(0.6)
        self.own += [((base if c == 0 and bare else ast.add(base, c),), (ast.mul(n, count),)) for c in range(count)]

    def _input(self) -> ast.At:
        b, draw = self.b, self.b.rng.random()
        if draw < 0.68 or (len(self.sides) == 1 and draw < 0.9):
            subscripts, whole = b.pick(tuple(self.own))
        elif len(self.sides) == 1:
            period = b.size(names.COUNTS, (1, 2, 3, 5)) if b.chance(0.5) else ast.whole(b.pick((2, 3, 4, 8)))
            subscripts, whole = b.pick(
                (((ast.Binary("%", self.variables[0], period),), (period,)), ((ast.Binary("/", self.variables[0], period),), self.sides))
            )
        elif draw < 0.93:
            k = b.rng.randrange(len(self.sides))
            subscripts, whole = (self.variables[k],), (self.sides[k],)
        else:
            c = b.rng.randrange(3)
            subscripts, whole = (ast.whole(c),), (ast.whole(c + 1),)
        if b.kind in FLOATS and b.chance(0.07):
            other, fill = b.pick((("u8", ""), ("i32", "integers(0,1)"), ("f64", ""), ("u16", ""), ("bool", "integers(0,1)")))
            return ast.At(b.array(whole, other, fill, names.MASKS if fill else names.ARRAYS), subscripts)
        same = [p for p in b.parameters if p.kind == "array" and not p.written and p.type == b.kind and p.extents == whole]
        if same and b.chance(0.4):
            return ast.At(b.pick(tuple(same)).name, subscripts)
        return ast.At(b.array(whole), subscripts)

    def target(self) -> ast.At:
        """A place of this iteration in an array that nothing but these places touches."""
        b = self.b
        subscripts, whole = b.pick(tuple(self.own))
        same = [p.name for p in b.parameters if p.written and p.extents == whole and p.kind == "array" and p.type == b.kind]
        if same and (b.chance(0.6) or len(same) > 3):
            word = b.pick(tuple(same))
        else:
            word = b.array(whole)
            b.parameter(word).written = True
        place = ast.At(word, subscripts)
        if place not in self.outputs:
            self.outputs.append(place)
            if b.chance(0.5):
                b.reads.append(place)
        return place

    # --- statements ---------------------------------------------------------------------------------------------

    def declare(self) -> tuple:
        b, value = self.b, self._value()
        word = b.local()
        kind = "f64" if b.kind == "f32" and b.chance(0.06) else b.kind
        b.types[word] = kind
        b.locals.append(ast.Name(word))
        return (ast.Declare(kind, word, value, b.chance(0.07)),)

    def declare_late(self) -> tuple:
        """Two or three locals without values, which get them one by one."""
        b = self.b
        words = [b.local() for _ in range(b.pick((2, 2, 3)))]
        made = tuple(ast.Declare(b.kind, w) for w in words)
        if b.chance(0.3):
            stores = tuple(ast.Assign(ast.Name(w), "=", b.number(zero=True)) for w in words)
        else:
            stores = tuple(ast.Assign(ast.Name(w), "=", self._value()) for w in words)
        b.locals += [ast.Name(w) for w in words]
        return made + stores

    def flag(self) -> tuple:
        b = self.b
        word = b.name(_FLAG_WORDS, "i32")
        test = self.condition()
        self.flags.append(ast.Name(word))
        return (ast.Declare("i32", word, ast.Paren(test) if b.chance(0.4) else test),)

    def change(self) -> tuple:
        b = self.b
        changeable = [name for name in b.locals if b.types[name.id] in (b.kind, "f64") and name.id not in self._constants()]
        if not changeable:
            return self.declare()
        word = b.pick(tuple(changeable))
        op = b.pick(_STEPS if b.kind in FLOATS else ("+=", "+=", "-=", "="))
        value = b.number() if op == "*=" else self._value()
        return (ast.Assign(word, op, b.number() if value == word else value),)

    def _constants(self) -> set[str]:
        return {s.name for s in self.made if type(s) is ast.Declare and s.const} | self.frozen

    frozen: frozenset[str] = frozenset()

    def store(self) -> tuple:
        b, place = self.b, self.target()
        op = b.pick(("=", "=", "=", "=", "+=", "+=", "-=") + (("*=", "/=") if b.kind in FLOATS else ()))
        value = b.divisor() if op == "/=" else b.number() if op == "*=" and b.kind not in FLOATS else self._value()
        return (ast.Assign(place, op, b.number() if value == place else value),)

    def _value(self) -> tuple:
        b = self.b
        return b.value(b.pick((0, 1, 1, 1, 2, 2, 3)), self.variables[-1] if b.chance(0.3) else None)

    def condition(self) -> tuple:
        b, draw = self.b, self.b.rng.random()
        if self.flags and draw < 0.3:
            name = b.pick(tuple(self.flags))
            return name if draw < 0.15 else ast.Unary("!", name)
        if draw < 0.4:
            return self._border()
        return b.condition(self.variables[-1])

    def _border(self) -> tuple:
        """Whether the iteration lies at an edge of its sides."""
        b = self.b
        k = b.rng.randrange(len(self.sides))
        v, n = self.variables[k], self.sides[k]
        tests = (
            ast.compare(v, "==", ast.ZERO), ast.compare(v, ">", ast.ZERO), ast.compare(v, "==", ast.sub(n, 1)),
            ast.compare(ast.add(v, 1), "<", n), ast.compare(ast.sub(v, 1), ">=", ast.ZERO), ast.compare(v, "<", ast.sub(n, 1)),
        )  # fmt: skip
        first = b.pick(tests)
        return first if b.chance(0.7) else ast.Binary(b.pick(("&&", "||")), first, b.pick(tests))

    def branch(self) -> tuple:
        b, draw = self.b, self.b.rng.random()
        test = self.condition()
        yes = self._inside(b.pick((1, 1, 1, 2, 3)))
        if draw < 0.4:
            return (ast.If(test, yes),)
        no = self._same_places(yes) if b.chance(0.6) else self._inside(b.pick((1, 1, 2)))
        if draw > 0.85:
            no = (ast.If(self.condition(), no, self._same_places(yes)),)
        return (ast.If(test, yes, no),)

    def _same_places(self, statements: tuple) -> tuple:
        """The same targets with other values: what the other branch of a choice mostly does."""
        inner = {s.name for s in statements if type(s) is ast.Declare}
        written = [s for s in statements if type(s) is ast.Assign and getattr(s.target, "id", "") not in inner]
        if not written:
            return self._inside(1)
        zero = self.b.chance(0.35)
        return tuple(s._replace(value=self.b.number(zero=True) if zero and s.op == "=" else self._other(s)) for s in written)

    def _other(self, statement: ast.Assign) -> tuple:
        b = self.b
        if statement.op == "/=":
            return b.divisor()
        value = b.number() if statement.op == "*=" else self._value()
        return b.number() if value == statement.target else value

    def _inside(self, count: int) -> tuple:
        """A block of its own: what it declares ends with it."""
        b = self.b
        kept = (list(b.locals), list(self.flags), self.depth)
        self.depth += 1
        statements: tuple = ()
        for _ in range(count):
            statements += b.pick((self.store, self.store, self.change, self.change, self.declare, self.branch if self.depth < 3 else self.store))()
        if type(statements[-1]) is ast.Declare:
            statements += self.store()
        b.locals, self.flags, self.depth = kept
        return statements

    def neighbour(self) -> tuple:
        """A step to the side that is only taken where there is one: `x > 0 ? a[…] : 0`."""
        b = self.b
        if len(self.sides) > 3 or b.kind not in FLOATS and b.chance(0.5):
            return self.declare()
        array = b.array(self.sides)
        k = b.rng.randrange(len(self.sides))
        v, n = self.variables[k], self.sides[k]
        up = b.chance(0.5)
        moved = list(self.variables)
        moved[k] = ast.add(v, 1) if up else ast.sub(v, 1)
        test = b.pick((ast.compare(ast.add(v, 1), "<", n), ast.compare(v, "<", ast.sub(n, 1)))) if up else ast.compare(v, ">", ast.ZERO)
        there, here = ast.At(array, tuple(moved)), ast.At(array, self.variables)
        word = b.local()
        name = ast.Name(word)
        draw = b.rng.random()
        yes = there if draw < 0.5 else ast.Paren(ast.sub(there, here))
        no = here if draw < 0.2 else b.number(zero=True)
        b.locals.append(name)
        if b.chance(0.5):
            first = ast.Declare(b.kind, word, no)
            return (first, ast.If(test, (ast.Assign(name, b.pick(("=", "+=")), yes),)))
        return (ast.Declare(b.kind, word, ast.Conditional(ast.Paren(test) if b.chance(0.6) else test, yes, no, True)),)

    def to_byte(self) -> tuple:
        """A value held in [0, 255] and stored as a byte."""
        b = self.b
        if b.kind not in FLOATS or not self.inputs:
            return self.store()
        source = ast.At(b.array(self.sides), self.variables)
        word = ast.Name(b.local())
        made = ast.Declare(b.kind, word.id, ast.mul(source, b.number()))
        high = b._same(ast.Literal("255", "i32")) if b.chance(0.5) else ast.Literal("255", "i32")
        low_if = ast.If(ast.compare(word, "<", b.number(zero=True)), (ast.Assign(word, "=", b.number(zero=True)),))
        high_if = ast.If(ast.compare(word, ">", high), (ast.Assign(word, "=", high),))
        held = (low_if._replace(otherwise=(high_if,)),) if b.chance(0.5) else (low_if, high_if)
        result = b.array(self.sides, "u8")
        b.parameter(result).written = True
        return (made, *held, ast.Assign(ast.At(result, self.variables), "=", ast.Cast("u8", word)))

    def inner_loop(self) -> tuple:
        """A sequential loop inside the iteration that adds up into a local or writes its own row."""
        b = self.b
        kind = "i32" if b.chance(0.95) else b.pick(("u32", "i64"))
        j = ast.Name(b.name(names.INNER, kind))
        count = b.size(names.DEPTHS + names.COUNTS, _FEW) if b.chance(0.7) else ast.whole(b.pick((2, 3, 4, 5, 8, 10, 16, 25)))
        places = self._inner_places(j, count)
        kept = (list(b.reads), list(b.locals), list(self.flags), list(self.own), self.depth)
        self.depth += 1
        word = ast.Name(b.local(b.kind, names.SUMS))
        b.reads = places + b.reads[-2:]
        statements: tuple = ()
        if b.chance(0.3):
            statements += self.declare()
        summed = b.chance(0.75)
        if summed:
            term = ast.mul(*places[:2]) if len(places) > 1 and b.chance(0.4) else b.value(b.pick((0, 1, 1, 2)), j)
            step: tuple = (ast.Assign(word, b.pick(("+=", "+=", "+=", "-=")), term),)
            if b.chance(0.25):
                step = (ast.If(b.condition(j), step),)
            statements += step
        else:
            statements += self._row_store(j, count)
        b.reads, b.locals, self.flags, self.own, self.depth = kept
        draw = b.rng.random()
        loop = ast.For(j.id, ast.ONE if draw < 0.08 else ast.ZERO, "<", count, statements, 1, kind)
        if draw > 0.94 and kind == "i32":
            loop = ast.For(j.id, ast.sub(count, 1), ">=", ast.ZERO, statements, -1)
        if not summed:
            return (loop,)
        b.locals.append(word)
        return (ast.Declare(b.kind, word.id, b.number(zero=True)), loop)

    def _inner_places(self, j: ast.Name, count: tuple) -> list[ast.At]:
        b, found = self.b, []
        for _ in range(b.pick((1, 1, 2, 2, 3))):
            draw = b.rng.random()
            if self.flat is not None and draw < 0.6:
                area = self.plane if self.plane is not None and len(self.sides) == 2 else ast.product(list(self.sides))
                term = ast.mul(j, ast.Paren(area) if type(area) is ast.Binary else area)
                whole = ast.product([count, *self.sides])
                found.append(ast.At(b.array((whole,)), (ast.add(term, self.flat) if b.chance(0.6) else ast.add(self.flat, term),)))
            elif draw < 0.45:
                found.append(ast.At(b.array((*self.sides, count)), (*self.variables, j)))
            elif draw < 0.75:
                found.append(ast.At(b.array((count, *self.sides)), (j, *self.variables)))
            else:
                found.append(ast.At(b.array((count,)), (j,)))
        return found

    def _row_store(self, j: ast.Name, count: tuple) -> tuple:
        b = self.b
        inner_first = b.chance(0.6)
        whole = (*self.sides, count) if inner_first else (count, *self.sides)
        word = b.array(whole)
        b.parameter(word).written = True
        place = ast.At(word, (*self.variables, j) if inner_first else (j, *self.variables))
        op = b.pick(("=", "=", "=", "+=", "-="))
        return (ast.Assign(place, op, b.value(b.pick((0, 1, 2)), j)),)

    def repeated(self) -> tuple:
        """One step written out several times with other constants, arrays or operators."""
        b = self.b
        word = ast.Name(b.local(b.kind, names.SUMS))
        arrays = [b.array(self.sides) for _ in range(b.pick((1, 2, 2)))]
        first = ast.Declare(b.kind, word.id, b.number(zero=True))
        part = ast.Name(b.local())
        makes: tuple[Callable[[int], tuple], ...] = (self._weighted, self._tested, self._staged)
        make = b.pick(makes)
        steps: tuple = ()
        for turn in range(b.pick((2, 3, 3, 4, 5, 6))):
            steps += make(turn, word, part, ast.At(b.pick(tuple(arrays)), self.variables))
        b.locals.append(word)
        declared = (first, ast.Declare(b.kind, part.id)) if make == self._staged else (first,)
        return declared + steps

    def _weighted(self, turn: int, word: ast.Name, part: ast.Name, place: ast.At) -> tuple:
        b = self.b
        return (ast.Assign(word, b.pick(("+=", "+=", "-=")), ast.mul(place, b.number() if b.chance(0.6) else b.leaf())),)

    def _tested(self, turn: int, word: ast.Name, part: ast.Name, place: ast.At) -> tuple:
        b = self.b
        change = ast.Assign(word, "+=", ast.mul(place, b.leaf()))
        return (ast.If(self.condition(), (change,), (ast.Assign(word, "+=", place),) if b.chance(0.6) else ()),)

    def _staged(self, turn: int, word: ast.Name, part: ast.Name, place: ast.At) -> tuple:
        b = self.b
        value = ast.Paren(ast.mul(part, part)) if b.chance(0.4) else ast.mul(part, b.leaf())
        return (ast.Assign(part, "=", place if b.chance(0.5) else self._value()), ast.Assign(word, "+=", value))

    def walk(self) -> tuple:
        """A position that is moved on by hand between the same few statements."""
        b = self.b
        if len(self.sides) > 1:
            return self.repeated()
        (i,), (n,) = self.variables, self.sides
        count, turns = b.pick((1, 2, 2, 4)), b.pick((2, 3, 4, 5))
        leap = ast.whole(b.pick((1, 2, 4, 16, 32, 64))) if b.chance(0.6) else b.size(names.COUNTS, _FEW)
        array = b.array((ast.add(ast.mul(n, count), ast.mul(leap, turns)),))
        at, word, part = (ast.Name(b.name(names.FLATS, "i32")), ast.Name(b.local(b.kind, names.SUMS)), ast.Name(b.local()))
        place = ast.At(array, (at,))
        first = ast.mul(i, count) if count > 1 else i
        term: tuple = b.pick((ast.mul(part, part), ast.Paren(ast.mul(part, part)), part, ast.mul(part, b.leaf())))
        step = (ast.Assign(part, "=", place), ast.Assign(word, "+=", term)) if b.chance(0.6) else (ast.Assign(word, "+=", place),)
        made = (ast.Declare("i32", at.id, first), ast.Declare(b.kind, word.id, b.number(zero=True)))
        if len(step) > 1:
            made += (ast.Declare(b.kind, part.id),)
        body = step
        for _ in range(turns):
            body += (ast.Assign(at, "+=", leap), *step)
        b.locals.append(word)
        return made + body

    def held(self) -> tuple:
        """`min(high, max(low, v))` and its relatives, with scalars or numbers as bounds."""
        b = self.b
        if b.kind not in FLOATS:
            return self.store()
        low, high = (b.scalar(), b.scalar()) if b.chance(0.5) else (b._same(b.number()), b._same(b.number()))
        value = b.pick(tuple(self.inputs))
        value = value if b._kind_of(value) == b.kind else ast.Cast(b.kind, value)
        fns = b.pick(((b.function("fmin"), b.function("fmax")), ("min", "max")))
        inner = ast.Call(fns[1], (low, value) if b.chance(0.5) else (value, low))
        return (ast.Assign(self.target(), "=", ast.Call(fns[0], (high, inner) if b.chance(0.5) else (inner, high))),)

    def blocks(self) -> tuple:
        """Several places of a record set, in one way or another by a test."""
        b = self.b
        places = []
        for _ in range(b.pick((2, 3, 4, 5))):
            place = self.target()
            if place not in places:
                places.append(place)
        yes = tuple(ast.Assign(p, "=", b.leaf()) for p in places)
        yes = tuple(s if s.value != s.target else s._replace(value=b.number()) for s in yes)
        blank = b.number(zero=True) if b.chance(0.6) else ast.Unary("-", b.number())
        no = tuple(ast.Assign(p, "=", blank) for p in places)
        draw = b.rng.random()
        if draw < 0.35:
            return yes
        return (ast.If(self.condition(), yes, no if draw < 0.8 else ()),) if draw < 0.9 else (ast.If(self.condition(), no, yes),)

    # --- the whole ----------------------------------------------------------------------------------------------

    def statements(self, count: int) -> tuple:
        b = self.b
        menu = (self.declare,) * 4 + (self.store,) * 4 + (self.change,) * 3 + (self.branch,) * 4
        menu += (self.declare_late, self.flag, self.neighbour, self.inner_loop, self.inner_loop, self.repeated, self.blocks, self.to_byte, self.walk, self.held)
        body: tuple = self.made
        skips = b.rng.randrange(count) if b.chance(0.08) else -1
        for turn in range(count):
            if turn == skips:
                first = self._inside(1) if b.chance(0.4) else ()
                body += (ast.If(self.condition(), (*first, ast.Jump("continue"))),)
            made = b.pick(menu)()
            self.frozen |= {s.name for s in made if type(s) is ast.Declare and s.const}
            body += made
        if type(body[-1]) is not ast.Assign or type(body[-1].target) is not ast.At:
            place = self.target()
            body += (ast.Assign(place, b.pick(("=", "=", "+=")), b.pick(tuple(b.locals)) if b.locals else self._value()),)
        return body


def _count(b: Builder) -> int:
    return b.pick((2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 7, 9))


def free_line(b: Builder) -> Nest:
    """One parallel loop round a free body."""
    n = b.size(names.SIZES, (1, 3, 8, 17))
    i = ast.Name(b.name(names.LOOPS, "i32"))
    body = Body(b, (i,), (n,))
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, n),), body.statements(_count(b)))], before=body.before)


def free_grid(b: Builder) -> Nest:
    """Two or three parallel loops round a free body."""
    sides = extents(b, 2 if b.chance(0.85) else 3)
    variables, axes = loops(b, sides)
    body = Body(b, variables, sides)
    return Nest("", [], [Region(axes, body.statements(_count(b)))], before=body.before)


def free_deep(b: Builder) -> Nest:
    """Four nested loops: three of the kernel's index and one inside."""
    words = b.pick((("b0", "k", "j", "i"), ("n0", "c0", "y", "x"), ("batch_i", "ch", "row", "col")))
    variables = tuple(ast.Name(b.exact(w, "i32")) for w in words)
    sides = tuple(b.size((w,), (1, 2, 3)) for w in ("batch", "channels", "h", "w"))
    if b.chance(0.5):
        order = list(range(4))
    else:
        order = b.rng.sample(range(4), 4)
    body = Body(b, variables, sides)
    inner = ast.For(variables[order[3]].id, ast.ZERO, "<", sides[order[3]], body.statements(b.pick((1, 1, 2, 2, 3))))
    axes = tuple(Axis(variables[k].id, ast.ZERO, sides[k]) for k in order[:3])
    return Nest("", [], [Region(axes, (inner,))], before=body.before)


def free_rows(b: Builder) -> Nest:
    """A loop over rows with a perfect or imperfect loop over columns inside: a row a thread, since rows add up."""
    n, m = extents(b, 2)
    i, j = ast.Name(b.name(names.LOOPS, "i32")), ast.Name(b.name(names.INNER, "i32"))
    totals = b.array((n,))
    b.parameter(totals).written = True
    outer = Body(b, (i,), (n,))
    head = outer.statements(b.pick((1, 1, 2))) if b.chance(0.4) else outer.made
    inner = Body(b, (i, j), (n, m))
    body = inner.statements(b.pick((1, 2, 2, 3)))
    if b.chance(0.5) or not head:
        body += (ast.Assign(ast.At(totals, (i,)), b.pick(("+=", "+=", "-=")), b.pick(tuple(inner.inputs))),)
    tail = (ast.Assign(ast.At(totals, (i,)), b.pick(("=", "+=", "/=")) if b.kind in FLOATS else "+=", b.number()),) if b.chance(0.4) else ()
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, n),), (*head, ast.For(j.id, ast.ZERO, "<", m, body), *tail))], before=inner.before)
