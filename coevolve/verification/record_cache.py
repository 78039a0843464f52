"""Records that cost much to make, kept on disk by a key of what they were made from.

Contract: a file holds one record behind the SHA-256 of its text, and appears whole. One that is
torn, changed or of another form counts as absent. Several processes may share the folder. A cache
that cannot be written costs time and nothing else.

    python -c "from pathlib import Path; from coevolve.verification.record_cache import *; \\
        from corpora.records import Program; cache = RecordCache(Path('/tmp/records')); \\
        cache.save('0a', Program('cpp', 'f', '')); print(cache.load('0a', Program))"
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from corpora.store import StoreError, format_line, read_line

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RecordCache:
    """Records that cost much to make, kept on disk by a key. Several processes may share it.

    folder: where they lie, one file each, below folders named by the first two characters of the
        key; it need not exist. A key is a hash of what the record was made from, in hexadecimal
        digits.
    """

    folder: Path

    def load(self, key: str, cls: type[T]) -> T | None:
        """Return the record that was saved under `key`; None if there is none, or its file is
        damaged or holds a record of another form. cls: the record's type, a dataclass.
        """
        try:
            digest, _, line = self._file(key).read_bytes().partition(b"\n")
            if digest != hashlib.sha256(line).hexdigest().encode():
                return None
            return read_line(line, cls)
        except (OSError, StoreError):
            return None

    def save(self, key: str, record: object) -> None:
        """Keep `record` (a dataclass) on disk under `key`, in the place of any other. Nothing is
        raised where the disk takes none.
        """
        file = self._file(key)
        temporary = file.with_suffix(f".{os.getpid()}.tmp")
        line = format_line(record)
        text = hashlib.sha256(line).hexdigest().encode() + b"\n" + line
        try:
            try:
                temporary.write_bytes(text)
            except FileNotFoundError:
                file.parent.mkdir(parents=True, exist_ok=True)
                temporary.write_bytes(text)
            temporary.replace(file)
        except OSError:
            temporary.unlink(missing_ok=True)

    def _file(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.record"
