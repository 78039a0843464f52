"""What nvcc or a device refuses: small texts with nvcc's stored answers, judged by the engine.

The oracle's answers are asked anew by the slow test, where nvcc is installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from cuda_rule_texts import PLAIN, SOURCE, SUITE, TEXTS, kernel

from coevolve.config.schema import Config, parse
from coevolve.loop import stage_run
from coevolve.verification.compiler_check import refuse_uncompiled
from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.records import Blame, Candidate, Outcome, Program, Verdict
from gpu_runtime.cuda.nvcc import find_nvcc, make_device_check
from gpu_runtime.wall.cuda import find_cuda_fault


def pair_of(text: str, source: str = SOURCE, suite: str | None = SUITE) -> Pair:
    return Pair(Program("cpp", "f", source), Program("cuda", "f", text), suite)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    made = Engine("emulated", VerifyConfig(mutants=0), cache=tmp_path_factory.mktemp("cache"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def verdicts(engine: Engine) -> dict[str, Verdict]:
    pairs = {name: pair_of(row.text) for name, row in TEXTS.items()}
    engine.prepare(list(pairs.values()))
    return {name: engine.verify(pair) for name, pair in pairs.items()}


@pytest.mark.parametrize("name", TEXTS)
def test_verdict(name: str, verdicts: dict[str, Verdict]) -> None:
    verdict, wanted = verdicts[name], TEXTS[name].outcome
    assert (verdict.outcome.value, verdict.detail) == (wanted, verdict.detail)
    assert wanted == "EQUIVALENT" or verdict.blame is Blame.TARGET
    assert "\n" not in verdict.detail


MORE_LENIENT = {"removed shfl", "uchar without header", "FLT_MAX without header"}


def test_what_nvcc_refuses_is_not_accepted() -> None:
    for row in TEXTS.values():
        if not row.nvcc and row.name not in MORE_LENIENT:
            assert row.outcome != "EQUIVALENT", row.name
    refused = [row for row in TEXTS.values() if row.nvcc and row.outcome == "COMPILE_ERROR"]
    # nvcc warns and makes an empty kernel of it.
    assert [row.name for row in refused] == ["both calls unmarked, from kernel"]


@pytest.mark.slow
@pytest.mark.skipif(not find_nvcc(), reason="nvcc is not installed")
def test_nvcc_still_says_so(tmp_path: Path) -> None:
    check = make_device_check("nvcc", tmp_path)
    said = check.explain([Program("cuda", "f", row.text) for row in TEXTS.values()])
    differs = {
        row.name: reason
        for row, reason in zip(TEXTS.values(), said, strict=True)
        if (not reason) != row.nvcc
    }
    assert set(differs) == MORE_LENIENT


def test_one_line_names_function_and_place() -> None:
    text = kernel("if (i < n)\n y[i] = g(x[i]);", "float g(float v) { return 2 * v; }")
    outcome, reason = find_cuda_fault(Program("cuda", "f", text))
    assert outcome is Outcome.COMPILE_ERROR
    assert reason == "the kernel 'f' calls the host function 'g' in line 3"
    assert find_cuda_fault(Program("cpp", "f", SOURCE)) is None


UNSEEN = kernel(
    "auto g = [](float v) { return twice(v); }; if (i < n) y[i] = g(x[i]);",
    "float twice(float v) { return 2 * v; }",
)
"""No rule looks into the lambda; nvcc refuses the call."""


class RefusingCheck:
    """A compiler that refuses every text."""

    name, identity = "nvcc", "fake"

    def explain(self, programs: list[Program]) -> list[str]:
        return ["program.cu:1: error: no" for _ in programs]


def test_the_compiler_is_asked_about_accepted_cuda_targets_only(engine: Engine) -> None:
    right, wrong = pair_of(kernel(PLAIN)), pair_of(kernel(PLAIN.replace("2", "3")))
    verdicts = [engine.verify(right), engine.verify(wrong)]
    targets = [right.target, wrong.target]
    assert refuse_uncompiled(verdicts, targets, None) == verdicts
    found = refuse_uncompiled(verdicts, targets, RefusingCheck())
    assert found[0].outcome is Outcome.COMPILE_ERROR and found[0].blame is Blame.TARGET
    assert found[0].detail == "nvcc: program.cu:1: error: no"
    assert found[1] == verdicts[1]
    serial = Program("openmp", "f", SOURCE)
    assert refuse_uncompiled(verdicts[:1], [serial], RefusingCheck()) == verdicts[:1]


@pytest.mark.skipif(not find_nvcc(), reason="nvcc is not installed")
def test_nvcc_has_the_last_word(tmp_path: Path) -> None:
    config = VerifyConfig(mutants=0, device_compiler="nvcc")
    asked, unasked = (
        Engine("emulated", config, tmp_path),
        Engine("emulated", VerifyConfig(mutants=0), tmp_path),
    )
    pairs = [pair_of(UNSEEN), pair_of(kernel(PLAIN))]
    asked.prepare(pairs)
    first, second = (asked.verify(pair) for pair in pairs)
    assert unasked.verify(pairs[0]).outcome is Outcome.EQUIVALENT
    assert first.outcome is Outcome.COMPILE_ERROR and "__host__" in first.detail
    assert second.outcome is Outcome.EQUIVALENT


FAST = {
    "for (int i = 0; i < n; i++) y[i] = expf(x[i]);": (
        ("if (i < n) y[i] = __expf(x[i]);", Outcome.EQUIVALENT),
        ("if (i < n) y[i] = expf(x[i]);", Outcome.EQUIVALENT),
    ),
    "for (int i = 0; i < n; i++) y[i] = powf(x[i], 2.0f);": (
        ("if (i < n) y[i] = powf(x[i], 2.0f);", Outcome.EQUIVALENT),
        ("if (i < n) y[i] = __powf(x[i], 2.0f);", Outcome.MISMATCH),  # NaN below zero
    ),
    "for (int i = 0; i < n; i++) y[i] = (int)(i / 3.0f);": (
        ("if (i < n) y[i] = (int)(i / 3.0f);", Outcome.EQUIVALENT),
        ("if (i < n) y[i] = (int)__fdividef(i, 3.0f);", Outcome.MISMATCH),
    ),
    "for (int i = 0; i < n; i++) y[i] = expf(x[i]) == expf(x[i] + 0.0f) ? 2 : 1;": (
        ("if (i < n) y[i] = __expf(x[i]) == expf(x[i]) ? 2 : 1;", Outcome.MISMATCH),
    ),
}


@pytest.mark.parametrize("body", FAST)
def test_a_port_may_not_need_fast_functions_to_be_exact(body: str, engine: Engine) -> None:
    source = f"void f(int n, const float *x, float *y) {{ {body} }}"
    for text, wanted in FAST[body]:
        verdict = engine.verify(pair_of(kernel(text), source))
        assert verdict.outcome is wanted, (text, verdict.detail)


def test_a_round_asks_about_its_accepted_cuda_ports_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def answer(pool: object, method: object, items: list[tuple]) -> Iterator[tuple]:
        for k, (verdicts, programs) in enumerate(items):
            asked.append([p.text for p in programs])
            yield k, [replace(v, outcome=Outcome.COMPILE_ERROR) for v in verdicts]

    monkeypatch.setattr(stage_run, "map_unordered", answer)
    ways = ["cpp:cuda", "cpp:openmp", "cpp:cuda", "cpp:cuda"]
    ports = [Candidate("s", way, f"text {k}", "m") for k, way in enumerate(ways)]
    outcomes = [Outcome.EQUIVALENT, Outcome.EQUIVALENT, Outcome.MISMATCH, Outcome.EQUIVALENT]
    verdicts = [
        Verdict("s", port.id, "t", outcome, Blame.NOBODY)
        for port, outcome in zip(ports, outcomes, strict=True)
    ]
    run = SimpleNamespace(config=Config(), workers=SimpleNamespace(verifiers=None))
    found = stage_run.confirm_accepted(run, verdicts, {p.id: p for p in ports})
    assert asked == [["text 0", "text 3"]]
    assert [v.outcome is Outcome.COMPILE_ERROR for v in found] == [True, False, False, True]
    run.config = parse({"presets": ["no-device-compiler"]}, "t")
    assert stage_run.confirm_accepted(run, verdicts, {p.id: p for p in ports}) == verdicts
    assert len(asked) == 1
