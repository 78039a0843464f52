"""What the front ends of the extraction give: one record for each function of a file.

python -c "from corpora.extraction.pieces import ExtractedFunction; help(ExtractedFunction)"
"""

from __future__ import annotations

from dataclasses import dataclass

MAIN_PROGRAM = "is the main program"
"""The reason why nothing is lost with a function that is left out."""


@dataclass(frozen=True, slots=True)
class ExtractedFunction:
    """One function that was cut out of a file.

    name: its name. text: its self-contained text, '' where it could not be cut out.
    reason: why it could not, '' where it could.
    """

    name: str
    text: str = ""
    reason: str = ""
