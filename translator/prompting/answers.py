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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

from corpora.dialects import Dialect, get_dialect
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import tokenize
from corpora.frontends.fortran import ends_unit, parse_fortran
from corpora.frontends.fortran_lines import read_lines
from corpora.frontends.queries import functions_of
from corpora.ir import STATEMENT_FUNCTION, Function, Item, Module, TranslationUnit
from corpora.records import Verdict
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
_TYPES = frozenset("__global__ void int float double bool long unsigned template".split())
"""Words before the name of a function."""
_PROCEDURES = frozenset({"subroutine", "function"})
_CODE_WORDS = frozenset("using typedef template static extern const struct".split())
_CODE_DIRECTIVES = ("include", "define", "pragma", "if", "undef")
_TALK = re.compile(r"[A-Za-z]{2,}[,:!.]?[ \t]+[`'\"*]*[A-Za-z]|^\W*[A-Za-z]{2,}\W*[:!.]\W*$")
"""Two words that follow one another, or a line of one word with a mark: `Sure!`."""
_CODE_MARKS = re.compile(
    r"[;{}=#\[\]]|\b(?:else|for|if|while|switch|do|case|default|return)\b *[\n(:]"
)
_LONGEST_HEAD, _MOST_WORDS = 2000, 12
"""Characters of a function's head, and words of prose before it in its line."""


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

    dialect_name: the dialect that was asked for. name: the function that the answer should define;
        '' for any. The code is the fenced block that looks like the dialect and defines `name`,
        with the blocks that define functions it calls. Without such a block it is another block
        with a function, else text outside of fences, else the whole answer.
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


def is_wrapped(answer: str, dialect_name: str, name: str = "") -> bool:
    """Return whether more than code is in an answer: a fence, thoughts, or prose around functions.

    dialect_name: the dialect that was asked for. name: the function that the answer should define;
        '' for any. False for a text that is code alone, with slips or without, and for one without
        a function. Raises ValueError for an unknown dialect.
    """
    code = extract_code(answer, dialect_name, name)
    if code == answer:
        return False
    if find_fenced_blocks(answer) or strip_thoughts(answer) != answer:
        return True
    before, _, after = answer.partition(code)
    return any(_is_prose(part, get_dialect(dialect_name).language) for part in (before, after))


def _is_prose(text: str, language: str) -> bool:
    """Whether a text is no code and has a line that reads like words. A macro of one word is none,
    nor is a bracket too many with the statements behind it.
    """
    parse = parse_fortran if language == "fortran" else _parse_cuda
    lines = text.split("\n")
    return bool(parse(text).errors) and any(
        _TALK.search(line)
        and not _CODE_MARKS.search(line + "\n")
        and line.count("(") == line.count(")")
        for line in lines
    )


def _parse_cuda(text: str) -> TranslationUnit:
    return parse_c_family(text, "cuda")


def is_whole(answer: str, dialect_name: str, name: str) -> bool:
    """Return whether the answer so far ends in a closed code block that looks like the dialect and
    defines `name`. Whatever follows would be prose. Raises ValueError for an unknown dialect.
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
    models = _programming_models(block.text)
    if row.model in ("cuda", "openmp", "offload"):
        tagged = block.tag in {row.name.split("-")[0], *(suffix[1:] for suffix in row.suffixes)}
        suits = 2 if row.model in models else int(tagged)
    else:
        suits = 0 if models else 2
    return _Piece(block.text, frozenset(names), calls, suits)


def _programming_models(text: str) -> frozenset[str]:
    """Which parallel programming models a block of code looks like, as `Dialect.model` names them;
    serial code is what looks like none.
    """
    marks = {"__global__", "__device__", "<<<"}
    found = {"cuda"} if any(token.text in marks for token in tokenize(text)) else set()
    for line in text.splitlines():
        row = line.strip().lower()
        words = row.removeprefix("#").split() if row.startswith("#") else []
        if words[:2] == ["pragma", "omp"]:
            found.add("offload" if words[2:3] == ["target"] else "openmp")
        elif row.startswith(("!$omp", "c$omp", "*$omp")):
            found.add("offload" if row[5:].split()[:1] == ["target"] else "openmp")
    return frozenset(found)


def _begins(text: str, language: str, name: str) -> bool:
    """Whether a definition of `name` begins in `text`: one with a slip, or cut off, is no tree with
    a function in it.
    """
    wanted = _fold_name(name)
    if language == "fortran":
        return any(
            word in _PROCEDURES and _fold_name(after) == wanted
            for row in _fortran_rows(text)
            if not row[0].startswith("end")
            for word, after in zip(row, row[1:])
        )
    words = [token.text for token in tokenize(text)]
    for k, (word, after) in enumerate(zip(words, words[1:])):
        if after != "(" or _fold_name(word) != wanted:
            continue
        before = takewhile(lambda each: each not in ";(={}", reversed(words[:k]))
        behind = next((each for each in words[k + 1 :] if each in (";", "{", "}")), "{")
        if behind == "{" and any(each in _TYPES for each in before):
            return True
    return False


def _fortran_rows(text: str) -> list[list[str]]:
    """The words of each line that has some, in lower case."""
    rows = ([token.text.lower() for token in lex(line, "fortran")] for line in text.splitlines())
    return [row for row in rows if row]


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
    if not _SPANS[language](text) and not _has_head(text, language):
        return "no function"
    # A text with a slip is no tree with a function in it, but it has its brackets, and is the
    # compiler's to refuse.
    cut = _has_open_brackets(text) if language == "cpp" else not _SPANS[language](text)
    return "cut off" if cut else ""


def count_rejections(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Return, by reason (`cut off`, `empty`, `no function`), how many of the verdicts say that a
    text was no program for this reason. Reasons that none has are no keys.
    """
    reasons = (
        v.detail.removeprefix(NOT_A_FUNCTION)
        for v in verdicts
        if v.detail.startswith(NOT_A_FUNCTION)
    )
    return dict(sorted(Counter(reasons).items()))


def _c_spans(text: str) -> list[tuple[str, int, int]]:
    """(name, start, end) of every function, in characters."""
    functions = functions_of(parse_c_family(text, "cuda"))
    return [(f.name, f.span.start, f.span.end) for f in functions if f.span is not None]


def _has_head(text: str, language: str) -> bool:
    """Whether a line looks like the head of a function, in C with a brace somewhere behind it."""
    if language == "fortran":
        heads = (
            _PROCEDURES & set(row[: row.index("(")]) for row in _fortran_rows(text) if "(" in row
        )
        return any(heads)
    typed, headed = False, False
    for token in tokenize(text):
        typed = (typed and not token.first and token.text != ";") or token.text in _TYPES
        headed = headed or (typed and token.text == "(")
        if headed and token.text == "{":
            return True
    return False


def _c_blocks(text: str) -> list[tuple[int, int]]:
    """(start, end) of the functions among prose. One that is not closed goes on to the end."""
    found, at = [], 0
    while at < len(text):
        line = text.find("\n", at) + 1 or len(text)
        start = _head_start(text, at, line)
        if start < 0:
            at = line
            continue
        items = parse_c_family(text[start:], "cuda").items
        whole = items[0] if items and isinstance(items[0], Function) else None
        at = start + whole.span.end if whole is not None and whole.span else len(text)
        found.append((start, at))
    return found


def _head_start(text: str, start: int, end: int) -> int:
    """Where in the line [start, end) the head of a function begins, which may go on in others; -1
    where none does.
    """
    brace = text.find("{", start, start + _LONGEST_HEAD)
    head = text[start : brace + 1]
    opening = head.find("(")
    if brace < 0 or opening < 0 or ";" in head or "}" in head:
        return -1
    line = text[start : min(end, brace)]
    words = [k for k in range(len(line)) if line[k].strip() and not line[:k][-1:].strip()]
    for k in [0, *words[1:_MOST_WORDS]] if words else []:
        unit = parse_c_family(f"{head[k:]}}}", "cuda")
        if not unit.errors and [type(item) for item in unit.items] == [Function]:
            return start + k
    return -1


def _fortran_spans(text: str) -> list[tuple[str, int, int]]:
    """Whole procedures only, each with the module around it: without its END a procedure was cut
    off.
    """
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    ends = {line.span.end for line in read_lines(text) if ends_unit(line)}
    found = []
    for item in parse_fortran(text).items:
        if item.span is None:
            continue
        rows = starts[item.span.line - 1], starts[min(item.span.end_line, len(starts) - 1)]
        for procedure in _procedures_in(item):
            if procedure.span is not None and procedure.span.end in ends:
                found.append((procedure.name, *rows))
    return found


def _procedures_in(item: Item) -> Iterator[Function]:
    """Subroutines and functions in a program unit, itself among them, in textual order."""
    if isinstance(item, Function):
        if not {"program", STATEMENT_FUNCTION} & set(item.qualifiers):
            yield item
        for inner in item.contains:
            yield from _procedures_in(inner)
    elif isinstance(item, Module):
        for inner in item.items:
            yield from _procedures_in(inner)


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
        if line and not _is_code_line(line) and not line.endswith((";", "}", "\\")):
            break
        at = before
        first = at if line else first
    return first


def _is_code_line(line: str) -> bool:
    """Whether a line begins as one of code does before a function."""
    if line.startswith("#"):
        return line[1:].lstrip().startswith(_CODE_DIRECTIVES)
    tokens = tokenize(line)
    return line.startswith(("//", "/*")) or (bool(tokens) and tokens[0].text in _CODE_WORDS)


def _has_open_brackets(text: str) -> bool:
    """Whether brackets are open at the end. Where the preprocessor chooses between texts, brackets
    cannot be counted.
    """
    words = [token.text for token in lex(text, "cpp")]
    if any(word.startswith(("#if", "#el")) for word in words):
        return False
    return sum(w in _OPENING for w in words) > sum(w in _CLOSING for w in words)
