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

from coevolve.evaluation.metrics import pass_at_k
from coevolve.evaluation.statistics import bootstrap_mean
from coevolve.loop.run_folder import RoundPaths, RunFolder, read_json
from coevolve.report.samples import SampleIndex
from corpora.records import NOT_COMPILED, Candidate, Program, Verdict
from corpora.store import count_jsonl, read_jsonl
from translator.prompting.answers import count_rejections

FIGURES = ("compile_rate", "bleu", "codebleu", "tester_valid_rate")
EMBEDDED_SAMPLES = 1500
"""Judged answers that a page carries along at the most; `coevolve view` pages through all."""
LOSS_POINTS = 200
"""Points of a loss curve that are shown at the most."""


def list_rounds(folder: RunFolder) -> Iterator[int]:
    """Yield 0 for the cold start and then the number of every round whose folder exists, up to the
    first that is missing.
    """
    number = 0
    while folder.round(number).folder.exists():
        yield number
        number += 1


def make_page_data(folder: RunFolder, index: SampleIndex | None = None) -> dict:
    """Return the report page's data as JSON values: `rounds` and `losses` as `make_round_data`
    gives them, `samples` (judged answers with their verdicts, at most EMBEDDED_SAMPLES (1500),
    evenly from every outcome of every round), `programs` (their sources, by id), and `total` (how
    many judged answers the run has).

    folder: of the run. index: of the same folder; None: it is made. Raises ConfigError or
    StoreError if a file is damaged.
    """
    index = SampleIndex(folder) if index is None else index
    return {
        **make_round_data(folder),
        **index.load(index.choose(EMBEDDED_SAMPLES)),
        "total": len(index.entries),
    }


def make_round_data(folder: RunFolder) -> dict:
    """Return what a run's report page shows of its rounds, without single answers, as JSON values.

    The key `losses` holds the result of `thin_losses`. The key `rounds` holds a dict for each
    round, the cold start first:
        number: 0 is the cold start. figures, control: metrics by name on held-out programs, in
            percent, of the round and of the control beside it; empty where there are none.
        intervals, control_intervals: 95 % intervals (low, high) of each pass@k among them.
        kinds: [percent of right answers, programs] by kind of held-out program.
        funnel: as `count_funnel` gives it. outcomes: number of verdicts by outcome. not_functions:
            number of answers that are no function, by reason.
        seconds: of wall-clock time by stage. busy: share of the cores that worked, in [0, 1], by
            stage. directions: pass@k by name, for each direction of a run of several.
        gained, lost: names of held-out programs that were solved in this round and not in the one
            before, and the other way round; absent where one of the two was not evaluated.

    folder: of the run. Raises ConfigError or StoreError if a file is damaged.
    """
    several = folder.split.exists() and "directions" in read_json(folder.split)
    names = {p.id: (p.name, find_kind(p.origin)) for p in _stream(folder.corpus, Program)}
    rounds = [_round(folder, number, several, names) for number in list_rounds(folder)]
    _note_changes(rounds, {key: name for key, (name, _) in names.items()})
    return {"rounds": rounds, "losses": thin_losses(folder.losses())}


def find_kind(origin: str) -> str:
    """Return the kind of a program by its origin: the family of a generated one, as `loopnests`,
    else the folder that it lies in, as `blas1`; '' where neither is told.
    """
    family, colon, _ = origin.partition(":")
    if colon and "/" not in family:
        return family
    parts = origin.split("/")
    return parts[-2] if len(parts) > 1 else ""


def thin_losses(curves: dict[str, dict[int, float]]) -> list[dict]:
    """Return loss curves for a plot, a dict for each training: `training`, its words, and `points`,
    its (step, loss) in order, at most LOSS_POINTS (200) of them and always the last.

    curves: losses by the words of a training, such as `round 1: Tester learns`, then by step.
    """
    found = []
    for training, curve in curves.items():
        points = sorted(curve.items())
        step = max(1, -(-len(points) // LOSS_POINTS))
        found.append({"training": training, "points": points[::-step][::-1]})
    return found


def _stream(path: Path, kind: type) -> Iterator:
    return read_jsonl(path, kind) if path.exists() else iter(())


def _round(
    folder: RunFolder,
    number: int,
    several: bool,
    names: dict[str, tuple[str, str]],
) -> dict:
    paths = folder.round(number)
    evaluation = read_json(paths.evaluation) if paths.evaluation.exists() else {}
    control = read_json(paths.control.evaluation) if paths.control.evaluation.exists() else {}
    outcomes: Counter[str] = Counter(str(v.outcome) for v in _stream(paths.verdicts, Verdict))
    rejected = count_rejections(_stream(paths.verdicts, Verdict))
    kept = count_jsonl(paths.triplets) if paths.triplets.exists() else None
    way_of = (
        {c.id: f" ({c.direction})" for c in _stream(paths.evaluation_candidates, Candidate)}
        if several
        else {}
    )
    solved = {
        (v.source_id, way_of.get(v.target_id, ""))
        for v in _stream(paths.evaluation_verdicts, Verdict)
        if str(v.outcome) == "EQUIVALENT"
    }
    return {
        "number": number,
        "figures": _select_figures(evaluation),
        "intervals": compute_intervals(evaluation),
        "control": _select_figures(control),
        "control_intervals": compute_intervals(control),
        "kinds": _rates_by_kind(evaluation, names),
        "funnel": count_funnel(paths, outcomes, sum(rejected.values()), kept),
        "outcomes": dict(outcomes.most_common()),
        "not_functions": rejected,
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


def _select_figures(evaluation: dict) -> dict:
    return {k: v for k, v in evaluation.items() if k.startswith("pass@") or k in FIGURES}


def _items(evaluation: dict) -> list[dict]:
    parts = evaluation.get("directions") or {"": evaluation}
    return [item for part in parts.values() for item in part.get("items", ())]


def compute_intervals(evaluation: dict) -> dict[str, tuple[float, float]]:
    """Return the 95 % bootstrap interval (low, high), in percent, of each pass@k of an evaluation,
    by its name, such as `pass@1`. Programs are resampled. A pass@k for which no program has enough
    answers is left out.

    evaluation: the content of a round's file evaluation.json, or an empty dict.
    """
    items = _items(evaluation)
    found = {}
    for name in (key for key in evaluation if key.startswith("pass@")):
        k = int(name[5:])
        values = [
            100.0 * pass_at_k(item["samples"], min(item["passed"], item["samples"]), k)
            for item in items
            if item["samples"] >= k
        ]
        interval = bootstrap_mean(values)
        if interval is not None:
            found[name] = interval
    return found


def _rates_by_kind(evaluation: dict, names: dict[str, tuple[str, str]]) -> dict[str, list[float]]:
    """(percent of right answers, programs) by kind of held-out program."""
    rates: dict[str, list[float]] = {}
    for item in _items(evaluation):
        kind = names.get(item["id"], ("", ""))[1] or "other"
        rates.setdefault(kind, []).append(min(1.0, item["passed"] / item["samples"]))
    return {k: [100.0 * sum(v) / len(v), len(v)] for k, v in sorted(rates.items())}


def count_funnel(
    paths: RoundPaths, outcomes: Counter[str], rejected: int, kept: int | None
) -> list[tuple[str, int]]:
    """Return (step, count) in order: how many of a round's candidates reach each step. The steps
    are `candidates`, `parsed`, `compiled`, `valid suite`, `equivalent` and, where known, `kept`;
    each is part of the one before. The list is empty if there are no verdicts.

    paths: of the round. outcomes: number of verdicts by outcome. rejected: number of answers that
        are no function. kept: number of the round's triplets; None if there is no file of them.
    Raises StoreError if the file of candidates is damaged.
    """
    if not outcomes:
        return []
    judged = sum(outcomes.values())
    compiled = judged - sum(outcomes[str(o)] for o in NOT_COMPILED)
    steps = [
        ("candidates", count_jsonl(paths.proposals)),
        ("parsed", judged - rejected),
        ("compiled", compiled),
        ("valid suite", compiled - outcomes["INVALID_SUITE"]),
        ("equivalent", outcomes["EQUIVALENT"]),
    ]
    return steps + ([("kept", kept)] if kept is not None else [])


def _note_changes(rounds: list[dict], names: dict[str, str]) -> None:
    """Names of the held-out programs solved now and not a round ago, and the other way round."""
    before: set[tuple[str, str]] | None = None
    for row in rounds:
        now = row.pop("solved")
        if row["figures"] and before is not None:
            row["gained"] = sorted(names[i] + way for i, way in now - before if i in names)
            row["lost"] = sorted(names[i] + way for i, way in before - now if i in names)
        before = now if row["figures"] else before
