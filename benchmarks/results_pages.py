"""Makes the pages of docs/results from the data in results.

Each file `results/TOPIC.json` holds one topic: a title, a summary, and tables of figures with their
command, date and engine. This script writes one page a topic and an index of them all. A figure is
a number, a text, null where nothing was measured, or `{"value": ..., "ci95": [low, high]}`.

    python benchmarks/results_pages.py           # writes docs/results/*.md
    python benchmarks/results_pages.py --check   # exits with 1 where a page differs from the data
"""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 100
"""Longest line of a page, in characters."""
MADE = "<!-- Made from {source} by benchmarks/results_pages.py: change the data. -->"
ORDER = (
    "published",
    "small",
    "nests",
    "rounds",
    "verdicts",
    "gold",
    "proofs",
    "races",
    "fortran",
    "throughput",
    "gpu",
    "directions",
    "constraints",
    "ladder",
    "generator",
    "tree",
    "pretrained",
    "models",
)
"""Topics in the order of the index. One that is not named here comes last."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    key: its name in the rows. name: its heading. label: it says which row this is, so that it is
    repeated when a wide table is cut. signed: positive figures get a plus sign. hidden: in the data
    only. code: printed as code.
    """

    key: str
    name: str
    label: bool = False
    signed: bool = False
    hidden: bool = False
    code: bool = False


def read_topics(folder: Path) -> list[dict[str, Any]]:
    """The topics in `folder`, in the order of the index. Raises ValueError for a file of none."""
    topics = []
    for path in sorted(folder.glob("*.json")):
        topic = json.loads(path.read_text())
        missing = {"topic", "title", "summary", "machine", "notes", "tables"} - topic.keys()
        if missing or topic["topic"] != path.stem:
            raise ValueError(f"{path}: lacks {sorted(missing)} or is named otherwise than its file")
        topics.append(topic)
    places = {name: i for i, name in enumerate(ORDER)}
    return sorted(topics, key=lambda t: places.get(t["topic"], len(ORDER)))


def print_number(value: float, signed: bool) -> str:
    """A number with thousands separated; with its sign where `signed`."""
    text = f"{value:g}" if 0 < abs(value) < 0.001 else f"{value:,}"
    return f"+{text}" if signed and value >= 0 else text


def print_figure(value: Any, column: Column) -> str:
    """A cell's text: a dash for null, a figure with its interval, or the text itself."""
    if value is None:
        return "–"
    if isinstance(value, dict):
        low, high = (print_number(bound, column.signed) for bound in value["ci95"])
        p = f", p = {value['p']}" if "p" in value else ""
        return f"{print_number(value['value'], column.signed)} ({low} to {high}){p}"
    if isinstance(value, (int, float)):
        return print_number(value, column.signed)
    return f"`{value}`" if column.code else str(value).replace("|", r"\|")


def print_row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def print_lines(columns: Sequence[Column], rows: Sequence[dict[str, Any]]) -> list[str]:
    """A table in Markdown: heading, rule and one line a row."""
    lines = [print_row(c.name for c in columns), print_row("---" for _ in columns)]
    return lines + [print_row(print_figure(row[c.key], c) for c in columns) for row in rows]


def cut_table(columns: Sequence[Column], rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    """The table as one or more tables no wider than WIDTH. Each repeats the label columns."""
    labels = [c for c in columns if c.label]
    parts: list[list[Column]] = [[]]
    for column in (c for c in columns if not c.label and not c.hidden):
        wider = print_lines([*labels, *parts[-1], column], rows)
        if parts[-1] and max(map(len, wider)) > WIDTH:
            parts.append([])
        parts[-1].append(column)
    return [print_lines([*labels, *part], rows) for part in parts]


def wrap(text: str, first: str = "", rest: str = "") -> list[str]:
    """Prose in lines of WIDTH."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def print_origin(table: dict[str, Any]) -> list[str]:
    """Where the figures of a table come from: note, date, engine, seed and command."""
    lines = [*wrap(table["note"]), ""] if "note" in table else []
    said = [
        f"Date: {table['date'] or 'not recorded'}",
        f"engine: {table['engine'] or 'not recorded'}",
    ]
    if "seed" in table:
        said.append(f"seed: {table['seed']}")
    lines += wrap("; ".join(said) + ".")
    if not table["command"]:
        return [*lines, "", "Command: not recorded."]
    shell = textwrap.wrap(
        table["command"], WIDTH - 2, break_long_words=False, break_on_hyphens=False
    )
    return [
        *lines,
        "",
        "```text",
        *(f"{'  ' * (i > 0)}{part}" for i, part in enumerate(shell)),
        "```",
    ]


def print_table(table: dict[str, Any]) -> list[str]:
    """A table's part of a page: its title, the figures, and their origin."""
    columns = [Column(**column) for column in table["columns"]]
    lines = [f"## {table['title']}", ""]
    for part in cut_table(columns, table["rows"]):
        lines += [*part, ""]
    return [*lines, *print_origin(table), ""]


def print_page(topic: dict[str, Any]) -> str:
    """The page of one topic."""
    lines = [MADE.format(source=f"results/{topic['topic']}.json"), "", f"# {topic['title']}", ""]
    for sentence in topic["summary"]:
        lines += wrap(sentence, "- ", "  ")
    lines += ["", *wrap(f"Machine: {topic['machine']}."), ""]
    for table in topic["tables"]:
        lines += print_table(table)
    if topic["notes"]:
        lines += ["## Notes", ""]
        for note in topic["notes"]:
            lines += wrap(note, "- ", "  ")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def print_index(topics: Sequence[dict[str, Any]]) -> str:
    """The page that lists all topics with their first sentence."""
    lines = [MADE.format(source="results/*.json"), "", "# Results", ""]
    lines += wrap(
        "Every figure was printed by the command beside it, unless it is marked as published. "
        "The data are in the folder `results`; one file is one topic. "
        "Shares are in percent, with 95 % intervals in brackets where they were computed."
    )
    lines.append("")
    for topic in topics:
        link = f"[{topic['title']}]({topic['topic']}.md)"
        lines += wrap(f"{link}: {topic['summary'][0]}", "- ", "  ")
    return "\n".join(lines) + "\n"


LEADERBOARD_COLUMNS = (
    Column("system", "System", label=True),
    Column("size", "Parameters"),
    Column("n", "Items"),
    Column("pass@1", "pass@1 %"),
    Column("pass@10", "pass@10 %"),
    Column("cpass", "CPass %"),
)


def collect_scales(topics: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The rows of the leaderboard by scale: what was measured on the same items by the same judge.
    Each has a key for each of LEADERBOARD_COLUMNS; a figure may be None.
    """
    tables = {(t["topic"], table["id"]): table for t in topics for table in t["tables"]}
    shared = "BabelTower, {}"
    ours = [r | {"source": ""} for r in tables["published", "ours"]["rows"]]
    scales = {
        shared.format(
            "validation split: C++ to CUDA, judged by coevolve, answers as asked for"
        ): ours
    }
    others = [r | {"n": None} for r in tables["published", "published"]["rows"]]
    scales[shared.format("test split: C++ to CUDA, each by its authors' judge")] = others
    development = [
        {
            "system": "small",
            "size": "2.4 M",
            **next(r for r in tables["small", "as-asked"]["rows"] if "development" in r["corpus"]),
        }
    ]
    for row in tables["pretrained", "prompts"]["rows"]:
        if row["direction"] == "cpp:cuda":
            development.append(
                {
                    "system": "Qwen2.5-Coder-1.5B-Instruct, asked once",
                    "size": "1.5 B",
                    "n": row["items"],
                    "pass@1": row["share"],
                }
            )
    scales["Functions of this project: C++ to CUDA, `development`, judged by coevolve"] = (
        development
    )
    keys = [column.key for column in LEADERBOARD_COLUMNS]
    return {
        name: sorted(
            ({key: row.get(key) for key in keys} for row in rows if row.get("pass@1") is not None),
            key=lambda row: -_value_of(row["pass@1"]),
        )
        for name, rows in scales.items()
    }


def _value_of(figure: Any) -> float:
    return float(figure["value"] if isinstance(figure, dict) else figure)


def print_leaderboard(topics: Sequence[dict[str, Any]]) -> str:
    """The page that ranks systems, within each scale only."""
    lines = ["# Leaderboard", "", MADE.format(source="results/*.json"), ""]
    lines += wrap(
        "A rank holds within one table only. Tables differ in items and in judge, and a figure of "
        "one says nothing about a figure of another. Published figures are their authors'."
    )
    for name, rows in collect_scales(topics).items():
        lines += ["", f"## {name.partition(': ')[0]}", ""]
        lines += [f"Scale: {name.partition(': ')[2]}.", ""]
        for part in cut_table(LEADERBOARD_COLUMNS, rows):
            lines += [*part, ""]
        lines.pop()
    lines += ["", "## Add a system", ""]
    lines += wrap(
        "`coevolve eval --leaderboard FILE.jsonl` appends one flat row with its intervals to a "
        "file of yours, and `coevolve leaderboard FILE.jsonl` prints ranked tables. Two systems "
        "are in one table if `corpus`, `limit`, `n_items`, `direction` and `backend` are the same "
        "in both rows; then `coevolve compare` says whether they differ. `samples`, `temperature` "
        "and `threads` are columns where rows differ in them. Each figure has its number of "
        "items, such as `codebleu n_items`: only items with a reference have BLEU. Where figures "
        "come from: [published](published.md), [small](small.md), "
        "[a pre-trained model](pretrained.md)."
    )
    return "\n".join(lines) + "\n"


def make_pages(folder: Path) -> dict[str, str]:
    """Every page by its file name, from the data in `folder`."""
    topics = read_topics(folder)
    pages = {f"{t['topic']}.md": print_page(t) for t in topics}
    return pages | {"index.md": print_index(topics), "leaderboard.md": print_leaderboard(topics)}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=ROOT / "results", help="folder of the data")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "docs" / "results", help="folder of the pages"
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; 1 where a page differs"
    )
    options = parser.parse_args(arguments)
    pages = make_pages(options.data)
    if options.check:
        there = {path.name: path.read_text() for path in options.out.glob("*.md")}
        wrong = sorted(n for n in pages.keys() | there.keys() if pages.get(n) != there.get(n))
        print("\n".join(f"{options.out / name}: differs from the data" for name in wrong), end="")
        return 1 if wrong else 0
    options.out.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (options.out / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
