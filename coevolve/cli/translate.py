"""`coevolve translate`: a verified port of the functions in a file.

Contract: every answer of the model is executed against the function that it translates; what is
printed or written was found EQUIVALENT, with the evidence in a comment above it. Exit code 0 when
every function has a port, 1 when one has none, 2 for wrong use.

    coevolve translate axpy.cpp --to cuda --out axpy.cu
"""

from __future__ import annotations

import argparse
import atexit
import json
import math
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from coevolve.cli.header_options import add_header_options, read_header_options
from coevolve.loop.directions import AS_WRITTEN
from coevolve.port.one_file import drop_repeated_definitions, find_missing_headers, replace_restrict
from corpora.dialects import DIALECTS, Direction, get_dialect, guess_dialect, parse_direction
from corpora.extraction.extract import MAIN_PROGRAM, SkippedItem
from corpora.files import write_atomically
from corpora.frontends.c_words import words_of
from corpora.ir import For, RangeFor, Unsupported, UnsupportedExpression, While, find
from corpora.records import Blame, Outcome, Program, UnitTest, UnitTestSuite, Verdict
from corpora.store import to_json
from gpu_runtime.models.protocol import AnsweringModel, LanguageModel, Sampling

if TYPE_CHECKING:
    from coevolve.named_models import NamedModel
    from coevolve.port.by_directives import DirectivePort
    from coevolve.port.speed_gate import SpeedFigures
    from coevolve.verification.engine import Engine
    from coevolve.verification.project_text import ProjectText
    from corpora.projects.plain_classes import PlainText
    from translator.parallelize.directives import DirectivePlan, SerialLoop

NEW_TOKENS = Sampling().max_new_tokens
_WHOLE = frozenset({"goto", "memcpy", "memset", "memmove"})
_RANGES = frozenset({"begin", "data"})
_OF_NUMBERS = frozenset(
    "abs fabs max fmax min fmin sqrt cbrt pow exp log sin cos tan floor ceil".split()
)
"""Functions of the library that take no array."""


@dataclass(frozen=True, slots=True)
class Port:
    """The first verified translation of a program, or what became of the attempts.

    program: the source. text: the translation; None if none was verified. verdict: on that text;
        without one it is None, or the verdict that says why none is possible.
    outcomes: number of answers by outcome.
    failure: the verdict on the first answer, where none was verified; else None.
    how: a phrase that says how a port was made that is not the model's own answer; else ''.
    left: why rules could not split the program into loop nests; '' if they could.
    shared: parameters for data that the source's function shares with others.
    interface: how Fortran calls the host function of a port to CUDA, as a module; '' without one.
    plan: the directives that make the port of the source's own text; None for other ports.
    speed: times beside the source; None where it was not timed.
    tests: what it was run on; None where nothing was run. wrong: numbers, from 0, of those tests on
        which another answer was wrong.
    """

    program: Program
    text: str | None
    verdict: Verdict | None
    outcomes: Counter[Outcome]
    failure: Verdict | None = None
    how: str = ""
    left: str = ""
    shared: tuple[str, ...] = ()
    interface: str = ""
    plan: DirectivePlan | None = None
    speed: SpeedFigures | None = None
    tests: UnitTestSuite | None = None
    wrong: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TranslationOptions:
    """How a model is asked for ports, and where they run.

    samples: most answers per function. temperature: of the answers after the first.
    max_new_tokens: tokens after which an answer is cut. seed: of sampling.
    backend: `auto`, `cuda` or `emulated`. as_written: show the model the text without normalizing
        it. timed: time OpenMP ports beside their source.
    host: write a host function round the kernels of ports to CUDA.
    time_limit_s: wall-clock seconds for a function after which no further answer is asked for or
        tried; 0: no limit.
    Raises UserError for a value out of range.
    """

    samples: int = 16
    temperature: float = 0.6
    max_new_tokens: int = NEW_TOKENS
    seed: int = 0
    backend: str = "auto"
    as_written: bool = False
    timed: bool = False
    host: bool = False
    """Write a host function round the kernels of ports to CUDA."""
    time_limit_s: float = 0.0

    def __post_init__(self) -> None:
        from coevolve.cli.errors import UserError

        if min(self.samples, self.max_new_tokens) < 1 or self.temperature < 0:
            raise UserError(
                "--samples and --max-new-tokens must be at least 1 and --temperature not negative"
            )
        if not self.time_limit_s >= 0:
            raise UserError("--time-limit-s must not be negative; 0 sets no limit")


def add_parser(commands) -> argparse.ArgumentParser:
    """Add `coevolve translate` to `commands`, the subparsers of the command line. Returns its
    parser.
    """
    parser = commands.add_parser(
        "translate",
        help="make a verified port of the functions in a file",
        description="Ask a model for translations of every function of FILE, execute each "
        "against the original, and print the "
        "first that is equivalent. Exit code: 0 every function has a port, 1 some have none "
        "(or cannot be tested), 2 wrong use.",
        epilog="coevolve translate axpy.cpp --to cuda    |    coevolve translate solver.f90 "
        "--to openmp-fortran --out solver.omp.f90",
    )
    parser.add_argument("file", metavar="FILE", help="source file, for example axpy.cpp")
    dialects = ", ".join(DIALECTS)
    parser.add_argument(
        "--to",
        required=True,
        metavar="D",
        help=f"dialect to translate to: {dialects}; small was taught some directions only "
        f"(README.md)",
    )
    parser.add_argument(
        "--from", dest="source", metavar="D", help="dialect of FILE (default: by its suffix)"
    )
    parser.add_argument("--function", metavar="NAME", help="translate this function only")
    add_header_options(parser)
    models = (
        "small (default), a run, an export, a checkpoint's folder, a GGUF file, a hub id, or "
        "NAME@URL at an OpenAI-compatible endpoint"
    )
    parser.add_argument("--model", default="small", metavar="M", help=models)
    parser.add_argument(
        "--samples",
        type=int,
        default=16,
        metavar="N",
        help="most answers asked for per function (default: 16)",
    )
    parser.add_argument(
        "--temperature",
        type=float,
        default=0.6,
        metavar="T",
        help="of the answers after the first (default: 0.6)",
    )
    parser.add_argument(
        "--max-new-tokens",
        type=int,
        default=NEW_TOKENS,
        metavar="N",
        help=f"tokens after which an answer is cut (default: {NEW_TOKENS})",
    )
    parser.add_argument("--as-written", action="store_true", help=AS_WRITTEN)
    parser.add_argument(
        "--seed", type=int, default=0, metavar="S", help="seed of the answers (default: 0)"
    )
    parser.add_argument(
        "--backend",
        default="auto",
        choices=("auto", "cuda", "emulated"),
        help="where CUDA runs (default: auto)",
    )
    parser.add_argument(
        "--patch",
        action="store_true",
        help="print a unified diff that adds OpenMP directives to FILE; no model is asked",
    )
    parser.add_argument(
        "--host",
        action="store_true",
        help="to CUDA: write a file with the kernel, an entry for data on the device, and a "
        "host function with the source's signature; the whole file is verified. Fortran gets an "
        "interface to it",
    )
    parser.add_argument(
        "--no-timing",
        action="store_true",
        help="do not time OpenMP ports beside their source",
    )
    parser.add_argument(
        "--time-limit-s",
        type=float,
        default=0.0,
        metavar="S",
        help="seconds for a function after which no further answer is asked for or tried; what "
        "stands then is its port (default: 0, no limit)",
    )
    parser.add_argument(
        "--evidence",
        metavar="FILE",
        help="write what was run and found of each port here (default: beside --out, with the "
        "suffix .coevolve.json); 'verify --check-only FILE' checks the ports again",
    )
    parser.add_argument(
        "--found-inputs",
        metavar="FILE",
        help="write the tests in text form, those that found a wrong answer first",
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object with the ports of all functions"
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        help="write the ports here instead of printing them; the first port replaces what is there",
    )
    return parser


def run(args: argparse.Namespace) -> int:
    """Translate the functions of a file and print or write the verified ports. args: parsed by
    `add_parser`. Returns the exit code: 0 if every function has a port, else 1. Raises UserError or
    another ValueError for wrong use.
    """
    from coevolve.cli.errors import require_other_file, require_place
    from coevolve.cli.progress import show_each
    from coevolve.named_models import resolve_model

    options = TranslationOptions(
        args.samples,
        args.temperature,
        args.max_new_tokens,
        args.seed,
        args.backend,
        args.as_written,
        timed=not args.no_timing,
        host=args.host,
        time_limit_s=args.time_limit_s,
    )
    asked = _questions(args)
    direction, programs, left_out = asked.direction, asked.programs, asked.left_out
    if args.out:
        require_place("--out", args.out)
        require_other_file("--out", args.out, args.file)
    if args.patch:
        return _print_patch(args, asked, options)
    named = resolve_model(args.model, "translator", str(direction))
    named.require_taught(str(direction))
    from coevolve.evaluation.answering import describe_usage
    from coevolve.port.remembered_answers import RememberedAnswers, identify_model

    model = RememberedAnswers(partial(_open_model, named), identify_model(named))
    file = _read_own_text(args.file)
    with closing(
        translate_programs(programs, direction, model, named.kind, options, file)
    ) as ports:
        names = [f"translate {program.name}" for program in programs] + ["translate"]
        made: list[Port] = []
        shown = _kept(show_each(ports, names.__getitem__), made)
        rows: list[dict[str, object]] | None = [] if args.json else None
        texts = []
        try:
            texts += _deliver_ports(shown, direction, args.out, rows)
        finally:  # whoever interrupts keeps what stands
            if args.out and (interfaces := [port.interface for port in made if port.interface]):
                from coevolve.port.fortran_interface import SUFFIX

                text = "\n".join(interfaces)
                write_atomically(Path(args.out + SUFFIX), lambda sink: sink.write(text.encode()))
            if args.out and any(port.text for port in made):
                written = Path(args.out).read_text(encoding="utf-8", errors="replace")
                _write_evidence(args, asked, made, Path(args.out), written)
    if rows is not None:
        named_out = [{"function": each.name, **_where(each)} for each in left_out]
        print(json.dumps({"direction": str(direction), "ports": rows, "left_out": named_out}))
    for function in left_out:
        print(
            f"{function.name or 'text'} at {function.where}: left out, {function.reason}",
            file=sys.stderr,
        )
    if args.out:
        print(describe_port_source(args.out, texts, len(left_out)), file=sys.stderr)
    if model.opened is not None and (usage := describe_usage(model.opened)):
        print(usage, file=sys.stderr)
    return 0 if all(texts) and not left_out else 1


def _read_own_text(file: str) -> str:
    """The text of the user's file; '' where it is none, such as the name of a corpus."""
    path = Path(file)
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _open_model(named: NamedModel) -> LanguageModel:
    from coevolve.loop.checkpoints import use_all_cores, use_one_core

    (use_one_core if named.kind == "scratch" else use_all_cores)()
    return named.open()


def _kept(ports: Iterable[Port], made: list[Port]) -> Iterator[Port]:
    """`ports`, each added to `made`."""
    for port in ports:
        made.append(port)
        yield port


def _write_evidence(
    args: argparse.Namespace,
    asked: _Questions,
    ports: Sequence[Port],
    port_file: Path,
    port_text: str,
) -> None:
    """Write the evidence of ports and their tests where it was asked for. port_text: of the file
    `port_file` that holds them.
    """
    from coevolve.port.evidence_file import (
        SUFFIX,
        PortEvidence,
        hash_text,
        make_function_evidence,
        relative_to,
        write_evidence,
        write_found_inputs,
    )

    place = Path(args.evidence or f"{args.out}{SUFFIX}")
    functions = tuple(
        make_function_evidence(
            port.program,
            port.verdict,
            port.tests,
            port.how or "an answer of the model",
            port.speed,
            port.plan.assumptions if port.plan else (),
            [port.tests.tests[i] for i in port.wrong if i < len(port.tests.tests)]
            if port.tests
            else (),
        )
        for port in ports
        if port.text and port.verdict is not None
    )
    folder = place.parent
    whole = asked.whole
    source = (
        whole.inlined.text
        if whole is not None and whole.changed
        else Path(args.file).read_text(encoding="utf-8", errors="replace")
    )
    record = PortEvidence(
        relative_to(Path(args.file), folder),
        relative_to(port_file, folder),
        asked.direction.source.name,
        asked.direction.target.name,
        source,
        hash_text(port_text),
        functions,
    )
    if args.out or args.evidence:
        write_evidence(place, record)
        print(f"evidence: {place}", file=sys.stderr)
    if args.found_inputs:
        write_found_inputs(Path(args.found_inputs), record)


def _print_patch(
    args: argparse.Namespace,
    asked: _Questions,
    options: TranslationOptions,
) -> int:
    """Print a diff that adds directives to the file, or write it to `--out`. Returns the exit code.
    Raises UserError where the direction has no such ports.
    """
    from coevolve.cli.errors import UserError
    from coevolve.cli.progress import show_each
    from coevolve.port.by_directives import takes_directives
    from coevolve.port.patch import PlannedFunction, make_patch, read_exactly

    direction, programs = asked.direction, asked.programs
    if not takes_directives(direction) or not Path(args.file).is_file():
        raise UserError(
            f"--patch adds OpenMP directives to one file of serial code; '{direction}' of "
            f"'{args.file}' is something else"
        )
    whole, plain = asked.whole, asked.plain
    written = whole.inlined.text if whole is not None and _is_other(plain, whole) else ""
    planned, made = [], []
    file = _read_own_text(args.file)
    with closing(translate_programs(programs, direction, None, "", options, file)) as ports:
        names = [f"translate {program.name}" for program in programs] + ["translate"]
        for port in show_each(ports, names.__getitem__):
            fast = port.plan is not None and not _is_slow(port)
            if port.plan is not None and fast:
                judged = written or port.program.text  # in the file's own words
                planned.append(PlannedFunction(port.program.name, judged, port.plan))
                made.append(port)
            print(summarize_port(port, direction), file=sys.stderr, flush=True)
            for line in describe_limits(port):
                print(f"  {line}", file=sys.stderr)
            if port.plan is not None and not fast:
                print("  not in the patch", file=sys.stderr)
    patch = make_patch(args.file, read_exactly(Path(args.file)), direction.target.language, planned)
    diff = patch.diff.encode("utf-8", errors="surrogateescape")
    if args.out:
        write_atomically(Path(args.out), lambda sink: sink.write(diff))
    else:
        sys.stdout.buffer.write(diff)
        sys.stdout.buffer.flush()
    if args.out or args.evidence or args.found_inputs:
        missing = {name for name, _ in patch.left_out}
        kept = [port for port in made if port.program.name not in missing]
        _write_evidence(args, asked, kept, Path(args.file), patch.text)
    for name, why in (*patch.left_out, *((s.name or "text", s.reason) for s in asked.left_out)):
        print(f"{name}: not in the patch, {why}", file=sys.stderr)
    ported = len(planned) - len(patch.left_out)
    complete = ported == len(programs) and not asked.left_out
    return 0 if complete else 1


def translate_programs(
    programs: Sequence[Program],
    direction: Direction,
    model: AnsweringModel | None,
    kind: str,
    options: TranslationOptions,
    file: str = "",
) -> Generator[Port, None, None]:
    """Yield a Port for each program, in order, as soon as it is found.

    direction: from and to which dialect. model: the one that is asked; None asks none. kind: the
        model's back end, such as `scratch` or `pretrained`, which decides how it is prompted.
    options: number of answers, sampling and back end. file: the text that the programs come from,
        '' where there is none.
    Raises ValueError if the back end cannot run here.
    """
    from coevolve.loop.services import PROMPT_STYLES
    from coevolve.verification.engine import Engine
    from translator.prompting.translate import Translator

    def open_translator() -> Translator | None:
        if model is None:
            return None
        return Translator(model, PROMPT_STYLES[kind], spell=not options.as_written)

    engine = Engine(options.backend)
    asked = (options.samples, options.temperature, options.seed, options.max_new_tokens)
    try:
        for program in programs:
            opener = None if model is None else open_translator
            port = port_program(
                program,
                direction,
                opener,
                engine,
                *asked,
                timed=options.timed,
                time_limit_s=options.time_limit_s,
                file=file,
            )
            checked = engine.expectations(program).expectations if port.text else None
            if port.text and direction.target.name == "cuda":
                port = make_names_readable(port, engine)
            if options.host and port.text:
                port = add_host_function(port, engine, checked.suite.tests if checked else ())
            yield replace(
                port,
                shared=find_shared_data(program, file),
                tests=checked.suite if checked is not None else None,
            )
    finally:
        engine.close()


def make_names_readable(port: Port, engine: Engine) -> Port:
    """Return a CUDA port in which names that a small model invents, such as `v5`, are replaced; the
    port as it is where it has no text or the new text is not equivalent. engine: judges the new
    text.
    """
    from coevolve.port.readable_names import rename_invented
    from coevolve.verification.engine import Pair

    if port.verdict is None or port.text is None:
        return port
    text = rename_invented(port.text, port.program.name)
    if text == port.text:
        return port
    verdict = engine.verify(Pair(port.program, Program("cuda", port.program.name, text)))
    return replace(port, text=text, verdict=verdict) if verdict.equivalent else port


def add_host_function(port: Port, engine: Engine, tests: Sequence[UnitTest] = ()) -> Port:
    """Return a port to CUDA with a host function round its kernel, verified as a whole; the port as
    it is, with the reason in `how`, where none can be written or it is not equivalent. In a port
    that has a host function already, calls are checked; where that is not equivalent, it stays as
    it is, and `how` says so. That of a Fortran procedure has the linkage of C, and an interface for
    Fortran. tests: of the source.
    """
    from coevolve.port.fortran_interface import (
        make_callable_from_fortran,
        make_interface,
        quote_interface,
    )
    from coevolve.port.host_file import HostFileError, check_calls, make_host_file
    from coevolve.verification.engine import Pair

    if port.verdict is None or port.text is None:
        return port
    bare = bool(port.verdict.launch)
    try:
        if bare:
            text = make_host_file(port.program, port.text, port.verdict.launch, tests)
        else:
            text = check_calls(port.text)
        interface = ""
        if port.program.dialect == "fortran":
            text = make_callable_from_fortran(text, port.program.name)
            interface = make_interface(port.program, text)
            text = quote_interface(text, interface)
    except HostFileError as error:
        return replace(port, how=f"without a host function, as {error}")
    verdict = engine.verify(Pair(port.program, Program("cuda", port.program.name, text)))
    if not verdict.equivalent:
        how = (
            f"without a host function, as the verdict on the file with one is {verdict.outcome}"
            if bare
            else f"with a host function found with its kernels, its CUDA calls unchecked, as the "
            f"verdict with checks is {verdict.outcome}"
        )
        return replace(port, how=how)
    how = "with a host function" + (
        "" if bare else " found with its kernels; no entry for data on the device"
    )
    return replace(port, text=text, verdict=verdict, how=how, interface=interface)


def _deliver_ports(
    ports: Iterable[Port],
    direction: Direction,
    out: str | None,
    rows: list[dict[str, object]] | None = None,
) -> Iterator[str]:
    """The text of each port, '' for none, when it is printed or in the file: whoever interrupts the
    others keeps it. rows: the ports are added there as JSON objects and not printed.
    """
    written: list[str] = []
    included: list[str] = []
    for port in ports:
        text = format_port(port, direction) if port.text else ""
        fresh: list[str] = []
        if text and direction.target.language == "cpp":
            text = replace_restrict(text)
            fresh = [
                each
                for each in find_missing_headers(text, direction.target.name)
                if each not in included
            ]
            included += fresh
        if text and out:
            written.append(
                drop_repeated_definitions(text, written)
                if direction.target.language == "cpp"
                else text
            )
            file = "\n".join([*included, *[""] * bool(included), *written])
            write_atomically(Path(out), lambda sink, file=file: sink.write(file.encode()))
        if rows is not None:
            rows.append(make_port_row(port, direction, "\n".join([*fresh, text])))
        elif text and not out:
            print("\n".join([*fresh, text]), flush=True)
        print(summarize_port(port, direction), file=sys.stderr, flush=True)
        yield text


def _where(item: SkippedItem) -> dict[str, str]:
    return {"where": item.where, "reason": item.reason}


def make_port_row(port: Port, direction: Direction, text: str) -> dict[str, object]:
    """Return the JSON object that `--json` prints of a port. Its keys: `function`, `direction`,
    `verified` (whether it has a port), `text`, `verdict` (on the port or the first answer),
    `outcomes` (number of answers by outcome) and `how`; `text`, `verdict` and `how` may be None.

    direction: of the translation. text: the port as it would be printed; '' if there is none.
    """
    judged = port.verdict or port.failure
    return {
        "function": port.program.name,
        "direction": str(direction),
        "verified": port.text is not None,
        "text": text or None,
        "verdict": to_json(judged) if judged else None,
        "outcomes": {str(outcome): count for outcome, count in port.outcomes.items()},
        "how": port.how or None,
    }


def describe_port_source(out: str, texts: Sequence[str], left_out: int) -> str:
    """Return a line that says how many functions have a port in the file `out`.

    texts: for each function its port; '' where it has none. left_out: the number of functions that
        were not translated on purpose.
    """
    ported, of = sum(map(bool, texts)), len(texts) + left_out
    if ported:
        return f"{ported} of {of} functions are in {out}"
    return f"none of {of} functions has a port: {out} " + (
        "stays as it was before this call" if Path(out).exists() else "was not written"
    )


@dataclass(frozen=True, slots=True)
class _Questions:
    """What is asked for. programs: the functions of the file. left_out: those of it that tests
    cannot call (none where one function is asked for). whole, plain: as of `_read_project_file`.
    """

    direction: Direction
    programs: Sequence[Program]
    left_out: Sequence[SkippedItem]
    whole: ProjectText | None
    plain: PlainText | None


def _questions(args: argparse.Namespace) -> _Questions:
    from coevolve.cli.errors import UserError
    from coevolve.verification.cut_out import functions_as_compiled
    from corpora.datasets.loaders import load_corpus

    try:
        source = get_dialect(args.source) if args.source else guess_dialect(args.file)
        target = args.to
        if args.patch and source.language == "fortran" and target == "openmp":
            target = "openmp-fortran"  # a patch stays in its file's language
        direction = parse_direction(f"{source.name}:{target}")
    except ValueError as error:
        raise UserError(str(error)) from None
    whole, plain = _read_project_file(args, source.name)
    read, unread = _take_headers_in(Path(args.file), whole, plain)
    loaded = load_corpus(str(read), source.name)
    loaded = replace(loaded, skipped=(*unread, *loaded.skipped))
    if Path(args.file).is_file() and any(
        args.file.lower().endswith(suffix) for suffix in source.suffixes
    ):
        try:
            loaded = functions_as_compiled(
                loaded, read.read_text(encoding="utf-8", errors="replace"), source.name
            )
        except ValueError as error:
            raise UserError(f"'{args.file}': {error}") from None
        if not loaded.programs:
            raise UserError(
                f"'{args.file}' has no {source.name} function that its compiler reads and tests "
                f"can call"
            )
    programs, left_out = (
        loaded.programs,
        tuple(
            s
            for s in loaded.skipped
            if s.reason != MAIN_PROGRAM and not _is_carried_helper(s, loaded.programs)
        ),
    )
    if args.function:
        chosen = [p for p in programs if p.name == args.function]
        if not chosen:
            absent = f"'{args.file}' has no function '{args.function}'"
            why = next(
                (
                    f"'{s.name}' at {s.where} is left out, {s.reason}"
                    for s in loaded.skipped
                    if s.name == args.function
                ),
                absent,
            )
            raise UserError(f"{why}; the file has {', '.join(p.name for p in programs)}")
        return _Questions(direction, tuple(chosen), (), whole, plain)
    helpers = found if len(found := find_helpers(programs)) < len(programs) else []
    idle = []
    if direction.target.model == "openmp":
        rest = [p for p in programs if p not in helpers]
        idle = found if len(found := find_loopless(rest)) < len(rest) else []
    for helper in (*helpers, *idle):
        why = "and is ported with what calls it" if helper in helpers else "for threads to share"
        print(
            f"{helper.name}: not asked for, it has no loop {why} "
            f"(--function {helper.name} asks for it)",
            file=sys.stderr,
        )
    helpers = [*helpers, *idle]
    own = tuple(p for p in programs if p not in helpers)
    return _Questions(direction, own, left_out, whole, plain)


def _read_project_file(
    args: argparse.Namespace, dialect: str
) -> tuple[ProjectText | None, PlainText | None]:
    """FILE with the headers of its project, and the same in plain words; None where it is no file
    of C or C++, and the second for CUDA. Raises UserError where `-I` or `-D` do not fit.
    """
    from coevolve.cli.errors import UserError
    from coevolve.verification.project_text import (
        explain_system_text,
        read_project_file,
        takes_headers,
    )
    from corpora.projects.plain_c import make_c_plain
    from corpora.projects.plain_classes import make_classes_plain
    from corpora.projects.sources import LANGUAGES, ProjectError

    file = Path(args.file)
    known = file.suffix in LANGUAGES or file.suffix in get_dialect(dialect).suffixes
    if not takes_headers(dialect) or not file.is_file() or not known:
        if args.include or args.define:
            raise UserError(f"-I and -D are for a file of C or C++, and '{args.file}' is none")
        return None, None
    try:
        whole = read_project_file(file, dialect, read_header_options(args))
    except ProjectError as error:
        raise UserError(str(error)) from None
    if why := explain_system_text(whole.inlined.text):
        raise UserError(f"'{args.file}' cannot be read: {why}")
    make_plain = {"cpp": make_classes_plain, "c": make_c_plain}.get(LANGUAGES.get(file.suffix, ""))
    return whole, make_plain(whole.inlined.text) if make_plain else None


def _take_headers_in(
    file: Path, whole: ProjectText | None, plain: PlainText | None
) -> tuple[Path, tuple[SkippedItem, ...]]:
    """The file to read in the place of `file`, and functions that are not in it: a copy that holds
    the headers of its project, where it includes some or `-D` defines macros, and the plain words
    for what tests cannot hold; else `file` itself. whole, plain: as of `_read_project_file`.
    """
    for line in whole.missing if whole else ():
        print(line, file=sys.stderr)
    if whole is None or not (whole.changed or _is_other(plain, whole)):
        return file, ()
    folder = Path(tempfile.mkdtemp(prefix="coevolve-headers-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copy = folder / file.name
    copy.write_text(plain.text if plain else whole.inlined.text, encoding="utf-8")
    for name in plain.classes if plain else ():
        print(
            f"{file}: class '{name}' is read as a structure of its data, and accessors as what "
            f"they return",
            file=sys.stderr,
        )
    for array in plain.arrays if plain else ():
        function, _, name = array.partition(".")
        print(
            f"{file}: array '{name}' of {function} is read as a pointer to its first element",
            file=sys.stderr,
        )
    left_out = plain.left_out if plain else ()
    return copy, tuple(SkippedItem(str(file), name, why) for name, why in left_out)


def _is_other(plain: PlainText | None, whole: ProjectText) -> bool:
    """Whether plain words made another text of a file."""
    return plain is not None and plain.text != whole.inlined.text


def _is_carried_helper(skipped: SkippedItem, programs: Sequence[Program]) -> bool:
    """Whether it is a helper on the device, or a template, that others call: their ports
    hold it.
    """
    helper = skipped.name and skipped.reason.startswith(("is a __device__", "is a template"))
    return bool(helper) and any(
        skipped.name in words_of(p.text).called for p in programs if p.name != skipped.name
    )


def find_helpers(programs: Sequence[Program]) -> list[Program]:
    """Return the programs without a loop that another one calls. They have nothing parallel, and
    the callers' ports contain them. A helper has only scalar parameters, or is C++ that works on
    single elements.
    """
    from coevolve.verification.entry_functions import find_function_words

    words_of_functions: dict[str, Mapping[str, frozenset[str]]] = {}
    for each in programs:
        try:
            words_of_functions[each.id] = find_function_words(each.text, each.dialect)
        except RecursionError:  # nested too deeply: it is asked for as it is
            words_of_functions[each.id] = {}

    def called(program: Program) -> bool:
        return any(
            program.name in words
            for other in programs
            if other is not program
            for name, words in words_of_functions[other.id].items()
            if name != program.name
        )

    return [p for p in find_loopless(programs) if called(p)]


def find_loopless(programs: Sequence[Program]) -> list[Program]:
    """Return the programs without a loop or a statement on a whole array: threads have nothing to
    share there. They have only scalar parameters, or are C++ that works on single elements.
    """
    from corpora.signatures.signature import read_signature

    def by_element(program: Program) -> bool:
        return program.dialect == "cpp" and not _takes_whole_arrays(program.text)

    return [
        p
        for p in programs
        if not _may_loop(p)
        and (by_element(p) or all(e.kind == "scalar" for e in read_signature(p).parameters))
    ]


def _may_loop(program: Program) -> bool:
    """Whether a text has a loop, or something unknown that may hold one."""
    from gpu_runtime.launch.thresholds import parse_text

    unit = parse_text(program.text, program.dialect)
    loops = (For, RangeFor, While, Unsupported, UnsupportedExpression)
    return next(find(unit.items, *loops), None) is not None


def _takes_whole_arrays(text: str) -> bool:
    """Whether a C++ text without a loop may still go over an array: by jumps, copies, algorithms of
    the library.
    """
    words = words_of(text)
    standard = words.called_in.get("std", frozenset())
    ranges = words.called | words.methods | standard
    return bool(_WHOLE & (words.plain | standard) or _RANGES & ranges or standard - _OF_NUMBERS)


def port_program(
    program: Program,
    direction: Direction,
    translator,
    engine,
    samples: int,
    temperature: float,
    seed: int,
    max_new_tokens: int = NEW_TOKENS,
    timed: bool = False,
    time_limit_s: float = 0.0,
    file: str = "",
) -> Port:
    """Return a verified port of one program, from the cheapest proposer that has one.

    Serial code for OpenMP first gets directives by rule, in its own text. Then the Translator is
    asked: the most likely answer comes first, then `samples` - 1 sampled ones at `temperature`,
    frequent ones first. Without a parallel port, ports of its loop nests are requested one by one.
    A port in which one thread does all the work is returned only if there is no other, and so is
    one that fails the speed gate.
    translator: a Translator, or a function that opens one; None asks no model. engine: an Engine,
        which judges answers. seed: of sampling.
    max_new_tokens: tokens after which an answer is cut. timed: time OpenMP ports beside the source.
    time_limit_s: wall-clock seconds after which nothing more is asked for or tried; 0: no limit.
    file: the text that the program comes from, whose lines reasons name; '' for the program's own.
    Returns a Port; its `text` is None if none was verified.
    """
    outcomes: Counter[Outcome] = Counter()
    slow: Port | None = None
    wrong: list[int] = []
    deadline = time.monotonic() + (time_limit_s or math.inf)
    from coevolve.port.by_directives import port_by_directives, takes_directives

    if takes_directives(direction):
        by_rule, verdicts = port_by_directives(program, direction, engine, timed)
        outcomes.update(verdict.outcome for verdict in verdicts)
        if verdicts and says_nothing(verdicts[-1]):
            return Port(program, None, verdicts[-1], outcomes)
        if by_rule is not None:
            found = _with_directives(program, by_rule, outcomes)
            if found.plan is not None and found.plan.serial:
                serial = _in_file(found.plan.serial, program, direction, file)
                found = replace(found, plan=replace(found.plan, serial=serial))
            if by_rule.is_fast:
                return found
            slow = found
        wrong += [v.test_index for v in verdicts if v.outcome is Outcome.MISMATCH]
        failure = next((v for v in verdicts if not v), None)
        if translator is None:
            left = _explain_no_directive(program, direction, file)
            return slow or Port(program, None, None, outcomes, failure, left=left)
    if callable(translator):
        translator = translator()
    settings = samples, temperature, seed, max_new_tokens
    asked = _ask_model(program, direction, translator, engine, settings, wrong, deadline)
    tests = tuple(dict.fromkeys(index for index in wrong if index >= 0))
    asked = replace(asked, outcomes=asked.outcomes + outcomes, wrong=tests)
    if timed and asked.text and not asked.verdict.serial:
        target = Program(direction.target.name, program.name, asked.text)
        from coevolve.port.speed_gate import measure_speed

        asked = replace(asked, speed=measure_speed(program, target, engine))
    if slow is not None and (asked.text is None or _is_slow(asked) or asked.verdict.serial):
        return slow
    return asked


LATE = "its time was up (--time-limit-s) before one was found"
NO_DIRECTIVE = "no loop may get a directive by rule"


def _in_file(
    serial: tuple[SerialLoop, ...], program: Program, direction: Direction, file: str
) -> tuple[SerialLoop, ...]:
    """Loops of a program that stay serial, with the lines of the text `file`; '' for its own."""
    from translator.parallelize.directives import locate_in_file

    if not file:
        return serial
    return locate_in_file(serial, program.text, file, direction.target.language, program.name)


def _explain_no_directive(program: Program, direction: Direction, file: str) -> str:
    """Why no directive was inserted by rule, with the loops that stay serial."""
    from translator.parallelize.directives import explain_serial

    loops = explain_serial(program.text, direction.target.language, program.name)
    reasons = "; ".join(e.describe() for e in _in_file(loops[:3], program, direction, file))
    more = f"; and {len(loops) - 3} more" if len(loops) > 3 else ""
    return f"{NO_DIRECTIVE}: {reasons}{more}" if reasons else NO_DIRECTIVE


def _with_directives(program: Program, made: DirectivePort, outcomes: Counter[Outcome]) -> Port:
    return Port(
        program,
        made.text,
        made.verdict,
        Counter(outcomes),
        how="directives by rule in its own text",
        plan=made.plan,
        speed=made.speed,
    )


def _is_slow(port: Port) -> bool:
    return port.speed is not None and bool(port.speed.complaint)


def says_nothing(verdict: Verdict) -> bool:
    """Return whether a verdict says nothing about the answer, so that the next one fares no better:
    the source has no valid tests, or is itself to blame.
    """
    return verdict.equivalent is None and (
        verdict.outcome is Outcome.INVALID_SUITE or verdict.blame is Blame.SOURCE
    )


def _ask_model(
    program: Program,
    direction: Direction,
    translator,
    engine,
    asked: tuple[int, float, int, int],
    wrong: list[int],
    deadline: float,
) -> Port:
    """The port that a Translator gives. asked: samples, temperature, seed and most tokens. wrong:
    numbers of tests on which an answer is wrong are added to it. deadline: of `time.monotonic`.
    """
    from coevolve.port.by_parts import explain_not_outlined, port_by_parts
    from coevolve.verification.engine import Pair
    from translator.normalize.fortran.convert import convert_to_cpp

    samples, temperature, seed, max_new_tokens = asked
    outcomes: Counter[Outcome] = Counter()
    tried: set[str] = set()
    of_one_thread: Port | None = None
    partly: Port | None = None
    failure: Verdict | None = None
    greedy = Sampling(1, 0.0, max_new_tokens=max_new_tokens, seed=seed)
    for sampling in (greedy, replace(greedy, n=samples - 1, temperature=temperature)):
        if not sampling.n or partly or time.monotonic() > deadline:
            break
        answers = Counter(c.text for c in translator.propose([program], direction, sampling))
        fresh = [text for text, _ in answers.most_common() if text not in tried]
        tried.update(fresh)
        pairs = [
            Pair(program, Program(direction.target.name, program.name, text)) for text in fresh
        ]
        engine.prepare(pairs)
        for pair in pairs:
            if time.monotonic() > deadline:
                break
            verdict = engine.verify(pair)
            outcomes[verdict.outcome] += 1
            if verdict.outcome is Outcome.EQUIVALENT:
                found = Port(program, pair.target.text, verdict, Counter(outcomes))
                if verdict.serial:
                    of_one_thread = of_one_thread or found
                elif count_loops_left(found, direction):
                    partly = found
                    break
                else:
                    return found
            if says_nothing(verdict):
                return Port(program, None, verdict, outcomes)
            if verdict.outcome is Outcome.MISMATCH:
                wrong.append(verdict.test_index)
            failure = verdict if failure is None else failure
    by_rule = str(direction) == "fortran:cpp"
    late = time.monotonic() > deadline
    made = (
        None
        if late
        else convert_to_cpp(program)
        if by_rule
        else port_by_parts(program, direction, translator, engine, greedy)
    )
    if made is not None and made.text not in tried:
        verdict = engine.verify(Pair(program, made))
        outcomes[verdict.outcome] += 1
        if verdict.outcome is Outcome.EQUIVALENT and not verdict.serial:
            how = (
                "spelled by rule"
                if by_rule
                else "loop nest by loop nest, by rule where no answer stood"
            )
            joined = Port(program, made.text, verdict, outcomes, how=how)
            if partly is None or count_loops_left(joined, direction) < count_loops_left(
                partly, direction
            ):
                return joined
    why = explain_not_outlined(program, direction) if made is None and not by_rule else ""
    return (
        partly
        or of_one_thread
        or Port(
            program,
            None,
            None,
            outcomes,
            failure,
            left=LATE if late else f"not cut into loop nests: {why}" if why else "",
        )
    )


def find_shared_data(program: Program, file: str) -> tuple[str, ...]:
    """Return names of parameters that the program has and its function in the text `file` does not.
    These stand for globals or module variables. The result is empty if `file` is no source text.
    """
    from corpora.signatures.signature import SignatureError, read_signature

    try:
        own, whole = (
            {p.name.lower() for p in read_signature(each).parameters}
            for each in (replace(program, text=file), program)
        )
    except SignatureError:
        return ()
    return tuple(
        p.name for p in read_signature(program).parameters if p.name.lower() in whole - own
    )


def count_loops_left(port: Port, direction: Direction) -> int:
    """Return how many outermost loops of an OpenMP port of serial code have no directive; 0 for
    other directions.
    """
    from translator.outline.count_serial_loops import count_serial_loops

    return (
        count_serial_loops(port.text, direction.target.language)
        if direction.target.model == "openmp" and direction.source.model == "serial"
        else 0
    )


def format_port(port: Port, direction: Direction) -> str:
    """Return the port's text below a comment with its evidence, in the comment style of the
    target's language. The port must have a text.
    """
    comment = "!" if direction.target.language == "fortran" else "//"
    verdict = port.verdict
    strength = (
        ""
        if verdict.suite_strength is None
        else f", strength {100 * verdict.suite_strength:.0f}% of mutants killed"
    )
    launch = f"{comment} launch: {verdict.launch}\n" if verdict.launch else ""
    note = (
        f"{comment} one thread does all the work\n"
        if verdict.serial
        else f"{comment} serial loops left: {left}\n"
        if (left := count_loops_left(port, direction))
        else ""
    )
    note += "".join(f"{comment} {line}\n" for line in describe_limits(port))
    note += (
        f"{comment} of data that the source shares with other functions it has parameters: "
        f"{', '.join(port.shared)}\n"
        if port.shared
        else ""
    )
    return (
        f"{comment} {port.program.name}: equivalent to its {direction.source.name} source on "
        f"{verdict.backend}{strength}\n{launch}{note}{port.text.strip()}\n"
    )


def describe_limits(port: Port) -> list[str]:
    """Return lines on a port's times, and on what it takes for granted; [] where there are none."""
    lines = []
    if port.speed is not None:
        lines.append(f"speed: {port.speed.describe()}")
        if port.speed.complaint:
            lines.append(f"not worth it: {port.speed.complaint}")
    if port.plan is not None:
        lines += [f"stays serial: {s.describe()}" for s in port.plan.serial]
        if port.plan.assumptions:
            lines.append(f"takes for granted: {'; '.join(port.plan.assumptions[:4])}")
            if len(port.plan.assumptions) > 4:
                lines[-1] += f"; and {len(port.plan.assumptions) - 4} more of this kind"
    return lines


def summarize_port(port: Port, direction: Direction) -> str:
    """Return one line of text about the port's function: its verified port, or why there is
    none.
    """
    tried = sum(port.outcomes.values())
    if port.text:
        how = port.how or f"answer {tried}"
        how += (
            ", by one thread"
            if port.verdict.serial
            else f", serial loops left: {left}"
            if (left := count_loops_left(port, direction))
            else ""
        )
        return f"{port.program.name}: verified {direction.target.name} port, {how}"
    if port.verdict is not None:
        return f"{port.program.name}: no verdict possible: {port.verdict.detail}"
    from coevolve.verification.explain import summarize_verdict

    found = ", ".join(f"{count} {outcome.name}" for outcome, count in port.outcomes.most_common())
    found = f" ({found})" if found else ""
    why = (
        f"; the first: {summarize_verdict(port.failure).splitlines()[0]}"
        if port.failure is not None
        else ""
    )
    left = f"; {port.left}" if port.left else ""
    among = f" among {tried} answers" if tried else ""
    return f"{port.program.name}: no verified port{among}{found}{why}{left}"
