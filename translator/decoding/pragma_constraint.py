"""OpenMP answers in the source's own language: the source's words in their order, and directives
between its statements.

Contract: a state allows exactly one word at a time where it copies, and where a statement begins
the directives that may stand before it: a parallel loop before a loop that can be one, an update
inside of one. What is not certain (which loops, which clauses) is left to the model. A right answer
that rewrites the source cannot be written; Level.TYPES allows it.

    python -c "from translator.decoding.pragma_constraint import make_pragma_constraint; \\
        s = make_pragma_constraint('cpp', 'void F0 ( int V0 ) { V0 ++ ; }'.split(), \\
        'void F0 ( int V0 ) {'.split())(); print(s.forbidden())"
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from corpora.tokens.lexers import NEWLINE
from gpu_runtime.models.protocol import AllowedOnly, ConstraintState
from translator.decoding.c_reader import CReader
from translator.decoding.c_scopes import FREE, FUNCTION
from translator.decoding.c_types import find_defined_types
from translator.decoding.c_words import END
from translator.decoding.clauses import Clauses
from translator.outline.loops import LoopFacts, ParallelText, read_loops

_MARKS = {"cpp": "#pragma", "fortran": "!$omp"}


class _Annotated:
    """text: what stands behind the prefix. place: the next of its words."""

    def __init__(
        self, language: str, text: ParallelText, prefix: Sequence[str], types: frozenset[str]
    ) -> None:
        self._language, self._text, self._place = language, text, 0
        self._copied, self._loops, self._updates, self._wholes = (
            text.words,
            text.loops,
            text.updates,
            text.wholes,
        )
        self._reader = CReader(0, types)
        for word in prefix if language == "cpp" else ():
            self._reader.advance(word)
        self._directive: list[str] = []
        self._clauses: Clauses | None = None
        self._open: LoopFacts | None = None
        self._critical = 0
        self._done = False
        self._marked = -1
        """The place that already has a directive before it."""
        self._closes: tuple[int, str] | None = None
        """Where `!$omp end parallel …` must stand, and its last word."""

    def advance(self, word: str) -> None:
        self._done = self._done or word == END
        if self._done:  # finished rows of a batch go on
            return
        if self._directive:
            self._in_directive(word)
        elif word == _MARKS[self._language]:
            self._directive = [word]
        else:
            self._go_on()

    def _go_on(self) -> None:
        if self._language == "cpp" and self._place < len(self._copied):
            self._reader.advance(self._copied[self._place])
        self._place += 1

    def _begin_clauses(self) -> Clauses:
        """What must and may be listed of what the loop at this place assigns to."""
        loop, fortran = self._loops[self._place], self._language == "fortran"
        alive = (
            set(self._text.names)
            if fortran
            else {n for n, v in self._reader.scopes.alive.items() if v.base not in (FUNCTION, FREE)}
        )
        private, reduced = loop.private & alive, loop.reduced & alive
        words = {word.rstrip("=") for word in self._copied[self._place : loop.end]}
        return Clauses(words, private, reduced, loop.collapsible, not fortran)

    def _in_directive(self, word: str) -> None:
        if word != NEWLINE:
            self._directive.append(word)
            if self._clauses is not None:
                self._clauses.advance(word)
            elif "end" not in self._directive and self._directive[-2:] in (
                ["parallel", "for"],
                ["parallel", "do"],
            ):
                self._clauses = self._begin_clauses() if self._place in self._loops else None
            return
        if "critical" in self._directive:
            self._critical = self._text.ends.get(self._place, 0)
        if "end" in self._directive:
            self._closes = None
        elif "parallel" in self._directive:
            self._open = self._loops.get(self._place)
            if self._language == "fortran":
                loop = self._open
                self._closes = (
                    (loop.end, "do")
                    if loop
                    else (self._wholes.get(self._place, len(self._copied)), "workshare")
                )
        self._directive, self._clauses, self._marked = [], None, self._place

    def forbidden(self) -> AllowedOnly:
        if self._directive:
            return AllowedOnly(
                self._clauses.allowed() if self._clauses is not None else self._head()
            )
        if self._must_close():
            return AllowedOnly({_MARKS[self._language]})
        if self._place >= len(self._copied):
            return AllowedOnly({END})
        words = {self._copied[self._place]}
        if self._place != self._marked and self._kinds():
            words.add(_MARKS[self._language])
        return AllowedOnly(words)

    def _must_close(self) -> bool:
        return self._closes is not None and self._place == self._closes[0]

    def _inside(self) -> bool:
        return self._open is not None and self._place < self._open.end

    def _kinds(self) -> frozenset[str]:
        """Directives that may stand here, by their first word behind `omp`."""
        if self._inside():
            return (
                self._updates.get(self._place, frozenset())
                if self._place >= self._critical
                else frozenset()
            )
        if self._closes is not None:
            return frozenset()
        parallel = self._place in self._wholes or (
            self._place in self._loops and self._loops[self._place].parallel
        )
        return frozenset({"parallel"}) if parallel else frozenset()

    def _head(self) -> set[str]:
        words, fortran = self._directive[1:], self._language == "fortran"
        if not fortran:
            if not words:
                return {"omp"}
            words = words[1:]
        if self._must_close():
            return {("end", "parallel", self._closes[1], NEWLINE)[min(len(words), 3)]}
        if not words:
            return set(self._kinds())
        if words == ["parallel"]:
            return (
                {"for"} if not fortran else {"do"} if self._place in self._loops else {"workshare"}
            )
        return {NEWLINE}


def make_pragma_constraint(
    language: str, source: Sequence[str], prefix: Sequence[str]
) -> Callable[[], ConstraintState] | None:
    """Return a function that makes constraint states for answers that copy the source and add
    directives, or None if the source cannot be read so.

    language: `cpp` or `fortran`. source: canonical words. prefix: canonical words that every answer
        begins with; each state begins behind them.
    """
    text = read_loops(language, source, prefix)
    return (
        None
        if text is None
        else lambda: _Annotated(language, text, prefix, find_defined_types(tuple(source)))
    )
