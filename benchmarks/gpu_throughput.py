"""Host CPU time and pairs per second with a GPU, side by side with one nvcc and one g++ run per
test.

    python benchmarks/gpu_throughput.py --data ../shared/data/babeltower [--pairs 184] \\
        [--tests 5] [--sample 3]

Without a device only the compile side is measured, and the output says so. The reference is what
the usual pipeline pays before it runs anything: for each test a program of its own for both sides,
compiled by nvcc and g++; it is sampled.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from corpora.datasets.loaders import load_pairs
from corpora.records import Program
from gpu_runtime.backend import CompileRequest
from gpu_runtime.compile.compiler import compile_requests
from gpu_runtime.cuda.backend import CudaBackend, is_usable
from gpu_runtime.cuda.compile import compile_for_device
from gpu_runtime.cuda.nvrtc import DeviceCompiler, NvrtcMissingError
from translator.judge import list_compile_requests


@dataclass(frozen=True, slots=True)
class Cost:
    """Host CPU and wall seconds of `pairs` pairs; children included once they have ended."""

    what: str
    pairs: int
    cpu_s: float
    wall_s: float

    @property
    def cpu_ms_each(self) -> float:
        return 1e3 * self.cpu_s / max(self.pairs, 1)


def _cpu_s() -> float:
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in uses)


def measured(what: str, pairs: int, action: Callable[[], object]) -> Cost:
    cpu, wall = _cpu_s(), time.perf_counter()
    action()
    return Cost(what, pairs, _cpu_s() - cpu, time.perf_counter() - wall)


def compile_cost(
    sources: list[CompileRequest], targets: list[CompileRequest], cache: Path
) -> tuple[Cost, int]:
    """Both sides with an empty cache, the compiler's own start included; and how many targets
    compiled.
    """
    ok = 0

    def action() -> None:
        nonlocal ok
        compiler = DeviceCompiler()
        compile_requests(sources, cache)
        ok = sum(c.ok for c in compile_for_device(targets, compiler, cache_dir=cache))
        compiler.close()

    return measured("many programs a unit, NVRTC and g++", len(targets), action), ok


def verify_cost(
    pairs: list[tuple[Program, Program]], cache: Path, checks: str
) -> tuple[Cost, dict[str, int]]:
    """Whole verdicts on the device with empty caches, and the outcomes."""
    from collections import Counter

    from coevolve.verification.engine import Engine, Pair, VerifyConfig

    outcomes: Counter[str] = Counter()

    def action() -> None:
        backend = CudaBackend(cache_dir=cache, checks=checks)
        engine = Engine(backend, VerifyConfig(mutants=0), cache)
        questions = [Pair(a, b) for a, b in pairs]
        for start in range(0, len(questions), 32):
            engine.prepare(questions[start : start + 32])
            outcomes.update(str(engine.verify(q).outcome) for q in questions[start : start + 32])
        engine.close()

    return measured(f"verdicts on the device, checks={checks}", len(pairs), action), dict(outcomes)


def reference_cost(pairs: list[tuple[Program, Program]], sample: int, tests: int) -> Cost | None:
    """Compile cost of the usual pipeline, per pair: tests x (one nvcc + one g++). None without
    nvcc.
    """
    nvcc, gpp = shutil.which("nvcc"), shutil.which("g++")
    if nvcc is None or gpp is None:
        return None
    chosen = pairs[:: max(1, len(pairs) // sample)][:sample]

    def action() -> None:
        with tempfile.TemporaryDirectory() as folder:
            for serial, kernel in chosen:
                for program, command, suffix in (
                    (serial, [gpp, "-O2"], ".cpp"),
                    (kernel, [nvcc, "-O2", "-arch=sm_90"], ".cu"),
                ):
                    path = Path(folder) / f"test{suffix}"
                    path.write_text(
                        "#include <cstdio>\n#include <cstdlib>\n#include <cmath>\n#include "
                        "<cstring>\n#include <algorithm>\n"
                        "typedef unsigned char uchar;\n"
                        + program.text
                        + '\nint main() { printf("x"); return 0; }\n'
                    )
                    subprocess.run(
                        [*command, "-w", str(path), "-o", str(path.with_suffix(".out"))],
                        capture_output=True,
                        check=False,
                    )

    once = measured("one nvcc and one g++ per test", len(chosen), action)
    return Cost(once.what, once.pairs, once.cpu_s * tests, once.wall_s * tests)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=re.sub(r"\s+", " ", __doc__.partition("\n")[0]))
    parser.add_argument(
        "--data", required=True, help="folder with cpp.para.valid.tok and cuda.para.valid.tok"
    )
    parser.add_argument("--pairs", type=int, default=184, help="most pairs")
    parser.add_argument(
        "--tests", type=int, default=5, help="tests per pair of the reference pipeline"
    )
    parser.add_argument(
        "--sample", type=int, default=3, help="pairs that the reference is sampled on"
    )
    options = parser.parse_args(arguments)
    folder = Path(options.data)
    files = [folder / f"{side}.para.valid.tok" for side in ("cpp", "cuda")]
    if missing := [f for f in files if not f.exists()]:
        print(f"{missing[0]} is not there; give the data folder with --data", file=sys.stderr)
        return 2
    pairs = list(load_pairs(str(files[0]), str(files[1]), "cpp:cuda").pairs)[: options.pairs]
    costs: list[Cost] = []
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as cache:
        try:
            cost, ok = compile_cost(
                list_compile_requests([a for a, _ in pairs]),
                list_compile_requests([b for _, b in pairs]),
                Path(cache),
            )
        except NvrtcMissingError as error:
            print(error, file=sys.stderr)
            return 2
        costs.append(cost)
        notes.append(f"{ok} of {cost.pairs} compile for the device")
    if is_usable():
        for checks in ("none", "emulator"):
            with tempfile.TemporaryDirectory() as cache:
                cost, outcomes = verify_cost(pairs, Path(cache), checks)
                costs.append(cost)
                notes.append(f"{cost.what}: {outcomes}, {cost.pairs / cost.wall_s:.1f} pairs/s")
    else:
        notes.append("no device here: only the compile side was measured")
    reference = reference_cost(pairs, options.sample, options.tests)
    print(f"{'':48} {'pairs':>6} {'host CPU ms/pair':>17} {'wall ms/pair':>13} {'less':>8}")
    for row in [*([reference] if reference else []), *costs]:
        less = (
            f"{reference.cpu_ms_each / row.cpu_ms_each:.0f}x"
            if reference and row.cpu_ms_each
            else ""
        )
        print(
            f"{row.what:48} {row.pairs:6d} {row.cpu_ms_each:17.2f} "
            f"{1e3 * row.wall_s / max(row.pairs, 1):13.2f} {less:>8}"
        )
    for note in notes:
        print(note)
    print(
        json.dumps(
            {
                "costs": [asdict(c) for c in costs],
                "reference": asdict(reference) if reference else None,
                "tests": options.tests,
            }
        )
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
