"""Runs at URLs: what is finished is there, and a fresh machine goes on from it."""

import os
from dataclasses import replace

import pytest
from fsspec.implementations.local import LocalFileSystem

from coevolve.cli.errors import UserError
from coevolve.cli.main import main
from coevolve.loop import manifest, stages
from coevolve.loop.rounds import run
from coevolve.loop.run_folder import RunFolder, resolve_run_dir
from coevolve.loop.run_mirror import open_mirror, parse_url
from corpora.datasets.loaders import CorpusError, load_corpus
from corpora.records import Candidate

CANDIDATES = [Candidate("a", "cpp:cuda", text) for text in ("x", "y")]


def test_a_url_is_told_from_a_path():
    assert parse_url("s3:/bucket/run/") == parse_url("s3://bucket/run") == "s3://bucket/run"
    assert parse_url("file:/tmp/x") == "file:///tmp/x"
    assert not parse_url("runs/demo") and not parse_url("/tmp/a:/b") and open_mirror("x") is None


def test_what_is_finished_is_copied_and_fetched(tmp_path, monkeypatch):
    url = f"file://{tmp_path}/there"
    monkeypatch.setenv("COEVOLVE_RUNS", str(tmp_path / "first"))
    folder = RunFolder(resolve_run_dir(url))
    folder.finish_records(folder.round(1).proposals, CANDIDATES)
    folder.timings.write_text("{}\n")
    (folder.round(1).folder / "unfinished.jsonl").write_text("")
    open_mirror(url).push()
    assert not (tmp_path / "there/round-1/unfinished.jsonl").exists()
    monkeypatch.setenv("COEVOLVE_RUNS", str(tmp_path / "second"))
    mirror = open_mirror(url)
    mirror.fetch()
    other = RunFolder(resolve_run_dir(url))
    assert other.root != folder.root and other.timings.exists()
    assert other.is_finished(other.round(1).proposals)
    other.finish_records(other.round(1).verdicts, [])
    mirror.push()
    assert "round-1/verdicts.jsonl" in manifest.read_manifest(tmp_path / "there")
    (tmp_path / "there/round-1/proposals.jsonl").write_text("")
    monkeypatch.setenv("COEVOLVE_RUNS", str(tmp_path / "third"))
    with pytest.raises(UserError, match=r"proposals.jsonl' is not what the run wrote; delete"):
        open_mirror(url).fetch()


def test_what_cannot_be_used_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COEVOLVE_RUNS", str(tmp_path))
    assert main(["check", "nosuch://bucket/run"]) == 2
    assert "cannot be used" in capsys.readouterr().err
    assert main(["run", "--resume", f"file://{tmp_path}/none", "--local"]) == 2
    assert "holds no run" in capsys.readouterr().err
    with pytest.raises(CorpusError, match="cannot be read"):
        load_corpus(f"file://{tmp_path}/none.cpp", "cpp")


@pytest.fixture
def bucket(monkeypatch):
    """The URL of a bucket of a real server on this machine."""
    server_of = pytest.importorskip("moto.server")
    fsspec = pytest.importorskip("s3fs")
    server = server_of.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    fsspec.S3FileSystem.clear_instance_cache()
    fsspec.S3FileSystem().mkdir("runs")
    yield "s3://runs"
    fsspec.S3FileSystem.clear_instance_cache()
    server.stop()


def test_a_place_that_cannot_be_written_is_found_before_anything_is_trained(
    tiny, bucket, tmp_path, monkeypatch
):
    """A missing bucket was found after the cold start."""
    import s3fs

    monkeypatch.setenv("COEVOLVE_RUNS", str(tmp_path / "here"))
    monkeypatch.setattr(stages, "run_cold_start", lambda _: pytest.fail("the cold start began"))
    with pytest.raises(UserError) as caught:
        run(replace(tiny, run_dir="s3://no-such-bucket/demo"), use_ray=False)
    said = str(caught.value)
    assert said.startswith("'s3://no-such-bucket/demo' cannot be written, read and deleted in: ")
    assert "bucket" in said and "--set run_dir=URL" in said and "\n" not in said
    assert not (tmp_path / "here").exists(), "nothing was claimed"
    open_mirror(f"{bucket}/demo").require_writable()
    assert s3fs.S3FileSystem().find("runs") == [], "the probe is gone"


def test_a_folder_without_the_right_to_write_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("COEVOLVE_RUNS", str(tmp_path / "here"))
    open_mirror(f"file://{tmp_path}/there/run").require_writable()
    assert list((tmp_path / "there" / "run").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="file/run' cannot be written, read and deleted in: "):
        open_mirror(f"file://{tmp_path}/file/run").require_writable()
    monkeypatch.setattr(LocalFileSystem, "cat_file", lambda *_: b"other")
    with pytest.raises(UserError, match="gives back other bytes"):
        open_mirror(f"file://{tmp_path}/there/run").require_writable()


@pytest.mark.slow
def test_a_fresh_machine_goes_on_with_a_run_in_s3(
    tiny, bucket, tmp_path, monkeypatch, capsys, source_folder
):
    import s3fs

    whole = RunFolder(run(tiny, use_ray=False))
    url = f"{bucket}/demo/one"
    monkeypatch.setenv("COEVOLVE_RUNS", str(tmp_path / "first"))
    with monkeypatch.context() as change:

        def stop(*_):
            raise KeyboardInterrupt

        change.setattr(stages, "train_tester", stop)
        with pytest.raises(KeyboardInterrupt):
            run(replace(tiny, run_dir=url), use_ray=False)
    monkeypatch.setenv("COEVOLVE_RUNS", str(tmp_path / "second"))
    began = stages.run_cold_start
    monkeypatch.setattr(
        stages,
        "run_cold_start",
        lambda this: began(this) if stages.has_all_models(this, 0) else 1 / 0,
    )
    capsys.readouterr()
    assert main(["run", "--resume", url, "--local"]) == 0
    assert "round 1: propose" not in capsys.readouterr().err
    monkeypatch.setenv("COEVOLVE_RUNS", str(tmp_path / "third"))
    assert main(["check", url]) == 0
    assert "0 findings" in capsys.readouterr().out
    here = resolve_run_dir(url)
    sealed = manifest.read_manifest(whole.root)
    assert manifest.read_manifest(here) == sealed and len(sealed) > 15
    assert s3fs.S3FileSystem().exists("runs/demo/one/report.html")
    assert main(["gc", url]) == 0
    assert not s3fs.S3FileSystem().exists("runs/demo/one/cold/translator/config.json")
    assert main(["check", url]) == 0

    s3fs.S3FileSystem().put_file(str(source_folder / "axpy.cpp"), "runs/corpus/axpy.cpp")
    assert [p.name for p in load_corpus(f"{bucket}/corpus/axpy.cpp", "cpp").programs] == ["axpy"]
    assert os.environ["COEVOLVE_RUNS"].endswith("third")
