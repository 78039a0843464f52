"""The clauses of a parallel loop, word by word: which may come next.

Contract: total; `allowed` is never empty. The directive does not end before what must be private or
reduced is listed.

    python -c "from translator.decoding.clauses import Clauses; \\
        print(sorted(Clauses({'+'}, {'V0'}, set(), 2, True).allowed()))"
"""

from __future__ import annotations

from collections.abc import Set

from corpora.tokens.lexers import NEWLINE

_LISTS = frozenset({"private", "firstprivate"})
_CLAUSES = _LISTS | {"reduction", "schedule", "collapse"}
_SCHEDULES = frozenset({"static", "dynamic", "guided"})
_REDUCED = frozenset("+ - * max min && || & | ^".split())
_REDUCED_FORTRAN = frozenset("+ - * max min .and. .or. iand ior ieor".split())
_ALWAYS = frozenset("+ - * max min".split())
_DIGITS = frozenset("123456789")
_MORE = frozenset(f"_{d}" for d in "0123456789")


class Clauses:
    """Reads the clauses of a parallel loop's directive word by word.

    operators: of the loop's updates, without `=`. private: names that must be listed as private.
        reducible: names that may be reduced. collapsible: most loops that `collapse` may name.
        is_c: C's directives; else Fortran's.
    """

    def __init__(
        self,
        operators: Set[str],
        private: Set[str],
        reducible: Set[str],
        collapsible: int,
        is_c: bool,
    ) -> None:
        self._needed, self._private, self._reducible, self._collapsible = (
            private | reducible,
            private,
            reducible,
            collapsible,
        )
        self._is_c = is_c
        self._reduced = _ALWAYS | ((_REDUCED if is_c else _REDUCED_FORTRAN) & operators)
        self._clause, self._inside = "", ""
        self._last = ""
        self._seen: set[str] = set()
        self._listed: set[str] = set()
        self._digits = 0

    def advance(self, word: str) -> None:
        """Read the next word of the directive and change the reader's state. Nothing is raised."""
        if not self._clause:
            self._clause = word if word in _CLAUSES else ""
            self._seen.add(word)
        elif word == "(":
            self._inside = self._clause
        elif word == ")":
            self._clause = self._inside = ""
        elif word in self._private or word in self._reducible:
            self._listed.add(word)
        self._digits = self._digits + 1 if word in _DIGITS or word in _MORE else 0
        self._last = word

    def allowed(self) -> set[str]:
        """Return the words that may come next; never empty."""
        if not self._clause:
            return self._openings()
        if not self._inside:
            return {"("}
        return getattr(self, f"_in_{self._kind()}")()

    def _kind(self) -> str:
        return "list" if self._inside in _LISTS else self._inside

    def _openings(self) -> set[str]:
        words = {"schedule", "collapse"} - self._seen
        words -= {"collapse"} if self._collapsible < 2 else set()
        words |= {"simd"} if self._is_c and not self._seen else set()
        words |= set() if self._needed - self._listed else {NEWLINE}
        words |= _LISTS if self._private - self._listed else set()
        return words | ({"reduction"} if self._reducible - self._listed else set())

    def _in_list(self) -> set[str]:
        left = self._private - self._listed
        return set(left) if self._last in ("(", ",") else {")"} | ({","} if left else set())

    def _in_reduction(self) -> set[str]:
        if self._last == "(":
            return set(self._reduced)
        if self._last in self._reduced:
            return {":"}
        left = self._reducible - self._listed
        return set(left) if self._last in (":", ",") else {")"} | ({","} if left else set())

    def _in_schedule(self) -> set[str]:
        if self._last == "(":
            return set(_SCHEDULES)
        if self._last == ",":
            return set(_DIGITS)
        return (
            {")", ","} if self._last in _SCHEDULES else {")", *_MORE} if self._digits < 3 else {")"}
        )

    def _in_collapse(self) -> set[str]:
        return {str(n) for n in range(2, self._collapsible + 1)} if self._last == "(" else {")"}
