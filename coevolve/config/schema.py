"""The run's configuration: one strict TOML file of at most 40 keys, documented in
`configs/reference.toml`.

Contract: an unknown key, a wrong type or a value out of range raises ConfigError, one line that
names the file, the key and the nearest valid name. Nothing else in the project reads TOML.

    python -c "from coevolve.config.schema import load; print(load('configs/demo.toml').direction)"
"""

from __future__ import annotations

import difflib
import json
import math
import tomllib
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

from coevolve.config.checks import check_config, get_value
from coevolve.config.presets import HIDDEN, KEYS, TABLE, settle, suggest_replacement
from coevolve.config.records import IDLE, PER_DIRECTION, Config, ConfigError, list_settings
from corpora.places import CONFIGS

__all__ = [
    "IDLE",
    "Config",
    "ConfigError",
    "format_toml",
    "get_value",
    "list_keys",
    "list_settings",
    "load",
    "parse",
]


def find_config(path: str | Path) -> Path:
    """Return the configuration file that `path` names: a file, or the name of one that comes with
    the project, as `demo` or `configs/demo.toml`. Raises ConfigError if there is none.
    """
    file = Path(path)
    if file.is_file():
        return file
    if file.parent in (Path(), Path("configs")):
        own = CONFIGS / f"{file.name.removesuffix('.toml')}.toml"
        if own.is_file():
            return own
    raise ConfigError(f"config file '{file}' does not exist; try configs/demo.toml")


def load(path: str | Path, overrides: tuple[str, ...] = (), run_dir: Path | None = None) -> Config:
    """Read a configuration from a TOML file.

    path: of the file, or the name of one that comes with the project, as `demo`. overrides:
        `section.key=value` with values in TOML form; they replace the file's values.
    run_dir: replaces the `run_dir` of the file, for a run folder that was moved; None keeps the
        file's.
    Raises ConfigError for a missing file, an unknown key or a bad value.
    """
    file = find_config(path)
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
    """Return the Config that `table`, a parsed TOML file, describes. where: the file that a message
    names. Raises ConfigError for an unknown key or a bad value.
    """
    keys = {name: value for name, value in table.items() if name != TABLE}
    told = _read_settings(table.get(TABLE, {}), where)
    if told == {} and _is_old_record(keys):
        told = {f"{s}.{k}": v for s, v in keys.items() if isinstance(v, dict) for k, v in v.items()}
        told = {name: value for name, value in told.items() if name in HIDDEN}
        keys = {
            s: {k: x for k, x in v.items() if f"{s}.{k}" not in HIDDEN}
            if isinstance(v, dict)
            else v
            for s, v in keys.items()
        }
    config = _section(Config, keys, where, "")
    settings = settle(config.presets, config.evaluate.samples, where, told) | told
    nested: dict[str, dict] = {}
    for name, value in settings.items():
        section, _, key = name.partition(".")
        nested.setdefault(section, {})[key] = value
    for section, values in nested.items():
        current = getattr(config, section)
        values = {
            key: _convert_value(getattr(type(current)(), key), v, where, f"{section}.{key}")
            for key, v in values.items()
        }
        config = replace(config, **{section: replace(current, **values)})
    check_config(config, where)
    return config


def list_keys() -> list[str]:
    """Return the dotted name of every key that a file may have, in the file's order."""
    return list(KEYS)


def _read_settings(table: object, where: str) -> dict[str, object]:
    """The table `settings` of a file. Raises ConfigError."""
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: '{TABLE}' is a section; write [{TABLE}]")
    for name in table:
        if name in KEYS:
            raise ConfigError(f"{where}: '{name}' is a key; write it in its section")
        if name not in HIDDEN:
            raise ConfigError(f"{where}: unknown setting '{name}'{_nearest(name, HIDDEN)}")
    return table


def _is_old_record(table: dict) -> bool:
    """Whether a run folder of version 0.1 wrote this: it has every setting as a key."""
    there = {f"{s}.{k}" for s, v in table.items() if isinstance(v, dict) for k in v}
    return set(HIDDEN) <= there


def format_toml(config: Config) -> str:
    """Return the configuration as TOML with every setting: keys in their sections, others in the
    table `settings`.
    """
    values = {name: _toml_value(get_value(config, name)) for name in list_settings()}
    lines = [f"{name} = {values[name]}" for name in KEYS if "." not in name]
    for section in dict.fromkeys(name.partition(".")[0] for name in KEYS if "." in name):
        own = [name for name in KEYS if name.startswith(f"{section}.")]
        lines += ["", f"[{section}]"]
        lines += [f"{name.partition('.')[2]} = {values[name]}" for name in own]
    lines += ["", f"[{TABLE}]"]
    lines += [f'"{name}" = {values[name]}' for name in list_settings() if name not in KEYS]
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
    if key.strip() in HIDDEN:
        section, name = TABLE, key.strip()
    elif section.startswith(f"{TABLE}."):
        section, name = TABLE, key.strip().removeprefix(f"{TABLE}.")
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
        if prefix + key in HIDDEN:
            raise ConfigError(
                f"{where}: '{prefix}{key}' is no key{suggest_replacement(prefix + key)}"
            )
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


def _nearest(key: str, names: Sequence[str] = KEYS) -> str:
    close = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
    if not close:
        leaf = key.rpartition(".")[2]
        close = [k for k in names if k.rpartition(".")[2] == leaf][:1]
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
