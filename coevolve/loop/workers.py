"""Workers as the loop sees them: name a method of their class, get a future. Local here; Ray's in
`coevolve.loop.actors`.

Contract: `submit` never blocks for a remote worker and returns a `concurrent.futures.Future`. What
is to be done is given as the method itself, `Verifier.judge`, so that a type checker follows it.
`stream_results` keeps every verifier busy while the generator goes on, and yields results as they
arrive, each with the index of its item, so that callers can put them in input order: arrival order
never decides a result.

    python -c "from coevolve.loop.workers import LocalWorker; \\
        print(LocalWorker('abc').submit(str.upper).result())"
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

Result = TypeVar("Result")


class Worker(Protocol):
    """Holds one object, in this process or elsewhere, and runs its methods."""

    def submit(self, method: Callable[..., Result], *arguments: Any) -> Future[Result]:
        """Run `method` of the held object, a method of its class, with `arguments`.

        Returns a future of what the method returns; it raises what the method raises.
        """
        ...


class LocalWorker:
    """Runs methods of `target` at once, in this process. Only the method's name must match, so
    tests can pass stand-ins.
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


@dataclass(frozen=True, slots=True)
class RunWorkers:
    """The workers of a run.

    translator, tester: the models. verifiers: at least one.
    count_kept: called with the number of pairs that each round kept.
    """

    translator: Worker
    tester: Worker
    verifiers: Sequence[Worker]
    count_kept: Callable[[int], None] = lambda _pairs: None
    """Told of every round's kept pairs; what shows running jobs elsewhere may count them."""


def map_unordered(
    workers: Sequence[Worker], method: Callable[..., Result], items: Iterable[tuple]
) -> Iterator[tuple[int, Result]]:
    """Run `method(*item)` for each item on whichever worker is idle. Yields (index of the item,
    result) as results arrive. Raises what the method raises.
    """
    yield from stream_results(
        None, method, [], workers, method, lambda _chunk, _answer: [], first=items
    )


def stream_results(
    generator: Worker | None,
    generate: Callable[..., Any],
    chunks: Sequence[tuple],
    workers: Sequence[Worker],
    method: Callable[..., Result],
    expand: Callable[[int, Any], Sequence[tuple]],
    first: Iterable[tuple] = (),
) -> Iterator[tuple[int, Result]]:
    """Generate chunk after chunk on one worker while others already work on what came out.

    generate: called on `generator` with each of `chunks`, in order.
    expand(chunk index, answer): turns an answer into items for `method`, which idle workers run.
    first: items to begin with. Yields (index of the item in order of expansion, result). Raises
        what either method raises.
    """
    queue: deque[tuple[int, tuple]] = deque(enumerate(first))
    produced = len(queue)
    idle = deque(workers)
    running: dict[Future, tuple[Worker, int]] = {}
    waiting_chunks = deque(enumerate(chunks))
    generation: tuple[Future, int] | None = None
    while queue or running or waiting_chunks or generation:
        if generation is None and waiting_chunks:
            index, arguments = waiting_chunks.popleft()
            generation = (generator.submit(generate, *arguments), index)
        while queue and idle:
            number, item = queue.popleft()
            worker = idle.popleft()
            running[worker.submit(method, *item)] = (worker, number)
        watched = set(running) | ({generation[0]} if generation else set())
        done, _ = wait(watched, return_when=FIRST_COMPLETED)
        if generation and generation[0] in done:
            answer, index = generation[0].result(), generation[1]
            generation = None
            items = expand(index, answer)
            queue.extend(enumerate(items, produced))
            produced += len(items)
        for future in done & set(running):
            worker, number = running.pop(future)
            idle.append(worker)
            yield number, future.result()
