"""Equal runs write equal files, in processes with other hash seeds and other addresses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "repeated_run.py"
BESIDE = ("timings.jsonl",)
"""What may differ between equal runs."""


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name not in BESIDE
    }


@pytest.mark.slow
def test_equal_runs_write_equal_files(tmp_path):
    """Each run has a cache of its own, so that nothing of the first is handed to the second."""
    found = []
    for seed in ("1", "3"):
        folder = tmp_path / f"run-{seed}"
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "COEVOLVE_CACHE": str(tmp_path / f"cache-{seed}"),
        }
        done = subprocess.run(
            [sys.executable, str(SCRIPT), str(folder)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        found.append(files_of(folder))
    first, second = found
    assert (
        first.keys() == second.keys()
        and "round-1/verdicts.jsonl" in first
        and "round-1/evaluation.json" in first
    )
    assert [name for name in first if first[name] != second[name]] == []
    verdicts = first["round-1/verdicts.jsonl"].decode()
    for outcome in ("EQUIVALENT", "MISMATCH", "MEMORY_ERROR", "RACE", "TIMEOUT", "COMPILE_ERROR"):
        assert outcome in verdicts
    assert (
        "far from every argument" in verdicts
        and '"codebleu": null' not in first["round-1/evaluation.json"].decode()
    )
