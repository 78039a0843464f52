"""The command line: `coevolve COMMAND`, one module a command but for the short ones, which are
here.

Contract: exit 0 done, 2 wrong use or bad input (one line on stderr), 130 interrupted, 143 ended by
SIGTERM; `verify` adds 1 and 3, `translate` 1. Heavy packages are imported by the command that needs
them, so `--help` answers at once.

    coevolve run configs/demo.toml
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from coevolve import __version__
from coevolve.cli.command_line import Parser, require_known_words
from coevolve.cli.progress import show_until_output
from coevolve.cli.signals import GOES_ON, RESUMES, print_early_end, raise_on_sigterm

if TYPE_CHECKING:
    from coevolve.config.records import Config


def main(arguments: list[str] | None = None) -> int:
    """Run one command of the command line. arguments: the words after `coevolve`; None: this
    process's. Returns the exit code: 0 done, 2 wrong use, 130 interrupted, 143 ended by SIGTERM;
    other codes are those of the command.
    """
    try:
        words = sys.argv[1:] if arguments is None else arguments
        with raise_on_sigterm(), show_until_output(" ".join(["coevolve", *words[:1]])):
            return _run_command(words)
    except KeyboardInterrupt as error:
        return print_early_end(error)


def _run_command(words: list[str]) -> int:
    try:
        parser, commands = _parser()
        require_known_words(parser, commands, words)
        args = parser.parse_args(words)
        if not hasattr(args, "handler"):
            parser.print_help()
            return 2
        try:
            return args.handler(args)
        except KeyboardInterrupt as error:
            return print_early_end(error, RESUMES if hasattr(args, "resume") else GOES_ON)
    except BrokenPipeError:
        return 141
    except OSError as error:
        if error.errno == errno.ENOSPC:
            print(
                f"coevolve: the disk is full: {error.strerror}; finished stages are kept",
                file=sys.stderr,
            )
            return 2
        if isinstance(
            error, (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
        ):
            print(f"coevolve: {error.strerror}: {error.filename}", file=sys.stderr)
            return 2
        raise
    except (ValueError, RuntimeError) as error:
        if _is_user_error(error):
            print(f"coevolve: {error}", file=sys.stderr)
            return 2
        raise


def _is_user_error(error: Exception) -> bool:
    from coevolve.cli.errors import get_user_errors

    return isinstance(error, get_user_errors())


def _parser() -> tuple[Parser, argparse._SubParsersAction]:
    """The parser, and its commands."""
    from coevolve.cli import (
        check,
        compare,
        completion,
        decontaminate,
        directions,
        evaluate as evaluate_command,
        leaderboard,
        plan,
        ports,
        serve,
        survey,
        translate as translate_command,
        verify as verify_command,
        view,
        watch,
    )

    parser = Parser(
        prog="coevolve",
        description="Make verified pairs of serial and parallel HPC code by co-evolving a "
        "Translator and a Tester.",
        epilog="First steps: coevolve run configs/demo.toml; coevolve verify axpy.cpp axpy.cu",
    )
    parser.add_argument("--version", action="version", version=f"coevolve {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_run(commands)
    for command in (
        translate_command,
        evaluate_command,
        compare,
        leaderboard,
        decontaminate,
        plan,
        ports,
        survey,
        view,
        watch,
    ):
        command.add_parser(commands).set_defaults(handler=command.run)
    _add_export(commands)
    _add_report(commands)
    check.add_parsers(commands)
    verify = verify_command.add_parser(commands)
    if verify is not None:
        verify.set_defaults(handler=verify_command.run)
    _add_doctor(commands)
    directions.add_parser(commands)
    serve.add_parser(commands).set_defaults(handler=serve.run)
    completion.add_parser(commands, parser)
    return parser, commands


def _add_run(commands) -> None:
    parser = commands.add_parser(
        "run",
        help="run rounds of co-verify and co-evolve",
        description="Run the configured rounds. Finished stages of the run folder are not "
        "repeated, so the same command resumes.",
    )
    parser.add_argument(
        "config", nargs="?", help="TOML configuration, for example configs/demo.toml"
    )
    parser.add_argument(
        "--resume",
        metavar="RUN",
        help="go on with the run in this folder, by its own configuration",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="override a key, for example --set round.count=1",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="load the configuration, look for models and packages, load the corpora, print "
        "what would run, stop",
    )
    parser.add_argument(
        "--local",
        action="store_true",
        help="without Ray, everything in this process (for debugging)",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print where the results are as a JSON object; all else goes to stderr; with "
        "--dry-run print what would run",
    )
    parser.set_defaults(handler=_run)


def _run(args) -> int:
    from coevolve.config.schema import ConfigError, load
    from coevolve.loop.run_folder import resolve_run_dir
    from coevolve.loop.run_mirror import open_mirror

    if bool(args.config) == bool(args.resume):
        raise ConfigError("give either a configuration file or --resume RUN")
    if args.config and Path(args.config).is_dir():
        holds_run = (Path(args.config) / "config.toml").is_file()
        instead = (
            f"to go on with the run in it: coevolve run --resume {args.config}"
            if holds_run
            else "name a file, for example configs/demo.toml"
        )
        raise ConfigError(f"'{args.config}' is a folder; {instead}")
    if args.resume and any(each.partition("=")[0].strip() == "run_dir" for each in args.set):
        raise ConfigError(
            f"--set run_dir has no meaning with --resume: the run is the folder "
            f"'{args.resume}'; copy or move that folder instead"
        )
    # The folder named is the run, wherever it was moved to.
    resumed = resolve_run_dir(args.resume) if args.resume else None
    mirror = open_mirror(args.resume) if args.resume else None
    if mirror:
        mirror.fetch()
    file = resumed / "config.toml" if resumed else Path(args.config)
    if resumed and not file.is_file():
        raise ConfigError(f"'{resumed}' holds no run (no config.toml in it)")
    config = load(file, tuple(args.set), run_dir=resumed)
    if mirror:
        config = replace(config, run_dir=mirror.url)
    if not sys.stderr.isatty():  # where nothing else shows that it works
        told = sys.stderr if args.json else sys.stdout
        print(f"coevolve run: loading packages and corpora of {file}", file=told, flush=True)
    from coevolve.loop.rounds import describe_run
    from corpora.datasets.loaders import CorpusError

    try:
        if args.dry_run:
            described = describe_run(config)
            print(json.dumps({"would_run": described.splitlines()}) if args.json else described)
        else:
            _run_and_say(config, not args.local, args.json)
    except CorpusError as error:
        raise CorpusError(f"[corpus] of {file}: {error}") from None
    return 0


def _run_and_say(config: Config, use_ray: bool, as_json: bool) -> None:
    from coevolve.loop.rounds import run

    if not as_json:
        run(config, use_ray=use_ray)
        return
    with contextlib.redirect_stdout(sys.stderr):
        folder = run(config, use_ray=use_ray)
    places = {"run": folder, "report": folder / "report.html", "export": folder / "export"}
    print(json.dumps({name: str(path) for name, path in places.items()}))


def _add_export(commands) -> None:
    parser = commands.add_parser(
        "export",
        help="export a run's checkpoints and verified pairs",
        description="Write Hugging Face folders (translator/, tester/) with model cards and "
        "pairs.parquet with the evidence. With --format sft write the pairs alone, as chats to "
        "fine-tune a model on.",
    )
    parser.add_argument(
        "run", metavar="RUN", help="run folder; for --format sft a pairs.parquet too"
    )
    parser.add_argument(
        "--out",
        metavar="PATH",
        help="folder to write (defaults to RUN/export); for --format sft a .jsonl file",
    )
    parser.add_argument(
        "--format",
        choices=("hub", "sft"),
        default="hub",
        help="hub: models and pairs with cards (default); sft: one chat a row, "
        '{"messages": [...]}, asked as training asks',
    )
    parser.add_argument(
        "--round",
        type=int,
        metavar="K",
        help="round whose checkpoints are exported (defaults to the last finished)",
    )
    parser.add_argument("--half", action="store_true", help="store weights in 16 bits")
    parser.add_argument(
        "--license",
        default="",
        metavar="L",
        help="licence that the card of the pairs names, such as mit (default: what the corpora "
        "allow); models keep that of what they began as",
    )
    parser.add_argument(
        "--push",
        metavar="OWNER/NAME",
        help="upload to the hub too, as private OWNER/NAME-translator, -tester and -pairs",
    )
    parser.add_argument(
        "--json", action="store_true", help="print where the export is as a JSON object"
    )
    parser.set_defaults(handler=_export)


def _export(args) -> int:
    from coevolve.cli.export import export_run, push_export

    if args.format == "sft":
        return _export_chats(args)
    out = Path(args.out) if args.out else None
    made = export_run(Path(args.run), out, args.round, args.half, args.license)
    pushed = push_export(made, args.push) if args.push else []
    if args.json:
        print(json.dumps({"folder": str(made)} | ({"pushed": pushed} if pushed else {})))
    else:
        print(made, *pushed, sep="\n")
    return 0


def _export_chats(args) -> int:
    from coevolve.cli.errors import UserError, require_other_file, require_place
    from coevolve.cli.export import export_chats

    if not args.out:
        raise UserError("--format sft writes one file; name it with --out, such as pairs.jsonl")
    given = {"--half": args.half, "--license": args.license, "--push": args.push}
    if wrong := [name for name, value in given.items() if value]:
        raise UserError(f"{' and '.join(wrong)}: of --format hub alone; leave it out")
    require_other_file("--out", args.out, args.run)
    require_place("--out", args.out)
    count = export_chats(Path(args.run), Path(args.out), args.round)
    print(json.dumps({"file": args.out, "n_pairs": count}) if args.json else args.out)
    return 0


def _add_report(commands) -> None:
    parser = commands.add_parser(
        "report",
        help="print a run's table and write report.html",
        description="Print a run's table and write RUN/report.html.",
    )
    parser.add_argument("run", metavar="RUN", help="run folder, finished or not")
    parser.add_argument(
        "--tensorboard",
        metavar="FOLDER",
        help="write the figures of every round there as TensorBoard scalars too",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the table as a JSON object of its header and its rows of text",
    )
    parser.set_defaults(handler=_report)


def _report(args) -> int:
    from coevolve.cli.errors import UserError
    from coevolve.report.page import make_table, open_run, print_table, write_report

    if args.json and args.tensorboard:
        raise UserError("--json prints the table alone; write the scalars with a call without it")
    if args.json:
        header, rows = make_table(*open_run(Path(args.run)))
        print(
            json.dumps(
                {"header": header, "rows": rows, "report": str(write_report(Path(args.run)))},
                indent=1,
            )
        )
        return 0
    print_table(Path(args.run))
    print(f"report: {write_report(Path(args.run))}")
    if args.tensorboard:
        from coevolve.report.scalars import write_scalars

        print(
            f"scalars: {write_scalars(Path(args.run), Path(args.tensorboard))} in "
            f"{args.tensorboard}"
        )
    return 0


def _add_doctor(commands) -> None:
    parser = commands.add_parser(
        "doctor",
        help="show what this machine offers and what is missing",
        description="List compilers, sandbox modes, OpenMP, Fortran and CUDA, with the install "
        "command for what is missing.",
    )
    parser.add_argument("--json", action="store_true", help="print the findings as one JSON list")
    parser.set_defaults(handler=_doctor)


def _doctor(args) -> int:
    from gpu_runtime.doctor import check_machine

    if args.json:
        print(json.dumps([asdict(finding) for finding in check_machine()], indent=1))
        return 0
    for finding in check_machine():
        mark = "yes" if finding.present else "NO " if finding.needed else "no "
        hint = f"   install: {finding.hint}" if finding.hint and not finding.present else ""
        print(f"{mark}  {finding.name:<28} {finding.detail}{hint}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
