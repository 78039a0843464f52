"""Corpora by one spec string: files, folders, BabelTower lines, JSONL, Parquet, Hugging Face,
hand-written and generated.

Contract: `load_corpus(spec, dialect)` gives every function that tests can call, and names what was
left out and why; `load_pairs(source, target, direction)` keeps the alignment of two sides (line
with line, row with row, name with name) and leaves out only what holds no function. Bad input is a
CorpusError: one line with what, where and how to mend it.

    spec                        what
    builtin                     the project's hand-written functions
    development                 more of them, to choose settings by: neither trained on nor reported
    generated:COUNT:SEED[:easy] loop nests from the generator, of its level `mixed` where no other
                                is named; behind it `:structures`, with structures and vectors
                                as parameters where they can be
    hf:DATASET[:SPLIT]          a Hugging Face data set (split `train` where not given)
    PATH.tok                    one whitespace-tokenised function a line
    PATH.jsonl, PATH.parquet    one text a row; newlines may be stored as backslash-n
    PATH                        a source file, or a folder whose files are chosen by suffix
    URL                         any of these files at s3://, gs://, https:// (what fsspec knows)
`#COLUMN` after a table names its text column, `?NAME=VALUE&...` after any of them replaces macro
names in the text: `polybench.parquet#fortran?DATA_TYPE=double precision&_PB_*=*` (a `*` ends a
name, and in the value stands for its rest). `?shim=polybench` writes out the macros of that
benchmark suite (corpora/datasets/polybench.py) in functions that rely on them.

    python -c "from corpora.datasets.loaders import load_corpus; \\
        print(len(load_corpus('builtin', 'cpp').programs))"
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path

from corpora.datasets import polybench
from corpora.datasets.tables import (
    CorpusError,
    fetch_url,
    read_file,
    read_hub_rows,
    read_json_objects,
    read_jsonl_rows,
    read_parquet_rows,
    read_text_columns,
    restore_newlines,
)
from corpora.dialects import (
    DIALECTS,
    Dialect,
    Direction,
    get_dialect,
    guess_dialect,
    parse_direction,
)
from corpora.extraction.c_family import extract_functions
from corpora.extraction.extract import SkippedItem, explain_uncallable, extract_programs
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.queries import functions_of
from corpora.generator import LEVELS, Computation, generate
from corpora.places import name_module
from corpora.processes import map_in_processes
from corpora.records import Program

__all__ = [
    "CorpusError",
    "LoadedCorpus",
    "LoadedPairs",
    "ToldDialects",
    "find_dialects",
    "is_ready_made",
    "load_corpus",
    "load_pairs",
    "load_text",
    "programs_of_text",
]


@dataclass(frozen=True, slots=True)
class LoadedCorpus:
    """The programs of a corpus, in order. skipped: the items that were left out, such as functions
    that tests cannot call, each with its reason. Iterating over it yields the programs.
    """

    programs: tuple[Program, ...]
    skipped: tuple[SkippedItem, ...] = ()

    def __iter__(self) -> Iterator[Program]:
        return iter(self.programs)

    def __len__(self) -> int:
        return len(self.programs)


@dataclass(frozen=True, slots=True)
class LoadedPairs:
    """Aligned programs of two corpora. pairs: (source, target), in order. skipped: the items that
    were left out, each with its reason. Iterating over it yields the pairs.
    """

    pairs: tuple[tuple[Program, Program], ...]
    skipped: tuple[SkippedItem, ...] = ()

    def __iter__(self) -> Iterator[tuple[Program, Program]]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)


@dataclass(frozen=True, slots=True)
class ToldDialects:
    """What a corpus says of the dialects of its files or rows.

    counts: (dialect, files or rows), in the order of the table of dialects; () where it says
        nothing, as lines do. unit: what is counted, `file` or `row`. unread: (suffix or word,
        files or rows) of those that are in no known dialect.
    """

    counts: tuple[tuple[str, int], ...] = ()
    unit: str = "file"
    unread: tuple[tuple[str, int], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the dialects that a corpus says it has, in the order of the table of
        dialects.
        """
        return tuple(name for name, _ in self.counts)


@dataclass(frozen=True, slots=True)
class _Spec:
    """A spec string taken apart. `macros`: (name, replacement) pairs; the name `shim` stands for a
    whole set (_SHIMS).
    """

    text: str
    base: str
    column: str
    macros: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Unit:
    """A text ('' where a line or row holds none) and where it came from. `line`: it is one function
    in BabelTower form.
    """

    origin: str
    text: str
    line: bool = False


def load_corpus(spec: str, dialect_name: str) -> LoadedCorpus:
    """Load the functions of a dialect from a corpus, in its order; those that tests cannot call are
    in the result's `skipped`.

    spec: `builtin`, `development`, `generated:COUNT:SEED`, `hf:DATASET`, or the path or URL of a
        `.tok`, `.jsonl`, `.parquet` or source file, or the path of a folder. `#COLUMN` behind a
        table or data set names the column with the texts; `?NAME=VALUE` at the end replaces a word
        in texts that are read. dialect_name: such as `cuda`.
    Raises CorpusError if the corpus cannot be read or has no function, ValueError for an unknown
    dialect.
    """
    row = get_dialect(dialect_name)
    parsed = _parse(spec)
    if is_ready_made(spec):
        return LoadedCorpus(tuple(_ready_made(parsed, row)))
    programs: list[Program] = []
    skipped: list[SkippedItem] = []
    texts = (unit for unit in _units(parsed, row) if unit.text.strip())
    read = partial(_programs, row=row, macros=parsed.macros)
    for found, lost in map_in_processes(read, texts):
        programs += found
        skipped += lost
    if not programs:
        why = (
            f"; first reason: {skipped[0].name or 'text'} at {skipped[0].where}: "
            f"{skipped[0].reason}"
            if skipped
            else ""
        )
        raise CorpusError(
            f"corpus '{spec}' holds no {row.name} function that tests can call ({len(skipped)} "
            f"left out{why})"
        )
    return LoadedCorpus(tuple(programs), tuple(skipped))


def programs_of_text(text: str, dialect_name: str, origin: str = "") -> LoadedCorpus:
    """Return the functions in one source text that tests can call; the others are in the result's
    `skipped`. origin: where the text is from, for people. A text without functions gives a corpus
    without programs. Raises ValueError for an unknown dialect.
    """
    programs, skipped = _programs(_Unit(origin, text), get_dialect(dialect_name), ())
    return LoadedCorpus(tuple(programs), tuple(skipped))


def load_text(text: str, dialect_name: str) -> LoadedCorpus:
    """Return the functions in one source text that tests can call; the others are in the result's
    `skipped`. Raises CorpusError if there is no such function, ValueError for an unknown dialect.
    """
    row = get_dialect(dialect_name)
    programs, skipped = _programs(_Unit("text", text), row, ())
    if not programs:
        why = f": {skipped[0].reason}" if skipped else ""
        raise CorpusError(f"the text holds no {row.name} function that tests can call{why}")
    return LoadedCorpus(tuple(programs), tuple(skipped))


def load_pairs(source: str, target: str, direction_text: str) -> LoadedPairs:
    """Load two corpora and align them, entry by entry: file with file, row with row, line with
    line. Functions that tests cannot call stay in.

    source, target: specs such as `builtin`, a `.tok` or `.jsonl` file, or a folder; the two need
        the same number of entries. Those of `builtin` and the like are paired by computation if
        both are the same. direction_text: as `cpp:cuda`.
    Raises CorpusError if one cannot be read or they do not align, ValueError for an unknown
    direction.
    """
    direction = parse_direction(direction_text)
    left, right = _parse(source), _parse(target)
    if is_ready_made(source) and left.base == right.base:
        return LoadedPairs(tuple(_ready_made_pairs(left, direction)))
    sides = [list(_units(left, direction.source)), list(_units(right, direction.target))]
    if len(sides[0]) != len(sides[1]):
        raise CorpusError(
            f"'{source}' has {len(sides[0])} entries and '{target}' {len(sides[1])}; aligned "
            f"corpora need the same number"
        )
    pairs: list[tuple[Program, Program]] = []
    skipped: list[SkippedItem] = []
    read = partial(_aligned_programs, direction, left.macros, right.macros)
    both = list(zip(*sides, strict=True))
    for (a, b), found in zip(both, map_in_processes(read, both), strict=True):
        pairs += found
        if not found and (a.text.strip() or b.text.strip()):
            skipped.append(
                SkippedItem(
                    f"{a.origin} / {b.origin}",
                    "",
                    "no function of one side matches one of the other",
                )
            )
    if not pairs:
        raise CorpusError(
            f"'{source}' and '{target}' hold no pair of functions for {direction_text}"
        )
    return LoadedPairs(tuple(pairs), tuple(skipped))


def _parse(spec: str) -> _Spec:
    base, _, macros = spec.partition("?")
    base, _, column = base.partition("#")
    pairs = []
    for part in macros.split("&") if macros else []:
        name, equals, value = part.partition("=")
        if name == "shim" and value not in _SHIMS:
            raise CorpusError(
                f"corpus '{spec}': there is no shim '{value}' (known: {', '.join(_SHIMS)})"
            )
        if not equals or not name.removesuffix("*").isidentifier():
            raise CorpusError(
                f"corpus '{spec}': '{part}' is not of the form NAME=VALUE or PREFIX*=VALUE"
            )
        pairs.append((name, value))
    if base == "hf:":
        raise CorpusError("corpus 'hf:' names no data set; write hf:OWNER/NAME")
    path = Path(base)
    if (
        column
        and not base.startswith("hf:")
        and (
            base in _HAND_WRITTEN
            or base.startswith("generated:")
            or path.is_dir()
            or path.suffix.lower() not in _TABLES
        )
    ):
        raise CorpusError(
            f"corpus '{spec}': '#{column}' names a column, and '{base}' has none; only "
            f"{', '.join(_TABLES)} and hf: have columns"
        )
    if not base.strip():
        raise CorpusError(
            "the corpus is empty text; give a path, 'builtin', 'generated:COUNT:SEED' or "
            "'hf:DATASET'"
        )
    return _Spec(spec, base, column, tuple(pairs))


def is_ready_made(spec: str) -> bool:
    """Return whether the corpus `spec`, such as `builtin` or a path, is written by hand or
    generated, so that its items exist in several dialects. Raises CorpusError for a malformed spec.
    """
    return _parse(spec).base in _HAND_WRITTEN or _parse(spec).base.startswith("generated:")


def find_dialects(spec: str) -> ToldDialects:
    """Return what a corpus says of its dialects: by the suffixes of its files, by the key `dialect`
    of its rows, or by columns called like dialects.

    spec: as for `load_corpus`, such as `builtin` or a path. A data set of the hub, a URL, or a path
    where nothing is says nothing. Raises CorpusError if it cannot be read.
    """
    parsed = _parse(spec)
    path = Path(parsed.base).expanduser()
    if is_ready_made(spec):
        return ToldDialects(tuple((name, 1) for name in DIALECTS))
    if parsed.base.startswith("hf:") or "://" in parsed.base or not path.exists():
        return ToldDialects()
    if path.is_dir():
        files = [f for f in _list_files(path) if not _is_hidden(f.relative_to(path))]
        return _count_words(map(_dialect_or_suffix, files), "file")
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        return _count_words([_dialect_or_suffix(path)], "file")
    if suffix == ".jsonl":
        rows = [found for _, found in read_json_objects(path)]
        if words := [str(row["dialect"]) for row in rows if "dialect" in row]:
            return _count_words(words, "row")
        columns = [name for row in rows for name in row]
    else:
        columns = read_text_columns(path) if suffix == ".parquet" else []
    kept = () if parsed.column else (name for name in columns if name in DIALECTS)
    return _count_words(kept, "row")


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _dialect_or_suffix(path: Path) -> str:
    try:
        return guess_dialect(path.name).name
    except ValueError:
        return path.suffix.lower() or path.name


def _count_words(words: Iterable[str], unit: str) -> ToldDialects:
    counts = Counter(words)
    known = tuple((name, counts[name]) for name in DIALECTS if name in counts)
    return ToldDialects(
        known, unit, tuple(sorted((w, n) for w, n in counts.items() if w not in DIALECTS))
    )


_HAND_WRITTEN = ("builtin", "development")
_TABLES = (".jsonl", ".parquet")


def _ready_made(spec: _Spec, row: Dialect) -> list[Program]:
    if spec.base in _HAND_WRITTEN:
        return import_module(name_module(f"corpora.{spec.base}")).programs(row.name)
    return [item.programs[row.name] for item in _load_generated(spec) if row.name in item.programs]


def _ready_made_pairs(spec: _Spec, direction: Direction) -> list[tuple[Program, Program]]:
    if spec.base in _HAND_WRITTEN:
        return import_module(name_module(f"corpora.{spec.base}")).pairs(str(direction))
    names = (direction.source.name, direction.target.name)
    return [
        (c.programs[names[0]], c.programs[names[1]])
        for c in _load_generated(spec)
        if all(n in c.programs for n in names)
    ]


def _load_generated(spec: _Spec) -> Iterator[Computation]:
    parts = spec.base.split(":")[1:]
    structures = parts[-1] == "structures"
    parts = parts[: len(parts) - structures]
    level = parts[2:] or ["mixed"]
    if (
        not 2 <= len(parts) <= 3
        or not all(part.isdigit() for part in parts[:2])
        or level[0] not in LEVELS
    ):
        raise CorpusError(
            f"corpus '{spec.text}' is not of the form "
            f"generated:COUNT:SEED[:LEVEL][:structures], for example generated:1000:0 or "
            f"generated:1000:0:easy"
        )
    return generate(int(parts[0]), int(parts[1]), level[0], structures=float(structures))


def _units(spec: _Spec, row: Dialect) -> Iterable[_Unit]:
    if spec.base.startswith("hf:"):
        return (
            _Unit(origin, text) for origin, text in read_hub_rows(spec.base[3:], spec.column, row)
        )
    path = fetch_url(spec.base) if "://" in spec.base else Path(spec.base).expanduser()
    if not path.exists():
        raise CorpusError(f"'{spec.base}' does not exist{_nearest(path)}")
    if path.is_dir():
        return _folder(path, row)
    reader = _READERS.get(path.suffix.lower(), _source_file)
    return reader(path, spec.column, row)


def _nearest(path: Path) -> str:
    import difflib

    siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    if path.parent == Path():
        siblings += _HAND_WRITTEN
    near = difflib.get_close_matches(path.name, siblings, n=1)
    return f" (did you mean '{path.parent / near[0]}'?)" if near else ""


def _folder(folder: Path, row: Dialect) -> list[_Unit]:
    files = [path for path in _list_files(folder) if _dialect_or_suffix(path) == row.name]
    if not files:
        raise CorpusError(
            f"folder '{folder}' holds no {row.name} file (suffixes: {', '.join(row.suffixes)})"
        )
    return [_Unit(str(path.relative_to(folder)), read_file(path)) for path in files]


def _list_files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


def _source_file(path: Path, column: str, row: Dialect) -> list[_Unit]:
    return [_Unit(path.name, read_file(path))]


def _read_tokenized(path: Path, column: str, row: Dialect) -> list[_Unit]:
    # Not splitlines: a form feed or a Unicode separator inside a line would shift every pair after
    # it.
    lines = read_file(path).replace("\r\n", "\n").rstrip("\n").split("\n")
    return [_Unit(f"{path.name}, line {i}", line, line=True) for i, line in enumerate(lines, 1)]


def read_tokenized_texts(path: Path, dialect_name: str) -> list[str]:
    """Return the text of every line of a whitespace-tokenised file (`.tok`), in order, without the
    marks of that form; '' for an empty line. A serial dialect loses its OpenMP directives. Raises
    CorpusError if the file cannot be read, ValueError for an unknown dialect.
    """
    row = get_dialect(dialect_name)
    return [_clean_text(unit, row, ()) for unit in _read_tokenized(path, "", row)]


def _jsonl(path: Path, column: str, row: Dialect) -> Iterator[_Unit]:
    return (_Unit(f"{path.name}, line {i}", text) for i, text in read_jsonl_rows(path, column, row))


def _parquet(path: Path, column: str, row: Dialect) -> Iterator[_Unit]:
    return (
        _Unit(f"{path.name}, row {i}", text) for i, text in read_parquet_rows(path, column, row)
    )


LONGEST_TEXT = 1 << 20
"""Characters of one file, line or row. Reading a text takes memory of some hundred times its
length.
"""
_SHIMS = {"polybench": polybench.expand_macros}
_READERS = {".tok": _read_tokenized, ".jsonl": _jsonl, ".parquet": _parquet}

_LINE_MARKER = re.compile(r"#\s*\d+\s*\"[^\"]*\"\s*(?:\d+\s*)*")
_TOKENISED_PRAGMA = re.compile(r"#\s*pragma\b.*?\bENDCOM\b")
_WORD = re.compile(r"\b[^\W\d]\w*")


def _clean_text(unit: _Unit, row: Dialect, macros: Iterable[tuple[str, str]]) -> str:
    """Text with the marks of tokenised corpora removed, macros replaced, and, for a serial dialect,
    no OpenMP directive.
    """
    text = restore_newlines(unit.text)
    if unit.line:
        text = _LINE_MARKER.sub(" ", text)
        text = _join_unknown(text)
        if row.model in ("openmp", "offload"):
            text = _TOKENISED_PRAGMA.sub(
                lambda m: "\n" + m.group()[: -len("ENDCOM")].strip() + "\n", text
            )
        text = _TOKENISED_PRAGMA.sub(" ", text).replace(" ENDCOM ", " ")
    if row.model == "serial":
        text = drop_openmp_lines(text, row.language)
    for name, value in macros:
        if name == "shim":
            text = _SHIMS[value](text, row.language)
        else:
            text = _replace_words(text, name, value)
    return " ".join(part for part in text.split(" ") if part).strip() if unit.line else text


def _join_unknown(text: str) -> str:
    """`a <unk> b` as the one word `a_unk_b`; a `<unk>` that no words stand round stays."""
    joined, *parts = text.split("<unk>")
    for part in parts:
        before, after = joined.rstrip(), part.lstrip()
        inside = _is_wordy(before[-1:]) and _is_wordy(after[:1])
        joined = f"{before}_unk_{after}" if inside else f"{joined}<unk>{part}"
    return joined


def _is_wordy(character: str) -> bool:
    return character.isalnum() or character == "_"


def _replace_words(text: str, name: str, value: str) -> str:
    """Every word `name` replaced; a `*` at its end, and in `value`, is the rest of the word."""
    start = name.removesuffix("*")

    def replaced(found: re.Match[str]) -> str:
        word = found[0]
        if start == name:
            return value if word == name else word
        rest = word.removeprefix(start)
        return value.replace("*", rest) if rest and word.startswith(start) else word

    return _WORD.sub(replaced, text)


def drop_openmp_lines(text: str, language: str) -> str:
    """Return `text` without its OpenMP directives, with their continuation lines in C++. language:
    `cpp` or `fortran`.
    """
    kept: list[str] = []
    continued = False
    for row in text.splitlines(keepends=True):
        continued = continued or _is_openmp_row(row, language)
        if not continued:
            kept.append(row)
        continued = continued and language == "cpp" and row.rstrip("\r\n").endswith("\\")
    return "".join(kept)


def _is_openmp_row(row: str, language: str) -> bool:
    bare = row.lstrip()
    if language == "cpp":
        words = bare[1:].split()
        return bare[:1] == "#" and words[:1] == ["pragma"] and words[1:2] == ["omp"]
    marked = bare[:1] == "!" or row[:1] in ("c", "C", "*")
    word = (bare if bare[:1] == "!" else row)[1:6].lower()
    return marked and word[:4] == "$omp" and not word[4:].isalnum()


def _programs(
    unit: _Unit, row: Dialect, macros: Iterable[tuple[str, str]]
) -> tuple[list[Program], list[SkippedItem]]:
    if len(unit.text) > LONGEST_TEXT:
        reason = f"{len(unit.text)} characters are too many for one text (at most {LONGEST_TEXT})"
        return [], [SkippedItem(unit.origin, "", reason)]
    if not unit.line:
        found = extract_programs(_clean_text(unit, row, macros), row.name, unit.origin)
        return list(found.programs), list(found.skipped)
    named = _extract_programs(unit, row, macros)
    if not named:
        return [], [SkippedItem(unit.origin, "", "no function definition in the line")]
    reason = (
        "has an unknown token <unk>" if "<unk>" in named[0].text else explain_uncallable(named[0])
    )
    return ([], [SkippedItem(unit.origin, named[0].name, reason)]) if reason else (named, [])


def _extract_programs(
    unit: _Unit, row: Dialect, macros: Iterable[tuple[str, str]]
) -> list[Program]:
    """Programs of a unit whether or not tests can call them: the last function of a line, all
    functions of a text; none of a text that is too long.
    """
    if len(unit.text) > LONGEST_TEXT:
        return []
    text = _clean_text(unit, row, macros)
    if not unit.line:
        return list(extract_programs(text, row.name, unit.origin).programs)
    names = _function_names(text) if row.language == "cpp" else []
    return [Program(row.name, names[-1], text, unit.origin)] if names else []


def _function_names(text: str) -> list[str]:
    """Functions that a line defines; a line that cannot be read has them by their first words."""
    found = [f.name for f in functions_of(parse_c_family(text, "cuda"))]
    return found or [piece.name for piece in extract_functions(text)]


def _aligned_programs(
    direction: Direction,
    left: tuple[tuple[str, str], ...],
    right: tuple[tuple[str, str], ...],
    both: tuple[_Unit, _Unit],
) -> list[tuple[Program, Program]]:
    """The pairs of functions in two aligned texts. left, right: macros of either side."""
    return _align_functions(
        _extract_programs(both[0], direction.source, left),
        _extract_programs(both[1], direction.target, right),
    )


def _align_functions(left: list[Program], right: list[Program]) -> list[tuple[Program, Program]]:
    """The only function of each side, else functions of the same name (without case and trailing
    underscore).
    """
    if len(left) == len(right) == 1:
        return [(left[0], right[0])]
    by_name = {p.name.lower().rstrip("_"): p for p in right}
    return [(p, by_name[key]) for p in left if (key := p.name.lower().rstrip("_")) in by_name]
