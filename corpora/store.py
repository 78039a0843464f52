"""Records on disk: the only module that knows their JSONL and Parquet form.

Contract: `from_json(cls, to_json(record)) == record`, floats included to the last bit (nan and inf
too; they are written as the strings "nan", "inf", "-inf"). A line of JSONL is one record, its
fields in order, with `schema_version`. Files are written by `corpora.files`: whole or not at all.

    python -c "from corpora.store import to_json; from corpora.records import Program; \\
        print(to_json(Program('cpp', 'f', '')))"
"""

from __future__ import annotations

import difflib
import io
import itertools
import json
import math
import os
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import BinaryIO, TypeVar

from corpora.files import put_in_place, write_aside, write_atomically
from corpora.records import SCHEMA_VERSION, Triplet
from corpora.suites.unit_tests import format_suite

T = TypeVar("T")
SHARD_BYTES = 64 << 20
"""Length of a file of records from which on `write_shards` begins another."""
_NON_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class StoreError(ValueError):
    """A file or value does not have the form of the record that it should be. The message is one
    line: where, what is wrong, and how to mend it.
    """


# --- records and JSON
# -------------------------------------------------------------------------------------------------


def to_json(record: object) -> dict[str, object]:
    """Return a record, an instance of a dataclass, as a JSON object with `schema_version` first.
    Raises StoreError if it is no dataclass or holds a value that JSON cannot.
    """
    if not is_dataclass(record) or isinstance(record, type):
        raise StoreError(f"{type(record).__name__} is not a record (a dataclass instance)")
    return {"schema_version": SCHEMA_VERSION, **_plain_record(record)}


_AS_IT_IS = frozenset((str, int, bool, type(None)))


def _plain_record(record: object) -> dict[str, object]:
    found = {}
    for name in _field_names(type(record)):  # type: ignore[arg-type]  # classes are hashable
        value = getattr(record, name)
        found[name] = value if type(value) in _AS_IT_IS else _plain(value)
    return found


@cache
def _field_names(cls: type) -> tuple[str, ...]:
    return tuple(f.name for f in fields(cls))


def _plain(value: object) -> object:
    if type(value) in _AS_IT_IS:
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return _plain_record(value)
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if value is None or isinstance(value, (bool, int, float, str)):
        return float(value) if isinstance(value, float) else value
    raise StoreError(f"a record cannot hold a {type(value).__name__}")


def from_json(cls: type[T], value: object) -> T:
    """Return the record of type `cls`, a dataclass, in `value`, a JSON object that `to_json` made.
    Raises StoreError, with the field, if it does not fit `cls` or has another `schema_version`.
    """
    if not isinstance(value, dict):
        raise StoreError(f"{cls.__name__}: expected an object, found {type(value).__name__}")
    version = value.get("schema_version")
    if version != SCHEMA_VERSION:
        found = "none" if version is None else repr(version)
        raise StoreError(
            f"{cls.__name__}: schema_version is {found}, this program reads {SCHEMA_VERSION}; "
            f"make it again"
        )
    own = {k: v for k, v in value.items() if k != "schema_version"}
    try:
        return _converter(cls)(own)
    except _Unusual:
        return _record(cls, own, cls.__name__)


@cache
def _hints(cls: type) -> dict[str, object]:
    return typing.get_type_hints(cls)


class _Unusual(Exception):
    """A value that `_convert_value` has to look at: it is wrong, or of a rare form."""


_PLAIN = frozenset((str, int, bool, float, type(None)))


@cache
def _converter(hint: object) -> Callable[[object], object]:
    """What `_convert_value` does with the usual values of a hint, several times as fast: the hint
    is looked at once, and no place is named. Raises _Unusual for any other value.
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _union_converter(arguments)
    if origin is tuple and arguments:
        whole = arguments[-1] is Ellipsis
        return _sequence_converter(arguments[0]) if whole else _tuple_converter(arguments)
    if isinstance(hint, type) and is_dataclass(hint):
        return _record_converter(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _table_converter({member.value: member for member in hint})
    return _types_converter(frozenset({hint} & _PLAIN))


def _types_converter(kinds: frozenset[object]) -> Callable[[object], object]:
    def convert(value: object) -> object:
        if type(value) not in kinds:
            raise _Unusual
        return value

    return convert


def _table_converter(table: dict[object, object]) -> Callable[[object], object]:
    def convert(value: object) -> object:
        if type(value) is not str or value not in table:
            raise _Unusual
        return table[value]

    return convert


def _sequence_converter(hint: object) -> Callable[[object], object]:
    inner = _converter(hint)
    plain = _plain_choices(hint)

    def convert(value: object) -> object:
        if type(value) is not list:
            raise _Unusual
        return tuple(value if plain.issuperset(map(type, value)) else map(inner, value))

    return convert


def _plain_choices(hint: object) -> frozenset[object]:
    """Types of the values of a hint that JSON holds as they are."""
    union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    return frozenset(typing.get_args(hint) if union else (hint,)) & _PLAIN


def _tuple_converter(hints: tuple) -> Callable[[object], object]:
    each = [_converter(hint) for hint in hints]

    def convert(value: object) -> object:
        if type(value) is not list or len(value) != len(each):
            raise _Unusual
        return tuple(one(item) for one, item in zip(each, value, strict=True))

    return convert


def _union_converter(choices: tuple) -> Callable[[object], object]:
    plain = frozenset(choices) & _PLAIN
    words = _NON_FINITE if float in plain and str not in plain else {}
    tuples = [_converter(c) for c in choices if typing.get_origin(c) is tuple]
    records = [(frozenset(_field_names(c)), _converter(c)) for c in choices if is_dataclass(c)]

    def convert(value: object) -> object:
        if type(value) in plain:
            return value
        if type(value) is str and value in words:
            return words[value]
        fitting = tuples if type(value) is list else []
        if type(value) is dict:
            fitting = [c for names, c in records if names >= value.keys()]
        if len(fitting) != 1:
            raise _Unusual
        return fitting[0](value)

    return convert


def _record_converter(cls: type) -> Callable[[object], object]:
    hints = _hints(cls)
    plain = {f.name: hints[f.name] for f in fields(cls) if hints[f.name] in _PLAIN}
    other = {f.name: _converter(hints[f.name]) for f in fields(cls) if f.name not in plain}
    needed = frozenset(
        f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING
    )

    def convert(value: object) -> object:
        if type(value) is not dict or not needed <= value.keys():
            raise _Unusual
        own = {}
        for name, item in value.items():
            if name in plain:
                if type(item) is not plain[name]:
                    raise _Unusual
                own[name] = item
            elif name in other:
                own[name] = other[name](item)
            else:
                raise _Unusual
        return cls(**own)

    return convert


def _record(cls: type, value: object, where: str) -> object:
    if not isinstance(value, dict):
        raise StoreError(f"{where}: expected an object, found {type(value).__name__}")
    known = {f.name: f for f in fields(cls)}
    for name in value:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise StoreError(
                f"{where}: unknown field '{name}'"
                + (f"; did you mean '{near[0]}'?" if near else "")
            )
    missing = [
        n
        for n, f in known.items()
        if n not in value and f.default is MISSING and f.default_factory is MISSING
    ]
    if missing:
        raise StoreError(f"{where}: field '{missing[0]}' is missing")
    hints = _hints(cls)
    return cls(
        **{
            name: _convert_value(hints[name], item, f"{where}.{name}")
            for name, item in value.items()
        }
    )


def _convert_value(hint: object, value: object, where: str) -> object:
    """`value` (from JSON) as `hint`: dataclasses, tuples, lists, dicts, enums, unions and plain
    values.
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _member(arguments, value, where)
    if origin in (tuple, list) or hint in (tuple, list):
        return _sequence(origin or hint, arguments, value, where)
    if origin is dict and isinstance(value, dict):
        return {k: _convert_value(arguments[1], v, f"{where}[{k!r}]") for k, v in value.items()}
    if is_dataclass(hint):
        return _record(hint, value, where)
    if isinstance(hint, type) and issubclass(hint, Enum):
        try:
            return hint(value)
        except ValueError:
            raise StoreError(
                f"{where}: '{value}' is not one of {', '.join(m.value for m in hint)}"
            ) from None
    if hint is float and isinstance(value, str) and value in _NON_FINITE:
        return _NON_FINITE[value]
    if hint is float and type(value) is int:
        return float(value)
    if (
        hint in (object, typing.Any, dict)
        or (hint is None and value is None)
        or type(value) is hint
    ):
        return value
    if hint is type(None) and value is None:
        return None
    raise StoreError(
        f"{where}: expected {getattr(hint, '__name__', hint)}, found {json.dumps(value)[:60]}"
    )


def _sequence(kind: type, arguments: tuple, value: object, where: str) -> object:
    if not isinstance(value, list):
        raise StoreError(f"{where}: expected a list, found {json.dumps(value)[:60]}")
    if kind is tuple and arguments and arguments[-1] is not Ellipsis:
        if len(value) != len(arguments):
            raise StoreError(f"{where}: expected {len(arguments)} items, found {len(value)}")
        return tuple(
            _convert_value(hint, v, f"{where}[{i}]")
            for i, (hint, v) in enumerate(zip(arguments, value, strict=True))
        )
    hint = arguments[0] if arguments else object
    return kind(_convert_value(hint, v, f"{where}[{i}]") for i, v in enumerate(value))


def _member(choices: tuple, value: object, where: str) -> object:
    """The union member that fits exactly: a plain value by its own type, an object by its
    fields.
    """
    exact = [c for c in choices if type(value) is c]
    if isinstance(value, dict):
        exact = [
            c for c in choices if is_dataclass(c) and set(value) <= {f.name for f in fields(c)}
        ]
    if isinstance(value, str) and value in _NON_FINITE and float in choices and str not in choices:
        return _NON_FINITE[value]
    problem = StoreError(
        f"{where}: {json.dumps(value)[:60]} fits none of {', '.join(str(c) for c in choices)}"
    )
    for choice in exact or choices:
        try:
            return _convert_value(choice, value, where)
        except StoreError as error:
            problem = error
    raise problem


# --- files
# --------------------------------------------------------------------------------------------------


def format_line(record: object) -> bytes:
    """Return a record (a dataclass) as one line of JSONL in UTF-8, with its newline. Raises
    StoreError for a value that is no record.
    """
    return _encode(to_json(record)).encode("utf-8", "surrogatepass") + b"\n"


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def read_line(line: bytes, cls: type[T]) -> T:
    """Return the record of type `cls`, a dataclass, in one line of JSONL. Raises StoreError if it
    is not JSON or another record.
    """
    try:
        return from_json(cls, json.loads(line.decode("utf-8", "surrogatepass")))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise StoreError(f"not JSON ({error})") from None


def write_jsonl(path: Path | str, records: Iterable[object]) -> int:
    """Write records (dataclasses) to the file `path` as JSON, one per line, all or nothing. Returns
    how many. Raises StoreError for a value that is no record, DiskFullError if there is no room,
    OSError if the file cannot be written.
    """
    count = 0

    def write(file: BinaryIO) -> None:
        nonlocal count
        for record in records:
            file.write(format_line(record))
            count += 1

    write_atomically(path, write)
    return count


def write_shards(
    path: Path | str, records: Iterable[object], shard_bytes: int = SHARD_BYTES
) -> int:
    """Write records (dataclasses) as JSON, one per line, to the file `path`, but begin another
    file, `NAME.00001.jsonl` beside `NAME.jsonl` and so on, when one has `shard_bytes` bytes.
    Returns how many records. Files of an earlier writing are replaced.

    `path` appears last, so where it exists all are there. One record is in memory at a time. Raises
    StoreError for a value that is no record, DiskFullError if there is no room.
    """
    path, lines, held = Path(path), map(format_line, records), 0
    line = next(lines, b"")

    def write(file: BinaryIO) -> None:
        nonlocal line, held
        size = 0
        while line and size < shard_bytes:
            file.write(line)
            held, size = held + 1, size + len(line)
            line = next(lines, b"")

    first = write_aside(path, write)
    written: list[Path] = []
    try:
        for shard in reversed([*_further_shards(path)]):  # of an earlier writing
            path.unlink(missing_ok=True)
            shard.unlink()
        while line:
            path.unlink(missing_ok=True)
            written.append(_shard_path(path, len(written) + 1))
            write_atomically(written[-1], write)
        put_in_place(first, path)
    except BaseException:
        for shard in (first, *reversed(written)):
            shard.unlink(missing_ok=True)
        raise
    return held


def _shard_path(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}.{number:05d}{path.suffix}")


def _further_shards(path: Path) -> Iterator[Path]:
    number = 1
    while (shard := _shard_path(path, number)).exists():
        yield shard
        number += 1


def list_shards(path: Path | str) -> list[Path]:
    """Return the files that hold the records of `path`, in order: `path` itself, whether or not it
    is there, and `NAME.00001.jsonl` and so on, which `write_shards` made beside it.
    """
    return [Path(path), *_further_shards(Path(path))]


def find_first_shard(path: Path | str) -> Path:
    """Return the file whose records go on in `path`, by its name alone: `a.jsonl` for
    `a.00001.jsonl`. Any other path comes back as it is.
    """
    path = Path(path)
    stem, _, number = path.stem.rpartition(".")
    if stem and len(number) == 5 and number.isdecimal():
        return path.with_name(stem + path.suffix)
    return path


def read_jsonl(path: Path | str, cls: type[T]) -> Iterator[T]:
    """Yield the records of type `cls`, a dataclass, in a file of `write_jsonl`, and in those that
    `write_shards` made beside it, one by one, in order. Raises StoreError, with line and field, for
    a damaged line; FileNotFoundError if there is no file.
    """
    for _, record in locate_jsonl(path, cls):
        yield record


def locate_jsonl(path: Path | str, cls: type[T]) -> Iterator[tuple[int, T]]:
    """Yield (place, record) of each record that `read_jsonl` reads, in order. By its place
    `read_jsonl_at` finds a record again: the offset of its line in bytes, as if all shards were one
    file.

    cls: the records' type. Raises StoreError for a damaged line, FileNotFoundError if there is no
    file.
    """
    at = 0
    for shard in list_shards(path):
        with shard.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    try:
                        record = read_line(line, cls)
                    except StoreError as error:
                        raise StoreError(f"{shard}, line {number}: {error}") from None
                    yield at, record
                at += len(line)


def read_jsonl_at(path: Path | str, place: int, cls: type[T]) -> T:
    """Return the record of type `cls` at a place, in bytes, that `locate_jsonl` gave for the file
    `path`. Raises StoreError, with file and place, if there is no such record; FileNotFoundError if
    there is no file.
    """
    at = place
    for shard in itertools.chain([Path(path)], _further_shards(Path(path))):
        with shard.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if at < size:
                file.seek(at)
                try:
                    return read_line(file.readline(), cls)
                except StoreError as error:
                    raise StoreError(f"{shard}, byte {at}: {error}") from None
        at -= size
    raise StoreError(f"{path} ends before the record that was asked for")


def count_jsonl(path: Path | str) -> int:
    """Return the number of records of a file, and of those that `write_shards` made beside it,
    without parsing them. Raises FileNotFoundError if there is no file.
    """
    count = 0
    for shard in list_shards(path):
        with shard.open("rb") as file:
            count += sum(1 for line in file if line.strip())
    return count


# --- triplets as Parquet
# ----------------------------------------------------------------------------------------------


def write_triplets(path: Path | str, triplets: Iterable[Triplet]) -> int:
    """Write verified pairs with their evidence as Parquet, all or nothing, one row each. Returns
    how many.

    Columns for readers: id, direction, group (pairs with near-duplicate sides have one, so that a
        split by it leaks nothing), {source,target}_{dialect,name,text,origin}, suite (text form),
        suite_strength, branch_coverage, outcome, backend, launch, serial, evidence, verdict (JSON).
        `read_triplets` reads the column `record` (JSON).
    Raises DiskFullError if there is no room.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from corpora.splits import name_groups

    kept = list(triplets)
    groups = name_groups([(t.source, t.target) for t in kept])
    rows = [_triplet_row(t, group) for t, group in zip(kept, groups, strict=True)]
    table = pa.Table.from_pylist(
        rows, schema=pa.schema([(name, _arrow(pa, name)) for name in _TRIPLET_COLUMNS])
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    write_atomically(path, lambda file: file.write(buffer.getbuffer()))
    return len(rows)


_TRIPLET_COLUMNS = (
    "id",
    "direction",
    "group",
    "source_dialect",
    "source_name",
    "source_text",
    "source_origin",
    "target_dialect",
    "target_name",
    "target_text",
    "target_origin",
    "suite",
    "suite_strength",
    "branch_coverage",
    "outcome",
    "backend",
    "launch",
    "serial",
    "evidence",
    "verdict",
    "record",
)


def _arrow(pa: types.ModuleType, column: str) -> object:
    return {
        "suite_strength": pa.float64(),
        "branch_coverage": pa.float64(),
        "serial": pa.bool_(),
    }.get(column, pa.string())


def _triplet_row(triplet: Triplet, group: str) -> dict[str, object]:
    sides = {
        f"{side}_{field}": getattr(program, field)
        for side, program in (("source", triplet.source), ("target", triplet.target))
        for field in ("dialect", "name", "text", "origin")
    }
    verdict = triplet.verdict
    return {
        "id": triplet.id,
        "direction": triplet.direction,
        "group": group,
        **sides,
        "suite": format_suite(triplet.suite.tests, triplet.suite.launch),
        "suite_strength": triplet.suite.strength,
        "branch_coverage": triplet.suite.branch_coverage,
        "outcome": verdict.outcome.value,
        "backend": verdict.backend,
        "launch": verdict.launch,
        "serial": verdict.serial,
        "evidence": verdict.evidence,
        "verdict": json.dumps(to_json(verdict), ensure_ascii=False),
        "record": json.dumps(to_json(triplet), ensure_ascii=False),
    }


def read_triplets(path: Path | str) -> list[Triplet]:
    """Return the triplets in a Parquet file of `write_triplets`, or in part of its rows, in order.
    Raises StoreError if there is no such file or it was written by something else.
    """
    return [triplet for _, triplet in read_grouped_triplets(path)]


def read_grouped_triplets(path: Path | str) -> list[tuple[str, Triplet]]:
    """Return (group, triplet) of each row of a Parquet file of `write_triplets`, in order. Triplets
    with near-duplicate sides have one group; it is '' in a file of a version that had none. Raises
    StoreError if there is no such file or it was written by something else.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if "record" not in names:
                raise StoreError(
                    f"{path}: has no column 'record'; it was not written by this program"
                )
            table = file.read([name for name in ("group", "record") if name in names])
    except (pa.ArrowException, OSError) as error:
        raise StoreError(f"{path} is not a Parquet file: {str(error).splitlines()[0]}") from None
    groups = table["group"].to_pylist() if "group" in names else [""] * table.num_rows
    try:
        records = [from_json(Triplet, json.loads(row)) for row in table["record"].to_pylist()]
    except (TypeError, ValueError) as error:
        raise StoreError(f"{path}: a 'record' holds no pair ({error})") from None
    return list(zip(groups, records, strict=True))
