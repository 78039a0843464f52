"""Questions about integers and conditions, answered by z3 (de Moura and Bjorner, 2008).

A term goes to z3 as an expression over integers. What is no linear arithmetic is a fresh unknown
about which only what holds of its operation is said: products, loads, floating-point comparisons.
So `implies` answers True only where it is so; False may also mean that it was not found out.

    python -c "from coevolve.verification.proof.solver import *; n = t.symbol('n', 'i32'); \
        i = t.symbol('i', 'i32', 0); \
        print(Solver((t.less(i, n),)).implies(t.TRUE, t.at_least_zero(n)))"
"""

from __future__ import annotations

import itertools
from functools import cached_property
from typing import ClassVar

import z3

from coevolve.verification.proof import terms as t
from coevolve.verification.proof.errors import NotModelled
from coevolve.verification.proof.terms import Term

MOST_WORK = 400_000
"""Of z3, for one question, in its own units: a clock would make answers depend on the machine."""
MOST_QUESTIONS = 150
MOST_FACTORS = 12
"""Facts whose products are given to z3 as well."""


class Solver:
    """Answers whether conditions follow from facts. The solver z3 (de Moura and Bjorner, 2008) is
    called where simpler rules do not decide.

    facts: boolean terms that always hold. known: answers so far, by (path, goal). asked: calls of
        z3 in this proof, counted over all solvers.
    """

    asked: ClassVar[int] = 0
    """Questions that went to z3 in this proof; `prove` sets it to zero."""

    def __init__(self, facts: tuple[Term, ...]) -> None:
        self.facts = tuple(dict.fromkeys(p for f in facts for p in t.conjuncts(f)))
        self.known: dict[tuple[Term, Term], bool] = {}

    @cached_property
    def simple(self) -> frozenset[Term]:
        """The facts as a set of terms without `and`."""
        return frozenset(self.facts)

    def implies(self, path: Term, goal: Term) -> bool:
        """Return whether `goal` is shown to hold wherever the facts and `path` hold; all are
        boolean terms.

        False means not shown. Raises NotModelled after MOST_QUESTIONS (150) calls of z3 in one
        proof.
        """
        if goal is t.TRUE or path is t.FALSE:
            return True
        held = set(t.conjuncts(path)) | self.simple
        if all(g in held or self._by_bounds(g, held) for g in t.conjuncts(goal)):
            return True
        key = (path, goal)
        if key not in self.known:
            self.known[key] = all(self._asked(path, part) for part in t.conjuncts(goal))
        return self.known[key]

    def by_facts(self, goal: Term) -> bool:
        """Return whether one fact alone implies the boolean term `goal`. z3 is not asked."""
        return goal in self.simple or self._by_bounds(goal, set(self.facts))

    def _by_bounds(self, goal: Term, held: set[Term]) -> bool:
        """Whether a fact says the same with another constant, or more."""
        if goal.op != "ge0":
            return False
        return any(
            (d := t.subtract(goal.args[0], h.args[0])).low is not None and d.low >= 0
            for h in held
            if h.op == "ge0"
        )

    def _asked(self, path: Term, goal: Term) -> bool:
        Solver.asked += 1
        if Solver.asked > MOST_QUESTIONS:
            raise NotModelled("the proof takes too many questions")
        encoding = _Encoding()
        asked = [*self.facts, path, t.deny(goal)]
        formulas = [encoding.truth(f) for f in asked]
        parts = [p for f in asked for p in t.conjuncts(f)]
        formulas += [encoding.truth(f) for f in _products(parts, encoding)]
        solver = z3.SolverFor("QF_LIA", ctx=encoding.context)
        solver.set("rlimit", MOST_WORK)
        solver.add(*formulas, *encoding.said)
        return solver.check() == z3.unsat


def _products(parts: list[Term], encoding: _Encoding) -> list[Term]:
    """Products of two facts, each at least zero, where products of unknowns occur at all."""
    if not any(len(m) > 1 for m in encoding.monomials):
        return []
    atoms = {a for m in encoding.monomials if len(m) > 1 for a in m}
    factors = dict.fromkeys(
        p.args[0] for p in parts if p.op == "ge0" and atoms & set(p.args[0].args or (p.args[0],))
    )
    for atom in dict.fromkeys(a for f in list(factors) for a in (f.args or (f,))):
        if atom.low is not None and atom.low >= 0:
            factors[atom] = None
    chosen = list(factors)[:MOST_FACTORS]
    pairs = itertools.combinations_with_replacement(chosen, 2)
    return [t.at_least_zero(t.multiply(a, b)) for a, b in pairs]


class _Encoding:
    """Terms as z3's expressions. said: what holds of the unknowns that stand for operations."""

    def __init__(self) -> None:
        self.context = z3.main_ctx()
        self.unknowns: dict[Term, z3.ExprRef] = {}
        self.monomials: dict[tuple[Term, ...], z3.ArithRef] = {}
        self.said: list[z3.BoolRef] = []
        self.done: dict[Term, z3.ExprRef] = {}

    def truth(self, term: Term) -> z3.BoolRef:
        known = self.done.get(term)
        if known is None:
            known = self.done[term] = self._truth(term)
        return known

    def _truth(self, term: Term) -> z3.BoolRef:
        if term is t.TRUE or term is t.FALSE:
            return z3.BoolVal(term is t.TRUE)
        if term.op == "ge0":
            return self.integer(term.args[0]) >= 0
        if term.op == "eq0":
            return self.integer(term.args[0]) == 0
        if term.op == "not":
            return z3.Not(self.truth(term.args[0]))
        if term.op in ("and", "or"):
            parts = [self.truth(a) for a in term.args]
            return z3.And(*parts) if term.op == "and" else z3.Or(*parts)
        return z3.Bool(f"b{term.serial}")

    def integer(self, term: Term) -> z3.ArithRef:
        total: z3.ArithRef | None = None
        for monomial, coefficient in t.polynomial(term).items():
            part = self._monomial(monomial) * coefficient if monomial else z3.IntVal(coefficient)
            total = part if total is None else total + part
        return z3.IntVal(0) if total is None else total

    def _monomial(self, monomial: tuple[Term, ...]) -> z3.ArithRef:
        known = self.monomials.get(monomial)
        if known is None:
            if len(monomial) == 1:
                known = self._atom(monomial[0])
            else:
                known = z3.Int("m" + "_".join(str(a.serial) for a in monomial))
                low = t.from_polynomial({monomial: 1}).low
                if low is not None and low >= 0:
                    self.said.append(known >= 0)
                for atom in monomial:
                    self._monomial((atom,))
            self.monomials[monomial] = known
        return known

    def _atom(self, term: Term) -> z3.ArithRef:
        if term.op == "select":
            test, then, otherwise = term.args
            return z3.If(self.truth(test), self.integer(then), self.integer(otherwise))
        value = z3.Int(f"i{term.serial}")
        if term.low is not None:
            self.said.append(value >= term.low)
        if term.high is not None:
            self.said.append(value <= term.high)
        if term.op == "wrap":
            self._say_wrap(term, value)
        if term.op in ("div", "mod"):
            self._say_division(term, value)
        return value

    def _say_wrap(self, term: Term, value: z3.ArithRef) -> None:
        inner = self.integer(term.args[0])
        turns = z3.Int(f"w{term.serial}")
        self.said.append(value == inner - turns * (1 << t.WIDTHS[term.data]))

    def _say_division(self, term: Term, value: z3.ArithRef) -> None:
        a, b = term.args
        dividend, divisor = self.integer(a), self.integer(b)
        quotient_term, rest_term = t.divide(a, b), t.remainder(a, b)
        self.monomials.setdefault((term,), value)
        product = self.integer(t.multiply(quotient_term, b))
        rest = self.integer(rest_term)
        self.said += [
            z3.Implies(divisor != 0, dividend == product + rest),
            z3.Implies(z3.And(divisor > 0, dividend >= 0), z3.And(rest >= 0, rest < divisor)),
            z3.Implies(z3.And(divisor > 0, dividend <= 0), z3.And(rest <= 0, -rest < divisor)),
            z3.Implies(z3.And(divisor < 0, dividend >= 0), z3.And(rest >= 0, rest < -divisor)),
            z3.Implies(z3.And(divisor < 0, dividend <= 0), z3.And(rest <= 0, rest > divisor)),
        ]
