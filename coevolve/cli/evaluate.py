"""`coevolve eval`: a model or a file of predictions on a corpus, or a run's checkpoint on its
held-out programs.

Contract: exit 0 with a result written and printed, 2 with one line for wrong use, for a model that
was trained on items (unless that is allowed), and for input that cannot be read. The result's
schema is in docs/evaluation.md.

    coevolve eval --model runs/demo --corpus builtin --direction cpp:cuda --n 5 --out result.json
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coevolve.cli.errors import UserError, require_other_file, require_place
from coevolve.loop.directions import AS_WRITTEN

NEW_TOKENS = 512
_ONLY_RUN = {
    "checkpoint": "name its folder as --model",
    "samples": "use --n",
    "local": "without RUN no Ray is used anyway",
}


def add_parser(commands) -> argparse.ArgumentParser:
    """Add `coevolve eval` to `commands`, the subparsers of the command line. Returns its parser."""
    parser = commands.add_parser(
        "eval",
        help="evaluate a model, or predictions made elsewhere, on a corpus",
        description="With --corpus: translate every item with --model (or read --predictions), "
        "execute, and print BLEU, CodeBLEU, "
        "CPass, build@k and pass@k with 95 % intervals. With RUN: a checkpoint on that run's "
        "held-out programs and suites.",
        epilog="coevolve eval --model small --corpus builtin --direction cpp:cuda --out "
        "result.json    |    coevolve eval runs/demo",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "run",
        metavar="RUN",
        nargs="?",
        help="run folder: evaluate on its held-out split (no --corpus)",
    )
    parser.add_argument(
        "--checkpoint",
        metavar="FOLDER",
        help="RUN: folder of a Translator (defaults to the run's last)",
    )
    parser.add_argument(
        "--samples",
        type=int,
        metavar="N",
        help="RUN: candidates per program (defaults to the run's evaluate.samples)",
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument(
        "--local", action="store_true", help="RUN: without Ray, everything in this process"
    )
    parser.add_argument(
        "--model",
        metavar="M",
        help="small, a run, an export, a checkpoint's folder, a GGUF file, a hub id, or "
        "NAME@URL at an OpenAI-compatible endpoint",
    )
    parser.add_argument(
        "--predictions",
        metavar="FILE",
        help="score these instead of a model's: JSONL of id (or index) and text, or lines",
    )
    parser.add_argument(
        "--corpus",
        metavar="C",
        help="builtin, development, FOLDER, SRC.tok,TGT.tok, FILE.jsonl, hf:ID or a ParEval "
        "checkout",
    )
    parser.add_argument(
        "--direction",
        metavar="S:T",
        default="cpp:cuda",
        help="source and target dialect (default: cpp:cuda)",
    )
    parser.add_argument(
        "--n", type=int, metavar="N", help="answers per item of --model (default: 1)"
    )
    parser.add_argument(
        "--temperature",
        type=float,
        metavar="T",
        help="sampling temperature of --model (default: 0 for --n 1, else 0.8)",
    )
    parser.add_argument(
        "--max-new-tokens",
        type=int,
        metavar="N",
        help=f"tokens after which an answer is cut (default: {NEW_TOKENS})",
    )
    parser.add_argument("--as-written", action="store_true", help=AS_WRITTEN)
    parser.add_argument(
        "--limit", type=int, default=0, metavar="N", help="only the first N items (default: 0: all)"
    )
    parser.add_argument(
        "--tester", metavar="M", help="a Tester, whose valid-test rate is measured as well"
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="S",
        help="seed of sampling, suites and intervals (default: 0)",
    )
    parser.add_argument(
        "--backend",
        default="auto",
        choices=("auto", "cuda", "emulated"),
        help="where CUDA runs (default: auto)",
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=0,
        metavar="N",
        help="processes that execute (default: one a core, 8 at most)",
    )
    parser.add_argument(
        "--speed",
        action="store_true",
        help="time right answers against their sources (speedup@k, efficiency@k; not CUDA)",
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=0,
        metavar="N",
        help="OpenMP threads with --speed (default: the cores of this machine)",
    )
    parser.add_argument(
        "--allow-contaminated",
        action="store_true",
        help="evaluate although the model was trained on items; the result says so",
    )
    parser.add_argument("--out", metavar="R.json", help="where the result goes")
    parser.add_argument(
        "--answers",
        metavar="FILE.jsonl",
        help="write the model's answers, before they are executed: a file for --predictions",
    )
    parser.add_argument("--leaderboard", metavar="FILE.jsonl", help="append the figures as one row")
    return parser


def run(args: argparse.Namespace) -> int:
    """Evaluate a run's checkpoint, or a model or predictions on a corpus, and print the result.
    args: parsed by `add_parser`. Returns the exit code 0. Raises an exception of
    `coevolve.cli.errors.get_user_errors` for wrong use or bad input.
    """
    if args.run and args.corpus:
        raise UserError(
            "give either RUN (its held-out split) or --corpus with --model or --predictions"
        )
    if args.run:
        return _run_split(args)
    for name, instead in _ONLY_RUN.items():
        if args.corpus and getattr(args, name):
            raise UserError(f"--{name} belongs to RUN, not to --corpus; {instead}")
    result = measured(args)
    _deliver(args, result)
    return 0


def measured(args: argparse.Namespace) -> dict:
    """Evaluate a model or predictions on a corpus and return the result, as in
    docs/result.schema.json. Nothing is written.

    args: parsed by `add_parser`. Raises an exception of `coevolve.cli.errors.get_user_errors` for
        wrong use or bad input.
    """
    if not args.corpus or bool(args.model) == bool(args.predictions):
        raise UserError(
            "give RUN, or --corpus C with --model M or --predictions FILE; see coevolve eval --help"
        )
    for name in ("n", "temperature"):
        if args.predictions and getattr(args, name) is not None:
            raise UserError(
                f"--{name} belongs to --model: '{args.predictions}' has the answers that it has; "
                f"leave --{name} out"
            )
    if (
        (args.n is not None and args.n < 1)
        or args.limit < 0
        or min(args.workers, args.threads) < 0
        or (args.temperature or 0.0) < 0
    ):
        raise UserError(
            "--n must be at least 1, and --limit, --workers, --threads and --temperature must "
            "not be negative"
        )
    if args.max_new_tokens is not None and (
        args.max_new_tokens < 1 or args.predictions and not args.tester
    ):
        raise UserError(
            "--max-new-tokens must be at least 1, and belongs to a model that is asked (--model "
            "or --tester)"
        )
    if args.as_written and not args.model:
        raise UserError("--as-written belongs to --model: predictions are scored as they are")
    for name in ("out", "answers", "leaderboard"):
        if getattr(args, name):
            require_place(f"--{name}", getattr(args, name))
            require_other_file(f"--{name}", getattr(args, name), args.predictions, args.corpus)
    return _corpus(args)


def _run_split(args: argparse.Namespace) -> int:
    from coevolve.evaluation.evaluate import run_evaluate_command

    only_corpus = (
        "n",
        "temperature",
        "limit",
        "speed",
        "threads",
        "allow_contaminated",
        "model",
        "predictions",
        "tester",
        "out",
        "answers",
        "leaderboard",
        "max_new_tokens",
        "as_written",
    )
    given = {name: getattr(args, name) for name in only_corpus}
    for name, value in given.items():
        if value or (value is not None and name in ("n", "temperature")):
            instead = "; use --samples" if name == "n" else ""
            option = f"--{name.replace('_', '-')}"
            raise UserError(f"{option} belongs to --corpus, not to RUN{instead}")
    return run_evaluate_command(
        Path(args.run), args.checkpoint, args.samples, args.json, not args.local
    )


@dataclass(frozen=True, slots=True)
class _Answered:
    """Answers with what is known of who gave them. missing: how many items have none, but '' for as
    many as the item with the fewest has.
    """

    label: str
    answers: tuple[tuple[str, ...], ...]
    temperature: float | None
    contamination: dict
    notes: tuple[str, ...] = ()
    missing: int = 0


def _corpus(args: argparse.Namespace) -> dict:
    from coevolve.cli.progress import show_stage

    with show_stage("loading packages"):
        from coevolve.evaluation.answering import measure_tester
        from coevolve.evaluation.items import load_items
        from coevolve.evaluation.result import EvaluationSetting, make_result
        from coevolve.evaluation.scoring import ScoringWork, count_default_workers, score_items
        from coevolve.named_models import resolve_model
        from coevolve.verification.engine import VerifyConfig, make_backend
        from gpu_runtime.models.protocol import Sampling

    started = time.monotonic()
    with show_stage(f"loading {args.corpus}"):
        whole = load_items(args.corpus, args.direction)
    corpus = _limit_items(whole, args.limit)
    tester = resolve_model(args.tester, "tester") if args.tester else None
    found = _read_answers(args, whole) if args.predictions else _ask_model(args, corpus)
    if args.answers:
        _keep_answers(Path(args.answers), corpus.items, found.answers)
    target = corpus.direction.target.name
    answers = [
        tuple(corpus.read(i, text) for text in texts)
        for i, texts in zip(corpus.items, found.answers, strict=True)
    ]
    with show_stage("preparing the back end"):  # one that is not there shows before execution
        backend = make_backend(args.backend)
        name = backend.name
        backend.close()
    work = [
        ScoringWork(item, texts, target) for item, texts in zip(corpus.items, answers, strict=True)
    ]
    scores = score_items(
        work, args.backend, VerifyConfig(seed=args.seed), args.workers or count_default_workers()
    )
    scores, threads, speed_notes = _measure_speedups(args, work, scores, name)
    sampling = Sampling(1, 0.8, max_new_tokens=args.max_new_tokens or NEW_TOKENS, seed=args.seed)
    figures = measure_tester(tester, corpus, sampling, args.backend, args.seed) if tester else {}
    notes = _not_functions(answers, target, found.missing), _note_counts(answers), speed_notes
    setting = EvaluationSetting(
        found.label,
        min(map(len, answers)),
        found.temperature,
        args.seed,
        name,
        time.monotonic() - started,
        found.contamination,
        figures,
        (*found.notes, *(note for each in notes for note in each)),
        threads,
        args.limit if len(corpus.items) < len(whole.items) else 0,
    )
    with show_stage("computing figures and their intervals"):
        return make_result(corpus, answers, scores, setting)


def _note_counts(answers: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """A note where items have different numbers of answers, none where all have as many."""
    from coevolve.evaluation.result import choose_ks

    fewest, most = min(map(len, answers)), max(map(len, answers))
    if fewest == most:
        return ()
    short = sum(len(texts) == fewest for texts in answers)
    left_out = [str(k) for k in choose_ks(most) if k > fewest]
    return (
        f"items have {fewest} to {most} answers, and each counts with its own number: "
        f"k = {', '.join(left_out)} is left out (items with {fewest} only: {short})",
    )


def _not_functions(
    answers: Sequence[tuple[str, ...]], target: str, missing: int
) -> tuple[str, ...]:
    """A note on the answers that no compiler need be asked about, by reason; none where there are
    none. missing: how many are not there at all, which another note says.
    """
    from translator.prompting.answers import explain_rejection

    times, reasons = Counter(text for texts in answers for text in texts), Counter()
    times[""] -= missing * min(map(len, answers))
    for text, count in times.items():
        if count and (why := explain_rejection(text, target)):
            reasons[_REJECTED[why]] += count
    if not reasons:
        return ()
    listed = ", ".join(f"{count} {why}" for why, count in reasons.most_common())
    return (f"{reasons.total()} of {times.total()} answers are no whole function: {listed}",)


_REJECTED = {"empty": "empty", "no function": "without a function", "cut off": "cut off"}


def _keep_answers(path: Path, items, answers) -> None:
    from corpora.files import write_atomically

    rows = [
        json.dumps({"id": item.id, "text": text}) + "\n"
        for item, texts in zip(items, answers, strict=True)
        for text in texts
    ]
    write_atomically(path, lambda out: out.write("".join(rows).encode()))


def _measure_speedups(args: argparse.Namespace, work, scores, backend_name: str):
    """(scores, threads of the answers, notes): timed where that was asked for and is possible."""
    from coevolve.evaluation.scoring import count_default_workers
    from coevolve.evaluation.speed import add_speedups, explain_unmeasurable
    from coevolve.verification.engine import VerifyConfig, get_shared_engine
    from corpora.dialects import get_dialect

    if not args.speed:
        return scores, 0, ("speedup@k and efficiency@k were not asked for (--speed)",)
    target = work[0].target
    if reason := explain_unmeasurable(target, backend_name):
        return scores, 0, (reason,)
    threads = (
        (args.threads or count_default_workers()) if get_dialect(target).model == "openmp" else 1
    )
    timed = add_speedups(
        work, scores, get_shared_engine(args.backend, VerifyConfig(seed=args.seed)), threads
    )
    without = sum(s.speedups is None for s in timed)
    note = (
        f"speed: {threads} threads against the serial source at -O3, one large input an "
        f"item; {without} items have no figure"
    )
    return timed, threads, (note,)


def _limit_items(corpus, count: int):
    from dataclasses import replace

    if not count or count >= len(corpus.items):
        return corpus
    return replace(
        corpus,
        items=corpus.items[:count],
        notes=(*corpus.notes, f"only the first {count} of {len(corpus.items)} items (--limit)"),
    )


def _read_answers(args: argparse.Namespace, corpus) -> _Answered:
    from coevolve.evaluation.predictions import read_predictions

    found = read_predictions(
        args.predictions, corpus.items, corpus.direction.target.name, args.limit
    )
    notes = (
        *(
            [f"items without an answer, which count as wrong: {found.missing}"]
            * (found.missing > 0)
        ),
        *(
            [
                f"answers with fences or prose around their code, which were taken off: "
                f"{found.unwrapped}"
            ]
            if found.unwrapped
            else ()
        ),
    )
    unknown = {
        "checked": False,
        "n_items": 0,
        "items": [],
        "summary": "not checked: the predictions were made elsewhere",
    }
    return _Answered(args.predictions, found.answers, None, unknown, notes, found.missing)


def _ask_model(args: argparse.Namespace, corpus) -> _Answered:
    from coevolve.cli.progress import show_stage
    from coevolve.evaluation.answering import collect_answers
    from coevolve.named_models import resolve_model
    from gpu_runtime.models.protocol import Sampling

    model = resolve_model(args.model, "translator", str(corpus.direction))
    with show_stage("comparing the items with what the model was trained on"):
        contamination = _contamination(model, corpus, args.allow_contaminated)
    count = args.n or 1
    temperature = args.temperature if args.temperature is not None else (0.0 if count == 1 else 0.8)
    if temperature == 0 and count > 1:
        raise UserError(
            "--temperature 0 gives the same answer every time; use --n 1, or a temperature above 0"
        )
    sampling = Sampling(
        count, temperature, max_new_tokens=args.max_new_tokens or NEW_TOKENS, seed=args.seed
    )
    answers, how = collect_answers(model, corpus, sampling, not args.as_written)
    ends = f"an answer ends after {sampling.max_new_tokens} tokens at most (--max-new-tokens)"
    notes = tuple(
        note for note in (ends, *how, model.explain_untaught(str(corpus.direction))) if note
    )
    return _Answered(model.label, tuple(answers), temperature, contamination, notes)


def _contamination(model, corpus, allowed: bool) -> dict:
    """What the model's manifest says of the items. Raises UserError where it was trained on one and
    that is not allowed.
    """
    from coevolve.evaluation.contamination import FILE_NAME, find_contaminated, read_manifest

    manifest = read_manifest(model.folder) if model.folder else None
    if manifest is None:
        return {
            "checked": False,
            "n_items": 0,
            "items": [],
            "summary": f"not checked: the model has no {FILE_NAME}, so nothing is known of its "
            f"training",
        }
    every = find_contaminated(manifest, corpus.items)
    chance = [row for row in every if row["how"] == "generated"]
    found = [row for row in every if row["how"] != "generated"]
    said = (
        f"none of the items is like one of the {len(manifest.exact)} real programs of the training"
        if manifest.exact
        else f"none: the training had no real programs, only {len(manifest.generated)} that were "
        f"generated"
    )
    if found:
        first = (
            f"{len(found)} of {len(corpus.items)} items, first '{found[0]['id']}' "
            f"({found[0]['how']}, its {found[0]['side']})"
        )
        if not allowed:
            raise UserError(
                f"'{model.label}' was trained on {first}; evaluate on others, or say "
                f"--allow-contaminated, which the result will show"
            )
        said = f"CONTAMINATED, allowed on the command line: the model was trained on {first}"
    if chance:
        said += (
            f"; {len(chance)} items have the tokens of one of the {len(manifest.generated)} "
            f"generated programs by chance ('unseen' is without them)"
        )
    return {
        "checked": True,
        "n_items": len(found),
        "items": found,
        "by_chance": chance,
        "summary": said,
    }


def _deliver(args: argparse.Namespace, result: dict) -> None:
    from coevolve.evaluation.result import format_markdown, make_leaderboard_row
    from corpora.files import write_atomically

    text = json.dumps(result, indent=1) + "\n"
    if args.out:
        write_atomically(Path(args.out), lambda out: out.write(text.encode()))
    if args.leaderboard:
        Path(args.leaderboard).parent.mkdir(parents=True, exist_ok=True)
        with Path(args.leaderboard).open("a", encoding="utf-8") as out:
            out.write(json.dumps(make_leaderboard_row(result)) + "\n")
    print(text if args.json else format_markdown(result), end="")
    if args.out and not args.json:
        print(f"\nresult: {args.out}")
