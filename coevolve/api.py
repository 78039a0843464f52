"""The library's functions: `verify`, `translate`, `evaluate`, `run`. Use them as `coevolve.verify`
and so on.

Contract: programs are given as `Program`s, as paths or as source text. What programs do wrong is in
the answer. Wrong use raises a ValueError of one line.

    python -c "import coevolve; print(bool(coevolve.verify('axpy.cpp', 'axpy.cu')))"
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpora.dialects import DIALECTS, guess_dialect, parse_direction as direction_of
from corpora.frontends.dialect_guess import guess_port_dialect
from corpora.records import Program, UnitTestSuite, Verdict

if TYPE_CHECKING:
    from coevolve.cli.translate import Port
    from coevolve.config.schema import Config
    from coevolve.verification.engine import Pair, VerifyConfig

__all__ = ["evaluate", "run", "translate", "verify"]

Given = Program | str | os.PathLike[str]
"""A program, a path, or source text: see `is_path` for which of the last two a string is."""


def verify(
    source: Given,
    target: Given,
    suite: str | os.PathLike[str] | UnitTestSuite | None = None,
    backend: str = "auto",
    config: VerifyConfig | None = None,
    *,
    direction: str = "",
    function: str = "",
) -> Verdict:
    """Judge by execution whether `target` does what `source` does.

    Args: source: the program that is right by definition: a `Program`, a path, or source text.
        target: its translation, in the same forms. suite: tests as text
        (docs/architecture/tests.md), a path, or a record. None: tests are made from the source.
        backend: where CUDA runs: `auto`, `cuda` or `emulated`. config: how tests are made and
        programs judged. None: `VerifyConfig()`. direction: the dialects, such as `cpp:cuda`. Needed
        for source text; for a file it replaces what the suffix says. '' for none. function: compare
        this function only. '' compares each one that both define and nothing in the source calls;
        of two `Program`s it compares their own entries.

    Returns:
        The verdict. It is true if and only if the two are equivalent. Where several functions were
        compared it is that of the first that differs, else of the first that is undecided.

    Raises:
        ValueError: an unknown dialect or back end, a file that cannot be read, a text without a
            function, or tests that do not parse.
    """
    from coevolve.verification.engine import Pair, VerifyConfig, get_shared_engine
    from coevolve.verification.function_verdicts import combine_verdicts, verify_until_difference

    engine = get_shared_engine(backend, config or VerifyConfig())
    tests = _text_of(suite) if isinstance(suite, os.PathLike) else suite
    if isinstance(source, Program) and isinstance(target, Program) and not function:
        return engine.verify(Pair(source, target, tests))
    pairs = _pairs(source, target, tests, direction, function)
    engine.prepare(pairs if len(pairs) > 1 else ())
    return combine_verdicts(verify_until_difference(engine, pairs), len(pairs))


def _pairs(
    source: Given, target: Given, suite: str | UnitTestSuite | None, direction: str, function: str
) -> tuple[Pair, ...]:
    """The questions that two programs are, at least one of which is no `Program`."""
    from dataclasses import replace

    from coevolve.verification.requests import make_request

    given = direction_of(direction) if direction else None
    text, dialect = _read(source, given.source.name if given else "", "source")
    other, other_dialect = _read(target, given.target.name if given else "", "target")
    named = function or next((p.name for p in (source, target) if isinstance(p, Program)), "")
    written = None if isinstance(suite, UnitTestSuite) else suite
    asked = make_request(text, dialect, other, other_dialect, written, named).pairs
    if isinstance(suite, UnitTestSuite):
        return tuple(replace(pair, suite=suite) for pair in asked[-1:])
    return asked


def is_path(given: str) -> bool:
    """Return whether `given` is a path and not source text. A path is one line that names an
    existing file or ends in the suffix of a known dialect.
    """
    if "\n" in given or len(given) > 4096:
        return False
    suffixes = tuple(suffix for row in DIALECTS.values() for suffix in row.suffixes)
    return given.lower().endswith(suffixes) or Path(given).is_file()


def _read(given: Given, dialect: str, what: str) -> tuple[str, str]:
    """The text and the dialect of a program. Raises ValueError."""
    if isinstance(given, Program):
        return given.text, given.dialect
    if isinstance(given, os.PathLike) or is_path(given):
        text, path = _text_of(given), os.fspath(given)
        guessed = guess_port_dialect(path, text) if what == "target" else guess_dialect(path)
        return text, dialect or guessed.name
    if not dialect:
        raise ValueError(
            f"the dialect of the {what}'s text is not known; name both, for example "
            f"direction='cpp:cuda'"
        )
    return given, dialect


def _text_of(path: str | os.PathLike[str]) -> str:
    from coevolve.verification.requests import read_text

    return read_text(os.fspath(path))


def translate(
    source: Given,
    to: str = "",
    *,
    direction: str = "",
    function: str = "",
    model: str = "small",
    samples: int = 16,
    temperature: float = 0.6,
    max_new_tokens: int = 512,
    seed: int = 0,
    backend: str = "auto",
    as_written: bool = False,
) -> list[Port]:
    """Ask a model for ports of every function of a program and keep what execution found
    equivalent.

    Args: source: a `Program`, a path, or source text (then with `direction`). to: the dialect to
        translate to. It is enough where `source` is a path or a `Program`; '' if `direction` is
        given. direction: both dialects, such as `cpp:cuda`, in the place of `to`; '' for none.
        function: translate this function only; '' for all. model: `small`, a run, an export, a
        checkpoint's folder, a hub id, or `NAME@URL`. samples: the most answers per function.
        temperature: of the answers after the first. max_new_tokens: tokens after which an answer is
        cut. seed: of the answers. backend: where CUDA runs: `auto`, `cuda` or `emulated`.
        as_written: show the model the text itself, not normalized.

    Returns:
        A `Port` for each function: `text` (None without a verified port), `verdict`, `program`.

    Raises:
        ValueError: an unknown dialect or model, a model not taught the direction, no such function.
    """
    from contextlib import closing

    from coevolve.cli.errors import UserError
    from coevolve.cli.translate import TranslationOptions, translate_programs
    from coevolve.named_models import resolve_model
    from corpora.datasets.loaders import load_text

    if bool(to) == bool(direction):
        raise UserError("give either `to` or `direction`")
    options = TranslationOptions(samples, temperature, max_new_tokens, seed, backend, as_written)
    text, dialect = _read(source, direction.partition(":")[0], "source")
    parsed = direction_of(direction or f"{dialect}:{to}")
    programs = (
        (source,) if isinstance(source, Program) else load_text(text, parsed.source.name).programs
    )
    if function and not (programs := tuple(p for p in programs if p.name == function)):
        raise UserError(f"the source has no function '{function}' that tests can call")
    named = resolve_model(model, "translator", str(parsed))
    named.require_taught(str(parsed))
    with closing(
        translate_programs(programs, parsed, named.open(), named.kind, options, text)
    ) as ports:
        return list(ports)


def evaluate(
    model: str = "",
    corpus: str = "builtin",
    direction: str = "cpp:cuda",
    *,
    predictions: str = "",
    n: int | None = None,
    temperature: float | None = None,
    max_new_tokens: int | None = None,
    as_written: bool = False,
    limit: int = 0,
    tester: str = "",
    seed: int = 0,
    backend: str = "auto",
    workers: int = 0,
    speed: bool = False,
    threads: int = 0,
    allow_contaminated: bool = False,
) -> dict[str, Any]:
    """Measure a model, or predictions made elsewhere, on a corpus.

    Args: model: `small`, a run, an export, a checkpoint's folder, a hub id, or `NAME@URL`.
        predictions: a file of answers, in the place of `model`: JSONL of `id` (or `index`) and
        `text`. corpus: `builtin`, `development`, a folder, `SRC.tok,TGT.tok`, a JSONL file,
        `hf:ID`, or a checkout of ParEval. direction: source and target dialect. n: answers per
        item of `model` (None: 1). temperature: of sampling; None is 0 for n = 1, else 0.8.
        max_new_tokens: tokens after which an answer is cut (None: 512). as_written: show the model
        the text itself. limit: only the first items (0: all). tester: name of a Tester, whose share
        of valid tests is measured as well; '' for none. seed: of sampling, suites and intervals.
        backend: where CUDA runs.
        workers: processes that execute (0: one per core, eight at most). speed: also measure how
        fast right answers run. threads: OpenMP threads for that (0: the cores of this machine).
        allow_contaminated: go on although the model was trained on items; the result says so.

    Returns:
        The result as docs/result.schema.json describes it: what `coevolve eval --out` writes.

    Raises:
        ValueError: wrong use, bad input, or a model that was trained on the items.
    """
    from coevolve.cli.evaluate import measured

    options = {name: value for name, value in locals().items() if name != "measured"}
    return measured(
        argparse.Namespace(run=None, out=None, answers=None, leaderboard=None, **options)
    )


def run(
    config: str | os.PathLike[str] | Config,
    overrides: Mapping[str, object] | None = None,
    *,
    resume: bool = False,
    use_ray: bool = True,
) -> Path:
    """Run rounds in which a Translator and a Tester propose, execution judges, and both learn from
    it; or go on with a run that was stopped.

    Args: config: the path of a TOML file, or a `Config`. With `resume` the path of a run's folder.
        overrides: values by key that replace the file's, such as `{"round.count": 1}`; None for
        none. Not with a `Config`. resume: go on with the run in the folder `config`, by its own
        configuration. use_ray: use Ray's processes; False does all work in this process.

    Returns: The path of the run's folder, which holds checkpoints, records, `report.html` and
        `export/`.

    Raises: ValueError: an unknown key, a bad value, a corpus that cannot be used, a folder in use,
        or `overrides` or `resume` with a `Config`.
    """
    import json

    from coevolve.config.schema import Config, ConfigError, load
    from coevolve.loop.rounds import run as run_rounds
    from coevolve.loop.run_folder import resolve_run_dir

    given = tuple(f"{key}={json.dumps(value)}" for key, value in (overrides or {}).items())
    if isinstance(config, Config):
        if given or resume:
            raise ConfigError(
                "`overrides` and `resume` belong to a file or a folder, not to a Config"
            )
        return run_rounds(config, use_ray)
    folder = resolve_run_dir(os.fspath(config)) if resume else None
    file = folder / "config.toml" if folder else Path(config)
    if folder and not file.is_file():
        raise ConfigError(f"'{folder}' holds no run (no config.toml in it)")
    return run_rounds(load(file, given, run_dir=folder), use_ray)
