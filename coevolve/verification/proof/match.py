"""Whether threads do what the iterations of a serial function do: one correspondence at a time.

A correspondence says which index of the threads is which counter. Given one, five things are shown:
every iteration has exactly one thread; other threads do nothing; a thread writes what the iteration
writes; what a thread touches and computes the iteration touches and computes too, so that it is in
bounds and defined because the serial function is; and no two iterations meet.

Showing each translation right rather than the translator is translation validation (Pnueli, Siegel
and Singerman, 1998). Deferring undefined overflow to where a value is used follows Alive2 (Lopes et
al., 2021).

    python -c "from coevolve.verification.proof.match import *; help(match)"
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from coevolve.verification.proof import terms as t
from coevolve.verification.proof.errors import NotModelled
from coevolve.verification.proof.independence import find_conflict
from coevolve.verification.proof.launch import Launch
from coevolve.verification.proof.same import Comparison
from coevolve.verification.proof.solver import Solver
from coevolve.verification.proof.summary import Axis, Check, LoopRecord, Summary, Touch
from coevolve.verification.proof.terms import Rewriter, Term


@dataclass(frozen=True)
class Correspondence:
    """A guess which thread of a kernel does which iteration of the source.

    values: from each thread index to a term in the source's loop counters. back: from each counter
        to a term in thread indices. axes: (index, counter) where one index is one counter.
    domain: the condition under which a thread does an iteration; None where `back` says it already.
        given: conditions that the parameters must fulfil for that.
    """

    values: dict[Term, Term]
    back: dict[Term, Term]
    axes: tuple[tuple[Term, Axis], ...] = ()
    domain: Term | None = None
    given: tuple[Term, ...] = ()


@dataclass(frozen=True)
class Requirement:
    """A precondition of a proof on the launch or on a parameter's value.

    text: for people, such as `gridDim.x * blockDim.x >= n`. extent, relation, bound: its three
        parts, here `gridDim.x * blockDim.x`, `>=` and `n`. kind: `launch` or `value`.
    """

    text: str
    extent: str
    relation: str
    bound: str
    kind: str = "launch"


def match(
    source: Summary, target: Summary, launch: Launch, assumed: Sequence[Term]
) -> tuple[Requirement, ...]:
    """Return the conditions that a launch must fulfil so that the kernel does what the source does.
    Showing each translation right is translation validation (Pnueli, Siegel and Singerman, 1998).

    source, target: what one iteration, and one thread, does. launch: the kernel's indices. assumed:
        boolean terms that hold of the parameters. Raises NotModelled with the reason where that
        could not be shown.
    """
    used = _used_indices(target, launch)
    best = NotModelled("no index of the threads is a counter of the source")
    for correspondence in correspondences(source, used, launch):
        try:
            return _Match(source, target, launch, correspondence, assumed).requirements()
        except NotModelled as error:
            best = max(best, error, key=lambda e: e.stage)
    raise best


def all_terms(summary: Summary) -> Iterator[Term]:
    """Yield the conditions and indices of all array accesses in `summary`, and the final array
    contents.
    """
    for touch in summary.touches:
        yield touch.path
        yield from touch.index
    yield from summary.contents.values()


def _used_indices(target: Summary, launch: Launch) -> list[Term]:
    found = dict.fromkeys(a for term in all_terms(target) for a in t.atoms(term))
    sizes = [a for a in found if a in launch.sizes]
    if sizes:
        raise NotModelled(f"{t.show(sizes[0])} decides what is computed")
    used = [a for a in found if a in launch.indices]
    parts = [p for u in used for p in launch.indices[u].digits]
    if len(set(parts)) < len(parts):
        raise NotModelled("threads are told apart by indices that overlap")
    if not used:
        raise NotModelled("the kernel uses no index of its threads")
    return used


# --------------------------------------------------------------------------- correspondences


def correspondences(
    source: Summary, used: Sequence[Term], launch: Launch
) -> Iterator[Correspondence]:
    """Yield guesses which thread does which iteration of the source, likely ones first.

    source: what one iteration does. used: the thread indices that the kernel uses. launch: all its
        indices. There may be none.
    """
    axes = source.axes
    if len(used) == len(axes):
        for order in itertools.permutations(used):
            shifted = any(a.first is not t.constant(0) or a.step < 0 for a in axes)
            yield _one_to_one(order, axes, False)
            if shifted:
                yield _one_to_one(order, axes, True)
    elif len(used) == 1 and len(axes) > 1:
        for order in itertools.permutations(axes):
            flat = _flat(used[0], order)
            if flat is not None:
                yield flat


def _one_to_one(order: Sequence[Term], axes: Sequence[Axis], shifted: bool) -> Correspondence:
    values, back = {}, {}
    for index, axis in zip(order, axes, strict=True):
        if abs(axis.step) != 1:
            values[index], back[axis.symbol] = axis.symbol, index
            if shifted:  # the index is the counter itself, of which only some values occur
                values[index] = t.add(axis.first, t.multiply(axis.symbol, t.constant(axis.step)))
                back.pop(axis.symbol)
        elif not shifted:
            values[index], back[axis.symbol] = axis.symbol, index
        elif axis.step > 0:
            values[index] = t.subtract(axis.symbol, axis.first)
            back[axis.symbol] = t.add(index, axis.first)
        else:
            values[index] = t.subtract(axis.first, axis.symbol)
            back[axis.symbol] = t.subtract(axis.first, index)
    return Correspondence(values, back, tuple(zip(order, axes, strict=True)))


def count_of(axis: Axis) -> Term | None:
    """Return how many iterations a loop has, as a term. None unless it counts up by one to a single
    bound.
    """
    if axis.step != 1:
        return None
    tests = [p for p in t.conjuncts(axis.test) if p.op == "ge0"]
    if len(tests) != 1 or axis.test is not tests[0]:
        return None
    value = t.polynomial(tests[0].args[0])
    if value.get((axis.symbol,)) != -1:
        return None
    last = t.add(tests[0].args[0], axis.symbol)
    if axis.symbol in set(t.atoms(last)):
        return None
    return t.add(t.subtract(last, axis.first), t.constant(1))


def _flat(index: Term, axes: Sequence[Axis]) -> Correspondence | None:
    """One index for several counters, the last of `axes` fastest."""
    value, weight = t.constant(0), t.constant(1)
    symbols = {a.symbol for a in axes}
    for axis in reversed(axes):
        count = count_of(axis)
        if count is None or symbols & set(t.atoms(count)) or symbols & set(t.atoms(axis.first)):
            return None
        value = t.add(value, t.multiply(weight, t.subtract(axis.symbol, axis.first)))
        weight = t.multiply(weight, count)
    counts = tuple(t.at_least_zero(c) for c in map(count_of, axes) if c is not None)
    return Correspondence({index: value}, {}, (), t.less(index, weight), counts)


# ------------------------------------------------------------------------------------ one match


class _Match:
    def __init__(
        self,
        source: Summary,
        target: Summary,
        launch: Launch,
        correspondence: Correspondence,
        assumed: Sequence[Term],
    ) -> None:
        self.source, self.launch = source, launch
        self.plain = target
        self.correspondence = correspondence
        self.assumed = (*assumed, *correspondence.given)
        self.domain = domain_of(source.axes)
        self.facts = (*self.assumed, *self.domain)
        self.solver = Solver((*self.facts, *source.invariants, *_defined(source)))
        self.target = self._renamed(target)

    def _renamed(self, target: Summary) -> Summary:
        """The target in the source's symbols."""
        change = self.correspondence.values | pair_heads(self.source.loops, target.loops)
        rewrite = Rewriter(change, self._decide)
        return rewritten(target, rewrite)

    def _decide(self, term: Term) -> Term:
        """A condition that the facts settle; a quotient or rest that they make simple."""
        if term.op == "ge0":
            if self.solver.by_facts(term):
                return t.TRUE
            if self.solver.by_facts(t.deny(term)):
                return t.FALSE
        if term.op in ("div", "mod"):
            return self._divided(term)
        return term

    def _divided(self, term: Term) -> Term:
        """`(q*w + r) / w` is q where 0 <= r < w, q >= 0, and the rest is r."""
        dividend, divisor = term.args
        factor = t.polynomial(divisor)
        if len(factor) != 1:
            return term
        ((monomial, number),) = factor.items()
        whole, rest = {}, {}
        for m, c in t.polynomial(dividend).items():
            left = _without(m, monomial)
            if c % number == 0 and left is not None:
                whole[left] = c // number
            else:
                rest[m] = c
        quotient, remains = t.from_polynomial(whole), t.from_polynomial(rest)
        small = t.both(t.at_least_zero(remains), t.less(remains, divisor))
        if whole and self.solver.implies(t.TRUE, t.both(small, t.at_least_zero(quotient))):
            return quotient if term.op == "div" else remains
        return term

    def requirements(self) -> tuple[Requirement, ...]:
        steps = (
            self._compare_contents,
            self._compare_loops,
            self._cover_touches,
            self._cover_checks,
            self._refuse_idle_work,
            self._refuse_conflicts,
        )
        for stage, step in enumerate(steps, 1):
            try:
                step()
            except NotModelled as error:
                raise NotModelled(str(error), stage) from None
        return launch_requirements(self.correspondence, self.source, self.launch, self.exact)

    def _refuse_conflicts(self) -> None:
        problem = find_conflict(self.target, [a.symbol for a in self.source.axes], self.facts)
        if problem:
            raise NotModelled(problem)

    # ---- what is written

    def _compare_contents(self) -> None:
        compare = Comparison(self.solver)
        updated = {o.array for o in self.target.touches if o.kind == "update"}
        source = updates_of(self.source, updated)
        for array in sorted(source.contents.keys() | self.target.contents.keys()):
            ours = source.contents.get(array, t.memory(array))
            theirs = self.target.contents.get(array, t.memory(array))
            compare.require(ours, theirs, t.TRUE, f"what is written to {array} differs")
        self.updating = source

    def _compare_loops(self) -> None:
        """What loops hold at their heads is the same, wherever the target uses it."""
        compare = Comparison(self.solver)
        used = {a for term in all_terms(self.target) for a in t.atoms(term)}
        used |= {a for c in self.target.checks for part in (c.path, c.term) for a in t.atoms(part)}
        used |= {a for loop in self.target.loops for a in t.atoms(loop.test)}
        for ours, theirs in zip(self.source.loops, self.target.loops, strict=True):
            where = f"line {theirs.line}: the loop"
            compare.require(ours.test, theirs.test, t.TRUE, f"{where} ends elsewhere")
            known = {head: (first, later) for head, first, later in ours.slots}
            left = {head: (first, later) for head, first, later in theirs.slots}
            queue = [h for h in left if h in used]
            done: set[Term] = set()
            while queue:
                head = queue.pop()
                if head in done:
                    continue
                done.add(head)
                if head not in known:
                    raise NotModelled(f"{where} keeps {t.show(head)}, which the source does not")
                first, later = left[head]
                compare.require(known[head][0], first, theirs.path, f"{where} begins elsewhere")
                compare.require(known[head][1], later, ours.test, f"{where} goes on elsewhere")
                queue += [a for a in t.atoms(later) if a in left]

    # ---- what is touched and computed

    def _cover_touches(self) -> None:
        by_array: dict[str, list[Touch]] = {}
        for touch in self.updating.touches:
            by_array.setdefault(touch.array, []).append(touch)
        seen: set[tuple[object, ...]] = set()
        for touch in self.target.touches:
            key = (touch.array, touch.index, touch.path)
            if key in seen:
                continue
            seen.add(key)
            if not any(self._covers(ours, touch) for ours in by_array.get(touch.array, ())):
                shown = ", ".join(map(t.show, touch.index))
                raise NotModelled(f"line {touch.line}: {touch.array}[{shown}] may be out of bounds")

    def _covers(self, ours: Touch, theirs: Touch) -> bool:
        same = [t.equal(a, b) for a, b in zip(ours.index, theirs.index, strict=True)]
        return self.solver.implies(theirs.path, t.both(*same, ours.path))

    def _cover_checks(self) -> None:
        by_term: dict[tuple[str, Term], list[Check]] = {}
        for check in self.source.checks:
            by_term.setdefault((check.kind, check.term), []).append(check)
        strides = {(c.term, c.type) for c in self.target.checks if c.kind == "step"}
        for check in dict.fromkeys(self.target.checks):
            if (check.term, check.type) in strides and check.kind in ("step", "fits"):
                continue
            ours = by_term.get((check.kind, check.term), ())
            if any(_no_wider(o, check) and self.solver.implies(check.path, o.path) for o in ours):
                continue
            goal = condition_of(check)
            if goal is None or not self.solver.implies(check.path, goal):
                raise NotModelled(f"line {check.line}: {_WORDS[check.kind]} ({t.show(check.term)})")

    # ---- threads without an iteration

    def _refuse_idle_work(self) -> None:
        """Threads that are no iteration touch nothing. Indices without any guard are kept: their
        extent must be exactly the number of iterations."""
        back = Rewriter(self.correspondence.back)
        domain = self.correspondence.domain
        if domain is None:
            if len(self.correspondence.back) < len(self.source.axes):
                raise NotModelled("a counter with steps, guarded by its value")
            domain = t.both(*(_is_iteration(a, back) for a in self.source.axes))
        exact = [i for i, axis in self.correspondence.axes if self._is_unguarded(i, axis)]
        if exact and len(exact) < len(self.correspondence.values):
            raise NotModelled(f"{t.show(exact[0])} has no guard, but another index has one")
        given = [*self.assumed, *_always(self.source)]
        for index, axis in self.correspondence.axes:
            if index in exact:
                given += [back(d) for d in domain_of([axis])]
        solver = Solver(tuple(given))
        for touch in self.plain.touches:
            if not solver.implies(touch.path, domain):
                raise NotModelled(
                    f"line {touch.line}: a thread beyond the last iteration may touch {touch.array}"
                )
        for loop in self.plain.loops:
            if not solver.implies(loop.path, domain):
                raise NotModelled(f"line {loop.line}: a loop before the guard")
        self._refuse_idle_faults(solver, domain)
        self.exact = tuple(exact)

    def _refuse_idle_faults(self, solver: Solver, domain: Term) -> None:
        tested = [s for o in self.plain.touches for s in t.walk(o.path) if s.type == "int"]
        for check in dict.fromkeys(self.plain.checks):
            if check.kind == "step" or solver.implies(check.path, domain):
                continue  # a stride is computed where the test of its loop held
            if check.kind == "fits" and not _feeds(check.term, tested):
                continue
            goal = condition_of(check)
            if goal is None or not solver.implies(check.path, goal):
                raise NotModelled(
                    f"line {check.line}: before the guard, {_WORDS[check.kind]}"
                    f" ({t.show(check.term)})"
                )

    def _is_unguarded(self, index: Term, axis: Axis) -> bool:
        """Whether no condition of the kernel compares an index: it relies on the launch."""
        if self.launch.indices[index].radix is None:
            return False
        others = {a.symbol for a in self.source.axes} - {axis.symbol}
        if others & set(t.atoms(axis.test)) or others & set(t.atoms(axis.first)):
            return False
        back = self.correspondence.back[axis.symbol]
        if t.subtract(back, index) is not axis.first:
            return False
        return not any(_compares(o.path, index) for o in self.plain.touches)


def _without(monomial: tuple[Term, ...], factor: tuple[Term, ...]) -> tuple[Term, ...] | None:
    """A product divided by another, or None."""
    left = list(monomial)
    for atom in factor:
        if atom not in left:
            return None
        left.remove(atom)
    return tuple(left)


_WORDS = {
    "fits": "an integer may overflow",
    "divisor": "a divisor may be zero",
    "shift": "a shift by too many bits",
    "ftoi": "a floating-point value converted to an integer",
}


def _compares(path: Term, index: Term) -> bool:
    """Whether a comparison of integers in `path` has the index outside array subscripts."""
    stack, seen = [path], set()
    while stack:
        term = stack.pop()
        if term is index:
            return True
        if term in seen or term.op == "load":
            continue
        seen.add(term)
        stack += term.args
    return False


def _feeds(term: Term, tested: Sequence[Term]) -> bool:
    """Whether a computed value is part of a value that conditions compare."""
    parts = [(m, c) for m, c in t.polynomial(term).items() if m]
    for other in tested:
        value = t.polynomial(other)
        if all(value.get(m) == c for m, c in parts) or all(value.get(m) == -c for m, c in parts):
            return True
    return False


def _no_wider(ours: Check, theirs: Check) -> bool:
    if ours.type == theirs.type:
        return True
    if ours.type not in t.WIDTHS or theirs.type not in t.WIDTHS or ours.kind != "fits":
        return False
    low, high = t.type_range(ours.type)
    least, most = t.type_range(theirs.type)
    return least <= low and high <= most


def condition_of(check: Check) -> Term | None:
    """Return what `check` demands, as a boolean term; None if it concerns floating-point values."""
    if check.kind == "divisor":
        return t.deny(t.is_zero(check.term))
    if check.kind in ("fits", "shift"):
        low, high = t.type_range(check.type)
        if check.kind == "shift":
            low, high = 0, t.WIDTHS[check.type] - 1
        return t.both(
            t.at_most(t.constant(low), check.term), t.at_most(check.term, t.constant(high))
        )
    return None


def domain_of(axes: Sequence[Axis]) -> tuple[Term, ...]:
    """Return the conditions that hold of the loop counters `axes` in every iteration."""
    facts: list[Term] = []
    for axis in axes:
        if abs(axis.step) != 1:
            facts.append(t.at_least_zero(axis.symbol))
        elif axis.step > 0:
            facts.append(t.at_most(axis.first, axis.symbol))
        else:
            facts.append(t.at_most(axis.symbol, axis.first))
        facts += t.conjuncts(axis.test)
    return tuple(facts)


def _is_iteration(axis: Axis, back: Rewriter) -> Term:
    """Whether the number that threads have for a counter is one of its values. The counter's own
    symbol has the first value as its bound: conditions on it may have been left out for that, so
    the bound is said here anew."""
    value, first = back(axis.symbol), back(axis.first)
    if abs(axis.step) != 1:
        bound = t.at_least_zero(value)
    elif axis.step > 0:
        bound = t.at_most(first, value)
    else:
        bound = t.at_most(value, first)
    return t.both(bound, back(axis.test))


def _always(source: Summary) -> tuple[Term, ...]:
    """What holds whether or not there is an iteration: the source computes it before its loop."""
    symbols = {a.symbol for a in source.axes}
    facts = []
    for check in source.checks[: source.before]:
        goal = condition_of(check)
        if goal is not None and check.path is t.TRUE and not symbols & set(t.atoms(goal)):
            facts.append(goal)
    return tuple(facts)


MOST_DEFINED = 40


def _defined(source: Summary) -> tuple[Term, ...]:
    """What holds because the source is defined: values fit their types, and indices are zero or
    more."""
    facts: dict[Term, None] = {}
    for check in source.checks:
        goal = condition_of(check)
        if goal is not None:
            facts[t.either(t.deny(check.path), goal)] = None
    for touch in source.touches:
        for index in touch.index:
            facts[t.either(t.deny(touch.path), t.at_least_zero(index))] = None
    plain = [f for f in facts if f is not t.TRUE]
    plain.sort(key=lambda f: f.op == "or")
    return tuple(plain[:MOST_DEFINED])


def pair_heads(source: Sequence[LoopRecord], target: Sequence[LoopRecord]) -> dict[Term, Term]:
    """Map each symbol at the head of a loop of the target to its counterpart in the source.

    source, target: their sequential loops, in the order of the text. Any pairing is sound, since
        pairs are compared afterwards. Raises NotModelled if the two have different numbers of
        loops.
    """
    if len(source) != len(target):
        raise NotModelled(f"{len(target)} loops in order where the source has {len(source)}")
    change: dict[Term, Term] = {}
    for ours, theirs in zip(source, target, strict=True):
        known, left = dict(ours.heads), []
        for name, head in theirs.heads:
            if name in known and known[name].type == head.type:
                change[head] = known.pop(name)
            else:
                left.append((name, head))
        tested = set(t.atoms(ours.test))
        rest = sorted(known.items(), key=lambda item: item[1] not in tested)
        tested = set(t.atoms(theirs.test))
        for name, head in sorted(left, key=lambda item: item[1] not in tested):
            fit = next(
                (
                    n
                    for n, h in rest
                    if h.type == head.type and n.endswith("[]") == (name[-1] == "]")
                ),
                None,
            )
            if fit is not None and not name.endswith("[]"):
                change[head] = known[fit]
                rest = [(n, h) for n, h in rest if n != fit]
    return change


def rewritten(summary: Summary, rewrite: Rewriter) -> Summary:
    """Return `summary` with `rewrite` applied to the terms of its axes (but not to their symbols),
    contents, touches, checks, loops and invariants.
    """
    return replace(
        summary,
        axes=[replace(a, first=rewrite(a.first), test=rewrite(a.test)) for a in summary.axes],
        contents={a: rewrite(c) for a, c in summary.contents.items()},
        touches=[
            replace(o, path=rewrite(o.path), index=tuple(rewrite(i) for i in o.index))
            for o in summary.touches
        ],
        checks=[replace(c, path=rewrite(c.path), term=rewrite(c.term)) for c in summary.checks],
        loops=[
            replace(
                loop,
                heads=tuple((n, rewrite(h)) for n, h in loop.heads),
                test=rewrite(loop.test),
                path=rewrite(loop.path),
                slots=tuple((rewrite(a), rewrite(b), rewrite(c)) for a, b, c in loop.slots),
            )
            for loop in summary.loops
        ],
        invariants=[rewrite(i) for i in summary.invariants],
    )


# --------------------------------------------------------------------------------- reductions


def updates_of(source: Summary, arrays: set[str]) -> Summary:
    """Return the source's summary with `a[i] = a[i] + x` turned into an atomic update of `a`.

    arrays: those that the target updates by atomic operations; others stay. Raises NotModelled
        where such an array is used in another way too.
    """
    if not arrays:
        return source
    contents = dict(source.contents)
    for array in sorted(arrays & contents.keys()):
        contents[array] = _as_updates(array, contents[array])
    touches = [replace(o, kind="update") if o.array in arrays else o for o in source.touches]
    return replace(source, contents=contents, touches=touches)


def _as_updates(array: str, content: Term) -> Term:
    change: dict[Term, Term] = {}
    for part in sorted(t.walk(content), key=lambda s: s.serial):
        if part.op != "store" or part.data[0] != "=":
            continue
        before, test, value, *index = part.args
        if not any(m.op == "memory" and m.data[0] == array for m in t.walk(before)):
            continue
        added = _added(before, tuple(index), value)
        if added is None:
            raise NotModelled(f"{array} is written in another way than by an update")
        done = t.Rewriter(change)
        change[part] = t.store(done(before), done(test), tuple(index), added[1], added[0])
    result = t.Rewriter(change)(content)
    for part in t.walk(result):
        if part.op == "load" and any(
            m.op == "memory" and m.data[0] == array for m in t.walk(part.args[0])
        ):
            raise NotModelled(f"{array} is read besides its updates")
    return result


def _added(before: Term, index: tuple[Term, ...], value: Term) -> tuple[str, Term] | None:
    """(operation, operand) of a value that updates the element at `index`, or None."""

    def is_old(term: Term) -> bool:
        return term.op == "load" and term.args == (before, *index)

    if value.type == "int":
        terms = t.polynomial(value)
        old = [m for m, c in terms.items() if len(m) == 1 and c == 1 and is_old(m[0])]
        if len(old) == 1:
            return "+", t.from_polynomial({m: c for m, c in terms.items() if m != old[0]})
        if value.op == "wrap":
            inner = _added(before, index, value.args[0])
            return (inner[0], t.wrap(value.data, inner[1])) if inner else None
    if value.op == "f+":
        a, b = value.args
        if is_old(a) or is_old(b):
            return "+", b if is_old(a) else a
    return None


# ------------------------------------------------------------------------------------- launches


def launch_requirements(
    correspondence: Correspondence, source: Summary, launch: Launch, exact: Sequence[Term]
) -> tuple[Requirement, ...]:
    """Return the conditions that a launch must fulfil so that every iteration of the source gets
    its thread.

    source: what one iteration does. launch: the kernel's indices. exact: indices that must take
        exactly as many values as there are iterations; others may take more. Raises NotModelled if
        a single block has too few threads.
    """
    found = [
        Requirement(f"{text} >= 0", text, ">=", "0", "value")
        for text in (_plain(g.args[0]) for g in correspondence.given if g is not t.TRUE)
    ]
    taken: set[str] = set()
    for index in correspondence.values:
        entry = launch.indices[index]
        taken |= entry.digits
        if entry.radix is None:
            continue
        extent = product_text(entry.radix)
        if entry.radix.high is not None and entry.radix.high <= 1024:
            _refuse_small_extent(index, correspondence, entry.radix)
        axis = next((a for i, a in correspondence.axes if i is index), None)
        if axis is not None:
            count = count_of(axis)
            if count is not None and correspondence.back[axis.symbol] is index:
                count = t.add(count, axis.first)
            bound = _plain(count) if count is not None else "the iterations"
        else:
            counts = [count_of(a) for a in source.axes]
            bound = " * ".join(_plain(c) for c in counts if c is not None)
        relation = "==" if index in exact else ">="
        found.append(Requirement(f"{extent} {relation} {bound}", extent, relation, bound))
    for part, size in sorted(launch.fixed.items()):
        found.append(Requirement(f"{part} == {size}", part, "==", str(size)))
    for base, radix in (("threadIdx", "blockDim"), ("blockIdx", "gridDim")):
        for axis_name in "xyz":
            if f"{base}.{axis_name}" not in taken:
                extent = f"{radix}.{axis_name}"
                found.append(Requirement(f"{extent} == 1", extent, "==", "1"))
    return tuple(found)


def _refuse_small_extent(index: Term, correspondence: Correspondence, radix: Term) -> None:
    """A block alone has too few threads for every size."""
    axis = next((a for i, a in correspondence.axes if i is index), None)
    count = count_of(axis) if axis is not None else None
    if count is None or count.high is None or radix.high is None or count.high > radix.high:
        raise NotModelled("one block has too few threads for every size")


def product_text(extent: Term) -> str:
    """Return a product of block and grid extents as text, such as `gridDim.x * blockDim.x`."""
    return " * ".join(t.show(a) for m in t.polynomial(extent) for a in m)


def _plain(term: Term | None) -> str:
    text = t.show(term) if term is not None else "?"
    return text[1:-1] if text.startswith("(") and text.endswith(")") else text
