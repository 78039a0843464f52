"""A child process that answers JSON requests over pipes, with a deadline for every answer, and is
replaced when it fails.

Contract: `ChildProcess.ask` returns the answer, or raises ChildLostError (it died, or its deadline
passed and it was killed); the next `ask` finds a new process, which was started at once so that its
start overlaps with other work. A frame is a little-endian u32 length and UTF-8 JSON. Used for what
cannot be trusted to return: the device compiler and the process that owns a GPU.

    pytest tests/gpu_runtime/test_cuda_child.py
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from corpora.places import IMPORT_ROOT

_LENGTH = struct.Struct("<I")
MAX_FRAME_BYTES = 1 << 28
_POLL_S = 0.05
_KEPT_ENVIRONMENT = (
    "PATH",
    "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES",
    "CUDA_DEVICE_ORDER",
    "NVIDIA_VISIBLE_DEVICES",
    "CUDA_HOME",
    "CUDA_PATH",
)


class ChildLostError(RuntimeError):
    """The child process is gone. code: its exit status, negative for a signal. timed_out: it was
    killed at its deadline. words: the last of what it printed.
    """

    def __init__(self, code: int, timed_out: bool, words: str) -> None:
        super().__init__(words)
        self.code, self.timed_out, self.words = code, timed_out, words


class ChildProcess:
    """Runs `python -m module arguments` and exchanges JSON objects with it over pipes. It serves
    one thread. The process starts at the first `ready` or `ask`.

    pass_fds: descriptors to inherit. prefix: a command to run it under. environment: variables
        added to the few of this process that it gets, such as PATH; None: no more. start_s: seconds
        until it must be ready.
    The attribute `starts` counts the processes started; `hello` is the first message of the present
    one, None until it came.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str] = (),
        pass_fds: Sequence[int] = (),
        prefix: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        start_s: float = 120.0,
    ) -> None:
        self._command = [*prefix, sys.executable, "-m", module, *arguments]
        self._fds, self._start_s = tuple(pass_fds), start_s
        self._environment = {k: os.environ[k] for k in _KEPT_ENVIRONMENT if k in os.environ} | dict(
            environment or {}
        )
        self._environment |= {
            "PYTHONPATH": os.pathsep.join(
                p
                for p in (
                    _root(),
                    (environment or {}).get("PYTHONPATH", ""),
                    os.environ.get("PYTHONPATH", ""),
                )
                if p
            ),
            "LC_ALL": "C.UTF-8",
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: BinaryIO | None = None
        self._owner = os.getpid()
        self.hello: dict[str, Any] | None = None
        self.starts = 0

    @property
    def is_ours(self) -> bool:
        """Return whether this process made the object. A child process does not survive a fork."""
        return self._owner == os.getpid()

    def start(self) -> None:
        """Start the process and return at once, before it is ready."""
        self.starts += 1
        self.hello = None
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            pass_fds=self._fds,
            env=self._environment,
            start_new_session=True,
        )

    def ready(self) -> dict[str, Any]:
        """Wait until the process is ready, started if need be, and return its first message, a JSON
        object. Raises ChildLostError if it cannot start, RuntimeError in another process than the
        one that made it.
        """
        if not self.is_ours:
            raise RuntimeError(
                "this child belongs to the process that started it; make one after the fork"
            )
        if (
            self._process is not None
            and self.hello is not None
            and self._process.poll() is not None
        ):
            self._end()  # it died while nothing was asked of it: nobody is to blame
        if self._process is None:
            self.start()
        if self.hello is None:
            self.hello = self._receive(time.monotonic() + self._start_s)
        return self.hello

    def ask(self, request: Mapping[str, Any], wall_s: float) -> dict[str, Any]:
        """Send `request`, a JSON object, and return the answer, another one. wall_s: seconds it may
        take. Raises ChildLostError if the process dies or takes longer; a new one is then started.
        Raises RuntimeError in another process than the one that made it.
        """
        self.ready()
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(frame_message(request))
            self._process.stdin.flush()
        except OSError:
            pass  # its last words are read below
        return self._receive(time.monotonic() + wall_s)

    def _receive(self, deadline: float) -> dict[str, Any]:
        assert self._process is not None and self._process.stdout is not None
        fd = self._process.stdout.fileno()
        answer = select.poll()  # `select` takes no descriptor beyond 1023
        answer.register(fd, select.POLLIN)
        data = b""
        wanted = _LENGTH.size
        while len(data) < wanted:
            wait_s = max(0.0, min(_POLL_S, deadline - time.monotonic()))
            readable = answer.poll(wait_s * 1000)
            dead = self._process.poll() is not None  # what it started may hold the pipe open
            if not readable and not dead and time.monotonic() < deadline:
                continue
            part = (
                os.read(fd, min(wanted - len(data), 1 << 20)) if readable or answer.poll(0) else b""
            )
            if not part:
                self._lose(timed_out=not readable and not dead)
            data += part
            if wanted == _LENGTH.size and len(data) == wanted:
                wanted += _LENGTH.unpack(data)[0]
                if wanted > MAX_FRAME_BYTES:
                    self._lose(timed_out=False)
        try:
            answer = json.loads(data[_LENGTH.size :])
        except ValueError:
            answer = None
        if not isinstance(answer, dict):  # foreign code may have written into the pipe
            self._lose(timed_out=False)
        return answer

    def _lose(self, timed_out: bool) -> None:
        """Kill, say why, and start the next one."""
        code, words = self._end()
        self.start()
        raise ChildLostError(
            code,
            timed_out,
            words or ("it did not answer in time" if timed_out else f"it ended with code {code}"),
        )

    def retire(self) -> None:
        """End the process and start the next one, because it reported that it is no longer
        usable.
        """
        self._end()
        self.start()

    def _end(self) -> tuple[int, str]:
        process, errors = self._process, self._errors
        self._process = None
        if process is None or errors is None:
            return 0, ""
        try:
            if process.poll() is None:
                time.sleep(0.02)  # a process that just closed its pipe is about to say how it ended
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        code = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    pass
        errors.seek(0)
        lines = [
            line
            for line in errors.read(1 << 16).decode(errors="replace").splitlines()
            if line.strip()
        ]
        errors.close()
        return code, lines[-1].strip()[:300] if lines else ""

    def finish(self, wait_s: float = 60.0) -> None:
        """Close the process's input and let it end by itself. It is killed after `wait_s`
        seconds.
        """
        if self._process is not None and self._process.stdin is not None:
            try:
                self._process.stdin.close()
                self._process.wait(wait_s)
            except (OSError, subprocess.TimeoutExpired):
                pass  # it is killed below
        self.close()

    def close(self) -> None:
        """End the process. In another process than the one that made it, nothing happens."""
        if self.is_ours:
            self._end()


def _root() -> str:
    return str(IMPORT_ROOT)


def frame_message(message: Mapping[str, Any]) -> bytes:
    """Return a message as bytes: the length of its JSON text in bytes as little-endian u32, then
    that text in UTF-8.
    """
    data = json.dumps(message).encode()
    return _LENGTH.pack(len(data)) + data


# ---- the child's side ----


class ChildChannel:
    """The child's side of the pipes to its parent. They are moved away from stdin and stdout to
    other descriptors, so that foreign code that prints or reads does not touch them.
    """

    def __init__(self) -> None:
        self._in = os.fdopen(os.dup(0), "rb")
        self._out = os.dup(1)
        for fd, mode in ((0, os.O_RDONLY), (1, os.O_WRONLY)):
            null = os.open(os.devnull, mode)
            os.dup2(null, fd)
            os.close(null)

    def send(self, message: Mapping[str, Any]) -> None:
        """Write one message, a JSON object, to the parent's pipe. Raises OSError if the parent is
        gone.
        """
        data = memoryview(frame_message(message))
        while data:
            data = data[os.write(self._out, data) :]

    def receive(self) -> dict[str, Any] | None:
        """Wait for the next request and return it. Returns None when the parent is gone."""
        head = self._in.read(_LENGTH.size)
        if len(head) != _LENGTH.size:
            return None
        data = self._in.read(_LENGTH.unpack(head)[0])
        return json.loads(data)


_PR_SET_NO_NEW_PRIVS = 38
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446
_CLONE_NEWNET, _CLONE_NEWIPC = 0x40000000, 0x08000000


def _end_with_parent() -> None:
    """Leave no process behind that hangs for ever. The kernel's own signal would come with the end
    of the parent's *thread*.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def lock_down(
    *, files_closed: bool, memory_mib: int = 0, file_bytes: int = 1 << 20, uid: int = 0
) -> list[str]:
    """Limit for good what this process may do, and return the names of those limits that it does
    not get, such as `no-landlock`. It also ends when its parent is gone.

    files_closed: from now on no file can be opened, there is no network, and root becomes the user
        `uid` (0: root stays). False: only memory and file sizes are limited.
    memory_mib: MiB of address space beyond what is mapped; 0: no limit.
    file_bytes: largest file it may write.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    _end_with_parent()
    missing = [] if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 else ["no-new-privileges"]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    if memory_mib:
        mapped_bytes = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, ((memory_mib << 20) + mapped_bytes,) * 2)
    if not files_closed:
        return [
            *missing,
            "no-landlock",
            "no-seccomp",
            "same-uid",
            "no-network-namespace",
            "no-pid-namespace",
            "no-ipc-namespace",
        ]
    if libc.unshare(_CLONE_NEWNET | _CLONE_NEWIPC) != 0:
        missing += ["no-network-namespace", "no-ipc-namespace"]
    rights = ctypes.c_uint64((1 << 13) - 1)  # every file right of landlock's first version
    ruleset = libc.syscall(_LANDLOCK_CREATE, ctypes.byref(rights), 8, 0)
    if ruleset < 0 or libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0) != 0:
        missing.append("no-landlock")
    if os.geteuid() == 0 and uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    elif os.geteuid() != 0:
        missing.append("same-uid")
    return [*missing, "no-seccomp", "no-pid-namespace"]
