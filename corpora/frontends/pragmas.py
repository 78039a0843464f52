"""Parts of OpenMP and OpenACC directives, for C pragmas and Fortran sentinels alike.

Contract: `read_directive` gets the words after `#pragma` or the sentinel (`omp parallel for
private(i)`), lines already joined. It says which words name the construct and which clauses
follow, with the place of each argument in the text. It knows no expression: `build_pragma` gets
a function of the language's front end that reads one argument.

    python -c "from corpora.frontends.pragmas import read_directive; \
        print(read_directive('omp parallel for reduction(+: s, t) schedule(static, 4)'))"
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from corpora.ir.nodes import Clause, Expression, Pragma, Span

__all__ = [
    "RawClause", "RawDirective", "build_pragma", "governs_statement", "is_standalone",
    "read_directive",
]  # fmt: skip

_FOLLOWERS: dict[str, frozenset[str]] = {
    first: frozenset(rest.split())
    for first, rest in {
        "parallel": "for do loop sections workshare master masked",
        "for": "simd", "do": "simd concurrent", "kernels": "loop", "serial": "loop",
        "target": "data enter exit update parallel teams simd loop",
        "enter": "data", "exit": "data",
        "teams": "distribute loop", "distribute": "parallel simd",
        "taskloop": "simd", "master": "taskloop", "masked": "taskloop",
        "declare": "target simd reduction mapper variant", "begin": "declare assumes metadirective",
        "cancellation": "point", "taskgraph": "",
    }.items()
}  # fmt: skip
"""Words that may follow a word in the name of a construct; all others begin a clause."""

_FORTRAN_JOINED = {
    "enddo": "do", "endparallel": "parallel", "endsections": "sections", "endsingle": "single",
    "endcritical": "critical", "endmaster": "master", "endordered": "ordered", "endtask": "task",
    "endtarget": "target", "endteams": "teams", "endworkshare": "workshare", "endatomic": "atomic",
    "endsimd": "simd", "enddistribute": "distribute", "endtaskgroup": "taskgroup",
    "endtaskloop": "taskloop", "enddata": "data", "endkernels": "kernels", "endmasked": "masked",
}  # fmt: skip
_SPLIT_WORDS = {"paralleldo": ("parallel", "do"), "parallelsections": ("parallel", "sections"),
                "parallelworkshare": ("parallel", "workshare")}  # fmt: skip

_STANDALONE = {
    "omp": frozenset({
        "barrier", "taskwait", "taskyield", "flush", "target update", "target enter data",
        "target exit data", "threadprivate", "cancel", "cancellation point", "declare target",
        "declare simd", "declare reduction", "declare mapper", "declare variant", "begin declare",
        "requires", "depobj", "scan", "error", "nothing", "interop", "assumes", "allocate",
        "groupprivate", "begin declare target",
    }),
    "acc": frozenset({
        "update", "enter data", "exit data", "wait", "cache", "declare", "routine", "init",
        "shutdown", "set",
    }),
}  # fmt: skip
_LOOP_PRAGMAS = frozenset(
    "unroll nounroll ivdep simd vector novector loop_count GCC clang nv_unroll".split()
)
MODIFIER_LAST = frozenset({"linear", "aligned"})
"""Clauses whose modifier stands after the colon (`linear(i: 2)`)."""
_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class RawClause:
    """A clause of a directive whose arguments are still text. Places are offsets [start, end) in
    the directive's text.

    name: such as `reduction`; '' for what is no clause. modifier: what stands before the colon; ''
        without one. arguments: the place of each argument, in order. text: what stands in the
        brackets; None without brackets. span: the place of the whole clause.
    """

    name: str
    modifier: str
    arguments: tuple[tuple[int, int], ...]
    text: str | None
    span: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class RawDirective:
    """A directive whose clauses are still text.

    family: `omp`, `acc` or another first word. directive: the words of the construct, such as
        `parallel for`; of another family all that follows its first word. clauses: in order; () for
        other families. text: the whole, without `#pragma` or Fortran's sentinel.
    end: it is Fortran's `end` directive. name: where the construct's words stand in `text`, as
        offsets [start, end).
    """

    family: str
    directive: str
    clauses: tuple[RawClause, ...]
    text: str
    end: bool = False
    name: tuple[int, int] = (0, 0)


def read_directive(text: str) -> RawDirective:
    """Return the parts of a directive. text: without `#pragma` or Fortran's sentinel, but with the
    family, such as `omp parallel for private(i)`. Families other than `omp` and `acc` have no
    clauses. Nothing is raised.
    """
    found = _WORD.match(text, len(text) - len(text.lstrip()))
    family = found.group() if found else ""
    known = family.lower()
    if known not in _STANDALONE:
        rest = text[found.end() :].strip() if found else text.strip()
        return RawDirective(family, rest, (), text)
    first = found.end() if found else 0
    words, at, end = _read_name(text, first)
    clauses = tuple(_read_clauses(text, at, words))
    name = (_trim(text, first, at)[0], at)
    return RawDirective(known, " ".join(words), clauses, text, end, name)


def _read_name(text: str, at: int) -> tuple[list[str], int, bool]:
    words: list[str] = []
    end = False
    while found := _WORD.match(text, at + len(text[at:]) - len(text[at:].lstrip())):
        word = found.group().lower()
        if not words and not end and (word == "end" or word in _FORTRAN_JOINED):
            end, at = True, found.end()
            if word in _FORTRAN_JOINED:
                words.append(_FORTRAN_JOINED[word])
            continue
        if words and word not in _FOLLOWERS.get(words[-1], ()):
            break
        if text[found.end() :].lstrip().startswith("(") and words:
            break
        words += _SPLIT_WORDS.get(word, (word,))
        at = found.end()
    return words, at, end


def _read_clauses(text: str, at: int, words: list[str]) -> list[RawClause]:
    """Clauses from offset `at` on; brackets right after the name (`critical(x)`) are a clause
    named like the directive."""
    out: list[RawClause] = []
    pending = words[-1] if words else ""
    while True:
        at += len(text[at:]) - len(text[at:].lstrip(" \t\r\n\f\v,"))
        if at >= len(text):
            return out
        if text[at] == "(" and (pending or out):
            close = _closing(text, at)
            clause = _read_clause(pending or out[-1].name, text, at + 1, close)
            out.append(replace(clause, span=(at, close + 1)))
            at, pending = close + 1, ""
            continue
        found = _WORD.match(text, at)
        if not found:
            out.append(RawClause("", "", (), text[at:].strip(), (at, len(text))))
            return out
        name, at, pending = found.group(), found.end(), ""
        gap = at + len(text[at:]) - len(text[at:].lstrip())
        if text[gap : gap + 1] == "(":
            close = _closing(text, gap)
            clause = _read_clause(name, text, gap + 1, close)
            out.append(replace(clause, span=(found.start(), close + 1)))
            at = close + 1
        else:
            out.append(RawClause(name, "", (), None, found.span()))


def _read_clause(name: str, text: str, start: int, end: int) -> RawClause:
    commas, colons, questions = _separators(text, start, end)
    modifier, first, stop = "", start, end
    if colons and not (questions and questions[0] < colons[0]):
        if name.lower() in MODIFIER_LAST:
            modifier, stop = text[colons[-1] + 1 : end].strip(), colons[-1]
        elif name.lower() not in ("collapse", "num_threads"):
            modifier, first = text[start : colons[0]].strip(), colons[0] + 1
    places = [first - 1, *(c for c in commas if first <= c < stop), stop]
    arguments = [_trim(text, a + 1, b) for a, b in zip(places, places[1:], strict=False)]
    if arguments == [(arguments[0][0], arguments[0][0])]:
        arguments = []
    return RawClause(name, modifier, tuple(arguments), text[start:end].strip())


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _separators(text: str, start: int, end: int) -> tuple[list[int], list[int], list[int]]:
    """Offsets of commas, single colons and question marks outside brackets and strings."""
    commas: list[int] = []
    colons: list[int] = []
    questions: list[int] = []
    depth, at = 0, start
    while at < end:
        character = text[at]
        if character in "\"'":
            at = _after_string(text, at)
            continue
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif depth == 0:
            if character == ",":
                commas.append(at)
            elif character == "?":
                questions.append(at)
            elif character == ":":
                if text[at + 1 : at + 2] == ":":
                    at += 1
                else:
                    colons.append(at)
        at += 1
    return commas, colons, questions


def _closing(text: str, at: int) -> int:
    """Offset of the bracket that closes the one at `at`; the text's end where none does."""
    depth = 0
    while at < len(text):
        character = text[at]
        if character in "\"'":
            at = _after_string(text, at)
            continue
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return at
        at += 1
    return len(text)


def _after_string(text: str, at: int) -> int:
    quote, at = text[at], at + 1
    while at < len(text) and text[at] != quote:
        at += 2 if text[at] == "\\" else 1
    return at + 1


def build_pragma(
    raw: RawDirective,
    expression: Callable[[str, int], Expression],
    span: Span | None = None,
) -> Pragma:
    """Return the Pragma of a parsed directive.

    expression(text, offset in raw.text): reads one argument of a clause and returns its expression.
    It must not raise, but return an UnsupportedExpression. span: the directive's place in the text;
    None if it has none.
    """
    clauses = tuple(
        Clause(
            clause.name,
            tuple(expression(raw.text[a:b], a) for a, b in clause.arguments),
            clause.modifier,
            clause.text or "",
        )
        for clause in raw.clauses
    )
    return Pragma(raw.family, raw.directive, clauses, raw.text, raw.end, span)


def is_standalone(pragma: Pragma | RawDirective) -> bool:
    """Return whether the directive governs no statement, as `barrier`, `target update` and `end
    ...` do not. It is the opposite of `governs_statement`.
    """
    if pragma.end:
        return True
    if pragma.family not in _STANDALONE:
        return pragma.family not in _LOOP_PRAGMAS
    if pragma.directive in ("ordered", "acc ordered"):
        return any(c.name in ("depend", "doacross") for c in pragma.clauses)
    return pragma.directive in _STANDALONE[pragma.family]


def governs_statement(pragma: Pragma | RawDirective) -> bool:
    """Return whether the directive belongs to the statement that follows it in the text, as
    `parallel for` does.
    """
    return not is_standalone(pragma)
