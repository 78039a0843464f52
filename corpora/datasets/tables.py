"""Texts out of files and tables: source files, JSONL, Parquet and Hugging Face data sets.

Contract: every function raises CorpusError, one line, for what a user can mend: a binary file, a
row that is no JSON object, a missing column (with the nearest name), a data set that cannot be
fetched.

    python -c "from corpora.datasets.tables import restore_newlines; \\
        print(restore_newlines('a\\\\nb'))"
"""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from corpora.dialects import Dialect
from corpora.json_text import JsonError, parse_json

_USUAL_COLUMNS = ("text", "code", "source", "content", "program", "function")


class CorpusError(ValueError):
    """The corpus that the user named cannot be used. The message is one line: what is wrong, where,
    and how to mend it.
    """


def read_file(path: Path) -> str:
    """Return the text of a file in UTF-8 or Latin-1. Raises CorpusError if it is binary or cannot
    be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"'{path}' cannot be read: {error.strerror}") from None
    control = sum(1 for byte in data[:8192] if byte < 32 and byte not in (9, 10, 12, 13, 26))
    if b"\0" in data or control * 20 > len(data[:8192]):
        raise CorpusError(
            f"'{path}' is a binary file, not source text; give a text file, a .jsonl or a .parquet"
        )
    return decode_source(data)


def fetch_url(url: str) -> Path:
    """Return the path of a local copy, of the same name, of the file at `url`; it lasts as long as
    this process. url: of any store that fsspec knows, such as `https://` or `s3://`. Raises
    CorpusError if it cannot be read.
    """
    import fsspec

    try:
        return Path(fsspec.open_local(f"simplecache::{url}", simplecache={"same_names": True}))
    except Exception as error:  # libraries of many stores raise many kinds
        first = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        hint = "; for s3:// install the extra 's3'" if isinstance(error, ImportError) else ""
        raise CorpusError(f"'{url}' cannot be read: {first}{hint}; name one file") from None


def decode_source(data: bytes) -> str:
    """Decode source text: UTF-8 with or without a byte order mark, else Latin-1."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


_MEANT = {"\\r\\n": "\n", "\\n": "\n", "\\t": "\t"}
# An escape inside a literal is the program's own. Literals end before `;`, `{` and `}`: a lone
# quote in a comment must not swallow the lines after it.
_STORED = re.compile(r'"(?:\\.|[^"\\;{}])*"|\'\\.\'|\\r\\n|\\n|\\t')


def restore_newlines(text: str) -> str:
    """Return `text` with each stored newline (a backslash and an n) or tab as a real one; those in
    string literals stay. A text with real newlines comes back unchanged.
    """
    if "\n" in text or "\\n" not in text:
        return text
    return _STORED.sub(lambda found: found[0] if found[0][0] in "\"'" else _MEANT[found[0]], text)


def choose_column(names: Sequence[str], wanted: str, row: Dialect, where: str) -> str:
    """Return the name of a table's text column: `wanted`, or, if that is '', one called like the
    dialect, its language, or a usual name.

    names: the table's columns. row: the dialect of the texts. where: what table it is, for the
    message. Raises CorpusError if the table has no such column.
    """
    if wanted:
        if wanted in names:
            return wanted
        near = difflib.get_close_matches(wanted, names, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise CorpusError(f"{where} has no column '{wanted}'{hint} (columns: {', '.join(names)})")
    for name in (row.name, row.language, *_USUAL_COLUMNS):
        if name in names:
            return name
    raise CorpusError(
        f"{where}: which column holds the {row.name} text? Add #COLUMN (columns: "
        f"{', '.join(names)})"
    )


def read_json_objects(path: Path) -> Iterator[tuple[int, dict]]:
    """Yield (line number from 1, object) of each row of a JSONL file; empty lines are passed over.
    Raises CorpusError if the file cannot be read or a row is no JSON object.
    """
    for number, line in enumerate(read_file(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            found = parse_json(line)
        except JsonError as error:
            raise CorpusError(f"'{path}', line {number} is not JSON: {error}") from None
        if not isinstance(found, dict):
            raise CorpusError(
                f"'{path}', line {number} is a {type(found).__name__}, not an object with a "
                f"text column"
            )
        yield number, found


def read_text_columns(path: Path) -> list[str]:
    """Return the names of the columns of a Parquet file that hold text, in order. Raises
    CorpusError if it is no Parquet file or is not there.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise CorpusError(f"'{path}' is not a Parquet file: {str(error).splitlines()[0]}") from None
    return [
        f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)
    ]


def read_jsonl_rows(path: Path, column: str, row: Dialect) -> Iterator[tuple[int, str]]:
    """Yield (line number from 1, text) of each row of a file with one JSON object per line; the
    text is '' for null.

    column: name of the text column; '' to choose one called like the dialect, its language, or a
        usual name. row: the dialect; rows whose key `dialect` names another are passed over.
    Raises CorpusError if the file or a row cannot be read or lacks the column.
    """
    for number, found in read_json_objects(path):
        if found.get("dialect", row.name) != row.name:
            continue
        name = choose_column(list(found), column, row, f"'{path}', line {number}")
        if not isinstance(found[name], (str, type(None))):
            raise CorpusError(f"'{path}', line {number}: column '{name}' is not text")
        yield number, found[name] or ""


def read_parquet_rows(path: Path, column: str, row: Dialect) -> Iterator[tuple[int, str]]:
    """Yield (row number from 1, text) of each row of a Parquet file; the text is '' for null, so
    that columns stay aligned.

    column: name of the text column; '' to choose one called like the dialect, its language, or a
        usual name. row: the dialect.
    Raises CorpusError if the file cannot be read or lacks the column.
    """
    import pyarrow.parquet as pq

    name = choose_column(read_text_columns(path), column, row, f"'{path}'")
    with pq.ParquetFile(path) as file:
        number = 0
        for batch in file.iter_batches(columns=[name]):
            for text in batch.column(0).to_pylist():
                number += 1
                yield number, text or ""


def read_hub_rows(spec: str, column: str, row: Dialect) -> Iterator[tuple[str, str]]:
    """Yield (origin, text) of each row of a Hugging Face data set, in order; '' for no text. The
    origin is for people, as `ID, row 3`.

    spec: `ID` or `ID:SPLIT`; the split is `train` if none is named. column: name of the text
        column; '' to choose one called like the dialect, its language, or a usual name. row: the
        dialect.
    Raises CorpusError if it cannot be fetched or lacks the column.
    """
    name, _, split = spec.partition(":")
    logging.getLogger("huggingface_hub").setLevel(
        logging.ERROR
    )  # without network it logs each of its tries
    try:
        from datasets import load_dataset

        table = load_dataset(name, split=split or "train")
    except (
        Exception
    ) as error:  # the library raises many kinds; all mean that the data set cannot be had
        first = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise CorpusError(
            f"Hugging Face data set '{name}' (split '{split or 'train'}') cannot be loaded: {first}"
        ) from None
    return _hub_rows(
        table, choose_column(table.column_names, column, row, f"data set '{name}'"), name
    )


def _hub_rows(table: Iterable[dict], column: str, name: str) -> Iterator[tuple[str, str]]:
    for i, found in enumerate(table, 1):
        yield f"{name}, row {i}", found[column] if isinstance(found[column], str) else ""
