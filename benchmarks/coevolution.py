"""Is it co-evolution that helps? The same run over several seeds, beside a control and with either
model frozen.

    python benchmarks/coevolution.py --config configs/babeltower.toml --seeds 1,2,3 --rounds \\
        1 --out runs/coevolution

Arms: `coevolve` is the configuration as it is; `control` learns as long from generated lessons
alone (round.lessons), in every round as many as `coevolve` kept pairs; the frozen arms retrain one
model only (round.freeze). `--arms control,back,forward,both,dpo,grpo` compares ways to learn
instead (round.learn). OUT/seed-S/ARM is a run folder like any other. What two arms of a seed have
in common by construction (a stage whose input files are equal, byte for byte) is computed once and
copied. The suites of the held-out programs are made for the first seed and copied to all, so that
every arm and seed is measured by the same tests. Stopped anywhere, it goes on when called again,
with more --rounds too; --table prints what is there. Run it on a machine that stays the same. Seeds
side by side, each its own call: `OMP_NUM_THREADS=1 taskset -c K python benchmarks/coevolution.py
--local --seeds S ...`: a process takes every core that it may use, and three that shared two cores
took four times as long.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from arms import answered, copy_files, copy_folder, parser_of, right_by_program, take_held_out

from coevolve.cli.errors import UserError
from coevolve.config.schema import Config, load
from coevolve.evaluation.evaluate import evaluate_round, prepare_evaluation
from coevolve.evaluation.statistics import bootstrap_crossed_mean
from coevolve.loop import stages
from coevolve.loop.rounds import require_models
from coevolve.loop.run_corpus import open_corpus
from coevolve.loop.run_folder import RoundPaths, RunFolder, read_json, write_json
from coevolve.loop.run_workers import make_local_workers, make_ray_run_workers

ARMS: dict[str, tuple[str, ...]] = {
    "coevolve": (),
    "control": ("settings.round.lessons=generated",),
    "frozen-tester": ("settings.round.freeze=tester",),
    "frozen-translator": ("settings.round.freeze=translator",),
}
WAYS_TO_LEARN = {
    learn: (f"round.learn={learn}",) for learn in ("back", "forward", "both", "dpo", "grpo")
}
EVALUATION = ("evaluation_candidates.jsonl", "evaluation_verdicts.jsonl", "evaluation.json")


@dataclass(frozen=True, slots=True)
class Arm:
    """One run of the table."""

    name: str
    seed: int
    config: Config

    @property
    def folder(self) -> RunFolder:
        return RunFolder(self.config.run_dir)


def planned(
    config: Path,
    sets: Sequence[str],
    names: Sequence[str],
    seeds: Sequence[int],
    rounds: int,
    out: Path,
) -> list[Arm]:
    """The runs, seed by seed. Raises ConfigError and UserError."""
    known = ARMS | WAYS_TO_LEARN
    unknown = [n for n in names if n not in known]
    if unknown:
        raise UserError(f"--arms names '{unknown[0]}'; arms are {', '.join(known)}")
    arms = []
    for seed in seeds:
        for name in names:
            own = (
                f"seed={seed}",
                f"round.count={rounds}",
                f"run_dir={out.resolve() / f'seed-{seed}' / name}",
            )
            arms.append(Arm(name, seed, load(config, (*sets, *own, *known[name]))))
    return arms


def make(arm: Arm, others: Sequence[Arm], last: int, use_ray: bool) -> None:
    """Run or resume one arm up to round `last`; stages that one of `others` has done with the same
    inputs are copied.
    """
    if arm.folder.round(last).evaluation.exists():
        return
    same_seed = [other for other in others if other.seed == arm.seed]
    require_models(arm.config)
    corpus = open_corpus(arm.config, arm.folder)
    with (
        arm.folder.held(),
        (make_ray_run_workers if use_ray else make_local_workers)(arm.config) as workers,
    ):
        arm.folder.extend_rounds(arm.config)
        run = stages.Run(arm.config, arm.folder, corpus, workers)
        take_held_out(arm.folder.root, [o.folder.root for o in others])
        prepare_evaluation(run)
        _copy_models([o.folder.round(0) for o in same_seed], arm.folder.round(0))
        stages.run_cold_start(run)
        take_evaluation(arm, same_seed, 0)
        evaluate_round(run, 0)
        for number in range(1, last + 1):
            for stage, do in (
                ("suites", stages.make_suites),
                ("proposals", stages.propose_and_verify),
            ):
                take(stage, arm, same_seed, number)
                do(run, number)
            stages.keep_triplets(run, number)
            for model in ("translator", "tester"):
                take(model, arm, same_seed, number)
            stages.train_models(run, number)
            take_evaluation(arm, same_seed, number)
            evaluate_round(run, number)


OUTPUTS = {
    "suites": ("suite_counts.json", "suites.jsonl"),
    "proposals": ("proposals.jsonl", "verdicts.jsonl"),
}
"""Files of a stage, the one that says that it finished last."""


def inputs(stage: str, arm: Arm, number: int) -> str:
    """Hash of everything that decides the outcome of a stage, among the arms of one seed."""
    before, rounds = (
        arm.folder.round(number - 1),
        [arm.folder.round(k) for k in range(1, number + 1)],
    )
    if stage == "suites":
        return digest([before.tester])
    if stage == "proposals":
        return digest([*_models(before, "translator"), arm.folder.round(number).suites])
    known = [
        p
        for paths in rounds
        for p in (paths.triplets, *((paths.suites,) if stage == "tester" else ()))
    ]
    wanted = arm.config.round
    way = wanted.learn if stage == "translator" else ""
    return digest(
        [*_models(before, stage), *known], f"{wanted.lessons} {wanted.freeze == stage} {way}"
    )


def take(stage: str, arm: Arm, others: Sequence[Arm], number: int) -> None:
    """Copy the outcome of `stage` from an arm that had the same inputs, if there is one and it is
    not made yet.
    """
    paths = arm.folder.round(number)
    for other in others:
        theirs = other.folder.round(number)
        if not _is_done(stage, theirs) or _is_done(stage, paths):
            continue
        if not (stage in OUTPUTS and _measures(arm, other)) and inputs(
            stage, arm, number
        ) != inputs(stage, other, number):
            continue
        if stage in OUTPUTS:
            copy_files(theirs.folder, paths.folder, OUTPUTS[stage])
        else:
            _copy_folders(_models(theirs, stage), paths)


def _measures(arm: Arm, other: Arm) -> bool:
    """Whether `arm` is the control of `other`: of suites and pairs it learns nothing but how much
    there is, which is then equal.
    """
    ours, theirs = arm.config.round, other.config.round
    return (ours.lessons, theirs.lessons, theirs.freeze) == ("generated", "kept", "none")


def _is_done(stage: str, paths: RoundPaths) -> bool:
    return (
        (paths.folder / OUTPUTS[stage][-1]).exists()
        if stage in OUTPUTS
        else bool(_models(paths, stage))
    )


def take_evaluation(arm: Arm, others: Sequence[Arm], number: int) -> None:
    """Figures of a Translator and a Tester that were both evaluated before, in whatever round and
    arm of this seed.
    """
    paths = arm.folder.round(number)
    if paths.evaluation.exists():
        return
    found = {}
    for kind in ("translator", "tester"):
        wanted = digest(_models(paths, kind))
        found[kind] = next(
            (p for p in _evaluated((*others, arm)) if digest(_models(p, kind)) == wanted), None
        )
    if found["translator"] is None or found["tester"] is None:
        return
    translator, tester = (read_json(found[kind].evaluation) for kind in ("translator", "tester"))
    copy_files(found["translator"].folder, paths.folder, EVALUATION[:-1])
    of_tester = {k: v for k, v in tester.items() if k.startswith("tester_")}
    write_json(paths.evaluation, {**translator, **of_tester})


def _evaluated(arms: Sequence[Arm]) -> Iterator[RoundPaths]:
    for arm in arms:
        for number in range(arm.config.round.count + 1):
            if arm.folder.round(number).evaluation.exists():
                yield arm.folder.round(number)


def digest(paths: Sequence[Path], more: str = "") -> str:
    """Of the bytes of files and of the files in folders, in order."""
    found = hashlib.sha256(more.encode())
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else (path,):
            if file.is_file():
                found.update(f"{file.name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()


def _models(paths: RoundPaths, kind: str) -> list[Path]:
    """Finished checkpoints of one kind: a run may have a Translator for each direction."""
    return sorted(p for p in paths.folder.glob(f"{kind}*") if p.is_dir() and not p.suffix)


def _copy_models(places: Sequence[RoundPaths], here: RoundPaths) -> None:
    for kind in ("translator", "tester"):
        done = next((found for place in places if (found := _models(place, kind))), [])
        if not _models(here, kind):
            _copy_folders(done, here)


def _copy_folders(folders: Sequence[Path], here: RoundPaths) -> None:
    for folder in folders:
        copy_folder(folder, here.folder / folder.name)


def shares(arm: Arm, number: int) -> dict[str, float] | None:
    """Share of right answers in percent by held-out program, None where the round is not evaluated
    yet.
    """
    file = arm.folder.round(number).evaluation
    return right_by_program(read_json(file)) if file.exists() else None


def matrix(arms: Sequence[Arm], number: int) -> np.ndarray:
    """(seeds, programs) of `shares`; the arms are the seeds of one arm, all evaluated on the same
    programs.
    """
    found = [shares(arm, number) for arm in arms]
    names = sorted(found[0])
    if any(sorted(f) != names for f in found):
        raise UserError(
            f"'{arms[0].folder.root.parent.parent}' was evaluated on unequal programs; begin "
            f"with an empty folder"
        )
    return np.array([[f[name] for name in names] for f in found])


def table(arms: Sequence[Arm]) -> str:
    """Markdown: per round and arm, over the seeds of which every arm has that round."""
    names = list(dict.fromkeys(a.name for a in arms))
    lines = [
        "| round | arm | seeds | pass@1 % | since the cold start | over the control | kept "
        "pairs | Tester's valid tests % |",
        "| --- " * 8 + "|",
    ]
    for number in range(arms[0].config.round.count + 1):
        seeds = [
            s
            for s in dict.fromkeys(a.seed for a in arms)
            if all(shares(a, number) for a in arms if a.seed == s)
        ]
        for name in names[:1] if number == 0 else names:
            own = [a for a in arms if a.name == name and a.seed in seeds]
            if not own:
                continue
            control = [a for a in arms if a.name == "control" and a.seed in seeds]
            now = matrix(own, number)
            gain = _shown(now - matrix(own, 0), True) if number else "–"
            over = (
                _shown(now - matrix(control, number), True)
                if number and control and name != "control"
                else "–"
            )
            kept = _mean([_kept(a, number) for a in own]) if number else "–"
            valid = _mean(
                [read_json(a.folder.round(number).evaluation)["tester_valid_rate"] for a in own]
            )
            label = name if number else "all"
            lines.append(
                f"| {number or 'cold'} | {label} | {len(seeds)} | {_shown(now)} | {gain} | "
                f"{over} | {kept} | {valid} |"
            )
    return "\n".join(lines)


def _shown(values: np.ndarray, signed: bool = False) -> str:
    low, high = bootstrap_crossed_mean(values)
    form = "+.1f" if signed else ".1f"
    return f"{values.mean():{form}} ({low:{form}} to {high:{form}})"


def _mean(values: Sequence[float]) -> str:
    """Mean, and the least and the most where there are several."""
    mean = sum(values) / len(values)
    return f"{mean:.1f}" + (f" ({min(values):.1f} to {max(values):.1f})" if len(values) > 1 else "")


def _kept(arm: Arm, number: int) -> int:
    return sum(
        1 for line in arm.folder.round(number).triplets.open(encoding="utf-8") if line.strip()
    )


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument(
        "--seeds", type=_numbers, default=[1, 2, 3], metavar="S,S", help="default: 1,2,3"
    )
    parser.add_argument(
        "--arms", default=",".join(ARMS), metavar="A,A", help=f"default: {','.join(ARMS)}"
    )
    parser.add_argument("--rounds", type=int, default=2, metavar="N", help="default: 2")
    args = parser.parse_args()

    def action() -> None:
        arms = planned(
            args.config, args.sets, args.arms.split(","), args.seeds, args.rounds, args.out
        )
        for number in (
            () if args.table else range(args.rounds + 1)
        ):  # round by round, so that what is there can be compared
            for arm in arms:
                print(f"round {number}, seed {arm.seed}, {arm.name}", file=sys.stderr, flush=True)
                make(
                    arm,
                    [other for other in arms if other is not arm],
                    number,
                    use_ray=not args.local,
                )
        print(table(arms))

    return answered(action)


if __name__ == "__main__":
    raise SystemExit(main())
