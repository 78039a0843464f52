"""OpenMP's directives where they stand in a text, and edits of their words and clauses.

Contract: `find_directives` gives every directive of OpenMP, lines that go on joined; those of C's
`_Pragma` are among them. `replace_part` and `remove_clause` give edits of the text
(`corpora.ir.edits`) that keep the number of lines.

    python -c "from gpu_runtime.openmp.directives import find_directives; \
        print(find_directives('#pragma omp for nowait', 'cpp')[0].raw.clauses)"
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from corpora.frontends.c_tokens import Token, tokenize
from corpora.frontends.pragmas import RawClause, RawDirective, read_directive
from corpora.ir.edits import Edit

__all__ = ["LANE_CLAUSES", "PlacedDirective", "find_directives", "has_clause"]

LANE_CLAUSES = frozenset(("simdlen", "aligned", "nontemporal"))
"""Clauses of lanes, which loops of threads do not have."""


@dataclass(frozen=True, slots=True)
class PlacedDirective:
    """An OpenMP directive and its place in the text.

    raw: the parsed directive. places: for each character of `raw.text` its offset in the text from
        0, -1 where continued lines were joined. operator: the text has it as `_Pragma("...")`.
    """

    raw: RawDirective
    places: tuple[int, ...]
    operator: bool = False

    @property
    def end(self) -> int:
        """Return the offset, from 0, in the program's text just behind the directive."""
        return self.places[-1] + 1

    def words(self) -> list[str]:
        """Return the words of an OpenMP directive's construct, in order, such as `parallel` and
        `for`, without clauses.
        """
        return self.raw.directive.split()

    def replace_part(self, start: int, end: int, new: str) -> list[Edit]:
        """Return the edits of the program's text that replace characters [start, end), from 0, of
        the directive's own text, `raw.text`, with `new`. There are several where continued lines
        divide the part.
        """
        runs: list[list[int]] = []
        for place in self.places[start:end]:
            if place >= 0 and runs and runs[-1][1] == place:
                runs[-1][1] = place + 1
            elif place >= 0:
                runs.append([place, place + 1])
        return [Edit(a, b, "" if k else new) for k, (a, b) in enumerate(runs)]

    def insert_behind(self, at: int, new: str) -> list[Edit]:
        """Return, as a list of one, the edit that inserts `new` into the program's text after the
        first `at` characters of the directive's own text, `raw.text`. at: at least 1.
        """
        return [Edit(self.places[at - 1] + 1, self.places[at - 1] + 1, new)]

    def remove_clause(self, clause: RawClause) -> list[Edit]:
        """Return edits of the text that delete `clause`, a clause of this directive, and the comma
        or blanks behind it.
        """
        start, end = clause.span
        text = self.raw.text
        while end < len(text) and text[end] in " \t" and self.places[end] >= 0:
            end += 1
        return self.replace_part(start, end + text.startswith(",", end), "")


def has_clause(directive: RawDirective, *names: str) -> bool:
    """Return whether the directive has a clause of one of `names`, given in lower case."""
    return any(c.name.lower() in names for c in directive.clauses)


@lru_cache(maxsize=256)
def find_directives(text: str, language: str) -> tuple[PlacedDirective, ...]:
    """Return the OpenMP directives in `text`, in order. language: `cpp` or `fortran`."""
    if "omp" not in text.lower():
        return ()
    found = _find_in_fortran(text) if language == "fortran" else _find_in_c(text)
    out = []
    for joined, places, operator in found:
        raw = read_directive(joined)
        if raw.family == "omp":
            out.append(PlacedDirective(raw, tuple(places), operator))
    return tuple(out)


_Found = tuple[str, list[int], bool]
"""The joined words from `omp` on, their places, and whether they stand in a `_Pragma`."""


def _find_in_c(text: str) -> Iterator[_Found]:
    tokens = tokenize(text)
    for k, token in enumerate(tokens):
        if token.text == "#" and token.first:
            end = k + 1
            while end < len(tokens) and not tokens[end].first:
                end += 1
            if [t.text for t in tokens[k + 1 : k + 3]] == ["pragma", "omp"]:
                joined, places = _join_tokens(text, tokens[k + 2 : end])
                yield joined, places, False
        elif token.text == "_Pragma" and [t.kind for t in tokens[k + 2 : k + 3]] == ["string"]:
            string = tokens[k + 2]
            inside = string.text[1:-1]
            if string.text[0] == '"' and "\\" not in inside:
                first = string.start + 1 + len(inside) - len(inside.lstrip())
                inside = inside.strip()
                yield inside, list(range(first, first + len(inside))), True


def _join_tokens(text: str, tokens: list[Token]) -> tuple[str, list[int]]:
    """Tokens with what stands between them, a line's end or comment there as one blank."""
    joined, places = "", []
    for previous, token in zip([None, *tokens], tokens, strict=False):
        gap = text[previous.end : token.start] if previous else ""
        if gap.strip(" \t"):
            joined, places = joined + " ", [*places, -1]
        else:
            joined += gap
            places += range(token.start - len(gap), token.start)
        joined += token.text
        places += _token_places(text, token)
    return joined, places


def _token_places(text: str, token: Token) -> list[int]:
    """Offset of each character of `token`, which may go on in the next line."""
    if token.end - token.start == len(token.text):
        return list(range(token.start, token.end))
    places, at = [], token.start
    for _ in token.text:
        while text[at] == "\\" and text[at + 1 : at + 3].lstrip("\r")[:1] == "\n":
            at = text.index("\n", at) + 1
        places.append(at)
        at += 1
    return places


def _find_in_fortran(text: str) -> Iterator[_Found]:
    joined, places, goes_on = "", [], False
    offset = 0
    for row in text.splitlines(keepends=True):
        first = _sentinel_end(row)
        if first < 0:
            goes_on = goes_on and row.lstrip()[:1] in ("!", "")
        else:
            start, end, again = _directive_part(row, first)
            if joined and not goes_on and not again:
                yield joined, places, False
                joined, places = "", []
            if joined:
                joined, places = joined + " ", [*places, -1]
            else:
                joined, places = "omp ", list(range(offset + first - 3, offset + first)) + [-1]
            goes_on = row[start:end].endswith("&")
            code = row[start:end].rstrip("&").rstrip()
            joined += code
            places += range(offset + start, offset + start + len(code))
        offset += len(row)
    if joined:
        yield joined, places, False


def _sentinel_end(row: str) -> int:
    """Where the row goes on behind `!$omp` (in column 1 `c$omp` and `*$omp` too); -1 without."""
    bare = row.lstrip(" \t")
    at = len(row) - len(bare)
    marks = "!cC*" if at == 0 else "!"
    if not bare or bare[0] not in marks or bare[1:5].lower() != "$omp":
        return -1
    return -1 if bare[5:6].isalnum() or bare[5:6] == "_" else at + 5


def _directive_part(row: str, at: int) -> tuple[int, int, bool]:
    """Start and end of the words of a directive's row, and whether it begins with `&`."""
    end = row.find("!", at)
    code = row[at : end if end >= 0 else len(row)].rstrip()
    stop = at + len(code)
    start = at + len(code) - len(code.lstrip())
    again = row.startswith("&", start)
    if again:
        start += 1
        start += len(row[start:stop]) - len(row[start:stop].lstrip())
    return start, stop, again
