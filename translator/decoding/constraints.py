"""What a translation can never contain, word by word while it is being decoded.

Contract: `ConstraintLevel` says how much is forbidden. `syntax`, what no compiling answer contains:
a bracket that closes nothing, a name that is neither the source's nor declared yet, two operands in
a row. `types`, moreover, what the declared types exclude, such as an index to a scalar. `full`,
moreover, what a right answer to this source does not contain: a number or a function that the
source does not have. Nothing else is judged. Words are those of `corpora.tokens.canonical`.

    python -c "from translator.decoding.constraints import ConstraintLevel, make_c_constraint; \\
        s = make_c_constraint('void F0 ( int V0 ) { }'.split(), \\
        'void F0 ( int V0 ) {'.split(), 1, ConstraintLevel.FULL)(); \\
        print(sorted(s.forbidden())[:4])"
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from enum import StrEnum

from corpora.tokens.lexers import NEWLINE
from gpu_runtime.models.protocol import ConstraintState
from translator.decoding import c_rules
from translator.decoding.c_reader import CReader
from translator.decoding.c_scopes import FREE, is_numbered_name
from translator.decoding.c_types import find_defined_types
from translator.decoding.c_words import END, NUMBERED
from translator.decoding.copy_constraints import CopyConstraints, find_foreign_words, find_numbers
from translator.decoding.pragma_constraint import make_pragma_constraint
from translator.prompting.host_functions import HostHeadConstraint

_FORTRAN_SPECIFIES = frozenset(
    {
        "::",
        "integer",
        "real",
        "double",
        "complex",
        "logical",
        "character",
        "type",
        "subroutine",
        "function",
    }
)


class ConstraintLevel(StrEnum):
    """How much decoding forbids; each level adds to the one before. NONE: nothing. SYNTAX: what
    never compiles. TYPES: what declared types exclude. FULL: what a right answer to this source
    cannot contain.
    """

    NONE = "none"
    SYNTAX = "syntax"
    TYPES = "types"
    FULL = "full"


class _CState:
    """A reader of the answer with the rules of a level."""

    def __init__(
        self,
        reader: CReader,
        outer: frozenset[str],
        known: c_rules.SourceHabits,
        level: ConstraintLevel,
        copied: CopyConstraints | None,
        never: frozenset[str],
        digits: int,
        head: Sequence[str],
    ) -> None:
        self._reader = reader
        self._host = HostHeadConstraint(head) if head else None
        self._outer, self._known, self._copied, self._never, self._digits = (
            outer,
            known,
            copied,
            never,
            digits,
        )
        self._types = level in (ConstraintLevel.TYPES, ConstraintLevel.FULL)

    def advance(self, word: str) -> None:
        self._reader.advance(word)
        if self._host:
            self._host.advance(word)

    def forbidden(self) -> Collection[str]:
        reader = self._reader
        return c_rules.unite(
            c_rules.forbid_brackets(reader),
            c_rules.forbid_names(reader, self._outer),
            c_rules.forbid_syntax(reader),
            c_rules.forbid_unknown_calls(reader, self._known),
            c_rules.NOTHING if reader.in_directive else self._never,
            c_rules.forbid_argument_counts(reader),
            c_rules.forbid_long_numbers(reader, self._digits),
            c_rules.forbid_types(reader, self._known) if self._types else c_rules.NOTHING,
            c_rules.forbid_foreign_words(reader, self._copied) if self._copied else c_rules.NOTHING,
            self._host.forbidden() if self._host else c_rules.NOTHING,
        )


class _FortranState:
    """Brackets, ends of statements, and new names only where a statement declares."""

    def __init__(self, names: int) -> None:
        self._fresh, self._brackets = names, 0
        self._statement: list[str] = []
        self._done = False

    def advance(self, word: str) -> None:
        if word == NEWLINE:
            self._done = self._statement[:1] == ["end"] and self._statement[1:2] not in (
                ["do"],
                ["if"],
            )
            self._statement, self._brackets = [], 0
            return
        self._statement.append(word)
        self._brackets += (word in ("(", "[")) - (word in (")", "]"))
        if is_numbered_name(word) and int(word[1:]) >= self._fresh:
            self._fresh = int(word[1:]) + 1

    def forbidden(self) -> Collection[str]:
        words = [NEWLINE] if self._brackets > 0 else [")", "]"]
        if self._statement or not self._done:
            words.append(END)
        declares = not _FORTRAN_SPECIFIES.isdisjoint(self._statement)
        first = self._fresh + 1 if declares else self._fresh
        return words + [f"V{k}" for k in range(first, NUMBERED)]


def make_c_constraint(
    source: Sequence[str],
    prefix: Sequence[str],
    names: int,
    level: ConstraintLevel,
    same_language: bool = True,
    model: str = "cuda",
    head: Sequence[str] = (),
) -> Callable[[], ConstraintState]:
    """Return a function that makes constraint states for answers in a C-like dialect. Each call of
    it gives a new state that has read `prefix`.

    source: its canonical words. prefix: words that every answer begins with. names: size of the
        source's name table.
    same_language: the source is C-like too, so that its words are copied. model: the target's,
        `serial`, `openmp` or `cuda`; words of the others are forbidden.
    head: canonical words of the head of a host function that the answer ends with; () for none.
        Without prefix and head, `full` forbids no more than `types`.
    """
    outer = _find_undeclared_names(source) if same_language else frozenset()
    never = find_foreign_words(source, model, same_language)
    digits = c_rules.ANY_LENGTH if same_language else _longest_number(source) + 3
    known = (
        c_rules.read_habits(source)
        if same_language
        else c_rules.SourceHabits(c_rules.ANY_USE, frozenset())
    )
    copied = (
        CopyConstraints(source, launches=bool(head))
        if level is ConstraintLevel.FULL and same_language and (prefix or head)
        else None
    )

    types = find_defined_types(tuple(source)) if same_language else frozenset()

    def start() -> ConstraintState:
        state = _CState(
            CReader(names, types),
            outer,
            known,
            level,
            copied,
            never,
            digits,
            head if level is ConstraintLevel.FULL else (),
        )
        for word in prefix:
            state.advance(word)
        return state

    return start


def _longest_number(source: Sequence[str]) -> int:
    """Of the numbers of a source in another language; `huge`, and what extremes begin with, is
    spelled out in C.
    """
    spelled = len("1.7976931348623157e308") if {"huge", "maxval", "minval"} & set(source) else 1
    return max(spelled, *map(len, find_numbers(source)), 1)


def make_annotation_constraint(
    language: str, source: Sequence[str], prefix: Sequence[str], level: ConstraintLevel
) -> Callable[[], ConstraintState] | None:
    """Return a function that makes constraint states for OpenMP answers in the source's own
    language, or None if the source cannot be so constrained.

    language: `cpp` or `fortran`. source: canonical words. prefix: canonical words that every answer
        begins with. The result is also None for another level than `full` and for an empty
        prefix.
    """
    return (
        make_pragma_constraint(language, source, prefix)
        if level is ConstraintLevel.FULL and prefix
        else None
    )


def _find_undeclared_names(source: Sequence[str]) -> frozenset[str]:
    """Names that the text uses and never declares; fields, which stand behind `.` and `->` alone,
    are none of them.
    """
    reader, declared, used = CReader(0, find_defined_types(tuple(source))), set(), set()
    for before, word in zip(("", *source), source):
        reader.advance(word)
        declared |= {
            name for name, variable in reader.scopes.alive.items() if variable.base != FREE
        }
        if is_numbered_name(word) and before not in (".", "->") and reader.frame.kind != "fields":
            used.add(word)
    return frozenset(used - declared)


def make_fortran_constraint(
    source: Sequence[str],
    prefix: Sequence[str],
    names: int,
    level: ConstraintLevel,
    same_language: bool = True,
    model: str = "serial",
    head: Sequence[str] = (),
) -> Callable[[], ConstraintState]:
    """Return a function that makes constraint states for answers in a Fortran dialect. Each call
    of it gives a new state that has read `prefix`.

    prefix: canonical words that every answer begins with. names: size of the source's name table.
        The other arguments are not used: brackets, ends of statements and new names are
        constrained at every level.
    """

    def start() -> ConstraintState:
        state = _FortranState(names)
        for word in prefix:
            state.advance(word)
        return state

    return start


CONSTRAINTS = {"cpp": make_c_constraint, "fortran": make_fortran_constraint}
"""By the target's language."""
