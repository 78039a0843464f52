"""Damaged run folders are named and never learnt from; killed stages lose no answer."""

import functools
import json
import shutil
from dataclasses import replace

import pytest

from coevolve.cli.check import find_removable
from coevolve.cli.errors import UserError
from coevolve.cli.main import main
from coevolve.config.schema import ConfigError
from coevolve.loop import manifest, run_folder, stages
from coevolve.loop.rounds import run
from coevolve.loop.run_corpus import load_stored_corpus
from coevolve.loop.run_folder import RunFolder, write_json
from coevolve.loop.services import TranslatorService
from coevolve.loop.stage_run import read_suites
from coevolve.named_models import resolve_model
from corpora.records import Candidate
from corpora.store import SHARD_BYTES, StoreError, list_shards, read_jsonl


@pytest.fixture(scope="module")
def finished(tiny_config, tmp_path_factory):
    """The configuration and the folder of a run of one round."""
    config = replace(tiny_config, run_dir=str(tmp_path_factory.mktemp("sealed") / "run"))
    return config, RunFolder(run(config, use_ray=False))


def damage(path, change):
    """Change a file's bytes and give back a function that mends it."""
    whole = path.read_bytes()
    path.write_bytes(change(whole))
    return lambda: path.write_bytes(whole)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda b: b"", "holds 0 of"),
        (lambda b: b"".join(b.splitlines(keepends=True)[::2]), "holds"),
        (lambda b: b.replace(b"source_id", b"source_ix", 1), "checksum"),
        (lambda b: b[:-3] + b"\n", "bytes"),
    ],
)
def test_a_changed_stage_file_is_named_with_the_way_out(finished, change, problem, capsys):
    config, folder = finished
    verdicts = folder.round(1).verdicts
    mend = damage(verdicts, change)
    try:
        assert main(["run", "--resume", str(folder.root), "--local"]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and "verdicts.jsonl" in said and problem in said
        assert "--resume" in said
        assert main(["check", str(folder.root), "--json"]) == 1
        found = json.loads(capsys.readouterr().out)
        assert "round-1/verdicts.jsonl" in {each["path"] for each in found["findings"]}
    finally:
        mend()
    assert main(["check", str(folder.root)]) == 0
    assert "0 findings" in capsys.readouterr().out
    assert main(["run", "--resume", str(folder.root), "--local"]) == 0


def test_pairs_that_were_changed_are_not_exported(finished, tmp_path, capsys):
    _, folder = finished
    mend = damage(folder.round(1).triplets, lambda b: b + b'{"schema_version": 1}\n')
    assert main(["export", str(folder.root), "--out", str(tmp_path / "out")]) == 2
    assert "triplets.jsonl" in capsys.readouterr().err and not (tmp_path / "out").exists()
    mend()


def test_a_file_that_was_written_and_not_sealed_is_taken_as_it_is(finished):
    _, folder = finished
    manifest.retire(folder.root, [folder.round(1).verdicts])
    held = json.loads((folder.root / manifest.NAME).read_text())
    held["retired"] = []
    (folder.root / manifest.NAME).write_text(json.dumps(held))
    assert "round-1/verdicts.jsonl" not in manifest.read_manifest(folder.root)
    assert folder.is_finished(folder.round(1).verdicts)
    assert "round-1/verdicts.jsonl" in manifest.read_manifest(folder.root)
    (folder.root / manifest.NAME).write_text("{")
    with pytest.raises(ConfigError, match=r"manifest.json' is damaged"):
        folder.is_finished(folder.round(1).verdicts)
    (folder.root / manifest.NAME).unlink()
    assert folder.is_finished(folder.round(1).verdicts)


def test_records_that_name_others_which_are_gone_are_found(finished, capsys):
    _, folder = finished
    mend = damage(folder.round(1).proposals, lambda b: b.splitlines(keepends=True)[0])
    (folder.root / manifest.NAME).unlink(missing_ok=True)  # as after an earlier version
    assert main(["check", str(folder.root)]) == 1
    assert "name a candidate that is not there" in capsys.readouterr().out
    mend()


def test_checkpoints_that_nothing_reads_again_go_and_the_run_goes_on(finished, capsys):
    config, folder = finished
    assert main(["gc", str(folder.root), "--dry-run", "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert {each["path"] for each in planned["removed"]} == {"cold/translator", "cold/tester"}
    assert folder.round(0).translator.exists() and planned["bytes"] > 0
    assert main(["gc", str(folder.root)]) == 0
    assert not folder.round(0).translator.exists() and folder.round(1).translator.exists()
    capsys.readouterr()
    resumed = ["run", "--resume", str(folder.root), "--local", "--set", "round.count=2"]
    assert main(resumed) == 0
    assert folder.round(2).evaluation.exists() and not folder.round(0).translator.exists()
    assert main(["check", str(folder.root)]) == 0


def test_a_run_whose_old_checkpoints_went_is_used_as_before(finished, tmp_path, capsys):
    _, whole = finished
    folder = RunFolder(shutil.copytree(whole.root, tmp_path / "run"))
    main(["gc", str(folder.root)])
    more = ["run", "--resume", str(folder.root), "--local", "--set"]
    assert main([*more, "round.count=3"]) == 0
    assert main(["gc", str(folder.root)]) == 0
    assert [n for n in range(4) if folder.round(n).translator.exists()] == [3]
    assert main([*more, "round.count=4"]) == 0 and folder.round(4).evaluation.exists()
    out = tmp_path / "out"
    assert main(["export", str(folder.root), "--out", str(out)]) == 0
    assert (out / "translator" / "config.json").is_file()
    assert main(["eval", str(folder.root), "--local"]) == 0
    found = resolve_model(str(folder.root), "translator").folder
    assert found == folder.round(4).translator.resolve()
    capsys.readouterr()
    assert main(["export", str(folder.root), "--round", "1"]) == 2
    assert "'coevolve gc' removed them; the last are of round 4" in capsys.readouterr().err
    assert main(["watch", str(folder.root), "--once"]) == 0
    stages_of_one = next(
        line for line in capsys.readouterr().out.splitlines() if line.startswith("1 ")
    )
    assert "–" not in stages_of_one  # learnt, though what was learnt is gone


def test_what_a_control_or_an_adapter_needs_stays(run_of_three):
    folder, config = run_of_three
    control = replace(config, round=replace(config.round, control=True))

    def removable(config, keep=1):
        return {each.path for each in find_removable(folder, config, keep)}

    earlier = {"cold/translator", "cold/tester", "round-1/translator", "round-1/tester"}
    assert removable(config) == earlier | {"round-2/translator", "round-2/tester"}
    folder.round(3).translator.joinpath("adapter_config.json").write_text(
        json.dumps({"base_model_name_or_path": str(folder.round(0).translator)})
    )
    assert "cold/translator" not in removable(config, 2)
    with pytest.raises(UserError, match="--keep 0"):
        removable(config, 0)
    for number in (1, 2):  # the third control has not learnt yet: it begins with the second
        write_json(folder.round(number).control.evaluation, {})
        folder.round(number).control.translator.mkdir()
    assert removable(control) == (earlier - {"cold/translator"}) | {"round-1/control/translator"}


@pytest.fixture
def run_of_three(tiny, tmp_path):
    """The folder of a run whose checkpoints are only folders, and its configuration."""
    folder = RunFolder(tmp_path / "three")
    for number in range(4):
        paths = folder.round(number)
        write_json(paths.evaluation, {})
        paths.translator.mkdir()
        paths.tester.mkdir()
    return folder, tiny


def test_a_killed_stage_asks_for_no_answer_twice(tiny, monkeypatch, tmp_path):
    config = replace(tiny, model=replace(tiny.model, programs_per_call=2))
    whole = RunFolder(run(config, use_ray=False))
    asked = []
    propose = TranslatorService.propose

    def counted(self, checkpoint, programs, *rest):
        asked.append([p.id for p in programs])
        if len(asked) == 3 and stop:
            raise KeyboardInterrupt
        return propose(self, checkpoint, programs, *rest)

    other = replace(config, run_dir=str(tmp_path / "other"))
    counted.__name__ = "propose"  # workers go by the name
    monkeypatch.setattr(TranslatorService, "propose", counted)
    stop = True
    with pytest.raises(KeyboardInterrupt):
        run(other, use_ray=False)
    first = asked[:2]
    asked.clear()
    stop = False
    folder = RunFolder(run(other, use_ray=False))
    assert not any(each in asked[: len(first)] for each in first)
    for name in ("proposals", "verdicts", "triplets", "evaluation_candidates"):
        assert (
            getattr(folder.round(1), name).read_bytes()
            == getattr(whole.round(1), name).read_bytes()
        )
    assert list(read_jsonl(folder.round(1).proposals, Candidate))
    assert not folder.round(1).proposing.folder.exists()
    assert not folder.round(1).answering.folder.exists()


def test_a_journal_left_by_a_kill_goes_when_the_run_goes_on(tiny, monkeypatch):
    """A process can be killed after a stage's file is sealed and before its journal is removed."""
    paths = RunFolder(tiny.run_dir).round(1)
    for journal in (paths.proposing, paths.answering):
        clear = type(journal).clear

        def interrupt(self, folder=journal.folder, clear=clear):
            if self.folder == folder and paths.proposals.exists():
                raise KeyboardInterrupt
            clear(self)

        with monkeypatch.context() as change:
            change.setattr(type(journal), "clear", interrupt)
            with pytest.raises(KeyboardInterrupt):
                run(tiny, use_ray=False)
        assert journal.folder.exists()
    run(tiny, use_ray=False)
    assert not paths.proposing.folder.exists() and not paths.answering.folder.exists()


def test_ports_joined_before_a_kill_are_joined_anew(tiny, monkeypatch, tmp_path):
    """Between the two writes of `by_parts` a kill left joined ports that were taken for asked."""
    folder = RunFolder(run(tiny, use_ray=False))
    asked = list(read_jsonl(folder.round(1).proposals, Candidate))
    joined = Candidate(asked[0].source_id, asked[0].direction, "joined", stages.JOINED)
    folder.finish_records(folder.round(1).proposals, [*asked, joined])
    corpus, paths = load_stored_corpus(folder), folder.round(1)
    this, suites = stages.Run(tiny, folder, corpus, None), read_suites(paths.suites)
    work = this.work([(way, side.keep(suites)) for way, side in this.sides()])
    stages._restore_journal(paths, work)
    chunks = [paths.proposing.read(k, Candidate) for k in range(len(work))]
    assert [c for chunk in chunks for c in chunk] == asked
    assert all(chunks) and len(chunks) == len(work) > 0
    strange = Candidate("0" * 16, asked[0].direction, "strange")
    folder.finish_records(paths.proposals, [*asked, strange])
    with pytest.raises(StoreError, match=f"{strange.id}, which no program .* was asked for"):
        stages._restore_journal(paths, work)


def test_a_run_in_many_shards_is_the_run_in_one(finished, monkeypatch, tmp_path, capsys):
    """Every stage reads its shards; one that is cut or lost is named."""
    config, whole = finished
    small = functools.partial(run_folder.write_shards, shard_bytes=2000)
    monkeypatch.setattr(run_folder, "write_shards", small)
    folder = RunFolder(run(replace(config, run_dir=str(tmp_path / "run")), use_ray=False))
    names = {
        name
        for name in manifest.read_manifest(whole.root)
        if name.endswith(".jsonl") and not name.startswith("round-2")  # which another test added
    }
    assert {"corpus.jsonl", "round-1/verdicts.jsonl", "evaluation_suites.jsonl"} <= names
    for name in names:
        shards = list_shards(folder.root / name)
        assert b"".join(s.read_bytes() for s in shards) == (whole.root / name).read_bytes()
    shards = list_shards(folder.round(1).proposals)
    assert len(shards) > 2
    weights = "round-1/translator/model.safetensors"
    assert (folder.root / weights).read_bytes() == (whole.root / weights).read_bytes()
    assert main(["check", str(folder.root)]) == 0
    assert SHARD_BYTES + 8 * 2**20 < manifest.LARGE, "a full shard's content is compared too"
    shards[-1].unlink()
    capsys.readouterr()
    assert main(["run", "--resume", str(folder.root), "--local"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and shards[-1].name in said and "is missing" in said
