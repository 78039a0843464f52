"""Trees of `corpora.ir` as the generator builds and reads them.

Contract: a tree holds zero-based C semantics; emitters of other languages translate. Types are
those of `corpora.records.ELEMENT_TYPES` plus `bool` for comparisons. Where `corpora.ir` has no
node:

- The operator `()` is brackets that are always written.
- `&&!` is an `&&` whose right side is only safe if the left holds. `?` before the test of a
  conditional says the same of its branches.
- An update that iterations share carries the directive ATOMIC; its operator may be `max` or `min`.
- Several subscripts of a flat array are flattened row-major in C.

    python -c "from corpora.ir import Name; from corpora.generator.core.expressions import *; \\
        print(add(Name('i'), 1))"
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from corpora import ir
from corpora.frontends.c_family import parse_c_family

ATOMIC = (ir.Pragma("omp", "atomic", text="omp atomic"),)
ZERO, ONE, TWO = ir.Literal("0", "i32"), ir.Literal("1", "i32"), ir.Literal("2", "i32")
COMPARISONS = frozenset(("<", "<=", ">", ">=", "==", "!="))
LOGICAL = frozenset(("&&", "&&!", "||"))
_RANK = {"bool": 0, "u8": 1, "i8": 1, "u16": 1, "i16": 1, "i32": 2, "u32": 3, "i64": 4, "u64": 5}
_RANK |= {"f32": 6, "f64": 7}


def integer(value: int) -> ir.Expression:
    """Return an integer constant as an expression; a negative value becomes a unary minus."""
    return ir.Literal(str(value), "i32") if value >= 0 else ir.Unary("-", integer(-value))


def _node(value: ir.Expression | int) -> ir.Expression:
    return integer(value) if isinstance(value, int) else value


def compare(left: ir.Expression | int, op: str, right: ir.Expression | int) -> ir.Binary:
    """Return `left op right`. Operands are expressions or integers."""
    return ir.Binary(op, _node(left), _node(right))


def add(left: ir.Expression | int, right: ir.Expression | int) -> ir.Binary:
    """Return `left + right`. Operands are expressions or integers; a negative integer on the right
    is subtracted.
    """
    less = isinstance(right, int) and right < 0
    return compare(left, "-", -right) if less else compare(left, "+", right)


def sub(left: ir.Expression | int, right: ir.Expression | int) -> ir.Binary:
    """Return `left - right`. Operands are expressions or integers."""
    return compare(left, "-", right)


def mul(left: ir.Expression | int, right: ir.Expression | int) -> ir.Binary:
    """Return `left * right`. Operands are expressions or integers."""
    return compare(left, "*", right)


def join(op: str, parts: list[ir.Expression]) -> ir.Expression:
    """Return the parts, at least one, with an operator between them, from left to right."""
    result = parts[0]
    for part in parts[1:]:
        result = ir.Binary(op, result, part)
    return result


def product(parts: list[ir.Expression]) -> ir.Expression:
    """Return the product of at least one factor, from left to right."""
    return join("*", parts)


def at(array: str, subscripts: tuple[ir.Expression, ...]) -> ir.Access:
    """Return an element of an array."""
    return ir.Access(ir.Name(array), subscripts)


def paren(inner: ir.Expression) -> ir.Unary:
    """Return an expression in brackets that are always written."""
    return ir.Unary("()", inner)


def call(function: str, arguments: tuple[ir.Expression, ...]) -> ir.Call:
    """Return a call of a C function."""
    return ir.Call(ir.Name(function), arguments)


def cast(kind: str, operand: ir.Expression) -> ir.Cast:
    """Return a conversion to the element type `kind`."""
    return ir.Cast(ir.ScalarType(kind), operand)


def guarded(test: ir.Expression, yes: ir.Expression, no: ir.Expression) -> ir.Conditional:
    """Return a conditional whose branches are only safe to evaluate if they are chosen."""
    return ir.Conditional(ir.Unary("?", test), yes, no)


def declare(
    kind: str, name: str, value: ir.Expression | None = None, const: bool = False
) -> ir.Declaration:
    """Return the declaration of a local. kind: its element type. value: its first value."""
    return ir.Declaration(name, ir.ScalarType(kind, const), value)


def view(
    kind: str, name: str, array: str, offset: ir.Expression, const: bool = False
) -> ir.Declaration:
    """Return `T *name = &array[offset]`, a view of a row. const: it is not written."""
    place = ir.Unary("&", at(array, (offset,)))
    return ir.Declaration(name, ir.PointerType(ir.ScalarType(kind, const)), place)


def atomic(target: ir.Expression, op: str, value: ir.Expression) -> ir.Assign:
    """Return an update of a place that other iterations update too."""
    return ir.Assign(target, op, value, pragmas=ATOMIC)


@dataclass(frozen=True, slots=True)
class Count:
    """A loop that counts: `for (type variable = start; variable op stop; variable += step) body`.

    op: a comparison; '' where the test has another form. also: assignments behind the step. starts:
    further declarations in the head.
    """

    variable: str
    start: ir.Expression
    op: str
    stop: ir.Expression
    body: tuple[ir.Statement, ...]
    step: int = 1
    type: str = "i32"
    also: tuple[ir.Assign, ...] = ()
    starts: tuple[ir.Declaration, ...] = ()

    @property
    def node(self) -> ir.For:
        """Return the loop as a node."""
        name = ir.Name(self.variable)
        step = ir.Assign(name, "+=" if self.step > 0 else "-=", integer(abs(self.step)))
        start = declare(self.type, self.variable, self.start)
        test = ir.Binary(self.op, name, self.stop)
        return ir.For((start, *self.starts), test, (step, *self.also), self.body)


def loop(*fields: object, **more: object) -> ir.For:
    """Return a loop that counts; its fields are those of `Count`."""
    return Count(*fields, **more).node


def read_count(node: ir.For) -> Count:
    """Return what a loop that counts says."""
    (first, *starts), (step, *also), test = node.start, node.step, node.test
    counts = type(test) is ir.Binary and test.left == step.target
    by = int(step.value.text) if step.op == "+=" else -int(step.value.text)
    op, stop = (test.op, test.right) if counts else ("", test)
    more = (by, first.type.name, tuple(also), tuple(starts))
    return Count(first.name, first.value, op, stop, node.body, *more)


def is_count(node: object) -> bool:
    """Return whether a statement is a loop that counts."""
    return type(node) is ir.For and bool(node.start)


def is_while(node: object) -> bool:
    """Return whether a statement is a loop without a counter: `while`, `do` or `for (; test; )`."""
    return type(node) is ir.While or type(node) is ir.For and not node.start


def is_local(node: object) -> bool:
    """Return whether a statement declares a number."""
    return type(node) is ir.Declaration and type(node.type) is ir.ScalarType


def is_view(node: object) -> bool:
    """Return whether a statement declares a view of a row."""
    return type(node) is ir.Declaration and type(node.type) is ir.PointerType


def read_view(node: ir.Declaration) -> tuple[str, ir.Expression]:
    """Return the array and the offset of a view."""
    place = node.value.operand
    return place.base.id, place.indices[0]


def is_paren(node: object) -> bool:
    """Return whether an expression is one in brackets."""
    return type(node) is ir.Unary and node.op == "()"


def strip_paren(node: ir.Expression) -> ir.Expression:
    """Return an expression without the brackets round it."""
    return node.operand if is_paren(node) else node


def is_guarded(node: object) -> bool:
    """Return whether an expression is a conditional that `guarded` made, or an `&&!`."""
    if type(node) is ir.Conditional:
        return type(node.test) is ir.Unary and node.test.op == "?"
    return type(node) is ir.Binary and node.op == "&&!"


def name_of(node: object) -> str:
    """Return the name of a variable, or of an element's array; '' for another node."""
    if type(node) is ir.Access:
        return node.base.id
    return node.id if type(node) is ir.Name else ""


def quote(text: str, **given: Given) -> ir.Expression:
    """Return the tree of an expression of C. given: what names in it stand for: trees, integers,
    or other names. The function PAREN is brackets that are always written.
    """
    return _fill(_read(f"x = {text};")[0].value, given)


def code(text: str, **given: Given | tuple) -> tuple[ir.Statement, ...]:
    """Return the trees of statements of C. given: as for `quote`; `name;` stands for a tuple of
    statements, and a name of a type for an element type.
    """
    return _fill(_read(text), given)


Given = ir.Expression | int | str


@cache
def _read(text: str) -> tuple[ir.Statement, ...]:
    unit = parse_c_family(f"void f() {{\n{text}\n}}", "cpp")
    return ir.transform(unit.items[0].body, _normalize)


def _normalize(node: ir.Node) -> ir.Node:
    if type(node) is ir.Call and node.function == ir.Name("PAREN"):
        return paren(node.arguments[0])
    if type(node) is ir.Assign and node.value is None:
        return ir.Assign(node.target, f"{node.op[0]}=", ONE)
    return node


def _fill(node, given: dict):
    """A tree with the names that are given replaced."""
    kind = type(node)
    if kind is tuple:
        made: list = []
        for part in node:
            block = type(part) is ir.ExpressionStatement and type(part.expression) is ir.Name
            made += given[part.expression.id] if block else (_fill(part, given),)
        return tuple(made)
    if kind is ir.Name:
        found = given.get(node.id, node)
        return ir.Name(found) if type(found) is str else _node(found)
    if kind is ir.Declaration:
        name, type_ = given.get(node.name, node.name), node.type
        if type(type_) is ir.NamedType:
            type_ = ir.ScalarType(given[type_.name], type_.const)
        value = None if node.value is None else _fill(node.value, given)
        return ir.Declaration(name if type(name) is str else name.id, type_, value)
    changed = {part: _fill(getattr(node, part), given) for part in PARTS.get(kind, ())}
    if kind is ir.Access:
        changed["base"] = _fill(node.base, given)
    if kind is ir.Call:
        changed["function"] = _fill(node.function, given)
    return replace(node, **changed) if changed else node


def read_chain(statement: ir.Assign) -> tuple[list[ir.Expression], ir.Expression]:
    """Return all targets of `a = b = … = value`, and the value."""
    found, value = [statement.target], statement.value
    while type(value) is ir.AssignExpression:
        found, value = [*found, value.target], value.value
    return found, value


def infer_type(node: ir.Expression, types: dict[str, str]) -> str:
    """Return the element type of an expression after C's conversions; `bool` for comparisons and
    logic. types: of variables and arrays by name. Raises KeyError for an unknown name.
    """
    kind = type(node)
    if kind is ir.Name:
        return types[node.id]
    if kind is ir.Literal:
        return node.type
    if kind is ir.Cast:
        return node.type.name
    if kind is ir.Access:
        return types[node.base.id]
    if kind is ir.Binary:
        if node.op in COMPARISONS or node.op in LOGICAL:
            return "bool"
        return _wider(infer_type(node.left, types), infer_type(node.right, types))
    if kind is ir.Conditional:
        return _wider(infer_type(node.then, types), infer_type(node.otherwise, types))
    if kind is ir.Call:
        if node.function.id.endswith("f") and node.function.id != "erf":
            return "f32"
        return max((infer_type(a, types) for a in node.arguments), key=_RANK.__getitem__)
    if kind is ir.Unary and node.op == "!":
        return "bool"
    inner = infer_type(node.target if kind is ir.Increment else node.operand, types)
    return inner if is_paren(node) else _wider(inner, "i32")


def _wider(left: str, right: str) -> str:
    widest = left if _RANK[left] >= _RANK[right] else right
    return widest if _RANK[widest] >= 2 else "i32"


PARTS: dict[type, tuple[str, ...]] = {
    ir.Access: ("indices",), ir.Binary: ("left", "right"), ir.Unary: ("operand",),
    ir.Cast: ("operand",), ir.Call: ("arguments",), ir.Increment: ("target",),
    ir.Conditional: ("test", "then", "otherwise"), ir.AssignExpression: ("target", "value"),
    ir.Assign: ("target", "value"), ir.Declaration: ("value",), ir.Return: ("value",),
    ir.If: ("test", "then", "otherwise"), ir.While: ("test", "body"), ir.Switch: ("value", "cases"),
    ir.For: ("start", "test", "step", "body"), ir.Case: ("body",),
}  # fmt: skip
"""Fields of a node that hold expressions or statements. An array's name is no expression."""


def get_children(node: ir.Expression) -> tuple[ir.Expression, ...]:
    """Return the direct sub-expressions of an expression."""
    found: tuple = ()
    for part in PARTS.get(type(node), ()):
        inner = getattr(node, part)
        found += inner if type(inner) is tuple else (inner,)
    return found


def get_expressions(statement: ir.Statement) -> tuple[ir.Expression, ...]:
    """Return the expressions that a statement holds itself, without those of nested statements."""
    kind = type(statement)
    if kind is ir.Assign:
        return (statement.target, statement.value)
    if kind is ir.Declaration:
        if is_view(statement):
            return statement.value.operand.indices
        return (statement.value,) if statement.value is not None else ()
    if kind is ir.Return:
        return (statement.value,) if statement.value is not None else ()
    if kind is ir.For:
        heads = (*statement.start, *statement.step[1 if statement.start else 0 :])
        test = read_count(statement).stop if statement.start else statement.test
        return (test, *(e for s in heads for e in get_expressions(s)))
    if kind is ir.Switch:
        return (statement.value,)
    return () if kind is ir.Jump else (statement.test,)


def get_blocks(statement: ir.Statement) -> tuple[tuple[ir.Statement, ...], ...]:
    """Return the blocks of statements that a statement holds directly."""
    kind = type(statement)
    if kind is ir.For or kind is ir.While:
        return (statement.body,)
    if kind is ir.Switch:
        return tuple(case.body for case in statement.cases)
    return (statement.then, statement.otherwise) if kind is ir.If else ()


def walk_statements(block: tuple[ir.Statement, ...]) -> Iterator[ir.Statement]:
    """Yield every statement of a block, outer before inner."""
    for statement in block:
        yield statement
        for inner in get_blocks(statement):
            yield from walk_statements(inner)


def walk(node: ir.Expression) -> Iterator[ir.Expression]:
    """Yield every node of an expression, outer before inner, without the names of arrays."""
    yield node
    for child in get_children(node):
        yield from walk(child)
