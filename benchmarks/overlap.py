"""What is saved by stages that run at once: a small run on Ray both ways, and schedules of large
ones.

    python benchmarks/overlap.py [--rounds 3] [--hours SUITES CANDIDATES LEARNING TESTER EVALUATION]

First part: the same small run, from nothing, one stage at a time and overlapped. All its files but
the times must be equal; the ratio of the times of the rounds is printed. Second part: hours of a
round's stages are put into the run's own list of stages, as if models and verifiers had machines of
their own, and the time of a round in the long run is printed beside its longest stage.

    python benchmarks/overlap.py --waiting [--rounds 6]

A run on Ray with three Translators and two Testers that are slow without using a core, as if each
had a machine of its own: a small model answers and learns, and the actor then sleeps. Verdicts are
real. The round's time beside its longest stage is what the report prints of it; the first two
rounds, which have nothing to overlap with, are left out of the mean.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from coevolve.config.schema import Config, parse
from coevolve.loop import actors, rounds
from coevolve.loop.manifest import read_manifest
from coevolve.loop.rounds import list_stages, run
from coevolve.loop.run_folder import RunFolder
from coevolve.loop.services import TesterService, TranslatorService, make_verifier
from coevolve.loop.stage_run import Run
from coevolve.loop.workers import RunWorkers
from coevolve.report.round_times import format_times, measure_rounds
from gpu_runtime.compile.toolchain import find_cache_root

COMMON = find_cache_root()
SMALL = {
    "direction": "cpp:cuda",
    "corpus": {"source": "builtin", "evaluation_limit": 12, "training_limit": 24},
    "model": {"max_new_tokens": 64},
    "cold_start": {"generated": 400, "suites": 200, "level": "easy"},
    "round": {"samples": 4, "epochs": 1.0},
    "evaluate": {"samples": 2},
    "settings": {
        "model.layers": 2,
        "model.width": 64,
        "model.heads": 2,
        "verify.mutants": 4,
        "evaluate.pass_at": [1, 2],
    },
}


def simulate(config: Config, hours: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Return (begin, end) by name of every stage of a run in which each begins as soon as those it
    names have ended. hours: by the first words of a stage's name.
    """
    ends: dict[str, tuple[float, float]] = {}
    for step in list_stages(Run(config, None, None, None)):  # type: ignore[arg-type]
        begin = max((ends[name][1] for name in step.after), default=0.0)
        ends[step.name] = (begin, begin + hours.get(step.name.rpartition(" ")[0], 0.0))
    return ends


def measure(together: int, config: Config, folder: Path) -> tuple[float, dict[str, str]]:
    """Run `config` with at most `together` stages at once. Returns the seconds of its rounds, and
    the hash of every file.
    """
    actors.TOGETHER = together
    cache = folder.with_name(f"{folder.name}-cache")  # nothing is judged there yet
    cache.mkdir()
    for name in ("bin", "objects"):  # what is compiled once for a machine
        (COMMON / name).mkdir(parents=True, exist_ok=True)
        (cache / name).symlink_to(COMMON / name)
    os.environ["COEVOLVE_CACHE"] = str(cache)
    root = run(replace(config, run_dir=str(folder)))
    times = measure_rounds(RunFolder(root))
    return sum(t.seconds for t in times), {
        name: seal.sha256 for name, seal in read_manifest(root).items()
    }


class SlowTranslator(TranslatorService):
    """Answers and learns, and then takes its time."""

    def propose(self, checkpoint, programs, *arguments):
        found = super().propose(checkpoint, programs, *arguments)
        time.sleep(ANSWER_S * len(programs))
        return found

    def learn(self, *arguments):
        figures = super().learn(*arguments)
        time.sleep(LEARN_S)
        return figures


class SlowTester(TesterService):
    """Writes tests and learns, and then takes its time."""

    def propose(self, checkpoint, programs, sampling):
        found = super().propose(checkpoint, programs, sampling)
        time.sleep(TESTS_S * len(programs))
        return found

    def learn(self, *arguments):
        figures = super().learn(*arguments)
        time.sleep(LEARN_S / 10)
        return figures


ANSWER_S, TESTS_S, LEARN_S = 4.0, 0.5, 25.0
"""Seconds that are slept for a program's answers, for its tests, and for a Translator's training:
of the order of the hours above, with two Translators that answer while the third one learns.
"""


@contextmanager
def start_slow_workers(config: Config) -> Iterator[RunWorkers]:
    with actors.make_ray_workers(config, SlowTranslator, SlowTester, make_verifier) as workers:
        yield workers


def run_waiting(config: Config) -> None:
    """Print the times of a run's rounds whose models do not use this machine's cores."""
    import ray

    waiting = replace(
        config,
        corpus=replace(config.corpus, training_limit=18, evaluation_limit=4),
        model=replace(
            config.model,
            backend="pretrained",
            name_or_path="simple",
            max_new_tokens=256,
            programs_per_call=1,
        ),
        cold_start=replace(config.cold_start, generated=0, suites=0),
        round=replace(config.round, behind=1, samples=2, experience="replace", replay=0.0),
        evaluate=replace(config.evaluate, samples=1, pass_at=(1,)),
        resources=replace(config.resources, translators=3, testers=2, model_gpus=1.0),
    )
    rounds.make_ray_run_workers = start_slow_workers
    ray.init(num_gpus=5, log_to_driver=False, logging_level="ERROR")  # counted, not used
    with tempfile.TemporaryDirectory() as folder:
        root = run(replace(waiting, run_dir=str(Path(folder) / "run")))
        times = measure_rounds(RunFolder(root))
        print(format_times(RunFolder(root)))
    steady = times[2:]
    total, longest = sum(t.seconds for t in steady), sum(t.longest for t in steady)
    singly = sum(t.one_by_one for t in steady)
    print(
        f"rounds from the third: {total / longest:.2f} of their longest stage; one stage at a time "
        f"{singly / longest:.2f}"
    )


def main() -> None:
    """Run both parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="0 leaves the first part out")
    parser.add_argument("--waiting", action="store_true", help="the run with slow models alone")
    parser.add_argument("--hours", type=float, nargs=5, default=[3.3, 15.0, 12.2, 1.0, 0.5])
    told = parser.parse_args()
    config = parse(SMALL, "overlap")
    config = replace(config, round=replace(config.round, count=told.rounds))
    if told.waiting:
        run_waiting(config)
        return
    if told.rounds:
        with tempfile.TemporaryDirectory() as folder:
            measure(1, replace(config, round=replace(config.round, count=1)), Path(folder) / "warm")
            single, files = measure(1, config, Path(folder) / "one")
            several, same = measure(4, config, Path(folder) / "four")
        differing = [
            name for name in files.keys() | same.keys() if files.get(name) != same.get(name)
        ]
        print(f"one stage at a time: {single:.0f} s, overlapped: {several:.0f} s")
        print(f"ratio: {single / several:.2f}, files that differ: {differing or 'none'}")
    names = ("suites", "propose and verify", "Translators", "Tester", "evaluate")
    hours = dict(zip(names, told.hours, strict=True))
    print("stages, hours:", ", ".join(f"{name} {spent:g}" for name, spent in hours.items()))
    own = replace(config.resources, translators=2, testers=2, model_gpus=1.0)
    longest = max(hours.values())
    for name, behind in (("as it is", 0), ("off-policy", 1)):
        large = replace(config, resources=own)
        large = replace(large, round=replace(large.round, count=12, behind=behind))
        ends = simulate(large, hours)
        each = (ends["Translators 12"][1] - ends["Translators 4"][1]) / 8
        print(
            f"{name}: a round takes {each:.1f} h, {each / longest:.2f} of its longest stage; "
            f"one by one {sum(told.hours):.1f} h"
        )


if __name__ == "__main__":
    main()
