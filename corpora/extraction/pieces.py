"""What the front ends of the extraction give: one record for each function of a file.

python -c "from corpora.extraction.pieces import ExtractedFunction; help(ExtractedFunction)"
"""

from __future__ import annotations

from dataclasses import dataclass

MAIN_PROGRAM = "is the main program"
"""The reason why nothing is lost with a function that is left out."""

TOO_DEEP = "is nested too deeply to be read"
"""The reason why a text is left out whose brackets or blocks stand in each other by the hundred."""


@dataclass(frozen=True, slots=True)
class ExtractedFunction:
    """The function `name`, cut out of a file.

    text: the function with the definitions it needs; '' if it cannot be separated. reason: why it
    cannot, in one line; '' if it can.
    """

    name: str
    text: str = ""
    reason: str = ""
