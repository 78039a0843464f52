"""OpenMP: whether directives change nothing but the order of independent iterations.

Without its directives the target must be the source, node for node. Then each loop with a directive
is looked at alone: its iterations touch different elements, and every variable from outside that
they change is private, or a sum whose order may be another. A private variable is undefined after
its loop; the function must give the same without it.

Only `parallel for`, `simd` and both together are read, with clauses that this module names. Any
other directive or clause is not modelled.

    python -c "from coevolve.verification.proof.openmp import check_directives; \
        help(check_directives)"
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from coevolve.verification.proof import terms as t
from coevolve.verification.proof.errors import NotModelled
from coevolve.verification.proof.execute import Execution, line_of
from coevolve.verification.proof.independence import find_conflict
from coevolve.verification.proof.match import all_terms, domain_of
from coevolve.verification.proof.summary import Pointer, Summary, Value
from coevolve.verification.proof.terms import Term
from corpora.analysis.affine import integer_of
from corpora.ir import Compound, For, Function, Name, Pragma, find, transform

_DIRECTIVES = frozenset({"parallel for", "parallel for simd", "simd"})
_HARMLESS = frozenset({"shared", "default", "schedule", "num_threads", "if", "proc_bind"})
_SAFE_SCHEDULES = ("static", "dynamic", "guided", "auto", "runtime")


def check_directives(
    source: Function, target: Function, helpers: dict[str, Function], constants: dict[str, int]
) -> tuple[str, bool]:
    """Check that the OpenMP directives of `target` leave what `source` does unchanged.

    source, target: the functions, which must be equal without directives. helpers: other functions
        of the text, by name. constants: its named integers.
    Returns (claim, reordered). claim: how far floating-point results are equal (`none`: there are
    none, `as written`, `up to reassociation`). reordered: whether integers are summed in another
    order. Raises NotModelled where this is not shown.
    """
    if source.parameters != target.parameters or source.result != target.result:
        raise NotModelled("the target's parameters are not the source's")
    plain = drop_directives(target.body or ())
    if source.body != plain:
        raise NotModelled("without its directives the target is not the source")
    if not any(p.family == "omp" for loop in find(target.body, For) for p in loop.pragmas):
        raise NotModelled("the target has no directive")
    names = {p.name: p.name for p in source.parameters}
    serial = Execution(0, None, helpers, constants)
    before = serial.run(source, names, {})
    checker = _Checker(helpers, constants)
    run = Execution(0, None, helpers, constants)
    run.at_pragma = checker.check_loop
    after = run.run(target, names, {})
    if before.contents != after.contents or before.result != after.result:
        raise NotModelled("a private variable is used after its loop")
    parts = [p for v in before.contents.values() for p in t.walk(v)]
    if before.result is not None:
        parts += t.walk(before.result.term)
    computed = any(p.type in t.FLOATS and p.op not in ("fconst", "load", "symbol") for p in parts)
    floats = "as written" if computed else "none"
    return "up to reassociation" if checker.reordered else floats, checker.partial


def drop_directives(tree: Any) -> Any:
    """Return `tree`, a node of `corpora.ir` or a tuple of nodes, without the OpenMP directives on
    its statements.
    """
    return transform(tree, _without_directives)


def _without_directives(node: Any) -> Any:
    pragmas = getattr(node, "pragmas", ())
    kept = tuple(p for p in pragmas if p.family != "omp")
    return replace(node, pragmas=kept) if kept != tuple(pragmas) else node


@dataclass(frozen=True)
class _Sharing:
    """What clauses say. private: undefined where an iteration begins; first: `firstprivate`. sums:
    operation by variable. loops: how many loops in one another are meant."""

    private: frozenset[str]
    first: frozenset[str]
    sums: dict[str, str]
    loops: int


def read_clauses(pragma: Pragma) -> _Sharing:
    """Return what the clauses of an OpenMP directive say of variables: `private` and `first` (names
    in `private` and `firstprivate`), `sums` (the operator of each reduced variable, by name), and
    `loops` (of how many nested loops `collapse` speaks; 1 without it).

    Raises NotModelled for a directive other than `parallel for`, `simd` or both, for a clause or
    schedule that proofs do not model, and for a variable in two clauses.
    """
    line = line_of(pragma)
    if pragma.directive not in _DIRECTIVES or pragma.end:
        raise NotModelled(f"line {line}: #pragma {pragma.text}")
    private: set[str] = set()
    first: set[str] = set()
    sums: dict[str, str] = {}
    loops = 1
    for clause in pragma.clauses:
        names = [a.id for a in clause.arguments if isinstance(a, Name)]
        if clause.name in ("private", "firstprivate", "reduction"):
            if len(names) != len(clause.arguments):
                raise NotModelled(f"line {line}: {clause.name} of an array")
            if clause.name == "reduction":
                sums |= dict.fromkeys(names, clause.modifier)
            else:
                (private if clause.name == "private" else first).update(names)
        elif clause.name == "collapse":
            count = integer_of(clause.arguments[0]) if clause.arguments else None
            if count is None or count < 1:
                raise NotModelled(f"line {line}: collapse")
            loops = count
        elif clause.name not in _HARMLESS:
            raise NotModelled(f"line {line}: the clause {clause.name}")
        elif clause.name == "schedule" and (
            clause.modifier or not clause.text.strip().startswith(_SAFE_SCHEDULES)
        ):
            raise NotModelled(f"line {line}: schedule({clause.text})")
    if len(private | first | sums.keys()) < len(private) + len(first) + len(sums):
        raise NotModelled(f"line {line}: a variable in two clauses")
    return _Sharing(frozenset(private), frozenset(first), sums, loops)


class _Checker:
    """Checks loops one by one. reordered: a sum of floating-point values was taken in parts;
    partial: one of integers."""

    def __init__(self, helpers: dict[str, Function], constants: dict[str, int]) -> None:
        self.helpers, self.constants = helpers, constants
        self.reordered = self.partial = False
        self.count = 0

    def check_loop(self, run: Execution, node: For) -> dict[str, Value | Pointer]:
        """What is undefined after a loop with a directive. Raises NotModelled."""
        pragmas = [p for p in node.pragmas if p.family == "omp"]
        if len(pragmas) != 1:
            raise NotModelled(f"line {line_of(node)}: several directives on a loop")
        sharing = read_clauses(pragmas[0])
        inside = self._alone(run, node, sharing)
        line = line_of(node)
        if len(inside.axes) != sharing.loops:
            raise NotModelled(f"line {line}: the loops of collapse({sharing.loops})")
        counters = {run.key_of(n) for n in _counters(node, sharing.loops)}
        self._check_variables(run, inside, sharing, counters, line)
        facts = [*t.conjuncts(run.live), *domain_of(inside.axes)]
        problem = find_conflict(inside, [a.symbol for a in inside.axes], facts, one_value=False)
        if problem:
            raise NotModelled(problem)
        private = counters | {run.key_of(n) for n in sharing.private | sharing.first}
        undefined: dict[str, Value | Pointer] = {}
        for key in sorted(private & run.env.keys()):
            if key in inside.ends or key in counters:
                undefined[key] = self._undefined(run.env[key], key)
        return undefined

    def _undefined(self, value: Value | Pointer, key: str) -> Value | Pointer:
        if not isinstance(value, Value):
            raise NotModelled(f"{_hint(key)} is a private pointer")
        self.count += 1
        return Value(t.symbol(f"private {key}.{self.count}", value.type), value.type)

    def _alone(self, run: Execution, node: For, sharing: _Sharing) -> Summary:
        """One iteration of the loop, with everything around it unknown."""
        alone = Execution(sharing.loops, None, self.helpers, self.constants)
        alone.env, alone.scopes = dict(run.env), [dict(s) for s in run.scopes]
        alone.out.types = dict(run.out.types)
        alone.contents = {a: t.memory(a, "before the loop") for a in run.out.types}
        alone.at_pragma = lambda _run, _node: {}
        for key in (run.key_of(n) for n in sharing.private):
            if not isinstance(alone.env.get(key), Value):
                raise NotModelled(f"line {line_of(node)}: {_hint(key)} is private")
            alone.env[key] = _nothing(key, alone.env[key])
        alone.statement(replace(node, pragmas=()))
        alone.out.contents = {
            a: c for a, c in alone.contents.items() if c is not t.memory(a, "before the loop")
        }
        return alone.out

    def _check_variables(
        self, run: Execution, inside: Summary, sharing: _Sharing, counters: set[str], line: int
    ) -> None:
        used = {a for term in all_terms(inside) for a in t.atoms(term)}
        used |= {a for c in inside.checks for part in (c.path, c.term) for a in t.atoms(part)}
        used |= {a for loop in inside.loops for a in t.atoms(loop.test)}
        used |= {a for axis in inside.axes for p in (axis.first, axis.test) for a in t.atoms(p)}
        sums = {run.key_of(n): op for n, op in sharing.sums.items()}
        private = {run.key_of(n) for n in sharing.private | sharing.first}
        changed = {k: v for k, v in inside.stale.items() if k in run.env and k not in counters}
        ends = {a for e in inside.ends.values() for a in t.atoms(e)}
        for key in (run.key_of(n) for n in sharing.private):
            if _term_of(_nothing(key, run.env[key])) in used | ends:
                raise NotModelled(f"line {line}: {_hint(key)} is private and has no value")
        for key, stale in changed.items():
            name = _hint(key)
            others = {a for k, e in inside.ends.items() if k != key for a in t.atoms(e)}
            if key in sums:
                plain = {a for term in all_terms(inside) for a in t.atoms(term)}
                plain |= {a for c in inside.checks for a in t.atoms(c.path)}
                plain |= {a for loop in inside.loops for a in t.atoms(loop.test)}
                if stale in plain | others or not is_sum(inside.ends[key], stale, sums[key]):
                    raise NotModelled(f"line {line}: {name} is no plain reduction")
                self.reordered = self.reordered or stale.type in t.FLOATS
                self.partial = self.partial or stale.type == "int"
            elif key not in private:
                raise NotModelled(f"line {line}: {name} is shared, and every iteration changes it")
            elif stale in used | others:
                raise NotModelled(f"line {line}: {name} keeps a value from another iteration")
        for key in sums.keys() - changed.keys():
            raise NotModelled(f"line {line}: {_hint(key)} is reduced, but not changed")


def _hint(key: str) -> str:
    """The name of a variable, for people."""
    return key.partition("'")[0]


def _nothing(key: str, value: Value | Pointer) -> Value | Pointer:
    """A variable without a value, where an iteration begins."""
    return Value(t.symbol(f"nothing {key}", value.type), value.type)


def _term_of(value: Value | Pointer) -> Term:
    return value.term if isinstance(value, Value) else value.offset


def _counters(node: For, loops: int) -> list[str]:
    """Counters of the loops that a directive means. Raises NotModelled where something stands
    between them."""
    names = []
    body: tuple[Any, ...] = (node,)
    for _ in range(loops):
        while len(body) == 1 and isinstance(body[0], Compound) and not body[0].pragmas:
            body = body[0].body
        if len(body) != 1 or not isinstance(body[0], For):
            raise NotModelled(f"line {line_of(node)}: collapse({loops}) of loops with more between")
        starts = [getattr(s, "target", None) for s in body[0].start]
        names += [target.id for target in starts if isinstance(target, Name)]
        body = body[0].body
    return names


def is_sum(term: Term, old: Term, op: str) -> bool:
    """Return whether a variable's new value is its old one with other values added that do not
    depend on it.

    term, old: the new and the old value. op: the operator of an OpenMP reduction; the answer is
        False for all but `+` and `-`.
    """
    if op not in ("+", "-"):
        return False
    if term is old:
        return True
    if old not in set(t.atoms(term)):
        return False
    if term.op == "f+":
        a, b = term.args
        return (is_sum(a, old, op) and old not in set(t.atoms(b))) or (
            is_sum(b, old, op) and old not in set(t.atoms(a))
        )
    if term.op == "f-":
        a, b = term.args
        return is_sum(a, old, op) and old not in set(t.atoms(b))
    if term.op == "wrap":
        return is_sum(term.args[0], old, op)
    if term.op == "poly":
        holders = [(m, c) for m, c in term.data if any(old in set(t.atoms(a)) for a in m)]
        if len(holders) != 1 or holders[0][1] != 1 or len(holders[0][0]) != 1:
            return False
        return is_sum(holders[0][0][0], old, op)
    if term.op == "select":
        test, then, otherwise = term.args
        free = old not in set(t.atoms(test))
        return free and is_sum(then, old, op) and is_sum(otherwise, old, op)
    if term.op == "out":
        return _is_loop_sum(term, old, op)
    return False


def _is_loop_sum(term: Term, old: Term, op: str) -> bool:
    test, *parts = term.args
    slots = [(parts[k], parts[k + 1], parts[k + 2]) for k in range(0, len(parts), 3)]
    head, first, later = slots[term.data]
    rest = [test, *(p for s in slots if s[0] is not head for p in s[1:])]
    if any({old, head} & set(t.atoms(p)) for p in rest):
        return False
    return is_sum(first, old, op) and is_sum(later, head, op) and old not in set(t.atoms(later))
