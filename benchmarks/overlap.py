"""What is saved by stages that run at once: a small run on Ray both ways, and schedules of large
ones.

    python benchmarks/overlap.py [--rounds 3] [--hours SUITES CANDIDATES LEARNING TESTER EVALUATION]

First part: the same small run, from nothing, one stage at a time and overlapped. All its files but
the times must be equal; the ratio of the times of the rounds is printed. Second part: hours of a
round's stages are put into the run's own list of stages, as if models and verifiers had machines of
their own, and the time of a round in the long run is printed beside its longest stage.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from coevolve.config.schema import Config, parse
from coevolve.loop import actors
from coevolve.loop.manifest import read_manifest
from coevolve.loop.rounds import list_stages, run
from coevolve.loop.run_folder import RunFolder
from coevolve.loop.stage_run import Run
from coevolve.report.round_times import measure_rounds
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


def main() -> None:
    """Run both parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="0 leaves the first part out")
    parser.add_argument("--hours", type=float, nargs=5, default=[3.3, 15.0, 12.2, 1.0, 0.5])
    told = parser.parse_args()
    config = parse(SMALL, "overlap")
    config = replace(config, round=replace(config.round, count=told.rounds))
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
