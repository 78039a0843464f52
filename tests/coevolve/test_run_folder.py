"""What a run folder turns away: another configuration, another folder for the run that goes on."""

from __future__ import annotations

import pytest

from coevolve import cli
from coevolve.config import ConfigError, parse
from coevolve.run_folder import RunFolder


def config(tmp_path, **keys):
    return parse({"direction": "cpp:cuda", "run_dir": str(tmp_path / "run"), **keys}, "test")


def test_another_configuration_is_another_run(tmp_path):
    RunFolder(tmp_path / "run").claim(config(tmp_path))
    with pytest.raises(ConfigError, match="differs in: seed"):
        RunFolder(tmp_path / "run").claim(config(tmp_path, seed=2))


def test_a_run_that_goes_on_stays_where_it_is(tmp_path, capsys):
    RunFolder(tmp_path / "run").claim(config(tmp_path))
    assert cli.main(["run", "--resume", str(tmp_path / "run"), "--set", f"run_dir={tmp_path / 'other'}"]) == 2
    said = capsys.readouterr().err
    assert "--set run_dir has no meaning with --resume" in said and len(said.strip().splitlines()) == 1
    assert not (tmp_path / "other").exists()
