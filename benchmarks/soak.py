"""A run of very many small rounds, watched: does anything grow that should not?

    python benchmarks/soak.py [--minutes 120] [--local] [--out FILE]

One driver, its Ray actors and its sandboxes stay alive for the whole time. Every minute the table
gets a row: rounds done, processes of the run, their memory, open files and threads, entries of the
temporary folder, bytes of the verdict cache and of the run. At the end each column's growth in the
second half is fitted by a line. Memory, files, threads and processes must not grow by more than
LIMITS an hour; a run's folder and the cache do grow, since they hold what was computed.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

CONFIG = """
direction = "cpp:cuda"
run_dir = "{run}"
[corpus]
source = "builtin"
evaluation_limit = 4
training_limit = 6
[model]
max_new_tokens = 48
[cold_start]
generated = 24
suites = 24
level = "easy"
[round]
count = 1000000
samples = 2
epochs = 1.0
replay = 1.0
[verify]
workers = 1
[evaluate]
samples = 1
[settings]
"model.layers" = 1
"model.width" = 32
"model.heads" = 2
"verify.mutants" = 4
"evaluate.pass_at" = [1]
"round.experience" = "replace"
"""
LIMITS = {"memory_mib": 0.05, "files": 0.02, "threads": 0.02, "processes": 0.02, "temporary": 0.02}
"""Largest growth an hour in the second half, as a share of the value at its start."""


@dataclass(frozen=True, slots=True)
class Row:
    """One look. seconds: since the start. memory_mib: private and shared memory of all processes,
    shared pages counted in parts (PSS). temporary: entries of the run's temporary folder.
    """

    seconds: float
    rounds: int
    processes: int
    memory_mib: float
    files: int
    threads: int
    temporary: int
    cache_mib: float
    run_mib: float


def measure(process: psutil.Process, folder: Path, started: float) -> Row:
    """Look once at `process` with its children, and at the folders below `folder`."""
    count = memory = files = threads = 0
    for each in [process, *process.children(recursive=True)]:
        try:
            memory += each.memory_full_info().pss
            files += each.num_fds()
            threads += each.num_threads()
            count += 1
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return Row(
        round(time.monotonic() - started, 1),
        sum(1 for _ in (folder / "run").glob("round-*/evaluation.json")),
        count,
        round(memory / 2**20, 1),
        files,
        threads,
        sum(1 for _ in (folder / "tmp").rglob("*")),
        round(count_bytes(folder / "cache") / 2**20, 1),
        round(count_bytes(folder / "run") / 2**20, 1),
    )


def count_bytes(folder: Path) -> int:
    """Bytes of all files below `folder`; a file that goes away meanwhile counts 0."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


def growth_per_hour(rows: list[Row], name: str) -> float:
    """Growth of a column an hour, as a share of its value, by a line through the second half."""
    half = rows[len(rows) // 2 :]
    seconds = [row.seconds for row in half]
    values = [getattr(row, name) for row in half]
    if len(half) < 3 or not statistics.fmean(values):
        return 0.0
    return statistics.linear_regression(seconds, values).slope * 3600 / statistics.fmean(values)


def soak(minutes: float, local: bool, out: Path | None) -> bool:
    """Run for `minutes`, print a row a minute, and return whether nothing grew."""
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        (folder / "tmp").mkdir()
        (folder / "config.toml").write_text(CONFIG.format(run=folder / "run"))
        command = [sys.executable, "coevolve.py", "run", str(folder / "config.toml")]
        with open(folder / "log", "w", encoding="utf-8") as log:
            driver = subprocess.Popen(
                command + (["--local"] if local else []),
                cwd=Path(__file__).parents[1],
                stdout=log,
                stderr=log,
                env=os.environ
                | {"COEVOLVE_CACHE": str(folder / "cache"), "TMPDIR": str(folder / "tmp")},
            )
        process, started, rows = psutil.Process(driver.pid), time.monotonic(), []
        print(*Row.__slots__, sep="\t")
        while time.monotonic() - started < minutes * 60:
            time.sleep(min(60.0, max(1.0, minutes * 60 / 20)))
            if driver.poll() is not None:
                print((folder / "log").read_text()[-3000:])
                print(f"the run ended by itself with exit code {driver.returncode}")
                return False
            rows.append(measure(process, folder, started))
            print(*asdict(rows[-1]).values(), sep="\t", flush=True)
            if out:
                out.write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows))
        driver.send_signal(signal.SIGTERM)
        ended = driver.wait(120)
    grown = {name: growth_per_hour(rows, name) for name in LIMITS}
    for name, share in grown.items():
        print(f"{name}: {share:+.1%} an hour, at most {LIMITS[name]:+.0%}")
    print(f"rounds: {rows[-1].rounds}, exit code after SIGTERM: {ended}")
    return ended == 143 and all(share <= LIMITS[name] for name, share in grown.items())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--local", action="store_true", help="without Ray")
    parser.add_argument("--out", type=Path, help="rows as JSONL")
    told = parser.parse_args()
    sys.exit(0 if soak(told.minutes, told.local, told.out) else 1)
