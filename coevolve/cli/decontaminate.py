"""`coevolve decontaminate CORPUS --against EVAL`: what of a corpus must not be trained on, and the
rest as a file.

Contract: a program of CORPUS is held back when it equals a program of EVAL (either side of its
pairs) as text, as tokens (names, layout and comments do not count), or nearly (similarity of 0.8,
as in corpora.splits). Exit 0; the counts, and every held-back program with what it is like, are
printed.

    coevolve decontaminate src.tok --against builtin --direction cpp:cuda --out clean.jsonl
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coevolve.cli.errors import UserError
from corpora.records import Program

KINDS = ("equal text", "equal tokens", "near-duplicate")


@dataclass(frozen=True, slots=True)
class HeldBackProgram:
    """A program that must not be trained on.

    kind: how it is like an evaluation program, `equal text`, `equal tokens` or `near-duplicate`.
        like: that evaluation program.
    similarity: of the two programs, in [0, 1].
    """

    program: Program
    kind: str
    like: Program
    similarity: float


def add_parser(commands) -> argparse.ArgumentParser:
    """Add `coevolve decontaminate` to `commands`, the subparsers of the command line. Returns its
    parser.
    """
    parser = commands.add_parser(
        "decontaminate",
        help="find what of a corpus equals or nearly equals evaluation items",
        description="Compare every program of CORPUS with both sides of EVAL: equal text, equal "
        "tokens, near-duplicates. With --out, the "
        "rest is written as JSONL that is a corpus again.",
    )
    parser.add_argument(
        "corpus",
        metavar="CORPUS",
        help="what is to be trained on: any corpus of corpora.datasets.loaders, A,B for two sides",
    )
    parser.add_argument(
        "--against",
        metavar="EVAL",
        required=True,
        help="what is to be evaluated on, as in coevolve eval --corpus",
    )
    parser.add_argument(
        "--direction",
        metavar="S:T",
        default="cpp:cuda",
        help="dialects that are read on both sides (default: cpp:cuda)",
    )
    parser.add_argument(
        "--out", metavar="CLEAN.jsonl", help="where the programs that may be trained on go"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    """Print which programs of a corpus must not be trained on, and write the others to the file
    that `--out` names. args: parsed by `add_parser`. Returns the exit code 0. Raises CorpusError or
    UserError for bad input.
    """
    from coevolve.cli.errors import require_other_file
    from coevolve.evaluation.items import load_items

    if args.out:
        require_other_file("--out", args.out, args.corpus, args.against)
    corpus = load_programs(args.corpus, args.direction)
    items = load_items(args.against, args.direction).items
    evaluation = [p for item in items for p in (item.source, item.reference) if p is not None]
    held = find_held_back(corpus, evaluation)
    leaving = {h.program.id for h in held}
    clean = [p for p in corpus if p.id not in leaving]
    if args.out:
        _write(Path(args.out), clean)
    print(
        _as_json(corpus, held) if args.json else _format_findings(args, corpus, evaluation, held),
        end="",
    )
    return 0


def load_programs(spec: str, direction_text: str) -> list[Program]:
    """Return the programs of both dialects of a direction. spec: a corpus, or `A,B` with one per
    side. Raises CorpusError if one cannot be read or the direction is unknown.
    """
    from coevolve.evaluation.corpus import parse_user_direction
    from corpora.datasets.loaders import CorpusError, load_corpus

    direction = parse_user_direction(direction_text)
    left, comma, right = spec.partition(",")
    if comma:
        return [
            *load_corpus(left.strip(), direction.source.name).programs,
            *load_corpus(right.strip(), direction.target.name).programs,
        ]
    found: list[Program] = []
    problems = []
    for row in (direction.source, direction.target):
        try:
            found += load_corpus(spec, row.name).programs
        except CorpusError as error:
            problems.append(error)
    if not found:
        raise problems[0]
    return _one_dialect_each(found)


def _one_dialect_each(programs: Sequence[Program]) -> list[Program]:
    """Each text once: a file of lines says no dialect, so both read it; what a text shows
    decides.
    """
    from corpora.dialects import get_dialect

    found: dict[str, Program] = {}
    for program in programs:
        fits = _is_parallel(program.text) == (get_dialect(program.dialect).model != "serial")
        if fits or program.text not in found:
            found[program.text] = program
    return list(found.values())


def _is_parallel(text: str) -> bool:
    """Whether a text, whose dialect nothing says, holds kernels, launches or directives."""
    from corpora.frontends.c_tokens import tokenize
    from gpu_runtime.openmp.directives import find_directives

    kernels = {"__global__", "<<<"} & {token.text for token in tokenize(text)}
    return bool(kernels) or any(find_directives(text, one) for one in ("cpp", "fortran"))


def find_held_back(
    corpus: Sequence[Program], evaluation: Sequence[Program]
) -> list[HeldBackProgram]:
    """Return the programs of `corpus`, in order, that equal or nearly equal a program of
    `evaluation`.
    """
    from corpora.splits import EvaluationGuard

    texts = {_squeeze_blanks(p.text): p for p in evaluation}
    leaks = EvaluationGuard(evaluation).leaks(corpus)
    found = []
    for leak in leaks:
        program, like = corpus[leak.item], evaluation[leak.evaluation]
        same = texts.get(_squeeze_blanks(program.text))
        kind = KINDS[0] if same else KINDS[1] if leak.similarity == 1.0 else KINDS[2]
        found.append(HeldBackProgram(program, kind, same or like, leak.similarity))
    return found


def _squeeze_blanks(text: str) -> str:
    return " ".join(text.split())


def _write(path: Path, programs: Sequence[Program]) -> None:
    from corpora.files import write_atomically

    if path.suffix != ".jsonl":
        raise UserError(
            f"--out '{path}' must end with .jsonl, by which it is read as a corpus again"
        )
    rows = [
        {"dialect": p.dialect, "name": p.name, "text": p.text, "origin": p.origin} for p in programs
    ]
    write_atomically(
        path, lambda out: out.write("".join(json.dumps(row) + "\n" for row in rows).encode())
    )


def _format_findings(
    args: argparse.Namespace,
    corpus: Sequence[Program],
    evaluation: Sequence[Program],
    held: Sequence[HeldBackProgram],
) -> str:
    counts = Counter(h.kind for h in held)
    lines = [
        f"{len(corpus)} programs of '{args.corpus}' against {len(evaluation)} of "
        f"'{args.against}': {len(held)} must not be trained on"
    ]
    lines += [f"  {kind:<15} {counts[kind]}" for kind in KINDS]
    for h in held:
        place = f" ({h.program.origin})" if h.program.origin else ""
        lines.append(
            f"{h.kind}, {h.similarity:.2f}: {h.program.dialect} {h.program.name}{place} is like "
            f"{h.like.name} ({h.like.origin})"
        )
    if args.out:
        lines.append(f"clean corpus: {args.out}")
    return "\n".join(lines) + "\n"


def _as_json(corpus: Sequence[Program], held: Sequence[HeldBackProgram]) -> str:
    counts = Counter(h.kind for h in held)
    rows = [
        {
            "id": h.program.id,
            "name": h.program.name,
            "origin": h.program.origin,
            "kind": h.kind,
            "like": h.like.id,
            "similarity": h.similarity,
        }
        for h in held
    ]
    value = {
        "n_programs": len(corpus),
        "n_held_back": len(held),
        "counts": {k: counts[k] for k in KINDS},
        "held_back": rows,
    }
    return json.dumps(value, indent=1) + "\n"
