"""What tests of verdicts on small pairs share."""

from __future__ import annotations

import re

import pytest

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.records import Program
from translator.judge import JudgeConfig


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Verdicts by name on cases {name: (source, target, ...)} of functions called `f`, compiled
    together.
    """
    engine = Engine(
        "emulated",
        VerifyConfig(mutants=0, judge=JudgeConfig(timeout_floor_s=1.0)),
        cache=tmp_path_factory.getbasetemp(),
    )

    def verdicts(cases):
        pairs = {name: pair_of(*case[:2]) for name, case in cases.items()}
        engine.prepare(list(pairs.values()))
        return {name: engine.verify(pair) for name, pair in pairs.items()}

    yield verdicts
    engine.close()


@pytest.fixture(scope="module")
def verdicts(judged, request):
    """On the CASES of a module."""
    return judged(request.module.CASES)


def pair_of(source: str, target: str) -> Pair:
    """In the dialects that the texts show."""
    kinds = (
        ("fortran", "openmp-fortran")
        if re.search(r"subroutine|end function", source)
        else ("cpp", "cuda" if "__global__" in target else "openmp")
    )
    return Pair(Program(kinds[0], "f", source), Program(kinds[1], "f", target))
