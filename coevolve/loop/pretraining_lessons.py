"""What the ladder teaches: unpaired functions of every dialect of the run, made into the lessons of
each step.

Contract: functions come from the run's training half, the built-in corpus and the generator, with
the pairing thrown away (the generated functions of two dialects are different computations). An
evaluation item in the run's own half raises LeakError; what is generated or built in and like one
is left out. A part is kept for validation, and what is like it is not taught. Noise is drawn anew
in every pass and depends on the seed, the step, the pass and the function alone.

    python -c "from coevolve.config.schema import parse; \\
        from coevolve.loop.pretraining_lessons import collect_unpaired; \\
        config = parse({'settings': {'ladder.examples': 100}}, 'x'); \\
        print([(s.dialect, len(s.training)) for s in collect_unpaired(config, (), ())])"
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from coevolve.config.checks import LADDER
from coevolve.config.schema import Config
from coevolve.loop.checkpoints import CheckpointCache, choose_seed, learn_and_save
from corpora import builtin
from corpora.dialects import Direction, get_dialect, parse_direction
from corpora.generator import generate
from corpora.records import Program, content_hash
from corpora.signatures.signature import SignatureError, read_signature
from corpora.splits import EvaluationGuard
from corpora.tokens.abstract_entities import find_entities
from corpora.tokens.canonical import CORE_WORDS
from corpora.tokens.noise import Contrast, measure_contrast
from gpu_runtime.models.pretraining import (
    PRETRAINING_WORDS,
    make_denoising_example,
    make_infilling_example,
    make_recognition_example,
    summarize_evaluations,
)
from gpu_runtime.models.protocol import Example
from translator.prompting.translate import DIRECTION_TAGS, canonicalize_program, make_example

GENERATED = "loopnests:"
BATCH = 128
"""Functions a side that are back-translated by one state of the model."""
BT_RATE = 0.25
"""Learning rate of back-translation, whose lessons the model wrote itself, as a share of the other
steps'.
"""
EXAMINED = 150
"""Validation functions a side on which losses are measured."""
VALIDATION = 0
"""The pass whose noise validation functions get: lessons count theirs from 1."""


@dataclass(frozen=True, slots=True)
class UnpairedFunctions:
    """The unpaired functions of one dialect, in an order that depends on their content alone.

    dialect: its name. training: functions to learn from.
    validation: functions kept apart to measure on; none of `training` is nearly equal to one.
    """

    dialect: str
    training: tuple[Program, ...]
    validation: tuple[Program, ...]


@dataclass(frozen=True, slots=True)
class PretrainingPass:
    """One pass of a step of the pretraining on unpaired functions (docs/ladder.md).

    step: `mlm` (masked words), `aer` (entity recognition), `dae` (denoising) or `bt`
        (back-translation). number: of the pass, from 1.
    checkpoint: the folder to begin with; '' makes a new model.
    pairs: for `bt`, pairs (back-translated, real) of programs to learn from; () for other steps.
    """

    step: str
    number: int
    checkpoint: str
    pairs: tuple[tuple[Program, Program], ...] = ()


def list_steps(config: Config) -> tuple[str, ...]:
    """Return the configured steps of the pretraining on unpaired functions, in order.

    Known are `mlm` (masked words), `aer` (entity recognition), `dae` (denoising) and `bt`
    (back-translation).
    """
    return tuple(step for step in LADDER if step in config.ladder.steps)


def count_passes(config: Config, step: str) -> int:
    """Return the number of passes of the pretraining step `step`. Back-translation (`bt`) has one
    pass per batch of translated functions, other steps (`mlm`, `aer`, `dae`) one per epoch; at
    least 1.
    """
    ladder = config.ladder
    return max(1, -(-ladder.translated // BATCH)) if step == "bt" else max(1, round(ladder.epochs))


def list_directions(config: Config) -> list[Direction]:
    """Return every direction of the run and its reverse, each once. Raises ValueError for an
    unknown direction.
    """
    both = [
        direction
        for name in config.directions
        for direction in (parse_direction(name), parse_direction(name).reverse)
    ]
    return list({str(direction): direction for direction in both}.values())


@lru_cache(maxsize=1)
def collect_unpaired(
    config: Config, real: Sequence[Program], protected: Sequence[Program]
) -> tuple[UnpairedFunctions, ...]:
    """Return unpaired functions for each dialect of the run, at most `ladder.examples` each: real,
    built-in and generated ones that are unlike every protected program.

    real: the run's training programs. protected: held-out programs and their references. Both are
        tuples or RecordLists: the last result is remembered by them.
    Raises LeakError if a program of `real` is, or nearly is, a protected one.
    """
    guard = EvaluationGuard(protected)
    guard.check(real)
    names = dict.fromkeys(direction.source.name for direction in list_directions(config))
    held = {p.origin for p in protected}
    whole = {
        name: _functions(config, name, [p for p in real if p.dialect == name], guard, held)
        for name in names
    }
    apart = {name: _take_validation(config, programs) for name, programs in whole.items()}
    return tuple(_make_side(name, whole[name], apart[name]) for name in names)


def _functions(
    config: Config, name: str, real: list[Program], guard: EvaluationGuard, held: Collection[str]
) -> list[Program]:
    """held: origins of evaluation items; no other version of their computations is taken from the
    built-in corpus.
    """
    by_hand = guard.filter(
        [p for p in builtin.programs(name) if _is_bare(p) and p.origin not in held]
    )[0]
    found = list({p.id: p for p in (*real, *_order_by_content(by_hand))}.values())[
        : config.ladder.examples
    ]
    count = config.ladder.examples - len(found)
    if count:
        # A seed of its own for every dialect: no computation is seen in two of them.
        endless = generate(20 * count, choose_seed(config, "ladder", name), config.cold_start.level)
        made = islice((c.programs[name] for c in endless if name in c.programs), count)
        found += guard.filter(list(made))[0]
    return _order_by_content({p.id: p for p in found}.values())


def _order_by_content(programs: Iterable[Program]) -> list[Program]:
    """An order that content gives, in which any part is a fair sample."""
    return sorted(programs, key=lambda p: content_hash("ladder", p.id))


def _is_bare(program: Program) -> bool:
    """What a model of canonical words writes: in CUDA a kernel, not the host function
    around one.
    """
    if get_dialect(program.dialect).model != "cuda":
        return True
    try:
        return read_signature(program).style == "kernel"
    except SignatureError:
        return False


def _take_validation(config: Config, programs: Sequence[Program]) -> list[Program]:
    return list(programs[: max(1, round(config.ladder.validation * len(programs)))])


def _make_side(
    name: str, programs: Sequence[Program], apart: Sequence[Program]
) -> UnpairedFunctions:
    training, _ = EvaluationGuard(apart).filter(programs)
    return UnpairedFunctions(name, tuple(training), tuple(apart))


@lru_cache(maxsize=1 << 15)
def make_canonical_words(program: Program) -> tuple[str, ...]:
    """Return the program's canonical words: its tokens with names replaced in order of appearance.
    Raises ValueError for an unknown dialect.
    """
    return canonicalize_program(program).tokens


def select_batch(side: UnpairedFunctions, config: Config, number: int) -> list[Program]:
    """Return the training functions that pass `number` (from 1) of back-translation translates; []
    if there are none. After the last function the passes begin again at the first.

    side: the functions of one dialect.
    """
    size = -(-config.ladder.translated // count_passes(config, "bt")) if side.training else 0
    return [
        side.training[i % len(side.training)] for i in range((number - 1) * size, number * size)
    ]


def compute_noise_rate(config: Config, number: int) -> float:
    """Return the share of words, in [0, 1], to disturb in pass `number` of denoising. It grows from
    the first to the second value of `ladder.noise`. number: from 1; 0 stands for validation, which
    uses the second value.
    """
    low, high = config.ladder.noise
    last = count_passes(config, "dae")
    return (
        high
        if number == VALIDATION or last == 1
        else low + (high - low) * (min(number, last) - 1) / (last - 1)
    )


def make_lessons(
    config: Config,
    sides: Sequence[UnpairedFunctions],
    step: str,
    number: int,
    programs: Sequence[Program],
) -> list[Example]:
    """Return the examples that a step of the pretraining makes of `programs`, in their order.

    sides: all unpaired functions, from which lessons take the words of other dialects. step: `mlm`
        (masked words), `aer` (entity recognition), `dae` (denoising) or `bt` (back-translation);
        for `bt` the result is the denoising examples that are learned beside its pairs. number: the
        pass, from 1; 0 for validation.
    """
    return [
        example
        for program in programs
        for example in _LESSONS[step](config, sides, number, program)
    ]


def _rng(config: Config, step: str, number: int, program: Program) -> random.Random:
    return random.Random(f"{config.seed}/{step}/{number}/{program.id}")


def _make_infilling(
    config: Config, _sides: Sequence[UnpairedFunctions], number: int, program: Program
) -> list[Example]:
    return [
        make_infilling_example(
            make_canonical_words(program),
            config.ladder.mask_rate,
            _rng(config, "mlm", number, program),
        )
    ]


def _make_recognition(
    _config: Config, _sides: Sequence[UnpairedFunctions], _number: int, program: Program
) -> list[Example]:
    found = find_entities(program)
    return [make_recognition_example(make_canonical_words(program), found)] if found else []


def _make_denoising(
    config: Config, sides: Sequence[UnpairedFunctions], number: int, program: Program
) -> list[Example]:
    rng = _rng(config, "dae", number, program)
    direction = rng.choice(
        [
            direction
            for direction in list_directions(config)
            if direction.target.name == program.dialect
        ]
    )
    other = next(side for side in sides if side.dialect == direction.source.name)
    own = next(side for side in sides if side.dialect == program.dialect)
    return [
        make_denoising_example(
            make_canonical_words(program),
            f"<{direction}>",
            compute_noise_rate(config, number),
            _contrast(own, other),
            rng,
        )
    ]


@lru_cache(maxsize=32)
def _contrast(own: UnpairedFunctions, other: UnpairedFunctions) -> Contrast:
    return measure_contrast(
        map(make_canonical_words, own.training), map(make_canonical_words, other.training)
    )


_LESSONS = {
    "mlm": _make_infilling,
    "aer": _make_recognition,
    "dae": _make_denoising,
    "bt": _make_denoising,
}


def pretrain(
    checkpoints: CheckpointCache,
    training_pass: PretrainingPass,
    real: Sequence[Program],
    protected: Sequence[Program],
    folder: str,
) -> dict[str, float]:
    """Train one pass of pretraining on unpaired functions, save the model to `folder`, and return
    metrics by name: `examples`, `loss` and `tokens` of the training, and those on validation
    functions, such as `validation_loss`.

    checkpoints: of the run; they open the model. training_pass: which step and checkpoint. real:
        the run's training programs. protected: held-out programs and their references. Names of
        metrics on validation functions begin with `before_` (before the training; first pass only)
        and `validation_`.
    Raises LeakError if a real program is, or nearly is, a protected one.
    """
    config = checkpoints.config
    sides = collect_unpaired(config, real, protected)
    if training_pass.checkpoint:
        model = checkpoints.model(training_pass.checkpoint)
    else:
        texts = [" ".join(make_canonical_words(p)) for side in sides for p in side.training]
        model = checkpoints.create(texts, (*DIRECTION_TAGS, *PRETRAINING_WORDS, *CORE_WORDS))
    examples, taught = _examples(config, sides, training_pass, EvaluationGuard(protected))
    held = make_lessons(
        config,
        sides,
        training_pass.step,
        VALIDATION,
        [p for side in sides for p in side.validation[:EXAMINED]],
    )
    before = summarize_evaluations(model.examine(held)) if training_pass.number == 1 else {}
    checkpoints.forget()
    checkpoints.note_trained(*_told_apart(taught))
    rate = config.ladder.learning_rate * (BT_RATE if training_pass.step == "bt" else 1.0)
    learning = checkpoints.learning(1.0, rate, "ladder", training_pass.step, training_pass.number)
    learnt = learn_and_save(
        checkpoints, model, examples, learning, folder, training_pass.checkpoint
    )
    after = summarize_evaluations(model.examine(held))
    kept = {k: learnt[k] for k in ("examples", "loss", "tokens") if k in learnt}
    return (
        kept
        | {f"before_{k}": v for k, v in before.items()}
        | {f"validation_{k}": v for k, v in after.items()}
    )


def _examples(
    config: Config,
    sides: Sequence[UnpairedFunctions],
    training_pass: PretrainingPass,
    guard: EvaluationGuard,
) -> tuple[list[Example], list[Program]]:
    """The lessons of a pass, and the programs in them."""
    if training_pass.step != "bt":
        programs = [p for side in sides for p in side.training]
        return make_lessons(
            config, sides, training_pass.step, training_pass.number, programs
        ), programs
    programs = [p for side in sides for p in select_batch(side, config, training_pass.number)]
    leaking = {
        leak.item for leak in guard.leaks([made for made, _ in training_pass.pairs])
    }  # a model may have written a held-out program
    pairs = [pair for i, pair in enumerate(training_pass.pairs) if i not in leaking]
    examples = [make_example(made, real) for made, real in pairs]
    return examples + make_lessons(
        config, sides, "bt", training_pass.number, programs
    ), programs + [made for made, _ in pairs]


def _told_apart(programs: Sequence[Program]) -> tuple[list[Program], list[Program]]:
    """(real, generated), as a manifest wants them. What a model made of a function has that
    function's origin.
    """
    generated = [p for p in programs if p.origin.startswith(GENERATED)]
    return [p for p in programs if not p.origin.startswith(GENERATED)], generated
