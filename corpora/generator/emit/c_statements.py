"""Nests as trees of C, shared by the C++, CUDA and OpenMP emitters, and their text.

Contract: the trees have C semantics equal to the nest's; what differs between the three dialects
(updates that iterations share, how the parallel loops are opened) is handed in or lives in their
own modules. `corpora.emit` prints them.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 0)).programs['cpp'].text)"
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace

from corpora import ir
from corpora.emit.c_family import Style as PrintStyle, emit_c_family, emit_expression
from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Axis, Nest, Parameter, Structure, Style
from corpora.generator.core.shapes import make_flat_index
from corpora.generator.emit.structures import (
    emit_structure_parameter,
    find_member_places,
    list_parameters,
)

_LOOSE = frozenset(("&&", "||", "&", "|", "^"))
"""Compilers warn about, and people avoid, mixing these without brackets."""
WORDS = {
    "i8": "signed char", "u8": "unsigned char", "i16": "short", "u16": "unsigned short",
    "i32": "int", "u32": "unsigned int", "i64": "long", "u64": "size_t", "f32": "float",
    "f64": "double", "bool": "bool",
}  # fmt: skip
Update = Callable[[ir.Expression, str, ir.Expression], tuple[ir.Statement, ...]]


class CEmitter:
    """Makes C of the statements of one nest, a generated computation, in one author's style.

    nest: what is written; all its names are known. style: how it is written.
    atomic(target, op, value): returns the statements of an update `target op value` that iterations
    share; op may also be `max` or `min`. None: the nest has none.
    jump: the statement that a `continue` of a parallel iteration becomes.
    """

    def __init__(self, nest: Nest, style: Style, atomic: Update | None = None) -> None:
        self.style = style
        self.parameters = {p.name: p for p in (*nest.parameters, *nest.buffers)}
        self.types = nest.types or {}
        self.places = find_member_places(nest.structures)
        self.vectors = nest.vectors
        self.atomic = atomic
        self.words = style.words or WORDS
        self.jump: ir.Statement = ir.Jump("continue")

    # ------------------------------------------------------------------------------------ text

    def expression(self, node: ir.Expression, least: int = 0) -> str:
        """Return the C text of an expression of the nest. It stands in brackets if its operator
        binds weaker than `least`, a level of C's operators such as 13 for `+` and 14 for `*`; 0:
        never.
        """
        return emit_expression(self.tree(node), least)

    def named(self, word: str) -> str:
        """Return how the C text spells the parameter `word`: the name itself, or such as `p->n` for
        a field of a structure.
        """
        return emit_expression(self.places[word][0]) if word in self.places else word

    def block(
        self, statements: tuple, indent: str, depth: int = 0, joined: bool = True
    ) -> list[str]:
        """Return the C lines of statements of the nest, each behind `indent`. depth: how many loops
        stand round them, besides the parallel ones. joined: neighbouring declarations may share a
        statement.
        """
        return self.printed(self.statements(statements, depth), indent, joined)

    def printed(self, trees: tuple, indent: str, joined: bool = True) -> list[str]:
        """Return the lines of statements that are C already, as `statements` makes them, each
        behind `indent`. joined: neighbouring declarations may share a statement.
        """
        together = joined and self.style.merge and not self.style.hoist
        style = PrintStyle(braces=self.style.braces, joined=together, flush=False)
        return [indent + line for line in emit_c_family(trees, style=style).splitlines()]

    # ------------------------------------------------------------------------------ expressions

    def tree(self, node: ir.Expression) -> ir.Expression:
        """Return an expression of the nest as a tree of C in this style: flat subscripts, fields of
        structures, and brackets as its author writes them.
        """
        kind = type(node)
        if kind is ir.Literal:
            return node
        if kind is ir.Name:
            return self.places[node.id][0] if node.id in self.places else node
        if kind is ir.Access:
            return self._element(node)
        if kind is ir.Binary:
            return self._binary(node)
        if kind is ir.Call:
            return ir.Call(node.function, tuple(self.tree(a) for a in node.arguments))
        if kind is ir.Conditional:
            return self._conditional(node)
        if kind is ir.Increment:
            return ir.Increment(node.op, self.tree(node.target))
        if kind is ir.AssignExpression:
            return ir.AssignExpression(self.tree(node.target), node.op, self.tree(node.value))
        if kind is ir.Member:
            return node
        inner = self.tree(node.operand)
        if kind is ir.Cast:
            type_ = self.type(node.type.name)
            short = self.style.functional_cast and " " not in type_.spelled
            return ir.Cast(type_, inner if short else _tight(inner), "function" if short else "c")
        if type(inner) is ir.Unary and inner.op == node.op != "()":
            inner = ast.paren(inner)
        return ir.Unary(node.op, inner if node.op == "()" else _tight(inner))

    def type(self, kind: str, const: bool = False) -> ir.ScalarType:
        """Return the element type `kind`, such as `f32`, spelled in this style's words. const: it
        is qualified so.
        """
        return ir.ScalarType(kind, const, self.words[kind])

    def _element(self, node: ir.Access) -> ir.Expression:
        word = node.base.id
        parameter = self.parameters.get(word)
        array, field = self.places.get(word, (node.base, ""))
        indices = node.indices
        single = parameter is not None and parameter.extents == (ast.ONE,)
        if parameter is not None and parameter.kind in ("rows", "fixed"):
            return ir.Access(node.base, tuple(self.tree(s) for s in indices))
        if len(indices) > 1:
            indices = (make_flat_index(indices, parameter.extents, self.style.flatten),)
        elif self.style.deref and indices == (ast.ZERO,) and single:
            return ir.Unary("*", array)
        index = self.tree(indices[0])
        if self.style.pointers and not field and word not in self.vectors:
            return ir.Unary("*", append(array, index))
        made = ir.Access(array, (index,))
        return ir.Member(made, field) if field else made

    def _binary(self, node: ir.Binary) -> ir.Binary:
        op = "&&" if node.op == "&&!" else node.op
        left, right = self.tree(node.left), self.tree(node.right)
        if op in ("*", "/", "%"):
            right = _tight(right)
        if op in _LOOSE:
            every = self.style.parens and op != "||"
            left, right = (_tight(s) for s in (left, right)) if every else (left, right)
            if type(left) is ir.Binary and (every or left.op in _LOOSE and left.op != op):
                left = ast.paren(left)
            if type(right) is ir.Binary and (every or right.op in _LOOSE):
                right = ast.paren(right)
        return ir.Binary(op, left, right)

    def _conditional(self, node: ir.Conditional) -> ir.Conditional:
        test = node.test.operand if ast.is_guarded(node) else node.test
        bare = ast.strip_paren(test)
        wrap = self.style.parens and type(bare) is ir.Binary
        made = ast.paren(self.tree(bare)) if wrap else self.tree(test)
        then = self.tree(node.then)
        then = ast.paren(then) if type(then) is ir.Conditional else then
        return ir.Conditional(made, then, self.tree(node.otherwise))

    # ------------------------------------------------------------------------------- statements

    def statements(self, nodes: tuple, depth: int = 0) -> tuple[ir.Statement, ...]:
        """Return statements of the nest as trees of C in this style; one may become several or
        none. depth: how many loops stand round them, besides the parallel ones.
        """
        return tuple(made for node in nodes for made in self.statement(node, depth))

    def statement(self, node: ir.Statement, depth: int = 0) -> tuple[ir.Statement, ...]:
        """Return the statements of C, in this style, for one of the nest; () for a local without a
        value that is declared at the top. depth: how many loops stand round it, besides the
        parallel ones; at 0 a `continue` ends the parallel iteration.
        """
        kind = type(node)
        if kind is ir.Assign:
            return self._assign(node)
        if ast.is_local(node):
            return self._declare(node)
        if kind is ir.If:
            then, otherwise = (self.statements(b, depth) for b in (node.then, node.otherwise))
            return (ir.If(self.tree(node.test), then, otherwise),)
        if ast.is_count(node):
            return (self.loop(node, self.statements(node.body, depth + 1)),)
        if kind is ir.Jump:
            return (self.jump if node.kind == "continue" and depth == 0 else node,)
        if kind is ir.Return:
            return (ir.Return(None if node.value is None else self.tree(node.value)),)
        if kind is ir.For:
            body = self.statements(node.body, depth + 1)
            return (ir.For((), self.tree(node.test), self.statement(node.step[0]), body),)
        if kind is ir.While:
            body = self.statements(node.body, depth + 1)
            return (ir.While(self.tree(node.test), body, node.after),)
        if kind is ir.Switch:
            return (self._switch(node, depth),)
        array, offset = ast.read_view(node)
        array = self.places[array][0] if array in self.places else ir.Name(array)
        place = ir.Unary("&", ir.Access(array, (self.tree(offset),)))
        if self.style.flatten == "m*i+j":
            place = append(array, self.tree(offset))
        type_ = ir.PointerType(self.type(node.type.to.name, node.type.to.const))
        return (ir.Declaration(node.name, type_, place),)

    def _assign(self, node: ir.Assign) -> tuple[ir.Statement, ...]:
        target, compound = self.tree(node.target), self.style.compound
        if node.pragmas:  # spelled out as `t = t - (value)` the value must hold together
            value = self.tree(node.value)
            loose = not compound and emit_expression(value, 14) != emit_expression(value)
            return self.atomic(target, node.op, ast.paren(value) if loose else value)
        if node.op in ("+=", "-=") and node.value == ast.ONE and compound:
            return (ir.Assign(target, node.op[0] * 2, None),)
        if node.op != "=" and not compound:
            plain = self.tree(ir.Binary(node.op[:-1], node.target, node.value))
            return (ir.Assign(target, "=", plain),)
        return (ir.Assign(target, node.op, self.tree(node.value)),)

    def _declare(self, node: ir.Declaration) -> tuple[ir.Statement, ...]:
        value = None if node.value is None else self.tree(node.value)
        if self.style.hoist:
            return () if value is None else (ir.Assign(ir.Name(node.name), "=", value),)
        return (ir.Declaration(node.name, self.type(node.type.name, node.type.const), value),)

    def _switch(self, node: ir.Switch, depth: int) -> ir.Switch:
        """Each case ends with `break`; the last one may do without."""
        cases = []
        for case in node.cases:
            leave = (ir.Jump("break"),) if case.values or self.style.braces else ()
            cases.append(replace(case, body=(*self.statements(case.body, depth), *leave)))
        return ir.Switch(self.tree(node.value), tuple(cases))

    def step(self, variable: str, step: int) -> ir.Statement:
        """Return the statement that changes the variable named `variable` by `step`, which is not
        zero, in this style: such as `i++` or `i -= 2`.
        """
        name, how = ir.Name(variable), self.style.increment
        if abs(step) > 1 or step == 1 and how == "i += 1":
            return ir.Assign(name, "+=" if step > 0 else "-=", ast.integer(abs(step)))
        op = "++" if step > 0 else "--"
        if how == "++i":
            return ir.ExpressionStatement(ir.Increment(op, name, True))
        return ir.Assign(name, op, None)

    def loop(self, node: ir.For, body: tuple[ir.Statement, ...]) -> ir.For:
        """Return a loop that counts as a tree of C in this style. node: the loop of the nest, whose
        head is taken. body: statements that are C already, which stand inside.
        """
        count = ast.read_count(node)
        start = tuple(
            ir.Assign(ir.Name(d.name), "=", self.tree(d.value)) if self.style.early
            else ir.Declaration(d.name, self.type(d.type.name), self.tree(d.value))
            for d in node.start
        )  # fmt: skip
        step = (self.step(count.variable, count.step), *self.statements(count.also))
        return ir.For(start, self.tree(node.test), step, body)

    def parameter(self, parameter: Parameter) -> str:
        """Return the C declaration of one parameter, such as `const float *x`, without `;`."""
        word, style = self.words[parameter.type], self.style
        if parameter.kind == "scalar":
            return f"{'const ' if style.const_scalars else ''}{word} {parameter.name}"
        const = "const " if style.const_arrays and not parameter.written else ""
        if parameter.name in self.vectors:
            return f"{'' if parameter.written else 'const '}std::vector<{word}> &{parameter.name}"
        if parameter.kind == "rows":
            return f"{word} **{parameter.name}"
        if parameter.kind == "fixed":
            inner = "".join(f"[{self.expression(e)}]" for e in parameter.extents[1:])
            return f"{const}{word} {parameter.name}[]{inner}"
        if parameter.unsized:
            return f"{const}{word} {parameter.name}[]"
        restrict = "__restrict__ " if style.restrict else "const " if style.const_pointers else ""
        return f"{const}{word} *{restrict}{parameter.name}"

    def parameter_list(self, nest: Nest) -> str:
        """Return C text: the declarations of all parameters of the function that `nest` describes,
        separated by commas, without brackets. Parameters that are grouped as fields of one
        structure are declared as one parameter of that structure.
        """

        def declare(p: Parameter | Structure) -> str:
            whole = type(p) is Parameter
            return self.parameter(p) if whole else emit_structure_parameter(p, self.style)

        return ", ".join(map(declare, list_parameters(nest)))

    def locals_at_top(self, nest: Nest, indent: str, axes: bool = True) -> list[str]:
        """Return the C lines that declare the variables which this style puts at the top of a
        function, each behind `indent`; [] for none. axes: variables of parallel loops are among
        them.
        """
        found = find_local_names(nest, self.style)
        kinds = dict.fromkeys(found.values())
        merge = not self.style.apart and (self.style.increment == "++i" or len(kinds) == 1)
        if not axes:  # a kernel keeps the order and the grouping of what is left
            for axis in (axis for region in nest.regions for axis in region.axes):
                found.pop(axis.variable, None)
        grouped = {kind: [n for n in found if found[n] == kind] for kind in kinds}
        return [
            f"{indent}{self.words[kind]} {name};"
            for kind, names in grouped.items()
            for name in ([", ".join(names)] if merge and names else names)
        ]


def _tight(node: ir.Expression) -> ir.Expression:
    """A cell `*a` in brackets, as an operand that binds tightly."""
    cell = type(node) is ir.Unary and node.op == "*" and type(node.operand) is not ir.Binary
    return ast.paren(node) if cell else node


def append(array: ir.Expression, index: ir.Expression) -> ir.Binary:
    """Return the expression `array + index`. A sum or difference `index` gets no brackets: `a + (i
    + 1)` becomes `a + i + 1`.
    """
    if type(index) is ir.Binary and index.op in ("+", "-"):
        return ir.Binary(index.op, append(array, index.left), index.right)
    return ir.Binary("+", array, index)


def emit_serial_loop(axis: Axis, body: tuple, index_type: str) -> ir.For:
    """Return the serial loop of the parallel loop `axis` over the statements `body`, as a tree.
    index_type: the element type of its variable, such as `i32`.
    """
    if axis.down:
        last = ast.sub(axis.stop, 1)
        return ast.loop(axis.variable, last, ">=", axis.start, body, -axis.step, index_type)
    op = "<=" if axis.inclusive else "<"
    made = ast.loop(axis.variable, axis.start, op, axis.stop, body, axis.step, index_type)
    return made if axis.shown is None else replace(made, test=axis.shown)


def find_local_names(nest: Nest, style: Style, axes: bool = True) -> dict[str, str]:
    """Return the variables that this style declares at the top, with their element types, in the
    order of their declarations. axes: variables of parallel loops are among them.
    """
    found: dict[str, str] = {}
    at_top = style.early
    for region in nest.regions:
        if at_top and axes:
            found.update((axis.variable, nest.index_type) for axis in region.axes)
        for statement in ast.walk_statements(region.body):
            if ast.is_count(statement) and at_top:
                found.update((s.name, s.type.name) for s in statement.start)
            elif ast.is_local(statement) and style.hoist:
                found[statement.name] = statement.type.name
    if not style.order:
        return found
    names = sorted(found, key=lambda name: zlib.crc32(f"{style.order}{name}".encode()))
    return {name: found[name] for name in names}
