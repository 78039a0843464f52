"""Which settings are keys of the file, and what presets decide of the others.

Contract: a preset is a name for settings that are no keys. `presets = ["control"]` chooses some.
Two that give one setting different values are combined where that has a meaning, and else refused.
The table `settings` of a file holds single values by dotted name, which go before presets: a run
folder's file has all of them there, so that a run goes on as it began.

    python -c "from coevolve.config.presets import PRESETS; print(*PRESETS, sep='\\n')"
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence

from coevolve.config.records import ConfigError, list_settings

KEYS = (
    *("direction", "seed", "run_dir", "presets"),
    *("corpus.source", "corpus.target", "corpus.aligned", "corpus.evaluation"),
    *("corpus.references", "corpus.evaluation_fraction", "corpus.evaluation_limit"),
    *("corpus.training_limit", "model.backend", "model.name_or_path", "model.max_new_tokens"),
    *("model.context", "model.spell", "model.prompts", "model.endpoint", "ladder.steps"),
    *("cold_start.generated", "cold_start.suites", "cold_start.level", "cold_start.directions"),
    *("round.count", "round.samples", "round.temperature", "round.learn", "round.epochs"),
    *("round.learning_rate", "round.replay", "round.by_parts", "finetune.method"),
    *("verify.backend", "verify.workers", "verify.least_strength", "evaluate.samples"),
    *("resources.model_gpus", "resources.verifier_gpus", "resources.trainers"),
)
"""What a user's file may set, in dotted form."""
HIDDEN = tuple(name for name in list_settings() if name not in KEYS)
"""Settings that presets decide."""
TABLE = "settings"
_LARGE = {
    "model.few_shot": 2,
    "finetune.batch_tokens": 32768,
    "finetune.micro_tokens": 4096,
    "finetune.packing": True,
    "finetune.gradient_checkpointing": True,
    "evaluate.temperature": 1.0,
}
PRESETS: dict[str, dict[str, object]] = {
    # models trained here
    "tiny-model": {"model.layers": 3, "model.width": 160, "model.heads": 5},
    "six-layers": {"model.layers": 6},
    "fast-start": {"cold_start.learning_rate": 3e-3},
    "many-directions": {"cold_start.beside": 1.33, "finetune.batch_tokens": 4096},
    "structures": {"cold_start.structures": 0.5},
    "short-ladder": {
        "ladder.examples": 2000,
        "ladder.epochs": 2.0,
        "ladder.translated": 256,
        "ladder.verified": True,
    },
    "unconstrained": {"model.constrain": "none"},
    # pretrained models
    "large-model": _LARGE,
    "early-stopping": {"finetune.validation": 40, "finetune.patience": 2},
    "keep-adapter": {"finetune.keep_adapter": True},
    "fsdp": {"finetune.sharding": "fsdp"},
    "tensorboard": {"finetune.report_to": "tensorboard"},
    "mlflow": {"finetune.report_to": "mlflow"},
    "trackio": {"finetune.report_to": "trackio"},
    "wandb": {"finetune.report_to": "wandb"},
    # rounds
    "translator-each": {"round.translators": "each"},
    "newest-pairs": {"round.experience": "replace"},
    "mixed-pairs": {"round.experience": "mix"},
    "off-policy": {"round.behind": 1},
    "hard-sources": {"round.selection": "hard"},
    "serial-allowed": {"verify.require_parallel": False},
    "no-device-compiler": {"verify.device_compiler": "none"},
    # controls and ablations
    "control": {"round.lessons": "generated"},
    "beside-control": {"round.control": True},
    "frozen-translator": {"round.freeze": "translator"},
    "frozen-tester": {"round.freeze": "tester"},
}
"""Values by setting, for each preset."""
_COMBINED = {("round.freeze", frozenset(("translator", "tester"))): "both"}
"""What two values of a setting make together."""
PASS_AT = (1, 5, 10)
"""Each k of pass@k that is measured where there are so many samples."""


def choose_pass_at(samples: int) -> tuple[int, ...]:
    """Return the k of pass@k where every program has `samples` candidates, in rising order: 1, 5
    and 10 as far as they are smaller, and the number itself. Below 1 it counts as 1.
    """
    return tuple(sorted({k for k in PASS_AT if k < samples} | {max(samples, 1)}))


def settle(
    presets: Sequence[str], samples: int, where: str, told: Collection[str] = ()
) -> dict[str, object]:
    """Return the values, by dotted name such as `round.freeze`, of settings that presets decide or
    that follow from keys.

    presets: their names. samples: the value of `evaluate.samples`, which is the largest k of
        pass@k. where: the file that a message names. told: dotted names of settings that the file
        itself has a value for; presets do not decide these, and may differ on them.
    Raises ConfigError for an unknown preset, and for two that cannot be combined.
    """
    found: dict[str, object] = {"evaluate.pass_at": list(choose_pass_at(samples))}
    decided: dict[str, str] = {}
    for name in presets:
        if name not in PRESETS:
            close = difflib.get_close_matches(name, PRESETS, n=1, cutoff=0.5)
            known = f"did you mean '{close[0]}'?" if close else f"there are {', '.join(PRESETS)}"
            raise ConfigError(f"{where}: unknown preset '{name}'; {known}")
        for setting, value in PRESETS[name].items():
            if setting not in told:
                first = decided.setdefault(setting, name)
                found[setting] = _combine(
                    setting, found.get(setting, value), value, first, name, where
                )
    return found


def _combine(setting: str, old: object, new: object, first: str, second: str, where: str) -> object:
    """The value of a setting that has one already. first, second: the presets that give them."""
    if old == new:
        return new
    both = _COMBINED.get((setting, frozenset((old, new))))
    if both is None:
        raise ConfigError(
            f"{where}: the presets '{first}' and '{second}' set {setting} to {old!r} and {new!r}: "
            f'leave one out, or write "{setting}" = ... in [{TABLE}]'
        )
    return both


def suggest_replacement(name: str) -> str:
    """Return the end of a message that says what to write in place of a setting that is no key of
    the file. name: the setting's dotted name.
    """
    if name == "evaluate.pass_at":
        return ": it follows from evaluate.samples"
    own = [f"'{preset}'" for preset, values in PRESETS.items() if name in values]
    named = f"choose {' or '.join(own)} in presets, or write" if own else "write"
    return f': {named} "{name}" = ... in [{TABLE}]'
