"""A machine with more to do than it can must not turn slow programs into endless ones."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import Arguments, CompileRequest, Limits, Status
from gpu_runtime.emulation.backend import EmulatedBackend

CALL = [Arguments((np.zeros(1, np.float32), np.array(1, np.int32)))]
LIMITS = Limits(wall_s=0.6, cpu_s=60)
# 0.2 s of CPU time
SLOW = (
    'extern "C" long clock(); void f(float *x, int n) { long t = clock(); while (clock() - '
    "t < 200000); x[0] = n; }"
)
ENDLESS = "void f(float *x, int n) { volatile long k = 0; while (n) k++; x[0] = k; }"
ASLEEP = (
    'extern "C" int usleep(unsigned); void f(float *x, int n) { for (int i = 0; i < 60; '
    "i++) usleep(500000); x[0] = n; }"
)
HOGS = 3


@pytest.fixture(scope="module")
def busy():
    """A back end on one processor that three others use as well."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    backend = EmulatedBackend()
    hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(HOGS)]
    yield backend
    for hog in hogs:
        hog.kill()
        hog.wait()
    backend.close()
    os.sched_setaffinity(0, allowed)


def compiled(backend, text):
    program = Program("cpp", "f", text)
    found = backend.compile([CompileRequest(program, read_signature(program))])[0]
    assert found.ok, found.diagnostics
    return found


def test_a_program_that_waits_for_a_processor_is_not_out_of_time(busy):
    program = compiled(busy, SLOW)
    started = time.monotonic()
    done = busy.run(program, CALL, LIMITS)[0]
    taken = time.monotonic() - started
    assert done.status is Status.OK, done.detail
    if taken < LIMITS.wall_s:
        pytest.skip("the machine was not busy")


def test_a_program_that_never_ends_has_its_time_and_no_more(busy):
    started = time.process_time(), time.monotonic()
    done = busy.run(compiled(busy, ENDLESS), CALL, LIMITS)[0]
    assert done.status is Status.TIMEOUT
    assert time.monotonic() - started[1] < 10 * LIMITS.wall_s + 10


def test_a_program_that_sleeps_is_out_of_time_at_once(busy):
    program = compiled(busy, ASLEEP)
    started = time.monotonic()
    done = busy.run(program, CALL, LIMITS)[0]
    assert done.status is Status.TIMEOUT and time.monotonic() - started < 10


def test_every_call_has_its_own_cpu_time(busy):
    """Three calls of 0.2 s each stay within 0.5 s each, though not together; waiting for the
    processor is not counted.
    """
    limits = Limits(wall_s=30, cpu_s=60, call_s=(0.5, 0.5, 0.5))
    assert [e.status for e in busy.run(compiled(busy, SLOW), CALL * 3, limits)] == [Status.OK] * 3
    short = busy.run(
        compiled(busy, ENDLESS), CALL * 2, Limits(wall_s=60, cpu_s=60, call_s=(0.3, 50))
    )
    assert [e.status for e in short] == [Status.TIMEOUT, Status.NOT_RUN]
    assert "CPU time limit of one call" in short[0].detail


def test_the_call_that_is_running_is_the_one_whose_time_counts(busy):
    second = "void f(float *x, int n) { volatile long k = 0; while (n > 1) k++; x[0] = k; }"
    calls = [*CALL, Arguments((np.zeros(1, np.float32), np.array(2, np.int32)))]
    done = busy.run(compiled(busy, second), calls, Limits(wall_s=60, cpu_s=60, call_s=(50, 0.2)))
    assert [e.status for e in done] == [Status.OK, Status.TIMEOUT]
