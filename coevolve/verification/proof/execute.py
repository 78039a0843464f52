"""Symbolic execution: what one function does, as terms.

`execute` runs the body of a function once, with unknown parameters. Both ways of a branch are
taken, each under its condition. A loop is run once with an unknown value for everything that it
changes, which gives its effect whatever the number of its passes. Loops over which the work is
spread are not run as loops: their counter becomes an `Axis`, and what is left is what one iteration
(of the source) or one thread (of a kernel) does.

Sequential loops as relations of heads and ends go back to King (1976) and Necula (2000,
"Translation validation for an optimizing compiler").

What is not modelled raises `NotModelled` with its line: nothing is guessed.

    python -c "from coevolve.verification.proof.execute import *; help(execute)"
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from coevolve.verification.proof import terms as t
from coevolve.verification.proof.errors import NotModelled
from coevolve.verification.proof.functions import call_function
from coevolve.verification.proof.launch import Launch
from coevolve.verification.proof.loops import Loop, run_loop
from coevolve.verification.proof.summary import Check, Pointer, Summary, Touch, Value
from coevolve.verification.proof.terms import Term
from corpora.analysis.affine import integer_of
from corpora.ir import (
    Access as Subscript,
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
    ExpressionStatement,
    For,
    Function,
    If,
    Increment,
    Jump,
    Literal,
    Member,
    Name,
    PointerType,
    Pragma,
    Return,
    ScalarType,
    SizeOf,
    Unary,
    While,
    walk as walk_tree,
)

DEEPEST = 6
"""Loops in one another that are read; each is run twice."""


_IGNORED_QUALIFIERS = ("__restrict__", "register", "const", "constexpr", "restrict")


def element_type(type_: Any, line: int = 0) -> str:
    """Return the name of `type_`, a scalar type of `corpora.ir`, such as `i32`, `u64`, `f32` or
    `bool`.

    line: for the message. Raises NotModelled if `type_` is no scalar, is volatile or has no known
        width.
    """
    if not isinstance(type_, ScalarType) or type_.volatile:
        raise NotModelled(f"line {line}: a value of type {getattr(type_, 'name', type_)}")
    name = "i8" if type_.name == "char" else type_.name
    if name not in t.WIDTHS and name not in t.FLOATS:
        raise NotModelled(f"line {line}: type {name}")
    return name


def line_of(node: Any) -> int:
    """Return the line, counted from 1, of `node`, a node of `corpora.ir`, in its text; 0 where the
    node has no span.
    """
    span = getattr(node, "span", None)
    return span.line if span is not None else 0


def execute(
    function: Function,
    names: dict[str, str],
    types: dict[str, str],
    spread: int = 0,
    launch: Launch | None = None,
    helpers: dict[str, Function] | None = None,
    constants: dict[str, int] | None = None,
) -> Summary:
    """Run the body of `function` once on symbolic parameters, and return a Summary of what it does.

    names: from each parameter of the function to its name in symbolic terms. types: from such a
        name to an element type, where the caller's value has another type than the parameter.
    spread: how many of the outermost loops are run for one symbolic iteration, each counter
        becoming an axis; for serial functions. launch: thread indices of a kernel, to which those
        found on the way are added; None for a serial function.
    helpers: other functions of the text, by name; None for none. constants: named integers of the
        text; None for none.
    Loops as relations of what holds at their heads and ends go back to King (1976) and Necula
    (2000). Raises NotModelled for a construct that proofs do not model.
    """
    return Execution(spread, launch, helpers or {}, constants or {}).run(function, names, types)


class Execution:
    """The state of one symbolic run of a function.

    spread: how many of the outermost loops are run for one symbolic iteration. launch: thread
        indices of a kernel; None for a serial function. helpers: other functions of the text, by
        name. constants: named integers of the text.
    env: from a variable's key to its value. scopes: open blocks, innermost last, from names to
        keys. live: the condition under which the present statement runs. contents: what each array
        holds now. out: the Summary built so far. value: what was returned so far; None for nothing.
    jumps: for each open loop, innermost last, the keys of the flags that say whether it was left by
        `break` or by `return`. exits: for each open loop what leaves its body: (kind, condition,
        variables then).
    depth: number of open loops; sequential: of those that are run in order. probing: whether a pass
        is run only to see what it changes. calls: names of the functions being run. count: names
        given by `fresh`. ended: why no element may be touched any more; '' while it may.
    at_pragma: called with the run and a loop that has OpenMP directives; returns values, by key, of
        the variables that are undefined after it. None refuses such loops.
    """

    def __init__(
        self,
        spread: int,
        launch: Launch | None,
        helpers: dict[str, Function],
        constants: dict[str, int],
    ) -> None:
        self.spread, self.launch, self.helpers = spread, launch, helpers
        self.constants = constants
        self.env: dict[str, Value | Pointer] = {}
        self.scopes: list[dict[str, str]] = [{}]
        self.jumps: list[tuple[str, str]] = []
        self.value: Value | None = None
        self.live: Term = t.TRUE
        self.contents: dict[str, Term] = {}
        self.out = Summary()
        self.exits: list[list[tuple[str, Term, dict[str, Value | Pointer]]]] = []
        self.count = 0
        self.depth = 0
        self.sequential = 0
        self.probing = False
        self.ended = ""
        self.calls: list[str] = []
        self.at_pragma: Callable[[Execution, For], dict[str, Value | Pointer]] | None = None
        """Asked before a loop with directives of OpenMP; says what it leaves undefined."""

    # ---- function

    def run(self, function: Function, names: dict[str, str], types: dict[str, str]) -> Summary:
        """Run the whole function and return its Summary.

        names: from each parameter of the function to its name in symbolic terms. types: element
            types by that name, where the caller's value has another type than the parameter. Raises
            NotModelled for a construct that proofs do not model.
        """
        for parameter in function.parameters:
            name = names[parameter.name]
            self.declare(parameter.name, self._parameter(parameter, name, types))
        self.block(function.body or ())
        self.out.contents = {a: c for a, c in self.contents.items() if c.op != "memory"}
        self.out.result = self.value
        return self.out

    def declare(self, name: str, value: Value | Pointer) -> None:
        """Add the variable `name` to the innermost scope of a symbolic run, under a new key, with
        `value` as first value.
        """
        key = self.scopes[-1][name] = self.fresh(name)
        self.env[key] = value

    def key_of(self, name: str) -> str:
        """Return the key, in `env` of a symbolic run, of the variable that `name` stands for here;
        '' where there is none.
        """
        return next((s[name] for s in reversed(self.scopes) if name in s), "")

    def _parameter(self, parameter: Any, name: str, types: dict[str, str]) -> Value | Pointer:
        type_, line = parameter.type, line_of(parameter)
        inner: tuple[int, ...] = ()
        if isinstance(type_, ArrayType):
            sizes = [integer_of(e.size) if e.size else None for e in type_.extents[1:]]
            if None in sizes:
                raise NotModelled(f"line {line}: an array with variable extents")
            inner, type_ = tuple(s for s in sizes if s is not None), PointerType(type_.of)
        if isinstance(type_, PointerType):
            depth = 0
            if type_.volatile:
                raise NotModelled(f"line {line}: volatile")
            type_ = type_.to
            while isinstance(type_, PointerType):
                depth, type_ = depth + 1, type_.to
            element = element_type(type_, line)
            self.out.types[name] = element
            return Pointer(name, t.constant(0), element, (), depth, inner)
        given = types.get(name)
        own = element_type(type_, line)
        self.out.scalars[name] = given or own
        if given is None or given == own:
            return self._unknown(name, own)
        return self.convert(self._unknown(name, given), own, 0)

    def _unknown(self, name: str, type_: str, low: int | None = None, high: int | None = None):
        return Value(t.symbol(name, type_, low, high), type_)

    def unknown_like(
        self, value: Value | Pointer, key: str, low: int | None = None, high: int | None = None
    ) -> Value | Pointer:
        """Return a new unknown of the type of `value`, named after a variable.

        key: of the variable. low, high: inclusive bounds of an integer; None where there is none. A
            Pointer keeps its array and gets an unknown offset.
        """
        name = self.fresh(key.partition("'")[0])
        if isinstance(value, Value):
            return self._unknown(name, value.type, low, high)
        return replace(value, offset=t.symbol(name, "int"))

    def mark(self) -> tuple[Any, ...]:
        """Return a snapshot of the state of a symbolic run, to be given to `reset`."""
        out = self.out
        parts = (out.axes, out.touches, out.checks, out.loops, out.invariants)
        sizes = tuple(len(part) for part in parts)  # type: ignore[arg-type]
        return sizes, dict(self.env), self.live, dict(self.contents), self.ended, self.value

    def reset(self, mark: tuple[Any, ...]) -> None:
        """Bring a symbolic run back to the state of `mark`, a snapshot that the method `mark`
        returned. What was recorded since is dropped.
        """
        sizes, self.env, self.live, self.contents, self.ended, self.value = mark
        out = self.out
        parts = (out.axes, out.touches, out.checks, out.loops, out.invariants)
        for part, size in zip(parts, sizes, strict=True):
            del part[size:]  # type: ignore[attr-defined]

    def fresh(self, name: str) -> str:
        """Return a name that no symbol of this run has yet, beginning with `name`."""
        self.count += 1
        return f"{name}'{self.count}{'' if self.launch is None else 't'}"

    # ---- statements

    def block(self, body: tuple[Any, ...]) -> None:
        """Run the statements `body`, nodes of `corpora.ir`, in a scope of their own and change the
        state. Raises NotModelled for one that proofs do not model.
        """
        self.scopes.append({})
        for statement in body:
            self.statement(statement)
        self.close()

    def close(self) -> None:
        """Close the innermost scope of a symbolic run and forget its variables."""
        for key in self.scopes.pop().values():
            self.env.pop(key, None)

    def element_type(self, type_: Any, line: int) -> str:
        """Return the name of `type_`, a scalar type of `corpora.ir`, such as `i32` or `f64`, or
        `void`. line: for the message. Raises NotModelled for another type.
        """
        if isinstance(type_, ScalarType) and type_.name == "void":
            return "void"
        return element_type(type_, line)

    def statement(self, node: Any) -> None:
        """Run `node`, a statement of `corpora.ir`, and change the state; do nothing if control
        cannot reach it. Raises NotModelled for a kind that proofs do not model.
        """
        if self.live is t.FALSE:
            return
        kind = type(node).__name__
        method = getattr(self, f"_{kind}", None)
        if method is None:
            raise NotModelled(f"line {line_of(node)}: {kind}")
        method(node)

    def _Compound(self, node: Compound) -> None:
        self.refuse_pragmas(node)
        self.block(node.body)

    def _Pragma(self, node: Pragma) -> None:
        if node.family in ("omp", "acc"):
            raise NotModelled(f"line {line_of(node)}: #pragma {node.text}")

    def refuse_pragmas(self, node: Any) -> None:
        """Check the pragmas of `node`, a statement of `corpora.ir`. Raises NotModelled if one is of
        OpenMP or OpenACC; others are ignored.
        """
        for pragma in node.pragmas:
            self._Pragma(pragma)

    def _Declaration(self, node: Declaration) -> None:
        line = line_of(node)
        if any(s not in _IGNORED_QUALIFIERS for s in node.storage):
            raise NotModelled(f"line {line}: {' '.join(node.storage)} {node.name}")
        value = node.value
        if value is None and node.arguments is not None:
            if len(node.arguments) != 1:
                raise NotModelled(f"line {line}: the initialiser of {node.name}")
            value = node.arguments[0]
        type_ = node.type
        if isinstance(type_, ScalarType) and type_.name == "auto" and value is not None:
            self.declare(node.name, self.evaluate(value))
        elif isinstance(type_, PointerType):
            self.declare(node.name, self._pointer(value, node))
        elif isinstance(type_, ScalarType):
            own = element_type(type_, line)
            if value is None:
                self.declare(node.name, self._unknown(self.fresh(f"undefined {node.name}"), own))
            else:
                self.declare(node.name, self.convert(self.scalar(value), own, line))
        else:
            raise NotModelled(f"line {line}: the type of {node.name}")

    def _pointer(self, value: Any, node: Any) -> Pointer:
        if value is None:
            raise NotModelled(f"line {line_of(node)}: a pointer without a value")
        given = self.evaluate(value)
        if not isinstance(given, Pointer) or given.depth or given.inner:
            raise NotModelled(f"line {line_of(node)}: what {node.name} points to")
        target = node.type.to
        if isinstance(target, PointerType) or element_type(target, line_of(node)) != given.type:
            raise NotModelled(f"line {line_of(node)}: a pointer to another type")
        return given

    def _Assign(self, node: Assign) -> None:
        self.refuse_pragmas(node)
        if node.value is None:
            self.assign(node.target, node.op[0], None, line_of(node))
        else:
            self.assign(node.target, node.op[:-1], node.value, line_of(node))

    def _ExpressionStatement(self, node: ExpressionStatement) -> None:
        self.refuse_pragmas(node)
        self.evaluate(node.expression, used=False)

    def assign(self, target: Any, op: str, given: Any, line: int) -> Value | Pointer:
        """Run `target op= given` and return the new value, in the type of the target.

        target, given: expressions of `corpora.ir`; given None means the number one, as in `i++`.
            line: of the source. op: an operator such as `+`, or '' for a plain assignment. Raises
            NotModelled for a target that is no variable or element.
        """
        if isinstance(target, Name):
            key = self.key_of(target.id)
            old = self.env.get(key)
            if old is None:
                raise NotModelled(f"line {line}: assignment to {target.id}")
            value = self.evaluate(given) if given is not None else Value(t.constant(1), "i32")
            if isinstance(old, Pointer):
                value = self.move(old, op, value, line) if op else value
                if not isinstance(value, Pointer) or value.array != old.array:
                    raise NotModelled(f"line {line}: {target.id} comes to point elsewhere")
            elif isinstance(value, Pointer):
                raise NotModelled(f"line {line}: a pointer as a number")
            else:
                value = self.binary(op, old, value, line) if op else value
                value = self.convert(value, old.type, line)
            self.env[key] = value
            return value
        place = self.place(target)
        value = self.scalar(given) if given is not None else Value(t.constant(1), "i32")
        if op:
            value = self.binary(op, self.read(place, line), value, line)
        value = self.convert(value, place.type, line)
        self.write(place, value, line)
        return value

    def _If(self, node: If) -> None:
        test = self.truth(node.test)
        live, before = self.live, dict(self.env)
        self.live = t.both(live, test)
        self.block(node.then)
        live_then, env_then = self.live, self.env
        self.env, self.live = dict(before), t.both(live, t.deny(test))
        self.block(node.otherwise)
        self.env = self._merged(test, env_then, live_then, self.env, self.live)
        then_whole = live_then is t.both(live, test)
        else_whole = self.live is t.both(live, t.deny(test))
        self.live = live if then_whole and else_whole else t.either(live_then, self.live)

    def _merged(self, test: Term, env_a: dict, live_a: Term, env_b: dict, live_b: Term) -> dict:
        merged = {}
        for name in env_a.keys() & env_b.keys():
            a, b = env_a[name], env_b[name]
            if a == b or live_b is t.FALSE:
                merged[name] = a
            elif live_a is t.FALSE:
                merged[name] = b
            elif isinstance(a, Pointer):
                if a.array != b.array or a.rows != b.rows:
                    raise NotModelled(f"{name} points to one of two arrays")
                merged[name] = replace(a, offset=t.select(test, a.offset, b.offset))
            else:
                merged[name] = Value(t.select(test, a.term, b.term), a.type)
        return merged

    def _Return(self, node: Return) -> None:
        line = line_of(node)
        if node.value is not None:
            value = self.evaluate(node.value)
            if not isinstance(value, Value) or self.jumps:
                raise NotModelled(f"line {line}: a value returned from a loop, or a pointer")
            old = self.value
            if old is not None:
                if old.type != value.type:
                    raise NotModelled(f"line {line}: returned values of different types")
                value = Value(t.select(self.live, value.term, old.term), value.type)
            self.value = value
        self._leave("return", list(dict.fromkeys(f for _, f in self.jumps)), line)

    def _Jump(self, node: Jump) -> None:
        if not self.jumps or node.kind not in ("break", "continue") or node.label:
            raise NotModelled(f"line {line_of(node)}: {node.kind}")
        flags = [self.jumps[-1][0]] if node.kind == "break" else []
        self._leave(node.kind, flags, line_of(node))

    def _leave(self, kind: str, flags: list[str], line: int) -> None:
        for flag in flags:
            if flag not in self.env:
                raise NotModelled(f"line {line}: leaving a loop whose iterations are spread")
            self.env[flag] = Value(t.constant(1), "bool")
        if self.exits:
            self.exits[-1].append((kind, self.live, dict(self.env)))
        self.live = t.FALSE

    # ---- loops

    def _For(self, node: For) -> None:
        if self.at_pragma is not None and any(p.family == "omp" for p in node.pragmas):
            undefined = self.at_pragma(self, node)
            self._For(replace(node, pragmas=()))
            self.env |= {k: v for k, v in undefined.items() if k in self.env}
            return
        self.refuse_pragmas(node)
        if node.bounds is not None:
            raise NotModelled(f"line {line_of(node)}: a loop of Fortran")
        self.scopes.append({})
        for start in node.start:
            self.statement(start)
        self.loop(node, node.test, node.body, node.step, False)
        self.close()

    def _While(self, node: While) -> None:
        self.refuse_pragmas(node)
        self.loop(node, node.test, node.body, (), node.after)

    def loop(self, node: Any, test: Any, body: tuple, step: tuple, after: bool) -> None:
        """Run a loop of the program.

        node: the loop, a node of `corpora.ir`, for its line. test: its condition; None for an
            endless loop. body, step: statements. after: the test stands at the end, as in `do …
            while`. Raises NotModelled, also for loops nested more than DEEPEST (6) deep.
        """
        self.depth += 1
        if self.depth > DEEPEST:
            raise NotModelled(f"line {line_of(node)}: loops {DEEPEST} deep")
        try:
            run_loop(self, Loop(test, body, step, after, line_of(node)))
        finally:
            self.depth -= 1

    # ---- memory

    def content(self, array: str) -> Term:
        """Return what an array holds now, as a symbolic term: its unknown first content with the
        stores since.
        """
        return self.contents.setdefault(array, t.memory(array))

    def touch(self, kind: str, place: Pointer, line: int) -> tuple[Term, ...]:
        """Record an access to the element at `place` in the Summary and return its indices,
        outermost first.

        kind: `read`, `write` or `update` (by an atomic operation). line: of the source. Raises
            NotModelled if `place` is a row of a table, or if the access comes after the loop whose
            iterations the Summary stands for.
        """
        if place.row or place.depth or place.inner:
            raise NotModelled(f"line {line}: a row of {place.array} as a value")
        if self.ended:
            raise NotModelled(f"line {line}: {self.ended}")
        index = (*place.rows, place.offset)
        self.out.touches.append(Touch(kind, place.array, index, self.live, line))
        return index

    def read(self, place: Pointer, line: int) -> Value:
        """Return the value of the element at `place`, and record the access in the Summary. Raises
        NotModelled for a whole row.
        """
        index = self.touch("read", place, line)
        term = t.load(self.content(place.array), index, place.type, self.live)
        return Value(term, place.type)

    def write(self, place: Pointer, value: Value, line: int, update: str = "") -> None:
        """Store `value` at `place` in the state, and record the access in the Summary.

        update: '' to overwrite, else the operation of an atomic update, such as `+`, whose operand
            is `value`. Raises NotModelled for a whole row.
        """
        index = self.touch("update" if update else "write", place, line)
        content = self.content(place.array)
        self.contents[place.array] = t.store(content, self.live, index, value.term, update or "=")

    def place(self, node: Any) -> Pointer:
        """Return the element that `node`, an expression of `corpora.ir` such as `a[i]` or `*p`,
        names.

        Raises NotModelled for an expression that names no array element.
        """
        line = line_of(node)
        if isinstance(node, Subscript):
            place = self.evaluate(node.base)
            for index in node.indices:
                if not isinstance(place, Pointer):
                    raise NotModelled(f"line {line}: an index of a number")
                place = self.element(place, self.scalar(index), line)
            return place
        if isinstance(node, Unary) and node.op == "*":
            place = self.evaluate(node.operand)
            if isinstance(place, Pointer):
                return self.element(place, Value(t.constant(0), "i32"), line)
        raise NotModelled(f"line {line}: assignment to {type(node).__name__}")

    def element(self, place: Pointer, index: Value, line: int) -> Pointer:
        """Return the place that `place[index]` names: an element, or a row (then `row` is set).

        line: for the message. Raises NotModelled for an index that is no integer, or for rows of
            arrays.
        """
        if index.type not in t.WIDTHS:
            raise NotModelled(f"line {line}: an index that is no integer")
        if place.depth:
            if place.inner:
                raise NotModelled(f"line {line}: rows of arrays")
            rows = (*place.rows, t.add(place.offset, index.term))
            return replace(place, rows=rows, offset=t.constant(0), depth=place.depth - 1, row=True)
        size = 1
        for extent in place.inner:
            size *= extent
        offset = t.add(place.offset, t.multiply(index.term, t.constant(size)))
        return replace(place, offset=offset, inner=place.inner[1:], row=bool(place.inner))

    def move(self, place: Pointer, op: str, by: Any, line: int) -> Pointer:
        """Return the pointer `place op by`, where op is `+` or `-` and `by` a Value of an integer
        type.

        line: for the message. Raises NotModelled for any other arithmetic with a pointer.
        """
        if not isinstance(by, Value) or by.type not in t.WIDTHS or place.inner:
            raise NotModelled(f"line {line}: arithmetic of pointers")
        if op not in ("+", "-"):
            raise NotModelled(f"line {line}: {op} of a pointer")
        distance = by.term if op == "+" else t.negate(by.term)
        return replace(place, offset=t.add(place.offset, distance))

    # ---- expressions

    def scalar(self, node: Any) -> Value:
        """Return the value of `node`, an expression of `corpora.ir`, and apply its side effects.
        Raises NotModelled if it is a pointer or not modelled.
        """
        value = self.evaluate(node)
        if isinstance(value, Pointer):
            raise NotModelled(f"line {line_of(node)}: a pointer as a number")
        return value

    def truth(self, node: Any) -> Term:
        """Return the condition under which `node`, an expression of `corpora.ir`, is true, as a
        boolean term.

        Raises NotModelled for a side effect that depends on a condition, as in `a && i++`.
        """
        if isinstance(node, Binary) and node.op in ("&&", "||"):
            left, live = self.truth(node.left), self.live
            under = left if node.op == "&&" else t.deny(left)
            self.live = t.both(live, under)
            self.refuse_effects(node.right)
            right = self.truth(node.right)
            self.live = live
            return t.both(left, right) if node.op == "&&" else t.either(left, right)
        if isinstance(node, Unary) and node.op == "!":
            return t.deny(self.truth(node.operand))
        return self.holds(self.scalar(node))

    def holds(self, value: Value) -> Term:
        """Return the boolean term that says `value` is not zero."""
        if value.type in t.FLOATS:
            zero = t.float_constant(value.type, 0.0)
            return t.deny(t.float_operation("f==", "bool", value.term, zero))
        return t.deny(t.is_zero(value.term))

    def refuse_effects(self, node: Any) -> None:
        """Check `node`, an expression of `corpora.ir` that runs only under a condition. Raises
        NotModelled if evaluating it changes a variable.
        """
        if any(isinstance(n, (Increment, AssignExpression)) for n in walk_tree(node)):
            raise NotModelled(f"line {line_of(node)}: a side effect under a condition")

    def evaluate(self, node: Any, used: bool = True) -> Value | Pointer:
        """Return the value of `node`, an expression of `corpora.ir`, which is a number or a
        pointer, and apply its side effects.

        used: False where the result is dropped, as in the statement `f(x);`; the value is the same.
            Raises NotModelled for an expression that proofs do not model.
        """
        method = getattr(self, f"_e_{type(node).__name__}", None)
        if method is None:
            raise NotModelled(f"line {line_of(node)}: {type(node).__name__}")
        return method(node)

    def _e_Name(self, node: Name) -> Value | Pointer:
        key = self.key_of(node.id)
        if key:
            return self.env[key]
        if node.id in self.constants:
            return Value(t.constant(self.constants[node.id]), "i32")
        raise NotModelled(f"line {line_of(node)}: the name {node.id}")

    def _e_Literal(self, node: Literal) -> Value:
        if node.type in t.FLOATS:
            text = node.text.rstrip("fFlL") if "x" not in node.text.lower() else node.text
            try:
                return Value(_rounded(node.type, float(text)), node.type)
            except ValueError:
                raise NotModelled(f"line {line_of(node)}: the number {node.text}") from None
        if node.type == "bool":
            return Value(t.constant(int(node.text == "true")), "bool")
        value = integer_of(node)
        type_ = "i8" if node.type == "char" else node.type
        if value is None or type_ not in t.WIDTHS or not t.fits(type_, t.constant(value)):
            raise NotModelled(f"line {line_of(node)}: the literal {node.text}")
        return Value(t.constant(value), type_)

    def _e_Member(self, node: Member) -> Value:
        if self.launch is not None and isinstance(node.base, Name):
            term = self.launch.index(node.base.id, node.field)
            if term is not None:
                return Value(term, "u32")
        raise NotModelled(f"line {line_of(node)}: the member {node.field}")

    def _e_Access(self, node: Subscript) -> Value | Pointer:
        return self._element_value(self.place(node), line_of(node))

    def _element_value(self, place: Pointer, line: int) -> Value | Pointer:
        return place if place.row else self.read(place, line)

    def _e_Unary(self, node: Unary) -> Value | Pointer:
        line = line_of(node)
        if node.op == "*":
            return self._element_value(self.place(node), line)
        if node.op == "&":
            if isinstance(node.operand, (Subscript, Unary)):
                return self.place(node.operand)
            raise NotModelled(f"line {line}: the address of a variable")
        if node.op == "!":
            return _number(t.deny(self.truth(node.operand)))
        value = self.promote(self.scalar(node.operand))
        if node.op == "+":
            return value
        if value.type in t.FLOATS:
            if node.op != "-":
                raise NotModelled(f"line {line}: {node.op} of a float")
            return Value(t.float_operation("fneg", value.type, value.term), value.type)
        if node.op == "-":
            return self.binary("-", Value(t.constant(0), value.type), value, line)
        if node.op == "~":
            return Value(t.invert(value.type, value.term), value.type)
        raise NotModelled(f"line {line}: {node.op}")

    def _e_Binary(self, node: Binary) -> Value | Pointer:
        line = line_of(node)
        if node.op in ("&&", "||"):
            return _number(self.truth(node))
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        if isinstance(left, Pointer):
            return self.move(left, node.op, right, line)
        if isinstance(right, Pointer):
            if node.op != "+":
                raise NotModelled(f"line {line}: {node.op} of a pointer")
            return self.move(right, "+", left, line)
        return self.binary(node.op, left, right, line)

    def _e_Conditional(self, node: Conditional) -> Value | Pointer:
        test, live = self.truth(node.test), self.live
        values = []
        for part, under in ((node.then, test), (node.otherwise, t.deny(test))):
            self.refuse_effects(part)
            self.live = t.both(live, under)
            values.append(self.evaluate(part))
            self.live = live
        a, b = values
        if isinstance(a, Pointer) or isinstance(b, Pointer):
            raise NotModelled(f"line {line_of(node)}: a choice between pointers")
        type_ = common_type(a.type, b.type) if a.type != b.type else a.type
        line = line_of(node)
        a, b = self.convert(a, type_, line), self.convert(b, type_, line)
        return Value(t.select(test, a.term, b.term), type_)

    def _e_Cast(self, node: Cast) -> Value | Pointer:
        line = line_of(node)
        if isinstance(node.type, PointerType):
            value = self.evaluate(node.operand)
            if isinstance(value, Pointer) and element_type(node.type.to, line) == value.type:
                return value
            raise NotModelled(f"line {line}: a cast of a pointer")
        return self.convert(self.scalar(node.operand), element_type(node.type, line), line)

    def _e_SizeOf(self, node: SizeOf) -> Value:
        if isinstance(node.of, ScalarType):
            name = element_type(node.of, line_of(node))
            bits = 8 if name == "bool" else t.WIDTHS.get(name) or int(name[1:])
            return Value(t.constant(bits // 8), "u64")
        raise NotModelled(f"line {line_of(node)}: sizeof")

    def _e_Increment(self, node: Increment) -> Value | Pointer:
        old = self.evaluate(node.target)
        new = self.assign(node.target, node.op[0], None, line_of(node))
        return new if node.prefix else old

    def _e_AssignExpression(self, node: AssignExpression) -> Value | Pointer:
        return self.assign(node.target, node.op[:-1], node.value, line_of(node))

    def _e_Comma(self, node: Comma) -> Value | Pointer:
        for item in node.items[:-1]:
            self.evaluate(item)
        return self.evaluate(node.items[-1])

    def _e_Call(self, node: Call) -> Value | Pointer:
        return call_function(self, node, line_of(node))

    # ---- arithmetic

    def check(self, kind: str, term: Term, type_: str, line: int) -> None:
        """Add a Check to the Summary: what must hold of `term` at this point, or the behaviour is
            undefined.

        kind: `fits` (`term` lies in the range of `type_`), `divisor` (it is not zero), `shift` (a
            valid amount for `type_`), `ftoi` (a floating value that fits `type_`) or `step` (what a
            parallel loop adds to its counter). type_: such as `i32`. line: of the source.
        """
        self.out.checks.append(Check(kind, self.live, term, type_, line))

    def promote(self, value: Value) -> Value:
        """Return a value after C's integer promotion: integers narrower than 32 bits become
        `i32`.
        """
        if value.type in t.WIDTHS and t.WIDTHS[value.type] < 32:
            return Value(value.term, "i32")
        return value

    def convert(self, value: Value, type_: str, line: int) -> Value:
        """Return `value` converted to another type as C does it, and record what keeps that
        defined.

        type_: the new type, such as `i32` or `f64`. line: of the source, for the check that a
            floating value fits into an integer.
        """
        if value.type == type_:
            return value
        if type_ == "bool":
            return _number(self.holds(value), "bool")
        if value.type in t.FLOATS and type_ in t.FLOATS:
            if value.term.op == "fconst":
                return Value(_rounded(type_, float.fromhex(value.term.data)), type_)
            return Value(t.float_operation(f"f{value.type}", type_, value.term), type_)
        if value.type in t.FLOATS:
            self.check("ftoi", value.term, type_, line)
            return Value(t.float_operation("ftoi", f"f{type_}", value.term), type_)
        if type_ in t.FLOATS:
            if value.term.op == "const" and abs(value.term.data) <= 1 << 24:
                return Value(t.float_constant(type_, float(value.term.data)), type_)
            return Value(t.float_operation("fint", type_, value.term), type_)
        return Value(self.wrapped(type_, value.term), type_)

    def wrapped(self, type_: str, term: Term) -> Term:
        """Return an integer term modulo the width of `type_`. In a kernel, sums that are a thread's
        index become one symbol.
        """
        if self.launch is not None:
            term = self.launch.recognise(t.strip_wraps(term, t.WIDTHS[type_]))
            if t.WIDTHS[type_] >= 32 and self.launch.is_bounded(term):
                return term
        return t.wrap(type_, term)

    def binary(self, op: str, left: Value, right: Value, line: int) -> Value:
        """Return `left op right` after C's usual conversions, and record what keeps it defined.

        op: a C operator such as `+`, `<<` or `<=`. line: of the source. Raises NotModelled for
            another operator.
        """
        if op in ("<<", ">>"):
            return self._shift(op, self.promote(left), self.promote(right), line)
        type_ = common_type(left.type, right.type)
        left, right = self.convert(left, type_, line), self.convert(right, type_, line)
        a, b = left.term, right.term
        if op in ("<", "<=", ">", ">=", "==", "!="):
            return _number(self._compared(op, type_, a, b))
        if type_ in t.FLOATS:
            if op not in ("+", "-", "*", "/"):
                raise NotModelled(f"line {line}: {op} of floats")
            return Value(t.float_operation(f"f{op}", type_, a, b), type_)
        if op in ("+", "-", "*"):
            exact = {"+": t.add, "-": t.subtract, "*": t.multiply}[op](a, b)
            return Value(self._arithmetic(type_, exact, line), type_)
        if op in ("/", "%"):
            self.check("divisor", b, type_, line)
            if type_[0] == "i":
                self.check("fits", t.divide(a, b), type_, line)
            return Value(t.divide(a, b) if op == "/" else t.remainder(a, b), type_)
        if op in ("&", "|", "^"):
            return Value(t.bitwise(op, type_, a, b), type_)
        raise NotModelled(f"line {line}: the operator {op}")

    def _arithmetic(self, type_: str, exact: Term, line: int) -> Term:
        if type_[0] == "u":
            return self.wrapped(type_, exact)
        if self.launch is not None:
            exact = self.launch.recognise(exact)
        if not t.fits(type_, exact) and not (self.launch and self.launch.is_bounded(exact)):
            self.check("fits", exact, type_, line)
        return exact

    def _compared(self, op: str, type_: str, a: Term, b: Term) -> Term:
        if op in (">", ">="):
            a, b, op = b, a, "<" if op == ">" else "<="
        if type_ in t.FLOATS:
            found = t.float_operation("f==" if op == "!=" else f"f{op}", "bool", a, b)
            return t.deny(found) if op == "!=" else found
        if op == "<":
            return t.less(a, b)
        if op == "<=":
            return t.at_most(a, b)
        return t.equal(a, b) if op == "==" else t.deny(t.equal(a, b))

    def _shift(self, op: str, left: Value, right: Value, line: int) -> Value:
        type_ = left.type
        if type_ in t.FLOATS or right.type in t.FLOATS:
            raise NotModelled(f"line {line}: a shift of floats")
        self.check("shift", right.term, type_, line)
        if op == "<<" and type_[0] == "i":
            if right.term.op != "const" or not 0 <= right.term.data < t.WIDTHS[type_]:
                return Value(t.bitwise(op, type_, left.term, right.term), type_)
            exact = t.multiply(left.term, t.constant(1 << right.term.data))
            return Value(self._arithmetic(type_, exact, line), type_)
        if op == "<<" and right.term.op == "const" and 0 <= right.term.data < t.WIDTHS[type_]:
            return Value(
                self.wrapped(type_, t.multiply(left.term, t.constant(1 << right.term.data))), type_
            )
        return Value(t.bitwise(op, type_, left.term, right.term), type_)


def _number(truth: Term, type_: str = "i32") -> Value:
    return Value(t.select(truth, t.constant(1), t.constant(0)), type_)


def _rounded(type_: str, value: float) -> Term:
    import numpy

    return t.float_constant(type_, float(numpy.float32(value)) if type_ == "f32" else value)


def common_type(a: str, b: str) -> str:
    """Return the type in which C computes with values of types `a` and `b`, such as `f64` for `i32`
    and `f64`.
    """
    if "f64" in (a, b):
        return "f64"
    if "f32" in (a, b):
        return "f32"
    a, b = (x if t.WIDTHS[x] >= 32 else "i32" for x in (a, b))
    if t.WIDTHS[a] == t.WIDTHS[b]:
        return a if a[0] == "u" else b
    return a if t.WIDTHS[a] > t.WIDTHS[b] else b
