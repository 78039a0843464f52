"""OpenMP target offload (dialect `openmp-target`): what is refused beforehand, and what the
compilers here could build for a device.

Contract: target regions run on host threads with memory of their own (native/offload.c); verdicts
say `offload-host`. No verdict comes from a device: `find_device_compilers` only says what is there.
`explain_refusal` gives the reason why a text cannot be judged that way, or None.

    python -c "from gpu_runtime.openmp.offload import find_device_compilers; \
        [print(c) for c in find_device_compilers()]"
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from corpora.frontends.c_tokens import tokenize
from corpora.ir.edits import Edit, apply_edits
from gpu_runtime.openmp.directives import (
    LANE_CLAUSES,
    PlacedDirective,
    find_directives,
    has_clause,
)

_ABOUT_TARGETS = frozenset("target requires declare metadirective interop dispatch".split())
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
    """Return why the OpenMP program `text`, which should have target regions, cannot be judged
    without a device, in one line, or None if it can.
    """
    directives = [
        [t.text for t in tokenize(d.raw.text) if t.kind == "word"][1:]
        for d in find_directives(text, "cpp")
        if not d.operator
    ]
    if not any(words[:1] == ["target"] for words in directives):
        return "no target region: a program of this dialect offloads with '#pragma omp target'"
    for words in directives:
        word = next((w for w in words if w in _NOT_JUDGED), None)
        if word and _ABOUT_TARGETS & set(words):
            return (
                f"'{word}' in a target directive cannot be judged without a device "
                f"({_NOT_JUDGED[word]})"
            )
    asked = next((t.text for t in tokenize(text) if t.text in _ASKS), None)
    return (
        f"'{asked}': the program asks where it runs, and could do one thing here and another "
        f"on a device"
        if asked
        else None
    )


def expose_target_scalars(text: str) -> str:
    """Return `text` with scalars of target regions shared by all teams, and lanes of target simd
    loops as threads. So a race detector sees conflicts that OpenMP allows. Line numbers stay.
    """
    edits = []
    for directive in find_directives(text, "cpp"):
        words = directive.words()
        beside = {"data", "enter", "exit", "update"} & set(words[1:2])
        if words[:1] == ["target"] and not beside and not directive.operator:
            edits += _expose_region(text, directive)
    return apply_edits(text, edits)


def _expose_region(text: str, directive: PlacedDirective) -> list[Edit]:
    raw = directive.raw
    edits: list[Edit] = []
    lanes = raw.directive in ("target simd", "target teams distribute simd")
    if lanes and not has_clause(raw, "safelen"):
        edits += directive.replace_part(raw.name[1] - len("simd"), raw.name[1], "parallel for")
        for clause in raw.clauses:
            if clause.name in LANE_CLAUSES:
                edits += directive.remove_clause(clause)
    if has_clause(raw, "defaultmap"):
        return edits
    end = directive.end
    line = text.find("\n", end) if "\n" in text[end:] else len(text)
    comment = text[end:line].lstrip().startswith("//")
    return [*edits, Edit(end, line if comment else end, " defaultmap(tofrom: scalar)")]


@dataclass(frozen=True, slots=True)
class DeviceCompiler:
    """A compiler that might build for an NVIDIA device.

    name: its command. present: it is installed. builds: a trial program compiled for a device.
    detail: its path, or its first error. hint: what to install; '' if nothing is missing.
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
    """Try g++ and clang++ on a small program for an NVIDIA device and return what each can do, in
    this order. Nothing is raised for one that is missing.
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
        (line for line in lines if "error" in line.lower() or "fatal" in line.lower()),
        lines[0] if lines else "",
    )
