"""TensorBoard gets the figures of the run's files."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from report_run import make_run

from coevolve.cli.errors import UserError
from coevolve.report.page import collect_figures
from coevolve.report.scalars import list_scalars, write_scalars


def test_scalars_are_read_back(tmp_path):
    pytest.importorskip("tensorboard", reason="the extra `report` is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder = make_run(tmp_path / "mine", programs=4, samples=5, solved=((0,), (0, 1)))
    for _ in range(2):  # written again: not twice as many
        count = write_scalars(folder.root, tmp_path / "out")
    read = EventAccumulator(str(tmp_path / "out" / "mine"))
    read.Reload()
    found = {
        (tag, event.step): event.value
        for tag in read.Tags()["scalars"]
        for event in read.Scalars(tag)
    }
    assert len(found) == count
    assert found["translator/pass@1", 0] == 20.0 and found["translator/pass@1", 1] == 40.0
    assert (
        found["pairs/candidates", 1] == 20
        and found["pairs/kept", 1] == 1
        and found["verdicts/MISMATCH", 1] == 2
    )
    assert found["seconds/propose_and_verify", 1] == 12.5
    assert found["tester/valid_rate", 1] == 40.0 and found["translator/bleu", 1] == 50.5
    assert not any("codebleu" in tag for tag, _ in found)  # None: there is no such figure


def test_what_is_not_known_is_left_out(tmp_path):
    folder = make_run(tmp_path / "run", programs=1, samples=1)
    (folder.round(1).verdicts).unlink()
    names = dict(list_scalars(collect_figures(folder)[1]))
    assert "pairs/candidates" not in names and "translator/pass@1" in names


def test_without_the_package_there_is_one_line(tmp_path, monkeypatch):
    folder = make_run(tmp_path / "run", programs=1, samples=1)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(UserError, match=r"pip install -e '.\[report\]'") as found:
        write_scalars(folder.root, tmp_path / "out")
    assert "\n" not in str(found.value)
