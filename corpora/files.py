"""Files and folders that are whole or absent.

Contract: what is written is made beside its place, flushed to the disk and renamed, so a reader
never sees a part of it. When the disk is full the part is removed, what was there before stays, and
DiskFullError says so. A process that is killed leaves a part (`.NAME.….part`), which nothing reads
and `remove_partial_files` clears away.

    python -c "from pathlib import Path; from corpora.files import write_atomically as w; \\
        w('/tmp/a', lambda f: f.write(b'a'))"
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class DiskFullError(OSError):
    """Something could not be written because space or quota ran out. What existed before is
    unchanged.
    """


def write_atomically(path: Path | str, writer: Callable[[BinaryIO], object]) -> None:
    """Write a file that appears at `path` only when complete and on the disk. Folders above it are
    made if they are missing.

    writer(file): writes the bytes. On failure what was at `path` stays. Raises DiskFullError if
    there is no room, OSError if the file cannot be written, and what `writer` raises.
    """
    put_in_place(write_aside(path, writer), path)


def write_aside(path: Path | str, writer: Callable[[BinaryIO], object]) -> Path:
    """Write a whole file under a name beside `path` that `remove_partial_files` knows. Folders
    above it are made if they are missing. Returns that name, for `put_in_place`.

    writer(file): writes the bytes. On failure nothing is left. Raises DiskFullError if there is no
    room, OSError if the file cannot be written, and what `writer` raises.
    """
    path = Path(path)
    part = _part_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("xb") as file:
            writer(file)
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        part.unlink(missing_ok=True)
        if _wants_room(error):
            raise _disk_full(path) from error
        raise
    return part


def put_in_place(part: Path, path: Path | str) -> None:
    """Give the file `part`, from `write_aside`, the name `path`. On failure it is removed, and what
    was at `path` stays. Raises DiskFullError if there is no room, else OSError.
    """
    path = Path(path)
    try:
        os.replace(part, path)
        _sync(path.parent)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if _wants_room(error):
            raise _disk_full(path) from error
        raise


def check_writable(path: Path | str) -> None:
    """Check that `write_atomically` could put a file at `path` now; the folder around it is made if
    it is missing. Raises OSError if it could not, IsADirectoryError if it is a folder.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    part = _part_of(path)
    part.touch()
    part.unlink()


def write_folder(path: Path | str, fill: Callable[[Path], object]) -> None:
    """Write a folder that replaces `path` only when complete and on the disk. Folders above it are
    made if they are missing.

    fill(folder): puts files into the new, empty folder. On failure what was at `path` stays. Raises
    DiskFullError if there is no room, OSError if it cannot be written, and what `fill` raises.
    """
    path = Path(path)
    part = _part_of(path)
    try:
        part.mkdir(parents=True)
        fill(part)
        for item in (part, *part.rglob("*")):
            _sync(item)
        if path.exists():
            old = part.with_suffix(".old")
            os.rename(path, old)
            os.rename(part, path)
            shutil.rmtree(old)
        else:
            os.rename(part, path)
        _sync(path.parent)
    except BaseException as error:
        shutil.rmtree(part, ignore_errors=True)
        if _wants_room(error):
            raise _disk_full(path) from error
        raise


def remove_partial_files(folder: Path) -> None:
    """Delete the unfinished files and folders (`.NAME.….part`) that killed processes left in
    `folder` and the folders directly in it. No process may be writing there.
    """
    for part in (*folder.glob(".*.part"), *folder.glob("*/.*.part")):
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)


def _part_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.part")


def _wants_room(error: BaseException) -> bool:
    """Libraries report a full disk in their own kinds of error (safetensors, shutil.copytree),
    known by its number alone.
    """
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return True
    words = [f"{word} {number}" for word in ("os error", "Errno") for number in _NO_ROOM]
    return isinstance(error, Exception) and any(word in str(error) for word in words)


def _disk_full(path: Path) -> DiskFullError:
    return DiskFullError(
        errno.ENOSPC, f"no space left to write '{path}'; free some and run again (nothing was lost)"
    )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
