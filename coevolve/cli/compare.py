"""`coevolve compare A B`: two evaluations on the same items: differences with intervals and
p-values.

Contract: A and B are result files of `coevolve eval --out` or run folders (their last evaluated
round, on the run's held-out programs); only items that both have are compared, and how many that
are is printed. Differences are B - A. A figure has one p, beside the test that gave it: the exact
McNemar test where each item has one answer on both sides, else a paired bootstrap over items. The
table is in percent, and JSON has fractions of 1.

    coevolve compare before.json after.json
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coevolve.cli.errors import UserError
from corpora.json_text import parse_json

if TYPE_CHECKING:
    from coevolve.evaluation.statistics import Interval


@dataclass(frozen=True, slots=True)
class EvaluationSide:
    """One of two evaluations that are compared.

    name: how the user named it. direction: as `cpp:cuda`; both sides must agree.
    items: by item id, the metrics of the item as JSON values, as in a result's `items`.
    """

    name: str
    direction: str
    items: dict[str, dict]


@dataclass(frozen=True, slots=True)
class FigureDifference:
    """One metric of two evaluations, a and b, on the items where both have it.

    items: how many these are. a, b: the metric's mean over these items, a share in [0, 1], in the
        first and in the second evaluation. ci95: the 95 % interval (low, high) of b - a; None where
        a bootstrap says nothing.
    p: the two-sided p-value for no difference, None where there is none. test: what gave it,
        `exact McNemar`, `paired bootstrap` or ''.
    """

    items: int
    a: float
    b: float
    ci95: Interval | None
    p: float | None
    test: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparison of two evaluations, a and b, on the items that both have.

    items: how many both have. unmatched: how many only one has; these are left out.
    figures: the difference by metric: `passed`, `built`, `compiled` and `codebleu`, of which those
        are left out that no common item has.
    only_a, only_b: number of items whose first answer passes on that side alone.
    """

    items: int
    unmatched: int
    figures: dict[str, FigureDifference]
    only_a: int
    only_b: int


FIGURES = ("passed", "built", "compiled")
_NAMES = {
    "passed": "pass@1",
    "built": "build@1",
    "compiled": "CPass",
    "codebleu": "CodeBLEU (mean of items)",
}
_LABELS = _NAMES | {"passed": "pass@1 %", "built": "build@1 %", "compiled": "CPass %"}


def add_parser(commands) -> argparse.ArgumentParser:
    """Add `coevolve compare` to `commands`, the subparsers of the command line. Returns its
    parser.
    """
    parser = commands.add_parser(
        "compare",
        help="compare two evaluations on the same items",
        description="Print B - A in percent for pass@1, build@1, CPass and CodeBLEU with 95 % "
        "intervals, p and its test: exact McNemar where each item has one answer, else paired "
        "bootstrap over items.",
    )
    parser.add_argument("a", metavar="A", help="result of coevolve eval --out, or a run folder")
    parser.add_argument("b", metavar="B", help="the other one")
    parser.add_argument(
        "--seed", type=int, default=0, metavar="S", help="seed of the bootstrap (default: 0)"
    )
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    """Compare two evaluations and print the result. args: parsed by `add_parser`. Returns the exit
    code 0. Raises UserError if one holds no evaluation or no item is common.
    """
    pairs = _pair_directions(args.a, args.b)
    found = [(a, b, compare_sides(a, b, args.seed)) for a, b in pairs]
    if args.json:
        values = [_as_json(*each) for each in found]
        print(
            json.dumps(
                values[0]
                if len(values) == 1
                else {"directions": {a.direction: v for (a, _), v in zip(pairs, values)}},
                indent=1,
            )
        )
    else:
        texts = [format_comparison(*each) for each in found]
        print(
            texts[0]
            if len(texts) == 1
            else "\n\n".join(f"## {a.direction}\n{text}" for (a, _), text in zip(pairs, texts))
        )
    return 0


ALL = "all directions"


def _pair_directions(one: str, other: str) -> list[tuple[EvaluationSide, EvaluationSide]]:
    """What of A is compared with what of B: each direction that both have and, where these are
    several, all of them together.
    """
    a, b = load_sides(one), load_sides(other)
    common = [direction for direction in a if direction in b]
    if not common:
        return [
            (next(iter(a.values())), next(iter(b.values())))
        ]  # `compare_sides` says what they are
    pairs = [(a[direction], b[direction]) for direction in common]
    if len(common) > 1:
        whole = [
            EvaluationSide(
                each[0].name,
                ALL,
                {f"{s.direction} {i}": row for s in each for i, row in s.items.items()},
            )
            for each in zip(*pairs)
        ]
        pairs.append((whole[0], whole[1]))
    return pairs


def load_sides(name: str) -> dict[str, EvaluationSide]:
    """Return the evaluations of a result file or a run's folder, by direction such as `cpp:cuda`.
    Of a run it is that of its last evaluated round.

    name: the path of the file or folder. Raises UserError if it holds no evaluation.
    """
    path = Path(name)
    return (
        _sides_of_run(path)
        if path.is_dir()
        else {side.direction: side for side in (load_side(name),)}
    )


def load_side(name: str) -> EvaluationSide:
    """Return the evaluation in the result file `name`. Raises UserError if the file is missing or
    holds no result of an evaluation.
    """
    path = Path(name)
    try:
        value = parse_json(path.read_bytes())
        if value.get("kind") != "evaluation":
            raise UserError(f"'{name}' is no result of coevolve eval --out")
        return EvaluationSide(name, value["direction"], {row["id"]: row for row in value["items"]})
    except FileNotFoundError:
        raise UserError(
            f"'{name}' does not exist; name a result of coevolve eval --out, or a run folder"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise (
            error
            if isinstance(error, UserError)
            else UserError(f"'{name}' is no result of coevolve eval --out: {error}")
        ) from None


def _sides_of_run(root: Path) -> dict[str, EvaluationSide]:
    from coevolve.loop.directions import split_by_direction
    from coevolve.loop.run_folder import read_json
    from coevolve.report.page import open_run

    folder, config = open_run(root)
    number = folder.last_round(lambda paths: paths.evaluation.exists())
    if not folder.round(0).evaluation.exists():
        raise UserError(f"'{root}' has no evaluated round; run or resume it first")
    found = split_by_direction(config, read_json(folder.round(number).evaluation))
    if any("items" not in each for each in found.values()):
        raise UserError(
            f"'{root}' was evaluated by an older version, without figures by item; evaluate its "
            f"checkpoint with --corpus"
        )
    rows = {
        direction: {row["id"]: row for row in found[direction]["items"]}
        for direction in config.directions
        if direction in found
    }
    return {
        direction: EvaluationSide(f"{root} (round {number})", direction, items)
        for direction, items in rows.items()
    }


def compare_sides(a: EvaluationSide, b: EvaluationSide, seed: int = 0) -> Comparison:
    """Compare the items that both evaluations have, paired by id and name. a, b: the evaluations;
    differences are b - a. seed: of the bootstrap. Raises UserError if there is no such item, or the
    directions differ.
    """
    if a.direction != b.direction:
        raise UserError(
            f"'{a.name}' is {a.direction} and '{b.name}' is {b.direction}: there is nothing to pair"
        )
    common = [
        i for i in a.items if i in b.items and a.items[i].get("name") == b.items[i].get("name")
    ]
    if not common:
        raise UserError(f"'{a.name}' and '{b.name}' have no item in common")
    figures = {}
    for key in (*FIGURES, "codebleu"):
        sides = [[_share(side.items[i], key) for i in common] for side in (a, b)]
        pairs = [(x, y) for x, y in zip(*sides, strict=True) if x is not None and y is not None]
        if pairs:
            single = key in FIGURES and all(
                side.items[i]["samples"] == 1 for side in (a, b) for i in common
            )
            figures[key] = _measure_difference(pairs, single, seed)
    first = [(bool(a.items[i]["first_passed"]), bool(b.items[i]["first_passed"])) for i in common]
    only_a, only_b = first.count((True, False)), first.count((False, True))
    unmatched = len(a.items) + len(b.items) - 2 * len(common)
    return Comparison(len(common), unmatched, figures, only_a, only_b)


def _measure_difference(
    pairs: list[tuple[float, float]], single: bool, seed: int
) -> FigureDifference:
    """The difference of one metric. pairs: values of both sides by item. single: each item has one
    answer, so that values are 0 or 1.
    """
    # needs numpy, which takes half a second to import
    from coevolve.evaluation.statistics import (
        bootstrap_paired_difference,
        can_bootstrap,
        compute_mcnemar_p,
    )

    one, other = [x for x, _ in pairs], [y for _, y in pairs]
    drawn = (
        bootstrap_paired_difference(one, other, seed)
        if can_bootstrap([y - x for x, y in pairs])
        else None
    )
    p, test = (drawn.p, "paired bootstrap") if drawn else (None, "")
    if single:
        p = compute_mcnemar_p(sum(x > y for x, y in pairs), sum(y > x for x, y in pairs))
        test = "exact McNemar"
    a, b = (sum(values) / len(values) for values in (one, other))
    return FigureDifference(len(pairs), a, b, drawn.ci95 if drawn else None, p, test)


def _share(row: dict, key: str) -> float | None:
    if key in FIGURES:
        return row[key] / row["samples"]
    return row.get(key)


def format_comparison(a: EvaluationSide, b: EvaluationSide, found: Comparison) -> str:
    """Return a comparison as lines of text: both names, a Markdown table of differences in percent
    with the test behind each p, and how many items only one side's first answer solves. a, b: the
    evaluations. found: what `compare_sides(a, b)` returned.
    """
    lines = [
        f"A: {a.name}",
        f"B: {b.name}",
        f"{found.items} items in both; {found.unmatched} of one side only are left out",
        "",
    ]
    lines += [
        "| figure | items | A | B | B - A | 95 % interval | p | test |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for key, d in found.figures.items():
        cells = [str(d.items), f"{100 * d.a:.1f}", f"{100 * d.b:.1f}", f"{100 * (d.b - d.a):+.1f}"]
        cells.append(" to ".join(f"{100 * bound:+.1f}" for bound in d.ci95 or ()) or "–")
        cells += ["–" if d.p is None else f"{d.p:.3g}", d.test or "–"]
        lines.append(f"| {_LABELS[key]} | {' | '.join(cells)} |")
    lines.append("")
    if any(d.ci95 is None for d in found.figures.values()):
        lines.append(_explain_dashes())
    lines.append(
        f"First answers: {found.only_a} items pass with A only, {found.only_b} with B only"
    )
    return "\n".join(lines)


def _explain_dashes() -> str:
    from coevolve.evaluation.statistics import FEWEST_ITEMS

    return (
        f"–: a bootstrap says nothing below {FEWEST_ITEMS} items, or where all differences are the "
        f"same."
    )


def _as_json(a: EvaluationSide, b: EvaluationSide, found: Comparison) -> dict:
    figures = {
        _NAMES[k]: {
            "a": d.a,
            "b": d.b,
            "difference": d.b - d.a,
            "ci95": d.ci95 and list(d.ci95),
            "p": d.p,
            "test": d.test,
            "n_items": d.items,
        }
        for k, d in found.figures.items()
    }
    first = {"only_a": found.only_a, "only_b": found.only_b}
    return {
        "a": a.name,
        "b": b.name,
        "n_items": found.items,
        "unmatched": found.unmatched,
        "figures": figures,
        "first_answers": first,
    }
