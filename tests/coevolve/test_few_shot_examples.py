"""Examples that a model asked in words is shown, and answers that are rejected before compiling."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coevolve.loop.run_corpus import RunCorpus, open_corpus
from coevolve.loop.run_folder import RunFolder
from coevolve.loop.shots import find_checkpoint_round, load_verified_pairs, make_wording
from coevolve.verification.verifier import Verifier
from corpora.datasets.loaders import load_pairs
from corpora.dialects import parse_direction
from corpora.records import Blame, Candidate, Outcome, Program, Triplet, UnitTestSuite, Verdict
from corpora.signatures.signature import read_signature
from corpora.splits import EvaluationGuard
from corpora.store import write_jsonl
from translator.prompting.answers import NOT_A_FUNCTION, count_rejections


def test_nothing_that_is_evaluated_is_shown(tiny) -> None:
    """The built-in corpus as a run's own: its held-out programs and their references are no
    examples.
    """
    config = replace(
        tiny,
        corpus=replace(tiny.corpus, source="builtin"),
        model=replace(tiny.model, few_shot=2),
        direction="cpp:openmp",
    )
    assert len(make_wording(config).pairs) == 2 * len(
        load_pairs("builtin", "builtin", "cpp:openmp")
    )
    corpus: RunCorpus = open_corpus(config, RunFolder(config.run_dir))
    pairs = make_wording(config).pairs
    assert corpus.evaluation and 20 < len(pairs) < 2 * 91
    assert EvaluationGuard(corpus.protected).leaks([side for pair in pairs for side in pair]) == []
    assert {(a.dialect, b.dialect) for a, b in pairs} == {("cpp", "openmp"), ("openmp", "cpp")}
    assert make_wording(replace(config, model=replace(config.model, few_shot=0))).pairs == ()


def test_pairs_that_earlier_rounds_kept_are_shown_too(tiny) -> None:
    """To the checkpoint that has these rounds behind it; not what was kept later, nor what is like
    a held-out program.
    """
    config = replace(tiny, model=replace(tiny.model, few_shot=2))
    folder = RunFolder(config.run_dir)
    corpus = open_corpus(config, folder)

    def triplet(source: Program) -> Triplet:
        target = Program("cuda", source.name, f"__global__ {source.text.strip()}")
        suite = UnitTestSuite(source.id, ())
        return Triplet(
            source,
            target,
            suite,
            "cpp:cuda",
            Verdict(source.id, target.id, suite.id, Outcome.EQUIVALENT, Blame.NOBODY),
        )

    first, second, held = corpus.training_source[0], corpus.training_source[1], corpus.evaluation[0]
    for number, sources in ((1, [first, held]), (2, [second])):
        write_jsonl(folder.round(number).triplets, [triplet(p) for p in sources])
    shown = [{a.id for a, _ in make_wording(config, number).pairs} for number in (0, 1, 2)]
    assert [first.id in s for s in shown] == [False, True, True] and [
        second.id in s for s in shown
    ] == [False, False, True]
    assert not any(held.id in s for s in shown)
    assert [find_checkpoint_round(str(folder.round(k).translator)) for k in (0, 1, 2)] == [
        0,
        1,
        2,
    ] and find_checkpoint_round("Qwen/Qwen2.5") == 0


def test_kernels_that_are_shown_are_bare_as_the_prompts_ask() -> None:
    pairs = load_verified_pairs(parse_direction("cpp:cuda"), ())
    assert len(pairs) >= 20 and all(read_signature(target).style == "kernel" for _, target in pairs)


def test_what_is_no_function_costs_no_compiler(tiny, own_cache, monkeypatch) -> None:
    verifier = Verifier(tiny)
    program = next(
        p
        for p in open_corpus(tiny, RunFolder(tiny.run_dir)).training_source
        if p.name in ("offset", "square", "axpy")
    )
    suite = verifier.prepare(program).suite
    right = "__global__ " + program.text.strip().replace("++i", "i++").replace(
        "for (int i = 0; i < n; i++)", "int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n)"
    )
    texts = ["I am sorry.", right, right[:-4], ""]
    candidates = [Candidate(program.id, "cpp:cuda", text, sample=k) for k, text in enumerate(texts)]
    compiled: list[int] = []
    compile_ = verifier.engine.backend.compile
    monkeypatch.setattr(
        type(verifier.engine.backend),
        "compile",
        lambda self, requests: compiled.append(len(requests)) or compile_(requests),
    )
    verdicts = verifier.judge(program, suite, candidates)
    verifier.engine.close()
    assert [v.outcome for v in verdicts] == [
        Outcome.COMPILE_ERROR,
        Outcome.EQUIVALENT,
        Outcome.COMPILE_ERROR,
        Outcome.COMPILE_ERROR,
    ]
    assert [v.target_id for v in verdicts] == [c.id for c in candidates] and max(compiled) == 1
    assert all(verdicts[k].detail.startswith(NOT_A_FUNCTION) for k in (0, 2, 3))
    assert count_rejections(verdicts) == {"cut off": 1, "empty": 1, "no function": 1}


def test_a_users_prompt_files_are_asked_with(tiny, tmp_path) -> None:
    from coevolve.loop.services import TesterService, TranslatorService
    from gpu_runtime.models.protocol import ModelError, Sampling
    from gpu_runtime.models.scripted import ScriptedModel
    from tester.generate.propose import SuiteStyle

    (tmp_path / "mine" / "tester").mkdir(parents=True)
    (tmp_path / "mine" / "tester" / "cpp.txt").write_text("TESTS $tests\n$source\n$parameters")
    config = replace(tiny, model=replace(tiny.model, prompts=str(tmp_path / "mine")))
    seen: list[str] = []
    model = ScriptedModel(lambda prompt, k: seen.append(prompt.text) or "")
    program = open_corpus(tiny, RunFolder(tiny.run_dir)).training_source[0]
    TesterService(config)._tester(model, SuiteStyle.PLAIN).answers([program], Sampling())
    TranslatorService(config)._translator(model, "pretrained").propose(
        [program], parse_direction("cpp:cuda"), Sampling()
    )
    assert (
        seen[0].startswith("TESTS 4\nvoid ") and "serial C++ function" in seen[1]
    )  # the package's own for the other
    with pytest.raises(ModelError, match="holds no folder translator/ or tester/"):
        make_wording(replace(config, model=replace(config.model, prompts=str(tmp_path))))


def test_a_scratch_model_learns_from_preferences(tiny, tmp_path) -> None:
    from coevolve.loop.services import TranslatorService
    from coevolve.loop.verdict_lessons import JudgedProgram

    TranslatorService(tiny).cold_start((), str(tmp_path / "cold"))
    service = TranslatorService(
        replace(tiny, round=replace(tiny.round, learn="dpo", epochs=3.0))
    )  # the first step only warms up
    program = Program(
        "cpp", "f", "void f(int n, float *x) { for (int i = 0; i < n; i++) x[i] = 2 * x[i]; }"
    )
    right = (
        "__global__ void f(int n, float *x) { int i = blockIdx.x * blockDim.x + "
        "threadIdx.x; if (i < n) x[i] = 2 * x[i]; }"
    )
    item = JudgedProgram(
        program, UnitTestSuite(program.id, ()), "cpp:cuda", (right,), (right.replace("2 *", "3 *"),)
    )
    figures = service.learn(str(tmp_path / "cold"), [], (), str(tmp_path / "next"), 1, (), [item])
    assert figures["examples"] == 1 and 0.0 <= figures["accuracy"] <= 1.0
    before, after = (
        (tmp_path / name / "model.safetensors").read_bytes() for name in ("cold", "next")
    )
    assert before != after
    assert service.learn(str(tmp_path / "cold"), [], (), str(tmp_path / "none"), 1, (), []) == {
        "examples": 0
    }
