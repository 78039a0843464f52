"""A plain function of many items, computed in several processes.

Contract: `map_in_processes` gives what `map` gives, in the same order, whatever the number of
processes. Few items are computed here: other processes begin after the first FIRST_ITEMS. Items
and results are streamed, so that only a few hundred of them are in memory at a time.

The processes are made from this module alone. They import nothing of the program that asks, so a
script needs no `if __name__ == "__main__"`, and threads and locks of the caller are no matter. They
end when this process does, however it ends.

    python -c "from corpora.processes import map_in_processes; \\
        print(sum(map_in_processes(len, ['text'] * 5000)))"
"""

from __future__ import annotations

import gc
import os
import pickle
import queue
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import Any, TypeVar

from corpora.cores import count_usable_cores
from corpora.places import IMPORT_ROOT, name_module

__all__ = ["FIRST_ITEMS", "map_in_processes"]

T = TypeVar("T")
R = TypeVar("R")

FIRST_ITEMS = 1000
"""So many items are computed before other processes are started, which takes them a second."""
CHUNK_ITEMS = 64
"""Items that are sent to a process at a time."""
MOST_PROCESSES = 16
"""More would wait for the process that reads and sends the items."""


def map_in_processes(
    function: Callable[[T], R],
    items: Iterable[T],
    processes: int = 0,
    first: int | None = None,
    chunk: int | None = None,
) -> Iterator[R]:
    """Yield `function(item)` for each item, in order.

    function: of a module that can be imported, or a `functools.partial` of one; its results depend
        on the item alone. processes: how many, at most 16; 0 for one a usable core. first: items
        computed here before others are started; None for 1,000. chunk: items sent at a time; None
        for 64.

    Items and results must be picklable. What `function` raises is raised here. Raises RuntimeError
    if a process dies.
    """
    rest = iter(items)
    count = min(processes or count_usable_cores(), MOST_PROCESSES)
    chunk = CHUNK_ITEMS if chunk is None else chunk
    yield from map(function, islice(rest, FIRST_ITEMS if first is None else first))
    more = list(islice(rest, 1))
    if count < 2 or not more:
        yield from map(function, chain(more, rest))
        return
    workers = [_Worker() for _ in range(count)]
    free: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
    for worker in workers:
        free.put(worker)

    def compute(part: list[T]) -> list[R]:
        worker = free.get()
        try:
            return worker.compute(function, part)
        finally:
            free.put(worker)

    left = chain(more, rest)
    waiting: deque[Future[list[R]]] = deque()
    with ThreadPoolExecutor(count, thread_name_prefix="map-in-processes") as threads:
        try:
            while True:
                while len(waiting) < 2 * count and (part := list(islice(left, chunk))):
                    waiting.append(threads.submit(compute, part))
                if not waiting:
                    return
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
            for worker in workers:
                worker.end()


class _Worker:
    """One process, and the pipes to it."""

    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, (str(IMPORT_ROOT), os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", name_module("corpora.processes")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )

    def compute(self, function: Callable[[Any], R], items: list[Any]) -> list[R]:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            pickle.dump((function, items), self._process.stdin, pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()
            done = pickle.load(self._process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):
            code = self._process.wait()
            why = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            raise RuntimeError(
                f"a process that computes {len(items)} items ended with {why}; where memory ran "
                f"out, give the run more of it or fewer cores (taskset -c 0)"
            ) from None
        if isinstance(done, Exception):
            raise done
        return done

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except OSError:  # what was not sent yet
                continue


def _serve() -> None:
    """Answer on standard output what is asked on standard input, until that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    asked, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing else writes into the answers
    gc.disable()
    while True:
        try:
            function, items = pickle.load(asked)
        except EOFError:
            return
        try:
            done: Any = [function(item) for item in items]
        except Exception as error:  # raised again where it was asked
            done = error
        try:
            pickle.dump(done, answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()
        except BrokenPipeError:
            return
        gc.collect()
        gc.freeze()  # what is kept, such as trees in caches, is not looked through again


if __name__ == "__main__":
    _serve()
