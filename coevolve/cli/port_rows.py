"""What of a verdict goes into the files for continuous integration: a row with its place.

Contract: `make_port_row` names the line that the verdict speaks of, in the file where the user has
it: a header, where it was taken in from one.

    coevolve ports --junit ports.xml --sarif ports.sarif
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from corpora.records import Blame, Verdict

if TYPE_CHECKING:
    from coevolve.report.ci_files import PortRow
    from coevolve.verification.engine import Pair
    from coevolve.verification.requests import VerifyRequest
    from corpora.projects.headers import InlinedText

_LINE = re.compile(r"\bline (\d+)(?:, column (\d+))?")


def name_places(text: str, verdict: Verdict, asked: VerifyRequest) -> str:
    """Return `text`, words about a verdict, in which `line N` of a program that holds inlined
    headers is written as `FILE:N`, the file and line where the user has it. Where no headers were
    inlined the text comes back as it is.

    verdict: decides which program the lines are of: the source if it bears the blame, else the
        target. asked: the request that was judged; it knows what was inlined where.
    """
    places = _places_of(verdict, asked)
    if places is None:
        return text

    def name(found: re.Match[str]) -> str:
        path, line = places.place(int(found[1]))
        return f"{path}:{line}" + (f":{found[2]}" if found[2] else "")

    return _LINE.sub(name, text)


def _places_of(verdict: Verdict, asked: VerifyRequest) -> InlinedText | None:
    of_source = verdict.blame is Blame.SOURCE
    return asked.source_places if of_source else asked.target_places


def make_port_row(
    source: str,
    target: str,
    pair: Pair,
    verdict: Verdict,
    asked: VerifyRequest,
    explanation: str,
    seconds: float,
    failing: dict[str, object] | None = None,
) -> PortRow:
    """Return the row of one function for files of continuous integration (JUnit, SARIF). It names
    the line that the verdict speaks of: the function's own where the verdict names none.

    source, target: paths as the user gave them. pair, verdict: what was judged, and how. asked: the
        request that the pair is of. explanation: the verdict in several lines, of
        `explain_verdict`. seconds: of wall-clock time that it took. failing: the test that fails,
        as `explain.failing_input` returns it; None where there is none.
    Raises OSError if the file `target` is gone.
    """
    from coevolve.report.ci_files import PortRow, find_line
    from coevolve.verification.explain import summarize_verdict

    summary = summarize_verdict(verdict)
    places = asked.target_places
    whole = pair.target.text
    cut = any(line.startswith("target") for line in pair.cut)
    told = None if cut or verdict.blame is Blame.SOURCE else _LINE.search(summary)
    line = int(told[1]) if told and verdict.equivalent is not True else 0
    if not 0 < line <= whole.count("\n") + 1:
        with open(target, encoding="utf-8", errors="replace") as file:
            own = places.text if places else file.read()
        line = find_line(own, pair.target.name)
    path, line = places.place(line) if places else (target, line)
    rest = explanation.partition("\n")[2]
    return PortRow(
        source,
        target,
        pair.source.name,
        verdict.equivalent,
        name_places(summary, verdict, asked),
        round(seconds, 3),
        line,
        place="" if os.path.abspath(path) == os.path.abspath(target) else os.path.relpath(path),
        details="" if verdict.equivalent is True else rest,
        outcome=str(verdict.outcome),
        failing_input=failing,
    )
