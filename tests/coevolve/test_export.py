"""An export is what the run was after a round: nothing of later ones slips in."""

import json
import shutil

import pytest
from report_run import make_run

from coevolve.cli.errors import UserError
from coevolve.cli.export import export_run
from coevolve.cli.main import main
from corpora.records import Triplet
from corpora.store import read_jsonl, read_triplets, write_jsonl


@pytest.fixture
def run(tmp_path):
    """A run of two rounds, with other pairs in each and checkpoints that are only files."""
    folder = make_run(tmp_path / "run")
    shutil.copytree(folder.round(1).folder, folder.round(2).folder)
    first = list(read_jsonl(folder.round(1).triplets, Triplet))
    write_jsonl(folder.round(1).triplets, first[:2])
    write_jsonl(folder.round(2).triplets, first[1:])
    for number in range(3):
        for checkpoint in (folder.round(number).translator, folder.round(number).tester):
            checkpoint.mkdir()
            (checkpoint / "config.json").write_text(
                json.dumps({"round": number, "model_type": "llama"})
            )
    return folder


@pytest.mark.parametrize(
    ("number", "slice_"),
    [(0, slice(0, 0)), (1, slice(0, 2)), (2, slice(0, None)), (None, slice(0, None))],
)
def test_pairs_are_those_up_to_the_round(run, tmp_path, number, slice_):
    whole = [t.id for k in (1, 2) for t in read_jsonl(run.round(k).triplets, Triplet)]
    whole = list(dict.fromkeys(whole))
    assert len(whole) > 2
    out = export_run(run.root, tmp_path / "out", number)
    assert [t.id for t in read_triplets(out / "pairs.parquet")] == whole[slice_]
    assert json.loads((out / "translator" / "config.json").read_text())["round"] == (
        2 if number is None else number
    )


def test_the_card_tells_of_no_later_round(run, tmp_path):
    card = (export_run(run.root, tmp_path / "out", 1) / "translator" / "README.md").read_text()
    assert "\n| 1 | " in card and "\n| 2 | " not in card


def test_a_round_that_is_not_there(run, tmp_path, capsys):
    with pytest.raises(UserError, match="no finished checkpoints of round 7"):
        export_run(run.root, tmp_path / "out", 7)
    assert main(["export", str(run.root), "--round", "7"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_results_as_json(run, tmp_path, capsys):
    assert main(["export", str(run.root), "--out", str(tmp_path / "out"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"folder": str(tmp_path / "out")}
    assert main(["report", str(run.root), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["header"][0] == "round" and [row[0] for row in told["rows"]] == ["cold", "1", "2"]
    assert main(["doctor", "--json"]) == 0
    assert {"name", "present", "detail", "hint", "needed"} == set(
        json.loads(capsys.readouterr().out)[0]
    )
