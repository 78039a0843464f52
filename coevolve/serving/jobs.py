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
    """What the server takes.

    body_bytes: most bytes of a request. queue: most jobs that wait or run. workers: most jobs that
        run at a time. job_s: seconds after which a running job is ended.
    """

    body_bytes: int = 1 << 20
    queue: int = 32
    workers: int = 1
    job_s: float = 600.0


@dataclass(slots=True)
class Job:
    """One request to verify or translate.

    id: a random name by which it is found. kind: `verify` or `translate`. state: `queued`,
        `running`, `done`, or `failed` where it was wrong use or took too long.
    exit_code: the command's; None until it ended. result: the command's JSON value; None if there
        is none. error: why there is none, in one line; else ''. submitted: when it was taken, in
        seconds since 1970.
    """

    id: str
    kind: str
    state: str = "queued"
    exit_code: int | None = None
    result: Any = None
    error: str = ""
    submitted: float = field(default_factory=time.time)

    def told(self) -> dict[str, Any]:
        """Return the job as the server tells of it: `id`, `kind`, `state`, `exit_code`, `result`,
        `error` and `submitted`, its fields by name.
        """
        names = ("id", "kind", "state", "exit_code", "result", "error", "submitted")
        return {name: getattr(self, name) for name in names}


class QueueFullError(RuntimeError):
    """Raised where as many jobs wait or run as the server takes."""


class JobQueue:
    """Runs jobs, `limits.workers` at a time, each a `coevolve` command in a process of its own, and
    keeps the answers of the last DONE_KEPT (1000) that ended.

    `submit` takes a job, `find` tells of it, `close` ends what runs. May be used by several
    threads.
    """

    def __init__(self, limits: ServeLimits) -> None:
        self.limits = limits
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(limits.workers)
        self._closed = False

    def submit(self, kind: str, write: Callable[[Path], list[str]]) -> Job:
        """Take a job and return it; it runs when its turn comes.

        kind: `verify` or `translate`. write: called with an empty folder when the job begins;
            writes the job's files there and returns the words of its command behind `coevolve`,
            which runs in that folder.
        Raises QueueFullError if as many jobs wait or run as the queue takes, RuntimeError after
        `close`.
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
        """Return the job with this `id`; None where there is none, or it was forgotten."""
        with self._lock:
            return self._jobs.get(identity)

    def count(self) -> dict[str, int]:
        """Return the number of jobs by state: `queued`, `running`, `done` and `failed`."""
        states = ("queued", "running", "done", "failed")
        with self._lock:
            return {s: sum(each.state == s for each in self._jobs.values()) for s in states}

    def close(self) -> None:
        """Take no more jobs, end those that run, and wait until they have ended. Those that wait
        are never run.
        """
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
