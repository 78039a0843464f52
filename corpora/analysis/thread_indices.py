"""What a CUDA kernel computes from its thread indices, and what it compares them with.

`read_thread_indices` goes over a kernel in the order of its text, and over the functions of the
same text that it calls. Locals, helper functions and macros are replaced by their values, so that
`#define TID ...`, a `__device__` function `gid()` and three locals in a row all read the same.

    python -c "from corpora.frontends.c_family import parse_c_family; \
        from corpora.frontends.queries import function_named; \
        from corpora.analysis.thread_indices import read_thread_indices; \
        u = parse_c_family('__global__ void k(int *a, int n) { int i = threadIdx.x; \
        if (i < n) a[i] = 0; }', 'cuda'); \
        print(read_thread_indices(function_named(u, 'k'), u).comparisons)"
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from corpora.analysis.guards import always_leaves
from corpora.ir import (
    Access,
    Assign,
    AssignExpression,
    Binary,
    Call,
    Cast,
    Comma,
    Compound,
    Conditional,
    Declaration,
    Expression,
    ExpressionStatement,
    For,
    Function,
    If,
    Increment,
    InitializerList,
    Jump,
    Literal,
    Member,
    Name,
    RangeFor,
    Return,
    Statement,
    Switch,
    TranslationUnit,
    Unary,
    While,
    find,
    walk,
)

COMPARISONS = ("<", "<=", ">", ">=")
INDICES = ("threadIdx", "blockIdx")
SIZES = ("blockDim", "gridDim")
_BUILTIN = (*INDICES, *SIZES)
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_PRODUCTS = ("__mul24", "__umul24")
_MAX_CALLS = 6
_LARGEST = 120
"""Nodes of a value that is still followed."""
_NO_AXES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class IndexComparison:
    """A comparison `index op limit` in a CUDA kernel, with the thread's index on the left.

    index: as written. op: `<`, `<=`, `>` or `>=`. value, limit: both sides with locals replaced by
        their values; a local without one is a Name with a `#`.
    axes: those of `x`, `y` and `z` that the index depends on. sense: it is true (True) or false
        (False) for threads that go on to work; None where unknown.
    place: `head` (of a loop), `value` (test of `?:`) or `statement`.
    own: the index is the thread's own place, unchanged. moved: it depends on a loop's counter.
        neighbour: it is an index plus or minus a loop's counter.
    """

    index: Expression
    value: Expression
    op: str
    limit: Expression
    axes: frozenset[str]
    sense: bool | None
    place: str
    own: bool
    moved: bool
    neighbour: bool

    def bounds_above(self) -> bool | None:
        """Return True if the comparison's limit is an upper bound for the index of threads that
        work, False if it is none, such as a lower one; None where unknown.
        """
        if self.sense is None:
            return None
        op = self.op if self.sense else _NEGATED[self.op]
        return op in ("<", "<=")


@dataclass(frozen=True, slots=True)
class IndexAssignment:
    """An assignment `name = written` in a CUDA kernel to a variable that depends on the thread's
    index.

    value: the right side with locals replaced by their values. axes: those of `x`, `y` and `z` that
    the variable depends on from here on.
    """

    name: str
    written: Expression
    value: Expression
    axes: frozenset[str]


@dataclass(frozen=True, slots=True)
class IndexStep:
    """A step `name += step` in a CUDA kernel, of a variable that depends on the thread's index.

    value: of the step, with locals replaced by their values. axes: those of `x`, `y` and `z` that
    the variable depends on.
    """

    name: str
    step: Expression
    value: Expression
    axes: frozenset[str]


@dataclass(frozen=True, slots=True)
class ThreadIndices:
    """What a CUDA kernel does with its thread indices, in the order of its text.

    functions: the kernel and the functions of its text that it calls. used: which built-in indices
        and sizes they read, as pairs such as (`threadIdx`, `x`).
    assignments, comparisons, steps: of variables that depend on an index. expressions: every
        expression of the statements, with locals replaced by their values.
    firsts: first values of locals that change later, by the name `name#k` that such a local has in
        the expressions.
    """

    functions: tuple[Function, ...]
    used: frozenset[tuple[str, str]]
    assignments: tuple[IndexAssignment, ...]
    comparisons: tuple[IndexComparison, ...]
    steps: tuple[IndexStep, ...]
    expressions: tuple[Expression, ...]
    firsts: dict[str, Expression]


@dataclass(frozen=True, slots=True)
class Rows:
    """Asks `read_thread_indices` to follow row numbers in place of thread indices.

    names: the variables that hold the number of a row; '' means blockIdx.x itself. They alone count
        as indices, of the axis `z`.
    """

    names: frozenset[str]


@dataclass(slots=True)
class _Local:
    """A variable. key: its name with a number. axes are kept from one reading to the next, since
    an index may flow backwards through a loop."""

    key: str
    axes: frozenset[str] = _NO_AXES
    value: Expression | None = None
    parameter: bool = False
    counter: bool = False
    moved: bool = False
    neighbour: bool = False
    own: bool = False


def read_thread_indices(
    kernel: Function, unit: TranslationUnit, rows: Rows | None = None
) -> ThreadIndices:
    """Return what `kernel` of `unit` does with its thread indices. rows: variables to follow
    instead of the indices; None: the indices. Unknown statements are skipped; nothing is raised.
    """
    reading = _Reading(kernel, unit, rows)
    for _ in range(2):
        reading.read()
    functions = tuple(called_functions(kernel, unit))
    used = {pair for f in functions for pair in _used_in(f)}
    return ThreadIndices(
        functions,
        frozenset(used),
        tuple(reading.assignments),
        tuple(reading.comparisons),
        tuple(reading.steps),
        tuple(reading.expressions),
        dict(reading.firsts),
    )


def called_functions(kernel: Function, unit: TranslationUnit) -> Iterator[Function]:
    """Yield `kernel`, then every function defined in `unit` that the kernel reaches by calls, each
    once, nearest first.
    """
    defined = _definitions(unit)
    waiting, seen = [kernel], {kernel.name}
    while waiting:
        function = waiting.pop(0)
        yield function
        for call in find(function.body or (), Call):
            name = getattr(call.function, "id", "")
            if name in defined and name not in seen:
                seen.add(name)
                waiting.append(defined[name])


def _definitions(unit: TranslationUnit) -> dict[str, Function]:
    return {f.name: f for f in find(unit.items, Function) if f.body is not None}


def _used_in(function: Function) -> set[tuple[str, str]]:
    copies = {
        d.name: d.value.id
        for d in find(function.body or (), Declaration)
        if isinstance(d.value, Name) and d.value.id in _BUILTIN
    }
    members = [m for m in find(function.body or (), Member) if isinstance(m.base, Name)]
    pairs = {(copies.get(m.base.id, m.base.id), m.field) for m in members}  # type: ignore[union-attr]
    return {pair for pair in pairs if pair[0] in _BUILTIN}


def index_member(expression: object) -> tuple[str, str] | None:
    """Return (`threadIdx`, `x`) for the expression `threadIdx.x`, and in the same way for the other
    built-in indices and sizes. expression: a node of the tree of `corpora.ir`; None for any other
    node.
    """
    if isinstance(expression, Member) and isinstance(expression.base, Name):
        if expression.base.id in _BUILTIN and expression.field in ("x", "y", "z"):
            return expression.base.id, expression.field
    return None


def outside_subscripts(expression: Expression) -> Iterator[Expression]:
    """Yield `expression` and then the parts that its value is made of, in no order that matters.
    What stands in subscripts and in the test of `?:` is left out.
    """
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += _operands(node)


def _operands(node: Expression) -> tuple[Expression, ...]:
    if isinstance(node, Access):
        return (node.base,)
    if isinstance(node, (Unary, Cast)):
        return (node.operand,)
    if isinstance(node, Binary):
        return (node.left, node.right)
    if isinstance(node, Call):
        return (node.function, *node.arguments)
    if isinstance(node, Conditional):
        return (node.then, node.otherwise)  # what a test chooses is not computed from it
    if isinstance(node, Member):
        return (node.base,)
    if isinstance(node, (Comma, InitializerList)):
        return node.items
    if isinstance(node, Increment):
        return (node.target,)
    if isinstance(node, AssignExpression):
        return (node.target, node.value)
    return ()


@dataclass(slots=True)
class _Reading:
    """One walk in the order of the text."""

    kernel: Function
    unit: TranslationUnit
    rows: Rows | None
    locals: dict[tuple[str, int], _Local] = field(default_factory=dict)
    scope: dict[str, _Local] = field(default_factory=dict)
    assignments: list[IndexAssignment] = field(default_factory=list)
    comparisons: list[IndexComparison] = field(default_factory=list)
    steps: list[IndexStep] = field(default_factory=list)
    expressions: list[Expression] = field(default_factory=list)
    firsts: dict[str, Expression] = field(default_factory=dict)
    defined: dict[str, Function] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def read(self) -> None:
        """Goes over the kernel; what an earlier reading found of locals' axes is kept."""
        self.assignments.clear()
        self.comparisons.clear()
        self.steps.clear()
        self.expressions.clear()
        self.defined = _definitions(self.unit)
        for local in self.locals.values():
            local.moved = local.neighbour = local.own = False
        self.scope = {}
        for parameter in self.kernel.parameters:
            self._declare(parameter.name, parameter).parameter = True
        self._block(self.kernel.body or ())

    # ---- variables

    def _declare(self, name: str, node: object) -> _Local:
        local = self.locals.setdefault((name, id(node)), _Local(f"{name}#{len(self.locals)}"))
        self.scope[name] = local
        return local

    def _symbol(self, name: str) -> Expression:
        local = self.scope.get(name)
        return Name(name) if local is None or local.parameter else Name(local.key)

    def resolve(self, node: Expression) -> Expression:
        """`node` with locals replaced by their values, outside subscripts."""
        if isinstance(node, Name):
            local = self.scope.get(node.id)
            if local is None or local.parameter or local.counter or local.value is None:
                return self._symbol(node.id)
            return local.value
        if isinstance(node, Member):
            return replace(node, base=self.resolve(node.base))
        if isinstance(node, Cast):
            return replace(node, operand=self.resolve(node.operand))
        if isinstance(node, Unary):
            return replace(node, operand=self.resolve(node.operand))
        if isinstance(node, Binary):
            return replace(node, left=self.resolve(node.left), right=self.resolve(node.right))
        if isinstance(node, Conditional):
            parts = (self.resolve(p) for p in (node.test, node.then, node.otherwise))
            return Conditional(*parts, span=node.span)
        if isinstance(node, Call):
            return self._resolve_call(node)
        return node

    def _resolve_call(self, node: Call) -> Expression:
        arguments = tuple(self.resolve(a) for a in node.arguments)
        name = getattr(node.function, "id", "")
        if name in _PRODUCTS and len(arguments) == 2:
            return Binary("*", *arguments)
        function = self.defined.get(name)
        if function is None or name in self.calls or len(self.calls) >= _MAX_CALLS:
            return replace(node, arguments=arguments)
        value = self._returned(function, arguments, _template_values(function, node))
        return value if value is not None else replace(node, arguments=arguments)

    def _returned(
        self,
        function: Function,
        arguments: Sequence[Expression],
        template: dict[str, Expression],
    ) -> Expression | None:
        """What a function of declarations and one return gives; None of any other."""
        body = function.body or ()
        if len(arguments) != len(function.parameters) or not body:
            return None
        if not isinstance(body[-1], Return) or body[-1].value is None:
            return None
        if not all(isinstance(s, (Declaration, Assign)) for s in body[:-1]):
            return None
        outer, self.scope = self.scope, _known(template)
        self.calls.append(function.name)
        for parameter, argument in zip(function.parameters, arguments, strict=True):
            self.scope[parameter.name] = _Local(f"{parameter.name}#", value=argument)
        for statement in body[:-1]:
            name = statement.name if isinstance(statement, Declaration) else _target(statement)
            written = _value_given(name, statement)
            value = self.resolve(written) if written is not None else None
            self.scope[name] = _Local(f"{name}#", value=value)
        value = self.resolve(body[-1].value)
        self.calls.pop()
        self.scope = outer
        return value

    def axes_of(self, node: Expression) -> frozenset[str]:
        """Axes of the indices that an expression as written is computed from."""
        found: set[str] = set()
        for part in outside_subscripts(node):
            if isinstance(part, Name) and part.id in self.scope:
                found |= self.scope[part.id].axes
            elif isinstance(part, Call) and getattr(part.function, "id", "") in self.defined:
                found |= self._call_axes(part)
            elif isinstance(part, Member):
                found |= self._value_axes(self.resolve(part))
        return frozenset(found)

    def _call_axes(self, call: Call) -> frozenset[str]:
        """Of a function that is more than one expression: of every index in it."""
        value = self.resolve(call)
        if not isinstance(value, Call) or self.rows is not None:
            return self._value_axes(value)
        used = _used_in(self.defined[call.function.id])  # type: ignore[union-attr]
        return frozenset(axis for word, axis in used if word in INDICES)

    def _value_axes(self, value: Expression) -> frozenset[str]:
        members = [index_member(part) for part in outside_subscripts(value)]
        pairs = [m for m in members if m is not None]
        if self.rows is None:
            return frozenset(axis for word, axis in pairs if word in INDICES)
        own = "" in self.rows.names and ("blockIdx", "x") in pairs
        return frozenset("z") if own else _NO_AXES

    # ---- statements

    def _block(self, body: Sequence[Statement]) -> None:
        outer = dict(self.scope)
        for statement in body:
            self._statement(statement)
        self.scope = outer

    def _statement(self, node: Statement) -> None:
        if isinstance(node, Declaration):
            self._declaration(node)
        elif isinstance(node, Assign):
            self._assign(node.target, node.op, node.value)
        elif isinstance(node, ExpressionStatement):
            self._expression(node.expression)
        elif isinstance(node, Return) and node.value is not None:
            self._expression(node.value)
        elif isinstance(node, If):
            self._expression(node.test, _sense(node))
            self._block(node.then)
            self._block(node.otherwise)
        elif isinstance(node, While):
            self._expression(node.test, True, "head")
            self._block(node.body)
        elif isinstance(node, For):
            self._for(node)
        elif isinstance(node, (Compound, RangeFor)):
            self._block(node.body)
        elif isinstance(node, Switch):
            self._expression(node.value)
            for case in node.cases:
                self._block(case.body)

    def _for(self, node: For) -> None:
        outer = dict(self.scope)
        for start in node.start:
            self._statement(start)
        for start in node.start:
            name = start.name if isinstance(start, Declaration) else _target(start)
            if name in self.scope:
                self._start_counting(self.scope[name])
        if node.test is not None:
            self._expression(node.test, True, "head")
        for step in node.step:
            self._statement(step)
        self._block(node.body)
        self.scope = outer

    def _start_counting(self, local: _Local) -> None:
        local.counter = not local.axes
        if local.value is not None and local.counter:
            self.firsts[local.key] = local.value

    def _declaration(self, node: Declaration) -> None:
        value = node.value
        if value is None and node.arguments is not None and len(node.arguments) == 1:
            value = node.arguments[0]
        if value is not None:
            self._expression(value)
        written = (value, self.resolve(value), self.axes_of(value)) if value is not None else None
        local = self._declare(node.name, node)
        local.value, local.counter = None, False
        if written is not None:
            self._give(node.name, local, *written)

    def _assign(self, target: Expression, op: str, value: Expression | None) -> None:
        if value is not None:
            self._expression(value)
        if not isinstance(target, Name):
            self.expressions.append(self._inside(target))
            return
        local = self.scope.get(target.id)
        if local is None or value is None:
            return
        step = _step_of(target.id, op, value)
        if step is not None:
            self.steps.append(IndexStep(target.id, step, self.resolve(step), local.axes))
        elif op == "=":
            self._give(target.id, local, value, self.resolve(value), self.axes_of(value))

    def _give(
        self,
        name: str,
        local: _Local,
        written: Expression,
        value: Expression,
        axes: frozenset[str],
    ) -> None:
        if self.rows is not None and name in self.rows.names:
            axes = frozenset("z")
        self.assignments.append(IndexAssignment(name, written, value, axes))
        if axes:
            local.axes = axes
            local.neighbour = self._is_neighbour(written)
            local.moved = not local.neighbour and self.is_moved(written)
            direct = any(index_member(p) for p in outside_subscripts(written))
            local.own = direct or _has_only_index_terms(value)
        if not local.parameter and not _mentions(value, local.key):
            small = sum(1 for _ in walk(value)) <= _LARGEST
            local.value = value if small else None
            self.firsts.pop(local.key, None)

    def _is_neighbour(self, node: Expression) -> bool:
        """`index + counter` or `index - counter`, of two names."""
        if not isinstance(node, Binary) or node.op not in "+-":
            return False
        names = [s.id for s in (node.left, node.right) if isinstance(s, Name)]
        return len(names) == 2 and any(self._is_counter(n) for n in names)

    def _is_counter(self, name: str) -> bool:
        return name in self.scope and self.scope[name].counter

    def is_moved(self, node: Expression) -> bool:
        """Whether a loop's counter, which is no index itself, is in an expression."""
        for part in outside_subscripts(node):
            if isinstance(part, Name) and part.id in self.scope:
                local = self.scope[part.id]
                if local.moved or (local.counter and not local.axes):
                    return True
        return False

    # ---- expressions

    def _inside(self, target: Expression) -> Expression:
        """A target with its subscripts resolved too."""
        if isinstance(target, Access):
            indices = tuple(self.resolve(i) for i in target.indices)
            return replace(target, base=self._inside(target.base), indices=indices)
        return self.resolve(target)

    def _expression(
        self, node: Expression, sense: bool | None = None, place: str = "statement"
    ) -> None:
        """Notes the comparisons of an expression and goes into the functions that it calls."""
        self.expressions.append(self._everywhere(node))
        self._condition(node, sense, place)

    def _everywhere(self, node: Expression) -> Expression:
        accesses = [a for a in find(node, Access) if a is not node]
        self.expressions += [self._inside(a) for a in accesses]
        return self._inside(node) if isinstance(node, Access) else self.resolve(node)

    def _condition(self, node: Expression, sense: bool | None, place: str) -> None:
        if isinstance(node, Binary) and node.op in COMPARISONS:
            self._compare(node, sense, place)
        elif isinstance(node, Binary) and node.op in ("&&", "||", "&", "|"):
            self._condition(node.left, sense, place)
            self._condition(node.right, sense, place)
        elif isinstance(node, Unary) and node.op == "!":
            self._condition(node.operand, None if sense is None else not sense, place)
        elif isinstance(node, Conditional):
            self._condition(node.test, None, "value")
            self._condition(node.then, None, place)
            self._condition(node.otherwise, None, place)
        elif isinstance(node, AssignExpression):
            self._condition(node.value, None, place)
            self._assign(node.target, node.op, node.value)
        elif isinstance(node, Call):
            for argument in node.arguments:
                self._condition(argument, None, place)
            self._enter(node)
        else:
            for part in _operands(node):
                self._condition(part, None, place)

    def _compare(self, node: Binary, sense: bool | None, place: str) -> None:
        left, right = self.axes_of(node.left), self.axes_of(node.right)
        if bool(left) == bool(right):
            return
        index, limit = (node.left, node.right) if left else (node.right, node.left)
        local = self.scope.get(index.id) if isinstance(index, Name) else None
        found = IndexComparison(
            index,
            self.resolve(index),
            node.op if left else _MIRRORED[node.op],
            self.resolve(limit),
            left or right,
            sense,
            place,
            local is not None and local.own,
            self.is_moved(index),
            local is not None and local.neighbour,
        )
        self.comparisons.append(found)

    def _enter(self, call: Call) -> None:
        """Reads the body of a function of the text with what it is called with."""
        name = getattr(call.function, "id", "")
        function = self.defined.get(name)
        if function is None or name in self.calls or len(self.calls) >= _MAX_CALLS:
            return
        if len(function.parameters) != len(call.arguments):
            return
        given = [(self.resolve(a), self.axes_of(a), self.is_moved(a)) for a in call.arguments]
        outer, self.scope = self.scope, _known(_template_values(function, call))
        self.calls.append(name)
        for parameter, (value, axes, moved) in zip(function.parameters, given, strict=True):
            local = self._declare(parameter.name, parameter)
            local.value, local.axes, local.moved = value, axes, moved
            local.own = bool(axes) and _has_only_index_terms(value)
        self._block(function.body or ())
        self.calls.pop()
        self.scope = outer


def _value_given(name: str, statement: Declaration | Assign) -> Expression | None:
    """What a declaration or assignment makes of a variable: of `i += s` it is `i + s`."""
    op = getattr(statement, "op", "=")
    if statement.value is None or op == "=":
        return statement.value
    return Binary(op[:-1], Name(name), statement.value)


def _template_values(function: Function, call: Call) -> dict[str, Expression]:
    """Template parameters of `f<64>(...)` that are numbers."""
    given = zip(function.template, call.template, strict=False)
    return {name: value for name, value in given if isinstance(value, Literal)}


def _known(values: dict[str, Expression]) -> dict[str, _Local]:
    return {name: _Local(f"{name}#", value=value) for name, value in values.items()}


def _target(statement: Statement) -> str:
    return getattr(getattr(statement, "target", None), "id", "")


def _sense(node: If) -> bool | None:
    """Whether threads that work fulfil the test: True where a branch is for them alone, False
    where the branch does nothing but leave."""
    if node.otherwise:
        return None
    if not always_leaves(node.then):
        return True
    return False if all(isinstance(s, (Return, Jump)) for s in _flat(node.then)) else None


def _flat(body: Sequence[Statement]) -> Iterator[Statement]:
    for statement in body:
        if isinstance(statement, Compound):
            yield from _flat(statement.body)
        else:
            yield statement


def _step_of(name: str, op: str, value: Expression) -> Expression | None:
    """What a variable is moved on by: of `i += s` and of `i = i + s`."""
    if op == "+=":
        return value
    if op == "=" and isinstance(value, Binary) and value.op == "+":
        for own, other in ((value.left, value.right), (value.right, value.left)):
            if isinstance(own, Name) and own.id == name:
                return other
    return Literal("0", "i32") if op != "=" else None


def _mentions(value: Expression, key: str) -> bool:
    return any(isinstance(n, Name) and n.id == key for n in walk(value))


def _has_only_index_terms(value: Expression) -> bool:
    """Whether every term of a sum holds an index: no constant moves it."""
    if isinstance(value, Cast):
        return _has_only_index_terms(value.operand)
    if isinstance(value, Binary) and value.op == "+":
        return _has_only_index_terms(value.left) and _has_only_index_terms(value.right)
    pairs = (index_member(p) for p in outside_subscripts(value))
    return any(pair is not None and pair[0] in INDICES for pair in pairs)
