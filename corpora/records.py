"""The records that flow through the project: small frozen dataclasses whose id is a hash of their
content.

Contract: records refer to each other by id; `corpora.store` alone knows their JSONL/Parquet form. A
record never holds a path, a clock reading that decides anything, or a live object.

    python -c "from corpora.records import Program; print(Program('cpp', 'f', 'void f(){}').id)"
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from functools import lru_cache

SCHEMA_VERSION = 1

ELEMENT_TYPES = (
    "bool",
    "i8",
    "u8",
    "i16",
    "u16",
    "i32",
    "u32",
    "i64",
    "u64",
    "f32",
    "f64",
    "c64",
    "c128",
)
"""Canonical element types: signed, unsigned, float, complex, followed by the width in bits."""


def content_hash(*parts: object) -> str:
    """Return the first 16 hex digits of SHA-256 over the canonical JSON of `parts`: records
    (dataclasses), strings, numbers, booleans, None, lists, tuples and mappings.
    """
    text = json.dumps(_plain(parts), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: object) -> object:
    if value is None or isinstance(value, (str, int)):  # most of what there is
        return value
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    if isinstance(value, float):
        return value.hex()
    names = _field_names(type(value))  # type: ignore[arg-type]  # classes are hashable
    return {name: _plain(getattr(value, name)) for name in names} if names else value


@lru_cache(maxsize=64)
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind)) if is_dataclass(kind) else ()


@dataclass(frozen=True, slots=True)
class Member:
    """Which number of a structure a parameter of a flat signature stands for. Parameters of one
    `owner` are passed as one structure.

    owner: the structure's parameter. path: the number's name in the structure, as `at.x`.
    passing: of the structure: `array` (pointer to many), `pointer` (to one), `reference` or
    `value`.
    count: how many elements belong to each structure; 0 for what a pointer in it points to. offset,
        bytes: the number's place and the structure's size, in bytes.
    wide_offset, wide_bytes: the same where float is computed as double and double as long double.
    assembled: the structure's type, where it holds pointers and is put together for the call; else
        ''.
    """

    owner: str
    path: str
    passing: str
    count: int
    offset: int
    bytes: int
    wide_offset: int
    wide_bytes: int
    assembled: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function, called `name`.

    kind: `scalar`, `array` (pointer to contiguous elements) or `rows` (pointer to row pointers,
        `T**`).
    type: an element type, such as `f32` (an entry of ELEMENT_TYPES). intent: `in`, `out` or
        `inout`, which is also used where the source does not say.
    by_reference: a scalar that its dialect passes by address.
    inner_extents: fixed inner extents of `T a[][N]`, outermost first; () for a flat pointer.
    shape: Fortran extents as written, such as ("n", "0:m"), or (":",) for assumed shape.
    member: set if it is a number of a structure: `p__x` for the x of `body *p`; else None.
    """

    name: str
    kind: str
    type: str
    intent: str = "inout"
    by_reference: bool = False
    inner_extents: tuple[int, ...] = ()
    shape: tuple[str, ...] = ()
    member: Member | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """The typed interface of a function. name: the function's. parameters: in order.

    result: the element type of the returned value, such as `f64`; None for void or a subroutine.
        style: `function`, or `kernel` for a bare __global__ function that needs a launch.
    """

    name: str
    parameters: tuple[Parameter, ...]
    result: str | None = None
    style: str = "function"


@dataclass(frozen=True, slots=True)
class Program:
    """One function, with the helpers it needs, in one dialect.

    dialect: its name, such as `cuda`. name: of the entry function. text: the source text. origin:
        corpus and place it came from, for people; not part of the id.
    """

    dialect: str
    name: str
    text: str
    origin: str = ""

    @property
    def id(self) -> str:
        """Return a hash of the program's dialect, entry name and text, 16 hex digits."""
        return _program_id(self.dialect, self.name, self.text)


@lru_cache(maxsize=1024)
def _program_id(dialect: str, name: str, text: str) -> str:
    return content_hash("program", dialect, name, text)


@dataclass(frozen=True, slots=True)
class Fill:
    """A rule that makes the elements of an array in a test, such as Fill("uniform", (-1.0, 1.0),
    3).

    kind: such as `uniform`, `normal`, `integers`, `permutation`, `indices`, `sorted`, `constant`,
        `special`, `choice` or `null` (a null pointer); docs/architecture/tests.md lists all.
        arguments: the fill's numbers, such as both bounds of `uniform`. seed: selects the random
        stream.
    """

    kind: str
    arguments: tuple[float | int, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ScalarValue:
    """The value of a scalar parameter in a test. name: the parameter. type: an element type, such
    as `f32` (an entry of ELEMENT_TYPES). value: a pair (re, im) for a complex number.
    """

    name: str
    type: str
    value: float | int | bool | tuple[float, float]


@dataclass(frozen=True, slots=True)
class ArrayValue:
    """The value of the array parameter `name` in a test. Exactly one of `fill` and `values` is set.

    type: an element type, such as `f32` (an entry of ELEMENT_TYPES). extents: (n,) for an array,
        (rows, columns) for `T**`.
    fill: a rule for the elements. values: the elements in order; complex ones lie interleaved, (re,
        im, re, im, ...).
    """

    name: str
    type: str
    extents: tuple[int, ...]
    fill: Fill | None = None
    values: tuple[float | int, ...] | None = None

    @property
    def is_null(self) -> bool:
        """Return whether a null pointer is passed for the array. It has no element then."""
        return self.fill is not None and self.fill.kind == "null"


@dataclass(frozen=True, slots=True)
class UnitTest:
    """One call of a function in a test. assignments: a value for every parameter. aliases: pairs of
    names of arrays that share storage; () for none.
    """

    assignments: tuple[ScalarValue | ArrayValue, ...]
    aliases: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        """Return a hash of the test's values and aliases, 16 hex digits."""
        return content_hash("test", self)


@dataclass(frozen=True, slots=True)
class UnitTestSuite:
    """Tests of one program.

    program_id: the program's `id`. tests: in order. author: `tester`, `rules`, `user` or a mixture
        such as `tester+rules`.
    launch: text of a launch plan if the program is a bare kernel, else ''.
    strength: share of non-equivalent mutants killed, in [0, 1]; None until measured.
    branch_coverage: share of branches taken, in [0, 1]; None until measured.
    """

    program_id: str
    tests: tuple[UnitTest, ...]
    author: str = "rules"
    launch: str = ""
    strength: float | None = None
    branch_coverage: float | None = None

    @property
    def id(self) -> str:
        """Return a hash of the suite's program id, tests and launch plan, 16 hex digits."""
        return content_hash("suite", self.program_id, self.tests, self.launch)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One proposed translation of one program.

    source_id: id of the source Program. direction: as `cpp:cuda`. text: whatever the author wrote,
        which need not compile. author: who made it, such as `translator`. sample: its number, from
        0, among the author's answers for the program.
    """

    source_id: str
    direction: str
    text: str
    author: str = "translator"
    sample: int = 0

    @property
    def id(self) -> str:
        """Return a hash of the candidate's source id, direction and text, 16 hex digits."""
        return content_hash("candidate", self.source_id, self.direction, self.text)


class Outcome(StrEnum):
    """How a comparison of a source and a target ended. Only EQUIVALENT means that the two programs
    do the same; in the others `it` is the program that the verdict blames.

    MISMATCH: a value differs. COMPILE_ERROR: it does not compile or cannot be called.
    RUNTIME_ERROR: it crashes. MEMORY_ERROR: it reads or writes out of bounds. RACE: a data race.
    TIMEOUT: it takes far longer than the source. REFUSED: it uses what cannot be judged.
    INVALID_SUITE: the source runs clean on no test, or passing its tests says too little.
    NONDETERMINISTIC: values depend on the threads' order.
    """

    EQUIVALENT = "EQUIVALENT"
    MISMATCH = "MISMATCH"
    COMPILE_ERROR = "COMPILE_ERROR"
    RUNTIME_ERROR = "RUNTIME_ERROR"
    MEMORY_ERROR = "MEMORY_ERROR"
    RACE = "RACE"
    TIMEOUT = "TIMEOUT"
    REFUSED = "REFUSED"
    INVALID_SUITE = "INVALID_SUITE"
    NONDETERMINISTIC = "NONDETERMINISTIC"


NOT_COMPILED = (Outcome.COMPILE_ERROR, Outcome.REFUSED)
"""Outcomes of a target that no compiler took, or was given."""


class Blame(StrEnum):
    """Whose fault the outcome of a verdict is: nobody's, the source's, the target's or the
    suite's.
    """

    NOBODY = "nobody"
    SOURCE = "source"
    TARGET = "target"
    SUITE = "suite"


UNDECIDED = frozenset({Outcome.INVALID_SUITE, Outcome.REFUSED})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What execution showed about one source, target and suite.

    source_id, target_id, suite_id: their ids. outcome: how it ended. blame: whose fault. detail:
        one line, such as compiler text or a signal.
    backend: what ran the target: `emulated`, `native`, `openmp` or `cuda:<device>`, with
        `+degraded(...)` where sandbox walls are missing.
    test_index: of the test that decided, from 0; -1 for none. buffer, element: the array or scalar
        and the index in it where the outputs first differ; '' and -1 if they do not. expected,
        actual, tolerance: the values there as text; '' if there are none.
    launch: the launch plan under which a bare kernel passed; '' otherwise.
    serial: one thread of a parallel target did all the work.
    suite_strength: share of mutants that the suite kills, in [0, 1]; None where unknown.
    evidence: `tested`, or `proved` where a proof for every size and launch stands beside the tests.
    preconditions: what that proof takes for granted, one line each.
    """

    source_id: str
    target_id: str
    suite_id: str
    outcome: Outcome
    blame: Blame
    detail: str = ""
    backend: str = ""
    test_index: int = -1
    buffer: str = ""
    element: int = -1
    expected: str = ""
    actual: str = ""
    tolerance: str = ""
    launch: str = ""
    serial: bool = False
    suite_strength: float | None = None
    evidence: str = "tested"
    preconditions: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether the two are equivalent, so that `if verify(a, b):` means what it says.

        False where they differ and where nothing was decided (`equivalent` tells the two apart).
        Whether there is a verdict at all is asked by `is not None`.
        """
        return self.equivalent is True

    @property
    def equivalent(self) -> bool | None:
        """Return whether source and target are equivalent: True, False, or None where nothing was
        decided: the suite is invalid, something was refused, or source or suite are to blame.
        """
        if self.outcome in UNDECIDED or self.blame in (Blame.SOURCE, Blame.SUITE):
            return None
        return self.outcome is Outcome.EQUIVALENT


@dataclass(frozen=True, slots=True)
class Triplet:
    """The unit of training: a source, an equivalent target, and the suite that showed it, all by
    value. direction: as `cpp:cuda`. verdict: on the target, by this suite.
    """

    source: Program
    target: Program
    suite: UnitTestSuite
    direction: str
    verdict: Verdict

    @property
    def id(self) -> str:
        """Return a hash of the ids of the triplet's source, target and suite, 16 hex digits."""
        return content_hash("triplet", self.source.id, self.target.id, self.suite.id)
