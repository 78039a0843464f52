"""The project's own engine agrees that generated programs are equal: sanitizers, guard pages, races, several launches."""

from __future__ import annotations

from collections import Counter

import pytest

from corpora.loopnests import generate

verification = pytest.importorskip("coevolve.verify")


@pytest.mark.parametrize("seed", [31])
def test_engine_calls_generated_pairs_equivalent(seed: int) -> None:
    pairs = []
    for item in generate(9, seed):
        for dialect in ("cuda", "openmp", "fortran", "openmp-fortran"):
            if dialect in item.programs:
                pairs.append(verification.Pair(item.programs["cpp"], item.programs[dialect], item.suite_text))
    config = verification.VerifyConfig(mutants=0)
    verdicts = verification.verify_many(pairs, "emulated", config)
    wrong = [
        (p.target.origin, p.target.dialect, str(v.outcome), v.detail)
        for p, v in zip(pairs, verdicts)
        if v.equivalent is not True
    ]
    assert not wrong
    assert Counter(p.target.dialect for p in pairs).total() > 25
