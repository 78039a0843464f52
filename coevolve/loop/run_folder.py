"""One run on disk: named paths, stage files that exist if and only if the stage finished, and the
resume rule.

Contract: a stage's file or folder is made under a temporary name in the same place, renamed when
complete, and sealed in the manifest (`coevolve.loop.manifest`). A run folder belongs to one
configuration (`Config.digest`) and to one process at a time; others are refused with the ways out.

    python -c "from coevolve.loop.run_folder import RunFolder; \\
        print(RunFolder('runs/demo').round(1).verdicts)"
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from coevolve.config.checks import get_value
from coevolve.config.schema import IDLE, Config, ConfigError, format_toml, list_settings, load
from coevolve.loop import manifest
from corpora.files import remove_partial_files, write_atomically
from corpora.json_text import JsonError, parse_json
from corpora.store import read_jsonl, write_jsonl

_LOCK_TRIES = 3
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Journal:
    """Answers of a stage that goes on, a file for each chunk of it, so that a killed stage asks for
    none of them twice. `clear` when the stage is finished.
    """

    folder: Path

    def load(self, cls: type[T]) -> dict[int, list[T]]:
        """Records of type `cls` by number of their chunk."""
        return {
            int(file.stem): list(read_jsonl(file, cls)) for file in self.folder.glob("[0-9]*.jsonl")
        }

    def add(self, chunk: int, records: Sequence[object]) -> None:
        """Keep the records of a chunk."""
        write_jsonl(self.folder / f"{chunk:06d}.jsonl", records)

    def clear(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class RoundPaths:
    """Files of one round; round 0 is the cold start and has only the checkpoints and the
    evaluation.
    """

    folder: Path

    @property
    def proposals(self) -> Path:
        return self.folder / "proposals.jsonl"

    @property
    def suites(self) -> Path:
        return self.folder / "suites.jsonl"

    @property
    def suite_counts(self) -> Path:
        return self.folder / "suite_counts.json"

    @property
    def verdicts(self) -> Path:
        return self.folder / "verdicts.jsonl"

    @property
    def triplets(self) -> Path:
        return self.folder / "triplets.jsonl"

    @property
    def translator(self) -> Path:
        return self.folder / "translator"

    @property
    def tester(self) -> Path:
        return self.folder / "tester"

    @property
    def proposing(self) -> Journal:
        """Candidates proposed so far, while their stage goes on."""
        return Journal(self.folder / "proposing")

    @property
    def answering(self) -> Journal:
        """The same of the held-out programs."""
        return Journal(self.folder / "answering")

    @property
    def evaluation(self) -> Path:
        return self.folder / "evaluation.json"

    @property
    def evaluation_candidates(self) -> Path:
        return self.folder / "evaluation_candidates.jsonl"

    @property
    def evaluation_verdicts(self) -> Path:
        return self.folder / "evaluation_verdicts.jsonl"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Paths of a run. Opening writes nothing; `claim` does."""

    root: Path

    def __init__(self, root: str | Path) -> None:
        object.__setattr__(self, "root", Path(root))

    @property
    def config(self) -> Path:
        return self.root / "config.toml"

    @property
    def corpus(self) -> Path:
        return self.root / "corpus.jsonl"

    @property
    def split(self) -> Path:
        return self.root / "split.json"

    @property
    def evaluation_suites(self) -> Path:
        return self.root / "evaluation_suites.jsonl"

    @property
    def evaluation_skipped(self) -> Path:
        return self.root / "evaluation_skipped.json"

    @property
    def timings(self) -> Path:
        return self.root / "timings.jsonl"

    @property
    def progress(self) -> Path:
        """What the run is at, for `coevolve watch`; there while a stage is shown, gone when the run
        ends.
        """
        return self.root / "progress.json"

    @property
    def report(self) -> Path:
        return self.root / "report.html"

    @property
    def export(self) -> Path:
        return self.root / "export"

    def round(self, number: int) -> RoundPaths:
        return RoundPaths(self.root / ("cold" if number == 0 else f"round-{number}"))

    def last_round(self, has: Callable[[RoundPaths], bool]) -> int:
        """The last of the rounds 1, 2, ... that in a row have something; 0 where not even the first
        has.
        """
        number = 0
        while has(self.round(number + 1)):
            number += 1
        return number

    def claim(self, config: Config) -> None:
        """Create the folder for this configuration, or check that it is this configuration's.
        Raises ConfigError.
        """
        if self.config.exists():
            held = load(self.config)
            if held.digest != config.digest:
                keys = ", ".join(find_differing_keys(held, config))
                raise ConfigError(
                    f"{self.root} holds a run with another configuration (differs in: {keys}), "
                    f"which a run keeps: it goes on as it is with "
                    f"'coevolve run --resume {self.root}'; what differs runs in another folder, "
                    f"'coevolve run CONFIG --set run_dir=...'"
                )
            return
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise
            raise ConfigError(
                f"run_dir '{self.root}' cannot be made a folder: {error.strerror}; choose "
                f"another with --set run_dir=..."
            ) from error
        write_atomically(self.config, lambda out: out.write(format_toml(config).encode()))

    def release_claim(self) -> None:
        """Undo `claim` and what came after it, for a run that turned out not to be possible; other
        people's files stay.
        """
        for file in (
            self.config,
            self.corpus,
            self.split,
            self.evaluation_suites,
            self.evaluation_skipped,
            self.timings,
            self.progress,
            self.root / "usage.jsonl",
            self.root / manifest.NAME,
        ):
            file.unlink(missing_ok=True)
        shutil.rmtree(self.round(0).folder, ignore_errors=True)
        remove_partial_files(self.root)
        if not any(self.root.iterdir()):
            self.root.rmdir()

    def is_finished(self, path: Path) -> bool:
        """Whether a stage's file or folder is there. Raises ConfigError where it is not as it was
        when the stage finished.
        """
        return manifest.is_finished(self.root, path)

    def seal(self, path: Path) -> None:
        """Note the length and checksum of a finished file, or of all files of a folder."""
        manifest.seal(self.root, path)

    def finish_records(self, path: Path, records: Iterable[object]) -> None:
        """Write a stage's records as JSONL, and seal the file."""
        write_jsonl(path, records)
        self.seal(path)

    def finish_value(self, path: Path, value: object) -> None:
        """Write a stage's figures as JSON, and seal the file."""
        write_json(path, value)
        self.seal(path)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from running in this claimed folder, and clear away what a killed
        one left.

        Raises ConfigError when another process holds it. On storage that has no locks nothing is
        kept out.
        """
        with open(self.config, "r+b") as file:
            for left in reversed(range(_LOCK_TRIES)):
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if left:  # one who only looks (`is_running`) lets go at once
                        time.sleep(0.05)
                        continue
                    raise ConfigError(
                        f"{self.root} is being run by another process; wait for it, or choose "
                        f"another folder with --set run_dir=..."
                    ) from None
                except OSError:
                    pass
                break
            remove_partial_files(self.root)
            self.progress.unlink(missing_ok=True)
            try:
                yield
            finally:
                self.progress.unlink(missing_ok=True)

    def extend_rounds(self, config: Config) -> None:
        """Let the claimed run have the rounds of `config` if it had fewer; for the process that
        holds it.
        """
        if load(self.config, run_dir=self.root).round.count < config.round.count:
            text = format_toml(config).encode()
            with open(self.config, "r+b") as file:  # in its place: the lock is on this very file
                file.write(text)
                file.truncate()

    def is_running(self) -> bool:
        """Whether a process holds this run now. False where storage has no locks."""
        with open(self.config, "rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            except OSError:
                pass
        return False

    def record_time(
        self, round_number: int, stage: str, seconds: float, busy: float | None = None
    ) -> None:
        """Append to timings.jsonl: the one file that is not reproducible, so it feeds the report
        and nothing else.

        busy: share in [0, 1] of the driver machine's cores that worked meanwhile, where the system
        tells.
        """
        line = json.dumps(
            {
                "round": round_number,
                "stage": stage,
                "seconds": round(seconds, 3),
                "busy": busy if busy is None else round(busy, 3),
            }
        )
        with open(self.timings, "a", encoding="utf-8") as out:
            out.write(line + "\n")

    def record_usage(self, spent: dict[str, object]) -> None:
        """Append to usage.jsonl what a paid model was asked; like timings.jsonl it differs between
        equal runs.
        """
        with open(self.root / "usage.jsonl", "a", encoding="utf-8") as out:
            out.write(json.dumps(spent) + "\n")

    def times(self) -> dict[tuple[int, str], float]:
        """Seconds per (round, stage), summed over interrupted attempts."""
        seconds: dict[tuple[int, str], float] = {}
        for row in self._timings():
            key = (row["round"], row["stage"])
            seconds[key] = seconds.get(key, 0.0) + row["seconds"]
        return seconds

    def busy(self) -> dict[tuple[int, str], float]:
        """Share of the machine's cores that worked, per (round, stage), of its last attempt that
        knows.
        """
        return {
            (row["round"], row["stage"]): row["busy"]
            for row in self._timings()
            if row.get("busy") is not None
        }

    def _timings(self) -> list[dict]:
        """Rows of timings.jsonl; what is torn or of another form is skipped."""
        rows = []
        for line in (
            self.timings.read_text(encoding="utf-8").splitlines() if self.timings.exists() else ()
        ):
            try:
                row = parse_json(line)
            except JsonError:
                continue
            if isinstance(row, dict) and {"round", "stage", "seconds"} <= row.keys():
                rows.append(row)
        return rows


def resolve_run_dir(run_dir: str | Path) -> Path:
    """Absolute run folder. Inside a Ray job the working folder is a temporary copy: relative runs
    go to ~/coevolve-runs.
    """
    path = Path(run_dir).expanduser()
    if path.is_absolute():
        return path
    if os.environ.get("RAY_JOB_ID") or "working_dir_files" in str(Path.cwd()):
        home = Path(os.environ.get("COEVOLVE_RUNS", "~/coevolve-runs")).expanduser()
        return home / (path.relative_to("runs") if path.parts[:1] == ("runs",) else path)
    return Path.cwd() / path


def find_differing_keys(a: Config, b: Config) -> list[str]:
    """Settings that decide results and differ (see Config.digest)."""
    names = [name for name in list_settings() if not name.startswith(IDLE)]
    return [name for name in names if get_value(a, name) != get_value(b, name)]


def write_json(path: Path, value: object) -> None:
    """Atomic, key-sorted JSON (so that equal values give equal bytes)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, indent=1, sort_keys=True) + "\n"
    write_atomically(path, lambda out: out.write(text.encode()))


def read_json(path: Path):
    """The value in a file of a run. Raises ConfigError where it is empty or cut off."""
    try:
        return parse_json(path.read_bytes())
    except JsonError as error:
        raise ConfigError(
            f"'{path}' is damaged: {error}; delete it, and 'coevolve run --resume' of its run "
            f"makes it again"
        ) from None
