"""`coevolve eval --corpus`, `compare` and `decontaminate` as a user calls them, with what they
print and write.
"""

import json
import re
from pathlib import Path

import evaluation_forms as forms
import jsonschema
import pytest

from coevolve.cli.compare import EvaluationSide, compare_sides, format_comparison
from coevolve.cli.main import main
from coevolve.evaluation.contamination import FILE_NAME, Manifest
from coevolve.evaluation.evaluate import format_figures
from coevolve.evaluation.result import format_markdown
from coevolve.evaluation.statistics import compute_mcnemar_p
from corpora.records import Program

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = json.loads((DOCS / "result.schema.json").read_text())


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("COEVOLVE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def evaluated(tmp_path, *arguments) -> dict:
    out = tmp_path / "result.json"
    assert (
        main(
            [
                "eval",
                *map(str, arguments),
                "--workers",
                "1",
                "--backend",
                "emulated",
                "--out",
                str(out),
            ]
        )
        == 0
    )
    result = json.loads(out.read_text())
    jsonschema.Draft202012Validator(SCHEMA).validate(result)
    return result


def refused(capsys, *arguments) -> str:
    assert main([*map(str, arguments)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert "Traceback" not in "".join(lines) and lines[-1].startswith("coevolve: ")
    return lines[-1]


def test_references_as_predictions(tmp_path, capsys):
    """BLEU 100, CodeBLEU 1, CPass what compiles, pass@1 what is truly equivalent: the second pair
    is not.
    """
    cpp, cuda = forms.tokenised(tmp_path)
    board = tmp_path / "board.jsonl"
    result = evaluated(
        tmp_path, "--predictions", cuda, "--corpus", f"{cpp},{cuda}", "--leaderboard", board
    )
    assert (
        result["schema_version"],
        result["n_items"],
        result["samples"],
        result["n_undecided"],
    ) == (1, 3, 1, 0)
    assert result["bleu"]["value"] == pytest.approx(100) and result["codebleu"][
        "value"
    ] == pytest.approx(1)
    assert result["cpass"]["value"] == 1.0 == result["build@k"]["1"]["value"]
    assert result["pass@k"]["1"]["value"] == pytest.approx(2 / 3)
    assert [i["first_outcome"] for i in result["items"]] == ["EQUIVALENT", "MISMATCH", "EQUIVALENT"]
    for figure in (
        result["bleu"],
        result["codebleu"],
        result["cpass"],
        result["pass@k"]["1"],
        result["suite_strength"],
    ):
        low, high = figure["ci95"]
        assert low <= figure["value"] + 1e-9 and figure["value"] <= high + 1e-9
    assert result["speedup@k"] is None and result["contamination"]["checked"] is False
    printed = capsys.readouterr().out
    assert (
        "| pass@1 % | 66.7 |" in printed
        and "tree-sitter-cuda" in printed
        and "signature" in printed
    )
    assert "| pass@1 % | 66.7 | – | 3 |" in printed and "below 10 items" in printed
    assert "| bleu | 100.0 |" in printed and "| codebleu | 100.0 |" in printed
    assert "CodeBLEU parts: ngram_match 100.0," in printed and "0.667" not in printed
    wide = {"value": 0.5, "ci95": [0.2, 0.8], "n_items": 40}
    many = {**result, "pass@k": {"1": wide}, "cpass": {**wide, "ci95": [0.5, 0.5]}}
    text = format_markdown(many)
    assert "| pass@1 % | 50.0 | 20.0 to 80.0 | 40 |" in text and "| cpass % | 50.0 | – |" in text
    row = json.loads(board.read_text())
    assert (
        row["pass@1"] == pytest.approx(2 / 3)
        and row["n_items"] == 3
        and len(row["pass@1 ci95"]) == 2
    )
    assert (row["limit"], row["threads"], row["bleu n_items"]) == (0, 0, 3)
    assert "parallel_pass@1" in row, "a row without it looks as if it had not been measured"


def test_the_schema_is_one_names_what_the_guide_names_and_refuses_other_results():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    guide = (DOCS / "evaluation.md").read_text().split("## The result file")[1].split("## ")[0]
    unnamed = [
        key
        for key in (*SCHEMA["properties"], *SCHEMA["properties"]["items"]["items"]["properties"])
        if key not in guide
    ]
    assert not unnamed
    figure = jsonschema.Draft202012Validator(SCHEMA["$defs"]["share"] | {"$defs": SCHEMA["$defs"]})
    assert figure.is_valid({"value": 0.5, "ci95": [0.1, 0.9], "n_items": 3}) and figure.is_valid(
        None
    )
    for wrong in (
        {"value": 0.5, "n_items": 3},
        {"value": 1.5, "ci95": [0, 2], "n_items": 3},
        {"value": 0.5, "ci95": [], "n_items": 3},
    ):
        assert not figure.is_valid(wrong)


def test_samples_that_compile_bind_and_pass_are_told_apart(tmp_path):
    cpp, cuda = forms.tokenised(tmp_path)
    right, wrong = forms.CUDA_LINES[0], forms.CUDA_LINES[0].replace("a *", "a +")
    unbound = (
        "__global__ void scale ( float * x , float a , int n , double * extra ) { extra [ "
        "0 ] = x [ 0 ] ; }"
    )
    answers = [
        right,
        wrong,
        unbound,
        "__global__ void scale ( float * x ) { y [ 0 ] = 1 ; }",
        "",
        "",
    ]
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps({"index": 0, "text": t}) + "\n" for t in answers))
    result = evaluated(tmp_path, "--predictions", path, "--corpus", f"{cpp},{cuda}", "--limit", "1")
    item = result["items"][0]
    assert (item["samples"], item["compiled"], item["built"], item["passed"]) == (6, 3, 2, 1)
    assert (
        result["pass@k"]["1"]["value"] == pytest.approx(1 / 6)
        and result["pass@k"]["6"]["value"] == 1.0
    )
    assert result["build@k"]["1"]["value"] == pytest.approx(1 / 3) and result["cpass"][
        "value"
    ] == pytest.approx(0.5)
    assert "2 of 6 answers are no whole function: 2 empty" in result["notes"]
    assert item["source"] == forms.CPP_LINES[0] and result["limit"] == 1
    told = [(a["samples"], a["outcome"], a["text"]) for a in item["answers"]]
    assert [samples for samples, *_ in told] == [[0], [1], [2], [3], [4, 5]]
    assert [outcome for _, outcome, _ in told] == [
        "EQUIVALENT",
        "MISMATCH",
        "COMPILE_ERROR",
        "COMPILE_ERROR",
        "NONE",
    ]
    assert [text for *_, text in told] == answers[:5]
    failing = item["answers"][1]["failing"]
    assert failing["place"].startswith("x[") and failing["inputs"]["n"]["value"] > 0
    assert failing["expected"] != failing["actual"] and item["answers"][0]["failing"] is None
    # The compiler's place is told in the answer's own lines, not in a file that the user has not.
    assert item["answers"][3]["detail"].startswith("line 1, column ")


def test_missing_answers_are_told_of_once(tmp_path):
    cpp, cuda = forms.tokenised(tmp_path)
    path = tmp_path / "answers.jsonl"
    texts = [(0, "__global__ void scale ( float * x , float a ,"), (0, "I cannot"), (1, "")]
    path.write_text("".join(json.dumps({"index": k, "text": t}) + "\n" for k, t in texts))
    notes = evaluated(tmp_path, "--predictions", path, "--corpus", f"{cpp},{cuda}")["notes"]
    assert "items without an answer, which count as wrong: 1" in notes
    told = next(note for note in notes if "no whole function" in note)
    assert (
        told.startswith("3 of 3 answers") and "2 without a function" in told and "1 empty" in told
    )


def test_each_item_counts_with_its_own_number_of_answers(tmp_path, capsys):
    """By hand: 1 of 2, 0 of 3 and no answer. Two empty answers were made up for the first."""
    cpp, cuda = forms.tokenised(tmp_path)
    right, wrong = forms.CUDA_LINES[0], forms.CUDA_LINES[0].replace("a *", "a +")
    rows = [("1", right), ("1", wrong), *[("2", forms.CUDA_LINES[1] + " " * k) for k in range(3)]]
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in rows))
    result = evaluated(tmp_path, "--predictions", path, "--corpus", f"{cpp},{cuda}")
    assert [(i["samples"], i["passed"]) for i in result["items"]] == [(2, 1), (3, 0), (2, 0)]
    assert result["samples"] == 2 and list(result["pass@k"]) == ["1", "2"]
    assert result["pass@k"]["1"]["value"] == pytest.approx((1 / 2 + 0 + 0) / 3)
    assert result["pass@k"]["2"]["value"] == pytest.approx((1 + 0 + 0) / 3)
    assert "items without an answer, which count as wrong: 1" in result["notes"]
    (told,) = [note for note in result["notes"] if "left out" in note]
    assert told == (
        "items have 2 to 3 answers, and each counts with its own number: "
        "k = 3 is left out (items with 2 only: 2)"
    )
    assert "3 items (0 undecided, counted as not passed), 2 to 3 answers" in capsys.readouterr().out


def test_answers_made_elsewhere_stand_beside_a_model(tmp_path, tiny_model, capsys):
    """They have no temperature, and each had a table of its own."""
    cpp, cuda = forms.tokenised(tmp_path)
    board = tmp_path / "board.jsonl"
    corpus = ["--corpus", f"{cpp},{cuda}", "--leaderboard", board]
    asked = ["--model", tiny_model, "--allow-contaminated", "--max-new-tokens", "8", "--n", "2"]
    evaluated(tmp_path, *asked, *corpus)
    evaluated(tmp_path, "--predictions", cuda, *corpus)
    capsys.readouterr()
    assert main(["leaderboard", str(board)]) == 0
    told = capsys.readouterr().out
    assert told.count("| rank |") == 1
    assert "| rank | model | samples | temperature | pass@1 % |" in told
    assert f"| 1 | {cuda} | 1 | – | 66.7 |" in told and "| 2 | 0.8 | 0.0 |" in told


def test_what_asks_a_model_is_refused_beside_predictions(tmp_path, capsys):
    cpp, cuda = forms.tokenised(tmp_path)
    given = ["eval", "--predictions", cuda, "--corpus", f"{cpp},{cuda}"]
    for option, value in (("--n", "1"), ("--n", "5"), ("--temperature", "0")):
        said = refused(capsys, *given, option, value)
        assert said == (
            f"coevolve: {option} belongs to --model: '{cuda}' has the answers that it has; leave "
            f"{option} out"
        )
    assert "use --samples" in refused(capsys, "eval", tmp_path, "--n", "5")
    assert "--temperature belongs" in refused(capsys, "eval", tmp_path, "--temperature", "0")
    assert "--limit belongs to --corpus" in refused(capsys, "eval", tmp_path, "--limit", "5")


def test_no_stage_is_silent(tmp_path, monkeypatch, capsys):
    """A log heard nothing for 48 seconds while figures were computed."""
    import time

    from coevolve.cli import progress
    from coevolve.evaluation import items, result, scoring

    monkeypatch.setattr(progress, "FIRST_S", 0.05)

    def slow(module, name):
        own = getattr(module, name)

        def late(*arguments, **options):
            time.sleep(0.3)
            return own(*arguments, **options)

        monkeypatch.setattr(module, name, late)

    slow(items, "load_items")
    slow(result, "make_result")
    slow(scoring, "score_chunk")
    cpp, cuda = forms.tokenised(tmp_path)
    evaluated(tmp_path, "--predictions", cuda, "--corpus", f"{cpp},{cuda}")
    lines = capsys.readouterr().err.splitlines()
    starts = ("loading ", "executing answers", "computing figures and their intervals: ")
    assert all(any(line.startswith(start) for line in lines) for start in starts), lines


def test_execution_cases_are_scored_by_their_tests_and_by_strong_ones(tmp_path):
    cases = forms.execution_cases(tmp_path)
    path = tmp_path / "answers.jsonl"
    path.write_text(
        "".join(json.dumps({"id": i, "text": forms.CUDA_LINES[i]}) + "\n" for i in (0, 1))
    )
    result = evaluated(tmp_path, "--predictions", path, "--corpus", cases)
    assert result["pass@k"]["1"]["value"] == pytest.approx(0.5)
    weak = result["given_tests"]
    # `shift` is called with three elements and with two: neither test sees what the kernel does to
    # the fifth.
    assert weak["pass@k"]["1"]["value"] == 1.0 and weak["n_items"] == 2 and weak["n_tests"] == 4
    assert "the corpus's 5 test snippets gave 4 tests that hold for their source" in result["notes"]
    assert [i["given_tests"] for i in result["items"]] == [2, 2], (
        "a call with too many arguments is no test"
    )


def test_a_pareval_checkout_is_executed_and_its_oracle_cannot_be_called(tmp_path):
    root = forms.pareval(tmp_path)
    total = (
        "__global__ void total(const double *x, size_t N, double *sum) "
        "{ if (blockIdx.x + threadIdx.x == 0) { double s = 0; for (size_t i = 0; i < N; i++) s "
        "+= x[i]; *sum = s; } }"
    )
    cheat = (
        "double serial_total(const double *x, size_t N); double correctTotal(const double *x, "
        "size_t N);\n"
        "void total(const double *x, size_t N, double *sum) { *sum = serial_total(x, N); }"
    )
    path = tmp_path / "answers.jsonl"
    path.write_text(
        "".join(json.dumps({"id": "01_reduce_total", "text": t}) + "\n" for t in (total, cheat))
    )
    result = evaluated(tmp_path, "--predictions", path, "--corpus", root)
    item = result["items"][0]
    assert item["first_passed"] and item["passed"] == 1 and item["built"] == 1
    assert (
        result["by_kind"]["reduce"]["pass@k"]["2"]["value"] == 1.0
        and result["by_kind"]["transform"]["pass@k"]["2"]["value"] == 0.0
    )
    assert result["bleu"] is None and len(result["skipped"]) == 4


def test_speed_is_measured_for_right_openmp_answers(tmp_path):
    root = forms.pareval(tmp_path)
    head = "void halve(std::vector<double> &x) {\n"
    right = head + "#pragma omp parallel for\nfor (size_t i = 0; i < x.size(); i++) x[i] *= 0.5; }"
    wrong = head + "for (size_t i = 0; i < x.size(); i++) x[i] *= 0.25; }"
    path = tmp_path / "answers.jsonl"
    path.write_text(
        "".join(json.dumps({"id": "02_transform_halve", "text": t}) + "\n" for t in (right, wrong))
    )
    result = evaluated(
        tmp_path,
        "--predictions",
        path,
        "--corpus",
        root,
        "--direction",
        "cpp:openmp",
        "--speed",
        "--threads",
        "2",
    )
    item = next(i for i in result["items"] if i["id"] == "02_transform_halve")
    assert item["passed"] == 1 and item["speedups"][0] > 0 and item["speedups"][1] == 0.0
    rows = [i["speedups"] for i in result["items"] if i["speedups"] is not None]
    assert result["speedup@k"]["2"]["value"] == pytest.approx(sum(max(r) for r in rows) / len(rows))
    assert result["efficiency@k"]["1"]["value"] == pytest.approx(
        result["speedup@k"]["1"]["value"] / 2
    )


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory) -> Path:
    """A checkpoint that learnt the first line of the stand-in (and writes nothing sensible)."""
    from gpu_runtime.models.scratch import ScratchConfig, ScratchModel
    from translator.prompting.translate import DIRECTION_TAGS

    folder = tmp_path_factory.mktemp("model") / "translator"
    ScratchModel.create(
        ScratchConfig(layers=1, width=32, heads=2, kept_heads=2),
        list(forms.CPP_LINES),
        DIRECTION_TAGS,
    ).save(folder)
    renamed = forms.CPP_LINES[0].replace("scale", "product").replace(" a ", " factor ")
    Manifest.of(
        [Program("cpp", "product", renamed)], [Program("cpp", "rows", forms.CPP_LINES[2])]
    ).write(folder)
    return folder


def test_a_model_that_was_trained_on_an_item_is_refused_unless_that_is_allowed(
    tmp_path, tiny_model, capsys
):
    longest = ["--max-new-tokens", "24"]
    cpp, cuda = forms.tokenised(tmp_path)
    asked = ["--model", tiny_model, "--corpus", f"{cpp},{cuda}", "--backend", "emulated", *longest]
    said = refused(capsys, "eval", *asked)
    assert "trained on 1 of 3 items, first '1'" in said and "--allow-contaminated" in said
    assert "generated" not in said, "what equals a generated program by chance is no reason"
    answers = tmp_path / "answers.jsonl"
    result = evaluated(tmp_path, *asked, "--allow-contaminated", "--n", "2", "--answers", answers)
    assert "an answer ends after 24 tokens at most (--max-new-tokens)" in result["notes"]
    again = evaluated(tmp_path, "--predictions", answers, "--corpus", f"{cpp},{cuda}")
    assert [(i["id"], i["samples"], i["built"]) for i in again["items"]] == [
        (i["id"], i["samples"], i["built"]) for i in result["items"]
    ]
    assert result["contamination"]["items"] == [
        {"id": "1", "side": "source", "how": "equal", "similarity": 1.0}
    ]
    assert [i["id"] for i in result["contamination"]["by_chance"]] == ["3"] and result["unseen"][
        "n_scored"
    ] == 1
    assert (
        "CONTAMINATED, allowed" in capsys.readouterr().out
        and result["temperature"] == 0.8
        and result["samples"] == 2
    )
    (tiny_model / FILE_NAME).rename(tiny_model / "elsewhere")
    try:
        result = evaluated(tmp_path, *asked, "--limit", "1", "--tester", tiny_model)
        assert (
            "nothing is known" in result["contamination"]["summary"]
            and result["tester_tests_valid"] <= result["tester_tests"]
        )
    finally:
        (tiny_model / "elsewhere").rename(tiny_model / FILE_NAME)


def test_wrong_use_is_one_line(tmp_path, tiny_model, capsys):
    cpp, cuda = forms.tokenised(tmp_path)
    pair = f"{cpp},{cuda}"
    assert "--corpus" in refused(capsys, "eval")
    assert "--model" in refused(capsys, "eval", "--corpus", pair)
    assert "either RUN" in refused(capsys, "eval", tmp_path, "--corpus", pair)
    assert "belongs to --corpus" in refused(capsys, "eval", tmp_path, "--out", "x.json")
    assert "belongs to RUN" in refused(
        capsys, "eval", "--corpus", pair, "--model", tiny_model, "--checkpoint", "cold"
    )
    assert "use --n" in refused(
        capsys, "eval", "--corpus", pair, "--predictions", cuda, "--samples", "3"
    )
    assert "neither 'small'" in refused(capsys, "eval", "--model", "./nowhere", "--corpus", pair)
    assert "holds no translator" in refused(capsys, "eval", "--model", tmp_path, "--corpus", pair)
    assert "--n" in refused(capsys, "eval", "--model", tiny_model, "--corpus", pair, "--n", "0")
    assert "same answer" in refused(
        capsys,
        "eval",
        "--model",
        tiny_model,
        "--corpus",
        pair,
        "--n",
        "2",
        "--temperature",
        "0",
        "--allow-contaminated",
    )
    assert "cuad" in refused(
        capsys, "eval", "--predictions", cuda, "--corpus", pair, "--direction", "cpp:cuad"
    )
    assert "nowhere" in refused(capsys, "eval", "--predictions", "nowhere.jsonl", "--corpus", pair)
    assert "is a folder" in refused(
        capsys, "eval", "--predictions", cuda, "--corpus", pair, "--out", tmp_path
    )
    for option, place in (("--out", cuda), ("--out", cpp), ("--leaderboard", cuda)):
        assert f"{option} '{place}' is read by this very call" in refused(
            capsys, "eval", "--predictions", cuda, "--corpus", pair, option, place
        )
    assert "no result" in refused(capsys, "compare", cpp, cuda)
    assert "holds no run" in refused(capsys, "compare", tmp_path, tmp_path)
    assert "'a' does not exist; name a result of coevolve eval --out, or a run folder" in refused(
        capsys, "compare", "a", cuda
    )
    assert "'nope' does not exist" in refused(
        capsys, "eval", "--model", tiny_model, "--corpus", "nope"
    )
    assert "--max-new-tokens" in refused(
        capsys, "eval", "--model", tiny_model, "--corpus", pair, "--max-new-tokens", "0"
    )
    assert "belongs to a model" in refused(
        capsys, "eval", "--predictions", cuda, "--corpus", pair, "--max-new-tokens", "9"
    )
    assert "--max-new-tokens belongs to --corpus" in refused(
        capsys, "eval", tmp_path, "--max-new-tokens", "9"
    )


def test_compare_pairs_the_same_items(tmp_path, capsys):
    cpp, cuda = forms.tokenised(tmp_path)
    first = evaluated(tmp_path, "--predictions", cuda, "--corpus", f"{cpp},{cuda}")
    (tmp_path / "a.json").write_text(json.dumps(first))
    better = {
        **first,
        "items": [{**i, "passed": 1, "first_passed": True} for i in first["items"][1:]],
    }
    (tmp_path / "b.json").write_text(json.dumps(better))
    capsys.readouterr()
    assert main(["compare", str(tmp_path / "a.json"), str(tmp_path / "b.json"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["n_items"], found["unmatched"]) == (2, 1)
    assert found["figures"]["pass@1"]["difference"] == pytest.approx(0.5)
    assert found["figures"]["pass@1"]["n_items"] == 2
    assert found["first_answers"] == {"only_a": 0, "only_b": 1}
    assert found["figures"]["pass@1"]["test"] == "exact McNemar"
    assert main(["compare", str(tmp_path / "a.json"), str(tmp_path / "a.json")]) == 0
    assert "| pass@1 % | 3 | 66.7 | 66.7 | +0.0 |" in capsys.readouterr().out
    (tmp_path / "c.json").write_text(json.dumps({**first, "direction": "cpp:openmp"}))
    assert "nothing to pair" in refused(capsys, "compare", tmp_path / "a.json", tmp_path / "c.json")


def board_row(model: str, right: float, **other) -> dict:
    """A row as `eval --leaderboard` appends it."""
    made = {
        "model": model,
        "corpus": "builtin",
        "direction": "cpp:cuda",
        "samples": 1,
        "temperature": 0.0,
        "seed": 0,
        "backend": "emulated",
        "threads": 0,
        "limit": 0,
        "n_items": 40,
        "contaminated": 0,
        "pass@1": right,
        "pass@1 ci95": [right - 0.1, right + 0.1],
        "pass@1 n_items": 40,
        "bleu": 89.2,
        "bleu ci95": [89.2, 89.2],
        "bleu n_items": 1,
    }
    return made | other


def test_a_leaderboard_ranks_comparable_rows_only(tmp_path, capsys):
    """Six first items were ranked beside all of them, and a BLEU of one item had an interval. How a
    system was asked is a column.
    """
    board = tmp_path / "board.jsonl"
    old = {k: v for k, v in board_row("old", 0.9).items() if k not in ("limit", "threads")}
    rows = [
        board_row("a", 0.5),
        board_row("six", 1.0, limit=6, n_items=6),
        board_row("b", 0.75, contaminated=3),
        board_row("c", 0.5),
        board_row("timed", 0.6, threads=2, corpus="./builtin/"),
        board_row("elsewhere", 0.1, temperature=None, samples=3),
        board_row("device", 0.2, backend="cuda"),
        old,
    ]
    board.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["leaderboard", str(board)]) == 0
    told = capsys.readouterr().out
    assert told.count("| rank |") == 4 and "6 items (--limit 6)" in told
    assert "limit not known" in told
    first = told.split("\n\n**")[0]
    assert "| rank | model | samples | temperature | threads | pass@1 % | bleu |" in first
    assert (
        "| 1 | b (trained on 3 items) | 1 | 0.0 | 0 | 75.0 (65.0 to 85.0) | 89.2, 1 item |" in first
    )
    assert "| 2 | timed | 1 | 0.0 | 2 |" in first and "| 5 | elsewhere | 3 | – | 0 | 10.0" in first
    assert "| 3 | a |" in first and "| 3 | c |" in first and "six" not in first
    assert "samples 1, temperature 0.0" in told.split("\n\n**")[1]
    assert main(["leaderboard", str(board), "--json"]) == 0
    tables = json.loads(capsys.readouterr().out)
    assert [r["rank"] for r in tables[0]["rows"]] == [1, 2, 3, 3, 5] and tables[1]["limit"] == 6
    assert tables[0]["rows"][0]["pass@1"] == 0.75, "JSON has fractions"
    assert "does not exist" in refused(capsys, "leaderboard", tmp_path / "none.jsonl")
    board.write_text('{"model": "x"}\n')
    assert "line 1 is no row" in refused(capsys, "leaderboard", board)
    board.write_text("\n")
    assert "has no rows" in refused(capsys, "leaderboard", board)
    assert f"coevolve leaderboard {board}" in refused(capsys, "view", board)


def side(passed: list[int], samples: int = 1, codebleu: list | None = None) -> EvaluationSide:
    """An evaluation in which item k has passed[k] right answers among `samples`."""
    rows = {
        str(k): {
            "id": str(k),
            "name": f"f{k}",
            "samples": samples,
            **dict.fromkeys(("passed", "built", "compiled"), count),
            "first_passed": bool(count),
            "codebleu": codebleu[k] if codebleu else None,
        }
        for k, count in enumerate(passed)
    }
    return EvaluationSide("x", "cpp:cuda", rows)


def test_few_items_give_no_interval_and_no_p_of_a_bootstrap():
    """One item with a reference was compared with p = 0.001, and six with p = 0.03 beside 0.25."""
    a = side([1, 1, 1, 0, 0, 0], codebleu=[0.9, *[None] * 5])
    b = side([0, 0, 0, 0, 0, 0], codebleu=[1.0, *[None] * 5])
    found = compare_sides(a, b)
    likeness, right = found.figures["codebleu"], found.figures["passed"]
    assert (likeness.items, likeness.ci95, likeness.p, likeness.test) == (1, None, None, "")
    assert (right.items, right.ci95, right.p, right.test) == (6, None, 0.25, "exact McNemar")
    text = format_comparison(a, b, found)
    assert "| pass@1 % | 6 | 50.0 | 0.0 | -50.0 | – | 0.25 | exact McNemar |" in text
    assert "| CodeBLEU (mean of items) | 1 | 90.0 | 100.0 | +10.0 | – | – | – |" in text
    assert text.count("below 10 items") == 1


def test_single_answers_have_the_exact_p_and_several_the_bootstraps():
    many = [1, 0] * 10
    found = compare_sides(side(many), side([1] * 20))
    right = found.figures["passed"]
    assert right.test == "exact McNemar" and right.ci95 is not None
    assert right.p == compute_mcnemar_p(0, 10)
    a, b = side([2, 0] * 10, 2), side([2] * 20, 2)
    found = compare_sides(a, b)
    assert found.figures["passed"].test == "paired bootstrap" and found.figures["passed"].p < 0.05
    # McNemar's of the first answers stood below it, with another p.
    text = format_comparison(a, b, found)
    (line,) = [line for line in text.splitlines() if line.startswith("| pass@1 % |")]
    assert line.endswith(f"| {found.figures['passed'].p:.3g} | paired bootstrap |")
    assert "McNemar" not in text and "p =" not in text
    assert "First answers: 0 items pass with A only, 10 with B only" in text
    same = compare_sides(side([1] * 20, 2), side([2] * 20, 2)).figures["passed"]
    assert (same.ci95, same.p) == (None, None), "twenty equal differences say nothing of chance"


def test_runs_are_compared_by_their_last_evaluated_round(tiny, tmp_path, capsys):
    """On the programs that both held out; a run of before there were figures by item says so."""
    from coevolve.config.schema import format_toml
    from coevolve.loop.run_folder import RunFolder, write_json

    row = {"name": "f", "samples": 4, "passed": 1, "built": 2, "compiled": 2, "first_passed": False}
    for name, passed in (("a", 1), ("b", 3)):
        folder = RunFolder(tmp_path / name)
        write_json(folder.round(0).evaluation, {"items": [{**row, "id": "other", "passed": 0}]})
        write_json(
            folder.round(1).evaluation,
            {"items": [{**row, "id": i, "passed": passed} for i in ("x", "y")]},
        )
        folder.config.write_text(format_toml(tiny))
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    printed = capsys.readouterr().out
    assert (
        "(round 1)" in printed
        and "2 items in both; 0 of one side" in printed
        and "| pass@1 % | 2 | 25.0 | 75.0 | +50.0 | – | – | – |" in printed
    )
    write_json(RunFolder(tmp_path / "b").round(1).evaluation, {"bleu": 1.0})
    assert "older version" in refused(capsys, "compare", tmp_path / "a", tmp_path / "b")


def test_decontaminate_names_copies_and_writes_the_rest(tmp_path, capsys):
    cpp, cuda = forms.tokenised(tmp_path)
    corpus, clean = tmp_path / "train.jsonl", tmp_path / "clean.jsonl"
    renamed = forms.CPP_LINES[1].replace(" v ", " data ").replace("shift", "add_to")
    near = forms.CPP_LINES[2].replace("s [ i ] += m", "s [ i ] -= m")
    own = (
        "void own(int *x, int n) { for (int i = 1; i < n; i++) if (x[i] > x[i - 1]) x[i] = "
        "x[i - 1]; }"
    )
    corpus.write_text(
        "".join(
            json.dumps({"dialect": "cpp", "text": t}) + "\n"
            for t in (forms.CPP_LINES[0].replace(" ", "  "), renamed, near, own)
        )
    )
    assert (
        main(
            [
                "decontaminate",
                str(corpus),
                "--against",
                f"{cpp},{cuda}",
                "--out",
                str(clean),
                "--json",
            ]
        )
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert (
        found["counts"] == {"equal text": 1, "equal tokens": 1, "near-duplicate": 1}
        and found["n_programs"] == 4
    )
    assert [json.loads(line)["name"] for line in clean.read_text().splitlines()] == ["own"]
    for spec in (str(corpus), f"{corpus}#text"):
        assert "is read by this very call" in refused(
            capsys, "decontaminate", spec, "--against", f"{cpp},{cuda}", "--out", corpus
        )
    assert main(["decontaminate", str(clean), "--against", f"{cpp},{cuda}"]) == 0
    assert "0 must not be trained on" in capsys.readouterr().out


def test_models_are_found_by_every_name(tmp_path, tiny_model):
    from coevolve.named_models import resolve_model

    assert (
        resolve_model(str(tiny_model), "translator").location
        == resolve_model(str(tiny_model.parent), "translator").location
    )
    for place in ("cold", "round-1"):
        (tmp_path / place / "translator").mkdir(parents=True)
        (tmp_path / place / "translator" / "config.json").write_text("{}")
    assert (
        resolve_model(str(tmp_path), "translator").folder
        == (tmp_path / "round-1" / "translator").resolve()
    )
    there = resolve_model("some-model@http://127.0.0.1:1/v1", "translator")
    assert (there.kind, there.location, there.options.endpoint.url, there.folder) == (
        "openai",
        "some-model",
        "http://127.0.0.1:1/v1",
        None,
    )
    assert resolve_model("owner/name", "tester").kind == "pretrained"
    with pytest.raises(ValueError, match="NAME@URL"):
        resolve_model("http://127.0.0.1:1/v1", "translator")


def test_an_answer_of_one_thread_passes_and_is_told_apart(tmp_path, capsys):
    """A running sum has to be one thread's work, a scaled copy has not."""
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "a.cpp").write_text(
        "void running(int n, const int *x, int *y) { int s = 0; for (int i = 0; i < n; i++) { "
        "s += x[i]; y[i] = s; } }\n"
    )
    (sources / "b.cpp").write_text(
        "void twice(int n, const int *x, int *y) { for (int i = 0; i < n; i++) y[i] = 2 * x[i]; }\n"
    )
    head, at = "(int n, const int *x, int *y) {", "blockIdx.x * blockDim.x + threadIdx.x"
    answers = [
        f"__global__ void running{head} if ({at} == 0) {{ int s = 0; for (int i = 0; i < n; "
        f"i++) {{ s += x[i]; y[i] = s; }} }} }}",
        f"__global__ void twice{head} int i = {at}; if (i < n) y[i] = 2 * x[i]; }}",
    ]
    predictions = tmp_path / "answers.jsonl"
    predictions.write_text(
        "".join(json.dumps({"index": k, "text": text}) + "\n" for k, text in enumerate(answers))
    )
    result = evaluated(
        tmp_path, "--predictions", predictions, "--corpus", sources, "--direction", "cpp:cuda"
    )
    assert [(i["passed"], i["serial"]) for i in result["items"]] == [(1, 1), (1, 0)]
    assert result["pass@k"]["1"]["value"] == 1.0 and result["parallel_pass@k"]["1"]["value"] == 0.5
    assert "| parallel_pass@1 % | 50.0 |" in capsys.readouterr().out


def test_a_direction_that_the_shipped_model_was_not_taught_is_named(tmp_path):
    """Its figures looked like those of any other direction."""
    (tmp_path / "one.cpp").write_text(
        "void scale(int n, float *x) { for (int i = 0; i < n; ++i) x[i] = 2 * x[i]; }"
    )
    results = [
        evaluated(
            tmp_path,
            "--model",
            "small",
            "--corpus",
            tmp_path,
            "--direction",
            way,
            "--max-new-tokens",
            "8",
        )
        for way in ("cpp:fortran", "cpp:cuda")
    ]
    assert [
        any("small was not taught cpp:fortran" in note for note in r["notes"]) for r in results
    ] == [True, False]
    # "like one of the 0 real programs" read like a bug
    assert "no real programs, only" in results[0]["contamination"]["summary"]


def test_a_runs_figures_have_intervals():
    """By hand: 8 of 20 answers are right, and 8 of 10 programs have a right one."""
    items = [{"samples": 2, "passed": int(k < 8)} for k in range(10)]
    figures = {"pass@1": 40.0, "pass@2": 80.0, "programs": 10, "bleu": None, "items": items}
    title, *lines = format_figures(figures, "checkpoint of round 1").splitlines()
    assert title == "checkpoint of round 1"
    assert [" ".join(line.split()) for line in lines][2:] == ["programs 10", "bleu None"]
    for line, value in zip(lines, (40.0, 80.0)):
        low, high = map(float, re.search(r"95 %: ([\d.]+) to ([\d.]+)", line).groups())
        assert low < value < high, line
    alike = figures | {"items": [{"samples": 2, "passed": 2}] * 10}
    assert "95 %" not in format_figures(alike, ""), "nothing varies"
    several = {"pass@1": 40.0, "directions": {"cpp:cuda": figures}}
    assert "cpp:cuda" in format_figures(several, "")
