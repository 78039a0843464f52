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
from dataclasses import dataclass, field, replace

from corpora.datasets.nas_routines import CPP_ROUTINES, FORTRAN_ROUTINES, MODULE_ROUTINES
from corpora.syntax.c_family import find_c_functions, parse_c_family
from corpora.syntax.fortran import find_procedures, split_commas


@dataclass(frozen=True, slots=True)
class NasBenchmark:
    """Shared data of one benchmark, as Fortran entities `name(bounds)`; first bound 1 where not
    given.

    constants: `NAME=value` of C++ and Fortran alike; cpp_constants: those whose value differs there
    (indices from 0). sizes: integers that have one value in a class, arrays as `name=a:b:c`;
    cpp_sizes: those that count from 0 there. cpp_arrays: arrays whose shape differs on the C++
    side. scratch: arrays that are local on one side.
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
    ("bt", r"\bbt_data\b"),
    ("sp", r"\bsp_data\b"),
    ("lu", r"\blu_data\b|\bISIZ1\b"),
    ("cg", r"\bcg_data\b|\btinfo\b|\bNONZER\b|\bvecset\b"),
    ("ft", r"\bft_data\b|\bipow46\b"),
    ("mg", r"\bmg_data\b|\bMM\b"),
)


def find_benchmark(cpp: str, fortran: str) -> str:
    """The benchmark that a row belongs to by what it uses, '' where nothing says."""
    return next((name for name, mark in _MARKS if re.search(mark, f"{fortran}\n{cpp}")), "")


def complete_rows(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Rows (C++, Fortran) with declarations, routines, and the other functions of the same
    benchmark that they call.
    """
    names = [find_benchmark(*row) for row in rows]
    plain = [(_strip_timers_cpp(cpp), _strip_timers_fortran(fortran)) for cpp, fortran in rows]
    return [_complete_row(i, plain, names) if names[i] else plain[i] for i in range(len(plain))]


def _complete_row(i: int, rows: list[tuple[str, str]], names: list[str]) -> tuple[str, str]:
    known = BENCHMARKS[names[i]]
    others = [row for j, row in enumerate(rows) if j != i and names[j] == names[i]]
    cpp, fortran = rows[i]
    known = _drop_fixed_sizes(known, f"{cpp}\n{fortran}")
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


def _drop_fixed_sizes(known: NasBenchmark, text: str) -> NasBenchmark:
    """`known` without the fixed sizes that `text` sets itself, and without variables for the
    others.
    """
    assigned = set(re.findall(r"\b(\w+)\s*(?:[\[(][^\])\n]*[\])])?\s*=(?!=)", text.lower()))
    fixed = [pair for pair in known.sizes.split() if pair.partition("=")[0] not in assigned]
    names = {pair.partition("=")[0] for pair in fixed}
    integers = [e for e in _entities(known.integers) if _extents(e)[0] not in names]
    return replace(known, sizes=" ".join(fixed), integers=" ".join(integers))


def _functions_cpp(text: str) -> dict[str, str]:
    return {f.name: f.node.text.decode() for f in find_c_functions(parse_c_family(text).root_node)}


def _functions_fortran(text: str) -> dict[str, str]:
    rows = text.splitlines()
    return {p.name: "\n".join(rows[p.first : p.last + 1]) for p in find_procedures(text)}


def _helpers(text: str, others: list[str], functions_of) -> list[str]:
    """Functions of the other texts that `text` names, directly or through others, callees first."""
    available: dict[str, str] = {}
    for other in others:
        for name, body in functions_of(other).items():
            available.setdefault(name, body)
    own = set(functions_of(text))
    found: dict[str, str] = {}
    waiting = [text]
    while waiting:
        for word in sorted(
            set(re.findall(r"[a-z_]\w*", waiting.pop().lower()))
            & (set(available) - own - set(found))
        ):
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


def _aliases(known: NasBenchmark, text: str) -> list[str]:
    """Further modules of the benchmark: the same data under another name."""
    return [
        line
        for name in known.aliases
        if re.search(rf"\buse\s+{name}\b", text, re.I)
        for line in _module(name, known)
    ]


def _add_scratch_data(text: str, known: NasBenchmark) -> str:
    """Scratch data that a procedure names and does not declare, as local variables behind its
    IMPLICIT NONE; their modules dropped.
    """
    parts = re.split(
        r"(?im)^(?=[ \t]*(?:subroutine|(?:double\s+precision\s+|integer\s+)?function)\b)",
        re.sub(r"(?im)^[ \t]*use\s+work_\w+[ \t]*\n", "", text),
    )
    for k, part in enumerate(parts):
        words = set(re.findall(r"\w+", part.lower()))
        declared = {
            e.partition("(")[0].strip()
            for line in re.findall(
                r"(?im)^[ \t]*(?:double\s+precision|integer)\b([^\n]*(?:&\s*\n[^\n]*)*)", part
            )
            for e in split_commas(line.lower().replace("&", " "))
        }
        arguments = set(
            re.findall(r"\w+", re.match(r"[^\n]*(?:&[ \t]*\n[^\n]*)*", part)[0].lower())
        )  # type: ignore[index]
        wanted = [
            e
            for e in _entities(known.scratch)
            if e.partition("(")[0] in words - declared - arguments
        ]
        added = "".join(f"double precision :: {e}\n" for e in wanted)
        parts[k] = re.sub(
            r"(?im)^([ \t]*implicit\s+none[ \t]*\n)",
            lambda m, added=added: m[1] + added,
            part,
            count=1,
        )
    return "".join(parts)


# ---- timers and compiler switches ----

_C_TIMER = re.compile(
    r"if\s*\(\s*timer(?:on|s_enabled)\b[^(){}]*\)\s*\{[^{}]*\}|\bint\s+thread_id\s*=\s*omp_get_thread_num\s*\(\s*\)\s*;"
)
_SHARED_LOCAL = re.compile(r"^([ \t]*)static[ \t]+(?=(?:double|int)\b[^(){}=]*;)", re.M)
"""Local variables that are static only so that the threads of a team share them; each is set before
it is read.
"""
_F_TIMER = re.compile(
    r"^[ \t]*if\s*\(\s*timer(?:on|s_enabled)\s*\)\s*call\s+timer_\w+\s*\([^()]*\)[ \t]*$",
    re.M | re.I,
)
_SWITCH = re.compile(
    r"^[ \t]*#ifdef __clang__.*?^[ \t]*#else[ \t]*\n(.*?)^[ \t]*#endif[ \t]*\n", re.M | re.S
)


def _strip_timers_cpp(text: str) -> str:
    return _SHARED_LOCAL.sub(r"\1", _C_TIMER.sub("", _SWITCH.sub(r"\1", text)))


def _strip_timers_fortran(text: str) -> str:
    return _F_TIMER.sub("", text)
