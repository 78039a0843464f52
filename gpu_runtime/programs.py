"""Whole programs (with `main` or Fortran's `program`): compiled to an executable, run in the sandbox, what they did as a record.

Contract: `build` and `run` never raise for what a program does: a `ProgramBuild` that failed holds diagnostics, a `ProgramRun`
has a status. Every run is a process of its own with a private, sized file system in memory as its work folder; what it leaves there
is handed back. ProgramError and ToolchainError mean that our own machinery failed.

    python -c "from gpu_runtime.programs import *; from corpora.records import Program; \
print(run(build(Program('cpp', 'main', '#include <cstdio>\\nint main() { puts(\\"hello\\"); }'))).stdout)"
"""

from __future__ import annotations

import os
import re
import signal
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path

from corpora.dialects import dialect
from corpora.fortran_syntax import is_fixed_form
from corpora.program_tests import ProgramTest
from corpora.records import Program
from gpu_runtime import sandbox
from gpu_runtime.backend import Status, Variant
from gpu_runtime.endings import sanitizer_line, signal_name
from gpu_runtime.openmp_lanes import exposed
from gpu_runtime.sandbox import CompilerLimits, run_compiler
from gpu_runtime.toolchain import NATIVE, cache_root, digest, find_toolchain, require, runner_binary
from gpu_runtime.units import VARIANT_FLAGS

_END = struct.Struct("<iiqqii")
_FILE = struct.Struct("<II")
_SANITIZER_EXIT = 88
_FEATURES_OF_FILES = sandbox.OWN_PROC
LIMITS = CompilerLimits(wall_s=60, cpu_s=30)
_numbers = count()


class ProgramError(RuntimeError):
    """Our own machinery failed: the launcher died, or the lock-down could not be set up."""


@dataclass(frozen=True, slots=True)
class ProgramBuild:
    """`executable` is set where `ok`; diagnostics: compiler text of the program otherwise."""

    program: Program
    variant: Variant
    ok: bool
    executable: Path | None = None
    diagnostics: str = ""


@dataclass(frozen=True, slots=True)
class ProgramLimits:
    """Limits of one run. file_mib bounds every file, both output streams and the work folder as a whole."""

    wall_s: float = 10.0
    cpu_s: int = 40
    memory_mib: int = 1024
    file_mib: int = 8


@dataclass(frozen=True, slots=True)
class Setting:
    """What a run is told beside the test. clock: (seconds ahead, rate) of a moved clock, None for the true one."""

    threads: int = 1
    schedule: str = "static"
    clock: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class ProgramRun:
    """What one run did. status OK means that it ended by itself, with whatever `exit_code`.

    files: (name, content) of regular files left in the work folder, by name. blocks: where counted (Variant.RECORDED), blocks of user
    code that each thread ran inside parallel regions, most first.
    """

    status: Status
    detail: str = ""
    exit_code: int = 0
    stdout: str = ""
    stderr: str = ""
    files: tuple[tuple[str, bytes], ...] = ()
    cpu_ms: int = 0
    blocks: tuple[int, ...] = ()


# ---- building ----

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
    """Ways to compile, the first that works is taken: C++, then C (which the C++ dialect takes as well)."""
    flags = {Variant.RECORDED: _COUNTED, Variant.RACE_CHECKED: _WATCHED}.get(variant) or VARIANT_FLAGS[variant]
    row = dialect(program.dialect)
    openmp = ("-fopenmp",) if row.model == "openmp" else ()
    if row.language == "fortran":
        fixed = is_fixed_form(program.text)
        checks = _FORTRAN_CHECKS if variant is Variant.SANITIZED else ()
        form = () if fixed else ("-ffree-line-length-none",)
        return [_Attempt("gfortran", "program.f" if fixed else "program.f90", (*_COMMON, *form, *flags, *checks, *openmp), ("-lgfortran", "-lm"))]
    return [
        _Attempt("g++", "program.cpp", (*_COMMON, "-std=gnu++17", *flags, *openmp), ("-lstdc++", "-lm")),
        _Attempt("gcc", "program.c", (*_COMMON, "-std=gnu17", *flags, *openmp), ("-lm",)),
    ]


def build(program: Program, variant: Variant = Variant.PLAIN, cache_dir: Path | None = None) -> ProgramBuild:
    """The program as an executable, from the cache where it was built before. Raises ToolchainError without a compiler.

    Variants: PLAIN, REASSOCIATED, SANITIZED, RACE_CHECKED (OpenMP), RECORDED (counts blocks of user code per thread).
    """
    cache = cache_root(cache_dir)
    folder = cache / "programs"
    folder.mkdir(exist_ok=True)
    if folder.stat().st_mode & 0o055 != 0o055:
        folder.chmod(0o755)
    text = exposed(program.text, dialect(program.dialect).language) if variant is Variant.RACE_CHECKED else program.text
    diagnostics = ""
    for attempt in _attempts(program, variant):
        key = digest(text, attempt.compiler, attempt.name, *attempt.flags, find_toolchain().versions, *_supports(variant).values(), "2")
        kept, failed = folder / key, folder / f"{key}.failed"
        if kept.exists():
            return ProgramBuild(program, variant, True, kept)
        if failed.exists():
            diagnostics = diagnostics or failed.read_text()
            continue
        made, said = _compile(attempt, text, variant, cache, kept)
        if made:
            return ProgramBuild(program, variant, True, kept)
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
    gcc = require(find_toolchain().gcc, "gcc")
    flags = ("-O1", "-fPIC", *(("-fsanitize=thread",) if name == "program_races.h" else ()))
    path = cache / "bin" / f"{name}-{digest(text, *flags, find_toolchain().versions)}.o"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as work:
            out = f"{work}/support.o"
            done = subprocess.run([gcc, *flags, "-x", "c", "-c", str(NATIVE / name), "-o", out], capture_output=True, text=True, check=False)
            if done.returncode:
                raise ProgramError(f"cannot build {name}: {done.stderr[:300]}")
            os.replace(out, path)
    return path


def _compile(attempt: _Attempt, text: str, variant: Variant, cache: Path, kept: Path) -> tuple[bool, str]:
    tools = find_toolchain()
    compiler = require({"g++": tools.gpp, "gcc": tools.gcc, "gfortran": tools.gfortran}[attempt.compiler], attempt.compiler)
    with tempfile.TemporaryDirectory(prefix="coevolve-") as work:
        folder = Path(work)
        (folder / attempt.name).write_text(f'# 1 "p0"\n{text}', errors="replace")
        objects = []
        for name, support in _supports(variant).items():
            (folder / f"{name}.o").write_bytes(_support_object(name, support, cache).read_bytes())
            objects.append(f"{name}.o")
        for file in folder.iterdir():
            file.chmod(0o644)
        commands = [[compiler, *attempt.flags, "-c", attempt.name, "-o", "made.o"], _link(compiler, attempt, objects, variant)]
        for command in commands:
            done = run_compiler(command, folder, LIMITS)
            if done.code:
                return False, f"the compiler did not finish in {LIMITS.wall_s:g} s" if done.timed_out else _said(done.text, attempt.name)
        fd = os.open(folder / "made", os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(fd, "rb") as file:
            _keep(kept, file.read(), 0o755)
    return True, ""


def _link(compiler: str, attempt: _Attempt, objects: list[str], variant: Variant) -> list[str]:
    flags = [f for f in attempt.flags if f.startswith("-fsanitize=") or f == "-fopenmp"]
    libraries = [*attempt.libraries, "-ldl"]
    if variant is Variant.RACE_CHECKED and "-fopenmp" in flags:
        tools = find_toolchain()
        flags.remove("-fopenmp")  # LLVM's run-time, which the detector knows, speaks libgomp's interface
        folder = os.path.dirname(require(tools.libomp, "libomp"))
        libraries = [require(tools.libomp, "libomp"), f"-Wl,-rpath,{folder}", *libraries, "-lpthread"]
    return [compiler, *flags, "-rdynamic", "made.o", *objects, *libraries, "-o", "made"]


def _said(text: str, name: str) -> str:
    """The compiler's errors about the program, at most 20 lines."""
    lines = [re.sub(r"^(?:\S*/)?p0:", f"{name}:", line) for line in text.splitlines()]
    errors = [re.sub(r"^.*?(?=undefined reference)", "error: ", line) for line in lines if "rror" in line or "undefined reference" in line]
    return "\n".join((errors or lines)[:20]) or "the compiler says nothing"


def _keep(path: Path, data: bytes, mode: int) -> None:
    fd, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        os.fchmod(file.fileno(), mode)
    os.replace(temporary, path)


# ---- running ----


def run(built: ProgramBuild, test: ProgramTest = ProgramTest(), limits: ProgramLimits = ProgramLimits(), setting: Setting = Setting()) -> ProgramRun:
    """One run of a built program. Raises ValueError for one that was not built, ProgramError when our part failed."""
    if not built.ok or built.executable is None:
        raise ValueError("the program did not compile and cannot be run")
    flavour = {Variant.SANITIZED: "asan", Variant.RACE_CHECKED: "tsan"}.get(built.variant, "plain")
    fds = [os.memfd_create(f"coevolve-{name}") for name in ("result", "out", "err", "in")]
    try:
        os.write(fds[3], test.stdin.encode())
        os.lseek(fds[3], 0, os.SEEK_SET)
        with tempfile.TemporaryDirectory(prefix="coevolve-") as folder:
            said = _launch(built.executable, test, limits, _environment(flavour, setting), flavour != "plain", folder, fds)
        result, out, err = (_content(fd) for fd in fds[:3])
    finally:
        for fd in fds:
            os.close(fd)
    if len(result) < _END.size:
        raise ProgramError(f"the program's sandbox could not be set up: {said or 'it says nothing'}")
    return _read(result, out.decode(errors="replace"), err.decode(errors="replace"), flavour)


def _launch(executable: Path, test: ProgramTest, limits: ProgramLimits, environment: dict[str, str], sanitizer: bool, folder: str, fds: list[int]) -> str:
    uid, found = sandbox.own_uid(next(_numbers)), sandbox.features()
    launcher = [str(runner_binary("plain", cache_root())), "program", folder, str(uid), str(limits.cpu_s), str(limits.memory_mib), str(limits.file_mib),
                str(round(limits.wall_s * 1000)), str(found), str(int(sanitizer)), *map(str, fds[:3]), "--", str(executable), "program",
                *test.arguments]  # fmt: skip
    process = subprocess.Popen(
        launcher, stdin=fds[3], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, pass_fds=fds[:3], start_new_session=True
    )
    try:
        if not sandbox.ended(process.pid, 2 * limits.wall_s + 20):
            raise ProgramError("the program's launcher does not end")
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
    assert process.stderr is not None
    with process.stderr as stream:
        return stream.read().decode(errors="replace").strip()[:300]


def _content(fd: int) -> bytes:
    os.lseek(fd, 0, os.SEEK_SET)
    with os.fdopen(os.dup(fd), "rb") as file:
        return file.read()


def _environment(flavour: str, setting: Setting) -> dict[str, str]:
    """The program's whole environment: nothing is inherited."""
    environment = {
        "LC_ALL": "C", "OMP_NUM_THREADS": str(setting.threads), "OMP_SCHEDULE": setting.schedule, "OMP_WAIT_POLICY": "passive", "OMP_DYNAMIC": "false",
        "OMP_STACKSIZE": "8M", "OMP_THREAD_LIMIT": "32", "MALLOC_ARENA_MAX": "2", "GFORTRAN_ERROR_BACKTRACE": "0",
    }  # fmt: skip
    if setting.clock:
        environment["CV_CLOCK"] = f"{setting.clock[0]:.6f} {setting.clock[1]:.6f}"
    if flavour == "asan":
        environment["ASAN_OPTIONS"] = "detect_leaks=0:exitcode=88:allocator_may_return_null=0:max_allocation_size_mb=2048:symbolize=0:print_legend=0:detect_odr_violation=0"
        environment["UBSAN_OPTIONS"] = f"exitcode={_SANITIZER_EXIT}:print_stacktrace=0"
    if flavour == "tsan":
        environment |= {"KMP_AFFINITY": "disabled", "OMP_MAX_ACTIVE_LEVELS": "2"}
        environment["TSAN_OPTIONS"] = f"ignore_noninstrumented_modules=1:exitcode={_SANITIZER_EXIT}:halt_on_error=1:die_after_fork=0"
        archer = find_toolchain().libarcher
        if archer:
            environment["OMP_TOOL_LIBRARIES"] = archer
    return environment


def _read(result: bytes, out: str, err: str, flavour: str) -> ProgramRun:
    end, code, rss_kib, cpu_ms, has_files, _ = _END.unpack_from(result)
    files, at = {}, _END.size
    while at + _FILE.size <= len(result):
        name_bytes, content_bytes = _FILE.unpack_from(result, at)
        name_at = at + _FILE.size
        files[result[name_at : name_at + name_bytes].decode(errors="replace")] = result[name_at + name_bytes : name_at + name_bytes + content_bytes]
        at = name_at + name_bytes + content_bytes
    blocks, err = _blocks(err)
    status, detail = _status(end, code, out + "\n" + err if flavour != "plain" else "", err)
    return ProgramRun(status, detail, code, out, err, tuple(sorted(files.items())), cpu_ms, blocks)


_COUNTS = re.compile(r"\n?@coevolve blocks:((?: \d+)*)\n\Z")


def _blocks(err: str) -> tuple[tuple[int, ...], str]:
    """The counts that program_blocks.h writes last, and the rest of the text."""
    found = _COUNTS.search(err)
    if not found:
        return (), err
    return tuple(sorted(map(int, found[1].split()), reverse=True)), err[: found.start()]


def _status(end: int, code: int, checked: str, err: str) -> tuple[Status, str]:
    if end == 2:
        return Status.TIMEOUT, "the wall-clock limit is reached"
    if end == 3:
        return Status.MEMORY_LIMIT, "the memory limit is reached"
    if "ERROR: ThreadSanitizer:" in checked:
        return Status.SIGNAL, "crashed: " + checked.partition("ERROR: ThreadSanitizer: ")[2].split(" (pc")[0].split("\n")[0][:100]
    if checked and (end == 1 or code in (_SANITIZER_EXIT, 2)) and (found := sanitizer_line(checked)):
        return found
    if end == 0:
        return Status.OK, ""
    if code == signal.SIGXCPU:
        return Status.TIMEOUT, "the CPU time limit is reached"
    if code == signal.SIGXFSZ:
        return Status.FORBIDDEN, "more output than the limit"
    if code == signal.SIGSYS:
        return Status.FORBIDDEN, "a system call that whole programs may not use (processes, network, signals)"
    first = next((line.strip() for line in err.splitlines() if line.strip()), "")
    return Status.SIGNAL, f"{signal_name(code)}{': ' + first[:200] if first else ''}"
