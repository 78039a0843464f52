"""Execution cases of the MuPa form: JSONL rows of a C++ function, a CUDA kernel, and tests written
as C++ snippets.

Contract: the keys are `cpp_code`, `cuda_code`, `consistent_cpp_inputs` (snippets that end in
`wrapper(f, ...)`), `consistent_cuda_inputs`, `cuda_wrapper`, `consistent_outputs`, and `id` where
there is one. The snippets become typed tests; what they expect is what the source gives when it
runs, so `consistent_outputs` (printed text) is not used. The kernel is judged by itself: the engine
finds the launch and copies the data, so the wrapper is not used either.

    coevolve eval --model small --corpus cases.jsonl --direction cpp:cuda --out result.json
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from coevolve.evaluation.corpus import (
    EvalCorpus,
    EvalItem,
    find_row,
    read_first_row,
    read_item_id,
    read_json_rows,
    require_unique_ids,
)
from corpora.datasets.loaders import CorpusError
from corpora.dialects import Direction
from corpora.extraction.extract import SkippedItem, explain_uncallable
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import tokenize
from corpora.frontends.queries import free_functions
from corpora.ir.edits import Edit, apply_edits
from corpora.records import Program

CODE = {"cpp": "cpp_code", "cuda": "cuda_code"}
TESTS = {"cpp": "consistent_cpp_inputs", "cuda": "consistent_cuda_inputs"}
_NOTE = (
    "two scores: 'given_tests' is by the tests that came with the corpus, all others by "
    "rule-made tests with mutants"
)


def is_mupa_file(spec: str) -> bool:
    """Return whether `spec` is a JSONL file whose first row has the keys `cpp_code` and
    `cuda_code`. Raises CorpusError if the file cannot be read or its first row is no JSON object.
    """
    path = Path(spec).expanduser()
    return (
        path.suffix == ".jsonl"
        and path.is_file()
        and {"cpp_code", "cuda_code"} <= read_first_row(path).keys()
    )


def load_mupa(spec: str, direction: Direction) -> EvalCorpus:
    """Return the items of a file of the data set MuPa (pairs of C++ and CUDA with tests), with
    their tests.

    spec: the path of the file, JSONL with the keys `cpp_code` and `cuda_code`. direction:
        `cpp:cuda` or `cuda:cpp`. Raises CorpusError for rows without these keys, or another
        direction.
    """
    if {direction.source.name, direction.target.name} != {"cpp", "cuda"}:
        raise CorpusError(
            f"'{spec}' holds C++ and CUDA; its directions are cpp:cuda and cuda:cpp, "
            f"not {direction}"
        )
    path = Path(spec).expanduser()
    items: list[EvalItem] = []
    skipped: list[SkippedItem] = []
    for number, row in _rows(path):
        source = _function(
            row[CODE[direction.source.name]], direction.source.name, f"{path.name}, line {number}"
        )
        reference = _function(
            row[CODE[direction.target.name]], direction.target.name, f"{path.name}, line {number}"
        )
        if source is None:
            skipped.append(
                SkippedItem(
                    f"{path.name}, line {number}", "", "no function definition in the source"
                )
            )
            continue
        if reason := explain_uncallable(source):
            # It stays an item: leaving out what is hard would make the figures better than they
            # are.
            skipped.append(
                SkippedItem(source.origin, source.name, f"kept, but cannot be tested: {reason}")
            )
        snippets = tuple(s for s in row.get(TESTS[direction.source.name], []) if isinstance(s, str))
        items.append(
            EvalItem(
                read_item_id(path, number, row) or str(number),
                source,
                reference,
                "",
                None,
                _rename_wrapper(snippets, source),
            )
        )
    if not items:
        raise CorpusError(f"'{spec}' holds no execution case")
    require_unique_ids(path, ((find_row(item.source) or 0, item.id) for item in items))
    return EvalCorpus(spec, direction, tuple(items), tuple(skipped), notes=(_NOTE,))


def _rows(path: Path) -> Iterator[tuple[int, dict]]:
    for number, row in read_json_rows(path):
        for key in CODE.values():
            if not isinstance(row.get(key), str):
                raise CorpusError(f"'{path}', line {number}: '{key}' is missing or not text")
        yield number, row


def _function(text: str, dialect_name: str, origin: str) -> Program | None:
    """The text as a program, entered at its last function; None where it defines none."""
    functions = free_functions(parse_c_family(text, dialect_name))
    return Program(dialect_name, functions[-1].name, text.strip(), origin) if functions else None


def _rename_wrapper(snippets: tuple[str, ...], source: Program) -> tuple[str, ...]:
    """Snippets that call `wrapper(NAME, ...)` with the source's own name: for CUDA the form names
    the host wrapper.
    """
    return tuple(_rename_callee(text, source.name) for text in snippets)


def _rename_callee(text: str, name: str) -> str:
    """A snippet whose calls of `wrapper` take `name` as the function that they call."""
    tokens = tokenize(text)
    edits = []
    for i, token in enumerate(tokens):
        opening, callee, comma = (*tokens[i + 1 : i + 4], None, None, None)[:3]
        if token.text == "wrapper" and opening and callee and comma:
            if (opening.text, callee.kind, comma.text) == ("(", "word", ","):
                edits.append(Edit(callee.start, callee.end, name))
    return apply_edits(text, edits)
