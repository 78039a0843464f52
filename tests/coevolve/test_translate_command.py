"""A verified port from a file: the wrong answers of a model are executed and passed over."""

import argparse
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from coevolve.cli.main import main
from coevolve.cli.translate import (
    Port,
    _deliver_ports,
    _questions,
    describe_port_source,
    find_helpers,
    find_shared_data,
    format_port,
    port_program,
    summarize_port,
)
from coevolve.named_models import SMALL
from coevolve.verification.engine import Engine
from corpora.dialects import DIALECTS, parse_direction
from corpora.records import Outcome, Program
from gpu_runtime.models.scripted import ScriptedModel
from translator.prompting.translate import PromptStyle, Translator

ROOT = Path(__file__).parents[2]
SOURCE = Program(
    "cpp", "twice", "void twice(int n, float *x) { for (int i = 0; i < n; i++) x[i] = 2 * x[i]; }"
)
HEAD = (
    "__global__ void twice(int n, float *x) { int i = blockIdx.x * blockDim.x + "
    "threadIdx.x; if (i < n) "
)
WRONG, RIGHT = HEAD + "x[i] = 3 * x[i]; }", HEAD + "x[i] = 2 * x[i]; }"


CHAIN = Program(
    "cpp", "twice", "void twice(int n, float *x) { for (int i = 1; i < n; i++) x[i] += x[i - 1]; }"
)
"""No rule spreads it over threads."""


def port(answers, source=SOURCE, way=parse_direction("cpp:cuda")):
    """The port of a source by a model whose first answer is answers[0] and whose samples are the
    rest; nonsense for its loop alone.
    """
    said = iter(answers)
    translator = Translator(
        ScriptedModel(lambda prompt, sample: f"```\n{next(said, 'nonsense')}\n```"),
        PromptStyle.PLAIN,
    )
    engine = Engine("emulated")
    try:
        return port_program(source, way, translator, engine, len(answers), 0.6, 0)
    finally:
        engine.close()


def test_the_first_equivalent_answer_is_the_port():
    found = port([WRONG, WRONG, RIGHT, "nonsense"])
    assert found.text.strip() == RIGHT
    assert found.outcomes == Counter({Outcome.MISMATCH: 1, Outcome.EQUIVALENT: 1})
    text = format_port(found, parse_direction("cpp:cuda"))
    assert (
        text.startswith("// twice: equivalent to its cpp source on emulated")
        and RIGHT in text
        and "// launch: grid=" in text
    )
    assert (
        summarize_port(found, parse_direction("cpp:cuda")) == "twice: verified cuda port, answer 2"
    )


def test_what_is_wrong_with_the_first_answer_is_said():
    """A wrong verdict is false, and still the one to speak of."""
    found, way = (
        port(
            [CHAIN.text.replace("x[i] +=", "x[i] -="), "nonsense"],
            CHAIN,
            parse_direction("cpp:openmp"),
        ),
        parse_direction("cpp:openmp"),
    )
    assert found.text is None and found.failure.outcome is Outcome.MISMATCH
    assert "; the first: not equivalent" in summarize_port(found, way)


def test_a_source_that_no_verdict_is_possible_on_is_said_so():
    broken = Program(
        "cpp",
        "twice",
        "void twice(int n, float *x) { for (int i = 0; i < n; i++) x[i] = 2 * missing[i]; }",
    )
    found = port([RIGHT], broken)
    assert found.text is None and not found.verdict
    assert summarize_port(found, parse_direction("cpp:cuda")).startswith(
        "twice: no verdict possible: "
    )


LONELY = HEAD.replace("if (i < n) ", "if (i == 0) for (i = 0; i < n; i++) ") + "x[i] = 2 * x[i]; }"


def test_an_answer_of_one_thread_is_the_port_only_where_no_other_is_found():
    assert port([LONELY, WRONG, RIGHT]).text.strip() == RIGHT
    alone = LONELY.replace("for (i = 0;", "for (i = 1;").replace("= 2 * x[i]", "+= x[i - 1]")
    found, way = port([alone, WRONG, "nonsense"], CHAIN), parse_direction("cpp:cuda")
    assert found.text.strip() == alone and "\n// one thread does all the work\n" in format_port(
        found, way
    )
    assert summarize_port(found, way) == "twice: verified cuda port, answer 1, by one thread"


def test_a_loop_that_no_answer_ports_is_spread_by_rule():
    found, way = port([WRONG, "nonsense"]), parse_direction("cpp:cuda")
    assert (
        "x[i] = 2 * x[i];" in found.text
        and summarize_port(found, way)
        == "twice: verified cuda port, loop nest by loop nest, by rule where no answer stood"
    )


TWO = Program(
    "cpp",
    "two",
    "void two(int n, float *x, float *y) { for (int i = 0; i < n; i++) x[i] = 2 * x[i]; "
    "for (int i = 0; i < n; i++) y[i] += 1; }",
)
TWO_HALVES = TWO.text.replace("{ for", "{\n#pragma omp parallel for\nfor", 1)


def test_an_openmp_answer_that_leaves_a_loop_serial_is_the_port_only_where_rules_share_no_more():
    way = parse_direction("cpp:openmp")
    found = port([TWO_HALVES, "nonsense"], TWO, way)
    assert found.text.count("#pragma omp parallel for") == 2 and "left" not in summarize_port(
        found, way
    ) + format_port(found, way)
    chain = Program(
        "cpp",
        "two",
        TWO.text.replace(
            "int i = 0; i < n; i++) y[i] += 1", "int i = 1; i < n; i++) y[i] += y[i - 1]"
        ),
    )
    found = port([chain.text.replace("{ for", "{\n#pragma omp parallel for\nfor", 1)], chain, way)
    assert (
        "\n// serial loops left: 1\n" in format_port(found, way)
        and summarize_port(found, way)
        == "two: verified openmp port, directives by rule in its own text, serial loops left: 1"
    )


def test_helpers_without_a_loop_are_not_asked_for_by_themselves():
    programs = [
        Program("cpp", name, text)
        for name, text in [
            ("at", "int at(int i, int j) { return i * 8 + j; }"),
            ("first", "int first(const int *x) { return x[0]; }"),
            ("alone", "int alone(int i) { return i; }"),
            (
                "f",
                "int at(int i, int j) { return i * 8 + j; }\nvoid f(int n, int *x) { for (int i "
                "= 0; i < n; i++) x[at(i, 0)] = first(x); }",
            ),
        ]
    ]
    assert [p.name for p in find_helpers(programs)] == ["at", "first"]


@pytest.mark.parametrize(
    "dialect, helper",
    [
        ("cpp", "void copy(int n, int *x) { std::copy(x, x + n, x + n); }"),
        ("cpp", "void copy(int n, int *x) { memcpy(x, x + n, n); }"),
        (
            "cpp",
            "void copy(int n, int *x) { int i = 0; again: x[i] = i; if (++i < n) goto again; }",
        ),
        ("fortran", "subroutine copy(n, x)\ninteger n, x(n)\nx = 2\nend subroutine"),
    ],
)
def test_helpers_that_go_over_arrays_without_a_loop_are_asked_for(dialect, helper):
    caller = (
        "void f(int n, int *x) { for (int i = 0; i < n; i++) copy(n, x); }"
        if dialect == "cpp"
        else "subroutine f(n, x)\ninteger n, x(n)\ncall copy(n, x)\nend subroutine"
    )
    assert (
        find_helpers(
            [Program(dialect, "copy", helper), Program(dialect, "f", f"{helper}\n{caller}")]
        )
        == []
    )


def test_contents_of_the_file_are_reported(tmp_path):
    out = tmp_path / "port.cu"
    assert (
        describe_port_source(str(out), ["", ""], 1)
        == f"none of 3 functions has a port: {out} was not written"
    )
    out.write_text("old")
    assert (
        describe_port_source(str(out), [""], 0)
        == f"none of 1 functions has a port: {out} stays as it was before this call"
    )
    assert describe_port_source(str(out), ["port", ""], 1) == f"1 of 3 functions are in {out}"


def test_no_port_is_said_with_what_was_tried():
    found = port([WRONG, HEAD + "x[i] = 2 * y[i]; }"], CHAIN)
    assert found.text is None
    said = summarize_port(found, parse_direction("cpp:cuda"))
    assert said.startswith(
        "twice: no verified port among 2 answers (1 MISMATCH, 1 COMPILE_ERROR); the first: not "
        "equivalent: other values: "
    )
    assert (
        found.failure.outcome is Outcome.MISMATCH
        and said.endswith(found.failure.detail)
        and len(said.splitlines()) == 1
    )


def test_what_keeps_rules_from_cutting_a_function_is_said():
    source = Program(
        "cpp",
        "twice",
        "void twice(int n, float *x) { int i = 0; again: if (i < n) { x[i] = 2 * x[i]; i++; "
        "goto again; } }",
    )
    assert summarize_port(port([WRONG], source), parse_direction("cpp:cuda")).endswith(
        "; not cut into loop nests: a statement of kind label"
    )


@pytest.mark.parametrize("dialect, mark", [("cuda", "__global__"), ("openmp", "#pragma omp")])
def test_the_model_that_comes_with_the_project_ports_a_loop(tmp_path, capsys, dialect, mark):
    (tmp_path / "twice.cpp").write_text(SOURCE.text)
    code = main(
        [
            "translate",
            str(tmp_path / "twice.cpp"),
            "--to",
            dialect,
            "--backend",
            "emulated",
            "--out",
            str(tmp_path / "port"),
        ]
    )
    assert code == 0, capsys.readouterr().err
    assert mark in (tmp_path / "port").read_text()


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["nowhere.cpp", "--to", "cuda"], "nowhere.cpp"),
        (["FILE", "--to", "basic"], "basic"),
        (
            ["FILE", "--to", "cuda", "--function", "thrice"],
            "has no function 'thrice'; the file has twice",
        ),
        (
            ["FILE", "--to", "cuda", "--function", "half"],
            "'half' at twice.cpp is left out, is a template; the file has twice",
        ),
        (["FILE", "--to", "cuda", "--out", "FILE"], "is read by this very call"),
        (["FILE", "--to", "cuda", "--model", "no_such_model"], "no_such_model"),
        (["FILE", "--to", "cuda", "--samples", "0"], "--samples"),
        (["FILE", "--to", "cuda", "--max-new-tokens", "0"], "--max-new-tokens"),
        (
            ["FILE", "--to", "cuda", "--out", "/proc/none/x.cu"],
            "--out '/proc/none/x.cu' cannot be written",
        ),
        (
            ["FILE", "--to", "cuda", "--model", str(SMALL / "tester")],
            "is a Tester's checkpoint; name the Translator's",
        ),
        (["FILE", "--to", "fortran"], "small was not taught cpp:fortran (taught: cpp:cuda, "),
        (["FILE", "--to", "openmp-target"], "name another model with --model"),
    ],
)
def test_wrong_use_is_one_line(tmp_path, capsys, arguments, complaint):
    (tmp_path / "twice.cpp").write_text(
        f"{SOURCE.text}\ntemplate <class T> void half(T *x) {{ x[0] /= 2; }}\n"
    )
    code = main(
        ["translate", *(str(tmp_path / "twice.cpp") if a == "FILE" else a for a in arguments)]
    )
    said = capsys.readouterr().err
    assert code == 2 and complaint in said and len(said.strip().splitlines()) == 1


def test_the_directions_that_the_shipped_model_was_taught_are_those_of_its_configuration():
    from coevolve.config.schema import load
    from coevolve.named_models import SMALL_DIRECTIONS, resolve_model

    config = load(ROOT / "configs" / "small.toml")
    assert sorted(SMALL_DIRECTIONS) == sorted({*config.directions, *config.cold_start.directions})
    assert all(f"`{way}`" in (ROOT / "README.md").read_text() for way in SMALL_DIRECTIONS)
    assert resolve_model("small", "tester").taught == ()


def test_answers_get_the_requested_token_limit():
    asked = []

    class Model:
        def generate(self, prompts, sampling):
            asked.append((sampling.n, sampling.max_new_tokens))
            return [["nonsense"] * sampling.n for _ in prompts]

    engine = Engine("emulated")
    try:
        port_program(
            SOURCE,
            parse_direction("cpp:cuda"),
            Translator(Model(), PromptStyle.PLAIN),
            engine,
            3,
            0.6,
            0,
            7,
        )
    finally:
        engine.close()
    assert asked == [(1, 7), (2, 7), (1, 7)]  # the last for the loop alone


def test_a_source_that_does_not_compile_is_asked_for_once_and_named():
    broken = Program("cpp", "twice", SOURCE.text.replace("{", "{ nowhere();", 1))
    asked = []
    translator = Translator(
        ScriptedModel(lambda prompt, sample: asked.append(sample) or f"```\n{RIGHT}\n```"),
        PromptStyle.PLAIN,
    )
    engine = Engine("emulated")
    try:
        found = port_program(broken, parse_direction("cpp:cuda"), translator, engine, 4, 0.6, 0)
    finally:
        engine.close()
    assert summarize_port(found, parse_direction("cpp:cuda")).startswith(
        "twice: no verdict possible: the program does not compile"
    )
    assert asked == [0]


def test_what_tests_cannot_call_is_named_and_what_is_found_is_there_at_once(tmp_path, capsys):
    first, way, out = port([RIGHT]), parse_direction("cpp:cuda"), tmp_path / "out.cu"

    def ports():
        yield first
        assert out.read_text() == format_port(first, way), (
            "the first port is not kept while the second is looked for"
        )
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(_deliver_ports(ports(), way, str(out)))
    (tmp_path / "some.cpp").write_text(
        f"{SOURCE.text}\nvoid grow(std::vector<std::vector<float>> &v) {{ v.clear(); }}\nint "
        f"main() {{ return 0; }}\n"
    )
    assert main(["translate", str(tmp_path / "some.cpp"), "--to", "cuda", "--samples", "1"]) == 1
    said = capsys.readouterr().err
    assert "grow at some.cpp: left out, parameter 'v' has type" in said and "main" not in said


def test_the_file_is_one_that_a_compiler_takes(tmp_path, capsys):
    texts = [
        "void f(double *restrict x) { x[0] = sqrt(x[1]); }",
        "void g(uint8_t *x, double *y) { y[0] = fabs(y[1]); x[0] = 1; }",
    ]
    ports = [Port(SOURCE, text, port([RIGHT]).verdict, Counter()) for text in texts]
    way, out = parse_direction("fortran:openmp"), tmp_path / "out.cpp"
    list(_deliver_ports(ports, way, str(out)))
    assert out.read_text().startswith(
        "#include <math.h>\n#include <stdint.h>\n\n// twice: equivalent"
    )
    assert subprocess.run(["g++", "-fsyntax-only", out]).returncode == 0
    list(_deliver_ports(ports, way, None))
    (tmp_path / "printed.cpp").write_text(printed := capsys.readouterr().out)
    assert (
        printed.count("#include") == 2
        and subprocess.run(["g++", "-fsyntax-only", tmp_path / "printed.cpp"]).returncode == 0
    )


def test_helpers_on_the_device_come_with_what_calls_them(tmp_path):
    kernel = (
        "__global__ void f(int n, float *x) { int i = threadIdx.x; if (i < n) x[i] = "
        "twice(half<float>(x[i])); }"
    )
    (tmp_path / "k.cu").write_text(
        "__device__ float twice(float v) { return 2 * v; }\ntemplate <class T> __device__ T "
        "half(T v) { return v / 2; }\n__device__ float third(float v) { return v / 3; }\n" + kernel
    )
    asked = argparse.Namespace(
        file=str(tmp_path / "k.cu"),
        source=None,
        to="cpp",
        function=None,
        patch=False,
        include=[],
        define=[],
    )
    found = _questions(asked)
    assert [p.name for p in found.programs] == ["f"]
    assert [s.name for s in found.left_out] == ["third"]


@pytest.mark.parametrize(
    "name, text",
    [
        (
            "k.cpp",
            "float rate = 2;\nvoid twice(int n, float *x) { for (int i = 0; i < n; i++) x[i] *= "
            "rate; }\n",
        ),
        (
            "k.f90",
            "module m\n real :: rate\ncontains\n subroutine twice(n, x)\n integer, intent(in) "
            ":: n\n real, intent(inout) :: x(n)\n x = rate * x\n end subroutine\nend module\n",
        ),
    ],
)
def test_parameters_for_shared_data_are_reported(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    asked = argparse.Namespace(
        file=str(tmp_path / name),
        source=None,
        to="cuda",
        function=None,
        patch=False,
        include=[],
        define=[],
    )
    questions = _questions(asked)
    way, (program,) = questions.direction, questions.programs
    assert (
        find_shared_data(program, text) == ("rate",)
        and find_shared_data(program, program.text) == find_shared_data(program, "") == ()
    )
    found = replace(port([RIGHT]), program=program, shared=("rate",))
    assert (
        "// of data that the source shares with other functions it has parameters: rate\n"
        in format_port(found, way)
    )


def test_help_names_every_dialect(capsys):
    with pytest.raises(SystemExit):
        main(["translate", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert ", ".join(DIALECTS) in said.replace("openmp- ", "openmp-") and "NAME@URL" in said


def test_the_model_that_comes_along_is_read_without_a_bar(capfd):
    from coevolve.named_models import resolve_model

    assert resolve_model("small", "translator").open().parameters > 1e6
    assert "Loading" not in capfd.readouterr().err


def test_after_the_time_limit_nothing_more_is_asked():
    asked = []
    translator = Translator(
        ScriptedModel(lambda prompt, sample: asked.append(1) or f"```\n{WRONG}\n```"),
        PromptStyle.PLAIN,
    )
    engine = Engine("emulated")
    try:
        way = parse_direction("cpp:cuda")
        found = port_program(SOURCE, way, translator, engine, 4, 0.6, 0, time_limit_s=1e-6)
    finally:
        engine.close()
    assert found.text is None and not asked and "its time was up" in summarize_port(found, way)
