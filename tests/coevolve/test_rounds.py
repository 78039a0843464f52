"""The loop on real compilers: what is kept is what was executed and equal; runs resume, repeat, and
agree with Ray's.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from coevolve.cli.export import export_run
from coevolve.cli.main import main
from coevolve.config.presets import settle
from coevolve.config.schema import ConfigError, load
from coevolve.evaluation.evaluate import (
    evaluate_checkpoint,
    evaluate_round,
    prepare_evaluation,
)
from coevolve.loop import manifest, rounds, stages
from coevolve.loop.control_arm import run_control
from coevolve.loop.rounds import describe_run, run
from coevolve.loop.run_corpus import build_corpus, open_corpus
from coevolve.loop.run_folder import RunFolder, read_json
from coevolve.loop.services import TesterService, TranslatorService, make_verifier
from coevolve.loop.stage_run import _format_figures
from coevolve.loop.workers import FixedPool, LocalWorker, RunWorkers
from coevolve.report.page import collect_figures, make_table, print_table, write_report
from coevolve.report.rises import collect_rises
from corpora.records import (
    Blame,
    Candidate,
    Outcome,
    Program,
    Triplet,
    UnitTestSuite,
    Verdict,
)
from corpora.signatures.signature import read_signature
from corpora.splits import LeakError
from corpora.store import read_jsonl, read_triplets
from corpora.suites.unit_tests import parse_suite
from gpu_runtime.models.protocol import Sampling

RIGHT = {
    "axpy": "__global__ void axpy(int n, float a, const float *x, float *y) { int i = "
    "blockIdx.x * blockDim.x + threadIdx.x; if (i < n) y[i] = a * x[i] + y[i]; }",
    "square": "__global__ void square(const double *x, double *out, int n) { int i = blockIdx.x "
    "* blockDim.x + threadIdx.x; if (i < n) out[i] = x[i] * x[i]; }",
    "reverse": "__global__ void reverse(const int *src, int *dst, int n) { int i = blockIdx.x * "
    "blockDim.x + threadIdx.x; if (i < n) dst[n - 1 - i] = src[i]; }",
    "rowsum": "__global__ void rowsum(const float *m, float *s, int r, int c) { int i = "
    "blockIdx.x * blockDim.x + threadIdx.x; if (i < r) { float t = 0; for (int j = 0; "
    "j < c; j++) t += m[i * c + j]; s[i] = t; } }",
    "clampit": "__global__ void clampit(float *v, int n, float lo, float hi) { int i = "
    "blockIdx.x * blockDim.x + threadIdx.x; if (i < n) { if (v[i] < lo) v[i] = lo; "
    "else if (v[i] > hi) v[i] = hi; } }",
    "offset": "__global__ void offset(int *a, int n, int k) { int i = blockIdx.x * blockDim.x + "
    "threadIdx.x; if (i < n) a[i] += k; }",
    "transpose": "__global__ void transpose(const float *a, float *b, int r, int c) { int j = "
    "blockIdx.x * blockDim.x + threadIdx.x; int i = blockIdx.y * blockDim.y + "
    "threadIdx.y; if (i < r && j < c) b[j * r + i] = a[i * c + j]; }",
    "maxpair": "__global__ void maxpair(const int *a, const int *b, int *m, int n) { int i = "
    "blockIdx.x * blockDim.x + threadIdx.x; if (i < n) m[i] = a[i] > b[i] ? a[i] : "
    "b[i]; }",
}


class KnowingTranslator(TranslatorService):
    """Answers right, then off by one, then nonsense: what must be kept is known."""

    def propose(self, checkpoint, programs, way, sampling):
        answers = []
        for program in programs:
            right = RIGHT[program.name]
            texts = (
                right,
                right.replace("if (i < n", "if (i + 1 < n").replace("if (i < r", "if (i + 1 < r"),
                "__global__ void {",
            )
            answers += [
                Candidate(program.id, way, t, sample=k)
                for k, t in enumerate(texts[: max(2, sampling.n)])
            ]
        return answers


@pytest.fixture
def knowing(tiny):
    folder = RunFolder(tiny.run_dir)
    workers = RunWorkers(
        FixedPool(LocalWorker(KnowingTranslator(tiny))),
        FixedPool(LocalWorker(TesterService(tiny))),
        FixedPool(LocalWorker(make_verifier(tiny))),
    )
    return stages.Run(tiny, folder, open_corpus(tiny, folder), workers)


def test_only_equivalent_candidates_are_kept_and_learnt_from(knowing):
    stages.run_cold_start(knowing)
    stages.make_suites(knowing, 1)
    stages.propose_and_verify(knowing, 1)
    stages.keep_triplets(knowing, 1)
    paths = knowing.folder.round(1)
    outcomes = {v.target_id: v.outcome for v in read_jsonl(paths.verdicts, Verdict)}
    names = {p.id: p.name for p in knowing.corpus.training_source}
    for candidate in read_jsonl(paths.proposals, Candidate):
        right = candidate.text == RIGHT[names[candidate.source_id]]
        assert (outcomes[candidate.id] is Outcome.EQUIVALENT) == right, (
            candidate.text,
            outcomes[candidate.id],
        )
    triplets = list(read_jsonl(paths.triplets, Triplet))
    assert {t.source.name for t in triplets} == set(names.values())
    assert all(t.suite.strength >= knowing.config.verify.least_strength for t in triplets)
    stages.train_models(knowing, 1)
    assert (paths.translator / "model.safetensors").is_file()
    before, after = (knowing.folder.round(k).translator / "model.safetensors" for k in (0, 1))
    assert before.read_bytes() != after.read_bytes()

    prepare_evaluation(knowing)
    found = evaluate_checkpoint(knowing, str(paths.translator), "test")
    assert found["pass@2"] == 100.0 and found["pass@1"] == pytest.approx(50.0)
    assert found["compile_rate"] == 100.0


def test_a_control_beside_the_rounds_learns_other_lessons_and_stands_in_the_table(knowing):
    config = replace(knowing.config, round=replace(knowing.config.round, control=True))
    beside = replace(knowing, config=config)
    prepare_evaluation(beside)
    stages.run_cold_start(beside)
    evaluate_round(beside, 0)
    for stage in (stages.make_suites, stages.propose_and_verify, stages.keep_triplets):
        stage(beside, 1)
    stages.train_models(beside, 1)
    evaluate_round(beside, 1)
    before = {p: p.read_bytes() for p in beside.folder.round(1).folder.glob("*.json*")}
    assert run_control(knowing, 1) == {}  # where nobody asked for one
    figures = run_control(beside, 1)
    cold, round_1 = beside.folder.round(0), beside.folder.round(1)
    weights = {
        (folder / "translator/model.safetensors").read_bytes()
        for folder in (cold.folder, round_1.folder, round_1.control.folder)
    }
    assert len(weights) == 3
    assert before == {p: p.read_bytes() for p in round_1.folder.glob("*.json*")}
    assert figures == read_json(round_1.control.evaluation) == run_control(beside, 1)
    _, rows = make_table(beside.folder, config)
    assert [row[0] for row in rows] == ["cold", "1", "1 control"]
    rises = collect_rises(beside.folder)
    assert [(r.number, r.against) for r in rises] == [(1, "the cold start"), (1, "the control")]
    # This translator answers the same whatever it learnt, so nothing was gained.
    assert all(r.points.value == 0 and "not shown" in r.describe() for r in rises)


def test_training_on_a_held_out_program_is_refused(knowing):
    stages.run_cold_start(knowing)
    held_out = knowing.corpus.evaluation[0]
    renamed = Program(
        "cpp",
        held_out.name,
        held_out.text.replace("int n", "int count")
        .replace("< n", "< count")
        .replace("n - 1", "count - 1"),
    )
    service = TesterService(knowing.config)
    lesson = (renamed, None)
    with pytest.raises(LeakError):
        service.learn(
            str(knowing.folder.round(0).tester),
            [lesson],
            knowing.corpus.protected,
            str(knowing.folder.root / "x"),
            1,
        )


def test_a_run_resumes_repeats_and_agrees_with_ray(tiny, tmp_path, monkeypatch, capsys):
    """One run by Ray; one local run interrupted after its verdicts and resumed: equal files."""
    tiny = replace(tiny, round=replace(tiny.round, control=True))
    by_ray = run(tiny)
    local = replace(tiny, run_dir=str(tmp_path / "other"))
    stopped = stages.keep_triplets

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(stages, "keep_triplets", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(local, use_ray=False)
    other = RunFolder(local.run_dir)
    assert other.round(1).verdicts.exists() and not other.round(1).triplets.exists()
    cold = (other.round(0).translator / "model.safetensors").stat().st_mtime_ns
    monkeypatch.setattr(stages, "keep_triplets", stopped)
    run(local, use_ray=False)
    assert (other.round(0).translator / "model.safetensors").stat().st_mtime_ns == cold

    compared = 0
    for path in sorted(by_ray.rglob("*.jsonl")) + sorted(by_ray.rglob("*.json")):
        relative = path.relative_to(by_ray)
        if (
            relative.name in ("timings.jsonl", manifest.NAME)
            or "translator" in relative.parts
            or "tester" in relative.parts
        ):
            continue
        assert path.read_bytes() == (other.root / relative).read_bytes(), relative
        compared += 1
    assert compared >= 10
    assert RunFolder(by_ray).round(1).control.evaluation.exists()
    one, two = (
        {n: s for n, s in manifest.read_manifest(root).items() if n.count("/") < 2}
        for root in (by_ray, other.root)
    )
    assert one == two and "round-1/verdicts.jsonl" in one
    assert manifest.check_files(by_ray) == manifest.check_files(other.root) == []
    assert not other.round(1).proposing.folder.exists()
    assert "pass@1" in capsys.readouterr().out
    assert "Figures by round" in (by_ray / "report.html").read_text()
    assert read_triplets(by_ray / "export" / "pairs.parquet") == list(
        read_jsonl(RunFolder(by_ray).round(1).triplets, Triplet)
    )


@pytest.mark.slow
def test_export_loads_without_this_project(tiny, tmp_path):
    import subprocess
    import sys

    from gpu_runtime.models.protocol import Prompt, Sampling
    from gpu_runtime.models.scratch import ScratchModel

    run(tiny, use_ray=False)
    out = export_run(Path(tiny.run_dir), tmp_path / "exported")
    code = (
        "from transformers import AutoModelForCausalLM, AutoTokenizer; import sys\n"
        "for folder in sys.argv[1:]:\n"
        "    m = AutoModelForCausalLM.from_pretrained(folder); t = "
        "AutoTokenizer.from_pretrained(folder)\n"
        "    ids = t('<cpp:cuda> void F0 ( int V0 ) { }', return_tensors='pt').input_ids\n"
        "    print(m.generate(ids, max_new_tokens=3).shape[1] > ids.shape[1])\n"
    )
    half = export_run(Path(tiny.run_dir), tmp_path / "half", half=True)
    folders = (out / "translator", out / "tester", half / "translator")
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, folders)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["True"] * 3, done.stderr[-800:]
    assert all("pass@1" in (folder / "README.md").read_text() for folder in folders)
    whole, halved = (
        (folder / "translator" / "model.safetensors").stat().st_size for folder in (out, half)
    )
    assert halved < 0.6 * whole and ScratchModel.load(half / "tester").generate(
        [Prompt("x")], Sampling(1, 0.0, max_new_tokens=2)
    )


def test_another_configuration_is_refused_and_nothing_is_lost(tiny):

    folder = RunFolder(tiny.run_dir)
    open_corpus(tiny, folder)
    changed = replace(tiny, seed=99)
    with pytest.raises(ConfigError, match=r"differs in: seed.*--resume"):
        open_corpus(changed, folder)
    assert folder.corpus.exists()


def test_a_finished_run_goes_on_with_more_rounds(tiny):
    """It was refused as another configuration, and all its rounds had to be made again
    elsewhere.
    """
    folder = RunFolder(run(tiny, use_ray=False))
    first = {p: p.read_bytes() for p in folder.round(1).folder.rglob("*") if p.is_file()}
    assert main(["run", "--resume", str(folder.root), "--local", "--set", "round.count=2"]) == 0
    assert folder.round(2).evaluation.exists() and load(folder.config).round.count == 2
    assert all(path.read_bytes() == data for path, data in first.items())
    run(tiny, use_ray=False)  # fewer: nothing is taken away
    assert folder.round(2).evaluation.exists() and load(folder.config).round.count == 2


def test_a_model_that_learns_nothing_is_said_to_be_copied():
    assert _format_figures({"examples": 0}) == "nothing to learn from: the model is copied"
    assert _format_figures({"examples": 0, "dropped": 3}).endswith(
        "3 too long: the model is copied"
    )
    assert _format_figures({"examples": 4, "loss": 0.5}) == "examples 4, loss 0.5"


def test_a_run_that_has_only_results_left_starts_no_workers(tiny, monkeypatch):
    folder = RunFolder(run(tiny, use_ray=False))
    shutil.rmtree(folder.export)
    folder.report.unlink()
    with monkeypatch.context() as change:
        for maker in ("make_ray_run_workers", "make_local_workers"):
            change.setattr(rounds, maker, lambda config: 1 / 0)
        run(tiny)
    assert folder.export.exists() and folder.report.exists()
    folder.round(1).triplets.unlink()
    assert not stages.are_all_finished(tiny, folder)


def test_no_translation_of_a_held_out_program_is_trained_on(tiny):
    """The same generated stream on both sides: a pair is held out or trained on as a whole, though
    nobody said `aligned`.
    """

    spec = "generated:60:5"
    corpus = build_corpus(replace(tiny, corpus=replace(tiny.corpus, source=spec, target=spec)))
    held_out = {p.origin for p in corpus.evaluation}
    assert held_out and corpus.training_target
    assert not held_out & {p.origin for p in (*corpus.training_source, *corpus.training_target)}
    assert {r.origin for r in corpus.references.values()} <= held_out


def test_one_process_at_a_time(tiny):
    folder = RunFolder(tiny.run_dir)
    open_corpus(tiny, folder)
    part = folder.root / ".corpus.jsonl.1.ab.part"
    with folder.held():
        part.touch()
        with pytest.raises(ConfigError, match="another process"), RunFolder(tiny.run_dir).held():
            pass
        assert part.exists()
    with folder.held():
        assert not part.exists()


def test_dry_run_and_report_of_an_unfinished_run(tiny, capsys):
    assert "candidates (equal answers to a program are one)" in describe_run(tiny)
    folder = RunFolder(tiny.run_dir)
    assert not folder.root.exists()
    open_corpus(tiny, folder)
    print_table(folder.root)
    assert collect_figures(folder) == []
    assert "no round has been verified yet" in write_report(folder.root).read_text()
    shutil.rmtree(folder.root)


def test_a_run_can_start_from_the_export_of_another(tiny, tmp_path):
    """model.backend = pretrained on our own folders: each model takes its part and is asked in its
    own words.
    """

    from gpu_runtime.models.backends import classify_model

    export = tmp_path / "export"
    TranslatorService(tiny).cold_start((), str(export / "translator"))
    TesterService(tiny).cold_start((), str(export / "tester"))
    model = replace(tiny.model, backend="pretrained", name_or_path=str(export))
    second = replace(tiny, model=model, cold_start=replace(tiny.cold_start, generated=0, suites=0))
    for service, kind in (
        (TranslatorService(second), "translator"),
        (TesterService(second), "tester"),
    ):
        service.cold_start((), str(tmp_path / kind))
        assert classify_model(tmp_path / kind) == "scratch"
        weights = [
            (place / kind / "model.safetensors").read_bytes() for place in (export, tmp_path)
        ]
        assert weights[0] == weights[1]
    program = Program(
        "cpp", "f", "void f(int n, float *x) { for (int i = 0; i < n; i++) x[i] = 1; }"
    )
    found = TranslatorService(second).propose(
        str(tmp_path / "translator"), [program], "cpp:cuda", Sampling(1, 0.0, max_new_tokens=4)
    )
    assert found[0].text.startswith("__global__ void f")


def test_survivors_too_long_for_the_model_cost_the_round_its_lesson_not_the_run(tiny, tmp_path):

    service = TesterService(tiny)
    service.cold_start((), str(tmp_path / "cold"))
    long = Program("cpp", "f", "void f(int n, float *x) { " + "x[0] += 1; " * 400 + "}")
    suite = UnitTestSuite(long.id, parse_suite("n=1 x[4]=uniform(0,1)", read_signature(long)))
    service.config = replace(tiny, round=replace(tiny.round, replay=0.0))
    assert service.learn(
        str(tmp_path / "cold"), [(long, suite)], (), str(tmp_path / "next"), 1
    ) == {"examples": 0, "dropped": 1}
    assert (tmp_path / "next/model.safetensors").read_bytes() == (
        tmp_path / "cold/model.safetensors"
    ).read_bytes()


def test_with_both_presets_of_frozen_models_nothing_learns(tiny, monkeypatch):
    """There is a pair to learn from, and both checkpoints stay as they are, byte by byte."""

    def make_pair(run, paths):
        suite = next(read_jsonl(paths.suites, UnitTestSuite))
        source = {p.id: p for p in run.corpus.training_source}[suite.program_id]
        target = Program("cuda", source.name, f"__global__ {source.text}")
        verdict = Verdict(source.id, target.id, suite.id, Outcome.EQUIVALENT, Blame.NOBODY)
        return [Triplet(source, target, suite, "cpp:cuda", verdict)]

    monkeypatch.setattr(stages, "read_survivors", make_pair)
    settled = settle(["frozen-tester", "frozen-translator"], 1, "t")["round.freeze"]
    config = replace(tiny, round=replace(tiny.round, freeze=settled))
    folder = RunFolder(run(config, use_ray=False))
    assert len(list(read_jsonl(folder.round(1).triplets, Triplet))) == 1
    for name in ("translator", "tester"):
        cold, last = (folder.round(k).folder / name / "model.safetensors" for k in (0, 1))
        assert cold.read_bytes() == last.read_bytes(), name


def test_a_frozen_tester_is_measured_once(tiny, monkeypatch):
    """With a model of billions of weights each further measure takes a quarter of an hour."""

    from coevolve.evaluation import evaluate

    measured, real = [], evaluate.evaluate_tester
    monkeypatch.setattr(
        evaluate, "evaluate_tester", lambda *given: measured.append(given[2]) or real(*given)
    )
    folder = RunFolder(
        run(replace(tiny, round=replace(tiny.round, freeze="tester")), use_ray=False)
    )
    assert measured == ["cold start"]
    cold, last = (read_json(folder.round(k).evaluation) for k in (0, 1))
    assert {k: v for k, v in cold.items() if k.startswith("tester_")} == {
        k: v for k, v in last.items() if k.startswith("tester_")
    }
    assert "tester_valid_rate" in last
