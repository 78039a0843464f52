"""What a run folder turns away: another configuration, another folder for the run that goes on."""

from __future__ import annotations

import pytest

from coevolve.cli import main as cli
from coevolve.config.schema import ConfigError, parse
from coevolve.loop.run_folder import RunFolder


def config(tmp_path, **keys):
    return parse({"direction": "cpp:cuda", "run_dir": str(tmp_path / "run"), **keys}, "test")


def test_another_configuration_is_another_run(tmp_path):
    RunFolder(tmp_path / "run").claim(config(tmp_path))
    with pytest.raises(ConfigError, match="differs in: seed"):
        RunFolder(tmp_path / "run").claim(config(tmp_path, seed=2))


def test_what_differs_is_not_sent_back_to_the_call_that_was_turned_away(tmp_path, capsys):
    RunFolder(tmp_path / "run").claim(config(tmp_path))
    assert cli.main(["run", "--resume", str(tmp_path / "run"), "--local", "--set", "seed=2"]) == 2
    said = capsys.readouterr().err
    assert (
        "goes on as it is with 'coevolve run --resume" in said
        and "'coevolve run CONFIG --set run_dir=...'" in said
        and "delete" not in said
    )
    assert len(said.strip().splitlines()) == 1


def test_a_run_that_goes_on_stays_where_it_is(tmp_path, capsys):
    RunFolder(tmp_path / "run").claim(config(tmp_path))
    assert (
        cli.main(
            ["run", "--resume", str(tmp_path / "run"), "--set", f"run_dir={tmp_path / 'other'}"]
        )
        == 2
    )
    said = capsys.readouterr().err
    assert (
        "--set run_dir has no meaning with --resume" in said and len(said.strip().splitlines()) == 1
    )
    assert not (tmp_path / "other").exists()
