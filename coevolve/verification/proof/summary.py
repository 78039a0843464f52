"""What one iteration or thread does: the records that symbolic execution fills.

python -c "from coevolve.verification.proof.summary import Summary; print(Summary())"
"""

from __future__ import annotations

from dataclasses import dataclass, field

from coevolve.verification.proof.terms import Term


@dataclass(frozen=True)
class Value:
    """A number in a symbolic run of C code. term: its symbolic value. type: its C type by width,
    such as `bool`, `u8`, `i32` or `f64`.
    """

    term: Term
    type: str


@dataclass(frozen=True)
class Pointer:
    """A pointer in a symbolic run of C code: element `offset`, counted from 0, of an array.

    array: its name. type: the element type, such as `f64`. rows: indices before the last, for an
        array of pointers to rows. depth: levels of such pointers still to be indexed. inner:
        extents of a fixed-size array still to be indexed. row: it names a whole row, not an
        element.
    """

    array: str
    offset: Term
    type: str
    rows: tuple[Term, ...] = ()
    depth: int = 0
    inner: tuple[int, ...] = ()
    row: bool = False


@dataclass(frozen=True)
class Touch:
    """One access to an array element in a symbolic run.

    kind: `read`, `write` or `update` (by an atomic operation). array: its name. index: indices,
        outermost first, from 0. path: the condition under which it happens. line: of the source.
    """

    kind: str
    array: str
    index: tuple[Term, ...]
    path: Term
    line: int


@dataclass(frozen=True)
class Check:
    """A condition without which an operation has undefined behaviour in C.

    kind: `fits` (`term` lies in the range of `type`), `divisor` (it is not zero), `shift` (it is a
        valid amount for `type`), `ftoi` (a floating value that fits the integer `type`) or `step`
        (what a parallel loop adds to its counter).
    path: the condition under which the operation runs. line: of the source.
    """

    kind: str
    path: Term
    term: Term
    type: str
    line: int


@dataclass(frozen=True)
class Axis:
    """The counter of a loop. The symbolic run goes through one iteration, which stands for all.

    symbol: its value in that iteration. first: its first value. test: the condition that holds in
        exactly the iterations. step: what each iteration adds. line: of the source.
    """

    symbol: Term
    first: Term
    test: Term
    step: int
    line: int


@dataclass(frozen=True)
class LoopRecord:
    """A sequential loop met in a symbolic run.

    heads: (name, value at the head of a pass) of each variable that the loop changes; arrays are
        named `name[]`. test: the loop's condition. path: the condition under which the loop runs.
        line: of the source.
    slots: for each such variable (value at the head, first value, value at the end of a pass).
    """

    heads: tuple[tuple[str, Term], ...]
    test: Term
    path: Term
    line: int
    slots: tuple[tuple[Term, Term, Term], ...] = ()


@dataclass
class Summary:
    """What one iteration of a serial function, or one thread of a kernel, does.

    axes: counters of its parallel loops. contents: by name, each changed array's content
        afterwards. touches: array accesses. checks: conditions without which behaviour is
        undefined; the first `before` of them come before any iteration. loops: its sequential
        loops. invariants: conditions that hold at heads of loops.
    types, scalars: by name, element types of arrays, and types of parameters passed by value.
    stale, ends: values, by key, of variables from outside that an iteration changes, at its begin
        and at its end. result: what the function returns; None for nothing.
    """

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
