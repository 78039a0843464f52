"""Lines of Fortran as older authors write them: dotted comparisons, kinds behind numbers.

Contract: the lines mean what they meant before; what a spelling cannot say is left as it is.

    python -c "from corpora.generator.emit.fortran_layout import use_dotted_operators; \\
        print(use_dotted_operators('if (x <= 0) then'))"
"""

from __future__ import annotations

import re

_DOTTED = {
    " <= ": " .le. ",
    " >= ": " .ge. ",
    " == ": " .eq. ",
    " /= ": " .ne. ",
    " < ": " .lt. ",
    " > ": " .gt. ",
}


def use_dotted_operators(line: str) -> str:
    """Return a line of Fortran with ` .le. ` for ` <= ` and likewise for the other comparisons.
    Only operators between blanks are replaced.
    """
    for plain, word in _DOTTED.items():
        line = line.replace(plain, word)
    return line


def use_kind_suffixes(line: str) -> str:
    """Return a line of Fortran with `1.5_8` for every `1.5d0`; only the exponent `d0` is so."""
    return re.sub(r"(?<![\w.])(\d+\.\d*|\.\d+)d0\b", r"\1_8", line)
