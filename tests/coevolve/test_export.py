"""An export is what the run was after a round: nothing of later ones slips in."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pyarrow.parquet as pq
import pytest
from report_run import make_run

from coevolve.cli.cards import COLUMNS, RunFacts, choose_license, make_dataset_card
from coevolve.cli.errors import UserError
from coevolve.cli.export import _collect_facts, export_chats, export_run
from coevolve.cli.main import main
from coevolve.config.schema import load
from coevolve.prompts import read_answer, write_prompt
from corpora.datasets.loaders import load_corpus
from corpora.records import Blame, Outcome, Triplet, UnitTestSuite, Verdict
from corpora.store import read_jsonl, read_triplets, write_jsonl
from corpora.suites.unit_tests import parse_test

ROOT = Path(__file__).parents[2]


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


def test_where_no_pair_was_kept_cards_and_table_say_that_nothing_was_learnt(run, tmp_path, capsys):
    for number in (1, 2):
        write_jsonl(run.round(number).triplets, [])
    out = export_run(run.root, tmp_path / "out")
    card = (out / "README.md").read_text()
    assert "No pair was kept" in card and "load_dataset" not in card and "configs" not in card
    assert pq.read_table(out / "pairs.parquet").num_rows == 0
    told = (out / "translator" / "README.md").read_text()
    assert "**Nothing was learnt.** rounds 1 to 2: no pair was kept of 200 candidates (" in told
    give_items(run, 0, 1, 2)
    assert main(["report", str(run.root)]) == 0
    shown = capsys.readouterr().out
    assert "no pair was kept of 200 candidates" in shown and "the cold start's" in shown
    assert "points of pass@1" not in shown


def test_a_round_that_learnt_something_tells_its_rise(run, tmp_path, capsys):
    first = list(read_jsonl(run.round(2).triplets, Triplet))
    write_jsonl(run.round(1).triplets, [])
    give_items(run, 0, 1, 2)
    assert main(["report", str(run.root)]) == 0
    shown = capsys.readouterr().out
    assert first and "round 1: no pair was kept" in shown
    assert "round 1 over" not in shown and "round 2 over the cold start: " in shown
    out = export_run(run.root, tmp_path / "out")
    assert "Nothing was learnt" not in (out / "translator" / "README.md").read_text()


def give_items(run, *numbers):
    """Items of each round's evaluation, from which rises are computed."""
    for number in numbers:
        path = run.round(number).evaluation
        items = [{"id": str(k), "samples": 1, "passed": int(k < number)} for k in range(5)]
        path.write_text(json.dumps(json.loads(path.read_text()) | {"items": items}))


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


def python_blocks(card):
    return re.findall(r"```python\n(.*?)```", card.read_text(), re.S)


def run_python(code, folder):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, text=True, capture_output=True
    )
    assert done.returncode == 0, f"{code}\n{done.stderr[-2000:]}"
    return done.stdout


def small_run(run):
    """`run` with the project's small model as its checkpoints, and one real pair."""
    small = ROOT / "gpu_runtime" / "models" / "small"
    for number in range(3):
        for name in ("translator", "tester"):
            shutil.rmtree(run.round(number).folder / name)
            shutil.copytree(small / name, run.round(number).folder / name)
    folder = ROOT / "corpora" / "builtin" / "blas1"
    source = load_corpus(str(folder / "axpy.cpp"), "cpp").programs[0]
    target = load_corpus(str(folder / "axpy.cu"), "cuda").programs[0]
    suite = UnitTestSuite(source.id, (parse_test(AXPY_TEST),), "rules")
    verdict = Verdict(source.id, target.id, suite.id, Outcome.EQUIVALENT, Blame.NOBODY)
    for number in (1, 2):
        kept = [Triplet(source, target, suite, "cpp:cuda", verdict)]
        write_jsonl(run.round(number).triplets, kept)
    return run


AXPY_TEST = "n:i32=9 a:f32=2 x:f32[9]=uniform(-1,1)@3 y:f32[9]=constant(1)"


@pytest.mark.slow
def test_the_code_of_every_card_works_as_it_stands(run, tmp_path):
    out = export_run(small_run(run).root, tmp_path / "out")
    for code in python_blocks(out / "translator" / "README.md"):
        assert "__global__ void scale(" in run_python(code, out)
    shown = [run_python(code, out) for code in python_blocks(out / "README.md")]
    assert shown == ["cpp:cuda axpy None\n", "EQUIVALENT\n"]


def test_cards_name_columns_licence_and_origin(run, tmp_path):
    out = export_run(small_run(run).root, tmp_path / "out")
    card = (out / "README.md").read_text()
    there = set(pq.read_table(out / "pairs.parquet").column_names)
    told = set(re.findall(r"(?m)^\| ([a-z_*, ]+) \|", card.split("| column |")[1]))
    plain = {name for each in told for name in each.split(", ") if "*" not in name}
    assert (
        plain <= there and {n for n in there if not n.startswith(("source_", "target_"))} <= plain
    )
    assert "license:" in card and "Origin and licence" in card
    assert "- Programs: `builtin`; Apache License 2.0, it comes with coevolve." in card
    assert "In the folder of the export" in (out / "translator" / "README.md").read_text()
    config = load(run.config)
    mine = replace(config, corpus=replace(config.corpus, source="/home/me/mine"))
    assert _collect_facts(mine, 1).corpora == ("mine",)
    assert choose_license(["builtin", "generated:9:1:easy"], "small") == "apache-2.0"
    assert choose_license(["builtin"], "Qwen/Q") == choose_license(["mine"], "") == "other"


def test_pairs_as_chats(run, tmp_path, capsys):
    """A run's, an export's, and those of part of an export: asked as training asks."""
    root = small_run(run).root
    pairs = export_run(root, tmp_path / "out") / "pairs.parquet"
    written = []
    for what in (root, pairs):
        out = tmp_path / f"{what.name}.jsonl"
        assert main(["export", str(what), "--format", "sft", "--out", str(out), "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"file": str(out), "n_pairs": 1}
        written.append(out.read_text())
    assert written[0] == written[1]
    row, told = pq.read_table(pairs).to_pylist()[0], json.loads(written[0])
    assert {name: told[name] for name in ("id", "direction", "group")} == {
        name: row[name] for name in ("id", "direction", "group")
    }
    asked, answered = told["messages"]
    assert (asked["role"], answered["role"]) == ("user", "assistant")
    assert asked["content"] == write_prompt(row["source_text"], "cpp:cuda", "plain")[0]
    answer = read_answer(answered["content"], row["source_text"], "cpp:cuda", "plain")
    assert answer.strip() == row["target_text"].strip()
    pq.write_table(pq.read_table(pairs).slice(0, 0), tmp_path / "none.parquet")
    assert export_chats(tmp_path / "none.parquet", out) == 0 and out.read_text() == ""


def test_wrong_uses_of_chats_are_one_line(run, tmp_path, capsys):
    out = ["--out", str(tmp_path / "x.jsonl")]
    root, none = str(run.root), str(tmp_path / "none.parquet")
    wrong = {
        "name it with --out": [root],
        "must end with .jsonl": [root, "--out", str(tmp_path / "x")],
        "--half and --push: of --format hub": [root, *out, "--half", "--push", "me/x"],
        "has no round 9": [root, *out, "--round", "9"],
        "is a file of pairs": [none, *out, "--round", "1"],
        "No such file": [none, *out],
        "holds no run": [str(tmp_path / "nothing"), *out],
    }
    for said, words in wrong.items():
        assert main(["export", *words, "--format", "sft"]) == 2
        printed = capsys.readouterr().err
        assert said in printed and printed.count("\n") == 1, printed
    assert not (tmp_path / "x.jsonl").exists()


def test_a_card_names_the_licence_of_each_source():
    facts = RunFacts(["cpp:cuda"], 1, ["mine", "builtin"], "small", "other")
    card = make_dataset_card(25, facts, own=19)
    assert 'license: "other"\nlicense_name: "mixed"' in card.replace(
        card[card.index("tags:") : card.index("license_name")], ""
    )
    assert "- Programs: `mine`, files of the exporter's; its owners' licence." in card
    assert "- Programs: `builtin`; Apache License 2.0, it comes with coevolve." in card
    assert "- The models began as `small`; Apache License 2.0, it comes with coevolve." in card
    assert "Of 19 of the 25 pairs the source equals" in card
    for told in ("split by `group`", "`preconditions`", "grid=ceil(n/64)", "@3`", "one thread"):
        assert told in card
    facts = replace(facts, license="mit")
    assert "The exporter says the licence is mit." in make_dataset_card(25, facts)


def test_own_functions_are_known_in_any_folder(run, tmp_path):
    """The run's corpus is a folder of another name; one of its sources is a copy of `axpy`."""
    folder = small_run(run)
    text = folder.config.read_text()
    assert 'source = "builtin"' in text
    folder.config.write_text(text.replace('source = "builtin"', 'source = "/some/place/corpus"'))
    card = (export_run(folder.root, tmp_path / "out") / "README.md").read_text()
    assert "Of 1 of the 1 pairs the source equals" in card and "/some/place" not in card
    assert "`corpus`, files of the exporter's" in card and 'license_name: "mixed"' in card


def test_a_card_names_the_corpora_of_several_directions(run):
    config = load(run.config)
    several = replace(config.corpus, source=("builtin", "/some/place/corpus"))
    assert _collect_facts(replace(config, corpus=several), 1).corpora == ("builtin", "corpus")


def test_the_page_of_the_data_set_tells_every_column():
    page = (ROOT / "docs" / "recipes" / "dataset.md").read_text()
    told = set(re.findall(r"`([a-z_*]+)`", page.split("| column |")[1].split("\n\n")[0]))
    assert {name for names, _ in COLUMNS for name in names.split(", ")} <= told


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as an upload asks for. files: what was committed, by repository."""

    files: ClassVar[dict[str, dict[str, bytes]]] = {}

    def log_message(self, *_):
        pass

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            body = b"".join(parts)
        told = {}
        if self.path.endswith("/preupload/main"):
            asked = json.loads(body)["files"]
            told = {"files": [{"path": f["path"], "uploadMode": "regular"} for f in asked]}
            told["files"] = [each | {"shouldIgnore": False} for each in told["files"]]
        elif self.path.endswith("/commit/main"):
            repo = self.path.removeprefix("/api/").removesuffix("/commit/main")
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    content = base64.b64decode(line["value"]["content"])
                    self.files.setdefault(repo, {})[line["value"]["path"]] = content
            told = {"commitUrl": f"http://{self.headers['Host']}/me/x/commit/1", "commitOid": "1"}
        elif self.path.endswith("/repos/create"):
            name = json.loads(body)["name"]
            told = {"url": f"http://{self.headers['Host']}/me/{name}", "id": f"me/{name}"}
        self.answer(200, told)

    def do_GET(self):
        self.answer(404 if "denied" in self.path else 200, {"id": "me/x", "sha": "1"})

    def answer(self, code, told):
        data = json.dumps(told).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def test_an_export_is_pushed(run, tmp_path, monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    Hub.files = {}
    environment = os.environ | {"HF_ENDPOINT": address, "HF_TOKEN": "hf_none"}
    environment |= {"PYTHONPATH": str(ROOT), "HF_HUB_DISABLE_XET": "1"}
    words = [sys.executable, "-m", "coevolve", "export", str(run.root), "--json"]
    words += ["--out", str(tmp_path / "out"), "--push", "me/demo"]
    try:
        done = subprocess.run(words, env=environment, text=True, capture_output=True, timeout=120)
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)["pushed"]
    assert told[-1] == f"{address}/datasets/me/demo-pairs" and len(told) == 3
    assert set(Hub.files["datasets/me/demo-pairs"]) == {"README.md", "pairs.parquet"}
    assert "README.md" in Hub.files["models/me/demo-translator"]
    sent = Hub.files["datasets/me/demo-pairs"]["pairs.parquet"]
    assert sent == (tmp_path / "out" / "pairs.parquet").read_bytes()


def test_a_hub_that_cannot_be_reached_is_one_line(run, tmp_path, monkeypatch, capsys):
    words = ["export", str(run.root), "--out", str(tmp_path / "out"), "--push", "demo"]
    assert main(words) == 2 and "give OWNER/NAME" in capsys.readouterr().err
