"""Where the loops of a Fortran procedure are, which of them may be parallel, and which statements
update something.

Contract: as `translator.outline.loops_c`, for canonical words of Fortran, in which every statement
ends with the word for a new line.

    python -c "from translator.outline.loops_fortran import read_loops; help(read_loops)"
"""

from __future__ import annotations

from collections.abc import Sequence

from corpora.tokens.lexers import NEWLINE
from translator.decoding.c_scopes import is_numbered_name
from translator.outline.loops import LoopFacts, ParallelText, classify_names, is_atomic_form


def read_loops(source: Sequence[str], prefix: Sequence[str]) -> ParallelText | None:
    """What stands behind the prefix; None for a text of another kind."""
    if not prefix or list(source[: len(prefix)]) != list(prefix) or "!$omp" in source:
        return None
    words = list(source[len(prefix) :])
    statements = _statements(words)
    arrays = _arrays(prefix)
    loops, stack = {}, []
    for k, (_, _, first) in enumerate(statements):
        if first[:1] == ["do"]:
            stack.append(k)
        elif first[:2] == ["end", "do"] or first[:1] == ["enddo"]:
            if not stack:
                return None
            begun = stack.pop()
            loops[statements[begun][0]] = _loop(statements, begun, k, loops, arrays)
    if stack:
        loops = {}  # loops that end at labels
    updates = {start: frozenset({"atomic"}) for start, _, s in statements if _modifies(s)}
    wholes = _wholes(statements, arrays)
    return ParallelText(
        words,
        loops,
        updates,
        wholes,
        frozenset(w for w in source if _is_name(w)),
        frozenset(arrays),
    )


Statement = tuple[int, int, list[str]]


def _statements(words: Sequence[str]) -> list[Statement]:
    """(place, place behind, words) of each statement."""
    found, start = [], 0
    for place, word in enumerate(words):
        if word == NEWLINE:
            found.append((start, place + 1, list(words[start:place])))
            start = place + 1
    return found


def _loop(
    statements: list[Statement],
    begun: int,
    ended: int,
    loops: dict[int, LoopFacts],
    arrays: set[str],
) -> LoopFacts:
    head, end = statements[begun][2], statements[ended][1]
    inside = statements[begun + 1 : ended]
    counted = len(head) > 3 and is_numbered_name(head[1]) and head[2] == "="
    own = [
        s
        for s in inside
        if not any(
            a < s[0] < loop.end for a, loop in loops.items() if statements[begun][0] < a < end
        )
    ]
    leaves = any(
        "return" in s[2] or "stop" in s[2] or "goto" in s[2] or "go" in s[2][:1] for s in inside
    )
    leaves = leaves or any("exit" in s[2] for s in own)
    depth = 1
    if counted and inside and inside[0][0] in loops:
        inner = loops[inside[0][0]]
        if inner.parallel and inner.end == statements[ended][0] and head[1] not in inside[0][2]:
            depth = 1 + _count_independent_loops(statements, begun, inner.collapsible, {head[1]})
    counters = frozenset(
        s[2][1] for s in statements[begun:ended] if s[2][:1] == ["do"] and len(s[2]) > 2
    )
    uses = [use for s in inside for use in _uses(s[2]) if use[0] not in arrays]
    sorts = classify_names(uses, counters)
    return LoopFacts(end, counted and not leaves and sorts is not None, depth, *(sorts or ()))


def _count_independent_loops(
    statements: list[Statement], begun: int, most: int, outer: set[str]
) -> int:
    """Of the `most` loops inside, how many have heads that name no outer variable."""
    for k in range(most):
        if outer & set(statements[begun + 1 + k][2][2:]):
            return k
    return most


def _arrays(prefix: Sequence[str]) -> set[str]:
    """Names that the specification statements give a shape."""
    found: set[str] = set()
    for _, _, words in _statements(prefix):
        if "F0" in words:
            continue
        found |= {a for a, b in zip(words, words[1:]) if is_numbered_name(a) and b == "("}
        if "dimension" in words and "::" in words:
            found |= {w for w in words[words.index("::") + 1 :] if is_numbered_name(w)}
    return found


def _store(words: list[str]) -> int:
    """Where the `=` of an assignment stands, that of a one-line `if` included; 0 for another
    statement.
    """
    depth = 0
    if not words or not (is_numbered_name(words[0]) or words[0] in ("F0", "if")):
        return 0
    for k, word in enumerate(words):
        depth += (word == "(") - (word == ")")
        if word == "=" and depth == 0:
            return k
    return 0


def _is_name(word: str) -> bool:
    """A variable, or a function's own name as its result."""
    return is_numbered_name(word) or word == "F0"


def _uses(words: list[str]) -> list[tuple[str, str]]:
    """(name, `read` | `write` | `update`) of a statement: what is read comes first."""
    at = _store(words)
    read = [(w, "read") for k, w in enumerate(words) if _is_name(w) and k != at - 1]
    if not at or not _is_name(words[at - 1]):
        return read
    name = words[at - 1]
    if words[at + 1 : at + 2] == [name]:
        return [use for use in read if use[0] != name] + [(name, "update")]
    return [*read, (name, "write")]


def _modifies(words: list[str]) -> bool:
    """`x = x + e`, `x = max(x, e)`: what an atomic directive takes."""
    at = _store(words)
    if not at or words[0] == "if":
        return False
    target, rest = words[:at], words[at + 1 :]
    size = len(target)
    if rest[:size] == target and len(rest) > size + 1:
        return rest[size] in (".and.", ".or.") or is_atomic_form(rest[size], rest[size + 1 :])
    return (
        rest[:1]
        and rest[0] in ("max", "min", "iand", "ior", "ieor")
        and rest[2 : 2 + size] == target
        and rest[-1] == ")"
    )


def _whole(words: list[str], arrays: set[str]) -> bool:
    """An assignment to a whole array or a section."""
    if not words or words[0] not in arrays or "=" not in words:
        return False
    target = words[: words.index("=")]
    return len(target) == 1 or ":" in target


def _wholes(statements: list[Statement], arrays: set[str]) -> dict[int, int]:
    """Runs of array assignments and `where` constructs outside of loops."""
    found: dict[int, int] = {}
    depth, start, inside = 0, -1, False
    for place, _, words in statements:
        if words[:1] == ["do"]:
            depth += 1
        if words[:2] == ["end", "do"] or words[:1] == ["enddo"]:
            depth -= 1
        begins = depth == 0 and (_whole(words, arrays) or words[:1] == ["where"])
        if (begins or inside) and start < 0:
            start = place
        elif not begins and not inside and start >= 0:
            found[start], start = place, -1
        if words[:1] == ["where"] and words[-1:] == [")"]:
            inside = True
        elif words[:2] == ["end", "where"] or words[:1] == ["endwhere"]:
            inside = False
    return found
