"""Loop nests spread over threads by rule: what is proposed for a nest of which the model's answer
does not stand.

Contract: `propose_kernels` and `propose_parallel_loops` give proposals, best first, each a whole
function of the part's name. What may run at once is what `corpora.analysis.parallel` says of each
loop. A loop that surely needs an earlier iteration gives none; where the analysis does not know,
or assumes something, execution decides. A nest whose loops do not count evenly, or are left early,
gives none.

    python -c "from corpora.records import Program; \\
        from translator.outline.parse_cpp import parse_function; \\
        from translator.outline.outliner import Outliner; \\
from translator.parallelize.propose import propose_kernels; \\
    w = parse_function(Program('cpp', 'f', \\
    'void f(int n, float *x) { for (int i = 0; i < n; i++) x[i] *= 2; }')); \\
print(propose_kernels(Outliner(w).part(w.body, {}))[0])"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from corpora.analysis.accesses import facts_of
from corpora.analysis.loops import LoopRange, early_exits, loop_range, perfect_nest, root_name
from corpora.analysis.parallel import LoopVerdict, judge_loop
from corpora.analysis.updates import PlaceUpdate, update_of
from corpora.emit.c_family import emit_c_family, parse_c_clause
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.pragmas import build_pragma, read_directive
from corpora.frontends.queries import function_named
from corpora.ir import (
    Access,
    Assign,
    Binary,
    Compound,
    Declaration,
    Expression,
    For,
    Function,
    If,
    Jump,
    Literal,
    Member,
    Name,
    Parameter,
    PointerType,
    Pragma,
    RangeFor,
    Return,
    ScalarType,
    Statement,
    Unary,
    While,
    names_in,
    rewrite_statements,
)
from translator.outline.outliner import OutlinedPart
from translator.parallelize.atomics import AtomicChanges, NoAtomicError

_AXES = "xyz"
_ATOMIC = {"+", "*", "/", "&", "|", "^"}
"""What `#pragma omp atomic` changes a place by."""


@dataclass(frozen=True, slots=True)
class _Loop:
    """A loop that counts evenly, and what is known of its iterations."""

    node: For
    range: LoopRange
    verdict: LoopVerdict

    @property
    def is_refuted(self) -> bool:
        """Whether an iteration surely needs an earlier one."""
        return any(each.is_certain for each in self.verdict.dependences)

    @property
    def test(self) -> Expression:
        """Whether the variable's value is one of the loop's, without a change of it."""
        name, test = Name(self.range.variable), self.node.test
        plain = isinstance(test, Binary) and test.op in ("<", "<=", ">", ">=")
        if plain and self.range.variable in names_in(test) and self.node.step:
            return test
        return Binary("<=" if self.range.direction > 0 else ">=", name, self.range.upper_inclusive)

    @property
    def head(self) -> For:
        """As OpenMP takes it: the variable alone on one side of the test."""
        name, test = Name(self.range.variable), self.test
        if not (isinstance(test, Binary) and name in (test.left, test.right)):
            end, op = self.range.upper_inclusive, "<=" if self.range.direction > 0 else ">="
            nearer = "-" if self.range.direction > 0 else "+"
            if isinstance(end, Binary) and (end.op, end.right) == (nearer, Literal("1", "i32")):
                end, op = end.left, op[0]
            test = Binary(op, name, end)
        start = replace(self._declared(), value=self.range.lower)
        step = self.node.step or (Assign(name, "--", None),)
        return replace(self.node, start=(start,), test=test, step=step)

    def on_thread(self, axis: str) -> Declaration:
        """The variable's declaration as a thread of `axis` has it."""
        block, size, thread = (
            Member(Name(word), axis) for word in ("blockIdx", "blockDim", "threadIdx")
        )
        far: Expression = Binary("+", Binary("*", block, size), thread)
        if (step := self._step()) != Literal("1", "i32"):
            far = Binary("*", step, far)
        if self.range.lower == Literal("0", "i32") and self.range.direction > 0:
            return replace(self._declared(), value=far)
        op = "+" if self.range.direction > 0 else "-"
        return replace(self._declared(), value=Binary(op, self.range.lower, far))

    def _declared(self) -> Declaration:
        """The declaration of the loop's variable in its head; a proposal is made of no other."""
        assert self.range.declared is not None
        return self.range.declared

    def _step(self) -> Expression:
        """Its size, without a sign."""
        if self.range.step is not None:
            return Literal(str(abs(self.range.step)), "i32")
        step = self.range.step_expression
        return step.operand if self.range.direction < 0 and isinstance(step, Unary) else step


@dataclass(frozen=True, slots=True)
class _Nest:
    """A part's nest. before: declarations of what iterations use. loops: those that stand right
    inside each other, three at the most. behind: what the part returns.
    """

    function: Function
    before: tuple[Declaration, ...]
    loops: tuple[_Loop, ...]
    behind: tuple[Statement, ...]

    @property
    def pointers(self) -> dict[str, ScalarType]:
        """What the part may change through pointers, and the types of their elements."""
        return {p.name: p.type.to for p in self.function.parameters if _is_changeable(p)}


def propose_kernels(part: OutlinedPart) -> list[str]:
    """Return the texts of CUDA kernels for a loop nest, best first, one thread per iteration of one
    or more outer loops. Where it is not known that iterations are independent, there are versions
    with atomic updates and without. part: the nest as a function. The list is empty if no kernel
    can be made: `part` is no single nest, or the outermost loop surely needs an earlier iteration.
    """
    nest = _read_nest(part)
    if nest is None:
        return []
    free, unknown, updating, gathered = [], [], [], []
    for count in range(len(nest.loops), 0, -1):
        chosen = nest.loops[:count]
        if any(loop.is_refuted for loop in chosen):
            continue
        plain, atomic = (count, False), (count, True)
        if all(loop.verdict.kind == "parallel" for loop in chosen):
            free.append(plain)
            continue
        updates = any(r.array for loop in chosen for r in loop.verdict.reductions)
        (gathered if updates else unknown).append(plain)
        updating.append(atomic)
    found = [_kernel(part, nest, *way) for way in (*free, *unknown, *updating, *gathered)]
    return list(dict.fromkeys(text for text in found if text))


def propose_parallel_loops(part: OutlinedPart) -> list[str]:
    """Return the texts of OpenMP versions of a loop nest, best first. The outermost loop is
    parallel, with reductions and atomic updates where needed. part: the nest as a function. The
    list is empty if `part` is no single nest, or that loop surely needs an earlier iteration.
    """
    nest = _read_nest(part)
    if nest is None or nest.loops[0].is_refuted:
        return []
    loop = nest.loops[0]
    clauses = _clauses(part, nest, loop.verdict)
    if clauses is None:
        return []
    body = loop.node.body
    updated = rewrite_statements(body, lambda statement: _one_at_a_time(statement, nest.pointers))
    bodies = [body] if updated == body else [body, updated]
    if any(reduction.array for reduction in loop.verdict.reductions):
        bodies.reverse()
    directive = _pragma(" ".join(["omp parallel for", *clauses]))
    return [
        _print(
            part.head,
            (*nest.before, replace(loop.head, body=each, pragmas=(directive,)), *nest.behind),
        )
        for each in bodies
    ]


def _read_nest(part: OutlinedPart) -> _Nest | None:
    """None where the part is not one nest whose outermost loop counts evenly."""
    unit = parse_c_family(part.program.text, "cpp")
    function = function_named(unit, part.program.name)
    body = list(function.body or ()) if function is not None else []
    before: list[Declaration] = []
    while body and isinstance(body[0], Declaration) and body[0].value is None:
        before.append(body.pop(0))
    if not body or not isinstance(body[0], For) or not all(isinstance(s, Return) for s in body[1:]):
        return None
    facts = facts_of(function, unit)
    loops: list[_Loop] = []
    for node in perfect_nest(body[0])[: len(_AXES)]:
        counted = _count_evenly(node)
        if counted is None:
            break
        loops.append(_Loop(node, counted, judge_loop(facts.loop_of(node), facts)))
    return _Nest(function, tuple(before), tuple(loops), tuple(body[1:])) if loops else None


def _count_evenly(node: Statement) -> LoopRange | None:
    found = loop_range(node) if isinstance(node, For) else None
    if not isinstance(found, LoopRange) or not found.exact or found.trailing or early_exits(node):
        return None
    kind = found.declared.type if found.declared is not None else None
    falls_unsigned = found.direction < 0 and getattr(kind, "name", "").startswith("u")
    return None if kind is None or falls_unsigned else found


def _is_changeable(parameter: Parameter) -> bool:
    kind = parameter.type
    return isinstance(kind, PointerType) and isinstance(kind.to, ScalarType) and not kind.to.const


def _kernel(part: OutlinedPart, nest: _Nest, count: int, every: bool) -> str:
    """'' where a change has no atomic form in CUDA. every: every change of memory that others
    reach is atomic; else only of places that no variable of the `count` loops decides.
    """
    loops, atomics = nest.loops[:count], AtomicChanges(part.program.name)
    variables, pointers = {loop.range.variable for loop in loops}, nest.pointers

    def change(statement: Statement) -> tuple[Statement, ...] | None:
        update = update_of(statement)
        target = update.target if update else _target_of_constant(statement)
        type = pointers.get(root_name(target) or "") if isinstance(target, Access) else None
        decided = bool(target is not None and names_in(target) & variables)
        if type is None or (decided and not (every and update)):
            return None
        if update is None:
            return (atomics.store(target, statement.value, type),)
        return (atomics.update(update, type),)

    try:
        inner = rewrite_statements(_end_thread(loops[-1].node.body), change)
    except NoAtomicError:
        return ""
    for loop, axis in zip(reversed(loops), _AXES, strict=False):
        inner = (loop.on_thread(axis), If(loop.test, inner))
    return atomics.helpers() + "__global__ " + _print(part.head, (*nest.before, *inner))


def _target_of_constant(statement: Statement) -> Expression | None:
    """The place that a statement gives a number."""
    if not isinstance(statement, Assign) or statement.op != "=":
        return None
    value = statement.value
    value = value.operand if isinstance(value, Unary) and value.op == "-" else value
    return statement.target if isinstance(value, Literal) else None


def _end_thread(body: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """The body of a loop that is gone: what went on with the next iteration ends the thread."""

    def change(statement: Statement) -> tuple[Statement, ...] | None:
        if isinstance(statement, Jump) and statement.kind == "continue":
            return (Return(),)
        return (statement,) if isinstance(statement, (For, While, RangeFor)) else None

    return rewrite_statements(body, change)


def _clauses(part: OutlinedPart, nest: _Nest, verdict: LoopVerdict) -> list[str] | None:
    """What a directive says of the part's scalars; None where they cannot be shared out."""
    operators = {r.variable: r.operator for r in verdict.reductions if not r.positions}
    private = {p.variable: p for p in verdict.private}
    found: list[str] = []
    for name in part.results:
        if name in operators:
            found.append(f"reduction({operators[name]}:{name})")
        elif name in private:
            found.append(f"lastprivate({name})")
        else:
            return None
    own = [declared.name for declared in nest.before]
    if any(name not in private for name in own):
        return None
    return [*found, f"private({', '.join(own)})"] if own else found


def _one_at_a_time(
    statement: Statement, pointers: dict[str, ScalarType]
) -> tuple[Statement, ...] | None:
    """A change of an element by what it was as one that threads make one after the other."""
    update = update_of(statement)
    if update is None or not isinstance(update.target, Access):
        return None
    if root_name(update.target) not in pointers:
        return None
    if update.operator not in _ATOMIC:
        return (Compound((statement,), (_pragma("omp critical"),)),)
    return (replace(_as_compound(statement, update), pragmas=(_pragma("omp atomic"),)),)


def _as_compound(statement: Statement, update: PlaceUpdate) -> Assign:
    """`x += e` for `x = x + e`; what is one already stays as it is."""
    if isinstance(statement, Assign) and statement.op != "=":
        return statement
    return Assign(update.target, f"{update.operator}=", update.value)


def _pragma(text: str) -> Pragma:
    return build_pragma(read_directive(text), lambda clause, _: parse_c_clause(clause))


def _print(head: str, body: Sequence[Statement]) -> str:
    """A function's text. Directives stand as deep as what they are about."""
    rows = emit_c_family(tuple(body), "openmp").splitlines()
    for k in reversed(range(len(rows) - 1)):
        if rows[k].startswith("#"):
            below = rows[k + 1]
            rows[k] = " " * (len(below) - len(below.lstrip())) + rows[k]
    return "\n".join([f"{head} {{", *("    " + row for row in rows), "}"]) + "\n"
