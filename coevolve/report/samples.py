"""The judged answers of a run, found by an index and read from the run's files one by one.

Contract: the index holds a few numbers an answer, never texts, so that a run of a hundred thousand
answers can be listed, filtered and paged. Texts are passed on as they are: escaping is the page's
business. A file that changes after it was indexed is not noticed.

    python -c "from coevolve.report.samples import SampleIndex; \\
        from coevolve.loop.run_folder import RunFolder; \\
        print(SampleIndex(RunFolder('runs/demo')).find({}, 0, 1))"
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from coevolve.loop.run_corpus import load_references
from coevolve.loop.run_folder import RunFolder
from corpora.dialects import get_dialect
from corpora.records import Candidate, Program, Triplet, UnitTest, UnitTestSuite, Verdict
from corpora.signatures.signature import read_signature
from corpora.store import locate_jsonl, read_jsonl, read_jsonl_at
from corpora.suites.unit_tests import format_test
from corpora.tokens.printing import print_words
from gpu_runtime.call.materialize import materialize_test

SHOWN_TESTS = 4
SHOWN_VALUES = 24
"""Elements of an array that are shown of a failing test."""
LONGEST_TEST = 400
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SampleEntry:
    """Where one judged answer stands. number: its round. held: whether its program is held out.
    program, key: ids of the source and of the answer. way: its direction, such as `cpp:cuda`.
    outcome: of its verdict, as text. kept: whether it became a pair. candidate, verdict: where
    their records begin in the round's files, in bytes.
    """

    number: int
    held: bool
    program: str
    key: str
    way: str
    outcome: str
    kept: bool
    candidate: int
    verdict: int

    @property
    def link(self) -> str:
        """Return the name under which the page's address finds this answer again."""
        return f"{self.number}-{int(self.held)}-{self.key}"


class SampleIndex:
    """All judged answers of a run folder, in the order of their rounds and files. It holds places,
    no texts, so that large runs can be listed and paged. A file that changes later is not noticed.

    folder: of the run. entries: the place of each answer. programs: byte at which each program
        begins in the run's corpus file, by id.
    Raises StoreError if a file is damaged.
    """

    def __init__(self, folder: RunFolder) -> None:
        """Read the files of `folder` once. Raises StoreError if one is damaged."""
        self.folder = folder
        self.programs = dict(_index(folder.corpus, Program))
        self._suites: dict[tuple[int, bool], dict[str, int]] = {}
        self._names: dict[str, str] = {}
        self.entries: list[SampleEntry] = []
        number = 0
        while folder.round(number).folder.exists():
            self._add_round(number)
            number += 1
        self._references = {
            (way, source): target
            for way, source, target in load_references(folder)
            if target in self.programs
        }

    def _add_round(self, number: int) -> None:
        paths = self.folder.round(number)
        kept = (
            {t.verdict.target_id for t in read_jsonl(paths.triplets, Triplet)}
            if paths.triplets.exists()
            else set()
        )
        for held, candidates, verdicts in (
            (False, paths.proposals, paths.verdicts),
            (True, paths.evaluation_candidates, paths.evaluation_verdicts),
        ):
            found = {c.id: (at, c.direction) for at, c in _lines(candidates, Candidate)}
            for at, verdict in _lines(verdicts, Verdict):
                where = found.get(verdict.target_id)
                if where is None or verdict.source_id not in self.programs:
                    continue
                self.entries.append(
                    SampleEntry(
                        number,
                        held,
                        verdict.source_id,
                        verdict.target_id,
                        where[1],
                        str(verdict.outcome),
                        not held and verdict.target_id in kept,
                        where[0],
                        at,
                    )
                )

    def choices(self) -> dict[str, list]:
        """Return by what the judged answers of a run can be filtered, as lists of the values that
        occur: `rounds` (numbers), `ways` (directions, as `cpp:cuda`) and `outcomes` (of verdicts).
        """
        return {
            "rounds": sorted({e.number for e in self.entries}),
            "ways": sorted({e.way for e in self.entries}),
            "outcomes": list(dict.fromkeys(e.outcome for e in self.entries)),
        }

    def find(self, wanted: Mapping[str, str], offset: int, count: int) -> dict:
        """Return a page of a run's judged answers that pass a filter, as JSON values: `total`, the
        number that pass, and `samples` and `programs` of the page as `load` gives them.

        wanted: values by the names of filters, all of which must hold: `round`, `held` (`0` or
            `1`), `way` (as `cpp:cuda`), `outcome` (`KEPT` too), `program` (an id), `sample` (a
            link) and `text` (which name, source, answer or detail must hold, in any case). A name
            that is missing or has '' filters nothing. offset: how many that pass to skip. count:
            most on the page.
        Raises StoreError if a file is damaged.
        """
        passing = [e for e in self.entries if _passes(e, wanted)]
        text = wanted.get("text", "").lower().strip()
        if text:
            passing = [e for e in passing if text in self._searched(e)]
        page = passing[max(0, offset) : max(0, offset) + max(0, count)]
        return {"total": len(passing), **self.load(page)}

    def load(self, entries: Sequence[SampleEntry]) -> dict:
        """Read judged answers of a run from its files and return them as JSON values. entries:
        their places.

        The result's `samples` is a dict for each entry, in order: `key` (its link), `round`,
        `held`, `program` (an id), `way`, `text` (of the answer), `outcome`, `detail`, `launch`,
        `strength`, `kept`, `test` (the failing one as text, '' for none), `values` ((parameter,
        elements as text) of that test), `tests` (the first of the suite, as text), and `place`,
        `expected`, `actual` and `tolerance` of the first difference. Its `programs` has, by id,
        `name`, `dialect`, `origin`, `text` and, where known, `reference` (a translation) or
        `references` (by direction). Raises StoreError if a file is damaged.
        """
        shown = {e.program: self._program(e.program) for e in entries}
        suites: dict[tuple, UnitTestSuite | None] = {}  # several answers are for one program
        samples = []
        for entry in entries:
            key = (entry.number, entry.held, entry.program)
            if key not in suites:
                suites[key] = self._suite(entry)
            samples.append(self._sample(entry, suites[key]))
        return {"samples": samples, "programs": shown}

    def choose(self, most: int) -> list[SampleEntry]:
        """Return the places of at most `most` judged answers, in the run's order, spread evenly
        over each round, training or held-out programs, and outcome.
        """
        if len(self.entries) <= most:
            return self.entries
        groups: dict[tuple, list[int]] = {}
        for i, entry in enumerate(self.entries):
            groups.setdefault((entry.number, entry.held, entry.outcome), []).append(i)
        chosen: list[int] = []
        left, waiting = most, sorted(groups.values(), key=len)
        for done, members in enumerate(waiting):
            share = min(len(members), left // (len(waiting) - done))
            chosen += [members[k * len(members) // share] for k in range(share)]
            left -= share
        return [self.entries[i] for i in sorted(chosen)]

    def _searched(self, entry: SampleEntry) -> str:
        candidate, verdict = self._records(entry)
        program = read_jsonl_at(self.folder.corpus, self.programs[entry.program], Program)
        return f"{program.name} {program.text} {candidate.text} {verdict.detail}".lower()

    def _records(self, entry: SampleEntry) -> tuple[Candidate, Verdict]:
        paths = self.folder.round(entry.number)
        files = (
            (paths.evaluation_candidates, paths.evaluation_verdicts)
            if entry.held
            else (paths.proposals, paths.verdicts)
        )
        return (
            read_jsonl_at(files[0], entry.candidate, Candidate),
            read_jsonl_at(files[1], entry.verdict, Verdict),
        )

    def _suite(self, entry: SampleEntry) -> UnitTestSuite | None:
        number = 0 if entry.held else entry.number
        path = self.folder.evaluation_suites if entry.held else self.folder.round(number).suites
        place = (number, entry.held)
        if place not in self._suites:
            self._suites[place] = {s.program_id: at for at, s in _lines(path, UnitTestSuite)}
        at = self._suites[place].get(entry.program)
        return None if at is None else read_jsonl_at(path, at, UnitTestSuite)

    def _program(self, key: str) -> dict:
        program = read_jsonl_at(self.folder.corpus, self.programs[key], Program)
        shown: dict[str, object] = {
            "name": program.name,
            "dialect": program.dialect,
            "origin": program.origin,
            "text": format_token_line(program.text, program.dialect),
        }
        references = {}
        for (way, source), target in self._references.items():
            if source == key:
                other = read_jsonl_at(self.folder.corpus, self.programs[target], Program)
                references[way] = format_token_line(other.text, other.dialect)
        if "" in references:
            shown["reference"] = references.pop("")
        return shown | ({"references": references} if references else {})

    def _sample(self, entry: SampleEntry, suite: UnitTestSuite | None) -> dict:
        candidate, verdict = self._records(entry)
        test = (
            suite.tests[verdict.test_index]
            if suite is not None and 0 <= verdict.test_index < len(suite.tests)
            else None
        )
        place = verdict.buffer
        if place and place != "result":
            place = f"{place}[{verdict.element}]"
        return {
            "key": entry.link,
            "round": entry.number,
            "held": entry.held,
            "program": entry.program,
            "way": entry.way,
            "text": candidate.text,
            "outcome": entry.outcome,
            "detail": verdict.detail,
            "launch": verdict.launch,
            "strength": verdict.suite_strength,
            "kept": entry.kept,
            "test": _shorten(format_test(test)) if test is not None else "",
            "values": self._values(entry, test) if test is not None else [],
            "tests": [_shorten(format_test(t)) for t in suite.tests[:SHOWN_TESTS]] if suite else [],
            "place": place,
            "expected": verdict.expected,
            "actual": verdict.actual,
            "tolerance": verdict.tolerance,
        }

    def _values(self, entry: SampleEntry, test: UnitTest) -> list[tuple[str, str]]:
        """The failing input as values: (name, elements as text) for each parameter."""
        program = read_jsonl_at(self.folder.corpus, self.programs[entry.program], Program)
        try:
            signature = read_signature(program)
            call = materialize_test(test, signature)
        except ValueError:  # a suite that does not fit: its text is still shown
            return []
        return [
            (parameter.name, _format_values(value))
            for parameter, value in zip(signature.parameters, call.values, strict=True)
        ]


def format_token_line(text: str, dialect_name: str) -> str:
    """Return a text of one line, whose tokens are separated by blanks, as several lines of code. A
    text with line breaks, or without ` ; `, comes back unchanged. dialect_name: such as `cpp`.
    Raises ValueError for an unknown dialect.
    """
    if "\n" in text.strip() or " ; " not in text:
        return text
    return print_words(text.split(), get_dialect(dialect_name).language)


def _passes(entry: SampleEntry, wanted: Mapping[str, str]) -> bool:
    outcome = wanted.get("outcome", "")
    return all(
        not wanted.get(name) or wanted[name] == value
        for name, value in (
            ("round", str(entry.number)),
            ("held", str(int(entry.held))),
            ("way", entry.way),
            ("program", entry.program),
            ("sample", entry.link),
        )
    ) and (not outcome or outcome == entry.outcome or (outcome == "KEPT" and entry.kept))


def _lines(path: Path, kind: type[T]) -> Iterator[tuple[int, T]]:
    """(place, record) of every line of a file; nothing where there is none."""
    return locate_jsonl(path, kind) if path.exists() else iter(())


def _index(path: Path, kind: type[Program]) -> Iterator[tuple[str, int]]:
    for at, program in _lines(path, kind):
        yield program.id, at


def _format_values(value: np.ndarray) -> str:
    flat = np.atleast_1d(value).ravel()
    if value.ndim == 0 or value.size == 1 and value.ndim <= 1:
        return str(flat[0])
    shown = " ".join(str(each) for each in flat[:SHOWN_VALUES])
    return shown + (f" … ({flat.size} in all)" if flat.size > SHOWN_VALUES else "")


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST_TEST else text[: LONGEST_TEST - 1] + "…"
