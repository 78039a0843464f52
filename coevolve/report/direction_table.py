"""A table per direction over finished rounds of runs: yield, and what is measured before and after
on held-out programs.

Contract: reads run folders alone, of one direction or of several. `before` is the cold start,
`after` the last evaluated round; intervals and p-values resample held-out programs
(coevolve.evaluation.statistics). What does not exist is a dash.

    coevolve directions --runs runs/directions
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coevolve.cli.errors import UserError
from coevolve.evaluation.metrics import convert_to_fractions
from coevolve.loop.directions import split_by_direction
from coevolve.loop.run_corpus import load_stored_corpus
from coevolve.loop.run_folder import RunFolder, read_json
from coevolve.report.page import open_run
from corpora.records import Candidate, Triplet
from corpora.store import read_jsonl

if TYPE_CHECKING:
    from coevolve.evaluation.statistics import PairedDifference

NOTES = (
    "pairs: kept of those proposed in all rounds; a candidate is proposed once however "
    "often it was written.",
    "pass@1, CPass (in rounds: answers that compile and can be called), BLEU and CodeBLEU: "
    "held-out programs, cold start → last evaluated "
    "round; BLEU and CodeBLEU of the first answer, over the programs that have a "
    "reference. 95 % intervals: bootstrap over programs, none below ten or where all are alike.",
)
FORTRAN_NOTE = (
    "CodeBLEU: the package has no Fortran grammar, so its syntax and data-flow parts do "
    "not apply; in brackets are its n-gram and "
    "weighted n-gram parts."
)


@dataclass(frozen=True, slots=True)
class DirectionResult:
    """What one run reached in one direction.

    run: path of the run's folder. direction: as `cpp:cuda`. programs: number of those for which
        translations were proposed.
    solved: number of programs with a kept pair. candidates, kept: numbers of candidates and of kept
        pairs, all rounds together.
    rounds: number of the last evaluated round. before, after: metrics by name on held-out programs,
        after the cold start and after the last evaluated round.
    change: of pass@1 in [0, 1], paired by program; None where only the cold start was evaluated.
    """

    run: str
    direction: str
    programs: int
    solved: int
    candidates: int
    kept: int
    rounds: int
    before: dict
    after: dict
    change: PairedDifference | None


def make_rows(root: Path) -> list[DirectionResult]:
    """Return a row per direction of a run, in the configuration's order. root: the run's folder.
    Raises UserError if there is no run or nothing was evaluated, ConfigError or StoreError if a
    file of it is damaged.
    """
    folder, config = open_run(root)
    if not folder.round(0).evaluation.exists():
        raise UserError(f"'{root}' has no evaluated round; run or resume it first")
    last = folder.last_round(lambda paths: paths.evaluation.exists())
    sides = {
        str(direction): len(programs)
        for direction, programs in load_stored_corpus(folder).sides(config)
    }
    candidates, pairs = _iterate_candidates(folder), _iterate_kept_pairs(folder)
    measured = [
        split_by_direction(config, read_json(folder.round(number).evaluation))
        for number in (0, last)
    ]
    found = []
    for direction in config.directions:
        before, after = (each[direction] for each in measured)
        kept = [pair for pair in pairs if pair[0] == direction]
        solved = len({source for _, source, _ in kept})
        counts = (
            sides.get(direction, 0),
            solved,
            sum(each == direction for each, _ in candidates),
            len(kept),
        )
        found.append(
            DirectionResult(
                str(root),
                direction,
                *counts,
                last,
                before,
                after,
                compute_change(before, after) if last else None,
            )
        )
    return found


def _iterate_candidates(folder: RunFolder) -> set[tuple[str, str]]:
    """(direction, candidate) of every round whose candidates were verified."""
    files = [
        folder.round(n)
        for n in range(1, folder.last_round(lambda paths: paths.verdicts.exists()) + 1)
    ]
    return {(c.direction, c.id) for paths in files for c in read_jsonl(paths.proposals, Candidate)}


def _iterate_kept_pairs(folder: RunFolder) -> set[tuple[str, str, str]]:
    """(direction, source, target) of every kept pair."""
    files = [
        folder.round(n).triplets
        for n in range(1, folder.last_round(lambda paths: paths.triplets.exists()) + 1)
    ]
    return {
        (t.direction, t.source.id, t.target.id) for file in files for t in read_jsonl(file, Triplet)
    }


def compute_pass_rates(figures: dict) -> list[float]:
    """Return the share of right answers (pass@1), in [0, 1], of each held-out program, in the
    file's order; [] if the file tells of no program. figures: the content of a round's file
        evaluation.json or, in a run of several directions, its part for one of them.
    """
    return [row["passed"] / row["samples"] for row in figures.get("items", ())]


def compute_change(before: dict, after: dict) -> PairedDifference | None:
    """Return the change of pass@1, in [0, 1], from `before` to `after`, paired by program, with its
    interval and p-value; None without programs. before, after: contents of the file evaluation.json
        of two rounds or, in a run of several directions, their parts for one of them.
    Raises ValueError if they have different numbers of programs.
    """
    from coevolve.evaluation.statistics import bootstrap_paired_difference

    return bootstrap_paired_difference(compute_pass_rates(before), compute_pass_rates(after))


def format_markdown(rows: Sequence[DirectionResult]) -> str:
    """Return the rows as the text of a Markdown table with notes below it, a line for each
    direction of each run: counts, yield, and metrics on held-out programs before and after. A
    column with the run's name is there if the rows are of several runs.
    """
    runs = len({row.run for row in rows}) > 1
    k = max(
        (int(key[5:]) for row in rows for key in row.after if key.startswith("pass@")), default=1
    )
    header = [
        *(["run"] if runs else []),
        "direction",
        "programs",
        "candidates",
        "pairs kept",
        "yield %",
        "programs with a pair",
        "held out",
    ]
    header += ["pass@1 % (95 %)", "change (95 %), p", f"pass@{k} %", "CPass %", "BLEU", "CodeBLEU"]
    lines = ["| " + " | ".join(header) + " |", "| " + " | ".join("---" for _ in header) + " |"]
    for row in rows:
        share = f"{100 * row.kept / row.candidates:.1f}" if row.candidates else "–"
        cells = [
            *([row.run] if runs else []),
            row.direction,
            str(row.programs),
            str(row.candidates),
            str(row.kept),
            share,
            str(row.solved),
        ]
        cells += [
            str(row.after["programs"]),
            f"{_format_pass_rate(row.before)} → {_format_pass_rate(row.after)}",
            _format_difference(row),
        ]
        cells += [_format_change(row, key) for key in (f"pass@{k}", "compile_rate", "bleu")] + [
            _codebleu(row)
        ]
        lines.append("| " + " | ".join(cells) + " |")
    notes = [
        *NOTES,
        *([FORTRAN_NOTE] if any(row.after.get("codebleu_parts") for row in rows) else []),
    ]
    return "\n".join([*lines, "", *(f"* {note}" for note in notes)])


def _format_pass_rate(figures: dict) -> str:
    from coevolve.evaluation.statistics import bootstrap_mean, can_bootstrap

    values = compute_pass_rates(figures)
    if not values:
        return "–"
    share = f"{100 * sum(values) / len(values):.1f}"
    if not can_bootstrap(values):
        return share
    low, high = bootstrap_mean(values) or (0.0, 0.0)
    return f"{share} ({100 * low:.0f} to {100 * high:.0f})"


def _format_difference(row: DirectionResult) -> str:
    """The change of pass@1; with an interval and p where a bootstrap says something of them."""
    from coevolve.evaluation.statistics import is_telling

    change = row.change
    if change is None:
        return "–"
    if not is_telling(change.ci95, len(compute_pass_rates(row.after))):
        return f"{100 * change.value:+.1f}"
    return (
        f"{100 * change.value:+.1f} ({100 * change.ci95[0]:+.1f} to "
        f"{100 * change.ci95[1]:+.1f}), {change.p:.2g}"
    )


def _format_change(row: DirectionResult, key: str) -> str:
    return " → ".join(
        "–" if each.get(key) is None else f"{each[key]:.1f}" for each in (row.before, row.after)
    )


def _codebleu(row: DirectionResult) -> str:
    """Figures, or what parts of it there are."""
    parts = [each.get("codebleu_parts") for each in (row.before, row.after)]
    if not any(parts):
        return _format_change(row, "codebleu")
    return " → ".join(
        f"({', '.join(f'{v:.1f}' for v in each.values())})" if each else "–" for each in parts
    )


def format_json_rows(rows: Sequence[DirectionResult]) -> list[dict]:
    """Return the rows as JSON objects, in order: the fields of DirectionResult by name, where
    `before` and `after` lack `items`, the metrics of single programs, and have fractions of 1 as
    `change` has.
    """

    def short(figures: dict) -> dict:
        return convert_to_fractions({k: v for k, v in figures.items() if k != "items"})

    return [asdict(row) | {"before": short(row.before), "after": short(row.after)} for row in rows]
