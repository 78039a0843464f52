"""Threads of models: the container's share counts, a user's word goes before it, Ray's own setting
does not.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from corpora.cores import count_usable_cores
from gpu_runtime.sandbox.cores import count_model_threads


@pytest.fixture(autouse=True)
def many_cores(monkeypatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delitem(sys.modules, "ray", raising=False)


def mounted(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    "files, cores",
    [
        ({"cpu.max": "400000 100000\n"}, 4),
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "10000 100000\n"}, 1),
        ({"cpu.max": "max 100000\n"}, 64),
        ({"cpu.max": "12800000 100000\n"}, 64),
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 64),
        ({"cpu.max": "\n"}, 64),
        ({}, 64),
    ],
)
def test_containers_share(tmp_path: Path, files: dict[str, str], cores: int) -> None:
    assert count_usable_cores(mounted(tmp_path, files)) == cores


def test_the_users_word_goes_before_all_cores(monkeypatch) -> None:
    everything = count_model_threads()
    assert 1 <= everything <= 64
    monkeypatch.setenv("OMP_NUM_THREADS", "3,1")
    assert count_model_threads() == 3
    for word in ("many", "0", ""):
        monkeypatch.setenv("OMP_NUM_THREADS", word)
        assert count_model_threads() == everything


def test_what_ray_sets_for_its_actors_is_not_the_users_word(monkeypatch) -> None:
    everything = count_model_threads()
    started = type("Ray", (), {"is_initialized": staticmethod(lambda: True)})
    monkeypatch.setitem(sys.modules, "ray", started)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert count_model_threads() == everything
