"""NVRTC in a process of its own: many programs' text in, machine code or diagnostics out.

Contract: `DeviceCompiler.compile` gives a `DeviceBuild`, also for text that crashes, floods or
hangs the compiler; an exception (NvrtcMissingError) means that NVRTC is not installed. The process
opens no file once NVRTC is loaded, has no network, no rights and a memory limit: text is compiled
that a model wrote.

    python -c "from gpu_runtime.cuda.nvrtc import *; \\
        print(DeviceCompiler().compile('__global__ void k(int *a) { *a = 1; }', ['k']))"
"""

from __future__ import annotations

import base64
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, field

from corpora.places import name_module
from gpu_runtime.cuda.child_process import ChildChannel, ChildLostError, ChildProcess, lock_down

DEFAULT_ARCHITECTURE = "sm_90"
"""Compiled for where no device is there to ask."""
# Host functions and variables are taken out before (cuda_source); what has no annotation then, a
# type's own functions say, may stay.
_COMMON = ("--std=c++17", "-w", "--device-as-default-execution-space")
OPTIONS = (*_COMMON, "--fmad=false", "--Ofast-compile=mid")
"""Of a verdict: no contraction, as everywhere in the engine; full optimisation doubles the compile
time.
"""
FAST_OPTIONS = (*_COMMON, "--extra-device-vectorization")
"""Of a timing: what a user of nvcc gets, contraction included."""
_MEMORY_MIB = 8192
"""Beyond what the process maps once NVRTC is loaded."""


class NvrtcMissingError(RuntimeError):
    """NVRTC cannot be loaded. The message says what to install."""


@dataclass(frozen=True, slots=True)
class DeviceBuild:
    """The result of one device compilation.

    ok: it succeeded. cubin: machine code, b'' where it failed. log: the compiler's text.
    lowered: the symbol in the cubin of each name expression asked for. ended: the compiler's
        process died or took too long.
    """

    ok: bool
    cubin: bytes = b""
    log: str = ""
    lowered: dict[str, str] = field(default_factory=dict)
    ended: bool = False


def is_available() -> bool:
    """Return whether the Python package `cuda.bindings`, by which NVRTC is called, is installed.
    Nothing is loaded.
    """
    try:
        return importlib.util.find_spec("cuda.bindings") is not None
    except ModuleNotFoundError:
        return False


def _make_child() -> ChildProcess:
    # NVRTC starts the driver when it finds one; no device is needed, and its reservations would
    # count against the limit.
    return ChildProcess(
        name_module("gpu_runtime.cuda.nvrtc"), environment={"CUDA_VISIBLE_DEVICES": ""}
    )


class DeviceCompiler:
    """A process that compiles with NVRTC. It is started on first use and replaced when lost. It
    serves one thread. After `ready`, the attribute `version` is NVRTC's, and `degraded` has the
    names of the limits that the process lacks.
    """

    def __init__(self) -> None:
        self._child = _make_child()
        self.version, self.degraded = "", ()

    def ready(self) -> DeviceCompiler:
        """Start the process, which loads NVRTC. Returns this object. Raises NvrtcMissingError if
        NVRTC cannot be loaded.
        """
        if not self._child.is_ours:  # this process was forked from the one that made it
            self._child = _make_child()
        try:
            hello = self._child.ready()
        except ChildLostError as lost:
            self._child.close()
            raise NvrtcMissingError(f"NVRTC does not start: {lost.words}") from None
        if "error" in hello:
            self._child.close()
            raise NvrtcMissingError(
                f"NVRTC is not available: {hello['error']}; pip install 'cuda-bindings==13.0.*' "
                f"'nvidia-cuda-nvrtc==13.0.*'"
            )
        self.version, self.degraded = hello["version"], tuple(hello["degraded"])
        return self

    def compile(
        self,
        text: str,
        names: Sequence[str],
        architecture: str = DEFAULT_ARCHITECTURE,
        options: Sequence[str] = OPTIONS,
        wall_s: float = 60.0,
    ) -> DeviceBuild:
        """Compile CUDA text for a device. A failure is in the result.

        names: expressions such as `ns::k<float>` or `&ns::c` whose symbols are wanted.
            architecture: such as `sm_90`. options: NVRTC's. wall_s: seconds it may take. Raises
            NvrtcMissingError without NVRTC.
        """
        self.ready()
        request = {
            "text": text,
            "names": list(names),
            "options": [f"--gpu-architecture={architecture}", *options],
        }
        try:
            answer = self._child.ask(request, wall_s)
        except ChildLostError as lost:
            why = (
                f"the compiler did not finish in {wall_s:g} s"
                if lost.timed_out
                else f"the compiler ended: {lost.words}"
            )
            return DeviceBuild(False, log=why, ended=True)
        return DeviceBuild(
            answer["ok"], base64.b64decode(answer["cubin"]), answer["log"], answer["lowered"]
        )

    def cpu_s(self) -> float:
        """Return the CPU seconds that the compiler process has used; 0.0 if it is lost."""
        try:
            return float(self._child.ask({"cpu": True}, 10.0)["cpu_s"])
        except ChildLostError:
            return 0.0

    def close(self) -> None:
        """End the compiler process."""
        self._child.close()


# ---- the process ----


def _compile(nvrtc, request: dict) -> dict:
    failed, program = nvrtc.nvrtcCreateProgram(request["text"].encode(), b"unit.cu", 0, [], [])
    if failed:
        return {
            "ok": False,
            "cubin": "",
            "log": f"the compiler refuses the text: {failed.name}",
            "lowered": {},
        }
    names = [n.encode() for n in request["names"]]
    for name in names:
        nvrtc.nvrtcAddNameExpression(program, name)
    options = [o.encode() for o in request["options"]]
    (failed,) = nvrtc.nvrtcCompileProgram(program, len(options), options)
    _, size = nvrtc.nvrtcGetProgramLogSize(program)
    buffer = b" " * size  # filled in place
    nvrtc.nvrtcGetProgramLog(program, buffer)
    text = buffer.rstrip(b"\0").decode(errors="replace")[:200_000]
    answer = {
        "ok": not failed,
        "cubin": "",
        "log": text or (failed.name if failed else ""),
        "lowered": {},
    }
    if not failed:
        _, size = nvrtc.nvrtcGetCUBINSize(program)
        cubin = b" " * size
        nvrtc.nvrtcGetCUBIN(program, cubin)
        answer["cubin"] = base64.b64encode(cubin).decode()
        for name in names:
            missing, lowered = nvrtc.nvrtcGetLoweredName(program, name)
            if not missing:
                answer["lowered"][name.decode()] = lowered.decode()
    nvrtc.nvrtcDestroyProgram(program)
    return answer


def _load():
    from cuda.bindings import nvrtc

    failed, major, minor = nvrtc.nvrtcVersion()
    if failed:
        raise RuntimeError(failed.name)
    # Everything that is loaded late is loaded now: afterwards no file can be opened.
    warm = {
        "text": "__global__ void k(float *a, int n) { for (int i = 0; i < n; i++) a[i] = "
        "sinf(a[i]); }",
        "names": ["k"],
        "options": [f"--gpu-architecture={DEFAULT_ARCHITECTURE}", *OPTIONS],
    }
    done = _compile(nvrtc, warm)
    if not done["ok"]:
        raise RuntimeError(done["log"])
    return nvrtc, f"{major}.{minor}"


def main() -> int:
    """Serve as the compiler process: answer requests until the parent is gone. Returns the exit
    code, 1 if NVRTC cannot be loaded.
    """
    import os
    import time

    channel = ChildChannel()
    try:
        nvrtc, version = _load()
    except Exception as error:
        channel.send({"error": " ".join(str(error).split())[:300]})
        return 1
    missing = lock_down(
        files_closed=True, memory_mib=_MEMORY_MIB, uid=(1 << 21) + os.getpid() % (1 << 20)
    )
    channel.send({"version": version, "degraded": missing})
    while (request := channel.receive()) is not None:
        channel.send(
            {"cpu_s": time.process_time()} if "cpu" in request else _compile(nvrtc, request)
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
