"""The streaming scheduler: every item is judged once, whatever the order; failures of our own come
out.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from coevolve.loop.workers import LocalWorker, map_unordered, stream_results


class Echo:
    def twice(self, value):
        return 2 * value

    def chunk(self, start, count):
        return list(range(start, start + count))

    def fail(self, value):
        raise RuntimeError(f"broken at {value}")


class Slow:
    """A worker on a thread of its own, slower for early items, that counts how many run at once."""

    running = 0
    most = 0
    lock = threading.Lock()

    def __init__(self):
        self.pool = ThreadPoolExecutor(1)

    def submit(self, method, *arguments):
        return self.pool.submit(self._work, *arguments)

    def _work(self, value):
        with Slow.lock:
            Slow.running += 1
            Slow.most = max(Slow.most, Slow.running)
        time.sleep(0.02 if value < 3 else 0.001)
        with Slow.lock:
            Slow.running -= 1
        return 2 * value


def test_map_gives_every_index_once():
    found = dict(map_unordered([LocalWorker(Echo())], Echo.twice, [(i,) for i in range(7)]))
    assert found == {i: 2 * i for i in range(7)}


def test_stream_overlaps_generation_and_judging_and_keeps_expansion_order():
    told = []

    def expand(index, answer):
        told.append((index, len(answer)))
        return [(v,) for v in answer]

    results = dict(
        stream_results(
            LocalWorker(Echo()),
            Echo.chunk,
            [(0, 3), (3, 3), (6, 3)],
            [Slow(), Slow()],
            Echo.twice,
            expand,
        )
    )
    assert results == {i: 2 * i for i in range(9)}
    assert told == [(0, 3), (1, 3), (2, 3)]
    assert Slow.most == 2


def test_empty_chunks_and_no_items_end():
    assert (
        dict(
            stream_results(
                LocalWorker(Echo()),
                Echo.chunk,
                [(0, 0)],
                [LocalWorker(Echo())],
                Echo.twice,
                lambda i, a: [(v,) for v in a],
            )
        )
        == {}
    )
    assert dict(map_unordered([LocalWorker(Echo())], Echo.twice, [])) == {}


def test_failure_of_our_own_is_raised():
    with pytest.raises(RuntimeError, match="broken at 1"):
        dict(map_unordered([LocalWorker(Echo())], Echo.fail, [(1,)]))
