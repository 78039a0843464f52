"""How a command ends before its work is done: Ctrl-C and SIGTERM, in the same way.

Contract: inside `raise_on_sigterm()` SIGTERM raises `Terminated`, a KeyboardInterrupt, in the main
thread. Whatever cleans up after Ctrl-C cleans up after SIGTERM. `process_pool` ends its processes,
and theirs, with it.

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
    """Raised in the main thread when the process gets the signal SIGTERM."""


def _raise_terminated(_number: int, _frame: object) -> None:
    signal.signal(
        signal.SIGTERM, signal.SIG_IGN
    )  # `timeout` and job systems send it twice; once is enough
    raise Terminated


@contextmanager
def raise_on_sigterm() -> Iterator[None]:
    """Make SIGTERM raise `Terminated` during the block. It does nothing outside the main thread,
    since only that one gets signals.

    Where Python drops an exception, as in `__del__`, SIGTERM and Ctrl-C are raised a little later
    once more.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before, hook = signal.signal(signal.SIGTERM, _raise_terminated), sys.unraisablehook

    def look(dropped: sys.UnraisableHookArgs) -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            hook(dropped)
        elif issubclass(dropped.exc_type, Terminated):
            signal.signal(signal.SIGTERM, _raise_terminated)
            _send_later(signal.SIGTERM)
        else:
            _send_later(signal.SIGINT)

    sys.unraisablehook = look
    try:
        yield
    finally:
        sys.unraisablehook = hook
        signal.signal(signal.SIGTERM, before)


def _send_later(number: int) -> None:
    """Send a signal to this process when what runs now has probably ended."""
    timer = threading.Timer(LOOK_S, os.kill, (os.getpid(), number))
    timer.daemon = True
    timer.start()


@contextmanager
def start_uninterrupted(start: Callable[[], object], stop: Callable[[], object]) -> Iterator[None]:
    """Call `start`, run the block, and call `stop` when the block is left. SIGTERM and Ctrl-C do
    not interrupt `start`.

    `start` runs in a thread that lives as long as the block, since processes may end with the
    thread that started them. Raises what `start` raises, and KeyboardInterrupt or Terminated for a
    signal that came meanwhile. Handlers of the two signals are after `stop` what they were before.
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
        _set_handlers_again()


def _set_handlers_again() -> None:
    """A library in C, such as Ray as it ends, may leave the system's own handlers in their place,
    of which Python does not know: the process would then end without a word.
    """
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            if (handler := signal.getsignal(number)) is not None:
                signal.signal(number, handler)


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


GOES_ON = "what finished is kept, the same command goes on from there"
RESUMES = "what finished is kept, the same command (or --resume) goes on from there"
"""For commands that have the option."""


def print_early_end(error: KeyboardInterrupt, then: str = GOES_ON) -> int:
    """Print one line on stderr that the command ended early. error: what ended it, `Terminated`
    (SIGTERM) or another KeyboardInterrupt. then: words for the line's end that say what is left,
    such as "the server has ended". Returns the exit code: 143 for `Terminated`, else 130.
    """
    terminated = isinstance(error, Terminated)
    what = "ended by SIGTERM" if terminated else "interrupted"
    if sys.stderr.isatty():
        print(file=sys.stderr)  # behind a bar, or behind the terminal's own ^C
    print(f"coevolve: {what}; {then}", file=sys.stderr, flush=True)
    return TERMINATED if terminated else INTERRUPTED


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool of processes that run functions. executor: the object of the standard library that
    holds the processes.
    """

    executor: ProcessPoolExecutor

    def submit(self, function: Callable[..., Any], *arguments: object) -> Future:
        """Run `function(*arguments)` in a process of the pool. The function and its arguments must
        be picklable. Returns a future of its result, which raises what the function raises.
        """
        return self.executor.submit(_run_task, function, arguments)


@contextmanager
def process_pool(
    workers: int, start: str | None = None, at_end: Callable[[], None] | None = None
) -> Iterator[Pool]:
    """Yield a pool of `workers` processes that ends with the block, and at once if the block
    raises.

    start: how processes start, `spawn` or `fork`; None: the system's default. at_end: called in
        every process before it ends.
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
