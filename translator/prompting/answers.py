"""Reading what an instruction model wrote: the code in it, and whether that is a function at all.

Contract: code is cut out, never changed. Prose before and after, several fenced blocks, reasoning
in <think> tags, and answers that end in the middle are taken as they come. `explain_rejection`
names what no compiler need be asked about.

    python -c "from translator.prompting.answers import extract_code; \\
        print(extract_code('Sure: void f(int *x) { *x = 1; } Enjoy!', 'cpp', 'f'))"
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from corpora.dialects import Dialect, get_dialect
from corpora.records import Verdict
from corpora.syntax.c_family import find_c_functions, parse_c_family
from corpora.syntax.fortran import find_procedures
from corpora.tokens.lexers import lex
from gpu_runtime.models.code_blocks import (
    FencedBlock,
    closed_blocks,
    find_fenced_blocks,
    find_text_outside,
    strip_thoughts,
)

NOT_A_FUNCTION = "not a function: "
"""How the detail of a verdict begins that `explain_rejection` decided."""

_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_HEAD = re.compile(
    r"\b(?:__global__|void|int|float|double|bool|long|unsigned|template|subroutine|function)\b[^\n;]*\(",
    re.I,
)
_CODE_LINE = re.compile(
    r"\s*(?:#\s*(?:include|define|pragma|if|undef)\b|using\b|typedef\b|template\b|static\b|extern\b|const\b|struct\b|//|/\*)"
)
_LOOKS = {
    "cuda": re.compile(r"\b__(?:global|device)__|<<<"),
    "openmp": re.compile(
        r"^[ \t]*(?:#[ \t]*pragma[ \t]+omp|[!c*]\$omp)\b(?![ \t]+target)", re.M | re.I
    ),
    "offload": re.compile(
        r"^[ \t]*(?:#[ \t]*pragma[ \t]+omp|[!c*]\$omp)[ \t]+target\b", re.M | re.I
    ),
}
"""How code of a programming model is told, by `Dialect.model`; serial code is what has no look of
another.
"""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A fenced block as it was read. suits: how much it looks like the target dialect, 0 to 2."""

    text: str
    names: frozenset[str]
    calls: frozenset[str]
    suits: int

    @property
    def needs(self) -> frozenset[str]:
        return self.calls - self.names


def extract_code(answer: str, dialect_name: str, name: str = "") -> str:
    """Return the code in a model's answer, unchanged.

    name: the function asked for. Of the fenced blocks it is the one that looks like the dialect and
        defines `name`, with blocks that define what it calls. Without such a block, other blocks
        with a function are tried, then text outside of fences, then the whole answer.
    Raises ValueError for an unknown dialect.
    """
    text = strip_thoughts(answer)
    row = get_dialect(dialect_name)
    pieces = [_piece(block, row, name) for block in find_fenced_blocks(text)]
    if chosen := _choose_block(pieces, _fold_name(name)):
        return (
            "".join(
                part if part.endswith("\n") else part + "\n"
                for part in _helpers(chosen, pieces, _fold_name(name))
            )
            + chosen.text
        )
    for part in find_text_outside(text):
        if bare := _extract_without_fences(part, row.language):
            return bare
    return pieces[0].text if pieces else text


def is_whole(answer: str, dialect_name: str, name: str) -> bool:
    """Return whether the answer so far ends in a closed code block that looks like the dialect and
    defines `name`. What follows would be prose. Raises ValueError for an unknown dialect.
    """
    text = strip_thoughts(answer)
    row = get_dialect(dialect_name)
    if not text.rstrip().endswith("```"):
        return False
    pieces = [_piece(block, row, name) for block in closed_blocks(text)]
    return any(_fold_name(name) in piece.names and piece.suits == 2 for piece in pieces)


def _extract_without_fences(text: str, language: str) -> str:
    """From the first to the last function of a text without fences; '' where there is none."""
    spans = (
        [(start, end) for _, start, end in _fortran_spans(text)]
        if language == "fortran"
        else _c_blocks(text)
    )
    return (
        text[_include_declarations(text, min(spans)[0]) : max(end for _, end in spans)]
        if spans
        else ""
    )


def _piece(block: FencedBlock, row: Dialect, name: str) -> _Piece:
    names = {_fold_name(n) for n, _, _ in _SPANS[row.language](block.text)}
    if name and _begins(block.text, row.language, name):
        names.add(_fold_name(name))
    words = [token.text for token in lex(block.text, row.language)]
    calls = frozenset(_fold_name(word) for word, after in zip(words, words[1:]) if after[0] in "(<")
    if row.model in _LOOKS:
        tagged = block.tag in {row.name.split("-")[0], *(suffix[1:] for suffix in row.suffixes)}
        suits = 2 if _LOOKS[row.model].search(block.text) else int(tagged)
    else:
        suits = 0 if any(look.search(block.text) for look in _LOOKS.values()) else 2
    return _Piece(block.text, frozenset(names), calls, suits)


def _begins(text: str, language: str, name: str) -> bool:
    """Whether a definition of `name` begins in `text`: one with a slip, or cut off, is no tree with
    a function in it.
    """
    word = re.escape(name.rstrip("_"))
    if language == "fortran":
        return bool(
            re.search(
                rf"^(?![ \t]*end)[^\n!]*\b(?:subroutine|function)[ \t]+{word}_?\b",
                text,
                re.M | re.I,
            )
        )
    return bool(
        re.search(
            rf"\b(?:void|int|float|double|bool|long|unsigned)\b[^\n;(=]*\b{word}_?\s*\([^;{{}}]*(?:\{{|\Z)",
            text,
            re.I,
        )
    )


def _choose_block(pieces: list[_Piece], name: str) -> _Piece | None:
    """The block of the translation. Models quote the source first, and show last how the function
    is called.
    """
    wanted = [p for p in pieces if name in p.names]
    users = [p for p in pieces if "main" not in p.names]
    others = [
        p
        for p in pieces
        if p.names and name not in p.calls and not any(p.names & q.needs for q in users)
    ]
    best = [p for p in wanted if p.suits] or [p for p in others if p.suits] or wanted
    if best:
        return max(reversed(best), key=lambda p: (p.suits, "main" not in p.names or name == "main"))
    return next((p for p in pieces if p.names), None)


def _helpers(chosen: _Piece, pieces: list[_Piece], name: str) -> list[str]:
    """Texts of the blocks that define what `chosen` calls, callees first. None defines what another
    does.
    """
    texts: list[str] = []
    taken = {name, "main", *chosen.names}

    def add_callees(piece: _Piece) -> None:
        for helper in sorted(reversed(pieces), key=lambda p: -p.suits):  # noqa: C414 - of equals the last
            if helper.names & piece.needs and not helper.names & taken:
                taken.update(helper.names)
                add_callees(helper)
                texts.append(helper.text)

    add_callees(chosen)
    return texts


def explain_rejection(text: str, dialect_name: str) -> str:
    """Return why `text` cannot be a program of the dialect: `empty`, `no function` or `cut off`.
    Returns '' if a compiler should decide. Raises ValueError for an unknown dialect.
    """
    if not text.strip():
        return "empty"
    language = get_dialect(dialect_name).language
    head = _HEAD.search(text)
    if not _SPANS[language](text) and not (
        head and (language == "fortran" or "{" in text[head.end() :])
    ):
        return "no function"
    # A text with a slip is no tree with a function in it, but it has its brackets, and is the
    # compiler's to refuse.
    cut = _has_open_brackets(text) if language == "cpp" else not _SPANS[language](text)
    return "cut off" if cut else ""


def count_rejections(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Return how many verdicts each reason of `explain_rejection` decided, by reason."""
    reasons = (
        v.detail.removeprefix(NOT_A_FUNCTION)
        for v in verdicts
        if v.detail.startswith(NOT_A_FUNCTION)
    )
    return dict(sorted(Counter(reasons).items()))


def _c_spans(text: str) -> list[tuple[str, int, int]]:
    """(name, start, end) of every function, in characters."""
    data = text.encode()
    return [
        (
            f.name,
            len(data[: f.node.start_byte].decode(errors="replace")),
            len(data[: f.node.end_byte].decode(errors="replace")),
        )
        for f in find_c_functions(parse_c_family(text).root_node)
    ]


_C_HEAD = re.compile(
    r"^[ \t]*(?:extern[ \t]+\"C\"[ \t]+)?(?:[A-Za-z_][\w:]*(?:<[^<>\n]*>)?[ \t*&]+)+\n?[ "
    r"\t]*[A-Za-z_]\w*[ \t]*\([^;{}]*\)\s*(?:const\s*)?\{",
    re.M,
)
_C_PIECE = re.compile(
    r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|//[^\n]*|/\*.*?\*/|[{}]", re.DOTALL
)


def _c_blocks(text: str) -> list[tuple[int, int]]:
    """(start, end) of what looks like functions among prose, which no parser is made for."""
    found, at = [], 0
    while head := _C_HEAD.search(text, at):
        depth, at = 0, len(text)
        for piece in _C_PIECE.finditer(text, head.end() - 1):
            depth += {"{": 1, "}": -1}.get(piece[0], 0)
            if depth == 0:
                at = piece.end()
                break
        found.append((head.start(), at))
    return found


def _fortran_spans(text: str) -> list[tuple[str, int, int]]:
    """Whole procedures only, each with the module around it: without its END a procedure was cut
    off.
    """
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for procedure in find_procedures(text):
        outer = procedure.hosts[0] if procedure.hosts else procedure
        last = outer.last if outer.last >= 0 else len(starts) - 2
        if procedure.ended:
            found.append(
                (procedure.name, starts[outer.first], starts[min(last + 1, len(starts) - 1)])
            )
    return found


_SPANS = {"cpp": _c_spans, "fortran": _fortran_spans}


def _fold_name(name: str) -> str:
    return name.lower().rstrip("_")


def _include_declarations(text: str, start: int) -> int:
    """Where the lines of code begin that stand directly before `start`."""
    at = text.rfind("\n", 0, start) + 1
    if text[at:start].strip():
        return start
    first = at
    while at > 0:
        before = text.rfind("\n", 0, at - 1) + 1
        line = text[before:at].strip()
        if line and not _CODE_LINE.match(line) and not line.endswith((";", "}", "\\")):
            break
        at = before
        first = at if line else first
    return first


def _has_open_brackets(text: str) -> bool:
    """Whether brackets are open at the end. Where the preprocessor chooses between texts, brackets
    cannot be counted.
    """
    if re.search(r"^\s*#\s*(?:if|else|elif)", text, re.M):
        return False
    words = [token.text for token in lex(text, "cpp")]
    return sum(w in _OPENING for w in words) > sum(w in _CLOSING for w in words)
