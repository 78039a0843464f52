"""Large calls run in processes of their own, with equal results."""

from __future__ import annotations

import numpy as np

from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime import expectations
from gpu_runtime.backend import Arguments, CompileRequest, Execution, Status
from gpu_runtime.emulation.backend import EmulatedBackend
from gpu_runtime.expectations import run_each, take_batch

CALLS = [Arguments((np.full(100, k, np.int32), np.array(100, np.int32))) for k in range(5)]


class Scripted:
    """A back end that answers with statuses and notes how many calls each process got."""

    name = "scripted"

    def __init__(self, *batches):
        self.batches, self.asked = list(batches), []

    def run(self, compiled, calls, limits):
        self.asked.append(len(calls))
        return [Execution(status) for status in self.batches.pop(0)]


def test_small_calls_share_a_process_and_large_ones_do_not(monkeypatch):
    assert len(take_batch(CALLS)) == 5
    monkeypatch.setattr(expectations, "BATCH_BYTES", 900)
    assert len(take_batch(CALLS)) == 2
    monkeypatch.setattr(expectations, "BATCH_BYTES", 10)
    assert take_batch(CALLS) == CALLS[:1]
    assert take_batch([]) == []


def test_results_are_the_same_in_batches(monkeypatch):
    backend = EmulatedBackend()
    source = Program("cpp", "f", "void f(int *x, int n) { for (int i = 0; i < n; i++) x[i] += i; }")
    built = backend.compile([CompileRequest(source, read_signature(source))])[0]
    whole = run_each(backend, built, CALLS)
    monkeypatch.setattr(expectations, "BATCH_BYTES", 900)
    parted = run_each(backend, built, CALLS)
    backend.close()
    assert [e.status for e in parted] == [Status.OK] * 5
    for one, other in zip(whole, parted, strict=True):
        assert np.array_equal(one.values[0], other.values[0])


def test_calls_behind_two_that_hang_are_not_run_and_counted(monkeypatch):
    monkeypatch.setattr(expectations, "BATCH_BYTES", 900)
    hangs = (Status.TIMEOUT, Status.NOT_RUN)
    backend = Scripted(hangs, hangs)
    found = run_each(backend, None, CALLS)
    assert backend.asked == [2, 2]
    assert [e.status for e in found] == [Status.TIMEOUT] * 2 + [Status.NOT_RUN] * 3


def test_equal_large_results_are_one_array_and_others_are_not():
    backend = EmulatedBackend()
    source = Program("cpp", "f", "void f(int *x, int n) { for (int i = 0; i < n; i++) x[i] /= 2; }")
    built = backend.compile([CompileRequest(source, read_signature(source))])[0]
    size = 1 << 19
    calls = [Arguments((np.full(size, k, np.int32), np.array(size, np.int32))) for k in (4, 5, 9)]
    first, same, other = (run_each(backend, built, [call])[0].values[0] for call in calls)
    backend.close()
    assert first is same and first[0] == 2
    assert other is not first and other[-1] == 4
