"""Workers as the loop sees them: name a method of their class, get a future. Local here; Ray's in
`coevolve.loop.actors`.

Contract: `submit` never blocks for a remote worker and returns a `concurrent.futures.Future`. What
is to be done is given as the method itself, `Verifier.judge`, so that a type checker follows it.
Workers of one kind form a pool, which may lose and gain members at any time. What a lost worker was
asked is asked of another one. `stream_results` keeps every member busy and yields results as they
arrive, each with the place of its item, so that callers can put them in input order: neither the
order of arrival nor a lost worker decides a result.

    python -c "from coevolve.loop.workers import LocalWorker; \\
        print(LocalWorker('abc').submit(str.upper).result())"
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar

Result = TypeVar("Result")

ATTEMPTS = 4
"""Workers that one item may lose. An item that ends every worker is a fault of ours, not its."""
BACKLOG = 8
"""Items that may wait for each verifier. Above that no new ones are generated."""
FOLLOW_S = 2.0
"""Seconds between looks at a long call."""
POLL_S = 0.5
"""Seconds between looks at a pool that may have gained members."""
IDLE_S = 0.05
"""Seconds between looks of a caller that has no worker because others have them."""


class WorkerLostError(Exception):
    """The process or machine that held a worker is gone. The message says how it ended."""


class StoppedError(Exception):
    """The workers were stopped while a call wanted one: the run ends."""


class Worker(Protocol):
    """Holds one object, in this process or elsewhere, and runs its methods."""

    def submit(self, method: Callable[..., Result], *arguments: Any) -> Future[Result]:
        """Run `method` of the object that the worker holds, a method of its class given unbound,
        with `arguments`.

        Returns a future of what the method returns. It raises what the method raises, and
        WorkerLostError if the worker is lost.
        """
        ...


class WorkerPool(Protocol):
    """Workers of one kind; any of them can do what the others can."""

    def members(self) -> Sequence[Worker]:
        """Return the workers there are, also those at work; () while the first ones start. Raises
        UserError if no worker came in time, StoppedError if the pool was closed.
        """
        ...

    def take(self, worker: Worker, owner: object) -> bool:
        """Return whether `owner` may give `worker`, a member of the pool, a call now: it has none,
        and no other owner waits that has fewer workers or has waited longer. If so, it counts as at
        work until it is given back.

        owner: who asks, any object, one for each series of calls.
        """
        ...

    def give_back(self, worker: Worker) -> None:
        """Count `worker`, which a true `take` counted as at work, as idle again."""
        ...

    def discard(self, worker: Worker) -> None:
        """Remove a lost worker from the pool. Raises WorkerLostError if the pool is then empty for
        good.
        """
        ...


class Leases:
    """Which workers of a pool are at work, and for whom. Several threads may ask at once; each
    owner gets its share, and an idle worker goes to the one that has waited longest.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[int, int] = {}
        self._counts: Counter[int] = Counter()
        self._waiting: dict[int, tuple[float, float]] = {}

    def take(self, worker: Worker, owner: object) -> bool:
        """Return whether `owner` may give `worker` a call now, and count it as at work if so. It
        may not while another call is on the worker, or while another owner waits that has fewer
        workers or has waited longer.

        owner: who asks, any object, one for each series of calls.
        """
        with self._lock:
            if id(worker) in self._held:
                if not self._counts[id(owner)]:  # who has none waits at once, others for their own
                    self._wait(owner)
                return False
            if len(self._waiting) > (id(owner) in self._waiting) and self._is_behind(owner):
                self._wait(owner)
                return False
            self._waiting.pop(id(owner), None)
            self._held[id(worker)] = id(owner)
            self._counts[id(owner)] += 1
            return True

    def _wait(self, owner: object) -> None:
        now = time.monotonic()
        self._waiting[id(owner)] = (self._waiting.get(id(owner), (now,))[0], now)

    def _is_behind(self, owner: object) -> bool:
        """Whether another that still asks has fewer workers, or as many and asked first."""
        now = time.monotonic()
        since = self._waiting.get(id(owner), (now,))[0]
        mine = (self._counts[id(owner)], since)
        return any(
            (self._counts[other], began) < mine
            for other, (began, asked) in self._waiting.items()
            if other != id(owner) and now - asked < 4 * IDLE_S
        )

    def give_back(self, worker: Worker) -> None:
        """Count `worker`, which a true `take` counted as at work, as idle again; nothing if it is
        idle.
        """
        with self._lock:
            owner = self._held.pop(id(worker), None)
            if owner is not None:
                self._counts[owner] -= 1
                if not self._counts[owner]:
                    del self._counts[owner]


class LocalWorker:
    """Runs methods of the object `target` at once, in this process. Only the method's name must
    match, so tests can pass stand-ins.
    """

    def __init__(self, target: object) -> None:
        self.target = target

    def submit(self, method: Callable[..., Result], *arguments: Any) -> Future[Result]:
        """Run the target's method that has the name of `method`, with `arguments`. Returns a
        finished future, which raises what the method raised.
        """
        future: Future[Result] = Future()
        try:
            future.set_result(getattr(self.target, method.__name__)(*arguments))
        except Exception as error:  # handed over whole; raised again at .result()
            future.set_exception(error)
        return future


class FixedPool:
    """A pool of the workers given to it. It gains no members."""

    def __init__(self, *workers: Worker) -> None:
        self._workers = list(workers)
        self._leases = Leases()

    def members(self) -> Sequence[Worker]:
        """Return the workers that are left. Raises WorkerLostError if there are none."""
        if not self._workers:
            raise WorkerLostError("there is no worker of this kind")
        return tuple(self._workers)

    def take(self, worker: Worker, owner: object) -> bool:
        """Return whether `owner` may give `worker`, a member of the pool, a call now, and count it
        as at work if so.

        owner: who asks, any object, one for each series of calls; each owner gets its share of the
            pool.
        """
        return self._leases.take(worker, owner)

    def give_back(self, worker: Worker) -> None:
        """Count `worker`, which a true `take` counted as at work, as idle again."""
        self._leases.give_back(worker)

    def discard(self, worker: Worker) -> None:
        """Remove a lost worker from the pool. Raises WorkerLostError if it was the last, ValueError
        if the pool does not hold it.
        """
        self._workers.remove(worker)
        if not self._workers:
            raise WorkerLostError("the last worker of its kind is gone")


@dataclass(frozen=True, slots=True)
class RunWorkers:
    """The workers of a run, one pool for each kind.

    translators, testers: workers that hold the models. verifiers: workers that judge, at least one.
    count_kept(pairs): called with the number of pairs that each round kept, for what shows running
        jobs. together: stages that may be at work at once. stop(): ends the workers, so that calls
        that wait for one raise; it may be called from any thread.
    """

    translators: WorkerPool
    testers: WorkerPool
    verifiers: WorkerPool
    count_kept: Callable[[int], None] = lambda _pairs: None
    """Called with the number of pairs that each round kept, for what shows running jobs."""
    together: int = 1
    """Stages that may be at work at once."""
    stop: Callable[[], None] = lambda: None
    """Ends the workers, so that calls that wait for one raise. May be called from any thread."""


@dataclass(frozen=True, slots=True)
class _Task:
    """One call. key: (chunk, place in the chunk), -1 as place for the chunk itself."""

    pool: WorkerPool
    method: Callable[..., Any]
    key: tuple[int, int]
    arguments: tuple
    losses: int = 0


class _Calls:
    """The calls in flight, at most one for each worker."""

    def __init__(self) -> None:
        self._running: dict[Future, tuple[Worker, _Task]] = {}

    def __bool__(self) -> bool:
        return bool(self._running)

    def start(self, waiting: deque[_Task], pool: WorkerPool) -> None:
        """Give the first tasks of `waiting` to idle members of `pool`."""
        if not waiting:
            return
        for worker in pool.members():
            if waiting and pool.take(worker, self):
                task = waiting.popleft()
                try:
                    future = worker.submit(task.method, *task.arguments)
                except BaseException:  # Ctrl-C in a call of this process: others may use it again
                    pool.give_back(worker)
                    raise
                self._running[future] = (worker, task)
                future.add_done_callback(lambda _, worker=worker: pool.give_back(worker))

    def workers(self) -> Sequence[Worker]:
        """The workers that are at work."""
        return [worker for worker, _ in self._running.values()]

    def finish(
        self, waiting: Callable[[_Task], deque[_Task]], limit_s: float = POLL_S
    ) -> Iterator[tuple[_Task, Any]]:
        """Tasks that are done, with their results, after at most `limit_s` seconds.

        A task whose worker was lost goes back to the front of `waiting(task)`.
        """
        if not self._running:
            time.sleep(IDLE_S)
        for future in wait(self._running, limit_s, FIRST_COMPLETED).done:
            worker, task = self._running.pop(future)
            try:
                result = future.result()
            except WorkerLostError as error:
                task.pool.discard(worker)
                if task.losses + 1 >= ATTEMPTS:
                    raise WorkerLostError(
                        f"{task.method.__qualname__} lost {ATTEMPTS} workers one after another; "
                        f"the last: {error}"
                    ) from error
                waiting(task).appendleft(replace(task, losses=task.losses + 1))
            else:
                yield task, result


def call(pool: WorkerPool, method: Callable[..., Result], *arguments: Any) -> Result:
    """Return what `method(*arguments)` returns on one member of `pool`, when one is idle. method:
    of the class of the object that the members hold, unbound. Raises what the method raises, and
    WorkerLostError if ATTEMPTS (4) workers are lost one after another.
    """
    return next(result for _, result in map_unordered(pool, method, [arguments]))


def follow_call(
    pool: WorkerPool,
    method: Callable[..., Result],
    arguments: tuple,
    look: Callable[..., Any],
    show: Callable[[Any], None],
) -> Result:
    """Run `method(*arguments)` on one member of `pool`, as `call` does, and show its progress.
    Every two seconds `show(value)` is called with what the method `look` returns on the same
    worker, which must answer two calls at a time.

    method, look: of the class of the object that the members hold, unbound. arguments: those of
        `method`.
    Returns what `method(*arguments)` returns. Raises what it raises, and WorkerLostError if
    ATTEMPTS (4) workers are lost.
    """
    waiting = deque([_Task(pool, method, (0, 0), arguments)])
    calls = _Calls()
    while True:
        calls.start(waiting, pool)
        for _, result in calls.finish(lambda _: waiting, FOLLOW_S):
            return result
        for worker in calls.workers():
            with suppress(WorkerLostError):  # the call itself says so, and is given to another
                show(worker.submit(look).result())


def map_unordered(
    pool: WorkerPool,
    method: Callable[..., Result],
    items: Iterable[tuple],
    waited: Callable[[], None] = lambda: None,
) -> Iterator[tuple[int, Result]]:
    """Run `method(*item)` for each item on idle workers. Yields (index of the item, result) as
    results arrive.

    method: of the class of the object that the members of `pool` hold, unbound. items: the
        arguments of each call; one is taken when a worker may have it. waited: called twice a
        second or more often while results are awaited. Raises what the method raises, and
        WorkerLostError if one item loses ATTEMPTS (4) workers.
    """
    upcoming = (_Task(pool, method, (0, k), item) for k, item in enumerate(items))
    waiting: deque[_Task] = deque()
    calls = _Calls()
    while _draw(waiting, upcoming, pool) or calls:
        calls.start(waiting, pool)
        for task, result in calls.finish(lambda _: waiting):
            yield task.key[1], result
        waited()


class ByChunk(Generic[Result]):
    """Puts the results of `stream_results`, which arrive in any order, together by chunk."""

    def __init__(self) -> None:
        self._slots: dict[int, list[Result | None]] = {}

    def expect(self, chunk: int, count: int) -> None:
        """Wait for `count` results of the chunk number `chunk`."""
        self._slots[chunk] = [None] * count

    def add(self, chunk: int, place: int, result: Result) -> list[Result] | None:
        """Return the results of `chunk` in order if `result`, number `place` of them, is the last
        to come, else None.
        """
        slots = self._slots[chunk]
        slots[place] = result
        whole = [each for each in slots if each is not None]
        if len(whole) < len(slots):
            return None
        del self._slots[chunk]
        return whole


def put_in_order(
    results: Iterable[tuple[int, Result]], arrived: Callable[[], None] = lambda: None
) -> Iterator[tuple[int, Result]]:
    """Yield the (index, result) of `map_unordered` in the order of the indices. A result is in
    memory until those before it have come. arrived: called as each one comes.
    """
    early: dict[int, Result] = {}
    wanted = 0
    for index, result in results:
        early[index] = result
        arrived()
        while wanted in early:
            yield wanted, early.pop(wanted)
            wanted += 1


def _draw(waiting: deque[_Task], upcoming: Iterator[_Task], pool: WorkerPool) -> bool:
    """Take tasks from `upcoming` until each member of `pool` may have one of those that wait.
    Returns whether any waits.
    """
    if not waiting:
        waiting.extend(islice(upcoming, 1))
    if waiting:
        waiting.extend(islice(upcoming, max(0, len(pool.members()) - len(waiting))))
    return bool(waiting)


def stream_results(
    generators: WorkerPool,
    generate: Callable[..., Any],
    chunks: Sequence[tuple],
    judges: WorkerPool,
    judge: Callable[..., Result],
    expand: Callable[[int, Any], Sequence[tuple]],
    known: Mapping[int, Any] = MappingProxyType({}),
    done: Container[int] = (),
    waited: Callable[[], None] = lambda: None,
) -> Iterator[tuple[tuple[int, int], Result]]:
    """Generate chunk after chunk and judge what comes out while generation goes on.

    generators, judges: the workers of either kind. generate: a method, called with the arguments in
        each of `chunks` on a member of `generators`; they are asked for when a worker may have
        them. judge: a method, called with each item, the arguments of one call, on a member of
        `judges`.
    expand(chunk index, answer): called once per chunk, in any order, with what `generate` returned;
        returns the items for `judge`.
    known: answers by chunk index, which are not generated again; one is taken from it when its turn
        comes. done: indices of chunks that are left out. waited: called twice a second or more
        often while results are awaited.
    Yields ((chunk index, place of the item in its chunk), result) as results arrive; indices and
    places are from 0. Sorted by these keys, they do not depend on scheduling. Raises what either
    method raises, and WorkerLostError if one item loses ATTEMPTS (4) workers.
    """
    waiting: deque[_Task] = deque()

    def put(chunk: int, answer: Any) -> None:
        items = expand(chunk, answer)
        waiting.extend(_Task(judges, judge, (chunk, k), item) for k, item in enumerate(items))

    stored = deque(k for k in sorted(known) if k not in done)
    ahead: deque[_Task] = deque()
    upcoming = (
        _Task(generators, generate, (k, -1), chunks[k])
        for k in range(len(chunks))
        if k not in known and k not in done
    )
    calls = _Calls()
    while stored or waiting or calls or _draw(ahead, upcoming, generators):
        room = BACKLOG * max(1, len(judges.members()))
        while stored and len(waiting) <= room:
            chunk = stored.popleft()
            put(chunk, known[chunk])
        if len(waiting) <= room and _draw(ahead, upcoming, generators):
            calls.start(ahead, generators)
        calls.start(waiting, judges)
        for task, result in calls.finish(lambda t: ahead if t.key[1] < 0 else waiting):
            if task.key[1] < 0:
                put(task.key[0], result)
            else:
                yield task.key, result
        waited()
