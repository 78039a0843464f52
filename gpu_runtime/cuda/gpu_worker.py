"""One GPU worker as its owner sees it: batches in, `Execution`s out, the process replaced whenever
it is lost.

Contract: `GpuWorker.run` never raises for what a program does; GpuError means that our own
machinery or the machine failed. The watchdog is twofold: the worker polls events against the
batch's deadline, and is itself killed GRACE_S after it (a host function may hang without any
kernel). Guard zones are checked here, after the image came back. One thread at a time.

    pytest tests/gpu_runtime/test_cuda_backend.py
"""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from typing import Any

from corpora.places import name_module
from gpu_runtime.backend import Arguments, Compiled, Execution, Limits, Status
from gpu_runtime.cuda.child_process import ChildLostError, ChildProcess
from gpu_runtime.cuda.compile import load_bundle
from gpu_runtime.cuda.driver import DeviceFacts
from gpu_runtime.cuda.memory_image import MemoryImages
from gpu_runtime.cuda.worker import REAL_DRIVER

GRACE_S = 3.0
"""Beyond a batch's own wall limit: loading modules and moving data are not the program's time."""
MEMORY_MIB = 4096
"""Device memory of one candidate, image and own allocations together."""


class GpuError(RuntimeError):
    """The GPU worker cannot be started, or failed for reasons of its own. The message is one
    line.
    """


class GpuWorker:
    """One process that owns a GPU and runs calls on it. It serves one thread of its owner.

    driver: the driver's class as `module:Class`. environment: variables added to the few of this
        process that it gets; None: no more. prefix: a command to run it under, such as a sanitizer.
        poison: fill new device memory with a pattern.
    After `ready`, the attribute `facts` is about the device, and `degraded` has the names of the
    sandbox's walls that are missing.
    """

    def __init__(
        self,
        driver: str = REAL_DRIVER,
        environment: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
        poison: bool = True,
    ) -> None:
        self._images = MemoryImages()
        flags = ["--driver", driver, *([] if poison else ["--no-poison"])]
        # The driver's own code cache would be a file that outlives the process; our machine code
        # needs no translation.
        surroundings = {
            "CUDA_CACHE_DISABLE": "1",
            "CUDA_MODULE_LOADING": "LAZY",
            **(environment or {}),
        }
        self._child = ChildProcess(
            name_module("gpu_runtime.cuda.worker"),
            [str(self._images.fd), *flags],
            (self._images.fd,),
            prefix,
            surroundings,
        )
        self.facts: DeviceFacts | None = None
        self.degraded: tuple[str, ...] = ()

    @property
    def starts(self) -> int:
        """Return how many processes were started so far."""
        return self._child.starts

    @property
    def is_ours(self) -> bool:
        """Return whether this process made it. A worker does not survive a fork."""
        return self._child.is_ours

    def ready(self) -> DeviceFacts:
        """Wait until the worker has its device and return facts about it. Raises GpuError if it
        cannot start.
        """
        try:
            hello = self._child.ready()
        except ChildLostError as lost:
            self._child.close()
            raise GpuError(f"the GPU worker does not start: {lost.words}") from None
        if "error" in hello:
            self._child.close()
            raise GpuError(f"no CUDA device can be used: {hello['error']}")
        self.facts, self.degraded = DeviceFacts(**hello["facts"]), tuple(hello["degraded"])
        return self.facts

    def run(
        self, compiled: Compiled, calls: Sequence[Arguments], limits: Limits = Limits()
    ) -> list[Execution]:
        """Run calls of one program on the device and return one result per call, in order; after a
        failure the calls that follow have the status NOT_RUN.

        compiled: the program, compiled for the device. limits: of the batch. Raises GpuError if the
            worker fails, ValueError if the calls do not fit the signature.
        """
        if not calls:
            return []
        try:
            too_large = sum(v.nbytes for c in calls for v in c.values) >> 20 > limits.memory_mib * 4
            if too_large:
                return [
                    Execution(
                        Status.MEMORY_LIMIT, "the arguments are larger than the memory limit"
                    ),
                    *_not_run(len(calls) - 1),
                ]
            rows, lost = self._exchange(compiled, calls, limits, {"what": "run"})
            done = [self._execution(i, row, compiled, calls[i]) for i, row in enumerate(rows)]
        finally:
            self._images.scrub()
        if lost is not None:
            done.append(lost)
        first_bad = next((i for i, e in enumerate(done) if e.status is not Status.OK), len(done))
        done = done[: first_bad + 1]
        return [*done, *_not_run(len(calls) - len(done))]

    def time(
        self,
        compiled: Compiled,
        arguments: Arguments,
        repeats: int,
        limits: Limits = Limits(wall_s=60.0),
    ) -> dict[str, Any]:
        """Run one call `repeats` times. Returns {"status": how it ended, "detail": why it failed,
        or '', "kernel_ms": [...], "total_ms": [...]} with the milliseconds of each repeat, by
        kernels alone and with transfers; the lists are empty where it failed.

        compiled: the program, compiled for the device. arguments: of the call. limits: of all
            repeats together. Raises GpuError if the worker fails.
        """
        try:
            rows, lost = self._exchange(
                compiled, [arguments], limits, {"what": "time", "repeats": repeats}
            )
        finally:
            self._images.scrub()
        if lost is not None:
            return {
                "status": lost.status.value,
                "detail": lost.detail,
                "kernel_ms": [],
                "total_ms": [],
            }
        return {"kernel_ms": [], "total_ms": [], **rows[0]}

    def _exchange(
        self,
        compiled: Compiled,
        calls: Sequence[Arguments],
        limits: Limits,
        what: Mapping[str, Any],
    ) -> tuple[list[dict[str, Any]], Execution | None]:
        """Rows of the worker, and, where it was lost, what the call behind the last row did
        to it.
        """
        assert compiled.artifact is not None
        bundle, cubin = load_bundle(compiled.artifact)
        described = self._images.pack(compiled.request.signature, calls)
        self.ready()
        request = {
            **what,
            "kind": bundle.kind,
            "cubin": str(cubin),
            "entry": bundle.entry,
            "host": bundle.host,
            "names": bundle.names or {},
            "fresh": bundle.fresh,
            "calls": described,
            "wall_s": limits.wall_s,
            "memory_bytes": MEMORY_MIB << 20,
            "total_bytes": self._images.total_bytes,
        }
        try:
            answer = self._child.ask(request, limits.wall_s + GRACE_S)
        except ChildLostError as lost:
            done = max(self._images.current, 0)
            return [{"status": Status.OK}] * done, _explain_exit(
                lost
            )  # what those before it gave is in their images
        if answer.get("lost"):
            self._child.retire()
        if "error" in answer:
            raise GpuError(f"the GPU worker failed: {answer['error']}")
        return answer["rows"], None

    def _execution(
        self, index: int, row: Mapping[str, Any], compiled: Compiled, arguments: Arguments
    ) -> Execution:
        signature, elapsed_ms = compiled.request.signature, float(row.get("ms", 0.0))
        if row["status"] != Status.OK:
            return Execution(Status(row["status"]), row["detail"], elapsed_ms=elapsed_ms)
        if found := self._images.damage(index, signature):
            return Execution(Status.OUT_OF_BOUNDS, found, elapsed_ms=elapsed_ms)
        return Execution(
            Status.OK,
            "",
            self._images.read(index, arguments),
            self._images.result(index, signature),
            elapsed_ms,
        )

    def finish(self) -> None:
        """Let the GPU worker's process end by itself, so that a sanitizer can write its report,
        then free what `close` frees.
        """
        self._child.finish()
        self.close()

    def close(self) -> None:
        """End the process and free the memory it shares with this one. The worker cannot be used
        afterwards.
        """
        self._child.close()
        self._images.close()


def _not_run(count: int) -> list[Execution]:
    return [Execution(Status.NOT_RUN, "an earlier call ended the process")] * max(count, 0)


def _explain_exit(lost: ChildLostError) -> Execution:
    if lost.timed_out:
        return Execution(Status.TIMEOUT, "the wall-clock limit is reached")
    if lost.code < 0:
        return Execution(Status.SIGNAL, signal.Signals(-lost.code).name)
    return Execution(Status.EARLY_EXIT, f"the program ended the process with code {lost.code}")
