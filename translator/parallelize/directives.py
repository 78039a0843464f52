"""OpenMP directives inserted into a source text: which loops get one, with which clauses.

Contract: `plan_directives` decides from the analyses of `corpora.analysis` alone; `insert` adds
lines and changes no other character, so that comments, macros, types and linkage stay. A plan
names loops by their number in the function, in the order of the text. The same plan can therefore
be inserted into the text that was judged and into the file that it was cut from. A plan is a
proposal: execution judges it.

A loop gets a directive if its iterations can run at once, it is the outermost such loop, and it
does not have fewer than FEW iterations. A short loop is collapsed with the one inside it.

    python -c "from translator.parallelize.directives import plan_directives, insert; \\
        text = 'void f(int n, float *x) {\\n  for (int i = 0; i < n; i++) x[i] *= 2;\\n}\\n'; \\
        print(insert(text, 'cpp', 'f', plan_directives(text, 'cpp', 'f')))"
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from corpora.analysis.accesses import facts_of
from corpora.analysis.affine import integer_of
from corpora.analysis.bounds import array_bounds
from corpora.analysis.facts import FunctionFacts, LoopFacts, Variable
from corpora.analysis.loops import LoopRange, perfect_nest, root_name
from corpora.analysis.parallel import LoopVerdict, judge_loop
from corpora.analysis.polynomial import Polynomial
from corpora.analysis.privatizable import is_live_after
from corpora.analysis.reasons import Reason
from corpora.analysis.reductions import Reduction
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import tokenize
from corpora.frontends.fortran import parse_fortran
from corpora.frontends.fortran_lines import detect_form
from corpora.frontends.queries import functions_of
from corpora.ir import (
    Access,
    ArrayType,
    Assign,
    Binary,
    Call,
    Declaration,
    Expression,
    For,
    Function,
    Name,
    Pragma,
    ScalarType,
    Span,
    StructDefinition,
    TranslationUnit,
    While,
    find,
    names_in,
)
from corpora.ir.edits import Edit, apply_edits

FEW = 16
"""Iterations below which threads cost more than they bring."""
CYCLIC = "schedule(static, 4)"
"""Shares out loops whose iterations grow or shrink."""
MOST_ON_STACK = 1 << 16
"""Elements of a copy that any thread's stack has room for: half a megabyte of doubles."""
COPIES_ON_STACK = "COPIES_ON_STACK"
"""Code of the reason that a plan with such copies takes for granted."""
_FORTRAN_OPERATORS = {"&": "iand", "|": "ior", "^": "ieor", "&&": ".and.", "||": ".or."}
_ATOMIC = frozenset("+ * / & | ^".split())
_WIDTH = 96
_FIXED_WIDTH = 72


@dataclass(frozen=True, slots=True)
class LoopDirective:
    """An OpenMP directive (`parallel for` or `parallel do`) for one loop. loop: its number among
    the function's loops, from 0 in the order of the text. clauses: texts such as `reduction(+: s)`,
    in order. atomics: of the assignments in the loop, the numbers, from 0, of those that become
    atomic updates. assumptions: what must hold besides, such as two arrays that do not overlap.
    depth: how many serial loops stand around it.
    """

    loop: int
    clauses: tuple[str, ...] = ()
    atomics: tuple[int, ...] = ()
    assumptions: tuple[Reason, ...] = ()
    depth: int = 0
    """How many serial loops stand around it."""


@dataclass(frozen=True, slots=True)
class SerialLoop:
    """A loop that stays serial, with all that is in it. line: where it begins in the text, from 1;
    0 if that is not known. reason: why. loop: its number among the function's loops, from 0 in the
    order of the text. at: the line of what the reason is about; 0 if there is none.
    """

    line: int
    reason: str
    loop: int = 0
    at: int = 0

    def describe(self) -> str:
        """Return the loop's line, the reason and the reason's line in words, as far as they are
        known.
        """
        begin = f"line {self.line}, " if self.line else ""
        return f"{begin}{self.reason}" + (f" (line {self.at})" if self.at else "")


@dataclass(frozen=True, slots=True)
class DirectivePlan:
    """OpenMP directives for the loops of one function, in the order of the text. serial: the
    outermost loops that get none and hold none that does, with reasons.
    """

    directives: tuple[LoopDirective, ...]
    serial: tuple[SerialLoop, ...] = ()

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Return what the plan assumes and does not prove, one sentence each."""
        said = (reason.sentence for each in self.directives for reason in each.assumptions)
        return tuple(dict.fromkeys(said))

    @property
    def needs_stack(self) -> bool:
        """Return whether the plan assumes that threads have room on their stacks for copies of
        arrays of unknown length.
        """
        return any(
            reason.code == COPIES_ON_STACK
            for each in self.directives
            for reason in each.assumptions
        )


class InsertionError(ValueError):
    """Raised where a plan does not fit a text. Its message says where and why."""


def plan_directives(
    text: str, language: str, name: str, copies: bool = False
) -> DirectivePlan | None:
    """Return OpenMP directives for the loops of the function `name` of a program's text.

    language: of the text, `cpp` or `fortran`. copies: where elements are updated at places that
        data decides, such as a histogram's, each thread gets a copy of the array if its length is
        known; else updates are atomic.
    Returns None if no loop gets one, there is no such function, or it has OpenMP directives
    already.
    """
    plan = _plan(text, language, name, copies)
    return plan if plan is not None and plan.directives else None


def explain_serial(text: str, language: str, name: str) -> tuple[SerialLoop, ...]:
    """Return the outermost loops of the function `name` that `plan_directives` leaves serial, with
    reasons, in the order of the text. text: a program's. language: `cpp` or `fortran`. The result
    is () if there is no such function, or it has OpenMP directives already.
    """
    plan = _plan(text, language, name, copies=False)
    return plan.serial if plan is not None else ()


def locate_in_file(
    serial: Sequence[SerialLoop], judged: str, file: str, language: str, name: str
) -> tuple[SerialLoop, ...]:
    """Return loops that stay serial with the lines of a file in the place of those of a text that
    was cut out of it. A line of which the file's is not known is 0.

    serial: loops of the function `name` of the text `judged`. file: the file's text. language: of
        both, `cpp` or `fortran`.
    """
    try:
        cut, whole = (_loops_of(text, language, name) for text in (judged, file))
    except InsertionError:
        cut, whole = [], []
    return tuple(
        _move(each, cut[each.loop].span, whole[each.loop].span)
        if len(cut) == len(whole) > each.loop
        else replace(each, line=0, at=0)
        for each in serial
    )


def _move(loop: SerialLoop, cut: Span | None, whole: Span | None) -> SerialLoop:
    """`loop`, which stands at `cut` in the text that was cut out, with the lines of `whole`."""
    if cut is None or whole is None or cut.end_line - cut.line != whole.end_line - whole.line:
        return replace(loop, line=whole.line if whole else 0, at=0)
    inside = cut.line <= loop.at <= cut.end_line
    return replace(loop, line=whole.line, at=loop.at + whole.line - cut.line if inside else 0)


def _plan(text: str, language: str, name: str, copies: bool) -> DirectivePlan | None:
    """None where there is no such function, or it has directives."""
    unit, function = _parse(text, language, name)
    if function is None or any(p.family == "omp" for p in find(function, Pragma)):
        return None
    planner = _Planner(unit, function, language, copies)
    directives = tuple(planner.visit(planner.facts.loops))
    return DirectivePlan(directives, tuple(planner.serial))


def keep_certain(plan: DirectivePlan) -> DirectivePlan | None:
    """Return a plan with those directives alone that make no atomic update and no reduction; None
    if that is the whole plan or nothing.
    """
    kept = tuple(
        d
        for d in plan.directives
        if not d.atomics and not any(c.startswith("reduction") for c in d.clauses)
    )
    return None if kept in ((), plan.directives) else replace(plan, directives=kept)


def keep_outermost(plan: DirectivePlan) -> DirectivePlan | None:
    """Return a plan with the directives of those loops alone that stand in the fewest other loops;
    None if that is the whole plan. plan: with one directive at least.
    """
    least = min(d.depth for d in plan.directives)
    kept = tuple(d for d in plan.directives if d.depth == least)
    return None if kept == plan.directives else replace(plan, directives=kept)


def insert(
    text: str, language: str, name: str, plan: DirectivePlan, judged: str | None = None
) -> str:
    """Return `text` with the directives of a plan before the loops of the function `name`.

    language: of the text, `cpp` or `fortran`. plan: from `plan_directives`. judged: the text that
        the plan was made for, where it is another one, such as the function cut out of the file
        `text`. Each loop must then have the same words in both.
    Raises InsertionError if the function or a loop is not there, or a line cannot be inserted.
    """
    loops = _loops_of(text, language, name)
    if judged is not None:
        made_for = _loops_of(judged, language, name)
        if len(loops) != len(made_for):
            raise InsertionError(f"'{name}' has other loops in the file than in what was judged")
        for each in plan.directives:
            if _words(text, language, loops[each.loop]) != _words(
                judged, language, made_for[each.loop]
            ):
                line = loops[each.loop].span.line  # type: ignore[union-attr]
                raise InsertionError(f"the loop at line {line} was judged in another form")
    lines = _LineInserter(text, language)
    for each in plan.directives:
        loop = loops[each.loop]
        word = "do" if language == "fortran" else "for"
        end = f"end parallel {word}" if language == "fortran" else ""
        around = [o for o in loops if o is not loop and _holds(o, loop)]
        if any(o.span.end == loop.span.end for o in around):  # type: ignore[union-attr]
            end = ""  # several loops end at one label
        lines.add(loop, f"parallel {word}", each.clauses, end)
        updates = list(find(loop.body, Assign))
        for number in each.atomics:
            lines.add(updates[number], "atomic", (), "")
    return apply_edits(text, lines.edits)


def _parse(text: str, language: str, name: str) -> tuple[TranslationUnit, Function | None]:
    unit = parse_fortran(text) if language == "fortran" else parse_c_family(text, "cpp")
    wanted = name.lower() if language == "fortran" else name
    for each in functions_of(unit):
        known = each.name.lower() if language == "fortran" else each.name
        if wanted in (known, known.rpartition("::")[2]) and each.body is not None:
            return unit, each
    return unit, None


def _loops_of(text: str, language: str, name: str) -> list[For | While]:
    unit, function = _parse(text, language, name)
    if function is None:
        raise InsertionError(f"the text has no function '{name}'")
    return [loop.node for loop in facts_of(function, unit).loops]


def _words(text: str, language: str, loop: For | While) -> list[str]:
    span = loop.span
    assert span is not None
    inside = text[span.start : span.end]
    if language == "fortran":
        return inside.lower().split()
    return [token.text for token in tokenize(inside)]


def _holds(outer: For | While, inner: For | While) -> bool:
    a, b = outer.span, inner.span
    return a is not None and b is not None and a.start <= b.start and b.end <= a.end


class _Planner:
    """Decides loop by loop, outer ones first."""

    def __init__(
        self, unit: TranslationUnit, function: Function, language: str, copies: bool
    ) -> None:
        self.facts: FunctionFacts = facts_of(function, unit)
        self.serial: list[SerialLoop] = []
        self._fortran, self._copies = language == "fortran", copies
        bounds = array_bounds(function, unit)
        self._extents = {b.array: b.extent() for b in bounds}
        if copies:  # where data decides a place, other accesses tell the length; tests then judge
            self._extents |= {b.array: b.bounded + 1 for b in bounds if b.bounded is not None}
        self._passed = {p.name for p in function.parameters}
        own = self._passed | {d.name for d in find(function, Declaration)}
        self._constants = {k: v for k, v in _constants_of(unit).items() if k not in own}

    def visit(self, loops: Sequence[LoopFacts]) -> Iterator[LoopDirective]:
        """The directives of `loops`, which may hold one another."""
        outermost = [l for l in loops if not any(o.id in l.loops[:-1] for o in loops)]
        for loop in outermost:
            made = self._directive(loop)
            if isinstance(made, LoopDirective):
                yield made
                continue
            inside = [l for l in loops if loop.id in l.loops[:-1]]
            before = len(self.serial)
            found = list(self.visit(inside))
            if not found:
                del self.serial[before:]
                span = loop.node.span
                said, at = (made, None) if isinstance(made, str) else (made.sentence, made.span)
                lines = [each.line if each else 0 for each in (span, at)]
                self.serial.append(SerialLoop(lines[0], said, self._number(loop), lines[1]))
            yield from found

    def _directive(self, loop: LoopFacts) -> LoopDirective | Reason | str:
        """The directive of one loop, or why it has none."""
        verdict = judge_loop(loop, self.facts)
        if verdict.kind not in ("parallel", "reduction", "atomic"):
            return verdict.reason or "it is not known why"
        if not isinstance(loop.node, For) or (span := loop.node.span) is None:
            return "OpenMP takes no such loop"
        if span.expanded or any(p for p in loop.node.pragmas):
            return "a macro makes the loop" if span.expanded else "the loop has a directive"
        if not self._is_canonical(loop) or verdict.inductions:
            return "OpenMP takes no such head of a loop"
        if any(r.positions for r in verdict.reductions):
            return "the place of an extreme is no reduction of OpenMP"
        collapse = 1
        if (trip := self._trip(loop)) is not None and trip < FEW:
            deeper = self._collapsible(loop)
            if not deeper:
                return f"it has {trip} iterations"
            loop, verdict = deeper
            collapse = 2
        clauses = self._clauses(loop, verdict, collapse)
        if isinstance(clauses, str):
            return clauses
        granted = (*verdict.assumptions, *clauses.assumptions)
        return replace(clauses, assumptions=granted, depth=len(loop.loops) - 1)

    def _is_canonical(self, loop: LoopFacts) -> bool:
        node, found = loop.node, loop.range
        if not isinstance(found, LoopRange) or found.trailing or found.starts_at_entry:
            return False
        if isinstance(node, For) and node.bounds is not None:
            return not node.bounds.concurrent and not node.bounds.forall
        if not isinstance(node, For) or len(node.start) != 1 or len(node.step) != 1:
            return False
        test = node.test
        sides = {getattr(test, side, None) for side in ("left", "right")}
        return getattr(test, "op", "") in ("<", "<=", ">", ">=") and any(
            getattr(side, "id", None) == found.variable for side in sides
        )

    def _trip(self, loop: LoopFacts) -> int | None:
        return loop.trip.as_integer() if loop.trip is not None else None

    def _collapsible(self, loop: LoopFacts) -> tuple[LoopFacts, LoopVerdict] | None:
        """The short loop itself, with the verdict on both loops of the nest, if the inner one is
        long and its bounds do not depend on the outer one.
        """
        nest = perfect_nest(loop.node)
        if len(nest) < 2:
            return None
        inner = self.facts.loop_of(nest[1])
        both = judge_loop(loop, self.facts), judge_loop(inner, self.facts)
        if any(v.kind != "parallel" for v in both) or not self._is_canonical(inner):
            return None
        short = self._trip(inner)
        heads = nest[1].start, nest[1].test, nest[1].step, nest[1].bounds  # type: ignore
        outer_name = loop.range.variable  # type: ignore[union-attr]
        if (short is not None and short < FEW) or outer_name in names_in(heads):
            return None
        private = [p for v in both for p in v.private]
        verdict = replace(
            both[0],
            private=tuple(p for p in dict.fromkeys(private) if p.variable != inner.variable),
        )
        return loop, verdict

    def _clauses(self, loop: LoopFacts, verdict: LoopVerdict, collapse: int) -> LoopDirective | str:
        parts = [f"collapse({collapse})"] if collapse > 1 else []
        own = [p.variable for p in verdict.private if not p.last_value]
        last = [p.variable for p in verdict.private if p.last_value]
        if self._outlives(loop):
            last.insert(0, loop.variable)
        if bad := next((n for n in (*own, *last) if not self._name(n)), None):
            return f"`{bad}` cannot be named in a clause"
        updated: list[str] = []
        for words, keys in (("private", own), ("lastprivate", last)):
            if keys:
                parts.append(f"{words}({', '.join(map(self._name, keys))})")
        grouped: dict[str, list[str]] = {}
        granted: list[Reason] = []
        for reduction in verdict.reductions:
            item = self._reduced(reduction, verdict)
            if item is None and reduction.operator not in _ATOMIC:
                return f"`{reduction.variable}` is reduced in a way that OpenMP has no clause for"
            if item is None:
                updated.append(reduction.variable)
            else:
                grouped.setdefault(reduction.operator, []).append(item)
                if reduction.array and not self._is_short(reduction):
                    granted.append(_fits_the_stack(item, loop))
        for operator, items in grouped.items():
            operator = _FORTRAN_OPERATORS.get(operator, operator) if self._fortran else operator
            parts.append(f"reduction({operator}:{', '.join(items)})")
        if self._is_uneven(loop) and collapse == 1:
            parts.append(CYCLIC)
        atomics = self._atomics(loop, updated)
        return (
            "an update is no atomic one of OpenMP"
            if atomics is None
            else LoopDirective(self._number(loop), tuple(parts), atomics, tuple(granted))
        )

    def _is_short(self, reduction: Reduction) -> bool:
        """Whether a copy of a reduced array has a length that is known and small."""
        type_ = getattr(self.facts.variable(reduction.variable), "type", None)
        if isinstance(type_, ArrayType) and all(e.size is not None for e in type_.extents):
            sizes = [integer_of(e.size) for e in type_.extents]
        else:
            extent = self._extents.get(reduction.variable)
            sizes = [self._value(extent) if extent is not None else None]
        return math.prod(n or MOST_ON_STACK + 1 for n in sizes) <= MOST_ON_STACK

    def _value(self, extent: Polynomial) -> int | None:
        """A length as a number, where it is made of numbers and constants; else None."""
        total = 0
        for symbols, factor in extent.terms:
            values = [self._constants.get(s.name) for s in symbols if not s.arguments]
            if len(values) < len(symbols) or None in values:
                return None
            total += factor * math.prod(v for v in values if v is not None)
        return total

    def _number(self, loop: LoopFacts) -> int:
        return next(i for i, each in enumerate(self.facts.loops) if each.id == loop.id)

    def _outlives(self, loop: LoopFacts) -> bool:
        declared = loop.range.declared  # type: ignore[union-attr]
        return declared is None and is_live_after(loop.variable, loop, self.facts)

    def _name(self, key: str) -> str:
        """A variable's name as a clause lists it; '' for a member or what a pointer points to."""
        name = key.partition("@")[0]
        return name if name.isidentifier() else ""

    def _reduced(self, reduction: Reduction, verdict: LoopVerdict) -> str | None:
        """As a clause lists it; None for elements that only atomic updates can change."""
        name = self._name(reduction.variable)
        if not name or (reduction.array and verdict.kind == "atomic" and not self._copies):
            return None
        variable = self.facts.variable(reduction.variable)
        if not reduction.array or (self._fortran and _has_extents(variable)):
            return name
        if variable is not None and variable.storage == "local" and _has_extents(variable):
            return name
        extent = self._extents.get(reduction.variable)
        names = self._passed.union(self._constants)
        length = _as_text(extent, names) if extent is not None else ""
        return f"{name}[:{length}]" if length and not self._fortran else None

    def _is_uneven(self, loop: LoopFacts) -> bool:
        """Whether an iteration's work grows or shrinks: an inner loop has as many iterations as
        the counter says.
        """
        inside = [l for l in self.facts.loops if loop.id in l.loops[:-1]]
        return any(l.trip is not None and l.trip.varies_in(loop.id) for l in inside)

    def _atomics(self, loop: LoopFacts, arrays: Sequence[str]) -> tuple[int, ...] | None:
        if not arrays:
            return ()
        names = {self._name(each) for each in arrays}
        found = []
        for number, each in enumerate(find(loop.node.body, Assign)):
            if root_name(each.target) in names:
                if each.op == "=" and not isinstance(each.target, Access):
                    return None
                if each.span is None or (each.value is not None and any(find(each.value, Call))):
                    return None
                found.append(number)
        return tuple(found) or None


def _constants_of(unit: TranslationUnit) -> dict[str, int]:
    """The whole-number constants of a C text that stand outside of functions: `const` variables and
    enumerators whose values are written.
    """
    found: dict[str, int] = {}
    for item in unit.items:
        is_enum = isinstance(item, StructDefinition) and item.kind == "enum"
        for each in item.fields if is_enum else (item,):  # type: ignore[union-attr]
            if not isinstance(each, Declaration) or not isinstance(each.type, ScalarType):
                continue
            constant = is_enum or each.type.const
            if constant and each.type.name[:1] in "iu":
                value = _number_of(each.value, found)
                if value is not None:
                    found[each.name] = value
    return found


def _number_of(value: Expression | None, known: Mapping[str, int]) -> int | None:
    """What sums and products of numbers and constants come to; None for anything else."""
    if isinstance(value, Name):
        return known.get(value.id)
    if not isinstance(value, Binary):
        return integer_of(value)
    left, right = _number_of(value.left, known), _number_of(value.right, known)
    if left is None or right is None:
        return None
    return {"+": left + right, "-": left - right, "*": left * right}.get(value.op)


def _fits_the_stack(item: str, loop: LoopFacts) -> Reason:
    """Compilers put the threads' copies of a reduced array on their stacks."""
    return Reason(
        COPIES_ON_STACK,
        f"the stack of each thread has room for a copy of `{item}` (OMP_STACKSIZE, ulimit -s)",
        (item.partition("[")[0],),
        loop.node.span,
    )


def _has_extents(variable: Variable | None) -> bool:
    """Whether a variable is an array whose extents its declaration states."""
    type_ = getattr(variable, "type", None)
    return isinstance(type_, ArrayType) and all(e.size is not None for e in type_.extents)


def _as_text(extent: Polynomial, names: Iterable[str]) -> str:
    """A length as C text; '' if it is made of more than sums and products of `names`."""
    number = extent.as_integer()
    if number is not None:
        return str(number) if number > 0 else ""
    known = set(names)
    terms = []
    for symbols, factor in extent.terms:
        words = [symbol.name for symbol in symbols]
        if not known.issuperset(words) or any(s.arguments for s in symbols):
            return ""
        if factor != 1 or not words:
            words.insert(0, str(factor))
        terms.append(" * ".join(words))
    return " + ".join(terms).replace("+ -", "- ")


class _LineInserter:
    """Collects edits that insert directives into a text, in the style of its language and form."""

    def __init__(self, text: str, language: str) -> None:
        self.edits: list[Edit] = []
        self._text = text
        self._fortran = language == "fortran"
        self._fixed = self._fortran and detect_form(text) == "fixed"
        self._newline = "\r\n" if "\r\n" in text else "\n"

    def add(self, node: For | While | Assign, words: str, clauses: Sequence[str], end: str) -> None:
        """Insert a directive before a statement, and `end` behind it unless that is ''."""
        span = node.span
        if span is None or span.expanded:
            raise InsertionError("the statement comes out of a macro")
        begin = self._text.rfind("\n", 0, span.start) + 1
        before = self._text[begin : span.start]
        indent = before[: len(before) - len(before.lstrip())]
        loud = self._fortran and self._text[span.start : span.end].startswith("DO")
        if self._fortran:
            spelled = _spellings(self._text[span.start : span.end])
            clauses = [_in_case(clause, spelled, loud) for clause in clauses]
        lines = self._lines([words, *clauses], indent, loud)
        text = self._newline.join(lines) + self._newline
        if not before.strip():
            self.edits.append(Edit(begin, begin, text))
        elif self._fortran and _is_construct_name(before):
            self.edits.append(Edit(begin, begin, text))
        elif self._fortran:
            raise InsertionError(f"line {span.line} has more before the loop")
        else:
            self._split(span, before, indent, text)
        if end:
            self._close(span, indent, end, loud)

    def _split(self, span: Span, before: str, indent: str, text: str) -> None:
        """A C statement that stands behind others on its line begins a new one."""
        start = span.start - (len(before) - len(before.rstrip()))
        deeper = indent + ("\t" if indent.startswith("\t") else "    ")
        made = self._newline + text.replace(indent + "#", deeper + "#", 1) + deeper
        self.edits.append(Edit(start, span.start, made))

    def _close(self, span: Span, indent: str, end: str, loud: bool) -> None:
        at = self._text.find("\n", span.end)
        rest = self._text[span.end : at if at >= 0 else len(self._text)].split("!")[0]
        if rest.strip():
            raise InsertionError(f"line {span.end_line} has more behind the loop")
        line = self._newline.join(self._lines([end], indent, loud))
        if at < 0:
            self.edits.append(Edit(len(self._text), len(self._text), self._newline + line))
        else:
            self.edits.append(Edit(at + 1, at + 1, line + self._newline))

    def _lines(self, parts: Sequence[str], indent: str, loud: bool) -> list[str]:
        """A directive in as many lines as its form needs."""
        if self._fixed:
            mark = "!$OMP" if loud else "!$omp"
            return _fold(_first_loud(parts, loud), mark, f"{mark}&", "")
        if self._fortran:
            mark = f"{indent}{'!$OMP' if loud else '!$omp'}"
            return _fold(_first_loud(parts, loud), mark, f"{mark} ", " &")
        return _fold(parts, f"{indent}#pragma omp", f"{indent}   ", " \\")


def _first_loud(parts: Sequence[str], loud: bool) -> list[str]:
    """`parts` with the words of the directive, the first one, in the case of the file."""
    return [parts[0].upper() if loud else parts[0], *parts[1:]]


def _spellings(text: str) -> dict[str, str]:
    """Names in lower case, and as a Fortran text spells them first."""
    found: dict[str, str] = {}
    for word in "".join(c if c.isalnum() or c == "_" else " " for c in text).split():
        found.setdefault(word.lower(), word)
    return found


def _in_case(clause: str, spelled: Mapping[str, str], loud: bool) -> str:
    """A clause with its variables as the file spells them, and its own word loud or not."""
    word, bracket, inside = clause.partition("(")
    operator, colon, names = inside.rpartition(":")
    listed = ", ".join(spelled.get(name.strip(" )"), name.strip(" )")) for name in names.split(","))
    if word == "schedule":
        listed = names.strip(")").upper() if loud else names.strip(")")
    own = f"{word}{bracket}{operator}{colon}"
    return f"{own.upper() if loud else own}{listed})"


def _is_construct_name(before: str) -> bool:
    """Whether a text is a name and a colon, which Fortran allows before a loop."""
    name, colon, rest = before.partition(":")
    return bool(colon) and name.strip().isidentifier() and not rest.strip()


def _fold(parts: Sequence[str], first: str, next_: str, more: str) -> list[str]:
    """Words joined into lines. more: what stands at the end of a line that goes on. Fixed form has
    none; its lines end at column 72.
    """
    width = _WIDTH if more else _FIXED_WIDTH
    pieces = [piece for part in parts for piece in part.split()]
    lines, line = [], first
    for piece in pieces:
        if len(line) + 1 + len(piece) + len(more) > width and line not in (first, next_):
            lines.append(line + more)
            line = next_
        line += f" {piece}"
    return [*lines, line]
