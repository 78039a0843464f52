"""A control learns for as long as the run that it is compared with, and from generated lessons
alone.
"""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from coevolve.config.schema import ConfigError, parse
from coevolve.evaluation.contamination import read_manifest
from coevolve.loop import services
from coevolve.loop.control_lessons import count_words, match_lesson_length
from coevolve.loop.services import TesterService, TranslatorService
from corpora.generator import generate
from corpora.records import Blame, Outcome, Program, Triplet, UnitTestSuite, Verdict
from corpora.suites.unit_tests import parse_suite
from gpu_runtime.models.protocol import Example

SERIAL = (
    "void scale{0}(float *x, int n) {{ for (int i = 0; i < n; i++) x[i] = {0}.0f * x[i] + "
    "x[(i + {0}) % n]; }}"
)
KERNEL = (
    "__global__ void scale{0}(float *x, int n) {{ int i = blockIdx.x * blockDim.x + "
    "threadIdx.x; if (i < n) x[i] = {0}.0f * x[i] + x[(i + {0}) % n]; }}"
)


def _examples(lengths):
    return [Example("p " * (length - 1), "a") for length in lengths]


@given(
    st.lists(st.integers(2, 40), max_size=30),
    st.lists(st.integers(2, 40), min_size=1, max_size=7),
    st.integers(0, 3),
)
def test_as_many_words_to_within_half_an_example(lengths, generated, seed):
    lessons = _examples(lengths)

    def made(count):
        return _examples([generated[i % len(generated)] for i in range(count)])

    found = match_lesson_length(lessons, made, seed)
    difference = abs(sum(map(count_words, found)) - sum(map(count_words, lessons)))
    assert difference <= max(generated) / 2
    assert found == match_lesson_length(lessons, made, seed)


def test_too_few_generated_examples_are_an_error():
    with pytest.raises(ValueError, match="3 examples only"):
        match_lesson_length(_examples([40] * 9), lambda count: _examples([2] * 3), 0)


def test_what_has_no_lessons_of_its_own_cannot_be_a_control():
    with pytest.raises(ConfigError, match="has no verdicts to learn from"):
        parse(
            {
                "model": {"backend": "pretrained", "name_or_path": "x"},
                "round": {"learn": "dpo"},
                "settings": {"round.lessons": "generated"},
            },
            "c.toml",
        )


@pytest.fixture
def taught(tiny, tmp_path, monkeypatch):
    """What each service would train on and how long, by value of round.lessons, from the same six
    pairs.
    """
    base = replace(tiny, round=replace(tiny.round, replay=1.0))
    suite = UnitTestSuite("p", parse_suite("n:i32=4 x:f32[n]=uniform(-1,1)@3"), strength=1.0)
    pairs = [
        (
            Program("cpp", f"scale{k}", SERIAL.format(k)),
            Program("cuda", f"scale{k}", KERNEL.format(k)),
        )
        for k in range(2, 8)
    ]
    triplets = [
        Triplet(
            s,
            t,
            suite,
            "cpp:cuda",
            Verdict(s.id, t.id, suite.id, Outcome.EQUIVALENT, Blame.NOBODY, "emulated"),
        )
        for s, t in pairs
    ]
    protected = [next(iter(generate(1, 99))).programs["cpp"]]
    for maker, name in ((TranslatorService, "translator"), (TesterService, "tester")):
        maker(base).cold_start(protected, str(tmp_path / "cold" / name))
    seen = []
    kept_tuning = services.fine_tune_checkpoint

    def note(checkpoints, examples, learning, checkpoint, folder):
        seen.append((examples, learning))
        return kept_tuning(checkpoints, examples, learning, checkpoint, folder)

    monkeypatch.setattr(services, "fine_tune_checkpoint", note)
    found = {}
    for lessons in ("kept", "generated"):
        config = replace(base, round=replace(base.round, lessons=lessons))
        out = tmp_path / lessons
        TranslatorService(config).learn(
            str(tmp_path / "cold/translator"), triplets, protected, str(out / "translator"), 1
        )
        TesterService(config).learn(
            str(tmp_path / "cold/tester"),
            [(s, suite) for s, _ in pairs],
            protected,
            str(out / "tester"),
            1,
        )
        found[lessons] = (*seen, out)
        seen.clear()
    return found, pairs


@pytest.mark.slow
def test_a_control_learns_as_long_from_generated_pairs_and_suites_alone(taught):
    found, pairs = taught
    for (of_kept, learning), (of_control, same), name in zip(
        found["kept"][:2], found["generated"][:2], ("translator", "tester"), strict=True
    ):
        words = [sum(map(count_words, examples)) for examples in (of_kept, of_control)]
        assert abs(words[0] - words[1]) <= max(map(count_words, of_control)), name
        assert (learning.epochs, learning.learning_rate, learning.seed) == (
            same.epochs,
            same.learning_rate,
            same.seed,
        )
        lessons = set(of_kept) - set(of_control)
        assert (
            len(lessons) >= len(pairs) and len(set(of_control) - set(of_kept)) > 1
        )  # replay is the same in both
        manifests = [read_manifest(found[lessons][2] / name) for lessons in ("kept", "generated")]
        assert manifests[0].exact and not manifests[1].exact, name
