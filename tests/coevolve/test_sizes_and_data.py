"""Ports that are wrong at certain sizes or on certain data alone, each beside its right one."""

import pytest
from data_probes import DATA_PROBES
from size_probes import SIZE_PROBES, Probe

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.records import Program

PROBES = {**SIZE_PROBES, **DATA_PROBES}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory):
    made = Engine("emulated", VerifyConfig(), tmp_path_factory.mktemp("cache"))
    yield made
    made.close()


def make_pair(probe: Probe, text: str) -> Pair:
    assert "@" in probe.target
    source, target = probe.dialects
    return Pair(
        Program(source, "f", probe.source),
        Program(target, "f", probe.target.replace("@", text)),
    )


SLOW = frozenset(
    {
        "tiles along y",
        "float index",
        "fixed plane",
        "batch along z",
        "float number of blocks",
        "float counter",
    }
)
"""Probes on large grids; the others of their kinds are quick."""


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in PROBES]
)
def test_the_right_port_passes_and_the_wrong_one_does_not(name: str, engine: Engine) -> None:
    probe = PROBES[name]
    right = engine.verify(make_pair(probe, probe.right))
    assert right.equivalent, right.detail
    wrong = engine.verify(make_pair(probe, probe.wrong))
    assert wrong.blame == "target" and not wrong.equivalent, wrong.detail
