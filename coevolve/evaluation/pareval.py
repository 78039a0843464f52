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

import re
from dataclasses import dataclass, replace
from pathlib import Path

from coevolve.evaluation.corpus import EvalCorpus, EvalItem
from coevolve.evaluation.pareval_drivers import COMMENT, find_broken_drivers, find_guarantees
from coevolve.evaluation.vectors import (
    VectorError,
    VectorParameter,
    convert_to_pointers,
    parse_parameter,
)
from corpora.datasets.loaders import CorpusError
from corpora.datasets.tables import read_file
from corpora.dialects import Direction
from corpora.extraction.extract import SkippedItem, extract_programs
from corpora.json_text import JsonError, parse_json
from corpora.records import Program, content_hash
from corpora.syntax.c_family import find_c_functions, parse_c_family, split_at_commas

BASELINES = "drivers/cpp/benchmarks"
MODELS = {"cuda": "cuda", "openmp": "omp"}
"""Target dialect -> ParEval's word for it."""
_HEADING = re.compile(r"(\w+)\s*\(((?:[^(){}]|\([^()]*\))*)\)\s*\{\s*$")
_DROPPED = re.compile(r"^[ \t]*#[ \t]*(?:pragma[ \t]+once|include\b)[^\n]*$", re.M)
_DIRECTIVE = re.compile(r"[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else|endif)\b(.*)")
_DEFINED = frozenset({"M_PI", "USE_SERIAL", "__cplusplus"})
"""Macros that stand where a serial baseline is compiled; the other branches are for targets that it
is not.
"""
_CONTAINERS = re.compile(
    r"\bstd\s*::\s*(?:queue|priority_queue|stack|deque|list|map|set|unordered_map|unordered_set|tuple)\b"
)
_USUAL = ("algorithm", "cmath", "cstddef", "cstdint", "limits", "numeric", "utility", "vector")
_HEADER = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<(\w+)>", re.M)
_MARKS = re.compile(r"\b(?:NO_INLINE|NO_OPTIMIZE)\b")
_SIZES = re.compile(r"\bsize_t\s*(?:\*\s*(?:__restrict__\s+|const\s+)?)?(\w+)\s*[\[,)]")
_ADD = re.compile(r"\batomicAdd\s*\(\s*(&?\s*(\w+)[^,;]*),")
_NOTE = (
    "ParEval's serial baselines in pointer form; inputs and tests are this project's, so "
    "figures compare with each other and "
    "not with ParEval's leaderboard"
)


@dataclass(frozen=True, slots=True)
class ParEvalPrompt:
    """What a ParEval problem asks for.

    kind: the problem's kind. entry: the function's name. parameters: those of the CUDA kernel, or
        of the C++ function.
    given: what the prompt for C++ defines above the function, and the baseline needs; ''.
    """

    kind: str
    entry: str
    parameters: tuple[VectorParameter, ...]
    given: str = ""


def is_pareval_checkout(spec: str) -> bool:
    """Return whether `spec` is a folder with ParEval's prompts and baselines."""
    root = Path(spec).expanduser()
    return (root / BASELINES).is_dir() and (root / "prompts").is_dir()


def load_pareval(spec: str, way: Direction) -> EvalCorpus:
    """Return the items of a ParEval checkout. spec: its folder. way: `cpp:cuda` or `cpp:openmp`.
    Raises CorpusError for another direction, or if no problem can be used.
    """
    if way.source.name != "cpp" or way.target.name not in MODELS:
        raise CorpusError(
            f"'{spec}' is a ParEval checkout; its directions are cpp:cuda and cpp:openmp, not {way}"
        )
    root = Path(spec).expanduser()
    prompts = _prompts(root, way.target.name)
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
    return EvalCorpus(spec, way, tuple(items), tuple(skipped), parse_answer, (_NOTE, *broken))


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
        heading = _heading(row)
        try:
            listed = _split(heading[2]) if heading and target == "cuda" else []
            found[row["name"]] = (
                ParEvalPrompt(
                    row.get("problem_type", ""),
                    heading[1],
                    tuple(map(parse_parameter, listed)),
                    given.get(row["name"], ""),
                )
                if heading
                else "the prompt does not end with the head of a function"
            )
        except VectorError as error:
            found[row["name"]] = str(error)
    return found


def _heading(row: dict) -> re.Match | None:
    return _HEADING.search(str(row.get("prompt", "")).rstrip())


def _find_given_definitions(row: dict) -> str:
    """Definitions above the function's head, without comments and includes."""
    heading = _heading(row)
    if heading is None:
        return ""
    above = COMMENT.sub("", row["prompt"][: heading.start()])
    return _DROPPED.sub("", above[: max(above.rfind("}"), above.rfind(";")) + 1]).strip()


def resolve_conditionals(text: str) -> str:
    """`text` without preprocessor conditionals: the branches that a plain C++ compiler takes on a
    serial run.

    A condition is decided by the names it asks for (`defined(X)`, `ifdef`); one that asks for none
    counts as false.
    """
    lines, taken = (
        [],
        [[True, True]],
    )  # per level: whether this branch stands, whether one before it has
    for line in text.split("\n"):
        found = _DIRECTIVE.match(line)
        if found is None:
            if all(level[0] for level in taken):
                lines.append(line)
            continue
        word, condition = found[1], found[2]
        if word.startswith("if"):
            stands = _holds(word, condition)
            taken.append([stands, stands])
        elif word == "endif":
            taken[1:] = taken[1:-1]
        elif len(taken) > 1:
            stands = not taken[-1][1] and (word == "else" or _holds("if", condition))
            taken[-1] = [stands, stands or taken[-1][1]]
    return "\n".join(lines)


def _holds(word: str, condition: str) -> bool:
    if word != "if":
        return (condition.split()[0] in _DEFINED if condition.split() else False) is (
            word == "ifdef"
        )
    asked = re.findall(r"(!?)\s*defined\s*\(?\s*(\w+)", condition)
    answers = [(name in _DEFINED) is (mark == "") for mark, name in asked]
    return bool(answers) and (any(answers) if "||" in condition else all(answers))


def _split(text: str) -> list[str]:
    return [" ".join(part) for part in split_at_commas(re.findall(r"\w+|\S", text)) if part]


def _item(name: str, path: Path | None, prompt: ParEvalPrompt | str | None) -> EvalItem:
    if path is None:
        raise VectorError("has a prompt and no baseline")
    if prompt is None:
        raise VectorError("has a baseline and no prompt")
    if isinstance(prompt, str):
        raise VectorError(prompt)
    text = f"{prompt.given}\n" + _MARKS.sub(
        "", _DROPPED.sub("", resolve_conditionals(read_file(path)))
    )
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
    if not _CONTAINERS.search(text):
        return ""
    return "".join(
        f"#include <{h}>\n" for h in dict.fromkeys((*_USUAL, *_HEADER.findall(baseline)))
    )


def _baseline_name(text: str, entry: str) -> str:
    names = [f.name for f in find_c_functions(parse_c_family(text).root_node)]
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
    """Return the program with every function under a name that nobody can guess from the problem.
    So an answer cannot call it.
    """
    mark = content_hash("oracle", source.id)
    text = source.text
    for name in (f.name for f in find_c_functions(parse_c_family(source.text).root_node)):
        text = re.sub(rf"\b{re.escape(name)}\b(?=\s*\()", f"{name}_{mark}", text)
    return Program(source.dialect, f"{source.name}_{mark}", text, source.origin)


def parse_answer(item: EvalItem, text: str) -> str:
    """Return the text to compile for an answer. An answer over `std::vector` is converted to
    pointers if that can be done. In histogram problems an atomicAdd of size_t is cast to a type
    that CUDA supports.
    """
    if item.kind == "histogram" and "__global__" in text:
        sizes = set(_SIZES.findall(text))
        return _ADD.sub(
            lambda m: (
                f"atomicAdd((unsigned long long *)({m[1].strip()})," if m[2] in sizes else m[0]
            ),
            text,
        )
    try:
        return (
            convert_to_pointers(text, item.source.name, item.source.name)
            if re.search(r"\bvector\s*<", text)
            else text
        )
    except VectorError:
        return text
