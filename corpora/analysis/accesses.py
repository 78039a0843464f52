"""Reads and writes of a function, with subscripts as polynomials, guards and loops.

`facts_of` walks a function once, as it would run, and follows the values of its integers and
pointers symbolically: `int idx = i*n + j; a[idx]` and `*p++` have the same subscripts as `a[i*n+j]`
and `a[i]`. What cannot be followed becomes a new symbol, about which nothing is known.

Assumed: integers do not wrap; subscripts lie within the declared extents of arrays with more than
one dimension; no pointer points to a scalar variable whose address the function does not take.
What is not understood is an `Effect`, with its reason; whoever decides anything must look at them.

    python -c "from corpora.ir import *; from corpora.analysis.accesses import facts_of; \
        f = Function('f', (Parameter('a', PointerType(ScalarType('i32'))),), ScalarType('void'), \
        (Assign(Access(Name('a'), (Literal('0', 'i32'),)), '=', Literal('1', 'i32')),)); \
        print(facts_of(f).accesses)"
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from corpora.analysis.affine import EXTREMES, combine, integer_of, is_wide
from corpora.analysis.facts import (
    ArrayAccess,
    Effect,
    FunctionFacts,
    Guard,
    LoopFacts,
    ScalarAccess,
    Variable,
)
from corpora.analysis.inequalities import System, implies_nonnegative
from corpora.analysis.loops import (
    LoopRange,
    assigned_names,
    early_exits,
    loop_range,
    root_name,
    written_roots,
)
from corpora.analysis.polynomial import Polynomial, Symbol, integer, of_symbol, operation, variable
from corpora.analysis.pure_functions import BARRIERS, SHAPE, is_pure
from corpora.analysis.reasons import Reason
from corpora.analysis.updates import as_extreme, as_update, atomic_update
from corpora.ir import (
    Access,
    ArrayType,
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
    Goto,
    If,
    Include,
    Increment,
    InitializerList,
    Interface,
    Jump,
    KernelLaunch,
    Label,
    Literal,
    Macro,
    Member,
    Module,
    Name,
    NamedType,
    PointerType,
    Pragma,
    ReferenceType,
    Return,
    ScalarType,
    Section,
    SizeOf,
    Span,
    Specification,
    Statement,
    StructDefinition,
    Switch,
    TranslationUnit,
    Type,
    TypeAlias,
    Unary,
    Unsupported,
    UnsupportedExpression,
    Using,
    While,
    find,
    walk,
)

THREAD_INDEX = ("threadIdx", "blockIdx", "blockDim", "gridDim")
_ALLOCATORS = (
    "malloc",
    "calloc",
    "realloc",
    "aligned_alloc",
    "new",
    "new[]",
    "std::malloc",
    "std::calloc",
)
_FLOATING = ("f16", "f32", "f64", "f80", "c64", "c128")
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where a pointer points: `offset` elements after the place in `array` that the leading
    subscripts `prefix` select; prefix is () for the array's start.

    array: the variable's key, its name made unique in the function. offset None, or None in
    `prefix`: unknown.
    """

    array: str
    offset: Polynomial | None = Polynomial()
    prefix: tuple[Polynomial | None, ...] = ()


Value = Polynomial | Pointer | None


@dataclass(slots=True)
class _State:
    """What holds at one point of the walk."""

    values: dict[str, Value]
    assigned: dict[int, frozenset[str]]
    guards: tuple[Guard, ...] = ()
    alive: bool = True

    def copy(self) -> _State:
        return _State(dict(self.values), dict(self.assigned), self.guards, self.alive)

    def become(self, other: _State) -> None:
        self.values, self.assigned = other.values, other.assigned
        self.guards, self.alive = other.guards, other.alive


@dataclass(slots=True)
class _Frame:
    """A loop or switch that `break` and `continue` may mean."""

    loop: bool
    label: str = ""
    breaks: list[_State] = field(default_factory=list)
    continues: list[_State] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where something is stored: a scalar variable, or an element of an array."""

    scalar: Variable | None
    array: str = ""
    indices: tuple[Polynomial | None, ...] = ()
    field: tuple[str, ...] = ()
    type: Type | None = None
    whole: bool = False
    system: System = System()


@dataclass(frozen=True, slots=True, eq=False)
class _Same:
    """A node as a key by identity: equal trees at two places have facts of their own."""

    node: Function | TranslationUnit | None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.node is other.node

    def __hash__(self) -> int:
        return id(self.node)


def facts_of(function: Function, unit: TranslationUnit | None = None) -> FunctionFacts:
    """Return everything that `function` reads, writes, loops over and depends on, from one walk
    over it in the order of execution.

    unit: the parsed text around `function`, whose structures, globals and pure functions are then
        known; None if there is none. What is not understood is an Effect in the result; nothing is
        raised.
    """
    pure = pure_functions_of(unit) if unit is not None else frozenset()
    return _facts(_Same(function), _Same(unit), pure)


def globals_of(unit: TranslationUnit) -> tuple[Declaration, ...]:
    """Return the variables declared outside functions, those in namespaces and modules too, in the
    order of the text.
    """
    found: list[Declaration] = []
    queue = list(unit.items)
    while queue:
        item = queue.pop(0)
        if isinstance(item, Declaration):
            found.append(item)
        elif isinstance(item, Module):
            queue += item.items
    return tuple(found)


@lru_cache(maxsize=256)
def _facts(function: _Same, unit: _Same, pure: frozenset[str]) -> FunctionFacts:
    around = unit.node
    if around is None:
        return _Walk(function.node, (), pure, ()).run()
    structures = tuple(find(around.items, StructDefinition))
    return _Walk(function.node, structures, pure, globals_of(around)).run()


def pure_functions_of(unit: TranslationUnit) -> frozenset[str]:
    """Return the names of functions in `unit` without effects. They write only their own locals,
    and read only arguments, locals and constants. Of a name that is defined several times, such as
    for `float` and `double`, this holds for all of its functions.
    """
    return _pure_functions(_Same(unit))


@lru_cache(maxsize=64)
def _pure_functions(unit: _Same) -> frozenset[str]:
    named: dict[str, list[Function]] = {}
    for each in find(unit.node.items, Function):
        if each.body is not None:
            named.setdefault(each.name, []).append(each)
    pure: frozenset[str] = frozenset()
    for _ in range(4):
        more = frozenset(
            name
            for name, functions in named.items()
            if name not in pure
            and all(_has_no_effect(_facts(_Same(f), unit, pure)) for f in functions)
        )
        if not more:
            break
        pure |= more
    return pure


def _has_no_effect(facts: FunctionFacts) -> bool:
    if facts.effects or any(_is_loose(a.array) and a.writes for a in facts.accesses):
        return False
    by_key = {v.key: v for v in facts.variables}

    def own(key: str, scalar: bool) -> bool:
        variable_ = by_key.get(key)
        if variable_ is None or variable_.storage in ("global", "static", "member"):
            return False
        by_value = scalar and not is_by_reference(variable_)
        return variable_.storage in ("local", "result") or by_value

    def steady(key: str) -> bool:
        variable_ = by_key.get(key)
        if variable_ is None or variable_.storage in ("static", "member"):
            return False
        bottom = element_type(variable_.type)
        constant = getattr(bottom, "const", False) or {"parameter", "constexpr"} & set(
            variable_.words
        )
        return variable_.storage != "global" or bool(constant)

    if not all(steady(a.array) for a in facts.accesses):
        return False
    if not all(steady(s.variable) for s in facts.scalars):
        return False
    writes = [(a.array, False) for a in facts.accesses if a.writes]
    writes += [(s.variable, True) for s in facts.scalars if s.kind != "read"]
    return all(own(key, scalar) for key, scalar in writes)


def is_by_reference(variable_: Variable) -> bool:
    """Return whether the caller sees a write to this scalar, as for C++ references and Fortran
    arguments. variable_: a scalar that the function declares.
    """
    if isinstance(variable_.type, ReferenceType):
        return True
    return variable_.storage == "parameter" and "fortran" in variable_.words


def _is_loose(array: str) -> bool:
    """Whether an access's array stands for a pointer that could not be followed."""
    return array.startswith("*")


def strip_reference(type_: Type | None) -> Type | None:
    """Return the type that a reference refers to; another type, or None (no known type), comes back
    unchanged.
    """
    return type_.to if isinstance(type_, ReferenceType) else type_


def element_type(type_: Type | None) -> Type | None:
    """Return the type at the bottom of arrays, pointers and references; another type, or None (no
    known type), comes back unchanged.
    """
    type_ = strip_reference(type_)
    while isinstance(type_, (ArrayType, PointerType)):
        type_ = type_.of if isinstance(type_, ArrayType) else type_.to
    return type_


def rank_of(type_: Type | None) -> int:
    """Return the number of subscripts that reach an element of this type; 0 for a scalar, and for
    None (no known type).
    """
    type_, rank = strip_reference(type_), 0
    while isinstance(type_, (ArrayType, PointerType)):
        rank += len(type_.extents) if isinstance(type_, ArrayType) else 1
        type_ = type_.of if isinstance(type_, ArrayType) else type_.to
    return rank


def _is_tracked(type_: Type | None) -> bool:
    """Whether a scalar of this type is followed as an integer."""
    type_ = strip_reference(type_)
    if type_ is None or isinstance(type_, NamedType):
        return True
    return is_wide(type_) or (isinstance(type_, ScalarType) and type_.name == "auto")


def _is_floating(type_: Type | None) -> bool:
    type_ = element_type(type_)
    return isinstance(type_, ScalarType) and type_.name in _FLOATING


def has_effects(expression: object) -> bool:
    """Return whether evaluating `expression` may change a variable: it assigns, increments, or
    calls a function that is not known to be pure, or has a part that the front end does not know.
    expression: a node of the tree of `corpora.ir`, or a tuple of nodes; for anything else, such as
    None, the answer is False.
    """
    for node in walk(expression):
        if isinstance(node, (Increment, AssignExpression, UnsupportedExpression)):
            return True
        if isinstance(node, Call) and not is_pure(getattr(node.function, "id", "")):
            return True
    return False


class _Walk:
    """One symbolic run over a function."""

    def __init__(
        self,
        function: Function,
        structures: tuple[StructDefinition, ...],
        pure: frozenset[str],
        shared: tuple[Declaration, ...],
    ) -> None:
        self.function, self.pure, self.shared = function, pure, shared
        keywords = {n.keyword: n for n in find(function.body or (), Specification)}
        self.keeps_all = bool({"save", "common", "data"} & keywords.keys())
        self.equivalence = keywords.get("equivalence")
        self.structures = {s.name: {f.name: f.type for f in s.fields} for s in structures}
        self.accesses: list[ArrayAccess] = []
        self.scalars: list[ScalarAccess] = []
        self.loops: list[LoopFacts] = []
        self.effects: list[Effect] = []
        self.variables: dict[str, Variable] = {}
        self.given: list[tuple[str, Polynomial]] = []
        self.scopes: list[dict[str, Variable]] = [{}]
        self.stack: list[int] = []
        self.frames: list[_Frame] = []
        self.silent = 0
        self.order = 0
        self.statement_order = 0
        self.counted = 0
        self.loop_ids = 0
        self.untyped: set[Symbol] = set()
        body = function.body or ()
        self.written = written_roots(body)
        self.integer_writes = self._writes_integers(body)

    # ------------------------------------------------------------------------------- set-up

    def run(self) -> FunctionFacts:
        state = _State({}, {})
        for node in self.shared:
            words = node.storage
            self.scopes[0][node.name] = self._new(node.name, node.type, "global", words, node.span)
        self.scopes.append({})
        self._enter(state)
        if self.equivalence is not None:
            sentence = "equivalence lets variables share memory"
            self.effect("EQUIVALENCE", sentence, self.equivalence.span)
        for name in (self.function.result_name, self.function.name):
            if name and any(p.column_major for p in find(self.function, ArrayType)):
                self.scopes[1].setdefault(name, self._new(name, None, "result"))
        self.block(self.function.body or (), state)
        self.loops.sort(key=lambda facts: facts.id)
        return FunctionFacts(
            tuple(self.accesses),
            tuple(self.scalars),
            tuple(self.loops),
            tuple(self.effects),
            tuple(self.variables.values()),
            tuple(self.given),
        )

    def _enter(self, state: _State) -> None:
        fortran = _is_fortran(self.function)
        for parameter in self.function.parameters:
            words = (*parameter.attributes, *([parameter.intent] if parameter.intent else []))
            words = (*words, "fortran") if fortran else words
            declared = self._new(parameter.name, parameter.type, "parameter", words, parameter.span)
            self.scopes[1][parameter.name] = declared
            if any(getattr(t, "volatile", False) for t in walk(parameter.type)):
                self.effect("VOLATILE", f"`{parameter.name}` is volatile", parameter.span)
            if isinstance(strip_reference(parameter.type), PointerType):
                state.values[declared.key] = Pointer(declared.key)
        facts = []
        for axis in "xyz":
            for index, size in (("threadIdx", "blockDim"), ("blockIdx", "gridDim")):
                value, count = variable(f"{index}.{axis}"), variable(f"{size}.{axis}")
                facts += [value, count - 1 - value]
        if "__global__" in self.function.qualifiers or "__device__" in self.function.qualifiers:
            state.guards = (Guard(None, True, System((), tuple(facts))),)

    def _new(
        self,
        name: str,
        type_: Type | None,
        storage: str,
        words: tuple[str, ...] = (),
        span: Span | None = None,
        loops: tuple[int, ...] | None = None,
    ) -> Variable:
        key, number = name, 2
        while key in self.variables and not self._is_same(key, span, name):
            key, number = f"{name}@{number}", number + 1
        around = tuple(self.stack) if loops is None else loops
        made = Variable(key, name, type_, storage, around, words, span)
        self.variables[key] = made
        return made

    def _is_same(self, key: str, span: Span | None, name: str) -> bool:
        """Whether a second pass over a loop declares the same variable again."""
        old = self.variables[key]
        visible = any(old is scope.get(name) for scope in self.scopes)
        return old.name == name and old.span == span and span is not None and not visible

    def _writes_integers(self, body: tuple[Statement, ...]) -> bool:
        """Whether some written array may hold integers, so that loads of them may change."""
        types = {p.name: p.type for p in self.function.parameters}
        types |= {d.name: d.type for d in find(body, Declaration)}
        found = [types.get(n) for n in self.written if n not in types or rank_of(types.get(n))]
        return any(not _is_floating(t) for t in found)

    def lookup(self, name: str) -> Variable:
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        made = self._new(name, None, "global", (), None, ())
        self.scopes[0][name] = made
        return made

    def guard(self, condition: Expression | None, holds: bool, system: System) -> Guard:
        self.counted += 1
        return Guard(condition, holds, system, None, self.counted)

    def fresh(self, name: str, array: str = "") -> Polynomial:
        self.counted += 1
        return of_symbol(Symbol(f"{name}#{self.counted}", frozenset(self.stack), array=array))

    # ------------------------------------------------------------------------------ records

    def effect(self, code: str, sentence: str, span: Span | None, *names: str) -> None:
        if not self.silent:
            reason = Reason(code, sentence, names, span)
            self.effects.append(Effect(reason, tuple(self.stack), self.order))

    def record(self, place: _Place, kind: str, state: _State, node, operator: str = "") -> None:
        """Note an access to `place`."""
        self.order += 1
        if place.scalar is not None:
            self._record_scalar(place.scalar, kind, state, node, operator)
        elif not self.silent:
            guards = state.guards
            if place.system != System():
                guards = (*guards, Guard(None, True, place.system))
            self.accesses.append(
                ArrayAccess(
                    place.array,
                    place.indices,
                    kind,
                    operator,
                    guards,
                    tuple(self.stack),
                    self.order,
                    self.statement_order,
                    place.field,
                    place.whole,
                    node,
                    getattr(node, "span", None),
                )  # fmt: skip
            )

    def _record_scalar(
        self, variable_: Variable, kind: str, state: _State, node, operator: str
    ) -> None:
        key = variable_.key
        exposed: frozenset[int] = frozenset()
        if kind != "write":
            exposed = frozenset(i for i, known in state.assigned.items() if key not in known)
        if not self.silent:
            self.scalars.append(
                ScalarAccess(
                    key,
                    kind,
                    operator,
                    tuple(self.stack),
                    exposed,
                    state.guards,
                    self.order,
                    node,
                    getattr(node, "span", None),
                )  # fmt: skip
            )
        if kind == "write":
            self.mark_assigned(key, state)

    def mark_assigned(self, key: str, state: _State) -> None:
        state.assigned = {i: known | {key} for i, known in state.assigned.items()}

    # --------------------------------------------------------------------------- statements

    def block(self, statements: Iterable[Statement], state: _State) -> None:
        for statement in statements:
            if not state.alive:
                if any(isinstance(n, Label) for n in walk(statement)):
                    self.effect("GOTO", "code after a jump is reached by a label", None)
                continue
            self.statement_order = self.order + 1
            self.statement(statement, state)

    def statement(self, node: Statement, state: _State) -> None:
        if isinstance(node, Declaration):
            self.declare(node, state)
        elif isinstance(node, Assign):
            self.assign(node.target, node.op, node.value, node, state)
        elif isinstance(node, ExpressionStatement):
            self.evaluate(node.expression, state)
        elif isinstance(node, If):
            self.branch(node, state)
        elif isinstance(node, (For, While)):
            self.loop(node, state)
        elif isinstance(node, Compound):
            self.scopes.append({})
            self.block(node.body, state)
            self.scopes.pop()
        elif isinstance(node, Switch):
            self.switch(node, state)
        elif isinstance(node, Return):
            if node.value is not None:
                self.evaluate(node.value, state)
            state.alive = False
        elif isinstance(node, Jump):
            self.jump(node, state)
        elif isinstance(node, (Goto, Label)):
            word = "goto" if isinstance(node, Goto) else "label"
            name = getattr(node, "label", "") or getattr(node, "name", "")
            if isinstance(node, Goto) and node.value is not None:
                name = ", ".join(node.choices)
                self.evaluate(node.value, state)
            self.effect("GOTO", f"{word} `{name}` makes the flow of control unknown", node.span)
            self.forget(state, state.values)
        elif isinstance(node, KernelLaunch):
            self.effect("LAUNCH", "a kernel launch has effects that are not read here", node.span)
        elif isinstance(node, Unsupported):
            self.effect("UNSUPPORTED", f"{node.kind} is not understood", node.span)
            self.forget(state, state.values)
        elif not isinstance(node, _SILENT):
            kind = type(node).__name__
            self.effect("UNSUPPORTED", f"{kind} is not understood", getattr(node, "span", None))
            self.forget(state, state.values)

    def forget(self, state: _State, keys: Iterable[str]) -> None:
        for key in list(keys):
            old = state.values.get(key)
            state.values[key] = None if isinstance(old, Pointer) else self.fresh(key)

    def declare(self, node: Declaration, state: _State) -> None:
        name = node.name
        known = self.scopes[1].get(name)
        if known and known.storage in ("parameter", "result") and len(self.scopes) == 2:
            if known.type is None or (known.storage == "result" and node.type):
                self.scopes[1][name] = replace(known, type=node.type)
                self.variables[known.key] = self.scopes[1][name]
            return
        words = node.storage
        kept = {"static", "save", "extern"} & set(words)
        value, fortran = node.value, _is_fortran(self.function)
        if self.keeps_all:
            kept.add("save")
        if fortran and value is not None and "parameter" not in words:
            kept.add("save")  # Fortran keeps what is initialised where it is declared
        items = [e for t in _types_below(node.type) for e in _extent_expressions(t)]
        for item in items:
            self.evaluate(item, state)
        if value is not None and not isinstance(value, InitializerList) and not kept:
            computed = self.evaluate(value, state)
        else:
            computed = self.evaluate(value, state) if value is not None else None
        storage = "static" if kept else "local"
        declared = self._new(name, node.type, storage, words, node.span)
        self.scopes[-1][name] = declared
        if any(getattr(t, "volatile", False) for t in walk(node.type)):
            self.effect("VOLATILE", f"`{name}` is volatile", node.span, name)
        for argument in node.arguments or ():
            self.evaluate(argument, state)
        if isinstance(node.type, ReferenceType) and value is not None:
            self.effect("REFERENCE", f"the reference `{name}` is not followed", node.span, name)
        if not kept:
            self.mark_assigned(declared.key, state)
        self.order += 1
        if rank_of(node.type) and not isinstance(node.type, PointerType):
            return
        if node.value is None or kept:
            state.values.pop(declared.key, None)
            if node.value is None and isinstance(node.type, PointerType):
                state.values[declared.key] = None
            elif node.value is None or kept:
                state.values[declared.key] = self.fresh(declared.key)
            return
        self.store(declared, computed, state)
        self.record(_Place(declared), "write", state, node)

    def store(self, target: Variable, value: Value, state: _State) -> None:
        """Give a scalar variable a value."""
        type_ = strip_reference(target.type)
        if isinstance(value, Pointer):
            state.values[target.key] = value
            return
        if isinstance(type_, PointerType) or (value is None and _is_floating(type_)):
            state.values[target.key] = None
            return
        narrow = isinstance(type_, ScalarType) and not is_wide(type_) and type_.name != "auto"
        fits = (
            value is not None and (number := value.as_integer()) is not None and 0 <= number < 128
        )
        if isinstance(type_, ScalarType) and type_.name == "auto" and value is None:
            state.values[target.key] = None
            return
        if value is None or (narrow and not fits) or target.name in self.escaped:
            value = self.fresh(target.key)
        if _is_floating(type_):
            state.values[target.key] = None
            return
        state.values[target.key] = value
        if not self.silent:
            self.given.append((target.key, value))

    @cached_property
    def escaped(self) -> set[str]:
        """Scalars whose address is taken: their values are not followed."""
        taken = (n.operand for n in find(self.function.body or (), Unary) if n.op == "&")
        return {operand.id for operand in taken if isinstance(operand, Name)}

    def assign(
        self, target: Expression, op: str, value: Expression | None, node, state: _State
    ) -> Value:
        """An assignment; gives the value that the target has then."""
        if isinstance(target, UnsupportedExpression):
            self.effect("UNSUPPORTED", f"{target.kind} is not understood", target.span)
        if op == "=>":
            self.effect("POINTER", "a Fortran pointer is not followed", getattr(node, "span", None))
        update = as_update(target, op, value)
        right: Value = integer(1)
        if value is not None:
            if update is not None and op == "=":
                for operand in update[1]:
                    self.evaluate(operand, state)
                right = self.quiet(value, state)
            else:
                right = self.evaluate(value, state)
        place = self.place(target, state)
        if place is None:
            self.effect("PLACE", "what is assigned is not understood", getattr(node, "span", None))
            return None
        if update is not None:
            self.record(place, "update", state, target, update[0])
        else:
            if op not in ("=", "=>"):
                self.record(place, "read", state, target)
            self.record(place, "write", state, target)
        if place.scalar is None:
            return right if op == "=" else None
        result = right if op == "=" else self.stepped(place.scalar, op, right, state)
        self.store(place.scalar, result, state)
        return state.values.get(place.scalar.key)

    def stepped(self, target: Variable, op: str, right: Value, state: _State) -> Value:
        old = self.value_of(target, state)
        sign = op[0] if op in ("++", "--") else op[:-1]
        if isinstance(old, Pointer) and sign in "+-" and isinstance(right, Polynomial):
            return moved(old, right if sign == "+" else -right)
        if isinstance(old, Polynomial) and isinstance(right, Polynomial):
            return combine(sign, old, right)
        return None

    def branch(self, node: If, state: _State) -> None:
        extreme = as_extreme(node)
        if extreme is not None and not has_effects(node.test):
            self.extreme(extreme, node, state)
            return
        self.evaluate(node.test, state)
        side = state.copy()
        if not node.where:
            holds = self.condition(node.test, True, state)
            fails = self.condition(node.test, False, side)
            state.guards = (*state.guards, self.guard(node.test, True, holds))
            side.guards = (*side.guards, self.guard(node.test, False, fails))
        before = state.guards[:-1] if not node.where else state.guards
        for body, at in ((node.then, state), (node.otherwise, side)):
            self.scopes.append({})
            self.block(body, at)
            self.scopes.pop()
        state.become(self.join([state, side], before))

    def extreme(self, found, node: If, state: _State) -> None:
        """`if (e < m) m = e` with what goes along."""
        before = state.guards
        for condition in found.conditions:
            self.evaluate(condition, state)
            holds = self.condition(condition, True, state)
            state.guards = (*state.guards, self.guard(condition, True, holds))
        self.evaluate(found.value, state)
        place = self.place(found.target, state)
        if place is None:
            self.effect("PLACE", "what is compared is not understood", node.span)
            state.guards = before
            return
        guarded = state.copy()
        guarded.guards = (*state.guards, self.guard(node.test, True, System()))
        self.record(place, "update", state, found.target, found.operator)
        if place.scalar is not None:
            self.store(place.scalar, None, state)
        owner = place.scalar.key if place.scalar else place.array
        for companion in found.companions:
            self.evaluate(companion.value, guarded)
            target = self.lookup(companion.target.id)
            word = f"arg{found.operator}:{owner}" + ("" if found.strict else ":last")
            self.record(_Place(target), "update", guarded, companion.target, word)
            self.store(target, None, state)
        state.guards = before

    def switch(self, node: Switch, state: _State) -> None:
        value = self.evaluate(node.value, state)
        before = state.guards
        entry = state.copy()
        frame = _Frame(False)
        self.frames.append(frame)
        self.scopes.append({})
        ends: list[_State] = []
        current: _State | None = None
        for case in node.cases:
            start = entry.copy()
            label = integer_of(case.values[0]) if len(case.values) == 1 else None
            if isinstance(value, Polynomial) and label is not None:
                start.guards = (*before, self.guard(None, True, System((value - label,))))
            if node.falls_through and current is not None and current.alive:
                start = self.join([start, current], before)
            self.block(case.body, start)
            current = start
            if not node.falls_through:
                ends.append(start)
        if current is not None and node.falls_through:
            ends.append(current)
        self.scopes.pop()
        self.frames.pop()
        if not any(not case.values for case in node.cases):
            ends.append(entry)
        state.become(self.join([*ends, *frame.breaks], before))

    def jump(self, node: Jump, state: _State) -> None:
        wanted = [
            f
            for f in self.frames
            if (f.label == node.label if node.label else f.loop or node.kind == "break")
        ]
        if _is_fortran(self.function) and not node.label:
            wanted = [f for f in wanted if f.loop]
        if wanted and node.kind in ("break", "continue"):
            kept = wanted[-1].breaks if node.kind == "break" else wanted[-1].continues
            kept.append(state.copy())
        elif node.kind != "stop":
            self.effect("JUMP", f"`{node.kind}` leaves nothing that is known", node.span)
        state.alive = False

    def join(self, states: list[_State], before: tuple[Guard, ...]) -> _State:
        """What holds where several ways meet. before: guards that hold on all of them."""
        alive = [s for s in states if s.alive]
        if not alive:
            dead = states[0].copy() if states else _State({}, {})
            dead.alive = False
            return dead
        if len(alive) == 1:
            return alive[0].copy()
        first = alive[0].copy()
        first.guards = before
        for key in set().union(*(s.values.keys() for s in alive)):
            values = [s.values.get(key, _MISSING) for s in alive]
            if any(v != values[0] for v in values[1:]):
                first.values[key] = self.merged(key, values)
        first.assigned = {
            i: frozenset.intersection(*(s.assigned.get(i, frozenset()) for s in alive))
            for i in set().union(*(s.assigned.keys() for s in alive))
        }
        return first

    def merged(self, key: str, values: list) -> Value:
        pointers = [v for v in values if isinstance(v, Pointer)]
        if len(pointers) == len(values):
            same = {(p.array, p.prefix) for p in pointers}
            if len(same) == 1:
                return replace(pointers[0], offset=self.fresh(key))
            return None
        if pointers or None in values:
            return None
        return self.fresh(key)

    # -------------------------------------------------------------------------------- loops

    def loop(self, node: For | While, state: _State) -> None:
        self.loop_ids += 1
        number = self.loop_ids
        self.scopes.append({})
        types = {n: v.type for scope in self.scopes for n, v in scope.items()}
        found = loop_range(node, types)
        self._start(node, state, number)
        entry = state.copy()
        head = self._head(node, found, number, state)
        test = (node.test,) if node.test is not None else ()
        parts = (node.body, getattr(node, "step", ()), test)
        names = assigned_names(parts) | self._by_calls(parts)
        changed = [k for k in self._visible(names) if k != head.variable]
        inductions: dict[str, Polynomial] = {}
        if _stepped_names(parts) & {self.variables[k].name for k in changed}:
            self.silent += 1
            trial, starts = self._iteration_state(entry, head, changed, {}, number)
            loops_before = len(self.loops)
            self._body(node, head, trial, number)
            del self.loops[loops_before:]
            self.silent -= 1
            inductions = self._inductions(starts, trial, number)
        first = self.order + 1
        inner, _ = self._iteration_state(entry, head, changed, inductions, number)
        breaks = self._body(node, head, inner, number)
        exits = early_exits(node)
        if not self.silent:
            self.loops.append(
                LoopFacts(
                    number,
                    node,
                    (*self.stack, number),
                    found,
                    head.counter,
                    head.direction,
                    head.value,
                    head.system,
                    head.trip,
                    tuple(inductions.items()),
                    inner.assigned.get(number, frozenset()) if inner.alive else frozenset(),
                    exits,
                    first,
                    self.order + 1,
                    head.variable,
                )  # fmt: skip
            )
        self.scopes.pop()
        self._leave(node, state, entry, head, changed, inductions, inner, number, exits, breaks)

    def _by_calls(self, parts: object) -> set[str]:
        """Variables that calls in a loop may change: references and globals."""
        calls = [c for c in find(parts, Call) if not self._is_harmless(c)]
        if not calls:
            return set()
        named = {a.id for c in calls for a in c.arguments if isinstance(a, Name)}
        shared = {v.name for v in self.variables.values() if v.storage in ("global", "static")}
        return named | shared

    def _is_harmless(self, call: Call) -> bool:
        name = getattr(call.function, "id", "")
        return is_pure(name) or name in self.pure or name in BARRIERS

    def _visible(self, names: set[str]) -> list[str]:
        keys = []
        for name in sorted(names):
            for scope in reversed(self.scopes):
                if name in scope:
                    keys.append(scope[name].key)
                    break
        return keys

    def _start(self, node: For | While, state: _State, number: int) -> None:
        if not isinstance(node, For) or node.bounds is not None:
            return
        for statement in node.start:
            if isinstance(statement, Declaration):
                self.stack.append(number)
                self.declare(statement, state)
                self.stack.pop()
            else:
                self.statement(statement, state)

    def _head(
        self, node: For | While, found: LoopRange | Reason, number: int, state: _State
    ) -> _Head:
        inside = frozenset((*self.stack, number))
        if isinstance(found, Reason):
            counter = Symbol(f".{number}", inside)
            value = of_symbol(counter)
            if isinstance(node, For) and node.bounds is not None:
                key = self.lookup(node.bounds.variable).key
                return _Head(counter, 1, None, System((), (value,)), None, value, key)
            return _Head(counter, 1, None, System((), (value,)), None, value, "")
        variable_ = self.lookup(found.variable)
        if isinstance(node, For) and node.bounds is not None:
            lower = self.number(self.evaluate(found.lower, state), found.variable)
            if found.step_expression is not None:
                self.evaluate(found.step_expression, state)
            upper = self.number(self.evaluate(found.upper_inclusive, state), f"{found.variable}'")
        else:
            before = isinstance(node, For) and not node.step
            first = self.value_of(variable_, state)
            last = self.quiet(found.upper_inclusive, state)
            if rank_of(variable_.type):
                return self._pointer_head(found, variable_, first, last, inside, number, state)
            start = self.number(first, found.variable)
            lower = start - 1 if before else start
            upper = self.number(last, f"{found.variable}'")
        return self._counter(found, variable_, lower, upper, inside, number, state)

    def _pointer_head(
        self, found: LoopRange, variable_: Variable, first: Value, last: Value,
        inside: frozenset[int], number: int, state: _State,
    ) -> _Head:  # fmt: skip
        """A loop whose counter is a pointer: it is counted by the pointer's offset."""
        known = isinstance(first, Pointer) and first.offset is not None
        lower = first.offset if known else self.fresh(found.variable)
        same = known and isinstance(last, Pointer) and last.offset is not None
        same = same and (first.array, first.prefix) == (last.array, last.prefix)
        upper = last.offset if same else self.fresh(f"{found.variable}'")
        head = self._counter(found, variable_, lower, upper, inside, number, state)
        return replace(head, pointer=first if known else None, is_pointer=True)

    def _counter(
        self, found: LoopRange, variable_: Variable, lower: Polynomial, upper: Polynomial,
        inside: frozenset[int], number: int, state: _State,
    ) -> _Head:  # fmt: skip
        sign, facts = found.direction, []
        if found.step in (1, -1):
            counter = Symbol(f"{found.variable}.{number}", inside)
            value = of_symbol(counter)
            iteration = (value - lower) * sign
            facts.append(iteration)
            trip = operation("max", (integer(0), (upper - lower) * sign + 1))
            direction, step = sign, integer(sign)
        else:
            counter = Symbol(f"{found.variable}.{number}", inside)
            iteration = of_symbol(counter)
            if found.step is not None:
                step = integer(found.step)
                size = abs(found.step)
                count = operation("/", ((upper - lower) * sign + size, integer(size)))
                trip = operation("max", (integer(0), count))
            else:
                step = self.number(self.quiet(found.step_expression, state), "step")
                facts.append(step * sign - 1)
                trip = None
            value = lower + step * iteration
            facts.append(iteration)
            direction = 1
        facts.append((upper - value) * sign)
        if not found.exact:
            trip = None
        system = System((), tuple(facts))
        return _Head(counter, direction, value, system, trip, iteration, variable_.key, lower, step)

    def number(self, value: Value, name: str) -> Polynomial:
        return value if isinstance(value, Polynomial) else self.fresh(name)

    def _iteration_state(
        self, entry: _State, head: _Head, changed: list[str],
        inductions: dict[str, Polynomial], number: int,
    ) -> tuple[_State, dict[str, Value]]:  # fmt: skip
        """The state at the start of any iteration, and the values given to what changes."""
        state = entry.copy()
        self.stack.append(number)
        given: dict[str, Value] = {}
        for key in changed:
            old = entry.values.get(key)
            if old is None and key not in entry.values:
                old = self.value_of(self.variables[key], entry)
            if key in inductions:
                distance = inductions[key] * head.iteration
                state.values[key] = (
                    moved(old, distance) if isinstance(old, Pointer) else old + distance
                )
            elif isinstance(old, Pointer):
                state.values[key] = replace(old, offset=self.fresh(key)) if self.silent else None
            elif isinstance(old, Polynomial):
                state.values[key] = self.fresh(key)
            given[key] = state.values.get(key)
        self.stack.pop()
        if head.variable and head.value is not None:
            state.values[head.variable] = head.at(head.value)
        elif head.variable:
            self.stack.append(number)
            state.values[head.variable] = self.fresh(head.variable)
            self.stack.pop()
        state.assigned[number] = frozenset({head.variable} if head.variable else ())
        return state, given

    def _body(self, node: For | While, head: _Head, state: _State, number: int) -> list[_State]:
        """One iteration, with what the head does after it. Gives the states of breaks."""
        self.stack.append(number)
        frame = _Frame(True, getattr(node, "label", ""))
        self.frames.append(frame)
        system = head.system
        if node.test is not None and not getattr(node, "after", False):
            if not (head.value is not None and has_effects(node.test)):
                self.evaluate(node.test, state)
                system = system.joined(self.condition(node.test, True, state))
        state.guards = (*state.guards, Guard(node.test, True, system, number))
        guards = state.guards
        if isinstance(node, For) and node.bounds is not None and node.bounds.mask is not None:
            self.evaluate(node.bounds.mask, state)
        self.scopes.append({})
        if isinstance(node, For) and node.bounds is not None:
            for extra in node.bounds.nested:
                self.store(self.lookup(extra.variable), None, state)
                self.mark_assigned(self.lookup(extra.variable).key, state)
        self.block(node.body, state)
        self.scopes.pop()
        self.frames.pop()
        state.become(self.join([state, *frame.continues], guards))
        if state.alive:
            if node.test is not None and getattr(node, "after", False):
                self.evaluate(node.test, state)
            for statement in getattr(node, "step", ()):
                self.statement(statement, state)
        self.stack.pop()
        return frame.breaks

    def _inductions(
        self, starts: dict[str, Value], end: _State, number: int
    ) -> dict[str, Polynomial]:
        """Variables that one iteration changes by an amount that is the same for all."""
        found: dict[str, Polynomial] = {}
        if not end.alive:
            return found
        for key, old in starts.items():
            new = end.values.get(key)
            if isinstance(old, Pointer) and isinstance(new, Pointer):
                if (old.array, old.prefix) != (new.array, new.prefix):
                    continue
                old, new = old.offset, new.offset
            if not isinstance(old, Polynomial) or not isinstance(new, Polynomial):
                continue
            step = new - old
            if not step.varies_in(number):
                found[key] = step
        return found

    def _leave(
        self, node, state: _State, entry: _State, head: _Head, changed: list[str],
        inductions: dict[str, Polynomial], end: _State, number: int, exits: tuple[Reason, ...],
        breaks: list[_State],
    ) -> None:  # fmt: skip
        """The state behind the loop."""
        out = entry.copy()
        closed = head.trip is not None and not exits
        for key in changed:
            old = entry.values.get(key)
            if key in inductions and closed and old is not None:
                distance = inductions[key] * head.trip
                out.values[key] = (
                    moved(old, distance) if isinstance(old, Pointer) else old + distance
                )
            elif isinstance(old, Pointer) and key in inductions:
                out.values[key] = replace(old, offset=self.fresh(key))
            elif isinstance(old, Pointer) or (old is None and key in entry.values):
                out.values[key] = None
            else:
                out.values[key] = self.fresh(key)
        if head.variable:
            if closed and head.value is not None:
                out.values[head.variable] = head.at(head.lower + head.step * head.trip)
            else:
                out.values[head.variable] = None if head.is_pointer else self.fresh(head.variable)
            if isinstance(node, For) and node.bounds is not None:
                self.mark_assigned(head.variable, out)
        if (
            closed
            and self._runs(entry, head)
            and end.alive
            or getattr(node, "after", False)
            and not exits
            and end.alive
        ):
            for i, known in end.assigned.items():
                if i in out.assigned and i != number:
                    out.assigned[i] |= known
        out.assigned.pop(number, None)
        for inner in range(number + 1, self.loop_ids + 1):  # what loops in it left is still there
            out.assigned[-1 - inner] = frozenset()
        out.assigned[-1 - number] = frozenset({head.variable} if head.variable else ())
        state.become(out)

    def _runs(self, entry: _State, head: _Head) -> bool:
        """Whether the loop surely has an iteration."""
        if head.trip is None:
            return False
        system = System()
        for guard in entry.guards:
            system = system.joined(guard.system)
        symbol = head.trip.as_symbol()
        values = symbol.arguments if symbol and symbol.operator == "max" else (head.trip,)
        return any(implies_nonnegative(system, v - 1) for v in values)

    # -------------------------------------------------------------------------- expressions

    def quiet(self, node: Expression, state: _State) -> Value:
        """The value of an expression, with no access noted and nothing changed."""
        order, statement = self.order, self.statement_order
        self.silent += 1
        value = self.evaluate(node, state.copy())
        self.silent -= 1
        self.order, self.statement_order = order, statement
        return value

    def value_of(self, variable_: Variable, state: _State) -> Value:
        if variable_.key in state.values:
            return state.values[variable_.key]
        if not _is_tracked(variable_.type) or rank_of(variable_.type):
            return None
        if variable_.name in self.escaped:
            return self.fresh(variable_.key)
        symbol = Symbol(variable_.key)
        if not is_wide(strip_reference(variable_.type)):
            self.untyped.add(symbol)
        return of_symbol(symbol)

    def evaluate(self, node: Expression | None, state: _State) -> Value:
        if node is None:
            return None
        if isinstance(node, Literal):
            number = integer_of(node)
            return integer(number) if number is not None else None
        if isinstance(node, Name):
            return self.name(node, state)
        if isinstance(node, (Access, Member)) or (isinstance(node, Unary) and node.op == "*"):
            return self.load(node, state)
        if isinstance(node, Unary):
            return self.unary(node, state)
        if isinstance(node, Binary):
            return self.binary(node, state)
        if isinstance(node, Conditional):
            return self.conditional(node, state)
        if isinstance(node, Cast):
            return self.cast(node, state)
        if isinstance(node, Call):
            return self.call(node, state)
        if isinstance(node, (Increment, AssignExpression)):
            return self.assignment_value(node, state)
        if isinstance(node, SizeOf):
            return variable(f"sizeof({node.of})")
        if isinstance(node, (Comma, InitializerList)):
            values = [self.evaluate(item, state) for item in node.items]
            return values[-1] if isinstance(node, Comma) and values else None
        if isinstance(node, Section):
            for part in (node.lower, node.upper, node.step):
                self.evaluate(part, state)
            return None
        kind = getattr(node, "kind", type(node).__name__)
        self.effect("UNSUPPORTED", f"{kind} is not understood", getattr(node, "span", None))
        return None

    def name(self, node: Name, state: _State) -> Value:
        variable_ = self.lookup(node.id)
        if isinstance(strip_reference(variable_.type), ArrayType):
            return Pointer(variable_.key)
        self.record(_Place(variable_), "read", state, node)
        return self.value_of(variable_, state)

    def assignment_value(self, node: Increment | AssignExpression, state: _State) -> Value:
        op = node.op
        value = node.value if isinstance(node, AssignExpression) else None
        if isinstance(node, AssignExpression) or not isinstance(node.target, Name):
            old = None
        else:
            old = self.value_of(self.lookup(node.target.id), state)
        new = self.assign(node.target, op, value, node, state)
        if isinstance(node.target, Name):
            # The value is used as well: this is more than an update.
            self.order += 1
            target = self.lookup(node.target.id)
            if as_update(node.target, op, value) is not None:
                self._record_scalar(target, "read", state, node.target, "")
        postfix = isinstance(node, Increment) and not node.prefix
        return old if postfix else new

    def unary(self, node: Unary, state: _State) -> Value:
        if node.op == "&":
            place = self.place(node.operand, state)
            if place is not None and place.scalar is None and place.indices and not place.field:
                *prefix, last = place.indices
                return Pointer(place.array, last, tuple(prefix))
            what = getattr(root_name(node.operand), "strip", lambda: "?")()
            self.effect("ADDRESS", f"the address of `{what}` is taken", node.span, what)
            return None
        value = self.evaluate(node.operand, state)
        if node.op == "-" and isinstance(value, Polynomial):
            return -value
        return value if node.op == "+" else None

    def binary(self, node: Binary, state: _State) -> Value:
        left = self.evaluate(node.left, state)
        if node.op in ("&&", "||"):
            side = state.copy()
            system = self.condition(node.left, node.op == "&&", state)
            side.guards = (*state.guards, self.guard(node.left, node.op == "&&", system))
            self.evaluate(node.right, side)
            if has_effects(node.right):
                state.become(self.join([state, side], state.guards))
            return None
        right = self.evaluate(node.right, state)
        if isinstance(left, Pointer) and isinstance(right, Polynomial) and node.op in "+-":
            return moved(left, right if node.op == "+" else -right)
        if isinstance(right, Pointer) and isinstance(left, Polynomial) and node.op == "+":
            return moved(right, left)
        if isinstance(left, Pointer) and isinstance(right, Pointer) and node.op == "-":
            same = (left.array, left.prefix) == (right.array, right.prefix)
            known = left.offset is not None and right.offset is not None
            return left.offset - right.offset if same and known else None
        if isinstance(left, Polynomial) and isinstance(right, Polynomial):
            return combine(node.op, left, right)
        return None

    def conditional(self, node: Conditional, state: _State) -> Value:
        self.evaluate(node.test, state)
        values = []
        ends = []
        for side, holds in ((node.then, True), (node.otherwise, False)):
            at = state.copy()
            system = self.condition(node.test, holds, state)
            at.guards = (*state.guards, self.guard(node.test, holds, system))
            values.append(self.evaluate(side, at))
            ends.append(at)
        if has_effects((node.then, node.otherwise)):
            state.become(self.join(ends, state.guards))
        if values[0] == values[1]:
            return values[0]
        if all(isinstance(v, Polynomial) for v in values):
            return self._chosen(node.test, values[0], values[1], state)
        return None

    def _chosen(
        self, test: Expression, then: Polynomial, otherwise: Polynomial, state: _State
    ) -> Polynomial:
        """`a < b ? a : b` as a minimum, also where both sides are shifted alike."""
        if isinstance(test, Binary) and test.op in ("<", "<=", ">", ">="):
            left, right = self.quiet(test.left, state), self.quiet(test.right, state)
            if isinstance(left, Polynomial) and isinstance(right, Polynomial):
                if left - right in (then - otherwise, otherwise - then):
                    smaller = (test.op[0] == "<") == (left - right == then - otherwise)
                    return operation("min" if smaller else "max", (then, otherwise))
        return self.fresh("?")

    def cast(self, node: Cast, state: _State) -> Value:
        value = self.evaluate(node.operand, state)
        if isinstance(value, Polynomial):
            loose = value.variables() & self.untyped and not isinstance(node.operand, Name)
            return value if is_wide(node.type) and not loose else None
        if isinstance(value, Pointer) and isinstance(node.type, PointerType):
            known = self.variables.get(value.array)
            old = element_type(known.type) if known else None
            plain = isinstance(old, ScalarType) and isinstance(node.type.to, ScalarType)
            if known is not None and known.storage == "heap":
                return value
            if plain and old.name == node.type.to.name:
                return value
            return replace(value, offset=None)
        return None

    # -------------------------------------------------------------------------------- calls

    def call(self, node: Call, state: _State) -> Value:
        name = node.function.id if isinstance(node.function, Name) else ""
        if (atomic := atomic_update(node)) is not None:
            target, operator, operands = atomic
            for operand in operands:
                self.evaluate(operand, state)
            place = self.place(target, state)
            if place is not None:
                self.record(place, "update", state, target, operator)
            return None
        if name in BARRIERS:
            return None
        arguments = [*node.arguments, *(value for _, value in node.keywords)]
        if name.removeprefix("std::") in SHAPE:
            return self.fresh(name)
        known = is_pure(name) or name in self.pure or name in _ALLOCATORS
        if not isinstance(node.function, Name):
            self.evaluate(getattr(node.function, "base", None), state)
        values = []
        for argument in arguments:
            if not known and isinstance(argument, Unary) and argument.op == "&":
                values.append(self.by_address(argument, state))
            else:
                values.append(self.evaluate(argument, state))
        for argument, value in zip(arguments, values, strict=True):
            if isinstance(value, Pointer) or (value is None and self._is_loose_pointer(argument)):
                self.passed(value, argument, known, state)
        if name in _ALLOCATORS:
            self.counted += 1
            made = self._new(f"heap{self.counted}", None, "heap", (), node.span)
            return Pointer(made.key)
        if not known:
            self.unknown_call(node, name, arguments, state)
            return None
        operator = EXTREMES.get(name)
        if operator and all(isinstance(v, Polynomial) for v in values) and len(values) > 1:
            return operation(operator, tuple(values))
        if name in ("mod", "modulo", "abs", "iabs", "int") and len(values) in (1, 2):
            return self._intrinsic(name, values)
        return None

    def _intrinsic(self, name: str, values: list[Value]) -> Value:
        if not all(isinstance(v, Polynomial) for v in values):
            return None
        if name == "mod" and len(values) == 2:
            return combine("%", *values)
        if name == "int" and len(values) == 1 and not values[0].variables() & self.untyped:
            return values[0]
        return self.fresh(name)

    def _is_loose_pointer(self, argument: Expression) -> bool:
        return isinstance(argument, Name) and rank_of(self.lookup(argument.id).type) > 0

    def by_address(self, argument: Unary, state: _State) -> Value:
        """`&x` as an argument of an unknown call."""
        place = self.place(argument.operand, state)
        if place is None or place.scalar is None:
            return self.unary(argument, state)
        self.record(place, "read", state, argument)
        self.record(place, "write", state, argument)
        self.store(place.scalar, None, state)
        return None

    def passed(self, value: Pointer | None, argument, known: bool, state: _State) -> None:
        """A pointer is given to a function: everything behind it is read, and maybe written."""
        array = value.array if isinstance(value, Pointer) else f"*{root_name(argument)}"
        place = _Place(None, array, (None,), (), None, True)
        self.record(place, "read", state, argument)
        if not known:
            self.record(place, "write", state, argument)

    def unknown_call(self, node: Call, name: str, arguments, state: _State) -> None:
        shown = name or getattr(node.function, "field", "") or "an expression"
        sentence = f"the effects of calling `{shown}` are not known"
        self.effect("CALL", sentence, node.span, shown)
        for argument in arguments:
            if isinstance(argument, Name) and not rank_of(self.lookup(argument.id).type):
                variable_ = self.lookup(argument.id)
                self.record(_Place(variable_), "write", state, argument)
                self.store(variable_, None, state)
        shared = [v for v in self.variables.values() if v.storage in ("global", "static")]
        for variable_ in shared:
            if not rank_of(variable_.type):
                self.store(variable_, None, state)

    # ------------------------------------------------------------------------------- places

    def load(self, node: Expression, state: _State) -> Value:
        """The value of an element."""
        index = _thread_index(node)
        if index:
            return variable(index)
        place = self.place(node, state)
        if place is None:
            self.effect("PLACE", "what is read is not understood", getattr(node, "span", None))
            return None
        if place.scalar is not None:
            self.record(place, "read", state, node)
            return self.value_of(place.scalar, state)
        rank = self.rank_left(node, place)
        if rank:  # a row of an array: nothing is read yet
            return Pointer(place.array, Polynomial(), place.indices)
        self.record(place, "read", state, node)
        return self.loaded(place, node)

    def rank_left(self, node: Expression, place: _Place) -> int:
        known = self.variables.get(place.array)
        if known is None or place.field or place.whole or not isinstance(node, Access):
            return 0
        type_ = strip_reference(known.type)
        return max(0, rank_of(type_) - len(place.indices)) if _is_contiguous(type_) else 0

    def loaded(self, place: _Place, node: Expression) -> Value:
        known = self.variables.get(place.array)
        type_ = (
            place.type if place.type is not None else element_type(known.type if known else None)
        )
        if _is_floating(type_) or isinstance(type_, (PointerType, ArrayType)):
            return None
        if isinstance(type_, ScalarType) and not is_wide(type_) and type_.name != "auto":
            return self.fresh(place.array, place.array)
        name = ".".join((place.array, *place.field))
        root = known.name if known else place.array
        indices = place.indices
        steady = root not in self.written and (not self.integer_writes or known_constant(known))
        if steady and not place.whole and None not in indices and not _is_loose(place.array):
            value = operation("load", tuple(indices), name)
        else:
            value = self.fresh(name, name)
        if not is_wide(type_):
            self.untyped |= value.variables()
        return value

    def place(self, node: Expression, state: _State) -> _Place | None:
        """Where an expression is stored; None where that is not understood."""
        if isinstance(node, Name):
            variable_ = self.lookup(node.id)
            if isinstance(strip_reference(variable_.type), ArrayType):
                return self.whole(variable_)
            return _Place(variable_)
        if isinstance(node, Unary) and node.op == "*":
            return self.element(node.operand, (Literal("0", "i32"),), state, node)
        if isinstance(node, Access):
            return self.element(node.base, node.indices, state, node)
        if isinstance(node, Member):
            return self.member(node, state)
        if isinstance(node, Cast):
            return self.place(node.operand, state)
        return None

    def whole(self, variable_: Variable) -> _Place:
        """Every element of an array, through symbols of its own."""
        type_ = strip_reference(variable_.type)
        count = rank_of(type_)
        indices = tuple(self.fresh(":") for _ in range(count))
        return _Place(None, variable_.key, indices, (), None, True)

    def element(
        self, base: Expression, indices: tuple[Expression, ...], state: _State, node
    ) -> _Place | None:
        if isinstance(base, Access):
            nested = self.place(base, state)
            left = self.rank_left(base, nested) if nested is not None else 0
            if nested is None or nested.scalar is not None:
                return None
            if not left and not _is_pointer_table(self.variables.get(nested.array)):
                if not nested.field:
                    self.record(nested, "read", state, base)
                return self._behind(nested, indices, state)
            values, system, whole = self.subscripts(indices, state)
            return replace(
                nested, indices=(*nested.indices, *values), whole=nested.whole or whole,
                system=nested.system.joined(system),
            )  # fmt: skip
        if isinstance(base, Member):
            inner = self.member(base, state)
            return self._behind(inner, indices, state) if inner is not None else None
        pointer = self.pointer(base, state)
        values, system, whole = self.subscripts(indices, state)
        if pointer is None:
            name = root_name(base) or "?"
            return _Place(None, f"*{name}", tuple(None for _ in values), (), None, whole)
        head = None
        if pointer.offset is not None and values and values[0] is not None:
            head = pointer.offset + values[0]
        known = self.variables.get(pointer.array)
        declared = element_type(known.type) if known else None
        complete = (*pointer.prefix, head, *values[1:])
        return _Place(None, pointer.array, complete, (), declared, whole, system)

    def pointer(self, base: Expression, state: _State) -> Pointer | None:
        if isinstance(base, Name):
            variable_ = self.lookup(base.id)
            type_ = strip_reference(variable_.type)
            is_object = isinstance(type_, (NamedType, ArrayType))
            if is_object or (type_ is None and variable_.key not in state.values):
                return Pointer(variable_.key)  # an array, or an object with subscripts
        value = self.evaluate(base, state)
        return value if isinstance(value, Pointer) else None

    def subscripts(
        self, indices: tuple[Expression, ...], state: _State
    ) -> tuple[tuple[Polynomial | None, ...], System, bool]:
        values: list[Polynomial | None] = []
        system, whole = System(), False
        for index in indices:
            if isinstance(index, Section):
                value, facts = self.section(index, state)
                system, whole = system.joined(facts), True
            else:
                found = self.evaluate(index, state)
                value = found if isinstance(found, Polynomial) else self.fresh("index")
            values.append(value)
        return tuple(values), system, whole

    def section(self, node: Section, state: _State) -> tuple[Polynomial, System]:
        """A symbol that runs over a section, with its bounds."""
        lower, upper, step = (self.evaluate(p, state) for p in (node.lower, node.upper, node.step))
        number = step.as_integer() if isinstance(step, Polynomial) else None
        running = self.fresh(":")
        if node.step is not None:
            if not number or not isinstance(lower, Polynomial):
                return running, System()
            value, facts = lower + running * number, [running]
            if isinstance(upper, Polynomial):
                facts.append((upper - value) * (1 if number > 0 else -1))
            return value, System((), tuple(facts))
        facts = [running - lower] if isinstance(lower, Polynomial) else []
        facts += [upper - running] if isinstance(upper, Polynomial) else []
        return running, System((), tuple(facts))

    def member(self, node: Member, state: _State) -> _Place | None:
        base = node.base
        if node.arrow:
            pointer = self.pointer(base, state) if isinstance(base, Name) else None
            if pointer is None and not isinstance(base, Name):
                value = self.evaluate(base, state)
                pointer = value if isinstance(value, Pointer) else None
            if pointer is None:
                return _Place(None, f"*{root_name(base) or '?'}", (None,), (node.field,))
            indices = (*pointer.prefix, pointer.offset)
            return self._field(_Place(None, pointer.array, indices), node.field)
        if isinstance(base, Name):
            variable_ = self.lookup(base.id)
            return self._field(_Place(None, variable_.key, ()), node.field)
        inner = self.place(base, state)
        return self._field(inner, node.field) if inner is not None else None

    def _field(self, place: _Place, name: str) -> _Place:
        if place.scalar is not None:
            place = _Place(None, place.scalar.key, ())
        known = self.variables.get(place.array)
        owner = place.type if place.field else element_type(known.type if known else None)
        fields = self.structures.get(owner.name, {}) if isinstance(owner, NamedType) else {}
        return replace(place, field=(*place.field, name), type=fields.get(name))

    def _behind(
        self, place: _Place, indices: tuple[Expression, ...], state: _State
    ) -> _Place | None:
        """Elements of an array or pointer that is itself stored at `place`."""
        values, system, whole = self.subscripts(indices, state)
        if isinstance(place.type, ArrayType) and not isinstance(place.type.of, ArrayType):
            return replace(
                place, indices=(*place.indices, *values), type=place.type.of, whole=whole,
                system=place.system.joined(system),
            )  # fmt: skip
        path = ".".join((place.array, *place.field))
        numbers = [i.as_integer() if i is not None else None for i in place.indices]
        root = self.variables.get(place.array)
        if any(n is None for n in numbers) or _is_loose(place.array) or root is None:
            return _Place(None, f"*{path}", tuple(None for _ in values), (), None, whole)
        path += "".join(f"[{n}]" for n in numbers if n)
        if self._is_reassigned(place):
            return _Place(None, f"*{path}", tuple(None for _ in values), (), None, whole)
        if path not in self.variables:
            self.variables[path] = Variable(path, path, place.type, "member", (), ())
        return _Place(None, path, values, (), element_type(place.type), whole, system)

    def _is_reassigned(self, place: _Place) -> bool:
        """Whether the function assigns the member itself."""
        last = place.field[-1] if place.field else ""
        for node in find(self.function.body or (), Assign, AssignExpression):
            if isinstance(node.target, Member) and node.target.field == last:
                return True
        return not place.field

    # --------------------------------------------------------------------------- conditions

    def condition(self, test: Expression, holds: bool, state: _State) -> System:
        """What a condition says about integers where it holds (or fails)."""
        if has_effects(test):
            return System()
        if isinstance(test, Unary) and test.op == "!":
            return self.condition(test.operand, not holds, state)
        if isinstance(test, Binary) and test.op in ("&&", "||"):
            if (test.op == "&&") != holds:
                return System()
            left = self.condition(test.left, holds, state)
            return left.joined(self.condition(test.right, holds, state))
        if not isinstance(test, Binary) or test.op not in _COMPARISONS:
            return System()
        left, right = self.quiet(test.left, state), self.quiet(test.right, state)
        if not isinstance(left, Polynomial) or not isinstance(right, Polynomial):
            return System()
        if any(self._may_wrap(c, state) for c in find(test, Cast)):
            return System()
        op = test.op if holds else _NEGATED[test.op]
        difference = left - right
        if op == "==":
            return System((difference,))
        if op == "!=":
            return System((), (), (difference,))
        if op in ("<", "<="):
            difference = -difference
        return System((), (difference if "=" in op else difference - 1,))

    def _may_wrap(self, node: Cast, state: _State) -> bool:
        """Whether a cast to an unsigned type may be given a negative value."""
        if not isinstance(node.type, ScalarType) or not node.type.name.startswith("u"):
            return False
        value = self.quiet(node.operand, state)
        if not isinstance(value, Polynomial):
            return True
        system = System()
        for guard in state.guards:
            system = system.joined(guard.system)
        return not implies_nonnegative(system, value)


_MISSING = object()
_SILENT = (Pragma, StructDefinition, TypeAlias, Using, Specification, Interface, Include, Macro)


@dataclass(frozen=True, slots=True)
class _Head:
    """A loop's counter as symbols. iteration: the iteration's number from zero."""

    counter: Symbol
    direction: int
    value: Polynomial | None
    system: System
    trip: Polynomial | None
    iteration: Polynomial
    variable: str
    lower: Polynomial = Polynomial()
    step: Polynomial = Polynomial()
    pointer: Pointer | None = None
    is_pointer: bool = False

    def at(self, value: Polynomial) -> Value:
        """What the counter variable holds where it has come to `value`."""
        if not self.is_pointer:
            return value
        return replace(self.pointer, offset=value) if self.pointer is not None else None


def moved(pointer: Pointer, distance: Polynomial) -> Pointer:
    """Return `pointer`, the place that a pointer points to, moved forward by `distance` elements;
    with an unknown offset it comes back unchanged.
    """
    offset = None if pointer.offset is None else pointer.offset + distance
    return replace(pointer, offset=offset)


def known_constant(variable_: Variable | None) -> bool:
    """Return whether writes through other names are taken not to change `variable_`: True for a
    local and for every Fortran variable, False for any other variable and for None.
    """
    return variable_ is not None and (variable_.storage == "local" or "fortran" in variable_.words)


def _thread_index(node: Expression) -> str:
    if isinstance(node, Member) and isinstance(node.base, Name) and node.base.id in THREAD_INDEX:
        return f"{node.base.id}.{node.field}"
    return ""


def _is_contiguous(type_: Type | None) -> bool:
    """Whether rows of an array lie in it: `a[n][m]`, `(*a)[m]`, but no table of pointers."""
    if isinstance(type_, PointerType):
        return isinstance(type_.to, ArrayType)
    return isinstance(type_, ArrayType)


def _is_pointer_table(variable_: Variable | None) -> bool:
    """Whether elements are pointers themselves (`double **a`)."""
    type_ = strip_reference(variable_.type) if variable_ else None
    inner = type_.to if isinstance(type_, PointerType) else getattr(type_, "of", None)
    return isinstance(inner, PointerType)


def _types_below(type_: Type) -> Iterable[Type]:
    return (t for t in walk(type_) if isinstance(t, ArrayType))


def _extent_expressions(type_: Type) -> Iterable[Expression]:
    if isinstance(type_, ArrayType):
        for extent in type_.extents:
            yield from (e for e in (extent.lower, extent.upper, extent.size) if e is not None)


def _is_fortran(function: Function) -> bool:
    """Whether a function is Fortran: its loops have bounds, its arrays Fortran's order, or its
    parameters intents."""
    if any(p.intent for p in function.parameters):
        return True
    return any(
        (isinstance(n, ArrayType) and n.column_major) or (isinstance(n, For) and n.bounds)
        for n in walk(function)
    )


def _stepped_names(node: object) -> set[str]:
    """Variables that are changed from their own value, but by the head of a loop of their own."""
    heads: set[int] = set()
    for loop in find(node, For):
        started = {
            getattr(getattr(s, "target", s), "id", getattr(s, "name", "")) for s in loop.start
        }
        heads |= {id(s) for s in loop.step if root_name(getattr(s, "target", Name(""))) in started}
    found = set()
    for part in walk(node):
        if isinstance(part, (Assign, AssignExpression, Increment)) and id(part) not in heads:
            target = part.target
            if not isinstance(target, Name):
                continue
            value = getattr(part, "value", None)
            if part.op != "=" or any(
                isinstance(n, Name) and n.id == target.id for n in walk(value or ())
            ):
                found.add(target.id)
    return found
