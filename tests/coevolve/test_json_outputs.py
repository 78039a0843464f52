"""`--json` prints one JSON value on stdout and nothing else, for every command that has it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from coevolve.cli.main import main
from coevolve.config.schema import format_toml

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
