"""NVRTC on all kernels of a BabelTower file, in batches as the engine compiles them: how many
compile, CPU and wall time of each.

    python benchmarks/gpu_nvrtc.py --data ../shared/data/babeltower [--repeats 3]

Needs no device. CPU time is that of the compiler's own process; the best of the repeats, each with
an empty cache, is what counts on a busy machine. Exit code 1 where fewer than 99 % compile or a
kernel takes more than 10 ms of CPU.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from corpora.datasets.loaders import CorpusError, load_corpus
from gpu_runtime.backend import CompileRequest
from gpu_runtime.cuda.compile import compile_for_device
from gpu_runtime.cuda.nvrtc import DEFAULT_ARCHITECTURE, DeviceCompiler, NvrtcMissingError
from translator.judge import list_compile_requests

MOST_MS = 10.0
LEAST_SHARE = 0.99


def measured(
    requests: Sequence[CompileRequest], architecture: str
) -> tuple[list[str], float, float]:
    """What does not compile (name: why), CPU ms and wall ms of each, with an empty cache. Raises
    NvrtcMissingError.
    """
    compiler = DeviceCompiler().ready()
    with tempfile.TemporaryDirectory() as cache:
        cpu, wall = compiler.cpu_s(), time.perf_counter()
        made = compile_for_device(requests, compiler, architecture, Path(cache))
        cpu, wall = compiler.cpu_s() - cpu, time.perf_counter() - wall
    compiler.close()
    return (
        [
            f"{c.request.program.name}: {c.diagnostics.partition(chr(10))[0]}"
            for c in made
            if not c.ok
        ],
        1e3 * cpu / len(made),
        1e3 * wall / len(made),
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with cuda.para.valid.tok")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--architecture", default=DEFAULT_ARCHITECTURE)
    options = parser.parse_args(arguments)
    try:
        requests = list_compile_requests(
            load_corpus(str(options.data / "cuda.para.valid.tok"), "cuda").programs
        )
        runs = [measured(requests, options.architecture) for _ in range(options.repeats)]
    except (CorpusError, NvrtcMissingError) as error:
        print(f"gpu_nvrtc: {error}", file=sys.stderr)
        return 2
    failed, cpu_ms, wall_ms = runs[0][0], min(r[1] for r in runs), min(r[2] for r in runs)
    share = 1 - len(failed) / len(requests)
    print(
        f"{len(requests) - len(failed)} of {len(requests)} kernels compile for "
        f"{options.architecture} ({share:.1%}); {cpu_ms:.1f} ms of CPU and "
        f"{wall_ms:.1f} ms of wall time each, in batches, best of {options.repeats}."
    )
    for line in failed:
        print(f"* {line}")
    return 0 if share >= LEAST_SHARE and cpu_ms <= MOST_MS else 1


if __name__ == "__main__":
    raise SystemExit(main())
