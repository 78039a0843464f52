"""Normalized sources compute the same, by execution: Fortran converted to C++, and C++ with
variables declared where they are set. Ports of either are judged against the original text.
"""

from __future__ import annotations

import json

import pytest

from coevolve.cli import main as cli
from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.datasets.loaders import load_corpus
from corpora.records import Outcome
from gpu_runtime.compile.toolchain import find_toolchain
from translator.normalize.fortran.convert import convert_to_cpp
from translator.outline.parse_cpp import normalize

needs_fortran = pytest.mark.skipif(
    find_toolchain().gfortran is None, reason="gfortran is not installed"
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine(
        "emulated", VerifyConfig(mutants=0, tests=8), cache=tmp_path_factory.mktemp("cache")
    )
    yield made
    made.close()


def verdicts(engine, programs):
    """Of each program that has such a text, against it: (name, outcome)."""
    pairs = [
        Pair(p, written)
        for p in programs
        if (written := (normalize if p.dialect == "cpp" else convert_to_cpp)(p)) is not None
    ]
    engine.prepare(pairs)
    return [(pair.source.name, engine.verify(pair).outcome) for pair in pairs]


def here(language, step=1):
    return [
        p
        for corpus in ("development", "builtin")
        for p in load_corpus(corpus, language).programs[::step]
    ]


def wrong(found):
    return {name: outcome for name, outcome in found if outcome is not Outcome.EQUIVALENT}


@needs_fortran
def test_a_part_of_the_fortran_here(engine):
    programs = here("fortran", 17)
    found = verdicts(engine, programs)
    assert len(found) >= 0.75 * len(programs) and wrong(found) == {}


def test_a_part_of_the_cpp_here(engine):
    programs = here("cpp", 32)
    found = verdicts(engine, programs)
    assert len(found) >= 0.75 * len(programs) and wrong(found) == {}


FILE = """#include <cmath>
#define AT(i, j) ((i) * cols + (j))
#define EACH(k, n) for (int k = 0; k < (n); ++k)
typedef double real;
const int FIRST = 1;
static const real EPS = 1e-3;
static const real W[3] = {0.25, 0.5, 0.25};
static inline real square(real v) { return v * v; }
static real damped(real v, int k) { real t = square(v) + EPS; if (k == 0) return t; \
return std::sqrt(t) / (k + 2); }
template <typename T> T limit(T v, T low, T high) { return v < low ? low : (v > high ? high : v); }
void smooth(int rows, int cols, const real *a, real *b) {
    EACH(i, rows) for (int j = FIRST; j < cols - FIRST; ++j)
        b[AT(i, j)] = W[0] * a[AT(i, j - 1)] + W[1] * a[AT(i, j)] + W[2] * a[AT(i, j + 1)];
}
real energy(int n, const real *x) { real s = 0; EACH(i, n) s += damped(x[i], i % 2); return s; }
void keep(int n, real *x) { EACH(i, n) x[i] = limit(x[i] * 2, 0.0, 1.0); }
"""


def test_a_file_with_macros_constants_and_helpers_is_written_out(engine, tmp_path):
    """As people write them; spelled by rule or not, what is asked of the model is one plain
    function.
    """
    (tmp_path / "grid.cpp").write_text(FILE)
    programs = [
        p
        for p in load_corpus(str(tmp_path / "grid.cpp"), "cpp").programs
        if p.name in ("smooth", "energy", "keep")
    ]
    found = verdicts(engine, programs)
    assert [name for name, _ in found] == ["smooth", "energy", "keep"] and wrong(found) == {}
    assert all(
        name not in normalize(p).text
        for p in programs
        for name in ("define", "real", "AT(", "EACH", "EPS", "square", "damped", "limit")
    )


@pytest.mark.slow
@pytest.mark.parametrize("language", ["cpp", pytest.param("fortran", marks=needs_fortran)])
def test_all_that_is_here(language, engine):
    found = verdicts(engine, here(language))
    assert len(found) >= 0.9 * len(here(language)) and wrong(found) == {}


@pytest.mark.slow
@pytest.mark.parametrize("language", ["cpp", pytest.param("fortran", marks=needs_fortran)])
def test_generated_functions(language, engine):
    """Some have no valid tests; a call of Fortran's min with a NaN, which it leaves open, may
    differ.
    """
    outcomes = [
        outcome
        for _, outcome in verdicts(engine, load_corpus("generated:300:77:broad", language).programs)
    ]
    assert outcomes.count(Outcome.EQUIVALENT) >= 0.95 * len(outcomes)
    assert outcomes.count(Outcome.MISMATCH) <= 2 * (language == "fortran") and set(outcomes) <= {
        Outcome.EQUIVALENT,
        Outcome.INVALID_SUITE,
        Outcome.MISMATCH,
    }


@needs_fortran
def test_translate_asks_in_cpp_unless_told_not_to(tmp_path, capsys, own_cache):
    source = tmp_path / "scale.f90"
    source.write_text(
        "subroutine shift_rows(n, m, a, b, s)\n  implicit none\n  integer, intent(in) :: n, m\n"
        "  real(8), intent(in) :: a(n, m), s\n"
        "  real(8), intent(inout) :: b(n, m)\n  integer :: i, j\n  do j = 1, m\n    do i = 2, "
        "n\n      b(i, j) = b(i, j) + s * a(i - 1, j)\n    end do\n  end do\n"
        "end subroutine shift_rows\n"
    )
    assert cli.main(["translate", str(source), "--to", "openmp", "--backend", "emulated"]) == 0
    said = capsys.readouterr()
    assert (
        "verified openmp port" in said.err
        and "#pragma omp parallel for" in said.out
        and "b[j * n + i]" in said.out
    )


@pytest.mark.slow
@needs_fortran
def test_eval_says_how_many_were_asked_in_cpp(tmp_path, capsys, own_cache):
    notes = {}
    for flags in ([], ["--as-written"]):
        out = tmp_path / "r.json"
        asked = [
            "--model",
            "small",
            "--corpus",
            "development",
            "--direction",
            "fortran:openmp",
            "--limit",
            "2",
            "--backend",
            "emulated",
        ]
        assert cli.main(["eval", *asked, "--out", str(out), *flags]) == 0
        notes[len(flags)] = json.loads(out.read_text())["notes"]
    assert any("2 of 2 sources were asked in C++" in note for note in notes[0])
    assert not any("asked in C++" in note for note in notes[1])
    capsys.readouterr()


def test_as_written_belongs_to_a_corpus(tmp_path, capsys):
    assert cli.main(["eval", str(tmp_path), "--as-written"]) == 2
    assert "--as-written belongs to --corpus" in capsys.readouterr().err
    assert (
        cli.main(["eval", "--corpus", "development", "--predictions", "x.jsonl", "--as-written"])
        == 2
    )
    assert "--as-written belongs to --model" in capsys.readouterr().err
