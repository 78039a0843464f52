"""`coevolve verify`: one pair with a readable verdict, or a batch of rows.

Contract: exit 0 equivalent, 1 not equivalent, 3 undecided, 2 wrong use. A batch exits 0 when every
row has an answer, 2 when none could be read; its output is in input order, written as it comes, and
a later call with the same files goes on where it stopped.

    coevolve verify axpy.cpp axpy.cu
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from coevolve.cli.header_options import add_header_options, read_header_options
from coevolve.cli.signals import Pool, process_pool
from corpora.records import Verdict

if TYPE_CHECKING:
    from coevolve.report.ci_files import PortRow
    from coevolve.verification.engine import Pair
    from coevolve.verification.requests import VerifyRequest

PORTION = 4
"""Rows that are answered at a time."""


def add_parser(commands) -> argparse.ArgumentParser:
    """Add `coevolve verify` to `commands`, the subparsers of the command line. Returns its
    parser.
    """
    parser = commands.add_parser(
        "verify",
        help="say whether a translation is equivalent to its source",
        description="Run SOURCE and TARGET on the same typed tests and compare what they do. "
        "With no suite, tests are made "
        "from the source by execution. Every function that both define is compared; what it "
        "calls is run with it. Of two whole programs (with main) what they print, write and "
        "return is compared. Exit code: 0 equivalent, 1 not equivalent, 3 undecided, 2 wrong "
        "use.",
        epilog="Dialects: cpp, fortran, cuda, openmp, openmp-target, openmp-fortran; told by "
        "the suffix (.cpp .f90 .cu .omp.cpp .target.cpp .omp.f90).",
    )
    parser.add_argument(
        "source", nargs="?", metavar="SOURCE", help="the program that is right by definition"
    )
    parser.add_argument("target", nargs="?", metavar="TARGET", help="its translation")
    add_pair_options(parser)
    parser.add_argument(
        "--proof-only",
        action="store_true",
        help="only look for a proof and run nothing: exit code 0 proved, 3 unknown",
    )
    parser.add_argument(
        "--check-only",
        metavar="EVIDENCE",
        help="run the tests that a .coevolve.json file keeps on its ports as they are today",
    )
    parser.add_argument("--junit", metavar="FILE", help="write the verdicts as JUnit XML")
    parser.add_argument("--sarif", metavar="FILE", help="write the verdicts as SARIF 2.1.0")
    parser.add_argument(
        "--json",
        action="store_true",
        help="print one JSON object: the verdict, or of a batch how many rows are answered",
    )
    parser.add_argument(
        "--batch",
        metavar="PAIRS.jsonl",
        help="rows with id, source_dialect, source, target_dialect, target, suite",
    )
    parser.add_argument(
        "--out",
        metavar="VERDICTS.jsonl",
        help="where the batch's answers go; continued when it exists",
    )
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="processes for a batch (default: 1)"
    )
    return parser


def add_pair_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how one pair of files is judged: those that a line of a list of
    ports may have too.
    """
    parser.add_argument("--from", dest="source_dialect", metavar="D", help="dialect of SOURCE")
    parser.add_argument("--to", dest="target_dialect", metavar="D", help="dialect of TARGET")
    parser.add_argument(
        "--function",
        metavar="NAME",
        help="compare this function only (default: every one that both define and nothing in "
        "SOURCE calls)",
    )
    add_header_options(parser)
    parser.add_argument(
        "--suite",
        metavar="FILE",
        help=(
            "tests in text form (docs/architecture/tests.md), or a C++ snippet of wrapper(f, "
            "...) calls"
        ),
    )
    parser.add_argument(
        "--large",
        action="store_true",
        help="also test on at least 1,048,576 elements, where the tests are made here",
    )
    parser.add_argument(
        "--backend",
        default="auto",
        choices=("auto", "cuda", "emulated"),
        help="where CUDA runs (default: auto)",
    )
    parser.add_argument(
        "--device-compiler",
        default="auto",
        choices=("auto", "nvcc", "nvrtc", "none"),
        help="compiler that is asked whether it takes an accepted CUDA target (default: auto, "
        "nvcc where it is installed, else NVRTC, else none)",
    )
    parser.add_argument(
        "--prove",
        action="store_true",
        help="look for a proof for every size and launch as well; the pair is still run",
    )


def run(args: argparse.Namespace) -> int:
    """Verify one pair or a batch and print the verdicts. args: parsed by `add_parser`. Returns the
    exit code: 0 equivalent or batch answered, 1 not equivalent, 3 undecided, 2 for wrong use, with
    the reason printed as one line.
    """
    try:
        return _batch(args) if args.batch else _single(args)
    except ValueError as error:
        print(f"coevolve verify: {error}", file=sys.stderr)
        return 2


def _single(args: argparse.Namespace) -> int:
    from coevolve.verification.engine import Engine, VerifyConfig
    from coevolve.verification.explain import describe_outcome
    from coevolve.verification.function_verdicts import combine_verdicts
    from coevolve.verification.requests import VerifyError, make_request_from_files

    if args.check_only:
        if args.source:
            raise VerifyError("--check-only takes SOURCE and TARGET from its file")
    elif not args.source or not args.target:
        raise VerifyError("give SOURCE and TARGET, or --batch PAIRS.jsonl --out VERDICTS.jsonl")
    if args.out:
        raise VerifyError("--out belongs to --batch")
    if args.large and args.suite:
        raise VerifyError("--large adds to tests that are made here, not to --suite")
    if args.check_only:
        asked = read_kept_pairs(args)
    else:
        asked = make_request_from_files(
            args.source,
            args.target,
            args.source_dialect,
            args.target_dialect,
            args.suite,
            args.function or "",
            read_header_options(args),
        )
    for line in asked.missing:
        print(line, file=sys.stderr)
    if args.proof_only:
        return _prove_alone(asked.pairs, args)
    config = VerifyConfig(large=args.large, prove=args.prove, device_compiler=args.device_compiler)
    engine = Engine(args.backend, config)
    try:
        engine.prepare(asked.pairs if len(asked.pairs) > 1 else ())
        judged: list[_Judged] = []
        for pair in asked.pairs:
            judged.append(_verify_and_print(engine, pair, asked, args))
    finally:
        engine.close()
    told = [(each.pair, each.verdict) for each in judged]
    _write_ci_files(args, [each.port_row for each in judged if each.port_row])
    verdict = combine_verdicts(told, len(told))
    if args.json:
        rows = [each.row for each in judged]
        print(json.dumps(_combine_rows(args.source, verdict, rows, asked.not_compared)))
    if len(told) > 1 and not args.json:
        others = [pair.source.name for pair, v in told if v.equivalent is not True]
        print(
            f"{describe_outcome(verdict)}: {len(told) - len(others)} of "
            f"{len(told)} functions are equivalent"
            + (f"; not so: {', '.join(others)}" if others else "")
        )
    for line in asked.not_compared:
        print(f"not compared: {line}", file=sys.stderr)
    return choose_exit_code(verdict)


def _combine_rows(
    identity: str, verdict: Verdict, rows: list[dict], not_compared: Sequence[str]
) -> dict:
    """What `--json` prints: the row of one function as it is; of several the verdict on all, with
    their rows under `functions`.
    """
    from coevolve.verification.requests import make_answer_row
    from corpora.store import to_json

    told = {"not_compared": list(not_compared)}
    if len(rows) == 1:
        return rows[0] | told
    elapsed_ms = sum(row["elapsed_ms"] for row in rows)
    whole = to_json(verdict) | make_answer_row(identity, verdict, elapsed_ms)
    return whole | {"functions": rows} | told


def read_kept_pairs(args: argparse.Namespace):
    """Return a VerifyRequest, the pairs of functions to judge, to check the ports of `--check-only`
    again, and set `args.source` and `args.target` to the two files. Each function is judged on the
    tests that the evidence keeps.

    args: parsed by `add_parser`; `check_only` names the file of evidence that `coevolve translate`
        wrote. A line on stderr says whether the port was changed since. Raises VerifyError if the
        evidence or the port cannot be read, or it has no function to check.
    """
    from coevolve.port.evidence_file import EvidenceError, hash_text, read_evidence
    from coevolve.verification.requests import (
        VerifyError,
        VerifyRequest,
        make_request,
        read_side,
        read_text,
    )
    from corpora.suites.unit_tests import format_suite

    place = Path(args.check_only)
    try:
        record = read_evidence(place)
    except EvidenceError as error:
        raise VerifyError(str(error)) from None
    args.source = str(place.parent / record.source_file)
    args.target = str(place.parent / record.port_file)
    port = read_text(args.target)
    same = hash_text(port) == record.port_sha256
    print(f"{args.target}: {'as it was' if same else 'changed since'}", file=sys.stderr)
    whole, read = read_side(args.target, port, record.target, read_header_options(args))
    pairs, missing = [], []
    for kept in record.functions:
        if args.function and kept.name != args.function:
            continue
        suite = format_suite(kept.tests.tests, kept.tests.launch) if kept.tests else None
        one = make_request(
            record.source_text, record.source_dialect, whole, record.target, suite, kept.name
        )
        pairs += one.pairs
        missing += one.not_compared
    if not pairs:
        raise VerifyError(f"'{args.check_only}' has no function to check; see --function")
    places = read.inlined if read and read.changed else None
    return VerifyRequest(
        tuple(pairs), tuple(missing), read.missing if read else (), target_places=places
    )


def _write_ci_files(args: argparse.Namespace, rows: Sequence[PortRow]) -> None:
    """Write the verdicts on functions where `--junit` and `--sarif` ask for them."""
    if not (args.junit or args.sarif):
        return
    from coevolve import __version__
    from coevolve.report.ci_files import make_junit, make_sarif

    if args.junit:
        Path(args.junit).write_text(make_junit(rows), encoding="utf-8")
    if args.sarif:
        log = json.dumps(make_sarif(rows, __version__), indent=1)
        Path(args.sarif).write_text(f"{log}\n", encoding="utf-8")


def _prove_alone(pairs, args: argparse.Namespace) -> int:
    """Prints what a proof says of each pair. Nothing is run."""
    from coevolve.verification.evidence import describe_proof
    from coevolve.verification.proof.prove import prove
    from coevolve.verification.proof.records import Answer
    from corpora.store import to_json

    proofs = [(pair, prove(pair.source, pair.target)) for pair in pairs]
    if args.json:
        rows = [
            {"id": args.source, "function": pair.source.name, **to_json(proof)}
            for pair, proof in proofs
        ]
        print(json.dumps(rows[0] if len(rows) == 1 else {"functions": rows}))
    else:
        for pair, proof in proofs:
            print(describe_proof(pair.source, pair.target, proof), flush=True)
    problems = any(pair.problem for pair in pairs)
    return 0 if proofs and not problems and all(p.answer is Answer.PROVED for _, p in proofs) else 3


@dataclass(frozen=True, slots=True)
class _Judged:
    """A verdict on one function. pair: what was asked in the end. row: for `--json`; else empty.
    port_row: for `--junit` and `--sarif`; else None.
    """

    pair: Pair
    verdict: Verdict
    row: dict
    port_row: PortRow | None


def _verify_and_print(
    engine, pair: Pair, asked: VerifyRequest, args: argparse.Namespace
) -> _Judged:
    """Judge one function of `asked`. Without `--json` the verdict is printed: whoever interrupts
    the others keeps it.
    """
    from coevolve.cli.port_rows import make_port_row, name_places
    from coevolve.cli.progress import show_working
    from coevolve.verification.evidence import find_proof
    from coevolve.verification.explain import explain_verdict, failing_input
    from coevolve.verification.proof.records import Answer
    from coevolve.verification.requests import make_answer_row
    from corpora.store import to_json

    started = time.perf_counter()
    with show_working(f"verify {pair.source.name}"):
        pair, verdict = verify_with_suite(engine, pair, args.suite)
    elapsed_ms = (time.perf_counter() - started) * 1e3
    failing = failing_input(engine, pair, verdict) if args.json or args.prove else None
    proof = find_proof(pair.source, pair.target, verdict, failing) if args.prove else None
    row: dict = {}
    if args.json:
        row = {
            **to_json(verdict),
            **make_answer_row(args.source, verdict, elapsed_ms, pair.cut),
            "function": pair.source.name,
        }
        if proof is not None:
            row["proof"] = to_json(proof)
        row["failing_input"] = failing
    explained = ""
    if args.junit or args.sarif or not args.json:
        explained = explain_verdict(engine, pair, verdict, elapsed_ms)
        explained = name_places(explained, verdict, asked)
    if not args.json:
        print(explained, flush=True)
        if proof is not None and proof.answer is not Answer.PROVED:
            print(f"  proof     {proof.answer.value.lower()}: {proof.reason}", flush=True)
    port_row = None
    if args.junit or args.sarif:
        port_row = make_port_row(
            args.source, args.target, pair, verdict, asked, explained, elapsed_ms / 1e3
        )
    return _Judged(pair, verdict, row, port_row)


SUITE_FORM = "a test is a line like 'n=8 x[n]=uniform(-1,1)@3' (docs/architecture/tests.md)"


def verify_with_suite(engine, pair: Pair, suite: str | None) -> tuple[Pair, Verdict]:
    """Judge a pair, and return (the pair that the verdict is on, the verdict). That is `pair`, or,
    where its source does not compile within its file, the pair of both functions cut out of their
    files, if that helps.

    engine: an Engine. suite: the path of the pair's tests, used in messages only; None where none
        was given. Raises VerifyError if the pair's tests cannot be read.
    """
    from coevolve.verification.function_verdicts import verify_pair
    from coevolve.verification.requests import VerifyError
    from corpora.suites.program_tests import ProgramSuiteError
    from corpora.suites.reader import SuiteError
    from tester.generate.snippets import SnippetError

    try:
        return verify_pair(engine, pair)
    except SuiteError as error:
        raise VerifyError(f"--suite '{suite}', {error}; {SUITE_FORM}") from None
    except (ProgramSuiteError, SnippetError) as error:
        raise VerifyError(f"--suite '{suite}': {error}") from None


def choose_exit_code(verdict: Verdict) -> int:
    """Return 0 for equivalent, 1 for not equivalent, 3 for undecided."""
    return {True: 0, False: 1, None: 3}[verdict.equivalent]


def _batch(args: argparse.Namespace) -> int:
    from coevolve.cli.errors import require_other_file
    from coevolve.cli.progress import show_working
    from coevolve.verification.requests import VerifyError

    if any((args.source, args.target, args.suite, args.large, args.function, args.prove)) or any(
        (args.proof_only, args.include, args.define)
    ):
        raise VerifyError(
            "--batch takes its programs and suites from the rows (no SOURCE, TARGET, --suite, "
            "--large, --function, --prove, -I, -D)"
        )
    if not args.out:
        raise VerifyError("--batch needs --out VERDICTS.jsonl")
    if args.workers < 1:
        raise VerifyError("--workers must be at least 1")
    require_other_file("--out", args.out, args.batch)
    try:
        lines = [
            line
            for line in Path(args.batch).read_text(encoding="utf-8").splitlines()
            if line.strip()
        ]
    except OSError as error:
        raise VerifyError(f"cannot read '{args.batch}': {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise VerifyError(f"'{args.batch}' is not UTF-8 text (byte {error.start})") from None
    out = Path(args.out)
    done = _count_answered(out, lines)
    if done:
        print(
            f"{done} of {len(lines)} rows were answered before; going on from there",
            file=sys.stderr,
        )
    with (
        out.open("a", encoding="utf-8") as sink,
        show_working(lambda: f"verify: {done} of {len(lines)} rows answered"),
    ):
        how = Judging(args.backend, args.device_compiler)
        for rows in _answers(lines, done, how, args.workers):
            sink.write("".join(json.dumps(row) + "\n" for row in rows))
            sink.flush()
            done += len(rows)
    return _told_of_unread(out, args.json)


def _told_of_unread(out: Path, as_json: bool) -> int:
    """The exit code of a batch that is answered; rows that could not be read are said on stderr."""
    from coevolve.verification.requests import is_unreadable_answer

    number, lost, first = 0, 0, ""
    with out.open(encoding="utf-8") as answered:  # a line at a time: a batch may be of millions
        for number, line in enumerate(answered, 1):
            if is_unreadable_answer(row := json.loads(line), number):
                lost, first = lost + 1, first or row["detail"]
    if lost:
        print(
            f"coevolve verify: {number} rows: {lost} could not be read; first: {first}",
            file=sys.stderr,
        )
    if as_json:
        print(json.dumps({"rows": number, "unreadable": lost, "verdicts": str(out)}))
    return 2 if lost and lost == number else 0


def _count_answered(out: Path, lines: list[str]) -> int:
    """How many rows `out` answers already; a torn last line is cut off. Raises VerifyError when it
    is of other rows.
    """
    from coevolve.verification.requests import VerifyError, read_row

    if not out.exists():
        return 0
    try:
        data = out.read_bytes()
    except OSError as error:
        raise VerifyError(f"cannot read '{out}': {error.strerror}") from None
    whole = data[: data.rfind(b"\n") + 1]
    rows = whole.decode(errors="replace").splitlines()
    if len(rows) > len(lines):
        raise VerifyError(
            f"'{out}' holds {len(rows)} answers but the batch has {len(lines)} rows; remove it "
            f"or name another --out"
        )
    for number, (row, line) in enumerate(zip(rows, lines, strict=False), 1):
        try:
            answer = json.loads(row)
            same = answer["id"] == read_row(line, number).id and {
                "outcome",
                "backend",
                "detail",
            } <= set(answer)
        except (ValueError, KeyError, TypeError, RecursionError):
            same = False
        if not same:
            raise VerifyError(
                f"'{out}' line {number} answers another row than the batch's; remove it or name "
                f"another --out"
            )
    if not data[len(whole) :].startswith(b'{"id": '[: len(data) - len(whole)]):
        raise VerifyError(
            f"'{out}' ends with something that is no answer of a batch; name another --out"
        )
    if len(whole) != len(data):
        os.truncate(out, len(whole))
    return len(rows)


Rows = list[tuple[int, str]]
"""(line number, text)."""


def split_into_chunks(rows: int, workers: int) -> int:
    """Return how many of the `rows` rows of a batch to compile together: at least 1, at most CHUNK
    (16), and so that each of `workers` workers gets equally many chunks.
    """
    from coevolve.verification.engine import CHUNK

    turns = -(-rows // (CHUNK * workers))
    return max(1, -(-rows // (max(turns, 1) * workers)))


@dataclass(frozen=True, slots=True)
class Judging:
    """How the rows of a batch are judged. backend: `auto`, `cuda` or `emulated`. device_compiler:
    the real compiler that checks accepted CUDA targets: `auto`, `nvcc`, `nvrtc` or `none`.
    """

    backend: str
    device_compiler: str = "none"

    def engine(self):
        """Return this process's Engine with these settings. Raises ValueError if the back end
        cannot run here.
        """
        from coevolve.verification.engine import VerifyConfig, get_shared_engine

        return get_shared_engine(self.backend, VerifyConfig(device_compiler=self.device_compiler))


def _answers(lines: list[str], done: int, how: Judging, workers: int) -> Iterator[list[dict]]:
    """Answers portion by portion, in input order."""
    size = split_into_chunks(len(lines) - done, workers)
    chunks = [list(enumerate(lines, 1))[i : i + size] for i in range(done, len(lines), size)]
    if workers == 1 or len(chunks) < 2:
        try:
            for chunk in chunks:
                prepare_rows(chunk, how)
                for rows in split_into_portions(chunk):
                    yield answer_rows(rows, how)
        finally:
            _close(how)
        return
    with process_pool(workers, at_end=partial(_close, how)) as pool:
        yield from _run_in_processes(pool, chunks, how, workers)


def _close(how: Judging) -> None:
    """End the runners of this process: what they used is then accounted to it."""
    how.engine().close()


def _run_in_processes(
    pool: Pool, chunks: list[Rows], how: Judging, workers: int
) -> Iterator[list[dict]]:
    """A chunk is compiled by one worker, its rows are answered by all. Few chunks are compiled
    ahead: answers come early.
    """
    preparing: dict[Future, int] = {}
    answering: dict[int, list[Future]] = {}
    begun = 0
    for told in range(len(chunks)):
        while begun < min(len(chunks), told + workers + 1):
            preparing[pool.submit(prepare_rows, chunks[begun], how)] = begun
            begun += 1
        while told not in answering or answering[told]:
            first = answering.get(told, [])[:1]
            for future in (
                wait([*preparing, *first], return_when=FIRST_COMPLETED).done & preparing.keys()
            ):
                future.result()
                number = preparing.pop(future)
                answering[number] = [
                    pool.submit(answer_rows, rows, how)
                    for rows in split_into_portions(chunks[number])
                ]
            if first and first[0].done():
                yield answering[told].pop(0).result()


def split_into_portions(rows: Rows) -> list[Rows]:
    """Split the rows of a batch into portions, each answered by one worker at a time, and return
    them in order.

    rows: (line number from 1, line) each; a line is a JSON object. Portions are small, so that a
        slow one leaves no worker idle. Neighbours with the same source stay together.
    """
    made: list[Rows] = []
    last = None
    for row in rows:
        source = _source(row[1])
        if not made or len(made[-1]) >= (PORTION if source != last or not source else 8 * PORTION):
            made.append([])
        made[-1].append(row)
        last = source
    return made


def _source(line: str) -> str:
    try:
        return str(json.loads(line)["source"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""  # said when it is answered


def prepare_rows(rows: Rows, how: Judging) -> None:
    """Compile together the programs that answering `rows` will need, into the cache. rows: of a
    batch, (line number from 1, line) each; a line is a JSON object. how: how they will be judged.
    Errors are not reported here but by `answer_rows`.
    """
    from coevolve.verification.requests import read_row

    pairs = [pair for number, line in rows for pair in read_row(line, number).pairs]
    _run_guarded(lambda: how.engine().prepare(pairs))


def answer_rows(chunk: Rows, how: Judging) -> list[dict]:
    """Judge the rows of a batch and return a JSON object per row, in order: `id`, `outcome`,
    `equivalent`, `blame`, `detail`, `backend`, `elapsed_ms`, `suite_strength`, `evidence` and
    `cut`.

    chunk: (line number from 1, line) of each row; a line is a JSON object. how: how they are
        judged. An error in a row is part of its answer: outcome REFUSED, with the reason in
        `detail`.
    """
    from coevolve.verification.function_verdicts import combine_verdicts, verify_until_difference
    from coevolve.verification.requests import make_answer_row, make_undecided_row, read_row

    rows = [read_row(line, number) for number, line in chunk]
    engine = how.engine()
    answers = []
    for row in rows:
        if not row.pairs:
            answers.append(make_undecided_row(row.id, row.problem))
            continue
        started = time.perf_counter()
        told, problem = _run_guarded(lambda pairs=row.pairs: verify_until_difference(engine, pairs))
        elapsed_ms = (time.perf_counter() - started) * 1e3
        if told:
            cut = [
                f"{pair.source.name}: {line}" if len(row.pairs) > 1 else line
                for pair, _ in told
                for line in pair.cut
            ]
            answers.append(
                make_answer_row(row.id, combine_verdicts(told, len(row.pairs)), elapsed_ms, cut)
            )
        else:
            answers.append(make_undecided_row(row.id, problem))
    return answers


def _run_guarded(action):
    """(result, problem): a fault of ours in one row must not take the others with it, but it must
    be seen.
    """
    try:
        return action(), ""
    except ValueError as error:
        return None, str(error)
    except Exception as error:
        return None, f"engine fault: {type(error).__name__}: {error}"
