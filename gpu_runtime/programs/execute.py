"""Whole programs (with `main` or Fortran's `program`): compiled to an executable, run in the
sandbox, what they did as a record.

Contract: `build_program` and `run_program` never raise for what a program does: a `ProgramBuild`
that failed holds diagnostics, a `ProgramRun` has a status. Every run is a process of its own with a
private, sized file system in memory as its work folder; what it leaves there is handed back.
ProgramError and ToolchainError mean that our own machinery failed.

    python -c "from gpu_runtime.programs.execute import *; from corpora.records import Program; \
print(run(build(Program('cpp', 'main', '#include <cstdio>\\nint main() { puts(\\"hello\\");
}'))).stdout)"
"""

from __future__ import annotations

import os
import re
import signal
import struct
import subprocess
import tempfile
import time
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from corpora.suites.program_tests import ProgramTest
from gpu_runtime.backend import Status, Variant
from gpu_runtime.compile.toolchain import build_runner, find_cache_root, find_toolchain
from gpu_runtime.programs.build import ProgramBuild, ProgramError, build_program
from gpu_runtime.sandbox import lockdown as sandbox
from gpu_runtime.sandbox.exit_status import get_signal_name, parse_sanitizer_report

__all__ = [
    "ProgramBuild",
    "ProgramError",
    "ProgramLimits",
    "ProgramRun",
    "RunSetting",
    "build_program",
    "run_program",
]

_END = struct.Struct("<iiqqii")
_FILE = struct.Struct("<II")
_SANITIZER_EXIT = 88
_numbers = count()
BLOCKS_WITHOUT_WORK = 4
"""Blocks that a thread runs in a region where it does nothing: 2 beside a `single`, 3 in a loop
without an iteration for it.
"""


@dataclass(frozen=True, slots=True)
class ProgramLimits:
    """Limits of one run. wall_s, cpu_s: wall-clock and CPU seconds. memory_mib: MiB of memory.
    file_mib: most MiB of every file, of each output stream, and of the work folder as a whole.
    """

    wall_s: float = 10.0
    cpu_s: int = 40
    memory_mib: int = 1024
    file_mib: int = 8


@dataclass(frozen=True, slots=True)
class RunSetting:
    """The circumstances of a run. threads: of OpenMP. schedule: OMP_SCHEDULE text, such as
    `dynamic,4`. clock: (seconds ahead of the true time, seconds that pass on it in one true
    second); None for the true one.
    """

    threads: int = 1
    schedule: str = "static"
    clock: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class ProgramRun:
    """What one run of a whole program did.

    status: OK if it ended by itself, with any `exit_code`. detail: one line about another status.
        stdout, stderr: what it wrote, as text.
    files: (name, content) of regular files left in the work folder, by name. cpu_ms, elapsed_ms:
        milliseconds.
    work_folder: the run had a folder to write to.
    regions: parallel regions entered. blocks: blocks of user code that each thread ran in them,
        largest first. Both are counted for RECORDED only.
    """

    status: Status
    detail: str = ""
    exit_code: int = 0
    stdout: str = ""
    stderr: str = ""
    files: tuple[tuple[str, bytes], ...] = ()
    cpu_ms: int = 0
    elapsed_ms: float = 0.0
    work_folder: bool = True
    regions: int = 0
    blocks: tuple[int, ...] = ()

    @property
    def active_threads(self) -> int:
        """Return how many threads worked in parallel regions; 0 where that was not counted.

        A thread that only entered and left them does not count. If no thread did more, those that
        ran as many blocks as the busiest one count.
        """
        busy = sum(count > BLOCKS_WITHOUT_WORK * max(1, self.regions) for count in self.blocks)
        return busy or self.blocks.count(max(self.blocks, default=0))


def run_program(
    built: ProgramBuild,
    test: ProgramTest = ProgramTest(),
    limits: ProgramLimits = ProgramLimits(),
    setting: RunSetting = RunSetting(),
) -> ProgramRun:
    """Run a built program once in the sandbox. However it ends is in the result.

    test: its arguments and input; by default it has none. limits: of the run. setting: threads,
        schedule and clock. Raises ValueError if the program did not compile, ProgramError if the
        sandbox fails.
    """
    if not built.ok or built.executable is None:
        raise ValueError("the program did not compile and cannot be run")
    flavour = {Variant.SANITIZED: "asan", Variant.RACE_CHECKED: "tsan"}.get(built.variant, "plain")
    fds = [os.memfd_create(f"coevolve-{name}") for name in ("result", "out", "err", "in")]
    try:
        os.write(fds[3], test.stdin.encode())
        os.lseek(fds[3], 0, os.SEEK_SET)
        with tempfile.TemporaryDirectory(prefix="coevolve-") as folder:
            started = time.perf_counter()
            said = _launch(
                built.executable,
                test,
                limits,
                _environment(flavour, setting),
                flavour != "plain",
                folder,
                fds,
            )
            elapsed_ms = (time.perf_counter() - started) * 1e3
        result, out, err = (_content(fd) for fd in fds[:3])
    finally:
        for fd in fds:
            os.close(fd)
    if len(result) < _END.size:
        raise ProgramError(
            f"the program's sandbox could not be set up: {said or 'it says nothing'}"
        )
    return replace(
        _read(result, out.decode(errors="replace"), err.decode(errors="replace"), flavour),
        elapsed_ms=elapsed_ms,
    )


def _launch(
    executable: Path,
    test: ProgramTest,
    limits: ProgramLimits,
    environment: dict[str, str],
    sanitizer: bool,
    folder: str,
    fds: list[int],
) -> str:
    uid, found = sandbox.choose_worker_uid(next(_numbers)), sandbox.probe_features()
    launcher = [
        str(build_runner("plain", find_cache_root())),
        "program",
        folder,
        str(uid),
        str(limits.cpu_s),
        str(limits.memory_mib),
        str(limits.file_mib),
        str(round(limits.wall_s * 1000)),
        str(found),
        str(int(sanitizer)),
        *map(str, fds[:3]),
        "--",
        str(executable),
        "program",
        *test.arguments,
    ]
    process = subprocess.Popen(
        launcher,
        stdin=fds[3],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        pass_fds=fds[:3],
        start_new_session=True,
    )
    try:
        if not sandbox.wait_for_exit(process.pid, 2 * limits.wall_s + 20):
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


def _environment(flavour: str, setting: RunSetting) -> dict[str, str]:
    """The program's whole environment: nothing is inherited."""
    environment = {
        "LC_ALL": "C",
        "OMP_NUM_THREADS": str(setting.threads),
        "OMP_SCHEDULE": setting.schedule,
        "OMP_WAIT_POLICY": "passive",
        "OMP_DYNAMIC": "false",
        "OMP_STACKSIZE": "8M",
        "OMP_THREAD_LIMIT": "32",
        "MALLOC_ARENA_MAX": "2",
        "GFORTRAN_ERROR_BACKTRACE": "0",
    }
    if setting.clock:
        environment["CV_CLOCK"] = f"{setting.clock[0]:.6f} {setting.clock[1]:.6f}"
    if flavour == "asan":
        environment["ASAN_OPTIONS"] = (
            "detect_leaks=0:exitcode=88:allocator_may_return_null=0:max_allocation_size_mb=2048:symbolize=0:print_legend=0:detect_odr_violation=0"
        )
        environment["UBSAN_OPTIONS"] = f"exitcode={_SANITIZER_EXIT}:print_stacktrace=0"
    if flavour == "tsan":
        environment |= {"KMP_AFFINITY": "disabled", "OMP_MAX_ACTIVE_LEVELS": "2"}
        environment["TSAN_OPTIONS"] = (
            f"ignore_noninstrumented_modules=1:exitcode={_SANITIZER_EXIT}:halt_on_error=1:die_after_fork=0"
        )
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
        files[result[name_at : name_at + name_bytes].decode(errors="replace")] = result[
            name_at + name_bytes : name_at + name_bytes + content_bytes
        ]
        at = name_at + name_bytes + content_bytes
    counts, err = _blocks(err)
    status, detail = _status(end, code, out + "\n" + err if flavour != "plain" else "", err)
    return ProgramRun(
        status,
        detail,
        code,
        out,
        err,
        tuple(sorted(files.items())),
        cpu_ms,
        0.0,
        bool(has_files),
        counts[0] if counts else 0,
        tuple(sorted(counts[1:], reverse=True)),
    )


_COUNTS = re.compile(r"\n?@coevolve blocks:((?: \d+)*)\n\Z")


def _blocks(err: str) -> tuple[tuple[int, ...], str]:
    """The numbers that program_blocks.h writes last, and the rest of the text."""
    found = _COUNTS.search(err)
    if not found:
        return (), err
    return tuple(map(int, found[1].split())), err[: found.start()]


def _status(end: int, code: int, checked: str, err: str) -> tuple[Status, str]:
    if end == 2:
        return Status.TIMEOUT, "the wall-clock limit is reached"
    if end == 3:
        return Status.MEMORY_LIMIT, "the memory limit is reached"
    if "ERROR: ThreadSanitizer:" in checked:
        return Status.SIGNAL, "crashed: " + checked.partition("ERROR: ThreadSanitizer: ")[2].split(
            " (pc"
        )[0].split("\n")[0][:100]
    if (
        checked
        and (end == 1 or code in (_SANITIZER_EXIT, 2))
        and (found := parse_sanitizer_report(checked))
    ):
        return found
    if end == 0:
        return Status.OK, ""
    if code == signal.SIGXCPU:
        return Status.TIMEOUT, "the CPU time limit is reached"
    if code == signal.SIGXFSZ:
        return Status.FORBIDDEN, "more output than the limit"
    if code == signal.SIGSYS:
        return (
            Status.FORBIDDEN,
            "a system call that whole programs may not use (processes, network, signals)",
        )
    first = next((line.strip() for line in err.splitlines() if line.strip()), "")
    return Status.SIGNAL, f"{get_signal_name(code)}{': ' + first[:200] if first else ''}"
