"""Whole programs (with `main` or Fortran's `program`) compiled to an executable, inside the
sandbox, cached by content.

Contract: `build_program` never raises for what a text does to the compiler: a `ProgramBuild` that
failed holds diagnostics. C is taken as part of the C++ dialects. Our own texts that are linked in
(clocks, counters, what the race detector needs) are compiled once.

    python -c "from gpu_runtime.programs.build import *; from corpora.records import Program; \\
        print(build(Program('cpp', 'main', 'int main() {}')))"
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from corpora.dialects import get_dialect
from corpora.frontends.fortran_lines import detect_form
from corpora.records import Program
from gpu_runtime.backend import Variant
from gpu_runtime.compile.toolchain import (
    NATIVE,
    digest_parts,
    find_cache_root,
    find_toolchain,
    require_tool,
)
from gpu_runtime.compile.units import OPENMP_FLAGS, VARIANT_FLAGS
from gpu_runtime.openmp.schedules import prepare_openmp
from gpu_runtime.sandbox.lockdown import CompilerLimits, run_compiler

LIMITS = CompilerLimits(wall_s=60, cpu_s=30)


class ProgramError(RuntimeError):
    """The launcher died, or the sandbox could not be set up. No program is to blame."""


@dataclass(frozen=True, slots=True)
class ProgramBuild:
    """A whole program, built, or why it could not be.

    program: its text and dialect. variant: how it was built, such as PLAIN, RACE_CHECKED or
        RECORDED; `build_program` lists them. ok: it compiled. executable: its path if `ok`, else
        None. diagnostics: compiler text where it failed; '' if `ok`.
    """

    program: Program
    variant: Variant
    ok: bool
    executable: Path | None = None
    diagnostics: str = ""


_COMMON = ("-w", "-fdiagnostics-plain-output", "-fmax-errors=20", "-fno-strict-aliasing")
# At -O0 nothing that the text reads or writes is left out, however useless it is: a race is a race.
_WATCHED = ("-O0", "-g1", "-fsanitize=thread")
_COUNTED = ("-O1", "-fsanitize-coverage=trace-pc")
_FORTRAN_CHECKS = ("-fcheck=bounds,do,mem,pointer,recursion",)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One way to compile a text: command up to the flags, and the name that the text gets."""

    compiler: str
    name: str
    flags: tuple[str, ...]
    libraries: tuple[str, ...]


def _attempts(program: Program, variant: Variant) -> list[_Attempt]:
    """Ways to compile, the first that works is taken: C++, then C (which the C++ dialect takes as
    well).
    """
    flags = {Variant.RECORDED: _COUNTED, Variant.RACE_CHECKED: _WATCHED}.get(
        variant
    ) or VARIANT_FLAGS[variant]
    row = get_dialect(program.dialect)
    openmp = OPENMP_FLAGS if row.model == "openmp" else ()
    if row.language == "fortran":
        fixed = detect_form(program.text) == "fixed"
        checks = _FORTRAN_CHECKS if variant is Variant.SANITIZED else ()
        form = () if fixed else ("-ffree-line-length-none",)
        return [
            _Attempt(
                "gfortran",
                "program.f" if fixed else "program.f90",
                (*_COMMON, *form, *flags, *checks, *openmp),
                ("-lgfortran", "-lm"),
            )
        ]
    return [
        _Attempt(
            "g++", "program.cpp", (*_COMMON, "-std=gnu++17", *flags, *openmp), ("-lstdc++", "-lm")
        ),
        _Attempt("gcc", "program.c", (*_COMMON, "-std=gnu17", *flags, *openmp), ("-lm",)),
    ]


def build_program(
    program: Program, variant: Variant = Variant.PLAIN, cache_dir: Path | None = None
) -> ProgramBuild:
    """Compile a whole program, or take it from the cache. A text that does not compile gives a
    failed ProgramBuild.

    variant: PLAIN, REASSOCIATED, SANITIZED, RACE_CHECKED (OpenMP), or RECORDED, which counts blocks
        of user code per thread. cache_dir: where builds are kept; None: the default cache.
    Raises ToolchainError if the compiler is missing, ValueError for an unknown dialect.
    """
    cache = find_cache_root(cache_dir)
    folder = cache / "programs"
    folder.mkdir(exist_ok=True)
    if folder.stat().st_mode & 0o055 != 0o055:
        folder.chmod(0o755)
    row = get_dialect(program.dialect)
    text = (
        prepare_openmp(program.text, row.language, variant)
        if row.model == "openmp"
        else program.text
    )
    diagnostics = ""
    for attempt in _attempts(program, variant):
        key = digest_parts(
            text,
            attempt.compiler,
            attempt.name,
            *attempt.flags,
            find_toolchain().versions,
            *_supports(variant).values(),
            "3",
        )
        kept, failed = folder / key, folder / f"{key}.failed"
        if kept.exists():
            return ProgramBuild(program, variant, True, kept)
        if failed.exists():
            diagnostics = diagnostics or failed.read_text()
            continue
        said, timed_out = _compile(attempt, text, variant, cache, kept)
        if not said:
            return ProgramBuild(program, variant, True, kept)
        if not timed_out:  # on a less busy machine it may succeed
            _keep(failed, said.encode(), 0o644)
        diagnostics = diagnostics or said
    return ProgramBuild(program, variant, False, None, diagnostics)


def _supports(variant: Variant) -> dict[str, str]:
    """Our own texts that are linked in: name -> text."""
    names = ["program_clock.h"]
    names += ["program_races.h"] if variant is Variant.RACE_CHECKED else []
    names += ["program_blocks.h"] if variant is Variant.RECORDED else []
    return {name: (NATIVE / name).read_text() for name in names}


@lru_cache(maxsize=8)
def _support_object(name: str, text: str, cache: Path) -> Path:
    """One of our own texts, compiled once per cache; it is trusted, the sandbox is not needed."""
    gcc = require_tool(find_toolchain().gcc, "gcc")
    flags = ("-O1", "-fPIC", *(("-fsanitize=thread",) if name == "program_races.h" else ()))
    path = cache / "bin" / f"{name}-{digest_parts(text, *flags, find_toolchain().versions)}.o"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as work:
            out = f"{work}/support.o"
            done = subprocess.run(
                [gcc, *flags, "-x", "c", "-c", str(NATIVE / name), "-o", out],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise ProgramError(f"cannot build {name}: {done.stderr[:300]}")
            os.replace(out, path)
    return path


def _compile(
    attempt: _Attempt, text: str, variant: Variant, cache: Path, kept: Path
) -> tuple[str, bool]:
    """What the compiler says against the text ('': it is built and kept), and whether it ran out of
    time.
    """
    tools = find_toolchain()
    compiler = require_tool(
        {"g++": tools.gpp, "gcc": tools.gcc, "gfortran": tools.gfortran}[attempt.compiler],
        attempt.compiler,
    )
    with tempfile.TemporaryDirectory(prefix="coevolve-") as work:
        folder = Path(work)
        (folder / attempt.name).write_text(f'# 1 "p0"\n{text}', errors="replace")
        objects = []
        for name, support in _supports(variant).items():
            (folder / f"{name}.o").write_bytes(_support_object(name, support, cache).read_bytes())
            objects.append(f"{name}.o")
        for file in folder.iterdir():
            file.chmod(0o644)
        commands = [
            [compiler, *attempt.flags, "-c", attempt.name, "-o", "made.o"],
            _link(compiler, attempt, objects, variant),
        ]
        for command in commands:
            done = run_compiler(command, folder, LIMITS)
            if done.code:
                return (
                    f"the compiler did not finish in {LIMITS.wall_s:g} s"
                    if done.timed_out
                    else _filter_diagnostics(done.text, attempt.name),
                    done.timed_out,
                )
        fd = os.open(folder / "made", os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(fd, "rb") as file:
            _keep(kept, file.read(), 0o755)
    return "", False


def _link(compiler: str, attempt: _Attempt, objects: list[str], variant: Variant) -> list[str]:
    flags = [f for f in attempt.flags if f.startswith("-fsanitize=") or f in OPENMP_FLAGS]
    libraries = [*attempt.libraries, "-ldl"]
    if variant is Variant.RACE_CHECKED and "-fopenmp" in flags:
        tools = find_toolchain()
        flags.remove(
            "-fopenmp"
        )  # LLVM's run-time, which the detector knows, speaks libgomp's interface
        folder = os.path.dirname(require_tool(tools.libomp, "libomp"))
        libraries = [
            require_tool(tools.libomp, "libomp"),
            f"-Wl,-rpath,{folder}",
            *libraries,
            "-lpthread",
        ]
    # What stands before the OpenMP run-time looks it up only when the program runs: the linker must
    # not think it unused.
    return [
        compiler,
        *flags,
        "-rdynamic",
        "-Wl,--no-as-needed",
        "made.o",
        *objects,
        *libraries,
        "-o",
        "made",
    ]


def _filter_diagnostics(text: str, name: str) -> str:
    """The compiler's errors about the program, at most 20 lines."""
    lines = [_name_program(line, name) for line in text.splitlines()]
    unresolved = "undefined reference"
    errors = [
        f"error: {unresolved}{line.partition(unresolved)[2]}" if unresolved in line else line
        for line in lines
        if "rror" in line or unresolved in line
    ]
    return "\n".join((errors or lines)[:20]) or "the compiler says nothing"


def _name_program(line: str, name: str) -> str:
    """A line of the compiler's about `p0:`, in any folder, with the program's name."""
    file, colon, rest = line.partition(":")
    return f"{name}:{rest}" if colon and file.rpartition("/")[2] == "p0" else line


def _keep(path: Path, data: bytes, mode: int) -> None:
    fd, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        os.fchmod(file.fileno(), mode)
    os.replace(temporary, path)
