"""Many mutants as one program: a number chooses at run time which mistake is made (mutant schemata:
Untch, Offutt and Harrold, 1993).

Contract: `build_schema` gives a program whose entry takes the mutant's number (0: none, k: the
k-th) and an array of counters before the source's own parameters, or None where one program cannot
stand for all. Every condition counts there how often it held and how often not, up to MANY. Number
-k is the source, too, and ends with a trap where it would make the k-th mistake: so one sees
whether it comes there. One function is compiled in place of a dozen, and one process runs them all.
Every choice is between whole expressions or statements, as every mutant names them. What the
compiler does not take in this form it reports, and the mutants are then compiled one by one.

    pytest tests/tester/test_schemata.py
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from corpora.analysis.accesses import globals_of
from corpora.dialects import get_dialect
from corpora.frontends.queries import function_named, functions_of
from corpora.ir import (
    ArrayType,
    Call,
    Declaration,
    Function,
    Name,
    ScalarType,
    Span,
    TranslationUnit,
    Type,
    Unsupported,
    find,
)
from corpora.records import Parameter, Program, Signature
from tester.mutation.mutants import Mutant
from tester.mutation.sites import MAX_SIDES, find_conditions, parse_program

NUMBER = Parameter("mutant_number", "scalar", "i32", "in")
COUNTERS = Parameter("branches_taken", "array", "i32")
MANY = 2
"""A loop that goes round so often goes round often: none, once and many times are told apart."""
_CHOICE = "mutant_chosen_"
_TAKEN = "branches_taken_"
_ASKED = "mutant_asked_"


@dataclass(slots=True)
class _Site:
    """A stretch of the text that some mutants change: (number, text) of each, and the sites
    inside it. condition: its index among those that are counted, -1 for anything else.
    """

    start: int
    end: int
    statement: bool
    texts: list[tuple[int, str]] = field(default_factory=list)
    inner: list[_Site] = field(default_factory=list)
    condition: int = -1


def count_conditions(source: Program) -> int:
    """Return how many conditions of a source are counted when its mutants run as one program
    (`build_schema`), 32 at most. Raises ValueError for an unknown dialect.
    """
    return len(find_counted_conditions(source))


def count_sides(source: Program) -> int:
    """Return how many branch counters `build_schema` gives a source: two for every condition that
    is counted, and at least two. Raises ValueError for an unknown dialect.
    """
    return 2 * max(1, count_conditions(source))


@lru_cache(maxsize=128)
def find_counted_conditions(source: Program) -> tuple[Span, ...]:
    """Return the places in the source's text of the conditions whose branches `build_schema`
    counts, in textual order: the first 32. Raises ValueError for an unknown dialect.
    """
    return tuple(find_conditions(source)[: MAX_SIDES // 2])


def build_schema(
    source: Program, signature: Signature, mutants: Sequence[Mutant]
) -> tuple[Program, Signature] | None:
    """Return (one program that holds all of `mutants`, its signature); None if it cannot be built.

    source, signature: the program that was mutated. mutants: from `generate_mutants`. The program's
    first parameters are the number of the mutant to run, from 1, and the counters of branches
    taken. The source's parameters follow. Without mutants it only counts branches. None: a dialect
    of Fortran, an entry without parameters, or a source with mutants that keeps state between
    calls.
    """
    if get_dialect(source.dialect).language != "cpp" or _CHOICE in source.text:
        return None
    if mutants and _keeps_state(parse_program(source)):
        return None
    sites: dict[tuple[int, int], _Site] = {}
    for number, mutant in enumerate(mutants, 1):
        made = _Site(mutant.start, mutant.end, mutant.kind == "dropped_statement")
        sites.setdefault((made.start, made.end), made).texts.append((number, mutant.text))
    for index, place in enumerate(find_counted_conditions(source)):
        counted = _Site(place.start, place.end, False)
        sites.setdefault((place.start, place.end), counted).condition = index
    nested = _nest_sites(list(sites.values()))
    made = _give_cuda if get_dialect(source.dialect).model == "cuda" else _give_cpp
    program = made(source, nested)
    return program and (
        program,
        replace(signature, name=program.name, parameters=(NUMBER, COUNTERS, *signature.parameters)),
    )


def _give_cpp(source: Program, sites: Sequence[_Site]) -> Program:
    """The schema behind an entry of its own, which sets the number and calls the source's."""
    entry = f"{source.name}_mutants"
    count = f"{_TAKEN}[{{0}}] += {_TAKEN}[{{0}}] < {MANY}"
    return replace(
        source,
        name=entry,
        text=f"static int {_CHOICE}, *{_TAKEN};\n"
        f"static inline bool {_ASKED}() {{ __builtin_trap(); }}\n"
        f"{_render(source.text, 0, len(source.text), sites, count)}\n"
        f"template <class... A> static inline auto {entry}(int number, int *taken, A... a) "
        f"{{ {_CHOICE} = number; {_TAKEN} = taken; return {source.name}(a...); }}\n",
    )


_CUDA = f"""#define OWN static __device__ __attribute__((no_sanitize_thread))
static __device__ int {_CHOICE}, *{_TAKEN};
OWN bool {_ASKED}() {{ __builtin_trap(); }}
OWN void mutant_begin_(int number, int *taken) {{ {_CHOICE} = number; {_TAKEN} = taken; }}
OWN void mutant_count_(int side) {{ {_TAKEN}[side] += {_TAKEN}[side] < {MANY}; }}
#line 1
"""
"""What all threads write is left out of what is looked at for races."""


def _give_cuda(source: Program, sites: Sequence[_Site]) -> Program | None:
    """The schema whose entry, which may be a kernel, has two parameters more."""
    entry = function_named(parse_program(source), source.name)
    if entry is None or not entry.parameters or not entry.body_span or not entry.parameters[0].span:
        return None
    first, body = entry.parameters[0].span.start, entry.body_span.start + 1
    added = f"int {NUMBER.name}, int *{COUNTERS.name}, "
    begun = f" mutant_begin_({NUMBER.name}, {COUNTERS.name}); "
    text, start = _CUDA, 0
    for end, more in ((first, added), (body, begun), (len(source.text), "")):
        own = [site for site in sites if start <= site.start < end]
        text += _render(source.text, start, end, own, "mutant_count_({0})") + more
        start = end
    return replace(source, text=text)


_ERROR = re.compile(r"^program\.cpp:(\d+):(\d+): error:", re.M)


def find_failing_mutants(made: Program, diagnostics: str) -> frozenset[int]:
    """Return the numbers, from 1, of the mutants that compiler errors point to.

    made: a program that holds many mutants, from `build_schema`. diagnostics: the compiler's text.
    """
    lines = made.text.split("\n")
    found = set()
    for line, column in _ERROR.findall(diagnostics):
        row = lines[int(line) - 1][: int(column)] if 0 < int(line) <= len(lines) else ""
        before, mark, _ = row.rpartition(f" && {_ASKED}() ?")
        number = before.rpartition(f"{_CHOICE} == -")[2]
        found |= {int(number)} if mark and number.isdecimal() else set()
    return frozenset(found)


def _keeps_state(unit: TranslationUnit) -> bool:
    """Whether a run may leave something behind that the next mutant would find: in a variable that
    outlives the call, or by what no tree shows.
    """
    if any(not _is_constant(d.type) and "constexpr" not in d.storage for d in globals_of(unit)):
        return True
    if unit.errors or any(isinstance(item, Unsupported) for item in unit.items):
        return True
    return any(map(_keeps_own_state, functions_of(unit)))


def _keeps_own_state(function: Function) -> bool:
    for node in find(function.body or (), Declaration, Unsupported, Call):
        if isinstance(node, Declaration):
            if {"static", "thread_local"} & set(node.storage) and not _is_constant(node.type):
                return True
        elif isinstance(node, Unsupported):
            return True
        elif isinstance(node.function, Name) and node.function.id in ("asm", "setjmp"):
            return True
    return False


def _is_constant(type_: Type) -> bool:
    """Whether nothing can change a variable of this type."""
    while isinstance(type_, ArrayType):
        type_ = type_.of
    return isinstance(type_, ScalarType) and type_.const


def _nest_sites(sites: list[_Site]) -> list[_Site]:
    """The outermost sites, each with those inside it; a syntax tree's stretches never overlap in
    part.
    """
    outer: list[_Site] = []
    for site in sorted(sites, key=lambda s: (s.start, -s.end)):
        place = outer
        while place and place[-1].end >= site.end:
            place = place[-1].inner
        place.append(site)
    return outer


def _condition(number: int) -> str:
    """Whether this mistake is to be made; here one is asked whether one comes here."""
    return f"{_CHOICE} == {number} || {_CHOICE} == -{number} && {_ASKED}()"


def _render(text: str, start: int, end: int, sites: Sequence[_Site], count: str) -> str:
    """text[start:end] with a choice in every site. count: statement that counts side {0}."""
    parts = []
    for site in sites:
        own = _render(text, site.start, site.end, site.inner, count)
        if site.statement:  # braces: an `else` behind it stays with the `if` that it belongs to
            asked = " || ".join(_condition(number) for number, _ in site.texts)
            chosen = f"{{ if (!({asked})) {{ {own} }} }}"
        else:
            chosen, negated = own, f"!({text[site.start : site.end]})"
            for number, other in site.texts:
                # A pointer as a condition, and its negation, have one type.
                truth = "!!" if other == negated else ""
                chosen = f"({_condition(number)} ? ({other}) : {truth}({chosen}))"
            if site.condition >= 0:
                held, failed = (count.format(2 * site.condition + side) for side in (0, 1))
                chosen = f"(({chosen}) ? ({held}, true) : ({failed}, false))"
        parts += [text[start : site.start], chosen]
        start = site.end
    return "".join([*parts, text[start:end]])
