"""What one iteration or thread does: the records that symbolic execution fills.

python -c "from coevolve.verification.proof.summary import Summary; print(Summary())"
"""

from __future__ import annotations

from dataclasses import dataclass, field

from coevolve.verification.proof.terms import Term


@dataclass(frozen=True)
class Value:
    """A value of C: its term and its element type."""

    term: Term
    type: str


@dataclass(frozen=True)
class Pointer:
    """The place of element `offset` of an array. rows: indices before the last, of a table of rows;
    depth: how many levels of rows are still to be indexed; inner: extents still to come; row: it is
    a whole row, not an element."""

    array: str
    offset: Term
    type: str
    rows: tuple[Term, ...] = ()
    depth: int = 0
    inner: tuple[int, ...] = ()
    row: bool = False


@dataclass(frozen=True)
class Touch:
    """One access to an array. kind: `read`, `write` or `update` (by an atomic operation)."""

    kind: str
    array: str
    index: tuple[Term, ...]
    path: Term
    line: int


@dataclass(frozen=True)
class Check:
    """What must hold of an operation where `path` holds, or its behaviour is undefined. kind:
    `fits` (the result lies in the range of `type`), `divisor`, `shift` (an amount for a value of
    `type`), `ftoi` (a floating value converted to `type`), `step` (the counter of a loop over which
    threads are spread)."""

    kind: str
    path: Term
    term: Term
    type: str
    line: int


@dataclass(frozen=True)
class Axis:
    """A counter of a loop whose iterations are spread. low: its first value; test: the term that
    holds exactly in the iterations; symbol: its value in one of them."""

    symbol: Term
    first: Term
    test: Term
    step: int
    line: int


@dataclass(frozen=True)
class LoopRecord:
    """A sequential loop. heads: what it changes, by name (arrays as `name[]`), with what it holds
    at the head. slots: the head, the first value and the value at the end of a pass of each."""

    heads: tuple[tuple[str, Term], ...]
    test: Term
    path: Term
    line: int
    slots: tuple[tuple[Term, Term, Term], ...] = ()


@dataclass
class Summary:
    """What one iteration or thread does. contents: the arrays that it changes, afterwards. types,
    scalars: element types of arrays and of parameters by value. invariants: what holds of the heads
    of loops. before: how many of the checks are done before any iteration. stale, ends: variables
    from outside that an iteration changes, at its begin and at its end. result: what it
    returns."""

    axes: list[Axis] = field(default_factory=list)
    contents: dict[str, Term] = field(default_factory=dict)
    touches: list[Touch] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    loops: list[LoopRecord] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)
    scalars: dict[str, str] = field(default_factory=dict)
    invariants: list[Term] = field(default_factory=list)
    before: int = 0
    stale: dict[str, Term] = field(default_factory=dict)
    ends: dict[str, Term] = field(default_factory=dict)
    result: Value | None = None
