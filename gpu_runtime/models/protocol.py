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
    """The model that the user named cannot be used; the message is one line: what, where, how to
    mend it.
    """


class NothingToLearnError(ModelError):
    """No example is short enough for the model's context."""


class AllowedOnly(frozenset[str]):
    """All that may come next, as the answer of `ConstraintState.forbidden`: every other word is
    forbidden.

    A word in it that the vocabulary lacks is spelled, and `advance` is given it whole.
    """


class ConstraintState(Protocol):
    """What may not come next in one answer, word by word (words are separated by single spaces).

    It starts after the prompt's prefix. The word that ends an answer is `</s>`; what is spelled in
    characters, since no word of the vocabulary is it, is one empty word a character. Equal sets are
    found again fastest as frozensets.
    """

    def forbidden(self) -> Collection[str]: ...

    def advance(self, word: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked. `prefix` is forced at the start of every answer and is part of the
    answer returned.

    constraint: makes a fresh state for one answer; a back end whose vocabulary has no whole words
    may ignore it.
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
    """n answers per prompt; temperature 0 is greedy (then all n are equal, so n should be 1)."""

    n: int = 1
    temperature: float = 0.8
    top_p: float = 0.95
    max_new_tokens: int = 512
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Example:
    """One training example; the loss is on `answer` only. `weight` scales its loss."""

    prompt: str
    answer: str
    weight: float = 1.0


Reward = Callable[[Sequence[int], Sequence[str]], list[float]]
"""What answers are worth: called with the indices of their prompts and the answers."""


@dataclass(frozen=True, slots=True)
class Preference:
    """Two answers to one prompt, of which the first was shown to be right and the second to be
    wrong.
    """

    prompt: str
    better: str
    worse: str


@dataclass(frozen=True, slots=True)
class Learning:
    """Hyper-parameters of one call of `learn`. batch_tokens counts source and target tokens of one
    optimiser step.
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


class LanguageModel(Protocol):
    """A trainable text-to-text model."""

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[list[str]]:
        """For each prompt, `sampling.n` answers. Same model, prompts and sampling give the same
        answers on one machine.
        """
        ...

    def learn(
        self,
        examples: Sequence[Example],
        learning: Learning,
        progress: Callable[[int, int, float], None] | None = None,
    ) -> dict[str, float]:
        """Train; returns figures such as `loss`, `tokens`, `seconds`. progress(step, steps, loss)
        is called as it goes.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write a Hugging Face folder (safetensors, tokeniser, generation config). The folder
        appears only when complete.
        """
        ...
