"""What a corpus for evaluation is made of: items, what callers guarantee, and rows of files.

Contract: records and readers of one row; `coevolve.evaluation.items` loads whole corpora. Bad input
is a CorpusError of one line.

    python -c "from coevolve.evaluation.corpus import parse_user_direction; \\
        print(parse_user_direction('cpp:cuda'))"
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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
    """What every caller of a problem's function does with one parameter.

    parameter: its name. Without such a parameter there is no guarantee.
    fill: how an array's elements are filled, by the kind of a `Fill`: `integers`, `uniform`,
        `constant` or `permutation`; '' leaves its contents as they are.
    arguments: the fill's numbers, such as the least and the largest value. For a scalar the first
        is its least value.
    plus: name of a scalar parameter, '' for none. For an array its value is added to the first
        argument; for a scalar it is the number of possible values.
    extent: the array's number of elements as a product (`256`, `N*N`); '' where a test decides.
    """

    parameter: str
    fill: str
    arguments: tuple[float | int, ...]
    plus: str = ""
    extent: str = ""


@dataclass(frozen=True, slots=True)
class EvalItem:
    """One problem of an evaluation.

    id: stable within the corpus. source: the program that a model is shown.
    reference: a human translation for text scores; None if there is none.
    kind: the problem kind that tables group by; '' where the corpus has none.
    oracle: the program that runs in place of `source`, with other names and the same behaviour;
        None: the source runs.
    snippets: tests that came with the problem, as C++ snippets.
    guarantees: what an answer may assume about its arguments.
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
        """Return the program whose behaviour answers must have: the oracle if there is one, else
        the source.
        """
        return self.oracle or self.source


def keep_as_written(_item: EvalItem, text: str) -> str:
    """Return an answer's text unchanged, whatever the item. It is the `read` of most corpora: no
    conversion is needed before the text is compiled.
    """
    return text


@dataclass(frozen=True, slots=True)
class EvalCorpus:
    """The items of one evaluation.

    name: the spec that was loaded. direction: source and target dialect. items: the problems, in
        the corpus's order.
    skipped: the items that were left out, or are kept but cannot be tested, each with its reason.
    read(item, answer): returns the text to compile for an answer.
    notes: lines that a reader of the result must know.
    """

    name: str
    direction: Direction
    items: tuple[EvalItem, ...]
    skipped: tuple[SkippedItem, ...] = ()
    read: Callable[[EvalItem, str], str] = keep_as_written
    notes: tuple[str, ...] = ()


def parse_user_direction(text: str) -> Direction:
    """Parse a direction that a user wrote, such as `cpp:cuda`. Raises CorpusError for an unknown
    one.
    """
    try:
        return parse_direction(text)
    except ValueError as error:
        raise CorpusError(str(error)) from None


def find_row(program: Program) -> int | None:
    """Return the number, from 1, of the line or row that a program of a file of lines or of a table
    was in; None for a program of another place.
    """
    word, _, number = program.origin.rpartition(" ")
    return int(number) if word.endswith((", line", ", row")) and number.isdigit() else None


def read_item_id(path: Path, number: int, row: dict) -> str:
    """Return the `id` of a row of a JSONL corpus as text, '' for a row without one. number: of the
    row's line, for the message. Raises CorpusError unless it is text or a whole number.
    """
    given = row.get("id")
    if given is None:
        return ""
    if isinstance(given, bool) or not isinstance(given, str | int) or not str(given).strip():
        raise CorpusError(
            f"'{path}', line {number}: 'id' is {given!r:.40}, and must be text or a whole number; "
            f"mend it, or leave it out: the id is then the number of the line"
        )
    return str(given)


def require_unique_ids(path: Path, ids: Iterable[tuple[int, str]]) -> None:
    """Check that no two items of a JSONL corpus have one id. ids: (number of the line, id of its
    item). Raises CorpusError with the first that is there twice.
    """
    seen: dict[str, int] = {}
    for number, name in ids:
        if seen.setdefault(name, number) != number:
            raise CorpusError(
                f"'{path}', line {number}: the id '{name}' is that of line {seen[name]} too; give "
                f"each item an id of its own"
            )


def read_first_row(path: Path) -> dict:
    """Return the first row of a JSONL file, {} if the file has none. Raises CorpusError if the file
    cannot be read or the row is not a JSON object.
    """
    return next((row for _, row in read_json_rows(path)), {})


def read_json_rows(path: Path) -> Iterator[tuple[int, dict]]:
    """Yield (line number from 1, row) of each row of a JSONL file; empty lines are passed over.
    Raises CorpusError if the file cannot be read or a row is not a JSON object.
    """
    for number, line in enumerate(read_file(path).split("\n"), 1):
        if line.strip():
            yield number, _parse_row(path, number, line)


def _parse_row(path: Path, number: int, line: str) -> dict:
    try:
        row = parse_json(line)
    except JsonError as error:
        raise CorpusError(f"'{path}', line {number} is not JSON: {error}") from None
    if not isinstance(row, dict):
        raise CorpusError(f"'{path}', line {number} is a {type(row).__name__}, not an object")
    return row
