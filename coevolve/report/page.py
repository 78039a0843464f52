"""The run's table and its report page, from the files of the run folder alone.

Contract: reads what is there, so it works on an unfinished run and says which stages are missing.
The page is one file that fetches nothing; texts of models and corpora reach it as data only, never
as markup.

    coevolve report runs/demo
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from coevolve.cli.errors import UserError
from coevolve.config.schema import Config, load
from coevolve.loop.run_folder import RunFolder, read_json, resolve_run_dir
from coevolve.loop.run_mirror import open_mirror
from coevolve.report.data import list_rounds, make_page_data
from coevolve.report.rises import format_rises
from coevolve.report.round_times import format_times
from corpora.files import write_atomically
from corpora.records import NOT_COMPILED, Candidate, Outcome, Triplet, Verdict
from corpora.store import count_jsonl, read_jsonl

STAGES = ("cold start", "suites", "propose and verify", "learn", "evaluate", "control")


@dataclass(frozen=True, slots=True)
class RoundFigures:
    """One row of a run's table. None stands for a stage that has not finished or does not exist.

    number: the round's; 0 is the cold start. candidates, compiled, kept: numbers of candidates, of
        those that compile, and of kept pairs.
    suites_valid: programs with a suite, of how many, as text such as `12/15`, with ` by rules`
        behind it if rules alone made the tests; '' where unknown.
    evaluation: metrics by name on held-out programs, such as `pass@1` and `bleu`, in percent; empty
        where the round was not evaluated.
    seconds: by stage. outcomes: number of verdicts by outcome.
    parts: in a run of several directions the row of each, with what is counted by direction.
    control: metrics by name of the control beside the round; empty where there is none.
    """

    number: int
    candidates: int | None
    compiled: int | None
    suites_valid: str
    kept: int | None
    evaluation: dict
    seconds: dict[str, float]
    outcomes: dict[str, int]
    parts: dict[str, RoundFigures] = field(default_factory=dict)
    control: dict = field(default_factory=dict)


def collect_figures(folder: RunFolder, config: Config | None = None) -> list[RoundFigures]:
    """Return the rows of a run's table, in order: one for the cold start and one for every round
    begun.

    folder: of the run. config: the run's; None leaves out counts by direction. Raises ConfigError
    or StoreError if a file is damaged.
    """
    return [collect_round_figures(folder, number, config) for number in list_rounds(folder)]


def collect_round_figures(
    folder: RunFolder, number: int, config: Config | None = None
) -> RoundFigures:
    """Return the row of a run's table for round `number` (0: the cold start).

    folder: of the run. config: the run's; None leaves out counts by direction. Raises ConfigError
    or StoreError if a file is damaged.
    """
    paths = folder.round(number)
    seconds = {stage: s for (n, stage), s in folder.times().items() if n == number}
    outcomes: Counter = Counter()
    candidates = compiled = kept = None
    suites = ""
    if paths.suite_counts.exists():
        counts = read_json(paths.suite_counts)
        suites = f"{counts['programs_with_suite']}/{counts['programs']}"
        if counts["programs_with_suite"] and counts.get("tests_valid") == 0:
            suites += " by rules"  # which fill up what the Tester leaves open: here all
    if paths.verdicts.exists():
        outcomes = Counter(str(v.outcome) for v in read_jsonl(paths.verdicts, Verdict))
        candidates = count_jsonl(paths.proposals)
        compiled = _count_compiled(outcomes)
    if paths.triplets.exists():
        kept = count_jsonl(paths.triplets)
    evaluation = read_json(paths.evaluation) if paths.evaluation.exists() else {}
    parts = (
        _parts(folder, number, config.directions, evaluation)
        if config is not None and len(config.directions) > 1
        else {}
    )
    control = read_json(paths.control.evaluation) if paths.control.evaluation.exists() else {}
    return RoundFigures(
        number,
        candidates,
        compiled,
        suites,
        kept,
        evaluation,
        seconds,
        dict(outcomes),
        parts,
        control,
    )


def _count_compiled(outcomes: Mapping[str, int]) -> int:
    return sum(n for o, n in outcomes.items() if o not in (*NOT_COMPILED, Outcome.INVALID_SUITE))


def _parts(
    folder: RunFolder, number: int, directions: Sequence[str], evaluation: dict
) -> dict[str, RoundFigures]:
    """The row of each direction, and of each reverse that was proposed in."""
    paths = folder.round(number)
    outcomes: dict[str, Counter] = {}
    candidates, kept = Counter(), Counter()
    if paths.verdicts.exists():
        way_of = {c.id: c.direction for c in read_jsonl(paths.proposals, Candidate)}
        candidates = Counter(way_of.values())
        for verdict in read_jsonl(paths.verdicts, Verdict):
            outcomes.setdefault(way_of[verdict.target_id], Counter())[str(verdict.outcome)] += 1
    if paths.triplets.exists():
        kept = Counter(t.direction for t in read_jsonl(paths.triplets, Triplet))
    found = {}
    for direction in dict.fromkeys((*directions, *sorted(candidates))):
        own = outcomes.get(direction, Counter())
        compiled = _count_compiled(own)
        counts = (candidates[direction], compiled) if paths.verdicts.exists() else (None, None)
        measured = evaluation.get("directions", {}).get(direction, {})
        found[direction] = RoundFigures(
            number,
            *counts,
            "",
            kept[direction] if paths.triplets.exists() else None,
            measured,
            {},
            dict(own),
        )
    return found


def _cell(value: object, pattern: str = "{}") -> str:
    return "–" if value is None or value == "" else pattern.format(value)


def make_table(
    folder: RunFolder, config: Config, known: list[RoundFigures] | None = None
) -> tuple[list[str], list[list[str]]]:
    """Return (header, rows) of a run's closing table, all cells as text; `–` where something is
    unknown. There is a row for the cold start and for each round, then rows for each direction of a
    run of several, and one for the round's control.

    folder: of the run. config: the run's. known: the result of `collect_figures(folder, config)`;
        None: it is computed. Raises ConfigError or StoreError if a file is damaged.
    """
    ks = config.evaluate.pass_at
    several = len(config.directions) > 1
    header = [
        "round",
        *(["direction"] if several else []),
        "candidates",
        "compiled",
        "suites valid",
        "pairs kept",
    ]
    header += [f"pass@{k} %" for k in ks] + [
        "compiles %",
        "BLEU",
        "CodeBLEU",
        "Tester's tests valid %",
        "seconds per stage",
    ]
    rows = []
    for row in collect_figures(folder, config) if known is None else known:
        label = "cold" if row.number == 0 else str(row.number)
        rows.append([label, *(["all"] if several else []), *_cells(row, ks)])
        rows += [[label, direction, *_cells(part, ks)] for direction, part in row.parts.items()]
        if row.control:
            rows += [[f"{label} control", *(["all"] if several else []), *_control_cells(row, ks)]]
    return header, rows


def _control_cells(row: RoundFigures, ks: Sequence[int]) -> list[str]:
    """The row of the control beside a round, which proposes nothing."""
    nothing = RoundFigures(row.number, None, None, "", None, row.control, {}, {})
    return _cells(nothing, ks)


def _cells(row: RoundFigures, ks: Sequence[int]) -> list[str]:
    """A row of the table from its counts on."""
    e = row.evaluation
    cells = [_cell(row.candidates), _cell(row.compiled), _cell(row.suites_valid), _cell(row.kept)]
    cells += [_cell(e.get(f"pass@{k}"), "{:.1f}") for k in ks]
    cells += [
        _cell(e.get(key), "{:.1f}")
        for key in ("compile_rate", "bleu", "codebleu", "tester_valid_rate")
    ]
    stages = [
        *(s for s in row.seconds if s.startswith("ladder")),
        *(s for s in STAGES if s in row.seconds),
    ]
    return [*cells, ", ".join(f"{s} {row.seconds[s]:.0f}" for s in stages)]


def print_table(root: Path) -> None:
    """Print the closing table of the run in the folder `root`, one row per round, and below it what
    the run gained and how long its rounds took. Raises UserError if there is no run, ConfigError or
    StoreError if a file of it is damaged.
    """
    folder, config = open_run(root)
    from rich.console import Console
    from rich.table import Table

    known = collect_figures(folder, config)
    header, rows = make_table(folder, config, known)
    held_out = next((r.evaluation.get("programs") for r in known if r.evaluation), None)
    shown = Table(
        title=f"{root}: {config.title}, held-out programs: {_cell(held_out)}", title_justify="left"
    )
    for name in header:
        shown.add_column(
            name,
            justify="left" if name.startswith(("seconds", "direction")) else "right",
            overflow="fold",
            no_wrap=name == "direction",
        )
    for cells in rows:
        shown.add_row(*cells)
    console = Console(width=None if Console().is_terminal else 160)
    console.print(shown)
    for told in (format_rises(folder), format_times(folder)):
        if told:
            print(told)


def open_run(root: Path) -> tuple[RunFolder, Config]:
    """Return the run's folder and the configuration it was started with. Of a run at a URL the
    finished files are fetched first. Raises UserError if `root` holds no run, ConfigError if its
    configuration is damaged.
    """
    if mirror := open_mirror(root):
        mirror.fetch()
    root = resolve_run_dir(root)
    folder = RunFolder(root)
    if not folder.config.is_file():
        raise UserError(
            f"'{root}' holds no run (no config.toml in it); start one with 'coevolve run CONFIG'"
        )
    return folder, load(folder.config, run_dir=root)


def write_report(root: Path) -> Path:
    """Write report.html of the run in the folder `root` and return its path. It carries at most
    `coevolve.report.data.EMBEDDED_SAMPLES` answers along. Raises UserError if there is no run,
    ConfigError or StoreError if a file of it is damaged.
    """
    folder, config = open_run(root)
    page = render_page(folder, config, make_page_data(folder))
    write_atomically(folder.report, lambda out: out.write(page.encode("utf-8", "replace")))
    return folder.report


def render_page(folder: RunFolder, config: Config, data: dict) -> str:
    """Return the HTML of a run's report page.

    folder, config: of the run. data: the result of `make_page_data`. If it has the key `api`, the
        path of a server's answers such as `/run/0/`, the page asks there for samples.
    Raises ConfigError or StoreError if a file of the run is damaged.
    """
    from markupsafe import Markup

    known = collect_figures(folder, config)
    header, rows = make_table(folder, config, known)
    environment = make_environment()
    return environment.get_template(
        "report.html"
    ).render(
        name=folder.root.resolve().name,
        config_text=folder.config.read_text(encoding="utf-8"),
        direction=config.title,
        header=header[:-1],  # the seconds have a section of their own
        rows=[cells[:-1] for cells in rows],
        held_out=next((r.evaluation.get("programs") for r in known if r.evaluation), None),
        verified=any(r["outcomes"] for r in data["rounds"]),
        rises=format_rises(folder).splitlines(),
        times=format_times(folder).splitlines(),
        served="api" in data,
        left_out=0 if "api" in data else data["total"] - len(data["samples"]),
        data=Markup(escape_for_script(data)),
    )


def make_environment():
    """Return the jinja2 environment of the report and viewer pages. Texts are escaped, an unset
    name is an error, and a template takes the style or script file NAME in unescaped by
    `own(NAME)`.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader(__package__, "templates"), autoescape=True, undefined=StrictUndefined
    )

    def own(name: str) -> Markup:
        assert environment.loader is not None
        return Markup(environment.loader.get_source(environment, name)[0])

    environment.globals["own"] = own
    return environment


def escape_for_script(value: object) -> str:
    """Return `value`, a JSON value, as JSON text that is safe inside an HTML script element: `<`
    and line separators are escaped.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
