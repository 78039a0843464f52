"""What the tree of a source says of its loops for an answer that only adds directives: which may be
parallel, what their clauses must list, and which statements update something.

Contract: places are those of canonical words, so that a decoder can follow. A loop may be parallel
if OpenMP takes its head, nothing leaves it, and no scalar or element surely carries a value from
one iteration to the next. What the analyses do not know is left to the model.

    python -c "from translator.outline.loops import read_loops; print(read_loops('cpp', \\
        'void F0 ( int V0 ) { for ( int V1 = 0 ; V1 < V0 ; V1 ++ ) ; }'.split(), \\
        'void F0 ( int V0 ) {'.split()).loops)"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from corpora.analysis.accesses import facts_of
from corpora.analysis.loops import LoopRange, early_exits, loop_range, perfect_nest
from corpora.analysis.parallel import LoopVerdict, judge_loop
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.fortran import parse_fortran
from corpora.frontends.queries import functions_of
from corpora.ir import (
    Access,
    ArrayType,
    Assign,
    AssignExpression,
    Binary,
    Call,
    Declaration,
    Expression,
    ExpressionStatement,
    For,
    Function,
    If,
    Increment,
    Jump,
    Name,
    Return,
    Section,
    Statement,
    Switch,
    While,
    find,
    names_in,
    walk,
)
from corpora.tokens.canonical import DIGIT
from corpora.tokens.lexers import NEWLINE
from translator.decoding.c_scopes import is_numbered_name

_ATOMIC, _CRITICAL = frozenset({"atomic"}), frozenset({"critical"})
_CARRIED = ("SCALAR", "CONDITIONAL_LAST", "SCAN", "COMPACTION")
_BINARY = frozenset("+ - * / & | ^ << >> && ||".split())
_CHOSEN = frozenset("max min iand ior ieor".split())
_ENTRY = "f0"


@dataclass(frozen=True, slots=True)
class LoopFacts:
    """What OpenMP directives a loop allows. Places are indices of canonical words.

    end: place behind its last word. parallel: a directive may stand before it. collapsible: number
        of perfectly nested loops with independent bounds, this one included.
    private, reduced: names of scalars that the loop assigns and does not declare: of `private`
        each iteration can have its own, those of `reduced` are reduced by one operator.
    """

    end: int
    parallel: bool
    collapsible: int
    private: frozenset[str] = frozenset()
    reduced: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ParallelText:
    """A source's text after a prefix, with what a decoder needs to place OpenMP directives. Places
    are indices of canonical words.

    words: the text. loops: facts of each loop by the place of its first word. updates: by place,
        which of `atomic` and `critical` a statement may have before it.
    wholes: from the first place of a run of Fortran's whole-array statements to the place after it.
        names, arrays: all names of the text, and those of arrays.
    ends: by the place of each `if` among the updates, the place behind it.
    """

    words: Sequence[str]
    loops: dict[int, LoopFacts]
    updates: dict[int, frozenset[str]]
    wholes: dict[int, int]
    names: frozenset[str]
    arrays: frozenset[str]
    ends: dict[int, int] = field(default_factory=dict)
    """Place behind each `if` among the updates."""


def read_loops(language: str, source: Sequence[str], prefix: Sequence[str]) -> ParallelText | None:
    """Return the text of `source` after `prefix`, with what OpenMP directives its loops allow; None
    if it cannot be read.

    language: `cpp` or `fortran`. source: canonical words. prefix: the canonical words that it
        begins with and that are left out, without C's storage words. A source that has directives
        or does not begin so gives None.
    """
    start = _start_behind(language, source, prefix)
    if start is None:
        return None
    text, first, behind = _write(source)
    unit = parse_fortran(text, "free") if language == "fortran" else parse_c_family(text, "cpp")
    functions = functions_of(unit)
    if not functions or functions[0].name.lower() != _ENTRY:
        return None
    if functions[1:] != functions[0].contains:
        return None
    try:
        return _Reader(language, source, start, functions, first, behind).read()
    except KeyError:
        return None  # a statement begins or ends inside of a word


def _start_behind(language: str, source: Sequence[str], prefix: Sequence[str]) -> int | None:
    """The place in the source behind what the prefix says."""
    if language == "fortran":
        same = bool(prefix) and list(source[: len(prefix)]) == list(prefix)
        return len(prefix) if same and "!$omp" not in source else None
    if any(word[:1] == "#" for word in source) or not prefix or prefix[-1] != "{":
        return None
    head = len(prefix) - list(prefix).index("F0")
    start = list(source).index("F0") + head
    same = source[start - 1] == "{" and list(source[start - head : start]) == list(prefix[-head:])
    return start if same else None


def _write(words: Sequence[str]) -> tuple[str, dict[int, int], dict[int, int]]:
    """The words as text, with the word that begins at an offset, and the one behind its end."""
    text, first, behind = "", {}, {}
    for place, word in enumerate(words):
        if word == NEWLINE:
            text += "\n"
            continue
        digit = len(word) == 2 and word[0] == DIGIT and place > 0
        text += "" if digit or not text else " "
        first[len(text)] = place
        text += word[1:] if digit else word
        behind[len(text)] = place + 1
    return text + "\n", first, behind


class _Reader:
    """Statements of a function and of its inner procedures, outer ones first."""

    def __init__(
        self,
        language: str,
        source: Sequence[str],
        start: int,
        functions: Sequence[Function],
        first: dict[int, int],
        behind: dict[int, int],
    ) -> None:
        self._fortran, self._source, self._start = language == "fortran", source, start
        self._functions, self._first, self._behind = functions, first, behind
        self._facts = facts_of(functions[0])
        self._arrays = frozenset(name for each in functions for name in _arrays_of(each))
        self._verdicts: dict[int, LoopVerdict] = {}
        self._loops: dict[int, LoopFacts] = {}
        self._updates: dict[int, frozenset[str]] = {}
        self._wholes: dict[int, int] = {}
        self._ends: dict[int, int] = {}

    def read(self) -> ParallelText:
        for function in self._functions:
            self._facts, self._verdicts = facts_of(function), {}
            self._block(function.body or (), False)
        names = {w for w in self._source if is_numbered_name(w) or (self._fortran and w == "F0")}
        arrays = {word for word in names if word.lower() in self._arrays}
        return ParallelText(
            list(self._source[self._start :]),
            self._loops,
            self._updates,
            self._wholes,
            frozenset(names),
            frozenset(arrays) if self._fortran else frozenset(),
            self._ends,
        )

    def _place(self, node: Any) -> int:
        return self._first[node.span.start] - self._start

    def _begins_line(self, node: Any) -> bool:
        """Whether a directive can stand before it: not behind a label or an `if` of one line."""
        return not self._fortran or self._source[self._first[node.span.start] - 1] == NEWLINE

    def _end(self, node: Any) -> int:
        """The place behind a statement, and behind the end of its line in Fortran."""
        return self._behind[node.span.end] - self._start + self._fortran

    def _block(self, body: Sequence[Statement], looped: bool) -> None:
        if self._fortran and not looped:
            self._find_wholes(body)
        for statement in body:
            if isinstance(statement, For):
                if self._begins_line(statement):
                    self._loops[self._place(statement)] = self._loop(statement)
            elif not isinstance(statement, Declaration):
                self._update(statement)
            inside = looped or isinstance(statement, (For, While))
            for block in _blocks(statement):
                self._block(block, inside)

    def _loop(self, loop: For) -> LoopFacts:
        verdict = self._verdict(loop)
        nest, variables = 0, set()
        for inner in perfect_nest(loop):
            head = (*inner.start, *inner.step, *filter(None, (inner.test, inner.bounds)))
            if names_in(head) & variables or not _takes_directive(inner):
                break
            if not _is_free(inner, self._verdict(inner)):
                break
            variables.add(loop_range(inner).variable)
            nest += 1
        counted = {f.bounds.variable for f in find(loop, For) if f.bounds is not None}
        private = {p.variable for p in verdict.private if not p.array}
        reduced = {r.variable for r in verdict.reductions if not r.array}
        return LoopFacts(
            self._end(loop),
            _takes_directive(loop) and _is_free(loop, verdict),
            max(nest, 1),
            self._words(private - counted),
            self._words(reduced),
        )

    def _verdict(self, loop: For) -> LoopVerdict:
        facts = self._facts.loop_of(loop)
        if facts.id not in self._verdicts:
            self._verdicts[facts.id] = judge_loop(facts, self._facts)
        return self._verdicts[facts.id]

    def _words(self, keys: set[str]) -> frozenset[str]:
        names = {getattr(self._facts.variable(key), "name", key) for key in keys}
        return frozenset(name.upper() if self._fortran else name for name in names)

    def _update(self, statement: Statement) -> None:
        if self._fortran:
            if _is_atomic(statement, self._arrays) and self._begins_line(statement):
                self._updates[self._place(statement)] = _ATOMIC
        elif isinstance(statement, If):
            if not any(find(_blocks(statement), Jump, Return, For, While)):
                place = self._place(statement)
                self._updates[place], self._ends[place] = _CRITICAL, self._end(statement)
        elif _is_assignment(statement):
            atomic = _is_atomic(statement, frozenset())
            self._updates[self._place(statement)] = _ATOMIC | _CRITICAL if atomic else _CRITICAL

    def _find_wholes(self, body: Sequence[Statement]) -> None:
        run: list[Statement] = []
        for statement in (*body, None):
            if statement is not None and _is_whole(statement, self._arrays):
                run.append(statement)
            elif run:
                self._wholes[self._place(run[0])] = self._end(run[-1])
                run = []


def _arrays_of(function: Function) -> frozenset[str]:
    typed: tuple[Any, ...] = (*function.parameters, *find(function.body or (), Declaration))
    return frozenset(each.name for each in typed if isinstance(each.type, ArrayType))


def _blocks(statement: Any) -> tuple[tuple[Statement, ...], ...]:
    if isinstance(statement, Switch):
        return tuple(case.body for case in statement.cases)
    if isinstance(statement, If):
        return (statement.then, statement.otherwise)
    return (getattr(statement, "body", ()),)


def _takes_directive(loop: Statement) -> bool:
    """Whether the head has OpenMP's form and nothing leaves the loop."""
    found = loop_range(loop) if isinstance(loop, For) else None
    if not isinstance(found, LoopRange) or not found.exact or found.trailing or early_exits(loop):
        return False
    if loop.bounds is not None:
        return not loop.bounds.concurrent and not loop.bounds.forall
    variable, test = Name(found.variable), loop.test
    alone = isinstance(test, Binary) and variable in (test.left, test.right)
    return alone and not found.starts_at_entry and len(loop.start) == len(loop.step) == 1


def _is_free(loop: For, verdict: LoopVerdict) -> bool:
    """Whether clauses can say what becomes of each scalar, and no element surely carries a value.
    What an unknown function does with its arguments is not known.
    """
    given = {a.id for call in find(loop, Call) for a in call.arguments if isinstance(a, Name)}
    for reason in verdict.reasons:
        if reason.code in _CARRIED and not set(reason.names) <= given:
            return False
    if any(r.positions for r in verdict.reductions) or any(p.last_value for p in verdict.private):
        return False
    return not any(dependence.is_certain for dependence in verdict.dependences)


def _is_assignment(statement: Statement) -> bool:
    if isinstance(statement, ExpressionStatement):
        return isinstance(statement.expression, (AssignExpression, Increment))
    return isinstance(statement, Assign)


def _is_atomic(statement: Statement, arrays: frozenset[str]) -> bool:
    """Whether `atomic` takes it: `x++`, `x op= e`, `x = x op e`, and Fortran's `x = max(x, e)`."""
    if not isinstance(statement, Assign) or getattr(statement.target, "id", "") in arrays:
        return False
    target, value = statement.target, statement.value
    if statement.op != "=":
        return statement.op not in ("%=", "=>")
    if isinstance(target, Access) and any(isinstance(i, Section) for i in target.indices):
        return False
    if isinstance(value, Call):
        chosen = isinstance(value.function, Name) and value.function.id in _CHOSEN
        return chosen and target in value.arguments
    return isinstance(value, Binary) and _takes_up(target, value)


def _takes_up(target: Expression, value: Binary) -> bool:
    """Whether `value` is `target op e`, where `e` needs no brackets that are not there."""
    if value.op not in _BINARY:
        return False
    operands: list[Expression] = [value.right]
    first = value.left
    while isinstance(first, Binary) and first.op == value.op and value.op not in ("-", "/"):
        operands.append(first.right)
        first = first.left
    if value.right == target and value.op not in ("-", "/", "<<", ">>"):
        first, operands = target, [value.left]
    return first == target and not any(n == target for o in operands for n in walk(o))


def _is_whole(statement: Statement, arrays: frozenset[str]) -> bool:
    """An assignment to a whole array or a section, or a `where`."""
    if isinstance(statement, If):
        return statement.where
    if not isinstance(statement, Assign):
        return False
    target = statement.target
    if isinstance(target, Access):
        return any(isinstance(index, Section) for index in target.indices)
    return isinstance(target, Name) and target.id in arrays
