"""What does each step of the ladder give? Arms with more and more of its steps, and the same
supervised training after them.

    python benchmarks/ladder.py --config configs/ladder.toml --out runs/ladder-arms

Arms: `none`, then the steps one more at a time (mlm, mlm+aer, …); `--without mlm` adds the whole
ladder less that step, `--arms` names others (steps joined by +). OUT/ARM is a run folder; steps
that two arms begin with are made once and copied. Printed: the held-out programs' pass@1, executed,
with its 95 % interval over programs, after the ladder alone (for arms that have been taught to
write whole functions) and after the cold start on the configured number of generated pairs, which
is the same for every arm; and the paired difference to `none`. No Tester is trained and there are
no rounds. Stopped anywhere, it goes on when called again.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from arms import answered, copy_folder, parser_of, right_by_program, take_held_out

from coevolve.cli.errors import UserError
from coevolve.config.checks import LADDER
from coevolve.config.schema import Config, load
from coevolve.evaluation.evaluate import evaluate_checkpoint, prepare_evaluation
from coevolve.evaluation.statistics import bootstrap_mean, bootstrap_paired_difference
from coevolve.loop import stages
from coevolve.loop.pretraining_lessons import list_steps
from coevolve.loop.run_corpus import open_corpus
from coevolve.loop.run_folder import RunFolder, read_json, write_json
from coevolve.loop.run_pretraining import list_step_paths, run_pretraining
from coevolve.loop.run_workers import make_local_workers, make_ray_run_workers
from coevolve.loop.services import TranslatorService

WRITERS = ("dae", "bt")
"""After one of these steps a model has been taught to write whole functions, so that its
translations are worth executing.
"""


@dataclass(frozen=True, slots=True)
class Arm:
    name: str
    config: Config

    @property
    def folder(self) -> RunFolder:
        return RunFolder(self.config.run_dir)

    @property
    def figures(self) -> Path:
        return self.folder.root / "arm.json"


def names_of(arms: str, without: Sequence[str]) -> list[str]:
    """Names of arms in order. Raises UserError for a step that does not exist."""
    named = (
        arms.split(",")
        if arms
        else ["none", *("+".join(LADDER[:k]) for k in range(1, len(LADDER) + 1))]
    )
    named += ["+".join(step for step in LADDER if step != left) for left in without]
    for step in [*without, *(s for name in named if name != "none" for s in name.split("+"))]:
        if step not in LADDER:
            raise UserError(f"'{step}' is no step of the ladder; the steps are {', '.join(LADDER)}")
    return list(dict.fromkeys(named))


def planned(config: Path, sets: Sequence[str], names: Sequence[str], out: Path) -> list[Arm]:
    """The arms as runs. Raises ConfigError."""
    arms = []
    for name in names:
        chosen = [] if name == "none" else name.split("+")
        own = (
            f"ladder.steps={list(chosen)!r}".replace("'", '"'),
            f"run_dir={out.resolve() / name}",
        )
        arms.append(Arm(name, load(config, (*sets, *own))))
    return arms


def make(arm: Arm, others: Sequence[Arm], workers: Callable) -> None:
    """Climb, start cold, evaluate; what another arm has done already is copied."""
    if arm.figures.exists():
        return
    corpus = open_corpus(arm.config, arm.folder)
    with arm.folder.held(), workers(arm.config) as members:
        run = stages.Run(arm.config, arm.folder, corpus, members)
        take_held_out(arm.folder.root, [other.folder.root for other in others])
        for other in others:
            take(arm, other)
        prepare_evaluation(run)
        before = run_pretraining(run)
        found = {
            "ladder": evaluate(run, before, f"{arm.name}: ladder")
            if set(list_steps(arm.config)) & set(WRITERS)
            else None
        }
        after = str(arm.folder.round(0).translator)
        if not Path(after).exists():
            stages.follow_training(
                run,
                f"{arm.name}: cold start",
                members.translator,
                TranslatorService.cold_start,
                corpus.protected,
                after,
                (),
                before,
            )
        write_json(arm.figures, found | {"cold": evaluate(run, after, f"{arm.name}: cold start")})


def take(arm: Arm, other: Arm) -> None:
    """Copy the steps that both arms begin with."""
    for (mine, own), (theirs, there) in zip(_steps(arm), _steps(other)):
        if mine != theirs or not there.figures.exists():
            break
        if not own.figures.exists():
            shutil.rmtree(own.folder, ignore_errors=True)
            copy_folder(there.folder, own.folder)


def _steps(arm: Arm) -> list:
    return list(zip(list_steps(arm.config), list_step_paths(arm.folder, list_steps(arm.config))))


def evaluate(run: stages.Run, checkpoint: str, label: str) -> dict:
    """compile_rate in percent, and by held-out program the percentage of answers that are right."""
    figures = evaluate_checkpoint(run, checkpoint, label)
    return {"compile_rate": figures["compile_rate"], "passed": right_by_program(figures)}


def table(arms: Sequence[Arm]) -> str:
    """Markdown of the arms that are finished."""
    found = {arm.name: read_json(arm.figures) for arm in arms if arm.figures.exists()}
    lines = [
        "| arm | ladder alone: pass@1 % | compiles % | after the cold start: pass@1 % | "
        "compiles % | over none |",
        "| --- " * 6 + "|",
    ]
    for name, figures in found.items():
        over = "–"
        if name != "none" and "none" in found:
            over = _difference(found["none"]["cold"]["passed"], figures["cold"]["passed"])
        lines.append(
            f"| {name} | {_shown(figures['ladder'])} | {_shown(figures['cold'])} | {over} |"
        )
    return "\n".join(lines)


def _shown(part: dict | None) -> str:
    if part is None:
        return "– | –"
    values = list(part["passed"].values())
    low, high = bootstrap_mean(values) or (0.0, 0.0)
    return (
        f"{sum(values) / max(1, len(values)):.1f} ({low:.1f} to {high:.1f}) | "
        f"{part['compile_rate'] or 0.0:.1f}"
    )


def _difference(none: dict[str, float], arm: dict[str, float]) -> str:
    if set(none) != set(arm):
        raise UserError("the arms were evaluated on unequal programs; begin with an empty folder")
    found = bootstrap_paired_difference(
        [none[k] for k in sorted(none)], [arm[k] for k in sorted(none)]
    )
    return f"{found.value:+.1f} ({found.ci95[0]:+.1f} to {found.ci95[1]:+.1f})" if found else "–"


def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument(
        "--arms",
        default="",
        metavar="A,A",
        help="for example none,dae,mlm+dae; default: the steps one more at a time",
    )
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="STEP",
        help="an arm with all steps but this one; may be repeated",
    )
    args = parser.parse_args()

    def action() -> None:
        arms = planned(args.config, args.sets, names_of(args.arms, args.without), args.out)
        for arm in [] if args.table else arms:
            print(f"arm {arm.name}", file=sys.stderr, flush=True)
            make(
                arm,
                [other for other in arms if other is not arm],
                make_local_workers if args.local else make_ray_run_workers,
            )
        print(table(arms))

    return answered(action)


if __name__ == "__main__":
    raise SystemExit(main())
