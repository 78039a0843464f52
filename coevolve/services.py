"""The model sides of a run as plain objects that actors hold: they open checkpoints, propose, learn, save.

Contract: every call names its checkpoint, so a restarted actor needs no history. Training data passes the evaluation
guard here, at the last moment: generated data is filtered, anything else that leaks raises LeakError.

    python -c "from coevolve.services import TranslatorService; help(TranslatorService)"
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from coevolve.config import Config
from coevolve.verifier import Verifier
from corpora.dialects import Direction, direction
from corpora.files import write_folder
from corpora.loopnests import Computation, generate
from corpora.records import Candidate, Program, Triplet, UnitTest, UnitTestSuite, content_hash
from corpora.splits import EvaluationGuard
from gpu_runtime.models.backends import MODEL_BACKENDS, kind_of
from gpu_runtime.models.protocol import Example, LanguageModel, Learning, NothingToLearn, Sampling
from translator.translate import DIRECTION_TAGS, PromptStyle, Translator
from tester.propose import SUITE_TAGS, SuiteStyle, Tester

REVERSE_EVERY = 3
"""Cold start: one generated pair in three also teaches the reverse direction, which is the easier one (a kernel tells its
loops), where a real corpus of the target dialect gives it something to do."""
PROMPT_STYLES = {"scratch": PromptStyle.CANONICAL, "pretrained": PromptStyle.PLAIN}
SUITE_STYLES = {"scratch": SuiteStyle.CANONICAL, "pretrained": SuiteStyle.PLAIN}
"""How a model of each of MODEL_BACKENDS is asked: our own small ones know canonical words only."""
COLD_STREAM, REPLAY_STREAM = 0, 1000
"""Which part of the generator's stream: replayed items are never those of the cold start."""


def make_translator(config: Config) -> TranslatorService:
    return TranslatorService(config)


def make_tester(config: Config) -> TesterService:
    return TesterService(config)


def make_verifier(config: Config) -> Verifier:
    return Verifier(config)


class _Checkpoints:
    """Opens checkpoints of one kind of model (`translator` or `tester`), one kept open at a time."""

    def __init__(self, config: Config, kind: str) -> None:
        self.config, self.kind = config, kind
        self._open: tuple[str, LanguageModel] | None = None
        self.progress: tuple[int, int, float] = (0, 0, 0.0)
        _use_all_cores()

    def note_progress(self, step: int, steps: int, loss: float) -> None:
        self.progress = (step, steps, loss)

    def model(self, checkpoint: str) -> LanguageModel:
        if self._open is None or self._open[0] != checkpoint:
            self._open = (checkpoint, MODEL_BACKENDS[kind_of(checkpoint)](checkpoint))
        return self._open[1]

    def forget(self) -> None:
        """The open model is about to change under its name."""
        self._open = None

    def learning(self, epochs: float, rate: float, *salt: object) -> Learning:
        return Learning(rate, epochs, seed=_seed(self.config, *salt))

    @property
    def start(self) -> str:
        """The pretrained model to begin with: the one named or, of a run's export, the part of this kind."""
        own = Path(self.config.model.name_or_path) / self.kind
        return str(own) if own.is_dir() else self.config.model.name_or_path

    @property
    def start_kind(self) -> str:
        """A key of MODEL_BACKENDS; it also decides how the model is asked."""
        return "scratch" if self.config.model.backend == "scratch" else kind_of(self.start)

    def pretrained(self) -> LanguageModel | None:
        """The model that the configuration names, if any: opened before data is made for it, so that a wrong name shows."""
        return None if self.config.model.backend == "scratch" else MODEL_BACKENDS[self.start_kind](self.start)

    def create(self, texts: Sequence[str], words: Sequence[str]) -> LanguageModel:
        """A new model of the configured shape, with a vocabulary for these texts."""
        from gpu_runtime.models.scratch import ScratchConfig, ScratchModel

        shape = self.config.model
        kept = shape.heads // 3 if shape.heads % 3 == 0 else shape.heads
        made = ScratchConfig(layers=shape.layers, width=shape.width, heads=shape.heads, kept_heads=kept, seed=self.config.seed)
        return ScratchModel.create(made, texts, words)


def _use_all_cores() -> None:
    """Ray gives actors one thread; models work while verifiers wait, and a fixed number keeps results repeatable.

    Threads that spin while they wait take the cores from the verifiers: they sleep instead.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    import torch
    from transformers.utils import logging

    logging.disable_progress_bar()  # bars of our own are shown
    torch.set_num_threads(os.cpu_count() or 1)


def _seed(config: Config, *salt: object) -> int:
    return int(content_hash(config.seed, *salt), 16) % (1 << 31)


def _learn_and_save(
    checkpoints: _Checkpoints, model: LanguageModel, examples: list[Example], learning: Learning, folder: str
) -> dict[str, float]:
    checkpoints.progress = (0, 0, 0.0)
    figures = model.learn(examples, learning, checkpoints.note_progress) if examples else {}
    model.save(Path(folder))
    return {"examples": len(examples)} | {k: figures[k] for k in ("loss", "tokens", "seconds") if k in figures}


def _fine_tuned(
    checkpoints: _Checkpoints, model: LanguageModel, examples: list[Example], learning: Learning, checkpoint: str, folder: str
) -> dict[str, float]:
    checkpoints.forget()
    try:
        return _learn_and_save(checkpoints, model, examples, learning, folder)
    except NothingToLearn:  # all that survived is longer than the model's context: a round without lessons, not an error
        return _carried_on(checkpoint, folder)


def _carried_on(checkpoint: str, folder: str) -> dict[str, float]:
    """A checkpoint that learns nothing this round is copied, so that every round's folder is whole."""
    write_folder(folder, lambda temporary: shutil.copytree(checkpoint, temporary, dirs_exist_ok=True))
    return {"examples": 0}


MOST_PER_SOURCE = 2


def fair_share(triplets: Sequence[Triplet]) -> list[Triplet]:
    """At most MOST_PER_SOURCE translations of each source, in order: what is easy has many right answers, and learning
    them all teaches little but to repeat them."""
    taken: Counter[str] = Counter()
    kept = []
    for triplet in triplets:
        taken[triplet.source.id] += 1
        if taken[triplet.source.id] <= MOST_PER_SOURCE:
            kept.append(triplet)
    return kept


class TranslatorService:
    """The Translator of a run."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.checkpoints = _Checkpoints(config, "translator")

    def cold_start(self, protected: Sequence[Program], folder: str) -> dict[str, float]:
        """Train on generated pairs in the run's direction and its reverse, and save to `folder`."""
        wanted, model = self.config.cold_start, self.checkpoints.pretrained()
        pairs = self._pairs(wanted.generated, COLD_STREAM, EvaluationGuard(protected))
        teacher = Translator(None, PROMPT_STYLES[self.checkpoints.start_kind])
        examples = self._generated_examples(teacher, pairs)
        texts = [text for e in islice(examples, 4000) for text in (e.prompt, e.answer)]
        model = model or self.checkpoints.create(texts, DIRECTION_TAGS)
        learning = self.checkpoints.learning(wanted.epochs, wanted.learning_rate, "cold translator")
        return _learn_and_save(self.checkpoints, model, examples, learning, folder)

    def progress(self) -> tuple[int, int, float]:
        """(step, steps, loss) of the learning under way; asked from another thread."""
        return self.checkpoints.progress

    def propose(self, checkpoint: str, programs: list[Program], way: str, sampling: Sampling) -> list[Candidate]:
        return Translator(self.checkpoints.model(checkpoint), PROMPT_STYLES[kind_of(checkpoint)]).propose(programs, direction(way), sampling)

    def learn(self, checkpoint: str, triplets: list[Triplet], protected: Sequence[Program], folder: str, number: int) -> dict[str, float]:
        """Fine-tune on survivors and replayed generated pairs. Raises LeakError when a survivor is an evaluation item."""
        if not triplets:
            return _carried_on(checkpoint, folder)
        guard = EvaluationGuard(protected)
        # Sources were held apart when the corpus was split; a model may still have written a held-out program.
        guard.check([t.source for t in triplets])
        kept = fair_share([t for t in triplets if not guard.leaks([t.target])])
        model = self.checkpoints.model(checkpoint)
        teacher, wanted = Translator(model, PROMPT_STYLES[kind_of(checkpoint)]), self.config.round
        examples = teacher.examples([(t.source, t.target) for t in kept], wanted.learn)
        replayed = self._pairs(int(wanted.replay * len(kept)), REPLAY_STREAM + number, guard)
        examples += self._generated_examples(teacher, replayed)
        learning = self.checkpoints.learning(wanted.epochs, wanted.learning_rate, "translator", number)
        return _fine_tuned(self.checkpoints, model, examples, learning, checkpoint, folder)

    def _generated_examples(self, teacher: Translator, pairs: list[tuple[Program, Program]]) -> list[Example]:
        examples = teacher.examples(pairs, "forward")
        return examples + (teacher.examples(pairs[::REVERSE_EVERY], "back") if self.config.corpus.target else [])

    def _pairs(self, count: int, stream: int, guard: EvaluationGuard) -> list[tuple[Program, Program]]:
        """Generated pairs of the run's direction that are unlike every protected program."""
        way = direction(self.config.direction)
        made = [(c.programs[way.source.name], c.programs[way.target.name]) for c in _generated(self.config, count, stream, way)]
        leaking = {leak.item for side in (0, 1) for leak in guard.leaks([p[side] for p in made])}
        return [pair for i, pair in enumerate(made) if i not in leaking]


def _generated(config: Config, count: int, stream: int, way: Direction) -> Iterator[Computation]:
    """`count` computations that exist in both dialects of the direction."""
    both = (way.source.name, way.target.name)
    endless = generate(max(1, 20 * count), _seed(config, "generated", stream), config.cold_start.level)
    return islice((c for c in endless if all(name in c.programs for name in both)), count)


LESSON_TESTS = 4


def lesson_of(suite: UnitTestSuite) -> tuple[UnitTest, ...]:
    """A few tests of a suite, spread over its sizes and without literal values: what a small model can learn to write."""
    filled = [t for t in suite.tests if all(getattr(a, "values", None) is None for a in t.assignments)]
    step = max(1, len(filled) // LESSON_TESTS)
    return tuple(filled[::step][:LESSON_TESTS])


class TesterService:
    """The Tester of a run."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.checkpoints = _Checkpoints(config, "tester")

    def cold_start(self, protected: Sequence[Program], folder: str) -> dict[str, float]:
        """Train on generated (program, suite) examples of both sides of the direction, and save to `folder`."""
        wanted, model = self.config.cold_start, self.checkpoints.pretrained()
        style = SUITE_STYLES[self.checkpoints.start_kind]
        examples = self._examples(wanted.suites, COLD_STREAM + 1, EvaluationGuard(protected), style)
        texts = [text for e in examples for text in (e.prompt, e.answer)]
        model = model or self.checkpoints.create(texts, SUITE_TAGS)
        learning = self.checkpoints.learning(wanted.epochs, wanted.learning_rate, "cold tester")
        return _learn_and_save(self.checkpoints, model, examples, learning, folder)

    def progress(self) -> tuple[int, int, float]:
        """See TranslatorService.progress."""
        return self.checkpoints.progress

    def propose(self, checkpoint: str, programs: list[Program], sampling: Sampling) -> list[list[tuple[tuple[UnitTest, ...], int]]]:
        """Per program, per answer: (readable tests, tests written)."""
        return Tester(self.checkpoints.model(checkpoint), style=SUITE_STYLES[kind_of(checkpoint)]).answers(programs, sampling)

    def learn(
        self, checkpoint: str, lessons: list[tuple[Program, UnitTestSuite]], protected: Sequence[Program], folder: str, number: int
    ) -> dict[str, float]:
        """Fine-tune on (program, suite) of suites that survived, with replayed generated ones. Raises LeakError."""
        if not lessons:
            return _carried_on(checkpoint, folder)
        guard = EvaluationGuard(protected)
        guard.check([program for program, _ in lessons])
        model = self.checkpoints.model(checkpoint)
        wanted, style = self.config.round, SUITE_STYLES[kind_of(checkpoint)]
        short = [(program, replace(suite, tests=lesson_of(suite))) for program, suite in lessons]
        examples = Tester(model, style=style).examples(short)
        examples += self._examples(int(wanted.replay * len(lessons)), REPLAY_STREAM + number, guard, style)
        learning = self.checkpoints.learning(wanted.epochs, wanted.learning_rate, "tester", number)
        return _fine_tuned(self.checkpoints, model, examples, learning, checkpoint, folder)

    def _examples(self, count: int, stream: int, guard: EvaluationGuard, style: SuiteStyle) -> list[Example]:
        way = direction(self.config.direction)
        lessons = []
        for index, computation in enumerate(_generated(self.config, count, stream, way)):
            name = (way.source.name, way.target.name)[index % 2]
            lessons.append((computation.programs[name], computation.suite_text))
        leaking = {leak.item for leak in guard.leaks([program for program, _ in lessons])}
        return Tester(None, style=style).examples([l for i, l in enumerate(lessons) if i not in leaking])
