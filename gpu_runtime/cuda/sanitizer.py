"""compute-sanitizer over many candidates at once: one worker process under the tool, findings by
candidate.

Contract: `check_batch` runs every candidate's calls in one GPU worker under each tool wanted and
gives `SanitizerFinding`s; what a report belongs to is read off the namespace of the kernel that it
names, so one start of the tool serves a whole batch. A worker that the tool or a candidate ends is
started again for what is left. Raises SanitizerMissingError where the tool is not installed.

    python -c "from gpu_runtime.cuda.sanitizer import parse_log; help(parse_log)"
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gpu_runtime.backend import Arguments, Compiled, Limits, Status
from gpu_runtime.compile.compiler import make_entry_symbol
from gpu_runtime.cuda.gpu_worker import GpuError, GpuWorker
from gpu_runtime.cuda.worker import REAL_DRIVER

TOOLS = ("memcheck", "racecheck", "initcheck", "synccheck")
_KINDS: tuple[tuple[str, Status], ...] = (
    (
        r"Invalid __(global|shared|local)__ (read|write|atomic)|Address .* (out of "
        r"bounds|misaligned)",
        Status.OUT_OF_BOUNDS,
    ),
    (r"hazard|Race reported", Status.RACE),
    (r"Uninitialized", Status.UNINITIALISED),
    (r"Barrier error|[Dd]ivergent thread", Status.DIVERGENCE),
)
_MARK = "========="
_SLOW_DOWN = 20.0
_OWNER = re.compile(r"ns_(cv_[0-9a-f]+)|\b(cv_[0-9a-f]+)_entry")


class SanitizerMissingError(RuntimeError):
    """compute-sanitizer is not installed. The message says where it comes from."""


@dataclass(frozen=True, slots=True)
class SanitizerFinding:
    """One report of compute-sanitizer. tool: which of its tools, such as `memcheck`. status: the
    one that a call with this fault ends in. detail: one line.
    """

    tool: str
    status: Status
    detail: str


def parse_log(log: str, tool: str) -> list[tuple[str, SanitizerFinding]]:
    """Return (entry symbol, finding) of every report in a log, in order. The symbol is '' where no
    kernel of a candidate is named. log: what compute-sanitizer wrote. tool: which of its tools,
    such as `memcheck`.
    """
    found = []
    for lines in _reports(log):
        text = " ".join(lines)
        status = next((s for pattern, s in _KINDS if re.search(pattern, text)), None)
        if status is None:
            continue
        owner = _OWNER.search(text)
        first = next(line for line in lines if any(re.search(p, line) for p, _ in _KINDS))
        found.append(
            (owner[1] or owner[2] if owner else "", SanitizerFinding(tool, status, first[:300]))
        )
    return found


def _reports(log: str) -> list[list[str]]:
    """The lines of each report, without the mark before them; a mark alone stands between two."""
    reports: list[list[str]] = [[]]
    for line in log.splitlines():
        if line.strip() == _MARK:
            reports.append([])
        elif line.startswith(_MARK) and "SUMMARY" not in line:
            reports[-1].append(line.removeprefix(_MARK).strip())
    return reports


def check_batch(
    batch: Sequence[tuple[Compiled, Sequence[Arguments]]],
    tools: Sequence[str] = TOOLS,
    limits: Limits = Limits(),
    driver: str = REAL_DRIVER,
    environment: Mapping[str, str] | None = None,
) -> list[list[SanitizerFinding]]:
    """Run every candidate's calls under each tool of compute-sanitizer and return a list of
    findings per candidate, in order; it is empty for one without faults.

    batch: (program compiled for the device, calls). tools: some of `memcheck`, `racecheck`,
        `initcheck` and `synccheck`. limits: of each candidate's run. driver: `module:Class` of the
        worker's driver. environment: variables added to the few of this process that the worker
        gets; None: no more.
    Raises SanitizerMissingError if the tool is not installed, GpuError if the worker fails,
    ValueError for an unknown tool.
    """
    if unknown := [t for t in tools if t not in TOOLS]:
        raise ValueError(f"unknown sanitizer tool '{unknown[0]}' (known: {', '.join(TOOLS)})")
    program = shutil.which("compute-sanitizer")
    if program is None:
        raise SanitizerMissingError(
            "compute-sanitizer is not installed; it comes with the CUDA toolkit (cuda-sanitizer)"
        )
    by_symbol: dict[str, list[SanitizerFinding]] = {}
    for tool in tools:
        with tempfile.TemporaryDirectory(prefix="coevolve-sanitizer-") as folder:
            for symbol, finding in parse_log(
                _run_and_log(program, tool, batch, limits, driver, environment, Path(folder)), tool
            ):
                by_symbol.setdefault(symbol, []).append(finding)
    return [by_symbol.get(make_entry_symbol(compiled.request), []) for compiled, _ in batch]


def _run_and_log(
    program: str,
    tool: str,
    batch: Sequence[tuple[Compiled, Sequence[Arguments]]],
    limits: Limits,
    driver: str,
    environment: Mapping[str, str] | None,
    folder: Path,
) -> str:
    """Run all of the batch under one tool and give everything that it wrote."""
    # %p: a worker that is replaced writes a log of its own. Bad accesses must not end the context
    # of the candidates after them.
    prefix = [
        program,
        "--tool",
        tool,
        "--log-file",
        str(folder / "log-%p"),
        "--print-limit",
        "10000",
        *(["--destroy-on-device-error", "kernel"] if tool == "memcheck" else []),
    ]
    slow = Limits(limits.wall_s * _SLOW_DOWN, limits.cpu_s, limits.memory_mib, limits.output_bytes)
    worker = GpuWorker(driver, environment, prefix, poison=tool != "initcheck")
    try:
        worker.ready()
        for compiled, calls in batch:
            worker.run(compiled, calls, slow)
    except GpuError as error:
        raise GpuError(f"under compute-sanitizer {tool}: {error}") from None
    finally:
        worker.finish()
    return "\n".join(path.read_text(errors="replace") for path in sorted(folder.glob("log-*")))
