"""Batches go on after a call that stopped, and work is bounded independently of the clock."""

import time
from dataclasses import replace

import numpy as np
import pytest

from corpora.records import Fill, Parameter, Program, Signature
from gpu_runtime.backend import Arguments, CompileRequest, Limits, Status, Variant
from gpu_runtime.call.materialize import expand_fill
from gpu_runtime.emulation.backend import EmulatedBackend
from gpu_runtime.expectations import run_each
from gpu_runtime.sandbox import lockdown as sandbox

SIGNATURE = Signature("f", (Parameter("x", "array", "f32"), Parameter("n", "scalar", "i32", "in")))
ENDLESS = (
    "void f(float *x, int n) { if (n < 0) for (int i = 0;; i = !i) x[i] += 1; for (int i "
    "= 0; i < n; i++) x[i] += 1; }"
)


@pytest.fixture(scope="module")
def backend():
    made = EmulatedBackend()
    yield made
    made.close()


def compiled(backend, text, variant=Variant.RECORDED, dialect="cpp"):
    one = backend.compile([CompileRequest(Program(dialect, "f", text), SIGNATURE, variant)])[0]
    assert one.ok, one.diagnostics
    return one


def call(length, n):
    return Arguments((np.arange(length, dtype=np.float32), np.array(n, np.int32)))


class Counting:
    """A back end that counts how often a batch was handed over."""

    def __init__(self, inner):
        self.inner, self.batches, self.name = inner, 0, inner.name

    def run(self, *arguments):
        self.batches += 1
        return self.inner.run(*arguments)


@pytest.mark.parametrize("variant", [Variant.RECORDED, Variant.PLAIN])
def test_calls_behind_one_that_stopped_are_run_in_the_same_batch(backend, variant):
    counting = Counting(backend)
    program = compiled(
        backend,
        "void f(float *x, int n) { for (int i = 0; i < n; i++) x[i * 4096 / 4096] += 1; if (n "
        "> 90) *(int *)8 = 1; }",
        variant,
    )
    calls = [call(4, 4), call(4, 5000), call(3, 3), call(99, 99), call(99, 99), call(2, 2)]
    done = run_each(counting, program, calls)
    assert [e.status for e in done] == [
        Status.OK,
        Status.OUT_OF_BOUNDS,
        Status.OK,
        Status.SIGNAL,
        Status.SIGNAL,
        Status.OK,
    ]
    assert [e.values[0].tolist() for e in done if e.status is Status.OK] == [
        [1, 2, 3, 4],
        [1, 2, 3],
        [1, 2],
    ]
    assert counting.batches == 1


def test_without_being_told_to_a_batch_ends_where_a_call_stops(backend):
    program = compiled(backend, "void f(float *x, int n) { x[n] = 1; }")
    done = backend.run(program, [call(4, 0), call(4, 9), call(4, 1)])
    assert [e.status for e in done] == [Status.OK, Status.OUT_OF_BOUNDS, Status.NOT_RUN]


def test_a_process_that_ends_in_another_way_is_explained_and_what_follows_it_run(backend):
    program = compiled(
        backend, "void f(float *x, int n) { if (n == 2) exit(3); x[0] = n; }", Variant.PLAIN
    )
    done = run_each(backend, program, [call(1, 1), call(1, 2), call(1, 3)])
    assert [e.status for e in done] == [Status.OK, Status.EARLY_EXIT, Status.OK]
    assert "code 3" in done[1].detail and done[2].values[0].tolist() == [3]


def test_accesses_bound_a_call_and_the_next_ones_run(backend):
    program = compiled(backend, ENDLESS)
    started = time.monotonic()
    done = run_each(
        backend,
        program,
        [call(2, -1), call(2, 2), call(2, -1), call(2, -1), call(3, 3)],
        Limits(wall_s=20, accesses=100_000),
    )
    assert [e.status for e in done] == [
        Status.TIMEOUT,
        Status.OK,
        Status.TIMEOUT,
        Status.TIMEOUT,
        Status.OK,
    ]
    assert "steps" in done[0].detail and time.monotonic() - started < 10


def test_accesses_are_those_of_one_call(backend):
    program = compiled(backend, ENDLESS)
    enough = Limits(accesses=6 * 50 + 20)  # accesses and basic blocks; the call itself makes a few
    assert [e.status for e in run_each(backend, program, [call(50, 50)] * 3, enough)] == [
        Status.OK
    ] * 3
    assert [
        e.status for e in run_each(backend, program, [call(50, 50)], replace(enough, accesses=99))
    ] == [Status.TIMEOUT]


def test_a_loop_that_touches_no_memory_takes_steps_too(backend):
    program = compiled(
        backend, "void f(float *x, int n) { int k = 0; while (n > 1) k ^= n; x[0] = k; }"
    )
    done = run_each(backend, program, [call(1, 2), call(1, 1)], Limits(wall_s=20, accesses=100_000))
    assert [e.status for e in done] == [Status.TIMEOUT, Status.OK]


def test_behind_two_calls_without_an_end_the_others_get_a_sixteenth(backend):
    program = compiled(backend, ENDLESS)
    limits = Limits(wall_s=20, accesses=32_000)
    length = 5_000  # more than a sixteenth of the steps, fewer than all
    done = run_each(
        backend,
        program,
        [call(2, -1), call(length, length), call(2, -1), call(length, length), call(4, 4)],
        limits,
    )
    assert [e.status for e in done] == [
        Status.TIMEOUT,
        Status.OK,
        Status.TIMEOUT,
        Status.TIMEOUT,
        Status.OK,
    ]


def test_accesses_of_emulated_threads_count(backend):
    program = compiled(
        backend,
        "__global__ void f(float *x, int n) { for (int k = 0;; k++) x[(threadIdx.x + k) & 3] "
        "+= n; }",
        dialect="cuda",
    )
    from gpu_runtime.backend import Geometry

    given = replace(call(4, 1), geometry=Geometry((1, 1, 1), (4, 1, 1)))
    done = backend.run(program, [given], Limits(wall_s=20, accesses=10_000))
    assert done[0].status is Status.TIMEOUT and "steps" in done[0].detail


def test_cpu_time_is_limited_to_the_millisecond(backend):
    program = compiled(
        backend,
        "void f(float *x, int n) { volatile int k = 0; while (n) k++; x[0] = k; }",
        Variant.PLAIN,
    )
    started = time.monotonic()
    done = backend.run(program, [call(1, 1)], Limits(wall_s=20, cpu_s=0.1))
    assert (
        done[0].status is Status.TIMEOUT
        and "CPU" in done[0].detail
        and time.monotonic() - started < 3
    )
    assert backend.run(program, [call(1, 0)], Limits(wall_s=20, cpu_s=0.1))[0].status is Status.OK


def test_remembered_contents_cannot_be_changed_and_zeros_keep_their_sign():
    one = expand_fill(Fill("constant", (0.0,)), "f64", 4)
    with pytest.raises(ValueError, match="read-only"):
        one[:] = 7
    assert expand_fill(Fill("constant", (0.0,)), "f64", 4).tolist() == [0, 0, 0, 0]
    assert not np.signbit(expand_fill(Fill("constant", (0.0,)), "f64", 4)).any()
    assert np.signbit(expand_fill(Fill("constant", (-0.0,)), "f64", 4)).all()


def test_a_compiler_that_hangs_is_ended(tmp_path):
    tmp_path.chmod(0o777)
    run = sandbox.run_compiler(["/bin/sleep", "30"], tmp_path, sandbox.CompilerLimits(wall_s=0.3))
    assert run.timed_out and run.code < 0
    assert sandbox.run_compiler(["/bin/false"], tmp_path).code == 1
