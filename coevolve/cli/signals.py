"""How a command ends before its work is done: Ctrl-C and SIGTERM, in the same way.

Contract: inside `graceful()` SIGTERM raises `Terminated`, a KeyboardInterrupt, in the main thread.
Whatever cleans up after Ctrl-C cleans up after SIGTERM. `process_pool` ends its processes, and
theirs, with it.

    timeout 5 coevolve run configs/demo.toml; echo $?   # 143
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.util import Finalize
from typing import Any

INTERRUPTED, TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM
LOOK_S = 0.02
"""How long a library may hold a handler that it took."""
PATIENCE_S = 10.0
"""How long processes of a pool may take to clean up."""


class Terminated(KeyboardInterrupt):
    """SIGTERM came."""


def _raise_terminated(_number: int, _frame: object) -> None:
    signal.signal(
        signal.SIGTERM, signal.SIG_IGN
    )  # `timeout` and job systems send it twice; once is enough
    raise Terminated


@contextmanager
def graceful() -> Iterator[None]:
    """SIGTERM raises `Terminated` in here. Does nothing outside the main thread, which alone gets
    signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _raise_terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def started_whole(start: Callable[[], object], stop: Callable[[], object]) -> Iterator[None]:
    """Call `start`, to its end although SIGTERM or Ctrl-C comes meanwhile, and `stop` when the
    block is left.

    For a library that leaves processes behind where its start is cut short, and takes the handlers
    of signals for itself. `start` runs in a thread that lives as long as the block: processes may
    be bound to the thread that started them (PR_SET_PDEATHSIG). Raises what `start` raises, and
    what came meanwhile.
    """
    came: list[int] = []
    failed: list[BaseException] = []
    done, leave = threading.Event(), threading.Event()

    def work() -> None:
        try:
            start()
        except BaseException as error:  # raised again below, in the thread that called
            failed.append(error)
        done.set()
        leave.wait()

    threading.Thread(target=work, daemon=True).start()
    try:
        _wait_noting(done, came)
        if came and came[0] == signal.SIGTERM:
            _raise_terminated(came[0], None)
        if came:
            raise KeyboardInterrupt
        if failed:
            raise failed[0]
        yield
    finally:
        stop()
        leave.set()


def _wait_noting(done: threading.Event, came: list[int]) -> None:
    """Wait for `done` and note the signals that come meanwhile, whoever sets other handlers."""
    if threading.current_thread() is not threading.main_thread():
        done.wait()
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        while not done.wait(LOOK_S):
            for number in before:
                signal.signal(number, lambda number, _frame: came.append(number))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def tell_ending(error: KeyboardInterrupt) -> int:
    """Say in one line on stderr that the command ended early. Returns the exit code."""
    terminated = isinstance(error, Terminated)
    what = "ended by SIGTERM" if terminated else "interrupted"
    if sys.stderr.isatty():
        print(file=sys.stderr)  # behind a bar, or behind the terminal's own ^C
    print(
        f"coevolve: {what}; what finished is kept, the same command (or --resume) goes on from "
        f"there",
        file=sys.stderr,
        flush=True,
    )
    return TERMINATED if terminated else INTERRUPTED


@dataclass(frozen=True, slots=True)
class Pool:
    """Processes that run functions."""

    executor: ProcessPoolExecutor

    def submit(self, function: Callable[..., Any], *arguments: object) -> Future:
        return self.executor.submit(_run_task, function, arguments)


@contextmanager
def process_pool(
    workers: int, start: str | None = None, at_end: Callable[[], None] | None = None
) -> Iterator[Pool]:
    """A Pool whose processes end with the block, at once where it is left by an exception.

    start: how processes start (`spawn`, `fork`); None is the system's way. at_end: called in every
    process before it ends.
    """
    context = multiprocessing.get_context(start)
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(workers, context, _prepare_worker, (at_end,))
    try:
        yield Pool(executor)
        executor.shutdown()
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        _end([child for child in multiprocessing.active_children() if child not in others])
        raise


def _end(children: list) -> None:
    for child in children:
        child.terminate()
    for child in children:
        child.join(PATIENCE_S)
        if child.is_alive():
            child.kill()
            child.join()


def _prepare_worker(at_end: Callable[[], None] | None) -> None:
    """Ctrl-C is the parent's to act on: a terminal sends it to every process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    if at_end is not None:
        Finalize(None, at_end, exitpriority=10)


def _leave(_number: int, _frame: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(TERMINATED)


def _run_task(function: Callable[..., Any], arguments: tuple) -> Any:
    try:
        return function(*arguments)
    except SystemExit:  # SIGTERM: the pool would take it for the task's answer and go on
        multiprocessing.util._exit_function()
        os._exit(TERMINATED)
