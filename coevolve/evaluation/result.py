"""From scores of items to the result that is written: figures with intervals, per problem kind, as
JSON, Markdown and a row.

Contract: a pure function of its inputs; the schema is documented in docs/evaluation.md and has a
version. A figure that does not exist is null with the reason in `notes`; nothing is made up. In
JSON shares are fractions of 1, and BLEU is sacrebleu's score of 100; what people read has percent.

    coevolve eval --model small --corpus builtin --direction cpp:cuda --out result.json
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from coevolve.evaluation.corpus import EvalCorpus, EvalItem
from coevolve.evaluation.metrics import efficiency_at_k, pass_at_k
from coevolve.evaluation.scoring import ItemScore
from coevolve.evaluation.statistics import (
    FEWEST_ITEMS,
    Interval,
    bootstrap_mean,
    is_telling,
)
from coevolve.evaluation.text_scores import compute_bleu, compute_codebleu

SCHEMA_VERSION = 1
NO_INTERVAL = f"–: no interval below {FEWEST_ITEMS} items, or where all items have the same value"
USUAL_KS = (1, 5, 10, 20, 50, 100)


@dataclass(frozen=True, slots=True)
class EvaluationSetting:
    """How an evaluation was done, as its result shows.

    model: its label. samples: answers per item, the fewest where items have different numbers of
        them. temperature: None for predictions made elsewhere.
        seed: of sampling, suites and intervals. backend: where CUDA ran. elapsed_s: seconds in all.
    contamination: what of the corpus the model was trained on, as JSON values.
    tester: metrics of a Tester by name; {} if none was measured. notes: lines for the reader.
    threads: OpenMP threads of the answers where speed was measured; 0 where it was not. limit: only
        so many of the corpus's first items were asked for; 0: all.
    """

    model: str
    samples: int
    temperature: float | None
    seed: int
    backend: str
    elapsed_s: float
    contamination: dict
    tester: dict = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    threads: int = 0
    """Threads of the answers where speed was measured, 0 where it was not."""
    limit: int = 0
    """Only so many of the corpus's first items were asked for, 0: all."""


_OF_ANSWER = (
    "outcome",
    "detail",
    "compiled",
    "built",
    "passed",
    "serial",
    "decided",
    "launch",
    "failing",
)
"""What of a `ScoredAnswer` a result tells of each answer."""


def choose_ks(samples: int) -> tuple[int, ...]:
    """Return each k of pass@k to report, ascending: of 1, 5, 10, 20, 50 and 100 those up to
    `samples`, and `samples`, the number of answers per item.
    """
    return tuple(sorted({k for k in USUAL_KS if k <= samples} | {samples}))


def summarize_values(values: Sequence[float], seed: int) -> dict | None:
    """Return the mean of one value per problem with its 95 % interval, as {"value": mean, "ci95":
    [low, high], "n_items": number of values}. Returns None if `values` is empty. seed: of the
    bootstrap.
    """
    if not values:
        return None
    return {
        "value": sum(values) / len(values),
        "ci95": list(bootstrap_mean(values, seed) or ()),
        "n_items": len(values),
    }


def make_result(
    corpus: EvalCorpus,
    answers: Sequence[Sequence[str]],
    scores: Sequence[ItemScore],
    setting: EvaluationSetting,
) -> dict:
    """Return the result of an evaluation as JSON values, in the form of docs/result.schema.json:
    how it was done, every metric with its interval, and a row for each item.

    answers, scores: one entry per item of the corpus, in order: the item's answers as texts, and
        what execution found of them. setting: how the evaluation was done.
    """
    rows = list(zip(corpus.items, answers, scores, strict=True))
    whole, notes, codebleus = _figures(rows, corpus, setting)
    by_kind = {
        kind: _summarize_execution([s for i, _, s in rows if i.kind == kind], setting)
        for kind in sorted({i.kind for i in corpus.items})
        if kind
    }
    seen = {
        row["id"] for key in ("items", "by_chance") for row in setting.contamination.get(key, ())
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "evaluation",
        "model": setting.model,
        "corpus": corpus.name,
        "direction": str(corpus.direction),
        "backend": setting.backend,
        "samples": setting.samples,
        "temperature": setting.temperature,
        "seed": setting.seed,
        "limit": setting.limit,
        "threads": setting.threads,
        "elapsed_s": round(setting.elapsed_s, 1),
        "n_items": len(rows),
        "n_undecided": sum(not s.decided for s in scores),
        "n_skipped": len(corpus.skipped),
        **whole,
        **setting.tester,
        "by_kind": by_kind,
        "contamination": setting.contamination,
        "unseen": _summarize_execution([s for i, _, s in rows if i.id not in seen], setting)
        if seen
        else None,
        "notes": [*corpus.notes, *setting.notes, *notes],
        "skipped": [asdict(s) for s in corpus.skipped],
        "items": [
            _item_row(item, texts, score, codebleus.get(item.id)) for item, texts, score in rows
        ],
    }


def _figures(
    rows: list, corpus: EvalCorpus, setting: EvaluationSetting
) -> tuple[dict, list[str], dict[str, float | None]]:
    scored = [(item, answers[0]) for item, answers, _ in rows if item.reference is not None]
    hypotheses, references = (
        [text for _, text in scored],
        [item.reference.text for item, _ in scored],
    )
    notes = (
        []
        if len(scored) == len(rows)
        else [
            f"{len(rows) - len(scored)} of {len(rows)} items have no reference: BLEU and "
            f"CodeBLEU are over the rest"
        ]
    )
    if snippets := sum(len(item.snippets) for item, *_ in rows):
        notes.append(
            f"the corpus's {snippets} test snippets gave "
            f"{sum(score.given_tests for *_, score in rows)} tests that hold for their source"
        )
    if max(score.samples for *_, score in rows) > 1:
        notes.append("BLEU and CodeBLEU are of the first answer to each item")
    bleu = compute_bleu(hypotheses, references, setting.seed)
    code = compute_codebleu(hypotheses, references, corpus.direction.target.name, setting.seed)
    texts = {
        "bleu": bleu
        and {
            "value": bleu.value,
            "ci95": list(bleu.ci95),
            "n_items": len(scored),
            "signature": bleu.signature,
        },
        "codebleu": code
        and {
            "value": code.value,
            "ci95": code.ci95 and list(code.ci95),
            "n_items": len(scored),
            "parts": code.parts,
            "as_cpp": code.as_cpp,
            "scored_as": code.note,
        },
    }
    executed = _summarize_execution([score for *_, score in rows], setting)
    items = dict(zip((item.id for item, _ in scored), code.items, strict=True)) if code else {}
    return texts | executed, notes, items


def _summarize_execution(scores: Sequence[ItemScore], setting: EvaluationSetting) -> dict:
    """The figures that come from execution, over some of the items."""
    seed = setting.seed

    def at_k(count: Callable[[ItemScore], int]) -> dict:
        return {
            str(k): summarize_values([pass_at_k(s.samples, count(s), k) for s in scores], seed)
            for k in choose_ks(setting.samples)
        }

    given = [s for s in scores if s.given_passed is not None]
    timed = [s for s in scores if s.speedups is not None]
    return {
        "n_scored": len(scores),
        "cpass": summarize_values([s.compiled / s.samples for s in scores], seed),
        "build@k": at_k(lambda s: s.built),
        "pass@k": at_k(lambda s: s.passed),
        "parallel_pass@k": at_k(lambda s: s.passed - s.serial),
        "speedup@k": _speedups(timed, setting, 1),
        "efficiency@k": _speedups(timed, setting, setting.threads),
        "suite_strength": summarize_values(
            [s.strength for s in scores if s.strength is not None], seed
        ),
        "given_tests": {
            "n_items": len(given),
            "n_tests": sum(s.given_tests for s in given),
            "pass@k": {
                str(k): summarize_values(
                    [pass_at_k(s.samples, s.given_passed or 0, k) for s in given], seed
                )
                for k in choose_ks(setting.samples)
            },
        }
        if given
        else None,
        "outcomes": _sum_counts([s.outcomes for s in scores]),
    }


def _speedups(
    timed: Sequence[ItemScore], setting: EvaluationSetting, resources: int
) -> dict | None:
    """Mean over items of the expected best of k answers (ParEval's speedup_n@k, and efficiency_n@k
    for n `resources`).
    """
    if not timed or not resources:
        return None
    times = [[1.0 / s if s else float("inf") for s in score.speedups or ()] for score in timed]
    return {
        str(k): summarize_values(
            [efficiency_at_k(t, 1.0, k, resources) for t in times], setting.seed
        )
        for k in choose_ks(setting.samples)
    }


def _sum_counts(counts: Sequence[dict[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in counts:
        for key, value in row.items():
            found[key] = found.get(key, 0) + value
    return dict(sorted(found.items()))


def _item_row(
    item: EvalItem, texts: Sequence[str], score: ItemScore, codebleu: float | None
) -> dict:
    return {
        "id": item.id,
        "name": score.name,
        "kind": score.kind,
        "samples": score.samples,
        "compiled": score.compiled,
        "built": score.built,
        "passed": score.passed,
        "serial": score.serial,
        "decided": score.decided,
        "first_passed": score.first.passed,
        "first_outcome": score.first.outcome,
        "first_detail": score.first.detail,
        "suite_strength": score.strength,
        "given_tests": score.given_tests,
        "given_passed": score.given_passed,
        "codebleu": codebleu,
        "speedups": None if score.speedups is None else list(score.speedups),
        "origin": item.source.origin,
        "source": item.source.text,
        "answers": _list_answers(texts, score),
    }


def _list_answers(texts: Sequence[str], score: ItemScore) -> list[dict]:
    """The different answers to an item with their verdicts, in order; equal texts are one answer of
    several samples, numbered from 0.
    """
    found: dict[str, dict] = {}
    for number, (text, judged) in enumerate(zip(texts, score.judged, strict=True)):
        row = {name: getattr(judged, name) for name in _OF_ANSWER}
        found.setdefault(text, {"text": text, **row, "samples": []})["samples"].append(number)
    return list(found.values())


# --- for people
# --------------------------------------------------------------------------------------------------


def flatten_figures(result: dict, every: bool = False) -> list[tuple[str, dict]]:
    """Return (name, metric) of every metric of a result, in the table's order: `pass@1`, `codebleu`
    and so on. A metric is a mapping with `value`, mostly `ci95` ([low, high], 95 %) and `n_items`,
    and perhaps more; missing ones are left out.

    result: as from `make_result`. every: `parallel_pass@k` too where it is the same as `pass@k`.
    """
    found: list[tuple[str, dict]] = []
    same = result.get("parallel_pass@k") == result["pass@k"]
    own = () if same and not every else ("parallel_pass@k",)
    for key in (
        "pass@k",
        *own,
        "build@k",
        "cpass",
        "bleu",
        "codebleu",
        "speedup@k",
        "efficiency@k",
        "suite_strength",
        "tester_valid_rate",
    ):
        value = result.get(key)
        if value is None:
            continue
        rows = (
            [(key, value)]
            if not key.endswith("@k")
            else [(key.replace("@k", f"@{k}"), v) for k, v in value.items()]
        )
        found += [(name, v) for name, v in rows if v and v.get("value") is not None]
    for k, v in ((result.get("unseen") or {}).get("pass@k") or {}).items():
        found += [(f"pass@{k} on items unseen in training", v)] if v else []
    given = result.get("given_tests") or {}
    return found + [
        (f"pass@{k} on the corpus's tests", v) for k, v in given.get("pass@k", {}).items() if v
    ]


def select_interval(figure: dict) -> Interval | None:
    """Return the 95 % interval (low, high) of a metric if it says something, else None: where fewer
    than FEWEST_ITEMS (10) items have the metric, or all have the same value. figure: the metric, a
    mapping with `ci95` and `n_items`, as from `flatten_figures`.
    """
    low, high = figure.get("ci95") or (0.0, 0.0)
    items = figure.get("n_items", FEWEST_ITEMS)
    return (low, high) if is_telling((low, high), items) else None


def format_markdown(result: dict) -> str:
    """Return a result as Markdown: a line about the evaluation, a table of metrics, and notes.
    result: as from `make_result`.
    """
    lines = [
        f"**{result['model']}** on {result['corpus']}, {result['direction']}: "
        f"{result['n_items']} items ({result['n_undecided']} undecided, "
        f"counted as not passed), {_count_answers(result)} answers each, temperature "
        f"{_format_number(result['temperature'])}, seed {result['seed']}, "
        f"back end {result['backend']}",
        "",
        "| figure | value | 95 % interval | items |",
        "| --- | --- | --- | --- |",
    ]
    figures = flatten_figures(result)
    for name, found in figures:
        bounds = [format_figure(name, bound) for bound in select_interval(found) or ()]
        lines.append(
            f"| {label_figure(name)} | {format_figure(name, found['value'])} | "
            f"{' to '.join(bounds) or '–'} | {found.get('n_items', result['n_items'])} |"
        )
    unsure = any(select_interval(found) is None for _, found in figures)
    if parts := (result.get("codebleu") or {}).get("parts"):
        lines += [
            "",
            "CodeBLEU parts: "
            + ", ".join(
                f"{k.removesuffix('_score')} {'–' if v is None else format_figure(k, v)}"
                for k, v in parts.items()
            ),
        ]
        lines.append(f"Scored as: {result['codebleu']['scored_as']}")
    if result.get("bleu"):
        lines.append(f"BLEU signature: {result['bleu']['signature']}")
    if result["by_kind"]:
        lines += [
            "",
            "| kind | items | pass@1 % | build@1 % | cpass % |",
            "| --- | --- | --- | --- | --- |",
        ]
        for kind, row in result["by_kind"].items():
            found = {"pass@1": row["pass@k"]["1"], "build@1": row["build@k"]["1"]}
            found["cpass"] = row["cpass"]
            cells = [format_figure(name, value["value"]) for name, value in found.items()]
            lines.append(f"| {kind} | {row['n_scored']} | {' | '.join(cells)} |")
    lines += [
        "",
        *(f"- {note}" for note in result["notes"]),
        *([f"- {NO_INTERVAL}"] if unsure else []),
        *_left_out(result),
        f"- contamination: {result['contamination']['summary']}",
    ]
    return "\n".join(lines) + "\n"


def _left_out(result: dict) -> list[str]:
    """One line on what of the corpus is no item, or an item that cannot be tested; none where there
    is nothing.
    """
    rows = result["skipped"]
    first = f"{rows[0]['name'] or rows[0]['where']}: {rows[0]['reason']}" if rows else ""
    return (
        [
            f"- of the corpus, {len(rows)} left out or not testable (all in the result's "
            f"'skipped'); first: {first}"
        ]
        if rows
        else []
    )


def _count_answers(result: dict) -> str:
    """The number of answers to an item; `2 to 5` where items differ."""
    counts = sorted({item["samples"] for item in result["items"]}) or [result["samples"]]
    return f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else str(counts[0])


def label_figure(name: str) -> str:
    """Return the words for a metric in a table that people read: its name, with % for a share.
    name: as from `flatten_figures`.
    """
    if name.startswith(_NO_SHARES):
        return name
    first, space, rest = name.partition(" ")
    return f"{first} %{space}{rest}"


def format_figure(name: str, value: float) -> str:
    """Return a metric's value as text for people: shares in percent, CodeBLEU and BLEU of 100, both
    with one decimal; a speedup as a ratio with two. name: as from `flatten_figures`. value: as a
        result has it, where shares and CodeBLEU are fractions of 1.
    """
    if name.startswith("speedup@"):
        return f"{value:.2f}"
    return f"{value if name == 'bleu' else 100 * value:.1f}"


_NO_SHARES = ("bleu", "codebleu", "speedup@")
"""Beginnings of the names of metrics that are no shares."""


def _format_number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}".rstrip("0").rstrip(".")


def make_leaderboard_row(result: dict) -> dict:
    """Return a result, as from `make_result`, as one flat JSON object: model, corpus and settings,
    `contaminated` (number of items that the model was trained on), and every metric by its name,
    with its interval as `NAME ci95` and its number of items as `NAME n_items`.
    """
    kept = (
        "model",
        "corpus",
        "direction",
        "samples",
        "temperature",
        "seed",
        "backend",
        "threads",
        "limit",
        "n_items",
    )
    row = {key: result[key] for key in kept} | {"contaminated": result["contamination"]["n_items"]}
    for name, found in flatten_figures(result, every=True):
        row[name], row[f"{name} ci95"] = found["value"], found.get("ci95")
        row[f"{name} n_items"] = found.get("n_items", result["n_items"])
    return row
