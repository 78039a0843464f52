"""What is evaluated: items of a source and, where there is one, a reference; from every form of
corpus.

Contract: `load_items(spec, direction)` gives items in the corpus's order with ids that do not
change, and names what was left out and why. Bad input is a CorpusError of one line.

    spec                        what
    SRC.tok,TGT.tok             two whitespace-tokenised files, line with line
    FILE.jsonl                  rows with a column per dialect, or execution cases (see
                                coevolve.evaluation.mupa)
    FOLDER                      source files; references are the files of the target dialect
                                with the same function
    FOLDER of a ParEval clone   see coevolve.evaluation.pareval
    builtin, development, hf:…  as in corpora.datasets.loaders; A,B names the two sides apart

    python -c "from coevolve.evaluation.items import load_items; \\
        print(len(load_items('builtin', 'cpp:cuda').items))"
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from corpora.datasets.loaders import CorpusError, load_corpus, load_pairs
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


def load_items(spec: str, direction_text: str) -> EvalCorpus:
    """The items of `spec` (see the module). Raises CorpusError, also for the direction."""
    from coevolve.evaluation import mupa as eval_mupa
    from coevolve.evaluation import pareval as eval_pareval

    way = parse_user_direction(direction_text)
    if eval_mupa.is_mupa_file(spec):
        return eval_mupa.load_mupa(spec, way)
    if eval_pareval.is_pareval_checkout(spec):
        return eval_pareval.load_pareval(spec, way)
    left, comma, right = spec.partition(",")
    return _make_paired_corpus(spec, left, right, way) if comma else _one_corpus(spec, way)


def parse_user_direction(text: str) -> Direction:
    """The direction that a user wrote. Raises CorpusError."""
    try:
        return parse_direction(text)
    except ValueError as error:
        raise CorpusError(str(error)) from None


def _make_paired_corpus(spec: str, left: str, right: str, way: Direction) -> EvalCorpus:
    pairs = load_pairs(left.strip(), right.strip(), str(way))
    items = [
        EvalItem(_id_of(source, i), source, target, _kind(source))
        for i, (source, target) in enumerate(pairs)
    ]
    return EvalCorpus(spec, way, _unique(items), pairs.skipped)


def _one_corpus(spec: str, way: Direction) -> EvalCorpus:
    """Sources of one corpus; its own programs of the target dialect are references where a name
    belongs to one of them.
    """
    loaded = load_corpus(spec, way.source.name)
    try:
        others: Sequence[Program] = load_corpus(spec, way.target.name).programs
    except CorpusError:
        others = ()  # a corpus of sources alone: judged by execution, not by likeness
    references = _by_place(others)
    items = [
        EvalItem(
            _id_of(p, i),
            p,
            references.get((_stem(p), _fold_name(p.name)))
            or references.get(("", _fold_name(p.name))),
            _kind(p),
        )
        for i, p in enumerate(loaded.programs)
    ]
    return EvalCorpus(spec, way, _unique(items), loaded.skipped)


def _by_place(programs: Sequence[Program]) -> dict[tuple[str, str], Program]:
    """Programs by (file stem, name), and by ('', name) where only one has the name."""
    found = {(_stem(p), _fold_name(p.name)): p for p in programs}
    names = [_fold_name(p.name) for p in programs]
    return found | {("", n): p for p, n in zip(programs, names, strict=True) if names.count(n) == 1}


def _fold_name(name: str) -> str:
    return name.lower().rstrip("_")


def _stem(program: Program) -> str:
    """Place of a program without its suffix: `sub/axpy` of `sub/axpy.cpp`, `cases.jsonl, line 3` as
    it is.
    """
    place = program.origin
    return place if ", " in place else place.partition(".")[0]


def _id_of(program: Program, index: int) -> str:
    """Line or row number where there is one, else the place and the name."""
    word, _, number = program.origin.rpartition(" ")
    if word.endswith((", line", ", row")) and number.isdigit():
        return number
    return f"{program.origin}:{program.name}" if program.origin else str(index + 1)


def _kind(program: Program) -> str:
    """The folder that a program lies in: `blas1` of `builtin/blas1/axpy`."""
    parts = program.origin.split("/")
    return parts[-2] if len(parts) > 1 and ", " not in program.origin else ""


def _unique(items: Sequence[EvalItem]) -> tuple[EvalItem, ...]:
    """Ids made different by a number: one line may hold several functions."""
    seen: dict[str, int] = {}
    found = []
    for item in items:
        seen[item.id] = seen.get(item.id, 0) + 1
        number = seen[item.id]
        found.append(item if number == 1 else replace(item, id=f"{item.id}#{number}"))
    return tuple(found)


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
