"""Verdicts in the two forms that services for continuous integration read: JUnit XML and SARIF.

Contract: pure functions of rows; a row is one pair of functions, or a listed pair of files that
could not be read. JUnit: a port that is not equivalent is a failure, one that is undecided or could
not be read is an error; the text holds the failing input. SARIF 2.1.0
(docs.oasis-open.org/sarif/sarif/v2.1.0): they are results of level error, undecided ones of level
warning, at the line that the verdict names, else where the function begins in the target.

    python -c "from coevolve.report.ci_files import make_junit; print(make_junit([]))"
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass

RULES = {
    "not-equivalent": "A port does something else than its source.",
    "undecided": "No test decides whether a port is equivalent to its source.",
    "not-read": "A listed port cannot be read, so that nothing was judged.",
}


@dataclass(frozen=True, slots=True)
class PortRow:
    """One verdict for services of continuous integration.

    source, target: paths as the user gave them. function: its name; '' where none could be read.
    equivalent: None where it is undecided. text: the verdict in one line. seconds: of wall-clock
        time.
    line: that the verdict is about, from 1. place: the file of that line; '' for the target.
    details: more lines about it, with the failing input; '' for none. error: the pair could not be
        read.
    outcome: the verdict's, such as `MISMATCH`; '' where none was reached. failing_input: the test
        that fails and its arrays, as `verify --json` prints them; None where there is none.
    """

    source: str
    target: str
    function: str
    equivalent: bool | None
    text: str
    seconds: float = 0.0
    line: int = 1
    place: str = ""
    details: str = ""
    error: bool = False
    outcome: str = ""
    failing_input: dict[str, object] | None = None

    @property
    def name(self) -> str:
        """The function's name, or `every function` where the row is about whole files."""
        return self.function or "every function"


def find_line(text: str, function: str) -> int:
    """Return the number, from 1, of the first line of `text` that names `function` before a
    bracket or, in Fortran, after `subroutine` or `function`; 1 if there is none.
    """
    called = rf"\b{re.escape(function)}\s*[(<]|\b(?:subroutine|function)\s+{re.escape(function)}\b"
    found = re.search(called, text, re.IGNORECASE)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def make_junit(rows: Sequence[PortRow]) -> str:
    """Return the rows as the text of a JUnit XML document with one test case for each, in order. A
    port that is not equivalent is a failure, one that is undecided or could not be read an error.
    """
    failures = sum(row.equivalent is False for row in rows)
    errors = sum(row.equivalent is None for row in rows)
    seconds = sum(row.seconds for row in rows)
    suite = ElementTree.Element(
        "testsuite",
        name="coevolve",
        tests=str(len(rows)),
        failures=str(failures),
        errors=str(errors),
        skipped="0",
        time=f"{seconds:.3f}",
    )
    for row in rows:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=_clean(row.target),
            name=_clean(row.name),
            file=_clean(row.target),
            time=f"{row.seconds:.3f}",
        )
        if row.equivalent is not True:
            kind = "failure" if row.equivalent is False else "error"
            said = ElementTree.SubElement(case, kind, message=_clean(row.text))
            more = f"\n{row.details}" if row.details else ""
            said.text = _clean(f"{row.source} -> {row.target}: {row.text}{more}")
    whole = ElementTree.Element("testsuites")
    whole.append(suite)
    ElementTree.indent(whole)
    body = ElementTree.tostring(whole, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _clean(text: str) -> str:
    """`text` without characters that XML 1.0 does not allow."""
    return _FORBIDDEN.sub("?", text)


def make_sarif(rows: Sequence[PortRow], version: str) -> dict:
    """Return the rows as a SARIF 2.1.0 log, a JSON value. A port that is not equivalent or could
    not be read is a result of level `error`, an undecided one of level `warning`; equivalent ports
    give no result. version: of coevolve, such as `1.2.0`.
    """
    results = []
    for row in rows:
        if row.equivalent is True:
            continue
        rule = (
            "not-read"
            if row.error
            else "not-equivalent"
            if row.equivalent is False
            else "undecided"
        )
        more = f"\n{row.details}" if row.details else ""
        place = {
            "physicalLocation": {
                "artifactLocation": {"uri": row.place or row.target},
                "region": {"startLine": row.line},
            }
        }
        results.append(
            {
                "ruleId": rule,
                "level": "warning" if rule == "undecided" else "error",
                "message": {"text": f"{row.name}: {row.text} (source: {row.source}){more}"},
                "locations": [place],
            }
        )
    rules = [{"id": name, "shortDescription": {"text": text}} for name, text in RULES.items()]
    driver = {"name": "coevolve", "version": version, "rules": rules}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
