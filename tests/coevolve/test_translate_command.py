"""A verified port from a file: the wrong answers of a model are executed and passed over."""

from collections import Counter

import pytest

from coevolve.cli import main
from coevolve.translate_command import port_of, port_text, summary
from coevolve.verify import Engine
from corpora.dialects import direction
from corpora.records import Outcome, Program
from gpu_runtime.models.scripted import ScriptedModel
from translator.translate import PromptStyle, Translator

SOURCE = Program("cpp", "twice", "void twice(int n, float *x) { for (int i = 0; i < n; i++) x[i] = 2 * x[i]; }")
HEAD = "__global__ void twice(int n, float *x) { int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n) "
WRONG, RIGHT = HEAD + "x[i] = 3 * x[i]; }", HEAD + "x[i] = 2 * x[i]; }"


def port(answers):
    """The port of SOURCE by a model whose first answer is answers[0] and whose samples are the rest."""
    said = iter(answers)
    translator = Translator(ScriptedModel(lambda prompt, sample: f"```\n{next(said)}\n```"), PromptStyle.PLAIN)
    engine = Engine("emulated")
    try:
        return port_of(SOURCE, direction("cpp:cuda"), translator, engine, len(answers), 0.6, 0)
    finally:
        engine.close()


def test_the_first_equivalent_answer_is_the_port():
    found = port([WRONG, WRONG, RIGHT, "nonsense"])
    assert found.text.strip() == RIGHT
    assert found.outcomes == Counter({Outcome.MISMATCH: 1, Outcome.EQUIVALENT: 1})
    text = port_text(found, direction("cpp:cuda"))
    assert text.startswith("// twice: equivalent to its cpp source on emulated") and RIGHT in text and "// launch: grid=" in text
    assert summary(found, direction("cpp:cuda")) == "twice: verified cuda port, answer 2"


LONELY = HEAD.replace("if (i < n) ", "if (i == 0) for (i = 0; i < n; i++) ") + "x[i] = 2 * x[i]; }"


def test_an_answer_of_one_thread_is_the_port_only_where_no_other_is_found():
    assert port([LONELY, WRONG, RIGHT]).text.strip() == RIGHT
    found, way = port([LONELY, WRONG, "nonsense"]), direction("cpp:cuda")
    assert found.text.strip() == LONELY and "\n// one thread does all the work\n" in port_text(found, way)
    assert summary(found, way) == "twice: verified cuda port, answer 1, by one thread"


def test_no_port_is_said_with_what_was_tried():
    found = port([WRONG, HEAD + "x[i] = 2 * y[i]; }"])
    assert found.text is None
    assert summary(found, direction("cpp:cuda")) == "twice: no verified port among 2 answers (1 MISMATCH, 1 COMPILE_ERROR)"


@pytest.mark.parametrize("dialect, mark", [("cuda", "__global__"), ("openmp", "#pragma omp")])
def test_the_model_that_comes_with_the_project_ports_a_loop(tmp_path, capsys, dialect, mark):
    (tmp_path / "twice.cpp").write_text(SOURCE.text)
    code = main(["translate", str(tmp_path / "twice.cpp"), "--to", dialect, "--backend", "emulated", "--out", str(tmp_path / "port")])
    assert code == 0, capsys.readouterr().err
    assert mark in (tmp_path / "port").read_text()


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["nowhere.cpp", "--to", "cuda"], "nowhere.cpp"),
        (["FILE", "--to", "basic"], "basic"),
        (["FILE", "--to", "cuda", "--function", "thrice"], "it has twice"),
        (["FILE", "--to", "cuda", "--model", "no_such_model"], "no_such_model"),
        (["FILE", "--to", "cuda", "--samples", "0"], "--samples"),
    ],
)
def test_wrong_use_is_one_line(tmp_path, capsys, arguments, complaint):
    (tmp_path / "twice.cpp").write_text(SOURCE.text)
    code = main(["translate", *(str(tmp_path / "twice.cpp") if a == "FILE" else a for a in arguments)])
    said = capsys.readouterr().err
    assert code == 2 and complaint in said and len(said.strip().splitlines()) == 1


def test_the_model_that_comes_along_is_read_without_a_bar(capfd):
    from coevolve.models_named import resolve

    assert resolve("small", "translator").open().parameters > 1e6
    assert "Loading" not in capfd.readouterr().err
