"""`coevolve decontaminate CORPUS --against EVAL`: what of a corpus must not be trained on, and the
rest as a file.

Contract: a program of CORPUS is held back when it equals a program of EVAL (either side of its
pairs) as text, as tokens, or nearly; a pair of a `pairs.parquet` when one of its sides is
(coevolve.evaluation.decontamination). Exit 0; the counts, every held-back program or pair with
what it is like, and what was not read are printed.

    coevolve decontaminate src.tok --against builtin --direction cpp:cuda --out clean.jsonl
    coevolve decontaminate exported/pairs.parquet --against builtin --out clean.parquet
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coevolve.cli.errors import UserError

if TYPE_CHECKING:
    import pyarrow

    from coevolve.evaluation.decontamination import (
        HeldBackPair,
        HeldBackProgram,
        LoadedPrograms,
    )
    from corpora.records import Program

FORMS = (
    "a folder, a source file, FILE.tok, FILE.jsonl, FILE.parquet (#COLUMN behind a table names its "
    "text column), hf:ID, a URL, generated:COUNT:SEED, builtin or development; A,B for two sides"
)
"""The forms of a corpus, for --help. docs/data.md says more of each."""


def add_parser(commands) -> argparse.ArgumentParser:
    """Add `coevolve decontaminate` to `commands`, the subparsers of the command line. Returns its
    parser.
    """
    parser = commands.add_parser(
        "decontaminate",
        help="find what of a corpus equals or nearly equals evaluation items",
        description="Compare every program of CORPUS with both sides of EVAL: equal text, equal "
        "tokens, near-duplicates. With --out, the rest is written: a corpus as JSONL that is a "
        "corpus again, pairs as Parquet with all of their columns.",
    )
    parser.add_argument(
        "corpus",
        metavar="CORPUS",
        help="what is to be trained on: the pairs.parquet of 'coevolve export', of which a pair is "
        f"held back for either side; or {FORMS}",
    )
    parser.add_argument(
        "--against",
        metavar="EVAL",
        required=True,
        help="what is to be evaluated on, as in coevolve eval --corpus, or a pairs.parquet",
    )
    parser.add_argument(
        "--direction",
        metavar="S:T",
        default="",
        help="read these two dialects only, such as cpp:openmp (default: every dialect that files "
        "and rows say; where they say none, C++ and CUDA)",
    )
    parser.add_argument(
        "--out",
        metavar="CLEAN",
        help="where what may be trained on goes: a .jsonl, or for pairs a .parquet",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    """Print which programs or pairs of a corpus must not be trained on, since they are like
    programs of an evaluation, and write the others to the file that `--out` names. args: parsed by
    `add_parser`. Returns the exit code 0. Raises CorpusError or UserError for bad input.
    """
    from coevolve.cli.errors import require_other_file, require_place
    from coevolve.evaluation.decontamination import is_pairs_file

    pairs = is_pairs_file(args.corpus)
    if args.out:
        require_other_file("--out", args.out, args.corpus, args.against)
        _require_form(args.out, ".parquet" if pairs else ".jsonl")
        require_place("--out", args.out)
    told = _clean_pairs(args) if pairs else _clean_programs(args)
    print(told, end="")
    return 0


def _require_form(out: str, suffix: str) -> None:
    if Path(out).suffix != suffix:
        what = "pairs keep their columns" if suffix == ".parquet" else "it is a corpus again"
        raise UserError(f"--out '{out}' must end with {suffix}, in which {what}")


def _clean_programs(args: argparse.Namespace) -> str:
    """Do the work for a corpus of programs. Returns what is printed."""
    from coevolve.evaluation.decontamination import find_held_back, load_evaluation, load_programs

    corpus = load_programs(args.corpus, args.direction)
    evaluation = load_evaluation(args.against, args.direction)
    held = find_held_back(corpus.programs, evaluation.programs)
    leaving = {h.index for h in held}
    if args.out:
        clean = (p for i, p in enumerate(corpus.programs) if i not in leaving)
        _write_programs(Path(args.out), clean)
    if args.json:
        rows = [{"id": h.program.id, **_describe(h)} for h in held]
        return _as_json("programs", len(corpus.programs), held, rows, corpus, evaluation)
    lines = [_format_line("", h) for h in held]
    counted = _count_dialects(corpus.programs)
    return _format_findings(args, counted, corpus, evaluation, held, lines)


def _clean_pairs(args: argparse.Namespace) -> str:
    """Do the work for a file of pairs. Returns what is printed."""
    from coevolve.evaluation.decontamination import (
        LoadedPrograms,
        find_held_back_pairs,
        load_evaluation,
        read_pairs,
    )

    path = Path(args.corpus).expanduser()
    table = read_pairs(path)
    evaluation = load_evaluation(args.against, args.direction)
    held = find_held_back_pairs(table, evaluation.programs, path.name)
    if args.out:
        _write_pairs(Path(args.out), table, held)
    likes, nothing = [pair.held for pair in held], LoadedPrograms(())
    if args.json:
        ids = table["id"].to_pylist() if "id" in table.column_names else [""] * table.num_rows
        rows = [
            {"id": ids[p.row - 1], "row": p.row, "side": p.side, **_describe(p.held)} for p in held
        ]
        return _as_json("pairs", table.num_rows, likes, rows, nothing, evaluation)
    lines = [_format_line(f"row {pair.row}, {pair.side} ", pair.held) for pair in held]
    counted = f"{table.num_rows} pairs"
    return _format_findings(args, counted, nothing, evaluation, likes, lines)


def _write_programs(path: Path, programs: Iterable[Program]) -> None:
    from corpora.files import write_atomically

    rows = [
        {"dialect": p.dialect, "name": p.name, "text": p.text, "origin": p.origin} for p in programs
    ]
    write_atomically(
        path, lambda out: out.write("".join(json.dumps(row) + "\n" for row in rows).encode())
    )


def _write_pairs(path: Path, table: pyarrow.Table, held: Sequence[HeldBackPair]) -> None:
    """The rows of a table that are not held back, with all columns and what its head says."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from corpora.files import write_atomically

    leaving = {pair.row - 1 for pair in held}
    stays = [i not in leaving for i in range(table.num_rows)]
    clean = table.filter(pa.array(stays, pa.bool_()))
    write_atomically(path, lambda out: pq.write_table(clean, out, compression="zstd"))


def _describe(held: HeldBackProgram) -> dict[str, object]:
    return {
        "name": held.program.name,
        "dialect": held.program.dialect,
        "origin": held.program.origin,
        "kind": held.kind,
        "like": held.like.id,
        "similarity": held.similarity,
    }


def _format_line(where: str, held: HeldBackProgram) -> str:
    program, like = held.program, held.like
    place = f" ({program.origin})" if program.origin else ""
    return (
        f"{held.kind}, {held.similarity:.2f}: {where}{program.dialect} {program.name}{place} is "
        f"like {like.name} ({like.origin})"
    )


def _count_dialects(programs: Sequence[Program]) -> str:
    counts = Counter(p.dialect for p in programs)
    each = ", ".join(f"{name} {count}" for name, count in counts.items())
    return f"{len(programs)} programs ({each})"


def _format_findings(
    args: argparse.Namespace,
    counted: str,
    corpus: LoadedPrograms,
    evaluation: LoadedPrograms,
    held: Sequence[HeldBackProgram],
    named: Sequence[str],
) -> str:
    from coevolve.evaluation.decontamination import KINDS

    counts = Counter(h.kind for h in held)
    lines = [
        f"{counted} of '{args.corpus}' against {_count_dialects(evaluation.programs)} of "
        f"'{args.against}': {len(held)} must not be trained on"
    ]
    lines += [f"  {kind:<15} {counts[kind]}" for kind in KINDS]
    lines += named
    lines += [f"not compared: {line}" for line in (*corpus.left_out, *evaluation.left_out)]
    if args.out:
        lines.append(f"clean {'pairs' if args.out.endswith('.parquet') else 'corpus'}: {args.out}")
    return "\n".join(lines) + "\n"


def _as_json(
    unit: str,
    count: int,
    held: Sequence[HeldBackProgram],
    rows: Sequence[dict[str, object]],
    corpus: LoadedPrograms,
    evaluation: LoadedPrograms,
) -> str:
    """The text that `--json` prints. unit: what the corpus holds, `programs` or `pairs`. count: how
    many of them. rows: one JSON object for each that is held back.
    """
    from coevolve.evaluation.decontamination import KINDS

    counts = Counter(h.kind for h in held)
    value = {
        f"n_{unit}": count,
        "n_held_back": len(held),
        "counts": {k: counts[k] for k in KINDS},
        "held_back": rows,
        "not_compared": [*corpus.left_out, *evaluation.left_out],
    }
    return json.dumps(value, indent=1) + "\n"
