"""Tests of a whole program made from its text: which arguments and which input it may want.

Contract: pure functions of the text, repeatable, and never of what the program prints. The first
test is always the bare one: no argument, empty input. A program that reads no arguments gets none,
one that reads no input gets none.

    python -c "from corpora.records import Program; \\
        from gpu_runtime.programs.guess_tests import guess_tests; \
print(guess_tests(Program('cpp', 'main', 'int main(int argc, char **argv) { return argc > 1 ?
atoi(argv[1]) : 0; }')))"
"""

from __future__ import annotations

import re

from corpora.dialects import get_dialect
from corpora.records import Program
from corpora.suites.program_tests import ProgramTest

_ARGUMENTS = {
    "cpp": re.compile(r"\bargv\b|\bargs\b|\bav\b"),
    "fortran": re.compile(
        r"\b(?:get_command_argument|getarg|command_argument_count|iargc)\b", re.I
    ),
}
_INPUT = {
    "cpp": re.compile(r"\b(?:scanf|cin|getchar|fgets|getline|fread|gets|stdin)\b"),
    "fortran": re.compile(
        r"\bread\s*(?:\(\s*(?:unit\s*=\s*)?[*5]\s*,|\*\s*,|\(\s*input_unit)", re.I
    ),
}
_INDEX = re.compile(
    r"\bargv\s*\[\s*(\d+)\s*\]|\b(?:get_command_argument|getarg)\s*\(\s*(\d+)", re.I
)
_COMPARED = re.compile(r"(?:[<>]=?|[=!]=|\.(?:gt|ge|lt|le|eq|ne)\.)\s*(\d{1,6})\b", re.I)
MAX_BOUNDARIES = 3
LARGEST = 200_000
_NUMBERS = " ".join(str(k % 9 + 1) for k in range(200))


def reads_arguments(program: Program) -> bool:
    """Return whether the program's text uses its command-line arguments. Raises ValueError for an
    unknown dialect.
    """
    return bool(
        _ARGUMENTS[get_dialect(program.dialect).language].search(_strip_main_head(program.text))
    )


def reads_input(program: Program) -> bool:
    """Return whether the program's text reads standard input. Raises ValueError for an unknown
    dialect.
    """
    return bool(_INPUT[get_dialect(program.dialect).language].search(program.text))


def _strip_main_head(text: str) -> str:
    """The text without the head of `main`: that it takes arguments does not mean that it looks at
    them.
    """
    return re.sub(r"\bmain\s*\([^)]*\)", "main()", text)


def guess_tests(program: Program) -> tuple[ProgramTest, ...]:
    """Return tests guessed from a whole program's text: one without arguments and input, then small
    sizes and numbers just beyond those it compares with. Raises ValueError for an unknown dialect.
    """
    tests = [ProgramTest()]
    if reads_arguments(program):
        places = max([int(a or b) for a, b in _INDEX.findall(program.text)] or [1])
        boundaries = sorted(
            {int(n) + 1 for n in _COMPARED.findall(program.text) if 2 < int(n) < LARGEST}
        )[-MAX_BOUNDARIES:]
        tests += [ProgramTest((str(n),) * min(places, 6)) for n in (7, 100, *boundaries)]
    if reads_input(program):
        tests = [
            ProgramTest(t.arguments, text)
            for t in tests
            for text in (f"5\n{_NUMBERS}\n", f"3 4\n{_NUMBERS}\n", f"1\n{_NUMBERS}\n", "")
        ]
    return tuple(dict.fromkeys(tests))
