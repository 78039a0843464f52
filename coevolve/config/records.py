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
    """The configuration cannot be used. The message is one line for the user."""


PROGRAMS_PER_CALL = 16
"""Programs that a model is asked about in one call, where nothing else is configured."""


@dataclass(frozen=True, slots=True)
class CorpusConfig:
    """Where real programs come from. Each of the first five may be a tuple, one value per
    direction. A spec names a corpus: `builtin`, `generated:COUNT:SEED`, `hf:DATASET`, or the path
    of a file or folder (corpora/datasets/loaders.py).

    source: spec of the training programs of the source dialect.
    target: the same for the target dialect, unpaired; '' means that only the forward direction is
        proposed.
    aligned: line i of source and target are the same program; used for evaluation only.
    evaluation: spec of a corpus that is held out whole; '' holds out a part of `source`.
    references: spec of the translations of `evaluation`, in its order; '' for none.
    evaluation_fraction: share of `source`, in [0, 1], held out where `evaluation` is '';
        near-duplicates stay together.
    evaluation_limit: most held-out programs; 0: all.
    training_limit: most programs per side and round; 0: all.
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
    """The two models: what they are, and how they answer.

    backend: `scratch`, `pretrained`, `vllm` or `openai` (an endpoint, never trained).
    name_or_path: a pretrained model's id, folder, or `small`; a model's name at the endpoint; ''
        for `scratch`.
    layers, width, heads: shape of a `scratch` model. max_new_tokens: tokens after which an answer
        is cut.
    context: longest prompt and answer in tokens. rows: prompts decoded together. programs_per_call:
        programs that a model is asked about in one call.
    static_cache: decode with a cache of fixed size.
    constrain: `full` or `none`, whether decoding allows only words that can follow.
    spell: normalize sources by rule for small models.
    prompts: folder of prompt files; '' for the package's own.
    few_shot: example pairs in a prompt. endpoint: base URL of an OpenAI-compatible API; '' for
        none.
    concurrency: requests under way at a time. prices: of a million prompt and a million answer
        tokens.
    """

    backend: str = "scratch"
    name_or_path: str = ""
    layers: int = 4
    width: int = 192
    heads: int = 6
    max_new_tokens: int = 512
    context: int = 4096
    rows: int = 16
    programs_per_call: int = PROGRAMS_PER_CALL
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
    """What both models learn before the first round.

    generated: number of generated pairs for the Translator. suites: number of generated programs
        with suites for the Tester.
    level: of generated programs: `easy` (mostly one loop, one statement), `mixed` (half of them
        short) or `broad` (also loops that one thread must run). structures: share, in [0, 1], of
        C-like pairs with structures or vectors as parameters.
    directions: further directions to teach, such as `cuda:cpp`; () for the reverse of each that has
        a real target corpus. beside: number of pairs of these directions for each pair of the run's
        own.
    epochs: passes over the examples. learning_rate: its peak.
    """

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
    """What a `scratch` Translator learns from unpaired functions before the cold start (steps of
    CodeRosetta, arXiv 2410.20527, and TransCoder, arXiv 2006.03511).

    steps: some of `mlm` (masked words), `aer` (entity recognition), `dae` (denoising) and `bt`
        (back-translation), done in this order. examples: most functions per dialect.
    epochs: passes per step. learning_rate: its peak. mask_rate: share of words masked in `mlm`.
    noise: share of words disturbed in the first and in the last pass of `dae`. translated:
        functions back-translated.
    verified: learn back-translations only if they are equivalent. validation: share of the
        functions kept to measure on.
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
    """What a round proposes, keeps and learns.

    count: rounds after the cold start. samples: candidates per program. suites: Tester's answers
        per program; 0: tests by rules alone.
    temperature: of both models' sampling.
    learn: `back` (the real program is the label), `forward` (the generated one is), `both`, `asked`
        (those of the two that lie in the run's directions), `dpo` (right answers over wrong ones)
        or `grpo` (verdicts as reward).
    lessons: `kept` pairs, or as much `generated` data. freeze: which model is not trained: `none`,
        `translator`, `tester` or `both`.
    epochs: passes over the pairs. learning_rate: its peak. replay: generated lessons per pair.
    experience: pairs to learn from: `accumulate` all, `replace` by this round's, or `mix` with as
        many older ones. per_source: most translations of a source.
    selection: pairs in the order found (`first`), or of hard sources first (`hard`). translators:
        `one`, or one for `each` direction.
    by_parts: also propose ports that are put together from ports of loop nests.
    control: also train, beside each round, Translators on as much generated data, to compare with.
    behind: 0: the models of the round before propose; 1: those of the round before that, so that a
        round's answers are made and judged while models learn from the round before.
    """

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
    control: bool = False
    behind: int = 0

    @property
    def freezes_translator(self) -> bool:
        """Return whether the rounds leave the Translator as it is."""
        return self.freeze in ("translator", "both")

    @property
    def freezes_tester(self) -> bool:
        """Return whether the rounds leave the Tester as it is."""
        return self.freeze in ("tester", "both")


@dataclass(frozen=True, slots=True)
class FineTuneConfig:
    """How pretrained models are fine-tuned; see gpu_runtime.models.options.FineTuning.

    method: `full`, `lora` or `qlora`. rank: of the adapters.
    batch_tokens: tokens of a step. micro_tokens: tokens of one forward pass; 0: those of a step.
    packing: several examples in one row. gradient_checkpointing: save memory, lose time.
    keep_adapter: save the adapter beside its base.
    validation: training programs to measure on while learning. patience: measurements in a row
        without progress after which the training stops; 0: it never stops early.
    report_to: where losses are sent: `none`, `tensorboard`, `mlflow`, `trackio` or `wandb`.
    sharding: `none` or `fsdp`.
    """

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
    """How answers are judged.

    backend: `auto`, `cuda` or `emulated`. workers: verifier processes; 0: one per CPU.
    mutants: the most mutants used to measure a suite. least_strength: share in [0, 1] of mutants
        that a suite must kill to feed training.
    require_parallel: refuse parallel ports in which one thread does all the work.
    device_compiler: the real compiler that must accept a CUDA port, too, before the port counts as
        equivalent: `auto`, `nvcc`, `nvrtc` or `none`.
    """

    backend: str = "auto"
    workers: int = 0
    mutants: int = 12
    least_strength: float = 0.5
    require_parallel: bool = True
    device_compiler: str = "auto"


@dataclass(frozen=True, slots=True)
class EvaluateConfig:
    """How held-out programs are translated: `samples` candidates each at `temperature`. pass_at:
    each k of pass@k.
    """

    samples: int = 10
    temperature: float = 0.3
    pass_at: tuple[int, ...] = (1, 5, 10)


@dataclass(frozen=True, slots=True)
class ResourcesConfig:
    """What actors ask Ray for.

    model_gpus: GPUs per model actor. verifier_gpus: GPUs per verifier. Fractions are allowed; 0
        reserves none.
    trainers: processes that share out a fine-tuning step.
    translators, testers: Translators, and Testers, that answer side by side, each an actor with a
        model of its own.
    """

    model_gpus: float = 0.0
    verifier_gpus: float = 0.0
    trainers: int = 1
    translators: int = 1
    """Translators that answer side by side, each an actor with a model of its own."""
    testers: int = 1
    """Testers that answer side by side, each an actor with a model of its own."""


IDLE = (
    "run_dir",
    "presets",
    "round.count",
    "round.control",
    "verify.workers",
    "finetune.report_to",
    "finetune.sharding",
    "resources.",
)
"""Settings, and sections, that do not decide what a stage of a run gives."""


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration of a run. Some settings are keys of the file
    (`coevolve.config.presets.KEYS`); presets decide the others.

    direction: such as `cpp:cuda`, or a tuple of several (never of one). seed: of sampling, shuffles
        and generated data. run_dir: the run's folder, or a URL. presets: names of presets
        (`coevolve.config.presets`), whose values are in the settings already.
    corpus, model, ladder, cold_start, round, finetune, verify, evaluate, resources: its sections.
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
        """Return every direction of the run, such as `cpp:cuda`, as a tuple, also where there is
        one.
        """
        return self.direction if isinstance(self.direction, tuple) else (self.direction,)

    @property
    def title(self) -> str:
        """Return the directions as one text, separated by commas."""
        return ", ".join(self.directions)

    @property
    def digest(self) -> str:
        """Return a hash, 16 hex digits, of the settings that decide results. The run's folder, the
        numbers of rounds and workers, and the resources do not count.
        """
        plain = asdict(self)
        for section, _, key in (
            name.rpartition(".") for name in list_settings() if name.startswith(IDLE)
        ):
            (plain[section] if section else plain).pop(key)
        plain = {name: value for name, value in plain.items() if value != {}}
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def list_settings() -> list[str]:
    """Return the dotted name of every setting, in the order of the records."""
    names = []
    for top in fields(Config):
        value = getattr(Config(), top.name)
        if is_dataclass(value):
            names += [f"{top.name}.{f.name}" for f in fields(value)]
        else:
            names.append(top.name)
    return names
