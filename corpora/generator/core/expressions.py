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
    """Return the constant `value` as an expression of type `i32`; a negative value becomes a unary
    minus.
    """
    return ir.Literal(str(value), "i32") if value >= 0 else ir.Unary("-", integer(-value))


def _node(value: ir.Expression | int) -> ir.Expression:
    return integer(value) if isinstance(value, int) else value


def compare(left: ir.Expression | int, op: str, right: ir.Expression | int) -> ir.Binary:
    """Return the expression `left op right`. Operands are expressions or integers. op: any binary
    operator of C.
    """
    return ir.Binary(op, _node(left), _node(right))


def add(left: ir.Expression | int, right: ir.Expression | int) -> ir.Binary:
    """Return the expression `left + right`. Operands are expressions or integers; a negative
    integer on the right is subtracted.
    """
    less = isinstance(right, int) and right < 0
    return compare(left, "-", -right) if less else compare(left, "+", right)


def sub(left: ir.Expression | int, right: ir.Expression | int) -> ir.Binary:
    """Return the expression `left - right`. Operands are expressions or integers."""
    return compare(left, "-", right)


def mul(left: ir.Expression | int, right: ir.Expression | int) -> ir.Binary:
    """Return the expression `left * right`. Operands are expressions or integers."""
    return compare(left, "*", right)


def join(op: str, parts: list[ir.Expression]) -> ir.Expression:
    """Return the parts, at least one, with the binary operator `op`, such as `&&`, between them,
    grouped from left to right. A single part is returned as it is. Raises IndexError if there is
    none.
    """
    result = parts[0]
    for part in parts[1:]:
        result = ir.Binary(op, result, part)
    return result


def product(parts: list[ir.Expression]) -> ir.Expression:
    """Return the product of the factors `parts`, grouped from left to right; a single factor as it
    is. Raises IndexError if there is none.
    """
    return join("*", parts)


def at(array: str, subscripts: tuple[ir.Expression, ...]) -> ir.Access:
    """Return the expression `array[...]`, an element of the array of that name. subscripts: from
    zero, outermost first; several of a flat array are flattened row-major in C.
    """
    return ir.Access(ir.Name(array), subscripts)


def paren(inner: ir.Expression) -> ir.Unary:
    """Return the expression `inner` in brackets that are always written: a unary operation `()`."""
    return ir.Unary("()", inner)


def call(function: str, arguments: tuple[ir.Expression, ...]) -> ir.Call:
    """Return the call of the C function named `function`."""
    return ir.Call(ir.Name(function), arguments)


def cast(kind: str, operand: ir.Expression) -> ir.Cast:
    """Return the conversion of `operand` to the element type `kind`, such as `f32`."""
    return ir.Cast(ir.ScalarType(kind), operand)


def guarded(test: ir.Expression, yes: ir.Expression, no: ir.Expression) -> ir.Conditional:
    """Return the conditional `test ? yes : no` whose branches are only safe to evaluate if they are
    chosen, such as a read that `test` keeps inside an array. The test is marked with the operator
    `?`.
    """
    return ir.Conditional(ir.Unary("?", test), yes, no)


def declare(
    kind: str, name: str, value: ir.Expression | None = None, const: bool = False
) -> ir.Declaration:
    """Return the declaration of the local variable `name`. kind: its element type, such as `f32`.
    value: its first value; None: it has none. const: it never changes.
    """
    return ir.Declaration(name, ir.ScalarType(kind, const), value)


def view(
    kind: str, name: str, array: str, offset: ir.Expression, const: bool = False
) -> ir.Declaration:
    """Return the declaration `T *name = &array[offset]`, a view of a row. kind: the element type T.
    const: nothing is written through it.
    """
    place = ir.Unary("&", at(array, (offset,)))
    return ir.Declaration(name, ir.PointerType(ir.ScalarType(kind, const)), place)


def atomic(target: ir.Expression, op: str, value: ir.Expression) -> ir.Assign:
    """Return the assignment `target op value`, marked as an update of a place that other iterations
    update too. op: such as `+=`, or `max` or `min`.
    """
    return ir.Assign(target, op, value, pragmas=ATOMIC)


@dataclass(frozen=True, slots=True)
class Count:
    """A loop that counts: `for (type variable = start; variable op stop; variable += step) body`.

    variable: its name. type: its element type. start, stop: expressions. step: not zero; negative
        counts down. body: statements.
    op: a comparison; '' where the test has another form, and `stop` is then the whole test. also:
        assignments behind the step. starts: further declarations in the head.
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
        """Return the loop as a `for` node of the tree of `corpora.ir`. A loop whose `op` is ''
        needs its test put in afterwards.
        """
        name = ir.Name(self.variable)
        step = ir.Assign(name, "+=" if self.step > 0 else "-=", integer(abs(self.step)))
        start = declare(self.type, self.variable, self.start)
        test = ir.Binary(self.op, name, self.stop)
        return ir.For((start, *self.starts), test, (step, *self.also), self.body)


def loop(*fields: object, **more: object) -> ir.For:
    """Return the `for` node of a loop that counts: `for (type variable = start; variable op stop;
    variable += step) body`.

    fields, more: the fields of `Count`, by place (variable, start, op, stop, body, step, type,
        also, starts) or by name.
    """
    return Count(*fields, **more).node


def read_count(node: ir.For) -> Count:
    """Return the parts of a loop that counts, one for which `is_count` is True. If its test is no
    comparison of its variable, `op` is '' and `stop` is the whole test.
    """
    (first, *starts), (step, *also), test = node.start, node.step, node.test
    counts = type(test) is ir.Binary and test.left == step.target
    by = int(step.value.text) if step.op == "+=" else -int(step.value.text)
    op, stop = (test.op, test.right) if counts else ("", test)
    more = (by, first.type.name, tuple(also), tuple(starts))
    return Count(first.name, first.value, op, stop, node.body, *more)


def is_count(node: object) -> bool:
    """Return whether `node` is a loop that counts: a `for` with a declaration or an assignment in
    its head.
    """
    return type(node) is ir.For and bool(node.start)


def is_while(node: object) -> bool:
    """Return whether `node` is a loop without a counter: `while`, `do` or `for (; test; )`."""
    return type(node) is ir.While or type(node) is ir.For and not node.start


def is_local(node: object) -> bool:
    """Return whether `node` is the declaration of a variable that holds a number."""
    return type(node) is ir.Declaration and type(node.type) is ir.ScalarType


def is_view(node: object) -> bool:
    """Return whether `node` is the declaration of a view of a row, `T *r = &a[k]`."""
    return type(node) is ir.Declaration and type(node.type) is ir.PointerType


def read_view(node: ir.Declaration) -> tuple[str, ir.Expression]:
    """Return (name of the array, offset as an expression) of a view `T *r = &array[offset]`. node:
    one for which `is_view` is True.
    """
    place = node.value.operand
    return place.base.id, place.indices[0]


def is_paren(node: object) -> bool:
    """Return whether `node` is an expression in brackets that are always written."""
    return type(node) is ir.Unary and node.op == "()"


def strip_paren(node: ir.Expression) -> ir.Expression:
    """Return the expression `node` without the one pair of brackets round it, or `node` itself if
    it has none.
    """
    return node.operand if is_paren(node) else node


def is_guarded(node: object) -> bool:
    """Return whether `node` is an expression with a part that is only safe to evaluate if the test
    before it allows: a conditional that `guarded` made, or an `&&!`.
    """
    if type(node) is ir.Conditional:
        return type(node.test) is ir.Unary and node.test.op == "?"
    return type(node) is ir.Binary and node.op == "&&!"


def name_of(node: object) -> str:
    """Return the name of a variable, or of an element's array; '' for another node."""
    if type(node) is ir.Access:
        return node.base.id
    return node.id if type(node) is ir.Name else ""


def quote(text: str, **given: Given) -> ir.Expression:
    """Return the tree of `text`, one expression of C.

    given: what names in the text stand for: trees, integers, or other names. The function PAREN is
        brackets that are always written.
    """
    return _fill(_read(f"x = {text};")[0].value, given)


def code(text: str, **given: Given | tuple) -> tuple[ir.Statement, ...]:
    """Return the trees of `text`, statements of C.

    given: what names in the text stand for: trees, integers, or other names; for `name;` a tuple of
        statements, and for a name of a type an element type, such as `f32`. The function PAREN is
        brackets that are always written.
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
    """Return (targets, value) of the assignment `a = b = … = value`, or of a plain one. The targets
    are expressions, from left to right.
    """
    found, value = [statement.target], statement.value
    while type(value) is ir.AssignExpression:
        found, value = [*found, value.target], value.value
    return found, value


def infer_type(node: ir.Expression, types: dict[str, str]) -> str:
    """Return the element type of an expression after C's conversions, such as `i32`; `bool` for
    comparisons and logic. types: element type of variables and arrays by name. Raises KeyError for
    an unknown name.
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
    """Return the direct sub-expressions of an expression, from left to right; () for a name or
    constant. An array's name is none.
    """
    found: tuple = ()
    for part in PARTS.get(type(node), ()):
        inner = getattr(node, part)
        found += inner if type(inner) is tuple else (inner,)
    return found


def get_expressions(statement: ir.Statement) -> tuple[ir.Expression, ...]:
    """Return the expressions that a statement holds itself, such as both sides of an assignment or
    the test of a loop, without those of nested statements.
    """
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
    """Return the blocks of statements that a statement holds directly: a loop's body, the two
    branches of an `if`, the cases of a `switch`; () for others. A branch may be ().
    """
    kind = type(statement)
    if kind is ir.For or kind is ir.While:
        return (statement.body,)
    if kind is ir.Switch:
        return tuple(case.body for case in statement.cases)
    return (statement.then, statement.otherwise) if kind is ir.If else ()


def walk_statements(block: tuple[ir.Statement, ...]) -> Iterator[ir.Statement]:
    """Yield every statement of a block and all those nested in it, outer before inner, in order."""
    for statement in block:
        yield statement
        for inner in get_blocks(statement):
            yield from walk_statements(inner)


def has_continue(block: tuple[ir.Statement, ...]) -> bool:
    """Return whether a block of statements holds a `continue`, nested or not."""
    return any(type(s) is ir.Jump and s.kind == "continue" for s in walk_statements(block))


def walk(node: ir.Expression) -> Iterator[ir.Expression]:
    """Yield the expression `node` and every expression in it, outer before inner, without the names
    of arrays.
    """
    yield node
    for child in get_children(node):
        yield from walk(child)
