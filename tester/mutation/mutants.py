"""Mutants of a program: texts that differ from it by one small mistake, as translators make them.

Contract: every mutant has the same entry name and parameters as its origin. Whether it compiles,
and whether it computes the same, is for others to find out. The mistakes are typed: each changes
one node of the tree (`corpora.ir`), in all dialects alike, and is printed as an edit of that node's
place. The order is fixed by the text; `sample_mutants` picks by seed. What a macro makes has no
place of its own and no mutants.

    python -c "from tester.mutation.mutants import *; \
print([m.kind for m in generate_mutants(Program('cpp', 'f', 'void f(int *x, int n) { for (int i = 0;
i < n; i++) x[i] += 2; }'))])"
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from corpora.analysis.constants import value_of
from corpora.ir import (
    Access,
    Assign,
    AssignExpression,
    Binary,
    Call,
    Case,
    Cast,
    Conditional,
    Expression,
    ExpressionStatement,
    For,
    If,
    Increment,
    KernelLaunch,
    Literal,
    Name,
    Span,
    Unary,
    find,
)
from corpora.ir.edits import Edit, apply_edits
from corpora.records import Program, content_hash
from tester.mutation.sites import (
    Site,
    find_operator,
    find_sites,
    find_token,
    get_operand_place,
    get_place,
    is_fortran,
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A program with one small mistake. kind: `operator`, `constant`, `off_by_one`, `index_swap`,
    `dropped_statement` or `swapped_branches`. where: `line:column old -> new`, the words that
    change. program: the changed program. start, end: offsets of the characters of the original text
    that are replaced, a whole expression or statement; `end` is behind the last. text: what stands
    there instead.
    """

    kind: str
    where: str
    """`line:column old -> new`: the words that change."""
    program: Program
    start: int = 0
    end: int = 0
    """Characters of the origin's text that are replaced: a whole expression or statement."""
    text: str = ""
    """What stands there instead."""


@dataclass(frozen=True, slots=True)
class _Mistake:
    """place: the whole expression or statement. text: what replaces it. edit: the words of it that
    change.
    """

    kind: str
    place: Span
    text: str
    edit: Edit


_OPERATORS = {
    "+": ("-",),
    "-": ("+",),
    "*": ("+",),
    "/": ("*",),
    "%": ("/",),
    "<": ("<=", ">"),
    "<=": ("<", ">="),
    ">": (">=", "<"),
    ">=": (">", "<="),
    "==": ("!=",),
    "!=": ("==",),
    "&&": ("||",),
    "||": ("&&",),
    "&": ("|",),
    "|": ("&",),
    "^": ("|",),
    "<<": (">>",),
    ">>": ("<<",),
    "+=": ("-=", "="),
    "-=": ("+=",),
    "*=": ("/=",),
    "/=": ("*=",),
    "|=": ("&=",),
    "&=": ("|=",),
    "^=": ("|=",),
    "++": ("--",),
    "--": ("++",),
}
_FORTRAN_SPELLINGS = {
    "<": ("<", ".lt."),
    "<=": ("<=", ".le."),
    ">": (">", ".gt."),
    ">=": (">=", ".ge."),
    "==": ("==", ".eq."),
    "!=": ("/=", ".ne."),
    "&&": (".and.",),
    "||": (".or.",),
}
_LEVELS = (
    ("*", "/", "%"),
    ("+", "-"),
    ("<<", ">>"),
    ("<", "<=", ">", ">="),
    ("==", "!="),
    ("&",),
    ("^",),
    ("|",),
    ("&&",),
    ("||",),
)
"""Operators by how tightly they bind: a change within one level leaves the tree's shape alone."""
_SYMMETRIC = frozenset(
    {"min", "max", "fmin", "fmax", "fminf", "fmaxf", "dmin1", "dmax1", "iand", "ior", "ieor"}
)
"""Functions that give the same with their arguments swapped."""


def generate_mutants(program: Program) -> list[Mutant]:
    """Return all mutants with one mistake in the functions that the program's entry reaches, each
    once, in textual order. Some may not compile. Raises ValueError for an unknown dialect.
    """
    mistakes = {m for site in find_sites(program) for m in _make_mistakes(program, site)}
    made: dict[str, Mutant] = {}
    for m in sorted(mistakes, key=lambda m: (m.edit.start, m.edit.end, m.kind, m.edit.text)):
        text = apply_edits(program.text, [Edit(m.place.start, m.place.end, m.text)])
        if text == program.text or text in made:
            continue
        before = program.text[: m.edit.start]
        column = len(before.rpartition("\n")[2].encode()) + 1
        place = f"{before.count(chr(10)) + 1}:{column}"
        old = program.text[m.edit.start : m.edit.end]
        made[text] = Mutant(
            m.kind,
            f"{place} {_shorten(old)} -> {_shorten(m.edit.text)}",
            replace(program, text=text),
            m.place.start,
            m.place.end,
            m.text,
        )
    return list(made.values())


def sample_mutants(mutants: Sequence[Mutant], limit: int, seed: int = 0) -> list[Mutant]:
    """Return at most `limit` mutants, in their order, with all kinds equally represented. seed:
    selects them; equal seeds select the same.
    """
    if len(mutants) <= limit:
        return list(mutants)
    by_kind: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in sorted(mutants, key=lambda m: content_hash(seed, m.program.text)):
        by_kind[mutant.kind].append(mutant)
    queues = [by_kind[kind] for kind in sorted(by_kind)]
    chosen: list[Mutant] = []
    for turn in range(max(len(q) for q in queues)):
        chosen += [q[turn] for q in queues if turn < len(q)]
    kept = {m.program.text for m in chosen[:limit]}
    return [m for m in mutants if m.program.text in kept]


def _shorten(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 40 else flat[:37] + "..."


def _make_mistakes(program: Program, site: Site) -> Iterator[_Mistake]:
    node = site.node
    if isinstance(node, Binary):
        yield from _change_operator(program, site)
        yield from _stop_earlier(program, node)
    elif isinstance(node, (Assign, AssignExpression, Increment)):
        yield from _change_assignment(program, node)
    elif isinstance(node, Literal):
        yield from _change_constant(program, site)
    elif isinstance(node, Access):
        yield from _change_index(program, node)
    elif isinstance(node, Call) and is_fortran(program):
        name = node.function.id.lower() if isinstance(node.function, Name) else ""
        if name not in _SYMMETRIC:
            yield from _swap_first(program, node, node.arguments)
    elif isinstance(node, For) and node.bounds is not None:
        yield from _replace(program, "off_by_one", node.bounds.upper, "({})-1")
        yield from _replace(program, "off_by_one", node.bounds.lower, "({})+1")
    if isinstance(node, (If, Conditional)) and not getattr(node, "where", False):
        negated = ".not.({})" if is_fortran(program) else "!({})"
        if (place := get_operand_place(program, node, node.test)) is not None:
            text = negated.format(program.text[place.start : place.end])
            yield _Mistake("swapped_branches", place, text, Edit(place.start, place.end, text))
    if isinstance(node, (Assign, ExpressionStatement, KernelLaunch)) and site.statement:
        yield from _replace(
            program, "dropped_statement", node, "continue" if is_fortran(program) else ";"
        )


def _replace(program: Program, kind: str, node: Any, form: str) -> Iterator[_Mistake]:
    """The node's text put into `form`, where the node has a place."""
    if (place := get_place(node)) is not None:
        text = form.format(program.text[place.start : place.end])
        yield _Mistake(kind, place, text, Edit(place.start, place.end, text))


def _edit(
    program: Program, kind: str, node: Any, edit: Edit, brackets: bool = False
) -> Iterator[_Mistake]:
    """The node with some of its words replaced, in brackets where others could bind to it."""
    if (place := _without_semicolon(program, node)) is not None:
        own = program.text[place.start : place.end]
        moved = replace(edit, start=edit.start - place.start, end=edit.end - place.start)
        text = apply_edits(own, [moved])
        yield _Mistake(kind, place, f"({text})" if brackets else text, edit)


def _without_semicolon(program: Program, node: Any) -> Span | None:
    """The place of an expression, also where it is a whole statement."""
    place = get_place(node)
    if place is None or not isinstance(node, Assign) or is_fortran(program):
        return place
    last = node.target if node.value is None else node.value
    start = place.end if last.span is None else last.span.end
    end = find_token(program, start, place.end, (";",))
    return place if end is None else replace(place, end=end.start)


def _spell(program: Program, operator: str) -> tuple[str, ...]:
    """How an operator of the tree may be written in the program's language."""
    return _FORTRAN_SPELLINGS.get(operator, (operator,)) if is_fortran(program) else (operator,)


def _level(operator: str) -> int:
    return next((i for i, level in enumerate(_LEVELS) if operator in level), -1)


def _change_operator(program: Program, site: Site) -> Iterator[_Mistake]:
    node: Binary = site.node
    at = find_operator(program, node, _spell(program, node.op))
    if at is None:
        return
    dotted = program.text[at.start] == "."
    for new in _OPERATORS.get(node.op, ()):
        word = _spell(program, new)[-1 if dotted else 0]
        binds = _level(new) != _level(node.op) and _may_bind(site.parent)
        yield from _edit(program, "operator", node, Edit(at.start, at.end, word), binds)


def _may_bind(parent: Any) -> bool:
    return isinstance(parent, (Binary, Unary, Cast))


def _stop_earlier(program: Program, node: Binary) -> Iterator[_Mistake]:
    """What is below a bound is below one less."""
    place = get_operand_place(program, node, node.right)
    if node.op in ("<", "<=") and place is not None:
        text = f"({program.text[place.start : place.end]} - 1)"
        yield _Mistake("off_by_one", place, text, Edit(place.start, place.end, text))


def _change_assignment(
    program: Program, node: Assign | AssignExpression | Increment
) -> Iterator[_Mistake]:
    place, target = get_place(node), node.target.span
    if place is None or target is None or node.op not in _OPERATORS:
        return
    at = find_token(program, target.end, place.end, (node.op,))
    at = at or find_token(program, place.start, target.start, (node.op,))
    for new in _OPERATORS[node.op] if at is not None else ():
        yield from _edit(program, "operator", node, Edit(at.start, at.end, new))


def _change_constant(program: Program, site: Site) -> Iterator[_Mistake]:
    """One more, or twice the value of a real. The constants of labels and those that are a whole
    index are left alone: the first must stay constant, the second have mistakes of their own.
    """
    node, place = site.node, get_place(site.node)
    if place is None or isinstance(site.parent, Case):
        return
    if isinstance(site.parent, Access) and not is_fortran(program):
        return
    text, value = program.text[place.start : place.end], value_of(node)
    digits = text.partition("_")[0] if is_fortran(program) else text.rstrip("uUlL")
    if digits.isdecimal():
        new = str(int(digits) + 1) + text[len(digits) :]
    elif node.type in ("f32", "f64") and isinstance(value, float) and not text.startswith("0x"):
        form = ("({}+1)", "(2*{})") if is_fortran(program) else ("({}+ 1)", "({}* 2)")
        new = form[0 if value == 0 else 1].format(text)
    else:
        return
    yield _Mistake("constant", place, new, Edit(place.start, place.end, new))


def _change_index(program: Program, node: Access) -> Iterator[_Mistake]:
    """The next element, two variables of an index in each other's place, and the first two
    dimensions likewise.
    """
    for index in node.indices:
        if (place := get_operand_place(program, node, index)) is None:
            continue
        text = program.text[place.start : place.end]
        binds = not isinstance(index, Binary) or index.op in ("+", "-", "*", "/", "%", "**")
        plain = binds and not isinstance(index, Conditional)
        new = f"{text} + 1" if plain else f"({text}) + 1"
        yield _Mistake("off_by_one", place, new, Edit(place.start, place.end, new))
        yield from _swap_names(program, index, place)
    yield from _swap_first(program, node, node.indices)


def _swap_names(program: Program, index: Expression, place: Span) -> Iterator[_Mistake]:
    """Two names that follow each other, but those that only a product or the whole sum joins, and
    an array and its index: these are the same the other way round.
    """
    same = {
        (id(_end_of_product(b.left, "right")), id(_end_of_product(b.right, "left")))
        for b in find(index, Binary)
        if b.op == "*"
    }
    if isinstance(index, Binary) and index.op == "+":
        same.add((id(index.left), id(index.right)))
    for access in find(index, Access):
        same |= {(id(access.base), id(name)) for name in find(access.indices, Name)}
    functions = {id(c.function) for c in find(index, Call)}
    names = [n for n in find(index, Name) if get_place(n) and id(n) not in functions]
    for a, b in zip(names, names[1:], strict=False):
        one, two = get_place(a), get_place(b)
        if a.id == b.id or (id(a), id(b)) in same or one is None or two is None:
            continue
        between = program.text[one.end : two.start]
        first, second = program.text[one.start : one.end], program.text[two.start : two.end]
        edit = Edit(one.start, two.end, second + between + first)
        own = replace(edit, start=edit.start - place.start, end=edit.end - place.start)
        text = apply_edits(program.text[place.start : place.end], [own])
        yield _Mistake("index_swap", place, text, edit)


def _end_of_product(factor: Expression, side: str) -> Expression:
    """The first (`left`) or last factor of a product; of anything else, itself."""
    while isinstance(factor, Binary) and factor.op == "*":
        factor = getattr(factor, side)
    return factor


def _swap_first(
    program: Program, node: Access | Call, parts: tuple[Expression, ...]
) -> Iterator[_Mistake]:
    """The first two indices (or arguments of a Fortran function) in each other's place."""
    places = [get_place(part) for part in parts[:2]]
    if len(places) < 2 or places[0] is None or places[1] is None or parts[0] == parts[1]:
        return
    one, two = places
    first, second = program.text[one.start : one.end], program.text[two.start : two.end]
    edit = Edit(one.start, two.end, second + program.text[one.end : two.start] + first)
    yield from _edit(program, "index_swap", node, edit)
