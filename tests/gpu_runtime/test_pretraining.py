"""Objectives on single functions: what a prompt shows, what its answer holds, and that a model's
figures are its own.
"""

import random

import pytest

from corpora.tokens.noise import MASK, Contrast, fill_spans
from gpu_runtime.models.pretraining import (
    PRETRAINING_WORDS,
    ExampleEvaluation,
    compute_macro_f1,
    make_denoising_example,
    make_infilling_example,
    make_recognition_example,
    summarize_evaluations,
)
from gpu_runtime.models.protocol import Example, Learning
from gpu_runtime.models.scratch import ScratchConfig, ScratchModel

WORDS = (
    "void F0 ( int V0 , float * V1 ) { for ( int V2 = 0 ; V2 < V0 ; V2 ++ ) V1 [ V2 ] = 1 _0 ; }"
).split()


def test_filling_in_gives_the_function_back():
    example = make_infilling_example(WORDS, 0.3, random.Random(4))
    tag, *shown = example.prompt.split()
    spans = [span.split() for span in example.answer.split(MASK)[1:]]
    assert tag == "<mlm>" and fill_spans(shown, spans) == WORDS and MASK in shown


def test_entities_are_the_answer():
    example = make_recognition_example(WORDS, (("V0", "<e:parameter>"), ("1 _0", "<e:constant>")))
    assert example == Example("<aer> " + " ".join(WORDS), "V0 <e:parameter> 1 _0 <e:constant>")


def test_denoising_restores_under_the_tag_of_a_translation():
    example = make_denoising_example(WORDS, "<cpp:cuda>", 0.4, Contrast({}), random.Random(1))
    assert example.prompt.split()[0] == "<cpp:cuda>" and example.answer.split() == WORDS
    assert example.prompt.split()[1:] != WORDS


def test_figures_are_per_word_and_tags_are_scored_apart():
    found = summarize_evaluations(
        [
            ExampleEvaluation(2.0, ("V0", "<e:array>", "</s>"), ("V0", "<e:local>", "</s>")),
            ExampleEvaluation(1.0, ("V1", "<e:local>", "</s>"), ("V0", "<e:local>", "</s>")),
        ]
    )
    assert found["loss"] == 0.5 and found["accuracy"] == pytest.approx(4 / 6)
    assert found["tag_f1"] == pytest.approx((0 + 2 / 3) / 2)
    assert summarize_evaluations([]) == {} and "tag_f1" not in summarize_evaluations(
        [ExampleEvaluation(1.0, ("a",), ("b",))]
    )


def test_f1_by_hand():
    pairs = [("a", "a"), ("a", "b"), ("b", "b"), ("b", "b"), ("c", "a")]
    assert compute_macro_f1(pairs) == pytest.approx((2 * 1 / 4 + 2 * 2 / 5 + 0) / 3)


def test_a_small_model_learns_every_objective_and_examines_itself_alike():
    rng = random.Random(0)
    lessons = [
        make_infilling_example(WORDS, 0.2, rng),
        make_recognition_example(WORDS, (("V0", "<e:parameter>"), ("V1", "<e:array>"))),
        make_denoising_example(WORDS, "<cpp:cuda>", 0.2, Contrast({}), rng),
    ]
    texts = [text for e in lessons for text in (e.prompt, e.answer)]
    model = ScratchModel.create(
        ScratchConfig(
            layers=1, width=32, heads=2, kept_heads=2, inner_width=64, context=128, seed=3
        ),
        texts,
        (*PRETRAINING_WORDS, "<cpp:cuda>", *WORDS),
    )
    assert summarize_evaluations(model.examine(lessons))["loss"] == pytest.approx(
        model.loss(lessons), rel=1e-4
    )
    before = [summarize_evaluations(model.examine([e]))["loss"] for e in lessons]
    model.learn(lessons, Learning(learning_rate=5e-3, epochs=60, batch_tokens=256))
    after = [summarize_evaluations(model.examine([e]))["loss"] for e in lessons]
    assert all(b < a / 3 for a, b in zip(before, after)), (before, after)
    assert model.examine(lessons)[1].words == (*lessons[1].answer.split(), "</s>"), (
        "masks and tags are one word each"
    )
    assert model.examine([Example("V0 " * 200, "V0")]) == [], "too long for the context"
