"""A command-line parser whose mistakes are one line that names the nearest right word.

Contract: `Parser` is argparse's parser. Wrong use ends the process with exit code 2 and one line on
stderr. `require_known_words` finds mistyped commands and options before argparse complains of
something else.

    coevolve verfy a.cpp a.cu   # coevolve: unknown command 'verfy': did you mean 'verify'?
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable, Sequence
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """An argument parser that reports wrong use in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        """Print `message` as one line on stderr and end the process with exit code 2."""
        first = " ".join(message.split())
        hint = "" if "did you mean" in first else f"; see {self.prog} --help"
        self.exit(2, f"{self.prog}: {first}{hint}\n")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint with the word of `known` most like `word`, such as ": did you mean 'verify'?",
    to put behind an error message. Returns '' if no word is similar.
    """
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f": did you mean '{close[0]}'?" if close else ""


def require_known_words(
    parser: Parser, commands: argparse._SubParsersAction, words: Sequence[str]
) -> None:
    """Check that the command and the long options in `words` exist. If one does not, print one line
    with the nearest and end the process with exit code 2.

    parser: of the whole command line. commands: its subparsers, one for each command. words: what
        the user wrote behind `coevolve`; the first that does not begin with `-` is the command.
    """
    known = commands.choices
    at = next((i for i, word in enumerate(words) if not word.startswith("-")), len(words))
    command = words[at] if at < len(words) else ""
    if command and command not in known:
        hint = nearest(command, known)
        parser.error(
            f"unknown command '{command}'{hint}" + ("" if hint else f" (known: {', '.join(known)})")
        )
    _require_options(parser, words[:at])
    if command:
        _require_options(known[command], words[at + 1 :])


def _require_options(parser: Parser, words: Sequence[str]) -> None:
    options = [name for action in parser._actions for name in action.option_strings]
    for word in words:
        if word == "--":
            return
        name = word.partition("=")[0]
        if name.startswith("--") and not any(option.startswith(name) for option in options):
            parser.error(f"unknown option '{name}'{nearest(name, options)}")
