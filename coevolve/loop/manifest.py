"""What a run folder holds: length, number of records and SHA-256 of every finished file, and what
the run was begun with.

Contract: a stage's file is sealed in `manifest.json` once it is whole. Before a finished file is
used again it is compared with its seal, so that one that was emptied, cut or changed is named and
never learnt from. Of a file above LARGE bytes, such as weights, only the length is compared then;
`check_files` compares all of it. A file that is there without a seal was finished by a process that
was killed before it could seal it, or by an earlier version: it is sealed as it is.

    python -c "from coevolve.loop.manifest import check_files; print(check_files('runs/demo'))"
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from coevolve.config.schema import ConfigError
from corpora.files import write_atomically
from corpora.json_text import JsonError, parse_json
from corpora.store import SHARD_BYTES, find_first_shard, list_shards

NAME = "manifest.json"
LARGE = SHARD_BYTES * 5 // 4
"""More than a shard of records can have; what is longer are weights."""
_BLOCK = 1 << 20
_CHANGING = threading.RLock()
"""Held while the manifest is read, changed and written: several stages may end at once."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The state of a file when it was finished. bytes: its length in bytes. records: number of
    lines of a JSONL file; None for any other file. sha256: hash of its bytes, in hexadecimal.
    """

    bytes: int
    records: int | None
    sha256: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that differs from what was sealed. path: relative to the run's folder. problem: one
    line that describes what is wrong.
    """

    path: str
    problem: str


def measure_file(path: Path) -> Seal:
    """Return the seal of a file as it is now. Raises FileNotFoundError if it is missing."""
    digest, size, lines = hashlib.sha256(), 0, 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
            lines += block.count(b"\n")
    return Seal(size, lines if path.suffix == ".jsonl" else None, digest.hexdigest())


def read_manifest(root: Path | str) -> dict[str, Seal]:
    """Return the seals by path relative to `root`, the run's folder; an empty dict without a
    manifest. Raises ConfigError if the manifest is damaged.
    """
    return _read(Path(root))[0]


def parse_seals(text: bytes) -> dict[str, Seal]:
    """Return the seals by path in the text of a manifest. Raises JsonError, TypeError, KeyError or
    AttributeError if it is none.
    """
    return {name: Seal(**seal) for name, seal in parse_json(text)["files"].items()}


def seal(root: Path, path: Path) -> None:
    """Record a finished file with its shards, or every file of a finished folder, in the manifest
    of the run's folder `root`, by its path, length and hash. Raises ConfigError if the manifest is
    damaged.
    """
    found = {str(file.relative_to(root)): measure_file(file) for file in _files_of(path)}
    with _CHANGING:
        held, retired = _read(root)
        _write(root, held | found, retired - {str(path.relative_to(root))})


def describe(root: Path, facts: dict[str, object]) -> None:
    """Record what a run was begun with: `facts`, JSON values by name. Those of an earlier call
    stay. Raises ConfigError if the manifest is damaged.
    """
    with _CHANGING:
        held, retired = _read(root)
        if not read_facts(root):
            _write(root, held, retired, facts)


def read_facts(root: Path | str) -> dict[str, object]:
    """Return what `describe` recorded of the run in the folder `root`; an empty dict if nothing.
    Raises ConfigError if the manifest is damaged.
    """
    return dict(_state(Path(root)).facts)


def unseal(root: Path, path: Path) -> None:
    """Forget the seal of a file that is about to be written anew. A process that is killed before
    it can seal the new file leaves one without a seal, old or new, and not one that differs from
    its seal. Raises ConfigError if the manifest is damaged.
    """
    with _CHANGING:
        held, retired = _read(root)
        if own := _own_seals(held, str(path.relative_to(root))):
            _write(root, {n: s for n, s in held.items() if n not in own}, retired)


def is_finished(root: Path, path: Path) -> bool:
    """Return whether a stage's file or folder is there and as it was sealed, or was retired. root:
    the run's folder. One that is there but has no seal yet is sealed. Raises ConfigError if it
    differs from what was sealed, or if the manifest is damaged.
    """
    held, retired = _read(root)
    name = str(path.relative_to(root))
    if name in retired:
        return True
    if not path.exists():
        return False
    own = _own_seals(held, name)
    if not own:
        seal(root, path)
        return True
    for each, was in own.items():
        if problem := _compare(root / each, was, quick=True):
            raise ConfigError(
                f"'{root / each}' {problem}; delete '{path}' and everything made after it, and "
                f"'coevolve run --resume {root}' makes it again"
            )
    return True


def _own_seals(held: dict[str, Seal], name: str) -> dict[str, Seal]:
    """Seals of a file with its shards, or of a folder's files."""
    return {
        n: s
        for n, s in held.items()
        if n == name or n.startswith(f"{name}/") or str(find_first_shard(n)) == name
    }


def check_files(root: Path | str) -> list[Finding]:
    """Return a finding for every sealed file of the run's folder `root` that is not as it was
    sealed. Raises ConfigError if the manifest is damaged.
    """
    root = Path(root)
    return [
        Finding(name, problem)
        for name, was in sorted(read_manifest(root).items())
        if (problem := _compare(root / name, was))
    ]


def retire(root: Path, paths: list[Path]) -> None:
    """Record that finished files or folders are about to be removed and are not to be made again.
    root: the run's folder. paths: inside it. Raises ConfigError if the manifest is damaged.
    """
    names = {str(path.relative_to(root)) for path in paths}
    with _CHANGING:
        held, retired = _read(root)
        gone = {own for name in names for own in _own_seals(held, name)}
        _write(root, {n: was for n, was in held.items() if n not in gone}, retired | names)


def is_retired(root: Path, path: Path) -> bool:
    """Return whether `path`, inside the run's folder `root`, was retired. Raises ConfigError if the
    manifest is damaged.
    """
    return str(path.relative_to(root)) in _state(root).retired


@dataclass(frozen=True, slots=True)
class _State:
    """What a manifest says. seals: by path. retired: names. facts: JSON values by name."""

    seals: dict[str, Seal]
    retired: frozenset[str]
    facts: dict[str, object]


_KNOWN: dict[str, tuple[tuple[int, int, int], _State]] = {}
"""What each manifest said when it was read or written last, and the state that its file was in."""


def _state(root: Path) -> _State:
    """What the manifest says, which is read once for each state of its file."""
    path = root / NAME
    with _CHANGING:
        try:
            now = _file_state(path)
        except FileNotFoundError:
            return _State({}, frozenset(), {})
        known = _KNOWN.get(str(path))
        if known is not None and known[0] == now:
            return known[1]
        try:
            text = path.read_bytes()
            value = parse_json(text)
            found = _State(parse_seals(text), frozenset(value["retired"]), value.get("run", {}))
        except (JsonError, TypeError, KeyError, AttributeError) as error:
            raise ConfigError(
                f"'{path}' is damaged ({error}); delete it, and the files of the run are taken as "
                f"they are"
            ) from None
        _remember(path, now, found)
        return found


def _file_state(path: Path) -> tuple[int, int, int]:
    state = path.stat()
    return state.st_mtime_ns, state.st_size, state.st_ino


def _remember(path: Path, now: tuple[int, int, int], state: _State) -> None:
    _KNOWN.pop(str(path), None)
    _KNOWN[str(path)] = now, state
    while len(_KNOWN) > 4:
        del _KNOWN[next(iter(_KNOWN))]


def _read(root: Path) -> tuple[dict[str, Seal], frozenset[str]]:
    """Seals by name, and the names that were retired."""
    state = _state(root)
    return dict(state.seals), state.retired


def _compare(path: Path, was: Seal, quick: bool = False) -> str:
    """What differs between a file and its seal, '' where nothing does. quick: do not read large
    files.
    """
    if not path.exists():
        return "is missing"
    size = path.stat().st_size
    if size != was.bytes and was.records is None:
        return f"has {size} of {was.bytes} bytes"
    if quick and size == was.bytes > LARGE:
        return ""
    now = measure_file(path)
    if now == was:
        return ""
    if now.records != was.records:
        return f"holds {now.records} of {was.records} records"
    if now.bytes != was.bytes:
        return f"has {now.bytes} of {was.bytes} bytes"
    return "was changed after its stage had finished (its checksum differs)"


def _files_of(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(file for file in path.rglob("*") if file.is_file())
    else:
        yield from list_shards(path)


def _write(
    root: Path,
    held: dict[str, Seal],
    retired: Iterable[str],
    facts: dict[str, object] | None = None,
) -> None:
    """facts: None leaves what is there."""
    state = _State(held, frozenset(retired), _state(root).facts if facts is None else facts)
    files = ",\n".join(_format_seal(name, held[name]) for name in sorted(held))
    text = (
        f'{{\n "schema_version": 1,\n "run": {json.dumps(state.facts)},\n'
        f' "files": {{\n{files}\n }},\n "retired": {json.dumps(sorted(state.retired))}\n}}\n'
    )
    path = root / NAME
    with _CHANGING:
        write_atomically(path, lambda out: out.write(text.encode()))
        _remember(path, _file_state(path), state)


@lru_cache(maxsize=1 << 16)
def _format_seal(name: str, seal: Seal) -> str:
    """A line of the manifest. A run of many rounds has thousands, and each stage writes all."""
    return f"  {json.dumps(name)}: {json.dumps(asdict(seal))}"
