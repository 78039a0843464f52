"""Records that stay on disk: a list and a mapping that read each one when it is asked for.

Contract: a record costs 28 bytes in a RecordList and 52 in a RecordIndex, however long it is. Each
is read anew every time: whoever needs one twice keeps it. A file that is read at first is read as
`corpora.store.read_jsonl` reads it, with its errors. The files must stay as they are.

    python -c "from corpora.record_index import *; from corpora.records import Program; \\
        made = as_records([Program('cpp', 'f', '')], Program, lambda p: p.name); \\
        print(RecordIndex(made)['f'])"
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, overload

import numpy as np

from corpora.store import StoreError, locate_jsonl, read_jsonl_at

T = TypeVar("T")
KEY_BYTES = 16
"""Longest key: ids are so long."""
_ROW = np.dtype([("source", np.int32), ("place", np.int64), ("key", f"S{KEY_BYTES}")])
_BLOCK = 1024


@dataclass(frozen=True, slots=True, eq=False)
class RecordList(Sequence[T]):
    """Records of one type, in order, that are read when they are asked for.

    kind: their type, a dataclass. sources: JSONL files of `corpora.store`, by absolute paths, or
        sequences of records in memory.
    rows: one for each record, with the fields `source` (its number in `sources`), `place` (in bytes
        as `corpora.store.locate_jsonl` counts them, or the index in the sequence) and `key`.
    Reading raises StoreError or FileNotFoundError where a file is no longer as it was. Two lists
    are equal if they have equal sources and rows.
    """

    kind: type[T]
    sources: tuple[Path | Sequence[T], ...]
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, number: int) -> T: ...
    @overload
    def __getitem__(self, number: slice) -> RecordList[T]: ...
    def __getitem__(self, number):
        if isinstance(number, slice):
            return RecordList(self.kind, self.sources, self.rows[number])
        row = self.rows[number]
        return self._load(int(row["source"]), int(row["place"]))

    def __iter__(self) -> Iterator[T]:
        for start in range(0, len(self.rows), _BLOCK):
            for source, place, _ in self.rows[start : start + _BLOCK].tolist():
                yield self._load(source, place)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RecordList):
            return NotImplemented
        return self.sources == other.sources and np.array_equal(self.rows, other.rows)

    def __hash__(self) -> int:
        return hash((self.sources, self.rows.tobytes()))

    def _load(self, number: int, place: int) -> T:
        source = self.sources[number]
        if isinstance(source, Path):
            return read_jsonl_at(source, place, self.kind)
        return source[place]

    @property
    def keys(self) -> Iterator[str]:
        """Yield the keys of the records, in order, without reading any record."""
        for start in range(0, len(self.rows), _BLOCK):
            yield from (key.decode() for key in self.rows["key"][start : start + _BLOCK].tolist())

    def take(self, numbers: Iterable[int] | np.ndarray) -> RecordList[T]:
        """Return the records of these numbers, from 0, in the order of the numbers. numbers: a
        boolean array of shape (records,) stands for those where it is true.
        """
        if not isinstance(numbers, np.ndarray):
            numbers = np.fromiter(numbers, np.int64)
        return RecordList(self.kind, self.sources, self.rows[numbers])

    def keep(self, known: Container[str]) -> RecordList[T]:
        """Return the records whose keys are in `known`, in order."""
        return self.take(np.fromiter((key in known for key in self.keys), bool, len(self)))

    def unique(self) -> RecordList[T]:
        """Return each key's record once, as a dict made of the records holds them: the last record
        of a key, at the place of the first.
        """
        keys = self.rows["key"]
        _, first = np.unique(keys, return_index=True)
        if len(first) == len(keys):
            return self
        _, from_end = np.unique(keys[::-1], return_index=True)
        last = len(keys) - 1 - from_end
        return self.take(last[np.argsort(first)])


class RecordIndex(Mapping[str, T]):
    """Records of a RecordList by key, each read when it is asked for. Of several with one key the
    last is found.

    records: the list. keys: other keys than its own, one for each record, of at most 16 bytes.
    Raises StoreError for a key that is none.
    """

    def __init__(self, records: RecordList[T], keys: Iterable[str] | None = None) -> None:
        self._keys = records.rows["key"] if keys is None else _pack_keys(keys)
        if len(self._keys) != len(records):
            raise ValueError(f"{len(self._keys)} keys for {len(records)} records")
        self._records = records
        self._order = np.argsort(self._keys, kind="stable")
        self._sorted = self._keys[self._order]
        self._length = int(np.count_nonzero(self._sorted[1:] != self._sorted[:-1]))
        self._length += bool(len(self._sorted))

    def _find(self, key: object) -> int | None:
        """The number of a key's last record; None if there is none."""
        packed = key.encode("utf-8", "surrogatepass") if isinstance(key, str) else b"\0"
        if not _is_key(packed):
            return None
        wanted = np.array(packed, f"S{KEY_BYTES}")
        at = int(np.searchsorted(self._sorted, wanted, side="right")) - 1
        return int(self._order[at]) if at >= 0 and self._sorted[at] == packed else None

    def __getitem__(self, key: str) -> T:
        if (number := self._find(key)) is None:
            raise KeyError(key)
        return self._records[number]

    def __contains__(self, key: object) -> bool:
        return self._find(key) is not None

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[str]:
        """The keys in the order of their first records."""
        _, first = np.unique(self._keys, return_index=True)
        return (self._keys[number].decode() for number in np.sort(first))

    def values(self) -> RecordList[T]:  # type: ignore[override]  # it has more than a view
        """Return the records in the order of the keys, as a list that reads them when asked."""
        return self.select(iter(self))

    def select(self, keys: Iterable[str]) -> RecordList[T]:
        """Return the records of these keys, in the order of the keys, without reading any. Raises
        KeyError for a key that is not there.
        """

        def find(key: str) -> int:
            if (number := self._find(key)) is None:
                raise KeyError(key)
            return number

        return self._records.take(map(find, keys))


def read_records(files: Iterable[Path], kind: type[T], key: Callable[[T], str]) -> RecordList[T]:
    """Return the records of JSONL files with their shards, one file after the other. Each is read
    once, for its key.

    kind: the records' type, a dataclass. key(record): of at most 16 bytes in UTF-8. Raises
    StoreError, with line and field, for a damaged line, and for a key that is none;
    FileNotFoundError if there is no file.
    """
    files = [Path(file) for file in files]
    rows = (
        (number, place, _pack_key(key(record), file))
        for number, file in enumerate(files)
        for place, record in locate_jsonl(file, kind)
    )
    return RecordList(kind, tuple(file.absolute() for file in files), np.fromiter(rows, _ROW))


def as_records(records: Iterable[T], kind: type[T], key: Callable[[T], str]) -> RecordList[T]:
    """Return a RecordList as it is, and any other records as one that holds them in memory.

    kind: the records' type. key(record): of at most 16 bytes in UTF-8. Raises StoreError for a key
    that is none.
    """
    if isinstance(records, RecordList):
        return records
    held = tuple(records)
    rows = ((0, number, _pack_key(key(record), "")) for number, record in enumerate(held))
    return RecordList(kind, (held,), np.fromiter(rows, _ROW))


def join_records(lists: Sequence[RecordList[T]], kind: type[T]) -> RecordList[T]:
    """Return the records of several lists, one list after the other. kind: the records' type."""
    sources = tuple(dict.fromkeys(source for each in lists for source in each.sources))
    number_of = {source: number for number, source in enumerate(sources)}
    parts = [np.empty(0, _ROW)]
    for each in lists:
        rows = each.rows.copy()
        rows["source"] = np.array([number_of[s] for s in each.sources], np.int32)[rows["source"]]
        parts.append(rows)
    return RecordList(kind, sources, np.concatenate(parts))


def _pack_keys(keys: Iterable[str]) -> np.ndarray:
    return np.fromiter((_pack_key(key, "") for key in keys), f"S{KEY_BYTES}")


def _pack_key(key: str, file: Path | str) -> bytes:
    """The bytes of a key. file: where it comes from, for the message."""
    packed = key.encode("utf-8", "surrogatepass")
    if not _is_key(packed):
        raise StoreError(f"{f'{file}: ' if file else ''}{key[:40]!r} is no id of a record")
    return packed


def _is_key(packed: bytes) -> bool:
    """Whether numpy holds these bytes as they are: it drops zeros at the end."""
    return len(packed) <= KEY_BYTES and not packed.endswith(b"\0")
