"""Functions judged without the rest of their files: when that may be, and what is reported.

Contract: `read_as_compiled` gives the text that the dialect's compiler would read.
`isolate_functions` gives one function of such a text with what it needs, from the text with all
macros written out; only where the whole text compiles, runs nothing by itself and holds nothing
that reaches beyond a function (assembly, linker attributes and pragmas). Else it gives the reason
in one line. `compare_initial_values` names shared data that two texts begin with different values.

    coevolve verify solver.cpp solver.omp.cpp
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from corpora.datasets.loaders import LoadedCorpus, programs_of_text
from corpora.dialects import get_dialect
from corpora.extraction.extract import piece_of
from corpora.extraction.initial_values import initial_values
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.queries import free_functions
from corpora.records import Program
from corpora.signatures.signature import SignatureError, read_signature
from gpu_runtime.call.parameter_names import normalize_name
from gpu_runtime.compile.preprocess import (
    Reading,
    expand,
    needs_preprocessor,
    problem_of_whole,
    resolve,
)
from gpu_runtime.wall.check import check_file

MEND = "give a file that compiles by itself; -I names the folder of its headers, -D its macros"


@dataclass(frozen=True, slots=True)
class Cut:
    """A function separated from the rest of its file.

    program: the function alone with the definitions it needs; the original program if `problem` is
        set.
    problem: why it cannot be separated, in one line; '' if it was.
    """

    program: Program
    problem: str = ""


def read_as_compiled(text: str, dialect_name: str) -> Reading:
    """Return `text` as the compiler of a dialect reads it, as the `text` of a Reading. Branches of
    `#if` that the compiler skips are left out. A text without preprocessor branches, or not of the
    C family, comes back unchanged. The `problem` of the Reading says why a text cannot be read; ''
    if it can.

    dialect_name: such as `cpp`. Raises ValueError for an unknown dialect.
    """
    if get_dialect(dialect_name).language != "cpp" or not needs_preprocessor(text):
        return Reading(text)
    return resolve(text, dialect_name)


def functions_as_compiled(found: LoadedCorpus, text: str, dialect_name: str) -> LoadedCorpus:
    """Return the functions `found` in a file, each as the compiler reads it.

    found: the functions read from `text`, the file's whole text. Branches of `#if` that the
        compiler of `dialect_name` skips are left out. A function keeps its macros where they mean
        the same in it alone; else they are expanded.
    Raises ValueError if the compiler cannot read the file, or for an unknown dialect.
    """
    if get_dialect(dialect_name).language != "cpp" or not (
        needs_preprocessor(text) or "define" in text
    ):
        return found
    read = expand(text, dialect_name)
    if read.problem:
        raise ValueError(f"it cannot be read as its compiler would: {read.problem}; {MEND}")
    written = programs_of_text(
        read.text, dialect_name, found.programs[0].origin if found.programs else ""
    )
    given = {p.name: p for p in found.programs}
    programs = tuple(
        given[p.name] if p.name in given and _same_words(given[p.name], p) else p
        for p in written.programs
    )
    return LoadedCorpus(programs, written.skipped)


def _same_words(program: Program, written: Program) -> bool:
    alone = expand(program.text, program.dialect)
    return not alone.problem and alone.text.split() == written.text.split()


def isolate_functions(program: Program) -> Cut:
    """Return the function `program.name` alone, with the helpers, types and macros that it needs.

    program: its text is the whole file. The result's `problem` says why where the function cannot
        be separated from its file; '' if it was.
    """
    text, problem = program.text, ""
    if get_dialect(program.dialect).language == "cpp":
        read = expand(text, program.dialect)
        text, problem = read.text, read.problem and f"does not compile ({read.problem}); {MEND}"
    whole = replace(program, text=text)
    problem = problem or _unfit(whole) or _uncompiled(program)
    if problem:
        return Cut(program, f"'{program.name}' would have to be cut out of a text that {problem}")
    piece = piece_of(whole)
    if piece.reason:
        return Cut(program, f"'{program.name}' cannot be cut out of its file: it {piece.reason}")
    return Cut(replace(program, name=piece.name, text=piece.text))


def _unfit(whole: Program) -> str:
    """Why the text's functions cannot be told apart or taken out."""
    if reason := check_file(whole):
        return f"cannot be taken apart: {reason}"
    if get_dialect(whole.dialect).language != "cpp":
        return ""
    functions = free_functions(parse_c_family(whole.text, whole.dialect))
    lines = [f.span.line for f in functions if f.name == whole.name and f.span is not None]
    return (
        f"defines it more than once (lines {', '.join(map(str, lines))}); give each a name of "
        f"its own"
        if len(lines) > 1
        else ""
    )


def _uncompiled(program: Program) -> str:
    problem = problem_of_whole(program.text, program.dialect)
    if not problem:
        return ""
    return (
        f"is not passive: {problem}"
        if problem.startswith(("a global object", "a function is"))
        else f"does not compile ({problem}); {MEND}"
    )


def lift_shared_data(program: Program) -> Cut | None:
    """Return a function with the globals, module variables and COMMON blocks that it uses as
    parameters, separated from the rest of its file. Returns None where it uses none.

    program: its text is the whole file, its name that of the function. The result's `problem` says
        why the data cannot become parameters; '' if it did.
    """
    piece = piece_of(program)
    if piece.reason or not _has_more(replace(program, name=piece.name, text=piece.text), program):
        return None
    cut = isolate_functions(program)
    return cut if cut.problem or _has_more(cut.program, program) else None


def _has_more(made: Program, than: Program) -> bool:
    try:
        return len(read_signature(made).parameters) > len(read_signature(than).parameters)
    except SignatureError:
        return False


def compare_initial_values(source: Program, target: Program, made: tuple[Program, Program]) -> str:
    """Compare the initial values of data that became parameters on both sides.

    source, target: the original programs. made: the same two with shared data as parameters.
    Returns a line about the first name whose initial values differ, '' if none does. Raises
    SignatureError if a signature of `made` cannot be read.
    """
    shared = set.intersection(
        *({normalize_name(p.name) for p in read_signature(m).parameters} for m in made)
    )
    values = [_values(p) for p in (source, target)]
    for name in sorted(shared & values[0].keys() & values[1].keys()):
        if values[0][name] != values[1][name]:
            one, other = (v[name] or "nothing" for v in (values[0], values[1]))
            return (
                f"'{name}', which functions share, begins with {one} in the source and with "
                f"{other} in the target"
            )
    return ""


def _values(program: Program) -> Mapping[str, str]:
    row = get_dialect(program.dialect)
    text = expand(program.text, row.name).text if row.language == "cpp" else program.text
    found = initial_values(text, row.language)
    return {normalize_name(name): _plain(value) for name, value in found.items()}


def _plain(value: str) -> str:
    """A value in the words of both languages: numbers as numbers, zero as what a variable without a
    value has.
    """
    words = value.strip("{} ")
    try:
        number = float(_plain_number(words))
    except ValueError:
        return "" if words in ("", "NULL", "nullptr", "false", ".false.") else value
    return "" if number == 0 else repr(number)


def _plain_number(words: str) -> str:
    """A number of either language without what it says of its type: `1.5f`, `2UL`, `1d0_8`."""
    bare = words.partition("_")[0].lower().replace("d", "e")
    shorter = bare.rstrip("flu")
    return shorter if shorter[-1:] == "." or shorter[-1:].isdigit() else words
