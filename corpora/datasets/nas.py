"""What functions of the NAS Parallel Benchmarks lean on outside themselves: shared data, constants,
and small routines.

A row of such a data set holds one function; the modules (`use bt_data`), global arrays and routines
that it names lie elsewhere. Here they are declared anew for the two sides alike: data by the names,
types and bounds that the benchmarks are known by, at class S (12 points a side; FT 16, MG and CG
cut down), and the routines that a row calls (5x5 block solves, the linear congruential generator,
one FFT step) written for this project from what they compute. Timers are left out: `if (timeron)
call timer_start(..)` and its like, and what only they need, and static locals, by which threads
share them, become plain. Scratch modules (`use work_lhs`) become local variables. Other functions
of the same benchmark come from their own rows. What a function shares becomes arguments when it is
extracted (corpora.extraction.lift_c_family, lift_fortran).

Contract: `complete_rows(rows)` gives every (C++, Fortran) row with all that is known put in front
of and behind it; nothing raises.

    python benchmarks/fortran_pairs.py ../shared/data/fortran_cpp --set nas
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from corpora.analysis.loops import root_name
from corpora.datasets.nas_routines import CPP_ROUTINES, FORTRAN_ROUTINES, MODULE_ROUTINES
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import Token, tokenize
from corpora.frontends.fortran import parse_fortran
from corpora.frontends.fortran_lines import read_lines
from corpora.frontends.queries import declarations_in, functions_of, source_text
from corpora.ir import (
    Assign,
    AssignExpression,
    Call,
    Declaration,
    Edit,
    ExpressionStatement,
    Function,
    If,
    Increment,
    Name,
    Specification,
    TranslationUnit,
    apply_edits,
    find,
    names_in,
)


@dataclass(frozen=True, slots=True)
class NasBenchmark:
    """The shared data of one NAS benchmark. Entities are written as in Fortran, `name(bounds)`; a
    lower bound is 1 where not given.

    integers, doubles, complexes: texts that list the entities of each type, separated by blanks; ''
        for none, as in the other fields.
    constants: `NAME=value` in both languages. cpp_constants: those with another value in C++, which
        counts from 0.
    sizes: `name=value` of integers with a fixed value, and arrays as `name=a:b:c`. cpp_sizes: those
        with another value in C++.
    cpp_arrays: arrays with another shape in C++. scratch: arrays and scalars that are local on one
    side.
    aliases: names of small modules to declare where a row uses them.
    """

    integers: str = ""
    doubles: str = ""
    complexes: str = ""
    constants: str = ""
    cpp_constants: str = ""
    sizes: str = ""
    cpp_sizes: str = ""
    cpp_arrays: str = ""
    scratch: str = ""
    aliases: tuple[str, ...] = field(default=())


_FLOW = """tx1 tx2 tx3 ty1 ty2 ty3 tz1 tz2 tz3 dx1 dx2 dx3 dx4 dx5 dy1 dy2 dy3 dy4 dy5 dz1 dz2
dz3 dz4 dz5 dssp dt dxmax dymax dzmax xxcon1 xxcon2 xxcon3 xxcon4 xxcon5 yycon1 yycon2 yycon3
yycon4 yycon5 zzcon1 zzcon2 zzcon3 zzcon4 zzcon5 dx1tx1 dx2tx1 dx3tx1 dx4tx1 dx5tx1 dy1ty1 dy2ty1
dy3ty1 dy4ty1 dy5ty1 dz1tz1 dz2tz1 dz3tz1 dz4tz1 dz5tz1 dnxm1 dnym1 dnzm1 c1c2 c1c5 c3c4 c1345
conz1 c1 c2 c3 c4 c5 c4dssp c5dssp dtdssp dttx1 dttx2 dtty1 dtty2 dttz1 dttz2 c2dttx1 c2dtty1
c2dttz1 comz1 comz4 comz5 comz6 c3c4tx3 c3c4ty3 c3c4tz3 c2iv con43 con16 bt ce(5,13)
us(0:12,0:12,0:11) vs(0:12,0:12,0:11) ws(0:12,0:12,0:11) qs(0:12,0:12,0:11) rho_i(0:12,0:12,0:11)
square(0:12,0:12,0:11) speed(0:12,0:12,0:11) u(5,0:12,0:12,0:11) rhs(5,0:12,0:12,0:11)
forcing(5,0:12,0:12,0:11) cuf(0:12) q(0:12) ue(0:12,5) buf(0:12,5)"""
_LU = """dxi deta dzeta tx1 tx2 tx3 ty1 ty2 ty3 tz1 tz2 tz3 dx1 dx2 dx3 dx4 dx5 dy1 dy2 dy3 dy4
dy5 dz1 dz2 dz3 dz4 dz5 dssp dt omega frc ttotal maxtime tolrsd(5) rsdnm(5) errnm(5) ce(5,13)
u(5,13,13,12) rsd(5,13,13,12) frct(5,13,13,12) qs(13,13,12) rho_i(13,13,12) a(5,5,12) b(5,5,12)
c(5,5,12) d(5,5,12)"""
BENCHMARKS = {
    "bt": NasBenchmark(
        "grid_points(3)",
        _FLOW,
        sizes="grid_points=12:12:12",
        constants="PROBLEM_SIZE=12 IMAX=12 JMAX=12 KMAX=12 IMAXP=12 JMAXP=12 BLOCK_SIZE=5 AA=1 "
        "BB=2 CC=3",
        cpp_constants="AA=0 BB=1 CC=2",
        scratch="fjac(5,5,0:12) njac(5,5,0:12) lhs(5,5,3,0:12) tmp1 tmp2 tmp3",
    ),
    "sp": NasBenchmark(
        "grid_points(3) nx2 ny2 nz2",
        _FLOW,
        sizes="grid_points=12:12:12 nx2=10 ny2=10 nz2=10",
        constants="PROBLEM_SIZE=12 IMAX=12 JMAX=12 KMAX=12 IMAXP=12 JMAXP=12",
        scratch="cv(0:12) rhov(0:12) rhon(0:12) lhs(5,0:12) lhsp(5,0:12) lhsm(5,0:12)",
    ),
    "lu": NasBenchmark(
        "nx ny nz nx0 ny0 nz0 ist iend jst jend ii1 ii2 ji1 ji2 ki1 ki2 itmax inorm ipr",
        _LU,
        sizes="nx=12 ny=12 nz=12 nx0=12 ny0=12 nz0=12 ist=2 iend=11 jst=2 jend=11 ii1=2 ii2=11 "
        "ji1=2 ji2=10 ki1=3 ki2=11 itmax=50",
        cpp_sizes="ist=1 jst=1 ii1=1 ji1=1 ki1=2",
        constants="ISIZ1=12 ISIZ2=12 ISIZ3=12 C1=1.4 C2=0.4 C3=0.1 C4=1.0 C5=1.4",
        scratch="flux(5,12)",
        cpp_arrays="a(5,5,13,12) b(5,5,13,12) c(5,5,13,12) d(5,5,13,12)",
    ),
    "cg": NasBenchmark(
        "naa nzz firstrow lastrow firstcol lastcol colidx(1024) rowstr(66) ilow ihigh myid "
        "num_threads last_n(0:8)",
        "a(1024) x(66) z(66) p(66) q(66) r(66) amult tran",
        constants="NA=64 NONZER=3 KZ=4 MAX_THREADS=8 RCOND=0.1 SHIFT=10.0",
        aliases=("tinfo",),
    ),
    "ft": NasBenchmark(
        "dims(3) niter",
        "",
        "u(16)",
        constants="NX=16 NY=16 NZ=16 FFTBLOCK=4 FFTBLOCKPAD=5 SEED=314159265.0 A=1220703125.0",
    ),
    "mg": NasBenchmark("nx(8) ny(8) nz(8) lt lb", "", constants="MM=10"),
}
_MARKS = (
    ("bt", {"bt_data"}),
    ("sp", {"sp_data"}),
    ("lu", {"lu_data", "ISIZ1"}),
    ("cg", {"cg_data", "tinfo", "NONZER", "vecset"}),
    ("ft", {"ft_data", "ipow46"}),
    ("mg", {"mg_data", "MM"}),
)
_WORD = re.compile(r"[A-Za-z_]\w*")


def find_benchmark(cpp: str, fortran: str) -> str:
    """Return the short name of the NAS benchmark, such as `bt` or `lu`, that a row belongs to, ''
    where unknown. cpp, fortran: the row's texts.
    """
    words = {*_WORD.findall(cpp), *_WORD.findall(fortran)}
    return next((name for name, marks in _MARKS if marks & words), "")


def complete_rows(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the rows, in order, with the declarations, routines and other functions of their NAS
    benchmark that they need. Rows of no known benchmark only lose their timers.

    rows: (C++ text, Fortran text), as in the result. Functions that a row lacks are taken from the
    other rows of its benchmark.
    """
    names = [find_benchmark(*row) for row in rows]
    plain = [(_strip_timers_cpp(cpp), _strip_timers_fortran(fortran)) for cpp, fortran in rows]
    return [_complete_row(i, plain, names) if names[i] else plain[i] for i in range(len(plain))]


def _complete_row(i: int, rows: list[tuple[str, str]], names: list[str]) -> tuple[str, str]:
    known = BENCHMARKS[names[i]]
    others = [row for j, row in enumerate(rows) if j != i and names[j] == names[i]]
    cpp, fortran = rows[i]
    known = _drop_fixed_sizes(known, cpp, fortran)
    routines = f"{_declarations_cpp(known)}\n{CPP_ROUTINES.get(names[i], '')}"
    helpers = _helpers(cpp, [*(row[0] for row in others)], _functions_cpp)
    cpp = "\n".join([routines, *helpers, cpp])
    helpers = _helpers(
        fortran,
        [FORTRAN_ROUTINES.get(names[i], ""), *(row[1] for row in others)],
        _functions_fortran,
    )
    fortran = "\n".join(_add_scratch_data(text, known) for text in [fortran, *helpers])
    return cpp, "\n".join(
        [
            *(_module(f"{names[i]}_data", known) if f"{names[i]}_data" in fortran else []),
            *_aliases(known, fortran),
            fortran,
        ]
    )


def _drop_fixed_sizes(known: NasBenchmark, cpp: str, fortran: str) -> NasBenchmark:
    """`known` without the fixed sizes that one of the texts sets itself, and without variables for
    the others.
    """
    assigned: set[str] = set()
    for unit in (parse_c_family(cpp, "cpp"), parse_fortran(fortran)):
        for node in find(unit.items, Assign, AssignExpression, Increment):
            assigned.add((root_name(node.target) or "").lower())
    fixed = [pair for pair in known.sizes.split() if pair.partition("=")[0] not in assigned]
    names = {pair.partition("=")[0] for pair in fixed}
    integers = [e for e in _entities(known.integers) if _extents(e)[0] not in names]
    return replace(known, sizes=" ".join(fixed), integers=" ".join(integers))


def _functions_cpp(text: str) -> dict[str, str]:
    return _function_texts(parse_c_family(text, "cpp"))


def _functions_fortran(text: str) -> dict[str, str]:
    return _function_texts(parse_fortran(text))


def _function_texts(unit: TranslationUnit) -> dict[str, str]:
    return {f.name: source_text(unit, f) for f in functions_of(unit)}


def _helpers(
    text: str, others: list[str], functions_of_text: Callable[[str], dict[str, str]]
) -> list[str]:
    """Functions of the other texts that `text` names, directly or through others, callees first."""
    available: dict[str, str] = {}
    for other in others:
        for name, body in functions_of_text(other).items():
            available.setdefault(name, body)
    own = set(functions_of_text(text))
    found: dict[str, str] = {}
    waiting = [text]
    while waiting:
        words = set(_WORD.findall(waiting.pop().lower()))
        for word in sorted(words & (set(available) - own - set(found))):
            found[word] = available[word]
            waiting.append(available[word])
    return list(found.values())[::-1]


# ---- declarations ----


def _extents(entity: str) -> tuple[str, list[int]]:
    name, _, bounds = entity.rstrip(")").partition("(")
    pairs = [part.rpartition(":") for part in bounds.split(",")] if bounds else []
    return name, [int(last) - int(first or 1) + 1 for first, _, last in pairs]


def _entities(text: str) -> list[str]:
    return text.split()


def _declarations_cpp(known: NasBenchmark) -> str:
    lines = [
        "typedef bool boolean;",
        "#define TRUE 1",
        "#define FALSE 0",
        "typedef struct { double real; double imag; } dcomplex;",
    ]
    constants = dict(
        pair.split("=") for pair in (known.constants + " " + known.cpp_constants).split()
    )
    lines += [f"#define {name} {value}" for name, value in constants.items()]
    own = dict(pair.split("=") for pair in known.cpp_sizes.split())
    for name, value in (pair.split("=") for pair in known.sizes.split()):
        values = value.split(":")
        lines.append(
            f"static const int {name}[{len(values)}] = {{{', '.join(values)}}};"
            if len(values) > 1
            else f"static const int {name} = {own.get(name, value)};"
        )
    override = {_extents(e)[0]: e for e in _entities(known.cpp_arrays)}
    for type_, text in (
        ("int", known.integers),
        ("double", known.doubles),
        ("dcomplex", known.complexes),
    ):
        for entity in _entities(text):
            name, extents = _extents(override.get(_extents(entity)[0], entity))
            lines.append(f"static {type_} {name}{''.join(f'[{n}]' for n in reversed(extents))};")
    return "\n".join(lines)


def _declarations_fortran(known: NasBenchmark) -> list[str]:
    lines = []
    for pair in known.constants.split():
        name, _, value = pair.partition("=")
        real = "." in value
        lines.append(
            f"{'double precision' if real else 'integer'}, parameter :: {name.lower()} = "
            f"{value}{'d0' if real else ''}"
        )
    for name, value in (pair.split("=") for pair in known.sizes.split()):
        values = value.split(":")
        lines.append(
            f"integer, parameter :: {name}({len(values)}) = [{', '.join(values)}]"
            if len(values) > 1
            else f"integer, parameter :: {name} = {value}"
        )
    for type_, text in (
        ("integer", known.integers),
        ("double precision", known.doubles),
        ("double complex", known.complexes),
    ):
        lines += [f"{type_} :: {entity}" for entity in _entities(text)]
    return lines


def _module(name: str, known: NasBenchmark) -> list[str]:
    routines = MODULE_ROUTINES.get(name, "")
    return [
        f"module {name}",
        "implicit none",
        *_declarations_fortran(known),
        *(["contains", routines] if routines else []),
        "end module",
    ]


def _used_modules(text: str) -> Iterator[tuple[str, Edit]]:
    """Modules that Fortran text uses, each with the edit that drops its line."""
    for line in read_lines(text):
        words = [token.text for token in line.tokens if token.kind == "id"]
        if len(words) > 1 and words[0] == "use" and line.tokens[0].text == "use":
            start = text.rfind("\n", 0, line.span.start) + 1
            yield words[1], Edit(start, _line_end(text, line.span.end), "")


def _line_end(text: str, at: int) -> int:
    """Where the line after that of offset `at` begins."""
    return text.find("\n", at) + 1 or len(text)


def _aliases(known: NasBenchmark, text: str) -> list[str]:
    """Further modules of the benchmark: the same data under another name."""
    used = {name for name, _ in _used_modules(text)}
    return [line for name in known.aliases if name in used for line in _module(name, known)]


def _add_scratch_data(text: str, known: NasBenchmark) -> str:
    """Scratch data that a procedure names and does not declare, as local variables behind its
    IMPLICIT NONE; their modules dropped.
    """
    edits = [edit for name, edit in _used_modules(text) if name.startswith("work_")]
    for function in functions_of(parse_fortran(text)):
        own = {p.name for p in function.parameters} | {d.name for d in _declared(function)}
        wanted = names_in(function.body or ()) - own
        rows = [
            f"double precision :: {entity}\n"
            for entity in _entities(known.scratch)
            if entity.partition("(")[0] in wanted
        ]
        none = [s for s in find(function.body or (), Specification) if s.keyword == "implicit"]
        if none and rows:
            at = _line_end(text, none[0].span.end)
            edits.append(Edit(at, at, "".join(rows)))
    return apply_edits(text, edits)


def _declared(function: Function) -> list[Declaration]:
    return [d for d in declarations_in(function) if not d.implicit]


# ---- timers and compiler switches ----

_TIMER_SWITCHES = frozenset({"timeron", "timers_enabled"})


def _strip_timers_cpp(text: str) -> str:
    """C++ without its timers, and without what only they need. Local variables that are static
    only so that the threads of a team share them become plain: each is set before it is read.
    """
    text = _choose_branches(text, "__clang__")
    edits: list[Edit] = []
    words = [t for t in tokenize(text) if t.text == "static"]
    for function in functions_of(parse_c_family(text, "cpp")):
        edits += _timer_edits(function)
        for declaration in declarations_in(function):
            group = declaration.group or declaration.span
            if declaration.value == Call(Name("omp_get_thread_num"), ()):
                edits.append(Edit(group.start, group.end, ""))
            elif "static" in declaration.storage and declaration.value is None:
                edits += [
                    Edit(t.start, t.end, "") for t in words if group.start <= t.start < group.end
                ]
    return apply_edits(text, dict.fromkeys(edits))


def _strip_timers_fortran(text: str) -> str:
    edits = [e for f in functions_of(parse_fortran(text)) for e in _timer_edits(f)]
    return apply_edits(text, dict.fromkeys(edits))


def _timer_edits(function: Function) -> Iterator[Edit]:
    """Drops every `if` on a timer's switch that does nothing but call."""
    for node in find(function.body or (), If):
        calls = all(
            isinstance(s, ExpressionStatement) and isinstance(s.expression, Call) for s in node.then
        )
        if names_in(node.test) & _TIMER_SWITCHES and calls and not node.otherwise:
            yield Edit(node.span.start, node.span.end, "")


def _choose_branches(text: str, macro: str) -> str:
    """C++ in which each `#ifdef macro` is decided: the branch of `#else` stays."""
    edits: list[Edit] = []
    waiting: list[int | None] = []
    """Of each open condition where the text to drop begins, None where it stays."""
    tokens: list[Token] = tokenize(text)
    for mark, word, name in zip(tokens, tokens[1:], [*tokens[2:], None], strict=False):
        if mark.text != "#" or not mark.first:
            continue
        start = text.rfind("\n", 0, mark.start) + 1
        if word.text == "ifdef" and name is not None and name.text == macro:
            waiting.append(start)
        elif word.text in ("if", "ifdef", "ifndef"):
            waiting.append(None)
        elif word.text == "else" and waiting and waiting[-1] is not None:
            edits.append(Edit(waiting[-1], _line_end(text, word.end), ""))
            waiting[-1] = -1
        elif word.text == "endif" and waiting:
            opened = waiting.pop()
            if opened is not None:
                begin = start if opened == -1 else opened
                edits.append(Edit(begin, _line_end(text, word.end), ""))
    return apply_edits(text, edits)
