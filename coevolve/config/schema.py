"""The run's configuration: one strict TOML file, at most 81 keys, documented in
`configs/reference.toml`.

Contract: an unknown key, a wrong type or a value out of range raises ConfigError, one line that
names the file, the key and the nearest valid name. Nothing else in the project reads TOML.

    python -c "from coevolve.config.schema import load; print(load('configs/demo.toml').direction)"
"""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import tomllib
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from pathlib import Path

from coevolve.config.checks import PER_DIRECTION, ConfigError, check_config


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
    backend: str = "scratch"
    name_or_path: str = ""
    layers: int = 4
    width: int = 192
    heads: int = 6
    max_new_tokens: int = 512
    context: int = 4096
    rows: int = 16
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
    backend: str = "auto"
    workers: int = 0
    mutants: int = 12
    least_strength: float = 0.5
    require_parallel: bool = True


@dataclass(frozen=True, slots=True)
class EvaluateConfig:
    samples: int = 10
    temperature: float = 0.3
    pass_at: tuple[int, ...] = (1, 5, 10)


@dataclass(frozen=True, slots=True)
class ResourcesConfig:
    model_gpus: float = 0.0
    verifier_gpus: float = 0.0
    trainers: int = 1


IDLE = (
    "run_dir",
    "round.count",
    "verify.workers",
    "finetune.report_to",
    "finetune.sharding",
    "resources.",
)
"""Keys, and sections, that do not decide what a stage of a run gives."""


@dataclass(frozen=True, slots=True)
class Config:
    direction: str | tuple[str, ...] = "cpp:cuda"
    """One direction, or a tuple of several (never of one)."""
    seed: int = 1
    run_dir: str = "runs/run"
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
            name.rpartition(".") for name in list_keys() if name.startswith(IDLE)
        ):
            (plain[section] if section else plain).pop(key)
        plain = {name: value for name, value in plain.items() if value != {}}
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def load(path: str | Path, overrides: tuple[str, ...] = (), run_dir: Path | None = None) -> Config:
    """Read a TOML file and `section.key=value` overrides (values in TOML form). Raises ConfigError.

    run_dir: where the run lies now, for a file that lies in a run folder (which may have been
    moved).
    """
    file = Path(path)
    if not file.is_file():
        raise ConfigError(f"config file '{file}' does not exist; try configs/demo.toml")
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{file}: not a text file ({error.reason} at byte {error.start})"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: not valid TOML: {error}") from None
    for text in overrides:
        _override(table, text)
    if run_dir is not None:
        table["run_dir"] = str(run_dir)
    return parse(table, str(file))


def parse(table: dict, where: str) -> Config:
    """Build a Config from a parsed table. Raises ConfigError naming `where` and the key."""
    config = _section(Config, table, where, "")
    check_config(config, list_keys(), where)
    return config


def list_keys() -> list[str]:
    """Every key in dotted form, in file order."""
    keys = []
    for top in fields(Config):
        value = getattr(Config(), top.name)
        if is_dataclass(value):
            keys += [f"{top.name}.{f.name}" for f in fields(value)]
        else:
            keys.append(top.name)
    return keys


def format_toml(config: Config) -> str:
    """The configuration as TOML, every key written out."""
    plain = asdict(config)
    sections = {k: v for k, v in plain.items() if isinstance(v, dict)}
    lines = [f"{k} = {_toml_value(v)}" for k, v in plain.items() if k not in sections]
    for name, keys in sections.items():
        lines += ["", f"[{name}]"] + [f"{k} = {_toml_value(v)}" for k, v in keys.items()]
    return "\n".join(lines) + "\n"


def _toml_value(value: object) -> str:
    # JSON's escapes are TOML's, but for characters beyond U+FFFF (a pair of halves in JSON) and DEL
    # (bare in JSON).
    return json.dumps(
        list(value) if isinstance(value, tuple) else value, ensure_ascii=False
    ).replace("\x7f", "\\u007f")


def _override(table: dict, text: str) -> None:
    key, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(
            f"--set '{text}' is not of the form key=value, for example --set round.count=3"
        )
    try:
        parsed = tomllib.loads(f"v = {value}")["v"]
    except tomllib.TOMLDecodeError:
        parsed = value
    section, dot, name = key.strip().rpartition(".")
    if "." in section:
        raise ConfigError(f"--set '{text}': unknown key '{key.strip()}'{_nearest(section)}")
    inner = table.setdefault(section, {}) if dot else table
    if not isinstance(inner, dict):
        raise ConfigError(f"--set '{text}': '{section}' is not a section")
    inner[name] = parsed


def _section(kind: type, table: dict, where: str, prefix: str):
    known = {f.name: f for f in fields(kind)}
    default = kind()
    values = {}
    for key, value in table.items():
        if key not in known:
            raise ConfigError(f"{where}: unknown key '{prefix}{key}'{_nearest(prefix + key)}")
        current = getattr(default, key)
        if is_dataclass(current):
            if not isinstance(value, dict):
                raise ConfigError(f"{where}: '{key}' is a section; write [{key}]")
            values[key] = _section(type(current), value, where, f"{prefix}{key}.")
        else:
            values[key] = _convert_value(current, value, where, prefix + key)
    return replace(default, **values)


def _nearest(key: str) -> str:
    close = difflib.get_close_matches(key, list_keys(), n=1, cutoff=0.5)
    if not close:
        leaf = key.rpartition(".")[2]
        close = [k for k in list_keys() if k.rpartition(".")[2] == leaf][:1]
    return f"; did you mean '{close[0]}'?" if close else "; see configs/reference.toml for the keys"


def _convert_value(current: object, value: object, where: str, key: str):
    if key in ("direction", *PER_DIRECTION) and isinstance(value, list):
        if not value:
            raise ConfigError(
                f"{where}: '{key}' is an empty list; give one value, or one for each direction"
            )
        values = tuple(_convert_value(current, v, where, key) for v in value)
        return values if len(values) > 1 else values[0]
    if isinstance(current, bool) or isinstance(value, bool):
        good = isinstance(current, bool) and isinstance(value, bool)
    elif isinstance(current, float):
        good, value = (
            isinstance(value, (int, float)),
            float(value) if isinstance(value, (int, float)) else value,
        )
    elif current == ():
        good = isinstance(value, list) and all(isinstance(v, str) for v in value)
        value = tuple(value) if good else value
    elif isinstance(current, tuple) and isinstance(current[0], float):
        good = (
            isinstance(value, list)
            and len(value) == len(current)
            and all(type(v) in (int, float) and 0 <= v < math.inf for v in value)
        )
        value = tuple(float(v) for v in value) if good else value
    elif isinstance(current, tuple):
        good = (
            isinstance(value, list) and bool(value) and all(type(v) is int and v > 0 for v in value)
        )
        value = tuple(value) if good else value
    else:
        good = isinstance(value, type(current))
    if not good:
        wanted = _list_of(current) if isinstance(current, tuple) else type(current).__name__
        raise ConfigError(f"{where}: '{key}' must be {wanted}, not {value!r}")
    return value


def _list_of(current: tuple) -> str:
    if current == ():
        return "a list of texts"
    return (
        "a list of positive integers"
        if isinstance(current[0], int)
        else f"a list of {len(current)} numbers, none below 0"
    )
