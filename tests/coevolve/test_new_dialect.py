"""A dialect with a new programming model: each table that lacks it says so in one line, which names
the table and the file to extend.
"""

import pytest

from coevolve.cli.cards import EXAMPLES, _translator_code
from coevolve.cli.directions import make_direction_table
from coevolve.cli.main import main
from coevolve.config.schema import ConfigError, parse
from coevolve.evaluation.text_scores import compute_codebleu
from corpora.dialects import (
    DIALECTS,
    MODELS,
    Dialect,
    DialectError,
    ProgrammingModel,
    get_model,
    list_macros,
    parse_direction,
)
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.fortran import parse_fortran
from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.compile.units import find_recipe, make_recipes
from tester.mutation.mutants import generate_mutants
from tester.mutation.schemata import build_schema
from translator.prompting.instructions import build_request
from translator.trials.plans import ROUTINES, find_routine, try_openmp

TEXT = "void twice(int n, double *x) { for (int i = 0; i < n; i++) x[i] = 2 * x[i]; }"
NEW = Dialect("acc", "cpp", (".acc.cpp",), "openacc")
MODEL = ProgrammingModel("openacc", (("_OPENACC", "201711"),), "openacc", "cpu", ())


@pytest.fixture
def row(monkeypatch):
    """The row of a dialect whose model no table knows."""
    monkeypatch.setitem(DIALECTS, NEW.name, NEW)
    return NEW


@pytest.fixture
def files(tmp_path):
    (tmp_path / "a.cpp").write_text(TEXT)
    (tmp_path / "b.acc.cpp").write_text(TEXT)
    return [str(tmp_path / "a.cpp"), str(tmp_path / "b.acc.cpp")]


def said_by(call, *arguments) -> str:
    with pytest.raises(DialectError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


UNKNOWN = (
    "programming model 'openacc' is not in the table MODELS (known: serial, openmp, cuda, "
    "offload); add its row in corpora/dialects.py"
)


def test_a_model_without_a_row_is_named_wherever_it_is_asked_for(row):
    assert said_by(get_model, "openacc") == UNKNOWN
    assert said_by(list_macros, "acc") == UNKNOWN
    assert said_by(parse_c_family, f"#ifdef __CUDACC__\n#endif\n{TEXT}", "acc") == UNKNOWN
    assert said_by(make_direction_table, [], "emulated") == UNKNOWN


def test_a_fortran_dialect_of_a_new_model_is_told_from_an_unknown_one(monkeypatch):
    monkeypatch.setitem(DIALECTS, "acc-f", Dialect("acc-f", "fortran", (".acc.f90",), "openacc"))
    assert said_by(parse_fortran, "", None, "acc-f") == UNKNOWN
    monkeypatch.setitem(MODELS, "openacc", MODEL)
    assert parse_fortran("subroutine f()\nend subroutine\n", dialect="acc-f").items
    with pytest.raises(ValueError, match="'acc' is no dialect|unknown dialect 'acc'"):
        parse_fortran("", dialect="acc")


def test_each_table_that_lacks_it_says_where_it_goes(row, monkeypatch):
    monkeypatch.setitem(MODELS, "openacc", MODEL)
    assert list_macros("acc") == {"__cplusplus": "201703L", "_OPENACC": "201711"}
    assert "make_recipes in gpu_runtime/compile/units.py" in said_by(find_recipe, "acc")
    assert "table ROUTINES in translator/trials/plans.py" in said_by(find_routine, "openacc")
    program, direction = Program("cpp", "twice", TEXT), parse_direction("cpp:acc")
    said = said_by(build_request, program, direction)
    assert "'acc' has no words" in said and "DIALECTS of corpora/dialects.py `spoken`" in said
    rows = make_direction_table([], "emulated")
    assert next(r for r in rows if r.direction == "cpp:acc").runs_on == ("cpu", "cpu")
    with pytest.raises(ConfigError, match="the generator makes no lessons in acc"):
        parse({"direction": "cpp:acc"}, "c.toml")
    source = Program("acc", "twice", TEXT)
    assert build_schema(source, read_signature(source), generate_mutants(source)[:2]) is not None
    assert EXAMPLES["cpp"] in "\n".join(_translator_code("x", False, "acc:cpp"))


def test_text_scores_read_a_dialect_as_its_language_or_say_what_they_lack(monkeypatch, row):
    score = compute_codebleu([TEXT], [TEXT], "acc")
    assert score.value == pytest.approx(1.0) and "language cpp" in score.note
    monkeypatch.setitem(DIALECTS, "julia", Dialect("julia", "julia", (".jl",), "serial"))
    said = said_by(compute_codebleu, [TEXT], [TEXT], "julia")
    assert "table NOTES of coevolve/evaluation/text_scores.py" in said and "`grammar`" in said


def test_a_user_meets_one_line_after_the_other(row, files, monkeypatch, capsys):
    """It was a KeyError with a traceback."""

    def refused() -> str:
        assert main(["verify", *files]) == 2
        (line,) = capsys.readouterr().err.strip().splitlines()
        return line.removeprefix("coevolve verify: ")

    assert "make_recipes in gpu_runtime/compile/units.py" in refused()
    monkeypatch.setitem(make_recipes(), "acc", make_recipes()["openmp"])
    assert refused() == UNKNOWN
    monkeypatch.setitem(MODELS, "openacc", MODEL)
    assert "table ROUTINES in translator/trials/plans.py" in refused()
    monkeypatch.setitem(ROUTINES, "openacc", try_openmp)
    assert main(["verify", *files]) == 0
    assert "equivalent: passed" in capsys.readouterr().out


def test_directions_of_a_new_model_are_one_line(row, capsys):
    assert main(["directions"]) == 2
    assert capsys.readouterr().err == f"coevolve: {UNKNOWN}\n"
