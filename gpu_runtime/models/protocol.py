"""The model seam: generate a batch, learn from examples, save and load. One Protocol; back ends are
in this package.

Contract: text in, text out. A back end owns its tokeniser, its optimiser and its devices; it knows
nothing of programs, directions or verdicts.

    python -c "from gpu_runtime.models.protocol import Sampling; print(Sampling())"
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class ModelError(ValueError):
    """The model that the user named cannot be used. The message is one line: what is wrong, where,
    and how to mend it.
    """


class NothingToLearnError(ModelError):
    """No example is short enough for the model's context."""


class AllowedOnly(frozenset[str]):
    """The only words that may come next, as a result of `ConstraintState.forbidden`, whose other
    results are words that may not. All others are forbidden. A word that the vocabulary lacks is
    spelled in characters, and `advance` gets it whole.
    """


class ConstraintState(Protocol):
    """Says which words may not come next in one answer of a model. It starts after the prompt's
    prefix.

    Words are separated by single spaces; `</s>` ends an answer. A word outside the vocabulary is
    written as single characters; `advance` then gets an empty word for each.
    """

    def forbidden(self) -> Collection[str]:
        """Return the words that may not come next, or an AllowedOnly with those that may."""
        ...

    def advance(self, word: str) -> None:
        """Take note that `word` was appended to the answer. It is '' for a single character of a
        word that is spelled.
        """
        ...


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question to a model.

    text: the question. prefix: forced at the start of every answer, and part of it; '' for none.
    constraint(): makes a state that says which words may come next in one answer; back ends without
        whole words may ignore it. None: no constraint.
    most_tokens: no right answer is longer, so that a back end may stop there; None: not known.
        ended(text so far): whether it is a whole answer, so that a back end may stop there too;
        None: not known.
    """

    text: str
    prefix: str = ""
    constraint: Callable[[], ConstraintState] | None = field(default=None, compare=False)
    most_tokens: int | None = None
    """No right answer is longer: a back end may stop there."""
    ended: Callable[[str], bool] | None = field(default=None, compare=False)
    """Whether the text so far is a whole answer: a back end may stop there too."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How answers are drawn. n: answers per prompt. temperature: 0 is greedy. top_p: nucleus share
    in (0, 1]. max_new_tokens: tokens after which an answer is cut. seed: of the random stream.
    """

    n: int = 1
    temperature: float = 0.8
    top_p: float = 0.95
    max_new_tokens: int = 512
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Example:
    """One training example: a prompt and its answer. The loss is on `answer` only, multiplied by
    `weight`.
    """

    prompt: str
    answer: str
    weight: float = 1.0


Reward = Callable[[Sequence[int], Sequence[str]], list[float]]
"""What answers are worth: called with the indices of their prompts and the answers."""


@dataclass(frozen=True, slots=True)
class Preference:
    """Two answers to one prompt: `better` was found right, `worse` wrong."""

    prompt: str
    better: str
    worse: str


@dataclass(frozen=True, slots=True)
class Learning:
    """Hyper-parameters of one training.

    learning_rate: its peak. epochs: passes over the examples, perhaps a fraction. batch_tokens:
        tokens of prompts and answers in one optimiser step. seed: of the order.
    max_minutes: most wall time; None for no limit, which a reproducible run needs.
    workspace: folder where a long training keeps checkpoints, from which it goes on after a kill;
        the caller removes it. None: nothing is kept.
    validate(): returns how good the model is as it stands (higher is better); a back end that stops
        early calls it as it goes. None: it never stops early.
    """

    learning_rate: float = 2e-3
    epochs: float = 1.0
    batch_tokens: int = 2048
    seed: int = 0
    max_minutes: float | None = None
    """Upper bound on wall time; None for reproducible runs (a run stopped by the clock is not
    reproducible).
    """
    workspace: Path | None = field(default=None, compare=False)
    """Where a long training keeps checkpoints of its own, from which it goes on after a kill; the
    caller removes it.
    """
    validate: Callable[[], float] | None = field(default=None, compare=False)
    """How good the model is as it stands (higher is better); a back end that stops early asks it as
    it goes.
    """


class AnsweringModel(Protocol):
    """A text-to-text model that is only asked."""

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[list[str]]:
        """Return `sampling.n` answers per prompt, in order. Equal model, prompts and sampling give
        equal answers on one machine. sampling: how answers are drawn. Raises ModelError if the
        model fails.
        """
        ...


class LanguageModel(AnsweringModel, Protocol):
    """A text-to-text model that can be trained."""

    def learn(
        self,
        examples: Sequence[Example],
        learning: Learning,
        progress: Callable[[int, int, float], None] | None = None,
    ) -> dict[str, float]:
        """Train on `examples` and return metrics by name, such as `loss`, `tokens` and `seconds`.

        learning: how fast, how often and how long. progress(step, steps, loss): called as the
            training goes on, with the steps done, their total and the last loss; None: nothing is
            called. Raises NothingToLearnError if no example fits the context, ModelError if the
            model cannot be trained.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write the model to `folder` as a Hugging Face folder, which appears when complete, so
        that it can be loaded again. Raises OSError if the disk is full.
        """
        ...
