"""Computations counted as Fortran counts them: loop variables and positions from one, every value
the same in both languages.

Contract: `shift_to_one_based` rewrites a finished nest in place, for translations from Fortran. A C
text made from it holds at every point the values that the Fortran text holds, and only subscripts
differ, by the array's first position: `x(i)` is `x[i - 1]`. So a translation needs no look at the
whole text: all but subscripts is copied.

    python -c "from corpora.generator import generate; \\
        [print(*(p.text for p in c.programs.values())) for c in generate(3, 8, 'broad', \\
        plain=True)]"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Axis, Nest

_WHOLE = frozenset(("i32", "i64"))
_CLOSED = {(">=", 1): (">", 0), ("<", 1): ("<=", 0), ("<=", -1): ("<", 0), (">", -1): (">=", 0)}
"""`x >= y + 1` is `x > y`."""


def shift_to_one_based(nest: Nest, b: Builder, from_zero: frozenset[str] = frozenset()) -> None:
    """Rewrite a nest in place so that loops and positions count from one, as in Fortran. from_zero:
    arrays that keep their first position 0. Values computed from positions may grow by one.
    """
    places = _position_names(nest)
    # In order of appearance or of names: what is drawn must not depend on how a set is hashed.
    ordered = [v for v in _loop_variables(nest) if v in places or b.chance(0.7)]
    kept = {
        n.id
        for at in _elements(nest)
        if at.array in from_zero
        for s in at.subscripts
        for n in ast.walk(s)
        if type(n) is ast.Name
    }
    shifted = {v for v in ordered if b.chance(0.4 if v in kept else 0.95)}
    shifted |= {v for v in sorted(_position_locals(nest) & places) if b.chance(0.8)}
    counts = _Counts(shifted, _used_as_positions(nest), nest.types or {}, b.chance(0.75))
    counts.nest(nest)


def drop_constants(nest: Nest) -> None:
    """Make all locals of a nest variables, in place, since Fortran does not tell which never
    change.
    """
    _Counts(set(), set(), nest.types or {}, False).nest(nest)


def _statements(nest: Nest) -> list[tuple]:
    blocks = (nest.before, nest.first, *(r.body for r in nest.regions), nest.after)
    return [s for block in blocks for s in ast.walk_statements(block)]


def _loop_variables(nest: Nest) -> list[str]:
    """Variables of loops that may start one higher, in order of appearance."""
    loops = [s for s in _statements(nest) if type(s) is ast.For]
    axes = [a for r in nest.regions for a in r.axes]
    no = {s.variable for s in loops if s.shown is not None or s.also or _offset_like(s.start)}
    no |= {a.variable for a in axes if a.down or a.shown is not None}
    no |= {
        s.target.id
        for s in _statements(nest)
        if type(s) is ast.Assign and type(s.target) is ast.Name
    }
    no |= {s.name for s in _statements(nest) if type(s) is ast.Declare}
    return [
        v
        for v in dict.fromkeys([*(a.variable for a in axes), *(s.variable for s in loops)])
        if v not in no
    ]


def _offset_like(start: tuple) -> bool:
    """A loop from `-r`, or from a position that data holds, runs over what it says."""
    if type(start) is ast.Binary and start.op == "-" and start.right == ast.ONE:
        return False  # what the data hold counts from one
    return type(start) is ast.Unary or any(type(n) is ast.At for n in ast.walk(start))


def _position_locals(nest: Nest) -> set[str]:
    """Whole locals that are set once declared, and that are no bound."""
    statements = _statements(nest)
    inside = [s for r in nest.regions for s in ast.walk_statements(r.body)]
    found = {s.name for s in inside if type(s) is ast.Declare and s.type in _WHOLE}
    bounds = [e for s in statements if type(s) is ast.For for e in (s.start, s.stop)]
    found -= {n.id for e in bounds for n in ast.walk(e) if type(n) is ast.Name}
    chained = {
        t.id
        for s in statements
        if type(s) is ast.Assign
        for t in (s.target, *s.chain)
        if type(t) is ast.Name and (s.chain or s.op not in ("=", "+=", "-="))
    }
    stepped = {
        n.argument.id
        for s in statements
        for e in ast.get_expressions(s)
        for n in ast.walk(e)
        if type(n) is ast.Postfix and type(n.argument) is ast.Name
    }
    loops = {s.variable for s in statements if type(s) is ast.For} | {
        a.variable for r in nest.regions for a in r.axes
    }
    return found - chained - stepped - loops


def _position_names(nest: Nest) -> set[str]:
    """Names that are summands of subscripts."""
    found: set[str] = set()

    def summands(node: tuple) -> None:
        if type(node) is ast.Name:
            found.add(node.id)
        elif type(node) is ast.Paren:
            summands(node.argument)
        elif type(node) is ast.Binary and node.op in "+-":
            summands(node.left)
            summands(node.right)

    for at in _elements(nest):
        for subscript in at.subscripts:
            summands(subscript)
    return found


def _elements(nest: Nest) -> list[ast.At]:
    expressions = [e for s in _statements(nest) for e in ast.get_expressions(s)]
    return [n for e in expressions for n in ast.walk(e) if type(n) is ast.At]


def _used_as_positions(nest: Nest) -> set[str]:
    """Names and arrays whose values end up in subscripts, bounds or tests."""
    statements = _statements(nest)
    seeds = [s for at in _elements(nest) for s in at.subscripts]
    seeds += [
        e
        for s in statements
        if type(s) in (ast.For, ast.If, ast.While, ast.DeclarePointer)
        for e in ast.get_expressions(s)
    ]
    seeds += [
        n.test
        for s in statements
        for e in ast.get_expressions(s)
        for n in ast.walk(e)
        if type(n) is ast.Conditional
    ]
    used: set[str] = set()
    while seeds:
        for node in ast.walk(seeds.pop()):
            word = node.id if type(node) is ast.Name else node.array if type(node) is ast.At else ""
            if not word or word in used:
                continue
            used.add(word)
            for s in statements:
                if type(s) is ast.Declare and s.name == word and s.value is not None:
                    seeds.append(s.value)
                elif type(s) is ast.Assign and word in (
                    getattr(s.target, "id", ""),
                    getattr(s.target, "array", ""),
                ):
                    seeds.append(s.value)
    return used


def _declared_where_set(block: tuple) -> tuple:
    """`T v; … v = e;` as `T v = e;`, where that is the first that the block does with it."""
    made, late = [], {}
    for k, s in enumerate(block):
        if type(s) is ast.Declare and s.value is None:
            first = next((t for t in block[k + 1 :] if _names_it(t, s.name)), None)
            if (
                type(first) is ast.Assign
                and first.op == "="
                and first.target == ast.Name(s.name)
                and not first.chain
            ):
                if not any(n == first.target for n in ast.walk(first.value)):
                    late[s.name] = s
                    continue
        if type(s) is ast.Assign and type(s.target) is ast.Name and s.target.id in late:
            s = late.pop(s.target.id)._replace(value=s.value)
        made.append(s)
    return tuple(made)


def _names_it(statement: tuple, name: str) -> bool:
    inside = list(ast.walk_statements((statement,)))
    if any(
        type(s) is ast.Declare and s.name == name or type(s) is ast.For and s.variable == name
        for s in inside
    ):
        return True
    return any(
        n == ast.Name(name) for s in inside for e in ast.get_expressions(s) for n in ast.walk(e)
    )


class _Counts:
    """Rewrites statements: what is in `shifted` holds one more than before. grows: what is data may
    be one more too.
    """

    def __init__(
        self, shifted: set[str], positions: set[str], types: dict[str, str], grows: bool
    ) -> None:
        self.shifted, self.positions, self.types, self.grows = shifted, positions, types, grows
        self.data = False

    def nest(self, nest: Nest) -> None:
        for region in nest.regions:
            region.axes = tuple(self.axis(axis) for axis in region.axes)
            region.body = self.block(region.body)
        nest.before, nest.first, nest.after = (
            self.block(block) for block in (nest.before, nest.first, nest.after)
        )

    def axis(self, axis: Axis) -> Axis:
        if axis.variable not in self.shifted:
            return Axis(
                axis.variable,
                self.of(axis.start),
                self.of(axis.stop),
                axis.inclusive,
                axis.step,
                axis.down,
                axis.shown,
            )
        stop = self.more(axis.stop, 1) if axis.inclusive else self.of(axis.stop)
        return Axis(axis.variable, self.more(axis.start, 1), stop, True, axis.step)

    def block(self, statements: tuple) -> tuple:
        return tuple(self.statement(s) for s in _declared_where_set(statements))

    def statement(self, s: tuple) -> tuple:
        kind = type(s)
        if kind is ast.Assign:
            return self._assign(s)
        if kind is ast.Declare:
            return s._replace(
                value=None if s.value is None else self._kept(s.name, s.value), const=False
            )
        if kind is ast.For:
            return self._for(s)
        if kind is ast.If:
            return s._replace(
                test=self.of(s.test), then=self.block(s.then), otherwise=self.block(s.otherwise)
            )
        if kind is ast.While:
            advance = None if s.advance is None else self.statement(s.advance)
            return s._replace(test=self.of(s.test), body=self.block(s.body), advance=advance)
        if kind is ast.DeclarePointer:
            return s._replace(offset=self.of(s.offset))
        if kind is ast.Jump:
            return s if s.value is None else s._replace(value=self.of(s.value))
        return s

    def _for(self, s: ast.For) -> ast.For:
        start, stop, op, body = self.of(s.start), self.of(s.stop), s.op, self.block(s.body)
        if s.variable in self.shifted:
            start = self.more(s.start, 1)
            op, further = {"<": ("<=", 0), "<=": ("<=", 1), ">=": (">=", 1), ">": (">=", 2)}[s.op]
            stop = self.more(s.stop, further)
        return s._replace(start=start, stop=stop, op=op, body=body)

    def _assign(self, s: ast.Assign) -> ast.Assign:
        name = s.target.id if type(s.target) is ast.Name else s.target.array
        value = self._kept(name, s.value) if s.op == "=" else self._data(name, s.value)
        targets = [t if type(t) is ast.Name else self.of(t) for t in (s.target, *s.chain)]
        return s._replace(target=targets[0], value=value, chain=tuple(targets[1:]))

    def _kept(self, name: str, value: tuple) -> tuple:
        """What is stored in a name, which may hold one more than before; a whole number becomes one
        of the name's type.
        """
        if (
            type(value) is ast.Literal
            and value.text.isdigit()
            and self.types.get(name) in ("f32", "f64")
        ):
            return ast.Literal(
                value.text + (".0f" if self.types[name] == "f32" else ".0"), self.types[name]
            )
        return self.more(value, 1) if name in self.shifted else self._data(name, value)

    def _data(self, name: str, value: tuple) -> tuple:
        self.data = self.grows and name not in self.positions
        made = self.of(value)
        self.data = False
        return made

    # --- expressions
    # ------------------------------------------------------------------------------------------

    def more(self, node: tuple, amount: int) -> tuple:
        core, constant = self._split(node)
        return _add_constant(core, constant + amount)

    def of(self, node: tuple) -> tuple:
        """The expression over what the names hold now."""
        kind = type(node)
        if kind is ast.Name:
            return ast.sub(node, 1) if node.id in self.shifted and not self.data else node
        if kind is ast.At:
            kept, self.data = self.data, False
            made = ast.At(
                node.array,
                tuple(self.more(s, 0) if self._summand(s) else self.of(s) for s in node.subscripts),
            )
            self.data = kept
            return made
        if kind is ast.Binary:
            if node.op in ast.COMPARISONS:
                return self._comparison(node)
            if node.op in "+-" and self._summand(node) and not self.data:
                return self.more(node, 0)
            return ast.Binary(node.op, self.of(node.left), self.of(node.right))
        if kind in (ast.Unary, ast.Cast, ast.Paren):
            return node._replace(argument=self.of(node.argument))
        if kind is ast.Call:
            return node._replace(arguments=tuple(self.of(a) for a in node.arguments))
        if kind is ast.Conditional:
            kept, self.data = self.data, False
            test, self.data = self.of(node.test), kept
            return node._replace(test=test, yes=self.of(node.yes), no=self.of(node.no))
        return node

    def _comparison(self, node: ast.Binary) -> ast.Binary:
        if not (self._summand(node.left) or self._summand(node.right)):
            return ast.Binary(node.op, self.of(node.left), self.of(node.right))
        left, low = self._split(node.left)
        right, high = self._split(node.right)
        if left is None:
            return ast.Binary(node.op, _add_constant(None, low - high), _add_constant(right, 0))
        op, rest = (
            _CLOSED.get((node.op, high - low), (node.op, high - low))
            if right is not None
            else (node.op, high - low)
        )
        return ast.Binary(op, left, _add_constant(right, rest))

    def _summand(self, node: tuple) -> bool:
        """Whether a name that holds one more is a summand of this sum of whole numbers."""
        kind = type(node)
        if kind is ast.Name:
            return node.id in self.shifted
        if kind is ast.Paren:
            return self._summand(node.argument)
        if kind is ast.Binary and node.op in "+-":
            whole = ast.infer_type(node, self.types) in _WHOLE
            return whole and (self._summand(node.left) or self._summand(node.right))
        return False

    def _split(self, node: tuple) -> tuple[tuple | None, int]:
        """(what is summed, the constant) of a sum of whole numbers; what is summed may be
        nothing.
        """
        kind = type(node)
        if kind is ast.Literal and node.text.isdigit():
            return None, int(node.text)
        if kind is ast.Name and node.id in self.shifted:
            return node, -1
        if (
            kind is ast.Unary
            and node.op == "-"
            and type(node.argument) is ast.Literal
            and node.argument.text.isdigit()
        ):
            return None, -int(node.argument.text)
        if kind is ast.Paren and self._sum(node.argument):
            return self._split(node.argument)
        if kind is ast.Binary and node.op in "+-" and ast.infer_type(node, self.types) in _WHOLE:
            left, low = self._split(node.left)
            right, high = self._split(node.right)
            high = high if node.op == "+" else -high
            if right is None:
                return left, low + high
            if left is None and node.op == "-":
                return (ast.Binary("-", ast.integer(low + high), right), 0)
            return (right if left is None else ast.Binary(node.op, left, right)), low + high
        return self.of(node), 0

    @staticmethod
    def _sum(node: tuple) -> bool:
        return type(node) in (ast.Name, ast.Paren) or type(node) is ast.Binary and node.op in "+-"


def _add_constant(core: tuple | None, constant: int) -> tuple:
    if core is None:
        return ast.integer(constant)
    return ast.add(core, constant) if constant else core
