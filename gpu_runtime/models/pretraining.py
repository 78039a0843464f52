"""What a small model learns from single functions, before any pair: filling in, recognising
entities, restoring.

Contract: each objective makes an `Example` of canonical words. The model is decoder-only with the
loss on the answer, so the encoder's objectives of the papers take the form that such a model has
for them: masked words become *span infilling* (the answer is what the masks hide, in order), entity
recognition becomes *writing the table of entities*. Denoising is asked for with the tag of a
translation into the function's own dialect, since that tag is all that tells the model which
dialect to write: what is learnt by restoring a kernel is then at hand when a kernel is wanted of
another dialect's function.

    python -c "import random; from gpu_runtime.models.pretraining import make_infilling_example; \\
        print(make_infilling_example('V0 = V1 ;'.split(), 0.5, random.Random(2)))"

Sources: as in `corpora.tokens.noise` and `corpora.tokens.abstract_entities`; span infilling as in
T5 (Raffel et al., arXiv 1910.10683).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from corpora.tokens.abstract_entities import TAGS, Entity
from corpora.tokens.noise import MASK, Contrast, Noise, corrupt_words, mask_spans
from gpu_runtime.models.protocol import Example

INFILLING, RECOGNITION = "<mlm>", "<aer>"
"""First words of the prompts."""
PRETRAINING_WORDS = (INFILLING, RECOGNITION, MASK, *TAGS)
"""What a vocabulary must hold whole beside the programs' own words."""


def make_infilling_example(words: Sequence[str], rate: float, rng: random.Random) -> Example:
    """Return a training example of masked-language modelling by spans (T5; Raffel et al., 2019).

    words: those of a text. Some are replaced by masks, which makes the prompt; the answer is each
        mask and the words it hides. rate: the share of words hidden, in [0, 1]. rng: draws which.
    """
    shown, spans = mask_spans(words, rate, rng)
    return Example(
        " ".join((INFILLING, *shown)), " ".join(word for span in spans for word in (MASK, *span))
    )


def make_recognition_example(words: Sequence[str], entities: Sequence[Entity]) -> Example:
    """Return a training example of entity recognition. The prompt is `words`; the answer is every
    entity followed by its tag, in the given order. entities: (name, tag); the tag is one of TAGS,
    such as `<e:parameter>`.
    """
    return Example(
        " ".join((RECOGNITION, *words)), " ".join(f"{entity} {tag}" for entity, tag in entities)
    )


def make_denoising_example(
    words: Sequence[str], tag: str, rate: float, sides: Contrast, rng: random.Random
) -> Example:
    """Return a training example whose prompt is `words` after noise and whose answer is `words`.

    tag: the first word of a prompt that asks for a translation into their dialect. rate: share of
        words disturbed, in [0, 1]. sides: words typical of other dialects, which noise inserts.
        rng: draws the noise.
    """
    return Example(
        " ".join((tag, *corrupt_words(words, Noise.at(rate), sides, rng))), " ".join(words)
    )


@dataclass(frozen=True, slots=True)
class ExampleEvaluation:
    """How well a model predicts the answer of one example, word by word, given the right words
    before.

    loss: summed over the answer's tokens. words: of the answer. guessed: the likeliest word at each
        place.
    """

    loss: float
    words: tuple[str, ...]
    guessed: tuple[str, ...]


def summarize_evaluations(examined: Sequence[ExampleEvaluation]) -> dict[str, float]:
    """Return metrics by name over all examples: `loss` per answer word, `accuracy` of guessed words
    in [0, 1], and `tag_f1`, the mean F1 over entity tags in [0, 1], where answers hold any. It is
    empty without words. examined: one evaluation per example.
    """
    places = [
        (right, guess) for e in examined for right, guess in zip(e.words, e.guessed, strict=True)
    ]
    if not places:
        return {}
    figures = {
        "loss": sum(e.loss for e in examined) / len(places),
        "accuracy": sum(right == guess for right, guess in places) / len(places),
    }
    tags = [(right, guess) for right, guess in places if right in TAGS]
    return figures | ({"tag_f1": compute_macro_f1(tags)} if tags else {})


def compute_macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """Return the mean F1, in [0, 1], over the labels that occur among the right ones; 0.0 without
    pairs. pairs: (right label, guessed label).
    """
    right, guessed = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    both = Counter(a for a, b in pairs if a == b)
    return (
        sum(2 * both[label] / (right[label] + guessed[label]) for label in right) / len(right)
        if right
        else 0.0
    )
