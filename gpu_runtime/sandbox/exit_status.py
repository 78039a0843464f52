"""How a sandboxed process ended, in one status and one line: signals, exit codes, sanitizer
reports.

Contract: pure functions of the runner's reply and of what the process wrote; nothing here touches a
process.

    pytest tests/gpu_runtime/test_runner.py -k sanitizer
"""

from __future__ import annotations

import re
import signal

from gpu_runtime.backend import Status

EXIT, SIGNAL, TIMEOUT, MEMORY, FAILED, CALL = range(6)
LOAD, SETUP = 78, 79
_FORBIDDEN_NAMES = {
    2: "open",
    41: "socket",
    56: "clone",
    57: "fork",
    58: "vfork",
    59: "execve",
    62: "kill",
    87: "unlink",
    101: "ptrace",
    112: "setsid",
    13: "rt_sigaction",
    34: "pause",
    37: "alarm",
    38: "setitimer",
    21: "access",
    4: "stat",
    83: "mkdir",
    157: "prctl",
    165: "mount",
    9: "mmap of code",
    10: "mprotect to code",
    200: "tkill",
    234: "tgkill",
    257: "openat",
    319: "memfd_create",
    22: "pipe",
    32: "dup",
    33: "dup2",
    310: "process_vm_readv",
    90: "chmod",
    76: "truncate",
    77: "ftruncate",
    1: "write",
    80: "chdir",
    160: "setrlimit",
    39: "getpid",
    102: "getuid",
    293: "pipe2",
    29: "shmget",
    72: "fcntl",
    86: "link",
    88: "symlink",
    302: "prlimit64",
    272: "unshare",
}

_OWN_WORDS = re.compile(r"ns_cv_[0-9a-f]+::|__m_cv_[0-9a-f]+_MOD_|\._omp_fn\.\d+|\s\S*/p\d+:.*")
_PLACE = re.compile(r"\bp\d+:(\d+)")
"""The line of a program in a report; its file is called `p` and a number."""
_ADDRESS = re.compile(r" 0x[0-9a-f]+\b")
"""Addresses differ between runs that are equal, so they are left out of what is said."""


class ProcessExit:
    """How a sandboxed process ended.

    end: an `enum cv_end` of native/batch.h: 0 by itself, 1 by a signal, 2 at the time limit, 3 at
        the memory limit, 4 it was not started, 5 at the time limit of one call. code: the exit code
        or the signal's number. text: what the process wrote on stderr.
    """

    def __init__(self, end: int, code: int, text: str) -> None:
        self.end, self.code, self.text = end, code, text

    def explain(self, message: str, flavour: str) -> tuple[Status, str]:
        """Return (status, one line) for the call during which the process ended.

        message: the line that the runner wrote about it; '' if it wrote none. flavour: of the
            runner: `plain`, `asan` (sanitizers) or `tsan` (race detector).
        """
        if self.end == TIMEOUT:
            return Status.TIMEOUT, "the wall-clock limit is reached"
        if self.end == CALL:
            return Status.TIMEOUT, "the CPU time limit of one call is reached"
        if self.end == MEMORY:
            return Status.MEMORY_LIMIT, "the memory limit is reached"
        if flavour != "plain":
            found = parse_sanitizer_report(self.text)
            if found:
                return found
        if self.end == SIGNAL:
            return self._signalled()
        if self.code == LOAD and message:
            memory = "annot allocate memory" in message or "failed to map" in message
            return (
                Status.MEMORY_LIMIT if memory else Status.SIGNAL
            ), f"cannot be loaded: {message}"
        first = next((line.strip() for line in self.text.splitlines() if line.strip()), "")
        return (
            Status.EARLY_EXIT,
            f"the program ended the process with code "
            f"{self.code}{': ' + first[:200] if first else ''}",
        )

    def _signalled(self) -> tuple[Status, str]:
        if self.code in (signal.SIGXCPU, signal.SIGPROF):
            return Status.TIMEOUT, "the CPU time limit is reached"
        if self.code == signal.SIGXFSZ:
            return Status.FORBIDDEN, "more output than the limit"
        if self.code == signal.SIGSYS:
            return Status.FORBIDDEN, "a system call of another architecture"
        if self.code == signal.SIGKILL:
            return Status.MEMORY_LIMIT, "killed by the system, which had no memory left"
        return Status.SIGNAL, get_signal_name(self.code)


def parse_sanitizer_report(text: str) -> tuple[Status, str] | None:
    """Return (status, one line) for the report of a sanitizer or of Fortran's run-time checks in
    `text`, which a process wrote; None if there is none.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for i, line in enumerate(lines):
        if "ThreadSanitizer" in line and "FATAL" not in line:
            kind = line.partition("ThreadSanitizer: ")[2].partition(" (pid=")[0]
            places = [_place(part) for part in lines[i + 1 : i + 30] if part.startswith("#0 ")]
            return Status.RACE, f"{kind}: {' and '.join(places[:2])}"[:300]
        if "ERROR: AddressSanitizer" in line:
            what = line.partition("AddressSanitizer: ")[2]
            for place in (" on address ", " on unknown address ", " at pc "):
                what = what.partition(place)[0].strip()
            what = what.replace("use-after-poison", "access outside an array")
            memory = (
                "out-of-memory" in line
                or "allocation-size-too-big" in line
                or "out of memory" in line
            )
            size = next(
                (part for part in lines[i + 1 : i + 3] if part.startswith(("READ", "WRITE"))), ""
            )
            return (
                Status.MEMORY_LIMIT if memory else Status.SANITIZER
            ), f"{what} {size.partition(' at 0x')[0]}".strip()[:300]
        if "runtime error:" in line.lower():
            where = _PLACE.match(line)
            number = where[1] if where else _line_of_fortran(lines[i - 1]) if i else ""
            what = _ADDRESS.sub("", line[line.lower().index("runtime error:") + 14 :].strip())
            return Status.SANITIZER, f"{f'line {number}: ' if number else ''}{what}"[:300]
    return None


def _line_of_fortran(report: str) -> str:
    """The number in `At line 7 of file p0`, '' without one."""
    words = report.partition("At line ")[2].split()
    return words[0] if words and words[0].isdecimal() else ""


def _place(frame: str) -> str:
    """Where a stack frame of ThreadSanitizer's report lies, in words of the program."""
    line = _PLACE.search(frame)
    name = _OWN_WORDS.sub("", frame.partition(" ")[2].partition("(")[0].rstrip())
    return (
        f"{name} line {line[1]}"
        if line
        else name.replace("<null>", "").strip() or "an unnamed place"
    )


def get_signal_name(number: int) -> str:
    """Return the name of a signal, such as `SIGSEGV`; `signal N` for an unknown number."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def describe_system_call(number: int) -> str:
    """Return a phrase that says that the system call with this number of x86-64 Linux is denied,
    with its name if known.
    """
    name = _FORBIDDEN_NAMES.get(number)
    return f"system call {number}{f' ({name})' if name else ''} is denied"
