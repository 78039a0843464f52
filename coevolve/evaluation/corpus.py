"""What a corpus for evaluation is made of: items, what callers guarantee, and rows of files.

Contract: records and readers of one row; `coevolve.evaluation.items` loads whole corpora. Bad input
is a CorpusError of one line.

    python -c "from coevolve.evaluation.corpus import parse_user_direction; \\
        print(parse_user_direction('cpp:cuda'))"
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from corpora.datasets.loaders import CorpusError
from corpora.datasets.tables import read_file
from corpora.dialects import Direction, parse_direction
from corpora.extraction.extract import SkippedItem
from corpora.json_text import JsonError, parse_json
from corpora.records import Program


@dataclass(frozen=True, slots=True)
class Guarantee:
    """What every caller does with an array: how it is filled (kind and arguments of a Fill), how
    many elements it has.

    fill: '' leaves contents as they are. extent: elements as a product (`256`, `N*N`), '' where a
    test decides. plus: a scalar parameter that is added to the first argument. Where a parameter
    that is named is missing there is no guarantee. Of a scalar: that it is one of the `plus`
    numbers from the first argument on.
    """

    parameter: str
    fill: str
    arguments: tuple[float | int, ...]
    plus: str = ""
    extent: str = ""


@dataclass(frozen=True, slots=True)
class EvalItem:
    """One problem.

    source: what a model is shown. oracle: what runs in its place, where that differs (other names,
    same behaviour). kind: problem kind for the table, '' where the corpus has none. snippets: tests
    that came with it, as C++ snippets. guarantees: what an answer may take for granted about its
    arguments.
    """

    id: str
    source: Program
    reference: Program | None = None
    kind: str = ""
    oracle: Program | None = None
    snippets: tuple[str, ...] = ()
    guarantees: tuple[Guarantee, ...] = ()

    @property
    def judged_as(self) -> Program:
        """The program whose behaviour is right by definition."""
        return self.oracle or self.source


def keep_as_written(_item: EvalItem, text: str) -> str:
    """How answers to most corpora are read: as they are."""
    return text


@dataclass(frozen=True, slots=True)
class EvalCorpus:
    """name: the spec. read: turns an answer to an item into the text that is compiled. notes: what
    a reader must know.
    """

    name: str
    direction: Direction
    items: tuple[EvalItem, ...]
    skipped: tuple[SkippedItem, ...] = ()
    read: Callable[[EvalItem, str], str] = keep_as_written
    notes: tuple[str, ...] = ()


def parse_user_direction(text: str) -> Direction:
    """The direction that a user wrote. Raises CorpusError."""
    try:
        return parse_direction(text)
    except ValueError as error:
        raise CorpusError(str(error)) from None


def read_first_row(path: Path) -> dict:
    """The first row of a JSONL file, empty where it has none. Raises CorpusError for a row that is
    no object.
    """
    for number, line in enumerate(read_file(path).split("\n"), 1):
        if line.strip():
            return parse_json_row(path, number, line)
    return {}


def parse_json_row(path: Path, number: int, line: str) -> dict:
    """One row of a JSONL file. Raises CorpusError naming file and line."""
    try:
        row = parse_json(line)
    except JsonError as error:
        raise CorpusError(f"'{path}', line {number} is not JSON: {error}") from None
    if not isinstance(row, dict):
        raise CorpusError(f"'{path}', line {number} is a {type(row).__name__}, not an object")
    return row
