"""Why something is not known or not allowed: a code, a sentence, names and a place.

python -c "from corpora.analysis.reasons import Reason; print(Reason('CALL', 'f is unknown'))"
"""

from __future__ import annotations

from dataclasses import dataclass

from corpora.ir import Span


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something about a program is unknown or not allowed.

    code: a word for programs, such as `EARLY_EXIT`. sentence: for readers. names: of the variables
        it is about. span: its place in the text; None if it has none.
    """

    code: str
    sentence: str
    names: tuple[str, ...] = ()
    span: Span | None = None

    def __str__(self) -> str:
        where = f" (line {self.span.line})" if self.span else ""
        return f"{self.sentence}{where}"
