"""ParEval checkouts: each problem's serial baseline as a source to translate, in pointer form,
judged by our own engine.

Contract: a problem is `drivers/cpp/benchmarks/TYPE/NAME/baseline.hpp` with the prompts of NAME in
`prompts/generation-prompts.json`; every problem that cannot be used is named with the reason.
Directions are cpp:cuda (parameters as in the CUDA prompt) and cpp:openmp (`std::vector<T> &x`
becomes `T *x`, its length `x_size`). The drivers are not used: inputs are ours and seeded. What
decides is compiled apart from every answer under a name that follows from the text's hash, so that
an answer that declares and calls the baseline does not link.

    coevolve eval --model small --corpus ../ParEval --direction cpp:cuda --out result.json
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from coevolve.evaluation.corpus import EvalCorpus, EvalItem
from coevolve.evaluation.pareval_drivers import find_broken_drivers, find_guarantees
from coevolve.evaluation.vectors import (
    VectorError,
    VectorParameter,
    convert_to_pointers,
    read_parameter,
)
from corpora.analysis.accesses import element_type
from corpora.analysis.loops import root_name
from corpora.datasets.loaders import CorpusError
from corpora.datasets.tables import read_file
from corpora.dialects import Direction
from corpora.extraction.extract import SkippedItem, extract_programs
from corpora.frontends import c_preprocess
from corpora.frontends.c_directives import directive_lines, included_path
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import tokenize
from corpora.frontends.c_words import words_of
from corpora.frontends.queries import functions_of
from corpora.ir import Call, Declaration, Function, Name, Parameter, TranslationUnit, find
from corpora.ir.edits import Edit, apply_edits
from corpora.json_text import JsonError, parse_json
from corpora.records import Program, content_hash

BASELINES = "drivers/cpp/benchmarks"
MODELS = {"cuda": "cuda", "openmp": "omp"}
"""Target dialect -> ParEval's word for it."""
_DEFINED = {"M_PI": "3.14159265358979323846", "USE_SERIAL": "1"}
"""Macros that stand where a serial baseline is compiled; the other branches are for targets that it
is not.
"""
_CONTAINERS = frozenset(
    "queue priority_queue stack deque list map set unordered_map unordered_set tuple".split()
)
_USUAL = ("algorithm", "cmath", "cstddef", "cstdint", "limits", "numeric", "utility", "vector")
_MARKS = frozenset({"NO_INLINE", "NO_OPTIMIZE"})
_NOTE = (
    "ParEval's serial baselines in pointer form; inputs and tests are this project's, so "
    "figures compare with each other and "
    "not with ParEval's leaderboard"
)


@dataclass(frozen=True, slots=True)
class ParEvalPrompt:
    """The function that a problem of the benchmark ParEval wants, as its prompt says.

    kind: the problem's kind, such as `histogram`. entry: the function's name. parameters: those of
        the CUDA kernel, or of the C++ function.
    given: the C++ definitions that the prompt gives above the function, and that the baseline
        needs; '' if there are none.
    """

    kind: str
    entry: str
    parameters: tuple[VectorParameter, ...]
    given: str = ""


def is_pareval_checkout(spec: str) -> bool:
    """Return whether `spec` is a folder with ParEval's prompts and baselines."""
    root = Path(spec).expanduser()
    return (root / BASELINES).is_dir() and (root / "prompts").is_dir()


def load_pareval(spec: str, direction: Direction) -> EvalCorpus:
    """Return the items of a checkout of the benchmark ParEval. A problem's source is its serial
    baseline; problems that cannot be used are in `skipped`.

    spec: the checkout's folder. direction: `cpp:cuda` or `cpp:openmp`. Raises CorpusError for
        another direction, prompts that cannot be read, or if no problem can be used.
    """
    if direction.source.name != "cpp" or direction.target.name not in MODELS:
        raise CorpusError(
            f"'{spec}' is a ParEval checkout; its directions are cpp:cuda and cpp:openmp, "
            f"not {direction}"
        )
    root = Path(spec).expanduser()
    prompts = _prompts(root, direction.target.name)
    items: list[EvalItem] = []
    skipped: list[SkippedItem] = []
    baselines = {p.parent.name: p for p in sorted((root / BASELINES).glob("*/*/baseline.hpp"))}
    for name in sorted(baselines.keys() | prompts.keys()):
        try:
            items.append(_item(name, baselines.get(name), prompts.get(name)))
        except VectorError as error:
            skipped.append(
                SkippedItem(
                    str(baselines[name].relative_to(root)) if name in baselines else name,
                    name,
                    str(error),
                )
            )
    if not items:
        raise CorpusError(
            f"'{spec}': none of {len(skipped)} ParEval problems can be used; first: "
            f"{skipped[0].name}: {skipped[0].reason}"
        )
    broken = tuple(
        f"ParEval's own driver is broken, {path}: {effect}"
        for path, effect in find_broken_drivers(root)
    )
    return EvalCorpus(spec, direction, tuple(items), tuple(skipped), parse_answer, (_NOTE, *broken))


def _prompts(root: Path, target: str) -> dict[str, ParEvalPrompt | str]:
    """Prompts by problem; a text says why one cannot be read. Raises CorpusError."""
    path = root / "prompts" / "generation-prompts.json"
    try:
        rows = parse_json(read_file(path))
    except JsonError as error:
        raise CorpusError(f"'{path}' is not JSON: {error}") from None
    ours = (
        [row for row in rows if row.get("language", "cpp") == "cpp"]
        if isinstance(rows, list) and all(isinstance(r, dict) for r in rows)
        else []
    )
    given = {
        row.get("name"): _find_given_definitions(row)
        for model in ("omp", "serial")
        for row in ours
        if row.get("parallelism_model") == model
    }
    found: dict[str, ParEvalPrompt | str] = {}
    for row in ours:
        if row.get("parallelism_model") != MODELS[target] or not isinstance(row.get("name"), str):
            continue
        unit, heading = _heading(row, "cuda" if target == "cuda" else "cpp")
        try:
            listed = heading.parameters if heading and target == "cuda" else ()
            found[row["name"]] = (
                ParEvalPrompt(
                    row.get("problem_type", ""),
                    heading.name,
                    tuple(read_parameter(p, unit.text) for p in listed),
                    given.get(row["name"], ""),
                )
                if heading
                else "the prompt does not end with the head of a function"
            )
        except VectorError as error:
            found[row["name"]] = str(error)
    return found


def _heading(row: dict, dialect: str) -> tuple[TranslationUnit, Function | None]:
    """The tree of a row's prompt, and the function with whose head it ends."""
    text = str(row.get("prompt", "")).rstrip() + "\n}"
    unit = parse_c_family(text, dialect)
    last = unit.items[-1] if unit.items else None
    ends = isinstance(last, Function) and last.span is not None and last.span.end == len(text)
    return unit, last if ends and isinstance(last, Function) else None


def _find_given_definitions(row: dict) -> str:
    """Definitions above the function's head, without includes."""
    unit, heading = _heading(row, "cpp")
    if heading is None or heading.span is None:
        return ""
    end = 0
    for item in unit.items:
        span = getattr(item, "group", None) or item.span
        if span is not None and end < span.end <= heading.span.start:
            end = span.end
    return _drop_includes(unit.text[:end]).strip()


def _drop_includes(text: str) -> str:
    """`text` without its includes and `#pragma once`."""
    lines = [
        line
        for line in directive_lines(text)
        if line.word == "include" or (line.word == "pragma" and line.name == "once")
    ]
    return apply_edits(text, [Edit(line.start, line.end, "") for line in lines])


def resolve_conditionals(text: str) -> str:
    """Return `text` with preprocessor conditionals replaced by the branches that a plain, serial
    C++ compiler takes.
    """
    return c_preprocess.resolve_conditionals(text, "cpp", _DEFINED)


def _item(name: str, path: Path | None, prompt: ParEvalPrompt | str | None) -> EvalItem:
    if path is None:
        raise VectorError("has a prompt and no baseline")
    if prompt is None:
        raise VectorError("has a baseline and no prompt")
    if isinstance(prompt, str):
        raise VectorError(prompt)
    baseline = _drop_includes(resolve_conditionals(read_file(path)))
    marks = [Edit(t.start, t.end, "") for t in tokenize(baseline) if t.text in _MARKS]
    text = f"{prompt.given}\n{apply_edits(baseline, marks)}"
    written = convert_to_pointers(
        text, _baseline_name(text, prompt.entry), prompt.entry, prompt.parameters
    )
    # What the function does not need is left out: baselines also hold variants for other targets.
    found = extract_programs(written, "cpp", f"{prompt.kind}/{name}")
    source = next((p for p in found.programs if p.name == prompt.entry), None)
    if source is None:
        reasons = [s.reason for s in found.skipped if s.name == prompt.entry]
        raise VectorError(
            reasons[0] if reasons else "the baseline holds no function that tests can call"
        )
    source = replace(source, text=_headers(source.text, read_file(path)) + source.text)
    return EvalItem(
        name, source, None, prompt.kind, obscure_names(source), guarantees=find_guarantees(name)
    )


def _headers(text: str, baseline: str) -> str:
    """Includes for a function that uses containers: the engine adds the usual ones only where a
    text has no include.
    """
    if not _CONTAINERS & words_of(text).qualified.get("std", frozenset()):
        return ""
    includes = (line for line in directive_lines(baseline) if line.word == "include")
    included = [included_path(line, baseline) for line in includes]
    known = [path for path in included if path and "." not in path]
    return "".join(f"#include <{h}>\n" for h in dict.fromkeys((*_USUAL, *known)))


def _baseline_name(text: str, entry: str) -> str:
    names = [f.name for f in functions_of(parse_c_family(text, "cpp"))]
    for wanted in (
        f"correct{entry}host",
        f"correct{entry}",
        entry,
    ):  # the host's variant calls nothing of the prompt's
        for name in names:
            if name.lower() == wanted.lower():
                return name
    marked = [n for n in names if n.startswith("correct")]
    if not marked:
        raise VectorError(
            f"the baseline defines neither 'correct{entry[:1].upper()}{entry[1:]}' nor '{entry}'"
        )
    return marked[-1]


def obscure_names(source: Program) -> Program:
    """Return the program with every function that it defines under a name that nobody can guess
    from the problem. It behaves as before, and an answer cannot call its functions.
    """
    mark = content_hash("oracle", source.id)
    names = {f.name for f in functions_of(parse_c_family(source.text, source.dialect))}
    tokens = tokenize(source.text)
    edits = [
        Edit(token.end, token.end, f"_{mark}")
        for token, following in zip(tokens, tokens[1:], strict=False)
        if token.text in names and following.text == "("
    ]
    text = apply_edits(source.text, edits)
    return Program(source.dialect, f"{source.name}_{mark}", text, source.origin)


def parse_answer(item: EvalItem, text: str) -> str:
    """Return the text to compile for an answer to a ParEval problem. An answer over `std::vector`
    is converted to pointers if that can be done. In CUDA answers to histogram problems an atomicAdd
    of size_t is cast to a type that CUDA supports. Other answers come back as they are.

    item: the problem. text: the answer as it was written.
    """
    if item.kind == "histogram" and "__global__" in text:
        return _cast_additions(text)
    try:
        return (
            convert_to_pointers(text, item.source.name, item.source.name)
            if any(token.text == "vector" for token in tokenize(text))
            else text
        )
    except VectorError:
        return text


def _cast_additions(text: str) -> str:
    """`atomicAdd` into numbers of type size_t as one into `unsigned long long`."""
    unit = parse_c_family(text, "cuda")
    sizes = {
        d.name
        for d in find(unit.items, Declaration, Parameter)
        if getattr(element_type(d.type), "spelled", "").endswith("size_t")
    }
    places = {
        (first.span.start, first.span.end)
        for call in find(unit.items, Call)
        if call.function == Name("atomicAdd") and len(call.arguments) == 2
        for first in call.arguments[:1]
        if root_name(first) in sizes and first.span is not None and not first.span.expanded
    }
    edits = [
        Edit(start, end, f"(unsigned long long *)({text[start:end]})") for start, end in places
    ]
    return apply_edits(text, edits)
