"""The answer of a proof.

python -c "from coevolve.verification.proof.records import Answer; print(list(Answer))"
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    """PROVED: equivalent for every input and launch that fulfils the preconditions. REFUTED: not
    equivalent, with an input on which execution shows it. UNKNOWN: neither was shown."""

    PROVED = "PROVED"
    REFUTED = "REFUTED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Precondition:
    """What a proof takes for granted. kind: `source` (it is defined and ends), `arrays`, `launch`,
    `value` (of a parameter), `floats`. extent, relation, bound: of a launch, `gridDim.x *
    blockDim.x >= n` in three parts."""

    kind: str
    text: str
    extent: str = ""
    relation: str = ""
    bound: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """Answer, with its preconditions (of PROVED), the reason (of UNKNOWN) or the smallest failing
    input known (of REFUTED), in the form that `--suite` takes.

    floats: `none` (no floating-point value is computed), `as written` (the same operations in the
    same order) or `up to reassociation`. elapsed_ms: time for the proof alone.
    """

    answer: Answer
    preconditions: tuple[Precondition, ...] = ()
    reason: str = ""
    floats: str = "none"
    counterexample: str = ""
    elapsed_ms: float = 0.0
