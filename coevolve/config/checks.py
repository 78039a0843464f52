"""What makes a configuration unusable although every value has its type: values out of range, keys
that exclude each other.

Contract: `check_config` raises ConfigError, one line that names the file, the key and what it may
be; else it returns nothing.

    python -c "from coevolve.config.checks import check_config; \\
        from coevolve.config.records import Config; check_config(Config(), 'here')"
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from coevolve.config.records import PER_DIRECTION, Config, ConfigError, list_settings
from coevolve.loop.control_lessons import LESSONS
from coevolve.loop.directions import has_outlined_ports, list_direction_corpora
from corpora.datasets.loaders import is_ready_made
from corpora.dialects import get_dialect, parse_direction

CHOICES = {
    "model.constrain": ("none", "syntax", "types", "full"),
    "model.backend": ("scratch", "pretrained", "vllm", "openai"),
    "round.learn": ("back", "forward", "both", "asked", "dpo", "grpo"),
    "round.experience": ("accumulate", "replace", "mix"),
    "round.selection": ("first", "hard"),
    "round.translators": ("one", "each"),
    "round.lessons": LESSONS,
    "round.freeze": ("none", "translator", "tester", "both"),
    "cold_start.level": ("easy", "mixed", "broad"),
    "finetune.method": ("full", "lora", "qlora"),
    "finetune.sharding": ("none", "fsdp"),
    "finetune.report_to": ("none", "tensorboard", "mlflow", "trackio", "wandb"),
    "verify.backend": ("auto", "cuda", "emulated"),
    "verify.device_compiler": ("auto", "nvcc", "nvrtc", "none"),
}
LADDER = ("mlm", "aer", "dae", "bt")
"""Values of ladder.steps, in the order in which they are taken."""
RANGES = {
    "seed": (0, (1 << 31) - 1),
    "corpus.evaluation_fraction": (0.05, 0.95),
    "cold_start.structures": (0.0, 1.0),
    "cold_start.beside": (0.0, 4.0),
    "ladder.mask_rate": (0.01, 0.9),
    "ladder.validation": (0.001, 0.5),
    "round.temperature": (0.0, 2.0),
    "round.behind": (0, 1),
    "evaluate.temperature": (0.0, 2.0),
    "verify.least_strength": (0.0, 1.0),
}
AT_LEAST_ONE = (
    "round.samples",
    "round.per_source",
    "evaluate.samples",
    "model.layers",
    "model.width",
    "model.heads",
    "model.max_new_tokens",
    "model.context",
    "model.rows",
    "model.programs_per_call",
    "model.concurrency",
    "finetune.rank",
    "finetune.batch_tokens",
    "resources.trainers",
    "resources.translators",
    "resources.testers",
    "ladder.examples",
    "ladder.translated",
)


def get_value(config: Config, key: str):
    """Return the value, of any type, of the setting `key`, a dotted name such as `round.count`.
    Raises AttributeError for an unknown name.
    """
    value = config
    for part in key.split("."):
        value = getattr(value, part)
    return value


def check_config(config: Config, where: str) -> None:
    """Check the values of all settings and their combinations. where: the file that the message
    names. Raises ConfigError for a value out of range or keys that exclude each other.
    """
    _check_values(config, list_settings(), where)
    _check_together(config, where)


def _check_values(config: Config, keys: Sequence[str], where: str) -> None:
    for key, directions in (
        ("direction", config.directions),
        ("cold_start.directions", config.cold_start.directions),
    ):
        try:
            for direction in directions:
                parse_direction(direction)
        except ValueError as error:
            raise ConfigError(f"{where}: {key}: {error}") from None
    for key, allowed in CHOICES.items():
        if get_value(config, key) not in allowed:
            raise ConfigError(
                f"{where}: '{key}' must be one of {', '.join(allowed)}, not "
                f"'{get_value(config, key)}'"
            )
    for key, (low, high) in RANGES.items():
        if not low <= get_value(config, key) <= high:
            raise ConfigError(
                f"{where}: '{key}' must lie in [{low}, {high}], not {get_value(config, key)}"
            )
    for key in AT_LEAST_ONE:
        if get_value(config, key) < 1:
            raise ConfigError(f"{where}: '{key}' must be at least 1")
    for key in keys:
        value = get_value(config, key)
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"{where}: '{key}' must be a finite number, not {value}")
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
            raise ConfigError(f"{where}: '{key}' must not be negative")
    for key in ("run_dir", "corpus.source"):
        value = get_value(config, key)
        if not all(text.strip() for text in (value if isinstance(value, tuple) else (value,))):
            raise ConfigError(f"{where}: '{key}' must not be empty")


def _check_directions(config: Config, where: str) -> None:
    """Lists that belong together: a direction once, and as many corpora as directions."""
    directions = config.directions
    twice = next(
        (direction for i, direction in enumerate(directions) if direction in directions[:i]), None
    )
    if twice:
        raise ConfigError(f"{where}: 'direction' names {twice} twice; name each direction once")
    for key in PER_DIRECTION:
        value = get_value(config, key)
        if isinstance(value, tuple) and len(value) != len(directions):
            raise ConfigError(
                f"{where}: '{key}' has {len(value)} entries for {len(directions)} "
                f"direction{'s' * (len(directions) > 1)}; give one for all, or one for each"
            )


def _check_held_out(config: Config, where: str) -> None:
    """A corpus of its own to evaluate on is there for every direction, and brings its own
    references.
    """
    each = list_direction_corpora(config)
    if (lacking := [e.direction for e in each if not e.evaluation]) and len(lacking) < len(each):
        raise ConfigError(
            f"{where}: 'corpus.evaluation' names none for {lacking[0]}; name one for every "
            f"direction, or none at all"
        )
    for entry in each:
        if entry.references and entry.evaluation and is_ready_made(entry.evaluation):
            raise ConfigError(
                f"{where}: corpus.evaluation = '{entry.evaluation}' brings references of its "
                f"own; leave corpus.references empty"
            )
        if entry.references and not entry.evaluation:
            raise ConfigError(
                f"{where}: corpus.references is the other side of corpus.evaluation, which is "
                f"empty; name both, or use corpus.aligned"
            )
        if entry.aligned and entry.evaluation:
            raise ConfigError(
                f"{where}: corpus.aligned finds references of a held-out part of corpus.source; "
                f"with corpus.evaluation name its other side in corpus.references"
            )


def _check_together(config: Config, where: str) -> None:
    _check_directions(config, where)
    _check_held_out(config, where)
    if config.model.backend in ("pretrained", "vllm") and not config.model.name_or_path:
        raise ConfigError(
            f"{where}: model.backend = '{config.model.backend}' needs model.name_or_path (a "
            f"Hugging Face id or a folder)"
        )
    if config.model.backend == "scratch" and config.model.name_or_path:
        raise ConfigError(
            f"{where}: model.name_or_path = '{config.model.name_or_path}' is not read, as "
            f"model.backend = 'scratch' begins with a model from nothing; set model.backend = "
            f"pretrained"
        )
    if config.model.backend == "openai" and not (
        config.model.name_or_path and config.model.endpoint
    ):
        raise ConfigError(
            f"{where}: model.backend = 'openai' needs model.name_or_path (the model's name "
            f"there) and model.endpoint (the API's URL)"
        )
    if config.model.backend == "vllm" and config.finetune.keep_adapter:
        raise ConfigError(
            f"{where}: finetune.keep_adapter leaves an adapter, and vllm serves whole models: "
            f"set it to false"
        )
    if config.round.lessons == "generated" and config.round.learn in ("dpo", "grpo"):
        raise ConfigError(
            f"{where}: round.lessons = 'generated' has no verdicts to learn from; it goes with "
            f"round.learn = back, forward, both or asked"
        )
    if config.round.control and (
        config.round.lessons == "generated" or config.round.learn in ("dpo", "grpo")
    ):
        raise ConfigError(
            f"{where}: round.control compares with learning from pairs; it goes with round.learn = "
            f"back, forward, both or asked, and without the preset 'control'"
        )
    if config.round.control and config.round.freezes_translator:
        raise ConfigError(
            f"{where}: round.control compares with what the Translator learns, and the Translator "
            f"is frozen: leave out the preset 'beside-control' or 'frozen-translator'"
        )
    if config.resources.trainers > 1 and (
        config.finetune.patience or config.round.learn in ("dpo", "grpo")
    ):
        raise ConfigError(
            f"{where}: resources.trainers > 1 shares out plain fine-tuning only, without "
            f"finetune.patience and round.learn = dpo or grpo"
        )
    if config.finetune.sharding == "fsdp" and (
        config.resources.trainers < 2 or config.finetune.method != "full"
    ):
        raise ConfigError(
            f"{where}: finetune.sharding = 'fsdp' cuts a model over processes: it needs "
            f"resources.trainers > 1 and finetune.method = 'full'"
        )
    if config.finetune.patience and not config.finetune.validation:
        raise ConfigError(
            f"{where}: finetune.patience needs finetune.validation, the number of training "
            f"programs to measure it on"
        )
    if not config.verify.mutants and config.verify.least_strength:
        raise ConfigError(
            f"{where}: verify.mutants = 0 measures no strength, so that no pair would be kept; "
            f"set verify.least_strength = 0 too"
        )
    if config.round.by_parts and not any(
        has_outlined_ports(parse_direction(direction)) for direction in config.directions
    ):
        raise ConfigError(
            f"{where}: round.by_parts joins ports of serial sources to cuda or openmp; no "
            f"direction of the run is one: set it to false"
        )
    if max(config.evaluate.pass_at) > config.evaluate.samples:
        raise ConfigError(
            f"{where}: evaluate.pass_at asks for k = {max(config.evaluate.pass_at)} > "
            f"evaluate.samples"
        )
    if config.model.width % (2 * config.model.heads):
        raise ConfigError(
            f"{where}: model.width must be an even multiple of model.heads (positions turn "
            f"pairs of values)"
        )
    _check_read(config, where)
    _check_ladder(config, where)
    _check_fine_tuning(config, where)
    _check_lessons(config, where)


_WEIGHTS, _WORDS = ("pretrained", "vllm"), ("pretrained", "vllm", "openai")
_READ_BY = {
    "model.prompts": _WORDS,
    "model.few_shot": _WORDS,
    "model.endpoint": ("openai",),
    "model.prices": ("openai",),
    "model.static_cache": ("pretrained",),
    "resources.trainers": _WEIGHTS,
    "finetune.packing": _WEIGHTS,
    "finetune.gradient_checkpointing": _WEIGHTS,
    "finetune.keep_adapter": _WEIGHTS,
    "finetune.report_to": _WEIGHTS,
}
"""Back ends that read a key; with another one it would do nothing."""


def _check_read(config: Config, where: str) -> None:
    backend, defaults = config.model.backend, Config()
    for key, readers in _READ_BY.items():
        if backend not in readers and get_value(config, key) != get_value(defaults, key):
            raise ConfigError(
                f"{where}: {key} is read with model.backend = {' or '.join(readers)}, not with "
                f"'{backend}': leave it out, or choose such a back end"
            )


def _check_fine_tuning(config: Config, where: str) -> None:
    """Keys of [finetune] that nothing would read."""
    wanted, backend, learn = config.finetune, config.model.backend, config.round.learn
    if backend == "scratch" and wanted.method != "full":
        raise ConfigError(
            f"{where}: finetune.method = '{wanted.method}' is for pretrained models; "
            f"model.backend = 'scratch' trains whole ones: leave it 'full'"
        )
    if wanted.patience and backend == "scratch":
        raise ConfigError(
            f"{where}: finetune.patience is for pretrained models; model.backend = 'scratch' "
            f"learns to the end: set it to 0"
        )
    if wanted.patience and learn in ("dpo", "grpo"):
        raise ConfigError(
            f"{where}: finetune.patience is for plain fine-tuning; round.learn = '{learn}' "
            f"learns to the end: set it to 0"
        )
    if wanted.validation and not wanted.patience:
        raise ConfigError(
            f"{where}: finetune.validation takes programs out of the lessons to measure them "
            f"for finetune.patience, which is 0: set both or neither"
        )


def _check_lessons(config: Config, where: str) -> None:
    """Lessons that would not be there."""
    wanted, target, directions = config.cold_start, config.corpus.target, config.directions
    both_ways = any(
        str(parse_direction(direction).reverse) in directions for direction in directions
    )
    if (
        config.round.learn == "back"
        and not both_ways
        and not any(target if isinstance(target, tuple) else (target,))
    ):
        raise ConfigError(
            f"{where}: round.learn = 'back' without corpus.target has pairs teach the reverse "
            f"of '{directions[0]}' only: "
            "name a corpus of the target dialect, or learn 'forward' or 'both'"
        )
    made = {
        "cold_start.generated": wanted.generated,
        "cold_start.suites": wanted.suites,
        "round.replay": config.round.replay,
    }
    asked = [f"{key} = 0" for key, count in made.items() if count] + ["round.lessons = 'kept'"] * (
        config.round.lessons == "generated"
    )
    if asked and (lacking := _find_ungenerated(directions)):
        raise ConfigError(
            f"{where}: the generator makes no lessons in {lacking}: set {', '.join(asked)}, or "
            f"leave that direction out"
        )
    if asked and (lacking := _find_ungenerated(wanted.directions)):
        raise ConfigError(
            f"{where}: 'cold_start.directions' names {lacking}, in which the generator makes no "
            f"lessons: leave that direction out"
        )
    if wanted.structures and all(
        "fortran" in direction for direction in (*directions, *wanted.directions)
    ):
        raise ConfigError(
            f"{where}: 'cold_start.structures' is of pairs in C-like dialects, and every "
            f"direction has Fortran in it: leave it at 0"
        )


def _find_ungenerated(directions: Sequence[str]) -> str:
    return next(
        (
            name
            for direction in directions
            for name in direction.split(":")
            if not get_dialect(name).is_generated
        ),
        "",
    )


def _check_ladder(config: Config, where: str) -> None:
    wanted = config.ladder
    for step in wanted.steps:
        if step not in LADDER:
            raise ConfigError(
                f"{where}: ladder.steps has '{step}'; the steps are {', '.join(LADDER)}"
            )
    if wanted.steps and config.model.backend != "scratch":
        raise ConfigError(
            f"{where}: ladder.steps need model.backend = 'scratch'; a model that is pretrained "
            f"has been up its own ladder"
        )
    if set(wanted.steps) == {"bt"}:
        raise ConfigError(
            f"{where}: ladder.steps = ['bt'] translates with a model that has learnt nothing; "
            f"put 'dae' before it"
        )
    if wanted.steps and wanted.epochs <= 0:
        raise ConfigError(f"{where}: 'ladder.epochs' must be more than 0")
    if not all(0 <= rate <= 0.9 for rate in wanted.noise):
        raise ConfigError(
            f"{where}: 'ladder.noise' is two shares in [0, 0.9], of the first and of the last pass"
        )
