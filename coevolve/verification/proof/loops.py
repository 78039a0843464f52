"""Loops: run once for any number of passes, or spread over iterations or threads.

A sequential loop gives every variable and array that it changes an unknown value at its head. One
pass then says what holds at the end. The value after the loop is a term made of both
(`terms.loop_value`).

A loop is spread where its iterations are the iteration space: the outermost loops of a serial
function, and in a kernel a loop whose counter begins at an index of the threads and moves on by the
number of them (`for (i = index; i < n; i += blockDim.x * gridDim.x)`). The counter takes every
value of `first + 0, 1, 2, ...` for which the test holds exactly once, in some iteration or thread.
What a pass leaves behind in other variables is unknown to the next.

    python -c "from coevolve.verification.proof.loops import Loop; help(Loop)"
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from coevolve.verification.proof import terms as t
from coevolve.verification.proof.errors import NotModelled
from coevolve.verification.proof.summary import Axis, LoopRecord, Pointer, Value
from coevolve.verification.proof.terms import Term
from corpora.ir import Assign, AssignExpression, Increment, Jump, Name, Return, walk as walk_tree

Execution = Any
"""An `execute.Execution`, which imports this module."""


@dataclass(frozen=True)
class Loop:
    """A loop of a program that is run symbolically.

    test: its condition, an expression of `corpora.ir`; None for an endless loop. body, step:
        statements of `corpora.ir` of each pass. after: the test stands at the end, as in `do …
        while`. line: of the source.
    """

    test: Any
    body: tuple[Any, ...]
    step: tuple[Any, ...]
    after: bool
    line: int


@dataclass(frozen=True)
class _Pass:
    """One pass: values at the head and at its end by variable, arrays that it changed, its test."""

    heads: dict[str, Value | Pointer]
    ends: dict[str, Value | Pointer]
    memory_heads: dict[str, Term]
    memory_ends: dict[str, Term]
    test: Term


def run_loop(run: Execution, loop: Loop) -> None:
    """Run `loop` in the symbolic run `run`, whose state and Summary change. Raises NotModelled for
    a loop that proofs do not model.
    """
    flags = _open_flags(run, loop)
    first = {key: run.env[key] for key in [*_changed_variables(run, loop), *flags]}
    mark, probing = run.mark(), run.probing
    run.probing = True
    probe = _pass(run, loop, {k: run.unknown_like(v, k) for k, v in first.items()}, None)
    run.probing = probing
    run.reset(mark)
    counter = None
    if not (loop.after or run.probing or run.sequential):
        counter = _spread_counter(run, first, probe)
        if counter is None and run.launch is None and run.spread > len(run.out.axes):
            raise NotModelled(f"line {loop.line}: a loop whose iterations cannot be counted")
    if counter is not None:
        _spread(run, loop, first, probe, counter)
    else:
        run.sequential += 1
        _sequential(run, loop, first, probe)
        run.sequential -= 1
    left, gone = run.jumps.pop()
    run.env.pop(left, None)
    if not run.jumps:
        run.env.pop(gone, None)


def _open_flags(run: Execution, loop: Loop) -> list[str]:
    """Variables that say whether the loop was left: by `break`, or by `return`."""
    leaves = any(isinstance(n, Jump) and n.kind == "break" for n in walk_tree(loop.body))
    returns = any(isinstance(n, Return) for n in walk_tree(loop.body))
    flags = []
    left = run.fresh("$left")
    if leaves or loop.after:
        run.env[left] = Value(t.constant(0), "bool")
        flags.append(left)
    gone = run.jumps[-1][1] if run.jumps else run.fresh("$return")
    if returns:
        if gone not in run.env:
            run.env[gone] = Value(t.constant(0), "bool")
        flags.append(gone)
    run.jumps.append((left, gone))
    return flags


def _changed_variables(run: Execution, loop: Loop) -> list[str]:
    keys: dict[str, None] = {}
    for node in walk_tree((loop.body, loop.step, (loop.test,) if loop.test is not None else ())):
        target = getattr(node, "target", None)
        if isinstance(node, (Assign, Increment, AssignExpression)) and isinstance(target, Name):
            key = run.key_of(target.id)
            if key in run.env:
                keys[key] = None
    return list(keys)


def _pass(
    run: Execution, loop: Loop, heads: dict[str, Value | Pointer], changed: set[str] | None
) -> _Pass:
    """One pass from unknown heads. changed: arrays that the loop changes, None: not known yet."""
    outer, live, before = dict(run.env), run.live, dict(run.contents)
    run.env |= heads
    arrays = set(run.out.types) if changed is None else changed
    memory_heads = {a: t.memory(a, run.fresh("head")) for a in sorted(arrays)}
    run.contents |= memory_heads
    stay = t.both(*(t.is_zero(_term(h)) for k, h in heads.items() if k in run.jumps[-1]))
    run.live = t.both(live, stay)
    if loop.test is not None and not loop.after:
        stay = t.both(stay, run.truth(loop.test))
        run.live = t.both(live, stay)
    _one_pass(run, loop)
    if loop.after:
        left = run.jumps[-1][0]
        leaves = t.deny(run.truth(loop.test))
        gone = t.either(t.deny(t.is_zero(_term(run.env[left]))), leaves)
        run.env[left] = Value(t.select(gone, t.constant(1), t.constant(0)), "bool")
    ends = {key: run.env[key] for key in heads}
    memory_ends = {a: c for a, c in run.contents.items() if a in arrays}
    run.env, run.live, run.contents = {k: run.env[k] for k in outer}, live, before
    return _Pass(heads, ends, memory_heads, memory_ends, stay)


def _one_pass(run: Execution, loop: Loop) -> None:
    """The body and the step. Where `continue` or `break` leave the body, variables keep what they
    had there."""
    inside = run.live
    run.exits.append([])
    run.block(loop.body)
    exits = run.exits.pop()
    for kind, path, env in exits:
        if kind == "continue":
            _keep(run, inside, path, env)
    gone = [_beyond(inside, path) for kind, path, _ in exits if kind != "continue"]
    run.live = t.both(inside, *(t.deny(g) for g in gone))
    for part in loop.step:
        run.statement(part)
    for kind, path, env in exits:
        if kind != "continue":
            _keep(run, inside, path, env)


def _beyond(inside: Term, path: Term) -> Term:
    held = set(t.conjuncts(inside))
    return t.both(*(c for c in t.conjuncts(path) if c not in held))


def _keep(run: Execution, inside: Term, path: Term, env: dict[str, Value | Pointer]) -> None:
    test = _beyond(inside, path)
    for key, value in run.env.items():
        if key in env and env[key] != value:
            run.env[key] = _with_term(value, t.select(test, _term(env[key]), _term(value)))


# ------------------------------------------------------------------------------------ in order


def _sequential(
    run: Execution, loop: Loop, first: dict[str, Value | Pointer], probe: _Pass
) -> None:
    changed = {a for a, c in probe.memory_ends.items() if c is not probe.memory_heads[a]}
    heads: dict[str, Value | Pointer] = {}
    for key, value in first.items():
        low, high = _trend(value, probe.heads[key], probe.ends[key])
        heads[key] = run.unknown_like(value, key, low, high)
        if direction := _direction(value, probe.heads[key], probe.ends[key]):
            moved = t.multiply(t.subtract(_term(heads[key]), _term(value)), t.constant(direction))
            run.out.invariants.append(t.at_least_zero(moved))
    slot = len(run.out.loops)
    names = tuple((_hint(k), _term(h)) for k, h in heads.items())
    record = LoopRecord(names, t.TRUE, run.live, loop.line)
    run.out.loops.append(record)
    done = _pass(run, loop, heads, changed)
    names += tuple((f"{a}[]", h) for a, h in done.memory_heads.items())
    slots = [(_term(h), _term(first[k]), _term(done.ends[k])) for k, h in heads.items()]
    slots += [(h, run.content(a), done.memory_ends[a]) for a, h in done.memory_heads.items()]
    run.out.loops[slot] = replace(record, heads=names, test=done.test, slots=tuple(slots))
    for key, head in heads.items():
        run.env[key] = _with_term(first[key], t.loop_value(done.test, slots, _term(head)))
    run.contents |= {a: t.loop_value(done.test, slots, h) for a, h in done.memory_heads.items()}
    gone = run.jumps[-1][1]
    if gone in first:
        run.live = t.both(run.live, t.is_zero(_term(run.env[gone])))


def _direction(first: Any, head: Any, end: Any) -> int:
    """1 or -1 where a pass moves a signed integer by a fixed amount up or down, else 0. The
    operation is checked not to overflow, so it stays on its side of the first value."""
    if not isinstance(first, Value) or first.type not in ("i32", "i64"):
        return 0
    step = t.subtract(end.term, head.term)
    return 0 if step.op != "const" else (step.data > 0) - (step.data < 0)


def _trend(first: Any, head: Any, end: Any) -> tuple[int | None, int | None]:
    direction = _direction(first, head, end)
    low = first.term.low if direction > 0 else None
    return low, first.term.high if direction < 0 else None


def _hint(key: str) -> str:
    return key.partition("'")[0]


def _term(value: Value | Pointer) -> Term:
    return value.term if isinstance(value, Value) else value.offset


def _with_term(value: Value | Pointer, term: Term) -> Value | Pointer:
    if isinstance(value, Value):
        return Value(term, value.type)
    return replace(value, offset=term)


# -------------------------------------------------------------------------------------- spread


@dataclass(frozen=True)
class _Counter:
    """The counter of a loop to spread. index: the index of the threads in its first value (zero
    in a serial loop). step: by how much it moves; for a kernel 1."""

    key: str
    index: Term
    step: int


def _spread_counter(
    run: Execution, first: dict[str, Value | Pointer], probe: _Pass
) -> _Counter | None:
    if run.launch is None and len(run.out.axes) >= run.spread:
        return None
    heads = {_term(h) for h in probe.heads.values()} | set(probe.memory_heads.values())
    tested = set(t.atoms(probe.test))
    for key, head in probe.heads.items():
        value, end = first[key], probe.ends[key]
        if _term(head) not in tested or not isinstance(value, Value):
            continue
        step = t.subtract(_exact(_term(end)), _term(head))
        if run.launch is not None:
            index = run.launch.stride(value.term, step)
            if index is not None and not heads & set(t.atoms(step)):
                return _Counter(key, index, 1)
        elif step.op == "const" and step.data and key not in run.jumps[-1]:
            return _Counter(key, t.constant(0), step.data)
    return None


def _exact(term: Term) -> Term:
    """A counter's next value without the wrap of its unsigned type: while the test holds for every
    value so far, the counter is below its bound."""
    return term.args[0] if term.op == "wrap" else term


def _spread(
    run: Execution,
    loop: Loop,
    first: dict[str, Value | Pointer],
    probe: _Pass,
    counter: _Counter,
) -> None:
    start, live = first[counter.key], run.live
    if not isinstance(start, Value) or t.WIDTHS[start.type] < 32:
        raise NotModelled(f"line {loop.line}: the type of the loop's counter")
    if any(touch.kind != "read" for touch in run.out.touches):
        raise NotModelled(f"line {loop.line}: something is written before the loop")
    origin = t.subtract(start.term, counter.index)
    moving, value = _iteration(run, start, origin, counter)
    left = {k: run.unknown_like(v, k) for k, v in first.items() if k not in run.jumps[-1]}
    run.env |= left
    run.env[counter.key] = Value(value, start.type)
    test = run.truth(loop.test)
    changed = {h for a, h in probe.memory_heads.items() if probe.memory_ends[a] is not h}
    if changed & set(t.atoms(probe.test)) or {_term(v) for v in left.values()} & set(t.atoms(test)):
        raise NotModelled(f"line {loop.line}: the loop's test depends on what a pass changes")
    _refuse_unsteady(test, moving, -1 if counter.step == -1 else 1, loop.line)
    if run.launch is None:
        if not run.out.axes:
            run.out.before = len(run.out.checks)
        run.out.axes.append(Axis(moving, origin, test, counter.step, loop.line))
    else:
        run.live = t.both(live, test)
        run.check("step", t.add(value, run.launch.threads(counter.index)), start.type, loop.line)
    _one_pass(run, loop)
    if any(t.is_zero(_term(run.env[f])) is not t.TRUE for f in run.jumps[-1] if f in run.env):
        raise NotModelled(f"line {loop.line}: a loop whose iterations are spread is left early")
    run.live = live
    for key, stale in left.items():
        if key != counter.key:
            run.out.stale.setdefault(key, _term(stale))
            run.out.ends[key] = _term(run.env[key])
    for key, old in first.items():
        run.env[key] = run.unknown_like(old, key)
    run.ended = "something happens after the loop whose iterations are spread"


def _iteration(run: Execution, start: Value, origin: Term, counter: _Counter) -> tuple[Term, Term]:
    """The symbol that counts the iterations, and the counter's value in one of them."""
    name = run.fresh(_hint(counter.key))
    if run.launch is not None:
        moving = run.launch.unbounded(counter.index, name, start.type)
        return moving, t.add(origin, moving)
    if abs(counter.step) == 1:
        low, high = (origin.low, None) if counter.step > 0 else (None, origin.high)
        moving = t.symbol(name, start.type, low, high)
        return moving, moving
    moving = t.symbol(name, "i64", 0)
    return moving, t.add(origin, t.multiply(moving, t.constant(counter.step)))


def _refuse_unsteady(test: Term, moving: Term, direction: int, line: int) -> None:
    """Raises NotModelled unless the test, once it fails, fails for every later iteration."""
    for part in t.conjuncts(test):
        if moving not in set(t.atoms(part)):
            continue
        terms = t.polynomial(part.args[0]) if part.op == "ge0" else {}
        holders = [m for m in terms if any(moving in set(t.atoms(a)) for a in m)]
        if holders != [(moving,)] or terms[(moving,)] * direction >= 0:
            raise NotModelled(f"line {line}: a test of a loop that is no upper bound")
    if moving not in set(t.atoms(test)):
        raise NotModelled(f"line {line}: a loop without a bound")
