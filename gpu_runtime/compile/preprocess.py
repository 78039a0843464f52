"""A user's text as its compiler reads it: conditionals decided, macros written out, and whether the
whole of it compiles.

Contract: `resolve` decides the conditionals of a text with the compiler's own preprocessor and the
macros that its dialect defines (`_OPENMP`, `__CUDACC__`); `expand` writes the text's own macros out
as well. Both keep lines at their numbers and keep includes of system headers as lines; what headers
define stays a name. `problem_of_whole` compiles the whole text. Each answer that is not '' in
`problem` says in one line why a compiler does not take the text, or why it cannot be read as one
does. Nothing of the text is run. The compiler runs in the sandbox; of included files no text is
ever taken over.

    python -c "from gpu_runtime.compile.preprocess import resolve; \\
        print(resolve('#if 0\\nint a;\\n#endif\\nint b;', 'cpp').text)"
"""

from __future__ import annotations

import json
import os
import re
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from corpora.dialects import Dialect, get_dialect
from corpora.frontends.c_directives import directive_lines
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.fortran_lines import detect_form
from corpora.frontends.queries import functions_of
from corpora.ir.edits import Edit, apply_edits
from gpu_runtime.call import shims_cuda
from gpu_runtime.call.shims_cpp import HELPERS, blank_includes
from gpu_runtime.compile import headers, units
from gpu_runtime.compile.constructors import runs_when_loaded
from gpu_runtime.compile.toolchain import (
    digest_parts,
    find_cache_root,
    find_toolchain,
    require_tool,
)
from gpu_runtime.emulation.cuda_rewrite import rewrite_cuda
from gpu_runtime.sandbox.lockdown import CompilerLimits, CompilerRun, run_compiler

__all__ = [
    "Reading",
    "describe_error",
    "expand",
    "list_macro_flags",
    "needs_preprocessor",
    "preprocess_files",
    "problem_of_whole",
    "resolve",
]

LIMITS = CompilerLimits(wall_s=20.0, cpu_s=15, memory_mib=1536, file_mib=16)
_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as a compiler reads it. text: the result; of no use where `problem` is set. problem:
    why there is no result, in one line; '' if there is one.
    """

    text: str
    problem: str = ""


_INCLUDE = re.compile(
    r"[ \t]*#[ \t]*include[ \t]*(<[ \t]*[\w./+-]+[ \t]*>|\"[ \t]*[\w./+-]+[ \t]*\")[ "
    r"\t]*(?://.*|/\*.*)?\s*"
)
_SPLICED_COMMENT = re.compile(r"//[^\n]*\\[ \t]*\n|\\[ \t]+\n|(?<!\n)\\\n[ \t]*#")
_TRIGRAPH = re.compile(r"\?\?[=/'()!<>-]")
_MARKER = re.compile(r'# (\d+) "((?:[^"\\]|\\.)*)"((?: \d)*)$')
_DEFINES = re.compile(r"[ \t]*#[ \t]*(?:define|undef)[ \t]+(\w+)")


def needs_preprocessor(text: str) -> bool:
    """Return whether a text of the C family may differ from what its compiler reads. It may if the
    text has directives other than includes, pragmas and macros, or trigraphs.
    """
    if any(line.word not in ("include", "define", "pragma") for line in directive_lines(text)):
        return True
    return "%:" in text or bool(_SPLICED_COMMENT.search(text) or _TRIGRAPH.search(text))


def resolve(text: str, dialect_name: str) -> Reading:
    """Return the text without the branches of `#if` that the dialect's compiler skips. Macros of
    the C family stay; Fortran's are expanded. A text that cannot be read so gives a Reading with a
    problem.

    dialect_name: such as `cuda`. Raises ToolchainError if the compiler is missing, ValueError for
        an unknown dialect.
    """
    row = get_dialect(dialect_name)
    if row.language == "fortran":
        return _kept("resolve", text, row.name, lambda: _resolved_fortran(text, row))
    found = _kept("resolve", text, row.name, lambda: _resolved(text, row))
    return (
        found if found.problem or not _SPLICED_COMMENT.search(text) else expand(text, dialect_name)
    )


def expand(text: str, dialect_name: str) -> Reading:
    """Return the text without skipped branches and comments, its own macros expanded. A text that
    cannot be read so gives a Reading with a problem.

    dialect_name: such as `cuda`. Raises ToolchainError if the compiler is missing, ValueError for
        an unknown dialect.
    """
    row = get_dialect(dialect_name)
    return _kept("expand", text, row.name, lambda: _expanded(text, row))


def problem_of_whole(text: str, dialect_name: str) -> str:
    """Compile the whole text by its dialect's compiler and return, in one line, why it fails or
    what in it runs when it is loaded; '' for neither. dialect_name: such as `cuda`. Raises
    ToolchainError if the compiler is missing, ValueError for an unknown dialect.
    """
    row = get_dialect(dialect_name)
    ask = (
        _whole_fortran
        if row.language == "fortran"
        else _whole_cuda
        if row.model == "cuda"
        else _whole_cpp
    )
    return _kept("whole", text, row.name, lambda: Reading("", ask(text, row))).problem


# ---- answers kept by content ----


def _kept(kind: str, text: str, dialect_name: str, make) -> Reading:
    return _remembered(kind, text, dialect_name) or _made(kind, text, dialect_name, make)


def _place(kind: str, text: str, dialect_name: str) -> Path:
    key = digest_parts(_VERSION, kind, dialect_name, text, find_toolchain().versions, _own_text())
    return find_cache_root() / "readings" / key[:2] / f"{key}.json"


@lru_cache(maxsize=1)
def _own_text() -> str:
    return Path(__file__).read_text()


def _remembered(kind: str, text: str, dialect_name: str) -> Reading | None:
    try:
        row = json.loads(_place(kind, text, dialect_name).read_bytes())
        return Reading(str(row["text"]), str(row["problem"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # absent or torn: made again


def _made(kind: str, text: str, dialect_name: str, make) -> Reading:
    made = make()
    path = _place(kind, text, dialect_name)
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps({"text": made.text, "problem": made.problem}))
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)  # a cache that cannot be written costs time, not the answer
    return made


# ---- conditionals ----

_CUDA = (
    "-D__CUDACC__=1",
    "-D__NVCC__=1",
    "-D__CUDACC_VER_MAJOR__=12",
    "-D__CUDACC_VER_MINOR__=4",
    "-D__CUDACC_VER_BUILD__=0",
    "-include",
    "math.h",
    "-include",
    "stdlib.h",
)
"""What nvcc defines beside what g++ does; it includes the mathematics by itself."""
_DEVICE = "-D__CUDA_ARCH__=900"


def _resolved(text: str, row: Dialect) -> Reading:
    if trigraph := _TRIGRAPH.search(text):
        return Reading(
            text,
            f"line {_line_of(text, trigraph.start())}: a trigraph, which compilers read in two "
            f"ways; write the character itself",
        )
    if "\0" in text:
        return Reading(text, "the text holds a NUL character")
    if row.model != "cuda" or "__CUDA_ARCH__" not in text:
        return _with_macros(text, row, ())
    host, device = _with_macros(text, row, ()), _with_macros(text, row, (_DEVICE,))
    if host.problem or device.problem:
        return host if host.problem else device
    if _host_part(host.text) != _host_part(device.text):
        return Reading(
            text,
            f"line {_line_of(text, text.find('__CUDA_ARCH__'))}: '__CUDA_ARCH__' gives the "
            f"host another text than the device; "
            "ask for it inside __device__ or __global__ functions alone",
        )
    return device


def _host_part(text: str) -> list[str]:
    """The words of a CUDA text outside of what only the device runs."""
    edits = {
        Edit(f.span.start, f.span.end, "")
        for f in functions_of(parse_c_family(text, "cuda"))
        if f.span is not None and _is_of_device(f.qualifiers)
    }
    return apply_edits(text, edits).split()


def _is_of_device(words: Sequence[str]) -> bool:
    return "__global__" in words or ("__device__" in words and "__host__" not in words)


def _line_of(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


@lru_cache(maxsize=8)
def list_macro_flags(model: str) -> tuple[str, ...]:
    """Return flags for g++ that define the macros of a programming model. model: `cuda`, `openmp`
    or `offload`; any other needs none, which gives (). Not -fopenmp itself: beside
    -fdirectives-only g++ loses pragmas then.
    """
    if model == "cuda":
        return _CUDA
    if model not in ("openmp", "offload"):
        return ()
    _, out = _run("g++", ("-fopenmp", "-E", "-dM"), {"empty.cpp": ""}, "empty.cpp", "out.ii")
    defined = [line.split() for line in out.splitlines() if line.startswith("#define _OPENMP ")]
    return (f"-D_OPENMP={defined[0][2]}",) if defined else ()


def _with_macros(text: str, row: Dialect, more: tuple[str, ...]) -> Reading:
    flags = ("-std=gnu++17", "-E", "-w", *list_macro_flags(row.model), *more, "-idirafter", "stubs")
    found = _own_part(text, (*flags, "-fdirectives-only"))
    if found.problem:
        return found
    # Both must be the same to the compiler: what it makes of the one it makes of the other.
    # One name for both: a text may spell its file's name by __FILE__.
    name = _unknown_name(".cpp")
    before, after = _own_part(text, flags, name=name), _own_part(found.text, flags, name=name)
    if before.problem or after.problem or before.text.split() != after.text.split():
        return Reading(
            text,
            before.problem
            or after.problem
            or "its conditionals cannot be decided one by one; give it with one branch of each",
        )
    otherwise = _own_part(text, (*flags, *_OPTIONS), name=name)
    if otherwise.problem or otherwise.text.split() != before.text.split():
        return Reading(
            text,
            "its conditionals ask for the compiler's options (__OPTIMIZE__ and the like), on "
            "which a verdict must not rest",
        )
    return found


_OPTIONS = ("-O2", "-ffast-math", "-fsanitize=thread", "-fno-pic", "-fno-pie")
"""What a text must not ask for: users compile with these or without."""


def _resolved_fortran(text: str, row: Dialect) -> Reading:
    """As `gfortran` reads a file whose suffix is in capitals (.F90)."""
    form = "-ffixed-form" if detect_form(text) == "fixed" else "-ffree-form"
    return _own_part(
        text,
        ("-cpp", "-E", "-w", form, *(("-fopenmp",) if row.model == "openmp" else ())),
        "gfortran",
        ".F90",
    )


def _own_part(
    text: str,
    flags: tuple[str, ...],
    compiler: str = "g++",
    suffix: str = ".cpp",
    name: str = "",
) -> Reading:
    """What the preprocessor makes of `text` itself. name: of its file, from `_unknown_name`."""
    name = name or _unknown_name(suffix)
    run, out = _run(compiler, flags, {name: text, **_stubs()}, name, "out.ii")
    return Reading(text, describe_error(run, name)) if run.code else _own_lines(text, out, name)


def preprocess_files(
    flags: tuple[str, ...], files: Mapping[str, str], name: str
) -> tuple[CompilerRun, str]:
    """Run g++ on the file `name` in a sandbox, and return (how it ended, what it wrote). The second
    is '' if it failed.

    flags: its options, -E among them; `stubs` is a folder of empty headers that may be included.
        files: texts by their path in the sandbox. Raises ToolchainError if the compiler is missing.
    """
    return _run("g++", flags, {**files, **_stubs()}, name, "out.ii")


def _unknown_name(suffix: str) -> str:
    """A file name that no text can spell, and so forge the lines that say where it comes from."""
    return f"u{secrets.token_hex(12)}{suffix}"


@lru_cache(maxsize=1)
def _stubs() -> dict[str, str]:
    """Empty files for the headers that a program may include and this machine may lack."""
    return {
        f"stubs/{header}": ""
        for header in sorted(headers.CUDA | headers.GENERATED | set(headers.UNREAD))
    }


def _own_lines(text: str, out: str, name: str) -> Reading:
    """Of the preprocessor's output only what stands in the file `name` itself, line by line, and
    the includes of system headers.
    """
    given = text.split("\n")
    rows = [""] * (len(given) + 1)
    files: list[str] = []
    at, own = 0, set()
    for line in _from_first_line(out, name):
        marker = _MARKER.match(line)
        if marker is None:
            found = _DEFINES.match(line) if "#" in line else None
            if not files:
                if at >= len(rows):
                    return Reading(
                        text, "it has lines that its compiler counts otherwise (a line marker?)"
                    )
                rows[at], at = (
                    line.rstrip() if found else line,
                    at + 1,
                )  # of an empty macro the preprocessor leaves a blank
                own |= {found[1]} if found else set()
            elif found and found[1] in own and not found[1].startswith("_"):
                return Reading(
                    text,
                    f"line {at + 1}: the macro '{found[1]}' is redefined by a header that is "
                    f"included behind it",
                )
            continue
        number, file, marks = int(marker[1]), marker[2], marker[3].split()
        if "1" in marks:
            if "3" not in marks:
                return Reading(
                    text,
                    f"line {at + 1}: it includes '{Path(file).name[:40]}', which is no header "
                    f"of the system",
                )
            files.append(file)
        elif "2" in marks and files:
            files.pop()
        elif not files and file != name:
            return Reading(text, f"line {at + 1}: a line marker (#line); take it out")
        if not files:
            if file != name or number > len(rows):
                return Reading(text, "it has a line marker (#line); take it out")
            if "2" in marks:
                if not _INCLUDE.fullmatch(given[number - 2]):
                    return Reading(
                        text,
                        f"line {number - 1}: an #include that cannot be read; write #include "
                        f"<NAME> alone on its line",
                    )
                rows[number - 2] = given[number - 2]
            at = number - 1
    return (
        Reading(text, "the text ends inside an included file")
        if files
        else Reading("\n".join(rows).rstrip("\n") + "\n")
    )


def _from_first_line(out: str, name: str) -> list[str]:
    """The preprocessor's output behind what it defines by itself."""
    told = re.search(r'^# \d+ "<command-line>"', out, re.M)
    begins = re.compile(rf'^# [1-9]\d* "{re.escape(name)}"', re.M).search(
        out, told.end() if told else 0
    )
    return out[begins.start() :].split("\n") if begins else []


# ---- macros ----


def _expanded(text: str, row: Dialect) -> Reading:
    found = _kept("resolve", text, row.name, lambda: _resolved(text, row))
    if found.problem:
        return found
    rows = found.text.split("\n")
    includes = {i: line for i, line in enumerate(rows) if _INCLUDE.fullmatch(line)}
    plain = "\n".join("" if i in includes else line for i, line in enumerate(rows))
    name = f"u{secrets.token_hex(12)}.cpp"
    model = (
        ("-fopenmp",) if row.model in ("openmp", "offload") else ()
    )  # macros in pragmas are OpenMP's
    run, out = _run(
        "g++",
        ("-std=gnu++17", "-E", "-undef", "-nostdinc", "-w", *model),
        {name: plain},
        name,
        "out.ii",
    )
    if run.code:
        return Reading(text, describe_error(run, name))
    made: list[list[str]] = [[] for _ in rows]
    at = 0
    for line in _from_first_line(out, name):
        marker = _MARKER.match(line)
        if marker and marker[2] == name:
            at = int(marker[1]) - 1
        elif at < len(made):
            made[at].append(line)
            at += 1
    for i, line in includes.items():
        made[i].insert(0, line)
    return Reading(
        "\n".join(
            " ".join(parts) if not any("#" in p for p in parts) else "\n".join(parts)
            for parts in made
        ).rstrip("\n")
        + "\n"
    )


# ---- the whole text ----

_QUIET = (
    "-w",
    "-pipe",
    "-O0",
    "-fmax-errors=5",
    "-fdiagnostics-plain-output",
    "-ftemplate-depth=200",
    "-fconstexpr-ops-limit=4194304",
    "-c",
)
_NO_STREAMS = (
    "#include <istream>\n#include <ostream>\n#define _GLIBCXX_IOSTREAM 1\n"
    "namespace std { extern istream cin; extern ostream cout, cerr, clog; }\n"
)
"""<iostream> without the object that starts it: a text that only includes it runs nothing when it
is loaded.
"""
_SNIPPET = "".join(
    f"#include <{name}>\n"
    for name in "math.h stdlib.h string.h stdint.h stdio.h limits.h float.h assert.h stddef.h "
    "stdbool.h".split()
)
_CPP_SNIPPET = (
    _SNIPPET
    + "#include <cmath>\n#include <algorithm>\n#include <limits>\n#include <numeric>\nusing "
    "std::min; using std::max;\n#define restrict __restrict__\n"
)
"""What programs are given without asking for it (docs/verify.md, Headers)."""


_C = ("-std=gnu17", "-Werror=implicit-function-declaration", "-Werror=implicit-int")
"""What nothing declares is an error in C too, since 1999; older compilers only warn, and with -w
not even that.
"""


def _whole_cpp(text: str, row: Dialect) -> str:
    model = units.OPENMP_FLAGS if row.model in ("openmp", "offload") else ()
    streams = _NO_STREAMS if "iostream" in text else ""
    omp = "#include <omp.h>\n" if model else ""
    tries = [
        ("g++", "program.cpp", ("-std=gnu++17",), streams),
        ("g++", "program.cpp", ("-std=gnu++17", "-fpermissive"), streams + _CPP_SNIPPET + omp),
    ]
    if "__cplusplus" not in text:  # C is taken as well, where it reads the same text
        tries.append(("gcc", "program.c", _C, _SNIPPET + omp))
    first = ""
    for compiler, name, flags, before in tries:
        quiet = _QUIET if compiler == "g++" else _QUIET[1:]
        flags = (*flags, *quiet, *model, "-include", "before.h")
        problem, said = _object_problem(compiler, flags, {name: text, "before.h": before}, name)
        if not said:
            return problem
        first = first or said
    return first


def _whole_cuda(text: str, row: Dialect) -> str:
    """By the emulation's headers: nvcc is not needed here."""
    found = resolve(text, row.name)
    if found.problem:
        return found.problem
    wanted = [
        m[1].strip('<>" ')
        for m in (_INCLUDE.fullmatch(line) for line in found.text.splitlines())
        if m
    ]
    if foreign := [
        h
        for h in wanted
        if h not in headers.STANDARD | headers.CUDA | headers.GENERATED | set(headers.UNREAD)
    ]:
        return f"the header '{foreign[0]}' is not known here"
    system = [h for h in wanted if h in headers.STANDARD | set(headers.UNREAD) and h != "iostream"]
    streams = _NO_STREAMS if "iostream" in wanted else ""
    before = (
        streams
        + shims_cuda.include_headers([*units.STANDARD_OF_CUDA, *system])
        + HELPERS
        + shims_cuda.make_prelude()
    )
    body = blank_includes(
        "\n".join("" if _INCLUDE.fullmatch(line) else line for line in found.text.split("\n"))
    )
    problem, said = _object_problem(
        "g++",
        ("-std=gnu++17", *_QUIET, "-include", "before.h"),
        {"program.cpp": f'# 1 "program.cpp"\n{rewrite_cuda(body)}', "before.h": before},
        "program.cpp",
    )
    return said or problem


def _whole_fortran(text: str, row: Dialect) -> str:
    fixed = detect_form(text) == "fixed"
    form = (
        ("-ffixed-form", "-ffixed-line-length-none")
        if fixed
        else ("-ffree-form", "-ffree-line-length-none")
    )
    model = units.OPENMP_FLAGS if row.model == "openmp" else ()
    flags = ("-w", "-c", "-O0", "-fmax-errors=5", "-fdiagnostics-plain-output", *form, *model)
    run, _ = _run("gfortran", flags, {"program.f90": text}, "program.f90", "made.o")
    return describe_error(run, "program.f90") if run.code else ""


def _object_problem(
    compiler: str, flags: tuple[str, ...], files: dict[str, str], name: str
) -> tuple[str, str]:
    """(what the object does that no function is asked for, what the compiler says against the
    text).
    """
    with tempfile.TemporaryDirectory(prefix="coevolve-") as work:
        run = _in_folder(Path(work), compiler, flags, files, name, "made.o")
        if run.code:
            return "", describe_error(run, name)
        return runs_when_loaded(Path(work) / "made.o"), ""


def _run(
    compiler: str, flags: tuple[str, ...], files: dict[str, str], name: str, out: str
) -> tuple[CompilerRun, str]:
    """(how the compiler ended, what it wrote to `out` where that is text)."""
    with tempfile.TemporaryDirectory(prefix="coevolve-") as work:
        run = _in_folder(Path(work), compiler, flags, files, name, out)
        made = Path(work) / out
        return run, "" if run.code or out.endswith(".o") else made.read_text(errors="replace")


def _in_folder(
    folder: Path, compiler: str, flags: tuple[str, ...], files: dict[str, str], name: str, out: str
) -> CompilerRun:
    tools = find_toolchain()
    path = require_tool(
        {"g++": tools.gpp, "gcc": tools.gcc, "gfortran": tools.gfortran}[compiler], compiler
    )
    for file, text in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text, errors="replace", newline="\n")
    for each in folder.rglob("*"):
        each.chmod(0o755 if each.is_dir() else 0o644)
    run = run_compiler([path, *flags, name, "-o", out], folder, LIMITS)
    return (
        run
        if run.code or (folder / out).is_file()
        else replace(run, code=1, text="error: the compiler wrote nothing")
    )


def describe_error(run: CompilerRun, name: str) -> str:
    """Return the first error of a compiler in one line, with its line in the text.

    run: how the compiler ended, unsuccessfully. name: of the text's file, which the compiler's
        messages begin with; it is shown as `program`.
    """
    if run.timed_out:
        return f"its compiler did not finish in {LIMITS.wall_s:g} s"
    lines = [line.strip() for line in run.text.splitlines() if "error:" in line.lower()]
    first = next(
        (line for line in lines if line.startswith(name)),
        lines[0] if lines else f"its compiler ended with code {run.code}",
    )
    file, _, place = first.partition(":")
    number = place.partition(":")[0] if file == name else ""
    behind = first.lower().find("error: ")
    words = (first[behind + len("error: ") :] if behind >= 0 else first).replace(name, "program")
    return f"line {number}: {words[:200]}" if number.isdecimal() else words[:200]
