"""Files and rows as questions for the engine: dialects, entry functions, and the rows of `verify
--batch`.

Contract: wrong use is a VerifyError (a ValueError) of one line. Two texts are as many questions as
they share functions that nothing else in the source calls (coevolve.verification.entry_functions).

    python -c "from coevolve.verification.requests import make_request; \\
        print(make_request('void f(int*x){} void g(int*x){}', 'cpp', 'void g(int*x){}', 'cpp'))"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from coevolve.verification.cut_out import (
    compare_initial_values,
    isolate_functions,
    lift_shared_data,
    read_as_compiled,
)
from coevolve.verification.engine import Pair
from coevolve.verification.entry_functions import (
    EntryPairs,
    find_entry_names,
    find_entry_pairs,
    find_host_caller,
    find_untestable_functions,
)
from coevolve.verification.programs import WHOLE, is_whole_program
from coevolve.verification.project_text import (
    ProjectText,
    explain_system_text,
    read_project_file,
    takes_headers,
)
from corpora.datasets.tables import decode_source
from corpora.dialects import get_dialect, guess_dialect
from corpora.extraction.extract import TOO_DEEP, UNSEEN, explain_uncallable
from corpora.extraction.returned_structures import (
    ENDING,
    find_structure_functions,
    wrap_returned_structures,
)
from corpora.frontends.dialect_guess import guess_port_dialect
from corpora.json_text import JsonError, parse_json
from corpora.projects.headers import InlinedText
from corpora.projects.plain_c import make_c_plain
from corpora.projects.sources import LANGUAGES, Options, ProjectError
from corpora.records import Program, Verdict
from corpora.signatures.signature import read_signature
from corpora.suites.unit_tests import parse_suite
from gpu_runtime.call.parameter_names import normalize_name
from gpu_runtime.compile.preprocess import resolve
from gpu_runtime.wall.check import check_program


class VerifyError(ValueError):
    """Wrong use of `coevolve verify`; the message is one line."""


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """The pairs of functions of two texts that are to be judged.

    pairs: one pair for each function to compare.
    not_compared: a line for each function of the source that is not compared.
    missing: a line for each header of the user's own that was not found.
    source_places, target_places: where the lines of a text with headers came from; None where the
        text is the file's own.
    """

    pairs: tuple[Pair, ...]
    not_compared: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    source_places: InlinedText | None = None
    target_places: InlinedText | None = None


def make_request(
    source: str,
    source_dialect: str,
    target: str,
    target_dialect: str,
    suite: str | None = None,
    function: str = "",
) -> VerifyRequest:
    """Return the pairs of functions that must be judged for a verdict on two texts.

    source, target: texts in the named dialects, read as their compilers read them. Two whole
        programs make one pair. Otherwise there is a pair for each function that both define and
        nothing in the source calls. Data shared with other functions becomes parameters on both
        sides.
    suite: tests in text form for one function, the last, which is then the only pair; None: tests
        are made by rules.
    function: compare this one only; '' for all.
    Raises VerifyError if the source defines no function that can be compared, if `function` is
    missing on a side, or if a text is nested too deeply to read; ValueError for an unknown dialect.
    """
    try:
        return _asked_of(source, source_dialect, target, target_dialect, suite, function)
    except RecursionError:
        raise VerifyError(f"one of the two programs {TOO_DEEP}") from None


def _asked_of(
    source: str,
    source_dialect: str,
    target: str,
    target_dialect: str,
    suite: str | None,
    function: str,
) -> VerifyRequest:
    for what, text, dialect in (
        ("source", source, source_dialect),
        ("target", target, target_dialect),
    ):
        if takes_headers(dialect) and (why := explain_system_text(text)):
            raise VerifyError(f"the {what} cannot be read: {why}")
    if (
        is_whole_program(source, source_dialect)
        and is_whole_program(target, target_dialect)
        and not function
    ):
        return VerifyRequest(
            (
                Pair(
                    Program(source_dialect, WHOLE, source),
                    Program(target_dialect, WHOLE, target),
                    suite,
                ),
            )
        )
    sides = read_as_compiled(source, source_dialect), read_as_compiled(target, target_dialect)
    source, target = sides[0].text, sides[1].text
    unread = next(
        (
            f"the {what}'s text: {side.problem}"
            for what, side in zip(("source", "target"), sides, strict=True)
            if side.problem
        ),
        "",
    )
    source, target, returning = _store_structures(source, source_dialect, target, target_dialect)
    if normalize_name(function) in returning:
        function += ENDING
    found = (
        _pair_by_name(function, source, source_dialect, target, target_dialect)
        if function
        else find_entry_pairs(source, source_dialect, target, target_dialect)
    )
    if not found.names and is_whole_program(source, source_dialect):
        raise VerifyError(
            "the source is a whole program (main) and the target is not; give two whole "
            "programs or two functions"
        )
    if not found.names:
        raise VerifyError(f"the source defines no {source_dialect} function that can be called")
    names = found.names if suite is None else found.names[-1:]
    programs = [
        (Program(source_dialect, one, source), Program(target_dialect, other, target))
        for one, other in names
    ]
    pairs = [_pair(one, find_host_caller(one, other), suite) for one, other in programs]
    pairs = [replace(pair, problem=pair.problem or unread) for pair in pairs] if unread else pairs
    # What tests cannot call for another reason stays: that it is undecided is said of the whole.
    unseen = [pair.source.name for pair in pairs if explain_uncallable(pair.source) == UNSEEN]
    asked = tuple(pair for pair in pairs if pair.source.name not in unseen) or tuple(pairs)
    untested = () if len(unseen) == len(pairs) else tuple(f"{name}: {UNSEEN}" for name in unseen)
    odd = () if function else find_untestable_functions(source, source_dialect)
    return VerifyRequest(
        asked,
        (
            *untested,
            *odd,
            *(f"{name}: the target has no function of that name" for name in found.missing),
        ),
    )


def _store_structures(
    source: str, source_dialect: str, target: str, target_dialect: str
) -> tuple[str, str, set[str]]:
    """Both texts with functions that store what others return as a structure, where both sides of a
    name return one; and these names.
    """
    sides = [
        {normalize_name(name): name for name in find_structure_functions(*side)}
        for side in ((source, source_dialect), (target, target_dialect))
    ]
    both = sides[0].keys() & sides[1].keys()
    if not both:
        return source, target, set()
    return (
        wrap_returned_structures(source, source_dialect, [sides[0][name] for name in both]),
        wrap_returned_structures(target, target_dialect, [sides[1][name] for name in both]),
        set(both),
    )


def make_single_pair(
    source: str, source_dialect: str, target: str, target_dialect: str, suite: str | None = None
) -> Pair:
    """Return the pair of functions that must be judged for a verdict on two texts; if there are
    several, the last one.

    source, target: texts in the named dialects. suite: tests in text form for that function; None:
        they are made by rules.
    Raises VerifyError if the source defines no function or a text cannot be read, ValueError for an
    unknown dialect.
    """
    return make_request(source, source_dialect, target, target_dialect, suite).pairs[-1]


def _pair_by_name(
    function: str, source: str, source_dialect: str, target: str, target_dialect: str
) -> EntryPairs:
    """The pair of one function. Raises VerifyError where a side has none of that name."""
    sides = [
        {normalize_name(name): name for name in find_entry_names(*side)}
        for side in ((source, source_dialect), (target, target_dialect))
    ]
    for side, what in zip(sides, ("source", "target"), strict=True):
        if normalize_name(function) not in side:
            raise VerifyError(
                f"the {what} has no function '{function}'; it has "
                f"{', '.join(side.values()) or 'none'}"
            )
    return EntryPairs(((sides[0][normalize_name(function)], sides[1][normalize_name(function)]),))


def _pair(given: Program, asked: Program, suite: str | None) -> Pair:
    shared = lift_shared_data(given)
    if shared is None:
        return _isolate_allowed(Pair(given, asked, suite))
    if _is_suite_for(suite, given):
        return Pair(given, asked, suite)
    # A target may keep state only where the source shares data, and then as the parameters that
    # this becomes.
    other = lift_shared_data(asked)
    for side, cut in (("source", shared), ("target", other)):
        if cut is not None and cut.problem:
            return Pair(
                given,
                asked,
                suite,
                problem=f"the {side} shares data between functions, and {cut.problem}",
            )
    if other is None:
        return Pair(shared.program, asked, suite, (_SHARED.format("source"),))
    made = shared.program, other.program
    return Pair(
        *made,
        suite,
        (_SHARED.format("source"), _SHARED.format("target")),
        compare_initial_values(given, asked, made),
    )


_SHARED = (
    "{}: cut out of its file, the data that it shares with other functions given as parameters"
)


def _isolate_allowed(pair: Pair) -> Pair:
    """`pair`, a side cut out of its file where only the rest of that is turned away: what another
    function includes or keeps is not its fault.
    """
    for side in ("source", "target"):
        program = getattr(pair, side)
        if (why := check_program(program)) is None:
            continue
        cut = isolate_functions(program)
        if cut.problem:
            pair = replace(pair, problem=pair.problem or f"the {side}: {why}; and {cut.problem}")
        elif check_program(cut.program) is None:
            pair = replace(
                pair,
                **{side: cut.program},
                cut=(
                    *pair.cut,
                    f"{side}: cut out of its file, of which the rest is refused ({why})",
                ),
            )
    return pair


def separate_pair(pair: Pair) -> Pair | None:
    """Return the pair with both functions separated from the rest of their files, and a line on
    each in `cut`. Returns None if the source's file holds nothing but its function. If a function
    cannot be separated, the pair comes back with `problem` set to the reason.
    """
    cuts = {"source": isolate_functions(pair.source), "target": isolate_functions(pair.target)}
    if problem := next(
        (f"the {side}: {cut.problem}" for side, cut in cuts.items() if cut.problem), ""
    ):
        return replace(pair, problem=problem)
    if cuts["source"].program == pair.source:
        return None
    said = tuple(
        f"{side}: cut out of its file, with which the source cannot be tested" for side in cuts
    )
    return replace(
        pair, source=cuts["source"].program, target=cuts["target"].program, cut=(*pair.cut, *said)
    )


def _is_suite_for(suite: str | None, program: Program) -> bool:
    """Whether the suite is written for `program` as it stands."""
    if suite is None:
        return False
    if "wrapper" in suite:  # a snippet calls it as it stands
        return True
    try:
        parse_suite(suite, read_signature(program))
    except ValueError:
        return False
    return True


def read_text(path: str) -> str:
    """Return the text of the file `path`. Raises VerifyError if it cannot be read or holds a zero
    byte.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise VerifyError(f"cannot read '{path}': {error.strerror}") from None
    if b"\0" in data:
        raise VerifyError(f"'{path}' is not a text file (it holds a zero byte)")
    return decode_source(data)


def make_request_from_files(
    source: str,
    target: str,
    source_dialect: str | None,
    target_dialect: str | None,
    suite: str | None,
    function: str = "",
    options: Options = Options(),
) -> VerifyRequest:
    """Return the pairs that `coevolve verify SOURCE TARGET` judges.

    source, target, suite: paths; suite may be None. source_dialect, target_dialect: names, or None
        to go by the suffix, and for the target by its OpenMP directives too. function: compare this
        one only; '' for all. options: folders of headers and macros of both files. Headers of their
        own are taken into files of the C family.
    Raises VerifyError if a file cannot be read or has no function, ValueError for an unknown
    dialect.
    """
    first = get_dialect(source_dialect) if source_dialect else guess_dialect(source)
    text, other = read_text(source), read_text(target)
    second = get_dialect(target_dialect) if target_dialect else guess_port_dialect(target, other)
    if (options.include or options.define) and not any(
        takes_headers(row.name) for row in (first, second)
    ):
        raise VerifyError(
            f"-I and -D are for files of C or C++, and neither '{source}' nor '{target}' is one"
        )
    sides = [
        read_side(path, each, row.name, options)
        for path, each, row in ((source, text, first), (target, other, second))
    ]
    asked = make_request(
        sides[0][0],
        first.name,
        sides[1][0],
        second.name,
        read_text(suite) if suite else None,
        function,
    )
    missing = dict.fromkeys(line for _, whole in sides if whole for line in whole.missing)
    places = [whole.inlined if whole and whole.changed else None for _, whole in sides]
    return replace(asked, missing=tuple(missing), source_places=places[0], target_places=places[1])


def read_side(
    path: str, text: str, dialect_name: str, options: Options
) -> tuple[str, ProjectText | None]:
    """Return (text, project): what is judged of the file `path`, and the file with its project's
    headers, which tells where each line came from (None for Fortran).

    text: of the file itself. A file of the C family has the headers of its project in it, one of C
        in the words of C++ (`corpora.projects.plain_c`); Fortran with a suffix in capitals (.F90)
        is preprocessed. options: folders of headers and macros.
    Raises VerifyError if headers or macros do not fit, ValueError for an unknown dialect.
    """
    if not takes_headers(dialect_name):
        if options.define and Path(path).suffix[1:2].isupper():
            raise VerifyError(
                f"-D is for files of C or C++, and '{path}' is preprocessed too; write #define "
                f"lines into it"
            )
        return _preprocessed(path, text, dialect_name), None
    try:
        whole = read_project_file(Path(path), dialect_name, options)
    except ProjectError as error:
        raise VerifyError(str(error)) from None
    taken = whole.inlined.text if whole.changed else text
    is_c = LANGUAGES.get(Path(path).suffix) == "c"
    return (make_c_plain(taken).text if is_c else taken), whole


def _preprocessed(path: str, text: str, dialect_name: str) -> str:
    """A Fortran file whose suffix is in capitals (.F90) as its compiler reads it. Raises
    VerifyError.
    """
    suffix = Path(path).suffix
    if get_dialect(dialect_name).language != "fortran" or not suffix[1:2].isupper():
        return text
    read = resolve(text, dialect_name)
    if read.problem:
        raise VerifyError(f"'{path}' cannot be preprocessed: {read.problem}")
    return read.text


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One line of a batch, as `verify --batch` takes it.

    id: the row's `id`, any JSON value; None if the row has none.
    pairs: what to judge. problem: why there are no pairs, in one line; '' if there are.
    """

    id: object
    pairs: tuple[Pair, ...] = ()
    problem: str = ""


def read_row(line: str, number: int) -> BatchRow:
    """Parse one line of a batch: a JSON object with `id`, `source_dialect`, `source`,
    `target_dialect`, `target` (the two texts) and perhaps `suite` (tests in text form).

    number: the line's number from 1, for messages. A row that cannot be used has a `problem`;
        nothing is raised.
    """
    try:
        row = parse_json(line)
    except JsonError as error:
        return BatchRow(None, (), f"line {number}: not JSON: {error}")
    if not isinstance(row, dict):
        return BatchRow(None, (), f"line {number}: not a JSON object")
    identity = row.get("id")
    for key in ("id", "source_dialect", "source", "target_dialect", "target"):
        if key not in row:
            return BatchRow(identity, (), f"line {number}: '{key}' is missing")
        if key != "id" and not isinstance(row[key], str):
            return BatchRow(identity, (), f"line {number}: '{key}' is not a string")
    if not isinstance(row.get("suite"), (str, type(None))):
        return BatchRow(identity, (), f"line {number}: 'suite' is not a string")
    try:
        return BatchRow(
            identity,
            make_request(
                row["source"],
                row["source_dialect"],
                row["target"],
                row["target_dialect"],
                row.get("suite"),
            ).pairs,
        )
    except ValueError as error:
        return BatchRow(identity, (), f"line {number}: {error}")


def make_answer_row(
    identity: object, verdict: Verdict, elapsed_ms: float, cut: Sequence[str] = ()
) -> dict[str, object]:
    """Return the JSON object that `verify --batch` writes for a judged row: `id`, `outcome`,
    `equivalent`, `blame`, `detail`, `backend`, `suite_strength` and `evidence` of the verdict,
    `elapsed_ms` and `cut`.

    identity: the row's `id`, any JSON value. elapsed_ms: milliseconds the verdict took. cut: lines
        about sides that were judged without the rest of their files.
    """
    return {
        "id": identity,
        "outcome": verdict.outcome.value,
        "equivalent": verdict.equivalent,
        "blame": verdict.blame.value,
        "detail": verdict.detail,
        "backend": verdict.backend,
        "elapsed_ms": round(elapsed_ms, 3),
        "suite_strength": verdict.suite_strength,
        "evidence": verdict.evidence,
        "cut": list(cut),
    }


def is_unreadable_answer(answered: dict, number: int) -> bool:
    """Return whether `answered`, a row that `verify --batch` wrote, says that row `number` (from 1)
    could not be read.
    """
    return not answered["backend"] and answered["detail"].startswith(f"line {number}: ")


def make_undecided_row(identity: object, problem: str) -> dict[str, object]:
    """Return the JSON object that `verify --batch` writes for a row that was not judged: it has the
    keys of a judged row, with the outcome `REFUSED`, `equivalent` None and `backend` ''. identity:
        the row's `id`, any JSON value. problem: why, in one line; the object's `detail`.
    """
    return {
        "id": identity,
        "outcome": "REFUSED",
        "equivalent": None,
        "blame": "nobody",
        "detail": problem,
        "backend": "",
        "elapsed_ms": 0.0,
        "suite_strength": None,
        "evidence": "tested",
        "cut": [],
    }
