"""Evidence that travels with ports: `PORT.coevolve.json`.

Contract: `make_record` says of each function what was run, how strong the tests are, what was
proved, timed and taken for granted, and keeps the source's text and the tests themselves. The file
is therefore enough to check a port again after a hand edit: `coevolve verify --check-only
PORT.coevolve.json` runs the kept tests on the port's text of today, and makes no new ones.

    coevolve verify --check-only axpy.cu.coevolve.json
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coevolve.port.speed_gate import SpeedFigures
from corpora.files import write_atomically
from corpora.records import Program, UnitTest, UnitTestSuite, Verdict
from corpora.signatures.signature import SignatureError, read_signature
from corpora.store import StoreError, from_json, to_json
from corpora.suites.unit_tests import format_suite

FORMAT = 1
SUFFIX = ".coevolve.json"


@dataclass(frozen=True, slots=True)
class FunctionEvidence:
    """What is known of one port.

    name: of the function. source: the program that was run, with data that it shares with others
        as parameters.
    outcome: of the verdict. backend: where it ran. strength: share of mutants that the tests kill,
        in [0, 1]; None where unknown. proof: `tested` or `proved`. preconditions: of the proof.
    tests: the suite; None where there is none. sizes: by the name of each whole-number scalar in
        the suite, [smallest value, largest value].
    found: tests on which a wrong answer differed, in text form: the inputs to keep.
    speed: times beside the source; None where it was not timed. limits: what the claim does not
        cover, a sentence each. how: how the port was made, in words.
    """

    name: str
    source: Program
    outcome: str
    backend: str
    strength: float | None
    proof: str
    preconditions: tuple[str, ...]
    tests: UnitTestSuite | None
    sizes: dict[str, list[int]]
    found: tuple[str, ...]
    speed: SpeedFigures | None
    limits: tuple[str, ...]
    how: str


@dataclass(frozen=True, slots=True)
class PortEvidence:
    """The evidence of a file of ports, as `PORT.coevolve.json` holds it.

    source_file, port_file: paths relative to the evidence's folder. source_dialect, target:
        dialects of the source and of the port, such as `cpp` and `cuda`. source_text: the whole
        source file.
    port_sha256: hash of the whole port file as it was verified, in hexadecimal digits. functions:
        the evidence of each function that was ported.
    """

    source_file: str
    port_file: str
    source_dialect: str
    target: str
    source_text: str
    port_sha256: str
    functions: tuple[FunctionEvidence, ...]


class EvidenceError(ValueError):
    """Raised for evidence that cannot be read. The message is one line: what, where, how to mend
    it.
    """


def make_function_evidence(
    program: Program,
    verdict: Verdict,
    tests: UnitTestSuite | None,
    how: str,
    speed: SpeedFigures | None,
    assumptions: Sequence[str],
    found: Sequence[UnitTest] = (),
) -> FunctionEvidence:
    """Return the evidence of one verified port.

    program: the source that was run. verdict: on the port. tests: what it was run on; None if there
        is no suite. how: how the port was made, in words. speed: times beside the source; None
        where it was not timed. assumptions: what the port takes for granted, a sentence each.
        found: those of the tests on which another answer was wrong.
    """
    return FunctionEvidence(
        program.name,
        program,
        verdict.outcome.name,
        verdict.backend,
        verdict.suite_strength,
        verdict.evidence,
        verdict.preconditions,
        tests,
        _sizes(tests, program),
        tuple(format_suite([test]).strip() for test in found),
        speed,
        _limits(program, verdict, speed, assumptions),
        how,
    )


def _sizes(tests: UnitTestSuite | None, program: Program) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    try:
        whole = {p.name for p in read_signature(program).parameters if p.type[0] in "iu"}
    except SignatureError:
        return found
    for test in tests.tests if tests else ():
        for each in test.assignments:
            value = getattr(each, "value", None)
            if each.name in whole and isinstance(value, int):
                least, most = found.get(each.name, [value, value])
                found[each.name] = [min(least, value), max(most, value)]
    return found


def _limits(
    program: Program, verdict: Verdict, speed: SpeedFigures | None, assumptions: Sequence[str]
) -> tuple[str, ...]:
    said = []
    if verdict.evidence != "proved":
        said.append("equivalent on the tests that are listed; not proved for every input")
    if "float" in program.text or "double" in program.text or "real" in program.text.lower():
        said.append("floating-point results may differ within the error bar of the source")
    if verdict.backend == "emulated":
        said.append("run by an emulation of CUDA, on no device")
    if speed is not None and speed.unsure:
        said.append(f"the times are unsure: {speed.unsure}")
    if speed is not None:
        said.append(f"timed at one size: {speed.size or 'the given one'}")
    return (*said, *(f"taken for granted: {each}" for each in assumptions))


def write_evidence(path: Path, record: PortEvidence) -> None:
    """Write evidence as JSON into the file `path`, which is replaced as a whole. `read_evidence`
    reads it again.
    """
    value = {"format": FORMAT, **to_json(record)}
    text = json.dumps(value, indent=1, ensure_ascii=True) + "\n"
    write_atomically(path, lambda sink: sink.write(text.encode()))


def write_found_inputs(path: Path, record: PortEvidence) -> None:
    """Write the tests of each function in text form into the file `path`, those that found a wrong
    answer first, below a comment line with the function's name. `coevolve verify --suite` takes
    such a file where it has one function.
    """
    lines = []
    for each in record.functions:
        lines.append(f"# {each.name}: tests that found a wrong answer: {len(each.found)}")
        lines += each.found
        if each.tests is not None:
            kept = format_suite(each.tests.tests, each.tests.launch).strip().splitlines()
            lines += [line for line in kept if line not in each.found]
    text = "\n".join(lines) + "\n"
    write_atomically(path, lambda sink: sink.write(text.encode()))


def read_evidence(path: Path) -> PortEvidence:
    """Return the evidence that `write_evidence` wrote into the file `path`. Raises EvidenceError,
    with a message of one line, if the file cannot be read or holds no evidence of this version's
    format.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EvidenceError(f"cannot read '{path}': {error.strerror}") from None
    except ValueError:
        raise EvidenceError(f"'{path}' is not JSON; give a file that translate wrote") from None
    number = value.pop("format", None) if isinstance(value, dict) else None
    if number != FORMAT:
        raise EvidenceError(
            f"'{path}' has the format {number}, not {FORMAT}; write it again with translate"
        )
    try:
        return from_json(PortEvidence, value)
    except StoreError as error:
        raise EvidenceError(f"'{path}': {error}; write it again with translate") from None


def hash_text(text: str) -> str:
    """Return the SHA-256 of a text's bytes in UTF-8, in hexadecimal digits. Bytes that were no
    UTF-8 count as they stood in the file, if it was read by `coevolve.port.patch.read_exactly`.
    """
    return hashlib.sha256(text.encode("utf-8", errors="surrogateescape")).hexdigest()


def relative_to(path: Path, folder: Path) -> str:
    """Return `path` as evidence in the folder `folder` names it: relative to that folder, perhaps
    by way of `..`, with `/` between names.
    """
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
