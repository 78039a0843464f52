"""The cache of compiled programs on disk, which several processes may share.

Contract: a file is whole or not there; what is torn or of another form counts as absent.

    pytest tests/gpu_runtime/test_compile.py
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StoredBuild:
    """The stored result of one compilation.

    ok: whether it succeeded. artifact: file name in the objects folder, '' where it failed.
    diagnostics: compiler text. keep: whether the result may be stored.
    """

    ok: bool
    artifact: str
    diagnostics: str
    keep: bool = True


class ObjectStore:
    """The cache of compiled programs below the folder `root`, which must exist: `results/` by
    request, `objects/` by unit. Files appear whole, so several processes may share it. The
    attribute `objects` is the path of that folder. Raises OSError if a folder cannot be made.
    """

    def __init__(self, root: Path) -> None:
        self.objects, self._results = root / "objects", root / "results"
        for folder in (self.objects, self._results):
            if not folder.is_dir():
                folder.mkdir(exist_ok=True)
        if self.objects.stat().st_mode & 0o055 != 0o055:
            self.objects.chmod(0o755)  # the runner's children have a uid of their own

    def _path(self, key: str) -> str:
        return f"{self._results}/{key[:1]}/{key}.json"

    def load(self, key: str) -> StoredBuild | None:
        """Return the result stored under `key`; None if there is none, the stored file is damaged,
        or the artifact it names is gone.
        """
        try:
            with open(self._path(key), "rb") as file:
                row = json.loads(file.read())
            built = StoredBuild(bool(row["ok"]), row["artifact"], row["diagnostics"])
        except (OSError, ValueError, KeyError):
            return None
        return built if not built.ok or os.path.exists(f"{self.objects}/{built.artifact}") else None

    def save_all(self, built: Mapping[str, StoredBuild]) -> None:
        """Write results to the folder `results/` of the cache. built: results by the key under
        which `load` finds them. Equal results share one file. Raises OSError if they cannot be
        written.
        """
        files: dict[StoredBuild, str] = {}
        for key, result in built.items():
            path = self._path(key)
            try:
                self._save(path, result, files.get(result, ""))
            except FileNotFoundError:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                self._save(path, result, files.get(result, ""))
            files.setdefault(result, path)

    def _save(self, path: str, built: StoredBuild, same: str) -> None:
        if same:
            try:
                os.link(same, path)
                return
            except FileNotFoundError:
                raise
            except OSError:
                pass  # another process wrote it a moment ago, or the file system has no links
        replace_file(
            Path(path),
            json.dumps(
                {"ok": built.ok, "artifact": built.artifact, "diagnostics": built.diagnostics}
            ).encode(),
        )

    def keep_object(self, made: Path, name: str) -> str:
        """Copy the object file `made` into the cache as `name` and return `name`. Only the bytes of
        a regular file are copied. A file of that name that exists stays. Raises OSError if `made`
        cannot be read.
        """
        fd = os.open(made, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(fd, "rb") as file:
            data = file.read()
        path = self.objects / name
        if not path.exists():
            replace_file(path, data, over=False)
        elif path.stat().st_size != len(
            data
        ):  # torn; of a whole one the bytes may differ, as debug information names folders
            replace_file(path, data)
        return name


def replace_file(path: Path, data: bytes, over: bool = True) -> None:
    """Write `data` to `path`, whole or not at all, readable by all. over: replace a file that
    exists; False leaves such a file as it is. Raises OSError if it cannot be written.
    """
    fd, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        os.fchmod(file.fileno(), 0o644)
    if not over:
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            os.replace(temporary, path)
        Path(temporary).unlink(missing_ok=True)
        return
    os.replace(temporary, path)
