"""Runs in several directions: one corpus and one split for all, one Translator or one each, figures
by direction.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from mixed_run import SMALL, WAYS, list_corpus, names

from coevolve.cli.errors import UserError
from coevolve.cli.export import export_run
from coevolve.cli.main import main
from coevolve.config.schema import ConfigError, format_toml, load, parse
from coevolve.evaluation.evaluate import evaluate_round, prepare_evaluation
from coevolve.loop import stages
from coevolve.loop.directions import find_translator, list_translators
from coevolve.loop.rounds import run
from coevolve.loop.run_corpus import RunCorpus, build_corpus, load_stored_corpus, open_corpus
from coevolve.loop.run_folder import RunFolder, read_json
from coevolve.loop.services import TesterService, TranslatorService, make_verifier
from coevolve.loop.workers import FixedPool, LocalWorker, RunWorkers
from coevolve.named_models import resolve_model
from coevolve.report.page import collect_figures, make_table, write_report
from corpora import builtin
from corpora.records import Candidate, Triplet, UnitTestSuite
from corpora.store import read_jsonl
from translator.prompting.translate import Translator


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"direction": []}, ("'direction'", "empty list")),
        ({"direction": ["cpp:cuda", "cpp:cuda"]}, ("cpp:cuda", "twice")),
        ({"direction": ["cpp:cuda", "cpp:cudaa"]}, ("did you mean 'cuda'",)),
        ({"direction": ["cpp:cuda", 3]}, ("'direction'", "3")),
        (
            {"direction": WAYS, "corpus": {"source": ["builtin"] * 3}},
            ("corpus.source", "3 entries for 2 directions"),
        ),
        (
            {"direction": "cpp:cuda", "corpus": {"target": ["", ""]}},
            ("corpus.target", "2 entries for 1 direction;"),
        ),
        ({"direction": WAYS, "corpus": {"aligned": [True, 1]}}, ("corpus.aligned", "bool")),
        ({"direction": WAYS, "corpus": {"source": ["builtin", " "]}}, ("corpus.source", "empty")),
        ({"settings": {"round.translators": "both"}}, ("round.translators", "one, each")),
    ],
)
def test_wrong_lists_are_one_line(table, words):
    with pytest.raises(ConfigError) as caught:
        parse(table, "run.toml")
    assert str(caught.value).startswith("run.toml") and "\n" not in str(caught.value)
    assert all(word in str(caught.value) for word in words), caught.value


def test_lists_survive_the_file_and_a_list_of_one_is_one(tmp_path):
    table = {
        "direction": WAYS,
        "corpus": {"source": ["builtin", "a b"], "aligned": [False, True], "target": ["", "x"]},
    }
    config = parse(table, "t")
    (tmp_path / "c.toml").write_text(format_toml(config))
    assert load(tmp_path / "c.toml") == config
    assert parse({"direction": ["cpp:cuda"], "corpus": {"source": ["builtin"]}}, "t") == parse(
        {}, "t"
    )
    assert load(
        tmp_path / "c.toml",
        ("direction=cpp:cuda", "corpus.source=builtin", "corpus.target=", "corpus.aligned=false"),
    ) == parse({}, "t")


def test_which_translator_serves_what():
    each = parse(
        {"direction": ["cpp:cuda", "fortran:cuda"], "settings": {"round.translators": "each"}}, "t"
    )
    assert [s.name for s in list_translators(each)] == [
        "translator-cpp-cuda",
        "translator-fortran-cuda",
    ]
    assert (
        find_translator(each, "cuda:fortran").directions == ("fortran:cuda",)
        and find_translator(each, "cpp:cuda").name == "translator-cpp-cuda"
    )
    one = replace(each, round=replace(each.round, translators="one"))
    assert [s.name for s in list_translators(one)] == ["translator"] and find_translator(
        one, "cuda:fortran"
    ).name == "translator"
    single = parse({"settings": {"round.translators": "each"}}, "t")
    assert [s.name for s in list_translators(single)] == ["translator"]


def test_generated_lessons_are_shared_out(mixed):
    from coevolve.loop.directions import compute_share
    from corpora.splits import EvaluationGuard

    def tags(config, ways, count):
        found = TranslatorService(config)._generated_examples(
            Translator(None), count, 0, EvaluationGuard([]), ways
        )
        return [e.prompt.split()[0] for e in found]

    assert sorted(tags(mixed, (), 21)) == ["<cpp:openmp>"] * 11 + ["<fortran:openmp-fortran>"] * 10
    assert tags(mixed, ("fortran:openmp-fortran",), 7) == ["<fortran:openmp-fortran>"] * 7
    assert [compute_share(mixed, (way,), 21) for way in WAYS] == [11, 10]


@pytest.mark.slow
def test_a_run_in_two_directions_resumes_and_tells_them_apart(short, tmp_path, monkeypatch, capsys):
    """One Translator: all files of an interrupted and resumed run are those of a whole one, and
    each figure has its direction.
    """
    other = replace(short, run_dir=str(tmp_path / "other"))
    whole = RunFolder(run(short, use_ray=False))
    stopped = stages.train_translators
    monkeypatch.setattr(
        stages, "train_translators", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt())
    )
    with pytest.raises(KeyboardInterrupt):
        run(other, use_ray=False)
    resumed = RunFolder(other.run_dir)
    resumed.round(1).verdicts.unlink()  # verified again from the proposals
    monkeypatch.setattr(stages, "train_translators", stopped)
    capsys.readouterr()
    run(other, use_ray=False)
    for path in [
        p
        for p in sorted(whole.root.rglob("*.json*"))
        if p.name != "timings.jsonl" and "report" not in p.name
    ]:
        assert path.read_bytes() == (resumed.root / path.relative_to(whole.root)).read_bytes(), path
    assert (
        not list(whole.root.glob("*/translator-*"))
        and (whole.export / "translator/README.md").read_text().count("fortran:openmp-fortran") > 1
    )

    corpus = load_stored_corpus(whole)
    built = build_corpus(short)
    assert list_corpus(corpus) == list_corpus(built)
    assert [str(way) for way, _ in corpus.by_direction(short)] == WAYS
    for config in (short, replace(short, direction=("cpp:openmp", "openmp:cpp"))):
        assert [(w, list(side)) for w, side in corpus.sides(config)] == [
            (w, list(side)) for w, side in built.sides(config)
        ]
    assert list(corpus.training(short)) == list(built.training(short))
    suites = [s.program_id for s in read_jsonl(whole.round(1).suites, UnitTestSuite)]
    assert len(set(suites)) == len(suites) == len(corpus.training_source)
    proposed = [c.direction for c in read_jsonl(whole.round(1).proposals, Candidate)]
    assert set(proposed) == set(WAYS)
    measured = read_json(whole.round(1).evaluation)
    assert set(measured["directions"]) == set(WAYS) and measured["programs"] == sum(
        e["programs"] for e in measured["directions"].values()
    )
    header, rows = make_table(whole, short)
    assert [cells[1] for cells in rows] == ["all", *WAYS] * 2
    assert sum(int(cells[2]) for cells in rows[4:]) == int(rows[3][2]) == len(proposed)
    assert (
        rows[4][header.index("CodeBLEU")] == rows[5][header.index("CodeBLEU")] == "–"
    )  # no references here
    assert "fortran:openmp-fortran" in capsys.readouterr().out
    assert main(["eval", str(whole.root), "--samples", "1", "--local"]) == 0
    shown = capsys.readouterr().out
    assert (
        shown.startswith(f"checkpoint {whole.round(1).translator}\n")
        and all(f"\n{way}\npass@1 " in shown for way in WAYS)
        and "items" not in shown
    )


class Knowing(TranslatorService):
    """Right in C++ from every second answer on, in Fortran never; notes which checkpoint was asked
    for what.
    """

    def propose(self, checkpoint, programs, way, sampling):
        self.asked = getattr(self, "asked", set()) | {(Path(checkpoint).name, way)}
        found = []
        for program in programs:
            pragma = program.text.replace("{ for", "{\n#pragma omp parallel for\nfor")
            found += [
                Candidate(program.id, way, text, sample=k)
                for k, text in enumerate(("nothing", pragma)[: sampling.n])
            ]
        return found


@pytest.mark.slow
def test_one_translator_each_learns_and_is_asked_for_its_own_direction(short, tmp_path, capsys):
    config = replace(short, round=replace(short.round, translators="each"))
    folder, verifier = RunFolder(config.run_dir), make_verifier(config)
    knowing = Knowing(config)
    this = stages.Run(
        config,
        folder,
        open_corpus(config, folder),
        RunWorkers(
            FixedPool(LocalWorker(knowing)),
            FixedPool(LocalWorker(TesterService(config))),
            FixedPool(LocalWorker(verifier)),
        ),
    )
    try:
        prepare_evaluation(this)
        stages.run_cold_start(this)
        for number in (0, 1):
            if number:
                stages.make_suites(this, 1)
                stages.propose_and_verify(this, 1)
                stages.keep_triplets(this, 1)
                stages.train_models(this, 1)
            evaluate_round(this, number)
    finally:
        verifier.engine.close()
    cpp, fortran = "translator-cpp-openmp", "translator-fortran-openmp-fortran"
    assert knowing.asked == {(cpp, "cpp:openmp"), (fortran, "fortran:openmp-fortran")}
    assert not (folder.round(1).folder / "translator").exists()
    triplets = list(read_jsonl(folder.round(1).triplets, Triplet))
    assert names(t.source for t in triplets) == names(this.corpus.parts[0].training_source) and {
        t.direction for t in triplets
    } == {"cpp:openmp"}
    weights = {
        name: [(folder.round(n).folder / name / "model.safetensors").read_bytes() for n in (0, 1)]
        for name in (cpp, fortran)
    }
    assert (
        weights[cpp][0] != weights[cpp][1] and weights[fortran][0] == weights[fortran][1]
    )  # nothing was kept to learn from
    measured = read_json(folder.round(1).evaluation)["directions"]
    assert measured["cpp:openmp"]["pass@1"] == 50.0 and measured["cpp:openmp"]["pass@2"] == 100.0
    assert measured["fortran:openmp-fortran"]["pass@2"] == 0.0

    assert {p.name for p in export_run(folder.root).iterdir()} == {
        cpp,
        fortran,
        "tester",
        "README.md",
        "pairs.parquet",
    }
    (row,) = [r for r in collect_figures(folder, config) if r.number]
    assert (
        row.parts["cpp:openmp"].kept == row.kept == len(triplets)
        and row.parts["fortran:openmp-fortran"].kept == 0
    )
    page = write_report(folder.root).read_text()
    assert "cpp:openmp" in page and "fortran:openmp-fortran" in page
    assert main(["directions", "--runs", str(folder.root)]) == 0
    lines = [
        line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")
    ]
    assert [line[0] for line in lines[2:]] == ["| cpp:openmp", "| fortran:openmp-fortran"]
    assert [line[3] for line in lines[2:]] == [str(len(triplets)), "0"] and lines[2][7].startswith(
        "50.0 → 50.0"
    )
    for name in (folder.root, folder.export):
        assert [
            Path(resolve_model(str(name), "translator", way).location).name
            for way in ("cpp:openmp", "openmp-fortran:fortran")
        ] == [cpp, fortran]
    with pytest.raises(UserError, match="holds no translator"):
        resolve_model(str(folder.root), "translator", "cpp:cuda")
    assert main(["compare", str(folder.root), str(folder.root), "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)["directions"]) == [*WAYS, "all directions"]


def test_scalars_watch_and_plan_tell_the_directions_apart(tmp_path):
    """On a made-up finished run, without models."""
    from rich.console import Console

    from coevolve.cli.plan import format_plan
    from coevolve.cli.watch import RunView
    from coevolve.report.direction_table import format_markdown, make_rows
    from coevolve.report.scalars import list_scalars
    from gpu_runtime.models.sizes import MACHINES

    config = replace(parse({**SMALL, "corpus": {"source": "builtin"}}, "t"), run_dir=str(tmp_path))
    folder = RunFolder(tmp_path)
    folder.config.write_text(format_toml(config))
    corpus = open_corpus(config, folder)
    items = {
        way: [{"passed": int(i < right), "samples": 1} for i in range(4)]
        for way, right in zip(WAYS, (1, 3))
    }
    rows = {
        way: {
            "programs": 4,
            "pass@1": share,
            "bleu": None,
            "compile_rate": 50.0,
            "items": items[way],
        }
        for way, share in zip(WAYS, (25.0, 75.0))
    }
    folder.round(0).folder.mkdir()
    folder.round(0).evaluation.write_text(
        json.dumps({"directions": rows, "pass@1": 50.0, "programs": 8})
    )
    assert [row.change for row in make_rows(tmp_path)] == [None, None]  # nothing to compare with
    assert "| 25.0 → 25.0 | – |" in format_markdown(make_rows(tmp_path))
    found = dict(list_scalars(collect_figures(folder, config)[0]))
    assert (
        found["translator/pass@1"] == 50.0
        and found["translator/fortran-to-openmp-fortran/pass@1"] == 75.0
    )
    console = Console(width=160, record=True, file=open("/dev/null", "w"))
    console.print(RunView(folder, config).frame(False))
    assert "fortran:openmp-fortran" in console.export_text()
    said = format_plan(config, corpus, MACHINES["cpu"])
    assert (
        f"{sum(len(part.training_source) for part in corpus.parts)} programs to translate" in said
    )


def test_a_run_of_one_direction_is_laid_out_as_ever(short):
    config = replace(short, direction="cpp:openmp")
    folder = RunFolder(run(config, use_ray=False))
    held = json.loads(folder.split.read_text())
    assert set(held) == {
        "training_source",
        "training_target",
        "evaluation",
        "references",
        "held_back",
    }
    assert 'direction = "cpp:openmp"\n' in folder.config.read_text()
    assert (
        folder.round(1).translator / "model.safetensors"
    ).is_file() and "directions" not in read_json(folder.round(1).evaluation)
    assert isinstance(build_corpus(config), RunCorpus) and not build_corpus(config).parts
    assert (
        make_table(folder, config)[0][:3] == ["round", "candidates", "compiled"]
        and len(make_table(folder, config)[1]) == 2
    )


def test_the_committed_configuration_mixes_all_forward_directions():
    config = load(Path(__file__).parents[2] / "configs/directions.toml")
    corpus = build_corpus(config)
    assert len(corpus.parts) == 6 and all(
        len(part.evaluation) == 20 and len(part.training_source) == 40 for part in corpus.parts
    )
    assert all(p in builtin.programs(p.dialect) for p in corpus.evaluation)


def test_each_translator_begins_with_its_own_part_of_an_export(mixed, tmp_path):
    """Of a run with one Translator for all, every one begins with that."""
    cpp, fortran = (f"translator-{way.replace(':', '-')}" for way in WAYS)
    for name, seed in ((cpp, 1), (fortran, 2)):
        made = replace(mixed, seed=seed)
        TranslatorService(made).cold_start((), str(tmp_path / "each" / name), (WAYS[0],))
    TranslatorService(mixed).cold_start((), str(tmp_path / "one" / "translator"))
    for export_of, parts in (("each", (cpp, fortran)), ("one", ("translator", "translator"))):
        model = replace(mixed.model, backend="pretrained", name_or_path=str(tmp_path / export_of))
        second = TranslatorService(
            replace(mixed, model=model, cold_start=replace(mixed.cold_start, generated=0))
        )
        for name, part, way in zip((cpp, fortran), parts, WAYS):
            second.cold_start((), str(tmp_path / export_of / "new" / name), (way,))
            weights = [
                (tmp_path / export_of / place / "model.safetensors").read_bytes()
                for place in (part, f"new/{name}")
            ]
            assert weights[0] == weights[1]
