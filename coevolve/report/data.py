"""What a run's report page shows, as plain JSON values read from the run folder alone.

Contract: reads what is there; a stage that has not finished is absent, never guessed. Texts are
passed on as they are: escaping is the page's business.

    python -c "from coevolve.report.data import make_page_data; \\
        from coevolve.loop.run_folder import RunFolder; \\
        print(make_page_data(RunFolder('runs/demo'))['rounds'])"
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from coevolve.loop.run_corpus import load_references
from coevolve.loop.run_folder import RoundPaths, RunFolder, read_json
from corpora.dialects import get_dialect
from corpora.records import NOT_COMPILED, Candidate, Program, Triplet, UnitTestSuite, Verdict
from corpora.store import count_jsonl, read_jsonl
from corpora.suites.unit_tests import format_test
from corpora.tokens.printing import print_words
from translator.prompting.answers import count_rejections

SHOWN_TESTS = 4
FIGURES = ("compile_rate", "bleu", "codebleu", "tester_valid_rate")


def list_rounds(folder: RunFolder) -> Iterator[int]:
    """Yield 0 for the cold start and then the number of every round whose folder exists, up to the
    first that is missing.
    """
    number = 0
    while folder.round(number).folder.exists():
        yield number
        number += 1


def make_page_data(folder: RunFolder) -> dict:
    """Return the report page's data as JSON values: `rounds`, `programs` by id, and `samples`.
    Raises ConfigError or StoreError if a file is damaged.
    """
    programs = {p.id: p for p in _read(folder.corpus, Program)}
    # Suites and triplets, which hold suites, take longest to read: each file is read once.
    kept = {
        n: [t.verdict.target_id for t in _read(folder.round(n).triplets, Triplet)]
        for n in list_rounds(folder)
    }
    held_out_suites = {s.program_id: s for s in _read(folder.evaluation_suites, UnitTestSuite)}
    several = folder.split.exists() and "directions" in read_json(folder.split)
    rounds = [_round(folder, number, len(kept[number]), several) for number in kept]
    _note_changes(rounds, programs)
    shown: dict[str, dict] = {}
    samples = []
    for number in kept:
        paths = folder.round(number)
        suites = {s.program_id: s for s in _read(paths.suites, UnitTestSuite)}
        samples += _samples(
            number,
            False,
            paths.proposals,
            paths.verdicts,
            set(kept[number]),
            suites,
            programs,
            shown,
        )
        samples += _samples(
            number,
            True,
            paths.evaluation_candidates,
            paths.evaluation_verdicts,
            set(),
            held_out_suites,
            programs,
            shown,
        )
    for way, source, target in load_references(folder):
        if source in shown and target in programs:
            text = format_token_line(programs[target].text, programs[target].dialect)
            shown[source] |= (
                {"references": {**shown[source].get("references", {}), way: text}}
                if way
                else {"reference": text}
            )
    return {"rounds": rounds, "programs": shown, "samples": samples}


def _read(path: Path, kind: type) -> list:
    return list(read_jsonl(path, kind)) if path.exists() else []


def format_token_line(text: str, dialect_name: str) -> str:
    """Return a tokenised text of one line as several lines of code. A text with line breaks comes
    back unchanged. Raises ValueError for an unknown dialect.
    """
    if "\n" in text.strip() or " ; " not in text:
        return text
    return print_words(text.split(), get_dialect(dialect_name).language)


def _round(folder: RunFolder, number: int, kept: int, several: bool) -> dict:
    paths = folder.round(number)
    evaluation = read_json(paths.evaluation) if paths.evaluation.exists() else {}
    verdicts = _read(paths.verdicts, Verdict)
    way_of = (
        {c.id: f" ({c.direction})" for c in _read(paths.evaluation_candidates, Candidate)}
        if several
        else {}
    )
    solved = {
        (v.source_id, way_of.get(v.target_id, ""))
        for v in _read(paths.evaluation_verdicts, Verdict)
        if str(v.outcome) == "EQUIVALENT"
    }
    return {
        "number": number,
        "figures": {k: v for k, v in evaluation.items() if k.startswith("pass@") or k in FIGURES},
        "funnel": count_funnel(paths, verdicts, kept),
        "outcomes": dict(Counter(str(v.outcome) for v in verdicts).most_common()),
        "not_functions": count_rejections(verdicts),
        "seconds": {
            stage: seconds for (n, stage), seconds in folder.times().items() if n == number
        },
        "busy": {stage: share for (n, stage), share in folder.busy().items() if n == number},
        "solved": solved,
        "directions": {
            way: {k: v for k, v in e.items() if k.startswith("pass@")}
            for way, e in evaluation.get("directions", {}).items()
        },
    }


def count_funnel(paths: RoundPaths, verdicts: list[Verdict], kept: int) -> list[tuple[str, int]]:
    """Return (step, count): how many of a round's candidates reach each step. Each step is part of
    the one before. It is empty without verdicts. kept: number of triplets of the round.
    """
    if not verdicts:
        return []
    candidates = count_jsonl(paths.proposals)
    functions = len(verdicts) - sum(count_rejections(verdicts).values())
    compiled = [v for v in verdicts if v.outcome not in NOT_COMPILED]
    tested = [v for v in compiled if str(v.outcome) != "INVALID_SUITE"]
    equivalent = sum(str(v.outcome) == "EQUIVALENT" for v in tested)
    steps = [
        ("candidates", candidates),
        ("parsed", functions),
        ("compiled", len(compiled)),
        ("valid suite", len(tested)),
        ("equivalent", equivalent),
    ]
    return steps + ([("kept", kept)] if paths.triplets.exists() else [])


def _note_changes(rounds: list[dict], programs: dict[str, Program]) -> None:
    """Names of the held-out programs solved now and not a round ago, and the other way round."""
    before: set[tuple[str, str]] | None = None
    for row in rounds:
        now = row.pop("solved")
        if row["figures"] and before is not None:
            row["gained"] = sorted(
                programs[i].name + way for i, way in now - before if i in programs
            )
            row["lost"] = sorted(programs[i].name + way for i, way in before - now if i in programs)
        before = now if row["figures"] else before


def _samples(
    number: int,
    held_out: bool,
    candidates: Path,
    verdicts: Path,
    kept: set[str],
    suites: dict[str, UnitTestSuite],
    programs: dict[str, Program],
    shown: dict[str, dict],
) -> list[dict]:
    """One row a verdict whose candidate and source are known; `shown` gets the sources."""
    texts = {c.id: c for c in _read(candidates, Candidate)}
    rows = []
    for verdict in _read(verdicts, Verdict):
        candidate, source = texts.get(verdict.target_id), programs.get(verdict.source_id)
        if candidate is None or source is None:
            continue
        shown.setdefault(source.id, _program(source))
        suite = suites.get(source.id)
        rows.append(
            {
                "round": number,
                "held": held_out,
                "program": source.id,
                "way": candidate.direction,
                "text": candidate.text,
                "outcome": str(verdict.outcome),
                "detail": verdict.detail,
                "launch": verdict.launch,
                "strength": verdict.suite_strength,
                "kept": verdict.target_id in kept,
                "test": _failing_test(suite, verdict),
                "tests": _tests(suite),
                "place": f"{verdict.buffer}[{verdict.element}]"
                if verdict.buffer and verdict.buffer != "result"
                else verdict.buffer,
                "expected": verdict.expected,
                "actual": verdict.actual,
                "tolerance": verdict.tolerance,
            }
        )
    return rows


def _program(program: Program) -> dict:
    return {
        "name": program.name,
        "dialect": program.dialect,
        "origin": program.origin,
        "text": format_token_line(program.text, program.dialect),
    }


def _tests(suite: UnitTestSuite | None) -> list[str]:
    return [_shorten(format_test(t)) for t in suite.tests[:SHOWN_TESTS]] if suite else []


def _failing_test(suite: UnitTestSuite | None, verdict: Verdict) -> str:
    if suite is None or not 0 <= verdict.test_index < len(suite.tests):
        return ""
    return _shorten(format_test(suite.tests[verdict.test_index]))


def _shorten(text: str, most: int = 400) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
