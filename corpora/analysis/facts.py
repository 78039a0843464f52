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
    """A condition at an access: it holds there or, if `holds` is False, does not hold.

    condition: its expression; None if it is only known by `system`, what the guard implies about
        integers. loop: the id of the loop whose test it is, else None. number: tells guards at
        different places of the text apart.
    """

    condition: Expression | None
    holds: bool
    system: System
    loop: int | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class Variable:
    """A declared name. key: unique in its function (`t`, `t@2` for one that hides it). name: as
    written.

    type: None where unknown. storage: such as `parameter`, `local`, `static`, `global`, `heap`.
        loops: ids of the loops whose bodies declare it. words: storage words of the declaration, or
        Fortran's intent and attributes.
    span: its place in the text; None if it has none.
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

    array: key of the variable; for a pointer, of the array that it points into.
    indices: subscripts; None is unknown. A pointer has one, in elements from where the parameter
        points.
    kind: `read`, `write` or `update`. operator: of an update, such as `+` or `min`; '' for a read
        or write.
    guards: conditions that hold here, loops' own tests included. loops: ids of the loops around it,
        outermost first.
    order: number of the access in the function, in the order of execution in the text. statement:
        the order of its statement's first access.
    field: names of the members after the subscripts, as `x` in `a[i].x`; () for none. whole: it
        stands for all elements of a section or array.
    node: the expression; None if there is none. span: its place in the text; None if it has
        none.
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
        """Return whether the access writes or updates memory, in place of only reading it."""
        return self.kind != "read"

    def system(self) -> System:
        """Return what all guards of the access, loops' tests included, together imply about
        integers there.
        """
        total = System()
        for guard in self.guards:
            total = total.joined(guard.system)
        return total


@dataclass(frozen=True, slots=True)
class ScalarAccess:
    """An access to a scalar variable.

    variable: its key. kind: `read`, `write` or `update`. operator: of an update, such as `+`; ''
        for a read or write. loops: ids of the loops around it, outermost first.
    exposed: ids of loops in which a read may see a value from an earlier iteration. The id -1 - k
        means a value that the finished loop k left.
    guards: conditions that hold here. order: number of the access in the function, in the order of
        execution in the text. node, span: the expression and its place in the text; None if there
        is none.
    """

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
    """Something in a function with an unknown effect, such as a call or a goto.

    reason: why it is unknown. loops: ids of the loops around it, outermost first. order: its number
    among all accesses and effects of the function.
    """

    reason: Reason
    loops: tuple[int, ...]
    order: int


@dataclass(frozen=True, slots=True)
class LoopFacts:
    """One loop of a function.

    id: its number in the function. loops: ids of the loops around it and its own, outermost first.
        node: its tree.
    range: its range, or the reason why it has none.
    counter: a symbol, named `i.3` by the loop's id, that differs in each iteration: the variable's
        value if the step is 1 or -1, else the iteration's number.
    direction: +1 if `counter` grows, else -1. value: of the loop's variable in an iteration, as a
        polynomial; None where unknown.
    system: bounds of `counter`. trip: number of iterations; None where unknown.
    inductions: (variable, amount) of other variables that change by a fixed amount per iteration.
    assigned: variables that have a value assigned after every iteration that ends normally.
    exits: reasons for early exits. first, last: its accesses are those whose `order` is in [first,
        last). variable: key of the loop's variable; '' if it has none.
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
    """All that a walk over one function found, each kind in the order of the walk.

    accesses: to memory. scalars: accesses to scalars. loops: the loops, outer ones first. effects:
        what is not understood. variables: declared names. values: (key of a variable, value) for
        every value that a followed integer variable was given.
    """

    accesses: tuple[ArrayAccess, ...]
    scalars: tuple[ScalarAccess, ...]
    loops: tuple[LoopFacts, ...]
    effects: tuple[Effect, ...]
    variables: tuple[Variable, ...]
    values: tuple[tuple[str, Polynomial], ...] = ()

    def variable(self, key: str) -> Variable | None:
        """Return the function's variable with this key, its name made unique in the function, or
        None if there is none.
        """
        return next((v for v in self.variables if v.key == key), None)

    def loop_of(self, node: For | While) -> LoopFacts:
        """Return the facts of a loop of the function, found by the identity of its tree or by its
        place. Raises KeyError if the function has no such loop.
        """
        for facts in self.loops:
            if facts.node is node:
                return facts
        for facts in self.loops:
            if facts.node == node and facts.node.span == node.span:
                return facts
        raise KeyError("the loop is not part of the function")
