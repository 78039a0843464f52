"""Places in a program that a mutant or a coverage probe may change, from the typed tree.

Contract: `find_sites` gives the statements and expressions that a program's entry can execute, each
with the node above it. A node has a place only where its text stands for it alone: what comes out
of a macro has none. A language's operators are found among its tokens, never by searching text.

    python -c "from corpora.records import Program; from tester.mutation.sites import *; \
print([type(s.node).__name__ for s in find_sites(Program('cpp', 'f', 'int f() { return 1; }'))])"
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from corpora.dialects import get_dialect
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import tokenize
from corpora.frontends.fortran import parse_fortran
from corpora.frontends.fortran_lines import read_lines
from corpora.frontends.queries import functions_of
from corpora.ir import (
    ArrayType,
    Binary,
    Call,
    Conditional,
    Declaration,
    For,
    Function,
    FunctionType,
    If,
    Interface,
    Member,
    Module,
    Name,
    NamedType,
    PointerType,
    Pragma,
    ReferenceType,
    ScalarType,
    Span,
    Specification,
    StructDefinition,
    TranslationUnit,
    Unsupported,
    UnsupportedExpression,
    While,
    children,
    walk,
)
from corpora.records import Program

_SKIPPED = (
    Pragma,
    Specification,
    Interface,
    StructDefinition,
    ScalarType,
    NamedType,
    PointerType,
    ReferenceType,
    ArrayType,
    FunctionType,
)
"""Nodes that say nothing about what is executed."""
_CONDITIONAL = (If, Conditional, While, For)
MAX_SIDES = 64
"""Sides of conditions that are counted, two for each."""


@dataclass(frozen=True, slots=True)
class Site:
    """One node, of the tree of `corpora.ir`, of a function's body. parent: the node right above it;
    the function at the top.
    statement: an empty statement may replace it; False for parts of a `for` head.
    """

    node: Any
    parent: Any
    statement: bool


def parse_program(program: Program) -> TranslationUnit:
    """Return the tree of a program's text, by its dialect. Raises ValueError for an unknown
    dialect.
    """
    if is_fortran(program):
        return parse_fortran(program.text, dialect=program.dialect)
    return parse_c_family(program.text, program.dialect)


def is_fortran(program: Program) -> bool:
    """Return whether the program's dialect is of Fortran. Raises ValueError for an unknown
    dialect.
    """
    return get_dialect(program.dialect).language == "fortran"


def get_place(node: Any) -> Span | None:
    """Return the place in the text of `node`, a node of `corpora.ir`; None if it has no span or
    comes out of a macro.
    """
    span = getattr(node, "span", None)
    return None if span is None or span.expanded else span


def get_operand_place(program: Program, parent: Any, node: Any) -> Span | None:
    """Return the place in the text of `program` of `node`, a node of its tree (`corpora.ir`). For a
    node out of a macro it is the place of the macro's name if that is all that stands there, else
    None; None too for a node without a span. parent: the node right above it.
    """
    span = getattr(node, "span", None)
    if span is None or not span.expanded or get_place(parent) is None:
        return get_place(node)
    return span if program.text[span.start : span.end].isidentifier() else None


def find_sites(program: Program) -> list[Site]:
    """Return every node that the entry of `program` may execute, in textual order. Raises
    ValueError for an unknown dialect.
    """
    fortran = is_fortran(program)
    found: list[Site] = []
    for function in find_reachable_functions(parse_program(program), program.name):
        found += _find_sites_below(function, fortran)
    return found


def find_conditions(program: Program) -> list[Span]:
    """Return the places of the conditions (if, ?:, while, for) in all functions that the program's
    entry reaches, in textual order. A condition that is a macro's name counts; one inside a macro
    does not. Raises ValueError for an unknown dialect.
    """
    places = {}
    for site in find_sites(program):
        if not isinstance(site.node, _CONDITIONAL) or getattr(site.node, "where", False):
            continue
        place = get_operand_place(program, site.node, site.node.test)
        if place is not None:
            places[place.start, place.end] = place
    return [places[key] for key in sorted(places)]


def _find_sites_below(function: Function, fortran: bool) -> Iterator[Site]:
    """Nodes of a body; declared types, directives and Fortran's declarations are left out."""
    waiting = [Site(n, function, True) for n in reversed(function.body or ())]
    while waiting:
        site = waiting.pop()
        node = site.node
        if isinstance(node, _SKIPPED):
            continue
        if fortran and isinstance(node, Declaration):
            continue
        yield site
        heads = {id(n) for n in (*node.start, *node.step)} if isinstance(node, For) else set()
        waiting += [Site(n, node, id(n) not in heads) for n in reversed(_children(node))]


def _children(node: Any) -> list[Any]:
    """Nodes below one, template arguments left out: no value of a run goes in there."""
    if isinstance(node, Call):
        return [node.function, *node.arguments, *(value for _, value in node.keywords)]
    return list(children(node))


def find_reachable_functions(unit: TranslationUnit, entry: str) -> tuple[Function, ...]:
    """Return the functions of a program's tree that the function `entry`, which is one of them,
    reaches by the names in their bodies, in the order of the text; all functions if none is called
    `entry`. Operators and generic names count as reached.
    """
    functions = functions_of(unit)
    wanted = entry.lower() if unit.dialect.endswith("fortran") else entry
    known = {wanted.rpartition("::")[2]}
    names = [_get_own_name(f) for f in functions]
    if not known & set(names):
        return functions
    used = [_find_words(f) for f in functions]
    known |= set().union(*map(_find_words, _find_generics(unit)), {"operator"})
    while more := set().union(*(w for n, w in zip(names, used, strict=True) if n in known)) - known:
        known |= more
    return tuple(f for f, n in zip(functions, names, strict=True) if n in known)


def _get_own_name(function: Function) -> str:
    return "operator" if "operator" in function.name else function.name.rpartition("::")[2]


def _find_generics(unit: TranslationUnit) -> list[Any]:
    """Statements that give procedures a further name."""
    found: list[Any] = []
    waiting: list[Any] = list(unit.items)
    while waiting:
        item = waiting.pop()
        if isinstance(item, (Module, StructDefinition, Interface)):
            waiting += item.items
        elif isinstance(item, Specification) and item.keyword.endswith("procedure"):
            found.append(item)
    return found


def _find_words(node: Any) -> set[str]:
    """Names of functions, methods and types that `node` may use."""
    found: set[str] = set()
    for part in walk(node):
        if isinstance(part, Name):
            found.add(part.id.rpartition("::")[2])
        elif isinstance(part, Member):
            found.add(part.field)
        elif isinstance(part, NamedType):
            found.add(part.name.rpartition("::")[2])
        elif isinstance(part, (Unsupported, UnsupportedExpression, Specification)):
            found |= {t.text for t in tokenize(part.text) if t.kind == "word"}
    return found


@lru_cache(maxsize=256)
def _read_tokens(program: Program) -> tuple[list[int], list[tuple[int, int, str]]]:
    """Starts, and (start, end, text in lower case) of every token of the text."""
    if is_fortran(program):
        lines = read_lines(program.text, openmp=program.dialect.startswith("openmp"))
        tokens = [(t.start, t.end, t.text) for line in lines for t in line.tokens]
    else:
        tokens = [(t.start, t.end, t.text) for t in tokenize(program.text)]
    tokens.sort()
    return [t[0] for t in tokens], tokens


def find_token(program: Program, start: int, end: int, words: tuple[str, ...]) -> Span | None:
    """Return the place of the first token in [start, end) that is one of `words`; None if there is
    none. start, end: character offsets in the program's text. words: tokens, in lower case for
    Fortran. The line numbers of the result are 0.
    """
    starts, tokens = _read_tokens(program)
    for first, last, text in tokens[bisect_left(starts, start) : bisect_left(starts, end)]:
        if text in words:
            return Span(first, last, 0, 0)
    return None


def find_operator(program: Program, node: Binary, words: tuple[str, ...]) -> Span | None:
    """Return the place in the program's text of the operator, one of `words`, between the operands
    of a binary expression; None if an operand has no place or none of `words` stands there. The
    line numbers of the result are 0.
    """
    left, right = getattr(node.left, "span", None), getattr(node.right, "span", None)
    if left is None or right is None:
        return None
    return find_token(program, left.end, right.start, words)
