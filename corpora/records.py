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
    """First 16 hex digits of SHA-256 over the canonical JSON of `parts`."""
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
    """Which number of a structure a parameter stands for: parameters of one `owner` are handed over
    as one.

    path: what the number is called in the structure, `at.x`. passing: how the function takes the
    structure: `array` (pointer to many), `pointer` (to one), `reference` or `value`. count: so many
    of the parameter's elements belong to each structure. offset, bytes: where it lies and how large
    the structure is, in bytes; wide_offset, wide_bytes: the same where float is computed as double
    and double as long double. assembled: the structure's type, where it holds pointers and so is
    put together where it is called; then a parameter whose count is 0 is what such a pointer points
    to.
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
    """One parameter of a function as the engine sees it.

    kind: `scalar` (a value), `array` (pointer to contiguous elements) or `rows` (pointer to row
    pointers, `T**`). type: an entry of ELEMENT_TYPES. intent: `in` (const, intent(in)), `out` or
    `inout`; `inout` where the source does not say. by_reference: a scalar passed by address in its
    own dialect (Fortran default; C++ reference). inner_extents: fixed inner extents of `T a[][N]`
    declarations, outermost first; empty for a flat pointer. shape: Fortran extents as written, e.g.
    ("n", "0:m"); (":",) for assumed shape; in C-like dialects empty but for arrays in one
    structure. member: set where the parameter is part of a structure: `p__x` for the x of `body
    *p`.
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
    """Name, parameters in order, and result element type (None for void/subroutine)."""

    name: str
    parameters: tuple[Parameter, ...]
    result: str | None = None
    style: str = "function"
    """`function` or `kernel` (a bare __global__ function that needs a launch)."""


@dataclass(frozen=True, slots=True)
class Program:
    """One function (with the helpers it needs) in one dialect. `id` covers dialect, entry name and
    text only.
    """

    dialect: str
    name: str
    text: str
    origin: str = ""
    """Corpus and place it came from, for people; not part of the id."""

    @property
    def id(self) -> str:
        return _program_id(self.dialect, self.name, self.text)


@lru_cache(maxsize=1024)
def _program_id(dialect: str, name: str, text: str) -> str:
    return content_hash("program", dialect, name, text)


@dataclass(frozen=True, slots=True)
class Fill:
    """A seeded rule that makes array elements, e.g. Fill("uniform", (-1.0, 1.0), 3). Kinds:
    tester/unit_tests docs.
    """

    kind: str
    arguments: tuple[float | int, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ScalarValue:
    name: str
    type: str
    value: float | int | bool | tuple[float, float]


@dataclass(frozen=True, slots=True)
class ArrayValue:
    """`extents` is (n,) for an array, (rows, columns) for `T**`. Exactly one of `fill` and `values`
    is set.
    """

    name: str
    type: str
    extents: tuple[int, ...]
    fill: Fill | None = None
    values: tuple[float | int, ...] | None = None

    @property
    def is_null(self) -> bool:
        """Whether the program is given a null pointer. It has no element then."""
        return self.fill is not None and self.fill.kind == "null"


@dataclass(frozen=True, slots=True)
class UnitTest:
    """A typed assignment of every parameter. `aliases` names pairs of arrays that share storage."""

    assignments: tuple[ScalarValue | ArrayValue, ...]
    aliases: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        return content_hash("test", self)


@dataclass(frozen=True, slots=True)
class UnitTestSuite:
    """Tests of one program. `launch` is the text of a launch plan when the program is a bare
    kernel.

    author: `tester`, `rules`, `user` or a mixture such as `tester+rules`.
    strength: share of killed, non-equivalent mutants in [0, 1]; None until measured.
    branch_coverage: share of taken branches in [0, 1]; None until measured.
    """

    program_id: str
    tests: tuple[UnitTest, ...]
    author: str = "rules"
    launch: str = ""
    strength: float | None = None
    branch_coverage: float | None = None

    @property
    def id(self) -> str:
        return content_hash("suite", self.program_id, self.tests, self.launch)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One proposed translation of `source_id` (a Program) in `direction`; `text` may be anything a
    model wrote.
    """

    source_id: str
    direction: str
    text: str
    author: str = "translator"
    sample: int = 0

    @property
    def id(self) -> str:
        return content_hash("candidate", self.source_id, self.direction, self.text)


class Outcome(StrEnum):
    """How a comparison ended. Only EQUIVALENT says that the two programs do the same."""

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
    NOBODY = "nobody"
    SOURCE = "source"
    TARGET = "target"
    SUITE = "suite"


UNDECIDED = frozenset({Outcome.INVALID_SUITE, Outcome.REFUSED})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What execution showed about one (source, target, suite).

    detail: one readable line: compiler text, signal, race location, or why it was refused.
    test_index: index into the suite's tests of the deciding test; -1 when none decided. buffer,
    element: first differing place; expected/actual/tolerance as text in the element type's own
    format. backend: `emulated`, `native`, `openmp` or `cuda:<device name>`; degraded sandbox modes
    are appended `+degraded(...)`. launch: text of the launch plan under which a bare kernel passed.
    serial: True when all work was done by one thread of a parallel target. evidence: `tested`, or
    `proved` where a proof for every size and launch stands beside the tests; preconditions: what
    that proof takes for granted, one line each.
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
        """True, False, or None where nothing was decided."""
        if self.outcome in UNDECIDED or self.blame in (Blame.SOURCE, Blame.SUITE):
            return None
        return self.outcome is Outcome.EQUIVALENT


@dataclass(frozen=True, slots=True)
class Triplet:
    """The training unit: a source, an equivalent target, and the suite that showed it. All three by
    value.
    """

    source: Program
    target: Program
    suite: UnitTestSuite
    direction: str
    verdict: Verdict

    @property
    def id(self) -> str:
        return content_hash("triplet", self.source.id, self.target.id, self.suite.id)
