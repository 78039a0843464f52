"""The ladder end to end on real compilers: its steps leave checkpoints and figures, go on where
they stopped, and see nothing held out.
"""

import json
import re
import shutil
from dataclasses import replace
from functools import wraps

import pytest

from coevolve.config.schema import parse
from coevolve.evaluation.contamination import Manifest
from coevolve.loop import run_pretraining as ladder, stages
from coevolve.loop.pretraining_lessons import (
    VALIDATION,
    PretrainingPass,
    collect_unpaired,
    compute_noise_rate,
    count_passes,
    list_directions,
    list_steps,
    make_canonical_words,
    make_lessons,
    select_batch,
)
from coevolve.loop.run_corpus import open_corpus
from coevolve.loop.run_folder import RunFolder, read_json
from coevolve.loop.run_pretraining import choose_best_pass, list_step_paths, run_pretraining
from coevolve.loop.services import TesterService, TranslatorService, make_verifier
from coevolve.loop.workers import FixedPool, LocalWorker, RunWorkers
from coevolve.report.page import make_table
from corpora.records import Candidate, Program
from corpora.splits import LeakError

LADDER = {
    "steps": ["bt", "dae", "aer", "mlm"],
    "examples": 24,
    "epochs": 1,
    "translated": 2,
    "validation": 0.1,
}
KERNEL = (
    "__global__ void {name}(int n, float *x) {{ int i = blockIdx.x * blockDim.x + "
    "threadIdx.x; if (i < n) x[i] = {value}; }}"
)


@pytest.fixture
def climbing(tiny, monkeypatch):
    monkeypatch.setattr(ladder, "EXECUTED", 2)
    monkeypatch.setattr(ladder, "CHECKED", 1)
    config = replace(
        tiny,
        ladder=replace(
            tiny.ladder, **{k: tuple(v) if isinstance(v, list) else v for k, v in LADDER.items()}
        ),
    )
    folder = RunFolder(config.run_dir)
    service = TranslatorService(config)
    workers = RunWorkers(
        FixedPool(LocalWorker(service)),
        FixedPool(LocalWorker(TesterService(config))),
        FixedPool(LocalWorker(make_verifier(config))),
    )
    return stages.Run(config, folder, open_corpus(config, folder), workers)


def test_every_step_leaves_a_checkpoint_and_figures_and_the_cold_start_goes_on_from_the_last(
    climbing,
):
    stages.run_cold_start(climbing)
    last = run_pretraining(climbing)  # nothing is left to do
    paths = dict(
        zip(
            list_steps(climbing.config),
            list_step_paths(climbing.folder, list_steps(climbing.config)),
            strict=True,
        )
    )
    assert list(paths) == ["mlm", "aer", "dae", "bt"] and last == str(paths["bt"].translator)
    figures = {name: read_json(p.figures)["passes"][0] for name, p in paths.items()}
    for name, p in paths.items():
        assert (p.translator / "model.safetensors").is_file() and (
            p.translator / "training_manifest.json"
        ).is_file()
        assert not p.passes.exists()
        assert figures[name]["before_loss"] > 0 and figures[name]["validation_loss"] > 0
    assert figures["mlm"]["validation_loss"] < figures["mlm"]["before_loss"]
    assert (
        0 <= figures["aer"]["validation_tag_f1"] <= 1
        and 0 <= figures["dae"]["validation_accuracy"] <= 1
    )
    assert (
        figures["bt"]["translated"] == 4
        and figures["bt"]["executed"] == 2
        and 0 <= figures["bt"]["executed_pass@1"] <= 100
    )
    assert "seconds" not in json.dumps(figures), "equal runs leave equal files"
    shown = make_table(climbing.folder, climbing.config)[1][0][-1]
    assert [s.rsplit(" ", 1)[0] for s in shown.split(", ")][:5] == [
        "ladder: mlm",
        "ladder: aer",
        "ladder: dae",
        "ladder: bt",
        "cold start",
    ]
    cold = climbing.folder.round(0).translator
    assert (cold / "tokenizer.json").read_bytes() == (
        paths["bt"].translator / "tokenizer.json"
    ).read_bytes()
    trained = Manifest.read(cold)
    assert all(how == "equal" for how, _ in trained.trained_on(_taught(climbing)))
    assert not any(
        how in ("equal", "near") for how, _ in trained.trained_on(climbing.corpus.evaluation)
    )
    other = replace(
        climbing.config,
        ladder=replace(climbing.config.ladder, steps=()),
        cold_start=replace(climbing.config.cold_start, generated=0),
    )
    unsupervised = climbing.folder.root / "unsupervised"
    TranslatorService(other).cold_start(climbing.corpus.protected, str(unsupervised), (), last)
    assert (unsupervised / "model.safetensors").read_bytes() == (
        paths["bt"].translator / "model.safetensors"
    ).read_bytes()


def _taught(run):
    sides = collect_unpaired(run.config, run.training(), run.corpus.protected)
    return [p for side in sides for p in side.training if not p.origin.startswith("loopnests:")]


def test_a_step_killed_between_passes_goes_on_after_the_last_finished_one(climbing, monkeypatch):
    config = replace(
        climbing.config, ladder=replace(climbing.config.ladder, steps=("mlm", "dae"), epochs=2.0)
    )
    run = replace(climbing, config=config)
    service = climbing.workers.translators.members()[0].target
    service.config = service.checkpoints.config = config
    done, whole = [], TranslatorService.pretrain

    @wraps(whole)
    def dies_at_the_third(self, wanted, *rest):
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append((wanted.step, wanted.number))
        return whole(self, wanted, *rest)

    monkeypatch.setattr(TranslatorService, "pretrain", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        run_pretraining(run)
    first, second = list_step_paths(run.folder, ("mlm", "dae"))
    assert first.figures.exists() and second.measured(1).exists() and not second.figures.exists()

    @wraps(whole)
    def counts(self, wanted, *rest):
        done.append((wanted.step, wanted.number))
        return whole(self, wanted, *rest)

    monkeypatch.setattr(TranslatorService, "pretrain", counts)
    run_pretraining(run)
    assert done == [("mlm", 1), ("mlm", 2), ("dae", 1), ("dae", 2)]
    resumed = (second.translator / "model.safetensors").read_bytes(), second.figures.read_bytes()
    for paths in (first, second):
        shutil.rmtree(paths.folder)
    run_pretraining(run)
    assert (
        (second.translator / "model.safetensors").read_bytes(),
        second.figures.read_bytes(),
    ) == resumed


def test_an_evaluation_item_is_refused(tiny, tmp_path):
    held = Program("cuda", "k", KERNEL.format(name="k", value="2 * x[i]"), "mine")
    like = Program("cuda", "other", KERNEL.format(name="other", value="2 * x[i]"), "theirs")
    config = replace(tiny, ladder=replace(tiny.ladder, steps=("mlm",), examples=10))
    with pytest.raises(LeakError, match="theirs.*mine"):
        TranslatorService(config).pretrain(
            PretrainingPass("mlm", 1, ""), (like,), (held,), str(tmp_path / "x")
        )
    assert not (tmp_path / "x").exists()


def test_a_held_out_program_that_a_model_wrote_is_not_learnt_from(tiny, tmp_path):
    held = Program("cuda", "k", KERNEL.format(name="k", value="2 * x[i]"), "mine")
    real = Program(
        "cpp",
        "f",
        "void f(int n, float *x) { for (int i = 0; i < n; i++) x[i] = 2 * x[i]; }",
        "theirs",
    )
    config = replace(tiny, ladder=replace(tiny.ladder, steps=("bt",), examples=6, translated=1))
    service = TranslatorService(config)
    service.pretrain(PretrainingPass("mlm", 1, ""), (real,), (held,), str(tmp_path / "a"))
    other = replace(held, text=held.text.replace("2 *", "7 +"))
    both = service.pretrain(
        PretrainingPass("bt", 1, str(tmp_path / "a"), ((held, real), (other, real))),
        (real,),
        (held,),
        str(tmp_path / "b"),
    )
    one = service.pretrain(
        PretrainingPass("bt", 1, str(tmp_path / "a"), ((other, real),)),
        (real,),
        (held,),
        str(tmp_path / "c"),
    )
    assert both["examples"] == one["examples"]


def test_sides_are_unpaired_and_what_is_validated_on_is_not_taught():
    config = parse(
        {
            "direction": "cpp:cuda",
            "ladder": {"steps": ["dae"]},
            "settings": {"ladder.examples": 260, "ladder.validation": 0.1},
        },
        "x",
    )
    sides = collect_unpaired(config, (), ())
    assert [s.dialect for s in sides] == ["cpp", "cuda"]
    computations = [
        {p.origin for p in s.training if p.origin.startswith("loopnests:")} for s in sides
    ]
    assert all(computations) and not computations[0] & computations[1]
    for side in sides:
        assert len(side.validation) == 26 and len(side.training) <= 234
        assert not {make_canonical_words(p) for p in side.validation} & {
            make_canonical_words(p) for p in side.training
        }
        assert not [
            p for p in side.training if p.origin.startswith("builtin") and "cudaMalloc" in p.text
        ]


def test_no_other_version_of_a_held_out_computation_is_taught():
    config = parse(
        {
            "direction": "cpp:fortran",
            "ladder": {"steps": ["dae"]},
            "settings": {"ladder.examples": 200},
        },
        "x",
    )
    from corpora import builtin

    held = builtin.programs("cpp")[3]
    taught = {
        p.origin
        for side in collect_unpaired(config, (), (held,))
        for p in (*side.training, *side.validation)
    }
    assert held.origin not in taught and builtin.programs("cpp")[4].origin in taught


def test_noise_is_drawn_anew_in_each_pass_and_rises():
    config = parse(
        {
            "ladder": {"steps": ["dae"]},
            "settings": {"ladder.examples": 20, "ladder.epochs": 3, "ladder.noise": [0.1, 0.3]},
        },
        "x",
    )
    assert [compute_noise_rate(config, k) for k in (1, 2, 3)] == pytest.approx(
        [0.1, 0.2, 0.3]
    ) and compute_noise_rate(config, VALIDATION) == 0.3
    sides = collect_unpaired(config, (), ())
    programs = sides[0].training
    first, second = (make_lessons(config, sides, "dae", k, programs) for k in (1, 2))
    assert first == make_lessons(config, sides, "dae", 1, programs) and first != second
    assert (
        [e.answer for e in first]
        == [e.answer for e in second]
        == [" ".join(make_canonical_words(p)) for p in programs]
    )
    assert {e.prompt.split()[0] for e in first} == {"<cuda:cpp>"}, (
        "a kernel's tag asks for a kernel, a serial function's for a serial one"
    )


def test_batches_go_round_the_functions():
    config = parse(
        {
            "ladder": {"steps": ["dae", "bt"]},
            "settings": {"ladder.examples": 40, "ladder.translated": 300},
        },
        "x",
    )
    assert count_passes(config, "bt") == 3
    side = collect_unpaired(config, (), ())[0]
    seen = [p.id for k in (1, 2, 3) for p in select_batch(side, config, k)]
    assert len(seen) == 300 and set(seen) == {p.id for p in side.training}


def test_the_best_pass_is_chosen_by_loss_or_by_execution():
    losses = [{"validation_loss": v} for v in (2.0, 1.0, 1.5)]
    assert choose_best_pass("dae", losses) == 2
    assert (
        choose_best_pass(
            "bt", [f | {"executed_pass@1": p} for f, p in zip(losses, (5.0, 2.5, 5.0))]
        )
        == 3
    )
    assert choose_best_pass("bt", [f | {"executed_pass@1": None} for f in losses]) == 2
    begun = [
        losses[0] | {"executed_pass@1": 5.0, "before_executed_pass@1": 7.5},
        losses[1] | {"executed_pass@1": 7.5},
    ]
    assert choose_best_pass("bt", begun) == 2 and choose_best_pass("bt", begun[:1]) == 0, (
        "a step that makes a model worse is not taken"
    )


def test_several_directions_share_one_ladder():
    config = parse(
        {
            "direction": ["cpp:cuda", "cpp:openmp"],
            "ladder": {"steps": ["dae"]},
            "settings": {"ladder.examples": 30},
        },
        "x",
    )
    assert sorted(map(str, list_directions(config))) == [
        "cpp:cuda",
        "cpp:openmp",
        "cuda:cpp",
        "openmp:cpp",
    ]
    sides = collect_unpaired(config, (), ())
    assert [s.dialect for s in sides] == ["cpp", "cuda", "openmp"]
    assert {
        e.prompt.split()[0] for e in make_lessons(config, sides, "dae", 1, sides[0].training)
    } == {
        "<cuda:cpp>",
        "<openmp:cpp>",
    }


def _kernel(program: Program, guard: str) -> str:
    head, body = re.fullmatch(
        r"(void .*?\)) \{ for \(int i = 0; i < n; i\+\+\) (.*;) \}\s*", program.text
    ).groups()
    return (
        f"__global__ {head} {{ int i = blockIdx.x * blockDim.x + threadIdx.x; if ({guard}) "
        f"{body} }}"
    )


@pytest.mark.parametrize("verified", [True, False])
def test_only_verified_translations_are_learnt_from_where_asked(climbing, monkeypatch, verified):
    run = replace(
        climbing,
        config=replace(climbing.config, ladder=replace(climbing.config.ladder, verified=verified)),
    )
    simple = [p for p in run.corpus.training_source if p.name in ("axpy", "reverse", "offset")]
    texts = {p.id: _kernel(p, "i + 1 < n" if k else "i < n") for k, p in enumerate(simple)}
    given = []
    monkeypatch.setattr(ladder, "CHECKED", 99)
    monkeypatch.setattr(
        ladder, "select_batch", lambda side, *_: simple if side.dialect == "cpp" else []
    )
    monkeypatch.setattr(
        ladder,
        "_translate_programs",
        lambda _run, _label, _checkpoint, way, programs: [
            (Candidate(p.id, str(way), texts[p.id]), p) for p in programs
        ],
    )
    monkeypatch.setattr(
        ladder, "_pass", lambda _run, _paths, wanted: given.extend(wanted.pairs) or {}
    )
    monkeypatch.setattr(ladder, "_executed_pass", lambda *_: 0.0)
    figures = ladder._back_translate(run, list_step_paths(run.folder, ("bt",))[0], 1, "")
    assert (
        len(simple) > 1
        and figures["verified"] == 1
        and figures["verified_rate"] == pytest.approx(100 / len(simple))
    )
    assert [(made.text, real.id) for made, real in given] == [
        (texts[p.id], p.id) for p in (simple[:1] if verified else simple)
    ]
