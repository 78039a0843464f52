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

from dataclasses import replace

from corpora import ir
from corpora.generator.core import expressions as ast
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Axis, Nest
from corpora.generator.core.shapes import walk_bodies, walk_nest, walk_nodes
from corpora.generator.emit.fortran_names import declared_by

_WHOLE = frozenset(("i32", "i64"))
_CLOSED = {(">=", 1): (">", 0), ("<", 1): ("<=", 0), ("<=", -1): ("<", 0), (">", -1): (">=", 0)}
"""`x >= y + 1` is `x > y`."""


def shift_to_one_based(nest: Nest, b: Builder, from_zero: frozenset[str] = frozenset()) -> None:
    """Rewrite a nest in place so that loops and positions count from one, as in Fortran. Values
    computed from positions may grow by one.

    b: the nest's builder, which draws those few that stay. from_zero: names of arrays that keep
        their first position 0.
    """
    places = _position_names(nest)
    # In order of appearance or of names: what is drawn must not depend on how a set is hashed.
    ordered = [v for v in _loop_variables(nest) if v in places or b.chance(0.7)]
    kept = {
        n.id
        for at in _elements(nest)
        if at.base.id in from_zero
        for s in at.indices
        for n in ast.walk(s)
        if type(n) is ir.Name
    }
    shifted = {v for v in ordered if b.chance(0.4 if v in kept else 0.95)}
    shifted |= {v for v in sorted(_position_locals(nest) & places) if b.chance(0.8)}
    counts = _Counts(shifted, _used_as_positions(nest), nest.types or {}, b.chance(0.75))
    counts.nest(nest)


def drop_constants(nest: Nest) -> None:
    """Make all locals of a nest variables without `const`, in place, since Fortran does not tell
    which never change.
    """
    _Counts(set(), set(), nest.types or {}, False).nest(nest)


def _loop_variables(nest: Nest) -> list[str]:
    """Variables of loops that may start one higher, in order of appearance."""
    statements = list(walk_nest(nest))
    loops = [ast.read_count(s) for s in statements if ast.is_count(s)]
    axes = [a for r in nest.regions for a in r.axes]
    no = {s.variable for s in loops if s.also or _offset_like(s.start)}
    no |= {a.variable for a in axes if a.down or a.shown is not None}
    no |= {ast.name_of(s.target) for s in statements if type(s) is ir.Assign}
    no |= {s.name for s in statements if ast.is_local(s)}
    every = dict.fromkeys([*(a.variable for a in axes), *(s.variable for s in loops)])
    return [v for v in every if v not in no]


def _offset_like(start: tuple) -> bool:
    """A loop from `-r`, or from a position that data holds, runs over what it says."""
    if type(start) is ir.Binary and start.op == "-" and start.right == ast.ONE:
        return False  # what the data hold counts from one
    signed = type(start) is ir.Unary and start.op != "()"
    return signed or any(type(n) is ir.Access for n in ast.walk(start))


def _position_locals(nest: Nest) -> set[str]:
    """Whole locals that are set once declared, and that are no bound."""
    statements = list(walk_nest(nest))
    found = {s.name for s in walk_bodies(nest) if ast.is_local(s) and s.type.name in _WHOLE}
    counts = [ast.read_count(s) for s in statements if ast.is_count(s)]
    bounds = [e for c in counts for e in (c.start, c.stop)]
    found -= {n.id for e in bounds for n in ast.walk(e) if type(n) is ir.Name}
    assigns = [s for s in statements if type(s) is ir.Assign]
    found -= {ast.name_of(s.target) for s in assigns if s.op not in ("=", "+=", "-=")}
    nodes = walk_nodes(statements)
    found -= {ast.name_of(n.target) for n in nodes if type(n) is ir.Increment}
    found -= {c.variable for c in (*counts, *(a for r in nest.regions for a in r.axes))}
    return found


def _position_names(nest: Nest) -> set[str]:
    """Names that are summands of subscripts."""
    found: set[str] = set()

    def summands(node: tuple) -> None:
        if type(node) is ir.Name:
            found.add(node.id)
        elif ast.is_paren(node):
            summands(node.operand)
        elif type(node) is ir.Binary and node.op in "+-":
            summands(node.left)
            summands(node.right)

    for at in _elements(nest):
        for subscript in at.indices:
            summands(subscript)
    return found


def _elements(nest: Nest) -> list[ir.Access]:
    return [n for n in walk_nodes(walk_nest(nest)) if type(n) is ir.Access]


def _used_as_positions(nest: Nest) -> set[str]:
    """Names and arrays whose values end up in subscripts, bounds or tests."""
    statements = list(walk_nest(nest))
    seeds = [s for at in _elements(nest) for s in at.indices]
    for s in statements:
        if type(s) in (ir.For, ir.If, ir.While) or ast.is_view(s):
            seeds += ast.get_expressions(s)
    seeds += [n.test for n in walk_nodes(statements) if type(n) is ir.Conditional]
    used: set[str] = set()
    while seeds:
        for node in ast.walk(seeds.pop()):
            word = ast.name_of(node)
            if not word or word in used:
                continue
            used.add(word)
            for s in statements:
                if ast.is_local(s) and s.name == word and s.value is not None:
                    seeds.append(s.value)
                elif type(s) is ir.Assign and word == ast.name_of(s.target):
                    seeds.append(s.value)
    return used


def _declared_where_set(block: tuple) -> tuple:
    """`T v; … v = e;` as `T v = e;`, where that is the first that the block does with it."""
    made, late = [], {}
    for k, s in enumerate(block):
        if ast.is_local(s) and s.value is None:
            first = next((t for t in block[k + 1 :] if _names_it(t, s.name)), None)
            if type(first) is ir.Assign and first.op == "=" and first.target == ir.Name(s.name):
                if not any(n == first.target for n in ast.walk(first.value)):
                    late[s.name] = s
                    continue
        if type(s) is ir.Assign and type(s.target) is ir.Name and s.target.id in late:
            s = replace(late.pop(s.target.id), value=s.value)
        made.append(s)
    return tuple(made)


def _names_it(statement: ir.Statement, name: str) -> bool:
    inside = list(ast.walk_statements((statement,)))
    declared = any(word == name for s in inside for word, _ in declared_by(s))
    return declared or ir.Name(name) in walk_nodes(inside)


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
        nest.before, nest.first = self.block(nest.before), self.block(nest.first)
        nest.after = self.block(nest.after)

    def axis(self, axis: Axis) -> Axis:
        if axis.variable not in self.shifted:
            return replace(axis, start=self.of(axis.start), stop=self.of(axis.stop))
        stop = self.more(axis.stop, 1) if axis.inclusive else self.of(axis.stop)
        return Axis(axis.variable, self.more(axis.start, 1), stop, True, axis.step)

    def block(self, statements: tuple) -> tuple:
        return tuple(self.statement(s) for s in _declared_where_set(statements))

    def statement(self, s: tuple) -> tuple:
        kind = type(s)
        if kind is ir.Assign:
            return self._assign(s)
        if ast.is_local(s):
            value = None if s.value is None else self._kept(s.name, s.value)
            return ast.declare(s.type.name, s.name, value)
        if ast.is_count(s):
            return self._for(s)
        if kind is ir.If:
            then, otherwise = self.block(s.then), self.block(s.otherwise)
            return ir.If(self.of(s.test), then, otherwise)
        if kind is ir.While:
            return replace(s, test=self.of(s.test), body=self.block(s.body))
        if kind is ir.For:
            step = tuple(self.statement(a) for a in s.step)
            return replace(s, test=self.of(s.test), body=self.block(s.body), step=step)
        if ast.is_view(s):
            return replace(s, value=ir.Unary("&", self.of(s.value.operand)))
        if kind is ir.Return:
            return s if s.value is None else replace(s, value=self.of(s.value))
        return s

    def _for(self, s: ir.For) -> ir.For:
        s = ast.read_count(s)
        start, stop, op, body = self.of(s.start), self.of(s.stop), s.op, self.block(s.body)
        if s.variable in self.shifted:
            start = self.more(s.start, 1)
            op, further = {"<": ("<=", 0), "<=": ("<=", 1), ">=": (">=", 1), ">": (">=", 2)}[s.op]
            stop = self.more(s.stop, further)
        return replace(s, start=start, stop=stop, op=op, body=body).node

    def _assign(self, s: ir.Assign) -> ir.Assign:
        name = ast.name_of(s.target)
        value = self._kept(name, s.value) if s.op == "=" else self._data(name, s.value)
        target = s.target if type(s.target) is ir.Name else self.of(s.target)
        return replace(s, target=target, value=value)

    def _kept(self, name: str, value: tuple) -> tuple:
        """What is stored in a name, which may hold one more than before; a whole number becomes one
        of the name's type.
        """
        kind = self.types.get(name)
        if kind in ("f32", "f64") and type(value) is ir.Literal and value.text.isdigit():
            return ir.Literal(value.text + (".0f" if kind == "f32" else ".0"), kind)
        return self.more(value, 1) if name in self.shifted else self._data(name, value)

    def _data(self, name: str, value: tuple) -> tuple:
        self.data = self.grows and name not in self.positions
        made = self.of(value)
        self.data = False
        return made

    # ------------------------------------------------------------------------------ expressions

    def more(self, node: tuple, amount: int) -> tuple:
        core, constant = self._split(node)
        return _add_constant(core, constant + amount)

    def of(self, node: tuple) -> tuple:
        """The expression over what the names hold now."""
        kind = type(node)
        if kind is ir.Name:
            return ast.sub(node, 1) if node.id in self.shifted and not self.data else node
        if kind is ir.Access:
            kept, self.data = self.data, False
            places = (self.more(s, 0) if self._summand(s) else self.of(s) for s in node.indices)
            made = ast.at(node.base.id, tuple(places))
            self.data = kept
            return made
        if kind is ir.Binary:
            if node.op in ast.COMPARISONS:
                return self._comparison(node)
            if node.op in "+-" and self._summand(node) and not self.data:
                return self.more(node, 0)
            return ir.Binary(node.op, self.of(node.left), self.of(node.right))
        if kind in (ir.Unary, ir.Cast):
            return replace(node, operand=self.of(node.operand))
        if kind is ir.Call:
            return replace(node, arguments=tuple(self.of(a) for a in node.arguments))
        if kind is ir.Conditional:
            kept, self.data = self.data, False
            test, self.data = self.of(node.test), kept
            return ir.Conditional(test, self.of(node.then), self.of(node.otherwise))
        return node

    def _comparison(self, node: ir.Binary) -> ir.Binary:
        if not (self._summand(node.left) or self._summand(node.right)):
            return ir.Binary(node.op, self.of(node.left), self.of(node.right))
        left, low = self._split(node.left)
        right, high = self._split(node.right)
        if left is None:
            return ir.Binary(node.op, _add_constant(None, low - high), _add_constant(right, 0))
        op, rest = node.op, high - low
        if right is not None:
            op, rest = _CLOSED.get((op, rest), (op, rest))
        return ir.Binary(op, left, _add_constant(right, rest))

    def _summand(self, node: tuple) -> bool:
        """Whether a name that holds one more is a summand of this sum of whole numbers."""
        kind = type(node)
        if kind is ir.Name:
            return node.id in self.shifted
        if ast.is_paren(node):
            return self._summand(node.operand)
        if kind is ir.Binary and node.op in "+-":
            whole = ast.infer_type(node, self.types) in _WHOLE
            return whole and (self._summand(node.left) or self._summand(node.right))
        return False

    def _split(self, node: tuple) -> tuple[tuple | None, int]:
        """(what is summed, the constant) of a sum of whole numbers; what is summed may be
        nothing.
        """
        kind = type(node)
        if kind is ir.Literal and node.text.isdigit():
            return None, int(node.text)
        if kind is ir.Name and node.id in self.shifted:
            return node, -1
        if kind is ir.Unary and node.op == "-" and type(node.operand) is ir.Literal:
            if node.operand.text.isdigit():
                return None, -int(node.operand.text)
        if ast.is_paren(node) and self._sum(node.operand):
            return self._split(node.operand)
        if kind is ir.Binary and node.op in "+-" and ast.infer_type(node, self.types) in _WHOLE:
            left, low = self._split(node.left)
            right, high = self._split(node.right)
            high = high if node.op == "+" else -high
            if right is None:
                return left, low + high
            if left is None and node.op == "-":
                return (ir.Binary("-", ast.integer(low + high), right), 0)
            return (right if left is None else ir.Binary(node.op, left, right)), low + high
        return self.of(node), 0

    @staticmethod
    def _sum(node: tuple) -> bool:
        sums = type(node) is ir.Binary and node.op in "+-"
        return sums or type(node) is ir.Name or ast.is_paren(node)


def _add_constant(core: tuple | None, constant: int) -> tuple:
    if core is None:
        return ast.integer(constant)
    return ast.add(core, constant) if constant else core
