"""The answer of a proof.

python -c "from coevolve.verification.proof.records import Answer; print(list(Answer))"
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    """The answer of a proof.

    PROVED: equivalent for every input and launch that fulfils the preconditions. REFUTED: not
        equivalent; an execution shows it. UNKNOWN: neither was shown.
    """

    PROVED = "PROVED"
    REFUTED = "REFUTED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Precondition:
    """Something that a proof assumes.

    kind: `source` (its behaviour is defined and it ends), `arrays` (they do not overlap), `launch`,
        `value` (of a parameter) or `floats`. text: for people.
    extent, relation, bound: the three parts of a condition on the launch, such as `gridDim.x *
        blockDim.x`, `>=` and `n`; '' for other kinds.
    """

    kind: str
    text: str
    extent: str = ""
    relation: str = ""
    bound: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof found.

    answer: the answer. preconditions: what the proof assumes, if PROVED; else (). reason: why there
        is no proof, if UNKNOWN; else ''. counterexample: the smallest failing test known, in text
        form, if REFUTED; else ''.
    floats: `none` (no floating-point value is computed), `as written` (the same operations in the
        same order) or `up to reassociation`. elapsed_ms: milliseconds for the proof alone.
    """

    answer: Answer
    preconditions: tuple[Precondition, ...] = ()
    reason: str = ""
    floats: str = "none"
    counterexample: str = ""
    elapsed_ms: float = 0.0
