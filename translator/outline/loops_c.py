"""Where the loops of a C-like function are, which of them may be parallel, and which statements
update something.

Contract: reads canonical words; a text that is not read gives None. A loop may be parallel if its
head has OpenMP's form and nothing leaves it.

    python -c "from translator.outline.loops_c import read_loops; \\
        print(read_loops('void F0 ( int V0 ) { for ( int V1 = 0 ; V1 < V0 ; V1 ++ ) ; }'.split(), \\
        'void F0 ( int V0 ) {'.split()).loops)"
"""

from __future__ import annotations

from collections.abc import Sequence

from corpora.tokens.lexers import CPP_TYPES
from translator.decoding.c_scopes import is_numbered_name
from translator.outline.loops import LoopFacts, ParallelText, classify_names, is_atomic_form

_OPENS, _CLOSES = frozenset("( [ {".split()), frozenset(") ] }".split())
_STEPS = frozenset("++ -- += -=".split())
_ATOMIC, _CRITICAL = frozenset({"atomic", "critical"}), frozenset({"critical"})
_ASSIGNED = frozenset("= += -= *= /= %= &= |= ^= <<= >>=".split())
_BEGINS = frozenset("; { } )".split())
_COMPARED = frozenset("< <= > >= !=".split())


def read_loops(source: Sequence[str], prefix: Sequence[str]) -> ParallelText | None:
    """What stands behind the prefix; None for a text of another kind."""
    if any(word[:1] == "#" for word in source) or not prefix or prefix[-1] != "{":
        return None
    head = len(prefix) - 1 - list(prefix).index("F0")
    start = list(source).index("F0") + head + 1
    if source[start - 1] != "{" or list(source[start - head : start]) != list(
        prefix[len(prefix) - head :]
    ):
        return None
    words = list(source[start:])
    try:
        loops, updates, ends = _Reader(words).read()
    except IndexError:
        return None
    names = frozenset(word for word in source if is_numbered_name(word))
    return ParallelText(words, loops, updates, {}, names, frozenset(), ends)


class _Reader:
    """Statements from left to right."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._loops: dict[int, LoopFacts] = {}
        self._updates: dict[int, frozenset[str]] = {}
        self._ends: dict[int, int] = {}

    def read(self) -> tuple[dict[int, LoopFacts], dict[int, frozenset[str]], dict[int, int]]:
        place = 0
        while self._words[place] != "}":
            place = self._statement(place)
        return self._loops, self._updates, self._ends

    def _statement(self, place: int) -> int:
        """Place behind the statement that begins here."""
        word = self._words[place]
        if word == "{":
            place += 1
            while self._words[place] != "}":
                place = self._statement(place)
            return place + 1
        if word in ("for", "while", "if", "switch"):
            return self._controlled(place, word)
        if word == "else":
            return self._statement(place + 1)
        if word == "do":
            behind = self._statement(place + 1)
            return self._closing(behind + 1) + 2
        end = place
        while self._words[end] != ";":
            end = self._closing(end) + 1 if self._words[end] in _OPENS else end + 1
        if self._is_update(place, end):
            self._updates[place] = _ATOMIC if _modifies(self._words[place:end]) else _CRITICAL
        return end + 1

    def _controlled(self, place: int, word: str) -> int:
        close = self._closing(place + 1)
        end = self._statement(close + 1)
        while word == "if" and end < len(self._words) and self._words[end] == "else":
            end = self._statement(end + 1)
        if word == "if" and not {"continue", "break", "return", "for", "while"} & set(
            self._words[place:end]
        ):
            self._updates[place] = _CRITICAL
            self._ends[place] = end
        if word == "for":
            head = self._words[place + 2 : close]
            variable = _variable(head)
            parallel = bool(variable) and not self._leaves(close + 1, end)
            depth = self._depth(close + 1, end, {variable}) if parallel else 1
            body = self._words[place:end]
            declared = {b for a, b in zip(body, body[1:]) if a in CPP_TYPES and is_numbered_name(b)}
            sorts = classify_names(_uses(body), frozenset(declared | {variable}))
            self._loops[place] = LoopFacts(
                end, parallel and sorts is not None, depth, *(sorts or ())
            )
        return end

    def _closing(self, place: int) -> int:
        depth = 0
        while True:
            depth += (self._words[place] in _OPENS) - (self._words[place] in _CLOSES)
            if depth == 0:
                return place
            place += 1

    def _is_update(self, place: int, end: int) -> bool:
        """`x += e;`, `x ++;`, `x = x + e;`: no declaration, no call."""
        words = self._words[place:end]
        first = words[0] if words else ""
        if first in CPP_TYPES or first in (
            "return",
            "break",
            "continue",
            "const",
            "static",
            "case",
            "default",
        ):
            return False
        return any(
            w in ("++", "--", "=") or (len(w) > 1 and w[-1] == "=" and w[0] in "+-*/&|^<>")
            for w in words
        )

    def _leaves(self, place: int, end: int) -> bool:
        """Whether a `return`, or a `break` of this very loop, stands in its body."""
        words = self._words[place:end]
        if "return" in words or "goto" in words:
            return True
        inner = [(p, loop.end) for p, loop in self._loops.items() if place <= p < end]
        others = any(w in ("while", "switch", "do") for w in words)
        breaks = [place + k for k, w in enumerate(words) if w == "break"]
        return any(not others and not any(a <= p < b for a, b in inner) for p in breaks)

    def _depth(self, place: int, end: int, outer: set[str]) -> int:
        """Perfectly nested loops from the body on, the one around it counted."""
        braced = self._words[place] == "{"
        inner = place + 1 if braced else place
        loop = self._loops.get(inner)
        if loop is None or not loop.parallel or loop.end + braced != end:
            return 1
        close = self._closing(inner + 1)
        head = self._words[inner + 2 : close]
        if outer & set(head):
            return 1
        return 1 + self._depth(close + 1, loop.end, outer | {_variable(head)})


def _uses(words: Sequence[str]) -> list[tuple[str, str]]:
    """(name, `read_loops` | `write` | `update`) in the order of evaluation: a value is read before
    it is stored.
    """
    found: list[tuple[str, str]] = []
    stored: list[tuple[str, str]] = []
    for k, word in enumerate(words):
        if word in ";{}" or (word == "," and stored):
            found += stored
            stored = []
        if not is_numbered_name(word) or (
            k and words[k - 1] in (".", "->")
        ):  # a field is no variable
            continue
        before, after = words[k - 1] if k else ";", words[k + 1] if k + 1 < len(words) else ";"
        deref = before == "*" and k > 1 and words[k - 2] in _BEGINS
        if after == "=" and not deref:
            again = list(words[k + 2 : k + 3]) == [word]
            stored.append((word, "update" if again else "write"))
            if again:
                found.append((word, "update"))
        elif not deref and (
            after in _ASSIGNED or after in ("++", "--") or (before in ("++", "--") and after != "[")
        ):
            found.append((word, "update"))
            alone = (
                before in _BEGINS
                if after in ("++", "--")
                else after in _ASSIGNED or words[k - 2] in _BEGINS
            )
            found += [] if alone or (after == "[" or k < 2) else [(word, "read")]
        elif not (
            stored
            and stored[-1] == (word, "update")
            and words[k - 1] == "="
            and words[k - 2] == word
        ):
            found.append((word, "read"))
    return found + stored


def _modifies(words: Sequence[str]) -> bool:
    """`x ++`, `x += e`, `x = x + e`: what an atomic directive takes."""
    if words[0] in ("++", "--") or words[-1] in ("++", "--"):
        return True
    at = next((k for k, w in enumerate(words) if w in _ASSIGNED), 0)
    if words[at] != "=":
        return at > 0 and words[at] != "%="
    target = list(words[:at])
    rest = list(words[at + 1 :])
    size = len(target)
    return (
        bool(target)
        and rest[:size] == target
        and len(rest) > size + 1
        and is_atomic_form(rest[size], rest[size + 1 :])
    )


def _variable(head: Sequence[str]) -> str:
    """The variable of a loop in OpenMP's form, or nothing."""
    parts: list[list[str]] = [[]]
    for word in head:
        if word == ";":
            parts.append([])
        else:
            parts[-1].append(word)
    if len(parts) != 3 or "=" not in parts[0] or "," in parts[0] + parts[2]:
        return ""
    variable = parts[0][parts[0].index("=") - 1]
    compared = [w for w in parts[1] if w in _COMPARED]
    if (
        len(compared) != 1
        or "&&" in parts[1]
        or (parts[1][:2] != [variable, compared[0]] and parts[1][-2:] != [compared[0], variable])
    ):
        return ""
    stepped = any(w in _STEPS for w in parts[2]) or parts[2][:3] == [variable, "=", variable]
    return variable if stepped and variable in parts[2] else ""
