"""The project's own engine agrees that generated programs are equal: sanitizers, guard pages,
races, several launches.
"""

from __future__ import annotations

from collections import Counter

import pytest

from corpora.generator import generate, nests
from corpora.generator.families import free

verification = pytest.importorskip("coevolve.verification.engine")


@pytest.mark.parametrize("seed", [31])
def test_engine_calls_generated_pairs_equivalent(seed: int) -> None:
    pairs = []
    for item in generate(6, seed):
        for dialect in ("cuda", "openmp", "fortran", "openmp-fortran"):
            if dialect in item.programs:
                pairs.append(
                    verification.Pair(item.programs["cpp"], item.programs[dialect], item.suite_text)
                )
    config = verification.VerifyConfig(mutants=0)
    verdicts = verification.verify_many(pairs, "emulated", config)
    wrong = [
        (p.target.origin, p.target.dialect, str(v.outcome), v.detail)
        for p, v in zip(pairs, verdicts)
        if v.equivalent is not True
    ]
    assert not wrong
    assert Counter(p.target.dialect for p in pairs).total() > 15


_NEW = (
    free.free_line,
    free.free_grid,
    free.free_deep,
    free.free_rows,
)


def test_engine_calls_each_long_family_equivalent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(nests.LEVEL_MENUS, "mixed", (list(_NEW), [1] * len(_NEW)))
    pairs = [
        verification.Pair(item.programs["cpp"], item.programs["cuda"], item.suite_text)
        for item in generate(12, 5)
        if "cuda" in item.programs
    ]
    verdicts = verification.verify_many(pairs, "emulated", verification.VerifyConfig(mutants=0))
    assert [
        (p.target.origin, str(v.outcome), v.detail)
        for p, v in zip(pairs, verdicts)
        if v.equivalent is not True
    ] == []
    assert len(pairs) > 10
