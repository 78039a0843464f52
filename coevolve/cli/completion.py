"""`coevolve completion SHELL`: a script that completes commands and options on the Tab key.

Contract: prints the script for bash, zsh or fish, made by shtab from the parser itself; nothing is
installed.

    coevolve completion bash > ~/.local/share/bash-completion/completions/coevolve
"""

from __future__ import annotations

import argparse
import json

SHELLS = ("bash", "zsh", "fish")


def add_parser(commands, parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add `coevolve completion` to `commands`, the subparsers of the command line. Returns its
    parser. parser: the whole command line, which the script will complete.
    """
    added = commands.add_parser(
        "completion",
        help="print a script for completion on the Tab key",
        description="Print a script that completes commands and options in a shell.",
        epilog="bash: coevolve completion bash > "
        "~/.local/share/bash-completion/completions/coevolve    |    "
        "zsh: coevolve completion zsh > FOLDER_OF_FPATH/_coevolve    |    "
        "fish: coevolve completion fish > ~/.config/fish/completions/coevolve.fish",
    )
    added.add_argument("shell", choices=SHELLS, help="which shell")
    added.add_argument(
        "--json", action="store_true", help="print the script as a JSON object with its shell"
    )
    added.set_defaults(handler=lambda args: run(args, parser))
    return added


def run(args: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Print the completion script for the shell that `args`, the parsed command line, names.
    parser: the whole command line. Returns the exit code 0. Raises UserError if shtab is not
    installed.
    """
    from coevolve.cli.errors import UserError

    try:
        import shtab
    except ImportError:
        raise UserError(
            "shell completion needs the package shtab: python -m pip install shtab"
        ) from None
    script = shtab.complete(parser, shell=args.shell)
    print(json.dumps({"shell": args.shell, "script": script}) if args.json else script)
    return 0
