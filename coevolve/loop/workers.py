"""Workers as the loop sees them: call a method, get a future. Local here; Ray's in
`coevolve.loop.actors`.

Contract: `call` never blocks for a remote worker and returns a `concurrent.futures.Future`.
`stream_results` keeps every verifier busy while the generator goes on, and yields results as they
arrive, each with the index of its item, so that callers can put them in input order: arrival order
never decides a result.

    python -c "from coevolve.loop.workers import LocalWorker; \\
        print(LocalWorker('abc').call('upper').result())"
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any, Protocol


class Worker(Protocol):
    """Something that runs methods of one plain object, here or elsewhere."""

    def call(self, method: str, *arguments: Any) -> Future: ...


class LocalWorker:
    """Runs methods of `target` at once in this process."""

    def __init__(self, target: object) -> None:
        self.target = target

    def call(self, method: str, *arguments: Any) -> Future:
        future: Future = Future()
        try:
            future.set_result(getattr(self.target, method)(*arguments))
        except Exception as error:  # handed over whole; raised again at .result()
            future.set_exception(error)
        return future


@dataclass(frozen=True, slots=True)
class RunWorkers:
    """The workers of a run. `close` ends remote ones."""

    translator: Worker
    tester: Worker
    verifiers: Sequence[Worker]
    count_kept: Callable[[int], None] = lambda _pairs: None
    """Told of every round's kept pairs; what shows running jobs elsewhere may count them."""


def map_unordered(
    workers: Sequence[Worker], method: str, items: Iterable[tuple]
) -> Iterator[tuple[int, Any]]:
    """Call `method(*item)` on idle workers; yield (index, result) as results arrive."""
    yield from stream_results(
        None, "", [], workers, method, lambda _chunk, _answer: [], first=items
    )


def stream_results(
    generator: Worker | None,
    generate: str,
    chunks: Sequence[tuple],
    workers: Sequence[Worker],
    method: str,
    expand: Callable[[int, Any], Sequence[tuple]],
    first: Iterable[tuple] = (),
) -> Iterator[tuple[int, Any]]:
    """Generate chunk after chunk on one worker and send what comes out to the others while it goes
    on.

    expand(chunk_index, answer) is told of every finished chunk, in order, and turns its answer into
    items for `method`. Yields (item index in the order of expansion, result).
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
            generation = (generator.call(generate, *arguments), index)
        while queue and idle:
            number, item = queue.popleft()
            worker = idle.popleft()
            running[worker.call(method, *item)] = (worker, number)
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
