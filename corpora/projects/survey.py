"""Every loop of a project with a verdict: can its iterations run at once, and what does that need?

Contract: nothing is left out. The loops of C and C++ are those that clang sees; one that the
analyses do not reach is `unsupported` with the reason. Fortran files are read by fparser; one that
it refuses is a row of its own. Verdicts are those of `corpora.analysis.parallel`, under the
assumptions that they name. Nothing is run.

    python -c "from corpora.projects.survey import survey; \\
        from corpora.projects.sources import Options, find_sources; \\
        print(survey(find_sources('corpora/builtin/blas1/axpy.cpp', Options())))"
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpora.analysis.accesses import facts_of
from corpora.analysis.parallel import KINDS, LoopVerdict, judge_loop
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.fortran import parse_fortran
from corpora.frontends.queries import functions_of
from corpora.ir import Span, TranslationUnit, Unsupported, find
from corpora.projects.accessors import inline_accessors
from corpora.projects.clang_loops import ClangLoop, read_loops
from corpora.projects.headers import inline_headers
from corpora.projects.sources import ProjectError, SourceFile

__all__ = ["KINDS", "LoopRow", "Survey", "survey"]


@dataclass(frozen=True, slots=True)
class LoopRow:
    """One loop of a project, with the verdict on whether its iterations can run at once.

    path, line: where it begins, the line from 1. function: that it stands in; '' for none. depth:
        loops around it in that function, 0 for an outermost one or one that was not analysed.
    kind: `parallel`, `reduction`, `atomic`, `scan`, `carried` or `unsupported`. why: what prevents
        `parallel`, in a sentence; '' for it.
    assumptions: what must hold besides, a sentence each. private: variables that each iteration
        needs its own of. reductions: as `+:sum`.
    """

    path: str
    line: int
    function: str
    depth: int
    kind: str
    why: str = ""
    assumptions: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    reductions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """The loops of a project.

    rows: by file and line. functions: number of functions with a loop. read: the number of those
        all of whose loops the analyses reached, whatever they found. errors: what compilers
        complain of, one line each.
    """

    rows: tuple[LoopRow, ...]
    functions: int
    read: int
    errors: tuple[str, ...] = ()

    def count(self) -> dict[str, int]:
        """Return the number of loops of each kind, from `parallel` over `reduction`, `atomic`,
        `scan` and `carried` to `unsupported`, 0 for none.
        """
        found = Counter(row.kind for row in self.rows)
        return {kind: found[kind] for kind in KINDS}


@dataclass(frozen=True, slots=True)
class _Judged:
    """A loop of our own reading. function: its name without its class."""

    function: str
    depth: int
    verdict: LoopVerdict


def survey(
    sources: Sequence[SourceFile], done: Callable[[SourceFile], None] = lambda _: None
) -> Survey:
    """Return the verdict on every loop of the files `sources`: whether its iterations can run at
    once. A loop in a header counts once.

    done: called after each file, such as to show progress. What cannot be read is an `unsupported`
    row or one of the result's errors. Raises RuntimeError if libclang, which C and C++ files need,
    is not installed.
    """
    rows: dict[tuple[str, int, int, int], LoopRow] = {}
    errors: list[str] = []
    for source in sources:
        reader = _read_fortran if source.language == "fortran" else _read_c
        found, complaints = reader(source)
        errors += complaints
        same: Counter[tuple[str, int, int]] = Counter()
        for column, row in found:
            place = (row.path, row.line, column)
            key = (*place, same[place])  # loops out of one macro stand at one place
            same[place] += 1
            if key not in rows or rows[key].kind == "unsupported":
                rows[key] = row
        done(source)
    ordered = sorted(rows.values(), key=lambda r: (r.path, r.line))
    lost = {(r.path, r.function) for r in ordered if not _was_analysed(r)}
    functions = {(r.path, r.function) for r in ordered}
    return Survey(
        tuple(ordered), len(functions), len(functions - lost), tuple(dict.fromkeys(errors))
    )


NOT_READ = "the analyses did not reach it: "
"""How the reason begins where a loop was not analysed at all."""


def _was_analysed(row: LoopRow) -> bool:
    return not row.why.startswith(NOT_READ)


Found = tuple[list[tuple[int, LoopRow]], list[str]]
"""(column, row) of each loop, and complaints."""


def _read_c(source: SourceFile) -> Found:
    seen = read_loops(source)
    complaints = list(seen.errors)
    try:
        text = inline_headers(source.path, source.options)
        unit = inline_accessors(parse_c_family(text.text, "cpp"))
    except (ProjectError, RecursionError) as error:
        why = f"{NOT_READ}{error or 'too deeply nested'}"
        return [(l.column, _unread(l, why)) for l in seen.loops], complaints
    judged: dict[tuple[Path, int], list[_Judged]] = {}
    for span, each in _judge(unit):
        path, line = text.place(span.line)
        judged.setdefault((path.resolve(), line), []).append(each)
    unknown = [
        (text.place(u.span.line), f"{u.kind} `{_first_line(u.text)}`")
        for u in find(unit, Unsupported)
        if u.span is not None
    ]
    rows = []
    for loop in seen.loops:
        same = judged.get((loop.path.resolve(), loop.line), [])
        if same:
            rows.append((loop.column, _row(loop.path, loop.line, loop.function, same.pop(0))))
        else:
            rows.append((loop.column, _unread(loop, NOT_READ + _nearest(loop, unknown))))
    return rows, complaints


def _nearest(loop: ClangLoop, unknown: Iterable[tuple[tuple[Path, int], str]]) -> str:
    """The construct of the same file that stands closest before a loop, in words."""
    before = [
        (line, what)
        for (path, line), what in unknown
        if path.resolve() == loop.path.resolve() and line <= loop.line
    ]
    if not before:
        return f"its {loop.kind} loop is in a part of the file that is not read"
    line, what = max(before)
    return f"line {line}: {what}"


def _unread(loop: ClangLoop, why: str) -> LoopRow:
    return LoopRow(str(loop.path), loop.line, loop.function, 0, "unsupported", why)


def _read_fortran(source: SourceFile) -> Found:
    try:
        text = source.path.read_bytes().decode("utf-8", "replace")
        unit = parse_fortran(text)
    except OSError as error:
        return [], [f"{source.path}: {error.strerror}"]
    except RecursionError:
        return [], [f"{source.path}: too deeply nested"]
    rows = [
        (span.start, _row(source.path, span.line, each.function, each))
        for span, each in _judge(unit)
    ]
    for part in find(unit, Unsupported):
        if part.span is not None and _has_loop(part.text):
            why = f"{NOT_READ}{part.kind} `{_first_line(part.text)}`"
            row = LoopRow(str(source.path), part.span.line, "", 0, "unsupported", why)
            rows.append((part.span.start, row))
    return rows, []


def _has_loop(text: str) -> bool:
    """Whether Fortran text that was not read has a line that begins a loop."""
    heads = (line.strip().lower().split() for line in text.splitlines())
    return any(words and words[0] == "do" for words in heads)


def _judge(unit: TranslationUnit) -> Iterator[tuple[Span, _Judged]]:
    """Every loop of every function of a unit, with its place."""
    for function in functions_of(unit):
        if function.body is None:
            continue
        facts = facts_of(function, unit)
        for loop in facts.loops:
            if loop.node.span is not None:
                verdict = judge_loop(loop, facts)
                yield loop.node.span, _Judged(function.name, len(loop.loops) - 1, verdict)


def _row(path: Path, line: int, function: str, each: _Judged) -> LoopRow:
    verdict = each.verdict
    return LoopRow(
        str(path),
        line,
        function or each.function,
        each.depth,
        verdict.kind,
        verdict.reason.sentence if verdict.reason is not None else "",
        tuple(dict.fromkeys(reason.sentence for reason in verdict.assumptions)),
        tuple(dict.fromkeys(p.variable for p in verdict.private)),
        tuple(dict.fromkeys(f"{r.operator}:{r.variable}" for r in verdict.reductions)),
    )


def _first_line(text: str, most: int = 60) -> str:
    line = next(iter(text.strip().splitlines()), "")
    return line if len(line) <= most else line[: most - 1] + "…"
