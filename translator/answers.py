"""Reading what an instruction model wrote: the code in it, and whether that is a function at all.

Contract: code is cut out, never changed. Prose before and after, several fenced blocks, reasoning in <think> tags, and
answers that end in the middle are taken as they come. `why_not` names what no compiler need be asked about.

    python -c "from translator.answers import code_of; print(code_of('Sure: void f(int *x) { *x = 1; } Enjoy!', 'cpp', 'f'))"
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from corpora.c_syntax import c_functions, parse_c_family
from corpora.dialects import dialect
from corpora.fortran_syntax import procedures
from corpora.lexers import lex
from corpora.records import Verdict

NOT_A_FUNCTION = "not a function: "
"""How the detail of a verdict begins that `why_not` decided."""

_FENCE = re.compile(r"```[^\n`]*\n(.*?)(?:```|\Z)", re.DOTALL)
_THOUGHT = re.compile(r"\A.*</think>", re.DOTALL)
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_HEAD = re.compile(r"\b(?:__global__|void|int|float|double|bool|long|unsigned|template|subroutine|function)\b[^\n;]*\(", re.I)
_CODE_LINE = re.compile(r"\s*(?:#\s*(?:include|define|pragma|if|undef)\b|using\b|typedef\b|template\b|static\b|extern\b|const\b|struct\b|//|/\*)")


def code_of(answer: str, dialect_name: str, name: str = "") -> str:
    """The code of an answer: the first fenced block that defines `name`, else the first with any function, else the first.

    Without fences it is what lies between the first and the last function, with the directives and declarations just
    before; the whole answer where there is no function.
    """
    text = _THOUGHT.sub("", answer)
    language = dialect(dialect_name).language
    blocks = _FENCE.findall(text)
    if blocks:
        found = [(block, [n for n, _, _ in _SPANS[language](block)]) for block in blocks]
        for wanted in (lambda names: any(_same(n, name) for n in names), bool):
            for block, names in found:
                if wanted(names):
                    return block
        return blocks[0]
    spans = [(start, end) for _, start, end in _fortran_spans(text)] if language == "fortran" else _c_blocks(text)
    if not spans:
        return text
    return text[_with_declarations(text, min(spans)[0]) : max(end for _, end in spans)]


def why_not(text: str, dialect_name: str) -> str:
    """Why `text` cannot be a program in the dialect, as one of few fixed reasons; '' where a compiler should say."""
    if not text.strip():
        return "empty"
    language = dialect(dialect_name).language
    head = _HEAD.search(text)
    if not _SPANS[language](text) and not (head and (language == "fortran" or "{" in text[head.end() :])):
        return "no function"
    # A text with a slip is no tree with a function in it, but it has its brackets, and is the compiler's to refuse.
    cut = _left_open(text) if language == "cpp" else not _SPANS[language](text)
    return "cut off" if cut else ""


def counted(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How often each reason of `why_not` decided."""
    reasons = (v.detail.removeprefix(NOT_A_FUNCTION) for v in verdicts if v.detail.startswith(NOT_A_FUNCTION))
    return dict(sorted(Counter(reasons).items()))


def _c_spans(text: str) -> list[tuple[str, int, int]]:
    """(name, start, end) of every function, in characters."""
    data = text.encode()
    return [
        (f.name, len(data[: f.node.start_byte].decode(errors="replace")), len(data[: f.node.end_byte].decode(errors="replace")))
        for f in c_functions(parse_c_family(text).root_node)
    ]


_C_HEAD = re.compile(
    r"^[ \t]*(?:extern[ \t]+\"C\"[ \t]+)?(?:[A-Za-z_][\w:]*(?:<[^<>\n]*>)?[ \t*&]+)+\n?[ \t]*[A-Za-z_]\w*[ \t]*\([^;{}]*\)\s*(?:const\s*)?\{", re.M
)
_C_PIECE = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|//[^\n]*|/\*.*?\*/|[{}]", re.DOTALL)


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
    """Whole procedures only, each with the module around it: without its END a procedure was cut off."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for procedure in procedures(text):
        outer = procedure.hosts[0] if procedure.hosts else procedure
        last = outer.last if outer.last >= 0 else len(starts) - 2
        if procedure.ended:
            found.append((procedure.name, starts[outer.first], starts[min(last + 1, len(starts) - 1)]))
    return found


_SPANS = {"cpp": _c_spans, "fortran": _fortran_spans}


def _same(a: str, b: str) -> bool:
    return a.lower().rstrip("_") == b.lower().rstrip("_")


def _with_declarations(text: str, start: int) -> int:
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


def _left_open(text: str) -> bool:
    """Whether brackets are open at the end. Where the preprocessor chooses between texts, brackets cannot be counted."""
    if re.search(r"^\s*#\s*(?:if|else|elif)", text, re.M):
        return False
    words = [token.text for token in lex(text, "cpp")]
    return sum(w in _OPENING for w in words) > sum(w in _CLOSING for w in words)
