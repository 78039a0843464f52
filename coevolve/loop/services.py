"""The model sides of a run as plain objects that actors hold: they open checkpoints, propose,
learn, save.

Contract: every call names its checkpoint, so a restarted actor needs no history. Training data
passes the evaluation guard here, at the last moment: generated data is filtered, anything else that
leaks raises LeakError.

    python -c "from coevolve.loop.services import TranslatorService; help(TranslatorService)"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from coevolve.config.schema import Config
from coevolve.loop.checkpoints import (
    CheckpointCache,
    choose_seed,
    copy_checkpoint,
    fine_tune_checkpoint,
    fine_tune_distributed,
    learn_and_save,
    save_untrained,
    train_and_save,
)
from coevolve.loop.control_lessons import match_lesson_length
from coevolve.loop.directions import compute_share
from coevolve.loop.experience import compute_weight, select_triplets
from coevolve.loop.generated import (
    COLD_STREAM,
    CONTROL_STREAM,
    REPLAY_STREAM,
    generate_computations,
    generate_pairs,
)
from coevolve.loop.pretraining_lessons import PretrainingPass, pretrain
from coevolve.loop.shots import find_checkpoint_round, find_prompt_folder, make_wording
from coevolve.loop.verdict_lessons import JudgedProgram, compute_reward, make_preference_pairs
from coevolve.verification.verifier import Verifier
from corpora.dialects import parse_direction
from corpora.records import Candidate, Outcome, Program, Triplet, UnitTest, UnitTestSuite
from corpora.splits import EvaluationGuard
from gpu_runtime.models.backends import FROZEN, classify_model
from gpu_runtime.models.protocol import (
    Example,
    LanguageModel,
    Learning,
    NothingToLearnError,
    Sampling,
)
from tester.generate.propose import SUITE_TAGS, SuiteStyle, Tester
from translator.prompting.instructions import PromptWording
from translator.prompting.translate import DIRECTION_TAGS, PromptStyle, Translator

if TYPE_CHECKING:
    from gpu_runtime.models.pretrained import PretrainedModel
    from gpu_runtime.models.scratch import ScratchModel
    from gpu_runtime.models.vllm_engine import VllmModel

PROMPT_STYLES = {
    "scratch": PromptStyle.CANONICAL,
    "pretrained": PromptStyle.PLAIN,
    "openai": PromptStyle.PLAIN,
}
SUITE_STYLES = {
    "scratch": SuiteStyle.CANONICAL,
    "pretrained": SuiteStyle.PLAIN,
    "openai": SuiteStyle.PLAIN,
}
"""How a model of each of MODEL_BACKENDS is asked: our own small ones know canonical words only."""
VOCABULARY_EXAMPLES = 4000


def make_translator(config: Config) -> TranslatorService:
    """Return the Translator's service for a run with this configuration."""
    return TranslatorService(config)


def make_tester(config: Config) -> TesterService:
    """Return the Tester's service for a run with this configuration."""
    return TesterService(config)


def make_verifier(config: Config) -> Verifier:
    """Return a verifier for a run with this configuration. Raises ValueError if its back end cannot
    run here.
    """
    return Verifier(config)


def drop_protected(triplets: Sequence[Triplet], protected: Sequence[Program]) -> list[Triplet]:
    """Return the triplets without those whose source or target is, or nearly is, one of the
    programs `protected`.
    """
    if not protected:
        return list(triplets)
    guard = EvaluationGuard(protected)
    leaking = {
        leak.item
        for side in ("source", "target")
        for leak in guard.leaks([getattr(t, side) for t in triplets])
    }
    return [t for i, t in enumerate(triplets) if i not in leaking]


class TranslatorService:
    """The Translator's side of a run: trains checkpoints and proposes candidates with them. config:
    the run's.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.checkpoints = CheckpointCache(config, "translator")
        self._verifier: Verifier | None = None
        self._wordings: dict[int, PromptWording] = {}

    def _translator(
        self, model: LanguageModel | None, kind: str, checkpoint: str = ""
    ) -> Translator:
        """`model` asked in the way of its kind (a key of MODEL_BACKENDS), with what its rounds have
        kept as examples.
        """
        style, number = PROMPT_STYLES[kind], find_checkpoint_round(checkpoint)
        if style is PromptStyle.PLAIN and number not in self._wordings:
            self._wordings[number] = make_wording(self.config, number)
        return Translator(
            model,
            style,
            self.config.model.constrain,
            self._wordings.get(number, PromptWording()),
            self.config.model.spell,
        )

    def cold_start(
        self,
        protected: Sequence[Program],
        folder: str,
        directions: Sequence[str] = (),
        before: str = "",
    ) -> dict[str, float]:
        """Train the Translator's first checkpoint on generated pairs, save it to `folder`, and
        return metrics of the training by name, such as `examples`, `loss`, `tokens` and `seconds`.
        A model at an endpoint is saved untrained.

        protected: programs that must not be trained on; generated pairs that are like one are left
            out. folder: path of the new checkpoint. directions: those to teach, such as `cpp:cuda`;
            () means all of the run.
        before: path of the checkpoint to begin with; '' means the configured model, or a new one.
        Raises ModelError if the model to begin with cannot be opened.
        """
        self.checkpoints.part = Path(folder).name
        settings, start_kind = self.config.cold_start, self.checkpoints.start_kind
        directions = directions or self.config.directions
        count = compute_share(self.config, directions, settings.generated)
        trains_elsewhere = count > 0 and self.checkpoints.is_shared_out(
            start_kind
        )  # who learns opens it
        model = (
            None
            if trains_elsewhere
            else self.checkpoints.model(before)
            if before
            else self.checkpoints.pretrained()
        )
        if start_kind in FROZEN:
            return save_untrained(model, folder)
        teacher = self._translator(None, start_kind)
        examples = self._generated_examples(
            teacher, count, COLD_STREAM, EvaluationGuard(protected), directions
        )
        learning = self.checkpoints.learning(
            settings.epochs, settings.learning_rate, "cold translator"
        )
        if trains_elsewhere:
            return fine_tune_distributed(
                self.checkpoints, examples, learning, self.checkpoints.start, folder
            )
        seen = examples[:: max(1, len(examples) // VOCABULARY_EXAMPLES)]  # of every direction
        texts = [text for e in seen for text in (e.prompt, e.answer)]
        model = model or self.checkpoints.create(texts, DIRECTION_TAGS)
        self.checkpoints.forget()
        return learn_and_save(self.checkpoints, model, examples, learning, folder, before)

    def pretrain(
        self,
        training_pass: PretrainingPass,
        real: Sequence[Program],
        protected: Sequence[Program],
        folder: str,
    ) -> dict[str, float]:
        """Train one pass of pretraining on unpaired functions, save the model to `folder`, and
        return metrics by name, such as `loss` of the training and `validation_loss`.

        training_pass: which step and checkpoint. real: training programs. protected: programs that
            must not be trained on. Raises LeakError if a real program is, or nearly is, a protected
            one.
        """
        return pretrain(self.checkpoints, training_pass, real, protected, folder)

    def progress(self) -> tuple[int, int, float]:
        """Return (steps done, all steps, last loss) of the training under way; (0, 0, 0.0) before
        its first step. It may be called from another thread.
        """
        return self.checkpoints.progress

    def propose(
        self, checkpoint: str, programs: Sequence[Program], direction: str, sampling: Sampling
    ) -> list[Candidate]:
        """Return the candidates of the model in the folder `checkpoint` for `programs`, in
        `direction` (`cpp:cuda`): `sampling.n` for each program, in order. sampling: how many
        answers per program, and how they are drawn. Raises ValueError for an unknown direction,
        ModelError if the model fails.
        """
        with self.checkpoints.record_usage_of(checkpoint) as model:
            return self._translator(model, classify_model(checkpoint), checkpoint).propose(
                programs, parse_direction(direction), sampling
            )

    def learn(
        self,
        checkpoint: str,
        triplets: Sequence[Triplet],
        protected: Sequence[Program],
        folder: str,
        number: int,
        validation: Sequence[tuple[Program, UnitTestSuite]] = (),
        judged: Sequence[JudgedProgram] = (),
        directions: Sequence[str] = (),
    ) -> dict[str, float]:
        """Train the model in the folder `checkpoint` on verified pairs and on generated ones, save
        it to `folder`, and return metrics of the training by name, such as `examples`, `loss`,
        `tokens` and `seconds`.

        triplets: the verified pairs. protected: programs that must not be trained on. number: the
            round's, from 1.
        validation: training programs with suites, kept out of the lessons; their pass@1 decides
            when to stop.
        judged: right and wrong answers, from which the model learns instead if `round.learn` is
            `dpo` or `grpo`.
        directions: the directions that this Translator serves, such as `cpp:cuda`; empty means all
            of the run.
        Raises LeakError if a program of `triplets` is, or nearly is, a protected program.
        """
        if self.config.round.learn in VERDICT_LEARNERS and classify_model(checkpoint) not in FROZEN:
            return self._learn_from_verdicts(checkpoint, judged, protected, folder, number)
        triplets = drop_protected(triplets, [program for program, _ in validation])
        lessons = self.config.round.lessons
        return self._learn(
            checkpoint, triplets, protected, folder, number, directions, lessons, validation
        )

    def learn_generated(
        self,
        checkpoint: str,
        triplets: Sequence[Triplet],
        protected: Sequence[Program],
        folder: str,
        number: int,
        directions: Sequence[str] = (),
    ) -> dict[str, float]:
        """Train the model in the folder `checkpoint` as `learn` would from `triplets`, but on
        generated lessons of the same length; save it to `folder` and return metrics of the training
        by name, such as `examples`, `loss`, `tokens` and `seconds`.

        triplets: verified pairs, of which only the length of the lessons counts. protected:
            programs that must not be trained on. number: the round's, from 1. directions: those
            that this Translator serves, such as `cpp:cuda`; empty means all of the run.
        Raises LeakError if a source of `triplets` is, or nearly is, a protected program.
        """
        return self._learn(checkpoint, triplets, protected, folder, number, directions, "generated")

    def _learn(
        self,
        checkpoint: str,
        triplets: Sequence[Triplet],
        protected: Sequence[Program],
        folder: str,
        number: int,
        directions: Sequence[str],
        lessons: str,
        validation: Sequence[tuple[Program, UnitTestSuite]] = (),
    ) -> dict[str, float]:
        """`learn` from pairs. lessons: a value of round.lessons."""
        triplets = list(triplets)  # from the run's files: who learns has them all in memory
        if not triplets or classify_model(checkpoint) in FROZEN:
            return copy_checkpoint(checkpoint, folder)
        guard = EvaluationGuard(protected)
        # Sources were held apart when the corpus was split; a model may still have written a
        # held-out program.
        guard.check([t.source for t in triplets])
        settings = self.config.round
        kept = select_triplets(
            [t for t in triplets if not guard.leaks([t.target])],
            settings.per_source,
            settings.selection,
        )
        teacher = self._translator(None, classify_model(checkpoint), checkpoint)
        weights = [compute_weight(t, settings.selection) for t in kept]
        examples = teacher.examples(
            [(t.source, t.target) for t in kept],
            settings.learn,
            weights,
            directions or tuple(map(str, self.config.directions)),
        )
        if lessons == "generated":
            stream = CONTROL_STREAM + number
            examples = match_lesson_length(
                examples,
                lambda n: self._generated_examples(teacher, n, stream, guard, directions),
                choose_seed(self.config, stream),
            )
        else:
            self.checkpoints.note_trained(
                [program for t in kept for program in (t.source, t.target)]
            )
        examples += self._generated_examples(
            teacher, int(settings.replay * len(kept)), REPLAY_STREAM + number, guard, directions
        )
        learning = self.checkpoints.learning(
            settings.epochs, settings.learning_rate, "translator", number
        )
        if validation:
            learner = self._translator(
                self.checkpoints.model(checkpoint), classify_model(checkpoint), checkpoint
            )
            learning = replace(
                learning, validate=lambda: self.pass_at_one(learner, validation, directions)
            )
        return fine_tune_checkpoint(self.checkpoints, examples, learning, checkpoint, folder)

    def _learn_from_verdicts(
        self,
        checkpoint: str,
        judged: Sequence[JudgedProgram],
        protected: Sequence[Program],
        folder: str,
        number: int,
    ) -> dict[str, float]:
        EvaluationGuard(protected).check([item.program for item in judged])
        model, settings = self.checkpoints.model(checkpoint), self.config.round
        learning = self.checkpoints.learning(
            settings.epochs, settings.learning_rate, "translator", number
        )

        def learn(how: Learning) -> dict[str, float]:
            figures = VERDICT_LEARNERS[settings.learn](
                self, model, classify_model(checkpoint), judged, how
            )
            if not figures:
                raise NothingToLearnError("no verdicts to learn from")
            self.checkpoints.note_trained([item.program for item in judged])
            return figures

        self.checkpoints.forget()
        try:
            return train_and_save(self.checkpoints, model, learn, learning, folder, checkpoint)
        except NothingToLearnError:
            return copy_checkpoint(checkpoint, folder)

    def _prefer(
        self,
        model: PretrainedModel | ScratchModel | VllmModel,
        kind: str,
        judged: Sequence[JudgedProgram],
        learning: Learning,
    ) -> dict[str, float]:
        translator = self._translator(model, kind)
        preferences = [
            translator.preference(item.program, parse_direction(item.direction), right, wrong)
            for item in judged
            for right, wrong in make_preference_pairs(item, self.config.round.per_source)
        ]
        return (
            model.prefer(preferences, learning, self.checkpoints.note_progress)
            if preferences
            else {}
        )

    def _reinforce(
        self,
        model: PretrainedModel | ScratchModel | VllmModel,
        kind: str,
        judged: Sequence[JudgedProgram],
        learning: Learning,
    ) -> dict[str, float]:
        """The engine is the reward: every answer is executed on its program's suite."""
        translator, settings = self._translator(model, kind), self.config.round
        self._verifier = self._verifier or make_verifier(self.config)
        prompts = translator.prompts(
            [(item.program, parse_direction(item.direction)) for item in judged]
        )

        def reward(indices: Sequence[int], answers: Sequence[str]) -> list[float]:
            values = []
            for index, answer in zip(indices, answers, strict=True):
                item = judged[index]
                candidate = translator.candidate(
                    answer, item.program, parse_direction(item.direction)
                )
                values.append(
                    compute_reward(self._verifier.judge(item.program, item.suite, [candidate])[0])
                )
            return values

        sampling = Sampling(
            max(2, settings.samples),
            settings.temperature or 1.0,
            max_new_tokens=self.config.model.max_new_tokens,
        )
        return (
            model.reinforce(prompts, reward, sampling, learning, self.checkpoints.note_progress)
            if prompts
            else {}
        )

    def pass_at_one(
        self,
        translator: Translator,
        questions: Sequence[tuple[Program, UnitTestSuite]],
        directions: Sequence[str] = (),
    ) -> float:
        """Return the share, in [0, 1], of programs whose greedy translation is equivalent when
        executed; 0 without programs.

        translator: the one that is asked. questions: programs with their suites. directions: such
            as `cpp:cuda`; empty means all of the run. Each program is translated in the direction,
            or the reverse, that begins at its dialect.
        """
        greedy = Sampling(1, 0.0, max_new_tokens=self.config.model.max_new_tokens)
        self._verifier = self._verifier or make_verifier(self.config)
        named = [parse_direction(direction) for direction in directions or self.config.directions]
        equivalent = count = 0
        for direction in {
            str(direction): direction for one in named for direction in (one, one.reverse)
        }.values():
            asked = [(p, s) for p, s in questions if p.dialect == direction.source.name]
            count += len(asked)
            proposed = translator.propose([p for p, _ in asked], direction, greedy) if asked else []
            for (program, suite), candidate in zip(asked, proposed, strict=True):
                equivalent += (
                    self._verifier.judge(program, suite, [candidate])[0].outcome
                    is Outcome.EQUIVALENT
                )
        return equivalent / max(1, count)

    def _generated_examples(
        self,
        teacher: Translator,
        count: int,
        stream: int,
        guard: EvaluationGuard,
        directions: Sequence[str] = (),
    ) -> list[Example]:
        """`count` generated computations that are unlike every protected program, as lessons in
        `directions` (empty: all of the run).

        As they are written, whatever is asked: how a generated label looks is decided by its own
        source's look, which rules take away (pass@1 fell from 78 to 48 % when they were taught in
        the form that is asked: docs/results/small.md).
        """
        taught = dict.fromkeys(
            str(each)
            for direction in directions or self.config.directions
            for each in teacher.lessons_for(parse_direction(direction))
        )
        pairs = generate_pairs(self.config, count, stream, guard, tuple(taught))
        self.checkpoints.note_trained((), [program for pair in pairs for program in pair])
        return teacher.as_written().examples(pairs, "forward")


VERDICT_LEARNERS = {"dpo": TranslatorService._prefer, "grpo": TranslatorService._reinforce}
"""Values of round.learn by which a Translator learns from verdicts on wrong answers too."""


LESSON_TESTS = 4


def make_suite_lesson(suite: UnitTestSuite) -> tuple[UnitTest, ...]:
    """Return up to 4 tests of a suite for a small model to learn from; () if none is fit. The tests
    are spread over the suite's sizes, and their arrays are filled by rules, without literal values.
    """
    filled = [
        t for t in suite.tests if all(getattr(a, "values", None) is None for a in t.assignments)
    ]
    step = max(1, len(filled) // LESSON_TESTS)
    return tuple(filled[::step][:LESSON_TESTS])


class TesterService:
    """The Tester's side of a run: trains checkpoints and proposes tests with them. config: the
    run's.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.checkpoints = CheckpointCache(config, "tester")

    def _tester(self, model: LanguageModel | None, style: SuiteStyle) -> Tester:
        return Tester(
            model,
            style=style,
            folder=find_prompt_folder(self.config, "tester") if style is SuiteStyle.PLAIN else "",
        )

    def cold_start(self, protected: Sequence[Program], folder: str) -> dict[str, float]:
        """Train the Tester's first checkpoint on generated programs with suites, save it to
        `folder`, and return metrics of the training by name, such as `examples`, `loss`, `tokens`
        and `seconds`. A model at an endpoint is saved untrained.

        protected: programs that must not be trained on; generated ones that are like one are left
            out. Raises ModelError if the model to begin with cannot be opened.
        """
        settings, start_kind = self.config.cold_start, self.checkpoints.start_kind
        trains_elsewhere = settings.suites > 0 and self.checkpoints.is_shared_out(
            start_kind
        )  # who learns opens it
        model = None if trains_elsewhere else self.checkpoints.pretrained()
        if start_kind in FROZEN:
            return save_untrained(model, folder)
        style = SUITE_STYLES[start_kind]
        examples = self._examples(
            settings.suites, COLD_STREAM + 1, EvaluationGuard(protected), style
        )
        learning = self.checkpoints.learning(settings.epochs, settings.learning_rate, "cold tester")
        if trains_elsewhere:
            return fine_tune_distributed(
                self.checkpoints, examples, learning, self.checkpoints.start, folder
            )
        texts = [text for e in examples for text in (e.prompt, e.answer)]
        model = model or self.checkpoints.create(texts, SUITE_TAGS)
        return learn_and_save(self.checkpoints, model, examples, learning, folder)

    def progress(self) -> tuple[int, int, float]:
        """Return (steps done, all steps, last loss) of the training under way; (0, 0, 0.0) before
        its first step. It may be called from another thread.
        """
        return self.checkpoints.progress

    def propose(
        self, checkpoint: str, programs: Sequence[Program], sampling: Sampling
    ) -> list[list[tuple[tuple[UnitTest, ...], int]]]:
        """Ask the model in the folder `checkpoint` for tests of each program. Returns a list per
        program, in order, with an entry per answer: (readable tests, number of tests written,
        unreadable ones included). Where no answers are wanted, the lists are empty and no model is
        opened.

        sampling: how many answers per program, and how they are drawn. Raises ModelError if the
            model fails.
        """
        if not sampling.n:
            return [[] for _ in programs]
        with self.checkpoints.record_usage_of(checkpoint) as model:
            return self._tester(model, SUITE_STYLES[classify_model(checkpoint)]).answers(
                programs, sampling
            )

    def learn(
        self,
        checkpoint: str,
        lessons: Sequence[tuple[Program, UnitTestSuite]],
        protected: Sequence[Program],
        folder: str,
        number: int,
    ) -> dict[str, float]:
        """Train the model in the folder `checkpoint` on the suites in `lessons` and on generated
        ones, save it to `folder`, and return metrics of the training by name, such as `examples`,
        `loss`, `tokens` and `seconds`. Without lessons, or for a model at an endpoint, the
        checkpoint is copied.

        lessons: pairs (program, its suite). protected: programs that must not be trained on.
            number: the round's, from 1.
        Raises LeakError if a lesson's program is, or nearly is, a protected one.
        """
        lessons = list(lessons)  # from the run's files
        if not lessons or classify_model(checkpoint) in FROZEN:
            return copy_checkpoint(checkpoint, folder)
        guard = EvaluationGuard(protected)
        guard.check([program for program, _ in lessons])
        settings, style = self.config.round, SUITE_STYLES[classify_model(checkpoint)]
        short = [
            (program, replace(suite, tests=make_suite_lesson(suite))) for program, suite in lessons
        ]
        examples = self._tester(None, style).examples(short)
        if settings.lessons == "generated":
            stream = CONTROL_STREAM + number
            examples = match_lesson_length(
                examples,
                lambda n: self._examples(n, stream, guard, style),
                choose_seed(self.config, stream),
            )
        else:
            self.checkpoints.note_trained([program for program, _ in short])
        examples += self._examples(
            int(settings.replay * len(lessons)), REPLAY_STREAM + number, guard, style
        )
        learning = self.checkpoints.learning(
            settings.epochs, settings.learning_rate, "tester", number
        )
        return fine_tune_checkpoint(self.checkpoints, examples, learning, checkpoint, folder)

    def _examples(
        self, count: int, stream: int, guard: EvaluationGuard, style: SuiteStyle
    ) -> list[Example]:
        lessons = []
        for index, (direction, computation) in enumerate(
            generate_computations(self.config, count, stream, self.config.directions)
        ):
            name = (direction.source.name, direction.target.name)[index % 2]
            lessons.append((computation.programs[name], computation.suite_text))
        leaking = {leak.item for leak in guard.leaks([program for program, _ in lessons])}
        kept = [lesson for i, lesson in enumerate(lessons) if i not in leaking]
        self.checkpoints.note_trained((), [program for program, _ in kept])
        return self._tester(None, style).examples(kept)
