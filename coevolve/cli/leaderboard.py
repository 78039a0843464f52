"""`coevolve leaderboard FILE...`: rows of `coevolve eval --leaderboard` as ranked tables.

Contract: a table holds comparable rows only: those that agree in everything that COMPARABLE names,
which is what was asked and who judged. How a system was asked (ASKED) may differ, and is a column
where it does. Rows are ranked by pass@1; equal figures share a rank. Exit 0, or 2 with one line for
a file that cannot be read.

    coevolve leaderboard board.jsonl
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from os.path import normpath
from pathlib import Path

from coevolve.cli.errors import UserError

COMPARABLE = ("corpus", "limit", "n_items", "direction", "backend")
"""What two rows must agree in to be ranked in one table."""
ASKED = ("samples", "temperature", "threads")
"""How a system was asked, and timed: no reason for another table, since pass@k is estimated without
bias from any number of answers, and answers made elsewhere have no temperature that is known.
"""
_RANKED_BY = "pass@1"
_INTERVAL, _COUNT = " ci95", " n_items"


@dataclass(frozen=True, slots=True)
class RankedTable:
    """Comparable rows of a leaderboard.

    setting: what they agree in, by name: `corpus`, `limit`, `n_items`, `direction`, `backend`, and
        of `samples`, `temperature` and `threads` those in which all rows are the same; None where
        older rows do not say it.
    rows: (rank from 1, row as in the file), the best first. Equal pass@1 has equal rank.
    """

    setting: dict[str, object]
    rows: tuple[tuple[int, dict], ...]


def add_parser(commands) -> argparse.ArgumentParser:
    """Add `coevolve leaderboard` to `commands`, the subparsers of the command line. Returns its
    parser.
    """
    parser = commands.add_parser(
        "leaderboard",
        help="print the rows of eval --leaderboard as ranked tables",
        description="Print ranked tables of what 'coevolve eval --leaderboard FILE.jsonl' wrote, "
        "one for each corpus, direction and back end: rows of other items are not ranked "
        "together. 'coevolve compare' says whether two results differ.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE.jsonl", help="files of rows")
    parser.add_argument("--json", action="store_true", help="print the tables as one JSON list")
    return parser


def run(args: argparse.Namespace) -> int:
    """Print the tables. args: parsed by `add_parser`. Returns the exit code 0. Raises UserError or
    CorpusError for a file that holds no rows.
    """
    tables = rank_rows([row for name in args.files for row in read_board(Path(name))])
    if args.json:
        values = [
            {**t.setting, "rows": [{"rank": rank, **row} for rank, row in t.rows]} for t in tables
        ]
        print(json.dumps(values, indent=1))
    else:
        print("\n\n".join(map(format_table, tables)))
    return 0


def read_board(path: Path) -> list[dict]:
    """Return the rows of a file of `coevolve eval --leaderboard`, in the file's order: JSON objects
    with `model`, the setting, and every metric by its name, such as `pass@1`. Raises UserError or
    CorpusError with one line for a file that is missing, empty or cannot be read, or a row that is
    none.
    """
    from coevolve.evaluation.corpus import read_json_rows

    if not path.exists():
        raise UserError(
            f"'{path}' does not exist; coevolve eval --leaderboard FILE.jsonl writes it"
        )
    rows = []
    for number, row in read_json_rows(path):
        if not isinstance(row.get("model"), str) or not _is_number(row.get(_RANKED_BY)):
            raise UserError(
                f"'{path}', line {number} is no row of coevolve eval --leaderboard: it has no "
                f"'model' with a '{_RANKED_BY}'"
            )
        rows.append(row)
    if not rows:
        raise UserError(f"'{path}' has no rows; coevolve eval --leaderboard {path} appends one")
    return rows


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def rank_rows(rows: Sequence[dict]) -> list[RankedTable]:
    """Return the tables of comparable rows, in the order of their first rows, each ranked by
    pass@1. rows: as from `read_board`.
    """
    groups: dict[str, list[dict]] = {}
    for row in rows:
        key = json.dumps([_normalize(name, row.get(name)) for name in COMPARABLE])
        groups.setdefault(key, []).append(row)
    tables = []
    for members in groups.values():
        best_first = sorted(members, key=lambda row: -row[_RANKED_BY])
        figures = [row[_RANKED_BY] for row in best_first]
        ranked = tuple((figures.index(row[_RANKED_BY]) + 1, row) for row in best_first)
        same = [n for n in ASKED if all(r.get(n) == members[0].get(n) for r in members)]
        setting = {name: members[0].get(name) for name in (*COMPARABLE, *same)}
        tables.append(RankedTable(setting, ranked))
    return tables


def _normalize(name: str, value: object) -> object:
    """A setting as it is compared: `./mine/` is the corpus `mine`."""
    if name != "corpus" or not isinstance(value, str):
        return value
    return ",".join(normpath(part.strip()) for part in value.split(","))


def format_table(table: RankedTable) -> str:
    """Return a table as Markdown: a line on what its rows agree in, and a row for each system, with
    how it was asked where rows differ in that, the interval of each figure where it says something,
    and the number of items where it is not that of the table. Shares are in percent.
    """
    from coevolve.evaluation.result import label_figure

    differ = [name for name in ASKED if name not in table.setting]
    figures = list(
        dict.fromkeys(
            name.removesuffix(_INTERVAL)
            for _, row in table.rows
            for name in row
            if name.endswith(_INTERVAL)
        )
    )
    head = ["rank", "model", *differ, *map(label_figure, figures)]
    lines = [
        _describe_setting(table.setting),
        "",
        f"| {' | '.join(head)} |",
        f"| {' | '.join(['---'] * len(head))} |",
    ]
    for rank, row in table.rows:
        trained = f" (trained on {row['contaminated']} items)" if row.get("contaminated") else ""
        cells = [str(rank), row["model"].replace("|", "\\|") + trained]
        cells += ["–" if row.get(name) is None else str(row[name]) for name in differ]
        cells += [_format_figure(row, name) for name in figures]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _describe_setting(setting: dict[str, object]) -> str:
    limit = setting["limit"]
    parts = [
        f"**{setting['corpus']}**, {setting['direction']}",
        f"{setting['n_items']} items"
        + (f" (--limit {limit})" if limit else " (limit not known)" if limit is None else ""),
        f"back end {setting['backend']}",
    ]
    told = {name: setting[name] for name in ASKED if name in setting}
    if not told.get("threads"):
        told.pop("threads", None)
    return ", ".join(
        parts + [f"{name} {'–' if value is None else value}" for name, value in told.items()]
    )


def _format_figure(row: dict, name: str) -> str:
    from coevolve.evaluation.result import format_figure, select_interval

    if not _is_number(row.get(name)):
        return "–"
    count = row.get(name + _COUNT, row.get("n_items", 0))
    interval = select_interval({"ci95": row.get(name + _INTERVAL), "n_items": count})
    text = format_figure(name, row[name])
    if interval:
        text += f" ({' to '.join(format_figure(name, bound) for bound in interval)})"
    words = f"{count} item{'' if count == 1 else 's'}"
    return text if count == row.get("n_items") else f"{text}, {words}"
