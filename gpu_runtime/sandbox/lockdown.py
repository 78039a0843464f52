"""The lock-down as Python sees it: what this machine offers, what is missing, and compilers run
inside it.

Contract: the walls themselves are in `native/sandbox.c`. What is missing is named
(`find_missing_walls`), never passed over in silence. A compiler that fails, floods, hangs or eats
memory gives a `CompilerRun`, not an exception.

    python -c "from gpu_runtime.sandbox.lockdown import probe_features, find_missing_walls; \\
        print(find_missing_walls(probe_features()))"
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gpu_runtime.compile.toolchain import build_runner, find_cache_root

LANDLOCK, SECCOMP, OWN_UID, NET_NS, PID_NS, IPC_NS, OWN_PROC = 1, 2, 4, 8, 16, 32, 64

_WALLS = (
    (LANDLOCK, "no-landlock"),
    (SECCOMP, "no-seccomp"),
    (OWN_UID, "same-uid"),
    (NET_NS, "no-network-namespace"),
    (PID_NS, "no-pid-namespace"),
    (IPC_NS, "no-ipc-namespace"),
)


def find_missing_walls(found: int) -> tuple[str, ...]:
    """Return a name for each of the sandbox's walls that is missing, such as `no-landlock`,
    strongest first; () if none is. found: the bits of those that work, as `probe_features` returns
    them.
    """
    return tuple(name for bit, name in _WALLS if not found & bit)


@lru_cache(maxsize=1)
def probe_features() -> int:
    """Try each wall of the sandbox in a process of its own and return the bits of those that work,
    combined in one number: this module's LANDLOCK, SECCOMP, OWN_UID, NET_NS, PID_NS, IPC_NS and
    OWN_PROC (mounts of its own). `find_missing_walls` names those that are missing, but for
    OWN_PROC. The result is cached in this process. Raises ToolchainError if the runner cannot be
    built.
    """
    done = subprocess.run(
        [str(build_runner("plain", find_cache_root())), "probe"],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


def choose_worker_uid(number: int) -> int:
    """Return an unprivileged user id for worker `number` of this process, so that two workers
    cannot touch each other.
    """
    return (1 << 20) + (os.getpid() * 16 + number % 16) % (1 << 20)


@dataclass(frozen=True, slots=True)
class CompilerLimits:
    """Limits of one compiler process. wall_s, cpu_s: seconds. memory_mib: MiB of address space.
    file_mib: MiB of the largest file. output_bytes: of diagnostics kept.
    """

    wall_s: float = 60.0
    cpu_s: int = 40
    memory_mib: int = 3072
    file_mib: int = 64
    output_bytes: int = 200_000


@dataclass(frozen=True, slots=True)
class CompilerRun:
    """How a compiler ended. code: exit code, negative for a signal. text: diagnostics. timed_out:
    the wall-clock limit ended it.
    """

    code: int
    text: str
    timed_out: bool = False


def run_compiler(
    command: list[str], folder: Path, limits: CompilerLimits = CompilerLimits(), number: int = 0
) -> CompilerRun:
    """Run a compiler in the sandbox and return how it ended.

    command: its words. folder: the working folder, the only place it may write. limits: of its
        process. number: of the worker that asks, from 0; it selects the user id. Raises
        RuntimeError if the sandbox itself fails, ToolchainError if it cannot be built.
    """
    uid, found = choose_worker_uid(number), probe_features()
    if found & OWN_UID:
        os.chown(folder, uid, uid)
    launcher = [
        str(build_runner("plain", find_cache_root())),
        "exec",
        str(folder),
        str(uid),
        str(limits.cpu_s),
        str(limits.memory_mib),
        str(limits.file_mib),
        str(found),
        "--",
        *command,
    ]
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TMPDIR": "."}
    with open(
        folder / "diagnostics", "w+b"
    ) as diagnostics:  # a file is bounded by the limits; a pipe would need a reader
        process = subprocess.Popen(
            launcher,
            stdin=subprocess.DEVNULL,
            stdout=diagnostics,
            stderr=diagnostics,
            env=environment,
            start_new_session=True,
        )
        try:
            timed_out = not wait_for_exit(process.pid, limits.wall_s)
        finally:
            _kill_group(process)
        code = -signal.SIGKILL if timed_out else process.returncode
        diagnostics.seek(0)
        text = diagnostics.read(limits.output_bytes).decode(errors="replace")
    if code == 125:
        raise RuntimeError(f"the compiler's sandbox could not be set up: {text.strip()}")
    return CompilerRun(code, text, timed_out)


def wait_for_exit(pid: int, wall_s: float) -> bool:
    """Wait up to `wall_s` seconds for the child `pid` to end, without collecting its status.
    Returns whether it ended.
    """
    try:
        fd = os.pidfd_open(pid)
    except OSError:  # an old kernel, or a wall round ourselves
        return _poll_for_exit(pid, wall_s)
    try:
        ended = select.poll()  # `select` takes no descriptor beyond 1023
        ended.register(fd, select.POLLIN)
        return bool(ended.poll(wall_s * 1000))
    finally:
        os.close(fd)


def _poll_for_exit(pid: int, wall_s: float) -> bool:
    deadline = time.monotonic() + wall_s
    while time.monotonic() < deadline:
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return True
        time.sleep(0.005)
    return False


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
