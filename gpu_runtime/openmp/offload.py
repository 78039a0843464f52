"""OpenMP target offload (dialect `openmp-target`): what is refused beforehand, and what the
compilers here could build for a device.

Contract: target regions run on host threads with memory of their own (native/offload.c); verdicts
say `offload-host`. No verdict comes from a device: `find_device_compilers` only says what is there.
`explain_refusal` gives the reason why a text cannot be judged that way, or None.

    python -c "from gpu_runtime.openmp.offload import find_device_compilers; \\
        [print(c) for c in find_device_compilers()]"
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gpu_runtime.emulation.cuda_rewrite import tokenize

_PRAGMA = re.compile(r"#\s*pragma\s+omp\b(.*)", re.S)
_NOT_JUDGED = {
    "requires": "it changes what a target region may reach",
    "mapper": "what it maps is not followed",
    "variant": "the host and the device would run different code",
    "metadirective": "the host and the device would run different code",
    "interop": "it leaves OpenMP",
    "is_device_ptr": "the pointer is used as it is on the device",
    "has_device_addr": "the address is used as it is on the device",
    "use_device_ptr": "host code would handle device pointers",
    "use_device_addr": "host code would handle device addresses",
    "uses_allocators": "device memory that no map names",
    "nowait": "a target construct that is not waited for",
    "depend": "a target construct that is not waited for",
    "link": "data that is mapped by its name",
    "reverse_offload": "the device would call the host",
}
"""Words of directives about targets that cannot be judged, and why."""
_ASKS = frozenset({"omp_is_initial_device", "omp_get_num_devices", "omp_get_default_device"})


def explain_refusal(text: str) -> str | None:
    """Why a program of this dialect is refused, one line, or None."""
    tokens = tokenize(text)
    directives = [
        found[1].replace("\\\n", " ")
        for t in tokens
        if t.kind == "directive" and (found := _PRAGMA.match(t.text.strip()))
    ]
    about_targets = [
        d
        for d in directives
        if re.search(r"\b(?:target|requires|declare|metadirective|interop|dispatch)\b", d)
    ]
    if not any(re.match(r"\s*target\b", d) for d in directives):
        return "no target region: a program of this dialect offloads with '#pragma omp target'"
    for directive in about_targets:
        word = next((w for w in re.findall(r"\w+", directive) if w in _NOT_JUDGED), None)
        if word:
            return (
                f"'{word}' in a target directive cannot be judged without a device "
                f"({_NOT_JUDGED[word]})"
            )
    asked = next((t.text for t in tokens if t.code and t.text in _ASKS), None)
    return (
        f"'{asked}': the program asks where it runs, and could do one thing here and another "
        f"on a device"
        if asked
        else None
    )


_REGION = re.compile(
    r"^([ \t]*#[ \t]*pragma[ \t]+omp[ \t]+target\b)(?![ "
    r"\t]+(?:data|enter|exit|update)\b)((?:\\\n|[^\n])*)$",
    re.M,
)
_LANES_ALONE = re.compile(
    r"^((?:[ \t]|\\\n)*(?:teams\b(?:[ \t]|\\\n)+distribute\b(?:[ \t]|\\\n)+)?)simd\b"
)
_OF_LANES = re.compile(
    r"\b(?:simdlen|aligned|nontemporal)[ \t]*\((?:[^()\n]|\([^()\n]*\))*\)[ \t]*,?"
)


def expose_target_scalars(text: str) -> str:
    """`text` for a race detector: scalars of a target region are one for all teams, as OpenMP has
    them, and lanes of a target simd loop are threads.

    Compilers give every team a copy of its own of a scalar that no clause names, so that a race on
    it does not show; whoever relies on that relies on the compiler. Keeps the number of lines.
    """
    return _REGION.sub(_exposed_region, text)


def _exposed_region(found: re.Match[str]) -> str:
    head, rest = found[1], re.sub(r"//[^\n]*$", "", found[2]).rstrip()
    if "safelen" not in rest and _LANES_ALONE.match(rest):
        rest = _OF_LANES.sub("", _LANES_ALONE.sub(r"\1parallel for", rest))
    return (
        f"{head}{rest}"
        if re.search(r"\bdefaultmap\b", rest)
        else f"{head}{rest} defaultmap(tofrom: scalar)"
    )


@dataclass(frozen=True, slots=True)
class DeviceCompiler:
    """One compiler's way to an NVIDIA device. builds: a trial program was compiled for one. detail:
    a path, or the first error.
    """

    name: str
    present: bool
    builds: bool
    detail: str
    hint: str


_TRIAL = (
    "void f(int n, float *y) {\n#pragma omp target teams distribute parallel for "
    "map(tofrom: y[0:n])\n for (int i = 0; i < n; i++) y[i] += 1; }\n"
)
DEVICE_FLAGS = (
    "-fopenmp",
    "-foffload=nvptx-none",
    "-foffload-options=nvptx-none=-misa=sm_75",
    "-foffload-options=nvptx-none=-lm",
)
"""Of g++ for an NVIDIA device. Its own choice, sm_35, is unknown to the assembler of CUDA 13."""
_WAYS = (
    (("g++",), "accel/nvptx-none/mkoffload", DEVICE_FLAGS, "apt-get install gcc-12-offload-nvptx"),
    (
        ("clang++", "clang++-19", "clang++-14"),
        "libomptarget.rtl.cuda.so",
        ("-fopenmp", "-fopenmp-targets=nvptx64-nvidia-cuda"),
        "install a clang with its CUDA offload plugin, and the CUDA toolkit",
    ),
)


def find_device_compilers() -> list[DeviceCompiler]:
    """What g++ and clang++ can do for a device here. A compiler names nvptx as a target even where
    its part is not installed.
    """
    return [_try_compiler(*way) for way in _WAYS]


def _try_compiler(
    names: tuple[str, ...], part: str, flags: tuple[str, ...], hint: str
) -> DeviceCompiler:
    compiler = names[0]
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        return DeviceCompiler(compiler, False, False, "not installed", hint)
    where = _run_and_read_error([path, f"-print-file-name={part}"])[1]
    beside = (
        Path(path).resolve().parents[1] / "lib" / part
    )  # clang does not look there for what its run-time loads
    where = where if where.startswith("/") else str(beside) if beside.exists() else ""
    if not where:
        return DeviceCompiler(
            compiler, False, False, "its part for NVIDIA devices is not installed", hint
        )
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "trial.cpp"
        text.write_text(_TRIAL)
        code, said = _run_and_read_error(
            [path, *flags, "-shared", "-fPIC", str(text), "-o", str(text.with_suffix(".so"))],
            folder,
        )
    return DeviceCompiler(
        compiler,
        True,
        code == 0,
        where if code == 0 else said,
        "" if code == 0 else f"its code generator and the CUDA toolkit do not fit: {hint}",
    )


def _run_and_read_error(command: list[str], folder: str | None = None) -> tuple[int, str]:
    """Exit code, and the first line of what it said that names an error, else the first. folder:
    for temporary files, of which a compiler that crashes leaves some.
    """
    environment = {**os.environ, "TMPDIR": folder} if folder else None
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 1, str(error)
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return done.returncode, next(
        (line for line in lines if re.search(r"\b(?:error|fatal)\b", line)),
        lines[0] if lines else "",
    )
