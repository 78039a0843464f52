"""What a translation can never contain, said word by word while it is being decoded.

Contract: a constraint forbids only what no compiling answer contains: a bracket that closes nothing, an end inside a
block, a name that is neither the source's nor declared yet outside of a declaring position, a second declaration in one
block, an index to a scalar, new names out of their canonical order. It judges nothing else. Words are those of `corpora.canonical`.

    python -c "from translator.constrain import c_constraint; s = c_constraint('void F0 ( int V0 ) { }'.split(), \\
        'void F0 ( int V0 ) {'.split(), 1)(); print(sorted(s.forbidden())[:4])"
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from corpora.lexers import CPP_TYPES, NEWLINE
from gpu_runtime.models.protocol import ConstraintState

END = "</s>"
NUMBERED = 64
"""V0 ... V63 are whole words of the vocabulary; higher ones are spelled in characters, which nothing here sees."""

_CLOSES = {")": "(", "]": "[", "}": "{"}
_BEFORE_NAME = CPP_TYPES | {"*", "&", ",", "const", "__restrict__", "__shared__"}
_FORTRAN_SPECIFIES = frozenset(
    {"::", "integer", "real", "double", "complex", "logical", "character", "type", "subroutine", "function"}
)


def _is_v(word: str) -> bool:
    return word[:1] == "V" and word[1:].isdigit()


class _CState:
    """One pass over the words of a C-like text, with the names declared so far."""

    def __init__(self, names: int, outer: frozenset[str] = frozenset()) -> None:
        self._names, self._outer = names, outer
        self.declared: set[str] = set()
        self._scopes: list[tuple[list[str], set[str]]] = [([], set())]
        """Per open block: names to forget at its end, and names that it may not declare again."""
        self._brackets: list[str] = []
        self._declaring_at = -1
        """Bracket depth of the type word of a declaration under way; -1 outside of one."""
        self._in_value = False
        self._scalars: set[str] = set()
        """Names whose latest declaration has neither `*` nor `[`: they take no index."""
        self._last = ""
        self._just_declared = False
        self._fresh = names
        self._done = False
        self._undeclared: list[str] | None = None

    def advance(self, word: str) -> None:
        depth = len(self._brackets)
        if word == "[" and self._just_declared:
            self._scalars.discard(self._last)
        self._just_declared = False
        if _is_v(word):
            self._see_name(word, depth)
        elif word in CPP_TYPES:
            self._declaring_at, self._in_value = depth, False
        elif word in ("(", "[", "{"):
            self._open(word)
        elif word in _CLOSES:
            self._close(word)
        elif word == ";":
            self._declaring_at = -1
        elif depth == self._declaring_at and word in ("=", ","):
            self._in_value = word == "="
        elif word == NEWLINE:
            self._declaring_at = -1
        self._last = word

    def _open(self, word: str) -> None:
        self._brackets.append("for" if word == "(" and self._last == "for" else word)
        if word == "{":
            # The block of a function or a loop owns the names of the head before it.
            head = self._scopes[-1][1] if len(self._scopes) == 1 else set()
            self._scopes.append(([], set(head)))
            self._declaring_at, self._done = -1, False

    def _close(self, word: str) -> None:
        if self._brackets:
            self._brackets.pop()
        if len(self._brackets) < self._declaring_at:
            self._declaring_at = -1
        if word == "}":
            if len(self._scopes) > 1:
                forgotten, _ = self._scopes.pop()
                self.declared.difference_update(forgotten)
                self._undeclared = None
            self._declaring_at = -1
            self._done = not self._brackets

    def _see_name(self, word: str, depth: int) -> None:
        if not self._may_declare(depth):
            return
        self._just_declared = True
        if self._last in CPP_TYPES:
            self._scalars.add(word)
        else:  # a pointer, or not known: `* const V1`
            self._scalars.discard(word)
        if word not in self.declared:
            self._scopes[-1][0].append(word)
            self.declared.add(word)
            self._undeclared = None
        if "for" not in self._brackets[-1:]:
            self._scopes[-1][1].add(word)
        if int(word[1:]) >= self._fresh:
            self._fresh = int(word[1:]) + 1

    def _may_declare(self, depth: int) -> bool:
        if depth != self._declaring_at or self._in_value:
            return False
        return self._last in _BEFORE_NAME

    def forbidden(self) -> list[str]:
        inner = self._brackets[-1] if self._brackets else ""
        inner = "(" if inner == "for" else inner
        words = [close for close, opens in _CLOSES.items() if inner != opens]
        if inner == "[" or (inner == "(" and self._brackets[-1] != "for"):
            words.append(";")
        if self._last in self._scalars and not self._just_declared:
            words.append("[")
        if self._brackets or not self._done:
            words.append(END)
        if self._may_declare(len(self._brackets)):
            words += self._scopes[-1][1]
            words += [f"V{k}" for k in range(self._fresh + 1, NUMBERED)]
        else:
            words += self._not_yet()
        return words

    def _not_yet(self) -> list[str]:
        if self._undeclared is None:
            known = self.declared | self._outer
            self._undeclared = [v for k in range(NUMBERED) if (v := f"V{k}") not in known]
        return self._undeclared


class _FortranState:
    """Brackets, ends of statements, and new names only where a statement declares."""

    def __init__(self, names: int) -> None:
        self._fresh, self._brackets = names, 0
        self._statement: list[str] = []
        self._done = False

    def advance(self, word: str) -> None:
        if word == NEWLINE:
            self._done = self._statement[:1] == ["end"] and self._statement[1:2] not in (["do"], ["if"])
            self._statement, self._brackets = [], 0
            return
        self._statement.append(word)
        self._brackets += (word in ("(", "[")) - (word in (")", "]"))
        if _is_v(word) and int(word[1:]) >= self._fresh:
            self._fresh = int(word[1:]) + 1

    def forbidden(self) -> list[str]:
        words = [NEWLINE] if self._brackets > 0 else [")", "]"]
        if self._statement or not self._done:
            words.append(END)
        declares = not _FORTRAN_SPECIFIES.isdisjoint(self._statement)
        first = self._fresh + 1 if declares else self._fresh
        return words + [f"V{k}" for k in range(first, NUMBERED)]


def c_constraint(source: Sequence[str], prefix: Sequence[str], names: int) -> Callable[[], ConstraintState]:
    """For an answer in a C-like dialect that begins with `prefix`; `names` is the size of the source's name table.

    A source name that the source itself never declares (a macro, a field, a global) may be used anywhere.
    """
    reader = _CState(names)
    declared: set[str] = set()
    for word in source:
        reader.advance(word)
        declared |= reader.declared
    outer = frozenset(word for word in source if _is_v(word)) - declared

    def start() -> ConstraintState:
        state = _CState(names, outer)
        for word in prefix:
            state.advance(word)
        return state

    return start


def fortran_constraint(source: Sequence[str], prefix: Sequence[str], names: int) -> Callable[[], ConstraintState]:
    """For an answer in a Fortran dialect; arguments as for `c_constraint`."""

    def start() -> ConstraintState:
        state = _FortranState(names)
        for word in prefix:
            state.advance(word)
        return state

    return start


CONSTRAINTS = {"cpp": c_constraint, "fortran": fortran_constraint}
"""By the target's language."""
