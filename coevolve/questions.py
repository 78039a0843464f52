"""Files and rows as questions for the engine: dialects, entry functions, and the rows of `verify --batch`.

Contract: wrong use is a VerifyError (a ValueError) of one line. The entry function is the one that both texts define;
where they share no name, the last function of each (helpers come first).

    python -c "from coevolve.questions import entry_names; print(entry_names('int g(int a){return a;} void f(int*x){}', 'cpp'))"
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from coevolve.verify import Pair
from coevolve.verify_programs import WHOLE, is_whole
from corpora.c_syntax import c_functions, parse_c_family
from corpora.dialects import dialect, dialect_of_path
from corpora.extract import with_shared_data
from corpora.fortran_syntax import procedures
from corpora.records import Program, Verdict
from corpora.signatures import signature_of
from corpora.unit_tests import parse_suite


class VerifyError(ValueError):
    """Wrong use of `coevolve verify`; the message is one line."""


def _c_names(text: str) -> list[str]:
    found = []
    for function in c_functions(parse_c_family(text).root_node):
        head = function.head()
        callable_ = "__device__" not in head or "__host__" in head
        if callable_ and not function.template and not function.member and function.name != "main":
            found.append(function.name)
    return found


def _fortran_names(text: str) -> list[str]:
    return [p.name for p in procedures(text)]


_NAMES = {"cpp": _c_names, "fortran": _fortran_names}


def entry_names(text: str, dialect_name: str) -> list[str]:
    """Functions of `text` that could be called from outside, in textual order."""
    return _NAMES[dialect(dialect_name).language](text)


def pair_of(source: str, source_dialect: str, target: str, target_dialect: str, suite: str | None = None) -> Pair:
    """A Pair from two texts: of whole programs where both are, else of the functions that they share.

    Data that the source's function shares with others (globals, module variables, COMMON) becomes parameters on both sides.

    Raises VerifyError when the source defines no function, ValueError for a dialect.
    """
    if is_whole(source, source_dialect) and is_whole(target, target_dialect):
        return Pair(Program(source_dialect, WHOLE, source), Program(target_dialect, WHOLE, target), suite)
    sources, targets = entry_names(source, source_dialect), entry_names(target, target_dialect)
    if not sources and is_whole(source, source_dialect):
        raise VerifyError("the source is a whole program (main) and the target is not; give two whole programs or two functions")
    if not sources:
        raise VerifyError(f"the source defines no {source_dialect} function that can be called")
    shared = {_plain(name): name for name in targets}
    common = [name for name in sources if _plain(name) in shared]
    # A target without any function is a question with an answer: it does not compile.
    last = targets[-1] if targets else (common or sources)[-1]
    names = (common[-1], shared[_plain(common[-1])]) if common else (sources[-1], last)
    given, asked = Program(source_dialect, names[0], source), Program(target_dialect, names[1], target)
    whole = with_shared_data(given)
    # A target may keep state only where the source shares data, and then as the parameters that this becomes.
    return Pair(given, asked, suite) if whole is given or _speaks_of(suite, given) else Pair(whole, with_shared_data(asked), suite)


def _speaks_of(suite: str | None, program: Program) -> bool:
    """Whether the suite is written for `program` as it stands."""
    if suite is None:
        return False
    if "wrapper" in suite:  # a snippet calls it as it stands
        return True
    try:
        parse_suite(suite, signature_of(program))
    except ValueError:
        return False
    return True


def _plain(name: str) -> str:
    return name.lower().rstrip("_")


def read_text(path: str) -> str:
    """A text file. Raises VerifyError."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise VerifyError(f"cannot read '{path}': {error.strerror}") from None
    if b"\0" in data:
        raise VerifyError(f"'{path}' is not a text file (it holds a zero byte)")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise VerifyError(f"'{path}' is not UTF-8 text (byte {error.start})") from None


def pair_of_files(source: str, target: str, source_dialect: str | None, target_dialect: str | None, suite: str | None) -> Pair:
    """The question that `coevolve verify SOURCE TARGET` asks. Raises VerifyError and ValueError."""
    names = [dialect(d).name if d else dialect_of_path(p).name for p, d in ((source, source_dialect), (target, target_dialect))]
    texts = read_text(source), read_text(target)
    return pair_of(texts[0], names[0], texts[1], names[1], read_text(suite) if suite else None)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a batch: its id, and the pair or why there is none."""

    id: object
    pair: Pair | None
    problem: str = ""


def read_row(line: str, number: int) -> Row:
    """Row `number` (from 1) of a batch; never raises."""
    try:
        row = json.loads(line)
    except ValueError as error:
        return Row(None, None, f"line {number}: not JSON: {error}")
    if not isinstance(row, dict):
        return Row(None, None, f"line {number}: not a JSON object")
    identity = row.get("id")
    for key in ("id", "source_dialect", "source", "target_dialect", "target"):
        if key not in row:
            return Row(identity, None, f"line {number}: '{key}' is missing")
        if key != "id" and not isinstance(row[key], str):
            return Row(identity, None, f"line {number}: '{key}' is not a string")
    if not isinstance(row.get("suite"), (str, type(None))):
        return Row(identity, None, f"line {number}: 'suite' is not a string")
    try:
        return Row(identity, pair_of(row["source"], row["source_dialect"], row["target"], row["target_dialect"], row.get("suite")))
    except ValueError as error:
        return Row(identity, None, f"line {number}: {error}")


def answer(identity: object, verdict: Verdict, elapsed_ms: float) -> dict[str, object]:
    """The row that `verify --batch` writes."""
    return {
        "id": identity,
        "outcome": verdict.outcome.value,
        "equivalent": verdict.equivalent,
        "blame": verdict.blame.value,
        "detail": verdict.detail,
        "backend": verdict.backend,
        "elapsed_ms": round(elapsed_ms, 3),
        "suite_strength": verdict.suite_strength,
    }


def unread(answered: dict, number: int) -> bool:
    """Whether a row that `verify --batch` wrote answers one, row `number`, that could not be read (`read_row`)."""
    return not answered["backend"] and answered["detail"].startswith(f"line {number}: ")


def undecided(identity: object, problem: str) -> dict[str, object]:
    """The row for a question that could not be asked."""
    return {
        "id": identity, "outcome": "REFUSED", "equivalent": None, "blame": "nobody", "detail": problem, "backend": "",
        "elapsed_ms": 0.0, "suite_strength": None,
    }  # fmt: skip
