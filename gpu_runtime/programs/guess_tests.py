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

from collections.abc import Iterator

from corpora.analysis.affine import integer_of
from corpora.dialects import get_dialect
from corpora.frontends.queries import function_named, undeclared_names
from corpora.ir import (
    Access,
    Binary,
    Call,
    Cast,
    ExpressionStatement,
    Function,
    Literal,
    Name,
    ScalarType,
    TranslationUnit,
    find,
)
from corpora.records import Program
from corpora.suites.program_tests import ProgramTest
from gpu_runtime.launch.thresholds import parse_text

_COUNTS_ARGUMENTS = frozenset({"command_argument_count", "iargc"})
_GIVES_ARGUMENT = frozenset({"get_command_argument", "getarg"})
_INPUT = frozenset({"scanf", "cin", "getchar", "fgets", "getline", "fread", "gets", "stdin"})
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
MAX_BOUNDARIES = 3
LARGEST = 200_000
_NUMBERS = " ".join(str(k % 9 + 1) for k in range(200))


def reads_arguments(program: Program) -> bool:
    """Return whether the program uses its command-line arguments. That `main` declares them is not
    enough. Raises ValueError for an unknown dialect.
    """
    unit = parse_text(program.text, program.dialect)
    if get_dialect(program.dialect).language == "fortran":
        return bool(_called(unit, _COUNTS_ARGUMENTS | _GIVES_ARGUMENT))
    main = function_named(unit, "main")
    if main is None:
        return False
    taken = {p.name for p in main.parameters}
    passed_over = {
        id(name)
        for s in find(main.body or (), ExpressionStatement)
        if _is_ignored(s)
        for name in find(s, Name)
    }
    return any(n.id in taken and id(n) not in passed_over for n in find(main.body or (), Name))


def _is_ignored(statement: ExpressionStatement) -> bool:
    """`(void)argc;`"""
    made = statement.expression
    return isinstance(made, Cast) and made.type == ScalarType("void")


def _called(unit: TranslationUnit, names: frozenset[str]) -> list[Call]:
    return [c for c in find(unit.items, Call) if getattr(c.function, "id", "").lower() in names]


def reads_input(program: Program) -> bool:
    """Return whether the program reads standard input. Raises ValueError for an unknown
    dialect.
    """
    unit = parse_text(program.text, program.dialect)
    if get_dialect(program.dialect).language == "fortran":
        return any(_is_standard_input(call) for call in find(unit.items, Call))
    return bool(undeclared_names(unit) & _INPUT)


def _is_standard_input(call: Call) -> bool:
    """Of Fortran's `read *, n`, `read(*, *) n`, `read(5, *) n` and `read(input_unit, *) n`."""
    if getattr(call.function, "id", "") != "read":
        return False
    unit = next((value for word, value in call.keywords if word == "unit"), None)
    if unit is None:
        unit = call.arguments[0] if call.arguments else None
    if isinstance(unit, Literal):
        return unit.text == "5"
    return isinstance(unit, Name) and unit.id in ("*", "input_unit")


def _argument_places(unit: TranslationUnit) -> Iterator[int]:
    """Numbers of the arguments that a program asks for one by one."""
    for call in _called(unit, _GIVES_ARGUMENT):
        if call.arguments and (number := integer_of(call.arguments[0])) is not None:
            yield number
    main: Function | None = function_named(unit, "main")
    taken = {p.name for p in main.parameters[1:2]} if main is not None else set()
    for access in find(main.body or (), Access) if main is not None else ():
        if isinstance(access.base, Name) and access.base.id in taken:
            number = integer_of(access.indices[0])
            yield from () if number is None else (number,)


def _compared_sizes(unit: TranslationUnit) -> set[int]:
    """Whole numbers on the right of a comparison."""
    return {
        number
        for node in find(unit.items, Binary)
        if node.op in _COMPARISONS
        and (number := integer_of(node.right)) is not None
        and 2 < number < LARGEST
    }


def guess_tests(program: Program) -> tuple[ProgramTest, ...]:
    """Return tests guessed from a whole program's text: one without arguments and input, then small
    sizes and numbers just beyond those it compares with. Raises ValueError for an unknown dialect.
    """
    tests = [ProgramTest()]
    if reads_arguments(program):
        unit = parse_text(program.text, program.dialect)
        places = max(_argument_places(unit), default=1)
        boundaries = sorted(n + 1 for n in _compared_sizes(unit))[-MAX_BOUNDARIES:]
        tests += [ProgramTest((str(n),) * min(places, 6)) for n in (7, 100, *boundaries)]
    if reads_input(program):
        tests = [
            ProgramTest(t.arguments, text)
            for t in tests
            for text in (f"5\n{_NUMBERS}\n", f"3 4\n{_NUMBERS}\n", f"1\n{_NUMBERS}\n", "")
        ]
    return tuple(dict.fromkeys(tests))
