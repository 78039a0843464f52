"""Tests of whole programs: arguments and standard input, in a text form of one test a line.

Contract: `parse_program_suite` and `format_program_suite` are inverse to each other; a line that
cannot be read is a ProgramSuiteError with its number. Strings are written as in JSON where they are
not plain words.

    args(100, --fast, "two words") stdin("3\\n1 2 3\\n")
    args()

    python -c "from corpora.suites.program_tests import *; \\
        print(parse_program_suite('args(8) stdin(\\"1 2\\\\\\\\n\\")'))"
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from corpora.records import content_hash


class ProgramSuiteError(ValueError):
    """A line of a suite of tests for whole programs cannot be read. The message begins with its
    number, from 1.
    """


@dataclass(frozen=True, slots=True)
class ProgramTest:
    """One run of a whole program, as a test. arguments: those after the program's name. stdin: the
    text of its standard input; '' for none.
    """

    arguments: tuple[str, ...] = ()
    stdin: str = ""


@dataclass(frozen=True, slots=True)
class ProgramSuite:
    """Tests of one whole program, one with `main`. program_id: the program's `id`. tests: in order.
    author: `rules` or `user`.
    """

    program_id: str
    tests: tuple[ProgramTest, ...]
    author: str = "rules"

    @property
    def id(self) -> str:
        """Return a hash of the suite's program id and tests, 16 hex digits."""
        return content_hash("program suite", self.program_id, self.tests)


_STRING = r'"(?:[^"\\]|\\.)*"'
_WORD = r'[^\s,()"]+'
_ITEM = rf"(?:{_STRING}|{_WORD})"
_TEST = re.compile(
    rf"args\(\s*((?:{_ITEM}(?:\s*,\s*{_ITEM})*)?)\s*\)(?:\s*stdin\(\s*({_STRING})\s*\))?\s*"
)
_PLAIN = re.compile(_WORD)


def parse_program_suite(text: str) -> tuple[ProgramTest, ...]:
    """Parse tests of whole programs, one per line, in order. Empty lines and lines that begin with
    `#` are passed over.

    text: lines as `args(100, --fast, "two words") stdin("3\\n")`; `stdin` may be left out, and
    strings are written as in JSON. Raises ProgramSuiteError for a line that cannot be read.
    """
    tests = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _TEST.fullmatch(line.strip())
        if found is None:
            raise ProgramSuiteError(
                f"line {number}: '{line.strip()[:60]}' is not a test of a whole program; write "
                f'args(A, B, ...) stdin("TEXT\\n"), either may be left empty'
            )
        arguments = tuple(_read(item, number) for item in re.findall(_ITEM, found[1]))
        tests.append(ProgramTest(arguments, _read(found[2], number) if found[2] else ""))
    return tuple(tests)


def _read(item: str, number: int) -> str:
    if not item.startswith('"'):
        return item
    try:
        value = json.loads(item, strict=False)
    except ValueError:
        raise ProgramSuiteError(f"line {number}: {item[:40]} is not a string as in JSON") from None
    if "\0" in value:
        raise ProgramSuiteError(f"line {number}: a zero byte cannot be given to a program")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ProgramSuiteError(f"line {number}: {item[:40]} holds half a character") from None
    return value


def format_program_test(test: ProgramTest) -> str:
    """Return a test of a whole program as one line, such as `args(100, --fast) stdin("3\\n")`,
    which `parse_program_suite` reads.
    """
    words = [
        a if _PLAIN.fullmatch(a) and a.isascii() and a.isprintable() else json.dumps(a)
        for a in test.arguments
    ]
    return f"args({', '.join(words)})" + (f" stdin({json.dumps(test.stdin)})" if test.stdin else "")


def format_program_suite(tests: tuple[ProgramTest, ...]) -> str:
    """Return tests of a whole program as text, one per line, which `parse_program_suite` reads; ''
    for no tests.
    """
    return "".join(format_program_test(t) + "\n" for t in tests)
