"""The streaming scheduler: every item is judged once, whatever the order; failures of our own come
out.
"""

import random
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from coevolve.loop.workers import (
    ATTEMPTS,
    FixedPool,
    Leases,
    LocalWorker,
    WorkerLostError,
    call,
    follow_call,
    map_unordered,
    put_in_order,
    stream_results,
)


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


class Mortal:
    """A worker that is lost at one of its calls; before or after the work makes no difference."""

    def __init__(self, dies_at):
        self.calls, self.dies_at = 0, dies_at

    def submit(self, method, *arguments):
        self.calls += 1
        if self.calls >= self.dies_at:
            future = Future()
            future.set_exception(WorkerLostError("node 7 is gone"))
            return future
        return LocalWorker(Echo()).submit(method, *arguments)


class Replacing:
    """A pool that puts a new worker, of another length of life, where one was lost."""

    def __init__(self, draw, count):
        self.draw, self.lost = draw, 0
        self.workers = [self._made() for _ in range(count)]
        leases = Leases()
        self.take, self.give_back = leases.take, leases.give_back

    def _made(self):
        return Mortal(self.draw.randrange(1, 6))

    def members(self):
        return tuple(self.workers)

    def discard(self, worker):
        self.workers.remove(worker)
        self.lost += 1
        self.workers.append(Mortal(9) if self.lost % 2 else self._made())


def test_map_gives_every_index_once():
    found = dict(
        map_unordered(FixedPool(LocalWorker(Echo())), Echo.twice, [(i,) for i in range(7)])
    )
    assert found == {i: 2 * i for i in range(7)}


def test_who_waits_for_the_first_result_is_called_meanwhile():
    class Sleeper(Slow):
        def _work(self, value):
            time.sleep(1.3)
            return value

    looks = []
    for _ in map_unordered(FixedPool(Sleeper()), Echo.twice, [(1,)], lambda: looks.append(1)):
        assert len(looks) >= 2
    looks.clear()
    judges = FixedPool(LocalWorker(Echo()))
    made = stream_results(
        FixedPool(Sleeper()),
        Echo.chunk,
        [(5,)],
        judges,
        Echo.twice,
        lambda index, answer: [(answer,)],
        waited=lambda: looks.append(1),
    )
    assert [result for _, result in made] == [10] and len(looks) >= 2


def streamed(generators, judges, chunks, told=None):
    def expand(index, answer):
        if told is not None:
            told.append((index, len(answer)))
        return [(v,) for v in answer]

    return dict(stream_results(generators, Echo.chunk, chunks, judges, Echo.twice, expand))


CHUNKS = [(0, 3), (3, 0), (3, 3), (6, 3)]
EXPECTED = {
    (c, k): 2 * (start + k) for c, (start, count) in enumerate(CHUNKS) for k in range(count)
}


def test_stream_overlaps_generation_and_judging_and_names_each_item():
    told = []
    found = streamed(FixedPool(LocalWorker(Echo())), FixedPool(Slow(), Slow()), CHUNKS, told)
    assert found == EXPECTED
    assert told == [(0, 3), (1, 0), (2, 3), (3, 3)]
    assert Slow.most == 2


@pytest.mark.parametrize("seed", range(40))
def test_lost_workers_change_no_result(seed):
    draw = random.Random(seed)
    pools = [Replacing(draw, draw.randrange(1, 4)) for _ in range(2)]
    try:
        assert streamed(*pools, CHUNKS) == EXPECTED
    except WorkerLostError as error:  # one item met as many short lives in a row as are allowed
        assert f"{ATTEMPTS} workers" in str(error)
        assert any(pool.lost >= ATTEMPTS for pool in pools)
    assert seed or sum(pool.lost for pool in pools)


def test_the_others_go_on_when_one_is_lost_and_the_last_one_lost_is_an_error():
    pool = FixedPool(Mortal(2), Mortal(1), LocalWorker(Echo()))
    assert dict(map_unordered(pool, Echo.twice, [(i,) for i in range(5)])) == {
        i: 2 * i for i in range(5)
    }
    assert len(pool.members()) == 1
    with pytest.raises(WorkerLostError, match="last worker"):
        dict(map_unordered(FixedPool(Mortal(1)), Echo.twice, [(1,)]))


def test_an_item_that_ends_every_worker_is_named_after_some_attempts():
    class Fatal(Replacing):
        def _made(self):
            return Mortal(1)

        def discard(self, worker):
            self.workers[self.workers.index(worker)] = Mortal(1)
            self.lost += 1

    pool = Fatal(random.Random(0), 2)
    with pytest.raises(WorkerLostError, match=r"Echo.twice lost 4 workers .* node 7 is gone"):
        dict(map_unordered(pool, Echo.twice, [(1,)]))
    assert pool.lost == ATTEMPTS
    with pytest.raises(WorkerLostError, match="node 7"):
        follow_call(pool, Echo.twice, (3,), Echo.twice, lambda _: None)


def test_members_that_join_are_given_work():
    class Growing(FixedPool):
        def members(self):
            self.looks = getattr(self, "looks", 0) + 1
            return super().members()[: 1 if self.looks < 4 else 2]

    Slow.most = 0
    dict(map_unordered(Growing(Slow(), Slow()), Echo.twice, [(0,) for _ in range(12)]))
    assert Slow.most == 2


def test_one_call_goes_to_another_member_when_its_own_is_lost():
    assert call(FixedPool(Mortal(1), LocalWorker(Echo())), Echo.twice, 4) == 8
    pool = FixedPool(Mortal(1), LocalWorker(Echo()))
    assert follow_call(pool, Echo.twice, (4,), Echo.twice, lambda _: None) == 8


def test_empty_chunks_and_no_items_end():
    local = FixedPool(LocalWorker(Echo()))
    assert streamed(local, local, [(0, 0)]) == {}
    assert dict(map_unordered(local, Echo.twice, [])) == {}


def test_what_is_to_be_done_is_asked_for_when_a_worker_may_have_it():
    """All calls of a stage were made at its begin, each with its programs."""
    taken, pool = [], FixedPool(LocalWorker(Echo()), LocalWorker(Echo()))

    def items():
        for k in range(50):
            taken.append(k)
            yield (k,)

    for got, _ in enumerate(map_unordered(pool, Echo.twice, items()), 1):
        assert len(taken) <= got + 4

    class Chunks(list):
        def __getitem__(self, k):
            asked.append(k)
            return super().__getitem__(k)

    asked, found = [], {}
    chunks = Chunks((10 * k, 3) for k in range(20))
    known, done = {3: [30, 31, 32], 5: [50]}, {5, 7}
    for key, result in stream_results(
        pool,
        Echo.chunk,
        chunks,
        FixedPool(LocalWorker(Echo())),
        Echo.twice,
        lambda _, answer: [(v,) for v in answer],
        known,
        done,
    ):
        found[key] = result
        assert len(asked) <= len({chunk for chunk, _ in found}) + 8
    assert asked == [k for k in range(20) if k not in (3, 5, 7)]
    assert found == {
        (k, place): 2 * (10 * k + place) for k in range(20) if k not in done for place in range(3)
    }


@pytest.mark.parametrize("seed", range(20))
def test_results_are_put_in_order_and_few_wait(seed):
    draw, held = random.Random(seed), []
    keys = list(range(40))
    late = sorted(keys, key=lambda k: k + draw.random() * 5)  # each at most five places off
    arrived = []
    ordered = put_in_order(((k, f"{k}") for k in late), lambda: arrived.append(1))
    for count, (index, result) in enumerate(ordered):
        assert index == count and result == f"{index}"
        held.append(len(arrived) - count - 1)
    assert len(held) == len(keys) == len(arrived) and max(held) <= 5


def test_failure_of_our_own_is_raised():
    with pytest.raises(RuntimeError, match="broken at 1"):
        dict(map_unordered(FixedPool(LocalWorker(Echo())), Echo.fail, [(1,)]))
