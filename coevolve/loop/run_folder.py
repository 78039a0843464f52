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
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeVar

from coevolve.config.checks import get_value
from coevolve.config.schema import IDLE, Config, ConfigError, format_toml, list_settings, load
from coevolve.loop import manifest
from coevolve.loop.run_mirror import find_working_folder, parse_url
from corpora.files import remove_partial_files, write_atomically
from corpora.json_text import JsonError, parse_json
from corpora.store import StoreError, format_line, list_shards, read_line, write_shards

_LOCK_TRIES = 3
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Journal:
    """What an unfinished stage has so far, on disk, so that after a kill nothing of it is asked for
    again.

    folder: holds one file per chunk, whose first line is the SHA-256 of the rest. A file that does
    not match it counts as absent. Call `clear` when the stage is finished.
    """

    folder: Path

    def chunks(self) -> set[int]:
        """Return the numbers of the chunks whose files are whole. Every file is read."""
        return {
            int(file.stem)
            for file in self.folder.glob("[0-9]*.records")
            if self._body(file) is not None
        }

    def read(self, chunk: int, cls: type[T]) -> list[T]:
        """Return the records of chunk number `chunk`, as `add` was given them. cls: their type.
        Raises StoreError if the chunk's file is damaged or missing.
        """
        file = self._file(chunk)
        body = self._body(file)
        if body is None:
            raise StoreError(f"'{file}' is damaged; delete it, and the run makes it again")
        return [read_line(line, cls) for line in body.splitlines()]

    def view(self, cls: type[T]) -> Mapping[int, list[T]]:
        """Return a mapping from the chunks kept so far to their records, which are read from disk
        each time they are asked for. cls: their type.
        """
        return _Chunks(self, cls, sorted(self.chunks()))

    def add(self, chunk: int, records: Sequence[object]) -> None:
        """Write the records of chunk number `chunk` to a file of the journal's folder, all or
        nothing. It replaces what the chunk had. records: of one type, which `read` is told.
        """
        body = b"".join(map(format_line, records))
        text = hashlib.sha256(body).hexdigest().encode() + b"\n" + body
        write_atomically(self._file(chunk), lambda out: out.write(text))

    def clear(self) -> None:
        """Remove the journal's folder with all chunks; nothing where it does not exist."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, chunk: int) -> Path:
        return self.folder / f"{chunk:06d}.records"

    @staticmethod
    def _body(file: Path) -> bytes | None:
        """The lines of a file; None where they are not what was written."""
        try:
            digest, _, body = file.read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        return body if digest == hashlib.sha256(body).hexdigest().encode() else None


class _Chunks(Mapping[int, list[T]]):
    """A journal's chunks as a mapping that holds none of them in memory."""

    def __init__(self, journal: Journal, cls: type[T], chunks: Sequence[int]) -> None:
        self._journal, self._cls, self._chunks = journal, cls, dict.fromkeys(chunks)

    def __getitem__(self, chunk: int) -> list[T]:
        if chunk not in self._chunks:
            raise KeyError(chunk)
        return self._journal.read(chunk, self._cls)

    def __contains__(self, chunk: object) -> bool:
        return chunk in self._chunks  # without reading it

    def __iter__(self) -> Iterator[int]:
        return iter(self._chunks)

    def __len__(self) -> int:
        return len(self._chunks)


@dataclass(frozen=True, slots=True)
class RoundPaths:
    """The files of one round. Round 0 is the cold start, which has checkpoints and an evaluation
    only. folder: the round's folder.
    """

    folder: Path

    @property
    def proposals(self) -> Path:
        """Return the path of the candidates that were judged, as JSONL."""
        return self.folder / "proposals.jsonl"

    @property
    def suites(self) -> Path:
        """Return the path of the programs' test suites, as JSONL."""
        return self.folder / "suites.jsonl"

    @property
    def suite_counts(self) -> Path:
        """Return the path of the counts of tests and suites, as JSON."""
        return self.folder / "suite_counts.json"

    @property
    def verdicts(self) -> Path:
        """Return the path of the verdicts on the candidates, as JSONL."""
        return self.folder / "verdicts.jsonl"

    @property
    def triplets(self) -> Path:
        """Return the path of the kept triplets, as JSONL."""
        return self.folder / "triplets.jsonl"

    @property
    def translator(self) -> Path:
        """Return the checkpoint folder of the only Translator. Several have folders of their
        own.
        """
        return self.folder / "translator"

    @property
    def tester(self) -> Path:
        """Return the checkpoint folder of the Tester."""
        return self.folder / "tester"

    @property
    def proposing(self) -> Journal:
        """Return the journal of the round's candidates that were proposed so far, while their stage
        is unfinished.
        """
        return Journal(self.folder / "proposing")

    @property
    def judging(self) -> Journal:
        """Return the journal of the verdicts on the round's candidates so far, while their stage is
        unfinished.
        """
        return Journal(self.folder / "judging")

    @property
    def preparing(self) -> Journal:
        """Return the journal of the round's suites that were made so far, while their stage is
        unfinished.
        """
        return Journal(self.folder / "preparing")

    @property
    def answering(self) -> Journal:
        """Return the journal of the answers for held-out programs so far, with a journal of the
        verdicts on them in its folder, while the round's evaluation is unfinished.
        """
        return Journal(self.folder / "answering")

    @property
    def control(self) -> RoundPaths:
        """Return the paths of the control that was trained beside this round, which has checkpoints
        and an evaluation only.
        """
        return RoundPaths(self.folder / "control")

    @property
    def evaluation(self) -> Path:
        """Return the path of the metrics on held-out programs, as JSON."""
        return self.folder / "evaluation.json"

    @property
    def evaluation_candidates(self) -> Path:
        """Return the path of the candidates for held-out programs, as JSONL."""
        return self.folder / "evaluation_candidates.jsonl"

    @property
    def evaluation_verdicts(self) -> Path:
        """Return the path of the verdicts on the candidates for held-out programs, as JSONL."""
        return self.folder / "evaluation_verdicts.jsonl"


@dataclass(frozen=True, slots=True)
class Span:
    """When a stage ran. round: its number; 0 is the cold start. stage: its name, such as
    `evaluate`. begin, end: seconds since 1970.
    """

    round: int
    stage: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The paths of a run. root: the run's folder. Making one writes nothing; `claim` does."""

    root: Path

    def __init__(self, root: str | Path) -> None:
        object.__setattr__(self, "root", Path(root))

    @property
    def config(self) -> Path:
        """Return the path of the run's configuration, as TOML. It exists once the folder is
        claimed.
        """
        return self.root / "config.toml"

    @property
    def corpus(self) -> Path:
        """Return the path of all programs of the run, as JSONL."""
        return self.root / "corpus.jsonl"

    @property
    def split(self) -> Path:
        """Return the path of the JSON file that says which programs are for training and which are
        held out.
        """
        return self.root / "split.json"

    @property
    def evaluation_suites(self) -> Path:
        """Return the path of the test suites of held-out programs, as JSONL."""
        return self.root / "evaluation_suites.jsonl"

    @property
    def evaluation_skipped(self) -> Path:
        """Return the path of the JSON file that names held-out programs without a suite, with
        reasons.
        """
        return self.root / "evaluation_skipped.json"

    @property
    def timings(self) -> Path:
        """Return the path of the stages' times, as JSONL."""
        return self.root / "timings.jsonl"

    @property
    def progress(self) -> Path:
        """Return the path of the JSON file from which `coevolve watch` reads the present stage. It
        exists only while a stage reports progress.
        """
        return self.root / "progress.json"

    @property
    def report(self) -> Path:
        """Return the path of the report page, as HTML."""
        return self.root / "report.html"

    @property
    def export(self) -> Path:
        """Return the folder of exported models and pairs."""
        return self.root / "export"

    def round(self, number: int) -> RoundPaths:
        """Return the paths of round `number`; 0 is the cold start."""
        return RoundPaths(self.root / ("cold" if number == 0 else f"round-{number}"))

    def last_round(self, has: Callable[[RoundPaths], bool]) -> int:
        """Return the last number n for which `has` is true of rounds 1 to n; 0 if it is false of
        round 1.

        has: called with a round's paths.
        """
        number = 0
        while has(self.round(number + 1)):
            number += 1
        return number

    def find_last(self, has: Callable[[RoundPaths], bool]) -> int | None:
        """Return the last round for which `has` is true, 0 for the cold start; None if it is true
        of none. Unlike `last_round` it passes over rounds whose files `coevolve gc` removed.

        has: called with a round's paths, from the last round on.
        """
        last = self.last_round(lambda paths: paths.folder.exists())
        return next((k for k in range(last, -1, -1) if has(self.round(k))), None)

    def claim(self, config: Config) -> None:
        """Create the run's folder with this configuration in it, or check that an existing one
        belongs to this configuration. Raises ConfigError if the folder belongs to another
        configuration or cannot be written.
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
        """Delete what `claim` and the building of the corpus wrote, for a run that cannot be done.
        Other files stay.
        """
        for file in (
            self.config,
            *list_shards(self.corpus),
            self.split,
            *list_shards(self.evaluation_suites),
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
        """Return whether a stage's file or folder is there, or was removed on purpose. Raises
        ConfigError if it is not as it was when the stage finished.
        """
        return manifest.is_finished(self.root, path)

    def was_made(self, path: Path) -> bool:
        """Return whether a stage's file or folder is there, or was removed on purpose, without
        comparing or sealing it. Raises ConfigError if the manifest is damaged.
        """
        return path.exists() or manifest.is_retired(self.root, path)

    def seal(self, path: Path) -> None:
        """Write the length and checksum of a finished file, or of all files of a finished folder,
        into the run's manifest. Raises ConfigError if the manifest is damaged.
        """
        manifest.seal(self.root, path)

    def finish_records(self, path: Path, records: Iterable[object]) -> None:
        """Write a stage's records to `path` as JSONL, and beside it where they are many
        (`corpora.store.write_shards`), and seal the files. Raises OSError if the disk is full.
        """
        manifest.unseal(self.root, path)
        write_shards(path, records)
        self.seal(path)

    def finish_value(self, path: Path, value: object) -> None:
        """Write `value`, a stage's JSON values, to `path` and seal the file. Raises OSError if the
        disk is full.
        """
        manifest.unseal(self.root, path)
        write_json(path, value)
        self.seal(path)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the claimed folder during the block, so that no other process runs in it. What a
        killed process left half written is deleted first. Raises ConfigError if another process
        holds the folder. Storage without locks keeps nobody out.
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

    @contextmanager
    def telling(self, label: str) -> Iterator[None]:
        """Tell `coevolve watch` during the block what the run is at, in words: for work that has no
        progress bar.
        """
        said = {"label": label, "done": 0, "total": 0, "note": "", "started": time.time()}
        with suppress(OSError):  # lost without harm
            write_json(self.progress, said)
        try:
            yield
        finally:
            self.progress.unlink(missing_ok=True)

    def extend_rounds(self, config: Config) -> None:
        """Store the `round.count` of `config` in the run's configuration if it is larger. The
        caller must hold the folder. Raises ConfigError if the stored configuration cannot be read.
        """
        if load(self.config, run_dir=self.root).round.count < config.round.count:
            text = format_toml(config).encode()
            with open(self.config, "r+b") as file:  # in its place: the lock is on this very file
                file.write(text)
                file.truncate()

    def is_running(self) -> bool:
        """Return whether a process holds this run now; False where storage has no locks. Raises
        FileNotFoundError if the folder is not claimed.
        """
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
        """Append the time of a stage that ends now to the run's file timings.jsonl, which differs
        between equal runs and feeds the report only.

        round_number: 0 is the cold start. stage: its name, such as `evaluate`. seconds: wall-clock
            time. busy: share in [0, 1] of this machine's cores that worked meanwhile, None where
            that is unknown.
        """
        line = json.dumps(
            {
                "round": round_number,
                "stage": stage,
                "seconds": round(seconds, 3),
                "ended": round(time.time(), 3),
                "busy": busy if busy is None else round(busy, 3),
            }
        )
        with open(self.timings, "a", encoding="utf-8") as out:
            out.write(line + "\n")

    def record_loss(self, training: str, step: int, loss: float) -> None:
        """Append the loss at a step of a training to the run's file timings.jsonl, which feeds the
        report only. training: the words of its progress bar, as `round 1: Tester learns`.
        """
        row = {"training": training, "step": step, "loss": round(loss, 5)}
        with open(self.timings, "a", encoding="utf-8") as out:
            out.write(json.dumps(row) + "\n")

    def losses(self) -> dict[str, dict[int, float]]:
        """Return the losses that were recorded of each training: by the words of its progress bar,
        such as `round 1: Tester learns`, then by step. Empty if there are none.
        """
        found: dict[str, dict[int, float]] = {}
        for row in self._timing_rows():
            if {"training", "step", "loss"} <= row.keys():
                found.setdefault(row["training"], {})[row["step"]] = row["loss"]
        return found

    def record_usage(self, spent: dict[str, object]) -> None:
        """Append to the run's file usage.jsonl how many requests and tokens a model at an endpoint
        used.

        spent: JSON values by name, such as `model`, `checkpoint`, `requests` and `prompt_tokens`.
        """
        with open(self.root / "usage.jsonl", "a", encoding="utf-8") as out:
            out.write(json.dumps(spent) + "\n")

    def times(self) -> dict[tuple[int, str], float]:
        """Return the wall-clock seconds of each stage by (round, stage's name), summed over
        interrupted attempts. Round 0 is the cold start.
        """
        seconds: dict[tuple[int, str], float] = {}
        for row in self._timings():
            key = (row["round"], row["stage"])
            seconds[key] = seconds.get(key, 0.0) + row["seconds"]
        return seconds

    def busy(self) -> dict[tuple[int, str], float]:
        """Return, by (round, stage's name), the share in [0, 1] of the machine's cores that worked.
        Of several attempts the last that recorded a share counts; a stage without one is left out.
        """
        return {
            (row["round"], row["stage"]): row["busy"]
            for row in self._timings()
            if row.get("busy") is not None
        }

    def spans(self) -> list[Span]:
        """Return when each stage ran, a span for each attempt, in the order in which they ended;
        those of versions that did not record when a stage ended are left out.
        """
        return [
            Span(row["round"], row["stage"], row["ended"] - row["seconds"], row["ended"])
            for row in self._timings()
            if isinstance(row.get("ended"), int | float)
        ]

    def _timings(self) -> list[dict]:
        """Rows of timings.jsonl that tell the time of a stage."""
        return [row for row in self._timing_rows() if {"round", "stage", "seconds"} <= row.keys()]

    def _timing_rows(self) -> list[dict]:
        """All rows of timings.jsonl; what is torn is skipped."""
        rows = []
        for line in (
            self.timings.read_text(encoding="utf-8").splitlines() if self.timings.exists() else ()
        ):
            try:
                row = parse_json(line)
            except JsonError:
                continue
            if isinstance(row, dict):
                rows.append(row)
        return rows


def resolve_run_dir(run_dir: str | Path) -> Path:
    """Return the absolute path of a run's folder. Inside a Ray job, whose working folder is
    temporary, a relative path lies below COEVOLVE_RUNS or `~/coevolve-runs`. So does the working
    folder of a run at a URL.
    """
    if url := parse_url(run_dir):
        return find_working_folder(url)
    path = Path(run_dir).expanduser()
    if path.is_absolute():
        return path
    if os.environ.get("RAY_JOB_ID") or "working_dir_files" in str(Path.cwd()):
        home = Path(os.environ.get("COEVOLVE_RUNS", "~/coevolve-runs")).expanduser()
        return home / (path.relative_to("runs") if path.parts[:1] == ("runs",) else path)
    return Path.cwd() / path


def find_differing_keys(a: Config, b: Config) -> list[str]:
    """Return the dotted names, such as `round.samples`, of settings that differ between `a` and `b`
    and change results; [] if none does.
    """
    names = [name for name in list_settings() if not name.startswith(IDLE)]
    return [name for name in names if get_value(a, name) != get_value(b, name)]


def write_json(path: Path, value: object) -> None:
    """Write `value` to `path` as JSON with sorted keys, all or nothing. Folders are made as needed.
    Raises OSError if the disk is full.
    """
    parts = json.JSONEncoder(indent=1, sort_keys=True).iterencode(value)  # a row at a time
    write_atomically(path, lambda out: out.writelines(part.encode() for part in chain(parts, "\n")))


def read_json(path: Path):
    """Return the JSON value in the file `path` of a run. Raises ConfigError if the file is empty or
    cut off, FileNotFoundError if it is missing.
    """
    try:
        return parse_json(path.read_bytes())
    except JsonError as error:
        raise ConfigError(
            f"'{path}' is damaged: {error}; delete it, and 'coevolve run --resume' of its run "
            f"makes it again"
        ) from None
