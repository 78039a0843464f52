"""A pre-trained Translator in the loop: pass@1 is measured by execution while it learns, on
programs kept out of its lessons.
"""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from coevolve.config.schema import parse
from coevolve.loop import stages
from coevolve.loop.actors import _keep_token_private
from coevolve.loop.run_corpus import open_corpus
from coevolve.loop.run_folder import RunFolder
from coevolve.loop.services import TesterService, TranslatorService, drop_protected, make_verifier
from coevolve.loop.verdict_lessons import (
    REWARDS,
    JudgedProgram,
    compute_reward,
    group_by_program,
    make_preference_pairs,
)
from coevolve.loop.workers import FixedPool, LocalWorker, RunWorkers
from corpora.records import Blame, Candidate, Outcome, Program, Triplet, UnitTestSuite, Verdict
from corpora.splits import LeakError
from corpora.store import read_jsonl
from gpu_runtime.models.backends import classify_model
from gpu_runtime.models.scripted import ScriptedModel
from translator.prompting.answers import NOT_A_FUNCTION
from translator.prompting.translate import PromptStyle, Translator


def kernel_of(program: Program) -> str:
    """Right for what has one loop over its output: the loop becomes the threads."""
    text = program.text.replace("++i", "i++").replace(
        "for (int i = 0; i < n; i++)", "int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n)"
    )
    return "__global__ " + text.strip()


@pytest.fixture
def tiny_llama(tmp_path: Path, source_folder: Path) -> Path:
    """Bytes for a vocabulary, like a hub model's: it is asked in words."""
    torch.set_num_threads(1)
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(
        [p.read_text() for p in source_folder.glob("*.cpp")],
        vocab_size=400,
        special_tokens=["<end>"],
    )
    trained.save(str(tmp_path / "bpe.json"))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(tmp_path / "bpe.json"), eos_token="<end>", pad_token="<end>"
    )
    torch.manual_seed(0)
    shape = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=1024,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    LlamaForCausalLM(shape).save_pretrained(tmp_path / "llama")
    tokenizer.save_pretrained(tmp_path / "llama")
    return tmp_path / "llama"


class KnowingTranslator(TranslatorService):
    """Proposes what is right, so that there is something to learn; learns and is measured as any
    other.
    """

    def propose(self, checkpoint, programs, way, sampling):
        return [Candidate(p.id, way, kernel_of(p)) for p in programs]


@pytest.fixture
def run_of(tiny, tiny_llama):
    def made(**finetune) -> stages.Run:
        table = {
            "model": {"backend": "pretrained", "name_or_path": str(tiny_llama), "max_new_tokens": 8}
        }
        table |= {
            "cold_start": {"generated": 0, "suites": 0},
            "finetune": {k: v for k, v in finetune.items() if k == "method"},
            "settings": {f"finetune.{k}": v for k, v in finetune.items() if k != "method"},
            "round": {"count": 1, "learn": "forward", "replay": 0.0},
        }
        config = parse(table, "t")
        config = replace(
            tiny,
            model=config.model,
            cold_start=config.cold_start,
            finetune=config.finetune,
            round=config.round,
        )
        folder = RunFolder(config.run_dir)
        workers = RunWorkers(
            FixedPool(LocalWorker(KnowingTranslator(config))),
            FixedPool(LocalWorker(TesterService(config))),
            FixedPool(LocalWorker(make_verifier(config))),
        )
        return stages.Run(config, folder, open_corpus(config, folder), workers)

    return made


def test_a_round_fine_tunes_by_lora_and_stops_by_what_was_executed(run_of) -> None:
    run = run_of(method="lora", rank=2, validation=2, patience=1, batch_tokens=512)
    stages.run_cold_start(run)
    assert classify_model(run.folder.round(0).translator) == "pretrained"
    stages.make_suites(run, 1)
    stages.propose_and_verify(run, 1)
    stages.keep_triplets(run, 1)
    triplets = list(read_jsonl(run.folder.round(1).triplets, Triplet))
    held = stages.select_validation(run, 1)
    assert len(held) == 2 and triplets
    service = run.workers.translators.members()[0].target
    figures = service.learn(
        str(run.folder.round(0).translator),
        triplets,
        run.corpus.protected,
        str(run.folder.round(1).translator),
        1,
        held,
    )
    kept_apart = {p.id for p, _ in held}
    assert figures["examples"] == sum(t.source.id not in kept_apart for t in triplets)
    assert (
        figures["validation"] == 0.0
    )  # a model of 20,000 random weights is right about nothing, and that was executed
    assert sorted(p.name for p in run.folder.round(1).folder.iterdir() if p.is_dir()) == [
        "translator"
    ]  # no workspace is left
    before, after = (run.folder.round(k).translator / "model.safetensors" for k in (0, 1))
    assert before.read_bytes() != after.read_bytes()


def test_pass_at_one_is_executed(run_of) -> None:
    run = run_of()
    programs = {p.name: p for p in (*run.corpus.training_source, *run.corpus.evaluation)}
    suites = {}
    for name in ("offset", "square"):
        suites[name] = run.workers.verifiers.members()[0].target.prepare(programs[name]).suite
    questions = [(programs[name], suites[name]) for name in suites]
    knows = {programs["offset"].text.strip(): kernel_of(programs["offset"])}
    model = ScriptedModel(
        lambda prompt, k: next(
            (kernel for text, kernel in knows.items() if text in prompt.text), "no idea"
        )
    )
    service = run.workers.translators.members()[0].target
    assert service.pass_at_one(Translator(model, PromptStyle.PLAIN), questions) == 0.5


def test_what_is_nearly_a_validation_program_is_not_learnt_from() -> None:
    def triplet(name: str, text: str) -> Triplet:
        source, target = Program("cpp", name, text), Program("cuda", name, "__global__ " + text)
        suite = UnitTestSuite(source.id, ())
        return Triplet(
            source,
            target,
            suite,
            "cpp:cuda",
            Verdict(source.id, target.id, suite.id, "EQUIVALENT", "nobody"),
        )

    text = (
        "void f(int n, float a, const float *x, float *y) { for (int i = 0; i < n; i++) y[i] "
        "= a * x[i] + y[i]; }"
    )
    other = (
        "void g(int n, int *h, const int *k) { for (int i = 0; i < n; i++) { if (k[i] > 3) "
        "h[k[i]] += 1; } }"
    )
    same = triplet(
        "renamed",
        text.replace("void f", "void renamed")
        .replace("int n", "int count")
        .replace("< n", "< count"),
    )
    far = triplet("g", other)
    assert drop_protected([same, far], [Program("cpp", "f", text)]) == [far]
    assert drop_protected([same, far], []) == [same, far]


@pytest.mark.parametrize("way", ["dpo", "grpo"])
def test_a_pretrained_translator_learns_from_wrong_answers_too(run_of, tmp_path, way: str) -> None:
    run = run_of(batch_tokens=600)
    config = replace(
        run.config, round=replace(run.config.round, learn=way, samples=2, learning_rate=1e-3)
    )
    service = TranslatorService(config)
    service.cold_start((), str(tmp_path / "cold"))
    program = next(p for p in run.corpus.training_source if p.name in ("offset", "square", "axpy"))
    suite = run.workers.verifiers.members()[0].target.prepare(program).suite
    right = kernel_of(program)
    item = JudgedProgram(
        program,
        suite,
        "cpp:cuda",
        (right,),
        (right.replace("if (i < n)", "if (i + 1 < n)"), "I am sorry."),
    )
    figures = service.learn(
        str(tmp_path / "cold"), [], run.corpus.protected, str(tmp_path / "next"), 1, (), [item]
    )
    assert math.isfinite(figures["loss"]) and (tmp_path / "next" / "model.safetensors").is_file()
    if way == "dpo":
        assert figures["examples"] == 2  # two wrong answers, each against the right one
    else:
        assert figures["reward"] == pytest.approx(
            -0.2
        )  # what 20,000 random weights write is no function, as the engine found
    assert not list(
        tmp_path.glob("*.training")
    )  # nothing is left of what it would have gone on from
    unchanged = service.learn(
        str(tmp_path / "cold"), [], run.corpus.protected, str(tmp_path / "none"), 1, (), []
    )
    assert unchanged == {"examples": 0}
    with pytest.raises(LeakError):
        held_out = replace(item, program=run.corpus.evaluation[0])
        service.learn(
            str(tmp_path / "cold"),
            [],
            run.corpus.protected,
            str(tmp_path / "leak"),
            1,
            (),
            [held_out],
        )


def test_right_and_wrong_answers_are_told_apart_and_undecided_ones_left_out() -> None:
    program = Program("cpp", "f", "void f(int *x) { x[0] = 1; }")
    suite = UnitTestSuite(program.id, ())
    outcomes = [
        Outcome.EQUIVALENT,
        Outcome.MISMATCH,
        Outcome.REFUSED,
        Outcome.COMPILE_ERROR,
        Outcome.EQUIVALENT,
    ]
    candidates = [
        Candidate(program.id, "cpp:cuda", f"answer {k}", sample=k) for k in range(len(outcomes))
    ]
    verdicts = [
        Verdict(
            program.id,
            c.id,
            suite.id,
            o,
            Blame.TARGET if o is not Outcome.EQUIVALENT else Blame.NOBODY,
        )
        for c, o in zip(candidates, outcomes)
    ]
    (item,) = group_by_program({program.id: program}, {program.id: suite}, candidates, verdicts)
    assert item.right == ("answer 0", "answer 4") and item.wrong == ("answer 1", "answer 3")
    assert make_preference_pairs(item, 5) == [
        ("answer 0", "answer 1"),
        ("answer 4", "answer 3"),
    ] and make_preference_pairs(item, 1) == [("answer 0", "answer 1")]
    assert make_preference_pairs(replace(item, wrong=()), 5) == []
    assert group_by_program({program.id: program}, {}, candidates, verdicts) == []
    values = [compute_reward(v) for v in verdicts]
    assert values[0] == 1.0 and all(value < 0.5 for value in values[1:4])
    assert compute_reward(replace(verdicts[3], detail=NOT_A_FUNCTION + "empty")) < 0 and set(
        REWARDS
    ) == set(Outcome)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_whole_run_through_ray_whose_models_learn_by_ray_train(
    tiny, tiny_llama, monkeypatch, capfd
) -> None:
    """Two trainers, each with its part of the model, beside both models and the verifiers of a
    machine with two CPUs.
    """
    _keep_token_private()
    from ray import cloudpickle

    from coevolve.loop import rounds, run_workers

    monkeypatch.delenv("RAY_ADDRESS", raising=False)

    def make_translator(
        config,
    ):  # in the actor, where torch's own launcher must not be what starts the trainers
        from gpu_runtime.models import distributed as spread

        spread.start_with_torch = None
        return KnowingTranslator(config)

    table = {
        "model": {"backend": "pretrained", "name_or_path": str(tiny_llama), "max_new_tokens": 8}
    }
    table |= {
        "cold_start": {"generated": 0, "suites": 0},
        "round": {"count": 1, "learn": "forward", "replay": 0.0},
        "resources": {"trainers": 2},
        "verify": {"workers": 2, "least_strength": 0.0},
        "evaluate": {"samples": 1},
        "settings": {
            "finetune.batch_tokens": 512,
            "finetune.sharding": "fsdp",
            "verify.mutants": 0,
        },
    }
    config = parse(table, "t")
    names = ("model", "cold_start", "finetune", "round", "resources", "verify", "evaluate")
    config = replace(tiny, **{name: getattr(config, name) for name in names})
    config = replace(config, corpus=replace(config.corpus, evaluation_limit=1, training_limit=3))
    monkeypatch.setattr(run_workers, "make_translator", make_translator)
    cloudpickle.register_pickle_by_value(sys.modules[KnowingTranslator.__module__])
    try:
        folder = RunFolder(rounds.run(config))
    finally:
        cloudpickle.unregister_pickle_by_value(sys.modules[KnowingTranslator.__module__])
    before, after = (folder.round(k).translator / "model.safetensors" for k in (0, 1))
    assert before.read_bytes() != after.read_bytes() and list(
        read_jsonl(folder.round(1).triplets, Triplet)
    )
    assert (folder.export / "translator" / "model.safetensors").is_file() and (
        folder.round(1).translator / "training_manifest.json"
    ).is_file()
    left = [
        p.name
        for p in folder.round(1).folder.iterdir()
        if p.name.startswith(".") or p.name.endswith(".training")
    ]
    assert not left
    assert (
        "PlacementGroupCleaner" not in capfd.readouterr().err
    )  # which would complain once a second
