"""The runner: arguments in and out, bounds, endings of every kind, limits, recovery, two workers at
once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from corpora.records import Parameter, Program, Signature
from gpu_runtime.backend import Arguments, CompileRequest, Limits, Status, Variant
from gpu_runtime.call import arena
from gpu_runtime.call.arena import Layout
from gpu_runtime.call.runner import RunnerError
from gpu_runtime.emulation.backend import EmulatedBackend

X, N = Parameter("x", "array", "f32"), Parameter("n", "scalar", "i32", "in")
XN = Signature("f", (X, N))
QUICK = Limits(wall_s=0.5, cpu_s=3, memory_mib=256)


@pytest.fixture(scope="module")
def backend():
    made = EmulatedBackend()
    yield made
    made.close()


def compiled(backend, text, signature=XN, variant=Variant.PLAIN, dialect="cpp"):
    one = backend.compile(
        [CompileRequest(Program(dialect, signature.name, text), signature, variant)]
    )[0]
    assert one.ok, one.diagnostics
    return one


def call(n, given=None, **options):
    return Arguments(
        (np.arange(n, dtype=np.float32), np.array(n if given is None else given, np.int32)),
        **options,
    )


def test_cpu_time_counts_work_and_no_waiting(backend):
    """A core that other programs use is waited for: that is no time of the call."""
    text = "void f(float *x, int n) {\n  for (int r = 0; r < 20000; r++)\n"
    text += "    for (int i = 0; i < n; i++) x[i] = x[i] * 0.5f + r;\n}"
    program = compiled(backend, text)
    alone = min(backend.run(program, [call(1000)])[0].cpu_ms for _ in range(3))
    others = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(6)]
    try:
        done = [backend.run(program, [call(1000)])[0] for _ in range(3)]
    finally:
        for each in others:
            each.kill()
            each.wait()
    assert 1 < alone and min(each.cpu_ms for each in done) < 2.5 * alone
    assert all(each.elapsed_ms > 0.9 * each.cpu_ms for each in done)


def test_values_come_back_and_inputs_stay(backend):
    given = call(5)
    done = backend.run(
        compiled(backend, "void f(float *x, int n) { for (int i = 0; i < n; i++) x[i] += 1; }"),
        [given, given],
    )
    assert [e.status for e in done] == [Status.OK, Status.OK]
    assert done[1].values[0].tolist() == [1, 2, 3, 4, 5]
    assert given.values[0].tolist() == [0, 1, 2, 3, 4]
    assert done[0].elapsed_ms >= 0 and done[0].result is None


@pytest.mark.parametrize("kind", sorted(arena.NUMPY_TYPES))
def test_every_element_type_survives(backend, kind):
    names = {
        "c64": "_Complex float",
        "c128": "_Complex double",
        "bool": "bool",
        "i64": "long",
        "u64": "unsigned long",
        "f32": "float",
        "f64": "double",
    }
    c = names.get(kind, f"{'u' if kind[0] == 'u' else ''}int{kind[1:]}_t")
    signature = Signature(
        "f",
        (Parameter("x", "array", kind), Parameter("s", "scalar", kind, "in", kind[0] == "c")),
        kind,
    )
    text = (
        f"{c} f({c} *x, {c}{' &' if kind[0] == 'c' else ''} s) {{ {c} t = x[0]; x[0] = s; "
        f"return t; }}"
    )
    dtype = arena.NUMPY_TYPES[kind]
    done = backend.run(
        compiled(backend, text, signature),
        [Arguments((np.array([1, 0, 1], dtype), np.array(0, dtype)))],
    )[0]
    assert done.status is Status.OK, done.detail
    assert done.values[0].tolist() == np.array([0, 0, 1], dtype).tolist()
    assert done.result.dtype == dtype and done.result == np.array(1, dtype)


def test_special_values_keep_their_bits(backend):
    bits = np.array(
        [0x7FC00001, 0xFFC12345, 0x80000000, 1, 0x7F800000, 0x7FA00001], np.uint32
    ).view(np.float32)
    done = backend.run(
        compiled(backend, "void f(float *x, int n) {}"), [Arguments((bits, np.array(6, np.int32)))]
    )[0]
    assert done.values[0].view(np.uint32).tolist() == bits.view(np.uint32).tolist()


@pytest.mark.parametrize(
    "placement,index,element",
    [
        ("right", "n", 5),
        ("left", "-1", -1),
        ("right", "-1", -1),
        ("left", "n", 5),
        ("right", "n + 900", 905),
    ],
)
def test_writes_outside_are_named(backend, placement, index, element):
    text = f"void f(float *x, int n) {{ x[{index}] = 9; }}"
    done = backend.run(compiled(backend, text), [call(5, placement=placement)])[0]
    assert done.status is Status.OUT_OF_BOUNDS
    assert f"element {element} of parameter 'x'" in done.detail and "write" in done.detail


@pytest.mark.parametrize("placement,index", [("right", "n"), ("left", "-1")])
def test_reads_outside_are_named(backend, placement, index):
    text = f"void f(float *x, int n) {{ volatile float y = x[{index}]; }}"
    done = backend.run(compiled(backend, text), [call(5, placement=placement)])[0]
    assert done.status is Status.OUT_OF_BOUNDS and "read" in done.detail


def test_the_nearest_array_is_blamed(backend):
    signature = Signature("f", (Parameter("a", "array", "f64"), Parameter("b", "array", "i32")))
    text = "void f(double *a, int *b) { b[3] = 1; }"
    done = backend.run(
        compiled(backend, text, signature), [Arguments((np.zeros(7), np.zeros(3, np.int32)))]
    )[0]
    assert "element 3 of parameter 'b'" in done.detail


def test_origin_moves_the_pointer(backend):
    text = "void f(float *x, int n) { x[-2] = 7; x[2] = 8; }"
    done = backend.run(compiled(backend, text), [call(5, origins=(2, 0))])[0]
    assert done.status is Status.OK and done.values[0].tolist() == [7, 1, 2, 3, 8]


def test_aliased_arrays_share_storage(backend):
    signature = Signature("f", (Parameter("a", "array", "f32"), Parameter("b", "array", "f32"), N))
    text = "void f(float *a, float *b, int n) { for (int i = 0; i < n; i++) a[i] = b[i] + a[i]; }"
    values = np.ones(4, np.float32), np.zeros(4, np.float32), np.array(4, np.int32)
    done = backend.run(compiled(backend, text, signature), [Arguments(values, aliases=((0, 1),))])[
        0
    ]
    assert done.values[0].tolist() == done.values[1].tolist() == [2, 2, 2, 2]


def test_rows(backend):
    signature = Signature("f", (Parameter("m", "rows", "f64"), N))
    text = (
        "void f(double **m, int n) { for (int i = 0; i < n; i++) for (int j = 0; j < 3; j++) "
        "m[i][j] += 10 * i + j; }"
    )
    one = compiled(backend, text, signature)
    done = backend.run(one, [Arguments((np.zeros((2, 3)), np.array(2, np.int32)))])[0]
    assert done.values[0].tolist() == [[0, 1, 2], [10, 11, 12]]
    beyond = backend.run(one, [Arguments((np.zeros((2, 3)), np.array(3, np.int32)))])[0]
    assert beyond.status is Status.OUT_OF_BOUNDS and "a row beyond the table" in beyond.detail


def test_reference_scalars_come_back(backend):
    signature = Signature("f", (Parameter("s", "scalar", "f64", "out", True), N))
    done = backend.run(
        compiled(backend, "void f(double &s, int n) { s = n / 2.0; }", signature),
        [Arguments((np.array(0.0), np.array(3, np.int32)))],
    )[0]
    assert done.values[0] == 1.5 and done.values[0].shape == ()


def test_empty_arrays(backend):
    one = compiled(backend, "void f(float *x, int n) { for (int i = 0; i < n; i++) x[i] = 1; }")
    done = backend.run(one, [call(0), call(0, given=1)])
    assert done[0].status is Status.OK and done[0].values[0].shape == (0,)
    assert done[1].status is Status.OUT_OF_BOUNDS


def test_a_million_elements(backend):
    done = backend.run(
        compiled(backend, "void f(float *x, int n) { for (int i = 0; i < n; i++) x[i] *= 2; }"),
        [call(3_000_000)],
    )[0]
    assert done.status is Status.OK and done.values[0][-1] == np.float32(2) * np.float32(2_999_999)


def test_what_follows_an_ending_is_not_run(backend):
    one = compiled(backend, "void f(float *x, int n) { x[n] = 1; }")
    done = backend.run(one, [call(4, given=3), call(4), call(4, given=3)])
    assert [e.status for e in done] == [Status.OK, Status.OUT_OF_BOUNDS, Status.NOT_RUN]
    again = backend.run_all(one, [call(4, given=3), call(4), call(4, given=2)])
    assert [e.status for e in again] == [Status.OK, Status.OUT_OF_BOUNDS, Status.OK]


def test_a_hung_or_killed_child_does_not_poison_the_next_batch(backend):
    good = compiled(backend, "void f(float *x, int n) { x[0] = 5; }")
    for text in ("for (volatile int go = 1; go;) {}", "__builtin_trap();", "abort();", "exit(0);"):
        bad = backend.run(
            compiled(backend, f"void f(float *x, int n) {{ {text} }}"), [call(3)], QUICK
        )[0]
        assert bad.status in (Status.TIMEOUT, Status.SIGNAL, Status.EARLY_EXIT)
        assert backend.run(good, [call(3)])[0].values[0][0] == 5


def test_cpu_limit_is_a_timeout(backend):
    text = "void f(float *x, int n) { for (volatile int go = 1; go;) {} }"
    done = backend.run(compiled(backend, text), [call(3)], Limits(wall_s=30, cpu_s=1))[0]
    assert done.status is Status.TIMEOUT and "CPU" in done.detail


def test_nothing_of_an_earlier_batch_can_be_read(backend):
    backend.run(
        compiled(backend, "void f(float *x, int n) { for (int i = 0; i < n; i++) x[i] = 12345; }"),
        [call(20000)],
    )
    text = (
        "void f(float *x, int n) { for (int i = 0; i < 512; i++) if (x[i - 512] == 12345) "
        "x[0] = 1; }"
    )
    done = backend.run(
        compiled(backend, text), [Arguments((np.zeros(8, np.float32), np.array(8, np.int32)))]
    )[0]
    assert done.status is Status.OK or "element -5" in done.detail
    assert not done.values or done.values[0][0] == 0


def test_pages_of_a_batch_are_kept_and_zero_in_the_next(backend):
    leaves = compiled(
        backend,
        "void f(float *x, int n) { for (int i = 0; i < n; i++) x[i] = 7; for (char *c = (char "
        "*)x - 1; (long)c % 4096; c--) *c = (char)0xB5; }",
    )
    looks = compiled(
        backend,
        "void f(float *x, int n) { for (char *c = (char *)x - 1; (long)c % 4096; c--) if (*c "
        "!= (char)0xB5) x[0] = 1; }",
    )
    for n in (1000, 10, 5000, 10):
        assert backend.run(leaves, [call(n)] * 2)[1].values[0].tolist() == [7] * n
        kept = backend._idle["plain"][-1]._arena
        assert os.fstat(kept.fd).st_blocks > 0 and not kept._bytes.any()
        assert backend.run(looks, [call(n)])[0].values[0].tolist() == list(range(n))


def test_pages_that_a_program_makes_for_itself_are_not_the_next_ones(backend):
    """A process that opens up guard ranges and writes there leaves nothing for the next one."""
    text = """extern "C" int mprotect(void *, unsigned long, int);
    void f(float *x, int n) { char *page = (char *)(((long)x & ~4095l) + 8192); \
if (!mprotect(page, 4096, 3)) { x[0] = page[5]; page[5] = 42; } }"""
    hides = compiled(backend, text)
    for _ in range(2):
        done = backend.run(hides, [call(3)])[0]
        assert done.status is Status.OK and done.values[0][0] == 0
        kept = backend._idle["plain"][-1]._arena
        assert not kept._bytes.any()


def test_a_call_that_leaves_its_arrays_is_followed_in_the_same_process(backend):
    text = "static int calls; void f(float *x, int n) { calls++; x[n] = 1; x[0] = calls; }"
    calls = [call(3, 2), call(3, 3), call(3, 2), call(3, -9), call(3, 2)]
    for variant, same in ((Variant.RECORDED, True), (Variant.DRAFT, True), (Variant.PLAIN, False)):
        one = compiled(backend, text, variant=variant)
        done = backend.run(one, calls, Limits(resume_after_stop=True))
        assert [e.status for e in done] == [
            Status.OK,
            Status.OUT_OF_BOUNDS,
            Status.OK,
            Status.OUT_OF_BOUNDS,
            Status.OK,
        ]
        assert [done[k].values[0][0] for k in (0, 2, 4)] == ([1, 3, 5] if same else [1, 1, 1])
        assert "element 3" in done[1].detail or "argument 0" in done[1].detail
        assert [e.status for e in backend.run(one, calls)][1:3] == [
            Status.OUT_OF_BOUNDS,
            Status.NOT_RUN,
        ]


def test_a_team_that_leaves_its_arrays_ends_its_process(backend):
    text = """void f(float *x, int n) {
    #pragma omp parallel for
        for (int i = 0; i < n; i++) x[i] = i;
    }"""
    one = compiled(backend, text, variant=Variant.RECORDED, dialect="openmp")
    done = backend.run(
        one, [call(3, 50, threads=4), call(3, threads=4)] * 3, Limits(resume_after_stop=True)
    )
    assert [e.status for e in done] == [Status.OUT_OF_BOUNDS, Status.OK] * 3


def test_threads_of_a_call_are_set(backend):
    text = (
        "void f(float *x, int n) {\n#pragma omp parallel\n#pragma omp single\nx[0] = "
        "omp_get_num_threads();\n}"
    )
    one = compiled(backend, text, dialect="openmp")
    done = backend.run(one, [call(2, threads=k) for k in (1, 3, 2)])
    assert [int(e.values[0][0]) for e in done] == [1, 3, 2]


def test_schedule_of_a_call_is_set(backend):
    text = (
        "void f(float *x, int n) { omp_sched_t kind; int chunk; omp_get_schedule(&kind, "
        "&chunk); x[0] = (int)kind & 15; x[1] = chunk; }"
    )
    one = compiled(backend, text, dialect="openmp")
    done = backend.run(one, [call(2, schedule=s) for s in ("static,4", "dynamic,2", "guided,7")])
    assert [e.values[0].astype(int).tolist() for e in done] == [[1, 4], [2, 2], [3, 7]]


def test_wrong_arguments_are_our_error(backend):
    one = compiled(backend, "void f(float *x, int n) {}")
    with pytest.raises(ValueError, match="float64, the signature says f32"):
        backend.run(one, [Arguments((np.zeros(3), np.array(3, np.int32)))])
    with pytest.raises(ValueError, match="takes 2 arguments, got 1"):
        backend.run(one, [Arguments((np.zeros(3, np.float32),))])
    assert backend.run(one, [call(3)])[0].status is Status.OK


def test_a_dead_runner_is_started_anew(backend):
    one = compiled(backend, "void f(float *x, int n) { x[0] = 1; }")
    backend.run(one, [call(3)])
    for runner in backend._idle["plain"]:
        runner._process.send_signal(signal.SIGKILL)
        runner._process.wait()
    with pytest.raises(RunnerError):
        for _ in range(3):
            backend.run(one, [call(3)])
    assert backend.run(one, [call(3)])[0].status is Status.OK


WORKER = """
import sys
import numpy as np
from corpora.records import Parameter, Program, Signature
from gpu_runtime.backend import Arguments, CompileRequest
from gpu_runtime.emulation.backend import EmulatedBackend
signature = Signature("f", (Parameter("x", "array", "f32"), Parameter("n", "scalar", "i32")))
backend = EmulatedBackend()
one = backend.compile([CompileRequest(Program("cpp", "f", "void f(float *x, int n) { \
for (int i = 0; i < n; i++) x[i] += 1; }"), signature)])[0]
for k in range(40):
    n = 1 + (int(sys.argv[1]) + k) % 50
    done = backend.run(one, [Arguments((np.arange(n, dtype=np.float32), np.array(n, \
np.int32)))] * 3)
    assert all(e.values and e.values[0].tolist() == list(range(1, n + 1)) for e in done), done
print("good")
"""


def test_two_workers_in_two_processes():
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, str(k)], stdout=subprocess.PIPE, text=True)
        for k in (1, 20)
    ]
    assert [worker.communicate(timeout=100)[0].strip() for worker in workers] == ["good", "good"]


def test_threads_borrow_runners_of_their_own(backend):
    slow = compiled(backend, "void f(float *x, int n) { for (volatile int go = 1; go;) {} }")
    quick = compiled(backend, "void f(float *x, int n) { x[0] = 3; }")
    thread = threading.Thread(target=backend.run, args=(slow, [call(2)], Limits(wall_s=1.5)))
    thread.start()
    time.sleep(0.2)
    assert backend.run(quick, [call(2)])[0].values[0][0] == 3
    assert thread.is_alive()
    thread.join()


def test_a_forked_process_runs_on_runners_of_its_own(backend):
    """A runner answers the process that made it; the back end of a forked one makes another."""
    one = compiled(backend, "void f(float *x, int n) { x[0] = 3; }")
    runner = backend._borrow("plain")
    backend._idle["plain"] = [runner]
    pid = os.fork()
    if pid == 0:
        try:
            runner.run(one, [call(2)], Limits(), Layout())
        except RunnerError:
            right = backend.run(one, [call(2)])[0].values[0][0] == 3
            backend.close()
            os._exit(7 if right else 1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    assert backend._idle["plain"] == [runner]
    assert backend.run(one, [call(2)])[0].values[0][0] == 3


def test_small_batches_are_cheap(backend):
    """The budget is about 1 ms of CPU for eight calls; the bound leaves room for a slow and busy
    machine.
    """
    one = compiled(backend, "void f(float *x, int n) { for (int i = 0; i < n; i++) x[i] += 1; }")
    calls = [call(100) for _ in range(8)]
    backend.run(one, calls)
    start = time.process_time()
    for _ in range(50):
        backend.run(one, calls)
    assert (time.process_time() - start) / 50 < 0.004


def test_layout_structs_match_the_native_ones(backend):
    runner = backend._borrow("plain")  # the greeting carries the sizes; a mismatch raises there
    assert arena._BATCH.size % 8 == 0 and arena.OUTCOME.itemsize % 8 == 0
    with pytest.raises(ValueError, match="at most 128"):
        many = Signature("f", tuple(Parameter(f"p{i}", "scalar", "i32") for i in range(129)))
        arena.Arena().pack(arena.Target("", "", "", 0, 0, 0, 0), many, [], Layout())
    runner.close()


def test_a_large_batch_leaves_nothing_behind():
    """Pages of a large batch are cleared, and given back behind the first small one."""
    size = 3 * arena.MAX_KEPT_BYTES
    held = arena.Arena()
    held._reserve(size)
    held._bytes[size - 9 : size] = 1
    held.scrub()
    assert not held._bytes[size - 9 : size].any()
    held._reserve(1 << 12)
    held._bytes[:9] = 1
    held.scrub()
    assert os.fstat(held.fd).st_size == 0
    held._reserve(1 << 12)
    assert not held._bytes[:9].any()
    held.close()
