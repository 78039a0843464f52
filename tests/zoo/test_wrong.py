"""Subtly wrong translations get exactly the verdict they must get, and right ones that look
suspicious are accepted.

A case is a folder: source.*, target.* (entry function `work` in both), and `expected`: the outcome,
then the suite, one test a line. Behind the outcome of an OpenMP target stands `serial` where one
thread does all the work. The second comment line of a target repeats the outcome for the reader.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.dialects import guess_dialect
from corpora.records import Blame, Program, Verdict
from translator.judge import JudgeConfig

ZOO = Path(__file__).parent
CASES = sorted(p.parent for p in ZOO.glob("*/*/expected"))


def program_of(case: Path, role: str) -> Program:
    (path,) = case.glob(f"{role}.*")
    return Program(guess_dialect(path.name).name, "work", path.read_text(), origin=case.name)


def pair_of(case: Path) -> Pair:
    suite = (case / "expected").read_text().split("\n", 1)[1].strip()
    return Pair(program_of(case, "source"), program_of(case, "target"), suite)


@cache
def verdicts(cache_dir: Path) -> dict[str, Verdict]:
    """All cases at once: compiled together, which is most of the time."""
    engine = Engine(
        "emulated", VerifyConfig(mutants=0, judge=JudgeConfig(timeout_floor_s=1.0)), cache=cache_dir
    )
    pairs = [pair_of(case) for case in CASES]
    engine.prepare(pairs)
    return {case.name: engine.verify(pair) for case, pair in zip(CASES, pairs, strict=True)}


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    return verdicts(tmp_path_factory.getbasetemp())


def test_there_are_enough_cases() -> None:
    assert len([c for c in CASES if c.parent.name == "wrong"]) >= 60
    assert len([c for c in CASES if c.parent.name == "right"]) >= 12
    for kind in ("wrong", "right"):
        for suffix in ("cpp", "f90"):
            assert len(list(ZOO.glob(f"{kind}/*/target.omp.{suffix}"))) >= 12


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.parent.name}-{c.name}")
def test_verdict(case: Path, judged: dict[str, Verdict]) -> None:
    verdict = judged[case.name]
    expected, _, note = (case / "expected").read_text().split("\n", 1)[0].partition(" ")
    assert verdict.outcome == expected, (
        f"{verdict.outcome}: {verdict.detail} (test {verdict.test_index}, launch {verdict.launch})"
    )
    assert verdict.blame is (Blame.NOBODY if case.parent.name == "right" else Blame.TARGET)
    if verdict.equivalent and verdict.backend.startswith("openmp"):
        assert verdict.serial == (note == "serial")
    assert expected in next(p for p in case.glob("target.*")).read_text().split("\n")[1]
