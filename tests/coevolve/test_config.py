"""Every committed configuration loads; a wrong one is refused in one line that names the key and
the nearest name.
"""

import tomllib
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from coevolve.config.presets import HIDDEN, KEYS, PRESETS, settle
from coevolve.config.schema import (
    Config,
    ConfigError,
    format_toml,
    get_value,
    list_keys,
    list_settings,
    load,
    parse,
)

ROOT = Path(__file__).parents[2]
WORDS = {"backend": "pretrained", "name_or_path": "someone/model"}
NOTHING_GENERATED = {"cold_start": {"generated": 0, "suites": 0}, "round": {"replay": 0}}
CONFIGS = sorted((ROOT / "configs").glob("*.toml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.name)
def test_committed_configs_load(path):
    assert load(path).run_dir.startswith("runs/")


def test_reference_names_every_key_with_its_default_and_a_comment():
    text = (ROOT / "configs" / "reference.toml").read_text()
    assert parse(tomllib.loads(text), "reference") == Config()
    for key in list_keys():
        leaf = key.rpartition(".")[2]
        line = next(line for line in text.splitlines() if line.startswith(f"{leaf} = "))
        assert "#" in line, f"{key} has no comment"
    assert len(list_keys()) <= 40


def test_every_setting_is_a_key_or_a_preset_decides_it_and_never_both():
    assert sorted([*KEYS, *HIDDEN]) == sorted(list_settings())
    for name, values in PRESETS.items():
        assert set(values) <= set(HIDDEN), name
        assert set(settle([name], 10, "t")) == set(values) | {"evaluate.pass_at"}


def test_presets_settle_settings():
    config = parse({"presets": ["tiny-model", "control", "control"]}, "t")
    assert (config.model.layers, config.model.width) == (3, 160)
    assert config.round.lessons == "generated"
    told = parse({"presets": ["control"], "settings": {"round.lessons": "kept"}}, "t")
    assert told.round.lessons == "kept"


def test_presets_that_differ_are_combined_or_refused():
    """For every two: one does not undo what the other says, in either order."""
    for one, other in permutations(PRESETS, 2):
        both = [
            name for name, value in PRESETS[one].items() if PRESETS[other].get(name, value) != value
        ]
        try:
            found = settle([one, other], 10, "t")
        except ConfigError as error:
            said = str(error)
            assert both and "\n" not in said and f"'{one}' and '{other}'" in said, said
            assert settle([one, other], 10, "t", told=both)
        else:
            assert not both or {one, other} == {"frozen-tester", "frozen-translator"}
            assert all(found[name] == "both" for name in both)
    with pytest.raises(ConfigError, match="set model.layers to 3 and 6"):
        parse({"presets": ["tiny-model", "six-layers"]}, "t")
    with pytest.raises(ConfigError, match="Translator is frozen"):
        parse({"presets": ["beside-control", "frozen-translator"]}, "t")
    settled = {"presets": ["tiny-model", "six-layers"], "settings": {"model.layers": 5}}
    assert parse(settled, "t").model.layers == 5


def test_a_run_with_presets_that_differ_goes_on():
    """Its folder holds every setting, so an older run may name such presets."""
    old = format_toml(replace(Config(), presets=("frozen-tester", "frozen-translator")))
    assert parse(tomllib.loads(old), "t").round.freeze == "none"


def test_pass_at_follows_from_the_samples():
    assert parse({"evaluate": {"samples": 4}}, "t").evaluate.pass_at == (1, 4)
    assert parse({"evaluate": {"samples": 1}}, "t").evaluate.pass_at == (1,)
    assert parse({}, "t").evaluate.pass_at == (1, 5, 10)


@pytest.mark.parametrize("name", HIDDEN)
def test_a_dropped_key_names_what_to_use_instead(name):
    section, _, key = name.partition(".")
    with pytest.raises(ConfigError) as caught:
        parse({section: {key: 1}}, "run.toml")
    message = str(caught.value)
    assert "\n" not in message and message.startswith(f"run.toml: '{name}' is no key: ")
    assert "[settings]" in message or "evaluate.samples" in message


def test_the_record_of_an_older_run_still_loads():
    """Version 0.1 wrote every setting as a key."""
    values = {name: get_value(Config(), name) for name in list_settings() if name != "presets"}
    table: dict = {}
    for name, value in (values | {"round.lessons": "generated", "verify.mutants": 3}).items():
        section, _, key = name.rpartition(".")
        value = list(value) if isinstance(value, tuple) else value
        (table.setdefault(section, {}) if section else table)[key] = value
    old = parse(table, "t")
    assert (old.round.lessons, old.verify.mutants) == ("generated", 3)


def test_docs_config_names_every_key():
    text = (ROOT / "docs" / "config.md").read_text()
    assert [k for k in list_keys() if f"`{k}`" not in text] == []


def test_toml_round_trip():
    config = parse(
        {
            "seed": 7,
            "round": {"count": 3, "learn": "forward"},
            "settings": {"evaluate.pass_at": [1, 2]},
        },
        "t",
    )
    assert parse(tomllib.loads(format_toml(config)), "t") == config


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"rounds": 2}, ("unknown key 'rounds'", "round")),
        ({"round": {"sample": 2}}, ("round.sample", "did you mean 'round.samples'")),
        ({"direction": "cpp:cudaa"}, ("did you mean 'cuda'",)),
        ({"direction": "cpp"}, ("source:target",)),
        ({"seed": "one"}, ("'seed' must be int",)),
        ({"seed": True}, ("'seed' must be int",)),
        ({"seed": 10**22}, ("'seed' must lie in",)),
        (
            {"model": {"name_or_path": "small"}},
            ("model.name_or_path", "model.backend = pretrained"),
        ),
        (
            {"corpus": {"evaluation": "development", "references": "kernels.tok"}},
            ("leave corpus.references empty",),
        ),
        ({"round": 3}, ("write [round]",)),
        ({"verify": {"least_strength": 2}}, ("least_strength", "[0.0, 1.0]")),
        ({"evaluate": {"samples": 2}, "settings": {"evaluate.pass_at": [1, 5]}}, ("pass_at",)),
        ({"model": {"backend": "pretrained"}}, ("name_or_path",)),
        ({"settings": {"model.width": 100, "model.heads": 3}}, ("multiple",)),
        ({"round": {"count": -1}}, ("round.count",)),
        ({"ladder": {"steps": ["mlm", "bart"]}}, ("ladder.steps", "'bart'", "mlm, aer, dae, bt")),
        (
            {"ladder": {"steps": ["mlm"]}, "model": {"backend": "pretrained", "name_or_path": "x"}},
            ("ladder.steps", "scratch"),
        ),
        ({"ladder": {"steps": ["bt"]}}, ("ladder.steps", "dae")),
        ({"settings": {"ladder.noise": [0.1, 2]}}, ("ladder.noise", "[0, 0.9]")),
        ({"ladder": {"steps": ["dae"]}, "settings": {"ladder.epochs": 0}}, ("ladder.epochs",)),
        ({"settings": {"evaluate.pass_at": []}}, ("pass_at",)),
        ({"settings": {"evaluate.pass_at": [True]}}, ("pass_at",)),
        ({"round": {"epochs": float("inf")}}, ("round.epochs", "finite")),
        (
            {"settings": {"cold_start.learning_rate": float("nan")}},
            ("cold_start.learning_rate", "finite"),
        ),
        ({"settings": {"round.suites": -1}}, ("round.suites", "must not be negative")),
        ({"settings": {"model.width": 33, "model.heads": 3}}, ("even multiple",)),
        (
            {"settings": {"model.few_shot": 2}},
            ("model.few_shot", "pretrained or vllm or openai", "'scratch'"),
        ),
        ({"model": {"endpoint": "http://127.0.0.1:8000/v1"}}, ("model.endpoint", "openai")),
        (
            {"model": WORDS, "settings": {"model.prices": [1.0, 2.0]}},
            ("model.prices", "'pretrained'"),
        ),
        ({"resources": {"trainers": 2}}, ("resources.trainers", "'scratch'")),
        ({"settings": {"finetune.packing": True}}, ("finetune.packing",)),
        (
            {"direction": "fortran:openmp-fortran", "round": {"by_parts": True}},
            ("round.by_parts", "cuda or openmp"),
        ),
        ({"settings": {"verify.mutants": 0}}, ("verify.mutants", "least_strength")),
        ({"model": {"backend": "openai", "name_or_path": "m"}}, ("model.endpoint",)),
        ({"settings": {"model.prices": [1.0]}}, ("model.prices", "2 numbers")),
        ({"settings": {"model.prices": [1.0, -2]}}, ("model.prices", "below 0")),
        ({"settings": {"model.concurrency": 0}}, ("model.concurrency", "at least 1")),
        (
            {
                "finetune": {"method": "lora"},
                "model": {"backend": "vllm", "name_or_path": "m"},
                "settings": {"finetune.keep_adapter": True},
            },
            ("finetune.keep_adapter", "vllm"),
        ),
        ({"resources": {"trainers": 0}}, ("resources.trainers", "at least 1")),
        (
            {
                "resources": {"trainers": 2},
                "settings": {"finetune.patience": 1, "finetune.validation": 3},
            },
            ("resources.trainers", "patience"),
        ),
        (
            {"settings": {"finetune.sharding": "fsdp"}},
            ("finetune.sharding", "resources.trainers > 1"),
        ),
        (
            {
                "finetune": {"method": "lora"},
                "resources": {"trainers": 2},
                "settings": {"finetune.sharding": "fsdp"},
            },
            ("finetune.sharding", "'full'"),
        ),
        ({"finetune": {"method": "loar"}}, ("finetune.method", "lora")),
        ({"settings": {"finetune.patience": 2}}, ("finetune.patience", "finetune.validation")),
        (
            {"settings": {"finetune.patience": 2, "finetune.validation": 3}},
            ("finetune.patience", "scratch"),
        ),
        (
            {
                "round": {"learn": "dpo"},
                "model": WORDS,
                "settings": {"finetune.patience": 2, "finetune.validation": 3},
            },
            ("finetune.patience", "dpo"),
        ),
        (
            {"model": WORDS, "settings": {"finetune.validation": 3}},
            ("finetune.validation", "finetune.patience"),
        ),
        ({"finetune": {"method": "qlora"}}, ("finetune.method", "scratch")),
        ({"round": {"learn": "back"}}, ("round.learn", "corpus.target")),
        (
            {
                "round": {"learn": "back"},
                "direction": ["cpp:cuda", "cpp:openmp"],
                "corpus": {"target": ["", ""]},
            },
            ("round.learn", "corpus.target"),
        ),
        (
            {"direction": "cpp:openmp-target"},
            ("openmp-target", "cold_start.generated = 0, cold_start.suites = 0, round.replay = 0"),
        ),
        (
            {"cold_start": {"directions": ["cpp:openmp-target"]}},
            ("cold_start.directions", "openmp-target"),
        ),
        ({"settings": {"cold_start.structures": 1.5}}, ("cold_start.structures", "0", "1")),
        (
            {"direction": "fortran:cuda", "settings": {"cold_start.structures": 0.5}},
            ("cold_start.structures", "Fortran"),
        ),
        ({"run_dir": ""}, ("run_dir", "empty")),
        ({"corpus": {"source": " "}}, ("corpus.source", "empty")),
    ],
)
def test_wrong_configs_are_refused(table, words):
    with pytest.raises(ConfigError) as caught:
        parse(table, "run.toml")
    message = str(caught.value)
    assert message.startswith("run.toml") and "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    "table",
    [
        {"round": {"learn": "back"}, "corpus": {"target": "kernels.tok"}},
        {"round": {"learn": "back"}, "direction": ["cpp:cuda", "cuda:cpp"]},
        {"direction": "cpp:openmp-target"} | NOTHING_GENERATED,
        {
            "finetune": {"method": "lora"},
            "model": WORDS,
            "settings": {"finetune.patience": 2, "finetune.validation": 3},
        },
    ],
)
def test_what_has_its_lessons_is_accepted(table):
    parse(table, "run.toml")


def test_dialects_without_generated_lessons_are_those_that_the_generator_does_not_write():
    from corpora.dialects import DIALECTS
    from corpora.generator import generate

    written = {name for computation in generate(60, 1, "mixed") for name in computation.programs}
    assert set(DIALECTS) - written == {n for n, row in DIALECTS.items() if not row.is_generated}


@given(st.text(min_size=1).filter(str.strip))
def test_any_text_survives_the_file(text):
    config = parse({"run_dir": text, "corpus": {"source": text}}, "t")
    assert parse(tomllib.loads(format_toml(config)), "t") == config


def test_the_place_of_a_run_may_hold_any_character(tmp_path):
    place = tmp_path / 'a "quoted" \\ name'
    place.mkdir()
    (place / "config.toml").write_text(format_toml(Config()))
    assert load(place / "config.toml", run_dir=place).run_dir == str(place)


def test_overrides_and_missing_and_binary_files(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text("seed = 3\n")
    config = load(path, ("round.count=5", "run_dir=here/it is", "round.learn=forward"))
    assert (config.round.count, config.run_dir, config.round.learn) == (5, "here/it is", "forward")
    with pytest.raises(ConfigError, match="key=value"):
        load(path, ("seed",))
    with pytest.raises(ConfigError, match="does not exist"):
        load(tmp_path / "none.toml")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not a text file"):
        load(path)
    path.write_text("seed = \n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(path)


def test_digest_ignores_where_and_how_many_workers():
    base = Config()
    assert (
        parse(
            {
                "run_dir": "x",
                "round": {"count": 9},
                "verify": {"workers": 3},
                "resources": {"model_gpus": 1},
            },
            "t",
        ).digest
        == base.digest
    )
    assert parse({"seed": 2}, "t").digest != base.digest


def test_an_override_may_name_a_setting_that_is_no_key(tmp_path):
    """`--set` takes what the table `settings` takes, by the same dotted name."""
    path = tmp_path / "c.toml"
    path.write_text('direction = "cpp:cuda"\n')
    assert load(path, ("finetune.batch_tokens=1024",)).finetune.batch_tokens == 1024
    assert load(path, ("settings.finetune.batch_tokens=512",)).finetune.batch_tokens == 512
