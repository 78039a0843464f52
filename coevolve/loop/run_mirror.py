"""A run that lies at a URL (s3://, gs://, file://, any that fsspec knows): worked on in a folder
here, and copied there after every stage.

Contract: what is sealed goes first and `manifest.json` last, so that whatever is interrupted the
manifest there names only files that are there, whole. `fetch` takes the files that it names and
compares them with their seals; a fresh machine goes on from the last stage that was copied. Nothing
at a URL can be locked: one machine works on a run at a time.

    coevolve run configs/demo.toml --set run_dir=s3://bucket/demo
"""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from coevolve.cli.errors import UserError
from coevolve.loop import manifest

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.]*):/+(.+)", re.S)
UNSEALED = ("config.toml", "timings.jsonl", "usage.jsonl", "report.html")
"""Files of a run that have no seal. They are copied each time they have changed."""


def parse_url(text: str | os.PathLike[str]) -> str:
    """Return the URL in `text`, such as `s3://BUCKET/RUN`, also where a path made one slash of its
    two; '' if it is a path.
    """
    found = _URL.fullmatch(os.fspath(text))
    if not found:
        return ""
    scheme, rest = found.groups()
    slashes = ":///" if scheme == "file" else "://"
    return f"{scheme}{slashes}{rest.strip('/')}"


def find_working_folder(url: str) -> Path:
    """Return the folder on this machine in which the run at `url` is worked on: below
    COEVOLVE_RUNS, or `~/coevolve-runs`. It need not exist.
    """
    home = Path(os.environ.get("COEVOLVE_RUNS", "~/coevolve-runs")).expanduser()
    name = re.sub(r"[^\w.-]+", "-", url.partition("://")[2]).strip("-")[-60:]
    return home / f"{name}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"


@dataclass
class RunMirror:
    """A run at a URL and its working folder here. Its methods copy between the two, and raise
    UserError if the URL cannot be used.

    url: where the run lies, such as `s3://BUCKET/RUN`. folder: where it is worked on.
    """

    url: str
    folder: Path
    _there: dict[str, object] = field(default_factory=dict)
    """What is known to be at the URL: seals, and (bytes, modified) of what has none."""

    def require_writable(self) -> None:
        """Write a few bytes to the URL, read them and delete them, before work begins that would be
        lost. Raises UserError if one of these fails.
        """
        name, told = f".probe-{uuid.uuid4().hex}", b"may be deleted\n"
        with self._opened() as (fs, base):
            place = f"{base}/{name}"
            try:
                if isinstance(fs, LocalFileSystem):  # others have no folders
                    fs.makedirs(base, exist_ok=True)
                fs.pipe_file(place, told)
                found = fs.cat_file(place)
                fs.rm_file(place)
            except Exception as error:  # libraries of many stores raise many kinds
                raise UserError(
                    f"'{self.url}' cannot be written, read and deleted in: {_first_line(error)}; "
                    f"make the bucket, give your key these rights there, or name another place "
                    f"with --set run_dir=URL"
                ) from None
            if found != told:
                raise UserError(
                    f"'{self.url}' gives back other bytes than were written; name another place "
                    f"with --set run_dir=URL"
                )

    def fetch(self) -> None:
        """Copy to the working folder every finished file of the run that is at the URL and differs
        here; do nothing where there is no run. Raises UserError if the URL cannot be read, or a
        file is not what was sealed.
        """
        with self._opened() as (fs, base):
            if not fs.exists(f"{base}/{manifest.NAME}"):
                return
            self.folder.mkdir(parents=True, exist_ok=True)
            here = manifest.read_manifest(self.folder)
            self._copy_here(fs, base, manifest.NAME)
            sealed = manifest.read_manifest(self.folder)
            for name, seal in sealed.items():
                if here.get(name) != seal or not (self.folder / name).exists():
                    self._copy_here(fs, base, name)
                    if manifest.measure_file(self.folder / name) != seal:
                        raise UserError(
                            f"'{self.url}/{name}' is not what the run wrote; delete it there and "
                            f"in {self.folder}, and the run makes it again"
                        )
                self._there[name] = seal
            for name in UNSEALED:
                if not (self.folder / name).exists() and fs.exists(f"{base}/{name}"):
                    self._copy_here(fs, base, name)

    def push(self) -> None:
        """Copy from the working folder to the URL what the run finished since the last call. Raises
        UserError if the URL cannot be written.
        """
        if not (self.folder / manifest.NAME).exists():
            return
        # As it is now: stages that end meanwhile are copied by the next call.
        text = (self.folder / manifest.NAME).read_bytes()
        sealed = manifest.parse_seals(text)
        wanted: dict[str, object] = dict(sealed)
        for name in UNSEALED:
            file = self.folder / name
            if file.exists():
                wanted[name] = (file.stat().st_size, file.stat().st_mtime_ns)
        with self._opened() as (fs, base):
            if not self._there and fs.exists(f"{base}/{manifest.NAME}"):
                self._there |= manifest.parse_seals(fs.cat_file(f"{base}/{manifest.NAME}"))
            for name, state in wanted.items():
                if self._there.get(name) != state:
                    self._copy_there(fs, base, name)
                    self._there[name] = state
            fs.pipe_file(f"{base}/{manifest.NAME}", text)

    def remove(self, names: list[str]) -> None:
        """Remove files or folders of the run at the URL, by paths relative to it, after the
        manifest there no longer names them. Raises UserError if that fails.
        """
        self.push()
        with self._opened() as (fs, base):
            for name in names:
                if fs.exists(f"{base}/{name}"):
                    fs.rm(f"{base}/{name}", recursive=True)

    def _copy_here(self, fs: AbstractFileSystem, base: str, name: str) -> None:
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{place.name}.{os.getpid()}.part")
        try:
            fs.get_file(f"{base}/{name}", str(part))
            part.replace(place)
        finally:
            part.unlink(missing_ok=True)

    def _copy_there(self, fs: AbstractFileSystem, base: str, name: str) -> None:
        place = f"{base}/{name}"
        if isinstance(fs, LocalFileSystem):  # others have no folders
            fs.makedirs(place.rpartition("/")[0], exist_ok=True)
        fs.put_file(str(self.folder / name), place)

    @contextmanager
    def _opened(self) -> Iterator[tuple[AbstractFileSystem, str]]:
        """The file system and the path of the run in it; what fails there is one line."""
        try:
            fs, base = url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise UserError(
                f"'{self.url}' cannot be used: {error}; for s3:// install the extra 's3'"
            ) from None
        try:
            fs.invalidate_cache()
            yield fs, base.rstrip("/")
        except UserError:
            raise
        except Exception as error:  # libraries of many stores raise many kinds
            if isinstance(error, OSError) and str(self.folder) in str(error.filename):
                raise
            raise UserError(
                f"'{self.url}' cannot be read or written: {_first_line(error)}"
            ) from None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def open_mirror(run_dir: str | os.PathLike[str]) -> RunMirror | None:
    """Return the mirror of a run that lies at a URL; None where `run_dir` is a folder."""
    url = parse_url(run_dir)
    return RunMirror(url, find_working_folder(url)) if url else None
