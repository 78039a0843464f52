"""Peak memory of the process that runs the stages of a round, by the number of programs.

    python benchmarks/driver_memory.py [--programs 2000 20000 100000] [--samples 2]

For each number a run folder with so many training programs, and as many held-out ones, is written.
Then a process of its own opens it and passes the stages of a round: suites, candidates with
verdicts, triplets, learning, evaluation, report. The peak of each stage is printed. Models and
verifier are stand-ins in the same process that answer at once and keep nothing; so what grows is
what the stages hold. Every program gets a suite of four tests and one right answer, so there are as
many suites and triplets as programs. Who learns reads its lessons one by one; a real one has them
all in memory, in its own process. Building a corpus and the export are left out. Needs about 50 KB
of disk a program, and Linux.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from cached_verdicts import make_source, write_corpus

from coevolve.config.schema import Config, parse
from coevolve.evaluation.evaluate import evaluate_round, prepare_evaluation
from coevolve.loop import stages
from coevolve.loop.run_corpus import load_stored_corpus
from coevolve.loop.run_folder import RunFolder
from coevolve.loop.workers import FixedPool, LocalWorker, RunWorkers
from coevolve.report.page import write_report
from coevolve.verification.verifier import PreparedSuite, Verifier
from corpora.records import Blame, Candidate, Outcome, UnitTestSuite, Verdict
from corpora.store import read_jsonl, write_jsonl

TESTS = 4


class Model:
    """Translator and Tester with made-up answers. samples: answers a program."""

    def __init__(self, samples: int) -> None:
        self.samples = samples

    def propose(self, _checkpoint, programs, way=None, _sampling=None):
        if not isinstance(way, str):
            return [[((), 0)] for _ in programs]
        text = "__global__ void {0}(const float *a, float *c, int n) {{ // {1}"
        return [
            Candidate(p.id, way, text.format(p.name, k) + p.text * 2, sample=k)
            for p in programs
            for k in range(self.samples)
        ]

    def learn(self, _checkpoint, lessons, _protected, folder, *_rest):
        Path(folder).mkdir(parents=True)
        (Path(folder) / "lessons").write_text(str(sum(1 for _ in lessons)))
        return {}

    def progress(self):
        return 0, 0, 0.0


class Judge:
    """A verifier that gives every program the same suite, and takes the first of its answers."""

    def __init__(self, suite: UnitTestSuite) -> None:
        self.suite = suite

    def compile_ahead(self, _programs):
        return None

    def prepare(self, program, _answers=()):
        return PreparedSuite(replace(self.suite, program_id=program.id))

    def judge(self, program, suite, candidates):
        right = (Outcome.EQUIVALENT, Blame.NOBODY)
        wrong = (Outcome.MISMATCH, Blame.TARGET)
        return [
            Verdict(program.id, c.id, suite.id, *(wrong if c.sample else right)) for c in candidates
        ]


def make_config(folder: Path) -> Config:
    values = {"verify": {"least_strength": 0.0}, "settings": {"verify.device_compiler": "none"}}
    return replace(parse(values, "benchmark"), run_dir=str(folder))


def write_run(config: Config, folder: RunFolder, programs: int) -> None:
    """Write the corpus of a run, and a suite for all programs."""
    folder.claim(config)
    verifier = Verifier(config)
    suite = verifier.prepare(make_source(0)).suite
    verifier.engine.close()
    write_jsonl(folder.root / "suite.jsonl", [replace(suite, tests=suite.tests[:TESTS])])
    write_corpus(folder, programs, programs)


def measure_peak(work: Callable[[], object]) -> tuple[object, float, float]:
    """What `work` returns, the peak of this process meanwhile in MiB, and seconds."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    began = time.monotonic()
    found = work()
    status = Path("/proc/self/status").read_text()
    peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return found, int(peak) / 1024, time.monotonic() - began


def pass_stages(folder: RunFolder, samples: int) -> None:
    """Print one line of JSON: by stage the peak in MiB and seconds, and what was made."""
    config = make_config(folder.root)
    suite = next(read_jsonl(folder.root / "suite.jsonl", UnitTestSuite))
    model = FixedPool(LocalWorker(Model(samples)))
    workers = RunWorkers(model, model, FixedPool(LocalWorker(Judge(suite))))
    found = {"before": measure_peak(lambda: None)[1:]}
    corpus, *found["corpus"] = measure_peak(lambda: load_stored_corpus(folder))
    run = stages.Run(config, folder, corpus, workers)
    for name, stage in (
        ("suites", stages.make_suites),
        ("candidates", stages.propose_and_verify),
        ("triplets", stages.keep_triplets),
        ("learn", stages.train_models),
        ("held-out suites", lambda run, _: prepare_evaluation(run)),
        ("evaluation", evaluate_round),
        ("report", lambda run, _: write_report(run.folder.root)),
    ):
        found[name] = measure_peak(lambda stage=stage: stage(run, 1))[1:]
    paths = folder.round(1)
    learnt = [(paths.folder / name / "lessons").read_text() for name in ("translator", "tester")]
    print(json.dumps([found, [int(each) for each in learnt]]))


def ask(kind: str, programs: int, samples: int, folder: str) -> list:
    words = ["--kind", kind, "--programs", str(programs), "--samples", str(samples)]
    done = subprocess.run(
        [sys.executable, __file__, *words, "--folder", folder], capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1]) if done.stdout else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=int, nargs="+", default=[2_000, 20_000, 100_000])
    parser.add_argument("--samples", type=int, default=2)
    parser.add_argument("--kind", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.kind:
        folder = RunFolder(options.folder)
        if options.kind == "write":
            write_run(make_config(folder.root), folder, options.programs[0])
        else:
            pass_stages(folder, options.samples)
        return
    for programs in options.programs:
        with tempfile.TemporaryDirectory() as name:
            ask("write", programs, options.samples, name)
            found, learnt = ask("pass", programs, options.samples, name)
        assert learnt == [programs, programs], learnt
        peaks = ", ".join(f"{stage} {peak:.0f}" for stage, (peak, _) in found.items())
        seconds = sum(s for _, s in found.values())
        print(f"{programs} programs, {seconds:.0f} s, peak MiB: {peaks}", flush=True)


if __name__ == "__main__":
    main()
