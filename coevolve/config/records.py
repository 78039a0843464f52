"""The settings of a run as records, with their defaults.

python -c "from coevolve.config.records import Config; print(Config().digest)"
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields, is_dataclass

PER_DIRECTION = (
    "corpus.source",
    "corpus.target",
    "corpus.aligned",
    "corpus.evaluation",
    "corpus.references",
)
"""Keys that take one value, or a list with one for each direction."""


class ConfigError(ValueError):
    """The configuration cannot be used; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class CorpusConfig:
    """Where real programs come from. `target` is unpaired with `source`; alignment is used for
    evaluation only.

    Of the first five each may be a tuple, one value for each of the run's directions.
    """

    source: str | tuple[str, ...] = "builtin"
    target: str | tuple[str, ...] = ""
    aligned: bool | tuple[bool, ...] = False
    evaluation: str | tuple[str, ...] = ""
    references: str | tuple[str, ...] = ""
    evaluation_fraction: float = 0.5
    evaluation_limit: int = 0
    training_limit: int = 0


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The two models: what they are, and how they answer."""

    backend: str = "scratch"
    name_or_path: str = ""
    layers: int = 4
    width: int = 192
    heads: int = 6
    max_new_tokens: int = 512
    context: int = 4096
    rows: int = 16
    programs_per_call: int = 16
    static_cache: bool = False
    constrain: str = "full"
    spell: bool = True
    prompts: str = ""
    few_shot: int = 0
    endpoint: str = ""
    concurrency: int = 8
    prices: tuple[float, ...] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class ColdStartConfig:
    """What both models learn before the first round."""

    generated: int = 20000
    suites: int = 4000
    level: str = "mixed"
    structures: float = 0.0
    directions: tuple[str, ...] = ()
    beside: float = 1 / 3
    epochs: float = 1.0
    learning_rate: float = 2e-3


@dataclass(frozen=True, slots=True)
class LadderConfig:
    """What a scratch Translator learns from unpaired functions before the cold start; see
    coevolve.loop.run_pretraining.
    """

    steps: tuple[str, ...] = ()
    examples: int = 4000
    epochs: float = 3.0
    learning_rate: float = 2e-3
    mask_rate: float = 0.15
    noise: tuple[float, ...] = (0.1, 0.3)
    translated: int = 512
    verified: bool = False
    validation: float = 0.05


@dataclass(frozen=True, slots=True)
class RoundConfig:
    """One round: what is asked, kept and learnt."""

    count: int = 2
    samples: int = 4
    suites: int = 1
    temperature: float = 0.8
    learn: str = "both"
    lessons: str = "kept"
    freeze: str = "none"
    epochs: float = 2.0
    learning_rate: float = 2e-4
    replay: float = 8.0
    experience: str = "accumulate"
    per_source: int = 2
    selection: str = "first"
    translators: str = "one"
    by_parts: bool = False


@dataclass(frozen=True, slots=True)
class FineTuneConfig:
    """For pretrained models; see gpu_runtime.models.options.FineTuning."""

    method: str = "full"
    rank: int = 16
    batch_tokens: int = 2048
    micro_tokens: int = 0
    packing: bool = False
    gradient_checkpointing: bool = False
    keep_adapter: bool = False
    validation: int = 0
    patience: int = 0
    report_to: str = "none"
    sharding: str = "none"


@dataclass(frozen=True, slots=True)
class VerifyConfig:
    """How answers are judged."""

    backend: str = "auto"
    workers: int = 0
    mutants: int = 12
    least_strength: float = 0.5
    require_parallel: bool = True


@dataclass(frozen=True, slots=True)
class EvaluateConfig:
    """How held-out programs are asked."""

    samples: int = 10
    temperature: float = 0.3
    pass_at: tuple[int, ...] = (1, 5, 10)


@dataclass(frozen=True, slots=True)
class ResourcesConfig:
    """What actors ask Ray for."""

    model_gpus: float = 0.0
    verifier_gpus: float = 0.0
    trainers: int = 1
    translators: int = 1
    """Translators that answer side by side, each an actor with a model of its own."""
    testers: int = 1
    """The same of Testers."""


IDLE = (
    "run_dir",
    "presets",
    "round.count",
    "verify.workers",
    "finetune.report_to",
    "finetune.sharding",
    "resources.",
)
"""Settings, and sections, that do not decide what a stage of a run gives."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that a run is told. Some settings are keys of the file
    (`coevolve.config.presets.KEYS`); presets decide the others.
    """

    direction: str | tuple[str, ...] = "cpp:cuda"
    """One direction, or a tuple of several (never of one)."""
    seed: int = 1
    run_dir: str = "runs/run"
    presets: tuple[str, ...] = ()
    """Names of `coevolve.config.presets`, whose values are in the settings already."""
    corpus: CorpusConfig = field(default_factory=CorpusConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    ladder: LadderConfig = field(default_factory=LadderConfig)
    cold_start: ColdStartConfig = field(default_factory=ColdStartConfig)
    round: RoundConfig = field(default_factory=RoundConfig)
    finetune: FineTuneConfig = field(default_factory=FineTuneConfig)
    verify: VerifyConfig = field(default_factory=VerifyConfig)
    evaluate: EvaluateConfig = field(default_factory=EvaluateConfig)
    resources: ResourcesConfig = field(default_factory=ResourcesConfig)

    @property
    def directions(self) -> tuple[str, ...]:
        """Every direction of the run, also where there is one."""
        return self.direction if isinstance(self.direction, tuple) else (self.direction,)

    @property
    def title(self) -> str:
        """The directions as one text for people."""
        return ", ".join(self.directions)

    @property
    def digest(self) -> str:
        """Hash of everything that decides a run's results (not of where it lies, how many workers
        it has and when it ends).
        """
        plain = asdict(self)
        for section, _, key in (
            name.rpartition(".") for name in list_settings() if name.startswith(IDLE)
        ):
            (plain[section] if section else plain).pop(key)
        plain = {name: value for name, value in plain.items() if value != {}}
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def list_settings() -> list[str]:
    """Every setting in dotted form, in the order of the records."""
    names = []
    for top in fields(Config):
        value = getattr(Config(), top.name)
        if is_dataclass(value):
            names += [f"{top.name}.{f.name}" for f in fields(value)]
        else:
            names.append(top.name)
    return names
