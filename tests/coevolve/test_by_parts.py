"""Functions of several dependent loop nests, ported nest by nest by the model that comes with the project, and judged whole."""

from __future__ import annotations

import pytest

from coevolve import cli
from coevolve.by_parts import by_parts
from coevolve.models_named import resolve
from coevolve.services import PROMPT_STYLES
from coevolve.verify import Engine, Pair, VerifyConfig
from corpora.dialects import direction
from corpora.records import Outcome, Program
from gpu_runtime.models.protocol import Sampling
from gpu_runtime.toolchain import find_toolchain
from translator.translate import Translator

pytestmark = pytest.mark.skipif(find_toolchain().gfortran is None, reason="gfortran is not installed")

HEAT = """subroutine heat(n, steps, r, u, v)
  implicit none
  integer, intent(in) :: n, steps
  real(8), intent(in) :: r
  real(8), intent(inout) :: u(n), v(n)
  integer :: i, t
  do t = 1, steps
    do i = 2, n - 1
      v(i) = u(i) + r * (u(i - 1) - 2 * u(i) + u(i + 1))
    end do
    do i = 2, n - 1
      u(i) = v(i)
    end do
  end do
end subroutine heat
"""
CHAIN = """subroutine chain(n, x)
  implicit none
  integer, intent(in) :: n
  real(8), intent(inout) :: x(n)
  integer :: i
  do i = 2, n
    x(i) = x(i) + 0.5d0 * x(i - 1)
  end do
end subroutine chain
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine("emulated", VerifyConfig(mutants=0, tests=8), cache=tmp_path_factory.mktemp("cache"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def translator():
    model = resolve("small", "translator", "fortran:cuda")
    return Translator(model.open(), PROMPT_STYLES[model.kind], spell=True)


@pytest.mark.parametrize("way", ["fortran:cuda", "fortran:openmp"])
def test_time_steps_stay_and_sweeps_are_parallel(way, engine, translator):
    program = Program("fortran", "heat", HEAT)
    made = by_parts(program, direction(way), translator, engine, Sampling(1, 0.0))
    verdict = engine.verify(Pair(program, made))
    assert (verdict.outcome, verdict.serial) == (Outcome.EQUIVALENT, False)
    if way == "fortran:cuda":
        assert made.text.count("__global__") == made.text.count("<<<") == 2 and "for (int t = 0; t < steps; t++) {" in made.text
    else:
        assert made.text.count("#pragma omp parallel for") == 2


@pytest.mark.parametrize("way", ["fortran:cuda", "fortran:openmp"])
def test_a_recurrence_has_no_parallel_parts(way, engine, translator):
    assert by_parts(Program("fortran", "chain", CHAIN), direction(way), translator, engine, Sampling(1, 0.0)) is None


def test_other_directions_are_not_cut(engine, translator):
    assert by_parts(Program("cpp", "f", "void f(int n, float *x) { }"), direction("cpp:cuda"), translator, engine, Sampling(1, 0.0)) is None


def test_to_cpp_it_is_spelled_where_the_model_has_no_answer(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COEVOLVE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "heat.f90").write_text(HEAT.replace("do t = 1, steps", "do t = 3, steps, 2"))
    assert cli.main(["translate", str(tmp_path / "heat.f90"), "--to", "cpp", "--backend", "emulated", "--samples", "1"]) == 0
    said = capsys.readouterr()
    assert "verified cpp port" in said.err and "void heat(" in said.out


def test_translate_joins_where_the_whole_has_no_parallel_port(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COEVOLVE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "heat.f90").write_text(HEAT)
    assert cli.main(["translate", str(tmp_path / "heat.f90"), "--to", "cuda", "--backend", "emulated", "--samples", "1"]) == 0
    said = capsys.readouterr()
    assert "joined from ports of its loop nests" in said.err and said.out.count("<<<") == 2
