"""Files that are empty, cut off, or nested by the thousand: one clear line, never a traceback."""

import json
import shutil
import time

import pytest
from report_run import make_run

import coevolve
from coevolve.cli.main import main
from coevolve.verification.engine import verify as verify_programs
from corpora.datasets.loaders import load_corpus
from corpora.json_text import JsonError, parse_json
from corpora.records import Program

PLAIN = "void f(int n, float *x) { for (int i = 0; i < n; i++) x[i] = 1; }"
DEEP = "void f(int n, float *x) { x[0] = " + "(" * 20_000 + "1" + ")" * 20_000 + "; }"
TEXTS = {
    "empty": "",
    "half": '{"cpp": "void f(int',
    "brackets": "[" * 20_000,
    "surrogate": json.dumps({"cpp": PLAIN + " // \ud800"}),
    "deep": json.dumps({"cpp": DEEP}),
    "number": "3",
}


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "{",
        '{"a": ',
        "[" * 20_000,
        "[" * 300 + "]" * 300,
        '"\\ud800"',
        '{"\\udfff": 1}',
        b"\xff{}",
    ],
)
def test_what_is_no_json_is_one_line(text):
    with pytest.raises(JsonError) as caught:
        parse_json(text)
    assert "\n" not in str(caught.value)


def test_what_is_json_is_read():
    value = {"a": [1, 2.5, None, "😀"], "b": {"c": True}}
    assert parse_json(json.dumps(value)) == parse_json(json.dumps(value).encode()) == value
    assert parse_json("[" * 150 + "]" * 150)


@pytest.mark.parametrize("form", [".jsonl", ".tok", ".cpp"])
def test_one_line_of_five_megabytes_is_left_out_at_once(tmp_path, capsys, form):
    """It took 82 s and 5.2 GB."""
    text = PLAIN.replace("x[i] = 1;", "x[i] = x[i] * 2.0f; " * 250_000)
    path, fine = tmp_path / f"c{form}", tmp_path / f"d{form}"
    rows = [text, PLAIN]
    path.write_text("\n".join(json.dumps({"cpp": t}) if form == ".jsonl" else t for t in rows))
    fine.write_text(json.dumps({"cpp": PLAIN}) if form == ".jsonl" else PLAIN)
    started = time.process_time()
    if form == ".cpp":
        one_line(capsys, "translate", path, "--to", "cuda")
    else:
        found = load_corpus(str(path), "cpp")
        assert len(found.programs) == 1 and "too many for one text" in found.skipped[0].reason
        assert found.programs[0].text == load_corpus(str(fine), "cpp").programs[0].text
    assert time.process_time() - started < 20


def one_line(capsys, *words):
    code = main(list(map(str, words)))
    said = capsys.readouterr().err
    assert code == 2 and said.startswith("coevolve") and said.count("\n") == 1, (code, said[-500:])


@pytest.mark.parametrize("name", TEXTS)
def test_a_corpus(tmp_path, capsys, name):
    path = tmp_path / "c.jsonl"
    path.write_text(TEXTS[name] + "\n")
    one_line(capsys, "decontaminate", path, "--against", "builtin")
    one_line(capsys, "translate", path, "--from", "cpp", "--to", "cuda")
    one_line(capsys, "run", "configs/demo.toml", "--dry-run", "--set", f"corpus.source={path}")


@pytest.mark.parametrize("name", ["empty", "half", "brackets", "surrogate", "number"])
def test_predictions_and_results(tmp_path, capsys, name):
    path = tmp_path / "p.jsonl"
    path.write_text(TEXTS[name] + "\n")
    one_line(
        capsys, "eval", "--corpus", "builtin", "--limit", 1, "--predictions", path, "--workers", 1
    )
    one_line(capsys, "compare", path, path)


def test_a_batch_answers_every_row(tmp_path, capsys):
    row = {
        "id": 1,
        "source_dialect": "cpp",
        "source": PLAIN,
        "target_dialect": "cpp",
        "target": PLAIN,
    }
    lines = [
        json.dumps(row),
        "[" * 20_000,
        "",
        json.dumps(row)[:40],
        json.dumps(row | {"source": DEEP}),
        json.dumps(row | {"source": "\ud800"}),
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    assert (
        main(
            [
                "verify",
                "--batch",
                str(tmp_path / "in.jsonl"),
                "--out",
                str(tmp_path / "out.jsonl"),
                "--backend",
                "emulated",
            ]
        )
        == 0
    )
    answers = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [a["equivalent"] for a in answers] == [True, None, None, None, None]
    assert all("fault" not in a["detail"] for a in answers)


def test_programs_that_are_nested_too_deeply_have_a_verdict():
    deep, plain = Program("cpp", "f", DEEP), Program("cpp", "f", PLAIN)
    assert not verify_programs(plain, deep, backend="emulated")
    assert not verify_programs(deep, plain, backend="emulated")
    with pytest.raises(ValueError, match="nested too deeply"):
        coevolve.verify(DEEP, PLAIN + "\n", direction="cpp:openmp", backend="emulated")


@pytest.mark.parametrize(
    "how", [lambda data: b"", lambda data: data[: len(data) // 2]], ids=["empty", "half"]
)
@pytest.mark.parametrize(
    "name",
    [
        "split.json",
        "corpus.jsonl",
        "timings.jsonl",
        "round-1/evaluation.json",
        "round-1/suite_counts.json",
        "round-1/verdicts.jsonl",
        "round-1/proposals.jsonl",
        "round-1/triplets.jsonl",
        "cold/evaluation.json",
    ],
)
def test_files_of_a_run(tmp_path, capsys, name, how):
    root = tmp_path / "run"
    make_run(root)
    (root / name).write_bytes(how((root / name).read_bytes()))
    for words in (["report", root], ["watch", root, "--once"], ["compare", root, root]):
        code = main(list(map(str, words)))
        said = capsys.readouterr().err
        assert code == 0 or (code == 2 and said.startswith("coevolve") and said.count("\n") == 1), (
            words,
            code,
            said,
        )
    shutil.rmtree(root)
