"""Why something is not known or not allowed: a code, a sentence, names and a place.

python -c "from corpora.analysis.reasons import Reason; print(Reason('CALL', 'f is unknown'))"
"""

from __future__ import annotations

from dataclasses import dataclass

from corpora.ir import Span


@dataclass(frozen=True, slots=True)
class Reason:
    """code: a word for programs (`EARLY_EXIT`). sentence: for readers, it names the construct.
    names: variables that it is about. span: where it stands in the text."""

    code: str
    sentence: str
    names: tuple[str, ...] = ()
    span: Span | None = None

    def __str__(self) -> str:
        where = f" (line {self.span.line})" if self.span else ""
        return f"{self.sentence}{where}"
