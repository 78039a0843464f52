"""A driver that is killed with signal 9, wherever it is: the same command goes on, and the files
are those of an undisturbed run, byte for byte.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from coevolve.loop import manifest

SCRIPT = Path(__file__).parent / "killed_run.py"
BESIDE = ("config.toml", "report.html", "timings.jsonl")
"""What may differ between equal runs: the folder's own path, and times."""
TEN = ("1", "8", "11", "14", "13", "12", "15", "14", "13", "16")
"""Kills before (odd) and after (even) a file is renamed into place, counted anew in each try."""


def files_of(folder: Path) -> dict[str, bytes]:
    found = {str(p.relative_to(folder)): p for p in folder.rglob("*") if p.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name not in BESIDE}


def try_runs(*words: str | Path, cache: Path) -> list[dict]:
    """What the tries said, in pairs: the last change, how the process ended."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, "COEVOLVE_CACHE": str(cache)},
    )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    logs = [Path(word).with_suffix(".log") for word in words if isinstance(word, Path)]
    ends = [log.read_text()[-2000:] for log in logs if log.exists()]
    assert done.returncode == 0, (said[-4:], done.stderr[-2000:], ends)
    return said


def compare(killed: Path, whole: Path) -> None:
    one, other = files_of(killed), files_of(whole)
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []
    assert "round-1/translator/model.safetensors" in one and "export/pairs.parquet" in one
    assert b"EQUIVALENT" in one["round-1/verdicts.jsonl"]
    assert manifest.check_files(killed) == []


def test_ten_kills_of_one_run(tmp_path, own_cache):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    said = try_runs(killed, *TEN, "undisturbed", "--", whole, "undisturbed", cache=own_cache)
    assert [s["code"] for s in said if "code" in s] == [-9] * len(TEN) + [0, 0]
    places = [s["at"] for s in said if "at" in s]
    assert len({Path(place).parts[0] for place in places}) >= 4, places
    compare(killed, whole)


KILLS = 100


@pytest.mark.slow
def test_a_hundred_kills_at_random_moments(tmp_path, own_cache, capsys):
    """Each run has a cache of its own, which is written to while it is killed."""
    rng = random.Random(os.environ.get("COEVOLVE_KILL_SEED", "28"))
    whole = tmp_path / "whole"
    began = try_runs(whole, "undisturbed", cache=own_cache)[-1]["seconds"]
    kills = runs = 0
    places: set[str] = set()
    while kills < KILLS:
        cache, killed = tmp_path / f"cache-{runs}", tmp_path / f"run-{runs}"
        cache.mkdir()
        for name in ("bin", "objects"):
            (cache / name).symlink_to(own_cache / name)
        moments = [f"{rng.uniform(0.02, 0.6 * began):.3f} s" for _ in range(12)]
        said = try_runs(killed, *moments, "undisturbed", cache=cache)
        kills += sum(s.get("code") == -9 for s in said)
        places |= {s["at"] for s in said if "at" in s}
        runs += 1
        compare(killed, whole)
    with capsys.disabled():
        print(f"\n{kills} kills in {runs} runs, at {len(places)} places: every file identical")
