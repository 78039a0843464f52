"""Which families of the generator pay? A leave-one-out ablation by short trainings.

    python benchmarks/generator_families.py --out runs/families
    python benchmarks/generator_families.py --out runs/families --table

A base model learns single loops from nothing (level `easy`). Every arm goes on from the same base
with the same number of words: the arm NAME learns from all families, NAME-GROUP from the same items
less those of the group. So two arms of one generator differ in the items of one group alone.
OUT/ARM.json holds an arm's figures on `development`, item by item: the mean loss of a reference's
words after the right words and, where asked for, whether the greedy answer passed its tests.
Stopped anywhere, it goes on when called again.

--generator NAME names the generator, so that a changed one is compared with the one before it: the
same OUT folder keeps the base and the tests, and --against names the other.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from arms import answered, parser_of, right_by_program

from coevolve.cli.errors import UserError
from coevolve.config.schema import load
from coevolve.evaluation.evaluate import evaluate_checkpoint, prepare_evaluation
from coevolve.evaluation.statistics import bootstrap_paired_difference
from coevolve.loop.run_corpus import open_corpus
from coevolve.loop.run_folder import RunFolder, read_json, write_json
from coevolve.loop.run_workers import make_local_workers
from coevolve.loop.stages import Run
from corpora import development
from corpora.dialects import parse_direction
from corpora.generator import generate, nests
from corpora.splits import EvaluationGuard
from gpu_runtime.models.protocol import Example, Learning
from gpu_runtime.models.scratch import ScratchConfig, ScratchModel
from translator.prompting.translate import DIRECTION_TAGS, make_example

DIRECTIONS = ("cpp:cuda",)
"""Directions of the arms: those for which `development` has references."""
BASE_SHARES = {"cpp:cuda": 0.65, "fortran:cuda": 0.35}
"""How the words of the base's training are shared out between directions."""
GROUPS = (*nests.BROAD_SHARES, "free")
"""Groups of families: the files of patterns, and free bodies. The rest is what the base learns."""


@dataclass(frozen=True, slots=True)
class Plan:
    """words: of prompts and answers together, of the base and of an arm."""

    base_words: int
    arm_words: int
    seed: int


def find_group(family: object) -> str:
    """The group of a family; '' for those that are always there."""
    return getattr(family, "group", family.__module__.rpartition(".")[2])


def draw_lessons(way: str, level: str, seed: int, without: str) -> Iterator[Example]:
    """Endless lessons in one direction, less those of the group `without`."""
    direction, drawn = parse_direction(way), [""]
    draw_family = nests._draw_family

    def note(rng, family, *rest):
        drawn[0] = find_group(family)
        return draw_family(rng, family, *rest)

    nests._draw_family = note
    try:
        plain = direction.source.language == "fortran"
        for item in generate(10**9, seed, level, plain=plain):
            ends = [item.programs.get(d.name) for d in (direction.source, direction.target)]
            if None not in ends and (not without or drawn[0] != without):
                yield from keep_apart(ends)
    finally:
        nests._draw_family = draw_family


_GUARD: list[EvaluationGuard] = []


def keep_apart(ends: Sequence) -> Iterator[Example]:
    """The lesson of a pair that is unlike every program of `development`."""
    if not _GUARD:
        held = [p for d in ("cpp", "cuda", "fortran") for p in development.programs(d)]
        _GUARD.append(EvaluationGuard(held))
    if not _GUARD[0].leaks(ends):
        yield make_example(*ends)


def take_words(lessons: Iterator[Example], words: int, context: int) -> list[Example]:
    """Lessons within the context until they have so many words."""
    taken: list[Example] = []
    while words > 0:
        lesson = next(lessons)
        length = len(lesson.prompt.split()) + len(lesson.answer.split())
        if length < context:
            taken.append(lesson)
            words -= length
    return taken


def collect_lessons(
    level: str, words: int, seed: int, without: str, context: int, shares: dict[str, float]
) -> list[Example]:
    """Lessons with so many words; shares: which part of them is in which direction."""
    return [
        lesson
        for way, share in shares.items()
        for lesson in take_words(
            draw_lessons(way, level, seed, without), int(words * share), context
        )
    ]


def train_base(folder: Path, plan: Plan) -> None:
    """Learns single loops from nothing; the vocabulary is that of all families."""
    shape = ScratchConfig(
        layers=2, width=128, heads=4, kept_heads=2, inner_width=384, seed=plan.seed
    )
    lessons = collect_lessons("easy", plan.base_words, plan.seed, "", shape.context, BASE_SHARES)
    known = lessons[::4] + collect_lessons(
        "broad", 400_000, plan.seed + 1, "", shape.context, BASE_SHARES
    )
    texts = [text for lesson in known for text in (lesson.prompt, lesson.answer)]
    model = ScratchModel.create(shape, texts, DIRECTION_TAGS)
    learnt = model.learn(lessons, Learning(3e-3, 1.0, 4096, plan.seed), show_progress)
    print(f"base: {len(lessons)} lessons, {learnt}", file=sys.stderr, flush=True)
    model.save(folder)


def show_progress(step: int, steps: int, loss: float) -> None:
    if step % 100 == 0:
        print(f"step {step} of {steps}: loss {loss:.3f}", file=sys.stderr, flush=True)


def train_arm(without: str, base: Path, folder: Path, plan: Plan) -> dict:
    """An arm's figures but for those of execution."""
    model = ScratchModel.load(base)
    lessons = collect_lessons(
        "broad", plan.arm_words, plan.seed, without, 1024, dict.fromkeys(DIRECTIONS, 1.0)
    )
    learnt = model.learn(lessons, Learning(2e-3, 1.0, 4096, plan.seed), show_progress)
    losses = {}
    for way in DIRECTIONS:
        for source, target in development.pairs(way):
            for found in model.examine([make_example(source, target)]):
                losses[f"{way} {source.id}"] = found.loss / max(1, len(found.words))
    model.save(folder)
    return {
        "lessons": len(lessons),
        "steps": learnt["steps"],
        "training_loss": learnt["loss"],
        "seconds": learnt["seconds"],
        "loss": losses,
    }


def execute_arms(args: Namespace, names: Sequence[str]) -> None:
    """Adds to the figures of these arms which greedy answers compile and pass their tests."""
    config = load(
        args.config,
        (
            *args.sets,
            f"direction={DIRECTIONS[0]}",
            f"run_dir={args.out.resolve() / 'run'}",
            "evaluate.samples=1",
        ),
    )
    config = replace(config, evaluate=replace(config.evaluate, temperature=0.0))
    folder = RunFolder(config.run_dir)
    corpus = open_corpus(config, folder)
    with folder.held(), make_local_workers(config) as workers:
        run = Run(config, folder, corpus, workers)
        prepare_evaluation(run)
        for name in names:
            arm = read_json(args.out / f"{name}.json")
            if "passed" not in arm:
                found = evaluate_checkpoint(run, str(args.out / f"models/{name}"), name)
                passed = right_by_program(found)
                more = {
                    "passed": {f"{DIRECTIONS[0]} {name.strip()}": v for name, v in passed.items()},
                    "compile_rate": found["compile_rate"],
                }
                write_json(args.out / f"{name}.json", arm | more)


def measure(args: Namespace, plan: Plan) -> None:
    """Trains and measures every arm that has no figures yet."""
    torch.set_num_threads(1)
    base, names = args.out / "base", list_arms(args)
    if not base.exists():
        train_base(base, plan)
    for name in names:
        path = args.out / f"{name}.json"
        if not path.exists():
            print(f"arm {name}", file=sys.stderr, flush=True)
            without = name.removeprefix(args.generator).removeprefix("-")
            write_json(path, train_arm(without, base, args.out / f"models/{name}", plan))
            print(print_table(args), flush=True)
    if args.execute:
        execute_arms(args, args.execute.split(","))


def list_arms(args: Namespace) -> list[str]:
    """Names of arms in order. Raises UserError for a group that does not exist."""
    named = args.groups.split(",") if args.groups else []
    for name in named:
        if name not in GROUPS:
            raise UserError(f"'{name}' is no group; the groups are {', '.join(GROUPS)}")
    return [args.generator, *(f"{args.generator}-{name}" for name in named)]


def compare(other: dict, arm: dict, key: str, way: str) -> str:
    """The arm's mean of a figure in a direction, and its paired difference to another's."""
    if key not in arm or key not in other:
        return "– | –"
    names = [name for name in sorted(other[key]) if name.startswith(f"{way} ")]
    before, after = ([figures[key][name] for name in names] for figures in (other, arm))
    found = bootstrap_paired_difference(before, after)
    if found is None:
        return "– | –"
    digits, (low, high) = 3 if key == "loss" else 1, found.ci95
    return (
        f"{sum(after) / len(after):.{digits}f} | {found.value:+.{digits}f} "
        f"({low:+.{digits}f} to {high:+.{digits}f})"
    )


def print_table(args: Namespace) -> str:
    """Markdown of the arms that are finished, each against its generator's, and that against the
    one named by --against.
    """
    arms = {path.stem: read_json(path) for path in sorted(args.out.glob("*.json"))}
    heads = " | ".join(f"{key} | over" for key in ("loss", "passed"))
    lines = [f"| arm | against | {heads} |", "| --- " * 6 + "|"]
    for name, arm in arms.items():
        whole, _, group = name.partition("-")
        other = whole if group else args.against or whole
        if other in arms:
            cells = [
                compare(arms[other], arm, key, way)
                for key in ("loss", "passed")
                for way in DIRECTIONS
            ]
            lines.append(f"| {name} | {other} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    parser = parser_of(__doc__)
    parser.set_defaults(config=Path("configs/ladder.toml"))
    for action in parser._actions:
        action.required = action.required and action.dest != "config"
    parser.add_argument("--groups", default="", metavar="G,G", help="each is left out in turn")
    parser.add_argument("--generator", default="now", metavar="NAME", help="a word without '-'")
    parser.add_argument("--against", default="", metavar="NAME", help="see above")
    parser.add_argument("--execute", default="", metavar="ARM,ARM", help="answers of these are run")
    parser.add_argument("--base-words", type=int, default=1_000_000)
    parser.add_argument("--arm-words", type=int, default=250_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    def action() -> None:
        if not args.table:
            measure(args, Plan(args.base_words, args.arm_words, args.seed))
        print(print_table(args))

    return answered(action)


if __name__ == "__main__":
    raise SystemExit(main())
