"""A stage of a million candidates whose verdicts are in the cache: time and memory by their number,
and what the cache saves beside judging them.

    python benchmarks/cached_verdicts.py [--candidates 1000000] [--judged 64]

First part: `--judged` candidates of a real source are judged with an empty cache and then again
with a full one; the ratio of the times is printed. Second part: verdicts on `--candidates` made-up
candidates are put into the cache; the stage `propose_and_verify` then runs over them as it would in
a second run. Each number runs in a process of its own, and its peak memory is printed, to
compare with that of a tenth of the candidates. A program has a hundred candidates in both, so a
call holds as many. Needs about 5 KB of disk a candidate, for the time it runs.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from coevolve.config.schema import parse
from coevolve.loop import stages
from coevolve.loop.run_corpus import load_stored_corpus
from coevolve.loop.run_folder import RunFolder
from coevolve.loop.workers import FixedPool, LocalWorker, RunWorkers
from coevolve.verification.verifier import Verifier
from corpora.records import Blame, Candidate, Outcome, Program, Verdict

SAMPLES = 100
"""Candidates of a program."""
TEXT = "__global__ void f{0}(const float *a, float *c, int n) {{ int i = blockIdx.x * blockDim.x + "
BODY = "threadIdx.x; if (i < n) c[i] = a[i] * {1}.5f; }}"


def make_source(number: int) -> Program:
    text = f"for (int i = 0; i < n; i++) c[i] = a[i] * {number}.5f;"
    return Program(
        "cpp", f"f{number}", f"void f{number}(const float *a, float *c, int n) {{ {text} }}"
    )


def write_corpus(folder: RunFolder, programs: int, held_out: int = 0) -> None:
    """Write the corpus of a run of so many training programs."""
    count = programs + held_out
    folder.finish_records(folder.corpus, map(make_source, range(count)))
    ids = [make_source(k).id for k in range(count)]
    split = {"training_source": ids[:programs], "training_target": [], "evaluation": ids[programs:]}
    folder.finish_value(folder.split, split | {"references": {}, "held_back": 0})


class Knowing:
    """Translator and Tester with made-up answers."""

    def __init__(self, samples: int) -> None:
        self.samples = samples

    def propose(self, _checkpoint, programs, way=None, _sampling=None):
        if not isinstance(way, str):
            return [[((), 0)] for _ in programs]
        return [
            Candidate(p.id, way, (TEXT + BODY).format(p.name[1:], k), sample=k)
            for p in programs
            for k in range(self.samples)
        ]


class Filled(Verifier):
    """A verifier that has a verdict for whatever it is asked, and so puts it into the cache."""

    def _judge(self, program, suite, candidates):
        return [
            Verdict(program.id, c.id, suite.id, Outcome.MISMATCH, Blame.TARGET, "differs")
            for c in candidates
        ]


def fill_cache(verifier: Verifier, sources: int, samples: int) -> float:
    """Seconds to put verdicts on the candidates of `run_stage` into the cache."""
    known, began = verifier.prepare(make_source(0)).suite, time.monotonic()
    for program in map(make_source, range(sources)):
        candidates = Knowing(samples).propose("", [program], "cpp:cuda")
        verifier.judge(program, replace(known, program_id=program.id), candidates)
    return time.monotonic() - began


def run_stage(config, folder: Path, sources: int, samples: int, verifier: Verifier) -> float:
    """Seconds that the stage takes."""
    made = RunFolder(folder)
    write_corpus(made, sources)
    corpus = load_stored_corpus(made)
    model = FixedPool(LocalWorker(Knowing(samples)))
    workers = RunWorkers(model, model, FixedPool(LocalWorker(verifier)))
    run = stages.Run(config, made, corpus, workers)
    run.folder.round(1).folder.mkdir(parents=True)
    known = verifier.prepare(corpus.training_source[0]).suite
    suites = (replace(known, program_id=p.id) for p in corpus.training_source)
    run.folder.finish_records(run.folder.round(1).suites, suites)
    began = time.monotonic()
    stages.propose_and_verify(run, 1)
    return time.monotonic() - began


def make_config(folder: Path):
    values = {"settings": {"verify.device_compiler": "none", "model.programs_per_call": 1}}
    return replace(parse(values, "benchmark"), run_dir=str(folder))


def measure(kind: str, candidates: int, folder: Path) -> None:
    """Print one line of JSON: seconds, peak MiB before and after the stage, verdicts from cache."""
    config = make_config(folder)
    verifier = (Filled if kind == "fill" else Verifier)(config)
    sources = max(1, candidates // SAMPLES)
    verifier.prepare(make_source(0))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if kind == "fill":
        seconds = fill_cache(verifier, sources, candidates // sources)
    else:
        seconds = run_stage(config, folder / kind, sources, candidates // sources, verifier)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    recalled = verifier.recalled
    verifier.engine.close()
    print(json.dumps([seconds, before, peak, recalled]))


def ask(kind: str, candidates: int, folder: Path) -> list:
    words = ["--kind", kind, "--candidates", str(candidates), "--folder", str(folder)]
    environment = {**os.environ, "COEVOLVE_CACHE": str(folder / "cache")}
    done = subprocess.run(
        [sys.executable, __file__, *words], capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--candidates", type=int, default=1_000_000)
    parser.add_argument("--judged", type=int, default=64)
    parser.add_argument("--kind", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.kind:
        measure(options.kind, options.candidates, options.folder)
        return
    with tempfile.TemporaryDirectory() as name:
        first, second = (ask(kind, options.judged, Path(name)) for kind in ("judge", "recall"))
        print(
            f"{options.judged} candidates: judged {first[0]:.2f} s, from the cache {second[0]:.2f} "
            f"s ({second[3]} of them), ratio {first[0] / second[0]:.0f}",
            flush=True,
        )
    for count in (options.candidates // 10, options.candidates):
        with tempfile.TemporaryDirectory() as name:
            ask("fill", count, Path(name))
            seconds, before, peak, recalled = ask("recall", count, Path(name))
            print(
                f"{count} candidates: {seconds:.0f} s, {1e6 * seconds / count:.0f} us each, "
                f"{recalled} from the cache, peak {peak:.0f} MiB ({before:.0f} before the stage)",
                flush=True,
            )


if __name__ == "__main__":
    main()
