"""What of a training corpus, or of a file of pairs, is like an evaluation program.

Contract: a program is held back when it equals an evaluation program as text (comments and layout
do not count), as tokens (names do not count either), or nearly (similarity of 0.8, as in
corpora.splits). A pair is held back when its source or its target is. Everything that a corpus
holds is read, in every dialect; what is not is named in `left_out`.

    python -c "from coevolve.evaluation.decontamination import load_programs; \\
        print(len(load_programs('builtin').programs))"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from coevolve.evaluation.corpus import parse_user_direction
from coevolve.evaluation.items import load_items
from coevolve.evaluation.mupa import is_mupa_file
from coevolve.evaluation.pareval import MODELS, is_pareval_checkout
from corpora.datasets.loaders import (
    CorpusError,
    ToldDialects,
    find_dialects,
    is_ready_made,
    load_corpus,
)
from corpora.datasets.tables import read_text_columns
from corpora.dialects import get_dialect
from corpora.frontends.c_tokens import tokenize
from corpora.records import Program
from corpora.splits import EvaluationGuard
from corpora.tokens.lexers import lex
from gpu_runtime.openmp.directives import find_directives

if TYPE_CHECKING:
    import pyarrow

KINDS = ("equal text", "equal tokens", "near-duplicate")
USUAL = ("cpp", "cuda")
"""The two sides of a corpus that says nothing of its dialects."""
SIDES = ("source", "target")
_PAIR_COLUMNS = frozenset(f"{side}_{field}" for side in SIDES for field in ("dialect", "text"))


@dataclass(frozen=True, slots=True)
class HeldBackProgram:
    """A program that must not be trained on, since it is like one that is evaluated on.

    program: it. index: its place, from 0, among the programs that were looked at. kind: how it is
        like an evaluation program, `equal text`, `equal tokens` or `near-duplicate`. like: that
        evaluation program. similarity: of the two programs, in [0, 1].
    """

    program: Program
    index: int
    kind: str
    like: Program
    similarity: float


@dataclass(frozen=True, slots=True)
class HeldBackPair:
    """A pair that must not be trained on. row: its row in the table, from 1. side: `source` or
    `target`, the one that is more like an evaluation program. held: what that one is like.
    """

    row: int
    side: str
    held: HeldBackProgram


@dataclass(frozen=True, slots=True)
class LoadedPrograms:
    """The programs of a corpus, in every dialect that was read. left_out: what gave no program, and
    why, one line each.
    """

    programs: tuple[Program, ...]
    left_out: tuple[str, ...] = ()


def is_pairs_file(spec: str) -> bool:
    """Return whether `spec` is the path of a Parquet file of pairs, as `coevolve export` writes it:
    with the columns for dialect and text of source and target. Raises CorpusError if it is named so
    and is no Parquet file.
    """
    path = Path(spec).expanduser()
    return (
        path.suffix.lower() == ".parquet"
        and path.is_file()
        and _PAIR_COLUMNS <= set(read_text_columns(path))
    )


def read_pairs(path: Path) -> pyarrow.Table:
    """Return the table of a Parquet file of pairs, all of its columns. path: a file for which
    `is_pairs_file` is true.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        return file.read()


def list_pair_programs(table: pyarrow.Table, name: str) -> list[Program]:
    """Return the programs of a table of pairs: the sources of all rows, then the targets.

    table: with the columns that `coevolve export` writes; a null or a missing column is ''. name:
        the file's, for the origin of programs that have none.
    """
    found = []
    for side in SIDES:
        fields = ("dialect", "name", "text", "origin")
        columns = [_column(table, f"{side}_{field}") for field in fields]
        for number, row in enumerate(zip(*columns, strict=True), 1):
            program = Program(*(value or "" for value in row))
            found.append(
                program if program.origin else replace(program, origin=f"{name}, row {number}")
            )
    return found


def _column(table: pyarrow.Table, name: str) -> list[str | None]:
    return table[name].to_pylist() if name in table.column_names else [None] * table.num_rows


def find_held_back_pairs(
    table: pyarrow.Table, evaluation: Sequence[Program], name: str
) -> list[HeldBackPair]:
    """Return the pairs that must not be trained on, in the order of their rows. In each of them the
    source or the target is like a program of `evaluation`.

    table: of pairs, with the columns that `coevolve export` writes. name: of its file, for the
        origin of programs that have none.
    """
    worst: dict[int, HeldBackPair] = {}
    for held in find_held_back(list_pair_programs(table, name), evaluation):
        target, row = divmod(held.index, table.num_rows)
        pair = HeldBackPair(row + 1, SIDES[target], held)
        worst[row] = min(worst.get(row, pair), pair, key=_rank)
    return [worst[row] for row in sorted(worst)]


def _rank(pair: HeldBackPair) -> tuple[int, float]:
    return KINDS.index(pair.held.kind), -pair.held.similarity


def find_held_back(
    corpus: Sequence[Program], evaluation: Sequence[Program]
) -> list[HeldBackProgram]:
    """Return the programs of `corpus`, in order, that equal or nearly equal a program of
    `evaluation`.
    """
    texts = {_spell(p): p for p in evaluation}
    found = []
    for leak in EvaluationGuard(evaluation).leaks(corpus):
        program, like = corpus[leak.item], evaluation[leak.evaluation]
        same = texts.get(_spell(program))
        kind = KINDS[0] if same else KINDS[1] if leak.similarity == 1.0 else KINDS[2]
        found.append(HeldBackProgram(program, leak.item, kind, same or like, leak.similarity))
    return found


def _spell(program: Program) -> str:
    """A program's words as written, without comments and layout."""
    return " ".join(token.text for token in lex(program.text, _language(program)))


def _language(program: Program) -> str:
    try:
        return get_dialect(program.dialect).language
    except ValueError:  # a table of somebody else's names
        return "cpp"


# --- what is read


def load_evaluation(spec: str, direction: str = "") -> LoadedPrograms:
    """Return the programs of both sides of what is evaluated on, so that none of them is trained
    on.

    spec: as of `coevolve eval --corpus`, or a Parquet file of pairs. direction: such as `cpp:cuda`;
        '' for every dialect that there is. Raises CorpusError if it cannot be read.
    """
    if is_pairs_file(spec):
        path = Path(spec).expanduser()
        return LoadedPrograms(tuple(list_pair_programs(read_pairs(path), path.name)))
    if direction or "," in spec or is_mupa_file(spec):
        directions = [direction or _guess_direction(spec)]
    elif is_pareval_checkout(spec):
        directions = [f"cpp:{target}" for target in MODELS]
    else:
        return load_programs(spec)
    items = [item for each in directions for item in load_items(spec, each).items]
    both = [p for item in items for p in (item.source, item.reference) if p is not None]
    return LoadedPrograms(tuple(dict.fromkeys(both)))


def load_programs(spec: str, direction: str = "") -> LoadedPrograms:
    """Return the programs of a corpus.

    spec: a corpus, or `A,B` with one a side. direction: such as `cpp:cuda`, the two dialects to
        read; '' for every dialect that there is: lines and rows that say none are read as C++ and
        CUDA. Raises CorpusError if one cannot be read or the direction is unknown.
    """
    left, comma, right = spec.partition(",")
    if comma:
        wanted = parse_user_direction(direction or _guess_direction(spec))
        sides = ((left.strip(), wanted.source.name), (right.strip(), wanted.target.name))
        read = [_load(part, (name,)) for part, name in sides]
        return LoadedPrograms(
            tuple(p for each in read for p in each.programs),
            tuple(line for each in read for line in each.left_out),
        )
    if direction:
        wanted = parse_user_direction(direction)
        return _load(spec, (wanted.source.name, wanted.target.name))
    return _load(spec, find_dialects(spec).names or USUAL)


def _guess_direction(spec: str) -> str:
    """The direction of two sides `A,B` by what each says of its dialect, else the usual one."""
    parts = spec.split(",", 1)
    if len(parts) == 2:
        told = [find_dialects(part.strip()).names for part in parts]
        names = [
            each[0] if len(each) == 1 else usual for each, usual in zip(told, USUAL, strict=True)
        ]
        if names[0] != names[1]:
            return ":".join(names)
    return ":".join(USUAL)


def _load(spec: str, dialects: Sequence[str]) -> LoadedPrograms:
    """The programs of one corpus in some dialects, and what of it is in no other."""
    told = find_dialects(spec)
    found: list[Program] = []
    left_out = [] if is_ready_made(spec) else _name_unread(spec, told, dialects)
    problem: CorpusError | None = None
    for name in dialects:
        try:
            loaded = load_corpus(spec, name)
        except CorpusError as error:
            problem = problem or error
            if name in told.names:
                left_out.append(str(error))
            continue
        found += loaded.programs
        if loaded.skipped:
            first = loaded.skipped[0]
            left_out.append(
                f"{len(loaded.skipped)} {name} functions of '{spec}' that tests cannot call; the "
                f"first: {first.name or 'text'} at {first.where}: {first.reason}"
            )
    if problem and not found:
        raise problem
    return LoadedPrograms(
        tuple(found if told.counts else _one_dialect_each(found)), tuple(left_out)
    )


def _name_unread(spec: str, told: ToldDialects, dialects: Sequence[str]) -> list[str]:
    others = [(name, n) for name, n in told.counts if name not in dialects] + [*told.unread]
    if not others:
        return []
    count = sum(n for _, n in others)
    words = ", ".join(f"{name} {n}" for name, n in others)
    return [
        f"{count} {told.unit}{'s' * (count > 1)} of '{spec}' in no dialect that is read: {words}"
    ]


def _one_dialect_each(programs: Sequence[Program]) -> list[Program]:
    """Each text of a line or row once: it says no dialect, so several read it; what it shows
    decides.
    """
    found: dict[tuple[str, str], Program] = {}
    for program in programs:
        key = program.origin, program.text
        fits = _is_parallel(program.text) == (get_dialect(program.dialect).model != "serial")
        if fits or key not in found:
            found[key] = program
    return list(found.values())


def _is_parallel(text: str) -> bool:
    """Whether a text, whose dialect nothing says, holds kernels, launches or directives."""
    kernels = {"__global__", "<<<"} & {token.text for token in tokenize(text)}
    return bool(kernels) or any(find_directives(text, one) for one in ("cpp", "fortran"))
