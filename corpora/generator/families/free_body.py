"""A free body in the making: places of one iteration, locals, and the statements of one line or one
test.

Contract: `own` holds the subscripts that no other iteration touches; only they are written. Locals
are read after they are set.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 40)).programs['cpp'].text)"
"""

from __future__ import annotations

from dataclasses import replace

from corpora import ir
from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder

FEW = (1, 2, 3, 4)
_STEPS = ("+=", "+=", "+=", "-=", "=", "*=")
_OTHERS = (
    ("u8", ""), ("i32", "integers(0,1)"), ("f64", ""), ("u16", ""), ("bool", "integers(0,1)"),
)  # fmt: skip
_BORDERS = ("v == 0", "v > 0", "v == n - 1", "v + 1 < n", "v - 1 >= 0", "v < n - 1")
_FLAG_WORDS = ("keep", "ok", "hit", "is_new", "found", "inside", "use_it")


class Body:
    """Makes the statements of one iteration of a loop nest, and holds what the iteration may read
    and write.

    b: the nest's builder, which draws; its `parameters`, `reads` and `locals` grow. variables,
        sides: of the loops, and how many iterations each has, outermost first.
    own: (subscripts, extents of the array) that no other iteration touches. made: statements that
        must come first. before: statements that must stand before the loops. flat: the local that
        holds the row-major position, plane: the one that holds the product of two sides; None for
        none.
    inputs, outputs: elements that are read and written. flags: integers that hold tests. frozen:
        names of constant locals. depth: how many blocks stand round the next statement.
    """

    def __init__(self, b: Builder, variables: tuple, sides: tuple) -> None:
        self.b, self.variables, self.sides = b, variables, sides
        self.made: tuple = ()
        self.before: tuple = ()
        self.flat: ir.Name | None = None
        self.plane: ir.Name | None = None
        self.own: list[tuple[tuple, tuple]] = [(variables, sides)]
        self.flags: list[ir.Name] = []
        self.frozen: set[str] = set()
        self.depth = 0
        if len(sides) > 1 and b.chance(0.6):
            self._flatten()
        elif len(sides) == 1 and b.chance(0.3):
            self._records()
        self.inputs = [self._input() for _ in range(b.pick((1, 2, 2, 3, 3, 4, 5)))]
        b.reads += self.inputs
        self.outputs: list[ir.Access] = []

    # --------------------------------------------------------------------------------- places

    def _flatten(self) -> None:
        """`int idx = …;` as the position in arrays of all sides, perhaps by way of `int plane = n *
        m;` before the loops.
        """
        b, sides = self.b, self.sides
        if b.chance(0.3):
            self.plane = ir.Name(b.name(names.PLANES, "i32"))
            pair = sides[-2:] if b.chance(0.6) else sides[:-3:-1]
            self.before = (ast.declare("i32", self.plane.id, ast.mul(*pair)),)
        kind = b.rng.choices(("i32", "u32", "i64", "u64"), (84, 6, 6, 4))[0]
        word = b.name(names.FLATS, kind)
        if len(sides) == 3 and self.plane is not None:
            given = dict(zip("ijk", self.variables))
            position = ast.quote("i * area + j * l + k", area=self.plane, l=sides[2], **given)
        else:
            position = self._horner()
        self.made += (ast.declare(kind, word, position, b.chance(0.1)),)
        self.flat = ir.Name(word)
        self.own = [((self.flat,), (ast.product(list(sides)),))]

    def _horner(self) -> ir.Expression:
        b, position = self.b, self.variables[0]
        reverse = len(self.sides) > 2 and b.chance(0.4)  # `x + w * (y + h * (c + …))`
        for side, variable in zip(self.sides[1:], self.variables[1:]):
            left = ast.paren(position) if type(position) is ir.Binary else position
            term = ast.mul(side, left) if reverse or not b.chance(0.75) else ast.mul(left, side)
            first = not reverse and b.chance(0.6)
            position = ast.add(term, variable) if first else ast.add(variable, term)
        return position

    def _records(self) -> None:
        """A few neighbouring elements an iteration: `a[i * 4 + 2]`, or through a local that holds
        their first position.
        """
        b, (i,), (n,) = self.b, self.variables, self.sides
        count = b.pick((2, 2, 3, 4, 4, 5, 6))
        base: ir.Expression = ast.mul(i, count) if b.chance(0.7) else ast.mul(count, i)
        if b.chance(0.35):
            word = b.name(names.FLATS, "i32")
            self.made += (ast.declare("i32", word, base),)
            base = ir.Name(word)
        bare = b.chance(0.6)
        places = [base if c == 0 and bare else ast.add(base, c) for c in range(count)]
        self.own += [((place,), (ast.mul(n, count),)) for place in places]

    def _input(self) -> ir.Access:
        b, draw = self.b, self.b.rng.random()
        if draw < 0.68 or (len(self.sides) == 1 and draw < 0.9):
            subscripts, whole = b.pick(tuple(self.own))
        elif len(self.sides) == 1:
            few = b.size(names.COUNTS, (1, 2, 3, 5)) if b.chance(0.5) else None
            few = few or ast.integer(b.pick((2, 3, 4, 8)))
            op, whole = b.pick((("%", (few,)), ("/", self.sides)))
            subscripts = (ir.Binary(op, self.variables[0], few),)
        elif draw < 0.93:
            k = b.rng.randrange(len(self.sides))
            subscripts, whole = (self.variables[k],), (self.sides[k],)
        else:
            c = b.rng.randrange(3)
            subscripts, whole = (ast.integer(c),), (ast.integer(c + 1),)
        if b.kind in FLOATS and b.chance(0.07):
            other, fill = b.pick(_OTHERS)
            array = b.array(whole, other, fill, names.MASKS if fill else names.ARRAYS)
            return ast.at(array, subscripts)
        same = self._arrays(whole, written=False)
        if same and b.chance(0.4):
            return ast.at(b.pick(same), subscripts)
        return ast.at(b.array(whole), subscripts)

    def _arrays(self, whole: tuple, written: bool) -> tuple[str, ...]:
        """Arrays of these extents and of the main type, those that are written or the others."""
        same = (p for p in self.b.parameters if p.kind == "array" and p.type == self.b.kind)
        return tuple(p.name for p in same if p.written == written and p.extents == whole)

    def target(self) -> ir.Access:
        """Return an element of this iteration in an array, old or new, that is written at such
        elements only.
        """
        b = self.b
        subscripts, whole = b.pick(tuple(self.own))
        same = self._arrays(whole, written=True)
        old = same and (b.chance(0.6) or len(same) > 3)
        place = ast.at(b.pick(same) if old else b.output(whole), subscripts)
        if place not in self.outputs:
            self.outputs.append(place)
            if b.chance(0.5):
                b.reads.append(place)
        return place

    # ----------------------------------------------------------------------------- statements

    def declare(self) -> tuple:
        """Return a tuple of one statement, the declaration of a new local with a random value.
        Statements after it may read the local.
        """
        b, value = self.b, self.value()
        word = b.local()
        kind = "f64" if b.kind == "f32" and b.chance(0.06) else b.kind
        b.types[word] = kind
        b.locals.append(ir.Name(word))
        constant = b.chance(0.07)
        if constant:
            self.frozen.add(word)
        return (ast.declare(kind, word, value, constant),)

    def declare_late(self) -> tuple:
        """Return statements that declare two or three new locals and then set them one by one.
        Statements after them may read the locals.
        """
        b = self.b
        words = [b.local() for _ in range(b.pick((2, 2, 3)))]
        zero = b.chance(0.3)
        values = [b.number(zero=True) if zero else self.value() for _ in words]
        b.locals += map(ir.Name, words)
        made = tuple(ast.declare(b.kind, w) for w in words)
        return made + tuple(ir.Assign(ir.Name(w), "=", v) for w, v in zip(words, values))

    def flag(self) -> tuple:
        """Return a tuple of one statement, the declaration of a new integer that holds the result
        of a random test.
        """
        b = self.b
        word = b.name(_FLAG_WORDS, "i32")
        test = self.condition()
        self.flags.append(ir.Name(word))
        return (ast.declare("i32", word, ast.paren(test) if b.chance(0.4) else test),)

    def change(self) -> tuple:
        """Return a tuple of one statement, which changes a local, or declares a new one if there is
        none to change.
        """
        b = self.b
        constant = {s.name for s in self.made if ast.is_local(s) and s.type.const} | self.frozen
        words = [n for n in b.locals if b.types[n.id] in (b.kind, "f64") and n.id not in constant]
        if not words:
            return self.declare()
        word = b.pick(tuple(words))
        op = b.pick(_STEPS if b.kind in FLOATS else ("+=", "+=", "-=", "="))
        value = b.number() if op == "*=" else self.value()
        return (ir.Assign(word, op, b.number() if value == word else value),)

    def store(self) -> tuple:
        """Return a tuple of one statement, which writes or updates an array element of this
        iteration.
        """
        b, place = self.b, self.target()
        more = ("*=", "/=") if b.kind in FLOATS else ()
        op = b.pick(("=", "=", "=", "=", "+=", "+=", "-=", *more))
        value = b.operand(op, self.value)
        return (ir.Assign(place, op, b.number() if value == place else value),)

    def value(self) -> ir.Expression:
        """Return a random expression of the main type, made of what this iteration may read."""
        b = self.b
        return b.value(b.pick((0, 1, 1, 1, 2, 2, 3)), self.variables[-1] if b.chance(0.3) else None)

    def condition(self) -> ir.Expression:
        """Return a random test of what this iteration may read, or of whether it lies at an edge of
        a loop's range.
        """
        b, draw = self.b, self.b.rng.random()
        if self.flags and draw < 0.3:
            name = b.pick(tuple(self.flags))
            return name if draw < 0.15 else ir.Unary("!", name)
        if draw >= 0.4:
            return b.condition(self.variables[-1])
        k = b.rng.randrange(len(self.sides))  # whether the iteration lies at an edge
        text = b.pick(_BORDERS)
        if not b.chance(0.7):
            text = f"{text} {b.pick(('&&', '||'))} {b.pick(_BORDERS)}"
        return ast.quote(text, v=self.variables[k], n=self.sides[k])

    def branch(self) -> tuple:
        """Return a tuple of one `if` statement, sometimes with an `else`, in which locals change
        and elements of this iteration are written.
        """
        b, draw = self.b, self.b.rng.random()
        test = self.condition()
        yes = self.inside(b.pick((1, 1, 1, 2, 3)))
        if draw < 0.4:
            return (ir.If(test, yes),)
        no = self._same_places(yes) if b.chance(0.6) else self.inside(b.pick((1, 1, 2)))
        if draw > 0.85:
            no = (ir.If(self.condition(), no, self._same_places(yes)),)
        return (ir.If(test, yes, no),)

    def _same_places(self, statements: tuple) -> tuple:
        """The same targets with other values: what the other branch of a choice mostly does."""
        inner = {s.name for s in statements if ast.is_local(s)}
        assigns = (s for s in statements if type(s) is ir.Assign)
        written = [s for s in assigns if getattr(s.target, "id", "") not in inner]
        if not written:
            return self.inside(1)
        b, made = self.b, ()
        zero = b.chance(0.35)
        for s in written:
            if zero and s.op == "=":
                value = b.number(zero=True)
            elif s.op == "/=":
                value = b.divisor()
            else:
                value = b.number() if s.op == "*=" else self.value()
                value = b.number() if value == s.target else value
            made += (replace(s, value=value),)
        return made

    def inside(self, count: int) -> tuple:
        """Return `count` or more random statements for an inner block, in order. Locals that they
        declare are not read after it.
        """
        b = self.b
        kept = (list(b.locals), list(self.flags), self.depth)
        self.depth += 1
        last = self.branch if self.depth < 3 else self.store
        menu = (self.store, self.store, self.change, self.change, self.declare, last)
        statements: tuple = ()
        for _ in range(count):
            statements += b.pick(menu)()
        if ast.is_local(statements[-1]):
            statements += self.store()
        b.locals, self.flags, self.depth = kept
        return statements
