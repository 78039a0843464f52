"""What a run gained: pass@1 since the cold start and over the control, with intervals.

Contract: reads evaluations only. Both figures of a rise are of the same held-out programs; the
interval is a paired bootstrap over programs (`coevolve.evaluation.statistics`), so it says nothing
of other seeds. A figure that is not there gives no rise, nor do rounds before the first kept pair,
after which the models are those of the cold start: these get a line that says so.

    python -c "from coevolve.report.rises import format_rises; \\
        from coevolve.loop.run_folder import RunFolder; print(format_rises(RunFolder('runs/demo')))"
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from coevolve.config.schema import load
from coevolve.evaluation.statistics import (
    FEWEST_ITEMS,
    PairedDifference,
    bootstrap_paired_difference,
)
from coevolve.loop.run_folder import RunFolder, read_json
from coevolve.report.data import list_rounds
from corpora.records import Verdict
from corpora.store import count_jsonl, read_jsonl


@dataclass(frozen=True, slots=True)
class Rise:
    """How much more held-out answers pass in one evaluation than in another.

    number: the round measured. against: `the cold start` or `the control`. programs: how many
        held-out programs both evaluations have.
    points: the difference of pass@1 in percentage points, with its 95 % interval and p-value.
    """

    number: int
    against: str
    programs: int
    points: PairedDifference

    def describe(self) -> str:
        """Return the rise of pass@1 as one line of text: the round, what it is measured against,
        the difference in percentage points, its 95 % interval and the number of programs. The line
        says so where the interval holds zero, and where programs are fewer than FEWEST_ITEMS (10),
        which have no interval.
        """
        if self.programs < FEWEST_ITEMS:
            return (
                f"round {self.number} over {self.against}: {self.points.value:+.1f} points of "
                f"pass@1 ({self.programs} programs, too few for an interval: not shown)"
            )
        low, high = self.points.ci95
        doubt = "" if low > 0 or high < 0 else "; the interval holds 0: not shown"
        return (
            f"round {self.number} over {self.against}: {self.points.value:+.1f} points of pass@1 "
            f"({low:+.1f} to {high:+.1f}, {self.programs} programs{doubt})"
        )


def collect_rises(folder: RunFolder) -> list[Rise]:
    """Return the rises of pass@1 of every evaluated round, in order: over the cold start, and over
    the round's control where there is one. folder: of the run. Raises ConfigError if a file is
    damaged.
    """
    rises = []
    cold = read_shares(folder.round(0).evaluation)
    for number in list_rounds(folder):
        paths = folder.round(number)
        now = read_shares(paths.evaluation)
        for against, before in (
            ("the cold start", cold),
            ("the control", read_shares(paths.control.evaluation)),
        ):
            common = sorted(now.keys() & before.keys())
            points = bootstrap_paired_difference(
                [before[key] for key in common], [now[key] for key in common]
            )
            if number and points is not None:
                rises.append(Rise(number, against, len(common), points))
    return rises


def format_rises(folder: RunFolder) -> str:
    """Return the rises of pass@1 of a run as lines of text; '' where no round was evaluated. Of
    rounds in which nothing was learnt one line says that instead. folder: of the run. Raises
    ConfigError or StoreError if a file is damaged.
    """
    unlearnt = count_unlearnt_rounds(folder)
    told = [describe_unlearnt(folder, unlearnt)] if unlearnt else []
    told += [rise.describe() for rise in collect_rises(folder) if rise.number > unlearnt]
    return "\n".join(told)


def count_unlearnt_rounds(folder: RunFolder) -> int:
    """Return how many rounds of a run, from the first on, kept no pair and so taught nothing. It is
    0 where the Translator learns from wrong answers too. folder: of the run. Raises ConfigError or
    StoreError if a file is damaged.
    """
    if load(folder.config, run_dir=folder.root).round.learn in ("dpo", "grpo"):
        return 0
    return folder.last_round(
        lambda paths: paths.triplets.exists() and not count_jsonl(paths.triplets)
    )


def describe_unlearnt(folder: RunFolder, rounds: int) -> str:
    """Return one line on the first rounds of a run, which kept no pair: what became of their
    candidates, and that the models are unchanged. folder: of the run. rounds: how many they are,
        from `count_unlearnt_rounds`. Raises StoreError if a file is damaged.
    """
    outcomes: Counter[str] = Counter()
    for number in range(1, rounds + 1):
        if (verdicts := folder.round(number).verdicts).exists():
            outcomes.update(str(v.outcome) for v in read_jsonl(verdicts, Verdict))
    counted = ", ".join(f"{name} {count}" for name, count in outcomes.most_common())
    which = "round 1" if rounds == 1 else f"rounds 1 to {rounds}"
    beside = "s, and so are the controls" * folder.round(1).control.folder.exists()
    return (
        f"{which}: no pair was kept of {outcomes.total()} candidates"
        + f" ({counted})" * bool(counted)
        + f", so nothing was learnt: the models are the cold start'{beside or 's'}"
    )


def read_shares(evaluation: Path) -> dict[tuple[str, str], float]:
    """Return the percentage of right answers by (direction, program id) from an evaluation.json;
    an empty dict where the file is missing. The direction is '' in a run of one. Raises ConfigError
    if the file is damaged.
    """
    if not evaluation.exists():
        return {}
    figures = read_json(evaluation)
    parts = figures.get("directions") or {"": figures}
    return {
        (direction, item["id"]): 100.0 * min(item["passed"], item["samples"]) / item["samples"]
        for direction, part in parts.items()
        for item in part.get("items", ())
    }
