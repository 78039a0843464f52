"""What is evaluated: items of a source and, where there is one, a reference; from every form of
corpus.

Contract: `load_items(spec, direction)` gives items in the corpus's order with ids that do not
change, and names what was left out and why. Bad input is a CorpusError of one line.

    spec                        what
    SRC.tok,TGT.tok             two whitespace-tokenised files, line with line
    FILE.jsonl                  rows with a column per dialect, or execution cases (see
                                coevolve.evaluation.mupa); their `id` where they have one
    FOLDER                      source files; references are the files of the target dialect
                                with the same function
    FOLDER of a ParEval clone   see coevolve.evaluation.pareval
    builtin, development, hf:…  as in corpora.datasets.loaders; A,B names the two sides apart

    python -c "from coevolve.evaluation.items import load_items; \\
        print(len(load_items('builtin', 'cpp:cuda').items))"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from coevolve.evaluation import mupa, pareval
from coevolve.evaluation.corpus import (
    EvalCorpus,
    EvalItem,
    find_row,
    parse_user_direction,
    read_item_id,
    read_json_rows,
    require_unique_ids,
)
from corpora.datasets.loaders import CorpusError, load_corpus, load_pairs
from corpora.datasets.tables import fetch_url
from corpora.dialects import Direction
from corpora.records import Program


def load_items(spec: str, direction_text: str) -> EvalCorpus:
    """Load a corpus for evaluation: the problems that a model is asked about, with what was left
    out.

    spec: `SRC.tok,TGT.tok`, a `.jsonl` file, a folder, a ParEval checkout, `builtin`, `development`
        or `hf:ID`. direction_text: as `cpp:cuda`. Raises CorpusError if the corpus cannot be read
        or the direction is unknown.
    """
    direction = parse_user_direction(direction_text)
    if mupa.is_mupa_file(spec):
        return mupa.load_mupa(spec, direction)
    if pareval.is_pareval_checkout(spec):
        return pareval.load_pareval(spec, direction)
    left, comma, right = spec.partition(",")
    return (
        _make_paired_corpus(spec, left, right, direction) if comma else _one_corpus(spec, direction)
    )


def _make_paired_corpus(spec: str, left: str, right: str, direction: Direction) -> EvalCorpus:
    pairs = load_pairs(left.strip(), right.strip(), str(direction))
    named = _read_ids(left.strip(), direction)
    items = [
        EvalItem(_id_of(source, i, named), source, target, _kind(source))
        for i, (source, target) in enumerate(pairs)
    ]
    return EvalCorpus(spec, direction, _unique(items), pairs.skipped)


def _one_corpus(spec: str, direction: Direction) -> EvalCorpus:
    """Sources of one corpus; its own programs of the target dialect are references where a name
    belongs to one of them.
    """
    loaded = load_corpus(spec, direction.source.name)
    try:
        others: Sequence[Program] = load_corpus(spec, direction.target.name).programs
    except CorpusError:
        others = ()  # a corpus of sources alone: judged by execution, not by likeness
    references, named = _by_place(others), _read_ids(spec, direction)
    items = [
        EvalItem(
            _id_of(p, i, named),
            p,
            references.get((_stem(p), _fold_name(p.name)))
            or references.get(("", _fold_name(p.name))),
            _kind(p),
        )
        for i, p in enumerate(loaded.programs)
    ]
    return EvalCorpus(spec, direction, _unique(items), loaded.skipped)


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


def _read_ids(spec: str, direction: Direction) -> dict[int, str]:
    """The ids that the rows of a JSONL file say, by line; {} for other corpora."""
    base = spec.partition("?")[0].partition("#")[0]
    if not base.lower().endswith(".jsonl"):
        return {}
    path = fetch_url(base) if "://" in base else Path(base).expanduser()
    source = direction.source.name
    rows = [r for r in read_json_rows(path) if r[1].get("dialect", source) == source]
    found = {number: read_item_id(path, number, row) for number, row in rows}
    require_unique_ids(path, ((number, name or str(number)) for number, name in found.items()))
    return {number: name for number, name in found.items() if name}


def _id_of(program: Program, index: int, named: Mapping[int, str]) -> str:
    """What its row says, else the number of its line or row where there is one, else the place and
    the name.
    """
    if (row := find_row(program)) is not None:
        return named.get(row, str(row))
    return f"{program.origin}:{program.name}" if program.origin else str(index + 1)


def _kind(program: Program) -> str:
    """The folder that a program lies in: `blas1` of `builtin/blas1/axpy`."""
    parts = program.origin.split("/")
    return parts[-2] if len(parts) > 1 and ", " not in program.origin else ""


def _unique(items: Sequence[EvalItem]) -> tuple[EvalItem, ...]:
    """Ids made different by a number: one line may hold several functions."""
    taken = {item.id for item in items}
    seen: dict[str, int] = {}
    found = []
    for item in items:
        name, number = item.id, seen.get(item.id, 0) + 1
        while number > 1 and (name := f"{item.id}#{number}") in taken:
            number += 1
        seen[item.id] = number
        taken.add(name)
        found.append(item if number == 1 else replace(item, id=name))
    return tuple(found)
