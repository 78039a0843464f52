"""Runs that are killed and go on, in processes of their own: what they leave is compared by tests.

    python tests/coevolve/killed_run.py FOLDER PLAN... [-- FOLDER PLAN...]

Each entry of PLAN is one try to finish the run in FOLDER: `undisturbed`, `N` (the process kills
itself at its N-th change of the run's folder; an odd N before it renames a file into place, an even
N right after) or `N s` (it is killed N seconds after it began). The tries follow each other in one
folder until one finishes. A line of JSON each: how it ended, and the changes that it made.

All tries are forks of one process that has imported everything, so that a try begins at once. The
Translator's answers are known: a right port and a wrong one of each program. Models learn from them
as in every run.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

import coevolve.cli.export
import coevolve.report.page  # noqa: F401
import gpu_runtime.models.scratch  # noqa: F401
from coevolve.config.schema import load
from coevolve.loop.rounds import run
from coevolve.loop.services import TranslatorService
from corpora.records import Candidate

LOOPS = {
    "axpy": ("int n, float a, const float *x, float *y", "y[i] = a * x[i] + y[i];"),
    "square": ("int n, const double *x, double *y", "y[i] = x[i] * x[i];"),
    "offset": ("int n, int k, int *v", "v[i] += k;"),
    "backward": ("int n, const int *s, int *d", "d[n - 1 - i] = s[i];"),
}
CONFIG = """
direction = "cpp:cuda"
run_dir = "none"
[corpus]
source = "{corpus}"
evaluation_fraction = 0.4
[model]
max_new_tokens = 16
[cold_start]
generated = 4
suites = 4
level = "easy"
[round]
count = 1
samples = 2
epochs = 1.0
replay = 0.0
[verify]
workers = 1
least_strength = 0
[evaluate]
samples = 1
[settings]
"cold_start.epochs" = 1.0
"model.layers" = 1
"model.width" = 16
"model.heads" = 2
"model.programs_per_call" = 1
"verify.mutants" = 0
"verify.device_compiler" = "none"
"evaluate.pass_at" = [1]
"""


def write_inputs(folder: Path) -> Path:
    """Write the programs and the configuration into `folder`; returns the configuration's path."""
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for name, (parameters, body) in LOOPS.items():
        text = f"void {name}({parameters}) {{ for (int i = 0; i < n; i++) {body} }}\n"
        (corpus / f"{name}.cpp").write_text(text)
    (folder / "config.toml").write_text(CONFIG.format(corpus=corpus))
    return folder / "config.toml"


def propose(_service, _checkpoint, programs, way, sampling):
    """Known answers in place of the Translator's: one right, one wrong if two are asked for."""
    head = "__global__ void {0}({1}) {{ int i = blockIdx.x * blockDim.x + threadIdx.x; {2} }}"
    return [
        Candidate(p.id, way, head.format(p.name, LOOPS[p.name][0], guard + LOOPS[p.name][1]))
        for p in programs
        for guard in ("if (i < n) ", "if (i + 1 < n) ")[: sampling.n]
    ]


def watch_changes(folder: Path, kill_at: int, changes: list[str]) -> None:
    """Count the renames into `folder` in `changes`, and die at number `kill_at` of twice as many:
    before and after each.
    """
    replace = os.replace

    def counted(source, target, **given):
        inside = Path(target).is_relative_to(folder) and Path(target).name != "progress.json"
        if not inside:  # what is shown is written as time goes by
            return replace(source, target, **given)
        changes.append(str(Path(target).relative_to(folder)))
        if kill_at == 2 * len(changes) - 1:
            die(changes)
        replace(source, target, **given)
        if kill_at == 2 * len(changes):
            die(changes)
        return None

    os.replace = counted  # type: ignore[assignment]


def die(changes: list[str]) -> None:
    say({"changes": len(changes), "at": changes[-1] if changes else "nothing"})
    os.kill(os.getpid(), signal.SIGKILL)


TOLD = os.dup(1)
"""Where lines of JSON go; what the run prints goes to a log."""


def say(found: dict[str, object]) -> None:
    os.write(TOLD, json.dumps(found).encode() + b"\n")


def attempt(config_file: Path, folder: Path, way: str) -> None:
    """One try, in the process that calls it."""
    changes: list[str] = []
    timed = way.endswith("s")
    watch_changes(folder, int(way) if way.isdecimal() else 0, changes)
    if timed:
        threading.Timer(float(way.rstrip(" s")), die, [changes]).start()
    run(load(config_file, (f"run_dir={folder}",)), use_ray=False)
    say({"changes": len(changes), "at": "end"})


def main() -> None:
    TranslatorService.propose = propose
    words = sys.argv[1:]
    while words:
        end = words.index("--") if "--" in words else len(words)
        folder, *plan = words[:end]
        try_until_finished(Path(folder), plan)
        words = words[end + 1 :]


def try_until_finished(folder: Path, plan: list[str]) -> None:
    """One process for each entry of the plan, one after the other."""
    config_file = write_inputs(folder.parent / "inputs")
    for way in plan:
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            log = os.open(folder.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(log, 1)
            os.dup2(log, 2)
            code = 1
            try:
                attempt(config_file, folder, way)
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(code)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        say({"code": status, "seconds": round(time.monotonic() - began, 2)})
        if status == 0:
            return
        if status != -signal.SIGKILL:
            sys.exit(status)


if __name__ == "__main__":
    main()
