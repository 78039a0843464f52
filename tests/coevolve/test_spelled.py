"""Fortran spelled in C++ by rule means the same, by execution; ports made from it are judged against the Fortran text."""

from __future__ import annotations

import json

import pytest

from coevolve import cli
from coevolve.verify import Engine, Pair, VerifyConfig
from corpora.loaders import load_corpus
from corpora.records import Outcome
from gpu_runtime.toolchain import find_toolchain
from translator.fortran_in_cpp import in_cpp

pytestmark = pytest.mark.skipif(find_toolchain().gfortran is None, reason="gfortran is not installed")


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine("emulated", VerifyConfig(mutants=0, tests=8), cache=tmp_path_factory.mktemp("cache"))
    yield made
    made.close()


def verdicts(engine, programs):
    """Of each program that has a spelling, against it: (name, outcome)."""
    pairs = [Pair(p, spelled) for p in programs if (spelled := in_cpp(p)) is not None]
    engine.prepare(pairs)
    return [(pair.source.name, engine.verify(pair).outcome) for pair in pairs]


def test_a_part_of_the_fortran_here(engine):
    programs = [*load_corpus("development", "fortran").programs[::4], *load_corpus("builtin", "fortran").programs[::12]]
    found = verdicts(engine, programs)
    assert len(found) >= 0.85 * len(programs)
    assert {name: outcome for name, outcome in found if outcome is not Outcome.EQUIVALENT} == {}


@pytest.mark.slow
def test_all_fortran_here(engine):
    programs = [p for corpus in ("development", "builtin") for p in load_corpus(corpus, "fortran").programs]
    found = verdicts(engine, programs)
    assert len(found) >= 0.9 * len(programs)
    assert {name: outcome for name, outcome in found if outcome is not Outcome.EQUIVALENT} == {}


@pytest.mark.slow
def test_generated_fortran(engine):
    """Some have no valid tests; a call of min with a NaN, which Fortran leaves open, may differ."""
    outcomes = [outcome for _, outcome in verdicts(engine, load_corpus("generated:300:77:broad", "fortran").programs)]
    assert outcomes.count(Outcome.EQUIVALENT) >= 0.95 * len(outcomes)
    assert outcomes.count(Outcome.MISMATCH) <= 2 and set(outcomes) <= {Outcome.EQUIVALENT, Outcome.INVALID_SUITE, Outcome.MISMATCH}


def test_translate_asks_in_cpp_unless_told_not_to(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COEVOLVE_CACHE", str(tmp_path / "cache"))
    source = tmp_path / "scale.f90"
    source.write_text(
        "subroutine shift_rows(n, m, a, b, s)\n  implicit none\n  integer, intent(in) :: n, m\n  real(8), intent(in) :: a(n, m), s\n"
        "  real(8), intent(inout) :: b(n, m)\n  integer :: i, j\n  do j = 1, m\n    do i = 2, n\n      b(i, j) = b(i, j) + s * a(i - 1, j)\n    end do\n  end do\n"
        "end subroutine shift_rows\n"
    )
    assert cli.main(["translate", str(source), "--to", "openmp", "--backend", "emulated"]) == 0
    said = capsys.readouterr()
    assert "verified openmp port" in said.err and "#pragma omp parallel for" in said.out and "b[j * n + i]" in said.out


def test_eval_says_how_many_were_asked_in_cpp(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COEVOLVE_CACHE", str(tmp_path / "cache"))
    notes = {}
    for flags in ([], ["--as-written"]):
        out = tmp_path / "r.json"
        asked = ["--model", "small", "--corpus", "development", "--direction", "fortran:openmp", "--limit", "2", "--backend", "emulated"]
        assert cli.main(["eval", *asked, "--out", str(out), *flags]) == 0
        notes[len(flags)] = json.loads(out.read_text())["notes"]
    assert any("2 of 2 Fortran sources were asked in C++" in note for note in notes[0])
    assert not any("asked in C++" in note for note in notes[1])
    capsys.readouterr()


def test_as_written_belongs_to_a_corpus(tmp_path, capsys):
    assert cli.main(["eval", str(tmp_path), "--as-written"]) == 2
    assert "--as-written belongs to --corpus" in capsys.readouterr().err
    assert cli.main(["eval", "--corpus", "development", "--predictions", "x.jsonl", "--as-written"]) == 2
    assert "--as-written belongs to --model" in capsys.readouterr().err
