"""`coevolve plan`: what it says is what the model would be, and it needs neither weights nor
network.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from coevolve.cli.errors import UserError
from coevolve.cli.main import main
from coevolve.cli.plan import (
    Cluster,
    count_pretraining_examples,
    estimate_tester_work,
    estimate_translator_work,
    explain_fit,
    find_shape,
    format_plan,
)
from coevolve.config.schema import format_toml, load, parse
from coevolve.loop.actors import require_gpus
from coevolve.loop.rounds import describe_run
from coevolve.loop.run_corpus import RunCorpus, build_corpus
from coevolve.loop.services import TranslatorService
from corpora.records import Program
from gpu_runtime.models.sizes import MACHINES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("name", "size"), [("qwen", "7,615.6 M"), ("llama", "8,030.3 M")])
def test_the_papers_settings_are_planned_without_weights(
    name: str, size: str, source_folder: Path, capsys
) -> None:
    config = load(ROOT / "configs" / f"{name}.toml")
    rounds, sampling = config.round, config.evaluate
    assert (rounds.count, rounds.epochs, rounds.learning_rate, rounds.temperature) == (
        4,
        3.0,
        1e-5,
        1.0,
    )
    assert (config.model.max_new_tokens, config.round.learn, sampling.pass_at[0]) == (
        2048,
        "back",
        1,
    )
    here = [
        "--set",
        f"corpus.source={source_folder}",
        "--set",
        "corpus.target=",
        "--set",
        "corpus.aligned=false",
        "--set",
        "round.learn=forward",
    ]
    assert main(["plan", str(ROOT / "configs" / f"{name}.toml"), *here, "--machine", "h100"]) == 0
    text = capsys.readouterr().out
    assert size in text and "table of public shapes" in text and "on H100" in text
    memory = {
        m[1]: float(m[2]) for m in re.finditer(r"train (\w+), [\d]+ tokens at once +([\d.]+)", text)
    }
    assert (
        memory["full"] > 110 > memory["lora"] > memory["qlora"] > 4
    )  # 16 bytes a parameter; 2; half of one
    assert "* train full" in text and "GB (estimate)" in text and "example" not in text
    assert main(["plan", str(ROOT / "configs" / f"{name}.toml"), *here]) == 0
    text = capsys.readouterr().out
    assert "on 2 CPU cores" in text and "on A100" in text and "\nexamples     both" in text
    on_cpu, on_gpu = map(float, re.findall(r"(?m)^hours +about ([\d.]+)", text))
    assert on_cpu > 10 * on_gpu


def test_a_scratch_model_is_planned_as_it_is_made(tiny, tmp_path: Path) -> None:
    service = TranslatorService(tiny)
    service.cold_start((), str(tmp_path / "cold"))
    model = service.checkpoints.model(str(tmp_path / "cold"))
    shape = find_shape(tiny)
    true = replace(shape, vocabulary=len(model._tokenizer))
    assert true.parameters == model.parameters
    text = format_plan(tiny, build_corpus(tiny), MACHINES["cpu"])
    assert "vocabulary estimated" in text and "2 CPU cores" in text and "lora" not in text


def test_what_begins_with_an_export_is_planned_by_its_translator(tiny, tmp_path: Path) -> None:
    shape = {
        "num_hidden_layers": 3,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_attention_heads": 4,
        "vocab_size": 500,
    }
    (tmp_path / "translator").mkdir()
    (tmp_path / "translator" / "config.json").write_text(json.dumps(shape))
    found = find_shape(
        replace(tiny, model=replace(tiny.model, backend="pretrained", name_or_path=str(tmp_path)))
    )
    assert (found.layers, found.width, found.vocabulary) == (3, 64, 500)


def test_an_endpoint_has_a_bill_and_no_memory(tiny) -> None:
    model = replace(
        tiny.model,
        backend="openai",
        name_or_path="m",
        endpoint="http://x/v1",
        prices=(1000.0, 2000.0),
    )
    text = format_plan(replace(tiny, model=model), build_corpus(tiny), MACHINES["a100"])
    assert "nothing is trained" in text and "cost about" in text and "GiB" not in text
    assert "set model.prices" in format_plan(
        replace(tiny, model=replace(model, prices=(0.0, 0.0))), build_corpus(tiny), MACHINES["a100"]
    )


def test_a_model_of_unknown_size_is_one_line(tiny, tmp_path: Path, capsys) -> None:
    model = replace(tiny.model, backend="pretrained", name_or_path="someone/thing")
    (tmp_path / "c.toml").write_text(format_toml(replace(tiny, model=model)))
    assert main(["plan", str(tmp_path / "c.toml")]) == 2
    error = capsys.readouterr().err
    assert "someone/thing' is not known here" in error and error.count("\n") == 1


def test_the_ladder_is_learning_too(tiny) -> None:
    climbing = replace(
        tiny,
        ladder=replace(tiny.ladder, steps=("mlm", "bt"), examples=50, epochs=2.0, translated=10),
    )
    assert (
        count_pretraining_examples(tiny) == 0
        and count_pretraining_examples(climbing) == 2 * 2 * 50 + 4 * 10
    )
    assert (
        estimate_translator_work(climbing, build_corpus(tiny)).cold_tokens
        > estimate_translator_work(tiny, build_corpus(tiny)).cold_tokens
    )
    assert "ladder of mlm, bt" in describe_run(climbing) and "ladder of" not in describe_run(tiny)


def test_tokens_and_answers_are_those_counted_by_hand() -> None:
    """Ten programs of 32 characters, 11 tokens each, and four held out; a pair has 22 tokens, a
    program with its tests 171.
    """
    programs = [Program("cpp", f"f{k}", f"{k:032d}") for k in range(14)]
    corpus = RunCorpus(tuple(programs[:10]), (), tuple(programs[10:]), {})
    cold = {"generated": 100, "suites": 40, "directions": ["cuda:cpp"]}
    rounds = {
        "count": 3,
        "samples": 4,
        "replay": 3,
        "epochs": 2,
        "learn": "both",
    }
    table = {
        "cold_start": cold,
        "round": rounds,
        "evaluate": {"samples": 10},
        "verify": {"workers": 3},
        "settings": {"cold_start.beside": 0.5, "round.suites": 2, "round.per_source": 2},
    }
    config = parse(table, "t")
    work, asked = estimate_translator_work(config, corpus), estimate_tester_work(config, corpus)
    assert (work.prompt, work.answer, asked.prompt, asked.answer) == (11, 11, 11, 160)
    assert work.cold_tokens == 150 * 22 and asked.cold_tokens == 40 * 171
    # Two of each source's translations, there and back, and three generated pairs for each with
    # half as many beside.
    assert work.learnt_per_round == 20 * (2 + 4.5) * 22 * 2
    # Suites of one, two and three rounds, each with three generated ones.
    assert asked.learnt_per_round == 10 * 2 * 4 * 171 * 2
    assert (work.answers(3), asked.answers(3)) == (3 * 40 + 4 * 40, 3 * 20 + 4 * 4)
    assert "280 candidates in all, and 76 answers of the Tester" in format_plan(
        config, corpus, MACHINES["cpu"]
    )
    alone = estimate_translator_work(
        replace(config, cold_start=replace(config.cold_start, directions=())), corpus
    )
    assert alone.cold_tokens == 100 * 22 and alone.learnt_per_round == 20 * (2 + 3) * 22 * 2
    for learn, lessons in (("forward", 20 * 5.5), ("dpo", 40), ("grpo", 40)):
        found = estimate_translator_work(
            replace(config, round=replace(config.round, learn=learn)), corpus
        )
        assert found.learnt_per_round == lessons * 22 * 2
    assert (
        estimate_translator_work(
            replace(config, round=replace(config.round, freeze="translator")), corpus
        ).learnt_per_round
        == 0
    )
    assert (
        estimate_tester_work(
            replace(config, round=replace(config.round, freeze="tester", experience="replace")),
            corpus,
        ).learnt_per_round
        == 0
    )


def test_the_gpus_that_a_run_asks_for_are_printed(tiny) -> None:
    shared = replace(
        tiny,
        resources=replace(tiny.resources, model_gpus=2.0, verifier_gpus=0.5),
        verify=replace(tiny.verify, workers=3),
    )
    assert "GPUs         5.5 asked of Ray (models 4, verifiers 1.5, trainers 0)" in format_plan(
        shared, build_corpus(tiny), MACHINES["cpu"]
    )
    assert (
        "GPUs         0 asked of Ray (models 0, verifiers 0, trainers 0); models then use"
        in format_plan(tiny, build_corpus(tiny), MACHINES["cpu"])
    )


@pytest.mark.parametrize(
    ("asked", "cluster", "fits", "words"),
    [
        ({}, Cluster(), None, "not said: give --gpus and --cpus"),
        ({}, Cluster(cpus=4), True, "fits: needs 0 GPUs, 0 given; 4 verifiers on 4 CPUs"),
        ({}, Cluster(3, 0, 4), True, "12 verifiers on 12 CPUs"),
        ({"model_gpus": 2.0}, Cluster(1, 4, 8), True, "fits: needs 4 GPUs, 4 given; "),
        ({"model_gpus": 2.0}, Cluster(1, 3, 8), False, "does not fit: needs 4 GPUs, 3 given"),
        ({"model_gpus": 2.0}, Cluster(4, 1), False, "needs 2 GPUs of one node for each of 2"),
        ({"verifier_gpus": 0.5}, Cluster(2, 1, 8), False, "needs 8 GPUs, 2 given (verifiers 8)"),
        ({"verifier_gpus": 0.125}, Cluster(2, 1, 8), True, "fits: needs 2 GPUs, 2 given"),
    ],
)
def test_whether_a_run_fits_is_said(tiny, asked, cluster, fits, words) -> None:
    config = replace(tiny, resources=replace(tiny.resources, **asked))
    config = replace(config, verify=replace(config.verify, workers=0))
    found = explain_fit(config, cluster)
    assert found.fits is fits and words in found.text and "\n" not in found.text
    lines = format_plan(config, build_corpus(config), MACHINES["cpu"], cluster).splitlines()
    assert f"cluster      {found.text}" in lines


def test_a_run_that_starts_agrees_with_its_plan(tiny) -> None:
    for gpus, verifier_gpus in ((2.0, 0.0), (1.0, 0.25), (0.0, 1.0), (3.0, 0.5)):
        wanted = replace(tiny.resources, model_gpus=gpus, verifier_gpus=verifier_gpus)
        config = replace(tiny, resources=wanted, verify=replace(tiny.verify, workers=4))
        for given in range(9):
            fits = explain_fit(config, Cluster(1, given, 4)).fits
            try:
                require_gpus(config, 4, given)
            except UserError:
                assert not fits
            else:
                assert fits


def test_the_clusters_cpus_are_planned_for_and_not_this_machines(tiny, tmp_path, capsys) -> None:
    file = tmp_path / "c.toml"
    file.write_text(format_toml(replace(tiny, verify=replace(tiny.verify, workers=0))))
    assert main(["plan", str(file), "--nodes", "3", "--cpus", "40", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (line,) = [each for each in told if each["about"] == "cluster"]
    assert line["fits"] is True and "120 verifiers on 120 CPUs" in line["text"]
    assert "120 verifiers (verifying" in told[-2]["text"]
    assert main(["plan", str(file)]) == 0
    assert "one per CPU of this machine (--cpus)" in capsys.readouterr().out
    assert main(["plan", str(file), "--gpus", "-1"]) == 2
    assert capsys.readouterr().err == "coevolve: --gpus -1: give at least 0\n"


@pytest.mark.parametrize("name", ["qwen", "llama"])
def test_the_configurations_that_the_readme_names_need_no_other_folder(
    name, tmp_path, monkeypatch, capsys
):
    """A fresh clone has no data beside it."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    monkeypatch.chdir(tmp_path)
    assert main(["plan", f"configs/{name}.toml"]) == 0
    assert "disk " in capsys.readouterr().out


def test_a_corpus_that_is_not_there_is_named_with_its_configuration(tmp_path, capsys):
    path = tmp_path / "c.toml"
    path.write_text('[corpus]\nsource = "nowhere.tok"\n')
    assert main(["plan", str(path)]) == 2
    said = capsys.readouterr().err
    assert (
        said.startswith(f"coevolve: [corpus] of {path}: 'nowhere.tok' does not exist")
        and "--set corpus.source=PATH" in said
        and said.count("\n") == 1
    )
