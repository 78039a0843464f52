"""A queue of jobs, each a `coevolve` command in a process of its own with an answer in JSON.

Contract: a job is taken if the queue has room, and always ends: with the command's JSON value, or
with one line that says why there is none. Programs run in the sandbox, as with any command.

    python -c "from coevolve.serving.jobs import *; q = JobQueue(ServeLimits()); \\
        print(q.count()); q.close()"
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpora.places import IMPORT_ROOT

__all__ = ["Job", "JobQueue", "QueueFullError", "ServeLimits"]

DONE_KEPT = 1000
"""Finished jobs whose answers are kept; older ones are forgotten."""


@dataclass(frozen=True, slots=True)
class ServeLimits:
    """What the server takes. body_bytes: size of a request. queue: jobs that wait or run. workers:
    jobs that run at a time. job_s: seconds after which a job is ended.
    """

    body_bytes: int = 1 << 20
    queue: int = 32
    workers: int = 1
    job_s: float = 600.0


@dataclass(slots=True)
class Job:
    """One request. state: `queued`, `running`, `done`, or `failed` where it was wrong use or took
    too long. exit_code: the command's. result: its JSON value. error: one line.
    """

    id: str
    kind: str
    state: str = "queued"
    exit_code: int | None = None
    result: Any = None
    error: str = ""
    submitted: float = field(default_factory=time.time)

    def told(self) -> dict[str, Any]:
        """Return the job as the server tells of it."""
        names = ("id", "kind", "state", "exit_code", "result", "error", "submitted")
        return {name: getattr(self, name) for name in names}


class QueueFullError(RuntimeError):
    """As many jobs wait or run as the server takes."""


class JobQueue:
    """Runs jobs, `limits.workers` at a time, each in a process of its own, and keeps their answers.

    `close` ends what runs. May be used by several threads.
    """

    def __init__(self, limits: ServeLimits) -> None:
        self.limits = limits
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(limits.workers)
        self._closed = False

    def submit(self, kind: str, write: Callable[[Path], list[str]]) -> Job:
        """Take a job and return it. kind: `verify` or `translate`. write: writes the job's files
        into a folder and returns the words of its command. Raises QueueFullError.
        """
        with self._lock:
            waiting = sum(each.state in ("queued", "running") for each in self._jobs.values())
            if waiting >= self.limits.queue:
                raise QueueFullError(f"{waiting} jobs wait or run already; try again later")
            job = Job(secrets.token_urlsafe(12), kind)
            self._jobs[job.id] = job
            done = [each.id for each in self._jobs.values() if each.state in ("done", "failed")]
            for old in done[: max(0, len(done) - DONE_KEPT)]:
                del self._jobs[old]
        self._pool.submit(self._work, job, write)
        return job

    def find(self, identity: str) -> Job | None:
        """Return a job; None where there is none, or it was forgotten."""
        with self._lock:
            return self._jobs.get(identity)

    def count(self) -> dict[str, int]:
        """Return the number of jobs by state."""
        states = ("queued", "running", "done", "failed")
        with self._lock:
            return {s: sum(each.state == s for each in self._jobs.values()) for s in states}

    def close(self) -> None:
        """Take no more work, and end the jobs that run."""
        self._closed = True
        with self._lock:
            running = list(self._running.values())
        for process in running:
            process.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _work(self, job: Job, write: Callable[[Path], list[str]]) -> None:
        if self._closed:
            return
        job.state = "running"
        try:
            with tempfile.TemporaryDirectory(prefix="coevolve-job-") as folder:
                self._run_command(job, write(Path(folder)), folder)
        except Exception as error:  # a fault of ours is this job's answer; the server goes on
            job.error = f"{type(error).__name__}: {error}"
            job.state = "failed"

    def _run_command(self, job: Job, words: list[str], folder: str) -> None:
        environment = os.environ | {"PYTHONPATH": str(IMPORT_ROOT)}
        process = subprocess.Popen(
            [sys.executable, "-m", "coevolve", *words],
            cwd=folder,
            env=environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with self._lock:
            self._running[job.id] = process
        try:
            out, err = process.communicate(timeout=self.limits.job_s)
        except subprocess.TimeoutExpired:
            process.terminate()  # the command ends its runners, as after Ctrl-C
            try:
                process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
            job.error = f"the job took more than {self.limits.job_s:.0f} s"
            job.state = "failed"
            return
        finally:
            with self._lock:
                self._running.pop(job.id, None)
        job.exit_code = process.returncode
        with contextlib.suppress(ValueError):
            job.result = json.loads(out)
        lines = [line for line in err.splitlines() if line.strip()]
        if job.result is None:
            job.error = lines[-1].replace(f"{folder}/", "") if lines else "no answer"
        job.state = "failed" if job.result is None else "done"
