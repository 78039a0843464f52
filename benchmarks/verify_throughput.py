"""CPU time of a verdict: the usual pipeline (one g++ and one nvcc run per test) beside this engine,
cold and warm, on real pairs.

    python benchmarks/verify_throughput.py DATA_FOLDER [--pairs 184] [--sample 4] [--tests \\
        5] [--workers 2]

DATA_FOLDER holds BabelTower's cpp.para.valid.tok and cuda.para.valid.tok. CPU seconds are those of
the whole process tree (Python, compilers, runners and what they fork), each measurement in a
process of its own that ends its runners before it is asked. Of the reference only the compile cost
is counted, on a sample of the pairs, as the output says.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

REFERENCE_HEADERS = (
    "#include <cstdio>\n#include <cstdlib>\n#include <cmath>\n#include <cstring>\n#include "
    "<algorithm>\n#include <iostream>\n#include <vector>\n"
    "typedef unsigned char uchar; typedef unsigned int uint;\n"
)


@dataclass(frozen=True, slots=True)
class Cost:
    """One measurement. outcomes: verdicts by outcome (empty for the reference)."""

    what: str
    pairs: int
    cpu_s: float
    wall_s: float
    outcomes: dict[str, int]

    @property
    def cpu_ms_each(self) -> float:
        return 1e3 * self.cpu_s / max(self.pairs, 1)

    @property
    def pairs_per_core_s(self) -> float:
        return self.pairs / self.cpu_s if self.cpu_s else float("inf")


def tree_cpu_s() -> float:
    """User and system seconds of this process and of all children that have been waited for."""
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in uses)


def questions(folder: Path, first: int, stop: int):
    """BabelTower's aligned pairs as questions to the engine."""
    from coevolve.verification.engine import Pair
    from corpora.datasets.loaders import load_pairs

    files = [str(folder / f"{side}.para.valid.tok") for side in ("cpp", "cuda")]
    return [Pair(a, b) for a, b in load_pairs(*files, "cpp:cuda").pairs][first:stop]


FIRST = (
    ("cpp", "void f(int n, float *x) { for (int i = 0; i < n; i++) x[i] += 1; }"),
    (
        "cuda",
        "__global__ void f(int n, float *x) "
        "{ int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n) x[i] += 1; }",
    ),
)
"""The pair that a process begins with, before anything is measured."""


def verdicts(folder: Path, first: int, stop: int, mutants: int) -> dict[str, object]:
    """Judge pairs in this process and say what it cost, its own start and imports left out: a pair
    of its own comes first.
    """
    from coevolve.verification.engine import CHUNK, Engine, Pair, VerifyConfig
    from corpora.records import Program

    pairs = questions(folder, first, stop)
    engine = Engine("emulated", VerifyConfig(mutants=mutants))
    engine.verify(Pair(*(Program(d, "f", t) for d, t in FIRST)))  # loads what is imported late
    cpu, wall = tree_cpu_s(), time.perf_counter()
    outcomes: Counter[str] = Counter()
    for at in range(0, len(pairs), CHUNK):
        engine.prepare(pairs[at : at + CHUNK])
        outcomes.update(str(engine.verify(pair).outcome) for pair in pairs[at : at + CHUNK])
    engine.close()  # runners end, so that what they used is ours
    return {
        "cpu_s": tree_cpu_s() - cpu,
        "wall_s": time.perf_counter() - wall,
        "outcomes": dict(outcomes),
        "pairs": len(pairs),
    }


def hit_ms(folder: Path, stop: int, mutants: int) -> float:
    """Median milliseconds of a verdict that is in the cache, asked one at a time."""
    from coevolve.verification.engine import Engine, VerifyConfig

    engine = Engine("emulated", VerifyConfig(mutants=mutants))
    times = []
    for pair in questions(folder, 0, stop):
        started = time.perf_counter()
        engine.verify(pair)
        times.append(1e3 * (time.perf_counter() - started))
    engine.close()
    return statistics.median(times)


def build_runners() -> None:
    """The runner is built once per machine, not per pair: kept out of the cold figures."""
    from gpu_runtime.compile.toolchain import build_runner, find_cache_root

    for flavour in ("plain", "asan"):
        build_runner(flavour, find_cache_root())


def loop_s(rounds: int) -> dict[str, float]:
    """Wall and CPU seconds of a computation that shares nothing with anyone."""
    cpu, wall, total = time.process_time(), time.perf_counter(), 0
    for k in range(rounds):
        total += k * k % 7
    return {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


def compiler_s(rounds: int) -> dict[str, float]:
    """The same of a compiler that works in a folder of its own."""
    cpu, wall = tree_cpu_s(), time.perf_counter()
    body = "".join(
        f"double f{k}(double *x, int n) {{ double s = 0; for (int i = 0; i < n; i++) s += x[i] "
        f"* x[(i + {k}) % n]; return s; }}\n"
        for k in range(40)
    )
    with tempfile.TemporaryDirectory() as work:
        (Path(work) / "a.cpp").write_text(body)
        for _ in range(rounds):
            subprocess.run(["g++", "-O2", "-c", "a.cpp"], cwd=work, check=True)
    return {"wall_s": time.perf_counter() - wall, "cpu_s": tree_cpu_s() - cpu}


JOBS = {
    "verdicts": verdicts,
    "hit": hit_ms,
    "runners": build_runners,
    "loop": loop_s,
    "compiler": compiler_s,
}


def asked(cache: Path, job: str, *arguments: object) -> subprocess.Popen[str]:
    """Start one job in a process of its own with `cache` as the engine's cache folder."""
    command = [sys.executable, __file__, "--job", json.dumps([job, *arguments], default=str)]
    return subprocess.Popen(
        command, env={**os.environ, "COEVOLVE_CACHE": str(cache)}, stdout=subprocess.PIPE, text=True
    )


def answer(process: subprocess.Popen[str]):
    out, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"a measurement ended with code {process.returncode}")
    return json.loads(out.splitlines()[-1])


def measured(
    what: str, cache: Path, folder: Path, pairs: int, mutants: int, workers: int = 1
) -> Cost:
    """`workers` processes share the pairs in contiguous parts; wall time is that of the slowest."""
    edges = [round(pairs * k / workers) for k in range(workers + 1)]
    running = [
        asked(cache, "verdicts", folder, a, b, mutants)
        for a, b in zip(edges, edges[1:], strict=False)
    ]
    parts = [answer(p) for p in running]
    outcomes = sum((Counter(p["outcomes"]) for p in parts), Counter())
    return Cost(
        what,
        sum(p["pairs"] for p in parts),
        sum(p["cpu_s"] for p in parts),
        max(p["wall_s"] for p in parts),
        dict(sorted(outcomes.items())),
    )


def reference(folder: Path, sample: int, tests: int, pairs: int) -> Cost | None:
    """What the usual pipeline pays before it runs anything: per test a program for each side. None
    without both compilers.
    """
    gpp, nvcc = shutil.which("g++"), shutil.which("nvcc")
    if not gpp or not nvcc:
        return None
    every = questions(folder, 0, pairs)
    chosen = every[:: max(1, len(every) // sample)][:sample]
    cpu, wall = tree_cpu_s(), time.perf_counter()
    with tempfile.TemporaryDirectory() as work:
        for pair in chosen:
            for program, command, suffix in (
                (pair.source, [gpp, "-O2"], ".cpp"),
                (pair.target, [nvcc, "-O2"], ".cu"),
            ):
                path = Path(work) / f"test{suffix}"
                path.write_text(
                    f'{REFERENCE_HEADERS}{program.text}\nint main() {{ printf("x"); return 0; }}\n'
                )
                subprocess.run(
                    [*command, "-w", str(path), "-o", str(path.with_suffix(".out"))],
                    capture_output=True,
                    check=False,
                )
    return Cost(
        f"g++ and nvcc once per test, {tests} tests",
        len(chosen),
        tests * (tree_cpu_s() - cpu),
        tests * (time.perf_counter() - wall),
        {},
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", nargs="?", metavar="DATA_FOLDER")
    parser.add_argument("--pairs", type=int, default=184, help="how many pairs (default: all)")
    parser.add_argument(
        "--tests", type=int, default=5, help="tests per pair of the reference pipeline"
    )
    parser.add_argument(
        "--sample", type=int, default=4, help="pairs that the reference is measured on"
    )
    parser.add_argument(
        "--mutants", type=int, default=12, help="mutants per source where strength is measured"
    )
    parser.add_argument(
        "--workers", type=int, default=2, help="processes for the scaling figure; 1 leaves it out"
    )
    parser.add_argument("--job", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.job:
        job, *rest = json.loads(options.job)
        print(json.dumps(JOBS[job](*(Path(r) if isinstance(r, str) else r for r in rest))))
        return 0
    folder = Path(options.data or ".").absolute()
    missing = [
        f for f in ("cpp.para.valid.tok", "cuda.para.valid.tok") if not (folder / f).exists()
    ]
    if missing:
        print(
            f"{folder / missing[0]} is not there; give the folder that holds it as DATA_FOLDER",
            file=sys.stderr,
        )
        return 2
    report(folder, options)
    return 0


def report(folder: Path, options: argparse.Namespace) -> None:
    """Measure and print, a line at a time."""
    n, most = options.pairs, options.mutants
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start", flush=True)
    base = reference(folder, options.sample, options.tests, n)
    rows = [base] if base else []
    print(
        f"{'':44} {'pairs':>6} {'CPU ms/pair':>12} {'pairs/s/core':>13} {'wall s':>7} "
        f"{'less CPU':>9}"
    )
    show(base, base) if base else print("g++ and nvcc are not both here: no reference")
    for mutants in (0, most):
        word = f"{mutants} mutants a source" if mutants else "no mutants"
        with tempfile.TemporaryDirectory() as name:
            answer(asked(Path(name), "runners"))
            rows.append(measured(f"cold cache, {word}", Path(name), folder, n, mutants))
            show(rows[-1], base)
            shutil.rmtree(Path(name) / "verdicts", ignore_errors=True)
            rows.append(
                measured(f"compiled objects cached, {word}", Path(name), folder, n, mutants)
            )
            show(rows[-1], base)
            hit = answer(asked(Path(name), "hit", folder, n, mutants))
            print(
                f"{'verdict in the cache, ' + word:44} {n:6d} {hit:12.3f} (median, wall)",
                flush=True,
            )
    if options.workers > 1:
        scaling(folder, n, options.workers, rows)
        for job, rounds in (("loop", 30_000_000), ("compiler", 12)):
            control(job, rounds, options.workers)
    print("outcomes:", json.dumps({r.what: r.outcomes for r in rows if r.outcomes}))
    print(json.dumps([asdict(r) for r in rows]))


def scaling(folder: Path, pairs: int, workers: int, rows: list[Cost]) -> None:
    """`coevolve verify --batch` cold with 1 and with more workers, one after the other, so that the
    machine is in the same state; start and imports are in it. What other work on the machine takes
    is seen in the share of the cores that we got.
    """
    found = []
    for count in (1, workers):
        with tempfile.TemporaryDirectory() as name:
            answer(asked(Path(name), "runners"))
            rows.append(batch(Path(name), folder, pairs, count))
            show(rows[-1], None)
            found.append(rows[-1])
    one, many = found
    print(
        f"scaling 1 -> {workers} workers: {one.wall_s / many.wall_s / workers:.2f} each (wall "
        f"{one.wall_s:.1f} -> {many.wall_s:.1f} s); work done more than once: "
        f"{many.cpu_s / one.cpu_s - 1:+.0%} CPU; workers busy {one.cpu_s / one.wall_s:.2f} of "
        f"1, {many.cpu_s / many.wall_s:.2f} of {workers}",
        flush=True,
    )


def batch(cache: Path, folder: Path, pairs: int, workers: int) -> Cost:
    """One run of the command on rows of the data; its processes have ended when it is asked what
    they used.
    """
    file, out = cache / "pairs.jsonl", cache / "verdicts.jsonl"
    rows = [
        {
            "id": str(k),
            "source_dialect": "cpp",
            "source": q.source.text,
            "target_dialect": "cuda",
            "target": q.target.text,
        }
        for k, q in enumerate(questions(folder, 0, pairs))
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = [
        sys.executable,
        "-c",
        "from coevolve.cli.main import main; raise SystemExit(main())",
        "verify",
        "--batch",
        str(file),
        "--out",
        str(out),
        "--workers",
        str(workers),
        "--backend",
        "emulated",
    ]
    cpu, wall = tree_cpu_s(), time.perf_counter()
    subprocess.run(command, env={**os.environ, "COEVOLVE_CACHE": str(cache)}, check=True)
    used, taken = tree_cpu_s() - cpu, time.perf_counter() - wall
    outcomes = Counter(json.loads(line)["outcome"] for line in out.read_text().splitlines())
    return Cost(
        f"verify --batch, cold, {workers} workers",
        len(rows),
        used,
        taken,
        dict(sorted(outcomes.items())),
    )


def control(job: str, rounds: int, workers: int) -> None:
    """What this machine allows at this moment: the same work that shares nothing, alone and
    `workers` times at once.
    """
    nowhere = Path(tempfile.gettempdir())
    alone = answer(asked(nowhere, job, rounds))
    together = [answer(p) for p in [asked(nowhere, job, rounds) for _ in range(workers)]]
    wall, cpu = max(t["wall_s"] for t in together), sum(t["cpu_s"] for t in together) / workers
    print(
        f"control, {job}: {alone['wall_s'] / wall:.2f} each of {workers} at once; CPU of each "
        f"{cpu / alone['cpu_s'] - 1:+.0%}",
        flush=True,
    )


def show(row: Cost, base: Cost | None) -> None:
    less = (
        f"{base.cpu_ms_each / row.cpu_ms_each:.0f}x"
        if base and row is not base and row.cpu_ms_each
        else ""
    )
    print(
        f"{row.what:44} {row.pairs:6d} {row.cpu_ms_each:12.1f} {row.pairs_per_core_s:13.2f} "
        f"{row.wall_s:7.1f} {less:>9}",
        flush=True,
    )


if __name__ == "__main__":
    raise SystemExit(main())
