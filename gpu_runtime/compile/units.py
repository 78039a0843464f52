"""Compile units: which flags a dialect and variant take, how programs are put together, whose an
error is.

Contract: a `CompileRecipe` is one row per dialect; nothing here runs a compiler (compile.py does).
A unit holds up to MEMBERS_PER_UNIT programs, each in a namespace or module of its own; errors carry
the member's number in the file name.

    pytest tests/gpu_runtime/test_compile.py
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial

from corpora.dialects import DialectError
from corpora.frontends.c_directives import defined_macros
from corpora.frontends.c_tokens import tokenize
from gpu_runtime.backend import CompileRequest, Variant
from gpu_runtime.call import shims_cpp, shims_cuda, shims_fortran
from gpu_runtime.call.assembly import VECTORS, has_vectors
from gpu_runtime.call.wide_literals import widen_literals
from gpu_runtime.compile import headers
from gpu_runtime.compile.toolchain import NATIVE
from gpu_runtime.openmp.offload import expose_target_scalars
from gpu_runtime.openmp.schedules import prepare_openmp

MEMBERS_PER_UNIT = 96
HOST_PART = "cuda host part"
"""Not a dialect: the host functions of a CUDA program beside a real device, as
gpu_runtime.cuda.source makes them.
"""

_FLOATS = ("-fno-fast-math", "-ffp-contract=off", "-fno-math-errno")
_LOOSE = (
    "-O1",
    "-ftree-vectorize",
    "-fvect-cost-model=dynamic",
    "-ffast-math",
    "-fno-finite-math-only",
)  # NaN and infinity keep their meaning: they are outputs too
# Instrumentation does not see memset and memcpy that the compiler expands in place: calls go to the
# hooks instead.
SEEN_CALLS = ("-fno-builtin-memset", "-fno-builtin-memcpy", "-fno-builtin-memmove")
_RECORDED = (
    "-O1",
    *_FLOATS,
    "-fsanitize=thread",
    "--param=tsan-instrument-func-entry-exit=0",
    "-fsanitize-coverage=trace-pc",
)
# A number that a cast's type cannot hold: a CPU gives the least one, a GPU the nearest, C++ and
# Fortran nothing.
_UNDEFINED = "-fsanitize=address,undefined,float-cast-overflow"
VARIANT_FLAGS: dict[Variant, tuple[str, ...]] = {
    Variant.PLAIN: ("-O2", *_FLOATS),
    Variant.RECORDED: _RECORDED,
    # Locals that were never set hold a pattern: what depends on them differs from the plain build.
    # -O0, because an optimiser takes the branch that sets them for granted.
    Variant.SANITIZED: (
        "-O0",
        *_FLOATS,
        "-g1",
        "-ftrivial-auto-var-init=pattern",
        _UNDEFINED,
        "-fno-sanitize=vptr,alignment,vla-bound",
        "-fno-sanitize-recover=undefined,float-cast-overflow",
    ),
    Variant.REASSOCIATED: _LOOSE,
    Variant.PRECISE: ("-O1", *_FLOATS),
    Variant.RACE_CHECKED: ("-O1", *_FLOATS, "-g1", "-fsanitize=thread"),
    Variant.TIMED: ("-O3", *_FLOATS),
    Variant.DRAFT: ("-O0", *_FLOATS, "-ftrivial-auto-var-init=pattern"),
}
FLAVOR: dict[Variant, str] = {Variant.SANITIZED: "asan", Variant.RACE_CHECKED: "tsan"}
"""Runner flavour that a variant needs; `plain` where not named."""
_CONSTRUCTORS = {Variant.RECORDED: 8, Variant.SANITIZED: 8, Variant.RACE_CHECKED: 8}
"""Bytes of constructors that the instrumentation itself brings."""


@dataclass(frozen=True, slots=True)
class CompileRecipe:
    """How programs of one dialect are compiled, several of them in one text (a unit).

    compiler: its command. suffix: of the unit's file. flags: the compiler's, for every variant.
        libraries: the linker's flags. prelude(variant): text before the programs.
    member(request, symbol, number): the text of a program, with the entry `symbol`, as number
        `number` (from 0) of a unit.
    shareable(request): whether the program may share a unit with others. alone(request, symbol):
        the program's text as a unit of its own; None where `member` serves.
    variants: further flags of each variant; one that is absent has none.
    """

    compiler: str
    suffix: str
    flags: tuple[str, ...]
    libraries: tuple[str, ...]
    prelude: Callable[[Variant], str]
    member: Callable[[CompileRequest, str, int], str]
    shareable: Callable[[CompileRequest], bool]
    alone: Callable[[CompileRequest, str], str | None]
    variants: dict[Variant, tuple[str, ...]]


_CPP_FLAGS = (
    "-std=gnu++17",
    "-w",
    "-pipe",
    "-fdiagnostics-plain-output",
    "-fno-strict-aliasing",
    "-fvisibility=hidden",
    "-fmax-errors=40",
    "-ftemplate-depth=200",
    "-fconstexpr-ops-limit=4194304",
)
_FORTRAN_FLAGS = (
    "-w",
    "-ffree-form",
    "-ffree-line-length-none",
    "-fdiagnostics-plain-output",
    "-fmax-errors=40",
    "-fno-strict-aliasing",
)
_FORTRAN_LIBRARIES = ("-lgfortran", "-lquadmath")


@lru_cache(maxsize=1)
def _prelude_cpp() -> str:
    return (NATIVE / "prelude_cpp.h").read_text()


@lru_cache(maxsize=1)
def find_prelude_macros() -> frozenset[str]:
    """Return the names of the macros that the C++ prelude defines."""
    return frozenset(defined_macros(_prelude_cpp()))


_SETTINGS = {
    Variant.PRECISE: "#define CV_PRECISE 1\n",
    Variant.RACE_CHECKED: "#define CV_REAL_DETECTOR 1\n",
}


def _cpp_prelude(variant: Variant) -> str:
    return f'{_SETTINGS.get(variant, "")}# 1 "prelude"\n{_prelude_cpp()}\n'


def _wrap_in_namespace(
    request: CompileRequest, symbol: str, number: int, text: str, shim: str
) -> str:
    undefine = shims_cpp.undefine_macros(request.program.text)
    return (
        f'namespace ns_{symbol} {{\n#line 1 "p{number}"\n{text}\n#line 1 "s{number}"\n'
        f"{undefine}}}\n#pragma GCC visibility push(default)\n{shim}#pragma GCC visibility "
        f"pop\n"
    )


def _cpp_member(request: CompileRequest, symbol: str, number: int) -> str:
    return _wrap_in_namespace(
        request,
        symbol,
        number,
        _cpp_text(request),
        shims_cpp.emit_shim(request, symbol, f"ns_{symbol}"),
    )


def _cpp_text(request: CompileRequest) -> str:
    text = shims_cpp.emit_program(request)
    return widen_literals(text) if request.variant is Variant.PRECISE else text


def _cpp_shareable(request: CompileRequest) -> bool:
    text = request.program.text
    return (
        shims_cpp.can_share_unit(text, find_prelude_macros())
        and set(shims_cpp.find_includes(text)) <= headers.PRELUDE | headers.UNREAD.keys()
    )


def _cuda_alone(request: CompileRequest, symbol: str, more: str = "") -> str | None:
    """The unit of one program with the real headers of the standard library; None where it has no
    use for them. more: the rest of its prelude.
    """
    text = request.program.text
    wanted = [name for name in shims_cpp.find_includes(text) if name in headers.STANDARD]
    if set(wanted) <= headers.PRELUDE and not _names_std(text):
        return None
    head = (
        shims_cuda.include_headers([*STANDARD_OF_CUDA, *wanted])
        + shims_cpp.HELPERS
        + _vectors(request)
    )
    return head + shims_cuda.make_prelude() + "\n" + more + _cuda_member(request, symbol, 0)


def _names_std(text: str) -> bool:
    """Whether a text names the standard library's namespace, in a macro's body too."""
    return "std" in text and any(token.text == "std" for token in tokenize(text))


STANDARD_OF_CUDA = (
    "cmath cstdlib cstring cstdint cstdio climits cfloat algorithm numeric "
    "vector limits utility complex"
).split()


def _cpp_alone(request: CompileRequest, symbol: str) -> str | None:
    """The unit of one program with the real headers; None where they would not help."""
    text = request.program.text
    wanted = shims_cpp.find_includes(text)
    if not wanted and not _names_std(text):
        return None
    names = list(
        dict.fromkeys([*(wanted or STANDARD_OF_CUDA), *(["omp.h"] if "omp_" in text else [])])
    )
    included = "#include <stddef.h>\n" + "".join(
        f"#include <{name}>\n" for name in names if name in headers.STANDARD
    )
    included += _SEEN_CALLS_AFTER_HEADERS if request.variant is Variant.RECORDED else ""
    helpers = _PRECISE_HELPERS if request.variant is Variant.PRECISE else shims_cpp.HELPERS
    return included + helpers + _vectors(request) + _cpp_member(request, symbol, 0)


def _vectors(request: CompileRequest) -> str:
    """What the shim of a function of vectors needs; each of its programs is compiled with the real
    headers.
    """
    return VECTORS if has_vectors(request.signature) else ""


_SEEN_CALLS_AFTER_HEADERS = (
    '#include <cstring>\nextern "C" { void *memset(void *, int, size_t) noexcept '
    '__asm__("cv_memset");\n'
    'void *memcpy(void *, const void *, size_t) noexcept __asm__("cv_memcpy"); void '
    '*memmove(void *, const void *, size_t) noexcept __asm__("cv_memmove"); }\n'
)
_CONSTANTS = (
    "M_E 2.7182818284590452354 "
    "M_LOG2E 1.4426950408889634074 "
    "M_LOG10E 0.43429448190325182765 "
    "M_LN2 0.69314718055994530942 "
    "M_LN10 2.30258509299404568402 "
    "M_PI 3.14159265358979323846 "
    "M_PI_2 1.57079632679489661923 "
    "M_PI_4 0.78539816339744830962 "
    "M_1_PI 0.31830988618379067154 "
    "M_2_PI 0.63661977236758134308 "
    "M_2_SQRTPI 1.12837916709551257390 "
    "M_SQRT2 1.41421356237309504880 "
    "M_SQRT1_2 0.70710678118654752440 "
).split()
_WIDE_CONSTANTS = "".join(
    f"#undef {name}\n#define {name} {digits}L\n"
    for name, digits in zip(_CONSTANTS[::2], _CONSTANTS[1::2], strict=True)
)
"""The constants of <cmath> with the digits that they are written with."""
_PRECISE_HELPERS = shims_cpp.HELPERS.replace(
    "typedef float cv_f32; typedef double cv_f64;",
    "typedef double cv_f32; typedef long double cv_f64;",
) + (f"{_WIDE_CONSTANTS}#define float cv_f32\n#define double cv_f64\n")


def _fortran_member(request: CompileRequest, symbol: str, number: int) -> str:
    module = f"m_{symbol}"
    return (
        f'# 1 "p{number}"\n'
        + shims_fortran.emit_program(request.program.text, module).replace(
            "contains\n", f'contains\n# 1 "p{number}"\n', 1
        )
        + f'# 1 "s{number}"\n'
        + shims_fortran.emit_entry(request, symbol, module)
    )


def _fortran_alone(request: CompileRequest, symbol: str) -> str | None:
    text = shims_fortran.convert_to_free_form(request.program.text)
    return f'# 1 "p0"\n{text}\n# 1 "s0"\n' + shims_fortran.emit_entry(
        request, symbol, shims_fortran.find_entry_module(request)
    )


def _cuda_prelude(variant: Variant) -> str:
    return _cpp_prelude(variant) + shims_cuda.make_prelude() + "\n"


def _beside_device_prelude(variant: Variant) -> str:
    return _cuda_prelude(variant) + _beside_device()


def _beside_device() -> str:
    return (NATIVE / "prelude_device_host.h").read_text()


def _cuda_member(request: CompileRequest, symbol: str, number: int) -> str:
    text = f'#line 1 "p{number}"\n' + shims_cuda.emit_program(request)
    return shims_cuda.include_parts(request.program.text) + _wrap_in_namespace(
        request, symbol, number, text, shims_cuda.emit_shim(request, symbol, f"ns_{symbol}")
    )


def _cuda_member_copied(request: CompileRequest, symbol: str, number: int) -> str:
    """With a copy of the text, in a namespace of its own, where variables that are never set would
    all start alike.
    """
    if (
        request.variant is not Variant.PLAIN
        or not _cuda_shareable(request)
        or not shims_cuda.has_uninitialized(request.program.text)
    ):
        return _cuda_member(request, symbol, number)
    before, after = shims_cuda.WITHOUT_PATTERN
    text = f'#line 1 "p{number}"\n' + shims_cuda.emit_program(request)
    copy = (
        f"{before}namespace ns_{symbol}_copy {{\n{text}\n"
        f"{shims_cpp.undefine_macros(request.program.text)}}}\n{after}"
    )
    return (
        shims_cuda.include_parts(request.program.text)
        + copy
        + _wrap_in_namespace(
            request,
            symbol,
            number,
            text,
            shims_cuda.emit_shim(request, symbol, f"ns_{symbol}", f"ns_{symbol}_copy"),
        )
    )


def _cuda_shareable(request: CompileRequest) -> bool:
    return shims_cpp.can_share_unit(
        request.program.text, find_prelude_macros(), HARMLESS_ATTRIBUTES
    )


HARMLESS_ATTRIBUTES = frozenset({"aligned", "unused", "always_inline", "noinline"})
"""Attributes that say nothing to other programs of a unit."""
_NO_PRECISE = {
    v: f
    for v, f in VARIANT_FLAGS.items()
    if v not in (Variant.PRECISE, Variant.SANITIZED, Variant.RACE_CHECKED)
}
_TRAPS = (
    "-fsanitize=undefined,float-cast-overflow",
    "-fno-sanitize=vptr,alignment,null",
    "-fsanitize-undefined-trap-on-error",
)
"""Undefined arithmetic ends in SIGILL: the checks that need no run-time library, beside the hooks'
own.
"""
# What g++ costs is its optimiser: a function of twenty lines takes 0.4 ms to parse, 4 at -O1 and 9
# at -O2. So only what is timed is optimised well, and what is instrumented, widened or run once not
# at all.
_HASTY = (
    "-fno-ipa-modref",
    "-fno-ipa-profile",
    "-fno-ipa-reference",
    "-fno-ivopts",
    "-fno-tree-bit-ccp",
    "-fno-tree-slsr",
    "-fno-tree-sink",
    "-fno-forward-propagate",
    "-fno-if-conversion2",
    "-fno-guess-branch-probability",
    "-fno-reorder-blocks",
    "-fno-shrink-wrap",
    "-fno-compare-elim",
)
"""Passes of -O1 that cost more than what they save in a run or two. What takes constants out of
loops stays: without it one program in two hundred runs for seconds.
"""
_QUICK = ("-fno-tree-pta", "-fno-tree-sra", *_HASTY)
_CPP_VARIANTS = {
    **VARIANT_FLAGS,
    Variant.PLAIN: ("-O1", *_FLOATS, *_QUICK),
    Variant.PRECISE: (
        "-O1",
        *_FLOATS,
        *_QUICK,
    ),  # at -O0 a local that was never set would widen the error bar
    # Sums in registers are what is taken in another order: loops that would need a second version
    # for overlapping arrays have none.
    Variant.REASSOCIATED: (
        *_LOOSE,
        "-fno-tree-slp-vectorize",
        "--param=vect-max-version-for-alias-checks=0",
        *_HASTY,
    ),
    Variant.RECORDED: ("-O0", *_RECORDED[1:], *SEEN_CALLS),
    # Pointers need no checks of their own: what is reached through one is checked.
    Variant.SANITIZED: (
        "-O0",
        *_FLOATS,
        "-ftrivial-auto-var-init=pattern",
        _UNDEFINED,
        "-fno-sanitize=vptr,alignment,null,pointer-overflow,object-size,vla-bound",
        "-fno-sanitize-recover=undefined,float-cast-overflow",
        "--param=asan-instrumentation-with-call-threshold=0",
    ),
}
_CUDA_VARIANTS = {
    **_NO_PRECISE,
    Variant.PLAIN: ("-O0", *_FLOATS),
    Variant.DRAFT: ("-O0", *_FLOATS),
    Variant.RECORDED: ("-O0", *_FLOATS),
    Variant.SANITIZED: ("-O1", *_FLOATS, *_TRAPS),
    Variant.RACE_CHECKED: ("-O1", *_FLOATS),
}
_FORTRAN_VARIANTS = {
    **VARIANT_FLAGS,
    Variant.SANITIZED: (
        *VARIANT_FLAGS[Variant.SANITIZED],
        "-fcheck=bounds,do,mem,pointer,recursion",
    ),
    Variant.PRECISE: ("-O1", *_FLOATS, "-freal-4-real-8", "-freal-8-real-10"),
}


def _prepare_openmp_text(request: CompileRequest, language: str) -> CompileRequest:
    """The name of the entry stays that of the original text."""
    return replace(
        request,
        program=replace(
            request.program, text=prepare_openmp(request.program.text, language, request.variant)
        ),
    )


OPENMP_FLAGS = ("-fopenmp", "-foffload=disable")
"""Target regions are compiled for the host: an offload compiler that happens to be installed would
take part otherwise, or fail.
"""
_WRAPPED = (
    "GOMP_target_ext",
    "GOMP_target_data_ext",
    "GOMP_target_end_data",
    "GOMP_target_update_ext",
    "GOMP_target_enter_exit_data",
    "GOMP_teams4",
    "omp_get_team_num",
    "omp_get_num_teams",
)
"""What native/offload.c stands in for."""


def _expose_for_races(form: Callable) -> Callable:
    """`form` for a request whose target directives say, under the race detector, what teams and
    lanes share.
    """

    def said(request: CompileRequest, *rest: object) -> str | None:
        if request.variant is Variant.RACE_CHECKED:
            request = replace(
                request,
                program=replace(request.program, text=expose_target_scalars(request.program.text)),
            )
        return form(request, *rest)

    return said


def _offload(row: CompileRecipe) -> CompileRecipe:
    """Target regions on memory of their own. Under the race detector they run on the host's
    (native/program_races.h): teams are threads there.
    """
    made = _openmp(row, "cpp")
    made = replace(made, member=_expose_for_races(made.member), alone=_expose_for_races(made.alone))
    wraps = tuple(f"-Wl,--wrap={name}" for name in _WRAPPED)
    told = (
        "-DCV_TARGETS_TOLD=1",
    )  # flags are part of the cache's key, what is done to the text is not
    return replace(
        made,
        variants={
            v: (*f, *(told if v is Variant.RACE_CHECKED else wraps))
            for v, f in made.variants.items()
        },
    )


def _openmp(row: CompileRecipe, language: str) -> CompileRecipe:
    variants = {
        **row.variants,
        Variant.RACE_CHECKED: (*row.variants[Variant.RACE_CHECKED], "-fopenmp-simd"),
    }
    return replace(
        row,
        flags=(*row.flags, *OPENMP_FLAGS),
        libraries=(*row.libraries, "-lgomp"),
        variants=variants,
        member=lambda request, symbol, number: row.member(
            _prepare_openmp_text(request, language), symbol, number
        ),
        alone=lambda request, symbol: row.alone(_prepare_openmp_text(request, language), symbol),
    )


def _no_prelude(variant: Variant) -> str:
    return ""


def _fortran_shareable(request: CompileRequest) -> bool:
    return not shims_fortran.has_module(request.program.text)


@lru_cache(maxsize=1)
def make_recipes() -> dict[str, CompileRecipe]:
    """Return the recipe of each dialect by its name, such as `cpp`. The key HOST_PART is for the
    host functions of a CUDA program that runs on a device.
    """
    cpp = CompileRecipe(
        "g++",
        ".cpp",
        _CPP_FLAGS,
        (),
        _cpp_prelude,
        _cpp_member,
        _cpp_shareable,
        _cpp_alone,
        _CPP_VARIANTS,
    )
    fortran = CompileRecipe(
        "gfortran",
        ".f90",
        _FORTRAN_FLAGS,
        _FORTRAN_LIBRARIES,
        _no_prelude,
        _fortran_member,
        _fortran_shareable,
        _fortran_alone,
        _FORTRAN_VARIANTS,
    )
    cuda = CompileRecipe(
        "g++",
        ".cpp",
        (*_CPP_FLAGS, *shims_cuda.COMPILE_FLAGS, *SEEN_CALLS),
        (),
        _cuda_prelude,
        _cuda_member_copied,
        _cuda_shareable,
        _cuda_alone,
        _CUDA_VARIANTS,
    )
    variants = {v: VARIANT_FLAGS[v] for v in (Variant.PLAIN, Variant.TIMED)}
    host_part = replace(
        cuda,
        flags=_CPP_FLAGS,
        prelude=_beside_device_prelude,
        member=_cuda_member,
        variants=variants,
        alone=partial(_cuda_alone, more=_beside_device()),
    )
    return {
        "cpp": cpp,
        "openmp": _openmp(cpp, "cpp"),
        "openmp-target": _offload(cpp),
        "cuda": cuda,
        "fortran": fortran,
        "openmp-fortran": _openmp(fortran, "fortran"),
        HOST_PART: host_part,
    }


def find_recipe(dialect: str) -> CompileRecipe:
    """Return how programs of a dialect are compiled. Raises DialectError if the table has no
    recipe for it.
    """
    recipes = make_recipes()
    if dialect not in recipes:
        raise DialectError(
            f"dialect '{dialect}' has no recipe to compile it; add one to the table of "
            f"make_recipes in gpu_runtime/compile/units.py"
        )
    return recipes[dialect]


def compute_constructor_bytes(request: CompileRequest, recipe: CompileRecipe) -> int:
    """Return the size in bytes of the constructor tables that the compiler itself adds to a shared
    object of the request's variant. recipe: that of the request's dialect.
    """
    return 8 if "-fsanitize=thread" in recipe.flags else _CONSTRUCTORS.get(request.variant, 0)


def emit_unit(
    recipe: CompileRecipe, requests: Sequence[CompileRequest], symbols: Sequence[str]
) -> str:
    """Return the text of a compile unit: the prelude and each program. recipe: that of the
    requests' dialect. All requests are of one dialect and variant; there is at least one. symbols:
    the entry symbols of the requests, in order.
    """
    members = [
        recipe.member(r, s, k) for k, (r, s) in enumerate(zip(requests, symbols, strict=True))
    ]
    return recipe.prelude(requests[0].variant) + "".join(members)


_OWNED = re.compile(r"^([ps])(\d+):(\d+)")
OWN_NAMES = re.compile(r"ns_cv_[0-9a-f]+::(\{anonymous\}::)?")


def find_failing_members(diagnostics: str) -> set[int]:
    """Return the numbers of the programs in a unit, from 0, that the compiler reports errors for.
    diagnostics: the compiler's whole text.
    """
    found = set()
    for line in diagnostics.splitlines():
        owner = _OWNED.match(line)
        if owner and "error: " in line.lower():
            found.add(int(owner[2]))
    return found


def filter_diagnostics(diagnostics: str, number: int, suffix: str) -> str:
    """Return the compiler's lines about one program of a unit, at most 20; '' if there are none.

    diagnostics: the compiler's whole text. number: the program's place in the unit, from 0. suffix:
        of source files, such as `.cpp`. File names become `program` with `suffix`, or `call` for
        the text around it.
    """
    lines = []
    for line in diagnostics.splitlines():
        owner = _OWNED.match(line)
        if owner and int(owner[2]) == number and ("note:" not in line or len(lines) < 6):
            name = f"program{suffix}" if owner[1] == "p" else "call"
            lines.append(name + OWN_NAMES.sub("", line[len(owner[1]) + len(owner[2]) :]))
    return "\n".join(lines[:20])
