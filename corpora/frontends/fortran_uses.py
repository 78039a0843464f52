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
    """A `use` statement of Fortran. All names are in lower case.

    module: the module's name. only: the module's names that an ONLY list gives unrenamed or behind
        `=>`; None without a list. renamed: pairs (name here, name in the module), in order.
    """

    module: str
    only: tuple[str, ...] | None
    renamed: tuple[tuple[str, str], ...]

    def gives(self, name: str) -> bool:
        """Return whether this `use` statement imports the module's name `name`, in lower case,
        under any local name.
        """
        return self.only is None or name in self.only


@lru_cache(maxsize=1024)
def read_use(text: str) -> Use:
    """Return the parts of a `use` statement of Fortran. text: what follows the word `use`, such as
    `grid, only: n => size`. It must name a module.
    """
    words = [t.text for line in read_lines(f"use {text}", "free") for t in line.tokens] + [""]
    start = words.index("::") + 1 if words[1] in (",", "::") and "::" in words else 1
    rest = words[start + 1 :]
    renamed = [(rest[k - 1], rest[k + 1]) for k, word in enumerate(rest) if word == "=>"]
    only = None
    if rest[1:3] == ["only", ":"]:
        hidden = {here for here, _ in renamed}
        only = tuple(w for w in rest[3:] if w.isidentifier() and w not in hidden)
    return Use(words[start], only, tuple(renamed))
