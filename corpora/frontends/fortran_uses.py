"""`use` statements of Fortran: which module, which of its names, and what they are called here.

    python -c "from corpora.frontends.fortran_uses import read_use; \
        print(read_use('m, only: a => b'))"
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from corpora.frontends.fortran_lines import read_lines

__all__ = ["Use", "read_use"]


@dataclass(frozen=True, slots=True)
class Use:
    """A `use` statement of Fortran.

    module: the module's name. only: its names that an ONLY list gives; None without a list.
        renamed: pairs (name here, name in the module).
    """

    module: str
    only: tuple[str, ...] | None
    renamed: tuple[tuple[str, str], ...]

    def gives(self, name: str) -> bool:
        """Return whether this `use` statement imports the module's `name`, under any local name."""
        return self.only is None or name in self.only


@lru_cache(maxsize=1024)
def read_use(text: str) -> Use:
    """Parse what follows the word `use` in Fortran, such as `grid, only: n => size`."""
    words = [t.text for line in read_lines(f"use {text}", "free") for t in line.tokens] + [""]
    start = words.index("::") + 1 if words[1] in (",", "::") and "::" in words else 1
    rest = words[start + 1 :]
    renamed = [(rest[k - 1], rest[k + 1]) for k, word in enumerate(rest) if word == "=>"]
    only = None
    if rest[1:3] == ["only", ":"]:
        hidden = {here for here, _ in renamed}
        only = tuple(w for w in rest[3:] if w.isidentifier() and w not in hidden)
    return Use(words[start], only, tuple(renamed))
