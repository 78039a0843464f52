"""Files and rows as questions for the engine: dialects, entry functions, and the rows of `verify --batch`.

Contract: wrong use is a VerifyError (a ValueError) of one line. Two texts are as many questions as they share functions that nothing else in
the source calls (coevolve.entries).

    python -c "from coevolve.questions import asked_of; print(asked_of('void f(int*x){} void g(int*x){}', 'cpp', 'void g(int*x){}', 'cpp'))"
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from coevolve.entries import Entries, barred, caller_of, entries, entry_names
from coevolve.verification import Pair
from coevolve.verify_programs import WHOLE, is_whole
from corpora.dialects import dialect, dialect_of_path
from corpora.extract import TOO_DEEP, UNSEEN, alone, uncallable, with_shared_data
from corpora.json_text import JsonError, parse_json
from corpora.records import Program, Verdict
from corpora.signatures import signature_of
from corpora.tables import decoded
from corpora.unit_tests import parse_suite
from gpu_runtime.parameter_names import plain_name
from gpu_runtime.vet import vet


class VerifyError(ValueError):
    """Wrong use of `coevolve verify`; the message is one line."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What two texts are asked: a pair for each function that decides, and lines about those of the source that are not compared."""

    pairs: tuple[Pair, ...]
    unasked: tuple[str, ...] = ()


def asked_of(source: str, source_dialect: str, target: str, target_dialect: str, suite: str | None = None, function: str = "") -> Asked:
    """The questions that two texts are: of whole programs where both are, else of every function that they share and nothing in the source
    calls (`coevolve.entries`); with a suite, which is written for one function, of the last of them; of `function` alone where it is named.

    Data that a function shares with others (globals, module variables, COMMON) becomes parameters on both sides.

    Raises VerifyError when the source defines no function, ValueError for a dialect.
    """
    try:
        return _asked_of(source, source_dialect, target, target_dialect, suite, function)
    except RecursionError:
        raise VerifyError(f"one of the two programs {TOO_DEEP}") from None


def _asked_of(source: str, source_dialect: str, target: str, target_dialect: str, suite: str | None, function: str) -> Asked:
    if is_whole(source, source_dialect) and is_whole(target, target_dialect) and not function:
        return Asked((Pair(Program(source_dialect, WHOLE, source), Program(target_dialect, WHOLE, target), suite),))
    found = _named(function, source, source_dialect, target, target_dialect) if function else entries(source, source_dialect, target, target_dialect)
    if not found.names and is_whole(source, source_dialect):
        raise VerifyError("the source is a whole program (main) and the target is not; give two whole programs or two functions")
    if not found.names:
        raise VerifyError(f"the source defines no {source_dialect} function that can be called")
    names = found.names if suite is None else found.names[-1:]
    programs = [(Program(source_dialect, one, source), Program(target_dialect, other, target)) for one, other in names]
    pairs = [_pair(one, caller_of(one, other), suite) for one, other in programs]
    # What tests cannot call for another reason stays: that it is undecided is said of the whole.
    unseen = [pair.source.name for pair in pairs if uncallable(pair.source) == UNSEEN]
    asked = tuple(pair for pair in pairs if pair.source.name not in unseen) or tuple(pairs)
    untested = () if len(unseen) == len(pairs) else tuple(f"{name}: {UNSEEN}" for name in unseen)
    odd = () if function else barred(source, source_dialect)
    return Asked(asked, (*untested, *odd, *(f"{name}: the target has no function of that name" for name in found.missing)))


def pair_of(source: str, source_dialect: str, target: str, target_dialect: str, suite: str | None = None) -> Pair:
    """The only pair of `asked_of`, the last one of several."""
    return asked_of(source, source_dialect, target, target_dialect, suite).pairs[-1]


def _named(function: str, source: str, source_dialect: str, target: str, target_dialect: str) -> Entries:
    """The pair of one function. Raises VerifyError where a side has none of that name."""
    sides = [{plain_name(name): name for name in entry_names(*side)} for side in ((source, source_dialect), (target, target_dialect))]
    for side, what in zip(sides, ("source", "target"), strict=True):
        if plain_name(function) not in side:
            raise VerifyError(f"the {what} has no function '{function}'; it has {', '.join(side.values()) or 'none'}")
    return Entries(((sides[0][plain_name(function)], sides[1][plain_name(function)]),))


def _pair(given: Program, asked: Program, suite: str | None) -> Pair:
    whole = with_shared_data(given)
    if whole is given:
        return Pair(_allowed(given), _allowed(asked), suite)
    if _speaks_of(suite, given):
        return Pair(given, asked, suite)
    # A target may keep state only where the source shares data, and then as the parameters that this becomes.
    return Pair(whole, with_shared_data(asked), suite)


def _allowed(program: Program) -> Program:
    """`program`, cut out of its file where only the rest of that is turned away: what another function includes or keeps is not its fault."""
    if vet(program) is None:
        return program
    cut = alone(program)
    return cut if vet(cut) is None else program


def cut_out(pair: Pair) -> Pair | None:
    """The pair without the rest of both files, for a source that does not compile for it; None where there is no rest."""
    cut = replace(pair, source=alone(pair.source), target=alone(pair.target))
    return None if cut.source == pair.source else cut


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


def read_text(path: str) -> str:
    """A text file. Raises VerifyError."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise VerifyError(f"cannot read '{path}': {error.strerror}") from None
    if b"\0" in data:
        raise VerifyError(f"'{path}' is not a text file (it holds a zero byte)")
    return decoded(data)


def asked_of_files(source: str, target: str, source_dialect: str | None, target_dialect: str | None, suite: str | None, function: str = "") -> Asked:
    """The questions that `coevolve verify SOURCE TARGET` asks. Raises VerifyError and ValueError."""
    names = [dialect(d).name if d else dialect_of_path(p).name for p, d in ((source, source_dialect), (target, target_dialect))]
    texts = read_text(source), read_text(target)
    return asked_of(texts[0], names[0], texts[1], names[1], read_text(suite) if suite else None, function)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a batch: its id, and its pairs or why there are none."""

    id: object
    pairs: tuple[Pair, ...] = ()
    problem: str = ""


def read_row(line: str, number: int) -> Row:
    """Row `number` (from 1) of a batch; never raises."""
    try:
        row = parse_json(line)
    except JsonError as error:
        return Row(None, (), f"line {number}: not JSON: {error}")
    if not isinstance(row, dict):
        return Row(None, (), f"line {number}: not a JSON object")
    identity = row.get("id")
    for key in ("id", "source_dialect", "source", "target_dialect", "target"):
        if key not in row:
            return Row(identity, (), f"line {number}: '{key}' is missing")
        if key != "id" and not isinstance(row[key], str):
            return Row(identity, (), f"line {number}: '{key}' is not a string")
    if not isinstance(row.get("suite"), (str, type(None))):
        return Row(identity, (), f"line {number}: 'suite' is not a string")
    try:
        return Row(identity, asked_of(row["source"], row["source_dialect"], row["target"], row["target_dialect"], row.get("suite")).pairs)
    except ValueError as error:
        return Row(identity, (), f"line {number}: {error}")


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
