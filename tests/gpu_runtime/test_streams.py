"""Who has to wait for whom: host code for launches and copies, and streams for each other. All
programs are compiled in one batch.
"""

from __future__ import annotations

import numpy as np
import pytest

from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import Arguments, Compiled, CompileRequest, Execution, Status
from gpu_runtime.emulation.backend import EmulatedBackend

TEXT = """
__global__ void k(int *a, int n) { if (threadIdx.x < n) a[threadIdx.x] += 1; }
__global__ void sum(const int *a, int *o, int n) { if (threadIdx.x < n) atomicAdd(o, \
a[threadIdx.x]); }
__managed__ int total;
__global__ void whole(const int *a, int n) { if (threadIdx.x < n) atomicAdd(&total, \
a[threadIdx.x]); }
void f(int *h, int n) {
    int *d, *e, *m, *p;
    size_t b = n * sizeof(int);
    cudaStream_t s, t;
    cudaEvent_t done;
    cudaStreamCreate(&s);
    cudaStreamCreate%s;
    cudaEventCreate(&done);
    cudaMalloc(&d, b);
    cudaMalloc(&e, b);
    cudaMallocManaged(&m, b);
    cudaMallocHost(&p, b);
    cudaMemcpy(d, h, b, cudaMemcpyHostToDevice);
    cudaMemset(e, 0, b);
    for (int i = 0; i < n; i++) m[i] = p[i] = h[i];
    %s
}
"""
MANAGED = "for (int i = 0; i < n; i++) h[i] = m[i];"
PINNED = "for (int i = 0; i < n; i++) h[i] = p[i];"
BACK = "cudaMemcpyAsync(p, d, b, cudaMemcpyDeviceToHost, s);"
RIGHT = {
    "after_the_device": f"k<<<1, 32>>>(m, n); cudaDeviceSynchronize(); {MANAGED}",
    "after_its_stream": f"k<<<1, 32, 0, s>>>(m, n); cudaStreamSynchronize(s); {MANAGED}",
    "after_the_default_stream": f"k<<<1, 32, 0, s>>>(m, n); cudaStreamSynchronize(0); {MANAGED}",
    "after_a_blocking_copy": f"k<<<1, 32>>>(m, n); cudaMemcpy(h, d, b, cudaMemcpyDeviceToHost); "
    f"{MANAGED}",
    "after_an_event": f"k<<<1, 32>>>(m, n); cudaEventRecord(done); cudaEventSynchronize(done); "
    f"{MANAGED}",
    "after_a_question": f"k<<<1, 32, 0, s>>>(m, n); while (cudaStreamQuery(s) == "
    f"cudaErrorNotReady) ; {MANAGED}",
    "after_freeing": f"k<<<1, 32>>>(m, n); cudaFree(d); {MANAGED}",
    "other_memory_meanwhile": "k<<<1, 32>>>(d, n); for (int i = 0; i < n; i++) m[i] = 3; k<<<1, "
    "32>>>(m, n); cudaDeviceSynchronize(); h[0] = m[0];",
    "read_by_both": "sum<<<1, 32>>>(m, e, n); h[0] = m[0];",
    "written_before_the_launch": f"for (int i = 0; i < n; i++) m[i] = 2; k<<<1, 32>>>(m, n); "
    f"cudaDeviceSynchronize(); {MANAGED}",
    "managed_variable": "total = 0; whole<<<1, 32>>>(d, n); cudaDeviceSynchronize(); h[0] = total;",
    "pinned_after_its_stream": f"k<<<1, 32, 0, s>>>(d, n); {BACK} cudaStreamSynchronize(s); "
    f"{PINNED}",
    "pageable": "k<<<1, 32, 0, s>>>(d, n); cudaMemcpyAsync(h, d, b, cudaMemcpyDeviceToHost, s); "
    "h[0] += 1;",
    "one_stream": "k<<<1, 32, 0, s>>>(d, n); sum<<<1, 32, 0, s>>>(d, e, n);",
    "the_default_stream_waits": "k<<<1, 32, 0, s>>>(d, n); sum<<<1, 32>>>(d, e, n);",
    "streams_wait_for_the_default": "k<<<1, 32>>>(d, n); sum<<<1, 32, 0, s>>>(d, e, n);",
    "by_event": "k<<<1, 32, 0, s>>>(d, n); cudaEventRecord(done, s); cudaStreamWaitEvent(t, "
    "done, 0); sum<<<1, 32, 0, t>>>(d, e, n);",
    "by_the_host": "k<<<1, 32, 0, s>>>(d, n); cudaStreamSynchronize(s); sum<<<1, 32, 0, t>>>(d, "
    "e, n);",
    "atomics_of_two_streams": "sum<<<1, 32, 0, s>>>(d, e, n); sum<<<1, 32, 0, t>>>(d, e, n);",
    "readers_of_two_streams": "sum<<<1, 32, 0, s>>>(d, e, n); sum<<<1, 32, 0, t>>>(d, e + 1, n);",
    "shared_memory_of_two_streams": "k<<<1, 32, 0, s>>>(d, n); k<<<1, 32, 0, t>>>(e, n);",
    "halves": "k<<<1, 32, 0, s>>>(d, n / 2); k<<<1, 32, 0, t>>>(d + n / 2, n / 2);",
    "many_streams": "for (int i = 0; i < 40; i++) { cudaStream_t q; cudaStreamCreate(&q); "
    "k<<<1, 32, 0, q>>>(d, n); cudaStreamSynchronize(q); }",
    "many_events": "for (int i = 0; i < 80; i++) { cudaEvent_t q; cudaEventCreate(&q); k<<<1, "
    "32, 0, i % 2 ? s : t>>>(d, n); "
    "cudaEventRecord(q, i % 2 ? s : t); cudaStreamWaitEvent(i % 2 ? t : s, q, 0); }",
}
WRONG = {
    "read_too_early": f"k<<<1, 32>>>(m, n); {MANAGED}",
    "written_too_early": "k<<<1, 32>>>(m, n); m[0] = 5;",
    "written_while_it_is_read": "sum<<<1, 32>>>(m, e, n); m[0] = 5;",
    "after_another_stream": f"k<<<1, 32, 0, s>>>(m, n); cudaStreamSynchronize(t); {MANAGED}",
    "after_an_earlier_event": f"cudaEventRecord(done); k<<<1, 32>>>(m, n); "
    f"cudaEventSynchronize(done); {MANAGED}",
    "managed_variable_too_early": "total = 0; whole<<<1, 32>>>(d, n); h[0] = total;",
    "pinned_too_early": f"k<<<1, 32, 0, s>>>(d, n); {BACK} {PINNED} cudaStreamSynchronize(s);",
    "pinned_filled_while_it_is_copied": "cudaMemcpyAsync(d, p, b, cudaMemcpyHostToDevice, s); "
    "p[0] = 7;",
    "two_streams": "k<<<1, 32, 0, s>>>(d, n); sum<<<1, 32, 0, t>>>(d, e, n);",
    "atomics_on_what_another_stream_reads": "sum<<<1, 32, 0, s>>>(d, e, n); sum<<<1, 32, 0, "
    "t>>>(p, d, n);",
    "read_what_another_stream_updates": "sum<<<1, 32, 0, s>>>(p, d, n); sum<<<1, 32, 0, t>>>(d, "
    "e, n);",
    "copied_by_another_stream": "k<<<1, 32, 0, s>>>(d, n); cudaMemcpyAsync(h, d, b, "
    "cudaMemcpyDeviceToHost, t);",
    "event_of_the_wrong_stream": "k<<<1, 32, 0, s>>>(d, n); cudaEventRecord(done, t); "
    "cudaStreamWaitEvent(t, done, 0); sum<<<1, 32, 0, t>>>(d, e, "
    "n);",
}
APART = "WithFlags(&t, cudaStreamNonBlocking)"
CASES = {
    **{name: (TEXT % ("(&t)", body), Status.OK) for name, body in RIGHT.items()},
    **{name: (TEXT % ("(&t)", body), Status.RACE) for name, body in WRONG.items()},
    "apart_from_the_default": (
        TEXT % (APART, "k<<<1, 32, 0, t>>>(d, n); cudaMemcpy(h, d, b, cudaMemcpyDeviceToHost);"),
        Status.RACE,
    ),
    "apart_and_waited_for": (
        TEXT
        % (
            APART,
            "k<<<1, 32, 0, t>>>(d, n); cudaStreamSynchronize(t); cudaMemcpy(h, d, b, "
            "cudaMemcpyDeviceToHost);",
        ),
        Status.OK,
    ),
}


@pytest.fixture(scope="module")
def executions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Execution]:
    backend = EmulatedBackend(tmp_path_factory.mktemp("cache"))
    programs = [Program("cuda", "f", text) for text, _ in CASES.values()]
    made: list[Compiled] = backend.compile([CompileRequest(p, read_signature(p)) for p in programs])
    assert all(c.ok for c in made), next(c.diagnostics for c in made if not c.ok)
    calls = [Arguments((np.arange(20, dtype=np.int32), np.array(20, np.int32)))]
    return {name: backend.run(c, calls)[0] for name, c in zip(CASES, made, strict=True)}


@pytest.mark.parametrize("name", CASES)
def test_who_waits(name: str, executions: dict[str, Execution]) -> None:
    assert executions[name].status is CASES[name][1], executions[name].detail
