"""What `corpora.analysis.accesses` finds in a function: accesses, guards and loops.

Integers are polynomials over symbols (`corpora.analysis.polynomial`); a symbol says in which loops
it varies. Two accesses with the same symbols are thus comparable wherever they stand.

    python -c "from corpora.analysis import facts; help(facts.ArrayAccess)"
"""

from __future__ import annotations

from dataclasses import dataclass

from corpora.analysis.inequalities import System
from corpora.analysis.loops import LoopRange
from corpora.analysis.polynomial import Polynomial, Symbol
from corpora.analysis.reasons import Reason
from corpora.ir import Expression, For, Span, Type, While


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition that holds (or, with holds False, does not hold) where an access stands.

    system: what it says about integers; it may say less than the condition, never more.
    loop: the guard is the test of the loop with this id. number: tells guards apart that stand at
    different places, where the same condition may have another value.
    """

    condition: Expression | None
    holds: bool
    system: System
    loop: int | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class Variable:
    """A declared name. key: unique in its function (`t`, `t@2` for one that hides it).

    storage: `parameter`, `local`, `static` or `global`. loops: ids of loops whose bodies declare
    it. words: the declaration's own storage words or Fortran's intent and attributes.
    """

    key: str
    name: str
    type: Type | None
    storage: str
    loops: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class ArrayAccess:
    """An access to memory: an element of an array, or what a pointer or member names.

    array: key of the `Variable` it starts from; a pointer's is resolved to what it points into.
    field: members after the subscripts. indices: subscripts; a None is one that is not known at
    all. For a pointer a single one, counted in elements from where the parameter points.
    kind: `read`, `write` or `update`; operator: of an update (`+`, `*`, `min`, ...).
    guards: what holds here, loops' own tests among them. loops: ids, outermost first.
    order: the access's place in the walk. statement: the order of its statement's first access.
    whole: it stands for every element of a section or array, through symbols of its own.
    """

    array: str
    indices: tuple[Polynomial | None, ...]
    kind: str
    operator: str
    guards: tuple[Guard, ...]
    loops: tuple[int, ...]
    order: int
    statement: int
    field: tuple[str, ...] = ()
    whole: bool = False
    node: Expression | None = None
    span: Span | None = None

    @property
    def writes(self) -> bool:
        return self.kind != "read"

    def system(self) -> System:
        """All that the guards say."""
        total = System()
        for guard in self.guards:
            total = total.joined(guard.system)
        return total


@dataclass(frozen=True, slots=True)
class ScalarAccess:
    """An access to a scalar variable. exposed: of a read or update, the ids of loops in which it
    may see a value from before the current iteration; a negative id -1 - k stands for values that
    the finished loop k left. indirect: the value is used in a subscript."""

    variable: str
    kind: str
    operator: str
    loops: tuple[int, ...]
    exposed: frozenset[int]
    guards: tuple[Guard, ...]
    order: int
    node: Expression | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """Something whose effect is not known: a call, a goto, a construct that is not understood."""

    reason: Reason
    loops: tuple[int, ...]
    order: int


@dataclass(frozen=True, slots=True)
class LoopFacts:
    """One loop. loops: ids of the loops around it and its own, outermost first.

    range: from its head, or the reason why there is none. counter: the symbol that the iterations
    are told apart by, named `i.3` by the loop's id: the counter's value where the step is 1 or -1,
    else the iteration's number.
    direction: +1 where `counter` grows from iteration to iteration, else -1. value: the counter
    variable as a polynomial. system: bounds of `counter`. inductions: other variables that change
    by a fixed amount each iteration, with the amount. assigned: variables that every iteration
    that ends normally has assigned. first, last: orders of the accesses in it (last excluded).
    """

    id: int
    node: For | While
    loops: tuple[int, ...]
    range: LoopRange | Reason
    counter: Symbol
    direction: int
    value: Polynomial | None
    system: System
    trip: Polynomial | None
    inductions: tuple[tuple[str, Polynomial], ...]
    assigned: frozenset[str]
    exits: tuple[Reason, ...]
    first: int
    last: int
    variable: str = ""


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """All that a walk over one function found."""

    accesses: tuple[ArrayAccess, ...]
    scalars: tuple[ScalarAccess, ...]
    loops: tuple[LoopFacts, ...]
    effects: tuple[Effect, ...]
    variables: tuple[Variable, ...]
    values: tuple[tuple[str, Polynomial], ...] = ()
    """Every value that a variable was given, in order, where it is followed."""

    def variable(self, key: str) -> Variable | None:
        return next((v for v in self.variables if v.key == key), None)

    def loop_of(self, node: For | While) -> LoopFacts:
        """The facts of a loop of this function, by identity or place. KeyError: not in it."""
        for facts in self.loops:
            if facts.node is node:
                return facts
        for facts in self.loops:
            if facts.node == node and facts.node.span == node.span:
                return facts
        raise KeyError("the loop is not part of the function")
