"""Array syntax for Fortran where a nest allows it: sections, `where` constructs, sums.

Contract: the statements compute what the loops compute, or `InexpressibleError` is raised.

    python -c "from corpora.generator import generate; \\
        [print(c.programs['fortran'].text) for c in generate(30, 8) if 'fortran' in c.programs]"
"""

from __future__ import annotations

from corpora import ir
from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Axis, Region
from corpora.generator.emit.fortran_expressions import FortranExpressions, InexpressibleError


class _Sections:
    """Stands in for `FortranExpressions.element` while a statement is written for whole ranges of
    its axes at once.
    """

    def __init__(self, say: FortranExpressions, axes: tuple[Axis, ...]) -> None:
        self.say, self.axes = say, {axis.variable: axis for axis in axes}
        self.orders: set[tuple[str, ...]] = set()

    def element(self, node: ir.Access) -> str:
        say, parameter = self.say, self.say.parameters.get(node.base.id)
        if parameter is None or (len(node.indices) > 1 and node.base.id in say.flat):
            raise InexpressibleError("a section of a view")
        order, texts, whole = [], [], True
        for subscript, extent in zip(node.indices, parameter.extents, strict=False):
            found = {n.id for n in ast.walk(subscript) if type(n) is ir.Name} & self.axes.keys()
            if not found:
                texts.append(say.linear(subscript, say.first(node.base.id)))
                whole = False
                continue
            if len(found) > 1:
                raise InexpressibleError("a subscript of two axes")
            text = self._range(subscript, self.axes[min(found)], extent, say.first(node.base.id))
            order += found
            whole = whole and text == ":"
            texts.append(text)
        if order and (len(order) != len(self.axes) or set(order) != self.axes.keys()):
            raise InexpressibleError("an array of other axes")
        if order:
            self.orders.add(tuple(order))
            say.whole.add(node.base.id)
        return node.base.id if whole and order else f"{node.base.id}({', '.join(reversed(texts))})"

    def _range(self, subscript: tuple, axis: Axis, extent: tuple, first: int) -> str:
        offset = _offset(subscript, axis.variable)
        if axis.step != 1 or axis.down:
            raise InexpressibleError("a step")
        last = first - 1 + int(axis.inclusive)
        if offset is None:
            if axis.start == ast.ZERO and axis.stop == extent and not axis.inclusive:
                return ":"
            return f"{self.say.linear(axis.start, first)}:{self.say.linear(axis.stop, last)}"
        from_one = (axis.start, offset) == (ast.ONE, ir.Unary("-", ast.ONE))
        if axis.inclusive and from_one and axis.stop == extent:
            return ":"
        low, high = ir.Binary("+", axis.start, offset), ir.Binary("+", axis.stop, offset)
        return f"{self.say.linear(low, first)}:{self.say.linear(high, last)}"


def _offset(subscript: tuple, variable: str) -> tuple | None:
    """What is added to the variable; None for nothing. Raises InexpressibleError for any other use
    of it.
    """
    if subscript == ir.Name(variable):
        return None
    if type(subscript) is ir.Binary and subscript.op in "+-":
        left, right = subscript.left, subscript.right
        if left == ir.Name(variable) and variable not in _names(right):
            return right if subscript.op == "+" else ir.Unary("-", right)
        if right == ir.Name(variable) and subscript.op == "+" and variable not in _names(left):
            return left
    raise InexpressibleError("a subscript that is no section")


def _names(node: tuple) -> set[str]:
    return {n.id for n in ast.walk(node) if type(n) is ir.Name}


class SectionWriting:
    """A context, for `with`, in which `say` writes array elements as sections over `axes`, such as
    `x(1:n)`. It gives an object whose `orders` holds the orders in which the loops occurred in
    sections.

    say: writes expressions as Fortran. axes: parallel loops, whose variables may then occur in
        subscripts only.
    """

    def __init__(self, say: FortranExpressions, axes: tuple[Axis, ...]) -> None:
        self.say, self.sections = say, _Sections(say, axes)

    def __enter__(self) -> _Sections:
        self.say.sections = self.sections
        return self.sections

    def __exit__(self, *_: object) -> None:
        self.say.sections = None


def emit_array_lines(say: FortranExpressions, region: Region, indent: str) -> list[str]:
    """Return the Fortran lines of a region, parallel loops with one body, as array statements
    without loops, such as `x(1:n) = y(1:n)`.

    say: writes expressions as Fortran. indent: put before each line.
    Raises InexpressibleError if they would compute something else.
    """
    if region.reduction is not None or not region.body:
        raise InexpressibleError("a reduction")
    _refuse_index_values(region)
    with SectionWriting(say, region.axes) as sections:
        lines = []
        for statement in region.body:
            sections.orders.clear()
            if type(statement) is ir.If:
                lines += _where(say, statement, indent)
            else:
                lines.append(_assignment(say, statement, indent))
            if len(sections.orders) != 1:
                raise InexpressibleError("sections in several orders")
    return lines


def _assignment(say: FortranExpressions, node: tuple, indent: str) -> str:
    stores = type(node) is ir.Assign and type(node.target) is ir.Access and not node.pragmas
    if not stores or type(node.value) is ir.AssignExpression or node.op in ("max", "min"):
        raise InexpressibleError("no array assignment")
    value = node.value if node.op == "=" else ir.Binary(node.op[:-1], node.target, node.value)
    return f"{indent}{say.element(node.target)} = {say.converted(value, say.type(node.target))}"


def _where(say: FortranExpressions, node: ir.If, indent: str) -> list[str]:
    if not any(type(n) is ir.Access for n in ast.walk(node.test)):
        raise InexpressibleError("a test of scalars")
    test = f"{indent}where ({say.condition(node.test)})"
    then = [_assignment(say, s, indent + "    ") for s in node.then]
    if not node.otherwise and len(then) == 1:
        return [f"{test} {then[0].lstrip()}"]
    other = [_assignment(say, s, indent + "    ") for s in node.otherwise]
    other = [f"{indent}elsewhere", *other] if other else []
    return [test, *then, *other, f"{indent}end where"]


def choose_intrinsic_name(say: FortranExpressions, name: str) -> str:
    """Return `name`, that of a Fortran intrinsic. Raises InexpressibleError if a variable is called
    so, and so hides it. say: knows the variables.
    """
    if name in say.types:
        raise InexpressibleError(f"a variable called {name}")
    return name


def emit_reduction(say: FortranExpressions, region: Region, indent: str) -> str:
    """Return the Fortran line of a region's reduction, which starts at zero, as one intrinsic such
    as `s = sum(x(1:n))`.

    say: writes expressions as Fortran. region: parallel loops with a `reduction`. indent: put
        before the line.
    Raises InexpressibleError if it is no plain sum or count.
    """
    step, (op, word) = region.body[0], region.reduction
    if len(region.body) != 1 or op != "+":
        raise InexpressibleError("no plain sum")
    counted = type(step) is ir.If and not step.otherwise and len(step.then) == 1
    change = step.then[0] if counted else step
    if type(change) is not ir.Assign or change.op != "+=" or change.target != ir.Name(word):
        raise InexpressibleError("no sum")
    typed = say.type(change.value) == say.type(change.target)
    if not (change.value == ast.ONE if counted else typed):
        raise InexpressibleError("a sum that another type takes")
    _refuse_index_values(region)
    with SectionWriting(say, region.axes) as sections:
        inside = say.condition(step.test) if counted else say.value(change.value)
        if len(sections.orders) != 1:
            raise InexpressibleError("nothing to sum over")
    return f"{indent}{word} = {choose_intrinsic_name(say, 'count' if counted else 'sum')}({inside})"


def _refuse_index_values(region: Region) -> None:
    variables = {axis.variable for axis in region.axes}
    parts = (e for s in ast.walk_statements(region.body) for e in ast.get_expressions(s))
    if any(variables & find_names_outside_subscripts(e) for e in parts):
        raise InexpressibleError("a loop's index as a value")


def find_names_outside_subscripts(node: ir.Expression) -> set[str]:
    """Return the names of variables that occur in the expression `node` outside of subscripts.
    Names of arrays are not among them.
    """
    if type(node) is ir.Access:
        return set()
    if type(node) is ir.Name:
        return {node.id}
    return set().union(*map(find_names_outside_subscripts, ast.get_children(node)))
