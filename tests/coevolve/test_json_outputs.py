"""`--json` prints one JSON value on stdout and nothing else, for every command that has it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from coevolve.cli.main import _parser, main
from coevolve.config.schema import format_toml
from coevolve.verification.explain import list_inputs
from corpora.records import Program
from corpora.signatures.signature import read_signature
from corpora.suites.unit_tests import parse_test

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def ran(tiny_config, tmp_path_factory):
    """The file of a configuration, and its finished run."""
    folder = tmp_path_factory.mktemp("json")
    config = replace(tiny_config, run_dir=str(folder / "run"))
    file = folder / "tiny.toml"
    file.write_text(format_toml(config))
    return file, folder / "run"


def printed(capsys, *words):
    """The exit code and the value that the command prints."""
    capsys.readouterr()
    code = main([str(word) for word in words])
    return code, json.loads(capsys.readouterr().out)


def test_run_report_watch_and_export(ran, tmp_path, capsys):
    file, folder = ran
    code, value = printed(capsys, "run", file, "--local", "--json")
    assert code == 0 and value["run"] == str(folder) and Path(value["report"]).is_file()
    code, value = printed(capsys, "watch", folder, "--json")
    assert code == 0 and isinstance(value, dict) and value
    code, value = printed(capsys, "report", folder, "--json")
    assert code == 0 and len(value["rows"]) == 2
    code, value = printed(capsys, "export", folder, "--out", tmp_path / "out", "--json")
    assert code == 0 and Path(value["folder"], "pairs.parquet").is_file()
    code, value = printed(capsys, "check", folder, "--json")
    assert code == 0 and value["files"] > 5 and value["findings"] == []
    code, value = printed(capsys, "eval", folder, "--local", "--json")
    assert code == 0 and "pass@1" in json.dumps(value)


def test_plan(ran, capsys):
    code, value = printed(capsys, "plan", ran[0], "--json")
    assert code == 0 and isinstance(value, list) and value


def test_translate_and_verify(capsys):
    source = ROOT / "corpora/builtin/blas1/axpy.cpp"
    code, value = printed(capsys, "translate", source, "--to", "cuda", "--json")
    assert code == 0 and "__global__" in json.dumps(value)
    code, value = printed(capsys, "verify", source, source.with_suffix(".cu"), "--json")
    assert code == 0 and value["outcome"] == "EQUIVALENT"


def test_every_command_has_it():
    commands = _parser()[1].choices
    without = [name for name, each in commands.items() if "--json" not in each.format_help()]
    assert "verify" in commands and not without


def test_a_dry_run_and_completion(ran, capsys):
    code, value = printed(capsys, "run", ran[0], "--dry-run", "--json")
    assert code == 0 and "source programs" in value["would_run"][0]
    assert main(["run", str(ran[0]), "--dry-run"]) == 0
    first = capsys.readouterr().out.splitlines()[0]  # before the packages, which take long
    assert first == f"coevolve run: loading packages and corpora of {ran[0]}"
    code, value = printed(capsys, "completion", "bash", "--json")
    assert code == 0 and value["shell"] == "bash" and "verify" in value["script"]


TWO = """void up(int n, double *x) { for (int i = 0; i < n; i++) x[i] = x[i] * 2; }
void down(int n, double *x) { for (int i = 0; i < n; i++) x[i] = x[i] - 2; }
"""


def test_several_functions_are_one_value(tmp_path, capsys):
    source, target = tmp_path / "a.cpp", tmp_path / "b.omp.cpp"
    source.write_text(TWO)
    target.write_text(TWO.replace("- 2", "- 3") + "void own(int n, double *x) { x[n] = 1; }\n")
    code, value = printed(capsys, "verify", source, target, "--json")
    assert code == 1 and value["equivalent"] is False and value["detail"].startswith("down: ")
    assert [each["function"] for each in value["functions"]] == ["up", "down"]
    assert [each["equivalent"] for each in value["functions"]] == [True, False]
    code, value = printed(capsys, "verify", source, source, "--proof-only", "--json")
    assert code == 3 and [each["function"] for each in value["functions"]] == ["up", "down"]


def test_a_failing_input_is_given_as_values(tmp_path, capsys):
    source, target = tmp_path / "a.cpp", tmp_path / "b.omp.cpp"
    source.write_text("void f(int n, float *x) { for (int i = 0; i < n; i++) x[i] += 1; }")
    target.write_text("void f(int n, float *x) { for (int i = 0; i < n; i++) x[i] += 2; }")
    tests = tmp_path / "tests.txt"
    tests.write_text("n=100 x[n]=uniform(-1,1)@3\nn=3 x[3]={0.1, 7, 3}\n")
    code, value = printed(capsys, "verify", source, target, "--suite", tests, "--json")
    inputs = value["failing_input"]["inputs"]
    assert code == 1 and inputs["n"]["type"] == "i32"
    assert inputs["x"]["shape"] == [inputs["n"]["value"]]
    assert len(inputs["x"]["values"]) == min(64, inputs["n"]["value"])


def test_values_that_json_lacks():
    program = Program("cpp", "f", "void f(int n, float a, const float *x, double *y) { y[0] = a; }")
    signature = read_signature(program)
    test = parse_test("n=100 a=0.1 x[n]=constant(1) y[3]={inf, nan, 2.5}", signature)
    told = list_inputs(test, signature)
    assert told["a"] == {"type": "f32", "value": 0.1}
    assert told["x"]["shape"] == [100] and told["x"]["values"] == [1.0] * 64
    assert told["y"]["values"] == ["inf", "nan", 2.5] and json.dumps(told, allow_nan=False)


def test_a_batch_says_how_many_rows_are_answered(tmp_path, capsys):
    row = {"id": 1, "source_dialect": "cpp", "source": TWO.splitlines()[0]}
    row |= {"target_dialect": "openmp", "target": row["source"]}
    rows, out = tmp_path / "rows.jsonl", tmp_path / "out.jsonl"
    rows.write_text(json.dumps(row) + "\nno row\n")
    code, value = printed(capsys, "verify", "--batch", rows, "--out", out, "--json")
    assert code == 0 and value == {"rows": 2, "unreadable": 1, "verdicts": str(out)}
