"""Answers that were made elsewhere: JSONL rows or one tokenised function a line, matched to the
items of a corpus.

Contract: JSONL rows are `{"id": ..., "text": ...}` or `{"index": ..., "text": ...}` (index counts
items from 0); several rows for one item are several samples. A row's text may be a model's whole
answer with fences or prose: it is read as an endpoint's answer is; a text that is code stays as it
is. A file of lines belongs to a corpus of lines: line i answers line i. Every item has the answers
that were given to it, however many; one without any counts as wrong and is reported. Bad input is a
CorpusError of one line.

    coevolve eval --predictions answers.jsonl --corpus cpp.tok,cuda.tok --direction cpp:cuda \\
        --out result.json
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coevolve.evaluation.corpus import EvalItem, find_row, read_json_rows
from corpora.datasets.loaders import CorpusError, read_tokenized_texts
from corpora.dialects import Direction, get_dialect
from corpora.records import Program
from translator.prompting.answers import is_wrapped
from translator.prompting.translate import PromptStyle, parse_answer


@dataclass(frozen=True, slots=True)
class Predictions:
    """Answers that were made elsewhere.

    answers: one tuple of texts per item, in the items' order, as many as were given to it. An item
        without answers has as many '' as the item with the fewest has answers, so that it counts
        as wrong at each k and decides none.
    missing: how many items have no answer. They count as wrong.
    unwrapped: how many had fences, thoughts or prose around their code, which were taken off.
    """

    answers: tuple[tuple[str, ...], ...]
    missing: int = 0
    unwrapped: int = 0


def read_predictions(
    path: str, items: Sequence[EvalItem], target: str, count: int = 0
) -> Predictions:
    """Read answers that were made elsewhere, for the first `count` items; 0 means all.

    path: of a `.jsonl` file with `text` and `id` (of the item) or `index` (of the item, from 0) in
        each row, several rows for several answers; or of a file with one tokenized answer a line,
        in the items' order. target: the answers' dialect, such as `cuda`.
    Raises CorpusError if the file cannot be read, does not match the items, or answers none of
    them.
    """
    file = Path(path).expanduser()
    as_rows = file.suffix == ".jsonl"
    found = _rows(file, items) if as_rows else _lines(file, items, target)
    asked = items[: count or None]
    written = [tuple(found.get(item.id, [])) for item in asked]
    if not any(written):
        raise CorpusError(
            f"'{path}' answers no item of the corpus (its first id is '{items[0].id}')"
        )
    answers = (
        [
            tuple(_unwrap(item.source, text, target) for text in texts)
            for item, texts in zip(asked, written, strict=True)
        ]
        if as_rows
        else written
    )
    fewest = min(len(a) for a in answers if a)
    return Predictions(
        tuple(a or ("",) * fewest for a in answers),
        sum(not a for a in answers),
        sum(a != b for one, other in zip(written, answers) for a, b in zip(one, other)),
    )


def _unwrap(source: Program, text: str, target: str) -> str:
    """The program of an answer to `source`, read as a model's answer is; code is not touched."""
    if not is_wrapped(text, target, source.name):
        return text
    direction = Direction(get_dialect(source.dialect), get_dialect(target))
    return parse_answer(text, source, direction, PromptStyle.PLAIN)


def _rows(path: Path, items: Sequence[EvalItem]) -> dict[str, list[str]]:
    known = {item.id for item in items}
    found: dict[str, list[str]] = {}
    for number, row in read_json_rows(path):
        if not isinstance(row.get("text"), str):
            raise CorpusError(f"'{path}', line {number}: 'text' is missing or not text")
        found.setdefault(_identity(path, number, row, items, known), []).append(row["text"])
    return found


def _identity(
    path: Path, number: int, row: dict, items: Sequence[EvalItem], known: set[str]
) -> str:
    if "id" in row:
        if str(row["id"]) not in known:
            raise CorpusError(
                f"'{path}', line {number}: no item of the corpus has the id '{row['id']}' (the "
                f"first is '{items[0].id}')"
            )
        return str(row["id"])
    index = row.get("index")
    if type(index) is not int or not 0 <= index < len(items):
        raise CorpusError(
            f"'{path}', line {number}: give 'id', or 'index' from 0 to {len(items) - 1}"
        )
    return items[index].id


def _lines(path: Path, items: Sequence[EvalItem], target: str) -> dict[str, list[str]]:
    lines = read_tokenized_texts(path, target)
    if not any(line.strip() for line in lines):
        raise CorpusError(f"'{path}' holds no line with an answer")
    places = [find_row(item.source) for item in items]
    if None not in places:  # a corpus of lines
        last = max(place for place in places if place)
        if len(lines) < last:
            raise CorpusError(
                f"'{path}' has {len(lines)} lines, and the corpus goes on to line {last}"
            )
        return {i.id: [lines[place - 1]] for i, place in zip(items, places, strict=True) if place}
    if len(lines) != len(items):
        raise CorpusError(
            f"'{path}' has {len(lines)} lines for {len(items)} items; use JSONL rows with 'id' "
            f"and 'text'"
        )
    return {item.id: [line] for item, line in zip(items, lines, strict=True)}
